"""Every puncture of a stroke pattern on a rectangle of skin, and what the map of them says.

A *channel map* holds each channel's place, its pass and its tilt, SI. It needs no ensemble: it shows how even or
how crowded a way of rolling is.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil, pi, sqrt

import numpy as np
from numpy.typing import NDArray

from needling.simulation.equations.rolling import entry_tilt, rolling_radius

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_GOLDEN_ANGLE = pi * (3 - sqrt(5.0))  # numerical: even filling of a disc


@dataclass(frozen=True)
class Geometry:
    """A device as the map sees it, SI.

    Args:
        kind: "roller", "stamp" or "pen". needles: in all. needle_length: m.
        rings, drum_radius, drum_width, radius_share: of a roller (:func:`rolling_radius`).
        head_area: of a stamp, m2. head_width: of a pen, m. stroke_spacing: speed over stroke rate of a pen, m.
    """

    kind: str
    needles: int
    needle_length: float
    rings: int = 1
    drum_radius: float = 0.0
    drum_width: float = 0.0
    radius_share: float = 0.5
    head_area: float = 0.0
    head_width: float = 0.0
    stroke_spacing: float = 0.0


@dataclass(frozen=True)
class Pattern:
    """How a device is led: directions spread evenly over half a turn, passes in each, jitter (rad), lane overlap."""

    directions: int
    passes: int
    jitter: float = 0.0
    overlap: float = 0.0


@dataclass(frozen=True)
class ChannelMap:
    """All channels inside a rectangle.

    Args:
        x, y: m, float64[channel]. pass_index: int64[channel]. tilt: from the normal, rad, float64[channel].
        width, height: of the rectangle, m.
    """

    x: Floats
    y: Floats
    pass_index: Ints
    tilt: Floats
    width: float
    height: float

    @property
    def density(self) -> float:
        """Channels per area, per m2."""
        return self.x.size / (self.width * self.height)


def _roller_lane(geometry: Geometry, low: float, high: float, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Along and across of one lane: rings of evenly spaced needles, neighbours half a pitch apart, random phase."""
    radius = rolling_radius(geometry.drum_radius, geometry.needle_length, geometry.radius_share)
    pitch = 2 * pi * radius / (geometry.needles / geometry.rings)
    ring = np.arange(geometry.rings)
    start = low - pitch * rng.random() - pitch * 0.5 * (ring % 2)
    steps = np.arange(ceil((high - low) / pitch) + 2)
    along = start[:, None] + pitch * steps[None, :]
    across = np.broadcast_to(((ring + 0.5) * geometry.drum_width / geometry.rings)[:, None], along.shape)
    return along.ravel(), across.ravel()


def _stamp_lane(geometry: Geometry, low: float, high: float, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Presses edge to edge along one lane; the needles of the square head stand on a grid."""
    side = sqrt(geometry.head_area)
    rows = max(1, round(sqrt(geometry.needles)))
    columns = ceil(geometry.needles / rows)
    place = np.arange(geometry.needles)
    along_head = (place // rows + 0.5) * side / columns
    across_head = (place % rows + 0.5) * side / rows
    presses = low - side * rng.random() + side * np.arange(ceil((high - low) / side) + 1)
    return (presses[:, None] + along_head).ravel(), np.broadcast_to(across_head, (presses.size, place.size)).ravel()


def _pen_lane(geometry: Geometry, low: float, high: float, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Strokes along one lane, each with the disc of needles turned at random."""
    place = np.arange(geometry.needles)
    reach = 0.5 * geometry.head_width * np.sqrt((place + 0.5) / geometry.needles)
    low, high = low - geometry.head_width, high + geometry.head_width
    strokes = low + geometry.stroke_spacing * (rng.random() + np.arange(ceil((high - low) / geometry.stroke_spacing)))
    turn = 2 * pi * rng.random(strokes.size)[:, None] + _GOLDEN_ANGLE * place
    along = strokes[:, None] + reach * np.cos(turn)
    return along.ravel(), (0.5 * geometry.head_width + reach * np.sin(turn)).ravel()


_LANE = {"roller": _roller_lane, "stamp": _stamp_lane, "pen": _pen_lane}


def lane_width(geometry: Geometry) -> float:
    """Width of skin that one lane of the device covers, m."""
    return {"roller": geometry.drum_width, "stamp": sqrt(geometry.head_area), "pen": geometry.head_width}[geometry.kind]


def puncture_map(
    geometry: Geometry, pattern: Pattern, width: float, height: float, rng: np.random.Generator
) -> ChannelMap:
    """Lay every pass over a rectangle and keep the punctures inside it.

    Each pass has a random phase along and across and its own small error of direction; between lanes the device
    is lifted, so that lanes have phases of their own. Passes run over the edges, as a hand does.

    Args:
        geometry: the device. pattern: how it is led. width, height: m. rng: the only source of chance.
    """
    centre = np.array([0.5 * width, 0.5 * height])
    corners = np.array([[0, 0], [width, 0], [0, height], [width, height]]) - centre
    pitch = lane_width(geometry) * (1 - pattern.overlap)
    xs, ys, passes = [], [], []
    for index in range(pattern.directions * pattern.passes):
        angle = pi * (index % pattern.directions) / pattern.directions + pattern.jitter * rng.standard_normal()
        along_axis = np.array([np.cos(angle), np.sin(angle)])
        across_axis = np.array([-np.sin(angle), np.cos(angle)])
        low, high = (corners @ along_axis).min(), (corners @ along_axis).max()
        first, last = (corners @ across_axis).min(), (corners @ across_axis).max()
        edge = first - lane_width(geometry) - pitch * rng.random()
        while edge < last:
            along, across = _LANE[geometry.kind](geometry, low, high, rng)
            places = centre + along[:, None] * along_axis + (edge + across)[:, None] * across_axis
            inside = np.all((places >= 0) & (places < (width, height)), axis=1)
            xs.append(places[inside, 0])
            ys.append(places[inside, 1])
            passes.append(np.full(int(inside.sum()), index, dtype=np.int64))
            edge += pitch
    x = np.concatenate(xs)
    tilt = entry_tilt(geometry.drum_radius, geometry.needle_length) if geometry.kind == "roller" else 0.0
    return ChannelMap(x, np.concatenate(ys), np.concatenate(passes), np.full(x.size, tilt), width, height)


def density_grid(channels: ChannelMap, cell: float) -> Floats:
    """Channels per area in cells of about a width, per m2, float64[row of y, column of x]. cell: m."""
    columns, rows = _cells(channels, cell)
    counts, _, _ = np.histogram2d(
        channels.y, channels.x, bins=(rows, columns), range=((0, channels.height), (0, channels.width))
    )
    return np.asarray(counts * (rows * columns) / (channels.width * channels.height))


def _cells(channels: ChannelMap, cell: float) -> tuple[int, int]:
    """How many cells of about a width fit along x and along y."""
    return max(1, round(channels.width / cell)), max(1, round(channels.height / cell))


def channel_area_histogram(channels: ChannelMap, cell: float, densities: Floats) -> Floats:
    """Share of the area with at least each density (CAH), float64[density]. cell: m. densities: per m2."""
    grid = density_grid(channels, cell).ravel()
    return np.asarray((grid[None, :] >= densities[:, None]).mean(axis=1))


# ---------------------------------------------------------------- neighbours


def _candidates(points: Floats, queries: Floats, radius: float) -> Iterator[tuple[Ints, Ints]]:
    """Pairs (query, point) that lie in the same or in touching square cells as wide as the radius."""
    low = np.minimum(points.min(axis=0), queries.min(axis=0)) - radius
    cell = np.floor((points - low) / radius).astype(np.int64)
    own = np.floor((queries - low) / radius).astype(np.int64)
    rows = int(max(cell[:, 1].max(), own[:, 1].max())) + 2
    key = cell[:, 0] * rows + cell[:, 1]
    order = np.argsort(key, kind="stable")
    ordered = key[order]
    for beside in (-1, 0, 1):
        for above in (-1, 0, 1):
            wanted = (own[:, 0] + beside) * rows + own[:, 1] + above
            first = np.searchsorted(ordered, wanted, side="left")
            last = np.searchsorted(ordered, wanted, side="right")
            for offset in range(int((last - first).max(initial=0))):
                here = np.flatnonzero(first + offset < last)
                yield here, order[first[here] + offset]


def _nearest_within(points: Floats, queries: Floats, radius: float, same: bool) -> Floats:
    """Distance to the nearest point where it is within the radius, else infinity. ``same``: queries are the points."""
    nearest = np.full(len(queries), np.inf)
    if len(points) and len(queries):
        for query, point in _candidates(points, queries, radius):
            squared = ((queries[query] - points[point]) ** 2).sum(axis=1)
            if same:
                squared[query == point] = np.inf
            np.minimum.at(nearest, query, squared)
    nearest = np.sqrt(nearest)
    return np.where(nearest <= radius, nearest, np.inf)


def _places(channels: ChannelMap) -> Floats:
    return np.column_stack([channels.x, channels.y])


def nearest_neighbour(channels: ChannelMap) -> Floats:
    """Distance of each channel to the nearest other one, m, float64[channel]; infinity for a lone channel."""
    places = _places(channels)
    distance = np.full(len(places), np.inf)
    if len(places) < 2:
        return distance
    radius = 1 / sqrt(channels.density)
    widest = 2 * max(channels.width, channels.height)
    open_ones = np.arange(len(places))
    found = _nearest_within(places, places, radius, same=True)
    distance[:] = found
    while radius < widest and np.any(np.isinf(distance)):
        radius *= 2
        open_ones = np.flatnonzero(np.isinf(distance))
        found = _nearest_within(places, places, radius, same=True)
        distance[open_ones] = found[open_ones]
    return distance


def covered_share(channels: ChannelMap, reach: float, cell: float) -> float:
    """Share of the area within a distance of a channel, sampled at cell centres. reach, cell: m."""
    columns, rows = _cells(channels, cell)
    across = (np.arange(columns) + 0.5) * channels.width / columns
    down = (np.arange(rows) + 0.5) * channels.height / rows
    grid = np.stack(np.meshgrid(across, down), axis=-1).reshape(-1, 2)
    return float(np.mean(np.isfinite(_nearest_within(_places(channels), grid, reach, same=False))))


def rehit_share(channels: ChannelMap, distance: float) -> float:
    """Share of channels that a later pass set within a distance of one of an earlier pass. distance: m."""
    places = _places(channels)
    hits = 0
    for index in np.unique(channels.pass_index)[1:]:
        earlier, own = places[channels.pass_index < index], places[channels.pass_index == index]
        hits += int(np.isfinite(_nearest_within(earlier, own, distance, same=False)).sum())
    return hits / max(len(places), 1)


def track_index(channels: ChannelMap, distance: float) -> float:
    """Share of channels with another one of the same pass closer than a distance: tracks of over-treatment.

    A drum sets the channels of one pass millimetres apart, so rollers score 0; a device dragged or dwelling too
    long does not. distance: m.
    """
    places = _places(channels)
    hits = 0
    for index in np.unique(channels.pass_index):
        own = places[channels.pass_index == index]
        hits += int(np.isfinite(_nearest_within(own, own, distance, same=True)).sum())
    return hits / max(len(places), 1)
