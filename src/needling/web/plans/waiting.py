"""Overrides that wait for a second signature: in one chart and in the whole clinic, in a fixed number of queries."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from django.db.models import QuerySet

from needling.documents import Assessment, Person
from needling.documents.overrides import ProposedOverride
from needling.knowledge import Knowledge
from needling.planning.screen import screen
from needling.web.charts.models import Chart, Kind, Row
from needling.web.charts.records import read
from needling.web.plans.proposals import REASONS, bare, stands

_MOST = 200  # of a clinic, the newest
_NONE_SET_ASIDE = '"overrides":[]'  # in the canonical form of an assessment


@dataclass(frozen=True)
class Waiting:
    """A rule that one clinician wants to set aside, and what they say."""

    chart: Chart
    row: Row
    proposal: ProposedOverride
    rule: str

    @property
    def reason(self) -> str:
        """The reason in words."""
        return dict(REASONS)[self.proposal.reason]


def waiting_in(charts: Iterable[Chart], kb: Knowledge) -> list[Waiting]:
    """What waits in some charts, the oldest first."""
    return _standing(Row.objects.filter(chart__in=list(charts)), kb)


def waiting_of(clinic: UUID, kb: Knowledge) -> list[Waiting]:
    """What waits in a whole clinic, the oldest first."""
    return _standing(Row.objects.filter(clinic=clinic, chart__erased=None), kb)


def _standing(rows: QuerySet[Row], kb: Knowledge) -> list[Waiting]:
    """Proposals for the very answers and findings in force, not withdrawn and not signed: three queries at most."""
    found = rows.filter(kind=Kind.PROPOSED, superseded_by=None).select_related("chart", "author")
    asked = [(row, read(row, ProposedOverride)) for row in found.order_by("-number")[:_MOST]]
    asked = [(row, one) for row, one in asked if not one.withdrawn]
    people = _newest(Kind.PERSON, [row.chart_id for row, _ in asked])
    asked = [
        (row, one) for row, one in asked if row.chart_id in people and people[row.chart_id].sha256 == one.person_sha256
    ]
    looks = _newest(Kind.ASSESSMENT, [row.chart_id for row, _ in asked])
    names = {rule.id: rule.title for rule in kb.rules}
    return [
        Waiting(row.chart, row, one, names.get(one.rule, one.rule))
        for row, one in reversed(asked)
        if (look := looks.get(row.chart_id)) is not None and _still_asks(one, people[row.chart_id], look, kb)
    ]


def _still_asks(proposal: ProposedOverride, who: Row, found: Row, kb: Knowledge) -> bool:
    """Whether a proposal is for the findings in force, and its rule is not set aside there.

    Findings in which nothing is set aside yet have the hash that the proposal names: they are not read.
    """
    if found.sha256 == proposal.findings_sha256:
        return True
    look = _with_overrides(found)
    return (
        look is not None and bare(look).sha256 == proposal.findings_sha256 and not _is_signed(proposal, who, look, kb)
    )


def _with_overrides(found: Row) -> Assessment | None:
    """Findings in which something is set aside; others are not looked into any further."""
    return read(found, Assessment) if _NONE_SET_ASIDE not in found.document else None


def _is_signed(proposal: ProposedOverride, who: Row, look: Assessment, kb: Knowledge) -> bool:
    """Whether two people signed it; what was signed of an earlier occurrence leaves the rule standing."""
    if all(signed.rule != proposal.rule for signed in look.overrides):
        return False
    return not stands(proposal.rule, screen(read(who, Person), look, kb))


def _newest(kind: str, charts: list[UUID]) -> dict[UUID, Row]:
    """The row in force of a kind in each chart."""
    if not charts:
        return {}
    found = Row.objects.filter(chart__in=charts, kind=kind, superseded_by=None).order_by("number")
    return {row.chart_id: row for row in found}
