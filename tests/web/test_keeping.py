"""The drill: back up, lose everything, bring it back; a file that is not whole is never brought back."""

from __future__ import annotations

import gzip
import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.web.clinics import House

from needling.errors import BadInput, NotAllowed
from needling.web.charts import keeping

SRC = Path(__file__).parents[2] / "src"


def test_a_backup_is_whole_and_never_overwritten(house: House, tmp_path: Path) -> None:
    file = tmp_path / "clinic.backup"
    kept = keeping.backup(file)
    assert kept.rows["charts.row"] >= 1 and keeping.check(file).rows["charts.row"] == kept.rows["charts.row"]
    assert file.stat().st_mode & 0o077 == 0
    with pytest.raises(BadInput, match="already"):
        keeping.backup(file)


@pytest.mark.parametrize("harm", ["cut", "changed", "other", "empty"])
def test_a_file_that_is_not_whole_is_refused(house: House, tmp_path: Path, harm: str) -> None:
    file = tmp_path / "clinic.backup"
    keeping.backup(file)
    whole = gzip.decompress(file.read_bytes())
    broken = {
        "cut": gzip.compress(b"\n".join(whole.splitlines()[:-1]) + b"\n"),
        "changed": gzip.compress(whole.replace(b"Somebody Secret", b"Somebody Sacred")),
        "other": gzip.compress(b'{"format": "another"}\n'),
        "empty": b"",
    }[harm]
    file.write_bytes(broken)
    with pytest.raises(BadInput):
        keeping.check(file)


def test_a_full_database_is_not_written_over(house: House, tmp_path: Path) -> None:
    file = tmp_path / "clinic.backup"
    keeping.backup(file)
    with pytest.raises(NotAllowed, match="not empty"):
        keeping.restore(file)


def _needling(data: Path, *words: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "NEEDLING_DATA": str(data), "PYTHONPATH": str(SRC)}
    environment.pop("DATABASE_URL", None)
    return subprocess.run(
        [sys.executable, "-m", "needling", *words], env=environment, capture_output=True, text=True, check=False
    )


def _fill(data: Path) -> None:
    code = (
        "import os, sys; sys.path[:0] = [sys.argv[1]]\n"
        "from needling.cli.clinic import set_up; set_up()\n"
        "from tests.web.clinics import House; House.make()"
    )
    environment = {**os.environ, "NEEDLING_DATA": str(data), "PYTHONPATH": str(SRC)}
    subprocess.run([sys.executable, "-c", code, str(SRC.parent)], env=environment, check=True)


def test_the_drill(tmp_path: Path) -> None:
    first, second, file = tmp_path / "first", tmp_path / "second", tmp_path / "clinic.backup"
    _fill(first)
    assert _needling(first, "backup", str(file)).returncode == 0
    assert _needling(first, "backup", str(file), "--check").returncode == 0
    lost_key = _needling(second, "restore", str(file))
    assert lost_key.returncode == 2 and "audit-key" in lost_key.stderr
    (second / "audit-key").write_text((first / "audit-key").read_text())
    back = _needling(second, "restore", str(file))
    assert back.returncode == 0, back.stderr
    verified = _needling(second, "audit", "verify")
    assert verified.returncode == 0 and "the chain holds" in verified.stdout
    assert _needling(second, "restore", str(file)).returncode == 2
