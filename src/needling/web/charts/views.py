"""The list of people, a chart, its documents, what leaves and what is erased, and the trail."""

from __future__ import annotations

import json
from datetime import date
from typing import Any
from uuid import UUID

from django.core.paginator import Paginator
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from needling.web.accounts.access import EVERYBODY, OWNER, READING, WORKING, for_roles
from needling.web.charts.access import own_chart, own_row
from needling.web.charts.models import Chart, Kind, Row, Trace
from needling.web.charts.trail import leave_trace, problems
from needling.web.pages import knowledge
from needling.web.people.journey import also_of, newest, steps_of
from needling.web.people.known import what_is_known
from needling.web.visits.course import course_of

_PAGE = 50


@for_roles(*EVERYBODY)
@require_GET
def charts(request: HttpRequest) -> HttpResponse:
    """The people of the clinic, by label, fifty a page."""
    user: Any = request.user
    words = request.GET.get("q", "").strip()[:80]
    found = Chart.objects.filter(clinic=user.clinic_id, erased=None)
    if words:
        found = found.filter(label__icontains=words)
    page = Paginator(found.order_by("label", "pk"), _PAGE).get_page(request.GET.get("page"))
    return render(request, "charts/list.html", {"page": page, "words": words, "total": page.paginator.count})


@for_roles(*WORKING)
@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Open a chart."""
    user: Any = request.user
    label = request.POST.get("label", "").strip()[:120]
    if request.method == "POST" and label:
        with transaction.atomic():
            made = Chart.objects.create(clinic=user.clinic, label=label)
            leave_trace(user.clinic, user, "open-chart", str(made.id))
        return redirect("chart", made.id)
    problem = "Please give a name or a number." if request.method == "POST" else ""
    return render(request, "charts/new.html", {"problem": problem, "label": label}, status=422 if problem else 200)


@for_roles(*EVERYBODY)
@require_GET
def chart(request: HttpRequest, chart: UUID) -> HttpResponse:
    """One person: what is known, what comes next, and all documents, the newest first."""
    found = own_chart(request, chart)
    rows = list(found.rows.select_related("author").order_by("-at").defer("document"))
    replaced: set[object] = {row.supersedes_id for row in rows if row.supersedes_id}
    known = what_is_known(found, knowledge(), date.today())
    at = newest(rows, replaced)
    course = course_of(found) if Kind.APPROVAL in at else None
    steps = steps_of(found, at, known.look, over=course is not None and course.next_session is None)
    context = {"chart": found, "rows": rows, "replaced": replaced, "known": known, "steps": steps,
               "also": also_of(found, at)}  # fmt: skip
    return render(request, "charts/chart.html", context)


@for_roles(*EVERYBODY)
@require_GET
def document(request: HttpRequest, chart: UUID, row: UUID) -> HttpResponse:
    """One document as it was signed."""
    found = own_row(request, chart, row)
    said = json.dumps(json.loads(found.document), indent=2, ensure_ascii=False)
    return render(request, "charts/document.html", {"chart": found.chart, "row": found, "said": said})


@for_roles(*WORKING)
@require_GET
def export(request: HttpRequest, chart: UUID) -> HttpResponse:
    """Everything that is kept of one person, as JSON; that it left is written down."""
    user: Any = request.user
    found = own_chart(request, chart)
    with transaction.atomic():
        leave_trace(user.clinic, user, "export", str(found.id))
        told = everything_of(found)
    response = HttpResponse(json.dumps(told, indent=1, ensure_ascii=False), content_type="application/json")
    response["Content-Disposition"] = 'attachment; filename="chart.json"'
    return response


def everything_of(chart: Chart) -> dict[str, Any]:
    """Everything that is kept of one person: documents as they were signed, and what was done with the chart."""
    traces = Trace.objects.filter(clinic=chart.clinic_id, subject=str(chart.id)).order_by("number")
    return {
        "chart": {"id": str(chart.id), "label": chart.label, "opened": chart.created.isoformat()},
        "documents": [_told(row) for row in chart.rows.select_related("author").order_by("at")],
        "trail": [{"at": one.at.isoformat(), "action": one.action} for one in traces],
    }


def _told(row: Row) -> dict[str, Any]:
    return {
        "id": str(row.id), "kind": row.kind, "at": row.at.isoformat(), "by": row.author.signature,
        "through": row.through, "sha256": row.sha256, "needling": row.needling,
        "knowledge_sha256": row.knowledge_sha256,
        "supersedes": str(row.supersedes_id) if row.supersedes_id else None, "document": json.loads(row.document),
    }  # fmt: skip


@for_roles(*OWNER)
@require_http_methods(["GET", "POST"])
def erase(request: HttpRequest, chart: UUID) -> HttpResponse:
    """Remove everything that is kept of one person, and say in the trail that it was; hashes stay, words do not."""
    user: Any = request.user
    found = own_chart(request, chart)
    if request.method == "POST" and request.POST.get("label", "").strip() == found.label:
        with transaction.atomic():
            rows = Row.objects.filter(chart=found)
            for row in rows.order_by("at").only("id", "sha256"):
                leave_trace(user.clinic, user, "erase", str(row.id), row.sha256)
            rows.filter(supersedes__isnull=False).update(supersedes=None)
            rows.delete()
            Chart.objects.filter(pk=found.pk).update(label="", erased=timezone.now())
            leave_trace(user.clinic, user, "erase-chart", str(found.id))
        return redirect("charts")
    problem = "Type the name exactly as it stands on the chart." if request.method == "POST" else ""
    return render(request, "charts/erase.html", {"chart": found, "problem": problem}, status=422 if problem else 200)


@for_roles(*READING)
@require_GET
def trail(request: HttpRequest) -> HttpResponse:
    """Who did what, the newest first, and whether the chain holds."""
    user: Any = request.user
    found = Trace.objects.filter(clinic=user.clinic_id).select_related("actor").order_by("-number")
    page = Paginator(found, _PAGE).get_page(request.GET.get("page"))
    wrong = list(problems(user.clinic)) if request.GET.get("verify") else None
    return render(request, "charts/trail.html", {"page": page, "wrong": wrong})
