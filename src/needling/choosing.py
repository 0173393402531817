"""Choosing, scoring and learning: the few verbs that need planning and simulation together."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import NamedTuple

import numpy as np

from needling.documents import (
    Approval,
    Assessment,
    Choice,
    Delivery,
    Goals,
    Miss,
    Misses,
    Plan,
    Scorecard,
    SessionRecord,
)
from needling.errors import BadInput, NotAllowed
from needling.knowledge.schema import Knowledge
from needling.simulation import Belief, Course, CourseResult, forecast, objectives, simulate
from needling.simulation.metrics import crps_from_quantiles, quantile_at
from needling.simulation.recalibrate import Learned, reweight


class _Judged(NamedTuple):
    """One candidate as the choice sees it; ``gain_known`` False: no honest forecast of a result exists."""

    plan: Plan
    course: Course
    card: Scorecard
    gain_known: bool


def _parameter(kb: Knowledge, name: str) -> float:
    return kb.parameter(name).quantity.median


def _barred(plan: Plan, course: Course, redness_d: float, visits: int, goals: Goals) -> str:
    """The first hard limit that a candidate breaks; empty when it breaks none."""
    if course.result is not CourseResult.OK:
        return f"no forecast: {course.result.value}"
    if goals.max_visits_count is not None and visits > goals.max_visits_count:
        return f"at most {goals.max_visits_count} visits are wanted"
    if goals.max_redness_d is not None and redness_d > goals.max_redness_d:
        return f"at most {goals.max_redness_d:g} days of redness after a session are wanted"
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
        barred_by=_barred(plan, course, redness, visits, goals),
    )
    return _Judged(plan, course, card, found.gain_known)


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
    """Highest utility; with equal utility fewer visits, then the plan listed first."""
    return max(enumerate(judged), key=lambda pair: (pair[1].card.utility, -pair[1].card.visits_count, -pair[0]))[1]


def _longest_mm(plan: Plan) -> float:
    return max((stroke.needle_length_mm for session in plan.sessions for stroke in session.strokes), default=0.0)


def _binding(chosen: _Judged, judged: list[_Judged]) -> str:
    """What keeps the choice from being another one: a wish, a limit of length, or nothing but its own merit."""
    unbarred = _best(_worth_showing([one for one in judged if one.course.result is CourseResult.OK]))
    if unbarred.card.plan_sha256 != chosen.card.plan_sha256:
        return f"your wish: {unbarred.card.barred_by}; without it: {unbarred.card.plan}"
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
    return "none: a milder or stronger candidate scores lower by itself"


def _worth_showing(allowed: list[_Judged]) -> list[_Judged]:
    """The candidates that may be chosen.

    At home no result can be forecast, so nothing would ever outweigh doing nothing. Who asks for a home routine is
    still shown the mildest safe one, with "doing nothing is as good" beside it.
    """
    routines = [one for one in allowed if one.plan.sessions and one.plan.envelope == "home"]
    return routines if routines and not any(one.gain_known for one in routines) else allowed


def _because(chosen: _Judged) -> str:
    card = chosen.card
    if not chosen.plan.sessions:
        return "doing nothing costs nothing, and nothing else is worth more here"
    costs = (
        f"redness {card.redness_d:.1f} days, chance of a lasting mark {card.harm_probability:.0%}, "
        f"{card.visits_count} visits"
    )
    if not chosen.gain_known:
        return f"no trial allows a forecast; the mildest safe routine is shown ({costs}); doing nothing is as good"
    return f"careful gain {card.gain_low:.2f} meaningful changes, {costs}"


def choose(plans: Sequence[Plan], courses: Sequence[Course], goals: Goals | None = None) -> Choice:
    """Choose among simulated candidates.

    Hard limits first (wishes, solver trouble), then the Pareto set in careful gain, redness, harm and visits,
    then the highest weighted sum. The gain counts at a low quantile, so that a plan must be good for most of
    the possible people. All candidates saw the same random numbers.

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
    chosen = _best(_worth_showing(allowed))
    others = [one for one in allowed if one is not chosen]
    runner_up = _best(others) if others else None
    return Choice(
        plan=chosen.plan,
        forecast=forecast(chosen.course, chosen.plan),
        scorecards=tuple(one.card for one in judged),
        runner_up=runner_up.card.plan if runner_up else "there is no other candidate",
        binding=_binding(chosen, judged),
        because=_because(chosen),
        goals=goals,
    )


# ---------------------------------------------------------------- forecast against what was seen


def _delivered_plan(approval: Approval, records: Sequence[SessionRecord]) -> Plan:
    """The approved plan with the sessions as they were really done; sessions without a record are left out."""
    planned = approval.plan.sessions
    sessions = []
    for record in sorted(records, key=lambda record: record.on):
        if record.approval != approval.sha256:
            raise BadInput(f"a record of {record.on} belongs to another approval ({record.approval[:12]}...)")
        if record.session >= len(planned):
            raise BadInput(f"session {record.session} is not in the plan; it has sessions 0 to {len(planned) - 1}")
        if not record.strokes:
            continue
        day = float((record.on - approval.plan.start).days)
        sessions.append(
            planned[record.session].model_copy(
                update={"day_d": day, "device": record.device, "strokes": record.strokes}
            )
        )
    return approval.plan.model_copy(update={"sessions": tuple(sessions), "label": "as delivered"})


def _misses(approval: Approval, followups: Sequence[Assessment]) -> list[Miss]:
    found = []
    for followup in followups:
        day = float((followup.on - approval.plan.start).days)
        for outcome in approval.forecast.outcomes:
            readings = [
                score
                for score in followup.scores
                if score.scale == outcome.scale and score.zone in (outcome.zone, None)
            ]
            measure = next(
                (
                    m
                    for m in approval.forecast.measures
                    if m.zone == outcome.zone and m.measure == f"seen-{outcome.scale}"
                ),
                None,
            )
            if not readings or measure is None:
                continue
            levels = np.asarray(measure.levels_share)
            band = np.array([np.interp(day, approval.forecast.days_d, row) for row in measure.quantiles])
            seen = readings[0].value
            low, q25, median, q75, high = (quantile_at(levels, band, q) for q in (0.05, 0.25, 0.5, 0.75, 0.95))
            found.append(
                Miss(
                    measure=measure.measure,
                    zone=outcome.zone,
                    on=followup.on,
                    forecast_median=median,
                    low=low,
                    high=high,
                    seen=seen,
                    error=seen - median,
                    crps=crps_from_quantiles(levels, band, seen),
                    inside_50=bool(q25 <= seen <= q75),
                    inside_90=bool(low <= seen <= high),
                )
            )
    return found


def _deliveries(approval: Approval, records: Sequence[SessionRecord], kb: Knowledge) -> list[Delivery]:
    from needling.simulation.bind import planned_density_per_cm2

    found = []
    for record in records:
        planned = approval.plan.sessions[record.session]
        late = (record.on - approval.plan.start - timedelta(days=planned.day_d)).days
        for stroke in planned.strokes:
            done = [own for own in record.strokes if own.zone == stroke.zone]
            wanted = planned_density_per_cm2(kb.device(planned.device), stroke)
            given = sum(planned_density_per_cm2(kb.device(record.device), own) for own in done)
            found.append(
                Delivery(
                    session=record.session,
                    zone=stroke.zone,
                    planned_per_cm2=wanted,
                    delivered_per_cm2=given,
                    difference_pct=100 * (given - wanted) / wanted,
                    late_d=float(late),
                )
            )
    return found


def score(
    approval: Approval, records: Sequence[SessionRecord], followups: Sequence[Assessment], kb: Knowledge | None = None
) -> Misses:
    """Was the forecast right, and was the plan done?

    Args:
        approval: plan and forecast, frozen before the first session.
        records: what was done.
        followups: later assessments with scores on the forecast's scales.

    Returns:
        Each forecast against what was seen (error, CRPS, inside the 50 % and 90 % band), and planned against
        delivered channel density and day. Means are None when nothing could be scored.

    Raises:
        BadInput: a record of another approval or of a session that is not in the plan.
    """
    from needling.knowledge import load_knowledge

    _delivered_plan(approval, records)
    misses = _misses(approval, followups)
    return Misses(
        approval=approval.sha256,
        misses=tuple(misses),
        deliveries=tuple(_deliveries(approval, records, kb or load_knowledge())),
        mean_crps=float(np.mean([miss.crps for miss in misses])) if misses else None,
        bias=float(np.mean([miss.error for miss in misses])) if misses else None,
        inside_50_share=float(np.mean([miss.inside_50 for miss in misses])) if misses else None,
        inside_90_share=float(np.mean([miss.inside_90 for miss in misses])) if misses else None,
    )


def recalibrate(
    belief: Belief, approval: Approval, records: Sequence[SessionRecord], followups: Sequence[Assessment]
) -> Learned:
    """What the follow-up teaches about one person.

    The course is run again as it was delivered; each member of the ensemble is weighted by how well its
    severity agrees with the scores seen (normal noise of the scale), and the members are resampled.

    Args:
        belief: the one that made the forecast.
        approval: carries the key of the random numbers.
        records: sessions as delivered.
        followups: assessments with scores.

    Returns:
        ``belief`` (the new one, or the old one when the data cannot carry an update), effective sample size,
        and how much is data and how much prior, in words.

    Raises:
        BadInput: records of another approval, or no reading on a forecast scale.
    """
    from needling.simulation.bind import log_likelihood

    delivered = _delivered_plan(approval, records)
    readings = [
        (outcome.zone, float((followup.on - approval.plan.start).days), score_.value)
        for followup in followups
        for outcome in approval.forecast.outcomes
        for score_ in followup.scores
        if score_.scale == outcome.scale and score_.zone in (outcome.zone, None)
    ]
    if not readings:
        scales = ", ".join(sorted({outcome.scale for outcome in approval.forecast.outcomes}))
        raise BadInput(f"no follow-up score on a forecast scale ({scales}); nothing can be learned")
    frozen = approval.forecast
    course = simulate(delivered, frozen.person, frozen.assessment, belief, key=frozen.key)
    return reweight(belief, log_likelihood(course, readings), key=frozen.key)
