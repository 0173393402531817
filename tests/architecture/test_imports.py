"""Who may import whom, which library may be used where, and what `import needling` must not load."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SRC = ROOT / "src"

# Library -> the only modules (or packages) that may import it, anywhere in a file, lazily or not.
ONLY_IN = {
    "numba": ("needling.simulation.engines.lanes",),
    "llvmlite": (),
    "scipy": ("needling.simulation.engines.reference", "needling.learning.fitting", "needling.trials.analysis"),
    "jax": ("needling.simulation.engines.xla",),
    "libsbml": ("needling.simulation.exchange",),
    "SALib": ("needling.simulation.indices",),
    "roadrunner": (),
    "matplotlib": ("needling.report",),
    "jinja2": ("needling.report", "needling.web"),
    "pyarrow": ("needling.trials",),
    "dask": ("needling.trials.cluster",),
    "distributed": ("needling.trials.cluster",),
    **dict.fromkeys(
        ("django", "axes", "csp", "dj_database_url", "django_otp", "icalendar", "ninja", "segno", "typst", "waitress"),
        ("needling.web", "needling.cli.clinic", "needling.cli.serve"),
    ),
    "fhir": ("needling.fhir",),
    "ruamel": ("needling.reading", "needling.planning.cases", "needling.asking"),
    "typer": ("needling.cli",),
    "rich": ("needling.cli", "needling.asking", "needling.report"),
    "platformdirs": ("needling.knowledge.load", "needling.simulation.engines", "needling.web.keys"),
    "numpy": (
        "needling.simulation",
        *(f"needling.{room}" for room in ("choosing", "comparing", "learning", "trials", "whatif")),
        "needling.report",
        "needling.selftest",
    ),
}
SLOW_LIBRARIES = (
    *("numba", "llvmlite", "jax", "django", "scipy", "matplotlib", "fhir", "SALib", "libsbml"),
    *("pyarrow", "dask", "distributed"),
)


def module_name(path: Path) -> str:
    """``src/needling/knowledge/load.py`` -> ``needling.knowledge.load``."""
    parts = path.relative_to(SRC).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _type_checking_only(tree: ast.Module) -> set[ast.AST]:
    """All nodes under ``if TYPE_CHECKING:``, which never run."""
    return {
        inner
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"
        for statement in node.body
        for inner in ast.walk(statement)
    }


def imported(path: Path) -> Iterator[tuple[str, int]]:
    """Every module that a file imports when it runs, with its line: statements and ``import_module("...")``."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    never_run = _type_checking_only(tree)
    for node in ast.walk(tree):
        if node in never_run:
            continue
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module, node.lineno
        elif isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
            called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if called in ("import_module", "__import__") and isinstance(node.args[0].value, str):
                yield node.args[0].value, node.lineno


def inside(module: str, allowed: tuple[str, ...]) -> bool:
    return any(module == room or module.startswith(room + ".") for room in allowed)


FILES = sorted(SRC.rglob("*.py"))


@pytest.mark.parametrize("library", ONLY_IN)
def test_a_library_is_used_only_in_its_room(library: str) -> None:
    wrong = [
        f"{path.relative_to(ROOT)}:{line} imports {name}"
        for path in FILES
        for name, line in imported(path)
        if name.split(".")[0] == library and not inside(module_name(path), ONLY_IN[library])
    ]
    assert not wrong, f"{library} belongs only in {ONLY_IN[library] or 'nothing'}:\n" + "\n".join(wrong)


def test_equations_are_plain_python() -> None:
    allowed = {"__future__", "math", "typing", "collections"}
    wrong = [
        f"{path.relative_to(ROOT)}:{line} imports {name}"
        for path in sorted((SRC / "needling/simulation/equations").glob("*.py"))
        for name, line in imported(path)
        if name.split(".")[0] not in allowed and not name.startswith("needling.simulation.equations")
    ]
    assert not wrong, "the physics is written once, with no library at all:\n" + "\n".join(wrong)


def test_simulation_sees_documents_only_at_its_seam() -> None:
    # The doors bind.py, serum.py and systemic.py, and the pieces that they are made of.
    seam = tuple(f"needling.simulation.{piece}" for piece in ("bind", "serum", "systemic", "seam"))
    wrong = [
        f"{path.relative_to(ROOT)}:{line} imports {name}"
        for path in sorted((SRC / "needling/simulation").rglob("*.py"))
        for name, line in imported(path)
        if inside(name, ("needling.documents",)) and not inside(module_name(path), seam)
    ]
    assert not wrong, "simulation works on arrays; documents stop at the seam:\n" + "\n".join(wrong)


def test_layers() -> None:
    program = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run(
        [str(program), "--no-cache", "--no-logo"], cwd=ROOT, capture_output=True, text=True, check=False,
        env={**os.environ, "PYTHONPATH": str(SRC)},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


def _loaded_by(code: str) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\nimport sys; print('\\n'.join(sys.modules))"],
        capture_output=True, text=True, check=True, env={**os.environ, "PYTHONPATH": str(SRC)},
    )  # fmt: skip
    return {name.split(".")[0] for name in done.stdout.split()}


def test_import_needling_loads_no_library_at_all() -> None:
    loaded = _loaded_by("import needling")
    assert not loaded & {*SLOW_LIBRARIES, "numpy", "pydantic", "ruamel", "typer", "rich"}


def test_screening_never_waits_for_a_compiler() -> None:
    loaded = _loaded_by("from needling import load_knowledge, screen, read_case, propose, approve, Clearance")
    assert not loaded & {*SLOW_LIBRARIES, "numpy"}


def test_the_command_line_starts_light() -> None:
    assert not _loaded_by("import needling.cli") & {*SLOW_LIBRARIES, "numpy"}


def test_every_public_name_resolves() -> None:
    import needling

    for name in needling.__all__:
        assert getattr(needling, name) is not None
    assert set(needling.__all__) <= set(dir(needling))
