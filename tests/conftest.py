"""What all tests share: the knowledge, the repository's root, and surroundings that decide nothing."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

os.environ.setdefault("MPLBACKEND", "Agg")
os.environ.pop("NEEDLING_KNOWLEDGE", None)  # a clinic's own rules must not decide what the tests see

settings.register_profile("house", deadline=None, derandomize=True, print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "house"))


@pytest.fixture(scope="session")
def root() -> Path:
    """The repository."""
    return Path(__file__).parents[1]


@pytest.fixture(scope="session")
def kb() -> Iterator[object]:
    """The shipped knowledge, read from its YAML files, examples included."""
    from needling.knowledge.load import build_knowledge

    yield build_knowledge()
