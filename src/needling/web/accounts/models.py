"""Who works here: clinics, their people with a role, invitations, and what lets somebody in again."""

from __future__ import annotations

import hashlib
import secrets
import uuid
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, ClassVar, cast

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager
from django.db import models
from django.utils import timezone
from django.utils.crypto import salted_hmac

INVITATION_DAYS = 7
RENEWAL_HOURS = 24


class Role(models.TextChoices):
    """What somebody may do; each may read what the ones before may, but for the auditor, who only reads."""

    OWNER = "owner", "Owner: runs the clinic, invites, erases"
    CLINICIAN = "clinician", "Clinician: screens, plans, approves, treats"
    ASSISTANT = "assistant", "Assistant: takes down answers and visits"
    AUDITOR = "auditor", "Auditor: reads charts and the audit log, changes nothing"


class Clinic(models.Model):
    """One clinic. Nothing of it can be reached from another."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(max_length=120)
    created = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.name


class _Users(BaseUserManager["User"]):
    """Makes users; the e-mail address is the name they sign in with."""

    def create_user(self, email: str, password: str | None, **fields: Any) -> User:
        """A user with a hashed password; without one nobody can sign in as them."""
        user = self.model(email=self.normalize_email(email).lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def get_by_natural_key(self, username: str | None) -> User:
        """Sign-in does not mind capital letters."""
        return self.get(email=(username or "").lower())


class User(AbstractBaseUser):
    """Somebody of one clinic, with one role. ``ended`` counts how often everything that was open for them ended: a
    session knows the count under which it began, and is none under any other.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    email = models.EmailField(unique=True)
    name = models.CharField(max_length=120)
    clinic = models.ForeignKey(Clinic, on_delete=models.PROTECT, related_name="users")
    role = models.CharField(max_length=12, choices=Role.choices)
    is_active = models.BooleanField(default=True)
    ended = models.PositiveIntegerField(default=0)

    objects = _Users()
    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar = ["name"]

    def __str__(self) -> str:
        return self.name

    @property
    def signature(self) -> str:
        """How documents name this user: an id, no name."""
        return f"user-{self.id.hex[:12]}"

    def get_session_auth_hash(self) -> str:
        """What a session has to know to be this user's: it changes with the password, and when everything ends."""
        said = f"{self.password}:{self.ended}"
        return salted_hmac("needling.accounts.session", said, algorithm="sha256").hexdigest()

    def get_session_auth_fallback_hash(self) -> Iterator[str]:
        """None: a changed key ends all sessions."""
        return iter(())

    def end_sessions(self) -> None:
        """From now on nobody is signed in as this user."""
        User.objects.filter(pk=self.pk).update(ended=models.F("ended") + 1)
        self.refresh_from_db(fields=["ended"])

    def end_everything(self) -> None:
        """End sessions, tokens of programs, and links that are not used yet: those to this user and those by them."""
        now = timezone.now()
        self.end_sessions()
        cast(Any, self).tokens.filter(revoked=None).update(revoked=now)
        Invitation.objects.filter(by=self, used=None, revoked=None).update(revoked=now)
        Renewal.objects.filter(models.Q(user=self) | models.Q(by=self), used=None, revoked=None).update(revoked=now)


def hashed(token: str) -> str:
    """What is kept of a one-time token: enough to know it again, not enough to use it."""
    return hashlib.sha256(token.encode()).hexdigest()


class _Link(models.Model):
    """A link that works once, for a while; of its token only a hash is kept."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    token_sha256 = models.CharField(max_length=64, unique=True)
    made = models.DateTimeField(auto_now_add=True)
    used = models.DateTimeField(null=True)
    revoked = models.DateTimeField(null=True)
    LASTS: ClassVar[timedelta]

    class Meta:
        abstract = True

    @property
    def until(self) -> datetime:
        """When it ends by itself."""
        return self.made + self.LASTS

    @property
    def fresh(self) -> bool:
        """Neither used nor revoked nor too old."""
        return self.used is None and self.revoked is None and timezone.now() < self.until


class Invitation(_Link):
    """A one-time link that lets somebody join a clinic with a role."""

    clinic = models.ForeignKey(Clinic, on_delete=models.CASCADE, related_name="invitations")
    role = models.CharField(max_length=12, choices=Role.choices)
    email = models.EmailField()
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    LASTS = timedelta(days=INVITATION_DAYS)

    @classmethod
    def make(cls, by: User, email: str, role: str) -> tuple[Invitation, str]:
        """An invitation to the inviter's own clinic, and its token, which is shown once."""
        token = secrets.token_urlsafe(32)
        made = cls.objects.create(clinic=by.clinic, role=role, email=email.lower(), by=by, token_sha256=hashed(token))
        return made, token

    @property
    def open(self) -> bool:
        """Whether it can still be used: while who made it may still invite to that clinic."""
        by = self.by
        return self.fresh and by.is_active and by.role == Role.OWNER and by.clinic_id == self.clinic_id


class Renewal(_Link):
    """A one-time link with which somebody sets password and second factor anew. ``by``: the owner who made it; nobody
    when it was made on the server.
    """

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="renewals")
    by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    LASTS = timedelta(hours=RENEWAL_HOURS)

    @classmethod
    def make(cls, user: User, by: User | None) -> tuple[Renewal, str]:
        """A link for a user, and its token, which is shown once; links of before end."""
        token = secrets.token_urlsafe(32)
        cls.objects.filter(user=user, used=None, revoked=None).update(revoked=timezone.now())
        return cls.objects.create(user=user, by=by, token_sha256=hashed(token)), token

    @property
    def open(self) -> bool:
        """Whether it can still be used: by somebody who may sign in, while who made it is owner there."""
        if not self.fresh or not self.user.is_active:
            return False
        by = self.by
        return by is None or (by.is_active and by.role == Role.OWNER and by.clinic_id == self.user.clinic_id)


class RecoveryCode(models.Model):
    """One code for the day when the phone is lost. Only its hash is kept; it is long enough that no guessing at the
    hash finds it.
    """

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="recovery_codes")
    code_sha256 = models.CharField(max_length=64, unique=True)
    used = models.DateTimeField(null=True)
