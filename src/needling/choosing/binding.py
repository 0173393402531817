"""What holds a choice back: each limit is taken away in turn, and the choice is made again without it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from needling.choosing.candidates import Candidate, Pool, best, mildest_of_equals, pool_of, worth_showing
from needling.choosing.judging import LIMITS, Limit
from needling.documents import Citation, Clearance, Constraint, Goals, Plan
from needling.knowledge.base import Knowledge
from needling.planning.beyond import one_step_beyond
from needling.planning.propose import propose
from needling.planning.wishes import WISHES
from needling.simulation import simulate_many

_AS_ASKED = "nothing: by this score doing nothing is as good or better; the routine is shown because you asked for one"
_NOT_SAID = "none: a stronger candidate would not be better by more than the forecast can tell"


def constraints_of(
    chosen: Candidate, pool: Pool, goals: Goals, clearance: Clearance | None = None
) -> tuple[Constraint, ...]:
    """The limits without which something else would be chosen, the one that costs most utility first.

    Hard limits and the endpoint are lifted among the candidates. With a clearance the wishes are lifted too, and the
    candidate of highest utility is taken one step beyond each limit of its envelope; those plans are simulated with the
    same luck.
    """
    found = [*_hard_limits(chosen, pool, goals), *_endpoint(chosen, pool)]
    if clearance is not None and chosen.found.gain_known and chosen.course.context.models.stimulus != "spatial":
        found += [*_wishes(chosen, pool, goals, clearance), *_envelope(chosen, pool, goals, clearance)]
    return tuple(constraint for _, constraint in sorted(found, key=lambda pair: -pair[0]))


def _without(
    limit: str,
    chosen: Candidate,
    others: Sequence[Candidate],
    pool: Pool,
    what: str,
    why: str,
    sources: tuple[Citation, ...] = (),
    proposal: bool = False,
) -> Iterator[tuple[float, Constraint]]:
    """The constraint, with the utility that it costs, where one of the others would be chosen beside the allowed."""
    if not others:
        return
    allowed = worth_showing(pool.allowed, pool.weighing)
    instead, _ = mildest_of_equals([*allowed, *others], pool.weighing)
    if any(instead is other for other in others) and instead.card.utility > chosen.card.utility:
        yield (
            instead.card.utility - chosen.card.utility,
            Constraint(
                limit=limit,
                what=what,
                why=why,
                sources=sources,
                proposal=proposal,
                plan=instead.card.plan,
                gain_low=instead.card.gain_low,
                gain_more=instead.card.gain_low - chosen.card.gain_low,
            ),
        )


def _hard_limits(chosen: Candidate, pool: Pool, goals: Goals) -> Iterator[tuple[float, Constraint]]:
    for limit in LIMITS:
        kept = pool.judged.without(limit)
        others = [
            one for place, one in enumerate(pool.candidates) if kept[place] and one.card.barred_by and one.possible
        ]
        others = [one for one in others if one.found.beyond_endpoint_probability <= pool.weighing.endpoint_share]
        if limit == "readiness":
            share = pool.weighing.ready_quantile
            what = "The skin is not ready sooner"
            why = f"{share:.0%} of the possible people must be closed, calm and past the pigment check"
            yield from _without(limit, chosen, others, pool, what, why, proposal=True)
        else:
            what = _wanted(limit, goals)
            yield from _without(limit, chosen, others, pool, what, "you asked for this limit")


def _wanted(limit: Limit, goals: Goals) -> str:
    return {
        "visits": f"At most {goals.max_visits_count} visits",
        "redness": f"At most {goals.max_redness_d or 0:g} days of redness after a session",
        "price": f"A total price of at most {goals.max_total_price or 0:g}",
        "readiness": "The skin is not ready sooner",
    }[limit]


def _endpoint(chosen: Candidate, pool: Pool) -> Iterator[tuple[float, Constraint]]:
    share = pool.weighing.endpoint_share
    others = [one for one in pool.allowed if one.found.beyond_endpoint_probability > share]
    if chosen.found.beyond_endpoint_probability > share or not chosen.found.gain_known:
        return
    why = f"more than {share:.0%} of the possible people would show more than the planned endpoint"
    yield from _without("endpoint", chosen, others, pool, "The endpoint", why, proposal=True)


# ---------------------------------------------------------------- with plans that are no candidates


def _simulated(plans: Sequence[Plan], chosen: Candidate, pool: Pool, goals: Goals) -> list[Candidate]:
    """Plans that are no candidates, judged like the candidates; those that keep every hard limit."""
    if not plans:
        return []
    context = chosen.course.context
    courses = simulate_many(
        plans, context.person, context.assessment, context.belief, key=context.key, models=context.models
    )
    others = pool_of(plans, courses, goals, pool.weighing).allowed
    return [one for one in others if one.found.beyond_endpoint_probability <= pool.weighing.endpoint_share]


def _strokes(plan: Plan) -> tuple[object, ...]:
    return tuple((session.day_d, session.device, session.strokes) for session in plan.sessions)


def _wishes(chosen: Candidate, pool: Pool, goals: Goals, clearance: Clearance) -> Iterator[tuple[float, Constraint]]:
    context = chosen.course.context
    kb: Knowledge = context.belief.knowledge
    known = {_strokes(one.plan) for one in pool.candidates}
    for wish, words in WISHES.items():
        wished = getattr(goals, wish)
        if wished is None:
            continue
        free = goals.model_copy(update={wish: None})
        plans = propose(context.person, context.assessment, clearance, kb, free)
        others = _simulated([plan for plan in plans if _strokes(plan) not in known], chosen, pool, goals)
        said = kb.device(wished).name if wish == "device" else f"{wished:g} {words.unit}".strip()
        yield from _without("wish", chosen, others, pool, f"{words.what}: {said}", "you asked for it")


def _envelope(chosen: Candidate, pool: Pool, goals: Goals, clearance: Clearance) -> Iterator[tuple[float, Constraint]]:
    strongest = best(worth_showing(pool.allowed, pool.weighing))
    if not strongest.plan.sessions:
        return
    context = chosen.course.context
    known = {_strokes(one.plan) for one in pool.candidates}
    steps = [
        step
        for step in one_step_beyond(
            strongest.plan, context.person, context.assessment, clearance, context.belief.knowledge
        )
        if _strokes(step.plan) not in known
    ]
    simulated = {one.plan.sha256: one for one in _simulated([step.plan for step in steps], chosen, pool, goals)}
    for step in steps:
        own = simulated.get(step.plan.sha256)
        others = [own] if own is not None else []
        yield from _without(step.limit, chosen, others, pool, step.what, step.why, step.sources)


# ---------------------------------------------------------------- in words


def binding_words(chosen: Candidate, pool: Pool, constraints: Sequence[Constraint], tried: bool) -> str:
    """What keeps the choice from being another one: a limit, a wish, the clearance, or nothing but its own merit."""
    if constraints:
        first = constraints[0]
        gained = f", careful gain {first.gain_low:.2f} instead of {chosen.card.gain_low:.2f}"
        more = gained if chosen.found.gain_known or not chosen.plan.sessions else ""
        return f"{first.what}: {first.why}; without that limit: {first.plan}{more}"
    if not chosen.plan.sessions:
        named = [reason.what for reason in (*chosen.plan.declined, *chosen.plan.rationale)]
        alone = len(pool.candidates) == 1
        if named and alone:
            return named[0]
        if alone:
            return "the clearance: no plan with sessions may be made now"
        return "no candidate's careful gain outweighs its cost"
    if not chosen.found.gain_known:
        return _longest_words(chosen, pool) if not tried and _longest_words(chosen, pool) else _AS_ASKED
    return _NOT_SAID if tried else _longest_words(chosen, pool) or _NOT_SAID


def _longest_words(chosen: Candidate, pool: Pool) -> str:
    """The limit of length that the chosen plan reaches, where nothing beyond it could be tried."""
    longest = max(_longest_mm(one.plan) for one in pool.candidates)
    if _longest_mm(chosen.plan) == longest:
        for reason in chosen.plan.rationale:
            if reason.what.startswith("Needle length") and f"at most {longest:g} mm" in reason.what:
                return f"{reason.what}. {reason.why}"
    return ""


def _longest_mm(plan: Plan) -> float:
    return max((stroke.needle_length_mm for session in plan.sessions for stroke in session.strokes), default=0.0)


def closest_words(pool: Pool, goals: Goals) -> str:
    """The candidate with sessions that comes closest to the hard limits, where none keeps them all; else empty.

    Closest is the one whose worst limit is passed by the smallest factor.
    """
    treated = [place for place, one in enumerate(pool.candidates) if one.plan.sessions]
    possible = [place for place in treated if pool.candidates[place].possible]
    if not possible or any(not pool.candidates[place].card.barred_by for place in treated):
        return ""
    over = pool.judged.over
    place = min(possible, key=lambda one: (float(over[:, one].max()), -pool.candidates[one].card.utility))
    card, numbers = pool.candidates[place].card, pool.judged.numbers(place)
    values = {
        "visits": f"{card.visits_count} visits",
        "redness": f"{card.redness_d:.1f} days of redness after a session",
        "price": f"a price of {card.total_price or 0:g}",
        "readiness": f"skin that is ready after {numbers.ready_d:.0f} days",
    }
    broken = [
        values[limit] for row, limit in enumerate(LIMITS) if over[row, place] > 1 and np.isfinite(over[row, place])
    ]
    return f"{card.plan}: {' and '.join(broken)}"
