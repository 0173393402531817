"""Everything that is kept of one person as one sheet: each document in words and numbers, and what was done with it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from needling.report.explanation import Row, Section, Statement, Table
from needling.report.words import on_day
from needling.web.charts.models import Chart
from needling.web.charts.views import everything_of
from needling.web.plans.sheets import Sheet

_LONGEST = 16  # parts of a list that are written out; longer ones stand in the JSON file
_CURVES = ("quantiles", "days_d", "measures", "scorecards")
"""Long rows of numbers behind pictures, by name; their number is told, they themselves stand in the JSON file."""


def leaves(said: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """Every part of a document with its place in it, as a person can read it; what is not known says so."""
    if isinstance(said, Mapping):
        for key, value in said.items():
            yield from leaves(value, f"{name}, {key}" if name else str(key))
    elif isinstance(said, Sequence) and not isinstance(said, str):
        plain = all(not isinstance(one, Mapping | list) for one in said)
        if name.rpartition(", ")[2] in _CURVES or (plain and len(said) > _LONGEST):
            yield name, f"{len(said)} parts, in the JSON file"
        elif plain:
            yield name, ", ".join(_said(one) for one in said) or "none"
        else:
            for number, one in enumerate(said, start=1):
                yield from leaves(one, f"{name} {number}")
    else:
        yield name, _said(said)


def _said(value: Any) -> str:
    if value is None:
        return "not known"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:g}" if isinstance(value, float) else str(value)


def everything_sheet(chart: Chart) -> Sheet:
    """The sheet that a person gets who asks what is kept of them."""
    told = everything_of(chart)
    sections = [
        Section(
            f"document-{number}",
            f"{one['kind'].capitalize()}, {one['at'][:10]}",
            (Statement(f"By {one['by']}. sha256 {one['sha256']}."),),
            tables=(
                Table("", ("What", "Answer"), tuple(Row((what, answer)) for what, answer in leaves(one["document"]))),
            ),
        )
        for number, one in enumerate(told["documents"], start=1)
    ]
    done = tuple(Row((one["at"][:16].replace("T", " "), one["action"])) for one in told["trail"])
    sections.append(Section("trail", "What was done with the chart", tables=(Table("", ("When", "What"), done),)))
    return Sheet(
        name="everything",
        title="Everything that is kept",
        about=f"{chart.label} · chart opened {on_day(chart.created.date())}",
        sections=tuple(sections),
        dots=(),
        signatures=(),
        references=(),
        marks="The numbers behind the pictures stand in the JSON file of the same chart.",
    )
