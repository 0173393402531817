"""The four exceptions of the project, and "did you mean".

Unsuitable is a value (:class:`~needling.documents.Clearance`), not an exception. An exception says what
happened, with which value and unit, what is allowed, and what to do.
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


class NeedlingError(Exception):
    """Base of all errors that a user can cause and mend. The CLI prints it and exits with 2."""


class BadInput(NeedlingError):
    """A document, file or answer that cannot be used: names file, line, path, value and what is allowed."""


class BadKnowledge(NeedlingError):
    """A knowledge file that cannot be used: names file, line, path and what was expected."""


class NotAllowed(NeedlingError):
    """An act that the envelope, the clearance or the order of steps forbids, and what would allow it."""


class OutOfRange(NeedlingError):
    """A quantity outside the range the model was made for: value, unit, range, parameter."""


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """`` (did you mean 'cheek'?)`` when something known is close to the word, else the empty string."""
    matches = get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f" (did you mean '{matches[0]}'?)" if matches else ""
