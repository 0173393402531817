"""A zone of skin as a polygon, and square cells laid over it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import ceil
from typing import Any

import numpy as np
from numpy.typing import NDArray

from needling.errors import BadInput

Floats = NDArray[np.float64]
Shape = tuple[int, int]

_SLIVER = 1e-9  # numerical: shares below this are rounding


@dataclass(frozen=True)
class Cells:
    """Square cells over a region, from its lower left corner; the last ones may reach over its edge.

    Args:
        x0, y0: lower left corner, m. cell: width, m. rows, columns: how many.
        inside: share of each cell that is inside the region, float64[row, column].
    """

    x0: float
    y0: float
    cell: float
    rows: int
    columns: int
    inside: Floats

    @property
    def shape(self) -> Shape:
        """Rows of y, columns of x."""
        return self.rows, self.columns

    @property
    def place(self) -> tuple[float, float, float, Shape]:
        """What engines take: x0, y0, cell, shape."""
        return self.x0, self.y0, self.cell, self.shape

    @property
    def area(self) -> Floats:
        """Of each cell inside the region, m2, float64[row, column]."""
        return self.inside * self.cell**2

    @property
    def counted(self) -> NDArray[np.bool_]:
        """Cells of which at least half is inside: only these are measured, so that slivers do not decide."""
        return self.inside >= 0.5


@dataclass(frozen=True)
class Region:
    """A simple polygon.

    Args:
        corners: in order, m, float64[corner, 2].
    """

    corners: Floats

    def __post_init__(self) -> None:
        if self.corners.ndim != 2 or self.corners.shape[0] <= 2 or self.corners.shape[1] != 2:
            raise BadInput("a zone needs at least three corners, each with x and y")
        if not np.all(np.isfinite(self.corners)):
            raise BadInput("a corner of the zone is not a number; give each as x and y in mm")
        if self.area <= 0:
            raise BadInput("the corners of the zone enclose no area; give them in order around it")
        if _crosses_itself(self.corners):
            raise BadInput("the outline of the zone crosses itself; give its corners in order around it")

    @classmethod
    def rectangle(cls, width: float, height: float) -> Region:
        """A rectangle with its lower left corner at the origin; m."""
        return cls(np.array([[0.0, 0.0], [width, 0.0], [width, height], [0.0, height]]))

    @cached_property
    def area(self) -> float:
        """m2."""
        x, y = (self.corners - self.corners[0]).T
        return float(0.5 * abs(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1))))

    @property
    def low(self) -> Floats:
        """Lowest x and y."""
        return np.asarray(self.corners.min(axis=0))

    @property
    def high(self) -> Floats:
        """Highest x and y."""
        return np.asarray(self.corners.max(axis=0))

    @property
    def centre(self) -> Floats:
        """Middle of the bounding box."""
        return 0.5 * (self.low + self.high)

    @property
    def radius(self) -> float:
        """From the centre to the farthest corner, m."""
        return float(np.linalg.norm(self.corners - self.centre, axis=1).max())

    def cells(self, cell: float) -> Cells:
        """Cells of exactly a width that cover the region. cell: m."""
        from needling.simulation.engines.lanes import mapping

        wide, tall = (self.high - self.low) / cell
        columns, rows = (max(1, ceil(size * (1 - 1e-12))) for size in (wide, tall))  # numerical: no cell for rounding
        x0, y0 = (float(low) for low in self.low)
        if mapping.bounds(self.corners)[1]:
            sides = [np.clip(size - np.arange(number), 0, 1) for size, number in ((tall, rows), (wide, columns))]
            return Cells(x0, y0, cell, rows, columns, np.outer(*sides))
        found = mapping.cover(self.corners, x0, y0, cell, (rows, columns))
        found[found < _SLIVER] = 0.0
        return Cells(x0, y0, cell, rows, columns, found)

    def moved(self, turn: float, shift: tuple[float, float]) -> Region:
        """The region turned about the origin, rad, and shifted, m."""
        return Region(turned(self.corners, turn) + np.asarray(shift))


def turned(places: Floats, turn: float) -> Floats:
    """Places turned about the origin by an angle, rad, float64[place, 2]."""
    c, s = np.cos(turn), np.sin(turn)
    return np.asarray(places @ np.array([[c, s], [-s, c]]))


def inside(corners: Floats, x: Floats, y: Floats) -> NDArray[np.bool_]:
    """Whether places are inside a polygon, by the crossings of a ray."""
    odd = np.zeros(x.shape, dtype=np.bool_)
    for (xa, ya), (xb, yb) in zip(np.roll(corners, 1, axis=0), corners, strict=True):
        if ya != yb:
            odd ^= ((ya > y) != (yb > y)) & (x < (xb - xa) * (y - ya) / (yb - ya) + xa)
    return odd


def edge_distance(corners: Floats, x: NDArray[Any], y: NDArray[Any]) -> Floats:
    """Distance of places to the outline of a polygon, m, of the shape of x and y."""
    nearest = np.full(np.shape(x), np.inf)
    for start, end in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        way = end - start
        along = ((x - start[0]) * way[0] + (y - start[1]) * way[1]) / max(float(way @ way), np.finfo(float).tiny)
        along = np.clip(along, 0.0, 1.0)
        np.minimum(nearest, np.hypot(x - start[0] - along * way[0], y - start[1] - along * way[1]), out=nearest)
    return nearest


def _crosses_itself(corners: Floats) -> bool:
    """Whether two sides that are not neighbours meet."""
    start, end = corners, np.roll(corners, -1, axis=0)

    def side(a: Floats, b: Floats, c: Floats) -> Floats:
        return np.sign(
            (b[..., 0] - a[..., 0]) * (c[..., 1] - a[..., 1]) - (b[..., 1] - a[..., 1]) * (c[..., 0] - a[..., 0])
        )

    a, b, c, d = start[:, None], end[:, None], start[None], end[None]
    crosses = (side(a, b, c) * side(a, b, d) < 0) & (side(c, d, a) * side(c, d, b) < 0)
    return bool(crosses.any())
