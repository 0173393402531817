"""The course adapts: after some sessions, what the follow-ups teach decides about those to come.

Screening comes first and anew, then the marks that needling has left, then the forecast of every way to go on. The
answer is a proposal. It is a new plan, to be approved again, and nothing changes by itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from needling.choosing.candidates import Candidate, best, pool_of
from needling.choosing.judging import Weighing, careful, gain_errors
from needling.documents import (
    Approval,
    Assessment,
    Choice,
    Clearance,
    Goals,
    Person,
    Plan,
    Reason,
    SessionRecord,
)
from needling.errors import BadInput, NotAllowed
from needling.knowledge import Knowledge
from needling.learning.alarms import too_much_held, untold_held
from needling.learning.continuing import AS_PLANNED, Continuation, begun, continuations, is_milder, taken_over
from needling.learning.held import stand
from needling.learning.person import EXPECTED_REACTION, delivered_models, longest_redness, recalibrate
from needling.learning.scored import delivered_plan, problem_of_followup, readings_of
from needling.learning.standing import again_rule
from needling.simulation import Belief, Course, CourseResult, forecast, simulate, simulate_many
from needling.simulation.recalibrate import Report
from needling.units import from_si

Kind = Literal["go-on", "change", "stop", "pause", "ask"]

_BAND_HIGH = 0.9  # numerical: the upper end of what nine of ten people have


@dataclass(frozen=True)
class Adapted:
    """A proposal for the rest of a course.

    Args:
        kind: "go-on" as planned, "change", "stop", "pause" until something has passed, or "ask" before anything.
        plan: the sessions that were done and those proposed, to be approved again; None for "pause" and "ask", and
            when the course is complete.
        choice: the plan with its forecast and every way that was compared; None where none was.
        clearance, assessment: of today; the assessment holds today's answers and the scores of the first visit, where
            the course began. Approving needs both.
        reasons: why, each with its sources or labelled a proposal.
        learned: how much is data and how much prior; None when there was nothing to learn from.
        belief: after the readings.
    """

    kind: Kind
    plan: Plan | None
    choice: Choice | None
    clearance: Clearance
    assessment: Assessment
    reasons: tuple[Reason, ...]
    learned: Report | None
    belief: Belief

    @property
    def changed(self) -> bool:
        """Whether anything but going on as planned is proposed."""
        return self.kind != "go-on"


def adapt(
    approval: Approval,
    records: Sequence[SessionRecord],
    followups: Sequence[Assessment],
    belief: Belief,
    kb: Knowledge,
    *,
    goals: Goals | None = None,
    person: Person | None = None,
    earlier: Sequence[Approval] = (),
) -> Adapted:
    """How should this course go on?

    Args:
        approval: the plan and forecast in force. records: what was done, with redness and events.
        followups: all later assessments; the latest says how things are today, and must speak of every zone treated.
        belief: the one that made the forecast, or one that has learned since.
        kb: rules, envelopes, protocols. goals: weights and wishes. person: with answers given on the day of the latest
            follow-up; without it nothing about the person is known of that day but what the follow-up says.
        earlier: approvals of this course that the one in force replaced; records may belong to any of them.

    Returns:
        A proposal. The newest answer to each question counts, from the first visit and all follow-ups: an alarm stands
        until a later answer clears it, and what can change between sessions is not known unless the latest follow-up
        says it. An unwanted event that no later answer has cleared, a mark that is still there, and what screening does
        not clear are a pause; what is not known is a question, and so are a session that was more than planned, one
        without a record, and a look that is no later than the last session. After a mark only milder sessions follow,
        and none more. Redness beyond the forecast's 90 % is learned from, and sessions wait until the skin of nine of
        ten such people is ready. Then every way to go on inside the envelope is simulated with what was done as it was,
        on the people who agree with the readings. The best is proposed, if it is better than stopping by more than can
        be told, and than the plan in force by more than would be noticed.

    Raises:
        BadInput: no follow-up, one of another person, or one that does not speak of a zone of the course; records of
            another approval; a belief that was fitted to this very course.
        NotAllowed: no way to go on has a forecast.
    """
    if not followups:
        raise BadInput("without a follow-up nothing is known of today; give an assessment made after the sessions")
    for followup in followups:
        if problem := problem_of_followup(followup, approval):
            raise BadInput(problem)
    _not_taught_by(belief, (approval, *earlier))
    records = taken_over(records, approval, earlier)
    course = begun(approval, records)
    latest = max(followups, key=lambda one: one.on)
    now = stand(approval, records, followups, kb, person=person)
    zones, answers, who, today, clearance, marks = (
        now.zones, now.answers, now.person, now.today, now.clearance, now.marks
    )  # fmt: skip
    learned, report = _learned(belief, approval, records, followups)
    reasons = [_asked_again(kb)]
    if report is not None:
        reasons.append(Reason(what="This person's readings", why=report.words, proposal=True))

    def answer(kind: Kind, more: Sequence[Reason], plan: Plan | None = None, choice: Choice | None = None) -> Adapted:
        return Adapted(kind, plan, choice, clearance, today, (*more, *reasons), report, learned)

    stops, asks = [*now.held, *now.barred], list(now.asks)
    if stops:
        return answer("pause", [*stops, *asks])
    if not course.left and not asks:
        done = Reason(
            what="The course is complete", why="Every session was done or given up; nothing is left to adapt."
        )
        return answer("go-on", [done])
    asks += [one.reason for one in too_much_held(approval, records, answers, zones, kb)]
    asks += [one.reason for one in untold_held(approval, records, latest.on)]
    asks += [
        Reason(
            what=f"Not known{f' of {question.zone}' if question.zone else ''}: {question.ask}",
            why=f"It decides ({', '.join(question.rules)}).",
        )
        for question in clearance.asks
    ]
    if asks:
        return answer("ask", asks)
    slow = _slow_healing(approval, records, kb)
    ready_d = _ready_d(approval, learned, records, slow, kb)
    ways, refused = continuations(
        course, max(float((latest.on - course.plan.start).days), 0.0), clearance, today, kb, ready_d=ready_d
    )
    if marks is not None:
        reasons.append(marks.reason)
        planned_gap = min((gap for gap in course.gaps_d if gap), default=0.0)
        ways = [
            way
            for way in ways
            if way.ahead <= len(course.left)
            and (not way.ahead or way.gap_d >= planned_gap)
            and is_milder(way.sessions, marks.after, approval, records, kb)
        ]
    if slow is not None:
        reasons.append(slow.reason(ready_d, kb))
    if refused:
        reasons.append(
            Reason(what=f"{len(refused)} ways to go on lie outside today's envelope", why=refused[0], proposal=False)
        )
    frozen = approval.forecast
    courses = simulate_many(
        [way.plan for way in ways], who, today, learned, key=frozen.key, models=delivered_models(approval)
    )
    told = (marks and marks.reason, slow and slow.reason(ready_d, kb))
    bound = "; ".join(one.what for one in told if one)
    found = _compared(ways, courses, goals or Goals(), kb, ready_d=ready_d, bound=bound or "today's envelope")
    return answer(found.kind, found.reasons, found.choice.plan, found.choice)


# ---------------------------------------------------------------- what is known today


def _not_taught_by(belief: Belief, approvals: Sequence[Approval]) -> None:
    """Raises BadInput where a fit to many people has counted this person: these readings would count twice."""
    if belief.told is None:
        return
    for approval in approvals:
        if approval.sha256 in belief.told.approvals or approval.plan.person in belief.told.people:
            raise BadInput(
                f"what many people taught was fitted to this person too (approval {approval.sha256[:12]} of "
                f"'{approval.plan.person}'), so the same readings would count twice; fit again without them, or adapt "
                "without that fit"
            )


def _learned(
    belief: Belief, approval: Approval, records: Sequence[SessionRecord], followups: Sequence[Assessment]
) -> tuple[Belief, Report | None]:
    """The belief after the readings; as it is where there are none, or none that are new."""
    known = () if belief.pool is None else belief.pool.readings
    readings, _ = readings_of(approval, followups)
    redness = longest_redness(records, belief.knowledge)
    if not readings and redness is None:
        return belief, None
    try:
        return recalibrate(belief, approval, records, followups)
    except BadInput:
        if not known:
            raise
        return belief, None  # all of it was learned before


def _asked_again(kb: Knowledge) -> Reason:
    """That the questions are asked again before each session."""
    check = again_rule(kb)
    return Reason(what="Before the next session", why=check.says, sources=check.sources, proposal=check.proposal)


@dataclass(frozen=True)
class _Slow:
    """Redness that lasted longer than the forecast's 90 %."""

    session: int
    days_d: float
    expected_d: float

    def reason(self, ready_d: float, kb: Knowledge) -> Reason:
        """What was told, what was expected, and how long sessions wait now."""
        usual = next(event for event in kb.adverse_events if event.ref == EXPECTED_REACTION)
        return Reason(
            what=f"Slow healing: redness for {self.days_d:g} days after session {self.session + 1}, the forecast had "
            f"nine of ten people below {self.expected_d:.1f} days",
            why=f"Sessions wait at least {ready_d:.0f} days, until nine of ten people who heal like this are ready. "
            f"{usual.manage}",
            sources=usual.sources,
            proposal=True,
        )


def _slow_healing(approval: Approval, records: Sequence[SessionRecord], kb: Knowledge) -> _Slow | None:
    told = longest_redness(records, kb)
    frozen = approval.forecast
    if told is None or not frozen.redness_d:
        return None
    expected = float(np.interp(_BAND_HIGH, frozen.levels_share, frozen.redness_d))
    if told.days_d <= expected:
        return None
    return _Slow(told.session, told.days_d, expected)


def _ready_d(
    approval: Approval, belief: Belief, records: Sequence[SessionRecord], slow: _Slow | None, kb: Knowledge
) -> float:
    """Days after a session until nine of ten of the people who agree with the readings are ready for the next.

    Where healing was slower than any possible person's, the redness that was told is added to what follows redness.
    """
    frozen = approval.forecast
    delivered = delivered_plan(approval, records)
    if not delivered.sessions:
        return 0.0
    course = simulate(
        delivered, frozen.person, frozen.assessment, belief, key=frozen.key, models=delivered_models(approval)
    )
    share = kb.parameter("choosing-ready-quantile").quantity.median
    ready = from_si(float(np.quantile(course.ready_time, share)), "d")
    if slow is None:
        return ready
    red = from_si(float(np.quantile(course.redness_time, share)), "d")
    return max(ready, ready + slow.days_d - red)


# ---------------------------------------------------------------- the ways to go on


@dataclass(frozen=True)
class _Compared:
    """The way that was chosen among all, and why."""

    kind: Kind
    choice: Choice
    reasons: tuple[Reason, ...]


def _compared(
    ways: Sequence[Continuation],
    courses: Sequence[Course],
    goals: Goals,
    kb: Knowledge,
    *,
    ready_d: float,
    bound: str,
) -> _Compared:
    """The way to go on: stopping unless more is worth it, the plan in force unless another is better.

    All ways are judged on one day, that of the longest, so that a short course is not blamed for the gain that it has
    not yet shown. What was done is in all of them and cancels; the scorecards hold what each adds to it.

    Args:
        ways: "stop now" first. courses: of each. ready_d: time that a session must wait. bound: what narrowed the ways.
    """
    weighing = Weighing.of(goals, kb)
    late = np.max([course.judge_time for course in courses], axis=0)
    judged = [replace(course, judge_time=late) for course in courses]
    pool = pool_of([way.plan for way in ways], judged, goals, weighing)
    stop = _beside(pool.candidates[0], pool.candidates[0], weighing)
    if ways[0].ahead or stop.course.result is not CourseResult.OK:
        raise NotAllowed("what was done so far has no forecast, so no way to go on can be compared with stopping")
    kept = [(ways[0], stop)]
    for place, (way, one) in enumerate(zip(ways[1:], pool.candidates[1:], strict=True), start=1):
        fits = bool(pool.judged.without("readiness")[place]) and way.gap_d >= ready_d
        if fits and one.course.result is CourseResult.OK:
            kept.append((way, _beside(one, pool.candidates[0], weighing)))
    first = best([one for _, one in kept])
    way_of = {id(one): way for way, one in kept}
    planned = next((one for way, one in kept if way.said == AS_PLANNED), None)

    least = weighing.gain * kb.parameter("adapting-least-change").quantity.median

    def as_good(one: Candidate, least: float = 0.0) -> bool:
        error = gain_errors(first.found.gain, [one.found.gain], weighing, stop.course.context.belief.groups)[0]
        return bool(first.card.utility - one.card.utility <= max(weighing.gain * error, least))

    chosen = stop if as_good(stop) else planned if planned is not None and as_good(planned, least) else first
    way = way_of[id(chosen)]
    kind: Kind = "stop" if not way.ahead else "go-on" if way.said == AS_PLANNED else "change"
    others = [one for _, one in kept if one is not chosen]
    further = [one for one in others if way_of[id(one)].ahead] if chosen is stop else [chosen]
    reasons = [_worth(best(further), stop, way_of, weighing, stopped=chosen is stop)] if further else [_NOTHING_LEFT]
    if kind == "change":
        reasons.append(
            Reason(
                what=f"Proposed: {way.said}",
                why="The plan in force is no longer inside what is allowed or ready."
                if planned is None
                else f"It is worth {(first.card.utility - planned.card.utility) / weighing.gain:.2f} meaningful "
                "changes more than the plan in force, and the plan is changed for nothing that nobody would notice.",
                proposal=True,
            )
        )
    choice = Choice(
        plan=chosen.plan,
        forecast=forecast(replace(chosen.course, judge_time=courses[ways.index(way)].judge_time), chosen.plan),
        scorecards=tuple(one.card for _, one in kept),
        runner_up=best(others).card.plan if others else "there is no other way",
        binding=bound,
        because=reasons[0].why,
        goals=goals,
    )
    return _Compared(kind, choice, tuple(reasons))


def _beside(one: Candidate, stop: Candidate, weighing: Weighing) -> Candidate:
    """A way to go on with its gain counted from what stopping brings, person by person; that is what can be decided.

    The careful reading is of that further gain: most of the possible people have at least as much.
    """
    groups = one.course.context.belief.groups
    further = one.found.gain - stop.found.gain
    low = float(careful(further, groups if weighing.robust == "worst-case" else None, weighing.gain_quantile))
    card = one.card.model_copy(
        update={
            "gain": float(np.median(further)),
            "gain_low": low,
            "utility": one.card.utility + weighing.gain * (low - one.card.gain_low),
            "barred_by": "",
        }
    )
    return one._replace(card=card, found=replace(one.found, gain=further))


_NOTHING_LEFT = Reason(
    what="Stop now", why="No way to go on lies inside what is allowed and ready today.", proposal=True
)


def _worth(
    one: Candidate, stop: Candidate, way_of: dict[int, Continuation], weighing: Weighing, *, stopped: bool
) -> Reason:
    """What going on would add to stopping, and what it would cost, both in meaningful changes."""
    way = way_of[id(one)]
    low = one.card.gain_low
    cost = low - (one.card.utility - stop.card.utility) / weighing.gain if weighing.gain else float("inf")
    groups = stop.course.context.belief.groups
    error = float(gain_errors(one.found.gain, [stop.found.gain], weighing, groups)[0])
    added = (
        f"{way.said}: it would add {one.card.gain:.2f} meaningful changes to what was done, and at least {low:.2f}, "
        f"which counts, for {1 - weighing.gain_quantile:.0%} of the possible people. Visits, redness and the chance of "
        f"a mark cost as much as {cost:.2f}, and the ensemble can tell {error:.2f} apart"
    )
    if stopped:
        return Reason(
            what="Stop now: going on is not worth its cost", why=f"The best way to go on is {added}.", proposal=True
        )
    return Reason(what="Going on is worth it", why=f"{added[0].upper()}{added[1:]}.", proposal=True)
