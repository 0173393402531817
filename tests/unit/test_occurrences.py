"""An override covers the occurrence that two people signed for: the same answers, the same place, no later one."""

from __future__ import annotations

import json
from datetime import date, timedelta
from typing import Any

import pytest
from tests.people import ON, healthy

from needling.documents import Assessment, Override
from needling.errors import BadInput
from needling.knowledge import load_knowledge
from needling.planning.occurrences import is_over, passing, stays
from needling.planning.screen import screen, signed_for

KB = load_knowledge()
CHEEK = (("cheek-left", "acne-scars-rolling", 40.0),)
BOTH = (*CHEEK, ("forehead", "acne-scars-rolling", 60.0))
LATER = ON + timedelta(days=28)
LASTING = {
    "psoriasis": {"psoriasis": True},
    "poor-healing": {"poor_healing": True},
    "severe-sun-damage": {"severe_sun_damage": True},
    "diabetes-hba1c": {"diabetes": True, "hba1c_pct": 9.0},
}
OF_THE_DAY = {
    "cold-sore-active": {"cold_sore_active": True},
    "rash-or-wound": {"rash_or_wound": True},
    "sun-planned": {"sun_planned": True},
    "marks-after-needling": {"marks_after_needling": True},
    "lesion-changing": {"lesion_changing": True},
    "undiagnosed-change": {"undiagnosed_change": True},
}
GOING_ON = {
    "anticoagulant-to-clinician": {"anticoagulant": True},
    "weak-immune-system": {"immunosuppressed": True},
}
DATED = {
    "acute-illness": ("acute_illness", "acute_illness_ended"),
    "cold-sore-healing": ("cold_sore_recent", "cold_sore_healed"),
    "sunburn": ("sunburn", "last_sunburn"),
    "filler-recent": ("filler", "filler_placed"),
    "isotretinoin-recent": ("isotretinoin", "isotretinoin_stopped"),
}


def signed(rule: str, *, zones: Any = CHEEK, on: date = ON, **facts: Any) -> Override:
    """The override as two people sign it on a page."""
    person, seen = healthy(KB, zones=zones, on=on, **facts)
    found = signed_for(KB.find("rules", rule), person, seen, KB)
    assert found, f"{rule} does not fire"
    return Override(rule=rule, reason="investigated-and-cleared", by="a", second="b", on=on, occurrences=found)


def aside(override: Override, *, zones: Any = CHEEK, on: date = ON, **facts: Any) -> dict[str | None, bool]:
    """Where the rule fires now, and whether the override covers it there."""
    person, seen = healthy(KB, zones=zones, on=on, **facts)
    found = screen(person, seen.model_copy(update={"overrides": (override,)}), KB)
    return {one.zone: one.overridden for one in found.decisions if one.rule == override.rule}


@pytest.mark.parametrize("rule", sorted({**LASTING, **OF_THE_DAY, **GOING_ON}))
def test_on_the_day_of_the_findings_it_covers_them(rule: str) -> None:
    facts = {**LASTING, **OF_THE_DAY, **GOING_ON}[rule]
    assert set(aside(signed(rule, **facts), **facts).values()) == {True}


@pytest.mark.parametrize("rule", sorted({**LASTING, **GOING_ON}))
def test_what_lasts_or_goes_on_needs_no_new_signature(rule: str) -> None:
    facts = {**LASTING, **GOING_ON}[rule]
    assert set(aside(signed(rule, **facts), on=LATER, **facts).values()) == {True}


@pytest.mark.parametrize("rule", sorted(OF_THE_DAY))
def test_what_passes_without_a_day_is_covered_on_its_own_day_alone(rule: str) -> None:
    facts = OF_THE_DAY[rule]
    assert set(aside(signed(rule, **facts), on=LATER, **facts).values()) == {False}


@pytest.mark.parametrize("rule", sorted(DATED))
def test_what_has_a_day_is_covered_up_to_that_day(rule: str) -> None:
    yes, day = DATED[rule]
    then = ON - timedelta(days=5)
    parent = KB.by("facts")[day].only_if or yes
    override = signed(rule, **{yes: True, parent: True, day: then.isoformat()})
    soon = ON + timedelta(days=3)

    def now(on: date) -> set[bool]:
        return set(aside(override, on=soon, **{yes: True, parent: True, day: on.isoformat()}).values())

    assert now(then) == {True} and now(then - timedelta(days=1)) == {True}
    assert now(then + timedelta(days=1)) == {False} and now(soon) == {False}


def test_a_time_since_is_told_apart_by_its_day() -> None:
    override = signed("isotretinoin-recent", isotretinoin=True, isotretinoin_stopped_mo=2.0)
    (found,) = override.occurrences
    told = {fact.name: fact.value for fact in found.facts}
    assert told == {"isotretinoin": True, "isotretinoin_stopped": (ON - timedelta(days=61)).isoformat()}
    assert aside(override, isotretinoin=True, isotretinoin_stopped_mo=2.0) == {None: True}
    assert aside(override, on=LATER, isotretinoin=True, isotretinoin_stopped_mo=2.0) == {None: False}


def test_another_zone_was_not_signed_for() -> None:
    override = signed("severe-sun-damage", severe_sun_damage=True)
    assert aside(override, zones=BOTH, severe_sun_damage=True) == {"cheek-left": True, "forehead": False}


def test_another_answer_was_not_signed_for() -> None:
    override = signed("weak-immune-system", immunosuppressed=True)
    assert aside(override, immunosuppressed=True, blood_borne_virus=True) == {None: False}
    override = signed("diabetes-hba1c", diabetes=True, hba1c_pct=9.0)
    assert aside(override, diabetes=True, hba1c_pct=12.0) == {None: False}


def test_without_a_day_it_covers_only_what_lasts() -> None:
    """Documents from before overrides said what they were signed for."""
    for rule, facts in {**LASTING, **OF_THE_DAY, **GOING_ON}.items():
        old = Override.model_validate({"rule": rule, "reason": "rule-does-not-apply", "by": "a", "second": "b"})
        assert set(aside(old, **facts).values()) == {rule in LASTING}, rule


def test_a_day_alone_covers_that_day() -> None:
    told = {"rule": "cold-sore-active", "reason": "rule-does-not-apply", "by": "a", "second": "b", "on": ON}
    override = Override.model_validate(told)
    assert aside(override, cold_sore_active=True) == {None: True}
    assert aside(override, on=LATER, cold_sore_active=True) == {None: False}


def test_documents_from_before_are_read_and_keep_their_hashes() -> None:
    _, seen = healthy(KB)
    told = {"rule": "psoriasis", "reason": "rule-does-not-apply", "note": "", "by": "a", "second": "b"}
    old = {**json.loads(seen.canonical()), "overrides": [told]}
    read = Assessment.model_validate_json(json.dumps(old))
    assert json.loads(read.canonical()) == old


def test_nobody_signs_for_findings_to_come() -> None:
    person, seen = healthy(KB, psoriasis=True)
    override = signed("psoriasis", psoriasis=True).model_copy(update={"on": LATER})
    with pytest.raises(BadInput, match="sign what was found"):
        screen(person, seen.model_copy(update={"overrides": (override,)}), KB)


def test_what_was_said_to_be_over_is_another_one_when_it_comes_again() -> None:
    medicine = signed("anticoagulant-to-clinician", anticoagulant=True)
    rule = KB.find("rules", medicine.rule)
    assert not is_over(medicine, rule, [("anticoagulant", None, True)], KB)
    assert is_over(medicine, rule, [("anticoagulant", None, False), ("anticoagulant", None, True)], KB)
    filler = signed("filler-recent", filler=True, filler_placed=(ON - timedelta(days=5)).isoformat())
    rule = KB.find("rules", filler.rule)
    assert not is_over(filler, rule, [("filler", "cheek-left", True), ("filler", "forehead", False)], KB)
    assert is_over(filler, rule, [("filler", "cheek-left", False)], KB)
    sore = signed("cold-sore-active", cold_sore_active=True)
    rule = KB.find("rules", sore.rule)
    assert is_over(sore, rule, [("cold_sore_active", None, True)], KB), "told again on a later day"
    lasting = signed("psoriasis", psoriasis=True)
    assert not is_over(lasting, KB.find("rules", "psoriasis"), [("psoriasis", None, True)], KB)


def test_the_knowledge_says_what_passes() -> None:
    """Every rule that can be set aside is read in one way, and nothing that waits is taken for lasting."""
    for rule in KB.rules:
        if rule.then.action not in ("defer", "refer"):
            continue
        if rule.then.action == "defer":
            assert passing(rule, KB) and not stays(rule, KB), rule.id
    assert {rule.id for rule in KB.rules if passing(rule, KB) and stays(rule, KB)} == set(GOING_ON)
