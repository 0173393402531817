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

from needling.simulation import Belief, simulate_many  # noqa: E402
from needling.simulation.engines import Task, lanes, reference  # noqa: E402
from needling.simulation.engines.grid import COARSE, FINE  # noqa: E402
from needling.simulation.equations import healing  # noqa: E402
from tests.virtual_world import course_plan, somebody, world  # noqa: E402

DAY_S = 86400.0
MEMBERS = 256
SAMPLE = 24
WANTED = 1e-4


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
    return Task(session_time, np.arange(0, 366, 5.0) * DAY_S, rng.uniform(0.1, 0.5, (4, MEMBERS)), np.ones((4, MEMBERS)),
                np.full((3, MEMBERS), 20 * 3600.0))


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
    print(f"threads {os.environ.get('NUMBA_NUM_THREADS', 'all')}, Python {platform.python_version()}, "
          + ", ".join(f"{name} {version(name)}" for name in ("numba", "numpy", "scipy")))

    chosen = rng.choice(MEMBERS, SAMPLE, replace=False)
    exact = {int(i): reference.heal_one(task, parameters[:, i], int(i))[0] for i in chosen}
    # LSODA at the loosest tolerance that still gives the wanted accuracy; no help from events in the timing
    for rtol in (1e-3, 3e-4, 1e-4, 3e-5, 1e-5, 1e-6, 1e-7):
        slow_error = max(_error(reference.heal_one(task, parameters[:, i], i, rtol=rtol, atol=rtol * 1e-2)[0], exact[i])
                         for i in exact)
        if slow_error <= WANTED:
            break
    slow_s = _best(lambda: [reference.heal_one(task, parameters[:, i], i, rtol=rtol, atol=rtol * 1e-2) for i in exact], 1)
    slow_s *= MEMBERS / SAMPLE

    found: dict[str, float] = {}
    for name, accuracy in (("coarse", COARSE), ("fine", FINE)):
        out = lanes.heal([task], parameters, accuracy)[0][0]
        error = max(_error(out[:, :, i], exact[i]) for i in exact)
        fast_s = _best(lambda accuracy=accuracy: lanes.heal([task], parameters, accuracy), 20)  # type: ignore[misc]
        found[f"{name}_error"] = error
        found[f"{name}_ratio"] = slow_s / fast_s
        print(f"one year, 4 sessions, {MEMBERS} people: LSODA {slow_s * 1e3:.0f} ms at {slow_error:.1e} (rtol {rtol:g}); "
              f"lanes {name} {fast_s * 1e3:.1f} ms at {error:.1e}; ratio {slow_s / fast_s:.0f}")

    plans = [course_plan(length_mm=length, sessions=sessions, interval_d=interval)
             for length in (1.0, 1.5) for sessions in (4, 6, 8) for interval in (28, 35, 42, 56)]
    person, assessment = somebody()
    horizons = [course.time[-1] / DAY_S for course in simulate_many(plans, person, assessment, belief)]
    choice_s = _best(lambda: simulate_many(plans, person, assessment, belief), 10)
    found |= {"choice_s": choice_s, "candidates": float(len(plans)), "mean_horizon_d": float(np.mean(horizons))}
    print(f"{len(plans)} candidates x {MEMBERS} people x {np.mean(horizons) / 365.25:.2f} years: {choice_s * 1e3:.0f} ms")
    return found


if __name__ == "__main__":
    run()
