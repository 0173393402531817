"""A few words that the next page says once, such as that something was kept."""

from __future__ import annotations

from django.http import HttpRequest

_KEY = "say"


def say(request: HttpRequest, words: str) -> None:
    """Have the next page of this session say something; nothing about a person."""
    request.session[_KEY] = words


def said(request: HttpRequest) -> str:
    """What is to be said now; only once."""
    session = getattr(request, "session", None)
    return str(session.pop(_KEY)) if session is not None and _KEY in session else ""
