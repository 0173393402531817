"""The fast engine against SciPy's LSODA at equal accuracy, and the time to choose among 24 candidates.

Run as ``python benchmarks/healing.py``; ``NUMBA_NUM_THREADS=2`` sets the cores.
"""

from __future__ import annotations

import os
import platform
import sys
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "src")]

from tests.virtual_world import course_plan, somebody, world  # noqa: E402

from needling.simulation import Belief, simulate_many  # noqa: E402
from needling.simulation.engines import MEASURES, Task, lanes, reference  # noqa: E402
from needling.simulation.engines.grid import FINE, Accuracy  # noqa: E402
from needling.simulation.equations import healing  # noqa: E402

DAY_S = 86400.0
MEMBERS = 256
SAMPLE = 24
WANTED = 1e-4
COARSE = Accuracy(first=0.8, growth=0.4, cap=2.0)  # the coarsest grid that keeps the wanted accuracy


def _best(run: Callable[[], Any], times: int) -> float:
    """Shortest wall time of some runs, s."""
    taken = []
    for _ in range(times):
        start = time.perf_counter()
        run()
        taken.append(time.perf_counter() - start)
    return min(taken)


def _year(rng: np.random.Generator) -> Task:
    """One year with four monthly sessions, reported every five days."""
    session_time = np.arange(4) * 28.0 * DAY_S
    return Task(
        session_time,
        np.arange(0, 366, 5.0) * DAY_S,
        rng.uniform(0.1, 0.5, (4, MEMBERS)),
        np.ones((4, MEMBERS)),
        np.full((3, MEMBERS), 20 * 3600.0),
    )


def _lsoda(task: Task, parameters: np.ndarray, member: int, rtol: float) -> np.ndarray:
    """The leanest fair ensemble member with SciPy: one LSODA call between sessions, no events; slow states only."""
    from scipy.integrate import solve_ivp

    loss = parameters[healing.PARAMETERS.index("elastin-session-loss")]
    state = np.zeros(11)
    state[[6, 8, 9, 10]] = 1.0
    parts = []
    ends = [*task.session_time[1:], task.report_time[-1]]
    for index, (start, end) in enumerate(zip(task.session_time, ends, strict=True)):
        stimulus = task.stimulus[index, member]
        state[[0, 3]] += stimulus
        state[8] *= 1 - loss * stimulus
        last = index + 1 == len(ends)
        reports = task.report_time[
            (task.report_time >= start) & ((task.report_time <= end) if last else (task.report_time < end))
        ]
        solved = solve_ivp(
            reference.healing._derivative,
            (start, end),
            state,
            method="LSODA",
            args=(parameters,),
            rtol=rtol,
            atol=rtol * 1e-2,
            t_eval=np.union1d(reports, [end]),
        )
        parts.append(solved.y[:, : reports.size])
        state = solved.y[:, -1].copy()
    y = np.concatenate(parts, axis=1)
    return np.array([y[5] + y[6], y[5], y[8], y[10]])  # collagen, young collagen, elastin, residual


def _error(ours: np.ndarray, exact: np.ndarray) -> float:
    scale = np.abs(exact).max(axis=1, keepdims=True)
    return float(np.max(np.abs(ours - exact) / scale))


def run() -> dict[str, float]:
    """Measure, print and return the ratios."""
    rng = np.random.default_rng(0)
    belief = Belief.prior(world(), members=MEMBERS)
    drawn = belief.draw(0)
    parameters = np.array([drawn[name] for name in healing.PARAMETERS])
    task = _year(rng)
    lanes.warm()
    print(
        f"threads {os.environ.get('NUMBA_NUM_THREADS', 'all')}, Python {platform.python_version()}, "
        + ", ".join(f"{name} {version(name)}" for name in ("numba", "numpy", "scipy"))
    )

    chosen = [int(i) for i in rng.choice(MEMBERS, SAMPLE, replace=False)]
    rows = [MEASURES.index(name) for name in ("collagen", "collagen_iii", "elastin", "residual")]
    exact = {i: reference.heal_one(task, parameters[:, i], i)[0][rows] for i in chosen}
    # LSODA at the loosest tolerance that still gives the wanted accuracy
    for rtol in (1e-2, 3e-3, 1e-3, 3e-4, 1e-4, 3e-5, 1e-5, 1e-6):
        slow_error = max(_error(_lsoda(task, parameters[:, i], i, rtol), exact[i]) for i in chosen)
        if slow_error <= WANTED:
            break
    slow_s = _best(lambda: [_lsoda(task, parameters[:, i], i, rtol) for i in chosen], 3) * MEMBERS / SAMPLE

    found: dict[str, float] = {}
    for name, accuracy in (("coarse", COARSE), ("fine", FINE)):
        out = lanes.heal([task], parameters, accuracy)[0][0]
        error = max(_error(out[rows][:, :, i], exact[i]) for i in chosen)
        fast_s = _best(lambda accuracy=accuracy: lanes.heal([task], parameters, accuracy), 20)  # type: ignore[misc]
        found[f"{name}_error"] = error
        found[f"{name}_ratio"] = slow_s / fast_s
        print(
            f"one year, 4 sessions, {MEMBERS} people: LSODA {slow_s * 1e3:.0f} ms at {slow_error:.1e} (rtol {rtol:g}); "
            f"lanes {name} {fast_s * 1e3:.1f} ms at {error:.1e}; ratio {slow_s / fast_s:.0f}"
        )

    plans = [
        course_plan(length_mm=length, sessions=sessions, interval_d=interval)
        for length in (1.0, 1.5)
        for sessions in (8, 10, 12)
        for interval in (28, 35, 42, 56)
    ]
    person, assessment = somebody()
    horizons = [course.time[-1] / DAY_S for course in simulate_many(plans, person, assessment, belief)]
    choice_s = _best(lambda: simulate_many(plans, person, assessment, belief), 10)
    found |= {"choice_s": choice_s, "candidates": float(len(plans)), "mean_horizon_d": float(np.mean(horizons))}
    print(
        f"{len(plans)} candidates x {MEMBERS} people x {np.mean(horizons) / 365.25:.2f} years: {choice_s * 1e3:.0f} ms"
    )
    return found


if __name__ == "__main__":
    run()
