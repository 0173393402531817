"""Locking a plan: canonical JSON, sha256, and a refusal for anything outside the envelope."""

from __future__ import annotations

from datetime import UTC, datetime

from needling.documents import Approval, Clearance, Forecast, Plan
from needling.errors import NotAllowed
from needling.knowledge import Knowledge, load_knowledge
from needling.planning.envelope import breaches


def approve(
    plan: Plan,
    forecast: Forecast,
    clearance: Clearance,
    *,
    by: str,
    at: datetime | None = None,
    kb: Knowledge | None = None,
) -> Approval:
    """Freeze a plan with its forecast before anything is done.

    Args:
        plan: with at least one session.
        forecast: of exactly this plan.
        clearance: the one the plan was made under, with no question open.
        by: id of the clinician (or of the person, for a home plan).
        at: time of approval; default now, UTC.
        kb: knowledge in force; default the shipped one.

    Returns:
        The approval; records and scores refer to its sha256.

    Raises:
        NotAllowed: no sessions, forecast of another plan, open questions, or any breach of the envelope.
    """
    kb = kb or load_knowledge()
    problems = []
    if not plan.sessions:
        problems.append("there is nothing to approve in 'no treatment'")
    if forecast.plan_sha256 != plan.sha256:
        problems.append("the forecast belongs to another plan; simulate this plan")
    if forecast.assessment.sha256 != clearance.assessment_sha256:
        problems.append("the forecast and the clearance belong to different assessments; screen and plan again")
    if clearance.asks:
        problems.append(f"questions are open: {', '.join(question.fact for question in clearance.asks)}")
    problems += [f"{breach.what}: {breach.allowed} ({breach.because})" for breach in breaches(plan, clearance, kb)]
    if problems:
        raise NotAllowed("This plan cannot be approved:\n" + "\n".join(f"- {problem}" for problem in problems))
    return Approval(
        plan=plan,
        forecast=forecast,
        plan_sha256=plan.sha256,
        forecast_sha256=forecast.sha256,
        clearance_sha256=clearance.sha256,
        overrides=forecast.assessment.overrides,
        by=by,
        at=at or datetime.now(UTC),
    )
