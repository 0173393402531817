"""How long somebody stays signed in: as long as they use it, and no longer than a long working day.

A session ends after some minutes without use (``NEEDLING_IDLE_MINUTES``), and in any case some hours after signing in.
``static/needling/session.js`` says so before it happens. Nothing is noted but when the session began and was last used.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_http_methods

from needling.web.accounts.access import EVERYBODY, for_roles
from needling.web.again import not_theirs

END_S = 12 * 60 * 60
"""From signing in to the end, however much it is used."""
IDLE_MINUTES = range(5, 241)
"""What may be set as the time without use."""
_STEP_S = 60
"""Use is noted once in this time at most, so that few requests write."""
_BEGAN, _USED = "began", "used"


class Staying:
    """Notes that a session is used, ends one that lasted long enough, and takes no form of somebody else."""

    def __init__(self, answer: Callable[[HttpRequest], HttpResponse]) -> None:
        self.answer = answer

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """The answer to somebody who may have been signed out in this moment."""
        user: Any = request.user
        if not user.is_authenticated:
            return self.answer(request)
        now = int(time.time())
        if now - request.session.setdefault(_BEGAN, now) >= END_S:
            logout(request)
            return self.answer(request)
        refused = not_theirs(request)
        if refused is not None:
            return refused
        looks_only = request.method == "GET" and request.path == "/session/"
        if not looks_only and now - request.session.get(_USED, 0) >= _STEP_S:
            request.session[_USED] = now
        return self.answer(request)


def left_s(request: HttpRequest) -> int:
    """Seconds until the session ends when it is not used; 0 without one."""
    session = getattr(request, "session", None)
    if session is None or _BEGAN not in session:
        return 0
    now = int(time.time())
    idle_s = settings.SESSION_COOKIE_AGE - (now - session.get(_USED, now))
    return int(max(min(idle_s, END_S - (now - session[_BEGAN])), 0))


@for_roles(*EVERYBODY)
@require_http_methods(["GET", "POST"])
def session(request: HttpRequest) -> HttpResponse:
    """How many seconds are left; asked with POST, the session is used with that and goes on."""
    return JsonResponse({"left_s": left_s(request)})
