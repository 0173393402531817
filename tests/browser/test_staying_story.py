"""Staying signed in: warned in time, one button to stay, and what was typed is sent after signing in again."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from tests.browser.looking import LOOKS, problems, too_wide
from tests.browser.serving import seeded, serving, signed_in
from tests.browser.test_visit_story import Clinic

pytestmark = pytest.mark.slow
SPACED = "* { line-height: 1.5 !important; letter-spacing: .12em !important; word-spacing: .16em !important }"


@pytest.fixture(scope="module")
def clinic(chromium: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clinic]:
    data = tmp_path_factory.mktemp("staying")
    told = seeded(data, "visited", "3")
    with serving(data) as home:
        yield Clinic(home, told["charts"], signed_in(chromium, home, told, told["password"]))


def _told(route: Any, left: list[int]) -> None:
    """The server's answer with another time; a button that is pressed puts the clock back."""
    if route.request.method == "POST":
        left[0] = 3600
    if left[0] < 0:
        route.fulfill(status=302, headers={"Location": "/sign-in/"})
    else:
        route.fulfill(body=json.dumps({"left_s": left[0]}), content_type="application/json")


@pytest.mark.parametrize("look", LOOKS)
def test_who_types_nothing_is_warned_and_stays_with_one_button(chromium: Any, clinic: Clinic, look: str) -> None:
    page = chromium.new_context(storage_state=clinic.cookies, **LOOKS[look]).new_page()
    left = [300]
    page.clock.install()
    page.route("**/session/", lambda route: _told(route, left))
    page.goto(f"{clinic.address}/charts/{clinic.charts[0]}/visits/new/")
    bar = page.locator("#stay")
    assert bar.get_attribute("role") == "status" and not bar.is_visible()
    page.clock.fast_forward(3001 * 1000)
    page.wait_for_selector("#stay button")
    assert "signed out in 5 minutes" in bar.inner_text()
    assert page.evaluate("document.activeElement.tagName") == "BODY", "nobody is torn away from a field"
    assert not problems(page)
    page.click("#stay button")
    page.wait_for_selector("#stay", state="hidden")
    left[0] = -1
    page.clock.fast_forward(3001 * 1000)
    page.wait_for_selector("#stay p")
    assert "What you typed is still here" in bar.inner_text()


def test_typing_is_use(chromium: Any, clinic: Clinic) -> None:
    page = chromium.new_context(storage_state=clinic.cookies).new_page()
    asked: list[str] = []
    page.clock.install()
    page.route("**/session/", lambda route: (asked.append(route.request.method), _told(route, [3600])))
    page.goto(f"{clinic.address}/charts/{clinic.charts[0]}/visits/new/")
    page.fill("#lot", "AB-1")
    page.clock.fast_forward(3001 * 1000)
    page.wait_for_timeout(300)
    assert asked == ["POST"] and not page.locator("#stay").is_visible()


@pytest.mark.parametrize("script", [True, False])
def test_what_was_typed_is_sent_after_signing_in_again(chromium: Any, clinic: Clinic, script: bool) -> None:
    context = chromium.new_context(storage_state=clinic.cookies, java_script_enabled=script)
    page, chart = context.new_page(), f"{clinic.address}/charts/{clinic.charts[1 if script else 2]}"
    page.goto(f"{chart}/visits/new/")
    page.check("input[name=asked]")
    page.fill("#lot", "TYPED-BEFORE")
    page.fill("#expiry", "2099-01-01")
    page.fill("#pain", "3")
    for name, value in (("endpoint", "erythema"), ("aftercare", "given")):
        page.check(f"input[name={name}][value={value}]")
    kept = next(one for one in context.cookies() if one["name"] == "sessionid")
    context.clear_cookies(name="sessionid")
    page.click("text=Sign and keep")
    assert page.inner_text("h1") == "You were signed out"
    page.click("text=I am signed in: go on")
    assert page.inner_text("h1") == "You are not signed in yet"
    context.add_cookies([kept])  # as signing in in another window does
    page.click("text=I am signed in: go on")
    assert "TYPED-BEFORE" in page.inner_text("dl.fields") and not (script and problems(page))
    page.set_viewport_size({"width": 320, "height": 600})
    assert too_wide(page) <= 0
    page.click("text=Send it now")
    page.wait_for_url("**/visits/")
    assert "Session 1 is kept." in page.inner_text("main") and "TYPED-BEFORE" in page.inner_text("main")
    context.close()


def test_nothing_sticks_out_with_wide_text_on_a_narrow_screen(chromium: Any, clinic: Clinic) -> None:
    page = chromium.new_context(storage_state=clinic.cookies, viewport={"width": 320, "height": 600}).new_page()
    chart = f"/charts/{clinic.charts[0]}"
    for address in (f"{chart}/visits/new/", f"{chart}/assessment/", "/api/", "/clinic/", "/charts/", "/account/"):
        page.goto(clinic.address + address)
        sheet = (
            "words => { const own = new CSSStyleSheet(); own.replaceSync(words); document.adoptedStyleSheets = [own] }"
        )
        for words in ("", SPACED):
            page.evaluate(sheet, words)
            assert too_wide(page) <= 0, (address, bool(words))
