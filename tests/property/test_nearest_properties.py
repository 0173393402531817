"""Any wish has a nearest plan inside its envelope: no breach, nothing changed without need, and every change told."""

from __future__ import annotations

from typing import Any

from hypothesis import assume, given, settings
from hypothesis import strategies as st
from tests.people import healthy

from needling.documents import Assessment, Clearance, Person, Plan, Session, Setting, Stroke
from needling.knowledge import load_knowledge
from needling.planning.assemble import plan_from_sessions
from needling.planning.envelope import breaches
from needling.planning.nearest import nearest
from needling.planning.propose import propose
from needling.planning.screen import screen

KB = load_knowledge()
DEVICES = sorted(KB.by("devices"))
ZONES = [
    zone for site in KB.sites for zone in ((f"{site.id}-left", f"{site.id}-right") if site.two_sided else (site.id,))
]
YES_NO = sorted(fact.name for fact in KB.facts if fact.kind == "yes-no")
SETTINGS: tuple[Setting, ...] = ("home", "clinic")
ENDPOINTS = ("none", "faint-pink", "erythema", "pinpoint", "confluent")


@st.composite
def wishes(draw: st.DrawFn) -> tuple[Plan, Person, Assessment, Clearance]:
    """A person with mostly quiet answers, and a wish that knows no limit at all."""
    setting: Setting = draw(st.sampled_from(SETTINGS))
    zones = draw(st.lists(st.sampled_from(ZONES), min_size=1, max_size=3, unique=True))
    loud = draw(st.lists(st.sampled_from(YES_NO), max_size=1))
    facts: dict[str, Any] = {name: draw(st.booleans()) for name in loud}
    person, assessment = healthy(
        KB,
        setting,
        zones=tuple((zone, draw(st.sampled_from(["wrinkles-face", "acne-scars-rolling"])), 30.0) for zone in zones),
        phototype=draw(st.sampled_from(["I", "II", "III", "IV", "V", "VI"])),
        **facts,
    )
    clearance = screen(person, assessment, KB)
    touched = st.sampled_from([*zones, draw(st.sampled_from(ZONES))])
    stroke = st.builds(
        Stroke,
        zone=touched,
        needle_length_mm=st.one_of(st.sampled_from([0.2, 0.25, 0.5, 1.5]), st.floats(0.05, 3)),
        directions_count=st.integers(1, 8),
        passes_count=st.integers(1, 40),
        force_N=st.floats(0.1, 20),
    )
    session = st.builds(
        Session,
        day_d=st.one_of(st.integers(0, 60).map(float), st.floats(0, 1500)),
        device=st.sampled_from(DEVICES),
        strokes=st.lists(stroke, min_size=1, max_size=3).map(tuple),
        endpoint=st.sampled_from(ENDPOINTS),
    )
    sessions = tuple(draw(st.lists(session, min_size=1, max_size=draw(st.sampled_from([3, 3, 20])))))
    envelope: Setting = draw(st.sampled_from([setting, setting, *SETTINGS]))
    return plan_from_sessions(sessions, envelope, person, assessment, clearance, KB), person, assessment, clearance


@settings(max_examples=80, deadline=None)
@given(wishes())
def test_the_nearest_plan_is_inside_and_stays_where_it_is(
    case: tuple[Plan, Person, Assessment, Clearance],
) -> None:
    wish, person, assessment, clearance = case
    found = nearest(wish, person, assessment, clearance, KB)
    assert not breaches(found.plan, clearance, KB)
    again = nearest(found.plan, person, assessment, clearance, KB)
    assert again.plan is found.plan and not again.changes
    assert bool(found.changes) is bool(breaches(wish, clearance, KB))
    assert (found.plan is wish) is not bool(found.changes)
    for change in found.changes:
        assert change.wished and change.allowed and change.because
        assert any(change.wished == reason.what for reason in found.plan.declined)


@settings(max_examples=80, deadline=None)
@given(wishes())
def test_nothing_of_a_wish_grows_except_the_wait(case: tuple[Plan, Person, Assessment, Clearance]) -> None:
    wish, person, assessment, clearance = case
    found = nearest(wish, person, assessment, clearance, KB).plan
    assume(found.sessions)
    wished = [stroke for session in wish.sessions for stroke in session.strokes]
    strokes = [stroke for session in found.sessions for stroke in session.strokes]
    assert len(strokes) <= len(wished)
    assert {stroke.zone for stroke in strokes} <= {stroke.zone for stroke in wished}
    for limit in ("directions_count", "passes_count", "force_N"):
        assert max(getattr(s, limit) for s in strokes) <= max(getattr(s, limit) for s in wished)
    order = {endpoint: place for place, endpoint in enumerate(ENDPOINTS)}
    assert max(order[s.endpoint] for s in found.sessions) <= max(order[s.endpoint] for s in wish.sessions)
    assert len({s.day_d for s in found.sessions}) <= len({s.day_d for s in wish.sessions})


@settings(max_examples=60, deadline=None)
@given(wishes())
def test_something_remains_wherever_a_wished_zone_could_be_treated(
    case: tuple[Plan, Person, Assessment, Clearance],
) -> None:
    """A cleared zone with room for some needle of some device is not dropped."""
    wish, person, assessment, clearance = case
    assume(clearance.verdict == "go" and wish.envelope == assessment.setting)
    found = nearest(wish, person, assessment, clearance, KB).plan
    wished = {stroke.zone for session in wish.sessions for stroke in session.strokes}
    proposed = propose(person, assessment, clearance, KB)
    planned = {stroke.zone for plan in proposed for session in plan.sessions for stroke in session.strokes}
    assert wished & planned <= {stroke.zone for session in found.sessions for stroke in session.strokes}


@settings(max_examples=10, deadline=None)
@given(st.sampled_from(["home", "clinic"]), st.sampled_from(["I", "IV", "VI"]))
def test_every_proposed_plan_is_its_own_nearest(setting: str, phototype: str) -> None:
    person, assessment = healthy(KB, setting, phototype=phototype)
    clearance = screen(person, assessment, KB)
    for plan in propose(person, assessment, clearance, KB):
        assert nearest(plan, person, assessment, clearance, KB) == (plan, ())
