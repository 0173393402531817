"""Shards on many processes or many machines, through Dask; the only file that knows Dask.

What travels: the study as text and the number of a shard go out; the bytes of a shard's Parquet file come back. Only a
few shards are under way at any time, so that memory stays flat here and there, and each is given back the moment it
arrives. A shard is a pure function of study, number and knowledge: whoever computes it, and however often, its bytes
are the same.
"""

from __future__ import annotations

import gc
import logging
import signal
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from typing import Any
from uuid import uuid4

from needling.errors import BadInput
from needling.trials.storing import Compute, Job, Unfinished, numbers_text, versions_here

MEMORY_MIB = 1536
"""Memory of a local worker; one that needs more is ended."""
_AHEAD = 2  # shards under way for each thread of a worker: one in hand, one to go on with
_ANSWER_S = 8.0  # a scheduler or a worker that says nothing for so long is not there
_PATIENCE_S = 20.0  # how long a trial waits for lost workers, or a lost scheduler, to come back
_POLL_S = 0.5  # between two looks at whether everybody is still there
_TRIES = 2  # submissions of one shard; each survives as many lost workers as the scheduler allows
_INSTALL = 'trials on many processes need Dask; install it with: .venv/bin/python -m pip install -e ".[cluster,trials]"'
_MEMORY_TOPIC = "worker-restart-memory"  # what Dask calls it when it ends a worker for its memory
_TOO_OFTEN = 3  # workers of our own that were ended so, until the trial stops: shards are too large for them

# One thread in each worker process: the processes are the parallelism.
_THREADS = dict.fromkeys(("NUMBA_NUM_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
_SETTINGS = {
    "distributed.worker.multiprocessing-method": "spawn",  # a fork would copy locks of threads that it does not copy
    "distributed.nanny.pre-spawn-environ": _THREADS,
    "distributed.scheduler.allowed-failures": 3,  # a killed worker is nobody's fault; four with one shard are its own
    "distributed.worker.preload": ["needling.trials.cluster"],  # see dask_setup
    "distributed.worker.memory.target": False,  # nothing is spilled to a disk ...
    "distributed.worker.memory.spill": False,
    "distributed.worker.memory.pause": False,  # ... and nobody waits for ever: too much memory ends the worker
    "distributed.worker.memory.terminate": 0.95,
    "distributed.admin.tick.limit": "60s",
    "logging.distributed": "critical",  # in the workers; here it is switched off for a while only
}

Say = Callable[[str], None]


def dask_setup(_: object) -> None:
    """Dask calls it in every worker process of our own: Ctrl-C is for the client, which then ends its workers."""
    with suppress(ValueError):  # in the main thread only, where Dask starts its workers
        signal.signal(signal.SIGINT, signal.SIG_IGN)


def compute_here(compute: Compute, study_json: str, shard: int, sha256: str, versions: dict[str, str]) -> bytes:
    """One shard on a worker, which must be what the client is: workers may join at any time."""
    gc.enable()  # a worker that was spawned by a short-lived command has it switched off
    for name, value in versions_here():
        if versions.get(name) != value:
            raise BadInput(f"this worker has {name} {value}, the client has {versions.get(name)}")
    return compute(study_json, shard, sha256)


def worker_versions() -> dict[str, str]:
    """What a worker is made of, asked before anything is computed."""
    from needling.knowledge import load_knowledge

    return {**dict(versions_here()), "knowledge": load_knowledge().sha256}


@contextmanager
def _quiet() -> Iterator[None]:
    """Dask tells of every lost connection; here that is one sentence, said once."""
    loggers = [logging.getLogger(name) for name in ("distributed", "tornado", "asyncio")]
    before = [one.level for one in loggers]
    for one in loggers:
        one.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        for one, level in zip(loggers, before, strict=True):
            one.setLevel(level)


@contextmanager
def connected(workers: int, scheduler: str | None, say: Say) -> Iterator[Any]:
    """A Dask client: of worker processes of its own, or of a scheduler that is there already.

    Args:
        workers: processes on this machine; not used with a scheduler. scheduler: its address. say: takes messages.

    Raises:
        BadInput: Dask is not installed, the address is none, or nobody answers there.
    """
    try:
        import dask
        import distributed
    except ImportError:
        raise BadInput(_INSTALL) from None
    client_of: Any = distributed.Client  # without types of their own
    cluster_of: Any = distributed.LocalCluster
    with _quiet(), dask.config.set(_SETTINGS):
        if scheduler is not None:
            try:
                client = client_of(scheduler, timeout=_ANSWER_S, set_as_default=False)
            except (OSError, TimeoutError, ValueError) as nobody:
                raise _no_scheduler(scheduler, nobody) from None
            with client:
                yield client
            return
        say(f"starting {workers} worker {'process' if workers == 1 else 'processes'} ...")
        with (
            cluster_of(
                n_workers=workers,
                threads_per_worker=1,
                processes=True,
                host="127.0.0.1",
                memory_limit=f"{MEMORY_MIB}MiB",
                dashboard_address=None,
                silence_logs=logging.CRITICAL,
                env=_THREADS,
            ) as cluster,
            client_of(cluster, set_as_default=False) as client,
        ):
            yield client


def _no_scheduler(address: str, why: BaseException) -> BadInput:
    if isinstance(why, ValueError):
        return BadInput(f"--scheduler {address}: no address of a scheduler ({why}); it looks like tcp://host:8786")
    return BadInput(
        f"no scheduler answers at {address} (waited {_ANSWER_S:.0f} s); start one with 'dask scheduler', look at its "
        "address and the firewall, or compute here with --workers N"
    )


# ---------------------------------------------------------------- who is there


def _threads(client: Any) -> dict[str, int]:
    """Threads of every worker by its address; empty where nobody answers."""
    with suppress(OSError, TimeoutError, ValueError):
        found = client.sync(client.scheduler.ncores, callback_timeout=_ANSWER_S)
        return {str(address): int(threads) for address, threads in found.items()}
    return {}


def check_workers(client: Any, job: Job, name: str) -> None:
    """Raises BadInput unless there are workers and each has the client's needling, knowledge and libraries.

    Args:
        client: of Dask. job: with knowledge and versions of the client. name: of the cluster, for the message.
    """
    try:
        client.wait_for_workers(1, timeout=_ANSWER_S)
        found: dict[str, Any] = client.run(worker_versions, on_error="return")
    except (OSError, TimeoutError):
        raise BadInput(
            f"{name} has no workers that answer (waited {_ANSWER_S:.0f} s); start some with "
            f"'NUMBA_NUM_THREADS=1 dask worker {name} --nthreads 1 --nworkers 4'"
        ) from None
    wanted = {**dict(job.versions), "knowledge": job.knowledge_sha256}
    for worker, versions in sorted(found.items()):
        if isinstance(versions, BaseException):
            lacks = f"needling cannot be used there ({type(versions).__name__}: {versions})"
            raise BadInput(
                f'worker {worker}: {lacks}; install there: .venv/bin/python -m pip install -e ".[cluster,trials]"'
            )
        for what, value in wanted.items():
            if versions.get(what) != value:
                raise BadInput(
                    f"worker {worker} has {what} {str(versions.get(what, 'unknown'))[:16]}, this computer has "
                    f"{what} {value[:16]}; results of two kinds are not mixed: install the same on both"
                    + (", and the same NEEDLING_KNOWLEDGE folder" if what == "knowledge" else "")
                )


# ---------------------------------------------------------------- shards, streamed


@dataclass
class _Stream:
    """Shards under way: what is wanted, what runs, what has arrived."""

    client: Any
    job: Job
    wanted: deque[int]
    running: dict[str, tuple[int, Any]] = field(default_factory=dict)
    arrived: SimpleQueue[str] = field(default_factory=SimpleQueue)
    tries: dict[int, int] = field(default_factory=dict)
    seen: float = field(default_factory=time.monotonic)
    began: float = field(default_factory=time.time)

    def submit(self, shard: int) -> None:
        """Hand a shard to whichever worker is free."""
        key = f"needling-{self.job.study_sha256[:8]}-{shard}-{uuid4().hex[:12]}"
        job = self.job
        future = self.client.submit(
            compute_here, job.compute, job.study_json, shard, job.knowledge_sha256, dict(job.versions),
            key=key, pure=False,
        )  # fmt: skip
        self.running[key] = shard, future
        future.add_done_callback(lambda done: self.arrived.put(done.key))

    def fill(self, threads: int) -> None:
        """Keep every worker busy, and no more than that."""
        while self.wanted and len(self.running) < _AHEAD * threads:
            self.submit(self.wanted.popleft())

    def take(self) -> str | None:
        """The key of a shard that has come to an end in whatever way; None after a while without one."""
        with suppress(Empty):
            return self.arrived.get(timeout=_POLL_S)
        ended = (key for key, (_, future) in self.running.items() if future.status not in ("pending", "finished"))
        return next(ended, None)

    def result(self, key: str) -> tuple[int, bytes] | None:
        """What a shard gave; None where it has to be computed, or fetched, again."""
        from distributed import KilledWorker

        shard, future = self.running[key]
        if future.status == "finished":
            with suppress(TimeoutError, OSError):
                content: bytes = future.result(timeout=_ANSWER_S)
                del self.running[key]
                future.release()
                return shard, content
            if future.status == "finished":  # its worker has gone, with it: Dask computes it again
                self.arrived.put(key)
                return None
        if future.status == "pending":
            return None
        problem = future.exception(timeout=_ANSWER_S) if future.status == "error" else None
        del self.running[key]
        future.release()
        self.tries[shard] = self.tries.get(shard, 0) + 1
        memory = self.too_large() if isinstance(problem, KilledWorker) else ""
        if problem is not None and not isinstance(problem, KilledWorker):
            raise Unfinished(f"shard {shard} failed: {type(problem).__name__}: {problem}") from problem
        if memory or self.tries[shard] >= _TRIES:
            raise Unfinished(
                memory
                or f"shard {shard} was given to workers again and again, and all were lost while it ran; look "
                "at the workers' logs and at their memory"
            )
        self.submit(shard)
        return None

    def too_large(self, times: int = 1) -> str:
        """What to say when workers were ended so many times for their memory, else nothing."""
        with suppress(OSError, TimeoutError, ValueError):
            events = [one for at, one in self.client.get_events(_MEMORY_TOPIC) if at >= self.began]
            if len(events) >= times:
                return (
                    f"a worker was ended because it needed more memory than it may have (it held "
                    f"{events[-1]['rss'] / 2**20:.0f} MiB; local workers may have {MEMORY_MIB} MiB); use workers with "
                    "more memory, or fewer people in a shard (block_people_count) in a new study file"
                )
        return ""

    def patient(self, threads: dict[str, int], name: str) -> None:
        """Raises Unfinished when there has been nobody to compute for too long."""
        now = time.monotonic()
        if threads and self.client.status == "running":
            self.seen = now
        elif now - self.seen > _PATIENCE_S:
            lost = "all workers are lost" if self.client.status == "running" else "the scheduler is lost"
            under_way = numbers_text([shard for shard, _ in self.running.values()])
            raise Unfinished(f"{name}: {lost} (waited {_PATIENCE_S:.0f} s; under way: shard {under_way})")


def streamed(
    client: Any, job: Job, wanted: Sequence[int], name: str, *, own: bool, say: Say
) -> Iterator[tuple[int, bytes]]:
    """Shards as they are finished, in whatever order, each exactly once.

    Args:
        client: of Dask. job: what is computed. wanted: which shards. name: of the cluster, for messages.
        own: whether its workers are ours alone, so that one that needs too much memory is our shards' fault.
        say: takes messages.

    Raises:
        Unfinished: workers or scheduler were lost for good, or a shard failed.
    """
    stream = _Stream(client, job, deque(wanted))
    threads = _threads(client)
    looked = time.monotonic()
    try:
        while stream.wanted or stream.running:
            stream.fill(sum(threads.values()))
            key = stream.take()
            if key in stream.running and (found := stream.result(key)) is not None:
                yield found
            if key is None or time.monotonic() - looked > _PATIENCE_S / 4:
                before, threads, looked = threads, _threads(client), time.monotonic()
                if gone := before.keys() - threads.keys():
                    say(f"{len(gone)} of {len(before)} workers lost; what they had is computed again")
                    if own and (large := stream.too_large(_TOO_OFTEN)):
                        raise Unfinished(large)
                stream.patient(threads, name)
    finally:
        with suppress(Exception):  # the client closes anyway, and lets go of everything
            client.cancel([future for _, future in stream.running.values()])


def compute_on_cluster(
    job: Job, wanted: Sequence[int], *, workers: int = 0, scheduler: str | None = None, say: Say
) -> Iterator[tuple[int, bytes]]:
    """Shards from worker processes of our own, or from a cluster that is there already; see :func:`streamed`.

    Args:
        job: what is computed. wanted: which shards. workers: processes on this machine, unless scheduler names the
            address of a cluster. say: takes messages.

    Raises:
        BadInput: no Dask, no scheduler, no workers, or one that is not what this computer is.
        Unfinished: it ended early.
    """
    name = scheduler or "this computer"
    with connected(workers, scheduler, say) as client:
        check_workers(client, job, name)
        count = sum(_threads(client).values())
        say(f"{count} {'worker' if count == 1 else 'workers'} at {name}")
        yield from streamed(client, job, wanted, name, own=scheduler is None, say=say)
