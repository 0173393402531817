"""A plan or nothing: who is asked when a few hundred people cannot tell, and what is said when nobody can."""

from __future__ import annotations

from pathlib import Path
from unittest.mock import patch

import numpy as np
import pytest
from tests.people import healthy

from needling.archive import replay, run_case
from needling.choosing import choose, ensemble
from needling.choosing.candidates import beats_nothing, pool_of
from needling.choosing.judging import Weighing, judge_all
from needling.choosing.settling import MOST, MOST_WITH_ZONES, _larger, settle
from needling.documents import Case, Goals
from needling.documents.choice import UNTOLD
from needling.knowledge import load_knowledge
from needling.planning.cases import read_case
from needling.planning.propose import propose
from needling.planning.screen import screen
from needling.report.about_choice import choice_section
from needling.report.bibliography import Bibliography
from needling.report.explanation import Telling
from needling.simulation import Belief, objectives, simulate_many

KB = load_knowledge()
EXAMPLES = Path(__file__).parents[2] / "examples"
NOBODY_ELSE = patch("needling.choosing.settling.GROWTH", ())


def example(name: str) -> Case:
    return read_case(EXAMPLES / f"{name}.yaml", KB)


def test_what_is_clear_at_once_is_asked_of_nobody_else() -> None:
    with patch("needling.choosing.settling.simulate_many", side_effect=AssertionError("asked again")):
        for name in ("pregnancy", "home-fine-lines"):
            run_case(example(name), KB, key=0, members=64)
        person, assessment = healthy(KB)
        for goals, sessions in ((Goals(gain_weight=5), True), (Goals(harm_weight=10, downtime_weight=10), False)):
            choice = run_case(Case(person=person, assessment=assessment, goals=goals), KB, key=3, members=256).choice
            assert bool(choice.plan.sessions) is sessions and "possible people were asked" not in choice.because


def test_the_people_of_a_small_ensemble_are_the_first_of_a_large_one() -> None:
    person, assessment = healthy(KB, phototype="V")
    plans = propose(person, assessment, screen(person, assessment, KB), KB)[1:2]
    few, many = (
        objectives(simulate_many(plans, person, assessment, Belief.prior(KB, members=size), key=4)[0])
        for size in (64, 256)
    )
    assert np.allclose(many.gain[:64], few.gain, rtol=1e-6)
    assert np.allclose(many.harm_probability[:64], few.harm_probability, rtol=1e-6)
    assert np.allclose(many.redness_d[:64], few.redness_d, atol=1e-2), "read off a grid that all people share"


def test_more_people_tell_what_few_cannot_and_the_choice_says_that_they_were_asked() -> None:
    """Melasma is worth its cost by a little; for some keys 256 people say no."""
    case = example("melasma")
    with NOBODY_ELSE:
        alone = [run_case(case, KB, key=key, members=256).choice for key in range(4)]
    settled = [run_case(case, KB, key=key, members=256) for key in range(4)]
    assert len({bool(choice.plan.sessions) for choice in alone}) == 2
    assert all(run.choice.plan.sessions for run in settled)
    asked = [run for run in settled if "possible people were asked to tell it from doing nothing" in run.choice.because]
    assert asked
    assert replay(asked[0], KB).largest_ratio == 0
    cards = zip((one.scorecards for one in alone), (run.choice.scorecards for run in settled), strict=True)
    assert all(mine == theirs for mine, theirs in cards), "what is shown stays that of the people asked for"


def test_what_nobody_can_tell_is_said_in_plain_words_to_both_readers() -> None:
    """Whoever is never sure enough is as one whose best plan is worth exactly nothing."""
    case = example("melasma")
    clearance = screen(case.person, case.assessment, KB)
    plans = propose(case.person, case.assessment, clearance, KB, case.goals)
    courses = simulate_many(plans, case.person, case.assessment, ensemble(case.goals, KB, 64), key=0)
    with patch("needling.choosing.settling.SURE_AT_LAST", 1e9), patch("needling.choosing.settling.SURE_AT_ONCE", 1e9):
        for goals in (Goals(gain_weight=3), Goals(harm_weight=3)):
            choice = choose(plans, courses, goals, clearance=clearance)
            assert bool(choice.plan.sessions) is (goals.gain_weight == 3), "the first look stands"
            assert UNTOLD in choice.because and "2,048 possible people were asked" in choice.because
            for reader in ("person", "clinician"):
                telling = Telling(KB, reader, False, Bibliography(KB))  # type: ignore[arg-type]
                assert UNTOLD in choice_section(choice, telling).paragraphs[0].text.replace("The f", "the f")


def test_the_error_of_the_whole_score_is_that_of_the_careful_gain() -> None:
    """A second bootstrap, with redness and harms drawn again too: they do not add to the error."""
    case = example("melasma")
    plans = propose(case.person, case.assessment, screen(case.person, case.assessment, KB), KB, case.goals)
    courses = simulate_many(plans, case.person, case.assessment, ensemble(case.goals, KB, 256), key=1)
    weighing = Weighing.of(case.goals, KB)
    for one in pool_of(plans, courses, case.goals, weighing).candidates[1:]:
        found = one.found
        picks = np.random.default_rng(7).integers(0, 256, (400, 256))
        again = judge_all(
            found.gain[picks],
            found.redness_d[picks],
            found.harm_probability[picks],
            np.zeros(picks.shape),
            visits_count=np.full(400, one.card.visits_count),
            shortest_gap_d=np.full(400, np.inf),
            weighing=weighing,
        ).utility
        sure = abs(one.card.utility) / float(np.std(again))
        assert beats_nothing(one, weighing, 0.6 * sure) is (one.card.utility > 0)
        assert beats_nothing(one, weighing, 1.6 * sure) is None


def test_who_else_may_be_asked() -> None:
    case = example("melasma")
    plans = propose(case.person, case.assessment, screen(case.person, case.assessment, KB), KB, case.goals)[:2]

    def sizes(belief: Belief) -> list[tuple[int, int]]:
        courses = simulate_many(plans, case.person, case.assessment, belief, key=0)
        pool = pool_of(plans, courses, case.goals, Weighing.of(case.goals, KB))
        return [(one.members.size, one.persons) for one in _larger(pool.candidates[0])]

    assert MOST * len(case.assessment.zones) <= MOST_WITH_ZONES
    assert sizes(Belief.prior(KB, members=64)) == [(256, 1), (2048, 1)]
    assert sizes(Belief.prior(KB, members=1024)) == [(4096, 1), (MOST, 1)]
    assert sizes(Belief.prior(KB, members=64).nested(4)) == [(256, 16), (2048, 128)]
    assert sizes(Belief.prior(KB).with_members([3, 5, 8, 13])) == []


def test_without_doing_nothing_among_them_a_plan_is_taken_whatever_its_worth() -> None:
    case = example("melasma")
    plans = propose(case.person, case.assessment, screen(case.person, case.assessment, KB), KB, case.goals)
    courses = simulate_many(plans, case.person, case.assessment, ensemble(case.goals, KB, 64), key=0)
    goals = Goals(harm_weight=10)
    weighing = Weighing.of(goals, KB)
    candidates = pool_of(plans, courses, goals, weighing).candidates
    assert not settle(candidates, weighing, goals).chosen.plan.sessions
    assert settle(candidates[1:], weighing, goals).chosen.plan.sessions


@pytest.mark.slow
@pytest.mark.parametrize("name", ["melasma", "striae-abdomen"])
def test_the_key_does_not_choose_between_a_plan_and_nothing(name: str) -> None:
    """Skin type V with melasma is the shipped case that 256 people can tell least: of 20 keys 9 said no."""
    case = example(name)
    planned = [bool(run_case(case, KB, key=key, members=256).choice.plan.sessions) for key in range(20)]
    assert sum(planned) >= 18
