"""What somebody changes about their own account: password, recovery codes, phone."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, TypeVar

from django.contrib.auth import update_session_auth_hash
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe
from django_otp.plugins.otp_totp.models import TOTPDevice

from needling.web.accounts.access import EVERYBODY, for_roles
from needling.web.accounts.factors import (
    CODES,
    PHONE,
    codes_left,
    next_phone,
    phone_of,
    shown_by,
    use_recovery_code,
    wrong_code,
)
from needling.web.accounts.forms import Code, OwnFactor, OwnPassword
from needling.web.accounts.guessing import note_wrong_code
from needling.web.accounts.models import Role
from needling.web.accounts.views import as_code, form_page, let_through, sent_by, told_codes
from needling.web.charts.trail import leave_trace

_ASKED = "asked-for-phone"  # in the session: when password and code were given
_FOR_S = 600.0  # how long they count
_DONE = {
    "password": "Your password is changed. Wherever else you were signed in, you are signed out.",
    "phone": "Your new phone counts from now on; the one before no longer does.",
}


@for_roles(*EVERYBODY)
@require_safe
def account(request: HttpRequest) -> HttpResponse:
    """Who you are here, and what you can change."""
    user: Any = request.user
    shown = {
        "left": codes_left(user), "of": CODES, "role": Role(user.role).label,
        "tokens": user.tokens.filter(revoked=None).count(), "done": _DONE.get(request.GET.get("done", ""), ""),
    }  # fmt: skip
    return render(request, "accounts/account.html", shown)


@for_roles(*EVERYBODY)
@sensitive_post_parameters("current", "password")
@require_http_methods(["GET", "POST"])
def own_password(request: HttpRequest) -> HttpResponse:
    """Another password: the one of now is asked for, and every other session ends."""
    user: Any = request.user
    form = OwnPassword(request, sent_by(request))
    if form.is_valid():
        with transaction.atomic():
            user.set_password(form.cleaned_data["password"])
            user.save(update_fields=["password"])
            user.end_sessions()
            leave_trace(user.clinic, user, "password", str(user.id))
        update_session_auth_hash(request, user)
        return _back("password")
    return form_page(request, "Change your password", form, "Change it", after="account")


def _back(done: str) -> HttpResponse:
    response = redirect("account")
    response["Location"] += f"?done={done}"
    return response


D = TypeVar("D")


def _with_both(user: Any, form: OwnFactor, do: Callable[[], D]) -> D | None:
    """What is done about the second factor, together with the code of phone or recovery list that it uses up; None, and
    why in the form, where password or code are not right.
    """
    if not form.is_valid():
        return None
    code = form.cleaned_data["code"]
    with transaction.atomic():
        if shown_by(phone_of(user), code) or use_recovery_code(user, code):
            return do()
    note_wrong_code(user)
    form.add_error("code", wrong_code(user))
    return None


@for_roles(*EVERYBODY)
@sensitive_post_parameters("current", "code")
@require_http_methods(["GET", "POST"])
def own_codes(request: HttpRequest) -> HttpResponse:
    """New recovery codes, shown once; the ones before no longer count."""
    user: Any = request.user
    form = OwnFactor(request, sent_by(request))
    codes = _with_both(user, form, lambda: told_codes(user))
    if codes is not None:
        return render(request, "accounts/recovery.html", {"codes": codes, "left": len(codes)})
    lead = ("The codes that you have now stop to count.",)
    return form_page(request, "New recovery codes", form, "Make new codes", lead=lead, after="account")


@for_roles(*EVERYBODY)
@sensitive_post_parameters("current", "code")
@require_http_methods(["GET", "POST"])
def own_phone(request: HttpRequest) -> HttpResponse:
    """Another phone: first password and a code, then the picture for the new one, and its first code."""
    user: Any = request.user
    asked = time.time() - float(request.session.get(_ASKED, 0)) < _FOR_S
    device = next_phone(user) if asked else None
    if device is not None:
        return _new_phone(request, user, device)
    form = OwnFactor(request, sent_by(request))
    if _with_both(user, form, lambda: next_phone(user, afresh=True)) is not None:
        request.session[_ASKED] = time.time()
        return redirect("own-phone")
    return form_page(request, "Another phone", form, "Go on", after="account", lead=_PHONE_LEAD)


_PHONE_LEAD = ("The phone of now counts until the new one has shown its first code.",)


def _new_phone(request: HttpRequest, user: Any, device: TOTPDevice) -> HttpResponse:
    form = Code(sent_by(request))
    if form.is_valid():
        with transaction.atomic():
            right = shown_by(device, form.cleaned_data["code"])
            if right:
                TOTPDevice.objects.filter(user=user, name=PHONE).delete()
                TOTPDevice.objects.filter(pk=device.pk).update(name=PHONE, confirmed=True)
                user.end_sessions()
                leave_trace(user.clinic, user, "second-factor-new", str(user.id))
        if right:
            request.session.pop(_ASKED, None)
            update_session_auth_hash(request, user)
            let_through(request, device)
            return _back("phone")
        form.add_error("code", "This is not what the new phone shows now. Read the picture, then type its six digits.")
    return form_page(request, "Another phone", form, "Use this phone", after="account", **as_code(device))
