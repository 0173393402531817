"""The evidence base: schema and YAML, read-only, versioned by date, hashed."""

from needling.knowledge.load import load_knowledge
from needling.knowledge.schema import Knowledge

__all__ = ["Knowledge", "load_knowledge"]
