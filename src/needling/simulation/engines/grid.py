"""The time grid: fine after a session, coarser with time since it, through every session and report time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

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
FINE = Accuracy(first=0.13, growth=0.06, cap=0.5)


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
    nodes = np.union1d(sessions, report_time)
    gap = np.diff(nodes)
    before = np.searchsorted(sessions, nodes[:-1], side="right") - 1
    since = np.where(before >= 0, nodes[:-1] - sessions[np.maximum(before, 0)] if sessions.size else 0.0, np.inf)
    allowed = np.minimum(np.maximum(accuracy.first / fast, accuracy.growth * since), accuracy.cap / slow)
    count = np.maximum(np.ceil(gap / allowed * (1 - 1e-9)), 1).astype(np.int64)  # numerical: no sliver steps
    start = np.concatenate([[0], np.cumsum(count)])
    session_at = np.full(start[-1] + 1, -1, dtype=np.int64)
    report_at = np.full(start[-1] + 1, -1, dtype=np.int64)
    session_at[start[np.searchsorted(nodes, sessions)]] = np.arange(sessions.size)
    report_at[start[np.searchsorted(nodes, report_time)]] = np.arange(report_time.size)
    return Grid(np.repeat(gap / count, count), session_at, report_at)
