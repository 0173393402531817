"""What the whole clinic looks at: follow-ups that are due, serious events, and who was treated with a lot."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from needling.learning.unwanted import serious_from
from needling.web.accounts.access import EVERYBODY, for_roles
from needling.web.pages import knowledge
from needling.web.people.overview import severe_since
from needling.web.plans.waiting import waiting_of
from needling.web.visits.harms import harm_names
from needling.web.visits.models import Due, Unwanted, Visit
from needling.web.visits.tables import lot_key

_PAGE = 50
_AHEAD = timedelta(days=14)


@for_roles(*EVERYBODY)
@require_GET
def due(request: HttpRequest) -> HttpResponse:
    """What is due in the clinic up to two weeks ahead, the longest overdue first."""
    user: Any = request.user
    today = date.today()
    found = Due.objects.filter(clinic=user.clinic_id, on__lte=today + _AHEAD).select_related("chart")
    page = Paginator(found.order_by("on", "pk"), _PAGE).get_page(request.GET.get("page"))
    overdue = Due.objects.filter(clinic=user.clinic_id, on__lt=today).count()
    serious = Unwanted.objects.filter(clinic=user.clinic_id, grade__gte=serious_from(knowledge())).count()
    return render(
        request, "visits/due.html",
        {"page": page, "today": today, "overdue": overdue, "serious": serious,
         "total": page.paginator.count, "ahead": _AHEAD.days, "me": user.signature,
         "waiting": waiting_of(user.clinic_id, knowledge()),
         "severe": severe_since([one.chart_id for one in page])},
    )  # fmt: skip


@for_roles(*EVERYBODY)
@require_GET
def events(request: HttpRequest) -> HttpResponse:
    """Severe unwanted events, the newest first."""
    user: Any = request.user
    grade = serious_from(knowledge())
    found = Unwanted.objects.filter(clinic=user.clinic_id, grade__gte=grade).select_related("chart", "row")
    page = Paginator(found.order_by("-on", "pk").defer("row__document"), _PAGE).get_page(request.GET.get("page"))
    kb = knowledge()
    harms = {event.id: event for event in kb.adverse_events}
    context = {
        "page": page,
        "harms": harms,
        "names": harm_names(kb),
        "total": page.paginator.count,
        "from_grade": grade,
    }
    return render(request, "visits/events.html", context)


@for_roles(*EVERYBODY)
@require_GET
def lots(request: HttpRequest) -> HttpResponse:
    """Who was treated with a lot, when: every record in force whose lot begins with the words."""
    user: Any = request.user
    words = request.GET.get("q", "").strip()[:80]
    context: dict[str, Any] = {"words": words, "page": None, "total": 0, "people": 0, "sessions": 0}
    if words:
        key = lot_key(words)
        # "g" sorts after every hexadecimal digit, so this is "begins with" as a range that every index can serve.
        found = Visit.objects.filter(clinic=user.clinic_id, lot_key__gte=key, lot_key__lt=key + "g")
        page = Paginator(found.select_related("chart").order_by("-on", "pk"), _PAGE).get_page(request.GET.get("page"))
        devices = {device.id: device.name for device in knowledge().devices}
        context |= {
            "page": page, "total": page.paginator.count, "devices": devices,
            "people": found.values("chart").distinct().count(), "sessions": found.values("row").distinct().count(),
        }  # fmt: skip
    return render(request, "visits/lots.html", context)
