"""The list of people: who somebody is, what comes next for them, and whether answers came in; in few queries."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from needling.documents import Person
from needling.web.charts.models import Chart, Kind, Row
from needling.web.people.intake import LINK
from needling.web.people.journey import STEP_NAMES, next_of
from needling.web.visits.course import SESSION
from needling.web.visits.models import Due


@dataclass(frozen=True)
class Line:
    """One person on the list. ``news``: the person answered by a link, and nobody has written anything since."""

    chart: Chart
    born: str
    step: str
    why: str
    last: date | None
    news: bool


def lines_of(charts: Sequence[Chart]) -> list[Line]:
    """One line for each chart, in their order."""
    ids = [chart.id for chart in charts]
    in_force = Row.objects.filter(chart__in=ids, superseded_by=None)
    rows: dict[UUID, list[Any]] = {}
    for row in in_force.values("chart", "kind", "at", "through").order_by("at"):
        rows.setdefault(row["chart"], []).append(row)
    born = {
        chart: Person.model_validate(json.loads(document)).birth_year
        for chart, document in in_force.filter(kind=Kind.PERSON).values_list("chart", "document")
    }
    going = set(Due.objects.filter(chart__in=ids, kind=SESSION).values_list("chart", flat=True))
    return [_line(chart, rows.get(chart.id, []), born.get(chart.id), chart.id in going) for chart in charts]


def _line(chart: Chart, rows: Sequence[Any], born: int | None, going: bool) -> Line:
    newest = {row["kind"]: row for row in rows}
    look = newest.get(Kind.ASSESSMENT)
    step, why = next_of(
        {kind: row["at"] for kind, row in newest.items()},
        set(STEP_NAMES),
        own=look is None or look["through"] != LINK,
        over=Kind.APPROVAL in newest and not going,
    )
    last = rows[-1] if rows else None
    return Line(
        chart=chart,
        born=str(born) if born else "",
        step=STEP_NAMES[step],
        why=why,
        last=last["at"].date() if last else None,
        news=last is not None and last["through"] == LINK,
    )
