"""What holds for every zone, device and hand: turning and moving change nothing, counts add up, shares are shares."""

from __future__ import annotations

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from needling.simulation.mapping import measures
from needling.simulation.mapping.agreement import Criteria, agreement
from needling.simulation.mapping.devices import Geometry, Pattern, Reach
from needling.simulation.mapping.punctures import Punctures, puncture, recorded
from needling.simulation.mapping.region import Region, inside, turned
from needling.simulation.mapping.stimulus import coverage_map

BINNING = measures.Binning(cell=2e-4, smoothing=1e-3, histogram=2e-3, gap=1e-3, halo=0.33e-3, track=0.5e-3)
CRITERIA = Criteria(difference=0.2, distance=3e-3, threshold=0.1, smoothing=2e-3, wanted=0.95)
calm = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@st.composite
def zones(draw: st.DrawFn) -> Region:
    """A star-shaped polygon of 5 to 40 mm: corners at rising angles around a middle."""
    many = draw(st.integers(3, 9))
    radius = [draw(st.floats(5e-3, 20e-3)) for _ in range(many)]
    angle = 2 * np.pi * (np.arange(many) + np.array([draw(st.floats(0.0, 0.6)) for _ in range(many)])) / many
    middle = np.array([draw(st.floats(-0.1, 0.1)), draw(st.floats(-0.1, 0.1))])
    return Region(middle + np.array(radius)[:, None] * np.column_stack([np.cos(angle), np.sin(angle)]))


DEVICES = st.sampled_from(
    [
        Geometry("roller", needles=192, rings=8, drum_radius=0.01, drum_width=0.02, needle_length=1e-3),
        Geometry("stamp", needles=20, needle_length=1e-3, head_area=0.5e-4),
        Geometry("pen", needles=6, needle_length=1e-3, head_width=7e-3, stroke_spacing=0.5e-3),
    ]
)
PATTERNS = st.builds(
    Pattern,
    directions=st.integers(1, 5),
    passes=st.integers(1, 3),
    jitter=st.floats(0, 0.3),
    lane_jitter=st.floats(0, 0.05),
    overlap=st.floats(0, 0.6),
    lift=st.booleans(),
    edges=st.sampled_from(["over", "stop"]),
)


@calm
@given(zones(), DEVICES, PATTERNS, st.integers(0, 99))
def test_every_map_is_whole(region: Region, geometry: Geometry, pattern: Pattern, key: int) -> None:
    made = puncture(geometry, pattern, region, key, Reach(5e-4, 0.3, 8e-5, 7e-5, 0.9))
    assert np.all(inside(region.corners, made.x, made.y))
    assert measures.counts(made, region.cells(1e-3)).sum() == made.x.size
    assert made.x.size == 0 or (made.pass_index.max() < pattern.total and made.needle.max() < geometry.needles)
    found = measures.summarise(made, BINNING)
    for share in (found.within, found.rehit, found.tracks, found.empty):
        assert 0 <= share <= 1
    assert found.reached[0] <= found.reached[1] <= found.reached[2]
    assert 0 <= found.gap <= region.radius
    coverage = coverage_map(made, region.cells(3e-4), 0.33e-3)
    assert np.all((coverage >= 0) & (coverage <= 1))
    for histogram in (
        measures.area_histogram(made, region.cells(2e-3)),
        measures.depth_histogram(made, region.cells(4e-4), 0.33e-3),
    ):
        assert np.all(np.diff(histogram.share) <= 0) and np.all((histogram.share >= 0) & (histogram.share <= 1))


def _moved(made: Punctures, turn: float, shift: tuple[float, float]) -> Punctures:
    places = turned(np.column_stack([made.x, made.y]), turn) + np.asarray(shift)
    from dataclasses import replace

    there = replace(made, region=made.region.moved(turn, shift))
    # a hair inside, so that rounding takes no channel out of the turned zone
    middle = places.mean(axis=0)
    places = middle + (places - middle) * (1 - 1e-12)
    return recorded(there, *np.ascontiguousarray(places.T), made.pass_index, made.depth)


@calm
@given(zones(), st.floats(-np.pi, np.pi), st.tuples(st.floats(-1, 1), st.floats(-1, 1)), st.integers(0, 99))
def test_turning_and_moving_the_skin_changes_no_measure(
    region: Region, turn: float, shift: tuple[float, float], key: int
) -> None:
    geometry = Geometry("roller", needles=192, rings=8, drum_radius=0.01, drum_width=0.02, needle_length=1e-3)
    made = puncture(geometry, Pattern(4, 4, 0.1), region, key)
    there = _moved(made, turn, shift)
    assert there.region.area == np.float64(region.area) or np.isclose(there.region.area, region.area, rtol=1e-9)
    if there.x.size != made.x.size:  # a channel lay on the outline itself
        return
    assert np.allclose(measures.nearest_neighbour(made), measures.nearest_neighbour(there), rtol=1e-7)
    assert measures.rehit_and_tracks(made, 1e-4, 5e-4) == measures.rehit_and_tracks(there, 1e-4, 5e-4)
    fine = 1e-4
    near = [measures.within_share(one, one.region.cells(fine), 0.33e-3) for one in (made, there)]
    assert abs(near[0] - near[1]) < 0.02  # sampled on another grid
    gaps = [measures.largest_gap(one, one.region.cells(fine))[0] for one in (made, there)]
    assert abs(gaps[0] - gaps[1]) < 1.5 * fine


@calm
@given(zones(), st.integers(0, 99), st.floats(0.02, 1.0))
def test_agreement_is_whole_with_itself_and_falls_with_what_is_left_out(region: Region, key: int, kept: float) -> None:
    geometry = Geometry("roller", needles=192, rings=8, drum_radius=0.01, drum_width=0.02, needle_length=1e-3)
    made = puncture(geometry, Pattern(4, 4, 0.1), region, key)
    own = agreement(made, made, CRITERIA)
    assert own.passed == 1.0 and own.mean_gamma == 0.0
    order = np.random.default_rng(key).random(made.x.size)
    passed = []
    for share in (1.0, kept, 0.5 * kept):
        some = order <= share
        less = recorded(made, made.x[some], made.y[some], made.pass_index[some], made.depth[some])
        passed.append(agreement(made, less, CRITERIA).passed)
    assert passed[0] >= passed[1] - 1e-9 and passed[1] >= passed[2] - 0.05
