"""Wishes that no protocol goes along with, or that skin and envelope slow down: declined, with what is nearest."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from needling.documents import Goals, Reason, Setting
from needling.knowledge.base import Knowledge
from needling.planning.envelope import ZoneLimits

if TYPE_CHECKING:
    from needling.planning.propose import ZoneGrid


class Wish(NamedTuple):
    """How a wish of the goals is called, and its unit."""

    what: str
    unit: str = ""


WISHES = {
    "device": Wish("Wished device"),
    "needle_length_mm": Wish("Wished needle length", "mm"),
    "passes_count": Wish("Wished passes"),
    "sessions_count": Wish("Wished sessions"),
    "interval_d": Wish("Wished interval", "days"),
}
"""Fields of the goals that ask for something in particular."""


def within(wished: float, tried: Sequence[float]) -> bool:
    """Whether a wish lies inside what the protocols of the trials span."""
    return bool(tried) and min(tried) <= wished <= max(tried)


def spans(grids: Sequence[ZoneGrid]) -> tuple[list[float], list[int]]:
    """Intervals that every zone's protocol accepts, and numbers of sessions of any, each sorted."""
    least = max(min(grid.protocol.intervals_d) for grid in grids)
    intervals = sorted({interval for grid in grids for interval in grid.protocol.intervals_d if interval >= least})
    return intervals, sorted({count for grid in grids for count in grid.protocol.sessions_count})


def unmet(
    goals: Goals,
    setting: Setting,
    limits: dict[str, ZoneLimits],
    grids: Sequence[ZoneGrid],
    shortest_d: float,
    kb: Knowledge,
) -> list[Reason]:
    """Why wishes inside the limits of needles are not planned as they were wished.

    Args:
        goals: the wishes. setting: home or clinic. limits: of each zone. grids: of the zones that are planned, one at
            least. shortest_d: shortest interval that envelope and clearance allow. kb: sites and devices.

    Returns:
        A reason for each wish that is not met, with the nearest that is planned.
    """
    reasons = [reason for grid in grids for reason in _of_zone(goals, limits[grid.finding.zone], grid, kb)]
    intervals, counts = spans(grids)
    slowest = max(grids, key=lambda grid: min(grid.protocol.intervals_d))
    if goals.sessions_count is not None and not within(goals.sessions_count, counts):
        nearest = f"{_next_to(goals.sessions_count, counts):g} sessions"
        reasons.append(_decline(f"{goals.sessions_count} sessions", _tried(counts, "sessions"), nearest, slowest))
    if goals.interval_d is not None and not within(goals.interval_d, intervals):
        nearest = f"{max(_next_to(goals.interval_d, intervals), shortest_d):g} days"
        said = _tried(intervals, "days between sessions")
        reasons.append(_decline(_apart(goals.interval_d), said, nearest, slowest))
    elif goals.interval_d is not None and goals.interval_d < shortest_d:
        reasons.append(_sooner(goals.interval_d, setting, limits, grids, shortest_d, kb))
    return list(dict.fromkeys(reasons))


def _apart(interval_d: float) -> str:
    return f"Sessions {interval_d:g} days apart"


def _of_zone(goals: Goals, limits: ZoneLimits, grid: ZoneGrid, kb: Knowledge) -> list[Reason]:
    reasons = []
    where = f"on the {kb.site(grid.finding.zone).name}"
    lengths = sorted({length for length, _ in grid.strengths})
    wished = goals.needle_length_mm
    if wished is not None and wished <= limits.needle_mm.value and wished not in lengths:
        tried = [length for length in grid.protocol.lengths_mm if length <= limits.needle_mm.value]
        sold = f"{kb.device(grid.device).name} has no such needles"
        lacking = sold if within(wished, tried) else _tried(tried, "mm")
        reasons.append(_decline(f"{wished:g} mm {where}", lacking, f"{_next_to(wished, lengths):g} mm", grid))
    passes = sorted({count for _, count in grid.strengths})
    if goals.passes_count is not None and goals.passes_count not in passes:
        nearest = f"{_next_to(goals.passes_count, passes):g}"
        reasons.append(_decline(f"{goals.passes_count} passes {where}", _tried(passes, "passes"), nearest, grid))
    return reasons


def _sooner(
    wished_d: float,
    setting: Setting,
    limits: dict[str, ZoneLimits],
    grids: Sequence[ZoneGrid],
    shortest_d: float,
    kb: Knowledge,
) -> Reason:
    """The interval of a protocol that the envelope or a rule of the clearance lengthens."""
    asked = max((limits[grid.finding.zone].min_interval_d for grid in grids), key=lambda limit: limit.value)
    by_rule = asked.value >= shortest_d
    envelope = kb.envelope(setting)
    because = asked.because if by_rule else f"{setting} envelope"
    return Reason(
        what=_apart(wished_d),
        why=f"At least {shortest_d:g} days: {because}. Nearest that may be planned: {shortest_d:g} days.",
        sources=asked.sources if by_rule else envelope.sources,
        proposal=asked.proposal if by_rule else envelope.proposal,
    )


def _tried(values: Sequence[float], unit: str) -> str:
    """What the protocols span, in words."""
    low, high = min(values), max(values)
    span = f"{low:g}" if low == high else f"{low:g} to {high:g}"
    return f"the protocols that were tried here have {span} {unit}"


def _next_to(wished: float, values: Sequence[float]) -> float:
    return min(values, key=lambda value: (abs(value - wished), value))


def _decline(what: str, why: str, nearest: str, grid: ZoneGrid) -> Reason:
    return Reason(
        what=what,
        why=f"{why[0].upper()}{why[1:]}. Nearest that may be planned: {nearest}.",
        sources=grid.protocol.sources,
        proposal=grid.protocol.proposal,
    )
