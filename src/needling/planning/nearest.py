"""The nearest plan that may be done: any wish, laid into the envelope, and every change with its reason."""

from __future__ import annotations

from collections import defaultdict
from itertools import groupby
from math import inf
from typing import NamedTuple

from needling.documents import Assessment, Citation, Clearance, Endpoint, Person, Plan, Reason, Session, Stroke
from needling.errors import BadInput
from needling.knowledge.base import Knowledge
from needling.knowledge.schema import Device, Envelope
from needling.planning.assemble import no_treatment, plan_from_sessions
from needling.planning.envelope import BLEEDING, Breach, ZoneLimits, breaches, min_interval_d, zone_limits
from needling.planning.protocol import USUAL

_ENDPOINTS: tuple[Endpoint, ...] = ("none", "faint-pink", "erythema", *BLEEDING)
_ROUNDS = 8  # numerical: a wish is laid in at the first round; another is needed where a session fell out
_LAST_D = 1500  # numerical: no document holds a later day
_STOPS = ("exclude", "exclude_home", "refer", "defer")


class Change(NamedTuple):
    """One thing of a wish that may not be: what was wished, what is allowed, why, and on whose word."""

    wished: str
    allowed: str
    because: str
    sources: tuple[Citation, ...] = ()


class Nearest(NamedTuple):
    """The nearest plan inside the envelope, and what had to change; the wish itself and nothing where it may be."""

    plan: Plan
    changes: tuple[Change, ...]


class _Room(NamedTuple):
    """Everything a wish must fit into."""

    envelope: Envelope
    limits: dict[str, ZoneLimits]
    kb: Knowledge


class _Touch(NamedTuple):
    """One stroke on its way: with which device it is done in which session."""

    session: Session
    device: str
    stroke: Stroke


def nearest(wish: Plan, person: Person, assessment: Assessment, clearance: Clearance, kb: Knowledge) -> Nearest:
    """Lay a wished plan into its envelope with as little change as the limits allow.

    Zones that are not cleared fall out; needles become shorter, of a length that the device sells; a device that is
    not for the setting or the site gives way to one that is; passes, directions, force, endpoint and the number of
    sessions come down to their limits; needles are new ones; what may not go on open skin is left out; sessions wait as
    long as they must, and the first ones at home are staged.

    Args:
        wish: any plan, as from a sentence or a changed proposal.
        person, assessment, clearance: whose it is. kb: limits and devices.

    Returns:
        A plan without breaches. It is the wish itself where that has none, and "no treatment" where nothing remains.

    Raises:
        BadInput: the wish is another person's; unknown device or site.
    """
    if wish.person != person.id or clearance.person != person.id:
        raise BadInput(f"the plan is of '{wish.person}', the clearance of '{clearance.person}', not of '{person.id}'")
    found = breaches(wish, clearance, kb)
    if not found:
        return Nearest(wish, ())
    changes = [_change(breach, clearance) for breach in found]
    if clearance.verdict != "go" or clearance.asks or not _open(wish, clearance):
        return _nothing(changes[:1], wish, person, assessment, clearance, kb)
    limits = {
        zone.zone: zone_limits(zone.zone, wish.envelope, clearance, kb)
        for zone in clearance.zones
        if zone.verdict == "go"
    }
    room = _Room(kb.envelope(wish.envelope), limits, kb)
    sessions = wish.sessions
    for _ in range(_ROUNDS):
        sessions = _laid_in(sessions, room)
        if not sessions:
            break
        plan = plan_from_sessions(
            sessions,
            wish.envelope,
            person,
            assessment,
            clearance,
            kb,
            rationale=wish.rationale,
            declined=(*wish.declined, *_reasons(changes)),
        )
        more = breaches(plan, clearance, kb)
        if not more:
            return Nearest(plan, tuple(dict.fromkeys(changes)))
        changes += [_change(breach, clearance) for breach in more]
    return _nothing(changes, wish, person, assessment, clearance, kb)


def _open(wish: Plan, clearance: Clearance) -> bool:
    return clearance.envelope is not None and not (wish.envelope == "home" and clearance.envelope != "home")


def _change(breach: Breach, clearance: Clearance) -> Change:
    """A breach as a change; the clearance's own grounds stand in for the word alone."""
    because, sources = breach.because, breach.sources
    if because == "clearance":
        grounds = [one for one in clearance.decisions if one.action in _STOPS and not one.overridden]
        asks = ["open questions"] if clearance.asks else []
        because = "; ".join(dict.fromkeys([*(one.title for one in grounds), *asks])) or because
        sources = tuple(dict.fromkeys(source for one in grounds for source in one.sources))
    return Change(breach.what, breach.allowed, because, sources)


def _reasons(changes: list[Change]) -> tuple[Reason, ...]:
    return tuple(
        Reason(what=change.wished, why=f"Allowed: {change.allowed}. {change.because}.", sources=change.sources)
        for change in dict.fromkeys(changes)
    )


def _nothing(
    changes: list[Change], wish: Plan, person: Person, assessment: Assessment, clearance: Clearance, kb: Knowledge
) -> Nearest:
    declined = (*wish.declined, *_reasons(changes))
    plan = no_treatment(person, assessment, clearance, kb, rationale=wish.rationale, declined=declined)
    return Nearest(plan, tuple(dict.fromkeys(changes)))


# ---------------------------------------------------------------- laying a wish into the limits


def _laid_in(sessions: tuple[Session, ...], room: _Room) -> tuple[Session, ...]:
    """Sessions that keep every limit, in the order of their days; empty when nothing remains."""
    visits = _on_their_days(_kept_visits(sessions, room), room)
    found: list[Session] = []
    for index, (day, touches) in enumerate(visits):
        fitted = [fitting for touch in touches if (fitting := _fitted(touch, index, room)) is not None]
        for _, alike in groupby(fitted, key=lambda touch: (id(touch.session), touch.device)):
            own = tuple(alike)
            strokes = tuple(touch.stroke for touch in own)
            session = own[0].session.model_copy(
                update={
                    "day_d": day,
                    "device": own[0].device,
                    "condition": "new",
                    "strokes": strokes,
                    "topicals": _allowed(own[0].session.topicals, room.kb),
                }
            )
            found.append(session.model_copy(update={"endpoint": _endpoint(session, room)}))
    return tuple(found)


def _allowed(topicals: tuple[str, ...], kb: Knowledge) -> tuple[str, ...]:
    """What of some substances may go on open skin."""
    known = kb.by("topicals")
    return tuple(name for name in topicals if name in known and known[name].gate == "allowed")


def _kept_visits(sessions: tuple[Session, ...], room: _Room) -> list[tuple[float, list[_Touch]]]:
    """Visits by day: cleared zones once a day, none more often than the envelope's most sessions."""
    done: dict[str, int] = defaultdict(int)
    visits: list[tuple[float, list[_Touch]]] = []
    ordered = sorted(sessions, key=lambda session: session.day_d)
    for day, of_day in groupby(ordered, key=lambda session: session.day_d):
        today: dict[str, _Touch] = {}
        for session in of_day:
            for stroke in session.strokes:
                zone = stroke.zone
                if zone in room.limits and zone not in today and done[zone] < room.envelope.sessions_max_count:
                    today[zone] = _Touch(session, session.device, stroke)
        for zone in today:
            done[zone] += 1
        if today:
            visits.append((day, list(today.values())))
    return visits


def _fitted(touch: _Touch, visit: int, room: _Room) -> _Touch | None:
    """One stroke inside its limits, with another device where its own is not for here; None when none is."""
    stroke = touch.stroke
    most = _longest_mm(stroke.zone, visit, room)
    device = _device(touch.device, stroke, most, room)
    if device is None:
        return None
    length = _length_mm(device, stroke.needle_length_mm, most)
    envelope = room.envelope
    changed = {
        "needle_length_mm": length,
        "directions_count": min(stroke.directions_count, envelope.directions_max_count),
        "passes_count": min(stroke.passes_count, envelope.passes_max_count),
        "force_N": min(stroke.force_N, envelope.force_max_N),
    }
    return _Touch(touch.session, device.id, stroke.model_copy(update=changed))


def _longest_mm(zone: str, visit: int, room: _Room) -> float:
    """Longest needle on a zone at a visit: the tightest limit, what may be repeated at all, and the staged start."""
    envelope = room.envelope
    most = min(room.limits[zone].needle_mm.value, max(step.up_to_mm for step in envelope.frequency))
    staged = envelope.first_needle_max_mm
    return min(most, staged) if staged is not None and visit < envelope.first_sessions_count else most


def _length_mm(device: Device, wished: float, most: float) -> float:
    """The wished length where it is sold and allowed, else the next shorter one, else the shortest that is allowed."""
    allowed = [length for length in device.lengths_mm if length <= most]
    return max((length for length in allowed if length <= wished), default=min(allowed))


def _may(device: Device, zone: str, most: float, room: _Room) -> bool:
    envelope = room.envelope
    return (
        device.kind in envelope.device_kinds
        and (device.home or envelope.setting != "home")
        and (device.kind != "roller" or room.kb.site(zone).roller)
        and any(length <= most for length in device.lengths_mm)
    )


def _device(wished: str, stroke: Stroke, most: float, room: _Room) -> Device | None:
    """The wished device where it may be used here, else the one most like it: its kind, then the length wished."""
    own = room.kb.device(wished)
    if _may(own, stroke.zone, most, room):
        return own
    usual = USUAL[room.envelope.setting].values()
    others = [device for device in room.kb.devices if _may(device, stroke.zone, most, room)]

    def unlike(device: Device) -> tuple[bool, float, bool]:
        off = abs(_length_mm(device, stroke.needle_length_mm, most) - stroke.needle_length_mm)
        return device.kind != own.kind, off, device.id not in usual

    return min(others, key=unlike, default=None)


def _endpoint(session: Session, room: _Room) -> Endpoint:
    """The wished endpoint, or the strongest milder one that every stroke of the session allows."""
    envelope = room.envelope
    from_mm = envelope.bleeding_from_mm

    def bleeds(stroke: Stroke) -> bool:
        allowed = room.limits[stroke.zone].bleeding.value > 0
        return allowed and (from_mm is None or stroke.needle_length_mm >= from_mm)

    allowed = [
        endpoint
        for endpoint in _ENDPOINTS
        if endpoint in envelope.endpoints and (endpoint not in BLEEDING or all(map(bleeds, session.strokes)))
    ]
    wished = _ENDPOINTS.index(session.endpoint)
    milder = [endpoint for endpoint in allowed if _ENDPOINTS.index(endpoint) <= wished]
    return milder[-1] if milder else allowed[0]


def _on_their_days(visits: list[tuple[float, list[_Touch]]], room: _Room) -> list[tuple[float, list[_Touch]]]:
    """Visits on their wished days, later where a zone must wait longer; what would fall beyond any plan is left out."""
    last: dict[str, tuple[float, float, int]] = {}
    """Day, needle length and number of each zone's last visit."""
    laid: list[tuple[float, list[_Touch]]] = []
    before_wished = 0.0
    for wished, touches in visits:
        visit = len(laid)
        day = wished
        if laid:  # two visits stay two, so that the staged start counts as many
            day = max(day, laid[-1][0] + min(wished - before_wished, 1))
        fitting = [(touch, fitted) for touch in touches if (fitted := _fitted(touch, visit, room)) is not None]
        for touch, _ in fitting:
            zone = touch.stroke.zone
            if zone in last:
                then, length, count = last[zone]
                day = max(day, then + _wait_d(zone, length, count, room))
        if not fitting or day > _LAST_D:
            continue
        before_wished = wished
        for touch, fitted in fitting:
            zone = touch.stroke.zone
            last[zone] = day, fitted.stroke.needle_length_mm, last[zone][2] + 1 if zone in last else 1
        laid.append((day, [touch for touch, _ in fitting]))
    return laid


def _wait_d(zone: str, length_mm: float, sessions_count: int, room: _Room) -> float:
    """Shortest gap after a zone's session, as the envelope, its staged start and the clearance ask for."""
    envelope = room.envelope
    first = envelope.first_min_interval_d if sessions_count < envelope.first_sessions_count else 0
    gap = max(min_interval_d(envelope, length_mm), first, room.limits[zone].min_interval_d.value)
    return gap if gap < inf else 2 * _LAST_D
