"""A streamed population: the same people as an ensemble, whatever the chunk, in a fixed space."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.virtual_world import course_plan, somebody, world

from needling.errors import BadInput, NotAllowed
from needling.simulation import Belief, simulate
from needling.simulation.counting import Counts
from needling.simulation.population import BLOCK, LEVELS, PopulationSummary, simulate_population

ROOT = Path(__file__).parents[2]
FEW = 300


def _run(people: int, **options: object) -> PopulationSummary:
    return simulate_population(
        course_plan(sessions=2),
        *somebody(),
        Belief.prior(world()),
        people,
        **options,  # type: ignore[arg-type]
    )


def _same(one: PopulationSummary, other: PopulationSummary) -> bool:
    bands = zip(one.bands, other.bands, strict=True)
    return one.spreads == other.spreads and all(
        np.array_equal(a.mean, b.mean) and np.array_equal(a.quantiles, b.quantiles) for a, b in bands
    )


def test_people_are_the_members_of_an_ensemble() -> None:
    course = simulate(course_plan(sessions=2), *somebody(), Belief.prior(world(), members=FEW))
    found = _run(FEW)
    assert found.people == FEW and found.without_forecast == 0
    assert np.allclose(found.days, course.time / 86400)
    for name, zone, values in (
        ("redness", None, course.redness_time / 86400),
        ("ready", None, course.ready_time / 86400),
        ("depth", "cheek-left", course.depth[0, 0] * 1e3),
        ("lasting-mark", None, 1 - (1 - course.pih_probability) * (1 - course.track_probability)),
    ):
        spread = found.spread(name, zone)
        assert spread.mean == pytest.approx(values.mean(), abs=2e-9)
        assert np.allclose(spread.quantiles, np.quantile(values, LEVELS, method="hazen"), rtol=0.02)
    collagen = next(band for band in found.bands if band.name == "collagen")
    assert np.allclose(collagen.mean, course.collagen[:, 0].mean(axis=0), atol=2e-9)
    assert collagen.quantiles.shape == (len(LEVELS), course.time.size)


def test_no_result_depends_on_the_chunk_or_the_threads() -> None:
    people = BLOCK + 500
    whole = _run(people)
    for options in ({"chunk": 1}, {"chunk": 10 * BLOCK, "threads": 1}, {"chunk": BLOCK + 1, "threads": 3}):
        assert _same(whole, _run(people, **options)), options
    assert not _same(whole, _run(people, key=1))


def test_progress_counts_up_to_everybody() -> None:
    seen: list[tuple[int, int, float]] = []
    _run(BLOCK + 1, chunk=BLOCK, progress=lambda done, people, left: seen.append((done, people, left)))
    assert [(done, people) for done, people, _ in seen] == [(BLOCK, BLOCK + 1), (BLOCK + 1, BLOCK + 1)]
    assert seen[0][2] > 0 and seen[-1][2] == 0


def test_more_numbers_of_a_course_can_be_asked_for() -> None:
    found = _run(40, also=lambda course: {("first-passes", "count"): course.passes[0, 0]})
    spread = found.spread("first-passes")
    assert spread.unit == "count" and spread.mean > 0
    with pytest.raises(BadInput, match="first-passes"):
        found.spread("second-passes")


def test_nobody_is_no_population() -> None:
    with pytest.raises(BadInput, match="at least 1 person"):
        _run(0)
    with pytest.raises(BadInput, match="chunk"):
        _run(5, chunk=0)


def test_people_without_a_forecast_are_counted_and_left_out() -> None:
    far = course_plan(device="pen", sessions=2, directions=8, passes=40)
    found = simulate_population(far, *somebody(), Belief.prior(world()), 30)
    assert (found.people, found.without_forecast, found.spreads) == (30, 30, ())


@given(st.lists(st.floats(-4000, 4000), min_size=1, max_size=80), st.integers(0, 80))
def test_counts_do_not_depend_on_the_order_of_adding(values: list[float], cut: int) -> None:
    row = np.array([values])
    together, apart = Counts(1), Counts(1)
    together.add(row)
    apart.add(row[:, cut:])
    apart.add(row[:, :cut])
    assert np.array_equal(together.bins, apart.bins) and together.people == apart.people == row.size
    assert np.array_equal(together.means(), apart.means())
    assert np.array_equal(together.quantiles(LEVELS), apart.quantiles(LEVELS))
    assert together.means()[0] == pytest.approx(row.mean(), abs=1e-8)


def test_quantiles_of_counts_are_within_a_bin() -> None:
    rng = np.random.default_rng(0)
    rows = np.stack([rng.normal(0, 3, 40000), np.exp(rng.normal(0, 1, 40000)), -rng.exponential(5, 40000)])
    counts = Counts(3)
    for part in np.array_split(rows, 7, axis=1):
        counts.add(part)
    for row, found in zip(rows, counts.quantiles((0.01, 0.3, 0.5, 0.9)).T, strict=True):
        assert np.allclose(found, np.quantile(row, (0.01, 0.3, 0.5, 0.9)), rtol=0.008, atol=1e-3)
    zeros = Counts(1)
    zeros.add(np.zeros((1, 9)))
    assert zeros.quantiles((0.5,))[0, 0] == zeros.means()[0] == 0


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="needs the resource module")
def test_memory_does_not_grow_with_the_people() -> None:
    code = (
        "import resource, sys\n"
        "from tests.virtual_world import course_plan, somebody, world\n"
        "from needling.simulation import Belief\n"
        "from needling.simulation.population import BLOCK, simulate_population\n"
        "for blocks in (3, 3, 24):\n"
        "    simulate_population(course_plan(sessions=2), *somebody(), Belief.prior(world()), blocks * BLOCK,\n"
        "                        chunk=2 * BLOCK, threads=2)\n"
        "    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    _, few, many = map(int, done.stdout.split())
    assert many < 1.1 * few, "eight times the people take more room"


def test_a_serum_is_counted_beside_the_healing_and_its_gate_comes_first() -> None:
    from needling.documents.exposure import SerumGate, SerumUse, Substance
    from needling.simulation.population import serum_doses

    caffeine = Substance(name="caffeine", molar_mass_g_per_mol=194.19, log_kow_ratio=-0.07, acid_or_base="neutral")
    use = SerumUse(
        substance=caffeine,
        product_mg_per_cm2=2,
        concentration_share=0.01,
        needle_length_mm=1.5,
        device="roller-mf8",
    )
    with pytest.raises(NotAllowed, match="caffeine: no"):
        serum_doses(use, SerumGate(allowed=False, why="no"))
    course = simulate(course_plan(sessions=2), *somebody(), Belief.prior(world(), members=20))
    found = serum_doses(use, SerumGate(allowed=True, why="a test"))(course)
    needled, whole = found["serum-needled", "ug_per_cm2"], found["serum-whole-skin", "ug_per_cm2"]
    assert needled.shape == whole.shape == (20,)
    assert np.all(needled >= whole) and np.all(needled <= 20.0 * (1 + 1e-9))  # the dose: 2 mg at one in a hundred
