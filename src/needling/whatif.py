"""What if: one input of a plan changed, and what that does to the same possible people, at once.

session = PlanningSession(read_case("examples/acne-scars.yaml"))
found = session.what_if(needle_length_mm=1.0, sessions=4)
found = session.what_if({"zone:cheek-left.passes_count": 3})
session.take(found)
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from threading import Lock
from typing import Literal, NamedTuple

from needling.choosing import choose, ensemble, price_of_plan
from needling.comparing import broken_limits, check_plan, compare, no_forecast_because, paired_numbers, plan_differences
from needling.documents import Case, Choice, Clearance, Forecast, Plan, Session, Stroke
from needling.documents.comparison import Comparison, InputChange, LimitBroken, PairedNumber, WhatIf
from needling.errors import NotAllowed
from needling.knowledge import load_knowledge
from needling.knowledge.base import Knowledge
from needling.planning.alter import Altered, Change, Input, Value, alter, inputs, read_changes
from needling.planning.assemble import plan_from_sentence
from needling.planning.nearest import nearest
from needling.planning.propose import propose
from needling.planning.screen import screen
from needling.simulation import Belief, Course, CourseResult, Models, forecast
from needling.simulation.seam.ensemble import Ensemble
from needling.simulation.seam.pairing import Numbers, numbers_of

OUTSIDE = "outside the envelope: not to be done"
Changes = Mapping[str, Value]
_PLANS_KEPT = 24  # plans whose course and forecast are kept: a slider moved to and fro
_MEMBERS = 256  # possible people unless asked otherwise
_Result = Literal["ok", "diverged", "out-of-range", "refused"]


class _Run(NamedTuple):
    """One plan on the ensemble."""

    course: Course
    forecast: Forecast
    numbers: Numbers | None
    """None where the course is not sound."""


class _Wish(NamedTuple):
    """One changed plan before anything is simulated."""

    changes: tuple[Change, ...]
    altered: Altered
    sha256: str
    limits: tuple[LimitBroken, ...]
    refused: str


class _Runs:
    """Courses and forecasts of the last plans, the least recently used dropped first; safe between threads."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._held: OrderedDict[str, _Run] = OrderedDict()
        self._lock = Lock()

    def __len__(self) -> int:
        return len(self._held)

    def find(self, sha256: str) -> _Run | None:
        """What is known of a plan, or None."""
        with self._lock:
            if sha256 in self._held:
                self._held.move_to_end(sha256)
            return self._held.get(sha256)

    def keep(self, sha256: str, run: _Run) -> None:
        """Keep one more, and drop the oldest where there are too many."""
        with self._lock:
            self._held[sha256] = run
            while len(self._held) > self._most:
                self._held.popitem(last=False)


class PlanningSession:
    """One person's planning, kept warm: change an input, and see at once what it does to the same possible people.

    Not to be confused with a :class:`~needling.documents.Session`, which is one visit: a planning session is somebody
    at a screen. What does not depend on a change (the draw, baselines, reference sessions, the healing of zones that
    stay as they are) is worked out once. Nothing that is kept ever changes a number: a what-if gives exactly what
    :func:`needling.simulation.simulate` gives for the same plan.

    Any number of threads may ask at the same time, as a web server does: there is no global state, kept results lie
    behind locks, and :meth:`take` swaps the current plan in one step; a question that is being answered keeps the plan
    that it began with, and names it (``before``). Memory is bounded: 64 MiB of healing, and the courses and forecasts
    of the last 24 plans.

    Args:
        case: person, assessment and goals. kb: the knowledge; the one in force when left out.
        key: of the random numbers. members: possible people.
        plan: to start from: a plan of this person, or a protocol sentence; the default choice when left out.
        models: which sub-models run.

    Raises:
        BadInput: a plan of another person or setting, or a sentence that cannot be read.
    """

    def __init__(
        self,
        case: Case,
        kb: Knowledge | None = None,
        *,
        key: int = 0,
        members: int = _MEMBERS,
        plan: Plan | str | None = None,
        models: Models | None = None,
    ) -> None:
        self.case = case
        self.kb = kb or load_knowledge()
        self.key = key
        self.clearance: Clearance = screen(case.person, case.assessment, self.kb)
        self.belief: Belief = ensemble(case.goals, self.kb, members)
        self.models = models
        self._ensemble = Ensemble(case.person, case.assessment, self.belief, key=key, models=models)
        self._runs = _Runs(_PLANS_KEPT)
        self._lock = Lock()
        self._choice: Choice | None = None
        self._plan = None if plan is None else self._own(plan)

    def _own(self, plan: Plan | str) -> Plan:
        case = self.case
        if isinstance(plan, str):
            return plan_from_sentence(plan, case.person, case.assessment, self.clearance, self.kb)
        check_plan(plan, f"'{plan.label}'", case.person, case.assessment, self.kb)
        return plan

    # ------------------------------------------------------------ where we are

    @property
    def choice(self) -> Choice:
        """The default: what the candidates of the envelope come to, as ``needling plan`` chooses."""
        with self._lock:
            if self._choice is None:
                case = self.case
                plans = propose(case.person, case.assessment, self.clearance, self.kb, case.goals)
                self._choice = choose(plans, self._ensemble.simulate(plans), case.goals, clearance=self.clearance)
            return self._choice

    @property
    def plan(self) -> Plan:
        """The current plan: what changes are held against."""
        return self._plan if self._plan is not None else self.choice.plan

    @property
    def forecast(self) -> Forecast:
        """Of the current plan.

        Raises:
            NotAllowed: a home plan outside the home envelope.
        """
        plan = self.plan
        if refused := no_forecast_because(plan, broken_limits(plan, self.clearance, self.kb)):
            raise NotAllowed(refused)
        sha256 = plan.sha256
        return self._run({sha256: plan})[sha256].forecast

    @property
    def inputs(self) -> Mapping[str, Input]:
        """Everything that may be changed, by name, with what is allowed: for forms and sliders."""
        return inputs(self.kb)

    def _run(self, plans: Mapping[str, Plan]) -> dict[str, _Run]:
        """Courses and forecasts of plans by their hash, the new ones in one batch."""
        found = {sha256: run for sha256 in plans if (run := self._runs.find(sha256)) is not None}
        new = {sha256: plan for sha256, plan in plans.items() if sha256 not in found}
        for sha256, course in zip(new, self._ensemble.simulate(list(new.values())) if new else (), strict=True):
            numbers = numbers_of(course) if course.result is CourseResult.OK else None
            found[sha256] = _Run(course, forecast(course, new[sha256]), numbers)
            self._runs.keep(sha256, found[sha256])
        return found

    # ------------------------------------------------------------ what if

    def what_if(self, changes: Changes | None = None, /, **more: Value) -> WhatIf:
        """The current plan with some inputs changed, and what that does.

        Args:
            changes, more: ``needle_length_mm``, ``directions_count``, ``passes_count``, ``sessions_count`` (or
                ``sessions``), ``interval_d`` (or ``interval_wk``), ``force_N``, ``device``, ``endpoint``, ``cover``,
                ``condition``; of one zone as ``"zone:cheek-left.passes_count"``. :attr:`inputs` lists what is allowed.

        Returns:
            The plan as changed, its breaches, its forecast, and paired differences from the current plan. Outside the
            envelope it is stamped and comes with the nearest plan inside; at home it then has no forecast.

        Raises:
            BadInput: an unknown input or zone, a value that is not allowed, or nothing to change.
            NotAllowed: there is no session to change, because the person is not cleared or questions are open.
        """
        return self.what_if_many([{**(changes or {}), **more}])[0]

    def what_if_many(self, many: Sequence[Changes]) -> list[WhatIf]:
        """As :meth:`what_if`, several changes of the same current plan in one batch."""
        before = self.plan
        wishes = [self._wish(before, changes) for changes in many]
        wanted = {wish.sha256: wish.altered.plan for wish in wishes if not wish.refused}
        sha256 = before.sha256
        if not no_forecast_because(before, broken_limits(before, self.clearance, self.kb)):
            wanted[sha256] = before
        runs = self._run(wanted)
        return [self._told(before, runs.get(sha256), wish, runs.get(wish.sha256)) for wish in wishes]

    def _wish(self, before: Plan, changes: Changes) -> _Wish:
        case, kb = self.case, self.kb
        read = read_changes(changes, case.assessment, kb)
        if read and not before.sessions and self.clearance.verdict != "go":
            raise NotAllowed(_no_session_because(self.clearance, kb))
        altered = alter(before, read, case.person, case.assessment, self.clearance, kb)
        limits = broken_limits(altered.plan, self.clearance, kb)
        return _Wish(read, altered, altered.plan.sha256, limits, no_forecast_because(altered.plan, limits))

    def _told(self, before: Plan, first: _Run | None, wish: _Wish, second: _Run | None) -> WhatIf:
        plan, goals = wish.altered.plan, self.case.goals
        result: _Result = "refused"
        advice = wish.refused
        numbers: tuple[PairedNumber, ...] = ()
        unpaired: tuple[str, ...] = ()
        if second is not None:
            result = second.course.result.value
            advice = second.course.result.advice if result != "ok" else ""
            if first is not None and first.numbers is not None and second.numbers is not None:
                prices = price_of_plan(before, goals), price_of_plan(plan, goals)
                numbers, unpaired = paired_numbers(first.numbers, second.numbers, self.kb, prices)
        instead = None
        if wish.limits:
            instead = nearest(plan, self.case.person, self.case.assessment, self.clearance, self.kb).plan
        return WhatIf(
            changes=tuple(_change(one, before, plan, self.inputs) for one in wish.changes),
            follows=wish.altered.follows,
            before=before,
            plan=plan,
            plan_differences=plan_differences(before, plan, self.kb),
            breaches=wish.limits,
            stamp=OUTSIDE if wish.limits else "",
            result=result,
            advice=advice,
            forecast=second.forecast if second is not None else None,
            numbers=numbers,
            unpaired=unpaired,
            nearest=instead,
            nearest_differences=plan_differences(plan, instead, self.kb) if instead is not None else (),
        )

    # ------------------------------------------------------------ going on

    def take(self, found: WhatIf | Plan) -> Plan:
        """Make a what-if's plan (or any plan inside the envelope, as its ``nearest``) the current one.

        Raises:
            NotAllowed: a plan outside its envelope. BadInput: a plan of another person, setting or knowledge.
        """
        plan = self._own(found.plan if isinstance(found, WhatIf) else found)
        limits = broken_limits(plan, self.clearance, self.kb)
        if limits:
            told = "\n".join(f"- {one.what}: {one.allowed} ({one.because})" for one in limits)
            raise NotAllowed(f"this plan lies {OUTSIDE}:\n{told}\ntake the nearest plan inside instead (`nearest`)")
        with self._lock:
            self._plan = plan
        return plan

    def compare(self, other: WhatIf | Plan) -> Comparison:
        """The current plan and another one side by side in full: over time, with maps and scorecards."""
        plan = other.plan if isinstance(other, WhatIf) else other
        case = self.case
        return compare(
            self.plan,
            plan,
            case.person,
            case.assessment,
            self.belief,
            key=self.key,
            kb=self.kb,
            goals=case.goals,
            models=self.models,
            names=("now", "changed"),
        )


# ---------------------------------------------------------------- words


_TOLD = 3  # reasons or questions that are named; the rest is counted


def _no_session_because(clearance: Clearance, kb: Knowledge) -> str:
    """Why there is no session to change: open questions, or what speaks against it."""
    if clearance.verdict == "ask":
        facts = kb.by("facts")
        why = [facts[ask.fact].ask if ask.fact in facts else ask.fact for ask in clearance.asks]
        lead, then = "questions are open, and an open question never counts as a no", "answer them first"
    else:
        why = [
            one.because for one in clearance.decisions if one.action in ("exclude", "exclude_home", "refer", "defer")
        ]
        lead, then = f"the person is not cleared (verdict '{clearance.verdict}')", "nothing can be tried out meanwhile"
    named = list(dict.fromkeys(said.rstrip(".") for said in why))
    more = f"; and {len(named) - _TOLD} more" if len(named) > _TOLD else ""
    listed = f": {'; '.join(named[:_TOLD])}{more}" if named else ""
    return f"there is no session to change, because {lead}{listed}; {then} (`needling screen` says all of it)"


_OF_SESSION: dict[str, Callable[[Session], str]] = {
    "device": lambda session: session.device,
    "endpoint": lambda session: session.endpoint,
    "cover": lambda session: session.cover,
    "condition": lambda session: session.condition,
}


def _value_of(plan: Plan, change: Change, one: Input) -> str:
    """What a plan has for one input on some zones, in words; several values in the order of the days."""
    pairs: list[tuple[Session, Stroke]] = [
        (session, stroke)
        for session in sorted(plan.sessions, key=lambda session: session.day_d)
        for stroke in session.strokes
        if change.zones is None or stroke.zone in change.zones
    ]
    days = sorted({session.day_d for session, _ in pairs})
    if one.name == "sessions_count":
        said = [str(len(days))]
    elif one.name == "interval_d":
        said = [f"{after - before:g}" for before, after in pairwise(days)] or ["no gap"]
    elif one.name in _OF_SESSION:
        said = [_OF_SESSION[one.name](session) for session, _ in pairs]
    else:
        said = [f"{getattr(stroke, one.name):g}" for _, stroke in pairs]
    listed = ", then ".join(dict.fromkeys(said)) or "nothing"
    return f"{listed} {one.unit}" if one.unit and listed[0].isdigit() else listed


def _change(change: Change, before: Plan, after: Plan, known: Mapping[str, Input]) -> InputChange:
    one = known[change.name]
    return InputChange(
        input=change.name,
        zones=change.zones or (),
        before=_value_of(before, change, one),
        after=_value_of(after, change, one),
    )
