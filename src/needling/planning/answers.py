"""What is known about a person and a zone, looked up by fact name, and what an answer may be."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from typing import Any

from needling.documents import Assessment, Case, Fact, Lesion, Person, ScaleScore, ZoneFinding
from needling.errors import BadInput, did_you_mean
from needling.knowledge.base import Knowledge
from needling.knowledge.facts import (
    AGE,
    BUILT_IN,
    SINCE,
    age_y,
    answered,
    resolve_name,
    time_since,
    value_problem,
)
from needling.knowledge.schema import FactDefinition
from needling.reading import Problem
from needling.units import UNITS

Lookup = Callable[[str], Any]

_OLDEST_Y = 120  # numerical: beyond any age that people reach; a typing error


def lookup_for(person: Person, assessment: Assessment, zone: ZoneFinding | None, kb: Knowledge) -> Lookup:
    """Fact name -> value, None when not known.

    The zone's answers come before the assessment's, those before the person's. A time since a date
    (``filler_placed_mo``) is taken as given in any unit, or computed from the date.
    """
    given = answered(person, assessment, zone)
    built_in: dict[str, Any] = {
        "setting": assessment.setting,
        AGE: age_y(person, assessment, given),
        "phototype": person.phototype,
        "sex_at_birth": person.sex_at_birth,
        "site": kb.site(zone.zone).id if zone else None,
        "zone": zone.zone if zone else None,
        "concern": zone.concern if zone else None,
        "area_cm2": zone.area_cm2 if zone else None,
    }
    definitions = kb.by("facts")

    def lookup(name: str) -> Any:
        if name in built_in:
            return built_in[name]
        if zone is not None and name.replace("_", "-") == zone.concern:
            return True  # who comes for melasma has melasma, whatever was ticked
        if name in given:
            return given[name]
        resolved = resolve_name(name, definitions)
        if resolved is None or resolved[1] is None:
            return None
        base, suffix = resolved[0].name, resolved[1]
        if base in given:
            return time_since(str(given[base]), assessment.on, suffix)
        for other in SINCE:
            stated = given.get(f"{base}_{other}")
            if stated is not None:
                return stated * UNITS[other].si_factor / UNITS[suffix].si_factor
        return None

    return lookup


def _fact_problems(facts: tuple[Fact, ...], loc: tuple[int | str, ...], kb: Knowledge) -> Iterator[Problem]:
    definitions = kb.by("facts")
    for fact in facts:
        at = (*loc, "facts", fact.name)
        if fact.name == AGE:
            if fact.value is not None and not (isinstance(fact.value, float) and 0 <= fact.value <= _OLDEST_Y):
                yield Problem(at, f"expected an age in years from 0 to {_OLDEST_Y}, got {fact.value!r}")
            continue
        resolved = resolve_name(fact.name, definitions)
        if resolved is None:
            hint = did_you_mean(fact.name, (*definitions, *BUILT_IN))
            yield Problem(at, f"unknown fact '{fact.name}'{hint}; 'needling screen --template' lists all facts")
            continue
        wrong = value_problem(*resolved, fact.value)
        if wrong:
            yield Problem(at, wrong)


def lesion_facts(kb: Knowledge) -> dict[str, FactDefinition]:
    """What can be found in one place of a zone, by name: the questions on a zone that are answered with yes or no."""
    return {fact.name: fact for fact in kb.facts if fact.scope == "zone" and fact.kind == "yes-no"}


def _lesion_problems(finding: ZoneFinding, loc: tuple[int | str, ...], kb: Knowledge) -> Iterator[Problem]:
    known = lesion_facts(kb)
    stated = {fact.name: fact.value for fact in finding.facts}
    told: set[Lesion] = set()
    for index, lesion in enumerate(finding.lesions):
        at = (*loc, "lesions", index)
        if lesion.what not in known:
            hint = did_you_mean(lesion.what, known)
            yield Problem((*at, "what"), f"unknown lesion '{lesion.what}'{hint}; allowed: {', '.join(known)}")
        elif lesion.left_out and not known[lesion.what].may_leave_out:
            allowed = ", ".join(name for name, fact in known.items() if fact.may_leave_out)
            yield Problem(
                (*at, "left_out"), f"'{lesion.what}' counts wherever the field ends; left out can be: {allowed}"
            )
        elif not lesion.left_out and stated.get(lesion.what) is False:
            yield Problem(at, f"is there, but the zone says '{lesion.what}' is false; correct one of the two")
        elif lesion in told:
            yield Problem(at, f"'{lesion.what}' stands here twice; give each its size, place or note, or take one out")
        told.add(lesion)


def _contradictions(person: Person, assessment: Assessment, kb: Knowledge) -> Iterator[Problem]:
    """Answers that cannot all be true: they are refused, because either of them may be the wrong one."""
    years = assessment.on.year - person.birth_year if person.birth_year is not None else None
    places: list[tuple[tuple[int | str, ...], tuple[Fact, ...]]] = [
        (("person",), person.facts),
        (("assessment",), assessment.facts),
    ]
    places += [(("assessment", "zones", index), zone.facts) for index, zone in enumerate(assessment.zones)]
    definitions = kb.by("facts")
    given: dict[str, Any] = {}
    for at, facts in places:
        given = {**given, **{fact.name: fact.value for fact in facts if fact.value is not None}}
        for fact in facts:
            if fact.value is None:
                continue
            where = (*at, "facts", fact.name)
            if fact.name == AGE and years is not None and not years - 1 <= float(str(fact.value)) < years + 1:
                yield Problem(where, f"{fact.value:g} years do not fit birth_year {person.birth_year}; correct one")
            resolved = resolve_name(fact.name, definitions)
            if resolved is None:
                continue
            parent, sex = resolved[0].only_if, resolved[0].never_of_sex
            if parent is not None and given.get(parent) is False:
                yield Problem(where, f"is answered, but '{parent}' is false; correct one of the two")
            if sex is not None and fact.value is True and person.sex_at_birth == sex:
                yield Problem(where, f"is true, but sex_at_birth is {sex}; correct one of the two")


def _same_reading(one: ScaleScore, other: ScaleScore, zones: Collection[str]) -> bool:
    """Whether two scores are of one scale and zone; where there is one zone, no zone means that one."""
    only = next(iter(zones)) if len(zones) == 1 else None
    return (one.scale, one.zone or only) == (other.scale, other.zone or only)


def assessment_problems(assessment: Assessment, kb: Knowledge, loc: tuple[int | str, ...] = ()) -> Iterator[Problem]:
    """Everything in an assessment that the knowledge base does not know or allow."""
    yield from _fact_problems(assessment.facts, loc, kb)
    indications, rules, scales = kb.by("indications"), kb.by("rules"), kb.by("scales")
    zones = {finding.zone for finding in assessment.zones}
    for index, finding in enumerate(assessment.zones):
        whole = finding.zone.removesuffix("-left").removesuffix("-right")
        if whole != finding.zone and whole in zones:
            yield Problem((*loc, "zones", index, "zone"), f"'{finding.zone}' is a part of '{whole}'; name skin once")
    for index, finding in enumerate(assessment.zones):
        at = (*loc, "zones", index)
        try:
            kb.site(finding.zone)
        except BadInput as unknown:
            yield Problem((*at, "zone"), str(unknown))
        if finding.concern not in indications:
            hint = did_you_mean(finding.concern, indications)
            yield Problem(
                (*at, "concern"), f"unknown concern '{finding.concern}'{hint}; allowed: {', '.join(indications)}"
            )
        strange = {lesion.what for lesion in finding.lesions} - set(lesion_facts(kb))  # said once, with the lesion
        yield from _fact_problems(tuple(fact for fact in finding.facts if fact.name not in strange), at, kb)
        yield from _lesion_problems(finding, at, kb)
    for index, score in enumerate(assessment.scores):
        at = (*loc, "scores", index)
        if score.scale not in scales:
            hint = did_you_mean(score.scale, scales)
            yield Problem((*at, "scale"), f"unknown scale '{score.scale}'{hint}; allowed: {', '.join(scales)}")
        elif not scales[score.scale].low <= score.value <= scales[score.scale].high:
            scale = scales[score.scale]
            yield Problem((*at, "value"), f"{score.value:g} is outside {scale.name}: {scale.low:g} to {scale.high:g}")
        if score.zone is not None and score.zone not in zones:
            yield Problem((*at, "zone"), f"no zone '{score.zone}' in this assessment{did_you_mean(score.zone, zones)}")
        first = next((other for other in assessment.scores[:index] if _same_reading(other, score, zones)), None)
        if first is not None:
            where = f" of {score.zone}" if score.zone else ""
            yield Problem(
                at, f"score given twice: {score.scale}{where}, {first.value:g} and {score.value:g}; keep the right one"
            )
    for index, override in enumerate(assessment.overrides):
        at = (*loc, "overrides", index, "rule")
        if override.rule not in rules:
            yield Problem(at, f"unknown rule '{override.rule}'{did_you_mean(override.rule, rules)}")
        elif rules[override.rule].then.action not in ("defer", "refer"):
            action = rules[override.rule].then.action
            yield Problem(at, f"'{override.rule}' is '{action}'; only defer and refer can be overridden")
        elif assessment.setting != "clinic":
            yield Problem(at, "overrides are for the clinic; a home answer is not overridden")
        if override.on is not None and override.on > assessment.on:
            at = (*loc, "overrides", index, "on")
            yield Problem(at, f"is {override.on}, after the findings of {assessment.on}; sign what was found")


def person_problems(person: Person, kb: Knowledge, loc: tuple[int | str, ...] = ()) -> Iterator[Problem]:
    """Every answer of a person that the knowledge base does not know or allow."""
    yield from _fact_problems(person.facts, loc, kb)


def case_problems(case: Case, kb: Knowledge) -> list[Problem]:
    """Everything in a case that the knowledge base does not know or allow, with its place in the file."""
    problems = list(person_problems(case.person, kb, ("person",)))
    problems += assessment_problems(case.assessment, kb, ("assessment",))
    problems += _contradictions(case.person, case.assessment, kb) if not problems else []
    goals = case.goals
    devices = kb.by("devices")
    if goals.device is not None and goals.device not in devices:
        problems.append(
            Problem(
                ("goals", "device"),
                f"unknown device '{goals.device}'{did_you_mean(goals.device, devices)}; allowed: {', '.join(devices)}",
            )
        )
    elif goals.device is not None and goals.needle_length_mm is not None:
        lengths = devices[goals.device].lengths_mm
        if goals.needle_length_mm not in lengths:
            sold = ", ".join(f"{length:g}" for length in lengths)
            problems.append(
                Problem(
                    ("goals", "needle_length_mm"),
                    f"'{goals.device}' has needles of {sold} mm, not {goals.needle_length_mm:g} mm",
                )
            )
    birth = case.person.birth_year
    if birth is not None and not 0 <= case.assessment.on.year - birth <= _OLDEST_Y:
        problems.append(Problem(("person", "birth_year"), f"{birth} gives an age of {case.assessment.on.year - birth}"))
    return problems


def require_sound(person: Person, assessment: Assessment, kb: Knowledge) -> None:
    """Raise BadInput when a person or assessment names what the knowledge base does not know."""
    problems = [*_fact_problems(person.facts, ("person",), kb), *assessment_problems(assessment, kb, ("assessment",))]
    problems += _contradictions(person, assessment, kb) if not problems else []
    if assessment.person != person.id:
        problems.append(Problem(("assessment", "person"), f"is '{assessment.person}', the person is '{person.id}'"))
    if problems:
        raise BadInput("\n".join(f"{'.'.join(map(str, problem.loc))}: {problem.message}" for problem in problems[:12]))
