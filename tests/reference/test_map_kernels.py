"""The compiled kernels of channel maps against NumPy, SciPy's trees and filters, and brute force."""

from __future__ import annotations

import numpy as np
import pytest

from needling.simulation.engines.lanes import mapping as fast
from needling.simulation.engines.reference import mapping as slow
from needling.simulation.mapping.devices import Geometry, Pattern
from needling.simulation.mapping.punctures import lanes_of, puncture
from needling.simulation.mapping.region import Region, inside

ROLLER = Geometry("roller", needles=192, rings=8, drum_radius=0.01, drum_width=0.02, needle_length=1e-3)
STAMP = Geometry("stamp", needles=20, needle_length=1e-3, head_area=0.5e-4)
PEN = Geometry("pen", needles=12, needle_length=1e-3, head_width=7e-3, stroke_spacing=1e-3)
STAR = Region(np.array([[0, 0], [30, 4], [52, -6], [44, 20], [60, 40], [30, 30], [6, 48], [12, 22]]) * 1e-3)
BOX = Region.rectangle(0.05, 0.04)
EXACT = {"rtol": 1e-12, "atol": 1e-15}


def made(region: Region, key: int = 0, passes: int = 4) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    found = puncture(ROLLER, Pattern(4, passes, 0.1, 0.02), region, key)
    return found.x, found.y, found.pass_index


@pytest.mark.parametrize("geometry", [ROLLER, STAMP, PEN], ids=lambda geometry: geometry.kind)
@pytest.mark.parametrize("edges", ["over", "stop"])
@pytest.mark.parametrize("region", [BOX, STAR], ids=["box", "star"])
def test_laying(geometry: Geometry, edges: str, region: Region) -> None:
    pattern = Pattern(3, 2, 0.1, 0.02, edges=edges)  # type: ignore[arg-type]
    lanes = lanes_of(geometry, pattern, region, 3)
    footprint = geometry.footprint() if edges == "stop" else np.empty((0, 2))
    given = (lanes.table, geometry.template(), geometry.per_ring, lanes.turns)
    rest = (0.5 * geometry.width, footprint, region.corners)
    ours, theirs = fast.lay(*given, *rest), slow.lay(*given, *rest)
    assert ours[0].size == theirs[0].size
    # a lane's needles come in another order only within one step
    order, other = (np.lexsort((found[3], np.round(found[0], 9), found[2])) for found in (ours, theirs))
    for row in range(4):
        assert np.allclose(ours[row][order], theirs[row][other], rtol=0, atol=1e-12)


@pytest.mark.parametrize("region", [BOX, STAR], ids=["box", "star"])
def test_neighbours_counts_and_smoothing(region: Region) -> None:
    x, y, _ = made(region, passes=10)
    cells = region.cells(2e-4)
    assert np.allclose(fast.nearest(x, y), slow.nearest(x, y), **EXACT)
    ours = fast.count(x, y, *cells.place)
    assert np.array_equal(ours, slow.count(x, y, *cells.place))
    for sigma in (0.8, 5.0, 11.3):
        assert np.allclose(fast.blur(ours, sigma), slow.blur(ours, sigma), rtol=1e-12, atol=1e-14)
    assert np.allclose(fast.distances(x, y, *cells.place), slow.distances(x, y, *cells.place), **EXACT)


def test_brute_force_on_a_small_zone() -> None:
    x, y, group = made(Region.rectangle(0.012, 0.009), passes=3)
    away = np.hypot(x[:, None] - x, y[:, None] - y)
    assert np.allclose(fast.nearest(x, y), np.where(np.eye(x.size, dtype=bool), np.inf, away).min(axis=1), **EXACT)
    for earlier, same in ((0.1e-3, 0.4e-3), (2.7e-3, 2.7e-3), (0.4e-3, 5e-3)):
        assert np.array_equal(fast.near(x, y, group, earlier, same), slow.near(x, y, group, earlier, same))
    place = (0.0, 0.0, 1e-4, (90, 120))
    depth = np.random.default_rng(0).uniform(0, 1e-3, x.size)
    assert np.allclose(fast.deepest(x, y, depth, 0.33e-3, *place), slow.deepest(x, y, depth, 0.33e-3, *place), **EXACT)


@pytest.mark.parametrize("spread", ["clumps", "line", "one place"])
def test_neighbours_of_points_that_are_not_even(spread: str) -> None:
    luck = np.random.default_rng(5)
    if spread == "clumps":
        x, y = (luck.normal(luck.choice([0.0, 1.0], 400), 1e-4), luck.normal(luck.choice([0.0, 1.0], 400), 1e-4))
    elif spread == "line":
        x, y = luck.uniform(0, 1, 300), np.zeros(300)
    else:
        x, y = np.full(7, 0.25), np.full(7, 0.5)
    assert np.allclose(fast.nearest(x, y), slow.nearest(x, y), **EXACT)
    place = (-0.5, -0.5, 0.1, (20, 20))
    assert np.allclose(fast.distances(x, y, *place), slow.distances(x, y, *place), **EXACT)


def test_few_points_and_none() -> None:
    none, one = np.empty(0), np.array([0.01])
    assert fast.nearest(none, none).size == 0 and np.isinf(fast.nearest(one, one)).all()
    assert np.isinf(fast.distances(none, none, 0.0, 0.0, 1.0, (2, 2))).all()
    assert fast.near(none, none, none.astype(np.int64), 1.0, 1.0).shape == (2, 0)
    assert np.array_equal(fast.nearest(np.array([0.0, 3.0]), np.array([0.0, 4.0])), [5.0, 5.0])


def test_cover_is_exact() -> None:
    """Against points in every cell, and in sum against the area of the polygon."""
    for region in (BOX, STAR, Region(np.array([[0, 0], [10, 1], [1.5, 9.7]]) * 1e-3)):
        for cell in (7e-4, 1.3e-3):
            cells = region.cells(cell)
            found = fast.cover(region.corners, *cells.place)
            assert found.sum() * cell**2 == pytest.approx(region.area, rel=1e-12)
            assert np.abs(found - slow.cover(region.corners, *cells.place, samples=40)).max() < 0.03


def test_inside_is_one_rule_everywhere() -> None:
    places = np.random.default_rng(1).uniform(-0.01, 0.065, (2, 3000))
    assert np.array_equal(inside(STAR.corners, *places), slow._inside(*places, STAR.corners))


@pytest.mark.parametrize("search", [4.0, 8.0])
def test_gamma_against_every_pair(search: float) -> None:
    luck = np.random.default_rng(2)
    planned, done = luck.uniform(0, 6, (2, 14, 17))
    within = luck.random(planned.shape) < 0.9
    judged = within & (planned > 1)
    ours = fast.gamma(planned, done, judged, within, 4.0, search)
    assert np.allclose(ours, slow.gamma(planned, done, judged, within, 4.0, search), equal_nan=True, **EXACT)


def test_the_signal_of_a_channel() -> None:
    ours = fast.signal_table(4e-5, 0.33e-3, 1e-4, 12, 4)
    assert np.allclose(ours, slow.signal_table(4e-5, 0.33e-3, 1e-4, 12, 4), **EXACT)
