"""Approvals: the list, one of them, and a new one by somebody who may decide, with the checks of the page."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Router
from pydantic import ConfigDict

from needling.comparing import check_plan
from needling.documents import Approval, Goals, Plan, Reason, Sha256
from needling.planning.assemble import plan_from_sessions
from needling.planning.propose import propose
from needling.web.accounts.access import DECIDING, EVERYBODY
from needling.web.api.access import HEAVY, only
from needling.web.api.answers import ERRORS, Listed, Page, Refused, Signed, answer, listed, signed
from needling.web.api.charts import API, PageNumber, page_of, with_state
from needling.web.api.planning import NamedPlan, named_plan, own_basis
from needling.web.charts.access import own_chart, own_row
from needling.web.charts.models import Kind
from needling.web.charts.records import latest
from needling.web.pages import knowledge
from needling.web.plans.basis import Basis
from needling.web.plans.dates import FIELD, UNDER_WAY
from needling.web.plans.state import State, read_state
from needling.web.plans.views_approve import sign

approvals = Router(tags=["Approvals"])
_READ_AGAIN = "Read answers and findings, plan on them again, and name their hashes."


class NewApproval(NamedPlan):
    """A plan to be approved, the answers and findings that it was made on, and the approval that it replaces.

    ``first_on`` is the day of the first session: the plan's own, or the one by rule, when left out. An earlier day than
    by rule needs ``prepared``: what has to begin weeks before is under way.
    """

    model_config = ConfigDict(extra="forbid")
    person_sha256: Sha256
    assessment_sha256: Sha256
    supersedes: UUID | None = None
    goals: Goals | None = None
    first_on: date | None = None
    prepared: bool = False


@approvals.get("/{uuid:chart}/approvals", response={200: Page[Listed], **ERRORS}, url_name="approvals")
@only(*EVERYBODY)
def list_approvals(request: HttpRequest, chart: UUID, page: PageNumber) -> HttpResponse:
    """All approvals of a chart, the newest first."""
    rows = own_chart(request, chart).rows.filter(kind=Kind.APPROVAL).defer("document").order_by("-at", "pk")
    return page_of(with_state(rows), page, listed)


@approvals.get("/{uuid:chart}/approvals/{uuid:row}", response={200: Signed[Approval], **ERRORS})
@only(*EVERYBODY)
def get_approval(request: HttpRequest, chart: UUID, row: UUID) -> HttpResponse:
    """One approval: plan and forecast, as they were locked."""
    found = own_row(request, chart, row)
    if found.kind != Kind.APPROVAL:
        raise Refused(404, "This document is no approval.", "Take an id from the list of approvals.")
    return answer(signed(found, Approval))


@approvals.post(
    "/{uuid:chart}/approvals", response={201: Signed[Approval], **ERRORS}, throttle=[HEAVY], url_name="approvals"
)
@only(*DECIDING)
def write_approval(request: HttpRequest, chart: UUID, new: NewApproval) -> HttpResponse:
    """Screen again, forecast, and lock a plan with its hashes in your name, with the checks of the page; 409 when
    other answers, findings or another approval are in force than you name. Overrides that it rests on are signed by two
    people on the page of the clearance.
    """
    user: Any = request.user
    basis = own_basis(own_chart(request, chart))
    if (new.person_sha256, new.assessment_sha256) != (basis.who.sha256, basis.found.sha256):
        raise Refused(409, "Other answers or findings are in force than those that the plan was made on.", _READ_AGAIN)
    before = latest(basis.chart, Approval)
    if new.supersedes != (before[0].id if before else None):
        raise Refused(
            409, "Another approval is in force." if before else "No approval is in force.",
            "Read the approvals, and name the one in force in 'supersedes'; none for the first.",
        )  # fmt: skip
    state = _state(new, basis)
    if not state.approvable:
        raise Refused(422, _why_not(state), "Change what is named, or plan again.")
    return answer(signed(sign(user, state, before, through=API), Approval), 201)


def _state(new: NewApproval, basis: Basis) -> State:
    """The plan page as it would stand: from the plan that is named, with the first day that is named."""
    plan, goals = named_plan(new, basis)
    if new.plan is not None:
        _made_here(new.plan, basis, new.goals or Goals())
    sent = {} if new.first_on is None else {FIELD: new.first_on.isoformat()}
    return read_state(sent | ({UNDER_WAY: "1"} if new.prepared else {}), basis, plan, new.goals or goals)


def _made_here(plan: Plan, basis: Basis, goals: Goals) -> None:
    """Refuses a document that is not what is made here of its sessions: with other checks, days, words or reasons."""
    kb, clearance = knowledge(), basis.clearance
    check_plan(plan, f"'{plan.label}'", basis.person, basis.assessment, kb)
    if plan.clearance_sha256 != clearance.sha256:
        raise Refused(409, "The plan was made under another clearance than the one in force.", _READ_AGAIN)
    if not plan.sessions:
        return
    made = plan_from_sessions(
        plan.sessions, basis.assessment.setting, basis.person, basis.assessment, clearance, kb,
        rationale=plan.rationale, declined=plan.declined,
    )  # fmt: skip
    told = {one for own in propose(basis.person, basis.assessment, clearance, kb, goals) for one in _reasons(own)}
    if made != plan or not set(_reasons(plan)) <= told:
        raise Refused(
            422, "The plan is not as it is made here from its sessions: its days, checks, words or reasons differ.",
            "Send it as 'plan', 'propose' or 'forecast' gave it, with the same goals; the first day goes into "
            "'first_on', and a draft or an earlier approval into 'row'.",
        )  # fmt: skip


def _reasons(plan: Plan) -> tuple[Reason, ...]:
    """Why a plan is as it is, and why wishes are not in it."""
    return (*plan.rationale, *plan.declined)


def _why_not(state: State) -> str:
    """Why a plan cannot be approved, with what is wrong by name."""
    told = [f"{name}: {says}" for _, says, name in state.problems]
    if not told and state.found is not None:
        told = [f"{one.what}: {one.allowed} ({one.because})." for one in state.found.breaches]
    return " ".join([*([] if state.problems else [state.why_not]), *told])
