"""Where channels fall: against the geometry of the devices, published densities, and the statistics of chance."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from tests.virtual_world import course_plan, world

from needling.errors import BadInput, OutOfRange
from needling.simulation.equations.rolling import (
    entry_tilt,
    needles_in_contact,
    roller_density,
    rolling_radius,
    slit_length,
)
from needling.simulation.mapping import measures
from needling.simulation.mapping.devices import Faults, Geometry, Pattern, Reach
from needling.simulation.mapping.punctures import Punctures, puncture, recorded, scattered
from needling.simulation.mapping.region import Region
from needling.simulation.seam.picture import picture_of

PER_CM2 = 1e4
SIDE = 0.08
SQUARE = Region.rectangle(SIDE, SIDE)
STAMP = Geometry("stamp", needles=20, needle_length=1e-3, head_area=0.5e-4)
PEN = Geometry("pen", needles=12, needle_length=1e-3, head_width=7e-3, stroke_spacing=0.04 / 110)


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


def points(x: np.ndarray, y: np.ndarray, region: Region = SQUARE, pass_index: np.ndarray | None = None) -> Punctures:
    """A map of given points."""
    like = puncture(mf8(1.0), Pattern(1, 1), region)
    number = np.zeros(x.size, dtype=np.int64) if pass_index is None else pass_index
    return recorded(like, x, y, number, np.full(x.size, 1e-3))


# ---------------------------------------------------------------- geometry


def test_published_density_of_one_pass() -> None:
    """13.3 per cm2 rolling on tips of 1.5 mm, 15.3 rolling on the drum."""
    on_skin = roller_density(192, rolling_radius(0.01, 1.5e-3, 0.0), 0.02) / PER_CM2
    on_tips = roller_density(192, rolling_radius(0.01, 1.5e-3, 1.0), 0.02) / PER_CM2
    assert on_skin == pytest.approx(15.3, abs=0.05)
    assert on_tips == pytest.approx(13.3, abs=0.05)


def test_published_density_of_fifteen_passes() -> None:
    """225-229 per cm2 at 0.2 mm; the rule of thumb says about 250. The equation and the map itself."""
    laid = [roller_density(192, rolling_radius(0.01, 0.2e-3, share), 0.02, 15) / PER_CM2 for share in (1.0, 0.0)]
    assert laid == pytest.approx([225, 229], abs=0.7)
    region = Region.rectangle(0.1, 0.1)
    for share, wanted in ((1.0, 225), (0.0, 229)):
        maps = [puncture(mf8(0.2, share), Pattern(5, 3, 0.1), region, key).density for key in range(8)]
        assert np.mean(maps) / PER_CM2 == pytest.approx(wanted, abs=1.5)


@pytest.mark.parametrize(
    ("length_mm", "tilt_deg", "slit_mm", "touching"),
    [(0.2, 11, 0.05, 12), (0.5, 18, 0.21, 19), (1.0, 25, 0.57, 26), (1.5, 30, 1.03, 32), (3.0, 40, 2.75, 42)],
)
def test_entry_tilt_slit_and_contact(length_mm: float, tilt_deg: float, slit_mm: float, touching: float) -> None:
    tilt = entry_tilt(0.01, length_mm * 1e-3)
    assert np.degrees(tilt) == pytest.approx(tilt_deg, abs=0.6)
    assert needles_in_contact(192, tilt) == pytest.approx(touching, abs=0.6)
    assert slit_length(0.01, length_mm * 1e-3, 0.0) * 1e3 == pytest.approx(slit_mm, abs=0.006)
    assert slit_length(0.01, length_mm * 1e-3, 1.0) == 0.0


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_map_has_the_density_of_the_equation(share: float) -> None:
    pattern = Pattern(5, 3, jitter=0.1, lane_jitter=0.03)
    maps = [puncture(mf8(1.5, share), pattern, SQUARE, key) for key in range(8)]
    wanted = roller_density(192, rolling_radius(0.01, 1.5e-3, share), 0.02, 15)
    assert np.mean([one.density for one in maps]) == pytest.approx(wanted, rel=0.01)
    assert set(maps[0].pass_index) == set(range(15))
    assert set(maps[0].needle) == set(range(192))


@pytest.mark.parametrize(("geometry", "wanted"), [(STAMP, 20 / 0.5e-4), (PEN, 12 * 110 / (0.04 * 7e-3))])
def test_stamp_and_pen_density(geometry: Geometry, wanted: float) -> None:
    assert puncture(geometry, Pattern(2, 1), SQUARE, 2).density == pytest.approx(2 * wanted, rel=0.02)


def test_one_ring_leaves_a_row_with_its_pitch_and_neighbours_are_staggered() -> None:
    made = puncture(mf8(1.0), Pattern(1, 1), Region.rectangle(0.1, 0.1), 3)
    pitch = 2 * np.pi * 0.01 / 24
    lanes = made.y // 1e-5
    rows = [np.sort(made.x[lanes == row]) for row in np.unique(lanes)]
    assert all(np.allclose(np.diff(row), pitch, atol=1e-12) for row in rows)
    turned = [(b[0] - a[0]) / pitch % 1 for a, b in pairwise(rows)]
    assert np.mean(np.abs(np.array(turned) - 0.5) < 1e-6) > 0.8  # all but the first rows of new lanes


def test_overlap_lays_more_and_edges_that_stop_lay_less_at_the_edge() -> None:
    plain = puncture(mf8(1.0), Pattern(4, 3, 0.1), SQUARE, 4).density
    dense = puncture(mf8(1.0), Pattern(4, 3, 0.1, overlap=0.2), SQUARE, 4).density
    assert dense == pytest.approx(plain / 0.8, rel=0.05)
    for geometry in (mf8(1.0), STAMP, PEN):
        made = [puncture(geometry, Pattern(4, 1, edges="stop"), SQUARE, key) for key in range(6)]
        cells = SQUARE.cells(SIDE / 8)
        grid = np.mean([measures.density_grid(one, cells) for one in made], axis=0)
        corners = grid[[0, 0, -1, -1], [0, -1, 0, -1]].mean()
        assert corners < 0.9 * grid[2:6, 2:6].mean()
    upright = puncture(STAMP, Pattern(1, 1, edges="stop"), SQUARE, 0)
    assert measures.empty_share(upright, SQUARE.cells(8e-3)) == 0.0  # presses from edge to edge


def test_a_lane_without_lifting_goes_on_where_the_drum_was() -> None:
    lifted = puncture(mf8(1.0), Pattern(1, 1), SQUARE, 5)
    rolled = puncture(mf8(1.0), Pattern(1, 1, lift=False), SQUARE, 5)
    assert rolled.density == pytest.approx(lifted.density, rel=0.05)
    assert not np.array_equal(rolled.x[-50:], lifted.x[-50:])


def test_dead_needles_leave_their_share_out_again_and_again() -> None:
    whole = puncture(mf8(1.0), Pattern(4, 4, 0.1), SQUARE, 6)
    worn = puncture(mf8(1.0), Pattern(4, 4, 0.1), SQUARE, 6, faults=Faults(dead=0.2))
    gone = np.setdiff1d(whole.needle, worn.needle)
    assert 0.1 < gone.size / 192 < 0.3
    assert worn.density / whole.density == pytest.approx(1 - gone.size / 192, rel=0.02)
    kept = ~np.isin(whole.needle, gone)
    assert np.array_equal(whole.x[kept], worn.x)


def test_depth_scatters_about_its_median_and_never_passes_the_needle() -> None:
    made = puncture(mf8(1.5), Pattern(4, 10, 0.1), SQUARE, 7, Reach(depth=0.6e-3, jitter=0.3))
    assert np.median(made.depth) == pytest.approx(0.6e-3, rel=0.02)
    assert np.std(np.log(made.depth)) == pytest.approx(0.3, rel=0.03)
    assert made.depth.max() <= 1.5e-3
    bent = puncture(mf8(1.5), Pattern(4, 10, 0.1), SQUARE, 7, Reach(0.6e-3, 0.1), Faults(spread=0.3))
    by_needle = [np.log(bent.depth[bent.needle == needle]) for needle in range(192)]
    assert np.mean([values.std() for values in by_needle]) == pytest.approx(0.1, rel=0.1)  # one needle, one length
    assert np.std([values.mean() for values in by_needle]) == pytest.approx(0.3, rel=0.2)


# ---------------------------------------------------------------- chance and keys


def test_one_key_one_map_and_more_passes_leave_the_first_ones_alone() -> None:
    short = puncture(mf8(1.5), Pattern(4, 2, 0.1, 0.02), SQUARE, 8, Reach(6e-4, 0.3))
    again = puncture(mf8(1.5), Pattern(4, 2, 0.1, 0.02), SQUARE, 8, Reach(6e-4, 0.3))
    longer = puncture(mf8(1.5), Pattern(4, 5, 0.1, 0.02), SQUARE, 8, Reach(6e-4, 0.3))
    other = puncture(mf8(1.5), Pattern(4, 2, 0.1, 0.02), SQUARE, 9)
    for name in ("x", "y", "depth", "needle"):
        assert np.array_equal(getattr(short, name), getattr(again, name))
        assert np.array_equal(getattr(short, name), getattr(longer, name)[: short.x.size])
    assert other.x.size != short.x.size or not np.array_equal(other.x, short.x)


def test_many_passes_lie_like_random_points() -> None:
    """Mean distance to the nearest neighbour is 0.5 / sqrt(n) for random points."""
    region = Region.rectangle(0.06, 0.06)
    for made in (
        puncture(mf8(0.2), Pattern(20, 4, jitter=0.3), region, 3),
        scattered(points(np.zeros(1), np.zeros(1), region), 4e6, np.random.default_rng(1)),
    ):
        inner = (np.minimum(made.x, 0.06 - made.x) > 1e-3) & (np.minimum(made.y, 0.06 - made.y) > 1e-3)
        found = measures.nearest_neighbour(made)[inner].mean()
        assert found == pytest.approx(0.5 / np.sqrt(made.density), rel=0.02)


def test_direction_and_place_do_not_matter() -> None:
    """Mean density is the same for a turned device and in every quarter of the zone."""
    turned = [
        np.mean([puncture(mf8(1.0), Pattern(1, 1, jitter=spread), SQUARE, key).density for key in range(80)])
        for spread in (0.0, 10.0)
    ]
    assert turned[0] == pytest.approx(turned[1], rel=0.01)
    halves = SQUARE.cells(SIDE / 2)
    made = (puncture(mf8(1.0), Pattern(4, 2, 0.2, 0.02), SQUARE, key) for key in range(40))
    quarters = np.mean([measures.density_grid(one, halves) for one in made], axis=0)
    assert np.ptp(quarters) / quarters.mean() < 0.02


# ---------------------------------------------------------------- measures


def test_random_channels_give_the_known_shares() -> None:
    region = Region.rectangle(0.1, 0.1)
    made = scattered(points(np.zeros(1), np.zeros(1), region), 2.5e6, np.random.default_rng(2))
    n = made.density
    fine = region.cells(2e-4)
    assert measures.within_share(made, fine, 0.3e-3) == pytest.approx(1 - np.exp(-n * np.pi * 9e-8), abs=0.01)
    assert measures.empty_share(made, region.cells(1e-3)) == pytest.approx(np.exp(-n * 1e-6), abs=0.01)
    assert measures.dispersion(made, region.cells(2e-3)) == pytest.approx(1.0, abs=0.1)
    rehit, _ = measures.rehit_and_tracks(made, 0.1e-3, 0.5e-3)
    # the share of points with an earlier one nearby, of points that come one after the other
    expected = n * np.pi * 1e-8
    assert rehit == pytest.approx(1 - (1 - np.exp(-expected)) / expected, rel=0.05)
    histogram = measures.area_histogram(made, region.cells(2e-3))
    assert histogram.share[0] == 1.0 and np.all(np.diff(histogram.share) <= 0)
    from scipy.stats import poisson

    counts = np.round(histogram.level * 4e-6).astype(int)
    assert np.allclose(histogram.share, poisson.sf(counts - 1, n * 4e-6), atol=0.03)


def test_a_lattice_is_even_and_its_gap_is_known() -> None:
    pitch = 1e-3
    x, y = (grid.ravel() for grid in np.meshgrid((np.arange(80) + 0.5) * pitch, (np.arange(80) + 0.5) * pitch))
    made = points(x, y)
    assert measures.dispersion(made, SQUARE.cells(4e-3)) == pytest.approx(0.0, abs=1e-12)
    gap, at = measures.largest_gap(made, SQUARE.cells(1e-4))
    assert gap == pytest.approx(pitch / np.sqrt(2), rel=1e-6)
    assert np.allclose(np.array(at) / pitch % 1, 0.0, atol=1e-3) or np.allclose(
        np.array(at) / pitch % 1, 1.0, atol=1e-3
    )
    assert np.allclose(measures.nearest_neighbour(made), pitch)
    assert measures.summarise(made, _binning()).evenness == 1.0


def _binning() -> measures.Binning:
    return measures.Binning(cell=1e-4, smoothing=1e-3, histogram=2e-3, gap=1e-3, halo=0.33e-3, track=0.5e-3)


def test_a_hole_is_found_and_an_empty_zone_is_all_gap() -> None:
    made = scattered(points(np.zeros(1), np.zeros(1)), 4e6, np.random.default_rng(3))
    kept = np.hypot(made.x - 0.03, made.y - 0.05) > 5e-3
    holed = points(made.x[kept], made.y[kept])
    gap, at = measures.largest_gap(holed, SQUARE.cells(2e-4))
    assert 5e-3 <= gap < 5.6e-3 and np.hypot(at[0] - 0.03, at[1] - 0.05) < 6e-4
    nothing = points(np.empty(0), np.empty(0))
    assert measures.largest_gap(nothing, SQUARE.cells(1e-3))[0] == pytest.approx(SIDE / 2, rel=1e-6)
    summary = measures.summarise(nothing, _binning())
    assert summary.channels == 0 and np.isnan(summary.nearest) and summary.empty == 1.0 and summary.within == 0.0


def test_density_converges_with_the_cell_size_and_keeps_every_channel() -> None:
    corners = np.array([[0.0, 0.0], [0.05, 0.003], [0.06, 0.04], [0.02, 0.05], [0.004, 0.03]])
    region = Region(corners)
    made = puncture(mf8(1.0), Pattern(4, 10, 0.1), region, 11)
    for cell in (5e-3, 1e-3, 2e-4):
        cells = region.cells(cell)
        assert cells.area.sum() == pytest.approx(region.area, rel=1e-9)
        assert measures.counts(made, cells).sum() == made.x.size
    shares = [measures.within_share(made, region.cells(cell), 0.2e-3) for cell in (4e-4, 2e-4, 1e-4, 0.5e-4)]
    steps = np.abs(np.diff(shares))
    assert steps[-1] < 0.002 and steps[-1] <= steps[0] + 1e-4
    smooth = [measures.smooth_density(made, region.cells(cell), 1.5e-3) for cell in (2e-4, 1e-4)]
    assert smooth[1].reshape(-1)[region.cells(1e-4).inside.ravel() == 1].mean() == pytest.approx(
        smooth[0].reshape(-1)[region.cells(2e-4).inside.ravel() == 1].mean(), rel=2e-3
    )


def test_a_roller_leaves_no_tracks_and_a_dwelling_pen_does() -> None:
    region = Region.rectangle(0.02, 0.02)
    roller = puncture(mf8(1.5), Pattern(4, 4, jitter=0.1), region, 7)
    slow_pen = replace(PEN, stroke_spacing=0.1e-3)
    assert measures.rehit_and_tracks(roller, 1e-4, 0.5e-3)[1] == 0.0
    assert measures.rehit_and_tracks(puncture(slow_pen, Pattern(1, 1), region, 7), 1e-4, 0.5e-3)[1] > 0.9


def test_depth_histogram_falls_from_all_to_none() -> None:
    made = puncture(mf8(1.5), Pattern(4, 4, 0.1), SQUARE, 12, Reach(6e-4, 0.3))
    found = measures.depth_histogram(made, SQUARE.cells(2e-4), 0.33e-3, np.array([0.0, 1e-6, 6e-4, 1.5e-3, 2e-3]))
    assert found.share[0] == 1.0 and found.share[-1] == 0.0 and np.all(np.diff(found.share) <= 0)
    assert found.share[1] == pytest.approx(measures.within_share(made, SQUARE.cells(2e-4), 0.33e-3), abs=1e-9)


# ---------------------------------------------------------------- zones and pictures


@pytest.mark.parametrize(
    "corners",
    [
        [[0, 0], [1, 1]],
        [[0, 0], [1, 0], [2, 0]],
        [[0, 0], [4, 0], [1, 3], [3, 3], [0, 1]],
        [[0, 0], [1, 0], [1, float("nan")]],
    ],
)
def test_an_outline_that_is_no_zone_is_refused(corners: list[list[float]]) -> None:
    with pytest.raises(BadInput):
        Region(np.array(corners, dtype=float))


def test_picture_of_a_plan() -> None:
    picture = picture_of(course_plan(sessions=2), world(), key=1)
    assert picture is not None and picture.density_per_cm2 == pytest.approx(227, rel=0.1)
    assert picture.track_share == 0.0 and 0 < picture.nearest_mm < 1
    assert picture_of(course_plan(sessions=0), world()) is None


def test_a_kind_without_a_model_and_a_zone_too_large_are_out_of_range() -> None:
    from needling.documents import Stroke
    from needling.documents.maps import Outline
    from needling.simulation import channel_map

    stroke = Stroke(zone="cheek-left", needle_length_mm=1.0, directions_count=1, passes_count=1, force_N=5)
    with pytest.raises(OutOfRange, match="rf"):
        channel_map("heat", stroke, Outline.rectangle(10, 10), world())
    with pytest.raises(OutOfRange, match="cm2"):
        channel_map("roller-mf8", stroke, Outline.rectangle(1000, 1000), world())
    with pytest.raises(BadInput, match="overlap"):
        channel_map("roller-mf8", stroke, Outline.rectangle(10, 10), world(), overlap=1.0)
