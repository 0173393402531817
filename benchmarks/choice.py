"""The whole choice, warm; what-if, when one input is changed; and the search among thousands of candidates.

The search is timed against the same work as a loop over libroadrunner runs: one run for each candidate and person, its
time taken from a sample of candidates and people. Run ``python benchmarks/choice.py search`` for that part alone.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from datetime import date
from itertools import product
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.insert(0, str(Path(__file__).parents[1] / "src"))
sys.path.insert(0, str(Path(__file__).parent))

import numpy as np
from healing_peers import DAY_S, SHOWN, roadrunner
from tests.people import healthy

from needling.choosing import choose
from needling.choosing.search import Found, find
from needling.documents import Assessment, Goals, Person, Plan
from needling.knowledge import Knowledge, load_knowledge
from needling.planning.candidates import plan_of
from needling.planning.propose import propose
from needling.planning.screen import screen
from needling.simulation import Belief, forecast, simulate, simulate_many, warm_lanes
from needling.simulation.engines import MEASURES, Task, reference
from needling.simulation.equations import healing

REPEATS = 9
WHAT_IFS = 120
# What a hand at a slider changes, one input at a time: each list is walked through in turn.
LENGTHS_MM = (1.0, 1.1, 1.2, 1.3, 1.4, 1.5)
PASSES = (3, 4, 5, 6)
SESSIONS = (3, 4)  # and one and two more: three to six, as the proposals have
INTERVALS_D = (28.0, 35.0, 42.0, 56.0)
SEARCHES = 5
SAMPLED = 6  # candidates that libroadrunner runs, spread over the grid
SAMPLED_PEOPLE = 16


def _person(kb: Knowledge) -> tuple[Person, Assessment]:
    return healthy(kb, zones=(("cheek-left", "acne-scars-rolling", 40.0),), on=date(2026, 1, 15))


def _candidates(first: Plan, length_mm: float, passes: int, sessions: int, interval_d: float) -> list[Plan]:
    """Six plans around one wish: two lengths by three numbers of sessions."""
    found = []
    for more_mm, more in product((0.0, 0.25), (0, 1, 2)):
        session = first.sessions[0]
        strokes = tuple(
            stroke.model_copy(update={"needle_length_mm": length_mm + more_mm, "passes_count": passes})
            for stroke in session.strokes
        )
        days = [session.day_d + visit * interval_d for visit in range(sessions + more)]
        visits = tuple(session.model_copy(update={"day_d": day, "strokes": strokes}) for day in days)
        found.append(
            first.model_copy(update={"sessions": visits, "label": f"{length_mm + more_mm:g} mm x {len(days)}"})
        )
    return found


def _changes() -> Iterator[tuple[float, int, int, float]]:
    """Inputs that differ from the ones before in exactly one number, without end."""
    wish = [LENGTHS_MM[0], PASSES[0], SESSIONS[0], INTERVALS_D[0]]
    at = [0, 0, 0, 0]
    lists = (LENGTHS_MM, PASSES, SESSIONS, INTERVALS_D)
    while True:
        for which, values in enumerate(lists):
            at[which] = (at[which] + 1) % len(values)
            wish[which] = values[at[which]]
            yield wish[0], int(wish[1]), int(wish[2]), wish[3]


def what_if(kb: Knowledge) -> dict[str, float]:
    """Median and 95th percentile of one what-if: six candidates, 256 people, all six forecasts as documents."""
    person, assessment = _person(kb)
    first = propose(person, assessment, screen(person, assessment, kb), kb)[1]
    belief = Belief.prior(kb)
    times, parts = [], []
    changes = _changes()
    for number in range(WHAT_IFS + REPEATS):
        plans = _candidates(first, *next(changes))
        start = time.perf_counter()
        courses = simulate_many(plans, person, assessment, belief)
        middle = time.perf_counter()
        documents = [forecast(course, plan) for course, plan in zip(courses, plans, strict=True)]
        end = time.perf_counter()
        assert all(document.measures for document in documents)
        if number >= REPEATS:  # the first ones warm up
            times.append(end - start)
            parts.append(middle - start)
    p50, p95 = (float(np.quantile(times, level)) for level in (0.5, 0.95))
    print(
        f"what-if, one input changed, 6 candidates x 256 people, {WHAT_IFS} times: p50 {p50 * 1e3:.0f} ms, "
        f"p95 {p95 * 1e3:.0f} ms, of it simulating {float(np.median(parts)) * 1e3:.0f} ms   "
        "(bar: p95 40 ms on two cores)"
    )
    return {"what_if_p50_s": p50, "what_if_p95_s": p95}


def _roadrunner_s(found: Found, person: Person, assessment: Assessment, belief: Belief, kb: Knowledge) -> float | None:
    """Seconds of a loop over libroadrunner, one run for each candidate and person; from a sample of both."""
    clearance = screen(person, assessment, kb)
    grid = list(found.grid)
    chosen = list(np.linspace(0, belief.members.size - 1, SAMPLED_PEOPLE).astype(int))
    parameters = np.array([belief.draw(0)[name] for name in healing.PARAMETERS])
    rows = [MEASURES.index(name) for name in SHOWN]
    taken = []
    for place in np.linspace(0, len(grid) - 1, SAMPLED).astype(int):
        plan = plan_of(found.grid.candidate(*grid[place]), person, assessment, clearance, kb, found.grid.found)
        course = simulate(plan, person, assessment, belief)
        stimulus = np.ascontiguousarray(course.stimulus[:, 0])
        task = Task(
            course.session_time,
            np.array([0.0, float(course.judge_time[0])]),
            stimulus,
            np.ones(stimulus.shape),
            course.half_life[:, :, 0],
        )
        sample = Task(*(_of_some(values, chosen) for values in vars(task).values()))
        exact = reference.healing.heal([sample], parameters[:, chosen])[0][0][rows]
        peer = roadrunner(task, parameters, chosen, [exact[:, :, one] for one in range(len(chosen))], kb)
        if peer is None:
            return None
        taken.append(peer.seconds)
        print(
            f"  libroadrunner, '{plan.label}', until day {task.report_time[-1] / DAY_S:.0f}: {peer.settings}, error "
            f"{peer.error:.0e}, {peer.seconds / belief.members.size * 1e3:.2f} ms for each person"
        )
    return float(np.mean(taken)) * len(grid)


def _of_some(values: np.ndarray, chosen: list[int]) -> np.ndarray:
    """The columns of some people, of what has one for each."""
    return np.ascontiguousarray(values[:, chosen]) if values.ndim > 1 else values


def search(kb: Knowledge) -> dict[str, float]:
    """Median seconds of a search among everything inside the envelope, against a loop over libroadrunner."""
    person, assessment = _person(kb)
    clearance, belief = screen(person, assessment, kb), Belief.prior(kb)
    found: dict[str, float] = {}
    times = []
    for _ in range(SEARCHES):
        start = time.perf_counter()
        one = find(person, assessment, clearance, belief, Goals(), kb, key=0)
        times.append(time.perf_counter() - start)
    found["search_s"], found["search_candidates"] = float(np.median(times)), float(one.grid.count)
    parts = ", ".join(f"{own.candidates:,} x {own.members} {own.seconds:.2f} s" for own in one.rounds)
    print(f"search among {one.grid.count:,} candidates x 256 people: {found['search_s']:.2f} s ({parts})")
    loop = _roadrunner_s(one, person, assessment, belief, kb)
    if loop is None:
        print("  libroadrunner is not installed: not compared")
        return found
    found["search_ratio"] = loop / found["search_s"]
    print(
        f"  a loop over libroadrunner, {one.grid.count:,} x 256 runs, from {SAMPLED} candidates x "
        f"{SAMPLED_PEOPLE} people: {loop:.0f} s, {found['search_ratio']:.0f}x   (bar: 100x, 3 s on two cores)"
    )
    return found


def run() -> dict[str, float]:
    """Median seconds of one choice among the 24 candidates of acne scars on a cheek, and of what-ifs."""
    kb = load_knowledge()
    warm_lanes()
    person, assessment = _person(kb)
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
    return {"choice_s": whole} | what_if(kb)


if __name__ == "__main__":
    if sys.argv[1:] == ["what-if"]:
        warm_lanes()
        found = what_if(load_knowledge())
        print(found["what_if_p50_s"], found["what_if_p95_s"])
    elif sys.argv[1:] == ["search"]:
        warm_lanes()
        print(json.dumps(search(load_knowledge())))
    else:
        run()
