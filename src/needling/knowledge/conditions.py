"""The closed rule grammar, with three truth values.

``all any not`` combine; ``is in has below at_least within`` test one fact. There are no expression strings.
An unknown fact gives None: the rule then asks, and never passes.

    {all: [{isotretinoin: {is: true}}, {any: [{setting: {is: home}}, {isotretinoin_stopped_mo: {below: 6}}]}]}
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

COMBINERS = ("all", "any", "not")
TESTS = ("is", "in", "has", "below", "at_least", "within")

Condition = dict[str, Any]


class Interval(NamedTuple):
    """A number known only to lie between two bounds, as an age from a birth year."""

    low: float
    high: float


class Truth(NamedTuple):
    """True, False or None (unknown), and the facts whose absence made it unknown."""

    value: bool | None
    unknown: frozenset[str] = frozenset()


_FALSE, _TRUE = Truth(False), Truth(True)


def leaves(condition: Condition) -> Iterator[tuple[str, str, Any]]:
    """Each test in the condition as (fact, operator, operand)."""
    for key, value in condition.items():
        if key in ("all", "any"):
            for part in value:
                yield from leaves(part)
        elif key == "not":
            yield from leaves(value)
        else:
            for operator, operand in value.items():
                yield key, operator, operand


def grammar_errors(condition: Any, path: str = "when") -> list[str]:
    """What is wrong with the form of a condition; empty when it is well formed."""
    if not isinstance(condition, dict) or len(condition) != 1:
        return [f"{path}: expected exactly one of {', '.join(COMBINERS)} or a fact name, got {condition!r}"]
    key, value = next(iter(condition.items()))
    if key in ("all", "any"):
        if not isinstance(value, (list, tuple)) or not value:
            return [f"{path}.{key}: expected a list of conditions"]
        return [error for i, part in enumerate(value) for error in grammar_errors(part, f"{path}.{key}[{i}]")]
    if key == "not":
        return grammar_errors(value, f"{path}.not")
    if not isinstance(value, dict) or len(value) != 1 or next(iter(value)) not in TESTS:
        return [f"{path}.{key}: expected one test out of {', '.join(TESTS)}, got {value!r}"]
    operator, operand = next(iter(value.items()))
    number = isinstance(operand, (int, float)) and not isinstance(operand, bool)
    if operator in ("below", "at_least") and not number:
        return [f"{path}.{key}.{operator}: expected a number, got {operand!r}"]
    if operator == "in" and not (isinstance(operand, (list, tuple)) and operand):
        return [f"{path}.{key}.in: expected a list, got {operand!r}"]
    if operator == "within" and not (isinstance(operand, (list, tuple)) and len(operand) == 2):
        return [f"{path}.{key}.within: expected [low, high], got {operand!r}"]
    return []


def _test(operator: str, operand: Any, value: Any) -> bool | None:
    if isinstance(value, Interval):
        low, high = value
        if operator == "below":
            return True if high < operand else False if low >= operand else None
        if operator == "at_least":
            return True if low >= operand else False if high < operand else None
        if operator == "within":
            if low >= operand[0] and high <= operand[1]:
                return True
            return False if high < operand[0] or low > operand[1] else None
        return None
    if operator == "is":
        return bool(value == operand)
    if operator == "in":
        return value in operand
    if operator == "has":
        return operand in value if isinstance(value, (tuple, list)) else bool(value == operand)
    if operator == "below":
        return bool(value < operand)
    if operator == "at_least":
        return bool(value >= operand)
    return bool(operand[0] <= value <= operand[1])


def evaluate(condition: Condition, lookup: Callable[[str], Any]) -> Truth:
    """Kleene truth of a condition.

    Args:
        condition: well formed (:func:`grammar_errors`).
        lookup: fact name to value; None means unknown; an :class:`Interval` means known within bounds.

    Returns:
        True, False, or None with the unknown facts to ask first: those of the first open part of an ``all``,
        of every open part of an ``any``.
    """
    ((key, value),) = condition.items()
    if key == "not":
        inner = evaluate(value, lookup)
        return inner if inner.value is None else (_FALSE if inner.value else _TRUE)
    if key in ("all", "any"):
        decisive = key == "any"
        unknown: frozenset[str] = frozenset()
        open_parts = False
        for part in value:
            found = evaluate(part, lookup)
            if found.value is decisive:
                return _TRUE if decisive else _FALSE
            if found.value is None:
                if not open_parts or decisive:
                    # In ``all`` only the first open part is asked: the next matters only if it holds.
                    unknown |= found.unknown
                open_parts = True
        if open_parts:
            return Truth(None, unknown)
        return _FALSE if decisive else _TRUE
    fact = lookup(key)
    if fact is None:
        return Truth(None, frozenset((key,)))
    ((operator, operand),) = value.items()
    outcome = _test(operator, operand, fact)
    return Truth(None, frozenset((key,))) if outcome is None else (_TRUE if outcome else _FALSE)
