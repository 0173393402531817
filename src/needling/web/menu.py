"""What stands in the bar of every page: where somebody in this role can go, and where they are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse

from needling.web.accounts.access import EVERYBODY, READING

_CLINIC = (
    ("charts", "People", EVERYBODY),
    ("due", "Due", EVERYBODY),
    ("lots", "Lots", EVERYBODY),
    ("team", "Team", READING),
    ("trail", "Who did what", READING),
    ("library", "Library", EVERYBODY),
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
    inside = user is not None and user.is_authenticated and user.is_verified()
    named = [(name, label) for name, label, roles in _CLINIC if user.role in roles] if inside else list(_PUBLIC)
    found = []
    for name, label in named:
        try:
            found.append((label, reverse(name)))
        except NoReverseMatch:
            continue
    below = [address for _, address in found if request.path.startswith(address)]
    nearest = max(below, key=len, default="")
    return [Way(label, address, address == nearest) for label, address in found]
