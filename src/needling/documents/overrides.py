"""Going on in spite of a rule: what one clinician proposes until another one signs it."""

from typing import Literal

from needling.documents import Document, Id, Sha256, Text

OverrideReason = Literal[
    "specialist-informed-choice", "investigated-and-cleared", "rule-does-not-apply", "device-label-allows"
]


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
