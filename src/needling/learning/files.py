"""A folder of followed-up people: one folder for each approval, with its records and follow-ups beside it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from needling.errors import BadInput
from needling.knowledge import Knowledge
from needling.learning.papers import read_approval, read_told
from needling.learning.people import FollowedUp
from needling.reading import read_text

_KINDS = (".json", ".yaml", ".yml")
_NOT_OURS = ("-misses.json", "-fit.json")
"""Files that other commands write beside them."""


def read_cases(folder: Path, kb: Knowledge, *, progress: Callable[[int, int], None] | None = None) -> list[FollowedUp]:
    """All people of a folder.

    Args:
        folder: with a folder for each approval, at any depth: the approval's file, and files of records and follow-ups.
        kb: devices, harms and scales that they may name. progress: called with people read and people in all.

    Raises:
        BadInput: no such folder, no approval in it, two in one folder; and what is wrong in a file, with its line.
    """
    if not folder.is_dir():
        raise BadInput(f"{folder}: no such folder; give one that holds a folder for each approval")
    by_folder: dict[Path, list[Path]] = {}
    for path in sorted(folder.rglob("*")):
        if path.suffix in _KINDS and path.is_file() and not path.name.endswith(_NOT_OURS):
            by_folder.setdefault(path.parent, []).append(path)
    people: list[tuple[Path, list[Path]]] = []
    for place, files in by_folder.items():
        approvals = [path for path in files if _is_approval(path)]
        if len(approvals) > 1:
            named = ", ".join(path.name for path in approvals)
            raise BadInput(f"{place}: {len(approvals)} approvals ({named}); give each a folder of its own")
        if approvals:
            people.append((approvals[0], [path for path in files if path != approvals[0]]))
        elif files:
            raise BadInput(f"{files[0]}: there is no approval in {place}, so nobody knows whose it is")
    if not people:
        raise BadInput(f"{folder}: no approval in it; 'needling approve' writes them")
    cases: list[FollowedUp] = []
    for number, (path, files) in enumerate(people, start=1):
        approval = read_approval(path)
        told = read_told(files, approval, kb)
        cases.append((approval, told.records, told.followups))
        if progress is not None:
            progress(number, len(people))
    return cases


def _is_approval(path: Path) -> bool:
    if path.suffix != ".json":
        return False
    try:
        found = json.loads(read_text(path))
    except json.JSONDecodeError as broken:
        raise BadInput(f"{path}:{broken.lineno}: not JSON: {broken.msg}") from None
    return isinstance(found, dict) and {"plan", "forecast", "plan_sha256"} <= set(found)
