"""A person with a plan that was approved some months ago, as the rest of the application would have left it."""

from __future__ import annotations

from datetime import date, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

from needling import Belief, approve, choose, load_knowledge, propose, read_case, screen, simulate_many
from needling.documents import Approval, Assessment, Clearance, Person
from needling.web.accounts.models import User
from needling.web.charts.models import Chart, Row
from needling.web.charts.records import write

CASE = Path(__file__).parents[2] / "examples" / "acne-scars.yaml"
BEGAN_DAYS_AGO = 150


@lru_cache(maxsize=4)
def _planned(days_ago: int) -> tuple[Person, Assessment, Clearance, Approval]:
    kb = load_knowledge()
    case = read_case(CASE, kb)
    assessment = case.assessment.model_copy(update={"on": date.today() - timedelta(days=days_ago)})
    clearance = screen(case.person, assessment, kb)
    wishes = case.goals.model_copy(update={"needle_length_mm": 1.0, "passes_count": 4, "sessions_count": 3})
    plans = propose(case.person, assessment, clearance, kb, wishes)
    courses = simulate_many(plans, case.person, assessment, Belief.prior(kb, members=32), key=0)
    choice = choose(plans, courses, wishes)
    return case.person, assessment, clearance, approve(choice.plan, choice.forecast, clearance, by="user-1", kb=kb)


def approval_for(chart: Chart, days_ago: int = BEGAN_DAYS_AGO) -> tuple[Person, Assessment, Approval]:
    """The example case approved for the person of a chart."""
    who, found, clearance, approval = _planned(days_ago)
    named: dict[str, Any] = {"person": chart.person_id}
    person, assessment = who.model_copy(update={"id": chart.person_id}), found.model_copy(update=named)
    clearance = clearance.model_copy(update={**named, "assessment_sha256": assessment.sha256})
    plan = approval.plan.model_copy(update={**named, "clearance_sha256": clearance.sha256})
    forecast = approval.forecast.model_copy(
        update={"person": person, "assessment": assessment, "plan_sha256": plan.sha256}
    )
    return person, assessment, approve(plan, forecast, clearance, by="user-1", at=approval.at, kb=load_knowledge())


def approved(user: User, chart: Chart, days_ago: int = BEGAN_DAYS_AGO) -> tuple[Row, Approval]:
    """Answers, assessment and approval written into a chart."""
    person, assessment, approval = approval_for(chart, days_ago)
    write(user, chart, person)
    write(user, chart, assessment)
    return write(user, chart, approval), approval
