"""What is not written down is seen before it is signed, kept where somebody says so, and found afterwards."""

from __future__ import annotations

from typing import Any

import pytest
from tests.web.clinics import House, signed_in
from tests.web.test_used import approved_with_two_lengths, record_of, sent_for
from tests.web.test_visits import Room

from needling.documents import SessionRecord
from needling.web.visits.lacking import noted, split_note, unwritten
from needling.web.visits.models import Visit

NOTHING = {"lot": "", "expiry": "", "endpoint": "", "pain": "", "aftercare": ""}
ALL = "lot, expiry, endpoint, pain, aftercare"


@pytest.fixture
def room(house: House) -> Room:
    return Room(house)


def box(page: Any) -> str:
    """What the page says is not written down."""
    return str(page.content.decode().split('id="lacking"')[1].split("<form")[0])


def test_the_first_signing_comes_back_with_what_is_missing_and_all_that_was_typed(room: Room) -> None:
    page = room.post(**NOTHING, note="Slept badly.")
    said = page.content.decode()
    assert page.status_code == 422 and not room.records and "Slept badly." in said
    assert 'class="problems"' not in said, "nothing is wrong, it is only not there"
    for name in NOTHING:
        assert f'<a href="#{name}">{name}</a>' in box(page) and f'id="{name}"' in said
    one = box(room.post(pain=""))
    assert ">pain</a>" in one and ">lot</a>" not in one and "without this;" in one


def test_it_is_kept_once_somebody_says_so_and_the_record_names_it(room: Room) -> None:
    assert room.post(**NOTHING, without=ALL, note="Slept badly.").status_code == 302
    (record,) = room.records
    assert record.note == f"Slept badly.\nNot written down: {ALL}."
    assert record.deviations == (), "which would read as the reason for something that differed"
    assert unwritten(record) == list(NOTHING)
    assert f"Not written down: {ALL}." in room.client.get(room.address("")).content.decode()


def test_the_tick_keeps_only_what_it_names(room: Room) -> None:
    page = room.post(**NOTHING, without="pain")
    assert page.status_code == 422 and not room.records
    assert room.post(lot="", without="pain").status_code == 422


def test_a_correction_asks_only_for_what_was_not_left_open_before_and_forgets_what_is_told(room: Room) -> None:
    room.post(**{**NOTHING, "lot": "A1"}, without="expiry, endpoint, pain, aftercare", note="Slept badly.")
    address = room.address(f"{Visit.objects.get(chart=room.chart).row_id}/correct/")
    opened = room.client.get(address).content.decode()
    assert 'name="without" value="expiry, endpoint, pain, aftercare"' in opened and ">Slept badly.</textarea>" in opened
    sent = {**room.routine(session="0", on=room.first_on.isoformat()), "without": "expiry, endpoint, pain, aftercare"}
    emptied = room.client.post(address, {**sent, "lot": "", "pain": ""})
    assert emptied.status_code == 422 and ">lot</a>" in box(emptied)
    assert room.client.post(address, {**sent, "pain": "", "note": "Slept badly."}).status_code == 302
    assert room.records[0].note == "Slept badly.\nNot written down: pain."


def test_the_lot_of_a_second_device_is_missed_too(house: House) -> None:
    chart, client = approved_with_two_lengths(house), house.browser("clinician")
    address = f"/charts/{chart.id}/visits/new/"
    sent = sent_for(chart)
    page = client.post(address, sent)
    assert page.status_code == 422 and 'href="#also_lot-0"' in box(page) and 'href="#lot"' not in box(page)
    names = "lot of the 1 mm needles, expiry of the 1 mm needles"
    assert names in box(page)
    assert client.post(address, {**sent, "without": names}).status_code == 302
    assert record_of(chart).note == f"Not written down: {names}." and "lot" in unwritten(record_of(chart))


def test_sessions_without_a_lot_are_found_and_only_at_home(room: Room) -> None:
    assert "without a lot" not in room.client.get("/clinic/lots/").content.decode()
    room.post(lot="", without="lot")
    assert '<a href="?without=1">1 session without a lot</a>' in room.client.get("/clinic/lots/").content.decode()
    listed = room.client.get("/clinic/lots/?without=1").content.decode()
    assert room.chart.label in listed and "not written down" in listed and "1 person, 1 session" in listed
    stranger = signed_in(room.house.stranger).get("/clinic/lots/?without=1").content.decode()
    assert room.chart.label not in stranger and "names its lots" in stranger
    address = room.address(f"{Visit.objects.get(chart=room.chart).row_id}/correct/")
    form = room.routine(session="0", on=room.first_on.isoformat())
    assert room.client.post(address, form).status_code == 302
    assert room.chart.label not in room.client.get("/clinic/lots/?without=1").content.decode()


def test_a_session_that_was_not_done_lacks_no_lot(room: Room) -> None:
    sent = {**room.routine(), "why": "did-not-come", "asked": ""}
    assert room.client.post(room.address("not-done/"), sent).status_code == 302
    assert unwritten(room.records[0]) == []
    assert "without a lot" not in room.client.get("/clinic/lots/").content.decode()


def test_own_words_that_begin_like_it_stay() -> None:
    note = "Looked well.\nNot written down: the serum bottle was new, opened today"
    assert split_note(note) == (note, ())


@pytest.mark.parametrize("note", ["", "one line", "two\nlines", "ends\n"])
@pytest.mark.parametrize("names", [(), ("lot",), ("lot", "expiry of the 0.5 mm needles")])
def test_a_note_is_read_back_as_it_was_typed(note: str, names: tuple[str, ...]) -> None:
    assert split_note(noted(note, names)) == (note, names)


def test_a_serious_event_is_listed_with_device_and_lot(room: Room) -> None:
    room.post(lot="AB-1; CD-2")
    row = Visit.objects.filter(chart=room.chart).earliest("place").row_id
    told = {
        "asked_on": room.first_on.isoformat(), "harm": "bacterial-infection", "grade": "3", "day": "0",
        "action": "Seen at once.",
    }  # fmt: skip
    assert room.client.post(room.address(f"{row}/after/"), told).status_code == 302
    listed = room.client.get("/clinic/events/").content.decode()
    assert listed.count("Clinic roller") == 2 and ">AB-1</a>" in listed and "?q=CD-2" in listed
    assert isinstance(room.records[0], SessionRecord)


def test_late_does_not_stand_beside_as_planned(room: Room) -> None:
    from datetime import timedelta

    room.post(on=(room.first_on + timedelta(days=5)).isoformat())
    page = room.client.get(f"/charts/{room.chart.id}/forecast-and-seen/").content.decode()
    assert ">5 days</td>" in page and ">Dose as planned</th>" in page and ">As planned</th>" not in page
