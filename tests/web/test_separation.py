"""Every address of the application, found from its own map: nothing of a clinic is reached from outside of it."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from tests.web.clinics import House, signed_in

from needling.web.accounts.models import Invitation
from needling.web.api.models import Token

OPEN = {"start", "sign-in", "sign-out", "set-up", "join", "join-open", "renew", "renew-open", "second-factor", "claims",
        "claim", "api-openapi", None}  # fmt: skip
INTAKE = {f"intake{page}" for page in ("", "-you", "-topic", "-summary", "-send", "-sent", "-open")}  # test_intake.py
SECRETS = ("Somebody Secret", "1990")


def _patterns(resolver: URLResolver, before: str = "") -> Iterator[tuple[str, URLPattern]]:
    for one in resolver.url_patterns:
        if isinstance(one, URLResolver):
            yield from _patterns(one, before + str(one.pattern))
        else:
            yield before + str(one.pattern), one


PATTERNS = [
    (route, pattern)
    for route, pattern in _patterns(get_resolver())
    if pattern.name not in OPEN and not str(pattern.name).startswith("check") and pattern.name not in INTAKE
]


def _address(route: str, house: House) -> str:
    """The address of a route with the ids of the own clinic."""
    ids: dict[str, Any] = {
        "<uuid:chart>": house.chart.id,
        "<uuid:row>": house.row.id,
        "<uuid:user>": house.people["assistant"].id,
        "<uuid:token>": Token.make(house.people["assistant"], "theirs")[0].id,
        "<uuid:invitation>": Invitation.make(house.people["owner"], "invited@clinic.test", "auditor")[0].id,
        "<slug:entry>": "derma-roller",
        "<slug:section>": "rules",
        "<str:entry>": "keloid-history",
        "<int:number>": 1,
    }
    route = route.replace("<uuidstr:", "<uuid:")
    for name, value in ids.items():
        route = route.replace(name, str(value))
    assert "<" not in route, f"say in this test what stands for {route}"
    return f"/{route}"


def test_the_map_has_addresses() -> None:
    assert len(PATTERNS) > 8


@pytest.mark.parametrize("route", [route for route, _ in PATTERNS])
def test_a_stranger_and_a_visitor_see_nothing(house: House, route: str) -> None:
    address = _address(route, house)
    for client in (signed_in(house.stranger), Client()):
        for page in (client.get(address), client.post(address, {"label": house.chart.label})):
            assert not any(secret in page.content.decode() for secret in SECRETS)
            if "<uuid" in route:
                assert page.status_code in (302, 401, 404, 405), (address, page.status_code)
    house.chart.refresh_from_db()
    assert house.chart.erased is None
    house.people["assistant"].refresh_from_db()
    assert house.people["assistant"].is_active
    assert not Invitation.objects.filter(clinic=house.own).exclude(revoked=None).exists()


@pytest.mark.parametrize("route", [route for route, _ in PATTERNS])
def test_an_auditor_changes_nothing(house: House, route: str) -> None:
    from needling.web.charts.models import Row, Trace

    before = Row.objects.count(), Trace.objects.exclude(action="sign-in").count()
    client = house.browser("auditor")
    before = Row.objects.count(), Trace.objects.filter(clinic=house.own).count()
    client.post(_address(route, house), {"label": house.chart.label, "email": "x@y.test", "role": "owner"})
    assert (Row.objects.count(), Trace.objects.filter(clinic=house.own).count()) == before


def test_an_id_that_does_not_exist_looks_like_one_of_another_clinic(house: House) -> None:
    stranger = signed_in(house.stranger)
    theirs, none = stranger.get(f"/charts/{house.chart.id}/"), stranger.get(f"/charts/{uuid.uuid4()}/")
    assert theirs.status_code == none.status_code == 404
    seen = [re.sub(r'value="[A-Za-z0-9]{64}"', "", page.content.decode()) for page in (theirs, none)]
    assert seen[0] == seen[1]
