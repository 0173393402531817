"""One person's possible people, drawn once and kept: plans run on them as often as wanted, each as if run alone.

What does not depend on a plan (draws, baselines, reference sessions) is made when the ensemble is; what depends on one
zone's part of a plan (its healing) is kept while there is room, so that an unchanged zone is not healed again.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Sequence
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from needling.documents import Assessment, Person, Plan
from needling.simulation.belief import Belief
from needling.simulation.course import Course
from needling.simulation.engines import Task
from needling.simulation.models import Models
from needling.simulation.seam.coursing import Healed, courses, healing_of
from needling.simulation.seam.people import people_of

Floats = NDArray[np.float64]
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
        self.people = people_of(person, assessment, belief, key=key, models=models)
        self.kept = Kept(room)
        self._new = healing_of(self.people)

    def simulate(self, plans: Sequence[Plan], *, also: Floats | None = None) -> list[Course]:
        """Plans on these possible people, in one batch; plans that share a zone's part share its healing.

        Args:
            plans: of this person. also: times, s, at which every course is reported as well, so that courses of
                plans with other days can be subtracted; healing then stands on a finer grid and differs in the
                seventh digit from that of the plan alone.

        Raises:
            BadInput, OutOfRange: as :func:`needling.simulation.bind.simulate_many`.
        """
        return courses(self.people, plans, self._heal, also=also)

    def _heal(self, tasks: Sequence[Task]) -> list[Healed]:
        """Healing of every task: as kept, or worked out now, each different one once."""
        names = [_digest(task) for task in tasks]
        found = {name: self.kept.find(name) for name in names}
        new = {name: task for name, task in zip(names, tasks, strict=True) if found[name] is None}
        for name, result in zip(new, self._new(list(new.values())) if new else (), strict=True):
            found[name] = result
            self.kept.keep(name, result)
        return [healed for name in names if (healed := found[name]) is not None]
