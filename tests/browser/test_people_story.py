"""Stories of a person in the clinic: a questionnaire by link, the map of zones, quick answers; axe on every page."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest
from tests.browser.answering import about_oneself
from tests.browser.looking import LOOKS, problems, too_wide
from tests.browser.serving import serving

pytestmark = pytest.mark.slow


class Clinic(NamedTuple):
    """A running clinic, and the cookies of its owner."""

    address: str
    state: dict[str, Any]


@pytest.fixture(scope="module")
def clinic(chromium: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clinic]:
    """A clinic of its own, set up through its pages as an owner does it."""
    import base64

    from django_otp.oath import totp

    with serving(tmp_path_factory.mktemp("clinic")) as home:
        context = chromium.new_context(**LOOKS["desktop"])
        page = context.new_page()
        page.goto(f"{home}/set-up/")
        for name, value in (("clinic", "Skin and Scar"), ("name", "Dr Ada Owner"), ("email", "ada@clinic.test"),
                            ("password", "correct horse battery staple")):  # fmt: skip
            page.fill(f"input[name={name}]", value)
        page.click("main button.button")
        page.click("summary")
        key = base64.b32decode(page.inner_text(".secret").strip())
        page.fill("input[name=code]", f"{totp(key):06d}")
        page.click("main button.button")
        page.click("main a.button")
        yield Clinic(home, context.storage_state())


def open_chart(page: Any, clinic: Clinic, label: str) -> str:
    """A new chart; its address."""
    page.goto(f"{clinic.address}/charts/new/")
    page.fill("#label", label)
    page.click("main button.button")
    return str(page.url)


def answer_all(page: Any, *, send: bool = True) -> Iterator[str]:
    """The questionnaire from its first page to its last, with no to everything."""
    yield "begin"
    page.click("main a.button")
    yield "you"
    yield from about_oneself(page, birth_year="1988", phototype="IV")
    yield "summary"
    if send:
        page.click("text=Send to the clinic")
        yield "sent"


def pages_of_a_person(page: Any, guest: Any, clinic: Clinic) -> Iterator[tuple[str, Any]]:
    """Every page of this path, with the browser that shows it."""
    chart = open_chart(page, clinic, f"Story {uuid.uuid4().hex[:6]}")
    yield "chart, empty", page
    page.click("text=Make a link to the questions")
    yield "link", page
    guest.goto(page.input_value("#link"))
    for name in answer_all(guest):
        yield name, guest
    guest.goto(page.input_value("#link"))
    yield "gone", guest
    page.goto(chart)
    yield "chart, answers came in", page
    page.goto(f"{chart}person/")
    yield "answers", page
    page.goto(f"{chart}assessment/")
    yield "assessment", page
    zones = (("cheek-left", "acne-scars-rolling"), ("forehead", "wrinkles-face"))
    for number, (zone, _) in enumerate(zones, start=1):
        page.select_option(f"#zone-{number}", zone)
    page.click("main button.sign")
    yield "assessment with problems", page
    for number, (_, concern) in enumerate(zones, start=1):
        page.select_option(f"#concern-{number}", concern)
    for reading in ("4", "3"):
        page.select_option("#scale-1", "goodman-baron-qualitative")
        page.select_option("#scale-zone-1", "cheek-left")
        page.fill("#value-1", reading)
        page.click("main button.sign")
        assert page.url == chart, page.inner_text("main")
        if reading == "4":
            page.goto(f"{chart}assessment/")
            yield "assessment again", page
    page.goto(chart)
    yield "chart", page


@pytest.mark.parametrize("look", LOOKS)
def test_axe_finds_nothing_and_nothing_is_cut_off(chromium: Any, clinic: Clinic, look: str) -> None:
    page = chromium.new_context(**LOOKS[look], storage_state=clinic.state).new_page()
    guest = chromium.new_context(**LOOKS[look]).new_page()
    found = []
    for name, shown in pages_of_a_person(page, guest, clinic):
        found += problems(shown)
        wider = too_wide(shown)
        if wider > 0:
            found.append(f"{name} has to be scrolled sideways by {wider} px")
    assert not found, "\n".join(found)


def test_all_of_it_works_without_scripts_at_400_percent(chromium: Any, clinic: Clinic) -> None:
    small = {"viewport": {"width": 320, "height": 256}, "java_script_enabled": False}
    page = chromium.new_context(**small, storage_state=clinic.state).new_page()
    guest = chromium.new_context(**small).new_page()
    names = [name for name, _ in pages_of_a_person(page, guest, clinic)]
    assert {"sent", "gone", "chart"} <= set(names)
    assert "Readings over time" in page.content() and not page.is_visible("#map")


def test_zones_are_chosen_on_the_map_by_pointer_and_keyboard(chromium: Any, clinic: Clinic) -> None:
    page = chromium.new_context(**LOOKS["desktop"], storage_state=clinic.state).new_page()
    chart = open_chart(page, clinic, "Story 2")
    page.goto(f"{chart}person/")
    page.click("main button.sign")
    page.goto(f"{chart}assessment/")
    page.click('[data-zone="cheek-right"][role=checkbox]')
    assert page.input_value("#zone-1") == "cheek-right"
    assert "cheek, right" in page.inner_text("#chosen").lower()
    page.focus('[data-zone="cheek-left"][role=checkbox]')
    page.keyboard.press("Space")
    page.focus('[data-zone="forehead"]')
    page.keyboard.press("Enter")
    assert page.url.endswith("/assessment/"), "Enter on the map does not send the form"
    page.click(".view-back [data-zone=thigh-buttock-left]")
    chosen = page.eval_on_selector_all("select[name=zone]", "all => all.map(one => one.value).filter(Boolean)")
    assert chosen == ["cheek-right", "cheek-left", "forehead", "thigh-buttock-left"]
    assert page.get_attribute(".view-front [data-zone=thigh-buttock-left]", "aria-checked") == "true"
    page.click('[data-zone="forehead"]')
    page.select_option("#zone-2", "nose")
    assert page.get_attribute('[data-zone="cheek-left"][role=checkbox]', "aria-checked") == "false"
    assert page.get_attribute('[data-zone="nose"]', "aria-checked") == "true"
    for number in (1, 2, 4):
        page.select_option(f"#concern-{number}", "acne-scars-rolling" if number < 4 else "striae")
    page.click("main button.sign")
    assert page.url == chart, page.inner_text("main")
    skin = page.inner_text(".halves")
    assert "cheek, right" in skin and "nose" in skin and "thigh and buttock, left" in skin and "forehead" not in skin


def test_the_persons_left_is_on_the_right_of_a_face_and_on_the_left_of_a_back(chromium: Any, clinic: Clinic) -> None:
    page = chromium.new_context(**LOOKS["desktop"], storage_state=clinic.state).new_page()
    chart = open_chart(page, clinic, "Story 3")
    page.goto(f"{chart}person/")
    page.click("main button.sign")
    page.goto(f"{chart}assessment/")

    def middle(selector: str) -> float:
        box = page.locator(selector).bounding_box()
        return float(box["x"] + box["width"] / 2)

    for view, site, left_is_right in (("face", "cheek", True), ("front", "upper-arm", True), ("back", "hand", False)):
        sides = [middle(f".view-{view} [data-zone={site}-{side}]") for side in ("left", "right")]
        assert (sides[0] > sides[1]) is left_is_right
        words = page.inner_text(f".view-{view} .which-side")
        assert (words.index("left") > words.index("right")) is left_is_right


def test_a_clinician_answers_everything_with_one_key_each(chromium: Any, clinic: Clinic) -> None:
    page = chromium.new_context(**LOOKS["desktop"], storage_state=clinic.state).new_page()
    chart = open_chart(page, clinic, "Story 4")
    page.goto(f"{chart}person/")
    shown = [one for one in page.query_selector_all("fieldset.row") if one.is_visible()]
    assert not page.is_visible("#isotretinoin_stopped")
    page.focus("fieldset.row input[type=radio]:checked")
    keys = 0
    while page.evaluate("document.activeElement.type") == "radio":
        page.keyboard.press("n")
        keys += 1
        assert keys < 100
    assert page.evaluate("document.activeElement.matches('button.sign')") and keys == len(shown)
    page.focus("#isotretinoin input:checked")
    page.keyboard.press("y")
    assert page.is_visible("#isotretinoin_stopped") and page.evaluate("document.activeElement.type") == "date"
    page.focus("#smoker input:checked")
    page.keyboard.press("u")
    assert page.is_checked('#smoker input[value=""]')
    page.click("main button.sign")
    assert page.url == chart
    counted = re.search(r"(\d+) of (\d+); the other (\d+) are not known", page.inner_text(".halves"))
    assert counted and int(counted[3]) == int(counted[2]) - int(counted[1]) == 2
