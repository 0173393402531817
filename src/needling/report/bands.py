"""Figures of curves over time with their bands: the score, collagen, and the first days after a session."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from needling.documents import Choice, Forecast, MeasureForecast, Outcome, Plan
from needling.knowledge.base import Knowledge
from needling.report.about_forecast import (
    COLLAGEN,
    HIGH,
    LOW,
    OPENING,
    REDNESS,
    SEVERITY,
    lower_is_better,
    measures_of,
    quantile_curve,
    told_outcomes,
)
from needling.report.canvas import (
    ACCENT,
    DASHED,
    DOTTED,
    INK,
    MIDDLE_BAND,
    MUTED,
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
from needling.report.measures import MIDDLE
from needling.report.words import after_days, number, on_day, plural, zones_name

LEVELS = (LOW, 0.25, MIDDLE, 0.75, HIGH)
LEVEL_HEADERS = ("5 % are below", "25 % are below", "Middle person", "75 % are below", "95 % are below")
_PANELS = 4
_DAYS_PER_MONTH = 30.4
_FIRST_DAYS = 10.0
_ALIKE_SHARE = 0.05  # numerical: two sides of a face differ by this much through the luck of the ensemble
_LOG_FLOOR = 1e-3  # numerical: below a thousandth of the start the channels count as closed


@dataclass(frozen=True, slots=True)
class Panel:
    """Curves of one measure, one for each of ``LEVELS``, on the zones where it is alike."""

    measure: MeasureForecast
    zones: tuple[str, ...]
    curves: tuple[tuple[float, ...], ...]

    @property
    def middle(self) -> tuple[float, ...]:
        """The curve of the person in the middle."""
        return self.curves[2]


def panels_of(measures: Sequence[MeasureForecast]) -> list[Panel]:
    """One panel for zones whose bands are alike to within a twentieth of the range shown."""
    panels: list[Panel] = []
    for measure in measures:
        curves = tuple(quantile_curve(measure, level) for level in LEVELS)
        span = max(map(max, curves)) - min(map(min, curves))
        for index, panel in enumerate(panels):
            off = max(
                (
                    abs(a - b)
                    for one, other in zip(panel.curves, curves, strict=True)
                    for a, b in zip(one, other, strict=True)
                ),
                default=0.0,
            )
            if panel.measure.label == measure.label and off <= _ALIKE_SHARE * span:
                panels[index] = Panel(panel.measure, (*panel.zones, measure.zone or ""), panel.curves)
                break
        else:
            panels.append(Panel(measure, (measure.zone or "",), curves))
    return panels


def _zones(panel: Panel, kb: Knowledge) -> str:
    return zones_name([zone for zone in panel.zones if zone], kb) or "whole person"


def session_days(plan: Plan) -> list[float]:
    """The days of a plan on which something is done."""
    return sorted({session.day_d for session in plan.sessions})


def _paint_band(frame: Frame, x: Sequence[float], curves: Sequence[Sequence[float]]) -> None:
    frame.band(x, curves[0], curves[4], WIDE_BAND)
    frame.band(x, curves[1], curves[3], MIDDLE_BAND)
    frame.curve(x, curves[2])


def _paint_key(sheet: Sheet, left: float, top: float, sessions: bool) -> None:
    """What the shades mean, on the right of the first panel."""
    for index, (shade, said) in enumerate(((WIDE_BAND, "9 of 10 people"), (MIDDLE_BAND, "half of people"))):
        y = top - index * 15
        sheet.polygon([(left, y - 8), (left + 12, y - 8), (left + 12, y), (left, y)], shade)
        sheet.text(left + 16, y - 7.3, said, SMALL)
    sheet.line([(left, top - 34), (left + 12, top - 34)], ACCENT, 2)
    sheet.text(left + 16, top - 37.3, "middle person", SMALL)
    if sessions:
        sheet.marks([(left + 6, top - 49)], 6, shape="^")
        sheet.text(left + 16, top - 52.3, "session", SMALL)


def _paint_months(frame: Frame, titled: bool) -> None:
    last = frame.x_range[1]
    months = last / _DAYS_PER_MONTH
    step = 1 if months <= 7 else 2 if months <= 14 else 6
    ticks = range(0, int(months) + 1, step)
    frame.x_axis(
        [tick * _DAYS_PER_MONTH for tick in ticks],
        [str(tick) for tick in ticks],
        "months from the start" if titled else "",
    )


# ---------------------------------------------------------------- the whole course


def _band_rows(panels: Sequence[Panel], plan: Plan, forecast: Forecast, kb: Knowledge) -> tuple[tuple[str, ...], ...]:
    rows = []
    for panel in panels:
        for day in _table_days(forecast):
            _, index = min((abs(known - day), index) for index, known in enumerate(forecast.days_d))
            at = forecast.days_d[index]
            rows.append(
                (
                    _zones(panel, kb),
                    number(at, 0),
                    on_day(after_days(plan.start, at)),
                    *(number(curve[index]) for curve in panel.curves),
                )
            )
    return tuple(dict.fromkeys(rows))


def _table_days(forecast: Forecast) -> list[float]:
    """Once a month (or a quarter in long forecasts), and the judging day."""
    last = forecast.days_d[-1]
    months = int(last / _DAYS_PER_MONTH)
    step = 1 if months <= 13 else 3
    judged = [outcome.judge_day_d for outcome in forecast.outcomes]
    return sorted({*(month * _DAYS_PER_MONTH for month in range(0, months + 1, step)), *judged, last})


def _mark_outcome(frame: Frame, outcome: Outcome, down: bool) -> None:
    """The level that counts as a gain, and the day on which it is judged."""
    sheet = frame.sheet
    wanted = outcome.baseline + (-outcome.better_by if down else outcome.better_by)
    if frame.y_range[0] < wanted < frame.y_range[1]:
        ends = frame.path(frame.x_range, (wanted, wanted))
        sheet.line(ends, INK, 0.9, DASHED)
        sheet.text(ends[0][0] + 3, ends[0][1] + (-10.5 if down else 3.5), "counts as a gain", SMALL)
    if outcome.judge_day_d <= frame.x_range[1]:
        x, y = frame.at(outcome.judge_day_d, frame.y_range[1])
        sheet.line([(x, frame.bottom), (x, y)], MUTED, 0.9, DOTTED)
        sheet.text(x - 3, y - 8, "judge here", SMALL, MUTED, "right")


def _course_figure(
    name: str,
    title: str,
    panels: Sequence[Panel],
    choice: Choice,
    kb: Knowledge,
    alt: str,
    note: str,
    outcomes: dict[str, tuple[Outcome, bool]],
) -> Figure:
    """Bands over the whole course, one panel above the other."""
    shown = panels[:_PANELS]
    titles = max(len(lines_of(f"{one.measure.label}, {_zones(one, kb)}", 58)) for one in shown) + bool(note)
    panel, gap, top, below = 124.0, 26.0 + 12 * titles, 10.0 + 12 * titles, 34.0
    height = top + below + len(shown) * panel + (len(shown) - 1) * gap
    days = choice.forecast.days_d
    sessions = session_days(choice.plan)

    def paint(sheet: Sheet) -> None:
        for index, one in enumerate(shown):
            # Zones on one scale share one axis: what looks stronger is stronger.
            alike = [other for other in shown if other.measure.label == one.measure.label]
            low, high = min(min(other.curves[0]) for other in alike), max(max(other.curves[4]) for other in alike)
            room = (high - low) * 0.1 or 0.5
            frame = Frame(
                sheet,
                34,
                height - top - panel - index * (panel + gap),
                200,
                panel,
                (0.0, days[-1]),
                (low - room, high + room),
            )
            ticks = round_ticks(*frame.y_range)
            frame.y_axis(ticks, [number(tick) for tick in ticks])
            _paint_months(frame, index == len(shown) - 1)
            _paint_band(frame, days, one.curves)
            if one.zones[0] in outcomes:
                _mark_outcome(frame, *outcomes[one.zones[0]])
            sheet.marks([(frame.at(day, low)[0], frame.bottom) for day in sessions], 6, shape="^")
            frame.heading([*lines_of(f"{one.measure.label}, {_zones(one, kb)}", 58), *([note] if note else [])])
            if index == 0:
                _paint_key(sheet, 246, frame.bottom + panel, bool(sessions))

    rows = _band_rows(panels, choice.plan, choice.forecast, kb)
    return Figure(
        name, title, draw(name, title, alt, height, paint), alt, ("Zone", "Day", "Date", *LEVEL_HEADERS), rows
    )


def _sessions_words(plan: Plan) -> str:
    return f"{plural(len(session_days(plan)), 'session')} marked with triangles"


def severity_figure(choice: Choice, kb: Knowledge) -> Figure | None:
    """The score over time on its scale, with its band, the sessions, and what counts as a gain."""
    outcomes = {outcome.zone: (outcome, lower_is_better(outcome, kb)) for outcome in told_outcomes(choice.forecast)}
    panels = panels_of([m for m in measures_of(choice.forecast, *SEVERITY) if m.zone in outcomes])
    if not panels:
        return None
    first = panels[0]
    better = "lower is better" if outcomes[first.zones[0]][1] else "higher is better"
    alt = (
        f"{first.measure.label} over time on {_zones(first, kb)}; {better}. The middle person goes from "
        f"{number(first.middle[0])} to {number(first.middle[-1])}; nine of ten people end between "
        f"{number(first.curves[0][-1])} and {number(first.curves[4][-1])}. {_sessions_words(choice.plan)}."
    )
    return _course_figure("severity", "What to expect over time", panels, choice, kb, alt, better, outcomes)


def collagen_figure(choice: Choice, kb: Knowledge) -> Figure | None:
    """Collagen over time with its band; 1 is the start."""
    panels = panels_of(measures_of(choice.forecast, *COLLAGEN))
    if not panels:
        return None
    first = panels[0]
    alt = (
        f"Collagen of the model over time on {_zones(first, kb)}, 1 at the start. The middle person ends at "
        f"{number(first.middle[-1])}, nine of ten between {number(first.curves[0][-1])} and "
        f"{number(first.curves[4][-1])}. {_sessions_words(choice.plan)}."
    )
    return _course_figure("collagen", "Collagen in the model", panels[:2], choice, kb, alt, "", {})


# ---------------------------------------------------------------- the first days


def _window(choice: Choice) -> tuple[list[int], float, float]:
    """The days between the first session and the next one, ten at most: indices, start, end."""
    days = choice.forecast.days_d
    start, *later = session_days(choice.plan)
    end = min(start + _FIRST_DAYS, *later[:1]) if later else start + _FIRST_DAYS
    inside = [index for index, day in enumerate(days) if start <= day <= end]
    # A second session on the last day would turn the curve up again at its very end.
    return (inside[:-1] if later and days[inside[-1]] == later[0] else inside), start, end


def _first_days_panel(frame: Frame, panel: Panel, x: Sequence[float]) -> None:
    if frame.y_log:
        ticks = [tick for tick in (1.0, 0.1, 0.01, 0.001) if frame.y_range[0] <= tick <= frame.y_range[1]]
        labels = ["all" if tick == 1 else f"1 in {round(1 / tick)}" for tick in ticks]
    else:
        ticks = round_ticks(*frame.y_range, about=4)
        labels = [number(tick) for tick in ticks]
    frame.y_axis(ticks, labels)
    floor = frame.y_range[0]
    _paint_band(frame, x, [[max(value, floor) for value in curve] for curve in panel.curves])


_FIRST_LEFT = 48.0


def _named(measure: MeasureForecast) -> str:
    """A measure as a panel calls it; redness is a number of the model, which has no unit."""
    return f"{measure.label} (number of the model)" if measure.measure in REDNESS else measure.label


def first_days_figure(choice: Choice, kb: Knowledge) -> Figure | None:
    """Open channels, lost water barrier and redness in the first days after the first session."""
    if not choice.plan.sessions or not choice.forecast.measures:
        return None
    inside, start, end = _window(choice)
    found = [
        panels[0]
        for names in (*((name,) for name in OPENING), REDNESS)
        if (panels := panels_of(measures_of(choice.forecast, *names)))
    ]
    if len(inside) < 2 or not found:
        return None
    x = [choice.forecast.days_d[index] - start for index in inside]
    shown = [Panel(p.measure, p.zones, tuple(tuple(curve[i] for i in inside) for curve in p.curves)) for p in found]
    heads = [lines_within(f"{_named(one.measure)}, {_zones(one, kb)}", WIDTH - _FIRST_LEFT - 4) for one in shown]
    more = 12.0 * (max(map(len, heads)) - 1)
    panel, gap, top, below = 78.0, 36.0 + more, 20.0 + more, 34.0
    height = top + below + len(shown) * panel + (len(shown) - 1) * gap

    def paint(sheet: Sheet) -> None:
        for index, one in enumerate(shown):
            ceiling = max(map(max, one.curves)) or 1.0
            # Openness falls by halves: on a log scale that is a straight line, and its end can still be seen.
            logarithmic = one.measure.measure in OPENING
            frame = Frame(
                sheet,
                _FIRST_LEFT,
                height - top - panel - index * (panel + gap),
                186,
                panel,
                (0.0, end - start),
                (_LOG_FLOOR * ceiling if logarithmic else 0.0, ceiling * (1.3 if logarithmic else 1.05)),
                y_log=logarithmic,
            )
            _first_days_panel(frame, one, x)
            ticks = round_ticks(0, end - start, 5)
            frame.x_axis(
                ticks,
                [number(tick) for tick in ticks],
                "days after the first session" if index == len(shown) - 1 else "",
            )
            frame.heading(heads[index], up=5)
            if index == 0:
                _paint_key(sheet, 246, frame.bottom + panel, sessions=False)

    rows = tuple(
        (one.measure.label, number(x[i], 2), *(number(curve[i], 3) for curve in one.curves))
        for one in shown
        for i in _spread(len(x), 10)
    )
    parts = [
        f"{one.measure.label}: the middle person from {number(one.middle[0])} to {number(one.middle[-1], 3)}"
        for one in shown
    ]
    alt = f"The first {plural(round(end - start), 'day')} after the first session. {'; '.join(parts)}."
    title = "The first days after a session"
    return Figure(
        "first-days",
        title,
        draw("first-days", title, alt, height, paint),
        alt,
        ("What", "Days after", *LEVEL_HEADERS),
        rows,
    )


def _spread(count: int, most: int) -> list[int]:
    """Some indices spread evenly over a row of numbers, both ends among them."""
    if count <= most:
        return list(range(count))
    return sorted({round(index * (count - 1) / (most - 1)) for index in range(most)})
