"""What must hold for every plan and every ensemble."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.virtual_world import course_plan, somebody, world

from needling.errors import BadInput, OutOfRange
from needling.simulation import (
    Belief,
    Course,
    CourseResult,
    Models,
    forecast,
    objectives,
    reweight,
    simulate,
    simulate_many,
)
from needling.simulation.bind import log_likelihood, planned_density_per_cm2
from needling.simulation.equations import depth, healing
from needling.simulation.metrics import bias, coverage, crps_from_ensemble, crps_from_quantiles, quantile_at
from needling.simulation.seam.outcomes import true_change_sd
from needling.simulation.seam.summary import _seen

BELIEF = Belief.prior(world(), members=24)
FEW = settings(max_examples=12)
AS_PLANNED = Models(session="as-planned")
lengths = st.floats(0.1, 3.0)


# ---------------------------------------------------------------- draws


@settings(max_examples=20)
@given(st.lists(st.integers(0, 5000), min_size=1, max_size=6), st.integers(0, 2**63))
def test_a_member_has_the_same_luck_in_every_subset(members: list[int], key: int) -> None:
    belief = Belief.prior(world(), members=1)
    together = belief.with_members(members).draw(key)
    for index, member in enumerate(members):
        alone = belief.with_members([member]).draw(key)
        assert all(together[name][index] == alone[name][0] for name in together)


def test_repeated_members_and_sharding() -> None:
    belief = Belief.prior(world(), members=300)
    full, some = belief.draw(7), belief.with_members([5, 200, 5]).draw(7)
    assert all(np.array_equal(some[name], full[name][[5, 200, 5]]) for name in full)


def test_layers_are_apart_and_bounds_hold() -> None:
    belief = Belief.prior(world(), members=2000)
    both, person, doubt, none = (
        belief.draw(1, layers=layers) for layers in (("person", "doubt"), ("person",), ("doubt",), ())
    )
    name = "clinical-gain"
    spread = {kind: np.std(np.log(drawn[name])) for kind, drawn in (("p", person), ("d", doubt), ("b", both))}
    row = belief.names.index(name)
    assert spread["p"] == pytest.approx(belief.person[row], rel=0.1)
    assert spread["d"] == pytest.approx(belief.doubt[row], rel=0.1)
    assert spread["b"] == pytest.approx(np.hypot(spread["p"], spread["d"]), rel=0.1)
    assert np.ptp(none[name]) == 0
    for index, parameter in enumerate(belief.names):
        assert np.all((both[parameter] >= belief.low[index]) & (both[parameter] <= belief.high[index]))
        assert np.isfinite(both[parameter]).all()


# ---------------------------------------------------------------- equations


@given(st.floats(1e3, 1e7), st.floats(1e3, 1e7), st.floats(1e-5, 3e-3), st.floats(1e-5, 3e-3))
def test_denser_and_deeper_never_reduce_the_stimulus(n1: float, n2: float, d1: float, d2: float) -> None:
    (n1, n2), (d1, d2) = sorted((n1, n2)), sorted((d1, d2))
    assert healing.coverage(n1, 6e-5, 3e-4) <= healing.coverage(n2, 6e-5, 3e-4)
    assert healing.depth_response(d1, 8e-5, 3e-5, 7e-4) <= healing.depth_response(d2, 8e-5, 3e-5, 7e-4)
    assert depth.share_deeper(8e-5, d1, 0.3) <= depth.share_deeper(8e-5, d2, 0.3)


@given(lengths, lengths, st.floats(0.1, 20.0), st.floats(0.1, 20.0))
def test_longer_needles_and_more_force_never_reach_less(l1: float, l2: float, f1: float, f2: float) -> None:
    from needling.simulation.equations.rolling import entry_tilt, needles_in_contact

    (l1, l2), (f1, f2) = sorted((l1 * 1e-3, l2 * 1e-3)), sorted((f1, f2))

    def reached(length: float, force: float) -> float:
        pressed = depth.force_share(force, needles_in_contact(192, entry_tilt(0.01, length)), 0.034)
        return depth.reached_depth(length, 0.65, 2.5e-4, 1e-3, 0.8, pressed)

    assert reached(l1, f1) <= reached(l2, f1) * (1 + 1e-12)
    assert reached(l1, f1) <= reached(l1, f2)
    assert reached(l2, f2) <= l2


# ---------------------------------------------------------------- courses


@FEW
@given(
    st.floats(0.2, 3.0),
    st.integers(1, 6),
    st.integers(1, 6),
    st.floats(0.5, 60.0),
    st.sampled_from(["roller-mf8", "stamp", "pen"]),
)
def test_courses_stay_physical(length: float, sessions: int, passes: int, interval: float, device: str) -> None:
    plan = course_plan(length_mm=length, sessions=sessions, passes=passes, interval_d=interval, device=device)
    course = simulate(plan, *somebody(), BELIEF)
    for name in ("open_share", "water", "structure", "erythema", "inflammation", "signal", "collagen_iii"):
        assert np.all(getattr(course, name) >= 0), name
    assert np.all(course.collagen > 0) and np.all(course.elastin > 0)
    assert np.all((course.severity > 0) & (course.severity < 1.02))
    assert np.all((course.stimulus >= 0) & (course.stimulus < 1))
    assert np.all(np.diff(course.time) > 0)
    found = objectives(course)
    assert np.all(found.redness_d >= 0) and np.all((found.harm_probability >= 0) & (found.harm_probability <= 1))
    assert np.all(course.ready_time >= course.redness_time)


@FEW
@given(st.integers(1, 8), st.integers(1, 8), st.floats(7.0, 40.0))
def test_more_passes_or_sessions_never_build_less(sessions: int, passes: int, interval: float) -> None:
    base, denser, longer = simulate_many(
        [
            course_plan(sessions=s, passes=p, interval_d=interval)
            for s, p in ((sessions, passes), (sessions, passes + 2), (sessions + 1, passes))
        ],
        *somebody(),
        BELIEF,
    )
    assert np.all(denser.stimulus >= base.stimulus * (1 - 1e-12))  # equal where both stopped at the endpoint
    # at the ceiling nothing more is built, and the added inflammation digests a trace
    assert np.all(denser.collagen[:, 0].max(axis=1) >= base.collagen[:, 0].max(axis=1) - 1e-4)
    assert np.all(longer.inflammation.max(axis=2) >= base.inflammation.max(axis=2) - 1e-9)
    assert np.all(longer.dose_ratio > base.dose_ratio)


@FEW
@given(st.floats(1.0, 30.0), st.floats(1.0, 30.0))
def test_a_longer_interval_never_raises_inflammation(one: float, other: float) -> None:
    """Compared right after sessions and a fixed time later, where the peaks lie."""
    short, long = sorted((one, other))
    close, apart = simulate_many(
        [course_plan(interval_d=gap, sessions=3) for gap in (short, long)], *somebody(), BELIEF
    )
    peaks = [course.inflammation[:, 0].max(axis=1) for course in (close, apart)]
    assert np.all(peaks[1] <= 1.02 * peaks[0])  # peaks are read at report times


def test_no_session_moves_nothing() -> None:
    plan = course_plan(sessions=0)
    course = simulate(plan, *somebody(), BELIEF)
    for name, still in (("collagen", 1.0), ("elastin", 1.0), ("severity", 1.0), ("erythema", 0.0), ("open_share", 0.0)):
        assert np.allclose(getattr(course, name), still, rtol=0, atol=1e-12), name
    found = objectives(course)
    assert not found.gain.any() and not found.redness_d.any() and not found.harm_probability.any()
    assert forecast(course, plan).not_before == ()


def test_order_of_zones_and_company_of_plans_change_nothing() -> None:
    zones = (("cheek-left", "scars"), ("forehead", "scars"), ("scalp", "hair"))
    plan = course_plan(zones=("cheek-left", "forehead", "scalp"), sessions=3)
    one = simulate(plan, *somebody(*zones), BELIEF)
    turned = simulate(plan, *somebody(*zones[::-1]), BELIEF)
    for name in ("collagen", "severity", "score", "open_share"):
        assert np.array_equal(getattr(one, name), getattr(turned, name)[:, ::-1]), name
    beside = simulate_many([course_plan(zones=("cheek-left",), length_mm=0.7), plan], *somebody(*zones), BELIEF)[1]
    assert np.array_equal(beside.collagen, one.collagen)
    again = simulate(plan, *somebody(*zones), BELIEF, key=0)
    assert np.array_equal(again.score, one.score)
    assert not np.array_equal(simulate(plan, *somebody(*zones), BELIEF, key=1).score, one.score)


def test_members_keep_their_future_in_a_subset() -> None:
    plan = course_plan(sessions=2)
    full = simulate(plan, *somebody(), BELIEF)
    part = simulate(plan, *somebody(), BELIEF.with_members([2, 19, 2]))
    assert np.allclose(part.severity, full.severity[[2, 19, 2]], rtol=1e-6)


# ---------------------------------------------------------------- the seam


def test_forecast_is_a_whole_document() -> None:
    plan = course_plan(zones=("cheek-left", "scalp", "abdomen"), sessions=3)
    person, assessment = somebody(
        ("cheek-left", "scars"),
        ("scalp", "hair"),
        ("abdomen", "dimples"),
        scores=({"scale": "grade", "value": 3.0, "zone": "cheek-left"},),
    )
    course = simulate(plan, person, assessment, BELIEF)
    written = forecast(course, plan)
    assert type(written).model_validate_json(written.model_dump_json()) == written
    assert written.result == CourseResult.OK.value and written.plan_sha256 == plan.sha256
    scars, hair, dimples = written.outcomes
    assert not scars.baseline_assumed and scars.baseline == 3.0 and scars.basis == "mechanism"
    assert hair.baseline_assumed and hair.basis == "published-mean" and hair.change_quantiles[6] > 0
    assert dimples.basis == "none" and dimples.change_quantiles == () and dimples.dots_of_50_count == 0
    assert {m.measure for m in written.measures if m.zone == "cheek-left"} == {
        "open-channels",
        "water",
        "redness",
        "collagen",
        "severity",
        "seen-grade",
    }
    seen, true = (next(m for m in written.measures if m.measure == name) for name in ("seen-grade", "severity"))
    assert seen.quantiles[-1][0] > true.quantiles[-1][0] and seen.seen_noise == 0.4
    assert all(wait.hours_h >= wait.published_h and wait.hours_h >= wait.computed_h for wait in written.not_before)
    assert sum(share for _, share in written.endpoint_probability) == pytest.approx(1)
    assert all(list(row) == sorted(row) for row in (written.redness_d, written.ready_d))
    assert {harm.harm: harm.probability for harm in written.harms}["infection"] is None
    assert any("not scored" in one.text for one in written.assumptions)
    with pytest.raises(BadInput, match="was simulated for"):
        forecast(course, course_plan(sessions=1))


def test_pigment_marks_follow_the_skin_type_and_unknown_is_said() -> None:
    plan = course_plan()

    def pigment(phototype: str | None) -> dict[str, float | None]:
        written = forecast(simulate(plan, *somebody(phototype=phototype), BELIEF), plan)
        return {harm.harm: harm.probability for harm in written.harms if harm.harm.startswith("pih")}

    assert pigment("V").keys() == {"pih-iv-v", "pih-iii-v"} and 0.05 < (pigment("V")["pih-iv-v"] or 0) < 0.35
    assert pigment("III").keys() == {"pih-iii-v"}
    assert pigment("I") == {"pih-others": None}
    assert len(pigment(None)) == 3
    lighter = simulate(course_plan(length_mm=0.5, sessions=2), *somebody(), BELIEF)
    assert np.all(lighter.pih_probability < simulate(plan, *somebody(), BELIEF).pih_probability)


def test_darker_skin_never_weighs_less_and_unknown_weighs_most() -> None:
    plan, belief = course_plan(), Belief.prior(world(), members=400)
    skins = ("I", "II", "III", "IV", "V", "VI", None)
    courses = [simulate(plan, *somebody(phototype=skin), belief) for skin in skins]
    weighed = [float(course.pih_probability.mean()) for course in courses]
    assert weighed == sorted(weighed)
    assert weighed[2] == pytest.approx(5.5 / 76, rel=0.15)  # 0 of 39 and 5 of 36 together
    assert weighed[3] == weighed[5] == weighed[6] == pytest.approx(5.5 / 37, rel=0.15)
    known = [objectives(course).harm_known for course in courses]
    assert known == [False, False, True, True, True, False, False]
    assert objectives(simulate(course_plan(sessions=0), *somebody(phototype=None), belief)).harm_known


def test_track_marks_follow_the_roller_alone() -> None:
    """Passes raise them, needles too short for the event or of a pen never do, and the list says the same."""
    rolled, denser, short, pen = simulate_many(
        [course_plan(), course_plan(passes=8), course_plan(length_mm=0.3), course_plan(device="pen", passes=1)],
        *somebody(),
        BELIEF,
        models=AS_PLANNED,
    )
    assert np.all(denser.track_probability > rolled.track_probability)
    assert not short.track_probability.any() and not pen.track_probability.any()
    long_pen, short_roller = course_plan(device="pen", passes=1, sessions=1), course_plan(length_mm=0.3, sessions=2)
    mixed = short_roller.model_copy(update={"sessions": (*long_pen.sessions, short_roller.sessions[1])})
    both = simulate(mixed, *somebody(), BELIEF)
    assert not both.track_probability.any()
    for course, shown in ((rolled, True), (short, False), (pen, False), (both, False)):
        assert ("tram-track" in {harm.harm for harm in forecast(course, course.context.plan).harms}) is shown


def test_a_session_that_leaves_no_redness_needs_no_pigment_check() -> None:
    home = course_plan(device="roller-home", length_mm=0.2, sessions=2, interval_d=7, passes=2, force_N=2.0)
    gentle, strong = simulate_many([home, course_plan()], *somebody(phototype="V"), BELIEF)
    assert np.median(gentle.ready_time) < 7 * 86400
    assert np.all(strong.ready_time >= 7 * 86400) and np.ptp(strong.ready_time) > 86400


# ---------------------------------------------------------------- blood


def _blood(course: Course) -> float:
    chances = dict(forecast(course, course.context.plan).endpoint_probability)
    return chances["pinpoint"] + chances["confluent"]


def test_blood_comes_with_length() -> None:
    """A clinic roller, 4 directions x 4 passes: hardly any at 0.3 mm, nearly always at 1.5 mm (a fitted proposal)."""
    belief = Belief.prior(world(), members=2000)
    plans = [
        course_plan(device="roller-clinic", length_mm=length, sessions=1)
        for length in (0.2, 0.25, 0.3, 0.5, 0.75, 1.0, 1.5, 2.0)
    ]
    courses = simulate_many(plans, *somebody(), belief, models=AS_PLANNED)
    chances = [_blood(course) for course in courses]
    strikes = np.array([course.strikes[0, 0] for course in courses[2:-1]])  # of each member, up to 1.5 mm
    assert np.all(np.diff(chances[2:]) > 0) and np.all(np.diff(strikes, axis=0) > 0)
    assert max(chances[:3]) < 0.05 and 0.02 < chances[3] <= 0.2
    assert 0.4 < chances[5] < 0.65 and chances[6] >= 0.9


def test_more_than_the_planned_endpoint() -> None:
    belief = Belief.prior(world(), members=400)

    def beyond(endpoint: str, length_mm: float) -> float:
        plan = course_plan(device="roller-clinic", length_mm=length_mm, sessions=2)
        sessions = tuple(session.model_copy(update={"endpoint": endpoint}) for session in plan.sessions)
        return objectives(
            simulate(plan.model_copy(update={"sessions": sessions}), *somebody(), belief, models=AS_PLANNED)
        ).beyond_endpoint_probability

    assert beyond("erythema", 1.5) > 0.85 and beyond("pinpoint", 1.5) < 0.2 and beyond("confluent", 1.5) == 0
    assert beyond("erythema", 0.5) < beyond("erythema", 1.0) < beyond("erythema", 1.5)
    assert objectives(simulate(course_plan(sessions=0), *somebody(), belief)).beyond_endpoint_probability == 0


@pytest.mark.parametrize(
    ("device", "length"), [(d, n) for d in ("roller-mf8", "stamp", "pen") for n in (0.2, 1.0, 2.5)]
)
def test_no_channel_is_longer_than_its_needle(device: str, length: float) -> None:
    course = simulate(
        course_plan(device=device, length_mm=length, sessions=1, force_N=20.0, passes=1),
        *somebody(),
        Belief.prior(world(), members=1000),
    )
    assert np.all(course.depth <= length * 1e-3)


# ---------------------------------------------------------------- readings


def test_nobody_gets_better_without_a_session() -> None:
    """By the same rule for a treated zone, an untreated one and no treatment at all."""
    zones = (("cheek-left", "scars"), ("forehead", "scars"), ("scalp", "hair"))
    scores = ({"scale": "grade", "value": 3.0, "zone": "cheek-left"},)
    for plan in (course_plan(sessions=0), course_plan(zones=("cheek-left",))):
        written = forecast(simulate(plan, *somebody(*zones, scores=scores), BELIEF), plan)
        treated, *others = written.outcomes
        assert (treated.dots_of_50_count > 0) == bool(plan.sessions)
        assert all(other.dots_of_50_count == 0 for other in others)


def test_a_reading_is_not_the_truth() -> None:
    """The true start lies between the reading and the usual start, nearer to the one that is surer."""
    belief = Belief.prior(world(), members=2000)
    person, assessment = somebody(scores=({"scale": "grade", "value": 2.0, "zone": "cheek-left"},))
    start = simulate(course_plan(), person, assessment, belief).score[:, 0, 0]
    trust = 0.5**2 / (0.5**2 + 0.4**2)
    assert start.mean() == pytest.approx(3.3 + trust * (2.0 - 3.3), abs=0.03)
    assert start.std() == pytest.approx(np.sqrt(trust) * 0.4, rel=0.05)


@pytest.mark.parametrize(("zone", "concern", "scale"), [("cheek-left", "scars", "grade"), ("scalp", "hair", "hairs")])
def test_bands_of_readings_cover_simulated_truth(zone: str, concern: str, scale: str) -> None:
    """People drawn from the belief, read with noise at the start and again later: 90 % and 50 % bands hold."""
    wide = world().replace(  # scales without a near end, so that the rule is tested and not the clipping
        scales=tuple(one.model_copy(update={"low": -500.0, "high": 900.0}) for one in world().scales)
    )
    noise = {one.id: one.noise for one in wide.scales}[scale]
    plan = course_plan(zones=(zone,), sessions=4)
    people = Belief.prior(wide, members=600)
    truth = simulate(plan, *somebody((zone, concern)), people, key=77)
    rng = np.random.default_rng(5)
    first = truth.score[:, 0, 0] + noise * rng.standard_normal(600)
    belief = Belief.prior(wide, members=128)
    judge = int(np.searchsorted(truth.time, truth.judge_time[0]))
    # noise at these two times only, so that the luck does not hang on how many times are reported
    seen = {when: truth.score[:, 0, when] + noise * rng.standard_normal(600) for when in (0, judge)}
    inside = {(share, when): 0 for share in (0.5, 0.9) for when in (0, judge)}
    for one, reading in enumerate(first):
        scores = ({"scale": scale, "value": float(reading), "zone": zone},)
        course = simulate(plan, *somebody((zone, concern), scores=scores), belief, key=one)
        band, _ = _seen(course, 0)
        for share, when in inside:
            low, high = np.quantile(band[:, when], (0.5 - share / 2, 0.5 + share / 2))
            inside[share, when] += int(low <= seen[when][one] <= high)
    found = {at: count / 600 for at, count in inside.items()}
    for (share, when), covered in found.items():
        low, high = (0.86, 0.94) if share == 0.9 else (0.44, 0.56)
        assert low <= covered <= high, (when, share, found)


def test_spread_of_trials_holds_the_noise_of_two_readings() -> None:
    assert true_change_sd(34.0, 15.0) == pytest.approx(np.sqrt(34**2 - 2 * 15**2))
    assert true_change_sd(20.0, 15.0) == 10.0


def test_smoking_and_age_slow_collagen() -> None:
    plan = course_plan()
    base = simulate(plan, *somebody(), BELIEF)
    smoker = simulate(plan, *somebody(facts={"smoker": True}), BELIEF)
    old = simulate(plan, *somebody(birth_year=1946), BELIEF)
    end = base.collagen[:, 0, -1].mean()
    assert smoker.collagen[:, 0, -1].mean() < end and old.collagen[:, 0, -1].mean() < end


def test_short_home_needles_do_little() -> None:
    home = course_plan(device="roller-home", length_mm=0.25, sessions=20, interval_d=7, passes=3, force_N=2.0)
    clinic = course_plan()
    gentle, strong = simulate_many([home, clinic], *somebody(), BELIEF)
    assert np.median(gentle.stimulus) < 0.05 * np.median(strong.stimulus)
    assert np.median(objectives(gentle).gain) < 0.15 * np.median(objectives(strong).gain)
    assert np.median(objectives(gentle).redness_d) < 0.5
    chances = dict(forecast(gentle, home).endpoint_probability)
    assert chances["pinpoint"] + chances["confluent"] < 0.1


def test_bad_input_is_explained() -> None:
    with pytest.raises(BadInput, match="did you mean 'cheek-left'"):
        simulate(course_plan(zones=("cheek-leff",)), *somebody(), BELIEF)
    with pytest.raises(BadInput, match="unknown device"):
        simulate(course_plan(device="roller-mf9"), *somebody(), BELIEF)
    with pytest.raises(OutOfRange, match="rf"):
        simulate(course_plan(device="heat"), *somebody(), BELIEF)


def test_out_of_range_is_a_result_with_advice() -> None:
    plan = course_plan(device="pen", directions=8, passes=40)
    course = simulate(plan, *somebody(), BELIEF)
    assert course.result is CourseResult.OUT_OF_RANGE and "envelope" in course.result.advice
    written = forecast(course, plan)
    assert written.result == "out-of-range" and not written.outcomes and not written.measures


def test_two_strokes_on_one_day_join() -> None:
    one = course_plan(sessions=1)
    twice = one.model_copy(update={"sessions": (one.sessions[0], one.sessions[0])})
    single, double = simulate_many([one, twice], *somebody(), BELIEF, models=AS_PLANNED)
    assert double.session_time.size == 1
    assert np.allclose(double.density, 2 * single.density)
    assert np.all(double.stimulus > single.stimulus) and np.all(double.stimulus < 2 * single.stimulus)


def test_planned_density() -> None:
    plan = course_plan(sessions=1)
    assert planned_density_per_cm2(world().device("roller-mf8"), plan.sessions[0].strokes[0]) == pytest.approx(
        227, abs=1
    )


# ---------------------------------------------------------------- learning and scoring


def test_reweighting_recovers_a_simulated_truth_and_refuses_nonsense() -> None:
    belief = Belief.prior(world(), members=400)
    plan, (person, assessment) = (
        course_plan(),
        somebody(scores=({"scale": "grade", "value": 3.3, "zone": "cheek-left"},)),
    )
    course = simulate(plan, person, assessment, belief)
    final = course.score[:, 0, -1]
    truth = np.quantile(final, 0.15)
    day = course.time[-1] / 86400
    learned = reweight(belief, log_likelihood(course, [("cheek-left", day, float(truth))]), 0, person=person.id)
    after = simulate(plan, person, assessment, learned.belief).score[:, 0, -1]
    assert learned.report.accepted and learned.report.effective_members_count >= 0.2 * 400
    assert abs(after.mean() - truth) < 0.6 * abs(final.mean() - truth)
    assert max(learned.report.data_share[name] for name in ("clinical-gain", "collagen-synthesis-rate")) > 0.05
    assert after.std() < final.std()
    refused = reweight(belief, np.full(400, -np.inf), 0, person=person.id)
    assert refused.belief is belief and not refused.report.accepted and "nothing was learned" in refused.report.words
    far = reweight(belief, log_likelihood(course, [("cheek-left", day, -400.0)]), 0, person=person.id)
    assert far.belief is belief and not far.report.accepted
    with pytest.raises(ValueError, match="one log likelihood"):
        reweight(belief, np.zeros(3), 0, person=person.id)
    with pytest.raises(BadInput, match="a reading on"):
        log_likelihood(course, [("nose", day, 2.0)])


@given(st.lists(st.floats(-50, 50), min_size=2, max_size=40), st.floats(-60, 60))
def test_crps_of_an_ensemble(members: list[float], seen: float) -> None:
    values = np.array(members)
    brute = np.mean(np.abs(values - seen)) - 0.5 * np.mean(np.abs(values[:, None] - values[None]))
    assert crps_from_ensemble(values, seen) == pytest.approx(brute, abs=1e-9)
    assert crps_from_ensemble(values, seen) >= -1e-9


def test_crps_from_quantiles_and_the_other_scores() -> None:
    members = np.random.default_rng(0).normal(2.0, 1.0, 20000)
    levels = np.linspace(0.01, 0.99, 99)
    for seen in (-1.0, 2.0, 4.0):
        ours = crps_from_quantiles(levels, np.quantile(members, levels), seen)
        assert ours == pytest.approx(crps_from_ensemble(members, seen), rel=0.02)
    assert quantile_at((0.1, 0.5), (1.0, 3.0), 0.3) == 2.0
    assert coverage([0, 0, 0], [1, 1, 1], [0.5, 1.0, 2.0]) == pytest.approx(2 / 3)
    assert bias([1.0, 1.0], [2.0, 3.0]) == 1.5
