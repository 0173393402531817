"""The folder of a trial: its study, its finished shards, its results; every file whole or not there at all.

::

    study.json                                 the pre-registration, canonical: its sha256 is the study's
    made-with.json                             knowledge and versions that all shards were computed with
    shards/shard-00012-3f9c2a71d0e84b56.parquet   people of one shard, with the head of the file's sha256 in its name
    broken/                                    what lay among the shards and is none of them, if anything did
    results.json  report.html  figures/        what the trial says

All shards together are one Parquet data set: any reader that takes a folder (pandas, Polars, DuckDB, R arrow) reads
``shards`` as it is, so nothing is stored twice.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from needling.errors import BadInput, NeedlingError

SHARDS = "shards"
ASIDE = "broken"
BROKEN = ".broken"
_NAME = re.compile(r"shard-(\d{5,})-([0-9a-f]{16})\.parquet")
_DIGITS = 16  # of the sha256 that stand in the name of a shard's file

Compute = Callable[[str, int, str], bytes]
"""A shard of a study under a knowledge (JSON of the study, number of the shard, sha256 of the knowledge) as Parquet."""


class Unfinished(NeedlingError):
    """A trial that ended before its end: why, what is kept, and how it goes on."""


@dataclass(frozen=True)
class Job:
    """What is to be computed: nothing in it depends on where or in which order.

    Args:
        study_json: the study in its canonical form. study_sha256: of that.
        knowledge_sha256: of the knowledge in force. shards: how many there are.
        compute: pure function of one shard; must be importable by name where it runs.
        versions: of what the last bit of a number depends on.
    """

    study_json: str
    study_sha256: str
    knowledge_sha256: str
    shards: int
    compute: Compute
    versions: tuple[tuple[str, str], ...]


class Broken(NamedTuple):
    """A file among the shards that is not used: where it lies now, and what is wrong with it."""

    path: Path
    why: str


def versions_here() -> tuple[tuple[str, str], ...]:
    """What the bytes of a shard depend on besides study and knowledge: needling and the libraries that compute."""
    from importlib.metadata import PackageNotFoundError, version

    from needling import __version__

    found = [("needling", __version__)]
    for name in ("numpy", "numba", "pyarrow"):
        try:
            found.append((name, version(name)))
        except PackageNotFoundError:
            raise BadInput(
                f'trials need {name}; install it with: .venv/bin/python -m pip install -e ".[trials]"'
            ) from None
    return tuple(found)


# ---------------------------------------------------------------- files, whole or not at all


def _reason(broken: OSError) -> str:
    if broken.errno in (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)):
        return "the disk is full"
    if broken.errno in (errno.EROFS, errno.EACCES, errno.EPERM):
        return f"the folder cannot be written ({broken.strerror})"
    return str(broken.strerror or broken)


def _sync_folder(folder: Path) -> None:
    """Make a rename last through a power cut, where folders can be synced."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def write_whole(path: Path, content: bytes) -> None:
    """Write a file beside its place, bring it to the disk, and rename it. Raises OSError and leaves nothing behind."""
    part = path.with_name(f".{path.name}.part")
    try:
        with part.open("wb") as out:
            out.write(content)
            out.flush()
            os.fsync(out.fileno())
        os.replace(part, path)
    except OSError:
        with suppress(OSError):
            part.unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)


# ---------------------------------------------------------------- one run at a time


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Hold the folder. The system lets go of it when the process ends, however it ends: no lock is ever stale."""
    path = folder / ".lock"
    with path.open("a+b") as held:
        try:
            _lock(held.fileno())
        except BlockingIOError:
            held.seek(0)
            who = held.read(200).decode("utf-8", "replace").strip() or "another process"
            raise BadInput(
                f"{folder}: a trial is being run in this folder by {who}; wait for it, stop it, or choose another --out"
            ) from None
        except OSError as broken:
            raise BadInput(
                f"{folder}: this file system cannot lock files ({broken.strerror}), so two runs could mix there; "
                "choose a folder on another disk"
            ) from None
        held.truncate(0)
        held.write(f"process {os.getpid()}\n".encode())
        held.flush()
        yield


def _lock(handle: int) -> None:
    """Raises BlockingIOError when another process holds it."""
    try:
        import fcntl
    except ImportError:  # not on Windows
        import msvcrt

        try:
            os.lseek(handle, 1 << 20, os.SEEK_SET)  # beyond the text, so that the holder's name can be read
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined,unused-ignore]
        except OSError as taken:
            raise BlockingIOError(taken.errno, taken.strerror) from None
        return
    fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)


# ---------------------------------------------------------------- the folder


def shard_marks(content: bytes) -> Mapping[str, str]:
    """What a Parquet file says of itself. Raises BadInput when it is no Parquet file."""
    import io

    try:
        from pyarrow import ArrowException
        from pyarrow.parquet import read_metadata
    except ImportError:
        raise BadInput('trials need pyarrow; install it with: .venv/bin/python -m pip install -e ".[trials]"') from None
    try:
        found = read_metadata(io.BytesIO(content)).metadata or {}
    except (ArrowException, OSError, ValueError) as broken:
        raise BadInput(f"no Parquet file: {str(broken).splitlines()[0]}") from None
    return {name.decode("utf-8", "replace"): value.decode("utf-8", "replace") for name, value in found.items()}


def _file_name(shard: int, content: bytes) -> str:
    return f"shard-{shard:05d}-{hashlib.sha256(content).hexdigest()[:_DIGITS]}.parquet"


class TrialFolder:
    """The files of one trial; made by :func:`opened`, which holds the lock."""

    def __init__(self, path: Path, job: Job) -> None:
        self.path = path
        self._job = job
        self._kept: dict[int, Path] = {}

    @property
    def kept(self) -> tuple[Path, ...]:
        """Files of the finished shards, by number."""
        return tuple(self._kept[shard] for shard in sorted(self._kept))

    def number_of(self, path: Path) -> int:
        """The shard that a finished file holds."""
        return next(shard for shard, own in self._kept.items() if own == path)

    @property
    def wanted(self) -> tuple[int, ...]:
        """Shards that are still to be computed, by number."""
        return tuple(shard for shard in range(self._job.shards) if shard not in self._kept)

    def keep(self, shard: int, content: bytes) -> None:
        """Store a finished shard. Raises Unfinished when that is not possible; what was stored before stays."""
        path = self.path / SHARDS / _file_name(shard, content)
        try:
            write_whole(path, content)
        except OSError as broken:
            raise self._unfinished(path, broken) from None
        self._kept[shard] = path

    def write(self, name: str, text: str) -> Path:
        """Store a file of the results. Raises Unfinished when that is not possible."""
        path = self.path / name
        try:
            write_whole(path, text.encode("utf-8"))
        except OSError as broken:
            raise self._unfinished(path, broken) from None
        return path

    def said(self) -> str:
        """How far the trial is, and how it goes on."""
        return (
            f"{len(self._kept)} of {self._job.shards} shards are finished and kept in {self.path}; "
            "run the same command again and it goes on from there"
        )

    def _unfinished(self, path: Path, broken: OSError) -> Unfinished:
        mend = "free some space" if "full" in _reason(broken) else "make it writable"
        return Unfinished(f"{path.name} cannot be stored: {_reason(broken)}; {mend}. {self.said()}")

    def check(self) -> list[Broken]:
        """Read every finished shard again; what is damaged or of another trial is moved aside and will be computed.

        Returns:
            What was moved aside, with its new name and what is wrong with it.
        """
        folder = self.path / SHARDS
        broken: list[Broken] = []
        self._kept = {}
        try:
            for part in folder.glob(".*.part"):
                part.unlink()
            for path in sorted(folder.glob("*.parquet")):
                why = self._wrong(path)
                if why:
                    broken.append(Broken(_aside(path), why))
        except OSError as failed:
            raise BadInput(f"{folder}: {_reason(failed)}; mend it or choose another --out") from None
        return broken

    def _wrong(self, path: Path) -> str:
        """What is wrong with a file among the shards; where nothing is, it counts as finished."""
        name = _NAME.fullmatch(path.name)
        if name is None:
            return "its name is not that of a shard"
        content = path.read_bytes()
        shard = int(name[1])
        if not hashlib.sha256(content).hexdigest().startswith(name[2]):
            return "damaged: its bytes are not those that were stored"
        try:
            marks = shard_marks(content)
        except BadInput as problem:
            return str(problem)
        for mark, value in (
            ("study_sha256", self._job.study_sha256),
            ("knowledge_sha256", self._job.knowledge_sha256),
            ("shard", str(shard)),
        ):
            if marks.get(mark) != value:
                return f"of another trial: its {mark} is {marks.get(mark, 'missing')[:12]}, wanted {value[:12]}"
        if not 0 <= shard < self._job.shards:
            return f"of another trial: this one has shards 0 to {self._job.shards - 1}"
        if shard in self._kept:
            return f"a second shard {shard} beside {self._kept[shard].name}"
        self._kept[shard] = path
        return ""


def _aside(path: Path) -> Path:
    """Move a file out of the data set, so that nobody reads it as a shard; an older one of that name stays."""
    folder = path.parent.parent / ASIDE
    folder.mkdir(exist_ok=True)
    to = folder / (path.name + BROKEN)
    number = 2
    while to.exists():
        to = folder / f"{path.name}{BROKEN}.{number}"
        number += 1
    os.replace(path, to)
    return to


def _made_with(job: Job) -> str:
    made = {"study_sha256": job.study_sha256, "knowledge_sha256": job.knowledge_sha256, **dict(job.versions)}
    return json.dumps(made, indent=1) + "\n"


def _check_same(path: Path, job: Job) -> None:
    """Raises BadInput when the folder holds another study, or the same one under other knowledge or versions."""
    study = path / "study.json"
    if study.exists():
        held = hashlib.sha256(study.read_bytes()).hexdigest()
        if held != job.study_sha256:
            raise BadInput(
                f"{path}: holds another study (sha256 {held[:12]}, this one is {job.study_sha256[:12]}); a trial is "
                "never changed after its registration: choose another --out"
            )
        if not (path / "made-with.json").exists():
            raise BadInput(f"{path}: holds a study without its made-with.json; choose another --out")
    elif any((path / SHARDS).glob("*.parquet")):
        raise BadInput(f"{path}: holds shards but no study.json, so nobody can say of what; choose another --out")
    made = path / "made-with.json"
    if not made.exists():
        if any((path / SHARDS).glob("*.parquet")):
            raise BadInput(
                f"{path}: holds shards but no {made.name}, so nobody can say how they were made; choose another --out"
            )
        return
    try:
        before: dict[str, str] = dict(json.loads(made.read_text(encoding="utf-8")))
    except (ValueError, TypeError):
        raise BadInput(f"{made}: cannot be read; choose another --out") from None
    now: dict[str, str] = json.loads(_made_with(job))
    for name, value in now.items():
        if before.get(name) != value:
            raise BadInput(
                f"{path}: was begun with {name.removesuffix('_sha256')} {str(before.get(name, 'unknown'))[:12]}, here "
                f"is {value[:12]}; results of two kinds are not mixed: use the old one, or choose another --out"
            )


@contextmanager
def opened(path: Path, job: Job) -> Iterator[TrialFolder]:
    """The folder of a trial, new or begun, held until the end.

    Args:
        path: made if it is not there. job: what is to be in it.

    Raises:
        BadInput: the folder holds another study, another run is in it, or it cannot be written.
    """
    with ExitStack() as held:
        try:
            (path / SHARDS).mkdir(parents=True, exist_ok=True)
            held.enter_context(_locked(path))
            _check_same(path, job)
            for name, text in (("study.json", job.study_json), ("made-with.json", _made_with(job))):
                if not (path / name).exists():
                    write_whole(path / name, text.encode("utf-8"))
        except OSError as broken:
            raise BadInput(f"{path}: {_reason(broken)}; mend it or choose another --out") from None
        yield TrialFolder(path, job)


def numbers_text(shards: Sequence[int], shown: int = 8) -> str:
    """``0, 1, 2 and 9 more``."""
    more = len(shards) - shown
    return ", ".join(map(str, shards[:shown])) + (f" and {more} more" if more > 0 else "")
