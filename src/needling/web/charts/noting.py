"""Notes outside the database: where a clinic's trail ends, and which charts were erased.

Whoever cuts the trail off cannot reach the first; a backup of before cannot bring back whom the second names.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

from needling.web.keys import data_folder

try:
    import fcntl
except ImportError:  # not a POSIX system: there one process serves
    fcntl = None  # type: ignore[assignment]
_TURN = threading.Lock()


class Noted(NamedTuple):
    """Number and mac of the row that was noted as the last one; ``number`` 0 before there was any."""

    number: int
    mac: str


UNREADABLE = Noted(-1, "")
BEGUN = Noted(0, "")


def _folder() -> Path:
    return data_folder() / "trail"


def note_file(clinic: UUID) -> Path:
    """Where it is noted."""
    return _folder() / f"{clinic}.json"


def read_note(clinic: UUID) -> Noted | None:
    """What was noted; None when nothing was, :data:`UNREADABLE` when it is no note."""
    try:
        number, mac = json.loads(note_file(clinic).read_text())
        return Noted(int(number), str(mac))
    except FileNotFoundError:
        return None
    except (ValueError, TypeError):
        return UNREADABLE


def set_note(clinic: UUID, end: Noted, *, anew: bool = False) -> None:
    """Say where the trail ends; a later end is never overwritten by an earlier one.

    The note is written after the database has the row: whatever ends this process in between leaves a note that lags
    behind, never one that leads. ``anew``: whatever was noted before, as when an older backup was brought back.
    """
    file = note_file(clinic)
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with _alone(file.with_suffix(".lock")):
        said = None if anew else read_note(clinic)
        if said is not None and said.number >= end.number:
            return
        new = file.with_suffix(".new")
        with new.open("w") as stream:
            stream.write(json.dumps(end))
            stream.flush()
            os.fsync(stream.fileno())
        new.replace(file)


def _erased_file(clinic: UUID) -> Path:
    return note_file(clinic).with_suffix(".erased")


def note_erased(clinic: UUID, chart: UUID) -> None:
    """Say that a chart was erased; only its id is kept."""
    file = _erased_file(clinic)
    with _alone(file.with_suffix(".lock")), file.open("a") as stream:
        stream.write(f"{chart}\n")
        stream.flush()
        os.fsync(stream.fileno())


def noted_erased(clinic: UUID) -> set[UUID]:
    """Charts of a clinic that were erased; a line that was not written to its end counts for nothing."""
    found = set()
    with suppress(FileNotFoundError):
        for line in _erased_file(clinic).read_text().splitlines():
            with suppress(ValueError):
                found.add(UUID(line))
    return found


@contextmanager
def _alone(file: Path) -> Iterator[None]:
    """One thread of one process at a time; whoever dies inside lets go."""
    with _TURN, file.open("w") as held:
        if fcntl is not None:
            fcntl.flock(held, fcntl.LOCK_EX)
        yield


def noted_clinics() -> dict[UUID, Noted]:
    """Every clinic that something was noted of."""
    found: dict[UUID, Noted] = {}
    for file in sorted(_folder().glob("*.json")):
        try:
            clinic = UUID(file.stem)
        except ValueError:
            continue
        said = read_note(clinic)
        if said is not None:
            found[clinic] = said
    return found
