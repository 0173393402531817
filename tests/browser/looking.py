"""What a story looks at: axe, the sizes and colours in which pages are shown, and the way of the Tab key."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

axe_core = pytest.importorskip("axe_core_python", reason="the axe scan needs axe-core-python")
AXE = (Path(axe_core.__file__).parent / "axe.min.js").read_text()
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
LOOKS: dict[str, dict[str, Any]] = {
    "desktop": {"viewport": {"width": 1280, "height": 900}},
    "phone-dark": {"viewport": {"width": 390, "height": 844}, "color_scheme": "dark"},
}


def problems(page: Any) -> list[str]:
    """What axe finds on a page, by rule and place."""
    page.wait_for_load_state("load")
    page.evaluate(AXE)
    found = page.evaluate("tags => axe.run(document, {runOnly: {type: 'tag', values: tags}})", TAGS)
    return [f"{page.url}: {one['id']}: {one['help']}: {one['nodes'][0]['html'][:160]}" for one in found["violations"]]


def tab_to(page: Any, wanted: str) -> None:
    """Press Tab until what is wanted has the focus; fails where the keyboard does not reach it."""
    for _ in range(400):
        page.keyboard.press("Tab")
        if page.evaluate("wanted => document.activeElement.matches(wanted)", wanted):
            return
    raise AssertionError(f"the keyboard does not reach {wanted} on {page.url}")


def too_wide(page: Any) -> int:
    """By how many pixels a page has to be scrolled sideways."""
    page.wait_for_load_state("load")
    return int(page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))
