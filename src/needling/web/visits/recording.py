"""The form of a session: filled in from the plan, and read back into a record."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from pydantic import ValidationError

from needling.documents import Session, SessionRecord, Stroke
from needling.knowledge import Knowledge
from needling.report.words import on_day, zone_name
from needling.web.visits.course import Course
from needling.web.visits.deviations import DECISIONS, DEVIATIONS, coded, read_back
from needling.web.visits.lacking import accepted, split_note
from needling.web.visits.used import Further, planned_further, read_further, recorded_further, sent_further

Problem = tuple[str, str, str]
_LINES = ("length", "directions", "passes")
_LABELS = {"length": "needle length", "directions": "directions", "passes": "passes"}
_WORDS, _LOT = 2000, 400


@dataclass(frozen=True)
class Line:
    """One stroke on the form: its zone, and what was delivered as text. Nobody measures the force: it is the plan's."""

    zone: str
    name: str
    length: str
    directions: str
    passes: str
    force_N: float
    planned: str = ""


@dataclass(frozen=True)
class Form:
    """Everything on the form of a session, as text. ``without``: what it may be signed without."""

    on: str
    device: str
    condition: str
    lot: str
    expiry: str
    endpoint: str
    pain: str
    aftercare: str
    note: str
    words: str
    lines: tuple[Line, ...]
    topicals: tuple[str, ...] = ()
    deviations: tuple[str, ...] = ()
    further: tuple[Further, ...] = ()
    without: tuple[str, ...] = ()

    @property
    def delivered_mm(self) -> list[float | None]:
        """Needle lengths of the strokes that were done."""
        return [_number(line.length) for line in self.lines if _number(line.passes) != 0]


def _plain(value: float | None) -> str:
    return "" if value is None else f"{value:g}"


def _lines(strokes: Sequence[Stroke], kb: Knowledge, planned: Sequence[Stroke]) -> tuple[Line, ...]:
    return tuple(
        Line(
            stroke.zone,
            zone_name(stroke.zone, kb),
            _plain(stroke.needle_length_mm),
            str(stroke.directions_count),
            str(stroke.passes_count),
            stroke.force_N,
            "" if place >= len(planned) else _said(planned[place]),
        )
        for place, stroke in enumerate(strokes)
    )


def _said(stroke: Stroke) -> str:
    return f"{stroke.needle_length_mm:g} mm, {stroke.directions_count} directions, {stroke.passes_count} passes each"


def planned_form(session: Session, on: date, kb: Knowledge) -> Form:
    """The form as it is opened: everything as planned, nothing said of what only the day can tell."""
    return Form(
        on=on.isoformat(), device=session.device, condition=session.condition, lot="", expiry="", endpoint="", pain="",
        aftercare="", note="", words="", lines=_lines(session.strokes, kb, session.strokes),
        topicals=session.topicals, further=planned_further(session, kb),
    )  # fmt: skip


def recorded_form(record: SessionRecord, session: Session, kb: Knowledge) -> Form:
    """A record as a form, to be corrected; of a session that was not done, the plan."""
    form = planned_form(session, record.on, kb)
    codes, words = read_back(record.deviations)
    if not record.strokes:
        return form
    told = {True: "given", False: "not-given", None: ""}
    note, without = split_note(record.note)
    return replace(
        form, device=record.device, condition=record.condition, lot=record.lot or "",
        expiry=record.expiry.isoformat() if record.expiry else "", endpoint=record.endpoint_seen or "",
        pain=_plain(record.pain_score), aftercare=told[record.aftercare_given], note=note, words=words,
        lines=_delivered_lines(record, session, kb), topicals=record.topicals or (), deviations=tuple(codes),
        further=recorded_further(record) or form.further, without=without,
    )  # fmt: skip


def _delivered_lines(record: SessionRecord, session: Session, kb: Knowledge) -> tuple[Line, ...]:
    """What was delivered beside each planned stroke; a stroke left out has no passes."""
    left = list(record.strokes)
    found = []
    for line, planned in zip(_lines(session.strokes, kb, session.strokes), session.strokes, strict=True):
        own = next((stroke for stroke in left if stroke.zone == planned.zone), None)
        if own is None:
            found.append(replace(line, passes="0"))
        else:
            left.remove(own)
            found.append(_lines([own], kb, [planned])[0])
    return (*found, *_lines(left, kb, ()))


def sent_form(sent: Any, opened: Form) -> Form:
    """What came back; lines that are not on the form are not taken."""
    lines = []
    for number, line in enumerate(opened.lines):
        told: dict[str, Any] = {
            name: str(sent.get(f"{name}-{number}", getattr(line, name))).strip()[:12] for name in _LINES
        }
        lines.append(replace(line, **told))
    texts = {
        name: str(sent.get(name, "")).strip()[:most]
        for name, most in (("on", 20), ("device", 80), ("condition", 12), ("lot", _LOT), ("expiry", 20),
                           ("endpoint", 20), ("pain", 12), ("aftercare", 12), ("note", _WORDS), ("words", _WORDS))
    }  # fmt: skip
    known = {code for code, _ in (*DEVIATIONS, *DECISIONS)}
    return Form(
        **texts, lines=tuple(lines), topicals=tuple(dict.fromkeys(sent.getlist("topical")))[:40],
        deviations=tuple(code for code in dict.fromkeys(sent.getlist("deviation")) if code in known),
        further=sent_further(sent, opened.further), without=accepted(sent.getlist("without")),
    )  # fmt: skip


def onto(form: Form, session: Session, kb: Knowledge) -> Form:
    """What was typed, on the form of another plan: lines by their zone, where that one treats it too."""
    left, lines = list(form.lines), []
    for line in _lines(session.strokes, kb, session.strokes):
        own = next((one for one in left if one.zone == line.zone), None)
        if own is not None:
            left.remove(own)
        lines.append(line if own is None else replace(own, planned=line.planned, force_N=line.force_N))
    return replace(form, lines=tuple(lines))


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _number(text: str) -> float | None:
    try:
        return float(text.replace(",", "."))
    except ValueError:
        return None


def read_form(
    form: Form, course: Course, session: int, today: date, by: str, kb: Knowledge
) -> tuple[SessionRecord | None, list[Problem]]:
    """The record of a form, or what is wrong with it in plain words."""
    problems: list[Problem] = []
    on = _day(form.on)
    if on is None or on > today:
        problems.append(("on", f"Give the day of the session, {on_day(today)} at the latest.", "Day"))
    elif on < course.earliest_on:
        said = f"This course cannot have begun before {on_day(course.earliest_on)}, when the plan was made."
        problems.append(("on", said, "Day"))
    expiry = _day(form.expiry) if form.expiry else None
    if form.expiry and expiry is None:
        problems.append(("expiry", "Give a day, or leave it empty.", "Expiry"))
    if form.device not in kb.by("devices"):
        problems.append(("device", "Choose a device.", "Device"))
    pain = _number(form.pain) if form.pain else None
    if form.pain and (pain is None or not 0 <= pain <= 10):  # numerical: the scale runs from 0 to 10
        problems.append(("pain", "Give a number from 0 to 10, or leave it empty.", "Pain"))
    unknown = [name for name in form.topicals if name not in kb.by("topicals")]
    if unknown:
        problems.append(("topicals", "Choose products of the list.", "Products"))
    strokes, wrong = _strokes(form, kb)
    problems += wrong
    also, wrong_also = read_further(form.further, [one["needle_length_mm"] for one in strokes], kb)
    problems += wrong_also
    if not strokes and not wrong:
        problems.append(
            ("line-0", "No zone has any passes. If nothing was done, say so with “It was not done”.", "Zones")
        )
    if problems:
        return None, problems
    try:
        return SessionRecord.model_validate(
            {
                "approval": course.sha256, "session": session, "on": on, "device": form.device,
                "condition": form.condition, "lot": form.lot or None, "expiry": expiry,
                "also_used": also, "strokes": strokes,
                "endpoint_seen": form.endpoint or None, "pain_score": pain, "topicals": form.topicals,
                "aftercare_given": {"given": True, "not-given": False}.get(form.aftercare),
                "deviations": coded(form.deviations, form.words), "note": form.note, "by": by,
            }
        ), []  # fmt: skip
    except ValidationError as invalid:
        fields = {"endpoint_seen": "endpoint", "pain_score": "pain", "deviations": "words"}
        return None, [
            (fields.get(str(one["loc"][0]), str(one["loc"][0])), "This does not fit. Choose one of the answers.",
             str(one["loc"][0]).replace("_", " "))
            for one in invalid.errors()
        ]  # fmt: skip


def _strokes(form: Form, kb: Knowledge) -> tuple[list[dict[str, Any]], list[Problem]]:
    found, problems = [], []
    for number, line in enumerate(form.lines):
        values = {name: _number(getattr(line, name)) for name in _LINES}
        if values["passes"] == 0:
            continue
        told = {
            "zone": line.zone, "needle_length_mm": values["length"], "directions_count": values["directions"],
            "passes_count": values["passes"], "force_N": line.force_N,
        }  # fmt: skip
        try:
            Stroke.model_validate(told)
        except ValidationError as invalid:
            names = {"needle_length_mm": "length", "directions_count": "directions", "passes_count": "passes"}
            wrong = [names.get(str(one["loc"][0]), "passes") for one in invalid.errors()]
            said = ", ".join(_LABELS[name] for name in dict.fromkeys(wrong))
            problems.append((f"{wrong[0]}-{number}", f"Look at {said} again; 0 passes: not treated.", line.name))
            continue
        found.append(told)
    return found, problems
