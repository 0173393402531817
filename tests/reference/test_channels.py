"""The channel map against geometry, Poisson statistics and brute force."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial import cKDTree
from tests.virtual_world import course_plan, world

from needling.simulation.channels import (
    ChannelMap,
    Geometry,
    Pattern,
    channel_area_histogram,
    covered_share,
    density_grid,
    nearest_neighbour,
    puncture_map,
    rehit_share,
    track_index,
)
from needling.simulation.equations.rolling import entry_tilt, needles_in_contact, roller_density, rolling_radius
from needling.simulation.picture import picture_of

PER_CM2 = 1e4
SIDE = 0.08


def mf8(length_mm: float, share: float = 0.0) -> Geometry:
    return Geometry(
        "roller",
        needles=192,
        rings=8,
        drum_radius=0.01,
        drum_width=0.02,
        needle_length=length_mm * 1e-3,
        radius_share=share,
    )


def test_published_density_of_one_pass() -> None:
    """13.3 per cm2 rolling on tips of 1.5 mm, 15.3 rolling on the drum."""
    on_skin = roller_density(192, rolling_radius(0.01, 1.5e-3, 0.0), 0.02) / PER_CM2
    on_tips = roller_density(192, rolling_radius(0.01, 1.5e-3, 1.0), 0.02) / PER_CM2
    assert on_skin == pytest.approx(15.3, abs=0.05)
    assert on_tips == pytest.approx(13.3, abs=0.05)


def test_published_density_of_fifteen_passes() -> None:
    """225-229 per cm2 at 0.2 mm; the rule of thumb says about 250."""
    laid = [roller_density(192, rolling_radius(0.01, 0.2e-3, share), 0.02, 15) / PER_CM2 for share in (1.0, 0.0)]
    assert laid == pytest.approx([225, 229], abs=0.7)


@pytest.mark.parametrize(
    ("length_mm", "tilt_deg", "touching"), [(0.2, 11, 12), (0.5, 18, 19), (1.5, 30, 32), (3.0, 40, 42)]
)
def test_entry_tilt_and_contact(length_mm: float, tilt_deg: float, touching: float) -> None:
    tilt = entry_tilt(0.01, length_mm * 1e-3)
    assert np.degrees(tilt) == pytest.approx(tilt_deg, abs=0.6)
    assert needles_in_contact(192, tilt) == pytest.approx(touching, abs=0.6)


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_map_has_the_density_of_the_equation(share: float) -> None:
    rng = np.random.default_rng(1)
    maps = [puncture_map(mf8(1.5, share), Pattern(5, 3, jitter=0.1), SIDE, SIDE, rng) for _ in range(4)]
    wanted = roller_density(192, rolling_radius(0.01, 1.5e-3, share), 0.02, 15)
    assert np.mean([one.density for one in maps]) == pytest.approx(wanted, rel=0.01)
    assert set(maps[0].pass_index) == set(range(15))


@pytest.mark.parametrize(
    ("geometry", "wanted"),
    [
        (Geometry("stamp", needles=20, needle_length=1e-3, head_area=0.5e-4), 20 / 0.5e-4),
        (
            Geometry("pen", needles=12, needle_length=1e-3, head_width=7e-3, stroke_spacing=0.04 / 110),
            12 * 110 / (0.04 * 7e-3),
        ),
    ],
)
def test_stamp_and_pen_density(geometry: Geometry, wanted: float) -> None:
    laid = puncture_map(geometry, Pattern(2, 1), SIDE, SIDE, np.random.default_rng(2)).density
    assert laid == pytest.approx(2 * wanted, rel=0.02)


def test_many_passes_lie_like_random_points() -> None:
    """Mean distance to the nearest neighbour is 0.5 / sqrt(n) for random points."""
    channels = puncture_map(mf8(0.2), Pattern(20, 4, jitter=0.3), 0.06, 0.06, np.random.default_rng(3))
    inner = (np.minimum(channels.x, 0.06 - channels.x) > 1e-3) & (np.minimum(channels.y, 0.06 - channels.y) > 1e-3)
    assert nearest_neighbour(channels)[inner].mean() == pytest.approx(0.5 / np.sqrt(channels.density), rel=0.02)


def test_direction_and_place_do_not_matter() -> None:
    """Mean density is the same for a turned device and in every quarter of the zone."""
    rng = np.random.default_rng(4)
    turned = [
        np.mean([puncture_map(mf8(1.0), Pattern(1, 1, jitter=spread), SIDE, SIDE, rng).density for _ in range(80)])
        for spread in (0.0, 10.0)
    ]
    assert turned[0] == pytest.approx(turned[1], rel=0.01)
    quarters = np.mean(
        [density_grid(puncture_map(mf8(1.0), Pattern(4, 2, jitter=0.2), SIDE, SIDE, rng), SIDE / 2) for _ in range(40)],
        axis=0,
    )
    assert np.ptp(quarters) / quarters.mean() < 0.02


def _small_zone() -> ChannelMap:
    return puncture_map(mf8(1.0), Pattern(4, 3, jitter=0.1), 0.012, 0.009, np.random.default_rng(5))


def test_neighbours_agree_with_a_tree_and_with_brute_force() -> None:
    channels = _small_zone()
    places = np.column_stack([channels.x, channels.y])
    assert np.allclose(nearest_neighbour(channels), cKDTree(places).query(places, k=2)[0][:, 1])
    gaps = np.linalg.norm(places[:, None] - places[None], axis=2)
    later = channels.pass_index[:, None] > channels.pass_index[None]
    same = (channels.pass_index[:, None] == channels.pass_index[None]) & ~np.eye(len(places), dtype=bool)
    for distance in (0.1e-3, 0.4e-3, 2.7e-3):
        assert rehit_share(channels, distance) == pytest.approx(np.mean(((gaps <= distance) & later).any(axis=1)))
        assert track_index(channels, distance) == pytest.approx(np.mean(((gaps <= distance) & same).any(axis=1)))
    cell = 0.1e-3
    centres = np.stack(np.meshgrid((np.arange(120) + 0.5) * cell, (np.arange(90) + 0.5) * cell), axis=-1).reshape(-1, 2)
    brute = np.mean(cKDTree(places).query(centres)[0] <= 0.3e-3)
    assert covered_share(channels, 0.3e-3, cell) == pytest.approx(brute)


def test_covered_share_follows_random_points() -> None:
    channels = puncture_map(mf8(0.5), Pattern(20, 1, jitter=0.3), 0.04, 0.04, np.random.default_rng(6))
    wanted = 1 - np.exp(-channels.density * np.pi * 0.3e-3**2)
    assert covered_share(channels, 0.3e-3, 0.2e-3) == pytest.approx(wanted, abs=0.015)


def test_a_roller_leaves_no_tracks_and_a_dwelling_pen_does() -> None:
    rng = np.random.default_rng(7)
    roller = puncture_map(mf8(1.5), Pattern(4, 4, jitter=0.1), 0.02, 0.02, rng)
    slow_pen = Geometry("pen", needles=12, needle_length=1e-3, head_width=7e-3, stroke_spacing=0.1e-3)
    assert track_index(roller, 0.5e-3) == 0.0
    assert track_index(puncture_map(slow_pen, Pattern(1, 1), 0.02, 0.02, rng), 0.5e-3) > 0.9


def test_histogram_falls_and_lone_channels_have_no_neighbour() -> None:
    channels = _small_zone()
    shares = channel_area_histogram(channels, 1e-3, np.array([0.0, 1e6, 2e6, 1e9]))
    assert shares[0] == 1.0 and shares[-1] == 0.0 and np.all(np.diff(shares) <= 0)
    lone = ChannelMap(np.array([1e-3]), np.array([1e-3]), np.zeros(1, dtype=np.int64), np.zeros(1), 0.01, 0.01)
    assert np.isinf(nearest_neighbour(lone)).all()


def test_picture_of_a_plan() -> None:
    picture = picture_of(course_plan(sessions=2), world(), key=1)
    assert picture is not None and picture.density_per_cm2 == pytest.approx(227, rel=0.1)
    assert picture.track_share == 0.0 and 0 < picture.nearest_mm < 1
    assert picture_of(course_plan(sessions=0), world()) is None
