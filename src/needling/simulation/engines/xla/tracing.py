"""How an equation becomes a JAX function, and the surroundings in which JAX runs it.

What is set, and what the user's own JAX sees of it:

- 64-bit numbers only inside :func:`exact`, a context of the calling thread; outside it JAX is as it was.
- Where JAX has not started yet and nobody has chosen a number of CPU devices, one device for each core: XLA runs
  the steps of a scan on one thread, so people are shared out over devices.
- Where nobody has chosen a place for compiled programs, they are kept in our cache folder, also those that compile
  in no time, as every new process would wait for them again.

JAX's threads do not live on in a forked child: start worker processes with ``spawn``.
"""

from __future__ import annotations

import builtins
import math
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import lru_cache, reduce
from types import CodeType, FunctionType
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy import special
from jax.sharding import Mesh, NamedSharding, PartitionSpec

from needling.simulation.engines.keeping import kernel_folder

Array = Any  # a JAX array, or a tracer in its place

# What an equation may call that is no equation, and what does the same on arrays.
_TWINS: dict[Any, Any] = {
    math.exp: jnp.exp,
    math.expm1: jnp.expm1,
    math.log: jnp.log,
    math.log1p: jnp.log1p,
    math.log2: jnp.log2,
    math.log10: jnp.log10,
    math.sqrt: jnp.sqrt,
    math.sin: jnp.sin,
    math.cos: jnp.cos,
    math.tan: jnp.tan,
    math.acos: jnp.arccos,
    math.asin: jnp.arcsin,
    math.atan: jnp.arctan,
    math.atan2: jnp.arctan2,
    math.hypot: jnp.hypot,
    math.sinh: jnp.sinh,
    math.cosh: jnp.cosh,
    math.tanh: jnp.tanh,
    math.erf: special.erf,
    math.erfc: special.erfc,
    math.pow: jnp.power,
    math.floor: jnp.floor,
    math.ceil: jnp.ceil,
    math.fabs: jnp.abs,
    builtins.max: lambda *values: reduce(jnp.maximum, values),
    builtins.min: lambda *values: reduce(jnp.minimum, values),
    builtins.abs: jnp.abs,
    builtins.range: range,  # of a number that is known when traced
}


# numerical: sizes of a program are rounded up to these, so that the next run finds it compiled
_SIZES = np.array(sorted({round(2 ** (n / 4)) for n in range(120)}))


def rounded_up(size: int) -> int:
    """The next size that programs are compiled for; at most a fifth larger."""
    return int(_SIZES[np.searchsorted(_SIZES, size)])


def _named(code: CodeType) -> set[str]:
    """The global names in a code object and in those inside it."""
    inner = (_named(constant) for constant in code.co_consts if isinstance(constant, CodeType))
    return set(code.co_names).union(*inner)


@lru_cache(maxsize=256)
def traced(plain: Callable[..., Any]) -> Callable[..., Any]:
    """An equation as JAX sees it: the same code object, with JAX's functions in the place of those of ``math``.

    Args:
        plain: an equation. It may branch only on arguments that are numbers when it is traced, not arrays.

    Raises:
        TypeError: where it calls something that has no twin in JAX.
    """
    if not isinstance(plain, FunctionType):
        raise TypeError(f"an equation is a plain function, not {plain!r}")
    world = plain.__globals__
    inner: dict[str, Any] = {}
    for name in _named(plain.__code__):
        found = world.get(name, getattr(builtins, name, None))
        if found is None:
            continue
        if isinstance(found, FunctionType):
            inner[name] = traced(found)
        elif callable(found) and found in _TWINS:
            inner[name] = _TWINS[found]
        elif callable(found):
            raise TypeError(f"{plain.__name__} calls {name}, which has no twin in JAX; add it to the table of twins")
    return FunctionType(plain.__code__, {**world, **inner}, plain.__name__, plain.__defaults__)


def _cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def prepare() -> None:
    """One CPU device for each core and a place for compiled programs, where nobody has chosen otherwise."""
    settings: Any = jax.config
    chosen = "xla_force_host_platform_device_count" in os.environ.get("XLA_FLAGS", "")
    if not chosen and settings.jax_num_cpu_devices < 0:
        with suppress(RuntimeError):  # JAX runs already: its devices stay as they are
            settings.update("jax_num_cpu_devices", _cores())
    if settings.jax_compilation_cache_dir is None:
        folder = kernel_folder("xla", ())
        if folder is not None:
            settings.update("jax_compilation_cache_dir", str(folder))
            settings.update("jax_persistent_cache_min_compile_time_secs", 0.0)
            settings.update("jax_persistent_cache_min_entry_size_bytes", 0)


@contextmanager
def exact() -> Iterator[None]:
    """Numbers of 64 bits for the calling thread, whatever the user's JAX is set to; given back at the end."""
    with jax.enable_x64(True), jax.numpy_rank_promotion("allow"), jax.numpy_dtype_promotion("standard"):
        yield


@lru_cache(maxsize=1)
def _people() -> Mesh:
    return Mesh(np.array(jax.devices()), ("member",))


def padded_size(members: int) -> int:
    """Members with those added that fill the last device."""
    devices = _people().devices.size
    return -(-members // devices) * devices


def shared_out(values: Any, members: int) -> Array:
    """An array [..., member] on the devices, its members shared out; the last member again fills the last device."""
    values = np.asarray(values)
    missing = padded_size(members) - values.shape[-1]
    if missing:
        values = np.concatenate([values, np.repeat(values[..., -1:], missing, axis=-1)], axis=-1)
    sharding = NamedSharding(_people(), PartitionSpec(*[None] * (values.ndim - 1), "member"))
    return jax.device_put(np.ascontiguousarray(values), sharding)
