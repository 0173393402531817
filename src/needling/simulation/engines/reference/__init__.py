"""The oracle: SciPy, one person at a time, slow and obvious; one file for each kind of work."""

from needling.simulation.engines.reference.healing import heal_one, strokes

__all__ = ["heal_one", "strokes"]
