"""Setting up, signing in with a second factor, joining, and coming back in with a link."""

from __future__ import annotations

import base64
from io import BytesIO
from typing import Any

from django.contrib.auth import login, logout
from django.db import connection, transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.middleware.csrf import rotate_token
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django_otp import login as show_factor
from django_otp.plugins.otp_totp.models import TOTPDevice

from needling.web.accounts.access import EVERYBODY, for_roles
from needling.web.accounts.changes import use_renewal
from needling.web.accounts.factors import codes_left, new_codes, phone_of, shown_by, use_recovery_code, wrong_code
from needling.web.accounts.forms import Code, Join, Renew, SetUp, SignIn
from needling.web.accounts.guessing import note_wrong_code, remember, too_many
from needling.web.accounts.links import carried, dropped, gone, taken, token_in
from needling.web.accounts.models import Clinic, Invitation, Renewal, Role, User, hashed
from needling.web.charts.trail import leave_trace
from needling.web.pages import as_picture

_BACKEND = "django.contrib.auth.backends.ModelBackend"
_MAY_SEE_CODES = "codes"  # in the session of who has just set up the second factor


def sent_by(request: HttpRequest) -> Any:
    """What a form was sent with; None when the page is only looked at."""
    return request.POST if request.method == "POST" else None


def form_page(request: HttpRequest, title: str, form: Any, button: str, **more: Any) -> HttpResponse:
    """A page with one form; 422 when what was sent cannot be used."""
    status = 422 if form.is_bound and not form.is_valid() else 200
    shown = {
        "title": title, "form": form, "button": button, "picture": "", "secret": "", "asks_token": False, "lead": (),
        "after": "", **more,
    }  # fmt: skip
    return render(request, "accounts/form.html", shown, status=status)


def as_code(device: TOTPDevice) -> dict[str, str]:
    """A device as the picture that a phone reads, and as text."""
    import segno

    drawn = BytesIO()
    segno.make(device.config_url).save(drawn, kind="svg", scale=5, border=2, dark="#000", light="#fff")
    return {
        "picture": as_picture(drawn.getvalue().decode()), "secret": base64.b32encode(device.bin_key).decode(),
    }  # fmt: skip


def _alone() -> None:
    """Nobody else sets up until the end of this transaction (SQLite has one writer anyway)."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("LOCK TABLE accounts_clinic IN SHARE ROW EXCLUSIVE MODE")


@sensitive_post_parameters("password")
@require_http_methods(["GET", "POST"])
@never_cache
def set_up(request: HttpRequest) -> HttpResponse:
    """The first page of a new installation; gone as soon as somebody can sign in."""
    if User.objects.exists():
        raise Http404("already set up")
    form = SetUp(sent_by(request))
    if form.is_valid():
        with transaction.atomic():
            _alone()
            if User.objects.exists():
                raise Http404("set up in this moment")
            clinic = Clinic.objects.create(name=form.cleaned_data["clinic"])
            owner = User.objects.create_user(
                form.cleaned_data["email"], form.cleaned_data["password"],
                name=form.cleaned_data["name"], clinic=clinic, role=Role.OWNER,
            )  # fmt: skip
            leave_trace(clinic, owner, "set-up", str(clinic.id))
        login(request, owner, backend=_BACKEND)
        return redirect("second-factor")
    return form_page(request, "Set up your clinic", form, "Create the owner's account")


@sensitive_post_parameters("password")
@require_http_methods(["GET", "POST"])
@never_cache
def sign_in(request: HttpRequest) -> HttpResponse:
    """E-mail address and password; the second factor comes next."""
    if not User.objects.exists():
        return redirect("set-up")
    if request.method == "POST" and too_many(request, request.POST.get("email", "").strip()):
        return locked(request)
    form = SignIn(request, sent_by(request))
    if form.is_valid() and form.user is not None:
        login(request, form.user)
        return redirect("second-factor")
    return form_page(request, "Sign in", form, "Sign in", after="sign-in")


def locked(request: HttpRequest, response: Any = None, credentials: Any = None, *more: Any) -> HttpResponse:
    """Too many wrong passwords."""
    says = "There were too many wrong passwords. Wait half an hour, then try again."
    return render(request, "plain.html", {"title": "Locked for a while", "says": says}, status=429)


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """End the session."""
    user: Any = request.user
    if user.is_authenticated and user.is_verified():
        with transaction.atomic():
            leave_trace(user.clinic, user, "sign-out", str(user.id))
    logout(request)
    return redirect("start")


def let_through(request: HttpRequest, device: TOTPDevice) -> None:
    """The second factor was shown: a session with another id, which knows it; sessions that are over are cleared."""
    request.session.clear_expired()
    request.session.cycle_key()
    rotate_token(request)
    show_factor(request, device)


@sensitive_post_parameters("code")
@require_http_methods(["GET", "POST"])
@never_cache
def second_factor(request: HttpRequest) -> HttpResponse:
    """The code from the phone; the first time with the picture that the phone reads."""
    user: Any = request.user
    if not user.is_authenticated:
        return redirect("sign-in")
    if user.is_verified():
        return redirect("charts")
    device = phone_of(user)
    form = Code(sent_by(request))
    if form.is_valid():
        done = _through(user, device, form.cleaned_data["code"])
        if done:
            let_through(request, device)
            request.session[_MAY_SEE_CODES] = done == "second-factor-set"
            return remember(request, redirect(_NEXT[done]), user)
        note_wrong_code(user)
        form.add_error("code", wrong_code(user))
    if device.confirmed:
        return form_page(request, "Second factor", form, "Go on", after="second-factor", lead=_CODE_LEAD)
    return form_page(request, "Set up the second factor", form, "Go on", **as_code(device))


_NEXT = {"second-factor-set": "recovery", "sign-in": "charts", "sign-in:recovery": "account"}
_CODE_LEAD = ("Type the six digits that the app on your phone shows now.",)


def _through(user: User, device: TOTPDevice, code: str) -> str:
    """What came of a code, as the trail calls it; "" when it is none that counts."""
    with transaction.atomic():
        if shown_by(device, code):
            first = bool(TOTPDevice.objects.filter(pk=device.pk, confirmed=False).update(confirmed=True))
            done = "second-factor-set" if first else "sign-in"
        elif device.confirmed and use_recovery_code(user, code):
            done = "sign-in:recovery"
        else:
            return ""
        leave_trace(user.clinic, user, done, str(user.id))
    return done


def told_codes(user: User) -> list[str]:
    """New recovery codes, with their trace. Call it in a transaction."""
    codes = new_codes(user)
    leave_trace(user.clinic, user, "recovery-codes", str(user.id))
    return codes


@for_roles(*EVERYBODY)
@require_safe
def recovery(request: HttpRequest) -> HttpResponse:
    """Codes for the day when the phone is lost: shown once, to who has just set up the second factor."""
    user: Any = request.user
    codes: list[str] = []
    if request.session.pop(_MAY_SEE_CODES, False):
        with transaction.atomic():
            codes = told_codes(user)
    return render(request, "accounts/recovery.html", {"codes": codes, "left": codes_left(user)})


# ---------------------------------------------------------------- one-time links


@never_cache
@require_safe
def join_open(request: HttpRequest, token: str) -> HttpResponse:
    """The link of an invitation."""
    return taken(token, "join")


@never_cache
@require_safe
def renew_open(request: HttpRequest, token: str) -> HttpResponse:
    """The link of somebody who lost password or phone."""
    return taken(token, "renew")


_ASK_AGAIN = "Ask whoever invited you for a new one."
_CANNOT = "This invitation cannot be used: it is unknown, used, ended or too old. Ask for a new one."


def _invitation(token: str) -> Invitation | None:
    """The invitation of a token, while it can be used."""
    known = Invitation.objects.select_related("clinic", "by")
    found = known.filter(token_sha256=hashed(token)).first() if token else None
    if found is None or not found.open or User.objects.filter(email=found.email).exists():
        return None
    return found


@sensitive_post_parameters("password", "token")
@require_http_methods(["GET", "POST"])
@never_cache
def join(request: HttpRequest) -> HttpResponse:
    """Somebody who was invited gives a name and a password; without the link, the code from it."""
    came = carried(request, "join")
    token = token_in(request.POST.get("token", "")) or came
    invitation = _invitation(token)
    if invitation is None and came and token == came:
        return gone(request, "join", _ASK_AGAIN)
    form = Join(sent_by(request), email=invitation.email if invitation else "")
    if request.method == "POST":
        if invitation is None:
            form.is_valid()
            form.add_error(None, _CANNOT)
        elif form.is_valid():
            user = _joined(invitation, form.cleaned_data["name"], form.cleaned_data["password"])
            if user is None:
                return gone(request, "join", _ASK_AGAIN)
            login(request, user, backend=_BACKEND)
            return dropped(redirect("second-factor"), "join")
    lead: tuple[str, ...] = ()
    if invitation is not None:
        role = Role(invitation.role).label.partition(":")[0].lower()
        lead = (f"You were invited to {invitation.clinic.name} as {role}. You will sign in with {invitation.email}.",)
    title = "Join a clinic" if invitation is None else f"Join {invitation.clinic.name}"
    return form_page(
        request, title, form, "Join", asks_token=not came, token=token, lead=lead, after="" if came else "join"
    )  # fmt: skip


def _joined(invitation: Invitation, name: str, password: str) -> User | None:
    """The new account; None when the invitation was used or ended in this moment."""
    with transaction.atomic():
        Clinic.objects.select_for_update(no_key=True).get(pk=invitation.clinic_id)
        held = _invitation_again(invitation)
        if held is None or not Invitation.objects.filter(pk=held.pk, used=None).update(used=timezone.now()):
            return None
        user = User.objects.create_user(held.email, password, name=name, clinic=held.clinic, role=held.role)
        leave_trace(held.clinic, user, f"join:{user.role}", str(user.id))
        return user


def _invitation_again(invitation: Invitation) -> Invitation | None:
    found = Invitation.objects.select_related("clinic", "by").get(pk=invitation.pk)
    return None if not found.open or User.objects.filter(email=found.email).exists() else found


_ASK_RENEWAL = "Ask the owner of your clinic, or whoever runs its server, for a new one."


@sensitive_post_parameters("password")
@require_http_methods(["GET", "POST"])
@never_cache
def renew(request: HttpRequest) -> HttpResponse:
    """A new password, then a new second factor, with a link that works once."""
    token = carried(request, "renew")
    known = Renewal.objects.select_related("user", "by")
    found = known.filter(token_sha256=hashed(token)).first() if token else None
    if found is None or not found.open:
        return gone(request, "renew", _ASK_RENEWAL)
    form = Renew(found.user, sent_by(request))
    if form.is_valid():
        user = use_renewal(found, form.cleaned_data["password"])
        if user is None:
            return gone(request, "renew", _ASK_RENEWAL)
        login(request, user, backend=_BACKEND)
        return dropped(redirect("second-factor"), "renew")
    lead = (f"For {found.user.name}, {found.user.email}.", _RENEWS)
    return form_page(request, "Set your password anew", form, "Set the password", lead=lead)


_RENEWS = (
    "With the new password your phone and your recovery codes no longer count: the next page sets them up again. "
    "Wherever you are signed in, you are signed out."
)
