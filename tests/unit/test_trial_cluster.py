"""Trials on worker processes and on a cluster: the same bytes, whoever computes them and whoever is killed."""

from __future__ import annotations

import hashlib
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

pytest.importorskip("distributed")
import psutil
from tests import trial_toy as toy

from needling.errors import BadInput
from needling.knowledge import load_knowledge
from needling.trials import cluster
from needling.trials.running import run_shards
from needling.trials.storing import Job, Unfinished, opened, versions_here

ROOT = Path(__file__).parents[2]
pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]


def job_of(compute, study_json: str = toy.STUDY) -> Job:
    return Job(
        study_json,
        hashlib.sha256(study_json.encode()).hexdigest(),
        load_knowledge().sha256,
        toy.SHARDS,
        compute,
        versions_here(),
    )


def run(folder: Path, compute=toy.toy_shard, **how) -> dict[str, bytes]:
    """Run the toy trial; the files by name."""
    job = job_of(compute)
    with opened(folder, job) as held:
        run_shards(job, held, **how)
        return {path.name: path.read_bytes() for path in held.kept}


def expected() -> dict[str, bytes]:
    found = {}
    for shard in range(toy.SHARDS):
        content = toy.toy_shard(toy.STUDY, shard, load_knowledge().sha256)
        found[f"shard-{shard:05d}-{hashlib.sha256(content).hexdigest()[:16]}.parquet"] = content
    return found


def worker_processes(of: int | None = None) -> list[psutil.Process]:
    """The processes that compute, without multiprocessing's own."""
    found = []
    for process in psutil.Process(of).children(recursive=True):
        with suppress(psutil.Error):
            if "spawn_main" in " ".join(process.cmdline()):
                found.append(process)
    return found


@pytest.mark.parametrize("workers", [1, 2, 4])
def test_any_number_of_workers_gives_the_same_bytes(tmp_path: Path, workers: int) -> None:
    assert run(tmp_path, workers=workers) == expected()


def test_a_killed_worker_changes_nothing(tmp_path: Path) -> None:
    killed, said = [], []

    def progress(done: int, total: int, left: float) -> None:
        if done == 2 and not killed:
            killed.append(worker_processes()[0].pid)
            os.kill(killed[0], signal.SIGKILL)

    assert run(tmp_path, toy.slow_shard, workers=2, progress=progress, say=said.append) == expected()
    assert killed


def test_a_shard_that_fails_is_named_and_the_others_are_kept(tmp_path: Path) -> None:
    with pytest.raises(Unfinished, match=r"shard 7 failed: ArithmeticError: the seventh fails. \d+ of 12 shards"):
        run(tmp_path, toy.failing_shard, workers=2)
    kept = len(list((tmp_path / "shards").glob("*.parquet")))
    assert 1 <= kept < toy.SHARDS
    said: list[str] = []
    assert run(tmp_path, toy.toy_shard, workers=0, say=said.append) == expected()
    assert said[0].startswith(f"{kept} of 12 shards are finished already")


def test_a_shard_that_kills_its_workers_ends_the_trial_with_its_name(tmp_path: Path) -> None:
    # On a busy machine the last worker may be gone for long before the shard has been tried often enough.
    with pytest.raises(
        Unfinished, match=r"shard \d+( was given to workers again and again|\)).*run the same command again"
    ):
        run(tmp_path, toy.deadly_shard, workers=2)


def test_a_worker_that_needs_too_much_memory_is_said_to(tmp_path: Path) -> None:
    with pytest.raises(Unfinished, match="needed more memory than it may have.*1536 MiB.*block_people_count"):
        run(tmp_path, toy.greedy_shard, workers=2)


def test_workers_have_one_thread_each_and_are_not_forked(tmp_path: Path) -> None:
    told = tmp_path / "told"
    told.mkdir()
    job = job_of(toy.threads_shard, str(told))
    with opened(tmp_path / "trial", job) as held:
        run_shards(job, held, workers=2)
    names = [path.name.split("-") for path in told.iterdir()]
    assert {threads for _, threads in names} == {"1"}
    assert str(os.getpid()) not in {process for process, _ in names}


def test_few_shards_are_under_way_at_any_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    most = 0
    fill = cluster._Stream.fill

    def counted(self: cluster._Stream, threads: int) -> None:
        nonlocal most
        fill(self, threads)
        most = max(most, len(self.running))

    monkeypatch.setattr(cluster._Stream, "fill", counted)
    assert run(tmp_path, workers=2) == expected()
    assert 2 <= most <= 4


def test_nothing_is_left_running(tmp_path: Path) -> None:
    before = {process.pid for process in worker_processes()}
    run(tmp_path, workers=2)
    assert not {process.pid for process in worker_processes()} - before


# ---------------------------------------------------------------- a cluster that is there already


def environment() -> dict[str, str]:
    paths = os.pathsep.join([str(ROOT / "src"), str(ROOT)])
    return {**os.environ, "PYTHONPATH": paths, "NUMBA_NUM_THREADS": "1"}


def start(*words: str, **more: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "dask", *words],
        env={**environment(), **more}, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, cwd=ROOT,
    )  # fmt: skip


def stop(process: subprocess.Popen[str]) -> None:
    for child in [*psutil.Process(process.pid).children(recursive=True)] if process.poll() is None else []:
        with suppress(psutil.Error):
            child.kill()
    process.kill()
    process.wait(10)
    if process.stderr is not None:
        process.stderr.close()


@pytest.fixture
def scheduler() -> Iterator[tuple[str, subprocess.Popen[str]]]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = start("scheduler", "--host", "127.0.0.1", "--port", str(port), "--no-dashboard")
    for _ in range(200):
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            break
        time.sleep(0.1)
    yield f"tcp://127.0.0.1:{port}", process
    stop(process)


def test_an_existing_cluster_gives_the_same_bytes_and_survives_lost_workers(scheduler, tmp_path: Path) -> None:
    address, _ = scheduler
    crew = start("worker", address, "--nthreads", "1", "--nworkers", "2", "--no-dashboard")
    try:
        wait_for(address, 2)
        killed: list[int] = []

        def progress(done: int, total: int, left: float) -> None:
            if done == 3 and not killed:
                killed.append(worker_processes(crew.pid)[0].pid)
                os.kill(killed[0], signal.SIGKILL)

        assert run(tmp_path, toy.slow_shard, scheduler=address, progress=progress) == expected()
        assert killed
    finally:
        stop(crew)


def wait_for(address: str, workers: int) -> None:
    from distributed import Client

    with Client(address, set_as_default=False) as client:
        client.wait_for_workers(workers, timeout=60)


def test_all_workers_lost_is_said_and_the_trial_goes_on_later(
    scheduler, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster, "_PATIENCE_S", 4.0)
    address, _ = scheduler
    crew = start("worker", address, "--nthreads", "1", "--nworkers", "2", "--no-dashboard")
    wait_for(address, 2)

    def progress(done: int, total: int, left: float) -> None:
        if done == 3:
            stop(crew)

    with pytest.raises(Unfinished, match=r"all workers are lost.*\d+ of 12 shards.*run the same command again"):
        run(tmp_path, toy.slow_shard, scheduler=address, progress=progress)
    assert run(tmp_path, toy.slow_shard) == expected()


def test_a_lost_scheduler_is_said(scheduler, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "_PATIENCE_S", 4.0)
    address, process = scheduler
    crew = start("worker", address, "--nthreads", "1", "--nworkers", "2", "--no-dashboard")
    wait_for(address, 2)
    try:
        with pytest.raises(Unfinished, match=r"scheduler is lost.*run the same command again"):
            run(
                tmp_path,
                toy.slow_shard,
                scheduler=address,
                progress=lambda done, total, left: stop(process) if done == 3 else None,
            )
    finally:
        stop(crew)


def test_a_scheduler_without_workers_is_said(scheduler, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "_ANSWER_S", 2.0)
    with pytest.raises(BadInput, match=r"has no workers that answer.*dask worker tcp://.* --nthreads 1"):
        run(tmp_path, scheduler=scheduler[0])


def test_a_worker_with_other_knowledge_is_named_with_both(scheduler, tmp_path: Path) -> None:
    address, _ = scheduler
    overlay = tmp_path / "clinic"
    overlay.mkdir()
    (overlay / "sites.yaml").write_text("- {id: cheek, clinic_max_mm: 1.0}\n", encoding="utf-8")
    crew = start("worker", address, "--nthreads", "1", "--no-dashboard", NEEDLING_KNOWLEDGE=str(overlay))
    try:
        wait_for(address, 1)
        ours = re.escape(load_knowledge().sha256[:16])
        with pytest.raises(BadInput, match=f"worker tcp://.* has knowledge [0-9a-f]{{16}}, this computer has .*{ours}"):
            run(tmp_path / "trial", scheduler=address)
    finally:
        stop(crew)


def test_nobody_at_the_address_is_said_within_ten_seconds(tmp_path: Path) -> None:
    began = time.monotonic()
    with pytest.raises(BadInput, match="no scheduler answers at tcp://127.0.0.1:1 .*dask scheduler"):
        run(tmp_path, scheduler="tcp://127.0.0.1:1")
    assert time.monotonic() - began < 12


def test_an_address_that_is_none_is_said(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"no address of a scheduler|no scheduler answers"):
        run(tmp_path, scheduler="http:/nowhere")


def test_a_worker_that_joins_late_with_other_versions_stops_it(tmp_path: Path) -> None:
    job = replace(job_of(toy.toy_shard), versions=(*versions_here()[:-1], ("pyarrow", "0.1")))
    with pytest.raises(BadInput, match=r"this worker has pyarrow .*, the client has 0.1"):
        cluster.compute_here(job.compute, job.study_json, 0, job.knowledge_sha256, dict(job.versions))
