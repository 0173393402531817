"""Plan, consent and aftercare to print: as pages, and as PDF that is kept nowhere."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_POST

from needling.documents import Approval, Choice
from needling.web.accounts.access import EVERYBODY, WORKING, for_roles
from needling.web.charts.access import own_chart, own_row
from needling.web.charts.models import Chart, Kind, Row
from needling.web.charts.records import latest, read
from needling.web.charts.trail import leave_trace
from needling.web.pages import knowledge
from needling.web.plans.everything import everything_sheet
from needling.web.plans.proposals import signers_of
from needling.web.plans.sheets import SHEETS, Sheet, Signed, sheet_of, with_stops
from needling.web.plans.typeset import as_pdf
from needling.web.visits.against import against
from needling.web.visits.course import course_of


def _wanted(request: HttpRequest, chart: Chart) -> tuple[Row, Approval] | None:
    """The approval that was asked for, or the one in force."""
    given = request.GET.get("of", "")
    if not given:
        return latest(chart, Approval)
    try:
        row = own_row(request, chart.id, UUID(given))
    except ValueError:
        raise Http404("no such approval") from None
    if row.kind != Kind.APPROVAL:
        raise Http404("this is no approval")
    return row, read(row, Approval)


def _sheet(request: HttpRequest, chart: Chart, row: Row, approval: Approval) -> Sheet:
    name = request.GET.get("sheet", SHEETS[0][0])
    if name not in dict(SHEETS):
        raise Http404("there is no such sheet")
    weighed = chart.rows.filter(kind=Kind.CHOICE, number__lte=row.number).order_by("-number").first()
    signed = Signed(
        clinic=chart.clinic.name, names=signers_of(chart.clinic_id), choice=read(weighed, Choice) if weighed else None
    )
    made = sheet_of(name, approval, knowledge(), chart.named, row.author.name, signed)
    return with_stops(made, against(chart, course_of(chart), knowledge()))


@for_roles(*EVERYBODY)
@require_GET
def sheets(request: HttpRequest, chart: UUID) -> HttpResponse:
    """One sheet as a page, with the ways to the others."""
    found = own_chart(request, chart)
    wanted = _wanted(request, found)
    if wanted is None:
        return render(request, "plans/nothing_approved.html", {"chart": found})
    row, approval = wanted
    context = {
        "chart": found, "row": row, "approval": approval, "sheets": SHEETS,
        "sheet": _sheet(request, found, row, approval),
        "in_force": not Row.objects.filter(supersedes=row).exists(),
    }  # fmt: skip
    return render(request, "plans/sheet.html", context)


@for_roles(*EVERYBODY)
@require_GET
def pdf(request: HttpRequest, chart: UUID) -> HttpResponse:
    """The same sheet as PDF."""
    found = own_chart(request, chart)
    wanted = _wanted(request, found)
    if wanted is None:
        raise Http404("nothing is approved yet")
    sheet = _sheet(request, found, *wanted)
    response = HttpResponse(as_pdf(sheet), content_type="application/pdf")
    response["Content-Disposition"] = f'inline; filename="{sheet.name}.pdf"'
    return response


@for_roles(*WORKING)
@require_POST
def everything(request: HttpRequest, chart: UUID) -> HttpResponse:
    """Everything that is kept of one person as PDF; that it left is written down."""
    user: Any = request.user
    found = own_chart(request, chart)
    with transaction.atomic():
        leave_trace(user.clinic, user, "export", str(found.id))
        sheet = everything_sheet(found)
    made = as_pdf(sheet)  # long charts take seconds to set, and nobody else's writing waits for that
    response = HttpResponse(made, content_type="application/pdf")
    response["Content-Disposition"] = 'attachment; filename="chart.pdf"'
    return response
