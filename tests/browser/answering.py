"""How a story answers the questions about somebody: the same pages at home and behind a clinic's link."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any


def about_oneself(page: Any, *, birth_year: str, phototype: str) -> Iterator[str]:
    """From the page about oneself to the last topic, with no to everything; gives each topic's address."""
    page.fill("#birth_year", birth_year)
    page.check(f"input[name=phototype][value={phototype}]")
    page.check("input[name=sex][value=female]")
    page.click("main button.button")
    while "/about/" in page.url:
        yield page.url
        for question in page.query_selector_all("fieldset"):
            no = question.query_selector("input[value=no]")
            (no or question.query_selector("input[type=checkbox]")).check()
        page.click("main button.button")
