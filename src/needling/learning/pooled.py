"""Were the forecasts right over many people: bias, coverage and calibration, with what chance allows beside each.

Readings of one person go together, so each person counts once: his or her readings are averaged first, and tests and
intervals are of people. Three answers are possible. *Failing*: what was seen is too unlikely if the forecasts were
right. *Holds*: nothing speaks against them, and the people are enough that a miss of the allowed size would have been
seen. Anything else is *too few to say*.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import lgamma, log, pi, sqrt
from statistics import NormalDist
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from needling.documents import Endpoint
from needling.documents.learning import (
    Calibration,
    CalibrationPoint,
    Coverage,
    EventCalibration,
    MeasureCalibration,
    Miss,
    Misses,
    Standing,
)
from needling.errors import BadInput
from needling.knowledge import Knowledge, load_knowledge
from needling.learning.scored import REDNESS

Floats = NDArray[np.float64]
Progress = Callable[[int, int], None]
EVERYTHING = "everything"

_CENTRAL = 0.9  # numerical: what every interval holds
_BANDS = (0.5, 0.9)  # numerical: the bands that a forecast is judged by
_EDGES = tuple(round(0.1 * tenth, 1) for tenth in range(11))  # numerical: ten bins, whose edges are kept quantiles
_ENOUGH_POWER = 0.8  # numerical: chance to notice that a study is usually planned for
_WEIGHTS = (4 / 3, 8, 8)  # numerical: 3/4 of the alarm level goes to the test of bias, 1/8 to each band
_NORMAL = NormalDist()
_TINY = 1e-12  # numerical: a spread or a chance below this is none


@dataclass(frozen=True)
class Rule:
    """When a forecast fails and when it holds.

    Args:
        alarm: chance that a right forecast is called failing. tolerance: allowed difference between the change seen and
            the change expected, share of it. least, most: where the coverage of the 90 % band must lie.
    """

    alarm: float
    tolerance: float
    least: float
    most: float

    @classmethod
    def of(cls, kb: Knowledge) -> Rule:
        """The rule in force."""
        names = ("calibration-alarm", "calibration-tolerance", "calibration-least", "calibration-most")
        return cls(*(kb.parameter(name).quantity.median for name in names))

    @property
    def said(self) -> str:
        """The rule in words."""
        return (
            "Failing: bias (t test), the 50 % band or the 90 % band (binomial) are as far off in fewer than "
            f"{100 * self.alarm:g} of 100 samples of right forecasts, tests taken together (Bonferroni, three "
            "quarters for bias); an event likewise, by the exact distribution of its count. Holds: not failing, the "
            f"90 % interval of the change seen over the change expected lies within {1 - self.tolerance:g} and "
            f"{1 + self.tolerance:g}, and that of the 90 % band's coverage within {100 * self.least:g} and "
            f"{100 * self.most:g} %; an event: twice the odds would have been noticed with a chance of "
            f"{_ENOUGH_POWER:g}. Otherwise: too few to say. Each person counts once."
        )


# ---------------------------------------------------------------- distributions


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


def mean_over_people(values: ArrayLike, weights: ArrayLike | None = None) -> Mean | None:
    """Mean and its Student interval; with weights c the slope through the origin, sum(c v) / sum(c^2).

    Args:
        values: one for each person, float64[person]. weights: c, float64[person].

    Returns:
        None with fewer than two people, or where all values are one.
    """
    v = np.asarray(values, dtype=np.float64)
    count = v.size
    c = np.ones(count) if weights is None else np.asarray(weights, dtype=np.float64)
    if count <= 1 or float(c @ c) < _TINY:
        return None
    slope = float(c @ v) / float(c @ c)
    error = sqrt(float(np.sum((c * (v - slope * c)) ** 2)) * count / (count - 1)) / float(c @ c)
    if error < _TINY:
        return None
    grid, below = student(count - 1)
    reach = error * float(np.interp(0.5 + _CENTRAL / 2, below, grid))
    beyond = 2 * (1 - float(np.interp(abs(slope) / error, grid, below)))
    return Mean(slope, slope - reach, slope + reach, beyond)


def wilson(share: float, count: int) -> tuple[float, float]:
    """Wilson's 90 % interval of a share among people."""
    z = _NORMAL.inv_cdf(0.5 + _CENTRAL / 2)
    middle = (share + z**2 / (2 * count)) / (1 + z**2 / count)
    reach = z / (1 + z**2 / count) * sqrt(share * (1 - share) / count + z**2 / (4 * count**2))  # numerical: Wilson's
    return max(middle - reach, 0.0), min(middle + reach, 1.0)


def binomial_probability(share: float, count: int, expected: float) -> float:
    """How likely a share as far from the expected one is by chance, two-sided and exact; parts count towards chance."""
    k = np.arange(count + 1)
    logs = np.array([lgamma(count + 1) - lgamma(i + 1) - lgamma(count - i + 1) for i in k.tolist()])
    chances = np.exp(logs + k * log(expected) + (count - k) * log(1 - expected))
    lower = float(chances[: int(np.ceil(share * count - _TINY)) + 1].sum())
    upper = float(chances[int(np.floor(share * count + _TINY)) :].sum())
    return min(2 * min(lower, upper), 1.0)


def count_distribution(chances: Iterable[float]) -> Floats:
    """Probability of every number of events when each person has a chance of his or her own, float64[number]."""
    found = np.ones(1)
    for chance in chances:
        found = np.convolve(found, [1 - chance, chance])
    return found


def _two_sided(distribution: Floats, seen: int) -> float:
    return float(min(2 * min(distribution[: seen + 1].sum(), distribution[seen:].sum()), 1.0))


# ---------------------------------------------------------------- places in the forecast


def _share_below(misses: Sequence[Miss], level: float) -> Floats:
    """How much of each reading lies below a level of its forecast: 0 or 1, or a part when the level cuts it."""
    below, up_to = (np.array([getattr(one, name) for one in misses]) for name in ("below_share", "up_to_share"))
    width = np.maximum(up_to - below, _TINY)
    return np.asarray(np.clip((level - below) / width, 0.0, 1.0))


def _normal_score(miss: Miss) -> float:
    """Mean normal score of the places that a reading stands for, positive where the change is more than expected."""
    low, high = (min(max(share, _TINY), 1 - _TINY) for share in (miss.below_share, miss.up_to_share))
    z_low, z_high = _NORMAL.inv_cdf(low), _NORMAL.inv_cdf(high)
    middle = 0.5 * (z_low + z_high)
    if high - low > 1e-6:  # numerical: below, the difference quotient is all rounding
        middle = (_NORMAL.pdf(z_low) - _NORMAL.pdf(z_high)) / (high - low)
    return middle * float(np.sign(miss.expected_change))


def _by_person(people: Sequence[str], values: ArrayLike) -> Floats:
    """Mean of each person's values, float64[person]."""
    _, place = np.unique(np.asarray(people), return_inverse=True)
    return np.bincount(place, np.asarray(values, dtype=np.float64)) / np.bincount(place)


# ---------------------------------------------------------------- one measure


@dataclass(frozen=True)
class _Judged:
    """A calibration with the chance that a right forecast looks as bad, all its tests taken together."""

    document: MeasureCalibration
    probability: float


def _measure(name: str, label: str, unit: str, read: Sequence[tuple[str, Miss]], rule: Rule) -> _Judged:
    """One measure, or all together when ``name`` is :data:`EVERYTHING`: then in spreads of the forecasts."""
    people = [person for person, _ in read]
    misses = [miss for _, miss in read]
    together = name == EVERYTHING
    spread = np.array([miss.high - miss.low for miss in misses]) / (2 * _NORMAL.inv_cdf(0.5 + _CENTRAL / 2))
    scale = np.maximum(spread, _TINY) if together else np.ones(len(misses))
    error = _by_person(people, np.array([miss.seen - miss.forecast_mean for miss in misses]) / scale)
    change = _by_person(people, np.array([miss.expected_change for miss in misses]) / scale)
    lean = _by_person(people, [_normal_score(miss) for miss in misses])
    count = error.size
    crps, nothing = (
        _by_person(people, np.array([getattr(miss, score) for miss in misses]) / scale)
        for score in ("crps", "nothing_crps")
    )
    bias = mean_over_people(lean if together else error)
    ratio = mean_over_people(error, change)
    skill = 1 - float(crps.sum() / nothing.sum()) if nothing.sum() > _TINY else None
    off = None if skill is None else mean_over_people((crps - (1 - skill) * nothing) / nothing.mean())
    reach = 0.5 * (off.high - off.low) if off is not None else None
    coverage = []
    tests = [1.0 if bias is None else bias.probability]
    for nominal in _BANDS:
        inside = _share_below(misses, 0.5 + nominal / 2) - _share_below(misses, 0.5 - nominal / 2)
        share = float(_by_person(people, inside).mean())
        low, high = wilson(share, count)
        coverage.append(Coverage(nominal_share=nominal, observed_share=share, low_share=low, high_share=high))
        tests.append(binomial_probability(share, count, nominal))
    points = [
        _point(float(_by_person(people, _share_below(misses, edge)).mean()), edge, count) for edge in _EDGES[1:-1]
    ]
    reached = np.array([0.0, *(point.observed_share for point in points), 1.0])
    tests = [min(weight * test, 1.0) for weight, test in zip(_WEIGHTS, tests, strict=True)]
    probability = min(tests)
    verdict, because = _verdict(probability, tests, ratio, lean, coverage, rule)
    return _Judged(
        MeasureCalibration(
            measure=name,
            label=label,
            unit=unit,
            people_count=count,
            readings_count=len(misses),
            mean_crps=float(crps.mean()),
            nothing_crps=float(nothing.mean()),
            skill_ratio=skill,
            skill_low_ratio=None if skill is None or reach is None else skill - reach,
            skill_high_ratio=None if skill is None or reach is None else skill + reach,
            expected_change=float(change.mean()),
            bias=float(error.mean()),
            bias_low=None if together or bias is None else bias.low,
            bias_high=None if together or bias is None else bias.high,
            bias_probability=None if bias is None else bias.probability,
            change_ratio=None if ratio is None else 1 + ratio.value,
            change_low_ratio=None if ratio is None else 1 + ratio.low,
            change_high_ratio=None if ratio is None else 1 + ratio.high,
            lean_ratio=float(lean.mean()),
            coverage=tuple(coverage),
            points=tuple(points),
            edges_share=_EDGES,
            heights_ratio=tuple((np.diff(reached) / np.diff(_EDGES)).tolist()),
            verdict=verdict,
            because=because,
        ),
        probability,
    )


def _point(observed: float, nominal: float, count: int) -> CalibrationPoint:
    """A point of the calibration curve with the central 90 % of what so many people give by chance."""
    below = np.cumsum(count_distribution([nominal] * count)) if count < _FEW else None
    if below is None:
        reach = _NORMAL.inv_cdf(0.5 + _CENTRAL / 2) * sqrt(nominal * (1 - nominal) / count)
        low, high = nominal - reach, nominal + reach
    else:
        low, high = (float(np.searchsorted(below, edge)) / count for edge in _EDGES_OF_CHANCE)
    return CalibrationPoint(nominal_share=nominal, observed_share=observed, low_share=low, high_share=high)


_FEW = 100  # numerical: from so many people the normal distribution is close enough to draw
_EDGES_OF_CHANCE = (0.5 - _CENTRAL / 2, 0.5 + _CENTRAL / 2)


def _verdict(
    probability: float,
    tests: Sequence[float],
    ratio: Mean | None,
    lean: Floats,
    coverage: Sequence[Coverage],
    rule: Rule,
) -> tuple[Standing, str]:
    """The rule applied to one measure, and what decided it."""
    half, wide = coverage
    if probability <= rule.alarm:
        if tests[0] == probability:
            way = "more" if float(lean.mean()) > 0 else "less"
            how = "" if ratio is None else f": {1 + ratio.value:.2f} times the change expected"
            said = f"people change {way} than forecast{how}"
        else:
            band = half if tests[1] < tests[2] else wide
            way = "narrow" if band.observed_share < band.nominal_share else "wide"
            said = (
                f"the {100 * band.nominal_share:.0f} % band holds {100 * band.observed_share:.0f} % of the readings: "
                f"too {way}"
            )
        return "failing", f"{said} (chance of as much with right forecasts: {max(probability, 1e-4):.2g})"
    if ratio is None:
        return "too few to say", "fewer than two people whose change can be compared"
    near = abs(ratio.low) <= rule.tolerance and abs(ratio.high) <= rule.tolerance
    covered = rule.least <= wide.low_share and wide.high_share <= rule.most
    low, high = 1 + ratio.low, 1 + ratio.high
    if near and covered:
        return "holds", f"the change seen is {low:.2f} to {high:.2f} times the change expected, and the bands hold"
    if not near:
        return "too few to say", (
            f"the change seen may be {low:.2f} to {high:.2f} times the change expected; this must be known to "
            f"{100 * rule.tolerance:g} %"
        )
    return "too few to say", (
        f"the 90 % band may hold {100 * wide.low_share:.0f} to {100 * wide.high_share:.0f} % of the readings; this "
        f"must be known to lie between {100 * rule.least:g} and {100 * rule.most:g} %"
    )


# ---------------------------------------------------------------- events


def _event(
    name: str, label: str, seen: Sequence[tuple[float, bool, float]], rule: Rule
) -> tuple[EventCalibration, float]:
    """Events seen against their chances; ``seen`` holds chance, whether it came, and Brier score, once a person."""
    chances = [chance for chance, _, _ in seen]
    came = sum(happened for _, happened, _ in seen)
    right = count_distribution(chances)
    below = np.cumsum(right)
    low, high = (int(np.searchsorted(below, edge)) for edge in _EDGES_OF_CHANCE)
    probability = _two_sided(right, came)
    if came and right[came:].sum() < _TINY:
        probability = 0.0
    doubled = count_distribution([2 * chance / (1 + chance) for chance in chances])
    noticed = [number for number in range(doubled.size) if _two_sided(right, number) <= rule.alarm and number > low]
    power = float(doubled[noticed].sum())
    verdict: Standing
    if probability <= rule.alarm:
        way = "more" if came > sum(chances) else "less"
        verdict, because = (
            "failing",
            f"seen {way} often than forecast (chance of as much: {max(probability, 1e-4):.2g})",
        )
    elif power >= _ENOUGH_POWER:
        verdict, because = "holds", "as often as forecast, and twice the odds would have been noticed"
    else:
        verdict = "too few to say"
        because = f"twice the odds would be noticed with a chance of {power:.2f} only"
    document = EventCalibration(
        event=name,
        label=label,
        people_count=len(seen),
        expected_count=float(sum(chances)),
        observed_count=came,
        low_count=low,
        high_count=high,
        event_probability=probability,
        doubled_probability=power,
        mean_brier_ratio=float(np.mean([brier for _, _, brier in seen])),
        verdict=verdict,
        because=because,
    )
    return document, probability


def _gathered_events(all_misses: Sequence[Misses]) -> Mapping[tuple[str, str], Sequence[tuple[float, bool, float]]]:
    """Each harm, and each endpoint of the first session told, once for each person: the first approval counts."""
    found: dict[tuple[str, str], dict[str, tuple[float, bool, float]]] = {}
    for one in all_misses:
        for event in one.events:
            told = found.setdefault((event.harm, event.label), {})
            told.setdefault(one.person, (event.probability, event.happened, event.brier_ratio))
        for miss in one.endpoints[:1]:
            for endpoint, chance in miss.expected_probability:
                told = found.setdefault((f"endpoint-{endpoint}", _ENDPOINT_LABEL[endpoint]), {})
                happened = miss.seen == endpoint
                told.setdefault(one.person, (chance, happened, (happened - chance) ** 2))
    return {name: tuple(told.values()) for name, told in found.items() if any(chance for chance, _, _ in told.values())
            or any(happened for _, happened, _ in told.values())}  # fmt: skip


_ENDPOINT_LABEL: dict[Endpoint, str] = {
    "none": "First session ends without a visible change",
    "faint-pink": "First session ends in faint pink",
    "erythema": "First session ends in even redness",
    "pinpoint": "First session ends in pinpoint bleeding",
    "confluent": "First session ends in bleeding that runs together",
}


# ---------------------------------------------------------------- all


def pool(all_misses: Sequence[Misses], kb: Knowledge | None = None, *, progress: Progress | None = None) -> Calibration:
    """How the forecasts of many people did together.

    Args:
        all_misses: scores of approvals, each once; a person may have several.
        kb: the rule that decides, and names; default the shipped knowledge. progress: told items done and in all.

    Returns:
        Each measure, all together and each event, with a verdict. The whole fails when any of them is less likely than
        the alarm level over their number (Bonferroni), holds when all hold, and else is too few to say.

    Raises:
        BadInput: nothing to pool, or an approval that stands there twice.

    Assumes: people are independent of each other, and whoever has a follow-up is like those who have none.
    """
    if not all_misses:
        raise BadInput("nothing to pool: give at least one file of 'needling score'")
    approvals = [one.approval for one in all_misses]
    for number, approval in enumerate(approvals):
        if approval in approvals[:number]:
            raise BadInput(
                f"approval {approval[:12]}... is there twice, of '{all_misses[number].person}'; give it once"
            )
    kb = kb or load_knowledge()
    rule = Rule.of(kb)
    read: dict[str, list[tuple[str, Miss]]] = {}
    for one in all_misses:
        for miss in one.misses:
            read.setdefault(miss.measure, []).append((one.person, miss))
    for name, found in read.items():
        units = sorted({miss.unit for _, miss in found})
        if len(units) > 1:
            raise BadInput(f"readings of '{name}' come in {' and '.join(units)}; bring them to one unit")
    counted = _gathered_events(all_misses)
    several = len(read) > 1
    steps = len(read) + several + len(counted)
    told = 0

    def next_step() -> None:
        nonlocal told
        told += 1
        if progress is not None:
            progress(told, steps)

    judged: list[_Judged] = []
    for name, found in sorted(read.items()):
        judged.append(_measure(name, _label(name, kb), found[0][1].unit, found, rule))
        next_step()
    whole = None
    if several:
        whole = _measure(
            EVERYTHING, "All measures together", "spreads", [one for r in read.values() for one in r], rule
        )
        next_step()
    events: list[tuple[EventCalibration, float]] = []
    for (name, label), told_of in sorted(counted.items()):
        events.append(_event(name, label, told_of, rule))
        next_step()
    looked = (*judged, *((whole,) if whole is not None else ()))
    items = [_Item(one.document.label, one.document.verdict, one.document.because, one.probability) for one in looked]
    items += [_Item(one.label, one.verdict, one.because, probability) for one, probability in events]
    verdict, because = _overall(items, rule)
    deliveries = [delivery for one in all_misses for delivery in one.deliveries]
    return Calibration(
        people_count=len({one.person for one in all_misses}),
        approvals=tuple(approvals),
        everything=whole.document if whole else (judged[0].document if judged else None),
        measures=tuple(one.document for one in judged),
        events=tuple(one for one, _ in events),
        deliveries_count=len(deliveries),
        delivered_share=float(np.mean([one.as_planned for one in deliveries])) if deliveries else None,
        verdict=verdict,
        because=because,
        rule=rule.said,
        alarm_share=rule.alarm,
        tests_count=len(items),
        knowledge_sha256=kb.sha256,
    )


def _label(measure: str, kb: Knowledge) -> str:
    if measure == REDNESS:
        return "Days of redness after a session"
    scale = kb.by("scales").get(measure.removeprefix("seen-"))
    return scale.name if scale is not None else measure


class _Item(NamedTuple):
    """One measure or event as the verdict of the whole sees it."""

    label: str
    verdict: Standing
    because: str
    probability: float

    @property
    def name(self) -> str:
        return self.label.rstrip(".")


def _overall(items: Sequence[_Item], rule: Rule) -> tuple[Standing, str]:
    """One verdict of several: the number of chances to fail is counted."""
    if not items:
        return "too few to say", "no reading and no event could be scored"
    failing = [one for one in items if one.probability * len(items) <= rule.alarm]
    if failing:
        return "failing", "; ".join(f"{one.name}: {one.because}" for one in failing)
    if all(one.verdict == "holds" for one in items):
        return "holds", "every measure and event holds"
    alone = [one.name for one in items if one.verdict == "failing"]
    if alone:
        return "too few to say", (
            f"{'; '.join(alone)} would fail alone, but of {len(items)} looked at one may do so by chance"
        )
    unsure = [one.name for one in items if one.verdict == "too few to say"]
    return "too few to say", f"not known well enough: {'; '.join(unsure)}"
