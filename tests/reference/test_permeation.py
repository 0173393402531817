"""Permeability, partition and clearance against closed forms, a second implementation, and a published program."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from needling.knowledge import Knowledge
from needling.simulation.belief import Belief
from needling.simulation.engines import COMPARTMENTS, Serum
from needling.simulation.equations import permeation
from needling.simulation.skin import Layers, Molecule, Thickness, bricks, layers
from needling.units import from_si, to_si


@pytest.fixture(scope="module")
def drawn(kb: Knowledge) -> dict[str, Any]:
    """Every parameter at its median, for one person."""
    return Belief.prior(kb, members=1).draw(0, layers=())


def one(value: float) -> Any:
    return np.array([value])


# ---------------------------------------------------------------- a second implementation, from the printed formulas


def printed_horny_permeability(
    mass: float, log_kow: float, volume: float, hydrated: bool, hindrance: float
) -> tuple[float, float]:
    """Nitsche-Wang-Kasting as printed, in cm: (permeability in cm/h, partition)."""
    kow = 10**log_kow
    nu, cells, width, height = (2.75, 0.9684, 31.3e-4, 43e-4) if hydrated else (0.43, 0.9073, 30.3e-4, 13e-4)
    fibres = 0.1928 if hydrated else 0.6044
    c1, c2, c3 = (7.611e-4, 0.9685, 1.827e5) if hydrated else (2.935e-4, 0.8979, 5.536e5)
    slower = 1 if hydrated else 3
    lipid = 0.43 * kow**0.81
    cell = (0.9 * 5.4 * kow**0.27 + nu) / (0.9 / 1.37 + nu)
    partition = (1 - cells) * lipid + cells * cell
    along = (1.24e-7 * (100 / mass) ** 2.43 + 2.34e-9) / slower
    across = 10 ** (-0.570 - 0.840 * mass ** (1 / 3)) / slower
    radius_nm = (3 * volume / (4 * math.pi * 6.02214076e23)) ** (1 / 3) * 1e7
    room = 1 - fibres * (1 + radius_nm / 3.5) ** 2
    inside = 1.92e-4 * volume**-0.6 * room * hindrance * room
    ease = across * width**2 / (13e-7 * along)
    ratio = along * lipid / inside
    return 3600 * along * lipid / height * (c1 + 1 / (c2 * ratio + c3 / ease)), partition


@pytest.mark.parametrize("hydration", permeation.HYDRATIONS)
@pytest.mark.parametrize(("mass", "log_kow", "volume"), [(118.2, 0.8, 150), (288.4, 3.3, 330), (480, -2.0, 520)])
def test_bricks_agree_with_the_printed_formula(
    drawn: dict[str, Any], hydration: str, mass: float, log_kow: float, volume: float
) -> None:
    own = dict(drawn) | {"molar-volume-ratio": one(volume / mass)}
    found = from_si(bricks(Molecule(mass, log_kow), hydration, own)[0], "cm_per_h")
    expected, _ = printed_horny_permeability(mass, log_kow, volume, hydration == "hydrated", 0.3)
    assert found == pytest.approx(expected, rel=2e-3)  # the printed fibre shares have four figures


@pytest.mark.parametrize("log_kow", [-4.0, -1.0, 0.5, 2.0, 4.5])
def test_partition_agrees_with_the_printed_formula(drawn: dict[str, Any], log_kow: float) -> None:
    for hydration in permeation.HYDRATIONS:
        skin = _layers(Molecule(200, log_kow), drawn, covered=hydration == "hydrated")
        _, expected = printed_horny_permeability(200, log_kow, 240, hydration == "hydrated", 0.3)
        assert skin.partition[0, 0] == pytest.approx(expected, rel=1e-9)


def _layers(molecule: Molecule, drawn: dict[str, Any], **options: Any) -> Layers:
    thickness = Thickness(one(13e-6), one(1e-4), one(3.87e-4), one(13e-6))
    given = {"covered": False, "receptor": False, "barrier": "wilschut-robinson"} | options
    return layers(molecule, thickness, drawn, **given)


def test_wilschut_robinson_as_printed(drawn: dict[str, Any]) -> None:
    mass, log_kow = 234.34, 2.44
    lipid = 10 ** (-1.326 + 0.6097 * log_kow - 0.1786 * math.sqrt(mass))
    polar, water = 1.519e-4 / math.sqrt(mass), 2.5 / math.sqrt(mass)
    found = permeation.wilschut_robinson(
        mass,
        log_kow,
        1.0,
        *(float(drawn[name][0]) for name in permeation.WILSCHUT_PARAMETERS),
        float(drawn["wilschut-aqueous-permeability"][0]),
    )
    assert from_si(found, "cm_per_h") == pytest.approx(1 / (1 / (lipid + polar) + 1 / water), rel=1e-5)


def test_potts_guy_and_the_epa_as_printed(drawn: dict[str, Any]) -> None:
    for names, constant, slope, fall in (
        (permeation.POTTS_GUY_PARAMETERS, -2.7437, 0.71, 0.0061),
        (permeation.EPA_PARAMETERS, -2.80, 0.66, 0.0056),
    ):
        found = permeation.potts_guy(300, 1.5, *(float(drawn[name][0]) for name in names))
        assert from_si(found, "cm_per_h") == pytest.approx(10 ** (constant + slope * 1.5 - fall * 300), rel=1e-5)


def test_living_skin_as_printed(drawn: dict[str, Any]) -> None:
    """Lidocaine: binding, partition, diffusivity and clearance, written out once more in cm and s."""
    mass, log_kow, pka = 234.34, 2.44, 7.9
    skin = _layers(Molecule(mass, log_kow, base_pka=pka, acidity=7.4), drawn)
    free_share = 1 / (1 + 10 ** (pka - 7.4))
    bound = 0.5578 * math.exp(log_kow + math.log10(free_share)) + 0.0188
    factor = 0.68 + 0.32 * (1 + bound) + 0.001 * free_share * 10**log_kow
    free = 10 ** (-4.15 - 0.6555 * math.log10(mass))
    wall = 100 * 10 ** (-2.7437 + 0.71 * log_kow - 0.0061 * mass) / 3600
    loss = 1 / (1 / (wall * 100 + 3e-4 * math.sqrt(150 / mass)) + 1 / 2.2e-3) / factor
    assert skin.binding[0] == pytest.approx(factor, rel=1e-6)
    assert skin.partition[2, 0] == pytest.approx(0.6 * factor, rel=1e-6)
    assert from_si(skin.diffusivity[2, 0], "cm2_per_s") == pytest.approx((free + 0.32e-7 * bound) / factor, rel=1e-5)
    assert skin.clearance[2, 0] == pytest.approx(loss, rel=1e-5)
    assert skin.clearance[0, 0] == skin.clearance[1, 0] == 0


# ---------------------------------------------------------------- closed forms and limits


def test_dermis_with_clearance() -> None:
    """1 mm, 5e-7 cm2/s, K 1, 1e-3 /s: 2.235485e-5 cm/s."""
    found = permeation.dermis_permeability(1.0, 5e-11, 1e-3, 1e-3)
    assert from_si(found, "cm_per_s") == pytest.approx(2.235485e-5, rel=5e-7)


@pytest.mark.parametrize(
    ("radius_um", "reach_um", "density", "closed_form", "two_dimensional"),
    [
        (35, 150, 240, 10.51, 11.30),
        (35, 150, 100, 4.92, 5.28),
        (25, 150, 240, 9.16, 9.60),
        (35, 300, 240, 16.99, 17.93),
    ],
)
def test_unit_cell(
    radius_um: float, reach_um: float, density: float, closed_form: float, two_dimensional: float
) -> None:
    found = permeation.channel_permeability(density * 1e4, radius_um * 1e-6, reach_um * 1e-6, 500e-6, 1.0, 1e-10)
    shape = found / 1e-10 / 100  # per cm
    assert shape == pytest.approx(closed_form, rel=1e-3)
    assert shape == pytest.approx(two_dimensional, rel=0.1)


def test_no_channels_let_nothing_through() -> None:
    assert permeation.channel_permeability(0.0, 35e-6, 1e-4, 5e-4, 1.0, 1e-10) == 0
    assert permeation.channel_permeability(1e6, 35e-6, 0.0, 5e-4, 1.0, 1e-10) == 0


def test_charge() -> None:
    assert permeation.charge_free_share(7.4, math.inf, -math.inf) == 1
    assert permeation.charge_free_share(4.1, 4.1, -math.inf) == pytest.approx(0.5)
    assert permeation.charge_free_share(7.9, math.inf, 7.9) == pytest.approx(0.5)
    # Lidocaine at pH 7.4: log D of about 1.8 (64-fold), between 43 and 182 as two labels print.
    share = permeation.charge_free_share(7.4, math.inf, 7.9)
    assert 43 < 10 ** permeation.log_d(2.44, share) < 182


def test_the_living_skin_caps_what_loves_fat() -> None:
    high = permeation.cleek_bunge(1.0, 400, to_si(2.6, "cm_per_h"))
    assert high == pytest.approx(to_si(2.6, "cm_per_h") / 20, rel=1e-4)


def test_a_large_substance_is_kept_out_and_carried_off_slowly(drawn: dict[str, Any]) -> None:
    skin = _layers(Molecule(1e6, 0.0, large=True), drawn)
    assert skin.permeability[0] < 1e-15
    assert from_si(skin.diffusivity[2, 0], "cm2_per_s") == pytest.approx(4e-8 / 3.2)
    assert 1e-6 <= skin.clearance[2, 0] <= 1e-5
    half = _layers(Molecule(5e5, 0.0, large=True), drawn)
    assert half.diffusivity[2, 0] / skin.diffusivity[2, 0] == pytest.approx(2**0.6)


# ---------------------------------------------------------------- the public program of Dancik's model

# name: (molar mass, log Kow, Schroeder volume, hydrated, cm/h of its guide). The guide's log Kow of the last was not
# seen: it is read back from a second reimplementation that prints 1.04e-4 cm/h.
PROGRAM = {
    "testosterone": (288.42, 3.32, 329, False, 26.5e-4),
    "fentanyl": (336.5, 4.05, 399, True, 163e-4),
    "2-butoxyethanol": (118.17, 0.83, 154, True, 16.9e-4),
    "dipropylene glycol methyl ether": (148.2, -0.22, 182, True, 1.19e-4),
}


@pytest.mark.parametrize("name", PROGRAM)
def test_horny_permeability_of_the_public_program(drawn: dict[str, Any], name: str) -> None:
    mass, log_kow, volume, hydrated, guide = PROGRAM[name]
    own = dict(drawn) | {"molar-volume-ratio": one(volume / mass)}
    found = from_si(bricks(Molecule(mass, log_kow), permeation.HYDRATIONS[0 if hydrated else 1], own)[0], "cm_per_h")
    assert found == pytest.approx(guide, rel=0.15)


def small_dose_of_testosterone(drawn: dict[str, Any]) -> tuple[Any, Any, Any]:
    """0.53 ug/cm2 on 13 um of horny layer, skin of 0.5 mm in all: hours, ug/cm2 gone to blood, and the run.

    The program starts with the dose in the top tenth of the horny layer; here a film of 1 nm gives it off at once.
    """
    from needling.simulation.engines.lanes.transport import spread

    own = dict(drawn) | {"molar-volume-ratio": one(329 / 288.42)}
    skin = _layers(Molecule(288.42, 3.32), own, barrier="bricks")
    hours = np.linspace(0, 24, 241)
    dose = to_si(0.53, "ug_per_cm2")
    zero = one(0.0)
    found = spread(
        Serum(
            thickness=skin.thickness,
            diffusivity=skin.diffusivity,
            partition=skin.partition,
            clearance=skin.clearance,
            dose=one(dose),
            film=one(1e-9),
            residue=one(1e-9),
            drying=zero,
            volatility=zero,
            wash_time=one(math.inf),
            solubility=one(math.inf),
            channels=zero,
            channel_radius=one(1e-5),
            channel_depth=zero,
            opening=zero,
            half_life=one(1e4),
            sink=False,
            report_time=hours * 3600,
        )
    )
    gone = from_si(1.0, "ug_per_cm2") * found.amount[COMPARTMENTS.index("cleared"), :, 0]
    return hours, gone, found


def test_small_dose_of_testosterone(drawn: dict[str, Any]) -> None:
    """0.44 ug in 24 h, at most 0.033 ug/h."""
    hours, gone, found = small_dose_of_testosterone(drawn)
    flux = np.diff(gone) / np.diff(hours)
    assert gone[-1] == pytest.approx(0.44, rel=0.05)
    assert flux.max() == pytest.approx(0.033, rel=0.05)
    assert hours[1 + flux.argmax()] == pytest.approx(6.7, abs=0.5)
    assert found.amount[:, -1, 0].sum() == pytest.approx(to_si(0.53, "ug_per_cm2"), rel=1e-8)
