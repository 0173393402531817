"""From clearance to a signed plan in a real browser: sliders, keyboard only, without scripts, two people, axe."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.browser.looking import LOOKS, problems, tab_to, too_wide
from tests.browser.serving import seeded, serving, signed_in

pytestmark = pytest.mark.slow


class Clinic:
    """A server with one clinic in it; people sign in once and stay."""

    def __init__(self, home: str, told: dict[str, Any], chromium: Any) -> None:
        self.home, self.told, self.chromium = home, told, chromium
        self.states: dict[str, Any] = {}

    def page(self, who: str, **look: Any) -> Any:
        """A new window of somebody who is signed in."""
        if who not in self.states:
            person = self.told["people"][who]
            self.states[who] = signed_in(self.chromium, self.home, person, self.told["password"])
        return self.chromium.new_context(storage_state=self.states[who], **look).new_page()

    def at(self, name: str) -> str:
        """An address of the one chart."""
        return f"{self.home}/charts/{self.told['chart']}/{name}"


def served(example: str, data: Path, chromium: Any) -> Iterator[Clinic]:
    told = seeded(data, "seeded", example)
    with serving(data) as home:
        yield Clinic(home, told, chromium)


@pytest.fixture(scope="module")
def clinic(chromium: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clinic]:
    """A person who may be treated."""
    yield from served("acne-scars", tmp_path_factory.mktemp("plan"), chromium)


@pytest.fixture(scope="module")
def waiting(chromium: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clinic]:
    """A person who has to wait, unless two clinicians decide otherwise."""
    yield from served("isotretinoin", tmp_path_factory.mktemp("waiting"), chromium)


def slide(page: Any, name: str, keys: str, times: int = 1) -> None:
    """Move a slider with the keyboard, and wait for the answer."""
    slider = page.locator(f"#{name}-slider")
    slider.focus()
    with page.expect_response(lambda answer: answer.request.method == "POST"):
        for _ in range(times):
            page.keyboard.press(keys)
    page.wait_for_selector(".results:not([aria-busy])")


def test_sliders_answer_at_once_and_say_so(clinic: Clinic) -> None:
    page = clinic.page("clinician")
    errors: list[str] = []
    page.on("console", lambda said: errors.append(said.text) if said.type == "error" else None)
    page.goto(clinic.at("plan/"))
    before = page.inner_text("#answer h2")
    slide(page, "passes_count", "ArrowLeft")
    assert page.input_value("#passes_count") == "3" and page.inner_text("#answer h2") != before
    assert "What that does" in page.inner_text("#answer")
    page.wait_for_selector("#said:has-text('people')", state="attached")
    slide(page, "passes_count", "ArrowRight", 3)
    page.wait_for_selector("#answer:has-text('Not to be done')")
    assert page.query_selector("#answer button[formaction]") is None
    page.click("text=Take the nearest plan")
    assert page.input_value("#passes_count") == "5" and page.query_selector("#answer button[formaction]")
    # A zone's slider gives that zone its own value; the other follows the whole course.
    page.click("summary:has-text('Left cheek')")
    slide(page, "cheek-left-passes_count", "ArrowLeft", 2)
    assert page.is_checked("input[name='cheek-left.own']") and "4 x 3" in page.inner_text("#answer")
    slide(page, "needle_length_mm", "ArrowLeft")
    assert page.input_value("#cheek-right-needle_length_mm") == page.input_value("#needle_length_mm")
    # The slider rests on lengths that are sold, from wherever the box was; the box takes any number.
    assert page.input_value("#needle_length_mm") == "0.5"
    page.fill("#needle_length_mm", "0.6")
    slide(page, "needle_length_mm", "ArrowRight")
    assert page.input_value("#needle_length_mm") == "1"
    slide(page, "interval_d", "ArrowRight")
    assert page.input_value("#interval_d") == "49"
    # What is folded on the screen stands open on paper.
    assert not page.is_visible("#course .section table[role=table]")
    page.emulate_media(media="print")
    assert page.is_visible("#course .section > table")
    page.emulate_media(media="screen")
    page.click("#draw-channels button")
    page.wait_for_selector("#channels figure")
    assert page.locator("#channels figure").count() == 4
    assert not errors, errors


def test_a_number_that_cannot_be_is_said_at_its_box_and_takes_the_answer_away(clinic: Clinic) -> None:
    page = clinic.page("clinician")
    page.goto(clinic.at("plan/"))
    before = page.inner_text("#answer h2")
    for name, given in (("sessions_count", "99"), ("sessions_count", "-3"), ("sessions_count", "")):
        page.fill(f"#{name}", given)
        page.wait_for_selector(f"#{name}-problem:not([hidden])")
        assert "at most 12" in page.inner_text(f"#{name}-problem")
        assert page.get_attribute(f"#{name}", "aria-invalid") == "true"
        assert "No answer" in page.inner_text("#answer h2") and not page.query_selector("#answer .tiles")
        assert page.query_selector("#answer button[formaction]") is None
        page.wait_for_selector("#course:not(:has(.section))", state="attached")
        page.fill(f"#{name}", "3")
        page.wait_for_selector("#answer .tiles")
        assert not page.is_visible(f"#{name}-problem") and page.inner_text("#answer h2") == before
    page.wait_for_selector("#course .fold")
    # The list of a page that came whole goes when its box is mended.
    page.fill("#sessions_count", "99")
    page.click("button[value=show] >> nth=0")
    assert "Sessions" in page.inner_text("main .problems")
    page.fill("#sessions_count", "4")
    page.wait_for_selector("#answer .tiles")
    assert page.query_selector("main .problems") is None


def test_the_first_session_may_be_named(clinic: Clinic) -> None:
    page = clinic.page("clinician")
    page.goto(clinic.at("plan/"))
    rule = page.input_value("#start_on")
    page.fill("#start_on", f"{int(rule[:4]) + 1}{rule[4:]}")
    page.wait_for_selector("#start_on-problem:not([hidden])")  # more than a year after the findings
    assert "No answer" in page.inner_text("#answer h2")
    page.fill("#start_on", rule)
    page.wait_for_selector("#answer .when")
    assert "by rule" not in page.inner_text("#answer .when") and "preparation takes" in page.inner_text("#answer .when")


def test_on_a_phone_the_answer_stays_in_sight_and_hides_nothing_that_has_the_focus(clinic: Clinic) -> None:
    page = clinic.page("clinician", viewport={"width": 390, "height": 700})
    page.goto(clinic.at("plan/"))
    assert "of 50 gain" in page.inner_text(".glance")
    under = """() => {
      const line = document.querySelector(".glance").getBoundingClientRect();
      const own = document.activeElement.getBoundingClientRect();
      const stuck = line.top <= 1;
      return stuck && own.top < line.bottom && own.bottom > line.top && !document.activeElement.closest(".glance");
    }"""
    for key in ("Tab", "Shift+Tab"):
        for _ in range(40):
            page.keyboard.press(key)
            if page.evaluate("Boolean(document.activeElement.closest('.workbench'))"):
                assert not page.evaluate(under), page.evaluate("document.activeElement.outerHTML.slice(0, 120)")
    page.fill("#sessions_count", "4")
    page.wait_for_selector(".glance:not(:has-text('22 of 50'))")
    assert page.evaluate("document.querySelector('.glance').getBoundingClientRect().top") >= 0
    page.click("[data-fold=candidates] > summary")
    for button in page.query_selector_all("table.candidates button:visible"):
        box = button.bounding_box()
        assert box is not None and box["x"] >= 0 and box["x"] + box["width"] <= 390


def test_where_the_network_fails_the_button_still_shows(clinic: Clinic) -> None:
    page = clinic.page("clinician")
    page.goto(clinic.at("plan/"))
    before = page.inner_text("#answer h2")
    page.route("**/plan/", lambda route: route.abort() if route.request.resource_type == "fetch" else route.continue_())
    page.fill("#passes_count", "3")
    page.wait_for_timeout(400)
    assert page.inner_text("#answer h2") == before  # as it was, it says so, and nothing is in the way
    assert "of the numbers before" in page.inner_text("#answer").lower()
    page.click("button[value=show] >> nth=0")
    assert "4 x 3" in page.inner_text("#answer") or "4 directions x 3" in page.inner_text("#answer h2")


def test_the_page_works_without_scripts(clinic: Clinic) -> None:
    page = clinic.page("second", java_script_enabled=False)
    page.goto(clinic.at("plan/"))
    assert not page.is_visible("#passes_count-slider")
    page.fill("#needle_length_mm", "1")
    page.click("button[value=show] >> nth=0")
    assert "1 mm roller" in page.inner_text("#answer h2") and page.input_value("#needle_length_mm") == "1"
    page.fill("#passes_count", "9")
    page.click("button[value=show] >> nth=0")
    assert "may not be approved" in page.inner_text("#answer")
    page.click("text=Take the nearest plan")
    page.click("text=Draw where the channels lie")
    assert page.locator("#channels figure").count() == 4
    page.click("text=Keep as draft")
    assert "Kept as a draft" in page.inner_text("main")
    page.goto(clinic.at("plan/compare/"))
    assert "What that does" in page.inner_text("main")


def test_from_clearance_to_signature_by_keyboard_only(clinic: Clinic) -> None:
    page = clinic.page("clinician")

    def press(wanted: str) -> None:
        tab_to(page, wanted)
        with page.expect_navigation():
            page.keyboard.press("Enter")

    page.goto(clinic.at("clearance/"))
    press("main .answer a.button")
    tab_to(page, "#needle_length_mm-slider")
    with page.expect_response(lambda answer: answer.request.method == "POST"):
        page.keyboard.press("ArrowLeft")
    tab_to(page, "#passes_count")
    with page.expect_response(lambda answer: answer.request.method == "POST"):
        page.keyboard.press("Control+a")
        page.keyboard.type("3")
    tab_to(page, "button[value=reset]")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    press("#answer button[formaction]")
    assert "Approve this plan?" in page.inner_text("h1")
    press("main form button:not([name])")
    assert page.url.endswith("/plan/print/") and "approved" in page.inner_text("main")
    press("a[href$='sheet=consent']")
    assert "Before you sign" in page.inner_text("main")


def test_two_clinicians_set_a_rule_aside_each_in_their_own_session(waiting: Clinic) -> None:
    first, second = waiting.page("clinician"), waiting.page("second")
    first.goto(waiting.at("clearance/"))
    assert first.query_selector("main .answer a.button:has-text('To the plan')") is None
    first.click("summary:has-text('Go on in spite of this')")
    first.select_option("select[name=reason]", "specialist-informed-choice")
    first.fill("textarea[name=note]", "Letter of the dermatologist seen.")
    first.click("text=Sign and propose")
    assert "It counts only when another clinician signs" in first.inner_text("main")
    assert first.query_selector("button[value=confirm]") is None
    second.goto(waiting.at("clearance/"))
    assert problems(second) == []
    second.click("text=Sign as the second clinician")
    assert "set aside" in second.inner_text("main")
    second.click("text=To the plan")
    second.wait_for_selector("#answer button[formaction]")


def test_axe_finds_nothing_on_any_page_of_a_plan(clinic: Clinic, waiting: Clinic) -> None:
    found: list[str] = []
    for look in LOOKS.values():
        page = clinic.page("clinician", **look)
        for name in (
            "clearance/",
            "plan/",
            "plan/compare/",
            "plan/print/?sheet=consent",
            "plan/print/?sheet=aftercare",
        ):
            page.goto(clinic.at(name))
            found += problems(page)
        page.goto(clinic.at("plan/"))
        page.fill("#needle_length_mm", "3")
        page.wait_for_selector("#course > .stamp")
        for summary in page.query_selector_all("details > summary"):
            summary.click()
        found += problems(page)
        page.goto(clinic.at("plan/"))
        page.click("#answer button[formaction]")
        found += problems(page)
        page = waiting.page("second", **look)
        page.goto(waiting.at("clearance/"))
        found += problems(page)
    assert not found, "\n".join(found)


@pytest.mark.parametrize("width", [320, 390])
def test_nothing_has_to_be_scrolled_sideways(clinic: Clinic, width: int) -> None:
    page = clinic.page("clinician", viewport={"width": width, "height": 500})
    for name in ("clearance/", "plan/", "plan/compare/", "plan/print/?sheet=consent"):
        page.goto(clinic.at(name))
        for summary in page.query_selector_all("details > summary"):
            summary.click()
        wider = too_wide(page)
        assert wider <= 0, f"{name} has to be scrolled sideways by {wider} px"
