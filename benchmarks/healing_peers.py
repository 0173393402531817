"""The same year of healing by other means: LSODA, libroadrunner, diffrax, and a yardstick in C.

Each peer solves some people and says how long it took and how far it was from the oracle; what is not installed is
said, never an error. Each runs at the loosest tolerance, or on the coarsest grid, that keeps the wanted accuracy.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from types import FunctionType
from typing import Any

import numpy as np

from needling.knowledge.base import Knowledge
from needling.simulation.engines import Task, reference
from needling.simulation.engines.grid import Accuracy, fastest_rates, graded_grid
from needling.simulation.equations import healing

WANTED = 1e-4
DAY_S = 86400.0
SHOWN = ("collagen", "collagen_iii", "elastin", "residual")
TOLERANCES = (1e-1, 3e-2, 1e-2, 3e-3, 1e-3, 3e-4, 1e-4, 3e-5, 1e-5, 3e-6, 1e-6, 1e-7)
SOURCE = Path(__file__).with_name("healing_yardstick.c")
_RATES = len(healing.RATE_PARAMETERS)
_EARLY = _RATES + len(healing.EARLY_PARAMETERS)
_LOSS = healing.PARAMETERS.index("elastin-session-loss")
_FADING = healing.PARAMETERS.index("redness-injury-time")


@dataclass(frozen=True)
class Peer:
    """How one peer did: seconds for all people, how many were really solved, worst error, and its settings.

    again: does the work once more, for all people.
    """

    name: str
    seconds: float
    solved: int
    error: float
    settings: str
    again: Callable[[], Any] | None = None


def error_of(ours: np.ndarray, exact: np.ndarray) -> float:
    """Largest difference over time of any measure, relative to the measure's largest value: [measure, time]."""
    return float(np.max(np.abs(ours - exact) / np.abs(exact).max(axis=1, keepdims=True)))


def loosest(
    solve: Callable[[float], list[np.ndarray]], exact: Sequence[np.ndarray]
) -> tuple[float, float, list[np.ndarray]]:
    """The loosest tolerance that keeps the wanted accuracy, its error and its results."""
    for tolerance in TOLERANCES:
        found = solve(tolerance)
        error = max(error_of(one, other) for one, other in zip(found, exact, strict=True))
        if error <= WANTED:
            break
    return tolerance, error, found


def _between(task: Task) -> list[tuple[float, float, np.ndarray]]:
    """Start, end and report times of each stretch between sessions; the last holds its end."""
    ends = [*task.session_time[1:], task.report_time[-1]]
    found = []
    for index, (start, end) in enumerate(zip(task.session_time, ends, strict=True)):
        last = index + 1 == len(ends)
        inside = (task.report_time >= start) & ((task.report_time <= end) if last else (task.report_time < end))
        found.append((float(start), float(end), task.report_time[inside]))
    return found


# ---------------------------------------------------------------- SciPy


def lsoda(task: Task, parameters: np.ndarray, chosen: Sequence[int], exact: Sequence[np.ndarray]) -> Peer:
    """The leanest fair course with SciPy: one call of LSODA between sessions, no events; scaled from the sample."""
    from scipy.integrate import solve_ivp

    def one(member: int, rtol: float) -> np.ndarray:
        own = parameters[:, member]
        state = np.zeros(11)
        state[[6, 8, 9, 10]] = 1.0
        parts = []
        for index, (start, end, reports) in enumerate(_between(task)):
            stimulus = task.stimulus[index, member]
            state[[0, 3]] += stimulus
            state[8] *= 1 - own[_LOSS] * stimulus
            solved = solve_ivp(
                reference.healing._derivative,
                (start, end),
                state,
                method="LSODA",
                args=(own,),
                rtol=rtol,
                atol=rtol * 1e-2,
                t_eval=np.union1d(reports, [end]),
            )
            parts.append(solved.y[:, : reports.size])
            state = solved.y[:, -1].copy()
        y = np.concatenate(parts, axis=1)
        return np.array([y[5] + y[6], y[5], y[8], y[10]])

    rtol, error, _ = loosest(lambda rtol: [one(member, rtol) for member in chosen], exact)
    start = time.perf_counter()
    for member in chosen:
        one(member, rtol)
    taken = (time.perf_counter() - start) / len(chosen) * parameters.shape[1]
    return Peer("SciPy LSODA", taken, len(chosen), error, f"rtol {rtol:g}")


# ---------------------------------------------------------------- libroadrunner


def roadrunner(
    task: Task, parameters: np.ndarray, chosen: Sequence[int], exact: Sequence[np.ndarray], kb: Knowledge
) -> Peer | None:
    """libroadrunner with CVODE: one compiled model, its parameters set anew for each person; scaled from the sample."""
    try:
        os.environ.setdefault("SUNLOGGER_WARNING_FILENAME", os.devnull)  # CVODE tells of every step that it repeats
        import roadrunner as library

        from needling.simulation.exchange import Healing, spelled, to_sbml
    except ImportError:
        return None

    def given(member: int) -> Healing:
        return Healing(
            title="benchmark",
            parameters=dict(zip(healing.PARAMETERS, parameters[:, member].tolist(), strict=True)),
            half_life=dict(zip(("barrier", "water", "structure"), task.half_life[:, member].tolist(), strict=True)),
            session_time=tuple(task.session_time.tolist()),
            stimulus=tuple(task.stimulus[:, member].tolist()),
            opening=tuple(task.opening[:, member].tolist()),
        )

    library.Logger.setLevel(library.Logger.LOG_ERROR)
    runner = library.RoadRunner(to_sbml(given(chosen[0]), kb))
    runner.timeCourseSelections = ["collagen", "C3", "El", "S"]
    ids = list(runner.model.getGlobalParameterIds())
    set_now = [ids.index(spelled(name)) for name in healing.PARAMETERS]
    stimuli = [ids.index(f"stimulus_{number + 1}") for number in range(task.session_time.size)]
    # the file counts in days: what each number of the first person is there, over what it is in SI
    scale = (
        np.array([runner.model.getGlobalParameterValues([place])[0] for place in set_now]) / parameters[:, chosen[0]]
    )
    days = task.report_time[-1] / DAY_S
    people = [(parameters[:, member] * scale, task.stimulus[:, member]) for member in chosen]

    def one(own: np.ndarray, stimulus: np.ndarray) -> np.ndarray:
        runner.model.setGlobalParameterValues(set_now, own)
        runner.model.setGlobalParameterValues(stimuli, stimulus)
        runner.reset()
        return np.array(runner.simulate(0, days, task.report_time.size)).T

    def all_of(rtol: float) -> list[np.ndarray]:
        runner.integrator.relative_tolerance = rtol
        runner.integrator.absolute_tolerance = rtol * 1e-2
        return [one(*person) for person in people]

    rtol, error, _ = loosest(all_of, exact)
    start = time.perf_counter()
    all_of(rtol)
    taken = (time.perf_counter() - start) / len(chosen) * parameters.shape[1]
    return Peer(f"libroadrunner {library.__version__}", taken, len(chosen), error, f"CVODE, rtol {rtol:g}")


# ---------------------------------------------------------------- diffrax


def diffrax(task: Task, parameters: np.ndarray, chosen: Sequence[int], exact: Sequence[np.ndarray]) -> Peer | None:
    """diffrax, Tsit5 with adaptive steps, all people in one vmap, float64, compiled before the clock starts."""
    try:
        import diffrax as library
        import jax
        import jax.numpy as jnp
    except ImportError:
        return None
    jax.config.update("jax_enable_x64", True)

    def traced(plain: Any) -> Any:
        """An equation with JAX's square root: the same text."""
        inner = {
            name: traced(plain.__globals__[name])
            for name in plain.__code__.co_names
            if isinstance(plain.__globals__.get(name), FunctionType)
        }
        world = {**plain.__globals__, **inner, "sqrt": jnp.sqrt, "exp": jnp.exp}
        return FunctionType(plain.__code__, world, plain.__name__)

    rates, early = traced(healing.rates), traced(healing.early_rates)

    def field(_t: Any, y: Any, own: Any) -> Any:
        moved = early(y[0], y[1], y[2], *(own[k] for k in range(_RATES, _EARLY)))
        slow = rates(*(y[k] for k in range(4, 11)), y[0], y[1], y[2], *(own[k] for k in range(_RATES)))
        return jnp.stack([*moved, -y[3] / own[_FADING], *slow])

    stretches = _between(task)

    def course(own: Any, stimulus: Any, rtol: Any) -> Any:
        y = jnp.zeros(11).at[jnp.array([6, 8, 9, 10])].set(1.0)
        parts = []
        for index, (start, end, reports) in enumerate(stretches):
            y = y.at[0].add(stimulus[index]).at[3].add(stimulus[index])
            y = y.at[8].multiply(1 - own[_LOSS] * stimulus[index])
            solved = library.diffeqsolve(
                library.ODETerm(field),
                library.Tsit5(),
                start,
                end,
                None,
                y,
                args=own,
                saveat=library.SaveAt(ts=jnp.array([*reports, *([end] if reports[-1] < end else [])])),
                stepsize_controller=library.PIDController(rtol=rtol, atol=rtol * 1e-2),
                max_steps=4096,
            )
            parts.append(solved.ys[: reports.size])
            y = solved.ys[-1]
        states = jnp.concatenate(parts).T
        return jnp.stack([states[5] + states[6], states[5], states[8], states[10]])

    everybody = jax.jit(jax.vmap(course, in_axes=(1, 1, None)))

    def solve(columns: Any, rtol: float) -> Any:
        return everybody(jnp.asarray(parameters[:, columns]), jnp.asarray(task.stimulus[:, columns]), rtol)

    some = list(chosen)
    rtol, error, _ = loosest(lambda rtol: list(np.asarray(solve(some, rtol))), exact)
    columns = np.arange(min(2000, parameters.shape[1]))
    solve(columns, rtol).block_until_ready()
    start = time.perf_counter()
    solve(columns, rtol).block_until_ready()
    taken = (time.perf_counter() - start) / columns.size * parameters.shape[1]
    settings = f"Tsit5 on {jax.devices()[0].platform}, rtol {rtol:g}"
    return Peer(f"diffrax {library.__version__}", taken, columns.size, error, settings)


# ---------------------------------------------------------------- C


@lru_cache(maxsize=1)
def compiled_yardstick() -> ctypes.CDLL | None:
    """The C text, compiled here and now for this machine; None where there is no compiler."""
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")  # else its threads would spin while others are timed
    compiler = shutil.which("gcc")
    if compiler is None:
        return None
    flags = ["-O3", "-march=native", "-ffast-math", "-fopenmp", "-shared", "-fPIC"]
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder) / "yardstick.so"
        done = subprocess.run([compiler, *flags, str(SOURCE), "-o", str(made), "-lm"], check=False)
        if done.returncode:
            return None
        library = ctypes.CDLL(str(made))
    library.peak.restype = ctypes.c_double
    return library


def _pointer(values: np.ndarray) -> ctypes.c_void_p:
    return values.ctypes.data_as(ctypes.c_void_p)


def yardstick(
    task: Task,
    parameters: np.ndarray,
    chosen: Sequence[int],
    exact: Sequence[np.ndarray],
    accuracies: Sequence[Accuracy],
) -> Peer | None:
    """The yardstick on the quickest of some grids that keeps the wanted accuracy; people in fours side by side."""
    library = compiled_yardstick()
    if library is None:
        return None
    people = parameters.shape[1] // 4 * 4
    given = np.empty((29, people))
    given[:28] = parameters[:28, :people]
    for name in ("collagen-ceiling", "clinical-lag"):
        row = healing.PARAMETERS.index(name)
        given[row] = 1 / parameters[row, :people]
    given[28] = 1 / parameters[_FADING, :people]
    stimulus = np.ascontiguousarray(task.stimulus[:, :people])
    out = np.zeros((len(SHOWN), task.report_time.size, people))
    best: Peer | None = None
    for accuracy in accuracies:
        grid = graded_grid(task.session_time, task.report_time, *fastest_rates(parameters), accuracy)
        nodes = grid.session_at.astype(np.int32), grid.report_at.astype(np.int32)
        arguments = (
            people,
            grid.step.size,
            _pointer(grid.step),
            *map(_pointer, nodes),
            task.report_time.size,
            *map(_pointer, (given, stimulus, out)),
        )
        taken = []
        for _ in range(5):
            start = time.perf_counter()
            library.courses(*arguments)
            taken.append(time.perf_counter() - start)
        error = max(
            error_of(out[:, :, member], other) for member, other in zip(chosen, exact, strict=True) if member < people
        )
        if error <= WANTED and (best is None or min(taken) < best.seconds):
            settings = f"RK4 of all states, {grid.step.size} steps"
            held = (grid, nodes, given, stimulus, out)  # what the pointers point to must live on

            def again(arguments: tuple[Any, ...] = arguments, held: tuple[Any, ...] = held) -> None:
                library.courses(*arguments)

            best = Peer("C yardstick", min(taken) * parameters.shape[1] / people, people, error, settings, again)
    return best


@dataclass(frozen=True)
class Machine:
    """What the processor can do, all threads: multiply-adds as two flops per second, and bytes per second."""

    flops: float
    bandwidth: float


def machine() -> Machine | None:
    """Peak arithmetic and memory bandwidth, measured with the compiled yardstick."""
    library = compiled_yardstick()
    if library is None:
        return None
    threads = int(os.environ.get("NUMBA_NUM_THREADS") or len(os.sched_getaffinity(0)))
    rounds, size = 1_000_000, 16_000_000
    a, b, c = (np.ones(size) for _ in range(3))
    flops = bandwidth = 0.0
    for _ in range(9):
        start = time.perf_counter()
        library.peak(ctypes.c_long(rounds), threads)
        middle = time.perf_counter()
        library.triad(ctypes.c_long(size), _pointer(a), _pointer(b), _pointer(c), ctypes.c_double(0.5))
        end = time.perf_counter()
        flops = max(flops, 2 * 64 * rounds * threads / (middle - start))
        bandwidth = max(bandwidth, 3 * 8 * size / (end - middle))
    return Machine(flops, bandwidth)


def versions(names: Sequence[str]) -> str:
    """Versions of what is installed; what is not is said."""
    found = []
    for name in names:
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            found.append(f"{name} not installed")
    return ", ".join(found)
