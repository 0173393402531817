"""A trial from its study to its results: shard by shard, here or on many machines, and on from where it stopped.

Whatever computes the shards, in whatever order and however often it was interrupted, the files are the same to the
last byte, and so are the results.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from needling.errors import BadInput, NeedlingError
from needling.trials.storing import Job, TrialFolder, Unfinished, numbers_text, opened, versions_here

if TYPE_CHECKING:
    from needling.documents.study import Study, TrialResults
    from needling.knowledge import Knowledge

Progress = Callable[[int, int, float], None]
"""Shards done, all shards, seconds still to go (not a number until the first one has come)."""
Say = Callable[[str], None]

MOST_WORKERS = 256


class Ran(NamedTuple):
    """A trial that is finished: its results, its files of people, and how many shards were there already."""

    results: TrialResults
    shards: tuple[Path, ...]
    resumed_count: int


def _nothing(_: str) -> None:
    """Nobody listens."""


def check_workers_asked(workers: int, scheduler: str | None) -> None:
    """Raises BadInput for a number of workers that makes no sense."""
    if not 0 <= workers <= MOST_WORKERS:
        raise BadInput(f"{workers} workers; allowed are 0 (in this process) to {MOST_WORKERS}")
    if scheduler is not None and workers:
        raise BadInput("a scheduler has its own workers; give either --workers or --scheduler")


def _here(job: Job, wanted: Sequence[int]) -> Iterator[tuple[int, bytes]]:
    """Shards one after the other, in this process."""
    for shard in wanted:
        try:
            yield shard, job.compute(job.study_json, shard, job.knowledge_sha256)
        except Exception as problem:
            raise Unfinished(f"shard {shard} failed: {type(problem).__name__}: {problem}") from problem


def run_shards(
    job: Job,
    folder: TrialFolder,
    *,
    workers: int = 0,
    scheduler: str | None = None,
    progress: Progress | None = None,
    say: Say = _nothing,
) -> int:
    """Compute and store every shard that a folder lacks.

    Args:
        job: what is computed. folder: where it is kept, as :func:`needling.trials.storing.opened` gives it.
        workers: processes on this machine; 0 computes here. scheduler: address of a Dask cluster instead.
        progress: called after each shard. say: takes messages: what was moved aside, who was lost.

    Returns:
        How many shards were there already.

    Raises:
        BadInput: the cluster cannot be used. Unfinished: it ended early; what is finished is kept, and the message
            says how to go on.
    """
    for broken in folder.check():
        say(
            f"{broken.path.name}: {broken.why}; moved to {broken.path.parent}, and computed again where it belongs to "
            "this trial"
        )
    _recompute_one(job, folder)
    wanted = folder.wanted
    before = done = job.shards - len(wanted)
    if before and wanted:
        say(f"{before} of {job.shards} shards are finished already; going on with {numbers_text(wanted)}")
    if not wanted:
        return before
    if workers or scheduler is not None:
        from needling.trials.cluster import compute_on_cluster

        source = compute_on_cluster(job, wanted, workers=workers, scheduler=scheduler, say=say)
    else:
        source = _here(job, wanted)
    if progress is not None:
        progress(done, job.shards, float("nan"))
    began, first = time.monotonic(), done
    try:
        with closing(source):  # type: ignore[type-var]
            for shard, content in source:
                folder.keep(shard, content)
                done += 1
                if progress is not None:
                    took = time.monotonic() - began
                    progress(done, job.shards, took / (done - first) * (job.shards - done))
    except Unfinished as ended:
        said = str(ended)
        raise Unfinished(said if folder.said() in said else f"{said}. {folder.said()}") from ended.__cause__
    if folder.wanted:
        raise Unfinished(f"shards {numbers_text(folder.wanted)} never came. {folder.said()}")
    return before


def _recompute_one(job: Job, folder: TrialFolder) -> None:
    """Compute one of the shards that were there already once more, any of them: a forged one does not stay unseen.

    Raises:
        BadInput: it is not what the study gives.
    """
    if not folder.kept:
        return
    path = secrets.choice(folder.kept)
    shard = folder.number_of(path)
    if job.compute(job.study_json, shard, job.knowledge_sha256) != path.read_bytes():
        raise BadInput(
            f"{path}: is not what this study gives; somebody changed it. Remove {path.parent.name} and run again, or "
            "choose another --out"
        )


def job_of(study: Study, kb: Knowledge) -> Job:
    """What has to be computed for a study under a knowledge."""
    from needling.trials.shards import compute_shard, shard_count

    return Job(
        study_json=study.canonical().decode("utf-8"),
        study_sha256=study.sha256,
        knowledge_sha256=kb.sha256,
        shards=shard_count(study),
        compute=compute_shard,
        versions=versions_here(),
    )


def run_trial(
    study: Study,
    folder: Path,
    kb: Knowledge,
    *,
    workers: int = 0,
    scheduler: str | None = None,
    progress: Progress | None = None,
    say: Say | None = None,
) -> Ran:
    """Run a registered trial, or go on with one, and analyse it as registered.

    Args:
        study: as registered. folder: of this trial alone; made if it is not there. kb: the knowledge in force.
        workers: processes on this machine; 0 computes in this one. scheduler: address of a Dask cluster instead, as
            ``tcp://host:8786``, whose workers have the same needling and knowledge.
        progress: called after each shard with shards done, all shards and seconds to go. say: takes messages.

    Returns:
        The results, also stored in the folder as ``results.json``, and the files of people.

    Raises:
        BadInput: the study, the folder or the cluster cannot be used. Unfinished: it ended early; what is finished is
            kept, and running it again goes on from there.
    """
    from needling.trials.analysis import analyse
    from needling.trials.studies import check_study

    check_workers_asked(workers, scheduler)
    check_study(study, kb)
    job = job_of(study, kb)
    with opened(folder, job) as held:
        resumed = run_shards(job, held, workers=workers, scheduler=scheduler, progress=progress, say=say or _nothing)
        try:
            results = analyse(study, kb, held.kept)
        except NeedlingError as problem:
            raise type(problem)(f"{problem}. {held.said()}") from None
        held.write("results.json", results.model_dump_json(indent=1) + "\n")
        return Ran(results, held.kept, resumed)
