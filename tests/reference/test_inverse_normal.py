"""The inverse normal, the exponential and the tables of quantiles against the libraries that they stand in for."""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import ndtri

from needling.simulation.belief import beta, normal, normals, uniform
from needling.simulation.engines.arrays import on_arrays
from needling.simulation.engines.lanes.exponential import exponential
from needling.simulation.equations import closure
from needling.simulation.normal import inverse_normal
from needling.simulation.quantiles import quantiles, rounded

LEVELS = (0.0, 0.05, 0.1, 0.25, 0.5, 0.7, 0.95, 1.0)


def test_inverse_normal_is_that_of_the_standard_library() -> None:
    rng = np.random.default_rng(0)
    share = np.concatenate(
        [
            (rng.integers(0, 2**53, 40000) + 0.5) * 2.0**-53,
            10.0 ** -rng.uniform(1, 300, 2000),
            1 - 10.0 ** -rng.uniform(1, 15.9, 2000),
            [0.5, 0.075, 0.925, 2.0**-54],
        ]
    )
    found = inverse_normal(share)
    assert np.allclose(found, [NormalDist().inv_cdf(one) for one in share.tolist()], rtol=1e-15, atol=0)
    assert np.allclose(found, ndtri(share), rtol=1e-13, atol=1e-15)
    assert np.array_equal(inverse_normal(share[:40000].reshape(200, 200)).ravel(), found[:40000])


def test_members_keep_their_luck_in_every_company() -> None:
    """Whole blocks, parts of blocks and members by themselves meet the same numbers."""
    crowd = np.arange(5000)
    for draw in (uniform, normal, lambda *a: beta(*a, 2.0, 3.0)):
        everybody = draw(5, "some/purpose", crowd)
        for some in (np.arange(1000, 3100), np.array([4999, 0, 1024, 1023]), np.array([7]), crowd[:0]):
            assert np.array_equal(draw(5, "some/purpose", some), everybody[some])
    table = normals(5, ("a", "b"), crowd)
    assert np.array_equal(table[1], normal(5, "b", crowd)) and not np.array_equal(table[0], table[1])
    assert abs(table.mean()) < 0.03 and abs(table.std() - 1) < 0.03


@given(st.floats(-690, 690))
def test_exponential(x: float) -> None:
    assert exponential(x) == pytest.approx(math.exp(x), rel=5e-16 + 2e-16 * abs(x))


def test_exponential_far_below_is_as_good_as_zero() -> None:
    assert 0 <= exponential(-1e6) < 1e-300


@pytest.mark.parametrize("members", [1, 2, 7, 256])
def test_quantiles_are_those_of_numpy(members: int) -> None:
    values = np.exp(np.random.default_rng(members).normal(size=(3, 11, members)))
    assert np.array_equal(quantiles(values, LEVELS), np.quantile(values, LEVELS, axis=-1))


_FLOATS = st.one_of(st.floats(), st.integers(-(10**8), 10**8).map(lambda n: n / 2**7), st.floats(-1e7, 1e7))


@given(st.lists(_FLOATS, min_size=1, max_size=60), st.integers(1, 9))
def test_rounded_is_what_formatting_gives(values: list[float], digits: int) -> None:
    wanted = np.array([float(f"{value:.{digits}g}") for value in values])
    found = rounded(values * 60, digits)[: len(values)]  # long enough to go through the whole table at once
    assert np.array_equal(found, wanted, equal_nan=True)
    assert np.array_equal(np.signbit(found[~np.isnan(found)]), np.signbit(wanted[~np.isnan(wanted)]))


def test_equations_on_arrays_are_the_equations() -> None:
    rng = np.random.default_rng(1)
    half_life, share = rng.uniform(1e3, 1e6, 50), rng.uniform(0.01, 0.9, 50)
    found = on_arrays(closure.closure_time)(half_life, share)
    assert np.allclose(found, list(map(closure.closure_time, half_life, share)), rtol=1e-15)
    by_age = on_arrays(closure.by_age)(share, 60.0, 25.0, 70.0)
    assert np.allclose(by_age, [closure.by_age(one, 60.0, 25.0, 70.0) for one in share], rtol=1e-15)
    with pytest.raises(TypeError, match="plain function"):
        on_arrays(math.exp)
