"""A file that brings the answers back after the patch test's wait: the visitor keeps it, the server does not."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from django.core import signing

from needling.knowledge import Knowledge
from needling.web.selfcheck.answers import Answers, packed, unpacked

NAME = "self-check.txt"
LARGEST = 20_000  # bytes; a full set of answers needs a tenth
_SALT = "needling.selfcheck.file"
_HOLDS = timedelta(days=60)
_HEAD = (
    "Your answers from the needling self-check, to go on with on a later day.\n"
    "Everybody who has this file can read them: keep it where only you can open it, and delete it afterwards.\n\n"
)
_AGAIN = "screen-again"


def file_of(answers: Answers) -> str:
    """The answers as a text that only this installation reads back."""
    first = replace(answers, saved=answers.saved or date.today())  # saved again, they get no younger
    return _HEAD + signing.dumps(packed(first), salt=_SALT, compress=True) + "\n"


def read_file(content: bytes, kb: Knowledge) -> tuple[Answers, str]:
    """The answers of a file, or what is wrong with it.

    What can change from one day to the next is asked again; the earlier answer stands beside the question.
    """
    lines = content[:LARGEST].decode("utf-8", "replace").split()
    expired = f"These answers are older than {_HOLDS.days} days. Please answer anew: much may have changed."
    try:
        kept: dict[str, Any] = signing.loads(lines[-1] if lines else "", salt=_SALT, max_age=_HOLDS)
    except signing.SignatureExpired:
        return Answers(), expired
    except signing.BadSignature:
        return Answers(), f"This is not a file of ours, or it was changed. Please choose the file “{NAME}”."
    answers = unpacked(kept)
    if answers.saved is not None and date.today() - answers.saved > _HOLDS:
        return Answers(), expired
    known, sites, concerns = kb.by("facts"), kb.by("sites"), kb.by("indications")
    if answers.aim.get("site") not in sites or answers.aim.get("concern") not in concerns:
        return Answers(), "The questions have changed since then. Please start anew."
    again = set(next(check for check in kb.follow_ups if check.id == _AGAIN).asks)
    again |= {one.name for one in kb.facts if one.only_if in again}
    facts = {name: value for name, value in {**answers.before, **answers.facts}.items() if name in known}
    return (
        replace(
            answers,
            facts={name: value for name, value in facts.items() if name not in again},
            before={name: value for name, value in facts.items() if name in again},
        ),
        "",
    )
