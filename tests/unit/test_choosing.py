"""Choosing against brute force: hard limits, the Pareto set, the mildest of equals, and doing nothing."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError
from tests.people import healthy

from needling.archive import replay, run_case
from needling.choosing import choose, ensemble
from needling.choosing.candidates import best, longest_mm, pool_of, shortest_gap_d
from needling.choosing.judging import Weighing, careful, judge, judge_all
from needling.documents import Case, Choice, Clearance, Goals, Plan
from needling.errors import BadInput, NotAllowed
from needling.knowledge import load_knowledge
from needling.planning.propose import propose
from needling.planning.screen import screen
from needling.simulation import Belief, Course, objectives, simulate_many

KB = load_knowledge()


@pytest.fixture(scope="module")
def clearance() -> Clearance:
    return screen(*healthy(KB, phototype="IV"), KB)


@pytest.fixture(scope="module")
def simulated(clearance: Clearance) -> tuple[tuple[Plan, ...], list[Course]]:
    person, assessment = healthy(KB, phototype="IV")
    plans = propose(person, assessment, clearance, KB)
    return plans, simulate_many(plans, person, assessment, Belief.prior(KB), key=3)


def chosen(simulated: tuple[tuple[Plan, ...], list[Course]], **goals: Any) -> Choice:
    return choose(*simulated, Goals(**goals))


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
    eager = chosen(simulated, gain_weight=10, harm_weight=0, downtime_weight=0, visits_weight=0)
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
    person, assessment = healthy(KB, phototype="IV")
    others = simulate_many(plans[1:], person, assessment, Belief.prior(KB), key=4)
    with pytest.raises(BadInput, match="same possible people and key"):
        choose(plans, [courses[0], *others])


# ---------------------------------------------------------------- what binds


def test_a_hard_limit_that_binds_is_named_with_what_it_costs(
    simulated: tuple[tuple[Plan, ...], list[Course]],
) -> None:
    free, few = chosen(simulated, gain_weight=3), chosen(simulated, gain_weight=3, max_visits_count=3)
    (first,) = few.constraints
    assert first.limit == "visits" and first.what == "At most 3 visits"
    gain = {card.plan: card.gain_low for card in free.scorecards}
    assert first.plan == free.plan.label and first.gain_low == gain[free.plan.label]
    assert first.gain_more == pytest.approx(gain[free.plan.label] - gain[few.plan.label])
    assert "At most 3 visits" in few.binding and f"{first.gain_low:.2f} instead of" in few.binding
    assert not chosen(simulated, gain_weight=3, max_visits_count=60).constraints


def test_limits_that_nothing_keeps_name_the_closest_candidate(
    simulated: tuple[tuple[Plan, ...], list[Course]],
) -> None:
    calm = chosen(simulated, gain_weight=5, max_redness_d=0.1)
    assert not calm.plan.sessions and calm.constraints[0].limit == "redness"
    least = min(card.redness_d for card in calm.scorecards if card.visits_count)
    nearest = next(card for card in calm.scorecards if calm.closest.startswith(f"{card.plan}:"))
    assert nearest.redness_d == least and f"{least:.1f} days of redness" in calm.closest
    assert chosen(simulated, max_visits_count=3).closest == ""
    poor = chosen(simulated, gain_weight=5, visit_price=100, max_total_price=50, max_redness_d=0.1)
    assert "a price of" in poor.closest and "days of redness" in poor.closest


def test_the_limit_of_the_envelope_is_found_by_going_one_step_beyond_it(
    simulated: tuple[tuple[Plan, ...], list[Course]], clearance: Clearance
) -> None:
    """Where only the gain counts, more of what is limited would be chosen, and what it gains is simulated."""
    goals = Goals(gain_weight=10, harm_weight=0, downtime_weight=0, visits_weight=0)
    choice = choose(*simulated, goals, clearance=clearance)
    mine = next(card for card in choice.scorecards if card.plan_sha256 == choice.plan.sha256)
    assert "sessions" in [one.limit for one in choice.constraints]
    for one in choice.constraints:
        assert one.gain_low > mine.gain_low and one.why
        assert one.gain_more == pytest.approx(one.gain_low - mine.gain_low)
        assert one.plan not in {card.plan for card in choice.scorecards if not card.barred_by}
    costs = [one.gain_more for one in choice.constraints]
    assert costs == sorted(costs, reverse=True), "only the gain is weighed, so it orders the constraints"
    assert choice.constraints[0].what in choice.binding
    assert not choose(*simulated, goals).constraints, "without a clearance nothing beyond the candidates is tried"


def test_a_wish_that_holds_the_choice_back_is_named() -> None:
    person, assessment = healthy(KB)
    goals = Goals(gain_weight=5, needle_length_mm=1.0)
    choice = run_case(Case(person=person, assessment=assessment, goals=goals), KB, key=3, members=256).choice
    assert all(stroke.needle_length_mm == 1.0 for session in choice.plan.sessions for stroke in session.strokes)
    wish = next(one for one in choice.constraints if one.limit == "wish")
    assert wish.what == "Wished needle length: 1 mm" and "1.5 mm" in wish.plan and wish.gain_more > 0
    assert not choice.plan.declined


# ---------------------------------------------------------------- cost


def test_the_price_is_shown_and_weighed_only_with_the_persons_own_exchange(
    simulated: tuple[tuple[Plan, ...], list[Course]],
) -> None:
    plain, shown = chosen(simulated, gain_weight=3), chosen(simulated, gain_weight=3, visit_price=90, needles_price=10)
    assert shown.plan == plain.plan and "shown, not weighed" in shown.because
    for card, priced in zip(plain.scorecards, shown.scorecards, strict=True):
        assert card.total_price is None and priced.utility == card.utility
        assert priced.total_price == 100 * card.visits_count
    dear = chosen(simulated, gain_weight=3, visit_price=100, change_worth_price=50)
    assert not dear.plan.sessions and "shown, not weighed" not in dear.because
    free = chosen(simulated, gain_weight=3, visit_price=100, change_worth_price=50, cost_weight=0)
    assert free.plan == plain.plan
    once = chosen(simulated, device_price=40)
    assert {card.total_price for card in once.scorecards} == {0.0, 40.0}


def test_a_total_price_is_a_hard_limit_and_needs_a_price(simulated: tuple[tuple[Plan, ...], list[Course]]) -> None:
    choice = chosen(simulated, gain_weight=3, visit_price=100, max_total_price=300)
    assert len(choice.plan.sessions) == 3
    assert all("total price of at most 300" in card.barred_by for card in choice.scorecards if card.visits_count == 6)
    with pytest.raises(ValidationError, match="add visit_price, needles_price or device_price"):
        Goals(max_total_price=300)


# ---------------------------------------------------------------- worst case


def test_the_worst_case_is_the_mean_of_the_worst_reading() -> None:
    person, assessment = healthy(KB)
    plans = propose(person, assessment, screen(person, assessment, KB), KB)
    belief = ensemble(Goals(robust="worst-case"), KB, 256)
    assert belief.persons == 16 and belief.groups is not None and np.unique(belief.groups).size == 16
    courses = simulate_many(plans, person, assessment, belief, key=3)
    worst, most = (choose(plans, courses, Goals(robust=robust)) for robust in ("worst-case", "quantile"))
    for card, usual, course in zip(worst.scorecards, most.scorecards, courses, strict=True):
        found = objectives(course)
        groups = found.gain.reshape(16, 16).mean(axis=1)
        assert card.gain_low == pytest.approx(groups.min(), abs=1e-12)
        assert card.gain_low <= np.mean(found.gain) + 1e-12
        assert card.harm_probability >= usual.harm_probability - 1e-12
        assert card.redness_d >= np.quantile(found.redness_d, 0.5) - 1e-12
        assert card.gain == usual.gain and card.visits_count == usual.visits_count


def test_a_worst_case_needs_people_who_share_their_doubt(simulated: tuple[tuple[Plan, ...], list[Course]]) -> None:
    with pytest.raises(BadInput, match=r"Belief\.nested"):
        chosen(simulated, robust="worst-case")


@pytest.mark.parametrize("members", [64, 100, 256, 1000])
def test_the_number_of_readings_does_not_grow_with_the_ensemble(members: int) -> None:
    belief = ensemble(Goals(robust="worst-case"), KB, members)
    assert belief.groups is not None and 15 <= np.unique(belief.groups).size <= 16
    assert ensemble(Goals(), KB, members).groups is None


def test_a_worst_case_run_says_so_and_replays_to_the_last_bit() -> None:
    person, assessment = healthy(KB)
    case = Case(person=person, assessment=assessment, goals=Goals(robust="worst-case", gain_weight=4))
    run = run_case(case, KB, key=5, members=64)
    assert "persons=4" in run.choice.forecast.model and "worst reading" in run.choice.because
    assert replay(run, KB).largest_ratio == 0


# ---------------------------------------------------------------- other treatments


@pytest.mark.parametrize(
    ("zone", "concern", "phototype", "named", "wins"),
    [
        ("cheek-left", "acne-scars-rolling", "II", "fractional-ablative-laser", True),
        ("cheek-left", "acne-scars-rolling", "V", "", False),
        ("scalp", "hair-thinning", "V", "minoxidil", True),
        ("forehead", "wrinkles-face", "II", "", False),  # only remembered: not told as known
        ("abdomen", "striae", "II", "", False),
    ],
)
def test_another_treatment_may_win_by_a_comparison_that_was_read(
    zone: str, concern: str, phototype: str, named: str, wins: bool
) -> None:
    person, assessment = healthy(KB, zones=((zone, concern, 40.0),), phototype=phototype)
    choice = run_case(Case(person=person, assessment=assessment), KB, key=3, members=64).choice
    assert [one.method for one in choice.alternatives] == ([named] if named else [])
    assert choice.other_treatment_wins is wins
    for one in choice.alternatives:
        assert one.access != "memory" and one.against and one.sources and one.concern == concern


def test_no_other_treatment_is_named_to_whom_the_clearance_stops() -> None:
    person, assessment = healthy(KB, pregnant=True)
    choice = run_case(Case(person=person, assessment=assessment), KB, key=3, members=64).choice
    assert choice.alternatives == () and not choice.other_treatment_wins


def test_a_zone_without_a_better_treatment_keeps_the_plan_at_the_head() -> None:
    zones = (("cheek-left", "acne-scars-rolling", 40.0), ("abdomen", "striae", 100.0))
    person, assessment = healthy(KB, zones=zones)
    case = Case(person=person, assessment=assessment, goals=Goals(gain_weight=5))
    choice = run_case(case, KB, key=3, members=64).choice
    assert choice.plan.sessions and choice.alternatives and not choice.other_treatment_wins


# ---------------------------------------------------------------- judging without plans


def test_judging_one_candidate_is_judging_it_among_many(simulated: tuple[tuple[Plan, ...], list[Course]]) -> None:
    plans, courses = simulated
    goals = Goals(visit_price=10, change_worth_price=100)
    weighing = Weighing.of(goals, KB)
    cards = choose(plans, courses, goals).scorecards
    for plan, course, card in zip(plans, courses, cards, strict=True):
        days = sorted(session.day_d for session in plan.sessions)
        gap = min((b - a for a, b in itertools.pairwise(days)), default=float("inf"))
        numbers = judge(
            objectives(course),
            visits_count=len(days),
            shortest_gap_d=gap,
            ready_d=course.ready_time / 86400,
            price=10.0 * len(days),
            weighing=weighing,
        )
        assert (numbers.utility, numbers.gain_low) == pytest.approx((card.utility, card.gain_low), rel=1e-12)
        assert (numbers.breaks == "readiness") == ("to be ready" in card.barred_by)
        assert numbers.price == card.total_price


def test_a_limit_is_kept_at_its_very_value() -> None:
    ones = np.ones((1, 8))
    weighing = Weighing.of(Goals(max_redness_d=1, max_visits_count=3, visit_price=1, max_total_price=3), KB)
    judged = judge_all(
        ones, ones, 0 * ones, 7 * ones, visits_count=[3], shortest_gap_d=[7.0], price=[3.0], weighing=weighing
    )
    assert judged.allowed[0] and judged.breaks(0) is None
    assert float(careful(ones, None, 0.25)[0]) == 1


def test_the_utility_is_the_weighted_sum_over_the_exchange_rates() -> None:
    goals = Goals(gain_weight=2, downtime_weight=3, harm_weight=4, visits_weight=5, cost_weight=6)
    weighing = Weighing.of(goals.model_copy(update={"change_worth_price": 250.0}), KB)
    rates = {name: KB.parameter(f"choosing-{name}-exchange").quantity.median for name in ("redness", "harm", "visits")}
    judged = judge_all(
        np.full((1, 8), 0.7),
        np.full((1, 8), 2.0),
        np.full((1, 8), 0.1),
        np.full((1, 8), 5.0),
        visits_count=[3],
        shortest_gap_d=[28.0],
        price=[100.0],
        weighing=weighing,
    )
    downtime, harm, visits = 3 * 3 * 2.0 / rates["redness"], 4 * 0.1 / rates["harm"], 5 * 3 / rates["visits"]
    assert judged.utility[0] == pytest.approx(2 * 0.7 - downtime - harm - visits - 6 * 100 / 250)


def test_of_equal_utilities_the_fewest_visits_then_the_longest_gap_are_best(
    simulated: tuple[tuple[Plan, ...], list[Course]],
) -> None:
    plans, courses = simulated
    pool = pool_of(plans, courses, Goals(), Weighing.of(Goals(), KB))
    alike = [one._replace(card=one.card.model_copy(update={"utility": 0.5})) for one in pool.candidates]
    assert not best(alike).plan.sessions
    treated = [one for one in alike if one.plan.sessions]
    found = best(treated)
    fewest = min(one.card.visits_count for one in treated)
    assert found.card.visits_count == fewest
    assert shortest_gap_d(found.plan) == max(
        shortest_gap_d(one.plan) for one in treated if one.card.visits_count == fewest
    )
    better = treated[-1]._replace(card=treated[-1].card.model_copy(update={"utility": 0.6}))
    assert best([*treated, better]) is better


# ---------------------------------------------------------------- the shortest needle that works


@pytest.mark.parametrize("phototype", ["II", "III", "IV", "V", "VI"])
def test_where_a_rule_asks_for_it_the_shortest_needle_that_works_is_taken(phototype: str) -> None:
    person, assessment = healthy(KB, phototype=phototype)
    plans = propose(person, assessment, screen(person, assessment, KB), KB)
    courses = simulate_many(plans, person, assessment, Belief.prior(KB, members=128), key=0)
    choice = choose(plans, courses)
    cards = {card.plan_sha256: card for card in choice.scorecards}
    lengths = {plan.sha256: longest_mm(plan) for plan in plans}
    mine = cards[choice.plan.sha256]
    works = [
        lengths[card.plan_sha256]
        for card in choice.scorecards
        if card.visits_count and card.utility > 0 and not card.barred_by and mine.gain_low - card.gain_low < 1
    ]
    darker = phototype in ("IV", "V", "VI")
    assert ("shortest needle that works" in choice.because) is (darker and bool(choice.plan.sessions))
    if darker and choice.plan.sessions:
        assert lengths[choice.plan.sha256] == min(works)
    if not darker:
        best_card = max(choice.scorecards, key=lambda card: card.utility)
        assert best_card.utility - mine.utility < 0.2 and longest_mm(choice.plan) > min(works)
