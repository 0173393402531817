"""The grammar of rules and its three truth values."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from needling.knowledge.conditions import Interval, evaluate, grammar_errors, leaves

A: dict[str, Any] = {"a": {"is": True}}
B: dict[str, Any] = {"b": {"is": True}}


def truth(condition: dict[str, Any], **facts: Any) -> bool | None:
    return evaluate(condition, facts.get).value


@pytest.mark.parametrize(
    ("a", "b", "both", "either"),
    [
        (True, True, True, True),
        (True, False, False, True),
        (True, None, None, True),
        (False, False, False, False),
        (False, None, False, None),
        (None, None, None, None),
    ],
)
def test_kleene_tables(a: bool | None, b: bool | None, both: bool | None, either: bool | None) -> None:
    for first, second in ((a, b), (b, a)):
        assert truth({"all": [A, B]}, a=first, b=second) is both
        assert truth({"any": [A, B]}, a=first, b=second) is either


def test_not_of_unknown_is_unknown() -> None:
    assert truth({"not": A}) is None
    assert truth({"not": A}, a=True) is False


def test_all_asks_the_gate_first_and_any_asks_everything() -> None:
    assert evaluate({"all": [A, B]}, {}.get).unknown == {"a"}
    assert evaluate({"all": [A, B]}, {"a": True}.get).unknown == {"b"}
    assert evaluate({"any": [A, B]}, {}.get).unknown == {"a", "b"}


@pytest.mark.parametrize(
    ("test", "value", "expected"),
    [
        ({"below": 18}, Interval(16, 17), True),
        ({"below": 18}, Interval(17, 18), None),
        ({"below": 18}, Interval(18, 19), False),
        ({"at_least": 18}, Interval(17, 18), None),
        ({"at_least": 18}, Interval(18, 19), True),
        ({"within": [18, 21]}, Interval(18, 19), True),
        ({"within": [18, 21]}, Interval(21, 22), None),
        ({"within": [18, 21]}, Interval(22, 23), False),
        ({"below": 6}, 6, False),
        ({"at_least": 6}, 6, True),
        ({"within": [1, 2]}, 2, True),
        ({"in": ["I", "II"]}, "III", False),
        ({"has": "x"}, ("x", "y"), True),
        ({"has": "z"}, ("x", "y"), False),
    ],
)
def test_tests(test: dict[str, Any], value: Any, expected: bool | None) -> None:
    assert truth({"fact": test}, fact=value) is expected


@pytest.mark.parametrize(
    "broken",
    [
        [],
        {},
        {"all": []},
        {"all": A},
        {"a": True},
        {"a": {"equals": 1}},
        {"a": {"below": "six"}},
        {"a": {"in": []}},
        {"a": {"within": [1]}},
        {"a": {"is": 1, "in": [1]}},
        {"not": [A]},
        {"a": {"is": 1}, "b": {"is": 1}},
    ],
)
def test_the_grammar_is_closed(broken: Any) -> None:
    assert grammar_errors(broken)


def conditions() -> st.SearchStrategy[dict[str, Any]]:
    leaf = st.builds(lambda name, value: {name: {"is": value}}, st.sampled_from("abcd"), st.booleans())
    return st.recursive(
        leaf,
        lambda inner: st.one_of(
            st.builds(lambda parts: {"all": parts}, st.lists(inner, min_size=1, max_size=3)),
            st.builds(lambda parts: {"any": parts}, st.lists(inner, min_size=1, max_size=3)),
            st.builds(lambda part: {"not": part}, inner),
        ),
        max_leaves=8,
    )


@given(conditions(), st.dictionaries(st.sampled_from("abcd"), st.booleans()))
def test_unknown_is_decided_only_when_every_completion_agrees(
    condition: dict[str, Any], known: dict[str, bool]
) -> None:
    """A second implementation: enumerate all completions of the unknown facts with Boolean logic."""

    def boolean(part: dict[str, Any], facts: dict[str, bool]) -> bool:
        ((key, value),) = part.items()
        if key == "all":
            return all(boolean(p, facts) for p in value)
        if key == "any":
            return any(boolean(p, facts) for p in value)
        if key == "not":
            return not boolean(value, facts)
        return facts[key] == value["is"]

    assert not grammar_errors(condition)
    names = {name for name, _, _ in leaves(condition)}
    missing = sorted(names - set(known))
    outcomes = set()
    for bits in range(2 ** len(missing)):
        completed = {**known, **{name: bool(bits >> i & 1) for i, name in enumerate(missing)}}
        outcomes.add(boolean(condition, completed))
    found = evaluate(condition, known.get)
    if found.value is not None:
        assert outcomes == {found.value}
    else:
        assert found.unknown and found.unknown <= set(missing)
