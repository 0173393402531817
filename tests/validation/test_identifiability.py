"""How many combinations of parameters the published healing cases fix. The model says: about two."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from tests.validation.healing_cases import BASELINE_SHARE_OF_TYPE_III, after_last, run
from tests.virtual_world import world

from needling.simulation import Belief
from needling.simulation.identifiability import Identifiability, identify

# Standard deviation of each published number, as its tolerance in the evaluation.
NOISE = {
    "collagen, lotfi2013": 0.12,
    "reticulin, lotfi2013": 0.12,
    "weekly, at the end": 0.06,
    "weekly, a month later": 0.06,
    "weekly, two months later": 0.06,
    "monthly, a month later": 0.10,
    "TGF-beta on day 14": 0.05,
}


def observe(belief: Belief) -> Any:
    """The building cases of healing, float64[observation, member]."""
    biopsy = run(belief, phototype="III", length_mm=1.5, sessions=5, interval_d=30)
    weekly = run(belief, length_mm=1.0, sessions=12, interval_d=7)
    monthly = run(belief, length_mm=1.5, sessions=5, interval_d=30)
    once = run(belief, length_mm=1.0, sessions=1)
    return np.stack(
        [
            after_last(biopsy, biopsy.collagen, 56),
            after_last(biopsy, biopsy.collagen_iii, 56) / BASELINE_SHARE_OF_TYPE_III,
            *(after_last(weekly, weekly.severity, days) for days in (0.0, 30.4, 60.9)),
            after_last(monthly, monthly.severity, 30),
            after_last(once, once.signal, 14) / once.signal[:, 0].max(axis=1),
        ]
    )


@pytest.fixture(scope="module")
def found() -> Identifiability:
    return identify(observe, np.array(list(NOISE.values())), Belief.prior(world()))


def test_the_cases_fix_about_two_combinations(found: Identifiability) -> None:
    """Seven numbers, dozens of parameters: two are clearly fixed, a third hardly, the rest is belief."""
    assert found.strength[1] > 4 > 2 > found.strength[2]
    assert 2 <= found.fixed <= 3
    assert len(found.columns) > 30


def test_what_they_fix_is_result_and_young_collagen(found: Identifiability) -> None:
    strongest = {name for name, _ in (column for column, _ in found.combination(0, 6))}
    assert {"clinical-gain", "collagen-synthesis-rate"} <= strongest
    second = {name for name, _ in (column for column, _ in found.combination(1, 6))}
    assert "collagen-iii-conversion-rate" in second


def test_most_parameters_keep_what_was_believed(found: Identifiability) -> None:
    left = dict(zip((name for name, _ in found.columns), found.left, strict=True))
    assert left["clinical-gain"] < 0.7
    assert np.mean(found.left > 0.95) > 0.7
    assert left["elastin-synthesis-rate"] == pytest.approx(1.0)  # nobody has measured it
