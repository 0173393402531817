"""Signing in: two factors, lock-out, invitations that work once, and nobody gets further than their role."""

from __future__ import annotations

import re

import pytest
from django.test import Client
from django_otp.oath import totp
from django_otp.plugins.otp_totp.models import TOTPDevice
from tests.web.clinics import PASSWORD, House, half_in, signed_in, user_of

from needling.web.accounts.forms import SetUp
from needling.web.accounts.models import Invitation, RecoveryCode, Role, User
from needling.web.charts.models import Trace


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


def _codes(page: str) -> list[str]:
    return re.findall(r"<code>([a-z2-7]{4}(?:-[a-z2-7]{4}){3})</code>", page)


def test_a_recovery_code_lets_in_once_and_the_trail_says_so(house: House) -> None:
    user = house.people["owner"]
    first = _codes(signed_in(user).get("/second-factor/recovery/").content.decode())
    assert len(set(first)) == 8
    lost = half_in(user)
    assert lost.post("/second-factor/", {"code": first[0].upper().replace("-", " ")}).status_code == 302
    assert lost.get("/charts/").status_code == 200
    assert Trace.objects.filter(actor=user, action="sign-in:recovery").count() == 1
    assert half_in(user).post("/second-factor/", {"code": first[0]}).status_code == 422


def test_recovery_codes_are_shown_once_and_not_kept(house: House) -> None:
    user = house.people["clinician"]
    client = signed_in(user)
    codes = _codes(client.get("/second-factor/recovery/").content.decode())
    kept = str(list(RecoveryCode.objects.filter(user=user).values()))
    assert codes and not any(code in kept or code.replace("-", "") in kept for code in codes)
    again = client.get("/second-factor/recovery/").content.decode()
    assert not _codes(again) and "8 recovery codes left" in again


def test_recovery_codes_are_for_who_has_just_set_up_the_second_factor(house: House) -> None:
    """Whoever finds a browser open gets none."""
    user = house.people["clinician"]
    signed_in(user)
    TOTPDevice.objects.filter(user=user).update(last_t=-1)
    later = half_in(user)
    later.post("/second-factor/", {"code": f"{totp(TOTPDevice.objects.get(user=user).bin_key):06d}"})
    assert later.get("/account/").status_code == 200
    assert not _codes(later.get("/second-factor/recovery/").content.decode())


def test_a_code_of_somebody_else_lets_nobody_in(house: House) -> None:
    codes = _codes(signed_in(house.people["owner"]).get("/second-factor/recovery/").content.decode())
    signed_in(house.people["clinician"])
    assert half_in(house.people["clinician"]).post("/second-factor/", {"code": codes[0]}).status_code == 422


def test_the_session_has_another_id_after_the_second_factor(house: House) -> None:
    user = house.people["owner"]
    client = half_in(user)
    before = client.cookies["sessionid"].value
    client.get("/second-factor/")
    client.post("/second-factor/", {"code": f"{totp(TOTPDevice.objects.get(user=user).bin_key):06d}"})
    after = client.cookies["sessionid"].value
    assert after != before and client.get("/charts/").status_code == 200
    thief = Client()
    thief.cookies["sessionid"] = before
    assert thief.get("/charts/").status_code == 302


def test_two_phones_of_one_name_are_no_dead_end(house: House) -> None:
    """A page opened twice at once made two, in earlier versions."""
    user = house.people["owner"]
    for _ in range(2):
        TOTPDevice.objects.create(user=user, name="phone", confirmed=False)
    assert half_in(user).get("/second-factor/").status_code == 200


def test_the_door_says_what_to_do_without_password_or_phone(house: House) -> None:
    page = Client().get("/sign-in/").content.decode()
    assert 'href="/join/"' in page and "recovery codes" in page and "needling clinic renew" in page


def test_an_invitation_joins_the_right_clinic_and_works_once(house: House) -> None:
    email = f"new-{house.own.id.hex[:8]}@clinic.test"
    page = house.browser("owner").post("/team/", {"email": email, "role": "assistant"}).content.decode()
    link = re.findall(r'value="http://testserver(/join/[\w-]{40,}/)"', page)[0]
    assert email in page and "Assistant" in page
    told = {"name": "New Colleague", "password": PASSWORD}
    guest = Client()
    asked = guest.get(link, follow=True)
    assert asked.request["PATH_INFO"] == "/join/" and house.own.name in asked.content.decode()
    assert guest.post("/join/", told).status_code == 302
    joined = User.objects.get(email=email)
    assert joined.clinic_id == house.own.id and joined.role == Role.ASSISTANT
    assert Client().post("/join/", told | {"token": link.split("/")[2]}).status_code == 422
    assert Client().get(link, follow=True).status_code == 410


@pytest.mark.parametrize("whole", [False, True])
def test_an_invitation_may_be_typed_in(house: House, whole: bool) -> None:
    _, token = Invitation.make(house.people["owner"], f"typed-{house.own.id.hex[:8]}@clinic.test", "auditor")
    given = f"https://clinic.example/join/{token}/" if whole else token
    assert Client().post("/join/", {"token": given, "name": "T", "password": PASSWORD}).status_code == 302


def test_the_token_itself_is_not_kept(house: House) -> None:
    _, token = Invitation.make(house.people["owner"], "x@clinic.test", "auditor")
    assert all(token not in str(vars(one)) for one in Invitation.objects.all())


WEAK = ["short", "password1234", "margarete.langname@clinic.test", "margarete.langname", "Margarete Langname!"]


@pytest.mark.parametrize("password", WEAK)
def test_a_weak_password_is_refused(house: House, password: str) -> None:
    """Also one that is the own address, which the form does not ask for, or the own name."""
    _, token = Invitation.make(house.people["owner"], "margarete.langname@clinic.test", "auditor")
    told = {"token": token, "name": "Margarete Langname", "password": password}
    assert Client().post("/join/", told).status_code == 422


@pytest.mark.parametrize("password", WEAK)
def test_the_first_owner_has_no_weak_password_either(database: None, password: str) -> None:
    told = {"clinic": "C", "name": "Margarete Langname", "email": "margarete.langname@clinic.test"}
    assert not SetUp(told | {"password": password}).is_valid()
    assert SetUp(told | {"password": PASSWORD}).is_valid()


def test_who_is_locked_out_is_out_at_once(house: House) -> None:
    theirs = house.browser("assistant")
    assert theirs.get("/charts/").status_code == 200
    house.browser("owner").post(f"/team/{house.people['assistant'].id}/", {"do": "out", "sure": "yes"})
    assert theirs.get("/charts/").status_code == 302


def test_nobody_locks_out_a_member_of_another_clinic(house: House) -> None:
    stranger = signed_in(house.stranger)
    sent = {"do": "out", "sure": "yes"}
    assert stranger.post(f"/team/{house.people['owner'].id}/", sent).status_code == 404


@pytest.mark.parametrize("role", ["clinician", "assistant"])
def test_only_the_owner_invites(house: House, role: str) -> None:
    assert house.browser(role).post("/team/", {"email": "a@b.test", "role": "owner"}).status_code == 403


def test_a_set_up_clinic_is_not_set_up_again(house: House) -> None:
    assert Client().get("/set-up/").status_code == 404


def test_colleagues_of_one_role_see_the_same(house: House) -> None:
    colleague = signed_in(user_of(house.own, "clinician"))
    assert "Somebody Secret" in colleague.get("/charts/").content.decode()
