"""Whether the tables for looking things up still say what the signed records say: who finds nobody warns nobody."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from needling.documents import SessionRecord
from needling.web.accounts.models import Clinic
from needling.web.charts.models import Kind, Row
from needling.web.charts.records import read
from needling.web.visits.models import Unwanted, Visit
from needling.web.visits.tables import devices_of, lot_key

_VISIT = ("row_id", "chart_id", "on", "approval", "session", "done", "device", "lot_key")
_UNWANTED = ("row_id", "chart_id", "on", "harm", "grade")


def table_problems(clinic: Clinic) -> Iterator[str]:
    """Visits and unwanted events that are missing in the tables, or stand there otherwise than in a record."""
    visits: Counter[tuple[Any, ...]] = Counter(Visit.objects.filter(clinic=clinic).values_list(*_VISIT))
    events: Counter[tuple[Any, ...]] = Counter(Unwanted.objects.filter(clinic=clinic).values_list(*_UNWANTED))
    rows = Row.objects.filter(clinic=clinic, kind=Kind.RECORD, superseded_by=None)
    for row in rows.only("id", "chart_id", "document").iterator(chunk_size=500):
        try:
            record = read(row, SessionRecord)
        except ValueError:
            continue  # that it was changed is found by its digest
        own = (row.pk, row.chart_id, record.on, record.approval, record.session, bool(record.strokes))
        for device, lot in devices_of(record):
            visits[(*own, device, lot_key(lot) if record.strokes else "")] -= 1
        for event in record.events:
            on = record.on + timedelta(days=int(event.after_d))
            events[(row.pk, row.chart_id, on, event.harm, event.grade)] -= 1
    for name, found in (("visit", visits), ("unwanted event", events)):
        for (row_id, *_), count in found.items():
            if count:
                is_as = "is missing in" if count < 0 else "stands otherwise in"
                yield f"a {name} of the record {row_id} {is_as} the tables for looking up"
