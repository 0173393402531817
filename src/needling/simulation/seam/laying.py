"""What the sessions of a plan do to each zone before anything heals: strokes laid, endpoints kept."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from needling.documents import Plan, Session
from needling.errors import BadInput, OutOfRange, did_you_mean
from needling.knowledge.base import Knowledge
from needling.simulation.engines import STROKE_MEASURES
from needling.simulation.models import Models
from needling.simulation.seam.context import Draw, Zone
from needling.simulation.seam.endpoints import ENDPOINTS, visit_zone
from needling.simulation.seam.individuals import Individuals
from needling.simulation.seam.tools import Strokes, passes_of, strokes_on, tool_of
from needling.units import to_si

Floats = NDArray[np.float64]
Spatial = Mapping[str, float | Floats]
"""A factor on the stimulus of each zone, by its name: one number, or float64[member]."""

STIMULUS = STROKE_MEASURES.index("stimulus")


def visits_of(plan: Plan) -> dict[float, list[Session]]:
    """Sessions by day in seconds; two on one day are one visit."""
    visits: dict[float, list[Session]] = {}
    for session in sorted(plan.sessions, key=lambda session: session.day_d):
        visits.setdefault(to_si(session.day_d, "d"), []).append(session)
    return visits


class Laid(NamedTuple):
    """What the sessions of a plan do before anything heals.

    Args:
        session_time: s. measures: float64[row of STROKE_MEASURES, session, zone, member]. passes: done,
            float64[session, zone, member]. planned: float64[session, zone]. densest: channels per m2 as planned.
    """

    session_time: Floats
    measures: Floats
    passes: Floats
    planned: Floats
    densest: float

    @property
    def done_share(self) -> Floats:
        """Passes done of those planned, float64[session, zone, member]."""
        return self.passes / np.maximum(self.planned, 1.0)[:, :, None]


def spatial_factors(
    zones: tuple[Zone, ...], spatial: Spatial | None, models: Models, members: int
) -> list[Floats | None]:
    """The caller's factor on the stimulus of each zone, None for each in the mean field; see ``simulate_many``."""
    names = [zone.finding.zone for zone in zones]
    if models.stimulus == "mean-field":
        if spatial is not None:
            raise BadInput(
                "a spatial factor was given, but the model of the stimulus is 'mean-field'; ask for 'spatial'"
            )
        return [None] * len(zones)
    given = spatial or {}
    if lacking := sorted(set(names) - set(given)):
        raise BadInput(f"the spatial model needs a factor on the stimulus of each zone; lacking: {', '.join(lacking)}")
    factors: list[Floats | None] = []
    for name in names:
        factor = np.asarray(given[name], dtype=np.float64)
        if factor.shape not in ((), (members,)):
            raise BadInput(f"the factor of '{name}' has shape {factor.shape}; give one number or one for each member")
        if not np.all(np.isfinite(factor) & (factor >= 0)):
            raise OutOfRange(f"the factor of '{name}' must be finite and not below 0, got {np.min(factor):g}")
        factors.append(factor)
    return factors


Rows = list[list[list[tuple[int, int]]]]  # visit, zone, stroke: row of the stroke model, planned passes


def rows_of(
    visits: dict[float, list[Session]], zones: tuple[Zone, ...], strokes: Strokes, kb: Knowledge, models: Models
) -> Rows:
    """Rows of the stroke model that each visit needs in each zone."""
    names = [zone.finding.zone for zone in zones]
    found: Rows = []
    for sessions in visits.values():
        for stroke in (stroke for session in sessions for stroke in session.strokes):
            if stroke.zone not in names:
                raise BadInput(
                    f"a stroke on '{stroke.zone}', which was not assessed{did_you_mean(stroke.zone, names)}; "
                    f"assessed: {', '.join(names)}"
                )
        found.append(
            [
                [
                    (
                        strokes.row(tool_of(kb.device(session.device), stroke, session.condition, models), place),
                        passes_of(stroke),
                    )
                    for session, stroke in strokes_on(sessions, name)
                ]
                for place, name in enumerate(names)
            ]
        )
    return found


def lay(
    visits: dict[float, list[Session]],
    rows: Rows,
    strokes: Strokes,
    factors: list[Floats | None],
    drawn: Draw,
    models: Models,
    individuals: Individuals | None = None,
) -> Laid:
    """Every visit on every zone, each stopped at the endpoint of its sessions; visits alike are worked out once.

    Who does not come to a visit has nothing done there.
    """
    attendance = individuals.attendance if individuals else None
    by_force = individuals is not None and individuals.force_ratio is not None
    members = next(iter(drawn.values())).size
    shape = (len(visits), len(factors), members)
    measures = np.zeros((len(STROKE_MEASURES), *shape))
    passes, planned = np.zeros(shape), np.zeros(shape[:2])
    done = {}
    densest = 0.0
    density = STROKE_MEASURES.index("density")
    for visit, sessions in enumerate(visits.values()):
        endpoint = max((session.endpoint for session in sessions), key=ENDPOINTS.index)
        for zone, factor in enumerate(factors):
            own = rows[visit][zone]
            if not own:
                continue
            kind = (tuple(own), endpoint, zone, visit if by_force else None)
            if kind not in done:
                parts = [(strokes.at(visit)[:, row], planned_passes) for row, planned_passes in own]
                densest = max(densest, float(sum(part[density] for part, _ in parts).max()))
                made = visit_zone(parts, endpoint, drawn, to_endpoint=models.session == "to-endpoint")
                if factor is not None:
                    made.measures[STIMULUS] = np.minimum(made.measures[STIMULUS] * factor, 1.0)
                done[kind] = made
            measures[:, visit, zone], passes[visit, zone], planned[visit, zone] = done[kind]
    if attendance is not None:
        measures *= attendance[:, None]
        passes *= attendance[:, None]
    return Laid(np.array(list(visits), dtype=np.float64), measures, passes, planned, densest)
