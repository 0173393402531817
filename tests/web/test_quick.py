"""What a slider does not change is not worked out again; what was worked out goes with who was erased."""

from __future__ import annotations

import gc
from typing import Any

import pytest
from tests.web.clinics import House
from tests.web.test_plans import browser, hidden, page_of, put

from needling.planning.screen import screen
from needling.web.charts.models import Chart
from needling.web.plans import basis
from needling.web.plans.warm import Kept


@pytest.fixture
def screened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The people who were screened for a page of plans, in order."""
    seen: list[str] = []

    def noted(person: Any, *others: Any) -> Any:
        seen.append(person.id)
        return screen(person, *others)

    monkeypatch.setattr(basis, "screen", noted)
    return seen


def test_a_slider_screens_nobody_again(house: House, screened: list[str]) -> None:
    put(house)
    client = browser(house, "clinician")
    page = client.get(page_of(house, "plan/")).content.decode()
    sent = {name: hidden(page, name) for name in ("version", "start", "weighed")}
    for passes in "234":
        answer = client.post(page_of(house, "plan/"), {**sent, "part": "answer", "passes_count": passes})
        assert answer.status_code == 200
    assert len(screened) == 1
    Kept.forget()  # as when somebody is erased
    basis.basis_of(Chart.objects.get(pk=house.chart.pk))
    assert len(screened) == 2


def test_a_server_frees_rings_of_objects(monkeypatch: pytest.MonkeyPatch) -> None:
    """Commands switch that off, because they end soon; a server grew by some 40 kB with every slider."""
    waitress = pytest.importorskip("waitress", reason="the web application needs the extra [web]")
    from needling.cli import serve

    frees: list[bool] = []
    monkeypatch.setattr("needling.cli.clinic.set_up", lambda: None)
    monkeypatch.setattr("needling.cli.answering.warm", lambda quiet: None)
    monkeypatch.setattr(serve, "_say_what_is_unsafe", lambda host: None)
    monkeypatch.setattr(waitress, "serve", lambda *given, **named: frees.append(gc.isenabled()))
    gc.disable()
    try:
        serve.serve(host="127.0.0.1", port=8000, threads=1, proxy="127.0.0.1", demo=False)
    finally:
        gc.enable()
        gc.unfreeze()
    assert frees == [True]
