"""Who may enter a trial: the study's own rules, the same screening as for everybody, and the plans' envelopes."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from math import floor
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from needling.documents import Assessment, Clearance, Fact, Person, Plan, ZoneFinding
from needling.documents.study import CHOSEN, Arm, Study
from needling.knowledge.base import Knowledge
from needling.planning.assemble import plan_from_sentence
from needling.planning.envelope import breaches
from needling.planning.screen import screen
from needling.simulation.seam.tools import in_range, lengths_of, planned_density_per_cm2
from needling.trials.people import PHOTOTYPES, SEXES, People
from needling.units import to_si

Ints = NDArray[np.int64]

ELIGIBLE = "eligible"
_DECADE_Y = 10
_NOBODY = "0" * 64  # stands for the hash of an assessment where many people share one clearance


class Entry(NamedTuple):
    """Whether people with some answers may enter (``ELIGIBLE`` or the first reason against it), and each arm's plan."""

    reason: str
    plans: tuple[Plan, ...] = ()


class _Answers(NamedTuple):
    """Everything of a person that screening can see."""

    age_y: int
    place: int
    sex: int
    facts: tuple[bool, ...]


def same_work(plan: Plan) -> tuple[tuple[object, ...], ...]:
    """What of a plan the simulation sees: plans that differ in aftercare or hashes only are the same work."""
    return tuple((s.day_d, s.device, s.condition, s.strokes, s.endpoint, s.cover) for s in plan.sessions)


class Gate:
    """Screens people, those with equal answers once; each verdict is :func:`needling.planning.screen.screen`'s."""

    def __init__(self, study: Study, kb: Knowledge) -> None:
        self.study = study
        self.kb = kb
        self._known: dict[_Answers, Entry] = {}
        self._planned: dict[object, Entry] = {}
        self._chosen: dict[object, Plan] = {}

    def entries(self, people: People) -> tuple[list[Entry], Ints]:
        """The different entries of some people, and which is whose, int64[person]."""
        table = np.column_stack([np.floor(people.age_y).astype(np.int64), people.place, people.sex, *people.facts])
        distinct, which = np.unique(table, axis=0, return_inverse=True)
        return [self._entry(row) for row in distinct], which.reshape(-1)

    def _entry(self, row: Ints) -> Entry:
        answers = _Answers(int(row[0]), int(row[1]), int(row[2]), tuple(map(bool, row[3:])))
        if answers not in self._known:
            self._known[answers] = self._enter(answers)
        return self._known[answers]

    def documents(self, answers: _Answers) -> tuple[Person, Assessment]:
        """The person and the assessment that screening gets."""
        return documents_of(self.study, self.kb, answers.age_y, answers.place, answers.sex, answers.facts)

    def _enter(self, answers: _Answers) -> Entry:
        own = next(self._own_rules(answers), None)
        if own is not None:
            return Entry(own)
        person, assessment = self.documents(answers)
        clearance = screen(person, assessment, self.kb)
        if clearance.verdict != "go":
            return Entry(_why_not(clearance))
        if clearance.asks:
            return Entry(f"screening: asks {clearance.asks[0].fact}")
        # Clearances that say the same lead to the same plans, whoever they are of.
        shared = clearance.model_copy(update={"assessment_sha256": _NOBODY})
        same = (answers.place, shared, answers if any(arm.plan == CHOSEN for arm in self.study.arms) else None)
        if same not in self._planned:
            self._planned[same] = self._plan(person, assessment, shared, answers)
        return self._planned[same]

    def _own_rules(self, answers: _Answers) -> Iterator[str]:
        """The study's own reasons against a person, the first first."""
        rules = self.study.eligibility
        if not rules.age_from_y <= answers.age_y <= rules.age_to_y:
            yield "study: age"
        if rules.phototypes is not None and PHOTOTYPES[answers.place] not in rules.phototypes:
            yield "study: phototype"
        if rules.sexes is not None and SEXES[answers.sex] not in rules.sexes:
            yield "study: sex"
        given = answers_of(self.study, self.kb, answers.facts)
        for fact in rules.required:
            if given.get(fact.name) != fact.value:
                yield f"study: requires {fact.name}"
        for fact in rules.excluded:
            if given.get(fact.name) == fact.value:
                yield f"study: excludes {fact.name}"

    def _plan(self, person: Person, assessment: Assessment, clearance: Clearance, answers: _Answers) -> Entry:
        plans = []
        for arm in self.study.arms:
            plan = self._plan_of(arm, person, assessment, clearance, answers)
            outside = breaches(plan, clearance, self.kb)
            if outside:
                return Entry(f"envelope: arm {arm.id}: {outside[0].what}")
            if not _inside_model(plan, self.kb):
                return Entry(f"model: arm {arm.id}: needle length or passes outside the range the model was made for")
            plans.append(plan)
        return Entry(ELIGIBLE, tuple(plans))

    def _plan_of(
        self, arm: Arm, person: Person, assessment: Assessment, clearance: Clearance, answers: _Answers
    ) -> Plan:
        if arm.whole_plan is not None:
            own = {"person": person.id, "clearance_sha256": clearance.sha256, "knowledge_sha256": self.kb.sha256}
            return arm.whole_plan.model_copy(update={**own, "envelope": assessment.setting})
        if arm.plan == CHOSEN:
            return self._choose(clearance, answers)
        return plan_from_sentence(str(arm.plan), person, assessment, clearance, self.kb)

    def _choose(self, clearance: Clearance, answers: _Answers) -> Plan:
        """Our default plan; people of one decade of age with the same answers share it."""
        decade = answers.age_y // _DECADE_Y * _DECADE_Y
        alike = (decade, answers.place, answers.sex, answers.facts, clearance)
        if alike not in self._chosen:
            from needling.choosing import choose
            from needling.planning.propose import propose
            from needling.simulation import Belief, simulate_many

            middle = answers._replace(age_y=decade + _DECADE_Y // 2)
            person, assessment = self.documents(middle)
            plans = propose(person, assessment, clearance, self.kb)
            courses = simulate_many(plans, person, assessment, Belief.prior(self.kb), key=self.study.key)
            self._chosen[alike] = choose(plans, courses, clearance=clearance).plan
        return self._chosen[alike]


def _inside_model(plan: Plan, kb: Knowledge) -> bool:
    """Whether needle lengths and the channels of a day lie inside the range of the model."""
    laid: dict[tuple[float, str], float] = {}
    for session in plan.sessions:
        for stroke in session.strokes:
            spot = session.day_d, stroke.zone
            laid[spot] = laid.get(spot, 0.0) + planned_density_per_cm2(kb.device(session.device), stroke)
    return in_range(lengths_of(plan), to_si(max(laid.values(), default=0.0), "per_cm2"), kb)


def _why_not(clearance: Clearance) -> str:
    """The reason code of a clearance that is not "go": the rule that decides, or what is not known."""
    if clearance.verdict == "ask" and clearance.asks:
        return f"screening: asks {clearance.asks[0].fact}"
    for decision in clearance.decisions:
        decides = "refer" if decision.action == "exclude_home" else decision.action
        if decides == clearance.verdict and not decision.overridden:
            return f"screening: {clearance.verdict} {decision.rule}"
    return f"screening: {clearance.verdict}"


def answers_of(study: Study, kb: Knowledge, facts: tuple[bool, ...]) -> dict[str, object]:
    """Every answer of a person by fact name: quiet, unless one of the study's shares holds."""
    given: dict[str, object] = {fact.name: fact.quiet for fact in kb.facts if fact.quiet is not None}
    for share, holds in zip(study.population.facts, facts, strict=True):
        if holds:
            given[share.name] = share.value
            given.update({fact.name: fact.value for fact in share.then})
    definitions = kb.by("facts")
    return {
        name: value
        for name, value in given.items()
        if name not in definitions or definitions[name].only_if is None or given.get(str(definitions[name].only_if))
    }


@lru_cache(maxsize=4)
def _zonal(kb: Knowledge) -> frozenset[str]:
    """Facts that are asked for each zone."""
    return frozenset(fact.name for fact in kb.facts if fact.scope == "zone")


def documents_of(
    study: Study, kb: Knowledge, age_y: float, place: int, sex: int, facts: tuple[bool, ...]
) -> tuple[Person, Assessment]:
    """A virtual person as the documents that a real one would fill: age in whole years, all questions answered."""
    given = answers_of(study, kb, facts)
    zonal = _zonal(kb)

    def listed(in_zone: bool) -> tuple[Fact, ...]:
        return tuple(
            Fact.model_validate({"name": name, "value": value})
            for name, value in given.items()
            if (_base(name, kb) in zonal) == in_zone
        )

    person = Person(
        id="virtual",
        phototype=PHOTOTYPES[place],
        sex_at_birth=SEXES[sex],
        facts=(*listed(False), Fact(name="age_y", value=float(floor(age_y)))),
    )
    assessment = Assessment(
        person=person.id,
        on=study.on,
        setting=study.population.setting,
        zones=tuple(
            ZoneFinding(zone=zone.zone, concern=zone.concern, area_cm2=zone.area_cm2) for zone in study.population.zones
        ),
        facts=listed(True),
    )
    return person, assessment


@lru_cache(maxsize=4096)
def _base(name: str, kb: Knowledge) -> str:
    """The fact that an answer belongs to, also when it is a time since a date."""
    from needling.knowledge.facts import resolve_name

    resolved = resolve_name(name, kb.by("facts"))
    return name if resolved is None else resolved[0].name
