"""What earlier sessions left behind, and what is newly known, stops the next session wherever it could be begun."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Any

import pytest
from tests.web.clinics import House
from tests.web.programs import Program
from tests.web.test_visits import Room

from needling.documents import Assessment, Event, Fact, Person
from needling.documents.visits import VisitCheck
from needling.web.charts.records import latest, write
from needling.web.visits.course import course_of

STOP = "Stop: no session yet"


@pytest.fixture
def room(house: House) -> Room:
    return Room(house)


def pages(room: Room) -> dict[str, str]:
    addresses = {"chart": f"/charts/{room.chart.id}/", "visits": room.address(""), "session": room.address()}
    return {name: room.client.get(address).content.decode() for name, address in addresses.items()}


def told(room: Room, *events: Event) -> None:
    """A first session, and what came after it."""
    assert room.post().status_code == 302
    course = course_of(room.chart)
    assert course is not None
    record = course.recorded[0]
    write(
        room.user, room.chart,
        record.model_copy(update={"events": events, "asked_until_d": 7.0}), supersedes=course.rows[0],
    )  # fmt: skip


def looked(room: Room, on: date, **facts: Any) -> None:
    seen = latest(room.chart, Assessment)
    assert seen is not None
    given = {fact.name: fact for fact in seen[1].facts} | {n: Fact(name=n, value=v) for n, v in facts.items()}
    write(room.user, room.chart, seen[1].model_copy(update={"on": on, "facts": tuple(given.values()), "scores": ()}))


def test_after_an_uneventful_session_nothing_stops_the_next(room: Room) -> None:
    told(room)
    assert not [name for name, page in pages(room).items() if STOP in page]


def test_a_severe_event_stops_the_next_session_until_a_look_says_that_it_is_over(room: Room) -> None:
    told(room, Event(harm="bacterial-infection", grade=3, after_d=3.0))
    for name, page in pages(room).items():
        assert STOP in page and "grade 3" in page, name
        card = page.split(STOP)[1].split("</ul>")[0]
        assert "trouble_after" not in card and not re.search(r"\d{4}-\d{2}-\d{2}", card), card
    due = course_of(room.chart)
    assert due is not None
    on = due.expected_on(1)
    assert room.post(on=on.isoformat()).status_code == 422 and len(room.records) == 1
    looked(room, room.first_on + timedelta(days=20), active_infection=False, trouble_after_needling=False)
    assert not [name for name, page in pages(room).items() if STOP in page]
    assert room.post(on=on.isoformat()).status_code == 302


def test_what_was_done_all_the_same_can_be_told_by_a_clinician_who_says_why(room: Room) -> None:
    told(room, Event(harm="bacterial-infection", grade=3, after_d=3.0))
    course = course_of(room.chart)
    assert course is not None
    done = {"on": course.expected_on(1).isoformat(), "deviation": ["held-accepted"], "words": "seen by a colleague"}
    assert room.post(**done).status_code == 302
    assert "held-accepted" in room.records[-1].deviations


def test_a_pregnancy_that_is_told_after_the_approval_stops_the_course_at_once(room: Room) -> None:
    person = latest(room.chart, Person)
    assert person is not None
    female = person[1].model_copy(
        update={
            "sex_at_birth": "female",
            "facts": (*(f for f in person[1].facts if f.name != "pregnant"), Fact(name="pregnant", value=True)),
        }
    )
    write(room.user, room.chart, female, supersedes=person[0])
    shown = pages(room)
    assert STOP in shown["chart"] and STOP in shown["visits"]


def test_answers_of_a_visit_count_before_older_ones(room: Room) -> None:
    assert room.post().status_code == 302
    looked(room, room.first_on + timedelta(days=14), cold_sore_active=True)
    assert STOP in pages(room)["visits"], "a cold sore was there at the last look"
    course = course_of(room.chart)
    assert course is not None
    on = course.expected_on(1).isoformat()
    quiet = {"today-cold_sore_active": "no"}
    assert room.post(on=on, **quiet).status_code == 302, "today it is gone, and the questions of the day say so"
    check = latest(room.chart, VisitCheck)
    assert check is not None and check[1].clearance.verdict == "go"
    assert STOP not in pages(room)["visits"]


def test_programs_are_told_of_it_too(room: Room) -> None:
    told(room, Event(harm="bacterial-infection", grade=3, after_d=3.0))
    program = Program(room.user)
    (stop,) = program.get(f"/charts/{room.chart.id}/next")["stops"]
    assert "grade 3" in stop["what"] and stop["sources"]
