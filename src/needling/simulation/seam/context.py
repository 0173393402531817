"""What a course was made from: the seam's own notes, kept with the course and opaque to everybody else."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from needling.documents import Assessment, Person, Plan, ZoneFinding
from needling.knowledge import facts
from needling.knowledge.conditions import Interval
from needling.knowledge.schema import Device, Indication, Scale, Site
from needling.simulation.belief import Belief
from needling.simulation.models import Models
from needling.simulation.seam.individuals import Individuals

Floats = NDArray[np.float64]
Draw = dict[str, Floats]


@dataclass(frozen=True)
class Baseline:
    """Where a zone starts on its indication's scale.

    Args:
        values: the true start of each member, float64[member]; NaN where neither a reading nor a usual value is known.
        central: the reading, or the usual value. assumed: whether it was not measured.
    """

    values: Floats
    central: float
    assumed: bool


@dataclass(frozen=True)
class Zone:
    """One zone as the seam sees it: what was found, where it is, what it is treated for."""

    finding: ZoneFinding
    site: Site
    indication: Indication
    scale: Scale | None


@dataclass(frozen=True)
class Context:
    """What a course was made from: the seam's own notes, opaque to the others."""

    plan: Plan
    person: Person
    assessment: Assessment
    belief: Belief
    key: int
    zones: tuple[Zone, ...]
    drawn: Draw
    baselines: tuple[Baseline, ...]
    devices: tuple[Device, ...]
    models: Models
    individuals: Individuals | None = None

    @cached_property
    def longest_mm(self) -> dict[str, float]:
        """Longest needle of the plan, by kind of device."""
        found: dict[str, float] = {}
        for session, device in zip(self.plan.sessions, self.devices, strict=True):
            for stroke in session.strokes:
                found[device.kind] = max(found.get(device.kind, 0.0), stroke.needle_length_mm)
        return found


def age_y(person: Person, assessment: Assessment) -> float | None:
    """Age at the assessment in years, as answered or the older of the two that a birth year allows; None: not known."""
    years = facts.age_y(person, assessment, facts.answered(person, assessment))
    if isinstance(years, Interval):
        return float(years.high)
    return float(years) if isinstance(years, (int, float)) else None


def fact(name: str, person: Person, assessment: Assessment) -> object:
    """A person-wide answer, the assessment's before the person's; None when not known."""
    return facts.answered(person, assessment).get(name)
