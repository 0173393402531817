"""What drafts and approvals are called: by the plan that they hold, who made them, and when."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from needling.documents import Approval
from needling.documents.drafts import Draft
from needling.report.words import on_day, option_name
from needling.web.charts.models import Kind, Row
from needling.web.charts.records import read
from needling.web.plans.warm import Kept

_LABELS: Kept[str] = Kept(400)


def label_of(row: Row) -> str:
    """The sentence of the plan that a draft or an approval holds, read once for each row."""

    def made() -> str:
        plan = read(row, Draft).plan if row.kind == Kind.DRAFT else read(row, Approval).plan
        return option_name(plan.label, len(plan.sessions), plan.envelope == "home")

    return _LABELS.get(row.sha256, made)


def names_of(rows: Sequence[Row]) -> dict[str, str]:
    """The name of each row by its id; what would be called alike is told apart by the second.

    Args:
        rows: drafts and approvals with their documents and authors.
    """

    def name(row: Row, time: str) -> str:
        what = "approved" if row.kind == Kind.APPROVAL else "draft"
        return f"{label_of(row)} · {what} {on_day(row.at.date())}, {row.at.strftime(time)}, {row.author.name}"

    minutes = {str(row.id): name(row, "%H:%M") for row in rows}
    often = Counter(minutes.values())
    return {
        str(row.id): minutes[str(row.id)] if often[minutes[str(row.id)]] == 1 else name(row, "%H:%M:%S") for row in rows
    }
