"""Lesions as numbered pins on the drawing of a face or a body; the list beside it says the same in words."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from html import escape

from needling.report.about_lesions import Found
from needling.report.words import listed
from needling.web.people.bodymap import View, views

_RADIUS = 10  # of a pin, in the units of the drawings
_LIGHT = {"drawn": "#ffffff", "line": "#4f5a64", "zone": "#eef5f8", "pin": "#0b5d7a", "number": "#ffffff"}
"""Colours on paper; on a page the style sheet goes before them."""


@dataclass(frozen=True)
class Drawing:
    """One drawing with its pins, as SVG without any text of a person."""

    name: str
    says: str
    svg: str


def drawings_of(every: Iterable[Found]) -> tuple[Drawing, ...]:
    """Those drawings on which a lesion was placed."""
    placed = [found for found in every if found.lesion.spot is not None]
    return tuple(
        _drawing(view, own)
        for view in views()
        if (own := [found for found in placed if found.lesion.spot and found.lesion.spot.view == view.id])
    )


def _drawing(view: View, own: list[Found]) -> Drawing:
    zones = {found.zone for found in own}
    pins = listed([f"{found.number} in the {found.place}" for found in own])
    says = f"{view.name} with {'pins' if len(own) > 1 else 'a pin'}: {pins}"
    parts = [_path("drawn", line, _LIGHT["drawn"]) for line in view.lines]
    parts += [_path("of", shape.path, _LIGHT["zone"]) for shape in view.shapes if shape.zone in zones]
    parts += [_path("drawn", line, _LIGHT["drawn"]) for line in view.over]
    parts += [_pin(view, found) for found in own]
    return Drawing(
        f"{view.name}; left: person’s {view.left}", says,
        f'<svg xmlns="http://www.w3.org/2000/svg" class="pinned" viewBox="0 0 {view.width} {view.height}" '
        f'width="{view.width}" height="{view.height}" role="img" aria-label="{escape(says)}">{"".join(parts)}</svg>',
    )  # fmt: skip


def _path(kind: str, line: str, fill: str) -> str:
    return f'<path class="{kind}" d="{line}" fill="{fill}" stroke="{_LIGHT["line"]}"/>'


def _pin(view: View, found: Found) -> str:
    spot = found.lesion.spot
    assert spot is not None
    x, y = view.width * spot.x_share, view.height * spot.y_share
    return (
        f'<g class="pin" transform="translate({x:.1f} {y:.1f})"><circle r="{_RADIUS}" fill="{_LIGHT["pin"]}"/>'
        f'<text text-anchor="middle" y="4.6" font-size="13" font-weight="bold" fill="{_LIGHT["number"]}">'
        f"{found.number}</text></g>"
    )
