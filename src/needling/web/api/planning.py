"""Screening, candidates, the default choice, forecasts and comparisons: worked out, and nothing is stored."""

from __future__ import annotations

from typing import Annotated, Self
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from ninja import Router
from pydantic import BaseModel, ConfigDict, Field, model_validator

from needling.documents import Assessment, Case, Choice, Clearance, Forecast, Goals, Person, Plan
from needling.documents.comparison import Comparison, LimitBroken
from needling.errors import BadInput
from needling.planning.answers import case_problems
from needling.planning.assemble import plan_from_sentence
from needling.planning.propose import propose
from needling.planning.screen import screen
from needling.web.accounts.access import EVERYBODY
from needling.web.api.access import HEAVY, only
from needling.web.api.answers import ERRORS, Refused, answer
from needling.web.charts.access import own_chart
from needling.web.charts.models import Chart, Row
from needling.web.pages import knowledge
from needling.web.plans.basis import Basis, Missing, basis_of
from needling.web.plans.views_compare import plan_of
from needling.web.plans.warm import begun

planning = Router(tags=["Planning"])


class _Asked(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Somebody(_Asked):
    """A person and what was found, to be screened. Nothing of it is kept."""

    person: Person
    assessment: Assessment


class Wishes(_Asked):
    """What the person wants, and how it is worked out: key of the random numbers, number of possible people."""

    goals: Goals = Goals()
    key: Annotated[int, Field(ge=0, le=2**31 - 1)] = 0
    members: Annotated[int, Field(ge=64, le=1024)] = 256


class NamedPlan(_Asked):
    """One plan: as a document, as a protocol in one sentence, or as the ``row`` of a draft or an approval in the chart,
    which is taken under the knowledge and clearance in force.
    """

    plan: Plan | None = None
    protocol: Annotated[str, Field(min_length=1, max_length=2000)] | None = None
    row: UUID | None = None

    @model_validator(mode="after")
    def _one_plan(self) -> Self:
        if [self.plan, self.protocol, self.row].count(None) != 2:
            raise ValueError("give one of a plan, a protocol, and the row of a draft or an approval")
        return self


class ToForecast(Wishes, NamedPlan):
    """Wishes, and the plan."""


class ToCompare(Wishes):
    """Two plans, and what they are weighed by."""

    first: NamedPlan
    second: NamedPlan


class Candidates(BaseModel):
    """Candidate plans inside the envelope; "no treatment" is the first."""

    clearance: Clearance
    plans: tuple[Plan, ...]


class Forecasted(BaseModel):
    """A plan, where it leaves its envelope, and what is expected of it. With broken limits it is not to be done."""

    plan: Plan
    broken_limits: tuple[LimitBroken, ...]
    forecast: Forecast


def _fits(case: Case) -> Case:
    problems = case_problems(case, knowledge())
    if problems:
        says = "; ".join(f"{'.'.join(map(str, one.loc))}: {one.message}" for one in problems)
        raise BadInput(f"The case does not fit: {says}")
    return case


def own_basis(chart: Chart) -> Basis:
    """Answers and findings in force, with the clearance that follows.

    Raises:
        Refused: there are none yet.
    """
    try:
        return basis_of(chart)
    except Missing as lacking:
        raise Refused(404, f"this chart has no {lacking.what} yet", f"Write the {lacking.what} first.") from None


def _case(request: HttpRequest, chart: UUID, goals: Goals | None = None) -> Case:
    """Answers and findings in force, with goals."""
    return _fits(own_basis(own_chart(request, chart)).case(goals or Goals()))


@planning.post("/screen", response={200: Clearance, **ERRORS})
@only(*EVERYBODY)
def screen_somebody(request: HttpRequest, somebody: Somebody) -> HttpResponse:
    """Screen a person and an assessment that are not in this clinic."""
    if somebody.assessment.person != somebody.person.id:
        raise Refused(422, "The assessment is of another person.", "Give the person's id in 'assessment.person'.")
    case = _fits(Case(person=somebody.person, assessment=somebody.assessment))
    return answer(screen(case.person, case.assessment, knowledge()))


@planning.get("/charts/{uuid:chart}/clearance", response={200: Clearance, **ERRORS})
@only(*EVERYBODY)
def get_clearance(request: HttpRequest, chart: UUID) -> HttpResponse:
    """The clearance that follows from answers and findings in force."""
    case = _case(request, chart)
    return answer(screen(case.person, case.assessment, knowledge()))


@planning.post("/charts/{uuid:chart}/propose", response={200: Candidates, **ERRORS})
@only(*EVERYBODY)
def propose_plans(request: HttpRequest, chart: UUID, wishes: Wishes) -> HttpResponse:
    """Candidate plans inside the envelope."""
    case, kb = _case(request, chart, wishes.goals), knowledge()
    clearance = screen(case.person, case.assessment, kb)
    plans = propose(case.person, case.assessment, clearance, kb, case.goals)
    return answer(Candidates(clearance=clearance, plans=plans))


@planning.post("/charts/{uuid:chart}/plan", response={200: Choice, **ERRORS}, throttle=[HEAVY])
@only(*EVERYBODY)
def choose_plan(request: HttpRequest, chart: UUID, wishes: Wishes) -> HttpResponse:
    """The default choice among the candidates, with its forecast and all that it was compared with."""
    case = _case(request, chart, wishes.goals)
    return answer(begun(case, key=wishes.key, members=wishes.members).choice)


@planning.post("/charts/{uuid:chart}/forecast", response={200: Forecasted, **ERRORS}, throttle=[HEAVY])
@only(*EVERYBODY)
def forecast_plan(request: HttpRequest, chart: UUID, wishes: ToForecast) -> HttpResponse:
    """What is expected of one plan; of a home plan outside the home envelope nothing is told."""
    from needling.comparing import broken_limits

    basis = own_basis(own_chart(request, chart))
    case, plan = _fits(basis.case(wishes.goals)), named_plan(wishes, basis)[0]
    session = begun(case, key=wishes.key, members=wishes.members, plan=plan)
    limits = broken_limits(plan, basis.clearance, knowledge())
    return answer(Forecasted(plan=plan, broken_limits=limits, forecast=session.forecast))


@planning.post("/charts/{uuid:chart}/compare", response={200: Comparison, **ERRORS}, throttle=[HEAVY])
@only(*EVERYBODY)
def compare_plans(request: HttpRequest, chart: UUID, wishes: ToCompare) -> HttpResponse:
    """Two plans on the same possible people with the same luck, subtracted one by one: what differs, for how many, and
    what cannot be told apart. Differences are second minus first.
    """
    from needling.comparing import compare

    basis = own_basis(own_chart(request, chart))
    case = _fits(basis.case(wishes.goals))
    first, second = (named_plan(one, basis)[0] for one in (wishes.first, wishes.second))
    belief = begun(case, key=wishes.key, members=wishes.members).belief
    found = compare(
        first, second, case.person, case.assessment, belief, key=wishes.key, kb=knowledge(), goals=case.goals,
        names=("first", "second"),
    )  # fmt: skip
    return answer(found)


def named_plan(named: NamedPlan, basis: Basis) -> tuple[Plan, Goals | None]:
    """The plan that is named, with the goals of a draft.

    Raises:
        BadInput: a sentence that cannot be read, a document that holds no plan, or a device or zone nobody knows.
        Http404: there is no such document in the chart.
    """
    kb, goals = knowledge(), None
    if named.row is not None:
        plan, goals = plan_of(get_object_or_404(Row, pk=named.row, chart=basis.chart), basis)
    elif named.protocol is not None:
        plan = plan_from_sentence(named.protocol, basis.person, basis.assessment, basis.clearance, kb)
    else:
        assert named.plan is not None  # one of the three is there
        plan = named.plan
    for session in plan.sessions:
        kb.find("devices", session.device)
        for stroke in session.strokes:
            kb.site(stroke.zone)
    return plan, goals
