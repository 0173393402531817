"""``needling clinic``: who works here, and a link for an owner who lost everything."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client
from django_otp.oath import totp
from django_otp.plugins.otp_totp.models import TOTPDevice
from tests.web.clinics import House
from typer.testing import CliRunner

from needling.cli import build
from needling.errors import BadInput
from needling.web.api.models import Token
from needling.web.charts.models import Trace
from needling.web.charts.trail import problems

NEW = "a new and other passphrase"


@pytest.fixture(autouse=True)
def _ready(monkeypatch: pytest.MonkeyPatch) -> None:
    """The tests have set up their own database."""
    monkeypatch.setattr("needling.cli.people.set_up", lambda: None)


def said(*words: str) -> Any:
    return CliRunner().invoke(build(["people"]), ["clinic", *words])


def test_an_owner_who_lost_everything_comes_back(house: House) -> None:
    user = house.people["owner"]
    before, token = house.browser("owner"), Token.make(user, "theirs")[1]
    told = said("renew", user.email.upper(), "--address", "https://needling.clinic.example/")
    assert told.exit_code == 0, told.output
    link = next(line for line in told.output.splitlines() if line.startswith("https://needling.clinic.example/renew/"))
    assert before.get("/charts/").status_code == 302
    assert Client().get("/api/charts", HTTP_AUTHORIZATION=f"Bearer {token}").status_code == 401

    back = Client()
    assert back.get(link.removeprefix("https://needling.clinic.example"), follow=True).status_code == 200
    assert back.post("/renew/", {"password": NEW}).status_code == 302
    back.get("/second-factor/")
    device = TOTPDevice.objects.get(user=user)
    assert back.post("/second-factor/", {"code": f"{totp(device.bin_key):06d}"}).status_code == 302
    assert back.get("/team/").status_code == 200

    row = Trace.objects.get(subject=str(user.id), action="renewal:on-server")
    assert row.actor is None and not list(problems(house.own))


def test_who_was_locked_out_is_let_in_only_when_that_is_said(house: House) -> None:
    user = house.people["clinician"]
    house.browser("owner").post(f"/team/{user.id}/", {"do": "out", "sure": "yes"})
    refused = said("renew", user.email)
    assert isinstance(refused.exception, BadInput) and "--let-in" in str(refused.exception)
    assert said("renew", user.email, "--let-in").exit_code == 0
    user.refresh_from_db()
    assert user.is_active and Trace.objects.filter(subject=str(user.id), action="member:in", actor=None).count() == 1
    assert not list(problems(house.own))


def test_nobody_of_that_address(house: House) -> None:
    assert isinstance(said("renew", "nobody@clinic.test").exception, BadInput)


def test_who_works_here(house: House) -> None:
    told = json.loads(said("people", "--json").output)["people"]
    own = {one["email"]: one["role"] for one in told if one["clinic"] == house.own.name}
    assert own == {user.email: role for role, user in house.people.items()}
    assert house.stranger.email in said("people").output
