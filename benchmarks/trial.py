"""A trial of 100,000 virtual people on 1, 2 and 4 worker processes: efficiency, identity, memory.

Starting the workers, and their first shard each (knowledge read, kernels loaded), is left out of the times: it is the
same for a trial of any size. Efficiency is time on one worker over four times the time on four.
"""

from __future__ import annotations

import hashlib
import os
import sys
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "src")]

PEOPLE = int(os.environ.get("NEEDLING_BENCH_TRIAL_PEOPLE", "100000"))
WORKERS = (1, 2, 4)


def study(people: int = PEOPLE) -> Any:
    """The template's two arms, with so many people; other worlds as usual."""
    from needling.cli.trial import TEMPLATE
    from needling.documents.study import Study
    from needling.reading import parse_yaml, validate

    registered = validate(parse_yaml(TEMPLATE, "template"), Study)
    population = registered.population.model_copy(update={"people_count": people})
    return registered.model_copy(update={"population": population})


def memory_mib() -> float:
    """The most that a worker has held so far; asked in the worker."""
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def processor_s() -> float:
    """Processor time of a worker so far; asked in the worker."""
    return time.process_time()


def _nothing(_: str) -> None:
    """Nobody listens."""


def _measure(workers: int) -> tuple[float, str, float, float]:
    """Seconds for all shards, hash of all shards, largest worker in MiB, seconds of processor time."""
    from needling.knowledge import load_knowledge
    from needling.trials.cluster import check_workers, connected, streamed
    from needling.trials.running import job_of

    job = job_of(study(), load_knowledge())
    found: dict[int, str] = {}
    with connected(workers, None, _nothing) as client:
        check_workers(client, job, "this computer")
        client.wait_for_workers(workers)
        # Every worker computes one shard first, so that all are warm; it counts for the hash, not for the time.
        warm = [
            client.submit(job.compute, job.study_json, 0, job.knowledge_sha256, workers=[one], pure=False)
            for one in client.nthreads()
        ]
        assert len({future.result() for future in warm}) == 1
        before = sum(client.run(processor_s).values())
        start = time.perf_counter()
        for shard, content in streamed(client, job, range(job.shards), "this computer", own=True, say=_nothing):
            found[shard] = hashlib.sha256(content).hexdigest()
        taken = time.perf_counter() - start
        peak = max(client.run(memory_mib).values())
        worked = sum(client.run(processor_s).values()) - before
    whole = hashlib.sha256("".join(found[shard] for shard in range(job.shards)).encode()).hexdigest()
    return taken, whole, peak, worked


def run() -> dict[str, float]:
    """Seconds on 1, 2 and 4 workers; whether all shards are the same to the last byte; the largest worker."""
    measured = {workers: _measure(workers) for workers in WORKERS}
    one = measured[WORKERS[0]][0]
    for workers, (taken, whole, peak, worked) in measured.items():
        print(
            f"{PEOPLE} people, two arms, {workers} {'worker ' if workers == 1 else 'workers'}: {taken:6.1f} s, "
            f"efficiency {one / workers / taken:.2f}, processor time {worked:.1f} s, largest worker {peak:.0f} MiB, "
            f"shards {whole[:12]}"
        )
    same = len({whole for _, whole, _, _ in measured.values()}) == 1
    efficiency = one / WORKERS[-1] / measured[WORKERS[-1]][0]
    peak = max(peak for _, _, peak, _ in measured.values())
    print(
        f"efficiency from 1 to 4 workers {efficiency:.2f} (bar: 0.8; {os.cpu_count()} cores here); shards "
        f"{'identical' if same else 'DIFFERENT'}; largest worker {peak:.0f} MiB (bar: 1536)"
    )
    return {"trial_efficiency": efficiency, "trial_memory": peak / 1024, "identical_met": float(same), "trial_s": one}


if __name__ == "__main__":
    run()
