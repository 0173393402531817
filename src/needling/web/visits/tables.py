"""Tables for looking up, kept in step with documents in the same transaction, whoever writes them."""

from __future__ import annotations

import unicodedata
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models.signals import post_save, pre_save

from needling.documents import SessionRecord
from needling.web.charts.models import Chart, Head, Kind, Row
from needling.web.charts.records import read
from needling.web.pages import knowledge
from needling.web.visits.course import course_of, due_of
from needling.web.visits.models import Due, Unwanted, Visit
from needling.web.visits.used import all_used

_KEY = 200
_CHANGES_WHAT_IS_DUE = (Kind.APPROVAL, Kind.RECORD, Kind.ASSESSMENT)


def lot_key(lot: str) -> str:
    """A lot as it is searched: without case, spaces and marks, as hexadecimal, which every database sorts alike."""
    plain = unicodedata.normalize("NFKC", lot).casefold()
    kept = "".join(letter for letter in plain if letter.isalnum()) or plain.strip()
    return kept.encode().hex()[:_KEY]


def devices_of(record: SessionRecord) -> tuple[tuple[str, str], ...]:
    """Every device of a session with each of its lots, the first device before the others."""
    told = [(used.device, lot) for used in all_used(record) for lot in _lots_of(used.lot)]
    return tuple(dict.fromkeys(told))


def _lots_of(told: str | None) -> tuple[str, ...]:
    """Lots with semicolons between them; one empty text where there is none."""
    told = (told or "").replace("\x00", "")  # which a program may send, and no database keeps
    by_key: dict[str, str] = {}
    for part in (one.strip() for one in told.split(";")):
        if part:
            by_key.setdefault(lot_key(part), part)
    return tuple(by_key.values()) or ("",)


def connect() -> None:
    """From now on every document that is written is also entered here; one that is brought back, too."""
    pre_save.connect(_in_turn, sender=Row, dispatch_uid="needling-visits-turn")
    post_save.connect(_entered, sender=Row, dispatch_uid="needling-visits")


def _in_turn(sender: Any, instance: Row, raw: bool = False, **_: Any) -> None:
    """Whoever writes takes the clinic's trail before anything else, so that no two ever wait for each other."""
    if not raw:
        Head.objects.select_for_update().get_or_create(clinic_id=instance.clinic_id)


def _entered(sender: Any, instance: Row, created: bool, raw: bool = False, **_: Any) -> None:
    """Enter one new document. Restored rows come in the order in which they were written, and are entered alike."""
    if not created and not raw:
        return
    if instance.kind == Kind.RECORD:
        _enter_record(instance)
    if instance.kind in _CHANGES_WHAT_IS_DUE:
        if raw:
            transaction.on_commit(partial(_enter_once, instance.pk, instance.chart_id))
        else:
            enter_due(instance.chart)


def _enter_once(row: UUID, chart: UUID) -> None:
    """What is due of a chart that was brought back: said once, for the last of its documents."""
    there = Row.objects.filter(chart=chart, kind__in=_CHANGES_WHAT_IS_DUE).order_by("-at", "-pk")
    if there.values_list("pk", flat=True).first() == row:
        enter_due(Chart.objects.get(pk=chart))


def _enter_record(row: Row) -> None:
    record = read(row, SessionRecord)
    if row.supersedes_id is not None:
        Visit.objects.filter(row=row.supersedes_id).delete()
        Unwanted.objects.filter(row=row.supersedes_id).delete()
    own = {"row": row, "clinic_id": row.clinic_id, "chart_id": row.chart_id}
    for place, (device, lot) in enumerate(devices_of(record)):
        Visit.objects.create(
            **own, on=record.on, approval=record.approval, session=record.session, place=place,
            done=bool(record.strokes), device=device, lot=lot, lot_key=lot_key(lot) if record.strokes else "",
        )  # fmt: skip
    for event in record.events:
        on = record.on + timedelta(days=int(event.after_d))
        Unwanted.objects.create(**own, on=on, harm=event.harm, grade=event.grade)


@transaction.atomic
def enter_due(chart: Chart) -> None:
    """Say anew what is due of a chart. Writers take turns, so each sees what the one before it wrote."""
    Due.objects.filter(chart=chart).delete()
    course = course_of(chart)
    if course is None:
        return
    for thing in due_of(course, knowledge()):
        Due.objects.create(
            row=course.row, clinic_id=chart.clinic_id, chart=chart, on=thing.on, kind=thing.kind,
            session=thing.session, says=thing.says,
        )  # fmt: skip
