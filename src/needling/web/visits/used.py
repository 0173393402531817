"""Further devices of a session on its form: a roller has one length, so a plan with two lengths uses two lots."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from pydantic import ValidationError

from needling.documents import Session, SessionRecord, Stroke
from needling.documents.used import Used
from needling.knowledge import Knowledge

SPARE = 1
_LINES = 12  # numerical: more devices than a session uses
_LINE = re.compile("also_[a-z]+-[0-9]{1,3}")
_FIELDS = ("device", "length", "condition", "lot", "expiry")
_MOST = {"device": 80, "length": 12, "condition": 12, "lot": 400, "expiry": 20}  # numerical: letters that a field takes
_ONE_LENGTH = ("roller", "stamp")
Problem = tuple[str, str, str]


@dataclass(frozen=True)
class Further:
    """One further device as text; ``planned`` where a length of the plan needs it."""

    device: str = ""
    length: str = ""
    condition: str = "new"
    lot: str = ""
    expiry: str = ""
    planned: bool = False

    @property
    def told(self) -> bool:
        """Whether somebody wrote anything that only the day can tell."""
        return bool(self.lot or self.expiry)


def lengths_of(strokes: Sequence[Stroke]) -> list[float]:
    """Needle lengths in the order of the strokes, each once."""
    return list(dict.fromkeys(stroke.needle_length_mm for stroke in strokes))


def planned_further(session: Session, kb: Knowledge) -> tuple[Further, ...]:
    """One line for each further length of a device that has but one."""
    device = kb.by("devices").get(session.device)
    if device is None or device.kind not in _ONE_LENGTH:
        return ()
    lengths = lengths_of(session.strokes)[1:]
    return tuple(Further(session.device, f"{length:g}", session.condition, planned=True) for length in lengths)


def recorded_further(record: SessionRecord) -> tuple[Further, ...]:
    """What a record says of further devices, to be corrected."""
    return tuple(
        Further(
            one.device,
            "" if one.needle_length_mm is None else f"{one.needle_length_mm:g}",
            one.condition,
            one.lot or "",
            one.expiry.isoformat() if one.expiry else "",
            planned=True,
        )
        for one in record.also_used
    )


def sent_further(sent: Any, opened: Sequence[Further]) -> tuple[Further, ...]:
    """What came back: the lines that were there, and more where something was written in them.

    A line of ``opened`` of which nothing came back, while others did, did not stand on the page that was sent.
    """
    numbers = {int(name.rpartition("-")[2]) for name in sent if _LINE.fullmatch(name)}
    found = []
    for number in sorted(numbers | set(range(len(opened) + SPARE)))[:_LINES]:
        if numbers and number not in numbers:
            continue
        was = opened[number] if number < len(opened) else Further()
        told = {
            name: str(sent.get(f"also_{name}-{number}", getattr(was, name))).strip()[: _MOST[name]] for name in _FIELDS
        }
        line = Further(**told, planned=was.planned)
        if number < len(opened) or line.device or line.told:
            found.append(line)
    return tuple(found)


def read_further(
    lines: Sequence[Further], delivered_mm: Sequence[float], kb: Knowledge
) -> tuple[list[dict[str, Any]], list[Problem]]:
    """Further devices that were used, or what is wrong with them.

    A planned one whose length was not used, and of which nothing was written, was not needed.

    Args:
        delivered_mm: needle lengths of the strokes that were done.
    """
    found, problems = [], []
    for number, line in enumerate(lines):
        name = f"Device for {line.length} mm" if line.length else "Another device"
        length = _number(line.length) if line.length else None
        if _not_needed(line, length, delivered_mm):
            continue
        if line.device not in kb.by("devices"):
            problems.append((f"also_device-{number}", "Choose the device.", name))
            continue
        if line.length and length is None:
            problems.append((f"also_length-{number}", "Give the needle length in mm, or leave it empty.", name))
            continue
        try:
            expiry = date.fromisoformat(line.expiry) if line.expiry else None
        except ValueError:
            problems.append((f"also_expiry-{number}", "Give a day, or leave it empty.", name))
            continue
        told = {
            "device": line.device, "needle_length_mm": length, "condition": line.condition or "new",
            "lot": line.lot or None, "expiry": expiry,
        }  # fmt: skip
        try:
            found.append(Used.model_validate(told).model_dump())
        except ValidationError as invalid:
            wrong = {"needle_length_mm": "length"}.get(place := str(invalid.errors()[0]["loc"][0]), place)
            problems.append((f"also_{wrong}-{number}", "This does not fit. Look at it again.", name))
    return found, problems


def unnamed(lines: Sequence[Further], delivered_mm: Sequence[float | None]) -> list[tuple[str, str]]:
    """Lots and days of expiry that nobody wrote down of further devices that were used: the field, and its words."""
    found = []
    for number, line in enumerate(lines):
        length = _number(line.length) if line.length else None
        if _not_needed(line, length, delivered_mm):
            continue
        which = " of the other device" if length is None else f" of the {length:g} mm needles"
        found += [(f"also_{name}-{number}", f"{name}{which}") for name in ("lot", "expiry") if not getattr(line, name)]
    return found


def _not_needed(line: Further, length: float | None, delivered_mm: Sequence[float | None]) -> bool:
    """Whether a device of the plan was not used: nothing was written of it, and no stroke had its length."""
    return line.planned and not line.told and (length not in delivered_mm or not line.device)


def _number(text: str) -> float | None:
    try:
        return float(text.replace(",", "."))
    except ValueError:
        return None


def all_used(record: SessionRecord) -> tuple[SessionRecord | Used, ...]:
    """Every device of a session, the first one before the others."""
    return (record, *record.also_used)


def expired_lots(record: SessionRecord) -> list[tuple[str, date]]:
    """Lots that had expired on the day of the session, with the day; a lot that was not named is ""."""
    return [
        (used.lot or "", used.expiry)
        for used in all_used(record)
        if used.expiry is not None and used.expiry < record.on
    ]
