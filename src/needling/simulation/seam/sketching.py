"""One zone through thousands of courses at once: what its sessions lay, how it heals, what is read on its scale.

Ways of needling a zone are rows of arrays and not documents. The functions are the seam's own: the members stand side
by side once for each way, so that what takes [member] takes all of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from threading import Lock
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from needling.documents import Session, Stroke
from needling.simulation.engines import CALM, STROKE_MEASURES, Task
from needling.simulation.engines.grid import FINE
from needling.simulation.seam import closing, harms, outcomes
from needling.simulation.seam.context import Context, Draw, Floats
from needling.simulation.seam.coursing import report_times
from needling.simulation.seam.endpoints import ENDPOINTS, grades, visit_zone
from needling.simulation.seam.people import People
from needling.simulation.seam.person import OPENINGS
from needling.simulation.seam.tools import Strokes, in_range, tool_of
from needling.units import to_si

Ints = NDArray[np.int64]
_LANES = 2**15  # numerical: people side by side in one task, so that memory stays flat
_CALM_S = 1.0  # numerical: who is calm only this close to the end may not be calm at all
_DENSITY, _STIMULUS, _STRIKES = (STROKE_MEASURES.index(name) for name in ("density", "stimulus", "strikes"))
# numerical: stimuli that a curve is worked out at, and below which they lie evenly; measured error in tests/reference
_NODES, _SMALL = 32, 0.001
# numerical: looks after a session for the times until calm, the first and the last as shares of the gap between two
_LOOKS, _SOON, _JUST = 80, 1e-4, 1e-9
_CUBIC = range(4)
_HALF = 0.5  # a share whose odds are 1


class Doing(NamedTuple):
    """What is done on one zone at one visit."""

    device: str
    needle_length_mm: float
    directions_count: int
    passes_count: int
    force_N: float

    @property
    def planned(self) -> int:
        """Passes in all directions together."""
        return self.directions_count * self.passes_count


def _session(doing: Doing, zone: str) -> Session:
    stroke = Stroke(
        zone=zone,
        needle_length_mm=doing.needle_length_mm,
        directions_count=doing.directions_count,
        passes_count=doing.passes_count,
        force_N=doing.force_N,
    )
    return Session(day_d=0, device=doing.device, strokes=(stroke,), endpoint=ENDPOINTS[0])


# A session as plans have it, which says how the skin is kept.
_SESSION_KIND = (_session(Doing("any", 1.0, 1, 1, 1.0), "any"),)


def in_outline(people: People, doings: Sequence[Doing]) -> Context:
    """The seam's notes for a plan of which only its devices and needle lengths matter."""
    zone = people.zones[0].finding.zone
    plan = people.idle.plan.model_copy(update={"sessions": tuple(_session(doing, zone) for doing in doings)})
    devices = tuple(people.belief.knowledge.device(doing.device) for doing in doings)
    return replace(people.idle, plan=plan, devices=devices)


def untouched_closed(people: People) -> Floats:
    """Time until a zone counts as closed that is assessed and not treated, s, float64[member]."""
    own = closing.half_lives(None, closing.is_covered(_SESSION_KIND), people.drawn)
    return np.asarray(closing.closed_times(own, people.drawn, people.models).max(axis=0))


@dataclass(frozen=True)
class Visits:
    """What each doing does to a zone at one visit that stops at an endpoint.

    Args:
        stimulus, done: ratio and share of the planned passes, float64[doing, member].
        shows: share of members that show more than each endpoint, float64[doing, endpoint].
        tracks: odds of track marks where the share of people with them is a half, float64[doing, member].
    """

    stimulus: Floats
    done: Floats
    shows: Floats
    tracks: Floats


class Ground:
    """Zones that are needled alike: same skin, same concern. All doings on them, laid once for each endpoint.

    Args:
        people: the ensemble. zones: places of the zones among the assessed ones. doings: every one that is used.
    """

    def __init__(self, people: People, zones: Sequence[int], doings: Sequence[Doing]) -> None:
        self.people, self.zones, self.doings = people, tuple(zones), tuple(doings)
        kb, first = people.belief.knowledge, people.zones[zones[0]]
        strokes = Strokes(people.zones, people.drawn)
        sessions = [_session(doing, first.finding.zone) for doing in doings]
        devices = [kb.device(doing.device) for doing in doings]
        rows = [
            strokes.row(tool_of(device, session.strokes[0], session.condition, people.models), zones[0])
            for device, session in zip(devices, sessions, strict=True)
        ]
        strokes.run(people.engine)
        self._raw = strokes.result[:, rows]
        radius_share = people.drawn["rolling-radius-share"]
        nothing = np.zeros(people.size)
        self._channels = np.array(
            [
                harms.roller_channels(device, session.strokes[0], radius_share) if device.kind == "roller" else nothing
                for device, session in zip(devices, sessions, strict=True)
            ]
        )
        self.length_mm = np.array([doing.needle_length_mm for doing in doings])
        self.kinds = tuple(device.kind for device in devices)
        self.rolls = np.array([kind == "roller" for kind in self.kinds])
        densest = self._raw[_DENSITY].max(axis=-1)
        self.in_range = np.array(
            [in_range((doing.needle_length_mm,), float(most), kb) for doing, most in zip(doings, densest, strict=True)]
        )
        self._visits: dict[int, Visits] = {}
        self._lock = Lock()  # schedules may be worked on side by side
        self._closed: dict[float, Floats] = {}

    def of(self, kind: str, length_mm: float) -> Iterator[Doing]:
        """Doings with a kind of device and a needle length."""
        for doing, own in zip(self.doings, self.kinds, strict=True):
            if own == kind and doing.needle_length_mm == length_mm:
                yield doing

    def visits(self, stop: int) -> Visits:
        """All doings, each stopped at an endpoint (its place in ``ENDPOINTS``)."""
        with self._lock:
            if stop not in self._visits:
                self._visits[stop] = self._lay(stop)
            return self._visits[stop]

    def _lay(self, stop: int) -> Visits:
        people, shape = self.people, self._raw.shape[1:]
        stimulus, strikes, done = np.empty(shape), np.empty(shape), np.empty(shape)
        planned = np.array([doing.planned for doing in self.doings])
        for passes in np.unique(planned):
            own = np.flatnonzero(planned == passes)
            side_by_side = self._raw[:, own].reshape(self._raw.shape[0], -1)
            made = visit_zone(
                [(side_by_side, int(passes))],
                ENDPOINTS[stop],
                _Repeated(people.drawn, own.size),
                to_endpoint=people.models.session == "to-endpoint",
            )
            stimulus[own] = made.measures[_STIMULUS].reshape(own.size, -1)
            strikes[own] = made.measures[_STRIKES].reshape(own.size, -1)
            done[own] = made.passes.reshape(own.size, -1) / max(made.planned, 1)
        seen = grades(stimulus, strikes, people.drawn)
        shows = np.stack([(seen > grade).mean(axis=-1) for grade in range(len(ENDPOINTS))], axis=-1)
        longest = to_si(1.0, "mm") * self.length_mm[:, None]
        even = np.full(people.size, _HALF)
        bony = people.zones[self.zones[0]].site.bony
        tracks = harms.track_odds(even, self._channels * done, longest, bony, people.drawn)
        return Visits(stimulus, done, shows, tracks)

    def closed(self, length_mm: float) -> Floats:
        """Time until the last kind of opening counts as closed after a needle's length, s, float64[member]."""
        if length_mm not in self._closed:
            drawn, models = self.people.drawn, self.people.models
            own = closing.half_lives(to_si(length_mm, "mm"), closing.is_covered(_SESSION_KIND), drawn)
            self._closed[length_mm] = np.asarray(closing.closed_times(own, drawn, models).max(axis=0))
        return self._closed[length_mm]


class _Repeated(dict[str, Floats]):
    """The draw with every member again and again, each name when it is asked for."""

    def __init__(self, drawn: Draw, times: int) -> None:
        super().__init__()
        self._drawn, self._times = drawn, times

    def __missing__(self, name: str) -> Floats:
        self[name] = np.tile(self._drawn[name], self._times)
        return self[name]


class Healed(NamedTuple):
    """How ways heal: S at the judging time, float64[way, member]; longest redness and inflammation, s."""

    residual: Floats
    calm: Floats


def heal(people: People, session_time: Floats, judge: float, stimulus: Floats) -> Healed:
    """All ways on all members, people side by side in few tasks.

    Args:
        session_time: s. judge: s. stimulus: float64[session, way, member].
    """
    beyond = float(people.drawn["forecast-beyond-judging"][0])
    if people.accuracy is None:
        last = float(session_time[-1])
        judges = [last + to_si(zone.indication.judge_after_last_d, "d") for zone in people.zones]
        return Healed(
            *_heal(people, session_time, report_times(session_time, np.array(judges), beyond), judge, stimulus)
        )
    residual, calm = _heal(people, session_time, np.unique([0.0, judge]), judge, stimulus)
    late = np.flatnonzero((calm >= judge - session_time[-1] - _CALM_S).any(axis=(0, 2)))
    if late.size and judge > session_time[-1]:
        longer = np.array([0.0, judge, judge + beyond])
        calm[:, late] = _heal(people, session_time, longer, judge, stimulus[:, late])[1]
    return Healed(residual, calm)


def heal_between(people: People, session_time: Floats, judge: float, once: Floats) -> Healed:
    """As :func:`heal`, where every session gives a member the same stimulus: read off a curve for each member.

    With the schedule given, what is left of a member's baseline is a curve over one number. It is worked out at some
    stimuli, even in u = ln(1 + s / s_0) up to the member's largest, and read by a cubic through the four nearest.
    Redness and inflammation are linear in the stimulus, so the times until calm are read off the answer to s = 1.

    Args:
        once: stimulus of each session, float64[way, member].
    """
    ways, members = once.shape
    if ways <= 2 * _NODES:
        return heal(people, session_time, judge, np.broadcast_to(once, (session_time.size, ways, members)))
    widest = np.maximum(np.log1p(once.max(axis=0) / _SMALL), _SMALL)
    nodes = _SMALL * np.expm1(np.linspace(0.0, 1.0, _NODES)[:, None] * widest)
    stimulus = np.broadcast_to(nodes, (session_time.size, _NODES, members))
    known, _ = _heal(people, session_time, np.unique([0.0, judge]), judge, stimulus)
    place = np.log1p(once / _SMALL) * ((_NODES - 1) / widest)
    first = np.clip(place.astype(np.int64) - 1, 0, _NODES - len(_CUBIC))
    x = place - first
    residual = np.zeros(once.shape)
    for own in _CUBIC:
        weight = np.ones(once.shape)
        for other in _CUBIC:
            if other != own:
                weight *= (x - other) / (own - other)
        residual += weight * known[first + own, np.arange(members)]
    return Healed(residual, _calm_times(people, session_time, judge, once))


def _calm_times(people: People, session_time: Floats, judge: float, once: Floats) -> Floats:
    """Longest redness and inflammation after a session, s, float64[2, way, member], from the answer to s = 1.

    The answer falls below limit / s for the last time where its largest value from then on does.
    """
    drawn = people.drawn
    end = judge + float(drawn["forecast-beyond-judging"][0])
    gaps = np.append(np.diff(session_time), end - session_time[-1])
    since = np.append(0.0, np.geomspace(_SOON * gaps.max(), gaps.max(), _LOOKS))
    ends = [np.append(since[since < gap], gap * (1 - _JUST)) for gap in gaps]
    reports = np.unique(
        np.concatenate([[0.0, end], *(start + own for start, own in zip(session_time, ends, strict=True))])
    )
    ones = np.ones((session_time.size, people.size))
    task = Task(session_time, reports, ones, np.zeros_like(ones), np.ones((len(OPENINGS), people.size)))
    accuracy = people.accuracy or FINE
    [(shown, _)] = people.engine.heal([task], people.rates, accuracy=accuracy, measures=("erythema", "inflammation"))
    times = np.unique(np.concatenate(ends))
    largest = np.zeros((len(CALM), times.size, people.size))
    for start, own in zip(session_time, ends, strict=True):
        seen = shown[:, np.searchsorted(reports, start + own)]
        later = np.maximum.accumulate(seen[:, ::-1], axis=1)[:, ::-1]
        at = np.searchsorted(own, times)  # the first look that is not before a time
        inside = at < own.size
        largest[:, inside] = np.maximum(largest[:, inside], later[:, at[inside]])
    found = np.empty((len(CALM), *once.shape))
    with np.errstate(divide="ignore"):
        for row, name in enumerate(("visible-redness", "calm-inflammation")):
            for member, limit in enumerate(drawn[name].tolist()):
                level = limit / once[:, member]
                found[row, :, member] = np.interp(level, largest[row, ::-1, member], times[::-1], right=0.0)
    return found


def _heal(
    people: People, session_time: Floats, report_time: Floats, judge: float, stimulus: Floats
) -> tuple[Floats, Floats]:
    sessions, ways, members = stimulus.shape
    residual, calm = np.empty((ways, members)), np.empty((len(CALM), ways, members))
    together = max(1, _LANES // members)
    at = int(np.searchsorted(report_time, judge))
    accuracy = people.accuracy or FINE
    for first in range(0, ways, together):
        part = slice(first, min(first + together, ways))
        lanes = (part.stop - first) * members
        task = Task(
            session_time=session_time,
            report_time=report_time,
            stimulus=np.ascontiguousarray(stimulus[:, part]).reshape(sessions, lanes),
            opening=np.zeros((sessions, lanes)),  # open channels are known in closed form
            half_life=np.ones((len(OPENINGS), lanes)),
        )
        again = np.tile(people.rates, (1, part.stop - first))
        [(measures, calm_times)] = people.engine.heal([task], again, accuracy=accuracy, measures=("residual",))
        residual[part] = measures[0, at].reshape(-1, members)
        calm[:, part] = calm_times.reshape(len(CALM), -1, members)
    return residual, calm


def gains(people: People, zone: int, residual: Floats, session_time: Floats, stimulus: Floats, judge: float) -> Floats:
    """Improvement of one zone at its judging time in meaningful changes, float64[way, member]; NaN without forecast.

    Args:
        zone: its place. residual: float64[way, member]. stimulus: float64[session, way, member]. judge: s.
    """
    ways, members = residual.shape
    start = people.baselines[zone]
    again = replace(
        people.idle,
        belief=people.belief.with_members(np.tile(people.belief.members, ways)),
        drawn=_Repeated(people.drawn, ways),
        zones=people.zones[zone : zone + 1],
        baselines=(replace(start, values=np.tile(start.values, ways)),),
    )
    seen = outcomes.score(
        again,
        0,
        residual.reshape(-1, 1),
        np.array([judge]),
        session_time,
        stimulus.reshape(stimulus.shape[0], -1),
        np.tile(people.reference.by_zone[zone], ways),
    )
    found = outcomes.gain(people.zones[zone], again.baselines[0], seen[:, 0])
    return np.full(residual.shape, np.nan) if found is None else found.reshape(ways, members)
