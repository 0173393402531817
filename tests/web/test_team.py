"""What an owner changes about colleagues: asked for twice, traced, and nothing of before comes to life again."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from django_otp.oath import totp
from django_otp.plugins.otp_totp.models import TOTPDevice
from tests.web.clinics import PASSWORD, House, half_in, signed_in, user_of

from needling.errors import NotAllowed
from needling.web.accounts.changes import change_role, let_in, let_out, renew
from needling.web.accounts.models import Invitation, RecoveryCode, Renewal, Role, User
from needling.web.api.models import Token
from needling.web.charts.models import Trace

NEW = "a new and other passphrase"


def changed(client: Any, user: User, do: str, **more: str) -> Any:
    """A change that was asked for twice."""
    return client.post(f"/team/{user.id}/", {"do": do, "sure": "yes", **more})


def actions(user: User) -> list[str]:
    return list(Trace.objects.filter(subject=str(user.id)).order_by("number").values_list("action", flat=True))


def asked(token: str) -> int:
    return int(Client().get("/api/charts", HTTP_AUTHORIZATION=f"Bearer {token}").status_code)


# ---------------------------------------------------------------- lock-out and role


@pytest.mark.parametrize("sent", [{}, {"do": "out"}, {"do": "role", "role": "auditor"}, {"do": "link"}])
def test_nothing_changes_before_it_was_asked_for_twice(house: House, sent: dict[str, str]) -> None:
    user = house.people["assistant"]
    before = actions(user)
    page = house.browser("owner").post(f"/team/{user.id}/", sent)
    assert page.status_code == (200 if sent else 422)
    assert ('name="sure" value="yes"' in page.content.decode()) == bool(sent)
    user.refresh_from_db()
    assert user.is_active and user.role == Role.ASSISTANT and actions(user) == before


def test_lock_out_sent_twice_locks_out(house: House) -> None:
    owner, user = house.browser("owner"), house.people["assistant"]
    for _ in range(2):
        assert changed(owner, user, "out").status_code == 302
    user.refresh_from_db()
    assert not user.is_active and actions(user).count("member:out") == 1


def test_who_is_let_in_again_begins_anew(house: House) -> None:
    owner, user = house.browser("owner"), house.people["clinician"]
    theirs, token = house.browser("clinician"), Token.make(user, "theirs")[1]
    assert theirs.get("/charts/").status_code == 200 and asked(token) == 200
    changed(owner, user, "out")
    assert theirs.get("/charts/").status_code == 302 and asked(token) == 401
    changed(owner, user, "in")
    assert theirs.get("/charts/").status_code == 302 and asked(token) == 401
    TOTPDevice.objects.filter(user=user).update(last_t=-1)
    assert signed_in(user).get("/charts/").status_code == 200


def test_another_role_ends_what_was_open(house: House) -> None:
    owner, user = house.browser("owner"), house.people["clinician"]
    theirs, token = house.browser("clinician"), Token.make(user, "theirs")[1]
    changed(owner, user, "role", role="assistant")
    user.refresh_from_db()
    assert user.role == Role.ASSISTANT and "role:clinician-assistant" in actions(user)
    assert theirs.get("/charts/").status_code == 302 and asked(token) == 401


@pytest.mark.parametrize("role", ["", "king", "owner; drop"])
def test_a_role_that_is_none(house: House, role: str) -> None:
    assert changed(house.browser("owner"), house.people["clinician"], "role", role=role).status_code == 422


@pytest.mark.parametrize("do", ["out", "role", "link"])
def test_the_last_owner_stays(house: House, do: str) -> None:
    owner = house.people["owner"]
    assert changed(house.browser("owner"), owner, do, role="auditor").status_code == 422
    owner.refresh_from_db()
    assert owner.is_active and owner.role == Role.OWNER


def test_a_demoted_owner_changes_nothing_any_more(house: House) -> None:
    """Two who demote each other at the same moment: the second was an owner when the page was opened."""
    first, second = house.people["owner"], user_of(house.own, "owner")
    change_role(first, second, "clinician")
    for do in (lambda: change_role(second, first, "clinician"), lambda: let_out(second, first)):
        with pytest.raises(NotAllowed):
            do()
    first.refresh_from_db()
    assert first.role == Role.OWNER and first.is_active


@pytest.mark.parametrize("role", ["clinician", "assistant", "auditor"])
def test_only_an_owner_changes_people(house: House, role: str) -> None:
    client, user = house.browser(role), house.people["owner"]
    assert client.get(f"/team/{user.id}/").status_code == 403
    assert changed(client, user, "out").status_code == 403


# ---------------------------------------------------------------- invitations


def join(token: str) -> int:
    return int(Client().post("/join/", {"token": token, "name": "Ghost", "password": PASSWORD}).status_code)


@pytest.mark.parametrize("what", ["out", "role"])
def test_an_invitation_ends_with_whoever_made_it(house: House, what: str) -> None:
    second = user_of(house.own, "owner")
    email = f"ghost-{house.own.id.hex[:8]}@clinic.test"
    _, token = Invitation.make(second, email, "owner")
    changed(house.browser("owner"), second, what, role="auditor")
    assert join(token) == 422 and not User.objects.filter(email=email).exists()
    changed(signed_in_again(house.people["owner"]), second, "in")
    assert join(token) == 422, "nor does it come to life again"


def signed_in_again(user: User) -> Any:
    """In the same half minute."""
    TOTPDevice.objects.filter(user=user).update(last_t=-1)
    return signed_in(user)


def test_an_invitation_of_somebody_who_is_no_owner_is_none(house: House) -> None:
    """Even where it was not revoked, as in a database that was brought back."""
    made, token = Invitation.make(house.people["owner"], "x@clinic.test", "owner")
    User.objects.filter(pk=house.people["owner"].pk).update(role="auditor")
    assert not Invitation.objects.get(pk=made.pk).open and join(token) == 422


def test_open_invitations_are_listed_and_revoked(house: House) -> None:
    owner, email = house.browser("owner"), f"listed-{house.own.id.hex[:8]}@clinic.test"
    made, token = Invitation.make(house.people["owner"], email, "auditor")
    assert email in owner.get("/team/").content.decode()
    assert owner.post(f"/team/invitations/{made.id}/").status_code == 302
    owner.post(f"/team/invitations/{made.id}/")
    assert email not in owner.get("/team/").content.decode() and join(token) == 422
    assert Trace.objects.filter(subject=str(made.id), action="invite-revoked").count() == 1
    assert signed_in(house.stranger).post(f"/team/invitations/{made.id}/").status_code == 404


def test_a_new_invitation_ends_the_one_before(house: House) -> None:
    owner, email = house.browser("owner"), f"again-{house.own.id.hex[:8]}@clinic.test"
    _, before = Invitation.make(house.people["owner"], email, "auditor")
    owner.post("/team/", {"email": email, "role": "assistant"})
    assert join(before) == 422
    assert Invitation.objects.filter(email=email, revoked=None).count() == 1


def test_an_address_with_an_account_is_not_invited(house: House) -> None:
    email = house.people["clinician"].email
    page = house.browser("owner").post("/team/", {"email": email.upper(), "role": "auditor"})
    assert page.status_code == 422 and "has an account already" in page.content.decode()
    assert not Invitation.objects.filter(email=email).exists()


# ---------------------------------------------------------------- who lost password or phone


def link_in(page: Any) -> str:
    return re.findall(r'value="http://testserver(/renew/[\w-]{40,}/)"', page.content.decode())[0]


def test_a_colleague_comes_back_with_a_link(house: House) -> None:
    user = house.people["clinician"]
    theirs, token = house.browser("clinician"), Token.make(user, "theirs")[1]
    theirs.get("/second-factor/recovery/")
    old = TOTPDevice.objects.get(user=user).bin_key
    link = link_in(changed(house.browser("owner"), user, "link"))
    assert theirs.get("/charts/").status_code == 302 and asked(token) == 401

    back = Client()
    assert back.get(link, follow=True).status_code == 200
    assert back.post("/renew/", {"password": user.email}).status_code == 422, "a weak one"
    assert back.post("/renew/", {"password": NEW})["Location"] == "/second-factor/"
    assert back.get("/charts/")["Location"] == "/second-factor/", "a password alone opens nothing"
    assert not RecoveryCode.objects.filter(user=user).exists()
    back.get("/second-factor/")
    new = TOTPDevice.objects.get(user=user)
    assert new.bin_key != old and not new.confirmed
    assert back.post("/second-factor/", {"code": f"{totp(new.bin_key):06d}"}).status_code == 302
    assert back.get("/charts/").status_code == 200

    assert Client().get(link, follow=True).status_code == 410, "once"
    assert half_in(user).get("/second-factor/")["Location"] == "/sign-in/", "the password of before is gone"
    assert [one for one in actions(user) if "renewal" in one] == ["renewal:made", "renewal:used"]


def test_a_link_is_not_made_for_another_owner(house: House) -> None:
    """Whoever has it could erase and invite in their name; owners get theirs on the server."""
    second = user_of(house.own, "owner")
    owner = house.browser("owner")
    assert changed(owner, second, "link").status_code == 422
    assert "needling clinic renew" in owner.get(f"/team/{second.id}/").content.decode()
    with pytest.raises(NotAllowed):
        renew(house.people["owner"], second)
    assert not Renewal.objects.filter(user=second).exists()


@pytest.mark.parametrize("how", ["old", "newer", "locked out", "owner gone", "used"])
def test_a_link_that_has_ended(house: House, how: str) -> None:
    owner, user = house.people["owner"], house.people["assistant"]
    made, token = renew(owner, user)
    if how == "old":
        Renewal.objects.filter(pk=made.pk).update(made=timezone.now() - Renewal.LASTS)
    elif how == "newer":
        renew(owner, user)
    elif how == "locked out":
        let_out(owner, user)
        let_in(owner, user)
    elif how == "owner gone":
        User.objects.filter(pk=owner.pk).update(is_active=False)
    else:
        Renewal.objects.filter(pk=made.pk).update(used=timezone.now())
    guest = Client()
    assert guest.get(f"/renew/{token}/", follow=True).status_code == 410
    assert guest.post("/renew/", {"password": NEW}).status_code == 410
    user.refresh_from_db()
    assert user.check_password(PASSWORD)


@pytest.mark.parametrize("token", ["x", "x" * 43, "ä" * 30])
@pytest.mark.parametrize("page", ["join", "renew"])
def test_a_link_that_is_none(house: House, page: str, token: str) -> None:
    assert Client().get(f"/{page}/{token}/", follow=True).status_code == 410
