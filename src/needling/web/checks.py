"""Is this installation safe to run? Each finding has an id, and a hint that says what to do.

E: it cannot work. W: it works, and somebody may be harmed by it. ``needling serve`` shows both when it starts, and
``python -m django check`` any time.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register
from django.core.checks import Warning as Doubt
from django.db import connection
from django.db.utils import DatabaseError

from needling.errors import BadInput
from needling.web.keys import data_folder, is_key

_OTHERS = 0o077
_KEYS = ("secret-key", "audit-key")
_GIVEN = ("NEEDLING_SECRET_KEY", "NEEDLING_AUDIT_KEY")
_HERE = ("localhost", "127.0.0.1", "::1")
_HOME = ("localhost", "127.0.0.1", "[::1]", "testserver")
_OVER_A_NETWORK = ("nfs", "nfs4", "cifs", "smb3", "smbfs", "fuse.sshfs", "fuse.glusterfs", "ceph", "afs", "9p", "ncpfs")
_MOUNTS = Path("/proc/self/mounts")
_ENGINES = ("django.db.backends.sqlite3", "django.db.backends.postgresql")


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@register(Tags.security)
def data_folder_is_ours(app_configs: Any = None, **_: Any) -> list[CheckMessage]:
    """The data folder can be written, and nobody else on this computer can look into it."""
    folder = data_folder()
    if not folder.is_dir() or not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
        return [
            Error(
                f"The data folder {folder} cannot be written.",
                hint="Make it, and give it to the user who runs needling; or name another one in NEEDLING_DATA.",
                id="needling.E001",
            )
        ]
    found: list[CheckMessage] = []
    if os.name == "posix" and _mode(folder) & _OTHERS:
        found.append(
            Doubt(
                f"Others on this computer can look into the data folder {folder} (mode {_mode(folder):o}).",
                hint=f"chmod 700 '{folder}'",
                id="needling.W001",
            )
        )
    return found


@register(Tags.security)
def keys_are_secret(app_configs: Any = None, **_: Any) -> list[CheckMessage]:
    """The keys of cookies and of the trail, and the database file, can be read by nobody else."""
    if os.name != "posix":
        return []
    database = settings.DATABASES["default"]
    files = [data_folder() / name for name in _KEYS]
    if database["ENGINE"].endswith("sqlite3"):
        files += [Path(f"{database['NAME']}{more}") for more in ("", "-wal", "-shm")]
    closed = not _mode(data_folder()) & _OTHERS if data_folder().is_dir() else False
    return [
        Doubt(
            f"Others on this computer can read {file} (mode {_mode(file):o}).",
            hint=f"chmod 600 '{file}'; if somebody else may have seen a key, make a new one.",
            id="needling.W002",
        )
        for file in files
        if file.is_file() and _mode(file) & _OTHERS and not (closed and file.parent == data_folder() and _is_data(file))
    ]


def _is_data(file: Path) -> bool:
    """A database file in a folder that is closed to others is closed too; keys have to be closed themselves."""
    return file.name not in _KEYS


@register(Tags.security)
def keys_are_keys(app_configs: Any = None, **_: Any) -> list[CheckMessage]:
    """What is kept as a key, or given as one, is long enough to be one: an empty one would sign for anybody."""
    found = [f"The file {file}" for file in (data_folder() / name for name in _KEYS) if file.is_file() and _short(file)]
    found += [f"The variable {name}" for name in _GIVEN if name in os.environ and not is_key(os.environ[name])]
    return [
        Error(
            f"{what} holds no key: it is empty or too short.",
            hint="Bring the key back from where you keep a copy; a new one no longer fits what the old one signed.",
            id="needling.E004",
        )
        for what in found
    ]


def _short(file: Path) -> bool:
    try:
        return not is_key(file.read_text(errors="replace").strip())
    except OSError:
        return True


def _far(hosts: Iterable[str]) -> list[str]:
    return [host for host in hosts if host not in _HOME]


@register(Tags.security)
def what_is_far_away_is_encrypted(app_configs: Any = None, **_: Any) -> list[CheckMessage]:
    """Whoever is reached under a name of the network is reached over https, under that name alone."""
    found: list[CheckMessage] = []
    far = _far(settings.ALLOWED_HOSTS)
    if far and not settings.HTTPS:
        found.append(
            Doubt(
                f"needling is reached as {', '.join(far)}, but not over https: passwords and charts can be read.",
                hint="Put a server that speaks https in front of it, and set NEEDLING_HTTPS=1.",
                id="needling.W003",
            )
        )
    if "*" in far:
        found.append(
            Doubt(
                "needling answers under any name (NEEDLING_HOSTS holds *).",
                hint="Name the host names under which it is reached.",
                id="needling.W004",
            )
        )
    return found


@register(Tags.security)
def rates_are_rates(app_configs: Any = None, **_: Any) -> list[CheckMessage]:
    """How often strangers may ask for what costs time can be read."""
    try:
        import needling.web.limits  # noqa: F401 - it reads the rate once, when it is first used
    except BadInput as wrong:
        hint = "Write how many in a second (s), minute (min) or hour (h), such as 30/min."
        return [Error(str(wrong), hint=hint, id="needling.E006")]
    return []


def listens_far(host: str) -> list[CheckMessage]:
    """Whether somebody on the network can speak with this server without https; told when it is started."""
    if host in _HERE or settings.HTTPS:
        return []
    return [
        Doubt(
            f"needling listens on {host} without https: whoever is on the way can read passwords and charts.",
            hint="Listen on 127.0.0.1, behind a server that speaks https, with NEEDLING_HTTPS=1.",
            id="needling.W007",
        )
    ]


@register(Tags.security)
def nothing_is_shown_of_the_inside(app_configs: Any = None, **_: Any) -> list[CheckMessage]:
    """Pages of errors show no inside."""
    if not settings.DEBUG:
        return []
    hint = "Set DEBUG = False: its pages show charts and keys to whoever causes an error."
    return [Doubt("DEBUG is on.", hint=hint, id="needling.W005")]


# ---------------------------------------------------------------- the database


@register(Tags.compatibility)
def database_is_known(app_configs: Any = None, **_: Any) -> list[CheckMessage]:
    """The address of the database can be used."""
    engine = settings.DATABASES["default"].get("ENGINE")
    if engine in _ENGINES:
        return []
    scheme = os.environ.get("DATABASE_URL", "").partition(":")[0][:20]
    return [
        Error(
            f"DATABASE_URL begins with '{scheme}', which is not known here.",
            hint="Use postgresql://user:password@host:5432/name, or leave it out: then a SQLite file is used.",
            id="needling.E002",
        )
    ]


@register(Tags.database)
def database_answers(app_configs: Any = None, databases: Sequence[str] | None = None, **_: Any) -> list[CheckMessage]:
    """The database can be reached. The words of its driver are not shown: they may hold a password."""
    if not databases or settings.DATABASES["default"].get("ENGINE") not in _ENGINES:
        return []
    try:
        connection.ensure_connection()
    except (DatabaseError, OSError) as problem:
        told = connection.settings_dict
        at = f"{told['HOST'] or 'this computer'}:{told['PORT'] or 5432}" if told.get("HOST") else told["NAME"]
        return [
            Error(
                f"The database at {at} cannot be reached ({type(problem).__name__}).",
                hint="Is it running, and are name, user and password in DATABASE_URL right?",
                id="needling.E003",
            )
        ]
    return []


@register(Tags.compatibility)
def sqlite_is_on_this_computer(app_configs: Any = None, **_: Any) -> list[CheckMessage]:
    """A SQLite file on a network drive breaks when two computers write to it."""
    database = settings.DATABASES["default"]
    if not str(database.get("ENGINE")).endswith("sqlite3") or str(database["NAME"]).startswith((":memory:", "file:")):
        return []
    kind = _file_system(Path(str(database["NAME"])))
    if kind not in _OVER_A_NETWORK:
        return []
    return [
        Doubt(
            f"The database {database['NAME']} lies on a network drive ({kind}): it can be damaged there.",
            hint="Name a folder of this computer in NEEDLING_DATA, or use PostgreSQL (DATABASE_URL).",
            id="needling.W006",
        )
    ]


def _file_system(path: Path) -> str:
    """The kind of file system under a path, where this computer says so; else empty."""
    try:
        mounts = [line.split() for line in _MOUNTS.read_text().splitlines()]
    except OSError:
        return ""
    here = path.resolve()
    under = [
        (len(Path(where).parts), kind)
        for _, where, kind, *_ in ((one[0], one[1].replace("\\040", " "), *one[2:]) for one in mounts if len(one) > 2)
        if here.is_relative_to(where)
    ]
    return max(under)[1] if under else ""


@register(Tags.security)
def sessions_end(app_configs: Any = None, **_: Any) -> list[CheckMessage]:
    """Who leaves a computer is signed out there after a while."""
    from needling.web.staying import IDLE_MINUTES

    if settings.SESSION_IDLE_MINUTES in IDLE_MINUTES:
        return []
    return [
        Error(
            "NEEDLING_IDLE_MINUTES is no number of minutes after which somebody may be signed out.",
            hint=f"Give a whole number from {IDLE_MINUTES[0]} to {IDLE_MINUTES[-1]}, or leave it out: then it is 60.",
            id="needling.E005",
        )
    ]


_ALL = (
    data_folder_is_ours, keys_are_secret, keys_are_keys, what_is_far_away_is_encrypted, nothing_is_shown_of_the_inside,
    rates_are_rates, database_is_known, database_answers, sqlite_is_on_this_computer, sessions_end,
)  # fmt: skip


def findings() -> list[CheckMessage]:
    """All findings of this module, also of the database: what is looked at before anything is served."""
    return [one for check in _ALL for one in check(databases=["default"])]


def in_words(found: CheckMessage) -> str:
    """One finding with its id and what to do."""
    return f"{found.msg} {found.hint} ({found.id})"
