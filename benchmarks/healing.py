"""10,000 one-year healing courses against the peers, at equal accuracy, in one run.

Run as ``python benchmarks/healing.py``; ``NUMBA_NUM_THREADS=2`` sets the cores (``OMP_NUM_THREADS`` for the C text).
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import FunctionType
from typing import Any

import numpy as np

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "src"), str(Path(__file__).parent)]

import healing_peers as peers  # noqa: E402
from healing_peers import DAY_S, SHOWN, WANTED, Peer, error_of  # noqa: E402
from tests.virtual_world import world  # noqa: E402

from needling.simulation import Belief  # noqa: E402
from needling.simulation.engines import MEASURES, Floats, Task, lanes, reference  # noqa: E402
from needling.simulation.engines.grid import FINE, Accuracy, fastest_rates, graded_grid  # noqa: E402
from needling.simulation.equations import healing  # noqa: E402

PEOPLE = 10_000
SAMPLE = 16
SESSIONS = 4
TURNS = 25
# From fine to coarse: the quickest that keeps the wanted accuracy is used, for us and for the yardstick alike.
GRIDS = (
    Accuracy(0.4, 0.2, 1.0),
    Accuracy(0.6, 0.25, 1.5),
    Accuracy(0.6, 0.3, 2.0),
    Accuracy(0.8, 0.4, 2.0),
    Accuracy(1.2, 0.4, 2.0),
    Accuracy(1.2, 0.4, 2.5),
    Accuracy(1.5, 0.4, 3.0),
    Accuracy(1.5, 0.5, 3.0),
)


def best(run: Callable[[], Any], times: int) -> float:
    """Shortest wall time of some runs, s."""
    taken = []
    for _ in range(times):
        start = time.perf_counter()
        run()
        taken.append(time.perf_counter() - start)
    return min(taken)


def people(count: int) -> Floats:
    """Healing parameters of so many possible people, float64[row of PARAMETERS, person]."""
    drawn = Belief.prior(world(), members=count).draw(0)
    return np.array([drawn[name] for name in healing.PARAMETERS])


def year(count: int, sessions: int = SESSIONS) -> Task:
    """One year with monthly sessions, reported every five days."""
    rng = np.random.default_rng(0)
    return Task(
        np.arange(sessions) * 28.0 * DAY_S,
        np.arange(0, 366, 5.0) * DAY_S,
        rng.uniform(0.1, 0.5, (sessions, count)),
        np.ones((sessions, count)),
        np.full((3, count), 20 * 3600.0),
    )


def _ours(
    task: Task, parameters: Floats, chosen: list[int], exact: list[Floats]
) -> tuple[dict[str, Peer], dict[str, Accuracy]]:
    found, used = {}, {}
    for name, accuracies in (("coarse", GRIDS), ("fine", (FINE,))):
        for accuracy in accuracies:
            ((out, _),) = lanes.heal([task], parameters, accuracy, SHOWN)
            error = max(error_of(out[:, :, i], other) for i, other in zip(chosen, exact, strict=True))
            taken = best(lambda accuracy=accuracy: lanes.heal([task], parameters, accuracy, SHOWN), 7)  # type: ignore[misc]
            steps = graded_grid(task.session_time, task.report_time, *fastest_rates(parameters), accuracy).step.size
            if error <= WANTED and (name not in found or taken < found[name].seconds):
                found[name] = Peer(f"lanes, {name} grid", taken, PEOPLE, error, f"{steps} steps")
                used[name] = accuracy
    return found, used


def _in_turn(
    coarse: Peer, task: Task, parameters: Floats, accuracy: Accuracy, in_c: Peer | None
) -> tuple[Peer, Peer | None]:
    """Both again and again in turn, the best of each: so that what else the machine does hits both alike."""
    if in_c is None or in_c.again is None:
        return coarse, in_c
    times = [
        (best(lambda: lanes.heal([task], parameters, accuracy, SHOWN), 1), best(in_c.again, 1)) for _ in range(TURNS)
    ]
    ours, other = (min(column) for column in zip(*times, strict=True))
    return replace(coarse, seconds=ours), replace(in_c, seconds=other)


class _Counted(float):
    """A number that counts what is done with it."""

    done = 0

    def _count(self, _other: object = None) -> _Counted:
        _Counted.done += 1
        return _Counted(1.0)

    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __truediv__ = __rtruediv__ = __neg__ = _count


def flops_of_a_step() -> int:
    """Floating-point operations of one step of one person: the equations counted as they run, and the scheme."""
    text = healing.rates_with_reciprocals
    plain = FunctionType(text.__code__, {**text.__globals__, "sqrt": _Counted._count})
    _Counted.done = 0
    plain(*[_Counted(1.0)] * text.__code__.co_argcount)
    stages = 4 * _Counted.done + 7 * (3 * 2 + 6)  # four slopes, three places along them, one weighted sum
    return stages + 2 * (1 + 3 + 5 + 1)  # D, I, M and V, two exact half steps


def roofline(task: Task, seconds: float, steps: int) -> dict[str, float]:
    """Where the time goes: arithmetic and memory traffic of the healing kernel against what the machine can do."""
    found = peers.machine()
    flops = float(flops_of_a_step() * steps * PEOPLE)
    moved = 8.0 * PEOPLE * (len(healing.PARAMETERS) + 2 * SESSIONS + 3 + len(SHOWN) * task.report_time.size + 2)
    print(
        f"roofline: {flops_of_a_step()} flops a step, {flops / moved:.0f} flops for each byte moved to or from memory "
        f"({moved / PEOPLE / steps:.1f} bytes a step; states and parameters stay in the first cache)"
    )
    if found is None:
        print("          no C compiler, so peak arithmetic and bandwidth were not measured")
        return {}
    bound = min(found.flops, found.bandwidth * flops / moved)
    print(
        f"          reached {flops / seconds / 1e9:.1f} GFlop/s = {flops / seconds / found.flops:.0%} of "
        f"{found.flops / 1e9:.0f} GFlop/s (multiply-adds only); bandwidth {found.bandwidth / 1e9:.0f} GB/s, of it used "
        f"{moved / seconds / 1e9:.1f}: bound by {'arithmetic' if bound == found.flops else 'memory'}, of which 8 "
        "divisions and roots a step are the slow part"
    )
    return {"roofline_share": flops / seconds / bound}


def run() -> dict[str, float]:
    """Measure, print and return the ratios."""
    task, parameters = year(PEOPLE), people(PEOPLE)
    lanes.warm()
    threads = os.environ.get("NUMBA_NUM_THREADS", "all")
    print(f"threads {threads}; {peers.versions(('scipy', 'libroadrunner', 'jax', 'diffrax'))}")
    chosen = sorted(int(i) for i in np.random.default_rng(1).choice(PEOPLE, SAMPLE, replace=False))
    rows = [MEASURES.index(name) for name in SHOWN]
    exact = [reference.heal_one(task, parameters[:, i], i)[0][rows] for i in chosen]
    ours, used = _ours(task, parameters, chosen, exact)
    in_c = peers.yardstick(task, parameters, chosen, exact, GRIDS)
    coarse, in_c = _in_turn(ours["coarse"], task, parameters, used["coarse"], in_c)
    others = {
        "roadrunner": peers.roadrunner(task, parameters, chosen, exact, world()),
        "lsoda": peers.lsoda(task, parameters, chosen, exact),
        "diffrax": peers.diffrax(task, parameters, chosen, exact),
        "yardstick": in_c,
    }
    print(f"{PEOPLE} people, one year, {SESSIONS} sessions, {len(SHOWN)} measures at {task.report_time.size} times;")
    print(f"error against LSODA at 1e-10 on {SAMPLE} of them, wanted {WANTED:g}; a peer that solved fewer is scaled up")
    for peer in (coarse, ours["fine"], *(one for one in others.values() if one is not None)):
        print(
            f"  {peer.name:24s} {peer.seconds * 1e3:10.1f} ms   error {peer.error:.1e}   ratio "
            f"{peer.seconds / coarse.seconds:8.2f}   {peer.solved:6d} solved   {peer.settings}"
        )
    for name, one in others.items():
        if one is None:
            print(f"  {name:24s} not installed")
    found = {f"{name}_ratio": one.seconds / coarse.seconds for name, one in others.items() if one is not None}
    if "yardstick_ratio" in found:
        found["times_yardstick"] = 1 / found["yardstick_ratio"]
    found |= {"coarse_error": coarse.error, "fine_error": ours["fine"].error, "coarse_s": coarse.seconds}
    steps = graded_grid(task.session_time, task.report_time, *fastest_rates(parameters), used["coarse"]).step.size
    return found | roofline(task, coarse.seconds, steps)


if __name__ == "__main__":
    run()
