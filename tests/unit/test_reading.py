"""Files in: what is wrong is said with file, line, value and what is allowed."""

from __future__ import annotations

from pathlib import Path

import pytest

from needling.documents import Case
from needling.errors import BadInput
from needling.knowledge import load_knowledge
from needling.planning.cases import read_case
from needling.reading import read

GOOD = """\
person:
  id: p
  birth_year: 1990
  facts:
    pregnant: false
assessment:
  on: 2026-01-15
  setting: clinic
  zones:
    - zone: cheek-left
      concern: acne-scars-rolling
      area_cm2: 40
"""


def failure(tmp_path: Path, text: str | bytes) -> str:
    path = tmp_path / "case.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(BadInput) as caught:
        read_case(path, load_knowledge())
    return str(caught.value)


def test_a_good_case_reads(tmp_path: Path) -> None:
    path = tmp_path / "case.yaml"
    path.write_text(GOOD)
    assert read_case(path, load_knowledge()).assessment.person == "p"


@pytest.mark.parametrize(
    ("old", "new", "line", "parts"),
    [
        ("birth_year", "birthyear", 3, ["unknown key 'birthyear'", "did you mean 'birth_year'"]),
        ("1990", "3990", 3, ["3990", "2100"]),
        ("setting: clinic", "setting: hospital", 8, ["hospital", "home"]),
        ("area_cm2: 40", "area_cm2: -4", 12, ["-4", "greater than 0"]),
        ("area_cm2: 40", "area_cm2: forty", 12, ["forty", "number"]),
        ("area_cm2: 40", "area_mm2: 40", 12, ["area_mm2", "did you mean 'area_cm2'"]),
        ("zone: cheek-left", "zone: chek-left", 10, ["unknown zone 'chek-left'", "did you mean 'cheek-left'"]),
        ("acne-scars-rolling", "acne-scar-rolling", 11, ["did you mean 'acne-scars-rolling'"]),
        ("pregnant: false", "pregnent: false", 5, ["unknown fact 'pregnent'", "did you mean 'pregnant'"]),
        ("pregnant: false", "pregnant: nope", 5, ["expected true, false or null", "nope"]),
        ("2026-01-15", "2026-13-15", 7, ["2026-13-15"]),
        ("area_cm2: 40", "area_cm2: .nan", 12, ["finite"]),
        ("  id: p\n", "  id: p\n  id: q\n", 3, ["duplicate"]),
        ("person:\n", "person: [\n", 3, ["not valid YAML"]),
    ],
)
def test_each_mistake_is_named_with_its_line(tmp_path: Path, old: str, new: str, line: int, parts: list[str]) -> None:
    assert old in GOOD
    message = failure(tmp_path, GOOD.replace(old, new))
    assert f"case.yaml:{line}" in message, message
    for part in parts:
        assert part in message, message


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "case.yaml").write_text(GOOD)
    with pytest.raises(BadInput, match="no such file.*did you mean 'case.yaml'"):
        read(tmp_path / "cas.yaml", Case)
    with pytest.raises(BadInput, match="folder"):
        read(tmp_path, Case)
    assert "UTF-8" in failure(tmp_path, b"\xff\xfe\x00bad")
    assert "expected keys" in failure(tmp_path, "- a\n- b\n")
    assert "expected keys" in failure(tmp_path, "")


def test_deep_nesting_is_refused_not_crashed(tmp_path: Path) -> None:
    assert "nested deeper" in failure(tmp_path, "a: " + "[" * 200 + "]" * 200)


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ("age_y: 40", "do not fit birth_year"),
        ("isotretinoin: false\n    isotretinoin_stopped: 2026-01-01", "'isotretinoin' is false"),
        ("filler: false\n    filler_placed_mo: 0.1", "'filler' is false"),
        ("hba1c_known: false\n    hba1c_pct: 13", "'hba1c_known' is false"),
        ("breastfeeding: true", "sex_at_birth is male"),
    ],
)
def test_answers_that_contradict_each_other_are_refused(tmp_path: Path, facts: str, said: str) -> None:
    text = GOOD.replace("birth_year: 1990", "birth_year: 2012\n  sex_at_birth: male").replace("pregnant: false", facts)
    message = failure(tmp_path, text)
    assert said in message and "case.yaml:" in message


def test_the_same_skin_is_not_named_twice(tmp_path: Path) -> None:
    zone = "    - zone: cheek-left\n      concern: acne-scars-rolling\n      area_cm2: 40\n"
    assert "is a part of 'cheek'" in failure(tmp_path, GOOD + zone.replace("cheek-left", "cheek"))
