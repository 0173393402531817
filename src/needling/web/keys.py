"""Keys that sign cookies and the trail: given, or made once and kept where only this user can read them."""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from pathlib import Path

from platformdirs import user_data_path

from needling.errors import BadInput

_BYTES = 48
_SHORTEST = 32
_FEWEST = 6  # different letters
_DO = "a key has at least 32 random letters"


def data_folder() -> Path:
    """Where the application keeps its own files; ``NEEDLING_DATA`` moves it."""
    given = os.environ.get("NEEDLING_DATA")
    return Path(given) if given else user_data_path("needling", appauthor=False)


def is_key(said: str) -> bool:
    """Whether this can be a key: long, and not one letter again and again."""
    return len(said) >= _SHORTEST and len(set(said)) >= _FEWEST


def given_key(variable: str) -> str:
    """A key from an environment variable; "" where it is not set.

    Raises:
        BadInput: what is set can be no key.
    """
    given = os.environ.get(variable)
    if given is None:
        return ""
    if not is_key(given):
        raise BadInput(
            f"{variable} is set, but holds no key: {_DO}. Give a whole one, or unset it: then the data folder keeps "
            "one. (needling.E004)"
        )
    return given


def kept_key(name: str, variable: str) -> str:
    """A key from an environment variable, else from the data folder, else a new one that is kept there.

    A new file appears whole or not at all: whoever starts at the same moment, or after a power cut, reads no half key.

    Args:
        name: of the file. variable: that may hold the key instead.

    Raises:
        BadInput: the folder cannot be written, or what is kept can be no key: nothing is ever signed with that.
    """
    if given := given_key(variable):
        return given
    file = data_folder() / name
    try:
        if not file.exists():
            file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)  # nobody else looks in
            _make(file)
        kept = file.read_text(errors="replace").strip()
    except OSError as problem:
        raise BadInput(
            f"the key '{name}' cannot be kept in {file.parent}: {problem.strerror}; "
            f"name another folder in NEEDLING_DATA, or give {variable}"
        ) from None
    if not is_key(kept):
        raise BadInput(
            f"{file} is there, but holds no key: {_DO}. Bring the file back from where you keep a copy. Only where "
            "nothing was ever signed with it, delete it: then a new one is made. (needling.E004)"
        )
    return kept


def _make(file: Path) -> None:
    """A new key; one that somebody else makes in this moment stays."""
    new = file.with_name(f".{file.name}.{os.getpid()}.{secrets.token_hex(4)}")
    try:
        with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as stream:
            stream.write(secrets.token_urlsafe(_BYTES))
            stream.flush()
            os.fsync(stream.fileno())
        with suppress(FileExistsError):
            os.link(new, file)
    finally:
        new.unlink(missing_ok=True)
