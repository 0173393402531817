"""What a plan page is made from: basis, goals, the plan it starts from, and what was changed. It lives in the form."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from typing import Any

from django.core import signing
from pydantic import ValidationError

from needling.documents import Choice, Forecast, Goals, Plan
from needling.documents.comparison import WhatIf
from needling.errors import BadInput
from needling.planning.assemble import plan_from_sessions
from needling.report.words import on_day
from needling.web.charts.models import Chart
from needling.web.pages import knowledge
from needling.web.plans.basis import Basis
from needling.web.plans.controls import Asked, as_id, named, read_asked
from needling.web.plans.dates import FIELD, FirstDay, read_first_day, redated
from needling.web.plans.goals import GoalsAsked, read_goals
from needling.web.plans.warm import planning
from needling.whatif import PlanningSession

_LOST = "This page can no longer be read. Open the plan again."


def seal(chart: Chart, plan: Plan) -> str:
    """A plan as a hidden field: nobody can change it there, and no other chart takes it."""
    return signing.dumps(plan.model_dump(mode="json"), salt=f"plan:{chart.id}", compress=True)


def unseal(chart: Chart, sealed: str) -> Plan:
    """The plan of a hidden field.

    Raises:
        BadInput: not one of ours, of another chart, or cut off.
    """
    try:
        return Plan.model_validate(signing.loads(sealed, salt=f"plan:{chart.id}"))
    except (signing.BadSignature, ValidationError, ValueError):
        raise BadInput(_LOST) from None


def renewed(plan: Plan, basis: Basis) -> Plan:
    """The same sessions under the clearance and knowledge in force."""
    kb, clearance = knowledge(), basis.clearance
    same = plan.clearance_sha256 == clearance.sha256 and plan.knowledge_sha256 == kb.sha256
    if same or not plan.sessions:
        return plan
    setting = basis.assessment.setting
    made = plan_from_sessions(
        plan.sessions, setting, basis.person, basis.assessment, clearance, kb, rationale=plan.rationale
    )
    return made.model_copy(update={"start": max(made.start, plan.start)})


@dataclass(frozen=True)
class State:
    """A plan page as it stands.

    ``start`` is the plan that the sliders began at (None: the default choice), ``asked`` what was changed, ``found``
    what that does, ``first`` the day of the first session; ``found`` is None where there is no session to change, and
    where something in the form is wrong: an answer of other numbers than those on the screen is never given.
    """

    basis: Basis
    goals: GoalsAsked
    start: Plan | None
    session: PlanningSession
    asked: Asked
    found: WhatIf | None
    first: FirstDay

    @cached_property
    def plan(self) -> Plan:
        """The plan as changed, from its first day on."""
        return self.first.of(self.found.plan if self.found is not None else self.session.plan)

    @cached_property
    def forecast(self) -> Forecast | None:
        """Of the plan as changed; None where none may be made, or where something in the form is wrong."""
        if self.problems:
            return None
        forecast = self.found.forecast if self.found is not None else self.session.choice.forecast
        return redated(forecast, self.plan) if forecast is not None else None

    @cached_property
    def problems(self) -> list[tuple[str, str, str]]:
        """What is wrong in the form: field, words, name."""
        own = [(as_id(name), says, named(name, knowledge())) for name, says in self.asked.problems.items()]
        day = [(FIELD, self.first.problem, "First session")] if self.first.problem else []
        return [*own, *day, *self.goals.problems]

    @property
    def past(self) -> bool:
        """Whether the first session would lie before today."""
        return bool(self.plan.sessions) and self.plan.start < date.today()

    @property
    def approvable(self) -> bool:
        """Whether nothing in the plan stands against approving it."""
        return not self.why_not

    @property
    def why_not(self) -> str:
        """Why a plan cannot be approved, in plain words; empty where it can."""
        if not self.plan.sessions:
            return "There is nothing to approve: the plan has no session."
        if self.problems or self.found is None:
            return "Something in the form cannot be read; mend it first."
        if self.found.breaches:
            return "The plan lies outside its envelope and is not to be done."
        if self.found.result != "ok" or self.found.forecast is None:
            return self.found.advice or "There is no forecast of this plan."
        if self.past:
            return (
                f"Its first session, {on_day(self.plan.start)}, is past, and a plan is approved for a day to come. "
                "Name the first session, today or later."
            )
        return ""

    @property
    def sealed(self) -> str:
        """The start for the hidden field; empty for the default choice."""
        return seal(self.basis.chart, self.start) if self.start is not None else ""

    def choice(self) -> Choice:
        """The plan as changed with its forecast, among what it was weighed against.

        Raises:
            BadInput: there is no forecast of it.
        """
        forecast = self.forecast
        if forecast is None:
            raise BadInput("there is no forecast of this plan")
        return self.session.choice.model_copy(update={"plan": self.plan, "forecast": forecast})


def read_state(sent: Mapping[str, Any], basis: Basis, start: Plan | None = None, goals: Goals | None = None) -> State:
    """The page that a form asks for.

    Args:
        sent: the form; empty for a page that was just opened. start, goals: to begin with where the form says nothing.

    Raises:
        BadInput: a start that cannot be read, or a plan that cannot be worked out.
    """
    wanted = read_goals(sent, goals)
    if sent.get("start"):
        start = unseal(basis.chart, str(sent["start"]))
    if start is not None:
        start = renewed(start, basis)
    session = planning(basis, wanted.goals, start)
    # Sliders stood at the choice for other goals: there is another choice now, and they begin there.
    anew = start is None and sent.get("weighed", wanted.goals.sha256) != wanted.goals.sha256
    asked = read_asked({} if anew else sent, session.plan, basis.clearance, knowledge())
    found: WhatIf | None = None
    if session.plan.sessions and not asked.problems and not wanted.problems:
        try:
            found = session.what_if(asked.changes)
        except BadInput as wrong:
            asked = replace(asked, changes={}, problems={"sessions_count": str(wrong)})
    plan = found.plan if found is not None else session.plan
    first = read_first_day({} if anew else sent, plan, start, basis.assessment, knowledge())
    return State(basis, wanted, start, session, asked, None if first.problem else found, first)
