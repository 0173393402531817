"""Links with which somebody answers the questions of their clinic without an account."""

from __future__ import annotations

import secrets
import uuid
from datetime import timedelta

from django.db import models
from django.utils import timezone

from needling.web.accounts.models import Role, User, hashed
from needling.web.charts.models import Chart

DAYS = 7
"""How long a link can be used."""
_MOST_TURNS = 300  # pages sent through one link; nobody who answers needs a third of it


class Intake(models.Model):
    """A link that is used once. Only a hash of its token is kept, and nothing about the person.

    ``turns`` counts the pages that were sent through it: one link cannot keep the server busy.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    chart = models.ForeignKey(Chart, on_delete=models.PROTECT, related_name="intakes")
    token_sha256 = models.CharField(max_length=64, unique=True)
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    made = models.DateTimeField(auto_now_add=True)
    expires = models.DateTimeField()
    used = models.DateTimeField(null=True)
    turns = models.PositiveIntegerField(default=0)

    @classmethod
    def make(cls, by: User, chart: Chart) -> tuple[Intake, str]:
        """A new link and its token, which is shown once; earlier links of this chart end."""
        now, token = timezone.now(), secrets.token_urlsafe(32)
        cls.objects.filter(chart=chart, used=None, expires__gt=now).update(expires=now)
        made = cls.objects.create(chart=chart, by=by, token_sha256=hashed(token), expires=now + timedelta(days=DAYS))
        return made, token

    @property
    def open(self) -> bool:
        """Whether it can be used: not sent, not too old, and whoever made it still works here."""
        return (
            self.used is None
            and timezone.now() < self.expires
            and self.turns < _MOST_TURNS
            and self.chart.erased is None
            and self.by.is_active
            and self.by.role != Role.AUDITOR
        )

    @classmethod
    def usable(cls, token_sha256: str) -> Intake | None:
        """The open link of a hash; None when it is unknown, used, too old or worn out."""
        found = cls.objects.filter(token_sha256=token_sha256).select_related("chart", "by", "by__clinic").first()
        return found if found is not None and found.open else None

    def count_turn(self) -> None:
        """One more page was sent."""
        Intake.objects.filter(pk=self.pk).update(turns=models.F("turns") + 1)

    def close(self) -> bool:
        """Mark it used; False when somebody else did so, or time ran out, in between."""
        now = timezone.now()
        return bool(Intake.objects.filter(pk=self.pk, used=None, expires__gt=now).update(used=now))
