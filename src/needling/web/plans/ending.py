"""Where doing nothing is best: an answer that ends the planning, with what else there is and when to look again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.db import transaction

from needling.documents import Choice
from needling.report.about_alternatives import alternatives_section, beside_plan_section
from needling.report.bibliography import Reference
from needling.report.explanation import Section
from needling.web.accounts.models import User
from needling.web.charts.models import Row
from needling.web.charts.records import Superseded, latest, write
from needling.web.charts.trail import turn_of
from needling.web.plans.basis import basis_of
from needling.web.plans.dates import too_old_from
from needling.web.plans.state import State
from needling.web.plans.telling import telling_for


@dataclass(frozen=True)
class Ending:
    """What a page says where nothing is to be done.

    ``again`` is the day from which the findings are too old to plan from, ``kept`` when the answer was written down,
    ``against`` what speaks against every other candidate that may be the start.
    """

    again: date
    kept: date | None
    others: Section | None
    references: tuple[Reference, ...]
    against: str


def ending_of(state: State, startable: int) -> Ending | None:
    """The end that a choice without sessions is; None where there is something to do.

    Args:
        startable: how many other candidates may be the start.
    """
    choice, basis = state.session.choice, state.basis
    if choice.plan.sessions or basis.clearance.verdict != "go":
        return None
    telling = telling_for(state)
    others = beside_plan_section(choice, telling) or alternatives_section(basis.person, basis.assessment, telling)
    return Ending(
        too_old_from(basis.assessment), _kept(state), others, telling.bibliography.references(),
        _against(choice) if startable else "",
    )  # fmt: skip


def _kept(state: State) -> date | None:
    """When this answer was written down, where it was and nothing newer is known."""
    found = latest(state.basis.chart, Choice)
    if found is None or found[1].plan.sessions:
        return None
    row = found[0]
    newer = max(state.basis.who.at, state.basis.found.at) > row.at
    return None if newer else row.at.date()


def _against(choice: Choice) -> str:
    nothing = max((card.utility for card in choice.scorecards if not card.visits_count), default=0.0)
    better = any(card.utility > nothing for card in choice.scorecards if card.visits_count and not card.barred_by)
    if better:
        return "The forecast cannot tell any of them from doing nothing, which costs nothing."
    return (
        "Counted carefully, none of them gains as much as its redness, its visits and its chance of a lasting mark "
        "weigh: their scores lie below that of doing nothing."
    )


def write_down(user: User, state: State) -> Row:
    """Clearance and the choice to do nothing with their traces, or nothing.

    Raises:
        Superseded: answers or findings changed meanwhile.
    """
    chart = state.basis.chart
    with transaction.atomic():
        turn_of(user.clinic)  # other writers of this clinic wait here
        basis = basis_of(chart)
        if basis.version != state.basis.version:
            raise Superseded("answers or findings changed in the meantime")
        write(user, chart, basis.clearance)
        return write(user, chart, state.session.choice)
