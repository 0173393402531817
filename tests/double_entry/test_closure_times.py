"""How long channels stay open, typed again, against the parameters of closure."""

from __future__ import annotations

from collections.abc import Callable
from math import exp, log2
from typing import Any

import pytest

# Human micropores, n = 35: site -> (half-life h, its SD, closure time h, its SD)
HUMAN = {
    "abdomen": (25.86, 14.96, 63.09, 13.13),
    "upper arm": (23.69, 13.67, 60.34, 14.69),
    "forearm": (20.20, 11.99, 58.29, 16.76),
}
# Hairless rats, metal roller, open air: needle length mm -> dye-visible closure h
DYE_RAT = {0.37: 12.0, 0.77: 18.0}
WATER_BARRIER_RAT_H = (4.0, 5.0)  # both lengths alike
OPEN_AIR_HUMAN_H = 2.0
AGES_Y = (25.6, 77.3)  # means of the young and the old group


def mean(quantity: Any) -> float:
    """Mean over members of a log-normal: both layers of spread widen it."""
    return float(quantity.median * exp((quantity.person**2 + quantity.doubt**2) / 2))


def test_residual_at_closure_follows_from_the_two_times(entry: Callable[[str, str], Any]) -> None:
    residual = [2 ** -(closure / half) for half, _, closure, _ in HUMAN.values()]
    assert residual == pytest.approx([0.18, 0.17, 0.14], abs=0.01)
    closed = entry("parameters", "closed-share").quantity
    assert closed.median == pytest.approx(residual[1], abs=0.01)
    assert closed.low <= min(residual) and max(residual) <= closed.high


def test_electrical_half_life(entry: Callable[[str, str], Any]) -> None:
    quantity = entry("parameters", "barrier-half-life").quantity
    assert mean(quantity) == pytest.approx(HUMAN["upper arm"][0], abs=1.0)
    assert quantity.low < min(half for half, *_ in HUMAN.values())
    assert quantity.high > max(half + 2 * sd for half, sd, *_ in HUMAN.values())


def test_electrical_closure_time(entry: Callable[[str, str], Any]) -> None:
    half, closed = entry("parameters", "barrier-half-life").quantity, entry("parameters", "closed-share").quantity
    assert -log2(closed.median) * mean(half) == pytest.approx(HUMAN["upper arm"][2], abs=3.0)


def test_water_barrier(entry: Callable[[str, str], Any]) -> None:
    half, closed = entry("parameters", "water-half-life").quantity, entry("parameters", "closed-share").quantity
    back_h = -log2(closed.median) * half.median
    assert WATER_BARRIER_RAT_H[0] - 1 <= back_h <= WATER_BARRIER_RAT_H[1] + 1
    assert half.median < entry("parameters", "barrier-half-life").quantity.median


@pytest.mark.parametrize("length_mm", DYE_RAT)
def test_structure_by_length(entry: Callable[[str, str], Any], length_mm: float) -> None:
    half = entry("parameters", "structure-half-life").quantity.median
    reference = entry("parameters", "structure-reference-length").quantity.median
    exponent = entry("parameters", "structure-length-exponent").quantity.median
    closed = entry("parameters", "closed-share").quantity.median
    assert -log2(closed) * half * (length_mm / reference) ** exponent == pytest.approx(DYE_RAT[length_mm], abs=1.5)


def test_ages_of_the_two_groups(entry: Callable[[str, str], Any]) -> None:
    ages = tuple(entry("parameters", name).quantity.median for name in ("young-age", "old-age"))
    assert ages == AGES_Y


def test_the_open_air_result_is_shown_as_a_conflict(entry: Callable[[str, str], Any]) -> None:
    sources = entry("parameters", "barrier-half-life").sources
    against = [citation for citation in sources if citation.stance == "conflicts"]
    assert any(f"{OPEN_AIR_HUMAN_H:g} h" in citation.note for citation in against)
    assert any("minutes" in citation.note for citation in against)
