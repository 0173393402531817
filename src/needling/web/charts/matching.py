"""What a day of birth says: whether answers can be those of the person of a chart, and how old they are on a day."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from needling.documents import Fact, Person
from needling.errors import BadInput
from needling.knowledge.facts import AGE
from needling.report.words import on_day
from needling.web.charts.models import Chart

RESOLVE = "Find out whose they are, and correct the one that is wrong, the date of birth or the answers."


class OfAnother(BadInput):
    """Answers that may be somebody else's: nothing is cleared, planned or approved on them."""

    def __init__(self, chart: Chart, says: str) -> None:
        super().__init__(f"{says} {RESOLVE}")
        self.chart, self.says = chart, says


def unlike(chart: Chart, person: Person | None) -> str:
    """In what chart and answers differ, in words; "" where nothing speaks against the answers being this person's."""
    year = person.birth_year if person is not None else None
    if chart.born is None or year is None or chart.born.year == year:
        return ""
    return f"The chart says born {on_day(chart.born)}, the answers say {year}: the answers may be somebody else\u2019s."


def require_own(chart: Chart, person: Person) -> None:
    """Raise OfAnother where answers may be somebody else's."""
    says = unlike(chart, person)
    if says:
        raise OfAnother(chart, says)


def age_on(born: date, day: date) -> int:
    """Full years on a day; negative before the birth."""
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))


def with_age(facts: Iterable[Fact], chart: Chart, person: Person | None, day: date) -> tuple[Fact, ...]:
    """Facts of a day with the age on that day, and with none of another day.

    Without a day of birth, or where the answers may be somebody else's, no age is said: a year of birth tells it then,
    as far as it can.
    """
    others = tuple(fact for fact in facts if fact.name != AGE)
    if chart.born is None or chart.born > day or unlike(chart, person):
        return others
    return (*others, Fact(name=AGE, value=float(age_on(chart.born, day))))
