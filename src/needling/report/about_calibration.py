"""The forecasts of many people, in words, tables and figures: bias, coverage, reliability, and what came of chances."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from needling.documents import Verdict
from needling.documents.learning import Calibration, EventCalibration, MeasureCalibration, Standing
from needling.knowledge.base import Knowledge
from needling.report.bibliography import Bibliography
from needling.report.canvas import (
    ACCENT,
    DASHED,
    INK,
    MIDDLE_BAND,
    MUTED,
    PAPER,
    SMALL,
    WIDE_BAND,
    Figure,
    Frame,
    Sheet,
    draw,
    lines_of,
    round_ticks,
)
from needling.report.explanation import Section, Statement, Table, Telling, section_lines, wrapped
from needling.report.html import Block, Page, Part, Tile, page_style, render_page
from needling.report.words import NOTICE, number, plural, sentence, signed
from needling.units import UNITS

_WORD: dict[Standing, str] = {"holds": "Holds", "failing": "Failing", "too few to say": "Too few to say"}
_VERDICT: dict[Standing, Verdict] = {"holds": "go", "failing": "exclude", "too few to say": "ask"}
_EVENTS_SHOWN = 12
_HEADERS = (
    "Measure",
    "Verdict",
    "People (readings)",
    "Seen / expected change",
    "Bias",
    "CRPS",
    "Nothing changes",
    "Gain",
)
_EVENT_HEADERS = ("Event", "Verdict", "People", "Seen", "Forecast", "Chance allows")


def _between(low: float | None, high: float | None, say: Callable[[float], str] = number) -> str:
    return "" if low is None or high is None else f" ({say(low)} to {say(high)})"


def _unit(one: MeasureCalibration) -> str:
    unit = UNITS.get(one.unit)
    return unit.label if unit is not None and unit.label else one.unit


def _value(value: float | None) -> str:
    return "-" if value is None else number(value)


def _measure_row(one: MeasureCalibration) -> tuple[str, ...]:
    return (
        f"{one.label} ({_unit(one)})",
        _WORD[one.verdict],
        f"{one.people_count} ({one.readings_count})",
        f"{_value(one.change_ratio)}{_between(one.change_low_ratio, one.change_high_ratio)}",
        ("-" if one.bias is None else signed(one.bias)) + _between(one.bias_low, one.bias_high, signed),
        _value(one.mean_crps),
        _value(one.nothing_crps),
        "-" if one.skill_ratio is None else f"{signed(100 * one.skill_ratio, 0)} %",
    )


def _coverage_rows(one: MeasureCalibration) -> list[tuple[str, ...]]:
    return [
        (
            one.label,
            f"{100 * band.nominal_share:.0f} %",
            f"{100 * band.observed_share:.1f} %",
            f"{100 * band.low_share:.1f} to {100 * band.high_share:.1f} %",
        )
        for band in one.coverage
    ]


def _event_row(one: EventCalibration) -> tuple[str, ...]:
    return (
        one.label.rstrip("."),
        _WORD[one.verdict],
        str(one.people_count),
        str(one.observed_count),
        number(one.expected_count, 1),
        f"{one.low_count} to {one.high_count}",
    )


def headline(found: Calibration) -> str:
    """The verdict with its reason."""
    return f"{_WORD[found.verdict]}: {found.because}"


def _shown(found: Calibration) -> tuple[MeasureCalibration, ...]:
    """Each measure, and all together when there are several."""
    together = (found.everything,) if found.everything is not None and len(found.measures) > 1 else ()
    return (*together, *found.measures)


def calibration_sections(found: Calibration, telling: Telling) -> tuple[Section, ...]:
    """Measures, bands, events, deliveries and the rule."""
    shown = _shown(found)
    sections = []
    if shown:
        points = tuple(Statement(sentence(one.because), f"{one.label}. {_WORD[one.verdict]}") for one in shown)
        table = Table("Intervals hold 90 %", _HEADERS, tuple(telling.row(*_measure_row(one)) for one in shown))
        sections.append(Section("measures", "Measure by measure", (), points, (table,)))
        rows = tuple(telling.row(*row) for one in shown for row in _coverage_rows(one))
        headers = ("Measure", "Band", "Readings inside", "90 % interval (Wilson)")
        sections.append(Section("coverage", "What the bands hold", (), (), (Table("", headers, rows),)))
    if found.events:
        points = tuple(
            Statement(sentence(one.because), f"{one.label.rstrip('.')}. {_WORD[one.verdict]}")
            for one in found.events
            if one.verdict == "failing"
        )
        rows = tuple(telling.row(*_event_row(one)) for one in found.events)
        table = Table("", _EVENT_HEADERS, rows)
        sections.append(Section("events", "Chances and what came of them", (), points, (table,)))
    if found.delivered_share is not None:
        at = telling.at("deliveries")
        said = at.say(
            f"{100 * found.delivered_share:.0f} % of {found.deliveries_count} deliveries (a zone in a session) were "
            "done as planned",
            telling.kb.parameter("agreement-density").sources,
        )
        sections.append(Section("delivered", "Planned against delivered", (said,)))
    how = (
        telling.say(found.rule, proposal=True),
        telling.say(
            f"All {found.tests_count} measures and events together fail when one of them is less likely than "
            f"{100 * found.alarm_share:g} % over their number"
        ),
        telling.say(_not_scored(found)),
        *(telling.say(said) for said in _readers(shown)),
        telling.say(
            "Nothing changes is the forecast that a reading stays where it was, with the same noise. The gain is how "
            "much smaller the mean error (CRPS) is than with it"
        ),
    )
    sections.append(Section("how", "How this is judged", how))
    return tuple(sections)


def _not_scored(found: Calibration) -> str:
    """How many approvals nobody followed up, and what cannot be seen of the others."""
    count, given = found.without_followup_count, len(found.approvals)
    said = (
        "Every approval given here has a follow-up with a score"
        if count == 0
        else f"{count} of {plural(given, 'approval')} given here {'has' if count == 1 else 'have'} no follow-up with a "
        "score, so how those ended is not in here"
    )
    return f"{said}. People whose files were not given are not counted at all; when they did worse, nothing shows it"


def _readers(shown: tuple[MeasureCalibration, ...]) -> Iterator[str]:
    """Who read, and what cannot be told apart for it."""
    most = max((one.readers_count for one in shown), default=0)
    if most == 1:
        yield "All signed scores are of one reader: a habit of this reader and an error of the forecast look the same"
    elif most > 1:
        yield (
            f"{most} readers signed scores. What people of one reader have in common counts once, so tests and "
            "intervals rest on the differences between readers"
        )
    elif shown:
        yield "Nobody signed a score, so readers are taken to have no habits of their own"


# ---------------------------------------------------------------- figures


def reliability_figure(one: MeasureCalibration, name: str) -> Figure:
    """The share of readings below each level of their forecasts, and the histogram of their places."""
    side, below, top = 150.0, 38.0, 42.0
    height = below + side + top
    levels = [0.0, *(point.nominal_share for point in one.points), 1.0]
    seen = [0.0, *(point.observed_share for point in one.points), 1.0]
    low = [0.0, *(max(point.low_share, 0.0) for point in one.points), 1.0]
    high = [0.0, *(min(point.high_share, 1.0) for point in one.points), 1.0]
    tallest = 1.05 * max(1.5, *one.heights_ratio)

    def paint(sheet: Sheet) -> None:
        ticks = [0, 0.25, 0.5, 0.75, 1]
        labels = ["0", "25", "50", "75", "100"]
        frame = Frame(sheet, 30, below, side, side, (0.0, 1.0), (0.0, 1.0))
        frame.y_axis(ticks, labels)
        frame.band(levels, low, high, WIDE_BAND)
        sheet.line(frame.path((0, 1), (0, 1)), MUTED, 1.0, DASHED)
        frame.curve(levels, seen)
        sheet.marks(frame.path(levels[1:-1], seen[1:-1]), 5.5, ACCENT, ACCENT)
        frame.x_axis(ticks, labels, "level of the forecast, %")
        sheet.text(8, height - 11, "% of readings below the level")
        sheet.line([(8, height - 22), (20, height - 22)], WIDE_BAND, 8)
        sheet.text(24, height - 25, "what chance allows (90 %)", SMALL, MUTED)
        bars = Frame(sheet, 212, below, 118, side, (0.0, 1.0), (0.0, tallest))
        heights = round_ticks(0, tallest, 4)
        bars.y_axis(heights, [number(tick) for tick in heights])
        for left, right, tall in zip(one.edges_share, one.edges_share[1:], one.heights_ratio, strict=False):
            (x, y), (x_end, y_end) = bars.at(left, 0), bars.at(right, tall)
            sheet.tiles([(x + 0.6, y, x_end - x - 1.2, y_end - y)], MIDDLE_BAND)
        sheet.line(bars.path((0, 1), (1, 1)), INK, 1.0, DASHED)
        bars.x_axis([0, 0.5, 1], ["0", "50", "100"], "place in the forecast, %")
        sheet.text(196, height - 11, "Readings in each tenth,")
        sheet.text(196, height - 25, "1 when even", SMALL, MUTED)

    title = f"{one.label}: reliability, and places in the forecast (PIT)"
    alt = f"{one.label}, {one.people_count} people. " + " ".join(
        f"{100 * point.observed_share:.0f} % of readings below the {100 * point.nominal_share:.0f} % level (chance "
        f"allows {100 * point.low_share:.0f} to {100 * point.high_share:.0f} %)."
        for point in one.points
    )
    rows = tuple(
        (
            f"{100 * point.nominal_share:.0f} %",
            f"{100 * point.observed_share:.1f} %",
            f"{100 * max(point.low_share, 0.0):.1f} to {100 * min(point.high_share, 1.0):.1f} %",
            number(tall),
        )
        for point, tall in zip(one.points, one.heights_ratio, strict=False)
    ) + (("100 %", "100 %", "", number(one.heights_ratio[-1])),)
    headers = ("Level", "Readings below", "Chance allows (90 %)", "Readings in the bin up to it, 1 when even")
    return Figure(name, title, draw(name, title, alt, height, paint), alt, headers, rows)


def events_figure(found: Calibration) -> Figure | None:
    """Events seen against forecast, with what chance allows."""
    shown = found.events[:_EVENTS_SHOWN]
    if not shown:
        return None
    row, below, top = 34.0, 38.0, 24.0
    height = below + row * len(shown) + top
    most = max(1.0, *(max(one.observed_count, one.high_count, one.expected_count) for one in shown)) * 1.05

    def paint(sheet: Sheet) -> None:
        frame = Frame(sheet, 10, below, 316, row * len(shown), (0.0, most), (float(len(shown)), 0.0))
        ticks = round_ticks(0, most, 5)
        frame.x_axis(ticks, [number(tick) for tick in ticks], "people", grid=True)
        for index, one in enumerate(shown):
            y = frame.bottom + frame.height - index * row
            sheet.text(frame.left, y - 12, lines_of(one.label, 66, 1)[0], SMALL)
            ends = [
                (frame.at(count, 0)[0], y - 23) for count in (one.low_count, max(one.high_count, one.low_count + 0.2))
            ]
            sheet.line(ends, WIDE_BAND, 10)
            sheet.line(
                [(frame.at(one.expected_count, 0)[0], y - 29), (frame.at(one.expected_count, 0)[0], y - 17)], INK
            )
            face = PAPER if one.verdict == "failing" else ACCENT
            sheet.marks([(frame.at(one.observed_count, 0)[0], y - 23)], 7, face, ACCENT, "D", 1.6)
        y = height - 9
        sheet.line([(10, y), (24, y)], WIDE_BAND, 9)
        sheet.text(28, y - 3, "chance allows (90 %)", SMALL)
        sheet.line([(136, y - 6), (136, y + 6)], INK)
        sheet.text(141, y - 3, "forecast", SMALL)
        sheet.marks([(194, y)], 7, ACCENT, ACCENT, "D", 1.6)
        sheet.text(201, y - 3, "seen", SMALL)
        sheet.marks([(240, y)], 7, PAPER, ACCENT, "D", 1.6)
        sheet.text(247, y - 3, "seen, failing", SMALL)

    title = "Events, forecast and seen"
    alt = " ".join(
        f"{one.label.rstrip('.')}: seen {one.observed_count}, forecast {number(one.expected_count, 1)}, chance allows "
        f"{one.low_count} to {one.high_count}, of {one.people_count} people."
        for one in shown
    )
    rows = tuple(_event_row(one) for one in found.events)
    return Figure("events", title, draw("events", title, alt, height, paint), alt, _EVENT_HEADERS, rows)


# ---------------------------------------------------------------- pages


def calibration_text(found: Calibration, kb: Knowledge) -> str:
    """The whole answer as plain text, at most 80 columns."""
    telling = Telling(kb, "clinician", False, Bibliography(kb))
    lines = [*wrapped(f"{plural(found.people_count, 'person', 'people')}. {sentence(headline(found))}"), ""]
    for section in calibration_sections(found, telling):
        lines += section_lines(section)
    return "\n".join(line.rstrip() for line in [*lines, *wrapped(NOTICE)])


def render_calibration_html(found: Calibration, kb: Knowledge) -> str:
    """The whole answer as one HTML file with reliability, places and events drawn, each with its table."""
    bibliography = Bibliography(kb)
    telling = Telling(kb, "clinician", False, bibliography)
    reliability = tuple(reliability_figure(one, f"reliability-{one.measure}") for one in _shown(found))
    events = events_figure(found)
    figures = {"coverage": reliability, "events": (events,) if events is not None else ()}
    blocks = tuple(Block(section, figures.get(section.id, ())) for section in calibration_sections(found, telling))
    tiles = [Tile(str(found.people_count), "people")]
    first = _shown(found)[:1]
    if first and first[0].change_ratio is not None:
        one = first[0]
        band = _between(one.change_low_ratio, one.change_high_ratio)
        tiles.append(Tile(f"{number(one.change_ratio or 0.0)} times", f"the expected change was seen{band}"))
    if first:
        wide = first[0].coverage[-1]
        tiles.append(Tile(f"{100 * wide.observed_share:.0f} %", "of readings inside the 90 % band"))
    return render_page(
        Page(
            title="Were the forecasts right?",
            about=f"{plural(found.people_count, 'person', 'people')}, {plural(len(found.approvals), 'approval')}, "
            f"knowledge of {kb.version}",
            verdict=_VERDICT[found.verdict],
            verdict_words=_WORD[found.verdict],
            answer=sentence(found.because),
            tiles=tuple(tiles),
            parts=(Part("calibration", "Forecasts of many people", blocks),),
            references=bibliography.references(),
            approval=(),
            marks=f"Calibration {found.sha256} · knowledge {found.knowledge_sha256}",
            style=page_style(),
        )
    )
