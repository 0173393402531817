"""The time grid: fine after a session, coarser with time since it, through every session and report time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from needling.simulation.equations import healing

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Accuracy:
    """Numerical tolerances of the stepping.

    Args:
        first: step right after a session, in time constants of the fastest rate.
        growth: step per time since the session, ratio.
        cap: largest step, in time constants of the fastest rate of the slow states.
    """

    first: float
    growth: float
    cap: float


# numerical: tolerances, measured against the LSODA oracle (tests/reference, benchmarks/healing.py)
FINE = Accuracy(first=0.2, growth=0.075, cap=0.75)


@dataclass(frozen=True)
class Grid:
    """Steps of one task: length s[step]; session that acts at each node or -1; report row or -1 at each node."""

    step: Floats
    session_at: Ints
    report_at: Ints


def graded_grid(session_time: Floats, report_time: Floats, fast: float, slow: float, accuracy: Accuracy) -> Grid:
    """Grid of one task.

    Args:
        session_time, report_time: s. fast: largest rate in the batch. slow: largest of the slow states, per s.
        accuracy: see :class:`Accuracy`.
    """
    sessions = session_time[session_time <= report_time[-1]]
    shortest, longest = accuracy.first / fast, accuracy.cap / slow
    nodes = np.union1d(sessions, report_time)
    since = _since(nodes, sessions)
    allowed = np.clip(accuracy.growth * since, shortest, longest)
    nodes = np.union1d(nodes, _marks(nodes, since, allowed, shortest, longest, accuracy.growth))
    gap = np.diff(nodes)
    allowed = np.clip(accuracy.growth * _since(nodes, sessions), shortest, longest)[:-1]
    count = np.maximum(np.ceil(gap / allowed * (1 - 1e-9)), 1).astype(np.int64)  # numerical: no sliver steps
    start = np.concatenate([[0], np.cumsum(count)])
    session_at = np.full(start[-1] + 1, -1, dtype=np.int64)
    report_at = np.full(start[-1] + 1, -1, dtype=np.int64)
    session_at[start[np.searchsorted(nodes, sessions)]] = np.arange(sessions.size)
    report_at[start[np.searchsorted(nodes, report_time)]] = np.arange(report_time.size)
    return Grid(np.repeat(gap / count, count), session_at, report_at)


def _since(nodes: Floats, sessions: Floats) -> Floats:
    """Time since the last session at each node, that node's own session included; infinite before the first."""
    before = np.searchsorted(sessions, nodes, side="right") - 1
    return np.where(before >= 0, nodes - sessions[np.maximum(before, 0)] if sessions.size else 0.0, np.inf)


def _marks(nodes: Floats, since: Floats, allowed: Floats, shortest: float, longest: float, growth: float) -> Floats:
    """Nodes of its own for every gap so wide that the step allowed at its end is more than twice that at its start.

    Where reports are few, the step would else stay as short as it is at the start of the gap.
    """
    end = np.minimum(np.maximum(growth * (since[:-1] + np.diff(nodes)), shortest), longest)
    doublings = np.arange(1, 1 + np.ceil(np.log2(max(longest / shortest, 2.0))))
    after = shortest / growth * 2.0**doublings
    found = [
        nodes[index]
        - since[index]
        + after[(after > since[index]) & (after < since[index] + nodes[index + 1] - nodes[index])]
        for index in np.flatnonzero(end > 2 * allowed[:-1])
    ]
    return np.concatenate(found) if found else nodes[:0]


def fastest_rates(parameters: Floats) -> tuple[float, float]:
    """Fastest rate of all states and of the slow states over the members, per s, with every loss and feedback.

    Args:
        parameters: float64[row of ``healing.PARAMETERS``, member], SI.
    """
    rate = dict(zip(healing.PARAMETERS, parameters, strict=True))
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
    return max(float(np.max([rate[name] for name in healing.EARLY_PARAMETERS])), slow), slow
