"""How long redness lasted and how many improved, from sources that were not used to set a parameter.

Most are statements of clinics and makers rather than measurements; where a range is printed its middle is taken.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from tests.validation.finding import Finding, of_people
from tests.validation.healing_cases import CLOSURE, DAY_S, HEALING, after_last, run

from needling.simulation import Belief

ONE_GRADE = 1.0


def downtime_cases(belief: Belief) -> list[Finding]:
    told: list[tuple[str, str, float, dict[str, Any], str]] = [
        ("clinic roller 0.5-1.5 mm", "12-24 h", 0.75, {"length_mm": 1.0}, "a clinic's page"),
        ("roller 1.5 mm, back in public, 11 people", "2-5", 3.5, {"length_mm": 1.5}, "meeting news"),
        ("roller, acne scars", "2-3", 2.5, {"length_mm": 1.5}, "a patients' page citing two trials"),
        (
            "0.2-0.5 mm, whole recovery",
            "2-3",
            2.5,
            {"length_mm": 0.5},
            "a chart of a maker; whole recovery is more than redness",
        ),
        (
            "0.8-1.5 mm, whole recovery",
            "4-5",
            4.5,
            {"length_mm": 1.5},
            "a chart of a maker; whole recovery is more than redness",
        ),
        ("pen", "about 1", 1.0, {"length_mm": 1.0, "device": "pen"}, "a seller's review"),
        (
            "pen, two days mostly, nothing at three",
            "2-3",
            2.5,
            {"length_mm": 1.0, "device": "pen"},
            "a clinic's answers",
        ),
        ("pen, another clinic", "1-4", 2.5, {"length_mm": 1.5, "device": "pen"}, "a clinic's page"),
    ]
    return [
        of_people(
            CLOSURE,
            f"redness: {what} (d)",
            published,
            run(belief, sessions=1, **plan).redness_time / DAY_S,
            "factor 3",
            seen / 3,
            seen * 3,
            building=False,
            seen=seen,
            note=f"from {source}",
        )
        for what, published, seen, plan, source in told
    ]


def outcome_cases(belief: Belief) -> list[Finding]:
    """Trials of acne scars beside those that the model was built with."""
    three = run(belief, length_mm=1.5, sessions=3, interval_d=28)
    left = after_last(three, three.severity, 30)
    four = run(belief, length_mm=1.5, sessions=4, interval_d=28)
    better = float(np.mean(four.score[:, 0, 0] - after_last(four, four.score, 60) >= ONE_GRADE))
    return [
        of_people(
            HEALING,
            "Tirmizi 2021, 3 sessions 4 weeks apart, grade III to II: share left a month later",
            "about 0.67",
            left,
            "±0.15",
            0.52,
            0.82,
            building=False,
            seen=2 / 3,
            note="retrospective; the typical grade stands for the mean",
        ),
        of_people(
            HEALING,
            "Majid 2009, several sittings: share of people at least one grade better after 2 months",
            "34 of 36",
            np.full(1, better),
            "±0.25",
            0.69,
            1.0,
            building=False,
            note="number of sittings not printed, 4 assumed; open-label series count more successes than our model "
            "expects, and the trials with a control arm fewer",
        ),
    ]


RUNS = (downtime_cases, outcome_cases)
