"""Case files: one YAML (or JSON) file with a person, a first assessment and goals."""

from __future__ import annotations

import json
from pathlib import Path

from needling.documents import Case
from needling.errors import BadInput
from needling.knowledge import Knowledge, load_knowledge
from needling.knowledge.schema import FactDefinition
from needling.planning.answers import case_problems
from needling.reading import read, read_text


def read_case(path: str | Path, kb: Knowledge | None = None) -> Case:
    """A case file to a checked case.

    Raises:
        BadInput: file, line, path, value, what is allowed and the closest match, for everything that is wrong.
    """
    knowledge = kb or load_knowledge()
    _check_no_run(Path(path))
    return read(Path(path), Case, check=lambda case: case_problems(case, knowledge))


def _check_no_run(path: Path) -> None:
    """Raises BadInput for the file of a run, which holds a case but is none."""
    if path.suffix != ".json" or not path.is_file():
        return
    try:
        content = json.loads(read_text(path))
    except ValueError:
        return  # said with its line when it is read
    if isinstance(content, dict) and {"choice", "clearance"} <= set(content):
        raise BadInput(f"{path}: this is a run; give the case file, or use needling replay or needling compare")


def blank_case(kb: Knowledge, setting: str = "clinic") -> str:
    """A case file with every fact asked and none answered: fill in what is known, leave the rest as null."""
    person_facts = [fact for fact in kb.facts if fact.scope == "person"]
    zone_facts = [fact for fact in kb.facts if fact.scope == "zone"]

    def lines(facts: list[FactDefinition], indent: str) -> list[str]:
        written: list[str] = []
        topic = ""
        for fact in facts:
            if fact.topic != topic:
                topic = fact.topic
                written.append(f"{indent}# {topic}")
            choices = f" ({' | '.join(fact.choices)})" if fact.choices else ""
            written.append(f"{indent}{fact.name}: null  # {fact.ask}{choices}")
        return written

    return "\n".join(
        [
            "# A case for needling. null means 'not known': it is asked, and never read as 'no'.",
            "person:",
            "  id: person-1",
            "  birth_year: null",
            "  phototype: null  # I | II | III | IV | V | VI",
            "  sex_at_birth: null  # female | male | intersex",
            "  facts:",
            *lines(person_facts, "    "),
            "assessment:",
            "  on: 2026-11-21",
            f"  setting: {setting}  # home | clinic",
            "  zones:",
            f"    - zone: cheek-left  # {', '.join(site.id for site in kb.sites)}; -left or -right where two-sided",
            f"      concern: acne-scars-rolling  # {', '.join(indication.id for indication in kb.indications)}",
            "      area_cm2: 40",
            "      facts:",
            *lines(zone_facts, "        "),
            "      lesions: []  # - {what: lesion_in_field, size_mm: 4, note: under the eye}; makes its fact true here",
            "  scores: []  # - {scale: goodman-baron-qualitative, zone: cheek-left, value: 3}",
            "goals:",
            "  gain_weight: 1",
            "",
        ]
    )
