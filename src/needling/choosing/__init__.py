"""Choosing among simulated candidates: hard limits, the Pareto set, and the mildest of equals.

``judging`` turns objectives into numbers, ``candidates`` picks among them, ``binding`` says what holds the choice back.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

from needling.choosing.binding import binding_words, closest_words, constraints_of
from needling.choosing.candidates import (
    Candidate,
    Pool,
    best,
    pool_of,
    price_of_plan,
    worth_showing,
)
from needling.choosing.judging import Weighing
from needling.choosing.settling import Settled, settle
from needling.documents import Choice, Clearance, Forecast, Goals, OtherTreatment, Plan
from needling.documents.choice import UNTOLD
from needling.errors import BadInput, NotAllowed
from needling.knowledge.base import USUAL_SET, Knowledge
from needling.planning.alternatives import known_better
from needling.planning.envelope import breaches
from needling.planning.screen import screen
from needling.simulation import Belief, Course, forecast
from needling.simulation.seam.harms import PIGMENT_MARKS

__all__ = ["STAND_IN", "choose", "ensemble", "price_of_plan", "stand_in_words"]

STAND_IN = "not counted for this skin type; a careful figure stands in"
"""Beside the chance of a lasting mark where nobody has counted it for skin like the person's."""


def stand_in_words(forecast: Forecast, kb: Knowledge) -> str:
    """``STAND_IN`` where the chance of a lasting mark rests on no count that holds for this person, else nothing.

    Args:
        forecast: of a plan; one without sessions has no harm to count. kb: which harms are marks of pigment.
    """
    marks = {event.id for event in kb.adverse_events if event.ref == PIGMENT_MARKS}
    counted = any(harm.harm in marks and harm.probability is not None for harm in forecast.harms)
    return "" if not forecast.harms or (counted and forecast.person.phototype is not None) else STAND_IN


def ensemble(goals: Goals, kb: Knowledge, members: int, *, parameter_set: str = USUAL_SET) -> Belief:
    """The possible people that a choice for these goals needs.

    For "worst-case" they are nested: as many readings of what research has not settled as ``choosing-readings`` says,
    each with its own share of the people, so that the worst of them means the same for every size of the ensemble.

    Args:
        goals: whether the choice is robust by a quantile or by the worst case. kb: knowledge. members: possible people.
        parameter_set: name of the parameters to run with.

    Raises:
        BadInput: too few members for groups of two.
    """
    belief = Belief.prior(kb, members=members, parameter_set=parameter_set)
    if goals.robust == "quantile":
        return belief
    readings = int(kb.parameter("choosing-readings").quantity.median)
    return belief.nested(-(-members // readings))


def _because(settled: Settled, pool: Pool, goals: Goals) -> str:
    chosen, equals = settled.chosen, settled.equals
    card, found = chosen.card, chosen.found
    people = f"{settled.members:,} possible people were asked"
    if settled.untold is not None and not chosen.plan.sessions:
        return f"{UNTOLD}, which costs nothing: {settled.untold.card.plan} ({people})"
    if not chosen.plan.sessions:
        return "doing nothing costs nothing, and nothing else is worth more here"
    counted = "" if found.harm_known else f" ({STAND_IN})"
    costs = (
        f"redness below {card.redness_d:.1f} days for {_part(pool.weighing.redness_quantile)}, any lasting mark in "
        f"{card.harm_probability * _PICTURED:.0f} of {_PICTURED} people{counted}, "
        f"{card.visits_count} visits{_price_words(card.total_price, goals)}"
    )
    if not found.gain_known:
        return f"no trial allows a forecast; the mildest safe routine is shown ({costs}); doing nothing is as good"
    tie = f"; {equals} more are as good within the ensemble's own error, this is the mildest" if equals else ""
    if pool.weighing.shortest:
        tie = f"; the shortest needle that works comes first here ({pool.weighing.shortest})"
    planned = chosen.course.planned_passes[:, :, None]
    early = float((chosen.course.passes < planned).mean(axis=2).max(initial=0.0))
    stop = f"; in {early:.0%} the endpoint comes before the last pass: stop there" if early > 0 else ""
    told = f"; {UNTOLD} ({people})" if settled.untold is not None else ""
    if not told and settled.members > found.gain.size:
        told = f"; {people} to tell it from doing nothing"
    worst = " in the worst reading of what is not known" if pool.weighing.robust == "worst-case" else ""
    reach = "" if worst else f", which {_part(1 - pool.weighing.gain_quantile)} reach"
    return f"careful gain {card.gain_low:.2f} meaningful changes{reach}{worst}, {costs}{tie}{told}{stop}"


_PICTURED = 50  # people that a forecast is pictured with


def _part(share: float) -> str:
    """A share of people as one can picture it: ``9 of 10 people``."""
    parts = Fraction(share).limit_denominator(20)  # numerical: coarser parts are easier to picture
    return f"{parts.numerator} of {parts.denominator} people"


def _price_words(price: float | None, goals: Goals) -> str:
    """What the plan costs, and whether that was weighed; empty when no price was named."""
    if price is None:
        return ""
    weighed = goals.change_worth_price is not None and goals.cost_weight > 0
    return f", price {price:g}" + (
        "" if weighed else " (shown, not weighed: no price of a meaningful change was given)"
    )


def _alternatives(chosen: Candidate, pool: Pool) -> tuple[tuple[OtherTreatment, ...], bool]:
    """Other treatments known to be better for the concerns in question, and whether they head the answer.

    They do when for every concern (of the treated zones; without sessions of all zones) one is better by a comparison
    that was read, of low certainty at least, and needling, counted carefully, does not bring one meaningful change, or
    nobody can say what it brings. How much better they are is not said: the comparisons carry no such number.
    """
    context = chosen.course.context
    if all(not one.plan.sessions for one in pool.candidates) and not chosen.plan.rationale:
        return (), False  # the clearance stopped it, and may stop other methods too
    treated = {stroke.zone for session in chosen.plan.sessions for stroke in session.strokes}
    findings = [one for one in context.assessment.zones if one.zone in treated or not treated]
    concerns = dict.fromkeys(finding.concern for finding in findings)
    kb = context.belief.knowledge
    known = {concern: known_better(concern, context.person.phototype, kb) for concern in concerns}
    noticed = chosen.found.gain_known and chosen.card.gain_low >= 1
    return tuple(one for found in known.values() for one in found), all(known.values()) and not noticed


def _asks_for_shortest(clearance: Clearance, kb: Knowledge) -> str:
    """Title of the rule that fired and asks for the shortest needle that works; empty where none does."""
    asking = {rule.id for rule in kb.rules if rule.then.prefer == "shortest-needle"}
    titles = (one.title for one in clearance.decisions if one.rule in asking)
    return next(titles, "")


def _outside(plans: Sequence[Plan], own: Clearance, kb: Knowledge) -> list[str]:
    """How each plan leaves its envelope, empty where it does not: nobody can choose what nobody may do."""
    first = [next(iter(breaches(plan, own, kb)), None) for plan in plans]
    return [
        f"outside its envelope: {one.what}; allowed is {one.allowed} ({one.because})" if one is not None else ""
        for one in first
    ]


def _check(plans: Sequence[Plan], courses: Sequence[Course]) -> None:
    if not plans or len(plans) != len(courses):
        raise BadInput(f"choose needs one course for each plan; got {len(plans)} plans and {len(courses)} courses")
    if all(plan.sessions for plan in plans):
        raise NotAllowed("'no treatment' must be among the candidates; use propose()")
    first = courses[0].context
    for course in courses:
        own = course.context
        if own.key != first.key or own.belief.members.tobytes() != first.belief.members.tobytes():
            raise BadInput("the courses were not simulated with the same possible people and key; use simulate_many()")


def choose(
    plans: Sequence[Plan],
    courses: Sequence[Course],
    goals: Goals | None = None,
    *,
    clearance: Clearance | None = None,
    by_score: bool = False,
) -> Choice:
    """Choose among simulated candidates.

    Hard limits first (the envelope, wishes, skin not ready between sessions, solver trouble), then the Pareto set in
    careful gain, redness, harm, visits and price, then the highest weighted sum; of candidates that a finite ensemble
    cannot tell apart, the mildest; and where a rule asks for it, the shortest needle that works. Whether that is worth
    more than doing nothing is asked of more people of the same key where these cannot tell. The gain counts at a
    low quantile, so that a plan must be good for most of the possible people, or, with ``goals.robust`` "worst-case",
    as the mean of the worst reading of what is not known.
    All candidates saw the same random numbers. Then each limit is lifted in turn to find which one binds.

    Args:
        plans: from :func:`needling.planning.propose.propose`; "no treatment" among them.
        courses: one simulated course for each plan, in the same order.
        goals: weights and wishes.
        clearance: of the plans; with it wishes and limits of the envelope are lifted too, by simulating what lies one
            step beyond them. Without it the person is screened again from the courses' own documents.
        by_score: leaves aside a rule that asks for the shortest needle, as a search does that is asked for the best.

    Returns:
        The choice with its forecast, every candidate's scorecard, the runner-up, the binding constraint, and other
        treatments that are known to be better.

    Raises:
        BadInput: not one course for each plan, or no candidate at all; courses of different people; "worst-case" with
            people who do not share their doubt.
        NotAllowed: "no treatment" is not among the candidates.
    """
    goals = goals or Goals()
    _check(plans, courses)
    context = courses[0].context
    kb = context.belief.knowledge
    own = clearance or screen(context.person, context.assessment, kb)
    weighing = replace(Weighing.of(goals, kb), shortest="" if by_score else _asks_for_shortest(own, kb))
    pool = pool_of(plans, courses, goals, weighing, _outside(plans, own, kb))
    allowed = pool.allowed
    if not allowed:
        said = sorted({one.card.barred_by for one in pool.candidates})
        raise NotAllowed("No candidate could be forecast: " + "; ".join(said))
    settled = settle(worth_showing(allowed, weighing), weighing, goals)
    chosen = settled.chosen
    others = [one for one in allowed if one is not chosen]
    constraints = constraints_of(chosen, pool, goals, clearance)
    alternatives, wins = _alternatives(chosen, pool)
    return Choice(
        plan=chosen.plan,
        forecast=forecast(chosen.course, chosen.plan),
        scorecards=tuple(one.card for one in pool.candidates),
        runner_up=best(others).card.plan if others else "there is no other candidate",
        binding=binding_words(chosen, pool, constraints, tried=clearance is not None),
        because=_because(settled, pool, goals),
        goals=goals,
        constraints=constraints,
        closest=closest_words(pool, goals),
        alternatives=alternatives,
        other_treatment_wins=wins,
    )
