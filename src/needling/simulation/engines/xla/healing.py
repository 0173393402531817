"""Strokes and healing by JAX: all members of all tasks in one program, and the gradient through it.

The steps of a task are cut into segments of equal numbers of steps. A segment begins at a node where something may
happen (a session, a report) or where the one before was full; the scan over segments holds a scan over steps, so
that a gradient needs to keep the state at the segments only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import pairwise
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from needling.simulation.engines import MEASURES, STROKE_MEASURES, Floats, Task
from needling.simulation.engines.grid import FINE, Accuracy, Ints, fastest_rates, graded_grid
from needling.simulation.engines.xla.tracing import Array, exact, rounded_up, shared_out, traced
from needling.simulation.equations import closure, healing
from needling.simulation.equations import stroke as stroke_equations

_TERMS = 24  # numerical: series terms of early_transition; enough for the longest half step of the grid
_LENGTHS = (2, 4, 8, 16)  # numerical: steps of a segment, whichever needs least
_A_SEGMENT = 2  # numerical: what a segment costs beside its steps, in steps

_stroke = traced(stroke_equations.stroke)
_open_share = traced(closure.open_share)
_series_term = traced(healing.early_series_term)
_rates = traced(healing.rates_with_reciprocals)
_growth_factor = traced(healing.growth_factor)
_redness = traced(healing.redness)

_EARLY = len(healing.RATE_PARAMETERS)
_SESSION = _EARLY + len(healing.EARLY_PARAMETERS)
_RED = _SESSION + len(healing.SESSION_PARAMETERS)
_INVERTED = ("collagen-ceiling", "clinical-lag")  # divided by once, not at every stage
_T_D = healing.RATE_PARAMETERS.index("tgf-from-debris")
_T_F = healing.RATE_PARAMETERS.index("tgf-from-fibroblasts")
OPEN = MEASURES[:3]  # what closes, and does not heal
_ROWS = 7  # numerical: rows of a table of transitions
_ROOM = 2**27  # numerical: numbers that a program may keep, so that a million members fit into the memory
_KIND, _CONDITION, _BY_FORCE = (stroke_equations.TOOL.index(name) for name in ("kind", "condition", "by_force"))


@dataclass(frozen=True)
class _Course:
    """The steps of all tasks as segments; the last segment of a task, and those that fill up, stand still.

    Args:
        length: of each kind of step, s, float64[kind]; the first is 0. kind: int[task, segment, step].
        age: time since the last session when a step begins, s, float64[task, segment, step].
        session: that acts when a segment begins, ``sessions`` for none, int[task, segment]. sessions: most of a task.
        ended: time since the session before, where one acts or the task ends, s, else 0, float64[task, segment].
        report: segment that begins at a report time, int[task, time].
    """

    length: Floats
    kind: Ints
    age: Floats
    session: Ints
    ended: Floats
    report: Ints
    sessions: int

    @property
    def rows(self) -> tuple[NDArray[Any], ...]:
        """What the scan over segments reads."""
        return self.kind, self.age, self.session, self.ended


def course_of(tasks: Sequence[Task], fast: float, slow: float, accuracy: Accuracy) -> _Course:
    """Segments of the shared time grid."""
    grids = [graded_grid(task.session_time, task.report_time, fast, slow, accuracy) for task in tasks]
    steps = [np.round(grid.step, 6) for grid in grids]  # numerical: microseconds, so that equal steps share a row
    length = np.unique(np.concatenate([np.zeros(1), *steps]))
    events = [np.flatnonzero((grid.session_at >= 0) | (grid.report_at >= 0)) for grid in grids]
    per = min(_LENGTHS, key=lambda size: sum(np.sum(-(-np.diff(at) // size)) * (size + _A_SEGMENT) for at in events))
    begins = [np.concatenate([*(np.arange(low, high, per) for low, high in pairwise(at)), at[-1:]]) for at in events]
    segments = rounded_up(max(begin.size for begin in begins))
    sessions = rounded_up(max(task.session_time.size for task in tasks))
    reports = rounded_up(max(task.report_time.size for task in tasks))
    shape = (len(tasks), segments)
    kind, age = np.zeros((*shape, per), dtype=np.int64), np.zeros((*shape, per))
    session, ended = np.full(shape, sessions), np.zeros(shape)
    report = np.zeros((len(tasks), reports), dtype=np.int64)
    for row, (task, grid, step, begin) in enumerate(zip(tasks, grids, steps, begins, strict=True)):
        now = np.concatenate([np.zeros(1), np.cumsum(step)])
        acts = np.flatnonzero(grid.session_at >= 0)
        since = np.searchsorted(acts, np.arange(now.size), side="right") - 1
        passed = now - np.where(since >= 0, now[acts[np.maximum(since, 0)]] if acts.size else 0.0, 0.0)
        place = begin[:-1, None] + np.arange(per)
        inside = place < np.concatenate([begin[1:]])[:, None]
        place = np.where(inside, place, 0)
        kind[row, : begin.size - 1] = np.where(inside, np.searchsorted(length, step)[place], 0)
        age[row, : begin.size - 1] = np.where(inside, passed[place], 0.0)
        here = np.searchsorted(begin, acts)
        session[row, here] = grid.session_at[acts]
        ended[row, here[1:]] = np.diff(now[acts])
        if acts.size and acts[-1] < now.size - 1:
            ended[row, begin.size - 1] = now[-1] - now[acts[-1]]
        report[row, : task.report_time.size] = np.searchsorted(begin, np.flatnonzero(grid.report_at >= 0))
    fill = np.zeros(rounded_up(length.size) - length.size)
    return _Course(np.concatenate([length, fill]), kind, age, session, ended, report, sessions)


def _fell(longest: Array, before: Array, middle: Array, after: Array, limit: Array, age: Array, h: Array) -> Array:
    """The longest time since a session at which a measure fell below its limit, this step included.

    The fall is where the parabola through start, half and end of the step meets the limit.
    """
    crosses = (before >= limit) & (after < limit)
    bend = 2 * (before - 2 * middle + after)
    slope = after - before - bend
    root = jnp.maximum(slope * slope - 2 * 2 * bend * (before - limit), 0.0)
    part = 2 * (before - limit) / jnp.where(crosses, jnp.sqrt(jnp.where(crosses, root, 1.0)) - slope, 1.0)
    return jnp.maximum(longest, jnp.where(crosses, age + h * part, 0.0))


def _still(measure: Array, limit: Array, ended: Array) -> Array:
    """What is still red or hot at an age since the session counts up to here."""
    return jnp.where(measure >= limit, ended, 0.0)


def _run_task(
    p: Array, transitions: Array, length: Array, stimulus: Array, course: tuple[Array, ...], shown: tuple[str, ...]
) -> tuple[Array, Array]:
    """One task: float64[row of ``shown``, segment, member], and the times until calm, float64[which, member]."""
    early = [transitions[:, row] for row in range(transitions.shape[1])]
    slow_rates = tuple(
        1 / row if name in _INVERTED else row for name, row in zip(healing.RATE_PARAMETERS, p, strict=False)
    )
    loss = p[_SESSION]
    from_injury, _, from_inflammation, seen, calm = p[_RED:]

    def red(vascular: Array, inflammation: Array) -> Array:
        return _redness(vascular, inflammation, from_injury, from_inflammation)

    def step(state: tuple[Array, ...], now: tuple[Array, Array]) -> tuple[tuple[Array, ...], None]:
        kind, age = now
        h = length[kind]
        dd, di, ii, dm, im, mm, vv = (row[kind] for row in early)
        d0, i0, m0, v0, *y, red_for, hot_for = state
        dh, ih, mh, vh = dd * d0, di * d0 + ii * i0, dm * d0 + im * i0 + mm * m0, vv * v0
        d1, i1, m1, v1 = dd * dh, di * dh + ii * ih, dm * dh + im * ih + mm * mh, vv * vh

        def slope(part: Array, along: Sequence[Array], *inputs: Array) -> Any:
            return _rates(*(a + part * k for a, k in zip(y, along, strict=True)), *inputs, *slow_rates)

        half, sixth = 0.5 * h, h / 6  # numerical: the weights of the classical Runge-Kutta step
        k1 = _rates(*y, d0, i0, m0, *slow_rates)
        k2 = slope(half, k1, dh, ih, mh)
        k3 = slope(half, k2, dh, ih, mh)
        k4 = slope(h, k3, d1, i1, m1)
        new = [a + sixth * (b + 2 * (c + d) + e) for a, b, c, d, e in zip(y, k1, k2, k3, k4, strict=True)]
        red_for = _fell(red_for, red(v0, i0), red(vh, ih), red(v1, i1), seen, age, h)
        hot_for = _fell(hot_for, i0, ih, i1, calm, age, h)
        return (d1, i1, m1, v1, *new, red_for, hot_for), None

    def segment(state: tuple[Array, ...], now: tuple[Array, ...]) -> tuple[tuple[Array, ...], Array]:
        kind, age, session, ended = now
        d, i, m, v, f, c3, c1, te, el, y, s, red_for, hot_for = state
        red_for = jnp.maximum(red_for, _still(red(v, i), seen, ended))
        hot_for = jnp.maximum(hot_for, _still(i, calm, ended))
        injury = stimulus[session]
        d, v, el = d + injury, v + injury, el * (1 - loss * injury)
        tells = {
            "erythema": lambda: red(v, i),
            "inflammation": lambda: i,
            "signal": lambda: _growth_factor(d, m, f, p[_T_D], p[_T_F]),
            "collagen": lambda: c1 + c3,
            "collagen_iii": lambda: c3,
            "elastin": lambda: el,
            "residual": lambda: s,
        }
        told = jnp.stack([tells[name]() for name in shown]) if shown else jnp.empty((0, *d.shape))
        state = (d, i, m, v, f, c3, c1, te, el, y, s, red_for, hot_for)
        state, _ = jax.lax.scan(step, state, (kind, age))
        return state, told

    zero = 0 * p[0]
    one = zero + 1
    # D, I, M, V, f, C3, C1, Te, El, Y, S, and the two times until calm
    start = (zero, zero, zero, zero, zero, zero, one, zero, one, one, one, zero, zero)
    end, told = jax.lax.scan(jax.checkpoint(segment, prevent_cse=False), start, course)
    return jnp.moveaxis(told, 1, 0), jnp.stack(end[-2:])


def _transitions(p: Array, length: Array) -> Array:
    """Half a step of D, I, M in rows 0-5, of the vascular part in row 6: float64[kind of step, row, member].

    The series of :func:`needling.simulation.equations.healing.early_transition`, term by term.
    """
    half = 0.5 * length[:, None]
    early = p[_EARLY:_SESSION]
    zero = 0 * (half + p[_EARLY])
    unit = (zero + 1, zero, zero + 1, zero, zero, zero + 1)

    def add(series: tuple[Any, Any], order: Array) -> tuple[tuple[Any, Any], None]:
        total, term = series
        term = _series_term(half / order, *early, *term)
        return (tuple(a + b for a, b in zip(total, term, strict=True)), term), None

    (total, _), _ = jax.lax.scan(add, (unit, unit), jnp.arange(1.0, _TERMS))
    decay = jnp.exp(-jnp.max(jnp.stack([early[0], early[1], early[3]]), axis=0) * half)
    return jnp.stack([*(row * decay for row in total), jnp.exp(-half / p[_RED + 1])], axis=1)


def run_tasks(
    p: Array, length: Array, course: tuple[Array, ...], report: Array, stimulus: Array, shown: tuple[str, ...]
) -> tuple[Array, Array]:
    """All tasks: float64[task, row of ``shown``, time, member] and float64[task, which, member]."""
    transitions = _transitions(p, length)
    told, calm = jax.vmap(lambda stimuli, own: _run_task(p, transitions, length, stimuli, own, shown))(stimulus, course)
    return jax.vmap(lambda rows, at: rows[:, at])(told, report), calm


def _closing(session_time: Array, report_time: Array, opening: Array, half_life: Array) -> Array:
    """What is open of all sessions so far, of one task: float64[kind of open, time, member]."""

    def add(total: Array, session: tuple[Array, Array]) -> tuple[Array, None]:
        start, opened = session
        age = report_time[:, None] - start
        share = _open_share(jnp.maximum(age, 0.0), half_life[:, None, :])
        return total + jnp.where(age >= 0, opened * share, 0.0), None

    start = jnp.zeros((half_life.shape[0], report_time.size, half_life.shape[1]))
    return jax.lax.scan(add, start, (session_time, opening))[0]


_run_compiled = partial(jax.jit, static_argnames="shown")(run_tasks)
_closing_compiled = jax.jit(jax.vmap(_closing))


def stacked(rows: Sequence[Floats], size: int, filling: float) -> Floats:
    """Arrays [row, ...] of the tasks as one, each filled up to the same number of rows."""
    return np.stack([np.concatenate([row, np.full((size - row.shape[0], *row.shape[1:]), filling)]) for row in rows])


def heal(
    tasks: Sequence[Task],
    parameters: Floats,
    accuracy: Accuracy = FINE,
    measures: Sequence[str] = MEASURES,
) -> list[tuple[Floats, Floats]]:
    """As :func:`needling.simulation.engines.lanes.heal`, on whatever devices JAX has.

    Args:
        tasks: zones of plans. parameters: float64[row of ``healing.PARAMETERS``, member], SI.
        accuracy: of the time grid. measures: which of ``MEASURES`` are reported, in this order.

    Returns:
        For each task: float64[row of ``measures``, time, member] and float64[row of ``CALM``, member].
    """
    if not tasks:
        return []
    course = course_of(tasks, *fastest_rates(parameters), accuracy)
    members = parameters.shape[1]
    parts = []
    with exact():
        for block in _blocks(members, course, measures):
            own = [_members_of(task, block) for task in tasks]
            parts.append(_some(own, parameters[:, block], course, measures))
    return [
        (
            np.concatenate([out[row] for out, _ in parts], axis=-1)[:, : task.report_time.size],
            np.concatenate([calm[row] for _, calm in parts], axis=-1),
        )
        for row, task in enumerate(tasks)
    ]


def _blocks(members: int, course: _Course, measures: Sequence[str]) -> list[slice]:
    """Members that fit into the memory together; all blocks but the last have the same size."""
    each = _ROWS * course.length.size + 2 * len(measures) * course.session.size
    block = 2 ** int(np.log2(max(_ROOM / each, 1)))
    return [slice(low, low + block) for low in range(0, members, block)]


def _members_of(task: Task, block: slice) -> Task:
    """A task on some of its members."""
    return replace(
        task, stimulus=task.stimulus[:, block], opening=task.opening[:, block], half_life=task.half_life[:, block]
    )


def _some(tasks: Sequence[Task], parameters: Floats, course: _Course, measures: Sequence[str]) -> tuple[Floats, Floats]:
    """All tasks on some members: float64[task, row of ``measures``, time, member], and the times until calm."""
    members = parameters.shape[1]
    shown = tuple(name for name in measures if name not in OPEN)
    stimulus = shared_out(stacked([task.stimulus for task in tasks], course.sessions + 1, 0.0), members)
    p = shared_out(parameters, members)
    told, calm = _run_compiled(p, course.length, course.rows, course.report, stimulus, shown=shown)
    found = {name: np.asarray(told[:, row]) for row, name in enumerate(shown)}
    if any(name in OPEN for name in measures):
        opened = np.asarray(
            _closing_compiled(
                stacked([task.session_time for task in tasks], course.sessions, np.inf),
                stacked([task.report_time for task in tasks], course.report.shape[1], 0.0),
                shared_out(stacked([task.opening for task in tasks], course.sessions, 0.0), members),
                shared_out(np.stack([task.half_life for task in tasks]), members),
            )
        )
        found |= {name: opened[:, row] for row, name in enumerate(OPEN)}
    rows = [found[name][..., :members] for name in measures]
    shape = (len(tasks), 0, course.report.shape[1], members)
    return np.stack(rows, axis=1) if rows else np.empty(shape), np.asarray(calm)[..., :members]


@partial(jax.jit, static_argnames=("kind", "by_force"))
def _strokes(kind: float, by_force: float, tool: Array, own: Array, person: Array) -> Array:
    """Strokes of one kind: float64[row of ``STROKE_MEASURES``, stroke, member].

    tool: float64[column, stroke]. own: what depends on both, float64[row, stroke, member]. person: [row, member].
    """
    columns = dict(zip(stroke_equations.TOOL, tool[:, :, None], strict=True)) | {"kind": kind, "by_force": by_force}
    return jnp.stack(jnp.broadcast_arrays(*_stroke(*columns.values(), *own, *person)))


def strokes(tools: Floats, epidermis: Floats, parameters: Floats) -> Floats:
    """As :func:`needling.simulation.engines.lanes.strokes`.

    Args:
        tools: float64[stroke, column of ``TOOL``]. epidermis: float64[stroke, member], m.
        parameters: float64[row of ``STROKE_PARAMETERS``, member].

    Returns:
        float64[row of ``STROKE_MEASURES``, stroke, member], SI.
    """
    members = parameters.shape[1]
    named = dict(zip(stroke_equations.STROKE_PARAMETERS, parameters, strict=True))
    person = parameters[: len(stroke_equations.SHARED_PARAMETERS)]
    new = {"new-tip-ratio": np.ones(members), "new-length-spread": np.zeros(members)}
    out = np.empty((len(STROKE_MEASURES), tools.shape[0], members))
    for kind, by_force in {(float(row[_KIND]), float(row[_BY_FORCE])) for row in tools}:
        rows = np.flatnonzero((tools[:, _KIND] == kind) & (tools[:, _BY_FORCE] == by_force))
        name = stroke_equations.KINDS[int(kind)]
        states = [stroke_equations.CONDITIONS[int(tools[row, _CONDITION])] for row in rows]
        own = [
            epidermis[rows],
            *(np.tile(named[f"{name}-{what}"], (rows.size, 1)) for what in ("efficiency", "dead-length")),
            *(
                np.array([(named | new)[f"{state}-{what}"] for state in states])
                for what in ("tip-ratio", "length-spread")
            ),
        ]
        with exact():
            found = _strokes(kind, by_force, tools[rows].T, shared_out(own, members), shared_out(person, members))
            out[:, rows] = np.asarray(found)[:, :, :members]
    return out
