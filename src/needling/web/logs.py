"""Log lines that hold nothing about a person: no address as it was typed, no words of what was sent or stored.

A request is told by its method and route (``charts/<uuid:chart>/``), a failure by its kind and the lines of code that
led to it. Messages of exceptions are left out: databases and validators put the values of what failed into them.
"""

from __future__ import annotations

import logging
import re
import traceback
from types import TracebackType
from typing import Any

_OURS = ("needling",)
_PUT_IN = re.compile(r"%(\(\w+\))?[-#0 +]*[\d.*]*[a-zA-Z]")
"""Where a library's message would hold a value: an address, an account, words of what failed."""


def route_of(request: Any) -> str:
    """Which page was asked for, in the words of the map of addresses."""
    match = getattr(request, "resolver_match", None)
    return str(match.route) or "start" if match is not None else "no such page"


def told(kind: type[BaseException] | None, trace: TracebackType | None) -> str:
    """A failure as its kind and where it came from."""
    lines = [
        f'  File "{frame.filename}", line {frame.lineno}, in {frame.name}' for frame in traceback.extract_tb(trace)
    ]
    return "\n".join([*lines, kind.__name__ if kind else "no exception"])


class Quiet(logging.Formatter):
    """Formats every line without what a person said or is."""

    def format(self, record: logging.LogRecord) -> str:
        """Time, level, where it comes from, and what happened."""
        request = getattr(record, "request", None)
        if request is not None:
            method = getattr(request, "method", "?")
            status = getattr(record, "status_code", "")
            says = f"{status} {method if method in _METHODS else '?'} {route_of(request)}"
        elif record.name.split(".")[0] in _OURS:
            says = record.getMessage()  # our own lines hold nothing about anybody
        else:
            says = _PUT_IN.sub("…", record.msg) if isinstance(record.msg, str) else type(record.msg).__name__
        line = f"{self.formatTime(record)} {record.levelname} {record.name} {says}"
        if record.exc_info and record.exc_info[0] is not None:
            line += "\n" + told(record.exc_info[0], record.exc_info[2])
        return line


_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
