"""Keys that sign cookies and the trail: given, or made once and kept where only this user can read them."""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from pathlib import Path

from platformdirs import user_data_path

from needling.errors import BadInput

_BYTES = 48


def data_folder() -> Path:
    """Where the application keeps its own files; ``NEEDLING_DATA`` moves it."""
    given = os.environ.get("NEEDLING_DATA")
    return Path(given) if given else user_data_path("needling", appauthor=False)


def kept_key(name: str, variable: str) -> str:
    """A key from an environment variable, else from the data folder, else a new one that is kept there.

    Args:
        name: of the file. variable: that may hold the key instead.

    Raises:
        BadInput: the folder cannot be written.
    """
    given = os.environ.get(variable)
    if given:
        return given
    file = data_folder() / name
    try:
        with suppress(FileExistsError):
            file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)  # nobody else looks in
            made = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(made, "w") as stream:
                stream.write(secrets.token_urlsafe(_BYTES))
        return file.read_text().strip()
    except OSError as problem:
        raise BadInput(
            f"the key '{name}' cannot be kept in {file.parent}: {problem.strerror}; "
            f"name another folder in NEEDLING_DATA, or give {variable}"
        ) from None
