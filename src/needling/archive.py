"""One run in one file: all documents, the knowledge's hash, the key and the versions; and running it again."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import BaseModel, ConfigDict, ValidationError

from needling import __version__
from needling.choosing import choose
from needling.documents import Case, Choice, Clearance, Document, Sha256
from needling.errors import BadInput
from needling.knowledge import Knowledge
from needling.planning.propose import propose
from needling.planning.screen import screen
from needling.reading import read_text
from needling.simulation import Belief, simulate_many

SAME_RATIO = 1e-9  # numerical: agreement of two machines; on one machine runs agree exactly


class KnowledgeMark(BaseModel):
    """Which knowledge a run stood on."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: str
    sha256: Sha256


class Run(Document):
    """Everything that is needed to read a run, to sign it and to run it again."""

    needling: str
    knowledge: KnowledgeMark
    key: int
    members: int
    case: Case
    clearance: Clearance
    choice: Choice


class Replay(NamedTuple):
    """How a second run agrees with the first: the largest relative difference of any number, and where."""

    agrees: bool
    largest_ratio: float
    where: str
    said: str


def run_case(case: Case, kb: Knowledge, *, key: int, members: int) -> Run:
    """Screen, propose, simulate and choose: the whole job of ``needling plan``.

    Args:
        case: person, assessment and goals.
        kb: the knowledge base.
        key: of the random numbers.
        members: possible people in the ensemble.

    Returns:
        The run with all its documents.

    Raises:
        BadInput, NotAllowed, OutOfRange: as the verbs it calls.
    """
    clearance = screen(case.person, case.assessment, kb)
    plans = propose(case.person, case.assessment, clearance, kb, case.goals)
    courses = simulate_many(plans, case.person, case.assessment, Belief.prior(kb, members=members), key=key)
    return Run(
        needling=__version__,
        knowledge=KnowledgeMark(version=kb.version, sha256=kb.sha256),
        key=key,
        members=members,
        case=case,
        clearance=clearance,
        choice=choose(plans, courses, case.goals),
    )


def read_run(path: Path) -> Run:
    """A file that ``needling plan`` wrote. Raises BadInput when it is not one."""
    try:
        return Run.model_validate_json(read_text(path))
    except ValidationError as invalid:
        first = invalid.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "the file"
        raise BadInput(f"{path}: not a run of 'needling plan': {where}: {first['msg']}") from None


def _largest_difference(old: Any, new: Any, where: str = "") -> tuple[float, str]:
    """Largest relative difference between two JSON values; infinite where they differ in kind or in words."""
    if isinstance(old, dict) and isinstance(new, dict) and old.keys() == new.keys():
        found = [_largest_difference(old[name], new[name], f"{where}.{name}") for name in old]
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        found = [
            _largest_difference(a, b, f"{where}[{index}]") for index, (a, b) in enumerate(zip(old, new, strict=True))
        ]
    elif isinstance(old, float | int) and isinstance(new, float | int) and not isinstance(old, bool):
        scale = max(abs(old), abs(new))
        return (abs(old - new) / scale if scale else 0.0), where
    else:
        return (0.0 if old == new else math.inf), where
    return max(found, default=(0.0, where))


def replay(run: Run, kb: Knowledge) -> Replay:
    """Run a case again from its file and compare every number.

    Args:
        run: as read from its file.
        kb: the knowledge in force; it must be the one the run stood on.

    Returns:
        Whether all documents agree to 1e-9 relative, and the largest difference.

    Raises:
        BadInput: the knowledge is another version.
    """
    if run.knowledge.sha256 != kb.sha256:
        raise BadInput(
            f"the run stood on knowledge {run.knowledge.version} ({run.knowledge.sha256[:12]}), in force is "
            f"{kb.version} ({kb.sha256[:12]}); install needling {run.needling} or plan again"
        )
    again = run_case(run.case, kb, key=run.key, members=run.members)
    # Hashes differ with the last bit of a number, and versions name the machine: numbers are what is compared.
    old, new = (json.loads(one.model_dump_json(exclude=_NOT_COMPARED)) for one in (run, again))
    largest, where = _largest_difference(old, new)
    agrees = largest <= SAME_RATIO
    said = (
        "agrees to the last bit"
        if largest == 0
        else f"largest relative difference {largest:.1e} at {where.lstrip('.')}"
    )
    return Replay(agrees, largest, where.lstrip("."), said)


_NOT_COMPARED: Any = {"needling": True, "choice": {"forecast": {"versions": True, "plan_sha256": True}}}
