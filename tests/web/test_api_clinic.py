"""The API across a clinic: what is due, unwanted events, lots, and what came after a session that is recorded."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext
from tests.web.clinics import House
from tests.web.programs import Program
from tests.web.test_clinic_lists import _many
from tests.web.test_visits import Room

from needling.documents import OTHER_HARM
from needling.knowledge import load_knowledge
from needling.web.charts.models import Row, Trace
from needling.web.charts.records import write
from needling.web.charts.trail import problems
from needling.web.visits.harms import harm_names
from needling.web.visits.models import Unwanted, Visit

KB = load_knowledge()


@pytest.fixture(autouse=True)
def _nobody_waits() -> Iterator[None]:
    yield
    cache.clear()


@pytest.fixture
def room(house: House) -> Room:
    """A course whose first session is recorded."""
    found = Room(house)
    assert found.post().status_code == 302
    return found


def record_of(room: Room) -> Any:
    return Visit.objects.filter(chart=room.chart).earliest("place").row_id


def after(room: Room) -> str:
    return f"/charts/{room.chart.id}/records/{record_of(room)}/after"


def told(room: Room, **event: Any) -> dict[str, Any]:
    asked = (room.first_on + timedelta(days=9)).isoformat()
    return {"asked_on": asked, "event": {"harm": "milia-acne", "grade": 1, "after_d": 4.0} | event}


SEVERE = {"harm": "bacterial-infection", "grade": 3, "after_d": 3.5, "action": "Swab, antibiotics by mouth"}


# ---------------------------------------------------------------- what came after


def test_an_event_is_added_to_a_recorded_session_and_nothing_told_before_is_lost(room: Room) -> None:
    program, first = Program(room.house.people["assistant"]), record_of(room)
    made = program.post(after(room), told(room, zone="cheek-left", note="Small white dots") | {"redness_d": 2.5})
    assert made["supersedes"] == str(first) and made["by"] == room.house.people["assistant"].signature
    again = program.post(after(room), told(room, **SEVERE))
    document = again["document"]
    assert [one["harm"] for one in document["events"]] == ["milia-acne", "bacterial-infection"]
    assert document["events"][0] == {
        "harm": "milia-acne", "grade": 1, "after_d": 4.0, "zone": "cheek-left", "note": "Small white dots"
    }  # fmt: skip
    assert document["events"][1]["note"] == "Done: Swab, antibiotics by mouth"
    assert (document["redness_d"], document["asked_until_d"], document["pain_score"]) == (2.5, 9.0, 3.0)
    assert document["by"] == room.house.people["assistant"].signature
    quiet = program.post(after(room), {"asked_on": (room.first_on + timedelta(days=20)).isoformat()})["document"]
    assert len(quiet["events"]) == 2 and quiet["asked_until_d"] == 20.0 and quiet["redness_d"] == 2.5
    assert Trace.objects.filter(clinic=room.house.own, action="write:record:api").count() == 3
    assert program.get(f"/charts/{room.chart.id}/next")["stops"], "a severe event stops the next session"
    assert not list(problems(room.house.own))


def test_the_second_of_two_who_tell_what_came_is_told(room: Room) -> None:
    program, address = Program(room.user), after(room)
    program.post(address, told(room))
    said = program.post(address, told(room), 409)
    assert "in force" in said["says"] and "records" in said["do"]
    assert Unwanted.objects.filter(chart=room.chart).count() == 1
    plan = f"/charts/{room.chart.id}/records/{room.row.id}/after"
    program.post(plan, told(room), 404)


def test_after_a_session_that_was_not_done_nothing_came(room: Room) -> None:
    sent = {"session": "1", "approval": room.row.sha256, "on": date.today().isoformat(), "why": "other", "words": "Ill"}
    assert room.client.post(room.address("not-done/"), sent).status_code == 302
    row = Visit.objects.get(chart=room.chart, done=False).row_id
    said = Program(room.user).post(f"/charts/{room.chart.id}/records/{row}/after", told(room), 422)
    assert "not done" in said["says"]


@pytest.mark.parametrize(
    ("event", "at", "says"),
    [
        ({"harm": "spots"}, "event.harm", "Choose what it was"),
        ({"harm": OTHER_HARM}, "event.note", "Say in words"),
        ({"zone": "scalp"}, "event.zone", "zone that was treated"),
        ({"after_d": 30}, "event.after_d", "9 at the latest"),
        ({"grade": 3}, "event.action", "what was done"),
        ({"grade": 6}, "grade", "less than or equal to 5"),
        ({"lot": "x"}, "lot", "not permitted"),
    ],
)
def test_what_does_not_fit_is_told_with_its_place_and_nothing_is_kept(
    room: Room, event: dict[str, Any], at: str, says: str
) -> None:
    before = Row.objects.count()
    said = Program(room.user).post(after(room), told(room, **event), 422)
    (place,) = said["where"]
    assert place["at"].endswith(at) and says in place["says"], said
    assert Row.objects.count() == before


def test_the_day_of_asking_is_one_after_the_session_and_not_to_come(room: Room) -> None:
    for asked in (room.first_on - timedelta(days=1), date.today() + timedelta(days=1)):
        said = Program(room.user).post(after(room), {"asked_on": asked.isoformat()}, 422)
        assert said["where"][0]["at"] == "body.new.asked_on"


def test_who_may_only_read_tells_nothing_and_strangers_find_nothing(room: Room) -> None:
    Program(room.house.people["auditor"]).post(after(room), told(room), 403)
    Program(room.house.stranger).post(after(room), told(room), 404)
    assert not Unwanted.objects.filter(chart=room.chart).exists()


# ---------------------------------------------------------------- lists of the clinic


def test_what_is_due_is_listed_as_on_the_page(room: Room) -> None:
    program = Program(room.house.people["auditor"])
    listed = program.get("/clinic/due")
    mine = [one for one in listed["items"] if one["chart"] == str(room.chart.id)]
    assert {one["kind"] for one in mine} == {"session", "check"} and listed["total"] == len(listed["items"])
    assert [one["on"] for one in listed["items"]] == sorted(one["on"] for one in listed["items"])
    assert {one["label"] for one in mine} == {"Somebody Secret"} and not any(one["severe_event"] for one in mine)
    Program(room.user).post(after(room), told(room, **SEVERE))
    assert all(one["severe_event"] for one in program.get("/clinic/due")["items"] if one["chart"] == str(room.chart.id))
    assert program.get("/clinic/due?page=9")["items"] == []
    assert Program(room.house.stranger).get("/clinic/due")["total"] == 0


def test_events_of_the_clinic_are_listed_from_a_grade_on(room: Room) -> None:
    program = Program(room.user)
    program.post(after(room), told(room))
    assert program.get("/clinic/events")["total"] == 0, "as on the page: severe ones"
    (one,) = program.get("/clinic/events?grade=1")["items"]
    assert one["on"] == (room.first_on + timedelta(days=4)).isoformat() and one["name"] == harm_names(KB)["milia-acne"]
    program.post(after(room), told(room, **SEVERE))
    (severe,) = program.get("/clinic/events")["items"]
    assert (severe["harm"], severe["grade"], severe["chart"]) == ("bacterial-infection", 3, str(room.chart.id))
    assert severe["care"] and severe["name"] and severe["record"] == str(record_of(room))
    assert [one["grade"] for one in program.get("/clinic/events?grade=1")["items"]] == [1, 3]
    assert Program(room.house.stranger).get("/clinic/events?grade=1")["total"] == 0
    for wrong in ("0", "6", "many"):
        program.get(f"/clinic/events?grade={wrong}", 422)


def test_who_was_treated_with_a_lot_is_found_however_it_is_typed(room: Room) -> None:
    program = Program(room.house.people["assistant"])
    for lot in ("AB-12 34", "ab1234", " ab-12"):
        found = program.post("/clinic/lots/find", {"lot": lot}, 200)
        assert (found["total"], found["people"], found["sessions"]) == (1, 1, 1), lot
        (one,) = found["items"]
        assert one["lot"] == "AB-12 34" and one["record"] == str(record_of(room)) and one["label"] == "Somebody Secret"
    assert program.post("/clinic/lots/find", {"lot": "B12"}, 200)["total"] == 0
    assert program.post("/clinic/lots/find", {"lot": None}, 200)["total"] == 0
    assert Program(room.house.stranger).post("/clinic/lots/find", {"lot": "AB"}, 200)["people"] == 0
    for wrong in ({}, {"lot": " "}, {"lot": ""}, {"lot": "x" * 81}, {"lot": 1}):
        program.post("/clinic/lots/find", wrong, 422)


def test_sessions_without_a_lot_are_found_too(room: Room) -> None:
    (record,) = room.records
    old = Row.objects.get(pk=record_of(room))
    write(room.user, room.chart, record.model_copy(update={"lot": None, "expiry": None}), supersedes=old)
    found = Program(room.user).post("/clinic/lots/find", {"lot": None}, 200)
    assert (found["people"], found["sessions"], found["items"][0]["lot"]) == (1, 1, "")


def test_more_rows_are_not_more_queries(room: Room) -> None:
    program, clinic = Program(room.user), room.house.own
    asks = {
        "due": lambda: program.get("/clinic/due"),
        "events": lambda: program.get("/clinic/events?grade=1"),
        "lots": lambda: program.post("/clinic/lots/find", {"lot": "L1"}, 200),
    }

    def counted() -> dict[str, int]:
        found = {}
        for name, ask in asks.items():
            ask()
            with CaptureQueriesContext(connection) as seen:
                ask()
            found[name] = len(seen)
        return found

    def more(count: int) -> None:
        _many(clinic, count)
        rows = Visit.objects.filter(clinic=clinic)[:count]
        Unwanted.objects.bulk_create(
            [Unwanted(row_id=one.row_id, clinic=clinic, chart_id=one.chart_id, on=one.on, harm="milia-acne", grade=1)
             for one in rows]
        )  # fmt: skip

    more(3)
    few = counted()
    more(60)
    assert counted() == few and max(few.values()) <= 6, few


def test_a_correction_takes_nothing_away_that_was_told(room: Room) -> None:
    """Nor does an assistant turn a session that was done into one that was not."""
    program, address = Program(room.house.people["assistant"]), f"/charts/{room.chart.id}/records"
    done = program.get(address)["items"][0]
    mine = {"by": room.house.people["assistant"].signature}
    not_done = {
        "strokes": [], "deviations": ["not-done-called-off-by-person"], "endpoint_seen": None, "pain_score": None,
        "redness_d": None, "events": [],
    }  # fmt: skip
    bare = {"document": done["document"] | mine | not_done, "supersedes": done["id"]}
    assert "clinician" in program.post(address, bare, 403)["do"]
    kept = program.post(after(room), told(room, **SEVERE))
    for less in ({"events": []}, {"asked_until_d": None}, not_done):
        program.post(address, {"document": kept["document"] | mine | less, "supersedes": kept["id"]}, 422)
    more = {"document": kept["document"] | mine | {"pain_score": 6.0}, "supersedes": kept["id"]}
    assert program.post(address, more)["document"]["events"] == kept["document"]["events"]
