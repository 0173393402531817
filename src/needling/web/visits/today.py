"""The questions of the day of a visit: asked again each time, and screened again with the answers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from needling.documents import Assessment, Clearance, Decision, Fact, Person, ZoneFinding
from needling.documents.visits import VisitCheck
from needling.errors import BadInput
from needling.knowledge import Knowledge
from needling.knowledge.conditions import leaves
from needling.knowledge.facts import resolve_name
from needling.knowledge.schema import FactDefinition
from needling.learning.standing import again_rule
from needling.planning.screen import screen
from needling.report.words import on_day
from needling.web.charts.matching import with_age
from needling.web.pages import knowledge
from needling.web.visits.against import last_told, new_yes, still_signed
from needling.web.visits.course import Course

BEFORE = "today-"
STATEMENT = "asked"
QUESTIONS = "questions"
"""Which questions stood on the page, by name: one that was not there was not answered with no."""
_STOPS = ("exclude", "refer", "defer")
_ANSWERS: dict[str, bool | None] = {"yes": True, "no": False, "unknown": None}


@dataclass(frozen=True)
class Asked:
    """One question of the day: what is asked, the answer as ticked, and whether it was no quiet one before."""

    definition: FactDefinition
    value: str
    before: bool
    known: str = ""

    @property
    def name(self) -> str:
        """Of the field."""
        return BEFORE + self.definition.name

    @property
    def words(self) -> str:
        """The question as a clinician reads it, with the days that are known of an earlier yes."""
        asked = self.definition.ask_clinician or self.definition.ask
        return f"{asked} {self.known}" if self.known else asked


def questions(kb: Knowledge, person: Person) -> tuple[FactDefinition, ...]:
    """What the check before each session asks again: yes-no questions with a quiet answer."""
    again = set(again_rule(kb).asks)
    return tuple(
        fact
        for fact in kb.facts
        if fact.name in again and (fact.never_of_sex is None or fact.never_of_sex != person.sex_at_birth)
    )


def days_of(kb: Knowledge) -> dict[str, set[str]]:
    """For each day that can be told the questions to which it belongs: a yes that is another one has another day."""
    found = {fact.name: {fact.only_if} for fact in kb.facts if fact.kind == "date" and fact.only_if}
    definitions = kb.by("facts")
    for rule in kb.rules:
        if rule.then.after is not None:
            asked = {name for name, _, _ in leaves(rule.when) if name in definitions}
            found.setdefault(rule.then.after, set()).update(n for n in asked if definitions[n].kind == "yes-no")
    return found


def _told(groups: Iterable[Iterable[Fact]]) -> dict[str, Fact]:
    """Facts by name, later ones over earlier ones where they are known."""
    return {fact.name: fact for facts in groups for fact in facts if fact.value is not None}


@dataclass(frozen=True)
class Today:
    """Answers of the day; without the statement that all were asked, what was left open is not known."""

    asked: tuple[Asked, ...]
    stated: bool

    @property
    def answers(self) -> dict[str, bool | None]:
        """By fact: what was ticked; where nothing was, the quiet answer under the statement, not known without it."""
        return {
            one.definition.name: _ANSWERS.get(one.value, bool(one.definition.quiet) if self.stated else None)
            for one in self.asked
        }


def read_today(sent: Mapping[str, Any] | None, person: Person, course: Course, kb: Knowledge) -> Today:
    """The answers of a form; before one was sent, what was not quiet the last time stands as it was.

    Args:
        sent: the form, or None. person: with the latest answers.
    """
    looks: Sequence[Assessment] = (course.approval.forecast.assessment, *course.looks)
    zones = (facts for look in looks for facts in (*(zone.facts for zone in look.zones), look.facts))
    known = _told((person.facts, *zones))
    by_zone = last_told(course, date.today() + timedelta(days=1), kb)  # a yes of one zone is not lost in another's no
    opened = str(sent[QUESTIONS]).split() if sent is not None and QUESTIONS in sent else None
    asked = []
    for fact in questions(kb, person):
        before = fact.name in known and known[fact.name].value is not fact.quiet
        before = before or not by_zone.get(fact.name, set()) <= {fact.quiet}
        loud = "no" if fact.quiet else "yes"
        value = (loud if before else "") if sent is None else str(sent.get(BEFORE + fact.name, ""))
        if opened is not None and fact.name not in opened:
            value = "unknown"  # a question that the page did not have when it was opened
        if value not in _ANSWERS and (value or (sent is not None and before)):
            value = "unknown"  # no answer of ours, or left empty where a yes stands since the form was opened
        asked.append(Asked(fact, value, before, _days_known(fact.name, known, kb) if before else ""))
    return Today(tuple(asked), sent is not None and sent.get(STATEMENT) == "yes")


def _days_known(question: str, known: Mapping[str, Fact], kb: Knowledge) -> str:
    """Which one a yes from before is about, so that another one is not taken for it."""
    definitions = kb.by("facts")
    days = [
        f"{definitions[name].ask_clinician.partition(' (')[0]}: {on_day(date.fromisoformat(str(known[name].value)))}."
        for name, questions in days_of(kb).items()
        if question in questions and name in known
    ]
    return " ".join(["Told before.", *days, "If there is a later one, tell its day first."]) if days else ""


def checked(course: Course, session: int, today: Today, person: Person, on: date, by: str) -> VisitCheck | None:
    """Screening with the answers of the day; None where answers contradict each other.

    Everything that was not asked stays as it was last told. Of a question that was asked today only today's answer
    counts, and dates that belonged to a yes are dropped when it is none any more, or another one than that. What two
    people set aside is so for the occurrence that they signed for, and for no later one.
    """
    kb, answers = knowledge(), today.answers
    definitions = kb.by("facts")
    others = new_yes(course, answers, on, kb)
    of_others = {day for day, asked in days_of(kb).items() if others & asked}
    first = course.approval.forecast.assessment

    def kept(facts: Iterable[Fact]) -> tuple[Fact, ...]:
        return tuple(
            fact
            for fact in facts
            if not _replaced(fact.name, answers, definitions) and _base(fact.name, definitions) not in of_others
        )

    given = [Fact(name=name, value=value) for name, value in answers.items()]
    of_zone = {name for name in answers if definitions[name].scope == "zone"}
    who = person.model_copy(
        update={"facts": (*kept(person.facts), *(fact for fact in given if fact.name not in of_zone))}
    )
    seen = tuple(_told((kept(first.facts), *(kept(look.facts) for look in course.looks))).values())
    assessment = first.model_copy(
        update={
            "on": on,
            "facts": with_age((*seen, *(fact for fact in given if fact.name in of_zone)), course.row.chart, person, on),
            "zones": tuple(
                zone.model_copy(update={"facts": _details_of_a_yes(kept(zone.facts), definitions)})
                for zone in newest_zones(course)
            ),
            "scores": (),
            "overrides": still_signed(course, on, kb),
        }
    )
    try:
        clearance = screen(who, assessment, kb)
    except BadInput:
        return None
    return VisitCheck(approval=course.sha256, session=session, on=on, answers=tuple(given), clearance=clearance, by=by)


def told_person(person: Person, check: VisitCheck, kb: Knowledge) -> Person | None:
    """The person with what was told before a session; None where that is what was known."""
    definitions = kb.by("facts")
    given = {
        fact.name: fact.value
        for fact in check.answers
        if fact.value is not None and definitions[fact.name].scope == "person"
    }
    known = {fact.name: fact.value for fact in person.facts}
    news = {name: value for name, value in given.items() if known.get(name) is not value}
    if not news:
        return None
    kept = tuple(fact for fact in person.facts if not _replaced(fact.name, news, definitions))
    return person.model_copy(update={"facts": (*kept, *(Fact(name=n, value=v) for n, v in news.items()))})


def newest_zones(course: Course) -> tuple[ZoneFinding, ...]:
    """The zones of the approval as the newest look at each found them; what no later look told stands as before."""
    looks = (course.approval.forecast.assessment, *course.looks)
    found: dict[str, ZoneFinding] = {}
    for zone in (zone for look in looks for zone in look.zones):
        facts = _told((found[zone.zone].facts if zone.zone in found else (), zone.facts))
        found[zone.zone] = zone.model_copy(update={"facts": tuple(facts.values())})
    return tuple(found[zone.zone] for zone in looks[0].zones)


def _details_of_a_yes(facts: Sequence[Fact], definitions: Mapping[str, FactDefinition]) -> tuple[Fact, ...]:
    """Facts without the details of an answer that a later look took back."""
    told = {fact.name: fact.value for fact in facts}
    found = []
    for fact in facts:
        resolved = resolve_name(fact.name, definitions)
        parent = resolved[0].only_if if resolved else None
        if parent is None or told.get(parent, True) is True:
            found.append(fact)
    return tuple(found)


def _base(name: str, definitions: Mapping[str, FactDefinition]) -> str:
    """The fact behind a name; behind a time since a day, that day."""
    resolved = resolve_name(name, definitions)
    return resolved[0].name if resolved else name


def _replaced(name: str, answers: Mapping[str, Any], definitions: Mapping[str, FactDefinition]) -> bool:
    if name in answers:
        return True
    resolved = resolve_name(name, definitions)
    parent = resolved[0].only_if if resolved else None
    return parent is not None and parent in answers and answers[parent] is not True


def held_up(clearance: Clearance, zones: Iterable[str]) -> list[str]:
    """Zones that may not be treated today."""
    going = {zone.zone for zone in clearance.zones if zone.verdict == "go"}
    return [zone for zone in dict.fromkeys(zones) if zone not in going]


def held_words(clearance: Clearance) -> list[tuple[str, str]]:
    """Why a session is not to be done today: what fired, and what is not known; each once, whatever the zones."""
    stops = (*_STOPS, "exclude_home") if clearance.setting == "home" else _STOPS
    fired = [one for one in clearance.decisions if one.action in stops and not one.overridden]
    said = [(one.title.rstrip(".") + ".", f"{one.because}{_until(one)}") for one in fired]
    return list(dict.fromkeys([*said, *(("Not known:", one.ask) for one in clearance.asks)]))


def _until(decision: Decision) -> str:
    return f" Not before {on_day(decision.until)}." if decision.until else ""
