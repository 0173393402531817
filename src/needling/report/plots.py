"""Small plots in characters: bands over time for a terminal, readable without colour."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence

from needling.report.words import DOTS, number

WIDE, MIDDLE, LINE, SESSION = "░", "▒", "●", "▲"
FILLED, HOLLOW = "●", "○"


def dot_rows(count: int, of: int = DOTS, in_a_row: int = 10) -> list[str]:
    """People as dots, ten in a row; the filled ones are those it happens to.

    >>> dot_rows(3, 5, 5)
    ['● ● ● ○ ○']
    """
    marks = [FILLED if index < count else HOLLOW for index in range(of)]
    return [" ".join(marks[start : start + in_a_row]) for start in range(0, of, in_a_row)]


def _at(x: float, xs: Sequence[float], ys: Sequence[float]) -> float:
    """Value of a curve at x, linear between its points."""
    right = min(max(bisect_left(xs, x), 1), len(xs) - 1)
    low, high = xs[right - 1], xs[right]
    share = (x - low) / (high - low) if high > low else 0.0
    return ys[right - 1] + (ys[right] - ys[right - 1]) * min(max(share, 0.0), 1.0)


def band_plot(
    xs: Sequence[float],
    curves: Sequence[Sequence[float]],
    *,
    x_label: str,
    x_ticks: Sequence[tuple[float, str]],
    sessions: Sequence[float] = (),
    width: int = 60,
    height: int = 9,
) -> list[str]:
    """A band over time as lines of characters.

    Args:
        xs: rising places of the points.
        curves: five rows of values: 5 %, 25 %, middle, 75 %, 95 %.
        x_label: said below the axis.
        x_ticks: places and labels on the axis.
        sessions: places marked on the axis.
        width: characters of the plotting area; height: its lines.

    Returns:
        Lines of at most ``width + 8`` characters. ``░`` holds nine of ten people, ``▒`` half of them, ``●`` is
        the middle person.
    """
    if len(xs) < 2:
        return []
    low, high = min(map(min, curves)), max(map(max, curves))
    if high <= low:
        low, high = low - 0.5, high + 0.5
    first, last = xs[0], xs[-1]

    def line(value: float) -> int:
        return round((high - value) / (high - low) * (height - 1))

    def column(x: float) -> int:
        return round((x - first) / (last - first) * (width - 1))

    cells = [[" "] * width for _ in range(height)]
    for place in range(width):
        x = first + (last - first) * place / (width - 1)
        lowest, quarter, middle, upper, highest = (line(_at(x, xs, curve)) for curve in curves)
        for row in range(highest, lowest + 1):
            cells[row][place] = MIDDLE if upper <= row <= quarter else WIDE
        cells[middle][place] = LINE
    labels = {0: number(high), height // 2: number((low + high) / 2), height - 1: number(low)}
    lines = [
        f"{labels.get(row, ''):>6} {'┤' if row in labels else '│'}{''.join(cells[row]).rstrip()}"
        for row in range(height)
    ]
    axis = ["─"] * width
    for x in sessions:
        if first <= x <= last:
            axis[column(x)] = SESSION
    lines.append(f"{'':7}└{''.join(axis)}")
    below = [" "] * (width + 1)
    for x, label in x_ticks:
        if first <= x <= last:
            start = min(max(column(x) - (len(label) - 1) // 2, 0), width + 1 - len(label))
            below[start : start + len(label)] = label
    lines.append(f"{'':8}{''.join(below).rstrip()}")
    marked = f"; {SESSION} session" if sessions else ""
    lines.append(f"{'':8}{x_label}; {WIDE} 9 of 10 people, {MIDDLE} half, {LINE} middle{marked}")
    return lines
