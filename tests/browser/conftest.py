"""A real Chromium and a real server; skipped with a reason where one of them is not installed."""

from __future__ import annotations

import functools
import shutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from tests.browser.serving import serving

playwright = pytest.importorskip("playwright.sync_api", reason="browser stories need Playwright")
pytest.importorskip("waitress", reason="the web application needs the extra [web]")

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")


@pytest.fixture(scope="session")
def address(chromium: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """``needling serve`` on a free port, as its user starts it."""
    with serving(tmp_path_factory.mktemp("data")) as home:
        yield home


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """One browser for all stories."""
    if CHROMIUM is None:
        pytest.skip("no chromium on this machine")
    with playwright.sync_playwright() as started, pytest.MonkeyPatch.context() as patched:
        patched.setattr(playwright.Page, "click", _waiting(playwright.Page.click))
        browser = started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


def _waiting(click: Callable[..., None]) -> Callable[..., None]:
    """A click that is over when the page it leads to is there; by itself it is over with the first byte of it."""

    @functools.wraps(click)
    def waits(page: Any, *args: Any, **options: Any) -> None:
        click(page, *args, **options)
        page.wait_for_load_state("load")

    return waits
