"""Sheets as PDF: typst sets them with the fonts that it brings, without any network."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path
from typing import Any

from needling.report.explanation import Row, Section, Statement
from needling.web.plans.sheets import Sheet

_TEMPLATE = Path(__file__).parent / "templates" / "plans" / "sheet.typ"


@lru_cache(maxsize=1)
def _template() -> bytes:
    return _TEMPLATE.read_bytes()


def _marks(one: Statement | Row) -> dict[str, Any]:
    return {"supports": one.supports, "conflicts": one.conflicts, "proposal": one.proposal}


def _statement(one: Statement) -> dict[str, Any]:
    return {"lead": one.lead, "text": one.text, **_marks(one)}


def _section(section: Section) -> dict[str, Any]:
    return {
        "id": section.id,
        "title": section.title,
        "level": section.level,
        "paragraphs": [_statement(one) for one in section.paragraphs],
        "points": [_statement(one) for one in section.points],
        "tables": [
            {
                "caption": table.caption,
                "headers": table.headers,
                "rows": [{"cells": row.cells, **_marks(row)} for row in table.rows],
            }
            for table in section.tables
        ],
    }


def as_data(sheet: Sheet) -> dict[str, Any]:
    """A sheet as plain data for the template; sources in short, as far as the print uses them."""
    used = {
        number
        for section in sheet.sections
        for one in section.statements()
        for number in (*one.supports, *one.conflicts)
    }
    printed = [one for one in sheet.references if one.number in used]
    return {
        "title": sheet.title,
        "clinic": sheet.clinic,
        "top": sheet.top,
        "brief": sheet.brief,
        "about": sheet.about,
        "notice": sheet.notice,
        "marks": sheet.marks,
        "sections": [_section(section) for section in sheet.sections],
        "dots": [{"count": one.count, "of": one.of, "label": one.label} for one in sheet.dots],
        "drawings": [{"name": one.name, "says": one.says, "svg": one.svg} for one in sheet.drawings],
        "signatures": sheet.signatures,
        "references": [{"number": one.number, "cites": one.cites} for one in printed],
    }


def as_pdf(sheet: Sheet) -> bytes:
    """A sheet as PDF; text goes in as data, so that nothing in it is read as an instruction."""
    import typst

    said = json.dumps(as_data(sheet), ensure_ascii=False)
    made: bytes = typst.compile(_template(), sys_inputs={"sheet": said}, ignore_system_fonts=True)
    return made
