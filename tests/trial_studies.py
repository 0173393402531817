"""Small studies for the tests of trials."""

from __future__ import annotations

from typing import Any

from needling.documents.study import Study

LONG = "1.5 mm roller, 4 directions x 4 passes, cheeks, every 6 weeks x 3"
SHORT = "0.5 mm roller, 4 directions x 4 passes, cheeks, every 6 weeks x 3"


def small_study(people: int = 96, **changes: Any) -> Study:
    """Acne scars on both cheeks; every part can be changed by its name, the population's with a mapping."""
    population = {
        "people_count": people,
        "setting": "clinic",
        "age": {"mean_y": 35, "sd_y": 10, "from_y": 18, "to_y": 70},
        "phototypes": {"I": 0.2, "II": 0.3, "III": 0.2, "IV": 0.2, "V": 0.05, "VI": 0.05},
        "facts": [{"name": "smoker", "share": 0.3}, {"name": "pregnant", "share": 0.1}],
        "zones": [
            {"zone": f"cheek-{side}", "concern": "acne-scars-rolling", "area_cm2": area}
            for side, area in (("left", 30), ("right", 60))
        ],
        **changes.pop("population", {}),
    }
    given: dict[str, Any] = {
        "id": "small",
        "title": "small",
        "question": "which is better?",
        "on": "2026-11-21",
        "population": population,
        "arms": {"short": SHORT, "long": LONG},
        "analysis": {"margin": 0.2},
        "worlds": {"others_count": 2, "people_share": 0.25},
        "block_people_count": 64,
        "key": 5,
        **changes,
    }
    return Study.model_validate(given)
