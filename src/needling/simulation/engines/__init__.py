"""How the equations are run: one task in, one table of measures out, the same for every engine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from needling.errors import BadInput, did_you_mean

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
STROKE_MEASURES = (
    "density",
    "dermal_share",
    "depth",
    "coverage",
    "stimulus",
    "strikes",
    "opening",
    "vessel_share",
    "scatter",
)


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


# By name: compiled for people side by side (the default); JAX, on a GPU where there is one; SciPy, slow and obvious.
ENGINES = ("lanes", "xla", "reference")


@dataclass(frozen=True)
class Engine:
    """One of ``ENGINES``: every kind of work under one name, whichever way the equations are run.

    Args:
        name: of the package below this one; each kind of work is imported when first asked for.
    """

    name: str

    def _work(self, kind: str) -> Any:
        return import_module(f"{__name__}.{self.name}.{kind}")

    def strokes(self, tools: Floats, epidermis: Floats, parameters: Floats) -> Floats:
        """Strokes on all members: see :func:`needling.simulation.engines.lanes.healing.strokes`."""
        return cast(Floats, self._work("healing").strokes(tools, epidermis, parameters))

    def heal(self, tasks: Sequence[Task], parameters: Floats, **options: Any) -> list[tuple[Floats, Floats]]:
        """Healing of all tasks: see :func:`needling.simulation.engines.lanes.healing.heal`."""
        return cast(list[tuple[Floats, Floats]], self._work("healing").heal(tasks, parameters, **options))

    def spread(self, serum: Serum, **options: Any) -> Spread:
        """Transport of a serum: see :func:`needling.simulation.engines.lanes.transport.spread`."""
        return cast(Spread, self._work("transport").spread(serum, **options))


def engine(name: str) -> Engine:
    """The engine of a name, ready to be used.

    Args:
        name: one of ``ENGINES``.

    Raises:
        BadInput: an unknown name, or an engine whose library is not installed; says how to install it.
    """
    if name not in ENGINES:
        raise BadInput(f"There is no engine '{name}'{did_you_mean(name, ENGINES)}; there are {', '.join(ENGINES)}.")
    import_module(f"{__name__}.{name}")
    return Engine(name)
