"""Sliders and number boxes: what a plan has, what may be asked for, what the envelope allows, and what was asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from math import inf, isfinite
from typing import Any, NamedTuple

from needling.documents import Clearance, Plan, Session, Stroke
from needling.knowledge import Knowledge
from needling.planning.alter import PREFIX, Input, Value, inputs
from needling.planning.envelope import min_interval_d, zone_limits
from needling.report.words import number, setting_words, zone_name, zones_name

NAMES = ("needle_length_mm", "directions_count", "passes_count", "sessions_count", "interval_d", "force_N")
LABELS = {
    "needle_length_mm": "Needle length",
    "directions_count": "Directions",
    "passes_count": "Passes in each direction",
    "sessions_count": "Sessions",
    "interval_d": "Between sessions",
    "force_N": "Force",
}
UNITS = {"needle_length_mm": "mm", "interval_d": "days", "force_N": "N"}
STEPS = {"needle_length_mm": 0.05, "force_N": 0.1}
_WEEK_D = 7
_LEAST = {"needle_length_mm": 0.1, "force_N": 0.1, "interval_d": 1.0, "sessions_count": 1.0}


@dataclass(frozen=True)
class Control:
    """One slider with its number box.

    ``low`` and ``high`` are its ends, ``from_`` and ``to`` what the envelope allows, ``sold`` the lengths of the
    device; ``value`` is text as it was typed. A slider with ``stops`` rests on these alone; its box takes any number.
    """

    name: str
    label: str
    unit: str
    value: str
    low: float
    high: float
    step: float
    from_: float | None
    to: float | None
    allowed: str
    outside: bool = False
    problem: str = ""
    sold: tuple[float, ...] = ()
    stops: tuple[float, ...] = ()

    @property
    def id(self) -> str:
        """As an id in the page."""
        return as_id(self.name)


def as_id(name: str) -> str:
    """A field's name as an id in the page."""
    return name.replace(":", "-").replace(".", "-")


def named(field: str, kb: Knowledge) -> str:
    """What a field is called in a list of what is wrong: ``Sessions``, ``Needle length, left cheek``."""
    zone, _, name = field.rpartition(".")
    label = LABELS.get(name, name)
    return f"{label}, {zone_name(zone, kb)}" if zone else label


@dataclass(frozen=True)
class ZoneControls:
    """The controls of one zone; they count where ``own`` is ticked."""

    zone: str
    label: str
    own: bool
    controls: tuple[Control, ...]

    @property
    def name(self) -> str:
        """Of the tick box."""
        return f"{self.zone}.own"


@dataclass(frozen=True)
class Asked:
    """What a form asks for."""

    changes: dict[str, Value]
    typed: dict[str, str]
    problems: dict[str, str]
    own: frozenset[str]


# ---------------------------------------------------------------- what a plan has


def _parts(plan: Plan, zone: str | None) -> list[tuple[Session, Stroke]]:
    return [
        (session, stroke)
        for session in sorted(plan.sessions, key=lambda session: session.day_d)
        for stroke in session.strokes
        if zone is None or stroke.zone == zone
    ]


def zones_of(plan: Plan) -> tuple[str, ...]:
    """Zones on which a plan does something, in their order."""
    return tuple(dict.fromkeys(stroke.zone for session in plan.sessions for stroke in session.strokes))


def values_of(plan: Plan, zone: str | None, clearance: Clearance, kb: Knowledge) -> dict[str, float]:
    """What a plan has for each control: the strongest of its strokes, its sessions and their last gap."""
    parts = _parts(plan, zone)
    days = sorted({session.day_d for session, _ in parts})
    gaps = [after - before for before, after in pairwise(days)]
    longest = max(stroke.needle_length_mm for _, stroke in parts)
    return {
        "needle_length_mm": longest,
        "directions_count": max(stroke.directions_count for _, stroke in parts),
        "passes_count": max(stroke.passes_count for _, stroke in parts),
        "sessions_count": len(days),
        "interval_d": gaps[-1] if gaps else _shortest_d(plan, zone, longest, clearance, kb),
        "force_N": max(stroke.force_N for _, stroke in parts),
    }


def _shortest_d(plan: Plan, zone: str | None, length_mm: float, clearance: Clearance, kb: Knowledge) -> float:
    envelope = kb.envelope(plan.envelope)
    zones = zones_of(plan) if zone is None else (zone,)
    asked = max(zone_limits(one, plan.envelope, clearance, kb).min_interval_d.value for one in zones)
    known = [step.min_interval_d for step in envelope.frequency]
    shortest = min_interval_d(envelope, length_mm)
    return max(asked, shortest if isfinite(shortest) else max(known))


# ---------------------------------------------------------------- limits


class Bounds(NamedTuple):
    """What one number may be: at least ``from_`` or at most ``to``, never both."""

    from_: float | None
    to: float | None

    @property
    def side(self) -> str:
        """``at most`` or ``at least``."""
        return "at most" if self.to is not None else "at least"

    @property
    def value(self) -> float:
        """The number itself."""
        return (self.to if self.to is not None else self.from_) or 0.0

    def broken_by(self, given: float) -> bool:
        """Whether a number lies beyond."""
        return (self.to is not None and given > self.to) or (self.from_ is not None and given < self.from_)


def _bounds(plan: Plan, zone: str, name: str, clearance: Clearance, kb: Knowledge) -> Bounds:
    """The limit on one zone."""
    envelope = kb.envelope(plan.envelope)
    if name == "needle_length_mm":
        own = zone_limits(zone, plan.envelope, clearance, kb).needle_mm.value
        return Bounds(None, min(own, max(step.up_to_mm for step in envelope.frequency)))
    if name == "interval_d":
        longest = max(stroke.needle_length_mm for _, stroke in _parts(plan, zone))
        return Bounds(_shortest_d(plan, zone, longest, clearance, kb), None)
    most = {
        "directions_count": envelope.directions_max_count,
        "passes_count": envelope.passes_max_count,
        "sessions_count": envelope.sessions_max_count,
        "force_N": envelope.force_max_N,
    }[name]
    return Bounds(None, float(most))


def _of_each(plan: Plan, zone: str | None, name: str, clearance: Clearance, kb: Knowledge) -> dict[str, Bounds]:
    """The limit on one zone, or on each of the whole course, the tightest first."""
    zones = zones_of(plan) if zone is None else (zone,)
    found = {one: _bounds(plan, one, name, clearance, kb) for one in zones}
    return dict(sorted(found.items(), key=lambda one: one[1].value * (1 if one[1].to is not None else -1)))


def _allowed(each: Mapping[str, Bounds], name: str, kb: Knowledge) -> str:
    """``at most 1.5 mm``; where zones differ, each with its own: ``at most 1.5 mm on cheeks, 2 mm on abdomen``."""
    unit = f" {UNITS[name]}" if name in UNITS else ""
    alike: dict[Bounds, list[str]] = {}
    for zone, bounds in each.items():
        alike.setdefault(bounds, []).append(zone)
    many = len(alike) > 1
    said = [
        f"{number(bounds.value)}{unit}{f' on {zones_name(zones, kb)}' if many else ''}"
        for bounds, zones in alike.items()
    ]
    return f"{next(iter(alike)).side} {', '.join(said)}"


def _why(plan: Plan, zone: str | None, name: str, clearance: Clearance, kb: Knowledge) -> str:
    """What a plan may have of one thing, and what sets that limit."""
    each = _of_each(plan, zone, name, clearance, kb)
    because = f"the envelope {setting_words(plan.envelope)}"
    if name == "needle_length_mm":
        tightest, bounds = next(iter(each.items()))
        limit = zone_limits(tightest, plan.envelope, clearance, kb).needle_mm
        because = limit.because if limit.value == bounds.to else because
    elif name == "interval_d":
        because = "what needles of this length and the clearance ask for"
    return f"{_allowed(each, name, kb)} ({because.rstrip('.')})"


def beyond(plan: Plan, clearance: Clearance, kb: Knowledge) -> frozenset[str]:
    """The fields whose number lies beyond its limit in a plan: of each zone, and of the whole course where any does.

    A number of the whole course alone says nothing: it is the strongest of all zones, and each has its own limit.
    """
    found: set[str] = set()
    for zone in zones_of(plan):
        values = values_of(plan, zone, clearance, kb)
        over = {name for name in NAMES if _bounds(plan, zone, name, clearance, kb).broken_by(values[name])}
        found |= over | {f"{zone}.{name}" for name in over}
    return frozenset(found)


def _stops(plan: Plan, zone: str | None, name: str, low: float, high: float, kb: Knowledge) -> tuple[float, ...]:
    """Where a slider rests: lengths that devices of the plan's kind are sold with, whole weeks; else anywhere."""
    if name == "needle_length_mm":
        kinds = {kb.device(session.device).kind for session, _ in _parts(plan, zone)}
        found = {length for device in kb.devices if device.kind in kinds for length in device.lengths_mm}
    elif name == "interval_d":
        found = {float(day) for day in range(_WEEK_D, int(high) + 1, _WEEK_D)}
    else:
        return ()
    return tuple(sorted(one for one in found if low <= one <= high))


def _ends(one: Input, name: str, value: float, from_: float | None, to: float | None) -> tuple[float, float]:
    """Ends of a slider: what documents hold, but not so far beyond the envelope that the middle gets narrow."""
    low = max(one.range.low or 0.0, _LEAST.get(name, 1.0))
    most = one.range.high if one.range.high is not None else inf
    wide = 2 * to if to is not None else 4 * (from_ or value)
    return min(low, value), min(most, max(value, wide))


def controls_of(
    plan: Plan, zone: str | None, asked: Asked | None, clearance: Clearance, kb: Knowledge, shown: Plan | None = None
) -> tuple[Control, ...]:
    """The six controls of the whole course or of one zone.

    Args:
        plan: whose values stand in the boxes where nothing was typed. zone: None for the whole course. asked: what was
            typed, with what is wrong. shown: the plan as changed, which limits hold for; ``plan`` when left out.
    """
    shown = shown if shown is not None and zone in (None, *zones_of(shown)) and shown.sessions else plan
    known, now = inputs(kb), values_of(plan if zone is None else shown, zone, clearance, kb)
    over = beyond(shown, clearance, kb)
    found = []
    sold = tuple(
        sorted({length for session, _ in _parts(plan, zone) for length in kb.device(session.device).lengths_mm})
    )
    for name in NAMES:
        field = name if zone is None else f"{zone}.{name}"
        each = _of_each(shown, zone, name, clearance, kb)
        from_, to = next(iter(each.values()))
        low, high = _ends(known[name], name, now[name], from_, to)
        found.append(
            Control(
                name=field,
                label=LABELS[name],
                unit=UNITS.get(name, ""),
                value=asked.typed.get(field, f"{now[name]:g}") if asked else f"{now[name]:g}",
                low=low,
                high=high,
                step=STEPS.get(name, 1.0),
                from_=from_,
                to=to,
                allowed=_allowed(each, name, kb),
                outside=field in over,
                problem=asked.problems.get(field, "") if asked else "",
                sold=sold if name == "needle_length_mm" else (),
                stops=_stops(shown, zone, name, low, high, kb),
            )
        )
    return tuple(found)


def zone_controls(plan: Plan, shown: Plan, asked: Asked, clearance: Clearance, kb: Knowledge) -> list[ZoneControls]:
    """The controls of each zone; a zone without own values shows what it gets from the whole course."""
    found = []
    for zone in zones_of(plan):
        own = zone in asked.own
        controls = controls_of(plan, zone, asked if own else None, clearance, kb, shown)
        found.append(ZoneControls(zone, zone_name(zone, kb), own, controls))
    return found


# ---------------------------------------------------------------- what was asked


def as_number(text: str) -> float | None:
    """A number as people type it; None where it is none."""
    try:
        value = float(text.strip().replace(",", "."))
    except ValueError:
        return None
    return value if isfinite(value) else None


def read_asked(sent: Mapping[str, Any], plan: Plan, clearance: Clearance, kb: Knowledge) -> Asked:
    """What a form changes in a plan: whatever differs from what the plan has.

    Args:
        sent: the form; a field that is missing changes nothing. plan: that the form was made of.
    """
    if not plan.sessions:
        return Asked({}, {}, {}, frozenset())
    zones = zones_of(plan)
    own = frozenset(zone for zone in zones if sent.get(f"{zone}.own"))
    typed: dict[str, str] = {}
    wrong: dict[str, str] = {}
    whole = _changed(sent, "", values_of(plan, None, clearance, kb), kb, typed, wrong)
    changes: dict[str, Value] = dict(whole)
    for zone in zones:
        if zone in own:
            mine = values_of(plan, zone, clearance, kb)
            ours = _changed(sent, f"{zone}.", mine, kb, typed, wrong, always=frozenset(whole))
            changes |= {f"{PREFIX}{zone}.{name}": value for name, value in ours.items()}
    problems = {}
    for field, says in wrong.items():
        zone, _, name = field.rpartition(".")
        problems[field] = f"{says} Here: {_why(plan, zone or None, name, clearance, kb)}."
    return Asked(changes, typed, problems, own)


def _changed(
    sent: Mapping[str, Any], before: str, now: Mapping[str, float], kb: Knowledge, typed: dict[str, str],
    wrong: dict[str, str], always: frozenset[str] = frozenset(),
) -> dict[str, Value]:  # fmt: skip
    known = inputs(kb)
    found: dict[str, Value] = {}
    for name in NAMES:
        field = before + name
        if field not in sent:
            continue
        raw = str(sent[field]).strip()[:20]
        typed[field] = raw
        given, one = as_number(raw), known[name]
        if given is None or not one.range.holds(given) or (one.whole and given % 1):
            said = f"{raw} cannot be worked out." if raw else "Nothing stands here."
            wrong[field] = f"{said} Give {one.allowed}."
        elif name in always or f"{given:g}" != f"{now[name]:g}":
            found[name] = int(given) if one.whole else given
    return found
