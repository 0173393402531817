"""Backup into one file and back: all rows at one moment, checked before and after.

The file ends with a plain hash, so that anybody can see whether it is whole, and with one under the key of the trail,
so that whoever has no key cannot change it. It holds what is kept of people, and is as secret as the database. It does
not hold the keys that sign cookies and the trail; they lie in the data folder and are backed up apart from it, or a
thief of one would have both.
"""

from __future__ import annotations

import gzip
import hashlib
import hmac
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from django.apps import apps
from django.core import serializers
from django.core.management.color import no_style
from django.db import connection, models, transaction

from needling import __version__
from needling.errors import BadInput, NotAllowed
from needling.web.accounts.models import Clinic
from needling.web.charts.erasing import erase_again, files_are_clean
from needling.web.charts.models import Trace
from needling.web.charts.moment import one_moment
from needling.web.charts.states import key_is_there, trail_key
from needling.web.charts.trail import leave_trace, noted_end, problems

_FORMAT = "needling-backup-1"
# What is kept, each after what it refers to; sessions and failed sign-ins are not worth keeping.
_MODELS = (
    "accounts.Clinic",
    "accounts.User",
    "accounts.Invitation",
    "api.Token",
    "otp_totp.TOTPDevice",
    "accounts.RecoveryCode",
    "accounts.Renewal",
    "charts.Chart",
    "people.Intake",
    "charts.Row",
    "charts.Trace",
    "charts.Head",
)
_AT_ONCE = 500


class Kept(NamedTuple):
    """What a backup holds: rows by model, and its sha256. ``lost``: rows of the trail that came after it. ``signed``:
    whether it was written under the key that is here; unknown where there is no key. ``erased_again``: people who were
    erased after it was made, and are again.
    """

    rows: dict[str, int]
    sha256: str
    lost: int = 0
    signed: bool | None = None
    erased_again: int = 0


class _Sums:
    """The plain hash over all lines, and the one under the key of the trail where there is a key."""

    def __init__(self, *, keyed: bool) -> None:
        self._plain = hashlib.sha256()
        self._keyed = hmac.new(trail_key(), b"backup\n", hashlib.sha256) if keyed else None

    def add(self, line: bytes) -> None:
        self._plain.update(line)
        if self._keyed is not None:
            self._keyed.update(line)

    @property
    def plain(self) -> str:
        return self._plain.hexdigest()

    @property
    def keyed(self) -> str | None:
        return None if self._keyed is None else self._keyed.hexdigest()


def _models() -> list[type[models.Model]]:
    return [apps.get_model(name) for name in _MODELS]


def _ordered(model: type[models.Model]) -> Any:
    """Rows in an order in which each comes after the one it refers to."""
    return model._default_manager.order_by(*(("number", "pk") if model.__name__ == "Row" else ("pk",)))


def backup(file: Path) -> Kept:
    """Write everything at one moment into a new file.

    Raises:
        BadInput: the file is there already, or cannot be written.
    """
    if file.exists():
        raise BadInput(f"{file} is there already; name another file, so that no backup is lost")
    new = file.with_name(f".{file.name}.{os.getpid()}")
    counted: dict[str, int] = {}
    sums = _Sums(keyed=True)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as raw:
            with gzip.GzipFile(fileobj=raw, mode="wb", mtime=0) as out, one_moment():
                _line(out, sums, {"format": _FORMAT, "needling": __version__})
                for model in _models():
                    counted[model._meta.label_lower] = 0
                    for row in _ordered(model).iterator(chunk_size=_AT_ONCE):
                        _line(out, sums, serializers.serialize("python", [row])[0])
                        counted[model._meta.label_lower] += 1
                out.write(json.dumps({"end": counted, "sha256": sums.plain, "mac": sums.keyed}).encode() + b"\n")
            raw.flush()
            os.fsync(raw.fileno())
        new.replace(file)
    except OSError as problem:
        new.unlink(missing_ok=True)
        raise BadInput(f"the backup cannot be written to {file}: {problem.strerror}") from None
    return Kept(counted, sums.plain, signed=True)


def _line(out: Any, sums: _Sums, said: Any) -> None:
    line = json.dumps(said, default=str, ensure_ascii=False, sort_keys=True).encode() + b"\n"
    sums.add(line)
    out.write(line)


def _lines(file: Path) -> Iterator[dict[str, Any]]:
    """The rows of a backup, checked to its end; no key is made for it.

    Raises:
        BadInput: the file is not a backup, was cut off or changed, or was written under another key.
    """
    sums = _Sums(keyed=key_is_there())
    try:
        with gzip.open(file, "rb") as stream:
            first = stream.readline()
            sums.add(first)
            if json.loads(first).get("format") != _FORMAT:
                raise BadInput(f"{file} is not a backup that this version can read")
            for line in stream:
                said = json.loads(line)
                if "end" in said:
                    if said["sha256"] != sums.plain:
                        raise BadInput(f"{file} was changed since it was written")
                    if sums.keyed is not None and not hmac.compare_digest(sums.keyed, str(said.get("mac", ""))):
                        raise BadInput(
                            f"{file} was changed since it was written, or written under another key. "
                            "If it comes from elsewhere, bring back the file 'audit-key' of that time too."
                        )
                    return
                sums.add(line)
                yield said
    except (OSError, EOFError, ValueError, KeyError, AttributeError) as problem:
        raise BadInput(f"{file} cannot be read as a backup: {problem}") from None
    raise BadInput(f"{file} ends too early; it was not written to its end")


def check(file: Path) -> Kept:
    """Read a backup to its end without writing anything. Raises BadInput when it is not whole."""
    counted: dict[str, int] = {}
    for said in _lines(file):
        counted[said["model"]] = counted.get(said["model"], 0) + 1
    return Kept(counted, hashlib.sha256(file.read_bytes()).hexdigest(), signed=True if key_is_there() else None)


def restore(file: Path) -> Kept:
    """Bring a backup back into an empty database, all or nothing, and check the trail.

    What was written after the backup is lost with the database that held it. How much that was is known from the notes
    outside the database; it is said, and the trail itself says that it goes on from a backup. So are the charts that
    were erased meanwhile: they are erased again.

    Raises:
        BadInput: the file is not whole, or was written under another key.
        NotAllowed: the database is not empty, there is no key of the trail, or the trail does not fit.
    """
    kept = check(file)
    if kept.signed is None:
        raise NotAllowed(
            "there is no key of the trail here, so nobody can say whether this backup was changed. "
            "Bring back the file 'audit-key' of that time first, or give it in NEEDLING_AUDIT_KEY."
        )
    if Clinic.objects.exists():
        raise NotAllowed("this database is not empty; a backup goes into an empty one (name another NEEDLING_DATA)")
    own = {model._meta.label_lower for model in _models()}
    counted: dict[str, int] = {}
    lost = erased = 0
    with transaction.atomic():
        for said in _lines(file):
            if said["model"] not in own:
                raise BadInput(f"{file} holds rows of '{said['model']}', which no backup has")
            for found in serializers.deserialize("python", [said]):
                found.save()
                counted[said["model"]] = counted.get(said["model"], 0) + 1
        for clinic in Clinic.objects.all():
            wrong = list(problems(clinic, noted=False))
            if wrong:
                raise NotAllowed(
                    f"the trail of {clinic} does not fit: {wrong[0]}. It was so when the backup was made; "
                    "bring back an earlier one."
                )
        with connection.cursor() as cursor:
            for statement in connection.ops.sequence_reset_sql(no_style(), _models()):
                cursor.execute(statement)
        for clinic in Clinic.objects.all():
            last = Trace.objects.filter(clinic=clinic).count()
            lost += max(noted_end(clinic) - last, 0)
            leave_trace(clinic, None, "restore", kept.sha256, anew=True)
            erased += erase_again(clinic)
    files_are_clean()
    return Kept(counted, kept.sha256, lost, signed=True, erased_again=erased)
