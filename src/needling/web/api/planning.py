"""Screening, candidates, the default choice and forecasts: worked out, and nothing is stored."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Router
from pydantic import BaseModel, ConfigDict, Field, model_validator

from needling.documents import Assessment, Case, Choice, Clearance, Forecast, Goals, Person, Plan
from needling.documents.comparison import LimitBroken
from needling.errors import BadInput
from needling.planning.answers import case_problems
from needling.planning.assemble import plan_from_sentence
from needling.planning.propose import propose
from needling.planning.screen import screen
from needling.web.accounts.access import EVERYBODY
from needling.web.api.access import HEAVY, only
from needling.web.api.answers import ERRORS, Refused, answer
from needling.web.api.charts import in_force
from needling.web.charts.access import own_chart
from needling.web.pages import knowledge
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


class ToForecast(Wishes):
    """Wishes, and the plan: a document, or a protocol in one sentence."""

    plan: Plan | None = None
    protocol: Annotated[str, Field(min_length=1, max_length=2000)] | None = None

    @model_validator(mode="after")
    def _one_plan(self) -> ToForecast:
        if (self.plan is None) == (self.protocol is None):
            raise ValueError("give either a plan or a protocol")
        return self


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


def _case(request: HttpRequest, chart: UUID, goals: Goals | None = None) -> Case:
    """Answers and findings in force, with goals."""
    found = own_chart(request, chart)
    person, assessment = in_force(found, Person)[1], in_force(found, Assessment)[1]
    return _fits(Case(person=person, assessment=assessment, goals=goals or Goals()))


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

    case, kb = _case(request, chart, wishes.goals), knowledge()
    clearance = screen(case.person, case.assessment, kb)
    plan: Any = wishes.plan
    if wishes.protocol is not None:
        plan = plan_from_sentence(wishes.protocol, case.person, case.assessment, clearance, kb)
    session = begun(case, key=wishes.key, members=wishes.members, plan=_known(plan))
    return answer(
        Forecasted(plan=plan, broken_limits=broken_limits(plan, clearance, kb), forecast=session.forecast)
    )  # fmt: skip


def _known(plan: Plan) -> Plan:
    """The plan, when every device and every zone in it is known."""
    kb = knowledge()
    for session in plan.sessions:
        kb.find("devices", session.device)
        for stroke in session.strokes:
            kb.site(stroke.zone)
    return plan
