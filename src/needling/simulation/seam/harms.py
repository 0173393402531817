"""Harms beside the benefit: published counts as a Beta distribution, scaled to this plan where a cause is known."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Any, NamedTuple, get_args

import numpy as np

from needling.documents import Harm, Phototype, Stroke
from needling.knowledge.base import Knowledge
from needling.knowledge.schema import AdverseEvent, Device
from needling.simulation.belief import beta
from needling.simulation.equations import rolling
from needling.simulation.quantiles import quantiles
from needling.simulation.seam.context import Context, Draw, Floats
from needling.units import to_si

# Adverse events whose chance follows the plan; the others keep their published rate.
PIGMENT_MARKS = "AE2"
TRACK_MARKS = "AE4"
_DARKNESS = get_args(Phototype)


def _events(kb: Knowledge, ref: str) -> list[AdverseEvent]:
    return [event for event in kb.adverse_events if event.ref == ref]


def _counts(event: AdverseEvent) -> tuple[int, int] | None:
    if event.events_count is None or event.of_count is None:
        return None
    return event.events_count, event.of_count


def _draw_share(context: Context, purpose: str, counts: tuple[int, int]) -> Floats:
    """Share of people with the event, from the Beta posterior (Jeffreys prior), float64[member].

    One draw for each member; for members that live in worlds one for each world, the mean in world 0.
    """
    events, people = counts
    with_event, without = events + 0.5, people - events + 0.5
    worlds = context.individuals.world if context.individuals else None
    if worlds is None:
        return beta(context.key, purpose, context.belief.members, with_event, without)
    distinct, which = np.unique(worlds, return_inverse=True)
    shares = beta(context.key, purpose, distinct, with_event, without)
    return np.asarray(np.where(distinct == 0, with_event / (with_event + without), shares)[which])


def _each_phototype(context: Context, chance: Callable[[Context], Floats]) -> Floats:
    """A chance that depends on the phototype, for members that have one each; else for the person's."""
    darkness = context.individuals.darkness if context.individuals else None
    if darkness is None:
        return chance(context)
    found = np.zeros(darkness.size)
    for place in np.unique(darkness):
        person = context.person.model_copy(update={"phototype": _DARKNESS[place]})
        found = np.where(darkness == place, chance(replace(context, person=person)), found)
    return found


def _applies(event: AdverseEvent, context: Context) -> bool:
    """Whether an event belongs to this plan and person: its kinds of device, its shortest needle, its phototypes."""
    if not event.shown:
        return False
    phototype = context.person.phototype
    longest_mm = max((length for kind, length in context.longest_mm.items() if kind in event.kinds), default=-1.0)
    fits = phototype is None or not event.phototypes or phototype in event.phototypes
    return fits and longest_mm >= event.min_needle_mm


def _rate(counts: tuple[int, int]) -> float:
    return counts[0] / max(counts[1], 1)


def _together(counts: list[tuple[int, int]]) -> tuple[int, int]:
    return sum(events for events, _ in counts), sum(people for _, people in counts)


def pigment_counts(context: Context) -> tuple[int, int] | None:
    """Events and people that a choice weighs for a pigment mark; None where nobody has counted.

    All groups together, or the highest rate among the groups that hold skin as light as the person's or lighter,
    whichever is higher: so a darker skin never gets a lower rate, and types without a count of their own (VI, not
    known) get the highest known. The forecast still shows each group by itself and says "not known".
    """
    phototype = context.person.phototype
    groups = [
        (event, counts)
        for event in _events(context.belief.knowledge, PIGMENT_MARKS)
        if (counts := _counts(event)) and any(device.kind in event.kinds for device in context.devices)
    ]
    if not groups:
        return None
    lightest = [min(map(_DARKNESS.index, event.phototypes), default=0) for event, _ in groups]
    own = len(_DARKNESS) if phototype is None else _DARKNESS.index(phototype)
    reached = [counts for (_, counts), light in zip(groups, lightest, strict=True) if light <= own]
    return max([_together([counts for _, counts in groups]), *reached], key=_rate)


def is_known(context: Context) -> bool:
    """Whether the chance of a lasting mark rests on a count that holds for this person's phototype and devices."""
    if not context.plan.sessions:
        return True
    events = [event for event in _events(context.belief.knowledge, PIGMENT_MARKS) if _applies(event, context)]
    counted = [event for event in events if _counts(event)]
    return bool(counted) and context.person.phototype is not None


def uncounted(context: Context) -> tuple[tuple[AdverseEvent, str], ...]:
    """Lasting marks that nobody has counted for a kind of device of the plan, with that kind: unknown, not nought."""
    found = []
    for ref in (PIGMENT_MARKS, TRACK_MARKS):
        counted = [event for event in _events(context.belief.knowledge, ref) if _counts(event)]
        for kind in dict.fromkeys(device.kind for device in context.devices):
            if counted and not any(kind in event.kinds for event in counted):
                found.append((counted[0], kind))
    return tuple(found)


def dose_ratio(context: Context, stimulus: Floats, reference: Floats) -> Floats:
    """Inflammation dose of the course relative to the reference course, float64[member].

    dose = integral of I over all time = sum of s / k_D, so that the ratio is one of stimuli

    Args:
        stimulus: float64[session, zone, member]; the zone with the largest dose counts.
        reference: stimulus of one session of the reference course, float64[member].
    """
    dose = stimulus.sum(axis=0).max(axis=0, initial=0.0)
    return np.asarray(dose / (reference * context.drawn["reference-sessions"]))


def _pigment(context: Context, purpose: str, counts: tuple[int, int], relative: Floats) -> Floats:
    """logit p = logit p_0 + beta_I ln(dose / dose_ref), with p_0 from the counts."""
    share = _draw_share(context, purpose, counts)
    odds = share / (1 - share) * relative ** context.drawn["pih-dose-slope"]
    return np.asarray(odds / (1 + odds))


def pigment_probability(context: Context, relative: Floats) -> Floats:
    """Chance of a pigment mark over the course, float64[member]. relative: :func:`dose_ratio`."""

    def chance(own: Context) -> Floats:
        counts = pigment_counts(own)
        return np.zeros(relative.shape) if counts is None else _pigment(own, PIGMENT_MARKS, counts, relative)

    return _each_phototype(context, chance)


def track_probability(context: Context, session_time: Floats, done: Floats) -> Floats:
    """Chance of track marks over the course, float64[member]; rollers and roller needles only.

    logit p = logit p_0 + beta_L ln(L / L_ref) + beta_n ln(n / n_ref) + beta_B ([over bone] - 1/2)
    for the worst zone of each day, with n its channels per area;  days add like independent risks

    The group that was counted was needled over bone and beside it, hence the half. The same events count as in the
    forecast's list (:func:`harm_list`), and none below their shortest needle.

    Args:
        session_time: s, float64[session]. done: share of the planned passes before the endpoint,
            float64[session, zone, member].
    """
    return _each_phototype(context, lambda own: _track_probability(own, session_time, done))


def _track_probability(context: Context, session_time: Floats, done: Floats) -> Floats:
    drawn = context.drawn
    none = np.zeros(context.belief.members.size)
    basis = track_basis(context)
    if basis is None:
        return none
    bony = {zone.finding.zone for zone in context.zones if zone.site.bony}
    laid: dict[tuple[float, str], tuple[Floats, float]] = {}  # channels per m2 and longest needle, by day and zone
    for session, device in zip(context.plan.sessions, context.devices, strict=True):
        if device.kind != "roller":
            continue
        for stroke in session.strokes:
            if stroke.needle_length_mm >= basis.shortest_mm:
                before, longest = laid.get((session.day_d, stroke.zone), (none, 0.0))
                density = before + roller_channels(device, stroke, drawn["rolling-radius-share"])
                longest = max(longest, to_si(stroke.needle_length_mm, "mm"))
                laid[session.day_d, stroke.zone] = density, longest
    worst: dict[float, Floats] = {}
    names = [zone.finding.zone for zone in context.zones]
    alike: dict[tuple[bytes, float, bool], Floats] = {}  # days of one course repeat: each kind is worked out once
    for (day, zone), (planned, longest) in laid.items():
        density = planned * done[np.searchsorted(session_time, to_si(day, "d")), names.index(zone)]
        kind = density.tobytes(), longest, zone in bony
        if (odds := alike.get(kind)) is None:
            odds = alike[kind] = track_odds(basis.share, density, longest, zone in bony, drawn)
        worst[day] = np.maximum(worst.get(day, none), odds)
    return over_days(((odds, 1) for odds in worst.values()), drawn)


class Tracks(NamedTuple):
    """What the chance of track marks rests on: share of people with them, float64[member], and the shortest needle."""

    share: Floats
    shortest_mm: float


def track_basis(context: Context) -> Tracks | None:
    """The counts of track marks that belong to a plan and person; None where there are none."""
    events = [
        event for event in _events(context.belief.knowledge, TRACK_MARKS) if _counts(event) and _applies(event, context)
    ]
    if not events:
        return None
    share = _draw_share(context, "track-marks", _together([counts for event in events if (counts := _counts(event))]))
    return Tracks(share, min(event.min_needle_mm for event in events))


def track_odds(share: Floats, density: Floats, longest: Any, bony: bool, drawn: Draw) -> Floats:
    """Odds of track marks on one zone and day; see :func:`track_probability`.

    Args:
        share: of :class:`Tracks`. density: channels that were laid, per m2. longest: needle there, m.
    """
    return np.asarray(
        share
        / (1 - share)
        * (longest / drawn["reference-length"]) ** drawn["track-length-slope"]
        * (density / drawn["reference-density"]) ** drawn["track-density-slope"]
        * np.exp(drawn["track-bone-log-odds"] * (bony - 0.5))
    )


def over_days(worst: Iterable[tuple[Floats, int]], drawn: Draw) -> Floats:
    """Chance over all days from the odds of each kind of day and how many such days there are, float64[..., member]."""
    free: Floats = np.ones(drawn["reference-sessions"].shape)
    for odds, days in worst:
        free = free * (1 + odds) ** (-days / drawn["reference-sessions"])
    return np.asarray(1 - free)


def roller_channels(device: Device, stroke: Stroke, radius_share: Any) -> Floats:
    """Channels per m2 that one roller stroke lays; the equations are plain arithmetic, so they take all members."""
    length = to_si(stroke.needle_length_mm, "mm")
    radius: Any = rolling.rolling_radius(to_si((device.drum_diameter_mm or 0.0) / 2, "mm"), length, radius_share)
    passes = stroke.directions_count * stroke.passes_count
    width = to_si(device.drum_width_mm or 0.0, "mm")
    return np.asarray(rolling.roller_density(device.needles_count, radius, width, passes))


_SCALED = {
    PIGMENT_MARKS: "; scaled to the dose of this plan",
    TRACK_MARKS: "; scaled to needle length, passes, place and sessions",
}


def event_chances(
    context: Context, relative: Floats, tracks: Floats
) -> Iterator[tuple[AdverseEvent, tuple[int, int] | None, Floats | None]]:
    """Every harm that this plan can do, with its counts and each member's chance; None where nobody has counted.

    Args:
        relative: :func:`dose_ratio`. tracks: :func:`track_probability`.
    """
    if not context.plan.sessions:
        return
    for event in context.belief.knowledge.adverse_events:
        if not _applies(event, context):
            continue
        counts = _counts(event)
        if counts is None:
            yield event, None, None
        elif event.ref == PIGMENT_MARKS:
            yield event, counts, _pigment(context, PIGMENT_MARKS, counts, relative)
        elif event.ref == TRACK_MARKS:
            yield event, counts, tracks
        else:
            yield event, counts, _draw_share(context, event.id, counts)


def harm_list(context: Context, relative: Floats, tracks: Floats, low: float, high: float) -> tuple[Harm, ...]:
    """Every harm that this plan can do, with its chance where counts were found and None where they were not.

    Groups that disagree are all listed, each with its own count.

    Args:
        relative: :func:`dose_ratio`. tracks: :func:`track_probability`. low, high: levels of the band.
    """
    found: list[Harm] = []
    for event, counts, chance in event_chances(context, relative, tracks):
        group = f" ({event.population})" if event.population else ""
        if counts is None:
            found.append(_harm(event, None, f"rate not known{group}", low, high))
            continue
        basis = f"{counts[0]} of {counts[1]}{group}" + _SCALED.get(event.ref, "")
        found.append(_harm(event, chance, basis, low, high))
    return tuple(found)


def _harm(event: AdverseEvent, chance: Floats | None, basis: str, low: float, high: float) -> Harm:
    band = (None, None, None) if chance is None else (float(chance.mean()), *quantiles(chance, (low, high)).tolist())
    return Harm(
        harm=event.id,
        label=event.plain or event.name,
        probability=band[0],
        low_probability=band[1],
        high_probability=band[2],
        basis=basis,
        sources=event.sources,
    )
