"""Study files in, and everything that can be known to be wrong with a study before anything runs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from math import floor
from pathlib import Path
from typing import Any

from needling.documents import Plan
from needling.documents.study import CHOSEN, Arm, FactShare, Study
from needling.errors import BadInput, did_you_mean
from needling.knowledge.base import Knowledge
from needling.knowledge.facts import resolve_name
from needling.planning.protocol import parse
from needling.reading import Problem, read

_TRIED = (256, 4096)  # people who are screened before a study runs, to see whether anybody can enter


def read_study(path: str | Path, kb: Knowledge | None = None) -> Study:
    """A study file to a checked study.

    Raises:
        BadInput: file, line, path, value, what is allowed and the closest match, for everything that is wrong.
    """
    from needling.knowledge.load import load_knowledge

    knowledge = kb or load_knowledge()
    return read(Path(path), Study, check=lambda study: study_problems(study, knowledge))


def check_study(study: Study, kb: Knowledge) -> None:
    """Raises BadInput when a study cannot be run or nobody can enter it; says everything that is wrong."""
    problems = study_problems(study, kb)
    if problems:
        raise BadInput("\n".join(f"{'.'.join(map(str, at))}: {message}" for at, message in problems[:12]))


def study_problems(study: Study, kb: Knowledge) -> list[Problem]:
    """Everything in a study that is unknown, contradictory or cannot be judged, with its place in the file."""
    problems = [*_zone_problems(study, kb), *_fact_problems(study, kb)]
    problems += _eligibility_problems(study)
    if not problems:
        problems += _arm_problems(study, kb)
    if not problems:
        problems += _same_arms(study, kb)
    if not problems:
        problems += _outcome_problems(study, kb)
    if not problems:
        problems += _nobody_enters(study, kb)
    return problems


# ---------------------------------------------------------------- what is named


def _zone_problems(study: Study, kb: Knowledge) -> Iterator[Problem]:
    indications = kb.by("indications")
    names = {zone.zone for zone in study.population.zones}
    for index, zone in enumerate(study.population.zones):
        at: tuple[int | str, ...] = ("population", "zones", index)
        try:
            kb.site(zone.zone)
        except BadInput as unknown:
            yield Problem((*at, "zone"), str(unknown))
        whole = zone.zone.removesuffix("-left").removesuffix("-right")
        if whole != zone.zone and whole in names:
            yield Problem((*at, "zone"), f"'{zone.zone}' is a part of '{whole}'; name skin once")
        if zone.concern not in indications:
            hint = did_you_mean(zone.concern, indications)
            yield Problem(
                (*at, "concern"), f"unknown concern '{zone.concern}'{hint}; allowed: {', '.join(indications)}"
            )
            continue
        if zone.baseline is None:
            continue
        indication = kb.planned_indication(zone.concern, study.population.setting)
        scale = kb.by("scales").get(indication.scale) if indication.scale else None
        if scale is None:
            yield Problem((*at, "baseline"), f"'{indication.name}' has no scale, so nobody starts anywhere on it")
        elif not scale.low <= zone.baseline.mean_score <= scale.high:
            inside = f"{scale.name}: {scale.low:g} to {scale.high:g}"
            yield Problem((*at, "baseline", "mean_score"), f"{zone.baseline.mean_score:g} is outside {inside}")


def _fact_problems(study: Study, kb: Knowledge) -> Iterator[Problem]:
    from needling.planning.answers import require_sound
    from needling.trials.entering import documents_of
    from needling.trials.people import PHOTOTYPES, SEXES

    definitions = kb.by("facts")
    given = study.population.facts
    for index, fact in enumerate(given):
        at = ("population", "facts", index, "name")
        if (unknown := _unknown(fact.name, kb)) is not None:
            yield Problem(at, unknown)
            continue
        if any(_unknown(other.name, kb) for other in fact.then):
            odd = next(other.name for other in fact.then if _unknown(other.name, kb))
            yield Problem(("population", "facts", index, "then"), str(_unknown(odd, kb)))
            continue
        never = definitions[fact.name].never_of_sex if fact.name in definitions else None
        sex = SEXES.index("male" if never == "female" else "female")
        if any(_zone_problems(study, kb)):
            continue
        own = tuple(place == index for place in range(len(given)))
        try:
            require_sound(*documents_of(study, kb, study.population.age.mean_y, PHOTOTYPES.index("III"), sex, own), kb)
        except BadInput as wrong:
            yield Problem(at, str(wrong).splitlines()[0])
    for what in ("required", "excluded"):
        for fact_asked in getattr(study.eligibility, what):
            if (unknown := _unknown(fact_asked.name, kb)) is not None:
                yield Problem(("eligibility", what, fact_asked.name), unknown)
            elif fact_asked.value is None:
                message = "null means 'not known'; write the answer that is meant"
                yield Problem(("eligibility", what, fact_asked.name), message)
    yield from _impossible_answers(study, kb)


def _unknown(name: str, kb: Knowledge) -> str | None:
    definitions = kb.by("facts")
    if resolve_name(name, definitions) is not None:
        return None
    return f"unknown fact '{name}'{did_you_mean(name, definitions)}; 'needling screen --template' lists all facts"


def _impossible_answers(study: Study, kb: Knowledge) -> Iterator[Problem]:
    """Rules on answers that nobody can meet: asked for and forbidden, given by nobody, or given by everybody."""
    excluded = {fact.name: fact.value for fact in study.eligibility.excluded}
    definitions = kb.by("facts")
    shares: dict[str, FactShare] = {fact.name: fact for fact in study.population.facts}

    def share(name: str, value: object) -> float | None:
        """Share of people who answer so; None where it hangs on another answer."""
        quiet = definitions[name].quiet if name in definitions else None
        if name not in shares:
            hangs = any(name == other.name for fact in shares.values() for other in fact.then)
            return None if hangs else float(quiet == value)
        own = shares[name]
        return (own.share if own.value == value else 0.0) + ((1 - own.share) if quiet == value else 0.0)

    for fact in study.eligibility.required:
        if _unknown(fact.name, kb) is not None or fact.value is None:
            continue
        at = ("eligibility", "required", fact.name)
        if fact.name in excluded and excluded[fact.name] == fact.value:
            yield Problem(at, f"'{fact.name}' is both required and excluded, so nobody can enter; drop one of the two")
        elif share(fact.name, fact.value) == 0:
            yield Problem(
                at,
                f"nobody of this population answers {fact.value!r} to '{fact.name}'; give it a share under "
                "population.facts or do not require it",
            )
    for name, value in excluded.items():
        if _unknown(name, kb) is None and value is not None and share(name, value) == 1:
            yield Problem(
                ("eligibility", "excluded", name),
                f"everybody of this population answers {value!r} to '{name}', so nobody can enter; drop it, or give "
                "the question another share under population.facts",
            )


def _eligibility_problems(study: Study) -> Iterator[Problem]:
    rules, population = study.eligibility, study.population
    low, high = max(rules.age_from_y, floor(population.age.from_y)), min(rules.age_to_y, population.age.to_y)
    if rules.age_from_y > rules.age_to_y:
        yield Problem(
            ("eligibility", "age_from_y"),
            f"ages from {rules.age_from_y:g} to {rules.age_to_y:g} years hold nobody; exchange the two",
        )
    elif low > high:
        yield Problem(
            ("eligibility", "age_from_y"),
            f"people of {population.age.from_y:g} to {population.age.to_y:g} years come, but only those of "
            f"{rules.age_from_y:g} to {rules.age_to_y:g} may enter: nobody can; make the ranges meet",
        )
    named: tuple[tuple[str, tuple[str, ...] | None, Mapping[Any, float]], ...] = (
        ("phototypes", rules.phototypes, population.phototypes),
        ("sexes", rules.sexes, population.sexes),
    )
    for what, wanted, shares in named:
        if wanted is not None and sum(shares.get(name, 0.0) for name in wanted) == 0:
            come = ", ".join(str(name) for name, share in shares.items() if share > 0)
            yield Problem(
                ("eligibility", what),
                f"only {', '.join(wanted) or 'nobody'} may enter, but those who come are {come}: nobody can; "
                "make them meet",
            )


# ---------------------------------------------------------------- arms and outcome


def session_days(arm: Arm, study: Study, kb: Knowledge) -> tuple[float, ...] | None:
    """Days of an arm's visits; None where they depend on the person ("chosen").

    Raises:
        BadInput: the sentence cannot be read.
    """
    if arm.whole_plan is not None:
        return tuple(sorted({session.day_d for session in arm.whole_plan.sessions}))
    if arm.plan == CHOSEN:
        return None
    days: list[float] = []
    day = 0.0
    for phase in parse(str(arm.plan), study.population.setting, kb):
        for _ in range(phase.sessions_count):
            days.append(day)
            day += phase.interval_d
    return tuple(days)


def judge_day_d(study: Study, kb: Knowledge) -> float:
    """The day on which everybody is judged: as registered, else when the arm that ends last can fairly be judged.

    Raises:
        BadInput: an arm is "chosen" and no day is given.
    """
    if study.outcome.judge_day_d is not None:
        return study.outcome.judge_day_d
    last = 0.0
    for arm in study.arms:
        days = session_days(arm, study, kb)
        if days is None:
            raise BadInput(f"arm '{arm.id}' is '{CHOSEN}', so its end depends on the person; give outcome.judge_day_d")
        last = max(last, *days, 0.0)
    after = [
        kb.planned_indication(zone.concern, study.population.setting).judge_after_last_d
        for zone in study.population.zones
    ]
    return last + max(after)


def _same_arms(study: Study, kb: Knowledge) -> Iterator[Problem]:
    """Two arms that do the same: their difference says nothing."""
    seen: dict[object, str] = {}
    for index, arm in enumerate(study.arms):
        done: object = arm.plan
        if arm.whole_plan is not None:
            done = tuple(session.model_dump_json() for session in arm.whole_plan.sessions)
        elif arm.plan != CHOSEN:
            done = parse(str(arm.plan), study.population.setting, kb)
        if done in seen:
            yield Problem(("arms", index), f"does the same as '{seen[done]}'; two arms must differ")
        seen.setdefault(done, arm.id)


def _arm_problems(study: Study, kb: Knowledge) -> Iterator[Problem]:
    zones = [zone.zone for zone in study.population.zones]
    for index, arm in enumerate(study.arms):
        at: tuple[int | str, ...] = ("arms", index)
        if arm.whole_plan is not None:
            yield from (Problem((*at, "whole_plan"), said) for said in _plan_problems(arm.whole_plan, zones, kb))
            continue
        if arm.plan == CHOSEN:
            continue
        try:
            phases = parse(str(arm.plan), study.population.setting, kb)
        except BadInput as wrong:
            yield Problem((*at, "plan"), str(wrong))
            continue
        named = dict.fromkeys(zone for phase in phases for group in phase.groups for zone in group.zones)
        if strange := [zone for zone in named if zone not in zones]:
            yield Problem(
                (*at, "plan"),
                f"needles '{strange[0]}', which is no zone of this study{did_you_mean(strange[0], zones)}; "
                f"its zones: {', '.join(zones)}",
            )
        for device in {group.device for phase in phases for group in phase.groups}:
            for length in {g.needle_length_mm for phase in phases for g in phase.groups if g.device == device}:
                sold = kb.device(device).lengths_mm
                if sold and length not in sold:
                    has = ", ".join(f"{one:g}" for one in sold)
                    yield Problem((*at, "plan"), f"'{device}' has needles of {has} mm, not {length:g} mm")


def _plan_problems(plan: Plan, zones: list[str], kb: Knowledge) -> Iterator[str]:
    devices = kb.by("devices")
    for session in plan.sessions:
        if session.device not in devices:
            hint = did_you_mean(session.device, devices)
            yield f"unknown device '{session.device}'{hint}; allowed: {', '.join(devices)}"
            return
        for stroke in session.strokes:
            if stroke.zone not in zones:
                hint = did_you_mean(stroke.zone, zones)
                yield f"needles '{stroke.zone}', which is no zone of this study{hint}; its zones: {', '.join(zones)}"
                return


def _outcome_problems(study: Study, kb: Knowledge) -> Iterator[Problem]:
    names = [arm.id for arm in study.arms]
    if study.control not in names:
        hint = did_you_mean(study.control, names)
        yield Problem(("analysis", "control"), f"there is no arm '{study.control}'{hint}; arms: {', '.join(names)}")
    primary, given = study.outcome.primary, study.outcome.judge_day_d
    planned = [kb.planned_indication(zone.concern, study.population.setting) for zone in study.population.zones]
    if primary in ("change", "responder"):
        for indication in planned:
            if indication.outcome.model == "none" or not indication.scale or not indication.meaningful_change:
                where = "at home" if study.population.setting == "home" else "in the clinic"
                yield Problem(
                    ("outcome", "primary"),
                    f"there is no honest forecast of the result for '{indication.name}' {where}, so '{primary}' cannot "
                    "be compared; choose redness or harm",
                )
                return
            if indication.baseline is None and any(zone.baseline is None for zone in study.population.zones):
                message = f"nobody knows where '{indication.name}' usually starts; give population.zones a baseline"
                yield Problem(("population", "zones"), message)
                return
        if primary == "change" and len({indication.scale for indication in planned}) > 1:
            scales = ", ".join(sorted({str(indication.scale) for indication in planned}))
            message = f"the zones are read on different scales ({scales}), which cannot be added; choose responder"
            yield Problem(("outcome", "primary"), message)
    if study.analysis.margin > 1 and primary in ("responder", "harm"):
        yield Problem(
            ("analysis", "margin"), f"{study.analysis.margin:g} is more than all people; give a share up to 1"
        )
    for index, arm in enumerate(study.arms):
        days = session_days(arm, study, kb)
        if days is None and given is None:
            yield Problem(
                ("outcome", "judge_day_d"),
                f"arm '{arm.id}' is '{CHOSEN}', so its end depends on the person; say on which day all are judged",
            )
        elif days and given is not None and given <= max(days):
            yield Problem(
                ("outcome", "judge_day_d"),
                f"day {given:g} comes before the last session of arm '{study.arms[index].id}' (day {max(days):g}); "
                "judge later",
            )


def _nobody_enters(study: Study, kb: Knowledge) -> Iterator[Problem]:
    """Screen the first people: where not one of many can enter, nothing is to be learnt."""
    import numpy as np

    from needling.trials.entering import ELIGIBLE, Gate
    from needling.trials.people import draw_people

    gate = Gate(study, kb)
    for tried in _TRIED:
        people = draw_people(study, kb, np.arange(min(tried, study.population.people_count), dtype=np.int64))
        entries, whose = gate.entries(people)
        reasons = Counter(entries[row].reason for row in whose)
        if reasons[ELIGIBLE]:
            return
    said = ", ".join(f"{reason} ({count})" for reason, count in reasons.most_common(4))
    yield Problem(
        ("population",),
        f"not one of the first {sum(reasons.values())} people can enter: {said}; change the population, the "
        "eligibility or the arms",
    )
