"""The one seam between documents and arrays: plan, person and assessment in, course out, and back to a forecast.

Its pieces lie in :mod:`needling.simulation.seam`: ``people`` (who, and where they start) and ``coursing`` (plans on
them), made of ``tools`` and ``laying`` (strokes, and what sessions lay), ``endpoints`` (where a session stops),
``person`` and ``closing`` (what a person and a cover change), ``outcomes``, ``harms`` and ``summary``. ``ensemble``
keeps people and their healing for many questions, ``sketching`` gives thousands of plans in outline.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from needling.documents import Assessment, Forecast, Person, Plan
from needling.errors import BadInput, did_you_mean
from needling.simulation.belief import Belief
from needling.simulation.course import Course, Objectives
from needling.simulation.models import Models
from needling.simulation.seam import harms, outcomes
from needling.simulation.seam.changes import changed
from needling.simulation.seam.context import Context
from needling.simulation.seam.coursing import courses, healing_of
from needling.simulation.seam.endpoints import ENDPOINTS, beyond_endpoint, endpoint_grades
from needling.simulation.seam.individuals import Individuals
from needling.simulation.seam.laying import Spatial
from needling.simulation.seam.people import people_of
from needling.simulation.seam.tools import (
    planned_density_per_cm2,
)
from needling.units import from_si, to_si

__all__ = [
    "ENDPOINTS",
    "Spatial",
    "endpoint_grades",
    "forecast",
    "log_likelihood",
    "objectives",
    "planned_density_per_cm2",
    "simulate",
    "simulate_many",
]

Floats = NDArray[np.float64]


# ---------------------------------------------------------------- documents to arrays


def simulate(
    plan: Plan,
    person: Person,
    assessment: Assessment,
    belief: Belief,
    *,
    key: int = 0,
    models: Models | None = None,
    spatial: Spatial | None = None,
    engine: str = "lanes",
    missed: Collection[int] = (),
    moved: Mapping[int, float] | None = None,
    individuals: Individuals | None = None,
) -> Course:
    """One plan on the ensemble; see :func:`simulate_many`.

    Args:
        missed, moved: sessions that do not happen, and days by which others come later; the course is then that of
            :func:`needling.simulation.seam.changes.changed`, whose plan ``course.context.plan`` is.
    """
    life = changed(plan, missed=missed, moved=moved)
    return simulate_many(
        [life],
        person,
        assessment,
        belief,
        key=key,
        models=models,
        spatial=spatial,
        engine=engine,
        individuals=individuals,
    )[0]


def simulate_many(
    plans: Sequence[Plan],
    person: Person,
    assessment: Assessment,
    belief: Belief,
    *,
    key: int = 0,
    models: Models | None = None,
    spatial: Spatial | None = None,
    engine: str = "lanes",
    individuals: Individuals | None = None,
) -> list[Course]:
    """All candidates on the same possible people, with the same luck, in one batch.

    Args:
        plans: candidates; "no treatment" (no sessions) is one like any other.
        person, assessment: who, and what was found. belief: the ensemble. key: of the random numbers.
        models: which sub-models run; default :class:`~needling.simulation.models.Models`.
        spatial: factor on the stimulus of each zone, for the model "spatial" and only for it.
        engine: how the equations are run, of :data:`~needling.simulation.engines.ENGINES`; all agree to 1e-6.
        individuals: what differs from member to member, where each is somebody else; attendance and force are by visit,
            so they fit plans with equally many visits only.

    Returns:
        One course for each plan, in order.

    Raises:
        BadInput: a stroke on a zone that was not assessed, an unknown device, site or concern; a spatial factor that is
            lacking or not asked for.
        OutOfRange: a kind of device without a model, or a spatial factor that is no finite number from 0.
    """
    people = people_of(
        person,
        assessment,
        belief,
        key=key,
        models=models,
        spatial=spatial,
        engine=engine,
        individuals=individuals,
    )
    return courses(people, plans, healing_of(people))


# ---------------------------------------------------------------- arrays to documents


def forecast(course: Course, plan: Plan) -> Forecast:
    """The course as a document: quantiles by zone and measure, outcomes, harms, waiting times, assumptions.

    Raises:
        BadInput: the course was made from another plan, or of many people.
    """
    from needling.simulation.seam.summary import write_forecast

    if course.context.plan != plan:
        raise BadInput(f"this course was simulated for the plan '{course.context.plan.label}', not for '{plan.label}'")
    if course.context.individuals is not None:
        raise BadInput("this course is of many different people; a forecast is for one")
    return write_forecast(course)


def objectives(course: Course) -> Objectives:
    """What a choice weighs: gain at the judging day in the treated zones, redness, and the chance of a lasting mark."""
    context: Context = course.context
    treated = {stroke.zone for session in context.plan.sessions for stroke in session.strokes}
    weights = [zone.finding.area_cm2 if zone.finding.zone in treated or not treated else 0.0 for zone in context.zones]
    gains = [
        outcomes.gain(zone, baseline, outcomes.at_time(course.score[:, index], course.time, course.judge_time[index]))
        for index, (zone, baseline) in enumerate(zip(context.zones, context.baselines, strict=True))
    ]
    total = np.zeros(context.belief.members.size)
    weight = 0.0
    for gain, area in zip(gains, weights, strict=True):
        if gain is not None and area > 0:
            total += area * gain
            weight += area
    either = 1 - (1 - course.pih_probability) * (1 - course.track_probability)
    return Objectives(
        gain=total / weight if weight else total,
        gain_known=weight > 0,
        redness_d=from_si(1.0, "d") * course.redness_time,
        harm_probability=either,
        harm_known=harms.is_known(context),
        beyond_endpoint_probability=beyond_endpoint(course),
    )


def log_likelihood(course: Course, readings: Sequence[tuple[str, float, float]]) -> Floats:
    """How well each member agrees with readings on the indication's scale: sum of normal log densities.

    Args:
        course: of the plan as delivered. readings: zone, day from the start, value.

    Returns:
        float64[member], up to a constant.

    Raises:
        BadInput: a zone that was not assessed or has no scale.
    """
    context: Context = course.context
    total = np.zeros(context.belief.members.size)
    for name, day, value in readings:
        if name not in course.zones:
            raise BadInput(
                f"a reading on '{name}'{did_you_mean(name, course.zones)}; assessed: {', '.join(course.zones)}"
            )
        index = course.zones.index(name)
        scale = context.zones[index].scale
        if scale is None or not np.all(np.isfinite(course.score[:, index])):
            raise BadInput(f"there is no forecast on a scale for '{name}', so a reading there cannot be compared")
        expected = outcomes.at_time(course.score[:, index], course.time, to_si(day, "d"))
        total -= 0.5 * ((value - expected) / scale.noise) ** 2
    return total
