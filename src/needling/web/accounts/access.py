"""Who may open a page: signed in, second factor shown, in a role that may."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.cache import never_cache

from needling.web.again import kept_back

View = Callable[..., HttpResponse]


class Unkept:
    """What somebody sees who is signed in is kept by no browser and no server in between, on any page."""

    def __init__(self, answer: View) -> None:
        self.answer = answer

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """The answer, marked where the page has not said more."""
        said = self.answer(request)
        if settings.SESSION_COOKIE_NAME in request.COOKIES and not said.has_header("Cache-Control"):
            said["Cache-Control"] = "private, no-store"
        return said


class OtherRole(PermissionDenied):
    """A page that another role may open; ``roles`` are those that may."""

    def __init__(self, roles: tuple[str, ...]) -> None:
        super().__init__("another role may do this")
        self.roles = roles


EVERYBODY = ("owner", "clinician", "assistant", "auditor")
WORKING = ("owner", "clinician", "assistant")
DECIDING = ("owner", "clinician")
OWNER = ("owner",)
READING = ("owner", "auditor")
"""Values of :class:`~needling.web.accounts.models.Role` that may do a kind of thing."""


def for_roles(*roles: str) -> Callable[[View], View]:
    """Only for somebody who is signed in with their second factor, in one of the roles; never kept by a browser."""

    def decorated(view: View) -> View:
        @wraps(view)
        def checked(request: HttpRequest, *given: Any, **named: Any) -> HttpResponse:
            user: Any = request.user
            if not user.is_authenticated:
                return kept_back(request) or redirect("sign-in")
            if not user.is_verified():
                return kept_back(request) or redirect("second-factor")
            if user.role not in roles:
                raise OtherRole(roles)
            return view(request, *given, **named)

        return never_cache(checked)

    return decorated
