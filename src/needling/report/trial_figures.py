"""Pictures of a trial: who took part, outcomes of each arm, differences, harms beside benefits. Each with its table."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite

from needling.documents.study import ArmResult, Contrast, Difference, Estimate, MeasureSpread, Study, TrialResults
from needling.report.canvas import (
    ACCENT,
    DASHED,
    FAINT,
    INK,
    MIDDLE_BAND,
    MUTED,
    PAPER,
    SMALL,
    WIDE_BAND,
    WIDTH,
    Figure,
    Frame,
    Sheet,
    draw,
    lines_of,
    round_ticks,
)
from needling.report.words import at_level, number, signed, thousands

_SHORT = 28  # letters of a label that can stand in a table
MEASURE_WORDS = {
    "change": "improvement on the scale",
    "responder": "people who improve by a meaningful step",
    "redness": "longest redness",
    "harm": "chance of a lasting mark",
    # columns of the people
    "change_score": "improvement on the scale",
    "change_seen_score": "improvement as a reading shows it",
    "gain": "improvement in meaningful steps",
    "responder_seen": "people whose reading improves by a meaningful step",
    "redness_d": "longest redness",
    "ready_d": "time until the skin is ready again",
    "harm_probability": "chance of a lasting mark",
}
_UNIT_WORDS = {"d": "days", "probability": "probability", "share": "share of people", "ratio": "steps"}


# ---------------------------------------------------------------- words for numbers


def unit_words(unit: str) -> str:
    """A unit as a reader says it."""
    return _UNIT_WORDS.get(unit, unit)


def is_share(unit: str) -> bool:
    """Whether a number is a part of all people, and is told as a percentage."""
    return unit in ("share", "probability")


def value_words(value: float, unit: str, *, sign: bool = False) -> str:
    """A number with its unit: ``+0.31 grade``, ``12.4 %``, ``-1.2 % points``."""
    told = _told(value, unit, sign)
    if is_share(unit):
        return f"{told} % points" if sign else f"{told} %"
    return f"{told} {unit_words(unit).removesuffix('s') if told == '1' else unit_words(unit)}"


def _told(value: float, unit: str, sign: bool) -> str:
    return (signed if sign else number)(*((100 * value, 1) if is_share(unit) else (value, 3)))


def interval_words(estimate: Estimate, unit: str, *, sign: bool = False) -> str:
    """An estimate with its interval: ``0.31 grade (0.29 to 0.33)``."""
    low, high = (_told(end, unit, sign) for end in (estimate.low, estimate.high))
    return f"{value_words(estimate.value, unit, sign=sign)} ({low} to {high})"


def share_words(share: Estimate | None) -> str:
    """A share of people with its interval; where there is no scale, nobody knows."""
    return "not known" if share is None or not isfinite(share.value) else interval_words(share, "share")


def measure_words(measure: str) -> str:
    """What a measure is."""
    return MEASURE_WORDS.get(measure, measure.replace("-", " "))


def differences_of(contrast: Contrast) -> tuple[tuple[str, Difference], ...]:
    """The differences in the primary outcome, with what each is: the registered one first."""
    found = [
        ("registered analysis: everybody who entered", contrast.primary),
        ("those who stayed", contrast.completers),
    ]
    if contrast.as_seen is not None:
        found.append(("as readings with their noise would show it", contrast.as_seen))
    return tuple(found)


def arm_name(results: TrialResults, arm: str) -> str:
    """What an arm is called in tables and figures: its label where that is short, else its id."""
    label = next((one.label for one in results.arms if one.arm == arm), arm)
    return label if len(label) <= _SHORT else arm


# ---------------------------------------------------------------- who took part


def _box(sheet: Sheet, left: float, top: float, wide: float, lines: Sequence[str], fill: str = PAPER) -> float:
    """Lines of text in a frame; gives back where it ends below."""
    bottom = top - 12.5 * len(lines) - 8
    corners = [(left, bottom), (left + wide, bottom), (left + wide, top), (left, top)]
    sheet.polygon(corners, fill)
    sheet.line([*corners, corners[0]], MUTED, 0.9)
    for order, said in enumerate(lines):
        sheet.text(left + 6, top - 13.5 - 12.5 * order, said, SMALL, bold=order == 0)
    return bottom


def _arrow(sheet: Sheet, x: float, top: float, bottom: float) -> None:
    sheet.line([(x, top), (x, bottom + 4)], MUTED, 1.0)
    sheet.polygon([(x, bottom), (x - 3, bottom + 5), (x + 3, bottom + 5)], MUTED)


_AFTER = "those after dropping out included"


def _people_words(arm: ArmResult) -> str:
    left = thousands(arm.dropped_out_count)
    return f"{thousands(arm.people_count)} people, {left} dropped out before the day of judging"


def _sessions_words(arm: ArmResult) -> str:
    return f"{thousands(arm.sessions_missed_count)} of {thousands(arm.sessions_planned_count)} sessions missed"


def flow_figure(results: TrialResults) -> Figure:
    """Screened, not eligible and why, entered, and what became of them in each arm."""
    flow = results.flow
    reasons = [
        f"{thousands(one.people_count)}: {one.reason}"
        for one in sorted(flow.not_eligible, key=lambda r: -r.people_count)
    ]
    shown = [line for reason in reasons[:6] for line in lines_of(reason, 40)]
    if len(reasons) > 6:
        shown.append(f"and {len(reasons) - 6} more reasons (table)")
    out = flow.screened_count - flow.eligible_count
    left_box = [f"{thousands(flow.screened_count)} screened"]
    right_box = [f"{thousands(out)} did not enter", *shown]
    every = "every one of them in every arm" if results.design == "paired" else "each of them in one arm"
    middle = [f"{thousands(flow.eligible_count)} entered", every]
    arms = [
        [
            arm_name(results, arm.arm),
            _people_words(arm),
            f"{_sessions_words(arm)} ({_AFTER})",
        ]
        for arm in results.arms
    ]
    side = 12.5 * len(right_box) + 8
    height = 2 + max(side, 22.0) + 26 + 34 + sum(12.5 * 3 + 8 + 14 for _ in arms) + 2

    def paint(sheet: Sheet) -> None:
        top = height - 2
        first = _box(sheet, 4, top, 98, left_box, FAINT)
        side_end = _box(sheet, 124, top, WIDTH - 128, right_box)
        sheet.line([(102, top - 11), (124, top - 11)], MUTED, 1.0)
        sheet.polygon([(124, top - 11), (119, top - 14), (119, top - 8)], MUTED)
        enter = min(first, side_end) - 22
        _arrow(sheet, 53, first, enter)
        below = _box(sheet, 4, enter, WIDTH - 8, middle, FAINT)
        trunk = below
        for lines in arms:
            start = below - 14
            below = _box(sheet, 34, start, WIDTH - 38, lines)
            centre = 0.5 * (start + below)
            sheet.line([(17, trunk), (17, centre), (34, centre)], MUTED, 1.0)
            sheet.polygon([(34, centre), (29, centre - 3), (29, centre + 3)], MUTED)
            trunk = centre

    rows = (
        ("Screened", thousands(flow.screened_count)),
        *((f"Did not enter: {one.reason}", thousands(one.people_count)) for one in flow.not_eligible),
        ("Entered", thousands(flow.eligible_count)),
        *(
            row
            for arm in results.arms
            for row in (
                (f"{arm_name(results, arm.arm)}: people", thousands(arm.people_count)),
                (
                    f"{arm_name(results, arm.arm)}: dropped out before the day of judging",
                    thousands(arm.dropped_out_count),
                ),
                (f"{arm_name(results, arm.arm)}: sessions planned", thousands(arm.sessions_planned_count)),
                (f"{arm_name(results, arm.arm)}: sessions missed ({_AFTER})", thousands(arm.sessions_missed_count)),
            )
        ),
    )
    alt = (
        f"{thousands(flow.screened_count)} virtual people screened, {thousands(flow.eligible_count)} entered. "
        + " ".join(
            f"{arm_name(results, arm.arm)}: {thousands(arm.people_count)} people, "
            f"{thousands(arm.dropped_out_count)} dropped out."
            for arm in results.arms
        )
    )
    title = "Who took part"
    return Figure("flow", title, draw("flow", title, alt, height, paint), alt, ("Step", "People"), rows)


# ---------------------------------------------------------------- outcomes of each arm


def _spread(arm: ArmResult, measure: str) -> MeasureSpread | None:
    return next((one for one in arm.measures if one.measure == measure), None)


def _ends(values: Sequence[float]) -> tuple[float, float]:
    """A scale that holds some values, with a little room."""
    finite = [value for value in values if isfinite(value)] or [0.0]
    low, high = min(finite), max(finite)
    room = 0.06 * (high - low) or 0.5
    return low - room, high + room


def _tick_words(ticks: Sequence[float], unit: str) -> list[str]:
    return [f"{100 * tick:g}" if is_share(unit) else f"{tick:g}" for tick in ticks]


def _axis_words(measure: str, unit: str) -> str:
    told = "percent of people" if unit == "share" else "percent" if unit == "probability" else unit_words(unit)
    return f"{measure_words(measure)}, {told}"


def outcome_figure(results: TrialResults, measure: str) -> Figure | None:
    """How one measure differs between the people of each arm: nine of ten, half, the middle one, the mean."""
    found = [(arm, spread) for arm in results.arms if (spread := _spread(arm, measure)) is not None]
    if not found or any(not isfinite(value) for _, spread in found for value in spread.quantiles):
        return None
    unit = found[0][1].unit
    levels = (0.05, 0.25, 0.5, 0.75, 0.95)
    values = [[at_level(spread.levels_share, spread.quantiles, level) for level in levels] for _, spread in found]
    row, below = 40.0, 36.0
    height = below + row * len(found) + 24
    ends = _ends([0.0, *(value for line in values for value in line), *(spread.mean for _, spread in found)])

    def paint(sheet: Sheet) -> None:
        frame = Frame(sheet, 10, below, WIDTH - 20, row * len(found), ends, (float(len(found)), 0.0))
        ticks = round_ticks(*ends)
        frame.x_axis(ticks, _tick_words(ticks, unit), _axis_words(measure, unit), grid=True)
        for order, ((arm, spread), line) in enumerate(zip(found, values, strict=True)):
            top = frame.bottom + frame.height - order * row
            middle = top - 26
            sheet.text(10, top - 12, arm_name(results, arm.arm), SMALL)
            at = [frame.at(value, 0)[0] for value in line]
            sheet.line([(at[0], middle), (max(at[4], at[0] + 1), middle)], WIDE_BAND, 14)
            sheet.line([(at[1], middle), (max(at[3], at[1] + 1), middle)], MIDDLE_BAND, 14)
            sheet.line([(at[2], middle - 8), (at[2], middle + 8)], ACCENT, 2.4)
            sheet.marks([(frame.at(spread.mean, 0)[0], middle)], 5, PAPER, INK, "D", 1.2)
        left = 10.0
        for shade, said in ((WIDE_BAND, "9 of 10 people"), (MIDDLE_BAND, "half"), (ACCENT, "middle")):
            sheet.line([(left, height - 8), (left + 10, height - 8)], shade, 10 if shade != ACCENT else 2.4)
            sheet.text(left + 14, height - 11.5, said, SMALL)
            left += 26 + 5.2 * len(said)
        sheet.marks([(left + 5, height - 8)], 5, PAPER, INK, "D", 1.2)
        sheet.text(left + 14, height - 11.5, "mean", SMALL)

    rows = tuple(
        (
            arm_name(results, arm.arm),
            value_words(spread.mean, unit),
            value_words(spread.sd, unit),
            *(value_words(value, unit) for value in line),
        )
        for (arm, spread), line in zip(found, values, strict=True)
    )
    headers = ("Arm", "Mean", "Standard deviation", *(f"{100 * level:g} %" for level in levels))
    title = f"Between people: {measure_words(measure)}"
    alt = f"{title}. " + " ".join(
        f"{arm_name(results, arm.arm)}: mean {value_words(spread.mean, unit)}, nine of ten from "
        f"{value_words(line[0], unit)} to {value_words(line[4], unit)}."
        for (arm, spread), line in zip(found, values, strict=True)
    )
    name = f"outcome-{measure}"
    return Figure(name, title, draw(name, title, alt, height, paint), alt, headers, rows)


# ---------------------------------------------------------------- differences


def _over(sheet: Sheet, x: float, y: float, said: str, bold: bool = False) -> None:
    """Text on a clear ground, so that no line of the scale runs through it."""
    sheet.line([(x - 2, y + 3), (x + 5.1 * len(said), y + 3)], PAPER, 12)
    sheet.text(x, y, said, SMALL, INK if bold else MUTED, bold=bold)


def _whisker(sheet: Sheet, frame: Frame, estimate: Estimate, y: float, color: str, strong: bool) -> None:
    low, high = frame.at(estimate.low, 0)[0], frame.at(estimate.high, 0)[0]
    sheet.line([(low, y), (high, y)], color, 1.4)
    for end in (low, high):
        sheet.line([(end, y - 4), (end, y + 4)], color, 1.4)
    face = color if strong else PAPER
    sheet.marks([(frame.at(estimate.value, 0)[0], y)], 6.5, face, color, "s")


def differences_figure(study: Study, results: TrialResults) -> Figure:
    """Each arm against the control: difference, confidence interval, other possible worlds, and the margin."""
    unit = results.primary_unit
    lines = [
        (contrast, order, words, difference)
        for contrast in results.contrasts
        for order, (words, difference) in enumerate(differences_of(contrast))
    ]
    margin = study.analysis.margin
    ends = _ends(
        [
            0.0,
            *(end for *_, one in lines for end in (one.estimate.low, one.estimate.high)),
            *(end for *_, one in lines for end in (one.world_low, one.world_high) if end is not None),
        ]
    )
    near = ends[0] - 0.5 * (ends[1] - ends[0]) <= margin <= ends[1] + 0.5 * (ends[1] - ends[0])
    if near:
        ends = _ends([*ends, margin])
    row, head, below = 30.0, 18.0, 36.0
    tall = row * len(lines) + head * len(results.contrasts)
    height = below + tall + 34

    def paint(sheet: Sheet) -> None:
        frame = Frame(sheet, 10, below, WIDTH - 20, tall, ends, (1.0, 0.0))
        ticks = round_ticks(*ends)
        frame.x_axis(ticks, _tick_words(ticks, unit), f"difference: {_axis_words(results.primary, unit)}", grid=True)
        zero = frame.at(0, 0)[0]
        sheet.line([(zero, below), (zero, below + tall)], INK, 1.2)
        if near:
            at = frame.at(margin, 0)[0]
            sheet.line([(at, below), (at, below + tall)], MUTED, 1.0, DASHED)
        top = below + tall
        for contrast, order, words, difference in lines:
            if order == 0:
                against = f"{arm_name(results, contrast.arm)} against {arm_name(results, contrast.control)}"
                _over(sheet, 10, top - 12, against, bold=True)
                top -= head
            _over(sheet, 10, top - 9, words)
            y = top - 20
            if difference.world_low is not None and difference.world_high is not None:
                band = [frame.at(end, 0)[0] for end in (difference.world_low, difference.world_high)]
                sheet.line([(band[0], y), (max(band[1], band[0] + 1), y)], WIDE_BAND, 12)
            _whisker(sheet, frame, difference.estimate, y, ACCENT, order == 0)
            top -= row
        sheet.line([(10, height - 8), (24, height - 8)], ACCENT, 1.4)
        level = 100 * (1 - study.analysis.alpha_probability)
        sheet.text(28, height - 11.5, f"{level:g} % confidence", SMALL)
        sheet.line([(118, height - 8), (132, height - 8)], WIDE_BAND, 11)
        sheet.text(136, height - 11.5, "90 % of the other possible worlds", SMALL)
        if near:
            sheet.line([(10, height - 22), (24, height - 22)], MUTED, 1.0, DASHED)
            sheet.text(28, height - 25.5, f"smallest difference that matters ({value_words(margin, unit)})", SMALL)

    rows = tuple(
        (
            f"{arm_name(results, contrast.arm)} against {arm_name(results, contrast.control)}",
            words,
            interval_words(difference.estimate, unit, sign=True),
            _worlds(difference, unit),
            value_words(difference.sd, unit),
        )
        for contrast, _, words, difference in lines
    )
    headers = ("Arms", "People", "Difference (interval)", "Other worlds", "Standard deviation between people")
    title = "Differences between arms"
    alt = f"{title} in {measure_words(results.primary)}. " + " ".join(f"{row[0]}, {row[1]}: {row[2]}." for row in rows)
    return Figure("differences", title, draw("differences", title, alt, height, paint), alt, headers, rows)


def _worlds(difference: Difference, unit: str) -> str:
    if difference.world_low is None or difference.world_high is None:
        return "not computed"
    low, high = (value_words(end, unit, sign=True) for end in (difference.world_low, difference.world_high))
    return f"{low} to {high}"


# ---------------------------------------------------------------- harms beside benefits


def harms_figure(results: TrialResults) -> Figure:
    """For each arm the share that improves and, beside it, the share that gets a lasting mark."""
    row, below = 52.0, 36.0
    height = below + row * len(results.arms) + 22
    known = [share for arm in results.arms for share in (arm.responders, arm.harm) if share is not None]
    most = max(0.05, *(share.high for share in known if isfinite(share.high)))
    ends = (0.0, min(1.0, 1.1 * most))

    def paint(sheet: Sheet) -> None:
        frame = Frame(sheet, 10, below, WIDTH - 20, row * len(results.arms), ends, (1.0, 0.0))
        ticks = round_ticks(*ends)
        frame.x_axis(ticks, [f"{100 * tick:g}" for tick in ticks], "percent of people", grid=True)
        zero = frame.at(0, 0)[0]
        for order, arm in enumerate(results.arms):
            top = frame.bottom + frame.height - order * row
            sheet.text(10, top - 12, arm_name(results, arm.arm), SMALL)
            for place, (share, shade) in enumerate(((arm.responders, ACCENT), (arm.harm, INK))):
                y = top - 23 - 15 * place
                if share is None or not isfinite(share.value):
                    sheet.text(zero + 3, y - 3, "not known", SMALL, MUTED)
                    continue
                sheet.line([(zero, y), (max(frame.at(share.value, 0)[0], zero + 0.6), y)], shade, 10)
                sheet.text(
                    frame.at(max(share.value, share.high), 0)[0] + 4 if share.value < 0.8 * ends[1] else zero + 4,
                    y - 3.2,
                    f"{100 * share.value:.1f} %",
                    SMALL,
                    INK if share.value < 0.8 * ends[1] else PAPER,
                )
        for left, shade, said in ((10, ACCENT, "improve by a meaningful step"), (170, INK, "get a lasting mark")):
            sheet.line([(left, height - 8), (left + 10, height - 8)], shade, 10)
            sheet.text(left + 14, height - 11.5, said, SMALL)

    rows = tuple(
        (
            arm_name(results, arm.arm),
            share_words(arm.responders),
            share_words(arm.harm),
            thousands(arm.harmed_count),
        )
        for arm in results.arms
    )
    headers = ("Arm", "Improve by a meaningful step", "Get a lasting mark", "People with a mark")
    title = "Benefit and harm side by side"
    alt = f"{title}. " + " ".join(f"{row[0]}: {row[1]} improve, {row[2]} get a lasting mark." for row in rows)
    return Figure("harms", title, draw("harms", title, alt, height, paint), alt, headers, rows)


def trial_figures(study: Study, results: TrialResults) -> dict[str, Figure]:
    """All figures of a trial by name."""
    measures = dict.fromkeys(spread.measure for arm in results.arms for spread in arm.measures)
    if "change_score" in measures:  # the same people in the same order, counted in other steps
        measures.pop("gain", None)
    made = [
        flow_figure(results),
        differences_figure(study, results),
        harms_figure(results),
        *(outcome_figure(results, measure) for measure in measures),
    ]
    return {figure.id: figure for figure in made if figure is not None}
