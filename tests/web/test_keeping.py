"""The drill: back up, lose everything, bring it back; a file that is not whole is never brought back."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from tests.web.clinics import House

from needling.errors import BadInput, NotAllowed
from needling.web.charts import erasing, keeping

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


def _recomputed(whole: bytes) -> bytes:
    """A backup that somebody changed who has no key: with a plain hash that fits again, and the rest as it was."""
    *lines, last = whole.splitlines(keepends=True)
    end = json.loads(last)
    end["sha256"] = hashlib.sha256(b"".join(lines)).hexdigest()
    return gzip.compress(b"".join(lines) + json.dumps(end).encode() + b"\n")


_CHANGES = {
    "a role": (b'"role": "assistant"', b'"role": "owner"'),
    "a label": (b"Somebody Secret", b"Somebody Sacred"),
    "a password": (b'"password": "', b'"password": "x'),
}


@pytest.mark.parametrize("change", _CHANGES)
def test_a_backup_that_was_changed_with_its_sum_is_refused(house: House, tmp_path: Path, change: str) -> None:
    file = tmp_path / "clinic.backup"
    assert keeping.backup(file).signed
    whole = gzip.decompress(file.read_bytes())
    assert _CHANGES[change][0] in whole
    file.write_bytes(_recomputed(whole.replace(*_CHANGES[change])))
    with pytest.raises(BadInput, match="changed"):
        keeping.check(file)
    file.write_bytes(_recomputed(whole))
    assert keeping.check(file).signed


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
    assert lost_key.returncode == 2 and "audit-key" in lost_key.stderr and not (second / "audit-key").exists()
    unsure = _needling(second, "backup", str(file), "--check")
    assert unsure.returncode == 0 and "no key here" in unsure.stdout
    (second / "audit-key").write_text("another key, of the same length as usual, 0123456789")
    other_key = _needling(second, "restore", str(file))
    assert other_key.returncode == 2 and "audit-key" in other_key.stderr
    (second / "audit-key").write_text((first / "audit-key").read_text())
    back = _needling(second, "restore", str(file))
    assert back.returncode == 0, back.stderr
    verified = _needling(second, "audit", "verify")
    assert verified.returncode == 0 and "the chain holds" in verified.stdout
    assert _needling(second, "restore", str(file)).returncode == 2


def test_a_database_that_is_gone_is_missed(tmp_path: Path) -> None:
    data = tmp_path / "data"
    _fill(data)
    for left in data.glob("needling.sqlite3*"):
        left.unlink()
    said = _needling(data, "audit", "verify")
    assert said.returncode == 1 and said.stdout.count("is not in this database") == 2, said.stdout
    told = _needling(data, "audit", "verify", "--json")
    assert told.returncode == 1 and len(json.loads(told.stdout)["lost"]) == 2


def test_an_older_file_in_place_of_the_database_stays_found(tmp_path: Path) -> None:
    """A copy of yesterday, put back by hand: nobody may do that unseen, however much is written afterwards."""
    data, old = tmp_path / "data", tmp_path / "old.sqlite3"
    _fill(data)
    with sqlite3.connect(data / "needling.sqlite3") as base:
        base.execute("VACUUM INTO ?", (str(old),))
    write = (
        "import sys; sys.path[:0] = [sys.argv[1]]\n"
        "from needling.cli.clinic import set_up; set_up()\n"
        "from needling.web.accounts.models import User\n"
        "from tests.web.clinics import open_chart\n"
        "for user in User.objects.filter(role='owner').select_related('clinic'):\n"
        "    [open_chart(user, 'More') for _ in range(5)]"
    )
    environment = {**os.environ, "NEEDLING_DATA": str(data), "PYTHONPATH": str(SRC)}
    code = [sys.executable, "-c", write, str(SRC.parent)]
    subprocess.run(code, env=environment, check=True)
    assert _needling(data, "audit", "verify").returncode == 0
    for left in data.glob("needling.sqlite3*"):
        left.unlink()
    old.rename(data / "needling.sqlite3")
    for _ in range(2):
        subprocess.run(code, env=environment, check=True)
        said = _needling(data, "audit", "verify")
        assert said.returncode == 1 and said.stdout.count("was cut off") == 2, said.stdout
    answers = (
        "import sys; sys.path[:0] = [sys.argv[1]]\n"
        "from needling.cli.clinic import set_up; set_up()\n"
        "from needling.web.accounts.models import User\n"
        "from needling.web.charts.alarms import alarms_of, answer\n"
        "for user in User.objects.filter(role='owner').select_related('clinic'):\n"
        "    for one in alarms_of(user.clinic_id):\n"
        "        answer(user, one.number, 'brought-back', 'The copy of yesterday, by hand.')"
    )
    subprocess.run([sys.executable, "-c", answers, str(SRC.parent)], env=environment, check=True)
    said = _needling(data, "audit", "verify")
    assert said.returncode == 4, "answered is not the same as never"
    assert said.stdout.count("was cut off") == said.stdout.count("The copy of yesterday, by hand.") == 2, said.stdout
    told = json.loads(_needling(data, "audit", "verify", "--json").stdout)
    assert not told["holds"] and [one["problems"] for one in told["clinics"].values()] == [[], []]
    assert [one["answered"][0]["answers"][0]["by"] for one in told["clinics"].values()]
    next((data / "trail").glob("*.json")).unlink()
    subprocess.run(code, env=environment, check=True)
    said = _needling(data, "audit", "verify")
    assert said.returncode == 1 and "the note outside it was gone" in said.stdout, "a new alarm is loud again"


def test_an_older_backup_does_not_bring_back_who_was_erased(tmp_path: Path) -> None:
    data, file = tmp_path / "data", tmp_path / "clinic.backup"
    _fill(data)
    assert _needling(data, "backup", str(file)).returncode == 0
    erase = (
        "from needling.cli.clinic import set_up; set_up()\n"
        "from needling.web.accounts.models import User\n"
        "from needling.web.charts.erasing import erase_chart\n"
        "from needling.web.charts.models import Chart\n"
        "chart = Chart.objects.get()\n"
        "print(erase_chart(User.objects.get(clinic=chart.clinic_id, role='owner'), chart))"
    )
    environment = {**os.environ, "NEEDLING_DATA": str(data), "PYTHONPATH": str(SRC)}
    subprocess.run([sys.executable, "-c", erase], env=environment, check=True)
    for left in data.glob("needling.sqlite3*"):
        left.unlink()
    back = _needling(data, "restore", str(file))
    assert back.returncode == 0 and "erased again: 1 people" in back.stdout, back.stdout + back.stderr
    with sqlite3.connect(data / "needling.sqlite3") as base:
        assert base.execute("SELECT label, salt FROM charts_chart").fetchall() == [("", "")]
        assert base.execute("SELECT COUNT(*) FROM charts_row").fetchall() == [(0,)]
    base.close()
    assert b"Somebody Secret" not in b"".join(one.read_bytes() for one in data.glob("needling.sqlite3*"))
    assert _needling(data, "audit", "verify").returncode == 0


_ERASED = """
import sys, threading
sys.path[:0] = [sys.argv[1]]
from needling.cli.clinic import set_up; set_up()
from pathlib import Path
from django.db import connection
from needling.documents import Assessment, Fact, Person
from needling.web.accounts.models import User
from needling.web.charts.erasing import erase_chart
from needling.web.charts.models import Chart
from needling.web.charts.records import write
from needling.web.charts.trail import problems
from tests.web.clinics import House, open_chart
house = House.make()
user = house.people["clinician"]
held = threading.Event(), threading.Event()
def other():
    Chart.objects.count()
    held[0].set()
    held[1].wait()
    connection.close()
threading.Thread(target=other).start()
held[0].wait()
chart = open_chart(user, "ZZLABELXXQ Surname")
row = None
for number in range(40):
    said = Person(id=chart.person_id, facts=[Fact(name="smoker", value=True, by="SECRETNOTEQQ" * 40)])
    row = write(user, chart, said, supersedes=row)
def there():
    files = [one for one in Path(sys.argv[2]).iterdir() if one.name.startswith("needling.sqlite3")]
    return sum(one.read_bytes().count(word) for one in files for word in (b"ZZLABELXXQ", b"SECRETNOTEQQ"))
before = there()
clean = erase_chart(house.people["owner"], chart)
print(before > 0, clean, there(), list(problems(house.own)))
held[1].set()
"""


def test_what_was_erased_is_in_no_file_while_the_server_runs_on(tmp_path: Path) -> None:
    """The words are overwritten in the file, and SQLite's journal is emptied, though another connection is open."""
    environment = {**os.environ, "NEEDLING_DATA": str(tmp_path), "PYTHONPATH": str(SRC)}
    environment.pop("DATABASE_URL", None)
    words = [sys.executable, "-c", _ERASED, str(SRC.parent), str(tmp_path)]
    done = subprocess.run(words, env=environment, capture_output=True, text=True, check=False)
    assert done.stdout == "True True 0 []\n", done.stdout + done.stderr[-2000:]


def test_where_words_may_be_left_the_page_says_so(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(erasing, "files_are_clean", lambda: False)
    said = house.browser("owner").post(f"/charts/{house.chart.id}/erase/", {"label": "Somebody Secret"})
    assert said.status_code == 200 and "Tell whoever runs it" in said.content.decode()
