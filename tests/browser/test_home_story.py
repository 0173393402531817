"""Stories in a real browser: the home path by keyboard, at 400 % zoom, without scripts; axe on every page."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest
from tests.browser.answering import about_oneself
from tests.browser.looking import LOOKS, problems, tab_to, too_wide
from tests.web.visitor import QUIZ

pytestmark = pytest.mark.slow


def pages_of_the_home_path(page: Any, address: str, wish: str = "", phototype: str = "II") -> Iterator[str]:
    """Every page of the home path, one after the other."""
    page.goto(address)
    yield "start"
    page.click("text=Start the self-check")
    yield "begin"
    page.click("main a.button")
    yield "aim"
    page.click("main button.button")
    yield "aim with problems"
    page.select_option("#site", "cheek")
    page.select_option("#concern", "pores-dullness")
    page.select_option("#wish", wish)
    page.click("main button.button")
    yield "you"
    yield from about_oneself(page, birth_year="1990", phototype=phototype)
    yield "answer"
    page.goto(f"{address}/check/answer/clinic-sheet/")
    yield "sheet"
    page.goto(f"{address}/check/steps/")
    yield "steps"
    page.click("main .due button.button")
    yield "steps with the right roller"
    page.click("text=To the questions")
    page.click("main button.button")
    yield "quiz with problems"
    for name, value in QUIZ.items():
        page.check(f'input[name={name}][value="{value}"]')
    page.click("main button.button")
    yield "patch test"
    page.click("main button.button")
    yield "patch test without a day"
    page.fill("#on", str(date.today() - timedelta(days=1)))
    page.click("main button.button")
    yield "patch test that waits"
    page.click("main button.quiet")
    page.fill("#on", str(date.today() - timedelta(days=8)))
    page.click("main button.button")
    yield "patch test to be looked at"
    page.click("main button.button")
    page.click("main button.button")
    page.click("text=Show the plan")
    assert page.url.endswith("/check/plan/")
    yield "plan"
    for other in ("/check/signs/", "/read/claims/?q=vitamin", "/read/claims/no-such-claim/"):
        page.goto(address + other)
        yield other
    page.goto(f"{address}/read/claims/")
    page.click(".claims h2 a")
    yield "claim"


@pytest.mark.parametrize("look", LOOKS)
def test_axe_finds_nothing_on_any_page(chromium: Any, address: str, look: str) -> None:
    page = chromium.new_context(**LOOKS[look]).new_page()
    found = [problem for _ in pages_of_the_home_path(page, address, "1.5") for problem in problems(page)]
    assert not found, "\n".join(found)


def test_an_error_takes_the_focus_and_leads_to_the_field(chromium: Any, address: str) -> None:
    page = chromium.new_context(java_script_enabled=True).new_page()
    page.goto(f"{address}/check/aim/")
    page.click("main button.button")
    assert page.title().startswith("Error: ")
    assert page.evaluate("document.activeElement.className") == "problems"
    page.click(".problems a")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.id") in ("site", "concern")


def test_back_keeps_what_was_ticked_and_enter_goes_on(chromium: Any, address: str) -> None:
    page = chromium.new_context().new_page()
    page.goto(f"{address}/check/aim/")
    page.select_option("#site", "cheek")
    page.select_option("#concern", "pores-dullness")
    page.click("main button.button")
    page.fill("#birth_year", "1990")
    page.check("input[name=sex][value=female]")
    page.focus("#birth_year")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert "/about/" in page.url, "Enter goes on, and not back"
    page.check("input[name=pregnant][value=yes]")
    page.click("main button[name=go]")
    assert page.url.endswith("/check/you/") and page.input_value("#birth_year") == "1990"
    page.goto(f"{address}/check/about/today/")
    assert page.is_checked("input[name=pregnant][value=yes]")


@pytest.mark.parametrize(("wish", "phototype"), [("", "II"), ("0.25", "V")])
def test_the_printed_plan_is_one_sheet(chromium: Any, address: str, wish: str, phototype: str) -> None:
    page = chromium.new_context().new_page()
    for name in pages_of_the_home_path(page, address, wish, phototype):
        if name == "plan":
            break
    page.wait_for_load_state("load")  # without its style the page is longer
    printed = page.pdf(format="A4", prefer_css_page_size=True)
    assert printed.count(b"/Type /Page\n") + printed.count(b"/Type /Page ") == 1 or printed.count(b"/Type /Page") == 2
    page.emulate_media(media="print")
    assert not page.is_visible(".timeline") and page.is_visible(".emergency")


def test_the_whole_path_works_without_scripts(chromium: Any, address: str) -> None:
    page = chromium.new_context(java_script_enabled=False).new_page()
    assert "claim" in list(pages_of_the_home_path(page, address))


def test_at_400_percent_nothing_is_cut_off(chromium: Any, address: str) -> None:
    page = chromium.new_context(viewport={"width": 320, "height": 256}).new_page()
    for name in pages_of_the_home_path(page, address, "1.5"):
        wider = too_wide(page)
        assert wider <= 0, f"{name} has to be scrolled sideways by {wider} px"


def test_the_whole_path_works_by_keyboard_only(chromium: Any, address: str) -> None:
    page = chromium.new_context().new_page()

    def press(wanted: str) -> None:
        tab_to(page, wanted)
        with page.expect_navigation():
            page.keyboard.press("Enter")

    page.goto(address)
    press('a.button[href="/check/"]')
    press('a.button[href="/check/aim/"]')
    for field, start in (("#site", "cheeks"), ("#concern", "large pores")):
        tab_to(page, field)
        page.keyboard.type(start)
    press("main button")
    tab_to(page, "#birth_year")
    page.keyboard.type("1990")
    tab_to(page, "input[name=phototype]:checked")
    page.keyboard.press("ArrowUp")
    tab_to(page, "input[name=sex]:checked")
    page.keyboard.press("ArrowUp")
    press("main button")
    while "/about/" in page.url:
        for name in page.eval_on_selector_all("fieldset", "all => all.map(one => one.id)"):
            if page.query_selector(f"#{name} input[type=radio]"):
                tab_to(page, f"#{name} input[type=radio]")
                page.keyboard.press("Space")
                page.keyboard.press("ArrowDown")
                assert page.is_checked(f"#{name} input[value=no]")
            else:
                tab_to(page, f"#{name} input[type=checkbox]")
                page.keyboard.press("Space")
        press("main button")
    press('a.button[href="/check/steps/"]')
    press("main button")
    press('a.button[href="/check/steps/hygiene/"]')
    for name, value in QUIZ.items():
        tab_to(page, f"#{name} input[type=radio]")
        page.keyboard.press("Space")
        for _ in range(int(value)):
            page.keyboard.press("ArrowDown")
    press("main button")
    tab_to(page, "#on")
    page.keyboard.type((date.today() - timedelta(days=8)).strftime("%m%d%Y"))
    for _ in range(3):
        press("main button")
    press('a.button[href="/check/plan/"]')
    assert page.url.endswith("/check/plan/")
