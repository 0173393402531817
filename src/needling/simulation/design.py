"""Members laid out by hand instead of drawn: a design of experiments in the place of an ensemble.

A designed belief goes wherever a belief goes, so that sensitivity, identifiability and the person in the middle are
run by the same code as every forecast.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from needling.simulation.belief import Belief, Floats, Layer

Column = tuple[str, Layer]
"""A parameter id and one of its two layers."""


@dataclass(frozen=True)
class Designed(Belief):
    """A belief whose members have given parameters; only what no parameter explains is still drawn, by member number.

    Args:
        values: SI, float64[member] by parameter id.
    """

    values: Mapping[str, Floats] = field(default_factory=dict, repr=False)

    def rows(self, which: NDArray[np.int64]) -> Designed:
        """Some of the members, in a given order."""
        own = {name: values[which] for name, values in self.values.items()}
        return replace(self, members=self.members[which], values=own)

    def draw(self, key: int, layers: tuple[Layer, ...] = ("person", "doubt")) -> dict[str, Floats]:
        """The given values; the key and the layers change nothing."""
        return dict(self.values)


def varying(belief: Belief) -> tuple[Column, ...]:
    """All pairs of parameter and layer with a spread, in the order of the belief."""
    spread: dict[Layer, Floats] = {"doubt": belief.doubt, "person": belief.person}
    return tuple(
        (name, layer)
        for index, name in enumerate(belief.names)
        for layer, width in spread.items()
        if width[index] > 0 and belief.shape[index] != "fixed"
    )


def quantile(belief: Belief, name: str, doubt: Any, person: Any) -> Floats:
    """A parameter at given places of its two distributions, SI; the law of :meth:`Belief.draw`.

    Args:
        name: parameter id. doubt, person: standard normal numbers, one or float64[member].

    Returns:
        median exp(doubt z1 + person z2) for ``lognormal``, the same on the logit scale for ``logit``, added for
        ``normal``, the median for ``fixed``; held between low and high.
    """
    index = belief.names.index(name)
    median, shape = belief.median[index], belief.shape[index]
    shift = belief.doubt[index] * np.asarray(doubt) + belief.person[index] * np.asarray(person)
    if shape == "lognormal":
        value = median * np.exp(shift)
    elif shape == "logit":
        odds = median / (1 - median) * np.exp(shift)
        value = odds / (1 + odds)
    else:
        value = median + (shift if shape == "normal" else 0 * shift)
    return np.asarray(np.clip(value, belief.low[index], belief.high[index]), dtype=np.float64)


def designed(belief: Belief, places: Mapping[Column, Floats], members: NDArray[np.int64]) -> Designed:
    """The belief carried by members at given places of its distributions.

    Args:
        belief: whose distributions. places: standard normal numbers by parameter and layer, float64[member]; what is
            not named stays in the middle. In a belief that was told something about its doubt, these are the
            independent numbers on which its map is laid.
        members: number of each member, whose luck decides what no parameter explains; equal numbers, equal luck.
    """
    middle = np.zeros(members.size)
    if belief.told is not None:
        own: list[Column] = [(name, "doubt") for name in belief.told.names]
        stacked = np.stack([places.get(column, middle) for column in own])
        moved = belief.told.moved(belief.told.names, stacked)
        places = {**places, **dict(zip(own, moved, strict=True))}
    laid = {name for name, _ in places}
    values = {
        name: quantile(belief, name, places.get((name, "doubt"), middle), places.get((name, "person"), middle))
        if name in laid
        else np.full(members.size, quantile(belief, name, 0.0, 0.0))
        for name in belief.names
    }
    return Designed(
        names=belief.names,
        median=belief.median,
        shape=belief.shape,
        person=belief.person,
        doubt=belief.doubt,
        low=belief.low,
        high=belief.high,
        knowledge=belief.knowledge,
        members=members,
        values=values,
    )


def middle_person(belief: Belief) -> Designed:
    """One member with every parameter at its median."""
    return designed(belief, {}, np.zeros(1, dtype=np.int64))
