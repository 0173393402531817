"""What must hold for every serum in range: all of the dose is somewhere, nothing is NaN, and lanes are alone."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from needling.errors import OutOfRange
from needling.simulation.engines import COMPARTMENTS, Floats, Serum
from needling.simulation.engines.lanes.transport import spread
from needling.simulation.engines.mesh import FAST, FINE, Accuracy
from needling.simulation.engines.serum import MOST_CHANNELS, RANGES

HOUR_S = 3600.0
LANES = 3


def _any(field: str) -> st.SearchStrategy[float]:
    """A value anywhere in the documented range, its ends and the special value included."""
    low, high, _ = RANGES[field]
    exponents = (np.log10(low) if low > 0 else -14.0, np.log10(high) if np.isfinite(high) else 14.0)
    spread_out = st.floats(*exponents).map(lambda exponent: float(min(max(10.0**exponent, low), high)))
    return st.one_of(spread_out, st.sampled_from([low, high]))


@st.composite
def _serum(draw: st.DrawFn) -> Serum:
    def row(field: str) -> Floats:
        return np.array([draw(_any(field)) for _ in range(LANES)])

    values = {
        field.name: np.array([row(field.name) for _ in range(3)])
        if field.name in ("thickness", "diffusivity", "partition", "clearance")
        else row(field.name)
        for field in fields(Serum)
        if field.name not in ("sink", "report_time")
    }
    values["residue"] = np.minimum(values["residue"], values["film"])
    most = MOST_CHANNELS * 0.999 / (np.pi * values["channel_radius"] ** 2)
    values["channels"] = np.minimum(values["channels"], most)
    end = 10.0 ** draw(st.floats(-3, 8.9))
    parts = draw(st.lists(st.floats(1e-6, 0.999), min_size=0, max_size=3, unique=True))
    return Serum(**values, sink=draw(st.booleans()), report_time=np.array([0, *sorted(parts), 1]) * end)


@settings(max_examples=60, deadline=None)
@given(_serum())
def test_all_of_the_dose_is_somewhere_for_any_serum(serum: Serum) -> None:
    out = spread(serum, FAST)
    assert np.all(np.isfinite(out.amount)) and np.all(np.isfinite(out.concentration))
    scale = np.maximum(serum.dose, 1e-300)
    assert np.max(np.abs(out.amount.sum(axis=0) - serum.dose) / scale) <= 1e-8
    assert np.min(out.amount) >= 0 and np.min(out.concentration) >= 0
    washed = serum.wash_time <= serum.report_time[-1]
    assert np.all(out.amount[COMPARTMENTS.index("film"), -1, washed] == 0)
    assert serum.sink or np.all(out.amount[COMPARTMENTS.index("through")] == 0)


def ordinary(lanes: int, seed: int) -> Serum:
    """People and substances as they come, some with channels, a wash, a volatile or a poorly soluble substance."""
    rng = np.random.default_rng(seed)

    def between(low: float, high: float) -> Floats:
        return np.exp(rng.uniform(np.log(low), np.log(high), lanes))

    film = between(5e-6, 2e-4)
    return Serum(
        thickness=np.array([between(8e-6, 4e-5), between(3e-5, 2e-4), between(5e-4, 3e-3)]),
        diffusivity=np.array([between(1e-17, 1e-13), between(1e-12, 5e-10), between(1e-12, 5e-10)]),
        partition=np.array([between(1e-2, 1e2), between(0.1, 3), between(0.1, 3)]),
        clearance=np.array([between(1e-8, 1e-5), between(1e-7, 1e-4), between(1e-6, 1e-2)]),
        dose=between(1e-6, 1e-2),
        film=film,
        residue=film * rng.uniform(0.05, 1, lanes),
        drying=between(1e-4, 1e-2),
        volatility=np.where(rng.random(lanes) < 0.5, 0, between(1e-6, 1e-3)),
        wash_time=np.where(rng.random(lanes) < 0.5, np.inf, between(600, 86400)),
        solubility=np.where(rng.random(lanes) < 0.5, np.inf, between(0.1, 1000)),
        channels=np.where(rng.random(lanes) < 0.3, 0, between(1e4, 1e7)),
        channel_radius=between(1e-5, 6e-5),
        channel_depth=between(2e-5, 2e-3),
        opening=between(1e-2, 1),
        half_life=between(1800, 1e5),
        sink=bool(seed % 2),
        report_time=np.array([0, 0.25, 1, 2, 4, 8, 12, 24]) * HOUR_S,
    )


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize(("accuracy", "most"), [(FAST, 1e-3), (FINE, 5e-4)])
def test_what_is_gone_does_not_come_back(seed: int, accuracy: Accuracy, most: float) -> None:
    serum = ordinary(300, seed)
    gone = [COMPARTMENTS.index(name) for name in ("cleared", "through", "evaporated", "washed")]
    assert np.min(np.diff(spread(serum, accuracy).amount[gone], axis=1) / serum.dose) > -most


def _pick(serum: Serum, lanes: list[int]) -> Serum:
    return replace(
        serum,
        **{
            field.name: getattr(serum, field.name)[..., lanes]
            for field in fields(Serum)
            if field.name not in ("sink", "report_time")
        },
    )


@pytest.mark.parametrize("accuracy", [FAST, FINE])
def test_a_lane_is_the_same_whoever_runs_beside_it(accuracy: Accuracy) -> None:
    """To the last bit: alone, in another order, in a shard. Cells and steps are each lane's own."""
    serum = ordinary(101, 3)
    whole = spread(serum, accuracy)
    order = list(np.random.default_rng(0).permutation(101))
    for lanes in (order, order[:40], [17], [100, 3]):
        part = spread(_pick(serum, lanes), accuracy)
        assert np.array_equal(part.amount, whole.amount[:, :, lanes])
        assert np.array_equal(part.depth, whole.depth[:, lanes])
        assert np.array_equal(part.concentration, whole.concentration[:, :, lanes])


def test_a_profile_changes_nothing_and_holds_what_the_layers_hold() -> None:
    serum = replace(ordinary(40, 4), wash_time=np.full(40, np.inf))
    with_profile, without = spread(serum, FAST), spread(serum, FAST, profile=False)
    assert np.array_equal(with_profile.amount, without.amount) and without.concentration.shape[1] == 0
    edge = np.zeros(40)
    face = [edge]
    for centre in with_profile.depth:  # faces from centres: each centre is in the middle of its cell
        face.append(2 * centre - face[-1])
    size = np.diff(np.array(face), axis=0)
    assert np.allclose(face[-1], serum.thickness.sum(axis=0), rtol=1e-9)
    held = np.einsum("tcl,cl->tl", with_profile.concentration, size)
    assert np.max(np.abs(held - with_profile.amount[1:4].sum(axis=0)) / serum.dose) < 1e-4


@pytest.mark.parametrize(("accuracy", "most"), [(FAST, 1e-3), (FINE, 1e-4)])
def test_the_answer_is_continuous_in_the_depth_of_the_channels(accuracy: Accuracy, most: float) -> None:
    """At every border (horny layer, epidermis, dermis, base), one radius below and above it, and across a cell."""
    one = _pick(ordinary(1, 6), [0])
    radius = 35e-6
    border = np.cumsum(one.thickness[:, 0])
    places = np.concatenate([border, border + radius, border - radius, np.linspace(2e-4, 2.2e-4, 20)])
    depth = np.concatenate([places - 1e-11, places + 1e-11]).clip(0)
    serum = replace(
        _pick(one, [0] * depth.size),
        dose=np.full(depth.size, 2e-4),
        solubility=np.full(depth.size, np.inf),
        wash_time=np.full(depth.size, np.inf),
        volatility=np.zeros(depth.size),
        channels=np.full(depth.size, 2.4e6),
        channel_radius=np.full(depth.size, radius),
        channel_depth=depth,
        opening=np.ones(depth.size),
    )
    share = spread(serum, accuracy, profile=False).amount[:, -1] / serum.dose
    before, after = share[:, : places.size], share[:, places.size :]
    assert np.max(np.abs(after - before)) < most
    assert np.ptp(share[0]) > 0.03  # and the depth does matter here


def test_better_conditions_give_more() -> None:
    base = replace(
        ordinary(60, 8), solubility=np.full(60, np.inf), wash_time=np.full(60, np.inf), volatility=np.zeros(60)
    )

    def entered(serum: Serum) -> Floats:
        return 1 - spread(serum, FINE, profile=False).amount[0, -1] / serum.dose

    more_open = replace(base, opening=2 * base.opening, channels=base.channels + 1e5)
    assert np.min(entered(more_open) - entered(base)) > -1e-4
    assert np.min(entered(replace(base, half_life=4 * base.half_life)) - entered(base)) > -1e-4
    assert np.min(entered(base) - entered(replace(base, solubility=np.full(60, 0.1)))) > -1e-4


def test_no_dose_no_amount_and_an_early_wash_takes_all() -> None:
    serum = ordinary(5, 9)
    assert np.all(spread(replace(serum, dose=np.zeros(5)), FAST).amount == 0)
    out = spread(replace(serum, wash_time=np.zeros(5)), FAST).amount
    assert np.array_equal(out[COMPARTMENTS.index("washed")], np.tile(serum.dose, (8, 1)))


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("diffusivity", 1e-3, "0.001 m2/s"),
        ("partition", -1.0, "-1 ratio"),
        ("film", 0.0, "0 m"),
        ("dose", np.nan, "nan kg/m2"),
        ("half_life", 0.0, "0 s"),
        ("residue", 0.05, "does not grow"),
        ("channels", 9e9, "of the area"),
        ("opening", np.inf, "inf ratio"),
    ],
)
def test_what_is_out_of_range_is_refused_by_name(field: str, value: float, says: str) -> None:
    serum = ordinary(4, 10)
    changed = getattr(serum, field).copy()
    changed[..., 2] = value
    with pytest.raises(OutOfRange, match=field) as caught:
        spread(replace(serum, **{field: changed}))
    assert says in str(caught.value) and "allowed" in str(caught.value)


def test_report_times_and_shapes_are_checked() -> None:
    serum = ordinary(4, 11)
    for wrong in (np.array([1.0, 2.0]), np.array([0.0, 2.0, 2.0]), np.array([0.0])):
        with pytest.raises(OutOfRange, match="report_time"):
            spread(replace(serum, report_time=wrong))
    with pytest.raises(OutOfRange, match="thickness"):
        spread(replace(serum, thickness=serum.thickness[:, :2]))
    with pytest.raises(OutOfRange, match="0 people"):
        spread(_pick(serum, []))
