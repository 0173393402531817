"""The course of a plan and its candidates in words, numbers and pictures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from markupsafe import Markup

from needling.documents import Choice, Forecast, Scorecard
from needling.report.about_aftercare import not_before_section, times_of
from needling.report.about_forecast import (
    expect_section,
    harms_section,
    told_outcomes,
    uncapital,
)
from needling.report.bibliography import Bibliography
from needling.report.explanation import Telling
from needling.report.figures import Figure
from needling.report.measures import LASTING_MARK
from needling.report.words import DOTS, number, of_people, option_name, plural, wait_words, zone_name
from needling.web.pages import as_picture, knowledge
from needling.web.plans.small_print import without_making
from needling.web.plans.state import State
from needling.web.plans.warm import pictures


def shown(figure: Figure) -> Figure:
    """A figure whose picture stands in the page as an image."""
    picture = Markup('<img src="{}" alt="{}">').format(as_picture(figure.svg), figure.alt)
    return replace(figure, svg=picture)


def telling_for(state: State) -> Telling:
    """Words for the clinician; what is done at home is told as at home."""
    home = state.basis.assessment.setting == "home"
    return Telling(knowledge(), "person" if home else "clinician", home, Bibliography(knowledge()))


# ---------------------------------------------------------------- sections


def in_words(text: str, zones: Sequence[str]) -> str:
    """Zones as people call them."""
    for zone in sorted(zones, key=len, reverse=True):
        text = text.replace(zone, zone_name(zone, knowledge()))
    return text


def course_of(state: State) -> dict[str, Any]:
    """Benefit and harm in pictures with their tables, and in words with their sources."""
    forecast = state.forecast
    if forecast is None or not state.plan.sessions:
        return {"state": state, "blocks": [], "lines": {}, "references": (), "made": ""}
    telling = telling_for(state)
    made = pictures(state.choice())
    places = {"expect": ("dots", "collagen", "severity"), "harms": ("harms", "first-days"), "not-before": ()}
    expected, made_words = without_making(expect_section(state.plan, forecast, telling))
    sections = (
        expected,
        harms_section(state.plan, forecast, telling),
        not_before_section(state.plan, forecast, telling),
    )
    blocks = [
        (section, [shown(made[name]) for name in places[section.id] if name in made])
        for section in sections
        if section is not None
    ]
    lines = {
        "expect": _expect_line(forecast),
        "harms": _harms_line(forecast),
        "not-before": _waits_line(state, telling),
    }
    references = telling.bibliography.references()
    return {"state": state, "blocks": blocks, "lines": lines, "references": references, "made": made_words}


def _expect_line(forecast: Forecast) -> str:
    """What to expect in one line: the zone where the fewest gain."""
    told = told_outcomes(forecast)
    if not told:
        return "no data allow an honest forecast"
    least = min(told, key=lambda outcome: outcome.dots_of_50_count)
    return f"{least.dots_of_50_count} of {DOTS} gain: {uncapital(least.better_by_label.rstrip('.'))}"


def _harms_line(forecast: Forecast) -> str:
    known = [harm.probability for harm in forecast.harms if harm.probability is not None]
    most = f"the commonest that was counted {of_people(max(known))} people; " if known else ""
    unknown = len(forecast.harms) - len(known)
    return f"{most}how often is not known of {unknown}" if unknown else most.removesuffix("; ")


def _waits_line(state: State, telling: Telling) -> str:
    forecast = state.forecast
    found = times_of(state.plan, forecast, telling).times if forecast is not None else ()
    if not found:
        return ""
    hours = sorted(one.hours_h for one in found)
    return f"{plural(len(found), 'thing')}, from {wait_words(hours[0])} to {wait_words(hours[-1])} after each session"


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


_FIRST = 5


def first_rows(rows: Sequence[CandidateRow]) -> list[CandidateRow]:
    """What a page shows first: the chosen one, the best that none beats, and doing nothing."""
    front = [row for row in rows if row.standing and not row.card.barred_by and row.card.visits_count][:_FIRST]
    return [row for row in rows if row in front or not row.card.visits_count]


def compared_line(choice: Choice) -> str:
    """What was compared in one line: how many candidates, and which came next."""
    count = plural(len(choice.scorecards), "candidate")
    return f"{count}; second best: {choice.runner_up}" if choice.runner_up else count


CANDIDATE_HEADERS = ("Option", "Careful gain", "Redness, days", LASTING_MARK, "Visits", "Score")
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
            (number(card.gain_low), number(card.redness_d, 1), of_people(card.harm_probability),
             str(card.visits_count), number(card.utility)),
            "chosen" if card.plan_sha256 == chosen else "barred" if card.barred_by
            else "beaten by none" if card.on_front else "",
            card.plan_sha256 in startable and card.visits_count > 0,
        )
        for card in kept
    ]  # fmt: skip
