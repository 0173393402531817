"""Scoring and learning: each reading counts once, only inside the forecast; planted truths are found."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest
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
    assert len(misses.unscored) == 3
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
    assert report.accepted and 0 < report.effective_members_count < belief.members.size
    assert expected(good) < expected(belief) < expected(poor)


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
