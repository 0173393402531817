"""A small hand-made world for the tests of the simulation: few devices and concerns, the shipped parameters."""

from __future__ import annotations

from datetime import date
from functools import lru_cache
from typing import Any

from pydantic import TypeAdapter

from needling.documents import Assessment, Person, Plan
from needling.knowledge.base import Knowledge
from needling.knowledge.load import BASE, section_files
from needling.knowledge.schema import AdverseEvent, Device, Indication, Parameter, Scale, Site, Wait
from needling.reading import parse_yaml

ON = date(2026, 1, 15)
DEVICES = (
    {
        "id": "roller-mf8",
        "name": "MF8",
        "kind": "roller",
        "lengths_mm": [1.5],
        "needles_count": 192,
        "rings_count": 8,
        "needles_per_ring_count": 24,
        "drum_diameter_mm": 20,
        "drum_width_mm": 20,
        "base_diameter_um": 250,
        "tip_diameter_um": 8,
    },
    {
        "id": "roller-clinic",
        "name": "clinic roller",
        "kind": "roller",
        "lengths_mm": [0.2, 0.3, 0.5, 1.0, 1.5, 2.0],
        "needles_count": 192,
        "rings_count": 8,
        "needles_per_ring_count": 24,
        "drum_diameter_mm": 20,
        "drum_width_mm": 20,
        "base_diameter_um": 140,
        "tip_diameter_um": 8,
    },
    {
        "id": "roller-home",
        "name": "home roller",
        "kind": "roller",
        "lengths_mm": [0.2, 0.3],
        "needles_count": 192,
        "rings_count": 8,
        "needles_per_ring_count": 24,
        "drum_diameter_mm": 20,
        "drum_width_mm": 20,
        "base_diameter_um": 70,
        "tip_diameter_um": 8,
        "home": True,
    },
    {
        "id": "stamp",
        "name": "stamp",
        "kind": "stamp",
        "lengths_mm": [1.5],
        "needles_count": 20,
        "head_area_cm2": 0.5,
        "base_diameter_um": 200,
        "tip_diameter_um": 8,
    },
    {
        "id": "pen",
        "name": "pen",
        "kind": "pen",
        "lengths_mm": [1.0],
        "needles_count": 12,
        "head_width_mm": 7,
        "rate_hz": 110,
        "speed_mm_per_s": 40,
        "base_diameter_um": 250,
        "tip_diameter_um": 8,
    },
    {
        "id": "heat",
        "name": "heated",
        "kind": "rf",
        "lengths_mm": [1.0],
        "needles_count": 25,
        "base_diameter_um": 300,
        "tip_diameter_um": 30,
    },
)
SITES = (
    {
        "id": "cheek",
        "name": "cheek",
        "plural": "cheeks",
        "two_sided": True,
        "epidermis_um": 80,
        "home_max_mm": 0.3,
        "clinic_max_mm": 2.5,
    },
    {
        "id": "forehead",
        "name": "forehead",
        "plural": "forehead",
        "bony": True,
        "home_max_mm": 0.3,
        "clinic_max_mm": 1.5,
    },
    {"id": "abdomen", "name": "abdomen", "plural": "abdomen", "home_max_mm": 0.3, "clinic_max_mm": 2.5},
    {"id": "scalp", "name": "scalp", "plural": "scalp", "epidermis_um": 65, "home_max_mm": 0.3, "clinic_max_mm": 1.5},
)
SCALES = (
    {
        "id": "grade",
        "name": "grade of scars",
        "low": 1,
        "high": 4,
        "lower_is_better": True,
        "unit": "grade",
        "noise": 0.4,
        "licence": "free",
    },
    {
        "id": "hairs",
        "name": "hairs in a square centimetre",
        "low": 0,
        "high": 500,
        "lower_is_better": False,
        "unit": "per cm2",
        "noise": 8,
        "licence": "free",
    },
)
INDICATIONS = (
    {
        "id": "scars",
        "name": "acne scars",
        "plain": "marks",
        "evidence_grade": "B",
        "certainty": "low",
        "scale": "grade",
        "meaningful_change": 1.0,
        "meaningful_label": "one grade better",
        "baseline": 3.3,
        "baseline_sd": 0.5,
        "judge_after_last_d": 90,
        "outcome": {"model": "collagen", "certainty": "low"},
    },
    {
        "id": "hair",
        "name": "hair thinning",
        "plain": "thin hair",
        "evidence_grade": "B",
        "certainty": "low",
        "scale": "hairs",
        "lower_is_better": False,
        "meaningful_change": 20.0,
        "meaningful_label": "20 hairs more",
        "baseline": 120,
        "baseline_sd": 25,
        "judge_after_last_d": 30,
        "outcome": {
            "model": "published",
            "change": 60,
            "change_sd": 30,
            "reference_sessions_count": 12,
            "onset_d": 28,
            "certainty": "low",
        },
        "protocols": [
            {
                "sites": ["scalp"],
                "devices": ["roller-mf8"],
                "lengths_mm": [0.6, 1.5],
                "directions_count": 4,
                "passes_count": [4],
                "sessions_count": [12],
                "intervals_d": [7],
                "endpoint": "erythema",
            }
        ],
    },
    {
        "id": "dimples",
        "name": "cellulite",
        "plain": "dimples",
        "evidence_grade": "none",
        "certainty": "none",
        "outcome": {"model": "none", "certainty": "none"},
    },
)
EVENTS = (
    {
        "id": "pih-iv-v",
        "ref": "AE2",
        "name": "PIH",
        "plain": "dark marks",
        "events_count": 5,
        "of_count": 36,
        "phototypes": ["IV", "V"],
    },
    {
        "id": "pih-iii-v",
        "ref": "AE2",
        "name": "PIH",
        "plain": "dark marks",
        "events_count": 0,
        "of_count": 39,
        "phototypes": ["III", "IV", "V"],
    },
    {"id": "pih-others", "ref": "AE2", "name": "PIH", "plain": "dark marks", "phototypes": ["I", "II", "VI"]},
    {
        "id": "tram-track",
        "ref": "AE4",
        "name": "track marks",
        "plain": "lines of dots",
        "events_count": 2,
        "of_count": 36,
        "kinds": ["roller"],
        "min_needle_mm": 0.5,
    },
    {"id": "infection", "ref": "AE6", "name": "infection", "plain": "infection"},
)
WAITS = (
    {"id": "make-up", "name": "make-up", "opening": "water", "published_h": 24, "published_long_h": 48, "because": "b"},
    {
        "id": "actives",
        "name": "actives",
        "opening": "barrier",
        "published_h": 48,
        "published_long_h": 72,
        "because": "b",
    },
    {"id": "pool", "name": "pool", "opening": "structure", "published_h": 48, "published_long_h": 72, "because": "b"},
    {"id": "sun", "name": "sun", "opening": "redness", "published_h": 48, "published_long_h": 72, "because": "b"},
)


@lru_cache(maxsize=1)
def world() -> Knowledge:
    """The shipped parameters with a handful of made-up entries around them."""
    adapter = TypeAdapter(Parameter)
    parameters = [
        adapter.validate_python(entry)
        for path in section_files(BASE, "parameters")
        for entry in parse_yaml(path.read_text(encoding="utf-8"), path.name).data
    ]
    return Knowledge(
        version="test",
        sha256="0" * 64,
        parameters=tuple(parameters),
        devices=tuple(Device.model_validate(one) for one in DEVICES),
        sites=tuple(Site.model_validate(one) for one in SITES),
        scales=tuple(Scale.model_validate(one) for one in SCALES),
        indications=tuple(Indication.model_validate(one) for one in INDICATIONS),
        adverse_events=tuple(AdverseEvent.model_validate(one) for one in EVENTS),
        waits=tuple(Wait.model_validate(one) for one in WAITS),
    )


def somebody(
    *zones: tuple[str, str], phototype: str | None = "IV", scores: tuple[dict[str, Any], ...] = (), **person: Any
) -> tuple[Person, Assessment]:
    """A person with the zones given as (zone, concern)."""
    found = [
        {"zone": zone, "concern": concern, "area_cm2": 40.0} for zone, concern in zones or (("cheek-left", "scars"),)
    ]
    return (
        Person.model_validate({"id": "p-1", "phototype": phototype, "birth_year": 1996, **person}),
        Assessment.model_validate(
            {"person": "p-1", "on": ON, "setting": "clinic", "zones": found, "scores": list(scores)}
        ),
    )


def course_plan(
    *,
    zones: tuple[str, ...] = ("cheek-left",),
    device: str = "roller-mf8",
    length_mm: float = 1.5,
    sessions: int = 5,
    interval_d: float = 30.0,
    directions: int = 4,
    passes: int = 4,
    force_N: float = 4.0,
) -> Plan:
    """Equal sessions at equal intervals on some zones; 0 sessions is "no treatment"."""
    strokes = [
        {
            "zone": zone,
            "needle_length_mm": length_mm,
            "directions_count": directions,
            "passes_count": passes,
            "force_N": force_N,
        }
        for zone in zones
    ]
    return Plan.model_validate(
        {
            "person": "p-1",
            "label": "test",
            "envelope": "clinic",
            "start": ON,
            "clearance_sha256": "0" * 64,
            "knowledge_version": "test",
            "knowledge_sha256": "0" * 64,
            "sessions": [
                {"day_d": index * interval_d, "device": device, "strokes": strokes, "endpoint": "pinpoint"}
                for index in range(sessions)
            ],
        }
    )
