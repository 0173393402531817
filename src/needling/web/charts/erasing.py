"""Erasing a chart: its words out of the database and, as far as a program can, out of the files that hold it."""

from __future__ import annotations

from functools import partial
from uuid import UUID

from django.db import connection, transaction
from django.utils import timezone

from needling.web.accounts.models import Clinic, User
from needling.web.charts.models import Chart, Row
from needling.web.charts.noting import note_erased, noted_erased
from needling.web.charts.records import Superseded
from needling.web.charts.trail import leave_trace, turn_of

_TRIES = 3


def erase_chart(user: User, chart: Chart) -> bool:
    """Remove everything that is kept of one person; the trail says that it was done, and holds no words.

    The chart's salt goes with it, so that the digests in the trail fit nothing any more that somebody might try.

    Returns:
        Whether the words are out of the database's own files too, as far as this program can tell.

    Raises:
        Superseded: somebody else erased it first.
    """
    with transaction.atomic():
        turn_of(user.clinic)
        if not Chart.objects.filter(pk=chart.pk, clinic=user.clinic_id, erased=None).exists():
            raise Superseded("this person was erased in the meantime")
        _erase(user.clinic, user, chart.pk)
    return files_are_clean()


def erase_again(clinic: Clinic) -> int:
    """Erase whom a backup brought back although they were erased after it was made; how many they were.

    Call it in the transaction of the restore.
    """
    back = Chart.objects.filter(clinic=clinic, erased=None, pk__in=noted_erased(clinic.pk))
    charts = list(back.order_by("pk").values_list("pk", flat=True))
    for chart in charts:
        _erase(clinic, None, chart)
    return len(charts)


def _erase(clinic: Clinic, actor: User | None, chart: UUID) -> None:
    rows = Row.objects.filter(chart=chart)
    for row in rows.order_by("number").values_list("pk", flat=True):
        leave_trace(clinic, actor, "erase", str(row), "")
    rows.filter(supersedes__isnull=False).update(supersedes=None)
    rows.delete()
    Chart.objects.filter(pk=chart).update(label="", folded="", born=None, earlier=[], salt="", erased=timezone.now())
    leave_trace(clinic, actor, "erase-chart", str(chart))
    transaction.on_commit(partial(note_erased, clinic.pk, chart), robust=True)


def files_are_clean() -> bool:
    """Carry what was overwritten from SQLite's journal into its file, and empty the journal.

    Whoever reads in this moment holds the journal open; they are waited for. PostgreSQL keeps what was removed until
    its own vacuum, and in its archive: that is for whoever runs it.
    """
    if connection.vendor != "sqlite" or connection.in_atomic_block:
        return False
    with connection.cursor() as cursor:
        for _ in range(_TRIES):
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            if not cursor.fetchone()[0]:
                return True
    return False
