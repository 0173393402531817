"""Forecast and seen, planned and delivered: one approval looked back at."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET
from markupsafe import Markup

from needling.learning import score
from needling.report.about_delivery import deliveries_figure
from needling.report.about_score import headline, is_good, readings_figure, score_sections
from needling.report.bibliography import Bibliography
from needling.report.canvas import Figure
from needling.report.explanation import Telling
from needling.web.accounts.access import EVERYBODY, for_roles
from needling.web.charts.access import own_chart
from needling.web.pages import as_picture, knowledge
from needling.web.visits.course import course_of


def pictured(figure: Figure) -> Figure:
    """A figure as a picture, which needs no exception in the page's policy."""
    svg = Markup('<img src="{}" alt="{}">').format(as_picture(figure.svg), figure.alt)
    return replace(figure, svg=svg)


@for_roles(*EVERYBODY)
@require_GET
def forecast_and_seen(request: HttpRequest, chart: UUID) -> HttpResponse:
    """Readings in the forecast's band, delivered against planned, chances against what came. Nothing is written."""
    kb, found = knowledge(), own_chart(request, chart)
    course = course_of(found)
    if course is None:
        return render(request, "visits/none.html", {"chart": found})
    approval = course.approval
    maps = request.GET.get("maps") == "1"
    misses = score(approval, course.records, course.looks, kb, maps=maps)
    bibliography = Bibliography(kb)
    sections = score_sections(misses, approval, Telling(kb, "clinician", False, bibliography))
    figures: dict[str, Any] = {}
    for place, figure in (
        ("readings", readings_figure(misses, approval, kb)),
        ("delivered", deliveries_figure(misses, kb)),
    ):
        if figure is not None:
            figures[place] = pictured(figure)
    return render(
        request, "visits/forecast_and_seen.html",
        {
            "chart": found, "approval": approval, "headline": headline(misses), "good": is_good(misses),
            "sections": sections, "figures": figures, "maps": maps, "misses": misses,
            "references": bibliography.references(),
        },
    )  # fmt: skip
