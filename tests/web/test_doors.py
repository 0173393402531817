"""Who came in, who went and who failed to come in stands in the trail; guessing does not fill it."""

from __future__ import annotations

from datetime import timedelta
from unittest.mock import patch

from django.test import Client
from django.utils import timezone
from tests.web.clinics import PASSWORD, House, half_in, signed_in

from needling.web.accounts import guessing
from needling.web.accounts.models import Clinic, User
from needling.web.charts.models import Trace
from needling.web.charts.trail import problems


def told(house: House, user: User) -> list[tuple[str, str]]:
    """What the trail tells of the doors: the action, and who did it."""
    found = Trace.objects.filter(clinic=house.own, subject=str(user.pk)).select_related("actor").order_by("number")
    return [(one.action, one.actor.name if one.actor else "") for one in found if not one.action.startswith("join")]


def test_in_and_out(house: House) -> None:
    user = house.people["clinician"]
    signed_in(user).post("/sign-out/")
    assert told(house, user) == [("second-factor-set", user.name), ("sign-out", user.name)]
    half_in(user).post("/sign-out/")
    Client().post("/sign-out/")
    assert len(told(house, user)) == 2, "who was not in does not go"
    page = house.browser("auditor").get("/charts/trail/?what=doors").content.decode()
    assert "Signed out" in page


def test_a_wrong_password_is_told_once_in_the_time_of_a_lock_and_without_it(house: House) -> None:
    user = house.people["clinician"]
    for number in range(20):
        sent = {"email": user.email.upper(), "password": "geheim geheim"}
        Client().post("/sign-in/", sent, REMOTE_ADDR=f"203.0.113.{number}")
    assert told(house, user) == [("failed:password", "")], "nobody knows who typed it"
    later = timezone.now() + timedelta(hours=1)
    with patch.object(guessing.timezone, "now", return_value=later):
        half_in(user, "wrong again and again")
    assert [action for action, _ in told(house, user)] == ["failed:password"] * 2
    assert not Trace.objects.filter(clinic=house.own, words__gt="").exists() and not list(problems(house.own))
    assert user.name in house.browser("owner").get("/charts/trail/?what=doors").content.decode()


def test_who_is_locked_out_and_knocks_is_told(house: House) -> None:
    user = house.people["assistant"]
    User.objects.filter(pk=user.pk).update(is_active=False)
    half_in(user)
    assert told(house, user) == [("failed:password", "")]


def test_a_wrong_code_after_the_right_password_is_told_once(house: House) -> None:
    user = house.people["owner"]
    client = half_in(user)
    for _ in range(4):
        client.post("/second-factor/", {"code": "000000"})
    assert told(house, user) == [("failed:code", "")]
    inside = house.browser("clinician")
    for _ in range(3):
        inside.post("/account/codes/", {"current": PASSWORD, "code": "000000"})
    assert told(house, house.people["clinician"])[-1] == ("failed:code", "")


def test_a_name_that_nobody_has_is_told_where_there_is_one_clinic_only(house: House) -> None:
    def knock() -> None:
        for number in range(5):
            Client().post("/sign-in/", {"email": f"nobody{number}@geheim.test", "password": "x"})

    before = Trace.objects.count()
    knock()
    assert Trace.objects.count() == before, "it belongs to none of two clinics"
    with patch.object(guessing, "Clinic") as one:
        one.objects.all.return_value = Clinic.objects.filter(pk=house.own.pk)
        knock()
    row = Trace.objects.get(clinic=house.own, action="failed:name")
    assert (row.actor, row.subject, row.words) == (None, "", "")
    assert "with a name that nobody here has" in house.browser("owner").get("/charts/trail/").content.decode()
