"""How a course that has begun may go on: fewer or later sessions, milder ones, or none. What was done stays."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from itertools import groupby, pairwise
from math import ceil, isclose
from typing import NamedTuple

from needling.documents import Approval, Assessment, Clearance, FollowUp, Plan, Session, SessionRecord, Stroke
from needling.errors import BadInput
from needling.knowledge import Knowledge
from needling.knowledge.schema import Protocol
from needling.learning.scored import began_on, check_records, delivered_plan
from needling.planning.assemble import follow_ups_of
from needling.planning.envelope import BLEEDING, Breach, breaches, days_label
from needling.simulation.bind import planned_density_per_cm2
from needling.units import UNITS

AS_PLANNED = "as planned"
STOP = "stop now"


class Continuation(NamedTuple):
    """One way to go on.

    Args:
        plan: the sessions that were done, then those to come. ahead: how many come. said: what is different, in words.
        gap_d: shortest time before one of those that come.
    """

    plan: Plan
    ahead: int
    said: str
    gap_d: float

    @property
    def sessions(self) -> tuple[Session, ...]:
        """Those that come."""
        visits = sorted({session.day_d for session in self.plan.sessions})[-self.ahead :] if self.ahead else []
        return tuple(session for session in self.plan.sessions if session.day_d in visits)


class Begun(NamedTuple):
    """A course that has begun.

    Args:
        plan: the approved one, from the day that the course began. done: what was done, as sessions.
        left: visits that were planned and neither done nor given up, each with its sessions.
        gaps_d: planned time before each of them.
    """

    plan: Plan
    done: tuple[Session, ...]
    left: tuple[tuple[Session, ...], ...]
    gaps_d: tuple[float, ...]

    @property
    def last_d(self) -> float | None:
        """Day of the last session that was done."""
        return max((session.day_d for session in self.done), default=None)


def begun(approval: Approval, records: Sequence[SessionRecord]) -> Begun:
    """What was done of a plan and what is left. A session that a record says was not done is not made up for."""
    delivered = delivered_plan(approval, records)
    handled = {record.session for record in records}
    planned = sorted(enumerate(approval.plan.sessions), key=lambda one: one[1].day_d)
    left, gaps = [], []
    before: float | None = None
    for day, visit in groupby(planned, key=lambda one: one[1].day_d):
        sessions = tuple(session for place, session in visit if place not in handled)
        if sessions:
            left.append(sessions)
            gaps.append(0.0 if before is None else day - before)
        before = day
    plan = approval.plan.model_copy(update={"start": delivered.start})
    return Begun(plan, delivered.sessions, tuple(left), tuple(gaps))


class _Way(NamedTuple):
    """A change of the sessions to come: in words, and how each stroke is changed; ``steps`` by device and stroke."""

    said: str
    length_mm: float | None = None
    passes_count: int | None = None
    steps: Mapping[tuple[str, Stroke], Stroke] | None = None


def continuations(
    course: Begun,
    today_d: float,
    clearance: Clearance,
    assessment: Assessment,
    kb: Knowledge,
    *,
    ready_d: float,
) -> tuple[list[Continuation], list[str]]:
    """Every way to go on that lies inside the envelope today, "stop now" first; and why others do not.

    Args:
        course: done and left. today_d: day of the latest assessment after the start. clearance, assessment: of today.
        ready_d: days after a session until the skin is ready, which a longer interval reaches.

    Returns:
        The ways, and in words what stands against the others.
    """
    found = [_continuation(course, (), clearance, kb, STOP)]
    already = Counter(breaches(found[0].plan, clearance, kb))
    refused: list[str] = []
    seen = {_signature(found[0].plan)}
    going = {zone.zone for zone in clearance.zones if zone.verdict == "go"}
    protocols = _protocols(assessment, kb)
    from_mm = kb.envelope(course.plan.envelope).bleeding_from_mm
    for visits in _counts(course, protocols):
        for gap, gap_said in _gaps(course, protocols, ready_d):
            for way in _ways(visits, protocols, kb):
                days = _days(course, today_d, len(visits), gap)
                ahead = [
                    changed
                    for day, visit in zip(days, visits, strict=True)
                    for session in visit
                    if (changed := _changed(session, day, way, going, from_mm)) is not None
                ]
                said = _said(course, len(visits), gap_said, way)
                one = _continuation(course, ahead, clearance, kb, said)
                if not ahead or _signature(one.plan) in seen:
                    continue
                seen.add(_signature(one.plan))
                beyond = Counter(breaches(one.plan, clearance, kb)) - already
                if beyond:
                    refused.append(f"{said}: {_breach_words(next(iter(beyond)))}")
                else:
                    found.append(one)
    return found, refused


def _breach_words(breach: Breach) -> str:
    return f"{breach.what}, allowed {breach.allowed} ({breach.because})"


def _signature(plan: Plan) -> tuple[Session, ...]:
    return plan.sessions


def _protocols(assessment: Assessment, kb: Knowledge) -> list[Protocol]:
    """What the concerns' protocols of this setting say."""
    return [
        protocol
        for finding in assessment.zones
        for protocol in kb.planned_indication(finding.concern, assessment.setting).protocols
        if protocol.setting == assessment.setting and kb.site(finding.zone).id in protocol.sites
    ]


def _counts(course: Begun, protocols: Sequence[Protocol]) -> Iterator[tuple[tuple[Session, ...], ...]]:
    """The visits left, all of them, fewer, and one more where a protocol has as many."""
    for count in range(1, len(course.left) + 1):
        yield course.left[:count]
    visits = len({session.day_d for session in course.done}) + len(course.left)
    most = max((max(protocol.sessions_count) for protocol in protocols), default=0)
    if course.left and visits < most:
        yield (*course.left, course.left[-1])


def _gaps(course: Begun, protocols: Sequence[Protocol], ready_d: float) -> Iterator[tuple[float | None, str]]:
    """No change of the planned intervals, those of the protocols, and the one that the skin asks for."""
    yield None, ""
    week = UNITS["wk"].si_factor / UNITS["d"].si_factor
    for gap in sorted({*(interval for one in protocols for interval in one.intervals_d), week * ceil(ready_d / week)}):
        if gap > 0 and any(gap != planned for planned in course.gaps_d if planned):
            yield gap, f"every {days_label(gap)}"


def _days(course: Begun, today_d: float, count: int, gap: float | None) -> list[float]:
    """Days of the visits to come: none before today, each its interval after the one before."""
    days: list[float] = []
    before = course.last_d
    usual = next((planned for planned in reversed(course.gaps_d) if planned), 0.0)
    for visit in range(count):
        planned = course.gaps_d[visit] if visit < len(course.gaps_d) else usual
        apart = gap if gap is not None else planned
        earliest = today_d if before is None else before + apart
        days.append(float(max(earliest, today_d)))
        before = days[-1]
    return days


def _ways(visits: Sequence[Sequence[Session]], protocols: Sequence[Protocol], kb: Knowledge) -> Iterator[_Way]:
    """The sessions as planned, with the next shorter needle, and with the next fewer passes."""
    yield _Way("")
    strokes = [(session, stroke) for visit in visits for session in visit for stroke in session.strokes]
    longest = max((stroke.needle_length_mm for _, stroke in strokes), default=0.0)
    lengths = {length for protocol in protocols for length in protocol.lengths_mm}
    sold = {length for session, _ in strokes for length in kb.device(session.device).lengths_mm}
    shorter = max((length for length in lengths & sold if length < longest), default=None)
    if shorter is not None:
        yield _Way(f"needles of {shorter:g} mm at most", length_mm=shorter)
    most = max((stroke.passes_count for _, stroke in strokes), default=0)
    counts = {count for protocol in protocols for count in (*protocol.passes_count, *protocol.pen_passes_count)}
    fewer = max((count for count in counts if count < most), default=None)
    if fewer is not None:
        yield _Way(f"at most {_passes(fewer)} in each direction", passes_count=fewer)
    if shorter is not None and fewer is not None:
        yield _Way(f"needles of {shorter:g} mm at most and {_passes(fewer)}", length_mm=shorter, passes_count=fewer)
    if len({(stroke.needle_length_mm, stroke.passes_count) for _, stroke in strokes}) > 1:
        steps = {
            (session.device, stroke): _step(stroke, lengths & set(kb.device(session.device).lengths_mm), counts)
            for session, stroke in strokes
        }
        yield _Way("each zone with the next shorter needle, or with fewer passes", steps=steps)


def _step(stroke: Stroke, lengths: set[float], counts: set[int]) -> Stroke:
    """The next shorter needle; where there is none, the next fewer passes; where there is neither, as it is."""
    shorter = max((length for length in lengths if length < stroke.needle_length_mm), default=None)
    if shorter is not None:
        return stroke.model_copy(update={"needle_length_mm": shorter})
    fewer = max((count for count in counts if count < stroke.passes_count), default=stroke.passes_count)
    return stroke.model_copy(update={"passes_count": fewer})


def _passes(count: int) -> str:
    return "1 pass" if count == 1 else f"{count} passes"


def _changed(session: Session, day: float, way: _Way, going: set[str], from_mm: float | None) -> Session | None:
    """A session to come on its day, milder where asked, on the zones that may go; None when none may."""
    strokes = tuple(_milder(session.device, stroke, way) for stroke in session.strokes if stroke.zone in going)
    if not strokes:
        return None
    too_short = from_mm is not None and any(stroke.needle_length_mm < from_mm for stroke in strokes)
    endpoint = "erythema" if session.endpoint in BLEEDING and too_short else session.endpoint
    return session.model_copy(update={"day_d": day, "strokes": strokes, "endpoint": endpoint})


def _milder(device: str, stroke: Stroke, way: _Way) -> Stroke:
    if way.steps is not None:
        return way.steps[device, stroke]
    change: dict[str, float | int] = {}
    if way.length_mm is not None:
        change["needle_length_mm"] = min(stroke.needle_length_mm, way.length_mm)
    if way.passes_count is not None:
        change["passes_count"] = min(stroke.passes_count, way.passes_count)
    return stroke.model_copy(update=change)


def _said(course: Begun, count: int, gap: str, way: _Way) -> str:
    """What is different, in words; "as planned" when nothing is."""
    planned = len(course.left)
    parts = []
    if count != planned:
        parts.append(f"{count} more {'session' if count == 1 else 'sessions'} instead of {planned}")
    parts += [part for part in (gap, way.said) if part]
    return ", ".join(parts) or AS_PLANNED


def _continuation(
    course: Begun, ahead: Sequence[Session], clearance: Clearance, kb: Knowledge, said: str
) -> Continuation:
    """The plan of one way to go on, under today's clearance."""
    sessions = (*course.done, *ahead)
    days = sorted({session.day_d for session in ahead})
    line = [day for day in (course.last_d, *days) if day is not None]
    plan = course.plan.model_copy(
        update={
            "label": f"{course.plan.label}, going on: {said}",
            "sessions": sessions,
            "follow_ups": _checks(sessions, course.plan, kb),
            "clearance_sha256": clearance.sha256,
            "knowledge_version": kb.version,
            "knowledge_sha256": kb.sha256,
        }
    )
    gap = min((after - before for before, after in pairwise(line)), default=float("inf"))
    return Continuation(plan, len(days), said, gap)


def _checks(sessions: tuple[Session, ...], plan: Plan, kb: Knowledge) -> tuple[FollowUp, ...]:
    """The checks of sessions; those of some skin types only where the approved plan has them."""
    approved = {check.what for check in plan.follow_ups}
    others = {rule.says for rule in kb.follow_ups if rule.phototypes} - approved
    return tuple(check for check in follow_ups_of(sessions, plan.envelope, None, kb) if check.what not in others)


# ---------------------------------------------------------------- milder


_Dose = tuple[float, float]
"""Longest needle, in mm, and holes per cm2."""


def _doses(device: str, strokes: Sequence[Stroke], kb: Knowledge) -> dict[str, _Dose]:
    """What each zone got: the longest needle and all the holes."""
    found: dict[str, _Dose] = {}
    for stroke in strokes:
        length, holes = found.get(stroke.zone, (0.0, 0.0))
        holes += planned_density_per_cm2(kb.device(device), stroke)
        found[stroke.zone] = (max(length, stroke.needle_length_mm), holes)
    return found


def is_milder(
    ahead: Sequence[Session],
    after: frozenset[int],
    approval: Approval,
    records: Sequence[SessionRecord],
    kb: Knowledge,
) -> bool:
    """Whether every session to come is milder, on every zone, than those after which something happened.

    Milder means a shorter needle or fewer holes, and neither longer nor more, than what was done and than what was
    planned then. A zone that those sessions did not treat is held against all that treated it, or was to.

    Args:
        ahead: sessions to come. after: numbers of those sessions. approval, records: of the course.
    """
    planned = approval.plan.sessions
    done = [(record.session, _doses(record.device, record.strokes, kb)) for record in records if record.strokes]
    meant = [(place, _doses(session.device, session.strokes, kb)) for place, session in enumerate(planned)]
    for session in ahead:
        for zone, dose in _doses(session.device, session.strokes, kb).items():
            told = [doses[zone] for place, doses in (*done, *meant) if place in after and zone in doses]
            told = told or [doses[zone] for _, doses in done if zone in doses]
            told = told or [doses[zone] for _, doses in meant if zone in doses]
            if not all(_below(dose, before) for before in told):
                return False
    return True


def _below(dose: _Dose, before: _Dose) -> bool:
    """Whether one dose is less than another in needle or holes, and more in neither."""
    length, holes = (_order(one, other) for one, other in zip(dose, before, strict=True))
    return max(length, holes) <= 0 and min(length, holes) < 0


def _order(one: float, other: float) -> int:
    if isclose(one, other, rel_tol=1e-9):  # numerical: equal but for the last digits
        return 0
    return -1 if one < other else 1


# ---------------------------------------------------------------- records of the plans before


def restated(records: Sequence[SessionRecord], approval: Approval) -> tuple[SessionRecord, ...]:
    """Records of a course as records under its new approval, where what was done stands first.

    Sessions that were not done keep their reasons; they are numbered behind the last session of the plan, since the new
    plan has none for them. A record of a session that the new plan does not hold is left out; :func:`taken_over`
    refuses it.

    Args:
        records: under earlier approvals. approval: of an adapted plan.
    """
    start, planned = approval.plan.start, approval.plan.sessions
    sha256 = approval.sha256
    free = list(range(len(planned)))
    found: list[SessionRecord] = []
    behind = len(planned)
    for record in sorted(records, key=lambda record: (record.on, record.session)):
        if not record.strokes:
            place: int | None = behind
            behind += 1
        else:
            place = next(
                (
                    number
                    for number in free
                    if start + timedelta(days=planned[number].day_d) == record.on
                    and (planned[number].device, planned[number].strokes) == (record.device, record.strokes)
                ),
                None,
            )
        if place is None:
            continue
        if place in free:
            free.remove(place)
        found.append(record.model_copy(update={"approval": sha256, "session": place}))
    return tuple(found)


def taken_over(
    records: Sequence[SessionRecord], approval: Approval, earlier: Sequence[Approval]
) -> tuple[SessionRecord, ...]:
    """All records of a course under the approval in force: its own, and those of the approvals before it.

    Raises:
        BadInput: an earlier approval of another person or start; a record that an earlier plan cannot hold; a session
            that was done under an earlier approval and is not in the plan in force.
    """
    before: list[SessionRecord] = []
    for old in earlier:
        own = [record for record in records if record.approval == old.sha256]
        if old.plan.person != approval.plan.person or approval.plan.start not in (old.plan.start, began_on(old, own)):
            raise BadInput(
                f"the earlier approval {old.sha256[:12]} is of '{old.plan.person}' from {old.plan.start}, the one in "
                f"force of '{approval.plan.person}' from {approval.plan.start}; they are not one course"
            )
        check_records(old, own)
        before += own
    names = {old.sha256 for old in earlier}
    rest = [record for record in records if record.approval not in names]
    old_ones = restated(before, approval)
    kept = {(record.on, record.strokes) for record in old_ones}
    lost = [record for record in before if (record.on, record.strokes) not in kept]
    if lost:
        raise BadInput(
            f"session {lost[0].session} of {lost[0].on} was recorded under the earlier approval "
            f"{lost[0].approval[:12]}, and the plan in force does not hold it as done; adapt that approval with its "
            "record, and approve the answer"
        )
    return (*old_ones, *rest)
