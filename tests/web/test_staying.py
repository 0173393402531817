"""Sessions go on while they are used and end otherwise; what was typed in between is not lost, and stays one's own."""

from __future__ import annotations

import re
import time
from html import unescape
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django_otp.plugins.otp_totp.models import TOTPDevice
from tests.web.clinics import House, half_in, signed_in
from tests.web.test_visits import Room

from needling.web import checks, staying

HOUR_S = 60 * 60


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A clock of the application that can be put forward."""
    start, ahead = time.time(), [0.0]

    class Clock:
        time = staticmethod(lambda: start + ahead[0])

        @staticmethod
        def forward(seconds: float) -> None:
            ahead[0] += seconds

    monkeypatch.setattr(staying, "time", Clock)
    return Clock


@pytest.fixture
def room(house: House) -> Room:
    return Room(house)


def left_s(client: Client, method: str = "get") -> int:
    answer = getattr(client, method)("/session/")
    assert answer.status_code == 200
    return int(answer.json()["left_s"])


def test_use_makes_a_session_go_on_and_looking_at_the_clock_does_not(house: House, clock: Any) -> None:
    client = house.browser("assistant")
    clock.forward(600)
    assert left_s(client) == pytest.approx(HOUR_S - 600, abs=5)
    assert left_s(client) == pytest.approx(HOUR_S - 600, abs=5), "asking is not use"
    assert client.get("/charts/").status_code == 200
    assert left_s(client) == pytest.approx(HOUR_S, abs=5)
    clock.forward(900)
    assert left_s(client, "post") == pytest.approx(HOUR_S, abs=5), "the button is"


def test_a_session_ends_without_use(house: House) -> None:
    client = house.browser("assistant")
    client.get("/charts/")
    assert client.session.get_expiry_age() == settings.SESSION_COOKIE_AGE == HOUR_S


def test_use_is_noted_once_in_a_while(house: House, clock: Any) -> None:
    client = house.browser("assistant")
    client.get("/charts/")
    used = client.session["used"]
    clock.forward(30)
    client.get("/charts/")
    assert client.session["used"] == used
    clock.forward(31)
    client.get("/charts/")
    assert client.session["used"] > used


def test_a_session_ends_after_a_long_day_however_it_is_used(house: House, clock: Any) -> None:
    client = house.browser("clinician")
    for _ in range(23):
        clock.forward(HOUR_S / 2)
        assert client.get("/charts/").status_code == 200
    clock.forward(HOUR_S / 2 - 300)
    assert left_s(client, "post") <= 300, "the end cannot be put off"
    clock.forward(400)
    assert client.get("/charts/").status_code == 302
    assert "_auth_user_id" not in client.session


def test_the_page_knows_when_its_session_ends(house: House) -> None:
    page = house.browser("assistant").get("/charts/").content.decode()
    assert f'data-idle="{HOUR_S}"' in page and "needling/session.js" in page
    assert "session.js" not in Client().get("/check/").content.decode(), "a visitor has no session"


@pytest.mark.parametrize(("said", "fine"), [("60", True), ("5", True), ("4", False), ("1000", False), ("soon", False)])
def test_the_time_without_use_is_checked(monkeypatch: pytest.MonkeyPatch, said: str, fine: bool) -> None:
    monkeypatch.setattr(settings, "SESSION_IDLE_MINUTES", int(said) if said.isdigit() else 0)
    assert [one.id for one in checks.sessions_end()] == ([] if fine else ["needling.E005"])


# ---------------------------------------------------------------- what was typed


def _ended(room: Room) -> None:
    """The session of the room's browser is gone, as after an hour without use."""
    room.client.get(room.address())
    del room.client.cookies[settings.SESSION_COOKIE_NAME]


def _sealed(page: Any) -> str:
    found = re.search(r'name="sealed" value="([^"]+)"', page.content.decode())
    assert found is not None
    return found[1]


def _again(user: Any) -> Client:
    """Signed in once more, with a code of the phone that was not used before."""
    TOTPDevice.objects.filter(user=user).update(last_t=-1, throttling_failure_count=0)
    return signed_in(user)


def _fields(page: Any) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, value in re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', page.content.decode()):
        found.setdefault(unescape(name), []).append(unescape(value))
    return found


def test_what_was_typed_when_the_session_ended_is_sent_after_signing_in_again(room: Room) -> None:
    _ended(room)
    note = 'Said "better", & no redness < a day; ü'
    page = room.post(note=note, words="x")
    assert page.status_code == 401 and not room.records and "not lost" in page.content.decode()
    assert note not in unescape(page.content.decode()), "it is sealed, not shown"
    early = room.client.post("/again/", {"sealed": _sealed(page)})
    assert early.status_code == 401 and "not signed in yet" in early.content.decode()
    client = _again(room.user)
    ready = client.post("/again/", {"sealed": _sealed(early)})
    assert ready.status_code == 200 and f'action="{room.address()}"' in ready.content.decode()
    fields = _fields(ready)
    assert fields["note"] == [note] and len(fields["topical"]) > 1
    assert client.post(room.address(), fields).status_code == 302
    (record,) = room.records
    assert record.note == note and record.by == room.user.signature


def test_nobody_else_sends_it(room: Room) -> None:
    _ended(room)
    sealed = _sealed(room.post(note="private words"))
    for other in (room.house.people["owner"], room.house.stranger):
        answer = signed_in(other).post("/again/", {"sealed": sealed})
        assert answer.status_code == 403 and "private words" not in answer.content.decode()
    half = half_in(room.user).post("/again/", {"sealed": sealed})
    assert half.status_code == 401 and "private words" not in half.content.decode()


def test_what_was_changed_on_the_way_or_is_old_is_not_sent(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    _ended(room)
    sealed = _sealed(room.post())
    client = _again(room.user)
    assert client.post("/again/", {"sealed": sealed[:-3] + "abc"}).status_code == 403
    assert client.post("/again/", {}).status_code == 403
    monkeypatch.setattr("needling.web.again._LASTS_S", -1)
    assert client.post("/again/", {"sealed": sealed}).status_code == 403


def test_only_forms_of_charts_are_kept_and_no_secret(room: Room) -> None:
    _ended(room)
    assert room.client.post("/account/tokens/", {"name": "x"}).status_code in (302, 404)
    assert room.client.post(room.address(), {"password": "secret word"}).status_code == 302
    assert Client().post(room.address(), room.routine()).status_code == 302, "nobody was here before"


def test_a_page_from_before_signing_in_anew_is_offered_again_and_one_from_elsewhere_is_not(room: Room) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = room.client.cookies
    strict.get(room.address())
    sent = {**room.routine(), "csrfmiddlewaretoken": "a" * 64}
    elsewhere = strict.post(room.address(), sent, HTTP_ORIGIN="https://elsewhere.test")
    assert elsewhere.status_code == 403 and 'name="sealed"' not in elsewhere.content.decode()
    assert 'name="sealed"' not in strict.post(room.address(), sent).content.decode()
    ours = strict.post(room.address(), sent, HTTP_ORIGIN="http://testserver")
    assert ours.status_code == 401 and not room.records
    ready = strict.post("/again/", {"sealed": _sealed(ours)})
    fields = _fields(ready)
    assert strict.post(room.address(), fields, HTTP_ORIGIN="http://testserver").status_code == 302
    assert len(room.records) == 1


def test_what_was_kept_is_said_once(room: Room) -> None:
    assert room.post().status_code == 302
    pages = [room.client.get(room.address("")).content.decode() for _ in range(2)]
    assert ['role="status">Session 1 is kept.' in page for page in pages] == [True, False]
