"""The fast engine against SciPy on another mesh, and the exchange of a channel against two dimensions."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from math import cosh, log, pi, sinh, sqrt

import numpy as np
import pytest
from tests.property.test_transport_properties import ordinary

from needling.simulation.engines import COMPARTMENTS, Floats, Serum
from needling.simulation.engines.lanes.transport import spread
from needling.simulation.engines.mesh import FAST, FINE, Accuracy
from needling.simulation.engines.reference import spread_one
from needling.simulation.engines.reference.unit_cell import conductance
from needling.simulation.equations import transport as equations


@cache
def _slow(seed: int, lane: int) -> Floats:
    """Amounts of one of twelve people by SciPy, shares of the dose."""
    serum = ordinary(12, seed)
    return spread_one(serum, lane)[0] / serum.dose[lane]


@pytest.mark.parametrize(("accuracy", "typical", "worst"), [(FAST, 3e-4, 3e-3), (FINE, 3e-5, 8e-4)])
def test_lanes_agree_with_scipy(accuracy: Accuracy, typical: float, worst: float) -> None:
    """Amounts at all times, as shares of the dose, on substances from water-loving to fatty, small to large."""
    errors = []
    for seed in (1, 2):
        serum = ordinary(12, seed)
        fast = spread(serum, accuracy, profile=False).amount
        for lane in range(12):
            errors.append(np.max(np.abs(fast[:, :, lane] / serum.dose[lane] - _slow(seed, lane))))
    assert np.median(errors) < typical and max(errors) < worst, sorted(errors)[-5:]


def test_profiles_agree_with_scipy() -> None:
    serum = replace(ordinary(4, 5), solubility=np.full(4, np.inf), wash_time=np.full(4, np.inf))
    fast = spread(serum, FINE)
    for lane in range(4):
        _, depth, slow = spread_one(serum, lane, cells=240)
        enough = 1e-6 * serum.dose[lane] / serum.thickness[:, lane].sum()  # less than that is nothing
        layer = np.searchsorted(np.cumsum(serum.thickness[:2, lane]), depth)
        ours = np.searchsorted(np.cumsum(serum.thickness[:2, lane]), fast.depth[:, lane])
        for which in range(3):
            there, here = depth[layer == which], fast.depth[ours == which, lane]
            wanted = np.interp(here, there, slow[-1][layer == which])
            assert np.allclose(
                fast.concentration[-1, ours == which, lane], wanted, atol=0.01 * max(wanted.max(), enough)
            )


def test_the_oracle_itself_has_converged() -> None:
    serum = ordinary(3, 7)
    for lane in range(3):
        usual, _, _ = spread_one(serum, lane)
        finer, _, _ = spread_one(serum, lane, cells=300, ends=0.005, rtol=1e-9, atol=1e-12)
        assert np.max(np.abs(usual - finer)) < 1e-4 * serum.dose[lane]


# Radius um, depth um, density per cm2, height um, and the 2-D shape number n G / (D K) per cm of another code
SHAPE_NUMBERS = [
    (35, 150, 240, 500, 11.30),
    (35, 150, 100, 500, 5.28),
    (25, 150, 240, 500, 9.60),
    (35, 300, 240, 500, 17.93),
]


@pytest.mark.parametrize(("radius", "depth", "density", "height", "published"), SHAPE_NUMBERS)
def test_a_channel_agrees_with_two_dimensions(
    radius: float, depth: float, density: float, height: float, published: float
) -> None:
    a, deep, n, h = radius * 1e-6, depth * 1e-6, density * 1e4, height * 1e-6
    two_d = conductance(n, a, deep, h) / 100  # per cm
    assert two_d == pytest.approx(published, rel=0.04)  # ours on a mesh that has converged to 1e-3
    # the lanes: the film is kept full, the horny layer lets nothing through, the base is a sink
    one = np.ones(1)
    serum = Serum(
        thickness=np.array([[1e-6], [h / 2], [h / 2]]),
        diffusivity=np.array([[1e-22], [1e-10], [1e-10]]),
        partition=np.array([[1e-6], [1.0], [1.0]]),
        clearance=np.zeros((3, 1)),
        dose=one,
        film=1e-3 * one,
        residue=1e-3 * one,
        drying=0 * one,
        volatility=0 * one,
        wash_time=np.inf * one,
        solubility=one,
        channels=n * one,
        channel_radius=a * one,
        channel_depth=(deep + 1e-6) * one,
        opening=one,
        half_life=np.inf * one,
        sink=True,
        report_time=np.array([0, 2e4, 2.1e4]),
    )
    through = spread(serum, FINE, profile=False).amount[COMPARTMENTS.index("through"), :, 0]
    ours = (through[2] - through[1]) / 1e3 / 1e-10 / 100
    assert ours == pytest.approx(two_d, rel=0.10) and ours == pytest.approx(published, rel=0.10)
    # and the closed form of the reduced model, which the lanes must follow
    m = sqrt(2 * pi * n / (log(1 / (sqrt(pi * n) * a)) - 0.75))
    s = m * sinh(m * deep) + 4 * a * n * cosh(m * deep)
    closed = s / (cosh(m * deep) + (h - deep) * s) / 100
    assert ours == pytest.approx(closed, rel=1e-3)


def test_shapes_are_the_formulas() -> None:
    n, a = 2.4e6, 35e-6
    assert equations.lateral_exchange(n, a) == pytest.approx(2 * pi * n / (log(1 / sqrt(pi * n) / a) - 0.75))
    assert equations.lateral_exchange(0.0, a) == 0 == equations.end_cap(0.0, a, 1.0)
    assert equations.end_cap(n, a, 1e-4) == pytest.approx(4 * a * n) and equations.end_cap(n, a, -1e-6) == 0
    assert sum(
        equations.tip_share(0.3, *near, 0.4, 1.0, 7.0) for near in ((-9e30, 0.2, 0.5), (0.2, 0.5, 9e30))
    ) == pytest.approx(1)
    for x in (0.0, 0.1, 0.5, 1.0):
        assert equations.fade(x) == pytest.approx(np.exp(-x), rel=1e-14 + x**5 / 120)
