"""What somebody changes about their own account: only with the password, and the rest with a code too."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client
from django_otp.oath import totp
from django_otp.plugins.otp_totp.models import TOTPDevice
from tests.web.clinics import PASSWORD, House, half_in

from needling.web.accounts.factors import new_codes, next_phone
from needling.web.accounts.models import RecoveryCode, User
from needling.web.api.models import Token
from needling.web.charts.models import Trace

NEW = "a new and other passphrase"


def code_of(user: User) -> str:
    """What the phone shows, as if half a minute had gone by since the last code."""
    TOTPDevice.objects.filter(user=user).update(last_t=-1, throttling_failure_count=0)
    return f"{totp(TOTPDevice.objects.get(user=user, name='phone').bin_key):06d}"


def again(user: User, password: str = PASSWORD) -> Client:
    """A second browser of the same person."""
    client = half_in(user, password)
    assert client.post("/second-factor/", {"code": code_of(user)}).status_code == 302
    return client


def traced(user: User, action: str) -> int:
    return Trace.objects.filter(actor=user, action=action).count()


def codes_in(page: Any) -> list[str]:
    return re.findall(r"<code>([a-z2-7]{4}(?:-[a-z2-7]{4}){3})</code>", page.content.decode())


def test_the_account_says_what_is_there(house: House) -> None:
    user, client = house.people["auditor"], house.browser("auditor")
    Token.make(user, "mine")
    page = client.get("/account/").content.decode()
    assert user.email in page and "You have none left" in page and "1 token lets" in page


def test_a_new_password_ends_every_other_session(house: House) -> None:
    user, here = house.people["clinician"], house.browser("clinician")
    there = again(user)
    sent = {"current": PASSWORD, "password": NEW}
    assert here.post("/account/password/", sent)["Location"] == "/account/?done=password"
    assert here.get("/charts/").status_code == 200 and there.get("/charts/").status_code == 302
    assert traced(user, "password") == 1
    assert half_in(user).get("/second-factor/").status_code == 302, "the one before"
    assert again(user, NEW).get("/charts/").status_code == 200


@pytest.mark.parametrize(
    "sent",
    [
        {"current": "wrong horse battery staple", "password": NEW},
        {"current": PASSWORD, "password": "short"},
        {"current": PASSWORD, "password": PASSWORD},
        {"current": "", "password": NEW},
        {"password": NEW},
    ],
)
def test_a_password_that_is_not_changed(house: House, sent: dict[str, str]) -> None:
    user, client = house.people["assistant"], house.browser("assistant")
    assert client.post("/account/password/", sent).status_code == 422
    user.refresh_from_db()
    assert user.check_password(PASSWORD) and not traced(user, "password")


@pytest.mark.parametrize("which", ["email", "name"])
def test_a_password_is_not_the_own_name(house: House, which: str) -> None:
    client, user = house.browser("assistant"), house.people["assistant"]
    sent = {"current": PASSWORD, "password": getattr(user, which)}
    assert client.post("/account/password/", sent).status_code == 422


def test_guessing_the_password_on_an_open_browser_is_stopped(house: House) -> None:
    client = house.browser("assistant")
    said = [client.post("/account/password/", {"current": f"guess number {n}", "password": NEW}) for n in range(6)]
    assert said[-1].status_code == 429
    assert client.post("/account/password/", {"current": PASSWORD, "password": NEW}).status_code == 429


# ---------------------------------------------------------------- recovery codes


def test_new_recovery_codes_take_the_place_of_the_old(house: House) -> None:
    user, client = house.people["clinician"], house.browser("clinician")
    old = codes_in(client.get("/second-factor/recovery/"))
    new = codes_in(client.post("/account/codes/", {"current": PASSWORD, "code": code_of(user)}))
    assert len(new) == 8 and not set(new) & set(old) and traced(user, "recovery-codes") == 2
    assert half_in(user).post("/second-factor/", {"code": old[0]}).status_code == 422
    assert half_in(user).post("/second-factor/", {"code": new[0]}).status_code == 302


def test_recovery_codes_with_one_of_them(house: House) -> None:
    """Who lost the phone has only these."""
    client = house.browser("clinician")
    old = codes_in(client.get("/second-factor/recovery/"))
    assert len(codes_in(client.post("/account/codes/", {"current": PASSWORD, "code": old[3]}))) == 8


@pytest.mark.parametrize("page", ["codes", "phone"])
@pytest.mark.parametrize("sent", [{"current": "wrong", "code": "right"}, {"current": PASSWORD, "code": "000000"}, {}])
def test_the_second_factor_is_changed_with_both(house: House, page: str, sent: dict[str, str]) -> None:
    user, client = house.people["clinician"], house.browser("clinician")
    client.get("/second-factor/recovery/")
    kept = set(RecoveryCode.objects.filter(user=user).values_list("code_sha256", flat=True))
    if sent.get("code") == "right":
        sent = sent | {"code": code_of(user)}
    assert client.post(f"/account/{page}/", sent).status_code == 422
    assert set(RecoveryCode.objects.filter(user=user).values_list("code_sha256", flat=True)) == kept
    assert next_phone(user) is None


# ---------------------------------------------------------------- another phone


def test_another_phone_takes_the_place_of_the_old(house: House) -> None:
    user, here = house.people["clinician"], house.browser("clinician")
    there = again(user)
    before = TOTPDevice.objects.get(user=user)
    assert here.post("/account/phone/", {"current": PASSWORD, "code": code_of(user)}).status_code == 302
    assert "authenticator app" in here.get("/account/phone/").content.decode()
    assert there.get("/charts/").status_code == 200, "until the new phone has shown a code, the old one counts"
    device = next_phone(user)
    assert device is not None and device.bin_key != before.bin_key
    assert here.post("/account/phone/", {"code": "000000"}).status_code == 422
    TOTPDevice.objects.filter(pk=device.pk).update(throttling_failure_count=0)
    answer = here.post("/account/phone/", {"code": f"{totp(device.bin_key):06d}"})
    assert answer["Location"] == "/account/?done=phone"
    assert here.get("/charts/").status_code == 200 and there.get("/charts/").status_code == 302
    assert list(TOTPDevice.objects.filter(user=user).values_list("pk", "confirmed")) == [(device.pk, True)]
    assert traced(user, "second-factor-new") == 1
    assert again(user).get("/charts/").status_code == 200


def test_who_lost_the_phone_uses_a_recovery_code_for_the_new_one(house: House) -> None:
    user = house.people["clinician"]
    codes = new_codes(user)
    house.browser("clinician")
    lost = half_in(user)
    assert lost.post("/second-factor/", {"code": codes[0]})["Location"] == "/account/"
    lost.post("/account/phone/", {"current": PASSWORD, "code": codes[1]})
    device = next_phone(user)
    assert device is not None
    assert lost.post("/account/phone/", {"code": f"{totp(device.bin_key):06d}"}).status_code == 302
    assert TOTPDevice.objects.get(user=user).pk == device.pk


def test_the_pages_are_for_who_is_signed_in_with_both_factors(house: House) -> None:
    for page in ("", "password/", "codes/", "phone/"):
        assert half_in(house.people["owner"]).get(f"/account/{page}")["Location"] == "/second-factor/"
        assert Client().get(f"/account/{page}")["Location"] == "/sign-in/"


def test_what_who_is_signed_in_sees_is_kept_nowhere(house: House) -> None:
    client = house.browser("auditor")
    for page in ("/", "/read/", "/charts/", "/account/"):
        assert "no-store" in client.get(page)["Cache-Control"], page
    assert not Client().get("/read/").has_header("Cache-Control")
