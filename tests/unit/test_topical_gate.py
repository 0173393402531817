"""The gate on products refuses unless allowed; numbing cream passes only where every limit is known and kept."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from needling.errors import BadInput
from needling.knowledge.base import Knowledge
from needling.planning.topicals import RESEARCH_STAMP, anaesthetic_dose, gate

LONG_MM, SHORT_MM = 1.0, 0.25
NEVER = ("fragrance-oils", "non-sterile-serum", "botulinum-toxin", "fluorouracil", "anaesthetic-strong")


# ---------------------------------------------------------------- gate


def test_bland_and_sterile_may_touch_fresh_channels(kb: Knowledge) -> None:
    for product in ("saline", "hyaluronic-acid-gel", "hydrogel-dressing"):
        for hours in (0, 1, 100, None):
            assert gate(product, hours, LONG_MM, "home", kb).allowed


@pytest.mark.parametrize("product", NEVER)
@pytest.mark.parametrize("hours", [-24, 0, 24, 10_000, None])
@pytest.mark.parametrize("setting", ["home", "clinic"])
def test_never_is_never(kb: Knowledge, product: str, hours: float | None, setting: Any) -> None:
    decision = gate(product, hours, LONG_MM, setting, kb)
    assert not decision.allowed and decision.when_allowed_h is None and decision.why


@pytest.mark.parametrize(
    ("product", "wait_h"),
    [
        ("ascorbic-acid", 168),
        ("retinoid", 168),
        ("aha-bha", 120),
        ("sunscreen", 24),
        ("make-up", 24),
        ("minoxidil", 24),
    ],
)
def test_the_wait_ends_on_its_hour(kb: Knowledge, product: str, wait_h: float) -> None:
    early, there = gate(product, wait_h - 0.01, LONG_MM, "home", kb), gate(product, wait_h, LONG_MM, "home", kb)
    assert not early.allowed and early.when_allowed_h == wait_h and "Too early" in early.why
    assert there.allowed


def test_what_waits_is_off_the_skin_before_the_session(kb: Knowledge) -> None:
    assert not gate("retinoid", -1, LONG_MM, "clinic", kb).allowed


def test_short_needles_wait_as_the_waiting_list_says(kb: Knowledge) -> None:
    listed = kb.find("waits", "sunscreen")
    assert listed.published_h < listed.published_long_h
    assert gate("sunscreen", 0, SHORT_MM, "home", kb).when_allowed_h == listed.published_h
    assert gate("sunscreen", 0, LONG_MM, "home", kb).when_allowed_h == listed.published_long_h
    # A product without a time of its own for short needles keeps the long one.
    assert gate("ascorbic-acid", 0, SHORT_MM, "home", kb).when_allowed_h == 168


def test_a_time_that_is_not_known_is_refused(kb: Knowledge) -> None:
    decision = gate("sunscreen", None, LONG_MM, "home", kb)
    assert not decision.allowed and "not known" in decision.why and decision.when_allowed_h == 24


def test_a_wait_without_hours_is_refused_not_passed(kb: Knowledge) -> None:
    changed = kb.find("topicals", "niacinamide").model_copy(update={"wait_h": None})
    others = tuple(changed if one.id == changed.id else one for one in kb.topicals)
    without = kb.replace(topicals=others)
    without.__dict__.pop("_index", None)
    decision = gate("niacinamide", 1e6, LONG_MM, "clinic", without)
    assert not decision.allowed and decision.when_allowed_h is None and "Ask a clinician" in decision.why


def test_clinic_only_is_shut_at_home(kb: Knowledge) -> None:
    for product in ("prp", "tranexamic-acid", "steroid-cream"):
        assert not gate(product, 0, LONG_MM, "home", kb).allowed
        inside = gate(product, 0, LONG_MM, "clinic", kb)
        assert inside.allowed and "specialist" in inside.why


def test_numbing_cream_and_antiseptic_come_before_and_never_after(kb: Knowledge) -> None:
    for product in ("lidocaine-prilocaine", "tetracaine-4", "chlorhexidine"):
        assert gate(product, -1, LONG_MM, "clinic", kb).allowed
        for hours in (0, 0.5, 48):
            after = gate(product, hours, LONG_MM, "clinic", kb)
            assert not after.allowed and after.when_allowed_h is None


def test_research_stamps_every_output_and_changes_no_answer(kb: Knowledge) -> None:
    for topical in kb.topicals:
        for hours in (None, -2.0, 0.0, 1000.0):
            plain = gate(topical.id, hours, LONG_MM, "home", kb)
            research = gate(topical.id, hours, LONG_MM, "home", kb, research=True)
            assert research.stamp == RESEARCH_STAMP and plain.stamp == ""
            assert research._replace(stamp="") == plain
            assert research.may_compute and plain.may_compute == plain.allowed


def test_every_decision_has_its_sources(kb: Knowledge) -> None:
    for topical in kb.topicals:
        assert gate(topical.id, 0, LONG_MM, "clinic", kb).sources == topical.sources != ()


@pytest.mark.parametrize(
    ("product", "hours", "length_mm"),
    [
        ("salin", 0, LONG_MM),
        ("saline", math.nan, LONG_MM),
        ("saline", math.inf, LONG_MM),
        ("saline", 0, 0),
        ("saline", 0, -1),
        ("saline", 0, math.nan),
        ("saline", 0, 5),
    ],
)
def test_what_cannot_be_judged_is_an_error(kb: Knowledge, product: str, hours: float, length_mm: float) -> None:
    with pytest.raises(BadInput):
        gate(product, hours, length_mm, "home", kb)


# ---------------------------------------------------------------- numbing cream


def test_emla_within_its_label(kb: Knowledge) -> None:
    check = anaesthetic_dose("lidocaine-prilocaine", 15, 100, 1, 70, kb)
    assert check.verdict == "within" and check.passes
    assert [(limit.what, limit.given, limit.limit) for limit in check.limits] == [
        ("density", 1.5, 1.5), ("amount", 15, 60), ("area", 100, 600), ("time", 1, 5),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("grams", "area_cm2", "hours", "what"),
    [(15.1, 100, 1, "density"), (61, 600, 1, "amount"), (60, 601, 1, "area"), (15, 100, 5.1, "time")],
)
def test_each_limit_is_kept_by_itself(kb: Knowledge, grams: float, area_cm2: float, hours: float, what: str) -> None:
    check = anaesthetic_dose("lidocaine-prilocaine", grams, area_cm2, hours, 70, kb)
    assert check.verdict == "beyond" and not check.passes
    assert [limit.what for limit in check.limits if limit.state == "beyond"] == [what]
    assert what in check.why


def test_an_unknown_limit_asks_and_never_passes(kb: Knowledge) -> None:
    for cream in ("lidocaine-4", "tetracaine-4"):
        check = anaesthetic_dose(cream, 0.1, 100, 0.1, 70, kb)
        assert check.verdict == "ask" and not check.passes
        assert "No limit found" in check.why and "ask a clinician" in check.why
        assert [limit.state for limit in check.limits] == ["no limit found"] * 3 + ["within"]
        assert "no limit found: ask a clinician" in check.limits[0].says


def test_a_passed_limit_outweighs_an_unknown_one(kb: Knowledge) -> None:
    assert anaesthetic_dose("lidocaine-4", 1, 10, 1.5, 70, kb).verdict == "beyond"


def test_an_unknown_weight_asks(kb: Knowledge) -> None:
    assert anaesthetic_dose("lidocaine-prilocaine", 15, 100, 1, None, kb).verdict == "ask"


def test_a_refused_cream_is_refused_at_any_dose(kb: Knowledge) -> None:
    assert anaesthetic_dose("anaesthetic-strong", 0.01, 100, 0.01, 70, kb).verdict == "beyond"


@given(grams=st.floats(0.01, 500), area_cm2=st.floats(1, 2000), hours=st.floats(0.05, 24), more=st.floats(1, 10))
def test_more_cream_never_turns_a_no_into_a_yes(
    kb: Knowledge, grams: float, area_cm2: float, hours: float, more: float
) -> None:
    for cream in ("lidocaine-prilocaine", "lidocaine-tetracaine-7", "lidocaine-4"):
        if not anaesthetic_dose(cream, grams, area_cm2, hours, 70, kb).passes:
            assert not anaesthetic_dose(cream, grams * more, area_cm2, hours, 70, kb).passes


@pytest.mark.parametrize(
    ("cream", "numbers"),
    [
        ("saline", (1, 10, 1, 70)),
        ("no-such-cream", (1, 10, 1, 70)),
        ("lidocaine-4", (0, 10, 1, 70)),
        ("lidocaine-4", (1, -10, 1, 70)),
        ("lidocaine-4", (1, 10, math.nan, 70)),
        ("lidocaine-4", (1, 10, 1, 0)),
    ],
)
def test_what_is_no_dose_is_an_error(kb: Knowledge, cream: str, numbers: tuple[float, ...]) -> None:
    with pytest.raises(BadInput):
        anaesthetic_dose(cream, *numbers, kb)
