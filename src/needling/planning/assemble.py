"""Phases of a protocol to a whole plan: days, strokes, preparation, aftercare, stop rules, follow-ups."""

from __future__ import annotations

from datetime import timedelta
from functools import lru_cache
from math import ceil

from needling.documents import (
    Assessment,
    Clearance,
    Endpoint,
    FollowUp,
    Person,
    Plan,
    Reason,
    Session,
    Setting,
    Stroke,
)
from needling.knowledge.base import Knowledge
from needling.knowledge.schema import CareStep
from needling.planning.envelope import BLEEDING, zone_limits
from needling.planning.protocol import Phase, parse, say, say_phases

STOP = "stop-"
"""Care steps whose id begins so are the rules for stopping during a session."""


@lru_cache(maxsize=64)
def _care(kb: Knowledge, setting: Setting, needle_mm: float, phototype: str | None) -> tuple[CareStep, ...]:
    return tuple(
        sorted(
            (
                step
                for step in kb.care
                if setting in step.settings
                and step.min_needle_mm <= needle_mm <= step.max_needle_mm
                and (not step.phototypes or phototype in step.phototypes)
            ),
            key=lambda step: step.order,
        )
    )


def _force(kb: Knowledge, setting: Setting) -> float:
    return kb.parameter(f"planning-force-{setting}").quantity.median


def _sessions(
    phases: tuple[Phase, ...], person: Person, setting: Setting, endpoints: dict[str, Endpoint], kb: Knowledge
) -> tuple[Session, ...]:
    bland = tuple(topical.id for topical in kb.topicals if topical.gate == "allowed")
    force = _force(kb, setting)
    sessions: list[Session] = []
    day = 0.0
    for phase in phases:
        for _ in range(phase.sessions_count):
            for device in dict.fromkeys(group.device for group in phase.groups):
                groups = [group for group in phase.groups if group.device == device]
                strokes = tuple(
                    Stroke(
                        zone=zone,
                        needle_length_mm=group.needle_length_mm,
                        directions_count=group.directions_count,
                        passes_count=group.passes_count,
                        force_N=force,
                    )
                    for group in groups
                    for zone in group.zones
                )
                longest = max(stroke.needle_length_mm for stroke in strokes)
                preparation, aftercare = _lists(_care(kb, setting, longest, person.phototype))
                wanted = {endpoints[stroke.zone] for stroke in strokes}
                # One session has one endpoint: the mildest that a zone of it asks for.
                endpoint = min(wanted, key=("none", "faint-pink", "erythema", *BLEEDING).index)
                sessions.append(
                    Session(
                        day_d=day,
                        device=device,
                        strokes=strokes,
                        endpoint=endpoint,
                        preparation=preparation,
                        topicals=bland,
                        aftercare=aftercare,
                    )
                )
            day += phase.interval_d
    return tuple(sessions)


def follow_ups_of(
    sessions: tuple[Session, ...], setting: Setting, phototype: str | None, kb: Knowledge
) -> tuple[FollowUp, ...]:
    """The checks that belong to some sessions of a person, by day; an unknown skin type gets those of every type."""
    days = sorted({session.day_d for session in sessions})
    found: list[FollowUp] = []
    for rule in kb.follow_ups:
        if setting not in rule.settings or (rule.phototypes and phototype is not None
                                            and phototype not in rule.phototypes):  # fmt: skip
            continue
        anchors = {"each-session": days, "before-session": days[1:], "last-session": days[-1:]}[rule.anchor]
        if rule.after_sessions_count is not None:
            anchors = days[rule.after_sessions_count : rule.after_sessions_count + 1]
        found += [FollowUp(day_d=max(day + rule.day_d, 0.0), what=rule.says) for day in anchors]
    return tuple(sorted(found, key=lambda check: (check.day_d, check.what)))


def plan_from_phases(
    phases: tuple[Phase, ...],
    person: Person,
    assessment: Assessment,
    clearance: Clearance,
    kb: Knowledge,
    *,
    rationale: tuple[Reason, ...] = (),
    declined: tuple[Reason, ...] = (),
    endpoints: dict[str, Endpoint],
) -> Plan:
    """A plan of given phases. It is not checked here: :func:`needling.planning.envelope.breaches` does that.

    Args:
        phases: what is done how often (:mod:`needling.planning.protocol`).
        endpoints: the endpoint of every zone of the phases.

    Returns:
        The plan, with care steps for its longest needle and the person's phototype, and follow-up days. It starts
        when its longest preparation can have been done.
    """
    sessions = _sessions(phases, person, assessment.setting, endpoints, kb)
    label = say_phases(phases, assessment.setting, kb)
    return _plan(sessions, label, assessment.setting, person, assessment, clearance, kb, rationale, declined)


def plan_from_sessions(
    sessions: tuple[Session, ...],
    setting: Setting,
    person: Person,
    assessment: Assessment,
    clearance: Clearance,
    kb: Knowledge,
    *,
    rationale: tuple[Reason, ...] = (),
    declined: tuple[Reason, ...] = (),
) -> Plan:
    """A plan of given sessions, each with the care steps that its needle asks for. It is not checked here.

    Args:
        sessions: at least one; their care lists are made anew, all else is kept.
        setting: the envelope that the plan claims.

    Returns:
        The plan with its sentence, stop rules and follow-up days.
    """
    cared = []
    for session in sessions:
        steps = _care(kb, setting, max(stroke.needle_length_mm for stroke in session.strokes), person.phototype)
        cared.append(session.model_copy(update=dict(zip(("preparation", "aftercare"), _lists(steps), strict=True))))
    return _plan(tuple(cared), None, setting, person, assessment, clearance, kb, rationale, declined)


def _lists(steps: tuple[CareStep, ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Ids of what is done before and during a session, and of what is done after it."""
    before = tuple(step.id for step in steps if step.phase != "after" and not step.id.startswith(STOP))
    return before, tuple(step.id for step in steps if step.phase == "after")


def _plan(
    sessions: tuple[Session, ...],
    label: str | None,
    setting: Setting,
    person: Person,
    assessment: Assessment,
    clearance: Clearance,
    kb: Knowledge,
    rationale: tuple[Reason, ...],
    declined: tuple[Reason, ...],
) -> Plan:
    longest = max(stroke.needle_length_mm for session in sessions for stroke in session.strokes)
    steps = _care(kb, setting, longest, person.phototype)
    plan = Plan(
        person=person.id,
        label=label or "",
        envelope=setting,
        sessions=sessions,
        stop_rules=tuple(step.says for step in steps if step.id.startswith(STOP)),
        follow_ups=follow_ups_of(sessions, setting, person.phototype, kb),
        declined=declined,
        rationale=rationale,
        start=assessment.on + timedelta(days=ceil(max((step.lead_d for step in steps), default=0))),
        clearance_sha256=clearance.sha256,
        knowledge_version=kb.version,
        knowledge_sha256=kb.sha256,
    )
    return plan if label is not None else plan.model_copy(update={"label": say(plan, kb)})


def no_treatment(
    person: Person,
    assessment: Assessment,
    clearance: Clearance,
    kb: Knowledge,
    *,
    rationale: tuple[Reason, ...] = (),
    declined: tuple[Reason, ...] = (),
) -> Plan:
    """The candidate that is always there: do nothing, and what that rests on."""
    return Plan(
        person=person.id,
        label="no treatment",
        envelope=assessment.setting,
        sessions=(),
        declined=declined,
        rationale=rationale,
        start=assessment.on,
        clearance_sha256=clearance.sha256,
        knowledge_version=kb.version,
        knowledge_sha256=kb.sha256,
    )


def _usual_endpoint(length_mm: float, zone: str, setting: Setting, clearance: Clearance, kb: Knowledge) -> Endpoint:
    """Faint pink at home, pinpoint where bleeding is allowed for the length, erythema otherwise."""
    envelope = kb.envelope(setting)
    if setting == "home":
        return "faint-pink"
    from_mm = envelope.bleeding_from_mm
    bleeds = zone_limits(zone, setting, clearance, kb).bleeding.value and from_mm is not None and length_mm >= from_mm
    return "pinpoint" if bleeds else "erythema"


def plan_from_sentence(
    sentence: str, person: Person, assessment: Assessment, clearance: Clearance, kb: Knowledge
) -> Plan:
    """A protocol sentence to a plan for a person; check it with ``breaches`` before anything is done with it.

    Raises:
        BadInput: the sentence cannot be read, or names unknown zones or devices.
    """
    phases = parse(sentence, assessment.setting, kb)
    if not phases:
        return no_treatment(person, assessment, clearance, kb)
    endpoints = {
        zone: _usual_endpoint(group.needle_length_mm, zone, assessment.setting, clearance, kb)
        for phase in phases
        for group in phase.groups
        for zone in group.zones
    }
    return plan_from_phases(phases, person, assessment, clearance, kb, endpoints=endpoints)
