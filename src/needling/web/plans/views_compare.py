"""Two plans side by side: drafts, the approved one, and the default choice."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from needling.comparing import compare as weigh
from needling.documents import Approval, Goals, Plan
from needling.documents.comparison import Comparison
from needling.documents.drafts import Draft
from needling.errors import BadInput
from needling.report.about_comparison import (
    answer_of,
    better_words,
    effects_section,
    limits_section,
    maps_section,
    plans_section,
    scores_section,
)
from needling.report.bibliography import Bibliography
from needling.report.explanation import Telling
from needling.report.overlays import difference_figure, overlay_figures, shares_figure
from needling.report.paired import number_names
from needling.report.words import option_name
from needling.web.accounts.access import EVERYBODY, for_roles
from needling.web.charts.access import own_row
from needling.web.charts.models import Kind, Row
from needling.web.charts.records import latest, read
from needling.web.pages import knowledge
from needling.web.plans.basis import Basis, with_basis
from needling.web.plans.drafts import names_of
from needling.web.plans.state import renewed
from needling.web.plans.telling import shown
from needling.web.plans.warm import Kept, candidates, planning

DEFAULT, NEXT = "choice", "next"
_LISTED = 30
_COMPARED: Kept[Comparison] = Kept(12)


@for_roles(*EVERYBODY)
@require_GET
@with_basis
def compare(request: HttpRequest, basis: Basis) -> HttpResponse:
    """Which two, and both on the same possible people."""
    kinds = (Kind.DRAFT, Kind.APPROVAL)
    rows = basis.chart.rows.filter(kind__in=kinds).select_related("author").order_by("-at")[:_LISTED]
    names = names_of(list(rows))
    options = [(DEFAULT, f"{_default_label(basis)} · what would be chosen today"), *names.items()]
    approved = latest(basis.chart, Approval)
    other = next_candidate(basis, approved[1].plan if approved else None)
    if other is not None:
        options.insert(1, (NEXT, f"{_label(other)} · the next candidate"))
    first = request.GET.get("first", str(approved[0].id) if approved else DEFAULT)
    second = request.GET.get("second") or _beside(list(rows), approved, NEXT if other is not None else DEFAULT)
    context = {"chart": basis.chart, "options": options, "first": first, "second": second, "found": None, "same": ""}
    if first != second:
        context |= _compared(request, basis, first, second)
    return render(request, "plans/compare.html", context)


def _beside(rows: list[Row], approved: tuple[Row, Approval] | None, otherwise: str) -> str:
    """What is looked at first beside the approved plan, or the choice of today: the newest draft since, or the next."""
    draft = next((row for row in rows if row.kind == Kind.DRAFT), None)
    if draft is None or (approved is not None and draft.at < approved[0].at):
        return otherwise
    if approved is not None and read(draft, Draft).plan.sessions == approved[1].plan.sessions:
        return otherwise
    return str(draft.id)


def next_candidate(basis: Basis, approved: Plan | None) -> Plan | None:
    """The best of the candidates with sessions that is neither chosen nor approved; None where there is none."""
    session = planning(basis, Goals())
    known = {name: plan for name, plan in candidates(session).items() if plan.sessions}
    taken = [plan.sessions for plan in (session.choice.plan, approved) if plan is not None]
    cards = sorted(session.choice.scorecards, key=lambda card: (bool(card.barred_by), -card.utility))
    plans = (known[card.plan_sha256] for card in cards if card.plan_sha256 in known)
    return next((plan for plan in plans if plan.sessions not in taken), None)


def _default_label(basis: Basis) -> str:
    return _label(planning(basis, Goals()).choice.plan)


def _label(plan: Plan) -> str:
    return option_name(plan.label, len(plan.sessions), plan.envelope == "home")


def _plan(request: HttpRequest, basis: Basis, given: str) -> tuple[Plan, Goals | None]:
    if given == DEFAULT:
        return planning(basis, Goals()).choice.plan, None
    if given == NEXT:
        approved = latest(basis.chart, Approval)
        found = next_candidate(basis, approved[1].plan if approved else None)
        return found or planning(basis, Goals()).choice.plan, None
    try:
        row = own_row(request, basis.chart.id, UUID(given))
    except ValueError:
        return planning(basis, Goals()).choice.plan, None
    return plan_of(row, basis)


def plan_of(row: Row, basis: Basis) -> tuple[Plan, Goals | None]:
    """The plan of a draft or an approval under what is in force now, with the goals of a draft.

    Raises:
        BadInput: the document is neither.
    """
    if row.kind == Kind.DRAFT:
        draft = read(row, Draft)
        return renewed(draft.plan, basis), draft.goals
    if row.kind != Kind.APPROVAL:
        raise BadInput("this document holds no plan")
    return renewed(read(row, Approval).plan, basis), None


def _compared(request: HttpRequest, basis: Basis, first: str, second: str) -> dict[str, object]:
    """Both plans weighed by the goals of the first draft among them, in words and pictures."""
    kb = knowledge()
    (one, goals), (other, others) = (_plan(request, basis, given) for given in (first, second))
    if one.sessions == other.sessions:
        return {"same": _label(one)}
    wanted = goals or others or Goals()
    session = planning(basis, wanted)

    def make() -> Comparison:
        return weigh(one, other, basis.person, basis.assessment, session.belief, key=session.key, kb=kb, goals=wanted)

    key = basis.version, wanted.sha256, one.sha256, other.sha256
    found = _COMPARED.get(key, make)
    home = found.setting == "home"
    telling = Telling(kb, "person" if home else "clinician", home, Bibliography(kb))
    told = found.second.forecast if found.second.plan.sessions else found.first.forecast
    shares = shares_figure(found, number_names(found.numbers, told, telling))
    course = difference_figure(found, kb)
    outside = limits_section([(side.name, side.breaches) for side in (found.first, found.second)], telling)
    blocks = [
        (answer_of(found, telling, wanted), []),
        (outside, []),
        (plans_section(found, telling), []),
        (effects_section(found, telling), [figure for figure in (shares, course) if figure is not None]),
        (maps_section(found, telling), list(overlay_figures(found, kb))),
        (scores_section(found, telling, wanted), []),
    ]
    return {
        "found": found, "better": better_words(found),
        "sides": [
            (side.name, option_name(side.plan.label, len(side.plan.sessions), home))
            for side in (found.first, found.second)
        ],
        "blocks": [(section, [shown(figure) for figure in figures]) for section, figures in blocks if section],
        "references": telling.bibliography.references(),
    }  # fmt: skip
