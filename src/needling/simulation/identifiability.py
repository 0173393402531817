"""Which combinations of parameters some observations fix, and which stay as they were believed before.

Fisher information by finite differences: the points of the differences are members of a designed belief, so that one
call of the simulation gives all of them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from needling.errors import BadInput, OutOfRange
from needling.simulation.belief import Belief, Layer
from needling.simulation.bind import simulate
from needling.simulation.course import CourseResult
from needling.simulation.design import Column, designed, varying
from needling.simulation.seam import outcomes
from needling.units import to_si

if TYPE_CHECKING:
    from needling.documents import Assessment, Person, Plan

Floats = NDArray[np.float64]

# numerical: of the central differences, in standard deviations; wide, because whole passes make a staircase
_STEP = 0.5
_FIXED = 1.0  # numerical: information from which data say more than the belief did, in its own units
_TOLD = 1e-6  # numerical: share of the largest entry of a direction below which a parameter is not part of it


@dataclass(frozen=True)
class Identifiability:
    """What observations say about parameters that were believed to vary.

    All in standard deviations of the belief, so that 1 is "as much as was believed before".

    Args:
        columns: parameter id and layer, in the order of the arrays. observations: how many there are.
        information: F = J^T diag(1/noise^2) J, float64[column, column].
        strength: its eigenvalues, largest first, float64[direction]. directions: unit vectors, float64[column,
            direction], the largest entry positive.
        left: standard deviation of each parameter after the data over that before, float64[column].
    """

    columns: tuple[Column, ...]
    observations: int
    information: Floats
    strength: Floats
    directions: Floats
    left: Floats

    @property
    def fixed(self) -> int:
        """Number of combinations about which the data say more than the belief did."""
        return int(np.sum(self.strength > _FIXED))

    def combination(self, direction: int, most: int) -> list[tuple[Column, float]]:
        """The parameters that make up a direction, the strongest first, each with its weight."""
        weights = self.directions[:, direction]
        told = [int(place) for place in np.argsort(-np.abs(weights), kind="stable")[:most]]
        return [(self.columns[place], float(weights[place])) for place in told if abs(weights[place]) > _TOLD]

    def as_data(self, most: int) -> dict[str, Any]:
        """For JSON: the fixed combinations and how much of each parameter's spread is left."""
        return {
            "observations_count": self.observations,
            "parameters_count": len(self.columns),
            "fixed_count": self.fixed,
            "combinations": [
                {
                    "information": float(f"{self.strength[direction]:.6g}"),
                    "left": float(f"{1 / np.sqrt(1 + self.strength[direction]):.6g}"),
                    "weights": [
                        {"parameter": name, "layer": layer, "weight": float(f"{weight:.6g}")}
                        for (name, layer), weight in self.combination(direction, most)
                    ],
                }
                for direction in range(self.fixed)
            ],
            "left": {
                f"{name}/{layer}": float(f"{left:.6g}")
                for (name, layer), left in zip(self.columns, self.left, strict=True)
            },
        }


def from_slopes(columns: Sequence[Column], slopes: Floats, noise: Floats) -> Identifiability:
    """Fisher information of observations with independent normal noise, beside a standard normal belief.

    F = J^T diag(1/noise^2) J            posterior covariance (1 + F)^-1

    Args:
        columns: of the slopes. slopes: J, change of each observation for one standard deviation of each parameter,
            float64[observation, column]. noise: standard deviation of each observation, float64[observation].

    Assumes: the observations answer straight lines within the belief's spread.
    """
    if np.any(~(noise > 0)):
        raise BadInput("every observation needs a noise above 0; an exact observation does not exist")
    scaled = slopes / noise[:, None]
    information = scaled.T @ scaled
    values, vectors = np.linalg.eigh(information)
    order = np.argsort(-values, kind="stable")
    vectors = vectors[:, order]
    largest = np.abs(vectors).argmax(axis=0)
    vectors = vectors * np.sign(vectors[largest, np.arange(vectors.shape[1])])
    left = np.sqrt(np.diag(np.linalg.inv(np.eye(len(columns)) + information)))
    strength = np.maximum(values[order], 0.0)
    return Identifiability(tuple(columns), slopes.shape[0], information, strength, vectors, left)


def identify(
    observe: Callable[[Belief], Floats],
    noise: Floats,
    belief: Belief,
    *,
    layers: tuple[Layer, ...] = ("doubt",),
    names: Sequence[str] | None = None,
) -> Identifiability:
    """What observations fix of a belief.

    Args:
        observe: what would be seen if a belief's members were the truth, float64[observation, member]; any number of
            simulations. noise: standard deviation of each observation, float64[observation].
        belief: before the data. layers: which of its spreads the data speak about: ``doubt`` for means of trials, both
            for readings of one person. names: parameters; all that vary unless given.

    Returns:
        Information, directions and what is left, in standard deviations of the belief. All members carry the same
        luck, so that only the parameters differ.

    Raises:
        BadInput: a noise of 0, or a shape that does not fit.
    """
    columns = [column for column in varying(belief) if column[1] in layers and (names is None or column[0] in names)]
    size = 1 + 2 * len(columns)
    places = {}
    for number, column in enumerate(columns):
        places[column] = np.zeros(size)
        places[column][[1 + 2 * number, 2 + 2 * number]] = _STEP, -_STEP
    seen = np.asarray(observe(designed(belief, places, np.zeros(size, dtype=np.int64))), dtype=np.float64)
    noise = np.asarray(noise, dtype=np.float64)
    if seen.shape != (noise.size, size):
        raise BadInput(f"expected observations of shape {(noise.size, size)}, one for each noise, got {seen.shape}")
    slopes = (seen[:, 1::2] - seen[:, 2::2]) / (2 * _STEP)
    return from_slopes(columns, slopes, noise)


def readings_teach(
    plan: Plan,
    person: Person,
    assessment: Assessment,
    belief: Belief,
    *,
    zone: str,
    days: Sequence[float],
    key: int = 0,
) -> Identifiability | None:
    """What readings of this person on the scale would fix, read on given days after the start.

    Args:
        plan, person, assessment, belief: as for :func:`needling.simulation.simulate`. zone: read there.
        days: of the readings, from the first day of the plan. key: of the random numbers.

    Returns:
        What they fix of both layers together, each reading with the scale's noise; None where there is no honest
        forecast on a scale.
    """
    course = simulate(plan, person, assessment, belief.with_members([0]), key=key)
    if course.result is not CourseResult.OK:
        raise OutOfRange(course.result.advice)
    place = course.zones.index(zone)
    scale = course.context.zones[place].scale
    if scale is None or not np.all(np.isfinite(course.score[:, place])):
        return None

    def observe(members: Belief) -> Floats:
        seen = simulate(plan, person, assessment, members, key=key)
        return np.stack([outcomes.at_time(seen.score[:, place], seen.time, to_si(day, "d")) for day in days])

    noise = np.full(len(days), scale.noise)
    return identify(observe, noise, belief, layers=("doubt", "person"))
