"""What stands against the next session: unwanted events, marks, too much delivered, and what nobody told."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from math import ceil
from typing import Literal, NamedTuple

from needling.documents import OTHER_HARM, Approval, Citation, Event, Reason, SessionRecord
from needling.knowledge import Knowledge
from needling.knowledge.schema import AdverseEvent
from needling.learning.delivered import deliveries_of
from needling.learning.standing import Answers
from needling.learning.unwanted import serious_from
from needling.simulation.bind import ENDPOINTS
from needling.units import to_si

MARKS_FACT = "marks_after_needling"
"""The question by which marks that needling left are told; harms that it clears are marks."""
_MARKS_RULE = "marks-after-needling"
TROUBLE = "trouble_after_needling"
"""What clears an event that the knowledge does not list."""
_AFTER_TOO_MUCH = (TROUBLE, "rash_or_wound")
_FLOODED = "confluent"


class Held(NamedTuple):
    """Something that holds the course up: until a clinician or time has changed it, or until it is answered."""

    kind: Literal["pause", "ask"]
    reason: Reason


def treated_zones(approval: Approval, records: Sequence[SessionRecord]) -> list[str]:
    """Every zone that the course treats, planned or done, in order."""
    planned = [stroke.zone for session in approval.plan.sessions for stroke in session.strokes]
    return list(dict.fromkeys((*planned, *(stroke.zone for record in records for stroke in record.strokes))))


def proven_by(records: Sequence[SessionRecord], kb: Knowledge) -> set[str]:
    """Questions that unwanted events have answered for good."""
    kinds = {event.id: event for event in kb.adverse_events}
    return {
        name
        for record in records
        for event in record.events
        if event.harm in kinds
        for name in kinds[event.harm].proves
    }


def day_of(record: SessionRecord, event: Event) -> date:
    """The day of an event."""
    return record.on + timedelta(days=ceil(event.after_d))


# ---------------------------------------------------------------- unwanted events


def events_held(
    records: Sequence[SessionRecord], answers: Answers, zones: Sequence[str], kb: Knowledge
) -> Iterator[Held]:
    """Every unwanted event that no later answer has cleared; the expected redness is none unless it is severe.

    A severe event, one that the knowledge refers, and one that it does not know stop the course until a look in a
    clinic has cleared it. Marks that are not severe have their own course (:func:`marks_of`).
    """
    kinds = {event.id: event for event in kb.adverse_events}
    for record in records:
        for event in record.events:
            kind = kinds.get(event.harm)
            severe = event.grade >= serious_from(kb)
            if kind is not None and not severe and (kind.then == "usual" or is_mark(kind)):
                continue
            refer = severe or kind is None or kind.then == "refer"
            since = day_of(record, event)
            questions = kind.cleared_by if kind is not None else (TROUBLE,)
            open_now = [name for name in questions if not answers.over(name, zones, since, in_clinic=refer)]
            if open_now:
                yield Held("pause" if refer else "ask", _told(record, event, kind, open_now, kb, refer=refer))


def is_mark(kind: AdverseEvent) -> bool:
    """Whether a harm is a mark on the skin."""
    return MARKS_FACT in kind.cleared_by


def _told(
    record: SessionRecord,
    event: Event,
    kind: AdverseEvent | None,
    open_now: Sequence[str],
    kb: Knowledge,
    *,
    refer: bool,
) -> Reason:
    """The event in words: what it was, what to do, and which answers would clear it."""
    flags = [kb.by("red_flags")[flag] for flag in kind.red_flags] if kind is not None else []
    name = kind.name if kind is not None else _unlisted(event)
    said = f"{name}, grade {event.grade}, {event.after_d:g} days after session {record.session + 1} of {record.on}"
    asks = " ".join(_ask(question, kb) for question in open_now)
    until = (
        f"No session until a look in a clinic, after {day_of(record, event)}, says that it is over: {asks}"
        if refer
        else f"Not known since {day_of(record, event)}: {asks}"
    )
    parts = [kind.manage if kind is not None else "", *(flag.act for flag in flags), until]
    sources: list[Citation] = [*(kind.sources if kind is not None else ())]
    sources += [source for flag in flags for source in flag.sources if source not in sources]
    return Reason(
        what=f"{said}. {'See a clinician' if refer else 'Is it over?'}",
        why=" ".join(part for part in parts if part),
        sources=tuple(sources),
        proposal=True,
    )


def _unlisted(event: Event) -> str:
    if event.harm == OTHER_HARM:
        return f"Something else ({event.note.rstrip('.')})" if event.note else "Something else"
    return f"'{event.harm}', which the knowledge does not list"


def _ask(name: str, kb: Knowledge) -> str:
    fact = kb.by("facts")[name]
    return f"{fact.ask_clinician or fact.ask} ({name})"


# ---------------------------------------------------------------- marks


@dataclass(frozen=True)
class Marks:
    """Marks that this course left.

    Args:
        still: whether they are still there; None where that is not known. reason: in words.
        after: numbers of the sessions after which they came; empty when none was done.
    """

    still: bool | None
    reason: Reason
    after: frozenset[int]


def marks_of(
    records: Sequence[SessionRecord], answers: Answers, zones: Sequence[str], first: date, kb: Knowledge
) -> Marks | None:
    """Dark or light marks and lines of dots, told as events or found at any look; None when there were none.

    Gone they are when the latest look says so of every treated zone, and came after the last that was told.

    Args:
        first: day of the first visit, whose answer is about needling before this course.
    """
    kinds = {event.id: event for event in kb.adverse_events if is_mark(event)}
    seen = [(day_of(record, event), record, event) for record in records for event in record.events]
    seen = [one for one in seen if one[2].harm in kinds]
    found = sorted(
        {one.on for zone in zones for one in answers.of(MARKS_FACT, zone) if one.value is True and one.on > first}
    )
    if not seen and not found:
        return None
    rule = next(rule for rule in kb.rules if rule.id == _MARKS_RULE)
    newest = max((*(day for day, _, _ in seen), *found))
    what = " and ".join(sorted({kinds[event.harm].name for _, _, event in seen})) or rule.title
    told = f"told on {max(day for day, _, _ in seen)}" if seen else f"found on {found[-1]}"
    after = {record.session for _, record, _ in seen}
    for day in found:
        before = [record for record in records if record.strokes and record.on < day]
        after |= {max(before, key=lambda record: record.on).session} if before else set()
    standing = {zone: answers.standing(MARKS_FACT, zone) for zone in zones}

    def marks(still: bool | None, said: str, *, proposal: bool = rule.proposal) -> Marks:
        reason = Reason(what=f"{what}: {said}", why=rule.because, sources=rule.sources, proposal=proposal)
        return Marks(still, reason, frozenset(after))

    if any(value is True for value in standing.values()) or newest > answers.latest:
        return marks(True, f"{told}. Pause until they are gone")
    open_now = [zone for zone, value in standing.items() if value is None] or (
        list(zones) if newest == answers.latest else []
    )
    if open_now:
        return marks(None, f"{told}. Not known whether they are gone ({', '.join(open_now)}): {_ask(MARKS_FACT, kb)}")
    said = f"{told}, gone on {answers.latest}. Only milder sessions from here, and none more than planned"
    return marks(False, said, proposal=True)


# ---------------------------------------------------------------- what was done, and what nobody told


def too_much_held(
    approval: Approval, records: Sequence[SessionRecord], answers: Answers, zones: Sequence[str], kb: Knowledge
) -> Iterator[Held]:
    """Sessions that bled over the whole zone, or did more than was planned, until it is said why and how the skin is.

    Why is told in the record's deviations, and how the skin took it at a later look.
    """
    allowed = kb.parameter("agreement-density").quantity
    denser = {
        (one.session, one.zone): one.difference_pct
        for one in deliveries_of(approval, [record for record in records if record.strokes], kb)
        if to_si(one.difference_pct, "pct") > to_si(allowed.median, allowed.unit)
    }
    for record in records:
        if not record.strokes:
            continue
        planned = approval.plan.sessions[record.session]
        longest = {
            zone: max((one.needle_length_mm for one in planned.strokes if one.zone == zone), default=0.0)
            for zone in zones
        }
        grade = ENDPOINTS.index
        said = []
        seen = record.endpoint_seen
        if seen is not None and (seen == _FLOODED or grade(seen) > grade(planned.endpoint)):
            said.append(f"the endpoint seen was '{seen}', planned was '{planned.endpoint}'")
        for stroke in record.strokes:
            if not longest[stroke.zone]:
                said.append(f"{stroke.zone} was treated and not planned")
            elif stroke.needle_length_mm > longest[stroke.zone]:
                said.append(f"{stroke.zone} got {stroke.needle_length_mm:g} mm, planned {longest[stroke.zone]:g} mm")
        said += [
            f"{zone} got {more:.0f} % more holes than planned"
            for (session, zone), more in denser.items()
            if session == record.session
        ]
        explained = any(why.strip() for why in record.deviations)
        open_now = [name for name in _AFTER_TOO_MUCH if not answers.over(name, zones, record.on, in_clinic=False)]
        if not said or (explained and not open_now):
            continue
        what = "; ".join(dict.fromkeys(said))
        wanted = [] if explained else ["Say in the record's deviations why, and what is different next time."]
        wanted += [_ask(name, kb) for name in open_now]
        yield Held(
            "ask",
            Reason(
                what=f"Session {record.session + 1} of {record.on} was more than planned: {what}",
                why=f"Before the next session it must be known why, and how the skin took it. {' '.join(wanted)}",
                sources=next(rule.sources for rule in kb.rules if rule.id == "red-flag-now"),
                proposal=True,
            ),
        )


def untold_held(approval: Approval, records: Sequence[SessionRecord], latest: date) -> Iterator[Held]:
    """What nobody told: how things are since the last session, and whether planned sessions were done."""
    first = approval.forecast.assessment.on
    if latest < first:
        yield Held(
            "ask",
            Reason(
                what=f"The latest look is of {latest}, the plan in force stands on answers of {first}",
                why="What was seen before says nothing of today. Look again.",
                proposal=True,
            ),
        )
    last = max((record.on for record in records), default=None)
    if last is not None and latest <= last:
        yield Held(
            "ask",
            Reason(
                what=f"The latest look is of {latest}, the last record of {last}",
                why="A look from before a session, or of its day, does not say how the skin took it. Look again.",
                proposal=True,
            ),
        )
    told = {record.session for record in records}
    for number, session in enumerate(approval.plan.sessions):
        planned = approval.plan.start + timedelta(days=session.day_d)
        if number not in told and planned < latest:
            yield Held(
                "ask",
                Reason(
                    what=f"Session {number + 1}, planned for {planned}, has no record. Was it done?",
                    why="Give its record; if it was not done, a record with 'strokes: []' and the reason in "
                    "deviations. A session that was done and is taken as not done would be done twice.",
                    proposal=True,
                ),
            )
