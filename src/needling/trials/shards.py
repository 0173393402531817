"""One block of a trial's people: who they are, whether they may enter, and what each arm does to them.

A shard is a fixed block of consecutive person numbers, so no result depends on how many workers share the trial or in
which order they work. What comes back is a Parquet file with its own checksum.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from needling.documents import Plan
from needling.documents.study import Study
from needling.errors import BadInput
from needling.knowledge.base import Knowledge
from needling.knowledge.load import load_knowledge
from needling.simulation import Course, CourseResult, objectives, simulate
from needling.simulation.belief import normal, uniform
from needling.simulation.design import Designed
from needling.simulation.seam.individuals import Individuals
from needling.simulation.seam.laying import visits_of
from needling.simulation.seam.outcomes import at_time, gain
from needling.trials.entering import ELIGIBLE, Entry, Gate, documents_of, same_work
from needling.trials.people import PHOTOTYPES, SEXES, People, belief_of, draw_people, true_baselines
from needling.trials.studies import check_study, judge_day_d
from needling.units import from_si, to_si

if TYPE_CHECKING:
    import pyarrow

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Columns = dict[str, NDArray[Any]]

FORMAT = "needling-trial-1"
_HARMED = "trial/harmed"
_LASTING = 1.0  # improvement, in meaningful changes, from which on a person counts as a responder


def shard_count(study: Study) -> int:
    """How many shards a study has; the last may hold fewer people."""
    return -(-study.population.people_count // study.block_people_count)


def compute_shard(study_json: str, shard: int, kb_sha256: str) -> bytes:
    """One shard of a study: the same bytes wherever, whenever and beside whatever else it is computed.

    Args:
        study_json: the study in its canonical JSON form. shard: from 0, below :func:`shard_count`.
        kb_sha256: of the knowledge that the trial rests on.

    Returns:
        A Parquet file with one row for each person, arm and world (see :func:`compute_table`). Its metadata hold
        ``format``, ``study_sha256``, ``knowledge_sha256``, ``version``, ``shard`` and ``checksum``.

    Raises:
        BadInput: the knowledge here is not that of the trial (says both), there is no such shard, or the study cannot
            be run.
    """
    kb = load_knowledge()
    if kb.sha256 != kb_sha256:
        raise BadInput(
            f"the trial rests on the knowledge {kb_sha256[:12]}, but here is {kb.sha256[:12]} (version {kb.version}); "
            "install the same needling and the same overlay on every machine"
        )
    return to_parquet(compute_table(_study_of(study_json), shard, kb))


@lru_cache(maxsize=4)
def _study_of(study_json: str) -> Study:
    return Study.model_validate_json(study_json)


@lru_cache(maxsize=2)
def _gate(study: _Key, kb: Knowledge) -> Gate:
    """The gate of a study, kept with its verdicts from shard to shard; checks the study once."""
    check_study(study.study, kb)
    return Gate(study.study, kb)


class _Key:
    """A study as the key of a cache: equal where its hash is, which documents with mappings are not."""

    def __init__(self, study: Study) -> None:
        self.study = study
        self._sha256 = study.sha256

    def __hash__(self) -> int:
        return hash(self._sha256)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Key) and other._sha256 == self._sha256


def compute_table(study: Study, shard: int, kb: Knowledge) -> pyarrow.Table:
    """One shard as a table.

    Columns: ``person``, ``world``, ``arm``, ``allocated`` (the arm that is the person's in a design with independent
    arms), ``eligible``, ``reason``; covariates ``age_y``, ``phototype``, ``sex``, ``fact_...``, ``epidermis_ratio``,
    ``dermis_ratio``, ``closing_ratio``, ``building_ratio``; ``sessions_planned_count``, ``sessions_attended_count``,
    ``dropped_out``; ``baseline_score`` and improvements ``change_score``, ``change_seen_score`` (zones weighed by area,
    in points), ``gain``, ``gain_seen`` (in meaningful changes), ``responder``, ``responder_seen``, ``redness_d``,
    ``ready_d``, ``harm_probability``, ``harmed``. Numbers are NaN, and what rests on them is null, for who did not
    enter and where no honest forecast exists.

    Args:
        study: checked before anything runs. shard: from 0. kb: knowledge.

    Raises:
        BadInput: no such shard; a study that cannot be run; equations that ran away.

    Assumes: the whole block is computed even where the study ends inside it, so that a person's numbers are the same
        to the last bit in a larger study.
    """
    if not 0 <= shard < shard_count(study):
        raise BadInput(f"there is no shard {shard}; this study has shards 0 to {shard_count(study) - 1}")
    gate = _gate(_Key(study), kb)
    numbers = np.arange(shard * study.block_people_count, (shard + 1) * study.block_people_count, dtype=np.int64)
    people = draw_people(study, kb, numbers)
    entries, whose = gate.entries(people)
    entered = np.flatnonzero(np.array([entry.reason == ELIGIBLE for entry in entries])[whose])
    others = entered[: round(study.worlds.people_share * study.block_people_count)]
    worlds = np.arange(1, study.worlds.others_count + 1)
    members = np.concatenate([entered, np.tile(others, worlds.size)])
    world = np.concatenate([np.zeros(entered.size, dtype=np.int64), np.repeat(worlds, others.size)])
    block = _Block(study, kb, people.rows(members), world, [entries[row] for row in whose[members]])
    outside = people.rows(np.setdiff1d(np.arange(numbers.size), entered))
    reasons = np.array([entries[row].reason for row in whose[outside.number - numbers[0]]], dtype=object)
    parts = [block.arm(place) for place in range(len(study.arms))]
    parts += [_outside(study, outside, place, reasons) for place in range(len(study.arms))]
    names = list(parts[0])
    columns = {name: np.concatenate([part[name] for part in parts]) for name in names}
    kept = columns["person"] < study.population.people_count
    if study.analysis.design == "independent":
        kept &= columns["allocated"]
    columns = {name: values[kept] for name, values in columns.items()}
    return _table(columns, study, shard, kb)


class _Block:
    """The people of one shard who entered, each as a member of one ensemble, worlds beside each other."""

    def __init__(self, study: Study, kb: Knowledge, people: People, world: Ints, entries: list[Entry]) -> None:
        self.study, self.kb, self.people, self.world, self.entries = study, kb, people, world, entries
        self.belief: Designed = belief_of(people, world, kb, study.key)
        self.baselines = true_baselines(study, people, kb)
        self.horizon_d = judge_day_d(study, kb)
        self.allocated = allocation(study, people.number)
        self._smoker, self._nsaid = (_holding(study, people, name) for name in ("smoker", "nsaid"))
        number, key = people.number, study.key
        share = study.dropout.share
        leaves = uniform(key, "trial/leaving", number)
        gone = study.dropout.by == "end"
        self.leaves_d = np.where(gone & (leaves < share), self.horizon_d * leaves / max(share, leaves.min()), np.inf)
        self.force = study.force.person_sd_ratio * normal(key, "trial/force", number)

    def attendance(self, days: Floats) -> tuple[Floats, Floats]:
        """Who comes to the visits of some days, float64[visit, member], and when each leaves, d (infinite: stays)."""
        study, number = self.study, self.people.number
        leaves = self.leaves_d.copy()
        came = np.empty((days.size, number.size))
        for visit, day in enumerate(days):
            missed = uniform(study.key, f"trial/missed/{visit}", number) < study.missed_probability
            came[visit] = (day < leaves) & ~missed
            if study.dropout.by == "visit":
                goes = uniform(study.key, f"trial/leaving/{visit}", number) < study.dropout.share
                leaves = np.where((leaves == np.inf) & goes & (day < self.horizon_d), day, leaves)
                came[visit] = (day <= leaves) & ~missed
        return came, leaves

    def force_ratio(self, visits: int) -> Floats | None:
        """Force relative to the plan's, float64[visit, member]; None where nobody's differs."""
        scatter = self.study.force
        if scatter.person_sd_ratio == scatter.session_sd_ratio == 0 or not visits:
            return None
        number = self.people.number
        each = [normal(self.study.key, f"trial/force/{visit}", number) for visit in range(visits)]
        return np.exp(self.force + scatter.session_sd_ratio * np.array(each))

    def arm(self, place: int) -> Columns:
        """All rows of one arm."""
        study, size = self.study, self.people.number.size
        wanted = np.arange(size)
        if study.analysis.design == "independent":
            wanted = np.flatnonzero(self.allocated == place)
        found = _empty(size)
        groups: dict[object, tuple[Plan, list[int]]] = {}
        for member in wanted.tolist():
            plan = self.entries[member].plans[place]
            groups.setdefault(id(plan), (plan, []))[1].append(member)
        alike: dict[object, tuple[Plan, list[int]]] = {}
        for plan, members in groups.values():
            alike.setdefault(same_work(plan), (plan, []))[1].extend(members)
        for plan, members in alike.values():
            which = np.sort(np.array(members, dtype=np.int64))
            for name, values in self._run(plan, which, place).items():
                found[name][which] = values
        return {**self._who(place), **found}

    def _run(self, plan: Plan, which: Ints, place: int) -> Columns:
        """What one plan does to some members."""
        study = self.study
        days = np.array([from_si(time, "d") for time in visits_of(plan)])
        came, leaves = self.attendance(days)
        force = self.force_ratio(days.size)
        people = self.people.rows(which)
        individuals = Individuals(
            age=to_si(1.0, "y") * people.age_y,
            darkness=people.place,
            smoker=self._smoker[which],
            nsaid=self._nsaid[which],
            baseline={zone: values[which] for zone, values in self.baselines.items()},
            attendance=came[:, which],
            force_ratio=None if force is None else force[:, which],
            world=self.world[which],
            judge_time=to_si(self.horizon_d, "d"),
        )
        first = people.rows(np.zeros(1, dtype=np.int64))
        person, assessment = documents_of(
            study, self.kb, float(first.age_y[0]), int(first.place[0]), int(first.sex[0]), tuple(first.facts[:, 0])
        )
        course = simulate(plan, person, assessment, self.belief.rows(which), key=study.key, individuals=individuals)
        if course.result is CourseResult.DIVERGED:
            raise BadInput(f"arm '{study.arms[place].id}': {course.result.advice}")
        return {
            "sessions_planned_count": np.full(which.size, days.size, dtype=np.int16),
            "sessions_attended_count": came[:, which].sum(axis=0).astype(np.int16),
            "dropped_out": leaves[which] < self.horizon_d,
            **_outcomes(course, study, people.number, place),
        }

    def _who(self, place: int) -> Columns:
        people, study = self.people, self.study
        values, at_centre = self.belief.values, dict(zip(self.belief.names, self.belief.median, strict=True))
        own = {
            "epidermis_ratio": values["epidermis-ratio"],
            "dermis_ratio": values["dermis-ratio"],
            "closing_ratio": values["barrier-half-life"] / at_centre["barrier-half-life"],
            "building_ratio": values["collagen-synthesis-rate"] / at_centre["collagen-synthesis-rate"],
        }
        return {**_rows(study, people, self.world, place, np.full(people.number.size, ELIGIBLE, dtype=object)), **own}


def allocation(study: Study, numbers: Ints) -> Ints:
    """Which arm each person is given by lot where arms are independent, int64[person]."""
    arms = len(study.arms)
    return np.minimum((uniform(study.key, "trial/allocation", numbers) * arms).astype(np.int64), arms - 1)


def _holding(study: Study, people: People, name: str) -> NDArray[np.bool_]:
    """Whether a yes-no fact holds for each person."""
    for row, fact in enumerate(study.population.facts):
        if fact.name == name and fact.value is True:
            return np.asarray(people.facts[row])
    return np.zeros(people.number.size, dtype=np.bool_)


def _outcomes(course: Course, study: Study, number: Ints, place: int) -> Columns:
    """What came of it for each member, in the units of the columns; improvements are positive."""
    context = course.context
    area = np.array([zone.finding.area_cm2 for zone in context.zones])
    weight = area / area.sum()
    size = number.size
    total = {name: np.zeros(size) for name in ("baseline_score", "change_score", "change_seen_score")}
    total |= {name: np.zeros(size) for name in ("gain", "gain_seen")}
    for index, (zone, start) in enumerate(zip(context.zones, context.baselines, strict=True)):
        name, scale = zone.finding.zone, zone.scale
        final = at_time(course.score[:, index], course.time, course.judge_time[index])
        sign = -1.0 if zone.indication.lower_is_better else 1.0
        noise, low, high = (scale.noise, scale.low, scale.high) if scale is not None else (0.0, -np.inf, np.inf)

        def read(
            values: Floats, when: str, name: str = name, noise: float = noise, low: float = low, high: float = high
        ) -> Floats:
            luck = normal(study.key, f"trial/reading/{name}/{study.arms[place].id}/{when}", number)
            return np.clip(values + noise * luck, low, high)

        seen = read(final, "after") - read(start.values, "before")
        total["baseline_score"] += weight[index] * start.values
        total["change_score"] += weight[index] * sign * (final - start.values)
        total["change_seen_score"] += weight[index] * sign * seen
        own = gain(zone, start, final)
        meaningful = abs(zone.indication.meaningful_change or np.nan)
        total["gain"] += weight[index] * (np.nan if own is None else own)
        total["gain_seen"] += weight[index] * sign * seen / meaningful
    found = objectives(course)
    return {
        **total,
        "responder": total["gain"] >= _LASTING,
        "responder_seen": total["gain_seen"] >= _LASTING,
        "redness_d": found.redness_d,
        "ready_d": from_si(1.0, "d") * course.ready_time,
        "harm_probability": found.harm_probability,
        "harmed": uniform(study.key, _HARMED, number) < found.harm_probability,
    }


_NUMBERS = (
    "baseline_score",
    "change_score",
    "change_seen_score",
    "gain",
    "gain_seen",
    "redness_d",
    "ready_d",
    "harm_probability",
)
_COUNTS = ("sessions_planned_count", "sessions_attended_count")
# Yes or no only where the number behind it is known.
_KNOWN_BY = {"responder": "gain", "responder_seen": "gain_seen", "harmed": "harm_probability"}
_FLAGS = ("dropped_out", "responder", "responder_seen", "harmed")


def _empty(size: int) -> Columns:
    found: Columns = {name: np.zeros(size, dtype=np.int16) for name in _COUNTS}
    found["dropped_out"] = np.zeros(size, dtype=np.bool_)
    found |= {name: np.full(size, np.nan) for name in _NUMBERS}
    return found | {name: np.zeros(size, dtype=np.bool_) for name in _FLAGS[1:]}


def _rows(study: Study, people: People, world: Ints, place: int, reason: NDArray[Any]) -> Columns:
    """Who the rows are of."""
    size = people.number.size
    return {
        "person": people.number,
        "world": world.astype(np.int16),
        "arm": np.full(size, place, dtype=np.int8),
        "allocated": allocation(study, people.number) == place,
        "eligible": reason == ELIGIBLE,
        "reason": reason,
        "age_y": people.age_y,
        "phototype": people.place.astype(np.int8),
        "sex": people.sex.astype(np.int8),
        **{f"fact_{fact.name}": people.facts[row] for row, fact in enumerate(study.population.facts)},
    }


def _outside(study: Study, people: People, place: int, reasons: NDArray[Any]) -> Columns:
    """Rows of the people who did not enter."""
    size = people.number.size
    skin = {name: np.full(size, np.nan) for name in ("epidermis_ratio", "dermis_ratio", "closing_ratio")}
    skin["building_ratio"] = np.full(size, np.nan)
    nobody = np.zeros(size, dtype=np.int64)
    return {**_rows(study, people, nobody, place, reasons), **skin, **_empty(size)}


# ---------------------------------------------------------------- as a file


def _checksum(table: pyarrow.Table) -> str:
    """sha256 over the names, types and values of all columns."""
    found = hashlib.sha256()
    for name, column in zip(table.column_names, table.columns, strict=True):
        found.update(f"{name}:{column.type}".encode())
        whole = column.combine_chunks()
        whole = whole.cast(whole.type.value_type) if hasattr(whole.type, "value_type") else whole
        if str(whole.type) == "bool":
            whole = whole.cast("int8").fill_null(-1)
        if str(whole.type) == "string":
            found.update("\0".join(whole.to_pylist()).encode())
        else:
            found.update(np.ascontiguousarray(whole.to_numpy(zero_copy_only=False)).tobytes())
    return found.hexdigest()


def _table(columns: Mapping[str, NDArray[Any]], study: Study, shard: int, kb: Knowledge) -> pyarrow.Table:
    import pyarrow

    from needling import __version__

    words = {"arm": [arm.id for arm in study.arms], "phototype": list(PHOTOTYPES), "sex": list(SEXES)}
    arrays = {}
    for name, values in columns.items():
        if name in words:
            arrays[name] = pyarrow.DictionaryArray.from_arrays(pyarrow.array(values, pyarrow.int8()), words[name])
        elif name == "reason":
            arrays[name] = pyarrow.array(values.tolist(), pyarrow.string()).dictionary_encode()
        elif name in _KNOWN_BY:
            arrays[name] = pyarrow.array(values, mask=np.isnan(columns[_KNOWN_BY[name]]))
        else:
            arrays[name] = pyarrow.array(values)
    table = pyarrow.table(arrays)
    marks = {
        "format": FORMAT,
        "study_sha256": study.sha256,
        "knowledge_sha256": kb.sha256,
        "version": __version__,
        "shard": str(shard),
        "checksum": _checksum(table),
    }
    return table.replace_schema_metadata(marks)


def to_parquet(table: pyarrow.Table) -> bytes:
    """A table as the bytes of a Parquet file; equal tables give equal bytes."""
    from pyarrow import parquet

    out = io.BytesIO()
    parquet.write_table(table, out, compression="zstd", row_group_size=table.num_rows or 1)
    return out.getvalue()


def read_shard(source: bytes | Path | str) -> pyarrow.Table:
    """A shard's file back to its table, with its checksum held against what is in it.

    Raises:
        BadInput: no such file, no Parquet file, no shard of a trial, or values that are not those that were written.
    """
    import pyarrow
    from pyarrow import parquet

    name = "this shard" if isinstance(source, bytes) else str(source)
    try:
        table = parquet.read_table(io.BytesIO(source) if isinstance(source, bytes) else io.BytesIO(_bytes(source)))
    except (pyarrow.ArrowException, OSError, ValueError) as broken:
        raise BadInput(f"{name} cannot be read: {str(broken).splitlines()[0]}; compute it again") from None
    marks = marks_of(table)
    if marks.get("format") != FORMAT:
        raise BadInput(f"{name} is no shard of a trial (format '{marks.get('format', 'none')}', wanted '{FORMAT}')")
    if _checksum(table) != marks.get("checksum"):
        raise BadInput(f"{name} is damaged: its values are not those that were written; compute it again")
    return table


def _bytes(source: Path | str) -> bytes:
    return Path(source).read_bytes()


def marks_of(table: pyarrow.Table) -> dict[str, str]:
    """The metadata of a shard's table as text."""
    return {key.decode(): value.decode() for key, value in (table.schema.metadata or {}).items()}


__all__ = [
    "FORMAT",
    "allocation",
    "compute_shard",
    "compute_table",
    "marks_of",
    "read_shard",
    "shard_count",
    "to_parquet",
]
