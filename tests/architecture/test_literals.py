"""No number from science in planning or simulation: those come from knowledge/parameters, with their sources.

Allowed are 0, 1, 2 and 1/2 (of either sign); indices and slices; arguments that shape and do not compute
(``axis=2``, ``round(x, 3)``, ``range(3)``, ``zeros((3, n))``); enumerations; and numbers marked ``# numerical: why``
on their line, on the first or last line of their statement, or on the line above it (or above a paragraph of
constants of the module): tolerances, tableaus of integration, mathematical constants.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROOMS = ("planning", "simulation")
ALLOWED = {0, 1, 2, 0.5}
SHAPING_KEYWORDS = {
    "axis",
    "maxsize",
    "ndigits",
    "ndim",
    "min_length",
    "stacklevel",
    "indent",
    "dtype",
    "n",
    "cutoff",
    "digest_size",
}
SHAPING_CALLS = {"round", "range", "islice", "reshape", "moveaxis", "expand_dims", "zeros", "ones", "empty"}
ENUMERATIONS = {"Enum", "IntEnum", "StrEnum", "IntFlag"}
MARK = re.compile(r"#.*\bnumerical:\s*\S+")


def _called(node: ast.Call) -> str:
    return node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")


def _structural(tree: ast.Module) -> set[ast.AST]:
    """Nodes inside which a number is a place, a shape or a name, not a quantity."""
    roots: list[ast.AST] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Subscript):
            roots.append(node.slice)
        elif isinstance(node, ast.keyword) and node.arg in SHAPING_KEYWORDS:
            roots.append(node.value)
        elif isinstance(node, ast.Call) and _called(node) in SHAPING_CALLS:
            roots += node.args
        elif isinstance(node, ast.ClassDef) and any(getattr(base, "id", "") in ENUMERATIONS for base in node.bases):
            roots.append(node)
        elif isinstance(node, ast.FormattedValue) and node.format_spec is not None:
            roots.append(node.format_spec)
    return {inner for root in roots for inner in ast.walk(root)}


def _statements(tree: ast.Module) -> dict[int, tuple[int, int]]:
    """Line -> first and last line of the innermost simple statement on it."""
    spans: dict[int, tuple[int, int]] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.stmt) and not hasattr(node, "body") and node.end_lineno is not None:
            for line in range(node.lineno, node.end_lineno + 1):
                spans[line] = (node.lineno, node.end_lineno)
    return spans


def _heading(first: int, spans: dict[int, tuple[int, int]], lines: list[str]) -> int:
    """The line above a statement, or above the paragraph of constants of the module that it stands in."""
    above = first - 1
    while above in spans and lines[first - 1][:1].strip() and lines[spans[above][0] - 1][:1].strip():
        first = spans[above][0]
        above = first - 1
    return above


def stray_literals(text: str) -> Iterator[tuple[int, object]]:
    """Line and value of every number that has no business being in the code."""
    tree, lines = ast.parse(text), text.splitlines()
    structural, spans = _structural(tree), _statements(tree)

    def marked(line: int) -> bool:
        first, last = spans.get(line, (line, line))
        here = {line, first, last}
        above = {n for n in (line - 1, _heading(first, spans, lines)) if n and lines[n - 1].lstrip().startswith("#")}
        return any(MARK.search(lines[n - 1]) for n in here | above)

    for node in ast.walk(tree):
        if not isinstance(node, ast.Constant) or isinstance(node.value, bool) or node in structural:
            continue
        if isinstance(node.value, (int, float, complex)) and node.value not in ALLOWED and not marked(node.lineno):
            yield node.lineno, node.value


FILES = [path for room in ROOMS for path in sorted((ROOT / "src/needling" / room).rglob("*.py"))]


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT / "src/needling")))
def test_no_stray_numbers(path: Path) -> None:
    found = [f"{path.name}:{line}: {value}" for line, value in stray_literals(path.read_text(encoding="utf-8"))]
    assert not found, (
        "numbers belong in knowledge/parameters with their sources, or, when they are mathematics, get a mark "
        "'# numerical: why':\n" + "\n".join(found)
    )


@pytest.mark.parametrize(
    ("code", "stray"),
    [
        ("x = 23.7", [23.7]),
        ("x = 23.7  # numerical: the tolerance of the root finder", []),
        ("x = 23.7  # numerical:", [23.7]),
        ("# numerical: classical weights\ny = (\n    1 / 6,\n    1 / 3,\n)", []),
        ("y = (\n    1 / 6,\n)  # numerical: classical weights", []),
        ("# numerical: the paragraph\nA = 3\nB = 4\n\nC = 5", [5]),
        ("def f(x):\n    # numerical: only this\n    y = 3\n    return 4 * x", [4]),
        ("x = a[3] + a[4:7].sum(axis=3)", []),
        ("for i in range(3):\n    pass", []),
        ("x = -1 + 2.0 * 0.5", []),
        ("def f(days=42): ...", [42]),
        ("x = a[3] * 7", [7]),
        ("text = f'{x:3.7f}'", []),
        ("class R(IntEnum):\n    A = 5", []),
    ],
)
def test_the_check_itself(code: str, stray: list[float]) -> None:
    assert [value for _, value in stray_literals(code)] == stray
