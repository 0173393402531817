"""What is in one zone only, as lines of a form: what was found where, its size and note, and its place on the map."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from itertools import zip_longest
from typing import Any

from pydantic import ValidationError

from needling.documents import Assessment, Lesion, Spot, ZoneFinding
from needling.knowledge import Knowledge
from needling.planning.answers import lesion_facts
from needling.web.people.reading import as_text, facts_over

MARKS_AT_MOST = 40
OUT = "out"
_LISTS = ("mark_zone", "mark", "mark_answer")
_MORE = ("mark_size", "mark_note", "mark_spot")
_NOTE = 4000


@dataclass(frozen=True)
class Mark:
    """One line of what was found in a single zone, as text.

    ``answer`` is yes, no, or "out": there, marked, and left out of the field. ``spot`` is the place on the map as it
    travels through the form: the drawing and two shares.
    """

    zone: str = ""
    fact: str = ""
    answer: str = ""
    size: str = ""
    note: str = ""
    spot: str = ""
    problem: str = ""

    @property
    def in_detail(self) -> bool:
        """Whether the line says more than that something is there."""
        return bool(self.size or self.note or self.spot or self.answer == OUT)


@dataclass(frozen=True)
class Found:
    """What a form says of one zone: plain answers, and lesions."""

    facts: dict[str, bool] = field(default_factory=dict)
    lesions: list[Lesion] = field(default_factory=list)


def mark_kinds(kb: Knowledge) -> list[tuple[str, str]]:
    """What can be found in a single zone: the questions on a zone that are answered with yes or no."""
    return [(name, (fact.ask_clinician or fact.ask).rstrip("?")) for name, fact in lesion_facts(kb).items()]


def read_marks(sent: Any, zones: Iterable[Mapping[str, Any]], kb: Knowledge) -> tuple[dict[str, Found], list[Mark]]:
    """Findings in single zones, by zone; empty lines are left out.

    A yes with nothing beside it is a plain answer; with a size, a note or a place, or where the same is found more than
    once, it is a lesion.

    Args:
        sent: lists ``mark_zone``, ``mark`` and ``mark_answer`` of equal length, and ``mark_size``, ``mark_note`` and
            ``mark_spot`` where the form has them. zones: of the same form.
    """
    lines = zip(*(sent.getlist(name) for name in _LISTS), strict=False)
    more = zip_longest(*(sent.getlist(name) for name in _MORE), fillvalue="")
    given = [
        Mark(zone, fact, answer, size.strip()[:24], note.replace("\r\n", "\n").strip()[:_NOTE], spot[:60])
        for (zone, fact, answer), (size, note, spot) in zip_longest(lines, more, fillvalue=("", "", ""))
        if any((zone, fact, size.strip(), note.strip(), spot))
    ]
    named = {zone["zone"] for zone in zones}
    often = Counter((one.zone, one.fact) for one in given if one.answer != "no")
    found: dict[str, Found] = {}
    rows: list[Mark] = []
    for mark in given:
        here = found.setdefault(mark.zone, Found())
        lesion, problem = _read(mark, named, kb)
        problem = problem or _against(mark, rows)
        rows.append(replace(mark, problem=problem))
        if problem:
            continue
        if mark.answer != OUT:
            here.facts[mark.fact] = mark.answer == "yes"
        if lesion and (mark.in_detail or often[mark.zone, mark.fact] > 1):
            here.lesions.append(lesion)
    return found, rows


def _against(mark: Mark, rows: list[Mark]) -> str:
    """What is wrong with a line beside those before it."""
    alike = [replace(row, problem="") for row in rows if (row.zone, row.fact) == (mark.zone, mark.fact)]
    if mark in alike:
        return "This stands here twice."
    if mark.answer != OUT and any(row.answer not in (OUT, mark.answer) for row in alike):
        return "Yes and no to the same in one zone; correct one."
    return f"At most {MARKS_AT_MOST} findings fit in one assessment." if len(rows) >= MARKS_AT_MOST else ""


def _read(mark: Mark, named: set[str], kb: Knowledge) -> tuple[Lesion | None, str]:
    """The lesion of a line, or what is wrong with it; a no is neither."""
    kinds = lesion_facts(kb)
    if mark.zone not in named:
        return None, "Choose one of the zones above."
    if mark.fact not in kinds:
        return None, "Choose what was found."
    if mark.answer not in ("yes", "no", OUT):
        return None, "Choose yes or no."
    if mark.answer == "no":
        return None, "Size, note and place belong to a yes; take them out, or say yes." if mark.in_detail else ""
    if mark.answer == OUT and not kinds[mark.fact].may_leave_out:
        return None, "This counts wherever the field ends, so it cannot be left out; choose yes or no."
    try:
        size = float(mark.size.replace(",", ".")) if mark.size else None
        return Lesion(
            what=mark.fact, size_mm=size, note=mark.note, spot=spot_of(mark.spot), left_out=mark.answer == OUT
        ), ""  # fmt: skip
    except (ValueError, ValidationError):
        wrong = "size" if mark.size and not _is_size(mark.size) else "spot"
    return None, {
        "size": "Give the size in mm, above 0 and at most 500.",
        "spot": "The place on the map cannot be read; place it again.",
    }[wrong]


def _is_size(text: str) -> bool:
    try:
        return Lesion(what="any", size_mm=float(text.replace(",", "."))) is not None
    except ValueError:
        return False


def spot_of(text: str) -> Spot | None:
    """A place on the map from the form; None for "". Raises ValueError for what is none."""
    if not text:
        return None
    view, x, y = text.split(" ")
    return Spot.model_validate({"view": view, "x_share": float(x), "y_share": float(y)})


def as_spot(spot: Spot | None) -> str:
    """A place on the map as it travels through the form."""
    return "" if spot is None else f"{spot.view} {spot.x_share} {spot.y_share}"


def marks_of(seen: Assessment, kb: Knowledge) -> list[Mark]:
    """The lines for what is known of single zones."""
    kinds = lesion_facts(kb)
    found = []
    for zone in seen.zones:
        shown = {lesion.what for lesion in zone.lesions if not lesion.left_out}
        found += [
            Mark(zone.zone, fact.name, as_text(fact.value))
            for fact in zone.facts
            if fact.name in kinds and fact.value is not None and not (fact.name in shown and fact.value is True)
        ]
        found += [
            Mark(
                zone.zone, one.what, OUT if one.left_out else "yes",
                "" if one.size_mm is None else f"{one.size_mm:.12g}", one.note, as_spot(one.spot),
            )
            for one in zone.lesions
        ]  # fmt: skip
    return found


def zone_after(zone: Mapping[str, Any], found: Found, before: ZoneFinding | None, kb: Knowledge) -> dict[str, Any]:
    """A zone of the form as the document has it: with its findings, and with what no form asks as it was before.

    What was measured stays; so does an answer that belongs to a yes, as the date of a filler, while that is one.
    """
    kinds = lesion_facts(kb)
    facts = facts_over(before.facts if before else (), kinds.values(), found.facts)
    taken_back = {fact.name for fact in before.facts} if before else set()
    taken_back -= {fact.name for fact in facts if fact.value is True}
    definitions = kb.by("facts")
    kept = [fact for fact in facts if fact.name not in definitions or definitions[fact.name].only_if not in taken_back]
    measured = {name: getattr(before, name) for name in ("epidermis_um", "dermis_mm")} if before else {}
    return {**zone, **measured, "facts": kept, "lesions": found.lesions}
