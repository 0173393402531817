"""``needling trial``: the registration first, then results; exit codes; interruptions; the page."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytest.importorskip("pyarrow")

from needling.cli.trial import TEMPLATE, _few_shards
from needling.documents.study import Study, TrialResults
from needling.knowledge import load_knowledge
from needling.reading import parse_yaml, validate
from needling.report.about_trial import VIRTUAL, registration_lines, render_trial_html, trial_text
from needling.report.trial_figures import trial_figures
from needling.trials.studies import study_problems

ROOT = Path(__file__).parents[2]


def study(**changes: object) -> Study:
    given = validate(parse_yaml(TEMPLATE, "template"), Study).model_dump(mode="json")
    given["population"]["people_count"] = changes.pop("people_count", 128)
    return Study.model_validate({**given, "block_people_count": 32, "worlds": {"others_count": 2}, **changes})


def write(folder: Path, **changes: object) -> Path:
    path = folder / "study.json"
    path.write_text(study(**changes).model_dump_json(), encoding="utf-8")
    return path


def command(*words: object) -> list[str]:
    return [sys.executable, "-m", "needling", "trial", *map(str, words)]


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT / "src"), str(ROOT)]), "COLUMNS": "120"}


def call(*words: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(*words), capture_output=True, text=True, env=environment(), timeout=300, check=False
    )  # fmt: skip


def shards(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (folder / "shards").glob("*.parquet")}


# ---------------------------------------------------------------- the template and the registration


def test_the_template_is_a_study_without_faults() -> None:
    found = validate(parse_yaml(TEMPLATE, "template"), Study)
    assert study_problems(found, load_knowledge()) == []


def test_the_registration_names_hash_question_arms_outcome_and_margin() -> None:
    found = study()
    text = " ".join(" ".join(registration_lines(found, load_knowledge())).split())
    assert found.sha256 in text
    assert found.question in text
    assert all(arm.said in text for arm in found.arms)
    assert "improvement on the scale, judged on day 174" in text
    assert "smallest difference that matters 0.25 grade" in text
    assert "128 virtual people" in text
    assert all(len(line) <= 80 for line in registration_lines(found, load_knowledge()))


# ---------------------------------------------------------------- a whole trial


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, subprocess.CompletedProcess[str]]:
    """A small trial, run once from the command line: its study, its folder, what was said."""
    folder = tmp_path_factory.mktemp("trial")
    path = write(folder)
    return path, folder / "out", call(path, "--out", folder / "out")


def test_it_prints_the_registration_first_and_then_the_results(done) -> None:
    said = done[2]
    assert said.returncode == 0, said.stderr
    text = said.stdout
    places = [
        text.index(part) for part in (study().sha256, "Differences\n", "Each arm\n", "A real trial\n", "Written: ")
    ]
    assert places == sorted(places)
    assert "no evidence" in text
    assert re.search(r"128 of 128 people, 0:00 left", said.stderr)
    assert "Traceback" not in said.stderr


def test_it_writes_results_page_figures_and_shards(done) -> None:
    out = done[1]
    results = TrialResults.model_validate_json((out / "results.json").read_text())
    assert results.study_sha256 == study().sha256
    assert results.flow.screened_count == 128
    assert len(shards(out)) == 4
    drawn = {one.stem for one in (out / "figures").glob("*.svg")}
    assert {"flow", "differences", "harms", "outcome-change_score", "outcome-redness_d"} <= drawn
    assert drawn == {one.stem for one in (out / "figures").glob("*.csv")}


def test_the_page_holds_every_figure_with_its_table_and_says_what_it_is_not(done) -> None:
    _, out, _ = done
    page = (out / "report.html").read_text()
    results = TrialResults.model_validate_json((out / "results.json").read_text())
    figures = trial_figures(study(), results)
    for name, figure in figures.items():
        assert f'id="figure-{name}"' in page
        assert figure.rows
        assert all(len(row) == len(figure.headers) for row in figure.rows)
        assert "nan" not in figure.svg.lower()
    assert VIRTUAL in page
    assert "<script" not in page
    assert "population" not in page.split("<main")[0]
    assert page == render_trial_html(study(), results, load_knowledge())


def test_text_fits_a_terminal(done) -> None:
    results = TrialResults.model_validate_json((done[1] / "results.json").read_text())
    assert max(map(len, trial_text(study(), results, load_knowledge()).splitlines())) <= 80


def test_run_again_it_computes_nothing_and_says_the_same(done) -> None:
    path, out, said = done
    before = (out / "results.json").read_bytes(), shards(out)
    again = call(path, "--out", out)
    assert again.returncode == 0
    assert again.stdout == said.stdout
    assert ((out / "results.json").read_bytes(), shards(out)) == before


def test_json_is_the_results_and_nothing_else_is_on_stdout(done) -> None:
    path, out, _ = done
    said = call(path, "--out", out, "--json")
    data = json.loads(said.stdout)
    assert data["study_sha256"] == study().sha256
    assert data["files"][0] == "study.json"
    assert study().sha256 in said.stderr


def test_a_damaged_shard_is_named_and_the_results_stay(done, tmp_path: Path) -> None:
    path, out, said = done
    victim = sorted((out / "shards").glob("*.parquet"))[1]
    victim.write_bytes(b"nothing")
    again = call(path, "--out", out)
    assert again.returncode == 0
    assert f"{victim.name}.broken: damaged" in " ".join(again.stderr.split())
    assert again.stdout == said.stdout


# ---------------------------------------------------------------- refusals


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["--out", "o"], "--template prints a study file"),
        (["STUDY"], "--template prints a study file"),
        (["STUDY", "--out", "o", "--people", "5"], "not changed after its registration; copy"),
        (["STUDY", "--out", "o", "--workers", "2", "--scheduler", "tcp://h:1"], "give either"),
        (["STUDY", "--out", "o", "--workers", "1000"], "allowed are 0"),
        (["no-such-file.yaml", "--out", "o"], "no-such-file.yaml"),
    ],
)
def test_what_cannot_be_used_is_said_with_exit_code_2(tmp_path: Path, words: list[str], why: str) -> None:
    path = write(tmp_path)
    said = call(*[path if word == "STUDY" else tmp_path / "o" if word == "o" else word for word in words])
    assert said.returncode == 2, said.stderr
    assert why in said.stderr
    assert not (tmp_path / "o").exists()


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("people_count: 0", "with 0 people shows nothing"),
        ("people_count: 10, peple: 3", "unknown key 'peple'"),
    ],
)
def test_a_study_that_makes_no_sense_is_said_with_its_line(tmp_path: Path, text: str, why: str) -> None:
    path = tmp_path / "study.yaml"
    other = TEMPLATE.replace("people_count: 10000", text.replace(", ", "\n  "))
    path.write_text(other, encoding="utf-8")
    said = call(path, "--out", tmp_path / "o")
    assert said.returncode == 2
    assert why in said.stderr
    assert f"{path}:" in said.stderr


def test_the_folder_of_another_study_is_refused(done) -> None:
    other = write(done[0].parent.parent, key=99)
    said = call(other, "--out", done[1])
    assert said.returncode == 2
    assert "holds another study" in said.stderr


# ---------------------------------------------------------------- interruptions


def _heeds_interrupts() -> None:
    """A shell that runs the tests in its background hands on that interruptions are ignored."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


def started(path: Path, out: Path, *words: object, finished: int = 2) -> subprocess.Popen[str]:
    """A trial that has stored some shards."""
    process = subprocess.Popen(
        command(path, "--out", out, *words),
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment(), start_new_session=True,
        preexec_fn=_heeds_interrupts,
    )  # fmt: skip
    until = time.monotonic() + 120
    while len(shards(out)) < finished and process.poll() is None and time.monotonic() < until:
        time.sleep(0.02)
    assert process.poll() is None, process.communicate()[1]
    return process


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("workers", [0, 2])
def test_an_interruption_is_clean_and_it_goes_on_from_there(
    tmp_path: Path, workers: int, number: signal.Signals
) -> None:
    shards_count = 128  # so many that the signal comes before the last one, on a busy machine too
    path = write(tmp_path, people_count=32 * shards_count)
    process = started(path, tmp_path / "out", "--workers", workers)
    os.killpg(process.pid, number) if number == signal.SIGINT else process.send_signal(number)
    said = process.communicate(timeout=60)[1]
    assert process.returncode == 3, said
    assert "run the same command again" in said
    assert "Traceback" not in said
    kept = shards(tmp_path / "out")
    assert 2 <= len(kept) < shards_count
    again = call(path, "--out", tmp_path / "out")
    assert again.returncode == 0, again.stderr
    assert f"{len(kept)} of {shards_count} shards are finished already" in again.stderr
    whole = call(path, "--out", tmp_path / "whole")
    assert again.stdout.partition("Written")[0] == whole.stdout.partition("Written")[0]
    assert shards(tmp_path / "out") == shards(tmp_path / "whole")


@pytest.mark.slow
def test_a_killed_client_and_any_number_of_workers_change_nothing(tmp_path: Path) -> None:
    path = write(tmp_path, people_count=2048)
    process = started(path, tmp_path / "killed", "--workers", 2)
    process.kill()
    process.communicate(timeout=60)
    assert 2 <= len(shards(tmp_path / "killed")) < 64
    texts = set()
    for workers, name in ((2, "killed"), (0, "none"), (1, "one"), (4, "four")):
        said = call(path, "--out", tmp_path / name, "--workers", workers)
        assert said.returncode == 0, said.stderr
        texts.add((said.stdout.partition("Written")[0], (tmp_path / name / "results.json").read_text()))
    assert len(texts) == 1
    assert (
        shards(tmp_path / "killed")
        == shards(tmp_path / "none")
        == shards(tmp_path / "one")
        == shards(tmp_path / "four")
    )


def test_a_disk_that_is_full_at_the_end_is_said_and_nothing_is_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from typer.testing import CliRunner

    from needling import writing
    from needling.cli import build

    def full(self: Path, *_: object, **__: object) -> int:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(writing.Path, "write_text", full)
        path = tmp_path / "study.json"
        path.write_bytes(study(people_count=32).canonical())
        said = CliRunner().invoke(build(["trial"]), ["trial", str(path), "--out", str(tmp_path / "out")])
    assert said.exit_code == 3, said.output
    assert "No space left on device" in said.output
    assert "results.json are kept" in " ".join(said.output.split())
    assert len(shards(tmp_path / "out")) == 1


def test_a_study_of_few_shards_says_so_up_front() -> None:
    assert _few_shards(study(people_count=128), 4) == ""
    assert "4 shards" in _few_shards(study(people_count=128), 8)
    assert "one shard" in _few_shards(study(people_count=32), 0)
