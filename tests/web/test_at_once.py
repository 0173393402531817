"""Two requests in the same moment, in an installation of its own: each of these once went through twice."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.web.installations import DATABASES, ROOT, Installation, database_of

_BEGIN = """
import json, re, sys, threading
sys.path.insert(0, sys.argv[1])
from needling.cli.clinic import set_up; set_up()
from django.db import connection
from django.test import Client
from django.test.utils import setup_test_environment
setup_test_environment()
from django_otp.oath import totp
from django_otp.plugins.otp_totp.models import TOTPDevice
from needling.web.accounts.models import *
from needling.errors import NotAllowed
from tests.web.clinics import PASSWORD, House, half_in, user_of

def at_once(doings):
    start, said = threading.Barrier(len(doings)), [None] * len(doings)
    def run(place, do):
        start.wait()
        try: said[place] = do()
        except Exception as problem: said[place] = type(problem).__name__
        finally: connection.close()
    threads = [threading.Thread(target=run, args=one) for one in enumerate(doings)]
    for one in threads: one.start()
    for one in threads: one.join()
    return said

def same(client):
    other = Client(raise_request_exception=False)
    other.cookies["sessionid"] = client.cookies["sessionid"].value
    return other
"""
_SET_UP = """
def begin(number):
    sent = {"clinic": f"C{number}", "name": "N", "email": f"o{number}@a.test", "password": PASSWORD}
    return Client(raise_request_exception=False).post("/set-up/", sent).status_code
print(json.dumps([at_once([lambda n=n: begin(n) for n in range(4)]), Clinic.objects.count(), User.objects.count()]))
"""
_PHONES = """
house, found = House.make(), []
for _ in range(6):
    user = user_of(house.own, "clinician")
    client = half_in(user)
    said = at_once([lambda: same(client).get("/second-factor/").status_code] * 4)
    found.append([said, TOTPDevice.objects.filter(user=user).count()])
print(json.dumps(found))
"""
_CODES = """
house, found = House.make(), []
for confirmed in (False, True):
    for _ in range(3):
        user = user_of(house.own, "clinician")
        one, two = half_in(user), half_in(user)
        one.get("/second-factor/")
        TOTPDevice.objects.filter(user=user).update(confirmed=confirmed)
        code = f"{totp(TOTPDevice.objects.get(user=user).bin_key):06d}"
        post = lambda client: same(client).post("/second-factor/", {"code": code}).status_code
        found.append(sorted(at_once([lambda: post(one), lambda: post(two)])))
from needling.web.accounts.factors import new_codes
from django.db import transaction
for _ in range(3):
    user = user_of(house.own, "clinician")
    one, two = half_in(user), half_in(user)
    one.get("/second-factor/")
    TOTPDevice.objects.filter(user=user).update(confirmed=True)
    with transaction.atomic(): code = new_codes(user)[0]
    found.append(sorted(at_once([lambda: post(one), lambda: post(two)])))
print(json.dumps(found))
"""
_OWNERS = """
from needling.web.accounts.changes import change_role, renew, use_renewal
house, found = House.make(), []
for _ in range(4):
    one, two = user_of(house.other, "owner"), user_of(house.other, "owner")
    at_once([lambda: change_role(one, two, "auditor"), lambda: change_role(two, one, "auditor")])
    found.append(User.objects.filter(pk__in=(one.pk, two.pk), role="owner").count())
link, token = renew(house.people["owner"], house.people["clinician"])
used = at_once([lambda: use_renewal(link, PASSWORD + "!") is not None] * 2)
made, token = Invitation.make(house.people["owner"], "new@clinic.test", "auditor")
sent = {"token": token, "name": "N", "password": PASSWORD}
joined = at_once([lambda: Client(raise_request_exception=False).post("/join/", sent).status_code] * 2)
print(json.dumps([found, sorted(used), sorted(joined), User.objects.filter(email="new@clinic.test").count()]))
"""


def told(kind: str, data: Path, code: str) -> Any:
    with database_of(kind, data) as url:
        said = Installation(data / "data", url).run(_BEGIN + code, str(ROOT))
        return json.loads(said.splitlines()[-1])


@pytest.mark.slow
@pytest.mark.parametrize("kind", DATABASES)
def test_a_clinic_is_set_up_once(kind: str, tmp_path: Path) -> None:
    said, clinics, users = told(kind, tmp_path, _SET_UP)
    assert sorted(said) == [302, 404, 404, 404] and (clinics, users) == (1, 1)


@pytest.mark.slow
@pytest.mark.parametrize("kind", DATABASES)
def test_a_page_opened_twice_makes_one_phone(kind: str, tmp_path: Path) -> None:
    assert told(kind, tmp_path, _PHONES) == [[[200] * 4, 1]] * 6


@pytest.mark.slow
@pytest.mark.parametrize("kind", DATABASES)
def test_a_code_sent_twice_lets_in_once(kind: str, tmp_path: Path) -> None:
    """The first code of a phone, a later one, and a recovery code."""
    assert told(kind, tmp_path, _CODES) == [[302, 422]] * 9


@pytest.mark.slow
@pytest.mark.parametrize("kind", DATABASES)
def test_two_owners_do_not_demote_each_other_and_a_link_works_once(kind: str, tmp_path: Path) -> None:
    left, used, joined, accounts = told(kind, tmp_path, _OWNERS)
    assert left == [1] * 4 and used == [False, True] and accounts == 1 and joined in ([302, 410], [302, 422])
