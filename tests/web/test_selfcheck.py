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
from tests.web.visitor import QUIZ, Visitor

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
    assert "Not answered yet" in visitor.text
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
    assert "Sheet for the clinic" in visitor.text
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
    assert "Not all answers are right yet" in visitor.text
    visitor.unlock()
    visitor.get("/check/plan/")
    assert visitor.address == "/check/plan/"
    assert "0.2 mm roller" in visitor.text and "When to stop" in visitor.text and "Not before" in visitor.text


def _patch_test(visitor: Visitor, days_ago: int, **you: str) -> None:
    visitor.begin(**you)
    visitor.go_on()
    visitor.post("/check/steps/hygiene/", **QUIZ)
    visitor.post("/check/steps/", step="patch-day", on=str(date.today() - timedelta(days=days_ago)))


@pytest.mark.parametrize(("phototype", "days"), [("I", 2), ("III", 2), ("IV", 7), ("VI", 7)])
def test_the_patch_test_takes_its_time(visitor: Visitor, phototype: str, days: int) -> None:
    _patch_test(visitor, days - 1, phototype=phototype)
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


@pytest.mark.parametrize("on", ["", "yesterday", "2026-02-30", "0001-01-01", "9999-12-31", "\0"])
def test_a_day_that_cannot_be_is_asked_again(visitor: Visitor, on: str) -> None:
    _patch_test(visitor, 1)
    visitor.post("/check/steps/", step="patch-again")
    visitor.post("/check/steps/", step="patch-day", on=on)
    assert visitor.page.status_code == 422 and 'href="#on"' in visitor.page.content.decode()


def test_a_patch_test_to_come_does_not_count(visitor: Visitor) -> None:
    _patch_test(visitor, -3)
    assert visitor.page.status_code == 422 and "still to come" in visitor.text


def test_a_changed_skin_type_changes_the_wait(visitor: Visitor) -> None:
    _patch_test(visitor, 3, phototype="II")
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
    _patch_test(visitor, 8)
    visitor.post("/check/aim/", site="forehead", concern="pores-dullness", wish="")
    visitor.post("/check/you/", birth_year="1990", phototype="II", sex="female")
    visitor.go_on()
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
    assert len(sessions) == int(visitor.text.split(" sessions at home")[0].split()[-1])
    assert all("Stop if you see any blood" in str(event["description"]) for event in sessions)
    assert b"1990" not in sent.content and len({event["uid"] for event in events}) == len(events)


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
