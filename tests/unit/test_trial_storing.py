"""The folder of a trial: whole files, resume, damage, locks, full disks. All with a toy shard, in this process."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

pytest.importorskip("pyarrow")
import pyarrow.dataset
from tests import trial_toy as toy

from needling.errors import BadInput
from needling.trials import storing
from needling.trials.running import check_workers_asked, run_shards
from needling.trials.storing import Job, Unfinished, opened

ROOT = Path(__file__).parents[2]
JOB = Job(
    toy.STUDY,
    hashlib.sha256(toy.STUDY.encode()).hexdigest(),
    toy.KNOWLEDGE,
    toy.SHARDS,
    toy.toy_shard,
    (("needling", "1"), ("numpy", "2")),
)


def run(folder: Path, job: Job = JOB, **how) -> tuple[dict[str, bytes], list[str]]:
    """Run the toy trial; its files by name, and what was said."""
    said: list[str] = []
    with opened(folder, job) as held:
        run_shards(job, held, say=said.append, **how)
        return {path.name: path.read_bytes() for path in held.kept}, said


@pytest.fixture
def whole(tmp_path: Path) -> dict[str, bytes]:
    return run(tmp_path / "whole")[0]


def files(folder: Path) -> list[Path]:
    return sorted((folder / "shards").glob("*.parquet"))


def test_the_folder_says_what_it_is(tmp_path: Path, whole: dict[str, bytes]) -> None:
    folder = tmp_path / "whole"
    assert hashlib.sha256((folder / "study.json").read_bytes()).hexdigest() == JOB.study_sha256
    assert json.loads((folder / "made-with.json").read_text())["knowledge_sha256"] == toy.KNOWLEDGE
    assert pyarrow.dataset.dataset(folder / "shards").count_rows() == 100 * toy.SHARDS
    assert len(whole) == toy.SHARDS


def test_progress_counts_up_and_time_left_down_to_nothing(tmp_path: Path) -> None:
    seen: list[tuple[int, int, float]] = []
    run(tmp_path, progress=lambda *one: seen.append(one))
    assert [done for done, _, _ in seen] == list(range(toy.SHARDS + 1))
    assert seen[-1][2] == 0


def test_only_missing_shards_are_computed_again(tmp_path: Path, whole: dict[str, bytes]) -> None:
    computed: list[int] = []

    def counted(study_json: str, shard: int, sha256: str) -> bytes:
        computed.append(shard)
        return toy.toy_shard(study_json, shard, sha256)

    for lost in (files(tmp_path / "whole")[2], files(tmp_path / "whole")[9]):
        lost.unlink()
    again, said = run(tmp_path / "whole", replace(JOB, compute=counted))
    once_more, *missing = computed
    assert once_more not in (2, 9) and missing == [2, 9]  # one that was there is computed again, and compared
    assert again == whole
    assert said == ["10 of 12 shards are finished already; going on with 2, 9"]


@pytest.mark.parametrize("place", [0, 200, -1])
def test_a_damaged_shard_is_named_moved_aside_and_computed_again(
    tmp_path: Path, whole: dict[str, bytes], place: int
) -> None:
    path = files(tmp_path / "whole")[4]
    content = bytearray(path.read_bytes())
    content[place] ^= 1
    path.write_bytes(content)
    again, said = run(tmp_path / "whole")
    assert again == whole
    assert said[0].startswith(f"{path.name}.broken: damaged")
    assert (tmp_path / "whole" / "broken" / f"{path.name}.broken").read_bytes() == content
    assert pyarrow.dataset.dataset(tmp_path / "whole" / "shards").count_rows() == 100 * toy.SHARDS


def test_a_cut_shard_is_damaged_too(tmp_path: Path, whole: dict[str, bytes]) -> None:
    path = files(tmp_path / "whole")[4]
    path.write_bytes(path.read_bytes()[:-100])
    again, said = run(tmp_path / "whole")
    assert again == whole
    assert "damaged" in said[0]


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"study_json": '{"toy": "other"}'}, "of another trial: its study_sha256"),
        ({"knowledge_sha256": "cd" * 32}, "of another trial: its knowledge_sha256"),
    ],
)
def test_a_foreign_shard_is_named_and_not_used(
    tmp_path: Path, whole: dict[str, bytes], change: dict[str, str], why: str
) -> None:
    other = replace(JOB, **change)
    other = replace(other, study_sha256=hashlib.sha256(other.study_json.encode()).hexdigest())
    run(tmp_path / "other", other)
    own, foreign = files(tmp_path / "whole")[5], files(tmp_path / "other")[5]
    own.unlink()
    (own.parent / foreign.name).write_bytes(foreign.read_bytes())
    again, said = run(tmp_path / "whole")
    assert again == whole
    assert why in said[0]
    assert (tmp_path / "whole" / "broken" / f"{foreign.name}.broken").exists()


def test_a_renamed_shard_is_not_taken_for_another(tmp_path: Path, whole: dict[str, bytes]) -> None:
    third, fourth = files(tmp_path / "whole")[3:5]
    fourth.unlink()
    third.rename(third.with_name(third.name.replace("shard-00003", "shard-00004")))
    again, said = run(tmp_path / "whole")
    assert again == whole
    assert "its shard is 3, wanted 4" in said[0]


def test_what_is_no_shard_and_what_is_half_written_is_put_away(tmp_path: Path, whole: dict[str, bytes]) -> None:
    folder = tmp_path / "whole" / "shards"
    (folder / "mine.parquet").write_bytes(b"PAR1")
    (folder / ".shard-00003-0000000000000000.parquet.part").write_bytes(b"half")
    again, said = run(tmp_path / "whole")
    assert again == whole
    assert len(said) == 1
    assert said[0].startswith("mine.parquet.broken: its name is not that of a shard; moved to")
    assert not list(folder.glob(".*.part"))


# ---------------------------------------------------------------- folders that are refused


def test_the_folder_of_another_study_is_refused(tmp_path: Path, whole: dict[str, bytes]) -> None:
    other = replace(JOB, study_json="{}", study_sha256=hashlib.sha256(b"{}").hexdigest())
    with pytest.raises(BadInput, match=r"holds another study .* choose another --out"):
        run(tmp_path / "whole", other)
    assert {path.name: path.read_bytes() for path in files(tmp_path / "whole")} == whole


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"knowledge_sha256": "cd" * 32}, "begun with knowledge abababababab, here is cdcdcdcdcdcd"),
        ({"versions": (("needling", "1"), ("numpy", "3"))}, "begun with numpy 2, here is 3"),
    ],
)
def test_other_knowledge_or_versions_are_not_mixed_in(
    tmp_path: Path, whole: dict[str, bytes], change: dict[str, object], what: str
) -> None:
    with pytest.raises(BadInput, match=what):
        run(tmp_path / "whole", replace(JOB, **change))  # type: ignore[arg-type]


def test_shards_without_a_study_are_refused(tmp_path: Path, whole: dict[str, bytes]) -> None:
    (tmp_path / "whole" / "study.json").unlink()
    with pytest.raises(BadInput, match=r"no study.json"):
        run(tmp_path / "whole")


def test_a_file_in_place_of_the_folder_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(BadInput, match="choose another --out"):
        run(tmp_path / "file")


# ---------------------------------------------------------------- disks


def failing(code: int, after: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a file system fail when so many shards are stored."""
    sync, count = os.fsync, [0]

    def fsync(handle: int) -> None:
        count[0] += 1
        if count[0] > after:
            raise OSError(code, os.strerror(code))
        sync(handle)

    monkeypatch.setattr(storing.os, "fsync", fsync)


@pytest.mark.parametrize(
    ("code", "why"), [(errno.ENOSPC, "the disk is full; free some space"), (errno.EROFS, "cannot be written")]
)
def test_a_disk_that_fails_loses_nothing(
    tmp_path: Path, whole: dict[str, bytes], code: int, why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        failing(code, 14, patched)
        with pytest.raises(Unfinished, match=rf"{why}.*\d+ of 12 shards are finished.*run the same command again"):
            run(tmp_path / "full")
    kept = len(files(tmp_path / "full"))
    assert 0 < kept < toy.SHARDS
    assert not list((tmp_path / "full" / "shards").glob(".*.part"))
    again, said = run(tmp_path / "full")
    assert again == whole
    assert said[0].startswith(f"{kept} of 12 shards")


def test_a_disk_that_is_full_from_the_start_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    failing(errno.ENOSPC, 0, monkeypatch)
    with pytest.raises(BadInput, match="the disk is full"):
        run(tmp_path / "full")


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_may_not_be_written_is_said(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(BadInput, match="cannot be written"):
        run(tmp_path / "no")


# ---------------------------------------------------------------- one run at a time

HOLD = """
import sys, time
from pathlib import Path
from tests.unit.test_trial_storing import JOB
from needling.trials.storing import opened
with opened(Path(sys.argv[1]), JOB):
    print("held", flush=True)
    time.sleep(60)
"""


def test_two_runs_do_not_share_a_folder_and_a_killed_one_leaves_no_lock(
    tmp_path: Path, whole: dict[str, bytes]
) -> None:
    paths = os.pathsep.join([str(ROOT / "src"), str(ROOT)])
    other = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path / "whole")],
        stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": paths}, cwd=ROOT,
    )  # fmt: skip
    try:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        with pytest.raises(BadInput, match=f"run in this folder by process {other.pid}; wait for it"):
            run(tmp_path / "whole")
    finally:
        other.send_signal(signal.SIGKILL)
        other.wait(10)
        other.stdout.close()
    assert run(tmp_path / "whole")[0] == whole


# ---------------------------------------------------------------- what is asked for


def test_numbers_of_workers_that_make_no_sense_are_refused() -> None:
    check_workers_asked(4, None)
    check_workers_asked(0, "tcp://somewhere:8786")
    for workers, scheduler in ((-1, None), (100_000, None), (2, "tcp://somewhere:8786")):
        with pytest.raises(BadInput):
            check_workers_asked(workers, scheduler)


def test_a_shard_that_fails_is_named(tmp_path: Path) -> None:
    with pytest.raises(Unfinished, match=r"shard 7 failed: ArithmeticError: the seventh fails. 7 of 12 shards"):
        run(tmp_path, replace(JOB, compute=toy.failing_shard))


def test_without_its_libraries_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    import importlib.metadata
    import sys

    from needling.trials.cluster import connected

    def lacking(name: str) -> str:
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(BadInput, match=r'pip install -e "\.\[cluster,trials\]"'), connected(2, None, print):
        pass
    monkeypatch.setattr(importlib.metadata, "version", lacking)
    with pytest.raises(BadInput, match=r'pip install -e "\.\[trials\]"'):
        storing.versions_here()


def test_a_forged_shard_with_right_marks_is_found(tmp_path: Path, whole: dict[str, bytes]) -> None:
    """Somebody who can write the checksum too is found as soon as the shard is the one computed again."""
    honest = files(tmp_path / "whole")

    def other(study_json: str, shard: int, sha256: str) -> bytes:
        content = toy.toy_shard(study_json, shard, sha256)
        return content + b" " if len(honest) else content

    with pytest.raises(BadInput, match="is not what this study gives"):
        run(tmp_path / "whole", replace(JOB, compute=other))
