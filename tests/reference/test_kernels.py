"""How compiled kernels are kept and run: forks, edits, folders that cannot be written, one signature each."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.virtual_world import course_plan, somebody, world

from needling.simulation import Belief, simulate
from needling.simulation.engines import Floats, keeping, lanes
from needling.simulation.engines.lanes import healing

SRC = Path(lanes.__file__).parents[4]
STROKE = (
    "import numpy as np\n"
    "from needling.simulation.engines import lanes\n"
    "from needling.simulation.engines.lanes import healing\n"
    "from needling.simulation.equations.stroke import STROKE_PARAMETERS, TOOL\n"
    "tool = np.ones((1, len(TOOL))); tool[0, 0] = 2.0\n"
    "print(lanes.strokes(tool, np.ones((1, 1)), np.ones((len(STROKE_PARAMETERS), 1)))[0, 0, 0], healing.KEPT.folder)\n"
)


def _final(members: int = 40) -> Floats:
    belief = Belief.prior(world(), members=members)
    return simulate(course_plan(sessions=2), *somebody(), belief).severity[:, 0, -1]


FORKED = """
import multiprocessing
import numpy as np
from tests.reference.test_kernels import _final

def child(pipe):
    pipe.send(_final())

here = _final()
context = multiprocessing.get_context("fork")
ours, theirs = context.Pipe(duplex=False)
process = context.Process(target=child, args=(theirs,))
process.start()
try:
    print(ours.poll(60) and np.array_equal(ours.recv(), here))
finally:
    process.kill()
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_forked_child_runs_as_its_parent_did() -> None:
    """Threads do not live on in a fork: a kept pool would wait for ever. In a process of its own, without JAX."""
    root = str(Path(__file__).parents[2])
    env = {**os.environ, "PYTHONPATH": os.pathsep.join([str(SRC), root])}
    done = subprocess.run(
        [sys.executable, "-c", FORKED], env=env, capture_output=True, text=True, timeout=200, check=False
    )
    assert done.stdout.split() == ["True"], done.stderr


def test_every_kernel_has_one_signature() -> None:
    """What warm() compiles is what runs: no second memory layout, whatever the shape of the batch."""
    lanes.warm()
    for members in (1, 3, 40):
        _final(members)
    for kernel in (healing._strokes, healing._heal):
        assert len(kernel.signatures) == 1, kernel.signatures


@pytest.fixture
def copy() -> Iterator[Path]:
    """A copy of the package that may be edited."""
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(SRC / "needling", Path(folder) / "needling", ignore=shutil.ignore_patterns("__pycache__"))
        yield Path(folder)


def _run(code: str, source: Path, **variables: str) -> list[str]:
    env = {name: value for name, value in os.environ.items() if not name.startswith(("NUMBA_", "NEEDLING_"))}
    env |= {"PYTHONPATH": str(source), "PYTHONDONTWRITEBYTECODE": "1", **variables}
    done = subprocess.run(
        [sys.executable, "-c", code], env=env, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def test_an_edited_equation_is_used_and_the_users_setting_is_left_alone(copy: Path) -> None:
    """Also below a NUMBA_CACHE_DIR of the user, where numba itself would not see the edit."""
    kept = str(copy / "kept")
    code = STROKE + "import os, numba; print(os.environ['NUMBA_CACHE_DIR'], numba.config.CACHE_DIR, lanes.is_warm())"
    file = copy / "needling" / "simulation" / "equations" / "rolling.py"
    first, folder, named, seen, _ = _run(code, copy, NUMBA_CACHE_DIR=kept)
    assert named == seen == kept and Path(folder).parent == Path(kept)
    text = file.read_text(encoding="utf-8")
    edited = text.replace("return passes * needles * rate / (speed", "return 2 * passes * needles * rate / (speed")
    assert edited != text
    file.write_text(edited, encoding="utf-8")
    second, other, *_ = _run(code, copy, NUMBA_CACHE_DIR=kept)
    assert float(second) == 2 * float(first) and other != folder
    assert _run("from needling.simulation import lanes_are_warm as w; print(w())", copy, NUMBA_CACHE_DIR=kept) == [
        "False"  # only one kernel was compiled there
    ]


def test_no_writable_folder_still_runs(copy: Path) -> None:
    """A file in the place of every folder: nothing can be kept, and nothing breaks."""
    (copy / "file").write_text("", encoding="utf-8")
    nowhere = str(copy / "file" / "below")
    code = f"import tempfile; tempfile.tempdir = {nowhere!r}\n" + STROKE + "print(lanes.is_warm())"
    assert _run(code, copy, NEEDLING_CACHE=nowhere) == ["1.0", "None", "False"]


@pytest.mark.skipif(os.name != "posix", reason="needs owners and modes")
def test_a_read_only_warm_folder_is_used(copy: Path) -> None:
    kept, spare = copy / "kept", copy / "tmp"
    _run("from needling.simulation import warm_lanes; warm_lanes()", copy, NEEDLING_CACHE=str(kept))
    spare.mkdir()
    # root may write everywhere, so the folder's refusal is played
    locked = (
        "import tempfile; free = tempfile.TemporaryFile\n"
        "def refuse(*a, dir=None, **k):\n"
        f"    if str(dir).startswith({str(kept)!r}): raise PermissionError(dir)\n"
        "    return free(*a, dir=dir, **k)\n"
        "tempfile.TemporaryFile = refuse\n"
    )
    code = locked + STROKE + "print(lanes.is_warm(), sum(healing._strokes.stats.cache_hits.values()))"
    _, folder, warm, hits = _run(code, copy, NEEDLING_CACHE=str(kept), TMPDIR=str(spare))
    assert Path(folder).is_relative_to(spare) and (warm, hits) == ("True", "1")
    assert stat.S_IMODE(Path(folder).parent.stat().st_mode) == 0o700


@pytest.mark.skipif(os.name != "posix", reason="needs owners and modes")
def test_a_temporary_folder_that_others_can_write_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    name = tmp_path / f"needling-{os.getuid()}"
    assert keeping._private_folder() == name and stat.S_IMODE(name.stat().st_mode) == 0o700
    name.chmod(0o777)
    assert keeping._private_folder() is None
    name.rmdir()
    name.symlink_to(tmp_path)
    assert keeping._private_folder() is None
