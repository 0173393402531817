"""Figures of two plans at once: who is better off, differences over time, and both channel maps on one axis.

The first plan is a broken warm line, the second a full blue one, so that they are told apart in greyscale as well.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from needling.documents.comparison import Comparison, MapPair, MeasureDifference, PairedNumber
from needling.documents.maps import Curve, MapReport
from needling.knowledge.base import Knowledge
from needling.report.bands import LEVEL_HEADERS, Panel, panels_of, session_days
from needling.report.canvas import (
    ACCENT,
    DASHED,
    FAINT,
    INK,
    MIDDLE_BAND,
    PAPER,
    SMALL,
    WIDE_BAND,
    WIDTH,
    Figure,
    Frame,
    Sheet,
    draw,
    lines_of,
    lines_within,
    round_ticks,
)
from needling.report.paired import REACHED, counts_from_words, told
from needling.report.words import DOTS, number, of_people, signed, zones_name

FIRST = "#b5471b"
SECOND = ACCENT
_PALE_FIRST = "#eec9a8"
_DAYS_PER_MONTH = 30.4
_PERCENT = 100
_TABLE_ROWS = 16
_LINE = 11.0
_PANELS = 4
_PANEL_LEFT = 40.0
_SHOWN = ("severity", "redness", "collagen")
_AT_HOME = ("redness", "open-channels")


# ---------------------------------------------------------------- who is better off


def _people(numbers: Sequence[PairedNumber]) -> list[PairedNumber]:
    """Numbers in which people differ, without the single harms that the sum of all marks holds."""
    fixed = {"visits", "price"}
    known = [one for one in told(numbers) if one.standing != "unknown"]
    return [one for one in known if one.id not in fixed and not one.id.startswith("harm:")]


def shares_figure(found: Comparison, names: dict[tuple[str, str | None], str]) -> Figure | None:
    """Of fifty possible people, how many are better off with which plan, for each thing that is weighed."""
    shown = _people(found.numbers)
    if not shown:
        return None
    said = [lines_of(f"{names[one.id, one.zone]} ({_from_words(one)})", 62, 3) for one in shown]
    row, below = 21.0 + _LINE * max(map(len, said)), 46.0
    height = below + row * len(shown) + 6
    title = "Who is better off with which plan"
    a, b = found.first.name, found.second.name

    def paint(sheet: Sheet) -> None:
        frame = Frame(sheet, 8, below, 322, row * len(shown), (0.0, DOTS), (float(len(shown)), 0.0))
        ticks = [0, 10, 20, 30, 40, 50]
        frame.x_axis(ticks, [str(tick) for tick in ticks], f"of {DOTS} possible people", grid=True)
        for index, one in enumerate(shown):
            top = frame.bottom + frame.height - index * row
            for line, part in enumerate(said[index]):
                sheet.text(frame.left, top - 11 - line * _LINE, part, SMALL)
            first, second = one.first_better_share * DOTS, one.second_better_share * DOTS
            bar = top - 10 - _LINE * len(said[index])
            for start, end, shade in (
                (0.0, first, FIRST),
                (first, DOTS - second, FAINT),
                (DOTS - second, float(DOTS), SECOND),
            ):
                if end > start:
                    left, right = frame.at(start, 0)[0], frame.at(end, 0)[0]
                    sheet.line([(left, bar), (right, bar)], shade, 11)
        for left, shade, name in (
            (8, FIRST, f"{a} better"),
            (92, FAINT, "less than that"),
            (190, SECOND, f"{b} better"),
        ):
            sheet.line([(left, 10), (left + 11, 10)], shade, 9)
            sheet.text(left + 15, 6.8, name, SMALL)

    rows = tuple(
        (
            names[one.id, one.zone],
            _from_words(one),
            of_people(one.first_better_share),
            of_people(one.second_better_share),
            of_people(max(1 - one.first_better_share - one.second_better_share, 0.0)),
        )
        for one in shown
    )
    alt = " ".join(f"{row[0]}: better off with {a} {row[2]}, with {b} {row[3]}." for row in rows)
    headers = ("What", "Counted", f"Better with {a}", f"Better with {b}", "Less than that")
    return Figure("shares", title, draw("shares", title, alt, height, paint), alt, headers, rows)


def _from_words(one: PairedNumber) -> str:
    """Who is counted: from which difference on, or who gains with one plan only."""
    return "with one plan only" if one.id == REACHED else f"from {counts_from_words(one)}"


# ---------------------------------------------------------------- over time


def difference_figure(found: Comparison, kb: Knowledge) -> Figure | None:
    """Second minus first over time, person by person: bands about the line where the plans are equal."""
    wanted = _SHOWN if found.setting == "clinic" else _AT_HOME
    measures = [curve for name in wanted for curve in found.curves if curve.measure == name]
    panels = [panel for name in wanted for panel in panels_of([one for one in measures if one.measure == name])]
    panels = [_upwards(panel, found) for panel in panels if _moves(panel)][:_PANELS]
    if not panels:
        return None
    a, b = found.first.name, found.second.name
    lines = [lines_within(f"{one.measure.label}, {_zones(one, kb)}", WIDTH - _PANEL_LEFT - 4) for one in panels]
    head = 12.0 * (1 + max(map(len, lines)))
    panel_height, gap, top, below = 96.0, head + 30, head + 8, 34.0
    height = top + below + len(panels) * panel_height + (len(panels) - 1) * gap
    title = f"Difference over time: {b} minus {a}, person by person"
    days = found.days_d
    sessions = session_days(found.first.plan), session_days(found.second.plan)

    def paint(sheet: Sheet) -> None:
        for index, one in enumerate(panels):
            frame = _frame(sheet, one, days, height - top - panel_height - index * (panel_height + gap), panel_height)
            frame.band(days, one.curves[0], one.curves[4], WIDE_BAND)
            frame.band(days, one.curves[1], one.curves[3], MIDDLE_BAND)
            sheet.line([frame.at(x, 0) for x in frame.x_range], INK, 1.0)
            frame.curve(days, one.curves[2])
            _months(frame, index == len(panels) - 1)
            frame.heading([*lines[index], _better(one.measure.measure, b)])
            if index == 0:
                _band_key(sheet, 246, frame.bottom + panel_height, a, b)
            for row, (own, face) in enumerate(zip(sessions, (PAPER, SECOND), strict=True)):
                marks = [(frame.at(day, 0)[0], frame.bottom + 4 + 7 * row) for day in own if day <= days[-1]]
                sheet.marks(marks, 4.5, face, FIRST if row == 0 else SECOND, "^", 1.0)

    rows = tuple(
        (
            one.measure.label,
            _zones(one, kb),
            number(days[place], 0),
            *(signed(curve[place], 3) for curve in one.curves),
        )
        for one in panels
        for place in _picked(days)
    )
    alt = " ".join(
        f"{one.measure.label}: the middle difference ends at {signed(one.curves[2][-1], 3)}; nine of ten people end "
        f"between {signed(one.curves[0][-1], 3)} and {signed(one.curves[4][-1], 3)}."
        for one in panels
    )
    headers = ("What", "Zone", "Day", *LEVEL_HEADERS)
    return Figure("differences", title, draw("differences", title, alt, height, paint), alt, headers, rows)


def _lower_is_better(found: Comparison) -> bool:
    return next((one.better == "lower" for one in found.numbers if one.id == "outcome"), True)


def _upwards(panel: Panel, found: Comparison) -> Panel:
    """The result as improvement, as tables tell it: up is better on every scale."""
    if panel.measure.measure != "severity":
        return panel
    measure = panel.measure.model_copy(update={"label": f"Improvement: {panel.measure.label}"})
    if not _lower_is_better(found):
        return replace(panel, measure=measure)
    turned = tuple(tuple(-value + 0.0 for value in curve) for curve in reversed(panel.curves))
    return replace(panel, measure=measure, curves=turned)


def _zones(panel: Panel, kb: Knowledge) -> str:
    return zones_name([zone for zone in panel.zones if zone], kb)


def _moves(panel: Panel) -> bool:
    return max(map(max, panel.curves)) > min(map(min, panel.curves))


def _frame(sheet: Sheet, panel: Panel, days: Sequence[float], bottom: float, tall: float) -> Frame:
    low, high = min(0.0, *map(min, panel.curves)), max(0.0, *map(max, panel.curves))
    room = (high - low) * 0.14
    frame = Frame(sheet, _PANEL_LEFT, bottom, 196, tall, (0.0, days[-1]), (low - 1.4 * room, high + room))
    ticks = round_ticks(*frame.y_range, about=4)
    frame.y_axis(ticks, [signed(tick) for tick in ticks])
    return frame


def _better(measure: str, b: str) -> str:
    """Which side of the line is whose."""
    if measure == "collagen":
        return f"above the line: more with {b}"
    return f"above the line: better with {b}" if measure == "severity" else f"below the line: better with {b}"


def _months(frame: Frame, titled: bool) -> None:
    months = frame.x_range[1] / _DAYS_PER_MONTH
    step = 1 if months <= 7 else 2 if months <= 14 else 6
    ticks = range(0, int(months) + 1, step)
    title = "months from the start" if titled else ""
    frame.x_axis([tick * _DAYS_PER_MONTH for tick in ticks], [str(tick) for tick in ticks], title)


def _band_key(sheet: Sheet, left: float, top: float, a: str, b: str) -> None:
    for index, (shade, said) in enumerate(((WIDE_BAND, "9 of 10 people"), (MIDDLE_BAND, "half of people"))):
        y = top - index * 15
        sheet.polygon([(left, y - 8), (left + 12, y - 8), (left + 12, y), (left, y)], shade)
        sheet.text(left + 16, y - 7.3, said, SMALL)
    sheet.line([(left, top - 34), (left + 12, top - 34)], ACCENT, 2)
    sheet.text(left + 16, top - 37.3, "middle person", SMALL)
    for row, (said, face, edge) in enumerate(((f"session of {a}", PAPER, FIRST), (f"session of {b}", SECOND, SECOND))):
        y = top - 49 - 15 * row
        sheet.marks([(left + 6, y)], 5, face, edge, "^", 1.0)
        sheet.text(left + 16, y - 3.3, said, SMALL)


def _picked(days: Sequence[float]) -> list[int]:
    """Places of about monthly days, both ends among them."""
    step = max(days[-1] / (_TABLE_ROWS - 1), 1.0)
    wanted = [step * index for index in range(_TABLE_ROWS)]
    return sorted({min(range(len(days)), key=lambda place: abs(days[place] - day)) for day in wanted})


# ---------------------------------------------------------------- channel maps


def map_groups(pairs: Sequence[MapPair]) -> list[tuple[MapPair, tuple[str, ...]]]:
    """Pairs of maps that are the same on several zones, told once."""
    groups: list[tuple[MapPair, tuple[str, ...]]] = []
    for pair in pairs:
        for index, (first, zones) in enumerate(groups):
            if _curves_of(first) == _curves_of(pair):
                groups[index] = (first, (*zones, pair.zone))
                break
        else:
            groups.append((pair, (pair.zone,)))
    return groups


def _curves_of(pair: MapPair) -> tuple[object, ...]:
    return tuple(
        None if report is None else (report.area_histogram, report.depth_histogram)
        for report in (pair.first, pair.second)
    )


def overlay_figures(found: Comparison, kb: Knowledge) -> tuple[Figure, ...]:
    """For each zone, or zones alike: both channel-area histograms on one axis, and both depth-area histograms."""
    made = []
    for place, (pair, zones) in enumerate(map_groups(found.maps)):
        where = zones_name(zones, kb)
        made += [
            _overlay(found, pair, where, f"{place}", depth=False),
            _overlay(found, pair, where, f"{place}", depth=True),
        ]
    return tuple(made)


def _overlay(found: Comparison, pair: MapPair, where: str, place: str, *, depth: bool) -> Figure:
    name = f"{'depth' if depth else 'channel'}-area-{place}"
    what = "reached to which depth" if depth else "given how many channels"
    title = f"How much of the skin is {what}, {where}"
    x_title = "depth of the deepest channel nearby, mm, at least" if depth else "channels for each cm², at least"
    a, b = found.first.name, found.second.name
    sides: list[tuple[str, MapReport | None]] = [(a, pair.first), (b, pair.second)]
    curves = [(said, _curve(report, depth)) for said, report in sides]
    most = max((max(curve.levels) for _, curve in curves if curve is not None), default=1.0) or 1.0
    height = 212.0

    def paint(sheet: Sheet) -> None:
        frame = Frame(sheet, 40, 40, 284, 126, (0.0, 1.04 * most), (0.0, 1.0))
        ticks = [0.0, 0.25, 0.5, 0.75, 1.0]
        frame.y_axis(ticks, [f"{tick * _PERCENT:.0f} %" for tick in ticks])
        across = round_ticks(0.0, frame.x_range[1], 6)
        frame.x_axis(across, [number(tick, 2) for tick in across], x_title)
        frame.heading(["share of the skin"], up=9)
        for index, (said, curve) in enumerate(curves):
            left = 118 + 110 * index
            dash, colour = (DASHED, FIRST) if index == 0 else (None, SECOND)
            sheet.line([(left, 195), (left + 22, 195)], colour, 2.2, dash)
            sheet.text(left + 26, 191.5, said if curve is not None else f"{said}: nothing here", SMALL)
            if curve is not None:
                sheet.line(frame.path(*_points(curve, frame.x_range[1], steps=not depth)), colour, 2.2, dash)

    rows, headers = _rows(curves, depth, x_title)
    alt = f"{where}: " + _overlay_words(sides, depth)
    return Figure(name, title, draw(name, title, alt, height, paint), alt, headers, rows)


def _curve(report: MapReport | None, depth: bool) -> Curve | None:
    if report is None:
        return None
    return report.depth_histogram if depth else report.area_histogram


def _points(curve: Curve, end: float, *, steps: bool) -> tuple[list[float], list[float]]:
    """The curve as it is drawn: in steps where it counts cells; dropping to none behind its last level."""
    levels, shares = curve.levels, curve.area_share
    if steps:  # a share holds from just above the level before up to its own
        x = [levels[0], *(level for pair in pairwise(levels) for level in pair)]
        y = [shares[0], *(share for share in shares[1:] for _ in range(2))]
    else:  # all skin has at least no depth; what is never reached drops out at once
        x, y = [levels[0], *levels], [shares[0], shares[min(1, len(shares) - 1)], *shares[1:]]
    return [*x, x[-1], end], [*y, 0.0, 0.0]


def _share_at(curve: Curve | None, level: float) -> float:
    """Share of the skin that has at least a level."""
    if curve is None:
        return 0.0
    return next((share for own, share in zip(curve.levels, curve.area_share, strict=True) if own >= level), 0.0)


def _rows(
    curves: Sequence[tuple[str, Curve | None]], depth: bool, x_title: str
) -> tuple[tuple[tuple[str, ...], ...], tuple[str, ...]]:
    levels = sorted({level for _, curve in curves if curve is not None for level in curve.levels})
    picked = levels[:: max(1, len(levels) // _TABLE_ROWS)]
    rows = tuple(
        (
            f"{level:.{2 if depth else 0}f}",
            *(f"{_share_at(curve, level) * _PERCENT:.1f} %" for _, curve in curves),
        )
        for level in picked
    )
    return rows, (x_title[:1].upper() + x_title[1:], *(f"Share of skin, {said}" for said, _ in curves))


def _overlay_words(sides: Sequence[tuple[str, MapReport | None]], depth: bool) -> str:
    parts = []
    for said, report in sides:
        if report is None:
            parts.append(f"{said} does nothing here")
        elif depth:
            half = next(
                (
                    level
                    for level, share in reversed(
                        list(zip(report.depth_histogram.levels, report.depth_histogram.area_share, strict=True))
                    )
                    if share >= 0.5
                ),
                0.0,
            )
            parts.append(f"with {said} half of the skin lies near a channel of at least {half:.2f} mm")
        else:
            parts.append(
                f"with {said} half of the skin has at least {report.reached_per_cm2[1]:.0f} channels for each cm², 95 "
                f"of 100 parts at least {report.reached_per_cm2[0]:.0f}"
            )
    return "; ".join(parts) + "."


def map_words(pair: MapPair, found: Comparison, kb: Knowledge) -> str:
    """Which session of which plan the two maps are of."""
    said = []
    for side, report, session in (
        (found.first, pair.first, pair.first_session),
        (found.second, pair.second, pair.second_session),
    ):
        if report is not None and session is not None:
            stroke = report.stroke
            said.append(
                f"{side.name}: session {session + 1}, {stroke.needle_length_mm:g} mm, {stroke.directions_count} x "
                f"{stroke.passes_count} passes with {kb.device(report.device).name}"
            )
    return "; ".join(said)


def differences_of(found: Comparison, measure: str) -> list[MeasureDifference]:
    """The differences of one measure, zone by zone."""
    return [curve for curve in found.curves if curve.measure == measure]
