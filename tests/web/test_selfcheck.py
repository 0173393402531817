"""The self-check: unknown is never no, nothing unsafe is shown, no step is skipped, nothing is stored."""

from __future__ import annotations

import logging
import re
from datetime import date, timedelta
from pathlib import Path

import pytest
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.web.visitor import QUIZ, Visitor, answered, patch_tested

from needling.knowledge import load_knowledge
from needling.report.words import on_day
from needling.web.selfcheck.answers import Answers
from needling.web.selfcheck.patch import patch_days

KB = load_knowledge()
TOPICS = tuple(dict.fromkeys(fact.topic for fact in KB.facts))


def test_somebody_healthy_gets_a_gentle_routine_and_no_promise(visitor: Visitor) -> None:
    visitor.begin()
    visitor.go_on()
    assert visitor.address == "/check/answer/"
    assert "No known benefit at home" in visitor.text
    assert not {"treats", "cures", "flawless"} & set(visitor.text.lower().split())


def test_not_knowing_is_never_a_no(visitor: Visitor) -> None:
    visitor.begin()
    visitor.go_on(default="unknown")
    assert "Ask somebody first" in visitor.text and "Ask a clinician or a pharmacist about these" in visitor.text
    assert "What comes before the first time" not in visitor.text
    assert visitor.get("/check/plan/") and visitor.address == "/check/answer/"


@pytest.mark.parametrize(
    "answers",
    [
        {"pregnant": "yes"},
        {"bleeding_disorder": "yes"},
        {"active_infection": "yes"},
        {"cancer": "yes"},
        {"keloid_history": "yes"},
        {"trouble_after_needling": "yes"},
    ],
    ids=lambda answers: next(iter(answers)),
)
def test_whoever_should_not_gets_no_plan_by_any_address(visitor: Visitor, answers: dict[str, str]) -> None:
    visitor.begin()
    visitor.go_on(**answers)
    visitor.get("/check/answer/")
    assert "What comes before the first time" not in visitor.text
    assert 'href="/check/answer/clinic-sheet/"' in visitor.page.content.decode()
    visitor.unlock()
    for address in ("/check/plan/", "/check/plan/calendar.ics", "/check/steps/", "/check/steps/hygiene/"):
        visitor.get(address)
        assert visitor.address == "/check/answer/", address


def test_a_long_needle_is_declined_with_reasons_and_a_sheet(visitor: Visitor) -> None:
    visitor.begin(wish="1.5")
    visitor.go_on()
    assert "Not what was asked for" in visitor.text
    assert "1.5 mm" in visitor.text and "0.3 mm" in visitor.text
    visitor.get("/check/answer/clinic-sheet/")
    assert "Sheet for the clinic" in visitor.text and "1990" in visitor.text


def test_no_step_is_skipped(visitor: Visitor) -> None:
    visitor.begin()
    visitor.go_on()
    visitor.post("/check/steps/", step="photo")
    visitor.post("/check/steps/", step="patch")
    visitor.get("/check/plan/")
    assert visitor.address == "/check/steps/"
    visitor.post("/check/steps/hygiene/", **{**QUIZ, "home-never-share": "0"})
    assert "not right yet" in visitor.text and visitor.page.status_code == 422
    visitor.unlock()
    visitor.get("/check/plan/")
    assert visitor.address == "/check/plan/"
    assert "0.2 mm needles" in visitor.text and "When to stop" in visitor.text and "Not before" in visitor.text


@pytest.mark.parametrize(("phototype", "days"), [("I", 2), ("III", 2), ("IV", 7), ("VI", 7)])
def test_the_patch_test_takes_its_time(visitor: Visitor, phototype: str, days: int) -> None:
    patch_tested(visitor, days - 1, phototype=phototype)
    tomorrow = date.today() + timedelta(days=1)
    assert f"Look at it on {on_day(tomorrow)}" in visitor.text and "looks normal" not in visitor.text
    visitor.post("/check/steps/", step="patch")
    visitor.post("/check/steps/", step="photo")
    assert visitor.get("/check/plan/") and visitor.address == "/check/steps/"
    visitor.post("/check/steps/", step="patch-again")
    visitor.post("/check/steps/", step="patch-day", on=str(date.today() - timedelta(days=days)))
    assert "looks normal" in visitor.text
    visitor.post("/check/steps/", step="patch")
    visitor.post("/check/steps/", step="photo")
    assert visitor.get("/check/plan/") and visitor.address == "/check/plan/"


def test_who_does_not_know_their_skin_type_waits_as_long_as_anybody() -> None:
    assert patch_days(Answers(you={}), KB) == patch_days(Answers(you={"phototype": "VI"}), KB) == 7


@pytest.mark.parametrize("on", ["", "yesterday", "2026-02-30", "0001-01-01", "9999-12-31"])
def test_a_day_that_cannot_be_is_asked_again(visitor: Visitor, on: str) -> None:
    patch_tested(visitor, 1)
    visitor.post("/check/steps/", step="patch-again")
    visitor.post("/check/steps/", step="patch-day", on=on)
    assert visitor.page.status_code == 422 and 'href="#on"' in visitor.page.content.decode()


def test_a_patch_test_to_come_does_not_count(visitor: Visitor) -> None:
    patch_tested(visitor, -3)
    assert visitor.page.status_code == 422 and "still to come" in visitor.text


def test_a_changed_skin_type_changes_the_wait(visitor: Visitor) -> None:
    patch_tested(visitor, 3, phototype="II")
    visitor.post("/check/steps/", step="patch")
    visitor.post("/check/steps/", step="photo")
    visitor.get("/check/plan/")
    assert visitor.address == "/check/plan/"
    visitor.post("/check/you/", birth_year="1990", phototype="V", sex="female")
    visitor.get("/check/plan/")
    assert visitor.address != "/check/plan/"
    visitor.go_on()
    visitor.get("/check/steps/")
    assert f"Look at it on {on_day(date.today() + timedelta(days=4))}" in visitor.text


def test_another_place_asks_for_another_patch_test(visitor: Visitor) -> None:
    patch_tested(visitor, 8)
    visitor.post("/check/aim/", site="forehead", concern="pores-dullness", wish="")
    visitor.post("/check/you/", birth_year="1990", phototype="II", sex="female")
    visitor.go_on()
    visitor.post("/check/steps/", step="roller")
    visitor.post("/check/steps/hygiene/", **QUIZ)
    assert "On which day did you roll the small patch?" in visitor.text


def test_back_never_loses_an_answer(visitor: Visitor) -> None:
    visitor.begin()
    visitor.go_on(eczema_history="yes")
    for topic in TOPICS:
        visitor.get(f"/check/about/{topic}/")
        if visitor.address.endswith(f"{topic}/"):
            html = visitor.page.content.decode()
            assert html.count(" checked>") == html.count("<fieldset"), topic
    visitor.get("/check/about/skin-history/")
    assert 'name="eczema_history" value="yes" checked' in visitor.page.content.decode()


def test_a_date_falls_away_with_the_yes_that_it_belonged_to(visitor: Visitor) -> None:
    visitor.begin()
    visitor.go_on(isotretinoin="yes", isotretinoin_stopped="2020-01-05")
    visitor.get("/check/about/medicines/")
    assert "2020-01-05" in visitor.page.content.decode()
    visitor.go_on()
    visitor.get("/check/answer/")
    assert "No known benefit at home" in visitor.text


def test_an_empty_answer_is_asked_again_and_the_others_are_kept(visitor: Visitor) -> None:
    visitor.begin()
    visitor.post("/check/about/today/", pregnant="no")
    assert visitor.page.status_code == 422
    assert "Please choose an answer" in visitor.text
    assert 'name="pregnant" value="no" checked' in visitor.page.content.decode()


def test_another_place_asks_again_about_the_skin_there(visitor: Visitor) -> None:
    visitor.begin()
    visitor.go_on()
    visitor.post("/check/aim/", site="forehead", concern="pores-dullness", wish="")
    visitor.post("/check/you/", birth_year="1990", phototype="II", sex="female")
    assert visitor.address in {f"/check/about/{topic}/" for topic in ("skin-now", "marks")}


def test_a_changed_cookie_is_no_answer(visitor: Visitor) -> None:
    visitor.begin()
    visitor.go_on()
    kept = visitor.client.cookies["check"].value
    visitor.client.cookies["check"] = kept[:-4] + "AAAA"
    visitor.get("/check/answer/")
    assert visitor.address == "/check/aim/"


def test_the_calendar_has_every_session_and_nothing_about_the_person(visitor: Visitor) -> None:
    from icalendar import Calendar

    visitor.begin()
    visitor.go_on()
    visitor.unlock()
    sent = visitor.client.get("/check/plan/calendar.ics")
    assert sent["Content-Type"].startswith("text/calendar")
    events = [part for part in Calendar.from_ical(sent.content).walk() if part.name == "VEVENT"]
    sessions = [event for event in events if str(event["summary"]).startswith("Rolling")]
    visitor.get("/check/plan/")
    days = re.findall(r'<ol class="days".*?</ol>', visitor.page.content.decode(), re.S)
    assert len(sessions) == sum(part.count("<li>") for part in days) > 0
    assert all("Stop if you see any blood" in str(event["description"]) for event in sessions)
    assert b"1990" not in sent.content and len({event["uid"] for event in events}) == len(events)
    assert len({event["dtstart"].dt for event in events}) == len(events), "one entry a day"
    assert all(any(part.name == "VALARM" for part in event.subcomponents) for event in sessions)
    assert Calendar.from_ical(sent.content)["x-wr-calname"] == "Rolling plan"
    said = sent.content.decode()
    assert "skin types" not in said and "quality of life" not in said and "first score" not in said


@pytest.mark.parametrize(("phototype", "asked"), [("II", False), ("V", True)])
def test_only_this_persons_checks_are_in_the_calendar(visitor: Visitor, phototype: str, asked: bool) -> None:
    visitor.begin(phototype=phototype)
    visitor.go_on()
    visitor.unlock()
    said = visitor.client.get("/check/plan/calendar.ics").content.decode().replace("\r\n ", "")
    assert ("dark or pale marks" in said) is asked


def test_nothing_is_stored_and_nothing_is_logged(
    visitor: Visitor, data_folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    before = {path for path in data_folder.rglob("*") if path.is_file()}
    visitor.begin(concern="acne-scars-rolling", wish="1.5")
    visitor.go_on(pregnant="yes")
    visitor.get("/check/answer/clinic-sheet/")
    said = "\n".join(record.getMessage() for record in caplog.records)
    for told in ("pregnant", "1990", "acne-scars", "1.5"):
        assert told not in said
    new = {path for path in data_folder.rglob("*") if path.is_file()} - before
    new = {path for path in new if path.parent.name != "trail"}  # notes of clinics that other tests make meanwhile
    assert {path.name for path in new} <= {"secret-key"}


def test_answers_can_be_deleted(visitor: Visitor) -> None:
    visitor.begin()
    visitor.post("/check/forget/")
    visitor.get("/check/answer/")
    assert visitor.address == "/check/aim/"


PAGES = ("/", "/check/", "/check/aim/", "/check/signs/", "/read/claims/", "/no-such-page/")


@pytest.mark.parametrize("address", PAGES)
def test_a_page_runs_nothing_and_loads_nothing_from_elsewhere(visitor: Visitor, address: str) -> None:
    page = visitor.get(address)
    html = page.content.decode()
    policy = page["Content-Security-Policy"]
    assert "unsafe" not in policy and "default-src 'none'" in policy
    assert "<script" not in html and "style=" not in html and " on" + "click" not in html
    assert "http://" not in html.replace("http://www.w3.org", "") and "https://" not in html


def test_no_page_of_the_home_path_promises(visitor: Visitor) -> None:
    visitor.begin()
    visitor.go_on()
    said = [visitor.text]
    visitor.unlock()
    for address in ("/", "/check/", "/check/aim/", "/check/steps/", "/check/steps/hygiene/", "/check/plan/"):
        visitor.get(address)
        assert visitor.address == address
        said.append(visitor.text)
    words = set(re.findall(r"[a-z]+", " ".join(said).lower()))
    assert not {"treats", "treat", "cures", "cure", "flawless", "rejuvenates", "guaranteed"} & words


def test_pages_about_a_person_are_not_kept_by_a_browser(visitor: Visitor) -> None:
    visitor.begin()
    visitor.go_on()
    assert "no-store" in visitor.page["Cache-Control"]
    cookie = visitor.client.cookies["check"]
    assert cookie["httponly"] and cookie["samesite"] == "Lax" and cookie["path"] == "/check/" and not cookie["expires"]


def test_a_form_without_its_token_is_refused() -> None:
    strict = Client(enforce_csrf_checks=True)
    assert strict.post("/check/aim/", {"site": "cheek"}).status_code == 403


NAMES = st.sampled_from(
    ["site", "concern", "wish", "birth_year", "phototype", "sex", "step", "on", *(fact.name for fact in KB.facts)]
    + [f"{fact.name}-unknown" for fact in KB.facts]
)
VALUES = st.one_of(
    st.text(max_size=30),
    st.sampled_from(
        [
            "yes",
            "no",
            "unknown",
            "",
            "patch-day",
            "cheek",
            "eyelid",
            "pores-dullness",
            "1.5",
            "0.2",
            "1e308",
            "nan",
            "-1",
        ]
    ),
    st.dates().map(str),
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    forms=st.lists(
        st.tuples(
            st.sampled_from(["/check/aim/", "/check/you/", "/check/steps/", "/check/steps/hygiene/", "/check/answer/"]
                            + [f"/check/about/{topic}/" for topic in TOPICS]),
            st.dictionaries(NAMES, VALUES, max_size=6),
        ),
        max_size=5,
    )
)  # fmt: skip
def test_no_form_breaks_the_server(forms: list[tuple[str, dict[str, str]]]) -> None:
    visitor = Visitor(Client(raise_request_exception=True))
    visitor.begin()
    for address, sent in forms:
        visitor.post(address, **sent)
        assert visitor.page.status_code < 500
        visitor.get("/check/answer/")
        assert visitor.page.status_code < 500


# ---------------------------------------------------------------- what a no says, and what it does not


@pytest.mark.parametrize(
    "answers",
    [
        {"birth_year": "2012"},
        {"pregnant": "yes"},
        {"site": "eyelid"},
        {"trouble_after_needling": "yes"},
        {"anticoagulant": "yes"},
        {"keloid_history": "yes", "phototype": "V"},
        {"lesion_changing": "yes"},
        {"self_harm_or_skin_picking": "yes"},
    ],
    ids=str,
)
def test_nobody_who_may_not_is_told_to_roll_a_patch(visitor: Visitor, answers: dict[str, str]) -> None:
    said = answered(visitor, **answers)
    assert "2 by 2 cm" not in said and "Good to know" not in said and "Take care" not in said
    visitor.get("/check/answer/clinic-sheet/")
    assert "Patch test before" not in visitor.text and "2 by 2 cm" not in visitor.text


def test_a_warning_sign_asks_for_care_today(visitor: Visitor) -> None:
    said = answered(visitor, trouble_after_needling="yes")
    html = visitor.page.content.decode()
    assert said.index("Get medical care today") < said.index("Call the emergency number now")
    assert 'role="alert"' in html and 'href="/check/signs/"' in html.split("<main")[1].split("</main")[0]
    assert "Not suitable" not in said


def test_waiting_is_not_never_and_health_comes_before_the_needle(visitor: Visitor) -> None:
    said = answered(visitor, active_acne="yes", wish="1.5")
    assert "Not yet" in said and "Not suitable" not in said
    assert "too long for home" not in said.split("Why this answer")[0].split("What you asked for")[0]


@pytest.mark.parametrize(
    ("wish", "says"),
    [("1.5", "is too long for home"), ("0.3", "is not too long for home"), ("0.13", "is not too long")],
)
def test_only_a_needle_that_is_too_long_is_called_so(visitor: Visitor, wish: str, says: str) -> None:
    said = answered(visitor, wish=wish)
    assert says in said
    assert ("A clinic may be able to help" in said) is (wish == "1.5")


def test_a_wish_is_declined_once_and_without_ids(visitor: Visitor) -> None:
    said = answered(visitor, wish="1.5", phototype="V")
    assert said.count("No: 1.5 mm on the cheek at home") == 1
    assert not re.search(r"\((?:[a-z0-9]+-){2,}[a-z0-9]+\)", said) and "home envelope" not in said
    assert "up to 0.3 mm" not in said.split("Where sources disagree")[0], "one limit: 0.25 mm"


def test_an_unknown_skin_type_and_an_unknown_last_sun_are_read_carefully(visitor: Visitor) -> None:
    visitor.begin(phototype="", sex="")
    visitor.go_on()
    assert "No known benefit at home" in visitor.text and "most careful limits" in visitor.text
    visitor.post(
        "/check/about/sun-and-products/", recent_tan="yes", sunburn="no", sun_planned="no", topical_actives="no"
    )
    assert (
        visitor.page.request["QUERY_STRING"] == "more=1" and "One more question because of your answer" in visitor.text
    )
    assert "autofocus" in visitor.page.content.decode()
    visitor.go_on(recent_tan="yes")
    assert "we count from today" in visitor.text
    assert on_day(date.today() + timedelta(days=28)) in visitor.text
    assert visitor.client.get("/check/answer/again.ics").content.count(b"BEGIN:VEVENT") == 1


def test_what_nobody_knows_is_asked_of_a_clinician_by_name(visitor: Visitor) -> None:
    visitor.begin()
    visitor.go_on(keloid_history="unknown", nickel_allergy="unknown")
    said, html = visitor.text, visitor.page.content.decode()
    assert "Ask somebody first" in said and "pharmacist" in said
    assert 'href="/check/about/skin-history/#keloid_history"' in html
    assert 'href="/check/about/metal-and-numbing/#nickel_allergy"' in html
    visitor.begin(birth_year="")
    visitor.go_on()
    assert 'href="/check/you/"' in visitor.page.content.decode()
    visitor.get("/check/you/")
    assert "A plan needs your year of birth" in visitor.text


def test_the_sheet_tells_the_wish_and_what_was_not_asked(visitor: Visitor) -> None:
    answered(visitor, birth_year="1970", site="periorbital", concern="wrinkles-face", wish="1.5")
    screen = re.search(r'class="verdict">.*?</span>\s*(.*?)</p>', visitor.page.content.decode(), re.S)
    assert screen
    visitor.get("/check/answer/clinic-sheet/")
    said = visitor.text
    assert "1.5 mm roller at home" in said and "Declined" in said
    assert f"Answer: {screen[1].strip()}" in said, "one verdict on screen and sheet"
    assert "Not asked" in said and "Anticoagulant or antiplatelet" in said and "Person you" not in said
    visitor.post("/check/answer/the-rest/")
    assert "/check/about/" in visitor.address
    visitor.go_on(anticoagulant="yes")
    assert visitor.address == "/check/answer/clinic-sheet/"
    assert "Answer the rest first" not in visitor.text
    assert re.search(r"Anticoagulant or antiplatelet, low-dose aspirin included\? +yes", visitor.text)


def test_numbing_creams_and_pacemakers_are_left_to_the_clinic(visitor: Visitor) -> None:
    visitor.begin()
    asked = set()
    for _ in range(40):
        if "/about/" not in visitor.address:
            break
        names = re.findall(r'<fieldset id="([a-z_]+)"', visitor.page.content.decode())
        asked |= set(names)
        visitor.post(visitor.address, **dict.fromkeys(names, "no"))
    assert "heart_condition" in asked
    assert not asked & {"anaesthetic_allergy", "methaemoglobin_risk", "antiarrhythmic"}
    assert "radiofrequency" not in answered(visitor, heart_condition="yes").lower().split("sources")[0]


# ---------------------------------------------------------------- forms


def test_going_back_keeps_what_was_ticked(visitor: Visitor) -> None:
    visitor.begin()
    visitor.post("/check/about/today/", pregnant="yes", go="back")
    assert visitor.address == "/check/you/" and visitor.page.status_code == 200
    visitor.post("/check/you/", birth_year="1991", phototype="III", sex="female", go="back")
    assert visitor.address == "/check/aim/"
    visitor.get("/check/you/")
    assert 'value="1991"' in visitor.page.content.decode()
    visitor.get("/check/about/today/")
    assert 'name="pregnant" value="yes" checked' in visitor.page.content.decode()


def test_a_date_and_not_knowing_it_do_not_go_together(visitor: Visitor) -> None:
    visitor.begin()
    visitor.post(
        "/check/about/today/", acute_illness="yes", pregnant="no", breastfeeding="no", trouble_after_needling="no"
    )
    sent = {"acute_illness": "yes", "pregnant": "no", "breastfeeding": "no", "trouble_after_needling": "no"}
    visitor.post(
        "/check/about/today/", **sent, acute_illness_ended="2026-01-05", **{"acute_illness_ended-unknown": "1"}
    )
    assert visitor.page.status_code == 422 and "Please keep one of the two" in visitor.text


@pytest.mark.parametrize(
    ("site", "concern", "fits"),
    [("cheek", "hair-thinning", False), ("scalp", "hair-thinning", True), ("cheek", "striae", False),
     ("eyelid", "pores-dullness", True), ("periorbital", "striae", True), ("cheek", "product-delivery", True)],
)  # fmt: skip
def test_a_concern_fits_its_part_of_the_body(visitor: Visitor, site: str, concern: str, fits: bool) -> None:
    visitor.post("/check/aim/", site=site, concern=concern, wish="")
    assert (visitor.address == "/check/you/") is fits
    assert fits or "do not go together" in visitor.text


@pytest.mark.parametrize(
    ("address", "first"),
    [
        ("/check/aim/", "site"),
        ("/check/about/today/", "pregnant-first"),
        ("/check/steps/hygiene/", "home-never-share-first"),
    ],
)
def test_an_error_is_in_the_title_the_summary_and_the_field(visitor: Visitor, address: str, first: str) -> None:
    visitor.begin()
    if "steps" in address:
        visitor.go_on()
        visitor.post("/check/steps/", step="roller")
    visitor.post(address)
    html = visitor.page.content.decode()
    assert visitor.page.status_code == 422 and "<title>Error: " in html
    summary = html.split('class="problems"')[1].split("</div>")[0]
    assert 'tabindex="-1"' in summary and "autofocus" in summary
    for target in re.findall(r'href="#([^"]+)"', summary):
        assert re.search(rf'<(input|select)[^>]* id="{target}"', html), target
    assert f'href="#{first}"' in summary
    assert html.count('aria-invalid="true"') == summary.count("<li>")
    for said in re.findall(r'aria-describedby="([^"]+)"', html):
        for one in said.split():
            assert f'id="{one}"' in html, one


def test_a_page_that_is_right_has_no_error_in_its_title(visitor: Visitor) -> None:
    visitor.get("/check/aim/")
    assert "<title>Where" in visitor.page.content.decode()


@pytest.mark.parametrize(
    ("answers", "says"),
    [
        ({"birth_year": str(date.today().year - 14)}, "before you are 18"),
        ({"active_acne": "yes"}, "Wait until this area has had no new red or sore spots for four weeks."),
        ({"pregnant": "yes"}, "Please wait until after your pregnancy."),
    ],
    ids=str,
)
def test_a_wait_names_its_thing_and_the_sheet_is_beside_it(
    visitor: Visitor, answers: dict[str, str], says: str
) -> None:
    answered(visitor, **answers)
    box = visitor.page.content.decode().split('class="answer')[1].split("</div>")[0]
    assert says in box and "Something has to pass" not in box
    assert '<a class="button quiet" href="/check/answer/clinic-sheet/">' in box


def test_the_home_pages_ask_you_and_not_the_person(visitor: Visitor) -> None:
    visitor.begin(birth_year="")
    visitor.go_on()
    assert "How old are you?" in visitor.text and "the person" not in visitor.text
    visitor.get("/check/answer/clinic-sheet/")
    assert "How old is the person" not in visitor.text
