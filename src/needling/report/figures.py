"""Figures as SVG, each with its numbers as a table and its meaning in words.

matplotlib is loaded only when a figure is drawn; there is no pyplot and no global state of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import sqrt
from typing import Protocol

from needling.documents import Choice, Forecast, Harm, Scorecard
from needling.knowledge.base import Knowledge
from needling.planning.aftercare import timetable
from needling.report.about_aftercare import NOT_BEFORE_HEADERS, counted_words, not_before_cells
from needling.report.about_choice import chosen_card, is_nothing
from needling.report.about_forecast import (
    alike_outcomes,
    harm_cells,
    harm_names,
    ordered_harms,
)
from needling.report.bands import collagen_figure, first_days_figure, severity_figure
from needling.report.canvas import (
    ACCENT,
    INK,
    MIDDLE_BAND,
    MUTED,
    PAPER,
    SMALL,
    Align,
    Figure,
    Frame,
    Sheet,
    draw,
    lines_of,
    lines_within,
    round_ticks,
)
from needling.report.measures import LASTING_MARK, most_share
from needling.report.words import (
    DOTS,
    HOURS_PER_DAY,
    MANY,
    number,
    of_people,
    option_name,
    people_share,
    plural,
    wait_words,
    zones_name,
)

__all__ = [
    "ChannelMap",
    "Figure",
    "all_figures",
    "candidates_figure",
    "channel_figure",
    "collagen_figure",
    "dots_figure",
    "first_days_figure",
    "harms_figure",
    "not_before_figure",
    "severity_figure",
]


# ---------------------------------------------------------------- dots


def known_harms(forecast: Forecast) -> list[Harm]:
    """Harms whose rate is known, the commonest first."""
    known = [harm for harm in forecast.harms if harm.probability is not None]
    return sorted(known, key=lambda harm: -(harm.probability or 0.0))


_DOTS_WIDE = 160.0


def dots_figure(choice: Choice, kb: Knowledge) -> Figure | None:
    """Fifty people for each benefit, and fifty for the commonest harm beside it."""
    blocks = [
        (f"{outcome.better_by_label.rstrip('.')}, {zones_name(zones, kb)}", outcome.dots_of_50_count, True)
        for outcome, zones in alike_outcomes(choice.forecast)
        if outcome.basis != "none"
    ][:3]
    if not blocks:
        return None
    names = harm_names(choice.forecast, kb, person=True)
    blocks += [
        (names[harm.harm], round((harm.probability or 0.0) * DOTS), False)
        for harm in known_harms(choice.forecast)[: 2 if len(blocks) == 2 else 1]
    ]
    labels = [lines_within(label[:1].upper() + label[1:], _DOTS_WIDE, SMALL) for label, _, _ in blocks]
    more = 11.0 * max(max(map(len, labels)) - 2, 0)
    line = 132.0 + more
    height = line * ((len(blocks) + 1) // 2) + 2

    def paint(sheet: Sheet) -> None:
        for index, (_, count, good) in enumerate(blocks):
            row, column = divmod(index, 2)
            left, top = 4.0 + column * 172, height - row * line
            color = ACCENT if good else INK
            sheet.text(left, top - 13, f"{count} of {DOTS} people", 12.5, bold=True)
            for order, said in enumerate(labels[index]):
                sheet.text(left, top - 26 - 11 * order, said, SMALL)
            places = [(left + 6 + 15.4 * (i % 10), top - 54 - more - 15.4 * (i // 10)) for i in range(DOTS)]
            sheet.marks(places[:count], 11.5, color, color)
            sheet.marks(places[count:], 11.5, PAPER, color)

    alt = " ".join(f"{count} of {DOTS} people: {label}." for label, count, _ in blocks)
    rows = tuple((label, f"{count} of {DOTS}", f"{DOTS - count} of {DOTS}") for label, count, _ in blocks)
    title = "Out of 50 people like you"
    return Figure("dots", title, draw("dots", title, alt, height, paint), alt, ("What", "Yes", "No"), rows)


# ---------------------------------------------------------------- candidates

_CARDS_DRAWN = 150


def _mark_size(chance: float) -> float:
    """Width of a candidate's mark: its area grows with the chance of a lasting mark."""
    return sqrt(25 + 1000 * chance)


def _candidate_rows(
    cards: Sequence[Scorecard], chosen: Scorecard | None, second: Scorecard | None, home: bool
) -> tuple[tuple[str, ...], ...]:
    return tuple(
        (
            option_name(card.plan, card.visits_count, home),
            number(card.gain_low),
            number(card.redness_d, 1),
            of_people(card.harm_probability),
            str(card.visits_count),
            number(card.utility),
            "chosen"
            if card is chosen
            else "second best"
            if card is second
            else "beaten by none"
            if card.on_front
            else "",
        )
        for card in sorted(cards, key=lambda card: -card.utility)[:20]
    )


def candidates_figure(choice: Choice, kb: Knowledge) -> Figure | None:
    """Careful gain against redness of all candidates; size is the chance of a lasting mark."""
    home = choice.plan.envelope == "home"
    cards = sorted(
        (card for card in choice.scorecards if not card.barred_by),
        key=lambda card: (not is_nothing(card), not card.on_front, -card.utility),
    )[:_CARDS_DRAWN]
    if len(cards) < 2:
        return None
    chosen = chosen_card(choice)
    second = next((card for card in cards if card.plan == choice.runner_up), None)
    height = 232.0
    reddest = max(card.redness_d for card in cards) or 1.0
    low, high = min(0.0, *(card.gain_low for card in cards)), max(card.gain_low for card in cards)
    room = (high - low) * 0.12 or 0.5
    most = people_share(most_share(kb))

    def paint(sheet: Sheet) -> None:
        frame = Frame(sheet, 34, 66, 292, 142, (-0.04 * reddest, 1.08 * reddest), (low - room, high + room))
        ticks = round_ticks(*frame.y_range)
        frame.y_axis(ticks, [number(tick) for tick in ticks])
        ticks = round_ticks(0, frame.x_range[1], 6)
        frame.x_axis(ticks, [number(tick) for tick in ticks], f"days of redness that {most} stay below")
        frame.heading(["Careful gain (1 = a change that people notice)"])
        _name_marks(frame, cards, chosen, second)
        for front, face, edge in ((False, PAPER, MUTED), (True, MIDDLE_BAND, ACCENT)):
            # The smaller mark on top: none hides another one.
            for card in sorted(cards, key=lambda card: -card.harm_probability):
                if card.on_front == front and card is not chosen and not is_nothing(card):
                    place = frame.at(card.redness_d, card.gain_low)
                    sheet.marks([place], _mark_size(card.harm_probability), face, edge)
        for card in cards:
            if is_nothing(card):
                place = frame.at(card.redness_d, card.gain_low)
                sheet.marks([place], 7, shape="s")
                sheet.text(place[0] + 8, place[1] + 4, option_name("", 0, home).lower(), SMALL, bold=card is chosen)
        if chosen is not None and not is_nothing(chosen):
            sheet.marks(
                [frame.at(chosen.redness_d, chosen.gain_low)],
                _mark_size(chosen.harm_probability) + 1,
                ACCENT,
                INK,
                width=2,
            )
        _paint_size_key(sheet)

    what = "no candidate" if chosen is None else option_name(chosen.plan, chosen.visits_count, home)
    alt = f"{len(cards)} candidates by careful gain and redness. Chosen: {what}"
    if chosen is not None:
        alt += (
            f", careful gain {number(chosen.gain_low)}, redness {number(chosen.redness_d, 1)} days, any lasting mark "
            f"{of_people(chosen.harm_probability)}"
        )
    alt += f". {option_name('', 0, home)} stands at zero."
    title = "What was compared"
    return Figure(
        "candidates",
        title,
        draw("candidates", title, alt, height, paint),
        alt,
        ("Option", "Careful gain", "Redness, days", LASTING_MARK, "Visits", "Score", "Standing"),
        _candidate_rows(cards, chosen, second, home),
    )


def _name_marks(frame: Frame, cards: Sequence[Scorecard], chosen: Scorecard | None, second: Scorecard | None) -> None:
    """Names of the chosen and the second best beside all marks, each with a thin line to its own."""
    places = [frame.at(card.redness_d, card.gain_low)[0] for card in cards if not is_nothing(card)]
    named = [(card, said) for card, said in ((chosen, "chosen"), (second, "second best")) if card is not None]
    named = [(card, said) for card, said in named if not is_nothing(card)]
    if not named:
        return
    on_the_left = min(places) > frame.left + _NAME_ROOM
    x_text = min(places) - 14 if on_the_left else min(max(places) + 14, frame.left + frame.width - _NAME_ROOM)
    side: Align = "right" if on_the_left else "left"
    heights = [frame.at(card.redness_d, card.gain_low)[1] for card, _ in named]
    if len(heights) > 1 and abs(heights[0] - heights[1]) < _LINE:
        # Two names at one height would lie on each other.
        middle = sum(heights) / 2
        up = _LINE / 2 if heights[0] >= heights[1] else -_LINE / 2
        heights = [middle + up, middle - up]
    for (card, said), y_text in zip(named, heights, strict=True):
        frame.sheet.line([frame.at(card.redness_d, card.gain_low), (x_text, y_text)], INK, 0.7)
        frame.sheet.text(x_text + (-2 if side == "right" else 2), y_text - 3, said, align=side, bold=said == "chosen")


_NAME_ROOM = 70.0
_LINE = 13.0


def _paint_size_key(sheet: Sheet) -> None:
    """What sizes and fills mean, below the axis."""
    sheet.text(6, 13, "any mark:", SMALL, MUTED)
    x = 76.0
    for count in (1, 5, 10):
        wide = _mark_size(count / DOTS)
        sheet.marks([(x + wide / 2, 16)], wide, PAPER, MUTED)
        sheet.text(x + wide + 3, 13, str(count), SMALL, MUTED)
        x += wide + 20
    sheet.text(x, 13, f"of {DOTS}", SMALL, MUTED)
    sheet.marks([(225, 16)], 8, MIDDLE_BAND, ACCENT)
    sheet.text(233, 13, "beaten by none", SMALL, MUTED)


# ---------------------------------------------------------------- harms


_TEXT_LINE = 13.0
_ALL = 9  # lines; names are never cut


def harms_figure(forecast: Forecast, kb: Knowledge) -> Figure | None:
    """Each harm as a dot with its range out of 50 people; harms of unknown rate are listed as such."""
    if not forecast.harms:
        return None
    names = harm_names(forecast, kb, person=True)
    known = known_harms(forecast)
    unknown = [names[harm.harm] for harm in forecast.harms if harm.probability is None]
    said = [lines_of(f"{names[harm.harm]}: {_often(harm)}", 58, _ALL) for harm in known]
    lines = [
        f"{'' if place == 0 else '   '}{line}"
        for name in unknown
        for place, line in enumerate(lines_of(name, 56, _ALL))
    ]
    row = 17.0 + _TEXT_LINE * max(map(len, said), default=1)
    below = 18 + 13.0 * len(lines) if unknown else 0.0
    height = (38 + row * len(known) if known else 0.0) + below
    most = max([harm.high_probability or harm.probability or 0.0 for harm in known] + [2 / DOTS]) * DOTS

    def paint(sheet: Sheet) -> None:
        if known:
            frame = Frame(sheet, 8, below + 34, 320, row * len(known), (0.0, most * 1.04), (float(len(known)), 0.0))
            ticks = [tick for tick in round_ticks(0, frame.x_range[1], 5) if tick == round(tick)]
            frame.x_axis(
                ticks, [number(tick, 0) for tick in ticks], f"people out of {DOTS}, over the whole course", grid=True
            )
            for index, harm in enumerate(known):
                _paint_harm(frame, harm, said[index], frame.bottom + frame.height - index * row)
        if unknown:
            sheet.text(8, below - 12, "How often is not known:", bold=True)
            for index, line in enumerate(lines, start=1):
                sheet.text(8, below - 12 - 13 * index, line, color=MUTED, italic=True)

    rows = tuple((names[harm.harm], *harm_cells(harm), harm.basis) for harm in ordered_harms(forecast))
    alt = " ".join(f"{names[harm.harm]}: {harm_cells(harm)[0]}." for harm in ordered_harms(forecast))
    title = "Possible harm"
    return Figure(
        "harms",
        title,
        draw("harms", title, alt, height, paint),
        alt,
        ("Harm", "How often", "Could also be", "Where that comes from"),
        rows,
    )


def _often(harm: Harm) -> str:
    """How often, with the range that cannot be ruled out."""
    often, span = harm_cells(harm)
    return f"{often} ({span.partition(' of ')[0]})" if span[0].isdigit() else often


def _paint_harm(frame: Frame, harm: Harm, said: Sequence[str], top: float) -> None:
    """One harm: its name and numbers, below them the dot and its range."""
    for place, line in enumerate(said):
        frame.sheet.text(frame.left, top - 10 - _TEXT_LINE * place, line)
    y = top - 7 - _TEXT_LINE * len(said)
    if harm.low_probability is not None and harm.high_probability is not None:
        ends = [frame.at(chance * DOTS, 0)[0] for chance in (harm.low_probability, harm.high_probability)]
        frame.sheet.line([(ends[0], y), (ends[1], y)], MIDDLE_BAND, 5)
    frame.sheet.marks([(frame.at((harm.probability or 0.0) * DOTS, 0)[0], y)], 7)


# ---------------------------------------------------------------- not before

_TIME_MARKS_H = (1.0, 6.0, HOURS_PER_DAY, 3 * HOURS_PER_DAY, 7 * HOURS_PER_DAY, 28 * HOURS_PER_DAY)


def not_before_figure(choice: Choice, kb: Knowledge) -> Figure | None:
    """How long each thing waits: the bar ends at the longest of all times that were given."""
    waits = timetable(choice.plan, choice.forecast.not_before, kb).times
    if not waits:
        return None
    row, first = 30.0, 0.5
    height = 46 + row * len(waits)
    last = max(30.0, 1.25 * max(wait.hours_h for wait in waits))

    def paint(sheet: Sheet) -> None:
        frame = Frame(sheet, 8, 20, 320, height - 44, (first, last), (float(len(waits)), 0.0), x_log=True)
        ticks = [mark for mark in _TIME_MARKS_H if mark <= last]
        frame.x_axis(ticks, [wait_words(mark) for mark in ticks], grid=True)
        for index, wait in enumerate(waits):
            place = frame.bottom + frame.height - index * row
            sheet.text(8, place - 10, lines_of(f"{wait.label}: {wait_words(wait.hours_h)}", 64, 1)[0])
            y = place - 20
            sheet.line([(8, y), (frame.at(wait.hours_h, 0)[0], y)], MIDDLE_BAND, 5)
            advised = [wait.hours_of(kind) for kind in ("published", "step", "product")]
            longest = max((hours for hours in advised if hours is not None), default=None)
            if longest is not None:
                sheet.marks([(frame.at(longest, 0)[0], y)], 6, PAPER, shape="D")
            if (computed := wait.hours_of("computed")) is not None:
                sheet.marks([(frame.at(computed, 0)[0], y)], 6.5, ACCENT, ACCENT)
        sheet.marks([(12, height - 9)], 6.5, ACCENT, ACCENT)
        sheet.text(20, height - 12, "computed from how channels close", SMALL, MUTED)
        sheet.marks([(194, height - 9)], 6, PAPER, shape="D")
        sheet.text(202, height - 12, "on advice sheets", SMALL, MUTED)

    rows = tuple((*not_before_cells(wait), counted_words(wait)) for wait in waits)
    said = "; ".join(f"{wait.label} {wait_words(wait.hours_h)}" for wait in waits)
    alt = f"Waiting times after a session: {said}."
    title = "Not before"
    return Figure(
        "not-before",
        title,
        draw("not-before", title, alt, height, paint),
        alt,
        NOT_BEFORE_HEADERS,
        rows,
    )


# ---------------------------------------------------------------- channels


class ChannelMap(Protocol):
    """Where the needles went: one entry for each channel."""

    @property
    def x_mm(self) -> Iterable[float]:
        """Along one side of the zone."""

    @property
    def y_mm(self) -> Iterable[float]:
        """Along the other side."""

    @property
    def pass_number(self) -> Iterable[int]:
        """Which pass made it, in the order of rolling."""

    @property
    def nearest_mm(self) -> float:
        """Mean distance from a channel to the nearest other one."""

    @property
    def rehit_share(self) -> float:
        """Share of channels that open an earlier one again."""

    @property
    def track_share(self) -> float:
        """Share of channels that are lined up in a track."""

    @property
    def title(self) -> str:
        """Device, length and pattern in words."""


_WINDOW_MM = 10.0
_MM2_PER_CM2 = 100.0


def _middle_window(values: Sequence[float]) -> tuple[float, float]:
    """The middle of the map, away from its edges, a centimetre wide at most."""
    low, high = min(values), max(values)
    wide = min(_WINDOW_MM, high - low) or 1.0
    start = (low + high - wide) / 2
    return start, start + wide


def channel_figure(channels: ChannelMap) -> Figure | None:
    """A window of skin with every channel; later passes are darker."""
    points = [
        (float(x), float(y), int(p)) for x, y, p in zip(channels.x_mm, channels.y_mm, channels.pass_number, strict=True)
    ]
    if not points:
        return None
    across, along = _middle_window([p[0] for p in points]), _middle_window([p[1] for p in points])
    wide, tall = across[1] - across[0], along[1] - along[0]
    inside = [p for p in points if across[0] <= p[0] <= across[1] and along[0] <= p[1] <= along[1]]
    passes = sorted({p[2] for p in points})
    area_cm2 = wide * tall / _MM2_PER_CM2
    side = 236.0 / max(wide, tall)
    height = side * tall + 44

    def paint(sheet: Sheet) -> None:
        frame = Frame(sheet, 34, 30, side * wide, side * tall, across, along)
        corners = [
            frame.at(x, y)
            for x, y in (
                (across[0], along[0]),
                (across[0], along[1]),
                (across[1], along[1]),
                (across[1], along[0]),
                (across[0], along[0]),
            )
        ]
        sheet.line(corners, MUTED)
        for order, one in enumerate(passes):
            sheet.marks(
                [frame.at(p[0], p[1]) for p in inside if p[2] == one],
                3.4,
                _shade(order, len(passes)),
                ACCENT,
                width=0.6,
            )
        left, bar = frame.left, min(2.0, wide)
        sheet.line([(left, 18), (left + side * bar, 18)], INK, 2)
        sheet.text(left, 5, f"{number(bar, 1)} mm", SMALL)
        if len(passes) > 1:
            sheet.marks([(left + 90, 12)], 5, _shade(0, len(passes)), ACCENT)
            sheet.text(left + 97, 9, "first pass", SMALL, MUTED)
            sheet.marks([(left + 158, 12)], 5, _shade(len(passes) - 1, len(passes)), ACCENT)
            sheet.text(left + 165, 9, f"pass {len(passes)}", SMALL, MUTED)

    counts = [sum(1 for p in inside if p[2] == one) for one in passes]
    rows = tuple((str(order), str(count), f"{count / area_cm2:.0f}") for order, count in enumerate(counts, start=1))
    per_cm2 = f"{len(inside) / area_cm2:.0f}"
    rows = (
        *rows,
        ("all", str(len(inside)), per_cm2),
        ("nearest other channel, mean", f"{channels.nearest_mm:.2f} mm", ""),
        ("open an earlier channel again", f"{of_people(channels.rehit_share, MANY)} channels", ""),
        ("lined up in a track", f"{of_people(channels.track_share, MANY)} channels", ""),
    )
    alt = (
        f"{channels.title}. A window of {number(wide, 1)} by {number(tall, 1)} mm after "
        f"{plural(len(passes), 'pass', 'passes')}: {plural(len(inside), 'channel')}, {per_cm2} for each square "
        f"centimetre; the nearest other channel is {channels.nearest_mm:.2f} mm away on average."
    )
    title = "Where the channels lie"
    return Figure(
        "channels",
        title,
        draw("channels", title, alt, height, paint),
        alt,
        ("Pass", "Channels in the window", "For each cm²"),
        rows,
    )


def _shade(order: int, count: int) -> str:
    """From paper to accent: the later the pass, the darker."""
    share = (order + 1) / count
    light, dark = ([int(colour[i : i + 2], 16) for i in (1, 3, 5)] for colour in (PAPER, ACCENT))
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in zip(light, dark, strict=True))


# ---------------------------------------------------------------- all of them


def all_figures(choice: Choice, kb: Knowledge, channels: ChannelMap | None = None) -> dict[str, Figure]:
    """Every figure that the choice has data for, by id."""
    treated = bool(choice.plan.sessions)
    made = [
        dots_figure(choice, kb) if treated else None,
        severity_figure(choice, kb),
        harms_figure(choice.forecast, kb) if treated else None,
        not_before_figure(choice, kb),
        first_days_figure(choice, kb),
        collagen_figure(choice, kb) if treated else None,
        candidates_figure(choice, kb),
        channel_figure(channels) if channels is not None else None,
    ]
    return {figure.id: figure for figure in made if figure is not None}
