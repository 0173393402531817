"""Every figure has a dark twin with enough contrast, in the same file, and stays light on light screens and paper."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from needling.report import canvas, dark, maps, overlays
from needling.report.canvas import draw
from needling.report.dark import DARK, EDGED, LIGHT_PAPER, dark_style, twin

PAGE = Path(dark.__file__).parent / "style" / "page.css"
PAPER = DARK[LIGHT_PAPER]


def luminance(colour: str) -> float:
    """Relative luminance, WCAG 2.2."""
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    light, dark_ = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark_ + 0.05)


def test_words_have_enough_contrast_on_paper_and_on_areas() -> None:
    ink, muted = twin(canvas.INK), twin(canvas.MUTED)
    for behind in (PAPER, twin(canvas.WIDE_BAND), twin(canvas.MIDDLE_BAND), twin(canvas.FAINT)):
        assert contrast(ink, behind) >= 4.5, behind
    for behind in (PAPER, twin(canvas.WIDE_BAND), twin(canvas.FAINT)):
        assert contrast(muted, behind) >= 4.5, behind
    assert contrast(twin(LIGHT_PAPER), twin(canvas.ACCENT)) >= 4.5, "words in bars"


@pytest.mark.parametrize(
    ("mark", "behind"),
    [
        (canvas.ACCENT, canvas.PAPER),
        (canvas.MIDDLE_BAND, canvas.PAPER),
        (canvas.ACCENT, canvas.MIDDLE_BAND),
        (canvas.ACCENT, canvas.FAINT),
        (canvas.INK, canvas.MIDDLE_BAND),
        (overlays.FIRST, canvas.PAPER),
        (overlays.FIRST, canvas.FAINT),
        (maps.WARM, canvas.PAPER),
        (maps.HOT, canvas.PAPER),
    ],
)
def test_what_has_to_be_told_apart_can_be(mark: str, behind: str) -> None:
    assert contrast(twin(mark), twin(behind)) >= 3, (twin(mark), twin(behind))


def test_pale_areas_have_an_edge_that_is_seen_from_both_sides() -> None:
    for pale, edge in EDGED.items():
        assert contrast(edge, PAPER) >= 3 and contrast(edge, twin(pale)) >= 3, pale


def test_densities_keep_their_order_of_lightness() -> None:
    dense = [luminance(twin(colour)) for _, colour, _ in maps.SHADES[2:]]
    assert dense == sorted(dense)


def test_the_sheet_is_that_of_the_pages() -> None:
    said = PAGE.read_text(encoding="utf-8").split("prefers-color-scheme: dark")[1]
    assert f"--paper: {PAPER}" in said and f"--ink: {DARK[canvas.INK]}" in said
    assert f"--accent: {DARK[canvas.ACCENT]}" in said


def _painted() -> str:
    def paint(sheet: canvas.Sheet) -> None:
        sheet.polygon([(0, 0), (9, 0), (9, 9)], canvas.WIDE_BAND)
        sheet.line([(0, 0), (9, 9)], canvas.ACCENT)
        sheet.text(1, 1, "fill: #123456 is only a word")

    return draw("own", "Title", "What it shows", 20, paint)


def test_each_colour_of_a_figure_has_its_rule_and_nothing_else_has() -> None:
    svg = _painted()
    assert svg == _painted(), "the same bytes every time"
    style, body = svg.split("<style>")[1].split("</style>")
    assert style.startswith("@media screen and (prefers-color-scheme:dark){") and "url(" not in style
    found = {pair for tag in re.findall(r"<[^>]*>", body) for pair in re.findall(r"(fill|stroke): (#[0-9a-f]{6})", tag)}
    assert {(what, colour) for what, colour in re.findall(r'\*="(fill|stroke): (#[0-9a-f]{6})"', style)} == found
    assert f'path[style="fill: {canvas.WIDE_BAND}"]' in style and canvas.WIDE_BAND in body


def test_shades_between_paper_and_accent_lie_between_their_twins() -> None:
    assert twin("#ffffff") == PAPER and twin("#0b5d7a") == DARK["#0b5d7a"]
    between = luminance(twin("#85aebc"))
    assert luminance(PAPER) < between < luminance(DARK["#0b5d7a"])
    assert dark_style("") == dark_style("<path/>")
