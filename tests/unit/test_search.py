"""A search finds what looking at everything finds, with a fraction of the work, and never leaves the envelope."""

from __future__ import annotations

import subprocess
import sys
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from tests.people import healthy

from needling.archive import Run, replay, run_case
from needling.choosing import ensemble
from needling.choosing.candidates import Candidate, pool_of, worth_showing
from needling.choosing.judging import Weighing
from needling.choosing.search import FEW, FINALISTS, Found, find, search
from needling.choosing.settling import settle
from needling.documents import Case, Clearance, Goals, Plan
from needling.knowledge import load_knowledge
from needling.planning.candidates import Grid, candidates, nothing_of, plan_of
from needling.planning.cases import read_case
from needling.planning.envelope import breaches
from needling.planning.screen import screen
from needling.report.about_choice import beyond_words
from needling.simulation import Belief, simulate_many

KB = load_knowledge()
EXAMPLES = Path(__file__).parents[2] / "examples"
CHUNK = 64
CHEEK = ("cheek-left", "acne-scars-rolling", 40.0)
FOREHEAD = ("forehead", "wrinkles-face", 60.0)


def example(name: str) -> tuple[Case, Clearance]:
    case = read_case(EXAMPLES / f"{name}.yaml", KB)
    return case, screen(case.person, case.assessment, KB)


def found_for(case: Case, clearance: Clearance, belief: Belief, **options: Any) -> Found:
    return find(case.person, case.assessment, clearance, belief, case.goals, KB, key=2, **options)


def exhaustive(case: Case, clearance: Clearance, belief: Belief, grid: Grid) -> Plan:
    """The choice with every candidate as a whole course with all the people."""
    who = case.person, case.assessment
    weighing = Weighing.of(case.goals, KB)
    nothing = nothing_of(*who, clearance, KB, grid.found)
    [course] = simulate_many([nothing], *who, belief, key=2)
    all_of: list[Candidate] = [*pool_of([nothing], [course], case.goals, weighing).candidates]
    outlines = [grid.candidate(*one) for one in grid]
    for first in range(0, len(outlines), CHUNK):
        plans = [plan_of(one, *who, clearance, KB, grid.found) for one in outlines[first : first + CHUNK]]
        pool = pool_of(plans, simulate_many(plans, *who, belief, key=2), case.goals, weighing)
        all_of += [one._replace(course=course) for one in pool.allowed]
    return settle(worth_showing(all_of, weighing), weighing, case.goals).chosen.plan


def narrowed(case: Case, **goals: Any) -> Case:
    return case.model_copy(update={"goals": case.goals.model_copy(update=goals)})


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "goals"),
    [
        ("acne-scars", {"device": "roller-192"}),
        ("acne-scars", {"sessions_count": 4, "needle_length_mm": 1.0}),
        ("acne-scars", {"device": "pen-generic", "max_redness_d": 1.0, "max_visits_count": 5}),
        ("melasma", {"sessions_count": 6}),
        ("striae-abdomen", {"device": "roller-192", "interval_d": 42.0}),
        ("striae-abdomen", {"needle_length_mm": 1.5, "sessions_count": 4}),
        ("home-fine-lines", {}),
        ("home-hairline", {}),
    ],
)
def test_a_search_chooses_what_the_exhaustive_run_chooses(name: str, goals: dict[str, Any]) -> None:
    case, clearance = example(name)
    case = narrowed(case, **goals)
    belief = ensemble(case.goals, KB, 256)
    found = found_for(case, clearance, belief)
    assert found.rounds[0].members == FEW and found.choice.considered_count == found.grid.count + 1
    assert found.grid.count > 30
    assert found.choice.plan == exhaustive(case, clearance, belief, found.grid)


@pytest.mark.parametrize("name", ["isotretinoin", "keloid", "quiet-rosacea", "half-answered"])
def test_who_is_not_cleared_gets_no_plan_from_a_search_either(name: str) -> None:
    case, clearance = example(name)
    found = found_for(case, clearance, Belief.prior(KB, members=64))
    assert not found.choice.plan.sessions and found.choice.considered_count == 1


def two_zones(**goals: Any) -> tuple[Case, Clearance]:
    person, assessment = healthy(KB, zones=(CHEEK, FOREHEAD), phototype="IV")
    return Case(person=person, assessment=assessment, goals=Goals(**goals)), screen(person, assessment, KB)


@pytest.mark.parametrize(
    "goals",
    [
        {},
        {"harm_weight": 0.2, "visits_weight": 0.05},
        {"max_redness_d": 1.0},
        {"downtime_weight": 0.0, "harm_weight": 0.0, "max_visits_count": 3},
    ],
)
def test_kinds_of_zones_one_by_one_end_where_all_combinations_do(goals: dict[str, Any]) -> None:
    case, clearance = two_zones(**goals, device="roller-192", passes_count=4, sessions_count=4)
    belief = Belief.prior(KB, members=64)
    whole = found_for(case, clearance, belief, most_together=10**9)
    climbed = found_for(case, clearance, belief, most_together=0)
    assert [kind.zones for kind in whole.grid.kinds] == [("cheek-left",), ("forehead",)]
    assert whole.choice.considered_count == whole.grid.count + 1
    assert climbed.choice.plan == whole.choice.plan
    assert climbed.choice.considered_count is not None
    assert climbed.choice.considered_count < whole.grid.count


def test_all_combinations_of_two_zones_are_what_brute_force_says() -> None:
    case, clearance = two_zones(device="roller-192", passes_count=4, sessions_count=3, interval_d=42.0)
    belief = Belief.prior(KB, members=64)
    found = found_for(case, clearance, belief)
    by_hand = list(product(*(range(len(kind.strengths)) for kind in found.grid.kinds)))
    assert found.grid.count == len(by_hand) > 50
    assert found.choice.plan == exhaustive(case, clearance, belief, found.grid)


def test_zones_need_not_move_together_any_more() -> None:
    case, clearance = two_zones(device="roller-192", sessions_count=3, gain_weight=2.0)
    choice = found_for(case, clearance, Belief.prior(KB, members=64)).choice
    assert any("left cheek + " in card.plan and "forehead" in card.plan for card in choice.scorecards)


def test_zones_that_are_alike_are_needled_alike() -> None:
    case, clearance = example("acne-scars")
    grid = candidates(case.assessment, clearance, KB, case.goals)
    assert [kind.zones for kind in grid.kinds] == [("cheek-left", "cheek-right")]


@pytest.mark.parametrize("goals", [{}, {"max_visits_count": 2}, {"max_redness_d": 0.2}, {"robust": "worst-case"}])
def test_what_is_chosen_lies_inside_every_limit(goals: dict[str, Any]) -> None:
    case, clearance = example("melasma")
    case = narrowed(case, sessions_count=None, device="roller-192", **goals)
    belief = ensemble(case.goals, KB, 64)
    choice = found_for(case, clearance, belief).choice
    assert not breaches(choice.plan, clearance, KB)
    card = next(card for card in choice.scorecards if card.plan_sha256 == choice.plan.sha256)
    assert not card.barred_by
    assert len(choice.scorecards) <= FINALISTS
    assert any(card.visits_count == 0 for card in choice.scorecards)
    assert card.visits_count <= goals.get("max_visits_count", 99)
    assert card.redness_d <= goals.get("max_redness_d", 99)


def test_a_limit_that_binds_is_still_named() -> None:
    case, clearance = example("acne-scars")
    case = narrowed(case, device="roller-192", max_visits_count=1)
    choice = found_for(case, clearance, Belief.prior(KB, members=64)).choice
    assert any("at most 1 visits" in card.barred_by for card in choice.scorecards)


def test_what_goes_beyond_the_trials_says_so() -> None:
    case, clearance = example("melasma")
    choice = found_for(case, clearance, Belief.prior(KB, members=64)).choice
    own = [reason for reason in choice.plan.rationale if reason.what.startswith("Beyond the listed protocols")]
    assert own and own[0].proposal
    belief = Belief.prior(KB, members=64)
    shown = search(case.person, case.assessment, clearance, belief, case.goals, KB, key=2)
    listed = shown.best_listed
    assert listed is not None and listed.plan_sha256 != shown.plan.sha256
    words = beyond_words(shown)
    assert words.startswith("Beyond what trials did") and listed.plan in words
    assert f"{listed.dots_of_50_count} of 50 gain by it" in words


def test_the_same_key_finds_the_same_plan_and_a_run_is_repeated_exactly() -> None:
    case, clearance = example("home-fine-lines")
    first = run_case(case, KB, key=2, members=64, searched=True)
    assert first.searched and first.choice.considered_count is not None and first.choice.considered_count > 1000
    again = replay(Run.model_validate_json(first.model_dump_json()), KB)
    assert again.largest_ratio == 0
    told: list[tuple[str, int, int]] = []
    choice = search(
        case.person,
        case.assessment,
        clearance,
        Belief.prior(KB, members=64),
        case.goals,
        KB,
        key=2,
        progress=lambda what, done, of: told.append((what, done, of)),
    )
    assert choice == first.choice
    assert all(0 <= done < of for _, done, of in told) and len({what for what, _, _ in told}) == 3


def test_the_protocols_alone_can_be_searched_too() -> None:
    person, assessment = healthy(KB, zones=(CHEEK,), phototype="IV")
    case, clearance = Case(person=person, assessment=assessment), screen(person, assessment, KB)
    found = found_for(case, clearance, Belief.prior(KB, members=64), breadth="protocols")
    assert found.choice.considered_count == found.grid.count + 1 < 50
    assert not any("Beyond" in reason.what for reason in found.choice.plan.rationale)


@pytest.mark.slow
def test_few_people_drop_only_what_is_clearly_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who has all people in the first round ends with the same plan, whatever the luck."""
    case, clearance = example("acne-scars")
    case = narrowed(case, device="roller-192")
    who, belief = (case.person, case.assessment), Belief.prior(KB)
    raced = [find(*who, clearance, belief, case.goals, KB, key=key) for key in range(4)]
    monkeypatch.setattr("needling.choosing.search.FEW", belief.members.size)
    for key, found in enumerate(raced):
        at_once = find(*who, clearance, belief, case.goals, KB, key=key)
        assert [one.members for one in found.rounds] == [16, 64, 256, 256]
        assert [one.members for one in at_once.rounds] == [256, 256]
        assert found.rounds[1].candidates < found.rounds[0].candidates
        assert found.choice.plan == at_once.choice.plan


def test_the_command_searches_and_its_file_is_repeated(tmp_path: Path) -> None:
    def needling(*asked: str) -> str:
        done = subprocess.run([sys.executable, "-m", "needling", *asked], capture_output=True, text=True, check=True)
        return done.stdout

    needling("plan", str(EXAMPLES / "home-fine-lines.yaml"), "--search", "--members", "64", "--out", str(tmp_path))
    written = tmp_path / "home-fine-lines.json"
    run = Run.model_validate_json(written.read_text(encoding="utf-8"))
    assert run.searched and (run.choice.considered_count or 0) > 1000
    assert "to the last bit" in needling("replay", str(written))
