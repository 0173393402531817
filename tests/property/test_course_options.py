"""Endpoints that stop a session, sessions missed and moved, worn needles, cover, sub-models and named parameters."""

from __future__ import annotations

from itertools import pairwise
from typing import Any, get_args

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.virtual_world import course_plan, somebody, world

from needling.documents import Endpoint, Plan
from needling.errors import BadInput, OutOfRange
from needling.knowledge import load_knowledge
from needling.simulation import Belief, Course, Models, changed, forecast, objectives, simulate, simulate_many
from needling.simulation.depths import depth_area
from needling.simulation.equations import closure, depth
from needling.simulation.models import choices
from needling.simulation.seam.endpoints import ENDPOINTS, endpoint_grades, stop_limits
from needling.simulation.seam.outcomes import at_time

BELIEF = Belief.prior(world(), members=32)
FEW = settings(max_examples=15)
AS_PLANNED = Models(session="as-planned")
DAY_S = 86400.0
TINY = 1e-9


def _with(plan: Plan, **session: Any) -> Plan:
    """The plan with the same change in each session."""
    return plan.model_copy(update={"sessions": tuple(one.model_copy(update=session) for one in plan.sessions)})


def _no_nan(course: Course) -> None:
    for name, values in vars(course).items():
        if isinstance(values, np.ndarray) and name != "score":
            assert np.all(np.isfinite(values)), name


# ---------------------------------------------------------------- endpoints

endpoints = st.sampled_from(ENDPOINTS)
devices = st.sampled_from(["roller-mf8", "roller-clinic", "stamp", "pen"])


@FEW
@given(st.floats(0.1, 3.0), st.integers(1, 8), st.integers(1, 12), endpoints, devices)
def test_stopping_at_the_endpoint_never_adds(
    length: float, directions: int, passes: int, endpoint: Endpoint, device: str
) -> None:
    plan = course_plan(length_mm=length, directions=directions, passes=passes, sessions=2, device=device)
    plan = _with(plan, endpoint=endpoint)
    stopped = simulate(plan, *somebody(), BELIEF)
    full = simulate(plan, *somebody(), BELIEF, models=AS_PLANNED)
    for name in ("passes", "density", "coverage", "stimulus", "strikes", "opening", "pain", "dose_ratio"):
        assert np.all(getattr(stopped, name) <= getattr(full, name) * (1 + TINY)), name
    assert np.all(stopped.track_probability <= full.track_probability + TINY)
    assert np.all(full.passes == directions * passes) and np.all(stopped.planned_passes == directions * passes)
    assert np.all(stopped.passes >= 1) and np.all(stopped.passes == np.round(stopped.passes))
    done = stopped.passes < directions * passes
    assert np.allclose(stopped.density, full.density * stopped.passes / full.passes)
    # whoever stopped early had reached the endpoint, and one pass less would not have
    pink, blood = stop_limits(endpoint, stopped.context.drawn)
    reached = (stopped.stimulus >= pink * (1 - TINY)) | (stopped.strikes >= blood * (1 - TINY))
    assert np.all(reached[done])
    before = simulate(_with(plan, endpoint=endpoint), *somebody(), BELIEF, models=AS_PLANNED)
    share = np.maximum(stopped.passes - 1, 0) / full.passes
    covered = 1 - (1 - before.coverage) ** share
    earlier = np.divide(
        before.stimulus * covered, before.coverage, out=np.zeros_like(covered), where=before.coverage > 0
    )
    early = (earlier >= pink * (1 + TINY)) | (before.strikes * share >= blood * (1 + TINY))
    assert not np.any(early & (stopped.passes > 1))


def test_each_endpoint_lets_more_happen_than_the_one_before() -> None:
    plan = course_plan(device="roller-clinic", length_mm=1.5, sessions=1, passes=10)
    order = ("none", "faint-pink", "erythema", "pinpoint", "confluent")
    assert order == get_args(Endpoint) == ENDPOINTS
    passes = [simulate(_with(plan, endpoint=one), *somebody(), BELIEF).passes for one in order]
    assert all(np.all(more >= less) for less, more in pairwise(passes))
    assert passes[1].mean() < passes[2].mean() < passes[3].mean()


def test_a_session_without_redness_planned_shows_at_most_one_pass_of_it() -> None:
    plan = _with(course_plan(device="roller-home", length_mm=0.25, sessions=1, passes=6), endpoint="faint-pink")
    course = simulate(plan, *somebody(), BELIEF)
    beyond = endpoint_grades(course, 0, 0) > ENDPOINTS.index("faint-pink")
    assert beyond.mean() < 0.1
    assert objectives(course).beyond_endpoint_probability == pytest.approx(beyond.mean())


def test_two_strokes_share_one_endpoint() -> None:
    """The second device goes on where the first one stopped, and not at all where the endpoint is there."""
    first = _with(course_plan(device="roller-clinic", length_mm=1.0, sessions=1), endpoint="erythema")
    second = _with(course_plan(device="stamp", length_mm=1.0, sessions=1, passes=2), endpoint="erythema")
    both = first.model_copy(update={"sessions": (*first.sessions, *second.sessions)})
    alone, joined = simulate_many([first, both], *somebody(), BELIEF)
    assert np.all(joined.passes >= alone.passes) and np.all(joined.planned_passes == 16 + 8)
    ended = alone.passes < 16
    assert ended.any() and np.array_equal(joined.passes[ended], alone.passes[ended])
    assert np.allclose(joined.stimulus[ended], alone.stimulus[ended])
    assert np.all(joined.passes[~ended] >= 16)


def test_the_forecast_tells_planned_and_expected_passes() -> None:
    plan = course_plan(zones=("cheek-left", "forehead"), sessions=3, passes=8)
    course = simulate(plan, *somebody(("cheek-left", "scars"), ("forehead", "scars")), BELIEF)
    written = forecast(course, plan)
    assert [(one.zone, one.sessions, one.planned_count) for one in written.passes] == [
        ("cheek-left", (0, 1, 2), 32),
        ("forehead", (0, 1, 2), 32),
    ]
    first = written.passes[0]
    assert list(first.passes_count) == sorted(first.passes_count) and first.passes_count[-1] <= 32
    assert first.stopped_share == pytest.approx(float(np.mean(course.passes[0, 0] < 32)), abs=1e-5) and (
        first.stopped_share > 0.5
    )
    assert any("agreed endpoint" in one.text for one in written.assumptions)
    assert list(written.pain_ratio) == sorted(written.pain_ratio) and 0.3 < written.pain_ratio[6] < 3
    nothing = course_plan(sessions=0)
    still = forecast(simulate(nothing, *somebody(), BELIEF), nothing)
    assert still.passes == () and still.pain_ratio == ()


# ---------------------------------------------------------------- depth, needles, pain


@FEW
@given(st.floats(0.1, 3.0), st.floats(0.1, 20.0), st.sampled_from(["new", "worn", "cheap"]), devices, st.booleans())
def test_no_input_inside_its_range_gives_nan(length: float, force: float, state: str, device: str, air: bool) -> None:
    plan = _with(
        course_plan(length_mm=length, force_N=force, sessions=2, device=device),
        condition=state,
        cover="open-air" if air else "occluded",
    )
    for models in (Models(), Models(depth="force", closure="two-phase")):
        course = simulate(plan, *somebody(facts={"nsaid": True, "smoker": True}), BELIEF, models=models)
        _no_nan(course)
        assert np.all((course.vessel_share >= 0) & (course.vessel_share <= course.dermal_share + TINY))
        assert np.all(course.depth <= length * 1e-3 * (1 + TINY))
        forecast(course, plan)


def test_worn_and_cheap_needles_scatter_more_and_say_so() -> None:
    plans = [
        _with(course_plan(device="roller-clinic", length_mm=0.5), condition=one) for one in ("new", "worn", "cheap")
    ]
    new, worn, cheap = simulate_many(plans, *somebody(), BELIEF, models=AS_PLANNED)
    assert np.all(worn.scatter > new.scatter) and np.all(cheap.scatter > new.scatter)
    assert np.all(worn.depth <= new.depth) and np.all(cheap.depth <= new.depth)
    spread = [float(np.std(np.log(one.strikes))) for one in (new, worn)]
    assert worn.strikes.mean() > new.strikes.mean() and spread[1] > 0
    texts = [
        [one.text for one in forecast(course, plan).assumptions]
        for course, plan in zip((new, worn, cheap), plans, strict=True)
    ]
    assert not any("blunt" in text for text in texts[0])
    assert any("bent" in text for text in texts[1]) and any("unknown make" in text for text in texts[2])


def test_a_pens_tolerance_scatters_its_depth() -> None:
    kb = world()
    loose = kb.replace(
        devices=tuple(one.model_copy(update={"tolerance_mm": 0.15}) if one.id == "pen" else one for one in kb.devices)
    )
    plan = course_plan(device="pen", length_mm=0.5, sessions=1)
    exact, scattered = (simulate(plan, *somebody(), Belief.prior(one, members=8)) for one in (kb, loose))
    assert np.allclose(scattered.scatter**2 - exact.scatter**2, 0.15**2)


def test_force_lets_fewer_needles_in_or_makes_them_shallower() -> None:
    weak = course_plan(device="roller-clinic", length_mm=1.5, sessions=1, force_N=0.5)
    strong = course_plan(device="roller-clinic", length_mm=1.5, sessions=1, force_N=10.0)
    for models in (AS_PLANNED, Models(depth="force", session="as-planned")):
        less, more = simulate_many([weak, strong], *somebody(), BELIEF, models=models)
        assert np.all(less.stimulus < more.stimulus)
        shallower, fewer = np.all(less.depth < more.depth), np.all(less.density < more.density)
        assert (shallower, fewer) == ((True, False) if models.depth == "efficiency" else (False, True))


@given(st.floats(1e-4, 3e-3), st.floats(5e-5, 8e-4), st.floats(0.01, 1.0), st.floats(0.01, 1.0))
def test_depth_by_force_never_grows_with_blunter_tips(length: float, dead: float, one: float, other: float) -> None:
    sharp, blunt = sorted((one, other))
    deep, shallow = (depth.entered_depth(length, dead, 1e-3, 0.8, entry, 0.03) for entry in (sharp, blunt))
    assert 0 < shallow <= deep <= length
    assert depth.entered_depth(0.3e-3, 0.25e-3, 1e-3, 1.0, 0.03, 0.03) == pytest.approx(0.05e-3)


def test_pain_follows_depth_and_number() -> None:
    short, long, dense = simulate_many(
        [
            course_plan(length_mm=0.5, sessions=1),
            course_plan(length_mm=1.5, sessions=1),
            course_plan(length_mm=1.5, sessions=1, passes=8),
        ],
        *somebody(),
        BELIEF,
        models=AS_PLANNED,
    )
    assert np.all(short.pain < long.pain) and np.all(long.pain < dense.pain)
    drawn = long.context.drawn
    wanted = (long.depth[0, 0] / short.depth[0, 0]) ** drawn["pain-depth-exponent"] * (
        long.density[0, 0] / short.density[0, 0]
    ) ** drawn["pain-number-exponent"]
    assert np.allclose(long.pain[0, 0] / short.pain[0, 0], wanted)
    assert np.median(long.pain) == pytest.approx(1.0, abs=0.3)  # about the reference session itself


def test_the_histogram_of_depth_falls_from_the_opened_share_and_meets_the_layers() -> None:
    course = simulate(course_plan(sessions=2), *somebody(), BELIEF)
    depths = np.array([0.0, 1e-4, 5e-4, 1e-3, 3e-3])
    histogram = depth_area(course, depths, session=1)
    assert histogram.shape == (5, 32) and np.array_equal(histogram[0], course.opening[1, 0])
    assert np.all(np.diff(histogram, axis=0) <= 0) and np.all(histogram >= 0)
    skin = 80e-6 * course.context.drawn["epidermis-ratio"]
    at_layer = [depth_area(course, skin[[i]])[0, i] for i in range(32)]
    assert np.allclose(at_layer, course.opening[0, 0] * course.dermal_share[0, 0])
    rng = np.random.default_rng(0)  # by lot: every channel of one member
    drawn = course.depth[0, 0, 3] * np.exp(course.scatter[0, 0, 3] * rng.standard_normal(200_000))
    assert histogram[3, 3] / histogram[0, 3] == pytest.approx(np.mean(drawn > 1e-3), abs=0.005)
    still = simulate(course_plan(zones=("forehead",)), *somebody(("forehead", "scars"), ("scalp", "hair")), BELIEF)
    assert not depth_area(still, depths, zone=1).any()
    with pytest.raises(OutOfRange, match="from 0 m"):
        depth_area(course, np.array([-1e-4]))


# ---------------------------------------------------------------- closing


def test_open_air_closes_the_path_fast_and_cover_slows_the_rest() -> None:
    plan = course_plan(sessions=2)
    covered, air = simulate_many([plan, _with(plan, cover="open-air")], *somebody(), BELIEF)
    barrier, water, structure = (air.closed_time[row] / covered.closed_time[row] for row in range(3))
    assert np.all(barrier < 0.5) and np.median(barrier) < 0.1
    assert np.all(water <= 1) and np.all(structure <= 1) and np.median(structure) < 0.9
    assert np.median(air.closed_time[0]) / 3600 < 4  # all sites within two hours, give or take a factor of two
    mixed = plan.model_copy(update={"sessions": (plan.sessions[0], _with(plan, cover="open-air").sessions[1])})
    assert np.array_equal(simulate(mixed, *somebody(), BELIEF).closed_time, covered.closed_time)
    said = [
        " ".join(one.text for one in forecast(course, course.context.plan).assumptions) for course in (covered, air)
    ]
    assert "as under a dressing" in said[0] and "open to the air" in said[1]


def test_what_slows_closing() -> None:
    plan = course_plan(sessions=1)

    def closed(**person: Any) -> Any:
        return np.median(simulate(plan, *somebody(**person), BELIEF).closed_time[0])

    usual = closed(phototype="II")
    assert closed(phototype="VI") > usual and closed(phototype="II", birth_year=1940) > usual
    assert closed(phototype="II", facts={"nsaid": True}) > 1.2 * usual
    assert closed(phototype="II", facts={"nsaid": False}) == usual
    longer, shorter = (
        simulate(course_plan(sessions=1, length_mm=length), *somebody(), BELIEF).closed_time[[0, 2]]
        for length in (2.0, 0.3)
    )
    assert np.all(longer >= shorter)
    assert any("painkiller" in one.text for one in forecast(simulate(plan, *somebody(), BELIEF), plan).assumptions)


@given(st.floats(1e3, 1e6), st.floats(0.05, 0.5), st.floats(0.01, 0.9), st.floats(0.005, 0.5))
def test_two_phases_close_before_one(half_life: float, closed: float, quick: float, ratio: float) -> None:
    time = closure.closure_time_two_phase(half_life, closed, quick, ratio)
    assert 0 <= time <= closure.closure_time(half_life, closed)
    assert closure.open_share_two_phase(time, half_life, quick, ratio) == pytest.approx(closed, rel=1e-6)
    assert closure.open_share_two_phase(0.0, half_life, quick, ratio) == pytest.approx(1.0)


def test_two_phases_in_a_course() -> None:
    plan = course_plan(sessions=2, interval_d=1.0)
    one, two = (
        simulate(plan, *somebody(), BELIEF, models=Models(closure=kind)) for kind in ("exponential", "two-phase")
    )
    assert np.all(two.open_share <= one.open_share + TINY) and np.all(two.closed_time < one.closed_time)
    assert np.array_equal(two.collagen, one.collagen)
    drawn, when = two.context.drawn, int(np.searchsorted(two.time, 1.5 * DAY_S))
    wanted = [
        sum(
            closure.open_share_two_phase(
                two.time[when] - start,
                two.half_life[0, i, 0],
                drawn["closure-quick-share"][i],
                drawn["closure-quick-ratio"][i],
            )
            for start in two.session_time
        )
        for i in range(32)
    ]
    assert np.allclose(two.open_share[:, 0, when], wanted)
    hours = [{wait.item: wait.computed_h for wait in forecast(course, plan).not_before} for course in (one, two)]
    assert hours[1]["actives"] < hours[0]["actives"]


# ---------------------------------------------------------------- missed and moved


@FEW
@given(st.integers(2, 6), st.integers(0, 5), st.floats(14.0, 45.0))
def test_a_missed_session_never_builds_more(sessions: int, place: int, interval: float) -> None:
    plan = course_plan(sessions=sessions, interval_d=interval)
    full = simulate(plan, *somebody(), BELIEF)
    less = simulate(plan, *somebody(), BELIEF, missed=(place % sessions,))
    late = min(full.time[-1], less.time[-1])
    assert np.all(at_time(less.collagen[:, 0], less.time, late) <= at_time(full.collagen[:, 0], full.time, late) + 1e-3)
    assert np.all(less.dose_ratio < full.dose_ratio) and np.all(less.pih_probability <= full.pih_probability)
    assert less.session_time.size == sessions - 1


@FEW
@given(st.floats(1.0, 60.0))
def test_a_late_session_never_raises_inflammation(days: float) -> None:
    plan = course_plan(sessions=3, interval_d=7.0)
    on_time, late = simulate(plan, *somebody(), BELIEF), simulate(plan, *somebody(), BELIEF, moved={2: days})
    peaks = [one.inflammation[:, 0].max(axis=1) for one in (on_time, late)]
    assert np.all(peaks[1] <= 1.02 * peaks[0])
    assert late.session_time[-1] == pytest.approx((14.0 + days) * DAY_S)


def test_a_changed_plan_is_a_plan_of_its_own() -> None:
    plan = course_plan(sessions=4)
    assert changed(plan) is plan
    other = changed(plan, missed=(1,), moved={3: 10, 2: -5})
    assert [session.day_d for session in other.sessions] == [0, 55, 100] and other.sha256 != plan.sha256
    assert "session 2 missed" in other.label and "session 4 moved by 10 days" in other.label
    course = simulate(plan, *somebody(), BELIEF, missed=(1,), moved={3: 10, 2: -5})
    assert forecast(course, other).plan_sha256 == other.sha256
    everything = simulate(plan, *somebody(), BELIEF, missed=range(4))
    assert np.allclose(everything.collagen, 1.0) and not everything.session_time.size
    swapped = changed(plan, moved={1: 40})
    assert [session.day_d for session in swapped.sessions] == [0, 60, 70, 90]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"missed": (4,)}, "no session 4"),
        ({"missed": (-1,)}, "no session -1"),
        ({"missed": (1,), "moved": {1: 3}}, "both missed and moved"),
        ({"moved": {0: -3}}, "3 days before the start"),
        ({"moved": {1: 30}}, "which has a session"),
    ],
)
def test_changes_that_cannot_be_are_explained(change: dict[str, Any], said: str) -> None:
    with pytest.raises(BadInput, match=said):
        changed(course_plan(sessions=4), **change)


# ---------------------------------------------------------------- sub-models and named parameters


def test_models_are_said_and_read_back() -> None:
    assert Models.read(Models().said) == Models()
    for name, allowed in choices().items():
        for value in allowed:
            one = Models(**{name: value})  # type: ignore[arg-type]
            assert Models.read(one.said) == one
            assert (f"{name}=" in one.said) is (value != allowed[0])
    with pytest.raises(BadInput, match="did you mean 'two-phase'"):
        Models(closure="two-phases")  # type: ignore[arg-type]
    with pytest.raises(BadInput, match="this version runs"):
        Models.read("needling-healing-0")
    with pytest.raises(BadInput, match="unknown sub-model"):
        Models.read(f"{Models().said} sky=blue")


def test_a_forecast_names_what_it_ran_with() -> None:
    plan = course_plan(sessions=1)
    models = Models(closure="two-phase", depth="force", session="as-planned")
    written = forecast(simulate(plan, *somebody(), BELIEF, models=models), plan)
    assert Models.read(written.model) == models
    assert any("two phases" in one.text for one in written.assumptions)


def test_the_spatial_model_takes_a_factor_for_each_zone() -> None:
    plan, spatial = course_plan(sessions=1), Models(stimulus="spatial")
    plain = simulate(plan, *somebody(), BELIEF)
    half = simulate(plan, *somebody(), BELIEF, models=spatial, spatial={"cheek-left": 0.5})
    each = simulate(plan, *somebody(), BELIEF, models=spatial, spatial={"cheek-left": np.full(32, 0.5)})
    assert np.allclose(half.stimulus, 0.5 * plain.stimulus) and np.array_equal(half.collagen, each.collagen)
    assert np.array_equal(half.density, plain.density)
    with pytest.raises(BadInput, match="lacking: cheek-left"):
        simulate(plan, *somebody(), BELIEF, models=spatial)
    with pytest.raises(BadInput, match="ask for 'spatial'"):
        simulate(plan, *somebody(), BELIEF, spatial={"cheek-left": 0.5})
    with pytest.raises(BadInput, match="one for each member"):
        simulate(plan, *somebody(), BELIEF, models=spatial, spatial={"cheek-left": np.ones(3)})
    with pytest.raises(OutOfRange, match="not below 0"):
        simulate(plan, *somebody(), BELIEF, models=spatial, spatial={"cheek-left": -1.0})


def test_the_published_mean_can_be_run_where_there_is_one() -> None:
    kb = world()
    scars = kb.indication("scars")
    told = scars.outcome.model_copy(update={"change": -0.9, "change_sd": 0.6, "reference_sessions_count": 5})
    known = kb.replace(
        indications=tuple(
            one.model_copy(update={"outcome": told}) if one.id == "scars" else one for one in kb.indications
        )
    )
    belief, plan = Belief.prior(known, members=400), course_plan()
    mean = Models(outcome="published-mean", session="as-planned")
    course = simulate(plan, *somebody(("cheek-left", "scars")), belief, models=mean)
    final = at_time(course.score[:, 0], course.time, course.judge_time[0])
    assert float(np.mean(final - course.context.baselines[0].values)) == pytest.approx(-0.9, abs=0.15)
    assert forecast(course, plan).outcomes[0].basis == "published-mean"
    without = simulate(plan, *somebody(), Belief.prior(kb, members=8), models=mean)
    assert forecast(without, plan).outcomes[0].basis == "mechanism"


def test_named_parameters_move_the_answer_and_are_named() -> None:
    kb, plan = load_knowledge(), course_plan(device="roller-192", length_mm=1.5, sessions=3)
    person, assessment = somebody(("cheek-left", "acne-scars-rolling"), birth_year=1940)

    def run(name: str) -> Course:
        return simulate(plan, person, assessment, Belief.prior(kb, members=64, parameter_set=name))

    usual, runs = run("default"), {one.id: run(one.id) for one in kb.parameter_sets}
    assert set(runs) >= {"open-air", "elderly-slow", "first-prototype"}
    for name, course in runs.items():
        _no_nan(course)
        written = forecast(course, plan)
        assert written.model.endswith(f"parameters={name}") and Models.read(written.model) == Models()
        assert any(one.text.startswith("Parameters:") and one.sources for one in written.assumptions)
        assert not np.array_equal(course.open_share, usual.open_share) or not np.array_equal(course.score, usual.score)
    assert np.all(runs["open-air"].closed_time[0] < usual.closed_time[0])
    assert np.all(runs["elderly-slow"].closed_time[0] >= usual.closed_time[0])
    last = [float(one.severity[:, 0, -1].mean()) for one in (runs["strong-response"], usual, runs["weak-response"])]
    assert last == sorted(last)
    with pytest.raises(BadInput, match="did you mean 'open-air'"):
        Belief.prior(kb, parameter_set="open-aire")


def test_coverage_that_rounds_to_one_stops_nobody_wrongly() -> None:
    """Hundreds of passes cover all the skin: no NaN, no more passes than planned, and no stop for the number alone."""
    from needling.simulation.engines import STROKE_MEASURES
    from needling.simulation.seam.endpoints import visit_zone

    drawn = Belief.prior(world(), members=8).draw(0)
    stroke = np.ones((len(STROKE_MEASURES), 8))
    stroke[STROKE_MEASURES.index("stimulus")] = 0.9
    stroke[STROKE_MEASURES.index("strikes")] = 0.0
    for endpoint in ("none", "faint-pink", "erythema", "pinpoint", "confluent"):
        for strokes in ([(stroke, 320)], [(stroke, 320), (stroke, 320)]):
            found = visit_zone(strokes, endpoint, drawn, to_endpoint=True)  # type: ignore[arg-type]
            assert np.all(np.isfinite(found.measures)) and np.all(found.passes <= 320 * len(strokes))
    never = visit_zone([(stroke, 320)], "confluent", drawn, to_endpoint=True)
    assert np.all(never.passes == 320), "no blood, so nothing to stop at"
