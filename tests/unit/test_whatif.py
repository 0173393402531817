"""What if: the same numbers as a fresh simulation whatever was asked before, from many threads, and clear refusals."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.people import healthy

from needling import PlanningSession
from needling.archive import run_case
from needling.documents import Case, Forecast, Plan
from needling.documents.comparison import WhatIf
from needling.errors import BadInput, NotAllowed
from needling.knowledge import load_knowledge
from needling.planning.alter import inputs, read_changes
from needling.planning.envelope import breaches
from needling.planning.protocol import phases_of, say_phases
from needling.report.about_comparison import what_if_text
from needling.simulation import Belief, forecast, objectives, simulate
from needling.simulation.seam.pairing import numbers_of
from needling.whatif import OUTSIDE

KB = load_knowledge()
KEY = 3
MEMBERS = 64
START = "1.5 mm roller, 4 directions x 4 passes, cheeks, every 6 weeks x 3"


def a_case(setting: str = "clinic", concern: str = "acne-scars-rolling") -> Case:
    zones = (("cheek-left", concern, 40.0), ("cheek-right", concern, 40.0))
    person, assessment = healthy(KB, setting, zones=zones)
    return Case(person=person, assessment=assessment)


CASE = a_case()


def a_session(**how: Any) -> PlanningSession:
    return PlanningSession(CASE, KB, key=KEY, members=MEMBERS, **{"plan": START, **how})


def fresh(plan: Plan, case: Case = CASE) -> Forecast:
    belief = Belief.prior(KB, members=MEMBERS)
    return forecast(simulate(plan, case.person, case.assessment, belief, key=KEY), plan)


@pytest.fixture(scope="module")
def session() -> PlanningSession:
    return a_session()


# ---------------------------------------------------------------- the numbers


@pytest.mark.parametrize(
    "changes",
    [
        {"needle_length_mm": 1.0},
        {"sessions": 5, "interval_wk": 8},
        {"zone:cheek-left.passes_count": 2},
        {"zone:cheek-left.device": "stamp-digital", "zone:cheek-left.needle_length_mm": 1.0},
        {"zone:cheek-right.sessions_count": 1},
        {"condition": "worn", "cover": "open-air", "endpoint": "erythema", "force_N": 2},
        {"needle_length_mm": 2.5},
        {"sessions_count": 0},
        {"cover": "open-air"},  # all that changes in a healing task is how fast channels close
        {"interval_d": 43},  # and here only the days
        {"force_N": 0.3},
        {"condition": "cheap"},
    ],
)
def test_a_what_if_is_exactly_a_fresh_simulation(session: PlanningSession, changes: dict[str, Any]) -> None:
    found = session.what_if(changes)
    assert found.result == "ok"
    assert found.forecast == fresh(found.plan)
    assert bool(found.breaches) == bool(breaches(found.plan, session.clearance, KB))


def test_paired_numbers_are_those_of_both_plans_subtracted(session: PlanningSession) -> None:
    found = session.what_if(needle_length_mm=1.0, sessions=4)
    belief = Belief.prior(KB, members=MEMBERS)
    courses = [simulate(plan, CASE.person, CASE.assessment, belief, key=KEY) for plan in (found.before, found.plan)]
    redness = [course.redness_time / 86400 for course in courses]
    told = {one.id: one for one in found.numbers if one.zone is None}
    assert told["redness"].difference == pytest.approx(np.median(redness[1] - redness[0]), rel=1e-5)
    marks = [objectives(course).harm_probability for course in courses]
    assert told["lasting-mark"].difference == pytest.approx(np.mean(marks[1] - marks[0]), rel=1e-5)
    assert told["visits"].difference == 1


VALUES: dict[str, list[Any]] = {
    "needle_length_mm": [0.5, 1.0, 1.5, 2.0],
    "passes_count": [1, 2, 4, 6],
    "sessions": [1, 2, 3, 5],
    "interval_d": [28, 42, 56],
    "cover": ["occluded", "open-air"],
    "endpoint": ["erythema", "pinpoint"],
    "zone:cheek-left.passes_count": [1, 4, 6],
    "zone:cheek-right.needle_length_mm": [1.0, 1.5],
    "zone:cheek-right.sessions": [1, 3, 4],
}
ONE = st.sampled_from([{name: value} for name, values in VALUES.items() for value in values])
SEVERAL = st.fixed_dictionaries({}, optional={name: st.sampled_from(values) for name, values in VALUES.items()})
CHANGES = ONE | SEVERAL  # often one input alone, as at a slider: what else is the same must not be mistaken


@settings(max_examples=12, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.tuples(CHANGES, st.booleans()), min_size=1, max_size=6))
def test_whatever_was_asked_before_the_numbers_are_those_of_a_fresh_simulation(asked: list[Any]) -> None:
    session = a_session()
    for changes, takes in asked:
        found = session.what_if(changes)
        assert found.before == session.plan
        assert found.forecast == fresh(found.plan)
        assert found == a_session(plan=found.before).what_if(changes)
        if takes and found.inside:
            session.take(found)
            assert session.plan == found.plan


def test_many_at_once_are_the_same_as_one_by_one() -> None:
    many: list[dict[str, Any]] = [{"passes_count": n} for n in (1, 2, 3)] + [{"zone:cheek-left.force_N": 1.5}, {}]
    together = a_session().what_if_many(many)
    assert together == [a_session().what_if(one) for one in many]
    assert together[-1].plan == together[-1].before
    assert all(one.standing == "alike" and one.difference == 0 for one in together[-1].numbers)


def test_many_threads_get_what_one_gets_and_keep_the_plan_they_began_with() -> None:
    asked = [{"passes_count": 1 + n % 5, "interval_d": 28.0 + 7 * (n % 4)} for n in range(24)]
    alone = {str(one): a_session().what_if(one) for one in asked}
    session = a_session()
    with ThreadPoolExecutor(6) as threads:
        for one, found in zip(asked, threads.map(session.what_if, asked), strict=True):
            assert found == alone[str(one)]
    other = session.what_if(passes_count=2)

    def ask(number: int) -> WhatIf:
        if number == 5:
            session.take(other)
        return session.what_if(needle_length_mm=1.0)

    with ThreadPoolExecutor(6) as threads:
        for found in threads.map(ask, range(12)):
            start = found.before
            assert start in (other.before, other.plan)
            assert found == a_session(plan=start).what_if(needle_length_mm=1.0)


def test_numbers_of_a_plan_are_worked_out_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many other plans it is held against: the current one is held against each."""
    worked: list[str] = []

    def noted(course: Any) -> Any:
        worked.append(course.context.plan.sha256)
        return numbers_of(course)

    monkeypatch.setattr("needling.whatif.numbers_of", noted)
    session = a_session()
    found = session.what_if_many([{"passes_count": passes} for passes in (2, 3)]) + [session.what_if(passes_count=2)]
    assert all(one.numbers for one in found)
    assert sorted(worked) == sorted({session.plan.sha256, *(one.plan.sha256 for one in found)})


def test_memory_is_bounded() -> None:
    session = a_session()
    for gap in range(28, 68):
        session.what_if(interval_d=gap)
    assert len(session._runs) <= 24
    assert session._ensemble.kept.used <= session._ensemble.kept.room


# ---------------------------------------------------------------- where one starts


def test_it_starts_from_the_default_choice_or_from_a_given_plan() -> None:
    session = PlanningSession(CASE, KB, key=KEY, members=MEMBERS)
    assert session.choice == run_case(CASE, KB, key=KEY, members=MEMBERS).choice  # as `needling plan` chooses
    assert session.plan == session.choice.plan
    assert session.forecast == session.choice.forecast
    given_plan = a_session(plan=session.choice.plan)
    assert given_plan.plan == session.choice.plan
    with pytest.raises(BadInput, match="of the person 'x'"):
        a_session(plan=session.choice.plan.model_copy(update={"person": "x"}))


def test_a_full_comparison_of_the_same_change_says_the_same() -> None:
    session = a_session()
    found = session.what_if(passes_count=2)
    whole = session.compare(found)
    for one in whole.numbers:
        if one.id != "outcome-same-day":  # there with reports of its own
            assert one == next(x for x in found.numbers if (x.id, x.zone) == (one.id, one.zone))
    assert whole.second.forecast == found.forecast


# ---------------------------------------------------------------- plans as changed


def test_nothing_changed_is_the_same_plan_byte_for_byte(session: PlanningSession) -> None:
    assert session.what_if({}).plan.canonical() == session.plan.canonical()
    assert session.what_if(needle_length_mm=1.5, sessions=3).plan.canonical() == session.plan.canonical()
    there = session.what_if({"zone:cheek-left.passes_count": 2}).plan
    back = a_session(plan=there).what_if({"zone:cheek-left.passes_count": 4})
    assert back.plan.canonical() == session.plan.canonical()


def test_care_label_and_checks_follow_the_change(session: PlanningSession) -> None:
    shorter = session.what_if(needle_length_mm=1.0)
    sentence = START.replace("1.5 mm", "1 mm")
    own = a_session(plan=sentence).plan
    assert shorter.plan.label == own.label == say_phases(phases_of(shorter.plan), "clinic", KB)
    assert shorter.plan.sessions == own.sessions
    assert (shorter.plan.follow_ups, shorter.plan.stop_rules) == (own.follow_ups, own.stop_rules)
    assert any("erythema" in one for one in shorter.follows)  # 1 mm is too short for a bleeding endpoint
    kept = session.what_if(needle_length_mm=1.0, endpoint="pinpoint")
    assert kept.follows == () and any("bleeding only from" in one.allowed for one in kept.breaches)


def test_one_zone_is_changed_alone(session: PlanningSession) -> None:
    found = session.what_if({"zone:cheek-left.device": "stamp-digital", "zone:cheek-left.sessions": 5})
    strokes = {(s.day_d, k.zone): s.device for s in found.plan.sessions for k in s.strokes}
    assert {device for (_, zone), device in strokes.items() if zone == "cheek-left"} == {"stamp-digital"}
    assert {device for (_, zone), device in strokes.items() if zone == "cheek-right"} == {"roller-192"}
    assert sorted(day for day, zone in strokes if zone == "cheek-left") == [0, 42, 84, 126, 168]
    assert sorted(day for day, zone in strokes if zone == "cheek-right") == [0, 42, 84]
    both = session.what_if({"zone:cheek.passes_count": 2})
    assert both.plan == session.what_if(passes_count=2).plan


def test_sessions_staged_with_a_shorter_needle_stay_staged() -> None:
    case = a_case("home", "pores-dullness")
    staged = (
        "0.2 mm roller, 2 directions x 2 passes, cheeks, every 2 weeks x 4, then 0.25 mm roller, 2 directions x 2 "
        "passes, cheeks, every 2 weeks x 4"
    )
    session = PlanningSession(case, KB, key=KEY, members=MEMBERS, plan=staged)
    assert not breaches(session.plan, session.clearance, KB)
    found = session.what_if(needle_length_mm=0.3)
    lengths = [stroke.needle_length_mm for one in found.plan.sessions for stroke in one.strokes]
    assert lengths[:8] == [0.2] * 8 and set(lengths[8:]) == {0.3}


# ---------------------------------------------------------------- outside


def test_outside_the_envelope_it_is_stamped_and_the_nearest_plan_stands_beside(session: PlanningSession) -> None:
    found = session.what_if(needle_length_mm=2.5)
    assert found.stamp == OUTSIDE and not found.inside
    assert found.forecast is not None and found.numbers
    assert found.nearest is not None and not breaches(found.nearest, session.clearance, KB)
    assert OUTSIDE in what_if_text(found, KB)
    with pytest.raises(NotAllowed, match="outside the envelope"):
        session.take(found)
    assert session.take(found.nearest) == found.nearest
    session.take(found.before)


def test_at_home_nothing_beyond_the_home_envelope_is_forecast() -> None:
    case = a_case("home", "pores-dullness")
    session = PlanningSession(case, KB, key=KEY, members=MEMBERS)
    assert session.plan.sessions
    found = session.what_if(needle_length_mm=1.0)
    assert (found.result, found.forecast, found.numbers) == ("refused", None, ())
    assert "1 mm" in found.advice and found.stamp == OUTSIDE
    assert found.nearest is not None and not breaches(found.nearest, session.clearance, KB)
    inside = session.what_if(sessions=4)
    assert inside.forecast == fresh(inside.plan, case)
    text = what_if_text(found, KB)
    assert "treat" not in text.replace("treatment", "")
    began = PlanningSession(
        case, KB, key=KEY, members=MEMBERS, plan="1 mm roller, 2 directions x 2 passes, cheeks, every 6 weeks x 2"
    )
    with pytest.raises(NotAllowed, match="no forecast"):
        _ = began.forecast
    assert began.what_if(needle_length_mm=0.2).numbers == ()


def test_outside_the_range_of_the_model_it_says_so(session: PlanningSession) -> None:
    found = session.what_if(device="pen-generic", passes_count=20)
    assert found.result == "out-of-range" and found.numbers == ()
    assert "range the model was made for" in found.advice


# ---------------------------------------------------------------- what cannot be read


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"needle_lenght_mm": 1}, r"did you mean 'needle_length_mm'\?.*needle length: above 0 up to 3 mm"),
        ({"needle_length_mm": 3.5}, "above 0 up to 3 mm"),
        ({"needle_length_mm": "long"}, "above 0 up to 3 mm"),
        ({"needle_length_mm": float("nan")}, "above 0 up to 3 mm"),
        ({"passes_count": 2.5}, "whole number from 1 up to 40"),
        ({"passes": 41}, "whole number from 1 up to 40"),
        ({"interval_wk": 60}, "up to 400 days"),
        ({"sessions": 60, "interval_d": 400}, "fewer sessions or shorter gaps"),
        ({"sessions": -1}, "from 0 up to 60"),
        ({"force_N": 0}, "above 0 up to 20 N"),
        ({"endpoint": "pinpiont"}, r"did you mean 'pinpoint'\?"),
        ({"device": "roller-193"}, r"did you mean 'roller-192'\?"),
        ({"zone:cheek-lef.passes_count": 3}, r"did you mean 'cheek-left'\?"),
        ({"zone:cheek-left": 3}, "zone:cheek-left.passes_count"),
        ({"passes": 3, "passes_count": 4}, "given twice"),
        ({"zone:cheek.force_N": 3, "zone:cheek-left.force_N": 4}, "given twice for cheek-left"),
    ],
)
def test_a_wrong_change_says_what_is_allowed(session: PlanningSession, changes: dict[str, Any], says: str) -> None:
    with pytest.raises(BadInput, match=says):
        session.what_if(changes)


def test_there_is_nothing_to_change_in_doing_nothing(session: PlanningSession) -> None:
    nothing = a_session(plan="no treatment")
    with pytest.raises(BadInput, match="start from a plan with sessions"):
        nothing.what_if(passes_count=3)
    one_side = a_session(plan=START.replace("cheeks", "left cheek"))
    with pytest.raises(BadInput, match="does nothing on cheek-right"):
        one_side.what_if({"zone:cheek-right.passes_count": 3})


def test_ranges_are_those_of_the_documents() -> None:
    known = inputs(KB)
    assert known["needle_length_mm"].range == (0.0, None, 3.0)
    assert known["passes_count"].range == (None, 1.0, 40.0)
    assert known["directions_count"].range == (None, 1.0, 8.0)
    assert known["interval_d"].range == (0.0, None, 400.0)
    assert known["sessions_count"].range == (None, 0.0, 60.0)
    assert all(one.allowed for one in known.values())
    assert read_changes({"interval_wk": 4}, CASE.assessment, KB)[0].value == 28


def test_the_document_comes_back_and_the_text_fits(session: PlanningSession) -> None:
    found = session.what_if({"zone:cheek-left.passes_count": 3}, sessions=4)
    assert WhatIf.model_validate_json(found.canonical()) == found
    text = what_if_text(found, KB)
    assert max(map(len, text.splitlines())) <= 80
    assert "passes_count, left cheek" in text
