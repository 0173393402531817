"""What is known of one person, for the page of their chart: answers, readings over time, what came in by a link."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from needling.documents import Assessment, Person
from needling.knowledge import Knowledge
from needling.report.about_clearance import answer_words
from needling.report.about_lesions import Found, lesions_of
from needling.web.charts.matching import age_on
from needling.web.charts.models import Chart, Kind, Row
from needling.web.charts.records import latest, read
from needling.web.people.intake import BY, changed
from needling.web.people.models import Intake
from needling.web.people.pins import Drawing, drawings_of
from needling.web.people.reading import zones_of_sites

_SHOWN = 8  # assessments beside each other
_WIDE, _HIGH, _RIM = 120, 32, 4  # of the small line


@dataclass(frozen=True)
class Reading:
    """One scale on one zone over the assessments: a value, or "" where it was not read, and a small line."""

    name: str
    zone: str
    bounds: str
    values: tuple[str, ...]
    line: str


@dataclass(frozen=True)
class Known:
    """Everything above the documents on the page of a chart."""

    person: Person | None
    age: str
    yes: tuple[str, ...]
    other: tuple[tuple[str, str], ...]
    answered: int
    asked: int
    came_in: datetime | None
    changed: tuple[tuple[str, str, str], ...]
    days: tuple[date, ...]
    readings: tuple[Reading, ...]
    zones: tuple[tuple[str, str, str], ...]
    found: tuple[tuple[str, str], ...]
    lesions: tuple[Found, ...]
    drawings: tuple[Drawing, ...]
    look: Assessment | None
    by_person: bool
    link: Intake | None


def _plain(question: str) -> str:
    return question.rstrip("? ")


def age_words(birth_year: int | None, today: date, born: date | None = None) -> str:
    """The age by the day of birth; without one as far as a year of birth tells it."""
    if born is not None:
        return f"{age_on(born, today)} years"
    if birth_year is None:
        return "not known"
    years = today.year - birth_year
    return f"{max(years - 1, 0)} or {years} years, born {birth_year}"


def counts(person: Person | None, kb: Knowledge) -> tuple[int, int]:
    """Answered and asked person-wide questions; those whose own question was not answered with yes are not asked."""
    known = {fact.name: fact.value for fact in person.facts if fact.value is not None} if person else {}
    sex = person.sex_at_birth if person else None
    asked = [
        one.name
        for one in kb.facts
        if one.scope == "person"
        and (one.only_if is None or known.get(one.only_if) is True)
        and (one.never_of_sex is None or one.never_of_sex != sex)
    ]
    return sum(name in known for name in asked), len(asked)


def readings_of(looks: Sequence[Assessment], kb: Knowledge) -> tuple[Reading, ...]:
    """Each scale and zone that was ever read, over the assessments in their order."""
    scales, names = kb.by("scales"), dict(zones_of_sites(kb))
    pairs = dict.fromkeys((score.scale, score.zone) for look in looks for score in look.scores)
    found = []
    for scale, zone in pairs:
        known = scales.get(scale)
        values: list[float | None] = [
            next((score.value for score in look.scores if (score.scale, score.zone) == (scale, zone)), None)
            for look in looks
        ]
        found.append(
            Reading(
                known.name if known else scale,
                names.get(zone, zone) if zone else "the whole person",
                f"{known.low:g} to {known.high:g}" if known else "",
                tuple("" if value is None else f"{value:g}" for value in values),
                _line(values, known.low, known.high) if known else "",
            )
        )
    return tuple(found)


def _line(values: Sequence[float | None], low: float, high: float) -> str:
    """Corners of a small line from the lowest to the highest value of the scale; "" with fewer than two readings."""
    read = [(place, value) for place, value in enumerate(values) if value is not None]
    if len(read) < 2 or high <= low:  # numerical: a line needs two ends
        return ""
    wide, tall = _WIDE - 2 * _RIM, _HIGH - 2 * _RIM
    return " ".join(
        f"{_RIM + wide * place / (len(values) - 1):.1f},{_RIM + tall * (1 - (value - low) / (high - low)):.1f}"
        for place, value in read
    )


def what_is_known(chart: Chart, kb: Knowledge, today: date) -> Known:
    """Read what the page of a chart shows; the number of queries does not grow with the documents."""
    seen = latest(chart, Person)
    rows = list(chart.rows.filter(kind=Kind.ASSESSMENT, superseded_by=None).order_by("-at")[:_SHOWN])
    looks = [read(row, Assessment) for row in reversed(rows)]
    look = looks[-1] if looks else None
    person = seen[1] if seen else None
    definitions, concerns, names = kb.by("facts"), kb.by("indications"), dict(zones_of_sites(kb))
    facts = [fact for fact in person.facts if fact.value is not None] if person else []
    asks = {fact.name: _plain(definitions[fact.name].ask_clinician or definitions[fact.name].ask)
            for fact in facts if fact.name in definitions}  # fmt: skip
    answered, asked = counts(person, kb)
    lesions = lesions_of(look.zones, kb) if look else ()
    by_link = seen[0] if seen is not None and any(fact.by == BY for fact in facts) else None
    return Known(
        person=person,
        age=age_words(person.birth_year if person else None, today, chart.born),
        yes=tuple(asks[fact.name] for fact in facts if fact.value is True and fact.name in asks),
        other=tuple(
            (asks[fact.name], answer_words(fact.value, definitions[fact.name].kind))
            for fact in facts
            if fact.name in asks and not isinstance(fact.value, bool)
        ),
        answered=answered,
        asked=asked,
        came_in=by_link.at if by_link else None,
        changed=_changed(by_link, person, kb),
        days=tuple(one.on for one in looks),
        readings=readings_of(looks, kb),
        zones=tuple(
            (names.get(zone.zone, zone.zone), _name(concerns.get(zone.concern), zone.concern), f"{zone.area_cm2:g}")
            for zone in (look.zones if look else ())
        ),
        found=_found(look, kb) if look else (),
        lesions=lesions,
        drawings=drawings_of(lesions),
        look=look,
        by_person=look is not None and look.by == chart.person_id,
        link=Intake.objects.filter(chart=chart).select_related("chart", "by").order_by("-made").first(),
    )


def _found(look: Assessment, kb: Knowledge) -> tuple[tuple[str, str], ...]:
    """Where something was found, and what; lesions have a list of their own."""
    definitions, names = kb.by("facts"), dict(zones_of_sites(kb))
    places = [("all zones", look.facts)]
    for zone in look.zones:
        shown = {lesion.what for lesion in zone.lesions if not lesion.left_out}
        plain = tuple(fact for fact in zone.facts if fact.name not in shown)
        places.append((names.get(zone.zone, zone.zone), plain))
    return tuple(
        (place, _plain(definitions[fact.name].ask_clinician or definitions[fact.name].ask))
        for place, facts in places
        for fact in facts
        if fact.value is True and fact.name in definitions
    )


def _name(known: Any, otherwise: str) -> str:
    return known.name if known is not None else otherwise


def _changed(row: Row | None, person: Person | None, kb: Knowledge) -> tuple[tuple[str, str, str], ...]:
    if row is None or person is None or row.supersedes is None:
        return ()
    return tuple((_plain(ask), then, now) for ask, then, now in changed(read(row.supersedes, Person), person, kb))
