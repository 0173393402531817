"""Who works here; what the owner changes about it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from needling.errors import NotAllowed
from needling.web.accounts.access import OWNER, READING, for_roles
from needling.web.accounts.changes import change_role, let_in, let_out, renew, renewable, revoke
from needling.web.accounts.forms import Invite
from needling.web.accounts.links import link_of
from needling.web.accounts.models import INVITATION_DAYS, RENEWAL_HOURS, Invitation, Role, User
from needling.web.accounts.views import sent_by
from needling.web.charts.trail import leave_trace

_ROLES: dict[str, str] = dict(Role.choices)


@for_roles(*OWNER, *READING)
@require_http_methods(["GET", "POST"])
def team(request: HttpRequest) -> HttpResponse:
    """Who works here; the owner invites."""
    user: Any = request.user
    owner = user.role == Role.OWNER
    form = Invite(sent_by(request)) if owner else None
    if form is not None and form.is_valid():
        with transaction.atomic():
            for before in Invitation.objects.filter(
                clinic=user.clinic_id, email=form.cleaned_data["email"], used=None, revoked=None
            ):
                revoke(user, before)
            made, token = Invitation.make(user, form.cleaned_data["email"], form.cleaned_data["role"])
            leave_trace(user.clinic, user, f"invite:{made.role}", str(made.id))
        shown = {"made": made, "role": _ROLES[made.role], "days": INVITATION_DAYS, **link_of(request, "join", token)}
        return render(request, "accounts/invited.html", shown)
    people = User.objects.filter(clinic=user.clinic_id).order_by("-is_active", "name")
    shown = {"people": people, "form": form, "roles": _ROLES, "invitations": _open(user) if owner else []}
    return render(request, "accounts/team.html", shown, status=422 if form is not None and form.is_bound else 200)


def _open(user: User) -> list[Invitation]:
    known = Invitation.objects.filter(clinic=user.clinic_id, used=None, revoked=None).select_related("by")
    return [one for one in known.order_by("-made") if one.open]


@for_roles(*OWNER)
@require_POST
def invitation(request: HttpRequest, invitation: UUID) -> HttpResponse:
    """An invitation that is not wanted any more."""
    own: Any = request.user
    revoke(own, get_object_or_404(Invitation, pk=invitation, clinic=own.clinic_id))
    return redirect("team")


@for_roles(*OWNER)
@require_http_methods(["GET", "POST"])
def member(request: HttpRequest, user: UUID) -> HttpResponse:
    """One colleague: role, whether they may sign in, and a link for who lost password or phone.

    Each change names the state that it leads to, so that sending it twice does nothing more; it is asked for twice.
    """
    own: Any = request.user
    found = get_object_or_404(User, pk=user, clinic=own.clinic_id)
    do, role, problem = request.POST.get("do", ""), request.POST.get("role", ""), ""
    if request.method == "POST":
        if do not in ("out", "in", "role", "link") or (do == "role" and role not in _ROLES):
            problem = "Please choose what is to change."
        elif do == "role" and role == found.role:
            problem = f"{found.name} has this role already."
        elif found.pk == own.pk:
            problem = "Another owner has to do this for you."
        elif request.POST.get("sure") != "yes":
            shown = {"one": found, "do": do, "role": role, "label": _ROLES.get(role, ""), "hours": RENEWAL_HOURS}
            return render(request, "accounts/sure.html", shown)
        else:
            try:
                return _done(request, own, found, do, role)
            except NotAllowed as refused:
                problem = str(refused)
    shown = {
        "one": found, "label": _ROLES[found.role], "roles": _ROLES, "problem": problem,
        "renewable": renewable(found), "me": found.pk == own.pk,
        "owners": User.objects.filter(clinic=own.clinic_id, role=Role.OWNER, is_active=True).count(),
        "link_open": any(one.open for one in found.renewals.filter(used=None, revoked=None)),
    }  # fmt: skip
    return render(request, "accounts/member.html", shown, status=422 if problem else 200)


def _done(request: HttpRequest, own: User, found: User, do: str, role: str) -> HttpResponse:
    """Do it; raises NotAllowed when it may not be."""
    if do == "link":
        made, token = renew(own, found)
        shown = {"one": found, "made": made, "hours": RENEWAL_HOURS, **link_of(request, "renew", token)}
        return render(request, "accounts/renewal.html", shown)
    if do == "role":
        change_role(own, found, role)
    elif do == "out":
        let_out(own, found)
    else:
        let_in(own, found)
    return redirect("member", found.pk)
