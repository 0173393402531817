"""Choosing among thousands of candidates: few people first, the promising ones with more, the last as whole courses.

Successive halving (ours to fit the choice, after the idea of racing candidates): every candidate meets the first few
possible people on a coarse time grid, healing read off a curve for each schedule and person, and those that fall
behind the best by more than the paired error of so few people allows are left out; so again with four times as many.
The front of the last round is healed anew without curves; the last few are simulated in full and handed to
:func:`needling.choosing.choose`. "No treatment" is in every round. Equal people with equal luck meet all candidates,
so differences are known much better than values.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields
from itertools import product
from math import prod
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from needling.choosing import choose
from needling.choosing.judging import LIMITS, Judged, Weighing, judge_all, on_front, price_of
from needling.documents import Assessment, Choice, Clearance, Goals, Person
from needling.documents.choice import BestListed
from needling.knowledge.base import Knowledge
from needling.planning.candidates import BEYOND, Breadth, Grid, Schedule, candidates, force_N, nothing_of, plan_of
from needling.planning.propose import propose
from needling.simulation import Belief, Models, simulate_many
from needling.simulation.sketch import COARSE, ENDPOINTS, Doing, Light, Part, Sketch

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Progress = Callable[[str, int, int], None]
"""Called with what is being done, how much of it is done and how much there is."""

FEW = 16  # people of the first round: one tile of the default engine
GROWTH = 4  # times as many people in the next
FINALISTS = 48  # candidates that are simulated as whole courses, "no treatment" among them
SIGMAS = 3.0  # standard errors of a paired difference that a candidate may lie behind
RESAMPLES = 16  # of the people, for that standard error
BLOCK = 512  # candidates whose error is found together
MOST_TOGETHER = 4096  # combinations of kinds of zones that are all looked at; more are searched kind by kind
ANEW = 128  # candidates that are healed anew after the curves, at least
_CLOSE_TO_LIMIT = 0.05  # share over a hard limit by the curves that may be none when healed anew
_TOLD_APART = 12  # best candidates among which a choice looks for the mildest of equals, and twice as many
_COSTS = 6  # numbers that a strength is compared by
_LIFTED, _LIFTED_SHOWN = 16, 2  # candidates beyond each limit that go on, and that are shown, to say which one binds


class Round(NamedTuple):
    """What one round did: people, candidates that met them, and seconds."""

    members: int
    candidates: int
    seconds: float


@dataclass(frozen=True)
class Found:
    """A choice and how it was found."""

    choice: Choice
    rounds: tuple[Round, ...]
    grid: Grid


@dataclass(frozen=True)
class _Seen:
    """What some people say of some candidates, a row for each.

    Args:
        schedule: its place. strengths: place of each kind's strength, int64[candidate, kind]. gain, redness_d, ready_d,
            harm: float64[candidate, member]. beyond, sound, visits, gap_d, price: of each candidate.
    """

    schedule: Ints
    strengths: Ints
    gain: Floats
    redness_d: Floats
    ready_d: Floats
    harm: Floats
    beyond: Floats
    sound: NDArray[np.bool_]
    visits: Ints
    gap_d: Floats
    price: Floats
    gain_known: bool

    def of(self, places: Ints) -> _Seen:
        """Some of the candidates."""
        return _Seen(**{name: getattr(self, name)[places] for name in _COLUMNS}, gain_known=self.gain_known)

    def judged(self, weighing: Weighing, groups: Ints | None, members: Ints | None = None) -> Judged:
        """The numbers of every candidate; with members drawn again, int64[resample, member], of each draw by turns."""
        times = 1 if members is None else members.shape[0]

        def again(values: Floats) -> Floats:
            return values if members is None else values[:, members].reshape(-1, members.shape[1])

        return judge_all(
            again(self.gain),
            again(self.redness_d),
            again(self.harm),
            again(self.ready_d),
            visits_count=np.repeat(self.visits, times),
            shortest_gap_d=np.repeat(self.gap_d, times),
            weighing=weighing,
            price=np.repeat(self.price, times),
            groups=groups,
        )


_COLUMNS = tuple(column.name for column in fields(_Seen) if column.name != "gain_known")


def _joined(parts: Sequence[_Seen]) -> _Seen:
    columns = {name: np.concatenate([getattr(part, name) for part in parts]) for name in _COLUMNS}
    return _Seen(**columns, gain_known=any(part.gain_known for part in parts))


# ---------------------------------------------------------------- candidates on some people


class _Looking:
    """All candidates of a grid on some of the people."""

    def __init__(self, grid: Grid, sketch: Sketch, goals: Goals, force: float) -> None:
        self.grid, self.sketch, self.goals = grid, sketch, goals
        self.force = force
        self._devices = {
            name: place
            for place, name in enumerate(
                dict.fromkeys(strength.device for kind in grid.kinds for strength in kind.strengths)
            )
        }
        self._device = [np.array([self._devices[one.device] for one in kind.strengths]) for kind in grid.kinds]
        self._endpoint = [np.array([ENDPOINTS.index(one.endpoint) for one in kind.strengths]) for kind in grid.kinds]
        self._ground: list[int] = []
        self._doing: list[tuple[Ints, Ints]] = []

    def prepare(self, used: Sequence[Ints]) -> None:
        """Lay the strengths that will be used, of each kind of zones."""
        for kind, places in zip(self.grid.kinds, used, strict=True):
            doings: dict[Doing, int] = {}
            usual, first = (np.full(len(kind.strengths), -1) for _ in range(2))
            for place in places.tolist():
                strength = kind.strengths[place]
                for into, length in ((usual, strength.needle_length_mm), (first, strength.first_length_mm)):
                    doing = Doing(strength.device, length, strength.directions_count, strength.passes_count, self.force)
                    into[place] = doings.setdefault(doing, len(doings))
            self._ground.append(self.sketch.ground(kind.zones, list(doings)))
            self._doing.append((usual, first))

    def look(self, schedule: int, strengths: Ints) -> _Seen:
        """Candidates of one schedule.

        Args:
            schedule: its place. strengths: place of each kind's strength, int64[candidate, kind].
        """
        grid, timing = self.grid, self.grid.schedules[schedule]
        spans = grid.spans(timing)
        stop, planned = self._endpoints(strengths, np.array([span.present for span in spans]))
        parts: list[Part] = []
        rows = np.empty(strengths.shape, dtype=np.int64)
        days = [span.days_d for span in spans]
        for kind in range(len(grid.kinds)):
            ways, rows[:, kind] = _distinct(strengths[:, kind], stop)
            usual, first = self._doing[kind]
            own = ways[:, 0]
            doing = np.stack(
                [np.where(span.present[kind], (first if span.staged else usual)[own], -1) for span in spans], axis=1
            )
            parts.append(self.sketch.part(self._ground[kind], days, doing, ways[:, 1:]))
        return self._seen(schedule, timing, strengths, self.sketch.whole(parts, rows, planned))

    def strength_costs(self, kind: int, places: Ints, weighing: Weighing) -> Floats:
        """What of one kind's strengths can matter to any objective, smaller is better, float64[strength, number]."""
        doing = self._doing[kind][0][places]
        wanted = self._endpoint[kind][places]
        strengths = self.grid.kinds[kind].strengths
        points = np.empty((places.size, _COSTS))
        for stop in np.unique(wanted):
            own = np.flatnonzero(wanted == stop)
            laid = self.sketch.session(self._ground[kind], int(stop))
            stimulus, tracks = laid.stimulus[doing[own]], laid.tracks[doing[own]]
            points[own] = np.column_stack(
                [
                    -np.quantile(stimulus, weighing.gain_quantile, axis=1),
                    np.quantile(stimulus, weighing.redness_quantile, axis=1),
                    stimulus.mean(axis=1),
                    tracks.mean(axis=1),
                    np.maximum(laid.shows[doing[own], stop], weighing.endpoint_share),
                    [strengths[place].needle_length_mm for place in places[own].tolist()],
                ]
            )
        return points

    def _endpoints(self, strengths: Ints, present: NDArray[np.bool_]) -> tuple[Ints, Ints]:
        """Where the hand stops at each visit, int64[candidate, span]; and each kind's own, [candidate, kind, span].

        One session has one endpoint, the mildest of its zones; the sessions of one visit stop at the furthest.
        """
        device = np.stack([own[strengths[:, kind]] for kind, own in enumerate(self._device)], axis=1)
        wanted = np.stack([own[strengths[:, kind]] for kind, own in enumerate(self._endpoint)], axis=1)
        far = len(ENDPOINTS)
        planned = np.empty((*strengths.shape, present.shape[0]), dtype=np.int64)
        stop = np.empty((strengths.shape[0], present.shape[0]), dtype=np.int64)
        for span, there in enumerate(present):
            together = (device[:, :, None] == device[:, None, :]) & there[None, None, :]
            planned[:, :, span] = np.where(together, wanted[:, None, :], far).min(axis=2)
            stop[:, span] = np.where(there, planned[:, :, span], 0).max(axis=1)
        return stop, np.minimum(planned, far - 1)

    def _seen(self, schedule: int, timing: Schedule, strengths: Ints, light: Light) -> _Seen:
        count = strengths.shape[0]
        device = np.sort(np.stack([own[strengths[:, kind]] for kind, own in enumerate(self._device)], axis=1), axis=1)
        devices = 1 + (np.diff(device, axis=1) > 0).sum(axis=1)
        prices = {many: price_of(timing.sessions_count, many, self.goals) for many in np.unique(devices).tolist()}
        return _Seen(
            schedule=np.full(count, schedule),
            strengths=strengths,
            gain=light.gain,
            redness_d=light.redness_d,
            ready_d=light.ready_d,
            harm=light.harm_probability,
            beyond=light.beyond_endpoint_probability,
            sound=light.sound,
            visits=np.full(count, timing.sessions_count),
            gap_d=np.full(count, timing.interval_d if timing.sessions_count > 1 else np.inf),
            price=np.array([np.nan if (own := prices[many]) is None else own for many in devices.tolist()]),
            gain_known=light.gain_known,
        )


def _side_by_side(looking: _Looking, rows: dict[int, Ints]) -> Iterator[_Seen]:
    """Candidates schedule by schedule, in order; two are worked on at once, so that no core waits for the other."""
    with ThreadPoolExecutor(2) as workers:
        yield from workers.map(lambda own: looking.look(*own), rows.items())


def _distinct(strengths: Ints, stop: Ints) -> tuple[Ints, Ints]:
    """Different ways of a kind of zones (strength, then each span's endpoint), and which of them candidates have."""
    if np.all(stop == stop[0]) and strengths.size == np.unique(strengths).size:
        return np.column_stack([strengths, stop]), np.arange(strengths.size)
    ways, which = np.unique(np.column_stack([strengths, stop]), axis=0, return_inverse=True)
    return ways, which.reshape(-1)


# ---------------------------------------------------------------- which go on


def _worth_showing(seen: _Seen, weighing: Weighing, at_home: bool, slack: float) -> NDArray[np.bool_]:
    """Candidates that may be chosen, as :func:`needling.choosing.choose` sees it; ``slack`` in shares of the people."""
    if at_home and not seen.gain_known:
        return np.ones(seen.beyond.size, dtype=np.bool_)
    return np.asarray(seen.beyond <= weighing.endpoint_share + slack)


@dataclass(frozen=True)
class _Race:
    """What decides who goes on: weights, groups of the people, and whether at home."""

    weighing: Weighing
    groups: Ints | None
    at_home: bool

    def going_on(self, seen: _Seen, members: int) -> Ints:
        """Places of the candidates that so few people cannot tell from the best, the best first.

        Behind by at most :data:`SIGMAS` standard errors of the difference, from people drawn again; a hard limit counts
        as broken only when it is by as many errors. The best to be held against is one that surely keeps them.
        """
        judged = seen.judged(self.weighing, self.groups)
        order = np.argsort(-judged.utility, kind="stable")
        order = order[seen.sound[order]]
        luck = np.random.default_rng(0)
        picks = luck.integers(0, members, (RESAMPLES, members))
        share = self.weighing.endpoint_share
        slack = SIGMAS * float(np.sqrt(share * (1 - share) / members))
        maybe = _worth_showing(seen, self.weighing, self.at_home, slack)
        sure = _worth_showing(seen, self.weighing, self.at_home, -slack)
        if not maybe.any():
            maybe = sure = np.ones_like(maybe)
        # utilities of the best under each draw; doing nothing is worth nothing, and can be chosen where gain is known
        held: Floats | None = np.zeros(RESAMPLES) if seen.gain_known else None
        best = 0.0
        kept: list[Ints] = []
        for first in range(0, order.size, BLOCK):
            block = order[first : first + BLOCK]
            again = seen.of(block).judged(self.weighing, self.groups, picks)
            utility = again.utility.reshape(block.size, RESAMPLES)
            over = again.over.reshape(len(LIMITS), block.size, RESAMPLES)
            own = judged.over[:, block] - 1
            error = SIGMAS * np.std(np.where(np.isfinite(over), over, 0.0), axis=2)
            certain = np.flatnonzero(np.all(own + error <= 0, axis=0) & sure[block])
            if certain.size and (held is None or judged.utility[block[certain[0]]] > best):
                held, best = utility[certain[0]], float(judged.utility[block[certain[0]]])
            may = np.all(own - error <= 0, axis=0) & maybe[block]
            if held is not None:
                behind = best - judged.utility[block]
                near = behind <= SIGMAS * np.std(held - utility, axis=1)
            else:
                near = np.ones(block.size, dtype=np.bool_)
            kept.append(block[may & near])
            if held is not None and not near.any():
                break
        showing = _worth_showing(seen, self.weighing, self.at_home, 0.0)
        beyond = [self.beyond_limits(judged, order, shown, _LIFTED) for shown in (maybe, showing)]
        return np.unique(np.concatenate([*kept, *beyond]))

    @staticmethod
    def beyond_limits(judged: Judged, order: Ints, maybe: NDArray[np.bool_], most: int) -> Ints:
        """The best candidates that only one limit, or the endpoint, keeps from being allowed: they tell which binds."""
        kept = judged.allowed & maybe
        lifted = [judged.without(limit) & maybe & ~kept for limit in LIMITS] + [judged.allowed & ~maybe]
        return np.concatenate([order[own[order]][:most] for own in lifted])

    def finalists(self, seen: _Seen, most: int) -> Ints:
        """The last candidates: the best, the best of each number of visits, and what would be best without a limit."""
        judged = seen.judged(self.weighing, self.groups)
        order = np.argsort(-judged.utility, kind="stable")
        order = order[seen.sound[order]]
        showing = _worth_showing(seen, self.weighing, self.at_home, 0.0)
        good = order[(judged.allowed & showing)[order]]
        _, first = np.unique(seen.visits[good], return_index=True)
        each = good[np.sort(first)][: most // GROWTH]
        lifted = self.beyond_limits(judged, order, showing, _LIFTED_SHOWN)
        chosen = dict.fromkeys([*each.tolist(), *lifted.tolist()])
        for place in good.tolist():
            if len(chosen) >= most:
                break
            chosen[place] = None
        return np.array(sorted(chosen, key=lambda place: -judged.utility[place]), dtype=np.int64)


# ---------------------------------------------------------------- combinations of kinds of zones


def _all_of(grid: Grid, schedule: int) -> Ints:
    """Every combination of strengths of a schedule, int64[candidate, kind]."""
    timing = grid.schedules[schedule]
    usable = grid.usable(timing)
    every = np.array(list(product(*usable)), dtype=np.int64).reshape(-1, len(grid.kinds))
    return _fitting(grid, timing, every)


def _fitting(grid: Grid, timing: Schedule, rows: Ints) -> Ints:
    """Those of some combinations that go with a schedule."""
    if timing.wished or timing.sessions_count == 1:
        return rows
    return rows[[grid.fits(timing, tuple(row)) for row in rows.tolist()]]


def _climbed(looking: _Looking, race: _Race, schedule: int, fronts: Sequence[Ints]) -> Ints:
    """Combinations around the best of a schedule: kind by kind, from several starts, until nothing is better.

    Every kind is tried with all the strengths of its front while the others stay; the best that keeps the hard limits
    is taken. What was tried around the ends is returned, so that later rounds can still turn to it.
    """
    grid, timing = looking.grid, looking.grid.schedules[schedule]
    usable = [np.intersect1d(front, own) for front, own in zip(fronts, grid.usable(timing), strict=True)]
    if any(own.size == 0 for own in usable):
        return np.empty((0, len(usable)), dtype=np.int64)
    starts = {tuple(int(own[int(share * (own.size - 1))]) for own in usable) for share in (0.0, 0.5, 1.0)}
    tried: list[Ints] = []
    for start in sorted(starts):
        here, worth = start, -np.inf
        while True:
            around = np.concatenate([_changed(here, kind, own) for kind, own in enumerate(usable)])
            around = np.unique(_fitting(grid, timing, around), axis=0)
            if not around.size:
                break
            seen = looking.look(schedule, around)
            judged = seen.judged(race.weighing, race.groups)
            good = judged.allowed & seen.sound & _worth_showing(seen, race.weighing, race.at_home, 0.0)
            value = np.where(good, judged.utility, judged.utility - np.ptp(judged.utility) - 1.0)
            best = int(np.argmax(value))
            if value[best] <= worth + 1e-12:
                break
            here, worth = tuple(around[best].tolist()), float(value[best])
            last = around
        tried.append(last if np.isfinite(worth) else around)
    return np.unique(np.concatenate(tried), axis=0)


def _changed(here: tuple[int, ...], kind: int, values: Ints) -> Ints:
    """A combination with one kind's strength changed to each of some."""
    rows = np.tile(np.array(here, dtype=np.int64), (values.size, 1))
    rows[:, kind] = values
    return rows


def _fronts(looking: _Looking, race: _Race) -> list[Ints]:
    """Of each kind of zones the strengths that no other beats in everything that can matter, whatever the schedule.

    A session's stimulus for those who get little and for those who get much, its share of track marks, the length of
    its needle and what it shows decide all objectives; more of the first is gain, more of the others is cost.
    """
    fronts = []
    for kind, own in enumerate(looking.grid.kinds):
        places = np.arange(len(own.strengths))
        points = looking.strength_costs(kind, places, race.weighing)
        fronts.append(places[on_front(points)])
    return fronts


# ---------------------------------------------------------------- the search


def _sizes(members: int, weighing: Weighing) -> tuple[int, ...]:
    """People of each round; the worst reading of what is not known needs them all from the start."""
    sizes = []
    few = FEW
    while GROWTH * few <= members and weighing.robust == "quantile":
        sizes.append(few)
        few *= GROWTH
    return (*sizes, members)


def _by_schedule(seen: _Seen) -> dict[int, Ints]:
    """Candidates by their schedule: the strengths, int64[candidate, kind]."""
    return {int(place): seen.strengths[seen.schedule == place] for place in np.unique(seen.schedule)}


def find(
    person: Person,
    assessment: Assessment,
    clearance: Clearance,
    belief: Belief,
    goals: Goals,
    kb: Knowledge,
    *,
    key: int,
    breadth: Breadth = "envelope",
    models: Models | None = None,
    most_together: int = MOST_TOGETHER,
    progress: Progress | None = None,
) -> Found:
    """As :func:`search`, and how the choice was found.

    Args:
        most_together: combinations of kinds of zones of one schedule up to which all are looked at.
    """
    say = progress or (lambda what, done, of: None)
    weighing = Weighing.of(goals, kb)
    grid = candidates(assessment, clearance, kb, goals, breadth)
    nothing = nothing_of(person, assessment, clearance, kb, grid.found)
    race = _Race(weighing, belief.groups, assessment.setting == "home")
    rounds: list[Round] = []
    rows: dict[int, Ints] = {}
    climbing = any(prod(map(len, grid.usable(timing))) > most_together for timing in grid.schedules)
    considered = 1
    if grid.kinds and not climbing:
        rows = {place: _all_of(grid, place) for place in range(len(grid.schedules))}
    chosen: list[tuple[int, tuple[int, ...]]] = []
    for members in _sizes(belief.members.size, weighing) if grid.kinds else ():
        start = time.perf_counter()
        whole = members == belief.members.size
        some = belief if whole else belief.with_members(belief.members[:members])
        sketch = Sketch(person, assessment, some, key=key, accuracy=COARSE, curves=True, models=models)
        looking = _Looking(grid, sketch, goals, force_N(assessment.setting, kb))
        if climbing:
            rows = _around(looking, race, rows, say)
        else:
            looking.prepare(
                [np.unique(np.concatenate(own)) for own in zip(*map(np.transpose, rows.values()), strict=True)]
            )
        seen = []
        label = f"{sum(map(len, rows.values())):,} candidates, {members} people"
        for done, one in enumerate(_side_by_side(looking, {place: own for place, own in rows.items() if own.size})):
            say(label, done, len(rows))
            seen.append(one)
        if not seen:
            break
        together = _joined(seen)
        looked = together.visits.size
        considered = max(considered, looked + 1)
        if whole:
            exact = Sketch(person, assessment, belief, key=key, accuracy=COARSE, models=models)
            together = _healed_anew(together, race, _Looking(grid, exact, goals, force_N(assessment.setting, kb)))
        kept = race.finalists(together, FINALISTS - 1) if whole else race.going_on(together, members)
        kept_on = together.of(kept)
        chosen = [
            (place, tuple(strengths))
            for place, strengths in zip(kept_on.schedule.tolist(), kept_on.strengths.tolist(), strict=True)
        ]
        rows = _by_schedule(kept_on)
        rounds.append(Round(members, looked, time.perf_counter() - start))
    start = time.perf_counter()
    say(f"{len(chosen) + 1} whole courses, {belief.members.size} people", 0, 1)
    outlines = [grid.candidate(grid.schedules[place], strengths) for place, strengths in chosen]
    plans = [nothing, *(plan_of(one, person, assessment, clearance, kb, grid.found) for one in outlines)]
    courses = simulate_many(plans, person, assessment, belief, key=key, models=models)
    choice = choose(plans, courses, goals, clearance=clearance, by_score=True)
    rounds.append(Round(belief.members.size, len(plans), time.perf_counter() - start))
    return Found(choice.model_copy(update={"considered_count": considered}), tuple(rounds), grid)


def _healed_anew(seen: _Seen, race: _Race, looking: _Looking) -> _Seen:
    """The candidates at the front, each healed by itself and not read off curves.

    As many as it takes until no other could be among the best that a choice tells apart, were it as wrong as the worst
    of those that were healed anew.
    """
    judged = seen.judged(race.weighing, race.groups)
    order = np.argsort(-judged.utility, kind="stable")
    showing = _worth_showing(seen, race.weighing, race.at_home, 0.0)
    close = np.all(judged.over <= 1 + _CLOSE_TO_LIMIT, axis=0) & seen.sound & showing
    good = order[close[order]]
    _, first = np.unique(seen.visits[good], return_index=True)
    lifted = race.beyond_limits(judged, order[seen.sound[order]], showing, FINALISTS // GROWTH)
    always = np.concatenate([good[first], lifted])
    if not always.size:  # every candidate breaks more than one limit: the best of them tell which
        always = order[: FINALISTS // GROWTH]
    many = ANEW
    while True:
        places = np.unique(np.concatenate([good[:many], always]))
        own = seen.of(places)
        rows = _by_schedule(own)
        fresh = _Looking(looking.grid, looking.sketch, looking.goals, looking.force)
        fresh.prepare([np.unique(own.strengths[:, kind]) for kind in range(len(looking.grid.kinds))])
        anew = _joined(list(_side_by_side(fresh, rows)))
        if many >= good.size:
            return anew
        known = anew.judged(race.weighing, race.groups)
        by_curve = np.concatenate([places[own.schedule == schedule] for schedule in rows])
        error = float(np.abs(known.utility - judged.utility[by_curve]).max())
        best = np.sort(known.utility[known.allowed & anew.sound])[::-1]
        if best.size > _TOLD_APART and judged.utility[good[many]] + error < best[_TOLD_APART]:
            return anew
        many *= 2


def _around(looking: _Looking, race: _Race, rows: dict[int, Ints], say: Progress) -> dict[int, Ints]:
    """What goes on, and what lies around the best of each schedule that is still in the race."""
    grid = looking.grid
    looking.prepare([np.arange(len(kind.strengths)) for kind in grid.kinds])
    fronts = _fronts(looking, race)
    found = {}
    schedules = list(rows) or list(range(len(grid.schedules)))
    for done, schedule in enumerate(schedules):
        say(f"combining {len(grid.kinds)} kinds of zones, {looking.sketch.members} people", done, len(schedules))
        near = _climbed(looking, race, schedule, fronts)
        found[schedule] = np.unique(np.concatenate([rows[schedule], near]), axis=0) if schedule in rows else near
    return found


def search(
    person: Person,
    assessment: Assessment,
    clearance: Clearance,
    belief: Belief,
    goals: Goals,
    kb: Knowledge,
    *,
    key: int,
    breadth: Breadth = "envelope",
    models: Models | None = None,
    progress: Progress | None = None,
) -> Choice:
    """The best plan of all that the envelope allows, with the choice among the last few candidates.

    Args:
        person, assessment, clearance: who, what was found, what may be done. belief: the ensemble; all its members
            judge the last candidates. goals: weights, wishes and limits. kb: the knowledge base.
        key: of the random numbers. breadth: "protocols" for what listed trials did, "envelope" for all that is
            allowed. models: which sub-models run. progress: called with what is being done, how much is done, and of
            how much.

    Returns:
        The choice among the last candidates, as :func:`needling.choosing.choose` makes it; ``considered_count`` says
        how many were looked at, "no treatment" among them.

    Raises:
        BadInput, NotAllowed, OutOfRange: as the verbs it calls.

    Assumes: zones heal each on its own. Of combinations of several kinds of zones that are too many to look at all,
        those around the best of each schedule are.
    """
    found = find(
        person, assessment, clearance, belief, goals, kb, key=key, breadth=breadth, models=models, progress=progress
    )
    choice = found.choice
    if not any(reason.what.startswith(BEYOND) for reason in choice.plan.rationale):
        return choice
    plans = propose(person, assessment, clearance, kb, goals)
    courses = simulate_many(plans, person, assessment, belief, key=key, models=models)
    listed = choose(plans, courses, goals, clearance=clearance)
    told = [outcome.dots_of_50_count for outcome in listed.forecast.outcomes if outcome.basis != "none"]
    best = BestListed(plan=listed.plan.label, plan_sha256=listed.plan.sha256, dots_of_50_count=min(told, default=None))
    return choice.model_copy(update={"best_listed": best})
