"""Was the forecast right, and what does it teach: scoring an approval and learning about one person."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import NamedTuple

import numpy as np

from needling.documents import (
    Approval,
    Assessment,
    Delivery,
    MeasureForecast,
    Miss,
    Misses,
    Outcome,
    Plan,
    SessionRecord,
)
from needling.errors import BadInput
from needling.knowledge import Knowledge, load_knowledge
from needling.simulation import Belief, Models, log_likelihood, reweight, simulate
from needling.simulation.bind import planned_density_per_cm2
from needling.simulation.metrics import crps_from_quantiles, quantile_at
from needling.simulation.recalibrate import Learned

_BANDS = (0.05, 0.25, 0.5, 0.75, 0.95)


class _Reading(NamedTuple):
    """One later score that a forecast can be held against, with its day after the start."""

    followup: Assessment
    outcome: Outcome
    day_d: float
    value: float


def _delivered_plan(approval: Approval, records: Sequence[SessionRecord]) -> Plan:
    """The approved plan with the sessions as they were really done; sessions without a record are left out."""
    planned = approval.plan.sessions
    sessions = []
    for record in sorted(records, key=lambda record: record.on):
        if record.approval != approval.sha256:
            raise BadInput(f"a record of {record.on} belongs to another approval ({record.approval[:12]}...)")
        if record.session >= len(planned):
            raise BadInput(f"session {record.session} is not in the plan; it has sessions 0 to {len(planned) - 1}")
        if record.strokes:
            done = {
                "day_d": float((record.on - approval.plan.start).days),
                "device": record.device,
                "condition": record.condition,
                "strokes": record.strokes,
            }
            sessions.append(planned[record.session].model_copy(update=done))
    return approval.plan.model_copy(update={"sessions": tuple(sessions), "label": "as delivered"})


def _readings(approval: Approval, followups: Sequence[Assessment]) -> tuple[list[_Reading], list[str]]:
    """Scores that can be compared, and in words those that cannot: each reading counts once, inside the forecast."""
    found: list[_Reading] = []
    left_out: list[str] = []
    last = max(approval.forecast.days_d)
    for followup in followups:
        day = float((followup.on - approval.plan.start).days)
        for score_ in followup.scores:
            on_scale = [outcome for outcome in approval.forecast.outcomes if outcome.scale == score_.scale]
            own = [outcome for outcome in on_scale if outcome.zone == score_.zone]
            said = f"{score_.scale} {score_.value:g} on {followup.on}"
            if not on_scale:
                left_out.append(f"{said}: nothing was forecast on this scale")
            elif not 0 <= day <= last:
                left_out.append(f"{said}: outside the forecast, which runs from day 0 to day {last:g}")
            elif own:
                found.append(_Reading(followup, own[0], day, score_.value))
            elif score_.zone is None and len(on_scale) == 1:
                found.append(_Reading(followup, on_scale[0], day, score_.value))
            else:
                left_out.append(f"{said}: say of which zone it is; the forecast has several")
    return found, left_out


def _measure(approval: Approval, outcome: Outcome) -> MeasureForecast | None:
    """The forecast of what a reading of this outcome shows, reading noise included."""
    name = f"seen-{outcome.scale}"
    measures = approval.forecast.measures
    return next((one for one in measures if one.zone == outcome.zone and one.measure == name), None)


def _misses(approval: Approval, readings: Sequence[_Reading]) -> Iterator[Miss]:
    for reading in readings:
        measure = _measure(approval, reading.outcome)
        if measure is None:
            continue
        levels = np.asarray(measure.levels_share)
        band = np.array([np.interp(reading.day_d, approval.forecast.days_d, row) for row in measure.quantiles])
        low, q25, median, q75, high = (quantile_at(levels, band, level) for level in _BANDS)
        yield Miss(
            measure=measure.measure,
            zone=reading.outcome.zone,
            on=reading.followup.on,
            forecast_median=median,
            low=low,
            high=high,
            seen=reading.value,
            error=reading.value - median,
            crps=crps_from_quantiles(levels, band, reading.value),
            inside_50=bool(q25 <= reading.value <= q75),
            inside_90=bool(low <= reading.value <= high),
        )


def _deliveries(approval: Approval, records: Sequence[SessionRecord], kb: Knowledge) -> Iterator[Delivery]:
    """Planned against delivered density of each zone of each recorded session, all its strokes together."""
    for record in records:
        planned = approval.plan.sessions[record.session]
        late = (record.on - approval.plan.start - timedelta(days=planned.day_d)).days
        for zone in dict.fromkeys(stroke.zone for stroke in planned.strokes):
            wanted, given = (
                sum(planned_density_per_cm2(kb.device(device), stroke) for stroke in strokes if stroke.zone == zone)
                for device, strokes in ((planned.device, planned.strokes), (record.device, record.strokes))
            )
            yield Delivery(
                session=record.session,
                zone=zone,
                planned_per_cm2=wanted,
                delivered_per_cm2=given,
                difference_pct=100 * (given - wanted) / wanted,
                late_d=float(late),
            )


def _mean(values: Sequence[float]) -> float | None:
    return float(np.mean(values)) if values else None


def score(
    approval: Approval,
    records: Sequence[SessionRecord],
    followups: Sequence[Assessment],
    kb: Knowledge | None = None,
) -> Misses:
    """Was the forecast right, and was the plan done?

    Args:
        approval: plan and forecast, frozen before the first session.
        records: what was done.
        followups: later assessments with scores on the forecast's scales.
        kb: device geometry; default the shipped knowledge.

    Returns:
        Each forecast against what was seen (error, CRPS, inside the 50 % and 90 % band), planned against
        delivered channel density and day, and in words the scores that could not be compared. Means are None
        when nothing could be scored.

    Raises:
        BadInput: a record of another approval or of a session that is not in the plan.
    """
    _delivered_plan(approval, records)
    readings, left_out = _readings(approval, followups)
    misses = tuple(_misses(approval, readings))
    return Misses(
        approval=approval.sha256,
        misses=misses,
        deliveries=tuple(_deliveries(approval, records, kb or load_knowledge())),
        unscored=tuple(left_out),
        mean_crps=_mean([miss.crps for miss in misses]),
        bias=_mean([miss.error for miss in misses]),
        inside_50_share=_mean([miss.inside_50 for miss in misses]),
        inside_90_share=_mean([miss.inside_90 for miss in misses]),
    )


def recalibrate(
    belief: Belief, approval: Approval, records: Sequence[SessionRecord], followups: Sequence[Assessment]
) -> Learned:
    """What the follow-up teaches about one person.

    The course is run again as it was delivered; each member of the ensemble is weighted by how well its
    severity agrees with the scores seen (normal noise of the scale), and the members are resampled.

    Args:
        belief: the one that made the forecast.
        approval: carries person, first assessment and the key of the random numbers.
        records: sessions as delivered.
        followups: assessments with scores.

    Returns:
        ``belief`` (the new one, or the old one when the data cannot carry an update), and a ``report``:
        effective sample size, and how much is data and how much prior, in words.

    Raises:
        BadInput: records of another approval, or no reading that a forecast can be held against.
    """
    delivered = _delivered_plan(approval, records)
    readings, left_out = _readings(approval, followups)
    if not readings:
        raise BadInput("nothing can be learned: " + ("; ".join(left_out) or "no follow-up has a score"))
    frozen = approval.forecast
    models = replace(Models.read(frozen.model), stimulus="mean-field", session="as-planned")  # all of it was done
    course = simulate(delivered, frozen.person, frozen.assessment, belief, key=frozen.key, models=models)
    weights = log_likelihood(course, [(one.outcome.zone, one.day_d, one.value) for one in readings])
    return reweight(belief, weights, key=frozen.key)
