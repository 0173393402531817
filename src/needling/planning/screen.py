"""Is it for me? Facts and rules to a :class:`Clearance`: every decision with its why, every gap a question."""

from __future__ import annotations

import calendar
from collections.abc import Iterable
from datetime import date, timedelta
from math import ceil
from typing import NamedTuple

from needling.documents import (
    Action,
    Assessment,
    Caps,
    Clearance,
    Decision,
    Occurrence,
    Person,
    Question,
    Setting,
    Verdict,
    ZoneClearance,
    ZoneFinding,
)
from needling.knowledge.base import Knowledge
from needling.knowledge.conditions import evaluate, leaves
from needling.knowledge.facts import resolve_name
from needling.knowledge.schema import Rule
from needling.planning.answers import Lookup, lookup_for, require_sound
from needling.planning.jurisdiction import caps_of, notes_of
from needling.planning.occurrences import covers, day_of, occurrence_of
from needling.units import UNITS

# From the mildest to the strictest; where two rules meet, the stricter wins.
STRICTNESS: tuple[Action, ...] = ("note", "caution", "premedicate", "defer", "exclude_home", "refer", "exclude")
VERDICTS: tuple[Verdict, ...] = ("go", "defer", "refer", "exclude")

_ZONE_NAMES = ("site", "concern", "area_cm2", "zone")
_BUILT_IN_ASKS = {
    "phototype": "Which skin type is it, from I (always burns, never tans) to VI (very dark, never burns)?",
    "age_y": "How old is the person, in years?",
    "sex_at_birth": "Which sex was recorded at birth?",
}


def verdict_of(action: Action, setting: Setting) -> Verdict:
    """What one action means for the setting that was asked about: "not at home" sends a home user to a clinic."""
    if action == "exclude_home":
        return "refer" if setting == "home" else "go"
    return action if action in ("defer", "refer", "exclude") else "go"


def strictest(verdicts: Iterable[Verdict]) -> Verdict:
    """The strictest of some verdicts; "go" when there is none."""
    return max(verdicts, key=VERDICTS.index, default="go")


def is_zone_rule(rule: Rule, kb: Knowledge) -> bool:
    """Whether a rule speaks of a zone: it tests the site, the concern, or a fact that is asked for each zone."""
    definitions = kb.by("facts")
    for name, _, _ in leaves(rule.when):
        resolved = resolve_name(name, definitions)
        if name in _ZONE_NAMES or (resolved is not None and resolved[0].scope == "zone"):
            return True
    return False


def _later(day: date, months: float) -> date:
    """A day some months on: the calendar day or the same number of mean months, whichever is later.

    Rules count mean months since a date; a person counts calendar months. The later day satisfies both.
    """
    whole = int(months)
    year, month = divmod(day.year * 12 + day.month - 1 + whole, 12)  # numerical: months in a year
    by_calendar = date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))
    return max(by_calendar, day + timedelta(days=ceil(months * UNITS["mo"].si_factor / UNITS["d"].si_factor)))


def _until(rule: Rule, lookup: Lookup, on: date) -> date | None:
    """The first day on which a waiting rule is over; None when it has no time or the event's day is unknown."""
    then = rule.then
    if then.wait_d is None and then.wait_wk is None and then.wait_mo is None:
        return None
    start = on if then.after is None else day_of(then.after, lookup, on)
    if start is None:
        return None
    if then.wait_mo is not None:
        return _later(start, then.wait_mo)
    days = then.wait_d if then.wait_d is not None else 7 * (then.wait_wk or 0)  # numerical: days in a week
    return start + timedelta(days=round(days))


class _Found(NamedTuple):
    """What the rules say of one zone (or of the whole person when zone is None)."""

    decisions: list[Decision]
    questions: list[Question]


def _question(fact: str, zone: str | None, rule: Rule, kb: Knowledge, setting: Setting) -> Question:
    resolved = resolve_name(fact, kb.by("facts"))
    if resolved is None:
        return Question(
            fact=fact, zone=None, ask=_BUILT_IN_ASKS.get(fact, fact), rules=(rule.id,), decisive=rule.then.action
        )
    definition = resolved[0]
    ask = definition.ask if setting == "home" or not definition.ask_clinician else definition.ask_clinician
    where = zone if definition.scope == "zone" else None
    return Question(fact=definition.name, zone=where, ask=ask, rules=(rule.id,), decisive=rule.then.action)


def _set_aside(rule: Rule, lookup: Lookup, zone: str | None, assessment: Assessment, kb: Knowledge) -> bool:
    """Whether two clinicians decided to go on in spite of what makes a rule fire, and not of an earlier occurrence."""
    signed = [one for one in assessment.overrides if one.rule == rule.id]
    if not signed or assessment.setting != "clinic":
        return False
    now = occurrence_of(rule, lookup, zone, assessment.on, kb)
    return any(covers(one, rule, now, assessment.on, kb) for one in signed)


def signed_for(rule: Rule, person: Person, assessment: Assessment, kb: Knowledge) -> tuple[Occurrence, ...]:
    """What makes a rule fire in an assessment, in each zone: what an override of it is signed for."""
    zones = assessment.zones if is_zone_rule(rule, kb) else (None,)
    found = []
    for finding in zones:
        lookup = lookup_for(person, assessment, finding, kb)
        if evaluate(rule.when, lookup).value:
            zone = finding.zone if finding is not None else None
            found.append(occurrence_of(rule, lookup, zone, assessment.on, kb))
    return tuple(found)


def _apply(rules: Iterable[Rule], lookup: Lookup, zone: str | None, assessment: Assessment, kb: Knowledge) -> _Found:
    found = _Found([], [])
    for rule in rules:
        truth = evaluate(rule.when, lookup)
        action: Action = rule.then.action if rule.released else "note"
        if truth.value is None and action != "note":
            found.questions.extend(
                _question(fact, zone, rule, kb, assessment.setting) for fact in sorted(truth.unknown)
            )
        if truth.value:
            found.decisions.append(
                Decision(
                    rule=rule.id,
                    action=action,
                    zone=zone,
                    until=_until(rule, lookup, assessment.on),
                    until_when=rule.then.until_when,
                    title=rule.title,
                    because=rule.because,
                    tell=rule.tell,
                    sources=rule.sources,
                    conflicts=rule.conflicts,
                    caps=rule.then.caps,
                    proposal=rule.proposal or not rule.released,
                    overridden=action in ("defer", "refer") and _set_aside(rule, lookup, zone, assessment, kb),
                )
            )
    return found


def _merge(questions: Iterable[Question], kb: Knowledge) -> tuple[Question, ...]:
    """Each fact asked once for each zone, with all rules that wait for it; most decisive first, then in topic order."""
    merged: dict[tuple[str, str | None], Question] = {}
    for question in questions:
        key = (question.fact, question.zone)
        known = merged.get(key)
        if known is None:
            merged[key] = question
        else:
            stricter = max(known.decisive, question.decisive, key=STRICTNESS.index)
            rules = tuple(dict.fromkeys((*known.rules, *question.rules)))
            merged[key] = known.model_copy(update={"rules": rules, "decisive": stricter})
    order = {name: index for index, name in enumerate(kb.by("facts"))}
    return tuple(
        sorted(
            merged.values(),
            key=lambda q: (-STRICTNESS.index(q.decisive), order.get(q.fact, -1), q.zone or ""),
        )
    )


def _can_change(question: Question, reached: Verdict, setting: Setting) -> bool:
    """Whether an answer could still make the verdict stricter, or change the plan where there will be one."""
    if reached in ("go", "defer"):
        return True
    return VERDICTS.index(verdict_of(question.decisive, setting)) > VERDICTS.index(reached)


def _overall(zones: tuple[ZoneClearance, ...]) -> Verdict:
    verdicts = [zone.verdict for zone in zones]
    if "ask" in verdicts:
        return "ask"
    return min(verdicts, key=VERDICTS.index)


def _envelope(verdict: Verdict, counted: list[Decision], setting: Setting) -> Setting | None:
    actions = {decision.action for decision in counted}
    if verdict == "go":
        return "clinic" if "exclude_home" in actions else "home"
    only_home_barred = verdict == "refer" and setting == "home" and not actions & {"refer", "exclude", "defer"}
    return "clinic" if only_home_barred else None


def _law(assessment: Assessment, kb: Knowledge) -> list[Decision]:
    """What the law of the assessment's country says, as notes; the first carries its limits."""
    if assessment.country is None:
        return []
    caps = caps_of(assessment.country, kb)
    return [
        Decision(
            rule=f"law-{assessment.country}",
            action="note",
            title=note.what,
            because=note.why,
            tell=note.why,
            sources=note.sources,
            caps=caps if number == 0 and caps != Caps() else None,
            proposal=note.proposal,
        )
        for number, note in enumerate(notes_of(assessment.country, kb))
    ]


def screen(person: Person, assessment: Assessment, kb: Knowledge) -> Clearance:
    """Screen a person for the setting asked about.

    Every rule is evaluated with three truth values for the person or for each zone. A rule that cannot be
    decided becomes a question and never a pass. Verdict of a zone: the strictest action that fired there or
    on the whole person; "ask" while a question can still change it; of the whole: "ask" if any zone asks,
    otherwise the mildest zone, since a plan covers only zones that may go.

    Args:
        person: with facts; None means not asked.
        assessment: of a day, in a setting, with zones and their facts.
        kb: the knowledge base.

    Returns:
        The clearance: decisions with reasons and sources, open questions (most decisive first), the earliest
        day when waiting is all that is needed, and the widest open envelope.

    Raises:
        BadInput: unknown facts, zones or concerns, or values that do not fit.
    """
    require_sound(person, assessment, kb)
    setting = assessment.setting
    zone_rules = [rule for rule in kb.rules if is_zone_rule(rule, kb)]
    of_a_zone = {rule.id for rule in zone_rules}
    person_rules = [rule for rule in kb.rules if rule.id not in of_a_zone]

    whole = _apply(person_rules, lookup_for(person, assessment, None, kb), None, assessment, kb)
    per_zone: list[tuple[ZoneFinding, _Found]] = [
        (finding, _apply(zone_rules, lookup_for(person, assessment, finding, kb), finding.zone, assessment, kb))
        for finding in assessment.zones
    ]

    zones: list[ZoneClearance] = []
    asks: list[Question] = []
    for finding, found in per_zone:
        counted = [decision for decision in (*whole.decisions, *found.decisions) if not decision.overridden]
        reached = strictest(verdict_of(decision.action, setting) for decision in counted)
        questions = [q for q in (*whole.questions, *found.questions) if _can_change(q, reached, setting)]
        asks += questions
        untils = [decision.until for decision in counted if decision.action == "defer"]
        known = [until for until in untils if until is not None]
        zones.append(
            ZoneClearance(
                zone=finding.zone,
                verdict="ask" if questions and reached in ("go", "defer") else reached,
                earliest=max(known) if reached == "defer" and untils and len(known) == len(untils) else None,
            )
        )

    whole.decisions.extend(_law(assessment, kb))
    verdict = _overall(tuple(zones))
    standing = {zone.zone for zone in zones if zone.verdict == verdict}
    decisions = [*whole.decisions, *(decision for _, found in per_zone for decision in found.decisions)]
    counted = [d for d in decisions if not d.overridden and (d.zone is None or d.zone in standing)]
    waits = [zone.earliest for zone in zones if zone.verdict == "defer" and zone.earliest is not None]
    return Clearance(
        person=person.id,
        on=assessment.on,
        setting=setting,
        verdict=verdict,
        envelope=_envelope(verdict, counted, setting),
        zones=tuple(zones),
        decisions=tuple(sorted(decisions, key=lambda d: -STRICTNESS.index(d.action))),
        asks=_merge(asks, kb),
        earliest=min(waits) if verdict == "defer" and waits else None,
        assessment_sha256=assessment.sha256,
        knowledge_sha256=kb.sha256,
    )


__all__ = ["STRICTNESS", "VERDICTS", "is_zone_rule", "screen", "signed_for", "strictest", "verdict_of"]
