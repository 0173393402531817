"""The evidence base: schema and YAML, read-only, versioned by date, hashed."""

from needling.knowledge.base import Knowledge
from needling.knowledge.load import load_knowledge

__all__ = ["Knowledge", "load_knowledge"]
