"""One run in one file: all documents, the knowledge's hash, the key and the versions; and running it again."""

from __future__ import annotations

import json
import math
import platform
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import BaseModel, ConfigDict, ValidationError

from needling import __version__
from needling.choosing import choose, ensemble
from needling.choosing.search import search
from needling.documents import Case, Choice, Clearance, Document, Id, Sha256, Text
from needling.errors import BadInput
from needling.knowledge import Knowledge
from needling.knowledge.base import USUAL_SET
from needling.planning.propose import propose
from needling.planning.screen import screen
from needling.reading import read_text
from needling.simulation import Models, simulate_many
from needling.simulation.models import parameter_set_of

SAME_RATIO = 1e-9  # numerical: agreement of two machines; on one machine runs agree exactly


class KnowledgeMark(BaseModel):
    """Which knowledge a run stood on."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: str
    sha256: Sha256


class Run(Document):
    """Everything that is needed to read a run, to sign it and to run it again.

    ``versions`` names what it was computed with: a run agrees exactly on the same machine and versions. ``searched``
    says that all the envelope allows was looked at, and not only what the listed trials did.
    """

    needling: str
    versions: tuple[tuple[Id, Text], ...] = ()
    knowledge: KnowledgeMark
    key: int
    members: int
    searched: bool = False
    case: Case
    clearance: Clearance
    choice: Choice


class Replay(NamedTuple):
    """How a second run agrees with the first: the largest relative difference of any number, and where."""

    agrees: bool
    largest_ratio: float
    where: str
    said: str


def versions_here() -> tuple[tuple[str, str], ...]:
    """What numbers depend on in their last bits: Python, the libraries that compute, and the kind of processor."""
    libraries = tuple((name, version(name)) for name in ("numpy", "numba"))
    return (("python", platform.python_version()), *libraries, ("processor", platform.machine()))


def run_case(
    case: Case,
    kb: Knowledge,
    *,
    key: int,
    members: int,
    models: Models | None = None,
    parameter_set: str = USUAL_SET,
    searched: bool = False,
    progress: Callable[[str, int, int], None] | None = None,
) -> Run:
    """Screen, propose, simulate and choose: the whole job of ``needling plan``.

    Args:
        case: person, assessment and goals.
        kb: the knowledge base.
        key: of the random numbers.
        members: possible people in the ensemble.
        models: which sub-models run; the forecast says so, and a replay runs the same. Not "spatial", which needs the
            channel maps that a caller holds.
        parameter_set: name of the parameters to run with.
        searched: whether to look at all that the envelope allows (:func:`needling.choosing.search.search`).
        progress: of a search; called with what is being done, how much is done, and of how much.

    Returns:
        The run with all its documents.

    Raises:
        BadInput, NotAllowed, OutOfRange: as the verbs it calls.
    """
    clearance = screen(case.person, case.assessment, kb)
    belief = ensemble(case.goals, kb, members, parameter_set=parameter_set)
    who = case.person, case.assessment
    if searched:
        choice = search(*who, clearance, belief, case.goals, kb, key=key, models=models, progress=progress)
    else:
        plans = propose(*who, clearance, kb, case.goals)
        courses = simulate_many(plans, *who, belief, key=key, models=models)
        choice = choose(plans, courses, case.goals, clearance=clearance)
    return Run(
        needling=__version__,
        versions=versions_here(),
        knowledge=KnowledgeMark(version=kb.version, sha256=kb.sha256),
        key=key,
        members=members,
        searched=searched,
        case=case,
        clearance=clearance,
        choice=choice,
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


def check_knowledge(run: Run, kb: Knowledge) -> None:
    """Raises BadInput when the knowledge in force is not the one that a run stood on."""
    if run.knowledge.sha256 != kb.sha256:
        raise BadInput(
            f"the run stood on knowledge {run.knowledge.version} ({run.knowledge.sha256[:12]}), in force is "
            f"{kb.version} ({kb.sha256[:12]}); install needling {run.needling} or plan again"
        )


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
    check_knowledge(run, kb)
    ran = run.choice.forecast.model
    again = run_case(
        run.case,
        kb,
        key=run.key,
        members=run.members,
        models=Models.read(ran),
        parameter_set=parameter_set_of(ran) or USUAL_SET,
        searched=run.searched,
    )
    return compare(run, again)


def compare(run: Run, again: Run) -> Replay:
    """Two runs of one case: the largest relative difference of any number, and where the words differ.

    Versions are not compared, because they name the machine; where they differ, the sentence says so. The forecast must
    be of the plan that stands beside it.
    """
    old, new = (json.loads(one.model_dump_json(exclude=_NOT_COMPARED)) for one in (run, again))
    largest, where = _largest_difference(old, new)
    if run.choice.forecast.plan_sha256 != run.choice.plan.sha256:
        largest, where = math.inf, ".choice.forecast.plan_sha256"
    where = where.lstrip(".")
    if largest == 0:
        said = "agrees to the last bit"
    elif math.isinf(largest):
        said = f"does not agree: {where} is not what the same case gives now"
    else:
        said = f"largest relative difference {largest:.1e} at {where}"
    return Replay(largest <= SAME_RATIO, largest, where, said + _version_note(run, again))


def _version_note(run: Run, again: Run) -> str:
    """What has changed between two runs besides the case, for a reader who looks for a reason."""
    first = {"needling": run.needling, **dict(run.versions)}
    second = {"needling": again.needling, **dict(again.versions)}
    changed = [name for name in second if first.get(name, "not noted") != second[name]]
    if not changed:
        return ""
    before, now = (
        ", ".join(f"{name} {versions.get(name, 'not noted')}" for name in changed) for versions in (first, second)
    )
    return f" (made with {before}; run again with {now})"


# Hashes of what holds computed numbers differ with their last bit; that of the plan is held against the plan itself.
_NOT_COMPARED: Any = {"needling": True, "versions": True, "choice": {"forecast": {"versions": True}}}
