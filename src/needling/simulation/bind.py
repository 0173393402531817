"""The one seam between documents and arrays: plan, person and assessment in, course out, and back to a forecast.

Its pieces lie in :mod:`needling.simulation.seam`: ``tools`` and ``laying`` (strokes, and what sessions lay),
``endpoints`` (where a session stops), ``person`` and ``closing`` (what a person and a cover change),
``outcomes``, ``harms`` and ``summary``.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from needling.documents import Assessment, Forecast, Person, Plan
from needling.errors import BadInput, did_you_mean
from needling.knowledge.base import Knowledge
from needling.simulation import engines
from needling.simulation.belief import Belief
from needling.simulation.course import Course, CourseResult, Objectives
from needling.simulation.engines import MEASURES, STROKE_MEASURES, Task
from needling.simulation.equations import depth, healing
from needling.simulation.models import Models
from needling.simulation.seam import closing, harms, outcomes
from needling.simulation.seam.changes import changed
from needling.simulation.seam.context import Context, Draw, Zone
from needling.simulation.seam.endpoints import ENDPOINTS, beyond_endpoint, endpoint_grades, reference_stimulus
from needling.simulation.seam.individuals import Individuals
from needling.simulation.seam.laying import STIMULUS, Laid, Spatial, lay, rows_of, spatial_factors, visits_of
from needling.simulation.seam.person import OPENINGS, modified
from needling.simulation.seam.tools import (
    Strokes,
    in_range,
    lengths_of,
    planned_density_per_cm2,
    reference_tool,
    strokes_on,
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

# numerical: days after a session at which a course is reported; pictures and tables only
_REPORT_D = (0, 0.25, 0.5, 1, 1.5, 2, 3, 4, 5, 7, 10, 14, 21, 28, 42, 56, 70, 84, 112, 140, 168, 224, 280, 365)
_FEW_REPORT_D = (0, 1, 3, 7, 14, 28, 56, 112)


# ---------------------------------------------------------------- documents to arrays


def _zones(assessment: Assessment, kb: Knowledge) -> tuple[Zone, ...]:
    found = []
    for finding in assessment.zones:
        indication = kb.planned_indication(finding.concern, assessment.setting)
        scale = kb.by("scales").get(indication.scale) if indication.scale else None
        found.append(Zone(finding, kb.site(finding.zone), indication, scale))
    return tuple(found)


def _report_times(session_time: Floats, judge_time: Floats, beyond: float) -> Floats:
    """Reports after each session until the next one, at each judging time, and some time beyond for late visits.

    Many after the first and the last session, few after those between, which look like the first.
    """
    many, few = (to_si(1.0, "d") * np.array(days) for days in (_REPORT_D, _FEW_REPORT_D))
    end = judge_time.max() + beyond
    starts = session_time if session_time.size else np.zeros(1)
    stops = [*starts[1:], end]
    parts = [np.zeros(1), judge_time, np.full(1, end)]
    for index, (start, stop) in enumerate(zip(starts, stops, strict=True)):
        times = start + (many if index in (0, starts.size - 1) else few)
        parts.append(times[times < stop])
    return np.unique(np.concatenate(parts))


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
    models = models or Models()
    chosen = engines.engine(engine)
    kb = belief.knowledge
    zones = _zones(assessment, kb)
    visits = [visits_of(plan) for plan in plans]
    if individuals is not None:
        for own in visits:
            individuals.require(belief.members.size, len(own))
    drawn = modified(belief.draw(key), person, assessment, individuals)
    factors = spatial_factors(zones, spatial, models, belief.members.size)
    strokes = Strokes(zones, drawn)
    references = {zone.indication.id: outcomes.reference_session(zone.indication, drawn) for zone in zones}
    usual = float(drawn["reference-length"][0]), outcomes.USUAL_ENDPOINT
    reference_rows = {
        length: strokes.row(reference_tool(drawn, length, models), len(zones))  # on a zone of its own: the usual cheek
        for length in {usual[0], *(length for length, _ in references.values())}
    }
    rows = [rows_of(own, zones, strokes, kb, models) for own in visits]
    strokes.run(chosen, individuals.force_ratio if individuals else None)
    session_stimulus = {
        session: reference_stimulus(strokes.result[:, reference_rows[session[0]]], session[1], drawn)
        for session in {usual, *references.values()}
    }
    baselines = tuple(outcomes.baseline(zone, assessment, belief, key, individuals) for zone in zones)
    laid_of = [
        lay(own, plan_rows, strokes, factors, drawn, models, individuals)
        for own, plan_rows in zip(visits, rows, strict=True)
    ]
    tasks = [
        task
        for plan, laid in zip(plans, laid_of, strict=True)
        for task in _tasks(plan, zones, laid, drawn, individuals)
    ]

    healed = chosen.heal(tasks, np.array([drawn[name] for name in healing.PARAMETERS]))
    if models.closure == "two-phase":
        healed = [(_with_two_phases(task, out, drawn), calm) for task, (out, calm) in zip(tasks, healed, strict=True)]
    reference = _Reference(
        stimulus=session_stimulus[usual],
        depth=strokes.measure("depth", reference_rows[usual[0]]),
        density=strokes.measure("density", reference_rows[usual[0]]),
        by_zone=tuple(session_stimulus[references[zone.indication.id]] for zone in zones),
    )
    courses = []
    for index, (plan, laid) in enumerate(zip(plans, laid_of, strict=True)):
        mine = slice(index * len(zones), (index + 1) * len(zones))
        context = Context(
            plan=plan,
            person=person,
            assessment=assessment,
            belief=belief,
            key=key,
            zones=zones,
            drawn=drawn,
            baselines=baselines,
            devices=tuple(kb.device(session.device) for session in plan.sessions),
            models=models,
            individuals=individuals,
        )
        courses.append(_course(context, tasks[mine], healed[mine], laid, reference))
    return courses


class _Reference(NamedTuple):
    """The reference session that doses, pain and published means are held against, float64[member] each, SI.

    Args:
        stimulus, depth, density: of the reference course. by_zone: stimulus of each indication's published session.
    """

    stimulus: Floats
    depth: Floats
    density: Floats
    by_zone: tuple[Floats, ...]


def _judge_times(session_time: Floats, zones: tuple[Zone, ...], individuals: Individuals | None) -> Floats:
    """When it is fair to judge each zone, s from the first day, float64[zone]."""
    if individuals is not None and individuals.judge_time is not None:
        return np.full(len(zones), individuals.judge_time)
    last = session_time[-1] if session_time.size else 0.0
    return np.array([last + to_si(zone.indication.judge_after_last_d, "d") for zone in zones])


def _tasks(
    plan: Plan, zones: tuple[Zone, ...], laid: Laid, drawn: Draw, individuals: Individuals | None = None
) -> list[Task]:
    """What the engine runs: one task for each zone, all with the plan's report times."""
    session_time = laid.session_time
    judge = _judge_times(session_time, zones, individuals)
    if individuals is not None and individuals.judge_time is not None:  # who is judged once is looked at once
        report_time = np.unique([0.0, individuals.judge_time, *session_time[-1:]])
    else:
        report_time = _report_times(session_time, judge, float(drawn["forecast-beyond-judging"][0]))
    covered = closing.is_covered(plan.sessions)
    half_lives = lru_cache(maxsize=None)(lambda length: closing.half_lives(length, covered, drawn))
    tasks = []
    for index, zone in enumerate(zones):
        opened = laid.measures[STROKE_MEASURES.index("opening"), :, index]
        widest = opened.max(axis=0, initial=0.0)
        lengths = [stroke.needle_length_mm for _, stroke in strokes_on(list(plan.sessions), zone.finding.zone)]
        tasks.append(
            Task(
                session_time=session_time,
                report_time=report_time,
                stimulus=np.ascontiguousarray(laid.measures[STIMULUS, :, index]),
                opening=opened / np.where(widest > 0, widest, 1.0),
                half_life=half_lives(to_si(max(lengths), "mm") if lengths else None),
            )
        )
    return tasks


def _with_two_phases(task: Task, measured: Floats, drawn: Draw) -> Floats:
    """An engine's output with the open channels of the two-phase model."""
    out = measured.copy()
    out[[MEASURES.index(name) for name in OPENINGS]] = closing.open_over_time(task, drawn)
    return out


def _course(
    context: Context,
    tasks: Sequence[Task],
    healed: Sequence[tuple[Floats, Floats]],
    laid: Laid,
    reference: _Reference,
) -> Course:
    """Engine output of one plan as a course."""
    drawn, zones, plan = context.drawn, context.zones, context.plan
    measured = [measures for measures, _ in healed]
    stacked = np.stack(measured) if len(measured) > 1 else measured[0][None]  # zone, measure, time, member
    by_name = {name: stacked[:, row].transpose(2, 0, 1) for row, name in enumerate(MEASURES)}
    calm = np.stack([times for _, times in healed]).max(axis=0)  # which, member
    task = tasks[0]
    half_life = np.stack([one.half_life for one in tasks], axis=-1)  # kind, member, zone
    closed_time = np.stack([closing.closed_times(one.half_life, drawn, context.models) for one in tasks], axis=-1)
    judge = _judge_times(task.session_time, zones, context.individuals)
    of = dict(zip(STROKE_MEASURES, laid.measures, strict=True))
    treated = task.session_time.size > 0
    result = CourseResult.OK
    if not np.all(np.isfinite(stacked)):
        result = CourseResult.DIVERGED
    elif not in_range(lengths_of(plan), laid.densest, context.belief.knowledge):
        result = CourseResult.OUT_OF_RANGE
    score = np.stack(
        [
            outcomes.score(
                context,
                index,
                by_name["residual"][:, index],
                task.report_time,
                task.session_time,
                of["stimulus"][:, index],
                published,
            )
            for index, published in enumerate(reference.by_zone)
        ],
        axis=1,
    )
    each = context.individuals or Individuals()
    came = treated if each.attendance is None else each.attendance.any(axis=0)
    closed = came * closed_time.max(axis=(0, 2))
    checked = closing.is_checked(context.person) if each.darkness is None else each.darkness >= closing.CHECKED
    strongest = of["stimulus"].max(axis=(0, 1), initial=0.0)
    ready = closing.ready_times(closed, calm, strongest, checked, drawn)
    dose_ratio = harms.dose_ratio(context, of["stimulus"], reference.stimulus)
    pain = depth.relative_pain(
        of["depth"],
        reference.depth,  # type: ignore[arg-type]
        of["density"],
        reference.density,  # type: ignore[arg-type]
        drawn["pain-depth-exponent"],  # type: ignore[arg-type]
        drawn["pain-number-exponent"],  # type: ignore[arg-type]
    )
    return Course(
        time=task.report_time,
        zones=tuple(zone.finding.zone for zone in zones),
        open_share=by_name["barrier"],
        water=by_name["water"],
        structure=by_name["structure"],
        erythema=by_name["erythema"],
        inflammation=by_name["inflammation"],
        signal=by_name["signal"],
        collagen=by_name["collagen"],
        collagen_iii=by_name["collagen_iii"],
        elastin=by_name["elastin"],
        severity=by_name["residual"],
        score=score,
        judge_time=judge,
        session_time=task.session_time,
        density=of["density"],
        dermal_share=of["dermal_share"],
        depth=of["depth"],
        coverage=of["coverage"],
        stimulus=of["stimulus"],
        strikes=of["strikes"],
        opening=of["opening"],
        vessel_share=of["vessel_share"],
        scatter=of["scatter"],
        passes=laid.passes,
        planned_passes=laid.planned,
        pain=np.asarray(pain),
        redness_time=calm[0],
        ready_time=ready,
        half_life=half_life,
        closed_time=closed_time,
        dose_ratio=dose_ratio,
        pih_probability=harms.pigment_probability(context, dose_ratio),
        track_probability=harms.track_probability(context, task.session_time, laid.done_share),
        result=result,
        context=context,
    )


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
