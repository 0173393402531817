"""Guessing passwords: many names from one address, one name from many; and nobody is kept out by a stranger."""

from __future__ import annotations

from typing import Any
from unittest.mock import patch

import pytest
from django.contrib.auth.hashers import get_hasher
from django.test import Client
from django.utils import timezone
from django_otp.oath import totp
from django_otp.plugins.otp_totp.models import TOTPDevice
from tests.web.clinics import PASSWORD, House, half_in, signed_in

from needling.web.accounts.factors import new_codes
from needling.web.accounts.guessing import AT_ONE_NAME, FROM_ONE_ADDRESS
from needling.web.charts.models import Trace
from needling.web.charts.trail import problems

WRONG = "wrong horse battery staple"


def tried(email: str, address: str, password: str = WRONG, client: Client | None = None) -> int:
    sent = {"email": email, "password": password}
    return int((client or Client()).post("/sign-in/", sent, REMOTE_ADDR=address).status_code)


def test_many_names_from_one_address(house: House) -> None:
    said = [tried(f"name{n}@clinic.test", "203.0.113.5") for n in range(FROM_ONE_ADDRESS + 1)]
    assert said == [422] * FROM_ONE_ADDRESS + [429]
    email = house.people["clinician"].email
    assert tried(email, "203.0.113.5", PASSWORD) == 429
    assert tried(email, "203.0.113.6", PASSWORD) == 302, "elsewhere the door is open"


@pytest.mark.parametrize("known", [True, False])
def test_one_name_from_many_addresses(house: House, known: bool) -> None:
    """The name may be one that nobody has: both look alike."""
    email = house.people["clinician"].email if known else "nobody@clinic.test"
    said = [tried(email, f"198.51.100.{n}") for n in range(AT_ONE_NAME + 1)]
    assert said == [422] * AT_ONE_NAME + [429]


def test_a_stranger_does_not_keep_a_colleague_out(house: House) -> None:
    """Where they have signed in with both factors before, they still can."""
    user = house.people["clinician"]
    own = signed_in(user)
    own.post("/sign-out/")
    for n in range(AT_ONE_NAME):
        tried(user.email, f"198.51.100.{n}")
    assert tried(user.email, "192.0.2.8", PASSWORD) == 429, "a browser that nobody knows"
    assert tried(user.email, "192.0.2.8", PASSWORD, own) == 302
    forged: Any = Client()
    forged.cookies["known"] = f"{user.id.hex}0"
    assert tried(user.email, "192.0.2.8", PASSWORD, forged) == 429
    other = signed_in(house.people["assistant"])
    assert tried(user.email, "192.0.2.8", PASSWORD, other) == 429, "known for another name"


def test_a_browser_that_two_share_knows_both(house: House) -> None:
    shared, people = Client(), [house.people[role] for role in ("clinician", "assistant")]
    for user in people:
        signed_in(user)  # sets up the phone
        shared.post("/sign-in/", {"email": user.email, "password": PASSWORD})
        TOTPDevice.objects.filter(user=user).update(last_t=-1)
        shared.post("/second-factor/", {"code": f"{totp(TOTPDevice.objects.get(user=user).bin_key):06d}"})
        shared.post("/sign-out/")
    assert shared.cookies["known"]["path"] == "/", "read where it is added to, at the second factor, and at the door"
    for user in people:
        for number in range(AT_ONE_NAME):
            tried(user.email, f"198.51.100.{number}")
        assert tried(user.email, "192.0.2.8", PASSWORD, shared) == 302
        shared.post("/sign-out/")


def test_five_from_one_address_at_one_name_lock_also_a_known_browser(house: House) -> None:
    user = house.people["clinician"]
    own = signed_in(user)
    own.post("/sign-out/")
    said = [tried(user.email, "192.0.2.9", WRONG, own) for _ in range(6)]
    assert said[0] == 422 and said[-1] == 429


@pytest.mark.parametrize("where", ["192.0.2.{}", "192.0.2.9"], ids=["many addresses", "one address"])
def test_a_locked_name_is_told_in_the_trail_once(house: House, where: str) -> None:
    user = house.people["clinician"]
    for number in range(AT_ONE_NAME + 3 if "{" in where else 9):
        tried(user.email, where.format(number))
    assert Trace.objects.filter(clinic=house.own, action="locked", subject=str(user.id), actor=None).count() == 1
    assert not list(problems(house.own))


def test_a_name_that_nobody_has_costs_the_same_work(house: House) -> None:
    hasher = type(get_hasher())
    for email, active in ((house.people["owner"].email, True), ("nobody@x.test", True), ("out", False)):
        if not active:
            user = house.people["assistant"]
            type(user).objects.filter(pk=user.pk).update(is_active=False)
            email = user.email
        with patch.object(hasher, "encode", autospec=True, side_effect=hasher.encode) as worked:
            assert tried(email, "192.0.2.10") == 422
        assert worked.call_count == 1, email


def test_wrong_codes_make_the_next_try_wait(house: House) -> None:
    user = house.people["owner"]
    client = Client()
    client.post("/sign-in/", {"email": user.email, "password": PASSWORD})
    for _ in range(4):
        assert client.post("/second-factor/", {"code": "000000"}).status_code == 422
    device = TOTPDevice.objects.get(user=user)
    assert not device.verify_is_allowed()[0]
    TOTPDevice.objects.filter(user=user).update(throttling_failure_count=11)
    page = client.post("/second-factor/", {"code": f"{totp(device.bin_key):06d}"})
    assert page.status_code == 422 and "counts in 18 minutes" in page.content.decode()


def test_a_recovery_code_counts_while_the_phone_waits(house: House) -> None:
    user = house.people["owner"]
    codes = new_codes(user)
    signed_in(user)
    TOTPDevice.objects.filter(user=user).update(
        throttling_failure_count=11, throttling_failure_timestamp=timezone.now()
    )
    assert half_in(user).post("/second-factor/", {"code": codes[0]}).status_code == 302
