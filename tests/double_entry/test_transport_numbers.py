"""Skin as a barrier, typed again: the public model file of the skin permeation model, and papers on layers and size."""

from __future__ import annotations

from collections.abc import Callable
from math import hypot, log, pi
from statistics import mean, median
from typing import Any

import pytest

# Constants of published formulas: id -> (unit, number). Powers are typed by size; the equations hold the sign.
MODEL_FILE: dict[str, tuple[str, float]] = {  # Dancik, Nitsche and Kasting as kept by the OSP skin permeation model
    "potts-guy-permeability": ("cm_per_h", 10**-2.7437),
    "potts-guy-slope": ("ratio", 0.71),
    "potts-guy-mass-slope": ("ratio", 0.0061),
    "corneum-lipid-partition": ("ratio", 0.43),
    "corneum-lipid-exponent": ("ratio", 0.81),
    "corneum-protein-partition": ("ratio", 5.4),
    "corneum-protein-exponent": ("ratio", 0.27),
    "corneum-binding-share": ("share", 0.9),
    "corneum-keratin-density": ("ratio", 1.37),
    "corneum-water-hydrated": ("ratio", 2.75),
    "corneum-water-partly-hydrated": ("ratio", 0.43),
    "corneum-cell-share-hydrated": ("share", 0.9684),
    "corneum-cell-share-partly-hydrated": ("share", 0.9073),
    "corneum-cell-width-hydrated": ("um", 31.3),
    "corneum-cell-width-partly-hydrated": ("um", 30.3),
    "corneum-shape-straight-hydrated": ("ratio", 7.611e-4),
    "corneum-shape-straight-partly-hydrated": ("ratio", 2.935e-4),
    "corneum-shape-cell-hydrated": ("ratio", 0.9685),
    "corneum-shape-cell-partly-hydrated": ("ratio", 0.8979),
    "corneum-shape-transfer-hydrated": ("ratio", 1.827e5),
    "corneum-shape-transfer-partly-hydrated": ("ratio", 5.536e5),
    "corneum-thickness-hydrated": ("um", 43),
    "corneum-thickness-partly-hydrated": ("um", 13),
    "corneum-lipid-diffusivity": ("cm2_per_s", 1.24e-7),
    "corneum-lipid-reference-mass": ("ratio", 100),
    "corneum-lipid-mass-exponent": ("ratio", 2.43),
    "corneum-lipid-floor": ("cm2_per_s", 2.34e-9),
    "corneum-transfer-permeability": ("cm_per_s", 10**-0.570),
    "corneum-transfer-slope": ("ratio", 0.840),
    "corneum-drying-ratio": ("ratio", 3),
    "corneum-lipid-gap": ("nm", 13),
    "corneum-fibre-radius": ("nm", 3.5),
    "aqueous-diffusivity": ("cm2_per_s", 1.92e-4),
    "aqueous-volume-exponent": ("ratio", 0.6),
    "free-diffusivity": ("cm2_per_s", 10**-4.15),
    "free-diffusivity-exponent": ("ratio", 0.6555),
    "albumin-slope-neutral": ("ratio", 0.5578),
    "albumin-offset-neutral": ("ratio", 0.0188),
    "albumin-slope-pharmacophore": ("ratio", 0.7936),
    "albumin-offset-pharmacophore": ("ratio", 0.2239),
    "albumin-slope-acid": ("ratio", 0.3127),
    "albumin-offset-acid": ("ratio", 0.5121),
    "tissue-albumin-share": ("share", 0.32),
    "tissue-lipid-share": ("share", 0.001),
    "tissue-water-share": ("share", 0.60),
    "albumin-diffusivity": ("cm2_per_s", 1e-7),
    "tissue-ph": ("ph", 7.4),
    "capillary-permeability-ratio": ("ratio", 100),
    "capillary-surface": ("per_cm", 100),
    "dermal-blood-flow": ("per_s", 2.2e-3),
}
EPA_2004: dict[str, tuple[str, float]] = {  # RAGS part E: log Kp = -2.80 + 0.66 log Kow - 0.0056 MW
    "epa-permeability": ("cm_per_h", 10**-2.80),
    "epa-slope": ("ratio", 0.66),
    "epa-mass-slope": ("ratio", 0.0056),
}
CONSTANTS = MODEL_FILE | EPA_2004

# Scatter of log10 about the formula: 208 measured permeabilities; the same solute in several laboratories
PERMEABILITY_RMSE, BETWEEN_LABORATORIES_SD = 0.56, 0.39
PARTITION_RMSE = 0.28  # partition into the horny layer, hydrated form

# Biopsies at forearm, shoulder and buttock, n = 71: mean and SD in um
CORNEUM_UM = ((18.3, 4.9), (11.0, 2.2), (14.9, 3.4))
EPIDERMIS_UM = ((56.6, 11.5), (70.3, 13.6), (81.5, 15.7))
# Histology of six regions of the face, thinnest and thickest of women and men: mean and SD in um
FACE_EPIDERMIS_UM = ((65.9, 14.4), (120.9, 44.7), (79.1, 13.9), (122.8, 32.5))
# Ultrasound of the dermis at eight sites, men then women: mean and SD in mm
DERMIS_MM = (
    (1.17, 0.28), (0.86, 0.16), (1.14, 0.30), (0.90, 0.23), (1.06, 0.20), (0.80, 0.19), (0.67, 0.14), (0.58, 0.11),
    (1.03, 0.16), (0.93, 0.25), (1.14, 0.21), (0.87, 0.35), (1.02, 0.24), (0.91, 0.34), (0.98, 0.22), (0.99, 0.20),
)  # fmt: skip
SWOLLEN_UP_TO = 2.0  # after 90 min of water; the two thicknesses of the model file differ by 43 / 13

# Hyaluronic acid in water at 37 C: size grows with mass to the power 0.6, about 80 nm at 1 MDa
BOLTZMANN, BODY_K, WATER_PA_S, CHAIN_M, CHAIN_MASS, CHAIN_EXPONENT = 1.380649e-23, 310.15, 0.692e-3, 80e-9, 1e6, 0.6
CHAIN_CM2_PER_S = {1e4: 8e-7, 5e4: 3e-7, 3e5: 9e-8, 1e6: 4e-8}  # as printed, rounded

# Schroeder's volume: 7 cm3/mol an atom and double bond, less 7 a ring: (atoms, double bonds, rings, g/mol)
SCHROEDER = {
    "testosterone C19H28O2": (49, 2, 4, 288.42),
    "fentanyl C22H28N2O": (53, 7, 3, 336.47),
    "2-butoxyethanol C6H14O2": (22, 0, 0, 118.17),
    "dipropylene glycol methyl ether C7H16O3": (26, 0, 0, 148.20),
}


def scatter(pairs: tuple[tuple[float, float], ...]) -> list[float]:
    """SD over mean of each pair."""
    return [sd / middle for middle, sd in pairs]


@pytest.mark.parametrize("name", CONSTANTS)
def test_constants_of_the_formulas(entry: Callable[[str, str], Any], name: str) -> None:
    quantity, (unit, number) = entry("parameters", name).quantity, CONSTANTS[name]
    assert quantity.unit == unit
    assert abs(quantity.median) == pytest.approx(number, rel=1e-3)


def test_scatter_of_permeability(entry: Callable[[str, str], Any]) -> None:
    quantity = entry("parameters", "permeability-ratio").quantity
    assert quantity.median == pytest.approx(1, abs=0.3), "the formula's bias is -0.10 of log10"
    assert hypot(quantity.person, quantity.doubt) == pytest.approx(PERMEABILITY_RMSE * log(10), rel=0.05)
    assert max(quantity.person, quantity.doubt) >= BETWEEN_LABORATORIES_SD * log(10) - 0.05


def test_scatter_of_partition(entry: Callable[[str, str], Any]) -> None:
    quantity = entry("parameters", "corneum-partition-ratio").quantity
    assert quantity.median == pytest.approx(1, abs=0.1), "the formula's bias is +0.03 of log10"
    assert hypot(quantity.person, quantity.doubt) == pytest.approx(PARTITION_RMSE * log(10), rel=0.05)


def test_volume_of_a_gram(entry: Callable[[str, str], Any]) -> None:
    found = [7 * (atoms + double - rings) / mass for atoms, double, rings, mass in SCHROEDER.values()]
    assert (min(found), max(found)) == pytest.approx((1.14, 1.30), abs=0.01)
    assert entry("parameters", "molar-volume-ratio").quantity.median == pytest.approx(median(found), abs=0.03)


def test_horny_layer_between_people(entry: Callable[[str, str], Any]) -> None:
    quantity = entry("parameters", "stratum-corneum-ratio").quantity
    assert quantity.median == pytest.approx(1, abs=0.01)
    assert quantity.person == pytest.approx(mean(scatter(CORNEUM_UM)), abs=0.02)


def test_epidermis_between_people(entry: Callable[[str, str], Any]) -> None:
    quantity = entry("parameters", "epidermis-ratio").quantity
    low, high = mean(scatter(EPIDERMIS_UM)), mean(scatter(FACE_EPIDERMIS_UM))
    assert quantity.median == pytest.approx(1, abs=0.01)
    assert low - 0.01 <= quantity.person <= high + 0.01


def test_dermis_between_people(entry: Callable[[str, str], Any]) -> None:
    quantity = entry("parameters", "dermis-ratio").quantity
    assert quantity.median == pytest.approx(1, abs=0.01)
    assert quantity.person == pytest.approx(mean(scatter(DERMIS_MM)), abs=0.03)


def test_swelling_under_cover(entry: Callable[[str, str], Any]) -> None:
    quantity = entry("parameters", "stratum-corneum-swelling").quantity
    assert 1 < quantity.median <= SWOLLEN_UP_TO, "twice is the most that was measured"
    assert quantity.high is None or quantity.high >= SWOLLEN_UP_TO


def test_coiled_chain(entry: Callable[[str, str], Any]) -> None:
    exponent = entry("parameters", "macromolecule-exponent").quantity.median
    mass = entry("parameters", "macromolecule-reference-mass").quantity.median
    at_mass = entry("parameters", "macromolecule-diffusivity").quantity.median
    assert abs(exponent) == CHAIN_EXPONENT
    stokes_einstein = BOLTZMANN * BODY_K / (6 * pi * WATER_PA_S * CHAIN_M) * 1e4
    assert at_mass * (mass / CHAIN_MASS) ** CHAIN_EXPONENT == pytest.approx(stokes_einstein, rel=0.1)
    for other, printed in CHAIN_CM2_PER_S.items():
        assert at_mass * (mass / other) ** CHAIN_EXPONENT == pytest.approx(printed, rel=0.25)
