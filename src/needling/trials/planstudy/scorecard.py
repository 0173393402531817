"""One plan on one person: what disqualifies it, and what it is worth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from needling.documents import Goals, Plan
from needling.planning.assemble import no_treatment
from needling.planning.envelope import breaches
from needling.simulation import Belief, Course, CourseResult, objectives, simulate_many
from needling.simulation.seam.outcomes import at_time, gain
from needling.trials.planstudy.study import Member, Rules, Study
from needling.units import from_si

Floats = NDArray[np.float64]
Status = Literal["scored", "no treatment", "not submitted", "disqualified"]

BAND = (0.05, 0.95)
"""Of the possible people, around a score."""


@dataclass(frozen=True)
class Scored:
    """One plan on one person.

    Args:
        plan: its sentence. status: how the score came about. because: what disqualified it.
        value: net value to each possible person, in meaningful changes, float64[member]; 0 for doing nothing, and empty
            where the plan was disqualified. score: of the person.
        gain, redness_d, harm: means over the less lucky people. visits: days with a session.
    """

    plan: str
    status: Status
    because: tuple[str, ...]
    value: Floats
    score: float
    gain: float = 0.0
    redness_d: float = 0.0
    harm: float = 0.0
    visits: int = 0

    @property
    def band(self) -> tuple[float, float] | None:
        """Between which values nine of ten possible people lie; None where there is nothing to forecast."""
        if self.status != "scored":
            return None
        low, high = np.quantile(self.value, BAND)
        return float(low), float(high)


def less_lucky(value: Floats, share: float) -> Floats:
    """Mean of the lowest share of the values along the last axis: the conditional value at risk of a net value.

    s = mean of the ceil(share n) lowest of n values
    """
    count = max(1, int(np.ceil(share * value.shape[-1])))
    return np.asarray(np.partition(value, count - 1, axis=-1)[..., :count].mean(axis=-1))


# ---------------------------------------------------------------- before the simulation


def visit_days(plan: Plan) -> list[float]:
    """Days with a session, in order."""
    return sorted({session.day_d for session in plan.sessions})


def total_price(plan: Plan, goals: Goals) -> float:
    """What a plan costs at the person's own prices: each visit, the needles used up at it, each device once."""
    visits, devices = len(visit_days(plan)), len({session.device for session in plan.sessions})
    each = (goals.visit_price or 0.0) + (goals.needles_price or 0.0)
    return visits * each + devices * (goals.device_price or 0.0)


def forbidden(plan: Plan, member: Member, study: Study) -> tuple[str, ...]:
    """What disqualifies a plan before anything is simulated: screening, the envelope, the person's own limits."""
    if not plan.sessions:
        return ()
    found = [
        f"{breach.what}: allowed is {breach.allowed} ({breach.because})"
        for breach in breaches(plan, member.clearance, study.knowledge)
    ]
    goals, visits = member.case.goals, len(visit_days(plan))
    if goals.max_visits_count is not None and visits > goals.max_visits_count:
        found.append(f"{visits} visits: the person wants at most {goals.max_visits_count}")
    price = total_price(plan, goals)
    if goals.max_total_price is not None and price > goals.max_total_price:
        found.append(f"costs {price:g}: the person can spend {goals.max_total_price:g}")
    return tuple(dict.fromkeys(found))


# ---------------------------------------------------------------- after it


def gains(course: Course) -> Floats:
    """Improvement over all assessed zones, by area, in meaningful changes, float64[member].

    A zone that a plan leaves out counts with what happens there without a session; one whose concern has no honest
    forecast does not count. Without any forecast the gain is 0.
    """
    context = course.context
    total = np.zeros(context.belief.members.size)
    weight = 0.0
    for index, (zone, start) in enumerate(zip(context.zones, context.baselines, strict=True)):
        own = gain(zone, start, at_time(course.score[:, index], course.time, course.judge_time[index]))
        if own is not None:
            total += zone.finding.area_cm2 * own
            weight += zone.finding.area_cm2
    return total / weight if weight else total


class _Parts(NamedTuple):
    """What a net value is made of, for each possible person."""

    value: Floats
    gain: Floats
    redness_d: Floats
    harm: Floats


def _parts(course: Course, plan: Plan, goals: Goals, rules: Rules) -> _Parts:
    """Net value of a plan to each possible person, in meaningful changes.

    u = w_g G - w_d V R / R_0 - w_h H / H_0 - w_v V / V_0 - w_c P / P_0

    with G the gain, R the longest redness after a session, V the visits, H the chance of a lasting mark, P the price, w
    the person's own weights, R_0, H_0 and V_0 of the scorecard, P_0 what one meaningful change is worth to the person.
    """
    found = objectives(course)
    gained = gains(course)
    visits = len(visit_days(plan))
    priced = total_price(plan, goals) / goals.change_worth_price if goals.change_worth_price else 0.0
    value = (
        goals.gain_weight * gained
        - goals.downtime_weight * visits * found.redness_d / rules.redness_exchange_d
        - goals.harm_weight * found.harm_probability / rules.harm_exchange_probability
        - goals.visits_weight * visits / rules.visits_exchange_count
        - goals.cost_weight * priced
    )
    return _Parts(value, gained, found.redness_d, found.harm_probability)


def _broken(course: Course, plan: Plan, goals: Goals, rules: Rules) -> tuple[str, ...]:
    """Limits that only the simulation can show: no forecast, too long a redness, skin not ready for the next one."""
    if course.result is not CourseResult.OK:
        return (f"no forecast: {course.result.advice}",)
    found = []
    redness = from_si(float(np.quantile(course.redness_time, rules.kept_share)), "d")
    if goals.max_redness_d is not None and redness > goals.max_redness_d:
        found.append(
            f"red for {redness:.1f} days ({rules.kept_share:.0%} of people are below): the person wants at most "
            f"{goals.max_redness_d:g}"
        )
    days = visit_days(plan)
    gap = min((after - before for before, after in pairwise(days)), default=np.inf)
    ready = from_si(float(np.quantile(course.ready_time, rules.kept_share)), "d")
    if gap < ready:
        found.append(f"{gap:g} days between sessions: the skin is ready after {ready:.0f} ({rules.kept_share:.0%})")
    return tuple(found)


def _nothing(plan: Plan, given: bool, members: int) -> Scored:
    return Scored(plan.label, "no treatment" if given else "not submitted", (), np.zeros(members), 0.0)


def _disqualified(plan: Plan, because: tuple[str, ...], rules: Rules) -> Scored:
    return Scored(
        plan.label, "disqualified", because, np.empty(0), rules.disqualified_score, visits=len(visit_days(plan))
    )


def score_plans(
    plans: Sequence[Plan | None], member: Member, study: Study, beliefs: Sequence[Belief], *, key: int | None = None
) -> list[list[Scored]]:
    """Plans on one person, each under several beliefs, all with the same luck.

    Args:
        plans: one for each submission; None where it has none for this person. member: of the study.
        beliefs: ensembles of possible people. key: of the random numbers; the scorecard's unless given.

    Returns:
        For each belief one score for each plan. Of doing nothing the score is 0; of an allowed plan the mean net value
        of the less lucky people, never below the floor; of a disqualified one the scorecard's fixed value.

    Assumes: the scorecard judges by this package's own model; see the study's README for what that means.
    """
    rules, goals, case = study.rules, member.case.goals, member.case
    stand_in = no_plan(member, study)
    actual = [stand_in if plan is None else plan for plan in plans]
    reasons = {plan.sha256: forbidden(plan, member, study) for plan in actual}
    runnable = {plan.sha256: plan for plan in actual if plan.sessions and not reasons[plan.sha256]}
    table = []
    for belief in beliefs:
        scored: dict[str, Scored] = {}
        if runnable:
            courses = simulate_many(
                list(runnable.values()), case.person, case.assessment, belief, key=rules.key if key is None else key
            )
            for (sha, plan), course in zip(runnable.items(), courses, strict=True):
                broken = _broken(course, plan, goals, rules)
                scored[sha] = _disqualified(plan, broken, rules) if broken else _scored(course, plan, goals, rules)
        row = []
        for given, plan in zip(plans, actual, strict=True):
            if reasons[plan.sha256]:
                row.append(_disqualified(plan, reasons[plan.sha256], rules))
            elif plan.sessions:
                row.append(scored[plan.sha256])
            else:
                row.append(_nothing(plan, given is not None, belief.members.size))
        table.append(row)
    return table


def _scored(course: Course, plan: Plan, goals: Goals, rules: Rules) -> Scored:
    parts = _parts(course, plan, goals, rules)
    score = max(float(less_lucky(parts.value, rules.unlucky_share)), rules.floor_score)
    lowest = np.argsort(parts.value, kind="stable")[: max(1, int(np.ceil(rules.unlucky_share * parts.value.size)))]
    return Scored(
        plan=plan.label,
        status="scored",
        because=(),
        value=parts.value,
        score=score,
        gain=float(parts.gain[lowest].mean()),
        redness_d=float(parts.redness_d[lowest].mean()),
        harm=float(parts.harm[lowest].mean()),
        visits=len(visit_days(plan)),
    )


def no_plan(member: Member, study: Study) -> Plan:
    """Doing nothing with this person."""
    case = member.case
    return no_treatment(case.person, case.assessment, member.clearance, study.knowledge)


# ---------------------------------------------------------------- possible people


def held_out(study: Study, members: int | None = None) -> Belief:
    """The ensemble that plans are judged on."""
    return Belief.prior(study.knowledge, members=members or study.rules.members_count)


def readings(study: Study, members: int | None = None) -> dict[str, Belief]:
    """The same people under every other reading of the evidence, by the name of the parameter set."""
    count = members or study.rules.members_count
    return {
        one.id: Belief.prior(study.knowledge, members=count, parameter_set=one.id)
        for one in study.knowledge.parameter_sets
    }


def doubts(study: Study) -> Belief:
    """Several readings of everything that research has not settled, each met by the same number of people.

    The values of a plan under it are float64[reading x person]: the people of one reading lie side by side.
    """
    rules = study.rules
    people = rules.doubt_members_count
    return Belief.prior(study.knowledge, members=rules.doubts_count * people).nested(people)
