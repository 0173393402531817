"""One-time links: the token is taken out of the address at once, and kept where only its own page reads it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

_FOR = timedelta(hours=1)
_GONE = 410
_LONGEST = 80
_ONLY_HERE = ("localhost", "127.0.0.1", "::1")


def taken(token: str, page: str) -> HttpResponse:
    """Send the browser on to the page that uses the token, which it carries unseen."""
    response = redirect(page)
    response.set_signed_cookie(
        page, token[:_LONGEST], salt=f"needling.{page}", max_age=_FOR,
        httponly=True, secure=settings.HTTPS, samesite="Lax", path=reverse(page),
    )  # fmt: skip
    return response


def carried(request: HttpRequest, page: str) -> str:
    """The token that the browser carries for a page; "" without one."""
    return str(request.get_signed_cookie(page, default="", salt=f"needling.{page}", max_age=_FOR))


def dropped(response: HttpResponse, page: str) -> HttpResponse:
    """The browser forgets the token."""
    response.delete_cookie(page, path=reverse(page), samesite="Lax")
    return response


def gone(request: HttpRequest, page: str, do: str) -> HttpResponse:
    """The same for a link that is unknown, used, ended or too old."""
    shown = {"title": "This link can no longer be used", "says": f"It was used, or has ended, or is not whole. {do}"}
    return dropped(render(request, "plain.html", shown, status=_GONE), page)


def path_of(page: str, token: str) -> str:
    """The address of a link, without the name of the server."""
    return reverse(f"{page}-open", args=[token])


def link_of(request: HttpRequest, page: str, token: str) -> dict[str, Any]:
    """The whole link, and whether it leads anywhere from another computer than this."""
    link = request.build_absolute_uri(path_of(page, token))
    return {"link": link, "only_here": urlsplit(link).hostname in _ONLY_HERE}


def token_in(said: str) -> str:
    """The token in what somebody typed: the token alone, or the whole link."""
    return said.strip().rstrip("/").rpartition("/")[2][:_LONGEST]
