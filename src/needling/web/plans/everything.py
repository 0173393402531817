"""Everything that is kept of one person as one sheet: each document in words and numbers, and what was done with it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import date
from typing import Any

from pydantic import ValidationError

from needling.report.explanation import Row, Section, Statement, Table
from needling.report.words import on_day
from needling.web.charts.correcting import earlier_of
from needling.web.charts.models import Chart, Kind
from needling.web.charts.records import KIND_OF
from needling.web.charts.telling import done_words
from needling.web.charts.views import everything_of
from needling.web.pages import knowledge
from needling.web.people.intake import LINK
from needling.web.plans.in_words import Words, words_of
from needling.web.plans.proposals import signers_of
from needling.web.plans.sheets import Sheet

_LONGEST = 16  # parts of a list that are written out; longer ones stand in the JSON file
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
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
    if isinstance(value, str) and _DAY.fullmatch(value):
        with suppress(ValueError):
            return on_day(date.fromisoformat(value))
    return f"{value:g}" if isinstance(value, float) else str(value)


TITLES = {
    Kind.PERSON: "Answers",
    Kind.ASSESSMENT: "What was found",
    Kind.PROPOSED: "Proposed in spite of a rule",
    Kind.CLEARANCE: "What was decided from it",
    Kind.DRAFT: "Plans that were drawn up",
    Kind.CHOICE: "Plans that were weighed",
    Kind.PLAN: "Plans",
    Kind.APPROVAL: "The plan that was approved",
    Kind.CHECK: "Questions on the day of a visit",
    Kind.RECORD: "Visits, and what came after",
    Kind.MISSES: "Forecast and seen",
}
"""Kinds of documents in the order in which a person reads them."""
_TYPE_OF = {kind: made for made, kind in KIND_OF.items()}


def document_words(kind: str, said: Any, names: Mapping[str, str]) -> Words:
    """A document in words; one that this version cannot read, part by part."""
    try:
        return words_of(_TYPE_OF[kind].model_validate_json(json.dumps(said)), knowledge(), names)
    except ValidationError:
        return Words((), (Table("", ("What", "Answer"), tuple(Row(leaf) for leaf in leaves(said))),))


def everything_sheet(chart: Chart) -> Sheet:
    """The sheet that a person gets who asks what is kept of them: by kind in words, digests at the end."""
    told, names = everything_of(chart), signers_of(chart.clinic_id)
    before = [f"until {on_day(one.until)} {one.named}" for one in earlier_of(chart)]
    replaced = {one["supersedes"] for one in told["documents"]}
    sections: list[Section] = []
    for kind, title in TITLES.items():
        own = [one for one in told["documents"] if one["kind"] == kind]
        if own:
            sections.append(Section(str(kind), title))
            sections += [_section(one, names, one["id"] in replaced) for one in reversed(own)]
    done = tuple(Row((_moment(one["at"]), done_words(one["action"]))) for one in told["trail"])
    sections.append(Section("trail", "What was done with the chart", tables=(Table("", ("When", "What"), done),)))
    proofs = tuple(Row((f"{TITLES[one['kind']]}, {_moment(one['at'])}", one["sha256"])) for one in told["documents"])
    sections.append(Section("proofs", "Digests (sha256)", tables=(Table("", ("Document", "sha256"), proofs),)))
    return Sheet(
        name="everything",
        title="Everything that is kept",
        about=" · ".join((chart.named, *before, f"chart opened {on_day(chart.created.date())}")),
        sections=tuple(sections),
        dots=(),
        signatures=(),
        references=(),
        clinic=chart.clinic.name,
        marks="Every number as it was signed stands in the JSON file of the same chart.",
        brief=True,
    )


def _moment(at: str) -> str:
    return f"{on_day(date.fromisoformat(at[:10]))}, {at[11:16]} UTC"


def _section(one: Mapping[str, Any], names: Mapping[str, str], replaced: bool) -> Section:
    """One document. What a later version replaced tells only that it was there: it stands in the JSON file."""
    who = names.get(one["by"], one["by"])
    by = f"Answered by the person, by a link of {who}" if one["through"] == LINK else f"By {who}"
    title = on_day(date.fromisoformat(one["at"][:10]))
    if replaced:
        return Section(one["id"], title, (Statement(f"{by}. Replaced by a later version."),), level=3)
    return document_words(one["kind"], one["document"], names).section(one["id"], title, Statement(f"{by}."))
