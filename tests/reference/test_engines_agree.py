"""A whole course, from the plan to the score, under each engine."""

from __future__ import annotations

import numpy as np
import pytest
from tests.virtual_world import course_plan, somebody, world

from needling.errors import BadInput
from needling.simulation import Belief, simulate


@pytest.mark.parametrize("engine", ["xla", "reference"])
def test_a_course_is_the_same_under_every_engine(engine: str) -> None:
    if engine == "xla":
        pytest.importorskip("jax", reason="the extra [jax] is not installed")
    belief = Belief.prior(world(), members=6)
    plan = course_plan(sessions=2, interval_d=28)
    ours = simulate(plan, *somebody(), belief)
    theirs = simulate(plan, *somebody(), belief, engine=engine)
    for name in ("open_share", "erythema", "collagen", "severity", "score", "pih_probability"):
        assert np.allclose(getattr(theirs, name), getattr(ours, name), rtol=0, atol=1e-6), name
    assert np.allclose(theirs.redness_time, ours.redness_time, rtol=0, atol=600)


def test_an_unknown_engine_is_refused_with_the_known_ones() -> None:
    with pytest.raises(BadInput, match="lanes, xla, reference"):
        simulate(course_plan(sessions=1), *somebody(), Belief.prior(world(), members=2), engine="lane")
