"""How a course stands today: everything told so far, what of it is known now, and what speaks against going on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from needling.documents import Approval, Assessment, Clearance, Decision, Override, Person, Reason, SessionRecord
from needling.errors import BadInput
from needling.knowledge import Knowledge
from needling.learning.alarms import Marks, events_held, marks_of, proven_by, treated_zones
from needling.learning.standing import Answers, answers_of, today_of
from needling.planning.screen import screen, verdict_of


@dataclass(frozen=True)
class Stand:
    """A course as it stands after all that was told.

    Args:
        zones: that the course treats. answers: every one so far. person, today: with what is known now, and nothing
            that is not. clearance: of them.
        marks: that the course left; None for none.
        held: unwanted events and marks that are there: they have to pass before anything is done.
        barred: what screening finds against it.
        asks: what has to be known before: events and marks of which nobody said whether they are over.
    """

    zones: list[str]
    answers: Answers
    person: Person
    today: Assessment
    clearance: Clearance
    marks: Marks | None
    held: tuple[Reason, ...]
    barred: tuple[Reason, ...]
    asks: tuple[Reason, ...]


def stand(
    approval: Approval,
    records: Sequence[SessionRecord],
    looks: Sequence[Assessment],
    kb: Knowledge,
    *,
    person: Person | None = None,
    asked: Sequence[Assessment] | None = None,
    overrides: Sequence[Override] = (),
) -> Stand:
    """How a course stands.

    Args:
        approval: plan and forecast in force. records: of its sessions, with events. kb: questions, events, rules.
        looks: later assessments; without any, what the first visit found is the latest that is known.
        person: with the newest answers, on the day of the latest look; without it, those of the first visit.
        asked: answers that were given on other days, each as a look: before a session, or in the person's own answers.
            They count for screening, then instead of what ``person`` carries; only a look says that an event is over.
        overrides: what two people decided for the whole course, beside what the latest look carries.

    Raises:
        BadInput: the latest look leaves out a zone of the course, or is of another setting.
    """
    first = approval.forecast.assessment
    zones = treated_zones(approval, records)
    latest = max(looks, key=lambda one: one.on, default=first)
    whole = _whole(approval, latest, zones)
    whole = whole.model_copy(update={"overrides": tuple(dict.fromkeys((*whole.overrides, *overrides)))})
    proven, then = proven_by(records, kb), approval.forecast.person
    seen = answers_of(first, then, looks or (first,), zones, kb, now=person if asked is None else None, proven=proven)
    answers = answers_of(first, then, (*(looks or (first,)), *asked), zones, kb, proven=proven) if asked else seen
    who, today = today_of(person or then, whole, answers)
    clearance = screen(who, today, kb)
    events = list(events_held(records, seen, zones, kb))
    marks = marks_of(records, seen, zones, first.on, kb)
    held = [one.reason for one in events if one.kind == "pause"]
    asks = [one.reason for one in events if one.kind == "ask"]
    if marks is not None and marks.still is not False:
        (held if marks.still else asks).append(marks.reason)
    return Stand(zones, answers, who, today, clearance, marks, tuple(held), tuple(barred(clearance)), tuple(asks))


def _whole(approval: Approval, latest: Assessment, zones: Sequence[str]) -> Assessment:
    """The latest look with the scores of the first visit: what the whole course is simulated with."""
    first = approval.forecast.assessment
    lacking = sorted(set(zones) - {finding.zone for finding in latest.zones})
    if lacking:
        raise BadInput(
            f"the follow-up of {latest.on} says nothing of {', '.join(lacking)}, which the course treats; look there "
            "too, for what is not known is not taken as well"
        )
    if latest.setting != first.setting:
        raise BadInput(f"the course is for '{first.setting}', the follow-up of {latest.on} for '{latest.setting}'")
    return latest.model_copy(update={"scores": first.scores})


def barred(clearance: Clearance) -> list[Reason]:
    """What screening found against needling today; none where a zone may go, or where an answer can still let one."""
    stopping = [
        one for one in clearance.decisions if verdict_of(one.action, clearance.setting) != "go" and not one.overridden
    ]
    whole = any(one.zone is None for one in stopping)
    everywhere = {zone.zone for zone in clearance.zones} <= {one.zone for one in stopping}
    if clearance.verdict == "go" or not (whole or everywhere or clearance.verdict != "ask"):
        return []
    return [_decided(one) for one in stopping]


def _decided(decision: Decision) -> Reason:
    """A decision of screening as a reason."""
    until = f" Not before {decision.until}." if decision.until else ""
    until += f" Until {decision.until_when}." if decision.until_when else ""
    return Reason(
        what=decision.title, why=decision.because + until, sources=decision.sources, proposal=decision.proposal
    )
