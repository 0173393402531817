"""The trail: adding a row under a keyed chain, and finding every way in which it was tampered with."""

from __future__ import annotations

import hmac
import json
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from hashlib import sha256
from pathlib import Path

from django.conf import settings
from django.db import connection, transaction
from django.db.transaction import TransactionManagementError
from django.utils import timezone

from needling.web.accounts.models import Clinic, User
from needling.web.charts.models import Head, Row, Trace
from needling.web.charts.moment import one_moment
from needling.web.keys import data_folder, kept_key

try:
    import fcntl
except ImportError:  # not a POSIX system: there one process serves
    fcntl = None  # type: ignore[assignment]
_TURN = threading.Lock()


def _mac(key: bytes, before: str, trace: Trace) -> str:
    said = [
        before, str(trace.clinic_id), trace.number, trace.at.isoformat(), str(trace.actor_id), trace.action,
        trace.subject, trace.sha256,
    ]  # fmt: skip
    return hmac.new(key, json.dumps(said).encode(), sha256).hexdigest()


def _key() -> bytes:
    return (settings.AUDIT_KEY or kept_key("audit-key", "NEEDLING_AUDIT_KEY")).encode()


def _anchor(clinic: Clinic) -> Path:
    return data_folder() / "trail" / f"{clinic.id}.json"


def leave_trace(
    clinic: Clinic, actor: User | None, action: str, subject: str, digest: str = "", at: datetime | None = None
) -> Trace:
    """Add one row to a clinic's trail, in the transaction of what it tells of.

    Raises:
        TransactionManagementError: outside a transaction; the trail and what it tells of are written together or not.
    """
    if not connection.in_atomic_block:
        raise TransactionManagementError("a trace is written in the transaction of what it tells of")
    head = Head.objects.select_for_update().get_or_create(clinic=clinic)[0]
    trace = Trace(
        clinic=clinic, number=head.number + 1, at=at or timezone.now(), actor=actor, action=action, subject=subject,
        sha256=digest,
    )  # fmt: skip
    trace.mac = _mac(_key(), head.mac, trace)
    trace.save()
    Head.objects.filter(clinic=clinic).update(number=trace.number, mac=trace.mac)
    transaction.on_commit(lambda: _set_anchor(clinic, trace), robust=True)  # what is written stays written
    return trace


def _set_anchor(clinic: Clinic, trace: Trace, *, anew: bool = False) -> None:
    """Say outside the database where the trail ends; a later end is never overwritten by an earlier one.

    The note is written after the database has the row: whatever ends this process in between leaves a note that lags
    behind, never one that leads. ``anew``: whatever was noted before, as when an older backup was brought back.
    """
    file = _anchor(clinic)
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with _alone(file.with_suffix(".lock")):
        said = None if anew else _read_anchor(clinic)
        if said is not None and said[0] >= trace.number:
            return
        new = file.with_suffix(".new")
        with new.open("w") as stream:
            stream.write(json.dumps([trace.number, trace.mac]))
            stream.flush()
            os.fsync(stream.fileno())
        new.replace(file)


@contextmanager
def _alone(file: Path) -> Iterator[None]:
    """One thread of one process at a time; whoever dies inside lets go."""
    with _TURN, file.open("w") as held:
        if fcntl is not None:
            fcntl.flock(held, fcntl.LOCK_EX)
        yield


def note_end(clinic: Clinic) -> None:
    """Note outside the database where a clinic's trail ends now, after a backup was brought back."""
    last = Trace.objects.filter(clinic=clinic).order_by("-number").first()
    if last is not None:
        _set_anchor(clinic, last, anew=True)


def noted_end(clinic: Clinic) -> int:
    """Up to which row the trail was noted outside the database; 0 when it never was."""
    said = _read_anchor(clinic)
    return said[0] if said else 0


def _read_anchor(clinic: Clinic) -> tuple[int, str] | None:
    try:
        number, mac = json.loads(_anchor(clinic).read_text())
        return int(number), str(mac)
    except FileNotFoundError:
        return None
    except (ValueError, TypeError):
        return 0, ""


def problems(clinic: Clinic, *, noted: bool = True) -> Iterator[str]:
    """Everything in a clinic's trail and documents that is not as it was written; nothing when all is.

    Found are: a changed, left out, moved or added row; a trail cut off at its end; a document that was changed, or
    removed without an erasure; a document that nobody is said to have written. All is read at one moment, and what was
    noted outside the database before that: who writes meanwhile is no tampering.

    Args:
        noted: whether the note outside the database counts; not while an older backup is brought back.
    """
    anchor = _read_anchor(clinic) if noted else None
    with one_moment():
        found = list(_problems(clinic, anchor))
    yield from found


def _problems(clinic: Clinic, anchor: tuple[int, str] | None) -> Iterator[str]:
    key, before, number = _key(), "", 0
    written: dict[str, str] = {}
    for trace in Trace.objects.filter(clinic=clinic).order_by("number").iterator(chunk_size=2000):
        number += 1
        if trace.number != number:
            yield (
                f"row {number} of the trail is missing" if trace.number > number else f"row {trace.number} stands twice"
            )
            number = trace.number
        if not hmac.compare_digest(_mac(key, before, trace), trace.mac):
            yield f"row {trace.number} of the trail ({trace.action}) is not as it was written"
        if anchor is not None and anchor[0] == trace.number and anchor[1] != trace.mac:
            yield f"row {trace.number} of the trail is another one than was noted outside the database"
        before = trace.mac
        if trace.action.startswith("write:"):
            written[trace.subject] = trace.sha256
        elif trace.action == "erase":
            written.pop(trace.subject, None)
    head = Head.objects.filter(clinic=clinic).first()
    if head is not None and (head.number, head.mac) != (number, before):
        yield f"the trail ends at row {number}, but row {head.number} was the last one written"
    if anchor == (0, ""):
        yield "what was noted outside the database cannot be read"
    if anchor is not None and anchor[0] > number:
        yield f"the trail was cut off after row {number}: row {anchor[0]} was noted outside the database"
    yield from _document_problems(clinic, written)


def _document_problems(clinic: Clinic, written: dict[str, str]) -> Iterator[str]:
    for row in Row.objects.filter(clinic=clinic).only("id", "kind", "document", "sha256").iterator(chunk_size=500):
        told = written.pop(str(row.id), None)
        seen = sha256(row.document.encode()).hexdigest()
        if told is None:
            yield f"the {row.kind} {row.id} stands in no row of the trail"
        elif seen != told or row.sha256 != told:
            yield f"the {row.kind} {row.id} is not as it was written"
    for missing in written:
        yield f"the document {missing} was written, and is gone without an erasure"
