"""What a choice weighs, for thousands of candidates at once: the numbers of ``objectives`` without courses.

Zones heal each on its own. So each zone's ways of being needled are worked out once for a schedule, and a candidate
is put together from them: its gain is the mean over the zones by area, its redness, readiness and dose are those of
the zone that has most, its track marks those of the worst zone of each day. The same people with the same luck as in
:func:`needling.simulation.simulate_many` meet every candidate.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from needling.errors import BadInput
from needling.simulation.belief import Belief
from needling.simulation.engines.grid import Accuracy
from needling.simulation.models import Models
from needling.simulation.seam import closing, harms
from needling.simulation.seam.context import Context, Floats
from needling.simulation.seam.endpoints import ENDPOINTS
from needling.simulation.seam.people import people_of
from needling.simulation.seam.sketching import (
    Doing,
    Ground,
    Ints,
    Visits,
    gains,
    heal,
    heal_between,
    in_outline,
    untouched_closed,
)
from needling.units import from_si, to_si

if TYPE_CHECKING:
    from needling.documents import Assessment, Person

__all__ = ["COARSE", "ENDPOINTS", "Doing", "Light", "Part", "Sketch"]

# numerical: for first looks; within 2e-6 of the default grid in what heals, a quarter of an hour in redness
COARSE = Accuracy(first=0.5, growth=0.2, cap=1.5)


@dataclass(frozen=True)
class Part:
    """Zones that are needled alike through one schedule, in many ways.

    Args:
        ground: index from :meth:`Sketch.ground`. visits: of each span of visits alike. doing: index of the doing,
            -1 for none, int64[way, span]. stop: place in ``ENDPOINTS`` where the hand stops, int64[way, span].
        gain: area times improvement, summed over the zones, m2, float64[way, member]; 0 where it is not known.
        area: of the zones whose gain is known. redness_time, ready_time: s. dose_ratio: float64[way, member].
        shows: share of members beyond each endpoint, float64[span, way, endpoint]. tracks: odds,
            float64[span, way, member]. sound: bool[way].
    """

    ground: int
    visits: tuple[int, ...]
    doing: Ints
    stop: Ints
    gain: Floats
    area: float
    redness_time: Floats
    ready_time: Floats
    dose_ratio: Floats
    shows: Floats
    tracks: Floats
    sound: NDArray[np.bool_]


@dataclass(frozen=True)
class Light:
    """What a choice weighs of many candidates; as :class:`~needling.simulation.course.Objectives`, a row for each.

    Args:
        gain: in meaningful changes. redness_d, ready_d: days. harm_probability: all float64[candidate, member].
        beyond_endpoint_probability: float64[candidate]. sound: whether there is a forecast, bool[candidate].
        gain_known: whether any zone has an honest forecast of its result.
    """

    gain: Floats
    redness_d: Floats
    ready_d: Floats
    harm_probability: Floats
    beyond_endpoint_probability: Floats
    sound: NDArray[np.bool_]
    gain_known: bool


class Sketch:
    """Light objectives of one person's candidates on one ensemble.

    Args:
        person, assessment: who, and what was found. belief: the ensemble. key: of the random numbers.
        accuracy: of the time grid; None for the very steps that a whole course takes. curves: whether ways that lay the
            same at every visit are read off curves, much quicker where they are many. models: which sub-models run; not
            "spatial". engine: of ``ENGINES``.

    Raises:
        BadInput: the model "spatial", an unknown site or concern.
    """

    def __init__(
        self,
        person: Person,
        assessment: Assessment,
        belief: Belief,
        *,
        key: int = 0,
        accuracy: Accuracy | None = None,
        curves: bool = False,
        models: Models | None = None,
        engine: str = "lanes",
    ) -> None:
        used = models or Models()
        if used.stimulus == "spatial":
            raise BadInput("a sketch has no channel maps, so the model 'spatial' cannot run; ask for 'mean-field'")
        self._people = people_of(person, assessment, belief, key=key, models=used, engine=engine, accuracy=accuracy)
        self._curves = curves
        self._grounds: list[Ground] = []
        self._harm_of: dict[tuple[tuple[str, float], ...], int] = {}
        self._harms: list[tuple[Context, harms.Tracks | None]] = []
        self._harm_keys: list[object] = []
        self._lock = Lock()  # parts may be put together from several threads

    @property
    def members(self) -> int:
        """Possible people."""
        return self._people.size

    def ground(self, zones: Sequence[str], doings: Sequence[Doing]) -> int:
        """Lay every doing on zones that are alike; returns the number by which they are asked for.

        Args:
            zones: names of assessed zones with the same skin and the same concern. doings: all that will be used.
        """
        names = [zone.finding.zone for zone in self._people.zones]
        self._grounds.append(Ground(self._people, [names.index(zone) for zone in zones], doings))
        return len(self._grounds) - 1

    def session(self, ground: int, stop: int) -> Visits:
        """What every doing of a ground does at one visit that stops at an endpoint, by its place in ``ENDPOINTS``."""
        return self._grounds[ground].visits(stop)

    def part(self, ground: int, days_d: Sequence[Sequence[float]], doing: Ints, stop: Ints) -> Part:
        """Zones that are alike, through one schedule in many ways.

        Args:
            ground: from :meth:`ground`. days_d: days of each span of visits that are alike, in order, of the whole
                plan. doing: int64[way, span], -1 where nothing is done. stop: int64[way, span], place in ``ENDPOINTS``
                of the visit's endpoint.
        """
        own, people = self._grounds[ground], self._people
        visits = tuple(len(days) for days in days_d)
        session_time = to_si(1.0, "d") * np.array([day for days in days_d for day in days])
        indication = people.zones[own.zones[0]].indication
        judge = float(session_time[-1]) + to_si(indication.judge_after_last_d, "d")
        ways, spans = doing.shape
        laid = np.zeros((spans, ways, people.size))
        tracks = np.zeros((spans, ways, people.size))
        shows = np.zeros((spans, ways, len(ENDPOINTS)))
        for span in range(spans):
            for place in np.unique(stop[:, span]):
                rows = np.flatnonzero((stop[:, span] == place) & (doing[:, span] >= 0))
                at, made = doing[rows, span], own.visits(int(place))
                laid[span, rows], tracks[span, rows], shows[span, rows] = (
                    made.stimulus[at],
                    made.tracks[at],
                    made.shows[at],
                )
        stimulus = np.repeat(laid, visits, axis=0)
        if self._curves and all(np.array_equal(laid[0], other) for other in laid[1:]):
            healed = heal_between(people, session_time, judge, laid[0])
        else:
            healed = heal(people, session_time, judge, stimulus)
        total, area = np.zeros((ways, people.size)), 0.0
        for zone in own.zones:
            gain = gains(people, zone, healed.residual, session_time, stimulus, judge)
            if np.all(np.isfinite(gain)):
                size = people.zones[zone].finding.area_cm2
                total += size * gain
                area += size
        longest = np.where(doing >= 0, own.length_mm[doing], 0.0).max(axis=1)
        lengths, which = np.unique(longest, return_inverse=True)
        closed = np.array([own.closed(length) for length in lengths.tolist()])[which]
        ready = closing.ready_times(
            closed, healed.calm, laid.max(axis=0), closing.is_checked(people.person), people.drawn
        )
        ratio = harms.dose_ratio(
            people.idle, (laid * np.array(visits)[:, None, None])[:, None], people.reference.stimulus
        )  # [span, zone, way, member]: the one zone stands for all that are alike
        finite = np.isfinite(healed.residual).all(axis=1) & np.isfinite(healed.calm).all(axis=(0, 2))
        in_range = np.all(own.in_range[doing] | (doing < 0), axis=1)
        return Part(
            ground,
            visits,
            doing,
            stop,
            total,
            area,
            healed.calm[0],
            ready,
            ratio,
            shows,
            tracks,
            np.asarray(finite & in_range),
        )

    def whole(self, parts: Sequence[Part], rows: Ints, planned: Ints) -> Light:
        """Candidates from their zones' parts.

        Args:
            parts: of one schedule, one for each kind of zones that are treated. rows: way of each part,
                int64[candidate, part]. planned: endpoint of the session in which the part is treated,
                int64[candidate, part, span].
        """
        people = self._people
        candidates, spans = rows.shape[0], len(parts[0].visits)
        shape = (candidates, people.size)
        gain, area = np.zeros(shape), 0.0
        redness, dose, beyond = np.zeros(shape), np.zeros(shape), np.zeros(candidates)
        treated = sum(len(self._grounds[part.ground].zones) for part in parts)
        left = treated < len(people.zones)
        ready = np.broadcast_to(untouched_closed(people) if left else 0.0, shape)
        sound = np.ones(candidates, dtype=np.bool_)
        for place, part in enumerate(parts):
            way = rows[:, place]
            if part.area > 0:
                gain += part.gain[way]
                area += part.area
            redness = np.maximum(redness, part.redness_time[way])
            ready = np.maximum(ready, part.ready_time[way])
            dose = np.maximum(dose, part.dose_ratio[way])
            sound &= part.sound[way]
            for span in range(spans):
                there = part.doing[way, span] >= 0
                beyond = np.maximum(beyond, np.where(there, part.shows[span, way, planned[:, place, span]], 0.0))
        return Light(
            gain=gain / area if area else gain,
            redness_d=from_si(1.0, "d") * redness,
            ready_d=from_si(1.0, "d") * ready,
            harm_probability=self._harm(parts, rows, dose),
            beyond_endpoint_probability=beyond,
            sound=sound,
            gain_known=area > 0,
        )

    def _harm(self, parts: Sequence[Part], rows: Ints, dose: Floats) -> Floats:
        """Chance of a pigment mark or track mark, float64[candidate, member]."""
        kinds = self._harm_kinds(parts, rows)
        harm = np.empty(dose.shape)
        for kind in np.unique(kinds):
            own = np.flatnonzero(kinds == kind)
            context, basis = self._harms[kind]
            pigment = harms.pigment_probability(context, dose[own])
            track = self._tracks(parts, rows[own], basis) if basis is not None else np.zeros_like(pigment)
            harm[own] = 1 - (1 - pigment) * (1 - track)
        return harm

    def _tracks(self, parts: Sequence[Part], rows: Ints, basis: harms.Tracks) -> Floats:
        odds = basis.share / (1 - basis.share)
        days = []
        for span, visits in enumerate(parts[0].visits):
            worst = np.zeros((rows.shape[0], self.members))
            for place, part in enumerate(parts):
                own = self._grounds[part.ground]
                doing = part.doing[rows[:, place], span]
                counts = (doing >= 0) & (own.rolls[doing]) & (own.length_mm[doing] >= basis.shortest_mm)
                worst = np.maximum(worst, counts[:, None] * part.tracks[span, rows[:, place]])
            days.append((worst * odds, visits))
        return harms.over_days(days, self._people.drawn)

    def _harm_kinds(self, parts: Sequence[Part], rows: Ints) -> Ints:
        """Which counts of harms belong to each candidate: by the longest needle of each kind of device."""
        names = sorted({kind for part in parts for kind in self._grounds[part.ground].kinds})
        longest = np.zeros((rows.shape[0], len(names)))
        for place, part in enumerate(parts):
            own = self._grounds[part.ground]
            kind = np.array([names.index(name) for name in own.kinds])
            for span in range(len(part.visits)):
                doing = part.doing[rows[:, place], span]
                there = np.flatnonzero(doing >= 0)
                at = there, kind[doing[there]]
                longest[at] = np.maximum(longest[at], own.length_mm[doing[there]])
        different, which = np.unique(longest, axis=0, return_inverse=True)
        found = [
            self._harm_kind(tuple((name, length) for name, length in zip(names, row, strict=True) if length > 0), parts)
            for row in different.tolist()
        ]
        return np.array(found, dtype=np.int64)[which.reshape(-1)]

    def _harm_kind(self, longest: tuple[tuple[str, float], ...], parts: Sequence[Part]) -> int:
        with self._lock:
            if longest not in self._harm_of:
                self._harm_of[longest] = self._new_harm_kind(longest, parts)
            return self._harm_of[longest]

    def _new_harm_kind(self, longest: tuple[tuple[str, float], ...], parts: Sequence[Part]) -> int:
        doings = []
        for kind, length in longest:
            grounds = (self._grounds[part.ground] for part in parts)
            doings.append(next(doing for own in grounds for doing in own.of(kind, length)))
        context = in_outline(self._people, doings)
        basis = harms.track_basis(context)
        counted = harms.pigment_counts(context), basis and (basis.share.tobytes(), basis.shortest_mm)
        if counted not in self._harm_keys:
            self._harm_keys.append(counted)
            self._harms.append((context, basis))
        return self._harm_keys.index(counted)
