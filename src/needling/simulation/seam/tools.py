"""From devices and strokes to the columns that the stroke model takes, and all strokes of a batch run once."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from needling.documents import Condition, Plan, Session, Stroke
from needling.errors import OutOfRange
from needling.knowledge.base import Knowledge
from needling.knowledge.schema import Device
from needling.simulation.engines import STROKE_MEASURES, Engine
from needling.simulation.equations import rolling
from needling.simulation.equations.stroke import CONDITIONS, KINDS, STROKE_PARAMETERS, TOOL
from needling.simulation.models import Models
from needling.simulation.seam.context import Draw, Floats, Zone
from needling.units import from_si, to_si

Tool = tuple[float, ...]

_LARGE = 1e9  # numerical: a force that no needle resists


def tool_of(device: Device, stroke: Stroke, condition: Condition = "new", models: Models | None = None) -> Tool:
    """A device and a hand as the columns of ``TOOL``, SI.

    The maker's tolerance is taken as two standard deviations of the needle's length.

    Raises:
        OutOfRange: a kind of device without a model.
    """
    if device.kind not in KINDS:
        raise OutOfRange(f"device '{device.id}' is of kind '{device.kind}'; the model knows {', '.join(KINDS)} only")

    def si(value: float | None, unit: str) -> float:
        return 1.0 if value is None else to_si(value, unit)

    drum_radius = si(device.drum_diameter_mm, "mm") / 2
    return (
        float(KINDS.index(device.kind)),
        float(device.needles_count),
        drum_radius,
        si(device.drum_width_mm, "mm"),
        si(device.head_area_cm2, "cm2"),
        si(device.head_width_mm, "mm"),
        si(device.rate_hz, "hz"),
        to_si(device.speed_mm_per_s or 1.0, "mm"),
        to_si(device.base_diameter_um, "um"),
        to_si(device.tip_diameter_um, "um"),
        to_si(stroke.needle_length_mm, "mm"),
        float(passes_of(stroke)),
        stroke.force_N,
        float(CONDITIONS.index(condition)),
        (device.tolerance_mm or 0.0) / (2 * stroke.needle_length_mm),
        float(models is not None and models.depth == "force"),
    )


def reference_tool(drawn: Draw, needle_length: float, models: Models) -> Tool:
    """The reference roller of the trials: a given density, needle and length on a very large drum of unit width."""
    needles = drawn["reference-density"][0] * 2 * np.pi
    base, by_force = drawn["reference-needle-base"][0], float(models.depth == "force")
    return (0.0, needles, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, base, 0.0, needle_length, 1.0, _LARGE, 0.0, 0.0, by_force)


def passes_of(stroke: Stroke) -> int:
    """Planned passes of a stroke in all directions together."""
    return stroke.directions_count * stroke.passes_count


def planned_density_per_cm2(device: Device, stroke: Stroke) -> float:
    """Channels per cm2 that a stroke lays, rolling midway between the drum and the tips."""
    tool = dict(zip(TOOL, tool_of(device, stroke), strict=True))
    if device.kind == "roller":
        radius = rolling.rolling_radius(tool["drum_radius"], tool["needle_length"], 0.5)
        density = rolling.roller_density(tool["needles"], radius, tool["drum_width"], tool["passes"])
    elif device.kind == "stamp":
        density = rolling.stamp_density(tool["needles"], tool["head_area"], tool["passes"])
    else:
        density = rolling.pen_density(tool["needles"], tool["rate"], tool["speed"], tool["head_width"], tool["passes"])
    return from_si(density, "per_cm2")


def lengths_of(plan: Plan) -> tuple[float, ...]:
    """Needle lengths of all strokes of a plan, mm."""
    return tuple(stroke.needle_length_mm for session in plan.sessions for stroke in session.strokes)


def in_range(lengths_mm: Iterable[float], planned_density: float, kb: Knowledge) -> bool:
    """Whether needle lengths and planned densities (per m2) lie inside the ranges of the reference parameters."""
    length, laid = kb.parameter("reference-length").quantity, kb.parameter("reference-density").quantity
    fits = all((length.low or 0) <= value <= (length.high or np.inf) for value in lengths_mm)
    return fits and from_si(planned_density, laid.unit) <= (laid.high or np.inf)


def strokes_on(sessions: list[Session], zone: str) -> list[tuple[Session, Stroke]]:
    """Every stroke of one visit on a zone, in order, with the session it belongs to."""
    return [(session, stroke) for session in sessions for stroke in session.strokes if stroke.zone == zone]


def epidermis_of(zone: Zone, drawn: Draw) -> Floats:
    """Thickness of the epidermis of each member, m: measured, else the site's with the spread between people.

    Histology, which is what a needle meets; what ultrasound shows is a different, larger number.
    """
    if zone.finding.epidermis_um is not None:
        return np.full(drawn["epidermis-ratio"].shape, to_si(zone.finding.epidermis_um, "um"))
    site = zone.site.epidermis_um
    typical = drawn["reference-epidermis"] if site is None else to_si(site, "um")
    return np.asarray(typical * drawn["epidermis-ratio"])


class Strokes:
    """All different strokes of a batch, run once: plans share most of them."""

    def __init__(self, zones: tuple[Zone, ...], drawn: Draw) -> None:
        self._zones = zones
        self._drawn = drawn
        self._row_of: dict[tuple[Tool, int], int] = {}
        self.result: Floats = np.empty(0)
        self._by_visit: list[Floats] = []

    def row(self, tool: Tool, zone: int) -> int:
        """Row of a stroke in the result, adding it when it is new; zone: its place, one past the last for the cheek."""
        return self._row_of.setdefault((tool, zone), len(self._row_of))

    def run(self, engine: Engine, force_ratio: Floats | None = None) -> None:
        """Fill ``result``: float64[measure, row, member].

        Args:
            force_ratio: of each member's visits, float64[visit, member]; the strokes of each visit are then run with
                that force. Only the force on a needle over the force to enter counts, so the latter is divided.
        """
        epidermis = [epidermis_of(zone, self._drawn) for zone in self._zones]
        epidermis.append(self._drawn["reference-epidermis"] * self._drawn["epidermis-ratio"])
        parameters = np.array([self._drawn[name] for name in STROKE_PARAMETERS])
        tools = np.array([tool for tool, _ in self._row_of]).reshape(-1, len(TOOL))
        skin = np.array([epidermis[zone] for _, zone in self._row_of]).reshape(tools.shape[0], parameters.shape[1])
        self.result = engine.strokes(tools, skin, parameters)
        entry = [STROKE_PARAMETERS.index(name) for name in ("insertion-force-slope", "insertion-force-intercept")]
        own = np.array([zone < len(self._zones) for _, zone in self._row_of])  # the reference is pressed as ever
        for ratio in () if force_ratio is None else force_ratio:
            harder = parameters.copy()
            harder[entry] /= ratio
            pressed = self.result.copy()
            pressed[:, own] = engine.strokes(tools[own], skin[own], harder)
            self._by_visit.append(pressed)

    def at(self, visit: int) -> Floats:
        """What the strokes do at a visit, with the force of that visit: float64[measure, row, member]."""
        return self._by_visit[visit] if self._by_visit else self.result

    def measure(self, name: str, row: int) -> Floats:
        """One measure of one stroke, float64[member]."""
        return np.asarray(self.result[STROKE_MEASURES.index(name), row])
