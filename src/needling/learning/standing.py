"""What stands today: the newest answer to each question, from the first visit and every look since.

An alarm stands until a later look says otherwise. An answer that can change between two sessions holds on its own day
alone: unless the latest look gave it, nobody knows.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby
from math import floor
from typing import Any, NamedTuple

from needling.documents import Assessment, Fact, Person
from needling.knowledge import Knowledge
from needling.knowledge.facts import resolve_name
from needling.knowledge.schema import FactDefinition, FollowUpRule
from needling.units import from_si, to_si

AGAIN_RULE = "screen-again"


def again_rule(kb: Knowledge) -> FollowUpRule:
    """The check before each session, which lists what is asked again."""
    return next(check for check in kb.follow_ups if check.id == AGAIN_RULE)


class Answer(NamedTuple):
    """One answer: its day, what was said (None: asked, and not known), and whether a clinic gave it."""

    on: date
    value: Any
    clinic: bool


@dataclass(frozen=True)
class Answers:
    """Every answer so far, by question and zone, the oldest first.

    Args:
        told: one answer a day for each (question, zone); the zone is None for questions about the person.
        latest: day of the latest look. again: questions asked again before each session. kb: what the questions are.
        proven: questions that an unwanted event has answered for good.
    """

    told: dict[tuple[str, str | None], tuple[Answer, ...]]
    latest: date
    again: frozenset[str]
    kb: Knowledge
    proven: frozenset[str] = frozenset()

    def of(self, name: str, zone: str | None) -> tuple[Answer, ...]:
        """The answers to one question that were known, the oldest first."""
        place = zone if self.kb.by("facts")[name].scope == "zone" else None
        return tuple(one for one in self.told.get((name, place), ()) if one.value is not None)

    def over(self, name: str, zones: Iterable[str], since: date, *, in_clinic: bool) -> bool:
        """Whether a question was answered quietly after a day and not otherwise since, in every one of the zones.

        Args:
            in_clinic: whether one of those answers must come from a look in a clinic.
        """
        definition = self.kb.by("facts")[name]
        for zone in zones if definition.scope == "zone" else (None,):
            later = [one for one in self.of(name, zone) if one.on > since]
            if not later or later[-1].value != definition.quiet:
                return False
            if in_clinic and not any(one.clinic and one.value == definition.quiet for one in later):
                return False
        return True

    def standing(self, name: str, zone: str | None) -> Any:
        """What is known today; None for what is not."""
        definition = self.kb.by("facts")[name]
        place = zone if definition.scope == "zone" else None
        asked = self.told.get((name, place), ())
        known = [one for one in asked if one.value is not None]
        if name in self.proven:
            return not definition.quiet
        if definition.kind == "yes-no":
            if not known:
                return None
            alarm = known[-1].value != definition.quiet
            old = known[-1].on < self.latest and name in self.again
            taken_back = asked[-1].value is None
            return known[-1].value if alarm or not (old or taken_back) else None
        return self._detail(definition, zone, known)

    def _detail(self, definition: FactDefinition, zone: str | None, known: Sequence[Answer]) -> Any:
        """A day or a number: it holds as long as the yes that it belongs to, and no longer than that one's answer."""
        parent = definition.only_if
        if parent is None:
            old = definition.name in self.again and known and known[-1].on < self.latest
            return known[-1].value if known and not old else None
        if not known or self.standing(parent, zone) is not True:
            return None
        if parent in self.again and known[-1].on < self.latest:
            return None
        yes = max((one.on for one in self.of(parent, zone) if one.value is True), default=known[-1].on)
        return known[-1].value if known[-1].on >= yes or parent not in self.again else None


class _Heard(NamedTuple):
    """Who was asked on a day, and what was said."""

    look: Assessment
    person: tuple[Fact, ...]


def answers_of(
    first: Assessment,
    person: Person,
    looks: Sequence[Assessment],
    zones: Sequence[str],
    kb: Knowledge,
    *,
    now: Person | None = None,
    proven: Iterable[str] = (),
) -> Answers:
    """Every answer so far.

    Args:
        first, person: of the first visit. looks: later ones, one at least. zones: that are asked about. kb: questions.
        now: the person with answers of the latest look's day, where given. proven: by unwanted events.
    """
    latest = max(look.on for look in looks)
    heard = [_Heard(first, person.facts), *(_Heard(look, ()) for look in looks)]
    if now is not None:
        newest = max(looks, key=lambda look: look.on)
        bare = [finding.model_copy(update={"facts": ()}) for finding in newest.zones]
        heard.append(_Heard(newest.model_copy(update={"facts": (), "zones": tuple(bare)}), now.facts))
    heard.sort(key=lambda one: one.look.on)
    told: dict[tuple[str, str | None], list[Answer]] = {}
    for on, visits in groupby(heard, key=lambda one: one.look.on):
        of_day: dict[tuple[str, str | None], Answer] = {}
        for visit in visits:
            for key, value in _said(visit, zones, kb):
                one = Answer(on, value, visit.look.setting == "clinic")
                of_day[key] = _stricter(of_day[key], one, kb.by("facts")[key[0]]) if key in of_day else one
        for key, one in of_day.items():
            told.setdefault(key, []).append(one)
    return Answers(
        {key: tuple(values) for key, values in told.items()},
        latest,
        frozenset(again_rule(kb).asks),
        kb,
        frozenset(proven),
    )


def _stricter(first: Answer, second: Answer, definition: FactDefinition) -> Answer:
    """Of two answers of one day: the known one, the alarm, the later date."""
    known = [one for one in (first, second) if one.value is not None]
    if len(known) < 2:
        return known[0] if known else first
    if definition.kind == "yes-no":
        return next((one for one in known if one.value != definition.quiet), second)
    if definition.kind == "date":
        return max(known, key=lambda one: str(one.value))
    return second


def _said(visit: _Heard, zones: Sequence[str], kb: Knowledge) -> Iterator[tuple[tuple[str, str | None], Any]]:
    """What one look says of each question and zone; a zone's answer comes before the look's, that before the person's.

    A yes about the person that was noted with a zone is a yes of the person.
    """
    whole = {**_by_name(visit.person, visit.look.on, kb), **_by_name(visit.look.facts, visit.look.on, kb)}
    per_zone = {finding.zone: _by_name(finding.facts, visit.look.on, kb) for finding in visit.look.zones}
    looked_at = {finding.zone for finding in visit.look.zones}
    for name, definition in kb.by("facts").items():
        if definition.scope == "zone":
            for zone in dict.fromkeys((*zones, *looked_at)):
                own = per_zone.get(zone, {})
                if own.get(name) is not None or (name in own and name not in whole):
                    yield (name, zone), own[name]
                elif name in whole and (zone in looked_at or _is_alarm(whole[name], definition)):
                    yield (name, zone), whole[name]
            continue
        noted = [own[name] for own in per_zone.values() if name in own]
        alarm = next((value for value in noted if _is_alarm(value, definition)), None)
        if alarm is not None:
            yield (name, None), alarm
        elif name in whole:
            yield (name, None), whole[name]


def _is_alarm(value: Any, definition: FactDefinition) -> bool:
    return definition.kind == "yes-no" and value is not None and value != definition.quiet


def _by_name(facts: Iterable[Fact], on: date, kb: Knowledge) -> dict[str, Any]:
    """Answers by question; a time since a day becomes that day, so that it grows older with the rest."""
    found: dict[str, Any] = {}
    for fact in facts:
        resolved = resolve_name(fact.name, kb.by("facts"))
        if resolved is None:
            continue
        definition, since = resolved
        value: Any = fact.value
        if since is not None and value is not None:
            value = (on - timedelta(days=floor(from_si(to_si(float(value), since), "d")))).isoformat()
        if value is not None or definition.name not in found:
            found[definition.name] = value
    return found


def today_of(person: Person, latest: Assessment, answers: Answers) -> tuple[Person, Assessment]:
    """The person and the latest look with all that stands today, and nothing that does not.

    Answers move from the person to the look: what is left with the person are those that are no question (the age).
    """
    definitions = answers.kb.by("facts")

    def standing(scope: str, zone: str | None) -> tuple[Fact, ...]:
        names = [name for name, definition in definitions.items() if definition.scope == scope]
        found = [(name, answers.standing(name, zone)) for name in names]
        return tuple(Fact(name=name, value=value) for name, value in found if value is not None)

    def unasked(facts: Iterable[Fact]) -> tuple[Fact, ...]:
        return tuple(fact for fact in facts if resolve_name(fact.name, definitions) is None)

    who = person.model_copy(update={"facts": unasked(person.facts)})
    today = latest.model_copy(
        update={
            "facts": (*unasked(latest.facts), *standing("person", None)),
            "zones": tuple(
                finding.model_copy(update={"facts": standing("zone", finding.zone)}) for finding in latest.zones
            ),
        }
    )
    return who, today
