"""Alarms of a trail, and what owners say of them: each answer is a signed row of the trail and stays beside its alarm.

An answer takes nothing back. It says what was found, so that the next alarm is not lost among those that are known.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction

from needling.errors import BadInput, NotAllowed
from needling.web.accounts.models import Role, User
from needling.web.charts.models import Trace
from needling.web.charts.trail import ALARM, ALARMS, ANSWER, alarm_in_words, leave_trace

FOUND = (
    ("moved", "We moved or copied the database or its data folder ourselves"),
    ("brought-back", "An older copy was brought back without “needling restore”"),
    ("failed", "A disk, the power or a program failed"),
    ("tampered", "Somebody changed the database or the data folder"),
    ("not-known", "It was looked into, and nobody knows"),
)
"""What may have been found."""
WORDS = 1000
"""Letters of an answer at most."""


@dataclass(frozen=True)
class Answer:
    """What an owner said of an alarm."""

    found: str
    words: str
    by: str
    at: datetime


@dataclass(frozen=True)
class Alarm:
    """One alarm of a clinic's trail, with what was said of it since, the oldest first."""

    number: int
    at: datetime
    says: str
    answers: tuple[Answer, ...]


def alarms_of(clinic: UUID) -> list[Alarm]:
    """The alarms of a clinic, the newest first; one query."""
    names = [ALARM + name for name in ALARMS] + [ANSWER + name for name, _ in FOUND]
    rows = Trace.objects.filter(clinic=clinic, action__in=names).select_related("actor").order_by("number")
    said: dict[str, list[Answer]] = {}
    alarms: list[Trace] = []
    for row in rows:
        if row.action.startswith(ALARM):
            alarms.append(row)
        else:
            found = dict(FOUND)[row.action.removeprefix(ANSWER)]
            by = row.actor.name if row.actor else ""
            said.setdefault(row.subject, []).append(Answer(found, row.words, by, row.at))
    return [
        Alarm(one.number, one.at, alarm_in_words(one), tuple(said.get(str(one.number), ()))) for one in alarms[::-1]
    ]


def answer(user: User, number: int, found: str, words: str) -> Trace:
    """Say what was found of an alarm, as a row of the trail.

    Raises:
        NotAllowed: not an owner. BadInput: no such alarm, none of the findings, or no words.
    """
    words = words.strip()
    if user.role != Role.OWNER:
        raise NotAllowed("only an owner answers an alarm")
    if found not in dict(FOUND):
        raise BadInput("Choose what was found.")
    if not words or len(words) > WORDS:
        raise BadInput(f"Say in up to {WORDS} letters what you looked at, and what you found.")
    with transaction.atomic():
        if all(one.number != number for one in alarms_of(user.clinic_id)):
            raise BadInput("There is no such alarm.")
        return leave_trace(user.clinic, user, ANSWER + found, str(number), words=words)
