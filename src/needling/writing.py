"""Files out: written beside and renamed, so that nothing half-written is ever seen."""

from __future__ import annotations

import os
from pathlib import Path

from needling.errors import BadInput


def write_text(path: Path, text: str) -> None:
    """Write a text file whole or not at all; makes its folder. Raises BadInput when that is not possible."""
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part.write_text(text, encoding="utf-8")
        os.replace(part, path)
    except OSError as broken:
        part.unlink(missing_ok=True) if part.parent.is_dir() else None
        raise BadInput(f"{path}: cannot be written: {broken.strerror or broken}; choose another --out") from None
