"""The seam between documents and rows: writing one with its trace, and reading the latest, inside one clinic."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from types import EllipsisType
from typing import TypeVar

from django.db import IntegrityError, transaction
from django.utils import timezone

from needling import __version__
from needling.documents import Approval, Assessment, Choice, Clearance, Document, Person, Plan, SessionRecord
from needling.documents.drafts import Draft
from needling.documents.learning import Misses
from needling.documents.overrides import ProposedOverride
from needling.documents.visits import VisitCheck
from needling.errors import NotAllowed
from needling.web.accounts.models import Role, User
from needling.web.charts.models import Chart, Kind, Row
from needling.web.charts.states import digest_of, trail_key
from needling.web.charts.trail import leave_trace, turn_of
from needling.web.pages import knowledge

D = TypeVar("D", bound=Document)
_FASTER = "somebody else has changed this in the meantime; look at their version first"
KIND_OF: dict[type[Document], str] = {
    Person: Kind.PERSON,
    Assessment: Kind.ASSESSMENT,
    Clearance: Kind.CLEARANCE,
    Choice: Kind.CHOICE,
    Plan: Kind.PLAN,
    Approval: Kind.APPROVAL,
    Draft: Kind.DRAFT,
    ProposedOverride: Kind.PROPOSED,
    SessionRecord: Kind.RECORD,
    VisitCheck: Kind.CHECK,
    Misses: Kind.MISSES,
}

ONE_IN_FORCE = (Kind.PERSON, Kind.APPROVAL)
"""Kinds of which a chart has one document in force: whoever writes the next one names the one before it."""


class Superseded(NotAllowed):
    """Somebody else was first; nothing of either was lost."""


def charts_of(user: User) -> Iterable[Chart]:
    """The charts of the user's clinic, and of no other."""
    return Chart.objects.filter(clinic=user.clinic_id, erased=None)


def write(
    user: User,
    chart: Chart,
    document: Document,
    *,
    supersedes: Row | None = None,
    after: Row | EllipsisType | None = ...,
    through: str = "",
) -> Row:
    """One signed document and its trace, together or not at all.

    Args:
        supersedes: the version that this one corrects. after: the newest of its kind when it was begun, None where
            there was none; for kinds of which each new one stands beside those of before. through: how it came in,
            where not through a page.

    Raises:
        NotAllowed: the chart is of another clinic, the version of another chart or kind, or the user may only read.
        Superseded: another document already took the place of that version, or came after ``after``; one of a kind of
            which only one is in force is there already; or the chart was erased.
    """
    if chart.clinic_id != user.clinic_id or user.role == Role.AUDITOR:
        raise NotAllowed("this chart cannot be written by this user")
    kind = KIND_OF[type(document)]
    if supersedes is not None and (supersedes.chart_id, supersedes.kind) != (chart.pk, kind):
        raise NotAllowed("this version belongs to something else")
    with transaction.atomic():
        head = turn_of(user.clinic)
        salt = Chart.objects.filter(pk=chart.pk, erased=None).values_list("salt", flat=True).first()
        if salt is None:
            raise Superseded("this person was erased in the meantime; nothing is written any more")
        if _is_taken(chart, kind, supersedes, after):
            raise Superseded(_FASTER)
        row = Row(
            clinic=user.clinic, chart=chart, number=head.number + 1, kind=kind, at=timezone.now(), author=user,
            through=through, document=document.canonical().decode(), sha256=document.sha256, needling=__version__,
            knowledge_sha256=knowledge().sha256, supersedes=supersedes,
        )  # fmt: skip
        try:
            row.save()
        except IntegrityError:  # what is entered for looking things up is there already, as the record of a session
            raise Superseded(_FASTER) from None
        action = f"write:{kind}:{through}" if through else f"write:{kind}"
        leave_trace(user.clinic, user, action, str(row.id), digest_of(trail_key(), row, salt), row.at)
    return row


def _is_taken(chart: Chart, kind: str, supersedes: Row | None, after: Row | EllipsisType | None) -> bool:
    """Whether somebody else was faster, asked while nobody else writes."""
    seen = supersedes if kind in ONE_IN_FORCE else after
    if not isinstance(seen, EllipsisType):
        now = chart.rows.filter(kind=kind, superseded_by=None).order_by("-number").values_list("pk", flat=True).first()
        return now != (seen.pk if seen is not None else None)
    return supersedes is not None and Row.objects.filter(supersedes=supersedes).exists()


def write_all(
    user: User, chart: Chart, documents: Sequence[Document], *, supersedes: Row | None = None, through: str = ""
) -> list[Row]:
    """Documents together or not at all; the last one supersedes. Raises as :func:`write`."""
    with transaction.atomic():
        before = [write(user, chart, document, through=through) for document in documents[:-1]]
        return [*before, write(user, chart, documents[-1], supersedes=supersedes, through=through)]


def read(row: Row, kind: type[D]) -> D:
    """The document of a row."""
    return kind.model_validate_json(row.document)


def latest(chart: Chart, kind: type[D]) -> tuple[Row, D] | None:
    """The newest document of a kind that nothing supersedes."""
    row = chart.rows.filter(kind=KIND_OF[kind], superseded_by=None).order_by("-number").first()
    return None if row is None else (row, read(row, kind))
