"""A chart, its documents and the trail of who did what. Documents and trail are only ever added to."""

from __future__ import annotations

import secrets
import uuid
from typing import Any, NoReturn

from django.db import models

from needling.report.words import on_day
from needling.web.accounts.models import Clinic, User
from needling.web.charts.names import FoldedField


def new_salt() -> str:
    """Something that nobody can guess."""
    return secrets.token_hex(16)


class Chart(models.Model):
    """One person in one clinic. ``label`` is how the clinic finds them; documents carry only the chart's id.
    ``folded`` is the label as it is looked for.

    ``born`` tells two people of one name apart; None where nobody said. ``earlier`` is what stood here before it was
    corrected, the oldest first: label, day of birth (or ""), when it was corrected, and the signature of who did.

    ``salt`` goes into what the trail keeps of the chart and its documents, and is destroyed when the chart is erased.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    clinic = models.ForeignKey(Clinic, on_delete=models.PROTECT, related_name="charts")
    label = models.CharField(max_length=120)
    folded = FoldedField()
    born = models.DateField(null=True)
    earlier = models.JSONField(default=list)
    created = models.DateTimeField(auto_now_add=True)
    erased = models.DateTimeField(null=True)
    salt = models.CharField(max_length=32, default=new_salt, editable=False)

    class Meta:
        indexes = (models.Index(fields=["clinic", "label"]), models.Index(fields=["clinic", "folded"]))

    @property
    def named(self) -> str:
        """Label and day of birth, as far as they are known."""
        return f"{self.label}, born {on_day(self.born)}" if self.born else self.label

    @property
    def person_id(self) -> str:
        """The person's id in documents."""
        return f"chart-{self.id.hex[:16]}"


class Kind(models.TextChoices):
    """What a row holds: the class of its document."""

    PERSON = "person"
    ASSESSMENT = "assessment"
    CLEARANCE = "clearance"
    CHOICE = "choice"
    PLAN = "plan"
    APPROVAL = "approval"
    DRAFT = "draft"
    PROPOSED = "proposed"
    RECORD = "record"
    CHECK = "visit-check"
    MISSES = "misses"


class _AddedTo(models.Model):
    """A row that can be written once."""

    class Meta:
        abstract = True

    def save(self, *args: Any, **options: Any) -> None:
        """Write a new row; a second time is refused."""
        if not self._state.adding:
            raise TypeError("this row is never changed; write a new one that supersedes it")
        super().save(*args, **options)

    def delete(self, *args: Any, **options: Any) -> NoReturn:
        """Refused: only the erasure of a whole chart removes documents, and says so in the trail."""
        raise TypeError("rows are not deleted one by one; erase the chart")


class Row(_AddedTo):
    """One signed document of a chart.

    ``supersedes`` names the version that this one corrects: it can be superseded once, so of two people who correct
    the same version the second is told. ``number`` is that of its row in the trail: documents stand in the order in
    which they were written, whatever the clock said. ``through`` says how it came in where it was not written on a
    page: by a program, or with a link by the person, whom ``author`` had handed it.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    clinic = models.ForeignKey(Clinic, on_delete=models.PROTECT, related_name="+")
    chart = models.ForeignKey(Chart, on_delete=models.PROTECT, related_name="rows")
    number = models.PositiveBigIntegerField()
    kind = models.CharField(max_length=12, choices=Kind.choices)
    at = models.DateTimeField()
    author = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    through = models.CharField(max_length=12, blank=True)
    document = models.TextField()
    sha256 = models.CharField(max_length=64)
    needling = models.CharField(max_length=20)
    knowledge_sha256 = models.CharField(max_length=64)
    supersedes = models.OneToOneField("self", on_delete=models.PROTECT, null=True, related_name="superseded_by")

    class Meta:
        indexes = (models.Index(fields=["chart", "kind", "number"]), models.Index(fields=["clinic", "kind", "at"]))


class Trace(_AddedTo):
    """Who did what when. ``words`` is what an owner says of an alarm. ``digest`` is a keyed digest of the state in
    which the subject is from then on, where it was changed. ``mac`` is a keyed hash of this row and the one before it,
    so that no row can be changed, left out, moved or cut off unseen.
    """

    id = models.BigAutoField(primary_key=True)
    clinic = models.ForeignKey(Clinic, on_delete=models.PROTECT, related_name="+")
    number = models.PositiveBigIntegerField()
    at = models.DateTimeField()
    actor = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    action = models.CharField(max_length=40)
    subject = models.CharField(max_length=64)
    words = models.TextField(blank=True)
    digest = models.CharField(max_length=64, blank=True)
    mac = models.CharField(max_length=64)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["clinic", "number"], name="one-trace-of-a-number"),)
        indexes = (models.Index(fields=["clinic", "action"], name="traces-by-action"),)


class Head(models.Model):
    """Where a clinic's trail ends; locked while a row is added. Beside it a file outside the database says the same."""

    clinic = models.OneToOneField(Clinic, on_delete=models.PROTECT, primary_key=True, related_name="+")
    number = models.PositiveBigIntegerField(default=0)
    mac = models.CharField(max_length=64, default="")
