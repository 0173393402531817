"""The outer limits of a plan: home or clinic, site, and what the person's own decisions add. The least wins."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Callable
from functools import lru_cache
from math import inf
from typing import NamedTuple

from needling.documents import Citation, Clearance, Endpoint, Plan, Session, Setting, Stroke
from needling.knowledge.base import Knowledge
from needling.knowledge.schema import Envelope
from needling.units import UNITS

BLEEDING: tuple[Endpoint, ...] = ("pinpoint", "confluent")


class Limit(NamedTuple):
    """One number that a plan may not pass, and where it comes from."""

    value: float
    because: str
    sources: tuple[Citation, ...] = ()
    proposal: bool = False


class ZoneLimits(NamedTuple):
    """All limits on one zone in one setting, each the tightest of its kind."""

    zone: str
    needle_mm: Limit
    min_interval_d: Limit
    bleeding: Limit
    """1 where pinpoint bleeding may be the endpoint, 0 where it may not."""


class Breach(NamedTuple):
    """One thing in a plan beyond its envelope: what, how much is allowed, and why."""

    what: str
    allowed: str
    because: str
    sources: tuple[Citation, ...] = ()


def _cap_limits(clearance: Clearance, zone: str, field: str) -> list[Limit]:
    return [
        Limit(float(value), f"{decision.title} ({decision.rule})", decision.sources, decision.proposal)
        for decision in clearance.decisions
        if decision.caps is not None
        and decision.zone in (None, zone)
        and (value := getattr(decision.caps, field)) is not None
    ]


def written_plan_allowed(clearance: Clearance) -> bool:
    """Whether a clinician's written home plan was recorded: the longer home length needs one."""
    return any(decision.rule == WRITTEN_PLAN_RULE for decision in clearance.decisions)


WRITTEN_PLAN_RULE = "home-written-plan"


def min_interval_d(envelope: Envelope, needle_length_mm: float) -> float:
    """Shortest gap between two sessions on one zone for a needle length; infinite beyond the table."""
    for step in sorted(envelope.frequency, key=lambda step: step.up_to_mm):
        if needle_length_mm <= step.up_to_mm:
            return step.min_interval_d
    return inf


def zone_limits(zone: str, setting: Setting, clearance: Clearance, kb: Knowledge) -> ZoneLimits:
    """The limits on one zone: envelope, site and every cap of the clearance, the tightest named.

    Args:
        zone: zone id.
        setting: home or clinic.
        clearance: decisions whose caps tighten the limits.
        kb: envelopes and sites.

    Raises:
        BadInput: unknown zone.
    """
    envelope, site = kb.envelope(setting), kb.site(zone)
    outer = envelope.needle_max_mm
    site_max = site.home_max_mm if setting == "home" else site.clinic_max_mm
    if setting == "home" and written_plan_allowed(clearance):
        outer = envelope.written_plan_needle_max_mm or outer
        site_max = site.home_max_written_plan_mm or site_max
    needle = [
        Limit(outer, f"{setting} envelope", envelope.sources, envelope.proposal),
        Limit(0.0 if site.never else site_max, f"ceiling of the site {site.name}", site.sources, site.proposal),
        *_cap_limits(clearance, zone, f"{setting}_needle_mm"),
    ]
    intervals = [Limit(0, "no rule asks for a longer gap"), *_cap_limits(clearance, zone, "min_interval_d")]
    no_bleeding = [
        Limit(0, f"{decision.title} ({decision.rule})", decision.sources, decision.proposal)
        for decision in clearance.decisions
        if decision.caps is not None and decision.caps.bleeding == "no" and decision.zone in (None, zone)
    ]
    if not set(envelope.endpoints) & set(BLEEDING):
        no_bleeding.append(Limit(0, f"{setting} envelope", envelope.sources, envelope.proposal))
    return ZoneLimits(
        zone=zone,
        needle_mm=min(needle, key=lambda limit: limit.value),
        min_interval_d=max(intervals, key=lambda limit: limit.value),
        bleeding=no_bleeding[0] if no_bleeding else Limit(1, "no rule forbids it"),
    )


def _mm(value: float) -> str:
    return f"{value:g} mm"


def _stroke_breaches(stroke: Stroke, session: Session, limits: ZoneLimits, envelope: Envelope) -> list[Breach]:
    found = []
    needle, envelope_why = limits.needle_mm, f"{envelope.setting} envelope"
    if stroke.needle_length_mm > needle.value:
        found.append(
            Breach(
                f"{_mm(stroke.needle_length_mm)} needles on {stroke.zone}",
                f"at most {_mm(needle.value)}",
                needle.because,
                needle.sources,
            )
        )
    for name, given, most in (
        ("directions", stroke.directions_count, envelope.directions_max_count),
        ("passes in each direction", stroke.passes_count, envelope.passes_max_count),
        ("N on the drum", stroke.force_N, envelope.force_max_N),
    ):
        if given > most:
            found.append(
                Breach(f"{given:g} {name} on {stroke.zone}", f"at most {most:g}", envelope_why, envelope.sources)
            )
    if session.endpoint in BLEEDING:
        if not limits.bleeding.value:
            found.append(
                Breach(
                    f"endpoint {session.endpoint} on {stroke.zone}",
                    "no bleeding",
                    limits.bleeding.because,
                    limits.bleeding.sources,
                )
            )
        elif envelope.bleeding_from_mm is not None and stroke.needle_length_mm < envelope.bleeding_from_mm:
            found.append(
                Breach(
                    f"endpoint {session.endpoint} with {_mm(stroke.needle_length_mm)} on {stroke.zone}",
                    f"bleeding only from {_mm(envelope.bleeding_from_mm)}",
                    envelope_why,
                    envelope.sources,
                )
            )
    return found


def _session_breaches(
    index: int, session: Session, plan: Plan, go: set[str], limits: Callable[[str], ZoneLimits], kb: Knowledge
) -> list[Breach]:
    envelope = kb.envelope(plan.envelope)
    device = kb.device(session.device)
    why = f"{plan.envelope} envelope"
    found = []
    if device.kind not in envelope.device_kinds:
        found.append(
            Breach(f"a {device.kind} ({device.id})", f"only {', '.join(envelope.device_kinds)}", why, envelope.sources)
        )
    if plan.envelope == "home" and not device.home:
        found.append(Breach(f"the device {device.id} at home", "a device made for home use", why, envelope.sources))
    if session.endpoint not in envelope.endpoints:
        found.append(
            Breach(f"endpoint {session.endpoint}", f"one of {', '.join(envelope.endpoints)}", why, envelope.sources)
        )
    if session.condition != "new":
        what = "used, dropped or bent needles" if session.condition == "worn" else "needles of unknown make"
        found.append(Breach(what, "new needles of a named maker", f"device {device.name}", device.sources))
    topicals = kb.by("topicals")
    for name in session.topicals:
        topical = topicals.get(name)
        if topical is None:
            found.append(Breach(f"{name} on open skin", "only substances that are known here", "topical gate"))
        elif topical.gate != "allowed":
            allowed = "only what the topical gate allows"
            found.append(Breach(f"{topical.name} on open skin", allowed, topical.because, topical.sources))
    for stroke in session.strokes:
        if stroke.zone not in go:
            found.append(Breach(f"zone {stroke.zone}", "only zones that are cleared", "clearance"))
            continue
        if stroke.needle_length_mm not in device.lengths_mm:
            found.append(
                Breach(
                    f"{_mm(stroke.needle_length_mm)} needles on {device.id}",
                    f"one of {', '.join(f'{length:g}' for length in device.lengths_mm)} mm",
                    "device",
                )
            )
        if device.kind == "roller" and not kb.site(stroke.zone).roller:
            site = kb.site(stroke.zone)
            found.append(Breach(f"a roller on {stroke.zone}", "a stamp or pen", f"site {site.name}", site.sources))
        found += _stroke_breaches(stroke, session, limits(stroke.zone), envelope)
        first = envelope.first_needle_max_mm
        if first is not None and index < envelope.first_sessions_count and stroke.needle_length_mm > first:
            found.append(
                Breach(
                    f"{_mm(stroke.needle_length_mm)} in session {index + 1}",
                    f"at most {_mm(first)} in the first {envelope.first_sessions_count}",
                    why,
                    envelope.sources,
                )
            )
    return found


def _interval_breaches(plan: Plan, limits: Callable[[str], ZoneLimits], kb: Knowledge) -> list[Breach]:
    envelope = kb.envelope(plan.envelope)
    days: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for session in plan.sessions:
        for stroke in session.strokes:
            days[stroke.zone].append((session.day_d, stroke.needle_length_mm))
    found = []
    for zone, visits in days.items():
        visits.sort()
        if len(visits) > envelope.sessions_max_count:
            found.append(
                Breach(
                    f"{len(visits)} sessions on {zone}",
                    f"at most {envelope.sessions_max_count}",
                    f"{plan.envelope} envelope",
                    envelope.sources,
                )
            )
        asked = limits(zone).min_interval_d
        for visit, ((before, length), (after, _)) in enumerate(itertools.pairwise(visits), start=1):
            first = envelope.first_min_interval_d if visit < envelope.first_sessions_count else 0
            gap = max(min_interval_d(envelope, length), first)
            own = Limit(gap, f"{plan.envelope} envelope for {_mm(length)}", envelope.sources)
            limit = max(own, asked, key=lambda limit: limit.value)
            if after - before < limit.value:
                never = limit.value == inf
                allowed = "nothing: this length is not for here" if never else f"at least {limit.value:g} days"
                found.append(
                    Breach(
                        f"{after - before:g} days between sessions on {zone}",
                        allowed,
                        limit.because,
                        limit.sources,
                    )
                )
    return found


def breaches(plan: Plan, clearance: Clearance, kb: Knowledge) -> tuple[Breach, ...]:
    """Everything in a plan that lies outside its envelope; empty when it may be approved.

    Checks the clearance (verdict, person, hash, knowledge, setting), then each session's device, endpoint,
    zones, needle length, passes and force, then the gaps between sessions. No sessions, no breach.

    Raises:
        BadInput: unknown device or zone ids.
    """
    if not plan.sessions:
        return ()
    found = []
    if clearance.verdict != "go" or clearance.asks:
        found.append(Breach("a plan with sessions", f"none while the verdict is '{clearance.verdict}'", "clearance"))
    if plan.person != clearance.person or plan.clearance_sha256 != clearance.sha256:
        found.append(
            Breach("a clearance of another person or day", "the clearance this plan was made under", "clearance")
        )
    if not plan.knowledge_sha256 == clearance.knowledge_sha256 == kb.sha256:
        found.append(
            Breach("another version of the knowledge", "the version in force; screen and plan again", "knowledge")
        )
    if clearance.envelope is None or (plan.envelope == "home" and clearance.envelope != "home"):
        found.append(Breach(f"the {plan.envelope} envelope", f"{clearance.envelope or 'none'}", "clearance"))
    ordered = sorted(plan.sessions, key=lambda session: session.day_d)
    visit_of = {day: index for index, day in enumerate(sorted({session.day_d for session in ordered}))}
    go = {zone.zone for zone in clearance.zones if zone.verdict == "go"}
    limits = lru_cache(maxsize=None)(lambda zone: zone_limits(zone, plan.envelope, clearance, kb))
    for session in ordered:
        found += _session_breaches(visit_of[session.day_d], session, plan, go, limits, kb)
    return (*found, *_interval_breaches(plan, limits, kb))


def days_label(days_d: float) -> str:
    """``6 weeks`` or ``10 days``: how an interval is said."""
    week = UNITS["wk"].si_factor / UNITS["d"].si_factor
    if days_d >= week and days_d % week == 0:
        weeks = days_d / week
        return "1 week" if weeks == 1 else f"{weeks:g} weeks"
    return "1 day" if days_d == 1 else f"{days_d:g} days"
