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
        card = page.split(STOP)[1].split("<details")[0]
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
    done: dict[str, Any] = {
        "on": course.expected_on(1).isoformat(),
        "deviation": ["held-accepted"],
        "words": "seen by a colleague",
    }
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


# ---------------------------------------------------------------- ways around it


def not_done(room: Room, on: date, **sent: str) -> None:
    course = course_of(room.chart)
    assert course is not None
    said = {"session": str(course.next_session), "approval": course.sha256, "on": on.isoformat(), "words": ""}
    assert (
        room.client.post(room.address("not-done/"), {"why": "called-off-by-person", **said, **sent}).status_code == 302
    )


def test_a_session_that_is_recorded_after_all_is_held_up_as_any_other(room: Room) -> None:
    told(room, Event(harm="bacterial-infection", grade=3, after_d=3.0))
    course = course_of(room.chart)
    assert course is not None
    on = course.expected_on(1)
    sent = room.routine(on=on.isoformat())
    not_done(room, on)
    course = course_of(room.chart)
    assert course is not None
    address = room.address(f"{course.rows[1].pk}/correct/")
    assert STOP in room.client.get(address).content.decode()
    assert room.client.post(address, {**sent, "session": "1"}).status_code == 422
    assert not course_of(room.chart).recorded[1].strokes  # type: ignore[union-attr]


def test_old_answers_written_again_clear_nothing(room: Room) -> None:
    told(room, Event(harm="systemic-hypersensitivity", grade=3, after_d=1.0))
    seen, who = latest(room.chart, Assessment), latest(room.chart, Person)
    assert seen is not None and who is not None
    silent = tuple(fact for fact in seen[1].facts if fact.name != "trouble_after_needling")
    on = room.first_on + timedelta(days=20)
    write(room.user, room.chart, seen[1].model_copy(update={"on": on, "facts": silent, "scores": ()}))
    write(room.user, room.chart, who[1].model_copy(update={"birth_year": 1980}), supersedes=who[0])
    assert STOP in pages(room)["visits"]


def test_the_assessment_asks_whether_it_is_over(room: Room) -> None:
    address = f"/charts/{room.chart.id}/assessment/"
    assert "trouble_after_needling" not in room.client.get(address).content.decode()
    told(room, Event(harm="systemic-hypersensitivity", grade=3, after_d=1.0))
    page = room.client.get(address).content.decode()
    assert 'name="trouble_after_needling"' in page
    version = page.split('name="version" value="')[1].split('"')[0]
    zones = latest(room.chart, Assessment)
    assert zones is not None
    sent: dict[str, Any] = {"version": version, "setting": "clinic", "trouble_after_needling": "no"}
    for name, part in (("zone", "zone"), ("concern", "concern"), ("area", "area_cm2")):
        sent[name] = [str(getattr(one, part)) for one in zones[1].zones]
    assert room.client.post(address, sent).status_code == 302
    assert STOP not in pages(room)["visits"]


def test_a_yes_of_a_visit_stays_whatever_is_written_later(room: Room) -> None:
    assert room.post().status_code == 302
    course = course_of(room.chart)
    assert course is not None
    not_done(room, course.expected_on(1), why="visit-check", asked="yes", **{"today-acute_illness": "yes"})
    who = latest(room.chart, Person)
    assert who is not None
    assert {fact.name: fact.value for fact in who[1].facts}["acute_illness"] is True, "known of the person from then on"
    write(room.user, room.chart, who[1].model_copy(update={"birth_year": 1980}), supersedes=who[0])
    assert STOP in pages(room)["visits"]


def test_questions_that_nobody_asked_clear_nothing(room: Room) -> None:
    assert room.post().status_code == 302
    looked(room, room.first_on + timedelta(days=14), cold_sore_active=True)
    course = course_of(room.chart)
    assert course is not None
    not_done(room, course.expected_on(1), why="visit-check", asked="")
    assert STOP in pages(room)["visits"]


@pytest.mark.parametrize("answer", ["", "YES", "nope"])
def test_a_form_from_before_a_yes_is_no_no(room: Room, answer: str) -> None:
    assert room.post().status_code == 302
    course, who = course_of(room.chart), latest(room.chart, Person)
    assert course is not None and who is not None
    facts = (*(fact for fact in who[1].facts if fact.name != "isotretinoin"), Fact(name="isotretinoin", value=True))
    write(room.user, room.chart, who[1].model_copy(update={"facts": facts}), supersedes=who[0])
    sent = {"on": course.expected_on(1).isoformat(), "today-isotretinoin": answer}
    assert room.post(**sent).status_code == 422


def test_the_card_says_what_is_to_be_done_and_what_lifts_it_and_folds_its_sources(room: Room) -> None:
    told(room, Event(harm="bacterial-infection", grade=3, after_d=3.0))
    card = room.client.get(room.address("")).content.decode().split(STOP)[1].split('class="actions"')[0]
    before, folded = card.split("<details>")
    assert "See a clinician" not in card, "who reads it is one"
    assert "<strong>Do now, the same day:</strong> Swab and antibiotic by a doctor.</p>" in before
    assert "<strong>Goes on once</strong> a look in a clinic, after" in before and "/assessment/" in before
    assert "harris2015" not in re.sub(r'href="[^"]*"', "", folded) and "Harris" in folded, "titles, not keys"
    assert "the emergency number" in folded and "the emergency number" not in before


def test_nothing_of_an_emergency_is_folded_away(room: Room) -> None:
    told(room, Event(harm="needle-break-eye", grade=3, after_d=1.0))
    card = room.client.get(room.address("")).content.decode().split(STOP)[1].split("<details>")[0]
    assert "Do now, an emergency:" in card and "eye care at once" in card and ", 1 day after session" in card


def test_questions_about_lasting_things_are_folded_only_where_each_was_answered_with_no(room: Room) -> None:
    """Folded is not left out: the tick signs each of them, and what is not known is never folded away."""

    def lasting(page: str) -> str:
        return page.split('class="lasting"')[1].split("</details>")[0]

    assert room.post().status_code == 302
    page = room.client.get(room.address()).content.decode()
    check = latest(room.chart, VisitCheck)
    assert check is not None
    names = {fact.name for fact in check[1].answers}
    assert all(f'name="today-{name}"' in page for name in names), "none is left out"
    assert not lasting(page).startswith(" open") and "the folded ones too" in page
    assert "last: no on" in lasting(page) and 'name="today-sunburn"' not in lasting(page)
    course, who = course_of(room.chart), latest(room.chart, Person)
    assert course is not None and who is not None
    facts = (*(fact for fact in who[1].facts if fact.name != "antiarrhythmic"), Fact(name="antiarrhythmic", value=True))
    write(room.user, room.chart, who[1].model_copy(update={"facts": facts}), supersedes=who[0])
    page = room.client.get(room.address()).content.decode()
    assert lasting(page).startswith(" open") and "the folded ones too" not in page
    answers = tuple(Fact(name=one.name, value=None) if one.name == "tattoo" else one for one in check[1].answers)
    write(room.user, room.chart, who[1].model_copy(update={"id": who[1].id}), supersedes=latest(room.chart, Person)[0])  # type: ignore[index]
    write(room.user, room.chart, check[1].model_copy(update={"answers": answers}))
    page = room.client.get(room.address()).content.decode()
    assert lasting(page).startswith(" open") and "last: not known on" in lasting(page)
