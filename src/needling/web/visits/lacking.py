"""What nobody wrote down of a session: seen before it is signed, and named in what is signed.

A record is never refused. One without its lot is kept once somebody said so, and its note then names what is not there.
It is no deviation, which would read as the reason for something else that differed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from needling.documents import SessionRecord
from needling.web.visits.used import all_used, unnamed

if TYPE_CHECKING:
    from needling.web.visits.recording import Form

_OWN = ("lot", "expiry", "endpoint", "pain", "aftercare")
_BEGINS = "Not written down: "
_FURTHER = re.compile("(lot|expiry) of the (other device|[0-9.]+ mm needles)")
_LETTERS = 2000


def lacking(form: Form) -> list[tuple[str, str]]:
    """What is still empty on a form and only the day can tell: the field, and what to call it."""
    own = [(name, name) for name in _OWN if not getattr(form, name)]
    return [*own, *unnamed(form.further, form.delivered_mm)]


def unwritten(record: SessionRecord) -> list[str]:
    """The same of a record; nothing of a session that was not done."""
    if not record.strokes:
        return []
    told = {
        "lot": all(used.lot for used in all_used(record)),
        "expiry": all(used.expiry for used in all_used(record)),
        "endpoint": record.endpoint_seen,
        "pain": record.pain_score is not None,
        "aftercare": record.aftercare_given is not None,
    }
    return [name for name in _OWN if not told[name]]


def noted(note: str, without: Iterable[str]) -> str:
    """A note that names what the record is signed without."""
    named = ", ".join(without)
    return "\n".join(part for part in (note, f"{_BEGINS}{named}." if named else "") if part)


def split_note(note: str) -> tuple[str, tuple[str, ...]]:
    """A note as it was typed, and what it names as not written down."""
    *typed, last = note.split("\n")
    names = tuple(last.removeprefix(_BEGINS).removesuffix(".").split(", "))
    if not last.startswith(_BEGINS) or not all(name in _OWN or _FURTHER.fullmatch(name) for name in names):
        return note, ()  # somebody's own words, if they begin so
    return "\n".join(typed), names


def accepted(sent: Sequence[str]) -> tuple[str, ...]:
    """What a form says that it is kept without."""
    return tuple(dict.fromkeys(one.strip() for text in sent for one in text[:_LETTERS].split(",") if one.strip()))
