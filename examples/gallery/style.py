"""How the figures of the gallery look: one calm accent colour, text as text, the source of every point below."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from textwrap import fill
from typing import Any

import numpy as np

from needling.report.canvas import ACCENT, FAINT, INK, MIDDLE_BAND, MUTED, WIDE_BAND

OUT = Path(__file__).parents[2] / "out" / "gallery"
OTHER = "#b4582b"  # a second thing beside the accent; darker than it in greyscale than the bands
OTHER_BAND = "#f0d9cc"
STYLE = {
    "svg.fonttype": "none",
    "svg.hashsalt": "needling",
    "font.size": 9.5,
    "axes.titlesize": 10,
    "axes.titlelocation": "left",
    "axes.labelcolor": MUTED,
    "axes.edgecolor": MUTED,
    "axes.linewidth": 0.8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.prop_cycle": "cycler('color', ['0b5d7a', 'b4582b', '56616b'])",
    "text.color": INK,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "legend.frameon": False,
    "legend.fontsize": 9,
    "lines.linewidth": 1.8,
    "figure.constrained_layout.h_pad": 0.06,
}


@contextmanager
def page(
    name: str, title: str, source: str, *, rows: int = 1, columns: int = 1, size: tuple[float, float] = (6.4, 4.0),
    **options: Any,
) -> Iterator[Any]:  # fmt: skip
    """A figure with its axes, saved at the end as ``out/gallery/NAME.svg``.

    Args:
        name: of the file. title: the answer, above the axes. source: what the points are and from where, below them.
        rows, columns: of axes. size: in inches. options: for matplotlib's ``subplots``.
    """
    import matplotlib
    from matplotlib.figure import Figure

    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=size, layout="constrained")
        axes = figure.subplots(rows, columns, **options)
        figure.suptitle(fill(title, round(10.8 * size[0])), x=0.012, ha="left", fontsize=11, fontweight="bold")
        figure.supxlabel(fill(source, round(16 * size[0])), x=0.012, ha="left", fontsize=8, color=MUTED)
        yield axes
        OUT.mkdir(parents=True, exist_ok=True)
        figure.savefig(OUT / f"{name}.svg", metadata={"Date": None})
    print(f"out/gallery/{name}.svg")


def band(axes: Any, x: Sequence[float], people: Any, label: str | None = None, *, other: bool = False) -> None:
    """The middle person, and the bands that hold half and 90 of 100 of them.

    Args:
        people: float[x, person]. label: for the legend. other: in the second colour.
    """
    low, quarter, middle, upper, high = np.quantile(np.asarray(people), [0.05, 0.25, 0.5, 0.75, 0.95], axis=1)
    levels(axes, x, (low, quarter, middle, upper, high), label, other=other)


def levels(axes: Any, x: Sequence[float], rows: Any, label: str | None = None, *, other: bool = False) -> None:
    """The same from quantiles at 5, 25, 50, 75 and 95 %: float[level, x]."""
    low, quarter, middle, upper, high = (np.asarray(row, dtype=float) for row in rows)
    if other:
        axes.fill_between(x, low, high, color=OTHER_BAND, alpha=0.75, linewidth=0)
        axes.plot(x, middle, color=OTHER, label=label)
        return
    axes.fill_between(x, low, high, color=WIDE_BAND, linewidth=0)
    axes.fill_between(x, quarter, upper, color=MIDDLE_BAND, linewidth=0)
    axes.plot(x, middle, color=ACCENT, label=label)


def points(axes: Any, x: Any, y: Any, label: str | None = None, **errors: Any) -> None:
    """Published points: open marks in ink, with their printed spread where there is one (``xerr``, ``yerr``)."""
    axes.errorbar(
        x,
        y,
        fmt="o",
        color=INK,
        mfc="white",
        ms=6.5,
        mew=1.3,
        elinewidth=1.1,
        capsize=2.5,
        label=label,
        zorder=5,
        **errors,
    )


def grid(axes: Any, axis: str = "y") -> None:
    """Faint lines across, behind everything."""
    axes.grid(True, axis=axis, color=FAINT, linewidth=0.8)
    axes.set_axisbelow(True)
