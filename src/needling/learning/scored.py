"""Was the forecast right, and was the plan done: one approval against its records and follow-ups."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from typing import NamedTuple

import numpy as np

from needling.documents import Approval, Assessment, MeasureForecast, Outcome, Plan, SessionRecord
from needling.documents.learning import EndpointMiss, Miss, Misses
from needling.errors import BadInput
from needling.knowledge import Knowledge, load_knowledge
from needling.learning.delivered import deliveries_of
from needling.learning.unwanted import event_misses, told_events
from needling.simulation.bind import ENDPOINTS
from needling.simulation.metrics import (
    crps_from_quantiles,
    mean_between,
    mean_from_quantiles,
    place_in_quantiles,
    quantile_at,
    ranked_probability_score,
)

_BANDS = (0.05, 0.25, 0.5, 0.75, 0.95)
REDNESS = "redness-days"
_DAY_STEP = 1.0  # numerical: a whole number of days of redness stands for half a day less to half a day more


class Reading(NamedTuple):
    """One later score that a forecast can be held against, with its day after the start."""

    followup: Assessment
    outcome: Outcome
    day_d: float
    value: float


# ---------------------------------------------------------------- what belongs to an approval


def problem_of_record(record: SessionRecord, approval: Approval, sha256: str) -> str:
    """Why a record cannot belong to an approval, and what to do; empty when it can. sha256: of the approval."""
    planned, earliest = approval.plan.sessions, earliest_on(approval)
    if record.approval != sha256:
        return (
            f"the record of {record.on} belongs to another approval ({record.approval[:12]}..., this is "
            f"{sha256[:12]}...); score it with that one"
        )
    if record.session >= len(planned) and record.strokes:  # behind the last: given up under an earlier approval
        return (
            f"session {record.session + 1} is not in the plan, which has {len(planned)}; in a record they count from 0 "
            f"(session: 0 to {len(planned) - 1}). Correct the number, or approve a new plan for what was added"
        )
    if record.on < earliest:
        return (
            f"the record of session {record.session + 1} is of {record.on}, before {earliest}, {_EARLIEST}; what was "
            "done before is no session of this plan"
        )
    return ""


_EARLIEST = "the day of its assessment or of the plan's start, whichever came first"


def earliest_on(approval: Approval) -> date:
    """Nothing of a course was done before this day. A plan that was approved anew half-way began before its
    assessment, a first one may have been begun before its start.
    """
    return min(approval.plan.start, approval.forecast.assessment.on)


def began_on(approval: Approval, records: Sequence[SessionRecord]) -> date:
    """The day that counts as day 0 of a course as it was delivered: the plan's start, or the first session before it.

    A simulation has no session before its day 0, and a session that was really done earlier than planned is one.
    """
    return min([approval.plan.start, *(record.on for record in records if record.strokes)])


def early_d(approval: Approval, delivered: Plan) -> float:
    """Days by which a delivered plan began before the approved one: what its days are ahead of the forecast's."""
    return float((approval.plan.start - delivered.start).days)


def check_records(approval: Approval, records: Sequence[SessionRecord]) -> None:
    """Raises BadInput for a record of another approval, of a session that is not in the plan, too early, or twice."""
    sha256 = approval.sha256
    taken: dict[int, SessionRecord] = {}
    for record in records:
        problem = problem_of_record(record, approval, sha256)
        if problem:
            raise BadInput(problem)
        first = taken.setdefault(record.session, record)
        if first is not record:
            raise BadInput(
                f"session {record.session + 1} has two records, of {first.on} and of {record.on}; keep the right one"
            )


def problem_of_followup(followup: Assessment, approval: Approval) -> str:
    """Why a follow-up cannot belong to an approval; empty when it can."""
    if followup.person != approval.plan.person:
        return f"the follow-up of {followup.on} is of '{followup.person}', the approval of '{approval.plan.person}'"
    return ""


def delivered_plan(approval: Approval, records: Sequence[SessionRecord]) -> Plan:
    """The approved plan with the sessions as they were really done; sessions without a record are left out.

    Its days count from :func:`began_on`, which is its start.
    """
    check_records(approval, records)
    start = began_on(approval, records)
    sessions = []
    for record in sorted(records, key=lambda record: record.on):
        if record.strokes:
            done = {
                "day_d": float((record.on - start).days),
                "device": record.device,
                "condition": record.condition,
                "strokes": record.strokes,
            }
            sessions.append(approval.plan.sessions[record.session].model_copy(update=done))
    return approval.plan.model_copy(update={"sessions": tuple(sessions), "label": "as delivered", "start": start})


def readings_of(approval: Approval, followups: Sequence[Assessment]) -> tuple[list[Reading], list[str]]:
    """Scores that can be compared, and in words those that cannot: each reading counts once, inside the forecast.

    A reading is known by zone, scale and day; of several of one name the last in the list counts.

    Raises:
        BadInput: a follow-up of another person.
    """
    found: dict[tuple[str, str, float], Reading] = {}
    left_out: list[str] = []
    last = max(approval.forecast.days_d)
    for followup in followups:
        problem = problem_of_followup(followup, approval)
        if problem:
            raise BadInput(problem)
        day = float((followup.on - approval.plan.start).days)
        for score_ in followup.scores:
            on_scale = [outcome for outcome in approval.forecast.outcomes if outcome.scale == score_.scale]
            own = [outcome for outcome in on_scale if outcome.zone == score_.zone]
            said = f"{score_.scale} {score_.value:g} on {followup.on}"
            if not on_scale:
                left_out.append(f"{said}: nothing was forecast on this scale")
            elif not 0 <= day <= last:
                left_out.append(f"{said}: outside the forecast, which runs from day 0 to day {last:g}")
            elif own or (score_.zone is None and len(on_scale) == 1):
                outcome = own[0] if own else on_scale[0]
                name = outcome.zone, outcome.scale, day
                if name in found:
                    before = found.pop(name)
                    left_out.append(
                        f"{score_.scale} {before.value:g} on {followup.on}: noted once more that day on "
                        f"{outcome.zone} ({score_.value:g}); the later note counts"
                    )
                found[name] = Reading(followup, outcome, day, score_.value)
            else:
                left_out.append(f"{said}: say of which zone it is; the forecast has several")
    return list(found.values()), left_out


def _measure(approval: Approval, outcome: Outcome, name: str) -> MeasureForecast | None:
    """One measure of an outcome's zone."""
    measures = approval.forecast.measures
    return next((one for one in measures if one.zone == outcome.zone and one.measure == name), None)


# ---------------------------------------------------------------- forecast against seen


def compare_reading(
    levels: Sequence[float],
    band: Sequence[float],
    nothing: Sequence[float],
    seen: float,
    step: float = 0.0,
    luck: tuple[float, float] = (0.0, 0.0),
    ends: tuple[float, float] = (-np.inf, np.inf),
) -> dict[str, float | bool]:
    """One reading against its forecast: the numbers of a :class:`~needling.documents.learning.Miss`.

    Args:
        levels: rising shares of the kept quantiles, float64[level]. band: quantiles of the forecast at the reading's
            time. nothing: of the forecast "nothing changes", with the same noise. seen: the reading.
        step: of the scale; a reading on a step stands for all that rounds to it. 0: the reading is exact.
        luck: mean noise of the ensemble in the band and in "nothing changes", which should be 0; the means lose it.
        ends: of the scale; nobody reads beyond them, so what lies there is read as the end.
    """
    kept = np.asarray(levels)
    mean, start_mean = (mean_between(kept, one, *ends) - own for one, own in zip((band, nothing), luck, strict=True))
    values, start = np.clip(band, *ends), np.clip(nothing, *ends)
    low, q25, median, q75, high = (quantile_at(kept, values, level) for level in _BANDS)
    half = 0.5 * step if step and seen == step * round(seen / step) else 0.0
    below, up_to = place_in_quantiles(kept, values, seen - half, seen + half)
    return {
        "forecast_median": median,
        "forecast_mean": mean,
        "expected_change": mean - start_mean,
        "low": low,
        "high": high,
        "seen": seen,
        "error": seen - median,
        "crps": crps_from_quantiles(kept, values, seen),
        "nothing_crps": crps_from_quantiles(kept, start, seen),
        "below_share": below,
        "up_to_share": up_to,
        "inside_50": bool(q25 <= seen + half and seen - half <= q75),
        "inside_90": bool(low <= seen + half and seen - half <= high),
    }


def _misses(approval: Approval, readings: Sequence[Reading], kb: Knowledge) -> Iterator[Miss]:
    scales = kb.by("scales")
    for reading in readings:
        measure = _measure(approval, reading.outcome, f"seen-{reading.outcome.scale}")
        if measure is None:
            continue
        true = _measure(approval, reading.outcome, "severity") or measure
        scale = scales.get(reading.outcome.scale)
        ends = (-np.inf, np.inf) if scale is None else (scale.low, scale.high)
        days, levels = approval.forecast.days_d, measure.levels_share
        times = reading.day_d, days[0]
        noisy, exact = (
            [[float(np.interp(time, days, row)) for row in one.quantiles] for time in times] for one in (measure, true)
        )
        luck = [
            mean_from_quantiles(levels, with_noise) - mean_from_quantiles(levels, without)
            for with_noise, without in zip(noisy, exact, strict=True)
        ]
        step = (scale.step or 0.0) if scale is not None else 0.0
        compared = compare_reading(levels, noisy[0], noisy[1], reading.value, step, (luck[0], luck[1]), ends)
        yield Miss.model_validate(
            {
                "measure": measure.measure,
                "unit": measure.unit,
                "zone": reading.outcome.zone,
                "on": reading.followup.on,
                "by": reading.followup.by,
                **compared,
            }
        )


def _redness(approval: Approval, records: Sequence[SessionRecord]) -> Iterator[Miss]:
    """The longest redness after any session, once all done sessions say how long theirs was."""
    forecast = approval.forecast
    done = [record for record in records if record.strokes]
    told = [(record.redness_d, record.on) for record in done if record.redness_d is not None]
    if not told or len(told) < len(done) or not forecast.redness_d:
        return
    seen, on = max(told)
    nothing = [0.0] * len(forecast.levels_share)
    compared = compare_reading(forecast.levels_share, forecast.redness_d, nothing, seen, _DAY_STEP)
    yield Miss.model_validate({"measure": REDNESS, "unit": "d", "zone": None, "on": on, **compared})


def _endpoints(approval: Approval, records: Sequence[SessionRecord]) -> Iterator[EndpointMiss]:
    """The forecast is of the first session; it holds for each that is planned just like it."""
    expected = approval.forecast.endpoint_probability
    chances = [chance for _, chance in expected]
    even = [1 / len(ENDPOINTS)] * len(ENDPOINTS)
    first = approval.plan.sessions[:1]
    for record in sorted(records, key=lambda record: record.session):
        if record.endpoint_seen is None or not chances:
            continue
        planned = approval.plan.sessions[record.session]
        if any(planned.model_copy(update={"day_d": one.day_d}) != one for one in first):
            continue
        grade = ENDPOINTS.index(record.endpoint_seen)
        yield EndpointMiss(
            session=record.session,
            seen=record.endpoint_seen,
            expected_probability=expected,
            rps_ratio=ranked_probability_score(chances, grade),
            even_rps_ratio=ranked_probability_score(even, grade),
        )


def _not_compared(approval: Approval, records: Sequence[SessionRecord], last: list[Assessment]) -> Iterator[str]:
    """In words what is kept and not scored."""
    start, began = approval.plan.start, began_on(approval, records)
    if began < start:
        yield (
            f"the course began on {began}, {(start - began).days} days before the plan's start: readings are held "
            "against the forecast of their own day, which knew nothing of that"
        )
    pain = {record.session: record.pain_score for record in records if record.pain_score is not None}
    if pain:
        told = ", ".join(f"{rated:g} of 10 (session {session + 1})" for session, rated in sorted(pain.items()))
        yield f"pain {told}: kept, not scored; the forecast is a ratio to a reference session, which nobody rated"
    for record in records:
        if not record.strokes:
            continue
        wanted = {stroke.zone for stroke in approval.plan.sessions[record.session].strokes}
        for zone in sorted({stroke.zone for stroke in record.strokes} - wanted):
            yield f"session {record.session + 1}: {zone} was rolled, which was not planned; no plan to compare it with"
    if last:
        until = (max(one.on for one in last) - approval.plan.start).days
        recorded = {record.session for record in records}
        for place, session in enumerate(approval.plan.sessions):
            if session.day_d < until and place not in recorded:
                yield f"session {place + 1}, planned for day {session.day_d:g}, has no record: done as planned or not?"


def _mean(values: Sequence[float]) -> float | None:
    return float(np.mean(values)) if values else None


def score(
    approval: Approval,
    records: Sequence[SessionRecord],
    followups: Sequence[Assessment],
    kb: Knowledge | None = None,
    *,
    maps: bool = False,
) -> Misses:
    """Was the forecast right, and was the plan done?

    Args:
        approval: plan and forecast, frozen before the first session.
        records: what was done.
        followups: later assessments with scores on the forecast's scales.
        kb: device geometry, steps of scales and names of harms; default the shipped knowledge.
        maps: whether delivered channels are laid against the planned ones on every zone (gamma index); takes longer.

    Returns:
        Each forecast against what was seen (error, CRPS, place in the band), planned against delivered channels and
        day, endpoints and harms against their chances, every unwanted event that was told, and in words what could
        not be compared. Means are None when nothing could be scored.

    Raises:
        BadInput: a record of another approval, of a session that is not in the plan, from before its assessment or
            twice; a follow-up of another person; an unknown harm.
    """
    kb = kb or load_knowledge()
    check_records(approval, records)
    readings, left_out = readings_of(approval, followups)
    misses = tuple(_misses(approval, readings, kb))
    told = told_events(records, kb)
    events, not_yet = event_misses(approval, records, told, kb)
    return Misses(
        approval=approval.sha256,
        person=approval.plan.person,
        start=began_on(approval, records),
        approved_at=approval.at,
        misses=(*misses, *_redness(approval, records)),
        deliveries=tuple(deliveries_of(approval, records, kb, maps=maps)),
        endpoints=tuple(_endpoints(approval, records)),
        events=events,
        told=told,
        unscored=(*left_out, *_not_compared(approval, records, list(followups)), *not_yet),
        mean_crps=_mean([miss.crps for miss in misses]),
        bias=_mean([miss.error for miss in misses]),
        inside_50_share=_mean([miss.inside_50 for miss in misses]),
        inside_90_share=_mean([miss.inside_90 for miss in misses]),
    )
