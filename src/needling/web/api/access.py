"""Who may call: a personal token in the header, in a role that may, not too often."""

from __future__ import annotations

import copy
import inspect
import threading
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from ninja.errors import AuthorizationError
from ninja.security import HttpBearer
from ninja.throttling import UserRateThrottle

from needling.web.api.models import Token


class PersonalToken(HttpBearer):
    """``Authorization: Bearer needling_...``; cookies of a browser do not count here."""

    def authenticate(self, request: HttpRequest, token: str) -> Token | None:
        """The token, and the request as its user's."""
        found = Token.usable(token)
        if found is not None:
            request.user = found.user
        return found


class Rate(UserRateThrottle):
    """So many requests of one person in a time, whatever token they use, counted apart for each ``scope``; safe
    between threads.
    """

    def __init__(self, scope: str, rate: str) -> None:
        self.scope = scope
        super().__init__(rate)
        self._own = threading.local()

    def __deepcopy__(self, memo: Any) -> Rate:
        return self

    def allow_request(self, request: HttpRequest) -> bool:
        """Whether this request is still within the rate; the count of one request is its own."""
        mine = copy.copy(self)
        allowed = super(Rate, mine).allow_request(request)
        self._own.mine = mine
        return allowed

    def wait(self) -> float | None:
        """Seconds until the next request is welcome."""
        mine = self._own.mine
        return float(max(mine.duration - (mine.now - mine.history[-1]), 0.0)) if mine.history else None


ANY = Rate("any", settings.API_RATE)
HEAVY = Rate("heavy", settings.API_HEAVY_RATE)
"""Every request; and those that simulate."""


def only(*roles: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Only for tokens of somebody in one of the roles."""

    def decorated(view: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(view)
        def checked(request: HttpRequest, *given: Any, **named: Any) -> Any:
            user: Any = request.user
            if user.role not in roles:
                raise AuthorizationError(403, f"this is for {', '.join(roles)}; you are {user.role}")
            return view(request, *given, **named)

        checked.__signature__ = inspect.signature(view, eval_str=True)  # type: ignore[attr-defined] # for the description
        return checked

    return decorated
