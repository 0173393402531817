"""Whatever a user feeds in, the answer is a document or BadInput: never another exception."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from needling.documents import Case
from needling.errors import BadInput
from needling.knowledge import load_knowledge
from needling.planning.answers import case_problems
from needling.planning.propose import propose
from needling.planning.screen import screen
from needling.reading import parse_yaml, validate

KB = load_knowledge()
GOOD = (Path(__file__).parents[2] / "examples" / "acne-scars.yaml").read_text(encoding="utf-8")

scalars = st.one_of(
    st.none(), st.booleans(), st.integers(-(10**6), 10**6), st.floats(allow_nan=True), st.text(max_size=12)
)
values = st.recursive(
    scalars,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=8), inner, max_size=3)),
    max_leaves=6,
)


def accept(text: str) -> None:
    """The path of every command up to the candidates."""
    try:
        case = validate(parse_yaml(text, "case.yaml"), Case, check=lambda found: case_problems(found, KB))
    except BadInput as problem:
        assert "case.yaml" in str(problem)
        return
    clearance = screen(case.person, case.assessment, KB)
    propose(case.person, case.assessment, clearance, KB, case.goals)


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=200))
def test_any_text(text: str) -> None:
    accept(text)


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_mutated_yaml(data: st.DataObject) -> None:
    text = GOOD
    for _ in range(data.draw(st.integers(1, 3))):
        start = data.draw(st.integers(0, len(text) - 1))
        end = min(len(text), start + data.draw(st.integers(0, 12)))
        text = (
            text[:start]
            + data.draw(
                st.sampled_from(
                    [
                        "",
                        "\t",
                        ": ",
                        "- ",
                        "[",
                        "}",
                        "&a",
                        "*a",
                        "!!",
                        "|",
                        "9e99",
                        "null",
                        "\n",
                        "é",
                        "#",
                        "%",
                        "@",
                        "'",
                        '"',
                    ]
                )
            )
            + text[end:]
        )
    accept(text)


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(["person", "assessment", "goals"]), st.text(min_size=1, max_size=10), values)
def test_random_values_in_known_and_unknown_places(part: str, key: str, value: Any) -> None:
    import json

    from ruamel.yaml import YAML

    good = YAML(typ="safe", pure=True).load(GOOD)
    known = {
        "person": ["id", "birth_year", "phototype", "facts"],
        "assessment": ["on", "zones", "facts", "scores"],
        "goals": ["device", "needle_length_mm", "gain_weight"],
    }[part]
    section = good.setdefault(part, {})
    section[key if key not in known else known[0]] = value
    accept(json.dumps(good, default=str))
    for name in known:
        accept(json.dumps({**good, part: {**section, name: value}}, default=str))
