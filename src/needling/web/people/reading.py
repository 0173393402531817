"""Forms to documents: facts, zones and scales as they were ticked; what was not ticked is not known."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from needling.documents import Assessment, Case, Fact, Person
from needling.knowledge import Knowledge
from needling.knowledge.facts import value_problem
from needling.knowledge.schema import FactDefinition
from needling.planning.answers import case_problems
from needling.planning.protocol import site_zones

ZONES_AT_MOST = 20
_NUMBER = "number"


@dataclass(frozen=True)
class Field:
    """One fact on a form: what is asked, the answer so far as text, and what is wrong with it."""

    definition: FactDefinition
    name: str
    value: str
    problem: str = ""


def as_text(value: Any) -> str:
    """An answer as a form shows it; "" is "not known"."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:g}" if isinstance(value, float) else str(value)


def read_facts(
    definitions: Iterable[FactDefinition], sent: Mapping[str, Any], before: str = ""
) -> tuple[dict[str, Any], tuple[Field, ...]]:
    """Facts of a form and its fields again with what is wrong.

    Args:
        definitions: asked. sent: the form. before: stands before each name (a zone's own facts).
    """
    facts: dict[str, Any] = {}
    fields = []
    for definition in definitions:
        name = before + definition.name
        raw = str(sent.get(name, "")).strip()[:60]
        value, problem = _value(definition, raw) if raw else (None, "")
        if value is not None and not problem:
            facts[definition.name] = value
        fields.append(Field(definition, name, raw, problem))
    return facts, tuple(fields)


def _value(definition: FactDefinition, raw: str) -> tuple[Any, str]:
    if definition.kind == "yes-no":
        return ({"yes": True, "no": False}[raw], "") if raw in ("yes", "no") else (None, "Choose yes, no or not known.")
    value: Any = raw
    if definition.kind == _NUMBER:
        try:
            value = float(raw.replace(",", "."))
        except ValueError:
            return None, "Give a number."
    wrong = value_problem(definition, None, value)
    return (None, f"This does not fit: {wrong}.") if wrong else (value, "")


def zones_of_sites(kb: Knowledge) -> list[tuple[str, str]]:
    """Every zone that can be named, with its plain name: both sides of two-sided sites."""
    found = []
    for site in kb.sites:
        for zone in site_zones(site):
            side = zone.removeprefix(site.id).lstrip("-")
            found.append((zone, f"{site.name}{', ' + side if side else ''}"))
    return found


@dataclass(frozen=True)
class ZoneRow:
    """One line of the list of zones, as text."""

    zone: str = ""
    concern: str = ""
    area: str = ""
    problem: str = ""


def read_zones(sent: Any, kb: Knowledge) -> tuple[list[dict[str, Any]], list[ZoneRow]]:
    """Zones of a form; empty lines are left out.

    Args:
        sent: lists ``zone``, ``concern`` and ``area`` of equal length.
    """
    known, concerns = dict(zones_of_sites(kb)), kb.by("indications")
    found: list[dict[str, Any]] = []
    rows: list[ZoneRow] = []
    lists = (sent.getlist("zone"), sent.getlist("concern"), sent.getlist("area"))
    for zone, concern, area in list(zip(*lists, strict=False))[:ZONES_AT_MOST]:
        if not zone and not concern:
            continue
        problem, size = "", 0.0
        if zone not in known:
            problem = "Choose a zone."
        elif concern not in concerns:
            problem = "Choose what it is for."
        else:
            site = kb.site(zone)
            usual = (site.usual_area_cm2 or 0.0) / len(site_zones(site))
            try:
                size = float(str(area).replace(",", ".")) if str(area).strip() else usual
            except ValueError:
                size = -1.0
            if not 0 < size <= 2000:  # numerical: the bound of the document, said here in plain words
                problem = "Give the area in cm², above 0 and at most 2000."
        rows.append(ZoneRow(zone, concern, str(area)[:12], problem))
        found.append({"zone": zone, "concern": concern, "area_cm2": size})
    return found, rows


def facts_over(before: Iterable[Fact], asked: Iterable[FactDefinition], given: Mapping[str, Any]) -> tuple[Fact, ...]:
    """Facts after a form: what it did not ask stays, and who said what was not changed stays with it."""
    on_form = {definition.name for definition in asked}
    old = {fact.name: fact for fact in before}
    kept = [fact for name, fact in old.items() if name not in on_form]
    same = [
        old[name] if name in old and old[name].value == value else Fact(name=name, value=value)
        for name, value in given.items()
    ]
    return (*kept, *same)


def standing(facts: tuple[Fact, ...], kb: Knowledge) -> tuple[Fact, ...]:
    """What was found, with its dates; a no of an earlier day says nothing of today."""
    definitions = kb.by("facts")
    found = {fact.name for fact in facts if fact.value is True}
    return tuple(
        fact
        for fact in facts
        if fact.name in found or (fact.name in definitions and definitions[fact.name].only_if in found)
    )


def problems_of(person: Person, assessment: Assessment | None, kb: Knowledge) -> list[tuple[str, str, str]]:
    """What does not fit together: the field, what is wrong in plain words, and how the field is called.

    Args:
        assessment: None: only the person's own answers are held against each other.
    """
    definitions = kb.by("facts")
    case = Case(person=person, assessment=assessment or _anywhere(person, kb))
    found = []
    for problem in case_problems(case, kb):
        name = str(problem.loc[-1])
        known = definitions.get(name)
        field, label = ("marks", "Findings") if "lesions" in problem.loc else ("zones", "Zones")
        found.append((name if known else field, _plain(problem.message, kb), _asked(known) if known else label))
    return found


def _asked(definition: FactDefinition) -> str:
    return definition.ask_clinician or definition.ask


def _plain(message: str, kb: Knowledge) -> str:
    """A message in which facts are called as on the form."""
    for name, definition in kb.by("facts").items():
        message = message.replace(f"'{name}'", f"“{_asked(definition)}”")
    return message.replace("is false", "says no").replace("is true", "says yes").replace("sex_at_birth", "sex at birth")


def _anywhere(person: Person, kb: Knowledge) -> Assessment:
    site = next(site for site in kb.sites if not site.never)
    zone = {"zone": site_zones(site)[0], "concern": kb.indications[0].id, "area_cm2": 1}
    told = {"person": person.id, "on": today(), "setting": "clinic", "zones": [zone]}
    return Assessment.model_validate(told)


def today() -> date:
    """The day of an assessment that is made now."""
    return date.today()
