"""What a transport run can take: the range of every field of a :class:`~needling.simulation.engines.Serum`."""

from __future__ import annotations

from dataclasses import fields
from math import inf

import numpy as np

from needling.errors import OutOfRange
from needling.simulation.engines import LAYERS, Serum

# numerical: field -> lowest, highest, unit. Far wider than skin, and as far as the solver is tested to hold.
RANGES: dict[str, tuple[float, float, str]] = {
    "thickness": (1e-7, 0.1, "m"),
    "diffusivity": (1e-22, 1e-8, "m2/s"),
    "partition": (1e-8, 1e8, "ratio"),
    "clearance": (0, 100, "per s"),
    "dose": (0, 100, "kg/m2"),
    "film": (1e-9, 0.1, "m"),
    "residue": (1e-9, 0.1, "m"),
    "drying": (0, 100, "per s"),
    "volatility": (0, 100, "per s"),
    "wash_time": (0, inf, "s"),
    "solubility": (1e-15, inf, "kg/m3"),
    "channels": (0, 1e10, "per m2"),
    "channel_radius": (1e-8, 1e-3, "m"),
    "channel_depth": (0, 0.1, "m"),
    "opening": (0, 100, "ratio"),
    "half_life": (1e-3, inf, "s"),
    "report_time": (0, 1e9, "s"),
}
# numerical: largest share of the skin's area in channels; with more of them b / a leaves the formula's range
MOST_CHANNELS = 0.15


def check(serum: Serum) -> None:
    """Refuses what the solver was not made for.

    Raises:
        OutOfRange: names the field, its first value outside with unit and place, and what is allowed.
    """
    lanes = np.size(serum.dose)
    for field in fields(Serum):
        name = field.name
        if name == "sink":
            continue
        values = np.asarray(getattr(serum, name), dtype=np.float64)
        low, high, unit = RANGES[name]
        per_layer = name in ("thickness", "diffusivity", "partition", "clearance")
        wanted = values.shape if name == "report_time" else ((len(LAYERS), lanes) if per_layer else (lanes,))
        if values.ndim == 0 or values.shape != wanted:
            raise OutOfRange(
                f"{name} has the shape {list(values.shape)}; allowed is {list(wanted)}: "
                "one value for each person" + (" in each layer." if per_layer else ".")
            )
        if values.size and not (values.min() >= low and values.max() <= high):
            place = tuple(int(n) for n in np.argwhere(~((values >= low) & (values <= high)))[0])
            where = f"{LAYERS[place[0]]}, lane {place[1]}" if per_layer else f"place {place[0]}"
            raise OutOfRange(
                f"{name} is {values[place]:g} {unit} ({where}); allowed is {low:g} to {high:g} {unit}. "
                "Check the value and its unit."
            )
    time = serum.report_time
    if time.size < 2 or time[0] != 0 or not np.all(np.diff(time) > 0):
        raise OutOfRange(f"report_time is {time[:4]} s; it must start at 0 s and rise to the end of the run.")
    if lanes == 0:
        raise OutOfRange("The run has 0 people; it needs at least one.")
    if np.any(serum.residue > serum.film):
        lane = int(np.argmax(serum.residue > serum.film))
        raise OutOfRange(
            f"residue is {serum.residue[lane]:g} m (place {lane}), above the film's {serum.film[lane]:g} m; "
            "allowed is up to the thickness of the film, as a film does not grow."
        )
    area = np.pi * serum.channels * serum.channel_radius**2
    if np.any(area > MOST_CHANNELS):
        lane = int(np.argmax(area))
        raise OutOfRange(
            f"channels is {serum.channels[lane]:g} per m2 with channel_radius {serum.channel_radius[lane]:g} m "
            f"(place {lane}): {area[lane]:.3g} of the area; allowed is up to {MOST_CHANNELS:g} of it. "
            "Use fewer or thinner channels."
        )
