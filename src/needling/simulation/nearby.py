"""Plans near a plan: what a user can set, from half to twice, as far as device and place allow."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from needling.knowledge.base import Knowledge

if TYPE_CHECKING:
    from needling.documents import Plan, Session, Stroke

_STEPS = (-1.0, -0.5, 0.0, 0.5, 1.0)  # powers of 2 between half and twice
_MOST = {"passes_count": 40, "force_N": 20.0}  # numerical: what a plan can hold


def _sessions(plan: Plan, change: Callable[[Session, Stroke], dict[str, Any]]) -> tuple[Session, ...]:
    return tuple(
        session.model_copy(
            update={"strokes": tuple(stroke.model_copy(update=change(session, stroke)) for stroke in session.strokes)}
        )
        for session in plan.sessions
    )


def _with_length(plan: Plan, factor: float, kb: Knowledge) -> Plan:
    """Needles of the nearest length that the device has and the place allows."""

    def change(session: Session, stroke: Stroke) -> dict[str, Any]:
        site = kb.site(stroke.zone)
        limit = site.home_max_mm if plan.envelope == "home" else site.clinic_max_mm
        lengths = [
            length
            for length in kb.device(session.device).lengths_mm
            if length <= max(limit or stroke.needle_length_mm, stroke.needle_length_mm)
        ]
        wanted = factor * stroke.needle_length_mm
        return {"needle_length_mm": min((*lengths, stroke.needle_length_mm), key=lambda length: abs(length - wanted))}

    return plan.model_copy(update={"sessions": _sessions(plan, change)})


def _with_passes(plan: Plan, factor: float, kb: Knowledge) -> Plan:
    def change(session: Session, stroke: Stroke) -> dict[str, Any]:
        return {"passes_count": min(max(round(factor * stroke.passes_count), 1), int(_MOST["passes_count"]))}

    return plan.model_copy(update={"sessions": _sessions(plan, change)})


def _with_force(plan: Plan, factor: float, kb: Knowledge) -> Plan:
    def change(session: Session, stroke: Stroke) -> dict[str, Any]:
        return {"force_N": min(factor * stroke.force_N, _MOST["force_N"])}

    return plan.model_copy(update={"sessions": _sessions(plan, change)})


def _with_interval(plan: Plan, factor: float, kb: Knowledge) -> Plan:
    return plan.model_copy(
        update={
            "sessions": tuple(
                session.model_copy(update={"day_d": float(round(factor * session.day_d))}) for session in plan.sessions
            )
        }
    )


CHANGES: dict[str, Callable[[Plan, float, Knowledge], Plan]] = {
    "needle-length": _with_length,
    "passes": _with_passes,
    "interval": _with_interval,
    "force": _with_force,
}


def settable(plan: Plan, kb: Knowledge) -> dict[str, list[float]]:
    """Factors on the plan for each thing that a user sets: from half to twice, as far as device and place allow."""
    found = {}
    for name, change in CHANGES.items():
        levels = {change(plan, 2.0**step, kb).sessions: 2.0**step for step in _STEPS}
        if len(levels) > 1:
            found[name] = list(levels.values())
    return found
