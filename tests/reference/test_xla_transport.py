"""Transport by JAX against the lanes: the same cells and steps, so the same numbers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tests.property.test_transport_properties import ordinary

from needling.errors import OutOfRange
from needling.simulation.engines import Serum
from needling.simulation.engines.lanes import transport as lanes
from needling.simulation.engines.mesh import FAST, FINE, Accuracy

pytest.importorskip("jax", reason="JAX is not installed: pip install 'needling[jax]'")

from needling.simulation.engines import xla
from needling.simulation.engines.xla import transport as ours

HOUR_S = 3600.0
COARSE = Accuracy(cells=(8, 4, 6), first=0.05, growth=0.3, extrapolated=False)


def _agree(serum: Serum, accuracy: Accuracy) -> None:
    theirs, found = lanes.spread(serum, accuracy), xla.spread(serum, accuracy)
    assert theirs.amount.shape == found.amount.shape and theirs.concentration.shape == found.concentration.shape
    assert np.allclose(theirs.depth, found.depth, rtol=1e-9)
    assert np.max(np.abs(theirs.amount - found.amount) / serum.dose) < 1e-9
    most = np.abs(theirs.concentration).max(axis=(0, 1))
    assert np.max(np.abs(theirs.concentration - found.concentration) / np.maximum(most, 1e-300)) < 1e-9
    assert np.allclose(found.amount.sum(axis=0), serum.dose, rtol=1e-8)


def _mixed(lanes_: int) -> Serum:
    """People who wash at once, at a report time, between two, after the end, never; some without channels."""
    serum = ordinary(lanes_, 3)
    end = serum.report_time[-1]
    washes = [0.0, float(serum.report_time[1]), 0.37 * end, 2 * end, np.inf]
    channels = serum.channels.copy()
    channels[::3] = 0.0
    wash_time = np.array([washes[lane % len(washes)] for lane in range(lanes_)])
    return replace(serum, wash_time=wash_time, channels=channels)


def test_transport_agrees_with_the_lanes() -> None:
    for serum in (ordinary(11, 1), _mixed(11)):
        _agree(serum, COARSE)


def test_lanes_in_blocks_are_the_same_lanes(monkeypatch: pytest.MonkeyPatch) -> None:
    serum = replace(_mixed(16), wash_time=np.full(16, np.inf))
    monkeypatch.setattr(ours, "_BLOCK", 8)
    _agree(serum, COARSE)


def test_what_is_out_of_range_is_refused() -> None:
    with pytest.raises(OutOfRange, match="dose"):
        xla.spread(replace(ordinary(2, 1), dose=np.array([1.0, -1.0])), COARSE)


@pytest.mark.slow
def test_profiles_can_be_left_out() -> None:
    serum = _mixed(11)
    without = xla.spread(serum, COARSE, profile=False)
    assert without.depth.shape == (0, 11) and without.concentration.shape == (serum.report_time.size, 0, 11)
    assert np.allclose(without.amount, xla.spread(serum, COARSE).amount, rtol=1e-12, atol=1e-18)


@pytest.mark.slow
@pytest.mark.parametrize("accuracy", [FAST, FINE, replace(COARSE, graded=False)])
def test_transport_agrees_at_every_accuracy(accuracy: Accuracy) -> None:
    _agree(_mixed(40), accuracy)
    _agree(replace(_mixed(40), sink=True), accuracy)
