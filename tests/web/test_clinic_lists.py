"""What the whole clinic looks at: what is due, serious events, and who was treated with a lot."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.web.clinics import House, signed_in, user_of
from tests.web.test_visits import Room, due_in

from needling.documents import Assessment
from needling.web.accounts.models import Clinic
from needling.web.charts.models import Chart, Row
from needling.web.charts.records import latest, write
from needling.web.visits.checking import table_problems
from needling.web.visits.models import Due, Visit
from needling.web.visits.tables import lot_key


@pytest.fixture
def room(house: House) -> Room:
    return Room(house)


# ---------------------------------------------------------------- what is due


def test_what_is_due_follows_what_was_done(room: Room) -> None:
    start = room.first_on
    assert due_in(room) == [("session", start)]
    late = start + timedelta(days=3)
    room.post(on=late.isoformat())
    after = due_in(room)
    assert ("check", late + timedelta(days=1)) in after and ("check", late + timedelta(days=7)) in after
    assert ("session", start + timedelta(days=45)) in after and ("session", start) not in after
    assert [on for kind, on in after if kind == "judge"] == [start + timedelta(days=177)]
    row = Visit.objects.get(chart=room.chart).row_id
    room.client.post(room.address(f"{row}/after/"), {"asked_on": (late + timedelta(days=7)).isoformat()})
    left = [on for kind, on in due_in(room) if kind == "check"]
    assert min(left) == late + timedelta(days=14)
    follow = latest(room.chart, Assessment)
    assert follow is not None
    write(room.user, room.chart, follow[1].model_copy(update={"on": start + timedelta(days=400)}))
    assert {kind for kind, _ in due_in(room)} == {"session"}


def test_the_list_is_overdue_first_and_of_the_own_clinic(room: Room) -> None:
    page = room.house.browser("assistant").get("/clinic/").content.decode()
    days = (date.today() - room.first_on).days
    assert "Somebody Secret" in page and f"{days} days late" in page
    assert "Somebody Secret" not in signed_in(room.house.stranger).get("/clinic/").content.decode()


def _many(clinic: Clinic, count: int) -> None:
    """Charts with something due and a lot, straight into the tables."""
    user = user_of(clinic, "owner")
    charts = Chart.objects.bulk_create([Chart(clinic=clinic, label=f"Person {number}") for number in range(count)])
    at, day = Row.objects.latest("at").at, date.today()
    rows = Row.objects.bulk_create(
        [Row(clinic=clinic, chart=chart, number=0, kind="plan", at=at, author=user, document="{}", sha256="0" * 64,
             needling="0", knowledge_sha256="0" * 64) for chart in charts]
    )  # fmt: skip
    Due.objects.bulk_create(
        [Due(row=row, clinic=clinic, chart=row.chart, on=day - timedelta(days=number % 200), kind="check", session=0,
             says="Look again") for number, row in enumerate(rows)]
    )  # fmt: skip
    Visit.objects.bulk_create(
        [Visit(row=row, clinic=clinic, chart=row.chart, on=day, approval="0" * 64, session=0, done=True,
               device="roller-192", lot=f"L{number}", lot_key=lot_key(f"L{number}"))
         for number, row in enumerate(rows)]
    )  # fmt: skip


@pytest.mark.parametrize("address", ["/clinic/", "/clinic/lots/?q=L1", "/clinic/events/"])
def test_the_count_of_queries_does_not_grow(room: Room, address: str) -> None:
    clinic = room.house.own
    _many(clinic, 3)
    with CaptureQueriesContext(connection) as few:
        room.client.get(address)
    _many(clinic, 60)
    with CaptureQueriesContext(connection) as many:
        assert room.client.get(address).status_code == 200
    assert len(many) == len(few) <= 12


# ---------------------------------------------------------------- lots


def test_a_lot_is_found_however_it_is_typed_and_only_at_home(room: Room) -> None:
    room.post()
    for words in ("AB-12 34", "ab1234", "ab-12", " AB 12-34 "):
        page = room.client.get("/clinic/lots/", {"q": words}).content.decode()
        assert "1 person" in page and "Somebody Secret" in page, words
    for words in ("B1234", "AB12345", "AB13", "%", "_"):
        assert "0 people" in room.client.get("/clinic/lots/", {"q": words}).content.decode(), words
    assert "0 people" in signed_in(room.house.stranger).get("/clinic/lots/", {"q": "AB1234"}).content.decode()


def test_every_lot_of_a_session_is_found_and_corrected_ones_are_not(room: Room) -> None:
    room.post(lot="First-1; Other 22 ;first 1;")
    assert [one.lot for one in Visit.objects.filter(chart=room.chart).order_by("place")] == ["First-1", "Other 22"]
    for words in ("first1", "OTHER-22"):
        page = room.client.get("/clinic/lots/", {"q": words}).content.decode()
        assert "1 person, 1 session" in page and room.chart.label in page
    assert list(table_problems(room.house.own)) == []
    row = Visit.objects.filter(chart=room.chart).earliest("place").row_id
    assert room.client.post(room.address(f"{row}/correct/"), room.routine(session="0", lot="Third")).status_code == 302
    assert [one.lot for one in Visit.objects.filter(chart=room.chart)] == ["Third"]
    assert list(table_problems(room.house.own)) == []


def test_the_search_uses_the_index(room: Room) -> None:
    key = lot_key("AB12")
    found = Visit.objects.filter(clinic=room.house.own, lot_key__gte=key, lot_key__lt=key + "g").order_by("-on")
    if connection.vendor == "sqlite":
        assert "visits-by-lot" in found.explain()


@settings(max_examples=200, deadline=None)
@given(lot=st.text(min_size=1, max_size=40), rest=st.text(max_size=20))
def test_a_lot_that_begins_with_the_words_lies_in_their_range(lot: str, rest: str) -> None:
    words, whole = lot_key(lot), lot_key(lot + rest)
    if any(letter.isalnum() for letter in lot) and whole.startswith(words):
        assert words <= whole < words + "g" or len(whole) == 200
    assert words == lot_key(lot.upper().lower()) or "ß" in lot or lot.upper().lower().casefold() != lot.casefold()
