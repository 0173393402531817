"""What the whole clinic looks at: follow-ups that are due, serious events, and who was treated with a lot."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import UUID

from django.core.paginator import Paginator
from django.db.models import Count, QuerySet
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


def due_in(clinic: UUID, today: date) -> QuerySet[Due]:
    """What is due up to two weeks ahead, the longest overdue first."""
    return Due.objects.filter(clinic=clinic, on__lte=today + _AHEAD).select_related("chart").order_by("on", "pk")


def events_in(clinic: UUID, grade: int) -> QuerySet[Unwanted]:
    """Unwanted events from a grade on, the newest first."""
    found = Unwanted.objects.filter(clinic=clinic, grade__gte=grade).select_related("chart", "row")
    return found.order_by("-on", "pk").defer("row__document")


def treated_with(clinic: UUID, words: str) -> QuerySet[Visit]:
    """Every record in force with a lot that begins with the words, the newest first; without words: that names none."""
    key = lot_key(words) if words else ""
    # "g" sorts after every hexadecimal digit, so this is "begins with" as a range that every index can serve.
    named = {"lot_key__gte": key, "lot_key__lt": key + "g"} if words else {"lot_key": "", "done": True}
    return Visit.objects.filter(clinic=clinic, **named).select_related("chart").order_by("-on", "pk")


def counted(found: QuerySet[Visit]) -> dict[str, int]:
    """How many people and sessions these are: one session may have two devices with one lot."""
    plain = found.select_related(None).order_by()
    told: dict[str, int] = plain.aggregate(people=Count("chart", distinct=True), sessions=Count("row", distinct=True))
    return told


@for_roles(*EVERYBODY)
@require_GET
def due(request: HttpRequest) -> HttpResponse:
    """What is due in the clinic up to two weeks ahead, the longest overdue first."""
    user: Any = request.user
    today = date.today()
    page = Paginator(due_in(user.clinic_id, today), _PAGE).get_page(request.GET.get("page"))
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
    page = Paginator(events_in(user.clinic_id, grade), _PAGE).get_page(request.GET.get("page"))
    kb = knowledge()
    harms = {event.id: event for event in kb.adverse_events}
    names = {device.id: device.name for device in kb.devices}
    used: dict[Any, list[tuple[str, str]]] = {}
    for one in Visit.objects.filter(row__in=[event.row_id for event in page]).order_by("place"):
        used.setdefault(one.row_id, []).append((names.get(one.device, one.device), one.lot))
    context = {
        "page": page,
        "used": used,
        "harms": harms,
        "names": harm_names(kb),
        "total": page.paginator.count,
        "from_grade": grade,
    }
    return render(request, "visits/events.html", context)


@for_roles(*EVERYBODY)
@require_GET
def lots(request: HttpRequest) -> HttpResponse:
    """Who was treated with a lot, when: every record in force whose lot begins with the words, or that names none."""
    user: Any = request.user
    words = request.GET.get("q", "").strip()[:80]
    without = not words and request.GET.get("without") == "1"
    context: dict[str, Any] = {
        "words": words, "without": without, "page": None, "total": 0, "people": 0, "sessions": 0,
        "nameless": counted(treated_with(user.clinic_id, ""))["sessions"],
    }  # fmt: skip
    if words or without:
        found = treated_with(user.clinic_id, words)
        page = Paginator(found, _PAGE).get_page(request.GET.get("page"))
        devices = {device.id: device.name for device in knowledge().devices}
        context |= {
            "page": page, "total": page.paginator.count, "devices": devices,
            **counted(found),
        }  # fmt: skip
    return render(request, "visits/lots.html", context)
