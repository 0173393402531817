"""Scoring one approval: unwanted events without a rate, endpoints passed, scores given twice, words that stay whole."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.people import healthy

from needling import propose, screen
from needling.documents import Approval, ScaleScore, SessionRecord
from needling.documents.learning import Misses
from needling.errors import BadInput
from needling.knowledge import load_knowledge
from needling.learning import score
from needling.learning.unwanted import serious_from, told_events
from needling.planning.answers import assessment_problems
from needling.planning.approve import approve
from needling.report.about_score import headline, is_good, score_text
from needling.report.explanation import column_widths
from needling.simulation import Belief, forecast, simulate
from needling.simulation.bind import ENDPOINTS

KB = load_knowledge()
SCALE = "goodman-baron-qualitative"
ZONES = (("cheek-left", "acne-scars-rolling", 40.0), ("cheek-right", "acne-scars-rolling", 40.0))
ASKED_D = 400.0


@pytest.fixture(scope="module")
def approval() -> Approval:
    scores = tuple({"scale": SCALE, "zone": zone, "value": 3} for zone, _, _ in ZONES)
    person, assessment = healthy(KB, zones=ZONES, scores=scores)
    clearance = screen(person, assessment, KB)
    plan = propose(person, assessment, clearance, KB)[1]
    expected = forecast(simulate(plan, person, assessment, Belief.prior(KB, members=64)), plan)
    return approve(plan, expected, clearance, by="dr-a", at=datetime(2026, 1, 15, tzinfo=UTC), kb=KB)


def records(approval: Approval, **change: Any) -> list[SessionRecord]:
    """Every session as planned; what is changed is changed in the first."""
    done = [
        {
            "approval": approval.sha256,
            "session": place,
            "on": approval.plan.start + timedelta(days=session.day_d),
            "device": session.device,
            "strokes": session.strokes,
            "asked_until_d": ASKED_D,
            "by": "nurse",
        }
        for place, session in enumerate(approval.plan.sessions)
    ]
    return [SessionRecord.model_validate({**one, **(change if not place else {})}) for place, one in enumerate(done)]


def with_event(approval: Approval, harm: str, grade: int, **more: Any) -> Misses:
    return score(approval, records(approval, events=({"harm": harm, "grade": grade, "after_d": 60, **more},)), [], KB)


# ---------------------------------------------------------------- unwanted events


def test_a_harm_without_a_rate_is_told_first_and_is_serious_from_severe_on(approval: Approval) -> None:
    assert serious_from(KB) == 3
    misses = with_event(approval, "keloid", 4, note="on the jaw")
    (told,) = misses.told
    assert (told.grade, told.serious, told.expected, told.session) == (4, True, False, 0)
    assert told.on == approval.plan.start + timedelta(days=60)
    any_serious = next(one for one in misses.events if one.harm == "serious-event")
    assert any_serious.happened and any_serious.brier_ratio == pytest.approx((1 - any_serious.probability) ** 2)
    assert not any(one.happened for one in misses.events if one.harm != "serious-event")
    assert not is_good(misses) and headline(misses).startswith("1 serious unwanted event; ")
    text = " ".join(score_text(misses, approval, KB).split())
    assert text.index("Unwanted events") < text.index("Planned against delivered")
    assert "Grade 4 (life-threatening); day 60 after session 1" in text and "On the jaw." in text
    assert "no chance was forecast" in text


def test_a_mild_harm_is_unwanted_but_not_serious(approval: Approval) -> None:
    misses = with_event(approval, "cold-sores", 2)
    assert not is_good(misses) and headline(misses).startswith("1 unwanted event; ")
    assert not next(one for one in misses.events if one.harm == "serious-event").happened


@pytest.mark.parametrize(("grade", "good"), [(1, True), (2, True), (3, False), (5, False)])
def test_redness_that_everybody_has_is_expected_unless_it_is_severe(approval: Approval, grade: int, good: bool) -> None:
    misses = with_event(approval, "expected-reaction", grade)
    assert is_good(misses) is good and misses.told[0].expected is good
    assert ("unwanted" in headline(misses)) is not good


def test_events_are_told_before_anybody_asked_to_the_end_and_the_worst_stands_first(approval: Approval) -> None:
    events = (
        {"harm": "expected-reaction", "grade": 2, "after_d": 1},
        {"harm": "cold-sores", "grade": 2, "after_d": 5},
        {"harm": "tram-track", "grade": 3, "after_d": 9},
    )
    misses = score(approval, records(approval, events=events, asked_until_d=10), [], KB)
    assert [one.harm for one in misses.told] == ["tram-track", "cold-sores", "expected-reaction"]
    assert "2 unwanted events, 1 of them serious" in headline(misses)
    early = score(approval, records(approval, events=events, asked_until_d=10)[:1], [], KB)
    assert len(early.told) == 3 and not early.events
    assert Misses.model_validate_json(early.model_dump_json()) == early


def test_without_events_nothing_is_told_and_unknown_harms_are_refused(approval: Approval) -> None:
    assert told_events(records(approval), KB) == () and is_good(score(approval, records(approval), [], KB))
    with pytest.raises(BadInput, match="unknown harm 'keloids' .did you mean 'keloid'"):
        with_event(approval, "keloids", 1)


# ---------------------------------------------------------------- endpoints


def test_more_than_the_planned_endpoint_is_not_as_planned(approval: Approval) -> None:
    planned = ENDPOINTS.index(approval.plan.sessions[0].endpoint)
    fewer = tuple(
        one.model_copy(update={"passes_count": one.passes_count // 2}) for one in approval.plan.sessions[0].strokes
    )
    for grade, endpoint in enumerate(ENDPOINTS):
        for strokes in (approval.plan.sessions[0].strokes, fewer):
            misses = score(approval, records(approval, endpoint_seen=endpoint, strokes=strokes), [], KB)
            for one in (one for one in misses.deliveries if one.session == 0):
                assert one.beyond_endpoint is (grade > planned)
                assert one.at_endpoint is (grade == planned and strokes is fewer)
                assert one.as_planned is (grade == planned or (grade < planned and strokes is not fewer))
            if grade > planned:
                assert not is_good(misses) and "1 session not done as planned (1 beyond" in headline(misses)
                assert "no, beyond" in score_text(misses, approval, KB)


# ---------------------------------------------------------------- scores given twice


@given(st.permutations([("cheek-left", 3.0), ("cheek-left", 2.0), ("cheek-right", 3.0)]))
def test_two_scores_of_one_zone_are_refused_in_any_order(told: list[tuple[str, float]]) -> None:
    _, assessment = healthy(KB, zones=ZONES)
    scores = tuple(ScaleScore(scale=SCALE, zone=zone, value=value) for zone, value in told)
    problems = list(assessment_problems(assessment.model_copy(update={"scores": scores}), KB, ("assessment",)))
    last = max(place for place, (zone, _) in enumerate(told) if zone == "cheek-left")
    assert [problem.loc for problem in problems] == [("assessment", "scores", last)]
    assert "score given twice" in problems[0].message and "of cheek-left" in problems[0].message


def test_where_there_is_one_zone_a_score_without_a_zone_is_of_it() -> None:
    _, one = healthy(KB, zones=ZONES[:1])
    _, two = healthy(KB, zones=ZONES)
    scores = (ScaleScore(scale=SCALE, value=3), ScaleScore(scale=SCALE, zone="cheek-left", value=3))
    assert len(list(assessment_problems(one.model_copy(update={"scores": scores}), KB))) == 1
    assert not list(assessment_problems(two.model_copy(update={"scores": scores}), KB))
    same = (scores[0], scores[0])
    assert len(list(assessment_problems(two.model_copy(update={"scores": same}), KB))) == 1


# ---------------------------------------------------------------- counting and columns


def test_what_is_not_scored_counts_sessions_from_one(approval: Approval) -> None:
    said = score(approval, records(approval, pain_score=4)[:1], [], KB).unscored
    assert any("4 of 10 (session 1)" in one for one in said)
    with pytest.raises(BadInput, match="session 100 is not in the plan, which has"):
        score(approval, records(approval, session=99)[:1], [], KB)
    with pytest.raises(BadInput, match="session 1 has two records"):
        score(approval, [records(approval)[0]] * 2 + [records(approval, lot="7")[0]], [], KB)


WORDS = st.lists(st.text("abc", min_size=1, max_size=14), min_size=0, max_size=6).map(" ".join)


@given(st.integers(1, 8).flatmap(lambda n: st.lists(st.lists(WORDS, min_size=n, max_size=n), min_size=1, max_size=4)))
def test_columns_fit_and_hold_whole_words_where_there_is_room(cells: list[list[str]]) -> None:
    room = 80 - 2 * (len(cells[0]) - 1)
    widths = column_widths(cells, room)
    columns = zip(*cells, strict=True)
    longest = [max((len(word) for cell in column for word in cell.split()), default=1) for column in columns]
    assert sum(widths) <= room and min(widths) >= 1
    if sum(longest) <= room:
        assert all(width >= least for width, least in zip(widths, longest, strict=True))
