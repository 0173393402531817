"""A course that has begun: screened anew, paused for marks, later for slow healing, stopped when it is not worth it."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.people import healthy
from typer.testing import CliRunner

from needling.cli import build
from needling.documents import Approval, Assessment, Event, Fact, Goals, Plan, ScaleScore, SessionRecord
from needling.errors import BadInput
from needling.knowledge import load_knowledge
from needling.learning import Adapted, adapt, recalibrate, score
from needling.learning.alarms import events_held
from needling.learning.continuing import begun, continuations, is_milder, restated, taken_over
from needling.learning.standing import again_rule, answers_of
from needling.planning.approve import approve
from needling.planning.envelope import breaches
from needling.planning.propose import propose
from needling.planning.screen import screen
from needling.report.about_learning import adapted_explanation
from needling.simulation import Belief, forecast, simulate
from needling.simulation.learned import Told

KB = load_knowledge()
BELIEF = Belief.prior(KB)
SCALE = "goodman-baron-qualitative"
ZONES = (("cheek-left", "acne-scars-rolling", 40.0), ("cheek-right", "acne-scars-rolling", 40.0))
EAGER = Goals(visits_weight=0.05, downtime_weight=0.05, harm_weight=0.3)
KEEN = Goals(visits_weight=0.02, downtime_weight=0.02, harm_weight=0.1)


@pytest.fixture(scope="module")
def approval() -> Approval:
    """Six sessions, four weeks apart."""
    scores = tuple({"scale": SCALE, "zone": zone, "value": 3} for zone, _, _ in ZONES)
    person, assessment = healthy(KB, zones=ZONES, scores=scores)
    clearance = screen(person, assessment, KB)
    plans = propose(person, assessment, clearance, KB)
    plan = next(plan for plan in plans if [session.day_d for session in plan.sessions] == [28.0 * n for n in range(6)])
    expected = forecast(simulate(plan, person, assessment, BELIEF), plan)
    return approve(plan, expected, clearance, by="dr-a", at=datetime(2026, 1, 15, tzinfo=UTC), kb=KB)


def records(approval: Approval, count: int, **change: Any) -> list[SessionRecord]:
    return [
        SessionRecord.model_validate(
            {
                "approval": approval.sha256,
                "session": place,
                "on": approval.plan.start + timedelta(days=session.day_d),
                "device": session.device,
                "strokes": session.strokes,
                "by": "nurse",
                **change,
            }
        )
        for place, session in enumerate(approval.plan.sessions[:count])
    ]


AGAIN = again_rule(KB).asks
MARKS = "marks_after_needling"


def seen(approval: Approval, day: float, value: float | None = None, silent: bool = False, **facts: Any) -> Assessment:
    """A look at both cheeks that answers quietly all that is asked again, but for what is given."""
    first = approval.forecast.assessment
    definitions = KB.by("facts")
    quiet = {} if silent else {name: definitions[name].quiet for name in AGAIN}
    told = {**quiet, **facts}

    def of(scope: str) -> tuple[Fact, ...]:
        return tuple(Fact(name=name, value=told[name]) for name in told if definitions[name].scope == scope)

    return first.model_copy(
        update={
            "on": approval.plan.start + timedelta(days=day),
            "scores": tuple(ScaleScore(scale=SCALE, zone=zone, value=value) for zone, _, _ in ZONES if value),
            "facts": of("person"),
            "zones": tuple(finding.model_copy(update={"facts": of("zone")}) for finding in first.zones),
        }
    )


def with_zone(look: Assessment, place: int, **facts: Any) -> Assessment:
    """The look with other answers on one of its zones; None takes one away."""
    zones = list(look.zones)
    kept = tuple(fact for fact in zones[place].facts if fact.name not in facts)
    new = tuple(Fact(name=name, value=answer) for name, answer in facts.items() if answer is not None)
    zones[place] = zones[place].model_copy(update={"facts": (*kept, *new)})
    return look.model_copy(update={"zones": tuple(zones)})


def marked(approval: Approval, count: int, *events: Event) -> list[SessionRecord]:
    """Records with events after the last session."""
    done = records(approval, count)
    return [*done[:-1], done[-1].model_copy(update={"events": events})]


def missed(approval: Approval, session: int) -> SessionRecord:
    """A planned session that was not done."""
    one = records(approval, session + 1)[-1]
    return one.model_copy(update={"strokes": (), "deviations": ("on holiday",)})


def said(adapted: Adapted) -> str:
    return " ".join(f"{reason.what} {reason.why}" for reason in adapted.reasons)


def gaps(plan: Plan) -> list[float]:
    return [after - before for before, after in pairwise(session.day_d for session in plan.sessions)]


# ---------------------------------------------------------------- going on, changing, stopping


def test_a_usual_course_goes_on_as_planned_and_can_be_approved_again(approval: Approval) -> None:
    found = adapt(approval, records(approval, 2), [seen(approval, 50, 2.6)], BELIEF, KB, goals=EAGER)
    assert found.kind == "go-on" and not found.changed
    assert found.plan is not None and found.choice is not None
    assert [one.day_d for one in found.plan.sessions] == [one.day_d for one in approval.plan.sessions]
    assert found.learned is not None and found.learned.accepted and "still prior" in said(found)
    again = approve(found.plan, found.choice.forecast, found.clearance, by="dr-a", kb=KB)
    assert [record.session for record in restated(records(approval, 2), again)] == [0, 1]
    assert recalibrate(BELIEF, again, restated(records(approval, 2), again), [seen(again, 50, 2.6)]).report.accepted


def test_a_plateau_stops_the_course(approval: Approval) -> None:
    done = records(approval, 4)
    found = adapt(approval, done, [seen(approval, 105, 1.2)], BELIEF, KB)
    assert found.kind == "stop" and found.plan is not None
    assert len(found.plan.sessions) == 4 and "not worth its cost" in said(found)
    assert "cost as much as" in said(found)


def test_weights_decide_between_stopping_and_going_on(approval: Approval) -> None:
    look, done = [seen(approval, 50, 2.6)], records(approval, 2)
    tired = Goals(visits_weight=5, downtime_weight=5)
    assert adapt(approval, done, look, BELIEF, KB, goals=KEEN).kind in ("go-on", "change")
    assert adapt(approval, done, look, BELIEF, KB, goals=tired).kind == "stop"


def test_a_finished_course_has_nothing_to_adapt(approval: Approval) -> None:
    found = adapt(approval, records(approval, 6), [seen(approval, 200, 1.5)], BELIEF, KB)
    assert not found.changed and found.plan is None and "complete" in said(found)


# ---------------------------------------------------------------- screening first


def test_what_is_new_is_screened_and_what_is_not_known_is_asked(approval: Approval) -> None:
    done = records(approval, 2)
    infected = seen(approval, 50, 2.6, active_infection=True)
    found = adapt(approval, done, [infected], BELIEF, KB, goals=EAGER)
    assert found.kind == "pause" and found.plan is None and found.choice is None
    open_now = adapt(approval, done, [seen(approval, 50, 2.6, isotretinoin=None)], BELIEF, KB, goals=EAGER)
    assert open_now.kind == "ask" and "isotretinoin" in said(open_now)  # "no" months ago is not "no" now


def test_without_a_look_at_every_zone_nothing_is_proposed(approval: Approval) -> None:
    with pytest.raises(BadInput, match="without a follow-up"):
        adapt(approval, records(approval, 2), [], BELIEF, KB)
    look = seen(approval, 50, 2.6)
    with pytest.raises(BadInput, match="says nothing of cheek-right"):
        adapt(approval, records(approval, 2), [look.model_copy(update={"zones": look.zones[:1]})], BELIEF, KB)
    with pytest.raises(BadInput, match="of 'p-2'"):
        adapt(approval, records(approval, 2), [look.model_copy(update={"person": "p-2"})], BELIEF, KB)


# ---------------------------------------------------------------- marks


DARK = Event(harm="pih-iv-v", grade=2, after_d=14)


def test_marks_pause_the_course_until_they_are_gone_and_then_it_is_milder(approval: Approval) -> None:
    done = marked(approval, 2, DARK)
    answers = {
        there: adapt(approval, done, [seen(approval, 50, 2.6, **{MARKS: there})], BELIEF, KB, goals=KEEN)
        for there in (True, None, False)
    }
    assert answers[True].kind == "pause" and "until they are gone" in said(answers[True])
    assert answers[None].kind == "ask" and "Not known whether they are gone" in said(answers[None])
    milder = answers[False]
    assert milder.kind in ("change", "stop") and milder.plan is not None
    before = approval.plan.sessions[0].strokes[0]
    for session in milder.plan.sessions[2:]:
        for stroke in session.strokes:
            assert stroke.passes_count < before.passes_count or stroke.needle_length_mm < before.needle_length_mm
    assert any(citation.key == "dogra2014" for reason in milder.reasons for citation in reason.sources)


def test_marks_are_gone_when_every_zone_says_so(approval: Approval) -> None:
    look = with_zone(seen(approval, 50, 2.6), 1, **{MARKS: None})
    found = adapt(approval, marked(approval, 2, DARK), [look], BELIEF, KB, goals=KEEN)
    assert found.kind == "ask" and "cheek-right" in said(found) and "gone (cheek-right)" in said(found)


def test_marks_found_without_an_event_pause_as_well(approval: Approval) -> None:
    there, gone = seen(approval, 40, 2.6, **{MARKS: True}), seen(approval, 50, 2.6)
    assert adapt(approval, records(approval, 2), [there], BELIEF, KB, goals=KEEN).kind == "pause"
    silent = seen(approval, 50, 2.6, silent=True)
    assert adapt(approval, records(approval, 2), [there, silent], BELIEF, KB, goals=KEEN).kind == "pause"
    later = adapt(approval, records(approval, 2), [there, gone], BELIEF, KB, goals=KEEN)
    assert later.kind in ("change", "stop") and "Only milder sessions" in said(later)


def test_marks_told_after_the_last_look_are_still_there(approval: Approval) -> None:
    done = marked(approval, 2, Event(harm="tram-track", grade=2, after_d=40))
    found = adapt(approval, done, [seen(approval, 50, 2.6)], BELIEF, KB, goals=KEEN)
    assert found.kind == "pause"


def test_after_a_mark_every_zone_gets_less_and_no_session_is_added(approval: Approval) -> None:
    other = [session.model_copy(update={"strokes": (session.strokes[0], session.strokes[1].model_copy(
        update={"needle_length_mm": 1.0}))}) for session in approval.plan.sessions]  # fmt: skip
    uneven = approval.model_copy(update={"plan": approval.plan.model_copy(update={"sessions": tuple(other)})})
    done = marked(uneven, 2, DARK)
    course, today = begun(uneven, done), seen(uneven, 50)
    clearance = screen(uneven.forecast.person, today, KB)
    ways, _ = continuations(course, 50.0, clearance, today, KB, ready_d=20.0)
    kept = [way for way in ways if is_milder(way.sessions, frozenset({1}), uneven, done, KB)]
    assert any(way.ahead for way in kept) and len(kept) < len(ways)
    for way in kept:
        assert way.said != "as planned"
        for session in way.sessions:
            for stroke, before in zip(session.strokes, uneven.plan.sessions[1].strokes, strict=True):
                assert stroke.needle_length_mm <= before.needle_length_mm
                assert stroke.passes_count <= before.passes_count
                assert (stroke.needle_length_mm, stroke.passes_count) != (
                    before.needle_length_mm,
                    before.passes_count,
                )
    found = adapt(uneven, [*done, missed(uneven, 2)], [seen(uneven, 80, 2.6)], BELIEF, KB, goals=KEEN)
    assert found.plan is not None and len(found.plan.sessions) <= 2 + 3


# ---------------------------------------------------------------- unwanted events


GRAVE = tuple(event.id for event in KB.adverse_events)


@pytest.mark.parametrize("harm", GRAVE)
def test_a_severe_event_stops_the_course_until_a_clinic_clears_it(approval: Approval, harm: str) -> None:
    done = marked(approval, 2, Event(harm=harm, grade=4, after_d=3))
    silent = seen(approval, 50, 2.6, silent=True)
    found = adapt(approval, done, [silent], BELIEF, KB, goals=EAGER)
    kind = next(event for event in KB.adverse_events if event.id == harm)
    assert found.kind == "pause" and found.plan is None
    assert "See a clinician" in said(found) and kind.name in said(found)
    assert {one.key for one in kind.sources} <= {one.key for reason in found.reasons for one in reason.sources}
    early = seen(approval, 30, 2.6)  # before the event
    assert adapt(approval, done, [early, silent], BELIEF, KB, goals=EAGER).kind == "pause"


def test_an_event_is_over_once_a_later_look_says_so(approval: Approval) -> None:
    done = marked(approval, 2, Event(harm="bacterial-infection", grade=3, after_d=3))
    over = adapt(approval, done, [seen(approval, 50, 2.6)], BELIEF, KB, goals=EAGER)
    assert over.kind == "go-on"
    still = adapt(approval, done, [with_zone(seen(approval, 50, 2.6), 0, active_infection=None)], BELIEF, KB)
    assert still.kind == "pause" and "active_infection" in said(still)
    keloid = marked(approval, 2, Event(harm="keloid", grade=1, after_d=20))
    denied = seen(approval, 50, 2.6, keloid_history=False, raised_scar=False)
    assert adapt(approval, keloid, [denied], BELIEF, KB, goals=EAGER).kind == "pause"  # it stays a history
    bumps = marked(approval, 2, Event(harm="milia-acne", grade=1, after_d=10))
    assert adapt(approval, bumps, [seen(approval, 50, silent=True)], BELIEF, KB).kind == "ask"
    assert adapt(approval, bumps, [seen(approval, 50, 2.6)], BELIEF, KB, goals=EAGER).kind == "go-on"


def test_an_unknown_event_stops_and_home_answers_do_not_clear_it(approval: Approval) -> None:
    done = marked(approval, 2, Event(harm="something-new", grade=1, after_d=3))
    found = adapt(approval, done, [seen(approval, 50, 2.6, silent=True)], BELIEF, KB)
    assert found.kind == "pause" and "something-new" in said(found)
    zones = [zone for zone, _, _ in ZONES]
    first, person = approval.forecast.assessment, approval.forecast.person
    for setting, held in (("home", 1), ("clinic", 0)):
        look = seen(approval, 50).model_copy(update={"setting": setting})
        answers = answers_of(first, person, [look], zones, KB)
        assert len(list(events_held(done, answers, zones, KB))) == held


def test_too_much_delivered_is_a_question_until_it_is_said_why(approval: Approval) -> None:
    done, look = records(approval, 2), seen(approval, 50, 2.6)
    deeper = tuple(stroke.model_copy(update={"needle_length_mm": 2.5}) for stroke in done[1].strokes)
    twice = tuple(stroke.model_copy(update={"passes_count": 2 * stroke.passes_count}) for stroke in done[1].strokes)
    for change in ({"endpoint_seen": "confluent"}, {"strokes": deeper}, {"strokes": twice}):
        much = [done[0], done[1].model_copy(update=change)]
        found = adapt(approval, much, [look], BELIEF, KB, goals=EAGER)
        assert found.kind == "ask" and "was more than planned" in said(found)
        why = [much[0], much[1].model_copy(update={"deviations": ("new roller, pressed too hard; told",)})]
        assert adapt(approval, why, [look], BELIEF, KB, goals=EAGER).kind != "ask"
        assert adapt(approval, why, [seen(approval, 50, silent=True)], BELIEF, KB, goals=EAGER).kind == "ask"


# ---------------------------------------------------------------- what is known today


def test_an_alarm_stands_until_it_is_answered(approval: Approval) -> None:
    done = records(approval, 2)
    for name in ("trouble_after_needling", "active_infection", "pregnant"):
        alarm = seen(approval, 40, 2.6, **{name: True})
        for later in (seen(approval, 50, 2.6, silent=True), seen(approval, 50, 2.6, **{name: None})):
            assert adapt(approval, done, [alarm, later], BELIEF, KB, goals=EAGER).kind == "pause"
        assert adapt(approval, done, [seen(approval, 50, 2.6), alarm], BELIEF, KB, goals=EAGER).kind == "go-on"


@pytest.mark.parametrize(
    "name",
    [
        "pregnant",
        "isotretinoin",
        "trouble_after_needling",
        "acute_illness",
        "cold_sore_active",
        "anticoagulant",
        "active_infection",
    ],
)
def test_answers_of_the_first_visit_are_not_answers_of_today(approval: Approval, name: str) -> None:
    look = seen(approval, 50, 2.6)
    facts = tuple(fact for fact in look.facts if fact.name != name)
    zones = tuple(
        finding.model_copy(update={"facts": tuple(fact for fact in finding.facts if fact.name != name)})
        for finding in look.zones
    )
    open_now = look.model_copy(update={"facts": facts, "zones": zones})
    found = adapt(approval, records(approval, 2), [open_now], BELIEF, KB, goals=EAGER)
    definition = KB.by("facts")[name]
    assert found.kind == "ask" and definition.ask_clinician in said(found)
    person = approval.forecast.person  # whose answers were all asked again, says the caller
    assert adapt(approval, records(approval, 2), [open_now], BELIEF, KB, goals=EAGER, person=person).kind == "go-on"


def test_a_day_grows_older_and_belongs_to_its_yes(approval: Approval) -> None:
    zones = [zone for zone, _, _ in ZONES]
    first, person = approval.forecast.assessment, approval.forecast.person
    filled = with_zone(seen(approval, 10), 0, filler=True, filler_placed_mo=8.0)
    now = answers_of(first, person, [filled], zones, KB)
    assert now.standing("filler_placed", zones[0]) < str(first.on) and now.standing("filler_placed", zones[1]) is None
    later = answers_of(first, person, [filled, seen(approval, 50, silent=True)], zones, KB)
    assert later.standing("filler", zones[0]) is True and later.standing("filler_placed", zones[0]) is None
    cleared = answers_of(first, person, [filled, seen(approval, 50)], zones, KB)
    assert cleared.standing("filler", zones[0]) is False and cleared.standing("filler_placed", zones[0]) is None
    assert later.standing("keloid_history", None) is False and later.standing("pregnant", None) is None


def test_a_look_before_the_last_session_and_a_session_without_a_record_are_questions(approval: Approval) -> None:
    stale = adapt(approval, records(approval, 3), [seen(approval, 50, 2.6)], BELIEF, KB, goals=EAGER)
    assert stale.kind == "ask" and "Look again" in said(stale)
    with_old_answers = adapt(approval, [], [seen(approval, -60)], BELIEF, KB, goals=EAGER)
    assert with_old_answers.kind == "ask" and "stands on answers of" in said(with_old_answers)
    same_day = adapt(approval, records(approval, 3), [seen(approval, 56, 2.6)], BELIEF, KB, goals=EAGER)
    assert same_day.kind == "ask"
    untold = adapt(approval, records(approval, 2), [seen(approval, 60, 2.6)], BELIEF, KB, goals=EAGER)
    assert untold.kind == "ask" and "Session 3" in said(untold) and "Was it done?" in said(untold)
    told = adapt(approval, [*records(approval, 2), missed(approval, 2)], [seen(approval, 60, 2.6)], BELIEF, KB)
    assert told.kind != "ask"


def test_a_fit_that_counted_this_person_is_refused(approval: Approval) -> None:
    for counted in ({"approvals": (approval.sha256,)}, {"people": (approval.plan.person,)}):
        told = Told.of((), np.zeros(0), np.zeros((0, 0)), **counted)  # type: ignore[arg-type]
        with pytest.raises(BadInput, match="count twice"):
            adapt(approval, records(approval, 2), [seen(approval, 50, 2.6)], replace(BELIEF, told=told), KB)


# ---------------------------------------------------------------- approved again


def test_records_of_an_earlier_approval_go_on_under_the_new_one(approval: Approval) -> None:
    done = [*records(approval, 2), missed(approval, 2)]
    looks = [seen(approval, 60, 2.6)]
    found = adapt(approval, done, looks, BELIEF, KB, goals=EAGER)
    assert found.plan is not None and found.choice is not None and len(found.plan.sessions) > 2
    again = approve(found.plan, found.choice.forecast, found.clearance, by="dr-a", kb=KB)
    taken = taken_over(done, again, [approval])
    assert [one.session for one in taken] == [0, 1, len(again.plan.sessions)]
    assert taken[-1].deviations == ("on holiday",) and {one.approval for one in taken} == {again.sha256}
    assert len(begun(again, taken).done) == 2 and score(again, taken, looks, KB).approval == again.sha256
    third = records(again, 3)[-1]
    next_day = float((third.on - again.plan.start).days) + 20
    with pytest.raises(BadInput, match="another approval"):
        adapt(again, [*done, third], [*looks, seen(approval, next_day, 2.4)], BELIEF, KB)
    onward = adapt(
        again, [*done, third], [*looks, seen(approval, next_day, 2.4)], BELIEF, KB, goals=EAGER, earlier=[approval]
    )
    assert onward.kind in ("go-on", "change", "stop") and onward.plan is not None
    assert [one.day_d for one in onward.plan.sessions[:3]] == [one.day_d for one in again.plan.sessions[:3]]
    late = records(approval, 4)[-1]
    with pytest.raises(BadInput, match="does not hold it as done"):
        taken_over([*done, late], again, [approval])


def test_what_a_mark_taught_holds_after_approving_again(approval: Approval) -> None:
    done = marked(approval, 2, DARK)
    found = adapt(approval, done, [seen(approval, 50, 2.6)], BELIEF, KB, goals=KEEN)
    assert found.plan is not None and found.choice is not None
    again = approve(found.plan, found.choice.forecast, found.clearance, by="dr-a", kb=KB)
    onward = adapt(again, done, [seen(approval, 52, 2.6)], BELIEF, KB, goals=KEEN, earlier=[approval])
    assert "Only milder sessions" in said(onward) or "complete" in said(onward)
    if onward.plan is not None:
        assert len(onward.plan.sessions) <= len(again.plan.sessions)


# ---------------------------------------------------------------- slow healing


def test_slow_healing_makes_the_interval_longer(approval: Approval) -> None:
    slow = [*records(approval, 2, redness_d=33.0), missed(approval, 2)]
    found = adapt(approval, slow, [seen(approval, 70, 2.6)], BELIEF, KB, goals=KEEN)
    assert "Slow healing" in said(found) and "Sessions wait at least" in said(found)
    assert found.plan is not None and found.changed
    assert all(gap > 33 for gap in gaps(found.plan)[1:])
    usual = adapt(approval, records(approval, 2, redness_d=1.5), [seen(approval, 50, 2.6)], BELIEF, KB, goals=EAGER)
    assert "Slow healing" not in said(usual)


def test_redness_is_learned_from(approval: Approval) -> None:
    frozen = approval.forecast

    def lasts(belief: Belief) -> float:
        course = simulate(approval.plan, frozen.person, frozen.assessment, belief, key=frozen.key)
        return float(np.median(course.redness_time))

    long, _ = recalibrate(BELIEF, approval, records(approval, 2, redness_d=5.0), [])
    short, _ = recalibrate(BELIEF, approval, records(approval, 2, redness_d=0.5), [])
    still = (Event(harm="expected-reaction", grade=1, after_d=5),)
    at_least, _ = recalibrate(BELIEF, approval, records(approval, 2, events=still), [])
    assert lasts(short) < lasts(BELIEF) < lasts(long) and lasts(at_least) > lasts(BELIEF)


# ---------------------------------------------------------------- learning twice


def test_learning_twice_is_the_same_as_learning_once_from_both(approval: Approval) -> None:
    done = records(approval, 6)
    first, second = seen(approval, 120, 2.4), seen(approval, 220, 2.0)
    once, _ = recalibrate(BELIEF, approval, done, [first, second])
    early, _ = recalibrate(BELIEF, approval, done, [first])
    twice, _ = recalibrate(early, approval, done, [first, second])
    assert once.pool is not None and twice.pool is not None
    assert np.allclose(np.exp(once.pool.log_weight), np.exp(twice.pool.log_weight), atol=1e-12)
    assert np.array_equal(once.members, twice.members)
    with pytest.raises(BadInput, match="knows all of these readings"):
        recalibrate(twice, approval, done, [first, second])
    with pytest.raises(BadInput, match="Use the key"):
        twice.draw(approval.forecast.key + 1)


def test_the_pool_keeps_people_different(approval: Approval) -> None:
    learned, report = recalibrate(BELIEF, approval, records(approval, 2), [seen(approval, 50, 2.4)])
    assert learned.members.size == BELIEF.members.size
    assert np.unique(learned.members).size > 0.9 * BELIEF.members.size
    assert report.effective_members_count > BELIEF.members.size


# ---------------------------------------------------------------- every way stays inside


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, 5), st.floats(0, 120), st.floats(0, 80))
def test_every_way_to_go_on_is_inside_the_envelope(approval: Approval, count: int, later: float, ready: float) -> None:
    done = records(approval, count)
    course = begun(approval, done)
    today_d = float(round((course.last_d or 0.0) + later))
    today = seen(approval, today_d)
    clearance = screen(approval.forecast.person, today, KB)
    ways, _ = continuations(course, today_d, clearance, today, KB, ready_d=ready)
    assert ways[0].ahead == 0 and len({way.plan.sessions for way in ways}) == len(ways)
    for way in ways:
        assert not breaches(way.plan, clearance, KB)
        assert way.plan.sessions[: len(course.done)] == course.done
        assert all(session.day_d >= today_d for session in way.plan.sessions[len(course.done) :])


# ---------------------------------------------------------------- the command


def _write(path: Path, document: Any) -> str:
    path.write_text(document.model_dump_json(), encoding="utf-8")
    return str(path)


def test_the_command_says_whether_anything_changes(approval: Approval, tmp_path: Path) -> None:
    signed = _write(tmp_path / "approval.json", approval)
    visits = [_write(tmp_path / f"r{place}.json", one) for place, one in enumerate(records(approval, 4))]
    visits.append(_write(tmp_path / "f.json", seen(approval, 105, 1.2)))
    run = CliRunner()
    stopped = run.invoke(build(["adapting"]), ["adapt", signed, *visits])
    assert stopped.exit_code == 1, stopped.output
    assert "proposed to stop" in stopped.output.lower() and "approved again" in stopped.output
    data = json.loads(run.invoke(build(["adapting"]), ["adapt", signed, *visits, "--json"]).output)
    assert data["kind"] == "stop" and data["learned"]["accepted"] and data["plan"]["sessions"]


def test_the_circle_closes_from_the_shell(approval: Approval, tmp_path: Path) -> None:
    signed = _write(tmp_path / "first.json", approval)
    visits = [_write(tmp_path / f"r{place}.json", one) for place, one in enumerate(records(approval, 2))]
    case = {
        "person": {"id": "p-1", "phototype": "II", "sex_at_birth": "female"},
        "assessment": json.loads(seen(approval, 50, silent=True).model_copy(update={"scores": ()}).model_dump_json()),
        "goals": json.loads(EAGER.model_dump_json()),
    }
    quiet = {fact.name: fact.value for fact in (*seen(approval, 50).facts, *seen(approval, 50).zones[0].facts)}
    run, app = CliRunner(), build(["adapting", "learning"])
    look = _write(tmp_path / "look.json", seen(approval, 50, 2.6, silent=True))
    asked = run.invoke(app, ["adapt", signed, *visits, look, "--json"])
    assert asked.exit_code == 1 and json.loads(asked.output)["kind"] == "ask"
    (tmp_path / "asked.json").write_text(asked.output, encoding="utf-8")
    nothing = run.invoke(app, ["approve", str(tmp_path / "asked.json"), "--by", "dr-a"])
    assert nothing.exit_code == 1 and "no plan to approve" in nothing.output
    case["person"]["facts"] = quiet  # answered again, on the day of the look
    (tmp_path / "case.json").write_text(json.dumps(case), encoding="utf-8")
    with_case = ["--case", str(tmp_path / "case.json"), "--json"]
    going = run.invoke(app, ["adapt", signed, *visits, look, *with_case])
    assert json.loads(going.output)["kind"] in ("go-on", "change"), going.output[:2000]
    (tmp_path / "next.json").write_text(going.output, encoding="utf-8")
    locked = run.invoke(app, ["approve", str(tmp_path / "next.json"), "--by", "dr-a"])
    assert locked.exit_code == 0, locked.output
    second = str(tmp_path / "next-approval.json")
    again = Approval.model_validate_json(Path(second).read_text(encoding="utf-8"))
    third = records(again, 3)[-1]
    visits += [look, _write(tmp_path / "r2.json", third)]
    after = float((third.on - again.plan.start).days) + 20
    visits.append(_write(tmp_path / "f2.json", seen(approval, after, 2.4)))
    unknown = run.invoke(app, ["adapt", second, *visits])
    assert isinstance(unknown.exception, BadInput) and "another approval" in str(unknown.exception)
    onward = run.invoke(app, ["adapt", second, *visits, "--earlier", signed, "--json"])
    assert onward.exception is None or isinstance(onward.exception, SystemExit), onward.exception
    data = json.loads(onward.output)
    assert data["kind"] in ("go-on", "change", "stop") and data["approvals"] == [again.sha256, approval.sha256]
    held = run.invoke(app, ["score", second, *visits, "--earlier", signed, "--json", "--out", str(tmp_path)])
    assert len(json.loads(held.output)["deliveries"]) == 6, held.output
    changed = json.loads(going.output)
    changed["assessment"]["facts"] = []
    (tmp_path / "changed.json").write_text(json.dumps(changed), encoding="utf-8")
    refused = run.invoke(app, ["approve", str(tmp_path / "changed.json"), "--by", "dr-a"])
    assert isinstance(refused.exception, BadInput) and "adapt again" in str(refused.exception)


def test_few_people_in_a_folder_teach_nothing(approval: Approval, tmp_path: Path) -> None:
    home = tmp_path / "p-1"
    home.mkdir()
    _write(home / "approval.json", approval)
    for place, one in enumerate(records(approval, 6)):
        _write(home / f"r{place}.json", one)
    _write(home / "f.json", seen(approval, 220, 2.0))
    run = CliRunner()
    found = run.invoke(build(["adapting"]), ["learn", str(tmp_path), "--out", str(tmp_path / "x-fit.json")])
    assert found.exit_code == 1 and "at least 30" in " ".join(found.output.split())
    assert json.loads((tmp_path / "x-fit.json").read_text())["accepted"] is False
    (home / "second.json").write_text((home / "approval.json").read_text())
    twice = run.invoke(build(["adapting"]), ["learn", str(tmp_path)])
    assert isinstance(twice.exception, BadInput) and "2 approvals" in str(twice.exception)


def test_the_explanation_names_its_sources(approval: Approval) -> None:
    found = adapt(approval, records(approval, 2), [seen(approval, 50, 2.6)], BELIEF, KB, goals=EAGER)
    text = str(adapted_explanation(found, KB))
    assert "Sources" in text and "our proposal" in text and "done" in text and "to come" in text
