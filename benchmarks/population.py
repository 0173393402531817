"""A million people through the whole chain: time for each, memory, and how both grow with the people."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "src")]

FEW, MANY = 1_000, int(os.environ.get("NEEDLING_BENCH_PEOPLE", "1000000"))
REPEATS = 5
SESSIONS = 4


def _measure(people: int) -> dict[str, float]:
    """In a process of its own: seconds (best of some for few people) and peak memory, MiB."""
    done = subprocess.run(
        [sys.executable, str(Path(__file__)), str(people)],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}"},
    )
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def _alone(people: int) -> None:
    """What the measured process does; prints one line of JSON, and the progress of long runs to stderr."""
    import resource

    from tests.virtual_world import course_plan, somebody, world

    from needling.simulation import Belief
    from needling.simulation.population import simulate_population

    belief, plan, who = Belief.prior(world()), course_plan(sessions=SESSIONS), somebody()
    simulate_population(plan, *who, belief, FEW, key=1)  # kernels and caches
    shown = [0.0]

    def progress(done: int, wanted: int, left: float) -> None:
        if time.monotonic() - shown[0] > 2:
            shown[0] = time.monotonic()
            print(f"{done} of {wanted} people, {left:.0f} s to go", file=sys.stderr)

    taken = []
    for _ in range(REPEATS if people <= FEW else 1):
        start = time.perf_counter()
        summary = simulate_population(plan, *who, belief, people, progress=progress)
        taken.append(time.perf_counter() - start)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    gain = summary.spread("gain")
    print(json.dumps({"seconds": min(taken), "peak_mib": peak, "gain": gain.mean, "without": summary.without_forecast}))


def run() -> dict[str, float]:
    """Time for each person at few and many people, and peak memory at a tenth of the many and at all of them."""
    few, some, many = _measure(FEW), _measure(MANY // 10), _measure(MANY)
    for people, found in ((FEW, few), (MANY // 10, some), (MANY, many)):
        print(
            f"{people:9d} people, draw to outcome, {SESSIONS} sessions: {found['seconds']:8.2f} s, "
            f"{found['seconds'] / people * 1e6:6.1f} us for each, peak memory {found['peak_mib']:.0f} MiB, "
            f"mean gain {found['gain']:.4f}"
        )
    ratio = many["seconds"] / MANY / (few["seconds"] / FEW)
    growth = many["peak_mib"] / some["peak_mib"]
    print(
        f"time for each person at {MANY}: {ratio:.2f} of that at {FEW}   (bar: 1.3); "
        f"memory {growth:.2f} of that at a tenth of the people"
    )
    return {"population_ratio": ratio, "population_memory": growth, "population_s": many["seconds"]}


if __name__ == "__main__":
    _alone(int(sys.argv[1])) if len(sys.argv) > 1 else run()
