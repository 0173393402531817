"""Candidate plans inside the envelope. "No treatment" is always the first of them."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import NamedTuple

from needling.documents import (
    Assessment,
    Clearance,
    Endpoint,
    Goals,
    Person,
    Plan,
    Reason,
    Setting,
    ZoneFinding,
)
from needling.knowledge.base import Knowledge
from needling.knowledge.schema import Indication, Protocol
from needling.planning.assemble import no_treatment, plan_from_phases
from needling.planning.envelope import (
    BLEEDING,
    Breach,
    ZoneLimits,
    breaches,
    min_interval_d,
    zone_limits,
)
from needling.planning.protocol import Group, Phase
from needling.planning.wishes import spans, unmet, within


class ZoneGrid(NamedTuple):
    """What may be done on one zone: its strengths from mild to strong, and its schedules.

    ``lengths_mm`` are all lengths of the protocol inside the limit that the device has, wished or not: a staged start
    may need a shorter one than was wished for.
    """

    finding: ZoneFinding
    indication: Indication
    protocol: Protocol
    device: str
    strengths: tuple[tuple[float, int], ...]
    lengths_mm: tuple[float, ...]
    endpoint: Endpoint


def _protocol_for(indication: Indication, site: str, setting: Setting) -> Protocol | None:
    for protocol in indication.protocols:
        if protocol.setting == setting and site in protocol.sites:
            return protocol
    return None


def _device_for(
    protocol: Protocol, finding: ZoneFinding, lengths: tuple[float, ...], goals: Goals, kb: Knowledge
) -> str | None:
    """The wished device if the protocol's kinds include it, else a roller for large zones, a stamp or pen for small."""
    site = kb.site(finding.zone)
    listed = [kb.device(name) for name in protocol.devices]
    if goals.device is not None:
        wished = kb.device(goals.device)
        if wished.kind in {device.kind for device in listed}:
            listed.insert(0, wished)
    small = finding.area_cm2 < kb.parameter("planning-small-zone").quantity.median
    usable = [
        device
        for device in listed
        if set(device.lengths_mm) & set(lengths)
        and (device.kind != "roller" or site.roller)
        and (protocol.setting == "clinic" or device.home)
    ]
    if goals.device is not None and any(device.id == goals.device for device in usable):
        return goals.device
    suited = [device for device in usable if (device.kind != "roller") == small]
    chosen = suited or usable
    return chosen[0].id if chosen else None


def _zone_grid(
    finding: ZoneFinding, limits: ZoneLimits, setting: Setting, goals: Goals, kb: Knowledge
) -> ZoneGrid | Reason:
    """The candidates of one zone, or the reason why there is none."""
    indication = kb.indication(finding.concern)
    site = kb.site(finding.zone)
    if indication.answer != "plan":
        return Reason(
            what=f"{indication.name}, {site.name}: no plan",
            why=indication.answer_why,
            sources=indication.sources,
            proposal=indication.proposal,
        )
    planned = kb.planned_indication(finding.concern, setting)
    protocol = _protocol_for(planned, site.id, setting)
    if protocol is None:
        return Reason(
            what=f"{indication.name}, {site.name}: no plan",
            why=f"There is no {setting} protocol for this concern on this site.",
            sources=indication.sources,
        )
    most = limits.needle_mm.value
    lengths = tuple(length for length in sorted(protocol.lengths_mm) if length <= most)
    wished = goals.needle_length_mm
    if wished is not None and within(wished, lengths) and _device_for(protocol, finding, (wished,), goals, kb):
        lengths = (wished,)
    if not lengths:
        return Reason(
            what=f"{indication.name}, {site.name}: no plan",
            why=f"The shortest needle with evidence here is {min(protocol.lengths_mm):g} mm; the limit is {most:g} mm "
            f"({limits.needle_mm.because}).",
            sources=limits.needle_mm.sources or protocol.sources,
            proposal=limits.needle_mm.proposal,
        )
    device = _device_for(protocol, finding, lengths, goals, kb)
    if device is None:
        return Reason(
            what=f"{indication.name}, {site.name}: no plan",
            why="No listed device has a needle of an allowed length for this site.",
            sources=protocol.sources,
        )
    sold = kb.device(device).lengths_mm
    passes_count = protocol.pen_passes_count if kb.device(device).kind == "pen" else protocol.passes_count
    if goals.passes_count is not None and within(goals.passes_count, passes_count):
        passes_count = (goals.passes_count,)
    strengths = tuple((length, passes) for length, passes in product(lengths, sorted(passes_count)) if length in sold)
    within_limit = tuple(length for length in sorted({*protocol.lengths_mm, *lengths}) if length <= most)
    on_device = tuple(length for length in within_limit if length in sold)
    return ZoneGrid(finding, planned, protocol, device, strengths, on_device, protocol.endpoint)


def _schedules(grids: list[ZoneGrid], goals: Goals) -> Iterator[tuple[float, int]]:
    """Intervals and session counts that every zone's protocol accepts; a zone may stop before the others."""
    intervals, counts = spans(grids)
    if goals.interval_d is not None and within(goals.interval_d, intervals):
        intervals = [goals.interval_d]
    if goals.sessions_count is not None and within(goals.sessions_count, counts):
        counts = [goals.sessions_count]
    yield from product(intervals, counts)


def _allowed_interval(
    grids: list[ZoneGrid], level: int, interval: float, setting: Setting, limits: dict[str, ZoneLimits], kb: Knowledge
) -> float:
    """The wished interval, lengthened to what the envelope and every cap ask for."""
    envelope = kb.envelope(setting)
    needed = [interval, envelope.first_min_interval_d]
    for grid in grids:
        length, _ = grid.strengths[min(level, len(grid.strengths) - 1)]
        needed += [min_interval_d(envelope, length), limits[grid.finding.zone].min_interval_d.value]
    return max(needed)


def _groups(grids: list[ZoneGrid], level: int, longest: float | None) -> tuple[Group, ...]:
    """All zones at one strength, zones rolled alike together; ``longest`` caps the first home sessions."""
    alike: dict[tuple[str, float, int, int], list[str]] = {}
    for grid in grids:
        length, passes = grid.strengths[min(level, len(grid.strengths) - 1)]
        if longest is not None and length > longest:
            length = max((shorter for shorter in grid.lengths_mm if shorter <= longest), default=length)
        how = (grid.device, length, grid.protocol.directions_count, passes)
        alike.setdefault(how, []).append(grid.finding.zone)
    return tuple(Group(*how, tuple(zones)) for how, zones in alike.items())


def _phases(
    grids: list[ZoneGrid], level: int, interval: float, count: int, setting: Setting, kb: Knowledge
) -> tuple[Phase, ...]:
    """The course as phases: staged first sessions at home, and zones that stop at their own most sessions."""
    envelope = kb.envelope(setting)
    staged = min(envelope.first_sessions_count, count) if envelope.first_needle_max_mm is not None else 0
    phases: list[Phase] = []
    for visit in range(count):
        present = [grid for grid in grids if visit < max(grid.protocol.sessions_count)]
        groups = _groups(present, level, envelope.first_needle_max_mm if visit < staged else None)
        if phases and phases[-1].groups == groups:
            phases[-1] = phases[-1]._replace(sessions_count=phases[-1].sessions_count + 1)
        elif groups:
            phases.append(Phase(groups, interval, 1))
    return tuple(phases)


def _declined(
    goals: Goals, setting: Setting, limits: dict[str, ZoneLimits], grids: list[ZoneGrid], kb: Knowledge
) -> list[Reason]:
    """Why the wished device or length is beyond its limit, for each zone where it is, and what is nearest."""
    reasons = []
    nearest_mm = {grid.finding.zone: max(length for length, _ in grid.strengths) for grid in grids}
    devices = ", ".join(dict.fromkeys(kb.device(grid.device).name for grid in grids))
    instead = f" Nearest that may be planned: {devices}." if devices else ""
    where = "at home" if setting == "home" else "in the clinic"
    length = goals.needle_length_mm
    if goals.device is not None:
        device, envelope = kb.device(goals.device), kb.envelope(setting)
        if device.kind not in envelope.device_kinds or (setting == "home" and not device.home):
            reasons.append(
                Reason(
                    what=f"{device.name} {where}",
                    why=f"This device is not for use {where}. {device.warning}".strip() + instead,
                    sources=(*envelope.sources, *device.sources),
                    proposal=envelope.proposal,
                )
            )
        if length is None and device.lengths_mm:
            length = min(device.lengths_mm)
    # At home the limit is disputed: the person is told the default and shown both sides.
    dispute = kb.find("conflicts", "length-and-place") if setting == "home" else None
    why_short = f" {dispute.tell}" if dispute else ""
    sides = (*dispute.sources_b, *dispute.sources_a) if dispute else ()
    for zone, limit in limits.items():
        if length is not None and length > limit.needle_mm.value:
            reasons.append(
                Reason(
                    what=f"{length:g} mm on the {kb.site(zone).name} {where}",
                    why=f"The limit here is {limit.needle_mm.value:g} mm: {limit.needle_mm.because}.{why_short}"
                    + (f" Nearest that may be planned: {nearest_mm[zone]:g} mm." if zone in nearest_mm else ""),
                    sources=(*limit.needle_mm.sources, *sides),
                    proposal=limit.needle_mm.proposal,
                )
            )
    return list(dict.fromkeys(reasons))


def _limit_reasons(grids: list[ZoneGrid], limits: dict[str, ZoneLimits], kb: Knowledge) -> list[Reason]:
    reasons = []
    for grid in grids:
        zone, site = grid.finding.zone, kb.site(grid.finding.zone)
        needle = limits[zone].needle_mm
        reasons.append(
            Reason(
                what=f"Needle length on the {site.name}: at most {needle.value:g} mm",
                why=f"Tightest limit: {needle.because}.",
                sources=needle.sources,
                proposal=needle.proposal,
            )
        )
        gap = limits[zone].min_interval_d
        if gap.value > 0:
            reasons.append(
                Reason(
                    what=f"At least {gap.value:g} days between sessions on the {site.name}",
                    why=gap.because,
                    sources=gap.sources,
                    proposal=gap.proposal,
                )
            )
        reasons.append(
            Reason(
                what=f"{grid.indication.name}: what the trials did",
                why=f"Evidence grade {grid.indication.evidence_grade}, certainty {grid.indication.certainty}.",
                sources=(*grid.indication.sources, *grid.protocol.sources),
                proposal=grid.protocol.proposal,
            )
        )
    return list(dict.fromkeys(reasons))


def _endpoint(
    grids: list[ZoneGrid], groups: tuple[Group, ...], limits: dict[str, ZoneLimits], setting: Setting, kb: Knowledge
) -> dict[str, Endpoint]:
    """Each zone's endpoint; bleeding only where it is allowed and the needle is long enough."""
    envelope = kb.envelope(setting)
    lengths = {zone: group.needle_length_mm for group in groups for zone in group.zones}
    found: dict[str, Endpoint] = {}
    for grid in grids:
        zone = grid.finding.zone
        bleeds = grid.endpoint in BLEEDING
        allowed = limits[zone].bleeding.value and (
            envelope.bleeding_from_mm is None or lengths.get(zone, 0) >= envelope.bleeding_from_mm
        )
        found[zone] = "erythema" if bleeds and not allowed else grid.endpoint
    return found


class Plannable(NamedTuple):
    """What may be planned for a person: each zone's grid and limits, what may not be planned, and why.

    Args:
        grids: of the zones that can be planned. limits: of every assessed zone. unplanned: why other zones are not.
        declined: why wishes are not met. rationale: of every plan with sessions.
    """

    grids: tuple[ZoneGrid, ...]
    limits: dict[str, ZoneLimits]
    unplanned: tuple[Reason, ...]
    declined: tuple[Reason, ...]
    rationale: tuple[Reason, ...]


def plannable(assessment: Assessment, clearance: Clearance, kb: Knowledge, goals: Goals) -> Plannable:
    """The zones that can be planned under a clearance; none where its verdict is not "go".

    Args:
        assessment: zones, concerns, setting. clearance: of this assessment. kb: protocols, devices, limits.
        goals: wished device, length, passes, sessions and interval.
    """
    setting = assessment.setting
    going = {zone.zone for zone in clearance.zones if zone.verdict == "go"}
    limits = {finding.zone: zone_limits(finding.zone, setting, clearance, kb) for finding in assessment.zones}
    if clearance.verdict != "go":
        return Plannable((), limits, (), tuple(_declined(goals, setting, limits, [], kb)), ())
    grids: list[ZoneGrid] = []
    unplanned: list[Reason] = []
    for finding in assessment.zones:
        if finding.zone not in going:
            continue
        grid = _zone_grid(finding, limits[finding.zone], setting, goals, kb)
        if isinstance(grid, Reason):
            unplanned.append(grid)
        else:
            grids.append(grid)
    declined = _declined(goals, setting, limits, grids, kb)
    if goals.device is not None and not declined and all(grid.device != goals.device for grid in grids):
        instead = ", ".join(dict.fromkeys(kb.device(grid.device).name for grid in grids))
        nearest = f" Nearest that may be planned: {instead}." if instead else ""
        why = f"None of its needles fits the protocols and limits here.{nearest}"
        declined.append(Reason(what=kb.device(goals.device).name, why=why))
    if grids:
        shortest = _allowed_interval(grids, 0, 0.0, setting, limits, kb)
        declined += unmet(goals, setting, limits, grids, shortest, kb)
    reasons = tuple(unplanned)
    rationale = (*reasons, *_limit_reasons(grids, limits, kb))
    return Plannable(tuple(grids), limits, reasons, tuple(declined), rationale)


def propose(
    person: Person, assessment: Assessment, clearance: Clearance, kb: Knowledge, goals: Goals | None = None
) -> tuple[Plan, ...]:
    """All candidate plans of a cleared person, "no treatment" first.

    Each zone's protocol gives strengths (needle length and passes) and schedules (interval and number of
    sessions); zones move together from mild to strong. Lengths are cut at the tightest limit, intervals
    lengthened to what the envelope and the clearance ask for. At home every concern gets only the short-needle
    appearance routine, staged. Every candidate is checked against its envelope once more.

    Args:
        person: whose plan it is.
        assessment: zones, concerns, setting.
        clearance: of this person and assessment. Anything but "go" leaves only "no treatment".
        kb: protocols, devices, limits, care steps.
        goals: wished device, length, passes, sessions and interval; a wish beyond the limits, or beyond what the
            protocols of the trials span, is declined with the reason and the nearest that is planned.

    Returns:
        Plans, each with its rationale; never empty.
    """
    goals = goals or Goals()
    setting = assessment.setting
    found = plannable(assessment, clearance, kb, goals)
    grids, limits, refused = list(found.grids), found.limits, found.declined
    plans = [no_treatment(person, assessment, clearance, kb, rationale=found.unplanned, declined=refused)]
    rationale = found.rationale
    if not grids:
        return tuple(plans)
    seen: set[tuple[Phase, ...]] = set()
    beyond: dict[Breach, None] = {}
    for level in range(max(len(grid.strengths) for grid in grids)):
        for wished, count in _schedules(grids, goals):
            interval = _allowed_interval(grids, level, wished, setting, limits, kb)
            phases = _phases(grids, level, interval, count, setting, kb)
            if phases in seen:
                continue
            seen.add(phases)
            endpoints = _endpoint(grids, phases[-1].groups, limits, setting, kb)
            plan = plan_from_phases(
                phases, person, assessment, clearance, kb, rationale=rationale, declined=refused, endpoints=endpoints
            )
            found_beyond = breaches(plan, clearance, kb)
            beyond |= dict.fromkeys(found_beyond)
            if not found_beyond:
                plans.append(plan)
    if len(plans) == 1:  # never nothing without a word why
        why = "; ".join(f"{one.what}: {one.allowed} ({one.because})" for one in beyond)
        unplanned = (*found.unplanned, Reason(what="No course fits inside the limits", why=f"{why}."))
        return (no_treatment(person, assessment, clearance, kb, rationale=unplanned, declined=refused),)
    return tuple(plans)
