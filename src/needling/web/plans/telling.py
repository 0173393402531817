"""The course of a plan and its candidates in words, numbers and pictures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from markupsafe import Markup

from needling.documents import Scorecard
from needling.report.about_aftercare import not_before_section
from needling.report.about_forecast import (
    expect_section,
    harms_section,
)
from needling.report.bibliography import Bibliography
from needling.report.explanation import Telling
from needling.report.figures import Figure
from needling.report.measures import LASTING_MARK
from needling.report.words import number, of_people, option_name, zone_name
from needling.web.pages import as_picture, knowledge
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
        return {"state": state, "blocks": [], "references": ()}
    telling = telling_for(state)
    made = pictures(state.choice())
    places = {"expect": ("dots", "severity", "collagen"), "harms": ("harms", "first-days"), "not-before": ()}
    sections = (
        expect_section(state.plan, forecast, telling),
        harms_section(state.plan, forecast, telling),
        not_before_section(state.plan, forecast, telling),
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
            else "on the front" if card.on_front else "",
            card.plan_sha256 in startable and card.visits_count > 0,
        )
        for card in kept
    ]  # fmt: skip
