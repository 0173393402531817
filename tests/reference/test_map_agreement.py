"""Planned against delivered, the stimulus of each place, and healing place by place."""

from __future__ import annotations

import math

import numpy as np
import pytest
from tests.virtual_world import course_plan, somebody, world

from needling.documents import Stroke
from needling.documents.maps import Outline
from needling.errors import BadInput
from needling.simulation import (
    Belief,
    agreement,
    agreement_report,
    channel_map,
    heal_cells,
    recorded_map,
    simulate,
    stimulus_map,
)
from needling.simulation.engines import MEASURES, Task, lanes
from needling.simulation.equations import healing
from needling.simulation.equations.spatial import bessel_k0
from needling.simulation.mapping.agreement import Criteria
from needling.simulation.mapping.agreement import agreement as compare
from needling.simulation.mapping.punctures import Punctures, recorded, scattered
from needling.simulation.mapping.stimulus import HealedMap, Stimulus, amplitude, convolved, coverage_map
from needling.simulation.models import Models
from needling.simulation.seam.picture import ChannelMap, middle_member

STROKE = Stroke(zone="cheek-left", needle_length_mm=1.5, directions_count=4, passes_count=4, force_N=5)
ZONE = Outline.rectangle(50, 50)
CRITERIA = Criteria(difference=0.2, distance=3e-3, threshold=0.1, smoothing=2e-3, wanted=0.95)
DAY_S = 86400.0


def laid(key: int = 0, zone: Outline = ZONE, **more: object) -> ChannelMap:
    return channel_map("roller-clinic", STROKE, zone, world(), key=key, **more)  # type: ignore[arg-type]


def stripe(shift: float) -> Punctures:
    """A dense stripe 10 mm wide in an empty zone, moved by a distance."""
    x, y = np.meshgrid(0.02 + shift + np.arange(0, 0.01, 5e-4), np.arange(2.5e-4, 0.05, 5e-4))
    none = np.zeros(x.size, dtype=np.int64)
    return recorded(laid().punctures, x.ravel(), y.ravel(), none, np.full(x.size, 1e-3))


# ---------------------------------------------------------------- agreement


def test_a_map_agrees_with_itself_entirely() -> None:
    one = laid()
    found = agreement(one, one)
    assert found.passed == 1.0 and found.mean_gamma == 0.0 and found.agrees
    report = agreement_report(found)
    assert report.passed_share == 1.0 and report.agrees and report.planned_per_cm2 == report.delivered_per_cm2


def test_two_careful_deliveries_of_one_plan_agree() -> None:
    assert all(agreement(laid(key), laid(key + 1)).passed > 0.99 for key in (0, 2, 4))


def test_a_shifted_stripe_agrees_up_to_the_allowed_distance() -> None:
    """With edges as steep as the window allows: moved by less than the distance it agrees, by far more it does not."""
    passed = [compare(stripe(0.0), stripe(shift), CRITERIA).passed for shift in (0.0, 2e-3, 6e-3, 12e-3)]
    assert passed[0] == 1.0 and passed[1] > 0.97
    assert passed[2] < 0.9 and passed[3] < 0.5
    assert passed == sorted(passed, reverse=True)


def test_a_third_too_few_fails_everywhere_and_a_tenth_passes() -> None:
    one = laid()
    luck = np.random.default_rng(4).random(one.x_mm.size)
    for share, low, high in ((0.9, 0.99, 1.0), (0.55, 0.0, 0.2)):
        kept = luck < share
        thinner = recorded_map(one.x_mm[kept], one.y_mm[kept], one)
        assert low <= agreement(one, thinner).passed <= high


def test_an_even_plan_is_a_number() -> None:
    one = laid()
    assert agreement(one.density_per_cm2, one).passed > 0.97
    assert agreement(2 * one.density_per_cm2, one).passed < 0.01


def test_what_cannot_be_compared_is_refused() -> None:
    with pytest.raises(BadInput, match="different zones"):
        agreement(laid(zone=Outline.rectangle(40, 50)), laid())
    with pytest.raises(BadInput, match="nothing to agree"):
        agreement(0.0, laid())
    with pytest.raises(BadInput, match="different length"):
        recorded_map([1.0, 2.0], [1.0], laid())
    with pytest.raises(BadInput, match="none of the recorded"):
        recorded_map([900.0], [900.0], laid())
    with pytest.raises(BadInput, match="no stroke"):
        recorded_map([1.0], [1.0], laid()).report()


# ---------------------------------------------------------------- stimulus


def test_bessel_function_at_known_places() -> None:
    """Abramowitz and Stegun, table 9.8: K0(1) and K0(2); and its limits."""
    assert bessel_k0(1.0) == pytest.approx(0.4210244382, abs=1e-10)
    assert bessel_k0(2.0) == pytest.approx(0.1138938727, abs=1e-10)
    assert bessel_k0(1e-4) == pytest.approx(-math.log(0.5e-4) - 0.5772156649, rel=1e-7)
    assert bessel_k0(30.0) == pytest.approx(math.sqrt(math.pi / 60) * math.exp(-30), rel=0.005)


@pytest.mark.parametrize("density_per_cm2", [15, 60, 230, 900])
def test_random_channels_have_the_mean_field_coverage(density_per_cm2: float) -> None:
    """The one scale of the kernel serves all densities: zone means agree with 1 - exp(-n pi (r_c + lambda)^2)."""
    base = laid(zone=Outline.rectangle(80, 80)).punctures
    halo, radius = 0.33e-3, 0.5 * base.reach.diameter
    cells = base.region.cells(1e-4)
    inner = (slice(40, -40), slice(40, -40))
    means = []
    for seed in range(3):
        made = scattered(base, density_per_cm2 * 1e4, np.random.default_rng(seed))
        deep = np.mean(made.depth >= base.reach.epidermis)
        exact = healing.coverage(made.density * float(deep), radius, halo)
        means.append(coverage_map(made, cells, halo)[inner].mean() / exact)
    assert np.mean(means) == pytest.approx(1.0, abs=0.01)


def test_the_scale_solves_its_equation_on_any_grid() -> None:
    reach, areas = 0.37e-3, []
    for cell in (2e-4, 1e-4, 0.5e-4):
        table = lanes_table(cell)
        scale = amplitude(table, cell, reach)
        areas.append(scale)
        assert -np.expm1(-scale * table).sum() * cell**2 == pytest.approx(math.pi * reach**2, rel=1e-12)
    assert areas[1] == pytest.approx(areas[2], rel=0.03)  # converges with the cell


def lanes_table(cell: float) -> np.ndarray:
    from needling.simulation.engines.lanes import mapping

    return mapping.signal_table(4e-5, 0.33e-3, cell, math.ceil(3.3e-3 / cell), 4)


def test_convolution_by_fft_is_the_sum_of_its_parts() -> None:
    luck = np.random.default_rng(6)
    grid, table = luck.random((23, 31)), luck.random((7, 7))
    padded = np.pad(grid, 3)
    direct = sum(table[6 - a, 6 - b] * padded[a : a + 23, b : b + 31] for a in range(7) for b in range(7))
    assert np.allclose(convolved(grid, table), direct, rtol=1e-12)


def test_stimulus_shows_gaps_and_stays_between_none_and_the_depth_response() -> None:
    one = laid()
    stimulus = stimulus_map(one.punctures, one.member, 1e-4)
    reach = one.punctures.reach
    most = healing.depth_response(reach.depth, reach.epidermis, one.member["epidermis-fade"], one.member["depth-scale"])
    assert stimulus.values.min() >= 0 and stimulus.values.max() <= most
    gap = one.summary.gap_at
    row, column = int(gap[1] / 1e-4), int(gap[0] / 1e-4)
    assert stimulus.values[row, column] < 0.35 * stimulus.mean
    low, middle, high = stimulus.quantiles((0.05, 0.5, 0.95))
    assert low < middle < high
    assert np.mean(stimulus.values <= middle) == pytest.approx(0.5, abs=0.01)
    mean_field = most * healing.coverage(
        one.punctures.density * float(np.mean(one.punctures.depth >= reach.epidermis)),
        0.5 * reach.diameter,
        one.member["signal-halo"],
    )
    # a roller is a little more even than chance, so it reaches a little more
    assert 1.0 <= stimulus.mean / mean_field < 1.1


def test_the_map_gives_the_factor_that_the_spatial_model_takes() -> None:
    assert 1.0 <= laid().stimulus_ratio < 1.1
    assert laid(edges="stop").stimulus_ratio < 0.9
    assert laid(condition="worn").stimulus_ratio < laid().stimulus_ratio
    person, assessment = somebody()
    plan, belief = course_plan(sessions=1), Belief.prior(world(), members=32)
    zone = assessment.zones[0].zone
    plain = simulate(plan, person, assessment, belief)
    factor = laid(edges="stop").stimulus_ratio
    thinner = simulate(plan, person, assessment, belief, models=Models(stimulus="spatial"), spatial={zone: factor})
    assert np.allclose(thinner.stimulus, factor * plain.stimulus)


# ---------------------------------------------------------------- healing


def healed(sessions: list[Stimulus], bins: int = 64) -> HealedMap:
    member = middle_member(world())
    times = np.array([0.0, 28.0, 56.0])[: len(sessions)] * DAY_S
    return heal_cells(sessions, times, np.array([0.0, 30.0, 90.0, 180.0]) * DAY_S, member, bins=bins)


def test_places_heal_like_people_with_their_stimulus() -> None:
    zone = Outline.rectangle(12, 9)
    sessions = [stimulus_map(laid(key, zone).punctures, laid(key, zone).member, 5e-4) for key in (0, 1)]
    found = healed(sessions, bins=400)
    member = middle_member(world())
    flat = np.array([one.values.ravel() for one in sessions])
    table = np.repeat(np.array([[member[name]] for name in healing.PARAMETERS]), flat.shape[1], axis=1)
    task = Task(np.array([0.0, 28.0]) * DAY_S, found.time, flat, np.zeros_like(flat), np.ones((3, flat.shape[1])))
    exact = lanes.heal([task], table)[0][0][MEASURES.index("collagen"), -1].reshape(sessions[0].values.shape)
    assert np.allclose(found.at("collagen", 180 * DAY_S), exact, rtol=1e-6)
    assert found.mean("collagen")[-1] == pytest.approx(exact.mean(), rel=1e-6)


def test_classes_of_stimulus_converge_and_gaps_heal_less() -> None:
    sessions = [laid(0).stimulus]
    coarse, fine = healed(sessions, 32), healed(sessions, 256)
    assert coarse.mean("collagen")[-1] == pytest.approx(fine.mean("collagen")[-1], rel=1e-3)
    collagen, stimulus = fine.at("collagen", 180 * DAY_S), sessions[0].values
    low, high = np.quantile(stimulus, (0.05, 0.95))
    assert collagen[stimulus < low].mean() < collagen.mean() < collagen[stimulus > high].mean()
    assert np.all(fine.at("collagen", 0.0) == 1.0)
