"""The second reading: the same numbers, typed again by hand from the papers, labels and sheets.

Nothing in this folder is read from the knowledge files. A difference means that one of the two readings is wrong:
look at the source before changing either.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from needling.knowledge.base import Knowledge


@pytest.fixture
def entry(kb: Knowledge) -> Callable[[str, str], Any]:
    """``entry(section, id)``: the loaded entry, or a skip that names the number without a second reading."""

    def find(section: str, name: str) -> Any:
        found = kb.by(section).get(name)
        if found is None:
            pytest.skip(f"no entry '{name}' in {section}: this second reading has nothing to be compared with")
        return found

    return find
