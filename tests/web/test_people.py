"""Answers and assessments: what is not ticked is not known, mistakes are named, the second of two is told."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.web.clinics import House, open_chart

from needling.documents import Assessment, Person
from needling.documents.overrides import ProposedOverride
from needling.knowledge import load_knowledge
from needling.planning.protocol import site_zones
from needling.planning.screen import screen
from needling.report.words import on_day
from needling.web.charts.models import Chart, Row
from needling.web.charts.records import latest, write
from needling.web.people import views
from needling.web.people.intake import LINK
from needling.web.people.journey import Cleared, next_of
from needling.web.people.reading import today
from needling.web.plans.proposals import bare

KB = load_knowledge()
ZONE = {"zone": "cheek-left", "concern": "acne-scars-rolling", "area": "40"}


def version(client: Any, address: str) -> str:
    return client.get(address).content.decode().split('name="version" value="')[1].split('"')[0]


def test_what_is_not_ticked_is_not_known(house: House) -> None:
    client, address = house.browser("assistant"), f"/charts/{house.chart.id}/person/"
    sent = {
        "birth_year": "1984",
        "phototype": "IV",
        "pregnant": "no",
        "smoker": "",
        "version": version(client, address),
    }
    assert client.post(address, sent).status_code == 302
    found = latest(house.chart, Person)
    assert found is not None
    facts = {fact.name: fact.value for fact in found[1].facts}
    assert found[1].birth_year == 1984 and facts == {"pregnant": False}
    assert found[0].author == house.people["assistant"]


def test_the_second_of_two_is_told_and_nothing_is_lost(house: House) -> None:
    address = f"/charts/{house.chart.id}/person/"
    first, second = house.browser("assistant"), house.browser("clinician")
    seen = version(first, address)
    assert version(second, address) == seen
    assert first.post(address, {"birth_year": "1984", "version": seen}).status_code == 302
    told = second.post(address, {"birth_year": "1985", "version": seen})
    assert told.status_code == 409 and "in the meantime" in told.content.decode()
    found = latest(house.chart, Person)
    assert found is not None and found[1].birth_year == 1984


def test_of_two_assessments_at_once_both_are_kept_and_the_second_author_is_told(house: House) -> None:
    address = f"/charts/{house.chart.id}/assessment/"
    first, second = house.browser("clinician"), house.browser("assistant")
    seen = version(first, address)
    assert version(second, address) == seen
    assert first.post(address, {**ZONE, "version": seen}).status_code == 302
    typed = {**ZONE, "zone": "nose", "area": "17.5", "active_infection": "no", "version": seen}
    told = second.post(address, typed)
    page = told.content.decode()
    assert told.status_code == 409 and "wrote an assessment in the meantime" in page
    assert house.people["clinician"].name in page and 'value="17.5"' in page, "what was typed is not lost"
    theirs = latest(house.chart, Assessment)
    assert theirs is not None and f"/documents/{theirs[0].id}/" in page and theirs[1].zones[0].zone == "cheek-left"
    typed["version"] = page.split('name="version" value="')[1].split('"')[0]
    assert second.post(address, typed).status_code == 302
    mine = latest(house.chart, Assessment)
    assert mine is not None and mine[1].zones[0].zone == "nose" and mine[0].author == house.people["assistant"]
    assert house.chart.rows.filter(kind="assessment", superseded_by=None).count() == 2


def test_the_second_is_told_also_when_the_first_comes_between_its_look_and_its_write(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = f"/charts/{house.chart.id}/assessment/"
    client = house.browser("assistant")
    seen = version(client, address)
    told = {"person": house.chart.person_id, "on": str(today()), "setting": "clinic",
            "zones": [{"zone": "nose", "concern": "acne-scars-rolling", "area_cm2": 10}]}  # fmt: skip

    def first(*given: Any) -> list[Any]:
        write(house.people["clinician"], house.chart, Assessment.model_validate(told))
        monkeypatch.undo()
        return []

    monkeypatch.setattr(views, "problems_of", first)
    page = client.post(address, {**ZONE, "version": seen})
    assert page.status_code == 409 and "wrote an assessment in the meantime" in page.content.decode()
    found = latest(house.chart, Assessment)
    assert found is not None and found[1].zones[0].zone == "nose"
    assert house.chart.rows.filter(kind="assessment").count() == 1


def test_an_assessment_is_kept_with_zones_and_readings(house: House) -> None:
    client, address = house.browser("clinician"), f"/charts/{house.chart.id}/assessment/"
    sent = {
        **{name: [value, ""] for name, value in ZONE.items()},
        "scale": ["goodman-baron-qualitative"], "scale_zone": ["cheek-left"], "value": ["3"],
        "active_infection": "no", "setting": "clinic", "version": version(client, address),
    }  # fmt: skip
    assert client.post(address, sent).status_code == 302
    found = latest(house.chart, Assessment)
    assert found is not None and found[1].zones[0].area_cm2 == 40 and found[1].scores[0].value == 3
    assert found[1].by == house.people["clinician"].signature


def test_mistakes_are_named(house: House) -> None:
    client, address = house.browser("clinician"), f"/charts/{house.chart.id}/assessment/"
    wrong = (
        ({"area": "-3"}, "above 0"),
        ({"concern": "freckles"}, "what it is for"),
        (
            {"zone": "cheek-left", "scale": "goodman-baron-qualitative", "value": "9", "scale_zone": ""},
            "goes from 1 to 4",
        ),
        ({"zone": ""}, "Choose a zone"),
    )
    for change, says in wrong:
        page = client.post(address, {**ZONE, "setting": "clinic", "version": version(client, address), **change})
        assert page.status_code == 422 and says in page.content.decode(), says
    assert latest(house.chart, Assessment) is None


def test_a_zone_named_twice_is_refused(house: House) -> None:
    client, address = house.browser("clinician"), f"/charts/{house.chart.id}/assessment/"
    sent = {name: [value, value] for name, value in ZONE.items()} | {"setting": "clinic", "version": ""}
    assert "twice" in client.post(address, sent).content.decode()


def test_who_said_what_and_what_no_form_asks_stay(house: House) -> None:
    told = {"id": house.chart.person_id, "facts": {"smoker": {"value": True, "by": "the person"}, "age_y": 36.0,
                                                   "pregnant": {"value": False, "by": "the person"}}}  # fmt: skip
    write(house.people["clinician"], house.chart, Person.model_validate(told), supersedes=house.row)
    client, address = house.browser("assistant"), f"/charts/{house.chart.id}/person/"
    sent = {"smoker": "yes", "pregnant": "yes", "version": version(client, address)}
    assert client.post(address, sent).status_code == 302
    found = latest(house.chart, Person)
    assert found is not None
    assert {fact.name: (fact.value, fact.by) for fact in found[1].facts} == {
        "smoker": (True, "the person"), "age_y": (36.0, None), "pregnant": (True, None),
    }  # fmt: skip


def test_answers_that_cannot_both_be_true_are_named_and_not_kept(house: House) -> None:
    client, address = house.browser("assistant"), f"/charts/{house.chart.id}/person/"
    for sent in (
        {"sex_at_birth": "male", "pregnant": "yes"},
        {"isotretinoin": "no", "isotretinoin_stopped": "2026-01-01"},
    ):
        page = client.post(address, {**sent, "version": version(client, address)})
        assert page.status_code == 422 and "correct one" in page.content.decode()
        assert f'href="#{list(sent)[1]}"' in page.content.decode()
    assert latest(house.chart, Person) == (house.row, Person(id=house.chart.person_id, birth_year=1990))


def test_a_finding_in_one_zone_is_kept_there_with_what_was_measured(house: House) -> None:
    client, address = house.browser("clinician"), f"/charts/{house.chart.id}/assessment/"
    before = {
        "person": house.chart.person_id, "on": "2026-01-05", "setting": "clinic", "country": "DE",
        "zones": [{"zone": "nose", "concern": "acne-scars-rolling", "area_cm2": 10, "dermis_mm": 1.1}],
    }  # fmt: skip
    write(house.people["clinician"], house.chart, Assessment.model_validate(before))
    zones = {"zone": ["nose", "forehead"], "concern": ["acne-scars-rolling"] * 2, "area": ["", ""]}
    marks = {"mark_zone": ["nose", ""], "mark": ["lesion_in_field", ""], "mark_answer": ["yes", ""]}
    sent = {**zones, **marks, "tattoo": "no", "setting": "clinic", "version": version(client, address)}
    assert client.post(address, sent).status_code == 302
    found = latest(house.chart, Assessment)
    assert found is not None and found[1].country == "DE"
    nose, forehead = found[1].zones
    assert [(fact.name, fact.value) for fact in nose.facts] == [("lesion_in_field", True)] and not forehead.facts
    assert nose.dermis_mm == 1.1 and forehead.dermis_mm is None
    page = client.get(address).content.decode()
    assert page.count("selected>Raised mole") == 1

    for wrong, says in (
        ({"mark_zone": "neck"}, "one of the zones above"),
        ({"mark": "smoker"}, "what was found"),
        ({"mark_answer": ""}, "yes or no"),
        ({name: value[:1] * 2 for name, value in marks.items()}, "twice"),
    ):
        answer = client.post(address, {**sent, **marks, "version": version(client, address), **wrong})
        assert answer.status_code == 422 and says in answer.content.decode(), says


def test_a_no_of_an_earlier_day_is_asked_again(house: House) -> None:
    told = {"person": house.chart.person_id, "on": "2026-01-05", "setting": "clinic",
            "facts": {"filler": True, "filler_placed": "2025-06-01", "active_infection": False},
            "zones": [{"zone": "nose", "concern": "acne-scars-rolling", "area_cm2": 10,
                       "facts": {"tattoo": False, "raised_scar": True}}]}  # fmt: skip
    client, address = house.browser("clinician"), f"/charts/{house.chart.id}/assessment/"

    def chosen() -> dict[str, Any]:
        page = client.get(address).content.decode()
        return dict(re.findall(r'type="radio" name="(\w+)" value="(yes|no)" checked', page)) | {
            "marks": re.findall(r'<option value="(tattoo|raised_scar)" selected', page)
        }

    write(house.people["clinician"], house.chart, Assessment.model_validate(told))
    assert chosen() == {"filler": "yes", "marks": ["raised_scar"]}
    write(house.people["clinician"], house.chart, Assessment.model_validate({**told, "on": today().isoformat()}))
    assert chosen()["active_infection"] == "no" and chosen()["marks"] == ["tattoo", "raised_scar"]


def test_every_zone_that_may_be_needled_is_on_the_map_once(house: House) -> None:
    page = house.browser("clinician").get(f"/charts/{house.chart.id}/assessment/").content.decode()
    drawn = re.findall(r'data-zone="([^"]+)" role="checkbox"', page)
    wanted = {zone for site in KB.sites if not site.never for zone in site_zones(site)}
    assert set(drawn) == wanted and len(drawn) == len(wanted)
    assert set(re.findall(r'data-zone="([^"]+)"', page)) == wanted
    assert 'aria-label="cheek, left of the person"' in page


def test_the_chart_says_what_comes_next(house: House) -> None:
    client, address = house.browser("clinician"), f"/charts/{house.chart.id}/"
    empty = open_chart(house.people["clinician"], "Nobody yet")
    assert next_step(client, f"/charts/{empty.id}/") == "Answers"
    assert next_step(client, address) == "Assessment"
    told = {"person": house.chart.person_id, "on": "2026-01-05", "setting": "clinic",
            "zones": [{"zone": "nose", "concern": "acne-scars-rolling", "area_cm2": 10}]}  # fmt: skip
    write(house.people["clinician"], house.chart, Assessment.model_validate({**told, "by": house.chart.person_id}))
    assert next_step(client, address) == "Assessment", "what the person tells of their skin is looked at first"
    write(house.people["clinician"], house.chart, Assessment.model_validate(told))
    assert next_step(client, address) in ("Clearance", "Plan")


def next_step(client: Any, address: str) -> str:
    page = client.get(address).content.decode()
    found = re.findall(r'aria-current="step">\s*<a[^>]*>(\w[\w-]*)<', page)
    assert len(found) == 1, found
    return str(found[0])


DAY = datetime(2026, 1, 1, tzinfo=UTC)
EVERYWHERE = {"answers", "assessment", "clearance", "plan", "approve", "visit", "follow-up"}


@pytest.mark.parametrize(
    ("written", "due"),
    [
        ("", "answers"),
        ("person", "assessment"),
        ("person assessment", "clearance"),
        ("person assessment clearance", "plan"),
        ("person assessment clearance assessment", "clearance"),
        ("person assessment clearance choice", "approve"),
        ("person assessment clearance choice person", "clearance"),
        ("person assessment clearance choice approval", "visit"),
        ("person assessment clearance choice approval record", "follow-up"),
        ("person assessment clearance choice approval record assessment", "visit"),
        ("person assessment clearance choice approval record person", "clearance"),
        ("person assessment clearance choice approval record choice", "approve"),
    ],
)
def test_the_next_step_follows_from_what_is_written(written: str, due: str) -> None:
    at = {str(kind): DAY + timedelta(days=day) for day, kind in enumerate(written.split())}
    assert next_of(at, EVERYWHERE, own=True)[0] == due
    if due == "clearance":
        assert next_of(at, EVERYWHERE - {"clearance"}, own=True)[0] != due, "a page that is not there is not due"


def test_when_every_session_has_its_record_no_further_visit_is_due() -> None:
    at = {kind: DAY + timedelta(days=day) for day, kind in enumerate(("person", "choice", "approval", "assessment"))}
    for last in ("record", "assessment"):
        told = {**at, "clearance": DAY + timedelta(days=1), last: DAY + timedelta(days=9)}
        told.setdefault("record", DAY + timedelta(days=8))
        assert next_of(told, EVERYWHERE, own=True, over=True)[0] == "follow-up"


def test_the_list_says_who_comes_next_and_where_answers_came_in(house: House) -> None:
    client, user = house.browser("clinician"), house.people["clinician"]
    quiet, waiting = open_chart(user, "Quiet, Q."), open_chart(user, "Waiting, W.")
    row = write(user, waiting, Person(id=waiting.person_id, birth_year=1971))
    write(user, waiting, Person(id=waiting.person_id, birth_year=1972), supersedes=row, through=LINK)
    page = client.get("/charts/").content.decode()
    lines = {label: page.split(label)[1].split("</tr>")[0] for label in (quiet.label, waiting.label)}
    assert "nothing is known yet" in lines[quiet.label] and "new answers" not in lines[quiet.label]
    assert "new answers" in lines[waiting.label] and "1972" in lines[waiting.label] and "1971" not in page
    assert "no zone was looked at yet" in lines[waiting.label]
    before = latest(waiting, Person)
    assert before is not None
    write(user, waiting, Person(id=waiting.person_id, birth_year=1972, phototype="II"), supersedes=before[0])
    assert "new answers" not in client.get("/charts/").content.decode()


def _look(house: House, chart: Chart) -> Assessment:
    told = {"person": chart.person_id, "on": str(today()), "setting": "clinic",
            "zones": [{"zone": "nose", "concern": "acne-scars-rolling", "area_cm2": 10}]}  # fmt: skip
    made = Assessment.model_validate(told)
    write(house.people["clinician"], chart, made)
    return made


def _kept(house: House, label: str, verdict: str, earliest: date | None = None) -> Chart:
    """A chart in which somebody kept a clearance with this verdict."""
    user = house.people["clinician"]
    chart = open_chart(user, label)
    person = Person(id=chart.person_id, birth_year=1990)
    write(user, chart, person)
    cleared = screen(person, _look(house, chart), KB)
    write(user, chart, cleared.model_copy(update={"verdict": verdict, "earliest": earliest}))
    return chart


TOMORROW, YESTERDAY = date.today() + timedelta(days=1), date.today() - timedelta(days=1)


@pytest.mark.parametrize(
    ("verdict", "earliest", "says"),
    [
        ("go", None, "Plan: no plan yet"),
        ("exclude", None, "Clearance: excluded, not suitable for needling"),
        ("refer", None, "Clearance: a clinician must look first"),
        ("ask", None, "Clearance: answers are missing that decide it"),
        ("defer", TOMORROW, f"Clearance: wait until {on_day(TOMORROW)}"),
        ("defer", YESTERDAY, "Clearance: the wait is over, screen again"),
        ("defer", None, "Clearance: not now, wait"),
    ],
)
def test_the_list_and_the_chart_say_what_the_clearance_says(
    house: House, verdict: str, earliest: date | None, says: str
) -> None:
    chart = _kept(house, "Verdict, V.", verdict, earliest)
    client = house.browser("clinician")
    assert says in client.get("/charts/").content.decode().split("Verdict, V.")[1].split("</tr>")[0]
    step, _, why = says.partition(": ")
    page = client.get(f"/charts/{chart.id}/").content.decode()
    assert next_step(client, f"/charts/{chart.id}/") == step and f"<strong>Next</strong>: {why}" in page
    found = latest(chart, Person)
    assert found is not None
    newer = Person(id=chart.person_id, birth_year=1991)
    write(house.people["clinician"], chart, newer, supersedes=found[0])
    line = client.get("/charts/").content.decode().split("Verdict, V.")[1].split("</tr>")[0]
    assert "Clearance: something newer is known" in line, "what was decided from other answers says nothing"


def test_the_list_says_who_waits_for_a_second_signature_and_asks_no_more_for_more(house: House) -> None:
    user, client = house.people["clinician"], house.browser("clinician")

    def queries() -> int:
        with CaptureQueriesContext(connection) as seen:
            assert client.get("/charts/").status_code == 200
        return len(seen)

    def waits(number: int) -> None:
        chart = _kept(house, f"Waits {number}", "defer", TOMORROW)
        now, look = latest(chart, Person), latest(chart, Assessment)
        assert now is not None and look is not None
        told = {"rule": "active-infection", "reason": "device-label-allows", "by": user.signature,
                "person_sha256": now[1].sha256, "findings_sha256": bare(look[1]).sha256}  # fmt: skip
        write(user, chart, ProposedOverride.model_validate(told))

    waits(0)
    few = queries()
    for number in range(1, 8):
        waits(number)
        _kept(house, f"Excluded {number}", "exclude")
    page = client.get("/charts/").content.decode()
    assert page.count("Clearance: waits for a second signature") == 8
    assert page.count("Clearance: excluded") == 7 and queries() == few


def test_a_clearance_of_before_the_approval_says_nothing_of_the_course() -> None:
    at = {kind: DAY + timedelta(days=day) for day, kind in enumerate(("person", "clearance", "assessment", "approval"))}
    excluded = Cleared("exclude", None)
    assert next_of(at, EVERYWHERE, own=True, said=excluded)[0] == "visit"
    assert next_of({**at, "clearance": DAY + timedelta(days=9)}, EVERYWHERE, own=True, said=excluded)[0] == "clearance"


def test_a_plan_that_was_drawn_up_is_not_called_none() -> None:
    at = {kind: DAY + timedelta(days=day) for day, kind in enumerate(("person", "assessment", "clearance", "draft"))}
    assert next_of(at, EVERYWHERE, own=True) == ("plan", "drawn up, not approved yet")
    assert next_of({**at, "draft": DAY}, EVERYWHERE, own=True) == ("plan", "no plan yet")


def test_readings_are_shown_over_time_and_queries_do_not_grow(house: House) -> None:
    client, address = house.browser("clinician"), f"/charts/{house.chart.id}/"

    def look(day: int) -> None:
        told = {"person": house.chart.person_id, "on": f"2026-01-{day:02d}", "setting": "clinic",
                "zones": [{"zone": "nose", "concern": "acne-scars-rolling", "area_cm2": 10}],
                "scores": [{"scale": "goodman-baron-qualitative", "value": 1 + day % 4, "zone": "nose"}]}  # fmt: skip
        write(house.people["clinician"], house.chart, Assessment.model_validate(told))

    look(1)
    client.get(address)
    with CaptureQueriesContext(connection) as few:
        client.get(address)
    for day in range(2, 14):
        look(day)
    with CaptureQueriesContext(connection) as many:
        page = client.get(address).content.decode()
    assert len(many) == len(few) and "All documents (14)" in page
    assert page.count("Jan 2026</th>") == 8 and '<polyline points="4.0,' in page


VALUES = st.one_of(
    st.text(max_size=20), st.sampled_from(["yes", "no", "", "cheek-left", "1e400", "nan", "2026-01-01", "tattoo", "²"])
)
NAMES = st.sampled_from(
    ["zone", "concern", "area", "mark_zone", "mark", "mark_answer", "scale", "scale_zone", "value", "setting",
     "version", "birth_year", "phototype", "sex_at_birth", *(fact.name for fact in KB.facts)]
)  # fmt: skip


@settings(
    max_examples=80, deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip
@given(
    page=st.sampled_from(["person", "assessment"]),
    sent=st.dictionaries(NAMES, st.one_of(VALUES, st.lists(VALUES, max_size=4)), max_size=8),
)
def test_no_form_breaks_the_server(house: House, page: str, sent: dict[str, Any]) -> None:
    from django.test import Client

    client = getattr(house, "_client", None) or house.browser("clinician")
    house._client = client  # type: ignore[attr-defined]
    assert isinstance(client, Client)
    address = f"/charts/{house.chart.id}/{page}/"
    answer = client.post(address, {**ZONE, "version": version(client, address), **sent})
    assert answer.status_code in (302, 400, 409, 422)
    for row in Row.objects.filter(chart=house.chart):
        assert row.document


def test_a_search_for_a_person_leaves_no_name_in_an_address(house: House) -> None:
    client, user = house.browser("clinician"), house.people["clinician"]
    for number in range(60):
        open_chart(user, f"Alike {number:02}")
    page = client.post("/charts/", {"q": "alike"})
    said = page.content.decode()
    assert page.status_code == 200 and "60 people" in said and "Alike 00" in said and "Alike 59" not in said
    assert not re.search("(href|action)=[^>]*alike", said, re.IGNORECASE)
    assert "Alike 59" in client.post("/charts/", {"q": "alike", "page": "2"}).content.decode()
    assert "Alike 00" in client.get("/charts/?q=nobody").content.decode(), "words in an address are not looked at"


@pytest.mark.parametrize("sent", [{"label": "with \x00 in it"}, {"label": "two\nlines"}, {"label\x00": "a"}])
def test_a_name_that_cannot_be_read_is_refused(house: House, sent: dict[str, str]) -> None:
    client = house.browser("clinician")
    before = Chart.objects.count()
    assert client.post("/charts/new/", sent).status_code in (400, 422)
    assert client.post("/charts/", {"q": "\x00"}).status_code == 400
    assert client.get("/check/?a=%00").status_code == 400 and Chart.objects.count() == before


@pytest.mark.parametrize("year", ["0000019901", "١٩٩٠", "199", "1e3", "-1990", "9" * 400])
def test_a_year_that_is_none_is_named(house: House, year: str) -> None:
    client, address = house.browser("clinician"), f"/charts/{house.chart.id}/person/"
    page = client.post(address, {"birth_year": year, "version": version(client, address)})
    assert page.status_code == 422 and "Give a year" in page.content.decode()


def test_what_leaves_is_asked_for_by_a_form(house: House) -> None:
    client = house.browser("clinician")
    for address in (f"/charts/{house.chart.id}/export.json", f"/charts/{house.chart.id}/everything.pdf"):
        assert client.get(address).status_code == 405
        assert client.post(address).status_code == 200
