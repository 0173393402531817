"""Numbers that nobody has typed a second time from their source: each is a visible skip, so that none is forgotten."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from needling.knowledge import load_knowledge

KB = load_knowledge()
# Nothing to read again: why. Each stays a visible skip.
UNREADABLE = {
    "parameter closure-age-ratio": "the sources say slower, and give no hours",
    "parameter rolling-radius-share": "the source gives the two ends, 0 and 1; the place between them is a judgement",
}
PROPOSALS = frozenset(
    [
        *(f"device {one.id}" for one in KB.devices if one.proposal),
        *(f"indication {one.id}" for one in KB.indications if all(each.proposal for each in one.protocols)),
        *(f"parameter {one.id}" for one in KB.parameters if one.proposal),
        *(f"envelope {one.setting}" for one in KB.envelopes if one.proposal),
        *(f"wait {one.id}" for one in KB.waits if one.proposal),
    ]
)
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
    if entry in UNREADABLE:
        pytest.skip(f"{entry}: {UNREADABLE[entry]}")
    if f'"{name}"' not in second_readings():
        if entry in PROPOSALS:
            pytest.skip(f"{entry}: a proposal; there is no source to read")
        pytest.skip(f"{entry}: its numbers were typed once only; read them again from the source")


def test_what_cannot_be_read_is_still_there() -> None:
    assert set(UNREADABLE) <= set(NUMBERED), "an id was renamed, or its basis changed: take it off the list"
