"""A plan or nothing: more possible people are asked until the forecast can tell, or until it is enough.

Near "no treatment" the luck of a few hundred people would choose. So the plans that could be taken meet more people of
the same key (member *i* is the same in every ensemble). At all looks but the last a plan must be better or worse than
doing nothing by three standard errors, so that looking again and again does not find by chance what is not there; at
the last two are enough (as trials are stopped early after Haybittle and Peto). Where so many cannot tell either, the
first look stands, and the choice says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from needling.choosing.candidates import (
    Candidate,
    beats_nothing,
    best,
    mildest_of_equals,
    nearest_to_best,
    pool_of,
)
from needling.choosing.judging import Weighing
from needling.documents import Goals
from needling.simulation import Belief, simulate_many

GROWTH = (4, 32)  # times as many people as at the first look, at the second and at the third
MOST = 8192  # people of a further look
MOST_WITH_ZONES = 4 * MOST  # and times the zones of each, so that memory stays within what a page may take
SURE_AT_ONCE, SURE_AT_LAST = 3.0, 2.0  # standard errors


class Settled(NamedTuple):
    """What is taken of some candidates, and how it stands beside doing nothing.

    Args:
        chosen: of the candidates as given. equals: how many more are as good within the error of those who were asked.
        members: possible people who were asked. untold: the plan that so many cannot tell from doing nothing; None
            where they can. It is taken where those who were asked first were for a plan.
    """

    chosen: Candidate
    equals: int
    members: int
    untold: Candidate | None = None


def settle(candidates: Sequence[Candidate], weighing: Weighing, goals: Goals) -> Settled:
    """The mildest of the best plans where it is worth more than doing nothing, else doing nothing.

    Args:
        candidates: those that may be chosen. Where doing nothing is not among them, a plan is taken whatever its worth.
        weighing: weights and limits. goals: by which larger ensembles are judged.
    """
    beliefs = [candidates[0].course.context.belief, *_larger(candidates[0])]
    asked = beliefs[0].members.size
    first = Settled(*mildest_of_equals(candidates, weighing), asked)
    nothing = next((one for one in candidates if not one.plan.sessions), None)
    near = [one for one in candidates if one.plan.sessions]
    if nothing is None or not near:
        return first
    given = {one.card.plan_sha256: one for one in near}
    for belief in beliefs:
        if belief.members.size > asked:
            near = _meeting(belief, near, weighing, goals)
        mildest, equals = mildest_of_equals(near, weighing)
        ways = _distinct([mildest, best(near)])
        sureness = SURE_AT_LAST if belief is beliefs[-1] else SURE_AT_ONCE
        beats = [beats_nothing(one, weighing, sureness) for one in ways]
        if beats[0] or None not in beats:
            break
        near = ways if belief.members.size > asked else _distinct([*ways, *nearest_to_best(near)])
    members = belief.members.size
    if True in beats:
        return Settled(given[ways[beats.index(True)].card.plan_sha256], equals, members)
    if None in beats:
        untold = given[ways[beats.index(None)].card.plan_sha256]
        return Settled(untold if first.chosen.plan.sessions else nothing, equals, members, untold)
    return Settled(nothing, 0, members)


def _distinct(candidates: Sequence[Candidate]) -> list[Candidate]:
    return list({one.card.plan_sha256: one for one in candidates}.values())


def _larger(one: Candidate) -> list[Belief]:
    """The same people and more of them; none where that is not possible: people picked out, or one person's own."""
    context = one.course.context
    belief, count = context.belief, context.belief.members.size
    picked = belief.pool is not None or not np.array_equal(belief.members, np.arange(count))
    if picked or context.individuals is not None or context.models.stimulus == "spatial":
        return []
    most = min(MOST, MOST_WITH_ZONES // max(len(context.zones), 1))
    sizes = dict.fromkeys(min(count * times, most) for times in GROWTH)
    return [
        replace(  # as many readings of what is not known as before, each with more people
            belief,
            members=np.arange(size, dtype=np.int64),
            persons=belief.persons * size // count if belief.persons > 1 else 1,
        )
        for size in sizes
        if size > count
    ]


def _meeting(belief: Belief, near: Sequence[Candidate], weighing: Weighing, goals: Goals) -> list[Candidate]:
    """Some candidates on more people of the same key; the hard limits were judged before."""
    context = near[0].course.context
    plans = [one.plan for one in near]
    courses = simulate_many(plans, context.person, context.assessment, belief, key=context.key, models=context.models)
    return list(pool_of(plans, courses, goals, weighing).candidates)
