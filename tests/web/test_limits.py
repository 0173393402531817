"""How often, and how many at once, a stranger may ask for what costs a computer time."""

from __future__ import annotations

import json
import threading
import time
from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory

from needling.errors import BadInput
from needling.web import limits
from needling.web.limits import Rate, costly, place_of, read_rate


def _request(address: str = "192.0.2.1") -> Any:
    from django.contrib.auth.models import AnonymousUser

    request = RequestFactory().get("/check/answer/", REMOTE_ADDR=address)
    request.user = AnonymousUser()
    return request


def _page(request: HttpRequest) -> HttpResponse:
    return HttpResponse("worked out")


@pytest.mark.parametrize(("said", "rate"), [("30/min", (30, 60.0)), ("1/s", (1, 1.0)), ("600/h", (600, 3600.0))])
def test_a_rate(said: str, rate: tuple[int, float]) -> None:
    assert read_rate(said) == rate


@pytest.mark.parametrize("said", ["", "30", "0/min", "-1/s", "30/day", "many/min", "1.5/min"])
def test_no_rate(said: str) -> None:
    with pytest.raises(BadInput):
        read_rate(said)


def test_so_many_and_then_a_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [1000.0]
    monkeypatch.setattr(limits.time, "monotonic", lambda: now[0])
    rate = Rate("3/min")
    assert [rate.wait_s("a") for _ in range(3)] == [0.0] * 3
    now[0] += 20
    assert rate.wait_s("a") == 40.0 and rate.wait_s("b") == 0.0
    now[0] += 40
    assert rate.wait_s("a") == 0.0


def test_addresses_are_not_kept_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "_MOST_ADDRESSES", 10)
    rate = Rate("1/min")
    for number in range(50):
        rate.wait_s(str(number))
    assert len(rate._seen) == 10


@pytest.mark.parametrize(
    ("address", "place"),
    [("192.0.2.1", "192.0.2.1"), ("2001:db8:1:2:3::4", "2001:db8:1:2::/64"), ("", ""), ("unix:", "")],
)
def test_where_somebody_is(address: str, place: str) -> None:
    assert place_of(_request(address)) == place


def test_too_often_from_one_place(monkeypatch: pytest.MonkeyPatch, database: None) -> None:
    monkeypatch.setattr(limits, "_OFTEN", Rate("2/min"))
    page = costly(_page)
    assert [page(_request()).status_code for _ in range(3)] == [200, 200, 429]
    refused = page(_request())
    assert 0 < int(refused["Retry-After"]) <= 61 and "your answers are kept" in refused.content.decode()
    assert page(_request("192.0.2.2")).status_code == 200


def test_few_at_once_and_nobody_waits_long(monkeypatch: pytest.MonkeyPatch, database: None) -> None:
    monkeypatch.setattr(limits, "_AT_ONCE", threading.BoundedSemaphore(1))
    monkeypatch.setattr(limits, "_WAIT_S", 0.05)
    inside, leave = threading.Event(), threading.Event()

    def slow(request: HttpRequest) -> HttpResponse:
        inside.set()
        leave.wait(20)
        return HttpResponse("done")

    first = threading.Thread(target=costly(slow), args=(_request(),))
    first.start()
    assert inside.wait(20)
    try:
        began = time.monotonic()
        assert costly(_page)(_request("192.0.2.3")).status_code == 503 and time.monotonic() - began < 5
    finally:
        leave.set()
        first.join()
    assert costly(_page)(_request("192.0.2.3")).status_code == 200


def test_a_page_that_breaks_gives_its_place_back(monkeypatch: pytest.MonkeyPatch, database: None) -> None:
    monkeypatch.setattr(limits, "_AT_ONCE", threading.BoundedSemaphore(1))

    def broken(request: HttpRequest) -> HttpResponse:
        raise ZeroDivisionError

    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            costly(broken)(_request())


@pytest.mark.parametrize("page", ["answer/", "answer/clinic-sheet/", "steps/", "steps/hygiene/", "plan/"])
def test_the_pages_that_simulate_are_held(monkeypatch: pytest.MonkeyPatch, database: None, page: str) -> None:
    monkeypatch.setattr(limits, "_OFTEN", Rate("1/h"))
    assert [Client().get(f"/check/{page}").status_code for _ in range(2)] == [302, 429]


def test_the_description_of_the_api_is_worked_out_once(monkeypatch: pytest.MonkeyPatch, database: None) -> None:
    from needling.web.api.urls import api

    first = Client().get("/api/openapi.json")
    monkeypatch.setattr(type(api), "get_openapi_schema", lambda *given, **named: pytest.fail("worked out again"))
    again = Client().get("/api/openapi.json")
    assert again.content == first.content and "/api/charts" in json.loads(first.content)["paths"]
    assert Client().get("/api/").status_code == 200
    assert Client().post("/api/openapi.json").status_code == 405
