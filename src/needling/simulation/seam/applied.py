"""A substance put on a skin, as the arrays that the solver takes: layers, channels, film; and what the solver gives."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf

import numpy as np
from numpy.typing import NDArray

from needling.documents import Stroke, ZoneFinding
from needling.documents.exposure import SerumGate, SerumUse
from needling.errors import BadInput, NotAllowed
from needling.knowledge.base import Knowledge
from needling.knowledge.schema import Site
from needling.simulation.belief import Belief
from needling.simulation.engines import Serum, Spread, engine
from needling.simulation.engines.serum import MOST_CHANNELS
from needling.simulation.equations import closure, depth
from needling.simulation.seam.closing import half_lives
from needling.simulation.seam.person import modified
from needling.simulation.seam.substances import molecule_of
from needling.simulation.seam.tools import Strokes, tool_of
from needling.simulation.skin import Layers, Thickness, each, layers
from needling.units import to_si

Floats = NDArray[np.float64]
Draw = dict[str, Floats]

# numerical: hours at which amounts are reported
_REPORT_H = (
    0.1, 0.25, 0.5, 1, 1.5, 2, 3, 4, 6, 8, 10, 12, 16, 20, 24, 36, 48, 72, 96, 120, 168, 240, 336, 504, 720, 1080,
)  # fmt: skip


def _site_of(use: SerumUse, kb: Knowledge) -> Site:
    return kb.site(use.site)


def _finding(use: SerumUse) -> ZoneFinding | None:
    zones = use.assessment.zones if use.assessment is not None else ()
    return next((found for found in zones if found.zone == use.site), None)


def thickness_of(use: SerumUse, kb: Knowledge, drawn: Draw) -> Thickness:
    """Layers of each person at the site, m: measured, else the site's with the spread between people."""
    site, found = _site_of(use, kb), _finding(use)
    typical = (
        drawn["reference-stratum-corneum"]
        if site.stratum_corneum_um is None
        else np.full(drawn["stratum-corneum-ratio"].shape, to_si(site.stratum_corneum_um, "um"))
    )
    horny = typical * drawn["stratum-corneum-ratio"]
    if found is not None and found.epidermis_um is not None:
        whole = np.full(horny.shape, to_si(found.epidermis_um, "um"))
    else:
        known = site.epidermis_um
        whole = (drawn["reference-epidermis"] if known is None else to_si(known, "um")) * drawn["epidermis-ratio"]
    epidermis = np.maximum(whole - horny, drawn["viable-epidermis-floor"])
    if use.skin_thickness_um is not None:
        dermis = np.maximum(to_si(use.skin_thickness_um, "um") - epidermis - horny, drawn["viable-epidermis-floor"])
    elif found is not None and found.dermis_mm is not None:
        dermis = np.full(horny.shape, to_si(found.dermis_mm, "mm"))
    else:
        known = site.dermis_mm
        dermis = (drawn["reference-dermis"] if known is None else to_si(known, "mm")) * drawn["dermis-ratio"]
    return Thickness(horny, epidermis, np.asarray(dermis, dtype=np.float64), typical)


@dataclass(frozen=True)
class Openings:
    """Channels when the product goes on, SI, float64[member] each. depth is below the surface of the skin."""

    density: Floats
    depth: Floats
    radius: Floats
    opening: Floats
    half_life: Floats


def openings_of(use: SerumUse, horny: Floats, kb: Knowledge, drawn: Draw) -> Openings | None:
    """The channels of each person; None on whole skin.

    A device lays them as the stroke model says; those that do not pass the horny layer do not count. Until the
    application they close in open air, or under cover when the product is covered too.

    Raises:
        BadInput: an unknown device, or none.
    """
    if use.hours_after_h < 0 or (use.needle_length_mm is None and not use.density_per_cm2):
        return None
    people = horny.shape
    length = None if use.needle_length_mm is None else to_si(use.needle_length_mm, "mm")
    base = float(drawn["reference-needle-base"][0])
    if use.density_per_cm2 is not None and use.channel_depth_um is not None:
        density = np.full(people, to_si(use.density_per_cm2, "per_cm2"))
        reach = np.full(people, to_si(use.channel_depth_um, "um"))
    else:
        if use.device is None:
            raise BadInput("needles of a length need a device; or give density_per_cm2 and channel_depth_um")
        device = kb.device(use.device)
        base = to_si(device.base_diameter_um, "um")
        stroke = Stroke(
            zone=use.site,
            needle_length_mm=use.needle_length_mm or 1.0,
            directions_count=use.directions_count,
            passes_count=use.passes_count,
            force_N=use.force_N or kb.parameter(f"planning-force-{use.setting}").quantity.median,
        )
        strokes = Strokes((), drawn)
        row = strokes.row(tool_of(device, stroke), 0)
        strokes.run(engine("lanes"))
        median = strokes.measure("depth", row) * drawn["channel-depth-kept-share"]
        scatter = strokes.measure("scatter", row)
        density = strokes.measure("density", row) * each(depth.share_deeper, horny, median, scatter)
        reach = horny + each(depth.mean_excess, horny, median, scatter)
    half_life = half_lives(length, use.cover == "occluded", drawn)[0]
    left = each(closure.open_share, to_si(use.hours_after_h, "h"), half_life)
    density = density * left
    radius = (
        0.5 * drawn["channel-recoil-ratio"] * base
        if use.channel_radius_um is None
        else np.full(people, to_si(use.channel_radius_um, "um"))
    )
    # Crowded channels overlap: together they cover no more than the solver's share of the skin.
    crowded = np.sqrt(MOST_CHANNELS / (np.pi * np.maximum(density, 1.0)))
    radius = np.minimum(radius, crowded * (1 - 1e-9))  # numerical: inside the solver's bound in spite of rounding
    return Openings(density, reach, radius, drawn["opening-efficiency"], half_life)


@dataclass(frozen=True)
class SerumRun:
    """Everything that a run is made of and gives, as arrays; the first half of the lanes is needled, the second whole.

    Args:
        serum: what the solver took. spread: what it gave. layers: of each person. openings: None on whole skin.
    """

    serum: Serum
    spread: Spread
    layers: Layers
    openings: Openings | None

    @property
    def needled(self) -> Floats:
        """Amounts after needling, kg/m2, float64[row of COMPARTMENTS, time, member]."""
        return self.spread.amount[:, :, : self.layers.permeability.size]

    @property
    def whole(self) -> Floats:
        """Amounts through whole skin, kg/m2, float64[row of COMPARTMENTS, time, member]."""
        return self.spread.amount[:, :, -self.layers.permeability.size :]


def report_hours(hours_h: float) -> tuple[float, ...]:
    """Hours at which amounts are reported, the end among them."""
    return (0.0, *(hour for hour in _REPORT_H if hour < hours_h), hours_h)


def arrays(use: SerumUse, kb: Knowledge, drawn: Draw) -> tuple[Serum, Layers, Openings | None]:
    """A use as what the solver takes: needled lanes first, then the same people with whole skin."""
    molecule = molecule_of(use.substance, kb)
    thickness = thickness_of(use, kb, drawn)
    covered = use.cover == "occluded"
    skin = layers(molecule, thickness, drawn, covered=covered, receptor=use.receptor, barrier=use.barrier)
    openings = openings_of(use, skin.thickness[0], kb, drawn)
    members = thickness.horny.size
    product = to_si(use.product_mg_per_cm2, "mg_per_cm2")
    dose = product * use.concentration_share
    film = product / drawn["film-density"]
    residue = film if covered else film * np.maximum(drawn["film-residue-share"], use.concentration_share)
    drying = np.zeros(members) if covered else 1 / drawn["film-drying-time"]
    known = use.substance.solubility_g_per_l
    solubility = inf if known is None else to_si(known, "g_per_l") / skin.charge_free
    wash = inf if use.wash_off_h is None else to_si(use.wash_off_h, "h")
    if use.hours_after_h < 0:
        wash = min(wash, to_si(-use.hours_after_h, "h"))
    nothing = np.zeros(members)

    def twice(values: Floats | float, whole: Floats | float | None = None) -> Floats:
        """For needled and whole skin; on whole skin alone, once."""
        one = np.broadcast_to(np.asarray(values, dtype=np.float64), (members,))
        if openings is None:
            return np.ascontiguousarray(one)
        other = one if whole is None else np.broadcast_to(np.asarray(whole, dtype=np.float64), (members,))
        return np.concatenate([one, other])

    def layered(values: Floats) -> Floats:
        return np.array([twice(row) for row in values])

    serum = Serum(
        thickness=layered(skin.thickness),
        diffusivity=layered(skin.diffusivity),
        partition=layered(skin.partition),
        clearance=layered(skin.clearance),
        dose=twice(dose),
        film=twice(film),
        residue=twice(residue),
        drying=twice(drying),
        volatility=twice(nothing),
        wash_time=twice(wash),
        solubility=twice(solubility),
        channels=twice(nothing if openings is None else openings.density, nothing),
        channel_radius=twice(drawn["capillary-diameter"] if openings is None else openings.radius),
        channel_depth=twice(nothing if openings is None else openings.depth, nothing),
        opening=twice(nothing if openings is None else openings.opening, nothing),
        half_life=twice(drawn["barrier-half-life"] if openings is None else openings.half_life),
        sink=use.receptor,
        report_time=np.array([to_si(hour, "h") for hour in report_hours(use.hours_h)]),
    )
    return serum, skin, openings


def drawn_for(use: SerumUse, belief: Belief, key: int) -> Draw:
    """The parameters of each possible person, moved by what is known of the one who asks."""
    drawn = belief.draw(key)
    if use.person is not None and use.assessment is not None:
        drawn = modified(drawn, use.person, use.assessment)
    return drawn


def run_serum(use: SerumUse, gate: SerumGate, belief: Belief, *, key: int = 0) -> SerumRun:
    """One use on possible people, as arrays; see :func:`forecast_serum`.

    Raises:
        NotAllowed: the gate says no and the run is not stamped as research.
    """
    if not gate.allowed and not gate.stamp:
        later = "" if gate.when_allowed_h is None else f" Allowed from {gate.when_allowed_h:g} h after the session."
        raise NotAllowed(f"{use.substance.name}: {gate.why}{later}")
    serum, skin, openings = arrays(use, belief.knowledge, drawn_for(use, belief, key))
    from needling.simulation.engines.lanes.transport import spread

    return SerumRun(serum, spread(serum), skin, openings)
