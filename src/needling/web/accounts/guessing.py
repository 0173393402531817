"""Against guessing passwords: beyond the lock of one name from one address, one address may not try many names, and
one name may not be tried from many addresses.

Failed sign-ins are counted where django-axes keeps them, so that all processes count together. A stranger must not be
able to keep somebody out by guessing at their name from everywhere: a browser in which that person has signed in with
both factors before is known, and is not held to what others do from elsewhere.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from axes.models import AccessAttempt
from django.conf import settings
from django.db import transaction
from django.db.models import Sum
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from needling.web.accounts.models import Clinic, User
from needling.web.charts.models import Trace
from needling.web.charts.trail import leave_trace, turn_of

FROM_ONE_ADDRESS = 30
AT_ONE_NAME = 30
"""Failed sign-ins in the time that a lock lasts, over all names and over all addresses."""
LOCKED = "locked"
WRONG_PASSWORD, WRONG_CODE, NO_SUCH_NAME = "failed:password", "failed:code", "failed:name"
"""How the trail calls it. Each is told of one account once in the time that a lock lasts, so that whoever guesses fills
no trail; what comes in between is counted by django-axes and by the phone's own waiting, until it is a lock.
"""
_COOKIE = "known"
_SALT = "needling.known"
_KNOWN_FOR = timedelta(days=180)
_MOST = 8  # people who share a browser


def too_many(request: HttpRequest, email: str) -> bool:
    """Whether this sign-in is not looked at: too many failed from its address, or at its name from elsewhere.

    Names that nobody has are counted like others, so the answer does not tell them apart.
    """
    since = timezone.now() - timedelta(hours=settings.AXES_COOLOFF_TIME)
    failed = AccessAttempt.objects.filter(attempt_time__gt=since)
    address = request.META.get("REMOTE_ADDR", "")
    if _count(failed.filter(ip_address=address)) >= FROM_ONE_ADDRESS:
        return not _known(request, email)
    if _count(failed.filter(username=email.lower())) < AT_ONE_NAME:
        return False
    note_lock(email)
    return not _known(request, email)


def note_lock(email: str) -> None:
    """Say in the trail of their clinic that somebody's name was locked, at most once in the time that a lock lasts."""
    user = User.objects.filter(email=email.lower(), is_active=True).select_related("clinic").first()
    if user is not None:
        _tell_once(user.clinic, LOCKED, str(user.id))


def _tell_once(clinic: Clinic, action: str, subject: str) -> None:
    """A row of the trail, unless the same was told already in the time that a lock lasts."""
    since = timezone.now() - timedelta(hours=settings.AXES_COOLOFF_TIME)
    told = Trace.objects.filter(clinic=clinic, action=action, subject=subject, at__gt=since)
    if told.exists():
        return
    with transaction.atomic():
        turn_of(clinic)
        if not told.exists():
            leave_trace(clinic, None, action, subject)


def note_wrong_password(*_: Any, credentials: dict[str, Any], **more: Any) -> None:
    """What Django tells of a password that opens nothing: told in the trail of whose name it was.

    A name that nobody has belongs to no clinic; where there is only one, it is told there. What was typed is not kept.
    """
    user = User.objects.filter(email=str(credentials.get("username", "")).lower()).select_related("clinic").first()
    if user is not None:
        _tell_once(user.clinic, WRONG_PASSWORD, str(user.id))
        return
    clinics = list(Clinic.objects.all()[:2])  # numerical: enough to see whether there is only one
    if len(clinics) == 1:
        _tell_once(clinics[0], NO_SUCH_NAME, "")


def note_wrong_code(user: User) -> None:
    """Say in the trail that somebody who knew the password of this user had no right code."""
    _tell_once(user.clinic, WRONG_CODE, str(user.id))


def when_locked(*_: Any, username: str | None = None, **more: Any) -> None:
    """What django-axes tells when it locks a name from one address."""
    note_lock(username or "")


def _count(found: object) -> int:
    return int(found.aggregate(all=Sum("failures_since_start"))["all"] or 0)  # type: ignore[attr-defined]


def _ids(request: HttpRequest) -> list[str]:
    said = request.get_signed_cookie(_COOKIE, default="", salt=_SALT, max_age=_KNOWN_FOR)
    return said.split(".") if said else []


def _known(request: HttpRequest, email: str) -> bool:
    user = User.objects.filter(email=email.lower()).first()
    return user is not None and _mark(user) in _ids(request)


def _mark(user: User) -> str:
    return f"{user.id.hex}{user.ended}"


def remember(request: HttpRequest, response: HttpResponse, user: User) -> HttpResponse:
    """Note in the browser that this user has signed in there with both factors; the note opens nothing by itself."""
    others = [one for one in _ids(request) if not one.startswith(user.id.hex)]
    response.set_signed_cookie(
        _COOKIE, ".".join([*others[1 - _MOST :], _mark(user)]), salt=_SALT, max_age=_KNOWN_FOR,
        httponly=True, secure=settings.HTTPS, samesite="Lax",
    )  # fmt: skip
    return response
