"""Choosing against brute force: hard limits, the Pareto set, the mildest of equals, and doing nothing."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from tests.people import healthy

from needling.choosing import choose
from needling.documents import Choice, Goals, Plan
from needling.errors import BadInput, NotAllowed
from needling.knowledge import load_knowledge
from needling.planning.propose import propose
from needling.planning.screen import screen
from needling.simulation import Belief, Course, objectives, simulate_many

KB = load_knowledge()


@pytest.fixture(scope="module")
def simulated() -> tuple[tuple[Plan, ...], list[Course]]:
    person, assessment = healthy(KB, phototype="IV")
    plans = propose(person, assessment, screen(person, assessment, KB), KB)
    return plans, simulate_many(plans, person, assessment, Belief.prior(KB), key=3)


def chosen(simulated: tuple[tuple[Plan, ...], list[Course]], **goals: float) -> Choice:
    return choose(*simulated, Goals(**goals))  # type: ignore[arg-type]


def test_the_front_is_what_brute_force_finds(simulated: tuple[tuple[Plan, ...], list[Course]]) -> None:
    cards = chosen(simulated).scorecards
    points = [(-c.gain_low, c.redness_d, c.harm_probability, c.visits_count) for c in cards]
    for card, point in zip(cards, points, strict=True):
        beaten = any(all(np.less_equal(other, point)) and other != point for other in points)
        assert card.on_front is not beaten


def test_the_choice_is_never_worse_than_the_best_by_more_than_it_says(
    simulated: tuple[tuple[Plan, ...], list[Course]],
) -> None:
    choice = chosen(simulated)
    cards = {card.plan_sha256: card for card in choice.scorecards}
    mine, best = cards[choice.plan.sha256], max(choice.scorecards, key=lambda card: card.utility)
    assert best.utility - mine.utility < 0.2
    assert mine.harm_probability <= best.harm_probability


def test_wishes_are_hard_limits_and_named(simulated: tuple[tuple[Plan, ...], list[Course]]) -> None:
    choice = chosen(simulated, max_visits_count=3)
    assert len(choice.plan.sessions) <= 3
    assert all(card.visits_count <= 3 or "at most 3 visits" in card.barred_by for card in choice.scorecards)
    calm = chosen(simulated, max_redness_d=0.1)
    assert not calm.plan.sessions
    assert all("0.1 days of redness" in card.barred_by for card in calm.scorecards if card.visits_count)


def test_weights_move_the_choice_the_right_way(simulated: tuple[tuple[Plan, ...], list[Course]]) -> None:
    eager = chosen(simulated, harm_weight=0, downtime_weight=0, visits_weight=0)
    careful = chosen(simulated, harm_weight=10, downtime_weight=10)
    best_gain = max(card.gain_low for card in eager.scorecards)
    mine = next(card for card in eager.scorecards if card.plan_sha256 == eager.plan.sha256)
    assert mine.gain_low > 0.8 * best_gain
    assert careful.plan.label == "no treatment"
    assert chosen(simulated, gain_weight=0).plan.label == "no treatment"


def test_sessions_are_never_closer_than_the_skin_is_ready(simulated: tuple[tuple[Plan, ...], list[Course]]) -> None:
    plans, courses = simulated
    for plan, course, card in zip(plans, courses, chosen(simulated).scorecards, strict=True):
        days = sorted(session.day_d for session in plan.sessions)
        if len(days) > 1 and not card.barred_by:
            assert min(b - a for a, b in itertools.pairwise(days)) >= np.quantile(course.ready_time, 0.9) / 86400


def test_doing_nothing_has_no_gain_and_no_harm(simulated: tuple[tuple[Plan, ...], list[Course]]) -> None:
    found = objectives(simulated[1][0])
    assert np.all(found.gain == 0) and np.all(found.harm_probability == 0) and np.all(found.redness_d == 0)


def test_misuse_is_refused(simulated: tuple[tuple[Plan, ...], list[Course]]) -> None:
    plans, courses = simulated
    with pytest.raises(BadInput, match="one course for each plan"):
        choose(plans, courses[:-1])
    with pytest.raises(NotAllowed, match="no treatment"):
        choose(plans[1:], courses[1:])
