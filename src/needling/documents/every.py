"""All modules that hold documents, for what goes over every document: pages, schemas, units."""

from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType

from needling import documents


def modules() -> tuple[ModuleType, ...]:
    """The core documents first, then the others by name."""
    others = sorted(module.name for module in iter_modules(documents.__path__) if module.name != "every")
    return (documents, *(import_module(f"{documents.__name__}.{name}") for name in others))
