"""The sheet for the clinic: what was wished and why it was declined, what was told, what nobody asked, what is open."""

from __future__ import annotations

from collections.abc import Iterable

from needling.documents import Choice, Clearance, Goals
from needling.report.about_clearance import (
    NOT_KNOWN,
    Known,
    choice_headline,
    facts_table,
    merged_decisions,
    merged_questions,
    question_text,
    told_decisions,
    told_facts,
    until_words,
    verdict_headline,
)
from needling.report.about_home import plainly
from needling.report.explanation import Section, Table, Telling
from needling.report.words import device_name, on_day, plural, setting_words, zones_name

NO_NAME = "you"
"""The id of a person who gave no name, as at home."""


def wished_words(goals: Goals, telling: Telling) -> str:
    """The device, length and course that were asked for; empty where nothing in particular was."""
    parts = []
    if goals.needle_length_mm is not None:
        device = telling.kb.by("devices").get(goals.device or "")
        kind = device.kind if device is not None else "roller" if telling.home else "needle"
        parts.append(f"{goals.needle_length_mm:g} mm {kind}")
    elif goals.device is not None:
        parts.append(device_name(goals.device, telling.kb))
    if goals.passes_count is not None:
        parts.append(plural(goals.passes_count, "pass", "passes"))
    if goals.sessions_count is not None:
        parts.append(plural(goals.sessions_count, "session"))
    if goals.interval_d is not None:
        parts.append(f"every {plural(goals.interval_d, 'day')}")
    return ", ".join(parts)


def _wish_table(choice: Choice | None, where: str, telling: Telling) -> Table | None:
    """What was wished, and why not; None where nothing in particular was wished."""
    if choice is None or not (wished := wished_words(choice.goals, telling)):
        return None
    declined = list(dict.fromkeys(choice.plan.declined))
    rows = [telling.row("Wished", f"{wished} {where}")]
    rows += [
        telling.row(f"Declined: {one.what}", plainly(one.why), sources=one.sources, proposal=one.proposal)
        for one in declined
    ]
    if not declined:
        rows.append(telling.row("Declined", "no; the wish itself is inside the limits"))
    return Table("What was wished", ("Wish", "What became of it"), tuple(dict.fromkeys(rows)))


def _by_topic(caption: str, header: str, told: Iterable[tuple[str, str]], telling: Telling) -> Table | None:
    """Questions in columns by topic; None without any."""
    found: dict[str, list[str]] = {}
    for topic, asked in told:
        found.setdefault(topic, []).append(asked.strip().rstrip("?"))
    rows = [telling.row(topic.replace("-", " ").capitalize(), "; ".join(alike)) for topic, alike in found.items()]
    return Table(caption, ("Topic", header), tuple(rows)) if rows else None


def not_asked(known: Known, telling: Telling) -> list[tuple[str, str]]:
    """Topic and question of everything that a clinic may want to know and nobody asked."""
    person, seen = known
    facts = [*person.facts, *seen.facts, *(fact for zone in seen.zones for fact in zone.facts)]
    given = {fact.name: fact.value for fact in facts}
    asked_with_spots = {lesion.what for zone in seen.zones for lesion in zone.lesions}
    return [
        (one.topic, one.ask_clinician or one.ask)
        for one in telling.kb.facts
        if one.name not in given
        and one.name not in asked_with_spots
        and one.quiet is not True  # asked only of those whom it concerns
        and (one.only_if is None or given.get(one.only_if) is True)
        and not (one.never_of_sex and one.never_of_sex == person.sex_at_birth)
    ]


def _intro(clearance: Clearance, choice: Choice | None, telling: Telling) -> str:
    zones = zones_name([zone.zone for zone in clearance.zones], telling.kb)
    who = "Asked" if clearance.person == NO_NAME else f"Person {clearance.person}, asked"
    answer = choice_headline(choice, clearance) if choice else verdict_headline(clearance)
    where = setting_words(clearance.setting)
    return f"{who} on {on_day(clearance.on)} about needling {where} on: {zones}. Answer: {answer}"


def handoff_section(
    clearance: Clearance, telling: Telling, known: Known | None, choice: Choice | None = None, headline: str = ""
) -> Section:
    """The sheet for the clinic: who, what was wished, what was found, which rules spoke, what is still open.

    Args:
        clearance: the answer. telling: reader and knowledge. known: what was told; None where only marks are left.
        choice: with the wish and why it was declined. headline: the answer in the words of the page before.
    """
    telling = telling.at("Sheet for the clinic")
    said = _intro(clearance, choice, telling)
    paragraphs = [telling.say(f"{said.rpartition('Answer: ')[0]}Answer: {headline}" if headline else said)]
    if known is None:
        mark = clearance.assessment_sha256[:12]
        paragraphs.append(telling.say(f"The answers themselves are in the assessment with the mark {mark}"))
    tables = [_wish_table(choice, setting_words(clearance.setting), telling)]
    tables += [facts_table(known, telling)] if known is not None else []
    decisions = told_decisions(clearance) if telling.home else clearance.decisions
    rows = tuple(
        telling.row(
            decision.title + (f" ({zones_name(zones, telling.kb)})" if zones else ""),
            decision.action.replace("_", " ") + (", overridden" if decision.overridden else ""),
            until_words(decision) or "no time given",
            sources=decision.sources,
            proposal=decision.proposal,
        )
        for decision, zones in merged_decisions(decisions)
    )
    tables += [Table("What the rules decided", ("Rule", "Action", "Until"), rows)] if rows else []
    if clearance.asks:
        rows = tuple(
            telling.row(question_text(question, zones, telling), question.decisive.replace("_", " "))
            for question, zones in merged_questions(clearance.asks)
        )
        tables.append(Table("What is still open", ("Question", "At worst"), rows))
    if known is not None:
        told = told_facts(known, telling)
        alike = {
            answer: [(topic, asked) for topic, asked, said in told if said == answer] for answer in (NOT_KNOWN, "no")
        }
        tables += [
            _by_topic("Asked, and not known", "Questions", alike[NOT_KNOWN], telling),
            _by_topic("Not asked", "Questions that nobody put", not_asked(known, telling), telling),
            _by_topic("Answered no", "Questions", alike["no"], telling),
        ]
    shown = tuple(table for table in tables if table is not None)
    return Section("handoff", "Sheet for the clinic", tuple(paragraphs), tables=shown)
