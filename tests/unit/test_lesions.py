"""Lesions: in case files, in words, and through the learning of a course."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from needling.documents import Assessment, Lesion, Person, Plan, Spot, ZoneFinding
from needling.errors import BadInput
from needling.knowledge import load_knowledge
from needling.learning.standing import answers_of, today_of
from needling.planning.answers import lesion_facts
from needling.planning.cases import blank_case, read_case
from needling.planning.screen import screen
from needling.report.about_clearance import facts_table
from needling.report.about_lesions import lesion_name, lesions_of, lesions_section, rule_on
from needling.report.bibliography import Bibliography
from needling.report.explanation import Telling

KB = load_knowledge()
CASE = """\
person: {id: p1, birth_year: 1990, phototype: III}
assessment:
  on: 2026-11-21
  setting: clinic
  zones:
    - zone: cheek-left
      concern: acne-scars-rolling
      area_cm2: 40
      facts: {tattoo: false}
      lesions:
        - {what: lesion_in_field, size_mm: 4, note: under the eye}
"""


def case(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "case.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def nose(*lesions: dict[str, Any], **facts: Any) -> ZoneFinding:
    told = {"zone": "nose", "concern": "acne-scars-rolling", "area_cm2": 8, "facts": facts, "lesions": lesions}
    return ZoneFinding.model_validate(told)


def look(*zones: ZoneFinding, on: date = date(2026, 11, 21)) -> Assessment:
    return Assessment(person="p1", on=on, setting="clinic", zones=zones)


def test_a_case_file_holds_lesions(tmp_path: Path) -> None:
    found = read_case(case(tmp_path, CASE), KB)
    assert found.assessment.zones[0].lesions == (Lesion(what="lesion_in_field", size_mm=4, note="under the eye"),)
    assert screen(found.person, found.assessment, KB).verdict == "exclude"


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("lesion_in_field", "lesion_in_feild", r":11: .*did you mean 'lesion_in_field'"),
        ("lesion_in_field", "pregnant", r":11: .*unknown lesion 'pregnant'"),
        ("lesion_in_field", "filler_placed", r":11: .*unknown lesion 'filler_placed'"),
        ("lesion_in_field", "tattoo", r":11: .*is there, but the zone says 'tattoo' is false"),
        ("size_mm: 4", "size_mm: 0", r":11: .*greater than 0"),
        ("size_mm: 4", "size_mm: 501", r":11: .*less than or equal to 500"),
        ("size_mm: 4", "left_out: true, size_mm: 4, what: tattoo", r"duplicate key 'what'"),
        ("what: lesion_in_field", "left_out: true, what: raised_scar", r":11: .*left out can be: lesion_in_field, tat"),
        ("note: under the eye}", "note: under the eye}\n" + 20 * "        - {what: filler}\n", r"at most 20 items"),
        ("note: under the eye}", "note: x}\n        - {what: filler}\n        - {what: filler}", r":13: .*twice"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_with_its_line(tmp_path: Path, old: str, new: str, says: str) -> None:
    with pytest.raises(BadInput, match=says):
        read_case(case(tmp_path, CASE.replace(old, new)), KB)


def test_the_blank_case_shows_how_a_lesion_is_written(tmp_path: Path) -> None:
    blank = blank_case(KB)
    assert read_case(case(tmp_path, blank), KB).assessment.zones[0].lesions == ()
    line = next(line for line in blank.splitlines() if "lesions:" in line)
    shown = line.partition("# - ")[2].partition(";")[0]
    filled = blank.replace(line, f"      lesions: [{shown}]")
    assert len(read_case(case(tmp_path, filled), KB).assessment.zones[0].lesions) == 1


def test_a_place_lies_on_the_drawing() -> None:
    assert Spot(view="back", x_share=0, y_share=1)
    for wrong in ({"view": "side"}, {"x_share": -0.01}, {"y_share": 1.01}, {"x_share": float("nan")}):
        with pytest.raises(ValidationError):
            Spot.model_validate({"view": "face", "x_share": 0.5, "y_share": 0.5, **wrong})


def test_not_asked_gives_way_to_what_was_found_and_who_said_yes_stays() -> None:
    assert [(one.name, one.value) for one in nose({"what": "tattoo"}, tattoo=None).facts] == [("tattoo", True)]
    said = nose({"what": "tattoo"}, tattoo={"value": True, "by": "nurse"})
    assert [(one.name, one.by) for one in said.facts] == [("tattoo", "nurse")]


def test_a_lesion_of_a_follow_up_stands_until_a_later_look_says_otherwise() -> None:
    person, first = Person(id="p1"), look(nose(tattoo=False))
    later = look(nose({"what": "tattoo"}), on=first.on + timedelta(days=40))
    _, today = today_of(person, later, answers_of(first, person, [later], ["nose"], KB))
    assert {one.name: one.value for one in today.zones[0].facts}["tattoo"] is True
    assert any(one.rule == "tattoo-in-field" for one in screen(person, today, KB).decisions)
    gone = look(nose(tattoo=False), on=later.on + timedelta(days=40))
    _, today = today_of(person, gone, answers_of(first, person, [later, gone], ["nose"], KB))
    assert {one.name: one.value for one in today.zones[0].facts}["tattoo"] is False


# ---------------------------------------------------------------- words


def test_a_lesion_is_called_by_what_it_is() -> None:
    names = {name: lesion_name(fact) for name, fact in lesion_facts(KB).items()}
    assert names["raised_scar"] == "Keloid or hypertrophic scar"
    assert names["lesion_in_field"] == "Raised mole, birthmark, wart or actinic keratosis"
    assert names["active_acne"] == "Inflamed acne lesions" and names["skin_cancer_in_area"] == "Skin cancer"
    assert all(names.values()) and len(set(names.values())) == len(names)


def test_the_strictest_rule_on_a_lesion_is_told_and_no_home_rule_in_a_clinic() -> None:
    told = {what: rule_on(what, KB, home=False) for what in lesion_facts(KB)}
    assert told["lesion_in_field"] is not None and told["lesion_in_field"].id == "lesion-in-field"
    assert told["rosacea"] is not None and told["rosacea"].id == "rosacea-quiet"
    assert told["melasma"] is not None and told["melasma"].id == "melasma"
    at_home = rule_on("melasma", KB, home=True)
    assert at_home is not None and at_home.id == "melasma-home"


def plan_of(zone: str) -> Plan:
    stroke = {"zone": zone, "needle_length_mm": 1, "directions_count": 2, "passes_count": 2, "force_N": 2}
    session = {"day_d": 0, "device": "roller", "strokes": [stroke], "endpoint": "erythema"}
    told = {"person": "p1", "label": "x", "envelope": "clinic", "sessions": [session], "start": "2026-11-21",
            "clearance_sha256": "0" * 64, "knowledge_version": "x", "knowledge_sha256": "0" * 64}  # fmt: skip
    return Plan.model_validate(told)


def test_the_list_says_what_is_kept_out_of_the_strokes() -> None:
    seen = look(
        nose({"what": "lesion_in_field", "left_out": True, "size_mm": 4, "note": "left wing"}, {"what": "melasma"}),
        ZoneFinding.model_validate({"zone": "chin-jaw", "concern": "acne-scars-rolling", "area_cm2": 8,
                                    "lesions": [{"what": "tattoo"}]}),
    )  # fmt: skip
    telling = Telling(KB, "clinician", False, Bibliography(KB))
    section = lesions_section(seen, plan_of("nose"), telling)
    assert section is not None
    first, second, third = (row.cells for row in section.tables[0].rows)
    assert first[0] == "1. Nose" and first[2] == "4 mm; left wing" and first[3].startswith("Keep out of the strokes.")
    assert "finger's width" in first[3]
    assert "Keep out" not in second[3] and "not rolled" not in second[3]
    assert third[0].startswith("3. ") and third[3].startswith("This zone is not rolled.")
    assert telling.bibliography.references(), "the rules bring their sources"
    assert lesions_section(look(nose(tattoo=True)), plan_of("nose"), telling) is None


def test_the_sheet_for_the_clinic_tells_where_a_lesion_is() -> None:
    seen = look(nose({"what": "raised_scar", "size_mm": 12.5, "note": "on the bridge."}))
    rows = facts_table((Person(id="p1"), seen), Telling(KB, "clinician", False, Bibliography(KB))).rows
    assert ("Nose, in one place", "Keloid or hypertrophic scar; 12.5 mm; on the bridge") in [row.cells for row in rows]
    assert [one.number for one in lesions_of(seen.zones, KB)] == [1]
