"""Planning sessions, pictures and sheets that are kept warm in this process; none is the only copy of anything."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import BoundedSemaphore, Lock
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar

from needling.documents import Case, Choice, Goals, Plan
from needling.errors import BadInput
from needling.planning.propose import propose
from needling.report.figures import Figure, all_figures
from needling.web.pages import knowledge
from needling.whatif import PlanningSession

if TYPE_CHECKING:
    from needling.web.plans.basis import Basis

V = TypeVar("V")
SESSIONS_KEPT = 8  # each holds at most 64 MiB of healing
PICTURES_KEPT = 48
MAPS_KEPT = 16
PEOPLE = 256
"""Possible people that a session simulates when nobody asks for another number."""
ZONES_TIMES_PEOPLE = 8192
"""A session of so many takes about 1.5 GB while it begins."""
_TURN = BoundedSemaphore(2)


class Kept(Generic[V]):
    """The last values by key; one thread makes a value, others that ask for the same one wait for it."""

    _all: ClassVar[list[Kept[Any]]] = []

    def __init__(self, most: int) -> None:
        self._all.append(self)
        self._most = most
        self._held: OrderedDict[Hashable, V] = OrderedDict()
        self._making: dict[Hashable, Lock] = {}
        self._lock = Lock()

    def get(self, key: Hashable, make: Callable[[], V]) -> V:
        """The value of a key, made when it is not there."""
        with self._lock:
            if key in self._held:
                self._held.move_to_end(key)
                return self._held[key]
            own = self._making.setdefault(key, Lock())
        with own:
            with self._lock:
                if key in self._held:
                    return self._held[key]
            try:
                made = make()
                with self._lock:
                    self._held[key] = made
                    while len(self._held) > self._most:
                        self._held.popitem(last=False)
            finally:
                with self._lock:
                    self._making.pop(key, None)
            return made

    @classmethod
    def forget(cls) -> None:
        """Nothing is held in this process any more, as after somebody was erased."""
        for kept in cls._all:
            with kept._lock:
                kept._held.clear()


_SESSIONS: Kept[PlanningSession] = Kept(SESSIONS_KEPT)
_PICTURES: Kept[dict[str, Figure]] = Kept(PICTURES_KEPT)
_MAPS: Kept[dict[str, Figure]] = Kept(MAPS_KEPT)


def begun(case: Case, **options: Any) -> PlanningSession:
    """A new planning session. Few begin at once: the more zones and people, the more memory each takes while it does.

    Raises:
        BadInput: too many zones for so many people.
    """
    zones, people = len(case.assessment.zones), options.get("members", PEOPLE)
    if zones * people > ZONES_TIMES_PEOPLE:
        most = ZONES_TIMES_PEOPLE // zones
        raise BadInput(f"{people} possible people with {zones} zones are too many here; ask for {most} at most")
    with _TURN:
        return PlanningSession(case, knowledge(), **options)


def planning(basis: Basis, goals: Goals, start: Plan | None = None) -> PlanningSession:
    """The planning session of these answers, findings and goals, from the default choice or from a plan."""
    key = basis.who.sha256, basis.found.sha256, goals.sha256, start.sha256 if start is not None else ""
    return _SESSIONS.get(key, lambda: begun(basis.case(goals), plan=start))


def candidates(session: PlanningSession) -> dict[str, Plan]:
    """The plans that the choice was made among, by their hash."""
    case = session.case
    plans = propose(case.person, case.assessment, session.clearance, session.kb, case.goals)
    return {plan.sha256: plan for plan in plans}


def pictures(choice: Choice) -> dict[str, Figure]:
    """Every figure of a plan with its forecast, drawn once."""
    key = choice.plan.sha256, choice.forecast.sha256, choice.goals.sha256
    return _PICTURES.get(key, lambda: all_figures(choice, knowledge(), None))


def channel_pictures(plan: Plan) -> dict[str, Figure]:
    """Where the channels of the first session lie, with both area histograms, drawn once for a way of rolling."""
    from needling.report.maps import map_figures
    from needling.simulation import picture_of

    if not plan.sessions:
        return {}
    session = plan.sessions[0]
    stroke = session.strokes[0].model_copy(update={"zone": "zone"})

    def draw() -> dict[str, Figure]:
        channels = picture_of(plan, knowledge())
        return {} if channels is None else map_figures(channels)

    return _MAPS.get((session.device, session.condition, stroke.sha256), draw)
