"""The default engine: many people side by side, compiled by numba; one file for each kind of work.

A lane is one member. Every kernel runs one task over all its lanes and holds no lock, so that tasks run on as
many threads as numba is allowed (``NUMBA_NUM_THREADS``): :mod:`needling.simulation.engines.lanes.compiling`.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

from needling.simulation.engines.lanes.healing import heal, is_warm, strokes, warm

__all__ = ["heal", "is_warm", "strokes", "warm", "warm_all"]

_WORKS = ("healing", "transport", "mapping")


def warm_all(progress: Callable[[str], None] | None = None) -> None:
    """Compile the kernels of every kind of work, or load them from the cache; ``warm`` does those of a plan only."""
    for work in _WORKS:
        import_module(f"{__name__}.{work}").warm(progress)
