"""Two people wrote down the same session: the second gets their own form back, beside what the first one signed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from needling.documents import Approval, Plan, Session, SessionRecord
from needling.documents.visits import VisitCheck
from needling.knowledge import Knowledge
from needling.report.words import ENDPOINT_WORD, on_day
from needling.web.charts.models import Chart, Kind, Row
from needling.web.charts.records import read
from needling.web.visits.course import Course, course_of
from needling.web.visits.deviations import LABELS, in_words
from needling.web.visits.recording import Form, recorded_form
from needling.web.visits.today import Today

Said = list[tuple[str, str]]
_DIGITS = 4
NEEDLES = {"new": "new", "worn": "used before", "cheap": "unknown make"}
AFTERCARE = {"given": "given", "not-given": "not given"}


@dataclass(frozen=True)
class Old:
    """A record of a session, and its row."""

    row: Row
    record: SessionRecord


@dataclass(frozen=True)
class Meanwhile:
    """What somebody signed while a form was open.

    ``differs`` sets their words beside those of the form, where they are not the same.
    """

    old: Old
    differs: tuple[tuple[str, str, str], ...]


def in_force(chart: Chart, session: int | None) -> tuple[Course, Old] | None:
    """The course in force, and its record of a session; None where there is none that can be corrected."""
    course = course_of(chart)
    row = course.rows.get(session) if course is not None and session is not None else None
    return None if course is None or row is None else (course, Old(row, read(row, SessionRecord)))


def plan_sent(request: HttpRequest, chart: Chart, before: Old | None) -> Plan | None:
    """The plan that a form was made from: of the approval that it names, or that the record under it names."""
    named = before.record.approval if before is not None else request.POST.get("approval", "")
    row = chart.rows.filter(kind=Kind.APPROVAL, sha256=named).order_by("-number").first()
    return None if row is None else read(row, Approval).plan


def session_sent(request: HttpRequest, before: Old | None) -> int | None:
    """The session that a form was about."""
    if before is not None:
        return before.record.session
    sent = request.POST.get("session", "")
    return int(sent) if sent.isascii() and sent.isdigit() and len(sent) < _DIGITS else None


def overtaken(request: HttpRequest, chart: Chart, yours: Sequence[tuple[str, str]] = ()) -> HttpResponse:
    """Somebody else was faster, and what was typed fits on no form any more: it is shown to be taken over by hand."""
    return render(request, "visits/overtaken.html", {"chart": chart, "yours": yours}, status=409)


def meanwhile_of(old: Old, form: Form, today: Today | None, planned: Session, kb: Knowledge) -> Meanwhile:
    """What somebody signed, beside a form, with the answers of the day of both."""
    theirs, yours = dict(words_of_record(old.record, planned, kb)), dict(words_of_form(form, kb))
    both = [(name, theirs.get(name, ""), yours.get(name, "")) for name in dict.fromkeys((*theirs, *yours))]
    return Meanwhile(old, tuple(one for one in (*both, *_answers(old, today)) if one[1] != one[2]))


def _answers(old: Old, today: Today | None) -> list[tuple[str, str, str]]:
    """Questions of the day, their answers when that record was written, and those of a form."""
    if today is None:
        return []
    words = {True: "yes", False: "no", None: "not known"}
    row = old.row.chart.rows.filter(kind=Kind.CHECK, number__lt=old.row.number).order_by("-number").first()
    check = read(row, VisitCheck) if row is not None else None
    theirs: dict[str, Any] = {}
    if check is not None and (check.approval, check.session) == (old.record.approval, old.record.session):
        theirs = {fact.name: fact.value for fact in check.answers}
    names = {one.definition.name: one.words for one in today.asked}
    return [
        (names[name], words[theirs[name]] if name in theirs else "not asked", words[value])
        for name, value in today.answers.items()
    ]


def words_of_record(record: SessionRecord, planned: Session, kb: Knowledge) -> Said:
    """What a record says, by the fields of the form."""
    if record.strokes:
        return words_of_form(recorded_form(record, planned, kb), kb)
    return [("Session", "not done"), ("Day", on_day(record.on)), ("Why", "; ".join(in_words(record.deviations)))]


def words_of_form(form: Form, kb: Knowledge) -> Said:
    """What a form says, with the words of its fields."""
    devices, products = kb.by("devices"), kb.by("topicals")
    endpoints: dict[str, str] = {str(one): words for one, words in ENDPOINT_WORD.items()}

    def named(all_of: Any, one: str) -> str:
        return str(all_of[one].name) if one in all_of else one

    told = [
        ("Session", "done"), ("Day", _day(form.on)), ("Device", named(devices, form.device)),
        ("Needles", NEEDLES.get(form.condition, form.condition)), ("Lot", form.lot), ("Expiry", _day(form.expiry)),
    ]  # fmt: skip
    for number, one in enumerate(form.further, start=1):
        if one.told or not one.planned:
            parts = (named(devices, one.device), f"{one.length} mm" if one.length else "", one.lot, _day(one.expiry))
            told.append((f"Also used, {number}", ", ".join(part for part in parts if part)))
    seen: list[str] = []
    for line in form.lines:
        seen.append(line.name)
        again = f", {seen.count(line.name)}" if seen.count(line.name) > 1 else ""
        words = f"{line.length} mm, {line.directions} directions, {line.passes} passes each"
        told.append((f"{line.name[:1].upper()}{line.name[1:]}{again}", words))
    told += [
        ("Endpoint seen", endpoints.get(form.endpoint, form.endpoint)), ("Pain", form.pain),
        ("Products used", ", ".join(sorted(named(products, one) for one in form.topicals))),
        ("Aftercare sheet", AFTERCARE.get(form.aftercare, form.aftercare)),
        ("What differed", "; ".join(LABELS.get(one, one) for one in form.deviations)),
        ("In words", form.words), ("Note", form.note),
    ]  # fmt: skip
    return [(name, words) for name, words in told if words]


def _day(text: str) -> str:
    try:
        return on_day(date.fromisoformat(text))
    except ValueError:
        return text
