"""Numbers that nobody has typed a second time from their source: each is a visible skip, so that none is forgotten."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from needling.knowledge import load_knowledge

KB = load_knowledge()
NUMBERED = [
    *(f"parameter {one.id}" for one in KB.parameters if one.basis in ("published", "derived")),
    *(f"device {one.id}" for one in KB.devices),
    *(f"indication {one.id}" for one in KB.indications if one.protocols),
    *(f"wait {one.id}" for one in KB.waits),
    *(f"envelope {one.setting}" for one in KB.envelopes),
]


@cache
def second_readings() -> str:
    """The text of all second readings; an entry counts as read again where its id stands in them."""
    folder = Path(__file__).parent
    return "".join(path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.py")) if path != Path(__file__))


@pytest.mark.parametrize("entry", NUMBERED)
def test_has_a_second_reading(entry: str) -> None:
    name = entry.split(" ", 1)[1]
    if f'"{name}"' not in second_readings():
        pytest.skip(f"{entry}: its numbers were typed once only; read them again from the source")
