"""Transport through the layers of the skin in lanes: one person in each, a tile of lanes in vector registers."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from needling.simulation.engines import COMPARTMENTS, LAYERS, Floats, Serum, Spread, mesh
from needling.simulation.engines.lanes import compiling
from needling.simulation.engines.lanes.compiling import compiled, inlined, pool
from needling.simulation.engines.mesh import FINE, Accuracy, Ints
from needling.simulation.engines.serum import check
from needling.simulation.equations import transport as equations

KEPT = compiling.Kernels(("_spread",), compiling, mesh, equations, sys.modules[__name__])
_kernel = KEPT.kernel
is_warm = KEPT.are_warm

_stretch = compiled(mesh.stretch)
_lateral_exchange = compiled(equations.lateral_exchange)
_end_cap = compiled(equations.end_cap)
_overlap = compiled(equations.overlap)
_tip_share = compiled(equations.tip_share)
_flow_below = compiled(equations.flow_below)
_face = compiled(equations.face_conductance)
_eliminate = compiled(equations.eliminate)
_film_activity = compiled(equations.film_activity)
_fade = compiled(equations.fade)
_IMPLICIT = equations.IMPLICIT
_EARLIER = equations.EARLIER
_LN2 = float(np.log(2))
# numerical: far above the first and below the last cell, m; tiles that a thread takes at once
_FAR = 1e30
_BATCH = 16

# Rows of the table of a run, float64[row, lane].
_PER_LAYER = ("thickness", "diffusivity", "partition", "clearance")
_SINGLE = (
    "dose",
    "film",
    "residue",
    "drying",
    "volatility",
    "wash_time",
    "solubility",
    "channels",
    "channel_radius",
    "channel_depth",
    "opening",
    "half_life",
)
_T, _D, _K, _LOSS = (row * len(LAYERS) for row in range(len(_PER_LAYER)))
_ONE = len(_PER_LAYER) * len(LAYERS)
(
    _DOSE,
    _FILM,
    _RESIDUE,
    _DRYING,
    _VOLATILITY,
    _WASH,
    _SOLUBILITY,
    _CHANNELS,
    _RADIUS,
    _REACH,
    _OPENING,
    _HALF_LIFE,
) = range(_ONE, _ONE + len(_SINGLE))
_FIRST = _ONE + len(_SINGLE)  # first step, and first step after the wash
_FIRST_WASHED = _FIRST + 1

# The buffer of a tile: a record for the film, then one for each cell, each with these rows of lanes. Rows of a cell
# and of its neighbours are a constant distance apart, so the compiler knows that they do not overlap.
_WIDE = 24  # numerical: lanes of a tile: enough to hide the wait for a division, few enough for the near caches
_ROWS = 13  # numerical: number of the rows below
(
    _CAP,  # what the cell holds per activity, m
    _LOST,  # clearance times it, m/s
    _CHANNEL,  # conductance to the film when the channels are new, m/s
    _ABOVE,  # conductance to the cell above, m/s
    _U,  # activity, kg/m3
    _V,  # activity after the first stage
    _SHARE,  # 1 / total; before its turn: ground from below
    _UP,  # share that goes up
    _BESIDE,  # share that goes to the film; before its turn: link to the film from below
    _HERE,  # source times 1 / total; before its turn: source from below
    _GROUND,  # ground of the film through the cells from below here
    _PUSH,  # source of the film through the cells from below here
    _GONE,  # loss to blood, summed from the surface down
) = range(0, _ROWS * _WIDE, _WIDE)
_RECORD = _ROWS * _WIDE
# Rows of the film, in another buffer.
_FILM_ROWS = 24  # numerical: number of the rows below
(
    _HELD,  # amount in the film, kg/m2
    _MIDDLE,  # amount after the first stage
    _EVAPORATED,
    _CLEARED,
    _THROUGH,
    _WASHED,
    _BASE,  # conductance of the base, m/s
    _WET,  # part of the vehicle that has not dried yet
    _OPEN,  # share of the channels that is open
    _AGE,  # time since the application or the wash and the start of the grading, s
    _RATIO,  # of one step to the step before
    _LENGTH,  # of the step, s
    _PACE,  # 1 / stage time, per s
    _NOW,  # share of the channels that is open in the middle of the step
    _FIRST_THICK,  # thickness of the film at the end of the first stage, m
    _THICK,  # and of the last
    _FIRST_U,  # activity of the film after the first stage, kg/m3
    _FILM_U,  # activity of the film after the last stage
    _CLOSING,  # rate at which channels close, per s
    _DRIES,  # rate of drying, per s
    _LEFT,  # thickness when dry, m
    _VEHICLE,  # thickness that dries, m
    _FLIES,  # volatility, per s
    _CEILING,  # solubility, kg/m3
) = range(0, _FILM_ROWS * _WIDE, _WIDE)


@inlined
def _lay_out(
    p: Floats, j: int, i: int, end: float, cells: Ints, graded: bool, sink: bool, top: Floats, z: Floats, w: Floats
) -> None:
    """Cells and conductances of one person, column j of the table, as lane i of the tile; all is in the film."""
    tip = min(p[_REACH, j], p[_T, j] + p[_T + 1, j] + p[_T + 2, j])
    reach = p[_REACH, j] - p[_T, j]
    upper = 0.0
    c = 1
    for layer in range(len(LAYERS)):
        thickness = p[_T + layer, j]
        ahead = min(max(tip - upper, 0.0), thickness) if layer > 0 and p[_CHANNELS, j] > 0 else 0.0
        # channels feed the horny layer from below as well: there it is thin at both ends
        mirrored = graded and layer == 0 and p[_CHANNELS, j] > 0 and reach > 0 and cells[0] % 2 == 0
        run = cells[layer] // 2 if mirrored else cells[layer]
        span = 0.5 * thickness if mirrored else thickness
        size = span / run
        grows = 1.0
        if graded:
            stretch = _stretch(p[_D + layer, j], p[_LOSS + layer, j], ahead, span, end)
            grows = np.exp(stretch / run)
            size = span * (grows - 1) / (np.exp(stretch) - 1)
        below = upper
        for number in range(cells[layer]):
            top[c, i] = below
            below += size
            if not mirrored or number < run - 1:
                size *= grows
            elif number >= run:
                size /= grows
            c += 1
        upper += thickness
    top[c, i] = upper
    lateral = p[_OPENING, j] * _lateral_exchange(p[_CHANNELS, j], p[_RADIUS, j])
    first, border = p[_T, j], p[_T, j] + p[_T + 1, j]
    upper_flow, lower_flow = p[_D + 1, j] * p[_K + 1, j], p[_D + 2, j] * p[_K + 2, j]
    flow_tip = _flow_below(tip, p[_RADIUS, j], border, upper_flow, lower_flow)
    cap = p[_OPENING, j] * _end_cap(p[_CHANNELS, j], p[_RADIUS, j], reach) * flow_tip
    last = c - 1
    before = flow_before = 0.0
    centre_before = -_FAR
    c = 1
    for layer in range(len(LAYERS)):
        flow = p[_D + layer, j] * p[_K + layer, j]
        for _ in range(cells[layer]):
            at = c * _RECORD + i
            size = top[c + 1, i] - top[c, i]
            z[at + _CAP] = p[_K + layer, j] * size
            z[at + _LOST] = p[_LOSS + layer, j] * p[_K + layer, j] * size
            z[at + _ABOVE] = _face(before, flow_before, size, flow) if c > 1 else 2 * flow / size
            z[at + _CHANNEL] = 0.0
            z[at + _U] = 0.0
            if layer > 0 and reach > 0:
                beside = flow * lateral * _overlap(top[c, i], top[c + 1, i], first, tip)
                centre = 0.5 * (top[c, i] + top[c + 1, i])
                after = 0.5 * (top[c + 1, i] + top[c + 2, i]) if c < last else _FAR
                share = _tip_share(tip, centre_before, centre, after, border, upper_flow, lower_flow)
                z[at + _CHANNEL] = beside + cap * share
                centre_before = centre
            before, flow_before = size, flow
            c += 1
    w[i::_WIDE] = 0.0
    w[_BASE + i] = 2 * flow_before / before if sink else 0.0
    w[_HELD + i] = p[_DOSE, j]
    w[_WET + i] = w[_OPEN + i] = 1.0
    w[_CLOSING + i] = _LN2 / p[_HALF_LIFE, j]
    w[_DRIES + i] = p[_DRYING, j]
    w[_LEFT + i] = p[_RESIDUE, j]
    w[_VEHICLE + i] = p[_FILM, j] - p[_RESIDUE, j]
    w[_FLIES + i] = p[_VOLATILITY, j]
    w[_CEILING + i] = p[_SOLUBILITY, j]


@inlined
def _stage(thickness: int, amount: int, after: int, u: int, earlier: float, z: Floats, w: Floats) -> None:
    """The film at the end of a stage: from rows ``amount`` and the start of the step to rows ``after`` and ``u``."""
    for i in range(w.size // _FILM_ROWS):
        pace, thick = w[_PACE + i], w[thickness + i]
        air = w[_FLIES + i] * thick
        drawn = z[_SHARE + i] + z[_GROUND + i]
        held = earlier * w[amount + i] + (1 - earlier) * w[_HELD + i]
        pushed = held * pace + z[_HERE + i] + z[_PUSH + i]
        solubility = w[_CEILING + i]
        dissolved = _film_activity(pushed, thick * pace + air, drawn, solubility)
        solid = (pushed - (air + drawn) * dissolved) / pace
        w[after + i] = thick * dissolved if dissolved < solubility else solid
        w[u + i] = dissolved


@inlined
def _up(count: int, z: Floats, w: Floats) -> None:
    """Elimination from the base to the film, with the sources of the first stage."""
    for i in range(w.size // _FILM_ROWS):
        at = count * _RECORD + i
        z[at + _SHARE] = w[_BASE + i]
        z[at + _BESIDE] = z[at + _HERE] = z[at + _GROUND] = z[at + _PUSH] = 0.0
    for c in range(count, 0, -1):
        r = z[(c - 1) * _RECORD : (c + 1) * _RECORD]
        for i in range(w.size // _FILM_ROWS):
            at = _RECORD + i
            holds = r[_CAP + at] * w[_PACE + i]
            ground = holds + r[_LOST + at] + r[_SHARE + at]
            link = r[_CHANNEL + at] * w[_NOW + i] + r[_BESIDE + at]
            source = holds * r[_U + at] + r[_HERE + at]
            share, up, beside = _eliminate(ground, link, r[_ABOVE + at])
            r[_SHARE + at], r[_UP + at], r[_BESIDE + at], r[_HERE + at] = share, up, beside, source * share
            r[_SHARE + i] = ground * up
            r[_BESIDE + i] = link * up
            r[_HERE + i] = source * up
            r[_GROUND + i] = r[_GROUND + at] + ground * beside
            r[_PUSH + i] = r[_PUSH + at] + source * beside


@inlined
def _up_again(count: int, z: Floats, w: Floats) -> None:
    """The sources of the second stage through the same elimination."""
    for i in range(w.size // _FILM_ROWS):
        at = count * _RECORD + i
        z[at + _HERE] = z[at + _PUSH] = 0.0
    for c in range(count, 0, -1):
        r = z[(c - 1) * _RECORD : (c + 1) * _RECORD]
        for i in range(w.size // _FILM_ROWS):
            at = _RECORD + i
            before = _EARLIER * r[_V + at] + (1 - _EARLIER) * r[_U + at]
            source = r[_CAP + at] * w[_PACE + i] * before + r[_HERE + at]
            r[_HERE + at] = source * r[_SHARE + at]
            r[_HERE + i] = source * r[_UP + at]
            r[_PUSH + i] = r[_PUSH + at] + source * r[_BESIDE + at]


@inlined
def _down(count: int, z: Floats, w: Floats) -> None:
    """Activities after the first stage, from the film to the base."""
    for i in range(w.size // _FILM_ROWS):
        z[_V + i] = w[_FIRST_U + i]
    for c in range(1, count + 1):
        r = z[(c - 1) * _RECORD : (c + 1) * _RECORD]
        for i in range(w.size // _FILM_ROWS):
            at = _RECORD + i
            r[_V + at] = r[_HERE + at] + r[_BESIDE + at] * w[_FIRST_U + i] + r[_UP + at] * r[_V + i]


@inlined
def _down_again(count: int, z: Floats, w: Floats) -> None:
    """Activities after the second stage, and what blood took in both."""
    for i in range(w.size // _FILM_ROWS):
        z[_U + i] = w[_FILM_U + i]
        z[_GONE + i] = 0.0
    for c in range(1, count + 1):
        r = z[(c - 1) * _RECORD : (c + 1) * _RECORD]
        for i in range(w.size // _FILM_ROWS):
            at = _RECORD + i
            u = r[_HERE + at] + r[_BESIDE + at] * w[_FILM_U + i] + r[_UP + at] * r[_U + i]
            r[_U + at] = u
            mean = (1 - _IMPLICIT) * r[_V + at] + _IMPLICIT * u
            r[_GONE + at] = r[_GONE + i] + r[_LOST + at] * mean


@inlined
def _step(count: int, z: Floats, w: Floats) -> None:
    """One step of all lanes of a tile: two implicit stages.

    Channels are as open as in the middle of the step, so that one elimination serves both stages. The film is as
    thick as at the end of each: where it has come to balance with the skin, that is what sets its amount.
    """
    for i in range(_WIDE):
        length = w[_AGE + i] * (w[_RATIO + i] - 1)
        w[_LENGTH + i] = length
        w[_AGE + i] *= w[_RATIO + i]
        w[_PACE + i] = 1 / (_IMPLICIT * length)
        half = 0.5 * length
        shut = _fade(half * w[_CLOSING + i])
        dry = _fade(half * w[_DRIES + i])
        w[_NOW + i] = w[_OPEN + i] * shut
        w[_OPEN + i] *= shut * shut
        w[_FIRST_THICK + i] = w[_LEFT + i] + w[_VEHICLE + i] * w[_WET + i] * _fade(_IMPLICIT * length * w[_DRIES + i])
        w[_WET + i] *= dry * dry
        w[_THICK + i] = w[_LEFT + i] + w[_VEHICLE + i] * w[_WET + i]
    _up(count, z, w)
    _stage(_FIRST_THICK, _HELD, _MIDDLE, _FIRST_U, 1.0, z, w)
    _down(count, z, w)
    _up_again(count, z, w)
    _stage(_THICK, _MIDDLE, _HELD, _FILM_U, _EARLIER, z, w)
    _down_again(count, z, w)
    base = count * _RECORD
    for i in range(_WIDE):
        length = w[_LENGTH + i]
        out = (1 - _IMPLICIT) * w[_FIRST_THICK + i] * w[_FIRST_U + i] + _IMPLICIT * w[_THICK + i] * w[_FILM_U + i]
        w[_EVAPORATED + i] += length * w[_FLIES + i] * out
        w[_CLEARED + i] += length * z[base + _GONE + i]
        last = (1 - _IMPLICIT) * z[base + _V + i] + _IMPLICIT * z[base + _U + i]
        w[_THROUGH + i] += length * w[_BASE + i] * last


@inlined
def _take_off(count: int, z: Floats, w: Floats) -> None:
    """The wash: what is in the film is gone, and nothing exchanges with it any more."""
    for i in range(_WIDE):
        w[_WASHED + i] += w[_HELD + i]
        w[_HELD + i] = 0.0
        z[_RECORD + _ABOVE + i] = 0.0
    for c in range(1, count + 1):
        for i in range(_WIDE):
            z[c * _RECORD + _CHANNEL + i] = 0.0


@inlined
def _tell(at: int, row: int, lane_of: Ints, cells: Ints, z: Floats, w: Floats, amount: Floats) -> None:
    """Writes the amounts of a report time."""
    for i in range(_WIDE):
        lane = lane_of[at + i]
        c = 1
        for layer in range(len(LAYERS)):
            held = 0.0
            for _ in range(cells[layer]):
                held += z[c * _RECORD + _CAP + i] * z[c * _RECORD + _U + i]
                c += 1
            amount[1 + layer, row, lane] = held
        amount[0, row, lane] = w[_HELD + i]
        amount[4, row, lane] = w[_CLEARED + i]
        amount[5, row, lane] = w[_THROUGH + i]
        amount[6, row, lane] = w[_EVAPORATED + i]
        amount[7, row, lane] = w[_WASHED + i]


@_kernel
def _spread(
    p: Floats,
    lane_of: Ints,
    report: Floats,
    steps: Ints,
    wash: int,
    growth: float,
    cells: Ints,
    graded: bool,
    sink: bool,
    low: int,
    high: int,
    amount: Floats,
    depth: Floats,
    thickness: Floats,
    concentration: Floats,
) -> None:
    """Tiles from low to high of one schedule: writes amount[row, time, lane] and, where there is room, the profiles."""
    count = cells.sum()
    z = np.zeros((count + 1) * _RECORD)
    w = np.zeros(_FILM_ROWS * _WIDE)
    top = np.zeros((count + 2, _WIDE))
    profile = depth.shape[0] > 0
    for tile in range(low, high):
        at = tile * _WIDE
        for i in range(_WIDE):
            _lay_out(p, at + i, i, report[-1], cells, graded, sink, top, z, w)
        if profile:
            for c in range(1, count + 1):
                for i in range(_WIDE):
                    depth[c - 1, lane_of[at + i]] = 0.5 * (top[c, i] + top[c + 1, i])
                    thickness[c - 1, lane_of[at + i]] = top[c + 1, i] - top[c, i]
        for stop in range(steps.shape[0] + 1):
            if stop > 0 and steps[stop - 1] > 0:
                for i in range(_WIDE):
                    off = p[_WASH, at + i]
                    begin = off if stop - 1 == wash else report[stop - 1 - (stop - 1 > wash)]
                    end = off if stop == wash else report[stop - (stop > wash)]
                    age = p[_FIRST_WASHED, at + i] / growth + begin - off
                    if stop <= wash:
                        age = p[_FIRST, at + i] / growth + begin
                    w[_AGE + i] = age
                    w[_RATIO + i] = ((age + (end - begin)) / age) ** (1 / steps[stop - 1])
                for _ in range(steps[stop - 1]):
                    _step(count, z, w)
            if stop == wash:
                _take_off(count, z, w)
                continue
            row = stop - (stop > wash)
            _tell(at, row, lane_of, cells, z, w, amount)
            if profile:
                c = 1
                for layer in range(len(LAYERS)):
                    for _ in range(cells[layer]):
                        for i in range(_WIDE):
                            held = p[_K + layer, at + i] * z[c * _RECORD + _U + i]
                            concentration[row, c - 1, lane_of[at + i]] = held
                        c += 1


class _Run:
    """One run on one mesh: its outputs, and the jobs that fill them."""

    def __init__(self, serum: Serum, accuracy: Accuracy, profile: bool) -> None:
        first = mesh.first_steps(serum, accuracy)
        report = np.ascontiguousarray(serum.report_time, dtype=np.float64)
        cells = np.array(accuracy.cells, dtype=np.int64)
        lanes, shown = serum.dose.size, int(cells.sum()) * profile
        table = np.concatenate(
            [
                *(getattr(serum, name) for name in _PER_LAYER),
                [getattr(serum, name) for name in _SINGLE],
                [first, mesh.wash_step(serum.wash_time, report[-1])],
            ],
            dtype=np.float64,
        )
        self.amount = np.empty((len(COMPARTMENTS), report.size, lanes))
        self.depth, self.size = np.empty((2, shown, lanes))
        self.concentration = np.empty((report.size, shown, lanes))
        out = (self.amount, self.depth, self.size, self.concentration)
        self.jobs: list[tuple[Any, ...]] = []
        for group in mesh.schedules(serum, first, accuracy):
            tiles = -(-group.lanes.size // _WIDE)
            # the last lane again fills the last tile
            lane_of = group.lanes[np.minimum(np.arange(tiles * _WIDE), group.lanes.size - 1)]
            own = (np.ascontiguousarray(table[:, lane_of]), lane_of, report, group.steps, group.wash)
            shared = (accuracy.growth, cells, accuracy.graded, serum.sink)
            for low in range(0, tiles, _BATCH):
                self.jobs.append((*own, *shared, low, min(low + _BATCH, tiles), *out))


def _extrapolated(fine: Floats, coarse: Floats) -> Floats:
    """From two meshes, one half as fine in space and time: errors of second order cancel, and sums are kept."""
    return fine + (fine - coarse) / 3  # numerical: 2^2 - 1


def _settled(amount: Floats) -> Floats:
    """Amounts with nothing below zero: what a step undershoots is taken from the largest of the same time and lane."""
    below = amount.min(axis=0) < 0
    if below.any():
        wrong = amount[:, below]
        right = np.maximum(wrong, 0)
        right[right.argmax(axis=0), np.arange(right.shape[1])] -= (right - wrong).sum(axis=0)
        amount[:, below] = right
    return amount


def spread(serum: Serum, accuracy: Accuracy = FINE, *, profile: bool = True) -> Spread:
    """One application on many people: where the dose is over time, and how deep.

    Args:
        serum: substance, film, layers and channels of each person; ranges: ``engines.serum.RANGES``.
        accuracy: of cells and steps. For substances in skin ``FINE`` keeps amounts within about 1e-4 of the dose,
            ``FAST`` within 1e-3.
        profile: whether concentrations are wanted; without, ``depth`` and ``concentration`` have no cells.

    Returns:
        The amounts of a person add up to the dose at every time, to rounding, and none is below zero. A report at the
        moment of the wash tells of after it.

    Raises:
        OutOfRange: names the field, its value and what is allowed.

    Assumes: see :mod:`needling.simulation.equations.transport`. No result depends on who runs beside: lanes that need
        other numbers of steps run in other tiles, and each has its own cells and times.
    """
    check(serum)
    runs = [_Run(serum, accuracy, profile)]
    if accuracy.extrapolated:
        runs.append(_Run(serum, mesh.coarser(accuracy), profile))
    jobs = [job for run in runs for job in run.jobs]
    if serum.dose.size <= _WIDE:  # too little for threads
        for job in jobs:
            _spread(*job)
    else:
        list(pool().map(lambda job: _spread(*job), jobs))
    fine, coarse = runs[0], runs[-1]
    if not accuracy.extrapolated:
        return Spread(_settled(fine.amount), fine.depth, np.maximum(fine.concentration, 0))
    amount = _settled(_extrapolated(fine.amount, coarse.amount))
    if not profile:
        return Spread(amount, fine.depth, fine.concentration)
    # each cell of the coarse mesh is two of the fine one; both are moved by what their mean is wrong
    halves = fine.concentration.reshape(fine.amount.shape[1], -1, 2, fine.amount.shape[2])
    size = fine.size.reshape(-1, 2, fine.amount.shape[2])
    mean = (halves * size).sum(axis=2) / size.sum(axis=1)
    better = halves + (_extrapolated(mean, coarse.concentration) - mean)[:, :, None]
    return Spread(amount, fine.depth, np.maximum(better.reshape(fine.concentration.shape), 0))


def warm(progress: Callable[[str], None] | None = None) -> None:
    """Compile the kernel with its real signature, or load it from the cache.

    Args:
        progress: called with one line before it.
    """
    if progress is not None:
        progress("compiling the transport model")
    one, layers = np.ones(1), np.ones((len(LAYERS), 1))
    serum = Serum(
        thickness=1e-4 * layers,  # numerical: any values in range
        diffusivity=1e-10 * layers,  # numerical: as above
        partition=layers,
        clearance=0 * layers,
        dose=one,
        film=1e-4 * one,  # numerical: as above
        residue=1e-4 * one,  # numerical: as above
        drying=0 * one,
        volatility=0 * one,
        wash_time=one,
        solubility=one,
        channels=0 * one,
        channel_radius=1e-5 * one,  # numerical: as above
        channel_depth=0 * one,
        opening=one,
        half_life=one,
        sink=True,
        report_time=np.array([0.0, 1.0]),
    )
    spread(serum, mesh.FAST)
