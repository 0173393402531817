"""Strokes and healing in lanes: one member in each, a tile of lanes in vector registers."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from needling.simulation.engines import CALM, MEASURES, STROKE_MEASURES, Floats, Task
from needling.simulation.engines.grid import FINE, Accuracy, graded_grid
from needling.simulation.engines.lanes import compiling
from needling.simulation.engines.lanes.compiling import compiled, inlined, pool
from needling.simulation.equations import depth, healing, rolling
from needling.simulation.equations import stroke as stroke_equations

_TERMS = 24  # numerical: series terms of early_transition; measured error 2e-15 at the longest half step
KEPT = compiling.Kernels(
    ("_strokes", "_transitions", "_heal"), compiling, rolling, depth, healing, stroke_equations, sys.modules[__name__]
)
_kernel = KEPT.kernel
is_warm = KEPT.are_warm

_stroke = compiled(stroke_equations.stroke)
_transition = compiled(healing.early_transition)
_rates = compiled(healing.rates)
_growth_factor = compiled(healing.growth_factor)
_redness = compiled(healing.redness)

# Rows of the parameter tables, frozen into the kernels as numbers.
_EFFICIENCY = len(stroke_equations.SHARED_PARAMETERS)
_DEAD_LENGTH = _EFFICIENCY + len(stroke_equations.KINDS)
_EARLY = len(healing.RATE_PARAMETERS)
_SESSION = _EARLY + len(healing.EARLY_PARAMETERS)
_RED = _SESSION + len(healing.SESSION_PARAMETERS)
# The buffer of a tile: offsets of the state rows, then one row for each parameter.
_WIDE = 16  # numerical: lanes of a tile
_D, _I, _M, _V, _F, _C3, _C1, _TE, _EL, _Y, _S, _RED_FOR, _HOT_FOR = (row * _WIDE for row in range(13))
_P = _HOT_FOR // _WIDE + 1
_PS = (_P + _SESSION) * _WIDE
_PR = (_P + _RED) * _WIDE
_ROWS = _P + len(healing.PARAMETERS)
_T_D = healing.RATE_PARAMETERS.index("tgf-from-debris")
_T_F = healing.RATE_PARAMETERS.index("tgf-from-fibroblasts")


@_kernel
def _strokes(tools: Floats, epidermis: Floats, p: Floats, out: Floats) -> None:
    """out[measure, stroke, lane] from tools[stroke, column], epidermis[stroke, lane], p[parameter, lane]."""
    for row in range(tools.shape[0]):
        kind = int(tools[row, 0])
        for i in range(p.shape[1]):
            (
                out[0, row, i],
                out[1, row, i],
                out[2, row, i],
                out[3, row, i],
                out[4, row, i],
                out[5, row, i],
                out[6, row, i],
            ) = _stroke(
                tools[row, 0],
                tools[row, 1],
                tools[row, 2],
                tools[row, 3],
                tools[row, 4],
                tools[row, 5],
                tools[row, 6],
                tools[row, 7],
                tools[row, 8],
                tools[row, 9],
                tools[row, 10],
                tools[row, 11],
                tools[row, 12],
                epidermis[row, i],
                p[_EFFICIENCY + kind, i],
                p[_DEAD_LENGTH + kind, i],
                p[0, i],
                p[1, i],
                p[2, i],
                p[3, i],
                p[4, i],
                p[5, i],
                p[6, i],
                p[7, i],
                p[8, i],
                p[9, i],
                p[10, i],
                p[11, i],
                p[12, i],
                p[13, i],
                p[14, i],
                p[15, i],
            )


@inlined
def _fell(longest: float, before: float, after: float, limit: float, age: float, h: float) -> float:
    """The longest time since a session at which a measure fell below its limit, this step included."""
    crosses = (before >= limit) & (after < limit)
    part = (before - limit) / (before - after if crosses else 1.0)
    return max(longest, age + h * part if crosses else 0.0)


@inlined
def _runge_kutta(h: float, age: float, t: Floats, z: Floats) -> None:
    """One classical Runge-Kutta step of all lanes of a tile; D, I, M move exactly and are known at the half.

    h: step, s. age: time since the last session, s. t: transition rows. z: the tile's buffer, changed in place.
    """
    g = 0.5 * h
    w = h / 6  # numerical: the weights of the classical Runge-Kutta step
    for i in range(_WIDE):
        d0, i0, m0, v0 = z[_D + i], z[_I + i], z[_M + i], z[_V + i]
        dd, di, ii, dm, im, mm = (
            t[i],
            t[_WIDE + i],
            t[2 * _WIDE + i],
            t[3 * _WIDE + i],
            t[4 * _WIDE + i],
            t[5 * _WIDE + i],
        )
        dh, ih, mh = dd * d0, di * d0 + ii * i0, dm * d0 + im * i0 + mm * m0
        d1, i1, m1 = dd * dh, di * dh + ii * ih, dm * dh + im * ih + mm * mh
        v1 = t[6 * _WIDE + i] * v0
        y0, y1, y2, y3, y4, y5, y6 = (z[_F + i], z[_C3 + i], z[_C1 + i], z[_TE + i], z[_EL + i], z[_Y + i], z[_S + i])
        q = (
            z[_P * _WIDE + i],
            z[(_P + 1) * _WIDE + i],
            z[(_P + 2) * _WIDE + i],
            z[(_P + 3) * _WIDE + i],
            z[(_P + 4) * _WIDE + i],
            z[(_P + 5) * _WIDE + i],
            z[(_P + 6) * _WIDE + i],
            z[(_P + 7) * _WIDE + i],
            z[(_P + 8) * _WIDE + i],
            z[(_P + 9) * _WIDE + i],
            z[(_P + 10) * _WIDE + i],
            z[(_P + 11) * _WIDE + i],
            z[(_P + 12) * _WIDE + i],
            z[(_P + 13) * _WIDE + i],
            z[(_P + 14) * _WIDE + i],
            z[(_P + 15) * _WIDE + i],
            z[(_P + 16) * _WIDE + i],
            z[(_P + 17) * _WIDE + i],
            z[(_P + 18) * _WIDE + i],
            z[(_P + 19) * _WIDE + i],
            z[(_P + 20) * _WIDE + i],
            z[(_P + 21) * _WIDE + i],
            z[(_P + 22) * _WIDE + i],
        )
        a0, a1, a2, a3, a4, a5, a6 = _rates(y0, y1, y2, y3, y4, y5, y6, d0, i0, m0, *q)
        b0, b1, b2, b3, b4, b5, b6 = _rates(
            y0 + g * a0, y1 + g * a1, y2 + g * a2, y3 + g * a3, y4 + g * a4, y5 + g * a5, y6 + g * a6, dh, ih, mh, *q
        )
        e0, e1, e2, e3, e4, e5, e6 = _rates(
            y0 + g * b0, y1 + g * b1, y2 + g * b2, y3 + g * b3, y4 + g * b4, y5 + g * b5, y6 + g * b6, dh, ih, mh, *q
        )
        k0, k1, k2, k3, k4, k5, k6 = _rates(
            y0 + h * e0, y1 + h * e1, y2 + h * e2, y3 + h * e3, y4 + h * e4, y5 + h * e5, y6 + h * e6, d1, i1, m1, *q
        )
        z[_D + i], z[_I + i], z[_M + i], z[_V + i] = d1, i1, m1, v1
        z[_F + i] = y0 + w * (a0 + 2 * (b0 + e0) + k0)
        z[_C3 + i] = y1 + w * (a1 + 2 * (b1 + e1) + k1)
        z[_C1 + i] = y2 + w * (a2 + 2 * (b2 + e2) + k2)
        z[_TE + i] = y3 + w * (a3 + 2 * (b3 + e3) + k3)
        z[_EL + i] = y4 + w * (a4 + 2 * (b4 + e4) + k4)
        z[_Y + i] = y5 + w * (a5 + 2 * (b5 + e5) + k5)
        z[_S + i] = y6 + w * (a6 + 2 * (b6 + e6) + k6)
        red0 = _redness(v0, i0, z[_PR + i], z[_PR + 2 * _WIDE + i])
        red1 = _redness(v1, i1, z[_PR + i], z[_PR + 2 * _WIDE + i])
        z[_RED_FOR + i] = _fell(z[_RED_FOR + i], red0, red1, z[_PR + 3 * _WIDE + i], age, h)
        z[_HOT_FOR + i] = _fell(z[_HOT_FOR + i], i0, i1, z[_PR + 4 * _WIDE + i], age, h)


@_kernel
def _transitions(step: Floats, p: Floats, out: Floats) -> None:
    """out[tile, kind, row x lane]: rows 0-5 half a step of D, I, M; row 6 a whole step of the vascular part."""
    for tile in range(out.shape[0]):
        for kind in range(step.shape[0]):
            row = out[tile, kind]
            for i in range(_WIDE):
                j = tile * _WIDE + i
                (
                    row[i],
                    row[_WIDE + i],
                    row[2 * _WIDE + i],
                    row[3 * _WIDE + i],
                    row[4 * _WIDE + i],
                    row[5 * _WIDE + i],
                ) = _transition(
                    0.5 * step[kind], p[_EARLY, j], p[_EARLY + 1, j], p[_EARLY + 2, j], p[_EARLY + 3, j], _TERMS
                )
                row[6 * _WIDE + i] = np.exp(-step[kind] / p[_RED + 1, j])


@_kernel
def _heal(
    step: Floats,
    kind: Any,
    session_at: Any,
    report_at: Any,
    table: Floats,
    p: Floats,
    stimulus: Floats,
    opening: Floats,
    half_life: Floats,
    tile: int,
    out: Floats,
    calm: Floats,
) -> None:
    """One task over one tile of lanes: writes out[measure, time, lane] and calm[which, lane].

    State and parameters of the tile lie in one buffer with a constant row length: so the compiler knows that
    rows do not overlap and runs the lanes of a step in vector registers.
    """
    low = tile * _WIDE
    z = np.zeros(_ROWS * _WIDE)
    for row in range(p.shape[0]):
        for i in range(_WIDE):
            z[(_P + row) * _WIDE + i] = p[row, low + i]
    for i in range(_WIDE):
        z[_C1 + i] = z[_EL + i] = z[_Y + i] = z[_S + i] = 1.0
    open_now = np.zeros((3, _WIDE))
    now = 0.0
    since = 0.0
    open_at = 0.0
    treated = 0.0
    for node in range(session_at.shape[0]):
        session = session_at[node]
        report = report_at[node]
        if session >= 0 or report >= 0:
            for which in range(3):
                for i in range(_WIDE):
                    open_now[which, i] *= np.exp(np.log(0.5) * (now - open_at) / half_life[which, low + i])
            open_at = now
        if session >= 0:
            for i in range(_WIDE):
                red = _redness(z[_V + i], z[_I + i], z[_PR + i], z[_PR + 2 * _WIDE + i])
                still_red = treated * (red >= z[_PR + 3 * _WIDE + i]) * (now - since)
                still_hot = treated * (z[_I + i] >= z[_PR + 4 * _WIDE + i]) * (now - since)
                z[_RED_FOR + i] = max(z[_RED_FOR + i], still_red)
                z[_HOT_FOR + i] = max(z[_HOT_FOR + i], still_hot)
                s = stimulus[session, low + i]
                z[_D + i] += s
                z[_V + i] += s
                z[_EL + i] *= 1 - z[_PS + i] * s
                for which in range(3):
                    open_now[which, i] += opening[session, low + i]
            since = now
            treated = 1.0
        if report >= 0:
            for i in range(_WIDE):
                j = low + i
                out[0, report, j] = open_now[0, i]
                out[1, report, j] = open_now[1, i]
                out[2, report, j] = open_now[2, i]
                out[3, report, j] = _redness(z[_V + i], z[_I + i], z[_PR + i], z[_PR + 2 * _WIDE + i])
                out[4, report, j] = z[_I + i]
                out[5, report, j] = _growth_factor(z[_D + i], z[_M + i], z[_F + i], p[_T_D, j], p[_T_F, j])
                out[6, report, j] = z[_C1 + i] + z[_C3 + i]
                out[7, report, j] = z[_C3 + i]
                out[8, report, j] = z[_EL + i]
                out[9, report, j] = z[_S + i]
        if node == step.shape[0]:
            break
        _runge_kutta(step[node], now - since, table[tile, kind[node]], z)
        now += step[node]
    for i in range(_WIDE):  # what is still red or hot at the end counts up to the end
        red = _redness(z[_V + i], z[_I + i], z[_PR + i], z[_PR + 2 * _WIDE + i])
        calm[0, low + i] = max(z[_RED_FOR + i], treated * (red >= z[_PR + 3 * _WIDE + i]) * (now - since))
        calm[1, low + i] = max(z[_HOT_FOR + i], treated * (z[_I + i] >= z[_PR + 4 * _WIDE + i]) * (now - since))


def strokes(tools: Floats, epidermis: Floats, parameters: Floats) -> Floats:
    """All strokes on all members.

    Args:
        tools: float64[stroke, column of ``TOOL``]. epidermis: float64[stroke, member], m.
        parameters: float64[row of ``STROKE_PARAMETERS``, member].

    Returns:
        float64[row of ``STROKE_MEASURES``, stroke, member], SI.
    """
    out = np.empty((len(STROKE_MEASURES), tools.shape[0], parameters.shape[1]))
    _strokes(np.ascontiguousarray(tools), np.ascontiguousarray(epidermis), np.ascontiguousarray(parameters), out)
    return out


def _fastest_rates(p: Floats) -> tuple[float, float]:
    """Fastest rate of all states and of the slow states over the lanes, per s, with every loss and feedback."""
    rate = dict(zip(healing.PARAMETERS, p, strict=True))
    losses = np.array(
        [
            rate["fibroblast-activation-rate"] + rate["fibroblast-loss-rate"],
            rate["repair-loss-rate"],
            rate["collagen-iii-conversion-rate"]
            + rate["collagen-iii-loss-rate"]
            + rate["collagen-loss-to-inflammation"],
            rate["collagen-synthesis-rate"] * (1 + rate["tgf-synthesis-gain"]) * 2 / rate["collagen-ceiling"],
            rate["elastin-maturation-rate"],
            1 / rate["clinical-lag"],
        ]
    )
    slow = float(losses.max())
    return max(float(np.max(p[_EARLY:_SESSION])), slow), slow


def heal(tasks: Sequence[Task], parameters: Floats, accuracy: Accuracy = FINE) -> list[tuple[Floats, Floats]]:
    """All tasks over all members, in one batch.

    Args:
        tasks: zones of plans. parameters: float64[row of ``healing.PARAMETERS``, member], SI.
        accuracy: of the time grid; the default stays within 1e-6 of LSODA, for one member alone as well.

    Returns:
        For each task: float64[row of ``MEASURES``, time, member] and float64[row of ``CALM``, member].
    """
    members = parameters.shape[1]
    tiles = -(-members // _WIDE)
    lanes = np.minimum(np.arange(tiles * _WIDE), members - 1)  # the last member again fills the last tile
    p = np.ascontiguousarray(parameters[:, lanes])
    fast, slow = _fastest_rates(p)
    grids = [graded_grid(task.session_time, task.report_time, fast, slow, accuracy) for task in tasks]
    rounded = [np.round(grid.step, 6) for grid in grids]  # numerical: microseconds, so that equal steps share a row
    lengths, kinds = np.unique(np.concatenate(rounded), return_inverse=True)
    table = np.empty((tiles, lengths.size, 7 * _WIDE))
    _transitions(lengths, p, table)
    outputs: list[tuple[Floats, Floats]] = []
    jobs: list[tuple[Any, ...]] = []
    offset = 0
    for task, grid, step in zip(tasks, grids, rounded, strict=True):
        out = np.empty((len(MEASURES), task.report_time.size, lanes.size))
        calm = np.empty((len(CALM), lanes.size))
        kind = kinds[offset : offset + step.size]
        offset += step.size
        outputs.append((out[:, :, :members], calm[:, :members]))
        arrays = (
            step,
            kind,
            grid.session_at,
            grid.report_at,
            table,
            p,
            np.ascontiguousarray(task.stimulus[:, lanes]),  # one memory layout: one compiled signature
            np.ascontiguousarray(task.opening[:, lanes]),
            np.ascontiguousarray(task.half_life[:, lanes]),
        )
        jobs += [(*arrays, tile, out, calm) for tile in range(tiles)]
    if len(jobs) == 1:
        _heal(*jobs[0])
    else:
        list(pool().map(lambda job: _heal(*job), jobs))
    return outputs


def warm(progress: Callable[[str], None] | None = None) -> None:
    """Compile every kernel with its real signature, or load it from the cache.

    Args:
        progress: called with one line before each kernel.
    """
    say = progress or (lambda line: None)
    say("compiling the stroke model")
    tool = np.ones((1, len(stroke_equations.TOOL)))
    tool[0, 0] = 0.0
    strokes(tool, np.ones((1, 1)), np.ones((len(stroke_equations.STROKE_PARAMETERS), 1)))
    say("compiling the healing model")
    task = Task(np.zeros(1), np.array([0.0, 1.0]), np.zeros((1, 1)), np.zeros((1, 1)), np.ones((3, 1)))
    heal([task], np.ones((len(healing.PARAMETERS), 1)))
