"""A device as a channel map sees it, how it is led, and what it does on one person; all SI."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, pi, sqrt
from typing import Literal

import numpy as np

from needling.simulation.equations.rolling import rolling_radius
from needling.simulation.mapping.region import Floats

Edges = Literal["over", "stop"]

_GOLDEN_ANGLE = pi * (3 - sqrt(5.0))  # numerical: even filling of a disc


@dataclass(frozen=True)
class Geometry:
    """A device as the map sees it, SI.

    Args:
        kind: "roller", "stamp" or "pen". needles: in all. needle_length: m.
        rings, drum_radius, drum_width, radius_share: of a roller (``rolling_radius``).
        stagger: turn of every other ring, share of the spacing of its needles.
        head_area: of a stamp, m2. head_width: of a pen, m. stroke_spacing: speed over stroke rate of a pen, m.
    """

    kind: str
    needles: int
    needle_length: float
    rings: int = 1
    drum_radius: float = 0.0
    drum_width: float = 0.0
    radius_share: float = 0.5
    stagger: float = 0.5
    head_area: float = 0.0
    head_width: float = 0.0
    stroke_spacing: float = 0.0

    @property
    def width(self) -> float:
        """Width of skin that one lane covers, m."""
        return {"roller": self.drum_width, "stamp": sqrt(self.head_area), "pen": self.head_width}[self.kind]

    @property
    def per_ring(self) -> int:
        """Needles of a ring of a drum, which follow each other; 0 for other devices."""
        return self.needles // self.rings if self.kind == "roller" else 0

    @property
    def period(self) -> float:
        """Way between two times that the device is set down, m."""
        if self.kind == "roller":
            radius = rolling_radius(self.drum_radius, self.needle_length, self.radius_share)
            return 2 * pi * radius / self.per_ring
        return self.width if self.kind == "stamp" else self.stroke_spacing

    def template(self) -> Floats:
        """Along, across, and ring or needle of each needle set down at once, float64[needle, 3]."""
        if self.kind == "roller":
            ring = np.arange(self.rings)
            along = self.period * self.stagger * (ring % 2)
            return np.column_stack([along, (ring + 0.5) * self.drum_width / self.rings, ring])
        place = np.arange(self.needles)
        if self.kind == "stamp":
            rows = max(1, round(sqrt(self.needles)))
            columns = ceil(self.needles / rows)
            along, across = (place // rows + 0.5) * self.width / columns, (place % rows + 0.5) * self.width / rows
        else:
            reach, angle = 0.5 * self.width * np.sqrt((place + 0.5) / self.needles), _GOLDEN_ANGLE * place
            along, across = reach * np.cos(angle), 0.5 * self.width + reach * np.sin(angle)
        return np.column_stack([along, across, place])

    def footprint(self) -> Floats:
        """Places (along, across) of the outermost needles: where all of these are inside, the whole device is."""
        template = self.template()
        low, high = template[:, :2].min(axis=0), template[:, :2].max(axis=0)
        if self.kind == "roller":
            return np.array([[0.0, low[1]], [0.0, high[1]]])
        if self.kind == "pen":
            middle, reach = 0.5 * self.width, np.hypot(template[:, 0], template[:, 1] - 0.5 * self.width).max()
            return np.array([[reach, middle], [-reach, middle], [0.0, middle + reach], [0.0, middle - reach]])
        return np.array([[along, across] for along in (low[0], high[0]) for across in (low[1], high[1])])


@dataclass(frozen=True)
class Pattern:
    """How a device is led.

    Args:
        directions: spread evenly over half a turn. passes: in each direction.
        jitter, lane_jitter: error of the direction of a pass, and of a lane within it (standard deviations), rad.
        overlap: of neighbouring lanes, share of their width.
        lift: whether the device is lifted between lanes, so that each lane has a phase of its own; else the drum turns
            at the end of a lane and goes on where it was.
        edges: "over", passes run over the edge of the zone; "stop", lanes begin and end at it, and the device is set
            down only where all its needles fall inside.
    """

    directions: int
    passes: int
    jitter: float = 0.0
    lane_jitter: float = 0.0
    overlap: float = 0.0
    lift: bool = True
    edges: Edges = "over"

    @property
    def total(self) -> int:
        """Passes in all directions."""
        return self.directions * self.passes


@dataclass(frozen=True)
class Faults:
    """What is wrong with the needles: share that opens nothing, and scatter of length from needle to needle (log)."""

    dead: float = 0.0
    spread: float = 0.0


@dataclass(frozen=True)
class Reach:
    """How deep channels go on one person.

    Args:
        depth: median, m. jitter: scatter from channel to channel (log). epidermis: thickness, m.
        diameter: of the channel that stays, m. follow: share of a needle's sideways way that skin goes along with.
    """

    depth: float
    jitter: float = 0.0
    epidermis: float = 0.0
    diameter: float = 0.0
    follow: float = 1.0
