"""What a later look found in one zone reaches the screening of a visit, and checks of other skin types do not come."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from tests.web.clinics import House, open_chart
from tests.web.courses import approved

from needling.documents import Approval, Fact, Person, SessionRecord
from needling.knowledge import load_knowledge
from needling.web.charts.models import Chart
from needling.web.charts.records import latest, write
from needling.web.visits.course import Course, course_of, due_of
from needling.web.visits.today import checked, held_up, newest_zones, questions, read_today

KB = load_knowledge()
FACT = "irradiated_field"


class Looked:
    """A chart with an approval, and looks that came later."""

    def __init__(self, house: House) -> None:
        self.user = house.people["clinician"]
        self.chart: Chart = open_chart(self.user, "Looked at")
        _, self.approval = approved(self.user, self.chart)

    @property
    def course(self) -> Course:
        found = course_of(self.chart)
        assert found is not None
        return found

    def look(self, after_d: int, zone: str, *facts: Fact) -> None:
        first = self.approval.forecast.assessment
        zones = [
            one.model_copy(update={"facts": (*(f for f in one.facts if f.name != FACT), *facts)})
            if one.zone == zone
            else one
            for one in first.zones
        ]
        on = first.on + timedelta(days=after_d)
        write(self.user, self.chart, first.model_copy(update={"on": on, "zones": tuple(zones)}))

    def held(self) -> list[str]:
        found = latest(self.chart, Person)
        assert found is not None
        course, person = self.course, found[1]
        today = read_today({"asked": "yes"}, person, course, KB)
        check = checked(course, 0, today, person, self.approval.plan.start, self.user.signature)
        assert check is not None
        return held_up(check.clearance, ["cheek-left", "cheek-right"])


@pytest.fixture
def looked(house: House) -> Looked:
    return Looked(house)


def test_what_a_later_look_found_in_one_zone_holds_that_zone_up(looked: Looked) -> None:
    person = latest(looked.chart, Person)
    assert person is not None and FACT not in {one.name for one in questions(KB, person[1])}
    assert looked.held() == []
    looked.look(20, "cheek-left", Fact(name=FACT, value=True))
    assert looked.held() == ["cheek-left"]


def test_a_look_that_says_nothing_of_it_takes_nothing_back_and_one_that_says_no_does(looked: Looked) -> None:
    looked.look(20, "cheek-left", Fact(name=FACT, value=True))
    looked.look(25, "cheek-left")
    assert looked.held() == ["cheek-left"], "not asked is not a no"
    looked.look(30, "cheek-left", Fact(name=FACT, value=False))
    assert looked.held() == []


def test_the_newest_zone_is_the_newest_finding_of_the_approved_zones(looked: Looked) -> None:
    looked.look(20, "cheek-left", Fact(name=FACT, value=True))
    first = looked.approval.forecast.assessment
    assert [one.zone for one in newest_zones(looked.course)] == [one.zone for one in first.zones]


@pytest.mark.parametrize(("phototype", "comes"), [("II", False), ("V", True), (None, True)])
def test_a_plan_of_before_does_not_call_people_for_checks_of_other_skin_types(
    looked: Looked, phototype: str | None, comes: bool
) -> None:
    others = next(rule for rule in KB.follow_ups if rule.phototypes and "clinic" in rule.settings)
    course = looked.course
    plan = course.approval.plan
    check: Any = plan.follow_ups[0].model_copy(
        update={"what": others.says, "day_d": plan.sessions[0].day_d + others.day_d}
    )
    forecast = course.approval.forecast
    person = forecast.person.model_copy(update={"phototype": phototype})
    told: Approval = course.approval.model_copy(
        update={
            "plan": plan.model_copy(update={"follow_ups": (check,)}),
            "forecast": forecast.model_copy(update={"person": person}),
        }
    )
    done = {
        "approval": looked.course.sha256, "session": 0, "on": plan.start, "device": plan.sessions[0].device,
        "strokes": plan.sessions[0].strokes, "by": "user-1",
    }  # fmt: skip
    later = Course(course.row, told, {}, (SessionRecord(**done),), ())
    assert any(thing.says == others.says for thing in due_of(later, KB)) is comes
