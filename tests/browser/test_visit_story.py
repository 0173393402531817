"""Stories of visits: a routine one in a dozen actions, by keyboard, without scripts, at 400 % zoom; axe everywhere."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any, NamedTuple

import pytest
from tests.browser.looking import LOOKS, problems, tab_to, too_wide
from tests.browser.serving import seeded, serving, signed_in

pytestmark = pytest.mark.slow

ACTIONS_AT_MOST, SECONDS_AT_MOST = 12, 90


class Clinic(NamedTuple):
    """A running clinic: charts that nobody has used yet, and the cookies of a clinician."""

    address: str
    charts: list[str]
    cookies: Any

    def chart(self) -> str:
        """One more chart with an approved plan and nothing recorded."""
        return self.charts.pop()


@pytest.fixture(scope="module")
def clinic(chromium: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clinic]:
    data = tmp_path_factory.mktemp("visits")
    told = seeded(data, "visited", "12")
    with serving(data) as home:
        yield Clinic(home, told["charts"], signed_in(chromium, home, told, told["password"]))


def opened(chromium: Any, clinic: Clinic, **look: Any) -> Any:
    """A page of a clinician who is signed in."""
    return chromium.new_context(storage_state=clinic.cookies, **look).new_page()


class Hands:
    """Somebody at a page; counts what they do. Typing into one field is one action."""

    def __init__(self, page: Any) -> None:
        self.page = page
        self.actions = 0

    def click(self, wanted: str) -> None:
        self.actions += 1
        self.page.click(wanted)

    def type(self, wanted: str, text: str) -> None:
        self.actions += 1
        self.page.fill(wanted, text)


def record_routine(hands: Hands, lot: str = "AB-1234") -> None:
    """The next session as it was planned, from the chart's visits to the signed record."""
    page = hands.page
    hands.click("text=/^Record session/")
    hands.click("input[name=asked] + span")
    hands.type("#lot", lot)
    hands.type("#expiry", (date.today() + timedelta(days=400)).isoformat())
    hands.click("input[name=endpoint][value=erythema] + span")
    hands.type("#pain", "3")
    hands.click("input[name=aftercare][value=given] + span")
    hands.click("text=Sign and keep")
    page.wait_for_url("**/visits/")


def test_a_routine_visit_takes_few_actions_and_little_time(chromium: Any, clinic: Clinic) -> None:
    page = opened(chromium, clinic)
    page.goto(f"{clinic.address}/charts/{clinic.chart()}/visits/")
    hands, start = Hands(page), time.perf_counter()
    record_routine(hands)
    seconds = time.perf_counter() - start
    assert hands.actions <= ACTIONS_AT_MOST, hands.actions
    assert seconds + hands.actions * 5 < SECONDS_AT_MOST, f"{seconds:.1f} s of waiting, then 5 s of a person an action"
    assert "lot AB-1234; pain 3 of 10" in page.inner_text(".visits > li")
    print(f"{hands.actions} actions, {seconds:.1f} s of waiting")


def test_what_is_missing_is_seen_before_it_is_signed(chromium: Any, clinic: Clinic) -> None:
    page = opened(chromium, clinic)
    page.goto(f"{clinic.address}/charts/{clinic.chart()}/visits/new/")
    page.check("input[name=asked]")
    page.click("text=Sign and keep")
    assert "Not written down yet" in page.inner_text("#lacking")
    assert page.evaluate("document.activeElement.id") == "lacking"
    assert problems(page) == []
    page.check("input[name=without]")
    page.click("#lacking button")
    page.wait_for_url("**/visits/")
    assert "Not written down: lot, expiry, endpoint, pain, aftercare." in page.inner_text(".visits > li")
    page.goto(f"{clinic.address}/clinic/lots/")
    page.click("text=/without a lot/")
    assert "Story, Person" in page.inner_text("main") and problems(page) == []


@pytest.mark.parametrize("look", LOOKS)
def test_the_second_of_two_gets_their_own_form_back(chromium: Any, clinic: Clinic, look: str) -> None:
    """Two tabs are two people here: what one signed stands beside what the other typed."""
    first, second = opened(chromium, clinic), opened(chromium, clinic, **LOOKS[look])
    visits = f"{clinic.address}/charts/{clinic.chart()}/visits/"
    first.goto(visits)
    second.goto(f"{visits}new/")
    record_routine(Hands(first))
    second.check("input[name=asked]")
    for name, words in (("lot", "MINE-1"), ("expiry", "2099-01-01"), ("pain", "7")):
        second.fill(f"#{name}", words)
    second.check("input[name=endpoint][value=erythema]")
    second.check("input[name=aftercare][value=given]")
    second.click("text=Sign and keep")
    assert "AB-1234\tMINE-1" in second.inner_text("#meanwhile") and second.input_value("#lot") == "MINE-1"
    assert problems(second) == [] and too_wide(second) <= 0
    second.click("text=Sign as a correction")
    second.wait_for_url("**/visits/")
    assert "lot MINE-1; pain 7 of 10" in second.inner_text(".visits > li")


def pages_of_the_visits(page: Any, clinic: Clinic) -> Iterator[str]:
    """Every page of a course of visits, one after the other."""
    chart = f"{clinic.address}/charts/{clinic.chart()}"
    page.goto(f"{chart}/visits/")
    yield "visits"
    page.click("text=/^Record session/")
    yield "record"
    page.fill("#pain", "20")
    page.click("text=Sign and keep")
    yield "record with problems"
    assert page.inner_text("#lacking h2") == "Not written down yet"
    page.fill("#pain", "2")
    if not page.is_visible("#today-sunburn"):
        page.click("#today summary")
    page.select_option("#today-sunburn", "yes")
    page.check("input[name=asked]")
    page.click("text=Sign and keep")
    assert "Not today" in page.inner_text("#held")
    yield "not today"
    page.goto(f"{chart}/visits/not-done/")
    yield "not done"
    page.click("text=Sign and keep")
    yield "not done with problems"
    page.goto(f"{chart}/visits/")
    record_routine(Hands(page))
    yield "visits with one"
    page.click("text=/^What came after/")
    yield "after"
    page.select_option("#harm", "bacterial-infection")
    page.check("input[name=grade][value='3']")
    page.click("text=Sign and keep")
    yield "after with problems"
    page.fill("#day", "0")
    page.fill("#action", "Sent to a doctor the same day.")
    page.click("text=Sign and keep")
    page.wait_for_url("**/visits/")
    yield "visits with an event"
    page.click("text=/^Correct/")
    yield "correct"
    page.goto(f"{chart}/forecast-and-seen/?maps=1")
    yield "forecast and seen"
    page.goto(f"{clinic.address}/clinic/")
    yield "due"
    page.goto(f"{clinic.address}/clinic/events/")
    assert "Bacterial" in page.inner_text("main")
    yield "serious events"
    page.goto(f"{clinic.address}/clinic/lots/")
    page.fill("#q", "ab12")
    page.click("main button")
    assert "Story, Person" in page.inner_text("main")
    yield "lots"


@pytest.mark.parametrize("look", LOOKS)
def test_axe_finds_nothing_on_any_page(chromium: Any, clinic: Clinic, look: str) -> None:
    page = opened(chromium, clinic, **LOOKS[look])
    found = [f"{name}: {problem}" for name in pages_of_the_visits(page, clinic) for problem in problems(page)]
    assert not found, "\n".join(found)


def test_the_whole_way_works_without_scripts(chromium: Any, clinic: Clinic) -> None:
    page = opened(chromium, clinic, java_script_enabled=False)
    assert "lots" in list(pages_of_the_visits(page, clinic))


def test_at_400_percent_nothing_is_cut_off(chromium: Any, clinic: Clinic) -> None:
    page = opened(chromium, clinic, viewport={"width": 320, "height": 256})
    for name in pages_of_the_visits(page, clinic):
        wider = too_wide(page)
        assert wider <= 0, f"{name} has to be scrolled sideways by {wider} px"


def test_a_visit_is_recorded_by_keyboard_only(chromium: Any, clinic: Clinic) -> None:
    page = opened(chromium, clinic)
    page.goto(f"{clinic.address}/charts/{clinic.chart()}/visits/")

    def press(wanted: str) -> None:
        tab_to(page, wanted)
        with page.expect_navigation():
            page.keyboard.press("Enter")

    press("a.button[href$='/visits/new/']")
    tab_to(page, "input[name=asked]")
    page.keyboard.press("Space")
    tab_to(page, "#lot")
    page.keyboard.type("ZZ-9")
    page.fill(
        "#expiry", (date.today() + timedelta(days=400)).isoformat()
    )  # which browsers of each country ask otherwise
    tab_to(page, "input[name=endpoint]")
    page.keyboard.press("ArrowDown")
    tab_to(page, "#pain")
    page.keyboard.type("4")
    tab_to(page, "input[name=aftercare]")
    page.keyboard.press("Space")
    press("main button.button")
    assert "lot ZZ-9; pain 4 of 10" in page.inner_text(".visits > li")
    press("a[href$='/after/']")
    tab_to(page, "#redness")
    page.keyboard.type("2")
    press("main button.button")
    assert "No unwanted event up to day" in page.inner_text(".visits > li")
