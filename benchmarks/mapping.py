"""Channel maps against NumPy, SciPy's cKDTree and gaussian_filter, doing the same work in the same run.

Run as ``python benchmarks/mapping.py``; ``NUMBA_NUM_THREADS=2`` sets the cores. The tree may use as many threads as our
kernels do; the filter of SciPy has one only.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "src")]

from needling.simulation.engines.lanes import mapping as fast  # noqa: E402
from needling.simulation.engines.lanes.compiling import SETTINGS  # noqa: E402
from needling.simulation.engines.reference import mapping as slow  # noqa: E402
from needling.simulation.mapping import measures  # noqa: E402
from needling.simulation.mapping.devices import Geometry, Pattern, Reach  # noqa: E402
from needling.simulation.mapping.punctures import lanes_of, puncture  # noqa: E402
from needling.simulation.mapping.region import Region  # noqa: E402
from needling.simulation.mapping.stimulus import coverage_map  # noqa: E402

ROLLER = Geometry("roller", needles=192, rings=8, drum_radius=0.01, drum_width=0.02, needle_length=1.5e-3)
REACH = Reach(depth=8e-4, jitter=0.3, epidermis=8e-5, diameter=7e-5, follow=0.9)
CELL = 1e-4
SIGMA = 10.0  # cells: a window of 1 mm
REPEATS = 7


def _best(run: Callable[[], Any], times: int = REPEATS) -> float:
    """Shortest wall time of some runs, s."""
    taken = []
    for _ in range(times):
        start = time.perf_counter()
        run()
        taken.append(time.perf_counter() - start)
    return min(taken)


def _pattern(passes: int) -> Pattern:
    return Pattern(4, passes // 4, jitter=0.087, lane_jitter=0.026)


def _lanes(pattern: Pattern, region: Region) -> np.ndarray:
    return lanes_of(ROLLER, pattern, region, 0).table


def _laid(engine: Any, lanes: np.ndarray, region: Region) -> tuple[np.ndarray, np.ndarray]:
    middle = 0.5 * ROLLER.width
    x, y, _, _ = engine.lay(
        lanes, ROLLER.template(), ROLLER.per_ring, np.empty(0), middle, np.empty((0, 2)), region.corners
    )
    return x, y


def _ours(x: np.ndarray, y: np.ndarray, place: tuple[Any, ...]) -> tuple[np.ndarray, np.ndarray]:
    return fast.blur(fast.count(x, y, *place), SIGMA), fast.nearest(x, y)


def _theirs(x: np.ndarray, y: np.ndarray, place: tuple[Any, ...], workers: int) -> tuple[np.ndarray, np.ndarray]:
    return slow.blur(slow.count(x, y, *place), SIGMA), slow.nearest(x, y, workers=workers)


def run() -> dict[str, float]:
    """Measure, print and return the ratios."""
    fast.warm()
    threads = int(SETTINGS.NUMBA_NUM_THREADS)
    print(f"threads {threads}, load of the machine before {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    region = Region.rectangle(0.1, 0.1)
    pattern = _pattern(40)
    made = puncture(ROLLER, pattern, region, 0, REACH)
    place = region.cells(CELL).place
    found: dict[str, float] = {"punctures": float(made.x.size)}

    density, near = _ours(made.x, made.y, place)
    other_density, other_near = _theirs(made.x, made.y, place, threads)
    found["density_error"] = float(np.max(np.abs(density - other_density)) / density.max())
    found["nearest_error"] = float(np.max(np.abs(near - other_near)) / near.mean())
    ours = _best(lambda: _ours(made.x, made.y, place), 3 * REPEATS)
    theirs = _best(lambda: _theirs(made.x, made.y, place, threads))
    one_thread = _best(lambda: _theirs(made.x, made.y, place, 1), 3)
    found |= {"map_ratio": theirs / ours, "map_ratio_one_thread": one_thread / ours}
    print(
        f"10 x 10 cm, 40 passes, {made.x.size} punctures, density at 0.1 mm (counted and smoothed) and nearest "
        f"neighbours, same punctures: ours {ours * 1e3:.1f} ms; NumPy, cKDTree ({threads} threads), gaussian_filter "
        f"{theirs * 1e3:.0f} ms, tree on one thread {one_thread * 1e3:.0f} ms; ratio {theirs / ours:.1f}, "
        f"{one_thread / ours:.1f} (bar: 10); differences {found['density_error']:.0e}, {found['nearest_error']:.0e}"
    )

    lanes = _lanes(pattern, region)
    ours_all = _best(lambda: _ours(*_laid(fast, _lanes(pattern, region), region), place))
    theirs_all = _best(lambda: _theirs(*_laid(slow, _lanes(pattern, region), region), place, threads), 3)
    found["with_laying_ratio"] = theirs_all / ours_all
    same = all(np.array_equal(np.sort(a), np.sort(b)) or np.allclose(np.sort(a), np.sort(b), rtol=0, atol=1e-12)
               for a, b in zip(_laid(fast, lanes, region), _laid(slow, lanes, region), strict=True))  # fmt: skip
    print(
        f"the same with laying every puncture: ours {ours_all * 1e3:.1f} ms, NumPy and SciPy "
        f"{theirs_all * 1e3:.0f} ms; ratio {theirs_all / ours_all:.1f}; same punctures: {same}"
    )

    parts = {
        "lay": _best(lambda: puncture(ROLLER, pattern, region, 0, REACH)),
        "count": _best(lambda: fast.count(made.x, made.y, *place)),
        "smooth": _best(lambda: fast.blur(density, SIGMA)),
        "nearest": _best(lambda: fast.nearest(made.x, made.y)),
        "stimulus by FFT": _best(lambda: coverage_map(made, region.cells(CELL), 0.33e-3), 3),
        "whole summary": _best(
            lambda: measures.summarise(made, measures.Binning(CELL, 1e-3, 2e-3, 1e-3, 0.33e-3, 5e-4)), 3
        ),
    }
    print("parts, ms: " + ", ".join(f"{name} {taken * 1e3:.1f}" for name, taken in parts.items()))

    sizes, laying, neighbours = [], [], []
    for passes in (8, 40, 160, 640):
        many = _pattern(passes)
        one = puncture(ROLLER, many, region, 0, REACH)
        sizes.append(one.x.size)
        laying.append(_best(lambda many=many: puncture(ROLLER, many, region, 0, REACH), 3))  # type: ignore[misc]
        neighbours.append(_best(lambda one=one: fast.nearest(one.x, one.y), 3))  # type: ignore[misc]
    for name, times in (("laying", laying), ("nearest", neighbours)):
        slope = float(np.polyfit(np.log(sizes), np.log(times), 1)[0])
        found[f"{name}_exponent"] = slope
        print(
            f"{name}: "
            + ", ".join(f"{size} punctures {taken * 1e3:.1f} ms" for size, taken in zip(sizes, times, strict=True))
            + f"; time grows as punctures to the power {slope:.2f}"
        )
    return found


if __name__ == "__main__":
    run()
