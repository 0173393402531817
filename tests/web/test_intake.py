"""The questionnaire behind a link: once, for one chart, without a name, and with nothing in any log."""

from __future__ import annotations

import logging
import re
from datetime import timedelta
from typing import Any

import pytest
from django.db.models import F
from django.test import Client
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.web.clinics import House

from needling.documents import Assessment, Person, ScaleScore
from needling.knowledge import load_knowledge
from needling.web.charts.models import Row, Trace
from needling.web.charts.records import Superseded, latest, read, write
from needling.web.people.intake import BY
from needling.web.people.models import Intake

KB = load_knowledge()
YOU = {"birth_year": "1987", "phototype": "III", "sex": "female"}


def link_of(house: House, role: str = "assistant") -> str:
    browsers = house.__dict__.setdefault("_browsers", {})  # a code from the phone holds only once
    page = (
        browsers.setdefault(role, browsers.get(role) or house.browser(role))
        .post(f"/charts/{house.chart.id}/questionnaire/")
        .content.decode()
    )
    found = re.search(r"/intake/[\w-]{40,}", page)
    assert found, page
    return found.group()


def fields_of(html: str) -> list[str]:
    return re.findall(r'<fieldset id="([a-z_0-9]+)"', html)


class Guest:
    """Somebody with a link and a fresh browser."""

    def __init__(self, link: str) -> None:
        self.client = Client()
        self.page: Any = self.client.get(link, follow=True)

    @property
    def text(self) -> str:
        return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", self.page.content.decode()))

    @property
    def address(self) -> str:
        return str(self.page.request["PATH_INFO"])

    def post(self, address: str, sent: dict[str, str] | None = None) -> Any:
        self.page = self.client.post(address, sent or {}, follow=True)
        return self.page

    def answer(self, default: str = "no", **answers: str) -> list[str]:
        """All pages up to the summary; the facts that were asked."""
        asked: list[str] = []
        self.post("/intake/you/", {**YOU, **{k: answers.pop(k) for k in YOU if k in answers}})
        for _ in range(60):
            if "/about/" not in self.address:
                return asked
            html = self.page.content.decode()
            sent = {}
            for name in fields_of(html):
                asked.append(name)
                said = answers.get(name, default)
                typed = f'id="{name}-value"' in html and said in ("no", "unknown")
                sent[f"{name}-unknown" if typed else name] = "1" if typed else said
            self.post(self.address, sent)
        raise AssertionError("the questions do not end")


def looked_at(house: House, zone: str = "cheek-left", concern: str = "acne-scars-rolling") -> Row:
    return write(
        house.people["clinician"], house.chart,
        Assessment.model_validate(
            {"person": house.chart.person_id, "on": "2026-01-05", "setting": "clinic",
             "zones": [{"zone": zone, "concern": concern, "area_cm2": 33}],
             "facts": {"active_infection": False},
             "scores": [ScaleScore(scale="goodman-baron-qualitative", value=3, zone=zone).model_dump()]}
        ),
    )  # fmt: skip


def test_answers_come_in_once_and_the_link_ends(house: House) -> None:
    link = link_of(house)
    guest = Guest(link)
    assert guest.address == "/intake/" and house.chart.label not in guest.page.content.decode()
    asked = guest.answer(smoker="yes", nickel_allergy="yes", diabetes="unknown")
    assert guest.address == "/intake/summary/" and "pregnant" in asked
    assert all(KB.by("facts")[name].scope == "person" for name in asked)
    assert "Somebody Secret" not in guest.page.content.decode()
    guest.post("/intake/send/")
    assert guest.address == "/intake/sent/" and "intake" not in {k for k, v in guest.client.cookies.items() if v.value}

    row, person = latest(house.chart, Person) or pytest.fail("nothing came in")
    facts = {fact.name: fact for fact in person.facts}
    assert facts["nickel_allergy"].value is True and facts["nickel_allergy"].by == BY
    assert facts["pregnant"].value is False and "diabetes" not in facts, "unknown is never no"
    assert (person.birth_year, person.phototype, person.sex_at_birth) == (1987, "III", "female")
    assert row.supersedes == house.row and latest(house.chart, Assessment) is None
    assert list(Trace.objects.filter(clinic=house.own, action__startswith="intake").values_list("action", flat=True)) \
        == ["intake:make", "intake:sent"]  # fmt: skip

    again = Guest(link)
    assert again.page.status_code == 410
    assert again.post("/intake/send/").status_code == 410
    assert Row.objects.filter(chart=house.chart, kind="person").count() == 2


def test_used_expired_unknown_and_withdrawn_links_all_say_the_same(house: House) -> None:
    used, old, replaced, left = (link_of(house, "clinician") for _ in range(4))
    last = list(Intake.objects.filter(chart=house.chart).order_by("made"))
    assert len(last) == 4
    Intake.objects.filter(chart=house.chart).update(expires=timezone.now() + timedelta(days=1))
    assert Guest(left).page.status_code == 200
    Intake.objects.filter(pk=last[0].pk).update(used=timezone.now())
    Intake.objects.filter(pk=last[1].pk).update(expires=timezone.now() - timedelta(seconds=1))
    Intake.objects.filter(pk=last[2].pk).update(turns=F("turns") + 10_000)
    type(house.people["clinician"]).objects.filter(pk=house.people["clinician"].pk).update(is_active=False)
    seen = set()
    for link in (used, old, replaced, left, "/intake/" + "x" * 43, "/intake/" + "y/" * 30):
        guest = Guest(link)
        assert guest.page.status_code == 410
        seen.add(guest.page.content)
        for page in ("you/", "about/today/", "summary/"):
            assert guest.client.get(f"/intake/{page}").content == guest.page.content
    assert len(seen) == 1


def test_a_new_link_ends_the_one_before(house: House) -> None:
    first = link_of(house)
    second = link_of(house)
    assert Guest(first).page.status_code == 410 and Guest(second).page.status_code == 200


def test_no_log_holds_the_token_or_an_answer(house: House, caplog: pytest.LogCaptureFixture) -> None:
    link = link_of(house)
    token = link.removeprefix("/intake/").strip("/")
    with caplog.at_level(logging.DEBUG, logger="django"):
        logging.getLogger("django.db.backends").setLevel(logging.WARNING)
        strict = Client(enforce_csrf_checks=True)
        for address in (link, link + "/", link.rstrip("/"), link + "more", link + "/and/more"):
            for method in ("get", "post", "put", "delete", "head"):
                getattr(strict, method)(address, {"label": "x"} if method == "post" else None)
        guest = Guest(link)
        guest.post("/intake/you/", {"birth_year": "1066"})
        assert guest.page.status_code == 422
        guest.answer(smoker="yes")
        guest.post("/intake/send/")
        Guest(link)
    logged = caplog.text.lower()
    assert "/intake/" in logged, "something was logged, so that this test can fail"
    assert token.lower() not in logged and "1066" not in logged


def test_back_loses_nothing_and_the_link_opened_again_goes_on(house: House) -> None:
    link = link_of(house)
    guest = Guest(link)
    guest.answer(nickel_allergy="yes")
    guest.page = guest.client.get(link, follow=True)
    assert "Go on where you were" in guest.text
    page = guest.client.get("/intake/about/metal-and-numbing/").content.decode()
    assert re.search(r'name="nickel_allergy" value="yes" checked', page)
    other = Client()
    assert other.get("/intake/summary/").status_code == 410, "answers live in one browser only"


def test_with_zones_the_skin_is_asked_about_and_becomes_an_assessment_of_the_person(house: House) -> None:
    before = looked_at(house)
    guest = Guest(link_of(house))
    assert "cheek, left" in guest.text
    asked = guest.answer(active_acne="no", rosacea="unknown", raised_scar="no")
    assert {"active_acne", "rosacea", "pregnant"} <= set(asked)
    guest.post("/intake/send/")
    row, seen = latest(house.chart, Assessment) or pytest.fail("nothing came in")
    facts = {fact.name: fact.value for fact in seen.facts}
    assert row != before and seen.by == house.chart.person_id and not seen.scores and not seen.overrides
    assert [(zone.zone, zone.concern, zone.area_cm2) for zone in seen.zones] == [
        ("cheek-left", "acne-scars-rolling", 33)
    ]
    assert facts["active_acne"] is False and "rosacea" not in facts
    assert {fact.by for fact in seen.facts} == {BY}
    assert Row.objects.filter(pk=before.pk, superseded_by=None).exists(), "what the clinician found stays"


def test_what_was_found_stands_until_somebody_looks_again(house: House) -> None:
    told = {"person": house.chart.person_id, "on": "2026-01-05", "setting": "clinic",
            "facts": {"filler": True, "filler_placed": "2025-06-01", "tattoo": False},
            "zones": [{"zone": "cheek-left", "concern": "acne-scars-rolling", "area_cm2": 33, "dermis_mm": 1.2,
                       "facts": {"lesion_changing": True, "sunburn": False}}]}  # fmt: skip
    write(house.people["clinician"], house.chart, Assessment.model_validate(told))
    guest = Guest(link_of(house))
    guest.answer(filler="no", tattoo="unknown", lesion_changing="no", rash_or_wound="yes")
    guest.post("/intake/send/")
    _, seen = latest(house.chart, Assessment) or pytest.fail("")
    assert seen.by == house.chart.person_id and seen.zones[0].dermis_mm == 1.2
    facts = {fact.name: fact.value for fact in seen.facts}
    assert facts["filler"] is True and facts["filler_placed"] == "2025-06-01" and facts["rash_or_wound"] is True
    assert "tattoo" not in facts, "a no of an earlier day is not a no of today"
    assert [(fact.name, fact.value) for fact in seen.zones[0].facts] == [("lesion_changing", True)]


def test_answers_on_other_skin_are_asked_again(house: House) -> None:
    looked_at(house)
    guest = Guest(link_of(house))
    guest.answer()
    looked_at(house, "forehead", "wrinkles-face")
    guest.post("/intake/send/")
    _, seen = latest(house.chart, Assessment) or pytest.fail("")
    assert seen.by != house.chart.person_id and seen.zones[0].zone == "forehead"
    person = latest(house.chart, Person)
    assert person is not None and "active_acne" not in {fact.name for fact in person[1].facts}


def test_where_the_concern_alone_decides_the_person_is_still_asked(house: House) -> None:
    looked_at(house, concern="active-acne")
    asked = Guest(link_of(house)).answer()
    assert "nickel_allergy" in asked and "active_acne" not in asked


def test_what_the_clinic_knows_stays_where_the_person_does_not_know(house: House) -> None:
    facts = {"smoker": True, "pregnant": True, "isotretinoin": True, "isotretinoin_stopped": "2024-01-01"}
    known = {"id": house.chart.person_id, "phototype": "V", "sex_at_birth": "female", "birth_year": 1986,
             "facts": facts}  # fmt: skip
    write(house.people["clinician"], house.chart, Person.model_validate(known), supersedes=house.row)
    guest = Guest(link_of(house))
    html = guest.page.content.decode()
    asked = guest.answer(pregnant="no", isotretinoin="no", birth_year="", phototype="II", anticoagulant="unknown")
    assert "1986" not in html + guest.page.content.decode(), "nothing that is known is shown"
    assert "pregnant" in asked, "what is known changes nothing of what is asked"
    guest.post("/intake/send/")
    person = (latest(house.chart, Person) or pytest.fail(""))[1]
    facts = {fact.name: fact.value for fact in person.facts}
    assert (person.birth_year, person.phototype) == (1986, "V")
    assert facts["smoker"] is True and facts["pregnant"] is False and facts["isotretinoin"] is False
    assert "isotretinoin_stopped" not in facts and "anticoagulant" not in facts
    told = house.browser("clinician").get(f"/charts/{house.chart.id}/").content.decode()
    assert "came in" in told and "differ" in told


def test_who_does_not_say_their_sex_is_asked_about_a_pregnancy(house: House) -> None:
    known = {"id": house.chart.person_id, "sex_at_birth": "male"}
    write(house.people["clinician"], house.chart, Person.model_validate(known), supersedes=house.row)
    guest = Guest(link_of(house))
    asked = guest.answer(sex="", breastfeeding="yes", pregnant="yes")
    assert "pregnant" in asked
    guest.post("/intake/send/")
    person = (latest(house.chart, Person) or pytest.fail(""))[1]
    assert person.sex_at_birth is None and {f.name: f.value for f in person.facts}["pregnant"] is True


def test_when_the_clinic_writes_in_the_same_moment_nothing_is_lost(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    from needling.web.people import views_intake

    guest = Guest(link_of(house))
    guest.answer(nickel_allergy="yes")

    def refused(*_: Any, **__: Any) -> None:
        raise Superseded("somebody was faster")

    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(views_intake, "write", refused)
        guest.post("/intake/send/")
    assert "Not sent yet" in guest.text and latest(house.chart, Person) == (house.row, read(house.row, Person))
    guest.post("/intake/send/")
    assert guest.address == "/intake/sent/"


def test_nobody_but_the_clinic_makes_links(house: House) -> None:
    from tests.web.clinics import signed_in

    address = f"/charts/{house.chart.id}/questionnaire/"
    assert signed_in(house.stranger).post(address).status_code == 404
    assert house.browser("auditor").post(address).status_code == 403
    assert not Intake.objects.filter(chart=house.chart).exists()


def test_an_erased_chart_takes_nothing_in(house: House) -> None:
    guest = Guest(link_of(house))
    guest.answer()
    house.browser("owner").post(f"/charts/{house.chart.id}/erase/", {"label": house.chart.label})
    assert guest.post("/intake/send/").status_code == 410
    assert not Row.objects.filter(chart=house.chart).exists()


PAGES = st.sampled_from(
    ["you/", "send/", "", "summary/", *(f"about/{t}/" for t in {f.topic for f in KB.facts}), "about/x/"]
)
NAMES = st.sampled_from(
    ["birth_year", "phototype", "sex", *(f.name for f in KB.facts), *(f"{f.name}-unknown" for f in KB.facts)]
)
VALUES = st.one_of(
    st.text(max_size=20), st.sampled_from(["yes", "no", "unknown", "", "1e400", "nan", "2026-01-01", "²"])
)


@settings(max_examples=60, deadline=None,
          suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])  # fmt: skip
@given(steps=st.lists(st.tuples(PAGES, st.dictionaries(NAMES, VALUES, max_size=10)), min_size=1, max_size=4))
def test_no_form_breaks_the_server(house: House, steps: list[tuple[str, dict[str, str]]]) -> None:
    if not getattr(house, "_link", ""):
        looked_at(house)
        house._link = link_of(house)  # type: ignore[attr-defined]
    Intake.objects.update(turns=0, used=None)
    client = Client()
    client.get(house._link)  # type: ignore[attr-defined]
    for page, sent in steps:
        assert client.post(f"/intake/{page}", sent).status_code in (200, 302, 400, 404, 405, 410, 422)  # 400: a NUL
        assert client.get("/intake/summary/").status_code in (200, 302, 410)  # 410: just sent


def test_a_warning_sign_is_answered_at_once_and_not_by_waiting_for_the_clinic(house: House) -> None:
    guest = Guest(link_of(house))
    guest.answer(trouble_after_needling="yes")
    for _ in range(2):
        html = guest.page.content.decode()
        assert "Get medical care today" in guest.text and "Call the emergency number now" in guest.text
        assert 'role="alert"' in html and 'href="/check/signs/"' in html.split("<main")[1]
        guest.post("/intake/send/")
        assert guest.address == "/intake/sent/" or guest.page.status_code == 410
        if guest.page.status_code == 410:
            break
    quiet = Guest(link_of(house))
    quiet.answer()
    assert "Get medical care today" not in quiet.text
    quiet.post("/intake/send/")
    assert "Your answers are with the clinic" in quiet.text and "Get medical care today" not in quiet.text


def test_back_in_the_questionnaire_keeps_what_was_ticked(house: House) -> None:
    guest = Guest(link_of(house))
    guest.post("/intake/you/", dict(YOU))
    first = guest.address
    name = fields_of(guest.page.content.decode())[0]
    guest.post(first, {name: "yes", "go": "back"})
    assert guest.address == "/intake/you/" and guest.page.status_code == 200
    assert f'name="{name}" value="yes" checked' in guest.client.get(first).content.decode()
