"""The equations on NumPy arrays: the same code object, with NumPy's functions in the place of those of ``math``.

For equations that do not branch on their arguments: all members at once without a compiler.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from types import FunctionType
from typing import Any

import numpy as np

_NAMESAKES: dict[str, Any] = {
    "exp": np.exp,
    "log": np.log,
    "sqrt": np.sqrt,
    "min": np.minimum,
    "max": np.maximum,
}


@lru_cache(maxsize=64)
def on_arrays(plain: Callable[..., float]) -> Callable[..., Any]:
    """An equation that takes arrays, element by element; what it calls takes them too.

    Raises:
        TypeError: at the call, where the equation has a branch, or a min or max of more than two.
    """
    if not isinstance(plain, FunctionType):
        raise TypeError(f"an equation is a plain function, not {plain!r}")
    world = plain.__globals__
    inner = {name: _NAMESAKES[name] for name in plain.__code__.co_names if name in _NAMESAKES}
    inner |= {
        name: on_arrays(world[name]) for name in plain.__code__.co_names if isinstance(world.get(name), FunctionType)
    }
    return FunctionType(plain.__code__, {**world, **inner}, plain.__name__, plain.__defaults__)
