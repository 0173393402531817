"""The course of one chart: the approval in force, its records, what comes next, and what is due."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from math import ceil
from typing import NamedTuple

from needling.documents import Approval, Assessment, SessionRecord
from needling.knowledge import Knowledge
from needling.learning.continuing import restated
from needling.learning.scored import began_on, earliest_on
from needling.simulation.metrics import quantile_at
from needling.web.charts.models import Chart, Kind, Row
from needling.web.charts.records import latest, read

SESSION, CHECK, JUDGE = "session", "check", "judge"
"""What can be due: a session without a record, a look or a question after one, and the reading that is judged."""


@dataclass(frozen=True)
class Course:
    """An approval and what was recorded of it.

    ``rows`` holds the rows of the records in force by session. ``records`` has also those that an approval before it
    took over: sessions that were done before the plan was adapted.
    """

    row: Row
    approval: Approval
    rows: dict[int, Row]
    records: tuple[SessionRecord, ...]
    looks: tuple[Assessment, ...]

    @property
    def sha256(self) -> str:
        """What records refer to."""
        return self.row.sha256

    @property
    def recorded(self) -> dict[int, SessionRecord]:
        """Records by session."""
        return {record.session: record for record in self.records}

    @property
    def earliest_on(self) -> date:
        """Nothing of this course was done before this day."""
        return earliest_on(self.approval)

    @property
    def next_session(self) -> int | None:
        """The first session without a record; None when there is none left."""
        known = self.recorded
        return next((number for number in range(len(self.approval.plan.sessions)) if number not in known), None)

    def expected_on(self, session: int) -> date:
        """The day on which a session is due: from the day on which the course really began, later by as much as the
        last session was late.
        """
        done = [record for record in self.records if record.strokes and record.session < session]
        return self.moved(self.approval.plan.sessions[session].day_d, done)

    def moved(self, day_d: float, done: Sequence[SessionRecord]) -> date:
        """When a day of the plan comes, after what was done."""
        plan, began = self.approval.plan, began_on(self.approval, done)
        late = 0.0
        if done:
            last = max(done, key=lambda record: record.session)
            late = max((last.on - began).days - plan.sessions[last.session].day_d, 0.0)
        return began + timedelta(days=int(day_d + late))

    def ready_on(self, session: int, kb: Knowledge) -> date | None:
        """The day from which most people are ready for a session; None for the first of its zones."""
        plan, forecast = self.approval.plan, self.approval.forecast
        day = plan.sessions[session].day_d
        before = [
            record.on
            for record in self.records
            if record.strokes and record.session != session and plan.sessions[record.session].day_d < day
        ]
        if not before or not forecast.ready_d:
            return None
        share = kb.parameter("choosing-ready-quantile").quantity.median
        return max(before) + timedelta(days=ceil(float(quantile_at(forecast.levels_share, forecast.ready_d, share))))


def course_of(chart: Chart) -> Course | None:
    """The course in force; None before anything was approved."""
    found = latest(chart, Approval)
    if found is None:
        return None
    row, approval = found
    rows = list(chart.rows.filter(kind=Kind.RECORD, superseded_by=None).order_by("at"))
    told = [(one, read(one, SessionRecord)) for one in rows]
    own = {record.session: (one, record) for one, record in told if record.approval == row.sha256}
    earlier = [record for _, record in told if record.approval != row.sha256]
    taken_over = [record for record in _taken_over(earlier, approval) if record.session not in own]
    looks = [read(one, Assessment) for one in chart.rows.filter(kind=Kind.ASSESSMENT, superseded_by=None)]
    first = approval.forecast.assessment.on
    return Course(
        row=row,
        approval=approval,
        rows={session: one for session, (one, _) in own.items()},
        records=(*taken_over, *(record for _, record in own.values())),
        looks=tuple(sorted((one for one in looks if one.on > first), key=lambda one: one.on)),
    )


def _taken_over(earlier: Sequence[SessionRecord], approval: Approval) -> Iterable[SessionRecord]:
    """Records under an approval before, as records under this one."""
    done = sorted((record for record in earlier if record.strokes), key=lambda record: record.on)
    return restated(done[: len(approval.plan.sessions)], approval)


# ---------------------------------------------------------------- what is due


class DueThing(NamedTuple):
    """One thing to do, its day, the session it belongs to, and what it is in words."""

    on: date
    kind: str
    session: int
    says: str


def due_of(course: Course, kb: Knowledge) -> tuple[DueThing, ...]:
    """Everything of a course that is still to be done, the earliest first.

    A check after a session is over once somebody looked, asked or treated on its day or later; the day for judging
    only with an assessment. Days move with sessions that came late. Sessions that were not done need no checks.
    """
    plan, known = course.approval.plan, course.recorded
    looked = [one.on for one in course.looks]
    done = {session: record for session, record in known.items() if record.strokes}
    seen = [*looked, *(record.on for record in done.values())]
    seen += [record.on + timedelta(days=int(record.asked_until_d or 0)) for record in done.values()]
    found: list[DueThing] = []
    upcoming = course.next_session
    if upcoming is not None:
        found.append(
            DueThing(course.expected_on(upcoming), SESSION, upcoming, f"Session {upcoming + 1}: no record yet")
        )
    readings = {rule.says for rule in kb.follow_ups if rule.after_sessions_count is not None}
    own_type = course.approval.forecast.person.phototype
    of_others = {
        rule.says for rule in kb.follow_ups if rule.phototypes and own_type and own_type not in rule.phototypes
    }
    for check in plan.follow_ups:
        if check.what in of_others:  # a plan that was made before the schedule told people apart
            continue
        before = [number for number, one in enumerate(plan.sessions) if one.day_d <= check.day_d]
        own = before[-1] if before else 0
        after_d = check.day_d - plan.sessions[own].day_d
        if check.what in readings and after_d <= 0:
            last = max((record.on for session, record in done.items() if session < own), default=None)
            if last is not None and own == upcoming and not any(day >= last for day in looked):
                found.append(DueThing(course.expected_on(own), CHECK, own, check.what))
        elif own in done and after_d > 0:
            on = done[own].on + timedelta(days=int(after_d))
            if not any(day >= on for day in seen):
                found.append(DueThing(on, CHECK, own, check.what))
    if done:
        found += _judging(course, looked, done)
    return tuple(sorted(set(found)))


def _judging(course: Course, looked: Sequence[date], done: dict[int, SessionRecord]) -> Iterable[DueThing]:
    last = max(done)
    for outcome in course.approval.forecast.outcomes:
        on = course.moved(outcome.judge_day_d, tuple(done.values()))
        if outcome.scale != "none" and not any(day >= on for day in looked):
            yield DueThing(on, JUDGE, last, f"Fair to judge: read {outcome.scale_label} again")
