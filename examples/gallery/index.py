"""The index of the gallery: ``python examples/gallery/index.py`` writes README.md; a test keeps the two alike."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).parent
NOT_EXAMPLES = ("index", "person", "style")
HEAD = """# Gallery

Each file redraws a published figure or table, or answers one question, with one number that a test asserts
(`make test`). Run one and it draws: `python examples/gallery/even_map.py` writes `out/gallery/even_map.svg`.
Bands are possible people; open marks are published points, or exact solutions where it is numerics that is asked about.
A larger study, of two rollers on paper: [device_design.py](../device_design.py).

<!-- The table is made from the files by `python examples/gallery/index.py`; a test keeps it so. -->

| question | answer, as tested | sources | file |
|---|---|---|---|
"""


class Example(NamedTuple):
    """What a file says of itself, read without running it."""

    name: str
    question: str
    answer: str
    expected: float
    tolerance: float
    unit: str
    sources: tuple[str, ...]
    requires: tuple[str, ...]


def names() -> list[str]:
    """Every example."""
    return sorted(path.stem for path in HERE.glob("*.py") if path.stem not in NOT_EXAMPLES)


def read(name: str) -> Example:
    """One example. Raises ValueError where its question, its answer or its number is not given."""
    tree = ast.parse((HERE / f"{name}.py").read_text(encoding="utf-8"))
    question, _, rest = (ast.get_docstring(tree) or "").partition("\n\n")
    answer, _, source = rest.partition("\n\nSource: ")
    if not (question.endswith("?") and answer and source):
        raise ValueError(f"{name}.py needs a docstring of a question, the answer and 'Source: ...'")
    given: dict[str, object] = {"REQUIRES": ()}
    for statement in tree.body:
        if isinstance(statement, ast.Assign):
            target = statement.targets[0]
            if isinstance(target, ast.Tuple) and isinstance(statement.value, ast.Tuple):
                pairs = zip(target.elts, statement.value.elts, strict=False)
            else:
                pairs = iter([(target, statement.value)])
            for one, value in pairs:
                if isinstance(one, ast.Name) and one.id in ("EXPECTED", "TOLERANCE", "UNIT", "SOURCES", "REQUIRES"):
                    given[one.id] = ast.literal_eval(value)
    if lacking := {"EXPECTED", "TOLERANCE", "UNIT", "SOURCES"} - given.keys():
        raise ValueError(f"{name}.py does not say {', '.join(sorted(lacking))}")
    return Example(
        name,
        question,
        " ".join(answer.split()),
        *(given[key] for key in ("EXPECTED", "TOLERANCE", "UNIT", "SOURCES", "REQUIRES")),
    )  # type: ignore[arg-type]


def page() -> str:
    """The text of README.md."""
    rows = []
    for one in map(read, names()):
        sources = ", ".join(f"`{key}`" for key in one.sources)
        needs = f" (needs {', '.join(one.requires)})" if one.requires else ""
        rows.append(
            f"| {one.question} | {one.expected:g} ± {one.tolerance:g} {one.unit} | {sources} | "
            f"[{one.name}.py]({one.name}.py){needs} |"
        )
    return HEAD + "\n".join(rows) + "\n"


if __name__ == "__main__":
    (HERE / "README.md").write_text(page(), encoding="utf-8")
    print(f"examples/gallery/README.md: {len(names())} examples")
