"""What a choice weighs: from the objectives of many candidates to their numbers, hard limits and Pareto set.

Everything here works on plain arrays, one row for each candidate, so that a search over thousands and the final
choice among a few read the same equation. It needs no plan and no course: :func:`judge` takes objectives and the few
figures of a course (visits, shortest gap, price) that stand beside them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from needling.documents import Goals
from needling.errors import BadInput
from needling.knowledge.base import Knowledge
from needling.simulation import Objectives

Floats = NDArray[np.float64]
Limit = Literal["visits", "redness", "price", "readiness"]

LIMITS: tuple[Limit, ...] = ("visits", "redness", "price", "readiness")
"""Hard limits in the order in which a candidate is told the one it breaks."""

_RESAMPLES = 100
_BLOCK = 256  # candidates whose dominance is compared with all others at once, so that memory stays flat
_CLOSE = 1e-9  # a value this little above its limit keeps it: the limit was written in another unit


# ---------------------------------------------------------------- weights and limits


@dataclass(frozen=True)
class Weighing:
    """The person's weights over the exchange rates, the careful readings, and the hard limits, looked up once.

    Args:
        gain: utility of one meaningful change. downtime: of one day of redness after each visit. harm: of certainty of
            a lasting mark. visits: of one visit. price: of one unit of money; 0 where the person named no exchange.
        robust: over whom a plan must be good: most of the possible people, or the worst reading of what is not known.
        gain_quantile, redness_quantile, ready_quantile: shares of the possible people, of ``choosing-*``.
        endpoint_share: most members that may show more than the planned endpoint.
        most: what each hard limit allows; infinite where there is none. Readiness has none: it is the candidate's own.
        shortest: title of the rule that asks for the shortest needle that works; empty where none does.
    """

    gain: float
    downtime: float
    harm: float
    visits: float
    price: float
    robust: Literal["quantile", "worst-case"]
    gain_quantile: float
    redness_quantile: float
    ready_quantile: float
    endpoint_share: float
    most: dict[Limit, float]
    shortest: str = ""

    @classmethod
    def of(cls, goals: Goals, kb: Knowledge) -> Weighing:
        """Weights, exchange rates and limits of one person; the rates are proposals of the knowledge base."""

        def rate(name: str) -> float:
            return kb.parameter(name).quantity.median

        worth = goals.change_worth_price
        return cls(
            gain=goals.gain_weight,
            downtime=goals.downtime_weight / rate("choosing-redness-exchange"),
            harm=goals.harm_weight / rate("choosing-harm-exchange"),
            visits=goals.visits_weight / rate("choosing-visits-exchange"),
            price=goals.cost_weight / worth if worth is not None else 0.0,
            robust=goals.robust,
            gain_quantile=rate("choosing-robust-quantile"),
            redness_quantile=rate("choosing-redness-quantile"),
            ready_quantile=rate("choosing-ready-quantile"),
            endpoint_share=rate("choosing-early-endpoint"),
            most={
                "visits": _or_endless(goals.max_visits_count),
                "redness": _or_endless(goals.max_redness_d),
                "price": _or_endless(goals.max_total_price),
            },
        )


def _or_endless(limit: float | None) -> float:
    return np.inf if limit is None else float(limit)


def price_of(visits_count: int, devices_count: int, goals: Goals) -> float | None:
    """What a course costs at the person's own prices; None when no price was named.

    Equation:
        P = v (P_visit + P_needles) + n P_device

    Args:
        visits_count: v, days with a session. devices_count: n, different devices. goals: prices; one that is not named
            counts as nothing beside one that is.
    """
    prices = (goals.visit_price, goals.needles_price, goals.device_price)
    if all(price is None for price in prices):
        return None
    visit, needles, device = (price or 0.0 for price in prices)
    return visits_count * (visit + needles) + devices_count * device


# ---------------------------------------------------------------- careful readings


def careful(values: Floats, groups: NDArray[np.int64] | None, quantile: float, *, high: bool = False) -> Floats:
    """A careful reading of an objective over the possible people: their quantile, or the worst group's mean.

    Args:
        values: float64[..., member].
        groups: group of each member, whose members share what is not known; None reads the quantile.
        quantile: of the members, used without groups. high: whether a high value is the bad one.

    Returns:
        float64[...].
    """
    if groups is None:
        return np.asarray(np.quantile(values, quantile, axis=-1))
    return _worst(values, groups, high=high)


def _worst(values: Floats, groups: NDArray[np.int64], *, high: bool) -> Floats:
    parts = (np.take(values, np.flatnonzero(groups == group), axis=-1) for group in np.unique(groups))
    means = np.stack([part.mean(axis=-1) for part in parts])
    return np.asarray(means.max(axis=0) if high else means.min(axis=0))


def _worst_quantile(values: Floats, groups: NDArray[np.int64] | None, quantile: float) -> Floats:
    """A high quantile over all members, or the highest that a group has."""
    if groups is None:
        return np.asarray(np.quantile(values, quantile, axis=-1))
    parts = [np.take(values, np.flatnonzero(groups == group), axis=-1) for group in np.unique(groups)]
    return np.asarray(np.max([np.quantile(part, quantile, axis=-1) for part in parts], axis=0))


# ---------------------------------------------------------------- judging


class Numbers(NamedTuple):
    """What a choice knows of one candidate: its objectives as weighed, its utility, and the limit it breaks."""

    gain: float
    gain_low: float
    redness_d: float
    harm_probability: float
    visits_count: int
    price: float | None
    utility: float
    ready_d: float
    breaks: Limit | None


@dataclass(frozen=True)
class Judged:
    """Numbers of many candidates, one row each.

    Args:
        gain: median. gain_low: careful. redness_d, harm_probability: as weighed. visits_count. price: NaN where the
            person named none. utility: the weighted sum. ready_d: time until most are ready for the next session.
        over: each limit's value over what it allows, float64[limit, candidate], in the order of :data:`LIMITS`; what
            is above 1 breaks it.
    """

    gain: Floats
    gain_low: Floats
    redness_d: Floats
    harm_probability: Floats
    visits_count: NDArray[np.int64]
    price: Floats
    utility: Floats
    ready_d: Floats
    over: Floats

    @property
    def allowed(self) -> NDArray[np.bool_]:
        """Whether each candidate keeps every hard limit."""
        return np.asarray(np.all(self.over <= 1 + _CLOSE, axis=0))

    def without(self, limit: Limit) -> NDArray[np.bool_]:
        """Whether each candidate keeps every hard limit but one."""
        others = [place for place, name in enumerate(LIMITS) if name != limit]
        return np.asarray(np.all(self.over[others] <= 1 + _CLOSE, axis=0))

    def breaks(self, candidate: int) -> Limit | None:
        """The first hard limit that a candidate breaks."""
        broken = np.flatnonzero(self.over[:, candidate] > 1 + _CLOSE)
        return LIMITS[broken[0]] if broken.size else None

    def numbers(self, candidate: int) -> Numbers:
        """One candidate's row as plain numbers."""
        price = float(self.price[candidate])
        return Numbers(
            gain=float(self.gain[candidate]),
            gain_low=float(self.gain_low[candidate]),
            redness_d=float(self.redness_d[candidate]),
            harm_probability=float(self.harm_probability[candidate]),
            visits_count=int(self.visits_count[candidate]),
            price=None if np.isnan(price) else price,
            utility=float(self.utility[candidate]),
            ready_d=float(self.ready_d[candidate]),
            breaks=self.breaks(candidate),
        )

    def objectives(self) -> Floats:
        """What dominance compares, smaller is better, float64[candidate, objective]."""
        price = np.where(np.isnan(self.price), 0.0, self.price)
        columns = (-self.gain_low, self.redness_d, self.harm_probability, self.visits_count, price)
        return np.stack([np.asarray(column, dtype=np.float64) for column in columns], axis=1)

    def front(self, allowed: NDArray[np.bool_] | None = None) -> NDArray[np.bool_]:
        """Which allowed candidates no other allowed one beats in every objective at once."""
        kept = self.allowed if allowed is None else allowed
        found = np.zeros(kept.size, dtype=np.bool_)
        found[kept] = on_front(self.objectives()[kept])
        return found


def judge_all(
    gain: ArrayLike,
    redness_d: ArrayLike,
    harm_probability: ArrayLike,
    ready_d: ArrayLike,
    *,
    visits_count: ArrayLike,
    shortest_gap_d: ArrayLike,
    weighing: Weighing,
    price: ArrayLike | None = None,
    groups: NDArray[np.int64] | None = None,
) -> Judged:
    """Objectives of many candidates, and their weighted sums.

    Equation:
        U = w_g G − w_d V R / R_0 − w_h H / H_0 − w_v V / V_0 − w_p P / P_0

    with G the careful gain in meaningful changes, R the redness after a session that most stay below, H the chance of
    a lasting mark, V the visits, P the price. R_0, H_0, V_0 are the exchange rates ``choosing-*`` of the knowledge base
    (proposals, shown as such); P_0 is what one meaningful change is worth to the person, and without it the price is
    not weighed. With ``groups`` (worst case over what is not known) G, R and H are those of the worst group.

    Args:
        gain, redness_d, harm_probability, ready_d: of each member, float64[candidate, member].
        visits_count: days with a session, [candidate]; 0 stands for no treatment, which has no gain and no harm.
        shortest_gap_d: between two of them, [candidate]; infinite for fewer than two.
        weighing: weights and limits. price: of each course, NaN or None where the person named no price.
        groups: group of each member, int64[member]; needed for "worst-case" and only for it.

    Returns:
        The numbers of every candidate; a row does not depend on the others.

    Raises:
        BadInput: "worst-case" without groups.
    """
    _check_groups(weighing, groups)
    visits = np.atleast_1d(np.asarray(visits_count, dtype=np.int64))
    gains, redness, harms, ready = (
        np.atleast_2d(np.asarray(values, dtype=np.float64)) for values in (gain, redness_d, harm_probability, ready_d)
    )
    treated = visits > 0

    def of_treated(values: Floats) -> Floats:
        return np.where(treated, values, 0.0)

    used = groups if weighing.robust == "worst-case" else None
    low = of_treated(careful(gains, used, weighing.gain_quantile))
    middle = of_treated(np.asarray(np.quantile(gains, 0.5, axis=-1)))
    red = of_treated(_worst_quantile(redness, used, weighing.redness_quantile))
    harm = of_treated(harms.mean(axis=-1) if used is None else _worst(harms, used, high=True))
    prices = np.full(visits.shape, np.nan) if price is None else np.atleast_1d(np.asarray(price, dtype=np.float64))
    ready_low = np.asarray(np.quantile(ready, weighing.ready_quantile, axis=-1))
    known_price = np.where(np.isnan(prices), 0.0, prices)
    gap = np.atleast_1d(np.asarray(shortest_gap_d, dtype=np.float64))
    over = np.stack(
        [
            visits / weighing.most["visits"],
            red / weighing.most["redness"],
            known_price / weighing.most["price"],
            ready_low / gap,
        ]
    )
    return Judged(
        gain=middle,
        gain_low=low,
        redness_d=red,
        harm_probability=harm,
        visits_count=visits,
        price=prices,
        utility=weighing.gain * low
        - weighing.downtime * visits * red
        - weighing.harm * harm
        - weighing.visits * visits
        - weighing.price * known_price,
        ready_d=ready_low,
        over=over,
    )


def judge(
    found: Objectives,
    *,
    visits_count: int,
    shortest_gap_d: float,
    ready_d: ArrayLike,
    weighing: Weighing,
    price: float | None = None,
    groups: NDArray[np.int64] | None = None,
) -> Numbers:
    """One candidate, as :func:`judge_all` reads it.

    Args:
        found: what a choice weighs, of each member. ready_d: days until each member is ready for the next session.
        visits_count, shortest_gap_d, price: figures of the course. weighing: weights and limits.
        groups: group of each member.
    """
    return judge_all(
        found.gain[None],
        found.redness_d[None],
        found.harm_probability[None],
        np.asarray(ready_d, dtype=np.float64)[None],
        visits_count=[visits_count],
        shortest_gap_d=[shortest_gap_d],
        weighing=weighing,
        price=None if price is None else [price],
        groups=groups,
    ).numbers(0)


def _check_groups(weighing: Weighing, groups: NDArray[np.int64] | None) -> None:
    if weighing.robust == "worst-case" and (groups is None or np.unique(groups).size < 2):
        raise BadInput(
            "goals.robust is 'worst-case', but the possible people share no doubt: every one has its own; use "
            "Belief.nested() (at least two groups), or robust 'quantile'"
        )


# ---------------------------------------------------------------- dominance


def on_front(points: Floats) -> NDArray[np.bool_]:
    """Which points no other point is at least as good as in everything and better in something.

    Args:
        points: smaller is better, float64[candidate, objective].

    Returns:
        bool[candidate]; equal points are all on the front.
    """
    count = points.shape[0]
    found = np.ones(count, dtype=np.bool_)
    for start in range(0, count, _BLOCK):
        mine = points[start : start + _BLOCK, None, :]
        no_worse = np.all(points[None] <= mine, axis=2)
        better = np.any(points[None] < mine, axis=2)
        found[start : start + _BLOCK] = ~np.any(no_worse & better, axis=1)
    return found


# ---------------------------------------------------------------- what a finite ensemble can tell apart


def gain_errors(
    best: Floats,
    others: Sequence[Floats],
    weighing: Weighing,
    groups: NDArray[np.int64] | None = None,
) -> Floats:
    """How far differences of careful gains may be off because the ensemble is finite: a paired bootstrap.

    With groups people are drawn again inside their own group: what is not known is laid out, not sampled.

    Args:
        best: gain of the best candidate, float64[member]. others: of those compared with it.
        weighing: how a gain is read. groups: group of each member.

    Returns:
        Standard error of each difference, float64[other].
    """
    used = groups if weighing.robust == "worst-case" else None
    picks = _picks(best.size, used)
    first = careful(best[picks], used, weighing.gain_quantile)
    return np.array([np.std(first - careful(other[picks], used, weighing.gain_quantile)) for other in others])


def _picks(members: int, groups: NDArray[np.int64] | None) -> NDArray[np.int64]:
    """Members drawn again with the same luck in every call, int64[resample, member]."""
    luck = np.random.default_rng(0)
    if groups is None:
        return luck.integers(0, members, (_RESAMPLES, members))
    picks = np.empty((_RESAMPLES, members), dtype=np.int64)
    for group in np.unique(groups):
        own = np.flatnonzero(groups == group)
        picks[:, own] = own[luck.integers(0, own.size, (_RESAMPLES, own.size))]
    return picks
