"""How figures look, and how a drawing becomes one small, clean piece of SVG.

One calm accent colour, told apart by lightness as well, so that figures read in greyscale and for colour-blind
people. Text stays text: it is small, can be searched, and takes the font of the page. The same input gives the
same bytes. Everything is placed in points from the lower left corner of the sheet, without matplotlib's axes:
that is several times faster, and nothing moves by itself.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from html import escape
from math import ceil, floor, log10
from textwrap import wrap
from threading import Lock
from typing import TYPE_CHECKING, Literal, cast

from needling.report.dark import dark_style

if TYPE_CHECKING:
    from matplotlib.figure import Figure as MatplotlibFigure

ACCENT = "#0b5d7a"
MIDDLE_BAND = "#86b7ca"
WIDE_BAND = "#cfe2ea"
INK = "#1d2730"
MUTED = "#56616b"
FAINT = "#dbe1e5"
PAPER = "#ffffff"

WIDTH = 338.0
SIZE = 10.0
SMALL = 9.2
DASHED = (4.0, 3.0)
DOTTED = (1.0, 2.5)

Point = tuple[float, float]
Align = Literal["left", "center", "right"]
Stand = Literal["top", "center", "bottom", "baseline"]


@dataclass(frozen=True, slots=True)
class Figure:
    """One picture: SVG, what it shows in a sentence, and the same numbers as a table."""

    id: str
    title: str
    svg: str
    alt: str
    headers: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


# ---------------------------------------------------------------- the sheet


class Sheet:
    """A sheet of paper measured in points: polygons, lines, marks and text, nothing else."""

    def __init__(self, figure: MatplotlibFigure) -> None:
        from matplotlib.transforms import IdentityTransform

        self._figure = figure
        self._points = IdentityTransform()

    def polygon(self, points: Sequence[Point], fill: str) -> None:
        """A filled shape without an outline."""
        from matplotlib.patches import Polygon

        self._figure.add_artist(Polygon(points, closed=True, facecolor=fill, edgecolor="none", transform=self._points))

    def tiles(self, boxes: Sequence[tuple[float, float, float, float]], fill: str) -> None:
        """Many rectangles (left, bottom, width, height) of one colour, as one shape."""
        from matplotlib.patches import PathPatch
        from matplotlib.path import Path

        if not boxes:
            return
        corners, codes = [], []
        for left, bottom, wide, tall in boxes:
            right, top = left + wide, bottom + tall
            corners += [(left, bottom), (right, bottom), (right, top), (left, top), (left, bottom)]
            codes += [Path.MOVETO, Path.LINETO, Path.LINETO, Path.LINETO, Path.CLOSEPOLY]
        shape = Path(corners, codes)
        self._figure.add_artist(PathPatch(shape, facecolor=fill, edgecolor="none", transform=self._points))

    def line(
        self,
        points: Sequence[Point],
        color: str = INK,
        width: float = 0.8,
        dash: tuple[float, float] | None = None,
        cap: Literal["butt", "round"] = "butt",
    ) -> None:
        """A line through points."""
        from matplotlib.lines import Line2D

        self._figure.add_artist(
            Line2D(
                [x for x, _ in points],
                [y for _, y in points],
                color=color,
                linewidth=width,
                linestyle=(0, dash) if dash else "solid",
                solid_capstyle=cap,
                transform=self._points,
            )
        )

    def marks(
        self,
        points: Sequence[Point],
        size: float,
        face: str = INK,
        edge: str = INK,
        shape: str = "o",
        width: float = 1.1,
    ) -> None:
        """The same mark at several points; ``size`` is its width."""
        from matplotlib.lines import Line2D

        if points:
            self._figure.add_artist(
                Line2D(
                    [x for x, _ in points],
                    [y for _, y in points],
                    linestyle="none",
                    marker=shape,
                    markersize=size,
                    markerfacecolor=face,
                    markeredgecolor=edge,
                    markeredgewidth=width,
                    transform=self._points,
                )
            )

    def text(
        self,
        x: float,
        y: float,
        said: str,
        size: float = SIZE,
        color: str = INK,
        align: Align = "left",
        stand: Stand = "baseline",
        bold: bool = False,
        italic: bool = False,
    ) -> None:
        """One line of text."""
        from matplotlib.text import Text

        # "$" begins a formula in matplotlib; here it is only a sign.
        self._figure.add_artist(
            Text(
                x,
                y,
                said,
                fontsize=size,
                color=color,
                horizontalalignment=align,
                verticalalignment=stand,
                fontweight="bold" if bold else "normal",
                fontstyle="italic" if italic else "normal",
                parse_math=False,
                transform=self._points,
            )
        )


# ---------------------------------------------------------------- frames: data on the sheet


@dataclass(frozen=True)
class Frame:
    """A rectangle of the sheet with a scale on each side, linear or logarithmic."""

    sheet: Sheet
    left: float
    bottom: float
    width: float
    height: float
    x_range: tuple[float, float]
    y_range: tuple[float, float]
    x_log: bool = False
    y_log: bool = False

    def at(self, x: float, y: float) -> Point:
        """Where a pair of values lies on the sheet."""
        return (
            self.left + self.width * _share(x, self.x_range, self.x_log),
            self.bottom + self.height * _share(y, self.y_range, self.y_log),
        )

    def path(self, x: Iterable[float], y: Iterable[float]) -> list[Point]:
        """Where rows of values lie on the sheet."""
        return [self.at(a, b) for a, b in zip(x, y, strict=True)]

    def band(self, x: Sequence[float], low: Sequence[float], high: Sequence[float], fill: str) -> None:
        """The area between two curves."""
        self.sheet.polygon([*self.path(x, low), *reversed(self.path(x, high))], fill)

    def curve(self, x: Sequence[float], y: Sequence[float], color: str = ACCENT, width: float = 2.0) -> None:
        """A curve."""
        self.sheet.line(self.path(x, y), color, width, cap="round")

    def x_axis(self, ticks: Sequence[float], labels: Sequence[str], title: str = "", grid: bool = False) -> None:
        """The lower side: line, tick labels and a quiet title below."""
        top = self.bottom + self.height
        for tick, label in zip(ticks, labels, strict=True):
            x, _ = self.at(tick, self.y_range[0])
            self.sheet.line([(x, self.bottom), (x, top if grid else self.bottom - 3)], FAINT if grid else MUTED)
            self.sheet.text(x, self.bottom - 12.5, label, SMALL, align="center")
        self.sheet.line([(self.left, self.bottom), (self.left + self.width, self.bottom)], MUTED)
        if title:
            self.sheet.text(self.left + self.width / 2, self.bottom - 25, title, SMALL, MUTED, "center")

    def y_axis(self, ticks: Sequence[float], labels: Sequence[str]) -> None:
        """Faint lines across, with their labels on the left."""
        for tick, label in zip(ticks, labels, strict=True):
            _, y = self.at(self.x_range[0], tick)
            self.sheet.line([(self.left, y), (self.left + self.width, y)], FAINT)
            self.sheet.text(self.left - 4, y, label, SMALL, align="right", stand="center")

    def heading(self, lines: Sequence[str], up: float = 6) -> None:
        """Lines of text above the frame, the last one next to it: easier to read than a turned label."""
        for index, said in enumerate(reversed(lines)):
            self.sheet.text(
                self.left if self.left < 60 else self.left - 34, self.bottom + self.height + up + index * 12, said
            )


def _share(value: float, ends: tuple[float, float], logarithmic: bool) -> float:
    low, high = ends
    if logarithmic:
        value, low, high = log10(max(value, low)), log10(low), log10(high)
    return (value - low) / (high - low) if high > low else 0.5


def round_ticks(low: float, high: float, about: int = 5) -> list[float]:
    """Round numbers between two ends, about so many.

    >>> round_ticks(0, 3.1)
    [0.0, 1.0, 2.0, 3.0]
    """
    if high <= low:
        return [low]
    raw = (high - low) / about
    power: float = 10.0 ** floor(log10(raw))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= raw)
    return [round(index * step, 12) for index in range(ceil(low / step), floor(high / step) + 1)]


def lines_of(text: str, letters: int, most: int = 2) -> list[str]:
    """Text cut into at most so many lines; what does not fit ends in dots."""
    lines = wrap(text, letters)
    if len(lines) <= most:
        return lines
    return [*lines[: most - 1], f"{lines[most - 1][: letters - 4].rstrip()} ..."]


def wide(text: str, size: float = SIZE) -> float:
    """How wide a line of text is, measured in our own font."""
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import text_to_path

    font = FontProperties(family="DejaVu Sans", size=size)
    return float(text_to_path.get_text_width_height_descent(text, font, False)[0])


def lines_within(text: str, width: float, size: float = SIZE) -> list[str]:
    """Text cut into lines that are not wider than this, by words; nothing is left out."""
    lines: list[str] = []
    for word in text.split():
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and wide(longer, size) <= width:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


# ---------------------------------------------------------------- to SVG

_STYLE: dict[str, object] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "needling",
    "font.family": ["sans-serif"],
    "font.sans-serif": ["DejaVu Sans"],
    "path.simplify": True,
    "path.simplify_threshold": 0.2,
}
# matplotlib keeps its style in one place for all threads; a web server draws in several.
_ONE_AT_A_TIME = Lock()


@contextmanager
def _own_style() -> Iterator[None]:
    """Our style for one drawing, and what was there before it afterwards."""
    import matplotlib

    settings = cast(dict[str, object], matplotlib.rcParams)
    with _ONE_AT_A_TIME:
        before = {name: settings[name] for name in _STYLE}
        settings.update(_STYLE)
        try:
            yield
        finally:
            settings.update(before)


def draw(name: str, title: str, alt: str, height: float, paint: Callable[[Sheet], None]) -> str:
    """Paint on a new sheet and give back its SVG.

    Args:
        name: id of the figure; all ids inside the SVG begin with it, so that several fit on one page.
        title: short name, read out first.
        alt: what the figure shows, in a sentence.
        height: in points; the width is always the same, so that text has one size on a page.
        paint: draws on the empty sheet.

    Returns:
        An ``<svg>`` element with ``role="img"``, title and description, light or dark as its reader chose; no script,
        no link, no font.
    """
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure as MatplotlibFigure

    with _own_style():
        figure = MatplotlibFigure(figsize=(WIDTH / _POINTS_PER_INCH, height / _POINTS_PER_INCH), dpi=_POINTS_PER_INCH)
        print_svg: Callable[..., object] = FigureCanvasSVG(figure).print_svg
        paint(Sheet(figure))
        figure.patch.set_visible(False)
        out = io.StringIO()
        print_svg(out, metadata={"Date": None, "Creator": None})
    return _clean(out.getvalue(), name, title, alt)


_POINTS_PER_INCH = 72

_HEAD = re.compile(r"^.*?<svg[^>]*?viewBox=\"([^\"]+)\"[^>]*>", re.S)
_DROP = re.compile(r"\s*(?:<metadata>.*?</metadata>|<defs>\s*<style[^>]*>.*?</style>\s*</defs>|<!--.*?-->)", re.S)
_FONT = re.compile(r"font: (?:(bold|italic|[1-9]00) )?([\d.]+)px [^;\"]*")
_NUMBER = re.compile(r"(?<![#\w.])-?\d+\.\d{3,}")
_OWN_ID = re.compile(r' id="(?:figure|patch|text|line2d)_\d+"')
_REFERENCE = re.compile(r'(\bid="|\bhref="#|url\(#)')


def _short(match: re.Match[str]) -> str:
    text = f"{float(match[0]):.2f}".rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


def _font(match: re.Match[str]) -> str:
    style = match[1]
    more = "" if style is None else ";font-style:italic" if style == "italic" else f";font-weight:{style}"
    return f"font-size:{match[2]}px{more}"


def _outside_text(svg: str, change: Callable[[str], str]) -> str:
    """Change tags only: what people wrote between them stays as it is."""
    return re.sub(r"<[^>]*>", lambda tag: change(tag[0]), svg)


def _clean(svg: str, name: str, title: str, alt: str) -> str:
    head = _HEAD.match(svg)
    if head is None:
        raise ValueError("matplotlib gave no viewBox")
    body = _DROP.sub("", svg[head.end() :])

    def tidy(tag: str) -> str:
        tag = _FONT.sub(_font, _OWN_ID.sub("", tag)).replace("xlink:href", "href")
        return _REFERENCE.sub(rf"\g<1>{name}-", _NUMBER.sub(_short, tag))

    body = re.sub(r">\s+<", ">\n<", _outside_text(body, tidy)).strip()
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{head[1]}" role="img" '
        f'aria-labelledby="{name}-title {name}-desc" font-family="system-ui, Helvetica, Arial, sans-serif" '
        f'stroke-linejoin="round">\n'
        f'<title id="{name}-title">{escape(title)}</title>\n<desc id="{name}-desc">{escape(alt)}</desc>\n'
        f"{dark_style(body)}\n{body}"
    )
