"""Choosing among simulated candidates: hard limits, the Pareto set, and the mildest of equals."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from needling.documents import Choice, Goals, Plan, Scorecard
from needling.errors import BadInput, NotAllowed
from needling.knowledge.base import Knowledge
from needling.simulation import Course, CourseResult, Objectives, forecast, objectives
from needling.units import from_si

_RESAMPLES = 100
_UTILITY_PLACES = 3
_NEAREST = 6  # candidates close enough to the best to be worth asking whether they differ at all


class _Judged(NamedTuple):
    """One candidate as the choice sees it."""

    plan: Plan
    course: Course
    card: Scorecard
    found: Objectives


def _parameter(kb: Knowledge, name: str) -> float:
    return kb.parameter(name).quantity.median


def _shortest_gap_d(plan: Plan) -> float:
    days = sorted({session.day_d for session in plan.sessions})
    return min((after - before for before, after in pairwise(days)), default=float("inf"))


def _barred(plan: Plan, course: Course, redness_d: float, ready_d: float, visits: int, goals: Goals) -> str:
    """The first hard limit that a candidate breaks; empty when it breaks none."""
    if course.result is not CourseResult.OK:
        return f"no forecast: {course.result.value}"
    if goals.max_visits_count is not None and visits > goals.max_visits_count:
        return f"at most {goals.max_visits_count} visits are wanted"
    if goals.max_redness_d is not None and redness_d > goals.max_redness_d:
        return f"at most {goals.max_redness_d:g} days of redness after a session are wanted"
    if _shortest_gap_d(plan) < ready_d:
        return f"the skin needs {ready_d:.0f} days to be ready for the next session"
    return ""


def _judge(plan: Plan, course: Course, goals: Goals, kb: Knowledge) -> _Judged:
    """Objectives of one candidate, and their weighted sum.

    Equation:
        U = w_g G_q − w_d V R / R_0 − w_h H / H_0 − w_v V / V_0

    with G_q the robust (low) quantile of the gain in meaningful changes, R the redness after a session that
    nine of ten stay below, H the mean chance of a lasting mark, V the visits; R_0, H_0, V_0 are the exchange
    rates ``choosing-*`` of the knowledge base (proposals, shown as such).
    """
    found = objectives(course)
    visits = len({session.day_d for session in plan.sessions})
    low = float(np.quantile(found.gain, _parameter(kb, "choosing-robust-quantile"))) if visits else 0.0
    gain = float(np.median(found.gain)) if visits else 0.0
    redness = float(np.quantile(found.redness_d, _parameter(kb, "choosing-redness-quantile"))) if visits else 0.0
    harm = float(np.mean(found.harm_probability)) if visits else 0.0
    ready_d = from_si(float(np.quantile(course.ready_time, _parameter(kb, "choosing-ready-quantile"))), "d")
    utility = (
        goals.gain_weight * low
        - goals.downtime_weight * visits * redness / _parameter(kb, "choosing-redness-exchange")
        - goals.harm_weight * harm / _parameter(kb, "choosing-harm-exchange")
        - goals.visits_weight * visits / _parameter(kb, "choosing-visits-exchange")
    )
    card = Scorecard(
        plan=plan.label,
        plan_sha256=plan.sha256,
        gain=gain,
        gain_low=low,
        redness_d=redness,
        harm_probability=harm,
        visits_count=visits,
        utility=utility,
        on_front=False,
        barred_by=_barred(plan, course, redness, ready_d, visits, goals),
    )
    return _Judged(plan, course, card, found)


def _dominates(a: Scorecard, b: Scorecard) -> bool:
    better = (
        a.gain_low >= b.gain_low,
        a.redness_d <= b.redness_d,
        a.harm_probability <= b.harm_probability,
        a.visits_count <= b.visits_count,
    )
    strictly = (
        a.gain_low > b.gain_low
        or a.redness_d < b.redness_d
        or a.harm_probability < b.harm_probability
        or a.visits_count < b.visits_count
    )
    return all(better) and strictly


def _mark_front(judged: list[_Judged]) -> list[_Judged]:
    """Mark the candidates that no other allowed candidate beats in every objective at once."""
    allowed = [one.card for one in judged if not one.card.barred_by]
    return [
        one._replace(
            card=one.card.model_copy(
                update={
                    "on_front": not one.card.barred_by and not any(_dominates(other, one.card) for other in allowed)
                }
            )
        )
        for one in judged
    ]


def _best(judged: Sequence[_Judged]) -> _Judged:
    """Highest utility; with equal utility fewer visits, then the longer gap, then the plan listed first."""

    def rank(pair: tuple[int, _Judged]) -> tuple[float, ...]:
        place, one = pair
        return (round(one.card.utility, _UTILITY_PLACES), -one.card.visits_count, _shortest_gap_d(one.plan), -place)

    return max(enumerate(judged), key=rank)[1]


def _gain_error(one: _Judged, other: _Judged, quantile: float) -> float:
    """How far the difference of two careful gains may be off because the ensemble is finite: a paired bootstrap."""
    members = one.found.gain.size
    picks = np.random.default_rng(0).integers(0, members, (_RESAMPLES, members))
    spread = np.quantile(one.found.gain[picks], quantile, axis=1) - np.quantile(
        other.found.gain[picks], quantile, axis=1
    )
    return float(np.std(spread))


def _mildest_of_equals(judged: Sequence[_Judged], goals: Goals, kb: Knowledge) -> tuple[_Judged, int]:
    """The best candidate, or the mildest of those that the ensemble cannot tell from it, and how many those are.

    Doing nothing is among them: a plan must beat it by more than the ensemble's own error.
    """
    best = _best(judged)
    if not best.plan.sessions:
        return best, 0
    quantile = _parameter(kb, "choosing-robust-quantile")
    near = sorted(judged, key=lambda one: -one.card.utility)[:_NEAREST]
    near += [one for one in judged if not one.plan.sessions and all(one is not other for other in near)]
    equals = [
        one
        for one in near
        if one is best or best.card.utility - one.card.utility <= goals.gain_weight * _gain_error(best, one, quantile)
    ]
    mildness = {id(one): (round(one.card.harm_probability, _UTILITY_PLACES), one.card.visits_count) for one in equals}
    return min(equals, key=lambda one: (*mildness[id(one)], -_shortest_gap_d(one.plan))), len(equals) - 1


def _longest_mm(plan: Plan) -> float:
    return max((stroke.needle_length_mm for session in plan.sessions for stroke in session.strokes), default=0.0)


def _binding(chosen: _Judged, judged: list[_Judged]) -> str:
    """What keeps the choice from being another one: a wish, a limit of length, or nothing but its own merit."""
    best = _best(_worth_showing([one for one in judged if one.course.result is CourseResult.OK]))
    if best.card.barred_by:
        return f"{best.card.barred_by}; without that limit: {best.card.plan}"
    if not chosen.plan.sessions:
        named = [reason.what for reason in (*chosen.plan.declined, *chosen.plan.rationale)]
        if named and len(judged) == 1:
            return named[0]
        if len(judged) == 1:
            return "the clearance: no plan with sessions may be made now"
        return "no candidate's careful gain outweighs its cost"
    longest = max(_longest_mm(one.plan) for one in judged)
    if _longest_mm(chosen.plan) == longest:
        for reason in chosen.plan.rationale:
            if reason.what.startswith("Needle length") and f"at most {longest:g} mm" in reason.what:
                return f"{reason.what}. {reason.why}"
    return "none: a stronger candidate would not be better by more than the forecast can tell"


def _worth_showing(allowed: list[_Judged]) -> list[_Judged]:
    """The candidates that may be chosen.

    At home no result can be forecast, so nothing would ever outweigh doing nothing. Who asks for a home routine is
    still shown the mildest safe one, with "doing nothing is as good" beside it.
    """
    routines = [one for one in allowed if one.plan.sessions and one.plan.envelope == "home"]
    if routines and not any(one.found.gain_known for one in routines):
        return routines
    # A plan that mostly shows more than was agreed, although the hand stops there, is no plan for that endpoint.
    share = _parameter(allowed[0].course.context.belief.knowledge, "choosing-early-endpoint") if allowed else 1
    kept = [one for one in allowed if one.found.beyond_endpoint_probability <= share]
    return kept if any(one.plan.sessions for one in kept) else allowed


def _because(chosen: _Judged, equals: int) -> str:
    card, found = chosen.card, chosen.found
    if not chosen.plan.sessions:
        return "doing nothing costs nothing, and nothing else is worth more here"
    counted = "" if found.harm_known else " (not counted for this skin type; the careful stand-in)"
    costs = (
        f"redness {card.redness_d:.1f} days, chance of a lasting mark {card.harm_probability:.0%}{counted}, "
        f"{card.visits_count} visits"
    )
    if not found.gain_known:
        return f"no trial allows a forecast; the mildest safe routine is shown ({costs}); doing nothing is as good"
    tie = f"; {equals} more are as good within the ensemble's own error, this is the mildest" if equals else ""
    planned = chosen.course.planned_passes[:, :, None]
    early = float((chosen.course.passes < planned).mean(axis=2).max(initial=0.0))
    stop = f"; in {early:.0%} the endpoint comes before the last pass: stop there" if early > 0 else ""
    return f"careful gain {card.gain_low:.2f} meaningful changes, {costs}{tie}{stop}"


def choose(plans: Sequence[Plan], courses: Sequence[Course], goals: Goals | None = None) -> Choice:
    """Choose among simulated candidates.

    Hard limits first (wishes, skin not ready between sessions, solver trouble), then the Pareto set in careful
    gain, redness, harm and visits, then the highest weighted sum; of candidates that a finite ensemble cannot
    tell apart, the mildest. The gain counts at a low quantile, so that a plan must be good for most of the
    possible people. All candidates saw the same random numbers.

    Args:
        plans: from :func:`needling.planning.propose.propose`; "no treatment" among them.
        courses: one simulated course for each plan, in the same order.
        goals: weights and wishes.

    Returns:
        The choice with its forecast, every candidate's scorecard, the runner-up and the binding constraint.

    Raises:
        BadInput: not one course for each plan, or no candidate at all.
        NotAllowed: "no treatment" is not among the candidates.
    """
    goals = goals or Goals()
    if not plans or len(plans) != len(courses):
        raise BadInput(f"choose needs one course for each plan; got {len(plans)} plans and {len(courses)} courses")
    if all(plan.sessions for plan in plans):
        raise NotAllowed("'no treatment' must be among the candidates; use propose()")
    kb = courses[0].context.belief.knowledge
    judged = _mark_front([_judge(plan, course, goals, kb) for plan, course in zip(plans, courses, strict=True)])
    allowed = [one for one in judged if not one.card.barred_by]
    if not allowed:
        raise NotAllowed("No candidate could be forecast: " + "; ".join(sorted({one.card.barred_by for one in judged})))
    chosen, equals = _mildest_of_equals(_worth_showing(allowed), goals, kb)
    others = [one for one in allowed if one is not chosen]
    runner_up = _best(others) if others else None
    return Choice(
        plan=chosen.plan,
        forecast=forecast(chosen.course, chosen.plan),
        scorecards=tuple(one.card for one in judged),
        runner_up=runner_up.card.plan if runner_up else "there is no other candidate",
        binding=_binding(chosen, judged),
        because=_because(chosen, equals),
        goals=goals,
    )
