"""A real Chromium and a real server; skipped with a reason where one of them is not installed."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
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
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()
