"""All cases inside their tolerance; known misses stay listed; the evaluation report is written."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest
from tests.validation.evaluation import MEMBERS, all_findings
from tests.validation.finding import Finding
from tests.validation.healing_cases import after_last, run
from tests.validation.report import summary, write_report
from tests.virtual_world import world

from needling.simulation import Belief

ROOT = Path(__file__).parents[2]
OUTSIDE_DOUBT = ["Leheta"]  # said so in the report
KNOWN_MISSES = (
    "1b",
    "Leheta",
    "von Dalwig",
    "Majid",
    "redness: 0.2-0.5 mm, whole",
    "redness: pen (d)",
    "epidermis without horny layer",
    "needled over whole skin: vitamin C",
)


@pytest.fixture(scope="module")
def findings() -> list[Finding]:
    return all_findings(Belief.prior(world(), members=MEMBERS))


def test_cases_are_inside_their_tolerance(findings: list[Finding]) -> None:
    missed = [one for one in findings if not one.passed and not one.case.startswith(KNOWN_MISSES)]
    assert not missed, "\n".join(f"{one.case}: {one.published}, ours {one.ours:.4g}" for one in missed)
    assert {one.case.split()[0].rstrip("abc") for one in findings if one.building} >= {"1", "4", "5", "6", "9", "10"}


def test_known_misses_are_misses(findings: list[Finding]) -> None:
    """A miss that has become a hit must leave the list; no other case may hide there."""
    assert {one.case for one in findings if not one.passed} == {
        one.case for one in findings if one.case.startswith(KNOWN_MISSES)
    }


def test_bands_hold_as_many_blind_points_as_they_say(findings: list[Finding]) -> None:
    """Nominal 90 % bands hold 80 to 97 % of the published numbers that nothing was set by."""
    told = summary(findings)
    assert told["blind"] >= 30
    assert 0.80 <= told["blind_inside"] / told["blind"] <= 0.97, told


def test_bands_of_the_mean_are_wide_enough_to_be_honest(findings: list[Finding]) -> None:
    """Means of trials, misses included, lie inside the 90 % band of means: spread between people cannot help a mean."""
    outside = []
    for start in ("Leheta", "von Dalwig", "6a", "6b", "10a", "1a", "4b"):
        (one,) = [finding for finding in findings if finding.case.startswith(start)]
        assert np.isfinite(one.doubt_low) and one.doubt_high - one.doubt_low < one.high - one.low
        outside += [] if one.seen is not None and one.doubt_low <= one.seen <= one.doubt_high else [start]
    assert outside == OUTSIDE_DOUBT


def test_published_spread_between_people_is_of_the_right_size() -> None:
    """Scores after treatment spread by 0.14 to 0.18 of the baseline (two trials, spread of the baseline taken out)."""
    belief = Belief.prior(world(), members=MEMBERS)
    course = run(belief, length_mm=1.5, sessions=5, interval_d=30)
    spread = float(np.std(after_last(course, course.severity, 30)))
    assert 0.10 < spread < 0.30


def test_report_is_written(findings: list[Finding]) -> None:
    out = ROOT / "out"
    write_report(findings, MEMBERS, out)
    text = (out / "evaluation.md").read_text(encoding="utf-8")
    page = (out / "evaluation.html").read_text(encoding="utf-8")
    data = json.loads((out / "evaluation.json").read_text(encoding="utf-8"))
    assert all(one.case in text for one in findings) and "Known wrong predictions" in text and "**miss**" in text
    assert page.count("<svg viewBox") == len(findings) == len(data["findings"])
    assert data["summary"] == summary(findings)
    if os.environ.get("NEEDLING_WRITE_DOCS"):
        (ROOT / "docs" / "evaluation.md").write_text(text, encoding="utf-8")
    assert (ROOT / "docs" / "evaluation.md").is_file()
