"""The command line: exit codes, JSON, and never a traceback on what a user can do."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from needling.documents import Clearance

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples"


def run(*arguments: str, stdin: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
    result = subprocess.run(
        [sys.executable, "-m", "needling", *arguments],
        input=stdin,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
        env={**os.environ, "COLUMNS": "80", "NO_COLOR": "1", **environment},
    )
    assert "Traceback" not in result.stderr, result.stderr
    return result


@pytest.mark.parametrize(
    ("case", "code", "verdict"),
    [("acne-scars", 0, "go"), ("pregnancy", 1, "exclude"), ("isotretinoin", 1, "defer"), ("half-answered", 1, "ask")],
)
def test_screen_says_its_verdict_with_an_exit_code(case: str, code: int, verdict: str) -> None:
    result = run("screen", str(EXAMPLES / f"{case}.yaml"), "--json")
    assert result.returncode == code, result.stderr
    assert Clearance.model_validate_json(result.stdout).verdict == verdict


def test_text_reads_at_80_columns() -> None:
    for arguments in (
        ["screen", str(EXAMPLES / "half-answered.yaml")],
        ["screen", str(EXAMPLES / "isotretinoin.yaml")],
    ):
        lines = run(*arguments).stdout.splitlines()
        assert len(lines) > 5
        assert max(len(line) for line in lines) <= 80


def test_plan_writes_both_files_whole(tmp_path: Path) -> None:
    result = run("plan", str(EXAMPLES / "acne-scars.yaml"), "--out", str(tmp_path / "a folder"))
    assert result.returncode == 0, result.stderr
    assert max(len(line) for line in result.stdout.splitlines() if "Written" not in line) <= 80
    html = (tmp_path / "a folder" / "acne-scars.html").read_text(encoding="utf-8")
    assert html.startswith("<!") and html.rstrip().endswith("</html>") and "<svg" in html
    record = json.loads((tmp_path / "a folder" / "acne-scars.json").read_text(encoding="utf-8"))
    assert record["choice"]["plan"]["sessions"]
    assert not list((tmp_path / "a folder").glob(".*"))


def test_plan_of_a_stopped_person_still_explains(tmp_path: Path) -> None:
    result = run("plan", str(EXAMPLES / "pregnancy.yaml"), "--out", str(tmp_path))
    assert result.returncode == 1
    assert (tmp_path / "pregnancy.html").exists()


def test_the_same_key_gives_the_same_file(tmp_path: Path) -> None:
    for name in ("a", "b"):
        run("plan", str(EXAMPLES / "striae-abdomen.yaml"), "--out", str(tmp_path / name), "--members", "64")
    first, again = ((tmp_path / name / "striae-abdomen.json").read_bytes() for name in ("a", "b"))
    assert first == again


def test_a_run_replays_from_its_file_and_a_changed_number_is_found(tmp_path: Path) -> None:
    run("plan", str(EXAMPLES / "striae-abdomen.yaml"), "--out", str(tmp_path), "--members", "64")
    written = tmp_path / "striae-abdomen.json"
    assert run("replay", str(written)).returncode == 0
    record = json.loads(written.read_text())
    record["choice"]["forecast"]["outcomes"][0]["change_quantiles"][1] *= 1 + 1e-6
    written.write_text(json.dumps(record))
    changed = run("replay", str(written), "--json")
    assert changed.returncode == 1
    assert "change_quantiles" in json.loads(changed.stdout)["where"]
    record["knowledge"]["sha256"] = "0" * 64
    written.write_text(json.dumps(record))
    assert run("replay", str(written)).returncode == 2
    assert run("replay", str(EXAMPLES / "striae-abdomen.yaml")).returncode == 2


def test_simulate_shows_where_a_protocol_leaves_the_envelope() -> None:
    case = str(EXAMPLES / "acne-scars.yaml")
    fine = run(
        "simulate", case, "--protocol", "1.5 mm roller, 4 directions x 4 passes, cheeks, every 6 weeks x 3", "--json"
    )
    assert fine.returncode == 0, fine.stderr
    assert json.loads(fine.stdout)["breaches"] == []
    deep = run("simulate", case, "--protocol", "2.5 mm roller, 4 directions x 4 passes, cheeks, every 1 week x 3")
    assert deep.returncode == 1
    assert "2.5 mm" in deep.stdout


def test_simulate_warns_at_the_top_and_forecasts_nothing_for_the_uncleared() -> None:
    too_long = "2.5 mm roller, 4 directions x 4 passes, cheeks, every 6 weeks x 3"
    deep = run("simulate", str(EXAMPLES / "acne-scars.yaml"), "--protocol", too_long)
    box = deep.stdout.partition("╰")[0]
    assert "OUTSIDE THE ENVELOPE" in box and "Nearest plan that may be done" in box
    for name in ("keloid", "half-answered"):
        case = str(EXAMPLES / f"{name}.yaml")
        stopped = run("simulate", case, "--protocol", too_long, "--json")
        assert stopped.returncode == 1, stopped.stderr
        record = json.loads(stopped.stdout)
        assert record["forecast"] is None and "not cleared" in record["because"]
        told = run("simulate", case, "--protocol", too_long)
        assert told.returncode == 1
        assert "No forecast is made for somebody who is not cleared" in told.stdout
        assert "What to expect" not in told.stdout


def test_a_run_in_the_place_of_a_case_and_a_negative_area_are_said_once(tmp_path: Path) -> None:
    written = tmp_path / "run.json"
    written.write_text(json.dumps({"choice": {}, "clearance": {}, "case": {}}))
    assert "this is a run; give the case file" in run("plan", str(written)).stderr
    text = (EXAMPLES / "acne-scars.yaml").read_text()
    (tmp_path / "case.yaml").write_text(re.sub(r"area_cm2: .*", "area_cm2: -4", text))
    wrong = run("screen", str(tmp_path / "case.yaml"))
    assert wrong.returncode == 2
    assert "got -4" in wrong.stderr and "tuple" not in wrong.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["screen", "nowhere.yaml"], "no such file"),
        (["plan", "nowhere.yaml"], "no such file"),
        (["plan", str(EXAMPLES)], "folder"),
        (["screen", str(ROOT / "pyproject.toml")], "pyproject.toml"),
        (["simulate", str(EXAMPLES / "acne-scars.yaml"), "--protocol", "roll it"], "cannot read"),
        (["plan", str(EXAMPLES / "acne-scars.yaml"), "--members", "3"], "64"),
        (["plann"], "plann"),
    ],
)
def test_bad_input_is_one_message_and_exit_code_2(arguments: list[str], said: str) -> None:
    result = run(*arguments)
    assert result.returncode == 2
    assert said in result.stderr


def test_numbing_says_where_it_was_taken_to_be_done() -> None:
    cream = ["numbing", "lidocaine-4", "--area-cm2", "20", "--amount-g", "1", "--minutes", "20", "--site", "cheek"]
    assert run(*cream).stdout.startswith("Where it would be done was not said: assumed at home, the stricter")
    assert "assumed at home" not in run(*cream, "--clinic").stdout


def test_errors_are_json_too() -> None:
    result = run("screen", "nowhere.yaml", "--json")
    assert result.returncode == 2
    assert "no such file" in json.loads(result.stdout)["error"]


def test_an_out_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    result = run("plan", str(EXAMPLES / "pregnancy.yaml"), "--out", str(tmp_path / "file"))
    assert result.returncode == 2
    assert "cannot be written" in result.stderr


def test_cite() -> None:
    assert "needling" in run("cite").stdout
    found = run("cite", "fda-microneedling-2025", "--json")
    assert found.returncode == 0
    assert json.loads(found.stdout)[0]["key"] == "fda-microneedling-2025"
    assert run("cite", "no-such-thing-anywhere").returncode == 1


def test_screening_by_questions_stops_when_nothing_can_change(tmp_path: Path) -> None:
    saved = tmp_path / "case.yaml"
    answers = "clinic\ncheek\nacne-scars-rolling\n" + "yes\n" * 3
    result = run("screen", "--save", str(saved), stdin=answers)
    assert result.returncode in (1, 2)
    unknown = run("screen", "--save", str(saved), stdin="clinic\ncheek\nacne-scars-rolling\n" + "?\n" * 200)
    assert unknown.returncode == 1, unknown.stderr
    assert run("screen", str(saved), "--json").returncode == 1


def test_the_template_is_a_case_with_every_question_open(tmp_path: Path) -> None:
    blank = tmp_path / "blank.yaml"
    blank.write_text(run("screen", "--template").stdout)
    result = run("screen", str(blank), "--json")
    assert result.returncode == 1, result.stderr
    assert json.loads(result.stdout)["verdict"] == "ask"


def test_a_broken_overlay_is_said_and_not_used(tmp_path: Path) -> None:
    (tmp_path / "sites.yaml").write_text("- id: cheek\n  name: [\n")
    result = run("screen", str(EXAMPLES / "acne-scars.yaml"), "--json", NEEDLING_KNOWLEDGE=str(tmp_path))
    assert result.returncode == 0
    assert "sites.yaml:" in result.stderr and "shipped knowledge is in force" in result.stderr


def test_help_names_the_exit_of_each_command() -> None:
    for command in ("screen", "plan", "simulate", "replay", "cite", "selftest", "warmup"):
        assert run(command, "--help").returncode == 0
