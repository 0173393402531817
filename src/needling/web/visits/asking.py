"""The questions of the day as they lie on the page: what changes from visit to visit open, lasting things folded."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from needling.documents import Assessment, Fact, Person
from needling.documents.visits import VisitCheck
from needling.report.words import on_day
from needling.web.charts.models import Chart
from needling.web.charts.records import latest
from needling.web.selfcheck.questions import TITLES
from needling.web.visits.course import Course
from needling.web.visits.today import Asked, Today, newest_zones

_TITLES = {**TITLES, "today": "Today", "health": "Health"}
"""Topics as a clinician reads them."""
_LASTING = ("health", "metal-and-numbing", "marks", "injections", "procedures")
"""Topics of which an answer seldom changes between two sessions."""
_OF_THE_DAY = ("lesion_changing",)
"""Questions of such a topic that are about change."""


@dataclass(frozen=True)
class Question:
    """One question with its last answer in words; ``quiet`` where that one is known and starts no rule."""

    asked: Asked
    last: str
    quiet: bool


@dataclass(frozen=True)
class Asking:
    """The questions by topic. ``folded``: every lasting one was answered quietly the last time, and nothing is marked.

    ``says`` sums the last answers up.
    """

    daily: tuple[tuple[str, tuple[Question, ...]], ...]
    lasting: tuple[tuple[str, tuple[Question, ...]], ...]
    folded: bool
    says: str

    @property
    def lasting_count(self) -> int:
        """How many questions may be folded."""
        return sum(len(own) for _, own in self.lasting)


def asking_of(chart: Chart, course: Course, today: Today, person: Person) -> Asking:
    """Every question of the day, in two groups."""
    found = latest(chart, VisitCheck)
    check = found[1] if found is not None else None
    before = _known(person, course)
    lines = [_question(one, check, before) for one in today.asked]
    lasting = [one for one in lines if _is_lasting(one)]
    folded = all(one.quiet and not one.asked.value for one in lasting)
    says = ""
    if lasting and folded:
        same = {one.last for one in lasting}
        says = f"last answered with {same.pop()}" if len(same) == 1 else "all answered with no the last time"
    return Asking(_by_topic(one for one in lines if not _is_lasting(one)), _by_topic(lasting), folded, says)


def _is_lasting(one: Question) -> bool:
    return one.asked.definition.topic in _LASTING and one.asked.definition.name not in _OF_THE_DAY


def _by_topic(lines: Iterable[Question]) -> tuple[tuple[str, tuple[Question, ...]], ...]:
    found: dict[str, list[Question]] = {}
    for one in lines:
        found.setdefault(one.asked.definition.topic, []).append(one)
    return tuple((_TITLES.get(topic, topic), tuple(own)) for topic, own in found.items())


def _question(asked: Asked, check: VisitCheck | None, before: Mapping[str, bool]) -> Question:
    """A question with the answer of the last visit, else with what the person or the assessment told."""
    name, calm = asked.definition.name, bool(asked.definition.quiet)
    words = {calm: "yes" if calm else "no", not calm: "no" if calm else "yes"}
    if asked.before:
        return Question(asked, words[not calm], quiet=False)
    given = {fact.name: fact.value for fact in check.answers} if check is not None else {}
    if check is not None and name in given:
        value = given[name]
        said = words[bool(value)] if value is not None else "not known"
        return Question(asked, f"{said} on {on_day(check.on)}", quiet=value is calm)
    if name in before:
        return Question(asked, words[before[name]], quiet=before[name] is calm)
    return Question(asked, "not known", quiet=False)


def _known(person: Person, course: Course) -> dict[str, bool]:
    """What was told of the person, and of every zone of the course alike."""
    looks: tuple[Assessment, ...] = (course.approval.forecast.assessment, *course.looks)
    whole = _yes_no(fact for facts in (person.facts, *(look.facts for look in looks)) for fact in facts)
    zones = [whole | _yes_no(zone.facts) for zone in newest_zones(course)]
    names = {name for zone in zones for name in zone} if zones else set(whole)
    alike = {name: {zone.get(name) for zone in zones} or {whole.get(name)} for name in names}
    return {name: value for name, values in alike.items() if len(values) == 1 and (value := values.pop()) is not None}


def _yes_no(facts: Iterable[Fact]) -> dict[str, bool]:
    return {fact.name: fact.value for fact in facts if isinstance(fact.value, bool)}
