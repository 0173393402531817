"""Channel maps by NumPy, SciPy trees and filters, and brute force: oracle and peer of the compiled kernels."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from needling.simulation.engines import Floats

Ints = NDArray[np.int64]
Shape = tuple[int, int]


def _inside(x: Floats, y: Floats, corners: Floats) -> NDArray[np.bool_]:
    """Whether places are inside a polygon, by the crossings of a ray."""
    odd = np.zeros(np.broadcast_shapes(np.shape(x), np.shape(y)), dtype=np.bool_)
    for (xa, ya), (xb, yb) in zip(np.roll(corners, 1, axis=0), corners, strict=True):
        if ya != yb:
            odd ^= ((ya > y) != (yb > y)) & (x < (xb - xa) * (y - ya) / (yb - ya) + xa)
    return odd


def lay(
    lanes: Floats, template: Floats, per_ring: int, turns: Floats, middle: float, footprint: Floats, corners: Floats
) -> tuple[Floats, Floats, Ints, Ints]:
    """As :func:`needling.simulation.engines.lanes.mapping.lay`, one lane after the other."""
    xs, ys, of_lane, needles = [], [], [], []
    for number, (c, s, x0, y0, edge, first, count, period, turn, stroke) in enumerate(lanes):
        step = np.arange(int(count))[:, None]
        angle = turns[int(stroke) + step] if turns.size else np.zeros(step.shape)
        off = template[:, 1] - middle
        base = first + step * period
        along = base + np.cos(angle) * template[:, 0] - np.sin(angle) * off
        across = edge + middle + np.sin(angle) * template[:, 0] + np.cos(angle) * off
        x, y = x0 + along * c - across * s, y0 + along * s + across * c
        kept = _inside(x, y, corners)
        for ahead, aside in footprint:
            a = (along if per_ring else np.broadcast_to(base, along.shape)) + ahead
            b = edge + aside
            kept &= _inside(x0 + a * c - b * s, y0 + a * s + b * c, corners)
        own = np.broadcast_to(template[:, 2].astype(np.int64), along.shape)
        if per_ring:
            own = own * per_ring + (step + int(turn)) % per_ring
        xs.append(x[kept])
        ys.append(y[kept])
        of_lane.append(np.full(int(kept.sum()), number, dtype=np.int64))
        needles.append(own[kept])
    return np.concatenate(xs), np.concatenate(ys), np.concatenate(of_lane), np.concatenate(needles)


def count(x: Floats, y: Floats, x0: float, y0: float, cell: float, shape: Shape) -> Floats:
    """Points in each cell, by ``histogram2d``."""
    rows, columns = shape
    edges = (y0 + cell * np.arange(rows + 1), x0 + cell * np.arange(columns + 1))
    return np.asarray(np.histogram2d(y, x, bins=edges)[0])


def cover(
    corners: Floats,
    x0: float,
    y0: float,
    cell: float,
    shape: Shape,
    samples: int = 16,  # numerical: points along a side
) -> Floats:
    """Share of each cell inside a polygon, by points in every cell; exact only in the limit of many."""
    rows, columns = shape
    across = x0 + (np.arange(columns * samples) + 0.5) * cell / samples
    up = y0 + (np.arange(rows * samples) + 0.5) * cell / samples
    here = _inside(across[None, :], up[:, None], corners)
    return np.asarray(here.reshape(rows, samples, columns, samples).mean(axis=(1, 3)))


def blur(grid: Floats, sigma: float) -> Floats:
    """A grid smoothed by SciPy's Gauss filter; nothing lies beyond its edges. sigma: in cells."""
    from scipy.ndimage import gaussian_filter

    return np.asarray(gaussian_filter(grid, sigma, mode="constant"))


def nearest(x: Floats, y: Floats, workers: int = 1) -> Floats:
    """Distance of each point to the nearest other one, by a tree; infinite for a lone point."""
    from scipy.spatial import cKDTree

    places = np.column_stack([x, y])
    return np.asarray(cKDTree(places).query(places, k=2, workers=workers)[0][:, 1])


def near(x: Floats, y: Floats, group: Ints, earlier: float, same: float) -> NDArray[np.bool_]:
    """As :func:`needling.simulation.engines.lanes.mapping.near`, by comparing every pair."""
    away = np.hypot(x[:, None] - x, y[:, None] - y)
    number = np.arange(x.size)
    before = (away <= earlier) & (number[None, :] < number[:, None])
    alike = (away <= same) & (group[:, None] == group) & (number[None, :] != number[:, None])
    return np.array([before.any(axis=1), alike.any(axis=1)]).reshape(2, x.size)


def distances(x: Floats, y: Floats, x0: float, y0: float, cell: float, shape: Shape) -> Floats:
    """Distance from the centre of each cell to the nearest point, by a tree."""
    from scipy.spatial import cKDTree

    return np.asarray(cKDTree(np.column_stack([x, y])).query(_centres(x0, y0, cell, shape))[0]).reshape(shape)


def deepest(
    x: Floats, y: Floats, depth: Floats, reach: float, x0: float, y0: float, cell: float, shape: Shape
) -> Floats:
    """Depth of the deepest point within reach of the centre of each cell, by a tree; 0 where there is none."""
    from scipy.spatial import cKDTree

    close = cKDTree(np.column_stack([x, y])).query_ball_point(_centres(x0, y0, cell, shape), reach)
    return np.array([depth[found].max(initial=0.0) for found in close]).reshape(shape)


def _centres(x0: float, y0: float, cell: float, shape: Shape) -> Floats:
    rows, columns = shape
    across, up = np.meshgrid(x0 + (np.arange(columns) + 0.5) * cell, y0 + (np.arange(rows) + 0.5) * cell)
    return np.column_stack([across.ravel(), up.ravel()])


def gamma(
    planned: Floats,
    delivered: Floats,
    judged: NDArray[np.bool_],
    inside: NDArray[np.bool_],
    distance: float,
    search: float,
) -> Floats:
    """As :func:`needling.simulation.engines.lanes.mapping.gamma`, by comparing every cell with every other."""
    rows, columns = np.nonzero(inside)
    out = np.full(planned.shape, np.nan)
    for row, column in zip(*np.nonzero(judged), strict=True):
        way = (rows - row) ** 2 + (columns - column) ** 2
        found = (delivered[rows, columns] - planned[row, column]) ** 2 + way / distance**2
        out[row, column] = np.sqrt(found[way <= search**2].min())
    return out


def signal_table(radius: float, halo: float, cell: float, half: int, samples: int) -> Floats:
    """Mean of K0(max(r, radius) / halo) over each cell around a channel, by SciPy's Bessel function."""
    from scipy.special import k0

    offset = (np.arange((2 * half + 1) * samples) + 0.5) / samples - half - 0.5
    away = cell * np.hypot(offset[:, None], offset[None, :])
    size = 2 * half + 1
    return np.asarray(k0(np.maximum(away, radius) / halo).reshape(size, samples, size, samples).mean(axis=(1, 3)))
