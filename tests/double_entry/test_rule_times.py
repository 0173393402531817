"""Waiting times and caps of the screening rules, typed again from regulators, labels and consensus papers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

# id: (field, number)
WAIT = {
    "isotretinoin-recent": ("wait_mo", 6),
    "botulinum-recent": ("wait_wk", 2),
    "filler-recent": ("wait_mo", 6),
    "filler-under-four-weeks": ("wait_wk", 4),
    "surgery-recent": ("wait_mo", 12),
    "scar-under-six-months": ("wait_mo", 6),
    "superficial-procedure-recent": ("wait_wk", 2),
    "deep-procedure-recent": ("wait_mo", 3),
    "chemo-radio-steroid": ("wait_wk", 4),
    "cold-sore-healing": ("wait_wk", 2),
    "acute-illness": ("wait_wk", 2),
    "sunburn": ("wait_wk", 4),
    "recent-tan": ("wait_wk", 4),
    "topical-actives": ("wait_d", 7),
}
# Where the time is a state and not a date, the rule says it.
SAID = {
    "infection-in-area": "two weeks",
    "cold-sore-active": "two weeks",
    "active-acne": "four weeks",
    "eczema-active": "three months",
    "rosacea-active": "four weeks",
    "sun-planned": "two weeks",
    "photosensitising-medicine": "two weeks",
}
# id: caps
CAPS: dict[str, dict[str, float | str]] = {
    "phototype-iv-to-vi": {"home_needle_mm": 0.25, "clinic_needle_mm": 1.5, "min_interval_d": 42},
    "melasma": {"clinic_needle_mm": 0.5, "bleeding": "no"},
    "anaesthetic-allergy": {"clinic_needle_mm": 0.5, "anaesthetic": "no"},
    "methaemoglobin-risk": {"anaesthetic": "no"},
    "antiarrhythmic": {"anaesthetic": "no"},
    "breastfeeding-limits": {"home_needle_mm": 0.25},
    "cold-sore-history-mouth": {"home_needle_mm": 0.25},
}
# What each row of the exclusion list asks for.
ACTION = {
    "isotretinoin-home": "exclude_home",
    "anticoagulant-home": "exclude_home",
    "anticoagulant-to-clinician": "refer",
    "bleeding-disorder": "exclude",
    "keloid": "exclude",
    "pregnancy": "exclude",
    "under-18": "exclude",
    "cold-sore-history": "premedicate",
    "active-acne": "exclude",
    "infection-in-area": "exclude",
    "rosacea-active": "exclude",
    "rosacea-quiet": "refer",
    "steel-allergy": "exclude",
    "nickel-allergy": "refer",
    "psoriasis": "refer",
    "vitiligo": "refer",
    "cancer": "exclude",
    "body-dysmorphic-disorder": "refer",
    "self-harm-or-skin-picking": "refer",
}
# Ages in years.
ADULT_Y, EVALUATED_FROM_Y = 18, 22


@pytest.mark.parametrize("name", WAIT)
def test_waits(entry: Callable[[str, str], Any], name: str) -> None:
    field, number = WAIT[name]
    then = entry("rules", name).then
    given = {key: getattr(then, key) for key in ("wait_d", "wait_wk", "wait_mo") if getattr(then, key) is not None}
    assert given == {field: number}
    assert then.after is not None, "a wait needs the day it counts from"


@pytest.mark.parametrize("name", SAID)
def test_states(entry: Callable[[str, str], Any], name: str) -> None:
    assert SAID[name] in entry("rules", name).then.until_when


@pytest.mark.parametrize("name", CAPS)
def test_caps(entry: Callable[[str, str], Any], name: str) -> None:
    caps = entry("rules", name).then.caps
    assert {key: getattr(caps, key) for key in CAPS[name]} == CAPS[name]


@pytest.mark.parametrize("name", ACTION)
def test_actions(entry: Callable[[str, str], Any], name: str) -> None:
    assert entry("rules", name).then.action == ACTION[name]


def test_ages(entry: Callable[[str, str], Any]) -> None:
    assert entry("rules", "under-18").when == {"age_y": {"below": ADULT_Y}}
    assert {"age_y": {"below": EVALUATED_FROM_Y}} in entry("rules", "age-18-to-21").when["all"]


def test_diabetes_threshold(entry: Callable[[str, str], Any]) -> None:
    assert "8" in str(entry("rules", "diabetes-hba1c").when), "HbA1c above 8 % goes to a clinician"
