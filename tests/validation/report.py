"""The evaluation report: every published case beside ours, hits and misses alike, as Markdown and JSON."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from pathlib import Path

from tests.validation.cases import Finding

HEAD = """# How the healing model compares with published cases

Made by `tests/validation/test_calibration_cases.py` from the shipped parameters ({members} possible people, key 0).
Ours is the mean over possible people; the band holds nine of ten of them (differences between people and our
ignorance together); the band of the mean is what our ignorance alone leaves open, and a trial's mean should lie in
it. *Building* says whether the case was used to set parameters: a pass there shows that the model
can follow the data, not that it predicts. Blind checks need cases that nobody has used.

"""
WRONG = """
## Known wrong predictions

{lines}

Not covered at all: trials in which needling alone did not differ from its control, differences between scar
types, and results beyond a year.
"""


def _number(value: float) -> str:
    return f"{value:.3g}"


def _band(one: Finding) -> str:
    if not math.isfinite(one.doubt_low):
        return "-"
    return f"{_number(one.doubt_low)} to {_number(one.doubt_high)}"


def write_report(findings: Sequence[Finding], members: int, folder: Path) -> None:
    """Write ``evaluation.md`` and ``evaluation.json`` into a folder."""
    rows = [
        "| Case | Published | Ours (90 % band) | 90 % band of the mean | Tolerance | | Used for building |",
        "|---|---|---|---|---|---|---|",
    ]
    rows += [
        f"| {one.case} | {one.published} | {_number(one.ours)} ({_number(one.low)} to {_number(one.high)}) "
        f"| {_band(one)} | {one.tolerance} | "
        f"{'pass' if one.passed else '**miss**'} | {'yes' if one.building else 'no'} |"
        for one in findings
    ]
    wrong = [
        f"- {one.case}: published {one.published}, ours {_number(one.ours)}. {one.note[:1].upper()}{one.note[1:]}."
        for one in findings
        if not one.passed or one.tolerance == "sign only"
    ]
    folder.mkdir(parents=True, exist_ok=True)
    text = HEAD.format(members=members) + "\n".join(rows) + "\n" + WRONG.format(lines="\n".join(wrong))
    (folder / "evaluation.md").write_text(text, encoding="utf-8")
    listed = [
        {name: None if value in (math.inf, -math.inf) else value for name, value in one._asdict().items()}
        | {"passed": one.passed}
        for one in findings
    ]
    (folder / "evaluation.json").write_text(
        json.dumps({"members": members, "findings": listed}, indent=1) + "\n", encoding="utf-8"
    )
