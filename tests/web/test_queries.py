"""No page and no list asks the database more often because there is more in it: found from the map of addresses."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext
from tests.web.clinics import House, open_chart, user_of
from tests.web.programs import Program
from tests.web.test_api import OPERATIONS, approved, record_of
from tests.web.test_separation import PATTERNS, _address

from needling.documents import Person, SessionRecord
from needling.web.accounts.models import Role
from needling.web.api.models import Token
from needling.web.charts.models import Row
from needling.web.charts.records import write

FEW, MANY = 3, 30


def _filled(house: House, many: int) -> tuple[Any, Program]:
    """A clinic with so many of everything: people, charts, documents, approvals, visits, events, tokens."""
    signed = approved(house)[1]
    user, start, device = house.people["clinician"], signed.plan.start, signed.plan.sessions[0].device

    def visit(chart: Any, before: Row | None, number: int) -> Row:
        told = record_of(
            signed.sha256, house, on=start.isoformat(), device=device, lot=f"L{number}", pain_score=number % 10,
            events=[{"harm": "expected-reaction", "grade": 1, "after_d": 3}], asked_until_d=7,
        )  # fmt: skip
        return write(user, chart, SessionRecord.model_validate(told), supersedes=before)

    row: Row | None = None
    for number in range(many):
        user_of(house.own, Role.ASSISTANT)
        Token.make(house.people["owner"], f"token {number}")
        chart = open_chart(user, f"Person {number}")
        write(user, chart, Person(id=chart.person_id))
        write(user, chart, signed)
        visit(chart, None, number)
        row = visit(house.chart, row, number)
    assert row is not None
    house.row = row
    return house.browser("owner"), Program(house.people["owner"])


def _counted(house: House, many: int) -> dict[str, tuple[int, int]]:
    browser, program = _filled(house, many)
    headers = {"Authorization": f"Bearer {program.token}"}
    found = {}
    for route, _ in PATTERNS:
        address = _address(re.sub(r"<(?!uuid)[^>]*>", "x", route), house)
        if not address.startswith("/api/charts"):
            found[f"page {route}"] = _queries(lambda address=address: browser.get(address))
    for method, path, _ in OPERATIONS:
        if method == "get":
            address = path.replace("{chart}", str(house.chart.id)).replace("{row}", str(house.row.id))
            found[f"call {path}"] = _queries(
                lambda address=address: program.client.get(f"/api{address}", headers=headers)
            )
    return found


def _queries(asks: Any) -> tuple[int, int]:
    """How many queries, and the status of the answer."""
    asks()  # once before: when a token was used is noted, sessions are read
    cache.clear()
    with CaptureQueriesContext(connection) as seen:
        status = asks().status_code
    return len(seen), status


@pytest.mark.slow
def test_more_rows_are_not_more_queries(house: House) -> None:
    few, many = _counted(house, FEW), _counted(House.make(), MANY)
    assert few.keys() == many.keys() and sum(status == 200 for _, status in many.values()) > 25
    assert {name: status for name, (_, status) in few.items()} == {name: status for name, (_, status) in many.items()}
    worse = {name: (few[name][0], many[name][0]) for name in few if many[name][0] > few[name][0]}
    assert not worse, f"queries with {FEW} and with {MANY} rows: {worse}"
