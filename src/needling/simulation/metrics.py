"""How good a forecast was: CRPS from an ensemble or from quantiles, coverage, bias."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

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
