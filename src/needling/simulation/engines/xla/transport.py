"""Transport through the layers of the skin by JAX: all lanes in one program, each on its own cells and times.

The program is a scan over segments of equal numbers of steps; a segment ends where amounts are told, or where the one
before was full. A lane that needs fewer steps than others between two stops waits for them.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from functools import partial
from itertools import pairwise
from math import log
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from needling.simulation.engines import COMPARTMENTS, LAYERS, Floats, Serum, Spread, mesh
from needling.simulation.engines.mesh import FINE, Accuracy, Ints
from needling.simulation.engines.serum import check
from needling.simulation.engines.xla.tracing import Array, exact, rounded_up, shared_out, traced
from needling.simulation.equations import transport as equations

_stretch = traced(mesh.stretch)
_lateral_exchange = traced(equations.lateral_exchange)
_end_cap = traced(equations.end_cap)
_overlap = traced(equations.overlap)
_tip_share = traced(equations.tip_share)
_flow_below = traced(equations.flow_below)
_face = traced(equations.face_conductance)
_eliminate = traced(equations.eliminate)
_film_activity = traced(equations.film_activity)
_fade = traced(equations.fade)
_IMPLICIT = equations.IMPLICIT
_EARLIER = equations.EARLIER
_LN2 = log(2)
_FAR = 1e30  # numerical: far above the first and below the last cell, m
_LENGTHS = (1, 2, 4, 8, 16)  # numerical: steps of a segment, whichever needs least
_A_SEGMENT = 0.25  # numerical: what a segment costs beside its steps, in steps
_BLOCK = 2**14  # numerical: lanes of one program, so that a million fit into the memory

# What a lane carries from step to step beside the activities of its cells.
_FILM = ("held", "evaporated", "cleared", "through", "washed", "wet", "open")


@dataclass(frozen=True)
class _Plan:
    """The steps of all lanes as segments.

    Args:
        per: steps of a segment.
        age: at the first step, since the application or the wash and the start of the grading, s.
        ratio: of one step to the step before. active: steps that the lane makes. washes: whether the film is taken
            off at first. All of these [segment, lane]. row: report that the segment ends with, or their number where
            it ends with none, int[segment].
    """

    per: int
    age: Floats
    ratio: Floats
    active: Ints
    washes: NDArray[np.bool_]
    row: Ints


def _plan(serum: Serum, accuracy: Accuracy) -> _Plan:
    """Segments from the time grid that all engines share."""
    report = serum.report_time
    first = mesh.first_steps(serum, accuracy)
    lanes, reports = first.size, report.size
    steps, wash = np.zeros((reports, lanes), dtype=np.int64), np.zeros(lanes, dtype=np.int64)
    for group in mesh.schedules(serum, first, accuracy):
        steps[:, group.lanes] = group.steps[:, None]
        wash[group.lanes] = group.wash
    start = first / accuracy.growth
    restart = mesh.wash_step(serum.wash_time, report[-1]) / accuracy.growth
    off = np.where(wash < reports, serum.wash_time, 0.0)
    nobody = np.zeros(lanes, dtype=bool)
    # parts: report, begin and end (s), steps, who takes the film off at first
    parts: list[tuple[int, Any, Any, Ints, NDArray[np.bool_]]] = []
    for row in range(reports):
        washing = wash == row
        count = np.where(wash >= row, steps[row - 1], steps[row]) if row else np.zeros(lanes, dtype=np.int64)
        begin, end = report[max(row - 1, 0)], report[row]
        parts.append((row, begin, np.where(washing, off, end), count, nobody))
        if washing.any():
            parts.append((row, np.where(washing, off, end), end, np.where(washing, steps[row], 0), washing))
    most = np.array([count.max() for *_, count, _ in parts])
    per = min(_LENGTHS, key=lambda size: float(np.sum(np.maximum(-(-most // size), 1)) * (size + _A_SEGMENT)))
    rows: list[tuple[Any, ...]] = []
    washed = nobody
    for index, (telling, begin, end, count, washing) in enumerate(parts):
        washed = washed | washing
        age = np.where(washed, restart + begin - off, start + begin)
        ratio = ((age + (end - begin)) / age) ** (1 / np.maximum(count, 1))
        last = index + 1 == len(parts) or parts[index + 1][0] != telling
        pieces = max(-(-int(count.max()) // per), 1)
        for piece in range(pieces):
            done = piece * per
            tells = telling if last and piece + 1 == pieces else reports
            now = washing if piece == 0 else nobody
            rows.append((age * ratio**done, ratio, np.clip(count - done, 0, per), now, tells))
    one, zero = np.ones(lanes), np.zeros(lanes, dtype=np.int64)
    rows += [(one, one, zero, nobody, reports)] * (rounded_up(len(rows)) - len(rows))
    return _Plan(per, *(np.array(values) for values in zip(*rows, strict=True)))


def _faces(serum: dict[str, Array], end: Array, cells: tuple[int, ...], graded: bool) -> Array:
    """Depths of the faces of all cells: float64[cell + 1, lane], m."""
    thickness, channels = serum["thickness"], serum["channels"]
    tip = jnp.minimum(serum["channel_depth"], thickness[0] + thickness[1] + thickness[2])
    upper = 0 * channels
    faces = []
    for layer, count in enumerate(cells):
        number = jnp.arange(count)[:, None]
        whole = thickness[layer]
        ahead = jnp.clip(tip - upper, 0.0, whole) if layer else 0 * whole
        ahead = jnp.where(channels > 0, ahead, 0.0)
        # channels feed the horny layer from below as well: there it is thin at both ends
        mirrored = (channels > 0) & (serum["channel_depth"] > thickness[0]) & (graded and not layer and count % 2 == 0)
        run = jnp.where(mirrored, count // 2, count)
        span = jnp.where(mirrored, 0.5 * whole, whole)
        size = span / run * jnp.ones((count, 1))
        if graded:
            bent = _stretch(serum["diffusivity"][layer], serum["clearance"][layer], ahead, span, end)
            grows = jnp.exp(bent / run)
            power = jnp.where(mirrored, jnp.minimum(number, count - 1 - number), number)
            size = span * (grows - 1) / (jnp.exp(bent) - 1) * grows**power
        faces.append(upper + jnp.concatenate([jnp.zeros((1, upper.size)), jnp.cumsum(size[:-1], axis=0)]))
        upper = upper + whole
    return jnp.concatenate([*faces, upper[None]])


def _skin(
    serum: dict[str, Array], faces: Array, cells: tuple[int, ...], sink: bool
) -> tuple[Array, Array, Array, Array, Array]:
    """What cells hold and lose, their conductances up and to the film, and that of the base: float64[cell, lane]."""
    thickness, radius, channels = serum["thickness"], serum["channel_radius"], serum["channels"]
    layer = np.repeat(np.arange(len(LAYERS)), cells)
    size = faces[1:] - faces[:-1]
    partition = serum["partition"][layer]
    flow = serum["diffusivity"][layer] * partition
    holds = partition * size
    lost = serum["clearance"][layer] * partition * size
    between = _face(size[:-1], flow[:-1], size[1:], flow[1:])
    above = jnp.concatenate([2 * flow[:1] / size[:1], between])
    base = 2 * flow[-1] / size[-1] if sink else 0 * flow[-1]
    first, border = thickness[0], thickness[0] + thickness[1]
    tip = jnp.minimum(serum["channel_depth"], border + thickness[2])
    reach = serum["channel_depth"] - first
    living = (serum["diffusivity"] * serum["partition"])[1:]
    lateral = serum["opening"] * _lateral_exchange(channels, radius)
    cap = serum["opening"] * _end_cap(channels, radius, reach) * _flow_below(tip, radius, border, *living)
    below = cells[0]
    centre = 0.5 * (faces[below:-1] + faces[below + 1 :])
    far = jnp.full((1, channels.size), _FAR)
    before, after = jnp.concatenate([-far, centre[:-1]]), jnp.concatenate([centre[1:], far])
    share = _tip_share(tip, before, centre, after, border, *living)
    beside = flow[below:] * lateral * _overlap(faces[below:-1], faces[below + 1 :], first, tip)
    channel = jnp.where(reach > 0, beside + cap * share, 0.0)
    return holds, lost, above, jnp.concatenate([jnp.zeros((below, channels.size)), channel]), base


def _step(serum: dict[str, Array], skin: tuple[Array, ...], film: dict[str, Array], u: Array, length: Array) -> Any:
    """One step of all lanes: two implicit stages. Returns the film and the activities after it.

    Channels are as open as in the middle of the step, so that one elimination serves both stages. The film is as
    thick as at the end of each.
    """
    holds, lost, above, channel, base = skin
    pace = 1 / (_IMPLICIT * length)
    half = 0.5 * length
    shut, dry = _fade(half * (_LN2 / serum["half_life"])), _fade(half * serum["drying"])
    vehicle = serum["film"] - serum["residue"]
    thin = serum["residue"] + vehicle * film["wet"] * _fade(_IMPLICIT * length * serum["drying"])
    wet = film["wet"] * (dry * dry)
    thick = serum["residue"] + vehicle * wet
    links = channel * (film["open"] * shut)
    zero = 0 * length

    def up(carry: tuple[Array, ...], cell: tuple[Array, ...]) -> tuple[tuple[Array, ...], tuple[Array, ...]]:
        below, link_below, source_below, drawn, pushed = carry
        cap, loss, to_above, link, now = cell
        held = cap * pace
        ground = held + loss + below
        link, source = link + link_below, held * now + source_below
        share, rises, beside = _eliminate(ground, link, to_above)
        passed = (ground * rises, link * rises, source * rises, drawn + ground * beside, pushed + source * beside)
        return passed, (share, rises, beside, source * share)

    def up_again(carry: tuple[Array, Array], cell: tuple[Array, ...]) -> tuple[tuple[Array, Array], Array]:
        source_below, pushed = carry
        cap, earlier, share, rises, beside = cell
        source = cap * pace * earlier + source_below
        return (source * rises, pushed + source * beside), source * share

    def down(film_u: Array, shares: tuple[Array, ...], here: Array) -> Array:
        def fall(above_u: Array, cell: tuple[Array, ...]) -> tuple[Array, Array]:
            rises, beside, own = cell
            new = own + beside * film_u + rises * above_u
            return new, new

        return jax.lax.scan(fall, film_u, (*shares, here))[1]

    def stage(thickness: Array, held: Array, drawn: Array, sources: Array) -> tuple[Array, Array]:
        air = serum["volatility"] * thickness
        pushed = held * pace + sources
        dissolved = _film_activity(pushed, thickness * pace + air, drawn, serum["solubility"])
        solid = (pushed - (air + drawn) * dissolved) / pace
        return jnp.where(dissolved < serum["solubility"], thickness * dissolved, solid), dissolved

    swept = jax.lax.scan(up, (base, zero, zero, zero, zero), (holds, lost, above, links, u), reverse=True)
    (ground, _, source, through_cells, pushed), (share, rises, beside, here) = swept
    drawn = ground + through_cells
    middle, first_u = stage(thin, film["held"], drawn, source + pushed)
    v = down(first_u, (rises, beside), here)
    earlier = _EARLIER * v + (1 - _EARLIER) * u
    swept_again = jax.lax.scan(up_again, (zero, zero), (holds, earlier, share, rises, beside), reverse=True)
    (source, pushed), here = swept_again
    held, film_u = stage(thick, _EARLIER * middle + (1 - _EARLIER) * film["held"], drawn, source + pushed)
    new = down(film_u, (rises, beside), here)
    mean = (1 - _IMPLICIT) * v + _IMPLICIT * new
    out = (1 - _IMPLICIT) * thin * first_u + _IMPLICIT * thick * film_u
    after = {
        "held": held,
        "evaporated": film["evaporated"] + length * serum["volatility"] * out,
        "cleared": film["cleared"] + length * jnp.sum(lost * mean, axis=0),
        "through": film["through"] + length * base * mean[-1],
        "washed": film["washed"],
        "wet": wet,
        "open": film["open"] * (shut * shut),
    }
    return after, new


@partial(jax.jit, static_argnames=("cells", "per", "reports", "graded", "sink", "profile"))
def _run(
    serum: dict[str, Array],
    plan: tuple[Array, ...],
    end: Array,
    cells: tuple[int, ...],
    per: int,
    reports: int,
    graded: bool,
    sink: bool,
    profile: bool,
) -> tuple[Array, Array, Array]:
    """All lanes: amount[report, row, lane], faces[cell + 1, lane], concentration[report, cell, lane]."""
    faces = _faces(serum, end, cells, graded)
    *skin, base = _skin(serum, faces, cells, sink)
    holds, lost, above, channel = skin
    edges = np.concatenate([[0], np.cumsum(cells)])
    partition = serum["partition"][np.repeat(np.arange(len(LAYERS)), cells)]

    def told(film: dict[str, Array], u: Array) -> Array:
        amount = holds * u
        layers = [amount[low:high].sum(axis=0) for low, high in pairwise(edges)]
        return jnp.stack(
            [film["held"], *layers, *(film[name] for name in ("cleared", "through", "evaporated", "washed"))]
        )

    def segment(state: Any, now: tuple[Array, ...]) -> tuple[Any, None]:
        film, u, on_skin, amounts, profiles = state
        age, ratio, active, washes, row = now
        taken = jnp.where(washes, film["held"], 0.0)
        film = film | {"held": film["held"] - taken, "washed": film["washed"] + taken}
        on_skin = on_skin & ~washes
        linked = (holds, lost, above.at[0].multiply(on_skin), channel * on_skin, base)

        def step(inner: Any, number: Array) -> tuple[Any, None]:
            film, u, age = inner
            moves = number < active
            length = jnp.where(moves, age * (ratio - 1), 1.0)
            after, new = _step(serum, linked, film, u, length)
            kept = {name: jnp.where(moves, after[name], film[name]) for name in _FILM}
            return (kept, jnp.where(moves, new, u), age * ratio), None

        (film, u, _), _ = jax.lax.scan(step, (film, u, age), jnp.arange(per))
        amounts = amounts.at[row].set(told(film, u))
        profiles = profiles.at[row].set(partition * u) if profile else profiles
        return (film, u, on_skin, amounts, profiles), None

    zero = 0 * serum["dose"]
    film = dict.fromkeys(_FILM, zero) | {"held": serum["dose"], "wet": zero + 1, "open": zero + 1}
    amounts = jnp.zeros((reports + 1, len(COMPARTMENTS), zero.size))
    profiles = jnp.zeros((reports + 1, sum(cells) if profile else 0, zero.size))
    state = (film, 0 * holds, zero == 0, amounts, profiles)
    (_, _, _, amounts, profiles), _ = jax.lax.scan(segment, state, plan)
    return amounts[:reports], faces, profiles[:reports]


def _on_one_mesh(serum: Serum, accuracy: Accuracy, profile: bool) -> tuple[Floats, Floats, Floats]:
    """amount[row, report, lane], faces[cell + 1, lane] and concentration[report, cell, lane] of some lanes."""
    plan = _plan(serum, accuracy)
    lanes = serum.dose.size
    values = {
        field.name: shared_out(getattr(serum, field.name), lanes)
        for field in fields(Serum)
        if field.name not in ("sink", "report_time", "wash_time")
    }
    own = tuple(shared_out(rows, lanes) for rows in (plan.age, plan.ratio, plan.active, plan.washes))
    amount, faces, held = _run(
        values,
        (*own, plan.row),
        serum.report_time[-1],
        cells=accuracy.cells,
        per=plan.per,
        reports=serum.report_time.size,
        graded=accuracy.graded,
        sink=serum.sink,
        profile=profile,
    )
    return (
        np.moveaxis(np.asarray(amount), 1, 0)[..., :lanes],
        np.asarray(faces)[:, :lanes],
        np.asarray(held)[..., :lanes],
    )


def _extrapolated(fine: Floats, coarse: Floats) -> Floats:
    """From two meshes, one half as fine in space and time: errors of second order cancel, and sums are kept."""
    return fine + (fine - coarse) / 3  # numerical: 2^2 - 1


def _settled(amount: Floats) -> Floats:
    """Amounts with nothing below zero: what a step undershoots is taken from the largest of the same time and lane."""
    right = np.maximum(amount, 0)
    largest = np.expand_dims(right.argmax(axis=0), 0)
    taken = np.take_along_axis(right, largest, axis=0) - (right - amount).sum(axis=0)
    np.put_along_axis(right, largest, taken, axis=0)
    return right


def _some(serum: Serum, accuracy: Accuracy, profile: bool) -> Spread:
    """The run of some lanes, on one mesh or two."""
    amount, faces, concentration = _on_one_mesh(serum, accuracy, profile)
    depth = 0.5 * (faces[1:] + faces[:-1]) if profile else faces[:0]
    if accuracy.extrapolated:
        coarse_amount, _, coarse = _on_one_mesh(serum, mesh.coarser(accuracy), profile)
        amount = _extrapolated(amount, coarse_amount)
        if profile:
            # each cell of the coarse mesh is two of the fine one; both are moved by what their mean is wrong
            halves = concentration.reshape(amount.shape[1], -1, 2, amount.shape[2])
            size = np.diff(faces, axis=0).reshape(-1, 2, amount.shape[2])
            mean = (halves * size).sum(axis=2) / size.sum(axis=1)
            better = halves + (_extrapolated(mean, coarse) - mean)[:, :, None]
            concentration = better.reshape(concentration.shape)
    return Spread(_settled(amount), depth, np.maximum(concentration, 0))


def spread(serum: Serum, accuracy: Accuracy = FINE, *, profile: bool = True) -> Spread:
    """As :func:`needling.simulation.engines.lanes.transport.spread`, on whatever devices JAX has.

    Args:
        serum: substance, film, layers and channels of each person. accuracy: of cells and steps.
        profile: whether concentrations are wanted; without, ``depth`` and ``concentration`` have no cells.

    Returns:
        The same numbers, to rounding.

    Raises:
        OutOfRange: names the field, its value and what is allowed.
    """
    check(serum)
    lanes = serum.dose.size
    blocks = [slice(low, low + _BLOCK) for low in range(0, lanes, _BLOCK)]
    with exact():
        parts = [_some(_lanes_of(serum, block), accuracy, profile) for block in blocks]
    if len(parts) == 1:
        return parts[0]
    return Spread(*(np.concatenate([getattr(part, field.name) for part in parts], axis=-1) for field in fields(Spread)))


def _lanes_of(serum: Serum, block: slice) -> Serum:
    """Some of the people of a run."""
    shared = ("sink", "report_time")
    own = {field.name: getattr(serum, field.name)[..., block] for field in fields(Serum) if field.name not in shared}
    return replace(serum, **own)
