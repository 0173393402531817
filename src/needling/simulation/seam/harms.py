"""Harms beside the benefit: published counts as a Beta distribution, scaled to this plan where a cause is known."""

from __future__ import annotations

from typing import Any, get_args

import numpy as np

from needling.documents import Harm, Phototype, Stroke
from needling.knowledge.base import Knowledge
from needling.knowledge.schema import AdverseEvent, Device
from needling.simulation.belief import beta
from needling.simulation.equations import rolling
from needling.simulation.quantiles import quantiles
from needling.simulation.seam.context import Context, Floats
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
    """Share of people with the event, one draw for each member from the Beta posterior (Jeffreys prior)."""
    events, people = counts
    return beta(context.key, purpose, context.belief.members, events + 0.5, people - events + 0.5)


def _applies(event: AdverseEvent, context: Context) -> bool:
    """Whether an event belongs to this plan and person: its kinds of device, its shortest needle, its phototypes."""
    phototype = context.person.phototype
    longest_mm = max((length for kind, length in context.longest_mm.items() if kind in event.kinds), default=-1.0)
    fits = phototype is None or not event.phototypes or phototype in event.phototypes
    return event.shown and fits and longest_mm >= event.min_needle_mm


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
    counts = pigment_counts(context)
    return np.zeros(relative.shape) if counts is None else _pigment(context, PIGMENT_MARKS, counts, relative)


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
    drawn = context.drawn
    none = np.zeros(context.belief.members.size)
    events = [
        event for event in _events(context.belief.knowledge, TRACK_MARKS) if _counts(event) and _applies(event, context)
    ]
    if not events:
        return none
    share = _draw_share(context, "track-marks", _together([counts for event in events if (counts := _counts(event))]))
    shortest_mm = min(event.min_needle_mm for event in events)
    bony = {zone.finding.zone for zone in context.zones if zone.site.bony}
    laid: dict[tuple[float, str], tuple[Floats, float]] = {}  # channels per m2 and longest needle, by day and zone
    for session, device in zip(context.plan.sessions, context.devices, strict=True):
        if device.kind != "roller":
            continue
        for stroke in session.strokes:
            if stroke.needle_length_mm >= shortest_mm:
                before, longest = laid.get((session.day_d, stroke.zone), (none, 0.0))
                density = before + _roller_channels(device, stroke, drawn["rolling-radius-share"])
                longest = max(longest, to_si(stroke.needle_length_mm, "mm"))
                laid[session.day_d, stroke.zone] = density, longest
    worst: dict[float, Floats] = {}
    names = [zone.finding.zone for zone in context.zones]
    for (day, zone), (planned, longest) in laid.items():
        density = planned * done[np.searchsorted(session_time, to_si(day, "d")), names.index(zone)]
        odds = (
            share
            / (1 - share)
            * (longest / drawn["reference-length"]) ** drawn["track-length-slope"]
            * (density / drawn["reference-density"]) ** drawn["track-density-slope"]
            * np.exp(drawn["track-bone-log-odds"] * ((zone in bony) - 0.5))
        )
        worst[day] = np.maximum(worst.get(day, none), odds)
    free = np.ones(none.shape)
    for odds in worst.values():
        free = free * (1 + odds) ** (-1 / drawn["reference-sessions"])
    return np.asarray(1 - free)


def _roller_channels(device: Device, stroke: Stroke, radius_share: Any) -> Floats:
    """Channels per m2 that one roller stroke lays; the equations are plain arithmetic, so they take all members."""
    length = to_si(stroke.needle_length_mm, "mm")
    radius: Any = rolling.rolling_radius(to_si((device.drum_diameter_mm or 0.0) / 2, "mm"), length, radius_share)
    passes = stroke.directions_count * stroke.passes_count
    width = to_si(device.drum_width_mm or 0.0, "mm")
    return np.asarray(rolling.roller_density(device.needles_count, radius, width, passes))


def harm_list(context: Context, relative: Floats, tracks: Floats, low: float, high: float) -> tuple[Harm, ...]:
    """Every harm that this plan can do, with its chance where counts were found and None where they were not.

    Groups that disagree are all listed, each with its own count.

    Args:
        relative: :func:`dose_ratio`. tracks: :func:`track_probability`. low, high: levels of the band.
    """
    plan, kb = context.plan, context.belief.knowledge
    if not plan.sessions:
        return ()
    found: list[Harm] = []
    for event in kb.adverse_events:
        if not _applies(event, context):
            continue
        counts = _counts(event)
        group = f" ({event.population})" if event.population else ""
        if counts is None:
            found.append(_harm(event, None, f"rate not known{group}", low, high))
            continue
        basis = f"{counts[0]} of {counts[1]}{group}"
        if event.ref == PIGMENT_MARKS:
            chance = _pigment(context, PIGMENT_MARKS, counts, relative)
            basis += "; scaled to the dose of this plan"
        elif event.ref == TRACK_MARKS:
            chance = tracks
            basis += "; scaled to needle length, passes, place and sessions"
        else:
            chance = _draw_share(context, event.id, counts)
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
