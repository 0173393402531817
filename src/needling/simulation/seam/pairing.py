"""What a course says of each possible person, in readable units: the numbers that two plans are compared by."""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np

from needling.simulation.course import Course
from needling.simulation.quantiles import quantiles, rounded
from needling.simulation.seam import harms, outcomes
from needling.simulation.seam.context import Context, Floats
from needling.units import from_si, to_si

__all__ = ["CurveOf", "Numbers", "Own", "bands", "curves", "numbers_of", "quantiles", "results", "results_on", "tables"]

Better = Literal["lower", "higher"]
Kind = Literal["outcome", "reached", "redness", "ready", "harm", "pain"]
_DIGITS = 6  # numerical: figures of a document
NOTHING = 1e-12  # numerical: what is smaller is written as 0
LASTING_MARK = "lasting-mark"
REACHED = "reached"


class Own(NamedTuple):
    """One number of every possible person under one plan.

    Args:
        id: what it is. zone: where, None for the whole person. label: in words. unit: of the values. better: which way.
        kind: what kind of thing, which decides how small a difference is negligible.
        values: float64[member]. meaningful: the change that people notice on an outcome's scale, else 0.
        lacks: of a sum, what is not in it because nobody has counted it.
    """

    id: str
    zone: str | None
    label: str
    unit: str
    better: Better
    kind: Kind
    values: Floats
    meaningful: float = 0.0
    lacks: tuple[str, ...] = ()


class CurveOf(NamedTuple):
    """One measure of every possible person over time, values float64[member, time]."""

    zone: str
    measure: str
    label: str
    unit: str
    values: Floats


class Numbers(NamedTuple):
    """All numbers of the possible people under one plan, however many other plans it is held against.

    Args:
        course: that they come from. results: by zone. costs: of the whole person. chances: of each harm.
        uncounted: labels of harms whose rate nobody has counted.
    """

    course: Course
    results: list[Own]
    costs: list[Own]
    chances: list[Own]
    uncounted: list[str]


def numbers_of(course: Course) -> Numbers:
    """All numbers of a course but those that depend on the other course as well (:func:`results_on`)."""
    found = results(course)
    return Numbers(course, [*found, *_reached(course, found)], _costs(course), *_chances(course))


def results(course: Course) -> list[Own]:
    """The change of each zone with an honest forecast by its plan's own judging day, on the indication's scale."""
    context: Context = course.context
    found = []
    for index, (zone, start) in enumerate(zip(context.zones, context.baselines, strict=True)):
        final = outcomes.at_time(course.score[:, index], course.time, course.judge_time[index])
        if zone.scale is not None and np.all(np.isfinite(final)):
            indication = zone.indication
            found.append(
                Own(
                    "outcome",
                    zone.finding.zone,
                    zone.scale.name,
                    zone.scale.unit,
                    "lower" if indication.lower_is_better else "higher",
                    "outcome",
                    final - start.values,
                    abs(indication.meaningful_change or 0.0),
                )
            )
    return found


def _reached(course: Course, changes: list[Own]) -> list[Own]:
    """Whether each possible person gains at least the change that people notice, as the dots of a forecast count it.

    Equation:
        1 where the change by the plan's own judging day is at least the meaningful one in the better direction, else 0
    """
    context: Context = course.context
    labels = {zone.finding.zone: zone.indication.meaningful_label for zone in context.zones}
    found = []
    for own in changes:
        if own.meaningful > 0:
            gained = -own.values if own.better == "lower" else own.values
            values = (gained >= own.meaningful).astype(np.float64)
            label = labels[own.zone or ""].rstrip(".")
            found.append(Own(REACHED, own.zone, label, "probability", "higher", "reached", values))
    return found


def results_on(numbers: Numbers, day_d: dict[str, float]) -> list[Own]:
    """As :func:`results`, each zone on a given day instead: two courses on the same day."""
    course = numbers.course
    context: Context = course.context
    found = []
    for own in numbers.results:
        if own.id == REACHED:
            continue
        index = course.zones.index(own.zone or "")
        score = outcomes.at_time(course.score[:, index], course.time, to_si(day_d[own.zone or ""], "d"))
        found.append(own._replace(id="outcome-same-day", values=score - context.baselines[index].values))
    return found


def judge_days_d(course: Course) -> dict[str, float]:
    """The day on which it is fair to judge each zone."""
    return {zone: from_si(float(time), "d") for zone, time in zip(course.zones, course.judge_time, strict=True)}


def _costs(course: Course) -> list[Own]:
    """Downtime and pain: redness and readiness after a session (days), and the pain of the worst session (ratio)."""
    members = course.redness_time.size
    treated = bool(course.session_time.size)
    days = from_si(1.0, "d")
    pain = course.pain.max(axis=(0, 1)) if treated else np.zeros(members)
    none = np.zeros(members)
    redness, ready = (days * course.redness_time, days * course.ready_time) if treated else (none, none)
    return [
        Own("redness", None, "Redness after a session", "days", "lower", "redness", redness),
        Own("ready", None, "Until ready for the next session", "days", "lower", "ready", ready),
        Own("pain", None, "Pain of the worst session", "ratio", "lower", "pain", pain),
    ]


def _chances(course: Course) -> tuple[list[Own], list[str]]:
    """Chance of each harm for every possible person, and the labels of harms whose rate nobody has counted.

    The same harms, counts and draws as in the forecast's list (:func:`needling.simulation.seam.harms.harm_list`).
    """
    context: Context = course.context
    either = 1 - (1 - course.pih_probability) * (1 - course.track_probability)
    at_home = context.assessment.setting == "home"
    lacks = tuple(
        f"{(event.plain or event.name) if at_home else event.name}: not known for a {kind}"
        for event, kind in harms.uncounted(context)
    )
    whole = Own(LASTING_MARK, None, "A lasting mark of any kind", "probability", "lower", "harm", either, lacks=lacks)
    found = [whole]
    unknown = []
    for event, _, chance in harms.event_chances(context, course.dose_ratio, course.track_probability):
        label = (event.plain or event.name) if at_home else event.name
        if chance is None:
            unknown.append(label)
        else:
            found.append(Own(f"harm:{event.id}", None, label, "probability", "lower", "harm", chance))
    return found, unknown


def curves(course: Course) -> list[CurveOf]:
    """Every measure over time that a forecast shows, without the noise of reading, which two plans share."""
    context: Context = course.context
    found = []
    for index, zone in enumerate(context.zones):
        name = zone.finding.zone
        shown: list[tuple[str, str, str, Floats]] = [
            ("open-channels", "Share of a session's channels still open", "ratio", course.open_share),
            ("water", "Share of the water barrier still lost", "ratio", course.water),
            ("redness", "Redness", "ratio", course.erythema),
            ("collagen", "Collagen, start = 1", "ratio", course.collagen),
        ]
        if zone.scale is not None and np.all(np.isfinite(course.score[:, index])):
            shown.append(("severity", zone.scale.name, zone.scale.unit, course.score))
        found += [CurveOf(name, measure, label, unit, values[:, index]) for measure, label, unit, values in shown]
    return found


def days_d(course: Course) -> tuple[float, ...]:
    """The days on which a course is reported."""
    return figures(from_si(1.0, "d") * course.time)


def last_day_d(course: Course) -> float:
    """The last of :func:`days_d`."""
    return figures(from_si(1.0, "d") * course.time[-1:])[0]


def figures(values: Floats) -> tuple[float, ...]:
    """Numbers as a document keeps them; ``-0`` is 0."""
    return tuple((rounded(values, _DIGITS) + 0.0).tolist())


def tables(values: Floats) -> list[tuple[float, ...]]:
    """Rows of a table as a document keeps them."""
    return [tuple(row) for row in (rounded(values, _DIGITS) + 0.0).tolist()]


def bands(values: Floats, levels: tuple[float, ...]) -> tuple[tuple[float, ...], ...]:
    """Quantiles ``[level][time]`` of values [member, time], as a document keeps them."""
    found = quantiles(np.ascontiguousarray(values.T), levels)
    found[np.abs(found) < NOTHING] = 0.0
    return tuple(map(tuple, (rounded(found, _DIGITS) + 0.0).tolist()))
