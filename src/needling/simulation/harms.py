"""Harms beside the benefit: published counts as a Beta distribution, scaled to this plan where a cause is known."""

from __future__ import annotations

import numpy as np

from needling.documents import Harm
from needling.knowledge.base import Knowledge
from needling.knowledge.schema import AdverseEvent
from needling.simulation.belief import beta
from needling.simulation.context import Context, Floats

# Adverse events whose chance follows the plan; the others keep their published rate.
PIGMENT_MARKS = "AE2"
TRACK_MARKS = "AE4"


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


def pigment_event(context: Context) -> AdverseEvent | None:
    """The count that fits the person's phototype best: the narrowest group; the highest rate when it is not known."""
    known = [
        event
        for event in _events(context.belief.knowledge, PIGMENT_MARKS)
        if _counts(event) and (not context.devices or any(device.kind in event.kinds for device in context.devices))
    ]
    phototype = context.person.phototype
    if phototype is None:
        return max(known, key=lambda event: (event.events_count or 0) / (event.of_count or 1), default=None)
    fitting = [event for event in known if not event.phototypes or phototype in event.phototypes]
    return min(
        fitting, key=lambda event: (not event.phototypes, len(event.phototypes), -(event.of_count or 0)), default=None
    )


def _stand_in(events: list[AdverseEvent]) -> tuple[int, int]:
    """All counts together: what a choice weighs when none fits the person. The forecast still says "not known"."""
    counts = [found for event in events if (found := _counts(event))]
    return sum(events for events, _ in counts), sum(people for _, people in counts)


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
    event = pigment_event(context)
    fitting = _counts(event) if event is not None else None
    counts = fitting or _stand_in(_events(context.belief.knowledge, PIGMENT_MARKS))
    return _pigment(context, event.id if event is not None else PIGMENT_MARKS, counts, relative)


def track_probability(context: Context, sessions: int) -> Floats:
    """Chance of track marks over the course, float64[member]; rollers only.

    logit p = logit p_0 + beta_L ln(L / L_ref) + beta_B ([over bone] - 1/2);  sessions add like independent risks

    The group that was counted was needled over bone and beside it, hence the half.
    """
    drawn, kb = context.drawn, context.belief.knowledge
    events = [event for event in _events(kb, TRACK_MARKS) if _counts(event)]
    rollers = {device.id for device in context.devices if device.kind == "roller"}
    strokes = [
        (session, stroke)
        for session in context.plan.sessions
        for stroke in session.strokes
        if session.device in rollers
    ]
    if not strokes or not events:
        return np.zeros(context.belief.members.size)
    share = _draw_share(context, "track-marks", _stand_in(events))
    bony = {zone.finding.zone for zone in context.zones if zone.site.bony}
    over_bone = any(stroke.zone in bony for _, stroke in strokes)
    relative = context.longest_m / drawn["reference-length"]
    odds = (
        share
        / (1 - share)
        * relative ** drawn["track-length-slope"]
        * np.exp(drawn["track-bone-log-odds"] * (over_bone - 0.5))
    )
    return np.asarray(1 - (1 + odds) ** (-sessions / drawn["reference-sessions"]))


def harm_list(context: Context, relative: Floats, tracks: Floats, low: float, high: float) -> tuple[Harm, ...]:
    """Every harm that this plan can do, with its chance where counts were found and None where they were not.

    Groups that disagree are all listed, each with its own count.

    Args:
        relative: :func:`dose_ratio`. tracks: :func:`track_probability`. low, high: levels of the band.
    """
    plan, kb = context.plan, context.belief.knowledge
    if not plan.sessions:
        return ()
    kinds = {device.kind for device in context.devices}
    longest_mm = max(stroke.needle_length_mm for session in plan.sessions for stroke in session.strokes)
    phototype = context.person.phototype
    found: list[Harm] = []
    for event in kb.adverse_events:
        if not event.shown or not kinds & set(event.kinds) or longest_mm < event.min_needle_mm:
            continue
        if phototype is not None and event.phototypes and phototype not in event.phototypes:
            continue
        counts = _counts(event)
        group = f" ({event.population})" if event.population else ""
        if counts is None:
            found.append(_harm(event, None, f"rate not known{group}", low, high))
            continue
        basis = f"{counts[0]} of {counts[1]}{group}"
        if event.ref == PIGMENT_MARKS:
            chance = _pigment(context, event.id, counts, relative)
            basis += "; scaled to the dose of this plan"
        elif event.ref == TRACK_MARKS:
            chance = tracks
            basis += "; scaled to needle length, place and sessions"
        else:
            chance = _draw_share(context, event.id, counts)
        found.append(_harm(event, chance, basis, low, high))
    return tuple(found)


def _harm(event: AdverseEvent, chance: Floats | None, basis: str, low: float, high: float) -> Harm:
    band = (
        (None, None, None)
        if chance is None
        else (float(chance.mean()), float(np.quantile(chance, low)), float(np.quantile(chance, high)))
    )
    return Harm(
        harm=event.id,
        label=event.plain or event.name,
        probability=band[0],
        low_probability=band[1],
        high_probability=band[2],
        basis=basis,
        sources=event.sources,
    )
