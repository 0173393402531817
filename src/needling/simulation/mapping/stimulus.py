"""The stimulus of each place of a zone, from the channels beside it, and how the skin heals place by place. SI."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil, pi

import numpy as np
from numpy.typing import NDArray

from needling.simulation.engines import MEASURES, Task, lanes
from needling.simulation.engines.lanes import mapping as engine
from needling.simulation.equations import healing
from needling.simulation.mapping.punctures import Punctures
from needling.simulation.mapping.region import Cells, Floats

_HALOS = 10  # numerical: halos after which a channel's signal is below 1e-4 of that of its wall
_SAMPLES = 4  # numerical: points along a cell's side for the mean of the signal over it
_HALVINGS = 100  # numerical: halvings of the bracket of the amplitude
_BINS = 64  # numerical: classes of stimulus that heal as one


@dataclass(frozen=True)
class Stimulus:
    """Stimulus of every place of a zone.

    Args:
        values: s, ratio, float64[row, column]; 0 outside the zone. cells: of the grid.
    """

    values: Floats
    cells: Cells

    @property
    def mean(self) -> float:
        """Over the area of the zone."""
        return float((self.values * self.cells.inside).sum() / self.cells.inside.sum())

    def quantiles(self, shares: Sequence[float]) -> Floats:
        """Stimulus that each share of the area stays below, float64[share]."""
        order = np.argsort(self.values, axis=None, kind="stable")
        area = np.cumsum(self.cells.inside.ravel()[order])
        return np.asarray(self.values.ravel()[order][np.searchsorted(area, np.asarray(shares) * area[-1])])


def amplitude(table: Floats, cell: float, reach: float) -> float:
    """By how much a channel's relative signal is multiplied so that random channels have the mean-field coverage.

    For random channels of a density n the mean of exp(-S) is exp(-n integral (1 - exp(-A g))), so A solves

        integral (1 - exp(-A g)) dA = pi (r_c + lambda)^2

    and then no density changes it: the zone's mean of 1 - exp(-S) is 1 - exp(-n pi (r_c + lambda)^2).

    Args:
        table: g, mean over each cell. cell: m. reach: r_c + lambda, m.
    """
    wanted = pi * reach**2 / cell**2
    low, high = 0.0, 1.0
    while -np.expm1(-high * table).sum() < wanted:
        high *= 2
    for _ in range(_HALVINGS):
        middle = 0.5 * (low + high)
        if -np.expm1(-middle * table).sum() < wanted:
            low = middle
        else:
            high = middle
    return 0.5 * (low + high)


def coverage_map(punctures: Punctures, cells: Cells, halo: float) -> Floats:
    """Share of the full answer that the channels beside each place call up, float64[row, column].

    c(x) = 1 - exp(-S(x)),  S = A sum over channels that reach the dermis of K0(max(r, r_c) / lambda)

    Where passes run over the edge of the zone, the skin beyond it counts as needled like the skin beside it.

    Args:
        cells: of the grid. halo: lambda, m.
    """
    deep = punctures.depth >= punctures.reach.epidermis
    found = engine.count(punctures.x[deep], punctures.y[deep], *cells.place)
    radius = 0.5 * punctures.reach.diameter
    table = engine.signal_table(radius, halo, cells.cell, ceil(_HALOS * halo / cells.cell), _SAMPLES)
    signal = amplitude(table, cells.cell, radius + halo) * convolved(found, table)
    if punctures.pattern.edges == "over":
        room = convolved(cells.inside, table) / table.sum()
        signal = np.divide(signal, room, out=np.zeros(cells.shape), where=cells.inside > 0)
    return np.where(cells.inside > 0, -np.expm1(-np.maximum(signal, 0.0)), 0.0)


def convolved(grid: Floats, table: Floats) -> Floats:
    """A grid with every cell spread by a table, nothing lies beyond its edges: by FFT on a grid with room enough."""
    shape = tuple(_round_size(size + extra - 1) for size, extra in zip(grid.shape, table.shape, strict=True))
    spread = np.fft.irfft2(np.fft.rfft2(grid, shape) * np.fft.rfft2(table, shape), shape)
    half = table.shape[0] // 2
    return np.asarray(spread[half : half + grid.shape[0], half : half + grid.shape[1]])


def _round_size(size: int) -> int:
    """The next size whose only prime factors are 2, 3 and 5: fast for FFT."""
    while True:
        left = size
        for prime in (2, 3, 5):  # numerical: small primes
            while left % prime == 0:
                left //= prime
        if left == 1:
            return size
        size += 1


def stimulus_map(punctures: Punctures, member: Mapping[str, float], cell: float) -> Stimulus:
    """Stimulus of every place: coverage by the channels beside it times the answer of the depth.

    Over random channels its mean is the mean-field stimulus of the same density and depth.

    Args:
        punctures: the channel map, with the depth of its person. member: parameters of the person, SI, by id.
        cell: of the grid, m.
    """
    cells = punctures.region.cells(cell)
    reach = punctures.reach
    response = healing.depth_response(reach.depth, reach.epidermis, member["epidermis-fade"], member["depth-scale"])
    return Stimulus(response * coverage_map(punctures, cells, member["signal-halo"]), cells)


# ---------------------------------------------------------------- healing place by place


@dataclass(frozen=True)
class HealedMap:
    """How every place of a zone heals: classes of places with one stimulus heal as one.

    Args:
        values: float64[measure, time, class], measures as in ``engines.MEASURES``. time: s.
        place: class of each cell, int64[row, column], -1 outside the zone. cells: of the grid.
    """

    values: Floats
    time: Floats
    place: NDArray[np.int64]
    cells: Cells

    def at(self, measure: str, when: float) -> Floats:
        """A measure at the report time closest to a time, s, float64[row, column]; NaN outside the zone."""
        row = self.values[MEASURES.index(measure), int(np.abs(self.time - when).argmin())]
        return np.where(self.place >= 0, row[self.place], np.nan)

    def mean(self, measure: str) -> Floats:
        """A measure over the area of the zone, float64[time]."""
        here = self.place >= 0
        area = np.bincount(self.place[here], weights=self.cells.inside[here], minlength=self.values.shape[2])
        return np.asarray(self.values[MEASURES.index(measure)] @ area / area.sum())


def heal_cells(
    sessions: Sequence[Stimulus],
    session_time: Floats,
    report_time: Floats,
    member: Mapping[str, float],
    *,
    bins: int = _BINS,
) -> HealedMap:
    """Run the healing model on every place of a zone.

    Places are put into classes of equal size by their stimulus in each session; places alike in all sessions heal as
    one, with their mean. Many sessions make many classes: a coarser grid is then the cheaper choice.

    Args:
        sessions: stimulus map of each session, all on the same cells. session_time: s, rising. report_time: s, rising,
            from 0. member: parameters of the person, SI, by id. bins: classes in each session.
    """
    cells = sessions[0].cells
    here = cells.inside > 0
    stimulus = np.array([one.values[here] for one in sessions])
    code = np.zeros(stimulus.shape[1], dtype=np.int64)
    for values in stimulus:
        cuts = np.unique(np.quantile(values, np.linspace(0, 1, bins + 1)[1:-1]))
        code = np.unique(code * (bins + 1) + np.searchsorted(cuts, values, side="right"), return_inverse=True)[1]
    size = int(code.max()) + 1
    alike = np.bincount(code, minlength=size)
    means = np.array([np.bincount(code, weights=values, minlength=size) / alike for values in stimulus])
    parameters = np.repeat(np.array([[member[name]] for name in healing.PARAMETERS]), size, axis=1)
    closed = np.zeros_like(means)
    task = Task(session_time, report_time, means, closed, np.ones((3, size)))
    values = lanes.heal([task], parameters)[0][0]
    place = np.full(cells.shape, -1, dtype=np.int64)
    place[here] = code
    return HealedMap(values, report_time, place, cells)
