"""Correcting the name or the day of birth of a chart.

What stood there before stays with the chart, and goes when it is erased. The trail says who corrected when, and holds
no name.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import NamedTuple

from django.db import transaction
from django.utils import timezone

from needling.documents import Assessment, Person
from needling.report.words import on_day
from needling.web.accounts.models import User
from needling.web.charts.matching import with_age
from needling.web.charts.models import Chart
from needling.web.charts.names import folded
from needling.web.charts.records import Superseded, latest, write
from needling.web.charts.trail import leave_trace, turn_of
from needling.web.plans.proposals import signers_of


class Earlier(NamedTuple):
    """What a chart was called before, until somebody corrected it."""

    named: str
    until: date
    by: str


def version_of(chart: Chart) -> str:
    """Which correction a page was made from."""
    return str(len(chart.earlier))


def earlier_of(chart: Chart) -> list[Earlier]:
    """What stood on a chart before, the newest first."""
    names = signers_of(chart.clinic_id) if chart.earlier else {}
    found = []
    for label, born, until, by in reversed(chart.earlier):
        named = f"{label}, born {on_day(date.fromisoformat(born))}" if born else label
        found.append(Earlier(named, datetime.fromisoformat(until).date(), names.get(by, by)))
    return found


def correct_chart(user: User, chart: Chart, label: str, born: date | None, seen: str) -> None:
    """Give a chart another name or day of birth.

    The year of birth of answers that fitted follows a new day, and so does the age in the findings in force; answers
    that may be somebody else's stay as they are.

    Args:
        seen: :func:`version_of` the chart that the user looked at.

    Raises:
        Superseded: somebody else corrected or erased it in the meantime.
    """
    with transaction.atomic():
        turn_of(user.clinic)
        now = Chart.objects.filter(pk=chart.pk, clinic=user.clinic_id, erased=None).first()
        if now is None or version_of(now) != seen:
            raise Superseded("somebody else has changed this in the meantime")
        if (now.label, now.born) == (label, born):
            return
        was = [now.label, now.born.isoformat() if now.born else "", timezone.now().isoformat(), user.signature]
        Chart.objects.filter(pk=now.pk).update(
            label=label, folded=folded(label), born=born, earlier=[*now.earlier, was]
        )
        leave_trace(user.clinic, user, "correct-chart", str(now.pk))
        if born == now.born:
            return
        who, look = latest(now, Person), latest(now, Assessment)
        fitting = (None, now.born.year) if now.born is not None else (None,)
        if who is not None and born is not None and who[1].birth_year in fitting and who[1].birth_year != born.year:
            told = who[1].model_copy(update={"birth_year": born.year})
            who = write(user, now, told, supersedes=who[0]), told
        now.born = born
        if look is not None:
            facts = with_age(look[1].facts, now, who[1] if who else None, look[1].on)
            if set(facts) != set(look[1].facts):
                write(user, now, look[1].model_copy(update={"facts": facts, "by": user.signature}), supersedes=look[0])
