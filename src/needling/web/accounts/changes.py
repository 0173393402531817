"""What an owner changes about colleagues: each with its trace, in one transaction, while the clinic's row is held.

Two owners who demote each other at the same moment therefore leave one owner.
"""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from needling.errors import NotAllowed
from needling.web.accounts.factors import without_factors
from needling.web.accounts.models import Clinic, Invitation, Renewal, Role, User
from needling.web.charts.trail import leave_trace


def _both(owner: User, user: User) -> tuple[User, User]:
    """Who acts and who is meant, as they are now, with the clinic held until the end of the transaction.

    Raises:
        NotAllowed: who acts may no longer do this, or means themselves.
    """
    Clinic.objects.select_for_update(no_key=True).get(pk=owner.clinic_id)
    found = {one.pk: one for one in User.objects.filter(pk__in=(owner.pk, user.pk), clinic=owner.clinic_id)}
    if not found[owner.pk].is_active or found[owner.pk].role != Role.OWNER:
        raise NotAllowed("You are no longer an owner of this clinic.")
    if owner.pk == user.pk:
        raise NotAllowed("Another owner has to do this for you.")
    return found[owner.pk], found[user.pk]


def let_out(owner: User, user: User) -> None:
    """From now on they cannot sign in; sessions, tokens and links of theirs end for good.

    Raises:
        NotAllowed: as :func:`_both`; so nobody locks themselves out, and the last owner stays.
    """
    with transaction.atomic():
        owner, user = _both(owner, user)
        if user.is_active:
            User.objects.filter(pk=user.pk).update(is_active=False)
            user.end_everything()
            leave_trace(owner.clinic, owner, "member:out", str(user.id))


def let_in(owner: User, user: User) -> None:
    """They may sign in again, with password and phone; nothing of before comes to life."""
    with transaction.atomic():
        owner, user = _both(owner, user)
        if not user.is_active:
            User.objects.filter(pk=user.pk).update(is_active=True)
            user.end_everything()
            leave_trace(owner.clinic, owner, "member:in", str(user.id))


def change_role(owner: User, user: User, role: str) -> None:
    """Another role; they sign in anew, and make new tokens. Raises as :func:`let_out`."""
    role = Role(role).value
    with transaction.atomic():
        owner, user = _both(owner, user)
        if user.role != role:
            User.objects.filter(pk=user.pk).update(role=role)
            user.end_everything()
            leave_trace(owner.clinic, owner, f"role:{user.role}-{role}", str(user.id))


def renewable(user: User) -> bool:
    """Whether an owner may make a link for them: not for another owner, in whose name one could then erase and invite.

    Owners get theirs where the server is run (``needling clinic renew``).
    """
    return user.is_active and user.role != Role.OWNER


def renew(owner: User, user: User) -> tuple[Renewal, str]:
    """A link with which a colleague sets password and second factor anew; what is open for them ends now.

    Raises:
        NotAllowed: as :func:`_both`, or they are an owner, or locked out.
    """
    with transaction.atomic():
        owner, user = _both(owner, user)
        if not renewable(user):
            raise NotAllowed("There is no such link for an owner, or for somebody who is locked out.")
        user.end_everything()
        made, token = Renewal.make(user, owner)
        leave_trace(owner.clinic, owner, "renewal:made", str(user.id))
        return made, token


def renew_on_server(user: User) -> tuple[Renewal, str]:
    """The same for anybody, by whoever runs the server: also for an owner, and for somebody who was locked out, who may
    sign in again from now on. The trail says that it was made there.
    """
    with transaction.atomic():
        user = User.objects.select_for_update(no_key=True).get(pk=user.pk)
        user.end_everything()
        if not user.is_active:
            User.objects.filter(pk=user.pk).update(is_active=True)
            leave_trace(user.clinic, None, "member:in", str(user.id))
        made, token = Renewal.make(user, None)
        leave_trace(user.clinic, None, "renewal:on-server", str(user.id))
        return made, token


def use_renewal(renewal: Renewal, password: str) -> User | None:
    """Set the password, and take phone and recovery codes away; None when the link was used in this moment."""
    with transaction.atomic():
        user = User.objects.select_for_update(no_key=True).get(pk=renewal.user_id)
        found = Renewal.objects.select_related("by", "user").get(pk=renewal.pk)
        if not found.open or not Renewal.objects.filter(pk=found.pk, used=None).update(used=timezone.now()):
            return None
        user.set_password(password)
        user.save(update_fields=["password"])
        without_factors(user)
        user.end_everything()
        leave_trace(user.clinic, user, "renewal:used", str(user.id))
        return user


def revoke(owner: User, invitation: Invitation) -> None:
    """An invitation can no longer be used."""
    with transaction.atomic():
        if Invitation.objects.filter(pk=invitation.pk, used=None, revoked=None).update(revoked=timezone.now()):
            leave_trace(owner.clinic, owner, "invite-revoked", str(invitation.id))
