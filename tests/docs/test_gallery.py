"""Every example of the gallery gives its number, says what it asks and whence, and stands in the index."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest

from needling.knowledge.base import Knowledge

GALLERY = Path(__file__).parents[2] / "examples" / "gallery"
NAMES = sorted(path.stem for path in GALLERY.glob("*.py") if path.stem not in ("index", "person", "style"))
# The drawings use names that others may use as well, so they are taken out again afterwards.
OURS = {path.stem for path in GALLERY.glob("*.py")}


@pytest.fixture
def load(monkeypatch: pytest.MonkeyPatch) -> object:
    """Imports a module of the gallery as if the gallery were where Python was started."""
    monkeypatch.syspath_prepend(str(GALLERY))
    before = {name: sys.modules.pop(name) for name in OURS & sys.modules.keys()}
    yield import_module
    for name in OURS & sys.modules.keys():
        del sys.modules[name]
    sys.modules.update(before)


def test_there_are_at_least_fourteen() -> None:
    assert len(NAMES) >= 14


@pytest.mark.parametrize("name", NAMES)
def test_example_gives_its_number(name: str, load: object) -> None:
    example: ModuleType = load(name)  # type: ignore[operator]
    for library in getattr(example, "REQUIRES", ()):
        pytest.importorskip(library, reason=f"{name}.py needs {library}, which is not installed")
    found = example.main()
    assert abs(found - example.EXPECTED) <= example.TOLERANCE, f"{found:g}, expected {example.EXPECTED:g}"


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_example_draws(name: str, load: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    example: ModuleType = load(name)  # type: ignore[operator]
    for library in ("matplotlib", *getattr(example, "REQUIRES", ())):
        pytest.importorskip(library, reason=f"{name}.py needs {library}, which is not installed")
    monkeypatch.setattr(load("style"), "OUT", tmp_path)  # type: ignore[operator]
    example.draw()
    drawn = (tmp_path / f"{name}.svg").read_text(encoding="utf-8")
    assert "</svg>" in drawn and "<text" in drawn


@pytest.mark.parametrize("name", NAMES)
def test_example_says_what_it_asks_and_whence(name: str, load: object, kb: Knowledge) -> None:
    one = load("index").read(name)  # type: ignore[operator]
    assert one.question.endswith("?") and "\n" not in one.question
    assert one.tolerance > 0 and one.unit and one.answer.endswith(".")
    known = {source.key for source in kb.sources}
    assert one.sources and set(one.sources) <= known, set(one.sources) - known


@pytest.mark.parametrize("name", NAMES)
def test_example_is_small_and_draws_only_when_asked(name: str) -> None:
    text = (GALLERY / f"{name}.py").read_text(encoding="utf-8")
    head, _, body = text.partition("\ndef draw() -> None:\n")
    assert "matplotlib" not in head and "from style" not in head and body
    assert text.endswith('if __name__ == "__main__":\n    assert abs(main() - EXPECTED) <= TOLERANCE\n    draw()\n')
    assert len(text.splitlines()) <= 110


def test_index_is_up_to_date(load: object) -> None:
    index = load("index")  # type: ignore[operator]
    assert (GALLERY / "README.md").read_text(encoding="utf-8") == index.page(), "run: python examples/gallery/index.py"
    assert index.names() == NAMES
