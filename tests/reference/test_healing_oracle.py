"""The fast engine against SciPy's LSODA and against plain scalar calls, on random people."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.linalg import expm
from tests.virtual_world import world

from needling.simulation import Belief
from needling.simulation.engines import CALM, MEASURES, Floats, Task, lanes, reference
from needling.simulation.engines.grid import FINE, fastest_rates, graded_grid
from needling.simulation.engines.lanes import healing as fast_healing
from needling.simulation.equations import healing
from needling.simulation.equations.stroke import STROKE_PARAMETERS

DAY_S = 86400.0


def _parameters(belief: Belief, names: tuple[str, ...]) -> Floats:
    drawn = belief.draw(3)
    return np.array([drawn[name] for name in names])


def _task(rng: np.random.Generator, members: int, days: tuple[float, ...], end_d: float) -> Task:
    session_time = np.array(days) * DAY_S
    offsets = np.array([0, 0.25, 1, 2, 5, 10, 20, 30, 60, 120, 200])
    reports = {0.0, end_d, *(day + offset for day in days for offset in offsets if day + offset < end_d)}
    return Task(
        session_time=session_time,
        report_time=np.array(sorted(reports)) * DAY_S,
        stimulus=rng.uniform(0.005, 0.6, (len(days), members)),
        opening=rng.uniform(0.1, 1.0, (len(days), members)),
        half_life=np.exp(rng.normal(0, 0.5, (3, members))) * 20 * 3600,
    )


@pytest.mark.parametrize("days", [(0.0,), (0.0, 30.0, 60.0, 90.0), (0.0, 3.5, 7.0, 10.5, 17.0), (5.0, 33.0)])
def test_lanes_agree_with_lsoda(days: tuple[float, ...]) -> None:
    rng = np.random.default_rng(len(days))
    belief = Belief.prior(world(), members=40)
    parameters = _parameters(belief, healing.PARAMETERS)
    task = _task(rng, 40, days, 300.0)
    ((fast, calm),) = lanes.heal([task], parameters)
    for member in rng.choice(40, 4, replace=False):
        slow, slow_calm = reference.heal_one(task, parameters[:, member], int(member))
        scale = np.maximum(np.abs(slow).max(axis=1, keepdims=True), 1e-12)
        worst = np.max(np.abs(fast[:, :, member] - slow) / scale, axis=1)
        assert np.all(worst < 1e-6), dict(zip(MEASURES, worst, strict=True))
        # crossings are read off the steps by straight lines: pictures and waiting times, not states
        assert np.allclose(calm[:, member], slow_calm, atol=0.02 * DAY_S), dict(
            zip(CALM, calm[:, member] / DAY_S, strict=True)
        )


def test_one_member_alone_is_as_accurate_as_a_crowd() -> None:
    """The time grid of one slow person must not be coarser than that person's own rates allow."""
    rng = np.random.default_rng(2)
    belief = Belief.prior(world(), members=2000)
    parameters = _parameters(belief, healing.PARAMETERS)
    losses = parameters[0] + parameters[healing.PARAMETERS.index("fibroblast-loss-rate")]
    for member in [*np.argsort(losses)[:8], *rng.choice(2000, 12, replace=False)]:
        task = _task(rng, 1, (0.0,), 120.0)
        alone = parameters[:, [member]]
        ((fast, _),) = lanes.heal([task], alone)
        slow, _ = reference.heal_one(task, alone[:, 0], 0)
        worst = np.max(np.abs(fast[:, :, 0] - slow) / np.abs(slow).max(axis=1, keepdims=True), axis=1)
        assert np.all(worst < 1e-6), (member, dict(zip(MEASURES, worst, strict=True)))


def test_series_of_the_early_states_is_as_exact_as_said() -> None:
    """At the longest half step of each member's own grid."""
    parameters = _parameters(Belief.prior(world(), members=300), healing.PARAMETERS)
    early = slice(fast_healing._EARLY, fast_healing._SESSION)
    for member in range(300):
        one = parameters[:, [member]]
        _, slow = fastest_rates(one)
        step = 0.5 * FINE.cap / slow
        k_d, k_i, k_p, k_m = one[early, 0]
        exact = expm(np.array([[-k_d, 0, 0], [k_i, -k_i, 0], [0, k_p, -k_m]]) * step)[np.tril_indices(3)]
        assert np.allclose(
            healing.early_transition(step, k_d, k_i, k_p, k_m, fast_healing._TERMS), exact, rtol=0, atol=4e-15
        )


def test_redness_at_the_end_of_the_report_counts() -> None:
    """The last session lies so near the end that nobody is pale again before it."""
    belief = Belief.prior(world(), members=6)
    parameters = _parameters(belief, healing.PARAMETERS)
    task = _task(np.random.default_rng(3), 6, (0.0,), 0.25)
    task = Task(task.session_time, task.report_time, np.full((1, 6), 0.9), task.opening, task.half_life)
    ((_, calm),) = lanes.heal([task], parameters)
    assert np.allclose(calm, 0.25 * DAY_S)
    for member in range(6):
        assert np.allclose(reference.heal_one(task, parameters[:, member], member)[1], 0.25 * DAY_S)


def test_target_state_is_the_exponential_of_collagen() -> None:
    """Y is carried as a state; it must stay exp(-a (C - 1)), and S must follow it."""
    belief = Belief.prior(world(), members=8)
    parameters = _parameters(belief, healing.PARAMETERS)
    parameters[healing.PARAMETERS.index("clinical-lag")] = 0.5 * DAY_S  # so short that S is Y
    task = _task(np.random.default_rng(1), 8, (0.0, 28.0), 400.0)
    ((out, _),) = lanes.heal([task], parameters)
    gain = parameters[healing.PARAMETERS.index("clinical-gain")]
    wanted = np.exp(-gain * (out[MEASURES.index("collagen"), -1] - 1))
    assert np.allclose(out[MEASURES.index("residual"), -1], wanted, rtol=1e-3)


@pytest.mark.parametrize(
    "rates", [(1.0, 1.0, 1.0, 0.2), (1.0, 1.0, 2.0, 1.0), (2.0, 0.5, 1.0, 0.1), (0.3, 2.0, 3.0, 2.0)]
)
def test_early_transition_is_the_matrix_exponential(rates: tuple[float, float, float, float]) -> None:
    """Equal rates included, where the usual closed form divides by zero."""
    k_d, k_i, k_p, k_m = rates
    matrix = np.array([[-k_d, 0, 0], [k_i, -k_i, 0], [0, k_p, -k_m]])
    for step in (1e-3, 0.1, 1.0):
        exact = expm(matrix * step)
        ours = healing.early_transition(step, *rates, 40)
        assert np.allclose(ours, exact[np.tril_indices(3)][[0, 1, 2, 3, 4, 5]], rtol=1e-12, atol=1e-15)


def test_strokes_agree_with_scalar_calls() -> None:
    rng = np.random.default_rng(0)
    parameters = _parameters(Belief.prior(world(), members=12), STROKE_PARAMETERS)
    tools = np.array(
        [
            (0, 192, 0.01, 0.02, 1, 1, 1, 1, 250e-6, 8e-6, 1.5e-3, 16, 4.0, 0, 0, 0),
            (0, 192, 0.01, 0.02, 1, 1, 1, 1, 70e-6, 30e-6, 0.2e-3, 6, 0.3, 1, 0, 0),
            (1, 20, 1, 1, 0.5e-4, 1, 1, 1, 200e-6, 8e-6, 1e-3, 4, 2.0, 2, 0, 1),
            (2, 12, 1, 1, 1, 7e-3, 110, 0.04, 250e-6, 8e-6, 1.5e-3, 1, 1.0, 0, 0.1, 0),
        ]
    )
    epidermis = rng.uniform(40e-6, 150e-6, (4, 12))
    assert np.allclose(
        lanes.strokes(tools, epidermis, parameters), reference.strokes(tools, epidermis, parameters), rtol=1e-11
    )


def test_members_do_not_see_each_other() -> None:
    """A lane's result does not depend on who runs beside it, up to the shared time grid."""
    belief = Belief.prior(world(), members=70)
    parameters = _parameters(belief, healing.PARAMETERS)
    task = _task(np.random.default_rng(5), 70, (0.0, 21.0), 200.0)
    ((all_out, _),) = lanes.heal([task], parameters)
    few = [3, 64, 69]
    small = Task(
        task.session_time, task.report_time, task.stimulus[:, few], task.opening[:, few], task.half_life[:, few]
    )
    ((few_out, _),) = lanes.heal([small], parameters[:, few])
    scale = np.abs(few_out).max(axis=1, keepdims=True)
    assert np.max(np.abs(few_out - all_out[:, :, few]) / scale) < 2e-6  # each is within 1e-6 of the truth


def test_few_reports_are_as_exact_as_many_and_cost_no_more_steps() -> None:
    """Where reports are few the grid grades itself; neither as fine as its first step all along nor too coarse."""
    rng = np.random.default_rng(6)
    parameters = _parameters(Belief.prior(world(), members=40), healing.PARAMETERS)
    many = _task(rng, 40, (0.0, 28.0, 56.0), 400.0)
    few = Task(many.session_time, many.report_time[[0, -1]], many.stimulus, many.opening, many.half_life)
    fast, slow = fastest_rates(parameters)
    steps = [graded_grid(t.session_time, t.report_time, fast, slow, FINE).step.size for t in (few, many)]
    assert steps[0] <= steps[1]
    (short, _), (long, _) = lanes.heal([few, many], parameters)
    for member in (3, 17):
        exact, _ = reference.heal_one(many, parameters[:, member], member)
        scale = np.abs(exact).max(axis=1)
        assert np.all(np.abs(short[:, -1, member] - exact[:, -1]) < 1e-6 * scale)
        assert np.all(np.abs(long[:, -1, member] - exact[:, -1]) < 1e-6 * scale)


def test_times_until_calm_are_read_off_to_a_few_minutes() -> None:
    rng = np.random.default_rng(7)
    parameters = _parameters(Belief.prior(world(), members=24), healing.PARAMETERS)
    task = _task(rng, 24, (0.0, 28.0), 90.0)
    ((_, calm),) = lanes.heal([task], parameters)
    for member in range(0, 24, 4):
        _, exact = reference.heal_one(task, parameters[:, member], member)
        assert np.allclose(calm[:, member], exact, atol=0.003 * DAY_S)


def test_only_the_wanted_measures_are_reported_in_the_wanted_order() -> None:
    parameters = _parameters(Belief.prior(world(), members=20), healing.PARAMETERS)
    task = _task(np.random.default_rng(8), 20, (0.0, 28.0), 90.0)
    ((everything, calm),) = lanes.heal([task], parameters)
    wanted = ("residual", "water", "signal")
    ((some, same_calm),) = lanes.heal([task], parameters, measures=wanted)
    assert np.array_equal(some, everything[[MEASURES.index(name) for name in wanted]])
    assert np.array_equal(calm, same_calm)
