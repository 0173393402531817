"""The list of people: who somebody is, what comes next for them, and whether answers came in; in few queries."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
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
from needling.web.people.journey import NO_CLEARANCE, STEP_NAMES, Cleared, next_of, not_approved
from needling.web.plans.waiting import waiting_in
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
    read = [row["pk"] for own in rows.values() for row in _newest(own) if row["kind"] in _kinds_read(own)]
    born, said, nothing = {}, {}, set()
    for chart, kind, document in Row.objects.filter(pk__in=read).values_list("chart", "kind", "document"):
        told = json.loads(document)
        if kind == Kind.PERSON:
            born[chart] = Person.model_validate(told).birth_year
        elif kind == Kind.CLEARANCE:
            said[chart] = _cleared(told)
        elif not told["plan"]["sessions"]:
            nothing.add(chart)
    unsigned = {one.chart.id for one in waiting_in(charts, knowledge())}
    sessions = dict(Due.objects.filter(chart__in=ids, kind=SESSION).values_list("chart", "on"))
    events = severe_since(ids)
    return [
        _line(
            chart, rows.get(chart.id, []), born.get(chart.id), sessions.get(chart.id), events.get(chart.id),
            said.get(chart.id, NO_CLEARANCE), chart.id in unsigned, chart.id in nothing,
        )
        for chart in charts
    ]  # fmt: skip


def _newest(rows: Sequence[Any]) -> Iterable[Any]:
    """The last row of each kind."""
    return {row["kind"]: row for row in rows}.values()


def _kinds_read(rows: Sequence[Any]) -> tuple[str, ...]:
    """Documents that tell what comes next; a choice, which is long, only where no approval followed."""
    known: tuple[str, ...] = (Kind.PERSON, Kind.CLEARANCE)
    return (*known, Kind.CHOICE) if not_approved({row["kind"]: row["at"] for row in rows}) else known


def _cleared(told: dict[str, Any]) -> Cleared:
    """What a kept clearance says, without reading all its grounds."""
    earliest = told.get("earliest")
    return Cleared(told["verdict"], date.fromisoformat(earliest) if earliest else None)


def severe_since(charts: Sequence[UUID]) -> dict[UUID, datetime]:
    """When the last severe event of each chart was written down, where there is one."""
    severe = Unwanted.objects.filter(chart__in=charts, grade__gte=serious_from(knowledge())).order_by("row__at")
    return dict(severe.values_list("chart", "row__at"))


def _line(
    chart: Chart, rows: Sequence[Any], born: int | None, session: date | None, event: datetime | None, said: Cleared,
    unsigned: bool, nothing: bool,
) -> Line:  # fmt: skip
    newest = {row["kind"]: row for row in rows}
    look = newest.get(Kind.ASSESSMENT)
    step, why = next_of(
        {kind: row["at"] for kind, row in newest.items()},
        set(STEP_NAMES),
        own=look is None or look["through"] != LINK,
        over=Kind.APPROVAL in newest and session is None,
        session_due=session is not None and session <= date.today(),
        said=said,
        unsigned=unsigned,
        nothing=nothing,
        unlike=chart.born is not None and born is not None and chart.born.year != born,
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
