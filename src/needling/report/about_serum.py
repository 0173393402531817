"""A serum forecast in words, tables and one figure: amounts by layer over time, always as bands on a log scale."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, floor, log10

from needling.documents.exposure import SerumAmount, SerumForecast
from needling.knowledge.base import Knowledge
from needling.report.bibliography import Bibliography
from needling.report.canvas import (
    ACCENT,
    DASHED,
    INK,
    MIDDLE_BAND,
    MUTED,
    SMALL,
    WIDE_BAND,
    Figure,
    Frame,
    Sheet,
    draw,
    lines_of,
    round_ticks,
)
from needling.report.explanation import Explanation, Section, Table, Telling
from needling.report.words import NOTICE, at_level, device_name, listed, number, plural, setting_words, zone_name

LOW, MIDDLE, HIGH = 0.05, 0.5, 0.95
_DECADES = 6  # numerical: the figure reaches a millionth of the dose
_SHOWN = ("stratum-corneum", "viable-epidermis", "dermis", "cleared", "through", "past-barrier")
_MOST_SAID = 1000.0


# ---------------------------------------------------------------- numbers in words


def _amount(value: float) -> str:
    """An amount with two figures, and no more zeros than one can read."""
    if value <= 0:
        return "0"
    if value < _LEAST:
        return f"<{_LEAST:g}"
    digits = max(0, 1 - floor(log10(value)))
    return number(float(f"{value:.2g}"), digits)


_LEAST = 0.001  # numerical: of ug/cm2; smaller amounts are not told apart in words


def _ratio(value: float) -> str:
    return f"more than {_MOST_SAID:g}" if value > _MOST_SAID else number(float(f"{value:.2g}"), 1)


def _curve(forecast: SerumForecast, curves: Sequence[Sequence[float]], level: float) -> tuple[float, ...]:
    return tuple(at_level(forecast.levels_share, column, level) for column in zip(*curves, strict=True))


def _band_at(forecast: SerumForecast, curves: Sequence[Sequence[float]], index: int) -> str:
    column = [curve[index] for curve in curves]
    low, middle, high = (_amount(at_level(forecast.levels_share, column, level)) for level in (LOW, MIDDLE, HIGH))
    return f"{middle} ({low} to {high})"


def hours_words(hours_h: float) -> str:
    """``15 min``, ``6 h``, ``3 days``."""
    if hours_h < 1:
        return f"{number(hours_h * 60, 0)} min"
    return f"{number(hours_h, 1)} h" if hours_h < 72 else plural(round(hours_h / 24, 1), "day")


def use_words(forecast: SerumForecast, kb: Knowledge) -> str:
    """What was put on, where, how much, after what."""
    use = forecast.use
    share = number(100 * use.concentration_share, 4)
    where = "a skin sheet of " if use.receptor else ""
    said = (
        f"{use.substance.name} on {where}the {zone_name(use.site, kb)}, {setting_words(use.setting)}: "
        f"{number(use.product_mg_per_cm2, 2)} mg/cm² of a product with {share} %, which is "
        f"{_amount(forecast.dose_ug_per_cm2)} µg/cm² of the substance, "
        f"{'under cover' if use.cover == 'occluded' else 'open to the air'}"
    )
    if use.wash_off_h is not None:
        said += f", taken off after {hours_words(use.wash_off_h)}"
    if forecast.channels is None:
        return f"{said}; on whole skin"
    when = "right after" if use.hours_after_h == 0 else f"{hours_words(use.hours_after_h)} after"
    if use.density_per_cm2 is not None:
        return f"{said}; {when} needling that left {use.density_per_cm2:g} channels per cm²"
    device = device_name(use.device or "", kb).partition(",")[0]
    passes = f"{plural(use.directions_count, 'direction')} x {plural(use.passes_count, 'pass', 'passes')}"
    return f"{said}; {when} {use.needle_length_mm:g} mm needles ({device}, {passes})"


# ---------------------------------------------------------------- sections


def _hours(forecast: SerumForecast) -> list[int]:
    """A few report times, the last among them, about evenly spread on a log scale."""
    end = forecast.hours_h[-1]
    places = []
    for part in (1.0, 0.44, 0.0):
        wanted = end * 24.0**-part  # numerical: 1, 6 and 24 h of a day
        far = [abs(log10(hour / wanted)) if hour > 0 else float("inf") for hour in forecast.hours_h]
        places.append(far.index(min(far)))
    return list(dict.fromkeys(places))


def _amounts_section(forecast: SerumForecast, telling: Telling) -> Section:
    telling = telling.at("Where it goes")
    hours = _hours(forecast)
    headers = ("µg/cm²", *(hours_words(forecast.hours_h[index]) for index in hours))

    def table(caption: str, needled: bool) -> Table:
        rows = tuple(
            telling.row(
                amount.label,
                *(
                    _band_at(forecast, amount.needled_ug_per_cm2 if needled else amount.whole_skin_ug_per_cm2, index)
                    for index in hours
                ),
            )
            for amount in forecast.amounts
        )
        return Table(caption, headers, rows)

    both = "the middle person, and in brackets where 9 of 10 people are"
    passes = any(amount.place == "past-barrier" and amount.whole_skin_ug_per_cm2[-1][-1] for amount in forecast.amounts)
    tables = [table(f"On whole skin: {both}", needled=False)] if passes or forecast.channels is None else []
    if forecast.channels is not None:
        tables.insert(0, table(f"After needling: {both}", needled=True))
    statements = [telling.say(f"{use_words(forecast, telling.kb)}.")]
    if forecast.enhancement_ratio:
        low, high = (at_level(forecast.levels_share, forecast.enhancement_ratio, level) for level in (LOW, HIGH))
        statements.append(
            telling.say(
                f"By {hours_words(forecast.hours_h[-1])} channels let past the horny layer between {_ratio(low)} and "
                f"{_ratio(high)} times as much as whole skin does, for 9 of 10 people; nobody can say it closer"
            )
        )
    elif forecast.channels is not None:
        statements.append(telling.say("Whole skin lets nothing of it through, so there is no ratio to give"))
    return Section("amounts", "Where it goes", tuple(statements), tables=tuple(tables))


def _gate_section(forecast: SerumForecast, telling: Telling) -> Section:
    telling = telling.at("May it go on?")
    gate = forecast.gate
    said = "Yes" if gate.allowed else "No"
    statements = [telling.say(gate.why, gate.sources, lead=said, proposal=gate.proposal)]
    if not gate.allowed and gate.when_allowed_h is not None:
        statements.append(telling.say(f"Allowed from {hours_words(gate.when_allowed_h)} after the session"))
    return Section("gate", "May it go on?", tuple(statements))


def _power(value: float) -> str:
    """A number far from 1: ``2.1e-05``."""
    return f"{value:.1e}" if value and not _PLAIN <= value < 1 / _PLAIN else number(float(f"{value:.2g}"), 4)


_PLAIN = 1e-3  # numerical: nearer to 1 than this a number is written out


def _numbers_section(forecast: SerumForecast, telling: Telling) -> Section:
    telling = telling.at("The numbers behind it")
    found, levels = forecast.permeability, forecast.levels_share

    def row(name: str, values: Sequence[float], unit: str) -> tuple[str, ...]:
        if not values:
            return ()
        low, middle, high = (_power(at_level(levels, values, level)) for level in (LOW, MIDDLE, HIGH))
        return name, f"{middle} ({low} to {high})", unit

    channels = forecast.channels
    rows = [
        row("permeability of whole skin", found.skin_cm_per_h, "cm/h"),
        row("lag of the horny layer", found.lag_h, "h"),
        row("horny layer over product", found.horny_partition_ratio, ""),
        row("living skin over product", found.tissue_partition_ratio, ""),
        row("diffusivity in living skin", found.tissue_diffusivity_cm2_per_s, "cm²/s"),
        row("loss to blood and lymph", found.clearance_per_s, "per second"),
    ]
    if channels is not None:
        rows += [
            row("open channels at the start", channels.density_per_cm2, "/cm²"),
            row("depth of a channel", channels.depth_um, "µm"),
            row("conductance, of an open hole's", channels.opening_share, "share"),
            row("half-life of the channels", channels.half_life_h, "h"),
        ]
    table = Table("", ("quantity", "middle (9 of 10)", "unit"), tuple(telling.row(*cells) for cells in rows if cells))
    said = telling.say(
        f"Ensemble of {forecast.members_count} possible people, key {forecast.key}, model {forecast.model}, knowledge "
        f"{forecast.knowledge_version}, result {forecast.result}"
    )
    return Section("numbers", "The numbers behind it", (said,), tables=(table,))


def _assumptions_section(forecast: SerumForecast, telling: Telling) -> Section:
    telling = telling.at("What was taken for granted")
    points = tuple(telling.say(one.text, one.sources) for one in forecast.assumptions)
    return Section("assumptions", "What was taken for granted", points=points)


def explain_serum(forecast: SerumForecast, kb: Knowledge) -> Explanation:
    """A serum forecast in words: where it goes, what the gate says, the numbers, what was taken for granted, sources.

    Args:
        forecast: from :func:`needling.serum`. kb: names and sources.

    Returns:
        The explanation; ``str`` of it is plain text. A research run carries its stamp first and last.
    """
    telling = Telling(kb, "clinician", forecast.use.setting == "home", Bibliography(kb))
    sections = (
        _amounts_section(forecast, telling),
        _gate_section(forecast, telling),
        _numbers_section(forecast, telling),
        _assumptions_section(forecast, telling),
    )
    return Explanation(
        title=f"Serum: {forecast.use.substance.name}",
        reader="clinician",
        sections=sections,
        bibliography=telling.bibliography.references(),
        notice=f"{forecast.stamp} {NOTICE}" if forecast.stamp else NOTICE,
    )


# ---------------------------------------------------------------- figure


def _panels(forecast: SerumForecast) -> list[SerumAmount]:
    by_place = {amount.place: amount for amount in forecast.amounts}
    return [by_place[place] for place in _SHOWN if place in by_place]


def _short_stamp(forecast: SerumForecast) -> str:
    """The stamp without the gate's reasons, which stand in the text."""
    before, gate, _ = forecast.stamp.partition(" The gate says ")
    return f"{before}{gate}{'yes' if forecast.gate.allowed else 'no'}." if gate else before


def _paint_key(sheet: Sheet, left: float, top: float, needled: bool) -> None:
    for index, (shade, said) in enumerate(((WIDE_BAND, "9 of 10 people"), (MIDDLE_BAND, "half of people"))):
        y = top - index * 15
        sheet.polygon([(left, y - 8), (left + 12, y - 8), (left + 12, y), (left, y)], shade)
        sheet.text(left + 16, y - 7.3, said, SMALL)
    sheet.line([(left, top - 34), (left + 12, top - 34)], ACCENT, 2)
    sheet.text(left + 16, top - 37.3, "middle person", SMALL)
    if needled:
        sheet.line([(left, top - 49), (left + 12, top - 49)], INK, 1.1, DASHED)
        sheet.text(left + 16, top - 52.3, "whole skin:", SMALL)
        sheet.text(left + 16, top - 64.3, "9 of 10, middle", SMALL)


def serum_figure(forecast: SerumForecast, kb: Knowledge) -> Figure:
    """Amounts by layer over time on a log scale, needled (shaded) and on whole skin (dashed), with the same as a table.

    Args:
        forecast: from :func:`needling.serum`. kb: names.

    Returns:
        The figure; a research run carries its stamp in the picture, in its description and in its table.
    """
    shown = _panels(forecast)
    hours, end = forecast.hours_h, forecast.hours_h[-1]
    top_power = ceil(log10(max(forecast.dose_ug_per_cm2, 1e-6)))  # numerical: a dose of nothing still has a scale
    ends = (10.0 ** (top_power - _DECADES), 10.0**top_power)
    needled = forecast.channels is not None
    stamp = lines_of(_short_stamp(forecast), 58, 4) if forecast.stamp else []
    panel, gap, below = 66.0, 32.0, 34.0
    top = 20.0 + 13.0 * len(stamp)
    height = top + below + len(shown) * panel + (len(shown) - 1) * gap
    title = f"Where it goes: {forecast.use.substance.name}"

    def paint(sheet: Sheet) -> None:
        for index, said in enumerate(stamp):
            sheet.text(6, height - 11 - 13 * index, said, SMALL, INK, bold=True)
        for index, amount in enumerate(shown):
            bottom = height - top - panel - index * (panel + gap)
            frame = Frame(sheet, 48, bottom, 186, panel, (0.0, end), ends, y_log=True)
            ticks = [10.0**power for power in range(top_power - _DECADES, top_power + 1, 2)]
            frame.y_axis(ticks, [f"{tick:g}" for tick in ticks])
            curves = amount.needled_ug_per_cm2 if needled else amount.whole_skin_ug_per_cm2
            frame.band(hours, curves[0], curves[4], WIDE_BAND)
            frame.band(hours, curves[1], curves[3], MIDDLE_BAND)
            frame.curve(hours, curves[2])
            if needled:
                for level, width in ((0, 0.6), (2, 1.1), (4, 0.6)):
                    path = frame.path(hours, amount.whole_skin_ug_per_cm2[level])
                    sheet.line(path, INK if level == 2 else MUTED, width, DASHED)
            x_ticks = round_ticks(0, end, 5)
            labels = [number(tick) for tick in x_ticks]
            frame.x_axis(x_ticks, labels, "hours" if index == len(shown) - 1 else "")
            frame.heading(lines_of(f"{amount.label.capitalize()}, µg/cm²", 58, 1), up=5)
            if index == 0:
                _paint_key(sheet, 246, frame.bottom + panel, needled)

    places = listed([amount.label for amount in shown])
    last = [_band_at(forecast, a.needled_ug_per_cm2 if needled else a.whole_skin_ug_per_cm2, -1) for a in shown]
    ending = "; ".join(f"{amount.label} {said}" for amount, said in zip(shown, last, strict=True))
    alt = (
        f"{forecast.stamp + ' ' if forecast.stamp else ''}{use_words(forecast, kb)}. Amounts {places} over "
        f"{hours_words(end)} on a log scale. At the end, in µg/cm², middle and 9 of 10 people: {ending}."
    )
    return Figure(
        "serum",
        title,
        draw("serum", title, alt, height, paint),
        alt,
        ("Where", "Hours", "Skin", *(f"{number(100 * level, 0)} % are below" for level in forecast.levels_share)),
        _rows(forecast),
    )


def _rows(forecast: SerumForecast) -> tuple[tuple[str, ...], ...]:
    rows: list[tuple[str, ...]] = []
    for amount in forecast.amounts:
        for skin, curves in (("needled", amount.needled_ug_per_cm2), ("whole", amount.whole_skin_ug_per_cm2)):
            for index, hour in enumerate(forecast.hours_h) if curves else ():
                rows.append((amount.label, number(hour), skin, *(f"{curve[index]:.3g}" for curve in curves)))
    if forecast.stamp:
        rows.insert(0, (forecast.stamp, *[""] * (2 + len(forecast.levels_share))))
    return tuple(rows)
