"""Every page that can be reached, in a clinic full of people: axe in light and dark, and no scrolling sideways.

``NEEDLING_LOOKS=1`` also writes a picture of every page in four looks, and a sheet of all of them, to out/looks/.
"""

from __future__ import annotations

import html
import os
import re
import sqlite3
from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from tests.browser.looking import problems, too_wide
from tests.browser.serving import ROOT, SAID, serving

pytestmark = pytest.mark.slow

LOOKS = {
    "desktop-light": (1280, 900, "light"),
    "desktop-dark": (1280, 900, "dark"),
    "phone-light": (390, 844, "light"),
    "phone-dark": (390, 844, "dark"),
}
NARROW = (320, 256)
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
OF_A_KIND = 2  # pages of the same kind that are looked at, in different charts
PUBLIC = ("/read/", "/check/", "/join/", "/no-such-page/")
NOT_A_PAGE = (".ics", ".json", ".pdf", "/static/", "/sign-out/", "/api/")
ASKED_FOR = ("/", "/no-such-page/", "/join/", "/read/?q=keloid", "/read/rules/?q=zzzz", "/charts/new/",
             "/clinic/lots/?q=NR", "/charts/trail/?verify=1", "/second-factor/recovery/")  # fmt: skip


@dataclass(frozen=True)
class Demo:
    """A running demo: where it is, and how to get in."""

    address: str
    password: str
    database: Path

    def code(self) -> str:
        """The second factor of now."""
        oath = pytest.importorskip("django_otp.oath")
        with sqlite3.connect(self.database) as rows:
            key = rows.execute("select key from otp_totp_totpdevice").fetchone()[0]
        return f"{oath.totp(bytes.fromhex(key)):06d}"

    def sign_in(self, page: Any, role: str) -> None:
        """Through both doors."""
        page.goto(f"{self.address}/sign-in/")
        page.fill("input[type=email]", f"{role}@demo.example")
        page.fill("input[type=password]", self.password)
        page.click("main button")
        page.fill("input[name=code]", self.code())
        page.click("main button")
        assert page.url.endswith("/charts/"), page.inner_text("main")


@pytest.fixture(scope="module")
def demo(chromium: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """``needling serve --demo`` on a free port, as its user starts it."""
    folder = tmp_path_factory.mktemp("data")
    with serving(folder, "--demo") as address:
        said = (folder / SAID).read_text()
        password = re.search(r"password\s+(\S+)\n", said)
        assert password is not None, said
        yield Demo(address, password[1], folder / "demo" / "needling.sqlite3")


def kind_of(path: str) -> str:
    """Pages that are made by the same view, of whatever they are."""
    bare = UUID.sub("*", urlsplit(path).path)
    return re.sub(r"^/read/([a-z-]+)/[^/]+/$", r"/read/\1/*/", bare)


def walk(page: Any, address: str, inside: bool) -> Iterator[str]:
    """One page after the other, by their links, a few of each kind; inside, without the pages that everybody has."""
    waiting = deque(ASKED_FOR)
    met, seen = Counter[str](), set[str]()
    while waiting:
        path = waiting.popleft()
        kind = kind_of(path)
        if path in seen or (met[kind] >= (1 if path.startswith(PUBLIC) else OF_A_KIND) and path not in ASKED_FOR):
            continue
        seen.add(path)
        if inside and path != "/read/" and path.startswith(PUBLIC):
            continue
        answer = page.goto(address + path)
        if answer is None or urlsplit(page.url).path != urlsplit(path).path:
            continue  # it led elsewhere: that page is met by itself
        assert answer.status < 500, f"{path}: {answer.status}"
        met[kind] += 1
        yield path
        links = page.eval_on_selector_all("a[href]", "all => all.map(one => one.href)")
        for link in links:
            parts = urlsplit(link)
            onward = parts.path + (f"?{parts.query}" if parts.query and not parts.path.startswith("/read/") else "")
            if link.startswith(address) and not any(part in onward for part in NOT_A_PAGE):
                waiting.append(onward)


def name_of(role: str, path: str, number: int) -> str:
    """A name for pictures."""
    return f"{role}-{number:03d}-{re.sub(r'[^a-z0-9]+', '-', kind_of(path)).strip('-') or 'start'}"


def faults_of(page: Any, path: str, pictures: Path | None, name: str) -> list[str]:
    """What is wrong with a page in any of its looks."""
    found = []
    for look, (width, height, scheme) in LOOKS.items():
        page.set_viewport_size({"width": width, "height": height})
        page.emulate_media(color_scheme=scheme)
        if look in ("desktop-light", "phone-dark"):
            found += problems(page)
            if wider := too_wide(page):
                found.append(f"{path}: {wider} px too wide at {width} px")
        if pictures is not None:
            page.screenshot(path=pictures / f"{name}-{look}.png", full_page=True)
    page.set_viewport_size({"width": NARROW[0], "height": NARROW[1]})
    if wider := too_wide(page):
        found.append(f"{path}: {wider} px too wide at {NARROW[0]} px")
    return found


def sheet(pictures: Path, role: str, names: dict[str, str]) -> None:
    """One page with all pictures of what somebody in a role sees, side by side."""
    rows = "".join(
        f"<h2>{html.escape(path)}</h2><p>"
        + "".join(f'<a href="{name}-{look}.png"><img src="{name}-{look}.png" height="420"></a> ' for look in LOOKS)
        + "</p>"
        for name, path in names.items()
    )
    (pictures / f"{role}.html").write_text(f"<!DOCTYPE html><meta charset='utf-8'><title>Looks</title>{rows}")


@pytest.mark.parametrize("role", ["visitor", "owner", "assistant"])
def test_every_page_looks_right(chromium: Any, demo: Demo, role: str) -> None:
    pictures = ROOT / "out" / "looks" if os.environ.get("NEEDLING_LOOKS") else None
    if pictures is not None:
        pictures.mkdir(parents=True, exist_ok=True)
    page = chromium.new_context().new_page()
    if role != "visitor":
        demo.sign_in(page, role)
    found: list[str] = []
    names: dict[str, str] = {}
    for number, path in enumerate(walk(page, demo.address, role != "visitor")):
        names[name_of(role, path, number)] = path
        found += faults_of(page, path, pictures, name_of(role, path, number))
    if pictures is not None:
        sheet(pictures, role, names)
    assert len(names) > 10
    assert not found, f"{len(found)} faults on {len(names)} pages:\n" + "\n".join(dict.fromkeys(found))
