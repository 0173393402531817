"""Lengths, sessions, gaps and results by concern, typed again from trials and reviews.

The candidates of a concern are own proposals: what can be read again is that a studied course is among them and that
none is longer, closer or more frequent than what was studied. Directions, passes and endpoints have no source.
"""

from __future__ import annotations

from collections.abc import Callable
from math import sqrt
from typing import Any

import pytest

WEEK_D, MONTH_D = 7, 30.4
# Studied needle lengths in mm; sites with thin skin or a limit of their own come after
LENGTHS_MM: dict[str, tuple[float, float]] = {
    "acne-scars-rolling": (1.0, 2.5),
    "acne-scars-boxcar": (1.0, 2.5),
    "wrinkles-face": (0.5, 1.5),
    "upper-lip-lines": (0.5, 1.5),
    "neck-lines": (0.5, 2.5),  # pen trial up to 2.5
    "striae": (1.5, 2.5),
    "melasma": (0.5, 1.5),
    "surgical-scar": (1.0, 2.0),
    "traumatic-scar": (1.0, 2.0),
    "hair-thinning": (0.5, 2.5),
    "pores-dullness": (0.1, 0.5),  # cosmetic rollers from 0.1 mm
}
THIN_MM = (0.5, 1.0)
THIN_SITES = ("forehead", "nose", "upper-lip", "neck", "decollete", "hand")
SITE_MM: dict[tuple[str, str], tuple[float, float]] = {
    ("wrinkles-face", "periorbital"): (0.25, 0.5),
    ("acne-scars-rolling", "shoulder-back"): (0.25, 2.0),
    ("acne-scars-boxcar", "shoulder-back"): (0.25, 2.0),
    ("striae", "upper-arm"): (1.0, 1.5),
}
# Fewest and most sessions of the studied courses
SESSIONS: dict[str, tuple[int, int]] = {
    "acne-scars-rolling": (3, 8),
    "acne-scars-boxcar": (3, 8),
    "wrinkles-face": (4, 6),
    "upper-lip-lines": (2, 4),
    "neck-lines": (4, 4),
    "striae": (3, 4),
    "melasma": (3, 6),
    "surgical-scar": (1, 6),  # 3 in the comparison of early and late, 1 to 6 in the mixed series
    "traumatic-scar": (1, 6),
    "hair-thinning": (6, 12),  # twelve weeks, every second week or weekly
}
# Shortest and longest gap in weeks of the studied courses; six weeks are asked for in darker skin whatever the concern
GAP_WK: dict[str, tuple[float, float]] = {
    "acne-scars-rolling": (2, 6),
    "acne-scars-boxcar": (2, 6),
    "wrinkles-face": (2, 4.3),  # 30 days in the larger trial
    "upper-lip-lines": (4, 8),
    "neck-lines": (4, 4.4),
    "striae": (4, 4.4),
    "melasma": (2, 4),
    "surgical-scar": (4, 4.4),
    "traumatic-scar": (4, 4.4),
    "hair-thinning": (1, 4.4),  # weekly, every two weeks and monthly trials
}
DARKER_SKIN_WK = 6
# When the result was judged, days after the last session
JUDGED_D: dict[str, tuple[float, float]] = {
    "acne-scars-rolling": (3 * MONTH_D - 2, 12 * MONTH_D),
    "acne-scars-boxcar": (3 * MONTH_D - 2, 12 * MONTH_D),
    "wrinkles-face": (0, 90),  # 90 and 150 days after the first of four monthly sessions
    "upper-lip-lines": (12 * WEEK_D, 32 * WEEK_D),
    "neck-lines": (MONTH_D - 1, 3 * MONTH_D),
    "striae": (6 * MONTH_D - 3, 10 * MONTH_D),
    "surgical-scar": (16 * WEEK_D, 12 * MONTH_D),
}
# Mean change on the scale and sessions of the trial
CHANGE: dict[str, tuple[float, float, int | None]] = {
    "wrinkles-face": (1.23, 1.23, 4),
    "neck-lines": (0.86, 0.86, 4),
    "acne-scars-rolling": (0.91, 1.06, 4),  # all scars, rolling scars
    "hair-thinning": (12.34, 19.31, 12),  # 15.82 hairs per cm2 over minoxidil alone, its interval
    "melasma": (3.18, 4.73, None),  # needling with tranexamic acid, 12 to 20 weeks; sessions not printed
}
# SD of the change between people: printed, or from a 99 % interval of the mean of 48 people
CHANGE_SD = {"neck-lines": 0.66, "wrinkles-face": (1.34 - 1.11) / 2 / 2.576 * sqrt(48)}

# Clinic: longest needle of a split-face trial, most sessions, bleeding is an endpoint from here, force on the handle
CLINIC_MM, CLINIC_SESSIONS, BLEEDING_FROM_MM, FORCE_N = 2.5, 12, 1.5, 6


@pytest.mark.parametrize("name", LENGTHS_MM)
def test_lengths_were_studied(entry: Callable[[str, str], Any], name: str) -> None:
    for protocol in entry("indications", name).protocols:
        for site in protocol.sites:
            low, high = SITE_MM.get((name, site), LENGTHS_MM[name])
            if site in THIN_SITES:
                low, high = min(low, THIN_MM[0]), max(high, THIN_MM[1])
            assert low <= min(protocol.lengths_mm) and max(protocol.lengths_mm) <= high, site


@pytest.mark.parametrize("name", SESSIONS)
def test_sessions(entry: Callable[[str, str], Any], name: str) -> None:
    low, high = SESSIONS[name]
    for protocol in entry("indications", name).protocols:
        assert max(protocol.sessions_count) <= high, protocol.sites
        assert any(low <= count <= high for count in protocol.sessions_count), "no studied course is among them"


@pytest.mark.parametrize("name", GAP_WK)
def test_gaps(entry: Callable[[str, str], Any], name: str) -> None:
    low, high = GAP_WK[name]
    for protocol in entry("indications", name).protocols:
        assert low * WEEK_D <= min(protocol.intervals_d) <= high * WEEK_D, protocol.sites
        assert max(protocol.intervals_d) <= max(high, DARKER_SKIN_WK) * WEEK_D, protocol.sites


@pytest.mark.parametrize("name", JUDGED_D)
def test_when_to_judge(entry: Callable[[str, str], Any], name: str) -> None:
    low, high = JUDGED_D[name]
    assert low <= entry("indications", name).judge_after_last_d <= high


@pytest.mark.parametrize("name", CHANGE)
def test_mean_change(entry: Callable[[str, str], Any], name: str) -> None:
    outcome, (low, high, sessions) = entry("indications", name).outcome, CHANGE[name]
    assert low - 0.01 <= abs(outcome.change) <= high + 0.01
    assert sessions is None or outcome.reference_sessions_count == sessions


@pytest.mark.parametrize("name", CHANGE_SD)
def test_spread_of_change(entry: Callable[[str, str], Any], name: str) -> None:
    assert entry("indications", name).outcome.change_sd == pytest.approx(CHANGE_SD[name], abs=0.02)


def test_limits_of_the_clinic(entry: Callable[[str, str], Any]) -> None:
    clinic = entry("envelopes", "clinic")
    assert clinic.needle_max_mm <= CLINIC_MM
    assert clinic.sessions_max_count <= CLINIC_SESSIONS
    assert clinic.bleeding_from_mm >= BLEEDING_FROM_MM
    assert clinic.force_max_N <= FORCE_N
