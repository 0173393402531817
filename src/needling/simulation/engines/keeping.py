"""Where compiled kernels are kept between runs.

In a folder named after the text that they were compiled from, so that an edit never meets a stale kernel: below
``NUMBA_CACHE_DIR`` or ``NEEDLING_CACHE`` where one is set, else below the user's cache folder. Where that cannot be
written, in a private temporary folder; what lies warm in a read-only folder is copied there. Where nothing can be
written, nowhere: then kernels are compiled in every process.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
import sys
import tempfile
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path
from types import ModuleType

_PRIVATE = stat.S_IRWXU


def text_hash(*modules: ModuleType) -> str:
    """Name of one state of the code: the modules' text and place, and the versions that compile it."""
    digest = hashlib.sha256()
    for part in (sys.implementation.cache_tag, version("numba"), version("numpy"), version("llvmlite")):
        digest.update(f"{part} ".encode())
    for module in modules:
        path = Path(str(module.__file__))
        digest.update(str(path.parent.resolve()).encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def holds_kernels(folder: Path, kernels: tuple[str, ...]) -> bool:
    """Whether every kernel lies in a folder. Looks at names only."""
    return all(any(folder.rglob(f"*{name}-*.nbc")) for name in kernels)


def kernel_folder(name: str, kernels: tuple[str, ...]) -> Path | None:
    """The folder to keep kernels in, or None where nothing can be written.

    Args:
        name: from :func:`text_hash`. kernels: names of all that will lie there.
    """
    chosen = os.environ.get("NUMBA_CACHE_DIR") or os.environ.get("NEEDLING_CACHE")
    if not chosen:
        from platformdirs import user_cache_path

        chosen = str(user_cache_path("needling"))
    wanted = Path(chosen) / f"kernels-{name}"
    if _can_write(wanted):
        return wanted
    own = _private_folder()
    if own is None:
        return None
    spare = own / wanted.name
    with suppress(OSError):
        if holds_kernels(wanted, kernels) and not holds_kernels(spare, kernels):
            _copy(wanted, spare)
    return spare if _can_write(spare) else None


def _can_write(folder: Path) -> bool:
    """Whether a file can really be written there; a mode alone does not say so."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=folder).close()
    except OSError:
        return False
    return True


def _private_folder() -> Path | None:
    """A temporary folder that nobody else can write to; None where there is none, or where another owns its name.

    Kernels are machine code that will be run, so a folder laid by somebody else must never be read.
    """
    user = os.getuid() if hasattr(os, "getuid") else 0
    try:
        folder = Path(tempfile.gettempdir()) / f"needling-{user}"
        with suppress(FileExistsError):
            folder.mkdir(mode=_PRIVATE)
        found = folder.lstat()
    except OSError:
        return None
    if not stat.S_ISDIR(found.st_mode):
        return None
    if hasattr(os, "getuid") and (found.st_uid != user or stat.S_IMODE(found.st_mode) != _PRIVATE):
        return None
    return folder


def _copy(warm: Path, spare: Path) -> None:
    """Copy beside and rename, so that two processes at once never see half a folder."""
    with tempfile.TemporaryDirectory(dir=spare.parent) as beside:
        made = Path(beside) / spare.name
        for file in (path for path in warm.rglob("*") if path.is_file()):
            place = made / file.relative_to(warm)
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, place)  # the text only: a read-only mode would come along otherwise
        os.replace(made, spare)
