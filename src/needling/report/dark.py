"""The dark twin of every figure: the same picture, which restyles itself where somebody wants dark screens.

A rule for each colour of a figure stands in the picture itself, so that it is dark wherever it is shown, as a file, in
a page or as a picture, and light on paper and wherever style sheets are not read.
"""

from __future__ import annotations

import re

LIGHT_PAPER, LIGHT_ACCENT = "#ffffff", "#0b5d7a"
DARK = {
    LIGHT_PAPER: "#12181c",
    "#1d2730": "#e6ebee",  # ink
    "#56616b": "#a9b5bd",  # muted
    "#dbe1e5": "#38454e",  # faint
    LIGHT_ACCENT: "#7cc4de",
    "#86b7ca": "#356b81",  # half of all
    "#cfe2ea": "#1f3f4d",  # nine of ten
    "#b5471b": "#f58a5c",  # the other one of two, and what disagrees
    "#eec9a8": "#5a3520",
    "#f0b878": "#b07a3a",
    "#dbe9ef": "#22414f",
    "#f3dcc0": "#6b4a22",  # densities, from thin to dense
    "#f6ead9": "#46371f",
    "#e6eff3": "#243640",
    "#b4d2de": "#35687d",
    "#6ba3b8": "#4f8ca6",
}
"""Colours on a light sheet, and their twins."""
EDGED = {"#cfe2ea": "#8cadbb", "#dbe9ef": "#8cadbb", "#eec9a8": "#d09a78"}
"""Pale areas get an edge in the dark, for they differ too little from what is around them."""
_COLOUR = re.compile(r"\b(fill|stroke): (#[0-9a-f]{6})\b")
_STYLE = re.compile(r'(?<= )style="([^"]*)"')


def _parts(colour: str) -> tuple[int, ...]:
    return tuple(int(colour[place : place + 2], 16) for place in (1, 3, 5))


def twin(colour: str) -> str:
    """The colour on a dark sheet; of a shade between paper and accent, the shade between theirs.

    >>> twin("#1d2730"), twin("#85aebc")
    ('#e6ebee', '#476e7d')
    """
    if colour in DARK:
        return DARK[colour]
    paper, accent = _parts(LIGHT_PAPER), _parts(LIGHT_ACCENT)
    share = (paper[0] - _parts(colour)[0]) / (paper[0] - accent[0])
    mixed = (
        round(one + min(share, 1.0) * (other - one))
        for one, other in zip(_parts(DARK[LIGHT_PAPER]), _parts(DARK[LIGHT_ACCENT]), strict=True)
    )
    return "#" + "".join(f"{part:02x}" for part in mixed)


def dark_style(body: str) -> str:
    """A style element with the twins of all colours that a figure holds; nothing about what it shows."""
    styles = set(_STYLE.findall(body))
    rules = [
        f'[style*="{what}: {colour}"]{{{what}:{twin(colour)}!important}}'
        for what, colour in sorted(set(_COLOUR.findall(" ".join(styles))))
    ]
    rules += [
        f'path[style="fill: {colour}"]{{stroke:{edge};stroke-width:.75px}}'
        for colour, edge in EDGED.items()
        if f"fill: {colour}" in styles
    ]
    sheet = f'svg[role="img"]{{background:{DARK[LIGHT_PAPER]}}}'
    return f"<style>@media screen and (prefers-color-scheme:dark){{{sheet}{''.join(rules)}}}</style>"
