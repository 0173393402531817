"""The engine on JAX: the same equations on a GPU, or on the cores, and gradients; an extra, ``needling[jax]``."""

from needling.errors import BadInput

try:
    import jax as _jax  # noqa: F401 - only whether it is there
except ImportError as missing:
    raise BadInput(
        "The JAX engine needs JAX, which is not installed here. Install it with: "
        ".venv/bin/python -m pip install -e '.[jax]'. The other engines ('lanes', 'reference') "
        "give the same results without it."
    ) from missing

from needling.simulation.engines.xla.tracing import prepare

prepare()

from needling.simulation.engines.xla.gradients import sensitivities  # noqa: E402 - JAX starts as prepared
from needling.simulation.engines.xla.healing import heal, strokes  # noqa: E402
from needling.simulation.engines.xla.transport import spread  # noqa: E402

__all__ = ["heal", "sensitivities", "spread", "strokes"]
