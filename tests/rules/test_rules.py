"""Each screening rule proves itself from its own examples: it fires, is silent or asks, and every test matters."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

import pytest

from needling.knowledge.conditions import evaluate, leaves
from needling.knowledge.facts import BUILT_IN, SINCE, resolve_name, time_since, value_problem
from needling.knowledge.load import build_knowledge
from needling.knowledge.schema import Rule
from needling.units import UNITS

KNOWLEDGE = build_knowledge()
FACTS = {fact.name: fact for fact in KNOWLEDGE.facts}
RULES = {rule.id: rule for rule in KNOWLEDGE.rules}
ASSESSED_ON = date(2026, 8, 21)  # the headers of the rule files name the same day
OUTCOME = {True: "fires", False: "silent", None: "asks"}
ALWAYS: dict[str, Any] = {"all": []}  # what evaluate() takes for a constant
NEVER: dict[str, Any] = {"any": []}

SITES = (
    "eyelid periorbital forehead nose upper-lip cheek chin-jaw neck decollete scalp shoulder-back abdomen "
    "thigh-buttock upper-arm hand mucosa axilla"
)
CONCERNS = (
    "acne-scars-rolling acne-scars-boxcar acne-scars-ice-pick acne-marks-flat wrinkles-face upper-lip-lines "
    "neck-lines striae melasma pih-after-acne pores-dullness surgical-scar traumatic-scar burn-scar hair-thinning "
    "alopecia-areata hyperhidrosis cellulite vitiligo rosacea active-acne product-delivery"
)
BUILT_IN_VALUES = {
    "setting": {"home", "clinic"},
    "phototype": {"I", "II", "III", "IV", "V", "VI"},
    "sex_at_birth": {"female", "male", "intersex"},
    "site": set(SITES.split()),
    "concern": set(CONCERNS.split()),
}


def answers(given: dict[str, Any]) -> Callable[[str], Any]:
    """Fact name to value; a time since a date follows from the date, or from the same time in another unit."""

    def lookup(name: str) -> Any:
        if name in given:
            return given[name]
        resolved = resolve_name(name, FACTS)
        if resolved is None:
            return None
        definition, suffix = resolved
        if suffix is None:
            return None
        if given.get(definition.name) is not None:
            return time_since(given[definition.name], ASSESSED_ON, suffix)
        for other in SINCE:
            value = given.get(f"{definition.name}_{other}")
            if value is not None:
                return value * UNITS[other].si_factor / UNITS[suffix].si_factor
        return None

    return lookup


def facts_of(example: dict[str, Any]) -> dict[str, Any]:
    """The answers of an example, without what it expects."""
    return {name: value for name, value in example.items() if name != "expect"}


def outcome(condition: dict[str, Any], example: dict[str, Any]) -> str:
    """``fires``, ``silent`` or ``asks``."""
    return OUTCOME[evaluate(condition, answers(facts_of(example))).value]


def leaf_paths(condition: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where each single test stands inside a condition."""
    ((key, value),) = condition.items()
    if key in ("all", "any"):
        for index, part in enumerate(value):
            yield from leaf_paths(part, (*path, key, index))
    elif key == "not":
        yield from leaf_paths(value, (*path, key))
    else:
        yield path


def replaced(condition: dict[str, Any], path: tuple[Any, ...], new: dict[str, Any]) -> dict[str, Any]:
    """The condition with one test replaced."""
    if not path:
        return new
    whole = copy.deepcopy(condition)
    node: Any = whole
    for step in path[:-1]:
        node = node[step]
    node[path[-1]] = new
    return whole


def at(condition: Any, path: tuple[Any, ...]) -> tuple[str, str, Any]:
    """The test at a path as (fact, operator, operand)."""
    for step in path:
        condition = condition[step]
    return next(leaves(condition))


ALL = list(KNOWLEDGE.rules)
EXAMPLES = [(rule, number, example) for rule in ALL for number, example in enumerate(rule.examples, 1)]
LEAVES = [(rule, path) for rule in ALL for path in leaf_paths(rule.when)]


def each_rule(chosen: list[Rule]) -> pytest.MarkDecorator:
    """One test for each rule."""
    return pytest.mark.parametrize("rule", chosen, ids=[rule.id for rule in chosen])


def each_example(test: Callable[..., None]) -> Callable[..., None]:
    """One test for each example of each rule."""
    ids = [f"{rule.id}-{number}-{example['expect']}" for rule, number, example in EXAMPLES]
    cases = [(rule, example) for rule, _, example in EXAMPLES]
    marked: Callable[..., None] = pytest.mark.parametrize(("rule", "example"), cases, ids=ids)(test)
    return marked


def each_leaf(*operators: str) -> pytest.MarkDecorator:
    """One test for each single test in each rule, of some operators or of all."""
    cases = [(rule, path) for rule, path in LEAVES if not operators or at(rule.when, path)[1] in operators]
    ids = [f"{rule.id}-{at(rule.when, path)[0]}" for rule, path in cases]
    return pytest.mark.parametrize(("rule", "path"), cases, ids=ids)


# ---------------------------------------------------------------- the examples


@each_example
def test_example_comes_out_as_expected(rule: Rule, example: dict[str, Any]) -> None:
    assert outcome(rule.when, example) == example["expect"]


@each_rule(ALL)
def test_examples_show_all_three_outcomes(rule: Rule) -> None:
    assert {example["expect"] for example in rule.examples} == {"fires", "silent", "asks"}


@each_example
def test_example_gives_answers_that_a_person_could_give(rule: Rule, example: dict[str, Any]) -> None:
    for name, value in facts_of(example).items():
        resolved = resolve_name(name, FACTS)
        if resolved is not None:
            assert value_problem(*resolved, value) is None, name
        elif name == "age_y":
            assert value is None or 0 <= value <= 120
        else:
            assert value is None or value in BUILT_IN_VALUES[name], name


# ---------------------------------------------------------------- each test in a rule matters


@pytest.mark.parametrize("constant", [ALWAYS, NEVER], ids=["always-true", "always-false"])
@each_leaf()
def test_each_test_matters(rule: Rule, path: tuple[Any, ...], constant: dict[str, Any]) -> None:
    """With the test held constant, an example that was decided comes out the opposite way."""
    mutant = replaced(rule.when, path, constant)
    opposite = {"fires": "silent", "silent": "fires"}
    assert any(opposite.get(example["expect"]) == outcome(mutant, example) for example in rule.examples)


@each_leaf()
def test_unknown_is_never_no(rule: Rule, path: tuple[Any, ...]) -> None:
    """For each fact tested there is an example in which its absence keeps the rule open."""
    name, _, _ = at(rule.when, path)
    open_facts = [evaluate(rule.when, answers(facts_of(example))).unknown for example in rule.examples]
    assert any(name in unknown for unknown in open_facts)


def _values(rule: Rule, name: str) -> list[float]:
    found = [answers(facts_of(example))(name) for example in rule.examples]
    return [value for value in found if value is not None]


@each_leaf("below", "at_least")
def test_threshold_has_an_example_on_it_and_one_just_below(rule: Rule, path: tuple[Any, ...]) -> None:
    name, _, threshold = at(rule.when, path)
    values = _values(rule, name)
    assert threshold in values
    assert any(0.9 * threshold <= value < threshold for value in values), "no example just below"


@each_leaf("within")
def test_range_has_examples_on_its_bounds_and_beyond(rule: Rule, path: tuple[Any, ...]) -> None:
    name, _, (low, high) = at(rule.when, path)
    values, definition = _values(rule, name), FACTS[name]
    assert low in values
    assert high in values
    assert any(value > high for value in values) or definition.high == high
    assert any(value < low for value in values) or definition.low == low


@each_leaf("in")
def test_each_member_of_a_list_matters(rule: Rule, path: tuple[Any, ...]) -> None:
    name, _, members = at(rule.when, path)
    for member in members:
        shorter = [other for other in members if other != member]
        mutant = replaced(rule.when, path, {name: {"in": shorter}})
        assert any(outcome(mutant, example) != example["expect"] for example in rule.examples), member


# ---------------------------------------------------------------- rules as a whole


def test_every_row_of_the_evidence_has_a_rule() -> None:
    refs = {rule.ref for rule in KNOWLEDGE.rules}
    assert [f"CI{number}" for number in range(1, 44) if f"CI{number}" not in refs] == []


def test_every_conflict_of_the_evidence_is_there() -> None:
    refs = [conflict.ref for conflict in KNOWLEDGE.conflicts]
    assert {f"K{number:02}": refs.count(f"K{number:02}") for number in range(1, 25)} == {
        f"K{number:02}": 1 for number in range(1, 25)
    }


def test_every_fact_is_tested_by_a_rule() -> None:
    tested = set()
    for rule in KNOWLEDGE.rules:
        for name, _, _ in leaves(rule.when):
            resolved = resolve_name(name, FACTS)
            tested.add(resolved[0].name if resolved else name)
    assert set(FACTS) - tested == set()
    assert tested - set(FACTS) <= set(BUILT_IN)


@each_rule(ALL)
def test_built_in_facts_are_tested_against_real_values(rule: Rule) -> None:
    for name, operator, operand in leaves(rule.when):
        if name in BUILT_IN_VALUES:
            assert set(operand if operator == "in" else [operand]) <= BUILT_IN_VALUES[name]


@each_rule([rule for rule in ALL if rule.then.after])
def test_date_of_release_repeats_the_threshold(rule: Rule) -> None:
    """A rule that waits after an event tests the time since the same event against the same wait."""
    waits = {
        suffix: getattr(rule.then, f"wait_{suffix}")
        for suffix in ("d", "wk", "mo")
        if getattr(rule.then, f"wait_{suffix}") is not None
    }
    tested = {name: operand for name, operator, operand in leaves(rule.when) if operator == "below"}
    assert {f"{rule.then.after}_{suffix}": wait for suffix, wait in waits.items()} == tested


@each_rule(ALL)
def test_rule_may_act(rule: Rule) -> None:
    """A rule on memory alone acts only as an openly labelled proposal; a rule without sources is one."""
    assert rule.released
    assert rule.sources or (rule.proposal and rule.access == "memory")
    if rule.access != "memory":
        assert any(citation.stance == "supports" for citation in rule.sources)


@each_rule(ALL)
def test_disagreement_is_named(rule: Rule) -> None:
    """A conflict that the rule points to is on the clinician's page with a source on each side."""
    for name in rule.conflicts:
        conflict = KNOWLEDGE.find("conflicts", name)
        assert conflict.sources_b
        assert conflict.tell


def test_home_is_never_wider_than_the_clinic() -> None:
    """A rule that sends to a clinician stops both settings, so it never tests for the clinic alone."""
    for rule in KNOWLEDGE.rules:
        if rule.then.action in ("refer", "exclude"):
            assert all(name != "setting" for name, _, _ in leaves(rule.when)), rule.id


# ---------------------------------------------------------------- words


@each_rule(ALL)
def test_nobody_is_told_to_stop_a_medicine(rule: Rule) -> None:
    asked = re.sub(r"\b(do not|never) (stop|pause)\b", "", rule.tell, flags=re.IGNORECASE)
    assert not re.search(r"\b(stop|pause|skip|quit)\b (taking|using|your|the medicine)", asked, re.IGNORECASE)


@pytest.mark.parametrize(
    "text",
    [
        *(pytest.param(rule.tell, id=rule.id) for rule in KNOWLEDGE.rules),
        *(pytest.param(fact.ask, id=fact.name) for fact in KNOWLEDGE.facts),
        *(pytest.param(conflict.tell, id=conflict.id) for conflict in KNOWLEDGE.conflicts),
    ],
)
def test_words_for_the_person_promise_nothing(text: str) -> None:
    assert text
    assert not re.search(r"\b(treats?|cures?|flawless|guaranteed?|heals? scars)\b|%", text, re.IGNORECASE)


def test_each_source_has_a_reason() -> None:
    assert [source.key for source in KNOWLEDGE.sources if len(source.reason.split()) < 3] == []


# ---------------------------------------------------------------- example patients

QUIET: dict[str, Any] = {name: fact.quiet for name, fact in FACTS.items()}
SCARS = {
    **QUIET,
    "setting": "clinic",
    "age_y": 30,
    "phototype": "II",
    "sex_at_birth": "female",
    "site": "cheek",
    "zone": "cheek-left",
    "area_cm2": 40.0,
    "concern": "acne-scars-rolling",
}
LINES = {**SCARS, "concern": "wrinkles-face", "age_y": 45}
STRIAE = {**SCARS, "concern": "striae", "site": "abdomen", "zone": "abdomen", "age_y": 28}
ISOTRETINOIN = {"isotretinoin": True, "isotretinoin_stopped_mo": 2}
BACK = {"site": "shoulder-back", "zone": "shoulder-back"}
FOURTH_DAY = {"active_infection": True, "acute_illness": True, "acute_illness_ended_wk": 0}

# Who comes, and which rule fires with which action; everything else that could be asked is answered quietly.
VIGNETTES: dict[str, tuple[dict[str, Any], dict[str, str]]] = {
    "acne scars, healthy": ({**SCARS, "age_y": 24}, {}),
    "isotretinoin ended two months ago": (
        {**SCARS, "age_y": 26, **ISOTRETINOIN},
        {"isotretinoin-recent": "defer", "isotretinoin-home": "exclude_home"},
    ),
    "apixaban": (
        {**SCARS, "age_y": 41, "sex_at_birth": "male", "anticoagulant": True},
        {
            "anticoagulant-home": "exclude_home",
            "anticoagulant-to-clinician": "refer",
            "anticoagulant-limits": "caution",
        },
    ),
    "cold sores in the past": (
        {**LINES, "age_y": 35, "cold_sore_history": True},
        {"cold-sore-history": "premedicate"},
    ),
    "phototype V": ({**SCARS, "age_y": 38, "phototype": "V"}, {"phototype-iv-to-vi": "caution"}),
    "phototype V at home": (
        {**SCARS, "age_y": 38, "phototype": "V", "setting": "home"},
        {"phototype-iv-to-vi-home": "caution", "home-patch-test": "note"},
    ),
    "keloid on the chest": (
        {**SCARS, **BACK, "age_y": 19, "sex_at_birth": "male", "keloid_history": True},
        {"keloid": "exclude", "age-18-to-21": "caution", "site-not-at-home": "exclude_home"},
    ),
    "fine lines at home": ({**LINES, "setting": "home"}, {"home-patch-test": "note"}),
    "stretch marks": (STRIAE, {}),
    "stretch marks, breastfeeding": (
        {**STRIAE, "breastfeeding": True},
        {"breastfeeding-clinic": "defer", "breastfeeding-limits": "caution"},
    ),
    "nickel": (
        {**LINES, "age_y": 44, "nickel_allergy": True},
        {"nickel-allergy": "refer", "nickel-allergy-home": "exclude_home"},
    ),
    "stainless steel": ({**LINES, "age_y": 44, "steel_allergy": True}, {"steel-allergy": "exclude"}),
    "pus and fever on the fourth day": (
        {**SCARS, **FOURTH_DAY, "trouble_after_needling": True},
        {"red-flag-now": "exclude", "infection-in-area": "exclude", "acute-illness": "defer"},
    ),
}


@pytest.mark.parametrize("name", VIGNETTES)
def test_example_patient_meets_the_rules_expected(name: str) -> None:
    told, expected = VIGNETTES[name]
    truths = {rule.id: evaluate(rule.when, answers(told)) for rule in ALL}
    assert {rule: RULES[rule].then.action for rule, truth in truths.items() if truth.value} == expected
    assert {rule for rule, truth in truths.items() if truth.value is None} == set()


def test_nobody_passes_without_being_asked() -> None:
    """With nothing known but the zone and setting, no rule fires, and every question that stands first is open."""
    known = {name: value for name, value in LINES.items() if name in ("setting", "site", "zone", "concern")}
    truths = {rule.id: evaluate(rule.when, answers(known)) for rule in ALL}
    assert {rule for rule, truth in truths.items() if truth.value} == set()
    asked = {name for truth in truths.values() for name in truth.unknown}
    first = {name for name, fact in FACTS.items() if fact.kind == "yes-no"}
    asked_elsewhere = {"keloid_family", "shared_roller"}  # on chest and back, and at home
    asked_after_another = {"pregnant", "breastfeeding", "diabetes_controlled", "hba1c_known"}  # after sex, diabetes
    assert first - asked_elsewhere - asked_after_another <= asked
