"""The channel map of a plan's first session on a small patch of skin, ready to be drawn."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from needling.documents import Plan, Stroke
from needling.knowledge.base import Knowledge
from needling.knowledge.schema import Device
from needling.simulation.belief import stable_hash
from needling.simulation.channels import (
    Geometry,
    Pattern,
    density_grid,
    lane_width,
    nearest_neighbour,
    puncture_map,
    rehit_share,
    track_index,
)
from needling.units import from_si, to_si

Floats = NDArray[np.float64]

# numerical: cells across a patch of the picture
_CELLS = 10


@dataclass(frozen=True)
class ChannelPicture:
    """What a figure of the channels needs; lengths mm, densities per cm2.

    Args:
        x_mm, y_mm: of each channel. pass_number: which pass made it, from 1. width_mm, height_mm: of the patch.
        grid_per_cm2: density in square cells, float64[row, column].
        density_per_cm2: over the patch. nearest_mm: mean distance to the nearest other channel.
        rehit_share: of channels that open an earlier one again. track_share: of channels lined up in a track.
        title: device, length and pattern in words.
    """

    x_mm: Floats
    y_mm: Floats
    pass_number: NDArray[np.int64]
    width_mm: float
    height_mm: float
    grid_per_cm2: Floats
    density_per_cm2: float
    nearest_mm: float
    rehit_share: float
    track_share: float
    title: str


def geometry_of(device: Device, stroke: Stroke) -> Geometry:
    """A device and a needle length as the map sees them, SI; the drum rolls midway between drum and tips."""
    rate = device.rate_hz or 1.0
    return Geometry(
        kind=device.kind,
        needles=device.needles_count,
        needle_length=to_si(stroke.needle_length_mm, "mm"),
        rings=device.rings_count or 1,
        drum_radius=to_si((device.drum_diameter_mm or 0.0) / 2, "mm"),
        drum_width=to_si(device.drum_width_mm or 0.0, "mm"),
        head_area=to_si(device.head_area_cm2 or 0.0, "cm2"),
        head_width=to_si(device.head_width_mm or 0.0, "mm"),
        stroke_spacing=to_si((device.speed_mm_per_s or 0.0) / rate, "mm"),
    )


def picture_of(plan: Plan, kb: Knowledge, *, key: int = 0) -> ChannelPicture | None:
    """The first session's first stroke on a square patch as wide as the device; None without a session.

    Args:
        plan: what would be done. kb: devices and parameters. key: of the random phases.
    """
    if not plan.sessions:
        return None
    session = plan.sessions[0]
    stroke, device = session.strokes[0], kb.device(session.device)
    if device.kind == "rf":
        return None
    geometry = geometry_of(device, stroke)
    jitter = kb.parameter("direction-jitter").quantity
    track = kb.parameter("track-distance").quantity
    pattern = Pattern(stroke.directions_count, stroke.passes_count, to_si(jitter.median, jitter.unit))
    rng = np.random.Generator(np.random.Philox(key=[key, stable_hash("channel-picture")]))
    side = lane_width(geometry)
    channels = puncture_map(geometry, pattern, side, side, rng)
    hole = to_si(device.base_diameter_um, "um")
    return ChannelPicture(
        x_mm=from_si(1.0, "mm") * channels.x,
        y_mm=from_si(1.0, "mm") * channels.y,
        pass_number=channels.pass_index + 1,
        width_mm=from_si(side, "mm"),
        height_mm=from_si(side, "mm"),
        grid_per_cm2=from_si(1.0, "per_cm2") * density_grid(channels, side / _CELLS),
        density_per_cm2=from_si(channels.density, "per_cm2"),
        nearest_mm=from_si(float(nearest_neighbour(channels).mean()), "mm") if channels.x.size > 1 else 0.0,
        rehit_share=rehit_share(channels, hole),
        track_share=track_index(channels, to_si(track.median, track.unit)),
        title=f"{device.name}, {stroke.needle_length_mm:g} mm, {stroke.directions_count} directions x "
        f"{stroke.passes_count} passes",
    )
