"""A clinic's folder may add and tighten; whatever would loosen is refused with file and line."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.people import healthy

from needling.errors import BadKnowledge
from needling.knowledge import load, load_knowledge
from needling.knowledge.load import build_knowledge
from needling.planning.envelope import zone_limits
from needling.planning.screen import screen


def lay(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    return folder


def test_naming_only_what_is_lowered_is_enough(tmp_path: Path) -> None:
    kb = build_knowledge(lay(tmp_path, sites="- {id: cheek, clinic_max_mm: 0.5}\n"))
    shipped = build_knowledge()
    assert kb.site("cheek").clinic_max_mm == 0.5
    assert kb.site("cheek").epidermis_um == shipped.site("cheek").epidermis_um
    assert kb.sha256 != shipped.sha256
    clearance = screen(*healthy(kb), kb)
    assert zone_limits("cheek-left", "clinic", clearance, kb).needle_mm.value == 0.5


def test_an_added_rule_counts(tmp_path: Path) -> None:
    rule = """\
- id: our-smokers-wait
  title: Smoker
  when: {smoker: {is: true}}
  then: {action: defer, until_when: four weeks without smoking}
  because: A rule of this clinic.
  tell: Please stop for four weeks first.
  proposal: true
  access: memory
"""
    kb = build_knowledge(lay(tmp_path, rules=rule))
    assert screen(*healthy(kb, smoker=True), kb).verdict == "defer"
    assert screen(*healthy(kb, smoker=False), kb).verdict == "go"


@pytest.mark.parametrize(
    ("section", "text", "said"),
    [
        ("sites", "- {id: cheek, clinic_max_mm: 3}\n", "clinic_max_mm 3.0 is wider than"),
        ("sites", "- {id: eyelid, never: false}\n", "never cannot be lifted"),
        ("sites", "- {id: cheek, clinic_max: 1}\n", "did you mean 'clinic_max_mm'"),
        ("envelopes", "- {setting: home, needle_max_mm: 1.5}\n", "needle_max_mm 1.5 is wider"),
        ("envelopes", "- {setting: home, endpoints: [faint-pink, pinpoint]}\n", "endpoints may only be taken away"),
        ("envelopes", "- {setting: home, first_sessions_count: 0}\n", "first_sessions_count may only grow"),
        ("envelopes", "- {setting: home, frequency: [{up_to_mm: 0.3, min_interval_d: 1}]}\n", "only become longer"),
        ("rules", "- {id: pregnancy}\n", "missing"),
        ("parameters", "- {id: visible-redness}\n", "missing"),
        ("wishes", "- {id: x}\n", "unknown file"),
        ("site", "- {id: cheek}\n", "did you mean 'sites'"),
    ],
)
def test_what_loosens_or_cannot_be_read_is_refused(tmp_path: Path, section: str, text: str, said: str) -> None:
    with pytest.raises(BadKnowledge) as caught:
        build_knowledge(lay(tmp_path, **{section: text}))
    assert said in str(caught.value) and f"{section}.yaml" in str(caught.value)


def test_a_shipped_rule_is_not_replaced(tmp_path: Path) -> None:
    rule = build_knowledge().find("rules", "pregnancy").model_dump_json()
    with pytest.raises(BadKnowledge, match="cannot be replaced"):
        build_knowledge(lay(tmp_path, rules=f"- {rule}\n"))


def test_a_refused_folder_leaves_the_shipped_knowledge_in_force_and_says_so(tmp_path: Path) -> None:
    kb = load_knowledge(lay(tmp_path, sites="- {id: cheek, clinic_max_mm: 3}\n"))
    assert kb.sha256 == load_knowledge().sha256
    assert "sites.yaml:1" in kb.warnings[0] and "in force" in kb.warnings[0]


def test_two_processes_on_an_empty_cache_read_the_same(tmp_path: Path) -> None:
    code = "from needling.knowledge import load_knowledge as l; k = l(); print(k.sha256, len(k.plain()['rules']))"
    started = [
        subprocess.Popen(
            [sys.executable, "-c", code],
            env={**os.environ, "NEEDLING_CACHE": str(tmp_path), "PYTHONPATH": os.pathsep.join(sys.path)},
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(3)
    ]
    said = {process.communicate(timeout=60)[0] for process in started}
    assert len(said) == 1 and said != {""}
    assert len(list(tmp_path.glob("knowledge-*.json"))) == 1 and not list(tmp_path.glob("*.part"))


def test_a_spoilt_cache_is_read_again_from_the_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEEDLING_CACHE", str(tmp_path))
    first = load._load(None)
    (kept,) = tmp_path.glob("knowledge-*.json")
    kept.write_bytes(kept.read_bytes().replace(b'"exclude"', b'"caution"', 1))
    again = load._load(None)
    assert [rule.then for rule in again.rules] == [rule.then for rule in first.rules]
