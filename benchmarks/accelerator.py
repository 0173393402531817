"""Healing, transport and a gradient by JAX, on whatever it has (a GPU or the cores), beside the lanes in the same run.

Run as ``python benchmarks/accelerator.py``; the same text on a machine with a GPU and one without.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "src"), str(Path(__file__).parent)]

import healing as a_year  # noqa: E402
import transport as a_day  # noqa: E402

from needling.simulation.engines import MEASURES, engine, mesh  # noqa: E402
from needling.simulation.equations import healing  # noqa: E402

PEOPLE = 10_000
DIFFERENTIATED = 1_000
REPEATS = 5


def _timed(run: Callable[[], Any]) -> tuple[Any, float, float]:
    """What it gives, the first time (compiled or loaded) and the best of the others, s."""
    start = time.perf_counter()
    found = run()
    first = time.perf_counter() - start
    return found, first, a_year.best(run, REPEATS)


def _line(work: str, count: int, first: float, taken: float, lanes_s: float, error: float) -> None:
    print(
        f"{work:<38} {taken * 1e3:8.1f} ms   {count / taken:9.0f} people/s   first {first:5.1f} s   "
        f"lanes {lanes_s * 1e3:7.1f} ms, ratio {lanes_s / taken:5.2f}   largest difference {error:.0e}"
    )


def run() -> dict[str, float]:
    """Measure, print and return seconds, ratios to the lanes, and the largest differences from them."""
    if find_spec("jax") is None:
        print("JAX is not installed (pip install 'needling[jax]'); nothing was measured")
        return {}
    import jax

    lanes, xla = engine("lanes"), engine("xla")
    devices = jax.devices()
    print(f"JAX {jax.__version__} on {len(devices)} x {devices[0].device_kind} ({jax.default_backend()})")
    found: dict[str, float] = {}

    task, parameters = a_year.year(PEOPLE), a_year.people(PEOPLE)
    ((out, _),) = lanes.heal([task], parameters)
    ((ours, _),), first, taken = _timed(lambda: xla.heal([task], parameters))
    lanes_s = a_year.best(lambda: lanes.heal([task], parameters), REPEATS)
    error = float(np.max(np.abs(ours - out) / np.abs(out).max(axis=(1, 2), keepdims=True)))
    _line(f"one year of healing, {PEOPLE} people", PEOPLE, first, taken, lanes_s, error)
    found |= {"healing_s": taken, "healing_ratio": lanes_s / taken, "healing_error": error}

    serum = a_day.people(PEOPLE)
    theirs = lanes.spread(serum, accuracy=mesh.FAST, profile=False)
    spread, first, taken = _timed(lambda: xla.spread(serum, accuracy=mesh.FAST, profile=False))
    lanes_s = a_year.best(lambda: lanes.spread(serum, accuracy=mesh.FAST, profile=False), REPEATS)
    error = float(np.max(np.abs(spread.amount - theirs.amount) / serum.dose))
    _line(f"one day of transport, {PEOPLE} people", PEOPLE, first, taken, lanes_s, error)
    found |= {"transport_s": taken, "transport_ratio": lanes_s / taken, "transport_error": error}

    found |= _gradient(lanes, DIFFERENTIATED)
    return found


def _gradient(lanes: Any, count: int) -> dict[str, float]:
    """The outcome after a year against all parameters: in reverse, and by differences of the lanes."""
    from needling.simulation.engines.xla import sensitivities

    task, parameters = a_year.year(count), a_year.people(count)
    row = MEASURES.index("residual")

    def differences() -> Any:
        step, slopes = 1e-4, []
        for parameter in range(len(healing.PARAMETERS)):
            ends = []
            for share in (1 + step, 1 - step):
                moved = parameters.copy()
                moved[parameter] *= share
                ends.append(lanes.heal([task], moved, measures=("residual",))[0][0][0, -1])
            slopes.append((ends[0] - ends[1]) / (2 * step))
        return np.array(slopes)

    ((_, slopes),), first, taken = _timed(
        lambda: sensitivities([task], parameters, MEASURES[row], task.report_time[-1:])
    )
    wanted = differences()
    error = float(np.max(np.abs(slopes[:, 0] * parameters - wanted)) / np.max(np.abs(wanted)))
    by_differences = a_year.best(differences, 1)
    print(
        f"gradient of a year's outcome, {len(healing.PARAMETERS)} parameters, {count} people: {taken * 1e3:.0f} ms "
        f"(first {first:.1f} s); by differences of the lanes {by_differences * 1e3:.0f} ms; they differ by {error:.0e}"
    )
    return {"gradient_s": taken, "differences_s": by_differences, "gradient_error": error}


if __name__ == "__main__":
    run()
