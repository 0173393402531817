"""Were the forecasts right over many people: bias, coverage and calibration, with what chance allows beside each.

Readings of one person go together, so each person counts once: his or her readings are averaged first, and tests and
intervals are of people. Where several readers are known, people of one reader go together as well, for a reader's habit
is no error of the forecast; and a few readers alone can tell nothing. Three answers are possible. *Failing*: what was
seen is too unlikely if the forecasts were right. *Holds*: nothing speaks against them, and the people are enough that a
miss of the allowed size would have been seen. Anything else is *too few to say*.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date
from math import prod, sqrt
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
from needling.learning.chances import (
    CENTRAL,
    TINY,
    Mean,
    Places,
    binomial_probability,
    count_distribution,
    independent_count,
    mean_over_people,
    two_sided,
    wilson,
)
from needling.learning.scored import REDNESS

Floats = NDArray[np.float64]
Progress = Callable[[int, int], None]
EVERYTHING = "everything"
TOO_FEW_READERS = "too few readers"

_BANDS = (0.5, 0.9)  # numerical: the bands that a forecast is judged by
_EDGES = tuple(round(0.1 * tenth, 1) for tenth in range(11))  # numerical: ten bins, whose edges are kept quantiles
_ENOUGH_POWER = 0.8  # numerical: chance to notice that a study is usually planned for
_WEIGHTS = (4 / 3, 8, 8)  # numerical: 3/4 of the alarm level goes to the test of bias, 1/8 to each band
_NORMAL = NormalDist()


@dataclass(frozen=True)
class Rule:
    """When a forecast fails and when it holds.

    Args:
        alarm: chance that a right forecast is called failing. tolerance: allowed difference between the change seen and
            the change expected, share of it. least, most: where the coverage of the 90 % band must lie.
        readers: how many there must be, where more than one is known.
    """

    alarm: float
    tolerance: float
    least: float
    most: float
    readers: float

    @classmethod
    def of(cls, kb: Knowledge) -> Rule:
        """The rule in force."""
        limits = ("calibration-alarm", "calibration-tolerance", "calibration-least", "calibration-most")
        return cls(*(kb.parameter(name).quantity.median for name in (*limits, "calibration-least-readers")))

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
            f"{_ENOUGH_POWER:g}. Otherwise: too few to say. Each person counts once. Where more "
            "than one reader is known, what people of one reader have in common counts once as well, and at least "
            f"{self.readers:g} readers are needed."
        )


# ---------------------------------------------------------------- places in the forecast


def _share_below(misses: Sequence[Miss], level: float) -> Floats:
    """How much of each reading lies below a level of its forecast: 0 or 1, or a part when the level cuts it."""
    below, up_to = (np.array([getattr(one, name) for one in misses]) for name in ("below_share", "up_to_share"))
    width = np.maximum(up_to - below, TINY)
    return np.asarray(np.clip((level - below) / width, 0.0, 1.0))


def _normal_score(miss: Miss) -> float:
    """Mean normal score of the places that a reading stands for, positive where the change is more than expected."""
    low, high = (min(max(share, TINY), 1 - TINY) for share in (miss.below_share, miss.up_to_share))
    z_low, z_high = _NORMAL.inv_cdf(low), _NORMAL.inv_cdf(high)
    middle = 0.5 * (z_low + z_high)
    if high - low > 1e-6:  # numerical: below, the difference quotient is all rounding
        middle = (_NORMAL.pdf(z_low) - _NORMAL.pdf(z_high)) / (high - low)
    return middle * float(np.sign(miss.expected_change))


def _by_person(people: Sequence[str], values: ArrayLike) -> Floats:
    """Mean of each person's values, float64[person]."""
    _, place = np.unique(np.asarray(people), return_inverse=True)
    return np.bincount(place, np.asarray(values, dtype=np.float64)) / np.bincount(place)


class _Readers(NamedTuple):
    """Who read: how many are known, and the reader of each person where people of one reader must go together."""

    known: int
    places: Places | None

    @classmethod
    def of(cls, people: Sequence[str], misses: Sequence[Miss]) -> _Readers:
        """Each person goes to whoever read most of his or her readings; those that nobody signed are one more."""
        told: dict[str, Counter[str]] = {}
        for person, miss in zip(people, misses, strict=True):
            told.setdefault(person, Counter()).update([miss.by or ""])
        own = [min(told[person].items(), key=lambda item: (-item[1], item[0]))[0] for person in sorted(told)]
        known = len({reader for reader in own if reader})
        if known <= 1:
            return cls(known, None)
        return cls(known, np.unique(own, return_inverse=True)[1].astype(np.int64))


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
    spread = np.array([miss.high - miss.low for miss in misses]) / (2 * _NORMAL.inv_cdf(0.5 + CENTRAL / 2))
    scale = np.maximum(spread, TINY) if together else np.ones(len(misses))
    error = _by_person(people, np.array([miss.seen - miss.forecast_mean for miss in misses]) / scale)
    change = _by_person(people, np.array([miss.expected_change for miss in misses]) / scale)
    lean = _by_person(people, [_normal_score(miss) for miss in misses])
    count = error.size
    readers = _Readers.of(people, misses)
    places = readers.places  # None where only people differ
    crps, nothing = (
        _by_person(people, np.array([getattr(miss, score) for miss in misses]) / scale)
        for score in ("crps", "nothing_crps")
    )
    bias = mean_over_people(lean if together else error, readers=places)
    ratio = mean_over_people(error, change, places)
    skill = 1 - float(crps.sum() / nothing.sum()) if nothing.sum() > TINY else None
    off = None if skill is None else mean_over_people((crps - (1 - skill) * nothing) / nothing.mean(), None, places)
    reach = 0.5 * (off.high - off.low) if off is not None else None
    coverage = []
    tests = [1.0 if bias is None else bias.probability]
    for nominal in _BANDS:
        inside = _share_below(misses, 0.5 + nominal / 2) - _share_below(misses, 0.5 - nominal / 2)
        held = _by_person(people, inside)
        share = float(held.mean())
        low, high = wilson(share, independent_count(held, places))
        coverage.append(Coverage(nominal_share=nominal, observed_share=share, low_share=low, high_share=high))
        apart = None if places is None else mean_over_people(held - nominal, readers=places)
        by_reader = 0.0 if apart is None else apart.probability
        tests.append(max(binomial_probability(share, count, nominal), by_reader))
    points = []
    for edge in _EDGES[1:-1]:
        lower = _by_person(people, _share_below(misses, edge))
        points.append(_point(float(lower.mean()), edge, round(independent_count(lower, places))))
    reached = np.array([0.0, *(point.observed_share for point in points), 1.0])
    tests = [min(weight * test, 1.0) for weight, test in zip(_WEIGHTS, tests, strict=True)]
    probability = min(tests)
    verdict, because = _verdict(probability, tests, ratio, lean, coverage, rule)
    if places is not None and readers.known < rule.readers:
        probability = 1.0
        because = (
            f"{TOO_FEW_READERS}: {readers.known} are known, at least {rule.readers:g} are needed to tell a reader's "
            "habit from a wrong forecast" + (f"; if they all read alike: {because}" if verdict == "failing" else "")
        )
        verdict = "too few to say"
    return _Judged(
        MeasureCalibration(
            measure=name,
            label=label,
            unit=unit,
            people_count=count,
            readings_count=len(misses),
            readers_count=readers.known,
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
        reach = _NORMAL.inv_cdf(0.5 + CENTRAL / 2) * sqrt(nominal * (1 - nominal) / count)
        low, high = nominal - reach, nominal + reach
    else:
        low, high = (float(np.searchsorted(below, edge)) / count for edge in _EDGES_OF_CHANCE)
    return CalibrationPoint(nominal_share=nominal, observed_share=observed, low_share=low, high_share=high)


_FEW = 100  # numerical: from so many people the normal distribution is close enough to draw
_EDGES_OF_CHANCE = (0.5 - CENTRAL / 2, 0.5 + CENTRAL / 2)


def _told(ratio: float) -> str:
    """A ratio in words' precision, with a real minus sign."""
    return f"{ratio:.2f}".replace("-", "\N{MINUS SIGN}")


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
            how = "" if ratio is None else f": {_told(1 + ratio.value)} times the change expected"
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
    low, high = _told(1 + ratio.low), _told(1 + ratio.high)
    if near and covered:
        return "holds", f"the change seen is {low} to {high} times the change expected, and the bands hold"
    if not near:
        return "too few to say", (
            f"the change seen may be {low} to {high} times the change expected; this must be known to "
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
    probability = two_sided(right, came)
    if came and right[came:].sum() < TINY:
        probability = 0.0
    doubled = count_distribution([2 * chance / (1 + chance) for chance in chances])
    noticed = [number for number in range(doubled.size) if two_sided(right, number) <= rule.alarm and number > low]
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
    """Each harm, and each endpoint of the first session told, once for each person, in whatever order the files come.

    A harm happened when it did under any of the person's approvals that somebody asked for. The chance is that of the
    first approval of a course, for one given half-way knows how it began; a person with several courses has the chance
    of any of them, 1 - (1 - p1)(1 - p2) ... . An endpoint is that of the first course.
    """
    harms: dict[tuple[str, str], dict[str, dict[date | None, tuple[float, bool]]]] = {}
    found: dict[tuple[str, str], dict[str, tuple[float, bool, float]]] = {}
    for one in sorted(all_misses, key=_since):
        for event in one.events:
            courses = harms.setdefault((event.harm, event.label), {}).setdefault(one.person, {})
            chance, happened = courses.get(one.start, (event.probability, False))
            courses[one.start] = chance, happened or event.happened
        for miss in sorted(one.endpoints, key=lambda each: each.session)[:1]:
            for endpoint, chance in miss.expected_probability:
                told = found.setdefault((f"endpoint-{endpoint}", _ENDPOINT_LABEL[endpoint]), {})
                happened = miss.seen == endpoint
                told.setdefault(one.person, (chance, happened, (happened - chance) ** 2))
    for name, by_person in harms.items():
        for person, courses in by_person.items():
            chance = 1 - prod(1 - chance for chance, _ in courses.values())
            happened = any(came for _, came in courses.values())
            found.setdefault(name, {})[person] = chance, happened, (happened - chance) ** 2
    return {name: tuple(told[person] for person in sorted(told)) for name, told in found.items()
            if any(chance or happened for chance, happened, _ in told.values())}  # fmt: skip


def _since(one: Misses) -> tuple[str, str, str]:
    """By what approvals are put in order: the start of their course, when they were given, and their hash."""
    started, given = one.start, one.approved_at
    when = "" if given is None else given.astimezone(UTC).isoformat()
    return "" if started is None else started.isoformat(), when, one.approval


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

    Assumes: people are independent of each other, but for who read them; for events, told by the people themselves,
        altogether; and whoever has a follow-up is like those who have none.
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
        without_followup_count=sum(all(miss.measure == REDNESS for miss in one.misses) for one in all_misses),
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
    why = f" ({TOO_FEW_READERS})" if any(one.because.startswith(TOO_FEW_READERS) for one in items) else ""
    return "too few to say", f"not known well enough: {'; '.join(unsure)}{why}"
