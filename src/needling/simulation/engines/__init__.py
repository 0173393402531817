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


# Layers of the skin in a transport run, from the surface inwards.
LAYERS = ("stratum-corneum", "viable-epidermis", "dermis")
# Where the dose is: rows of the output of a transport run. The rows of one person and time add up to the dose.
COMPARTMENTS = ("film", *LAYERS, "cleared", "through", "evaporated", "washed")


@dataclass(frozen=True)
class Serum:
    """One application of one substance on many people, SI; each array float64[lane] unless said otherwise.

    Concentrations and amounts are of the substance; partition is layer over water, and the film counts as water.

    Args:
        thickness: of each layer, m, float64[layer, lane].
        diffusivity: effective, of all of the substance in the layer, m2/s, float64[layer, lane].
        partition: K, layer over film, ratio, float64[layer, lane].
        clearance: k, loss to blood of all of the substance in the layer, per s, float64[layer, lane].
        dose: kg/m2. film: thickness when applied, m. residue: thickness left when the film has dried, m.
        drying: rate at which the film's thickness nears the residue, per s. volatility: loss of the substance
            from the film to the air, per s. wash_time: when the film is taken off, s, infinite for never.
        solubility: highest concentration dissolved in the film, kg/m3, infinite where it does not bind.
        channels: density of channels at the start, per m2. channel_radius: m. channel_depth: below the skin's
            surface, m. opening: share of the ideal conductance of a channel. half_life: of the channels, s.
        sink: whether the base of the dermis is held at zero (a receptor); closed otherwise.
        report_time: s, float64[time], rising, from 0; the last is the end.
    """

    thickness: Floats
    diffusivity: Floats
    partition: Floats
    clearance: Floats
    dose: Floats
    film: Floats
    residue: Floats
    drying: Floats
    volatility: Floats
    wash_time: Floats
    solubility: Floats
    channels: Floats
    channel_radius: Floats
    channel_depth: Floats
    opening: Floats
    half_life: Floats
    sink: bool
    report_time: Floats


@dataclass(frozen=True)
class Spread:
    """What a transport run gives: where the dose is over time, and how deep.

    Args:
        amount: kg/m2, float64[row of ``COMPARTMENTS``, time, lane].
        depth: centre of each cell below the surface, m, float64[cell, lane].
        concentration: of all of the substance in the tissue, kg/m3, float64[time, cell, lane].
    """

    amount: Floats
    depth: Floats
    concentration: Floats
