"""Answers that live in the visitor's own browser: a signed cookie in, a case out. The server keeps nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any

from django.core import signing
from django.http import HttpRequest, HttpResponse

from needling.documents import Case
from needling.knowledge import Knowledge
from needling.planning.protocol import site_zones

_COOKIE = "check"
_SALT = "needling.selfcheck"
_HOLDS = timedelta(hours=12)  # a browser that opens its old pages again does not open old answers
_USUAL_AREA = 40.0  # cm2 where the knowledge base gives none; shown, and to be corrected by the visitor
STEPS = ("roller", "hygiene", "patch", "photo")
"""What is done before the first session, in this order."""


@dataclass(frozen=True)
class Answers:
    """What a visitor has said so far.

    Args:
        aim: site, concern, wished needle length (mm) and area (cm2). you: birth year, phototype, sex at birth.
        facts: by name; None is "I don't know", which is an answer and never a no. done: of ``STEPS``. patch: the day on
            which the patch test was rolled. before: answers of an earlier day, shown again and not yet confirmed.
        saved: the day on which these answers were first saved as a file; None where they never were.
        everything: whether all that a clinic wants to know is asked, also what cannot change the answer.
    """

    aim: Mapping[str, Any] = field(default_factory=dict)
    you: Mapping[str, Any] = field(default_factory=dict)
    facts: Mapping[str, Any] = field(default_factory=dict)
    done: tuple[str, ...] = ()
    patch: date | None = None
    before: Mapping[str, Any] = field(default_factory=dict)
    everything: bool = False
    saved: date | None = None

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
        known = self.facts
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
                "goals": {} if wish is None else {"needle_length_mm": wish},
            }
        )

    def careful(self, kb: Knowledge, today: date) -> Case:
        """As :meth:`case`, with the most careful reading of what may be read so without calling an unknown a no.

        An unknown skin type counts as the darkest, who says no sex may be pregnant, and strong sun or a product whose
        last day is unknown was today.
        """
        facts = dict(self.facts)
        facts |= {name: today.isoformat() for name in _AT_THE_LATEST if name in facts and facts[name] is None}
        you = {**self.you, "phototype": self.you.get("phototype") or "VI"}
        you["sex_at_birth"] = self.you.get("sex_at_birth") or "intersex"
        return replace(self, you=you, facts=facts).case(kb, today)

    def assumed(self) -> tuple[str, ...]:
        """What :meth:`careful` took for granted, in words."""
        found = [_AT_THE_LATEST[name] for name in _AT_THE_LATEST if name in self.facts and self.facts[name] is None]
        return (*(() if self.you.get("phototype") else (_NO_TYPE,)), *found)


_NO_TYPE = "You did not say how your skin takes the sun, so the most careful limits and waits are used."
_AT_THE_LATEST = {
    "last_strong_sun": "You do not know when the last strong sun was, so we count from today.",
    "topical_actives_stopped": "You do not know when you last used strong products, so we count from today.",
}
"""What is over, at the latest today; only the day is unknown."""


def wished_lengths(kb: Knowledge) -> tuple[float, ...]:
    """Needle lengths (mm) that rollers are sold with."""
    return tuple(sorted({length for device in kb.devices if device.kind == "roller" for length in device.lengths_mm}))


def read_answers(request: HttpRequest) -> Answers:
    """What the visitor's browser sent; nothing when it sent nothing, or something that we did not sign."""
    try:
        kept = signing.loads(request.COOKIES.get(_COOKIE, ""), salt=_SALT, max_age=_HOLDS)
    except signing.BadSignature:
        return Answers()
    return unpacked(kept)


def packed(answers: Answers) -> dict[str, Any]:
    """Answers as plain values, for the browser or a file of the visitor."""
    return {
        "aim": answers.aim, "you": answers.you, "facts": answers.facts, "done": answers.done,
        "patch": answers.patch.isoformat() if answers.patch else None,
        "before": answers.before, "everything": answers.everything,
        "saved": answers.saved.isoformat() if answers.saved else None,
    }  # fmt: skip


def unpacked(kept: Mapping[str, Any]) -> Answers:
    """Answers from plain values that we signed."""
    patch = date.fromisoformat(kept["patch"]) if kept.get("patch") else None
    return Answers(
        kept["aim"], kept["you"], kept["facts"], tuple(kept["done"]), patch,
        kept.get("before", {}), bool(kept.get("everything")),
        date.fromisoformat(kept["saved"]) if kept.get("saved") else None,
    )  # fmt: skip


def keep(response: HttpResponse, answers: Answers, *, secure: bool) -> HttpResponse:
    """Hand the answers to the browser until it is closed; no script reads them, no other site sends them."""
    response.set_cookie(
        _COOKIE,
        signing.dumps(packed(answers), salt=_SALT, compress=True),
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
