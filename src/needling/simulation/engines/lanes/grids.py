"""Grids of channel maps by compiled kernels: counting, area, smoothing, agreement, the signal of a channel.

Grids are float64[row of y, column of x] of square cells; a grid starts at (x0, y0). All lengths m.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from itertools import pairwise
from math import floor, inf, sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from needling.simulation.engines import Floats
from needling.simulation.engines.lanes import compiling
from needling.simulation.engines.lanes.compiling import SETTINGS, compiled, pool
from needling.simulation.equations import spatial

Ints = NDArray[np.int64]
Shape = tuple[int, int]

KEPT = compiling.Kernels(
    ("_count", "_cover", "_full_cells", "_blur", "_deepest", "_gamma", "_kernel_table"),
    compiling,
    spatial,
    sys.modules[__name__],
)
_kernel = KEPT.kernel

_signal = compiled(spatial.signal)
_SPARSE = 0.2  # numerical: share of full cells up to which listing them is faster
_PIECES = 4  # numerical: pieces of work for each thread
_FEW = 4096  # numerical: below so many points or cells, one thread is faster
_TRUNCATE = 4.0  # numerical: standard deviations at which a Gauss window ends


def pieces(work: float) -> int:
    """Into how many pieces work is cut: one where threads would cost more than they save."""
    return 1 if work < _FEW else _PIECES * int(SETTINGS.NUMBA_NUM_THREADS)


def run(piece: Callable[[int, int], Any], cuts: Any) -> list[Any]:
    """A kernel over pieces of its work, on the threads of the pool when there are several; results in order."""
    pairs = [(int(low), int(high)) for low, high in pairwise(cuts)]
    if len(pairs) == 1:
        return [piece(*pairs[0])]
    return [done.result() for done in [pool().submit(piece, *pair) for pair in pairs]]


def even(size: int, work: float) -> Ints:
    """Cuts of a range into pieces of one size."""
    return np.unique(np.linspace(0, size, pieces(work) + 1).astype(np.int64))


# ---------------------------------------------------------------- counting and smoothing


@_kernel
def _count(x: Floats, y: Floats, x0: float, y0: float, cell: float, out: Floats) -> None:
    for i in range(x.shape[0]):
        column = min(max(floor((x[i] - x0) / cell), 0), out.shape[1] - 1)
        row = min(max(floor((y[i] - y0) / cell), 0), out.shape[0] - 1)
        out[row, column] += 1.0


def count(x: Floats, y: Floats, x0: float, y0: float, cell: float, shape: Shape) -> Floats:
    """Points in each cell; a point on the last edge belongs to the last cell."""
    out = np.zeros(shape)
    _count(x, y, x0, y0, cell, out)
    return out


@_kernel
def _cover(corners: Floats, out: Floats) -> None:
    """Signed area to the right of each edge, cell by cell; a running sum along the row gives the share inside."""
    last = corners.shape[0] - 1
    for this in range(corners.shape[0]):
        xa, ya, xb, yb = corners[last, 0], corners[last, 1], corners[this, 0], corners[this, 1]
        last = this
        if ya == yb:
            continue
        way = 1.0
        if ya > yb:
            xa, ya, xb, yb, way = xb, yb, xa, ya, -1.0
        slope = (xb - xa) / (yb - ya)
        x = xa
        for row in range(floor(ya), min(out.shape[0], int(np.ceil(yb)))):
            tall = min(row + 1.0, yb) - max(float(row), ya)
            if tall <= 0:
                continue
            after = x + slope * tall
            area = tall * way
            left, right = min(x, after), max(x, after)
            first = floor(left)
            at = int(first)
            stop = int(np.ceil(right))
            if stop <= at + 1:
                share = 0.5 * (x + after) - first
                out[row, at] += area * (1 - share)
                out[row, at + 1] += area * share
            else:  # the edge crosses several cells of the row
                per = 1 / (right - left)
                done = 0.0
                for column in range(at, stop):
                    low, high = max(left, float(column)), min(right, column + 1.0)
                    # share of the edge passed before and in this cell, seen from the cell's right side
                    total = per * (low - left) * 1.0 + per * (high - low) * (column + 1.0 - 0.5 * (low + high))
                    out[row, column] += area * (total - done)
                    done = total
                out[row, stop] += area * (1 - done)
            x = after


def cover(corners: Floats, x0: float, y0: float, cell: float, shape: Shape) -> Floats:
    """Share of each cell that lies inside a simple polygon, exactly; all corners lie on the grid."""
    out = np.zeros((shape[0], shape[1] + 2))
    _cover((corners - [x0, y0]) / cell, out)
    return np.asarray(np.clip(np.abs(np.cumsum(out, axis=1)[:, : shape[1]]), 0.0, 1.0))


@_kernel
def _full_cells(grid: Floats, start: Ints, column: Ints, value: Floats) -> None:
    """Cells that are not empty, row by row: those of row r are start[r] to start[r + 1]."""
    found = 0
    for row in range(grid.shape[0]):
        own = grid[row]
        start[row] = found
        for c in range(own.shape[0]):
            if own[c] != 0.0:
                column[found], value[found] = c, own[c]
                found += 1
    start[grid.shape[0]] = found


@_kernel
def _blur(
    grid: Floats, start: Ints, column: Ints, value: Floats, weight: Floats, low: int, high: int, out: Floats
) -> None:
    """Each row: first over the rows above and below, only full cells where they are listed; then along itself.

    Four pairs at once, on views of a row that stays in the core's nearest cache, so that loops are straight.
    """
    reach = weight.shape[0] // 2
    rows, columns = grid.shape
    line = np.empty(columns + 2 * reach)
    for row in range(low, high):
        line[:] = 0.0
        middle = line[reach : reach + columns]
        for r in range(max(row - reach, 0), min(row + reach + 1, rows)):
            w = weight[reach + r - row]
            if start.shape[0] > 0:
                at, held = column[start[r] : start[r + 1]], value[start[r] : start[r + 1]]
                for j in range(at.shape[0]):
                    middle[at[j]] += w * held[j]
            else:
                own = grid[r]
                for i in range(columns):
                    middle[i] += w * own[i]
        total = out[row]
        for i in range(columns):
            total[i] = weight[reach] * middle[i]
        k = 1
        while k + 3 <= reach:  # numerical: four pairs at once
            w0, w1, w2, w3 = weight[reach + k], weight[reach + k + 1], weight[reach + k + 2], weight[reach + k + 3]
            low0, high0 = line[reach - k :], line[reach + k :]
            low1, high1 = line[reach - k - 1 :], line[reach + k + 1 :]
            low2, high2 = line[reach - k - 2 :], line[reach + k + 2 :]
            low3, high3 = line[reach - k - 3 :], line[reach + k + 3 :]
            for i in range(columns):
                total[i] += (
                    w0 * (low0[i] + high0[i])
                    + w1 * (low1[i] + high1[i])
                    + w2 * (low2[i] + high2[i])
                    + w3 * (low3[i] + high3[i])
                )
            k += 4  # numerical: four pairs at once
        while k <= reach:
            w = weight[reach + k]
            low0, high0 = line[reach - k :], line[reach + k :]
            for i in range(columns):
                total[i] += w * (low0[i] + high0[i])
            k += 1


def gauss_weights(sigma: float) -> Floats:
    """Weights of a Gauss window of a width in cells, cut off at four standard deviations, with sum 1."""
    reach = int(_TRUNCATE * sigma + 0.5)
    weight = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma) ** 2)
    return np.asarray(weight / weight.sum())


def blur(grid: Floats, sigma: float) -> Floats:
    """A grid smoothed by a Gauss window; nothing lies beyond its edges. sigma: in cells."""
    weight = gauss_weights(sigma)
    rows = grid.shape[0]
    full = int(np.count_nonzero(grid))
    sparse = full <= _SPARSE * grid.size
    start = np.empty(rows + 1 if sparse else 0, np.int64)
    column, value = np.empty(full if sparse else 0, np.int64), np.empty(full if sparse else 0)
    if sparse:
        _full_cells(grid, start, column, value)
    out = np.empty_like(grid)
    run(lambda low, high: _blur(grid, start, column, value, weight, low, high, out), even(rows, grid.size))
    return out


@_kernel
def _deepest(x: Floats, y: Floats, depth: Floats, reach: float, x0: float, y0: float, cell: float, out: Floats) -> None:
    for i in range(x.shape[0]):
        first, last = floor((y[i] - reach - y0) / cell), floor((y[i] + reach - y0) / cell)
        for row in range(max(first, 0), min(last, out.shape[0] - 1) + 1):
            dy = y0 + (row + 0.5) * cell - y[i]
            left, right = floor((x[i] - reach - x0) / cell), floor((x[i] + reach - x0) / cell)
            for column in range(max(left, 0), min(right, out.shape[1] - 1) + 1):
                dx = x0 + (column + 0.5) * cell - x[i]
                if dx * dx + dy * dy <= reach * reach:
                    out[row, column] = max(out[row, column], depth[i])


def deepest(
    x: Floats, y: Floats, depth: Floats, reach: float, x0: float, y0: float, cell: float, shape: Shape
) -> Floats:
    """Depth of the deepest point within reach of the centre of each cell; 0 where there is none."""
    out = np.zeros(shape)
    _deepest(x, y, depth, reach, x0, y0, cell, out)
    return out


# ---------------------------------------------------------------- agreement and signals


@_kernel
def _gamma(
    planned: Floats,
    delivered: Floats,
    judged: Any,
    inside: Any,
    offset: Any,
    away: Floats,
    low: int,
    high: int,
    out: Floats,
) -> None:
    rows, columns = planned.shape
    for row in range(low, high):
        for column in range(columns):
            if not judged[row, column]:
                out[row, column] = np.nan
                continue
            best = inf
            for k in range(away.shape[0]):
                if away[k] >= best:
                    break
                r, c = row + offset[k, 0], column + offset[k, 1]
                if r < 0 or c < 0 or r >= rows or c >= columns or not inside[r, c]:
                    continue
                miss = delivered[r, c] - planned[row, column]
                best = min(best, miss * miss + away[k])
            out[row, column] = sqrt(best)


def gamma(
    planned: Floats,
    delivered: Floats,
    judged: NDArray[np.bool_],
    inside: NDArray[np.bool_],
    distance: float,
    search: float,
) -> Floats:
    """Gamma index of each judged cell, NaN elsewhere: the least sqrt(difference^2 + (way / distance)^2).

    Args:
        planned, delivered: in units of the allowed difference. judged, inside: which cells are asked, which may answer.
        distance: allowed, in cells. search: how far is looked, in cells.
    """
    offset, away = disc(distance, search)
    out = np.empty(planned.shape)
    run(
        lambda low, high: _gamma(planned, delivered, judged, inside, offset, away, low, high, out),
        even(planned.shape[0], planned.size),
    )
    return out


def disc(distance: float, search: float) -> tuple[Ints, Floats]:
    """Steps to all cells within a search, the closest first, int64[cell, 2], and (way / distance)^2, float64[cell]."""
    reach = int(search)
    steps = np.stack(np.meshgrid(*[np.arange(-reach, reach + 1)] * 2, indexing="ij"), axis=-1).reshape(-1, 2)
    square = (steps**2).sum(axis=1)
    steps, square = steps[square <= search**2], square[square <= search**2]
    order = np.argsort(square, kind="stable")
    return np.ascontiguousarray(steps[order]), square[order] / distance**2


@_kernel
def _kernel_table(radius: float, halo: float, cell: float, samples: int, out: Floats) -> None:
    half = out.shape[0] // 2
    for row in range(half + 1):
        for column in range(row + 1):
            total = 0.0
            for a in range(samples):
                for b in range(samples):
                    dx = (column + (a + 0.5) / samples - 0.5) * cell
                    dy = (row + (b + 0.5) / samples - 0.5) * cell
                    total += _signal(sqrt(dx * dx + dy * dy), radius, halo)
            value = total / (samples * samples)
            for r, c in ((row, column), (column, row)):
                out[half + r, half + c] = out[half + r, half - c] = value
                out[half - r, half + c] = out[half - r, half - c] = value


def signal_table(radius: float, halo: float, cell: float, half: int, samples: int) -> Floats:
    """Mean of the signal beside a channel over each cell around it, float64[2 half + 1, 2 half + 1].

    Args:
        radius, halo: of :func:`needling.simulation.equations.spatial.signal`. cell: m. half: cells to each side.
        samples: points along each side of a cell.
    """
    out = np.empty((2 * half + 1, 2 * half + 1))
    _kernel_table(radius, halo, cell, samples, out)
    return out


def warm() -> None:
    """Compile every kernel with its real signature, or load it from the cache."""
    corners = np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]])
    grid = cover(corners, 0.0, 0.0, 0.5, (2, 2)) * count(np.zeros(1), np.zeros(1), 0.0, 0.0, 0.5, (2, 2))
    blur(np.array([[0.0, 0.0], [0.0, 0.0]]), 1.0)
    deepest(np.zeros(1), np.zeros(1), np.ones(1), 0.5, 0.0, 0.0, 0.5, (2, 2))
    gamma(grid, grid, grid > 0, grid > 0, 1.0, 2.0)
    signal_table(0.1, 1.0, 0.5, 1, 1)  # numerical: any small table
