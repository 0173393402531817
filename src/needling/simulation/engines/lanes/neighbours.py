"""The nearest of many points, by compiled kernels on points sorted into square cells. All lengths m."""

from __future__ import annotations

import sys
from math import inf, sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from needling.simulation.engines import Floats
from needling.simulation.engines.lanes import compiling
from needling.simulation.engines.lanes.compiling import inlined
from needling.simulation.engines.lanes.grids import Ints, Shape, even, run

KEPT = compiling.Kernels(("_sort", "_nearest", "_near", "_distances"), compiling, sys.modules[__name__])
_kernel = KEPT.kernel
_PLACE = np.uint64


@_kernel
def _sort(
    x: Floats, y: Floats, x0: float, y0: float, cell: float, columns: int, start: Ints, order: Ints, places: Floats
) -> None:
    """Points in the order of their cells: the cell c holds order[start[c] : start[c + 1]]."""
    rows = (start.shape[0] - 1) // columns
    own = np.empty(x.shape[0], np.int64)
    for i in range(x.shape[0]):
        column = min(max(int((x[i] - x0) / cell), 0), columns - 1)
        row = min(max(int((y[i] - y0) / cell), 0), rows - 1)
        own[i] = row * columns + column
        start[own[i] + 1] += 1
    for c in range(1, start.shape[0]):
        start[c] += start[c - 1]
    at = start.copy()
    for i in range(x.shape[0]):
        to = at[own[i]]
        at[own[i]] += 1
        order[to] = i
        places[0, to], places[1, to] = x[i], y[i]


@inlined
def _closest(
    x: float,
    y: float,
    skip: int,
    x0: float,
    y0: float,
    cell: float,
    columns: int,
    rows: int,
    start: Ints,
    places: Floats,
) -> float:
    """Distance squared from a place to the closest sorted point but one; ring by ring of cells around it.

    Places in the arrays are unsigned, so that the compiler need not look for negative ones.
    """
    column = min(max(int((x - x0) / cell), 0), columns - 1)
    row = min(max(int((y - y0) / cell), 0), rows - 1)
    best = inf
    ring = 1
    left, right = max(column - 1, 0), min(column + 1, columns - 1)
    for r in range(max(row - 1, 0), min(row + 1, rows - 1) + 1):
        for j in range(start[_PLACE(r * columns + left)], start[_PLACE(r * columns + right + 1)]):
            dx, dy = places[0, _PLACE(j)] - x, places[1, _PLACE(j)] - y
            d = dx * dx + dy * dy
            d = inf if j == skip else d  # no branch: which point is closest cannot be foreseen
            best = d if d < best else best
    while True:
        # Nothing outside the rings is closer than this; sides without cells beyond them do not count.
        sure = inf
        if column - ring > 0:
            sure = min(sure, x - (x0 + (column - ring) * cell))
        if column + ring < columns - 1:
            sure = min(sure, x0 + (column + ring + 1) * cell - x)
        if row - ring > 0:
            sure = min(sure, y - (y0 + (row - ring) * cell))
        if row + ring < rows - 1:
            sure = min(sure, y0 + (row + ring + 1) * cell - y)
        if sure == inf or (sure > 0 and best <= sure * sure):
            return best
        ring += 1
        left, right = max(column - ring, 0), min(column + ring, columns - 1)
        for r in range(max(row - ring, 0), min(row + ring, rows - 1) + 1):
            whole = r in (row - ring, row + ring)  # inner rows were seen before, but for their ends
            for end in range(1 if whole else 2):
                low, high = left, right
                if not whole:
                    low = high = column - ring if end == 0 else column + ring
                    if low < 0 or low >= columns:
                        continue
                for j in range(start[r * columns + low], start[r * columns + high + 1]):
                    dx, dy = places[0, j] - x, places[1, j] - y
                    d = dx * dx + dy * dy
                    if d < best and j != skip:
                        best = d


@_kernel
def _nearest(
    x0: float,
    y0: float,
    cell: float,
    columns: int,
    start: Ints,
    order: Ints,
    places: Floats,
    low: int,
    high: int,
    out: Floats,
) -> None:
    rows = (start.shape[0] - 1) // columns
    for i in range(low, high):
        out[_PLACE(order[i])] = sqrt(
            _closest(places[0, i], places[1, i], i, x0, y0, cell, columns, rows, start, places)
        )


class Sorted:
    """Points in square cells that hold about one each.

    Args:
        x, y: float64[point]. cell: at least so wide, m.
    """

    def __init__(self, x: Floats, y: Floats, cell: float = 0.0) -> None:
        self.size = x.size
        self.x0, self.y0 = (float(x.min()), float(y.min())) if x.size else (0.0, 0.0)
        wide = float(x.max()) - self.x0 if x.size else 0.0
        tall = float(y.max()) - self.y0 if x.size else 0.0
        per_point = max(wide * tall, max(wide, tall) ** 2 / max(x.size, 1)) / max(x.size, 1)
        self.cell = max(cell, sqrt(per_point)) or 1.0
        self.columns, rows = int(wide / self.cell) + 1, int(tall / self.cell) + 1
        self.start = np.zeros(self.columns * rows + 1, np.int64)
        self.order = np.empty(x.size, np.int64)
        self.places = np.empty((2, x.size))
        _sort(x, y, self.x0, self.y0, self.cell, self.columns, self.start, self.order, self.places)

    @property
    def arguments(self) -> tuple[Any, ...]:
        """What the kernels take."""
        return self.x0, self.y0, self.cell, self.columns, self.start, self.order, self.places


def nearest(x: Floats, y: Floats) -> Floats:
    """Distance of each point to the nearest other one, float64[point]; infinite for a lone point."""
    found = np.full(x.size, np.inf)
    if x.size > 1:
        cells = Sorted(x, y)
        run(lambda low, high: _nearest(*cells.arguments, low, high, found), even(x.size, x.size))
    return found


@_kernel
def _near(
    x0: float,
    y0: float,
    cell: float,
    columns: int,
    start: Ints,
    order: Ints,
    places: Floats,
    group: Ints,
    earlier: float,
    same: float,
    low: int,
    high: int,
    out: Any,
) -> None:
    """out[0, point]: a point with a lower number lies within a distance; out[1, point]: one of the same group does."""
    rows = (start.shape[0] - 1) // columns
    for i in range(low, high):
        x, y, own = places[0, i], places[1, i], order[i]
        column = min(max(int((x - x0) / cell), 0), columns - 1)
        row = min(max(int((y - y0) / cell), 0), rows - 1)
        for r in range(max(row - 1, 0), min(row + 1, rows - 1) + 1):
            left, right = max(column - 1, 0), min(column + 1, columns - 1)
            for j in range(start[r * columns + left], start[r * columns + right + 1]):
                dx, dy = places[0, j] - x, places[1, j] - y
                d = dx * dx + dy * dy
                if j != i:
                    if d <= earlier * earlier and order[j] < own:
                        out[0, own] = True
                    if d <= same * same and group[order[j]] == group[own]:
                        out[1, own] = True


def near(x: Floats, y: Floats, group: Ints, earlier: float, same: float) -> NDArray[np.bool_]:
    """Whether a point of a lower number is within a distance, and one of the own group within another, bool[2, point].

    Args:
        x, y: float64[point]. group: int64[point]. earlier, same: the two distances, m.
    """
    found = np.zeros((2, x.size), dtype=np.bool_)
    if x.size:
        cells = Sorted(x, y, cell=max(earlier, same))
        run(lambda low, high: _near(*cells.arguments, group, earlier, same, low, high, found), even(x.size, x.size))
    return found


@_kernel
def _distances(
    x0: float,
    y0: float,
    cell: float,
    columns: int,
    start: Ints,
    order: Ints,
    places: Floats,
    left: float,
    bottom: float,
    step: float,
    low: int,
    high: int,
    out: Floats,
) -> None:
    rows = (start.shape[0] - 1) // columns
    for r in range(low, high):
        for c in range(out.shape[1]):
            x, y = left + (c + 0.5) * step, bottom + (r + 0.5) * step
            out[r, c] = sqrt(_closest(x, y, -1, x0, y0, cell, columns, rows, start, places))


def distances(x: Floats, y: Floats, x0: float, y0: float, cell: float, shape: Shape) -> Floats:
    """Distance from the centre of each cell to the nearest point; infinite without points."""
    found = np.full(shape, np.inf)
    if x.size:
        cells = Sorted(x, y)
        run(
            lambda low, high: _distances(*cells.arguments, x0, y0, cell, low, high, found),
            even(shape[0], found.size),
        )
    return found


def warm() -> None:
    """Compile every kernel with its real signature, or load it from the cache."""
    x = np.array([0.0, 1.0])
    nearest(x, x)
    near(x, x, np.zeros(2, np.int64), 0.5, 0.5)
    distances(x, x, 0.0, 0.0, 0.5, (2, 2))
