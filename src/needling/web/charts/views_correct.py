"""Correcting the name or the day of birth of a chart."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from needling.documents import Person
from needling.web.accounts.access import WORKING, for_roles
from needling.web.charts.access import own_chart
from needling.web.charts.correcting import correct_chart, version_of
from needling.web.charts.matching import unlike
from needling.web.charts.models import Chart
from needling.web.charts.records import Superseded, latest
from needling.web.charts.views import alike_of, read_named


@for_roles(*WORKING)
@require_http_methods(["GET", "POST"])
def correct(request: HttpRequest, chart: UUID) -> HttpResponse:
    """What stands there now; what is sent takes its place, unless somebody else was faster."""
    user: Any = request.user
    found = own_chart(request, chart)
    posted = request.method == "POST"
    born = found.born.isoformat() if found.born else ""
    told = read_named(request.POST if posted else {"label": found.label, "born": born})
    alike: list[Chart] = []
    if posted and not told.problems:
        if told.label != found.label and request.POST.get("another") != "yes":
            alike = [one for one in alike_of(user.clinic_id, told.label) if one.pk != found.pk]
        if not alike:
            try:
                correct_chart(user, found, told.label, told.born, request.POST.get("version", ""))
                return redirect("chart", found.id)
            except Superseded:
                context = {"chart": found, "back": "chart-correct"}
                return render(request, "people/overtaken.html", context, status=409)
    who = latest(found, Person)
    context = {
        "chart": found, "told": told, "alike": alike, "version": version_of(found),
        "year": who[1].birth_year if who else None, "doubt": unlike(found, who[1] if who else None),
    }  # fmt: skip
    return render(request, "charts/correct.html", context, status=422 if told.problems or alike else 200)
