"""For any substance inside the documented ranges: amounts add up, more channels let more through, never NaN."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from needling.documents.exposure import SerumGate, SerumUse, Substance
from needling.knowledge import load_knowledge
from needling.simulation.belief import Belief
from needling.simulation.seam.applied import SerumRun, run_serum
from needling.simulation.serum import PAST_BARRIER, forecast_serum, permeability

KB = load_knowledge()
BELIEF = Belief.prior(KB, members=16)
YES = SerumGate(allowed=True, why="a test")
CHARGES = st.sampled_from([("neutral", None), ("acid", 4.0), ("base", 8.0), ("zwitterion", None)])


@st.composite
def substances(draw: st.DrawFn) -> Substance:
    charge, pka = draw(CHARGES)
    return Substance(
        name="any",
        molar_mass_g_per_mol=draw(st.floats(30, 2e6)),
        log_kow_ratio=draw(st.floats(-6, 7)),
        acid_or_base=charge,
        pka_ph=pka,
        film_ph=draw(st.floats(3, 9)),
        solubility_g_per_l=draw(st.none() | st.floats(1e-3, 1000)),
    )


@st.composite
def uses(draw: st.DrawFn, **fixed: Any) -> SerumUse:
    given: dict[str, Any] = {
        "substance": draw(substances()),
        "site": draw(st.sampled_from(["cheek", "forehead", "scalp", "abdomen", "hand"])),
        "cover": draw(st.sampled_from(["open-air", "occluded"])),
        "product_mg_per_cm2": draw(st.floats(0.1, 100)),
        "concentration_share": draw(st.floats(1e-5, 0.5)),
        "hours_h": draw(st.floats(0.2, 100)),
        "wash_off_h": draw(st.none() | st.floats(0.1, 50)),
        "density_per_cm2": draw(st.floats(0, 5000)),
        "channel_depth_um": draw(st.floats(5, 1500)),
        "receptor": draw(st.booleans()),
    }
    return SerumUse.model_validate(given | fixed)


def past(run: SerumRun, amount: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    from needling.simulation.engines import COMPARTMENTS

    return np.asarray(sum(amount[COMPARTMENTS.index(place)] for place in PAST_BARRIER))


@given(uses())
@settings(max_examples=40)
def test_amounts_add_up_and_stay_finite(use: SerumUse) -> None:
    run = run_serum(use, YES, BELIEF)
    assert np.all(np.isfinite(run.spread.amount))
    assert np.all(run.spread.amount >= 0)
    assert np.max(np.abs(run.spread.amount.sum(axis=0) / run.serum.dose - 1)) < 1e-8


@given(uses())
@settings(max_examples=15)
def test_the_document_holds_no_nan(use: SerumUse) -> None:
    found = forecast_serum(use, YES, BELIEF)
    assert found.result == "ok"
    assert found.permeability.members_count == 16


@given(uses(cover="occluded", product_mg_per_cm2=500.0, wash_off_h=None, hours_h=8.0), st.floats(1.1, 5))
@settings(max_examples=20)
def test_channels_never_keep_a_substance_out(use: SerumUse, more: float) -> None:
    """While the film has plenty; an emptied film would take some back through the channels."""
    few = run_serum(use, YES, BELIEF)
    needled, whole, dose = past(few, few.needled)[-1], past(few, few.whole)[-1], few.serum.dose[0]
    assert np.all(needled >= whole * (1 - 1e-2) - 1e-6 * dose)
    if use.density_per_cm2:
        denser = use.model_copy(update={"density_per_cm2": min(use.density_per_cm2 * more, 10000)})
        many = run_serum(denser, YES, BELIEF)
        assert np.all(past(many, many.needled)[-1] >= needled * (1 - 1e-2) - 1e-6 * dose)


@given(st.floats(30, 600), st.floats(-4, 4))
@settings(max_examples=15)
def test_fat_lovers_pass_the_horny_layer_more_easily(mass: float, log_kow: float) -> None:
    def middle(kow: float) -> float:
        own = Substance(name="any", molar_mass_g_per_mol=mass, log_kow_ratio=kow, acid_or_base="neutral")
        return permeability(own, "cheek", belief=BELIEF).horny_layer_cm_per_h[2]

    assert middle(log_kow + 0.5) > middle(log_kow)
