"""The closed form of skin, blood and elimination against SciPy's stiff solver and against its own limits."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from scipy.integrate import solve_ivp
from tests.validation.blood_cases import cream

from needling.knowledge.base import Knowledge
from needling.simulation import Belief
from needling.simulation.equations import systemic
from needling.simulation.systemic import Body, Exposure, Layer, exposure

HOUR = 3600.0


def by_scipy(layer: Layer, contact: float, rates: dict[str, float], times: np.ndarray) -> np.ndarray:
    """The equations as they are printed, from the rates alone: on skin, in skin, blood, other part, out."""

    def slope(uptake: float) -> object:
        def right(_: float, y: np.ndarray) -> list[float]:
            skin, depot, central, other, _out = y
            back = rates["back"] * other - rates["away"] * central
            return [
                -uptake * skin,
                uptake * skin - rates["release"] * depot,
                rates["release"] * depot - rates["out"] * central + back,
                -back,
                rates["out"] * central,
            ]

        return right

    options = {"method": "LSODA", "rtol": 1e-12, "atol": 1e-26}
    on, off = times[times <= contact], times[times > contact]
    first = solve_ivp(slope(rates["uptake"]), (0, contact), [layer.dose, 0, 0, 0, 0], t_eval=on, **options)
    start = first.y[:, -1] * np.array([0, 1, 1, 1, 1])
    second = solve_ivp(slope(0.0), (contact, times[-1]), start, t_eval=off, **options)
    return np.concatenate([first.y, second.y], axis=1)


def rates_of(
    layer: Layer, body: Body, drawn: dict[str, np.ndarray], drug: str, two: bool, member: int
) -> dict[str, float]:
    """All rates of one member, written out a second time from the parameters."""
    d = {name: float(values[member]) for name, values in drawn.items()}
    flux = d["cream-flux-face"] * (layer.strength / d["reference-cream-strength"]) ** d["cream-strength-exponent"]
    clearance = (
        d[f"{drug}-clearance"] * (body.weight / d["systemic-reference-weight"]) ** d["clearance-weight-exponent"]
    )
    volume = d[f"{drug}-volume"] * body.weight
    share = d["central-volume-share"] if two else 1.0
    away = math.log(2) / d["distribution-half-life"] if two else 0.0
    return {
        "uptake": flux * layer.area / layer.dose,
        "release": math.log(2) / d["skin-depot-half-life-face"],
        "out": clearance / (volume * share),
        "away": away,
        "back": away * share / (1 - share) if two else 0.0,
        "volume": volume * share,
    }


@pytest.fixture(scope="module")
def belief(kb: Knowledge) -> Belief:
    return Belief.prior(kb, members=6)


@pytest.mark.parametrize("drug", ["lidocaine", "prilocaine"])
@pytest.mark.parametrize("compartments", ["one", "two"])
def test_closed_form_against_a_stiff_solver(belief: Belief, drug: str, compartments: str) -> None:
    layer = Layer(dose=2.5e-4, area=0.01, strength=0.04, fast=True)
    body, drawn = Body(64.0), belief.draw(3)
    found = exposure(drug, [layer], HOUR, body, drawn, compartments=compartments)  # type: ignore[arg-type]
    for member in range(belief.members.size):
        rates = rates_of(layer, body, drawn, drug, compartments == "two", member)
        wanted = by_scipy(layer, HOUR, rates, found.time)
        ours = np.array([getattr(found, name)[:, member] for name in ("on_skin", "in_skin", "in_body", "eliminated")])
        theirs = np.array([wanted[0], wanted[1], wanted[2] + wanted[3], wanted[4]])
        assert np.abs(ours - theirs).max() <= 1e-8 * layer.dose
        level = wanted[2] / rates["volume"]
        assert np.abs(found.level[:, member] - level).max() <= 1e-8 * level.max()


def test_two_equal_rates_are_the_limit_and_not_a_division_by_zero() -> None:
    a, t = 3e-4, 5000.0
    assert systemic.passed_one(a, a, t) == pytest.approx(t * math.exp(-a * t), rel=1e-14)
    assert systemic.passed_two(a, a, a, t) == pytest.approx(t**2 / 2 * math.exp(-a * t), rel=1e-13)
    assert systemic.passed_two(0.0, 0.0, 0.0, t) == pytest.approx(t**2 / 2, rel=1e-14)
    assert systemic.passed_three(0.0, 0.0, 0.0, t) == pytest.approx(t**3 / 6, rel=1e-14)
    for near in (1e-16, 1e-13, 1e-10, 1e-7, 1e-4):
        b = a * (1 + near)
        assert systemic.passed_one(a, b, t) == pytest.approx(systemic.passed_one(a, a, t), rel=2 * near + 1e-13)
        assert systemic.passed_two(a, b, a, t) == pytest.approx(systemic.passed_two(a, a, a, t), rel=2 * near + 1e-12)


@pytest.mark.parametrize("rates", [(1e-4, 2e-3, 3e-5), (5e-3, 5e-3, 5e-3), (1e-7, 1e-2, 1.0), (1e-4, 1.0001e-4, 9e-5)])
def test_divided_differences_against_many_digits(rates: tuple[float, float, float]) -> None:
    mpmath = pytest.importorskip("mpmath")
    mpmath.mp.dps = 200
    t = 1800.0

    def exact(nodes: tuple[float, ...]) -> float:
        apart = [mpmath.mpf(node) + mpmath.mpf(10) ** -40 * index for index, node in enumerate(nodes)]
        column = [mpmath.e ** (-node * t) for node in apart]
        for order in range(1, len(apart)):
            pairs = range(len(column) - 1)
            column = [(column[i] - column[i + 1]) / (apart[i + order] - apart[i]) for i in pairs]
        return float(column[0])

    assert systemic.passed_one(*rates[:2], t) == pytest.approx(exact(rates[:2]), rel=1e-12)
    assert systemic.passed_two(*rates, t) == pytest.approx(exact(rates), rel=1e-12)
    assert systemic.passed_three(*rates, t) == pytest.approx(exact((*rates, 0.0)), rel=1e-12)


def test_two_modes_hold_the_rates_that_they_were_made_from() -> None:
    fast, w_fast, o_fast, slow, w_slow, o_slow = systemic.two_compartments(1e-5, 0.1, 0.4, 1e-3)
    out, away, back = 1e-5 / 0.04, 1e-3, 1e-3 * 0.4 / 0.6
    assert fast + slow == pytest.approx(out + away + back) and fast * slow == pytest.approx(out * back)
    assert w_fast + w_slow == pytest.approx(1) and o_fast + o_slow == pytest.approx(0, abs=1e-15)
    # slope at the start: the central part falls by out + away, the other part rises by away
    assert w_fast * fast + w_slow * slow == pytest.approx(out + away)
    assert -(o_fast * fast + o_slow * slow) == pytest.approx(away)


def test_the_grid_catches_the_peak(kb: Knowledge) -> None:
    """The highest level is that of a grid thirty times as fine, to a thousandth."""
    belief = Belief.prior(kb, members=16)
    found: Exposure = cream(belief, "lidocaine", 10, 100, 0.5, 4)
    assert np.all(found.peak >= found.level.max(axis=0))
    layer = Layer(dose=4e-4, area=0.01, strength=0.04, fast=True)
    for member in range(belief.members.size):
        rates = rates_of(layer, Body(70.0), belief.draw(0), "lidocaine", False, member)
        fine = np.linspace(0, 8 * HOUR, 2881)
        exact = by_scipy(layer, 0.5 * HOUR, rates, fine)[2].max() / rates["volume"]
        assert found.peak[member] == pytest.approx(exact, rel=1e-3)


def test_doubt_alone_moves_the_mean_and_people_alone_spread_it(kb: Knowledge) -> None:
    belief = Belief.prior(kb, members=512)
    still = replace(belief, person=np.zeros_like(belief.person), doubt=np.zeros_like(belief.doubt))
    peak = cream(still, "lidocaine", 10, 100, 2, 2.5).peak
    assert np.ptp(peak) == pytest.approx(0, abs=1e-15)
