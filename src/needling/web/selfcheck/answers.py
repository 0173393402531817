"""Answers that live in the visitor's own browser: a signed cookie in, a case out. The server keeps nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from django.core import signing
from django.http import HttpRequest, HttpResponse

from needling.documents import Case
from needling.knowledge import Knowledge
from needling.planning.protocol import site_zones

_COOKIE = "check"
_SALT = "needling.selfcheck"
_USUAL_AREA = 40.0  # cm2 where the knowledge base gives none; shown, and to be corrected by the visitor
STEPS = ("hygiene", "patch", "photo")
"""What is done before the first session, in this order."""


@dataclass(frozen=True)
class Answers:
    """What a visitor has said so far.

    Args:
        aim: site, concern, wished needle length (mm) and area (cm2). you: birth year, phototype, sex at birth.
        facts: by name; None is "I don't know", which is an answer and never a no. done: of ``STEPS``. patch: the day on
            which the patch test was rolled.
    """

    aim: Mapping[str, Any] = field(default_factory=dict)
    you: Mapping[str, Any] = field(default_factory=dict)
    facts: Mapping[str, Any] = field(default_factory=dict)
    done: tuple[str, ...] = ()
    patch: date | None = None

    @property
    def begun(self) -> bool:
        """Whether the first page was answered; nothing can be said before."""
        return "site" in self.aim and "concern" in self.aim

    def with_facts(self, given: Mapping[str, Any]) -> Answers:
        """Later answers over earlier ones."""
        return replace(self, facts={**self.facts, **given})

    def case(self, kb: Knowledge, today: date) -> Case:
        """The answers as a case, at home. Raises pydantic's ValidationError or BadInput for what cannot be."""
        site = kb.site(self.aim["site"])
        zones = site_zones(site)
        scopes = {name: definition.scope for name, definition in kb.by("facts").items()}
        known = {name: value for name, value in self.facts.items() if value is not None}
        area = float(self.aim.get("area") or site.usual_area_cm2 or _USUAL_AREA)
        wish = self.aim.get("wish")
        return Case.model_validate(
            {
                "person": {
                    "id": "you",
                    "birth_year": self.you.get("birth_year"),
                    "phototype": self.you.get("phototype"),
                    "sex_at_birth": self.you.get("sex_at_birth"),
                    "facts": {name: value for name, value in known.items() if scopes.get(name) != "zone"},
                },
                "assessment": {
                    "person": "you",
                    "on": today.isoformat(),
                    "setting": "home",
                    "zones": [
                        {"zone": zone, "concern": self.aim["concern"], "area_cm2": area / len(zones)} for zone in zones
                    ],
                    "facts": {name: value for name, value in known.items() if scopes.get(name) == "zone"},
                },
                "goals": {} if wish is None else {"device": _roller_of(wish, kb), "needle_length_mm": wish},
            }
        )


def _roller_of(length_mm: float, kb: Knowledge) -> str:
    """The listed roller that a wished length is sold on, one made for home first."""
    sold = [device for device in kb.devices if device.kind == "roller" and length_mm in device.lengths_mm]
    return min(sold, key=lambda device: not device.home).id


def wished_lengths(kb: Knowledge) -> tuple[float, ...]:
    """Needle lengths (mm) that rollers are sold with."""
    return tuple(sorted({length for device in kb.devices if device.kind == "roller" for length in device.lengths_mm}))


def read_answers(request: HttpRequest) -> Answers:
    """What the visitor's browser sent; nothing when it sent nothing, or something that we did not sign."""
    try:
        kept = signing.loads(request.COOKIES.get(_COOKIE, ""), salt=_SALT)
    except signing.BadSignature:
        return Answers()
    patch = date.fromisoformat(kept["patch"]) if kept.get("patch") else None
    return Answers(kept["aim"], kept["you"], kept["facts"], tuple(kept["done"]), patch)


def keep(response: HttpResponse, answers: Answers, *, secure: bool) -> HttpResponse:
    """Hand the answers to the browser until it is closed; no script reads them, no other site sends them."""
    kept = {
        "aim": answers.aim, "you": answers.you, "facts": answers.facts, "done": answers.done,
        "patch": answers.patch.isoformat() if answers.patch else None,
    }  # fmt: skip
    response.set_cookie(
        _COOKIE,
        signing.dumps(kept, salt=_SALT, compress=True),
        httponly=True,
        secure=secure,
        samesite="Lax",
        path="/check/",
    )
    return response


def forget(response: HttpResponse) -> HttpResponse:
    """Delete the answers from the browser."""
    response.delete_cookie(_COOKIE, path="/check/", samesite="Lax")
    return response
