"""The course as a document: quantiles, outcomes, harms, waiting times, and what was taken for granted."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

import numpy as np

from needling.documents import Assumption, Endpoint, Forecast, MeasureForecast, NotBefore, Outcome
from needling.simulation import harms, outcomes
from needling.simulation.belief import normal
from needling.simulation.bind import ENDPOINTS, endpoint_grades
from needling.simulation.context import Baseline, Context, Floats, Zone, fact
from needling.simulation.course import Course, CourseResult
from needling.simulation.equations import closure
from needling.units import from_si

LEVELS = (0.05, 0.1, 0.2, 0.25, 0.3, 0.4, 0.5, 0.6, 0.7, 0.75, 0.8, 0.9, 0.95)  # numerical: quantiles that are kept
MODEL = "needling-healing-1"
_DOTS = 50  # numerical: people that a forecast is pictured with
_DIGITS = 6  # numerical: figures of a document, so that its hash is the same on every machine
_BASIS: dict[str, Literal["mechanism", "published-mean", "none"]] = {
    "collagen": "mechanism",
    "published": "published-mean",
    "none": "none",
}


def _figures(values: Iterable[float]) -> tuple[float, ...]:
    return tuple(float(f"{value:.{_DIGITS}g}") for value in values)


def _quantiles(values: Floats) -> tuple[tuple[float, ...], ...]:
    """``[level][time]`` of values [member, time]."""
    return tuple(_figures(row) for row in np.quantile(values, LEVELS, axis=0))


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
        redness_d=_figures(np.quantile(days * course.redness_time, LEVELS)) if treated else (),
        ready_d=_figures(np.quantile(days * course.ready_time, LEVELS)) if treated else (),
        levels_share=LEVELS,
        endpoint_probability=_endpoints(course) if treated else (),
        assumptions=tuple(_assumptions(context)),
        members_count=context.belief.members.size,
        key=context.key,
        model=MODEL,
        versions=(("needling", __version__), ("numpy", np.__version__)),
        knowledge_sha256=context.belief.knowledge.sha256,
    )


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
        name = zone.finding.zone
        for measure, label, values in (
            ("open-channels", "Share of a session's channels still open", course.open_share),
            ("water", "Share of the water barrier still lost", course.water),
            ("redness", "Redness", course.erythema),
            ("collagen", "Collagen, start = 1", course.collagen),
        ):
            yield MeasureForecast(
                zone=name,
                measure=measure,
                label=label,
                unit="ratio",
                levels_share=LEVELS,
                quantiles=_quantiles(values[:, index]),
            )
        if zone.scale is None or not np.all(np.isfinite(course.score[:, index])):
            continue
        noisy, noise = _seen(course, index)
        yield MeasureForecast(
            zone=name,
            measure="severity",
            label=zone.scale.name,
            unit=zone.scale.unit,
            levels_share=LEVELS,
            quantiles=_quantiles(course.score[:, index]),
        )
        yield MeasureForecast(
            zone=name,
            measure=f"seen-{zone.scale.id}",
            label=f"{zone.scale.name}, as read",
            unit=zone.scale.unit,
            levels_share=LEVELS,
            quantiles=_quantiles(noisy),
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
        change_quantiles=_figures(np.quantile(change, LEVELS)) if honest else (),
        levels_share=LEVELS if honest else (),
        better_by=meaningful,
        better_by_label=indication.meaningful_label,
        dots_of_50_count=dots,
        basis=_BASIS[model.model] if honest else "none",
        certainty=certainty,
        sources=model.sources or indication.sources,
    )


def _not_before(course: Course) -> Iterable[NotBefore]:
    """Time by which nearly all members' opening of the kind that matters has closed; the published time if later."""
    context: Context = course.context
    sure = float(context.drawn["assurance-share"][0])
    slowest = course.half_life.max(axis=2)  # kind, member
    shares = context.drawn["closed-share"]
    times = {
        opening: np.array(list(map(closure.closure_time, slowest[row], shares)))
        for row, opening in enumerate(("barrier", "water", "structure"))
    }
    times["redness"] = course.redness_time
    short = context.longest_m <= context.drawn["short-needle-length"][0]
    for wait in context.belief.knowledge.waits:
        computed = from_si(float(np.quantile(times[wait.opening], sure)), "h")
        computed = _figures([computed])[0]
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


def _endpoints(course: Course) -> tuple[tuple[Endpoint, float], ...]:
    """Share of members that show each endpoint after the first session, by their worst zone."""
    grades = np.max([endpoint_grades(course, 0, zone) for zone in range(len(course.zones))], axis=0)
    counts = np.bincount(grades, minlength=len(ENDPOINTS)) / len(grades)
    return tuple(zip(ENDPOINTS, counts.tolist(), strict=True))


def _assumptions(context: Context) -> Iterable[Assumption]:
    """What was not measured or not asked, in plain words, with the source of the value used instead."""
    kb = context.belief.knowledge
    for zone in context.zones:
        if zone.finding.epidermis_um is None:
            value = zone.site.epidermis_um
            if value is None:
                text = (
                    f"Skin thickness of {zone.site.plural} was not measured and no value was found; "
                    "that of the cheek is used."
                )
                yield Assumption(text=text, sources=kb.parameter("reference-epidermis").sources)
            else:
                yield Assumption(
                    text=f"Skin thickness of {zone.site.plural} was not measured; {value:g} µm is used "
                    "with its spread between people.",
                    sources=zone.site.sources,
                )
    for zone, start in zip(context.zones, context.baselines, strict=True):
        if start.assumed and zone.scale is not None and np.isfinite(start.central):
            yield Assumption(
                text=f"{zone.indication.name} on {zone.site.plural} was not scored; the usual value "
                f"{start.central:g} on {zone.scale.name} is used with its spread.",
                sources=zone.indication.sources,
            )
    if context.person.phototype is None:
        yield Assumption(
            text="The skin type (phototype) is not known; the more careful pigment check and the higher "
            "published rate of pigment marks are used."
        )
    if context.person.birth_year is None:
        yield Assumption(text="The year of birth is not known; no slowing by age is counted.")
    if fact("smoker", context.person, context.assessment) is None:
        yield Assumption(text="Whether the person smokes is not known; no slowing by smoking is counted.")
    if context.plan.sessions:
        yield Assumption(
            text="The planned force was taken to be the force of the hand; nobody has measured it on rollers.",
            sources=kb.parameter("insertion-force-slope").sources,
        )
        yield Assumption(
            text="Channels were taken to close as under a dressing, which is slower than in open air.",
            sources=kb.parameter("barrier-half-life").sources,
        )
