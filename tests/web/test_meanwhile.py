"""Two people at one session: the second gets their own form back, beside what was signed, and nothing is lost."""

from __future__ import annotations

from datetime import timedelta
from html import unescape
from typing import Any
from unittest.mock import patch

import pytest
from tests.web.clinics import House
from tests.web.test_visits import Room

from needling.documents.visits import VisitCheck
from needling.web.charts.models import Row
from needling.web.charts.records import Superseded, latest, read, write
from needling.web.visits.course import course_of
from needling.web.visits.models import Visit

MINE = {"lot": "Mine 7", "pain": "6", "note": "He felt faint for a moment."}


@pytest.fixture
def room(house: House) -> Room:
    return Room(house)


def action_of(page: Any) -> str:
    """Where the form of a page goes."""
    found = page.content.decode().split('id="recorder"')[1].split(">")[0]
    return str(found.split('action="')[1].split('"')[0])


def theirs(room: Room, sent: dict[str, Any]) -> None:
    assert room.house.browser("assistant").post(room.address(), sent).status_code == 302


def test_the_second_gets_their_own_form_back_beside_what_was_signed(room: Room) -> None:
    mine = room.routine(**MINE)
    theirs(room, room.routine(lot="Theirs 1"))
    page = room.client.post(room.address(), mine)
    said = unescape(page.content.decode())
    assert page.status_code == 409 and len(room.records) == 1
    assert 'value="Mine 7"' in said and ">He felt faint for a moment.</textarea>" in said
    notice = said.split('id="meanwhile"')[1].split("<form")[0]
    assert room.house.people["assistant"].name in notice
    assert "<td>Theirs 1</td><td>Mine 7</td>" in notice and "<td>3</td><td>6</td>" in notice
    assert "Endpoint seen" not in notice, "which is the same in both"


def test_theirs_is_corrected_by_the_form_that_came_back(room: Room) -> None:
    mine = room.routine(**MINE)
    theirs(room, room.routine(lot="Theirs 1"))
    again = action_of(room.client.post(room.address(), mine))
    assert room.client.post(again, mine).status_code == 302
    (record,) = room.records
    assert (record.lot, record.pain_score, record.note) == ("Mine 7", 6, MINE["note"])
    assert Row.objects.filter(chart=room.chart, kind="record").count() == 2


def test_what_the_second_asked_is_not_lost(room: Room) -> None:
    """They were told of an infection, and whoever signed first was not."""
    told = {"today-active_infection": "yes", "today-sunburn": ""}
    mine = room.routine(**told)
    theirs(room, room.routine())
    page = room.client.post(room.address(), mine)
    said = page.content.decode()
    assert '<option value="yes" selected>' in said.split('name="today-active_infection"')[1].split("</select>")[0]
    notice = said.split('id="meanwhile"')[1].split("<form")[0]
    assert "<td>no</td><td>yes</td>" in notice
    again = action_of(page)
    held = room.client.post(again, mine)
    assert (
        held.status_code == 422 and "Not today" in held.content.decode() and "active_infection" in held.content.decode()
    )
    assert (
        room.client.post(again, {**mine, "deviation": "held-accepted", "words": "Asked too late."}).status_code == 302
    )
    check = latest(room.chart, VisitCheck)
    assert check is not None and {one.name: one.value for one in check[1].answers}["active_infection"] is True


def test_two_who_correct_the_same_record(room: Room) -> None:
    room.post()
    address = room.address(f"{Visit.objects.get(chart=room.chart).row_id}/correct/")
    first = room.routine(session="0", on=room.first_on.isoformat(), lot="First")
    second = {**first, "lot": "Second", "note": "Mine."}
    assert room.house.browser("assistant").post(address, first).status_code == 302
    page = room.client.post(address, second)
    assert page.status_code == 409 and 'value="Second"' in page.content.decode()
    assert action_of(page) != address and room.client.post(action_of(page), second).status_code == 302
    assert (room.records[0].lot, room.records[0].note) == ("Second", "Mine.")


def test_the_same_moment_is_no_exception(room: Room) -> None:
    """Both were asked about while nobody had written; the database lets one of them through."""
    from needling.web.visits import views

    mine, sign = room.routine(**MINE), views.sign
    written: list[bool] = []

    def faster(*given: Any, **named: Any) -> Any:
        if not written:
            written.append(True)
            theirs(room, room.routine(lot="Theirs 1"))
            raise Superseded("somebody else was first")
        return sign(*given, **named)

    with patch.object(views, "sign", faster):
        page = room.client.post(room.address(), mine)
    assert page.status_code == 409 and 'value="Mine 7"' in page.content.decode()
    assert [one.lot for one in room.records] == ["Theirs 1"]


def test_another_plan_in_the_meantime_keeps_what_was_typed(room: Room) -> None:
    mine = room.routine(**MINE, **{"passes-0": "2"})
    write(room.user, room.chart, room.approval.model_copy(update={"by": "user-2"}), supersedes=room.row)
    page = room.client.post(room.address(), mine)
    said = page.content.decode()
    assert page.status_code == 409 and "Another plan is in force" in said and 'value="Mine 7"' in said
    assert 'name="passes-0" inputmode="decimal" size="3" value="2"' in said
    course = course_of(room.chart)
    assert course is not None
    assert room.client.post(room.address(), {**mine, "approval": course.sha256}).status_code == 302


def test_what_fits_on_no_form_is_shown_to_be_copied(room: Room) -> None:
    mine = room.routine(**MINE)
    theirs(room, room.routine())
    write(room.user, room.chart, room.approval.model_copy(update={"by": "user-2"}), supersedes=room.row)
    page = room.client.post(room.address(), mine)
    assert page.status_code == 409 and "Mine 7" in page.content.decode() and MINE["note"] in page.content.decode()


def test_not_done_beside_done(room: Room) -> None:
    mine = {**room.routine(), "why": "called-off-by-person", "words": "Called at noon."}
    theirs(room, room.routine(lot="Theirs 1"))
    page = room.client.post(room.address("not-done/"), mine)
    said = page.content.decode()
    assert page.status_code == 409 and "Called at noon.</textarea>" in said and "Lot: Theirs 1" in said
    assert room.records[0].strokes
    replaces = said.split('name="replaces" value="')[1].split('"')[0]
    assert room.client.post(room.address("not-done/"), {**mine, "replaces": replaces}).status_code == 302
    (record,) = room.records
    assert not record.strokes and record.deviations == ("not-done-called-off-by-person", "in words: Called at noon.")
    assert not Visit.objects.filter(chart=room.chart, done=True).exists()


def test_an_assistant_cannot_say_that_a_recorded_session_was_not_done(room: Room) -> None:
    mine = room.routine()
    assert room.client.post(room.address(), room.routine(lot="RECALL-7")).status_code == 302
    row = Visit.objects.get(chart=room.chart).row_id
    sent = {**mine, "why": "called-off-by-person", "replaces": str(row)}
    page = room.house.browser("assistant").post(room.address("not-done/"), sent)
    assert page.status_code == 422 and "A clinician has to sign" in page.content.decode()
    assert room.records[0].strokes and Visit.objects.get(chart=room.chart).lot == "RECALL-7"


def test_not_done_takes_no_unwanted_event_away(room: Room) -> None:
    mine = {**room.routine(), "why": "called-off-by-person"}
    theirs(room, room.routine())
    row = Visit.objects.get(chart=room.chart).row_id
    after = {"asked_on": room.first_on.isoformat(), "harm": "milia-acne", "grade": "1", "day": "0"}
    assert room.client.post(room.address(f"{row}/after/"), after).status_code == 302
    now = Visit.objects.get(chart=room.chart).row_id
    page = room.client.post(room.address("not-done/"), {**mine, "replaces": str(now)})
    assert page.status_code == 422 and "so it was done" in page.content.decode() and room.records[0].events


def test_two_who_tell_what_came_after(room: Room) -> None:
    room.post()
    address = room.address(f"{Visit.objects.get(chart=room.chart).row_id}/after/")
    asked = (room.first_on + timedelta(days=9)).isoformat()
    first = {"asked_on": asked, "redness": "3", "harm": "milia-acne", "grade": "1", "day": "4"}
    second = {
        "asked_on": asked,
        "redness": "",
        "harm": "bacterial-infection",
        "grade": "3",
        "day": "5",
        "action": "Sent to a doctor.",
    }
    assert room.house.browser("assistant").post(address, first).status_code == 302
    page = room.client.post(address, second)
    said = page.content.decode()
    assert page.status_code == 409 and "Sent to a doctor.</textarea>" in said and 'value="3"' in said
    again = said.split('novalidate action="')[1].split('"')[0]
    assert room.client.post(again, {**second, "redness": "3"}).status_code == 302
    (record,) = room.records
    assert [event.harm for event in record.events] == ["milia-acne", "bacterial-infection"] and record.redness_d == 3


def test_an_unknown_session_or_approval_breaks_nothing(room: Room) -> None:
    for sent in ({"session": "99"}, {"session": "²"}, {"approval": "0" * 64}, {"session": ""}):
        page = room.post(**sent)
        assert page.status_code == 409, sent
    assert not room.records and read(room.row, type(room.approval)) == room.approval
