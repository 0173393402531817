"""Every puncture of a stroke pattern on a zone: lanes beside each other, pass after pass, with the hand's own errors.

All SI. Chance comes from Philox streams by key, purpose and pass, so that further passes do not change earlier ones.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from math import ceil, pi

import numpy as np
from numpy.typing import NDArray

from needling.simulation.belief import stable_hash
from needling.simulation.engines.lanes import mapping as engine
from needling.simulation.equations.rolling import entry_tilt, slit_length
from needling.simulation.mapping.devices import Faults, Geometry, Pattern, Reach
from needling.simulation.mapping.region import Floats, Region, inside

Ints = NDArray[np.int64]

_WORD = 64  # numerical: bits of a key
_TRIES = 50  # numerical: places for each width of a stamp at which it is tried whether it fits


@dataclass(frozen=True)
class Punctures:
    """Channels inside a region, in order of time.

    Args:
        x, y: m. pass_index, needle: numbers from 0. depth: m. heading: direction in which the device went, rad.
            Each an array [channel].
        tilt: of the channel from the normal, rad. slit: how far the needle drags through the surface, m.
        region: where. pattern, reach: what it was made with.
    """

    x: Floats
    y: Floats
    pass_index: Ints
    needle: Ints
    depth: Floats
    heading: Floats
    tilt: float
    slit: float
    region: Region
    pattern: Pattern
    reach: Reach

    @property
    def density(self) -> float:
        """Channels per area, per m2."""
        return self.x.size / self.region.area


def stream(key: int, purpose: str, number: int = 0) -> np.random.Generator:
    """Chance of one purpose and one pass, the same on every machine."""
    words = np.array([key & (2**_WORD - 1), _purpose(purpose)], dtype=np.uint64)
    return np.random.Generator(np.random.Philox(key=words, counter=np.array([0, 0, number, 0], dtype=np.uint64)))


_purpose = cache(stable_hash)


@dataclass(frozen=True)
class Lanes:
    """Every lane of every pass, in order of time.

    Args:
        table: as engines take it, float64[lane, column of ``engine.LANE``]. heading: rad, float64[lane].
        pass_index: int64[lane]. turns: of a pen's head at each stroke, rad, else empty.
    """

    table: Floats
    heading: Floats
    pass_index: Ints
    turns: Floats


def lanes_of(geometry: Geometry, pattern: Pattern, region: Region, key: int) -> Lanes:
    """Where every lane of every pass lies. Each pass has luck of its own; it draws for as many lanes as can be needed.

    Args:
        geometry: the device. pattern: how it is led. region: where. key: of the luck.
    """
    width, period, radius, total = geometry.width, geometry.period, region.radius, pattern.total
    pitch = width * (1 - pattern.overlap)
    most = ceil((2 * radius + width) / pitch) + 2
    count = ceil(2 * (radius + width) / period) + 2
    errors, chances, turned = np.empty((total, 1 + most)), np.empty((total, 1 + 2 * most)), []
    for index in range(total):
        luck = stream(key, "map/pass", index)
        luck.standard_normal(out=errors[index])
        luck.random(out=chances[index])
        if geometry.kind == "pen":
            turned.append(2 * pi * luck.random(most * count))
    number = np.arange(total)
    angle = pi * (number % pattern.directions) / pattern.directions + pattern.jitter * errors[:, 0]
    if pattern.edges == "stop":
        edges = _edges_that_stop(angle, width, pitch, region, most)
    else:
        begin = -radius - width - pitch * chances[:, :1]
        edges = begin + pitch * np.arange(most)
        edges[edges >= radius] = np.nan
    pass_index, lane = np.nonzero(np.isfinite(edges))
    edge, own = edges[pass_index, lane], angle[pass_index]
    across = np.column_stack([-np.sin(own), np.cos(own)])
    pivot = region.centre + (edge + 0.5 * width)[:, None] * across
    if pattern.lift and pattern.edges == "over":
        own = own + pattern.lane_jitter * errors[pass_index, 1 + lane]
    phase = period * chances[pass_index, 1 + lane]
    if not pattern.lift:
        for place in np.flatnonzero(lane > 0):  # it rolls back from the end that it has reached
            end = radius if lane[place] % 2 else -radius
            phase[place] = (2 * end - phase[place - 1]) % period
    low = -radius - width
    table = np.empty((edge.size, len(engine.LANE)))
    for column, values in zip(
        engine.LANE,
        (
            np.cos(own),
            np.sin(own),
            pivot[:, 0],
            pivot[:, 1],
            -0.5 * width,
            low + (phase - low) % period - period,
            count,
            period,
            np.floor(max(geometry.per_ring, 1) * chances[pass_index, 1 + most + lane]),
            (pass_index * most + lane) * count,
        ),
        strict=True,
    ):
        table[:, engine.LANE.index(column)] = values
    if geometry.kind == "stamp" and pattern.edges == "stop":
        table, kept = _fitted(table, geometry, region)
        own, pass_index = own[kept], pass_index[kept]
    return Lanes(table, own, pass_index, np.concatenate(turned) if turned else np.empty(0))


def _edges_that_stop(angle: Floats, width: float, pitch: float, region: Region, most: int) -> Floats:
    """Lower sides of lanes spread evenly from edge to edge of the zone, float64[pass, lane]; NaN where no lane is."""
    edges = np.full((angle.size, most), np.nan)
    for own, turn in zip(edges, angle, strict=True):
        offsets = (region.corners - region.centre) @ [-np.sin(turn), np.cos(turn)]
        low, high = float(offsets.min()), float(offsets.max()) - width
        if high > low:
            lanes = ceil((high - low) / pitch * (1 - 1e-12)) + 1  # numerical: no lane for rounding
            own[:lanes] = np.linspace(low, high, lanes)
        else:
            own[0] = 0.5 * (low + high)
    return edges


def _fitted(lanes: Floats, geometry: Geometry, region: Region) -> tuple[Floats, Ints]:
    """Presses of a stamp spread evenly over each stretch of a lane in which the whole head fits into the zone."""
    column = {name: place for place, name in enumerate(engine.LANE)}
    fitted, of_lane = [], []
    for number, lane in enumerate(lanes):
        c, s = lane[column["cos"]], lane[column["sin"]]
        reach = region.radius + geometry.width
        along = np.arange(-reach, reach, geometry.period / _TRIES)
        fits = np.ones(along.size, dtype=np.bool_)
        for ahead, aside in geometry.footprint():
            across = lane[column["edge"]] + aside
            x = lane[column["x"]] + (along + ahead) * c - across * s
            y = lane[column["y"]] + (along + ahead) * s + across * c
            fits &= inside(region.corners, x, y)
        bounds = np.flatnonzero(np.diff(np.concatenate([[False], fits, [False]]).astype(np.int64)))
        for start, stop in zip(bounds[::2], bounds[1::2], strict=True):
            way = along[stop - 1] - along[start]
            count = ceil(way / geometry.period) + 1 if way > 0 else 1
            own = lane.copy()
            own[[column["first"], column["count"], column["period"]]] = along[start], count, way / max(count - 1, 1)
            fitted.append(own)
            of_lane.append(number)
    return np.array(fitted).reshape(-1, len(engine.LANE)), np.array(of_lane, dtype=np.int64)


def puncture(
    geometry: Geometry,
    pattern: Pattern,
    region: Region,
    key: int = 0,
    reach: Reach | None = None,
    faults: Faults | None = None,
) -> Punctures:
    """Lay every pass over a region and keep the punctures inside it.

    Each pass has a random phase along and across and its own small error of direction.

    Args:
        geometry: the device. pattern: how it is led. region: where. key: of all its luck.
        reach: how deep channels go; depth 0 when left out. faults: of the needles; none when left out.
    """
    reach, faults = reach or Reach(0.0), faults or Faults()
    lanes = lanes_of(geometry, pattern, region, key)
    x, y, lane, needle = engine.lay(
        lanes.table,
        geometry.template(),
        geometry.per_ring,
        lanes.turns,
        0.5 * geometry.width,
        geometry.footprint() if pattern.edges == "stop" else np.empty((0, 2)),
        region.corners,
    )
    pass_index = lanes.pass_index[lane]
    luck = stream(key, "map/needles")
    alive = luck.random(geometry.needles) >= faults.dead
    length = np.exp(faults.spread * luck.standard_normal(geometry.needles))
    if not alive.all():
        kept = alive[needle]
        x, y, lane, needle, pass_index = x[kept], y[kept], lane[kept], needle[kept], pass_index[kept]
    per_pass = np.bincount(pass_index, minlength=pattern.total)
    own_luck = [stream(key, "map/depth", index).standard_normal(size) for index, size in enumerate(per_pass)]
    depth = reach.depth * length[needle] * np.exp(reach.jitter * np.concatenate(own_luck))
    depth = np.minimum(depth, geometry.needle_length * length[needle])  # no needle goes deeper than it is long
    roller = geometry.kind == "roller"
    drum, needle_length = geometry.drum_radius, geometry.needle_length
    return Punctures(
        x=x,
        y=y,
        pass_index=pass_index,
        needle=needle,
        depth=depth,
        heading=lanes.heading[lane],
        tilt=(1 - reach.follow) * entry_tilt(drum, needle_length) if roller else 0.0,
        slit=slit_length(drum, needle_length, reach.follow) if roller else 0.0,
        region=region,
        pattern=pattern,
        reach=reach,
    )


def recorded(planned: Punctures, x: Floats, y: Floats, pass_index: Ints, depth: Floats) -> Punctures:
    """Channels found elsewhere (counted, or thrown at random) in the zone of a map; those outside it are left out.

    Args:
        planned: whose zone and person. x, y: m. pass_index: from 0. depth: m. Each an array [channel].
    """
    kept = inside(planned.region.corners, x, y)
    none = np.zeros(int(kept.sum()))
    return replace(
        planned,
        x=np.ascontiguousarray(x[kept]),
        y=np.ascontiguousarray(y[kept]),
        pass_index=pass_index[kept],
        needle=none.astype(np.int64),
        depth=depth[kept],
        heading=none,
        tilt=0.0,
        slit=0.0,
    )


def scattered(planned: Punctures, density: float, luck: np.random.Generator) -> Punctures:
    """Channels at random in the zone of a map: what very many passes come to. density: per m2."""
    region = planned.region
    many = int(luck.poisson(density * float(np.prod(region.high - region.low))))
    x, y = (region.low + (region.high - region.low) * luck.random((many, 2))).T
    depth = planned.reach.depth * np.exp(planned.reach.jitter * luck.standard_normal(many))
    return recorded(planned, x, y, np.zeros(many, dtype=np.int64), depth)
