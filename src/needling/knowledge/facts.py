"""Facts by name: what is declared, what is built in, what was answered, what follows from a date."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from needling.documents import Assessment, Person, ZoneFinding
from needling.knowledge.conditions import Interval
from needling.knowledge.schema import FactDefinition
from needling.units import UNITS

# Known without asking: from the person, the assessment and the zone.
BUILT_IN = ("setting", "age_y", "phototype", "sex_at_birth", "site", "concern", "area_cm2", "zone")
SINCE = ("d", "wk", "mo", "y")
AGE = "age_y"


def answered(person: Person, assessment: Assessment, zone: ZoneFinding | None = None) -> dict[str, Any]:
    """Every answer that is known, by fact name: the zone's before the assessment's, those before the person's."""
    groups = (person.facts, assessment.facts, zone.facts if zone else ())
    return {fact.name: fact.value for facts in groups for fact in facts if fact.value is not None}


def age_y(person: Person, assessment: Assessment, given: Mapping[str, Any]) -> Any:
    """A stated age, or the two ages that a birth year allows before and after the birthday; None when not known."""
    if given.get(AGE) is not None:
        return given[AGE]
    if person.birth_year is None:
        return None
    years = assessment.on.year - person.birth_year
    return Interval(years - 1, years)


def resolve_name(name: str, facts: Mapping[str, FactDefinition]) -> tuple[FactDefinition, str | None] | None:
    """The definition a fact name stands for, and the unit when it is a time since a date fact."""
    if name in facts:
        return facts[name], None
    base, _, suffix = name.rpartition("_")
    if suffix in SINCE and base in facts and facts[base].kind == "date":
        return facts[base], suffix
    return None


def time_since(given: str, on: date, suffix: str) -> float:
    """Time from an ISO date to the assessment, in days, weeks, months or years."""
    days = (on - date.fromisoformat(given)).days
    return days * UNITS["d"].si_factor / UNITS[suffix].si_factor


def value_problem(definition: FactDefinition, suffix: str | None, value: Any) -> str | None:
    """What is wrong with an answer, in one line; None when it fits its definition (or is unknown)."""
    if value is None:
        return None
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if suffix is not None:
        if not number or not -120 <= value <= 12000:
            return f"expected a number of {UNITS[suffix].label} since '{definition.name}', got {value!r}"
        return None
    if definition.kind == "yes-no":
        return None if isinstance(value, bool) else f"expected true, false or null (not known), got {value!r}"
    if definition.kind == "number":
        low = definition.low if definition.low is not None else float("-inf")
        high = definition.high if definition.high is not None else float("inf")
        if not number or not low <= value <= high:
            return f"expected a number from {low:g} to {high:g}, got {value!r}"
        return None
    if definition.kind == "date":
        try:
            date.fromisoformat(str(value))
        except ValueError:
            return f"expected a date as 2026-08-21, got {value!r}"
        return None
    given = value if isinstance(value, (tuple, list)) else (value,)
    wrong = [choice for choice in given if choice not in definition.choices]
    if wrong:
        return f"expected one of {', '.join(definition.choices)}, got {wrong[0]!r}"
    return None
