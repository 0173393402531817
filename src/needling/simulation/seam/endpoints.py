"""The endpoint of a session: what is seen, and after which pass the hand stops."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, get_args

import numpy as np
from numpy.typing import NDArray

from needling.documents import Endpoint
from needling.simulation.course import Course
from needling.simulation.engines import STROKE_MEASURES
from needling.simulation.equations import depth
from needling.simulation.seam.context import Context, Draw, Floats
from needling.units import to_si

ENDPOINTS: tuple[Endpoint, ...] = get_args(Endpoint)
_LIMITS = ("faint-pink-stimulus", "erythema-stimulus", "pinpoint-strikes", "confluent-strikes")
# How several strokes on one zone join: shares as 1 - prod(1 - x), depths by the deepest, the others as a sum.
_FULL = 1 - 2.0**-53  # numerical: coverage below 1, so that its logarithm is finite
_JOIN = tuple(map(STROKE_MEASURES.index, ("coverage", "stimulus")))
_DEEPEST = tuple(map(STROKE_MEASURES.index, ("dermal_share", "depth", "vessel_share", "scatter")))
_COVERAGE, _STIMULUS = _JOIN
_STRIKES = STROKE_MEASURES.index("strikes")
_GROWS = tuple(map(STROKE_MEASURES.index, ("density", "strikes", "opening")))


class Visit(NamedTuple):
    """What one visit did to one zone.

    Args:
        measures: float64[row of ``STROKE_MEASURES``, member]. passes: done, float64[member]. planned: passes.
    """

    measures: Floats
    passes: Floats
    planned: int


def stop_limits(endpoint: Endpoint, drawn: Draw) -> tuple[Floats, Floats]:
    """Stimulus and bleeding channels per m2 at which a session planned for an endpoint stops, float64[member] each.

    Anything that goes beyond the plan stops it at once. A planned redness stops it when the redness is full, planned
    pinpoint blood when that is even: not at the first sign of either.
    """
    pink, red, pinpoint, confluent = (drawn[name] for name in _LIMITS)
    never = np.full(pink.shape, np.inf)
    full = np.maximum(drawn["endpoint-stimulus"], red)
    even = np.minimum(np.maximum(drawn["endpoint-strikes"], pinpoint), confluent)
    return {
        "none": (pink, pinpoint),
        "faint-pink": (pink, pinpoint),
        "erythema": (full, pinpoint),
        "pinpoint": (never, even),
        "confluent": (never, confluent),
    }[endpoint]


def passes_to(limits: tuple[Floats, Floats], stroke: Floats, before: Floats, bled: Floats) -> Floats:
    """Share of a stroke's passes after which a limit is reached, float64[member]; 0 where it was before, inf if never.

    With coverage c and bleeding channels h after all passes, a share x of them gives 1 - (1 - c)^x and x h; the
    stimulus is coverage times the depth response, which does not depend on passes.

    Args:
        limits: :func:`stop_limits`. stroke: float64[row of ``STROKE_MEASURES``, member].
        before: 1 - stimulus of earlier strokes on this zone. bled: their bleeding channels, per m2.
    """
    pink, blood = limits
    covered, stimulus, strikes = np.minimum(stroke[_COVERAGE], _FULL), stroke[_STIMULUS], stroke[_STRIKES]
    with np.errstate(divide="ignore", invalid="ignore"):
        needed = (1 - (1 - pink) / before) * covered / stimulus  # coverage at which the redness is reached
        red = np.log1p(-needed) / np.log1p(-covered)
        bleeds = (blood - bled) / strikes
    red = np.where(before <= 1 - pink, 0.0, np.where(needed < covered, red, np.inf))
    bleeds = np.where(bled + strikes >= blood, bleeds, np.inf)
    return np.asarray(np.maximum(np.minimum(red, bleeds), 0.0))


def reference_stimulus(stroke: Floats, endpoint: Endpoint, drawn: Draw) -> Floats:
    """Stimulus of a reference session that stopped at its endpoint as well, float64[member]; parts of a pass count."""
    none = np.zeros(stroke.shape[1])
    share = np.minimum(passes_to(stop_limits(endpoint, drawn), stroke, 1 - none, none), 1.0)
    return np.asarray(_part(stroke, share)[_STIMULUS])


def visit_zone(strokes: Sequence[tuple[Floats, int]], endpoint: Endpoint, drawn: Draw, *, to_endpoint: bool) -> Visit:
    """Strokes of one visit on one zone as one, each stopped after the pass that reaches the endpoint.

    Args:
        strokes: measures of each with all its passes, and how many those are. endpoint: of the visit.
        to_endpoint: whether the hand stops there; otherwise all passes are done.
    """
    members = drawn["faint-pink-stimulus"].size
    joined = np.zeros((len(STROKE_MEASURES), members))
    joined[list(_JOIN)] = 1.0  # holds 1 - x until the end
    done = np.zeros(members)
    limits = stop_limits(endpoint, drawn)
    for stroke, planned in strokes:
        counted = np.full(members, float(planned))
        if to_endpoint:
            wanted = np.minimum(passes_to(limits, stroke, joined[_STIMULUS], joined[_STRIKES]), 1.0) * planned
            counted = np.ceil(wanted * (1 - 1e-12))  # numerical: a pass that just reaches it is not followed by one
            counted = np.maximum(counted, done == 0)  # nobody stops before the first pass
        share = counted / planned
        part = _part(stroke, share)
        joined[list(_GROWS)] += part[list(_GROWS)]
        joined[list(_JOIN)] *= 1 - part[list(_JOIN)]
        joined[list(_DEEPEST)] = np.maximum(joined[list(_DEEPEST)], part[list(_DEEPEST)] * (share > 0))
        done = done + counted
    joined[list(_JOIN)] = 1 - joined[list(_JOIN)]
    return Visit(joined, done, sum(planned for _, planned in strokes))


def _part(stroke: Floats, share: Floats) -> Floats:
    """A stroke with a share of its passes; exact where that is all of them."""
    part = stroke.copy()
    part[list(_GROWS)] *= share
    covered = np.minimum(stroke[_COVERAGE], _FULL)
    with np.errstate(divide="ignore", invalid="ignore"):
        less = np.where(share < 1, -np.expm1(share * np.log1p(-covered)), covered)
        part[_STIMULUS] = np.where(covered > 0, stroke[_STIMULUS] * less / covered, 0.0)
    part[_COVERAGE] = less
    return part


def endpoint_grades(course: Course, visit: int, zone: int) -> NDArray[np.int64]:
    """What each member shows right after a session in a zone, as the place in ``ENDPOINTS``, int64[member]."""
    return grades(course.stimulus[visit, zone], course.strikes[visit, zone], course.context.drawn)


def grades(stimulus: Floats, strikes: Floats, drawn: Draw) -> NDArray[np.int64]:
    """What is seen at a stimulus and a number of bleeding channels per m2, as the place in ``ENDPOINTS``."""
    limits: list[Any] = [drawn[name] for name in _LIMITS]
    seen: tuple[Any, Any] = stimulus, strikes
    return np.asarray(depth.endpoint_grade(*seen, *limits))  # plain arithmetic, so it takes all members


def beyond_endpoint(course: Course) -> float:
    """Chance that a session shows more than its planned endpoint, at the worst session and zone.

    The hand stops at the endpoint, so this is what one pass too many, or the very first pass, shows.
    """
    context: Context = course.context
    planned: dict[tuple[float, str], int] = {}
    for session in context.plan.sessions:
        for stroke in session.strokes:
            spot = to_si(session.day_d, "d"), stroke.zone
            planned[spot] = max(planned.get(spot, 0), ENDPOINTS.index(session.endpoint))
    chances = [
        float(np.mean(endpoint_grades(course, int(visit), course.zones.index(zone)) > grade))
        for (time, zone), grade in planned.items()
        for visit in np.flatnonzero(course.session_time == time)
    ]
    return max(chances, default=0.0)
