"""Learning from what was seen: members that agree with it count more, and what is data and what is prior is said."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from needling.simulation.belief import Belief, uniform

Floats = NDArray[np.float64]

# How far an ensemble may be thinned before it no longer stands for a distribution
_LEAST_EFFECTIVE_SHARE = 0.2  # numerical: of the members
_LEAST_TEMPER = 0.05  # numerical: power on the likelihood
_NAMED = 3  # numerical: parameters named in the sentence
_BISECTIONS = 60  # numerical: to the last bit


class Report(NamedTuple):
    """What a reweighting did.

    Args:
        accepted: whether the belief was changed. effective_members_count: of the weights used.
        temper_share: power put on the likelihood; 1 uses the data in full.
        data_share: share of each parameter's spread (variance of ranks) that the data took away, by parameter id.
        words: one sentence for the reader.
    """

    accepted: bool
    effective_members_count: float
    temper_share: float
    data_share: dict[str, float]
    words: str


class Learned(NamedTuple):
    """The belief after the data (or the old one when they could not carry an update), and the report."""

    belief: Belief
    report: Report


def effective_size(weights: Floats) -> float:
    """Effective number of members: (sum w)^2 / sum w^2."""
    return float(weights.sum() ** 2 / np.sum(weights**2))


def _weights(log_likelihood: Floats, temper: float) -> Floats:
    raised = np.exp(temper * (log_likelihood - log_likelihood.max()))
    return np.asarray(raised / raised.sum())


def _temper(log_likelihood: Floats, least: float) -> float:
    """Largest power in (0, 1] that leaves the wanted effective size; the size falls as the power grows."""
    if effective_size(_weights(log_likelihood, 1.0)) >= least:
        return 1.0
    low, high = 0.0, 1.0
    for _ in range(_BISECTIONS):
        middle = 0.5 * (low + high)
        if effective_size(_weights(log_likelihood, middle)) >= least:
            low = middle
        else:
            high = middle
    return low


def reweight(belief: Belief, log_likelihood: Floats, key: int) -> Learned:
    """Importance weights on the members, tempered so that enough of them stay, then systematic resampling.

    Args:
        belief: the one that made the forecast. log_likelihood: float64[member], up to a constant.
        key: the key of that forecast; member numbers mean the same people only under the same key.

    Returns:
        The learned belief and a report. The unchanged belief when no member agrees with the data at all.

    Raises:
        ValueError: not one value for each member.
    """
    given = np.asarray(log_likelihood, dtype=np.float64)
    members = belief.members.size
    if given.shape != belief.members.shape:
        raise ValueError(f"expected one log likelihood for each of {members} members, got shape {given.shape}")
    if np.any(np.isnan(given)) or not np.any(np.isfinite(given)):
        return Learned(
            belief,
            Report(
                False,
                0.0,
                0.0,
                {},
                "No possible person fits these readings, so nothing was "
                "learned; check the readings and the plan as delivered.",
            ),
        )
    temper = _temper(given, _LEAST_EFFECTIVE_SHARE * members)
    weights = _weights(given, temper)
    size = effective_size(weights)
    if temper < _LEAST_TEMPER:
        return Learned(
            belief,
            Report(
                False,
                size,
                temper,
                {},
                "The readings lie so far outside the forecast that they "
                "cannot be used without breaking the ensemble; nothing "
                "was learned. Check the readings first.",
            ),
        )
    start = uniform(key, "resampling", np.zeros(1, dtype=np.int64))[0]
    picks = (start + np.arange(members)) / members
    cumulative = np.cumsum(weights)
    chosen = np.minimum(np.searchsorted(cumulative, picks), members - 1)
    data_share = _data_share(belief, weights, key)
    most = sorted(data_share.items(), key=lambda item: -item[1])[:_NAMED]
    named = ", ".join(f"{name} {share:.0%}" for name, share in most if share > 0)
    words = (
        f"{size:.0f} of {members} possible people still count; the readings were used with weight {temper:.2f}. "
        + (f"Most learned (share of the spread taken away): {named}. " if named else "")
        + "Everything else is still prior."
    )
    return Learned(belief.with_members(belief.members[chosen]), Report(True, size, temper, data_share, words))


def _data_share(belief: Belief, weights: Floats, key: int) -> dict[str, float]:
    """1 - weighted variance / prior variance of the ranks, floored at 0, for each parameter that varies.

    Ranks, so that the answer is the same for a rate and for its logarithm.
    """
    shares = {}
    for name, values in belief.draw(key).items():
        if np.ptp(values) > 0:
            rank = np.searchsorted(np.sort(values), values) / values.size
            mean = float(weights @ rank)
            shares[name] = max(0.0, 1 - float(weights @ (rank - mean) ** 2) / float(np.var(rank)))
    return shares
