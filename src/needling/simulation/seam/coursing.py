"""Plans on possible people: sessions laid, zones healed, and each plan's course put together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import lru_cache

import numpy as np

from needling.documents import Plan
from needling.simulation.course import Course, CourseResult
from needling.simulation.engines import MEASURES, STROKE_MEASURES, Task
from needling.simulation.equations import depth
from needling.simulation.seam import closing, harms, outcomes
from needling.simulation.seam.context import Context, Draw, Floats, Zone
from needling.simulation.seam.individuals import Individuals
from needling.simulation.seam.laying import STIMULUS, Laid, lay, rows_of, visits_of
from needling.simulation.seam.people import People, Reference
from needling.simulation.seam.person import OPENINGS
from needling.simulation.seam.tools import Strokes, in_range, lengths_of, strokes_on
from needling.units import to_si

Healed = tuple[Floats, Floats]
"""What an engine gives for one task: measures [row, time, member], and times until calm [which, member]."""
Healing = Callable[[Sequence[Task]], Sequence[Healed]]

# numerical: days after a session at which a course is reported; pictures and tables only
_REPORT_D = (0, 0.25, 0.5, 1, 1.5, 2, 3, 4, 5, 7, 10, 14, 21, 28, 42, 56, 70, 84, 112, 140, 168, 224, 280, 365)
_FEW_REPORT_D = (0, 1, 3, 7, 14, 28, 56, 112)


def courses(people: People, plans: Sequence[Plan], heal: Healing, *, also: Floats | None = None) -> list[Course]:
    """All plans on the same people, in one batch.

    Args:
        people: who. plans: of this person. heal: heals the tasks, see :func:`healing_of`.
        also: times, s, at which every course is reported as well.

    Raises:
        BadInput, OutOfRange: as :func:`needling.simulation.bind.simulate_many`.
    """
    kb, zones, drawn, models, individuals = (
        people.belief.knowledge, people.zones, people.drawn, people.models, people.individuals,
    )  # fmt: skip
    visits = [visits_of(plan) for plan in plans]
    if individuals is not None:
        for own in visits:
            individuals.require_visits(len(own), people.size)
    strokes = Strokes(zones, drawn)
    rows = [rows_of(own, zones, strokes, kb, models) for own in visits]
    if any(rows):
        strokes.run(people.engine, individuals.force_ratio if individuals else None)
    else:
        strokes.result = np.empty((len(STROKE_MEASURES), 0, people.size))
    laid_of = [
        lay(own, plan_rows, strokes, people.factors, drawn, models, individuals)
        for own, plan_rows in zip(visits, rows, strict=True)
    ]
    tasks = [
        task
        for plan, laid in zip(plans, laid_of, strict=True)
        for task in _tasks(plan, zones, laid, drawn, individuals)
    ]
    if also is not None:
        tasks = [replace(task, report_time=np.union1d(task.report_time, also)) for task in tasks]
    healed = heal(tasks)
    found = []
    for index, (plan, laid) in enumerate(zip(plans, laid_of, strict=True)):
        mine = slice(index * len(zones), (index + 1) * len(zones))
        context = Context(
            plan=plan,
            person=people.person,
            assessment=people.assessment,
            belief=people.belief,
            key=people.key,
            zones=zones,
            drawn=drawn,
            baselines=people.baselines,
            devices=tuple(kb.device(session.device) for session in plan.sessions),
            models=models,
            individuals=individuals,
        )
        found.append(_course(context, tasks[mine], healed[mine], laid, people.reference))
    return found


def healing_of(people: People) -> Healing:
    """How tasks heal on these people: by their engine, with the closure that their models ask for."""

    def heal(tasks: Sequence[Task]) -> Sequence[Healed]:
        healed = people.engine.heal(tasks, people.rates)
        if people.models.closure == "two-phase":
            return [
                (_with_two_phases(task, out, people.drawn), calm)
                for task, (out, calm) in zip(tasks, healed, strict=True)
            ]
        return healed

    return heal


def report_times(session_time: Floats, judge_time: Floats, beyond: float) -> Floats:
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
        report_time = report_times(session_time, judge, float(drawn["forecast-beyond-judging"][0]))
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
    reference: Reference,
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
