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
from needling.knowledge.facts import AGE
from needling.knowledge.schema import FactDefinition
from needling.planning.protocol import site_zones
from needling.web.selfcheck.you import NOT_YET

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
        wish, age = self.aim.get("wish"), self.age_y(today)
        return Case.model_validate(
            {
                "person": {
                    "id": "you",
                    "birth_year": self.you.get("birth_year"),
                    "phototype": self.you.get("phototype"),
                    "sex_at_birth": self.you.get("sex_at_birth"),
                    "facts": {name: value for name, value in known.items() if scopes.get(name) != "zone"}
                    | ({} if age is None else {AGE: age}),
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

        An unknown skin type counts as the darkest, who says no sex may be pregnant, and what is over on a day that
        nobody remembers was over today.
        """
        facts = {**self.facts, **{one.name: today.isoformat() for one in self._days_unknown(kb)}}
        you = {**self.you, "phototype": self.you.get("phototype") or "VI"}
        you["sex_at_birth"] = self.you.get("sex_at_birth") or "intersex"
        return replace(self, you=you, facts=facts).case(kb, today)

    def assumed(self, kb: Knowledge) -> tuple[str, ...]:
        """What :meth:`careful` took for granted, in words."""
        found = [_FROM_TODAY.format(one.ask) for one in self._days_unknown(kb)]
        return (*(() if self.you.get("phototype") else (_NO_TYPE,)), *found)

    def _days_unknown(self, kb: Knowledge) -> list[FactDefinition]:
        """Questions for a day, answered with "I don't know", from which rules count a wait and nothing else."""
        counts = [(rule.then.after, rule.then.action) for rule in kb.rules if rule.then.after]
        waits = {name for name, _ in counts} - {name for name, action in counts if action != "defer"}
        return [one for one in kb.facts if one.name in waits and self.facts.get(one.name, one) is None]

    def age_y(self, today: date) -> int | None:
        """The age in years, known only to who has said whether this year's birthday has been."""
        year, birthday = self.you.get("birth_year"), self.you.get("birthday")
        if year is None or not birthday or self.you.get("birthday_of") != today.year:
            return None  # "not yet" of an earlier year says nothing about today
        return today.year - int(year) - (1 if birthday == NOT_YET else 0)


_NO_TYPE = "You did not say how your skin takes the sun, so the most careful limits and waits are used."
_FROM_TODAY = (
    "You did not know the answer to: “{}” So we count from today. If you find the day, the wait may be shorter."
)
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
