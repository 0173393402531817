"""Where a transport run has its cells and its steps: both are each lane's own, their number is not.

Every lane has the same number of cells in a layer but its own depths, and its own times between the reports. So
nothing in a lane depends on who runs beside it. Lanes that need the same number of steps run together.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import log, sqrt

import numpy as np
from numpy.typing import NDArray

from needling.simulation.engines import Floats, Serum

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Accuracy:
    """Numerical tolerances of a transport run.

    Args:
        cells: in each layer. first: first step, in time constants of what competes for the film. growth: step per
            time since the application or the wash, ratio.
        graded: whether cells are thin where they need to be; all alike in a layer otherwise.
        extrapolated: whether a second run, half as fine in space and time, takes the errors of second order out;
            cells must be even then.
    """

    cells: tuple[int, int, int]
    first: float
    growth: float
    graded: bool = True
    extrapolated: bool = True


# numerical: tolerances, measured against the oracle (tests/reference, benchmarks/transport.py)
FINE = Accuracy(cells=(40, 12, 32), first=0.01, growth=0.08)
FAST = Accuracy(cells=(20, 4, 12), first=0.02, growth=0.18)

# numerical: what counts as the front, in sqrt(D t); most and least that the last cell is thicker than the first
_FRONT = 0.15
_THINNEST = 1000.0
_EVEN = 1e-5
# numerical: first step after the wash, share of the wash time; first step, share of the first report time, at least
_AFTER_WASH = 0.01
_AT_LEAST = 1e-7
# numerical: a first step is rounded down to a power of 2, and the steps between two reports up to one of these
_COUNTS = np.array(
    [1, 2, 3, 4, 5, 6, 8, 10, 12, 16, 20, 24, 32, 40, 48, 64, 80, 96, 128, 160, 192, 256, 384, 512, 1024]
)


def stretch(diffusivity: float, loss: float, ahead: float, thickness: float, end: float) -> float:
    """Natural logarithm of how much thicker the last cell of a layer is than its first.

    Near 0 where the substance gets all through the layer; large where its front stays near the top.

    Args:
        diffusivity: m2/s. loss: of the substance, per s. ahead: depth that channels reach in the layer, m.
        thickness: of the layer, m. end: of the run, s.
    """
    front = ahead + _FRONT * sqrt(diffusivity / (loss + 1 / end))
    return log(1 + max(min(thickness / front, _THINNEST) - 1, _EVEN))


def coarser(accuracy: Accuracy) -> Accuracy:
    """Half as many cells, steps twice as long."""
    one, two, three = accuracy.cells
    return replace(
        accuracy, cells=(one // 2, two // 2, three // 2), first=2 * accuracy.first, growth=2 * accuracy.growth
    )


@dataclass(frozen=True)
class Schedule:
    """The steps of the lanes that run together, between stops: the report times and, for each lane, its wash.

    Args:
        lanes: their numbers. steps: between each stop and the next; none where two stops are one.
        wash: which stop is the wash; the last, after the end, where there is none.
    """

    lanes: Ints
    steps: Ints
    wash: int


def _second_rate(serum: Serum) -> Floats:
    """The rate that the first step must see: second largest of what empties or changes the film, per s.

    When one alone is far faster than the others it has taken all before they count, and only the others matter.
    """
    flow = serum.diffusivity * serum.partition
    around = 2 * np.pi * serum.channels * serum.channel_depth * serum.opening
    rates = np.array(
        [
            flow[0] * serum.partition[0] / serum.residue**2,
            around * np.maximum(flow[1], flow[2]) / serum.residue,
            serum.volatility,
            serum.drying,
        ]
    )
    return np.asarray(np.sort(rates, axis=0)[-2])


def first_steps(serum: Serum, accuracy: Accuracy) -> Floats:
    """First step of each lane, s, float64[lane]: the first report time over a power of 2."""
    start = serum.report_time[1]
    wanted = accuracy.first / np.maximum(_second_rate(serum) * start, 1.0)
    return np.asarray(start * 2.0 ** np.floor(np.log2(np.maximum(wanted, _AT_LEAST))))


def wash_step(wash_time: Floats, end: float) -> Floats:
    """First step after the wash, s."""
    return _AFTER_WASH * np.where(wash_time > 0, np.minimum(wash_time, end), end)


def schedules(serum: Serum, first: Floats, accuracy: Accuracy) -> list[Schedule]:
    """The lanes in groups of equal numbers of steps; what a lane gets depends on the lane alone.

    Args:
        serum: of the run. first: first step of each lane, s. accuracy: of the time grid.
    """
    report, end = serum.report_time, serum.report_time[-1]
    washes, which_wash = np.unique(np.where(serum.wash_time <= end, serum.wash_time, np.inf), return_inverse=True)
    firsts, which_first = np.unique(first, return_inverse=True)
    pairs, pair_of_lane = np.unique(which_wash * firsts.size + which_first, return_inverse=True)
    wash = washes[pairs // firsts.size]
    begin = firsts[pairs % firsts.size]
    place = np.searchsorted(report, wash)
    stops = np.sort(np.column_stack([np.tile(report, (pairs.size, 1)), np.minimum(wash, end)]), axis=1)
    gap = np.diff(stops, axis=1)
    after = np.arange(report.size) >= place[:, None]
    age = np.where(after, stops[:, :-1] - wash[:, None], stops[:, :-1])
    step = np.where(after, wash_step(wash, end)[:, None], begin[:, None]) + accuracy.growth * np.where(
        gap > 0, age, 0.0
    )
    # numerical: no step for the sake of rounding; the smallest step after a wash at once is never used
    wanted = np.log1p(accuracy.growth * gap / np.maximum(step, 1e-300)) / np.log1p(accuracy.growth) * (1 - 1e-9)
    steps = np.where(gap > 0, _COUNTS[np.searchsorted(_COUNTS[:-1], np.ceil(wanted))], 0)
    groups, group_of_pair = np.unique(np.column_stack([steps, place]), axis=0, return_inverse=True)
    group_of_lane = group_of_pair.reshape(-1)[pair_of_lane]
    order = np.argsort(group_of_lane, kind="stable")
    split = np.split(order, np.searchsorted(group_of_lane[order], np.arange(1, groups.shape[0])))
    return [
        Schedule(lanes, np.ascontiguousarray(row[:-1]), int(row[-1])) for lanes, row in zip(split, groups, strict=True)
    ]
