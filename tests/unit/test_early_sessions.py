"""A session that was really done before the plan's start is written down, scored and learned from like any other."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest
from tests.unit.test_adapting import BELIEF, EAGER, KB, approval, records, seen

from needling.documents import Approval, Assessment, SessionRecord
from needling.errors import BadInput
from needling.learning import adapt, recalibrate, score
from needling.learning.continuing import begun, restated, taken_over
from needling.learning.people import gather
from needling.learning.scored import delivered_plan
from needling.planning.approve import approve
from needling.report.about_score import score_sections
from needling.report.bibliography import Bibliography
from needling.report.explanation import Telling

__all__ = ["approval"]  # the fixture
EARLY_D = 21


@pytest.fixture
def later(approval: Approval) -> Approval:
    """The same plan, to start three weeks later: what was forecast counts from that day."""
    plan = approval.plan.model_copy(update={"start": approval.plan.start + timedelta(days=EARLY_D)})
    frozen = approval.forecast.model_copy(update={"plan_sha256": plan.sha256})
    return approval.model_copy(
        update={
            "plan": plan, "forecast": frozen, "plan_sha256": plan.sha256, "forecast_sha256": frozen.sha256,
        }
    )  # fmt: skip


def done_early(later: Approval, approval: Approval, count: int = 2) -> list[SessionRecord]:
    """What was done as the earlier plan says, recorded under the one that starts later."""
    return [one.model_copy(update={"approval": later.sha256}) for one in records(approval, count)]


def looks(approval: Approval) -> list[Assessment]:
    return [seen(approval, 50, 2.6)]


def test_days_count_from_the_first_session(approval: Approval, later: Approval) -> None:
    plan = delivered_plan(later, done_early(later, approval))
    assert plan.start == approval.plan.start and [one.day_d for one in plan.sessions] == [0.0, 28.0]
    assert plan.sessions == delivered_plan(approval, records(approval, 2)).sessions
    assert delivered_plan(later, records(later, 2)).start == later.plan.start


def test_it_teaches_what_the_same_course_teaches_that_was_planned_for_that_day(
    approval: Approval, later: Approval
) -> None:
    as_planned = recalibrate(BELIEF, approval, records(approval, 2), looks(approval))
    early = recalibrate(BELIEF, later, done_early(later, approval), looks(approval))
    assert early.report.accepted
    assert early.belief.pool is not None and as_planned.belief.pool is not None
    for one, other in zip(early.belief.pool.readings, as_planned.belief.pool.readings, strict=True):
        np.testing.assert_array_equal(one.log_likelihood, other.log_likelihood)
    one, other = (
        gather(BELIEF, [case])
        for case in (
            (approval, records(approval, 2), looks(approval)),
            (later, done_early(later, approval), looks(approval)),
        )
    )
    assert one.groups[0].looks == other.groups[0].looks and one.groups[0].plan.sessions == other.groups[0].plan.sessions


def test_the_score_holds_readings_against_their_own_day_and_says_so(approval: Approval, later: Approval) -> None:
    misses = score(later, done_early(later, approval), [*looks(approval), seen(approval, 10, 2.9)], KB)
    assert misses.start == approval.plan.start
    assert {one.late_d for one in misses.deliveries} == {-EARLY_D}
    assert len(misses.misses) == 2, "the look before the plan's start has no forecast"
    own = score(later, [], [seen(later, 50 - EARLY_D, 2.6)], KB)  # both cheeks
    assert [one.crps for one in misses.misses] == [one.crps for one in own.misses]
    assert any("21 days before the plan's start" in said for said in misses.unscored)
    assert any("outside the forecast" in said for said in misses.unscored)
    telling = Telling(KB, "clinician", False, Bibliography(KB))
    told = {section.id: section for section in score_sections(misses, later, telling)}
    assert {row.cells[5] for row in told["delivered"].tables[0].rows} == {"21 days early"}


def test_the_course_goes_on_from_the_day_it_began_and_is_approved_again(approval: Approval, later: Approval) -> None:
    done = done_early(later, approval)
    found = adapt(later, done, looks(approval), BELIEF, KB, goals=EAGER)
    assert found.kind == "go-on" and found.plan is not None and found.choice is not None
    assert found.plan.start == approval.plan.start
    assert [one.day_d for one in found.plan.sessions] == [one.day_d for one in approval.plan.sessions]
    again = approve(found.plan, found.choice.forecast, found.clearance, by="dr-a", kb=KB)
    assert [one.session for one in restated(done, again)] == [0, 1]
    assert len(begun(again, taken_over(done, again, [later])).done) == 2
    with pytest.raises(BadInput, match="not one course"):
        taken_over(records(later, 1), again, [later])


def test_what_was_done_before_the_plan_was_made_is_none_of_it(approval: Approval) -> None:
    before = approval.forecast.assessment.on - timedelta(days=1)
    with pytest.raises(BadInput, match="the day of its assessment"):
        score(approval, records(approval, 1, on=before), [], KB)
