"""The trail for people to read: what was done in words, and on whom."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet
from django.urls import reverse

from needling.web.accounts.models import User
from needling.web.charts.models import Chart, Row, Trace
from needling.web.charts.trail import ALARM, ANSWER

_DONE = {
    "open-chart": "Chart opened",
    "export": "Everything handed out",
    "erase": "Document erased",
    "erase-chart": "Person erased",
    "correct-chart": "Name or date of birth corrected",
    "intake:make": "Link to the questions made",
    "intake:sent": "Answers came in by a link",
    "sign-in": "Signed in",
    "sign-in:recovery": "Signed in with a recovery code",
    "sign-out": "Signed out",
    "failed:password": "Wrong password",
    "failed:code": "Wrong code after the right password",
    "failed:name": "Sign-in failed, with a name that nobody here has",
    "locked": "Sign-in locked for a while after many wrong passwords",
    "set-up": "Clinic set up",
    "join": "Joined",
    "invite": "Invitation made",
    "invite-revoked": "Invitation taken back",
    "member:in": "Let in again",
    "member:out": "Locked out",
    "role": "Role changed",
    "token:made": "Token for a program made",
    "token:revoked": "Token for a program ended",
    "second-factor": "Second factor set up",
    "second-factor-new": "Second factor set up anew",
    "recovery-codes": "Recovery codes made",
    "password": "Password changed",
    "renewal:made": "Link to renew password and second factor made",
    "renewal:on-server": "Password and second factor renewed on the server",
    "renewal:used": "Password and second factor renewed",
    "restore": "Backup brought back",
    "alarm": "ALARM, the trail did not go on where it had ended",
    "alarm-answered": "Said what was found of an alarm",
    "write": "Signed",
}
"""What the beginning of an action means; the longest that fits counts."""
GROUPS = {
    "documents": ("Documents", ("write:",)),
    "leaving": ("Handed out, erased, brought back", ("export", "erase", "restore")),
    "people": ("Charts and links", ("open-chart", "correct-chart", "intake:")),
    "doors": ("Signing in and out", ("sign-", "failed:", "locked")),
    "alarms": ("Alarms and answers", ("alarm",)),
    "accounts": (
        "Accounts",
        ("join", "invite", "member:", "role:", "token:", "second-factor", "recovery", "password", "renewal:", "set-up"),
    ),
}


@dataclass(frozen=True)
class Line:
    """One row of the trail. ``address`` leads to what it tells of, where that can be opened."""

    trace: Trace
    done: str
    about: str
    address: str = ""


def done_words(action: str) -> str:
    """An action in words, with what is particular about it."""
    parts = action.split(":")
    for length in range(len(parts), 0, -1):
        known = _DONE.get(":".join(parts[:length]))
        if known:
            rest = [part.replace("-", " ") for part in parts[length:]]
            return f"{known}: {', '.join(rest)}" if rest else known
    return action


def filtered(traces: QuerySet[Trace], who: str, what: str) -> QuerySet[Trace]:
    """Only what one person did, or one group of actions."""
    if who:
        traces = traces.filter(actor=who)
    if what:
        begins = Q()
        for prefix in GROUPS[what][1]:
            begins |= Q(action__startswith=prefix)
        traces = traces.filter(begins)
    return traces


def lines_of(traces: Iterable[Trace], clinic: Any) -> list[Line]:
    """Rows with what they tell of by name: three queries, however many rows."""
    found = list(traces)
    ids = _ids(found)
    charts = {str(one.pk): one for one in Chart.objects.filter(clinic=clinic, pk__in=ids)}
    rows = {
        str(one.pk): one for one in Row.objects.filter(clinic=clinic, pk__in=ids).select_related("chart").only("chart")
    }
    users = {str(one.pk): one for one in User.objects.filter(clinic=clinic, pk__in=ids)}
    return [_line(trace, charts, rows, users) for trace in found]


def _ids(traces: Sequence[Trace]) -> list[UUID]:
    ids = []
    for trace in traces:
        try:
            ids.append(UUID(trace.subject))
        except ValueError:
            continue
    return ids


def _line(trace: Trace, charts: dict[str, Chart], rows: dict[str, Row], users: dict[str, User]) -> Line:
    done, subject = done_words(trace.action), trace.subject
    if subject in rows:
        row = rows[subject]
        return Line(trace, done, row.chart.label, reverse("document", args=[row.chart_id, row.pk]))
    if subject in charts:
        chart = charts[subject]
        if chart.erased is not None:
            return Line(trace, done, "a person who was erased")
        return Line(trace, done, chart.label, reverse("chart", args=[chart.pk]))
    if subject in users:
        return Line(trace, done, users[subject].name)
    if trace.action.startswith(ALARM):
        return Line(trace, done, "the whole trail")
    if trace.action.startswith(ANSWER):
        return Line(trace, done, f"row {subject}")
    return Line(trace, done, "")
