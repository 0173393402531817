"""The possible people of one person and where they start: everything that no plan changes."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from needling.documents import Assessment, Person, Plan
from needling.knowledge.base import Knowledge
from needling.simulation import engines
from needling.simulation.belief import Belief
from needling.simulation.engines.grid import Accuracy
from needling.simulation.equations import healing
from needling.simulation.models import Models
from needling.simulation.recalibrate import require_person
from needling.simulation.seam import outcomes
from needling.simulation.seam.context import Baseline, Context, Draw, Floats, Zone
from needling.simulation.seam.endpoints import reference_stimulus
from needling.simulation.seam.individuals import Individuals
from needling.simulation.seam.laying import Spatial, spatial_factors
from needling.simulation.seam.person import modified
from needling.simulation.seam.tools import Strokes, reference_tool


class Reference(NamedTuple):
    """The reference session that doses, pain and published means are held against, float64[member] each, SI.

    Args:
        stimulus, depth, density: of the reference course. by_zone: stimulus of each indication's published session.
    """

    stimulus: Floats
    depth: Floats
    density: Floats
    by_zone: tuple[Floats, ...]


@dataclass(frozen=True)
class People:
    """The possible people and where they start.

    Args:
        zones, drawn, baselines: as the seam sees them. factors: of each zone on the stimulus. reference: sessions.
        individuals: what differs from member to member; None where all are one documented person.
        accuracy: of the time grid; None for the very steps that a whole course takes.
    """

    person: Person
    assessment: Assessment
    belief: Belief
    key: int
    models: Models
    engine: engines.Engine
    zones: tuple[Zone, ...]
    drawn: Draw
    factors: list[Floats | None]
    baselines: tuple[Baseline, ...]
    reference: Reference
    individuals: Individuals | None = None
    accuracy: Accuracy | None = None

    @property
    def size(self) -> int:
        """Members."""
        return self.belief.members.size

    @cached_property
    def rates(self) -> Floats:
        """What the engines heal with, float64[row of ``healing.PARAMETERS``, member]."""
        return np.array([self.drawn[name] for name in healing.PARAMETERS])

    @cached_property
    def idle(self) -> Context:
        """The seam's notes for doing nothing; sketches put into them what of a plan matters."""
        nothing = Plan(
            person=self.person.id,
            label="outline",
            envelope=self.assessment.setting,
            sessions=(),
            start=self.assessment.on,
            clearance_sha256=self.belief.knowledge.sha256,
            knowledge_version=self.belief.knowledge.version,
            knowledge_sha256=self.belief.knowledge.sha256,
        )
        return Context(
            plan=nothing,
            person=self.person,
            assessment=self.assessment,
            belief=self.belief,
            key=self.key,
            zones=self.zones,
            drawn=self.drawn,
            baselines=self.baselines,
            devices=(),
            models=self.models,
        )


def assessed_zones(assessment: Assessment, kb: Knowledge) -> tuple[Zone, ...]:
    """Each zone with its site, its indication and its scale. Raises BadInput for what the knowledge does not know."""
    found = []
    for finding in assessment.zones:
        indication = kb.planned_indication(finding.concern, assessment.setting)
        scale = kb.by("scales").get(indication.scale) if indication.scale else None
        found.append(Zone(finding, kb.site(finding.zone), indication, scale))
    return tuple(found)


def people_of(
    person: Person,
    assessment: Assessment,
    belief: Belief,
    *,
    key: int = 0,
    models: Models | None = None,
    spatial: Spatial | None = None,
    engine: str = "lanes",
    individuals: Individuals | None = None,
    accuracy: Accuracy | None = None,
) -> People:
    """Draws, baselines and reference sessions of an ensemble.

    Args:
        person, assessment: who, and what was found. belief: the ensemble. key: of the random numbers.
        models, spatial, engine, individuals: as for :func:`needling.simulation.bind.simulate_many`.
        accuracy: of the time grid of sketches; a course takes its own.

    Raises:
        BadInput: an unknown site, concern or engine; a spatial factor that is lacking or not asked for; a belief that
            has learned about another person.
    """
    require_person(belief, person.id)
    used = models or Models()
    chosen = engines.engine(engine)
    zones = assessed_zones(assessment, belief.knowledge)
    if individuals is not None:
        individuals.require_members(belief.members.size)
    drawn = modified(belief.draw(key), person, assessment, individuals)
    return People(
        person=person,
        assessment=assessment,
        belief=belief,
        key=key,
        models=used,
        engine=chosen,
        zones=zones,
        drawn=drawn,
        factors=spatial_factors(zones, spatial, used, belief.members.size),
        baselines=tuple(outcomes.baseline(zone, assessment, belief, key, individuals) for zone in zones),
        reference=_reference(zones, drawn, used, chosen),
        individuals=individuals,
        accuracy=accuracy,
    )


def _reference(zones: tuple[Zone, ...], drawn: Draw, models: Models, engine: engines.Engine) -> Reference:
    """The sessions that everything is held against, on a zone of their own: the usual cheek."""
    wanted = [outcomes.reference_session(zone.indication, drawn) for zone in zones]
    usual = float(drawn["reference-length"][0]), outcomes.USUAL_ENDPOINT
    strokes = Strokes(zones, drawn)
    row_of = {length: strokes.row(reference_tool(drawn, length, models), len(zones)) for length, _ in (usual, *wanted)}
    strokes.run(engine)
    stimulus = {
        session: reference_stimulus(strokes.result[:, row_of[session[0]]], session[1], drawn)
        for session in {usual, *wanted}
    }
    return Reference(
        stimulus=stimulus[usual],
        depth=strokes.measure("depth", row_of[usual[0]]),
        density=strokes.measure("density", row_of[usual[0]]),
        by_zone=tuple(stimulus[session] for session in wanted),
    )
