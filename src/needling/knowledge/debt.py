"""What the evidence base owes: every entry that rests on memory alone, or in part, and whether it acts all the same."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any, Literal, NamedTuple

from needling.knowledge.base import SECTIONS, Knowledge, id_of
from needling.knowledge.checks import parts_of
from needling.knowledge.schema import Rule, Sourced

Standing = Literal["released", "proposal", "silent"]
STANDINGS: tuple[Standing, ...] = ("released", "proposal", "silent")


class Debt(NamedTuple):
    """One entry, or one part of one, that nobody has read a source for."""

    section: str
    id: str
    part: str
    """Which part of the entry (``protocols 1``); empty for the entry itself."""
    alone: bool
    """True: nothing but memory, or no source at all. False: remembered sources beside others."""
    standing: Standing
    """released: acts or is told as it stands; proposal: acts, marked as ours; silent: loaded, does not act."""
    rests_on: tuple[str, ...]
    """Keys of the remembered sources; empty when there is no source at all."""


def _debt_of(part: Any, kb: Knowledge) -> tuple[bool, tuple[str, ...]] | None:
    """(alone, remembered keys) when a part rests on memory, None when it does not."""
    sources = kb.by("sources")
    supporting = [citation.key for citation in part.sources if citation.stance == "supports"]
    remembered = tuple(dict.fromkeys(key for key in supporting if sources[key].access == "memory"))
    if getattr(part, "access", None) == "memory" or len(set(supporting)) == len(remembered):
        return True, remembered
    return (False, remembered) if remembered else None


def _standing(entry: Any, part: Any) -> Standing:
    if isinstance(entry, Rule) and not entry.released:
        return "silent"
    return "proposal" if part.proposal or (part is not entry and entry.proposal) else "released"


def _named_parts(entry: Any) -> Iterator[tuple[str, Any]]:
    """The entry, and the parts of it that have sources or a standing of their own, by name."""
    if isinstance(entry, Sourced):
        yield "", entry
    counts: Counter[str] = Counter()
    for part in parts_of(entry):
        if not isinstance(part, Sourced):
            continue  # a statement of law is always cited with a source of its own
        name = type(part).__name__.lower()
        counts[name] += 1
        yield f"{name} {counts[name]}", part


def _conflict_debt(entry: Any, kb: Knowledge) -> tuple[bool, tuple[str, ...]] | None:
    """A conflict owes when neither side has a source, or only remembered ones."""
    keys = dict.fromkeys(citation.key for citation in (*entry.sources_a, *entry.sources_b))
    remembered = tuple(key for key in keys if kb.source(key).access == "memory")
    if len(keys) == len(remembered):
        return True, remembered
    return (False, remembered) if remembered else None


def knowledge_debt(kb: Knowledge) -> tuple[Debt, ...]:
    """Everything in the evidence base that rests on memory, in the order of the sections and files.

    An entry owes when its ``access`` is memory, when all its supporting sources were only remembered, or when it has
    none; it owes in part when one of several was. Facts (questions) state nothing and cannot owe.

    Args:
        kb: the evidence base.

    Returns:
        One row for each entry and each part with sources of its own.
    """
    found = []
    for section in SECTIONS:
        if section in ("sources", "facts"):
            continue
        for entry in getattr(kb, section):
            name = id_of(section, entry)
            if section == "conflicts":
                owed = _conflict_debt(entry, kb)
                found += [Debt(section, name, "", owed[0], "released", owed[1])] if owed else []
                continue
            for part_name, part in _named_parts(entry):
                owed = _debt_of(part, kb)
                if owed is not None:
                    found.append(Debt(section, name, part_name, owed[0], _standing(entry, part), owed[1]))
    return tuple(found)


def debt_counts(debts: tuple[Debt, ...]) -> dict[str, dict[str, int]]:
    """Section -> how many are released, proposal, silent (resting on memory alone) and how many owe in part."""
    counts: dict[str, dict[str, int]] = {}
    for debt in debts:
        row = counts.setdefault(debt.section, dict.fromkeys((*STANDINGS, "part"), 0))
        row[debt.standing if debt.alone else "part"] += 1
    return counts
