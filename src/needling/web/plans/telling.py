"""A state of the plan page in words and numbers: tiles, what changed, what it does, where it may not go."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from markupsafe import Markup

from needling.documents import Forecast, Scorecard
from needling.documents.comparison import PairedNumber
from needling.report.about_comparison import differences_table, limits_section, numbers_tables
from needling.report.about_forecast import (
    MIDDLE,
    expect_section,
    harms_section,
    not_before_section,
    told_outcomes,
    uncapital,
)
from needling.report.bibliography import Bibliography
from needling.report.explanation import Section, Telling
from needling.report.figures import Figure
from needling.report.words import DOTS, at_level, number, of_people, option_name, plural, span_words, zone_name
from needling.web.pages import as_picture, knowledge
from needling.web.plans.controls import zones_of
from needling.web.plans.state import State
from needling.web.plans.warm import pictures

NOW, CHANGED = "now", "changed"
_HARM = "harm:"
_BETTER = {
    "second": "better",
    "first": "worse",
    "alike": "the same",
    "unclear": "cannot be told apart",
    "unknown": "not comparable: a part is not known for one device",
}


@dataclass(frozen=True)
class Tile:
    """One number to weigh: what it is, how much now, how much before, and which way it went."""

    figure: str
    words: str
    before: str = ""
    standing: str = ""


def shown(figure: Figure) -> Figure:
    """A figure whose picture stands in the page as an image."""
    picture = Markup('<img src="{}" alt="{}">').format(as_picture(figure.svg), figure.alt)
    return replace(figure, svg=picture)


def telling_for(state: State) -> Telling:
    """Words for the clinician; what is done at home is told as at home."""
    home = state.basis.assessment.setting == "home"
    return Telling(knowledge(), "person" if home else "clinician", home, Bibliography(knowledge()))


# ---------------------------------------------------------------- tiles


def _number(state: State, name: str) -> PairedNumber | None:
    found = state.found.numbers if state.found is not None else ()
    return next((one for one in found if one.id == name), None)


def _dots(forecast: Forecast | None) -> tuple[int, str] | None:
    told = told_outcomes(forecast) if forecast is not None else ()
    if not told:
        return None
    worst = min(told, key=lambda outcome: outcome.dots_of_50_count)
    return worst.dots_of_50_count, worst.better_by_label.rstrip(".")


def _redness(forecast: Forecast | None) -> str:
    if forecast is None or not forecast.redness_d:
        return ""
    return span_words(at_level(forecast.levels_share, forecast.redness_d, MIDDLE))


def tiles_of(state: State) -> list[Tile]:
    """Benefit, harm, redness, effort: as changed, and as it was where that differs."""
    now = _current(state)
    after = state.forecast
    if after is None:
        return []
    changed = bool(state.found and state.found.plan_differences)
    tiles = []
    gain, was = _dots(after), _dots(now)
    if gain is None:
        tiles.append(Tile("Not known", "how much it helps: no data allow an honest forecast"))
    else:
        before = f"{was[0]} of {DOTS}" if was is not None and changed else ""
        tiles.append(
            Tile(f"{gain[0]} of {DOTS}", f"people gain: {uncapital(gain[1])}", before, _went(state, "outcome"))
        )
    harm = _number(state, "lasting-mark")
    if harm is not None:
        before = of_people(harm.first) if changed else ""
        words = "people with any lasting mark"
        tiles.append(Tile(of_people(harm.second).capitalize(), words, before, _went(state, "lasting-mark")))
    if red := _redness(after):
        words = "of redness after a session, in the middle"
        tiles.append(Tile(red.capitalize(), words, _redness(now) if changed else "", _went(state, "redness")))
    days = sorted({session.day_d for session in state.plan.sessions})
    if days:
        over = f"over {plural(round(days[-1] - days[0]), 'day')}" if len(days) > 1 else "on one day"
        old = len({session.day_d for session in state.session.plan.sessions})
        tiles.append(Tile(plural(len(days), "session"), over, plural(old, "session") if changed else ""))
    price = _number(state, "price")
    if price is not None:
        tiles.append(Tile(number(price.second, 0), "price of the course", number(price.first, 0) if changed else ""))
    return tiles


def _current(state: State) -> Forecast | None:
    """The forecast of the plan before it was changed; kept by the planning session."""
    if not state.found or not state.found.numbers:
        return None
    return state.session.forecast


def _went(state: State, name: str) -> str:
    if not state.found or not state.found.plan_differences:
        return ""
    stands = {one.standing for one in state.found.numbers if one.id == name}
    return _BETTER[stands.pop()] if len(stands) == 1 else "differs by zone" if stands else ""


# ---------------------------------------------------------------- sections


def in_words(text: str, zones: Sequence[str]) -> str:
    """Zones as people call them."""
    for zone in sorted(zones, key=len, reverse=True):
        text = text.replace(zone, zone_name(zone, knowledge()))
    return text


def changed_section(state: State, telling: Telling) -> Section | None:
    """What the sliders changed, and what followed by rule."""
    found = state.found
    if found is None or not (found.plan_differences or found.follows):
        return None
    telling = telling.at("What changed")
    said = tuple(telling.say(in_words(one, zones_of(found.before)), lead="It follows") for one in found.follows)
    table = differences_table(found.plan_differences, ("What", "Now", "Changed"), telling)
    return Section("changed", "What changed", said, tables=(table,) if table.rows else ())


def effects_section(state: State, telling: Telling) -> Section | None:
    """Paired differences of the same possible people."""
    found = state.found
    if found is None or not found.plan_differences:
        return None
    title = "What that does"
    telling = telling.at(title)
    if found.forecast is None or found.result != "ok":
        words = found.advice or "There is no forecast of this plan"
        return Section("effects", title, (telling.say(words),))
    if not found.numbers:
        return None
    people = f"The same {found.forecast.members_count} possible people under both plans, subtracted one by one"
    weighed = [one for one in found.numbers if not one.id.startswith(_HARM)]
    tables = numbers_tables(weighed, (NOW, CHANGED), telling, found.forecast)
    return Section("effects", title, (telling.say(people),), tables=tables)


def each_harm_section(state: State, telling: Telling) -> Section | None:
    """Paired differences of every harm, and the harms whose rate nobody knows."""
    found = state.found
    if found is None or not found.plan_differences or not found.numbers:
        return None
    title = "Each harm by itself"
    telling = telling.at(title)
    harms = [one for one in found.numbers if one.id.startswith(_HARM)]
    tables = numbers_tables(harms, (NOW, CHANGED), telling, found.forecast)
    unknown = tuple(telling.say(in_words(one, zones_of(found.before))) for one in found.unpaired)
    return Section("each-harm", title, unknown, tables=tuple(replace(table, caption="") for table in tables))


def answer_of(state: State) -> dict[str, Any]:
    """The part of the page that answers at once."""
    telling = telling_for(state)
    found = state.found
    outside = limits_section([("", found.breaches)], telling) if found is not None else None
    sections = [changed_section(state, telling), effects_section(state, telling)]
    each = each_harm_section(state, telling)
    nearest = found.nearest if found is not None and found.breaches else None
    return {
        "state": state, "tiles": tiles_of(state), "outside": outside,
        "sections": [one for one in sections if one is not None],
        "each_harm": each,
        "nearest": nearest if nearest is not None and nearest.sessions else None,
        "references": telling.bibliography.references(),
    }  # fmt: skip


def course_of(state: State) -> dict[str, Any]:
    """Benefit and harm in pictures with their tables, and in words with their sources."""
    forecast = state.forecast
    if forecast is None or not state.plan.sessions:
        return {"state": state, "blocks": [], "references": ()}
    telling = telling_for(state)
    made = pictures(state.choice())
    places = {"expect": ("dots", "severity", "collagen"), "harms": ("harms", "first-days"), "not-before": ()}
    sections = (
        expect_section(state.plan, forecast, telling),
        harms_section(state.plan, forecast, telling),
        not_before_section(forecast, telling),
    )
    blocks = [
        (section, [shown(made[name]) for name in places[section.id] if name in made])
        for section in sections
        if section is not None
    ]
    return {"state": state, "blocks": blocks, "references": telling.bibliography.references()}


# ---------------------------------------------------------------- candidates


@dataclass(frozen=True)
class CandidateRow:
    """One line of what was compared."""

    name: str
    sha256: str
    card: Scorecard
    cells: tuple[str, ...]
    standing: str
    startable: bool


CANDIDATE_HEADERS = ("Option", "Careful gain", "Gain", "Redness, days", "Lasting mark", "Visits", "Score")
_CANDIDATES = 12


def candidate_rows(state: State, startable: set[str]) -> list[CandidateRow]:
    """What was compared, the best first, each as a start for the sliders."""
    choice = state.session.choice
    home = choice.plan.envelope == "home"
    chosen = choice.plan.sha256
    cards = sorted(choice.scorecards, key=lambda card: (bool(card.barred_by), -card.utility))
    kept = cards[:_CANDIDATES] + [card for card in cards[_CANDIDATES:] if not card.visits_count]
    return [
        CandidateRow(
            option_name(card.plan, card.visits_count, home), card.plan_sha256, card,
            (number(card.gain_low), number(card.gain), number(card.redness_d, 1), of_people(card.harm_probability),
             str(card.visits_count), number(card.utility)),
            "chosen" if card.plan_sha256 == chosen else "barred" if card.barred_by
            else "on the front" if card.on_front else "",
            card.plan_sha256 in startable and card.visits_count > 0,
        )
        for card in kept
    ]  # fmt: skip
