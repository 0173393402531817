"""The test spot before the first session, where a rule of the clearance asks for one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from needling.documents import Citation, Decision, Plan
from needling.knowledge import Knowledge
from needling.report.words import after_days, number, on_day, plural, zone_name

_ASKS = "test spot"
_LOOK = "check-pigment-day-14"
"""The follow-up that looks for new marks: until its day they can appear."""


@dataclass(frozen=True)
class Spot:
    """A test spot in words, with what asks for it."""

    lead: str
    says: str
    sources: tuple[Citation, ...]


def spot_of(plan: Plan, decisions: Iterable[Decision], phototype: str | None, kb: Knowledge) -> Spot | None:
    """The test spot of a plan in a clinic; None where no rule asks for one, or nothing is done.

    The knowledge says from when marks show in some skin types, and not how large a spot should be.
    """
    asking = [one for one in decisions if _ASKS in one.tell.lower()]
    if not asking or not plan.sessions or plan.envelope != "clinic":
        return None
    first = min(plan.sessions, key=lambda session: session.day_d)
    longest = max(stroke.needle_length_mm for stroke in first.strokes)
    zone = next(stroke.zone for stroke in first.strokes if stroke.needle_length_mm == longest)
    begins = after_days(plan.start, first.day_d)
    look = kb.by("follow_ups").get(_LOOK)
    says = (
        f"One pass at {number(longest)} mm on a small spot, {zone_name(zone, kb)}; how large, as the clinician sets it"
    )
    if look is not None and phototype in look.phototypes:
        day = after_days(plan.start, first.day_d - look.day_d)
        says += (
            f". Look at it {plural(round(look.day_d), 'day')} later for dark or pale marks: done by {on_day(day)}, it "
            f"can be judged before the first session on {on_day(begins)}"
        )
    else:
        says += f". Look at it before the first session on {on_day(begins)}, after as many days as the clinician sets"
    says += ". With a mark, no session yet"
    sources = tuple(dict.fromkeys(citation for one in asking for citation in one.sources))
    return Spot("Test spot first", says, sources)
