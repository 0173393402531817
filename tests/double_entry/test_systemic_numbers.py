"""Numbing cream in the blood, typed again from labels, product summaries and abstracts."""

from __future__ import annotations

from collections.abc import Callable
from math import exp, log, log2, sqrt
from typing import Any

import pytest

# Levels in ug/mL and strengths in %: id -> (unit, number)
FIXED: dict[str, tuple[str, float]] = {
    "lidocaine-heart-level": ("ug_per_ml", 1.5),  # 1.5 to 5 as a medicine for the heart
    "lidocaine-minor-level": ("ug_per_ml", 3),
    "lidocaine-toxic-level": ("ug_per_ml", 5),  # US label of the 2.5 + 2.5 % cream
    "prilocaine-toxic-level": ("ug_per_ml", 6),  # the same label
    "shop-lidocaine-strength": ("pct", 4),
    "reference-cream-strength": ("pct", 2.5),
}
# What was put on and how much of it went in: id -> (mg/cm2 of one drug, hours, share taken up)
TAKEN_UP = {
    "cream-flux-face": (25 * 10 / 100, 2, 0.10),  # 10 g with 25 mg/g on 100 cm2 of face
    "cream-flux-body": (25 * 60 / 400, 3, 0.05),  # 60 g on 400 cm2 of thigh
    "patch-flux": (2100 / 420, 12, 64 / 2100),  # three patches on the back
}
PATCH_MG = (64, 32)  # mean and SD of 15 people
# Four patches worn 18 h of each day, n = 20: peak and the level 6 h after they came off, ng/mL
PEAK_AND_TROUGH = ((145.1, 83.0), (153.0, 85.7), (153.8, 77.0))
BARE_H = 6
LABEL_HALF_LIFE_H = 114 / 60
# Clearance of lidocaine before surgery, L/h: Child-Pugh class B and A
LIVER = (22.65, 41.59)
# Clearance with and without heart failure, mL/min/kg; levels at the same infusion with a normal and a weak heart
HEART, HEART_LEVELS = (7.3, 9.52), (1.5, 2.4)


def level_left(half_life_h: float) -> float:
    """Level after the bare hours relative to the level at removal, for a skin depot in balance with the blood."""
    skin, blood = log(2) / half_life_h, log(2) / LABEL_HALF_LIFE_H
    return (blood * exp(-skin * BARE_H) - skin * exp(-blood * BARE_H)) / (blood - skin)


@pytest.mark.parametrize("name", FIXED)
def test_levels_and_strengths(entry: Callable[[str, str], Any], name: str) -> None:
    quantity, (unit, number) = entry("parameters", name).quantity, FIXED[name]
    assert (quantity.unit, quantity.median) == (unit, number)


@pytest.mark.parametrize("name", TAKEN_UP)
def test_flux(entry: Callable[[str, str], Any], name: str) -> None:
    """The mean over people lies between the plain share per hour and the first-order loss that leaves that share."""
    quantity, (applied, hours, share) = entry("parameters", name).quantity, TAKEN_UP[name]
    plain, first_order = applied * share / hours, -applied * log(1 - share) / hours
    assert quantity.unit == "mg_per_cm2_h"
    assert 0.98 * plain <= quantity.median * exp(quantity.person**2 / 2) <= 1.02 * first_order


def test_spread_of_the_patch(entry: Callable[[str, str], Any]) -> None:
    middle, sd = PATCH_MG
    assert entry("parameters", "patch-flux").quantity.person == pytest.approx(
        sqrt(log(1 + (sd / middle) ** 2)), abs=0.03
    )


def test_skin_depot(entry: Callable[[str, str], Any]) -> None:
    """Read as one exponential the fall takes 6.0 to 7.4 h; less where the drug's own half-life delays it."""
    ratios = [trough / peak for peak, trough in PEAK_AND_TROUGH]
    assert (min(ratios), max(ratios)) == pytest.approx((0.50, 0.57), abs=0.005)
    half_life = entry("parameters", "skin-depot-half-life-body").quantity.median
    assert half_life <= BARE_H / -log2(max(ratios))
    assert level_left(half_life) >= min(ratios) - 0.02


def test_liver(entry: Callable[[str, str], Any]) -> None:
    quantity = entry("parameters", "liver-clearance-ratio").quantity
    assert quantity.median == pytest.approx(LIVER[0] / LIVER[1], abs=0.06)


def test_heart(entry: Callable[[str, str], Any]) -> None:
    quantity = entry("parameters", "heart-clearance-ratio").quantity
    assert HEART_LEVELS[0] / HEART_LEVELS[1] - 0.01 <= quantity.median <= HEART[0] / HEART[1] + 0.01
