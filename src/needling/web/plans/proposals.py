"""Going on in spite of a rule: one clinician proposes, another one signs in their own session."""

from __future__ import annotations

from uuid import UUID

from needling.documents import Assessment, Clearance, Decision, Override, Person
from needling.documents.overrides import OverrideReason, ProposedOverride
from needling.knowledge import Knowledge
from needling.planning.screen import signed_for
from needling.report.words import on_day
from needling.web.accounts.models import User

REASONS: tuple[tuple[OverrideReason, str], ...] = (
    ("specialist-informed-choice", "A specialist and the informed person decided together"),
    ("investigated-and-cleared", "Looked into, and nothing was found that stands against it"),
    ("rule-does-not-apply", "The rule does not apply to this person, for the reason in the note"),
    ("device-label-allows", "The label of the device allows it"),
)
OVERRIDABLE = ("defer", "refer")


def signers_of(clinic: UUID) -> dict[str, str]:
    """The names behind the signatures of a clinic; documents keep signatures only."""
    return {user.signature: user.name for user in User.objects.filter(clinic=clinic)}


def bare(assessment: Assessment) -> Assessment:
    """What was found, without what was overridden."""
    return assessment.model_copy(update={"overrides": ()})


def may_be_overridden(decision: Decision, clearance: Clearance) -> bool:
    """Only waiting and referring, only in a clinic; "home" and "not suitable" never."""
    return clearance.setting == "clinic" and decision.action in OVERRIDABLE and not decision.overridden


def reach(override: Override) -> str:
    """Which findings were signed, in words; nothing where that is not known."""
    return f" For what was found on {on_day(override.on)}, not for a later occurrence." if override.on else ""


def stands(rule: str, clearance: Clearance) -> bool:
    """Whether a rule speaks against it somewhere, and may be set aside."""
    return any(one.rule == rule and may_be_overridden(one, clearance) for one in clearance.decisions)


def signed(
    person: Person, assessment: Assessment, proposal: ProposedOverride, second: str, kb: Knowledge
) -> Assessment:
    """The assessment with one more override: of what makes the rule fire now, and of nothing that comes later.

    Raises:
        ValueError: both signatures are of one person.
    """
    made = Override(
        rule=proposal.rule, reason=proposal.reason, note=proposal.note, by=proposal.by, second=second,
        on=assessment.on, occurrences=signed_for(kb.find("rules", proposal.rule), person, assessment, kb),
    )  # fmt: skip
    others = tuple(one for one in assessment.overrides if one.rule != proposal.rule)
    return assessment.model_copy(update={"overrides": (*others, made)})
