"""Every example runs, and decides what its file says it decides."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from needling.documents import Clearance, Plan
from needling.knowledge import load_knowledge
from needling.planning.cases import read_case
from needling.planning.envelope import breaches
from needling.planning.propose import propose
from needling.planning.screen import screen

EXAMPLES = Path(__file__).parents[2] / "examples"


def decided(name: str) -> tuple[Clearance, tuple[Plan, ...]]:
    kb = load_knowledge()
    case = read_case(EXAMPLES / f"{name}.yaml", kb)
    clearance = screen(case.person, case.assessment, kb)
    plans = propose(case.person, case.assessment, clearance, kb, case.goals)
    assert not plans[0].sessions
    for plan in plans:
        assert not breaches(plan, clearance, kb)
    return clearance, plans


def rules(clearance: Clearance) -> set[str]:
    return {decision.rule for decision in clearance.decisions}


def longest_mm(plans: tuple[Plan, ...]) -> float:
    return max(stroke.needle_length_mm for plan in plans for session in plan.sessions for stroke in session.strokes)


def test_acne_scars_in_a_clinic() -> None:
    clearance, plans = decided("acne-scars")
    assert clearance.verdict == "go"
    assert len(plans) > 12
    assert longest_mm(plans) == 1.5
    intervals = [b.day_d - a.day_d for plan in plans for a, b in zip(plan.sessions, plan.sessions[1:], strict=False)]
    assert min(intervals) >= 42, "skin type IV needs six weeks between sessions"


def test_a_long_roller_at_home_is_declined() -> None:
    clearance, plans = decided("home-hairline")
    for plan in plans:
        said = [reason.what for reason in plan.declined]
        assert any("1.5 mm" in what for what in said) and any("192 needles" in what for what in said)
    assert all(stroke.needle_length_mm <= 0.25 for plan in plans for s in plan.sessions for stroke in s.strokes)
    assert all(session.device != "roller-192" for plan in plans for session in plan.sessions)
    assert clearance.envelope in ("home", "clinic", None)


def test_home_fine_lines_get_the_staged_short_needle() -> None:
    clearance, plans = decided("home-fine-lines")
    assert clearance.verdict == "go" and clearance.envelope == "home"
    assert len(plans) > 1
    assert longest_mm(plans) <= 0.3
    assert {session.endpoint for plan in plans for session in plan.sessions} <= {"none", "faint-pink"}


def test_pregnancy_is_not_planned() -> None:
    clearance, plans = decided("pregnancy")
    assert clearance.verdict == "exclude" and len(plans) == 1


def test_recent_isotretinoin_waits_for_six_months_and_shows_the_conflict() -> None:
    clearance, plans = decided("isotretinoin")
    assert clearance.verdict == "defer" and len(plans) == 1
    assert clearance.earliest == date(2027, 2, 21)
    found = next(d for d in clearance.decisions if "isotretinoin" in d.rule and d.action == "defer")
    assert any(citation.stance == "conflicts" for citation in found.sources)


def test_quiet_rosacea_goes_to_a_clinician() -> None:
    clearance, plans = decided("quiet-rosacea")
    assert clearance.verdict == "refer" and len(plans) == 1


def test_striae_on_the_abdomen() -> None:
    clearance, plans = decided("striae-abdomen")
    assert clearance.verdict == "go"
    assert 1.5 <= longest_mm(plans) <= 2.0


def test_melasma_is_shallow_and_bloodless() -> None:
    clearance, plans = decided("melasma")
    if clearance.verdict == "go":
        assert longest_mm(plans) <= 0.5
        assert {session.endpoint for plan in plans for session in plan.sessions} <= {"erythema", "faint-pink"}
    else:
        assert clearance.verdict == "refer"


def test_half_answered_comes_back_with_questions() -> None:
    clearance, plans = decided("half-answered")
    assert clearance.verdict == "ask" and len(clearance.asks) > 10 and len(plans) == 1
    strictness = [question.decisive for question in clearance.asks]
    assert strictness[0] == "exclude"


def test_a_keloid_former_is_not_planned() -> None:
    clearance, plans = decided("keloid")
    assert clearance.verdict == "exclude" and len(plans) == 1
    assert any("keloid" in rule for rule in rules(clearance))


def test_the_mission_runs_end_to_end() -> None:
    import runpy

    main = runpy.run_path(str(EXAMPLES / "mission.py"))["main"]
    misses = main(members=128)
    assert len(misses.misses) == 2
    assert misses.mean_crps is not None and misses.mean_crps > 0
    assert {delivery.late_d for delivery in misses.deliveries} == {0.0, 9.0}
