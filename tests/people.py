"""People for the tests: a healthy adult who answered every question quietly, and changes to her."""

from __future__ import annotations

from datetime import date
from typing import Any

from needling.documents import Assessment, Person
from needling.knowledge import Knowledge

ON = date(2026, 1, 15)


def healthy(
    kb: Knowledge,
    setting: str = "clinic",
    *,
    zones: tuple[tuple[str, str, float], ...] = (("cheek-left", "acne-scars-rolling", 40.0),),
    phototype: str | None = "II",
    sex: str | None = "female",
    age_y: float | None = 30.0,
    scores: tuple[dict[str, Any], ...] = (),
    on: date = ON,
    zone_facts: dict[str, Any] | None = None,
    **facts: Any,
) -> tuple[Person, Assessment]:
    """Everything asked, everything quiet, except what is given. ``zones`` are (zone, concern, area_cm2)."""
    answers: dict[str, Any] = {fact.name: fact.quiet for fact in kb.facts}
    answers.update(facts)
    if age_y is not None:
        answers["age_y"] = age_y
    person = Person.model_validate(
        {
            "id": "p-1",
            "phototype": phototype,
            "sex_at_birth": sex,
            "facts": {name: value for name, value in answers.items() if value is not None},
        }
    )
    assessment = Assessment.model_validate(
        {
            "person": "p-1",
            "on": on,
            "setting": setting,
            "zones": [
                {"zone": zone, "concern": concern, "area_cm2": area, "facts": zone_facts or {}}
                for zone, concern, area in zones
            ],
            "scores": list(scores),
        }
    )
    return person, assessment
