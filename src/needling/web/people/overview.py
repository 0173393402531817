"""The list of people: who somebody is, what comes next for them, and whether answers came in; in few queries."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from needling.documents import Person
from needling.learning.unwanted import serious_from
from needling.report.words import on_day
from needling.web.charts.models import Chart, Kind, Row
from needling.web.pages import knowledge
from needling.web.people.intake import LINK
from needling.web.people.journey import STEP_NAMES, next_of
from needling.web.visits.course import SESSION
from needling.web.visits.models import Due, Unwanted


@dataclass(frozen=True)
class Line:
    """One person on the list.

    ``news``: the person answered by a link, and nobody has written anything since. ``serious``: a severe unwanted event
    is on record, and nobody has looked since.
    """

    chart: Chart
    born: str
    step: str
    why: str
    last: date | None
    news: bool
    serious: bool


def lines_of(charts: Sequence[Chart]) -> list[Line]:
    """One line for each chart, in their order."""
    ids = [chart.id for chart in charts]
    found = list(
        Row.objects.filter(chart__in=ids).values("pk", "chart", "kind", "number", "at", "through", "supersedes")
    )
    replaced = {row["supersedes"] for row in found}
    rows: dict[UUID, list[Any]] = {}
    for row in sorted(found, key=lambda row: row["number"]):
        if row["pk"] not in replaced:
            rows.setdefault(row["chart"], []).append(row)
    people = [row["pk"] for own in rows.values() for row in own if row["kind"] == Kind.PERSON]
    born = {
        chart: Person.model_validate(json.loads(document)).birth_year
        for chart, document in Row.objects.filter(pk__in=people).values_list("chart", "document")
    }
    sessions = dict(Due.objects.filter(chart__in=ids, kind=SESSION).values_list("chart", "on"))
    events = severe_since(ids)
    return [
        _line(chart, rows.get(chart.id, []), born.get(chart.id), sessions.get(chart.id), events.get(chart.id))
        for chart in charts
    ]


def severe_since(charts: Sequence[UUID]) -> dict[UUID, datetime]:
    """When the last severe event of each chart was written down, where there is one."""
    severe = Unwanted.objects.filter(chart__in=charts, grade__gte=serious_from(knowledge())).order_by("row__at")
    return dict(severe.values_list("chart", "row__at"))


def _line(chart: Chart, rows: Sequence[Any], born: int | None, session: date | None, event: datetime | None) -> Line:
    newest = {row["kind"]: row for row in rows}
    look = newest.get(Kind.ASSESSMENT)
    step, why = next_of(
        {kind: row["at"] for kind, row in newest.items()},
        set(STEP_NAMES),
        own=look is None or look["through"] != LINK,
        over=Kind.APPROVAL in newest and session is None,
        session_due=session is not None and session <= date.today(),
    )
    last = rows[-1] if rows else None
    serious = event is not None and (look is None or look["at"] < event)
    if serious:
        step, why = "follow-up", "a severe event is on record: look again before any session"
    return Line(
        chart=chart,
        born=on_day(chart.born) if chart.born else str(born) if born else "",
        step=STEP_NAMES[step],
        why=why,
        last=last["at"].date() if last else None,
        news=last is not None and last["through"] == LINK,
        serious=serious,
    )
