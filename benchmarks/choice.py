"""The whole choice, warm: propose, simulate, judge and forecast 24 candidates of 256 possible people."""

from __future__ import annotations

import sys
import time
from datetime import date
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.people import healthy

from needling.choosing import choose
from needling.knowledge import load_knowledge
from needling.planning.propose import propose
from needling.planning.screen import screen
from needling.simulation import Belief, simulate_many

REPEATS = 9


def run() -> dict[str, float]:
    """Median seconds of one choice among the 24 candidates of acne scars on a cheek."""
    kb = load_knowledge()
    person, assessment = healthy(kb, zones=(("cheek-left", "acne-scars-rolling", 40.0),), on=date(2026, 1, 15))
    times: list[tuple[float, float]] = []
    for _ in range(REPEATS):
        clearance = screen(person, assessment, kb)
        start = time.perf_counter()
        plans = propose(person, assessment, clearance, kb)
        belief = Belief.prior(kb)
        middle = time.perf_counter()
        choose(plans, simulate_many(plans, person, assessment, belief))
        times.append((time.perf_counter() - start, middle - start))
    whole = sorted(times)[REPEATS // 2][0]
    proposing = sorted(time for _, time in times)[REPEATS // 2]
    print(
        f"choice among {len(plans) - 1} candidates x 256 people: {whole * 1e3:.0f} ms, of it proposing "
        f"{proposing * 1e3:.0f} ms   (bar: 300 ms)"
    )
    return {"choice_s": whole}


if __name__ == "__main__":
    run()
