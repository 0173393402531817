"""Sobol indices of any function on the unit cube: the design, the estimates and their confidence intervals.

SALib gives the points and the estimators; it comes with the extra ``research`` and is imported nowhere else.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from needling.errors import BadInput
from needling.simulation.belief import stable_hash
from needling.simulation.normal import inverse_normal

Floats = NDArray[np.float64]
Kind = Literal["person", "doubt", "unexplained", "choice"]

SAMPLES = 512  # numerical: rows of the base sample; each view needs (factors + 2) times as many runs
CONFIDENCE = 0.95  # numerical: level of the confidence intervals
_LEAST_SAMPLES = 16  # numerical: below it a confidence interval means nothing
_RESAMPLES = 100  # numerical: of the bootstrap behind the confidence intervals
_EDGE = 2.0**-53  # numerical: nearest that a number of the design may come to 0 or 1
_SEED = 2**31 - 1  # numerical: seeds are below it


@dataclass(frozen=True)
class Factor:
    """An input, or a group of inputs that move together.

    Args:
        id: ``clinical-gain/person``, ``healing/doubt``, ``person``, ``force`` ...
        kind: how people differ, what we do not know, what no parameter explains, or what a user sets.
        name: parameter id, part of the model, or choice, without the layer.
    """

    id: str
    kind: Kind
    name: str


@dataclass(frozen=True)
class View:
    """Sobol indices of all outputs for one way of grouping the inputs.

    Args:
        name: ``layers``, ``parts``, ``parameters`` or ``choices``. factors: in the order of the arrays.
        first: share of the variance that a factor explains alone; total: with all it does together with others.
            first_error, total_error: half widths of their 95 % confidence intervals. All float64[output, factor], NaN
            for an output that does not vary.
        mean, deviation: of each output over the design, float64[output].
        runs: simulated members. outside_share: of the runs, outside the range the model was made for.
    """

    name: str
    factors: tuple[Factor, ...]
    first: Floats
    first_error: Floats
    total: Floats
    total_error: Floats
    mean: Floats
    deviation: Floats
    runs: int
    outside_share: float = 0.0

    def ranked(self, output: int) -> list[int]:
        """Places of the factors of an output, the strongest total effect first."""
        return [int(place) for place in np.argsort(-np.nan_to_num(self.total[output]), kind="stable")]


def _salib() -> Any:
    try:
        from SALib.analyze import sobol as analysis
        from SALib.sample import sobol as sampling
    except ImportError:
        raise BadInput(
            "sensitivity needs the library SALib, which is not installed; install needling with its extra: "
            ".venv/bin/python -m pip install -e '.[research]'"
        ) from None
    return sampling, analysis


def check_samples(samples: int) -> int:
    """The number of base samples, or BadInput: a power of two, as a Sobol sequence needs."""
    if samples < _LEAST_SAMPLES or samples & (samples - 1):
        raise BadInput(
            f"{samples} samples: a Sobol sequence needs a power of two, at least {_LEAST_SAMPLES}, such as 256 or 1024"
        )
    return samples


def saltelli_rows(base: Floats, groups: Sequence[str]) -> Floats:
    """Rows of Saltelli's design: for each pair of points A, B of the base its A, A with one group from B each, and B.

    The layout of SALib's own sampling, in whole arrays: there it is a loop over every number.

    Args:
        base: A and B, float64[2, sample, column]. groups: of each column.

    Returns:
        float64[sample x (groups + 2), column], groups in the order of their first column.
    """
    first, second = base
    names = list(dict.fromkeys(groups))
    rows = np.repeat(first[:, None, :], len(names) + 2, axis=1)
    for place, name in enumerate(names, start=1):
        moved = np.array([group == name for group in groups])
        rows[:, place, moved] = second[:, moved]
    rows[:, -1] = second
    return np.asarray(rows.reshape(-1, first.shape[1]))


def sobol_indices(
    name: str,
    groups: Sequence[Factor],
    evaluate: Callable[[Floats], Floats],
    *,
    through: Callable[[Floats], Floats] | None = None,
    samples: int = SAMPLES,
    key: int = 0,
) -> View:
    """First and total Sobol indices of a function on the unit cube (Saltelli's design, bootstrap intervals).

    S_i = V[E(Y | X_i)] / V[Y]            T_i = 1 - V[E(Y | X without i)] / V[Y]

    Args:
        name: of the view. groups: factor of each column of the cube; columns of one factor move together.
        evaluate: rows of the design, float64[row, column], to outputs, float64[row, output].
        through: from the unit cube to where the parameters' distributions put it (quantile functions), rows
            float64[row, column] to the same shape; each point of the base goes through once, A before B.
        samples: rows of the base sample, a power of two. key: of the design and of the bootstrap.

    Returns:
        The indices, factors in the order in which they first stand in ``groups``.

    Raises:
        BadInput: SALib is not installed, or samples is not a power of two.

    Sources: the estimators are SALib's; see its documentation for the papers.
    """
    sampling, analysis = _salib()
    check_samples(samples)
    factors = tuple(dict.fromkeys(groups))
    columns = len(groups)
    problem = {
        "num_vars": columns,
        "names": [f"x{column}" for column in range(columns)],
        "bounds": [[0.0, 1.0]] * columns,
        "groups": ["first", *["others"] * (columns - 1)],  # a short design: A first, B last; ours is laid out below
    }
    seed = (key + stable_hash(name)) % _SEED + 1  # not 0, which SALib takes for "any"
    pairs = sampling.sample(problem, samples, calc_second_order=False, seed=seed).reshape(samples, -1, columns)
    base = np.stack([pairs[:, 0], pairs[:, -1]])
    if through is not None:
        base = through(base.reshape(-1, columns)).reshape(base.shape)
    rows = saltelli_rows(base, [factor.id for factor in groups])
    values = evaluate(rows)
    ours = {"num_vars": len(factors), "names": [factor.id for factor in factors], "bounds": [[0.0, 1.0]] * len(factors)}
    found = {part: np.full((values.shape[1], len(factors)), np.nan) for part in ("S1", "S1_conf", "ST", "ST_conf")}
    for output in range(values.shape[1]):
        one = values[:, output]
        if np.ptp(one) <= np.finfo(np.float64).eps * np.abs(one).max():
            continue
        result = analysis.analyze(
            ours, one, calc_second_order=False, num_resamples=_RESAMPLES, conf_level=CONFIDENCE, seed=seed
        )
        for part in found:
            found[part][output] = result[part]
    return View(
        name=name,
        factors=factors,
        first=found["S1"],
        first_error=found["S1_conf"],
        total=found["ST"],
        total_error=found["ST_conf"],
        mean=values.mean(axis=0),
        deviation=values.std(axis=0),
        runs=rows.shape[0],
    )


def standard_normal(share: Floats) -> Floats:
    """Standard normal numbers at shares between 0 and 1, any shape: the quantile function, finite at both ends."""
    return inverse_normal(np.clip(share, _EDGE, 1 - _EDGE))
