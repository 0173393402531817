"""Backup into one file and back: all rows at one moment, checked before and after.

The file holds what is kept of people: it is as secret as the database. It does not hold the keys that sign cookies and
the trail; they lie in the data folder and are backed up apart from it, or a thief of one would have both.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import os
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from django.apps import apps
from django.core import serializers
from django.core.management.color import no_style
from django.db import connection, models, transaction

from needling import __version__
from needling.errors import BadInput, NotAllowed
from needling.web.accounts.models import Clinic
from needling.web.charts.models import Trace
from needling.web.charts.moment import one_moment
from needling.web.charts.trail import leave_trace, note_end, noted_end, problems

_FORMAT = "needling-backup-1"
# What is kept, each after what it refers to; sessions and failed sign-ins are not worth keeping.
_MODELS = (
    "accounts.Clinic",
    "accounts.User",
    "accounts.Invitation",
    "api.Token",
    "otp_totp.TOTPDevice",
    "otp_static.StaticDevice",
    "otp_static.StaticToken",
    "charts.Chart",
    "people.Intake",
    "charts.Row",
    "charts.Trace",
    "charts.Head",
)
_AT_ONCE = 500


class Kept(NamedTuple):
    """What a backup holds: rows by model, and its sha256. ``lost``: rows of the trail that came after it."""

    rows: dict[str, int]
    sha256: str
    lost: int = 0


def _models() -> list[type[models.Model]]:
    return [apps.get_model(name) for name in _MODELS]


def _ordered(model: type[models.Model]) -> Any:
    """Rows in an order in which each comes after the one it refers to."""
    return model._default_manager.order_by(*(("at", "pk") if model.__name__ == "Row" else ("pk",)))


def backup(file: Path) -> Kept:
    """Write everything at one moment into a new file.

    Raises:
        BadInput: the file is there already, or cannot be written.
    """
    if file.exists():
        raise BadInput(f"{file} is there already; name another file, so that no backup is lost")
    new = file.with_name(f".{file.name}.{os.getpid()}")
    counted: dict[str, int] = {}
    digest = hashlib.sha256()
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as raw:
            with gzip.GzipFile(fileobj=raw, mode="wb", mtime=0) as out, one_moment():
                _line(out, digest, {"format": _FORMAT, "needling": __version__})
                for model in _models():
                    counted[model._meta.label_lower] = 0
                    for row in _ordered(model).iterator(chunk_size=_AT_ONCE):
                        _line(out, digest, serializers.serialize("python", [row])[0])
                        counted[model._meta.label_lower] += 1
                out.write(json.dumps({"end": counted, "sha256": digest.hexdigest()}).encode() + b"\n")
            raw.flush()
            os.fsync(raw.fileno())
        new.replace(file)
    except OSError as problem:
        new.unlink(missing_ok=True)
        raise BadInput(f"the backup cannot be written to {file}: {problem.strerror}") from None
    return Kept(counted, digest.hexdigest())


def _line(out: Any, digest: Any, said: Any) -> None:
    line = json.dumps(said, default=str, ensure_ascii=False, sort_keys=True).encode() + b"\n"
    digest.update(line)
    out.write(line)


def _lines(file: Path) -> Iterator[dict[str, Any]]:
    """The rows of a backup, checked to its end.

    Raises:
        BadInput: the file is not a backup, was cut off or changed.
    """
    digest = hashlib.sha256()
    try:
        with gzip.open(file, "rb") as stream:
            first = stream.readline()
            digest.update(first)
            if json.loads(first).get("format") != _FORMAT:
                raise BadInput(f"{file} is not a backup that this version can read")
            for line in stream:
                said = json.loads(line)
                if "end" in said:
                    if said["sha256"] != digest.hexdigest():
                        raise BadInput(f"{file} was changed since it was written")
                    return
                digest.update(line)
                yield said
    except (OSError, EOFError, ValueError) as problem:
        raise BadInput(f"{file} cannot be read as a backup: {problem}") from None
    raise BadInput(f"{file} ends too early; it was not written to its end")


def check(file: Path) -> Kept:
    """Read a backup to its end without writing anything. Raises BadInput when it is not whole."""
    counted: dict[str, int] = {}
    for said in _lines(file):
        counted[said["model"]] = counted.get(said["model"], 0) + 1
    return Kept(counted, hashlib.sha256(file.read_bytes()).hexdigest())


def restore(file: Path) -> Kept:
    """Bring a backup back into an empty database, all or nothing, and check the trail.

    What was written after the backup is lost with the database that held it. How much that was is known from the notes
    outside the database; it is said, and the trail itself says that it goes on from a backup.

    Raises:
        BadInput: the file is not whole.
        NotAllowed: the database is not empty, or the trail does not fit (the key of the trail is another one).
    """
    kept = check(file)
    if Clinic.objects.exists():
        raise NotAllowed("this database is not empty; a backup goes into an empty one (name another NEEDLING_DATA)")
    counted: dict[str, int] = {}
    lost = 0
    with transaction.atomic():
        for said in _lines(file):
            for found in serializers.deserialize("python", [said]):
                found.save()
                counted[said["model"]] = counted.get(said["model"], 0) + 1
        for clinic in Clinic.objects.all():
            wrong = list(problems(clinic, noted=False))
            if wrong:
                raise NotAllowed(
                    f"the trail of {clinic} does not fit: {wrong[0]}. Bring back the file 'audit-key' of that time too."
                )
        with connection.cursor() as cursor:
            for statement in connection.ops.sequence_reset_sql(no_style(), _models()):
                cursor.execute(statement)
        for clinic in Clinic.objects.all():
            last = Trace.objects.filter(clinic=clinic).count()
            lost += max(noted_end(clinic) - last, 0)
            transaction.on_commit(partial(note_end, clinic))  # before the trace: that one is noted by itself
            leave_trace(clinic, None, "restore", kept.sha256)
    return Kept(counted, kept.sha256, lost)
