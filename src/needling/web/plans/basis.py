"""What a plan stands on: the answers and findings in force, and the clearance that follows from them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from needling.documents import Assessment, Case, Clearance, Goals, Person
from needling.errors import NeedlingError
from needling.planning.screen import screen
from needling.web.charts.access import own_chart
from needling.web.charts.models import Chart, Row
from needling.web.charts.records import latest
from needling.web.pages import knowledge


@dataclass(frozen=True)
class Basis:
    """A chart with the rows in force and their documents."""

    chart: Chart
    who: Row
    found: Row
    person: Person
    assessment: Assessment
    clearance: Clearance

    @property
    def version(self) -> str:
        """Which answers and which findings: what a page says it was made from."""
        return f"{self.who.id.hex}.{self.found.id.hex}"

    def case(self, goals: Goals) -> Case:
        """The same as one document."""
        return Case(person=self.person, assessment=self.assessment, goals=goals)


class Missing(Exception):
    """Answers or findings are not there yet."""

    def __init__(self, chart: Chart, what: str) -> None:
        super().__init__(what)
        self.chart, self.what = chart, what


def basis_of(chart: Chart) -> Basis:
    """What is in force now.

    Raises:
        Missing: no answers, or no assessment. BadInput: they do not fit together.
    """
    who, found = latest(chart, Person), latest(chart, Assessment)
    if who is None or found is None:
        raise Missing(chart, "person" if who is None else "assessment")
    return Basis(chart, who[0], found[0], who[1], found[1], screen(who[1], found[1], knowledge()))


def same_basis(request: HttpRequest, basis: Basis) -> bool:
    """Whether the page that was sent was made from what is in force now."""
    return request.POST.get("version", "") == basis.version


def with_basis(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Give a view the basis of its chart; without one say what is missing, and what cannot be done in plain words."""

    @wraps(view)
    def told(request: HttpRequest, chart: UUID, **named: Any) -> HttpResponse:
        found = own_chart(request, chart)
        try:
            return view(request, basis_of(found), **named)
        except Missing as missing:
            return render(request, "plans/missing.html", {"chart": found, "what": missing.what}, status=409)
        except NeedlingError as problem:
            return render(request, "plans/refused.html", {"chart": found, "says": str(problem)}, status=422)

    return told
