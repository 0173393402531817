"""The plan page: candidates, sliders that answer at once, pictures with their tables, drafts."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from needling.documents import Approval, Choice, Goals, Plan
from needling.documents.drafts import Draft
from needling.errors import BadInput
from needling.report.about_choice import choice_section
from needling.report.about_clearance import choice_headline, verdict_headline
from needling.report.measures import score_caption
from needling.web.accounts.access import DECIDING, EVERYBODY, WORKING, for_roles
from needling.web.charts.access import own_row
from needling.web.charts.models import Kind, Row
from needling.web.charts.records import Superseded, latest, read, write
from needling.web.pages import knowledge
from needling.web.plans.answering import answer_of
from needling.web.plans.basis import Basis, same_basis, with_basis
from needling.web.plans.controls import controls_of, zone_controls
from needling.web.plans.drafts import names_of
from needling.web.plans.ending import ending_of, write_down
from needling.web.plans.goals import ROBUST
from needling.web.plans.state import State, read_state
from needling.web.plans.telling import (
    CANDIDATE_HEADERS,
    candidate_rows,
    compared_line,
    course_of,
    first_rows,
    shown,
    telling_for,
)
from needling.web.plans.warm import candidates, channel_pictures, pictures
from needling.web.saying import say
from needling.web.visits.against import against
from needling.web.visits.course import course_of as course_of_chart

PARTS = ("answer", "course", "channels")
_DRAFTS_SHOWN = 20


def plan_of_row(row: Row) -> tuple[Plan, Goals]:
    """The plan that a draft or an approval holds, and the goals it was made for.

    Raises:
        BadInput: a document of another kind.
    """
    if row.kind == Kind.DRAFT:
        draft = read(row, Draft)
        return draft.plan, draft.goals
    if row.kind == Kind.APPROVAL:
        plan = read(row, Approval).plan
        weighed = latest(row.chart, Choice)
        return plan, weighed[1].goals if weighed is not None and weighed[1].plan == plan else Goals()
    raise BadInput("this document holds no plan")


@for_roles(*EVERYBODY)
@require_http_methods(["GET", "POST"])
@with_basis
def plan(request: HttpRequest, basis: Basis) -> HttpResponse:
    """The whole page, or one part of it where a script asked for that."""
    start, goals = _opened(request, basis)
    state = read_state(request.POST, basis, start, goals)
    if request.method == "POST":
        if request.POST.get("part") in PARTS:
            if not same_basis(request, basis):
                return HttpResponse(status=409)  # the script then asks for the whole page, which says so
            return _part(request, state, request.POST["part"])
        done = _done(request, state)
        if isinstance(done, HttpResponse):
            return done
        state = done
    return _page(request, state)


def _opened(request: HttpRequest, basis: Basis) -> tuple[Plan | None, Goals | None]:
    """The draft or approval that a page was opened from."""
    given = request.GET.get("from", "")
    if not given:
        return None, None
    try:
        row = own_row(request, basis.chart.id, UUID(given))
    except ValueError:
        raise BadInput("there is no such draft") from None
    return plan_of_row(row)


def _part(request: HttpRequest, state: State, part: str) -> HttpResponse:
    # What is wrong comes as a part too: the script has to take the old answer away and say it at the box.
    status = 422 if state.problems else 200
    if part == "answer":
        context = {**answer_of(state), "may_approve": _may_approve(request)}
        return render(request, "plans/answer.html", context, status=status)
    if part == "channels":
        return render(request, "plans/channels.html", {"state": state, "maps": _maps(state)}, status=status)
    return render(request, "plans/course.html", course_of(state), status=status)


def _may_approve(request: HttpRequest) -> bool:
    user: Any = request.user
    return user.role in DECIDING


def _may_keep(request: HttpRequest) -> bool:
    user: Any = request.user
    return user.role in WORKING


def _maps(state: State) -> list[Any]:
    if state.problems:
        return []
    return [shown(figure) for figure in channel_pictures(state.plan).values()]


def _done(request: HttpRequest, state: State) -> State | HttpResponse:
    """What a button asked for: another start, the nearest plan, a draft; a state to show, or an answer."""
    user: Any = request.user
    do = request.POST.get("do", "show")
    basis, goals = state.basis, state.goals.goals
    if do == "reset":
        return read_state({}, basis, None, goals)
    if do == "nearest" and state.found is not None and state.found.nearest is not None:
        return read_state({}, basis, state.first.of(state.found.nearest), goals)
    if do.startswith("start-"):
        wanted = candidates(state.session).get(do.removeprefix("start-"))
        if wanted is not None:
            return read_state({}, basis, state.first.of(wanted), goals)
    if do == "keep" and user.role in WORKING:
        if not same_basis(request, basis):
            return _page(request, state, overtaken=True)
        if not state.problems and state.plan.sessions:
            row = write(user, basis.chart, Draft(plan=state.plan, goals=goals))
            return redirect(f"{request.path}?from={row.id}&kept=1")
    if do == "leave" and user.role in DECIDING and _may_leave(state):
        try:
            write_down(user, state)
        except Superseded:
            return _page(request, state, overtaken=True)
        say(request, "Written down: nothing is done for now.")
        return redirect("chart", basis.chart.id)
    return state


def _may_leave(state: State) -> bool:
    """Whether doing nothing may be written down as the answer: not beside a plan that is in force."""
    ends = not state.session.choice.plan.sessions and state.basis.clearance.verdict == "go" and not state.problems
    return ends and latest(state.basis.chart, Approval) is None


def _page(request: HttpRequest, state: State, *, overtaken: bool = False) -> HttpResponse:
    basis, kb = state.basis, knowledge()
    choice = state.session.choice
    now = state.session.plan
    overtaken = overtaken or (request.method == "POST" and not same_basis(request, basis))
    known = candidates(state.session)
    made = pictures(choice)
    clearance = basis.clearance
    why = telling_for(state)
    weighed = choice_section(choice, why) if choice.plan.sessions else None
    drafts = list(basis.chart.rows.filter(kind=Kind.DRAFT).select_related("author").order_by("-at")[:_DRAFTS_SHOWN])
    approved = latest(basis.chart, Approval)
    rows = candidate_rows(state, set(known))
    context = {
        **answer_of(state), "course": course_of(state), "chart": basis.chart, "basis": basis,
        "controls": controls_of(now, None, state.asked, clearance, kb, state.plan) if now.sessions else (),
        "zones": zone_controls(now, state.plan, state.asked, clearance, kb) if now.sessions else [],
        "headline": choice_headline(choice, clearance) if clearance.verdict == "go" else verdict_headline(clearance),
        "clearance": clearance, "choice": choice, "robust": ROBUST,
        "first": state.first, "rule": state.first.rule.isoformat(),
        "least": max(basis.assessment.on, date.today()).isoformat(),
        "weighed": weighed,
        "weighed_by": why.bibliography.references(),
        "pareto": replace(shown(made["candidates"]), title="Gain and redness") if "candidates" in made else None,
        "rows": rows, "first_rows": first_rows(rows), "ending": ending_of(state, sum(row.startable for row in rows)),
        "may_leave": _may_approve(request) and _may_leave(state), "headers": CANDIDATE_HEADERS,
        "compared": compared_line(choice),
        "score_caption": score_caption(kb, choice.goals),
        "maps": _maps(state) if request.POST.get("do") == "map" else [],
        "drafts": names_of(drafts), "approved": approved[0] if approved else None,
        "approved_plan": approved[1].plan if approved else None,
        "overtaken": overtaken, "kept": request.GET.get("kept") == "1" and request.method == "GET",
        "may_approve": _may_approve(request), "may_keep": _may_keep(request),
        "against": against(basis.chart, course_of_chart(basis.chart), kb),
    }  # fmt: skip
    status = 409 if overtaken else 422 if state.problems else 200
    return render(request, "plans/plan.html", context, status=status)
