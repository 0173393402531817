"""Clearance: the verdict for each zone with every reason, what is open, and overrides by two clinicians."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from needling.documents import Assessment
from needling.documents.overrides import ProposedOverride
from needling.report.about_clearance import conflicts_section, questions_section, verdict_headline
from needling.report.about_grounds import (
    audit_section,
    ground_statement,
    ground_word,
    limits_sentence,
    ordered_grounds,
    set_aside_words,
)
from needling.report.bibliography import Bibliography
from needling.report.explanation import Telling
from needling.report.words import VERDICT_WORD, zone_name
from needling.web.accounts.access import DECIDING, EVERYBODY, WORKING, OtherRole, for_roles
from needling.web.accounts.models import User
from needling.web.charts.models import Head, Kind, Row
from needling.web.charts.records import Superseded, latest, read, write
from needling.web.pages import knowledge
from needling.web.plans.basis import Basis, basis_of, same_basis, with_basis
from needling.web.plans.proposals import REASONS, bare, may_be_overridden, reach, signed, signers_of, stands

_NOTE_LONG = 1000


@for_roles(*EVERYBODY)
@require_http_methods(["GET", "POST"])
@with_basis
def clearance(request: HttpRequest, basis: Basis) -> HttpResponse:
    """Screened anew each time the page is opened; kept only when somebody asks for it."""
    user: Any = request.user
    if request.method == "GET":
        return _page(request, basis)
    do = request.POST.get("do", "")
    if user.role not in (WORKING if do == "keep" else DECIDING):
        raise OtherRole(DECIDING)
    if not same_basis(request, basis):
        return _page(request, basis, overtaken=True)
    if do == "keep":
        write(user, basis.chart, basis.clearance)
        return redirect(f"{request.path}?kept=1")
    try:
        problem = {"propose": _propose, "confirm": _confirm, "withdraw": _withdraw}.get(do, _nothing)(request, basis)
    except Superseded:
        return _page(request, basis_of(basis.chart), overtaken=True)
    return _page(request, basis, problem=problem) if problem else redirect("clearance", basis.chart.id)


def _nothing(request: HttpRequest, basis: Basis) -> str:
    return "That is not something this page can do."


# ---------------------------------------------------------------- overrides


def _propose(request: HttpRequest, basis: Basis) -> str:
    """The first signature; says what is wrong, or nothing."""
    user: Any = request.user
    rule, reason = request.POST.get("rule", ""), request.POST.get("reason", "")
    note = request.POST.get("note", "").strip()[:_NOTE_LONG]
    if not stands(rule, basis.clearance):
        return "This rule cannot be overridden: only waiting and referring can, and only in a clinic."
    if reason not in dict(REASONS):
        return "Choose one of the reasons."
    if reason == "rule-does-not-apply" and not note:
        return "Say in the note why the rule does not apply."
    if any(one.rule == rule for _, one in proposals(basis)):
        return "This is already proposed, and waits for a second signature."
    write(user, basis.chart, _proposal(basis, user, rule, reason, note))
    return ""


def _proposal(basis: Basis, user: User, rule: str, reason: str, note: str) -> ProposedOverride:
    return ProposedOverride.model_validate(
        {
            "rule": rule, "reason": reason, "note": note, "by": user.signature,
            "person_sha256": basis.person.sha256, "findings_sha256": bare(basis.assessment).sha256,
        }
    )  # fmt: skip


def _own_proposal(request: HttpRequest, basis: Basis) -> tuple[Row, ProposedOverride] | None:
    given = request.POST.get("proposal", "")
    return next(((row, one) for row, one in proposals(basis) if str(row.id) == given), None)


def _confirm(request: HttpRequest, basis: Basis) -> str:
    """The second signature, by another clinician in their own session."""
    user: Any = request.user
    found = _own_proposal(request, basis)
    if found is None:
        return "This proposal no longer stands: answers or findings changed, or it was withdrawn."
    row, proposal = found
    if row.author_id == user.id or proposal.by == user.signature:
        return "The second signature must be somebody else's."
    if not stands(proposal.rule, basis.clearance):
        return "This rule no longer stands, so there is nothing to override."
    with transaction.atomic():
        Head.objects.select_for_update().get_or_create(clinic=user.clinic)  # writers of this clinic wait here
        now = latest(basis.chart, Assessment)
        if now is None or now[0].id != basis.found.id:
            raise Superseded("the findings changed in the meantime")
        made = signed(basis.person, basis.assessment, proposal, user.signature, knowledge())
        write(user, basis.chart, made, supersedes=basis.found)
    return ""


def _withdraw(request: HttpRequest, basis: Basis) -> str:
    """The proposer takes a proposal back."""
    user: Any = request.user
    found = _own_proposal(request, basis)
    if found is None or found[0].author_id != user.id:
        return "Only who proposed it can take it back."
    row, proposal = found
    write(user, basis.chart, proposal.model_copy(update={"withdrawn": True}), supersedes=row)
    return ""


def proposals(basis: Basis) -> list[tuple[Row, ProposedOverride]]:
    """Overrides that wait for a second signature: for these answers and findings, of rules that still stand."""
    rows = basis.chart.rows.filter(kind=Kind.PROPOSED, superseded_by=None).select_related("author").order_by("at")
    findings = bare(basis.assessment).sha256
    read_rows = [(row, read(row, ProposedOverride)) for row in rows]
    return [
        (row, one)
        for row, one in read_rows
        if not one.withdrawn
        and stands(one.rule, basis.clearance)
        and (one.person_sha256, one.findings_sha256) == (basis.person.sha256, findings)
    ]


# ---------------------------------------------------------------- the page


def _page(request: HttpRequest, basis: Basis, *, problem: str = "", overtaken: bool = False) -> HttpResponse:
    user: Any = request.user
    kb, found = knowledge(), basis.clearance
    bibliography = Bibliography(kb)
    telling = Telling(kb, "clinician", found.setting == "home", bibliography)
    waiting = proposals(basis)
    here = telling.at("Why this answer")
    names = signers_of(basis.chart.clinic_id)
    reasons: dict[str, str] = dict(REASONS)
    grounds = [
        {
            "decision": decision, "says": ground_statement(decision, zones, here),
            "word": ground_word(decision, found), "overridable": may_be_overridden(decision, found),
            "waiting": next(((row, one) for row, one in waiting if one.rule == decision.rule), None),
            "signed": next(
                (f"{set_aside_words(one, reasons, names)}{reach(one)}" for one in basis.assessment.overrides
                 if one.rule == decision.rule), ""),
        }
        for decision, zones in ordered_grounds(found)
    ]  # fmt: skip
    questions = questions_section(found, telling)
    conflicts = conflicts_section((name for one in found.decisions for name in one.conflicts), telling, codes=False)
    context = {
        "chart": basis.chart, "basis": basis, "clearance": found, "headline": verdict_headline(found),
        "sentence": limits_sentence(found), "audit": audit_section(found, telling), "grounds": grounds,
        "questions": questions,
        "conflicts": conflicts, "references": bibliography.references(), "reasons": REASONS,
        "zones": [(zone_name(one.zone, kb), VERDICT_WORD[one.verdict], one) for one in found.zones],
        "may_sign": user.role in DECIDING, "may_keep": user.role in WORKING, "problem": problem,
        "overtaken": overtaken, "kept": request.GET.get("kept") == "1", "me": user.signature,
        "reason_words": reasons,
    }  # fmt: skip
    return render(request, "plans/clearance.html", context, status=409 if overtaken else 422 if problem else 200)
