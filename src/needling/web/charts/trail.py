"""The trail: adding a row under a keyed chain, and finding every way in which it was tampered with.

A row tells who did what with which account, chart or document. Where something was changed it also holds a keyed digest
of what then stood in the database (:mod:`needling.web.charts.states`): whoever changes that past the application is
found. Where the trail ends is noted outside the database (:mod:`needling.web.charts.noting`): whoever cuts it off is
found, too, and the next who writes leaves an alarm in the trail that stays.
"""

from __future__ import annotations

import hmac
import logging
from collections.abc import Iterator
from datetime import datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.db.transaction import TransactionManagementError
from django.utils import timezone

from needling.web.accounts.models import Clinic, User
from needling.web.charts.models import Chart, Head, Row, Trace
from needling.web.charts.moment import one_moment
from needling.web.charts.noting import BEGUN, UNREADABLE, Noted, noted_clinics, read_note, set_note
from needling.web.charts.states import SUBJECTS, digest_of, mac_of, standing, trail_key

_CHANGES = ("set-up", "join", "member", "role", "open-chart", "correct-chart", "erase-chart")
"""Actions, up to their colon, after which an account, a chart or a clinic stands otherwise than before. Only they tell
its state: if signing in did, a changed role would be taken for a told one.
"""
ALARM = "alarm:"
ANSWER = "alarm-answered:"
"""How the actions begin of an alarm, and of what an owner says of one, whose number is then the subject."""
ALARMS = {
    "cut": "the database ended at row {before}, but row {noted} was noted outside it: what came after was cut off",
    "other": "row {noted} was another one than was noted outside the database",
    "note-gone": "the database ended at row {before}, and the note outside it was gone",
    "note-unreadable": "the database ended at row {before}, and the note outside it could not be read",
    "head": "the database did not know any more that it ended at row {before}",
}
_log = logging.getLogger(__name__)


def _mac(key: bytes, before: str, trace: Trace) -> str:
    return mac_of(
        key, before, trace.clinic_id, trace.number, trace.at.isoformat(), trace.actor_id, trace.action, trace.subject,
        trace.words, trace.digest,
    )  # fmt: skip


# ---------------------------------------------------------------- adding


class _Note:
    """Says outside the database where the trail ends, as soon as the database has the row."""

    def __init__(self, trace: Trace, *, anew: bool) -> None:
        self.clinic, self.end, self.anew = trace.clinic_id, Noted(trace.number, trace.mac), anew
        self.__qualname__ = type(self).__qualname__  # Django's log of a failure names it

    def __call__(self) -> None:
        set_note(self.clinic, self.end, anew=self.anew)


def _was_looked_at(clinic: UUID) -> bool:
    """Whether this transaction has added to the clinic's trail already; what was rolled back does not count."""
    waiting = (what for _, what, *_ in reversed(connection.run_on_commit))
    return any(isinstance(what, _Note) and what.clinic == clinic for what in waiting)


def turn_of(clinic: Clinic) -> Head:
    """Wait until nobody else writes in this clinic, and keep the turn until the end of the transaction.

    Whatever is read from now on is what this transaction adds to. If the trail no longer goes on where it was noted
    outside the database, an alarm is written into it. Nobody is kept from writing: what was cut off does not come back
    by it, and what is written today would be lost as well.

    Returns:
        Where the trail ends.

    Raises:
        TransactionManagementError: outside a transaction.
    """
    if not connection.in_atomic_block:
        raise TransactionManagementError("a trace is written in the transaction of what it tells of")
    head, made = Head.objects.select_for_update().get_or_create(clinic=clinic)
    if _was_looked_at(clinic.pk):
        return head
    noted = read_note(clinic.pk)
    if head.number == 0 and noted is None and not Trace.objects.filter(clinic=clinic).exists():
        set_note(clinic.pk, BEGUN)  # before there is a row: so whoever finds no note later knows that it is gone
        return head
    wrong = _misfit(clinic, head, noted)
    if not wrong and not made:
        return head
    last = Trace.objects.filter(clinic=clinic).order_by("-number").first()
    end = Noted(last.number, last.mac) if last is not None else BEGUN
    if end != (head.number, head.mac):
        head.number, head.mac = end
        wrong = _misfit(clinic, head, noted) or "head"
    if wrong:
        _log.error("the trail of clinic %s does not go on where it ended: %s", clinic.pk, wrong)
        _add(head, None, ALARM + wrong, str(noted.number if noted is not None else 0), "", timezone.now(), anew=True)
    return head


def _misfit(clinic: Clinic, head: Head, noted: Noted | None) -> str:
    """How the end of the trail and its note do not fit: a key of ``ALARMS``, or nothing. A note may lag behind."""
    if noted is None:
        return "note-gone"
    if noted == UNREADABLE:
        return "note-unreadable"
    if noted.number > head.number:
        return "cut"
    if noted.number == head.number:
        return "" if noted.mac == head.mac else "other"
    there = noted.number == 0 or Trace.objects.filter(clinic=clinic, number=noted.number, mac=noted.mac).exists()
    return "" if there else "other"


def leave_trace(
    clinic: Clinic,
    actor: User | None,
    action: str,
    subject: str,
    digest: str | None = None,
    at: datetime | None = None,
    *,
    words: str = "",
    anew: bool = False,
) -> Trace:
    """Add one row to a clinic's trail, in the transaction of what it tells of, after that was done.

    Args:
        subject: the id of what it tells of. digest: of the state in which that is now; None: it is worked out where
            the action changes one. words: what somebody says; they stay, also when a person is erased. anew: the trail
            goes on from here, whatever was noted outside the database.

    Raises:
        TransactionManagementError: outside a transaction; the trail and what it tells of are written together or not.
    """
    head = Head.objects.select_for_update().get_or_create(clinic=clinic)[0] if anew else turn_of(clinic)
    if head.number == 0 and actor is not None and subject != str(actor.pk):
        leave_trace(clinic, actor, f"join:{actor.role}", str(actor.pk))  # whoever begins a clinic is told of, too
        head.refresh_from_db()
    if digest is None:
        changed = standing(subject) if action.partition(":")[0] in _CHANGES else None
        digest = digest_of(trail_key(), changed) if changed is not None else ""
    return _add(head, actor, action, subject, digest, at or timezone.now(), words=words, anew=anew)


def _add(
    head: Head, actor: User | None, action: str, subject: str, digest: str, at: datetime, *,
    words: str = "", anew: bool,
) -> Trace:  # fmt: skip
    trace = Trace(
        clinic_id=head.clinic_id, number=head.number + 1, at=at, actor=actor, action=action, subject=subject,
        words=words, digest=digest,
    )  # fmt: skip
    trace.mac = _mac(trail_key(), head.mac, trace)
    trace.save()
    head.number, head.mac = trace.number, trace.mac
    head.save(update_fields=["number", "mac"])
    transaction.on_commit(_Note(trace, anew=anew), robust=True)  # what is written stays written
    return trace


# ---------------------------------------------------------------- looking


def noted_end(clinic: Clinic) -> int:
    """Up to which row the trail was noted outside the database; 0 when it never was."""
    said = read_note(clinic.pk)
    return max(said.number, 0) if said is not None else 0


def lost_clinics() -> list[str]:
    """Clinics with a trail that was noted outside the database, and that are not in it any more."""
    there = set(Clinic.objects.values_list("pk", flat=True))
    return [
        f"the clinic {clinic} is not in this database, but row {said.number} of its trail was noted outside it"
        if said != UNREADABLE
        else f"the clinic {clinic} is not in this database, and what was noted of it cannot be read"
        for clinic, said in noted_clinics().items()
        if clinic not in there and said != BEGUN
    ]


def problems(clinic: Clinic, *, noted: bool = True) -> Iterator[str]:
    """Everything in a clinic's trail, documents, charts and accounts that is not as it was written; none when all is.

    Found are: a changed, left out, moved or added row; a trail cut off at its end, also when it went on since; a
    document of which anything was changed, that was removed without an erasure, or that nobody is said to have
    written; a chart or an account that is otherwise than the trail tells; a table for looking up visits and events that
    does not say what the records say; an alarm that nobody has answered. All is read
    at one moment, and what was noted outside the database before that: who writes meanwhile is no tampering.

    Args:
        noted: whether the note outside the database counts, and alarms about it; not while an older backup is brought
            back.
    """
    said = read_note(clinic.pk)
    with one_moment():
        found = list(_problems(clinic, said, noted=noted))
    yield from found


def _problems(clinic: Clinic, said: Noted | None, *, noted: bool) -> Iterator[str]:
    key, before, number = trail_key(), "", 0
    told: dict[str, tuple[str, str]] = {}
    alarms: dict[str, str] = {}
    for trace in Trace.objects.filter(clinic=clinic).order_by("number").iterator(chunk_size=2000):
        number += 1
        if trace.number != number:
            yield (
                f"row {number} of the trail is missing" if trace.number > number else f"row {trace.number} stands twice"
            )
            number = trace.number
        if not hmac.compare_digest(_mac(key, before, trace), trace.mac):
            yield f"row {trace.number} of the trail ({trace.action}) is not as it was written"
        if noted and said is not None and said.number == trace.number and said.mac != trace.mac:
            yield f"row {trace.number} of the trail is another one than was noted outside the database"
        before = trace.mac
        if trace.action == "erase":
            told.pop(trace.subject, None)
        elif trace.action.startswith(ALARM):
            alarms[str(trace.number)] = alarm_in_words(trace)
        elif trace.action.startswith(ANSWER):
            alarms.pop(trace.subject, None)
        elif trace.digest:
            told[trace.subject] = trace.action, trace.digest
    head = Head.objects.filter(clinic=clinic).first()
    if head is not None and (head.number, head.mac) != (number, before):
        yield f"the trail ends at row {number}, but row {head.number} was the last one written"
    if head is None and number:
        yield f"the trail ends at row {number}, and the database does not know it any more"
    if noted:
        yield from _note_problems(said, number)
        yield from alarms.values()
    yield from _state_problems(clinic, key, told)
    from needling.web.visits.checking import table_problems  # that room is built on this one

    yield from table_problems(clinic)


def alarm_in_words(trace: Trace) -> str:
    """What an alarm says, with its number in the trail."""
    says = ALARMS.get(trace.action.removeprefix(ALARM), "something was wrong")
    return f"row {trace.number} of the trail is an alarm: " + says.format(before=trace.number - 1, noted=trace.subject)


def _note_problems(said: Noted | None, number: int) -> Iterator[str]:
    if said is None and number:
        yield "what was noted outside the database is gone: nothing tells whether the trail was cut off"
    elif said == UNREADABLE:
        yield "what was noted outside the database cannot be read"
    elif said is not None and said.number > number:
        yield f"the trail was cut off after row {number}: row {said.number} was noted outside the database"


def _state_problems(clinic: Clinic, key: bytes, told: dict[str, tuple[str, str]]) -> Iterator[str]:
    """What stands in the database, held against what the trail told last."""
    salts: dict[Any, str] = dict(Chart.objects.filter(clinic=clinic).values_list("pk", "salt"))
    for row in Row.objects.filter(clinic=clinic).iterator(chunk_size=500):
        _, digest = told.pop(str(row.pk), ("", ""))
        if not digest:
            yield f"the {row.kind} {row.pk} stands in no row of the trail"
        elif sha256(row.document.encode()).hexdigest() != row.sha256 or not hmac.compare_digest(
            digest, digest_of(key, row, salts.get(row.chart_id, ""))
        ):
            yield f"the {row.kind} {row.pk} is not as it was written"
    for kind in SUBJECTS:
        own = {"pk": clinic.pk} if kind is Clinic else {"clinic": clinic}
        for thing in kind._default_manager.filter(**own).iterator(chunk_size=500):
            _, digest = told.pop(str(thing.pk), ("", ""))
            name = "account" if kind is User else kind.__name__.lower()
            if digest and not hmac.compare_digest(digest, digest_of(key, thing)):
                yield f"the {name} {thing.pk} is not as the trail tells"
            elif not digest and kind is not Clinic:
                yield f"the {name} {thing.pk} stands in no row of the trail"
    for missing, (action, _) in told.items():
        if action.startswith("write:"):
            yield f"the document {missing} was written, and is gone without an erasure"
        else:
            yield f"what the trail tells of as '{action}' is gone from this clinic: {missing}"
