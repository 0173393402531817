"""Whatever happens on any page or in the API, no line of the log holds anything about a person."""

from __future__ import annotations

import io
import logging
import re
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.test.utils import override_settings
from tests.web.clinics import PASSWORD, House, open_chart
from tests.web.programs import Program, person_of
from tests.web.test_api import OPERATIONS
from tests.web.test_separation import PATTERNS, _address

from needling.web.logs import Quiet

SECRETS = ("Grete Geheim", "geheim", "1931", "correct horse", "psoriasis-word", "needling_")


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """Everything that any part of the program says, from the least line on, in the form of the server's log."""
    kept = io.StringIO()
    handler = logging.StreamHandler(kept)
    handler.setFormatter(Quiet())
    root = logging.getLogger()
    levels = {one: one.level for one in (root, *(logging.getLogger(name) for name in ("django", "axes", "waitress")))}
    for one in levels:
        one.setLevel(logging.DEBUG)
    root.addHandler(handler)
    yield kept
    root.removeHandler(handler)
    for one, level in levels.items():
        one.setLevel(level)


def _clean(log: io.StringIO) -> str:
    said = log.getvalue()
    assert not [secret for secret in SECRETS if secret.casefold() in said.casefold()], said[-3000:]
    return said


def test_the_server_logs_in_that_form() -> None:
    assert settings.LOGGING["formatters"]["quiet"]["()"] == f"{Quiet.__module__}.{Quiet.__name__}"
    assert settings.LOGGING["handlers"]["stderr"]["formatter"] == "quiet"


def test_every_page_and_every_call_with_secrets(house: House, log: io.StringIO) -> None:
    user = house.people["owner"]
    house.chart = open_chart(user, SECRETS[0])
    browser = house.browser("owner")
    sent = {
        "label": SECRETS[0], "birth_year": "1931", "q": SECRETS[0], "name": SECRETS[0], "note": "psoriasis-word",
        "words": "psoriasis-word", "why": "psoriasis-word", "email": "geheim@clinic.test", "password": PASSWORD,
        "token": "needling_geheim", "zone": "Geheim", "version": "geheim",
    }  # fmt: skip
    for route, _ in PATTERNS:
        address = _address(re.sub(r"<(?!uuid)[^>]*>", "x", route), house)
        if any(word in address for word in ("erase", "/team/")):
            continue
        for client in (browser, Client(raise_request_exception=False)):
            client.get(address, {"q": SECRETS[0]})
            client.post(address, sent)
        browser.post(address + "Grete%20Geheim", sent)
    for method, path, _ in OPERATIONS:
        address = path.replace("{chart}", str(house.chart.id)).replace("{row}", str(house.row.id))
        program = Program(user)
        for body in ({"document": person_of(house.chart, birth_year=1931), "note": "psoriasis-word"}, sent):
            program.client.raise_request_exception = False
            program.client.generic(
                method.upper(), f"/api{address}?q=Grete%20Geheim", str(body).replace("'", '"').replace("None", "null"),
                content_type="application/json", headers={"Authorization": f"Bearer {program.token}"},
            )  # fmt: skip
    said = _clean(log)
    assert "django.request" in said and "charts/<uuid:chart>/" in said
    assert str(house.chart.id) not in said


def test_who_signs_in_and_who_fails(house: House, log: io.StringIO) -> None:
    for email in ("geheim@clinic.test", house.people["assistant"].email):
        for _ in range(6):
            Client().post("/sign-in/", {"email": email, "password": "geheim geheim"})
    house.browser("owner")
    said = _clean(log)
    assert "AXES" in said and house.people["assistant"].email not in said


def test_a_failure_inside_tells_where_and_not_what(house: House, log: io.StringIO, monkeypatch: Any) -> None:
    from needling.web.charts import views

    def broken(*given: Any, **named: Any) -> Any:
        raise ValueError(f"{SECRETS[0]} was born in 1931")

    monkeypatch.setattr(views, "render", broken)
    client = house.browser("owner")
    client.raise_request_exception = False
    assert client.get("/charts/").status_code == 500
    said = _clean(log)
    assert "500 GET charts/" in said and "ValueError" in said and "views.py" in said


def test_a_host_and_a_method_that_somebody_made_up(log: io.StringIO) -> None:
    client = Client(raise_request_exception=False)
    with override_settings(ALLOWED_HOSTS=["localhost"]):
        client.get("/", headers={"host": "grete-geheim.test"})
    client.generic("GEHEIM", "/check/")
    _clean(log)


def test_other_programs_lines_lose_what_was_put_in(log: io.StringIO) -> None:
    logging.getLogger("some.library").warning("value %s of %s", SECRETS[0], "1931")
    try:
        raise KeyError(SECRETS[0])
    except KeyError:
        logging.getLogger("some.library").warning("broken", exc_info=sys.exc_info())
    said = _clean(log)
    assert "value … of …" in said and "KeyError" in said
