"""Strokes and healing in lanes: one member in each, a tile of lanes in vector registers."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from needling.simulation.engines import CALM, MEASURES, STROKE_MEASURES, Floats, Task
from needling.simulation.engines.grid import FINE, Accuracy, fastest_rates, graded_grid
from needling.simulation.engines.lanes import compiling
from needling.simulation.engines.lanes import exponential as exponential_text
from needling.simulation.engines.lanes.compiling import SETTINGS, compiled, inlined, pasted, pool
from needling.simulation.engines.lanes.exponential import exponential
from needling.simulation.equations import depth, healing, rolling
from needling.simulation.equations import stroke as stroke_equations

_TERMS = 24  # numerical: series terms of early_transition; measured error 2e-15 at the longest half step
KEPT = compiling.Kernels(
    ("_strokes", "_heal"), compiling, rolling, depth, healing, stroke_equations, exponential_text, sys.modules[__name__]
)
_kernel = KEPT.kernel
is_warm = KEPT.are_warm

_stroke = compiled(stroke_equations.stroke)
_series_term = compiled(healing.early_series_term)
_rates = compiled(healing.rates_with_reciprocals)
_growth_factor = compiled(healing.growth_factor)
_redness = compiled(healing.redness)

# Rows of the parameter tables, frozen into the kernels as numbers.
_EFFICIENCY = len(stroke_equations.SHARED_PARAMETERS)
_DEAD_LENGTH = _EFFICIENCY + len(stroke_equations.KINDS)
_TIP_RATIO = _EFFICIENCY + len(stroke_equations.KIND_PARAMETERS) - 1  # "new" has no row
_LENGTH_SPREAD = _TIP_RATIO + len(stroke_equations.CONDITIONS) - 1
_EARLY = len(healing.RATE_PARAMETERS)
_SESSION = _EARLY + len(healing.EARLY_PARAMETERS)
_RED = _SESSION + len(healing.SESSION_PARAMETERS)
# The buffer of a tile: offsets of its rows, each with one number of every lane; the last are the parameters.
_WIDE = 16  # numerical: lanes of a tile
_D, _I, _M, _V, _F, _C3, _C1, _TE, _EL, _Y, _S, _RED_FOR, _HOT_FOR = (row * _WIDE for row in range(13))
_DH, _IH, _MH, _VH, _D1, _I1, _M1, _V1 = (row * _WIDE for row in range(13, 21))  # at half and at all of a step
_A, _B, _E = (row * _WIDE for row in range(21, 42, 7))  # slopes of the seven slow states at three stages of a step
_P = range(42).stop  # numerical: rows before the parameters
_PS = (_P + _SESSION) * _WIDE
_PE = (_P + _EARLY) * _WIDE
_PR = (_P + _RED) * _WIDE
_ROWS = _P + len(healing.PARAMETERS)
_SHOWN_ERYTHEMA, _SHOWN_INFLAMMATION, _SHOWN_SIGNAL, _SHOWN_COLLAGEN, _SHOWN_COLLAGEN_III, _SHOWN_ELASTIN = (
    MEASURES.index(name) for name in ("erythema", "inflammation", "signal", "collagen", "collagen_iii", "elastin")
)
_LOG_HALF = float(np.log(0.5))
_PIECES = 4  # numerical: pieces of work for each thread
_CEILING = healing.RATE_PARAMETERS.index("collagen-ceiling")
_LAG = healing.RATE_PARAMETERS.index("clinical-lag")
_T_D = healing.RATE_PARAMETERS.index("tgf-from-debris")
_T_F = healing.RATE_PARAMETERS.index("tgf-from-fibroblasts")


@_kernel
def _strokes(tools: Floats, epidermis: Floats, p: Floats, out: Floats) -> None:
    """out[measure, stroke, lane] from tools[stroke, column], epidermis[stroke, lane], p[parameter, lane]."""
    for row in range(tools.shape[0]):
        kind = int(tools[row, 0])
        condition = int(tools[row, 13])
        for i in range(p.shape[1]):
            tip_ratio, length_spread = 1.0, 0.0
            if condition > 0:
                tip_ratio, length_spread = p[_TIP_RATIO + condition, i], p[_LENGTH_SPREAD + condition, i]
            (
                out[0, row, i],
                out[1, row, i],
                out[2, row, i],
                out[3, row, i],
                out[4, row, i],
                out[5, row, i],
                out[6, row, i],
                out[7, row, i],
                out[8, row, i],
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
                tools[row, 13],
                tools[row, 14],
                tools[row, 15],
                epidermis[row, i],
                p[_EFFICIENCY + kind, i],
                p[_DEAD_LENGTH + kind, i],
                tip_ratio,
                length_spread,
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
                p[16, i],
            )


@pasted
def _rates_in(
    z: Floats,
    i: int,
    y0: float,
    y1: float,
    y2: float,
    y3: float,
    y4: float,
    y5: float,
    y6: float,
    debris: float,
    inflammation: float,
    repair: float,
) -> Any:
    """The rates of the slow states of one lane, with the lane's own parameters."""
    return _rates(
        y0,
        y1,
        y2,
        y3,
        y4,
        y5,
        y6,
        debris,
        inflammation,
        repair,
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


@pasted
def _stage(z: Floats, i: int, part: float, slopes: int, debris: int, inflammation: int, repair: int) -> Any:
    """The rates at the state plus a part of a step along slopes found before."""
    return _rates_in(
        z,
        i,
        z[_F + i] + part * z[slopes + i],
        z[_C3 + i] + part * z[slopes + _WIDE + i],
        z[_C1 + i] + part * z[slopes + 2 * _WIDE + i],
        z[_TE + i] + part * z[slopes + 3 * _WIDE + i],
        z[_EL + i] + part * z[slopes + 4 * _WIDE + i],
        z[_Y + i] + part * z[slopes + 5 * _WIDE + i],
        z[_S + i] + part * z[slopes + 6 * _WIDE + i],
        z[debris + i],
        z[inflammation + i],
        z[repair + i],
    )


@pasted
def _runge_kutta(h: float, t: Floats, z: Floats) -> None:
    """One classical Runge-Kutta step of all lanes of a tile; D, I, M move exactly and are known at the half.

    Stage by stage over all lanes: so the divisions and roots of one lane wait beside those of the others.
    The state of D, I, M, V after the step is left in the rows at all of a step.

    h: step, s. t: transition rows. z: the tile's buffer, changed in place.
    """
    g = 0.5 * h
    w = h / 6  # numerical: the weights of the classical Runge-Kutta step
    for i in range(_WIDE):
        d0, n0, m0 = z[_D + i], z[_I + i], z[_M + i]
        dd, di, dm = t[i], t[_WIDE + i], t[3 * _WIDE + i]
        ii, im, mm = t[2 * _WIDE + i], t[4 * _WIDE + i], t[5 * _WIDE + i]
        vv = t[6 * _WIDE + i]
        dh, nh, mh = dd * d0, di * d0 + ii * n0, dm * d0 + im * n0 + mm * m0
        vh = vv * z[_V + i]
        z[_DH + i], z[_IH + i], z[_MH + i], z[_VH + i] = dh, nh, mh, vh
        z[_D1 + i], z[_I1 + i], z[_M1 + i] = dd * dh, di * dh + ii * nh, dm * dh + im * nh + mm * mh
        z[_V1 + i] = vv * vh
    for i in range(_WIDE):
        a = _rates_in(
            z,
            i,
            z[_F + i],
            z[_C3 + i],
            z[_C1 + i],
            z[_TE + i],
            z[_EL + i],
            z[_Y + i],
            z[_S + i],
            z[_D + i],
            z[_I + i],
            z[_M + i],
        )
        z[_A + i], z[_A + _WIDE + i], z[_A + 2 * _WIDE + i], z[_A + 3 * _WIDE + i] = a[0], a[1], a[2], a[3]
        z[_A + 4 * _WIDE + i], z[_A + 5 * _WIDE + i], z[_A + 6 * _WIDE + i] = a[4], a[5], a[6]
    for i in range(_WIDE):
        b = _stage(z, i, g, _A, _DH, _IH, _MH)
        z[_B + i], z[_B + _WIDE + i], z[_B + 2 * _WIDE + i], z[_B + 3 * _WIDE + i] = b[0], b[1], b[2], b[3]
        z[_B + 4 * _WIDE + i], z[_B + 5 * _WIDE + i], z[_B + 6 * _WIDE + i] = b[4], b[5], b[6]
    for i in range(_WIDE):
        e = _stage(z, i, g, _B, _DH, _IH, _MH)
        z[_E + i], z[_E + _WIDE + i], z[_E + 2 * _WIDE + i], z[_E + 3 * _WIDE + i] = e[0], e[1], e[2], e[3]
        z[_E + 4 * _WIDE + i], z[_E + 5 * _WIDE + i], z[_E + 6 * _WIDE + i] = e[4], e[5], e[6]
    for i in range(_WIDE):
        k = _stage(z, i, h, _E, _D1, _I1, _M1)
        z[_F + i] += w * (z[_A + i] + 2 * (z[_B + i] + z[_E + i]) + k[0])
        z[_C3 + i] += w * (z[_A + _WIDE + i] + 2 * (z[_B + _WIDE + i] + z[_E + _WIDE + i]) + k[1])
        z[_C1 + i] += w * (z[_A + 2 * _WIDE + i] + 2 * (z[_B + 2 * _WIDE + i] + z[_E + 2 * _WIDE + i]) + k[2])
        z[_TE + i] += w * (z[_A + 3 * _WIDE + i] + 2 * (z[_B + 3 * _WIDE + i] + z[_E + 3 * _WIDE + i]) + k[3])
        z[_EL + i] += w * (z[_A + 4 * _WIDE + i] + 2 * (z[_B + 4 * _WIDE + i] + z[_E + 4 * _WIDE + i]) + k[4])
        z[_Y + i] += w * (z[_A + 5 * _WIDE + i] + 2 * (z[_B + 5 * _WIDE + i] + z[_E + 5 * _WIDE + i]) + k[5])
        z[_S + i] += w * (z[_A + 6 * _WIDE + i] + 2 * (z[_B + 6 * _WIDE + i] + z[_E + 6 * _WIDE + i]) + k[6])


@inlined
def _fell(longest: float, before: float, middle: float, after: float, limit: float, age: float, h: float) -> float:
    """The longest time since a session at which a measure fell below its limit, this step included.

    The fall is where the parabola through start, half and end of the step meets the limit.
    """
    if not ((before >= limit) & (after < limit)):
        return longest
    bend = 2 * (before - 2 * middle + after)
    slope = after - before - bend
    part = 2 * (before - limit) / (np.sqrt(max(slope * slope - 2 * 2 * bend * (before - limit), 0.0)) - slope)
    latest: float = max(longest, age + h * part)
    return latest


@inlined
def _watch(h: float, age: float, z: Floats) -> bool:
    """Note when redness and inflammation fall below their limits in this step; False once they can only fall on."""
    falls = 0
    stays = 0
    for i in range(_WIDE):
        from_injury, from_inflammation = z[_PR + i], z[_PR + 2 * _WIDE + i]
        limit, calm = z[_PR + 3 * _WIDE + i], z[_PR + 4 * _WIDE + i]
        was = _redness(z[_V + i], z[_I + i], from_injury, from_inflammation) >= limit
        red = _redness(z[_V1 + i], z[_I1 + i], from_injury, from_inflammation) >= limit
        hot = z[_I1 + i] >= calm
        falls += (was & (not red)) | ((z[_I + i] >= calm) & (not hot))
        stays += red | hot | (z[_D1 + i] > z[_I1 + i])  # inflammation rises as long as there is more debris
    if falls:
        for i in range(_WIDE):
            from_injury, from_inflammation = z[_PR + i], z[_PR + 2 * _WIDE + i]
            z[_RED_FOR + i] = _fell(
                z[_RED_FOR + i],
                _redness(z[_V + i], z[_I + i], from_injury, from_inflammation),
                _redness(z[_VH + i], z[_IH + i], from_injury, from_inflammation),
                _redness(z[_V1 + i], z[_I1 + i], from_injury, from_inflammation),
                z[_PR + 3 * _WIDE + i],
                age,
                h,
            )
            z[_HOT_FOR + i] = _fell(z[_HOT_FOR + i], z[_I + i], z[_IH + i], z[_I1 + i], z[_PR + 4 * _WIDE + i], age, h)
    return stays > 0


@inlined
def _transitions(length: Floats, z: Floats, table: Floats) -> None:
    """table[kind, row x lane] of a tile: rows 0-5 half a step of D, I, M; row 6 half a step of the vascular part.

    The series of :func:`needling.simulation.equations.healing.early_transition`, all lanes term by term.
    """
    term = np.empty(6 * _WIDE)
    for kind in range(length.shape[0]):
        h = 0.5 * length[kind]
        total = table[kind]
        fastest = 0.0
        for i in range(_WIDE):
            for row in range(6):
                total[row * _WIDE + i] = term[row * _WIDE + i] = 0.0
            total[i] = total[2 * _WIDE + i] = total[5 * _WIDE + i] = 1.0
            term[i] = term[2 * _WIDE + i] = term[5 * _WIDE + i] = 1.0
            fastest = max(fastest, z[_PE + i], z[_PE + _WIDE + i], z[_PE + 3 * _WIDE + i])
        # numerical: terms until the next is below 1e-17, for a step below one time constant and above
        terms = min(_TERMS, 12 + int(7 * fastest * h))
        for order in range(1, terms):
            part = h / order
            for i in range(_WIDE):
                new = _series_term(
                    part,
                    z[_PE + i],
                    z[_PE + _WIDE + i],
                    z[_PE + 2 * _WIDE + i],
                    z[_PE + 3 * _WIDE + i],
                    term[i],
                    term[_WIDE + i],
                    term[2 * _WIDE + i],
                    term[3 * _WIDE + i],
                    term[4 * _WIDE + i],
                    term[5 * _WIDE + i],
                )
                term[i], term[_WIDE + i], term[2 * _WIDE + i] = new[0], new[1], new[2]
                term[3 * _WIDE + i], term[4 * _WIDE + i], term[5 * _WIDE + i] = new[3], new[4], new[5]
                total[i] += new[0]
                total[_WIDE + i] += new[1]
                total[2 * _WIDE + i] += new[2]
                total[3 * _WIDE + i] += new[3]
                total[4 * _WIDE + i] += new[4]
                total[5 * _WIDE + i] += new[5]
        for i in range(_WIDE):
            decay = exponential(-h * max(z[_PE + i], z[_PE + _WIDE + i], z[_PE + 3 * _WIDE + i]))
            for row in range(6):
                total[row * _WIDE + i] *= decay
            total[6 * _WIDE + i] = exponential(-h / z[_PR + _WIDE + i])


@inlined
def _start(low: int, p: Floats, z: Floats) -> None:
    """The state before the first session, and the lanes' parameters."""
    z[: _P * _WIDE] = 0.0
    for row in range(p.shape[0]):
        own = p[row, low : low + _WIDE]
        for i in range(_WIDE):
            z[(_P + row) * _WIDE + i] = 1 / own[i] if row in (_CEILING, _LAG) else own[i]
    for i in range(_WIDE):
        z[_C1 + i] = z[_EL + i] = z[_Y + i] = z[_S + i] = 1.0


@inlined
def _still(age: float, z: Floats) -> None:
    """What is still red or hot at an age since the session counts up to here."""
    for i in range(_WIDE):
        red = _redness(z[_V + i], z[_I + i], z[_PR + i], z[_PR + 2 * _WIDE + i])
        if red >= z[_PR + 3 * _WIDE + i]:
            z[_RED_FOR + i] = max(z[_RED_FOR + i], age)
        if z[_I + i] >= z[_PR + 4 * _WIDE + i]:
            z[_HOT_FOR + i] = max(z[_HOT_FOR + i], age)


@inlined
def _report(report: int, low: int, row_of: Any, open_now: Floats, z: Floats, out: Floats) -> None:
    """Write the wanted measures of one time: out[row_of[measure], report, lane]."""
    for measure in range(row_of.shape[0]):
        if row_of[measure] < 0:
            continue
        shown = out[row_of[measure], report, low : low + _WIDE]
        if measure < _SHOWN_ERYTHEMA:
            for i in range(_WIDE):
                shown[i] = open_now[measure * _WIDE + i]
        elif measure == _SHOWN_ERYTHEMA:
            for i in range(_WIDE):
                shown[i] = _redness(z[_V + i], z[_I + i], z[_PR + i], z[_PR + 2 * _WIDE + i])
        elif measure == _SHOWN_INFLAMMATION:
            for i in range(_WIDE):
                shown[i] = z[_I + i]
        elif measure == _SHOWN_SIGNAL:
            for i in range(_WIDE):
                from_debris, from_fibroblasts = z[(_P + _T_D) * _WIDE + i], z[(_P + _T_F) * _WIDE + i]
                shown[i] = _growth_factor(z[_D + i], z[_M + i], z[_F + i], from_debris, from_fibroblasts)
        elif measure == _SHOWN_COLLAGEN:
            for i in range(_WIDE):
                shown[i] = z[_C1 + i] + z[_C3 + i]
        elif measure == _SHOWN_COLLAGEN_III:
            for i in range(_WIDE):
                shown[i] = z[_C3 + i]
        elif measure == _SHOWN_ELASTIN:
            for i in range(_WIDE):
                shown[i] = z[_EL + i]
        else:
            for i in range(_WIDE):
                shown[i] = z[_S + i]


@_kernel
def _heal(
    length: Floats,
    kind: Any,
    session_at: Any,
    report_at: Any,
    p: Floats,
    stimulus: Floats,
    opening: Floats,
    half_life: Floats,
    first: int,
    last: int,
    row_of: Any,
    out: Floats,
    calm: Floats,
) -> None:
    """One task over some tiles of lanes: writes out[row, time, lane] and calm[which, lane].

    State and parameters of a tile lie in one buffer with a constant row length: so the compiler knows that
    rows do not overlap and runs the lanes of a step in vector registers.
    """
    z = np.zeros(_ROWS * _WIDE)
    table = np.empty((length.shape[0], 7 * _WIDE))
    open_now = np.empty(3 * _WIDE)
    closing = np.empty(3 * _WIDE)
    shown = row_of[0] >= 0 or row_of[1] >= 0 or row_of[2] >= 0
    steps = kind.shape[0]
    for tile in range(first, last):
        low = tile * _WIDE
        _start(low, p, z)
        _transitions(length, z, table)
        for which in range(3):
            own = half_life[which, low : low + _WIDE]
            for i in range(_WIDE):
                open_now[which * _WIDE + i] = 0.0
                closing[which * _WIDE + i] = _LOG_HALF / own[i]
        now = 0.0
        since = 0.0
        open_at = 0.0
        treated = False
        watching = False
        for node in range(steps + 1):
            session = session_at[node]
            report = report_at[node]
            if shown and (session >= 0 or report >= 0):
                for i in range(3 * _WIDE):
                    open_now[i] *= exponential((now - open_at) * closing[i])
                open_at = now
            if session >= 0:
                if treated:
                    _still(now - since, z)
                injury = stimulus[session, low : low + _WIDE]
                opened = opening[session, low : low + _WIDE]
                for i in range(_WIDE):
                    z[_D + i] += injury[i]
                    z[_V + i] += injury[i]
                    z[_EL + i] *= 1 - z[_PS + i] * injury[i]
                for which in range(3):
                    for i in range(_WIDE):
                        open_now[which * _WIDE + i] += opened[i]
                since = now
                treated = watching = True
            if report >= 0:
                _report(report, low, row_of, open_now, z, out)
            if node == steps:
                break
            h = length[kind[node]]
            _runge_kutta(h, table[kind[node]], z)
            if watching:
                watching = _watch(h, now - since, z)
            for i in range(_WIDE):
                z[_D + i], z[_I + i], z[_M + i], z[_V + i] = z[_D1 + i], z[_I1 + i], z[_M1 + i], z[_V1 + i]
            now += h
        if treated:
            _still(now - since, z)
        for i in range(_WIDE):
            calm[0, low + i] = z[_RED_FOR + i]
            calm[1, low + i] = z[_HOT_FOR + i]


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


def heal(
    tasks: Sequence[Task],
    parameters: Floats,
    accuracy: Accuracy = FINE,
    measures: Sequence[str] = MEASURES,
) -> list[tuple[Floats, Floats]]:
    """All tasks over all members, in one batch.

    Args:
        tasks: zones of plans. parameters: float64[row of ``healing.PARAMETERS``, member], SI.
        accuracy: of the time grid; the default stays within 1e-6 of LSODA, for one member alone as well.
        measures: which of ``MEASURES`` are reported, in this order.

    Returns:
        For each task: float64[row of ``measures``, time, member] and float64[row of ``CALM``, member].
    """
    members = parameters.shape[1]
    tiles = -(-members // _WIDE)
    lanes = tiles * _WIDE
    p = _padded(parameters, lanes)
    fast, slow = fastest_rates(p)
    row_of = np.array([measures.index(name) if name in measures else -1 for name in MEASURES])
    # Enough pieces that no thread waits long for another, and few enough that handing them out costs nothing.
    pieces = min(tiles, max(1, -(-_PIECES * int(SETTINGS.NUMBA_NUM_THREADS) // max(len(tasks), 1))))
    cuts = [tiles * piece // pieces for piece in range(pieces + 1)]
    outputs: list[tuple[Floats, Floats]] = []
    running = []
    for task in tasks:
        grid = graded_grid(task.session_time, task.report_time, fast, slow, accuracy)
        rounded = np.round(grid.step, 6)  # numerical: microseconds, so that equal steps share a row
        lengths, kinds = np.unique(rounded, return_inverse=True)
        out = np.empty((len(measures), task.report_time.size, lanes))
        calm = np.empty((len(CALM), lanes))
        outputs.append((out[:, :, :members], calm[:, :members]))
        own = tuple(_padded(values, lanes) for values in (task.stimulus, task.opening, task.half_life))
        for first, last in pairwise(cuts):
            piece = (lengths, kinds, grid.session_at, grid.report_at, p, *own, first, last, row_of, out, calm)
            if pieces * len(tasks) == 1:
                _heal(*piece)
            else:  # while it runs, the next task's grid is laid out
                running.append(pool().submit(_heal, *piece))
    for piece_done in running:
        piece_done.result()
    return outputs


def _padded(values: Floats, lanes: int) -> Floats:
    """Values [row, member] with the last member again until the last tile is full; one memory layout for all."""
    if values.shape[1] == lanes:
        return np.ascontiguousarray(values)
    return np.concatenate([values, np.repeat(values[:, -1:], lanes - values.shape[1], axis=1)], axis=1)


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
