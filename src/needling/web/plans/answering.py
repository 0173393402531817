"""What a plan page answers at once: tiles, days, what changed, what that does, where it may not go, what is wrong."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from needling.choosing import stand_in_words
from needling.documents.comparison import PairedNumber
from needling.report.about_comparison import differences_table, limits_section
from needling.report.about_forecast import uncapital
from needling.report.explanation import Section, Telling
from needling.report.measures import LASTING_MARK, MARKS, at_most_words, days_words, redness_of
from needling.report.paired import HARM, least_gain, numbers_tables, reached_count, reading, told_zones
from needling.report.words import DOTS, number, of_people, plural, with_zone_names, zone_name
from needling.web.pages import knowledge
from needling.web.plans.controls import as_id, beyond, zones_of
from needling.web.plans.dates import days_of, steps_words
from needling.web.plans.spot import spot_of
from needling.web.plans.state import State
from needling.web.plans.telling import in_words, telling_for
from needling.web.visits.course import course_of

NOW, CHANGED = "now", "changed"
_BETTER = {
    "second": "better",
    "first": "worse",
    "alike": "the same",
    "unclear": "cannot be told apart",
    "unknown": "not comparable: a part is not known for one device",
}


@dataclass(frozen=True)
class Tile:
    """One number to weigh: what it is, how much now, how much before, and which way it went.

    ``short`` is its name in a line of a few words.
    """

    figure: str
    words: str
    before: str = ""
    standing: str = ""
    short: str = ""


# ---------------------------------------------------------------- tiles


def _number(state: State, name: str) -> PairedNumber | None:
    found = state.found.numbers if state.found is not None else ()
    return next((one for one in found if one.id == name), None)


def _gain_tile(state: State, changed: bool) -> Tile:
    """How many gain, on the zone where the fewest do, and how many more those are than before."""
    numbers = state.found.numbers if state.found is not None else ()
    reached = least_gain(numbers)
    if reached is None:
        return Tile("Not known", "how much it helps: no data allow an honest forecast", short="gain: not known")
    where = f" on the {zone_name(reached.zone, knowledge())}" if reached.zone and len(told_zones(numbers)) > 1 else ""
    first, second = reached_count(reached.first), reached_count(reached.second)
    more = f"{abs(second - first)} {'more' if second > first else 'fewer'}" if first != second else "as many"
    return Tile(
        f"{second} of {DOTS}",
        f"people gain: {uncapital(reached.label)}{where}",
        f"{first} of {DOTS}" if changed else "",
        more if changed else "",
        "gain",
    )


def tiles_of(state: State) -> list[Tile]:
    """Benefit, harm, redness, effort: as changed, and as it was where that differs."""
    after = state.forecast
    if after is None or (state.found is None and not state.plan.sessions):
        return []
    changed = bool(state.found and state.found.plan_differences)
    tiles = [_gain_tile(state, changed)]
    harm = _number(state, "lasting-mark")
    if harm is not None:
        before = of_people(harm.first) if changed else ""
        stand_in = stand_in_words(after, knowledge())
        words = f"people with {LASTING_MARK.lower()}: {MARKS}{f' ({stand_in})' if stand_in else ''}"
        went = _BETTER[harm.standing] if changed else ""
        tiles.append(Tile(of_people(harm.second).capitalize(), words, before, went, "lasting mark"))
    red, redness = _number(state, "redness"), redness_of(after, knowledge())
    if red is not None and redness is not None:
        most = at_most_words(redness.most_d)
        words = f"of redness after a session in half of people; {redness.most} have {most}"
        before = days_words(red.first) if changed else ""
        went = _BETTER[red.standing] if changed else ""
        tiles.append(Tile(days_words(redness.half_d).capitalize(), words, before, went, "red"))
    days = sorted({session.day_d for session in state.plan.sessions})
    if days:
        over = f"over {plural(round(days[-1] - days[0]), 'day')}" if len(days) > 1 else "on one day"
        old = len({session.day_d for session in state.session.plan.sessions})
        tiles.append(Tile(plural(len(days), "session"), over, plural(old, "session") if changed else ""))
    price = _number(state, "price")
    if price is not None:
        tiles.append(Tile(number(price.second, 0), "price of the course", number(price.first, 0) if changed else ""))
    return tiles


def glance(state: State, tiles: Sequence[Tile], outside: Section | None) -> str:
    """The answer in one short line, for a screen that cannot show it beside the sliders."""
    if state.problems:
        return f"No answer: mend “{state.problems[0][2]}”"
    said = [f"{tile.figure} {tile.short}" if "not known" not in tile.short else tile.short for tile in tiles[:3]]
    return " · ".join([*(["Not to be done"] if outside else []), *said])


# ---------------------------------------------------------------- sections


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
    """Paired differences of the same possible people, and what they come to."""
    found = state.found
    if found is None or not found.plan_differences:
        return None
    title = "What that does"
    telling = telling.at(title)
    if found.forecast is None or found.result != "ok":
        words = found.advice or "There is no forecast of this plan"
        return Section("effects", title, (telling.say(with_zone_names(words, telling.kb)),))
    if not found.numbers:
        return None
    people = f"The same {found.forecast.members_count} possible people under both plans, subtracted one by one"
    said = reading(found.numbers, (NOW, CHANGED), telling)
    weighed = [one for one in found.numbers if not one.id.startswith(HARM)]
    tables = numbers_tables(weighed, (NOW, CHANGED), telling, found.forecast)
    return Section("effects", title, (*([said] if said is not None else []), telling.say(people)), tables=tables)


def each_harm_section(state: State, telling: Telling) -> Section | None:
    """Paired differences of every harm, and the harms whose rate nobody knows."""
    found = state.found
    if found is None or not found.plan_differences or not found.numbers:
        return None
    title = "Each harm by itself"
    telling = telling.at(title)
    harms = [one for one in found.numbers if one.id.startswith(HARM)]
    tables = numbers_tables(harms, (NOW, CHANGED), telling, found.forecast)
    unknown = tuple(telling.say(in_words(one, zones_of(found.before))) for one in found.unpaired)
    return Section("each-harm", title, unknown, tables=tuple(replace(table, caption="") for table in tables))


def _going_on(state: State) -> str:
    """``session 2 of 3``: what comes next of the plan that is approved; empty where nothing does."""
    course = course_of(state.basis.chart)
    if course is None or course.next_session is None:
        return ""
    return f"session {course.next_session + 1} of {len(course.approval.plan.sessions)}"


def answer_of(state: State) -> dict[str, Any]:
    """The part of the page that answers at once; where something in the form is wrong, only what that is."""
    telling = telling_for(state)
    found = state.found
    outside = limits_section([("", found.breaches)], telling) if found is not None else None
    sections = [changed_section(state, telling), effects_section(state, telling)]
    each = each_harm_section(state, telling)
    nearest = found.nearest if found is not None and found.breaches else None
    tiles = tiles_of(state)
    days = days_of(state.plan, state.forecast, state.first, state.basis.assessment, date.today())
    return {
        "state": state, "tiles": tiles, "outside": outside, "glance": glance(state, tiles, outside),
        "days": days if days.sessions and not state.problems else None,
        "going_on": _going_on(state) if state.past else "",
        "over": sorted(map(as_id, beyond(state.plan, state.basis.clearance, knowledge()))),
        "spot": spot_of(state.plan, state.basis.clearance.decisions, state.basis.person.phototype, knowledge()),
        "under_way": steps_words(state.first.slow) if state.first.early else "",
        "sections": [one for one in sections if one is not None],
        "each_harm": each,
        "nearest": nearest if nearest is not None and nearest.sessions else None,
        "references": telling.bibliography.references(),
    }  # fmt: skip
