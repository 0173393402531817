"""Which occurrence an override was signed for: what a rule rests on, and whether that is what two people signed.

What the knowledge says decides how long a signature holds. A fact that is asked again before each session
(``screen-again`` of the follow-ups) can be another one by then:

- it has a day (a rule that waits ``after`` it): covered up to the day that was signed, a later one is another;
- the rule waits, or looks at the skin, and there is no day: covered on the day of the findings alone;
- the rule sends to a clinician about the person (a medicine that goes on): covered until an answer said that it is
  over (:func:`is_over`).

All other facts last. Whatever lasts or passes, another answer or another zone than was signed is not covered.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import date, timedelta
from typing import Any

from needling.documents import Fact, Occurrence, Override
from needling.knowledge import Knowledge
from needling.knowledge.conditions import Condition, evaluate, leaves
from needling.knowledge.facts import resolve_name
from needling.knowledge.schema import Rule

Lookup = Callable[[str], Any]


def day_of(name: str, lookup: Lookup, on: date) -> date | None:
    """The day of a date fact, given as that or as a time since it; None when it is not known."""
    given = lookup(name)
    if given is not None:
        return date.fromisoformat(str(given))
    since_d = lookup(f"{name}_d")
    return on - timedelta(days=round(since_d)) if since_d is not None else None


def occurrence_of(rule: Rule, lookup: Lookup, zone: str | None, on: date, kb: Knowledge) -> Occurrence:
    """What makes a rule fire: the answers that its condition rests on. Call it only for a rule that fires."""
    definitions = kb.by("facts")
    found: dict[str, Any] = {}
    for name in _rests_on(rule.when, lookup):
        resolved = resolve_name(name, definitions)
        if resolved is None:
            continue
        base = resolved[0].name
        day = day_of(base, lookup, on) if resolved[0].kind == "date" else None
        found[base] = day.isoformat() if day is not None else lookup(name)
    return Occurrence(zone=zone, facts=tuple(Fact(name=name, value=found[name]) for name in sorted(found)))


def _rests_on(condition: Condition, lookup: Lookup) -> Iterator[str]:
    """The facts by which a true condition is true."""
    ((key, value),) = condition.items()
    if key in ("all", "any"):
        for part in value:
            if evaluate(part, lookup).value:
                yield from _rests_on(part, lookup)
    elif key == "not":
        yield from (name for name, _, _ in leaves(value) if lookup(name) is not None)
    else:
        yield key


def passing(rule: Rule, kb: Knowledge, within: Iterable[str] | None = None) -> frozenset[str]:
    """The facts of a rule that can be others by the next session; of some of them, where given."""
    definitions = kb.by("facts")
    again = {name for check in kb.follow_ups for name in check.asks}
    found = set()
    for name in within if within is not None else (name for name, _, _ in leaves(rule.when)):
        resolved = resolve_name(name, definitions)
        if resolved is not None and (resolved[0].name in again or resolved[0].only_if in again):
            found.add(resolved[0].name)
    return frozenset(found)


def covers(override: Override, rule: Rule, now: Occurrence, on: date, kb: Knowledge) -> bool:
    """Whether an override of a rule was signed for what makes it fire now.

    Args:
        now: what it rests on (:func:`occurrence_of`). on: day of the answers that are screened.

    Returns:
        False where it cannot be told: an override that does not say what it was signed for covers what passes on its
        own day alone, and without a day nothing that passes.
    """
    signed = next((one for one in override.occurrences if one.zone == now.zone), None)
    if override.occurrences and (signed is None or not _no_other(signed, now, kb)):
        return False
    own = passing(rule, kb, (fact.name for fact in now.facts))
    if not own or override.on == on:
        return True
    if override.on is None or on < override.on or signed is None:
        return False
    return rule.then.after in own or stays(rule, kb)


def _no_other(signed: Occurrence, now: Occurrence, kb: Knowledge) -> bool:
    """Whether every answer that counts now was there when it was signed, and no day is a later one."""
    definitions = kb.by("facts")
    then = {fact.name: fact.value for fact in signed.facts}
    for fact in now.facts:
        before = then.get(fact.name)
        dated = definitions[fact.name].kind == "date"
        if before is None or not (str(fact.value) <= str(before) if dated else fact.value == before):
            return False
    return True


def stays(rule: Rule, kb: Knowledge) -> bool:
    """Whether a rule rests on something that goes on until it is said to be over: no waiting, nothing in the skin."""
    definitions = kb.by("facts")
    return rule.then.action == "refer" and all(definitions[name].scope == "person" for name in passing(rule, kb))


def is_over(override: Override, rule: Rule, later: Iterable[tuple[str, str | None, Any]], kb: Knowledge) -> bool:
    """Whether what was signed for is over, or is another one, by what was answered after its day.

    Args:
        later: known answers of later days as (question, zone, answer); the zone is None for the person.
    """
    signed = {(fact.name, one.zone) for one in override.occurrences for fact in one.facts}
    own = passing(rule, kb, {name for name, _ in signed} if signed else None)
    definitions = kb.by("facts")
    for name, zone, value in later:
        if name not in own or definitions[name].kind != "yes-no":
            continue
        scope = definitions[name].scope
        if signed and scope == "zone" and (name, zone) not in signed:
            continue
        if value == definitions[name].quiet or not (rule.then.after is not None or stays(rule, kb)):
            return True
    return False


__all__ = ["covers", "day_of", "is_over", "occurrence_of", "passing", "stays"]
