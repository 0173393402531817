"""How good a forecast was: CRPS from an ensemble or from quantiles, coverage, bias, the place of a reading in it."""

from __future__ import annotations

from statistics import NormalDist
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from needling.simulation.normal import inverse_normal

Floats = NDArray[np.float64]


def crps_from_ensemble(members: ArrayLike, seen: float) -> float:
    """Continuous ranked probability score of an ensemble: E|X - y| - E|X - X'| / 2, in the unit of y. 0 is best.

    Args:
        members: float64[member]. seen: y.
    """
    ordered = np.sort(np.asarray(members, dtype=np.float64))
    count = ordered.size
    rank = np.arange(1, count + 1)
    spread = 2 * np.sum((2 * rank - count - 1) * ordered) / count**2
    return float(np.mean(np.abs(ordered - seen)) - spread / 2)


def quantile_at(levels: ArrayLike, quantiles: ArrayLike, level: float) -> float:
    """The quantile at a level, by a straight line between the kept levels; the outermost beyond them."""
    return float(np.interp(level, np.asarray(levels, dtype=np.float64), np.asarray(quantiles, dtype=np.float64)))


def crps_from_quantiles(levels: ArrayLike, quantiles: ArrayLike, seen: float) -> float:
    """CRPS from kept quantiles: twice the integral of the pinball loss over the levels, in the unit of y.

    2 integral over p of (1[y < q_p] - p)(q_p - y)

    Assumes: the quantile function is straight between kept levels and flat beyond the outermost ones.

    Args:
        levels: rising shares, float64[level]. quantiles: float64[level]. seen: y.
    """
    kept = np.asarray(levels, dtype=np.float64)
    values = np.asarray(quantiles, dtype=np.float64)
    share = (np.arange(_POINTS) + 0.5) / _POINTS
    quantile = np.interp(share, kept, values)
    return float(2 * np.mean(((seen < quantile) - share) * (quantile - seen)))


_POINTS = 2000  # numerical: points of the integral over levels


def coverage(low: ArrayLike, high: ArrayLike, seen: ArrayLike) -> float:
    """Share of readings inside their bands, ends included."""
    values = np.asarray(seen, dtype=np.float64)
    return float(np.mean((np.asarray(low) <= values) & (values <= np.asarray(high))))


def bias(forecast: ArrayLike, seen: ArrayLike) -> float:
    """Mean of seen minus forecast, in the unit of the readings."""
    return float(np.mean(np.asarray(seen, dtype=np.float64) - np.asarray(forecast, dtype=np.float64)))


# ---------------------------------------------------------------- the place of a reading in its forecast

_NORMAL = NormalDist()


def _tails(levels: Floats, values: Floats) -> tuple[float, float]:
    """Standard deviations of the normal tails below the lowest and above the highest kept quantile, from two there."""
    low, high = (
        _NORMAL.inv_cdf(levels[second]) - _NORMAL.inv_cdf(levels[first]) for first, second in ((0, 1), (-2, -1))
    )
    return float((values[1] - values[0]) / low), float((values[-1] - values[-2]) / high)


def mean_from_quantiles(levels: ArrayLike, quantiles: ArrayLike) -> float:
    """Mean of a forecast from its kept quantiles, straight between them and with normal tails beyond.

    integral of q_p over p; a normal tail below level l has the mean q_l - s (phi(z_l)/l + z_l)

    Args:
        levels: rising shares strictly between 0 and 1, float64[level]. quantiles: float64[level].
    """
    kept, values = np.asarray(levels, dtype=np.float64), np.asarray(quantiles, dtype=np.float64)
    low, high = _tails(kept, values)
    middle = float(np.sum(0.5 * (values[1:] + values[:-1]) * np.diff(kept)))
    lowest, beyond = float(kept[0]), 1 - float(kept[-1])
    below, above = (share * _tail_reach(share) for share in (lowest, beyond))
    return middle + lowest * float(values[0]) - low * below + beyond * float(values[-1]) + high * above


def _tail_reach(share: float) -> float:
    """How far the mean of a normal tail lies beyond its edge, in standard deviations."""
    edge = _NORMAL.inv_cdf(share)
    return _NORMAL.pdf(edge) / share + edge


def mean_between(levels: ArrayLike, quantiles: ArrayLike, low: float, high: float) -> float:
    """Mean of what is noted of a forecast on a scale with ends: E[min(max(X, low), high)].

    Clipping the kept quantiles would lose where between two of them the end of the scale lies.

    Args:
        levels: rising shares strictly between 0 and 1, float64[level]. quantiles: not clipped, float64[level].
        low, high: ends of the scale; infinite where it has none.

    Assumes: between kept levels and beyond them, a straight line on normal probability paper.
    """
    kept, values = np.asarray(levels, dtype=np.float64), np.asarray(quantiles, dtype=np.float64)
    if not np.any(np.isfinite([low, high])):
        return mean_from_quantiles(kept, values)
    below, above = _tails(kept, values)
    edges, score = inverse_normal(kept), _SCORES
    found = np.interp(score, edges, values)
    found = np.where(score < edges[0], values[0] + below * (score - edges[0]), found)
    found = np.where(score > edges[-1], values[-1] + above * (score - edges[-1]), found)
    return float(np.mean(np.clip(found, low, high)))


_SCORES = inverse_normal((np.arange(_POINTS) + 0.5) / _POINTS)
"""Normal scores of even shares."""


def place_in_quantiles(levels: ArrayLike, quantiles: ArrayLike, low: float, high: float) -> tuple[float, float]:
    """A forecast's probabilities of less than ``low``, and of no more than ``high``: where a reading lies in it.

    For an exact reading both are its value, and both results agree unless the forecast has a lump there; a reading that
    was rounded stands for all values from ``low`` to ``high``.

    Args:
        levels: rising shares strictly between 0 and 1, float64[level]. quantiles: float64[level].
        low, high: ends of what the reading stands for, in the unit of the quantiles.

    Assumes: between kept levels and beyond them, a straight line on normal probability paper.
    """
    kept, values = np.asarray(levels, dtype=np.float64), np.asarray(quantiles, dtype=np.float64)
    return _probability(kept, values, low, "left"), _probability(kept, values, high, "right")


def _probability(kept: Floats, values: Floats, at: float, side: Literal["left", "right"]) -> float:
    """P(X < at) for the left side, P(X <= at) for the right side."""
    above = int(np.searchsorted(values, at, side=side))
    if 0 < above < values.size:
        first, last = float(values[above - 1]), float(values[above])
        z_first, z_last = _NORMAL.inv_cdf(kept[above - 1]), _NORMAL.inv_cdf(kept[above])
        return _NORMAL.cdf(z_first + (z_last - z_first) * (at - first) / (last - first))
    edge = 0 if above == 0 else -1
    spread = _tails(kept, values)[edge]
    if spread <= 0:
        return 0.0 if above == 0 else 1.0
    return _NORMAL.cdf(_NORMAL.inv_cdf(kept[edge]) + (at - float(values[edge])) / spread)


def ranked_probability_score(chances: ArrayLike, seen: int) -> float:
    """Score of chances of ordered classes: mean square of the cumulative chances' misses, 0 best, 1 worst.

    sum over k < K of (F_k - 1[seen <= k])^2 / (K - 1)

    Args:
        chances: of each class in order, float64[class]. seen: place of the class that came.
    """
    reached = np.cumsum(np.asarray(chances, dtype=np.float64))[:-1]
    came = np.arange(reached.size) >= seen
    return float(np.mean((reached - came) ** 2))
