"""``needling sensitivity`` and ``needling export`` from the outside: files, exit codes, one clear message."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.unit.test_cli import EXAMPLES, run

pytest.importorskip("SALib", reason="SALib is in the extra 'research'")
libsbml = pytest.importorskip("libsbml", reason="python-libsbml is in the extra 'research'")

CASE = str(EXAMPLES / "acne-scars.yaml")
PROTOCOL = "1.5 mm roller, 4 directions x 4 passes, cheeks, every 6 weeks x 3"


def test_sensitivity_says_and_writes(tmp_path: Path) -> None:
    done = run("sensitivity", CASE, "--protocol", PROTOCOL, "--samples", "32", "--out", str(tmp_path / "a b"))
    assert done.returncode == 0, done.stderr
    assert "what is not known about" in " ".join(done.stdout.split())
    assert max(len(line) for line in done.stdout.splitlines() if "Written" not in line) <= 80
    html = (tmp_path / "a b" / "acne-scars-sensitivity.html").read_text(encoding="utf-8")
    assert html.startswith("<!") and html.rstrip().endswith("</html>") and html.count("<svg") > 5
    data = json.loads((tmp_path / "a b" / "acne-scars-sensitivity.json").read_text(encoding="utf-8"))
    assert set(data["views"]) == {"layers", "parts", "parameters", "choices"}
    assert data["readings"]["fixed_count"] <= 2
    again = run("sensitivity", CASE, "--protocol", PROTOCOL, "--samples", "32", "--json")
    assert json.loads(again.stdout) == data


def test_a_protocol_outside_the_envelope_is_said() -> None:
    deep = "2.5 mm roller, 4 directions x 4 passes, cheeks, every 1 week x 3"
    done = run("sensitivity", CASE, "--protocol", deep, "--samples", "16")
    assert done.returncode == 1 and "2.5 mm" in done.stdout


def test_export_of_a_case_and_of_its_run_are_one_model(tmp_path: Path) -> None:
    assert run("plan", CASE, "--out", str(tmp_path), "--members", "256").returncode in (0, 1)
    for source, name in ((CASE, "case.xml"), (str(tmp_path / "acne-scars.json"), "run.xml")):
        done = run("export", source, "--sbml", str(tmp_path / name))
        assert done.returncode == 0, done.stderr
        assert "the person in the middle" in done.stdout
    first, second = ((tmp_path / name).read_text(encoding="utf-8") for name in ("case.xml", "run.xml"))
    assert first == second
    record = json.loads((tmp_path / "acne-scars.json").read_text(encoding="utf-8"))
    days = {session["day_d"] for session in record["choice"]["plan"]["sessions"]}
    assert libsbml.readSBMLFromString(first).getModel().getNumEvents() == len(days)


def test_export_of_a_member_and_a_zone(tmp_path: Path) -> None:
    file = tmp_path / "model.xml"
    arguments = ["export", CASE, "--protocol", PROTOCOL, "--sbml", str(file)]
    done = run(*arguments, "--member", "7", "--zone", "cheek-right")
    assert done.returncode == 0 and "member 7" in done.stdout
    assert "cheek-right" in file.read_text(encoding="utf-8")
    assert run(*arguments, "--zone", "nose").returncode == 2


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["sensitivity", CASE, "--protocol", PROTOCOL, "--samples", "100"], "power of two"),
        (["sensitivity", "nowhere.yaml"], "no such file"),
        (["sensitivity", CASE, "--protocol", PROTOCOL, "--zone", "nose"], "nose"),
        (["export", CASE], "--sbml"),
    ],
)
def test_bad_input_is_one_message_and_exit_code_2(arguments: list[str], said: str) -> None:
    done = run(*arguments)
    assert done.returncode == 2
    assert said in done.stderr
