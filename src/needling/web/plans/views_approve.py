"""Approving a plan: looked at once more, screened again, locked with its hashes, in one transaction."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from needling.choosing import choose
from needling.documents import Approval, Choice
from needling.errors import NotAllowed
from needling.planning.approve import approve as lock
from needling.simulation import simulate_many
from needling.web.accounts.access import DECIDING, for_roles
from needling.web.accounts.models import User
from needling.web.charts.models import Row
from needling.web.charts.records import Superseded, latest, write
from needling.web.charts.trail import turn_of
from needling.web.pages import knowledge
from needling.web.plans.answering import answer_of
from needling.web.plans.basis import Basis, basis_of, same_basis, with_basis
from needling.web.plans.proposals import signers_of
from needling.web.plans.state import State, read_state, seal
from needling.web.plans.warm import candidates
from needling.web.saying import say
from needling.web.visits.course import course_of


@for_roles(*DECIDING)
@require_http_methods(["GET", "POST"])
@with_basis
def approve(request: HttpRequest, basis: Basis) -> HttpResponse:
    """First what would be signed, in full; then, with ``signed``, the signature."""
    if request.method == "GET":
        return redirect("plan", basis.chart.id)
    user: Any = request.user
    state = read_state(request.POST, basis)
    before = latest(basis.chart, Approval)
    if not same_basis(request, basis) or request.POST.get("replaces", "") != _id_of(before, request):
        return _confirm(request, state, before, overtaken=True)
    if not state.approvable:
        return _confirm(request, state, before, refused=state.why_not)
    if request.POST.get("signed") != "1":
        return _confirm(request, state, before)
    try:
        sign(user, state, before)
    except Superseded:
        return _confirm(request, state, latest(basis.chart, Approval), overtaken=True)
    except NotAllowed as refusal:
        return _confirm(request, state, before, refused=str(refusal))
    say(request, "The plan is approved.")
    return redirect("plan-print", basis.chart.id)


def _id_of(before: tuple[Row, Approval] | None, request: HttpRequest) -> str:
    """The approval that would be replaced; a page that does not sign yet need not name it."""
    if request.POST.get("signed") != "1":
        return request.POST.get("replaces", "")
    return str(before[0].id) if before is not None else ""


def weighed(state: State) -> Choice:
    """The plan as changed among all candidates, on the same possible people.

    What the choice would take stays said: ``runner_up`` names it where the clinician takes another one.
    """
    session, plan = state.session, state.plan
    case = session.case
    plans = {one.sha256: one for one in map(state.first.of, candidates(session).values())}
    plans.setdefault(plan.sha256, plan)
    listed = list(plans.values())
    courses = simulate_many(listed, case.person, case.assessment, session.belief, key=session.key)
    chosen = choose(listed, courses, case.goals, clearance=session.clearance)
    if chosen.plan == plan:
        return chosen
    return state.choice().model_copy(
        update={
            "scorecards": chosen.scorecards,
            "runner_up": chosen.plan.label,
            "because": "the clinician took this plan; by the goals alone it would be the second best named here",
        }
    )


def sign(user: User, state: State, before: tuple[Row, Approval] | None, through: str = "") -> Row:
    """Clearance, choice and approval with their traces, or nothing.

    Args:
        before: the approval that it replaces. through: how it came in, where not through a page.

    Raises:
        NotAllowed: the plan may not be approved. Superseded: answers, findings or approval changed meanwhile.
    """
    chart, forecast = state.basis.chart, state.forecast
    if forecast is None:
        raise NotAllowed(state.why_not)
    choice = weighed(state)
    with transaction.atomic():
        turn_of(user.clinic)  # other writers of this clinic wait here
        user.refresh_from_db(fields=("role", "is_active"))
        if not user.is_active or user.role not in DECIDING:
            raise NotAllowed("your role was changed in the meantime; a clinician or an owner approves")
        basis = basis_of(chart)
        if basis.version != state.basis.version:
            raise Superseded("answers or findings changed in the meantime")
        approval = lock(state.plan, forecast, basis.clearance, by=user.signature, kb=knowledge())
        write(user, chart, basis.clearance, through=through)
        write(user, chart, choice, through=through)
        return write(user, chart, approval, supersedes=before[0] if before is not None else None, through=through)


def _done_before(state: State) -> int:
    """Sessions that were done by the plan in force: one that takes its place does not count them."""
    course = course_of(state.basis.chart)
    return sum(bool(record.strokes) for record in course.records) if course is not None else 0


def _confirm(
    request: HttpRequest, state: State, before: tuple[Row, Approval] | None, *, refused: str = "",
    overtaken: bool = False,
) -> HttpResponse:  # fmt: skip
    names = signers_of(state.basis.chart.clinic_id)
    context = {
        **answer_of(state), "chart": state.basis.chart, "basis": state.basis, "refused": refused,
        "overtaken": overtaken, "before": before, "sealed": seal(state.basis.chart, state.plan),
        "overrides": [
            (one, [names.get(signature, signature) for signature in (one.by, one.second)])
            for one in state.basis.assessment.overrides
        ],
        "done_before": _done_before(state) if before is not None else 0,
        "days_old": (date.today() - state.basis.assessment.on).days,
    }  # fmt: skip
    status = 409 if overtaken else 422 if refused else 200
    return render(request, "plans/approve.html", context, status=status)
