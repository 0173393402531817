"""A plan on a whole population, streamed: as many people as wanted in a fixed space.

Person number *i* is member *i* of an ensemble, with the same luck. People are simulated in blocks that start at
whole multiples of a fixed size, whatever is held in memory at once; what is kept of them are counts. So the
summary is the same to the last bit for every chunk and every number of threads.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from needling.errors import BadInput, NotAllowed
from needling.simulation.belief import Belief
from needling.simulation.bind import objectives, simulate
from needling.simulation.counting import Counts
from needling.simulation.course import Course, CourseResult
from needling.simulation.models import Models
from needling.simulation.seam import outcomes
from needling.simulation.seam.person import OPENINGS
from needling.units import from_si

if TYPE_CHECKING:
    from needling.documents import Assessment, Person, Plan
    from needling.documents.exposure import SerumGate, SerumUse

Floats = NDArray[np.float64]
Progress = Callable[[int, int, float], None]
Also = Callable[[Course], Mapping[tuple[str, str], Floats]]

LEVELS = (0.05, 0.25, 0.5, 0.75, 0.95)  # numerical: quantiles that are kept
CHUNK = 16384  # numerical: people in memory at once unless asked otherwise
BLOCK = 4096  # numerical: people that share a time grid; larger ones gain nothing


@dataclass(frozen=True)
class Spread:
    """How one number differs between people.

    Args:
        name: what. zone: where, None for the whole person. unit: as in ``units.py``.
        mean: to 1e-9 of the unit. quantiles: at the summary's levels, within 0.8 %.
    """

    name: str
    zone: str | None
    unit: str
    mean: float
    quantiles: tuple[float, ...]


@dataclass(frozen=True)
class Band:
    """How one measure differs between people over time; as :class:`Spread`, mean[time] and quantiles[level, time]."""

    name: str
    zone: str
    unit: str
    mean: Floats
    quantiles: Floats


@dataclass(frozen=True)
class PopulationSummary:
    """What a plan does to a population.

    Args:
        people: simulated. without_forecast: of them those whose block ended in another result than OK; not counted.
        levels: shares of the quantiles. days: from the first day of the plan, float64[time].
        spreads, bands: the numbers.
    """

    people: int
    without_forecast: int
    levels: tuple[float, ...]
    days: Floats
    spreads: tuple[Spread, ...]
    bands: tuple[Band, ...]

    def spread(self, name: str, zone: str | None = None) -> Spread:
        """One of the spreads. Raises BadInput for a name that is not there."""
        for one in self.spreads:
            if (one.name, one.zone) == (name, zone):
                return one
        known = ", ".join(one.name if one.zone is None else f"{one.name} of {one.zone}" for one in self.spreads)
        raise BadInput(f"no '{name}' of {zone or 'the whole person'} in this summary; there are: {known}")


@dataclass(frozen=True)
class _Block:
    """What one block of people gives: labels and values [row, person] of both kinds."""

    result: CourseResult
    people: int
    days: Floats
    spreads: list[tuple[str, str | None, str]]
    values: Floats
    bands: list[tuple[str, str, str]]
    curves: Floats


def simulate_population(
    plan: Plan,
    person: Person,
    assessment: Assessment,
    belief: Belief,
    people: int,
    *,
    key: int = 0,
    chunk: int = CHUNK,
    threads: int | None = None,
    models: Models | None = None,
    also: Also | None = None,
    progress: Progress | None = None,
) -> PopulationSummary:
    """One plan on many people: draw, stroke, closing, healing, outcome, for each of them.

    Args:
        plan, person, assessment: as for :func:`needling.simulation.simulate`; what is known of the person
            holds for all.
        belief: how people differ, and what is not known of the numbers; its own members are not used.
        people: how many. key: of the random numbers.
        chunk: people in memory at once; rounded up to blocks of 4096, and no result depends on it.
        threads: blocks worked on at once; default as many as the chunk holds, at most the engine's threads.
        models: which sub-models run. also: more numbers of a course, by name and unit, float64[member] each: a serum's
            dose, say. progress: called after each block with people done, people wanted, and seconds still to go.

    Raises:
        BadInput: no people, or a chunk of none; and what ``simulate`` raises.
    """
    if people < 1 or chunk < 1:
        raise BadInput(f"a population needs at least 1 person and a chunk of at least 1, got {people} and {chunk}")
    from needling.simulation.engines.lanes.compiling import SETTINGS

    ahead = min(-(-chunk // BLOCK), -(-people // BLOCK))
    workers = max(1, min(ahead, threads or int(SETTINGS.NUMBA_NUM_THREADS)))

    def block(start: int) -> _Block:
        members = np.arange(start, min(start + BLOCK, people), dtype=np.int64)
        shard = belief.with_members(members)
        return _numbers(simulate(plan, person, assessment, shard, key=key, models=models), also)

    totals = _Totals()
    began = time.monotonic()
    starts = iter(range(0, people, BLOCK))
    with ThreadPoolExecutor(max_workers=workers, thread_name_prefix="population") as pool:
        waiting: deque[Future[_Block]] = deque(pool.submit(block, start) for start in islice(starts, ahead))
        done = 0
        try:
            while waiting:
                found = waiting.popleft().result()
                totals.add(found)
                done += found.people
                del found  # its space is free before the next one is made
                waiting.extend(pool.submit(block, start) for start in islice(starts, 1))
                if progress is not None:
                    progress(done, people, (time.monotonic() - began) / done * (people - done))
        finally:
            for future in waiting:
                future.cancel()
    return totals.summary(people)


def serum_doses(use: SerumUse, gate: SerumGate) -> Also:
    """What a serum brings past the horny layer of each person, to be given as ``also`` to :func:`simulate_population`.

    Args:
        use: how it is put on. gate: the topical gate's answer, which comes before.

    Returns:
        A function of a course: amounts at the end of the use, ``serum-needled`` and ``serum-whole-skin``, ug_per_cm2.

    Raises:
        NotAllowed: the gate says no and the run is not stamped as research.

    Assumes: the use's own stroke and time; the people of the course, with their closing and their layers.
    """
    from needling.simulation.engines import COMPARTMENTS
    from needling.simulation.engines.lanes.transport import spread
    from needling.simulation.engines.mesh import FAST
    from needling.simulation.seam.applied import arrays

    if not gate.allowed and not gate.stamp:
        raise NotAllowed(f"{use.substance.name}: {gate.why}")
    past = [COMPARTMENTS.index(place) for place in ("viable-epidermis", "dermis", "cleared", "through")]

    def doses(course: Course) -> Mapping[tuple[str, str], Floats]:
        context = course.context
        serum, _, _ = arrays(use, context.belief.knowledge, context.drawn)
        amounts = spread(serum, FAST, profile=False).amount[past, -1].sum(axis=0) * from_si(1.0, "ug_per_cm2")
        members = context.belief.members.size
        return {
            ("serum-needled", "ug_per_cm2"): amounts[:members],
            ("serum-whole-skin", "ug_per_cm2"): amounts[-members:],
        }

    return doses


class _Totals:
    """Running counts of all blocks, in the order of the people."""

    def __init__(self) -> None:
        self._first: _Block | None = None
        self._spreads = Counts(0)
        self._bands = Counts(0)
        self._without = 0

    def add(self, block: _Block) -> None:
        if block.result is not CourseResult.OK:
            self._without += block.people
            return
        if self._first is None:
            empty = np.empty((0, 0))
            self._first = _Block(block.result, 0, block.days, block.spreads, empty, block.bands, empty)
            self._spreads, self._bands = Counts(len(block.spreads)), Counts(len(block.curves))
        self._spreads.add(block.values)
        self._bands.add(block.curves)

    def summary(self, people: int) -> PopulationSummary:
        first = self._first
        if first is None:
            return PopulationSummary(people, self._without, LEVELS, np.empty(0), (), ())
        means, levels = self._spreads.means(), self._spreads.quantiles(LEVELS)
        shape = len(first.bands), first.days.size
        band_means = self._bands.means().reshape(shape)
        band_levels = self._bands.quantiles(LEVELS).reshape(len(LEVELS), *shape)
        return PopulationSummary(
            people=people,
            without_forecast=self._without,
            levels=LEVELS,
            days=first.days,
            spreads=tuple(
                Spread(*label, mean=float(means[row]), quantiles=tuple(levels[:, row].tolist()))
                for row, label in enumerate(first.spreads)
            ),
            bands=tuple(
                Band(*label, mean=band_means[row], quantiles=band_levels[:, row])
                for row, label in enumerate(first.bands)
            ),
        )


def _numbers(course: Course, also: Also | None) -> _Block:
    """What is counted of a course, in the units of the documents."""
    context = course.context
    rows: list[tuple[tuple[str, str | None, str], Floats]] = []
    bands: list[tuple[tuple[str, str, str], Floats]] = []
    for index, (zone, start) in enumerate(zip(context.zones, context.baselines, strict=True)):
        name, scale = zone.finding.zone, zone.scale
        if course.session_time.size:
            for measure, unit, values in (
                ("density", "per_cm2", course.density),
                ("depth", "mm", course.depth),
                ("stimulus", "share", course.stimulus),
            ):
                rows.append(((measure, name, unit), from_si(1.0, unit) * values[0, index]))
        bands += [
            (("open-channels", name, "ratio"), course.open_share[:, index]),
            (("redness", name, "ratio"), course.erythema[:, index]),
            (("collagen", name, "ratio"), course.collagen[:, index]),
        ]
        if scale is not None and np.all(np.isfinite(course.score[:, index])):
            final = outcomes.at_time(course.score[:, index], course.time, course.judge_time[index])
            rows.append((("change", name, scale.unit), final - start.values))
            bands.append((("severity", name, scale.unit), course.score[:, index]))
    found = objectives(course)
    if found.gain_known:
        rows.append((("gain", None, "ratio"), found.gain))
    rows += [
        (("redness", None, "d"), found.redness_d),
        (("ready", None, "d"), from_si(1.0, "d") * course.ready_time),
        (("lasting-mark", None, "probability"), found.harm_probability),
    ]
    closed = from_si(1.0, "h") * course.closed_time.max(axis=2)
    rows += [((f"{kind}-closed", None, "h"), values) for kind, values in zip(OPENINGS, closed, strict=True)]
    if also is not None:
        rows += [((name, None, unit), values) for (name, unit), values in also(course).items()]
    return _Block(
        result=course.result,
        people=context.belief.members.size,
        days=from_si(1.0, "d") * course.time,
        spreads=[label for label, _ in rows],
        values=np.array([values for _, values in rows]),
        bands=[label for label, _ in bands],
        curves=np.concatenate([values.T for _, values in bands]),
    )
