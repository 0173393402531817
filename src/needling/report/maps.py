"""Figures of channel maps: where channels are dense or missing, the two area histograms, agreement with the plan.

Each has its numbers as a table beside it. A map is drawn in a few shades with their meaning in words, so that it reads
in greyscale as well.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from needling.report.canvas import (
    INK,
    MIDDLE_BAND,
    MUTED,
    SMALL,
    WIDTH,
    Figure,
    Frame,
    Sheet,
    draw,
    lines_of,
    round_ticks,
)
from needling.report.words import MANY, number, of_people, plural

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from needling.documents.maps import Curve, MapAgreement, MapReport, Outline
    from needling.simulation import ChannelMap
    from needling.simulation.mapping.agreement import Agreement

    Floats = NDArray[np.float64]

# From thin to dense: share of the mean density below which a shade holds, its colour, its name.
SHADES = (
    (0.25, "#f3dcc0", "below 25 %"),
    (0.5, "#f6ead9", "25 to 50 %"),
    (0.75, "#e6eff3", "50 to 75 %"),
    (1.25, "#b4d2de", "75 to 125 %: near the mean"),
    (1.75, "#6ba3b8", "125 to 175 %"),
    (float("inf"), "#0b5d7a", "above 175 %"),
)
PALE, WARM, HOT = "#dbe9ef", "#f0b878", "#b5471b"
_SIDE = 236.0
_MOST_TILES = 120
_WINDOW_MM = 10.0


def _sides(outline: Outline) -> tuple[tuple[float, float], tuple[float, float]]:
    """Lowest and highest x and y of an outline, mm."""
    xs, ys = [x for x, _ in outline.corners_mm], [y for _, y in outline.corners_mm]
    return (min(xs), max(xs)), (min(ys), max(ys))


def _frame(sheet: Sheet, outline: Outline, bottom: float) -> Frame:
    across, up = _sides(outline)
    scale = _scale(outline)
    wide, tall = scale * (across[1] - across[0]), scale * (up[1] - up[0])
    return Frame(sheet, 8 + (WIDTH - 16 - wide) / 2, bottom, wide, tall, across, up)


def _scale(outline: Outline) -> float:
    """Points for each mm, so that the zone fits the sheet."""
    across, up = _sides(outline)
    return min((WIDTH - 16) / (across[1] - across[0]), _SIDE / (up[1] - up[0]))


def _height(outline: Outline) -> float:
    _, up = _sides(outline)
    return _scale(outline) * (up[1] - up[0])


def _paint_grid(
    frame: Frame,
    grid: Floats,
    shown: NDArray[np.bool_],
    cell_mm: float,
    bounds: Sequence[float],
    colours: Sequence[str],
) -> None:
    """A grid as tiles in classes of value: neighbours of one class in a row are one tile."""
    import numpy as np

    stride = max(1, -(-max(grid.shape) // _MOST_TILES))
    rows, columns = (range(0, size, stride) for size in grid.shape)
    number_seen = np.add.reduceat(np.add.reduceat(shown.astype(float), rows, axis=0), columns, axis=1)
    total = np.add.reduceat(np.add.reduceat(np.where(shown, grid, 0.0), rows, axis=0), columns, axis=1)
    seen = number_seen >= 0.5 * np.outer(*(np.diff([*r, n]) for r, n in zip((rows, columns), grid.shape, strict=True)))
    picked = total / np.maximum(number_seen, 1)
    classes = np.where(seen, np.searchsorted(np.asarray(bounds), picked, side="right"), -1)
    step = cell_mm * stride
    boxes: dict[int, list[tuple[float, float, float, float]]] = {}
    (x0, x1), (y0, y1) = frame.x_range, frame.y_range
    for row, own in enumerate(classes.tolist()):
        start = 0
        for column in range(1, len(own) + 1):
            if column == len(own) or own[column] != own[start]:
                if own[start] >= 0:
                    left, low = frame.at(x0 + start * step, y0 + row * step)
                    right, high = frame.at(min(x0 + column * step, x1), min(y0 + (row + 1) * step, y1))
                    # a hair wider than it is, so that no paper shows between tiles
                    boxes.setdefault(own[start], []).append((left, low, right - left + 0.15, high - low + 0.15))
                start = column
    for kind, tiles in sorted(boxes.items()):
        frame.sheet.tiles(tiles, colours[kind])


def _paint_outline(frame: Frame, outline: Outline) -> None:
    corners = [frame.at(x, y) for x, y in outline.corners_mm]
    frame.sheet.line([*corners, corners[0]], INK, 1.0)


def _paint_ruler(frame: Frame, bottom: float) -> None:
    """A bar of a round length below the map."""
    wide = frame.x_range[1] - frame.x_range[0]
    bar = next((size for size in (50, 20, 10, 5, 2, 1) if size <= wide / 3), wide / 3)
    length = bar * frame.width / wide
    frame.sheet.line([(frame.left, bottom + 11), (frame.left + length, bottom + 11)], INK, 2)
    frame.sheet.text(frame.left, bottom, f"{number(bar, 1)} mm", SMALL)


def _paint_key(sheet: Sheet, top: float, rows: Sequence[tuple[str, str]]) -> None:
    """Colours and what they mean, in two columns read down."""
    half = (len(rows) + 1) // 2
    for index, (colour, said) in enumerate(rows):
        column, row = divmod(index, half)
        left, y = 8 + column * 165, top - 14 * row
        sheet.tiles([(left, y - 1, 13, 9)], colour)
        sheet.line([(left, y - 1), (left + 13, y - 1), (left + 13, y + 8), (left, y + 8), (left, y - 1)], MUTED, 0.5)
        sheet.text(left + 18, y, said, SMALL)


# ---------------------------------------------------------------- density


def density_figure(channels: ChannelMap) -> Figure:
    """Where channels are dense and where they are missing: the smoothed density over the zone, and its largest gap."""
    outline, found = channels.outline, channels.summary
    mean = channels.density_per_cm2
    grid, cells = channels.smooth_per_cm2(), channels.cells()
    smooth_mm = channels.binning.smoothing * MANY
    title = "Where the channels are dense"
    key = _shares(grid, cells.area, mean)
    head, foot = 34.0, 106.0
    height = head + _height(outline) + foot
    gap_mm, gap_at = found.gap * MANY, (found.gap_at[0] * MANY, found.gap_at[1] * MANY)

    def paint(sheet: Sheet) -> None:
        frame = _frame(sheet, outline, foot)
        for row, said in enumerate(lines_of(channels.title, 62)):
            sheet.text(8, height - 13 - 12 * row, said)
        _paint_grid(frame, grid, cells.counted, cells.cell * MANY, [b * mean for b, _, _ in SHADES[:-1]], _COLOURS)
        _paint_outline(frame, outline)
        ring = [
            frame.at(gap_at[0] + gap_mm * x, gap_at[1] + gap_mm * y)
            for x, y in (_around(step / _CIRCLE) for step in range(_CIRCLE + 1))
        ]
        sheet.line(ring, HOT, 1.6)
        _paint_ruler(frame, foot - 22)
        sheet.text(
            WIDTH - 8,  # of the sheet: beside a narrow zone the ruler's own words need their place
            foot - 22,
            f"circle: widest gap, {2 * gap_mm:.1f} mm across",
            SMALL,
            HOT,
            "right",
        )
        sheet.text(8, foot - 42, "density, of the mean of the zone:", SMALL, MUTED)
        _paint_key(sheet, foot - 58, [(colour, said) for _, colour, said in SHADES])

    alt = (
        f"{channels.title}. {plural(found.channels, 'channel')}, {mean:.0f} for each square centimetre; 95 of 100 "
        f"parts of the skin have at least {found.reached[0] / _PER_CM2:.0f}. The widest gap is {2 * gap_mm:.1f} mm "
        "across."
    )
    rows = (
        *((f"density {said}", f"{share * _PERCENT:.1f} % of the skin") for (_, _, said), share in key),
        *summary_rows(channels),
    )
    return Figure(
        "channel-density",
        title,
        draw("channel-density", title, alt, height, paint),
        alt,
        (f"Of the mean, in a window of {number(smooth_mm, 1)} mm", "Value"),
        rows,
    )


_PER_CM2 = 1e4
_PERCENT = 100
_CIRCLE = 48
_COLOURS = tuple(colour for _, colour, _ in SHADES)


def _around(turns: float) -> tuple[float, float]:
    from math import cos, pi, sin

    return cos(2 * pi * turns), sin(2 * pi * turns)


def _shares(grid: Floats, area: Floats, mean: float) -> list[tuple[tuple[float, str, str], float]]:
    """Share of the zone's area in each shade."""
    import numpy as np

    kind = np.searchsorted([bound * mean for bound, _, _ in SHADES[:-1]], grid, side="right")
    held = np.bincount(kind.ravel(), weights=area.ravel(), minlength=len(SHADES)) / area.sum()
    return list(zip(SHADES, held.tolist(), strict=True))


def summary_rows(channels: ChannelMap) -> tuple[tuple[str, str], ...]:
    """What is counted on a map, in words."""
    found, binning = channels.summary, channels.binning
    low, middle, high = (value / _PER_CM2 for value in found.reached)
    spread = channels.stimulus.quantiles((0.05, 0.95))
    return (
        ("channels", str(found.channels)),
        ("area", f"{found.area * _PER_CM2:.1f} cm²"),
        ("mean density", f"{channels.density_per_cm2:.0f} for each cm²"),
        (f"95 %, half, 5 % of the skin have at least (cells of {binning.histogram * MANY:g} mm)",
         f"{low:.0f}, {middle:.0f}, {high:.0f} for each cm²"),
        ("evenness: the first of these over the second, 1 is even", f"{found.evenness:.2f}"),
        ("variance over mean of the counts, 1 is chance", f"{found.dispersion:.2f}"),
        ("nearest other channel, mean", f"{channels.nearest_mm:.2f} mm"),
        (f"skin within {binning.halo * MANY:.2f} mm of a channel", f"{found.within * _PERCENT:.0f} %"),
        (f"cells of {binning.gap * MANY:g} mm without a channel", f"{found.empty * _PERCENT:.1f} %"),
        ("widest circle without a channel", f"{2 * found.gap * MANY:.1f} mm across"),
        ("open an earlier channel again", f"{of_people(found.rehit, MANY)} channels"),
        ("lined up in a track", f"{of_people(found.tracks, MANY)} channels"),
        ("stimulus: mean, and what 5 % and 95 % of the skin stay below",
         f"{channels.stimulus.mean:.2f}, {spread[0]:.2f}, {spread[1]:.2f}"),
    )  # fmt: skip


# ---------------------------------------------------------------- a window with every channel


def window_figure(channels: ChannelMap) -> Figure | None:
    """A centimetre in the middle of the zone with every channel; later passes are darker."""
    from needling.report.figures import channel_figure

    return channel_figure(channels)


# ---------------------------------------------------------------- histograms


def histogram_figures(report: MapReport) -> tuple[Figure, Figure]:
    """The channel-area histogram and the depth-area histogram of a map."""
    area, depth = report.area_histogram, report.depth_histogram
    ninety = report.reached_per_cm2[0]
    first = _curve_figure(
        "channel-area-histogram",
        "How much of the skin has how many channels",
        area,
        "channels for each cm², at least",
        f"Counted in cells of {area.cell_mm:g} mm. Half of the skin has at least {report.reached_per_cm2[1]:.0f} for "
        f"each square centimetre, 95 of 100 parts at least {ninety:.0f}.",
        (ninety, report.reached_share[0]),
        steps=True,
    )
    second = _curve_figure(
        "depth-area-histogram",
        "How much of the skin is reached to which depth",
        depth,
        "depth of the deepest channel nearby, mm, at least",
        f"Share of the skin that lies within {depth.within_mm:.2f} mm of a channel of at least this depth. "
        f"{(1 - depth.area_share[1]) * _PERCENT:.0f} of 100 parts lie farther from any channel.",
        None,
        steps=False,
    )
    return first, second


def _curve_figure(
    name: str, title: str, curve: Curve, x_title: str, alt: str, mark: tuple[float, float] | None, steps: bool
) -> Figure:
    height = 196.0
    most = max(curve.levels) or 1.0

    def paint(sheet: Sheet) -> None:
        frame = Frame(sheet, 40, 40, 284, 126, (0.0, 1.04 * most), (0.0, 1.0))
        ticks = [0.0, 0.25, 0.5, 0.75, 1.0]
        frame.y_axis(ticks, [f"{tick * _PERCENT:.0f} %" for tick in ticks])
        across = round_ticks(0.0, frame.x_range[1], 6)
        frame.x_axis(across, [number(tick, 2) for tick in across], x_title)
        frame.heading(["share of the skin"], up=9)
        levels, shares = curve.levels, curve.area_share
        x, y = list(levels), list(shares)
        if steps:  # a share holds from just above the level before up to its own
            x = [levels[0], *(level for pair in pairwise(levels) for level in pair)]
            y = [shares[0], *(share for share in shares[1:] for _ in range(2))]
        else:  # all skin has at least no depth; what is never reached drops out at once
            x, y = [x[0], *x], [y[0], y[min(1, len(y) - 1)], *y[1:]]
        x, y = [*x, x[-1], frame.x_range[1]], [*y, 0.0, 0.0]
        frame.band(x, [0.0] * len(x), y, PALE)
        frame.curve(x, y)
        if not steps:
            never = (
                f"{(1 - shares[min(1, len(shares) - 1)]) * _PERCENT:.0f} % lie beyond {curve.within_mm:.2f} mm of any"
            )
            sheet.text(*frame.at(0.03 * frame.x_range[1], 0.93), never, SMALL)
        if mark is not None:
            place = frame.at(*mark)
            sheet.line([(frame.left, place[1]), place, (place[0], frame.bottom)], INK, 0.8, (4.0, 3.0))
            sheet.marks([place], 6)
            sheet.text(place[0] + 8, place[1] - 2, f"{mark[1] * _PERCENT:.0f} % have at least {mark[0]:.0f}", SMALL)

    picked = range(0, len(curve.levels), max(1, len(curve.levels) // _TABLE_ROWS))
    rows = tuple(
        (f"{curve.levels[i]:.{0 if curve.unit == 'per_cm2' else 2}f}", f"{curve.area_share[i] * _PERCENT:.1f} %")
        for i in picked
    )
    return Figure(
        name,
        title,
        draw(name, title, alt, height, paint),
        alt,
        (x_title[:1].upper() + x_title[1:], "Share of skin"),
        rows,
    )


_TABLE_ROWS = 24


# ---------------------------------------------------------------- agreement

_GAMMA_BOUNDS = (0.5, 1.0, 1.5)
_GAMMA_KEY = (
    (PALE, "agrees well (below a half)"),
    (MIDDLE_BAND, "agrees (up to 1)"),
    (WARM, "disagrees (1 to 1.5)"),
    (HOT, "disagrees (above 1.5)"),
)


def agreement_figure(found: Agreement, report: MapAgreement, outline: Outline) -> Figure:
    """Where the delivered channels agree with the plan: the gamma index over the zone."""
    import numpy as np

    head, foot = 34.0, 78.0
    height = head + _height(outline) + foot
    title = "Planned against delivered"
    judged = np.isfinite(found.gamma)

    def paint(sheet: Sheet) -> None:
        verdict = "agrees" if report.agrees else "does not agree"
        sheet.text(
            8, height - 13, f"{report.passed_share * _PERCENT:.1f} % of the skin agrees: it {verdict}", bold=True
        )
        sheet.text(
            8,
            height - 26,
            f"asked for: {report.wanted_share * _PERCENT:.0f} %, within {report.difference_pct:g} % or "
            f"{report.distance_mm:g} mm",
            SMALL,
            MUTED,
        )
        frame = _frame(sheet, outline, foot)
        _paint_grid(
            frame,
            np.nan_to_num(found.gamma),
            judged,
            found.cells.cell * MANY,
            _GAMMA_BOUNDS,
            [c for c, _ in _GAMMA_KEY],
        )
        _paint_outline(frame, outline)
        _paint_ruler(frame, foot - 22)
        _paint_key(sheet, foot - 44, _GAMMA_KEY)

    area = found.cells.area
    kind = np.searchsorted(np.asarray(_GAMMA_BOUNDS), np.nan_to_num(found.gamma), side="right")
    held = np.bincount(kind[judged], weights=area[judged], minlength=len(_GAMMA_KEY)) / area[judged].sum()
    rows = (
        ("planned, mean", f"{report.planned_per_cm2:.0f} for each cm²"),
        ("delivered, mean", f"{report.delivered_per_cm2:.0f} for each cm²"),
        ("skin that agrees", f"{report.passed_share * _PERCENT:.1f} %"),
        ("asked for", f"{report.wanted_share * _PERCENT:.0f} %"),
        ("skin that was judged", f"{report.judged_share * _PERCENT:.1f} %"),
        ("gamma, mean", f"{report.mean_gamma_ratio:.2f}"),
        *((said, f"{share * _PERCENT:.1f} %") for (_, said), share in zip(_GAMMA_KEY, held.tolist(), strict=True)),
        ("density may differ by", f"{report.difference_pct:g} % of the planned mean"),
        ("or be found within", f"{report.distance_mm:g} mm"),
        ("densities are smoothed by", f"{report.smoothing_mm:g} mm"),
    )
    alt = (
        f"{report.passed_share * _PERCENT:.1f} of 100 parts of the skin agree with the plan, "
        f"{report.wanted_share * _PERCENT:.0f} are asked for. Planned {report.planned_per_cm2:.0f}, delivered "
        f"{report.delivered_per_cm2:.0f} channels for each square centimetre."
    )
    return Figure("agreement", title, draw("agreement", title, alt, height, paint), alt, ("What", "Value"), rows)


def map_figures(channels: ChannelMap) -> dict[str, Figure]:
    """All figures of one map, by id."""
    made: list[Figure | None] = [density_figure(channels), window_figure(channels)]
    if channels.stroke is not None:
        made += histogram_figures(channels.report())
    return {figure.id: figure for figure in made if figure is not None}
