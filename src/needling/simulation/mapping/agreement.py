"""Planned against delivered: density difference and distance to agreement, after radiotherapy's gamma index. SI."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from needling.errors import BadInput
from needling.simulation.engines.lanes import mapping as engine
from needling.simulation.mapping.measures import smooth_density
from needling.simulation.mapping.punctures import Punctures
from needling.simulation.mapping.region import Cells, Floats

_CELLS = 10  # numerical: cells to the allowed distance; finer changes gamma by less than a tenth of it
_FAR = (
    2  # numerical: allowed distances within which agreement is looked for; a gamma above this is a lower bound's mark
)


@dataclass(frozen=True)
class Criteria:
    """When delivered skin agrees with the plan.

    Args:
        difference: allowed, share of the planned mean density. distance: within which the planned density must be
            found, m. threshold: planned density below which skin is not judged, share of the planned mean.
        smoothing: width of the Gauss window of both densities, m. wanted: share of the judged skin that must agree.
    """

    difference: float
    distance: float
    threshold: float
    smoothing: float
    wanted: float


@dataclass(frozen=True)
class Agreement:
    """How a delivery agrees with its plan.

    Args:
        gamma: float64[row, column]; at most 1 agrees; NaN where not judged. Exact up to 2; above, an upper bound.
        planned, delivered: smooth densities, per m2, float64[row, column]. cells: of the three grids.
        planned_mean, delivered_mean: per m2. judged: share of the zone. passed: share of the judged skin with gamma at
            most 1. mean_gamma: over the judged skin. criteria: used.
    """

    gamma: Floats
    planned: Floats
    delivered: Floats
    cells: Cells
    planned_mean: float
    delivered_mean: float
    judged: float
    passed: float
    mean_gamma: float
    criteria: Criteria

    @property
    def agrees(self) -> bool:
        """Whether enough of the judged skin agrees."""
        return self.passed >= self.criteria.wanted


def agreement(planned: Punctures | float, delivered: Punctures, criteria: Criteria) -> Agreement:
    """Compare a delivery with its plan.

    gamma(r) = min over r' of sqrt( ((n_d(r') - n_p(r)) / (dD n_p,mean))^2 + (|r - r'| / dta)^2 )

    Args:
        planned: a channel map of the plan, or one density for the whole zone, per m2. delivered: what was done.
        criteria: see :class:`Criteria`.

    Raises:
        BadInput: the two maps are not of one zone, or nothing was planned.
    """
    region = delivered.region
    cells = region.cells(criteria.distance / _CELLS)
    if isinstance(planned, Punctures):
        same = planned.region.corners.shape == region.corners.shape
        if not same or not np.allclose(planned.region.corners, region.corners, rtol=0, atol=cells.cell):
            raise BadInput("planned and delivered are maps of different zones; give both the same outline")
        wanted = smooth_density(planned, cells, criteria.smoothing)
        mean = planned.density
    else:
        wanted, mean = np.where(cells.inside > 0, planned, 0.0), planned
    if mean <= 0:
        raise BadInput("no channel was planned in this zone, so there is nothing to agree with")
    done = smooth_density(delivered, cells, criteria.smoothing)
    counted = cells.counted
    judged: NDArray[np.bool_] = counted & (wanted >= criteria.threshold * mean)
    unit = criteria.difference * mean
    found = engine.gamma(wanted / unit, done / unit, judged, counted, float(_CELLS), float(_FAR * _CELLS))
    area = cells.area
    asked = area[judged]
    return Agreement(
        gamma=found,
        planned=wanted,
        delivered=done,
        cells=cells,
        planned_mean=mean,
        delivered_mean=delivered.density,
        judged=float(asked.sum() / area.sum()),
        passed=float(asked[found[judged] <= 1].sum() / asked.sum()) if asked.size else 0.0,
        mean_gamma=float((asked * found[judged]).sum() / asked.sum()) if asked.size else 0.0,
        criteria=criteria,
    )
