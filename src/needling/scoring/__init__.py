"""Scoring of published outcome scales, and grading of harms: answers in, a score with its band and version out.

The numbers (items, weights, steps, bands, versions) are data in ``knowledge/scales.yaml``; the rules are one plain
function per scale in :mod:`needling.scoring.engines`. No item text of any form is shipped.
"""

from needling.scoring.engines import ENGINES
from needling.scoring.events import EventGrade, grade_event
from needling.scoring.result import Need, ScaleResult, area_points, convert_version, needs, score_scale

__all__ = [
    "ENGINES",
    "EventGrade",
    "Need",
    "ScaleResult",
    "area_points",
    "convert_version",
    "grade_event",
    "needs",
    "score_scale",
]
