"""Files stay small, what is public is explained, and nothing in the tree names the machine it was made on."""

from __future__ import annotations

import ast
import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]
MOST_LINES = 600
MADE = {"out", "build", "dist", "__pycache__"}

# Written so that this file does not contain what it forbids.
MACHINE = re.compile(
    r"(?:^|[\s\"'`(=<:])(?:file://)?/(?:wor[k]|far[m]|tm[p]|opt/pyp[i]|hom[e]/[a-z]|roo[t]|User[s])/[A-Za-z.]"
    r"|(?:pyp[i]|pythonhoste[d]|npmj[s]|deb[.]debia[n])[.](?:org|com)"
    r"|--(?:extra-)?index-ur[l]|--find-link[s]"
)
INDEX_OPTIONS_ARE_NAMED_IN = {"Makefile"}  # it tells uv to leave index addresses out
UNFINISHED = re.compile(r"\b(?:TOD[O]|FIXM[E]|XX[X])\b")


def tracked_files() -> list[Path]:
    """All files of the repository that are not ignored, whether committed yet or not."""
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "-z"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if listed.returncode == 0:
        return sorted(path for name in listed.stdout.split("\0") if name and (path := ROOT / name).is_file())
    found = []
    for path in ROOT.rglob("*"):  # an unpacked archive
        folders = path.relative_to(ROOT).parts[:-1]
        if path.is_file() and not any(part in MADE or (part[0] == "." and part != ".ci") for part in folders):
            found.append(path)
    return sorted(found)


def texts() -> list[tuple[Path, str]]:
    found = []
    for path in tracked_files():
        try:
            found.append((path.relative_to(ROOT), path.read_text(encoding="utf-8")))
        except UnicodeDecodeError:
            continue  # a picture
    return found


def _hits(pattern: re.Pattern[str], skip: set[str]) -> list[str]:
    return [
        f"{path}:{number}: {line.strip()[:100]}"
        for path, text in texts()
        if path.name not in skip
        for number, line in enumerate(text.splitlines(), start=1)
        if pattern.search(line)
    ]


def test_no_file_names_a_machine_or_a_package_index() -> None:
    assert not _hits(MACHINE, INDEX_OPTIONS_ARE_NAMED_IN)


def test_nothing_is_left_unfinished() -> None:
    assert not _hits(UNFINISHED, set())


def test_python_files_are_short() -> None:
    long = {
        str(path.relative_to(ROOT)): lines
        for path in tracked_files()
        if path.suffix == ".py" and (lines := len(path.read_text(encoding="utf-8").splitlines())) > MOST_LINES
    }
    assert not long, f"more than {MOST_LINES} lines; find the seam: {long}"


def _undocumented(body: list[ast.stmt], where: str) -> list[str]:
    lacking = []
    for node in body:
        if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)) or node.name.startswith("_"):
            continue
        if node.name == "Meta":  # how Django calls the settings of a table
            continue
        if not ast.get_docstring(node):
            lacking.append(f"{where}:{node.lineno}: {node.name}")
        if isinstance(node, ast.ClassDef):
            lacking += _undocumented(node.body, where)
    return lacking


def test_what_is_public_is_explained() -> None:
    lacking = []
    for path in sorted((ROOT / "src").rglob("*.py")):
        if path.parent.name == "migrations":  # written by Django
            continue
        tree = ast.parse(path.read_text(encoding="utf-8"))
        where = str(path.relative_to(ROOT))
        if tree.body and not ast.get_docstring(tree):
            lacking.append(f"{where}:1: the module")
        lacking += _undocumented(tree.body, where)
    assert not lacking, "no docstring:\n" + "\n".join(lacking)


def test_no_module_is_named_after_nothing() -> None:
    empty_words = {"utils", "util", "helpers", "helper", "manager", "managers", "common", "misc"}
    assert not [str(path) for path in (ROOT / "src").rglob("*.py") if path.stem in empty_words]
