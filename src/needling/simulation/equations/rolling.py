"""From a stroke of the device to channels per area."""

from __future__ import annotations

from math import acos, pi, sin


def rolling_radius(drum_radius: float, needle_length: float, share: float) -> float:
    """Radius on which the drum rolls without slip: between the drum and the needle tips.

    R_e = R + u L

    Args:
        drum_radius: R, m.
        needle_length: nominal L, m.
        share: u from 0 (rolls on the skin) to 1 (rolls on the tips).

    Returns:
        R_e, m.

    Assumes: no slip; which of the two limits holds is not known, so u is drawn.
    """
    return drum_radius + share * needle_length


def roller_density(needles: float, radius: float, drum_width: float, passes: float = 1.0) -> float:
    """Channels per area that a roller leaves after a number of passes over the same skin.

    n = passes N / (2 pi R_e W)

    Args:
        needles: N on the drum. radius: R_e, m. drum_width: W, m.
        passes: traverses in all directions together.

    Returns:
        n, per m2.

    Sources: schwarz2011 (geometry of the drum); doddaballapur2009 (about 250 per cm2 after 15 passes).
    """
    return passes * needles / (2 * pi * radius * drum_width)


def stamp_density(needles: float, head_area: float, passes: float) -> float:
    """Channels per area of a stamp that is pressed edge to edge: n = passes N / A, per m2."""
    return passes * needles / head_area


def pen_density(needles: float, rate: float, speed: float, head_width: float, passes: float) -> float:
    """Channels per area of a pen drawn over the skin.

    n = passes N f / (v w)

    Args:
        needles: N. rate: strokes per second f, Hz. speed: v, m/s. head_width: w, m. passes: traverses.

    Returns:
        n, per m2.
    """
    return passes * needles * rate / (speed * head_width)


def entry_tilt(drum_radius: float, needle_length: float) -> float:
    """Angle from the normal at which a roller's needle meets flat skin: cos t = R / (R + L), rad.

    Assumes: the drum rests on the skin and the skin is rigid, so this is the largest possible tilt.
    """
    return acos(drum_radius / (drum_radius + needle_length))


def needles_in_contact(needles: float, tilt: float) -> float:
    """Needles of a roller that touch the skin at once: N 2 t / (2 pi), number."""
    return needles * tilt / pi


def slit_length(drum_radius: float, needle_length: float, follow: float) -> float:
    """How far a roller's needle drags through the surface of the skin between entering and leaving, m.

    s = 2 (1 - f) [(R + L) sin t - R t],  cos t = R / (R + L)

    Args:
        drum_radius: R, m. needle_length: L, m. follow: f, share of this way that the skin goes along with, ratio.

    Assumes: the drum rolls on its surface without slip; f = 0 is rigid skin. Sources: schwarz2011 (geometry);
    fernandes-quoted (round holes, so f is large).
    """
    tilt = entry_tilt(drum_radius, needle_length)
    return 2 * (1 - follow) * ((drum_radius + needle_length) * sin(tilt) - drum_radius * tilt)
