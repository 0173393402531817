"""How much of the skin is opened how deep, for each possible person: the depth-area histogram of a course (DAH)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from needling.errors import OutOfRange
from needling.simulation.course import Course
from needling.simulation.equations.depth import share_deeper

Floats = NDArray[np.float64]


def depth_area(course: Course, depths: Floats, *, session: int = 0, zone: int = 0) -> Floats:
    """Share of the skin's area that channels of at least each depth open, float64[depth, member].

    n pi r_c^2 P(channel deeper than d), with depths log-normal about the median (:func:`share_deeper`); the passes are
    those done before the endpoint. At depth 0 it is the whole opened share.

    Args:
        course: of a plan. depths: d below the surface, m, float64[depth]. session, zone: places in the course's arrays.

    Raises:
        OutOfRange: a depth below 0.
    """
    if np.any(np.asarray(depths) < 0):
        raise OutOfRange(f"depths are counted down from the surface, from 0 m, got {np.min(depths):g} m")
    opening, median = course.opening[session, zone], course.depth[session, zone]
    found = np.zeros((len(depths), opening.size))
    for row, layer in enumerate(depths):
        if layer == 0:
            found[row] = opening
            continue
        for member in np.flatnonzero(opening):
            share = share_deeper(float(layer), float(median[member]), float(course.scatter[session, zone, member]))
            found[row, member] = opening[member] * share
    return found
