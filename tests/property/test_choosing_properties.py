"""Choosing among invented objectives, against brute force: the front, the hard limits, the best, and the weights."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import Any, NamedTuple
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray
from tests.people import healthy

from needling.choosing import choose
from needling.choosing.judging import Judged, Weighing, careful, judge_all, on_front
from needling.documents import Choice, Goals, Plan
from needling.knowledge import load_knowledge
from needling.planning.propose import propose
from needling.planning.screen import screen
from needling.simulation import Belief, Course, Objectives, simulate_many

KB = load_knowledge()
MEMBERS = 32
DAY_S = 86400.0
SOME = settings(max_examples=60, deadline=None)


class Invented(NamedTuple):
    """Real plans whose courses carry invented objectives, which nobody else has: no more people can be asked."""

    plans: tuple[Plan, ...]
    courses: list[Course]
    objectives: dict[str, Objectives]


@pytest.fixture(scope="module")
def real() -> tuple[tuple[Plan, ...], list[Course]]:
    person, assessment = healthy(KB)
    plans = propose(person, assessment, screen(person, assessment, KB), KB)[:9]
    belief = Belief.prior(KB, members=MEMBERS).nested(8)
    return plans, simulate_many(plans, person, assessment, belief, key=1)


def invented(real: tuple[tuple[Plan, ...], list[Course]], seed: int) -> Invented:
    """Objectives of any size, some of them equal; "no treatment" has none."""
    plans, courses = real
    luck = np.random.default_rng(seed)
    found, made = {}, []
    for plan, course in zip(plans, courses, strict=True):
        size = luck.choice([0.0, 1.0, 3.0])
        found[plan.sha256] = Objectives(
            gain=size * luck.normal(1, 1, MEMBERS) if plan.sessions else np.zeros(MEMBERS),
            gain_known=True,
            redness_d=luck.choice([1.0, 4.0]) * luck.random(MEMBERS),
            harm_probability=luck.choice([0.0, 0.3]) * luck.random(MEMBERS),
            harm_known=True,
            beyond_endpoint_probability=float(luck.choice([0.0, 0.2, 0.9])),
        )
        made.append(replace(course, ready_time=luck.choice([5.0, 40.0]) * DAY_S * np.ones(MEMBERS)))
    return Invented(plans, made, found)


def chosen(case: Invented, goals: Goals, order: list[int] | None = None) -> Choice:
    places = order or list(range(len(case.plans)))

    def objectives_of(course: Course) -> Objectives:
        return case.objectives[course.context.plan.sha256]

    with (
        patch("needling.choosing.candidates.objectives", objectives_of),
        patch("needling.choosing.settling.GROWTH", ()),
    ):
        return choose([case.plans[i] for i in places], [case.courses[i] for i in places], goals)


weights = st.floats(0, 10).map(lambda value: round(value, 2))
goals_of = st.builds(
    Goals,
    gain_weight=weights,
    downtime_weight=weights,
    harm_weight=weights,
    visits_weight=weights,
    robust=st.sampled_from(["quantile", "worst-case"]),
    max_visits_count=st.sampled_from([None, 1, 3]),
    max_redness_d=st.sampled_from([None, 0.5, 3.0]),
    visit_price=st.sampled_from([0.0, 50.0]),
    change_worth_price=st.sampled_from([None, 200.0]),
    max_total_price=st.sampled_from([None, 180.0]),
)


@SOME
@given(seed=st.integers(0, 10**6), goals=goals_of)
def test_the_choice_keeps_every_limit_and_is_as_good_as_the_best(
    real: tuple[tuple[Plan, ...], list[Course]], seed: int, goals: Goals
) -> None:
    case = invented(real, seed)
    choice = chosen(case, goals)
    cards = {card.plan_sha256: card for card in choice.scorecards}
    mine = cards[choice.plan.sha256]
    assert mine.barred_by == ""
    assert mine.visits_count <= (goals.max_visits_count or 99)
    assert mine.redness_d <= (goals.max_redness_d or 99) * (1 + 1e-9)
    assert (mine.total_price or 0) <= (goals.max_total_price or 1e9)
    days = sorted(session.day_d for session in choice.plan.sessions)
    ready = next(c for c in case.courses if c.context.plan is choice.plan).ready_time.max() / DAY_S
    assert all(after - before >= ready for before, after in itertools.pairwise(days))
    # Said again by hand: allowed candidates whose endpoint mostly holds, unless that leaves only "no treatment".
    allowed = [card for card in choice.scorecards if not card.barred_by]
    kept = [c for c in allowed if case.objectives[c.plan_sha256].beyond_endpoint_probability <= 0.5]
    pool = kept if any(card.visits_count for card in kept) else allowed
    best = max(pool, key=lambda card: card.utility)
    error = goals.gain_weight * error_of(case.objectives[best.plan_sha256], case.objectives[mine.plan_sha256], goals)
    assert best.utility - mine.utility <= error + 2e-3, "utilities are equal to three places"
    assert mine.harm_probability <= best.harm_probability + 1e-3
    for one in choice.constraints:
        assert one.gain_more == pytest.approx(one.gain_low - mine.gain_low)
        assert one.limit == "endpoint" or one.plan not in {card.plan for card in allowed}
    assert bool(choice.closest) == all(card.barred_by for card in choice.scorecards if card.visits_count)


def error_of(best: Objectives, mine: Objectives, goals: Goals) -> float:
    """A second bootstrap with the same luck, one resample after the other."""
    luck = np.random.default_rng(0)
    differences = []
    if goals.robust == "quantile":
        for pick in luck.integers(0, MEMBERS, (100, MEMBERS)):
            differences.append(np.quantile(best.gain[pick], 0.25) - np.quantile(mine.gain[pick], 0.25))
        return float(np.std(differences))
    groups = [group * 8 + luck.integers(0, 8, (100, 8)) for group in range(MEMBERS // 8)]
    for resample in range(100):
        worst = [min(one.gain[own[resample]].mean() for own in groups) for one in (best, mine)]
        differences.append(worst[0] - worst[1])
    return float(np.std(differences))


@SOME
@given(seed=st.integers(0, 10**6), goals=goals_of, random=st.randoms(use_true_random=False))
def test_the_order_of_the_candidates_changes_nothing(
    real: tuple[tuple[Plan, ...], list[Course]], seed: int, goals: Goals, random: Any
) -> None:
    case = invented(real, seed)
    order = list(range(len(case.plans)))
    random.shuffle(order)
    first, second = chosen(case, goals), chosen(case, goals, order)
    by_plan = {card.plan_sha256: card for card in second.scorecards}
    assert all(by_plan[card.plan_sha256] == card for card in first.scorecards)
    mine, again = (next(c for c in one.scorecards if c.plan_sha256 == one.plan.sha256) for one in (first, second))
    # Candidates equal in everything that is ranked may change places; nothing else may.
    assert (mine.visits_count, round(mine.harm_probability, 3)) == (
        again.visits_count,
        round(again.harm_probability, 3),
    )
    assert round(mine.utility, 2) == pytest.approx(round(again.utility, 2), abs=0.011)


@settings(max_examples=8, deadline=None)
@given(key=st.integers(0, 2**31 - 1), goals=goals_of, random=st.randoms(use_true_random=False))
def test_the_choice_of_one_key_is_a_function_of_what_goes_in(key: int, goals: Goals, random: Any) -> None:
    """Whoever else is asked to settle it: simulated again and in another order, the answer is the same."""
    person, assessment = healthy(KB, phototype="IV")
    goals = goals.model_copy(update={"robust": "quantile"})
    plans = list(propose(person, assessment, screen(person, assessment, KB), KB)[:5])
    choices = []
    for _ in range(2):
        courses = simulate_many(plans, person, assessment, Belief.prior(KB, members=MEMBERS), key=key)
        choices.append(choose(plans, courses, goals))
        plans = plans[:1] + random.sample(plans[1:], len(plans) - 1)
    first, second = choices
    assert first.plan == second.plan and first.because == second.because


@SOME
@given(hnp.arrays(np.float64, st.tuples(st.integers(1, 40), st.integers(1, 5)), elements=st.sampled_from([0, 1, 2, 3])))
def test_the_front_is_what_brute_force_finds(points: NDArray[np.float64]) -> None:
    found = on_front(points)
    for place, point in enumerate(points):
        beaten = any(all(other <= point) and any(other < point) for other in points)
        assert found[place] != beaten


def judged(seed: int, goals: Goals, candidates: int = 30) -> Judged:
    luck = np.random.default_rng(seed)
    shape = (candidates, MEMBERS)
    groups = np.arange(MEMBERS) // 8
    return judge_all(
        luck.normal(1, 1, shape) + luck.normal(0, 1, (candidates, 1)),
        luck.random(shape) * luck.random((candidates, 1)) * 5,
        luck.random(shape) * luck.random((candidates, 1)),
        luck.random(shape) * 30,
        visits_count=luck.integers(0, 8, candidates),
        shortest_gap_d=luck.integers(7, 60, candidates).astype(float),
        price=luck.integers(0, 9, candidates) * 50.0,
        weighing=Weighing.of(goals, KB),
        groups=groups,
    )


@SOME
@given(seed=st.integers(0, 10**6), low=goals_of, more=st.floats(0.01, 9))
def test_more_weight_never_buys_more_of_what_it_weighs(seed: int, low: Goals, more: float) -> None:
    """The classical exchange: the best under a heavier weight has no more of it, and no less gain under more gain."""
    for name in ("gain_weight", "downtime_weight", "harm_weight", "visits_weight", "cost_weight"):
        high = low.model_copy(update={name: getattr(low, name) + more, "change_worth_price": 200.0})
        base = low.model_copy(update={"change_worth_price": 200.0})
        one = judged(seed, base)
        first, second = int(np.argmax(one.utility)), int(np.argmax(judged(seed, high).utility))
        worth = {
            "gain_weight": -one.gain_low,
            "downtime_weight": one.visits_count * one.redness_d,
            "harm_weight": one.harm_probability,
            "visits_weight": one.visits_count,
            "cost_weight": one.price,
        }[name]
        assert worth[second] <= worth[first] + 1e-9, name


@SOME
@given(seed=st.integers(0, 10**6), goals=goals_of)
def test_only_allowed_candidates_make_the_front(seed: int, goals: Goals) -> None:
    table = judged(seed, goals)
    allowed = table.allowed
    front = table.front()
    assert not np.any(front & ~allowed)
    for place in np.flatnonzero(allowed):
        mine = table.objectives()[place]
        others = table.objectives()[allowed]
        assert front[place] == (not any(np.all(o <= mine) and np.any(o < mine) for o in others))


@SOME
@given(
    hnp.arrays(np.float64, (3, MEMBERS), elements=st.floats(-5, 5)),
    st.sampled_from([2, 4, 8, 16]),
)
def test_the_worst_group_lies_below_every_mean_of_groups(values: NDArray[np.float64], persons: int) -> None:
    groups = np.arange(MEMBERS) // persons
    worst = careful(values, groups, 0.25)
    means = values.reshape(3, -1, persons).mean(axis=2)
    assert np.allclose(worst, means.min(axis=1), atol=1e-12)
    assert np.all(worst <= values.mean(axis=1) + 1e-12)
    assert np.all(worst <= np.quantile(means, 0.25, axis=1) + 1e-12)
    assert np.allclose(careful(values, groups, 0.25, high=True), means.max(axis=1), atol=1e-12)
    shuffled = np.random.default_rng(1).permutation(MEMBERS)
    assert np.allclose(careful(values[:, shuffled], groups[shuffled], 0.25), worst, atol=1e-12)
