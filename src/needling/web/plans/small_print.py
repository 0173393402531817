"""What belongs at the end of a page or sheet, or only where it is looked up: versions, and codes of rules."""

from __future__ import annotations

import re
from dataclasses import replace

from needling.report.explanation import Section, Statement

_CODE = re.compile(r" \([A-Z]{1,3}\d+\)(?:\.$)?")
_MADE = "Ensemble of "


def without_codes(section: Section) -> Section:
    """A section without the codes of its rules, which stand in the library."""

    def said(one: Statement) -> Statement:
        return replace(one, text=_CODE.sub("", one.text))

    tables = tuple(
        replace(table, rows=tuple(replace(row, cells=tuple(_CODE.sub("", cell) for cell in row.cells))
                                  for row in table.rows))
        for table in section.tables
    )  # fmt: skip
    paragraphs, points = (tuple(map(said, part)) for part in (section.paragraphs, section.points))
    return replace(section, paragraphs=paragraphs, points=points, tables=tables)


def without_making(section: Section) -> tuple[Section, str]:
    """A section without how its figures were computed, and that for the small print."""
    made = [one.text for one in section.paragraphs if one.text.startswith(_MADE)]
    kept = tuple(one for one in section.paragraphs if one.text not in made)
    return replace(section, paragraphs=kept), " ".join(made)
