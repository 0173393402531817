"""Signing in: two factors, lock-out, invitations that work once, and nobody gets further than their role."""

from __future__ import annotations

import pytest
from django.test import Client
from django_otp.oath import totp
from django_otp.plugins.otp_static.models import StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice
from tests.web.clinics import PASSWORD, House, signed_in, user_of

from needling.web.accounts.models import Invitation, Role, User


def test_a_password_alone_opens_nothing(house: House) -> None:
    client = Client()
    client.post("/sign-in/", {"email": house.people["owner"].email, "password": PASSWORD})
    assert client.get("/charts/")["Location"] == "/second-factor/"
    wrong = client.post("/second-factor/", {"code": "000000"})
    assert wrong.status_code == 422 and client.get("/charts/").status_code == 302


def test_both_factors_open_the_charts(house: House) -> None:
    page = house.browser("clinician").get("/charts/")
    assert page.status_code == 200 and "Somebody Secret" in page.content.decode()


def test_a_wrong_address_and_a_wrong_password_look_alike(house: House) -> None:
    def said(email: str, password: str) -> str:
        page = Client().post("/sign-in/", {"email": email, "password": password}).content.decode()
        return page.split('role="alert"')[1].split("</div>")[0]

    assert said("nobody@clinic.test", PASSWORD) == said(house.people["owner"].email, "wrong horse battery staple")


def test_five_wrong_passwords_lock_the_door(house: House) -> None:
    client, email = Client(), house.people["assistant"].email
    for _ in range(5):
        client.post("/sign-in/", {"email": email, "password": "wrong horse battery staple"})
    assert client.post("/sign-in/", {"email": email, "password": PASSWORD}).status_code == 429
    client.get("/charts/")
    assert client.get("/charts/")["Location"] == "/sign-in/"


def test_a_code_works_once(house: House) -> None:
    user = house.people["owner"]
    signed_in(user)
    device = TOTPDevice.objects.get(user=user)
    second = Client()
    second.post("/sign-in/", {"email": user.email, "password": PASSWORD})
    assert second.post("/second-factor/", {"code": f"{totp(device.bin_key):06d}"}).status_code == 422


def test_a_recovery_code_lets_in_once(house: House) -> None:
    user = house.people["owner"]
    signed_in(user).get("/second-factor/recovery/")
    code = StaticToken.objects.filter(device__user=user).first()
    assert code is not None
    lost = Client()
    lost.post("/sign-in/", {"email": user.email, "password": PASSWORD})
    assert lost.post("/second-factor/", {"code": code.token}).status_code == 302
    assert lost.get("/charts/").status_code == 200
    again = Client()
    again.post("/sign-in/", {"email": user.email, "password": PASSWORD})
    assert again.post("/second-factor/", {"code": code.token}).status_code == 422


def test_an_invitation_joins_the_right_clinic_and_works_once(house: House) -> None:
    email = f"new-{house.own.id.hex[:8]}@clinic.test"
    page = house.browser("owner").post("/team/", {"email": email, "role": "assistant"}).content.decode()
    token = page.split("<p><code>")[1].split("</code>")[0]
    told = {"token": token, "name": "New Colleague", "password": PASSWORD}
    assert Client().post("/join/", told).status_code == 302
    joined = User.objects.get(email=email)
    assert joined.clinic_id == house.own.id and joined.role == Role.ASSISTANT
    assert Client().post("/join/", told).status_code == 422


def test_the_token_itself_is_not_kept(house: House) -> None:
    _, token = Invitation.make(house.people["owner"], "x@clinic.test", "auditor")
    assert all(token not in str(vars(one)) for one in Invitation.objects.all())


@pytest.mark.parametrize("password", ["short", "password1234", "aaaaaaaaaaaa1"[:11]])
def test_a_weak_password_is_refused(house: House, password: str) -> None:
    _, token = Invitation.make(house.people["owner"], "weak@clinic.test", "auditor")
    assert Client().post("/join/", {"token": token, "name": "W", "password": password}).status_code == 422


def test_who_is_locked_out_is_out_at_once(house: House) -> None:
    theirs = house.browser("assistant")
    assert theirs.get("/charts/").status_code == 200
    house.browser("owner").post(f"/team/{house.people['assistant'].id}/")
    assert theirs.get("/charts/").status_code == 302


def test_nobody_locks_out_a_member_of_another_clinic(house: House) -> None:
    stranger = signed_in(house.stranger)
    assert stranger.post(f"/team/{house.people['owner'].id}/").status_code == 404


@pytest.mark.parametrize("role", ["clinician", "assistant"])
def test_only_the_owner_invites(house: House, role: str) -> None:
    assert house.browser(role).post("/team/", {"email": "a@b.test", "role": "owner"}).status_code == 403


def test_a_set_up_clinic_is_not_set_up_again(house: House) -> None:
    assert Client().get("/set-up/").status_code == 404


def test_colleagues_of_one_role_see_the_same(house: House) -> None:
    colleague = signed_in(user_of(house.own, "clinician"))
    assert "Somebody Secret" in colleague.get("/charts/").content.decode()
