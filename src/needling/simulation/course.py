"""What a plan does to an ensemble of possible people: arrays, SI, [member, zone, time]."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


class CourseResult(Enum):
    """How a simulation ended. ``advice`` says what to do about it."""

    OK = "ok"
    DIVERGED = "diverged"
    OUT_OF_RANGE = "out-of-range"

    @property
    def advice(self) -> str:
        """One sentence for the person at the screen."""
        return {
            CourseResult.OK: "The simulation ended as it should.",
            CourseResult.DIVERGED: "The equations ran away for some members, so there is no forecast; "
            "check the parameters of your own knowledge folder.",
            CourseResult.OUT_OF_RANGE: "A session lies outside the range the model was made for, so there is no "
            "forecast; choose a needle length and number of passes inside the envelope.",
        }[self]


@dataclass(frozen=True)
class Course:
    """An ensemble of futures of one plan.

    Args:
        time: s from the first day of the plan, float64[time].
        zones: names of the zones, in the order of the arrays.
        open_share, water, structure: open part of one session's channels as a drug and electrical path, as lost
            water barrier, as seen structure, [member, zone, time]; above 1 where sessions add up.
        erythema: redness. inflammation: I. signal: TGF-beta, baseline 0, [member, zone, time].
        collagen: total, baseline 1. collagen_iii: young part, baseline 0. elastin: baseline 1, [member, zone, time].
        severity: share of the baseline severity left by the healing model, [member, zone, time].
        score: reading on the indication's own scale without noise, [member, zone, time]; NaN where no honest
            forecast exists.
        judge_time: s at which it is fair to judge, float64[zone].
        session_time: s, float64[session].
        density: channels per m2. dermal_share, vessel_share: of channels that reach the dermis and its first vessels.
            depth: median, m. scatter: of depth from channel to channel, log scale. coverage, stimulus: ratio.
            strikes: bleeding channels per m2. opening: opened share of the skin's area. passes: done before the
            endpoint. pain: relative to the reference session. Each [session, zone, member].
        planned_passes: float64[session, zone].
        redness_time: longest redness after a session. ready_time: time after a session until closed, calm and
            (phototype IV to VI) past the pigment check. Both s, float64[member].
        half_life, closed_time: of barrier, water, structure, s, float64[3, member, zone].
        dose_ratio: inflammation dose relative to the reference course, float64[member].
        pih_probability, track_probability: of the whole course, float64[member].
        result: how the simulation ended.
        context: what the seam needs to write documents again; nobody else reads it.
    """

    time: Floats
    zones: tuple[str, ...]
    open_share: Floats
    water: Floats
    structure: Floats
    erythema: Floats
    inflammation: Floats
    signal: Floats
    collagen: Floats
    collagen_iii: Floats
    elastin: Floats
    severity: Floats
    score: Floats
    judge_time: Floats
    session_time: Floats
    density: Floats
    dermal_share: Floats
    depth: Floats
    coverage: Floats
    stimulus: Floats
    strikes: Floats
    opening: Floats
    vessel_share: Floats
    scatter: Floats
    passes: Floats
    planned_passes: Floats
    pain: Floats
    redness_time: Floats
    ready_time: Floats
    half_life: Floats
    closed_time: Floats
    dose_ratio: Floats
    pih_probability: Floats
    track_probability: Floats
    result: CourseResult
    context: Any = field(repr=False)


@dataclass(frozen=True)
class Objectives:
    """What a choice weighs, for each member.

    Args:
        gain: improvement in units of the indication's meaningful change, averaged over zones by area.
        gain_known: whether any zone has an honest forecast of its result; without one gain is 0.
        redness_d: longest redness after a session, days. harm_probability: of a pigment mark or track mark.
        harm_known: whether that rests on a count that holds for this phototype; else it is the careful stand-in.
        beyond_endpoint_probability: share of members that show more than the planned endpoint (blood where redness
            was planned) although the hand stops there, at the worst session and zone.
    """

    gain: Floats
    gain_known: bool
    redness_d: Floats
    harm_probability: Floats
    harm_known: bool
    beyond_endpoint_probability: float
