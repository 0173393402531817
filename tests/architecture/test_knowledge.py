"""The shipped knowledge is whole: it loads, every key resolves, every parameter is used, every name used exists."""

from __future__ import annotations

import ast
import json
import re
from functools import cache
from importlib import import_module
from pathlib import Path

import pytest

from needling.knowledge.base import SECTIONS, Knowledge
from needling.knowledge.load import BASE, section_files

SRC = Path(__file__).parents[2] / "src" / "needling"


@cache
def _strings() -> tuple[frozenset[str], tuple[re.Pattern[str], ...]]:
    """All string constants of the code, and its f-strings as patterns."""
    constants: set[str] = set()
    patterns: set[str] = set()
    for path in SRC.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                constants.add(node.value)
            elif isinstance(node, ast.JoinedStr):
                parts = [part.value if isinstance(part, ast.Constant) else None for part in node.values]
                fixed = "".join(str(part) for part in parts if part is not None)
                if re.fullmatch(r"[a-z0-9-]{6,}", fixed) and "-" in fixed:  # an id in the making, not a sentence
                    patterns.add("".join("[a-z0-9-]+" if part is None else re.escape(str(part)) for part in parts))
    return frozenset(constants), tuple(re.compile(pattern) for pattern in patterns)


@cache
def _listed() -> dict[str, str]:
    """Every id in a ``...PARAMETERS`` tuple of an equation, as it is when the module is loaded."""
    found = {}
    for path in (SRC / "simulation" / "equations").glob("*.py"):
        module = import_module(f"needling.simulation.equations.{path.stem}")
        for name, value in vars(module).items():
            if name.endswith("PARAMETERS") and isinstance(value, tuple):
                found |= dict.fromkeys(value, f"{module.__name__}.{name}")
    return found


def _names_in(node: ast.AST) -> list[str]:
    """Parameter ids asked for in one piece of code: ``parameter("x")``, ``drawn["x"]``."""
    where: list[ast.expr] = []
    if isinstance(node, ast.Call):
        called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        where = node.args if called.strip("_") == "parameter" else []
    elif isinstance(node, ast.Subscript):
        held = node.value.attr if isinstance(node.value, ast.Attribute) else getattr(node.value, "id", "")
        where = [node.slice] if held.strip("_") == "drawn" else []
    return [part.value for part in where if isinstance(part, ast.Constant) and isinstance(part.value, str)]


@cache
def _asked_for() -> dict[str, str]:
    """Every parameter id that stands in the code where one is asked for, with its place."""
    return _listed() | {
        name: f"{path.relative_to(SRC)}:{getattr(node, 'lineno', 0)}"
        for path in SRC.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        for name in _names_in(node)
    }


def test_every_section_has_entries(kb: Knowledge) -> None:
    assert not [section for section in SECTIONS if not getattr(kb, section)]
    assert not kb.warnings


def test_no_yaml_file_is_left_unread() -> None:
    read = {path for section in SECTIONS for path in section_files(BASE, section)}
    assert not set(BASE.rglob("*.yaml")) - read, "these files belong to no section and are never loaded"


def test_every_parameter_is_used(kb: Knowledge) -> None:
    constants, patterns = _strings()
    unused = [
        entry.id
        for entry in kb.parameters
        if entry.id not in constants | _listed().keys() and not any(pattern.fullmatch(entry.id) for pattern in patterns)
    ]
    assert not unused, "in knowledge/parameters, but no code names them"


def test_every_parameter_that_is_asked_for_exists(kb: Knowledge) -> None:
    known = {entry.id for entry in kb.parameters}
    assert _asked_for()
    assert not {name: where for name, where in _asked_for().items() if name not in known}


def test_every_source_is_cited(kb: Knowledge) -> None:
    sections = {section: entries for section, entries in kb.plain().items() if section != "sources"}
    cited = set(re.findall(r'"key": "([^"]+)"', json.dumps(sections)))
    cited |= {legal.source for device in kb.devices for legal in device.legal}
    assert not [source.key for source in kb.sources if source.key not in cited], "sources that nothing cites"


def test_nothing_released_rests_on_memory_alone(kb: Knowledge) -> None:
    access = {source.key: source.access for source in kb.sources}
    weak = []
    for section in SECTIONS:
        for entry in getattr(kb, section):
            supporting = [c.key for c in getattr(entry, "sources", ()) if c.stance == "supports"]
            only_memory = bool(supporting) and all(access[key] == "memory" for key in supporting)
            if only_memory and not entry.proposal and section in ("parameters", "envelopes", "topicals"):
                weak.append(f"{section}: {getattr(entry, 'id', entry)}")
    assert not weak, "these rest on memory alone and are not marked as our proposal"


def test_every_entry_has_a_source_or_is_our_proposal(kb: Knowledge) -> None:
    bare = [
        f"{section}: {getattr(entry, 'id', getattr(entry, 'setting', '?'))}"
        for section in SECTIONS
        for entry in getattr(kb, section)
        if hasattr(entry, "proposal") and not entry.sources and not entry.proposal
    ]
    assert not bare, "neither a source nor marked as our proposal"


@pytest.mark.parametrize("section", ["rules", "parameters", "sources"])
def test_names_are_of_one_form(kb: Knowledge, section: str) -> None:
    names = [getattr(entry, "key", None) or entry.id for entry in getattr(kb, section)]
    assert not [name for name in names if not re.fullmatch(r"[a-z0-9]+([.-][a-z0-9]+)*", name)]
