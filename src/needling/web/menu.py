"""The bar of every page, and the one of each person: where somebody in this role can go, and where they are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse

from needling.web.accounts.access import EVERYBODY, READING, WORKING

_CLINIC = (
    ("charts", "People", EVERYBODY),
    ("due", "Due", EVERYBODY),
    ("lots", "Lots", EVERYBODY),
    ("team", "Team", READING),
    ("trail", "Who did what", READING),
    ("library", "Library", EVERYBODY),
)
_PERSON = (
    ("chart", "Chart", EVERYBODY),
    ("person", "Answers", WORKING),
    ("assessment", "Assessment", WORKING),
    ("clearance", "Clearance", EVERYBODY),
    ("plan", "Plan", EVERYBODY),
    ("plan-compare", "Compare", EVERYBODY),
    ("visits", "Visits", EVERYBODY),
    ("forecast-and-seen", "Forecast and seen", EVERYBODY),
    ("plan-print", "Sheets", EVERYBODY),
)
_PUBLIC = (
    ("check", "Self-check"),
    ("claims", "Claims"),
    ("library", "Library"),
    ("check-signs", "Warning signs"),
)


@dataclass(frozen=True)
class Way:
    """One entry. ``here``: the page is this one, or below it."""

    label: str
    address: str
    here: bool


def menu(request: HttpRequest) -> list[Way]:
    """The entries for whoever looks at the page; one whose page does not exist is left out."""
    user: Any = getattr(request, "user", None)
    inside = user is not None and user.is_authenticated and getattr(user, "is_verified", bool)()
    named = [(name, label) for name, label, roles in _CLINIC if user.role in roles] if inside else list(_PUBLIC)
    found = []
    for name, label in named:
        try:
            found.append((label, reverse(name)))
        except NoReverseMatch:
            continue
    return _ways(request, found)


def person_ways(request: HttpRequest, chart: Any) -> list[Way]:
    """The pages of the person whose chart a page is about; none where it is about nobody in particular."""
    user: Any = getattr(request, "user", None)
    match = request.resolver_match
    if match is None or getattr(chart, "pk", None) != match.kwargs.get("chart", "") or not user.is_authenticated:
        return []
    named = ((name, label) for name, label, roles in _PERSON if user.role in roles)
    return _ways(request, [(label, reverse(name, args=[chart.pk])) for name, label in named])


def _ways(request: HttpRequest, found: list[tuple[str, str]]) -> list[Way]:
    below = [address for _, address in found if request.path.startswith(address)]
    nearest = max(below, key=len, default="")
    return [Way(label, address, address == nearest) for label, address in found]
