"""Distributions that a sample is held against, and means over people whose readers may have habits of their own."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import lgamma, log, pi, sqrt
from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Places = NDArray[np.int64]

CENTRAL = 0.9  # numerical: what every interval holds
TINY = 1e-12  # numerical: a spread or a chance below this is none
_NORMAL = NormalDist()


def student(freedom: int) -> tuple[Floats, Floats]:
    """Student's t: rising values and the probability of no more than each, by the trapezium rule on its density."""
    half = np.sinh(np.linspace(0.0, 12.0, 4001))  # numerical: from 0 to 8e4, dense near 0
    density = np.exp(-(freedom + 1) / 2 * np.log1p(half**2 / freedom))
    density *= np.exp(lgamma((freedom + 1) / 2) - lgamma(freedom / 2)) / sqrt(freedom * pi)
    area = np.concatenate([[0.0], np.cumsum(0.5 * (density[1:] + density[:-1]) * np.diff(half))])
    upper = 0.5 + np.minimum(area, 0.5)
    return np.concatenate([-half[:0:-1], half]), np.concatenate([1 - upper[:0:-1], upper])


@dataclass(frozen=True)
class Mean:
    """A mean over people, with its 90 % interval and how likely one as far from 0 is by chance alone."""

    value: float
    low: float
    high: float
    probability: float


def mean_over_people(values: ArrayLike, weights: ArrayLike | None = None, readers: Places | None = None) -> Mean | None:
    """Mean and its Student interval; with weights c the slope through the origin, sum(c v) / sum(c^2).

    People of one reader share that reader's habit. So with readers the error is that of leaving out one reader after
    the other (jackknife), with as many degrees of freedom as there are readers less one; and what is said is the more
    careful of this and of people for themselves, because few readers may agree by luck.

    Args:
        values: one for each person, float64[person]. weights: c, float64[person].
        readers: of each person, counted from 0, int64[person]; None where only people differ.

    Returns:
        None with fewer than two people, or where all values are one.
    """
    v = np.asarray(values, dtype=np.float64)
    count = v.size
    c = np.ones(count) if weights is None else np.asarray(weights, dtype=np.float64)
    if count <= 1 or float(c @ c) < TINY:
        return None
    slope = float(c @ v) / float(c @ c)
    error = sqrt(float(np.sum((c * (v - slope * c)) ** 2)) * count / (count - 1)) / float(c @ c)
    if error < TINY:
        return None
    alone = _mean(slope, error, count - 1)
    shared = None if readers is None else _left_out_in_turn(c * v, c * c, readers)
    if shared is None or shared < TINY or readers is None:
        return alone
    together = _mean(slope, shared, int(readers.max()))
    return Mean(
        slope, min(alone.low, together.low), max(alone.high, together.high),
        max(alone.probability, together.probability),
    )  # fmt: skip


def _mean(value: float, error: float, freedom: int) -> Mean:
    grid, below = student(freedom)
    reach = error * float(np.interp(0.5 + CENTRAL / 2, below, grid))
    beyond = 2 * (1 - float(np.interp(abs(value) / error, grid, below)))
    return Mean(value, value - reach, value + reach, beyond)


def _left_out_in_turn(above: Floats, below: Floats, readers: Places) -> float | None:
    """Standard error of sum(above) / sum(below) from leaving out one reader after the other; None with one alone."""
    own_above, own_below = np.bincount(readers, above), np.bincount(readers, below)
    count, rest = own_above.size, own_below.sum() - own_below
    if count <= 1 or np.any(rest < TINY):
        return None
    without = (own_above.sum() - own_above) / rest
    whole = own_above.sum() / own_below.sum()
    return sqrt(float(np.sum((without - whole) ** 2)) * (count - 1) / count)


def independent_count(inside: Floats, readers: Places | None) -> float:
    """How many people for themselves would know a share as well as these people do, whose readers have habits.

    Args:
        inside: of each person, between 0 and 1, float64[person]. readers: of each person; None where only people
            differ.
    """
    count, share = float(inside.size), float(inside.mean())
    found = None if readers is None else mean_over_people(inside, readers=readers)
    variance = share * (1 - share)
    if found is None or variance < TINY:
        return count
    reach = 0.5 * (found.high - found.low) / _NORMAL.inv_cdf(0.5 + CENTRAL / 2)
    return max(min(count, variance / reach**2), 1.0)


def wilson(share: float, count: float) -> tuple[float, float]:
    """Wilson's 90 % interval of a share among people."""
    z = _NORMAL.inv_cdf(0.5 + CENTRAL / 2)
    middle = (share + z**2 / (2 * count)) / (1 + z**2 / count)
    reach = z / (1 + z**2 / count) * sqrt(share * (1 - share) / count + z**2 / (4 * count**2))  # numerical: Wilson's
    return max(middle - reach, 0.0), min(middle + reach, 1.0)


def binomial_probability(share: float, count: int, expected: float) -> float:
    """How likely a share as far from the expected one is by chance, two-sided and exact; parts count towards chance."""
    k = np.arange(count + 1)
    logs = np.array([lgamma(count + 1) - lgamma(i + 1) - lgamma(count - i + 1) for i in k.tolist()])
    chances = np.exp(logs + k * log(expected) + (count - k) * log(1 - expected))
    lower = float(chances[: int(np.ceil(share * count - TINY)) + 1].sum())
    upper = float(chances[int(np.floor(share * count + TINY)) :].sum())
    return min(2 * min(lower, upper), 1.0)


def count_distribution(chances: Iterable[float]) -> Floats:
    """Probability of every number of events when each person has a chance of his or her own, float64[number]."""
    found = np.ones(1)
    for chance in chances:
        found = np.convolve(found, [1 - chance, chance])
    return found


def two_sided(distribution: Floats, seen: int) -> float:
    """How likely a number as far out as the one seen is, on either side."""
    return float(min(2 * min(distribution[: seen + 1].sum(), distribution[seen:].sum()), 1.0))
