"""One person's possible people, drawn once and kept: plans run on them as often as wanted, each as if run alone.

What does not depend on a plan (draws, baselines, reference sessions) is made when the ensemble is; what depends on one
zone's part of a plan (its healing) is kept while there is room, so that an unchanged zone is not healed again.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import replace
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from needling.documents import Assessment, Person, Plan
from needling.simulation import bind, engines
from needling.simulation.belief import Belief
from needling.simulation.course import Course
from needling.simulation.engines import STROKE_MEASURES, Engine, Task
from needling.simulation.equations import healing
from needling.simulation.models import Models
from needling.simulation.seam import outcomes
from needling.simulation.seam.context import Context, Zone
from needling.simulation.seam.endpoints import reference_stimulus
from needling.simulation.seam.laying import lay, rows_of, spatial_factors, visits_of
from needling.simulation.seam.person import modified
from needling.simulation.seam.tools import Strokes, reference_tool

Floats = NDArray[np.float64]
Healed = tuple[Floats, Floats]
_ROOM_BYTES = 2**26  # numerical: memory that kept healing may take, 64 MiB
_DIGEST_BYTES = 20  # numerical: two tasks of one digest do not happen


class Kept:
    """Results by a key, the least recently used dropped first when their memory is full; safe between threads.

    Args:
        room: bytes that all results together may take; a single larger one is not kept.
    """

    def __init__(self, room: int) -> None:
        self.room = room
        self.used = 0
        self._held: OrderedDict[bytes, tuple[Healed, int]] = OrderedDict()
        self._lock = Lock()

    def __len__(self) -> int:
        return len(self._held)

    def find(self, key: bytes) -> Healed | None:
        """The result of a key, or None."""
        with self._lock:
            if key not in self._held:
                return None
            self._held.move_to_end(key)
            return self._held[key][0]

    def keep(self, key: bytes, result: Healed) -> None:
        """Keep a result, dropping old ones until it fits. Kept arrays are read-only: every course shares them."""
        size = sum(part.nbytes for part in result)
        if size > self.room:
            return
        for part in result:
            part.flags.writeable = False
        with self._lock:
            if key in self._held:
                return
            self._held[key] = result, size
            self.used += size
            while self.used > self.room:
                self.used -= self._held.popitem(last=False)[1][1]


def _digest(task: Task) -> bytes:
    """The name of one zone's part of a plan: a hash of everything that its healing is made from."""
    found = hashlib.blake2b(digest_size=_DIGEST_BYTES)
    for part in (task.session_time, task.report_time, task.stimulus, task.opening, task.half_life):
        found.update(repr(part.shape).encode())
        found.update(np.ascontiguousarray(part).tobytes())
    return found.digest()


class Ensemble:
    """One person, one assessment, one belief, one key: everything that all plans of a session share.

    Its courses are those of :func:`needling.simulation.bind.simulate_many`, number for number. Safe between threads:
    what is made at the start never changes, and what is kept later lies behind a lock.

    Args:
        person, assessment: who, and what was found. belief: the ensemble. key: of the random numbers.
        models: which sub-models run; "spatial" is not among them, for it needs the caller's maps.
        room: bytes that kept healing may take.

    Raises:
        BadInput: an unknown site or concern, or the model "spatial".
    """

    def __init__(
        self,
        person: Person,
        assessment: Assessment,
        belief: Belief,
        *,
        key: int = 0,
        models: Models | None = None,
        room: int = _ROOM_BYTES,
    ) -> None:
        self.person, self.assessment, self.belief, self.key = person, assessment, belief, key
        self.models = models or Models()
        self.kept = Kept(room)
        self._engine: Engine = engines.engine("lanes")
        self.zones: tuple[Zone, ...] = bind._zones(assessment, belief.knowledge)
        self._drawn = modified(belief.draw(key), person, assessment)
        self._rates = np.array([self._drawn[name] for name in healing.PARAMETERS])
        self._factors = spatial_factors(self.zones, None, self.models, belief.members.size)
        self._baselines = tuple(outcomes.baseline(zone, assessment, belief, key) for zone in self.zones)
        self._reference = self._reference_sessions()

    def _reference_sessions(self) -> bind._Reference:
        """The sessions that doses, pain and published means are held against; they depend on no plan."""
        zones, drawn = self.zones, self._drawn
        wanted = [outcomes.reference_session(zone.indication, drawn) for zone in zones]
        usual = float(drawn["reference-length"][0]), outcomes.USUAL_ENDPOINT
        strokes = Strokes(zones, drawn)
        row_of = {
            length: strokes.row(reference_tool(drawn, length, self.models), len(zones))
            for length in {usual[0], *(length for length, _ in wanted)}
        }
        strokes.run(self._engine)
        stimulus = {
            session: reference_stimulus(strokes.result[:, row_of[session[0]]], session[1], drawn)
            for session in {usual, *wanted}
        }
        return bind._Reference(
            stimulus=stimulus[usual],
            depth=strokes.measure("depth", row_of[usual[0]]),
            density=strokes.measure("density", row_of[usual[0]]),
            by_zone=tuple(stimulus[session] for session in wanted),
        )

    def simulate(self, plans: Sequence[Plan], *, also: Floats | None = None) -> list[Course]:
        """Plans on these possible people, in one batch; plans that share a zone's part share its healing.

        Args:
            plans: of this person. also: times, s, at which every course is reported as well, so that courses of
                plans with other days can be subtracted; healing then stands on a finer grid and differs in the
                seventh digit from that of the plan alone.

        Raises:
            BadInput, OutOfRange: as :func:`needling.simulation.bind.simulate_many`.
        """
        kb, zones, drawn, models = self.belief.knowledge, self.zones, self._drawn, self.models
        strokes = Strokes(zones, drawn)
        visits = [visits_of(plan) for plan in plans]
        rows = [rows_of(own, zones, strokes, kb, models) for own in visits]
        if any(rows):
            strokes.run(self._engine)
        else:
            strokes.result = np.empty((len(STROKE_MEASURES), 0, self.belief.members.size))
        laid_of = [
            lay(own, plan_rows, strokes, self._factors, drawn, models)
            for own, plan_rows in zip(visits, rows, strict=True)
        ]
        tasks = [
            task for plan, laid in zip(plans, laid_of, strict=True) for task in bind._tasks(plan, zones, laid, drawn)
        ]
        if also is not None:
            tasks = [replace(task, report_time=np.union1d(task.report_time, also)) for task in tasks]
        healed = self._heal(tasks)
        courses = []
        for index, (plan, laid) in enumerate(zip(plans, laid_of, strict=True)):
            mine = slice(index * len(zones), (index + 1) * len(zones))
            context = Context(
                plan=plan,
                person=self.person,
                assessment=self.assessment,
                belief=self.belief,
                key=self.key,
                zones=zones,
                drawn=drawn,
                baselines=self._baselines,
                devices=tuple(kb.device(session.device) for session in plan.sessions),
                models=models,
            )
            courses.append(bind._course(context, tasks[mine], healed[mine], laid, self._reference))
        return courses

    def _heal(self, tasks: Sequence[Task]) -> list[Healed]:
        """Healing of every task: as kept, or worked out now, each different one once."""
        names = [_digest(task) for task in tasks]
        found = {name: self.kept.find(name) for name in names}
        new = {name: task for name, task in zip(names, tasks, strict=True) if found[name] is None}
        for name, result in zip(new, self._engine.heal(list(new.values()), self._rates) if new else (), strict=True):
            own = result
            if self.models.closure == "two-phase":
                own = bind._with_two_phases(new[name], own[0], self._drawn), own[1]
            found[name] = own
            self.kept.keep(name, own)
        return [healed for name in names if (healed := found[name]) is not None]
