"""Sessions go on while they are used and end otherwise; what was typed in between is not lost, and stays one's own."""

from __future__ import annotations

import re
import time
from html import unescape
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django_otp.oath import totp
from django_otp.plugins.otp_totp.models import TOTPDevice
from tests.web.clinics import PASSWORD, House, half_in, signed_in
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


ORIGIN = "http://testserver"


def _hidden(html: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]+)"', html)
    assert found is not None, f"no field {name}"
    return unescape(found[1])


def _opened(room: Room, client: Client | None = None) -> dict[str, Any]:
    """The recorder as it is open in a browser, filled in."""
    html = (client or room.client).get(room.address()).content.decode()
    return {**room.routine(), **{name: _hidden(html, name) for name in ("csrfmiddlewaretoken", "made-for")}}


def _ended(room: Room) -> dict[str, Any]:
    """The form that was open when the session of the room's browser ended, as after an hour without use."""
    form = _opened(room)
    del room.client.cookies[settings.SESSION_COOKIE_NAME]
    return form


def _send(room: Room, form: dict[str, Any], client: Client | None = None, **changes: Any) -> Any:
    return (client or room.client).post(room.address(), {**form, **changes}, HTTP_ORIGIN=ORIGIN)


def _is_kept(page: Any) -> bool:
    return 'name="sealed"' in page.content.decode()


def _sealed(page: Any) -> str:
    return _hidden(page.content.decode(), "sealed")


def _again(user: Any) -> Client:
    """Signed in once more, with a code of the phone that was not used before."""
    TOTPDevice.objects.filter(user=user).update(last_t=-1, throttling_failure_count=0)
    return signed_in(user)


def _fields(page: Any) -> dict[str, list[str]]:
    html = page.content.decode()
    html = html[html.index('action="/charts/') :]
    found: dict[str, list[str]] = {}
    for name, value in re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', html):
        found.setdefault(unescape(name), []).append(unescape(value))
    return found


def _seen(page: Any) -> str:
    """What stands on a page, without hidden fields."""
    return unescape(re.sub(r"<[^>]*>", "", page.content.decode()))


def test_what_was_typed_when_the_session_ended_is_sent_after_signing_in_again(room: Room) -> None:
    form = _ended(room)
    note = 'Said "better", & no redness < a day; ü'
    page = _send(room, form, note=note, words="x")
    assert page.status_code == 401 and not room.records and "not lost" in page.content.decode()
    assert note not in unescape(page.content.decode()), "it is sealed, not shown"
    early = room.client.post("/again/", {"sealed": _sealed(page)})
    assert early.status_code == 401 and "not signed in yet" in early.content.decode()
    client = _again(room.user)
    ready = client.post("/again/", {"sealed": _sealed(early)})
    assert ready.status_code == 200 and f'action="{room.address()}"' in ready.content.decode()
    fields = _fields(ready)
    assert fields["note"] == [note] and len(fields["topical"]) > 1 and len(fields["made-for"]) == 1
    assert client.post(room.address(), fields).status_code == 302
    (record,) = room.records
    assert record.note == note and record.by == room.user.signature


def test_what_will_be_sent_is_seen_first(room: Room) -> None:
    long = "All of this is read. " * 20
    sealed = _sealed(_send(room, _ended(room), note=long, lot="<b>AB-1</b>", words=""))
    ready = _again(room.user).post("/again/", {"sealed": sealed})
    html, seen = ready.content.decode(), _seen(ready)
    assert "<dt>Lot</dt>" in html and "<b>AB-1</b>" in seen and "<b>AB-1</b>" not in html
    assert "<details><summary>All of this" in html and long.strip() in seen, "long values are folded, and all there"
    assert "Left empty" in seen and "Words" in seen
    assert f'href="/charts/{room.chart.id}/"' in html and "Visit new" in seen


def test_nobody_else_sends_it(room: Room) -> None:
    sealed = _sealed(_send(room, _ended(room), note="private words"))
    for other in (room.house.people["owner"], room.house.stranger):
        answer = signed_in(other).post("/again/", {"sealed": sealed})
        assert answer.status_code == 403 and "private words" not in answer.content.decode()
    half = half_in(room.user).post("/again/", {"sealed": sealed})
    assert half.status_code == 401 and "private words" not in half.content.decode()


def test_what_was_changed_on_the_way_or_is_old_is_not_sent(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    form = _ended(room)
    sealed = _sealed(_send(room, form))
    client = _again(room.user)
    assert client.post("/again/", {"sealed": sealed[:-3] + "abc"}).status_code == 403
    assert client.post("/again/", {}).status_code == 403
    monkeypatch.setattr("needling.web.again._LASTS_S", -1)
    assert client.post("/again/", {"sealed": sealed}).status_code == 403
    assert not _is_kept(_send(room, form)), "a page that was open for days is not kept either"


def test_only_forms_of_charts_are_kept_and_no_secret(room: Room) -> None:
    form = _ended(room)
    mark = {"made-for": form["made-for"]}
    assert room.client.post("/account/tokens/", {"name": "x", **mark}).status_code in (302, 404)
    assert room.client.post(room.address(), {"password": "secret word", **mark}).status_code == 302
    erase = room.client.post(f"/charts/{room.chart.id}/erase/", {"label": "Somebody Secret", **mark})
    assert erase.status_code == 302, "what cannot be undone is asked for anew"


def test_a_page_from_before_signing_in_anew_is_offered_again_and_one_from_elsewhere_is_not(room: Room) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = room.client.cookies
    sent = {**_opened(room, strict), "csrfmiddlewaretoken": "a" * 64}
    elsewhere = strict.post(room.address(), sent, HTTP_ORIGIN="https://elsewhere.test")
    assert elsewhere.status_code == 403 and not _is_kept(elsewhere)
    assert not _is_kept(strict.post(room.address(), sent))
    ours = _send(room, sent, strict)
    assert ours.status_code == 401 and not room.records
    ready = strict.post("/again/", {"sealed": _sealed(ours)})
    assert _send(room, _fields(ready), strict).status_code == 302
    assert len(room.records) == 1


# ---------------------------------------------------------------- whose it is


def _sign_in(client: Client, user: Any) -> None:
    """Through both doors, in a browser that somebody else may have used before."""
    TOTPDevice.objects.filter(user=user).update(last_t=-1, throttling_failure_count=0)
    for address, sent in (("/sign-in/", {"email": user.email, "password": PASSWORD}), ("/second-factor/", {})):
        token = _hidden(client.get(address).content.decode(), "csrfmiddlewaretoken")
        if not sent:
            sent = {"code": f"{totp(TOTPDevice.objects.get(user=user).bin_key):06d}"}
        answer = client.post(address, {**sent, "csrfmiddlewaretoken": token}, HTTP_ORIGIN=ORIGIN)
        assert answer.status_code == 302, answer.content.decode()


def _sign_out(client: Client) -> None:
    html = client.get("/account/").content.decode()
    sent = {name: _hidden(html, name) for name in ("csrfmiddlewaretoken", "made-for")}
    assert client.post("/sign-out/", sent, HTTP_ORIGIN=ORIGIN).status_code == 302


def _shared(room: Room) -> Client:
    """A browser of the clinic that checks where forms come from, with the room's user signed in."""
    client = Client(enforce_csrf_checks=True)
    _sign_in(client, room.user)
    return client


@pytest.mark.parametrize("token", ["old", "new"])
def test_an_open_page_of_one_is_not_taken_from_the_next_in_the_same_browser(room: Room, token: str) -> None:
    client, other = _shared(room), room.house.people["owner"]
    form = _opened(room, client)
    _sign_out(client)
    _sign_in(client, other)
    if token == "new":  # so that Django's own check would let it pass
        html = client.get("/account/").content.decode()
        form["csrfmiddlewaretoken"] = _hidden(html, "csrfmiddlewaretoken")
    page = _send(room, form, client, note="typed by the first")
    assert page.status_code == 403 and not _is_kept(page) and not room.records
    assert "typed by the first" not in page.content.decode()
    assert "not yours to send" in _seen(page)


def test_after_the_next_one_signed_in_it_is_not_theirs_when_their_session_ends_too(room: Room) -> None:
    client, other = _shared(room), room.house.people["owner"]
    form = _opened(room, client)
    _sign_out(client)
    _sign_in(client, other)
    client.get("/charts/")
    del client.cookies[settings.SESSION_COOKIE_NAME]
    form["csrfmiddlewaretoken"] = _hidden(client.get("/sign-in/").content.decode(), "csrfmiddlewaretoken")
    sealed = _sealed(_send(room, form, client, note="typed by the first"))
    theirs = _again(other).post("/again/", {"sealed": sealed})
    assert theirs.status_code == 403 and "typed by the first" not in theirs.content.decode()


def test_what_a_passer_by_sends_from_a_page_of_their_own_is_not_kept(room: Room) -> None:
    client = _shared(room)
    client.get("/charts/")
    _sign_out(client)
    token = _hidden(client.get("/sign-in/").content.decode(), "csrfmiddlewaretoken")
    for more in ({}, {"made-for": str(room.user.pk)}, {"made-for": ""}):
        page = _send(room, {**room.routine(), "csrfmiddlewaretoken": token, **more}, client, note="typed by them")
        assert page.status_code == 302 and not room.records


def test_who_signed_out_by_choice_signs_in_to_send_an_open_page_and_sees_it_first(room: Room) -> None:
    client = _shared(room)
    form = _opened(room, client)
    _sign_out(client)
    page = _send(room, form, client, note="typed by whom?")
    early = client.post("/again/", {"sealed": _sealed(page)})
    assert (page.status_code, early.status_code) == (401, 401) and not room.records
    assert "typed by whom?" not in _seen(page) + _seen(early)
    _sign_in(client, room.user)
    ready = client.post("/again/", {"sealed": _sealed(early)})
    assert ready.status_code == 200 and "typed by whom?" in _seen(ready) and not room.records


def test_a_mark_that_is_not_ours_or_comes_twice_is_refused(room: Room) -> None:
    form, theirs = _opened(room), _opened(room, room.house.browser("owner"))
    marks = (str(room.user.pk), form["made-for"][:-2] + "xx", "", [form["made-for"]] * 2, theirs["made-for"])
    for mark in (*marks, [form["made-for"], theirs["made-for"]]):
        assert _send(room, form, **{"made-for": mark}).status_code == 403
    assert not room.records
    assert _send(room, form).status_code == 302 and len(room.records) == 1
    del room.client.cookies[settings.SESSION_COOKIE_NAME]
    for mark in marks[:-1]:
        assert not _is_kept(_send(room, form, **{"made-for": mark}))


def test_every_form_of_who_is_signed_in_is_marked_and_no_other(room: Room) -> None:
    client = room.client
    for address in (room.address(), "/charts/", "/account/", f"/charts/{room.chart.id}/", "/charts/new/"):
        html = client.get(address).content.decode()
        assert html.count('name="made-for"') == html.count('name="csrfmiddlewaretoken"') >= 1, address
    half = half_in(room.user)
    for visitor, address in ((Client(), "/sign-in/"), (half, "/second-factor/"), (client, "/check/")):
        page = visitor.get(address)
        assert page.status_code == 200 and "made-for" not in page.content.decode(), address
    assert set(client.cookies) <= {settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME, "known"}


def test_a_questionnaire_that_is_filled_in_at_the_clinic_is_nobodys_of_the_clinic(room: Room) -> None:
    link = room.client.post(f"/charts/{room.chart.id}/questionnaire/").content.decode()
    found = re.search(r"(/intake/[\w-]{20,}/?)", link)
    assert found is not None
    page = room.client.get(found[1], follow=True)
    assert page.status_code == 200 and "made-for" not in page.content.decode()


def test_what_was_kept_is_said_once(room: Room) -> None:
    assert room.post().status_code == 302
    pages = [room.client.get(room.address("")).content.decode() for _ in range(2)]
    assert ['role="status">Session 1 is kept.' in page for page in pages] == [True, False]
