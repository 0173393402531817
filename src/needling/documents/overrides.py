"""Going on in spite of a rule: what one clinician proposes until another one signs it."""

from datetime import date
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from needling.documents import Document, Id, Sha256, Text, _WithFacts

OverrideReason = Literal[
    "specialist-informed-choice", "investigated-and-cleared", "rule-does-not-apply", "device-label-allows"
]


class Occurrence(_WithFacts):
    """What made a rule fire when it was set aside: the answers, in a zone or (without one) in the whole person.

    A time since a day stands here as that day, by which this occurrence is told from a later one.
    """

    zone: Id | None = None


class Override(Document):
    """A clinician's decision to go on in spite of a defer or refer rule: coded reason, two signatures.

    It covers what it was signed for (:mod:`needling.planning.occurrences`): ``on`` is the day of the findings that were
    signed, ``occurrences`` are what the rule rested on then. Without a day it covers nothing that passes.
    """

    rule: Id
    reason: OverrideReason
    note: Text = ""
    by: Id
    second: Id
    on: Annotated[date | None, Field(exclude_if=lambda on: on is None)] = None
    occurrences: Annotated[tuple[Occurrence, ...], Field(max_length=20, exclude_if=lambda found: not found)] = ()

    @model_validator(mode="after")
    def _two_people(self) -> Self:
        if self.by == self.second:
            raise ValueError("an override needs two different people in 'by' and 'second'")
        return self


class ProposedOverride(Document):
    """Half of an override: proposed by one clinician, not yet signed by another.

    It holds only for the very answers and findings that it was proposed for (``person_sha256``, and
    ``findings_sha256``: the assessment without any override).
    """

    rule: Id
    reason: OverrideReason
    note: Text = ""
    by: Id
    person_sha256: Sha256
    findings_sha256: Sha256
    withdrawn: bool = False
