"""Pooling over many people: statistics against known answers, and simulated worlds whose truth is planted."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from functools import cache
from math import sqrt
from statistics import NormalDist
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from tests.people import healthy

from needling.documents.learning import Calibration, EndpointMiss, EventMiss, Miss, Misses
from needling.errors import BadInput
from needling.knowledge import load_knowledge
from needling.learning.chances import binomial_probability, count_distribution, mean_over_people, student, wilson
from needling.learning.pooled import pool
from needling.learning.scored import compare_reading
from needling.planning.propose import propose
from needling.planning.screen import screen
from needling.report.about_calibration import calibration_text
from needling.simulation import Belief, forecast, simulate
from needling.simulation.metrics import (
    mean_between,
    mean_from_quantiles,
    place_in_quantiles,
    ranked_probability_score,
)
from needling.simulation.seam import outcomes
from needling.units import to_si

KB = load_knowledge()
SCALE = "goodman-baron-qualitative"
ON = date(2026, 7, 1)
LEVELS = (0.05, 0.1, 0.2, 0.25, 0.3, 0.4, 0.5, 0.6, 0.7, 0.75, 0.8, 0.9, 0.95)


# ---------------------------------------------------------------- statistics against scipy


@pytest.mark.parametrize("freedom", [1, 2, 5, 19, 399])
def test_student_is_that_of_scipy(freedom: int) -> None:
    grid, below = student(freedom)
    for share in (0.6, 0.9, 0.95, 0.999):
        assert np.interp(share, below, grid) == pytest.approx(stats.t.ppf(share, freedom), rel=1e-3)


@given(st.lists(st.floats(-10, 10), min_size=3, max_size=40))
@settings(deadline=None, max_examples=50)
def test_the_mean_and_its_test_are_those_of_scipy(values: list[float]) -> None:
    found = mean_over_people(values)
    if np.std(values) < 1e-6:
        return
    assert found is not None
    there = stats.ttest_1samp(values, 0.0)
    low, high = there.confidence_interval(0.9)
    assert found.probability == pytest.approx(there.pvalue, abs=2e-4)
    assert (found.low, found.high) == pytest.approx((low, high), abs=1e-3 * (high - low))


def test_wilson_and_binomial_are_those_of_scipy() -> None:
    for seen, count in ((0, 7), (9, 10), (341, 400)):
        there = stats.binomtest(seen, count, 0.9).proportion_ci(0.9, method="wilson")
        assert wilson(seen / count, count) == pytest.approx((there.low, there.high), abs=1e-9)
        low, high = stats.binom.cdf(seen, count, 0.9), stats.binom.sf(seen - 1, count, 0.9)
        assert binomial_probability(seen / count, count, 0.9) == pytest.approx(min(2 * min(low, high), 1), rel=1e-6)


def test_counts_of_unequal_chances_add_up() -> None:
    found = count_distribution([0.2] * 30)
    assert found == pytest.approx(stats.binom.pmf(np.arange(31), 30, 0.2), abs=1e-12)
    mixed = count_distribution([0.1, 0.5, 0.9])
    assert mixed.sum() == pytest.approx(1) and mixed[3] == pytest.approx(0.045) and mixed[0] == pytest.approx(0.045)


# ---------------------------------------------------------------- the place of a reading


@given(st.floats(-3, 3), st.floats(0.2, 3))
def test_place_and_mean_of_a_normal_forecast(mean: float, spread: float) -> None:
    true = NormalDist(mean, spread)
    quantiles = [true.inv_cdf(level) for level in LEVELS]
    assert mean_from_quantiles(LEVELS, quantiles) == pytest.approx(mean, abs=1e-6)
    for at in np.linspace(mean - 4 * spread, mean + 4 * spread, 17).tolist():
        below, up_to = place_in_quantiles(LEVELS, quantiles, at, at)
        assert below == up_to == pytest.approx(true.cdf(at), abs=1e-9)


@given(st.floats(0.5, 4.5), st.floats(0.2, 1.2))
def test_the_mean_of_what_is_noted_on_a_scale_with_ends(mean: float, spread: float) -> None:
    """E[clip(X)] of a normal X on a scale from 1 to 4, in closed form; clipped quantiles miss it by up to 3 %."""
    true = NormalDist(mean, spread)
    quantiles = [true.inv_cdf(level) for level in LEVELS]
    a, b = (1 - mean) / spread, (4 - mean) / spread
    inner = mean * (stats.norm.cdf(b) - stats.norm.cdf(a)) - spread * (stats.norm.pdf(b) - stats.norm.pdf(a))
    exact = stats.norm.cdf(a) + inner + 4 * stats.norm.sf(b)
    assert mean_between(LEVELS, quantiles, 1.0, 4.0) == pytest.approx(exact, abs=1e-3)
    assert mean_between(LEVELS, quantiles, -np.inf, np.inf) == pytest.approx(mean, abs=1e-6)


def test_a_lump_and_a_rounded_reading_stand_for_a_range() -> None:
    assert place_in_quantiles(LEVELS, [2.0] * 13, 2.0, 2.0) == (0.0, 1.0)
    assert place_in_quantiles(LEVELS, [2.0] * 13, 2.1, 2.1) == (1.0, 1.0)
    lump = [1.0] * 4 + [1.5 + 0.1 * step for step in range(9)]
    assert place_in_quantiles(LEVELS, lump, 1.0, 1.0) == pytest.approx((0.0, 0.25))
    rounded = compare_reading(LEVELS, [NormalDist(2.2, 0.6).inv_cdf(level) for level in LEVELS], lump, 3.0, 1.0)
    assert rounded["below_share"] == pytest.approx(NormalDist(2.2, 0.6).cdf(2.5), abs=3e-3)
    assert rounded["up_to_share"] == pytest.approx(NormalDist(2.2, 0.6).cdf(3.5), abs=3e-3)
    assert rounded["inside_90"] and rounded["inside_50"]
    assert not compare_reading(LEVELS, [NormalDist(2.2, 0.6).inv_cdf(level) for level in LEVELS], lump, 4.0, 1.0)[
        "inside_90"
    ]


def test_ranked_probability_score_by_hand() -> None:
    assert ranked_probability_score([0, 0, 1, 0, 0], 2) == 0
    assert ranked_probability_score([1, 0, 0, 0, 0], 4) == 1
    assert ranked_probability_score([0.5, 0.5], 0) == pytest.approx(0.25)


# ---------------------------------------------------------------- simulated worlds


class World:
    """People with rolling scars on both cheeks, one plan, one forecast; member i is a possible truth."""

    def __init__(self) -> None:
        zones = tuple((f"cheek-{side}", "acne-scars-rolling", 40.0) for side in ("left", "right"))
        scores = tuple({"scale": SCALE, "zone": zone, "value": 3} for zone, _, _ in zones)
        person, assessment = healthy(KB, zones=zones, scores=scores)
        plan = propose(person, assessment, screen(person, assessment, KB), KB)[1]
        course = simulate(plan, person, assessment, Belief.prior(KB, members=1024))
        expected = forecast(course, plan)
        day = expected.outcomes[0].judge_day_d
        scale = KB.by("scales")[SCALE]
        self.ends, self.noise = (scale.low, scale.high), scale.noise
        self.truth = [outcomes.at_time(course.score[:, i], course.time, to_si(day, "d")) for i in (0, 1)]
        self.start = [one.values for one in course.context.baselines]
        seen, true = (
            [one for one in expected.measures if one.measure == name] for name in (f"seen-{SCALE}", "severity")
        )

        def at(one: Any, when: float) -> list[float]:
            return [float(np.interp(when, expected.days_d, row)) for row in one.quantiles]

        @cache
        def compared(zone: int, value: float, step: float) -> dict[str, Any]:
            noisy = [at(seen[zone], when) for when in (day, 0.0)]
            luck = [
                mean_from_quantiles(LEVELS, a) - mean_from_quantiles(LEVELS, at(true[zone], when))
                for a, when in zip(noisy, (day, 0.0), strict=True)
            ]
            return compare_reading(LEVELS, noisy[0], noisy[1], value, step, (luck[0], luck[1]), self.ends)

        self.compared = compared

    def people(self, count: int, repeat: int, factor: float = 1.0, step: float = 1.0, **change: Any) -> list[Misses]:
        """Scores of so many people whose true change is ``factor`` times that of a member of the ensemble."""
        chance = np.random.default_rng([repeat, count])
        spread = change.pop("spread", 1.0)
        found = []
        for number, member in enumerate(chance.integers(0, self.truth[0].size, count).tolist()):
            misses = []
            for zone in (0, 1):
                start = self.start[zone][member]
                value = start + factor * (self.truth[zone][member] - start) + spread * self.noise * chance.normal()
                value = float(np.clip(round(value) if step else value, *self.ends))
                misses.append(miss(zone=f"cheek-{zone}", **self.compared(zone, value, step)))
            found.append(scored(number, misses, **change))
        return found


def miss(**given: Any) -> Miss:
    return Miss.model_construct(
        **{"measure": f"seen-{SCALE}", "unit": "grade", "zone": "cheek-left", "on": ON, **given}
    )


def scored(number: int, misses: Sequence[Miss], **given: Any) -> Misses:
    empty: dict[str, Any] = {"deliveries": (), "endpoints": (), "events": (), "unscored": ()}
    means = dict.fromkeys(("mean_crps", "bias", "inside_50_share", "inside_90_share"))
    whole = {"approval": f"{number:064x}", "person": f"p-{number}", "misses": tuple(misses), **empty, **means, **given}
    return Misses.model_construct(**whole)


@pytest.fixture(scope="module")
def world() -> World:
    return World()


def verdicts(world: World, count: int, repeats: int, **planted: Any) -> list[str]:
    return [pool(world.people(count, repeat, **planted), KB).verdict for repeat in range(repeats)]


@pytest.mark.parametrize("factor", [1.2, 0.8])
def test_a_planted_bias_of_20_percent_is_flagged_with_400_people(world: World, factor: float) -> None:
    found = [pool(world.people(400, repeat, factor), KB) for repeat in range(10)]
    assert sum(one.verdict == "failing" for one in found) >= 9
    assert all("people change" in one.measures[0].because for one in found if one.verdict == "failing")
    ratios = [one.measures[0].change_ratio or 0.0 for one in found]
    assert np.mean(ratios) == pytest.approx(factor, abs=0.07)  # the scale's lowest grade takes a part of it


def test_an_unbiased_world_is_seldom_flagged_and_holds_with_400_people(world: World) -> None:
    found = verdicts(world, 400, 10)
    assert found.count("failing") <= 2 and found.count("holds") >= 8


def test_a_small_sample_never_holds(world: World) -> None:
    assert "holds" not in {*verdicts(world, 10, 20), *verdicts(world, 25, 20)}
    one = pool(world.people(1, 0), KB)
    assert one.verdict == "too few to say" and one.measures[0].bias_low is None


@pytest.mark.slow
@pytest.mark.parametrize("step", [0.0, 1.0])
def test_false_alarms_and_power_over_repeats(world: World, step: float) -> None:
    repeats = 150
    alarms = verdicts(world, 400, repeats, step=step).count("failing")
    assert stats.binom.sf(alarms - 1, repeats, 0.05) > 0.01, f"{alarms} alarms in {repeats}"
    power = [verdicts(world, count, 40, factor=1.2, step=step).count("failing") / 40 for count in (50, 100, 200, 400)]
    print(f"step {step:g}: alarms {alarms}/{repeats}; power at 50, 100, 200, 400 people: {power}")
    assert power[-1] >= 0.9 and power[-1] >= power[1] >= power[0] - 0.1


def test_bands_that_are_too_narrow_fail(world: World) -> None:
    found = pool(world.people(400, 0, spread=2.5, step=0.0), KB).measures[0]
    assert found.verdict == "failing" and found.coverage[1].observed_share < 0.87


def test_readings_of_one_person_count_once(world: World) -> None:
    misses = world.people(40, 3)
    doubled = [one.model_copy(update={"misses": one.misses * 5}) for one in misses]
    single, five = (pool(some, KB).measures[0] for some in (misses, doubled))
    assert five.readings_count == 5 * single.readings_count and five.people_count == single.people_count == 40
    assert (five.bias_low, five.bias_high) == pytest.approx((single.bias_low, single.bias_high))


def test_scores_are_held_against_nothing_changes(world: World) -> None:
    found = pool(world.people(200, 1), KB).measures[0]
    assert found.nothing_crps is not None and found.mean_crps is not None and found.mean_crps < found.nothing_crps
    assert found.skill_ratio == pytest.approx(1 - found.mean_crps / found.nothing_crps)
    assert found.skill_low_ratio is not None and found.skill_low_ratio > 0
    assert sum(found.heights_ratio) == pytest.approx(10)
    for point in found.points:
        assert point.low_share < point.nominal_share < point.high_share


# ---------------------------------------------------------------- several measures, events, bad input


def redness(number: int, chance: np.random.Generator, longer: float) -> Misses:
    band = [2 + 0.5 * NormalDist().inv_cdf(level) for level in LEVELS]
    compared = compare_reading(LEVELS, band, [0.0] * 13, longer + 2 + 0.5 * float(chance.normal()))
    return scored(number, [miss(measure="redness-days", unit="d", zone=None, **compared)])


def test_one_failing_measure_fails_the_whole(world: World) -> None:
    chance = np.random.default_rng(0)

    def calibration(longer: float) -> Calibration:
        return pool([*world.people(300, 2), *(redness(1000 + i, chance, longer) for i in range(300))], KB)

    right, wrong = calibration(0.0), calibration(0.3)
    assert right.verdict == "holds" and right.everything is not None and right.everything.people_count == 600
    assert wrong.verdict == "failing" and "redness" in wrong.because
    assert [one.verdict for one in wrong.measures] == ["failing", "holds"]


def events(happens: Callable[[float], bool], count: int, probability: float) -> Calibration:
    chance = np.random.default_rng(4)

    def one(number: int) -> Misses:
        came = happens(float(chance.random()))
        event = EventMiss(
            harm="pih-iv-v", group="AE2", label="Dark marks", probability=probability, happened=came,
            brier_ratio=(came - probability) ** 2,
        )  # fmt: skip
        return scored(number, [], events=(event,))

    return pool([one(number) for number in range(count)], KB)


def test_events_seen_against_their_chances() -> None:
    right = events(lambda luck: luck < 0.14, 200, 0.14).events[0]
    assert right.verdict == "holds" and right.low_count <= right.observed_count <= right.high_count
    assert right.expected_count == pytest.approx(28)
    low, high = stats.binom.ppf([0.05, 0.95], 200, 0.14)
    assert (right.low_count, right.high_count) == (low, high)
    assert events(lambda luck: luck < 0.3, 200, 0.14).events[0].verdict == "failing"
    assert events(lambda luck: False, 10, 0.14).events[0].verdict == "too few to say"


def test_what_was_called_impossible_and_came_fails() -> None:
    expected = (("none", 0.0), ("faint-pink", 0.0), ("erythema", 0.5), ("pinpoint", 0.5), ("confluent", 0.0))

    def one(number: int, seen: Any) -> Misses:
        return scored(number, [], endpoints=(
            EndpointMiss(session=0, seen=seen, expected_probability=expected, rps_ratio=0.0, even_rps_ratio=0.0),
        ))  # fmt: skip

    found = pool([one(i, "confluent" if i == 0 else "erythema" if i % 2 else "pinpoint") for i in range(40)], KB)
    by_name = {event.event: event for event in found.events}
    assert by_name["endpoint-confluent"].verdict == "failing" and found.verdict == "failing"
    assert "endpoint-none" not in by_name and by_name["endpoint-erythema"].observed_count == 20


def one_event(person: str, approval: int, happened: bool, chance: float = 0.1, **given: Any) -> Misses:
    event = EventMiss(
        harm="pih-iv-v", group="AE2", label="Dark marks", probability=chance, happened=happened, brier_ratio=0.0
    )
    return scored(approval, [], events=(event,), **{"person": person, **given})


def test_events_do_not_hang_on_the_order_of_files() -> None:
    """A course approved anew half-way is one course; two courses are two chances; nobody asked is no answer."""
    early, late = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 3, 1, tzinfo=UTC)
    began, again = {"start": date(2026, 1, 5)}, {"start": date(2027, 1, 5)}
    same = [
        one_event("a", 1, False, 0.1, **began, approved_at=early),
        one_event("a", 2, True, 0.3, **began, approved_at=late),
        scored(3, [], person="a"),
    ]
    apart = [one_event("b", 4, False, 0.2, **began), one_event("b", 5, True, 0.5, **again)]
    for misses in ([*same, *apart], [*reversed(apart), *reversed(same)]):
        found = pool(misses, KB).events[0]
        assert found.people_count == found.observed_count == 2
        assert found.expected_count == pytest.approx(0.1 + (1 - 0.8 * 0.5))
        assert found.mean_brier_ratio == pytest.approx((0.9**2 + 0.4**2) / 2)


# ---------------------------------------------------------------- readers with habits


def read_by(
    readers: int, count: int, repeat: int, habit: float, factor: float = 1.0, signed: bool = True
) -> list[Misses]:
    """Right forecasts, or a change ``factor`` times larger; people of one reader share a part of the error."""
    chance = np.random.default_rng([readers, count, repeat])
    own = chance.standard_normal(readers)
    found = []
    for number in range(count):
        change = -0.8 * chance.uniform(0.6, 1.4)
        band = [NormalDist(3 + change, 0.5).inv_cdf(level) for level in LEVELS]
        nothing = [NormalDist(3, 0.4).inv_cdf(level) for level in LEVELS]
        error = sqrt(habit) * own[number % readers] + sqrt(1 - habit) * float(chance.standard_normal())
        compared = compare_reading(LEVELS, band, nothing, 3 + factor * change + 0.5 * error)
        by = f"reader-{number % readers}" if signed else None
        found.append(scored(number, [miss(**compared, by=by)]))
    return found


def test_readers_with_habits_do_not_fail_right_forecasts() -> None:
    """Five readers, a tenth of the variance theirs: a third fails while people are taken as independent."""
    repeats = 60
    unsigned, signed = (
        [pool(read_by(5, 200, repeat, 0.1, signed=one), KB).verdict for repeat in range(repeats)]
        for one in (False, True)
    )
    print(f"failing of {repeats}: {unsigned.count('failing')} unsigned, {signed.count('failing')} signed")
    assert unsigned.count("failing") > 12
    assert stats.binom.sf(signed.count("failing") - 1, repeats, 0.05) > 0.01


def test_a_large_bias_is_found_through_readers_with_habits() -> None:
    found = [pool(read_by(10, 400, repeat, 0.05, factor=1.5), KB).verdict for repeat in range(10)]
    assert found.count("failing") >= 9


def test_too_few_readers_can_say_nothing() -> None:
    for factor in (1.0, 1.5):
        found = pool(read_by(3, 400, 0, 0.1, factor), KB)
        assert found.verdict == "too few to say" and "too few readers" in found.because
        assert found.measures[0].readers_count == 3 and "too few readers: 3 are known" in found.measures[0].because
        assert ("if they all read alike" in found.measures[0].because) is (factor > 1)
    alone = pool(read_by(1, 400, 1, 0.0), KB)
    assert alone.verdict == "holds" and alone.measures[0].readers_count == 1
    assert "one reader" in calibration_text(alone, KB)


def test_leaving_out_readers_is_the_jackknife_of_scipy_and_never_less_careful() -> None:
    chance = np.random.default_rng(5)
    readers = chance.integers(0, 6, 80)
    values = chance.normal(0, 1, 6)[readers] + chance.normal(0, 0.2, 80)
    alone, found = mean_over_people(values), mean_over_people(values, readers=readers)
    assert alone is not None and found is not None
    without = [values[readers != reader].mean() for reader in range(6)]
    error = np.sqrt(5 / 6 * np.sum((np.array(without) - values.mean()) ** 2))
    assert found.high - found.value == pytest.approx(error * stats.t.ppf(0.95, 5), rel=1e-3)
    assert found.probability == pytest.approx(2 * stats.t.sf(abs(values.mean()) / error, 5), rel=1e-2)
    assert found.low < alone.low and found.high > alone.high


def test_approvals_that_nobody_followed_up_are_counted(world: World) -> None:
    found = pool([*world.people(20, 0), scored(100, []), scored(101, [])], KB)
    assert found.without_followup_count == 2 and len(found.approvals) == 22
    assert "2 of 22 approvals given here have no follow-up" in " ".join(calibration_text(found, KB).split())
    assert pool(world.people(20, 0), KB).without_followup_count == 0


def test_nothing_twice_and_mixed_units_are_refused(world: World) -> None:
    with pytest.raises(BadInput, match="nothing to pool"):
        pool([], KB)
    misses = world.people(3, 0)
    with pytest.raises(BadInput, match="there twice"):
        pool([*misses, misses[0]], KB)
    other = scored(99, [misses[0].misses[0].model_copy(update={"unit": "points"})])
    with pytest.raises(BadInput, match="one unit"):
        pool([*misses, other], KB)


def test_the_exact_chance_of_a_normal_score_is_calibrated() -> None:
    chance = np.random.default_rng(1)
    normal = NormalDist(5, 2)
    band, nothing = ([one.inv_cdf(level) for level in LEVELS] for one in (normal, NormalDist(8, 2)))
    people = [
        scored(i, [miss(**compare_reading(LEVELS, band, nothing, float(value)))])
        for i, value in enumerate(chance.normal(5, 2, 500))
    ]
    found = pool(people, KB).measures[0]
    assert found.lean_ratio == pytest.approx(0, abs=3 / sqrt(500))
    assert found.bias == pytest.approx(0, abs=6 / sqrt(500)) and found.expected_change == pytest.approx(-3, abs=1e-6)
    assert found.coverage[1].low_share < 0.9 < found.coverage[1].high_share
