"""Personal tokens: a program acts as the person who made it, and may do what that person may."""

from __future__ import annotations

import secrets
import uuid
from datetime import timedelta

from django.db import models
from django.db.models import Q
from django.utils import timezone

from needling.web.accounts.models import User, hashed

_BEGINS = "needling_"  # so that a token that was left lying about is known for what it is
_NOTED_EVERY = timedelta(minutes=1)


class Token(models.Model):
    """One personal token. Only its hash is kept; the token itself is shown once."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="tokens")
    name = models.CharField(max_length=80)
    token_sha256 = models.CharField(max_length=64, unique=True)
    made = models.DateTimeField(auto_now_add=True)
    used = models.DateTimeField(null=True)
    revoked = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return str(self.id)

    @classmethod
    def make(cls, user: User, name: str) -> tuple[Token, str]:
        """A token of a user, and its text, which is shown once."""
        token = _BEGINS + secrets.token_urlsafe(32)
        return cls.objects.create(user=user, name=name, token_sha256=hashed(token)), token

    @classmethod
    def usable(cls, token: str) -> Token | None:
        """The token of a text; None when it is unknown or revoked, or its user may no longer sign in.

        When it was used is noted to the minute: reading does not have to wait for writing.
        """
        known = cls.objects.select_related("user", "user__clinic")
        found = known.filter(token_sha256=hashed(token), revoked=None, user__is_active=True).first()
        if found is not None:
            now = timezone.now()
            stale = Q(used=None) | Q(used__lt=now - _NOTED_EVERY)
            if found.used is None or found.used < now - _NOTED_EVERY:
                cls.objects.filter(stale, pk=found.pk).update(used=now)
        return found
