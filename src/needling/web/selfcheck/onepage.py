"""The plan of a routine at home on one page: dates, needle, how, when to stop, not before, emergency, roller life."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import groupby

from needling.documents import Choice, Plan
from needling.knowledge import Knowledge
from needling.knowledge.schema import CareStep
from needling.planning.aftercare import OneTime, timetable
from needling.planning.redflags import by_urgency
from needling.report.about_aftercare import at_home, evening_words, products_words, small
from needling.report.about_forecast import ordered_harms
from needling.report.explanation import Row, Section, Statement, Table
from needling.report.words import (
    MANY,
    after_days,
    of_people,
    on_day,
    plural,
    sentence,
    zones_name,
)
from needling.web.selfcheck.patch import PATCH_CARE
from needling.web.selfcheck.telling import Told

WANTED = ("weeks-before", "before", "during", "right-after", "missing-steps", "after", "not-before", "checks",
          "follow-up", "red-flags", "harms")  # fmt: skip
"""The line of time; what to stop at stands on the page itself."""
_ROLLER = ("home-never-share", "home-inspect", "home-disinfect-before")
_SKIN = ("before-clean-hands", "before-remove-make-up", "before-cleanse", "before-dry", "before-nothing-on-skin",
         "before-no-anaesthetic-home")  # fmt: skip
_SAID_ELSEWHERE = ("during-home-passes", *PATCH_CARE)
"""Steps whose figure the plan itself gives, or that lie behind whoever sees the plan."""
_DARKER = ("weeks-sun-protection", "weeks-sun-protection-darker-skin")
_ANTIVIRAL = "after-antiviral"
EACH_TIME = ("before-screen-again", "home-disinfect-before", "before-nothing-on-skin")
_READY = {"weeks-sun-protection": "Sunscreen every day, no tanning", "weeks-stop-actives": "Stop strong skin products"}
"""What a calendar calls a preparation, by the beginning of its id."""
_URGENT = "emergency"
_NOT_AT_HOME = ("medicine", "biologic")
"""Groups of products that only a clinic has."""
_SUNSCREEN = "sunscreen"


@dataclass(frozen=True)
class Page:
    """What is printed.

    Args:
        dates: number, day and needle of each session, those with one needle together. where, needle, how: the same for
            all. stop: when to stop. waits: when something may start again, and what. emergency: signs to call for.
        ready: from when something is prepared, and what. takes: how long that takes. each_time: before each session.
    """

    dates: tuple[tuple[str, tuple[str, ...]], ...]
    where: str
    how: str
    stop: tuple[str, ...]
    waits: tuple[tuple[str, str], ...]
    emergency: tuple[str, ...]
    ready: tuple[tuple[str, str], ...]
    takes: str
    each_time: tuple[str, ...]


def how_words(choice: Choice) -> str:
    """Directions and strokes in words."""
    stroke = choice.plan.sessions[0].strokes[0]
    strokes = plural(stroke.passes_count, "light stroke")
    return f"{stroke.directions_count} directions (across, up and down, both slants), {strokes} in each"


def page_of(choice: Choice, kb: Knowledge) -> Page:
    """The printed page of a plan with sessions."""
    plan = choice.plan
    longest = [(max(one.needle_length_mm for one in session.strokes), session) for session in plan.sessions]
    dates = tuple(
        (f"{length:g} mm", tuple(on_day(after_days(plan.start, session.day_d)) for _, session in group))
        for length, group in groupby(longest, key=lambda one: one[0])
    )
    listed_things = [
        one for one in timetable(plan, choice.forecast.not_before, kb).times if one.thing in kb.by("waits")
    ]
    times = at_home(listed_things, plan, choice.forecast.person.sex_at_birth, kb)
    waits = tuple(
        (when, _waits_words(list(group))) for when, group in groupby(times, key=lambda one: evening_words(one.hours_h))
    )
    return Page(
        dates,
        zones_name([stroke.zone for stroke in plan.sessions[0].strokes], kb),
        how_words(choice),
        plan.stop_rules,
        waits,
        tuple(flag.sign for flag in by_urgency(kb.red_flags) if flag.urgency == _URGENT),
        tuple((f"From {on_day(on)}", _first(says)) for on, _, says in prepared(plan, kb)),
        _takes(plan, kb),
        tuple(_first(step.says, 2) for name in EACH_TIME for step in _steps_of(plan, kb) if step.id == name),
    )


def _first(says: str, count: int = 1) -> str:
    """The first sentences of a step: one sheet holds no more; the whole stands in the calendar and on the screen."""
    return " ".join(re.split(r"(?<=\.)\s+", says)[:count])


def _steps_of(plan: Plan, kb: Knowledge) -> list[CareStep]:
    care = kb.by("care")
    return [care[name] for name in plan.sessions[0].preparation if name in care]


def _leads(plan: Plan, kb: Knowledge) -> list[CareStep]:
    """What begins days before the first session; the small patch lies behind whoever sees the plan."""
    found = [step for step in _steps_of(plan, kb) if step.lead_d and step.id not in PATCH_CARE]
    darker = any(step.id == _DARKER[1] for step in found)
    return [step for step in found if not (darker and step.id == _DARKER[0])]


def prepared(plan: Plan, kb: Knowledge) -> list[tuple[date, str, str]]:
    """What is prepared before the first session: from which day, what a calendar calls it, and what to do."""
    found = []
    for step in _leads(plan, kb):
        title = next((words for name, words in _READY.items() if step.id.startswith(name)), "Get ready")
        found.append((plan.start - timedelta(days=round(step.lead_d)), title, step.says))
    return found


def _takes(plan: Plan, kb: Knowledge) -> str:
    """How long the longest preparation takes; empty where there is none."""
    days = max((step.lead_d for step in _leads(plan, kb)), default=0)
    if not days:
        return ""
    return plural(days / 7, "week") if days % 7 == 0 else plural(days, "day")


def _waits_words(alike: list[OneTime]) -> str:
    """What may start again at one time; for sunscreen also what protects the skin until then."""
    names = "; ".join(small(one.label) if index else one.label for index, one in enumerate(alike))
    sun = next((one for one in alike if one.thing == _SUNSCREEN and one.meanwhile), None)
    return names if sun is None else f"{names}. Until you may use sunscreen: {small(sun.meanwhile)}"


def sections_of(told: Told, kb: Knowledge) -> list[Section]:
    """The plan in full, as a line of time: only what is for this person, these skin and products, and for home."""
    choice, care = told.choice, kb.by("care")
    dropped = {sentence(care[name].says) for name in _SAID_ELSEWHERE if name in care}
    if any(_is(point, _DARKER[1], kb) for section in told.ordered for point in section.points):
        dropped.add(sentence(care[_DARKER[0]].says))
    if all(one.action != "premedicate" for one in told.clearance.decisions) and _ANTIVIRAL in care:
        dropped.add(sentence(care[_ANTIVIRAL].says))
    found: list[Section] = []
    shown = told.shown(WANTED)[0]
    for section in sorted(shown, key=lambda one: _place(one.id)):
        points = tuple(_for_home(one, told, kb) for one in section.points if one.text not in dropped)
        kept = replace(section, points=points)
        if section.id == "before":
            found += _split(kept, kb)
        elif section.id == "harms":
            found.append(_of_a_thousand(kept, choice))
        elif points or kept.paragraphs or kept.tables:
            found.append(kept)
    return found


def _for_home(point: Statement, told: Told, kb: Knowledge) -> Statement:
    """What never goes on needled skin, without medicines that nobody has at home; anything else as it is."""
    never = [topical for topical in kb.topicals if topical.gate == "never"]
    if point.text != sentence(products_words(never)):
        return point
    left = [one for one in never if one.group not in _NOT_AT_HOME]
    keys = {citation.key for one in left for citation in one.sources}
    used = {one.number for one in told.bibliography if one.key in keys}
    return replace(
        point,
        text=sentence(products_words(left)),
        supports=tuple(number for number in point.supports if number in used),
        conflicts=tuple(number for number in point.conflicts if number in used),
    )


def _place(name: str) -> int:
    return WANTED.index(name if name in WANTED else name.rpartition("-")[0])


def _is(point: Statement, name: str, kb: Knowledge) -> bool:
    step = kb.by("care").get(name)
    return step is not None and point.text == sentence(step.says)


def _split(section: Section, kb: Knowledge) -> list[Section]:
    """The day itself in three short lists."""

    def part(name: str, title: str, points: list[Statement]) -> list[Section]:
        return [Section(name, title, points=tuple(points))] if points else []

    roller = [one for one in section.points if any(_is(one, name, kb) for name in _ROLLER)]
    skin = [one for one in section.points if any(_is(one, name, kb) for name in _SKIN)]
    rest = [one for one in section.points if one not in roller and one not in skin]
    return [
        *part("before", "On the day", rest),
        *part("before-roller", "The roller, before you start", roller),
        *part("before-skin", "Your skin, before you start", skin),
    ]


def _of_a_thousand(section: Section, choice: Choice) -> Section:
    """Harms with one denominator for all of them."""

    def counted(row: Row, chance: float | None, low: float | None, high: float | None) -> Row:
        if chance is None:
            return row
        between = f"{round((low or 0) * MANY)} to {round(high * MANY)} of {MANY}" if high is not None else row.cells[2]
        return replace(row, cells=(row.cells[0], of_people(chance, MANY), between, *row.cells[3:]))

    tables: list[Table] = []
    for table in section.tables:
        harms = ordered_harms(choice.forecast)
        rows = tuple(
            counted(row, harm.probability, harm.low_probability, harm.high_probability)
            for row, harm in zip(table.rows, harms, strict=True)
        )
        tables.append(replace(table, rows=rows))
    return replace(section, tables=tuple(tables))
