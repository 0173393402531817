"""Unwanted events on their page: named by what was seen, in a zone, and something else in words."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.web.clinics import House
from tests.web.test_visits import Room

from needling.documents import OTHER_HARM, Event, SessionRecord
from needling.knowledge import load_knowledge
from needling.learning.unwanted import told_events
from needling.web.visits.harms import choices_for, harm_names
from needling.web.visits.models import Visit

KB = load_knowledge()
MARKS = "Post-inflammatory hyperpigmentation"


@pytest.fixture
def room(house: House) -> Room:
    found = Room(house)
    found.post()
    return found


def address(room: Room) -> str:
    return room.address(f"{Visit.objects.filter(chart=room.chart).earliest('place').row_id}/after/")


def told(room: Room, **changes: str) -> dict[str, str]:
    asked = (room.first_on + timedelta(days=9)).isoformat()
    return {"asked_on": asked, "harm": "milia-acne", "grade": "1", "day": "4", **changes}


@pytest.mark.parametrize(
    ("phototype", "harm"), [("II", "pih-rate-unknown"), ("V", "pih-iv-v"), (None, "pih-rate-unknown")]
)
def test_dark_marks_are_offered_once_and_kept_for_the_skin_type(phototype: str | None, harm: str) -> None:
    offered = choices_for(KB, ["roller-192"], phototype)  # type: ignore[arg-type]
    assert [one for one, name in offered if MARKS in name] == [harm]
    names = [name for _, name in offered]
    assert len(names) == len(set(names)) and not any("skin type" in name or "studies" in name for name in names)
    assert not any("radiofrequency" in name for name in names)
    heated = next(one.id for one in KB.devices if one.kind == "rf")
    assert any("radiofrequency" in name for _, name in choices_for(KB, [heated], phototype))  # type: ignore[arg-type]


def test_every_harm_has_a_name_of_its_own_kind() -> None:
    names = harm_names(KB)
    assert {one.id for one in KB.adverse_events} < set(names) and all(names.values())
    assert {names[one] for one in ("pih-iv-v", "pih-iii-v", "pih-rate-unknown", "pih-radiofrequency")} == {MARKS}
    assert names["tram-track"] == KB.by("adverse_events")["tram-track"].name


def test_an_event_has_a_zone_where_it_had_one(room: Room) -> None:
    page = room.client.get(address(room)).content.decode()
    assert 'name="zone"' in page and "left cheek" in page and "0 is " in page
    wrong = room.client.post(address(room), told(room, zone="scalp"))
    assert wrong.status_code == 422 and "Choose a zone that was treated" in wrong.content.decode()
    assert room.client.post(address(room), told(room, zone="cheek-left")).status_code == 302
    (event,) = room.records[0].events
    assert event.zone == "cheek-left"
    assert "left cheek" in room.client.get(room.address("")).content.decode().split("Unwanted, grade")[1][:200]
    assert "left cheek" in room.client.get(address(room)).content.decode().split("Told so far")[1][:900]


def test_something_else_needs_words_and_a_grade_and_holds_the_course_up(room: Room) -> None:
    bare = room.client.post(address(room), told(room, harm=OTHER_HARM))
    assert bare.status_code == 422 and "Say in words what it was" in bare.content.decode()
    ungraded = room.client.post(address(room), told(room, harm=OTHER_HARM, note="Dizzy", grade=""))
    assert ungraded.status_code == 422 and "Choose how bad it was" in ungraded.content.decode()
    assert room.client.post(address(room), told(room, harm=OTHER_HARM, note="Dizzy for a day")).status_code == 302
    (seen,) = told_events(room.records, KB)
    assert (seen.harm, seen.label, seen.expected) == (OTHER_HARM, "Something else", False)
    page = room.client.get(room.address("")).content.decode()
    assert "Something else (Dizzy for a day), grade 1" in page, "what nobody knows stops the course"
    assert room.client.get(f"/charts/{room.chart.id}/forecast-and-seen/").status_code == 200


def test_an_event_without_a_zone_keeps_its_hash() -> None:
    event = Event(harm="milia-acne", grade=1, after_d=2)
    assert b"zone" not in event.canonical() and Event.model_validate_json(event.canonical()) == event
    assert b"zone" in event.model_copy(update={"zone": "nose"}).canonical()


def test_the_last_day_is_said_in_words(room: Room) -> None:
    page = room.client.post(address(room), told(room, day="30")).content.decode()
    assert "from 0 (the same day) to the day on which you asked, 9 at the latest" in page
    assert isinstance(room.records[0], SessionRecord) and not room.records[0].events
