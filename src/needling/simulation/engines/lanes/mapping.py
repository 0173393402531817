"""Channel maps by compiled kernels: laying punctures, and the names of all that maps need.

What is counted on grids is in ``grids``, what looks for neighbours in ``neighbours``. All lengths m.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from math import cos, sin
from typing import Any

import numpy as np

from needling.simulation.engines import Floats
from needling.simulation.engines.lanes import compiling, grids, neighbours
from needling.simulation.engines.lanes.compiling import inlined
from needling.simulation.engines.lanes.grids import (
    Ints,
    blur,
    count,
    cover,
    deepest,
    gamma,
    gauss_weights,
    pieces,
    run,
    signal_table,
)
from needling.simulation.engines.lanes.neighbours import distances, near, nearest

__all__ = [
    "LANE",
    "blur",
    "bounds",
    "count",
    "cover",
    "deepest",
    "distances",
    "gamma",
    "gauss_weights",
    "is_warm",
    "lay",
    "near",
    "nearest",
    "signal_table",
    "warm",
]

KEPT = compiling.Kernels(("_lay",), compiling, sys.modules[__name__])
_kernel = KEPT.kernel

# Columns of a lane: its frame, where the device begins, how often it is set down, and with which needle and stroke.
LANE = ("cos", "sin", "x", "y", "edge", "first", "count", "period", "turn", "stroke")
_COS, _SIN, _X, _Y, _EDGE, _FIRST, _COUNT, _PERIOD, _TURN, _STROKE = range(len(LANE))


# ---------------------------------------------------------------- punctures


@inlined
def _inside(x: float, y: float, corners: Floats, box: Floats, boxed: bool) -> bool:
    """Whether a point is inside a polygon, by the crossings of a ray; edges belong to the lower and left side."""
    if not ((x >= box[0]) & (y >= box[1]) & (x < box[2]) & (y < box[3])):
        return False
    if boxed:
        return True
    odd = False
    last = corners.shape[0] - 1
    for this in range(corners.shape[0]):
        xa, ya, xb, yb = corners[last, 0], corners[last, 1], corners[this, 0], corners[this, 1]
        if ((ya > y) != (yb > y)) and x < (xb - xa) * (y - ya) / (yb - ya) + xa:
            odd = not odd
        last = this
    return odd


@_kernel
def _lay(
    lanes: Floats,
    low: int,
    high: int,
    template: Floats,
    per_ring: int,
    turns: Floats,
    middle: float,
    footprint: Floats,
    corners: Floats,
    box: Floats,
    boxed: bool,
) -> Any:
    """Every puncture of some lanes that falls into the zone: x, y, lane, needle."""
    room = 0
    for lane in range(low, high):
        room += int(lanes[lane, _COUNT]) * template.shape[0]
    x, y = np.empty(room), np.empty(room)
    of_lane, needle = np.empty(room, np.int64), np.empty(room, np.int64)
    found = 0
    for lane in range(low, high):
        c, s, px, py, edge = (
            lanes[lane, _COS],
            lanes[lane, _SIN],
            lanes[lane, _X],
            lanes[lane, _Y],
            lanes[lane, _EDGE],
        )
        for step in range(int(lanes[lane, _COUNT])):
            base = lanes[lane, _FIRST] + step * lanes[lane, _PERIOD]
            tc, ts = 1.0, 0.0
            if turns.shape[0] > 0:
                turn = turns[int(lanes[lane, _STROKE]) + step]
                tc, ts = cos(turn), sin(turn)
            for k in range(template.shape[0]):
                off = template[k, 1] - middle
                along = base + tc * template[k, 0] - ts * off
                across = edge + middle + ts * template[k, 0] + tc * off
                here_x = px + along * c - across * s
                here_y = py + along * s + across * c
                if not _inside(here_x, here_y, corners, box, boxed):
                    continue
                whole = True
                for point in range(footprint.shape[0]):
                    a = (along if per_ring > 0 else base) + footprint[point, 0]
                    b = edge + footprint[point, 1]
                    whole &= _inside(px + a * c - b * s, py + a * s + b * c, corners, box, boxed)
                if not whole:
                    continue
                x[found], y[found], of_lane[found] = here_x, here_y, lane
                own = int(template[k, 2])
                if per_ring > 0:
                    own = own * per_ring + (step + int(lanes[lane, _TURN])) % per_ring
                needle[found] = own
                found += 1
    return x[:found].copy(), y[:found].copy(), of_lane[:found].copy(), needle[:found].copy()


def lay(
    lanes: Floats, template: Floats, per_ring: int, turns: Floats, middle: float, footprint: Floats, corners: Floats
) -> tuple[Floats, Floats, Ints, Ints]:
    """Every puncture inside a polygon, lane by lane in order of time.

    Args:
        lanes: float64[lane, column of ``LANE``]; angles as cos and sin, a place (x, y) that the lane's frame starts
            from, ``edge`` of the device across, ``first`` place along, ``count`` times at every ``period``.
        template: along, across, ring or needle of each needle that is set down at once, float64[needle, 3].
        per_ring: needles of a ring that follow each other (roller), or 0.
        turns: by how much the head is turned at each stroke, rad, empty when never. middle: across, about which.
        footprint: places (along, across) that must be inside as well, float64[place, 2]; relative to the needle for a
            roller, else to the head. corners: of the polygon, float64[corner, 2].

    Returns:
        x, y, float64[puncture]; lane, needle, int64[puncture].
    """
    box, boxed = bounds(corners)
    work = np.concatenate([[0.0], np.cumsum(lanes[:, _COUNT])])
    aims = np.linspace(0, work[-1], pieces(work[-1] * len(template)) + 1)
    cuts = np.unique(np.concatenate([np.searchsorted(work, aims, side="left"), [0, len(lanes)]]))
    shared = tuple(np.ascontiguousarray(part, dtype=np.float64) for part in (template, turns, footprint, corners))

    def piece(low: int, high: int) -> Any:
        return _lay(
            lanes, low, high, shared[0], per_ring, shared[1], middle, shared[2], shared[3], np.array(box), boxed
        )

    parts = run(piece, cuts)
    if not parts:
        return np.empty(0), np.empty(0), np.empty(0, np.int64), np.empty(0, np.int64)
    x, y, lane, needle = (np.concatenate([part[row] for part in parts]) for row in range(4))
    return x, y, lane, needle


def bounds(corners: Floats) -> tuple[tuple[float, float, float, float], bool]:
    """Lowest and highest x and y as (x, y, x, y), and whether the polygon is that rectangle itself."""
    low, high = corners.min(axis=0), corners.max(axis=0)
    steps = np.roll(corners, -1, axis=0) - corners
    boxed = len(corners) == 2 * 2 and bool(np.all((steps == 0).sum(axis=1) == 1))
    return (float(low[0]), float(low[1]), float(high[0]), float(high[1])), boxed


def is_warm() -> bool:
    """Whether all compiled kernels of a channel map lie in their folders."""
    return all(kept.are_warm() for kept in (KEPT, grids.KEPT, neighbours.KEPT))


def warm(progress: Callable[[str], None] | None = None) -> None:
    """Compile every kernel with its real signature, or load it from the cache.

    Args:
        progress: called with one line before the kernels.
    """
    (progress or (lambda line: None))("compiling the channel map")
    grids.warm()
    neighbours.warm()
    corners = np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]])
    lane = np.array([[1.0, 0.0, 0.0, 0.0, 0.0, 0.1, 2.0, 0.3, 0.0, 0.0]])  # numerical: any two punctures
    lay(lane, np.array([[0.0, 0.5, 0.0]]), 0, np.empty(0), 0.0, np.empty((0, 2)), corners)
