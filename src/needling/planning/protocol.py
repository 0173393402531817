"""The protocol sentence: "1.5 mm roller, 4 directions x 4 passes, cheeks, every 6 weeks x 3".

It parses and prints both ways. Zones are joined by " / ", groups of zones with other needles by " + ", phases
by ", then "; a phase's interval also leads to the next phase.
A device other than the usual one of its kind stands in brackets: "1.5 mm roller (roller-mf8), ...".
"""

from __future__ import annotations

import re
from itertools import groupby
from typing import NamedTuple

from needling.documents import Plan, Session
from needling.errors import BadInput, did_you_mean
from needling.knowledge.base import Knowledge
from needling.knowledge.schema import Device, Site
from needling.planning.envelope import days_label
from needling.units import UNITS

USUAL = {
    "clinic": {"roller": "roller-192", "stamp": "stamp-digital", "pen": "pen-generic"},
    "home": {"roller": "roller-home", "stamp": "stamp-home", "pen": "pen-generic"},
}

_GROUP = re.compile(
    r"(?P<length>[\d.]+) ?mm (?P<kind>roller|stamp|pen|rf)(?: \((?P<device>[\w.-]+)\))?, "
    r"(?P<directions>\d+) directions? x (?P<passes>\d+) pass(?:es)?, (?P<zones>[^+]+)"
)
_SCHEDULE = re.compile(r"(?P<groups>.+), (?:once|every (?P<every>[\d.]+) (?P<unit>weeks?|days?) x (?P<times>\d+))")
# numerical: beyond these a number is a typing error and no document holds it; the envelope sets the real limits
_MOST_MM, _MOST_DIRECTIONS, _MOST_PASSES, _MOST_INTERVAL, _MOST_SESSIONS, _LONGEST_D = 3, 8, 40, 400, 60, 1400
_EXAMPLE = '"1.5 mm roller, 4 directions x 4 passes, cheeks, every 6 weeks x 3"'


class Group(NamedTuple):
    """One needle on some zones: what is rolled, how, where."""

    device: str
    needle_length_mm: float
    directions_count: int
    passes_count: int
    zones: tuple[str, ...]


class Phase(NamedTuple):
    """The same groups again and again: how often and how many times."""

    groups: tuple[Group, ...]
    interval_d: float
    sessions_count: int


def _zone_label(zones: tuple[str, ...], kb: Knowledge) -> str:
    labels: list[str] = []
    done: set[str] = set()
    for zone in zones:
        if zone in done:
            continue
        site = kb.site(zone)
        pair = (f"{site.id}-left", f"{site.id}-right")
        if site.two_sided and zone in pair and set(pair) <= set(zones):
            labels.append(site.plural)
            done.update(pair)
        elif zone == site.id:
            labels.append(site.plural)
        else:
            labels.append(f"{zone.rpartition('-')[2]} {site.name}")
        done.add(zone)
    return " / ".join(labels)


def site_zones(site: Site) -> tuple[str, ...]:
    """The zone ids of a site: itself, or its two sides."""
    return (f"{site.id}-left", f"{site.id}-right") if site.two_sided else (site.id,)


def _site_by_label(kb: Knowledge) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for site in kb.sites:
        both = site_zones(site)
        found[site.plural.lower()] = both
        found.setdefault(site.name.lower(), both)
        if site.two_sided:
            for side in ("left", "right"):
                found[f"{side} {site.name.lower()}"] = (f"{site.id}-{side}",)
    return found


def _device_label(device: Device, setting: str) -> str:
    usual = USUAL[setting].get(device.kind)
    return device.kind if device.id == usual else f"{device.kind} ({device.id})"


def _say_group(group: Group, setting: str, kb: Knowledge) -> str:
    directions = "1 direction" if group.directions_count == 1 else f"{group.directions_count} directions"
    passes = "1 pass" if group.passes_count == 1 else f"{group.passes_count} passes"
    device = _device_label(kb.device(group.device), setting)
    zones = _zone_label(group.zones, kb)
    return f"{group.needle_length_mm:g} mm {device}, {directions} x {passes}, {zones}"


def say_phases(phases: tuple[Phase, ...], setting: str, kb: Knowledge) -> str:
    """Phases as one sentence."""
    parts = []
    for number, phase in enumerate(phases, start=1):
        groups = " + ".join(_say_group(group, setting, kb) for group in phase.groups)
        once = phase.sessions_count == 1 and number == len(phases)
        often = "once" if once else f"every {days_label(phase.interval_d)} x {phase.sessions_count}"
        parts.append(f"{groups}, {often}")
    return ", then ".join(parts) if parts else "no treatment"


def _groups_of(sessions: tuple[Session, ...]) -> tuple[Group, ...]:
    collected: dict[tuple[str, float, int, int], list[str]] = {}
    for session in sessions:
        for stroke in session.strokes:
            how = (session.device, stroke.needle_length_mm, stroke.directions_count, stroke.passes_count)
            collected.setdefault(how, []).append(stroke.zone)
    return tuple(Group(*how, tuple(zones)) for how, zones in collected.items())


def phases_of(plan: Plan) -> tuple[Phase, ...]:
    """A plan's sessions as phases: visits that do the same at equal gaps."""
    ordered = sorted(plan.sessions, key=lambda session: session.day_d)
    visits = [(day, _groups_of(tuple(of_day))) for day, of_day in groupby(ordered, key=lambda session: session.day_d)]
    phases: list[Phase] = []
    index = 0
    while index < len(visits):
        groups = visits[index][1]
        end = index + 1
        gap = visits[end][0] - visits[index][0] if end < len(visits) else 0.0
        while end < len(visits) and visits[end][1] == groups and visits[end][0] - visits[end - 1][0] == gap:
            end += 1
        # A phase's interval also leads to the next phase; a visit followed by another gap starts its own phase.
        if end < len(visits) and visits[end][0] - visits[end - 1][0] != gap:
            end -= 1
        phases.append(Phase(groups, gap, end - index))
        index = end
    return tuple(phases)


def say(plan: Plan, kb: Knowledge) -> str:
    """The protocol sentence of a plan; "no treatment" for a plan without sessions."""
    return say_phases(phases_of(plan), plan.envelope, kb)


def _number(text: str, unit: str, most: float, what: str) -> float:
    """A number above 0 and up to ``most``, or one clear message."""
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not 0 < value <= most:
        raise BadInput(f"'{text}{' ' * bool(unit)}{unit}' is not a {what}: more than 0, at most {most:g}")
    return value


def _parse_group(text: str, setting: str, kb: Knowledge) -> Group:
    match = _GROUP.fullmatch(text.strip())
    if match is None:
        raise BadInput(f"cannot read '{text.strip()}' as a part of a protocol; write it like {_EXAMPLE}")
    device_id = match["device"] or USUAL[setting].get(match["kind"], "")
    device = kb.device(device_id)
    if device.kind != match["kind"]:
        raise BadInput(f"'{device_id}' is a {device.kind}, not a {match['kind']}")
    labels = _site_by_label(kb)
    zones: list[str] = []
    for label in match["zones"].strip().lower().split(" / "):
        if label not in labels:
            raise BadInput(f"unknown zone '{label}'{did_you_mean(label, labels)}; allowed: {', '.join(labels)}")
        zones += labels[label]
    length = _number(match["length"], "mm", _MOST_MM, "needle length")
    for given, most, what in (
        (match["directions"], _MOST_DIRECTIONS, "number of directions"),
        (match["passes"], _MOST_PASSES, "number of passes"),
    ):
        _number(given, "", most, what)
    return Group(device_id, length, int(match["directions"]), int(match["passes"]), tuple(zones))


def parse(sentence: str, setting: str, kb: Knowledge) -> tuple[Phase, ...]:
    """A protocol sentence to phases.

    Raises:
        BadInput: the part that cannot be read, with an example; unknown zone or device with the closest match.
    """
    text = " ".join(sentence.lower().split()).replace("×", "x").replace("rollers", "roller")
    if text == "no treatment":
        return ()
    phases = []
    for part in text.split(", then "):
        match = _SCHEDULE.fullmatch(part)
        if match is None:
            raise BadInput(f"cannot read '{part}': it must end in ', every 6 weeks x 3' or ', once', like {_EXAMPLE}")
        groups = tuple(_parse_group(group, setting, kb) for group in match["groups"].split(" + "))
        week = UNITS["wk"].si_factor / UNITS["d"].si_factor
        per_unit = week if (match["unit"] or "").startswith("week") else 1
        interval = (
            _number(match["every"], "days or weeks", _MOST_INTERVAL, "length of an interval") * per_unit
            if match["every"]
            else 0.0
        )
        times = int(_number(match["times"], "", _MOST_SESSIONS, "number of sessions")) if match["times"] else 1
        phases.append(Phase(groups, interval, times))
    if sum(phase.interval_d * phase.sessions_count for phase in phases) > _LONGEST_D:
        raise BadInput(f"the course is longer than {_LONGEST_D} days; write fewer sessions or shorter intervals")
    return tuple(phases)
