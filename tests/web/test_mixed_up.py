"""What may be mixed up: zones of one look, somebody else's answers, an older page, another day or zone of a record."""

from __future__ import annotations

import re
from datetime import date, timedelta

import pytest
from tests.web.clinics import House
from tests.web.programs import Program, assessment_of
from tests.web.test_visits import Room

from needling.documents import Assessment, Fact, Person
from needling.documents.visits import VisitCheck
from needling.web.charts.models import Chart
from needling.web.charts.records import latest, write
from needling.web.visits.course import course_of


@pytest.fixture
def room(house: House) -> Room:
    return Room(house)


def test_a_yes_of_one_zone_is_not_lost_in_the_no_of_another(room: Room) -> None:
    seen = latest(room.chart, Assessment)
    assert seen is not None
    first, *others = seen[1].zones
    name = "active_infection"
    zones = (
        first.model_copy(update={"facts": (*first.facts, Fact(name=name, value=True))}),
        *(one.model_copy(update={"facts": (*one.facts, Fact(name=name, value=False))}) for one in others),
    )
    write(room.user, room.chart, seen[1].model_copy(update={"on": date.today(), "zones": zones, "scores": ()}))
    page = room.client.get(room.address()).content.decode()
    select = page.split(f'name="today-{name}"')[1].split("</select>")[0]
    assert re.search(r'value="yes" selected', select), select
    assert room.post(**{f"today-{name}": ""}).status_code == 422 and not room.records


def test_no_session_begins_on_answers_that_may_be_somebody_elses(room: Room) -> None:
    who = latest(room.chart, Person)
    assert who is not None and who[1].birth_year is not None
    Chart.objects.filter(pk=room.chart.pk).update(born=date(who[1].birth_year - 14, 5, 5))
    page = room.post()
    assert page.status_code == 422 and "somebody else" in page.content.decode() and not room.records
    assert "somebody else" in room.client.get(room.address("")).content.decode()


def test_a_question_that_the_page_did_not_have_is_not_a_no(room: Room) -> None:
    page = room.client.get(room.address()).content.decode()
    names = page.split('name="questions" value="')[1].split('"')[0].split()
    assert "pregnant" in names and len(names) > 20
    without = " ".join(name for name in names if name != "pregnant")
    assert room.post(questions=without).status_code == 422 and latest(room.chart, VisitCheck) is None
    assert room.post(questions=" ".join(names)).status_code == 302


def test_a_correction_that_adds_a_zone_asks_first(room: Room) -> None:
    left = {"passes-1": "0"}
    assert room.post(**left).status_code == 302
    course = course_of(room.chart)
    assert course is not None
    row, record = course.rows[0], course.recorded[0]
    planned = room.approval.plan.sessions[0].strokes
    assert len(record.strokes) == len(planned) - 1
    again = room.routine(session="0", on=record.on.isoformat(), asked="", **{"passes-1": str(planned[1].passes_count)})
    page = room.client.post(room.address(f"{row.id}/correct/"), again)
    assert page.status_code == 422 and "Ask them" in page.content.decode()
    program = Program(room.user)
    document = record.model_copy(update={"strokes": planned, "deviations": ()}).model_dump(mode="json")
    program.post(f"/charts/{room.chart.id}/records", {"document": document, "supersedes": str(row.id)}, 422)
    assert room.client.post(room.address(f"{row.id}/correct/"), again | {"asked": "yes"}).status_code == 302
    assert room.records[0].strokes == planned


def test_what_came_after_stays_on_its_days_when_the_session_moves(room: Room) -> None:
    assert room.post().status_code == 302
    course = course_of(room.chart)
    assert course is not None
    row, record = course.rows[0], course.recorded[0]
    asked = record.on + timedelta(days=9)
    write(room.user, room.chart, record.model_copy(update={"asked_until_d": 9.0}), supersedes=row)
    course = course_of(room.chart)
    assert course is not None
    moved = record.on + timedelta(days=2)
    sent = room.routine(session="0", on=moved.isoformat())
    assert room.client.post(room.address(f"{course.rows[0].id}/correct/"), sent).status_code == 302
    (now,) = room.records
    assert now.on == moved and now.asked_until_d is not None
    assert now.on + timedelta(days=now.asked_until_d) == asked


def test_a_day_of_birth_that_is_told_later_changes_no_answers(house: House) -> None:
    """Without a day on the chart nothing said that the answers are this person's."""
    who = latest(house.chart, Person)
    assert who is not None and who[1].birth_year is not None
    Chart.objects.filter(pk=house.chart.pk).update(born=None)
    year = who[1].birth_year - 9
    address = f"/charts/{house.chart.id}/correct/"
    client = house.browser("clinician")
    page = client.get(address).content.decode()
    seen = page.split('name="version" value="')[1].split('"')[0]
    sent = {"label": house.chart.label, "born": f"{year}-05-05", "version": seen}
    assert client.post(address, sent).status_code == 302
    now = latest(house.chart, Person)
    assert now is not None and now[1].birth_year == who[1].birth_year
    assert "somebody else" in client.get(f"/charts/{house.chart.id}/").content.decode()


def test_a_program_says_no_age_against_the_day_of_birth(house: House) -> None:
    program = Program(house.people["clinician"])
    Chart.objects.filter(pk=house.chart.pk).update(born=date(2010, 6, 1))
    document = assessment_of(house.chart) | {"facts": [{"name": "age_y", "value": 30.0}]}
    told = program.post(f"/charts/{house.chart.id}/assessment", {"document": document}, 422)
    assert "years on that day" in told["says"]
