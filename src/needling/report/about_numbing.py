"""Numbing cream in words and in one figure: whether its label allows it, and what reaches the blood."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, floor, log10

from needling.documents import Reason
from needling.documents.exposure import AnaestheticForecast, LevelForecast
from needling.knowledge.base import Knowledge
from needling.report.bibliography import Bibliography
from needling.report.canvas import (
    ACCENT,
    DASHED,
    INK,
    MIDDLE_BAND,
    SMALL,
    WIDE_BAND,
    Figure,
    Frame,
    Sheet,
    draw,
    round_ticks,
)
from needling.report.explanation import Explanation, Section, Statement, Table, Telling
from needling.report.words import number, sentence

_HEADLINE = {
    "beyond": "No. This numbing is refused",
    "ask": "Not answered yet: ask a clinician",
    "within": "Within the limits of the label; a clinician decides",
}
_SHOWN_DRUGS = 2
_LINES = {"lidocaine": ("lidocaine-heart-level", "lidocaine-toxic-level"), "prilocaine": ("prilocaine-toxic-level",)}
_TABLE_HOURS = (0.5, 1, 1.5, 2, 3, 4, 6, 8, 12, 18, 24)
_FEWEST = 0.01
_FLOOR = 1e-3  # numerical: µg/mL, below which a level is no longer said or drawn
_PLAIN = {
    "lidocaine-heart-level": "where it begins to act on the heart",
    "lidocaine-minor-level": "where first signs of poisoning are seen",
    "lidocaine-toxic-level": "which labels call toxic",
    "prilocaine-toxic-level": "which a label calls toxic; its harm to the blood's oxygen starts lower",
}


# ---------------------------------------------------------------- words


def _share_words(share: float, most: float) -> str:
    """A chance as counted in possible people; none is said with what so many people can rule out."""
    if share == 0.0:
        return f"None of the possible people gets there: a chance of at most {_percent(most)}"
    return f"About {_percent(share)} get there (at most {_percent(most)})"


def _percent(share: float) -> str:
    if share < _FEWEST:
        return f"{ceil(1000 * share)} in 1000"
    return f"{ceil(100 * share)} in 100"


def _level(value: float) -> str:
    if value < _FLOOR:
        return f"< {_FLOOR:g}"
    return f"{value:.2g}" if value < 1 else f"{value:.2f}".rstrip("0").rstrip(".")


def _reasons(reasons: Sequence[Reason], telling: Telling) -> tuple[Statement, ...]:
    return tuple(
        telling.say(one.why, one.sources, lead=one.what[:1].upper() + one.what[1:], proposal=one.proposal)
        for one in reasons
    )


def _planned(forecast: AnaestheticForecast, kb: Knowledge) -> str:
    places = ", ".join(kb.site(site).name for site in forecast.sites)
    cover = {True: "wrapped", False: "open", None: "wrapped or open not known"}[forecast.covered]
    return (
        f"{forecast.product}: {forecast.amount_g:g} g on {forecast.area_cm2:g} cm² ({places}), "
        f"{forecast.contact_min:g} minutes, {cover}"
    )


def _answer(forecast: AnaestheticForecast, telling: Telling) -> Section:
    telling = telling.at("The answer")
    said = [telling.say(f"{_HEADLINE[forecast.verdict]}")]
    if forecast.stamp:
        said.insert(0, telling.say(forecast.stamp))
    said.append(telling.say(_planned(forecast, telling.kb), lead="Asked about"))
    said.append(
        telling.say(
            "This names no dose for you. Limits for injections, in mg for each kg of body weight, do not hold for "
            "creams. Whether needling is for you is another question (needling screen). Ask the clinician who will "
            "needle you"
        )
    )
    return Section("answer", "The answer", tuple(said))


def _drug_points(drug: LevelForecast, forecast: AnaestheticForecast, telling: Telling) -> list[Statement]:
    low, _, middle, _, high = drug.peak_ug_per_ml
    name = drug.drug.capitalize()
    points = [
        telling.say(
            f"Highest level about {_level(middle)} µg/mL in the middle person; 9 of 10 people between {_level(low)} "
            f"and {_level(high)}. It comes {number(drug.peak_time_h[2], 1)} hours after the cream goes on (9 of 10: "
            f"{number(drug.peak_time_h[0], 1)} to {number(drug.peak_time_h[4], 1)}), and can still rise after it is "
            f"wiped off. Of {number(drug.dose_mg, 0)} mg on the skin, {number(drug.absorbed_mg[0], 0)} to "
            f"{number(drug.absorbed_mg[4], 0)} mg enter it",
            lead=name,
        )
    ]
    for one in drug.thresholds:
        points.append(
            telling.say(
                _share_words(one.probability, one.high_probability),
                one.sources,
                lead=f"{name} above {one.threshold_ug_per_ml:g} µg/mL, {_PLAIN[one.threshold]}",
            )
        )
    return points


def _blood(forecast: AnaestheticForecast, telling: Telling) -> Section | None:
    if not forecast.drugs:
        return None
    title = "What reaches the blood"
    telling = telling.at(title)
    points = [point for drug in forecast.drugs for point in _drug_points(drug, forecast, telling)]
    if forecast.not_forecast:
        points.append(
            telling.say(
                f"No level is forecast for {', '.join(forecast.not_forecast)}: no measured levels were found, which "
                "does not mean that none reaches the blood"
            )
        )
    intro = telling.say(
        f"Worked out for {forecast.members_count} possible people of {forecast.weight_kg:g} kg. People differ several "
        "times over with the same cream; a figure in the band is no promise"
    )
    tables = tuple(
        Table(
            f"{drug.drug.capitalize()} in the blood, µg/mL, by hours after the cream goes on",
            ("Hour", "5 % are below", "Middle person", "95 % are below"),
            tuple(telling.row(*cells) for cells in level_rows(drug)),
        )
        for drug in forecast.drugs
    )
    return Section("blood", title, (intro,), tuple(points), tables)


def level_rows(drug: LevelForecast) -> tuple[tuple[str, ...], ...]:
    """The band at some hours, as a table."""
    wanted = sorted({min(range(len(drug.time_h)), key=lambda i: abs(drug.time_h[i] - hour)) for hour in _TABLE_HOURS})
    return tuple(
        (number(drug.time_h[index], 1), *(_level(drug.level_ug_per_ml[row][index]) for row in (0, 2, 4)))
        for index in wanted
    )


def numbing_explanation(forecast: AnaestheticForecast, kb: Knowledge) -> Explanation:
    """A forecast in plain words, with exactly the sources that it used and what speaks against them.

    Args:
        forecast: from :func:`needling.anaesthetic.numbing`. kb: the knowledge that it was made with.
    """
    bibliography = Bibliography(kb)
    telling = Telling(kb, "person", forecast.setting == "home", bibliography)
    sections: list[Section | None] = [_answer(forecast, telling)]
    for name, title, reasons in (
        ("refusals", "Why not", forecast.refusals),
        ("asks", "What is not known", forecast.asks),
    ):
        if reasons:
            sections.append(Section(name, title, points=_reasons(reasons, telling.at(title))))
    limits = telling.at("The limits of the label")
    sections.append(Section("limits", "The limits of the label", points=tuple(map(limits.say, forecast.limits))))
    sections.append(_blood(forecast, telling))
    care = "Take care"
    flag = kb.find("red_flags", "rf04-numbing-cream-toxicity")
    points = (
        *_reasons(forecast.cautions, telling.at(care)),
        telling.at(care).say(f"{flag.sign}: {flag.act}", flag.sources, lead="Stop", proposal=flag.proposal),
    )
    sections.append(Section("care", care, points=points))
    if forecast.assumptions:
        title = "Taken for granted"
        told = tuple(telling.at(title).say(one.text, one.sources) for one in forecast.assumptions)
        sections.append(Section("assumptions", title, points=told))
    return Explanation(
        "Numbing cream before needling",
        "person",
        tuple(section for section in sections if section is not None),
        bibliography.references(),
    )


# ---------------------------------------------------------------- figure


def _ends(drug: LevelForecast) -> tuple[float, float]:
    """Decades that hold the band while it can be seen, and the lines to compare with."""
    top = max(*drug.level_ug_per_ml[4], *(one.threshold_ug_per_ml for one in drug.thresholds))
    low = max(min(drug.peak_ug_per_ml) / 10, _FLOOR)
    return 10.0 ** floor(log10(low)), 10.0 ** ceil(log10(top * 1.05))


def _panel(frame: Frame, drug: LevelForecast, contact_h: float, last: bool) -> None:
    low, high = frame.y_range
    decades = [10.0**power for power in range(round(log10(low)), round(log10(high)) + 1)]
    frame.y_axis(decades, [f"{decade:g}" for decade in decades])
    # The level starts from nothing, which a log scale has no place for: the curves begin at its lower end.
    curves = [[max(value, low) for value in curve] for curve in drug.level_ug_per_ml]
    frame.band(drug.time_h, curves[0], curves[4], WIDE_BAND)
    frame.band(drug.time_h, curves[1], curves[3], MIDDLE_BAND)
    frame.curve(drug.time_h, curves[2])
    off, _ = frame.at(contact_h, low)
    frame.sheet.line([(off, frame.bottom), (off, frame.bottom + frame.height)], INK, 0.8, (1.0, 2.5))
    frame.sheet.text(off + 3, frame.bottom + frame.height - 9, "cream off", SMALL)
    for one in drug.thresholds:
        if one.threshold in _LINES[drug.drug]:
            left, y = frame.at(frame.x_range[0], one.threshold_ug_per_ml)
            right = left + frame.width
            frame.sheet.line([(left, y), (right, y)], INK, 1.1, DASHED)
            frame.sheet.text(
                right + 4, y, f"{one.threshold_ug_per_ml:g} {_SHORT[one.threshold]}", SMALL, stand="center"
            )
    ticks = round_ticks(*frame.x_range, about=6)
    frame.x_axis(ticks, [number(tick) for tick in ticks], "hours after the cream goes on" if last else "")
    frame.heading([f"{drug.drug.capitalize()} in the blood, µg/mL, on a log scale"], up=7)


_SHORT = {
    "lidocaine-heart-level": "acts on heart",
    "lidocaine-toxic-level": "toxic",
    "prilocaine-toxic-level": "toxic",
}


def level_figure(forecast: AnaestheticForecast) -> Figure | None:
    """Blood level over time on a log scale: middle person, bands, and the levels to compare with. None without levels.

    Args:
        forecast: from :func:`needling.anaesthetic.numbing`.

    Returns:
        A figure whose rows are its table twin.
    """
    shown = forecast.drugs[:_SHOWN_DRUGS]
    if not shown:
        return None
    panel, gap, top, below = 150.0, 40.0, 24.0, 52.0
    stamp = 14.0 if forecast.stamp else 0.0
    height = stamp + top + below + len(shown) * panel + (len(shown) - 1) * gap
    contact_h = forecast.contact_min / 60

    def paint(sheet: Sheet) -> None:
        if forecast.stamp:
            sheet.text(4, height - 11, "RESEARCH ONLY: not for use on a person", SMALL, bold=True)
        for index, drug in enumerate(shown):
            frame = Frame(
                sheet,
                40,
                height - stamp - top - panel - index * (panel + gap),
                206,
                panel,
                (0.0, drug.time_h[-1]),
                _ends(drug),
                y_log=True,
            )
            _panel(frame, drug, contact_h, index == len(shown) - 1)
        for place, (shade, said) in enumerate(((WIDE_BAND, "9 of 10 people"), (MIDDLE_BAND, "half of people"))):
            left = 40 + place * 100
            sheet.polygon([(left, 4), (left + 12, 4), (left + 12, 12), (left, 12)], shade)
            sheet.text(left + 16, 4.7, said, SMALL)
        sheet.line([(240, 8), (252, 8)], ACCENT, 2)
        sheet.text(256, 4.7, "middle person", SMALL)

    parts = [
        f"{drug.drug.capitalize()} peaks at {_level(drug.peak_ug_per_ml[2])} µg/mL in the middle person, "
        f"{_level(drug.peak_ug_per_ml[0])} to {_level(drug.peak_ug_per_ml[4])} in nine of ten"
        for drug in shown
    ]
    lines = ", ".join(
        f"{one.threshold_ug_per_ml:g}"
        for drug in shown
        for one in drug.thresholds
        if one.threshold in _LINES[drug.drug]
    )
    alt = sentence(f"{'; '.join(parts)}. Dashed lines at {lines} µg/mL. {forecast.stamp}".strip())
    title = "Numbing drug in the blood over time"
    rows = tuple((drug.drug, *cells) for drug in shown for cells in level_rows(drug))
    if forecast.stamp:
        rows = ((forecast.stamp, "", "", "", ""), *rows)
    headers = ("Drug", "Hour", "5 % are below", "Middle person", "95 % are below")
    return Figure("levels", title, draw("levels", title, alt, height, paint), alt, headers, rows)
