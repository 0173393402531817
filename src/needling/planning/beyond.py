"""One step further than a plan goes: what stops a longer needle, more passes, more sessions or a shorter wait."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from needling.documents import Assessment, Citation, Clearance, Person, Plan, Session, Stroke
from needling.knowledge.base import Knowledge
from needling.planning.assemble import plan_from_sessions
from needling.planning.envelope import Breach, breaches
from needling.units import UNITS

_MORE = {
    "needle-length": "Longer needles",
    "directions": "More directions",
    "passes": "More passes",
    "sessions": "More sessions",
    "interval": "A shorter wait between sessions",
}


class Beyond(NamedTuple):
    """A plan one step beyond another, and what keeps from it. It is for comparison only, never to be proposed.

    Args:
        limit: ``needle-length``, ``directions``, ``passes``, ``sessions`` or ``interval``.
        what: the step and what is allowed instead. why: on what ground. plan: the step, outside its envelope or not.
    """

    limit: str
    what: str
    why: str
    sources: tuple[Citation, ...]
    plan: Plan


def one_step_beyond(
    plan: Plan, person: Person, assessment: Assessment, clearance: Clearance, kb: Knowledge
) -> tuple[Beyond, ...]:
    """The plan with one thing taken further, for each thing: what the envelope forbids, or no protocol has.

    Args:
        plan: inside its envelope, with sessions. person, assessment, clearance: whose it is. kb: limits and devices.

    Returns:
        One step for each limit, with the first thing that forbids it. A step inside the envelope says that no protocol
        has it; a caller leaves it out where it was a candidate.
    """
    found = []
    for limit, sessions in _steps(plan.sessions, kb):
        step = plan_from_sessions(sessions, plan.envelope, person, assessment, clearance, kb)
        found.append(_beyond(limit, breaches(step, clearance, kb), step))
    return tuple(found)


def _beyond(limit: str, stopping: tuple[Breach, ...], step: Plan) -> Beyond:
    if not stopping:
        return Beyond(limit, _MORE[limit], "the protocols of the trials here do not have it", (), step)
    first = stopping[0]
    return Beyond(limit, f"{first.what}: {first.allowed}", first.because, first.sources, step)


def _steps(sessions: tuple[Session, ...], kb: Knowledge) -> Iterator[tuple[str, tuple[Session, ...]]]:
    def more(field: str) -> Callable[[Session, Stroke], Stroke]:
        return lambda _, stroke: stroke.model_copy(update={field: getattr(stroke, field) + 1})

    def longer(session: Session, stroke: Stroke) -> Stroke:
        sold = sorted(kb.device(session.device).lengths_mm)
        next_mm = next((length for length in sold if length > stroke.needle_length_mm), stroke.needle_length_mm)
        return stroke.model_copy(update={"needle_length_mm": next_mm})

    changes = (("needle-length", longer), ("directions", more("directions_count")), ("passes", more("passes_count")))
    for limit, change in changes:
        stepped = tuple(
            session.model_copy(update={"strokes": tuple(change(session, stroke) for stroke in session.strokes)})
            for session in sessions
        )
        if stepped != sessions:
            yield limit, stepped
    days = sorted({session.day_d for session in sessions})
    if len(days) < 2:
        return
    gap = days[-1] - days[-2]
    last = [session for session in sessions if session.day_d == days[-1]]
    yield "sessions", (*sessions, *(session.model_copy(update={"day_d": days[-1] + gap}) for session in last))
    week = UNITS["wk"].si_factor / UNITS["d"].si_factor
    shorter = gap - week if gap > week else gap / 2
    share = shorter / gap
    yield "interval", tuple(session.model_copy(update={"day_d": session.day_d * share}) for session in sessions)
