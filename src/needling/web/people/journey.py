"""The way of one person through the clinic, as steps; the one that is due next comes from what is written already."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal, NamedTuple

from django.urls import NoReverseMatch, reverse

from needling.documents import Assessment, Choice, Clearance, Verdict
from needling.report.words import on_day
from needling.web.charts.models import Chart, Kind, Row
from needling.web.charts.records import latest
from needling.web.visits.course import Course

State = Literal["done", "due", "later"]

# Each step with the addresses that it may have, the first that exists; a step without any is not shown.
_STEPS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("answers", "Answers", ("person",)),
    ("assessment", "Assessment", ("assessment",)),
    ("clearance", "Clearance", ("clearance",)),
    ("plan", "Plan", ("plan",)),
    ("approve", "Approval", ("plan-approve", "approve")),
    ("visit", "Visit", ("visit-new",)),
    ("follow-up", "Follow-up", ("follow-up-new", "follow-up", "assessment")),
)
STEP_NAMES = {step: name for step, name, _ in _STEPS}


@dataclass(frozen=True)
class Step:
    """One step. ``says`` is what is there or why it is due; ``address`` is empty where nothing can be opened."""

    id: str
    name: str
    address: str
    state: State
    says: str = ""


def _address(names: Iterable[str], chart: Chart) -> str:
    for name in names:
        try:
            return reverse(name, args=[chart.id])
        except NoReverseMatch:
            continue
    return ""


def newest(rows: Iterable[Row], replaced: set[object]) -> dict[str, datetime]:
    """When the newest document of each kind was written that nothing replaces."""
    found: dict[str, datetime] = {}
    for row in rows:
        if row.id not in replaced and (row.kind not in found or row.at > found[row.kind]):
            found[row.kind] = row.at
    return found


class Cleared(NamedTuple):
    """What the clearance in force says: its verdict, and until when to wait."""

    verdict: Verdict
    earliest: date | None

    @property
    def stands(self) -> str:
        """Why there is nothing to plan now; "" where there is."""
        if self.verdict == "defer" and self.earliest is not None:
            over = self.earliest <= date.today()
            return "the wait is over, screen again" if over else f"wait until {on_day(self.earliest)}"
        return _STANDS.get(self.verdict, "")


_STANDS: dict[str, str] = {
    "exclude": "excluded, not suitable for needling",
    "refer": "a clinician must look first",
    "defer": "not now, wait",
    "ask": "answers are missing that decide it",
}
NO_CLEARANCE = Cleared("go", None)


def cleared_by(clearance: Clearance) -> Cleared:
    """What a clearance says."""
    return Cleared(clearance.verdict, clearance.earliest)


def next_of(
    at: Mapping[str, datetime],
    there: set[str],
    *,
    own: bool,
    over: bool = False,
    session_due: bool = False,
    said: Cleared = NO_CLEARANCE,
    unsigned: bool = False,
    nothing: bool = False,
    unlike: bool = False,
) -> tuple[str, str]:
    """The step that comes next, and why.

    Args:
        at: of :func:`newest`. there: steps that can be opened. own: whether the assessment in force is a clinician's.
        over: whether every session of the plan in force has its record. session_due: whether the day of one has come.
        said: what the clearance that was kept last says. unsigned: whether an override waits for a second signature.
        nothing: whether the choice that was kept last is to do nothing. unlike: whether the answers may be somebody
            else's.
    """
    person, look = at.get(Kind.PERSON), at.get(Kind.ASSESSMENT)
    planned = max(filter(None, (at.get(Kind.CHOICE), at.get(Kind.PLAN))), default=None)
    cleared, approved, seen = at.get(Kind.CLEARANCE), at.get(Kind.APPROVAL), at.get(Kind.RECORD)
    if person is None:
        return "answers", "nothing is known yet"
    if unlike:
        return "answers", "they may be somebody else’s"
    if look is None:
        return "assessment", "no zone was looked at yet"
    if not own:
        return "assessment", "the person told of their skin; now look yourself"
    running = approved is not None and (planned is None or planned <= approved)
    known = person if running else max(person, look)  # during a course a follow-up does not end the clearance
    if "clearance" in there and unsigned:
        return "clearance", "waits for a second signature"
    if "clearance" in there and (cleared is None or cleared < known):
        return "clearance", "not screened yet" if cleared is None else "something newer is known"
    newest = cleared is not None and (not running or approved is None or cleared > approved)
    if "clearance" in there and newest and said.stands:
        return "clearance", said.stands
    if running and approved is not None:
        if seen is None or seen < approved:
            return "visit", "the plan is approved"
        if over:
            return (
                "follow-up",
                "all sessions are recorded: how is it now?" if look < seen else "look again when it can be judged",
            )
        if session_due:
            return "visit", "the next session is due"
        return ("follow-up", "how is it after the visit?") if look < seen else ("visit", "if the course goes on")
    begun = max(filter(None, (known, cleared)))
    if planned is None or planned < begun:
        drafted = at.get(Kind.DRAFT)
        if drafted is not None and drafted >= begun:
            return "plan", "drawn up, not approved yet"
        return "plan", "no plan yet" if planned is None else "something newer is known"
    if nothing:
        return "follow-up", "nothing is best for now; look again when something changes"
    return "approve", "the plan waits for it"


def not_approved(at: Mapping[str, datetime]) -> bool:
    """Whether a choice is kept that no approval followed."""
    return Kind.CHOICE in at and (Kind.APPROVAL not in at or at[Kind.APPROVAL] < at[Kind.CHOICE])


def _nothing_chosen(chart: Chart, at: Mapping[str, datetime]) -> bool:
    found = latest(chart, Choice) if not_approved(at) else None
    return found is not None and not found[1].plan.sessions


_MADE_BY = {
    "answers": (Kind.PERSON,),
    "assessment": (Kind.ASSESSMENT,),
    "clearance": (Kind.CLEARANCE,),
    "plan": (Kind.CHOICE, Kind.PLAN),
    "approve": (Kind.APPROVAL,),
    "visit": (Kind.RECORD,),
}


def steps_of(
    chart: Chart, at: Mapping[str, datetime], look: Assessment | None, course: Course | None, *, stopped: bool,
    said: Cleared = NO_CLEARANCE, unsigned: bool = False, unlike: bool = False,
) -> tuple[Step, ...]:  # fmt: skip
    """All steps that can be opened, with the one that is due.

    Args:
        at: of :func:`newest`. look: the assessment in force. course: in force; None before an approval.
            stopped: whether something stands against its next session. said, unsigned,
            unlike: of :func:`next_of`.
    """
    upcoming = course.next_session if course else None
    session_due = course is not None and upcoming is not None and course.expected_on(upcoming) <= date.today()
    over = course is not None and upcoming is None
    done = [record.on for record in course.records] if course else []
    days = {"assessment": look.on if look else None, "visit": max(done, default=None)}
    addresses = {step: _address(names, chart) for step, _, names in _STEPS}
    there = {step for step, address in addresses.items() if address}
    due, why = next_of(
        at, there, own=look is None or look.by != chart.person_id, over=over, session_due=session_due, said=said,
        unsigned=unsigned, nothing=_nothing_chosen(chart, at), unlike=unlike,
    )  # fmt: skip
    if stopped and due in ("visit", "follow-up"):
        due, why = "follow-up", "a session is stopped: look again"
    found = []
    for step, name, _ in _STEPS:
        if step not in there:
            continue
        written = [at[kind] for kind in _MADE_BY.get(step, ()) if kind in at]
        if step == due:
            found.append(Step(step, name, addresses[step], "due", why))
        elif written:
            day = days.get(step) or max(written).date()
            found.append(Step(step, name, addresses[step], "done", on_day(day)))
        else:
            found.append(Step(step, name, addresses[step], "later"))
    return tuple(found)
