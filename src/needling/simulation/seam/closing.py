"""How long channels stay open: half-lives by length and cover, times until closed, and the two-phase model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import get_args

import numpy as np
from numpy.typing import NDArray

from needling.documents import Person, Phototype, Session
from needling.simulation.engines import Task
from needling.simulation.engines.arrays import on_arrays
from needling.simulation.equations import closure
from needling.simulation.models import Models
from needling.simulation.seam.context import Draw, Floats


def is_covered(sessions: Sequence[Session]) -> bool:
    """Whether any session leaves the skin under cover; then the whole course counts as covered, the careful case."""
    return any(session.cover == "occluded" for session in sessions)


def half_lives(needle_length: float | None, covered: bool, drawn: Draw) -> Floats:
    """Half-lives of barrier, water and structure, float64[3, member], s.

    The barrier was measured under cover, the two others in open air; a ratio takes each to the other case.

    Args:
        needle_length: the longest on this zone, m; None where nothing is done. covered: :func:`is_covered`.
    """
    barrier, structure = drawn["barrier-half-life"], drawn["structure-half-life"]
    water = drawn["water-half-life"]
    if needle_length is not None:
        lengths: list[Floats] = [drawn["barrier-reference-length"], drawn["structure-reference-length"]]
        powers: list[Floats] = [drawn["barrier-length-exponent"], drawn["structure-length-exponent"]]
        barrier, structure = (
            np.asarray(closure.half_life_by_length(half_life, needle_length, length, power))  # type: ignore[arg-type]
            for half_life, length, power in zip((barrier, structure), lengths, powers, strict=True)
        )
    if covered:
        water, structure = water * drawn["covered-ratio"], structure * drawn["covered-ratio"]
    else:
        barrier = barrier * drawn["open-air-barrier-ratio"]
    return np.array([barrier, water, structure])


def closed_times(half_life: Floats, drawn: Draw, models: Models) -> Floats:
    """Time until each kind of open counts as closed, float64[3, member], s. half_life: of :func:`half_lives`."""
    shares = drawn["closed-share"]
    if models.closure == "two-phase":
        two = drawn["closure-quick-share"], drawn["closure-quick-ratio"]
        return np.array([list(map(closure.closure_time_two_phase, row, shares, *two)) for row in half_life])
    return np.asarray(on_arrays(closure.closure_time)(half_life, shares))


_DARKNESS = get_args(Phototype)
CHECKED = _DARKNESS.index("IV")
"""From this phototype on the pigment is checked before the next session."""


def is_checked(person: Person) -> bool:
    """Whether the pigment is checked before the next session: in darker skin, and where the phototype is not known."""
    return person.phototype is None or _DARKNESS.index(person.phototype) >= CHECKED


def ready_times(
    closed: Floats, calm: Floats, strongest: Floats, checked: bool | NDArray[np.bool_], drawn: Draw
) -> Floats:
    """Time after a session until closed, calm and, where that is done, past the pigment check, float64[..., member], s.

    Args:
        closed: :func:`closed_times` of the kind and zone that takes longest. calm: redness and inflammation,
            float64[2, ..., member], s. strongest: stimulus of the strongest session. checked: see :func:`is_checked`.
    """
    marked = np.logical_and(strongest >= drawn["pigment-check-stimulus"], checked)
    ready = np.maximum(np.maximum(closed, calm[0]), calm[1])
    return np.asarray(np.maximum(ready, drawn["pigment-check-time"] * marked))


def open_over_time(task: Task, drawn: Draw) -> Floats:
    """Open channels by the two-phase model, all sessions added up, float64[3, time, member]."""
    quick, ratio = drawn["closure-quick-share"], drawn["closure-quick-ratio"]
    since = task.report_time[:, None] - task.session_time[None, :]  # time, session
    opened = np.zeros((task.half_life.shape[0], task.report_time.size, quick.size))
    for session in range(task.session_time.size):
        past = since[:, session] >= 0
        halvings = since[past, session][None, :, None] / task.half_life[:, None, :]
        share = quick * np.exp2(-halvings / ratio) + (1 - quick) * np.exp2(-halvings)
        opened[:, past] += task.opening[session] * share
    return opened
