"""Which question comes next: one topic a page, only what can still change the answer, and reading what was sent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from needling.documents import Clearance
from needling.knowledge import Knowledge
from needling.knowledge.facts import resolve_name, value_problem
from needling.knowledge.schema import FactDefinition
from needling.report.about_clearance import answer_words
from needling.web.selfcheck.answers import Answers

UNKNOWN = "unknown"
TITLES = {
    "today": "How you are today",
    "medicines": "Medicines",
    "health": "Your health",
    "metal-and-numbing": "Metal, numbing creams and the roller itself",
    "aims": "What you hope for",
    "skin-history": "Your skin so far",
    "cold-sores": "Cold sores",
    "skin-now": "The skin there now",
    "marks": "Marks and spots there",
    "sun-and-products": "Sun and products",
    "injections": "Injections",
    "procedures": "Earlier treatments",
}


@dataclass(frozen=True)
class Asked:
    """One question on a page with the answer so far: "yes", "no", "unknown", a date, a number, or nothing yet.

    ``both``: a value was given and "I don't know" ticked beside it. ``earlier``: the answer of an earlier day in words;
    it is told beside the question and never ticked.
    """

    definition: FactDefinition
    value: str
    problem: str = ""
    both: bool = False
    earlier: str = ""


def topics(kb: Knowledge) -> tuple[str, ...]:
    """Topics in the order in which they are asked."""
    return tuple(dict.fromkeys(definition.topic for definition in kb.facts))


def _for_the_sheet(answers: Answers, kb: Knowledge) -> list[str]:
    """Every question that fits the person and has no answer yet: what a clinic wants to read."""
    sex = answers.you.get("sex_at_birth")
    return [
        one.name
        for one in kb.facts
        if one.name not in answers.facts
        and one.quiet is not True  # asked only of those whom it concerns, by the rules
        and (one.only_if is None or answers.facts.get(one.only_if) is True)
        and not (one.never_of_sex and one.never_of_sex == sex)
    ]


def open_facts(answers: Answers, clearance: Clearance, kb: Knowledge) -> dict[str, list[FactDefinition]]:
    """Questions that can still change the answer and were not answered with "I don't know", by topic.

    Who fills the sheet for a clinic is asked everything that is left.
    """
    definitions = kb.by("facts")
    wanted = _for_the_sheet(answers, kb) if answers.everything else []
    for question in clearance.asks:
        resolved = resolve_name(question.fact, definitions)
        if resolved is not None and resolved[0].name not in answers.facts:
            wanted.append(resolved[0].name)
    found: dict[str, list[FactDefinition]] = {}
    for definition in kb.facts:
        if definition.name in wanted:
            found.setdefault(definition.topic, []).append(definition)
    return found


def next_topic(answers: Answers, clearance: Clearance, kb: Knowledge) -> str | None:
    """The first topic that still has a question; None when nothing more is asked."""
    if clearance.verdict == "exclude" and not answers.everything:
        return None
    return next(iter(open_facts(answers, clearance, kb)), None)


def _shown(definition: FactDefinition, told: Mapping[str, Any]) -> str:
    if definition.name not in told:
        return ""
    value = told[definition.name]
    if value is None:
        return UNKNOWN
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)


def _earlier(definition: FactDefinition, answers: Answers) -> str:
    """The answer of an earlier day in words, as long as there is none of today."""
    if definition.name not in answers.before or definition.name in answers.facts:
        return ""
    value = answers.before[definition.name]
    return "I don’t know" if value is None else answer_words(value, definition.kind)


def on_page(topic: str, answers: Answers, clearance: Clearance, kb: Knowledge) -> tuple[Asked, ...]:
    """The questions of a topic's page: what is open, and what was answered before, so that it can be corrected."""
    still = {definition.name for definition in open_facts(answers, clearance, kb).get(topic, ())}
    return tuple(
        Asked(definition, _shown(definition, answers.facts), earlier=_earlier(definition, answers))
        for definition in kb.facts
        if definition.topic == topic and (definition.name in still or definition.name in answers.facts)
    )


def read_page(
    asked: tuple[Asked, ...], sent: Mapping[str, Any], today: date
) -> tuple[dict[str, Any], tuple[Asked, ...]]:
    """The answers of a page, and its questions again with what is wrong with them.

    A question that was left empty stays open and is named; "I don't know" is an answer.
    """
    given: dict[str, Any] = {}
    again = []
    for one in asked:
        name = one.definition.name
        raw = str(sent.get(name, "")).strip()[:40]
        problem = ""
        both = bool(sent.get(f"{name}-{UNKNOWN}") and raw and raw != UNKNOWN)
        if both:
            problem = "You gave an answer and ticked “I don’t know”. Please keep one of the two."
        elif sent.get(f"{name}-{UNKNOWN}") or raw == UNKNOWN:
            given[name], raw = None, UNKNOWN
        elif not raw:
            problem = "Please choose an answer. “I don’t know” is one."
        elif one.definition.kind == "yes-no":
            if raw in ("yes", "no"):
                given[name] = raw == "yes"
            else:
                problem = "Please choose one of the answers."
        else:
            value, problem = _value(one.definition, raw)
            if not problem:
                given[name] = value
        again.append(replace(one, value=raw, problem=problem, both=both))
    return given, tuple(again)


def added(before: tuple[Asked, ...], answers: Answers, clearance: Clearance, kb: Knowledge) -> FactDefinition | None:
    """The question that the answers of a page have added to it; None where there is none."""
    asked = {one.definition.name for one in before}
    topic = before[0].definition.topic if before else ""
    still = open_facts(answers, clearance, kb).get(topic, ())
    return next((one for one in still if one.name not in asked), None)


def newly_added(query: Mapping[str, Any], asked: tuple[Asked, ...], answers: Answers) -> FactDefinition | None:
    """The question that a page was opened again for; None where it was not."""
    if "more" not in query:
        return None
    return next((one.definition for one in asked if one.definition.name not in answers.facts), None)


def _value(definition: FactDefinition, raw: str) -> tuple[Any, str]:
    """A date, number or choice as it is stored, or what is wrong with it in plain words."""
    value: Any = raw
    if definition.kind == "number":
        try:
            value = float(raw.replace(",", "."))
        except ValueError:
            return None, "Please give a number."
    if value_problem(definition, None, value) is None:
        ahead = definition.kind == "date" and date.fromisoformat(value) > date.today() + timedelta(days=1)
        return (None, "Please give a day that has been, or today.") if ahead else (value, "")
    if definition.kind == "date":
        return None, "Please give a date, day, month and year."
    if definition.kind == "number":
        return None, f"Please give a number from {definition.low:g} to {definition.high:g}."
    return None, "Please choose one of the answers."


def without_orphans(answers: Answers, kb: Knowledge) -> Answers:
    """Answers whose own question no longer stands (a date after a yes that became a no) are dropped."""
    facts = dict(answers.facts)
    for definition in kb.facts:
        parent = definition.only_if
        if parent is not None and definition.name in facts and facts.get(parent) is not True:
            del facts[definition.name]
        sex = definition.never_of_sex
        if sex is not None and facts.get(definition.name) is True and answers.you.get("sex_at_birth") == sex:
            del facts[definition.name]
    return replace(answers, facts=facts, before={n: v for n, v in answers.before.items() if n not in facts})
