"""Molar masses and limits of what is put on skin, typed again; molar masses also computed from the formula."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

ATOMIC_MASS = {"H": 1.008, "C": 12.011, "N": 14.007, "O": 15.999, "F": 18.998, "S": 32.06, "Cu": 63.546}

# id: (molar mass as printed in g/mol, formula)
MOLAR_MASS = {
    "ascorbic-acid": (176.1, "C6H8O6"),
    "niacinamide": (122.1, "C6H6N2O"),
    "tranexamic-acid": (157.21, "C8H15NO2"),
    "lidocaine-4": (234.34, "C14H22N2O"),
    "tetracaine-4": (264.4, "C15H24N2O2"),
    "minoxidil": (209.25, "C9H15N5O"),
    "finasteride": (372.5, "C23H36N2O2"),
    "fluorouracil": (130.08, "C4H3FN2O2"),
    "retinoid": (300.4, "C20H28O2"),
    "glutathione": (307.3, "C10H17N3O6S"),
    "copper-peptide": (402.9, "C14H23N6O4Cu"),
    "palmitoyl-peptide": (802, "C39H75N7O10"),
    "panthenol": (205.3, "C9H19NO4"),
}
# id: (low, high) of the octanol/water log ratio
LOG_KOW = {
    "ascorbic-acid": (-1.85, -1.85),
    "niacinamide": (-0.37, -0.37),
    "tranexamic-acid": (-2, -2),
    "lidocaine-4": (2.44, 2.44),
    "minoxidil": (1.24, 1.24),
    "finasteride": (3.03, 3.03),
    "fluorouracil": (-0.89, -0.89),
    "retinoid": (6.3, 6.3),
    "glutathione": (-6, -4),
    "copper-peptide": (-6, -3),  # printed as "at most -3"
    "panthenol": (-1.9, -1.9),
}
# id: (g on 10 cm², g in all, cm², h); None: the label gives no limit
ANAESTHETIC = {
    "lidocaine-prilocaine": (1.5, 60, 600, 5),
    "lidocaine-tetracaine-7": (1.3, 53, 400, 1),
    "lidocaine-4": (None, None, None, 1),
    "tetracaine-4": (None, None, None, 0.75),
}
# id: (earliest, latest) hour to restart, from sheets and practitioner pages
RESTART = {
    "ascorbic-acid": (120, 168),
    "vitamin-c-ester": (120, 168),
    "retinoid": (120, 240),
    "aha-bha": (120, 168),
    "benzoyl-peroxide": (120, 168),
    "hydroquinone": (120, 168),
    "minoxidil": (24, 24),
    "sunscreen": (24, 24),
    "make-up": (24, 48),
    "mineral-make-up": (24, 48),
}
# Plasma, toxins and the like: the gate itself.
GATE = {
    "saline": "allowed",
    "hyaluronic-acid-gel": "allowed",
    "prp": "clinic-only",
    "botulinum-toxin": "never",
    "fragrance-oils": "never",
    "anaesthetic-strong": "never",
    "lidocaine-prilocaine": "before-only",
    "chlorhexidine": "before-only",
    "povidone-iodine": "before-only",
    "alcohol-70": "before-only",
}


def formula_mass(formula: str) -> float:
    """Sum of atomic masses: ``C6H8O6`` -> 176.12."""
    return sum(ATOMIC_MASS[element] * int(count or 1) for element, count in re.findall(r"([A-Z][a-z]?)(\d*)", formula))


@pytest.mark.parametrize("name", MOLAR_MASS)
def test_molar_mass(entry: Callable[[str, str], Any], name: str) -> None:
    printed, formula = MOLAR_MASS[name]
    assert entry("topicals", name).molar_mass_g_per_mol == printed
    assert formula_mass(formula) == pytest.approx(printed, abs=0.1)


@pytest.mark.parametrize("name", LOG_KOW)
def test_log_kow(entry: Callable[[str, str], Any], name: str) -> None:
    low, high = LOG_KOW[name]
    assert low <= entry("topicals", name).log_kow_ratio <= high


@pytest.mark.parametrize("name", ANAESTHETIC)
def test_limits_of_numbing_creams(entry: Callable[[str, str], Any], name: str) -> None:
    cream = entry("topicals", name)
    assert (cream.max_g_per_10_cm2, cream.max_g, cream.max_area_cm2, cream.max_time_h) == ANAESTHETIC[name]


def test_53_g_on_400_cm2_is_the_density_that_is_kept() -> None:
    per_10_cm2 = ANAESTHETIC["lidocaine-tetracaine-7"][0]
    assert per_10_cm2 is not None and per_10_cm2 <= 53 / 400 * 10 < per_10_cm2 + 0.05


@pytest.mark.parametrize("name", RESTART)
def test_restart(entry: Callable[[str, str], Any], name: str) -> None:
    low, high = RESTART[name]
    assert low <= entry("topicals", name).wait_h <= high


@pytest.mark.parametrize("name", GATE)
def test_gate(entry: Callable[[str, str], Any], name: str) -> None:
    assert entry("topicals", name).gate == GATE[name]
