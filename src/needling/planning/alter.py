"""A plan with other inputs: "1 mm instead of 1.5", "four sessions", "three passes on the left cheek".

What follows from an input by rule follows here too: care steps, stop rules and checks of the new needle length, and no
bleeding endpoint with a needle too short for one. Nothing is cut to the envelope: that is asked for afterwards.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby, pairwise
from types import MappingProxyType
from typing import Any, NamedTuple, get_args

from needling.documents import (
    Assessment,
    Clearance,
    Condition,
    Cover,
    Endpoint,
    Goals,
    Person,
    Plan,
    Session,
    Setting,
    Stroke,
)
from needling.errors import BadInput, did_you_mean
from needling.knowledge.base import Knowledge
from needling.planning import assemble
from needling.planning.envelope import BLEEDING, min_interval_d
from needling.planning.protocol import site_zones
from needling.units import UNITS

Value = float | int | str
PREFIX = "zone:"
_KINDS = ("roller", "stamp", "pen")


class Range(NamedTuple):
    """What a number may be: above one, or from another, up to a third."""

    above: float | None = None
    low: float | None = None
    high: float | None = None

    def holds(self, number: float) -> bool:
        """Whether a number is one and lies inside."""
        return (
            number == number
            and (self.above is None or number > self.above)
            and (self.low is None or number >= self.low)
            and (self.high is None or number <= self.high)
        )

    @classmethod
    def of(cls, document: Any, name: str) -> Range:
        """The range of a document's field."""
        field = document.model_fields[name]
        parts = [inner for part in get_args(field.annotation) for inner in getattr(part, "__metadata__", ())]
        inside = [inner for part in (*field.metadata, *parts) for inner in (part, *getattr(part, "metadata", ()))]
        found = {
            own: float(getattr(part, theirs))
            for part in inside
            for theirs, own in (("gt", "above"), ("ge", "low"), ("le", "high"))
            if getattr(part, theirs, None) is not None
        }
        return cls(**found)


class Input(NamedTuple):
    """One thing of a plan that can be changed: what is allowed, and how it is called."""

    name: str
    what: str
    unit: str = ""
    whole: bool = False
    range: Range = Range()
    choices: tuple[str, ...] = ()

    @property
    def allowed(self) -> str:
        """What may be given, with its unit, in words."""
        if self.choices:
            return f"one of {', '.join(self.choices)}"
        above, low, high = self.range
        start = f"above {above:g}" if above is not None else f"from {low or 0:g}"
        unit = f" {self.unit}" if self.unit else ""
        return f"{'a whole number ' if self.whole else ''}{start} up to {high or 0:g}{unit}"


# Other names that people write, and how many of our unit one of theirs is.
ALIASES: dict[str, tuple[str, float]] = {
    "sessions": ("sessions_count", 1),
    "visits_count": ("sessions_count", 1),
    "passes": ("passes_count", 1),
    "directions": ("directions_count", 1),
    "interval_wk": ("interval_d", UNITS["wk"].si_factor / UNITS["d"].si_factor),
    "needle_mm": ("needle_length_mm", 1),
    "length_mm": ("needle_length_mm", 1),
    "force_n": ("force_N", 1),
}


@lru_cache(maxsize=2)
def inputs(kb: Knowledge) -> Mapping[str, Input]:
    """Everything that can be changed, by name, with what is allowed: the documents' own ranges, the known devices."""
    devices = tuple(device.id for device in kb.devices if device.kind in _KINDS)
    listed = (
        Input("needle_length_mm", "needle length", "mm", range=Range.of(Stroke, "needle_length_mm")),
        Input("directions_count", "directions", whole=True, range=Range.of(Stroke, "directions_count")),
        Input("passes_count", "passes in each direction", whole=True, range=Range.of(Stroke, "passes_count")),
        Input("sessions_count", "sessions", whole=True, range=Range.of(Goals, "sessions_count")._replace(low=0)),
        Input("interval_d", "days between sessions", "days", range=Range.of(Goals, "interval_d")),
        Input("force_N", "force on the device", "N", range=Range.of(Stroke, "force_N")),
        Input("device", "device", choices=devices),
        Input("endpoint", "endpoint", choices=get_args(Endpoint)),
        Input("cover", "cover afterwards", choices=get_args(Cover)),
        Input("condition", "condition of the needles", choices=get_args(Condition)),
    )
    return MappingProxyType({one.name: one for one in listed})


@dataclass(frozen=True)
class Change:
    """One input changed: of some zones, or of all.

    Args:
        name: of ``inputs``. value: in its unit. zones: None for all of the plan.
    """

    name: str
    value: Value
    zones: tuple[str, ...] | None = None

    @property
    def said(self) -> str:
        """As it is written on the command line."""
        value = f"{self.value:g}" if isinstance(self.value, (int, float)) else self.value
        where = f"{PREFIX}{'/'.join(self.zones)}." if self.zones is not None else ""
        return f"{where}{self.name}={value}"


# ---------------------------------------------------------------- reading


def read_changes(given: Mapping[str, Value], assessment: Assessment, kb: Knowledge) -> tuple[Change, ...]:
    """Changes as written: ``needle_length_mm``, ``sessions``, ``zone:cheek-left.passes_count``.

    Args:
        given: name -> value; a value may be text. assessment: its zones may be named, or their site for both sides.

    Raises:
        BadInput: an unknown name or zone (with the closest one), or a value that is not allowed (with what is).
    """
    known = inputs(kb)
    return tuple(_read(text, value, known, assessment, kb) for text, value in given.items())


def _read(text: str, value: Value, known: Mapping[str, Input], assessment: Assessment, kb: Knowledge) -> Change:
    zones, name = None, text.strip()
    if name.startswith(PREFIX):
        where, dot, name = name.removeprefix(PREFIX).partition(".")
        if not dot:
            raise BadInput(
                f"'{text}' names a zone but no input; write it like zone:{where or 'cheek-left'}.passes_count"
            )
        zones = _zones_named(where, assessment, kb)
    name, factor = ALIASES.get(name, (name, 1))
    if name not in known:
        hint = did_you_mean(name, [*known, *ALIASES])
        raise BadInput(
            f"there is no input '{name}'{hint}; what can be changed: "
            + "; ".join(f"{one.name} ({one.what}: {_brief(one)})" for one in known.values())
            + f"; for one zone with a prefix, like {PREFIX}cheek-left.passes_count"
        )
    return Change(name, _value(text, value, factor, known[name]), zones)


def _brief(one: Input) -> str:
    """What is allowed; a long list is left to the command that prints it."""
    return "an id of `needling devices`" if one.name == "device" else one.allowed


def _zones_named(where: str, assessment: Assessment, kb: Knowledge) -> tuple[str, ...]:
    assessed = [finding.zone for finding in assessment.zones]
    if where in assessed:
        return (where,)
    sides = [zone for site in kb.sites if site.id == where for zone in site_zones(site) if zone in assessed]
    if sides:
        return tuple(sides)
    raise BadInput(f"zone '{where}' was not assessed{did_you_mean(where, assessed)}; assessed: {', '.join(assessed)}")


def _value(text: str, value: Value, factor: float, one: Input) -> Value:
    if one.choices:
        if value not in one.choices:
            hint = did_you_mean(str(value), one.choices)
            raise BadInput(f"{text} is '{value}'{hint}; allowed for the {one.what}: {one.allowed}")
        return str(value)
    try:
        number = float(value) * factor
    except ValueError:
        raise BadInput(f"{text} is '{value}'; allowed for the {one.what}: {one.allowed}") from None
    if not one.range.holds(number) or (one.whole and number % 1):
        raise BadInput(f"{text} is {value}; allowed for the {one.what}: {one.allowed}")
    return int(number) if one.whole else number


# ---------------------------------------------------------------- changing


class _Part(NamedTuple):
    """One stroke of a plan with the session that it belongs to; its day may differ from the session's."""

    day_d: float
    session: Session
    stroke: Stroke


def _parts(plan: Plan) -> list[_Part]:
    ordered = sorted(plan.sessions, key=lambda session: session.day_d)
    return [_Part(session.day_d, session, stroke) for session in ordered for stroke in session.strokes]


def _mine(parts: Sequence[_Part], change: Change) -> list[_Part]:
    return [part for part in parts if change.zones is None or part.stroke.zone in change.zones]


def _with_stroke(parts: list[_Part], change: Change) -> list[_Part]:
    """Another length, directions, passes or force. Sessions staged with a shorter needle keep it."""
    longest: dict[str, float] = {}
    for part in parts:
        longest[part.stroke.zone] = max(longest.get(part.stroke.zone, 0.0), part.stroke.needle_length_mm)
    mine = set(map(id, _mine(parts, change)))
    changed = []
    for part in parts:
        value = change.value
        staged = part.stroke.needle_length_mm < longest[part.stroke.zone]
        if change.name == "needle_length_mm" and staged:
            value = min(float(value), part.stroke.needle_length_mm)
        stroke = part.stroke.model_copy(update={change.name: value}) if id(part) in mine else part.stroke
        changed.append(part._replace(stroke=stroke))
    return changed


def _with_session(parts: list[_Part], change: Change) -> list[_Part]:
    """Another device, condition, endpoint or cover, for the strokes of these zones only."""
    mine = set(map(id, _mine(parts, change)))
    return [
        part._replace(session=part.session.model_copy(update={change.name: change.value})) if id(part) in mine else part
        for part in parts
    ]


def _with_count(
    parts: list[_Part], change: Change, interval_d: float | None, setting: Setting, kb: Knowledge
) -> list[_Part]:
    """More sessions like the last one at the last gap, or fewer from the end."""
    mine = _mine(parts, change)
    days = sorted({part.day_d for part in mine})
    wanted = int(change.value)
    if wanted <= len(days):
        dropped = set(days[wanted:])
        own = set(map(id, mine))
        return [part for part in parts if id(part) not in own or part.day_d not in dropped]
    last = [part for part in mine if part.day_d == days[-1]]
    if interval_d is None:
        longest = max(part.stroke.needle_length_mm for part in last)
        shortest = min_interval_d(kb.envelope(setting), longest)
        gaps = [after - before for before, after in pairwise(days)]
        interval_d = gaps[-1] if gaps else shortest
    if interval_d == float("inf"):
        raise BadInput("the plan has one session, so the gap to the next is not known; give interval_d as well")
    more = [
        part._replace(day_d=days[-1] + number * interval_d)
        for number in range(1, wanted - len(days) + 1)
        for part in last
    ]
    return [*parts, *more]


def _with_interval(parts: list[_Part], change: Change) -> list[_Part]:
    mine = _mine(parts, change)
    days = sorted({part.day_d for part in mine})
    moved = {day: days[0] + place * float(change.value) for place, day in enumerate(days)}
    own = set(map(id, mine))
    return [part._replace(day_d=moved[part.day_d]) if id(part) in own else part for part in parts]


_OF_STROKE = frozenset(("needle_length_mm", "directions_count", "passes_count", "force_N"))
_ORDER = ("sessions_count", "interval_d")


def _applied(parts: list[_Part], changes: Sequence[Change], setting: Setting, kb: Knowledge) -> list[_Part]:
    """All changes: strokes and sessions first, then their number, then their days."""
    gaps = {change.zones: float(change.value) for change in changes if change.name == "interval_d"}
    for change in sorted(changes, key=lambda one: _ORDER.index(one.name) + 1 if one.name in _ORDER else 0):
        if not _mine(parts, change):
            where = ", ".join(change.zones or ())
            raise BadInput(f"{change.said}: the plan does nothing on {where}, so there is nothing to change there")
        if change.name in _OF_STROKE:
            parts = _with_stroke(parts, change)
        elif change.name == "sessions_count":
            parts = _with_count(parts, change, gaps.get(change.zones, gaps.get(None)), setting, kb)
            if not parts:
                return []
        elif change.name == "interval_d":
            parts = _with_interval(parts, change)
        else:
            parts = _with_session(parts, change)
    return parts


def _bloodless(
    parts: list[_Part], changes: Sequence[Change], setting: Setting, kb: Knowledge
) -> tuple[list[_Part], list[str]]:
    """Needles too short for a bleeding endpoint stop at redness, unless the endpoint was asked for."""
    from_mm = kb.envelope(setting).bleeding_from_mm
    asked = {zone for change in changes if change.name == "endpoint" for zone in change.zones or ("",)}
    if from_mm is None or not any(change.name == "needle_length_mm" for change in changes) or "" in asked:
        return parts, []
    zones: dict[str, None] = {}
    found = []
    for part in parts:
        short = part.session.endpoint in BLEEDING and part.stroke.needle_length_mm < from_mm
        if short and part.stroke.zone not in asked:
            zones[part.stroke.zone] = None
            part = part._replace(session=part.session.model_copy(update={"endpoint": "erythema"}))
        found.append(part)
    said = f"endpoint erythema on {', '.join(zones)}: bleeding is an endpoint only from {from_mm:g} mm"
    return found, [said] if zones else []


def _way(part: _Part) -> tuple[object, ...]:
    """What makes two strokes of one day one session."""
    session = part.session
    return session.device, session.condition, session.endpoint, session.cover, session.topicals


def _sessions(parts: list[_Part]) -> Iterator[Session]:
    """Parts as sessions again: those of one day that are done alike are one."""
    for day, of_day in groupby(sorted(parts, key=lambda part: part.day_d), key=lambda part: part.day_d):
        for _, group in groupby(of_day, key=_way):
            alike = list(group)
            strokes = tuple(part.stroke for part in alike)
            yield alike[0].session.model_copy(update={"day_d": day, "strokes": strokes})


class Altered(NamedTuple):
    """A plan with other inputs, and what followed from them by rule."""

    plan: Plan
    follows: tuple[str, ...] = ()


def alter(
    plan: Plan,
    changes: Sequence[Change],
    person: Person,
    assessment: Assessment,
    clearance: Clearance,
    kb: Knowledge,
) -> Altered:
    """A plan with some inputs changed; the same plan, byte for byte, when nothing changes.

    Args:
        plan: as it is. changes: from :func:`read_changes`. person, assessment, clearance: that the plan was made for.

    Returns:
        The plan, not cut to any envelope: :func:`needling.planning.envelope.breaches` says where it leaves it. No
        sessions make it "no treatment".

    Raises:
        BadInput: nothing to change (no sessions, or none on that zone), one input given twice for a zone, or a course
            longer than a document holds.
    """
    if not changes:
        return Altered(plan)
    if not plan.sessions:
        raise BadInput(
            "the plan has no session, so there is nothing to change; start from a plan with sessions, "
            "written as a protocol sentence inside the envelope"
        )
    _once(changes)
    changes = by_reach(changes)
    setting = plan.envelope
    parts, follows = _bloodless(_applied(_parts(plan), changes, setting, kb), changes, setting, kb)
    if not parts:
        return Altered(assemble.no_treatment(person, assessment, clearance, kb, declined=plan.declined))
    latest, most = max(part.day_d for part in parts), Range.of(Session, "day_d").high or 0.0
    if latest > most:
        raise BadInput(
            f"the last session would fall on day {latest:g}, and a plan has up to {most:g} days; ask for "
            "fewer sessions or shorter gaps"
        )
    made = assemble.plan_from_sessions(
        tuple(_sessions(parts)),
        setting,
        person,
        assessment,
        clearance,
        kb,
        rationale=plan.rationale,
        declined=plan.declined,
    )
    return Altered(plan if made.sessions == plan.sessions else made, tuple(follows))


def _once(changes: Sequence[Change]) -> None:
    """Raises BadInput where one input is given twice for one zone; a zone's own stands beside the whole plan's."""
    seen: dict[tuple[str, str | None], Change] = {}
    for change in changes:
        for zone in change.zones or (None,):
            if (change.name, zone) in seen:
                raise BadInput(f"{change.name} is given twice{f' for {zone}' if zone else ''}; leave one of the two")
            seen[change.name, zone] = change


def by_reach(changes: Sequence[Change]) -> tuple[Change, ...]:
    """Changes in an order that does not depend on how they were written: those of all zones before those of some."""
    return tuple(sorted(changes, key=lambda change: (change.zones is not None, change.name, change.zones or ())))
