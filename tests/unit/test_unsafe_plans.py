"""Ways in which somebody might get a plan that nobody may do: every one is barred."""

from __future__ import annotations

import pytest
from tests.people import healthy

from needling.choosing import choose
from needling.comparing import compare
from needling.documents import Goals, Plan
from needling.errors import NeedlingError
from needling.knowledge import load_knowledge
from needling.planning.approve import approve
from needling.planning.envelope import breaches
from needling.planning.nearest import nearest
from needling.planning.propose import propose
from needling.planning.screen import screen
from needling.simulation import Belief, forecast, simulate, simulate_many

KB = load_knowledge()
BELIEF = Belief.prior(KB, members=64)


def made(**facts: object) -> tuple[tuple[Plan, ...], object, object, object]:
    person, assessment = healthy(KB, **facts)  # type: ignore[arg-type]
    clearance = screen(person, assessment, KB)
    return propose(person, assessment, clearance, KB), person, assessment, clearance


def with_session(plan: Plan, **changes: object) -> Plan:
    sessions = tuple(session.model_copy(update=changes) for session in plan.sessions)
    return plan.model_copy(update={"sessions": sessions})


def stronger(plan: Plan) -> Plan:
    strokes = tuple(
        one.model_copy(update={"needle_length_mm": 2.5, "passes_count": 9}) for one in plan.sessions[0].strokes
    )
    return with_session(plan, strokes=strokes)


def test_a_plan_outside_its_envelope_is_never_chosen() -> None:
    plans, person, assessment, clearance = made()
    listed = [plans[0], stronger(plans[-1]), plans[1]]
    courses = simulate_many(listed, person, assessment, BELIEF)  # type: ignore[arg-type]
    eager = Goals(harm_weight=0, downtime_weight=0, visits_weight=0)
    for given in (clearance, None):
        choice = choose(listed, courses, eager, clearance=given)  # type: ignore[arg-type]
        assert choice.plan.sha256 != listed[1].sha256
        assert "outside its envelope" in choice.scorecards[1].barred_by and not choice.scorecards[1].on_front


def test_a_plan_outside_its_envelope_neither_beats_nor_binds_another() -> None:
    """It pushes no other off the front, and no limit is told to stand in its way."""
    plans, person, assessment, clearance = made()
    listed = [*plans, stronger(plans[-1])]
    courses = simulate_many(listed, person, assessment, BELIEF)  # type: ignore[arg-type]
    goals = Goals(harm_weight=0, downtime_weight=0, max_redness_d=1.0)
    told = choose(listed, courses, goals, clearance=clearance)  # type: ignore[arg-type]
    alone = choose(plans, courses[:-1], goals, clearance=clearance)  # type: ignore[arg-type]
    assert [card.on_front for card in told.scorecards[:-1]] == [card.on_front for card in alone.scorecards]
    assert told.constraints == alone.constraints and told.closest == alone.closest and told.plan == alone.plan


def test_nobody_who_is_not_cleared_gets_sessions_by_choosing() -> None:
    plans, *_ = made()
    pregnant, seen = healthy(KB, pregnant=True)
    listed = [plans[0].model_copy(update={"person": pregnant.id}), plans[-1].model_copy(update={"person": pregnant.id})]
    courses = simulate_many(listed, pregnant, seen, BELIEF)
    assert not choose(listed, courses, Goals(harm_weight=0)).plan.sessions


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"condition": "worn"}, "needles"),
        ({"condition": "cheap"}, "unknown make"),
        ({"topicals": ("vitamin-c-ester",)}, "open skin"),
        ({"topicals": ("no-such-thing",)}, "open skin"),
    ],
    ids=["worn", "cheap", "active", "unknown"],
)
def test_worn_needles_and_what_may_not_go_on_open_skin_are_breaches(changes: dict[str, object], says: str) -> None:
    plans, person, assessment, clearance = made()
    wish = with_session(plans[-1], **changes)
    assert says in breaches(wish, clearance, KB)[0].what  # type: ignore[arg-type]
    with pytest.raises(NeedlingError):
        approve(wish, forecast(simulate(wish, person, assessment, BELIEF), wish), clearance, by="dr-a", kb=KB)  # type: ignore[arg-type]
    mended = nearest(wish, person, assessment, clearance, KB).plan  # type: ignore[arg-type]
    assert mended.sessions and not breaches(mended, clearance, KB)  # type: ignore[arg-type]


def test_whoever_is_not_cleared_gets_no_forecast_beside_another() -> None:
    plans, *_ = made()
    pregnant, seen = healthy(KB, pregnant=True)
    clearance = screen(pregnant, seen, KB)
    mine = plans[-1].model_copy(update={"person": pregnant.id, "clearance_sha256": clearance.sha256})
    nothing = propose(pregnant, seen, clearance, KB)[0]
    with pytest.raises(NeedlingError, match="not cleared"):
        compare(nothing, mine, pregnant, seen, BELIEF, key=0, kb=KB)
