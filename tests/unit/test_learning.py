"""Scoring and learning: each reading counts once, only inside the forecast; planted truths are found."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError
from tests.people import healthy

from needling.documents import Approval, Assessment, ScaleScore, SessionRecord
from needling.errors import BadInput, NotAllowed
from needling.knowledge import load_knowledge
from needling.learning import recalibrate, score
from needling.planning.approve import approve
from needling.planning.propose import propose
from needling.planning.screen import screen
from needling.simulation import Belief, forecast, simulate

KB = load_knowledge()
SCALE = "goodman-baron-qualitative"
ZONES = (("cheek-left", "acne-scars-rolling", 40.0), ("cheek-right", "acne-scars-rolling", 40.0))


@pytest.fixture(scope="module")
def approval() -> Approval:
    scores = tuple({"scale": SCALE, "zone": zone, "value": 3} for zone, _, _ in ZONES)
    person, assessment = healthy(KB, zones=ZONES, scores=scores)
    clearance = screen(person, assessment, KB)
    plan = propose(person, assessment, clearance, KB)[1]
    expected = forecast(simulate(plan, person, assessment, Belief.prior(KB)), plan)
    return approve(plan, expected, clearance, by="dr-a", at=datetime(2026, 1, 15, tzinfo=UTC), kb=KB)


def records(approval: Approval, /, **change: Any) -> list[SessionRecord]:
    start = approval.plan.start
    return [
        SessionRecord.model_validate(
            {
                "approval": approval.sha256,
                "session": i,
                "on": start + timedelta(days=session.day_d),
                "device": session.device,
                "strokes": session.strokes,
                "by": "nurse",
                **change,
            }
        )
        for i, session in enumerate(approval.plan.sessions)
    ]


def seen(approval: Approval, day: float, **by_zone: float) -> Assessment:
    scores = tuple(
        ScaleScore(scale=SCALE, zone=None if zone == "whole" else zone.replace("_", "-"), value=value)
        for zone, value in by_zone.items()
    )
    first = approval.forecast.assessment
    return first.model_copy(update={"on": approval.plan.start + timedelta(days=day), "scores": scores})


def test_a_reading_inside_the_band_is_inside(approval: Approval) -> None:
    last = max(approval.forecast.days_d)
    misses = score(approval, records(approval), [seen(approval, last, cheek_left=2.2, cheek_right=9)], KB)
    inside, outside = misses.misses
    assert inside.inside_90 and not outside.inside_90
    assert outside.crps > inside.crps > 0
    assert misses.bias == pytest.approx(np.mean([inside.error, outside.error]))
    assert all(delivery.difference_pct == 0 for delivery in misses.deliveries)


def test_what_cannot_be_compared_is_said_and_not_counted(approval: Approval) -> None:
    last = max(approval.forecast.days_d)
    late, whole = seen(approval, last + 400, cheek_left=2), seen(approval, last, whole=2)
    other = seen(approval, last).model_copy(update={"scores": (ScaleScore(scale="vss", value=3),)})
    misses = score(approval, records(approval), [late, whole, other], KB)
    assert not misses.misses and misses.mean_crps is None and misses.inside_90_share is None
    assert len([said for said in misses.unscored if said.startswith(("goodman", "vss"))]) == 3
    with pytest.raises(BadInput, match="outside the forecast"):
        recalibrate(Belief.prior(KB), approval, records(approval), [late, whole, other])


def test_more_passes_and_late_sessions_show_in_the_delivery(approval: Approval) -> None:
    stroke = approval.plan.sessions[0].strokes[0]
    twice = stroke.model_copy(update={"passes_count": 2 * stroke.passes_count})
    done = records(approval, strokes=(twice,), on=approval.plan.start + timedelta(days=3))[:1]
    left, right = score(approval, done, [], KB).deliveries
    assert left.difference_pct == pytest.approx(100) and left.late_d == 3
    assert right.delivered_per_cm2 == 0 and right.difference_pct == -100


def test_records_of_something_else_are_refused(approval: Approval) -> None:
    with pytest.raises(BadInput, match="another approval"):
        score(approval, records(approval, approval="0" * 64), [], KB)
    with pytest.raises(BadInput, match="not in the plan"):
        score(approval, records(approval, session=99)[:1], [], KB)
    with pytest.raises(BadInput, match="two records"):
        score(approval, [records(approval)[0], records(approval)[0].model_copy(update={"lot": "7"})], [], KB)
    with pytest.raises(BadInput, match="the day of its assessment"):
        score(approval, records(approval, on=approval.forecast.assessment.on - timedelta(days=1))[:1], [], KB)
    with pytest.raises(BadInput, match="is of 'p-2'"):
        score(approval, [], [seen(approval, 100, cheek_left=2).model_copy(update={"person": "p-2"})], KB)
    with pytest.raises(BadInput, match="unknown harm"):
        event = {"harm": "pih-iv", "grade": 1, "after_d": 3}
        score(approval, records(approval, events=(event,)), [], KB)


def test_a_session_that_was_not_done_says_why_and_counts_as_such(approval: Approval) -> None:
    with pytest.raises(ValidationError, match="say why in 'deviations'"):
        records(approval, strokes=())
    with pytest.raises(ValidationError, match="says what was seen after it"):
        records(approval, strokes=(), deviations=("ill",), endpoint_seen="erythema")
    missed = records(approval, strokes=(), deviations=("ill",))[:1]
    misses = score(approval, missed, [], KB)
    assert all(not one.done and not one.as_planned and one.difference_pct == -100 for one in misses.deliveries)
    with pytest.raises(ValidationError, match="asked_until_d"):
        records(approval, events=({"harm": "pih-iv-v", "grade": 1, "after_d": 9},), asked_until_d=3)


def test_maps_agree_with_the_same_strokes_and_not_with_half_of_them(approval: Approval) -> None:
    done = records(approval)[:1]
    without = score(approval, done, [], KB).deliveries[0]
    assert without.agreement_share is None and without.agrees is None and without.as_planned
    left, right = score(approval, done, [], KB, maps=True).deliveries
    assert left.agrees and right.agrees and (left.agreement_share or 0) > 0.95 and "square of 40" in left.map_note
    halved = [one.model_copy(update={"passes_count": one.passes_count // 2}) for one in done[0].strokes]
    twice = [one for one in halved for _ in (0, 1)]  # the same passes in two goes: another chance, the same plan
    half, whole = (
        score(approval, [done[0].model_copy(update={"strokes": tuple(strokes)})], [], KB, maps=True).deliveries[0]
        for strokes in (halved, twice)
    )
    assert half.agrees is False and not half.as_planned and whole.agrees and whole.as_planned


def test_a_session_that_stopped_at_its_endpoint_was_done_as_planned(approval: Approval) -> None:
    planned = approval.plan.sessions[0]
    fewer = tuple(one.model_copy(update={"passes_count": one.passes_count // 2}) for one in planned.strokes)
    for endpoint, as_planned in ((planned.endpoint, True), ("faint-pink", False), (None, False)):
        done = records(approval, strokes=fewer, endpoint_seen=endpoint)[:1]
        one = score(approval, done, [], KB).deliveries[0]
        assert one.at_endpoint is one.as_planned is as_planned


def test_endpoints_are_scored_against_their_chances(approval: Approval) -> None:
    chances = dict(approval.forecast.endpoint_probability)
    likely, unlikely = max(chances, key=chances.__getitem__), min(chances, key=chances.__getitem__)
    good, bad = (
        score(approval, records(approval, endpoint_seen=endpoint), [], KB).endpoints for endpoint in (likely, unlikely)
    )
    assert len(good) == len(approval.plan.sessions)  # sessions are planned alike
    assert good[0].rps_ratio < good[0].even_rps_ratio and good[0].rps_ratio < bad[0].rps_ratio


def test_harms_count_only_when_somebody_asked_to_the_end(approval: Approval) -> None:
    last_day = max(outcome.judge_day_d for outcome in approval.forecast.outcomes)
    assert not score(approval, records(approval), [], KB).events
    assert any("asked_until_d" in said for said in score(approval, records(approval), [], KB).unscored)
    assert not score(approval, records(approval, asked_until_d=last_day)[:0], [], KB).events
    asked = records(approval, asked_until_d=last_day)
    none = score(approval, asked, [], KB).events
    assert none and not any(event.happened for event in none)
    assert all(event.brier_ratio == pytest.approx(event.probability**2) for event in none)
    tracks = next(event for event in none if event.group == "AE4")
    event = {"harm": tracks.harm, "grade": 2, "after_d": 20}
    came = score(approval, records(approval, asked_until_d=last_day, events=(event,)), [], KB).events
    assert {one.group for one in came if one.happened} == {tracks.group}


def test_redness_is_scored_when_every_session_tells(approval: Approval) -> None:
    told = score(approval, records(approval, redness_d=2), [], KB)
    (one,) = told.misses
    assert one.measure == "redness-days" and one.unit == "d" and one.zone is None and one.seen == 2
    assert one.below_share < one.up_to_share and told.mean_crps is None  # days are no points of a scale
    partly = [records(approval, redness_d=2)[0], *records(approval)[1:]]
    assert not score(approval, partly, [], KB).misses


def test_a_whole_grade_stands_for_what_rounds_to_it(approval: Approval) -> None:
    day = approval.forecast.outcomes[0].judge_day_d
    whole, between = (
        score(approval, [], [seen(approval, day, cheek_left=value)], KB).misses[0] for value in (2.0, 2.4)
    )
    assert whole.up_to_share - whole.below_share > 0.3 and between.below_share == pytest.approx(between.up_to_share)
    assert whole.low >= 1 and whole.nothing_crps > whole.crps and whole.expected_change < 0
    first = score(approval, [], [seen(approval, 0, cheek_left=3)], KB).misses[0]
    assert first.expected_change == pytest.approx(0) and first.crps == pytest.approx(first.nothing_crps)


def test_pain_and_unplanned_zones_are_said_and_not_scored(approval: Approval) -> None:
    stroke = approval.plan.sessions[0].strokes[0]
    extra = (*approval.plan.sessions[0].strokes, stroke.model_copy(update={"zone": "forehead"}))
    late = seen(approval, 200, cheek_left=2)
    said = score(approval, records(approval, strokes=extra, pain_score=4)[:1], [late], KB).unscored
    assert any("pain 4 of 10" in one for one in said) and any("forehead was rolled" in one for one in said)
    assert any("has no record" in one for one in said)


def test_a_good_responder_raises_the_expected_gain(approval: Approval) -> None:
    belief = Belief.prior(KB)
    last = max(approval.forecast.days_d)
    frozen = approval.forecast

    def expected(one: Belief) -> float:
        course = simulate(approval.plan, frozen.person, frozen.assessment, one, key=frozen.key)
        return float(np.mean(course.severity[:, :, -1]))

    good, report = recalibrate(
        belief, approval, records(approval), [seen(approval, last, cheek_left=1.2, cheek_right=1.2)]
    )
    poor, _ = recalibrate(belief, approval, records(approval), [seen(approval, last, cheek_left=3, cheek_right=3)])
    assert report.accepted and 0.2 * belief.members.size < report.effective_members_count
    assert expected(good) < expected(belief) < expected(poor)


# ---------------------------------------------------------------- whose readings, and each once


def weights(belief: Belief) -> Any:
    assert belief.pool is not None
    return belief.pool.log_weight


def test_a_belief_about_one_person_is_refused_for_another(approval: Approval) -> None:
    belief = Belief.prior(KB)
    learned = recalibrate(belief, approval, records(approval), [seen(approval, 220, cheek_left=2)]).belief
    assert learned.pool is not None and learned.pool.person == approval.plan.person
    assert learned.pool.approvals == (approval.sha256,)
    person = approval.forecast.person.model_copy(update={"id": "p-2"})
    assessment = approval.forecast.assessment.model_copy(update={"person": "p-2"})
    plan = approval.plan.model_copy(update={"person": "p-2"})
    with pytest.raises(BadInput, match="this is 'p-2'"):
        simulate(plan, person, assessment, learned, key=approval.forecast.key)
    expected = approval.forecast.model_copy(update={"person": person, "assessment": assessment})
    other = approval.model_copy(update={"plan": plan, "forecast": expected})
    look = seen(approval, 220, cheek_left=2).model_copy(update={"person": "p-2"})
    with pytest.raises(BadInput, match="this is 'p-2'"):
        recalibrate(learned, other, records(other), [look])
    assert recalibrate(belief, other, records(other), [look]).report.accepted


def test_a_reading_counts_once_whoever_signs_it(approval: Approval) -> None:
    belief, done, look = Belief.prior(KB), records(approval), seen(approval, 220, cheek_left=2, cheek_right=2)
    once = recalibrate(belief, approval, done, [look])
    signed = look.model_copy(update={"by": "other"})
    for twice in ([look, look], [look, signed]):
        again = recalibrate(belief, approval, done, twice)
        assert np.array_equal(weights(again.belief), weights(once.belief)) and again.report == once.report
    with pytest.raises(BadInput, match="knows all of these readings"):
        recalibrate(once.belief, approval, done, [signed])
    assert len(score(approval, done, [look, signed], KB).misses) == 2


def test_a_corrected_reading_leaves_no_trace_of_the_wrong_one(approval: Approval) -> None:
    belief, done = Belief.prior(KB), records(approval)
    wrong, right = seen(approval, 220, cheek_left=1), seen(approval, 220, cheek_left=3)
    once = recalibrate(belief, approval, done, [right]).belief
    mended = recalibrate(recalibrate(belief, approval, done, [wrong]).belief, approval, done, [right]).belief
    assert np.array_equal(weights(mended), weights(once)) and np.array_equal(mended.members, once.members)
    beside = recalibrate(belief, approval, done, [wrong, right]).belief
    assert np.array_equal(weights(beside), weights(once))


@pytest.mark.parametrize(("longest_d", "late_score", "tempered"), [(8.0, 1.3, False), (11.0, 1.0, True)])
def test_learning_visit_by_visit_is_learning_at_once(
    approval: Approval, longest_d: float, late_score: float, tempered: bool
) -> None:
    """Redness of 2 d, then much longer; scores early and late: whatever the order, and also where all is tempered."""
    belief, done = Belief.prior(KB), records(approval)
    told = [one.model_copy(update={"redness_d": days}) for one, days in zip(done, (2.0, longest_d, 3.0), strict=False)]
    first, second = seen(approval, 20, cheek_left=2.5), seen(approval, 220, cheek_left=late_score, cheek_right=1.2)
    once = recalibrate(belief, approval, told, [first, second])
    assert once.report.accepted and (once.report.temper_share < 1) is tempered
    early = recalibrate(belief, approval, told[:1], [first]).belief
    late = recalibrate(belief, approval, told[:2], [second]).belief
    for before in (early, late):
        whole = recalibrate(before, approval, told, [first, second])
        assert np.array_equal(weights(whole.belief), weights(once.belief)) and whole.report == once.report
        assert np.array_equal(whole.belief.members, once.belief.members)
    new_alone = recalibrate(early, approval, told, [second]).belief  # the early score keeps what it was worth then
    assert np.allclose(np.exp(weights(new_alone)), np.exp(weights(once.belief)), atol=1e-6)


def test_the_longest_redness_stays_when_later_records_are_shorter(approval: Approval) -> None:
    belief, done = Belief.prior(KB), records(approval)
    long, short = (done[place].model_copy(update={"redness_d": days}) for place, days in ((0, 6.0), (1, 2.0)))
    first = recalibrate(belief, approval, [long], []).belief
    with pytest.raises(BadInput, match="nothing can be learned"):
        recalibrate(first, approval, [short], [])
    mended = recalibrate(first, approval, [long.model_copy(update={"redness_d": 1.0}), short], []).belief
    at_once = recalibrate(belief, approval, [long.model_copy(update={"redness_d": 1.0}), short], []).belief
    assert np.array_equal(weights(mended), weights(at_once))


def test_an_absurd_reading_teaches_nothing(approval: Approval) -> None:
    belief = Belief.prior(KB)
    last = max(approval.forecast.days_d)
    same, report = recalibrate(
        belief, approval, records(approval), [seen(approval, last, cheek_left=60, cheek_right=60)]
    )
    assert not report.accepted and same is belief


def test_approval_refuses_a_forecast_of_another_plan(approval: Approval) -> None:
    person, assessment = approval.forecast.person, approval.forecast.assessment
    clearance = screen(person, assessment, KB)
    other = propose(person, assessment, clearance, KB)[2]
    with pytest.raises(NotAllowed, match="another plan"):
        approve(other, approval.forecast, clearance, by="dr-a", kb=KB)
    with pytest.raises(NotAllowed, match="nothing to approve"):
        approve(propose(person, assessment, clearance, KB)[0], approval.forecast, clearance, by="dr-a", kb=KB)
