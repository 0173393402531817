"""Who works here: clinics, their people with a role, and invitations."""

from __future__ import annotations

import hashlib
import secrets
import uuid
from datetime import timedelta
from typing import Any, ClassVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager
from django.db import models
from django.utils import timezone

INVITATION_DAYS = 7


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
    """Somebody of one clinic, with one role."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    email = models.EmailField(unique=True)
    name = models.CharField(max_length=120)
    clinic = models.ForeignKey(Clinic, on_delete=models.PROTECT, related_name="users")
    role = models.CharField(max_length=12, choices=Role.choices)
    is_active = models.BooleanField(default=True)

    objects = _Users()
    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar = ["name"]

    def __str__(self) -> str:
        return self.name

    @property
    def signature(self) -> str:
        """How documents name this user: an id, no name."""
        return f"user-{self.id.hex[:12]}"


def hashed(token: str) -> str:
    """What is kept of a one-time token: enough to know it again, not enough to use it."""
    return hashlib.sha256(token.encode()).hexdigest()


class Invitation(models.Model):
    """A one-time link that lets somebody join a clinic with a role."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    clinic = models.ForeignKey(Clinic, on_delete=models.CASCADE, related_name="invitations")
    role = models.CharField(max_length=12, choices=Role.choices)
    email = models.EmailField()
    token_sha256 = models.CharField(max_length=64, unique=True)
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    made = models.DateTimeField(auto_now_add=True)
    used = models.DateTimeField(null=True)

    @classmethod
    def make(cls, by: User, email: str, role: str) -> tuple[Invitation, str]:
        """An invitation to the inviter's own clinic, and its token, which is shown once."""
        token = secrets.token_urlsafe(32)
        made = cls.objects.create(clinic=by.clinic, role=role, email=email.lower(), by=by, token_sha256=hashed(token))
        return made, token

    @property
    def open(self) -> bool:
        """Whether it can still be used."""
        return self.used is None and timezone.now() < self.made + timedelta(days=INVITATION_DAYS)
