"""One definition and one form for what several pages tell of the same plan: redness, careful gain, lasting marks."""

from __future__ import annotations

from typing import NamedTuple

from needling.documents import Forecast, Goals
from needling.knowledge.base import Knowledge
from needling.report.words import at_level, number, people_share

MIDDLE = 0.5
LASTING_MARK = "Any lasting mark"
MARKS = "dark marks or lines of dots"
"""What a lasting mark is the sum of; each of them by itself stands among the harms."""


class Redness(NamedTuple):
    """How long redness lasts after one session: what half of people stay below, and what most of them do, days."""

    half_d: float
    most_d: float
    most: str


def most_share(kb: Knowledge) -> float:
    """The share of people that "most" means wherever redness is told: the one that a choice weighs."""
    return kb.parameter("choosing-redness-quantile").quantity.median


def careful_share(kb: Knowledge) -> float:
    """The share of people who gain at least the careful gain."""
    return 1 - kb.parameter("choosing-robust-quantile").quantity.median


def redness_of(forecast: Forecast, kb: Knowledge) -> Redness | None:
    """Redness after one session; None where it was not forecast."""
    if not forecast.redness_d:
        return None
    share = most_share(kb)
    half, most = (at_level(forecast.levels_share, forecast.redness_d, level) for level in (MIDDLE, share))
    return Redness(half, most, people_share(share))


def days_words(days_d: float) -> str:
    """A number of days with one digit, the same wherever it stands: ``2.5 days``, ``1 day``; a short one in words."""
    if days_d < 1 / 2:
        return "less than half a day"
    said = number(days_d, 1)
    return f"{said} {'day' if said == '1' else 'days'}"


def at_most_words(days_d: float) -> str:
    """A number of days that a share of people do not go beyond: ``2.5 days or less``."""
    return days_words(days_d) if days_d < 1 / 2 else f"{days_words(days_d)} or less"


def score_caption(kb: Knowledge, goals: Goals | None = None) -> str:
    """What the columns of a scoreboard mean."""
    careful, most = people_share(careful_share(kb)), people_share(most_share(kb))
    said = (
        f"Careful gain: what {careful} reach at least; 1 is a change that people notice, 0 is none. "
        f"Redness: after a session, what {most} stay below. {LASTING_MARK}: {MARKS}"
    )
    if goals is not None and goals.robust == "worst-case":
        said += ". All of it in the worst reading of what research has not settled"
    return said
