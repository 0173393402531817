"""From the healing model to the indication's own scale: baselines, scores and gains, zone by zone."""

from __future__ import annotations

from typing import Literal

import numpy as np

from needling.documents import Assessment, Endpoint
from needling.knowledge.schema import Indication
from needling.simulation.belief import Belief, normal
from needling.simulation.models import Models
from needling.simulation.seam.context import Baseline, Context, Draw, Floats, Zone
from needling.simulation.seam.individuals import Individuals
from needling.units import to_si


def baseline(
    zone: Zone, assessment: Assessment, belief: Belief, key: int, individuals: Individuals | None = None
) -> Baseline:
    """Where a zone starts: from its reading, else the whole person's, else the indication's usual value.

    A reading r carries the scale's noise n, so the true start is drawn for each member from what is likely given it
    and the usual start m with its spread s:

        b ~ N(m + w (r - m), w n^2),  w = s^2/(s^2 + n^2)              (w = 1 where no usual start is known)

    Where individuals bring their own true start, that is it.
    """
    if individuals is not None and zone.finding.zone in individuals.baseline:
        own = individuals.baseline[zone.finding.zone]
        return Baseline(own, float(own.mean()), assumed=True)
    indication, scale = zone.indication, zone.scale
    luck = normal(key, f"{indication.id}/{zone.finding.zone}/baseline", belief.members)
    usual, spread = indication.baseline, indication.baseline_sd or 0.0
    if scale is None:
        unknown = np.full(belief.members.size, np.nan)
        return Baseline(unknown if usual is None else usual + spread * luck, np.nan if usual is None else usual, True)
    for where in (zone.finding.zone, None):
        for reading in assessment.scores:
            if reading.scale == scale.id and reading.zone == where:
                trust = spread**2 / (spread**2 + scale.noise**2) if usual is not None and spread else 1.0
                centre = reading.value if usual is None else usual + trust * (reading.value - usual)
                values = centre + np.sqrt(trust) * scale.noise * luck
                return Baseline(np.clip(values, scale.low, scale.high), reading.value, assumed=False)
    if usual is None:
        return Baseline(np.full(belief.members.size, np.nan), np.nan, assumed=True)
    return Baseline(np.clip(usual + spread * luck, scale.low, scale.high), usual, assumed=True)


def true_change_sd(change_sd: float, noise: float) -> float:
    """Spread of the true change between people, from the spread of trials, which holds the noise of two readings.

    sqrt(max(sd^2 - 2 n^2, sd^2/4)); the floor keeps a spread where the noise of the scale is uncertain.
    """
    return float(np.sqrt(max(change_sd**2 - 2 * noise**2, (0.5 * change_sd) ** 2)))


# Endpoint of the reference course and of an indication without protocols of its own.
USUAL_ENDPOINT: Endpoint = "pinpoint"


def reference_session(indication: Indication, drawn: Draw) -> tuple[float, Endpoint]:
    """Needle length (m) and endpoint of the indication's mildest published protocol: a full session of them."""
    mildest = min(
        ((min(one.lengths_mm), one.endpoint) for one in indication.protocols if one.setting == "clinic"),
        default=None,
    )
    if mildest is None:
        return float(drawn["reference-length"][0]), USUAL_ENDPOINT
    return to_si(mildest[0], "mm"), mildest[1]


def kind_of(indication: Indication, models: Models) -> Literal["collagen", "published", "none"]:
    """How the result is forecast: as the knowledge says, or by the trials' mean where that is asked for and known."""
    model = indication.outcome
    if models.outcome == "published-mean" and model.model == "collagen" and model.change is not None:
        return "published"
    return model.model


def score(
    context: Context,
    index: int,
    residual: Floats,
    time: Floats,
    session_time: Floats,
    stimulus: Floats,
    reference: Floats,
) -> Floats:
    """Reading on the indication's scale without noise, float64[member, time]; NaN where no forecast is honest.

    ``collagen``: the share of the baseline that the healing model leaves. ``published``: the trials' mean
    change with its spread between people (:func:`true_change_sd`), earned session by session; a session counts in full
    when its stimulus reaches that of the published protocols, and less in proportion when it does not.

    Args:
        context: of the course. index: of the zone. residual: S, float64[member, time]. time: s.
        session_time: s, float64[session]. stimulus: of each session, float64[session, member].
        reference: of a published session that stopped at its own endpoint, float64[member].
    """
    zone, start, belief, drawn = context.zones[index], context.baselines[index], context.belief, context.drawn
    model, scale, kind = zone.indication.outcome, zone.scale, kind_of(zone.indication, context.models)
    if kind == "none" or scale is None:
        return np.full(residual.shape, np.nan)
    first = start.values[:, None]
    if kind == "collagen":
        goal = scale.high if not zone.indication.lower_is_better else 0.0
        seen = goal + (first - goal) * residual
    else:
        onset = (
            drawn["clinical-lag"] if model.onset_d is None else np.full(belief.members.size, to_si(model.onset_d, "d"))
        )
        weight = np.minimum(stimulus / reference, 1.0) / (model.reference_sessions_count or 1)
        since = np.maximum(time[None, :] - session_time[:, None], 0.0)  # session, time
        earned = 1 - np.exp(-since[:, None, :] / onset[None, :, None])  # session, member, time
        progress = np.minimum((weight[:, :, None] * earned).sum(axis=0), 1.0)
        luck = normal(context.key, f"{zone.indication.id}/change", belief.members)
        change = (model.change or 0.0) + true_change_sd(model.change_sd or 0.0, scale.noise) * luck
        seen = first + change[:, None] * progress
    return np.clip(seen, min(scale.low, start.values.min(initial=scale.low)), scale.high)


def at_time(values: Floats, time: Floats, when: float) -> Floats:
    """Values [member, time] at one time by straight lines between reports, float64[member]."""
    right = int(np.clip(np.searchsorted(time, when), 1, time.size - 1)) if time.size > 1 else 0
    if right == 0:
        return values[:, 0]
    left = right - 1
    part = float(np.clip((when - time[left]) / (time[right] - time[left]), 0.0, 1.0))
    return np.asarray(values[:, left] + part * (values[:, right] - values[:, left]))


def gain(zone: Zone, start: Baseline, final: Floats) -> Floats | None:
    """Improvement in units of the indication's meaningful change, float64[member]; None without a forecast."""
    meaningful = zone.indication.meaningful_change
    if not meaningful or not np.all(np.isfinite(final)):
        return None
    sign = -1.0 if zone.indication.lower_is_better else 1.0
    return np.asarray(sign * (final - start.values) / abs(meaningful))
