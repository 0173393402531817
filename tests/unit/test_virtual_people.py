"""The virtual population: who they are, that a person stays that person, and how they hang together."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.trial_studies import small_study

from needling.knowledge import Knowledge
from needling.simulation import Belief
from needling.trials.people import PHOTOTYPES, SEXES, SLOWNESS, belief_of, draw_people, relation, true_baselines

MANY = np.arange(40_000)
REFERENCE = {"age": {"mean_y": 40, "sd_y": 15, "from_y": 0, "to_y": 120}}


def _near(share: float, wanted: float, people: int = MANY.size) -> bool:
    return abs(share - wanted) < 4 * np.sqrt(wanted * (1 - wanted) / people) + 1e-9


def test_shares_are_as_stated(kb: Knowledge) -> None:
    study = small_study()
    people = draw_people(study, kb, MANY)
    for place, name in enumerate(PHOTOTYPES):
        assert _near(float(np.mean(people.place == place)), study.population.phototypes[name])
    assert _near(float(np.mean(people.sex == SEXES.index("male"))), 0.5)
    assert _near(float(people.facts[0].mean()), 0.3)


def test_an_answer_of_one_sex_is_given_by_that_sex_only(kb: Knowledge) -> None:
    people = draw_people(small_study(), kb, MANY)
    men = people.sex == SEXES.index("male")
    assert not people.facts[1][men].any()
    assert _near(float(people.facts[1][~men].mean()), 0.1, int((~men).sum()))


def test_ages_are_a_normal_distribution_cut_at_both_ends(kb: Knowledge) -> None:
    from scipy import stats

    people = draw_people(small_study(), kb, MANY)
    cut = stats.truncnorm((18 - 35) / 10, (70 - 35) / 10, loc=35, scale=10)
    assert stats.kstest(people.age_y, cut.cdf).pvalue > 0.001
    assert people.age_y.min() >= 18 and people.age_y.max() <= 70


def test_nothing_goes_with_anything_that_is_not_said(kb: Knowledge) -> None:
    people = draw_people(small_study(), kb, MANY)
    table = np.corrcoef([people.age_y, people.place, people.sex, people.facts[0], people.slowness])
    assert np.abs(table - np.eye(5)).max() < 0.02


@pytest.mark.parametrize("start", [0, 777, 5000])
def test_a_person_is_the_same_person_in_any_study_and_any_block(kb: Knowledge, start: int) -> None:
    numbers = np.arange(start, start + 50)
    all_of_them = draw_people(small_study(), kb, np.arange(6000))
    some = draw_people(small_study(people=7), kb, numbers)
    for name in ("age_y", "place", "sex", "slowness", "darkness"):
        assert np.array_equal(getattr(all_of_them, name)[numbers], getattr(some, name))
    world = np.zeros(50, dtype=np.int64)
    ours, again = belief_of(some, world, kb, 5), belief_of(all_of_them.rows(numbers), world, kb, 5)
    assert all(np.array_equal(ours.values[name], again.values[name]) for name in ours.names)


def test_spreads_and_relations_are_those_of_the_knowledge(kb: Knowledge) -> None:
    people = draw_people(small_study(population=REFERENCE), kb, MANY)
    values = belief_of(people, np.zeros(MANY.size, dtype=np.int64), kb, 5).values
    belief = Belief.prior(kb)
    for name in (*SLOWNESS, "epidermis-ratio", "dermis-ratio", "clinical-gain"):
        row = belief.names.index(name)
        logs = np.log(values[name] / belief.median[row])
        assert logs.mean() == pytest.approx(0, abs=0.01)
        assert logs.std() == pytest.approx(belief.person[row], rel=0.03), name

    def together(one: str, other: str) -> float:
        return float(np.corrcoef(np.log(values[one]), np.log(values[other]))[0, 1])

    heal = kb.parameter("population-healing-correlation").quantity.median
    for one, sign in SLOWNESS.items():
        for other, opposite in SLOWNESS.items():
            if one < other:
                assert together(one, other) == pytest.approx(sign * opposite * heal, abs=0.025), (one, other)
    assert together("clinical-gain", "barrier-half-life") == pytest.approx(0, abs=0.02)

    def with_age(name: str) -> float:
        return float(np.corrcoef(np.log(values[name]), people.age_y)[0, 1])

    for layer in ("epidermis", "dermis"):
        wanted = kb.parameter(f"population-age-{layer}-correlation").quantity.median
        assert with_age(f"{layer}-ratio") == pytest.approx(wanted, abs=0.025)
        men, women = (np.log(values[f"{layer}-ratio"][people.sex == SEXES.index(sex)]).mean() for sex in SEXES[1::-1])
        ratio = kb.parameter(f"population-male-{layer}-ratio").quantity.median
        assert np.exp(men - women) == pytest.approx(ratio, rel=0.015)


def test_a_population_of_one_age_is_more_alike(kb: Knowledge) -> None:
    """What age explains of thickness is not there where all are of one age."""
    everybody, alike = (
        belief_of(
            draw_people(small_study(population={"age": age}), kb, MANY), np.zeros(MANY.size, dtype=np.int64), kb, 5
        )
        for age in (REFERENCE["age"], {"mean_y": 40, "sd_y": 0, "from_y": 18, "to_y": 70})
    )
    assert np.log(alike.values["dermis-ratio"]).std() < np.log(everybody.values["dermis-ratio"]).std()


def test_without_relations_person_i_is_member_i_of_an_ensemble(kb: Knowledge) -> None:
    """The luck of a person is that of the ensemble's member of the same number, where nothing hangs together."""
    people = draw_people(small_study(), kb, np.arange(64))
    values = belief_of(people, np.zeros(64, dtype=np.int64), kb, 5).values
    drawn = Belief.prior(kb, members=64).draw(5, layers=("person",))
    for name in ("clinical-gain", "roller-efficiency", "redness-from-inflammation"):
        assert np.allclose(values[name], drawn[name], rtol=1e-12)


def test_worlds_share_what_nobody_knows_and_nothing_else(kb: Knowledge) -> None:
    people = draw_people(small_study(), kb, np.arange(50)).rows(np.tile(np.arange(50), 3))
    world = np.repeat([0, 1, 2], 50)
    belief = belief_of(people, world, kb, 5)
    prior = Belief.prior(kb)
    row = prior.names.index("smoker-collagen-ratio")
    assert prior.person[row] == 0 and prior.doubt[row] > 0
    ratio = belief.values["smoker-collagen-ratio"].reshape(3, 50)
    assert np.all(ratio[0] == prior.median[row])
    assert np.ptp(ratio[1]) == np.ptp(ratio[2]) == 0 and ratio[1, 0] != ratio[2, 0] != ratio[0, 0]
    gain = np.log(belief.values["clinical-gain"]).reshape(3, 50)
    assert np.allclose(gain[1] - gain[0], (gain[1] - gain[0])[0])  # the same people, moved together
    alone = belief_of(people.rows(np.arange(50, 100)), world[50:100], kb, 5)
    assert np.array_equal(alone.values["clinical-gain"], belief.values["clinical-gain"][50:100])


def test_a_relation_lies_between_its_bounds_in_other_worlds(kb: Knowledge) -> None:
    name = "population-age-dermis-correlation"
    given = kb.parameter(name).quantity
    found = relation(name, 5, kb, np.arange(2000))
    assert found[0] == given.median
    assert given.low is not None and given.high is not None
    assert found.min() >= given.low and found.max() <= given.high
    assert np.ptp(found) > 0.9 * (given.high - given.low)


def test_zones_of_one_person_start_alike(kb: Knowledge) -> None:
    zones = [
        {"zone": f"cheek-{side}", "concern": "acne-scars-rolling", "area_cm2": 30,
         "baseline": {"mean_score": 2.5, "sd_score": 0.3}}
        for side in ("left", "right")
    ]  # fmt: skip
    study = small_study(population={"zones": zones})
    found = true_baselines(study, draw_people(study, kb, MANY), kb)
    left, right = found["cheek-left"], found["cheek-right"]
    wanted = kb.parameter("population-baseline-correlation").quantity.median
    assert left.mean() == pytest.approx(2.5, abs=0.01) and left.std() == pytest.approx(0.3, rel=0.02)
    assert np.corrcoef(left, right)[0, 1] == pytest.approx(wanted, abs=0.02)


@given(
    mean=st.floats(0, 120),
    sd=st.floats(0, 60),
    low=st.floats(0, 119),
    width=st.floats(0.5, 100),
    key=st.integers(0, 2**60),
)
def test_ages_always_lie_inside_their_range(
    kb: Knowledge, mean: float, sd: float, low: float, width: float, key: int
) -> None:
    high = min(low + width, 120.0)
    study = small_study(population={"age": {"mean_y": mean, "sd_y": sd, "from_y": low, "to_y": high}}, key=key)
    people = draw_people(study, kb, np.arange(40))
    assert np.all((people.age_y >= low) & (people.age_y <= high))
