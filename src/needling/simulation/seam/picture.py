"""Channel maps of documents: a device and a stroke on an outline in; maps and reports in readable units out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from math import hypot

import numpy as np
from numpy.typing import NDArray

from needling.documents import Condition, Plan, Stroke
from needling.documents.maps import Curve, MapAgreement, MapReport, Outline
from needling.errors import BadInput, OutOfRange
from needling.knowledge.base import Knowledge
from needling.knowledge.schema import Device
from needling.simulation.belief import Belief
from needling.simulation.equations.depth import share_deeper
from needling.simulation.equations.healing import coverage, depth_response
from needling.simulation.equations.stroke import CONDITIONS, KINDS, SHARED_PARAMETERS
from needling.simulation.equations.stroke import stroke as stroke_equation
from needling.simulation.mapping import agreement as agreeing
from needling.simulation.mapping import measures
from needling.simulation.mapping.devices import Edges, Faults, Geometry, Pattern, Reach
from needling.simulation.mapping.punctures import Ints, Punctures, puncture, recorded
from needling.simulation.mapping.region import Cells, Region
from needling.simulation.mapping.stimulus import Stimulus, stimulus_map
from needling.simulation.seam.tools import planned_density_per_cm2, tool_of
from needling.units import from_si, to_si

Floats = NDArray[np.float64]
Place = tuple[float, float]
Zone = Outline | Sequence[Place]
"""A zone as the maps take it: an outline, or its corners in mm."""

_DIGITS = 6  # numerical: significant digits in a report
_MOST_AREA_CM2 = 2000.0  # numerical: above this a map of 0.1 mm no longer fits into memory
_TAILS = (0.05, 0.95)  # numerical: the shares of the area that a report names


@dataclass(frozen=True)
class ChannelMap:
    """Every channel of a stroke on a zone of one person's skin, and what can be asked of it.

    Args:
        punctures: arrays, SI. device, stroke, outline, condition, key: what it was made from; device and stroke are
            None for a map that was recorded. member: parameters of the person, SI, by id. knowledge: in force.
    """

    punctures: Punctures
    outline: Outline
    stroke: Stroke | None
    device: Device
    condition: Condition
    key: int
    member: Mapping[str, float] = field(repr=False)
    knowledge: Knowledge = field(repr=False)

    @property
    def x_mm(self) -> Floats:
        """Place of each channel, float64[channel]."""
        return from_si(1.0, "mm") * self.punctures.x

    @property
    def y_mm(self) -> Floats:
        """Place of each channel, float64[channel]."""
        return from_si(1.0, "mm") * self.punctures.y

    @property
    def depth_mm(self) -> Floats:
        """Depth of each channel, float64[channel]."""
        return from_si(1.0, "mm") * self.punctures.depth

    @property
    def pass_number(self) -> Ints:
        """Which pass made each channel, from 1, int64[channel]."""
        return self.punctures.pass_index + 1

    @property
    def density_per_cm2(self) -> float:
        """Channels per area of the zone."""
        return from_si(self.punctures.density, "per_cm2")

    @property
    def title(self) -> str:
        """Device, length and pattern in words."""
        if self.stroke is None:
            return f"{self.device.name}, as recorded"
        directions, passes = self.stroke.directions_count, self.stroke.passes_count
        return (
            f"{self.device.name}, {self.stroke.needle_length_mm:g} mm, {directions} direction{'s'[: directions > 1]} x "
            f"{passes} pass{'es'[: 2 * (passes > 1)]}"
        )

    @cached_property
    def binning(self) -> measures.Binning:
        """The widths that the map is measured with, from the knowledge, m."""
        kb = self.knowledge
        return measures.Binning(
            cell=_si(kb, "map-cell"),
            smoothing=_si(kb, "map-smoothing"),
            histogram=_si(kb, "histogram-cell"),
            gap=_si(kb, "gap-cell"),
            halo=self.member["signal-halo"],
            track=_si(kb, "track-distance"),
        )

    @cached_property
    def summary(self) -> measures.Summary:
        """The map in a few numbers, SI."""
        return measures.summarise(self.punctures, self.binning)

    @cached_property
    def nearest_mm(self) -> float:
        """Mean distance to the nearest other channel; 0 with fewer than two channels."""
        away = measures.nearest_neighbour(self.punctures)
        return from_si(float(away.mean()), "mm") if away.size > 1 else 0.0

    @property
    def rehit_share(self) -> float:
        """Share of channels that open an earlier one again."""
        return self._rehit_and_tracks[0]

    @property
    def track_share(self) -> float:
        """Share of channels that are lined up in a track."""
        return self._rehit_and_tracks[1]

    @cached_property
    def _rehit_and_tracks(self) -> tuple[float, float]:
        return measures.rehit_and_tracks(self.punctures, self.punctures.reach.diameter, self.binning.track)

    @property
    def stimulus_ratio(self) -> float:
        """Mean stimulus over the zone, relative to the mean field of the planned density: 1 for random channels.

        The factor that the model of the stimulus "spatial" takes: below 1 where edges or gaps are left out, a little
        above 1 where a drum's pattern is more even than chance.

        Raises:
            BadInput: the map was recorded, so that no density was planned.
        """
        if self.stroke is None:
            raise BadInput("a recorded map has no planned density; compare it with a plan by agreement")
        reach, member = self.punctures.reach, self.member
        planned = to_si(planned_density_per_cm2(self.device, self.stroke), "per_cm2")
        reached = share_deeper(reach.epidermis, reach.depth, reach.jitter)
        covered = coverage(planned * reached, 0.5 * reach.diameter, member["signal-halo"])
        response = depth_response(reach.depth, reach.epidermis, member["epidermis-fade"], member["depth-scale"])
        return self.stimulus.mean / (covered * response)

    def cells(self, cell_mm: float | None = None) -> Cells:
        """Cells of a grid over the zone; of the knowledge's width when left out."""
        return self.punctures.region.cells(self.binning.cell if cell_mm is None else to_si(cell_mm, "mm"))

    def counts_per_cm2(self, cell_mm: float | None = None) -> Floats:
        """Channels for the area of each cell, per cm2, float64[row, column]; 0 outside the zone."""
        return from_si(1.0, "per_cm2") * measures.density_grid(self.punctures, self.cells(cell_mm))

    def smooth_per_cm2(self, cell_mm: float | None = None) -> Floats:
        """Density in a Gauss window around each cell, per cm2, float64[row, column]; 0 outside the zone."""
        grid = measures.smooth_density(self.punctures, self.cells(cell_mm), self.binning.smoothing)
        return from_si(1.0, "per_cm2") * grid

    def histogram(self) -> Curve:
        """Channel-area histogram (CAH): share of the zone with at least each density, in cells of a stated width."""
        cells = self.punctures.region.cells(self.binning.histogram)
        found = measures.area_histogram(self.punctures, cells)
        return _curve(found, "per_cm2", cells.cell)

    def depth_histogram(self) -> Curve:
        """Depth-area histogram (DAH): share of the zone within the halo of a channel of at least each depth."""
        cells = self.cells()
        found = measures.depth_histogram(self.punctures, cells, self.binning.halo)
        return _curve(found, "mm", cells.cell, self.binning.halo)

    @cached_property
    def stimulus(self) -> Stimulus:
        """Stimulus of every place of the zone, in the cells of the knowledge."""
        return stimulus_map(self.punctures, self.member, self.binning.cell)

    def report(self) -> MapReport:
        """The map in numbers, as a document.

        Raises:
            BadInput: the map was recorded, so that no stroke is known.
        """
        if self.stroke is None:
            raise BadInput("a recorded map has no stroke to report; report the planned map and their agreement")
        found, pattern = self.summary, self.punctures.pattern
        low, high = self.stimulus.quantiles(_TAILS)
        lone = not np.isfinite(found.nearest)
        return MapReport(
            device=self.device.id,
            condition=self.condition,
            stroke=self.stroke,
            outline=self.outline,
            edges=pattern.edges,
            overlap_share=pattern.overlap,
            key=self.key,
            channels_count=found.channels,
            area_cm2=_short(found.area, "cm2"),
            density_per_cm2=_short(found.density, "per_cm2"),
            reached_share=measures.REACHED,
            reached_per_cm2=tuple(_short(density, "per_cm2") for density in found.reached),
            evenness_ratio=_short(found.evenness, "ratio"),
            dispersion_ratio=_short(found.dispersion, "ratio"),
            nearest_mm=None if lone else _short(found.nearest, "mm"),
            within_mm=_short(self.binning.halo, "mm"),
            within_share=_short(found.within, "share"),
            rehit_share=_short(found.rehit, "share"),
            track_share=_short(found.tracks, "share"),
            empty_share=_short(found.empty, "share"),
            gap_cell_mm=_short(self.binning.gap, "mm"),
            gap_mm=_short(found.gap, "mm"),
            gap_at_mm=(_short(found.gap_at[0], "mm"), _short(found.gap_at[1], "mm")),
            slit_mm=_short(self.punctures.slit, "mm"),
            stimulus_mean_share=_short(self.stimulus.mean, "share"),
            stimulus_low_share=_short(float(low), "share"),
            stimulus_high_share=_short(float(high), "share"),
            area_histogram=self.histogram(),
            depth_histogram=self.depth_histogram(),
            knowledge_sha256=self.knowledge.sha256,
        )


def _short(value: float, unit: str) -> float:
    return float(f"{from_si(value, unit):.{_DIGITS}g}")


def _curve(found: measures.Histogram, unit: str, cell: float, within: float | None = None) -> Curve:
    return Curve(
        levels=tuple(_short(level, unit) for level in found.level.tolist()),
        unit=unit,
        area_share=tuple(_short(share, "share") for share in found.share.tolist()),
        cell_mm=_short(cell, "mm"),
        within_mm=None if within is None else _short(within, "mm"),
    )


def _si(kb: Knowledge, name: str) -> float:
    quantity = kb.parameter(name).quantity
    return to_si(quantity.median, quantity.unit)


# ---------------------------------------------------------------- documents to arrays


def middle_member(kb: Knowledge) -> dict[str, float]:
    """Every parameter at its median, SI, by id: the person in the middle."""
    drawn = Belief.prior(kb, members=1).draw(0, layers=())
    return {name: float(values[0]) for name, values in drawn.items()}


def geometry_of(device: Device, stroke: Stroke, radius_share: float = 0.5, stagger: float = 0.5) -> Geometry:
    """A device and a needle length as the map sees them, SI.

    Args:
        radius_share: where between drum and tips a roller rolls. stagger: turn of every other ring, share.

    Raises:
        OutOfRange: a kind of device without a model.
    """
    if device.kind not in KINDS:
        raise OutOfRange(f"device '{device.id}' is of kind '{device.kind}'; the map knows {', '.join(KINDS)} only")
    rate = device.rate_hz or 1.0
    return Geometry(
        kind=device.kind,
        needles=device.needles_count,
        needle_length=to_si(stroke.needle_length_mm, "mm"),
        rings=device.rings_count or 1,
        drum_radius=to_si((device.drum_diameter_mm or 0.0) / 2, "mm"),
        drum_width=to_si(device.drum_width_mm or 0.0, "mm"),
        radius_share=radius_share,
        stagger=stagger,
        head_area=to_si(device.head_area_cm2 or 0.0, "cm2"),
        head_width=to_si(device.head_width_mm or 0.0, "mm"),
        stroke_spacing=to_si((device.speed_mm_per_s or 0.0) / rate, "mm"),
    )


def _needles(
    device: Device, stroke: Stroke, condition: Condition, member: Mapping[str, float], epidermis: float
) -> tuple[Reach, Faults]:
    """How deep a stroke goes on one person, by the stroke model, and what is wrong with the needles."""
    tool = tool_of(device, stroke, condition)
    kind = device.kind
    worn = condition != CONDITIONS[0]
    tip_ratio, spread, dead = (
        (member[f"{condition}-tip-ratio"], member[f"{condition}-length-spread"], member[f"{condition}-dead-share"])
        if worn
        else (1.0, 0.0, 0.0)
    )
    arguments = [
        *tool,
        epidermis,
        member[f"{kind}-efficiency"],
        member[f"{kind}-dead-length"],
        tip_ratio,
        spread,
        *(member[name] for name in SHARED_PARAMETERS),
    ]
    found = stroke_equation(*arguments)
    tolerance = (device.tolerance_mm or 0.0) / (2 * stroke.needle_length_mm)
    reach = Reach(
        depth=found[2],
        jitter=member["channel-depth-jitter"],
        epidermis=epidermis,
        diameter=member["channel-recoil-ratio"] * to_si(device.base_diameter_um, "um"),
        follow=member["skin-follow-share"],
    )
    return reach, Faults(dead=dead, spread=hypot(spread, tolerance))


def outline_of(zone: Zone) -> Outline:
    """A zone as a document: an outline as it is, or corners in mm."""
    return zone if isinstance(zone, Outline) else Outline(corners_mm=tuple((float(x), float(y)) for x, y in zone))


def _region(outline: Outline) -> Region:
    region = Region(to_si(1.0, "mm") * np.array(outline.corners_mm))
    area = from_si(float(np.prod(region.high - region.low)), "cm2")
    if area > _MOST_AREA_CM2:
        raise OutOfRange(
            f"the zone's bounding box has {area:.0f} cm2; a map has up to {_MOST_AREA_CM2:g} cm2; split the zone"
        )
    return region


def channel_map(
    device: Device | str,
    stroke: Stroke,
    zone: Zone,
    kb: Knowledge,
    *,
    key: int = 0,
    condition: Condition = "new",
    edges: Edges = "over",
    overlap: float = 0.0,
    lift: bool = True,
    member: Mapping[str, float] | None = None,
    epidermis_um: float | None = None,
) -> ChannelMap:
    """Lay every puncture of a stroke on a zone: a roller, a stamp or a pen, led by a hand that errs a little.

    Args:
        device: an entry of the knowledge, or its id. stroke: length, directions, passes, force.
        zone: its outline, or its corners in mm. kb: devices and parameters. key: of the random phases; equal keys
            give equal maps. condition: of the needles. edges: "over", passes run over the edge of the zone; "stop",
            the device is set down only where all its needles fall inside. overlap: of neighbouring lanes, share.
        lift: whether the device is lifted between lanes. member: parameters of a person, SI, by id; medians when left
            out. epidermis_um: thickness of the epidermis; that of the reference cheek when left out.

    Returns:
        The map: ``.x_mm``, ``.histogram()``, ``.depth_histogram()``, ``.stimulus``, ``.report()`` and more.

    Raises:
        BadInput: an outline that is no simple polygon, an overlap that leaves no lane, an unknown device.
        OutOfRange: a kind of device without a model, or a zone too large for one map.

    Assumes: flat skin; the hand keeps its speed. Needles enter tilted; skin follows most of their sideways way.
    """
    if not 0 <= overlap < 1:
        raise BadInput(f"lanes overlap by {overlap:g} of their width; allowed are 0 to less than 1")
    tool = kb.device(device) if isinstance(device, str) else device
    person = middle_member(kb) if member is None else member
    outline = outline_of(zone)
    epidermis = person["reference-epidermis"] if epidermis_um is None else to_si(epidermis_um, "um")
    geometry = geometry_of(tool, stroke, person["rolling-radius-share"], person["ring-stagger"])
    pattern = Pattern(
        stroke.directions_count,
        stroke.passes_count,
        jitter=person["direction-jitter"],
        lane_jitter=person["lane-jitter"],
        overlap=overlap,
        lift=lift,
        edges=edges,
    )
    reach, faults = _needles(tool, stroke, condition, person, epidermis)
    made = puncture(geometry, pattern, _region(outline), key, reach, faults)
    return ChannelMap(made, outline, stroke, tool, condition, key, person, kb)


def recorded_map(
    x_mm: Sequence[float] | Floats,
    y_mm: Sequence[float] | Floats,
    like: ChannelMap,
    *,
    pass_number: Sequence[int] | Ints | None = None,
    depth_mm: Sequence[float] | Floats | None = None,
) -> ChannelMap:
    """Channels that were counted on skin or on a test sheet, as a map of the same zone as a planned one.

    Args:
        x_mm, y_mm: of each channel, on the outline's own axes. like: the planned map.
        pass_number: from 1, when known. depth_mm: when known; the planned median when left out.

    Raises:
        BadInput: rows of different length, or none of the channels lies in the zone.
    """
    planned = like.punctures
    sizes = {len(row) for row in (x_mm, y_mm, pass_number, depth_mm) if row is not None}
    if len(sizes) != 1:
        raise BadInput("the recorded channels have rows of different length; give each channel all its values")
    x, y = (to_si(1.0, "mm") * np.asarray(row, dtype=np.float64) for row in (x_mm, y_mm))
    number = np.zeros(x.size, np.int64) if pass_number is None else np.asarray(pass_number, dtype=np.int64) - 1
    depth = (
        np.full(x.size, planned.reach.depth)
        if depth_mm is None
        else to_si(1.0, "mm") * np.asarray(depth_mm, dtype=np.float64)
    )
    made = recorded(planned, x, y, number, depth)
    if not made.x.size:
        raise BadInput("none of the recorded channels lies inside the zone; use the same axes, in mm")
    return ChannelMap(made, like.outline, None, like.device, like.condition, like.key, like.member, like.knowledge)


# ---------------------------------------------------------------- agreement


def agreement(planned: ChannelMap | float, delivered: ChannelMap) -> agreeing.Agreement:
    """Planned against delivered: where the delivered density agrees, and how much of the zone does.

    Args:
        planned: map of the plan, or one density for the whole zone, per cm2. delivered: map of what was done.

    Returns:
        Arrays; :func:`agreement_report` makes a document of them. The criteria come from the knowledge.

    Raises:
        BadInput: maps of different zones, or a plan without channels.
    """
    kb = delivered.knowledge
    criteria = agreeing.Criteria(
        difference=_si(kb, "agreement-density"),
        distance=_si(kb, "agreement-distance"),
        threshold=_si(kb, "agreement-threshold"),
        smoothing=_si(kb, "agreement-smoothing"),
        wanted=_si(kb, "agreement-pass"),
    )
    wanted = planned.punctures if isinstance(planned, ChannelMap) else to_si(planned, "per_cm2")
    return agreeing.agreement(wanted, delivered.punctures, criteria)


def agreement_report(found: agreeing.Agreement) -> MapAgreement:
    """An agreement as a document."""
    criteria = found.criteria
    return MapAgreement(
        planned_per_cm2=_short(found.planned_mean, "per_cm2"),
        delivered_per_cm2=_short(found.delivered_mean, "per_cm2"),
        passed_share=_short(found.passed, "share"),
        wanted_share=criteria.wanted,
        agrees=found.agrees,
        judged_share=_short(found.judged, "share"),
        mean_gamma_ratio=_short(found.mean_gamma, "ratio"),
        difference_pct=_short(criteria.difference, "pct"),
        distance_mm=_short(criteria.distance, "mm"),
        threshold_pct=_short(criteria.threshold, "pct"),
        smoothing_mm=_short(criteria.smoothing, "mm"),
        cell_mm=_short(found.cells.cell, "mm"),
    )


# ---------------------------------------------------------------- a plan's page


def picture_of(plan: Plan, kb: Knowledge, *, key: int = 0) -> ChannelMap | None:
    """The first session's first stroke on a square patch as wide as the device; None without a session.

    Args:
        plan: what would be done. kb: devices and parameters. key: of the random phases.
    """
    if not plan.sessions:
        return None
    session = plan.sessions[0]
    stroke, device = session.strokes[0], kb.device(session.device)
    if device.kind not in KINDS:
        return None
    side_mm = from_si(geometry_of(device, stroke).width, "mm")
    return channel_map(device, stroke, Outline.rectangle(side_mm, side_mm), kb, key=key, condition=session.condition)
