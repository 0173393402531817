"""Every case of the evaluation, in the order of the report."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from tests.validation import blood_cases, downtime_cases, healing_cases, transport_cases
from tests.validation.finding import Finding

from needling.simulation import Belief

MEMBERS = 1024
RUNS = (*transport_cases.RUNS, *blood_cases.RUNS, *healing_cases.RUNS, *downtime_cases.RUNS)


def all_findings(belief: Belief) -> list[Finding]:
    """All findings, with the band of the mean that the doubt layer alone gives."""
    doubt = replace(belief, person=np.zeros_like(belief.person))
    found, shared = ([one for run in RUNS for one in run(held)] for held in (belief, doubt))
    return [
        replace(one, doubt_low=alone.low, doubt_high=alone.high) if alone.high > alone.low else one
        for one, alone in zip(found, shared, strict=True)
    ]
