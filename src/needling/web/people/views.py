"""Answers of a person, and what was found on a day."""

from __future__ import annotations

import re
from datetime import date
from typing import Any, NamedTuple
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods
from pydantic import ValidationError

from needling.documents import Assessment, Person, ScaleScore
from needling.report.about_lesions import lesions_of
from needling.report.words import on_day
from needling.web.accounts.access import WORKING, for_roles
from needling.web.charts.access import own_chart
from needling.web.charts.matching import RESOLVE, with_age
from needling.web.charts.models import Chart, Row
from needling.web.charts.records import Superseded, latest, write
from needling.web.pages import knowledge
from needling.web.people.anchors import anchors_of, last_reading
from needling.web.people.bodymap import views
from needling.web.people.findings import OUT, Found, Mark, mark_kinds, marks_of, read_marks, zone_after
from needling.web.people.known import counts
from needling.web.people.pins import drawings_of
from needling.web.people.reading import (
    Field,
    ZoneRow,
    as_text,
    facts_over,
    problems_of,
    read_facts,
    read_zones,
    standing,
    today,
    zones_of_sites,
)
from needling.web.people.rest import REST, may_be_no, with_the_rest
from needling.web.visits.against import clearing
from needling.web.visits.course import course_of

_BLANK_ZONES = 3
_BLANK_MARKS = 2
_THERE = (("yes", "yes"), ("no", "no"), (OUT, "left out"))
_FIRST_YEAR = 1900
_YEAR = re.compile("[0-9]{4}")
_OWN_LABELS = {"birth_year": "Year of birth", "phototype": "Skin type", "sex_at_birth": "Sex at birth"}
_OWN = tuple(_OWN_LABELS)

_TITLES = {
    "today": "Today",
    "medicines": "Medicines",
    "health": "Health",
    "metal-and-numbing": "Metal, numbing, the roller",
    "aims": "Aims",
    "skin-history": "Skin so far",
    "cold-sores": "Cold sores",
    "skin-now": "The skin there now",
    "marks": "Marks and spots there",
    "sun-and-products": "Sun and products",
    "injections": "Injections",
    "procedures": "Earlier treatments",
}

Problems = list[tuple[str, str, str]]


class Topic(NamedTuple):
    """Questions under one title; ``rest`` names the statement on what is left open, "" where none fits."""

    title: str
    fields: list[Field]
    rest: str
    stated: bool


def _by_topic(fields: tuple[Field, ...], sent: Any) -> list[Topic]:
    found: dict[str, list[Field]] = {}
    for field in fields:
        found.setdefault(field.definition.topic, []).append(field)
    return [
        Topic(
            _TITLES.get(topic, topic),
            own,
            REST + topic if any(may_be_no(one.definition, None) for one in own) else "",
            sent.get(REST + topic) == "yes",
        )
        for topic, own in found.items()
    ]


def _problems_of_fields(fields: tuple[Field, ...]) -> Problems:
    return [(field.name, field.problem, field.definition.ask_clinician) for field in fields if field.problem]


def same_version(request: HttpRequest, seen: tuple[Row, Any] | None) -> bool:
    """Whether the page that was sent was made from the version that is in force."""
    return request.POST.get("version", "") == (str(seen[0].id) if seen else "")


# ---------------------------------------------------------------- answers


@for_roles(*WORKING)
@require_http_methods(["GET", "POST"])
def person(request: HttpRequest, chart: UUID) -> HttpResponse:
    """Year of birth, skin type, sex and all person-wide answers; what is left open is not known."""
    kb, found = knowledge(), own_chart(request, chart)
    user: Any = request.user
    seen = latest(found, Person)
    definitions = [fact for fact in kb.facts if fact.scope == "person"]
    known = {fact.name: as_text(fact.value) for fact in seen[1].facts} if seen else {}
    own = {name: str(getattr(seen[1], name) or "") if seen else "" for name in _OWN}
    if not own["birth_year"] and found.born:
        own["birth_year"] = str(found.born.year)
    sent: Any = request.POST if request.method == "POST" else {**known, **own}
    facts, fields = read_facts(definitions, with_the_rest(definitions, sent, sent.get("sex_at_birth") or None))
    problems = _problems_of_fields(fields)
    overtaken = request.method == "POST" and not same_version(request, seen)
    if request.method == "POST" and not overtaken:
        problems += _own_problems(sent, found.born)
        if not problems:
            made = Person(
                id=found.person_id,
                birth_year=int(sent["birth_year"]) if sent.get("birth_year", "").strip() else None,
                phototype=sent.get("phototype") or None,
                sex_at_birth=sent.get("sex_at_birth") or None,
                facts=facts_over(seen[1].facts if seen else (), definitions, facts),
            )
            problems = problems_of(made, None, kb)
            if not problems:
                try:
                    write(user, found, made, supersedes=seen[0] if seen else None)
                    return redirect("chart", found.id)
                except Superseded:
                    overtaken, seen = True, latest(found, Person)
    context = {
        "chart": found, "newer": seen[0] if overtaken and seen else None, "topics": _by_topic(fields, sent),
        "differ": _differ(seen[1], fields, sent) if overtaken and seen else [], "problems": problems,
        "told": {name: str(sent.get(name, "")) for name in _OWN}, "counts": counts(seen[1] if seen else None, kb),
        "version": str(seen[0].id) if seen else "",
    }  # fmt: skip
    return render(request, "people/person.html", context, status=409 if overtaken else 422 if problems else 200)


def _differ(theirs: Person, fields: tuple[Field, ...], sent: Any) -> list[tuple[str, str, str, str]]:
    """Where answers in force and those of a form differ: the field, what is asked, theirs, and what was typed."""
    known = {fact.name: as_text(fact.value) for fact in theirs.facts}
    own = [(name, _OWN_LABELS[name], str(getattr(theirs, name) or ""), str(sent.get(name) or "")) for name in _OWN]
    asked = [(one.name, one.definition.ask_clinician, known.get(one.name, ""), one.value) for one in fields]
    return [one for one in (*own, *asked) if one[2] != one[3]]


def _own_problems(sent: Any, born: date | None) -> Problems:
    """What is wrong with year, skin type and sex."""
    problems: Problems = []
    year = str(sent.get("birth_year", "")).strip()
    if year and not (_YEAR.fullmatch(year) and _FIRST_YEAR <= int(year) <= today().year):
        problems.append(("birth_year", f"Give a year from {_FIRST_YEAR} to {today().year}.", "Year of birth"))
    elif year and born is not None and int(year) != born.year:
        problems.append(("birth_year", f"The chart says born {on_day(born)}. {RESOLVE}", "Year of birth"))
    for name, label in list(_OWN_LABELS.items())[1:]:
        try:
            Person.model_validate({"id": "somebody", name: sent.get(name) or None})
        except ValidationError:
            problems.append((name, "Choose one of the answers.", label))
    return problems


# ---------------------------------------------------------------- assessment


@for_roles(*WORKING)
@require_http_methods(["GET", "POST"])
def assessment(request: HttpRequest, chart: UUID) -> HttpResponse:
    """Zones with concern and area, what was found there, readings of scales; a new one each time, dated today."""
    kb, found = knowledge(), own_chart(request, chart)
    user: Any = request.user
    who, seen = latest(found, Person), latest(found, Assessment)
    if who is None:
        return redirect("person", found.id)
    over = clearing(course_of(found), kb)  # what a look has to say of events that came after a session
    definitions = [fact for fact in kb.facts if fact.scope == "zone" or fact.name in over]
    posted = request.method == "POST"
    if posted:
        sent: Any = request.POST
        zones, rows = read_zones(sent, kb)
        single, marks = read_marks(sent, zones, kb)
    else:
        before = _as_of_today(seen[1]) if seen else None
        sent = {fact.name: as_text(fact.value) for fact in before.facts} if before else {}
        zones, rows = [], _rows_of(before) if before else []
        single, marks = {}, marks_of(before, kb) if before else []
    facts, fields = read_facts(definitions, with_the_rest(definitions, sent, who[1].sex_at_birth))
    scores, score_problems = _scores(request.POST if posted else None)
    problems = _problems_of_fields(fields)
    problems += [("zones", row.problem, f"Zone {number}") for number, row in enumerate(rows, start=1) if row.problem]
    problems += [
        ("marks", row.problem, f"Finding {number}") for number, row in enumerate(marks, start=1) if row.problem
    ]
    problems += score_problems
    overtaken = posted and not same_version(request, seen)
    if posted and not overtaken:
        if not zones:
            problems.append(("zones", "Name at least one zone.", "Zones"))
        if not problems:
            old = {zone.zone: zone for zone in seen[1].zones} if seen else {}
            told = {
                "facts": with_age(
                    facts_over(seen[1].facts if seen else (), definitions, facts), found, who[1], today()
                ),
                "scores": scores,
                "country": seen[1].country if seen else None,
                "zones": [zone_after(one, single.get(one["zone"], Found()), old.get(one["zone"]), kb) for one in zones],
            }  # fmt: skip
            made, problems = _made(request, found, who[1], told)
            if made is not None and not problems:
                try:
                    write(user, found, made, after=seen[0] if seen else None)
                    return redirect("chart", found.id)
                except Superseded:
                    overtaken, seen = True, latest(found, Assessment)
    context = {
        "chart": found, "newer": seen[0] if overtaken and seen else None, "topics": _by_topic(fields, sent),
        "problems": problems, "views": views(),
        "rows": rows + [ZoneRow()] * (_BLANK_ZONES if not rows else 1), "zones": zones_of_sites(kb),
        "marks": marks + [Mark()] * (_BLANK_MARKS if not marks else 1), "kinds": mark_kinds(kb), "answers": _THERE,
        "drawings": drawings_of(lesions_of(seen[1].zones, kb)) if seen else (),
        "concerns": [(one.id, one.name) for one in kb.indications], "scales": [(one.id, one.name) for one in kb.scales],
        "anchors": anchors_of(kb), "last": lambda scale, zone: last_reading(scale, zone, (seen[1],) if seen else ()),
        "scores": _score_rows(request, seen), "version": str(seen[0].id) if seen else "",
        "setting": request.POST.get("setting") or (seen[1].setting if seen else "clinic"),
        "by_person": seen is not None and seen[1].by == found.person_id,
    }  # fmt: skip
    return render(request, "people/assessment.html", context, status=409 if overtaken else 422 if problems else 200)


def _as_of_today(seen: Assessment) -> Assessment:
    """An assessment as a new one begins with it: of an earlier day only what was found is taken over, and no "no"."""
    if seen.on == today():
        return seen
    kb = knowledge()
    zones = tuple(zone.model_copy(update={"facts": standing(zone.facts, kb)}) for zone in seen.zones)
    return seen.model_copy(update={"facts": standing(seen.facts, kb), "zones": zones})


def _made(
    request: HttpRequest, chart: Chart, person: Person, told: dict[str, Any]
) -> tuple[Assessment | None, Problems]:
    """The assessment, or what does not fit in it."""
    user: Any = request.user
    own = {"person": chart.person_id, "on": today().isoformat(), "setting": request.POST.get("setting", "clinic")}
    try:
        made = Assessment.model_validate({**told, **own, "by": user.signature})
    except ValidationError as invalid:
        return None, [("zones", str(problem["msg"]), "Zones") for problem in invalid.errors()]
    return made, problems_of(person, made, knowledge())


def _rows_of(seen: Assessment) -> list[ZoneRow]:
    return [ZoneRow(zone.zone, zone.concern, f"{zone.area_cm2:g}") for zone in seen.zones]


def _score_rows(request: HttpRequest, seen: tuple[Row, Assessment] | None) -> list[tuple[str, str, str]]:
    """Lines of the list of readings: scale, zone, value, and an empty one."""
    if request.method == "POST":
        sent = request.POST
        given = zip(sent.getlist("scale"), sent.getlist("scale_zone"), sent.getlist("value"), strict=False)
        return [*(row for row in given if any(row)), ("", "", "")]
    return [*((score.scale, score.zone or "", "") for score in (seen[1].scores if seen else ())), ("", "", "")]


def _scores(sent: Any) -> tuple[list[dict[str, Any]], Problems]:
    if sent is None:
        return [], []
    kb = knowledge()
    found: list[dict[str, Any]] = []
    problems: Problems = []
    lists = (sent.getlist("scale"), sent.getlist("scale_zone"), sent.getlist("value"))
    for scale, zone, value in zip(*lists, strict=False):
        if not scale or not value.strip():
            continue
        try:
            score = ScaleScore(scale=scale, value=float(value.replace(",", ".")), zone=zone or None)
        except (ValueError, ValidationError):
            problems.append(("scores", "Give a number.", "Reading"))
            continue
        known = kb.by("scales").get(scale)
        if known is None or not known.low <= score.value <= known.high:
            says = "Choose a scale." if known is None else f"{known.name} goes from {known.low:g} to {known.high:g}."
            problems.append(("scores", says, "Reading"))
            continue
        found.append(score.model_dump())
    return found, problems
