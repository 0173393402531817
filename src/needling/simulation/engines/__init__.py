"""How the equations are run: one task in, one table of measures out, the same for every engine."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

# Rows of an engine's output, in this order.
MEASURES = (
    "barrier",
    "water",
    "structure",
    "erythema",
    "inflammation",
    "signal",
    "collagen",
    "collagen_iii",
    "elastin",
    "residual",
)
# Rows of the second output: longest time after a session until redness and inflammation are calm, s.
CALM = ("redness_time", "calm_time")
# Rows of the stroke output.
STROKE_MEASURES = ("density", "dermal_share", "depth", "coverage", "stimulus", "strikes", "opening")


@dataclass(frozen=True)
class Task:
    """One zone of one plan, as an engine needs it. All times s from the first day of the plan.

    Args:
        session_time: float64[session], rising.
        report_time: float64[time], rising, from 0; the last is the end.
        stimulus: s, float64[session, member].
        opening: weight of each session's channels among the person's sessions, float64[session, member].
        half_life: of barrier, water, structure: float64[3, member], s.
    """

    session_time: Floats
    report_time: Floats
    stimulus: Floats
    opening: Floats
    half_life: Floats
