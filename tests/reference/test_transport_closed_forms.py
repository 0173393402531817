"""The fast engine against closed forms: membranes, finite doses, clearance, steady states."""

from __future__ import annotations

from dataclasses import replace
from math import pi, tan

import numpy as np
import pytest
from scipy.optimize import brentq

from needling.simulation.engines import COMPARTMENTS, Floats, Serum
from needling.simulation.engines.lanes.transport import spread
from needling.simulation.engines.mesh import FINE, Accuracy

THROUGH, CLEARED, FILM = (COMPARTMENTS.index(name) for name in ("through", "cleared", "film"))
D, L = 1e-12, 1e-4


def membrane(report_time: Floats, **changes: object) -> Serum:
    """One sheet in three parts, no channels, a film that is kept at 1 kg/m3, a sink below."""
    one = np.ones(1)
    plain = Serum(
        thickness=L * np.array([[0.5], [0.25], [0.25]]),
        diffusivity=np.full((3, 1), D),
        partition=np.ones((3, 1)),
        clearance=np.zeros((3, 1)),
        dose=10 * one,
        film=1e-2 * one,
        residue=1e-2 * one,
        drying=0 * one,
        volatility=0 * one,
        wash_time=np.inf * one,
        solubility=one,
        channels=0 * one,
        channel_radius=1e-5 * one,
        channel_depth=0 * one,
        opening=0 * one,
        half_life=np.inf * one,
        sink=True,
        report_time=report_time,
    )
    return replace(plain, **changes)  # type: ignore[arg-type]


def uniform(cells: int, growth: float = 0.01) -> Accuracy:
    return Accuracy((cells // 2, cells // 4, cells // 4), first=1e-3, growth=growth, graded=False, extrapolated=False)


def crank(t: float) -> float:
    """What has come through, in units of K L C0, at T = D t / L^2."""
    n = np.arange(1, 400)
    return float(t - 1 / 6 - 2 / pi**2 * np.sum((-1.0) ** n / n**2 * np.exp(-(n**2) * pi**2 * t)))


def _lag(accuracy: Accuracy) -> float:
    """Lag time from the amount through and the flow once it is steady, in units of L^2 / D."""
    out = spread(membrane(np.array([0, 3.0, 3.5]) * L * L / D), accuracy).amount[THROUGH, :, 0] / L
    return float(3.5 - out[2] / ((out[2] - out[1]) / 0.5))


def test_lag_time_of_a_membrane_is_of_second_order() -> None:
    errors = [abs(6 * _lag(uniform(cells, 0.002)) - 1) for cells in (20, 40, 80, 160)]
    assert errors[1] <= 1e-3
    orders = np.log2(np.array(errors[:-1]) / np.array(errors[1:]))
    assert np.all(np.abs(orders - 2) <= 0.1), (errors, orders)


def test_steps_are_of_second_order() -> None:
    time = np.array([0, 0.05, 0.3]) * L * L / D
    exact = spread(membrane(time), uniform(40, 0.001)).amount[THROUGH, -1, 0]
    errors = [abs(spread(membrane(time), uniform(40, g)).amount[THROUGH, -1, 0] - exact) for g in (0.2, 0.1, 0.05)]
    assert errors[0] / errors[1] == pytest.approx(4, rel=0.5) and errors[1] / errors[2] == pytest.approx(4, rel=0.5)


def test_two_meshes_take_the_error_of_second_order_out() -> None:
    plain = replace(FINE, extrapolated=False)
    assert abs(6 * _lag(FINE) - 1) < min(1e-4, 0.2 * abs(6 * _lag(plain) - 1))


@pytest.mark.parametrize(("t", "published"), [(0.1, 0.0078853), (0.2, 0.0614638), (0.5, 0.3347907), (1.0, 0.8333438)])
def test_amount_through_a_membrane(t: float, published: float) -> None:
    assert crank(t) == pytest.approx(published, abs=5e-8)
    time = np.array([0, t]) * L * L / D
    assert spread(membrane(time)).amount[THROUGH, 1, 0] / L == pytest.approx(published, abs=1e-4)
    assert spread(membrane(time), uniform(160)).amount[THROUGH, 1, 0] / L == pytest.approx(published, abs=1e-4)


def test_dermis_with_clearance() -> None:
    """J = K sqrt(k D) tanh(h sqrt(k / D)) with a closed base: 2.235485e-5 cm/s."""
    h, d, k = 1e-3, 5e-11, 1e-3
    serum = membrane(
        np.array([0, 2e5, 2.1e5]),
        thickness=h * np.array([[0.2], [0.3], [0.5]]),
        diffusivity=np.full((3, 1), d),
        clearance=np.full((3, 1), k),
        dose=np.full(1, 100.0),
        film=np.full(1, 0.1),
        residue=np.full(1, 0.1),
        sink=False,
    )
    wanted = 2.235485e-7
    assert np.sqrt(k * d) * np.tanh(h * np.sqrt(k / d)) == pytest.approx(wanted, rel=1e-6)
    out = spread(serum).amount[CLEARED, :, 0]
    assert (out[2] - out[1]) / 1e4 == pytest.approx(wanted, rel=5e-4)


def test_two_layers_in_a_steady_state_are_exact_on_any_mesh() -> None:
    """1 / Kp = sum of h / (D K), to rounding, with five cells as with many."""
    thickness = np.array([[1.5e-5], [8e-5], [9e-4]])
    diffusivity = np.array([[3e-14], [8e-11], [2e-10]])
    partition = np.array([[7.0], [0.6], [0.9]])
    serum = membrane(
        np.array([0, 1e8, 1.1e8]), thickness=thickness, diffusivity=diffusivity, partition=partition,
        dose=np.full(1, 100.0), film=np.full(1, 0.1), residue=np.full(1, 0.1), solubility=np.full(1, 1e-3),
    )  # fmt: skip
    wanted = 1 / np.sum(thickness / (diffusivity * partition))
    for accuracy in (Accuracy((2, 1, 2), 0.1, 0.5, extrapolated=False), FINE, uniform(40, 0.1)):
        run = spread(serum, accuracy)
        flow = np.diff(run.amount[THROUGH, 1:, 0])[0] / 1e7
        assert flow / 1e-3 == pytest.approx(wanted, rel=1e-9)
        # u falls in straight lines: at each centre, what is above it of the resistance is lost
        u = run.concentration[-1, :, 0]
        layer = np.searchsorted(np.cumsum(thickness[:2, 0]), run.depth[:, 0])
        above = np.concatenate([[0], np.cumsum(thickness[:2, 0] / (diffusivity[:2, 0] * partition[:2, 0]))])[layer]
        inside = run.depth[:, 0] - np.concatenate([[0], np.cumsum(thickness[:2, 0])])[layer]
        resistance = above + inside / (diffusivity[layer, 0] * partition[layer, 0])
        assert np.allclose(u / partition[layer, 0], 1e-3 * (1 - wanted * resistance), atol=1e-12)


@pytest.mark.parametrize("ratio", [0.2, 1.0, 5.0])
def test_finite_dose_on_a_membrane(ratio: float) -> None:
    """Well stirred film of thickness h over a sheet: eigenvalues of b tan b = K L / h.

    What is left in the film is m / m0 = sum 2 R^2 / (R^2 + R + b^2) ... exp(-b^2 T), R = K L / h.
    """
    film = L / ratio
    serum = membrane(
        np.array([0, 0.05, 0.2, 1.0]) * L * L / D,
        dose=np.full(1, film), film=np.full(1, film), residue=np.full(1, film), solubility=np.full(1, np.inf),
    )  # fmt: skip
    roots = [brentq(lambda b: b * tan(b) - ratio, n * pi + 1e-9, n * pi + pi / 2 - 1e-9) for n in range(200)]
    b = np.array(roots)
    weight = 2 * ratio / (ratio**2 + ratio + b**2)
    out = spread(serum).amount[:, :, 0] / film
    for row, t in enumerate((0.05, 0.2, 1.0), start=1):
        left = float(np.sum(weight * np.exp(-(b**2) * t)))
        assert out[FILM, row] == pytest.approx(left, abs=1e-4)
    assert out[:, -1].sum() == pytest.approx(1, abs=1e-12)


def test_evaporation_alone_and_a_film_that_dries() -> None:
    """Nothing enters: m = m0 exp(-v t) while all is dissolved, whatever the film's thickness does."""
    v = 1e-4
    serum = membrane(
        np.array([0, 3600.0, 36000.0]),
        diffusivity=np.full((3, 1), 1e-22), partition=np.full((3, 1), 1e-8), dose=np.ones(1), film=np.full(1, 2e-5),
        residue=np.full(1, 2e-6), drying=np.full(1, 1e-3), volatility=np.full(1, v), solubility=np.full(1, np.inf),
    )  # fmt: skip
    assert spread(serum).amount[FILM, :, 0] == pytest.approx(np.exp(-v * serum.report_time), abs=1e-4)
    # held down by solubility s, the film gives off s v h(t), and the rest stays solid
    held = replace(serum, solubility=np.full(1, 100.0), drying=np.zeros(1))
    out = spread(held).amount[FILM, :, 0]
    assert out == pytest.approx(1 - 100.0 * 2e-5 * v * serum.report_time, abs=1e-9)
