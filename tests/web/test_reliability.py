"""The server is killed, two write at once, a backup is made meanwhile: what was acknowledged is there, whole."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from pathlib import Path

import pytest
from django.db import transaction
from tests.web.clinics import House
from tests.web.installations import DATABASES, ROOT, Installation, Writers, database_of
from tests.web.programs import assessment_of

from needling.documents import Assessment
from needling.web.charts import noting, trail
from needling.web.charts.noting import Noted, note_file, set_note
from needling.web.charts.records import write


def _killed(data: Path, kind: str, kills: int, seed: int) -> tuple[int, int]:
    """Kill the server at random moments under writers; returns how much was acknowledged and how often one was told."""
    luck = random.Random(seed)
    with database_of(kind, data) as url:
        here = Installation(data, url)
        here.begin()
        writers = Writers(here)
        here.start()
        try:
            for kill in range(kills):
                writers.go.set()
                writers.end.wait(luck.uniform(0.05, 0.6))
                writers.go.clear()
                here.kill()
                verifying = subprocess.Popen(
                    [sys.executable, "-m", "needling", "audit", "verify", "--json"],
                    env=here.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                )  # fmt: skip
                here.start()
                said, wrong = verifying.communicate()
                assert verifying.returncode == 0, (kill, said[-2000:], wrong[-2000:])
                assert json.loads(said)["holds"]
                rows, traces = here.rows(), here.traces()
                assert rows.keys() == traces, f"kill {kill}: half-written"
                lost = {one: sha for one, sha in writers.acknowledged.items() if rows.get(one) != sha}
                assert not lost, f"kill {kill}: {len(lost)} acknowledged documents are gone"
                assert not writers.failed, writers.failed[:3]
        finally:
            writers.stop()
            here.kill()
        return len(writers.acknowledged), writers.refused


@pytest.mark.parametrize("kind", DATABASES)
def test_what_was_acknowledged_survives_a_kill(tmp_path: Path, kind: str) -> None:
    acknowledged, _ = _killed(tmp_path / "data", kind, kills=6 if kind == "sqlite" else 3, seed=1)
    assert acknowledged  # how many depends on when the kills fall


@pytest.mark.slow
@pytest.mark.parametrize("kind", DATABASES)
def test_what_was_acknowledged_survives_fifty_kills(tmp_path: Path, kind: str) -> None:
    acknowledged, told = _killed(tmp_path / "data", kind, kills=50, seed=2)
    print(f"{kind}: 50 kills, {acknowledged} documents acknowledged, {told} writers told that another was faster")
    assert acknowledged + told > 50, "how many depends on the machine; kills among no writes would say nothing"


_AT_ONCE = """
import json, sys, threading
sys.path.insert(0, sys.argv[1])
from needling.cli.clinic import set_up; set_up()
from needling.documents import Assessment
from needling.web.accounts.models import User
from needling.web.charts.models import Chart
from needling.web.charts.records import write
from needling.web.charts.trail import problems
from tests.web.programs import assessment_of
user = User.objects.select_related("clinic").get(pk=sys.argv[2])
charts = list(Chart.objects.filter(clinic=user.clinic_id))
wrong = []
def writing(number):
    try:
        for turn in range(15):
            chart = charts[(number + turn) % len(charts)]
            write(user, chart, Assessment.model_validate(assessment_of(chart)))
    except Exception as problem:
        wrong.append(repr(problem))
    finally:
        from django.db import connection
        connection.close()
threads = [threading.Thread(target=writing, args=(number,)) for number in range(4)]
for one in threads: one.start()
seen = []
while any(one.is_alive() for one in threads):
    seen += list(problems(user.clinic))
for one in threads: one.join()
print(json.dumps({"wrong": wrong, "seen": seen, "problems": list(problems(user.clinic))}))
"""


@pytest.mark.slow
@pytest.mark.parametrize("kind", DATABASES)
def test_two_processes_write_at_once_and_the_chain_stays_whole(tmp_path: Path, kind: str) -> None:
    """Each process has four threads; the chain is looked at all the while, and that is no false alarm either."""
    with database_of(kind, tmp_path) as url:
        here = Installation(tmp_path / "data", url)
        begun = here.begin()
        before = len(here.rows())
        words = [sys.executable, "-c", _AT_ONCE, str(ROOT), begun["user"]]
        running = [
            subprocess.Popen(words, env=here.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            for _ in range(2)
        ]
        for one in running:
            said, wrong = one.communicate()
            assert one.returncode == 0, wrong[-2000:]
            assert json.loads(said) == {"wrong": [], "seen": [], "problems": []}
        assert len(here.rows()) - before == 2 * 4 * 15 and here.rows().keys() == here.traces()
        noted = json.loads((here.data / "trail" / f"{begun['clinic']}.json").read_text())
        assert noted[0] >= 2 * 4 * 15


_BACKUP_MEANWHILE = """
import json, sys, threading, time
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from needling.cli.clinic import set_up; set_up()
from django.db import connection
from needling.documents import Assessment
from needling.web.accounts.models import User
from needling.web.charts import keeping
from needling.web.charts.models import Chart
from needling.web.charts.records import write
from tests.web.programs import assessment_of
user = User.objects.select_related("clinic").get(pk=sys.argv[2])
charts = list(Chart.objects.filter(clinic=user.clinic_id))
ended, written, waited = threading.Event(), [], []
def writing(number):
    while not ended.is_set():
        began = time.monotonic()
        chart = charts[number % len(charts)]
        written.append(str(write(user, chart, Assessment.model_validate(assessment_of(chart))).id))
        waited.append(time.monotonic() - began)
    connection.close()
def more(than):
    until = time.monotonic() + 15
    while len(written) <= than and time.monotonic() < until:
        time.sleep(0.01)
serialize, seen = keeping.serializers.serialize, []
def while_others_write(kind, rows):
    seen.append(1)
    if len(seen) in (5, 20):
        more(len(written) + 1)
    return serialize(kind, rows)
keeping.serializers.serialize = while_others_write
threads = [threading.Thread(target=writing, args=(number,)) for number in range(3)]
for one in threads: one.start()
more(2)
during = []
for number in range(3):
    before = len(written)
    seen.clear()
    keeping.backup(Path(sys.argv[3]) / f"{number}.backup")
    during.append(len(written) - before)
with connection.cursor() as cursor:
    level = ""
    if connection.vendor == "postgresql":
        cursor.execute("SHOW transaction_isolation")
        level = cursor.fetchone()[0]
ended.set()
for one in threads: one.join()
chart = charts[0]
write(user, chart, Assessment.model_validate(assessment_of(chart)))
print(json.dumps({"during": during, "waited": max(waited), "level": level}))
"""


@pytest.mark.slow
@pytest.mark.parametrize("kind", DATABASES)
def test_a_backup_is_of_one_moment_and_nobody_waits_for_it(tmp_path: Path, kind: str) -> None:
    with database_of(kind, tmp_path) as url:
        here = Installation(tmp_path / "data", url)
        begun = here.begin()
        said = json.loads(here.run(_BACKUP_MEANWHILE, str(ROOT), begun["user"], str(tmp_path)))
        assert min(said["during"]) > 0, "nobody could write while the backup was made"
        assert said["level"] in ("", "read committed"), "the connection goes on as it was"
        for number in range(3):
            with database_of(kind, tmp_path / f"back-{number}") as empty:
                back = Installation(tmp_path / f"back-{number}", empty)
                (back.data / "audit-key").write_text((here.data / "audit-key").read_text())
                done = back.needling("restore", str(tmp_path / f"{number}.backup"))
                assert done.returncode == 0, done.stderr
                assert back.needling("audit", "verify").returncode == 0
                assert back.rows().keys() == back.traces() and back.rows().items() <= here.rows().items()


@pytest.mark.slow
@pytest.mark.parametrize("kind", DATABASES)
def test_the_drill_an_older_backup_comes_back_and_says_what_is_lost(tmp_path: Path, kind: str) -> None:
    """The database is lost, the data folder is not: yesterday's backup is brought back beside today's notes."""
    with database_of(kind, tmp_path) as url:
        here = Installation(tmp_path / "data", url)
        begun = here.begin()
        assert here.needling("backup", str(tmp_path / "yesterday")).returncode == 0
        kept = here.rows()
        here.run(_AT_ONCE, str(ROOT), begun["user"])
        assert len(here.rows()) == len(kept) + 4 * 15
    for left in tmp_path.glob("needling.sqlite3*"):
        left.unlink()
    with database_of(kind, tmp_path) as url:
        back = Installation(here.data, url)
        done = back.needling("restore", str(tmp_path / "yesterday"))
        assert done.returncode == 0 and "60 rows of the trail came after" in done.stdout, done.stdout + done.stderr
        assert back.needling("audit", "verify").returncode == 0 and back.rows() == kept
        back.run(_AT_ONCE, str(ROOT), begun["user"])
        assert back.needling("audit", "verify").returncode == 0


# ---------------------------------------------------------------- at the same moment

_RACES = """
import json, sys, threading
sys.path.insert(0, sys.argv[1])
from needling.cli.clinic import set_up; set_up()
from django.db import connection
from needling.documents import Approval, Assessment, Person
from needling.web.accounts.changes import change_role
from needling.web.accounts.models import User
from needling.web.charts.erasing import erase_chart
from needling.web.charts.models import Chart, Row
from needling.web.charts.records import Superseded, latest, write
from needling.web.charts.trail import problems
from tests.web.clinics import open_chart
from tests.web.courses import approval_for
from tests.web.programs import assessment_of
user = User.objects.select_related("clinic").get(pk=sys.argv[2])
owner = User.objects.select_related("clinic").get(clinic=user.clinic_id, role="owner")
assistant = User.objects.get(clinic=user.clinic_id, role="assistant")
def at_once(*what):
    begin, said = threading.Barrier(len(what)), [None] * len(what)
    def run(number, do):
        begin.wait()
        try:
            said[number] = do()
        except Superseded:
            said[number] = "told"
        except Exception as problem:
            said[number] = repr(problem)
        finally:
            connection.close()
    threads = [threading.Thread(target=run, args=one) for one in enumerate(what)]
    for one in threads: one.start()
    for one in threads: one.join()
    return sorted(str(one) for one in said)
def writing(chart, document, before=None):
    return lambda: write(user, chart, document, supersedes=before) and "written"
told = {"first answers": [], "first approvals": [], "second approvals": [], "erased": [], "in force": [], "left": 0}
for number in range(6):
    chart = open_chart(user, f"Race {number}")
    person, looked, approval = approval_for(chart)
    answers = [person.model_copy(update={"birth_year": 1950 + one}) for one in range(4)]
    told["first answers"].append(at_once(*[writing(chart, one) for one in answers]))
    write(user, chart, looked)
    told["first approvals"].append(at_once(*[writing(chart, approval)] * 3))
    before = latest(chart, Approval)[0]
    told["second approvals"].append(at_once(*[writing(chart, approval, before)] * 3))
    in_force = Row.objects.filter(chart=chart, superseded_by=None)
    told["in force"].append([in_force.filter(kind=kind).count() for kind in ("person", "approval")])
    look = Assessment.model_validate(assessment_of(chart))
    told["erased"].append(at_once(lambda: bool(erase_chart(owner, chart)) and False, *[writing(chart, look)] * 3))
    told["left"] += Row.objects.filter(chart=chart).count()
chart = open_chart(user, "Roles")
look = Assessment.model_validate(assessment_of(chart))
def changing(first, second):
    return lambda: [change_role(owner, assistant, role) for role in (first, second) * 5] and "done"
def looking():
    return [write(user, chart, look) for _ in range(10)] and "done"
roles = at_once(changing("clinician", "assistant"), changing("assistant", "clinician"), looking, looking)
print(json.dumps({**told, "roles": roles, "problems": list(problems(user.clinic))}))
"""


@pytest.mark.slow
@pytest.mark.parametrize("kind", DATABASES)
def test_of_those_who_write_at_the_same_moment_one_is_first_and_the_others_are_told(tmp_path: Path, kind: str) -> None:
    with database_of(kind, tmp_path) as url:
        here = Installation(tmp_path / "data", url)
        begun = here.begin()
        said = json.loads(here.run(_RACES, str(ROOT), begun["user"]))
        assert said["first answers"] == [["told"] * 3 + ["written"]] * 6
        assert said["first approvals"] == said["second approvals"] == [["told"] * 2 + ["written"]] * 6
        assert said["in force"] == [[1, 1]] * 6
        for one in said["erased"]:
            assert one[0] == "False" and set(one[1:]) <= {"told", "written"}, one
        assert said["left"] == 0 and said["problems"] == []
        assert said["roles"] == ["done"] * 4


# ---------------------------------------------------------------- the note outside the database


def _written(house: House) -> None:
    write(house.people["clinician"], house.chart, Assessment.model_validate(assessment_of(house.chart)))


def _noted(house: House) -> Path:
    return note_file(house.own.pk)


def test_a_note_that_lags_behind_is_no_alarm_and_is_mended(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """As if the server had been killed after the database had the rows, and before they were noted."""
    _written(house)
    before = json.loads(_noted(house).read_text())[0]
    with monkeypatch.context() as killed:
        killed.setattr(trail, "set_note", lambda *given, **named: None)
        _written(house)
        _written(house)
    assert json.loads(_noted(house).read_text())[0] == before
    assert not list(trail.problems(house.own))
    _written(house)
    assert json.loads(_noted(house).read_text())[0] == before + 3


def test_a_note_never_leads(house: House) -> None:
    _written(house)
    before = _noted(house).read_text()
    with pytest.raises(RuntimeError), transaction.atomic():
        _written(house)
        raise RuntimeError
    assert _noted(house).read_text() == before and not list(trail.problems(house.own))


def test_what_is_written_stays_acknowledged_when_the_note_fails(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*given: object, **named: object) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(noting.os, "fsync", full)
    before = len(list(house.chart.rows.all()))
    _written(house)
    assert len(list(house.chart.rows.all())) == before + 1 and not list(trail.problems(house.own))


def test_a_note_that_cannot_be_read_is_told_and_stays_told_when_it_is_written_anew(house: House) -> None:
    _written(house)
    _noted(house).write_text("")
    assert list(trail.problems(house.own)) == ["what was noted outside the database cannot be read"]
    _written(house)
    found = list(trail.problems(house.own))
    assert len(found) == 1 and "is an alarm" in found[0] and "could not be read" in found[0]
    _written(house)
    assert list(trail.problems(house.own)) == found


def test_an_earlier_end_never_replaces_a_later_one(house: House) -> None:
    from concurrent.futures import ThreadPoolExecutor

    ends = [Noted(number, f"{number}") for number in range(100, 160)]
    random.Random(0).shuffle(ends)
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda end: set_note(house.own.pk, end), ends))
    assert json.loads(_noted(house).read_text()) == [159, "159"]
    assert not _noted(house).with_suffix(".new").exists()
