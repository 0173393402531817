"""A figure follows the reader's choice of light or dark, alone and as a picture of a page, and is light on paper."""

from __future__ import annotations

import shutil
import subprocess
from base64 import b64encode
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from needling.report.canvas import ACCENT, Sheet, draw
from needling.report.dark import DARK

pytestmark = pytest.mark.slow
image = pytest.importorskip("PIL.Image", reason="pixels are read with pillow")


def _paint(sheet: Sheet) -> None:
    sheet.polygon([(100, 0), (338, 0), (338, 100), (100, 100)], ACCENT)


SVG = draw("own", "Title", "What it shows", 100, _paint)


def _pixels(shot: bytes) -> tuple[str, str]:
    """The colours beside the area and in it."""
    seen = image.open(BytesIO(shot)).convert("RGB")
    return tuple("#{:02x}{:02x}{:02x}".format(*seen.getpixel((x, 40))) for x in (40, 250))  # type: ignore[return-value]


@pytest.mark.parametrize(
    ("scheme", "seen"), [("light", ("#ffffff", ACCENT)), ("dark", (DARK["#ffffff"], DARK[ACCENT]))]
)
def test_as_a_picture_in_a_page_and_as_a_file(
    chromium: Any, tmp_path: Path, scheme: str, seen: tuple[str, str]
) -> None:
    file, page = tmp_path / "own.svg", tmp_path / "own.html"
    file.write_text(SVG, encoding="utf-8")
    picture = b64encode(SVG.encode()).decode()
    page.write_text(
        f'<meta name="color-scheme" content="light dark"><body style="margin:0">'
        f'<img width="338" height="100" src="data:image/svg+xml;base64,{picture}">',
        encoding="utf-8",
    )
    context = chromium.new_context(color_scheme=scheme, viewport={"width": 338, "height": 100})
    for one in (page, file):
        shown = context.new_page()
        shown.goto(one.as_uri())
        assert _pixels(shown.screenshot()) == seen, one.name
    context.close()


@pytest.mark.skipif(shutil.which("pdftoppm") is None, reason="pages of a PDF are drawn with pdftoppm")
def test_on_paper_it_is_light_for_everybody(chromium: Any, tmp_path: Path) -> None:
    context = chromium.new_context(color_scheme="dark")
    shown = context.new_page()
    picture = b64encode(SVG.encode()).decode()
    inside = SVG.replace("<svg ", "<svg width=300 ")
    shown.set_content(f'{inside}<img width="300" src="data:image/svg+xml;base64,{picture}">')
    (tmp_path / "own.pdf").write_bytes(shown.pdf(print_background=True))
    subprocess.run(["pdftoppm", "-r", "40", "-png", "own.pdf", "own"], cwd=tmp_path, check=True)
    (drawn,) = tmp_path.glob("own-*.png")
    seen = image.open(drawn).convert("RGB")
    colours = {"#{:02x}{:02x}{:02x}".format(*colour) for _, colour in seen.getcolors(1 << 24)}
    assert ACCENT in colours and not {DARK["#ffffff"], DARK[ACCENT]} & colours
    context.close()
