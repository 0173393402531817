"""Closed forms of closing: half-lives, thresholds, published times."""

from __future__ import annotations

import math

import numpy as np
import pytest
from tests.virtual_world import course_plan, somebody, world

from needling.simulation import Belief, simulate
from needling.simulation.equations import closure, depth

HOUR_S = 3600.0


def test_half_is_left_after_a_half_life() -> None:
    assert closure.open_share(7.0, 7.0) == pytest.approx(0.5)
    assert closure.open_share(closure.closure_time(23.7, 0.17), 23.7) == pytest.approx(0.17)


def test_published_closure_time_follows_from_the_published_half_life() -> None:
    """23.7 h and 17 % left give about 60.3 h (PMC8259462)."""
    assert closure.closure_time(23.69, 0.17) == pytest.approx(60.3, abs=1.0)


def test_water_and_structure_as_in_the_animal_study() -> None:
    """Water loss back in 4-5 h whatever the length; dye closed after 12 h at 0.37 mm and 18 h at 0.77 mm."""
    values = {parameter.id: parameter.quantity.median for parameter in world().parameters}
    water = closure.closure_time(values["water-half-life"], values["closed-share"])
    assert 3.5 < water < 5.5
    for length_mm, hours in ((0.37, 12), (0.77, 18)):
        half_life = closure.half_life_by_length(
            values["structure-half-life"],
            length_mm,
            values["structure-reference-length"],
            values["structure-length-exponent"],
        )
        assert closure.closure_time(half_life, values["closed-share"]) == pytest.approx(hours, abs=3)


@pytest.mark.parametrize(("age", "ratio"), [(10.0, 1.0), (20.0, 1.0), (45.0, math.sqrt(1.2)), (70.0, 1.2), (99.0, 1.2)])
def test_age(age: float, ratio: float) -> None:
    assert closure.by_age(1.2, age, 20.0, 70.0) == pytest.approx(ratio)


def test_open_share_of_a_course_is_the_closed_form() -> None:
    person, assessment = somebody()
    course = simulate(course_plan(sessions=3, interval_d=2.0), person, assessment, Belief.prior(world(), members=16))
    opening = np.ones((3, 16))
    for index in range(course.time.size):
        past = course.session_time <= course.time[index]
        wanted = sum(
            opening[i] * closure_share
            for i in np.flatnonzero(past)
            for closure_share in [0.5 ** ((course.time[index] - course.session_time[i]) / course.half_life[0, :, 0])]
        )
        assert np.allclose(course.open_share[:, 0, index], wanted, rtol=1e-9)


def test_age_slows_closing_and_water_closes_before_structure() -> None:
    belief = Belief.prior(world(), members=32)
    young, old = (simulate(course_plan(), *somebody(birth_year=year), belief) for year in (2000, 1946))
    assert np.all(old.half_life >= young.half_life) and np.median(old.half_life / young.half_life) > 1.1
    assert np.median(young.half_life[1]) < np.median(young.half_life[2])


def test_depth_of_the_capillary_strike_model() -> None:
    """Published inputs: 8 % at 70 um, 14 % at 100 um, 54 % at 250 um for a round channel."""
    for width_um, chance in ((70, 0.08), (100, 0.14), (250, 0.54)):
        assert depth.strike_probability(depth.loop_strikes(14e6, width_um * 1e-6, 15e-6)) == pytest.approx(
            chance, abs=0.006
        )


def test_insertion_force_line() -> None:
    """20 mN at a tip of 5 um, 167 mN at 37 um."""
    for tip_um, force_mn in ((5, 20), (37, 167)):
        assert 1e3 * depth.insertion_force(tip_um * 1e-6, 4.6e3, -3e-3) == pytest.approx(force_mn, rel=0.01)


@pytest.mark.parametrize("number", [float, np.float64])
def test_endpoint_grades(number: type[float]) -> None:
    limits = [number(limit) for limit in (0.01, 0.08, 1e5, 1.5e6)]
    for stimulus, strikes, grade in ((0, 0, 0), (0.02, 0, 1), (0.3, 0, 2), (0.3, 2e5, 3), (0.001, 2e6, 4)):
        assert depth.endpoint_grade(number(stimulus), number(strikes), *limits) == grade
