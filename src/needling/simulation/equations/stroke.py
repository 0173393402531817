"""One stroke on one person's zone: from the tool and the hand to channels, depth, stimulus and blood."""

from __future__ import annotations

from math import pi, sqrt

from needling.simulation.equations.depth import (
    entered_depth,
    force_share,
    insertion_force,
    loop_strikes,
    mean_excess,
    needle_width,
    plexus_strikes,
    reached_depth,
    share_deeper,
    strike_probability,
)
from needling.simulation.equations.healing import coverage, depth_response
from needling.simulation.equations.rolling import (
    entry_tilt,
    needles_in_contact,
    pen_density,
    roller_density,
    rolling_radius,
    stamp_density,
)

KINDS = ("roller", "stamp", "pen")
CONDITIONS = ("new", "worn", "cheap")
# Columns of a tool: what the device and the hand give.
TOOL = (
    "kind",
    "needles",
    "drum_radius",
    "drum_width",
    "head_area",
    "head_width",
    "rate",
    "speed",
    "base_diameter",
    "tip_diameter",
    "needle_length",
    "passes",
    "force",
    "condition",
    "tolerance",
    "by_force",
)
# Rows of a person: parameter ids, in the order of the arguments of :func:`stroke` after ``length_spread``; efficiency
# and dead length have one row for each kind of device, the needles' state one for each of ``CONDITIONS`` but "new".
SHARED_PARAMETERS = (
    "rolling-radius-share",
    "channel-recoil-ratio",
    "insertion-force-slope",
    "insertion-force-intercept",
    "pen-knee-length",
    "pen-beyond-share",
    "channel-depth-jitter",
    "signal-halo",
    "epidermis-fade",
    "depth-scale",
    "capillary-density",
    "capillary-diameter",
    "capillary-depth",
    "plexus-density",
    "plexus-depth",
    "pen-taper-length",
    "reference-needle-tip",
)
KIND_PARAMETERS = tuple(f"{kind}-{what}" for what in ("efficiency", "dead-length") for kind in KINDS)
WEAR_PARAMETERS = tuple(f"{state}-{what}" for what in ("tip-ratio", "length-spread") for state in CONDITIONS[1:])
STROKE_PARAMETERS = (*SHARED_PARAMETERS, *KIND_PARAMETERS, *WEAR_PARAMETERS)


def stroke(
    kind: float,
    needles: float,
    drum_radius: float,
    drum_width: float,
    head_area: float,
    head_width: float,
    rate: float,
    speed: float,
    base_diameter: float,
    tip_diameter: float,
    needle_length: float,
    passes: float,
    force: float,
    condition: float,
    tolerance: float,
    by_force: float,
    epidermis: float,
    efficiency: float,
    dead_length: float,
    tip_ratio: float,
    length_spread: float,
    radius_share: float,
    recoil: float,
    force_slope: float,
    force_intercept: float,
    knee: float,
    beyond: float,
    jitter: float,
    halo: float,
    fade: float,
    scale: float,
    loops: float,
    loop_diameter: float,
    loop_depth: float,
    plexus: float,
    plexus_depth: float,
    pen_taper: float,
    reference_tip: float,
) -> tuple[float, float, float, float, float, float, float, float, float]:
    """What one stroke does to one person's zone.

    s = coverage(n x share that reaches the dermis) x depth response            (models of this package)

    Blood: a needle cuts the loops with its own width where it crosses them, and vessels below on its further way;
    what counts is how many channels bleed.

    Worn and cheap needles have blunter tips, which take more force to enter, and lengths that scatter more (bent, cut
    unevenly); the maker's tolerance scatters new ones too.

    Args:
        kind: 0 roller, 1 stamp, 2 pen. needles .. force: the tool, SI; see ``TOOL``.
        condition: place in ``CONDITIONS``; its numbers come as tip_ratio and length_spread.
        tolerance: of the needle's length, ratio (log scale). by_force: 1 for the depth model "force", else 0.
        epidermis: thickness of this person's zone, m. efficiency, dead_length: of this kind of device.
        tip_ratio: tip diameter relative to a new needle's. length_spread: added scatter of length, ratio (log scale).
        The others: values of ``SHARED_PARAMETERS`` in that order.

    Returns:
        density (per m2), share that reaches the dermis, median depth (m), coverage, stimulus s,
        bleeding channels (per m2), opened share of the skin's area n pi r_c^2, share that passes the capillary
        loops, scatter of depth from channel to channel (log scale).
    """
    pressed = 1.0
    counted_beyond = 1.0
    taper = needle_length
    entry = insertion_force(tip_diameter * tip_ratio, force_slope, force_intercept)
    if kind < 0.5:
        density = roller_density(needles, rolling_radius(drum_radius, needle_length, radius_share), drum_width, passes)
        touching = needles_in_contact(needles, entry_tilt(drum_radius, needle_length))
        pressed = force_share(force, touching, entry)
    elif kind < 2 - 0.5:
        density = stamp_density(needles, head_area, passes)
        pressed = force_share(force, needles, entry)
    else:
        density = pen_density(needles, rate, speed, head_width, passes)
        counted_beyond = beyond
        taper = max(needle_length, pen_taper)  # a short setting shows only the tip of a long needle
    if by_force > 0.5:
        usual = insertion_force(reference_tip, force_slope, force_intercept)
        depth = entered_depth(needle_length, dead_length, knee, counted_beyond, entry, usual)
        density = density * pressed  # too little force lets fewer needles in, at full depth
    else:
        depth = reached_depth(needle_length, efficiency, dead_length, knee, counted_beyond, pressed)
    scatter = sqrt(jitter * jitter + length_spread * length_spread + tolerance * tolerance)
    dermal = share_deeper(epidermis, depth, scatter)
    radius = 0.5 * recoil * base_diameter
    covered = coverage(density * dermal, radius, halo)
    stimulus = covered * depth_response(depth, epidermis, fade, scale)
    layer = epidermis + loop_depth
    vessels = share_deeper(layer, depth, scatter)
    tip = tip_diameter * tip_ratio
    width = needle_width(mean_excess(layer, depth, scatter), taper, base_diameter, tip)
    loop = vessels * strike_probability(loop_strikes(loops, width, loop_diameter))
    layer = epidermis + plexus_depth
    way = mean_excess(layer, depth, scatter)
    width = needle_width(way, taper, base_diameter, tip)
    deeper = share_deeper(layer, depth, scatter) * strike_probability(plexus_strikes(plexus, way, width, tip))
    strikes = density * (1 - (1 - loop) * (1 - deeper))
    return (
        density,
        dermal,
        depth,
        covered,
        stimulus,
        strikes,
        density * pi * radius * radius,
        vessels,
        scatter,
    )
