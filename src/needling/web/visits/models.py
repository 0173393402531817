"""Tables for looking things up across a clinic. They hold nothing that is not in a signed document.

Rows are made and taken out in the transaction that writes the document (:mod:`needling.web.visits.tables`), and go with
it when a chart is erased.
"""

from __future__ import annotations

from django.db import models

from needling.web.accounts.models import Clinic
from needling.web.charts.models import Chart, Row


class _OfARow(models.Model):
    """Something that one document says, in the clinic and chart of that document."""

    row = models.ForeignKey(Row, on_delete=models.CASCADE, related_name="+")
    clinic = models.ForeignKey(Clinic, on_delete=models.PROTECT, related_name="+")
    chart = models.ForeignKey(Chart, on_delete=models.PROTECT, related_name="+")
    on = models.DateField()

    class Meta:
        abstract = True


class Visit(_OfARow):
    """One record of a session that nothing supersedes: once for each session of an approval, and once more for each
    further device and lot that it names.
    """

    approval = models.CharField(max_length=64)
    session = models.PositiveIntegerField()
    place = models.PositiveSmallIntegerField(default=0)
    done = models.BooleanField()
    device = models.CharField(max_length=80)
    lot = models.TextField(blank=True)
    lot_key = models.CharField(max_length=200, blank=True)

    class Meta:
        indexes = (
            models.Index(fields=["clinic", "lot_key", "on"], name="visits-by-lot"),
            models.Index(fields=["clinic", "device", "on"], name="visits-by-device"),
        )
        constraints = (
            models.UniqueConstraint(fields=["chart", "approval", "session", "place"], name="one-visit-of-a-session"),
        )


class Unwanted(_OfARow):
    """One unwanted event of a record that nothing supersedes."""

    harm = models.CharField(max_length=80)
    grade = models.PositiveSmallIntegerField()

    class Meta:
        indexes = (models.Index(fields=["clinic", "grade", "on"], name="events-by-grade"),)


class Due(_OfARow):
    """One thing that is still to be done for the approval in force; ``row`` is that approval."""

    kind = models.CharField(max_length=8)
    session = models.PositiveIntegerField()
    says = models.TextField()

    class Meta:
        indexes = (models.Index(fields=["clinic", "on"], name="due-by-day"),)
