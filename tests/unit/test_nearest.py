"""The nearest plan to a wish, case by case: what changes, what stays, and why; and what the wishes of goals get."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from tests.people import healthy

from needling.documents import Goals, Plan
from needling.errors import BadInput
from needling.knowledge import load_knowledge
from needling.planning.assemble import plan_from_sentence
from needling.planning.beyond import one_step_beyond
from needling.planning.envelope import breaches
from needling.planning.nearest import Nearest, nearest
from needling.planning.propose import propose
from needling.planning.protocol import say, site_zones
from needling.planning.screen import screen

KB = load_knowledge()
EXAMPLE = Path(__file__).parents[2] / "examples" / "acne-scars.yaml"
CLINIC = (("cheek-left", "acne-scars-rolling", 40.0),)


def found(sentence: str, setting: str = "clinic", zones=CLINIC, phototype: str = "II", **facts) -> Nearest:  # type: ignore[no-untyped-def]
    person, assessment = healthy(KB, setting, zones=zones, phototype=phototype, **facts)
    clearance = screen(person, assessment, KB)
    wish = plan_from_sentence(sentence, person, assessment, clearance, KB)
    return nearest(wish, person, assessment, clearance, KB)


@pytest.mark.parametrize(
    ("wished", "got"),
    [
        (
            "2.5 mm roller, 4 directions x 4 passes, left cheek, every 6 weeks x 3",
            "1.5 mm roller, 4 directions x 4 passes, left cheek, every 6 weeks x 3",
        ),
        (
            "1 mm roller, 8 directions x 9 passes, left cheek, every 3 days x 20",
            "1 mm roller, 4 directions x 5 passes, left cheek, every 2 weeks x 12",
        ),
        (
            "0.7 mm roller, 4 directions x 4 passes, left cheek, every 6 weeks x 3",
            "0.5 mm roller, 4 directions x 4 passes, left cheek, every 6 weeks x 3",
        ),
        (
            "1 mm rf (rf-generic), 4 directions x 4 passes, left cheek, every 6 weeks x 3",
            "1 mm roller, 4 directions x 4 passes, left cheek, every 6 weeks x 3",
        ),
        (
            "1 mm roller, 4 directions x 4 passes, left cheek / forehead, every 6 weeks x 3",
            "1 mm roller, 4 directions x 4 passes, left cheek, every 6 weeks x 3",
        ),
    ],
)
def test_a_wish_beyond_a_limit_comes_to_that_limit(wished: str, got: str) -> None:
    plan, changes = found(wished)
    if "rf" in wished:  # another kind of device, of the same length
        assert all(session.device != "rf-generic" for session in plan.sessions)
        assert all(stroke.needle_length_mm == 1 for session in plan.sessions for stroke in session.strokes)
    else:
        assert say(plan, KB) == plan.label == got
    assert changes and all(change.allowed and change.because for change in changes)


def test_at_home_the_device_the_length_the_start_and_the_wait_follow() -> None:
    zones = (("cheek-left", "wrinkles-face", 40.0),)
    plan, changes = found(
        "1.5 mm roller (roller-192), 4 directions x 9 passes, left cheek, every 3 days x 6", "home", zones
    )
    assert {session.device for session in plan.sessions} == {"roller-home"}
    envelope = KB.envelope("home")
    lengths = [stroke.needle_length_mm for session in plan.sessions for stroke in session.strokes]
    assert max(lengths[: envelope.first_sessions_count]) <= (envelope.first_needle_max_mm or 0)
    assert max(lengths) > max(lengths[: envelope.first_sessions_count]), "longer after the staged start"
    assert {session.endpoint for session in plan.sessions} == {"faint-pink"}
    said = " ".join(change.wished for change in changes)
    assert "roller-192 at home" in said and "9 passes" in said and "1.5 mm needles" in said and "3 days" in said
    assert "before-clean-hands" in plan.sessions[0].preparation, "care is that of the new needle"


def test_a_wish_inside_is_itself_and_a_stopped_person_gets_nothing() -> None:
    inside = found("1 mm roller, 4 directions x 4 passes, left cheek, every 6 weeks x 3")
    assert inside.changes == ()
    stopped = found("1 mm roller, 4 directions x 4 passes, left cheek, every 6 weeks x 3", pregnant=True)
    assert not stopped.plan.sessions and len(stopped.changes) == 1
    assert "regnan" in stopped.changes[0].because and stopped.plan.declined[0].what == "a plan with sessions"


def test_a_zone_rolled_twice_on_a_day_is_rolled_once() -> None:
    person, assessment = healthy(KB, zones=CLINIC)
    clearance = screen(person, assessment, KB)
    sentence = "1 mm roller, 4 directions x 4 passes, left cheek, every 6 weeks x 3"
    plan = plan_from_sentence(sentence, person, assessment, clearance, KB)
    twice = plan.model_copy(update={"sessions": (*plan.sessions, *plan.sessions)})
    assert say(nearest(twice, person, assessment, clearance, KB).plan, KB) == sentence


def test_a_rule_of_the_clearance_lengthens_the_wait() -> None:
    plan, changes = found("1 mm roller, 4 directions x 4 passes, left cheek, every 2 weeks x 3", phototype="V")
    assert plan.label == "1 mm roller, 4 directions x 4 passes, left cheek, every 6 weeks x 3"
    assert [change.allowed for change in changes] == ["at least 42 days"] and "Phototype IV" in changes[0].because


def test_a_wish_of_another_person_is_refused() -> None:
    person, assessment = healthy(KB)
    clearance = screen(person, assessment, KB)
    wish = plan_from_sentence("no treatment", person, assessment, clearance, KB).model_copy(update={"person": "p-2"})
    with pytest.raises(BadInput, match="the plan is of 'p-2'"):
        nearest(wish, person, assessment, clearance, KB)


def test_the_command_prints_the_nearest_plan() -> None:
    sentence = "2.5 mm roller, 4 directions x 4 passes, cheeks, every 6 weeks x 3"
    command = [sys.executable, "-m", "needling", "simulate", str(EXAMPLE), "--protocol", sentence, "--members", "64"]
    done = subprocess.run([*command, "--json"], capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 1 and json.loads(done.stdout)["nearest"] == sentence.replace("2.5", "1.5")
    told = subprocess.run(command, capture_output=True, text=True, timeout=240, check=False)
    assert "Nearest plan that may be done" in told.stdout and "1.5 mm roller, 4 directions" in told.stdout


# ---------------------------------------------------------------- one step beyond


def test_one_step_beyond_names_what_forbids_it() -> None:
    person, assessment = healthy(KB)
    clearance = screen(person, assessment, KB)
    sentence = "1.5 mm roller, 4 directions x 5 passes, left cheek, every 4 weeks x 3"
    plan = plan_from_sentence(sentence, person, assessment, clearance, KB)
    steps = {step.limit: step for step in one_step_beyond(plan, person, assessment, clearance, KB)}
    assert set(steps) == {"needle-length", "directions", "passes", "sessions", "interval"}
    outside = {limit for limit, step in steps.items() if breaches(step.plan, clearance, KB)}
    assert outside == {"needle-length", "directions", "passes"}
    assert "2 mm needles on cheek-left: at most 1.5 mm" in steps["needle-length"].what
    assert len(steps["sessions"].plan.sessions) == 4 and "do not have it" in steps["sessions"].why
    assert [session.day_d for session in steps["interval"].plan.sessions] == [0, 21, 42]


# ---------------------------------------------------------------- wishes of the goals


def planned(goals: Goals, phototype: str = "II") -> tuple[Plan, ...]:
    person, assessment = healthy(KB, phototype=phototype)
    return propose(person, assessment, screen(person, assessment, KB), KB, goals)


def test_wishes_inside_the_protocols_are_planned_as_wished() -> None:
    goals = Goals(passes_count=5, sessions_count=5, interval_d=35, needle_length_mm=1.0)
    plans = planned(goals)
    assert len(plans) == 2 and not plans[1].declined
    days = [session.day_d for session in plans[1].sessions]
    assert days == [0, 35, 70, 105, 140]
    strokes = {(s.needle_length_mm, s.passes_count) for session in plans[1].sessions for s in session.strokes}
    assert strokes == {(1.0, 5)}


@pytest.mark.parametrize(
    ("goals", "phototype", "what", "why"),
    [
        (Goals(needle_length_mm=2.5), "II", "2.5 mm on the cheek", "Nearest that may be planned: 1.5 mm"),
        (Goals(needle_length_mm=0.5), "II", "0.5 mm on the cheek", "Nearest that may be planned: 1 mm"),
        (Goals(passes_count=30), "II", "30 passes", "Nearest that may be planned: 5"),
        (Goals(sessions_count=40), "II", "40 sessions", "Nearest that may be planned: 6 sessions"),
        (Goals(interval_d=3), "II", "3 days apart", "Nearest that may be planned: 28 days"),
        (Goals(interval_d=30), "V", "30 days apart", "Phototype IV to VI"),
        (Goals(device="roller-home"), "II", "Home roller", "Nearest that may be planned: Clinic roller"),
        (Goals(device="rf-generic"), "II", "in the clinic", "Nearest that may be planned: Clinic roller"),
    ],
)
def test_a_wish_that_cannot_be_met_is_declined_with_the_limit_and_the_nearest(
    goals: Goals, phototype: str, what: str, why: str
) -> None:
    plans = planned(goals, phototype)
    assert len(plans) > 1
    assert any(what in reason.what and why in reason.why for reason in plans[1].declined), plans[1].declined


HOME = [
    (concern.id, protocol.sites[0], length)
    for concern in KB.indications
    for protocol in KB.planned_indication(concern.id, "home").protocols
    if concern.answer == "plan" and protocol.setting == "home"
    for length in sorted({length for device in KB.devices if device.home for length in device.lengths_mm})
]


@pytest.mark.parametrize("phototype", ["II", "V"])
@pytest.mark.parametrize(("concern", "site", "length"), HOME, ids=[f"{c} {s} {mm:g}" for c, s, mm in HOME])
def test_every_length_that_is_sold_for_home_gets_a_routine_or_a_word_why_not(
    concern: str, site: str, length: float, phototype: str
) -> None:
    zone = site if len(site_zones(KB.site(site))) == 1 else f"{site}-left"
    person, assessment = healthy(KB, "home", zones=((zone, concern, 30.0),), phototype=phototype)
    clearance = screen(person, assessment, KB)
    plans = propose(person, assessment, clearance, KB, Goals(needle_length_mm=length))
    given = {stroke.needle_length_mm for plan in plans for session in plan.sessions for stroke in session.strokes}
    if clearance.verdict == "go":
        assert given or plans[0].rationale, "neither a routine nor a reason"
        assert length in given or plans[0].declined or plans[0].rationale
    for plan in plans[1:]:
        first = {stroke.needle_length_mm for session in plan.sessions[:4] for stroke in session.strokes}
        assert max(first) <= KB.envelope("home").first_needle_max_mm, "the start is staged whatever was wished"
