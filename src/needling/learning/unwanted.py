"""Unwanted events: each one that was told, and the harms that have a chance against what came."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from math import ceil

from needling.documents import OTHER_HARM, Approval, Harm, SessionRecord
from needling.documents.learning import EventMiss, ToldEvent
from needling.errors import BadInput, did_you_mean
from needling.knowledge import Knowledge
from needling.scoring.rules import Scoring, scoring_of

_ANY_SERIOUS = "serious-event"
"""The harm that stands for every severe one, whatever it was."""
_GRADES, _SEVERE = "event-grade", "severe"


def _grading(kb: Knowledge) -> Scoring:
    return scoring_of(kb.by("scales")[_GRADES])


def serious_from(kb: Knowledge) -> int:
    """The grade from which on an event counts as serious: what the grading scale calls severe."""
    return int(next(band.low for band in _grading(kb).bands if band.name == _SEVERE))


def told_events(records: Iterable[SessionRecord], kb: Knowledge) -> tuple[ToldEvent, ...]:
    """Every recorded event, the worst first.

    Raises:
        BadInput: an unknown harm.
    """
    records = [record for record in records if record.events]
    if not records:
        return ()
    harms, grading, severe = kb.by("adverse_events"), _grading(kb), serious_from(kb)
    told = []
    for record in records:
        for event in record.events:
            if event.harm not in (*harms, OTHER_HARM):
                hint = did_you_mean(event.harm, harms)
                raise BadInput(f"unknown harm '{event.harm}'{hint}; `needling knowledge show` lists them")
            harm, serious = harms.get(event.harm), event.grade >= severe
            told.append(
                ToldEvent(
                    session=record.session,
                    on=record.on + timedelta(days=ceil(event.after_d)),
                    harm=event.harm,
                    label=harm.name.rstrip(".") if harm else "Something else",
                    grade=event.grade,
                    grade_label=grading.band(event.grade),
                    after_d=event.after_d,
                    expected=harm is not None and harm.then == "usual" and not serious,
                    serious=serious,
                    note=event.note,
                )
            )
    return tuple(sorted(told, key=lambda one: (one.expected, -one.grade, one.on, one.session)))


def _asked_until(records: Iterable[SessionRecord]) -> date | None:
    """The last day on which somebody asked; None when nobody did after one of the sessions."""
    days = []
    for record in records:
        if record.asked_until_d is None:
            return None
        days.append(record.on + timedelta(days=record.asked_until_d))
    return max(days)


def _came(told: Iterable[ToldEvent], groups: Mapping[str, str]) -> set[str]:
    """Groups of harms that came; a severe event of any kind is also one of "any serious event"."""
    came = set()
    for event in told:
        came.add(groups.get(event.harm, event.harm))
        if event.serious and _ANY_SERIOUS in groups:
            came.add(groups[_ANY_SERIOUS])
    return came


def event_misses(
    approval: Approval, records: Sequence[SessionRecord], told: Sequence[ToldEvent], kb: Knowledge
) -> tuple[tuple[EventMiss, ...], list[str]]:
    """Harms with a chance against what came, once somebody asked up to the judging day after every done session.

    Args:
        approval: with the chances. records: what was done. told: their events. kb: groups and names of harms.

    Returns:
        The scores, none before that day; and in words why not yet.
    """
    groups = {event.id: event.ref or event.id for event in kb.adverse_events}
    names = {event.id: event.name for event in kb.adverse_events}
    came = _came(told, groups)
    forecast = approval.forecast
    known = [harm for harm in forecast.harms if harm.probability is not None]
    done = [record for record in records if record.strokes]
    if not known or not done:
        return (), []
    end_d = max((outcome.judge_day_d for outcome in forecast.outcomes), default=max(forecast.days_d))
    end, asked = approval.plan.start + timedelta(days=int(end_d)), _asked_until(done)
    if asked is None or asked < end:
        waiting = (
            f"chances of harms: scored once somebody asked about them after every session, and last on {end} or later "
            "(asked_until_d); so far nothing is read as none"
        )
        return (), [waiting]
    return tuple(_misses(known, came, groups, names)), []


def _misses(
    known: Iterable[Harm], came: set[str], groups: Mapping[str, str], names: Mapping[str, str]
) -> Iterator[EventMiss]:
    for harm in known:
        group, chance = groups.get(harm.harm, harm.harm), harm.probability or 0.0
        happened = group in came
        yield EventMiss(
            harm=harm.harm,
            group=group,
            label=names.get(harm.harm, harm.label),
            probability=chance,
            happened=happened,
            brier_ratio=(happened - chance) ** 2,
        )
