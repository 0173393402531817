"""The evaluation report: every case beside ours, hits and misses alike, as Markdown, JSON and an HTML page."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from tests.validation.finding import GROUPS, Finding

HEAD = """# How the models compare with published and exact numbers

Made by `make evaluate` from the shipped parameters ({members} possible people, key 0); the same with a picture of
each case is in `out/evaluation.html`, for programs in `out/evaluation.json`.

- *Ours* is the mean over possible people; the *band* holds nine of ten of them (differences between people and our
  ignorance together); the *band of the mean* is what our ignorance alone leaves open.
- *Verification* asks whether the equations are solved right, *validation* whether they are the right ones.
- *Built with* says whether the number was used to set parameters or to choose the form: a pass there shows that the
  model can follow the data, not that it predicts.

{counts}
"""
WRONG = """
## Known wrong predictions

{lines}

Not covered at all: trials in which needling alone did not differ from its control, differences between scar
types, results beyond a year, and blood levels after numbing cream on needled skin (nobody has measured any).
"""


def number(value: float) -> str:
    """Three figures, or a dash."""
    return f"{value:.3g}" if math.isfinite(value) else "-"


def band(low: float, high: float) -> str:
    """A band in words."""
    return f"{number(low)} to {number(high)}" if math.isfinite(low) else "-"


def summary(findings: Sequence[Finding]) -> dict[str, int | float]:
    """Counts of passes, and how often blind published numbers lie in our 90 % bands."""
    blind = [one for one in findings if one.blind]
    found: dict[str, int | float] = {
        "cases": len(findings),
        "passed": sum(one.passed for one in findings),
        "verification": sum(one.kind == "verification" for one in findings),
        "verification_passed": sum(one.kind == "verification" and one.passed for one in findings),
        "blind": len(blind) + sum(one.points for one in findings),
        "blind_inside": sum(one.inside for one in blind) + sum(one.points_inside for one in findings),
    }
    return found


def counts(findings: Sequence[Finding]) -> str:
    """The summary in one paragraph."""
    told = summary(findings)
    share = 100 * told["blind_inside"] / told["blind"] if told["blind"] else math.nan
    return (
        f"{told['passed']} of {told['cases']} cases are inside their tolerance, "
        f"{told['verification_passed']} of {told['verification']} verifications among them. "
        f"Of {told['blind']} published numbers that were not used for building, {told['blind_inside']} "
        f"({share:.0f} %) lie in our 90 % band; honest bands hold 80 to 97 % of them."
    )


def wrong(findings: Sequence[Finding]) -> list[str]:
    """The known wrong predictions, one line each."""
    return [
        f"{one.case}: published {one.published}, ours {number(one.ours)}. {one.note[:1].upper()}{one.note[1:]}."
        for one in findings
        if not one.passed or (one.blind and not one.inside)
    ]


def markdown(findings: Sequence[Finding], members: int) -> str:
    """The report as one Markdown page."""
    parts = [HEAD.format(members=members, counts=counts(findings))]
    for group in GROUPS:
        own = [one for one in findings if one.group == group]
        if not own:
            continue
        parts.append(f"\n## {group}\n")
        parts.append(
            "| Case | Published | Ours (90 % band) | 90 % band of the mean | Tolerance | | Kind | Built with |"
        )
        parts.append("|---|---|---|---|---|---|---|---|")
        parts += [
            f"| {one.case} | {one.published} | {number(one.ours)} ({band(one.low, one.high)}) "
            f"| {band(one.doubt_low, one.doubt_high)} | {one.tolerance} | "
            f"{'pass' if one.passed else '**miss**'} | {one.kind} | {'yes' if one.building else 'no'} |"
            for one in own
        ]
    return "\n".join(parts) + "\n" + WRONG.format(lines="\n".join(f"- {line}" for line in wrong(findings)))


def picture(one: Finding, width: int = 300, height: int = 34) -> str:
    """A row of the report as SVG: accepted range (outline), our band (bar), ours (dot), published (diamond)."""
    drawn = [one.ours, *(value for value in (one.low, one.high, one.seen) if value is not None)]
    drawn += [one.accepted_low, one.accepted_high]
    known = [value for value in drawn if math.isfinite(value)]
    least, most = min(known), max(known)
    room = 0.08 * (most - least) or abs(most) * 0.1 or 1.0
    least, most = least - room, most + room

    def at(value: float) -> float:
        return round(width * (min(max(value, least), most) - least) / (most - least), 1)

    middle = height / 2
    label = f"published {one.published}; ours {number(one.ours)}, band {band(one.low, one.high)}"
    parts = [
        f'<svg viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img" aria-label="{label}">',
        f'<line x1="0" x2="{width}" y1="{middle}" y2="{middle}" class="axis"/>',
    ]
    left = at(one.accepted_low) if math.isfinite(one.accepted_low) else 0
    right = at(one.accepted_high) if math.isfinite(one.accepted_high) else width
    parts.append(f'<rect x="{left}" width="{max(right - left, 1)}" y="4" height="{height - 8}" class="accepted"/>')
    if math.isfinite(one.low):
        start, end = at(one.low), at(one.high)
        parts.append(f'<rect x="{start}" width="{max(end - start, 1)}" y="{middle - 5}" height="10" class="band"/>')
    parts.append(f'<circle cx="{at(one.ours)}" cy="{middle}" r="4.5" class="{"ours" if one.passed else "missed"}"/>')
    if one.seen is not None:
        x = at(one.seen)
        parts.append(
            f'<path d="M{x} {middle - 7}L{x + 5} {middle}L{x} {middle + 7}L{x - 5} {middle}Z" class="published"/>'
        )
    return "".join(parts) + "</svg>"


def page(findings: Sequence[Finding], members: int) -> str:
    """The report as one HTML page without scripts."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=StrictUndefined
    )
    groups = [(group, [one for one in findings if one.group == group]) for group in GROUPS]
    return environment.get_template("evaluation.html.j2").render(
        groups=[(name, own) for name, own in groups if own],
        members=members,
        counts=counts(findings),
        wrong=wrong(findings),
        picture=picture,
        number=number,
        band=band,
    )


def write_report(findings: Sequence[Finding], members: int, folder: Path) -> None:
    """Write ``evaluation.md``, ``evaluation.json`` and ``evaluation.html`` into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "evaluation.md").write_text(markdown(findings, members), encoding="utf-8")
    told = {"members": members, "summary": summary(findings), "findings": [one.as_data() for one in findings]}
    (folder / "evaluation.json").write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
    (folder / "evaluation.html").write_text(page(findings, members), encoding="utf-8")
