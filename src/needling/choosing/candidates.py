"""Candidates of a choice: each plan with its course and scorecard, the best of some, and the mildest of equals."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from needling.choosing.judging import Judged, Numbers, Weighing, gain_errors, judge_all, price_of
from needling.documents import Goals, Plan, Scorecard
from needling.simulation import Course, CourseResult, Objectives, objectives
from needling.units import from_si

UTILITY_PLACES = 3
_NEAREST = 6  # candidates close enough to the best to be worth asking whether they differ at all


class Candidate(NamedTuple):
    """One candidate as the choice sees it.

    ``possible`` says that only the person's own limits and the skin's readiness can speak against it: it has a forecast
    and lies inside its envelope.
    """

    plan: Plan
    course: Course
    card: Scorecard
    found: Objectives
    possible: bool


class Pool(NamedTuple):
    """All candidates of a choice in order, and their numbers side by side."""

    candidates: tuple[Candidate, ...]
    judged: Judged
    weighing: Weighing

    @property
    def allowed(self) -> list[Candidate]:
        """Those that keep every hard limit."""
        return [one for one in self.candidates if not one.card.barred_by]


def visits_count(plan: Plan) -> int:
    """Days of a plan with a session."""
    return len({session.day_d for session in plan.sessions})


def shortest_gap_d(plan: Plan) -> float:
    """Shortest time between two visits of a plan; infinite for fewer than two."""
    days = sorted({session.day_d for session in plan.sessions})
    return min((after - before for before, after in pairwise(days)), default=float("inf"))


def price_of_plan(plan: Plan, goals: Goals) -> float | None:
    """What a plan costs at the person's own prices; None when no price was named."""
    return price_of(visits_count(plan), len({session.device for session in plan.sessions}), goals)


def limit_words(numbers: Numbers, goals: Goals) -> str:
    """The hard limit that a candidate breaks, in words; empty when it breaks none."""
    if numbers.breaks is None:
        return ""
    return {
        "visits": f"at most {goals.max_visits_count} visits are wanted",
        "redness": f"at most {goals.max_redness_d or 0:g} days of redness after a session are wanted",
        "price": f"a total price of at most {goals.max_total_price or 0:g} is wanted",
        "readiness": f"the skin needs {numbers.ready_d:.0f} days to be ready for the next session",
    }[numbers.breaks]


def pool_of(
    plans: Sequence[Plan], courses: Sequence[Course], goals: Goals, weighing: Weighing, outside: Sequence[str] = ()
) -> Pool:
    """Every plan with its scorecard; the front is marked among those that keep all hard limits.

    Args:
        outside: for each plan how it leaves its envelope, empty where it does not; none given where that is meant.
    """
    found = [objectives(course) for course in courses]
    prices = [price_of_plan(plan, goals) for plan in plans]
    judged = judge_all(
        np.stack([one.gain for one in found]),
        np.stack([one.redness_d for one in found]),
        np.stack([one.harm_probability for one in found]),
        np.stack([from_si(1.0, "d") * course.ready_time for course in courses]),
        visits_count=[visits_count(plan) for plan in plans],
        shortest_gap_d=[shortest_gap_d(plan) for plan in plans],
        price=[np.nan if price is None else price for price in prices],
        weighing=weighing,
        groups=courses[0].context.belief.groups,
    )
    impossible = [
        f"no forecast: {course.result.value}" if course.result is not CourseResult.OK else out
        for course, out in zip(courses, outside or [""] * len(plans), strict=True)
    ]
    front = judged.front(judged.allowed & np.array([not why for why in impossible]))
    candidates = []
    for place, (plan, course, own) in enumerate(zip(plans, courses, found, strict=True)):
        numbers = judged.numbers(place)
        card = Scorecard(
            plan=plan.label,
            plan_sha256=plan.sha256,
            gain=numbers.gain,
            gain_low=numbers.gain_low,
            redness_d=numbers.redness_d,
            harm_probability=numbers.harm_probability,
            visits_count=numbers.visits_count,
            total_price=numbers.price,
            utility=numbers.utility,
            on_front=bool(front[place]),
            barred_by=impossible[place] or limit_words(numbers, goals),
        )
        candidates.append(Candidate(plan, course, card, own, not impossible[place]))
    return Pool(tuple(candidates), judged, weighing)


def best(candidates: Sequence[Candidate]) -> Candidate:
    """Highest utility; with equal utility fewer visits, then the longer gap, then the plan listed first."""

    def rank(pair: tuple[int, Candidate]) -> tuple[float, ...]:
        place, one = pair
        return (round(one.card.utility, UTILITY_PLACES), -one.card.visits_count, shortest_gap_d(one.plan), -place)

    return max(enumerate(candidates), key=rank)[1]


def mildest_of_equals(candidates: Sequence[Candidate], weighing: Weighing) -> tuple[Candidate, int]:
    """The best candidate, or the mildest of those that the ensemble cannot tell from it, and how many those are.

    Doing nothing is among them: a plan must beat it by more than the ensemble's own error. Where a rule asks for the
    shortest needle that works, that comes after.
    """
    first = best(candidates)
    if not first.plan.sessions:
        return first, 0
    near = nearest_to_best(candidates)
    near += [one for one in candidates if not one.plan.sessions and all(one is not other for other in near)]
    errors = gain_errors(
        first.found.gain, [one.found.gain for one in near], weighing, first.course.context.belief.groups
    )
    equals = [
        one
        for one, error in zip(near, errors, strict=True)
        if one is first or first.card.utility - one.card.utility <= weighing.gain * error
    ]
    chosen = min(equals, key=_mildness)
    return _shortest_that_works(chosen, candidates, weighing) if weighing.shortest else chosen, len(equals) - 1


def nearest_to_best(candidates: Sequence[Candidate]) -> list[Candidate]:
    """The few of highest utility: close enough to the best to be worth asking whether they differ at all."""
    return sorted(candidates, key=lambda one: -one.card.utility)[:_NEAREST]


def beats_nothing(one: Candidate, weighing: Weighing, sureness: float) -> bool | None:
    """Whether a plan is worth more than doing nothing, which is worth 0; None where the ensemble cannot tell.

    The error is that of the careful gain: redness and harms are known so much better that they do not add to it.

    Args:
        sureness: standard errors that the utility must lie away from 0.
    """
    gain = one.found.gain
    error = gain_errors(gain, [np.zeros_like(gain)], weighing, one.course.context.belief.groups)[0]
    if one.card.utility > sureness * weighing.gain * error:
        return True
    return False if one.card.utility <= -sureness * weighing.gain * error else None


def _mildness(one: Candidate) -> tuple[float, int, float]:
    """Least chance of a lasting mark, then fewest visits, then the longest gap."""
    return round(one.card.harm_probability, UTILITY_PLACES), one.card.visits_count, -shortest_gap_d(one.plan)


def longest_mm(plan: Plan) -> float:
    """The longest needle of a plan; 0 without sessions."""
    return max((stroke.needle_length_mm for session in plan.sessions for stroke in session.strokes), default=0.0)


def _shortest_that_works(chosen: Candidate, candidates: Sequence[Candidate], weighing: Weighing) -> Candidate:
    """The plan with the shortest needle that is worth more than doing nothing, does no more harm, and whose careful
    gain is less than one meaningful change behind; the more the person lays on gain, the less it may be.
    """
    if not chosen.plan.sessions:
        return chosen
    nothing = max((one.card.utility for one in candidates if not one.plan.sessions), default=0.0)
    works = [
        one
        for one in candidates
        if longest_mm(one.plan) < longest_mm(chosen.plan)
        and one.card.utility > nothing
        and one.card.harm_probability <= chosen.card.harm_probability
        and weighing.gain * (chosen.card.gain_low - one.card.gain_low) < 1
    ]
    return min(works, key=lambda one: (longest_mm(one.plan), *_mildness(one)), default=chosen)


def worth_showing(allowed: list[Candidate], weighing: Weighing) -> list[Candidate]:
    """The candidates that may be chosen.

    At home no result can be forecast, so nothing would ever outweigh doing nothing. Who asks for a home routine is
    still shown the mildest safe one, with "doing nothing is as good" beside it.
    """
    routines = [one for one in allowed if one.plan.sessions and one.plan.envelope == "home"]
    if routines and not any(one.found.gain_known for one in routines):
        return routines
    # A plan that mostly shows more than was agreed, although the hand stops there, is no plan for that endpoint.
    kept = [one for one in allowed if one.found.beyond_endpoint_probability <= weighing.endpoint_share]
    return kept if any(one.plan.sessions for one in kept) else allowed
