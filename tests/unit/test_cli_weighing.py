"""``needling compare`` and ``needling whatif``: exit codes, files of every kind, JSON, and clear errors."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from needling.documents.comparison import Comparison, WhatIf

ROOT = Path(__file__).parents[2]
CASE = ROOT / "examples" / "striae-abdomen.yaml"
MILD = "1.5 mm roller, 4 directions x 4 passes, abdomen, every 6 weeks x 3"
STRONG = "2 mm roller, 4 directions x 4 passes, abdomen, every 6 weeks x 4"
FEW = ("--members", "64")


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    result = subprocess.run(
        [sys.executable, "-m", "needling", *arguments],
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
        env={**os.environ, "COLUMNS": "80", "NO_COLOR": "1"},
    )
    assert "Traceback" not in result.stderr, result.stderr
    return result


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Two runs of one case with other goals."""
    folder = tmp_path_factory.mktemp("runs")
    case = CASE.read_text(encoding="utf-8")
    found = []
    for name, goals in (("free", ""), ("few", "\n  max_visits_count: 3")):
        path = folder / f"{name}.yaml"
        path.write_text(f"{case.partition('goals:')[0]}goals:\n  gain_weight: 3{goals}\n", encoding="utf-8")
        assert run("plan", str(path), "--out", str(folder), *FEW).returncode in (0, 1)
        found.append(folder / f"{name}.json")
    return found[0], found[1]


def test_two_runs_are_compared_and_their_page_is_written(runs: tuple[Path, Path], tmp_path: Path) -> None:
    result = run("compare", *map(str, runs), "--out", str(tmp_path))
    assert result.returncode in (0, 1), result.stderr
    assert max(len(line) for line in result.stdout.splitlines() if "Written" not in line) <= 80
    page = (tmp_path / "free-against-few.html").read_text(encoding="utf-8")
    assert page.startswith("<!") and page.rstrip().endswith("</html>") and "<svg" in page
    found = Comparison.model_validate_json((tmp_path / "free-against-few.json").read_text(encoding="utf-8"))
    assert result.returncode == (1 if found.differs else 0)
    assert found.members_count == 64  # the runs' own


def test_a_plan_beside_itself_gives_nought(runs: tuple[Path, Path]) -> None:
    result = run("compare", str(runs[0]), str(runs[0]))
    assert result.returncode == 0, result.stderr
    assert "cannot tell the two plans apart" in " ".join(result.stdout.split())


def test_two_sentences_for_a_case_and_their_json() -> None:
    result = run("compare", str(CASE), MILD, STRONG, "--json", *FEW)
    assert result.returncode == 1, result.stderr
    found = Comparison.model_validate_json(result.stdout)
    assert (found.first.plan.label, found.second.plan.label) == (MILD, STRONG)
    assert found.differs


def test_one_sentence_stands_beside_the_case_s_best_plan() -> None:
    result = run("compare", str(CASE), "no treatment", "--json", *FEW)
    assert result.returncode == 1, result.stderr
    found = Comparison.model_validate_json(result.stdout)
    assert found.first.plan.sessions and not found.second.plan.sessions


def test_files_of_other_commands_and_approvals_are_read(runs: tuple[Path, Path], tmp_path: Path) -> None:
    simulated = tmp_path / "simulated.json"
    simulated.write_text(run("simulate", str(CASE), "--protocol", MILD, "--json", *FEW).stdout, encoding="utf-8")
    changed = tmp_path / "changed.json"
    changed.write_text(run("whatif", str(simulated), "--set", "passes=2", "--json").stdout, encoding="utf-8")
    found = Comparison.model_validate_json(run("compare", str(simulated), str(changed), "--json").stdout)
    assert found.first.plan.label == MILD and "x 2 passes" in found.second.plan.label
    approval = tmp_path / "approval.json"
    choice = json.loads(runs[0].read_text(encoding="utf-8"))["choice"]
    approval.write_text(json.dumps({"plan": choice["plan"], "forecast": choice["forecast"], "by": "dr-a"}), "utf-8")
    assert run("compare", str(approval), str(runs[0])).returncode == 0


@pytest.mark.parametrize(
    ("things", "says"),
    [
        ([str(CASE), MILD, STRONG, MILD], "3 to compare"),
        ([MILD, STRONG], "no case file says whose plans these are"),
        ([str(CASE), "rubbish"], "neither a file nor a protocol sentence"),
        ([str(CASE), str(CASE.parent / "melasma.yaml")], "two plans are compared for one person"),
        ([str(CASE.with_name("striae-abdomem.yaml"))], "did you mean 'striae-abdomen.yaml'"),
        ([str(CASE)], "1 to compare"),
    ],
)
def test_what_cannot_be_compared_says_so(things: list[str], says: str) -> None:
    result = run("compare", *things, *FEW)
    assert result.returncode == 2
    assert says in " ".join(result.stderr.split())


def test_other_findings_of_one_person_are_not_compared(runs: tuple[Path, Path], tmp_path: Path) -> None:
    other = tmp_path / "other.yaml"
    other.write_text(CASE.read_text(encoding="utf-8").replace("area_cm2: ", "area_cm2: 1"), encoding="utf-8")
    result = run("compare", str(runs[0]), str(other))
    assert result.returncode == 2 and "other findings" in result.stderr


def test_a_home_plan_outside_the_home_envelope_has_no_forecast() -> None:
    long = "0.5 mm roller, 4 directions x 2 passes, scalp, every 2 weeks x 8"
    result = run("compare", str(CASE.with_name("home-hairline.yaml")), long, "no treatment", *FEW)
    assert result.returncode == 3
    assert "outside the home envelope" in result.stderr
    changed = run("whatif", str(CASE.with_name("home-hairline.yaml")), "--set", "needle_length_mm=0.5", "--json", *FEW)
    assert changed.returncode == 1
    found = WhatIf.model_validate_json(changed.stdout)
    assert found.forecast is None and found.nearest is not None


def test_what_if_says_what_changes_with_its_exit_code() -> None:
    inside = run("whatif", str(CASE), "--protocol", MILD, "--set", "sessions=4", *FEW)
    assert inside.returncode == 0, inside.stderr
    assert max(map(len, inside.stdout.splitlines())) <= 80
    assert "changed minus" in inside.stdout
    outside = run("whatif", str(CASE), "--protocol", MILD, "--set", "needle_length_mm=3", "--json", *FEW)
    assert outside.returncode == 1
    found = WhatIf.model_validate_json(outside.stdout)
    assert found.stamp and found.nearest is not None and found.forecast is not None


@pytest.mark.parametrize(("name", "says"), [("keloid", "not cleared"), ("half-answered", "questions are open")])
def test_what_if_says_why_there_is_no_session_and_names_no_roller(name: str, says: str) -> None:
    result = run("whatif", str(CASE.with_name(f"{name}.yaml")), "--set", "sessions=2", *FEW)
    assert result.returncode == 1, result.stderr
    assert says in result.stdout and "roller" not in result.stdout + result.stderr
    record = json.loads(
        run("whatif", str(CASE.with_name(f"{name}.yaml")), "--set", "sessions=2", "--json", *FEW).stdout
    )
    assert record["forecast"] is None and says in record["error"]


def test_what_if_at_home_says_that_no_result_is_compared() -> None:
    result = run("whatif", str(CASE.with_name("home-hairline.yaml")), "--set", "sessions=2", *FEW)
    assert "that does not make them better" in " ".join(result.stdout.split())


def test_a_change_of_one_zone_says_that_the_worst_zone_counts() -> None:
    result = run(
        "whatif",
        str(CASE.with_name("acne-scars.yaml")),
        "--protocol",
        "1.5 mm roller, 4 directions x 4 passes, cheeks, every 6 weeks x 3",
        "--set",
        "zone:cheek-left.passes_count=3",
        *FEW,
    )
    assert "count the zone that fares worst" in " ".join(result.stdout.split())


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ([], "--set needle_length_mm=1.0"),
        (["--set", "sesions=4"], "did you mean 'sessions'"),
        (["--set", "sessions"], "write an input and its value"),
        (["--set", "sessions=4", "--set", "sessions=5"], "given twice"),
        (["--set", "needle_length_mm=4"], "above 0 up to 3 mm"),
    ],
)
def test_a_wrong_input_is_told_in_one_message(given: list[str], says: str) -> None:
    result = run("whatif", str(CASE), *given, *FEW)
    assert result.returncode == 2
    assert says in " ".join(result.stderr.split())
