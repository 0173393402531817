"""How a course that has begun may go on: fewer or later sessions, milder ones, or none. What was done stays."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import timedelta
from itertools import groupby, pairwise
from math import ceil
from typing import NamedTuple

from needling.documents import Approval, Assessment, Clearance, Plan, Session, SessionRecord, Stroke
from needling.knowledge import Knowledge
from needling.knowledge.schema import Protocol
from needling.learning.scored import delivered_plan
from needling.planning.assemble import follow_ups_of
from needling.planning.envelope import BLEEDING, Breach, breaches, days_label
from needling.units import UNITS

AS_PLANNED = "as planned"
STOP = "stop now"


class Continuation(NamedTuple):
    """One way to go on.

    Args:
        plan: the sessions that were done, then those to come. ahead: how many come. said: what is different, in words.
        gap_d: shortest time before one of those that come. milder: whether every one of them is milder than before.
    """

    plan: Plan
    ahead: int
    said: str
    gap_d: float
    milder: bool


class Begun(NamedTuple):
    """A course that has begun.

    Args:
        plan: the approved one. done: what was done, as sessions. left: visits that were planned and neither done nor
            given up, each with its sessions. gaps_d: planned time before each of them.
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
    done = delivered_plan(approval, records).sessions
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
    return Begun(approval.plan, done, tuple(left), tuple(gaps))


class _Way(NamedTuple):
    """A change of the sessions to come: in words, and how each stroke is changed."""

    said: str
    length_mm: float | None = None
    passes_count: int | None = None


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
    found = [_continuation(course, (), clearance, kb, STOP, milder=False)]
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
                one = _continuation(course, ahead, clearance, kb, said, milder=way.said != "")
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


def _passes(count: int) -> str:
    return "1 pass" if count == 1 else f"{count} passes"


def _changed(session: Session, day: float, way: _Way, going: set[str], from_mm: float | None) -> Session | None:
    """A session to come on its day, milder where asked, on the zones that may go; None when none may."""
    strokes = tuple(_milder(stroke, way) for stroke in session.strokes if stroke.zone in going)
    if not strokes:
        return None
    too_short = from_mm is not None and any(stroke.needle_length_mm < from_mm for stroke in strokes)
    endpoint = "erythema" if session.endpoint in BLEEDING and too_short else session.endpoint
    return session.model_copy(update={"day_d": day, "strokes": strokes, "endpoint": endpoint})


def _milder(stroke: Stroke, way: _Way) -> Stroke:
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
    course: Begun, ahead: Sequence[Session], clearance: Clearance, kb: Knowledge, said: str, *, milder: bool
) -> Continuation:
    """The plan of one way to go on, under today's clearance."""
    sessions = (*course.done, *ahead)
    days = sorted({session.day_d for session in ahead})
    line = [day for day in (course.last_d, *days) if day is not None]
    plan = course.plan.model_copy(
        update={
            "label": f"{course.plan.label}, going on: {said}",
            "sessions": sessions,
            "follow_ups": follow_ups_of(sessions, kb),
            "clearance_sha256": clearance.sha256,
            "knowledge_version": kb.version,
            "knowledge_sha256": kb.sha256,
        }
    )
    gap = min((after - before for before, after in pairwise(line)), default=float("inf"))
    return Continuation(plan, len(days), said, gap, milder)


def restated(records: Sequence[SessionRecord], approval: Approval) -> tuple[SessionRecord, ...]:
    """Records of a course as records under its new approval: what was done comes first there, in the order it was done.

    Args:
        records: under the earlier approval. approval: of an adapted plan.
    """
    done = sorted((record for record in records if record.strokes), key=lambda record: record.on)
    start = approval.plan.start
    return tuple(
        record.model_copy(update={"approval": approval.sha256, "session": place})
        for place, record in enumerate(done)
        if start + timedelta(days=approval.plan.sessions[place].day_d) == record.on
    )
