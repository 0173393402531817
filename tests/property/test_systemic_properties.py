"""Numbing cream for any inputs in range: nothing is lost, nothing is negative, and more never means less."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from needling.knowledge.base import Knowledge
from needling.simulation import Belief
from needling.simulation.equations import systemic
from needling.simulation.systemic import Body, Exposure, Layer, exposure

HOUR = 3600.0
RATE = st.one_of(st.just(0.0), st.floats(1e-9, 1e2))
DOSES = {
    "dose": st.floats(1e-7, 5e-3),
    "area": st.floats(1e-4, 0.2),
    "strength": st.floats(0.001, 0.4),
    "hours": st.floats(0.05, 24),
    "weight": st.floats(40, 200),
    "fast": st.booleans(),
    "covered": st.booleans(),
    "skin": st.sampled_from(["whole", "needled", "broken"]),
    "form": st.sampled_from(["cream", "patch"]),
    "drug": st.sampled_from(["lidocaine", "prilocaine"]),
    "compartments": st.sampled_from(["one", "two"]),
    "liver": st.booleans(),
    "heart": st.booleans(),
    "key": st.integers(0, 50),
}


def run(kb: Knowledge, **given: Any) -> Exposure:
    layer = Layer(
        dose=given["dose"], area=given["area"], strength=given["strength"], fast=given["fast"], form=given["form"],
        covered=given["covered"], skin=given["skin"],
    )  # fmt: skip
    drawn = Belief.prior(kb, members=8).draw(given["key"])
    body = Body(given["weight"], given["liver"], given["heart"])
    return exposure(given["drug"], [layer], given["hours"] * HOUR, body, drawn, compartments=given["compartments"])


@settings(max_examples=40, deadline=None)
@given(**DOSES)
def test_the_dose_is_all_there_at_any_time(kb: Knowledge, **given: Any) -> None:
    found = run(kb, **given)
    total = found.on_skin + found.in_skin + found.in_body + found.eliminated + found.wiped
    assert np.abs(total - found.dose).max() <= 1e-10 * found.dose
    for part in (found.level, found.on_skin, found.in_skin, found.in_body, found.eliminated, found.wiped):
        assert np.all(np.isfinite(part)) and part.min() >= -1e-12 * found.dose
    assert np.all(found.peak > 0) and np.all(found.absorbed <= found.dose * (1 + 1e-10))


@settings(max_examples=25, deadline=None)
@given(**DOSES, more=st.floats(1.01, 5))
def test_more_cream_more_skin_or_more_time_never_gives_less(kb: Knowledge, more: float, **given: Any) -> None:
    first = run(kb, **given)
    for name, most in (("dose", np.inf), ("area", np.inf), ("hours", 24.0)):
        second = run(kb, **{**given, name: min(given[name] * more, most)})
        assert np.all(second.peak >= first.peak * (1 - 5e-3)), name  # the grid misses a peak by less than that
        assert np.all(second.absorbed >= first.absorbed * (1 - 1e-9)), name


@settings(max_examples=20, deadline=None)
@given(**DOSES)
def test_a_sick_liver_or_heart_and_opened_skin_never_give_less(kb: Knowledge, **given: Any) -> None:
    healthy = run(kb, **{**given, "liver": False, "heart": False, "skin": "whole"})
    for change in ({"liver": True}, {"heart": True}):
        sick = run(kb, **{**given, "liver": False, "heart": False, "skin": "whole", **change})
        assert np.all(sick.level >= healthy.level * (1 - 1e-9))
    for skin in ("needled", "broken"):
        opened = run(kb, **{**given, "liver": False, "heart": False, "skin": skin})
        assert np.all(opened.absorbed >= healthy.absorbed * (1 - 1e-9))
        assert np.all(opened.peak >= healthy.peak * (1 - 5e-3))


@settings(max_examples=200, deadline=None)
@given(time=st.floats(1, 1e5), uptake=RATE, release=RATE, leaving=RATE)
def test_each_amount_splits_into_shares_that_add_up(time: float, uptake: float, release: float, leaving: float) -> None:
    share = dict(zip(systemic.SHARES, systemic.passed_shares(time, uptake, release, leaving), strict=True))
    assert all(-1e-12 <= value <= 1 + 1e-12 for value in share.values())
    for start in ("skin", "depot", "body"):
        kept = share[f"{start}_kept"] + sum(value for name, value in share.items() if name.startswith(f"{start}_to"))
        assert abs(kept - 1) <= 1e-11


@settings(max_examples=100, deadline=None)
@given(
    time=st.floats(1, 1e5), a=st.floats(1e-9, 1e-1), b=st.floats(1e-9, 1e-1), c=st.floats(1e-9, 1e-1)
)  # fmt: skip
def test_order_of_rates_does_not_matter(time: float, a: float, b: float, c: float) -> None:
    first = systemic.passed_two(a, b, c, time)
    for other in ((a, c, b), (b, a, c), (b, c, a), (c, a, b), (c, b, a)):
        assert systemic.passed_two(*other, time) == first or abs(systemic.passed_two(*other, time) / first - 1) < 1e-12


@settings(max_examples=100, deadline=None)
@given(
    clearance=st.floats(1e-7, 1e-3), volume=st.floats(1e-3, 1), share=st.floats(0.02, 0.98), rate=st.floats(1e-6, 1e-1)
)  # fmt: skip
def test_two_compartments_lose_and_mix_nothing(clearance: float, volume: float, share: float, rate: float) -> None:
    fast, w_fast, o_fast, slow, w_slow, o_slow = systemic.two_compartments(clearance, volume, share, rate)
    assert fast > slow > 0 and min(w_fast, w_slow) >= -1e-12
    assert abs(w_fast + w_slow - 1) < 1e-9 and abs(o_fast + o_slow) < 1e-9
    # all that came in leaves through the central part: the area under it is 1 / k10
    area = w_fast / fast + w_slow / slow
    assert abs(area * clearance / (volume * share) - 1) < 1e-9
