"""One approval looked back at, in words, tables and a figure: forecast against seen, planned against delivered."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from math import inf

from needling.documents import Approval, MeasureForecast, Verdict
from needling.documents.learning import Delivery, Miss, Misses, ToldEvent
from needling.knowledge.base import Knowledge
from needling.report.about_forecast import quantile_curve
from needling.report.bands import LEVELS
from needling.report.bibliography import Bibliography
from needling.report.canvas import (
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
from needling.report.explanation import Section, Statement, Table, Telling, reference_lines, section_lines, wrapped
from needling.report.html import Block, Page, Part, page_style, render_page
from needling.report.words import (
    ENDPOINT_WORD,
    NOTICE,
    number,
    on_day,
    plural,
    sentence,
    setting_words,
    signed,
    zone_name,
)
from needling.units import UNITS

_PANEL, _GAP, _TOP, _BELOW = 110.0, 44.0, 34.0, 34.0


def is_good(misses: Misses) -> bool:
    """Whether nothing unwanted was told, every reading lies inside its 90 % band, and all was done as planned."""
    return (
        all(one.expected for one in misses.told)
        and all(one.inside_90 for one in misses.misses)
        and all(one.as_planned for one in misses.deliveries)
    )


def headline(misses: Misses) -> str:
    """The answer in a few words."""
    outside = [one for one in misses.misses if not one.inside_90]
    off = {one.session for one in misses.deliveries if not one.as_planned}
    beyond = {one.session for one in misses.deliveries if one.beyond_endpoint}
    unwanted = [one for one in misses.told if not one.expected]
    said = []
    if unwanted:
        serious = sum(one.serious for one in unwanted)
        all_serious = "serious " if serious == len(unwanted) else ""
        some = f", {serious} of them serious" if serious and not all_serious else ""
        said.append(f"{plural(len(unwanted), f'{all_serious}unwanted event')}{some}")
    if misses.misses:
        inside = len(misses.misses) - len(outside)
        said.append(f"{inside} of {plural(len(misses.misses), 'reading')} where the forecast had 9 of 10 people")
    else:
        said.append("No reading could be compared with the forecast yet")
    if off:
        over = f" ({len(beyond)} beyond the planned endpoint)" if beyond else ""
        said.append(f"{plural(len(off), 'session')} not done as planned{over}")
    return "; ".join(said)


def _measure_words(miss: Miss, approval: Approval, kb: Knowledge) -> str:
    if miss.zone is None:
        return "Longest redness after a session"
    label = next((one.label for one in approval.forecast.measures if one.measure == miss.measure), miss.measure)
    return f"{label.removesuffix(', as read')}, {zone_name(miss.zone, kb)}"


def _chance(share: float) -> str:
    return f"{100 * share:.1f} %" if share >= 0.001 else "less than 0.1 %"


def _unit_words(unit: str) -> str:
    return UNITS[unit].label if unit in UNITS and UNITS[unit].label else unit


def _reading_rows(misses: Misses, approval: Approval, kb: Knowledge) -> list[tuple[str, ...]]:
    return [
        (
            f"{_measure_words(one, approval, kb)} ({_unit_words(one.unit)})",
            on_day(one.on),
            f"{number(one.forecast_median)} ({number(one.low)} to {number(one.high)})",
            number(one.seen),
            signed(one.error),
            "half" if one.inside_50 else "9 of 10" if one.inside_90 else "outside",
        )
        for one in misses.misses
    ]


_READING_HEADERS = ("What", "On", "Forecast (9 of 10)", "Seen", "Off by", "Inside")
_DELIVERY_HEADERS = (
    "Session",
    "Zone",
    "Planned /cm²",
    "Given /cm²",
    "Off by",
    "Late",
    "Map agrees",
    "Dose as planned",
)


def _delivery_row(one: Delivery, kb: Knowledge) -> tuple[str, ...]:
    same_map = "" if one.agreement_share is None else f"{100 * one.agreement_share:.0f} %"
    planned = "yes" if one.as_planned else "no" if one.done else "not done"
    if one.beyond_endpoint:
        planned = "no, beyond its endpoint"
    return (
        str(one.session + 1),
        zone_name(one.zone, kb),
        number(one.planned_per_cm2, 0),
        number(one.delivered_per_cm2, 0),
        f"{signed(one.difference_pct, 0)} %",
        plural(one.late_d, "day") if one.late_d >= 0 else f"{plural(-one.late_d, 'day')} early",
        same_map or "-",
        "yes, to its endpoint" if one.at_endpoint else planned,
    )


def _event_words(one: ToldEvent, approval: Approval, kb: Knowledge) -> str:
    """Grade, day and standing of an event, and whether its harm has a chance to hold against it."""
    groups = {event.id: event.ref or event.id for event in kb.adverse_events}
    group = groups.get(one.harm, one.harm)
    rated = any(
        harm.probability is not None and groups.get(harm.harm, harm.harm) == group for harm in approval.forecast.harms
    )
    said = [f"grade {one.grade} ({one.grade_label})"]
    said.append(f"day {number(one.after_d)} after session {one.session + 1} ({on_day(one.on)})")
    said += ["serious"] if one.serious else ["expected"] if one.expected else []
    said += [] if rated or one.expected else ["no chance was forecast, because its rate is not known"]
    return sentence("; ".join(said)) + (f" {sentence(one.note)}" if one.note else "")


def _how_far_off(crps: float, bias: float) -> str:
    """The mean distance of readings from their forecast, and to which side of its middle they lie."""
    beside = number(abs(bias))
    side = "at" if beside == "0" else f"{beside} {'above' if bias > 0 else 'below'}"
    return (
        f"On average a reading of a scale lies {number(crps)} off its forecast, counting the spread (CRPS), and {side} "
        "its middle (bias); 0 would be best for both."
    )


def score_sections(misses: Misses, approval: Approval, telling: Telling) -> tuple[Section, ...]:
    """Unwanted events, forecast and seen, planned and delivered, chances against what came, and what was left out."""
    kb = telling.kb
    sections = []
    if misses.told:
        events = tuple(Statement(_event_words(one, approval, kb), one.label) for one in misses.told)
        sections.append(Section("unwanted", "Unwanted events", (), events))
    if misses.misses:
        one_person = (
            "One person cannot tell a good forecast from a bad one: the command “needling calibration” pools many"
        )
        said = [
            telling.say(
                f"{_how_far_off(misses.mean_crps, misses.bias or 0.0)} {one_person}"
                if misses.mean_crps is not None
                else one_person
            )
        ]
        rows = tuple(telling.row(*row) for row in _reading_rows(misses, approval, kb))
        table = Table("", _READING_HEADERS, rows)
        sections.append(Section("readings", "Forecast against seen", tuple(said), (), (table,)))
    if misses.deliveries:
        at = telling.at("planned against delivered")
        notes = dict.fromkeys(one.map_note for one in misses.deliveries if one.map_note)
        points = tuple(at.say(note, kb.parameter("agreement-pass").sources, lead="Maps") for note in notes)
        rows = tuple(at.row(*_delivery_row(one, kb)) for one in misses.deliveries)
        table = Table("", _DELIVERY_HEADERS, rows)
        sections.append(Section("delivered", "Planned against delivered", (), points, (table,)))
    chances = []
    for endpoint in misses.endpoints:
        chance = dict(endpoint.expected_probability)[endpoint.seen]
        scores = f"{number(endpoint.rps_ratio)}; all five taken as equally likely, {number(endpoint.even_rps_ratio)}"
        chances.append(
            Statement(
                f"{ENDPOINT_WORD[endpoint.seen].capitalize()}, forecast with a chance of {100 * chance:.0f} %. From 0, "
                f"sure and right, to 1, sure and at the other end: {scores} (ranked probability score).",
                f"Endpoint of session {endpoint.session + 1}",
            )
        )
    for event in misses.events:
        came = "It came" if event.happened else "It did not come"
        chances.append(
            Statement(
                f"{came}; forecast with a chance of {_chance(event.probability)}. From 0, sure and right, to 1, sure "
                f"and wrong: {number(event.brier_ratio, 3)} (Brier score).",
                event.label.rstrip("."),
            )
        )
    if chances:
        sections.append(Section("chances", "Chances against what came", (), tuple(chances)))
    if misses.unscored:
        sections.append(
            Section("left-out", "Not scored", (), tuple(telling.say(_readable(said)) for said in misses.unscored))
        )
    return tuple(sections)


def _readable(said: str) -> str:
    """Days as people write them, and no names of fields."""
    said = said.replace(" (asked_until_d)", "")
    return re.sub(r"\b\d{4}-\d\d-\d\d\b", lambda day: on_day(date.fromisoformat(day[0])), said)


# ---------------------------------------------------------------- figure


def readings_figure(misses: Misses, approval: Approval, kb: Knowledge) -> Figure | None:
    """The forecast's band over time, as a reader would see it, with what was seen."""
    shown: list[tuple[MeasureForecast, list[Miss]]] = []
    for measure in approval.forecast.measures:
        own = [one for one in misses.misses if (one.measure, one.zone) == (measure.measure, measure.zone)]
        if own:
            shown.append((measure, own))
    if not shown:
        return None
    days, start = approval.forecast.days_d, approval.plan.start
    height = _TOP + _BELOW + len(shown) * _PANEL + (len(shown) - 1) * _GAP

    def paint(sheet: Sheet) -> None:
        for index, (measure, own) in enumerate(shown):
            curves = _within_scale(measure, kb)
            values = [value for curve in curves for value in curve] + [one.seen for one in own]
            room = 0.06 * (max(values) - min(values) or 1.0)
            bottom = height - _TOP - _PANEL - index * (_PANEL + _GAP)
            ends = (min(values) - room, max(values) + room)
            frame = Frame(sheet, 34, bottom, 205, _PANEL, (0.0, days[-1]), ends)
            ticks = round_ticks(*ends)
            frame.y_axis(ticks, [number(tick) for tick in ticks])
            frame.band(days, curves[0], curves[4], WIDE_BAND)
            frame.band(days, curves[1], curves[3], MIDDLE_BAND)
            frame.curve(days, curves[2])
            for one in own:
                place = frame.at((one.on - start).days, one.seen)
                sheet.marks([place], 8, INK if one.inside_90 else PAPER, INK, "D", 1.6)
            x_ticks = round_ticks(0, days[-1], 5)
            frame.x_axis(x_ticks, [number(tick) for tick in x_ticks], "days" if index == len(shown) - 1 else "")
            where = zone_name(measure.zone or "", kb)
            named = f"{where[:1].upper()}{where[1:]}: {measure.label.removesuffix(', as read')}"
            frame.heading(lines_of(named, 58, 1))
            if index == 0:
                _paint_key(sheet, 248, frame.bottom + _PANEL)

    title = "Forecast and what was seen"
    alt = "The forecast's band over time and the readings. " + " ".join(
        f"{_measure_words(one, approval, kb)}, {on_day(one.on)}: seen {number(one.seen)}, forecast "
        f"{number(one.forecast_median)} ({number(one.low)} to {number(one.high)})."
        for _, own in shown
        for one in own
    )
    rows = tuple(_reading_rows(misses, approval, kb))
    return Figure("readings", title, draw("readings", title, alt, height, paint), alt, _READING_HEADERS, rows)


def _within_scale(measure: MeasureForecast, kb: Knowledge) -> list[list[float]]:
    """The curves of the band, inside the scale: nobody reads beyond its ends."""
    scale = kb.by("scales").get(measure.measure.removeprefix("seen-"))
    low, high = (-inf, inf) if scale is None else (scale.low, scale.high)
    return [[min(max(value, low), high) for value in quantile_curve(measure, level)] for level in LEVELS]


def _paint_key(sheet: Sheet, left: float, top: float) -> None:
    for index, (shade, said) in enumerate(((WIDE_BAND, "9 of 10 people"), (MIDDLE_BAND, "half of people"))):
        y = top - 6 - 15 * index
        sheet.line([(left, y), (left + 12, y)], shade, 9)
        sheet.text(left + 16, y - 3, said, SMALL)
    sheet.line([(left, top - 36), (left + 12, top - 36)], width=2)
    sheet.text(left + 16, top - 39, "middle", SMALL)
    sheet.marks([(left + 6, top - 51)], 8, INK, INK, "D", 1.6)
    sheet.text(left + 16, top - 54, "seen", SMALL)
    sheet.marks([(left + 6, top - 66)], 8, PAPER, INK, "D", 1.6)
    sheet.text(left + 16, top - 69, "seen outside", SMALL, MUTED)


# ---------------------------------------------------------------- pages


def score_text(misses: Misses, approval: Approval, kb: Knowledge) -> str:
    """The whole answer as plain text, at most 80 columns."""
    telling = Telling(kb, "clinician", False, Bibliography(kb))
    lines = [*wrapped(headline(misses)), ""]
    for section in score_sections(misses, approval, telling):
        lines += section_lines(section)
    references = telling.bibliography.references()
    if references:
        lines += ["Sources", "-" * len("Sources"), *(line for one in references for line in reference_lines(one)), ""]
    return "\n".join(line.rstrip() for line in [*lines, *wrapped(NOTICE)])


def render_score_html(misses: Misses, approval: Approval, kb: Knowledge) -> str:
    """The whole answer as one HTML file with its figure and tables."""
    bibliography = Bibliography(kb)
    telling = Telling(kb, "clinician", False, bibliography)
    figure = readings_figure(misses, approval, kb)
    blocks: Sequence[Block] = [
        Block(section, (figure,) if section.id == "readings" and figure is not None else ())
        for section in score_sections(misses, approval, telling)
    ]
    verdict: Verdict = "go" if is_good(misses) else "defer"
    plan = approval.plan
    return render_page(
        Page(
            title="Forecast and delivery, looked back at",
            about=f"Person {plan.person}, {setting_words(plan.envelope)}, start {on_day(plan.start)}, approved by "
            f"{approval.by}",
            verdict=verdict,
            verdict_words=sentence(headline(misses))[:-1],
            answer=sentence(plan.label),
            tiles=(),
            parts=(Part("score", "Looked back at", tuple(blocks)),) if blocks else (),
            references=bibliography.references(),
            approval=(),
            marks=f"Approval {misses.approval} · plan {approval.plan_sha256} · forecast {approval.forecast_sha256}",
            style=page_style(),
        )
    )
