"""The course as a document: quantiles, outcomes, harms, waiting times, and what was taken for granted."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from needling.documents import Endpoint, Forecast, MeasureForecast, NotBefore, Outcome, PassesForecast
from needling.knowledge.base import USUAL_SET
from needling.simulation.belief import normal
from needling.simulation.bind import ENDPOINTS, endpoint_grades
from needling.simulation.course import Course, CourseResult
from needling.simulation.models import LEARNED, PARAMETERS, READINGS, SHARED_DOUBT
from needling.simulation.quantiles import quantiles, rounded
from needling.simulation.seam import harms, outcomes
from needling.simulation.seam.assumptions import assumptions
from needling.simulation.seam.context import Baseline, Context, Floats, Zone
from needling.simulation.seam.person import OPENINGS
from needling.units import from_si, to_si

_Table = tuple[tuple[float, ...], ...]
LEVELS = (0.05, 0.1, 0.2, 0.25, 0.3, 0.4, 0.5, 0.6, 0.7, 0.75, 0.8, 0.9, 0.95)  # numerical: quantiles that are kept
_SHA_SHOWN = 12  # numerical: digits of a hash that are enough to find its document
_DOTS = 50  # numerical: people that a forecast is pictured with
_NOTHING = 1e-12  # numerical: what is smaller in a table over time, as channels weeks after closing, is written as 0
_DIGITS = 6  # numerical: figures of a document, so that its hash is the same on every machine
_BASIS: dict[str, Literal["mechanism", "published-mean", "none"]] = {
    "collagen": "mechanism",
    "published": "published-mean",
    "none": "none",
}


def _figures(values: ArrayLike) -> tuple[float, ...]:
    return tuple(rounded(values, _DIGITS).tolist())


def _levels(values: Floats) -> tuple[float, ...]:
    """Quantiles of values [member], as a document keeps them."""
    return _figures(quantiles(values, LEVELS))


def _tables(measures: Sequence[Floats]) -> list[_Table]:
    """``[level][time]`` of each measure [member, time]; half of them on another thread, for sorting needs no lock."""
    from needling.simulation.engines.lanes.compiling import pool

    half = len(measures) // 2
    beside = pool().submit(_sorted_tables, measures[half:])
    return [*_sorted_tables(measures[:half]), *beside.result()]


def _sorted_tables(measures: Sequence[Floats]) -> list[_Table]:
    """As :func:`_tables`, all with one sort."""
    found = quantiles(np.stack([values.T for values in measures]), LEVELS)
    found[np.abs(found) < _NOTHING] = 0.0
    return [tuple(map(tuple, table)) for table in rounded(found, _DIGITS).transpose(1, 0, 2).tolist()]


def write_forecast(course: Course) -> Forecast:
    """See :func:`needling.simulation.bind.forecast`."""
    from needling import __version__

    context: Context = course.context
    sound = course.result is CourseResult.OK
    treated = bool(course.session_time.size) and sound
    days = from_si(1.0, "d")
    return Forecast(
        plan_sha256=context.plan.sha256,
        person=context.person,
        assessment=context.assessment,
        result=course.result.value,
        days_d=_figures(days * course.time),
        measures=tuple(_measures(course)) if sound else (),
        outcomes=tuple(_outcome(course, index) for index in range(len(course.zones))) if sound else (),
        harms=harms.harm_list(context, course.dose_ratio, course.track_probability, LEVELS[0], LEVELS[-1])
        if sound
        else (),
        not_before=tuple(_not_before(course)) if treated else (),
        redness_d=_levels(days * course.redness_time) if treated else (),
        ready_d=_levels(days * course.ready_time) if treated else (),
        levels_share=LEVELS,
        endpoint_probability=_endpoints(course) if treated else (),
        passes=tuple(_passes(course)) if treated else (),
        pain_ratio=_levels(course.pain.max(axis=(0, 1))) if treated else (),
        assumptions=tuple(assumptions(course)),
        members_count=context.belief.members.size,
        key=context.key,
        model=_model(context),
        versions=(("needling", __version__), ("numpy", np.__version__)),
        knowledge_sha256=context.belief.knowledge.sha256,
    )


def _model(context: Context) -> str:
    """The sub-models that ran, and what of the ensemble was not as usual: its parameters, who shares a doubt, and what
    it has learned, which the forecast cannot be run again without.
    """
    belief = context.belief
    words = [context.models.said]
    words += [f"{PARAMETERS}={belief.parameter_set}"] if belief.parameter_set != USUAL_SET else []
    words += [f"{SHARED_DOUBT}={belief.persons}"] if belief.persons > 1 else []
    words += [f"{LEARNED}={belief.told.source[:_SHA_SHOWN] or 'unsaved'}"] if belief.told is not None else []
    words += [f"{READINGS}={len(belief.pool.readings)}"] if belief.pool is not None else []
    return " ".join(words)


def _seen(course: Course, index: int) -> tuple[Floats, float]:
    """Scores as a reader would note them: the true score and one noise of the scale, and that noise.

    A band is of one reading at one time, so one luck for each member serves all times and keeps bands smooth.
    """
    context: Context = course.context
    scale = context.zones[index].scale
    noise = scale.noise if scale is not None else 0.0
    luck = normal(context.key, f"{course.zones[index]}/reading", context.belief.members)
    return course.score[:, index] + noise * luck[:, None], noise


def _measures(course: Course) -> Iterable[MeasureForecast]:
    context: Context = course.context
    for index, zone in enumerate(context.zones):
        # measure, label, unit, values [member, time], noise of one reading
        shown: list[tuple[str, str, str, Floats, float]] = [
            ("open-channels", "Share of a session's channels still open", "ratio", course.open_share[:, index], 0.0),
            ("water", "Share of the water barrier still lost", "ratio", course.water[:, index], 0.0),
            ("redness", "Redness", "ratio", course.erythema[:, index], 0.0),
            ("collagen", "Collagen, start = 1", "ratio", course.collagen[:, index], 0.0),
        ]
        scale = zone.scale
        if scale is not None and np.all(np.isfinite(course.score[:, index])):
            noisy, noise = _seen(course, index)
            shown += [
                ("severity", scale.name, scale.unit, course.score[:, index], 0.0),
                (f"seen-{scale.id}", f"{scale.name}, as read", scale.unit, noisy, noise),
            ]
        tables = _tables([values for _, _, _, values, _ in shown])
        for (measure, label, unit, _, noise), table in zip(shown, tables, strict=True):
            yield MeasureForecast(
                zone=zone.finding.zone,
                measure=measure,
                label=label,
                unit=unit,
                levels_share=LEVELS,
                quantiles=table,
                seen_noise=noise,
            )


def _outcome(course: Course, index: int) -> Outcome:
    """The result at the judging day; without an honest forecast the change is left empty."""
    context: Context = course.context
    zone: Zone = context.zones[index]
    baseline: Baseline = context.baselines[index]
    indication, model = zone.indication, zone.indication.outcome
    judge = course.judge_time[index]
    final = outcomes.at_time(course.score[:, index], course.time, judge)
    honest = bool(np.all(np.isfinite(final)))
    change = final - baseline.values
    meaningful = abs(indication.meaningful_change or 0.0)
    dots = 0
    if honest and meaningful > 0:
        # the true change, so that nobody improves by the noise of two readings, treated or not
        better = change * (-1 if indication.lower_is_better else 1)
        dots = round(_DOTS * float(np.mean(better >= meaningful)))
    certainty = "very-low" if model.certainty == "none" else model.certainty
    return Outcome(
        zone=zone.finding.zone,
        indication=indication.id,
        scale=indication.scale or "none",
        scale_label=zone.scale.name if zone.scale is not None else "no scale",
        judge_day_d=from_si(judge, "d"),
        baseline=baseline.central if np.isfinite(baseline.central) else 0.0,
        baseline_assumed=baseline.assumed,
        change_quantiles=_levels(change) if honest else (),
        levels_share=LEVELS if honest else (),
        better_by=meaningful,
        better_by_label=indication.meaningful_label,
        dots_of_50_count=dots,
        basis=_BASIS[outcomes.kind_of(indication, context.models)] if honest else "none",
        certainty=certainty,
        sources=model.sources or indication.sources,
    )


def _not_before(course: Course) -> Iterable[NotBefore]:
    """Time by which nearly all members' opening of the kind that matters has closed; the published time if later."""
    context: Context = course.context
    sure = float(context.drawn["assurance-share"][0])
    times = np.stack([*course.closed_time.max(axis=2), course.redness_time])
    hours = _figures(from_si(1.0, "h") * quantiles(times, (sure,))[0])
    computed_h = dict(zip((*OPENINGS, "redness"), hours, strict=True))
    longest_m = to_si(max(context.longest_mm.values(), default=0.0), "mm")
    short = longest_m <= context.drawn["short-needle-length"][0]
    for wait in context.belief.knowledge.waits:
        computed = computed_h[wait.opening]
        published = wait.published_h if short else wait.published_long_h
        yield NotBefore(
            item=wait.id,
            label=wait.name,
            computed_h=computed,
            published_h=published,
            hours_h=max(computed, published),
            because=wait.because,
            sources=wait.sources,
        )


def _passes(course: Course) -> Iterable[PassesForecast]:
    """How far each zone gets before the endpoint; sessions that are alike are told once."""
    for zone, name in enumerate(course.zones):
        alike: dict[tuple[float, bytes], list[int]] = {}
        for session in np.flatnonzero(course.planned_passes[:, zone]).tolist():
            kind = course.planned_passes[session, zone], course.passes[session, zone].tobytes()
            alike.setdefault(kind, []).append(session)
        for (planned, _), sessions in alike.items():
            done = course.passes[sessions[0], zone]
            yield PassesForecast(
                sessions=tuple(sessions),
                zone=name,
                planned_count=int(planned),
                passes_count=_levels(done),
                stopped_share=_figures([np.mean(done < planned)])[0],
            )


def _endpoints(course: Course) -> tuple[tuple[Endpoint, float], ...]:
    """Share of members that show each endpoint after the first session, by their worst zone."""
    grades = np.max([endpoint_grades(course, 0, zone) for zone in range(len(course.zones))], axis=0)
    counts = np.bincount(grades, minlength=len(ENDPOINTS)) / len(grades)
    return tuple(zip(ENDPOINTS, counts.tolist(), strict=True))
