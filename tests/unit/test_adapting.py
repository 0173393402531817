"""A course that has begun: screened anew, paused for marks, later for slow healing, stopped when it is not worth it."""

from __future__ import annotations

import json
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
from needling.learning import Adapted, adapt, recalibrate
from needling.learning.continuing import begun, continuations, restated
from needling.planning.approve import approve
from needling.planning.envelope import breaches
from needling.planning.propose import propose
from needling.planning.screen import screen
from needling.report.about_learning import adapted_explanation
from needling.simulation import Belief, forecast, simulate

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


def seen(
    approval: Approval, day: float, value: float | None = None, marks: bool | None = None, **facts: Any
) -> Assessment:
    """A look at both cheeks."""
    first = approval.forecast.assessment
    there = () if marks is None else (Fact(name="marks_after_needling", value=marks),)
    return first.model_copy(
        update={
            "on": approval.plan.start + timedelta(days=day),
            "scores": tuple(ScaleScore(scale=SCALE, zone=zone, value=value) for zone, _, _ in ZONES if value),
            "facts": tuple(Fact(name=name, value=answer) for name, answer in facts.items()),
            "zones": tuple(finding.model_copy(update={"facts": there}) for finding in first.zones),
        }
    )


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


def test_marks_pause_the_course_until_they_are_gone_and_then_it_is_milder(approval: Approval) -> None:
    marked = records(approval, 2, events=(Event(harm="pih-iv-v", grade=2, after_d=14),))
    answers = {
        marks: adapt(approval, marked, [seen(approval, 50, 2.6, marks)], BELIEF, KB, goals=KEEN)
        for marks in (True, None, False)
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


def test_marks_found_without_an_event_pause_as_well(approval: Approval) -> None:
    found = adapt(approval, records(approval, 2), [seen(approval, 50, 2.6, True)], BELIEF, KB, goals=KEEN)
    assert found.kind == "pause"


def test_marks_told_after_the_last_look_are_still_there(approval: Approval) -> None:
    marked = records(approval, 2, events=(Event(harm="tram-track", grade=2, after_d=40),))
    found = adapt(approval, marked, [seen(approval, 50, 2.6, False)], BELIEF, KB, goals=KEEN)
    assert found.kind == "pause"


# ---------------------------------------------------------------- slow healing


def test_slow_healing_makes_the_interval_longer(approval: Approval) -> None:
    slow = records(approval, 2, redness_d=33.0)
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
