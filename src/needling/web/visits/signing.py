"""Writing what belongs to one visit, together or not at all."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction

from needling.documents import Document, Person
from needling.documents.visits import VisitCheck
from needling.web.accounts.models import User
from needling.web.charts.models import Chart, Row
from needling.web.charts.records import latest, write, write_all
from needling.web.pages import knowledge
from needling.web.visits.today import told_person


def write_visit(
    user: User, chart: Chart, documents: Sequence[Document], *, supersedes: Row | None = None, through: str = ""
) -> list[Row]:
    """The documents of a visit; the last one supersedes. What was told before the session is known of the person from
    then on, whatever is written later of something else.

    Raises:
        Superseded: somebody else has changed one of the versions in the meantime.
    """
    with transaction.atomic():
        who = latest(chart, Person)
        for check in documents:
            newer = told_person(who[1], check, knowledge()) if who and isinstance(check, VisitCheck) else None
            if who and newer is not None:
                write(user, chart, newer, supersedes=who[0], through=through)
        return write_all(user, chart, documents, supersedes=supersedes, through=through)
