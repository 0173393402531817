"""What stands against the next session, from everything that a chart holds now."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from needling.documents import Assessment, Fact, Override, Person, Reason
from needling.documents.visits import VisitCheck
from needling.errors import BadInput
from needling.knowledge import Knowledge
from needling.knowledge.facts import resolve_name
from needling.learning.alarms import TROUBLE, treated_zones
from needling.learning.held import Stand, stand
from needling.learning.standing import Answer, answers_of
from needling.planning.occurrences import is_over
from needling.report.words import on_day
from needling.web.charts.matching import RESOLVE, unlike
from needling.web.charts.models import Chart, Kind
from needling.web.charts.records import latest, read
from needling.web.plans.proposals import bare
from needling.web.visits.course import Course

_DAY = re.compile(r"\b\d{4}-\d{2}-\d{2}\b")


def against(chart: Chart, course: Course | None, kb: Knowledge) -> tuple[Reason, ...]:
    """Unwanted events and marks that nobody has said to be over, and what screening finds with the newest answers.

    Returns:
        Reasons to stop, then what has to be known first; nothing when the next session can be prepared, and when none
        is left or nothing is approved yet.
    """
    if course is None or course.next_session is None:
        return ()
    whose, now = _whose(chart), _stand(chart, course, kb)
    if isinstance(now, Reason):
        return (*whose, now)
    return (*whose, *_readable((*now.held, *now.barred, *now.asks, *_half_told(now, kb)), kb))


def left_behind(chart: Chart, course: Course, kb: Knowledge) -> tuple[Reason, ...]:
    """The same without screening, for a page on which the questions are asked anew."""
    whose, now = _whose(chart), _stand(chart, course, kb)
    return (*whose, now) if isinstance(now, Reason) else (*whose, *_readable((*now.held, *now.asks), kb))


def _whose(chart: Chart) -> tuple[Reason, ...]:
    """Answers that may be somebody else's say nothing for a session."""
    who = latest(chart, Person)
    says = unlike(chart, who[1] if who else None)
    return (Reason(what=says, why=RESOLVE, proposal=True),) if says else ()


def _half_told(now: Stand, kb: Knowledge) -> Iterator[Reason]:
    """A yes whose details are not known: whether it stands against a session depends on them."""
    definitions = kb.by("facts")
    told = {fact.name for facts in (now.today.facts, *(zone.facts for zone in now.today.zones)) for fact in facts
            if fact.value is True}  # fmt: skip
    for question in now.clearance.asks:
        resolved = resolve_name(question.fact, definitions)
        parent = resolved[0].only_if if resolved else None
        if parent in told:
            asked = definitions[parent].ask_clinician or definitions[parent].ask
            yield Reason(what=f"{asked.rstrip('?')}: yes", why=f"Not known: {question.ask}", proposal=True)


def _stand(chart: Chart, course: Course, kb: Knowledge) -> Stand | Reason:
    who, asked = latest(chart, Person), _asked(chart, course)
    looks = [bare(look) for look in course.looks or (course.approval.forecast.assessment,)]
    try:
        return stand(
            course.approval, course.records, looks, kb,
            person=who[1] if who else None, asked=asked, overrides=_in_force(course, asked, kb),
        )  # fmt: skip
    except BadInput as lacking:
        return Reason(what="The latest look cannot speak for this course", why=f"{lacking}.", proposal=True)


def _asked(chart: Chart, course: Course) -> list[Assessment]:
    """What was answered before sessions, and what changed in the person's answers since the approval, as looks.

    An answer counts from the day on which it was given: writing the others again makes it no newer.
    """
    found: list[Assessment] = []
    known = {fact.name: fact.value for fact in course.approval.forecast.person.facts}
    rows = chart.rows.filter(kind__in=(Kind.CHECK, Kind.PERSON), number__gt=course.row.number).order_by("number")
    checks = {row.number: read(row, VisitCheck) for row in rows if row.kind == Kind.CHECK}
    for row in rows:
        if row.number in checks:
            found.append(_as_look(course, checks[row.number].on, checks[row.number].answers))
            continue
        told = {fact.name: fact.value for fact in read(row, Person).facts}
        news = [Fact(name=n, value=told.get(n)) for n in (*told, *known) if told.get(n) != known.get(n)]
        known, visit = told, checks.get(row.number + 1)  # written together: the day is that of the visit
        of_visit = {fact.name: fact.value for fact in visit.answers} if visit else {}
        news = [fact for fact in dict.fromkeys(news) if fact.name not in of_visit or of_visit[fact.name] != fact.value]
        if news or visit is None:
            found.append(_as_look(course, row.at.date(), tuple(news)))
    return found


def still_signed(course: Course, on: date, kb: Knowledge) -> tuple[Override, ...]:
    """What two people set aside in this course up to a day, but for what an answer before that day said to be over."""
    asked = [look for look in _asked(course.row.chart, course) if look.on < on]
    return tuple(one for one in _in_force(course, asked, kb) if one.on is None or one.on <= on)


def _in_force(course: Course, asked: Sequence[Assessment], kb: Knowledge) -> tuple[Override, ...]:
    """The overrides of the approval and of every look, each once, whose occurrence no later answer ended."""
    signed = (*course.approval.overrides, *(one for look in course.looks for one in look.overrides))
    if not signed:
        return ()
    told, changed = _told(course, asked, kb), list(_changed_before(course))
    rules = kb.by("rules")
    found = []
    for one in dict.fromkeys(signed):
        later = [
            (name, zone, answer.value)
            for (name, zone), answers in told.items()
            for answer in answers
            if one.on is not None and answer.on > one.on and answer.value is not None
        ]
        later += [(name, None, value) for on, name, value in changed if one.on is not None and on > one.on]
        if one.rule in rules and not is_over(one, rules[one.rule], later, kb):
            found.append(one)
    return tuple(found)


def _changed_before(course: Course) -> Iterator[tuple[date, str, Any]]:
    """Known answers about the person that became others before the approval, with the day on which they were given."""
    before: dict[str, Any] | None = None
    rows = course.row.chart.rows.filter(kind=Kind.PERSON, number__lt=course.row.number)
    for row in rows.order_by("number"):
        told = {fact.name: fact.value for fact in read(row, Person).facts if fact.value is not None}
        if before is not None:
            yield from ((row.at.date(), name, value) for name, value in told.items() if before.get(name) != value)
        before = told


def _told(
    course: Course, asked: Sequence[Assessment], kb: Knowledge
) -> Mapping[tuple[str, str | None], Sequence[Answer]]:
    """Every answer of a course by question and zone, the oldest first."""
    first, then = course.approval.forecast.assessment, course.approval.forecast.person
    zones = treated_zones(course.approval, course.records)
    return answers_of(first, then, (first, *course.looks, *asked), zones, kb).told


def new_yes(course: Course, answers: Mapping[str, Any], on: date, kb: Knowledge) -> frozenset[str]:
    """Questions that are no quiet one today, and were one the last time: the day of an earlier yes is not theirs."""
    definitions, last = kb.by("facts"), last_told(course, on, kb)
    return frozenset(
        name
        for name, value in answers.items()
        if value not in (None, definitions[name].quiet) and last.get(name) == {definitions[name].quiet}
    )


def last_told(course: Course, on: date, kb: Knowledge) -> Mapping[str, set[Any]]:
    """The last known answers before a day by question: one for each treated zone, where zones differ."""
    asked = [look for look in _asked(course.row.chart, course) if look.on < on]
    last: dict[str, set[Any]] = {}
    for (name, _), told in _told(course, asked, kb).items():
        known = [one.value for one in told if one.on <= on and one.value is not None]
        last.setdefault(name, set()).update(known[-1:])
    return last


def _as_look(course: Course, on: date, facts: tuple[Fact, ...]) -> Assessment:
    """Answers as a look of their day, at which nothing else was found."""
    first = course.approval.forecast.assessment
    zones = tuple(zone.model_copy(update={"facts": (), "lesions": ()}) for zone in first.zones)
    told = {"on": on, "facts": facts, "zones": zones, "scores": (), "overrides": ()}
    return first.model_copy(update=told)


def clearing(course: Course | None, kb: Knowledge) -> set[str]:
    """Questions by which a look says that what came after a session is over."""
    kinds = {event.id: event for event in kb.adverse_events}
    harms = {event.harm for record in course.records for event in record.events} if course else set()
    return {name for harm in harms for name in (kinds[harm].cleared_by if harm in kinds else (TROUBLE,))}


def _readable(reasons: Iterable[Reason], kb: Knowledge) -> tuple[Reason, ...]:
    """The reasons with days as people write them, and without the names that files use for questions."""
    names = "|".join(re.escape(fact.name) for fact in kb.facts)

    def plain(text: str) -> str:
        text = re.sub(rf" \(({names})\)", "", text)
        return _DAY.sub(lambda day: on_day(date.fromisoformat(day.group())), text)

    return tuple(one.model_copy(update={"what": plain(one.what), "why": plain(one.why)}) for one in reasons)
