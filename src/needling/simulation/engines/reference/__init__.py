"""The oracle: SciPy, one person at a time, slow and obvious; one file for each kind of work."""

from importlib.util import find_spec

from needling.errors import BadInput
from needling.simulation.engines.reference.healing import heal, heal_one, strokes
from needling.simulation.engines.reference.transport import spread, spread_one

__all__ = ["heal", "heal_one", "spread", "spread_one", "strokes"]

if find_spec("scipy") is None:
    raise BadInput(
        "The reference engine needs SciPy, which is not installed here. Install it with: "
        ".venv/bin/python -m pip install -e '.[reference]'. The default engine ('lanes') needs nothing more."
    )
