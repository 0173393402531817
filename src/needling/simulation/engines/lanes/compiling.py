"""How an equation becomes a kernel, where kernels are kept, and the threads they run on.

Threads rather than ``prange``: numba's portable threading layer must not be entered from two threads at once,
which a web server would do.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

import numba
import numpy as np

from needling.simulation.engines.keeping import holds_kernels, kernel_folder, text_hash

SETTINGS: Any = numba.config

# Reassociation and fused multiply-add are allowed; NaN and infinity keep their meaning, so divergence is seen.
_FAST = {"contract", "reassoc", "arcp", "nsz"}

inlined: Callable[..., Any] = numba.njit(fastmath=_FAST, error_model="numpy")
# Text that is put in the place of its call before anything is compiled, so that loops see constant rows.
pasted: Callable[..., Any] = numba.njit(inline="always", fastmath=_FAST, error_model="numpy")


def compiled(plain: Any) -> Any:
    """An equation as numba sees it: the same code object, with the equations that it calls compiled as well."""
    world = plain.__globals__
    inner = {
        name: compiled(world[name]) for name in plain.__code__.co_names if isinstance(world.get(name), FunctionType)
    }
    text = FunctionType(plain.__code__, {**world, **inner}, plain.__name__, plain.__defaults__)
    return inlined(text)


class Kernels:
    """The kernels of one kind of work, kept in a folder named after the text that they are compiled from.

    Args:
        names: of all its kernels. modules: whose text they are compiled from, their own among them.
    """

    def __init__(self, names: tuple[str, ...], *modules: ModuleType) -> None:
        self.names = names
        self.folder: Path | None = kernel_folder(text_hash(*modules), names)

    def kernel(self, plain: Callable[..., Any]) -> Any:
        """A kernel, kept in our folder; numba's own setting is lent for this moment only and given back."""
        lent = SETTINGS.CACHE_DIR
        try:
            SETTINGS.CACHE_DIR = str(self.folder or "")
            return numba.njit(cache=self.folder is not None, nogil=True, fastmath=_FAST, error_model="numpy")(plain)
        except RuntimeError:  # numba found no place that it can use: compile every time
            return numba.njit(nogil=True, fastmath=_FAST, error_model="numpy")(plain)
        finally:
            SETTINGS.CACHE_DIR = lent

    def are_warm(self) -> bool:
        """Whether compiled kernels of exactly this text lie in the folder. Looks at the folder only."""
        return self.folder is not None and holds_kernels(self.folder, self.names)


@lru_cache(maxsize=1)
def pool() -> ThreadPoolExecutor:
    """The threads that kernels run on."""
    return ThreadPoolExecutor(max_workers=int(SETTINGS.NUMBA_NUM_THREADS), thread_name_prefix="lanes")


def _keep_freed_memory() -> None:
    """Let freed arrays be used again at once.

    The C library of Linux hands large freed blocks back to the system, and every new one is then mapped page by page,
    which can take longer than filling it. The largest block ever freed sets its limit: so one is freed untouched.
    """
    np.empty(2**25 - 2**16, dtype=np.uint8)  # numerical: just below the highest limit that it takes


_keep_freed_memory()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=pool.cache_clear)  # threads do not live on in a forked child
