"""All shards of a trial read into columns, one table at a time; of the other worlds only sums are kept."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import NDArray

from needling.documents.study import Study
from needling.errors import BadInput
from needling.trials.shards import marks_of, read_shard, shard_count

if TYPE_CHECKING:
    import pyarrow

Source: TypeAlias = "Iterable[pyarrow.Table | Path | str] | Path | str"
"""Shards of a trial: their tables or files, or the folder that holds them."""

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

# Column of each primary outcome, its unit, and whether more of it is better.
PRIMARY = {
    "change": ("change_score", "", True),
    "responder": ("responder", "share", True),
    "redness": ("redness_d", "d", False),
    "harm": ("harm_probability", "probability", False),
}
_READ = (
    *("change_score", "change_seen_score", "gain", "responder", "responder_seen", "redness_d", "ready_d"),
    *("harm_probability", "harmed", "dropped_out", "sessions_planned_count", "sessions_attended_count"),
)


@dataclass
class Gathered:
    """What is kept of all shards: columns of world 0 by arm, sums of the others, and counts."""

    person: list[list[Ints]]
    allocated: list[list[Bools]]
    columns: list[dict[str, list[Floats]]]
    world_sums: Floats
    world_counts: Floats
    centre_sums: Floats
    centre_counts: Floats
    screened: set[int] = field(default_factory=set)
    people: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    knowledge: str = ""
    version: str = ""


def _tables(source: Source) -> Iterable[pyarrow.Table]:
    if not isinstance(source, (str, Path)):
        for one in source:
            yield read_shard(one) if isinstance(one, (str, Path)) else one
        return
    folder = Path(source)
    inside = folder / "shards" if (folder / "shards").is_dir() else folder
    files = sorted(inside.glob("*.parquet"))
    if not files:
        raise BadInput(f"{folder}: there are no shards in this folder; run the trial first")
    yield from (read_shard(path) for path in files)


def gather(source: Source, study: Study) -> Gathered:
    """Read every shard once.

    Raises:
        BadInput: tables of another study or of different knowledge, a damaged, missing or double shard.
    """
    arms, worlds = len(study.arms), study.worlds.others_count
    column = PRIMARY[study.outcome.primary][0]
    shape = (worlds + 1, arms)
    found = Gathered(
        person=[[] for _ in range(arms)],
        allocated=[[] for _ in range(arms)],
        columns=[{name: [] for name in _READ} for _ in range(arms)],
        world_sums=np.zeros(shape),
        world_counts=np.zeros(shape),
        centre_sums=np.zeros(arms),
        centre_counts=np.zeros(arms),
    )
    own = study.sha256
    for table in _tables(source):
        marks = marks_of(table)
        if marks.get("study_sha256") != own:
            raise BadInput(
                f"this table is of the study {marks.get('study_sha256', 'without hash')[:12]}, the analysis is "
                f"registered for {own[:12]}; analyse it with the study file that it was made from"
            )
        if found.knowledge and marks["knowledge_sha256"] != found.knowledge:
            raise BadInput("these shards rest on different knowledge; compute all of them with the same")
        shard = int(marks["shard"])
        if shard in found.screened:
            raise BadInput(f"shard {shard} is there twice; give each shard once")
        found.knowledge, found.version = marks["knowledge_sha256"], marks["version"]
        found.screened.add(shard)
        _add(found, table, study, column)
    wanted = shard_count(study)
    if missing := [shard for shard in range(wanted) if shard not in found.screened]:
        shown = ", ".join(map(str, missing[:8])) + (" ..." if len(missing) > 8 else "")
        raise BadInput(f"{len(missing)} of {wanted} shards are missing ({shown}); a trial is analysed when it is whole")
    return found


def _numbers(table: pyarrow.Table, name: str) -> Floats:
    """A column as numbers; yes is 1, and what is not known NaN."""
    column = table[name].combine_chunks()
    if str(column.type) == "bool":
        column = column.cast("int8")
    return np.asarray(column.to_numpy(zero_copy_only=False), dtype=np.float64)


def _add(found: Gathered, table: pyarrow.Table, study: Study, column: str) -> None:
    """One shard's rows to the totals."""
    person, world = table["person"].to_numpy(), table["world"].to_numpy()
    arm = np.asarray(table["arm"].combine_chunks().indices.to_numpy())
    eligible, allocated = (table[name].to_numpy() for name in ("eligible", "allocated"))
    first, row = np.unique(person, return_index=True)
    found.people += first.size
    reasons = table["reason"].combine_chunks()
    names = reasons.dictionary.to_pylist()
    for place, count in zip(*np.unique(reasons.indices.to_numpy()[row], return_counts=True), strict=True):
        found.reasons[names[place]] += int(count)
    values = _numbers(table, column)
    entered = eligible & np.isfinite(values)
    np.add.at(found.world_sums, (world[entered], arm[entered]), values[entered])
    np.add.at(found.world_counts, (world[entered], arm[entered]), 1)
    elsewhere = entered & (world == 0) & np.isin(person, person[world > 0])
    np.add.at(found.centre_sums, arm[elsewhere], values[elsewhere])
    np.add.at(found.centre_counts, arm[elsewhere], 1)
    numbers = {name: _numbers(table, name) for name in _READ}
    for place in range(len(study.arms)):
        mine = eligible & (world == 0) & (arm == place)
        found.person[place].append(person[mine])
        found.allocated[place].append(allocated[mine])
        for name in _READ:
            found.columns[place][name].append(numbers[name][mine])


class Arms:
    """All people who entered, by arm, in the order of their numbers; the same people in each arm where paired."""

    def __init__(self, found: Gathered) -> None:
        self.person: list[Ints] = []
        self.allocated: list[Bools] = []
        self.columns: list[dict[str, Floats]] = []
        for place, parts in enumerate(found.person):
            person = np.concatenate(parts)
            order = np.argsort(person, kind="stable")
            self.person.append(person[order])
            self.allocated.append(np.concatenate(found.allocated[place])[order])
            own = found.columns[place]
            self.columns.append({name: np.concatenate(own.pop(name))[order] for name in list(own)})
