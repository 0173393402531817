"""Thousands of candidates as a grid: strengths of each kind of zone, times schedules; plans only for those asked for.

Two breadths. "protocols" is what the listed trials did, as :func:`needling.planning.propose.propose` has it; "envelope"
is everything that the envelope, the sites and the clearance allow: every needle that a suitable device sells, every
number of passes and sessions, every interval that any protocol knows. What goes beyond the trials says so.

Zones that are alike (same site, concern, limits and findings) are needled alike. Other zones combine freely.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from math import prod
from typing import Literal, NamedTuple

from needling.documents import Assessment, Clearance, Endpoint, Goals, Person, Plan, Reason, Setting
from needling.errors import NotAllowed
from needling.knowledge.base import Knowledge
from needling.knowledge.schema import Device, Envelope
from needling.planning.assemble import no_treatment, plan_from_phases
from needling.planning.envelope import BLEEDING, ZoneLimits, breaches, days_label, min_interval_d
from needling.planning.propose import Plannable, ZoneGrid, plannable
from needling.planning.protocol import Group, Phase

Breadth = Literal["protocols", "envelope"]
BEYOND = "Beyond the listed protocols"


class Strength(NamedTuple):
    """One way of needling a zone: device, needle length, directions, passes in each of them.

    ``first_length_mm`` is the needle of the first sessions where those are staged. ``needed_d`` is the shortest
    interval that envelope and clearance allow for it. ``beyond`` names what the listed protocol did not do.
    """

    device: str
    needle_length_mm: float
    directions_count: int
    passes_count: int
    first_length_mm: float
    endpoint: Endpoint
    needed_d: float
    beyond: tuple[str, ...]


class Alike(NamedTuple):
    """Zones of one kind: the same strengths, the same numbers of sessions, needled alike."""

    zones: tuple[str, ...]
    grid: ZoneGrid
    strengths: tuple[Strength, ...]
    sessions_count: tuple[int, ...]


class Schedule(NamedTuple):
    """How often and how many times; ``wished`` is False where the interval is only there for lengthening."""

    interval_d: float
    sessions_count: int
    wished: bool


class Span(NamedTuple):
    """Visits of one course that are alike: their days, whether they are staged, which kinds of zones are there."""

    days_d: tuple[float, ...]
    staged: bool
    present: tuple[bool, ...]


class Candidate(NamedTuple):
    """A plan in outline: phases, the endpoint of each zone, and what in it goes beyond the listed protocols."""

    phases: tuple[Phase, ...]
    endpoints: tuple[tuple[str, Endpoint], ...]
    beyond: tuple[str, ...]


@dataclass(frozen=True)
class Grid:
    """All candidates of a cleared person besides "no treatment".

    Args:
        kinds: of zones, each with its strengths. schedules: all, of which a strength fits those long enough.
        staged_count: first sessions with a shorter needle. found: limits, reasons and what is declined.
    """

    kinds: tuple[Alike, ...]
    schedules: tuple[Schedule, ...]
    staged_count: int
    setting: Setting
    found: Plannable

    def usable(self, schedule: Schedule) -> tuple[tuple[int, ...], ...]:
        """For each kind of zones the places of the strengths that a schedule leaves enough time for."""
        return tuple(
            tuple(
                place for place, strength in enumerate(kind.strengths) if strength.needed_d <= _gap(schedule, strength)
            )
            for kind in self.kinds
        )

    def fits(self, schedule: Schedule, chosen: tuple[int, ...]) -> bool:
        """Whether strengths go with a schedule: enough time, and no interval longer than wished or needed."""
        needed = [kind.strengths[place].needed_d for kind, place in zip(self.kinds, chosen, strict=True)]
        if schedule.sessions_count == 1:
            return True
        return max(needed) <= schedule.interval_d and (schedule.wished or max(needed) == schedule.interval_d)

    @cached_property
    def count(self) -> int:
        """How many candidates there are."""
        total = 0
        for schedule in self.schedules:
            usable = self.usable(schedule)
            total += prod(map(len, usable))
            if not schedule.wished and schedule.sessions_count > 1:
                total -= prod(
                    sum(kind.strengths[place].needed_d < schedule.interval_d for place in places)
                    for kind, places in zip(self.kinds, usable, strict=True)
                )
        return total

    def __iter__(self) -> Iterator[tuple[Schedule, tuple[int, ...]]]:
        """Every candidate as its schedule and the strength of each kind of zones."""
        for schedule in self.schedules:
            for chosen in product(*self.usable(schedule)):
                if self.fits(schedule, chosen):
                    yield schedule, chosen

    def spans(self, schedule: Schedule) -> tuple[Span, ...]:
        """The visits of a schedule, those alike together."""
        spans: list[Span] = []
        for visit in range(schedule.sessions_count):
            day = visit * schedule.interval_d
            kind = visit < self.staged_count, tuple(visit < max(one.sessions_count) for one in self.kinds)
            if spans and spans[-1][1:] == kind:
                spans[-1] = spans[-1]._replace(days_d=(*spans[-1].days_d, day))
            else:
                spans.append(Span((day,), *kind))
        return tuple(spans)

    def candidate(self, schedule: Schedule, chosen: tuple[int, ...]) -> Candidate:
        """One candidate in outline."""
        strengths = [kind.strengths[place] for kind, place in zip(self.kinds, chosen, strict=True)]
        phases: list[Phase] = []
        for span in self.spans(schedule):
            together: dict[tuple[str, float, int, int], list[str]] = {}
            for kind, strength, there in zip(self.kinds, strengths, span.present, strict=True):
                length = strength.first_length_mm if span.staged else strength.needle_length_mm
                how = (strength.device, length, strength.directions_count, strength.passes_count)
                if there:
                    together.setdefault(how, []).extend(kind.zones)
            groups = tuple(Group(*how, tuple(zones)) for how, zones in together.items())
            if phases and phases[-1].groups == groups:
                phases[-1] = phases[-1]._replace(sessions_count=phases[-1].sessions_count + len(span.days_d))
            else:
                phases.append(Phase(groups, schedule.interval_d, len(span.days_d)))
        beyond = [what for strength in strengths for what in strength.beyond]
        for kind, strength in zip(self.kinds, strengths, strict=True):
            beyond += _schedule_beyond(kind, strength, schedule)
        endpoints = tuple(
            (zone, strength.endpoint)
            for kind, strength in zip(self.kinds, strengths, strict=True)
            for zone in kind.zones
        )
        return Candidate(tuple(phases), endpoints, tuple(dict.fromkeys(beyond)))


def _gap(schedule: Schedule, strength: Strength) -> float:
    """Days that a schedule leaves after a session; as many as needed where there is only one."""
    return strength.needed_d if schedule.sessions_count == 1 else schedule.interval_d


def _schedule_beyond(kind: Alike, strength: Strength, schedule: Schedule) -> list[str]:
    """What in a schedule a kind's listed protocol did not do; lengthening an interval does not count."""
    tried = kind.grid.protocol
    found = []
    visits = min(schedule.sessions_count, max(kind.sessions_count))
    if visits not in tried.sessions_count:
        found.append("1 session" if visits == 1 else f"{visits} sessions")
    lengthened = {max(interval, strength.needed_d) for interval in tried.intervals_d}
    if visits > 1 and schedule.interval_d not in lengthened:
        found.append(f"every {days_label(schedule.interval_d)}")
    return found


# ---------------------------------------------------------------- enumeration


def candidates(
    assessment: Assessment,
    clearance: Clearance,
    kb: Knowledge,
    goals: Goals | None = None,
    breadth: Breadth = "envelope",
) -> Grid:
    """The grid of all candidates that a clearance leaves open.

    Wishes (device, needle length, passes, sessions, interval) narrow it where they can be met. No session is weaker
    than the mildest of the listed protocols, in needle length and in passes: below it no trial holds the forecast to
    account. Where no trial allows a forecast at all, and so at home, nor are there fewer sessions.

    Args:
        assessment: zones, concerns, setting. clearance: of this assessment. kb: protocols, devices, limits.
        goals: wishes. breadth: how wide.

    Returns:
        The grid; without kinds of zones where nothing may be planned.
    """
    goals = goals or Goals()
    setting = assessment.setting
    found = plannable(assessment, clearance, kb, goals)
    envelope = kb.envelope(setting)
    alike: dict[object, list[ZoneGrid]] = {}
    for grid in found.grids:
        alike.setdefault(_sameness(grid, found.limits[grid.finding.zone], assessment), []).append(grid)
    kinds = []
    for grids in alike.values():
        strengths = tuple(_strengths(grids[0], found.limits[grids[0].finding.zone], setting, goals, kb, breadth))
        if strengths:
            zones = tuple(grid.finding.zone for grid in grids)
            kinds.append(Alike(zones, grids[0], strengths, _sessions(grids[0], envelope, breadth)))
    if len(kinds) < len(alike):
        kinds = []
    staged = envelope.first_sessions_count if envelope.first_needle_max_mm is not None else 0
    return Grid(tuple(kinds), tuple(_schedules(kinds, envelope, goals, kb, breadth)), staged, setting, found)


def _sameness(grid: ZoneGrid, limits: ZoneLimits, assessment: Assessment) -> object:
    """What two zones must share to be needled alike; their sides and areas may differ."""
    finding = grid.finding
    readings = tuple((score.scale, score.value) for score in assessment.scores if score.zone == finding.zone)
    most = limits.needle_mm.value, limits.min_interval_d.value, limits.bleeding.value
    return (
        finding.zone.removesuffix("-left").removesuffix("-right"),
        *(finding.concern, finding.epidermis_um, finding.dermis_mm, finding.facts, readings),
        *(grid.indication.id, grid.device, most),
    )


def _sessions(grid: ZoneGrid, envelope: Envelope, breadth: Breadth) -> tuple[int, ...]:
    """Numbers of sessions of a zone."""
    listed = grid.protocol.sessions_count
    if breadth == "protocols":
        return tuple(sorted(listed))
    return tuple(range(_least(grid, min(listed), 1), envelope.sessions_max_count + 1))


def _least(grid: ZoneGrid, listed: int, free: int) -> int:
    """The least of something: what the mildest protocol has where no result can be forecast, else any."""
    return listed if grid.indication.outcome.model == "none" else free


def _devices(grid: ZoneGrid, setting: Setting, goals: Goals, kb: Knowledge, breadth: Breadth) -> list[Device]:
    """Devices that suit a zone, those of its protocol first; of the same tool by another name the first."""
    if breadth == "protocols":
        return [kb.device(grid.device)]
    site, envelope = kb.site(grid.finding.zone), kb.envelope(setting)
    if goals.device is not None and grid.device == goals.device:
        return [kb.device(goals.device)]
    small = grid.finding.area_cm2 < kb.parameter("planning-small-zone").quantity.median
    named = dict.fromkeys((grid.device, *grid.protocol.devices, *(device.id for device in kb.devices)))
    return [
        device
        for device in map(kb.device, named)
        if device.kind in envelope.device_kinds
        and device.home is (setting == "home")
        and (device.kind != "roller" or (site.roller and not small))
    ]


def _tool(device: Device) -> tuple[object, ...]:
    """What of a device a skin can feel."""
    return (
        *(device.kind, device.needles_count, device.drum_diameter_mm, device.drum_width_mm, device.head_area_cm2),
        *(device.head_width_mm, device.rate_hz, device.speed_mm_per_s, device.base_diameter_um),
        *(device.tip_diameter_um, device.tolerance_mm),
    )


def _passes(grid: ZoneGrid, kind: str, envelope: Envelope, goals: Goals, breadth: Breadth) -> list[tuple[int, int]]:
    """Directions and passes in each. Of those with equally many passes in all, that with the most directions."""
    protocol = grid.protocol
    listed = protocol.pen_passes_count if kind == "pen" else protocol.passes_count
    if breadth == "protocols":
        return [(protocol.directions_count, passes) for passes in sorted(listed)]
    wished = goals.passes_count is not None
    least = 1 if wished else protocol.directions_count * min(listed, default=1)
    by_all: dict[int, tuple[int, int]] = {}
    each = range(1, envelope.passes_max_count + 1)
    if goals.passes_count is not None and goals.passes_count in each:
        each = range(goals.passes_count, goals.passes_count + 1)
    for directions, passes in product(range(1, envelope.directions_max_count + 1), each):
        if directions * passes >= least:
            by_all[directions * passes] = directions, passes
    return [by_all[passes] for passes in sorted(by_all)]


def _strengths(
    grid: ZoneGrid, limits: ZoneLimits, setting: Setting, goals: Goals, kb: Knowledge, breadth: Breadth
) -> Iterator[Strength]:
    """All ways of needling one zone, from its usual device and short needles to the others."""
    envelope, protocol = kb.envelope(setting), grid.protocol
    most, first = limits.needle_mm.value, envelope.first_needle_max_mm
    seen: set[object] = set()
    found: list[Strength] = []
    for device in _devices(grid, setting, goals, kb, breadth):
        allowed = sorted(length for length in device.lengths_mm if length <= most)
        if breadth == "protocols":
            allowed = [length for length in allowed if length in {own for own, _ in grid.strengths}]
        allowed = [length for length in allowed if length >= _least_mm(grid) or length == goals.needle_length_mm]
        for length in allowed:
            if (_tool(device), length) in seen:
                continue
            seen.add((_tool(device), length))
            staged = max((short for short in allowed if first is None or short <= first), default=None)
            if first is not None and length > first and staged is None:
                continue
            needed = max(envelope.first_min_interval_d, min_interval_d(envelope, length), limits.min_interval_d.value)
            for directions, passes in _passes(grid, device.kind, envelope, goals, breadth):
                found.append(
                    Strength(
                        device=device.id,
                        needle_length_mm=length,
                        directions_count=directions,
                        passes_count=passes,
                        first_length_mm=length if first is None or length <= first else staged or length,
                        endpoint=_endpoint(protocol.endpoint, length, limits, envelope),
                        needed_d=needed,
                        beyond=_strength_beyond(grid, device, length, directions, passes, kb),
                    )
                )
    wished = [one for one in found if one.needle_length_mm == goals.needle_length_mm]
    yield from wished or found


def _least_mm(grid: ZoneGrid) -> float:
    return min(grid.protocol.lengths_mm)


def _strength_beyond(
    grid: ZoneGrid, device: Device, length: float, directions: int, passes: int, kb: Knowledge
) -> tuple[str, ...]:
    """What in a strength the zone's listed protocol did not do."""
    protocol = grid.protocol
    found = []
    if device.kind not in {kb.device(name).kind for name in protocol.devices}:
        found.append(f"a {device.kind}")
    if length not in protocol.lengths_mm:
        found.append(f"{length:g} mm")
    listed = protocol.pen_passes_count if device.kind == "pen" else protocol.passes_count
    if directions * passes not in {protocol.directions_count * count for count in listed}:
        found.append(f"{directions} x {passes} passes of a {device.kind}")
    return tuple(found)


def _endpoint(wanted: Endpoint, length: float, limits: ZoneLimits, envelope: Envelope) -> Endpoint:
    """A protocol's endpoint; bleeding only where it is allowed and the needle is long enough."""
    long_enough = envelope.bleeding_from_mm is None or length >= envelope.bleeding_from_mm
    return "erythema" if wanted in BLEEDING and not (limits.bleeding.value and long_enough) else wanted


def _schedules(
    kinds: list[Alike], envelope: Envelope, goals: Goals, kb: Knowledge, breadth: Breadth
) -> Iterator[Schedule]:
    """Intervals and numbers of sessions, from few and dense to many and wide; one session has no interval."""
    if not kinds:
        return
    protocols = [kind.grid.protocol for kind in kinds]
    counts = sorted({count for kind in kinds for count in kind.sessions_count})
    if breadth == "envelope":
        protocols = [
            one for indication in kb.indications for one in indication.protocols if one.setting == envelope.setting
        ]
        counts = [count for count in counts if count >= max(min(kind.sessions_count) for kind in kinds)]
        if goals.sessions_count in counts:
            counts = [goals.sessions_count]
    wished = {interval for protocol in protocols for interval in protocol.intervals_d}
    if breadth == "protocols":
        least = max(min(kind.grid.protocol.intervals_d) for kind in kinds)
        wished = {interval for interval in wished if interval >= least}
    else:
        wished |= {step.min_interval_d for step in envelope.frequency}
        if goals.interval_d is not None:
            wished = {goals.interval_d}
    needed = {strength.needed_d for kind in kinds for strength in kind.strengths}
    intervals = sorted(wished | {interval for interval in needed if interval > min(wished)})
    longest = kb.parameter("choosing-longest-course").quantity.median
    for count in counts:
        if count == 1:
            yield Schedule(intervals[-1], count, True)
            continue
        for interval in intervals:
            if interval >= min(needed) and (breadth == "protocols" or (count - 1) * interval <= longest):
                yield Schedule(interval, count, interval in wished)


# ---------------------------------------------------------------- documents


def plan_of(
    candidate: Candidate, person: Person, assessment: Assessment, clearance: Clearance, kb: Knowledge, found: Plannable
) -> Plan:
    """The document of a candidate, checked against its envelope once more.

    Args:
        candidate: of a :class:`Grid`, whose ``found`` holds limits and reasons.

    Raises:
        NotAllowed: it lies outside its envelope, which no candidate of a grid does.
    """
    rationale = found.rationale
    if candidate.beyond:
        rationale = (
            *rationale,
            Reason(
                what=f"{BEYOND}: {', '.join(candidate.beyond)}",
                why="Inside the envelope, but the trials listed here did not do this; its forecast rests on the model.",
                proposal=True,
            ),
        )
    plan = plan_from_phases(
        candidate.phases,
        person,
        assessment,
        clearance,
        kb,
        rationale=rationale,
        declined=found.declined,
        endpoints=dict(candidate.endpoints),
    )
    outside = breaches(plan, clearance, kb)
    if outside:
        raise NotAllowed(f"'{plan.label}' lies outside its envelope: {outside[0].what}, {outside[0].allowed}")
    return plan


def nothing_of(person: Person, assessment: Assessment, clearance: Clearance, kb: Knowledge, found: Plannable) -> Plan:
    """The candidate "no treatment" of a grid, with why nothing or not all was planned."""
    return no_treatment(person, assessment, clearance, kb, rationale=found.unplanned, declined=found.declined)


def force_N(setting: Setting, kb: Knowledge) -> float:
    """The force on the device that plans of a setting ask for."""
    return kb.parameter(f"planning-force-{setting}").quantity.median
