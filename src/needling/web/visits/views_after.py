"""What came after a session: redness, unwanted events with their grade, and up to when somebody asked."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods
from pydantic import ValidationError

from needling.documents import OTHER_HARM, Event, SessionRecord
from needling.planning.redflags import by_urgency
from needling.report.words import on_day, zone_name
from needling.web.accounts.access import WORKING, for_roles
from needling.web.charts.models import Chart
from needling.web.charts.records import Superseded
from needling.web.pages import knowledge
from needling.web.visits.course import Course
from needling.web.visits.harms import cared_for, choices_for, harm_names
from needling.web.visits.meanwhile import Old, in_force, overtaken
from needling.web.visits.recording import Problem
from needling.web.visits.used import all_used
from needling.web.visits.views import own_record, sign

GRADES = (
    ("1", "1: mild, nothing done about it"),
    ("2", "2: moderate, simple care"),
    ("3", "3: severe, or needs treatment by a doctor"),
    ("4", "4: threatens life"),
    ("5", "5: death"),
)
_TEXTS = (("asked_on", 12), ("redness", 8), ("harm", 80), ("zone", 80), ("grade", 1), ("day", 8), ("note", 2000),
          ("action", 2000))  # fmt: skip


@for_roles(*WORKING)
@require_http_methods(["GET", "POST"])
def after(request: HttpRequest, chart: UUID, row: UUID) -> HttpResponse:
    """Say what came after a session; the record with it supersedes the one before."""
    found, course, old = own_record(request, chart, row)
    if course is None or not old.record.strokes:
        return _late(request, found, old.record)
    return _page(request, found, course, old)


def _late(request: HttpRequest, chart: Chart, before: SessionRecord) -> HttpResponse:
    """Somebody changed the record in the meantime: the form as it was sent, over what is in force now.

    Args:
        before: the record that the form was opened from.
    """
    now = in_force(chart, before.session)
    if request.method == "POST" and now is not None and now[1].record.strokes:
        return _page(request, chart, now[0], now[1], before)
    labels = {"asked_on": "Asked on", "redness": "Redness, days", "harm": "Event", "zone": "Where", "grade": "Grade",
              "day": "Days after the session", "note": "What was seen", "action": "What was done"}  # fmt: skip
    sent = [(labels[name], request.POST.get(name, "").strip()[:most]) for name, most in _TEXTS]
    return overtaken(request, chart, [(label, words) for label, words in sent if words])


def _page(
    request: HttpRequest, found: Chart, course: Course, old: Old, before: SessionRecord | None = None
) -> HttpResponse:
    kb, user, record, late = knowledge(), request.user, old.record, before is not None
    known = {
        "asked_on": date.today().isoformat(),
        "redness": "" if record.redness_d is None else f"{record.redness_d:g}",
    }
    told = {name: known.get(name, "") for name, _ in _TEXTS}
    problems: list[Problem] = []
    if request.method == "POST":
        told = {name: str(request.POST.get(name, "")).strip()[:most] for name, most in _TEXTS}
        if before is not None and _number(told["redness"]) == before.redness_d:
            told["redness"] = known["redness"]  # not touched here, perhaps told there
        made, problems = (None, []) if late else with_after(told, record, user.signature)
        if made is not None:
            try:
                return sign(request, found, [made], old.row, f"Kept: what came after session {record.session + 1}.")
            except Superseded:
                return _late(request, found, record)
    devices = [used.device for used in all_used(record)]
    zones = {stroke.zone: zone_name(stroke.zone, kb) for stroke in record.strokes}
    context = {
        "chart": found, "record": record, "told": told, "problems": problems, "grades": GRADES,
        "harms": choices_for(kb, devices, course.approval.forecast.person.phototype), "names": harm_names(kb),
        "zones": zones, "flags": by_urgency(kb.red_flags), "today_d": (date.today() - record.on).days,
        "cared": cared_for(kb), "old": old, "late": late,
    }  # fmt: skip
    return render(request, "visits/after.html", context, status=409 if late else 422 if problems else 200)


def with_after(
    told: dict[str, str], record: SessionRecord, signature: str
) -> tuple[SessionRecord | None, list[Problem]]:
    """The record with what was told, or what is wrong in plain words."""
    problems: list[Problem] = []
    asked = _asked_d(told["asked_on"], record)
    if asked is None:
        problems.append(("asked_on", f"Give a day from {on_day(record.on)} to today.", "Asked on"))
    redness = _number(told["redness"])
    if told["redness"] and redness is None:
        problems.append(("redness", "Give a number of days from 0 to 365, or leave it empty.", "Redness"))
    events = list(record.events)
    if any(told[name] for name in ("harm", "zone", "grade", "day", "note", "action")):
        event, wrong = _event(told, asked, record)
        problems += wrong
        events += [event] if event else []
    if problems or asked is None:
        return None, problems
    until = max([asked, record.asked_until_d or 0.0, *(event.after_d for event in events)])
    change: dict[str, Any] = {"redness_d": redness, "events": tuple(events), "asked_until_d": until, "by": signature}
    return SessionRecord.model_validate({**record.model_dump(), **change}), []


def _asked_d(text: str, record: SessionRecord) -> float | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return float((day - record.on).days) if record.on <= day <= date.today() else None


def _number(text: str, most: float = 365) -> float | None:  # numerical: the bound of the document
    try:
        value = float(text.replace(",", "."))
    except ValueError:
        return None
    return value if 0 <= value <= most else None


def _event(told: dict[str, str], asked: float | None, record: SessionRecord) -> tuple[Event | None, list[Problem]]:
    problems: list[Problem] = []
    if told["harm"] not in {OTHER_HARM, *(event.id for event in knowledge().adverse_events)}:
        problems.append(("harm", "Choose what it was.", "Event"))
    elif told["harm"] == OTHER_HARM and not told["note"]:
        problems.append(("note", "Say in words what it was.", "What was seen"))
    if told["zone"] and told["zone"] not in {stroke.zone for stroke in record.strokes}:
        problems.append(("zone", "Choose a zone that was treated, or leave it open.", "Where"))
    if told["grade"] not in dict(GRADES):
        problems.append(("grade", "Choose how bad it was.", "Grade"))
    day = _number(told["day"], 2000)  # numerical: the bound of the document
    if day is None or (asked is not None and day > asked):
        says = f"Give the days after {on_day(record.on)}, from 0 (the same day) to the day on which you asked"
        problems.append(("day", f"{says}{'' if asked is None else f', {asked:g} at the latest'}.", "Day"))
    if told["grade"] in ("3", "4", "5") and not told["action"]:
        problems.append(("action", "Say what was done about it.", "What was done"))
    if problems or day is None:
        return None, problems
    words = " ".join(part for part in (told["note"], f"Done: {told['action']}" if told["action"] else "") if part)
    try:
        return Event(
            harm=told["harm"], zone=told["zone"] or None, grade=int(told["grade"]), after_d=day, note=words
        ), []
    except ValidationError:
        return None, [("note", "This is too long.", "Note")]


def day_of(record: SessionRecord, event: Event) -> date:
    """The day on which an event came."""
    return record.on + timedelta(days=int(event.after_d))
