"""A person whose approved plan leaves a mole and a tattoo out: what the pages that show lesions are tried on."""

from __future__ import annotations

from typing import Any

from tests.web.courses import approval_for

from needling import approve, load_knowledge, screen
from needling.documents import Approval, Assessment, Lesion, Spot
from needling.web.accounts.models import User
from needling.web.charts.models import Chart
from needling.web.charts.records import write

MOLE = Lesion(what="lesion_in_field", size_mm=4, note="under the eye", left_out=True,
              spot=Spot(view="face", x_share=0.68, y_share=0.55))  # fmt: skip
LINE = Lesion(what="tattoo", note="dots along the jaw", left_out=True,
              spot=Spot(view="face", x_share=0.66, y_share=0.68))  # fmt: skip


def with_lesions(seen: Assessment, zone: str, *lesions: Lesion) -> Assessment:
    """The same assessment with lesions in one of its zones."""
    told: dict[str, Any] = seen.model_dump()
    for finding in told["zones"]:
        if finding["zone"] == zone:
            finding["lesions"] = [lesion.model_dump() for lesion in lesions]
    return Assessment.model_validate(told)


def approved_with_lesions(user: User, chart: Chart, days_ago: int = 150) -> Approval:
    """Answers, an assessment with two lesions in the left cheek, and an approval of it, written into a chart."""
    kb = load_knowledge()
    person, seen, before = approval_for(chart, days_ago)
    assessment = with_lesions(seen, "cheek-left", MOLE, LINE)
    clearance = screen(person, assessment, kb)
    plan = before.plan.model_copy(update={"clearance_sha256": clearance.sha256})
    forecast = before.forecast.model_copy(update={"assessment": assessment, "plan_sha256": plan.sha256})
    approval = approve(plan, forecast, clearance, by="user-1", at=before.at, kb=kb)
    for document in (person, assessment, clearance, approval):
        write(user, chart, document)
    return approval
