"""Strokes and healing by SciPy. It reads the equations, not the fast engine."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from needling.simulation.engines import CALM, MEASURES, STROKE_MEASURES, Floats, Task
from needling.simulation.engines.grid import FINE, Accuracy
from needling.simulation.equations import closure, healing
from needling.simulation.equations.stroke import (
    CONDITIONS,
    KINDS,
    SHARED_PARAMETERS,
    STROKE_PARAMETERS,
    TOOL,
    stroke,
)

_RATES = len(healing.RATE_PARAMETERS)
_EARLY = len(healing.EARLY_PARAMETERS)
_STATES = ("D", "I", "M", "V", "f", "C3", "C1", "Te", "El", "Y", "S")


def strokes(tools: Floats, epidermis: Floats, parameters: Floats) -> Floats:
    """As :func:`needling.simulation.engines.lanes.strokes`, one call of the scalar model after the other."""
    out = np.empty((len(STROKE_MEASURES), tools.shape[0], parameters.shape[1]))
    shared = len(SHARED_PARAMETERS)
    named = {name: row for row, name in enumerate(STROKE_PARAMETERS)}
    for row, tool in enumerate(tools):
        kind, condition = int(tool[0]), CONDITIONS[int(tool[TOOL.index("condition")])]
        for member in range(parameters.shape[1]):
            person = parameters[:, member]
            arguments = [
                *tool,
                epidermis[row, member],
                person[shared + kind],
                person[shared + len(KINDS) + kind],
                person[named[f"{condition}-tip-ratio"]] if condition != "new" else 1.0,
                person[named[f"{condition}-length-spread"]] if condition != "new" else 0.0,
                *person[:shared],
            ]
            out[:, row, member] = stroke(*arguments)
    return out


def _derivative(_time: float, state: Floats, parameters: Floats) -> list[float]:
    """All states by their differential equations: D, I, M, V, then f, C3, C1, Te, El, Y, S."""
    early = healing.early_rates(*state[:3], *parameters[_RATES : _RATES + _EARLY])
    fading = -state[3] / parameters[healing.PARAMETERS.index("redness-injury-time")]
    return [*early, fading, *healing.rates(*state[4:], *state[:3], *parameters[:_RATES])]


def heal_one(
    task: Task,
    parameters: Floats,
    member: int,
    *,
    # numerical: tolerances far below those of the fast engine
    rtol: float = 1e-10,
    atol: float = 1e-13,  # numerical: far below the states
    method: str = "LSODA",
) -> tuple[Floats, Floats]:
    """One task for one member.

    Args:
        task: as for the fast engine. parameters: float64[row of ``healing.PARAMETERS``], SI. member: column.
        rtol, atol, method: of ``scipy.integrate.solve_ivp``.

    Returns:
        float64[row of ``MEASURES``, time] and float64[row of ``CALM``].
    """
    from scipy.integrate import solve_ivp

    loss = parameters[healing.PARAMETERS.index("elastin-session-loss")]
    from_injury, _, from_inflammation, seen, calm = parameters[-len(healing.REDNESS_PARAMETERS) :]
    state = np.zeros(len(_STATES))
    state[[_STATES.index(name) for name in ("C1", "El", "Y", "S")]] = 1.0
    out = np.empty((len(MEASURES), task.report_time.size))
    longest = np.zeros(len(CALM))
    end = task.report_time[-1]
    stops = np.union1d(task.session_time[task.session_time <= end], task.report_time)
    since = -np.inf
    for index, time in enumerate(stops):
        session = np.flatnonzero(task.session_time == time)
        if np.isfinite(since) and (session.size or index + 1 == stops.size):  # still red: counts up to here
            red = healing.redness(state[3], state[1], from_injury, from_inflammation)
            longest = np.maximum(longest, [(red >= seen) * (time - since), (state[1] >= calm) * (time - since)])
        if session.size:
            stimulus = task.stimulus[session[0], member]
            state[0] += stimulus
            state[3] += stimulus
            state[8] *= 1 - loss * stimulus
            since = time
        report = np.flatnonzero(task.report_time == time)
        if report.size:
            past = np.flatnonzero(task.session_time <= time)
            opened = [
                sum(task.opening[i, member] * closure.open_share(time - task.session_time[i], half_life) for i in past)
                for half_life in task.half_life[:, member]
            ]
            red = healing.redness(state[3], state[1], from_injury, from_inflammation)
            tgf = healing.growth_factor(
                state[0],
                state[2],
                state[4],
                parameters[healing.RATE_PARAMETERS.index("tgf-from-debris")],
                parameters[healing.RATE_PARAMETERS.index("tgf-from-fibroblasts")],
            )
            out[:, report[0]] = [*opened, red, state[1], tgf, state[5] + state[6], state[5], state[8], state[10]]
        if index + 1 == stops.size:
            break

        def red_line(_t: float, y: Floats, _p: Floats) -> float:
            return float(healing.redness(y[3], y[1], from_injury, from_inflammation) - seen)

        def calm_line(_t: float, y: Floats, _p: Floats) -> float:
            return float(y[1] - calm)

        red_line.direction = calm_line.direction = -1  # type: ignore[attr-defined]
        solved = solve_ivp(
            _derivative,
            (time, stops[index + 1]),
            state,
            method=method,
            args=(parameters,),
            rtol=rtol,
            atol=atol,
            events=(red_line, calm_line),
        )
        if np.isfinite(since):
            longest = np.maximum(
                longest, [max((crossed - since for crossed in times), default=0.0) for times in solved.t_events]
            )
        state = solved.y[:, -1].copy()
    return out, longest


def heal(
    tasks: Sequence[Task], parameters: Floats, accuracy: Accuracy = FINE, measures: Sequence[str] = MEASURES
) -> list[tuple[Floats, Floats]]:
    """As :func:`needling.simulation.engines.lanes.heal`, one member after the other.

    Args:
        tasks: zones of plans. parameters: float64[row of ``healing.PARAMETERS``, member], SI.
        accuracy: not used; the tolerances of :func:`heal_one` hold. measures: which of ``MEASURES`` are reported.

    Returns:
        For each task: float64[row of ``measures``, time, member] and float64[row of ``CALM``, member].
    """
    rows = [MEASURES.index(name) for name in measures]
    found = []
    for task in tasks:
        members = [heal_one(task, parameters[:, member], member) for member in range(parameters.shape[1])]
        found.append((np.stack([out[rows] for out, _ in members], -1), np.stack([calm for _, calm in members], -1)))
    return found
