"""Sobol indices: right on functions with a known answer, the same with the same key, and honest about the plan."""

from __future__ import annotations

import builtins
import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.virtual_world import course_plan, somebody, world

from needling import load_knowledge
from needling.documents.exposure import SerumGate, SerumUse, Substance
from needling.errors import BadInput, NotAllowed, OutOfRange
from needling.simulation import Belief, simulate
from needling.simulation.belief import normal
from needling.simulation.design import designed, middle_person, quantile, varying
from needling.simulation.identifiability import from_slopes, identify, readings_teach
from needling.simulation.indices import Factor, View, saltelli_rows, sobol_indices, standard_normal
from needling.simulation.sensitivity import Output, Sensitivity, main_zone, outputs_of, serum_output, sobol

pytest.importorskip("SALib", reason="SALib is in the extra 'research'")

KB = world()
BELIEF = Belief.prior(KB, members=64)
PERSON, ASSESSMENT = somebody(("cheek-left", "scars"), ("forehead", "scars"))
PLAN = course_plan(zones=("cheek-left", "forehead"), device="roller-clinic", sessions=3)


def factors(*names: str) -> list[Factor]:
    return [Factor(name, "doubt", name) for name in names]


# ---------------------------------------------------------------- the method


def ishigami(cube: Any, a: float = 7.0, b: float = 0.1) -> Any:
    x = np.pi * (2 * cube - 1)
    return (np.sin(x[:, 0]) + a * np.sin(x[:, 1]) ** 2 + b * x[:, 2] ** 4 * np.sin(x[:, 0]))[:, None]


def ishigami_exact(a: float = 7.0, b: float = 0.1) -> tuple[list[float], list[float]]:
    """The closed form of its indices."""
    alone = [0.5 * (1 + b * np.pi**4 / 5) ** 2, a**2 / 8, 0.0]
    pair = b**2 * np.pi**8 * (1 / 18 - 1 / 50)
    whole = sum(alone) + pair
    return [one / whole for one in alone], [(alone[0] + pair) / whole, alone[1] / whole, pair / whole]


def test_ishigami() -> None:
    view = sobol_indices("test", factors("x1", "x2", "x3"), ishigami, samples=8192, key=1)
    first, total = ishigami_exact()
    assert view.first[0] == pytest.approx(first, abs=0.01)
    assert view.total[0] == pytest.approx(total, abs=0.01)
    assert np.all(np.abs(view.first[0] - first) <= 2 * view.first_error[0] + 1e-3)
    assert view.runs == 8192 * 5


def test_groups_move_together() -> None:
    """x1 and x3 as one factor: what they do together is then alone."""
    groups = [*factors("a", "b"), factors("a")[0]]
    view = sobol_indices("test", groups, ishigami, samples=4096, key=1)
    first, _ = ishigami_exact()
    assert [factor.id for factor in view.factors] == ["a", "b"]
    assert view.first[0] == pytest.approx([1 - first[1], first[1]], abs=0.02)
    assert view.total[0] == pytest.approx(view.first[0], abs=0.03)


def test_the_design_is_salibs_own() -> None:
    from SALib.sample import sobol as sampling

    names = ["a", "b", "a", "c", "b"]
    problem = {"num_vars": 5, "names": list("vwxyz"), "bounds": [[0, 1]] * 5, "groups": names}
    own = sampling.sample(problem, 64, calc_second_order=False, seed=9)
    step = len(set(names)) + 2
    base = np.stack([own[::step], own[step - 1 :: step]])
    assert np.array_equal(saltelli_rows(base, names), own)


@pytest.mark.parametrize("interaction", [0.0, 3.0])
def test_sums(interaction: float) -> None:
    """Additive: first and total are one and add up to 1. With an interaction first adds to less, total to more."""
    slopes = np.array([1.0, 2.0, 0.5])

    def linear(cube: Any) -> Any:
        return (cube @ slopes + interaction * (cube[:, 0] - 0.5) * (cube[:, 1] - 0.5))[:, None]

    view = sobol_indices("test", factors("x", "y", "z"), linear, samples=4096)
    if interaction:
        pair = interaction**2 / 144
        share = pair / (pair + np.sum(slopes**2) / 12)
        assert view.first[0].sum() == pytest.approx(1 - share, abs=0.01)
        assert view.total[0].sum() == pytest.approx(1 + share, abs=0.01)
    else:
        assert view.first[0] == pytest.approx(slopes**2 / np.sum(slopes**2), abs=0.01)
        assert view.total[0] == pytest.approx(view.first[0], abs=0.01)


def test_an_output_that_does_not_vary_has_no_index() -> None:
    view = sobol_indices(
        "test", factors("x", "y"), lambda cube: np.stack([cube[:, 0], np.full(len(cube), 3.0)], axis=1), samples=64
    )
    assert np.all(np.isnan(view.total[1])) and view.mean[1] == 3.0
    assert view.total[0] == pytest.approx([1.0, 0.0], abs=0.05)


def test_quantile_functions_are_gone_through_once() -> None:
    """The variance of exp(s z): its index is that of the normal number, whatever the other does."""
    view = sobol_indices(
        "test",
        factors("x", "y"),
        lambda rows: (2 * rows[:, 0] + rows[:, 1])[:, None],
        through=standard_normal,
        samples=2048,
    )
    assert view.first[0] == pytest.approx([0.8, 0.2], abs=0.02)
    assert view.deviation[0] == pytest.approx(np.sqrt(5), rel=0.02)


@pytest.mark.parametrize("samples", [0, 8, 100, -64])
def test_samples_must_be_a_power_of_two(samples: int) -> None:
    with pytest.raises(BadInput, match="power of two"):
        sobol(PLAN, PERSON, ASSESSMENT, BELIEF, samples=samples)


# ---------------------------------------------------------------- members laid out by hand


def test_the_quantiles_are_the_law_of_the_draw() -> None:
    """At the normal numbers that the belief itself draws, the mapping gives exactly its members."""
    drawn = BELIEF.draw(11)
    for index, name in enumerate(BELIEF.names):
        doubt, person = (normal(11, f"{name}/{layer}", BELIEF.members) for layer in ("doubt", "person"))
        assert quantile(BELIEF, name, doubt, person) == pytest.approx(drawn[name], rel=1e-12), BELIEF.shape[index]


@settings(max_examples=40, deadline=None)
@given(name=st.sampled_from(BELIEF.names), low=st.floats(-4, 4), more=st.floats(0, 4))
def test_quantiles_rise(name: str, low: float, more: float) -> None:
    below, above = quantile(BELIEF, name, low, low), quantile(BELIEF, name, low + more, low + more)
    assert below <= above
    index = BELIEF.names.index(name)
    assert BELIEF.low[index] <= below and above <= BELIEF.high[index]


def test_designed_members_run_like_drawn_ones() -> None:
    """A course of designed members at the belief's own draws is the belief's course, to the last bits."""
    places = {column: normal(4, "/".join(column), BELIEF.members) for column in varying(BELIEF)}
    laid_out = simulate(PLAN, PERSON, ASSESSMENT, designed(BELIEF, places, BELIEF.members), key=4)
    drawn = simulate(PLAN, PERSON, ASSESSMENT, BELIEF, key=4)
    for name in ("score", "collagen", "redness_time", "pih_probability", "strikes"):
        assert getattr(laid_out, name) == pytest.approx(getattr(drawn, name), rel=1e-9, nan_ok=True), name
    some = np.array([5, 3, 3])
    part = simulate(PLAN, PERSON, ASSESSMENT, designed(BELIEF, places, BELIEF.members).rows(some), key=4)
    assert part.collagen == pytest.approx(drawn.collagen[some], rel=1e-6)


def test_the_middle_person_is_the_median() -> None:
    drawn = middle_person(BELIEF).draw(99)
    assert {name: float(values[0]) for name, values in drawn.items()} == pytest.approx(
        dict(zip(BELIEF.names, BELIEF.median.tolist(), strict=True))
    )


# ---------------------------------------------------------------- a plan


@pytest.fixture(scope="module")
def found() -> Sensitivity:
    return sobol(PLAN, PERSON, ASSESSMENT, BELIEF, samples=256, key=3)


def place(view: View, name: str) -> int:
    return [factor.id for factor in view.factors].index(name)


def output(found: Sensitivity, name: str) -> int:
    return [one.id for one in found.outputs].index(name)


def test_views_and_outputs(found: Sensitivity) -> None:
    assert [view.name for view in found.views] == ["layers", "parts", "parameters", "choices"]
    assert {one.id for one in found.outputs} >= {
        "outcome", "collagen", "redness", "pigment", "open-channels", "bleeding", "pain",
    }  # fmt: skip
    choices = found.view("choices")
    assert choices is not None
    assert [factor.id for factor in choices.factors if factor.kind == "choice"] == [
        "needle-length", "passes", "interval", "force",
    ]  # fmt: skip


def test_what_must_drive_what(found: Sensitivity) -> None:
    """Facts of the model: closing follows its half-life alone; collagen knows nothing of harms or of luck."""
    parameters, layers, choices = (found.view(name) for name in ("parameters", "layers", "choices"))
    assert parameters is not None and layers is not None and choices is not None
    closing = output(found, "open-channels")
    assert {parameters.factors[one].name for one in parameters.ranked(closing)[:2]} == {"barrier-half-life"}
    collagen = output(found, "collagen")
    assert layers.total[collagen, place(layers, "unexplained")] == pytest.approx(0, abs=1e-9)
    harms = [one for one, factor in enumerate(parameters.factors) if factor.name.startswith(("pih", "track", "harms"))]
    assert harms and parameters.total[collagen, harms] == pytest.approx(0, abs=1e-9)
    pain = output(found, "pain")
    assert choices.ranked(pain)[0] == place(choices, "needle-length")
    assert choices.total[closing, place(choices, "force")] == pytest.approx(0, abs=1e-9)


def test_layers_add_up(found: Sensitivity) -> None:
    layers = found.view("layers")
    assert layers is not None
    room = 2 * (layers.first_error.sum(axis=1) + 0.05)
    assert np.all(layers.first.sum(axis=1) <= 1 + room) and np.all(layers.total.sum(axis=1) >= 1 - room)


def test_against_brute_force(found: Sensitivity) -> None:
    """The first index of a layer by its meaning: the variance of the mean over the others, from a plain double loop."""
    layers = found.view("layers")
    assert layers is not None
    outer, inner = 128, 64
    generator = np.random.default_rng(8)
    columns = varying(BELIEF)
    places = {
        (name, layer): (
            np.repeat(generator.standard_normal(outer), inner)
            if layer == "doubt"
            else generator.standard_normal(outer * inner)
        )
        for name, layer in columns
    }
    course = simulate(
        PLAN, PERSON, ASSESSMENT, designed(BELIEF, places, np.arange(outer * inner, dtype=np.int64)), key=3
    )
    for name in ("outcome", "collagen", "open-channels"):
        number = output(found, name)
        values = found.outputs[number].of(course).reshape(outer, inner)
        within = values.var(axis=1, ddof=1).mean() / inner
        brute = (values.mean(axis=1).var(ddof=1) - within) / values.var()
        doubt = place(layers, "doubt")
        # the spread of a variance from 128 means is an eighth of it
        assert layers.first[number, doubt] == pytest.approx(brute, abs=0.25 * brute + layers.first_error[number, doubt])


def test_the_same_key_gives_the_same_numbers() -> None:
    one, two, other = (sobol(PLAN, PERSON, ASSESSMENT, BELIEF, samples=32, key=key, outputs=None) for key in (1, 1, 2))
    assert json.dumps(one.as_data()) == json.dumps(two.as_data()) != json.dumps(other.as_data())


def test_progress_ends_at_the_whole() -> None:
    seen: list[tuple[int, int]] = []
    made = sobol(PLAN, PERSON, ASSESSMENT, BELIEF, samples=32, progress=lambda *one: seen.append(one))
    assert seen[-1] == (made.runs, made.runs)
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)


def test_one_session_has_no_interval_and_no_treatment_has_no_choices() -> None:
    once = sobol(course_plan(zones=("forehead",), sessions=1), PERSON, ASSESSMENT, BELIEF, samples=16)
    choices = once.view("choices")
    assert choices is not None and "interval" not in {factor.id for factor in choices.factors}
    nothing = sobol(course_plan(sessions=0), PERSON, ASSESSMENT, BELIEF, samples=16)
    assert nothing.view("choices") is None
    layers = nothing.view("layers")
    assert layers is not None and np.all(np.isnan(layers.total[output(nothing, "redness")]))


def test_own_outputs_and_zones() -> None:
    own = [Output("elastin", "Elastin", "ratio", lambda course: course.elastin[:, 1, -1])]
    found = sobol(PLAN, PERSON, ASSESSMENT, BELIEF, samples=64, outputs=own)
    parameters = found.view("parameters")
    assert parameters is not None and parameters.factors[parameters.ranked(0)[0]].name.startswith("elastin")
    assert main_zone(PLAN, ASSESSMENT) == "cheek-left"
    course = simulate(PLAN, PERSON, ASSESSMENT, BELIEF, key=0)
    with pytest.raises(BadInput, match="forehead"):
        outputs_of(course, "foreheadd")


def test_what_drives_the_dose_of_a_serum_in_the_dermis() -> None:
    """The opening of channels is by far the least known; the gate comes first here as well."""
    kb = load_knowledge()
    belief = Belief.prior(kb, members=64)
    use = SerumUse(
        substance=Substance(
            name="glycerol-like", molar_mass_g_per_mol=92.1, log_kow_ratio=-1.76, acid_or_base="neutral"
        ),
        site="cheek",
        product_mg_per_cm2=2,
        concentration_share=0.01,
        device="roller-192",
        needle_length_mm=0.5,
        hours_h=4,
    )
    plan = course_plan(device="roller-192", length_mm=0.5, sessions=1)
    case = {"person": PERSON, "assessment": somebody(("cheek-left", "acne-scars-rolling"))[1], "belief": belief}
    refused = serum_output(use, SerumGate(allowed=False, why="no entry"))
    with pytest.raises(NotAllowed, match="no entry"):
        sobol(plan, **case, outputs=[refused], samples=16)
    found = sobol(plan, **case, outputs=[serum_output(use, SerumGate(allowed=True, why="test"))], samples=64)
    parameters = found.view("parameters")
    assert parameters is not None
    assert parameters.factors[parameters.ranked(0)[0]].name == "opening-efficiency"
    with pytest.raises(BadInput, match="dermis"):
        serum_output(use, SerumGate(allowed=True, why="test"), "dermiss")


def test_a_plan_outside_the_models_range_is_refused() -> None:
    dense = course_plan(device="pen", sessions=1, directions=8, passes=40)
    with pytest.raises(OutOfRange):
        sobol(dense, PERSON, ASSESSMENT, BELIEF, samples=16)


def test_without_the_library_the_message_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def refusing(name: str, *rest: Any, **more: Any) -> Any:
        if name.startswith("SALib"):
            raise ImportError(name)
        return real(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", refusing)
    with pytest.raises(BadInput, match=r"\[research\]"):
        sobol(PLAN, PERSON, ASSESSMENT, BELIEF, samples=64)


# ---------------------------------------------------------------- identifiability


def test_a_planted_model() -> None:
    """Three parameters, two kinds of reading: x + y is read well, z a little, x - y not at all."""
    columns = [("x", "doubt"), ("y", "doubt"), ("z", "doubt")]
    slopes = np.array([[1.0, 1.0, 0.0], [1.0, 1.0, 0.0], [0.0, 0.0, 0.5]])
    found = from_slopes(columns, slopes, np.array([0.1, 0.1, 0.25]))  # type: ignore[arg-type]
    assert found.strength == pytest.approx([400.0, 4.0, 0.0], abs=1e-9)
    assert found.fixed == 2
    assert found.combination(0, 3) == [
        (("x", "doubt"), pytest.approx(2**-0.5)),
        (("y", "doubt"), pytest.approx(2**-0.5)),
    ]
    assert found.combination(1, 1)[0][0] == ("z", "doubt")
    # x is left with what x - y hides: half its variance, and nearly nothing of the other half
    assert found.left == pytest.approx([np.sqrt(0.5 + 0.5 / 401), np.sqrt(0.5 + 0.5 / 401), np.sqrt(1 / 5)])


@pytest.mark.parametrize("noise", [0.0, -1.0, float("nan")])
def test_exact_observations_do_not_exist(noise: float) -> None:
    with pytest.raises(BadInput, match="noise above 0"):
        from_slopes([("x", "doubt")], np.ones((1, 1)), np.array([noise]))


def test_a_planted_observation_of_the_belief() -> None:
    """Seeing the logarithm of a rate with a tenth of its doubt fixes that rate and nothing else."""
    index = BELIEF.names.index("collagen-synthesis-rate")
    found = identify(
        lambda members: np.log(members.draw(0)["collagen-synthesis-rate"])[None], 0.1 * BELIEF.doubt[[index]], BELIEF
    )
    assert found.fixed == 1 and found.strength[0] == pytest.approx(100, rel=1e-6)
    left = dict(zip([name for name, _ in found.columns], found.left, strict=True))
    assert left.pop("collagen-synthesis-rate") == pytest.approx(np.sqrt(1 / 101))
    assert all(value == pytest.approx(1.0) for value in left.values())


def test_shapes_are_checked() -> None:
    with pytest.raises(BadInput, match="one for each noise"):
        identify(lambda members: np.zeros((2, members.members.size)), np.ones(3), BELIEF)


def test_two_readings_of_a_person_fix_one_combination_at_most() -> None:
    found = readings_teach(PLAN, PERSON, ASSESSMENT, BELIEF, zone="cheek-left", days=[60.0, 150.0])
    assert found is not None and found.observations == 2
    assert found.fixed <= 2
    assert found.combination(0, 1)[0][0][0] == "clinical-gain"
    assert np.all(found.left <= 1 + 1e-12)
    again = readings_teach(PLAN, PERSON, ASSESSMENT, BELIEF, zone="cheek-left", days=[60.0, 150.0, 150.0, 150.0])
    assert again is not None and np.all(again.left <= found.left + 1e-12)
