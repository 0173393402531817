"""Known truths are found again: the doubts that many people share, and one person's next reading."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from math import comb
from typing import Any

import numpy as np
import pytest
from tests.virtual_world import course_plan, somebody, world

from needling.documents import Approval, ScaleScore, SessionRecord
from needling.learning import fitting, recalibrate
from needling.learning.people import Alike, Look, possible_people, readings_under
from needling.simulation import Belief, Models, forecast, simulate
from needling.simulation.design import varying
from needling.simulation.metrics import crps_from_ensemble
from needling.simulation.seam import outcomes
from needling.units import to_si

pytestmark = pytest.mark.slow

KB = world()
BELIEF = Belief.prior(KB)
PEOPLE, REPEATS = 400, 40
# Four courses on four starts; everybody is read before the second session and three months after the last.
COURSES: tuple[dict[str, Any], ...] = (
    {"sessions": 4, "interval_d": 42, "length_mm": 1.5, "start": 3.0, "phototype": "IV", "born": 1996},
    {"sessions": 4, "interval_d": 42, "length_mm": 1.5, "start": 3.5, "phototype": "II", "born": 1980},
    {"sessions": 3, "interval_d": 28, "length_mm": 1.0, "start": 3.0, "phototype": "III", "born": 1990},
    {"sessions": 5, "interval_d": 28, "length_mm": 1.5, "start": 4.0, "phototype": "V", "born": 2000},
)


def groups() -> list[Alike]:
    """The four kinds of people, without anything read of them."""
    found = []
    for number, one in enumerate(COURSES):
        reading = {"scale": "grade", "zone": "cheek-left", "value": one["start"]}
        person, assessment = somebody(phototype=one["phototype"], birth_year=one["born"], scores=(reading,))
        plan = course_plan(
            sessions=one["sessions"], interval_d=one["interval_d"], length_mm=one["length_mm"], device="roller-clinic"
        )
        looks = (
            Look("cheek-left", float(one["interval_d"])),
            Look("cheek-left", (one["sessions"] - 1) * one["interval_d"] + 90.0),
        )
        found.append(Alike(plan, person, assessment, Models(session="as-planned"), number, {looks: []}))
    return found


def one_world(generator: np.random.Generator, stretch: float = 0.0) -> tuple[dict[str, float], list[Alike]]:
    """A truth drawn from the belief, every doubt of the model in it, and 400 people who live in it."""
    truth = {name: float(generator.standard_normal()) for name, layer in varying(BELIEF) if layer == "doubt"}
    place = np.array([list(truth.values())])
    first = 10**8 + int(generator.integers(10**7))
    people = []
    for group in groups():
        (looks,) = group.seen
        members = possible_people(group, PEOPLE // len(COURSES)) + first
        seen = readings_under(BELIEF, group, tuple(truth), place, members, 7, stretch=stretch)
        assert seen is not None
        people.append(replace(group, seen={looks: [tuple(values) for values in seen[0].tolist()]}))
    return truth, people


def fit_to(people: list[Alike]) -> tuple[Any, Any]:
    fit = fitting._Fit(BELIEF, people, 0)
    fit.names = fitting._those_that_matter(fit)
    return fit, fitting._best(fit)


def least_and_most(count: int, share: float, sure: float = 0.99) -> tuple[int, int]:
    """Counts that a share of some trials stays between, nearly always."""
    chances = np.cumsum([comb(count, hit) * share**hit * (1 - share) ** (count - hit) for hit in range(count + 1)])
    tail = (1 - sure) / 2
    return int(np.searchsorted(chances, tail)), int(np.searchsorted(chances, 1 - tail))


def test_intervals_of_what_the_data_set_cover_the_truth() -> None:
    """40 times 400 people: the 90 % intervals of the combinations that the data set hold the truth in 85 to 95 %."""
    generator = np.random.default_rng(0)
    inside, flagged, far = [], 0, []
    for _ in range(REPEATS):
        truth, people = one_world(generator)
        fit, best = fit_to(people)
        place = np.array([truth[name] for name in fit.names])
        directions = best.teaches.directions[:, : best.teaches.fixed]
        spread = np.sqrt(np.einsum("kd,kl,ld->d", directions, best.covariance, directions))
        distance = directions.T @ (best.doubts - place) / spread
        inside += (np.abs(distance) < fitting._SURE_90).tolist()
        far += distance.tolist()
        flagged += bool(fitting._flags(fitting._checks(fit, best), best, 0.01))
    share = float(np.mean(inside))
    error = float(np.sqrt(share * (1 - share) / len(inside)))
    print(f"{share:.1%} of {len(inside)} intervals hold the truth (error {error:.1%}); {flagged} of {REPEATS} flagged")
    assert 0.85 <= share <= 0.95
    assert len(inside) > REPEATS  # more than one combination is found
    assert abs(np.mean(far)) < 0.35  # and not on one side
    assert flagged <= least_and_most(REPEATS, 0.03)[1]


@pytest.mark.parametrize("seed", [5, 6])
def test_a_planted_bias_is_flagged(seed: int) -> None:
    """A reader who notes a fifth too much is found, wherever the truth lies."""
    _, people = one_world(np.random.default_rng(seed), stretch=0.2)
    fit, best = fit_to(people)
    checks = fitting._checks(fit, best)
    flags = fitting._flags(checks, best, 0.01)
    assert checks.stretch > 0.05 and checks.stretch_probability < 1e-6
    assert any("too high" in flag for flag in flags)


# ---------------------------------------------------------------- one person

EARLY_D, LATE_D = 60.0, 3 * 30 + 90.0
ONE_BY_ONE = 320


def test_the_next_reading_is_forecast_better_after_the_first() -> None:
    """Many people, each with a truth of his own: after one reading the next is forecast better and as honestly."""
    person, assessment = somebody(scores=({"scale": "grade", "zone": "cheek-left", "value": 3.0},))
    plan = course_plan(sessions=4, interval_d=30, device="roller-clinic")
    as_planned = Models(session="as-planned")
    expected = forecast(simulate(plan, person, assessment, BELIEF, models=as_planned), plan)
    approval = Approval(
        plan=plan,
        forecast=expected,
        plan_sha256=plan.sha256,
        forecast_sha256=expected.sha256,
        clearance_sha256="0" * 64,
        by="dr-a",
        at=datetime(2026, 1, 15, tzinfo=UTC),
    )
    records = [
        SessionRecord(
            approval=approval.sha256,
            session=place,
            on=plan.start + timedelta(days=session.day_d),
            device=session.device,
            strokes=session.strokes,
            by="nurse",
        )
        for place, session in enumerate(plan.sessions)
    ]

    def scores(belief: Belief, day: float) -> Any:
        course = simulate(plan, person, assessment, belief, key=expected.key, models=as_planned)
        return outcomes.at_time(course.score[:, 0], course.time, to_si(day, "d"))

    luck = np.random.default_rng(2)
    noise = KB.by("scales")["grade"].noise
    true_people = BELIEF.with_members(10**7 + np.arange(ONE_BY_ONE))
    early, late = (
        np.clip(scores(true_people, day) + noise * luck.standard_normal(ONE_BY_ONE), 1, 4) for day in (EARLY_D, LATE_D)
    )
    before = scores(BELIEF, LATE_D) + noise * luck.standard_normal(BELIEF.members.size)
    losses, inside = [], []
    for first, second in zip(early.tolist(), late.tolist(), strict=True):
        followup = assessment.model_copy(
            update={
                "on": plan.start + timedelta(days=EARLY_D),
                "scores": (ScaleScore(scale="grade", zone="cheek-left", value=first),),
            }
        )
        learned = recalibrate(BELIEF, approval, records, [followup])
        assert learned.report.accepted
        after = scores(learned.belief, LATE_D) + noise * luck.standard_normal(BELIEF.members.size)
        losses.append((crps_from_ensemble(after, second), crps_from_ensemble(before, second)))
        low, high = np.quantile(after, [0.05, 0.95])
        inside.append(low <= second <= high)
    learned_loss, prior_loss = np.mean(losses, axis=0)
    gain = np.array([old - new for new, old in losses])
    share = float(np.mean(inside))
    print(f"CRPS {prior_loss:.3f} before, {learned_loss:.3f} after; {share:.1%} of {ONE_BY_ONE} inside the 90 % band")
    assert gain.mean() > 3 * gain.std() / np.sqrt(ONE_BY_ONE)
    assert 0.83 <= share <= 0.97
