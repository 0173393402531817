"""The person of the gallery: that of ``examples/acne-scars.yaml``, cleared for a clinic, and possible people."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from needling import Assessment, Belief, Clearance, Person, Plan, load_knowledge, read_case, screen, simulate
from needling.planning.assemble import plan_from_sentence
from needling.simulation import Course, Models

CASE = Path(__file__).parents[1] / "acne-scars.yaml"
DAY_S, HOUR_S = 86400.0, 3600.0
Floats = NDArray[np.float64]


@cache
def case() -> tuple[Person, Assessment, Clearance]:
    """The person, what was found, and what screening says."""
    kb = load_knowledge()
    found = read_case(CASE, kb)
    return found.person, found.assessment, screen(found.person, found.assessment, kb)


def planned(sentence: str, force_N: float | None = None) -> Plan:
    """A plan from a sentence like "1.5 mm roller, 4 directions x 4 passes, cheeks, every 6 weeks x 3"."""
    plan = plan_from_sentence(sentence, *case(), load_knowledge())
    if force_N is None:
        return plan
    pressed = [
        session.model_copy(
            update={"strokes": tuple(one.model_copy(update={"force_N": force_N}) for one in session.strokes)}
        )
        for session in plan.sessions
    ]
    return plan.model_copy(update={"sessions": tuple(pressed)})


@cache
def people(members: int = 256) -> Belief:
    """Possible people, as the knowledge has them."""
    return Belief.prior(load_knowledge(), members=members)


def course(plan: Plan, belief: Belief | None = None, *, as_planned: bool = False) -> Course:
    """The plan on possible people; ``as_planned`` does all passes, also after the endpoint is seen."""
    person, assessment, _ = case()
    models = Models(session="as-planned" if as_planned else "to-endpoint")
    return simulate(plan, person, assessment, belief or people(), models=models)


def after_last(found: Course, values: Floats, days: float) -> Floats:
    """A measure on the first zone some days after the last session, float64[member]."""
    when = found.session_time[-1] + days * DAY_S
    return np.array([np.interp(when, found.time, own) for own in values[:, 0]])
