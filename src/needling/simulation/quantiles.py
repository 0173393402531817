"""Quantiles of an ensemble and the figures of a document, for whole tables at once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

_EXACT = 22  # numerical: powers of ten up to this one are exact in binary
_POWERS = 10.0 ** np.arange(_EXACT + 1)  # numerical: powers of ten
_FEW = 48  # numerical: up to here one by one is quicker
_TIE = 1e-6  # numerical: nearer to a half than this the rounding is left to exact arithmetic


def quantiles(values: Floats, levels: Sequence[float]) -> Floats:
    """Quantiles over the last axis, the same numbers as ``np.quantile`` gives, with one sort for all levels.

    Args:
        values: finite, float64[..., member]. levels: shares between 0 and 1.

    Returns:
        float64[level, ...].
    """
    ordered = np.sort(values, axis=-1)
    last = values.shape[-1] - 1
    place = np.asarray(levels, dtype=np.float64) * last
    left = np.floor(place).astype(np.int64)
    by_rank = ordered.transpose(-1, *range(values.ndim - 1))
    below, above = by_rank[left], by_rank[np.minimum(left + 1, last)]
    part = (place - left).reshape(-1, *(1,) * (values.ndim - 1))
    rise = above - below
    return np.asarray(np.where(part < 0.5, below + rise * part, above - rise * (1 - part)))


def rounded(values: ArrayLike, digits: int) -> Floats:
    """Values with so many significant decimal figures: exactly ``float(f"{value:.{digits}g}")`` of each."""
    given = np.asarray(values, dtype=np.float64)
    if given.size <= _FEW:
        return np.array([float(f"{value:.{digits}g}") for value in given.ravel().tolist()]).reshape(given.shape)
    size = np.abs(given)
    plain = np.isfinite(size) & (size > 0)
    place = digits - 1 - np.floor(np.log10(np.where(plain, size, 1.0))).astype(np.int64)
    power = _POWERS[np.minimum(np.abs(place), _EXACT)]
    with np.errstate(invalid="ignore", over="ignore"):
        scaled = np.where(place >= 0, size * power, size / power)
        whole = np.rint(scaled)
        # a whole number below 2^53 and an exact power: one rounding, so the nearest number to the decimal
        found = np.copysign(np.where(place >= 0, whole / power, whole * power), given)
        unsure = (np.abs(np.abs(scaled - whole) - 0.5) < _TIE) | (np.abs(place) > _EXACT) | ~np.isfinite(size)
    if unsure.any():
        odd = given[unsure].tolist()
        text = f"%.{digits}g " * len(odd) % tuple(odd)
        found[unsure] = list(map(float, text.split()))
    return np.asarray(found)
