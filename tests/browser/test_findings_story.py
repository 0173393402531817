"""Stories of findings: a pin on the map by pointer and by keyboard, nothing lost without scripts; axe everywhere."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest
from tests.browser.looking import LOOKS, problems, tab_to, too_wide
from tests.browser.serving import seeded, serving, signed_in

pytestmark = pytest.mark.slow

MOLE = "face 0.68 0.55"
"""Where the first of the two seeded lesions lies."""


class Clinic(NamedTuple):
    """A running clinic: charts with two lesions each that nobody has used yet, and the cookies of a clinician."""

    address: str
    charts: list[str]
    cookies: Any

    def chart(self) -> str:
        return f"{self.address}/charts/{self.charts.pop()}/"


@pytest.fixture(scope="module")
def clinic(chromium: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clinic]:
    data = tmp_path_factory.mktemp("findings")
    told = seeded(data, "visited", "5", "lesions")
    with serving(data) as home:
        yield Clinic(home, told["charts"], signed_in(chromium, home, told, told["password"]))


def opened(chromium: Any, clinic: Clinic, **look: Any) -> Any:
    return chromium.new_context(storage_state=clinic.cookies, **look).new_page()


def spot(page: Any, number: int) -> tuple[str, float, float]:
    """Where a finding is said to be."""
    said = page.eval_on_selector_all("[name=mark_spot]", "all => all.map(one => one.value)")[number - 1]
    view, x, y = said.split(" ")
    return view, float(x), float(y)


def signed(page: Any, chart: str) -> None:
    """Sign, and wait for the chart; the problems are told where there are some."""
    page.click("main button.sign")
    page.wait_for_load_state("load")
    assert page.url == chart, page.inner_text("main")


def inside(page: Any, number: int, zone: str) -> bool:
    """Whether the pin of a finding lies in the box around a zone."""
    pin = page.locator("#pins .pin", has_text=str(number)).bounding_box()
    box = page.locator(f"#pins [data-of={zone}]").first.bounding_box()
    x, y = pin["x"] + pin["width"] / 2, pin["y"] + pin["height"] / 2
    return bool(box["x"] <= x <= box["x"] + box["width"] and box["y"] <= y <= box["y"] + box["height"])


def test_a_pin_is_placed_and_moved_by_pointer(chromium: Any, clinic: Clinic) -> None:
    page, chart = opened(chromium, clinic, **LOOKS["desktop"]), clinic.chart()
    page.goto(f"{chart}assessment/")
    assert page.locator("#pins .pin").count() == 2 and f"{spot(page, 1)[0]} 0.68 0.55" == MOLE
    finding = page.locator("fieldset.finding").nth(2)
    finding.locator("[data-place]").click()
    assert "choose its zone first" in page.inner_text("#placed")
    page.select_option("#mark-zone-3", "cheek-right")
    page.select_option("#mark-3", "severe_sun_damage")
    finding.locator("[data-place]").click()
    assert inside(page, 3, "cheek-right") and page.input_value("#mark-answer-3") == "yes"
    box = page.locator("#pins svg[data-view=front]").bounding_box()
    page.mouse.click(box["x"] + box["width"] * 0.25, box["y"] + box["height"] * 0.75)
    view, x, y = spot(page, 3)
    assert view == "front" and abs(x - 0.25) < 0.01 and abs(y - 0.75) < 0.01
    page.locator("#pins .pin", has_text="1").click()
    face = page.locator("#pins svg[data-view=face]").bounding_box()
    page.mouse.click(face["x"] + face["width"] * 0.7, face["y"] + face["height"] * 0.5)
    assert abs(spot(page, 1)[1] - 0.7) < 0.01, "a pin that was chosen goes where the pointer says"
    assert spot(page, 3)[0] == "front"
    page.click("#pins-back")
    assert (
        page.evaluate("document.activeElement.closest('fieldset').querySelector('legend').textContent") == "Finding 1"
    )
    page.locator("fieldset.finding").nth(1).locator("[data-take]").click()
    assert page.locator("#pins .pin").count() == 2
    signed(page, chart)
    assert page.locator(".pinned .pin").count() == 2 and "Severe solar elastosis" in page.inner_text(".spots")
    page.goto(f"{chart}assessment/")
    assert [spot(page, number)[0] for number in (1, 3)] == ["face", "front"]


def test_a_pin_is_placed_and_moved_by_keyboard(chromium: Any, clinic: Clinic) -> None:
    page, chart = opened(chromium, clinic, **LOOKS["desktop"]), clinic.chart()
    page.goto(f"{chart}assessment/")
    tab_to(page, "#more-marks")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "mark-zone-4"
    page.keyboard.type("cheek, right")
    page.keyboard.press("Tab")
    page.keyboard.type("Severe solar")
    page.keyboard.press("Tab")
    page.keyboard.type("yes")
    tab_to(page, "[data-place]")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.matches('.pin')") and inside(page, 4, "cheek-right")
    _, x, y = spot(page, 4)
    for key in ("ArrowRight", "ArrowRight", "Shift+ArrowDown"):
        page.keyboard.press(key)
    assert spot(page, 4) == ("face", pytest.approx(x + 0.02, abs=1e-3), pytest.approx(y + 0.05, abs=1e-3))
    assert "percent from the left" in page.inner_text("#placed")
    for _ in range(30):
        page.keyboard.press("Shift+ArrowUp")
    assert spot(page, 4)[2] == 0, "a pin stays on the drawing"
    page.keyboard.press("PageDown")
    assert spot(page, 4) == ("front", 0.5, 0.5) and page.evaluate("document.activeElement.matches('.pin')")
    page.keyboard.press("Enter")
    assert page.url.endswith("/assessment/"), "Enter on a pin does not send the form"
    assert (
        page.evaluate("document.activeElement.closest('fieldset').querySelector('legend').textContent") == "Finding 4"
    )
    tab_to(page, "button.sign")
    page.keyboard.press("Enter")
    page.wait_for_url(chart)
    assert "Severe solar elastosis" in page.inner_text(".spots")
    assert page.locator(".drawing").count() == 2


def test_without_scripts_the_note_stands_for_the_place_and_nothing_is_lost(chromium: Any, clinic: Clinic) -> None:
    small = {"viewport": {"width": 320, "height": 256}, "java_script_enabled": False}
    page, chart = opened(chromium, clinic, **small), clinic.chart()
    page.goto(f"{chart}assessment/")
    assert not page.is_visible("#pins") and not page.is_visible("[data-place]") and not page.is_visible("#more-marks")
    assert page.is_visible(".pinned"), "pins that were placed are shown"
    page.select_option("#mark-zone-3", "cheek-right")
    page.select_option("#mark-3", "severe_sun_damage")
    page.select_option("#mark-answer-3", "yes")
    page.fill("#mark-note-3", "temple")
    signed(page, chart)
    assert "temple" in page.inner_text(".spots") and "under the eye" in page.inner_text(".spots")
    page.goto(f"{chart}assessment/")
    spots = [one.get_attribute("value") for one in page.query_selector_all("[name=mark_spot]")]
    assert spots[0] == MOLE and spots[2] == ""


@pytest.mark.parametrize("look", LOOKS)
def test_axe_finds_nothing_where_lesions_are_shown(chromium: Any, clinic: Clinic, look: str) -> None:
    page, chart = opened(chromium, clinic, **LOOKS[look]), clinic.chart()
    found: list[str] = []
    for name in ("", "assessment/", "plan/print/", "visits/new/"):
        page.goto(chart + name)
        if name == "assessment/":
            page.click("#more-marks")
            page.locator("[data-place]").first.click()
        assert page.locator(".pin").count() >= 2, name
        found += problems(page)
        wider = too_wide(page)
        if wider > 0:
            found.append(f"{name or 'chart'} has to be scrolled sideways by {wider} px")
    assert not found, "\n".join(found)
