"""The published cases that the healing model was built with, and two that it misses, as runs of the shipped parameters.

Each case is typed here from its publication, apart from the knowledge files.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from tests.validation.finding import Finding, of_people
from tests.virtual_world import course_plan, somebody

from needling.simulation import Belief, Course, Models, simulate
from needling.simulation.seam.outcomes import at_time

DAY_S = 86400.0
BASELINE_SHARE_OF_TYPE_III = 0.2
# Passes that lay about 200 channels per cm2 with an MF8-like roller; the trials did not count channels.
SWEEPS = {"directions": 7, "passes": 2}
CLOSURE, HEALING = "Closure and downtime", "Healing and outcome"

Floats = NDArray[np.float64]


def run(belief: Belief, *, zone: str = "cheek-left", phototype: str = "IV", **plan: Any) -> Course:
    """A course of the virtual somebody, with the sweeps of the trials."""
    person, assessment = somebody((zone, "scars"), phototype=phototype, birth_year=None)
    # the density of SWEEPS is what is assumed to have been laid, so no endpoint cuts it short
    laid = Models(session="as-planned")
    return simulate(course_plan(zones=(zone,), **{**SWEEPS, **plan}), person, assessment, belief, models=laid)


def after_last(course: Course, values: Floats, days: float) -> Floats:
    """Values of each member some days after the last session."""
    return at_time(values[:, 0], course.time, course.session_time[-1] + days * DAY_S)


def closure_case(belief: Belief) -> list[Finding]:
    drawn = belief.draw(0, layers=("person",))
    hours = belief.draw(0)["barrier-half-life"] / 3600
    between = drawn["barrier-half-life"]
    spread = np.full(1, between.std() / between.mean())
    return [
        of_people(
            CLOSURE, "1a half-life of micropores, upper arm (h)", "23.7, SD 13.7", hours, "±3 h", 20.7, 26.7, seen=23.7
        ),
        of_people(
            CLOSURE,
            "1b its spread between people (SD over mean)",
            "0.58",
            spread,
            "factor 1.5",
            0.387,
            0.87,
            seen=0.58,
            note="our spread lies between that of the fitted half-life (0.58) and that of the closure time (0.24), "
            "which waiting times rest on",
        ),
        of_people(
            CLOSURE,
            "1c spread of the closure time between people (SD over mean)",
            "0.24",
            spread,
            "factor 1.5",
            0.16,
            0.36,
            seen=0.24,
        ),
    ]


def redness_cases(belief: Belief) -> list[Finding]:
    weekly = run(belief, length_mm=1.0, sessions=12, interval_d=7).redness_time / DAY_S
    abdomen = run(belief, zone="abdomen", length_mm=1.5, sessions=5, interval_d=30).redness_time / DAY_S
    return [
        of_people(
            CLOSURE, "4a redness gone, weekly facial roller 1.0 mm (d)", "1-2", weekly, "±1 d", 0.0, 3.0, seen=1.5
        ),
        of_people(CLOSURE, "4b redness gone, abdomen 1.5 mm (d)", "3.0, SE 0.37", abdomen, "±1 d", 2.0, 4.0, seen=3.0),
    ]


def growth_factor_case(belief: Belief) -> list[Finding]:
    course = run(belief, length_mm=1.0, sessions=1)
    peak = course.signal[:, 0].max(axis=1)
    late = [after_last(course, course.signal, day) / peak for day in (14, 28)]
    return [
        of_people(
            HEALING,
            "5a TGF-beta on day 14, share of its peak",
            "0.07 in a model; still up in rats",
            late[0],
            "factor 2 of 0.07",
            0.035,
            0.14,
            seen=0.07,
            note="rat and another model: the weakest case",
        ),
        of_people(HEALING, "5b TGF-beta on day 28, share of its peak", "below 0.10", late[1], "factor 2", 0.0, 0.20),
    ]


def collagen_case(belief: Belief) -> list[Finding]:
    course = run(belief, phototype="III", length_mm=1.5, sessions=5, interval_d=30)
    total = 100 * (after_last(course, course.collagen, 56) - 1)
    young = 100 * after_last(course, course.collagen_iii, 56) / BASELINE_SHARE_OF_TYPE_III
    return [
        of_people(
            HEALING,
            "6a papillary collagen 8 weeks after 5 monthly sessions of 1.5 mm (%)",
            "+53.2",
            total,
            "±12",
            41.2,
            65.2,
            seen=53.2,
        ),
        of_people(
            HEALING,
            "6b reticulin, same biopsies (%), taken as type III",
            "+65.4",
            young,
            "±12",
            53.4,
            77.4,
            seen=65.4,
            note="type III is taken as a fifth of the baseline; silver stains more than that",
        ),
    ]


def weekly_case(belief: Belief) -> list[Finding]:
    course = run(belief, length_mm=1.0, sessions=12, interval_d=7)
    return [
        of_people(
            HEALING,
            f"9 share of acne-scar grade left {months} months after 12 weekly sessions",
            f"{seen}",
            after_last(course, course.severity, days),
            "±0.06",
            seen - 0.06,
            seen + 0.06,
            seen=seen,
        )
        for months, days, seen in ((0, 0.0, 0.678), (1, 30.4, 0.587), (2, 60.9, 0.538))
    ]


def monthly_case(belief: Belief) -> list[Finding]:
    course = run(belief, length_mm=1.5, sessions=5, interval_d=30)
    left = after_last(course, course.severity, 30)
    return [
        of_people(
            HEALING,
            "10a share of scar score left 1 month after 5 monthly sessions",
            "0.554",
            left,
            "±0.10",
            0.454,
            0.654,
            seen=0.554,
        ),
        of_people(
            HEALING,
            "10b pigment marks, phototype IV-V, same course",
            "5/30 (7-34 %)",
            course.pih_probability,
            "7-34 %",
            0.07,
            0.34,
            seen=5 / 30,
            note="the count is the base rate, so this tests the scaling only",
        ),
    ]


def known_misses(belief: Belief) -> list[Finding]:
    four = run(belief, length_mm=1.5, sessions=4, interval_d=28)
    pen = run(belief, device="pen", length_mm=1.5, sessions=4, interval_d=30)
    return [
        of_people(
            HEALING,
            "Leheta 2011, 4 sessions 4 weeks apart: share left 3 months later",
            "0.317",
            after_last(four, four.severity, 90),
            "±0.10",
            0.217,
            0.417,
            seen=0.317,
            note="we predict much less than this trial saw, which lies outside even the band of the mean; "
            "known when the model was made, so not a blind test",
        ),
        of_people(
            HEALING,
            "von Dalwig-Nolda 2020, pen, 4 sessions 30 days apart: share left 3 months later",
            "0.69",
            after_last(pen, pen.severity, 90),
            "±0.10",
            0.59,
            0.79,
            seen=0.69,
            note="baseline grade 2.9 assumed; pens lay several times more channels, and we let them do too much",
        ),
    ]


RUNS = (closure_case, redness_cases, growth_factor_case, collagen_case, weekly_case, monthly_case, known_misses)
