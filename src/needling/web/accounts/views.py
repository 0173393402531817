"""Setting up, signing in with a second factor, inviting and joining."""

from __future__ import annotations

import base64
from io import BytesIO
from typing import Any
from uuid import UUID

from django.contrib.auth import login, logout
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST
from django_otp import login as show_factor
from django_otp import match_token
from django_otp.plugins.otp_static.models import StaticDevice, StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice

from needling.web.accounts.access import EVERYBODY, OWNER, READING, for_roles
from needling.web.accounts.forms import Code, Invite, Join, SetUp, SignIn
from needling.web.accounts.models import Clinic, Invitation, Role, User, hashed
from needling.web.charts.trail import leave_trace

_RECOVERY_CODES = 8


def _form(request: HttpRequest, title: str, form: Any, button: str, **more: Any) -> HttpResponse:
    status = 422 if form.is_bound and not form.is_valid() else 200
    shown = {"title": title, "form": form, "button": button, "picture": "", "secret": "", "asks_token": False, **more}
    return render(request, "accounts/form.html", shown, status=status)


@sensitive_post_parameters("password")
@require_http_methods(["GET", "POST"])
@never_cache
def set_up(request: HttpRequest) -> HttpResponse:
    """The first page of a new installation; gone as soon as somebody can sign in."""
    if User.objects.exists():
        raise Http404("already set up")
    form = SetUp(request.POST or None)
    if form.is_valid():
        with transaction.atomic():
            clinic = Clinic.objects.create(name=form.cleaned_data["clinic"])
            owner = User.objects.create_user(
                form.cleaned_data["email"], form.cleaned_data["password"],
                name=form.cleaned_data["name"], clinic=clinic, role=Role.OWNER,
            )  # fmt: skip
            leave_trace(clinic, owner, "set-up", str(clinic.id))
        login(request, owner, backend="django.contrib.auth.backends.ModelBackend")
        return redirect("second-factor")
    return _form(request, "Set up your clinic", form, "Create the owner's account")


@sensitive_post_parameters("password")
@require_http_methods(["GET", "POST"])
@never_cache
def sign_in(request: HttpRequest) -> HttpResponse:
    """E-mail address and password; the second factor comes next."""
    if not User.objects.exists():
        return redirect("set-up")
    form = SignIn(request, request.POST or None)
    if form.is_valid() and form.user is not None:
        login(request, form.user)
        return redirect("second-factor")
    return _form(request, "Sign in", form, "Sign in")


def locked(request: HttpRequest, response: Any = None, credentials: Any = None, *more: Any) -> HttpResponse:
    """Too many wrong passwords."""
    says = "There were too many wrong passwords. Wait half an hour, then try again."
    return render(request, "plain.html", {"title": "Locked for a while", "says": says}, status=429)


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """End the session."""
    logout(request)
    return redirect("start")


def _own_device(user: User) -> TOTPDevice:
    return TOTPDevice.objects.get_or_create(user=user, name="phone", defaults={"confirmed": False})[0]


@require_http_methods(["GET", "POST"])
@never_cache
def second_factor(request: HttpRequest) -> HttpResponse:
    """The code from the phone; the first time with the picture that the phone reads."""
    import segno

    user: Any = request.user
    if not user.is_authenticated:
        return redirect("sign-in")
    if user.is_verified():
        return redirect("charts")
    device = _own_device(user)
    form = Code(request.POST or None)
    if form.is_valid():
        given = form.cleaned_data["code"].replace(" ", "")
        shown = match_token(user, given) if device.confirmed else (device if device.verify_token(given) else None)
        if shown is not None:
            with transaction.atomic():
                first = not device.confirmed
                if first:
                    TOTPDevice.objects.filter(pk=device.pk).update(confirmed=True)
                leave_trace(user.clinic, user, "second-factor-set" if first else "sign-in", str(user.id))
            show_factor(request, shown)
            return redirect("recovery" if first else "charts")
        form.add_error("code", "This code is not the right one, or no longer. Codes change every half minute.")
    picture = ""
    if not device.confirmed:
        drawn = BytesIO()
        segno.make(device.config_url).save(drawn, kind="svg", scale=5, border=2, dark="#000", light="#fff")
        picture = "data:image/svg+xml;base64," + base64.b64encode(drawn.getvalue()).decode()
    secret = base64.b32encode(device.bin_key).decode() if picture else ""
    return _form(
        request, "Second factor" if device.confirmed else "Set up the second factor", form, "Go on",
        picture=picture, secret=secret,
    )  # fmt: skip


@for_roles(*EVERYBODY)
def recovery(request: HttpRequest) -> HttpResponse:
    """Codes for the day when the phone is lost; made once, shown once."""
    user: Any = request.user
    with transaction.atomic():
        device, new = StaticDevice.objects.get_or_create(user=user, name="recovery")
        codes = [StaticToken.random_token() for _ in range(_RECOVERY_CODES)] if new else []
        for code in codes:
            device.token_set.create(token=code)
    return render(request, "accounts/recovery.html", {"codes": codes})


@for_roles(*OWNER, *READING)
@require_http_methods(["GET", "POST"])
def team(request: HttpRequest) -> HttpResponse:
    """Who works here; the owner invites."""
    user: Any = request.user
    form = Invite(request.POST or None)
    if request.method == "POST" and user.role == Role.OWNER and form.is_valid():
        with transaction.atomic():
            made, token = Invitation.make(user, form.cleaned_data["email"], form.cleaned_data["role"])
            leave_trace(user.clinic, user, f"invite:{made.role}", str(made.id))
        return render(request, "accounts/team.html", {"people": _people(user), "form": Invite(), "token": token})
    return render(request, "accounts/team.html", {"people": _people(user), "form": form, "token": ""})


def _people(user: User) -> Any:
    return User.objects.filter(clinic=user.clinic_id).order_by("name")


@for_roles(*OWNER)
@require_POST
def member(request: HttpRequest, user: UUID) -> HttpResponse:
    """Let somebody of the own clinic in again, or no longer."""
    own: Any = request.user
    found = get_object_or_404(User, pk=user, clinic=own.clinic_id)
    if found.pk != own.pk:
        with transaction.atomic():
            User.objects.filter(pk=found.pk).update(is_active=not found.is_active)
            leave_trace(own.clinic, own, "member:out" if found.is_active else "member:in", str(found.id))
    return redirect("team")


@sensitive_post_parameters("password", "token")
@require_http_methods(["GET", "POST"])
@never_cache
def join(request: HttpRequest) -> HttpResponse:
    """Somebody who was invited gives the code from the invitation, a name and a password."""
    form = Join(request.POST or None)
    token = request.POST.get("token", "").strip()
    if request.method == "POST":
        invitation = Invitation.objects.filter(token_sha256=hashed(token)).select_related("clinic").first()
        if invitation is None or not invitation.open or User.objects.filter(email=invitation.email).exists():
            form.is_valid()
            form.add_error(None, "This invitation cannot be used: it is unknown, used or too old. Ask for a new one.")
        elif form.is_valid():
            with transaction.atomic():
                taken = Invitation.objects.filter(pk=invitation.pk, used=None).update(used=timezone.now())
                if not taken:
                    raise Http404("used in this moment")
                user = User.objects.create_user(
                    invitation.email, form.cleaned_data["password"],
                    name=form.cleaned_data["name"], clinic=invitation.clinic, role=invitation.role,
                )  # fmt: skip
                leave_trace(invitation.clinic, user, f"join:{user.role}", str(user.id))
            login(request, user, backend="django.contrib.auth.backends.ModelBackend")
            return redirect("second-factor")
    return _form(request, "Join a clinic", form, "Join", asks_token=True, token=token)
