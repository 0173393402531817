"""A face and a body, front and back, in which each zone that may be needled is a shape: our own drawing.

Shapes are corners of a smooth closed line. Only one half is written down; the other is its mirror. The person of the
front views looks at us, so what is on the left of the picture is on the person's right; the back view is the other way
round.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from needling.web.pages import knowledge
from needling.web.people.reading import zones_of_sites

Corners = Sequence[tuple[float, float]]
_ROUND = 6.0  # the sixth of a chord: Catmull and Rom's smooth line as cubic curves


@dataclass(frozen=True)
class Shape:
    """One zone in a view. ``echo``: the zone is drawn in another view too, and this one only follows it."""

    zone: str
    name: str
    path: str
    echo: bool


@dataclass(frozen=True)
class View:
    """One drawing: ``lines`` lie behind the zones, ``over`` before them. ``left`` and ``right`` say which side of the
    person lies there in the picture.
    """

    id: str
    name: str
    width: int
    height: int
    left: str
    right: str
    lines: tuple[str, ...]
    over: tuple[str, ...]
    shapes: tuple[Shape, ...]


def smooth(corners: Corners) -> str:
    """A smooth closed line through corners, as the path of an SVG."""
    count = len(corners)
    said = [f"M{corners[0][0]:g} {corners[0][1]:g}"]
    for here in range(count):
        before, start, end, after = (corners[(here + step) % count] for step in (-1, 0, 1, 2))
        first = (start[0] + (end[0] - before[0]) / _ROUND, start[1] + (end[1] - before[1]) / _ROUND)
        second = (end[0] - (after[0] - start[0]) / _ROUND, end[1] - (after[1] - start[1]) / _ROUND)
        said.append("C" + " ".join(f"{x:.1f} {y:.1f}" for x, y in (first, second, end)))
    return "".join(said) + "Z"


def mirrored(corners: Corners, width: float) -> list[tuple[float, float]]:
    """The same on the other side of the picture."""
    return [(width - x, y) for x, y in reversed(corners)]


def whole(half: Corners, width: float) -> list[tuple[float, float]]:
    """A line on both sides of the middle, from the half on the left that runs from top to bottom."""
    there = [corner for corner in mirrored(half, width) if corner not in half]  # the middle itself stands once
    return [*half, *there]


# ---------------------------------------------------------------- the drawing

_FACE = (280, 330)
_HEAD = [(140, 10), (94, 20), (60, 56), (49, 108), (50, 150), (56, 196), (72, 238), (98, 270), (122, 285), (140, 288)]
_NECK = [(140, 250), (106, 252), (104, 290), (92, 306), (60, 318), (36, 326), (90, 328), (140, 328)]
_EAR = [(48, 132), (38, 128), (36, 150), (44, 172), (53, 176)]
_EYE = [(80, 141), (98, 133), (118, 142), (98, 149)]
_LIPS = [(140, 223), (126, 219), (108, 226), (122, 235), (140, 238), (158, 235), (172, 226), (154, 219)]
_FACE_ZONES: dict[str, Corners] = {
    "scalp": whole([(140, 14), (96, 24), (65, 58), (54, 102), (66, 82), (92, 64), (140, 58)], 280),
    "forehead": whole([(140, 63), (98, 68), (72, 88), (62, 116), (92, 111), (122, 117), (140, 120)], 280),
    "nose": whole([(134, 124), (131, 150), (120, 178), (119, 194), (132, 201), (140, 200)], 280),
    "upper-lip": whole([(140, 206), (118, 202), (104, 219), (122, 213), (140, 217)], 280),
    "chin-jaw": whole(
        [(140, 243), (116, 240), (100, 229), (93, 238), (82, 240), (94, 260), (116, 278), (140, 284)], 280
    ),
    "neck": whole([(140, 293), (110, 284), (109, 300), (98, 312), (118, 322), (140, 324)], 280),
}
_FACE_SIDES: dict[str, Corners] = {
    "periorbital": [(62, 138), (76, 123), (100, 120), (122, 130), (126, 146), (112, 156), (84, 158), (66, 151)],
    "cheek": [(57, 163), (76, 164), (102, 162), (116, 158), (113, 180), (107, 198), (97, 214), (90, 232), (79, 232),
              (65, 206)],
}  # fmt: skip

_BODY = (240, 470)
_FIGURE = [
    (120, 8), (104, 14), (98, 34), (104, 54), (111, 63), (110, 74), (92, 83), (74, 90), (63, 108), (58, 140),
    (52, 176), (44, 214), (36, 240), (34, 260), (42, 268), (52, 258), (58, 238), (66, 208), (74, 174), (80, 142),
    (84, 168), (84, 196), (78, 222), (76, 256), (80, 310), (84, 360), (86, 410), (80, 444), (74, 456), (90, 460),
    (104, 452), (106, 420), (108, 370), (113, 310), (118, 262),
]  # fmt: skip
_FRONT_ZONES: dict[str, Corners] = {
    "decollete": whole([(116, 82), (98, 88), (84, 98), (88, 116), (104, 126), (116, 128)], 240),
    "abdomen": whole([(116, 160), (96, 162), (88, 180), (88, 204), (96, 222), (116, 230)], 240),
}
_ARM: Corners = [(64, 110), (74, 104), (77, 122), (75, 146), (70, 172), (57, 168), (60, 138)]
_FRONT_SIDES: dict[str, Corners] = {
    "upper-arm": _ARM,
    "axilla": [(78, 112), (90, 118), (90, 138), (82, 144), (79, 130)],
    "thigh-buttock": [(80, 250), (98, 246), (114, 258), (111, 300), (107, 340), (86, 344), (82, 300)],
}
_BACK_ZONES: dict[str, Corners] = {}
_BACK_SIDES: dict[str, Corners] = {
    "shoulder-back": [(117, 82), (98, 87), (80, 96), (82, 124), (88, 150), (104, 158), (117, 160)],
    "upper-arm": _ARM,
    "thigh-buttock": [(82, 222), (100, 216), (117, 222), (117, 258), (111, 300), (107, 340), (86, 344), (81, 290)],
    "hand": [(38, 236), (50, 236), (58, 240), (54, 256), (43, 267), (35, 262), (34, 250)],
}
_VIEWS = (
    (
        "face",
        "Face",
        _FACE,
        "right",
        (whole(_NECK, 280), _EAR, mirrored(_EAR, 280), whole(_HEAD, 280)),
        _FACE_ZONES,
        _FACE_SIDES,
    ),
    ("front", "Body from the front", _BODY, "right", (whole(_FIGURE, 240),), _FRONT_ZONES, _FRONT_SIDES),
    ("back", "Body from the back", _BODY, "left", (whole(_FIGURE, 240),), _BACK_ZONES, _BACK_SIDES),
)
_OTHER = {"left": "right", "right": "left"}


@lru_cache(maxsize=1)
def views() -> tuple[View, ...]:
    """The drawings with a shape for each zone that may be needled."""
    kb = knowledge()
    names = dict(zones_of_sites(kb))
    never = {site.id for site in kb.sites if site.never}
    seen: set[str] = set()
    found = []
    for view, name, (width, height), left, lines, middle, sides in _VIEWS:
        shapes = []
        for zone, corners in _zones(width, left, middle, sides):
            if zone in names and zone not in never:
                shapes.append(Shape(zone, _of_person(names[zone]), smooth(corners), zone in seen))
                seen.add(zone)
        over = [smooth(line) for line in (_EYE, mirrored(_EYE, width), _LIPS)] if view == "face" else []
        drawn = tuple(smooth(line) for line in lines)
        found.append(View(view, name, width, height, left, _OTHER[left], drawn, tuple(over), tuple(shapes)))
    return tuple(found)


def _zones(
    width: float, left: str, middle: dict[str, Corners], sides: dict[str, Corners]
) -> Iterator[tuple[str, Corners]]:
    yield from middle.items()
    for site, corners in sides.items():
        yield f"{site}-{left}", corners
        yield f"{site}-{_OTHER[left]}", mirrored(corners, width)


def _of_person(name: str) -> str:
    """Whose left it is, said in words."""
    return f"{name} of the person" if name.endswith((", left", ", right")) else name
