"""The written vignettes: one reading of the rules, each with the decision a careful clinician expects."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from tests.people import ON, healthy

from needling.documents import Clearance, Fact, Plan
from needling.knowledge import load_knowledge
from needling.planning.propose import propose
from needling.planning.screen import screen

KB = load_knowledge()
CHEEK = (("cheek-left", "acne-scars-rolling", 40.0),)


def run(setting: str = "clinic", **given: Any) -> tuple[Clearance, tuple[Plan, ...]]:
    person, assessment = healthy(KB, setting, **given)
    clearance = screen(person, assessment, KB)
    return clearance, propose(person, assessment, clearance, KB)


def actions(clearance: Clearance) -> set[str]:
    return {decision.action for decision in clearance.decisions}


def refs(clearance: Clearance) -> set[str]:
    return {KB.find("rules", decision.rule).ref.split()[0].rstrip(",") for decision in clearance.decisions}


def lengths(plans: tuple[Plan, ...]) -> set[float]:
    return {stroke.needle_length_mm for plan in plans for s in plan.sessions for stroke in s.strokes}


def test_v1_rolling_scars_light_skin() -> None:
    clearance, plans = run(zones=CHEEK, phototype="II", age_y=24.0)
    assert clearance.verdict == "go"
    wanted = [
        plan
        for plan in plans
        if lengths((plan,)) == {1.5} and len(plan.sessions) in (3, 4) and plan.sessions[1].day_d == 28
    ]
    assert wanted, "1.5 mm, 3-4 sessions, 4 weeks apart"
    stroke = wanted[0].sessions[0].strokes[0]
    assert stroke.directions_count == 4 and 15 <= stroke.directions_count * stroke.passes_count <= 20
    assert wanted[0].sessions[0].endpoint == "pinpoint"
    gates = {KB.find("topicals", name).gate for name in wanted[0].sessions[0].topicals}
    assert gates == {"allowed"}
    _home, home_plans = run("home", zones=CHEEK, phototype="II", age_y=24.0)
    assert max(lengths(home_plans), default=0) <= 0.3


def test_v3_isotretinoin_two_months_ago() -> None:
    clearance, plans = run(zones=CHEEK, age_y=26.0, isotretinoin=True, isotretinoin_stopped_mo=2.0)
    assert clearance.verdict == "defer" and clearance.earliest is not None and len(plans) == 1
    assert "CI5" in refs(clearance)
    conflicts = {name for decision in clearance.decisions for name in decision.conflicts}
    assert any(KB.find("conflicts", name).ref == "K06" for name in conflicts)
    at_home, _ = run("home", zones=CHEEK, age_y=26.0, isotretinoin=True, isotretinoin_stopped_mo=2.0)
    assert at_home.verdict in ("refer", "defer", "exclude") and at_home.envelope != "home"
    assert "exclude_home" in actions(at_home)


def test_v3_specialist_override() -> None:
    person, assessment = healthy(KB, zones=CHEEK, age_y=26.0, isotretinoin=True, isotretinoin_stopped_mo=2.0)
    rule = next(d.rule for d in screen(person, assessment, KB).decisions if d.action == "defer")
    signed = assessment.model_validate(
        {
            **assessment.model_dump(),
            "overrides": [
                {"rule": rule, "reason": "specialist-informed-choice", "by": "dr-a", "second": "dr-b", "on": ON}
            ],
        }
    )
    clearance = screen(person, signed, KB)
    assert clearance.verdict == "go" and clearance.envelope == "clinic"
    assert any(decision.overridden for decision in clearance.decisions)


def test_v5_apixaban() -> None:
    clearance, plans = run(zones=CHEEK, sex="male", age_y=41.0, anticoagulant=True)
    assert clearance.verdict == "refer" and len(plans) == 1 and "exclude_home" in actions(clearance)
    tells = " ".join(decision.tell for decision in clearance.decisions if "CI6" in KB.find("rules", decision.rule).ref)
    assert "stop" in tells.lower() and ("not stop" in tells.lower() or "never stop" in tells.lower())


def test_v7_cold_sore_history() -> None:
    clearance, plans = run(zones=CHEEK, age_y=35.0, cold_sore_history=True)
    assert clearance.verdict == "go" and "premedicate" in actions(clearance) and len(plans) > 1


def test_v9_dark_skin() -> None:
    clearance, plans = run(zones=CHEEK, phototype="V", age_y=38.0)
    assert clearance.verdict == "go" and "caution" in actions(clearance)
    assert lengths(plans) and max(lengths(plans)) <= 1.5
    gaps = {b.day_d - a.day_d for plan in plans for a, b in zip(plan.sessions, plan.sessions[1:], strict=False)}
    assert min(gaps) >= 42
    _, home = run("home", zones=CHEEK, phototype="V", age_y=38.0)
    assert max(lengths(home), default=0) <= 0.25


def test_v11_keloid() -> None:
    clearance, plans = run(
        zones=(("shoulder-back-left", "acne-scars-rolling", 40.0),), sex="male", age_y=19.0, keloid_history=True
    )
    assert clearance.verdict == "exclude" and len(plans) == 1


def test_v13_fine_lines_at_home() -> None:
    clearance, plans = run("home", zones=(("cheek-left", "wrinkles-face", 40.0),), age_y=45.0)
    assert clearance.verdict == "go" and clearance.envelope == "home"
    assert {0.2} <= lengths(plans) and max(lengths(plans)) <= 0.25
    for plan in plans[1:]:
        first = [session.day_d for session in plan.sessions[:4]]
        assert min(b - a for a, b in itertools.pairwise(first)) >= 7
        assert {session.endpoint for session in plan.sessions} <= {"none", "faint-pink"}
    _, clinic = run("clinic", zones=(("cheek-left", "wrinkles-face", 40.0),), age_y=45.0)
    assert {0.5, 1.0} <= lengths(clinic)


def test_v15_striae() -> None:
    zone = (("abdomen", "striae", 150.0),)
    clearance, plans = run(zones=zone, age_y=28.0)
    assert clearance.verdict == "go" and {1.5, 2.0} <= lengths(plans)
    assert any(len(plan.sessions) == 4 and plan.sessions[1].day_d == 28 for plan in plans)
    nursing, none = run(zones=zone, age_y=28.0, breastfeeding=True)
    assert nursing.verdict == "defer" and len(none) == 1


@pytest.mark.parametrize(("fact", "verdict"), [("nickel_allergy", "refer"), ("steel_allergy", "exclude")])
def test_v17_metal(fact: str, verdict: str) -> None:
    clearance, plans = run(zones=CHEEK, age_y=44.0, **{fact: True})
    assert clearance.verdict == verdict and len(plans) == 1 and clearance.envelope != "home"


def test_v19_trouble_after_needling() -> None:
    clearance, plans = run(zones=CHEEK, trouble_after_needling=True)
    assert clearance.verdict in ("refer", "exclude") and len(plans) == 1
    flag = next(flag for flag in KB.red_flags if flag.ref == "RF1")
    assert flag.urgency in ("same-day", "emergency")


def test_who_comes_for_melasma_has_melasma_whatever_was_ticked() -> None:
    clearance, _ = run(zones=(("cheek-left", "melasma", 40.0),), phototype="V", melasma=False)
    assert any(decision.rule.startswith("melasma") for decision in clearance.decisions)


def test_the_darkest_skin_is_never_planned_more_boldly() -> None:
    from needling.choosing import choose
    from needling.simulation import Belief, simulate_many

    harms = []
    for phototype in ("IV", "V", "VI"):
        person, assessment = healthy(KB, zones=CHEEK, phototype=phototype)
        plans = propose(person, assessment, screen(person, assessment, KB), KB)
        choice = choose(plans, simulate_many(plans, person, assessment, Belief.prior(KB)))
        harms.append((len(choice.plan.sessions), max(lengths((choice.plan,)), default=0)))
    assert harms[2] <= harms[1] <= harms[0]


def test_an_excluded_zone_does_not_dilute_the_other() -> None:
    from needling.choosing import choose
    from needling.simulation import Belief, simulate_many

    both = (("cheek-left", "acne-scars-rolling", 40.0), ("cheek-right", "acne-scars-rolling", 40.0))
    person, assessment = healthy(KB, zones=both)
    marked = assessment.zones[0].model_copy(update={"facts": (Fact(name="tattoo", value=True),)})
    assessment = assessment.model_copy(update={"zones": (marked, assessment.zones[1])})
    clearance = screen(person, assessment, KB)
    assert [zone.verdict for zone in clearance.zones] == ["exclude", "go"] and clearance.verdict == "go"
    plans = propose(person, assessment, clearance, KB)
    choice = choose(plans, simulate_many(plans, person, assessment, Belief.prior(KB)))
    assert {stroke.zone for s in choice.plan.sessions for stroke in s.strokes} == {"cheek-right"}


def test_a_plan_starts_when_its_preparation_can_have_been_done() -> None:
    _, clinic = run(zones=CHEEK)
    _, home = run("home", zones=CHEEK, phototype="V")
    assert (clinic[1].start - ON).days == 28 and clinic[0].start == ON
    assert (home[1].start - ON).days == 28, "brown skin: four weeks of sunscreen come before the patch test is due"
