"""A wrong installation is told by an id and a hint; a right one has nothing to say."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from needling.errors import BadInput
from needling.web import checks
from needling.web.keys import is_key, kept_key

SRC = Path(__file__).parents[2] / "src"
KEY = "jB3kq0tY7sVw2mXr9ZcN5dLfH8pGaU4e"
NO_KEYS = ["", "\n", "x", "short", "k" * 64, KEY[:-1]]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder as needling makes it, with both keys and a database."""
    monkeypatch.setenv("NEEDLING_DATA", str(tmp_path))
    tmp_path.chmod(0o700)
    for name in ("secret-key", "audit-key"):
        (tmp_path / name).write_text(KEY)
        (tmp_path / name).chmod(0o600)
    (tmp_path / "needling.sqlite3").write_text("")
    database: Any = {**settings.DATABASES["default"], "NAME": str(tmp_path / "needling.sqlite3")}
    monkeypatch.setattr(settings, "DATABASES", {"default": database})
    monkeypatch.setattr(settings, "ALLOWED_HOSTS", ["localhost", "127.0.0.1", "[::1]"])
    return tmp_path


def _ids() -> set[str]:
    found = [one for check in checks._ALL for one in check(databases=[])]
    assert all(one.hint and one.msg for one in found)
    return {one.id for one in found}


def test_a_right_installation_has_nothing_to_say(folder: Path) -> None:
    assert _ids() == set()


def test_a_data_folder_that_is_not_there(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEEDLING_DATA", str(folder / "nowhere"))
    assert "needling.E001" in _ids()


def test_a_data_folder_that_cannot_be_written(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    assert "needling.E001" in _ids()


@pytest.mark.skipif(os.name != "posix", reason="modes of files are POSIX")
@pytest.mark.parametrize(
    ("what", "mode", "ids"),
    [
        (".", 0o755, {"needling.W001", "needling.W002"}),
        ("secret-key", 0o644, {"needling.W002"}),
        ("audit-key", 0o640, {"needling.W002"}),
        ("needling.sqlite3", 0o644, set()),  # the folder is closed
    ],
)
def test_what_others_can_read(folder: Path, what: str, mode: int, ids: set[str]) -> None:
    (folder / "needling.sqlite3").chmod(0o644)
    (folder / what).chmod(mode)
    assert _ids() == ids


# ---------------------------------------------------------------- keys


@pytest.mark.parametrize("said", NO_KEYS)
@pytest.mark.parametrize("name", ["secret-key", "audit-key"])
def test_a_file_that_holds_no_key(folder: Path, name: str, said: str) -> None:
    """With an empty one anybody could sign; a new one in its place would make all that was signed look forged."""
    (folder / name).write_text(said)
    assert _ids() == {"needling.E004"}
    with pytest.raises(BadInput, match=r"needling\.E004"):
        kept_key(name, "NEEDLING_NO_SUCH_KEY")
    assert (folder / name).read_text() == said


@pytest.mark.parametrize("said", NO_KEYS)
def test_a_variable_that_holds_no_key(folder: Path, monkeypatch: pytest.MonkeyPatch, said: str) -> None:
    monkeypatch.setenv("NEEDLING_AUDIT_KEY", said)
    assert _ids() == {"needling.E004"}
    with pytest.raises(BadInput, match=r"NEEDLING_AUDIT_KEY.*needling\.E004"):
        kept_key("audit-key", "NEEDLING_AUDIT_KEY")


def test_a_key_is_made_whole_and_stays(folder: Path) -> None:
    (folder / "audit-key").unlink()
    made = kept_key("audit-key", "NEEDLING_NO_SUCH_KEY")
    assert is_key(made) and kept_key("audit-key", "NEEDLING_NO_SUCH_KEY") == made
    assert _ids() == set() and (os.name != "posix" or (folder / "audit-key").stat().st_mode & 0o777 == 0o600)
    assert sorted(one.name for one in folder.iterdir()) == ["audit-key", "needling.sqlite3", "secret-key"]


def test_whoever_starts_at_the_same_moment_has_the_same_key(folder: Path) -> None:
    (folder / "audit-key").unlink()
    with ThreadPoolExecutor(8) as many:
        found = set(many.map(lambda _: kept_key("audit-key", "NEEDLING_NO_SUCH_KEY"), range(64)))
    assert len(found) == 1


def test_a_key_that_was_cut_off_while_it_was_made_is_none(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The power fails before it is written: the next start makes a whole one."""
    (folder / "audit-key").unlink()

    def cut(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as broken:
        broken.setattr(os, "fsync", cut)
        with pytest.raises(BadInput, match="No space left"):
            kept_key("audit-key", "NEEDLING_NO_SUCH_KEY")
    assert not (folder / "audit-key").exists()
    assert is_key(kept_key("audit-key", "NEEDLING_NO_SUCH_KEY"))


@pytest.mark.parametrize("name", ["secret-key", "audit-key"])
def test_nothing_is_served_with_an_empty_key(tmp_path: Path, name: str) -> None:
    tmp_path.chmod(0o700)
    (tmp_path / name).write_text("")
    (tmp_path / name).chmod(0o600)
    said = _said(tmp_path, "needling", "audit", "verify")
    assert said.returncode == 2 and "needling.E004" in said.stderr and "Traceback" not in said.stderr


@pytest.mark.parametrize(
    ("hosts", "https", "ids"),
    [
        (["localhost"], False, set()),
        (["localhost", "clinic.example"], True, set()),
        (["localhost", "clinic.example"], False, {"needling.W003"}),
        (["*"], True, {"needling.W004"}),
    ],
)
def test_names_of_the_network(
    folder: Path, monkeypatch: pytest.MonkeyPatch, hosts: list[str], https: bool, ids: set[str]
) -> None:
    monkeypatch.setattr(settings, "ALLOWED_HOSTS", hosts)
    monkeypatch.setattr(settings, "HTTPS", https)
    assert _ids() == ids


@pytest.mark.parametrize(
    ("host", "https", "ids"),
    [
        ("127.0.0.1", False, []),
        ("0.0.0.0", False, ["needling.W007"]),
        ("0.0.0.0", True, []),
        ("::", False, ["needling.W007"]),
    ],
)
def test_listening_to_the_network(monkeypatch: pytest.MonkeyPatch, host: str, https: bool, ids: list[str]) -> None:
    monkeypatch.setattr(settings, "HTTPS", https)
    assert [one.id for one in checks.listens_far(host)] == ids


def test_debug(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "DEBUG", True)
    assert _ids() == {"needling.W005"}


@pytest.mark.parametrize(
    ("mounts", "ids"),
    [
        ("/dev/sda1 / ext4 rw 0 0\n", set()),
        ("/dev/sda1 / ext4 rw 0 0\nserver:/home {folder} nfs4 rw 0 0\n", {"needling.W006"}),
        ("//server/share / cifs rw 0 0\n/dev/sda1 {folder} ext4 rw 0 0\n", set()),
        ("broken\n", set()),
    ],
)
def test_sqlite_on_a_network_drive(
    folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: Any, mounts: str, ids: set[str]
) -> None:
    file = tmp_path_factory.mktemp("mounts") / "mounts"
    file.write_text(mounts.replace("{folder}", str(folder.resolve()).replace(" ", "\\040")))
    monkeypatch.setattr(checks, "_MOUNTS", file)
    assert _ids() == ids


def _said(data: Path, *words: str, **more: str) -> subprocess.CompletedProcess[str]:
    environment = {
        **os.environ, "NEEDLING_DATA": str(data), "PYTHONPATH": str(SRC),
        "DJANGO_SETTINGS_MODULE": "needling.web.settings",
    }  # fmt: skip
    for name in ("NEEDLING_HOSTS", "NEEDLING_HTTPS", "DATABASE_URL"):
        environment.pop(name, None)
    environment.pop("DJANGO_ALLOW_ASYNC_UNSAFE", None)
    return subprocess.run(
        [sys.executable, "-m", *words], env=environment | more, capture_output=True, text=True, check=False
    )


def test_production_settings_are_clean(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    deploy = ("django", "check", "--deploy", "--fail-level", "WARNING")
    said = _said(tmp_path, *deploy, NEEDLING_HTTPS="1", NEEDLING_HOSTS="clinic.example")
    assert said.returncode == 0, said.stderr


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("oracle9://clinic", "needling.E002"),
        ("mysql://clinic", "needling.E002"),
        ("postgresql://clinic:secretword@127.0.0.1:1/clinic", "needling.E003"),
    ],
)
def test_a_database_that_cannot_be_used_is_told_before_anything_is_served(tmp_path: Path, url: str, says: str) -> None:
    tmp_path.chmod(0o700)
    said = _said(tmp_path, "needling", "audit", "verify", DATABASE_URL=url)
    assert said.returncode == 2 and says in said.stderr
    assert "secretword" not in said.stderr and "Traceback" not in said.stderr


def test_a_rate_that_is_none_is_told_before_anything_is_served(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    said = _said(tmp_path, "needling", "audit", "verify", NEEDLING_PUBLIC_RATE="often")
    assert said.returncode == 2 and "needling.E006" in said.stderr and "Traceback" not in said.stderr


def test_serve_says_what_is_unsafe(tmp_path: Path) -> None:
    """The port is taken, so that it ends by itself."""
    import socket

    tmp_path.chmod(0o755)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        said = _said(tmp_path, "needling", "serve", "--port", port, NEEDLING_HOSTS="clinic.example")
    assert said.returncode == 2 and "try another --port" in said.stderr
    assert "needling.W001" in said.stderr and "needling.W003" in said.stderr
