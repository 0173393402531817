"""Planned against delivered channels of every session and zone, as a figure."""

from __future__ import annotations

from needling.documents.learning import Misses
from needling.knowledge.base import Knowledge
from needling.report.canvas import (
    ACCENT,
    FAINT,
    INK,
    MUTED,
    PAPER,
    SMALL,
    WIDTH,
    Figure,
    Frame,
    Sheet,
    draw,
    lines_of,
    round_ticks,
)
from needling.report.words import number, signed, zone_name

_ROW, _TOP, _BELOW, _LEFT = 22.0, 30.0, 34.0, 132.0
_HEADERS = ("Session and zone", "Planned /cm²", "Given /cm²", "Off by")


def deliveries_figure(misses: Misses, kb: Knowledge) -> Figure | None:
    """Channels per area that were planned and that were given; None before anything was recorded."""
    found = misses.deliveries
    if not found:
        return None
    most = max(max(one.planned_per_cm2, one.delivered_per_cm2) for one in found)
    height = _TOP + _BELOW + _ROW * len(found)
    ticks = round_ticks(0.0, most, 4)

    def paint(sheet: Sheet) -> None:
        frame = Frame(sheet, _LEFT, _BELOW, WIDTH - _LEFT - 14, _ROW * len(found), (0.0, 1.06 * most), (0.0, 1.0))
        frame.x_axis(ticks, [number(tick, 0) for tick in ticks], "channels per cm²", grid=True)
        for place, one in enumerate(found):
            y = _BELOW + _ROW * (len(found) - place - 0.5)
            x = [frame.at(value, 0.0)[0] for value in (one.planned_per_cm2, one.delivered_per_cm2)]
            name = lines_of(f"{one.session + 1}: {zone_name(one.zone, kb)}", 26, 1)[0]
            sheet.text(_LEFT - 8, y - 3, name, SMALL, align="right")
            sheet.line([(_LEFT, y), (x[0], y)], FAINT, 7)
            sheet.marks([(x[0], y)], 9, PAPER, INK, "D", 1.6)
            if one.done:
                sheet.marks([(x[1], y)], 7, ACCENT if one.as_planned else INK, INK, "o", 1.0)
        top = height - 12
        sheet.marks([(_LEFT + 6, top)], 9, PAPER, INK, "D", 1.6)
        sheet.text(_LEFT + 16, top - 3, "planned", SMALL, MUTED)
        sheet.marks([(_LEFT + 76, top)], 7, ACCENT, INK, "o", 1.0)
        sheet.text(_LEFT + 86, top - 3, "given", SMALL, MUTED)

    rows = tuple(
        (
            f"Session {one.session + 1}, {zone_name(one.zone, kb)}",
            number(one.planned_per_cm2, 0),
            number(one.delivered_per_cm2, 0) if one.done else "not done",
            f"{signed(one.difference_pct, 0)} %",
        )
        for one in found
    )
    title = "Planned and given channels"
    alt = "Channels per cm², planned and given. " + " ".join(
        f"{name}: planned {planned}, given {given}." for name, planned, given, _ in rows
    )
    return Figure("deliveries", title, draw("deliveries", title, alt, height, paint), alt, _HEADERS, rows)
