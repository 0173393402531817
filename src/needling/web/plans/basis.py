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
from needling.web.charts.matching import OfAnother, require_own
from needling.web.charts.models import Chart, Kind, Row
from needling.web.charts.records import read
from needling.web.pages import knowledge
from needling.web.plans.warm import Kept

_CLEARANCES: Kept[Clearance] = Kept(48)
"""By the content of answers and findings: each change of a slider asks for the same one."""


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
        Missing: no answers, or no assessment. BadInput: they do not fit together. OfAnother: the answers may be
            somebody else's.
    """
    in_force = chart.rows.filter(kind__in=(Kind.PERSON, Kind.ASSESSMENT), superseded_by=None).order_by("number")
    rows = {row.kind: row for row in in_force}  # the newest of each
    who, found = rows.get(Kind.PERSON), rows.get(Kind.ASSESSMENT)
    if who is None or found is None:
        raise Missing(chart, "person" if who is None else "assessment")
    person, assessment, kb = read(who, Person), read(found, Assessment), knowledge()
    require_own(chart, person)
    key = person.sha256, assessment.sha256
    return Basis(chart, who, found, person, assessment, _CLEARANCES.get(key, lambda: screen(person, assessment, kb)))


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
        except OfAnother as other:
            return render(request, "charts/stopped.html", {"chart": found, "says": other.says}, status=409)
        except NeedlingError as problem:
            return render(request, "plans/refused.html", {"chart": found, "says": str(problem)}, status=422)

    return told
