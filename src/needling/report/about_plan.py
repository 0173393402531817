"""The plan in words: the sentence, the sessions with dates, care before and after, when to stop, warning signs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from itertools import groupby
from typing import NamedTuple

from needling.documents import Plan, Session
from needling.knowledge.schema import CareStep, RedFlag
from needling.report.explanation import Row, Statement, Table, Telling
from needling.report.explanation import Section as Part
from needling.report.words import (
    ENDPOINT_WORD,
    URGENCY_WORD,
    after_days,
    device_name,
    nothing_words,
    on_day,
    plural,
    sentence,
    zones_name,
)

_ROWS_SHOWN = 8
"""Longer courses are folded: visits that do the same at equal gaps share a row."""


# ---------------------------------------------------------------- sessions


class Visit(NamedTuple):
    """All that is done on one day of the plan."""

    first: int
    last: int
    start_d: float
    end_d: float
    gap_d: float
    sessions: tuple[Session, ...]


def visits_of(plan: Plan) -> tuple[Visit, ...]:
    """The days of a plan in order, each with what is done on it."""
    ordered = sorted(plan.sessions, key=lambda session: session.day_d)
    days = [(day, tuple(group)) for day, group in groupby(ordered, key=lambda session: session.day_d)]
    return tuple(Visit(index, index, day, day, 0.0, sessions) for index, (day, sessions) in enumerate(days, start=1))


def _alike(one: Visit, other: Visit) -> bool:
    def shape(visit: Visit) -> tuple[tuple[object, ...], ...]:
        return tuple((session.device, session.strokes, session.endpoint) for session in visit.sessions)

    return shape(one) == shape(other)


def folded(visits: tuple[Visit, ...]) -> tuple[Visit, ...]:
    """Visits that do the same at equal gaps become one; a short course stays as it is."""
    if len(visits) <= _ROWS_SHOWN:
        return visits
    found: list[Visit] = []
    for visit in visits:
        run = found[-1] if found else None
        gap = visit.start_d - run.end_d if run else 0.0
        if run is not None and _alike(run, visit) and run.gap_d in (0.0, gap):
            found[-1] = run._replace(last=visit.last, end_d=visit.end_d, gap_d=gap)
        else:
            found.append(visit)
    return tuple(found)


def _when(visit: Visit, start: date) -> str:
    first = on_day(after_days(start, visit.start_d))
    if visit.first == visit.last:
        return first
    return f"{first} to {on_day(after_days(start, visit.end_d))}, every {plural(visit.gap_d, 'day')}"


def session_rows(plan: Plan, telling: Telling) -> tuple[Row, ...]:
    """One row for each visit (or run of visits) and way of rolling."""
    rows: list[Row] = []
    several = len({session.device for session in plan.sessions}) > 1
    for visit in folded(visits_of(plan)):
        number = str(visit.first) if visit.first == visit.last else f"{visit.first} to {visit.last}"
        for session in visit.sessions:
            ways: dict[tuple[float, int, int, float], list[str]] = {}
            for stroke in session.strokes:
                how = (stroke.needle_length_mm, stroke.directions_count, stroke.passes_count, stroke.force_N)
                ways.setdefault(how, []).append(stroke.zone)
            device = f", {device_name(session.device, telling.kb)}" if several else ""
            for (length, directions, passes, force), zones in ways.items():
                cells = [
                    number,
                    _when(visit, plan.start),
                    zones_name(zones, telling.kb),
                    f"{length:g} mm{device}",
                    f"{plural(directions, 'direction')} x {plural(passes, 'pass', 'passes')}",
                    ENDPOINT_WORD[session.endpoint],
                ]
                if not telling.person:
                    cells[4] += f", {force:g} N"
                rows.append(telling.row(*cells))
    return tuple(rows)


SESSION_HEADERS = ("Session", "Date", "Where", "Needle", "How", "Stop at")


def plan_section(plan: Plan, telling: Telling) -> Part:
    """The plan in one sentence, and its sessions."""
    telling = telling.at("The plan")
    if not plan.sessions:
        text = f"{nothing_words(telling.home).capitalize()}: there is no session in this plan"
        return Part("plan", "The plan", (telling.say(text),))
    visits = len(visits_of(plan))
    first, last = (
        after_days(plan.start, day)
        for day in (min(s.day_d for s in plan.sessions), max(s.day_d for s in plan.sessions))
    )
    span = f"on {on_day(first)}" if first == last else f"from {on_day(first)} to {on_day(last)}"
    devices = list(dict.fromkeys(session.device for session in plan.sessions))
    paragraphs = [
        telling.say(plan.label),
        telling.say(f"{plural(visits, 'session')} {'at home' if telling.home else 'in the clinic'}, {span}"),
    ]
    if len(devices) == 1:
        paragraphs.append(telling.say(device_name(devices[0], telling.kb), lead="Device"))
    table = Table("Sessions", SESSION_HEADERS, session_rows(plan, telling))
    return Part("plan", "The plan", tuple(paragraphs), tables=(table,))


# ---------------------------------------------------------------- care


def _steps(plan: Plan, names: Iterable[str], telling: Telling) -> tuple[CareStep, ...]:
    """The care steps of all sessions, each once, in their order."""
    care = telling.kb.by("care")
    found = {name: care[name] for name in names if name in care}
    return tuple(sorted(found.values(), key=lambda step: (step.order, step.id)))


def missing_steps(names: Iterable[str], section: str, telling: Telling) -> tuple[Statement, ...]:
    """A step that this knowledge base lacks is named, never dropped."""
    known = telling.kb.by(section)
    return tuple(
        telling.say(f"Step {name} is not in this knowledge base; look it up before you start")
        for name in dict.fromkeys(names)
        if name not in known
    )


def care_statement(step: CareStep, telling: Telling, lead: str = "") -> Statement:
    """A step of care in its words; a clinician sees which row of the evidence it is."""
    text = step.says if telling.person or not step.ref else f"{sentence(step.says)} ({step.ref})"
    return telling.say(text, step.sources, lead=lead, proposal=step.proposal)


def before_sections(plan: Plan, telling: Telling) -> list[Part]:
    """Preparation in the weeks before, on the day, and while rolling."""
    names = [name for session in plan.sessions for name in session.preparation]
    steps = _steps(plan, names, telling)
    parts: list[Part] = []
    for phase, name, title in (
        ("weeks-before", "weeks-before", "In the weeks before"),
        ("before", "before", "On the day, before you start"),
        ("during", "during", "While rolling"),
        ("after", "right-after", "Right after"),
    ):
        here = telling.at(title)
        points = tuple(care_statement(step, here) for step in steps if step.phase == phase)
        if points:
            parts.append(Part(name, title, points=points))
    missing = missing_steps(names, "care", telling.at("Preparation"))
    if missing:
        parts.append(Part("missing-steps", "Steps to look up", points=missing))
    return parts


# ---------------------------------------------------------------- stop, warning signs, checks


def stop_section(plan: Plan, telling: Telling) -> Part | None:
    """When to stop a session."""
    if not plan.stop_rules:
        return None
    telling = telling.at("When to stop")
    known = {step.says: step for step in telling.kb.care}
    points = []
    for rule in plan.stop_rules:
        step = known.get(rule)
        points.append(telling.say(rule, step.sources if step else (), proposal=step.proposal if step else False))
    return Part("stop", "When to stop", points=tuple(points))


_URGENCY_ORDER = tuple(URGENCY_WORD)


def red_flags_section(
    telling: Telling, title: str = "Warning signs", name: str = "red-flags", urgencies: Sequence[str] = _URGENCY_ORDER
) -> Part | None:
    """Warning signs, the most urgent first; of some urgencies only, where a sheet shows them in two places."""
    flags: list[RedFlag] = [flag for flag in telling.kb.red_flags if flag.urgency in urgencies]
    if not flags:
        return None
    telling = telling.at(title)
    tables = []
    for urgency in _URGENCY_ORDER:
        rows = []
        for flag in flags:
            if flag.urgency != urgency:
                continue
            cells = [flag.sign if telling.person or not flag.ref else f"{flag.sign} ({flag.ref})"]
            if not telling.person:
                cells.append(flag.think_of)
            rows.append(telling.row(*cells, flag.act, sources=flag.sources, proposal=flag.proposal))
        if rows:
            headers = ("Sign", "What to do") if telling.person else ("Sign", "Think of", "What to do")
            tables.append(Table(URGENCY_WORD[urgency], headers, tuple(rows)))
    return Part(name, title, tables=tuple(tables))


def follow_up_section(plan: Plan, telling: Telling) -> Part | None:
    """Checks with their dates; a check that repeats after every session is listed once with all its dates."""
    if not plan.follow_ups:
        return None
    telling = telling.at("Check-ups")
    known = {rule.says: rule for rule in telling.kb.follow_ups}
    days: dict[str, list[float]] = {}
    for check in sorted(plan.follow_ups, key=lambda check: check.day_d):
        days.setdefault(check.what, []).append(check.day_d)
    rows = []
    for what, when in days.items():
        rule = known.get(what)
        dates = [on_day(after_days(plan.start, day)) for day in when]
        if len(dates) > _ROWS_SHOWN:
            dates = [dates[0], dates[1], "...", f"{dates[-1]} ({len(when)} times)"]
        rows.append(
            telling.row(
                what, ", ".join(dates), sources=rule.sources if rule else (), proposal=rule.proposal if rule else False
            )
        )
    return Part("checks", "Check-ups", tables=(Table("", ("What", "When"), tuple(rows)),))
