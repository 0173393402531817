"""What-if through a planning session: one changed input, or six at once, with full forecasts and paired differences."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import date
from itertools import product
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.insert(0, str(Path(__file__).parents[1] / "src"))

import numpy as np
from tests.people import healthy

from needling.documents import Case
from needling.knowledge import load_knowledge
from needling.simulation import Belief, forecast, simulate_many, warm_lanes
from needling.whatif import PlanningSession

TIMES = 100
WARM_UP = 9
# What a hand at a slider sets, one input at a time; needles of lengths that are sold.
LENGTHS_MM = (0.5, 1.0, 1.5)
PASSES = (1, 2, 3, 4)
SESSIONS = (3, 4)  # for six candidates also one and two more
INTERVALS_D = (42.0, 45.0, 49.0, 52.0, 56.0, 63.0, 70.0)
START = "1.5 mm roller, 4 directions x 4 passes, left cheek, every 6 weeks x 3"
BAR_S = 0.04


def _wishes() -> Iterator[dict[str, float]]:
    """Inputs that differ from those before in one number, none of them twice."""
    lists = (LENGTHS_MM, PASSES, SESSIONS, INTERVALS_D)
    at = [0, 0, 0, 0]
    seen = set()
    names = ("needle_length_mm", "passes_count", "sessions_count", "interval_d")
    while True:
        for which, values in enumerate(lists):
            at[which] = (at[which] + 1) % len(values)
            wish = tuple(values[place] for values, place in zip(lists, at, strict=True))
            if wish not in seen:
                seen.add(wish)
                yield dict(zip(names, wish, strict=True))
        if len(seen) == len(list(product(*lists))):
            return


def _six(wish: dict[str, float]) -> list[dict[str, float]]:
    """Six plans around one wish: two lengths by three numbers of sessions."""
    other = 1.0 if wish["needle_length_mm"] != 1.0 else 1.5
    return [
        {**wish, "needle_length_mm": length, "sessions_count": wish["sessions_count"] + more}
        for length in (wish["needle_length_mm"], other)
        for more in (0, 1, 2)
    ]


def _session() -> PlanningSession:
    kb = load_knowledge()
    person, assessment = healthy(kb, zones=(("cheek-left", "acne-scars-rolling", 40.0),), on=date(2026, 1, 15))
    return PlanningSession(Case(person=person, assessment=assessment), kb, plan=START)


def _timed(session: PlanningSession, six: bool) -> list[tuple[float, float]]:
    """Seconds of each what-if, and of the same plans simulated and forecast without a session, one after the other."""
    case, belief = session.case, Belief.prior(session.kb)
    times = []
    for number, wish in zip(range(TIMES + WARM_UP), _wishes(), strict=False):
        many = _six(wish) if six else [wish]
        start = time.perf_counter()
        found = session.what_if_many(many)
        middle = time.perf_counter()
        plans = [one.plan for one in found]
        courses = simulate_many(plans, case.person, case.assessment, belief)
        plain = [forecast(course, plan) for course, plan in zip(courses, plans, strict=True)]
        end = time.perf_counter()
        assert [one.forecast for one in found] == plain
        if number >= WARM_UP:
            times.append((middle - start, end - middle))
    return times


def measure() -> dict[str, float]:
    """Median and 95th percentile of one change, and of six at once."""
    found = {}
    for name, six in (("single", False), ("six", True)):
        times = np.array(_timed(_session(), six))
        p50, p95 = (float(np.quantile(times[:, 0], level)) for level in (0.5, 0.95))
        plain = float(np.median(times[:, 1]))
        what = "six candidates at once" if six else "one change"
        print(
            f"what-if through PlanningSession, {what}, 256 people, {len(times)} times: p50 {p50 * 1e3:.1f} ms, p95 "
            f"{p95 * 1e3:.1f} ms; simulating and forecasting alone, without a session: p50 {plain * 1e3:.1f} ms"
        )
        found |= {f"{name}_p50_s": p50, f"{name}_p95_s": p95, f"{name}_plain_s": plain}
    return found


def run() -> dict[str, float]:
    """The same in a process that has two cores; its last line says the numbers."""
    two = ["taskset", "-c", "0,1"] if Path("/usr/bin/taskset").exists() else []
    done = subprocess.run(
        [*two, sys.executable, __file__, "here"],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "NUMBA_NUM_THREADS": "2"},
    )
    *said, numbers = done.stdout.strip().splitlines()
    print("\n".join(said))
    return {name: float(value) for name, value in (part.split("=") for part in numbers.split())}


if __name__ == "__main__":
    if sys.argv[1:] == ["here"]:
        warm_lanes()
        print(" ".join(f"{name}={value}" for name, value in measure().items()))
    else:
        run()
