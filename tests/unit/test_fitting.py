"""Learning from many people: the map on the doubt, who counts and who does not, and an exact answer to compare with."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.virtual_world import course_plan, somebody, world

from needling.documents import Approval, ScaleScore, SessionRecord
from needling.documents.learned import PopulationFit
from needling.errors import BadInput
from needling.learning import fitting
from needling.learning.fitting import fit_population, with_population
from needling.learning.people import FollowedUp, Look, gather, possible_people, readings_under
from needling.report.about_learning import population_text
from needling.simulation import Belief, Models, forecast, simulate
from needling.simulation.belief import normals
from needling.simulation.design import designed, varying
from needling.simulation.learned import Told

KB = world()
BELIEF = Belief.prior(KB)
PLAN = course_plan(sessions=3, interval_d=42, device="roller-clinic")
JUDGED_D = 84 + 90.0


def approved() -> Approval:
    """An approval of the plan."""
    person, assessment = somebody(scores=({"scale": "grade", "zone": "cheek-left", "value": 3.0},))
    expected = forecast(simulate(PLAN, person, assessment, BELIEF), PLAN)
    return Approval(
        plan=PLAN,
        forecast=expected,
        plan_sha256=PLAN.sha256,
        forecast_sha256=expected.sha256,
        clearance_sha256="0" * 64,
        by="dr-a",
        at=datetime(2026, 1, 15, tzinfo=UTC),
    )


FIRST = approved()


def person_with(number: int, *readings: tuple[float, float], sessions: int = 3, later: int = 0) -> FollowedUp:
    """A person who had some sessions and these readings (day, value), approved some minutes after the first."""
    who = f"p-{number}"
    frozen = FIRST.forecast
    person = frozen.person.model_copy(update={"id": who})
    expected = frozen.model_copy(
        update={"person": person, "assessment": frozen.assessment.model_copy(update={"person": who})}
    )
    one = FIRST.model_copy(
        update={
            "at": FIRST.at + timedelta(minutes=later),
            "plan": FIRST.plan.model_copy(update={"person": who}),
            "forecast": expected,
        }
    )
    start = one.plan.start
    records = [
        SessionRecord(
            approval=one.sha256,
            session=place,
            on=start + timedelta(days=session.day_d),
            device=session.device,
            strokes=session.strokes,
            by="nurse",
        )
        for place, session in enumerate(one.plan.sessions[:sessions])
    ]
    first = one.forecast.assessment
    followups = [
        first.model_copy(
            update={
                "on": start + timedelta(days=day),
                "scores": (ScaleScore(scale="grade", zone="cheek-left", value=value),),
            }
        )
        for day, value in readings
    ]
    return one, records, followups


def simulated(people: int, doubts: dict[str, float] | None = None, stretch: float = 0.0) -> list[FollowedUp]:
    """People of the full model with the same doubts, each with a reading in the middle and one at the end."""
    group = gather(BELIEF, [person_with(0, (42.0, 2.0), (JUDGED_D, 2.0))]).groups[0]
    names = tuple(doubts or {})
    place = np.array([[(doubts or {})[name] for name in names]]).reshape(1, len(names))
    members = possible_people(group, people) + 10**9
    seen = readings_under(BELIEF, group, names, place, members, 7, stretch=stretch)
    assert seen is not None
    return [person_with(number, (42.0, a), (JUDGED_D, b)) for number, (a, b) in enumerate(seen[0].tolist())]


# ---------------------------------------------------------------- the map on the doubt


@settings(max_examples=25, deadline=None)
@given(st.lists(st.floats(-2, 2), min_size=3, max_size=3), st.floats(0.05, 1.0), st.floats(-0.9, 0.9))
def test_a_belief_draws_what_it_was_told(centre: list[float], spread: float, correlation: float) -> None:
    names = ("clinical-gain", "collagen-synthesis-rate", "signal-halo")
    covariance = np.eye(3) * spread**2
    covariance[0, 1] = covariance[1, 0] = correlation * spread**2
    told = Told.of(names, np.array(centre), covariance)
    drawn = told.moved(names, np.random.default_rng(0).standard_normal((3, 40_000)))
    assert np.allclose(drawn.mean(axis=1), centre, atol=0.03)
    assert np.allclose(np.cov(drawn), covariance, atol=0.05)
    assert np.allclose(told.covariance, covariance, atol=1e-9)


def test_nothing_told_changes_nothing_and_luck_stays_paired() -> None:
    from dataclasses import replace

    names = ("clinical-gain", "signal-halo")
    same = replace(BELIEF, told=Told.of(names, np.zeros(2), np.eye(2)))
    first, second = BELIEF.draw(3), same.draw(3)
    assert all(np.allclose(first[name], second[name], rtol=1e-12) for name in BELIEF.names)
    known = replace(BELIEF, told=Told.of(names, np.array([1.0, 0.0]), np.diag([0.04, 1.0]))).draw(3)
    assert np.array_equal(known["clinical-lag"], first["clinical-lag"])
    assert np.std(np.log(known["clinical-gain"])) < np.std(np.log(first["clinical-gain"]))
    assert np.corrcoef(np.log(known["clinical-gain"]), np.log(first["clinical-gain"]))[0, 1] > 0.6


def test_a_design_lays_the_same_numbers_as_a_draw() -> None:
    from dataclasses import replace

    names = ("clinical-gain", "collagen-synthesis-rate")
    told = replace(
        BELIEF.with_members(range(50)), told=Told.of(names, np.array([0.5, -0.4]), np.array([[0.3, 0.2], [0.2, 0.5]]))
    )
    places = {(name, layer): normals(3, (f"{name}/{layer}",), told.members)[0] for name, layer in varying(told)}
    laid, drawn = designed(told, places, told.members).draw(3), told.draw(3)
    assert all(np.allclose(laid[name], drawn[name], rtol=1e-12) for name in told.names)


# ---------------------------------------------------------------- who counts


def test_people_alike_are_one_group_whatever_the_days_of_their_readings() -> None:
    cases = [person_with(0, (42.0, 2.5), (174.0, 2.0)), person_with(1, (174.0, 1.5)), person_with(2, (160.0, 2.5))]
    gathered = gather(BELIEF, [*cases, person_with(3, (174.0, 2.0), sessions=2)])
    assert [group.people for group in gathered.groups] == [3, 1]
    assert gathered.readings == 5 and not gathered.left_out
    assert gathered.groups[0].looks == (
        Look("cheek-left", 42.0), Look("cheek-left", 160.0), Look("cheek-left", 174.0)
    )  # fmt: skip


def test_what_cannot_be_used_is_said() -> None:
    cases = [person_with(0), person_with(1, (174.0, 2.0), sessions=0), person_with(2, (174.0, 9.0))]
    gathered = gather(BELIEF, [*cases, person_with(3, (174.0, 2.0)), person_with(3, (174.0, 2.0))])
    assert gathered.people == 1
    said = " ".join(gathered.left_out)
    assert "no reading" in said and "no session was recorded" in said and "the scale goes from 1 to 4" in said
    assert "given twice" in said


def test_a_person_approved_twice_is_one_person() -> None:
    once = [person_with(number, (174.0, 2.0)) for number in range(15)]
    again = [person_with(number, (174.0, 2.0), later=1) for number in range(15)]
    gathered = gather(BELIEF, [*once, *again])
    assert gathered.people == 15 and gathered.readings == 15 and len(gathered.approvals) == 30
    assert sum("who counts by approval" in said for said in gathered.left_out) == 15
    belief, report = fit_population(BELIEF, [*once, *again])
    assert belief is BELIEF and "15 people can be used" in report.words and report.people_count == 15


def test_the_approval_with_the_most_readings_counts_in_any_order() -> None:
    short, long = person_with(0, (174.0, 1.0), later=5), person_with(0, (42.0, 3.0), (174.0, 2.0))
    for cases in ([short, long], [long, short]):
        assert gather(BELIEF, cases).groups[0].seen == {(Look("cheek-left", 42.0), Look("cheek-left", 174.0)): [(3, 2)]}


def test_a_corrected_reading_takes_the_place_of_the_wrong_one() -> None:
    gathered = gather(BELIEF, [person_with(0, (174.0, 1.0), (174.0, 3.0))])
    assert gathered.groups[0].seen == {(Look("cheek-left", 174.0),): [(3.0,)]}
    assert any("the later note counts" in said for said in gathered.left_out)


def test_few_people_teach_nothing() -> None:
    few = [person_with(number, (174.0, 2.0)) for number in range(5)]
    belief, report = fit_population(BELIEF, few)
    assert belief is BELIEF and not report.accepted and "at least 30" in report.words
    with pytest.raises(BadInput, match="nobody"):
        fit_population(BELIEF, [])


# ---------------------------------------------------------------- the fit


@pytest.fixture(scope="module")
def fitted() -> fitting.Fitted:
    return fit_population(BELIEF, simulated(120, {"clinical-gain": 1.2}))


def test_the_fit_says_what_is_data_and_what_is_prior(fitted: fitting.Fitted) -> None:
    belief, report = fitted
    assert report.accepted and report.people_count == 120 and report.readings_count == 240
    first = report.combinations[0]
    assert first.data_share > 0.8 and first.parameters[0] in ("clinical-gain", "collagen-synthesis-rate")
    assert sum(part**2 for part in first.parts_ratio) == pytest.approx(1)
    assert first.after_ratio[0] > 0  # the truth is above what was believed
    assert "elastin-synthesis-rate" in report.still_prior and set(report.names).isdisjoint(report.still_prior)
    assert belief.told is not None and belief.told.source == report.sha256
    named = forecast(simulate(PLAN, FIRST.forecast.person, FIRST.forecast.assessment, belief), PLAN)
    assert f"learned={report.sha256[:12]}" in named.model and Models.read(named.model) == Models()
    text = population_text(report, KB)
    assert "% data" in text and "% prior" in text and "Still prior" in text


def test_the_learned_belief_forecasts_what_the_people_showed(fitted: fitting.Fitted) -> None:
    person, assessment = FIRST.forecast.person, FIRST.forecast.assessment

    def expected(belief: Belief) -> float:
        course = simulate(PLAN, person, assessment, belief.with_members(range(1024)))
        return float(course.score[:, 0, -1].mean())

    values = [followups[-1].scores[0].value for _, _, followups in simulated(120, {"clinical-gain": 1.2})]
    seen = float(np.mean(values))
    assert abs(expected(fitted.belief) - seen) < 0.5 * abs(expected(BELIEF) - seen)


def test_a_kept_fit_gives_the_same_belief(fitted: fitting.Fitted) -> None:
    kept = PopulationFit.model_validate_json(fitted.report.model_dump_json())
    again = with_population(BELIEF, kept)
    first, second = fitted.belief.draw(0), again.draw(0)
    assert all(np.array_equal(first[name], second[name]) for name in BELIEF.names)
    with pytest.raises(BadInput, match="already"):
        with_population(again, kept)
    with pytest.raises(BadInput, match="fit again"):
        with_population(BELIEF, kept.model_copy(update={"knowledge_sha256": "1" * 64}))


def test_nobody_counts_twice(fitted: fitting.Fitted) -> None:
    for again in (person_with(0, (174.0, 2.0)), person_with(0, (174.0, 2.0), later=9)):
        with pytest.raises(BadInput, match="learned from these people already: 'p-0'"):
            fit_population(fitted.belief, [again])


def test_a_person_of_the_fit_is_told_so(fitted: fitting.Fitted) -> None:
    from needling.learning import recalibrate

    one, stranger = (person_with(number, (174.0, 2.0)) for number in (0, 999))
    assert "counts a little twice" in recalibrate(fitted.belief, *one).report.words
    assert "twice" not in recalibrate(fitted.belief, *stranger).report.words


@pytest.mark.slow
def test_readings_that_are_all_too_high_are_flagged() -> None:
    belief, report = fit_population(BELIEF, simulated(200, {}, stretch=0.2))
    assert belief is BELIEF and not report.accepted
    assert any("too high" in flag for flag in report.flags) and "Nothing was taken over" in report.words


def test_a_straight_model_gets_the_exact_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    """Means that are straight lines in the doubts: the answer is that of linear regression with a prior."""
    rng = np.random.default_rng(3)
    slope = {"clinical-gain": (-0.2, -0.5), "signal-halo": (-0.3, 0.1)}
    spread = np.array([[0.3, 0.1], [0.1, 0.4]])
    root = np.linalg.cholesky(spread)

    def straight(
        belief: Belief, group: Any, names: Sequence[str], doubts: Any, members: Any, key: int, *, stretch: float = 0.0
    ) -> Any:
        people = normals(key, ("a", "b"), members).T @ root.T
        line = np.array([slope.get(name, (0.0, 0.0)) for name in names]).reshape(-1, 2)
        return (1 + stretch) * (2.5 + (doubts @ line)[:, None, :] + people[None])

    monkeypatch.setattr(fitting, "readings_under", straight)
    values = 2.5 + np.array([0.4, -0.8]) @ np.array(list(slope.values())) + rng.standard_normal((90, 2)) @ root.T
    values = np.clip(values, 1, 4)
    cases = [person_with(number, (42.0, a), (174.0, b)) for number, (a, b) in enumerate(values.tolist())]
    _, report = fit_population(BELIEF, cases, even_if_flagged=True)
    assert set(report.names) == set(slope)
    line = np.array([slope[name] for name in report.names]).T
    precision = np.linalg.inv(spread / 90)
    covariance = np.linalg.inv(np.eye(2) + line.T @ precision @ line)
    centre = covariance @ line.T @ precision @ (values.mean(axis=0) - 2.5)
    assert np.allclose(report.covariance_ratio, covariance, atol=0.01)
    assert np.allclose(report.centre_ratio, centre, atol=0.1)


def test_a_belief_about_one_person_is_not_fitted() -> None:
    from needling.learning import recalibrate

    one, records, followups = person_with(0, (174.0, 1.5))
    learned = recalibrate(BELIEF, one, records, followups).belief
    with pytest.raises(BadInput, match="about one person"):
        fit_population(learned, [person_with(1, (174.0, 2.0))])
