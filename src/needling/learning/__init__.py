"""Was the forecast right, and what does it teach: scoring, pooling over many people, learning about one person."""

from needling.learning.adapting import Adapted, adapt
from needling.learning.fitting import fit_population, with_population
from needling.learning.person import recalibrate
from needling.learning.pooled import pool
from needling.learning.scored import score

__all__ = ["Adapted", "adapt", "fit_population", "pool", "recalibrate", "score", "with_population"]
