"""What a belief has learned: about everybody (a map on the doubt) and about one person (weights on a pool)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Told:
    """Where the data of many people have put what was not known: a linear map on the normal numbers of the doubt.

        z' = centre + root z

    z are the independent standard normal numbers of a belief that has learned nothing, so that two members who shared
    their luck before still share it: a forecast before and after learning is a paired one.

    Args:
        names: parameter ids, all with a doubt. centre: float64[name], in standard deviations of the doubt before.
        root: the symmetric square root of the covariance after the data, float64[name, name]. Of all roots it moves the
            numbers least, and where the data said nothing it is 1.
        source: sha256 of the document that holds it, for a forecast to name. approvals, people: it was learned from,
            so that nobody counts twice.
    """

    names: tuple[str, ...]
    centre: Floats
    root: Floats
    source: str = ""
    approvals: tuple[str, ...] = ()
    people: tuple[str, ...] = ()

    @classmethod
    def of(
        cls,
        names: Sequence[str],
        centre: Floats,
        covariance: Floats,
        *,
        source: str = "",
        approvals: tuple[str, ...] = (),
        people: tuple[str, ...] = (),
    ) -> Told:
        """From a mean and a covariance."""
        values, vectors = np.linalg.eigh(covariance)
        root = (vectors * np.sqrt(np.maximum(values, 0.0))) @ vectors.T
        return cls(tuple(names), np.asarray(centre, dtype=np.float64), root, source, approvals, people)

    @cached_property
    def covariance(self) -> Floats:
        """Covariance after the data, float64[name, name], in variances of the doubt before."""
        return np.asarray(self.root @ self.root.T)

    def moved(self, names: Sequence[str], doubt: Floats) -> Floats:
        """The doubt's normal numbers with what was told.

        Args:
            names: parameter of each row. doubt: float64[row, member], as drawn; parameters that lack a row are at 0.

        Returns:
            float64[row, member]; rows of other parameters as they were.
        """
        row_of = {name: row for row, name in enumerate(names)}
        stacked = np.zeros((len(self.names), doubt.shape[1]))
        present = [(place, row_of[name]) for place, name in enumerate(self.names) if name in row_of]
        for place, row in present:
            stacked[place] = doubt[row]
        after = self.centre[:, None] + self.root @ stacked
        moved = doubt.copy()
        for place, row in present:
            moved[row] = after[place]
        return moved


class Noted(NamedTuple):
    """One thing that was read of a person, with how well everybody who may be this person agrees with it.

    Args:
        name: what was read, where, on which scale and which day: a later note of the same name takes its place.
        on: the day. value: what was read, in its own unit. made_with: what else the likelihood hangs on, such as the
            sessions before it. log_likelihood: float64[possible person], up to a constant.
    """

    name: str
    on: date
    value: float
    made_with: str
    log_likelihood: Floats

    def says(self, other: Noted) -> bool:
        """Whether the other note adds nothing to this one."""
        return self[:4] == other[:4]  # numerical: all but the likelihood, which follows from them


@dataclass(frozen=True)
class Pool:
    """Everybody who may be this one person, with how well each agrees with every single thing that was read so far.

    A learned belief shows a few members, drawn from the pool by weight. The weights are always made anew from all
    notes, so the order in which they came leaves no trace, and a corrected note leaves none of the wrong one.

    Args:
        person: id of whom the readings are. approvals: under which they were learned.
        key: of the random numbers; a member number means a person only under its key. members: int64[possible person].
        readings: what has been learned from, in the order of the names. log_weight: float64[possible person], up to a
            constant.
    """

    person: str
    key: int
    members: NDArray[np.int64]
    readings: tuple[Noted, ...]
    log_weight: Floats
    approvals: tuple[str, ...] = ()
