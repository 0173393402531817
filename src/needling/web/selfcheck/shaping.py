"""Sections of an answer for one person: one limit, nothing said twice, sources numbered from 1 on each page."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from needling.report.bibliography import Reference
from needling.report.explanation import Row, Section, Statement

_SIDES, _FOR_YOU = ("One side", "The other side"), "For you"
_LIMIT = re.compile(r"(?P<mm>\d+(?:\.\d+)?) mm at most|up to (?P<upto>\d+(?:\.\d+)?) mm")


def with_one_limit(text: str, most_mm: float) -> str:
    """Words of general advice with this person's own longest needle, where that is shorter."""

    def own(found: re.Match[str]) -> str:
        general = float(found["mm"] or found["upto"])
        if not 0 < most_mm < general:
            return found[0]
        return f"{most_mm:g} mm at most" if found["mm"] else f"up to {most_mm:g} mm"

    return _LIMIT.sub(own, text)


def limited(section: Section, most_mm: float) -> Section:
    """A section in which no other limit is named than this person's."""

    def said(one: Statement) -> Statement:
        return replace(one, text=with_one_limit(one.text, most_mm))

    tables = tuple(
        replace(table, rows=tuple(replace(row, cells=tuple(with_one_limit(cell, most_mm) for cell in row.cells))
                                  for row in table.rows))
        for table in section.tables
    )  # fmt: skip
    return replace(
        section, paragraphs=tuple(map(said, section.paragraphs)), points=tuple(map(said, section.points)), tables=tables
    )


def told_once(section: Section, already: str) -> Section:
    """A section without the sentences that stand above it; a point keeps its words where nothing would be left."""
    points = []
    for one in section.points:
        left = " ".join(part for part in re.split(r"(?<=\.)\s+", one.text) if part not in already)
        points.append(replace(one, text=left, lead="") if left and left != one.text else one)
    return replace(section, points=tuple(points))


def summed_up(section: Section) -> Section:
    """Both sides of each dispute in the one sentence that sums them up, with the sources of both."""
    points: list[Statement] = []
    sides: list[Statement] = []
    for one in section.points:
        if one.lead.endswith(_SIDES):
            sides.append(one)
            continue
        if one.lead.endswith(_FOR_YOU):
            numbers = dict.fromkeys(number for side in sides for number in (*side.supports, *side.conflicts))
            points.append(replace(one, lead=one.lead.removesuffix(_FOR_YOU).strip(), supports=tuple(sorted(numbers))))
        else:
            points += [*sides, one]
        sides = []
    return replace(section, points=(*points, *sides))


def numbered(
    sections: Iterable[Section], bibliography: Sequence[Reference], first: Statement | None = None
) -> tuple[list[Section], list[Reference], Statement | None]:
    """Sections, their sources and what stands before them, with numbers from 1 in the order of the page."""
    shown = list(sections)
    said: list[Statement | Row] = [first] if first else []
    said += [one for section in shown for one in section.statements()]
    order: dict[int, int] = {}
    for one in said:
        for number in (*one.supports, *one.conflicts):
            order.setdefault(number, len(order) + 1)

    def mine(numbers: Iterable[int]) -> tuple[int, ...]:
        return tuple(sorted(order[number] for number in numbers if number in order))

    def statement(one: Statement) -> Statement:
        return replace(one, supports=mine(one.supports), conflicts=mine(one.conflicts))

    def row(one: Row) -> Row:
        return replace(one, supports=mine(one.supports), conflicts=mine(one.conflicts))

    again = [
        replace(
            section,
            paragraphs=tuple(map(statement, section.paragraphs)),
            points=tuple(map(statement, section.points)),
            tables=tuple(replace(table, rows=tuple(map(row, table.rows))) for table in section.tables),
        )
        for section in shown
    ]
    references = [
        replace(one, number=order[one.number], contradicted_by=mine(one.contradicted_by))
        for one in bibliography
        if one.number in order
    ]
    return again, sorted(references, key=lambda one: one.number), statement(first) if first else None
