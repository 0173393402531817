"""How outcomes of healing answer to parameters: the derivative of the program itself, in reverse through its steps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np

from needling.errors import BadInput, did_you_mean
from needling.simulation.engines import MEASURES, Floats, Task
from needling.simulation.engines.grid import FINE, Accuracy, fastest_rates
from needling.simulation.engines.xla.healing import OPEN, course_of, run_tasks, stacked
from needling.simulation.engines.xla.tracing import Array, exact, shared_out

_TOGETHER = 2**11  # numerical: members whose gradient is taken at once, as it keeps every term of the series


def _outcome(
    p: Array, length: Array, course: tuple[Array, ...], report: Array, stimulus: Array, shown: tuple[str, ...]
) -> Array:
    """One measure of all tasks: float64[task, time, member]."""
    return run_tasks(p, length, course, report, stimulus, shown)[0][:, 0]


@partial(jax.jit, static_argnames="shown")
def _pulled_back(
    p: Array, length: Array, course: tuple[Array, ...], report: Array, stimulus: Array, shown: tuple[str, ...]
) -> tuple[Array, Array]:
    """The outcome, and its gradient in reverse, one time after the other: float64[time, parameter, member]."""
    outcome, back = jax.vjp(lambda own: _outcome(own, length, course, report, stimulus, shown), p)
    times = jnp.eye(report.shape[1])
    return outcome, jax.lax.map(lambda time: back(jnp.ones_like(outcome) * time[:, None])[0], times)


def sensitivities(
    tasks: Sequence[Task],
    parameters: Floats,
    measure: str = "collagen",
    at: Sequence[float] | Floats | None = None,
    *,
    accuracy: Accuracy = FINE,
) -> list[tuple[Floats, Floats]]:
    """How an outcome answers to each parameter of healing: the exact derivative of what the engine computes.

    d outcome(t) / d parameter, member by member, in reverse through the steps. The time grid is held as it is.

    Args:
        tasks: as for :func:`heal`. parameters: float64[row of ``healing.PARAMETERS``, member], SI.
        measure: one of ``MEASURES`` that healing moves; the three kinds of open have no parameter of healing.
        at: times of the outcome, s; the report times of each task where it is left out. The work grows
            with their number.
        accuracy: of the time grid.

    Returns:
        For each task: the outcome, float64[time, member], and its derivatives, float64[parameter, time, member], in
        units of the outcome per SI unit of the parameter.

    Raises:
        BadInput: an unknown measure, or a time outside the run.

    Assumes: stimulus, opening and half-lives of a task are given numbers, so what parameters do to them is not in it.
    """
    known = [name for name in MEASURES if name not in OPEN]
    if measure not in known:
        raise BadInput(
            f"There are no sensitivities of '{measure}'{did_you_mean(measure, known)}; known are {', '.join(known)}."
        )
    found = []
    for task in tasks:
        times = task.report_time if at is None else np.asarray(at, dtype=np.float64)
        if times.ndim != 1 or not times.size or not (times.min() >= 0 and times.max() <= task.report_time[-1]):
            raise BadInput(f"The times of the outcome are {times} s; this task allows 0 to {task.report_time[-1]:g} s.")
        wanted = replace(task, report_time=np.union1d(times, task.report_time[[0, -1]]))
        course = course_of([wanted], *fastest_rates(parameters), accuracy)
        rows = course.report[:, np.searchsorted(wanted.report_time, times)]
        parts = []
        with exact():
            for low in range(0, parameters.shape[1], _TOGETHER):
                own = parameters[:, low : low + _TOGETHER]
                members = own.shape[1]
                stimulus = stacked([task.stimulus[:, low : low + _TOGETHER]], course.sessions + 1, 0.0)
                outcome, slopes = _pulled_back(
                    shared_out(own, members), course.length, course.rows, rows, shared_out(stimulus, members),
                    shown=(measure,),
                )  # fmt: skip
                parts.append((np.asarray(outcome)[0, :, :members], np.asarray(slopes)[:, :, :members]))
        outcomes, slopes = (np.concatenate(both, axis=-1) for both in zip(*parts, strict=True))
        found.append((outcomes, np.moveaxis(slopes, 0, 1)))
    return found
