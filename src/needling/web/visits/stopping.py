"""What stops a course, in three lines for a clinician: what it is, what to do now, and what lifts it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from needling.documents import Reason
from needling.knowledge import Knowledge
from needling.planning.redflags import URGENCIES
from needling.web.pages import knowledge

_TO_A_CLINICIAN = (". See a clinician", ". Is it over?")
"""How a reason ends for somebody who is none, or asks what its last sentence asks again."""
_LEADS = {
    "No session until": "Goes on once",
    "Not known since": "Not known since",
    "Not known:": "Not known:",
    "Not before": "Not before",
    "Until": "Until",
}
"""How the sentences begin that say what lifts a stop, and how they do for a clinician."""

_WHEN = {"emergency": "Do now, an emergency:", "same-day": "Do now, the same day:"}


@dataclass(frozen=True)
class Source:
    """A source by its title."""

    key: str
    title: str
    against: bool


@dataclass(frozen=True)
class Stop:
    """One thing that stops a course.

    Args:
        when, now: how soon, and what to do about it; empty where there is nothing but to wait or to ask.
        why: its ground, where that is not what to do.
        until, lifts: what has to be known or to pass, begun with strong words.
        tell: what the person does at home meanwhile.
    """

    what: str
    when: str
    now: str
    why: str
    until: str
    lifts: str
    tell: str
    sources: tuple[Source, ...]
    proposal: bool

    @property
    def by_look(self) -> bool:
        """Whether only a look in the clinic lifts it."""
        return "a look in a clinic" in self.lifts


def stops_of(reasons: Sequence[Reason]) -> list[Stop]:
    """Reasons against the next session, for a page; what several zones share is said once."""
    kb = knowledge()
    return list(dict.fromkeys(_stop(reason, kb) for reason in reasons))


def _stop(reason: Reason, kb: Knowledge) -> Stop:
    what = reason.what
    for end in _TO_A_CLINICIAN:
        what = what.removesuffix(end)
    begins = [place for lead in _LEADS if (place := _begin(reason.why, lead)) is not None]
    ground, lifts = (reason.why[: min(begins)].strip(), reason.why[min(begins) :]) if begins else (reason.why, "")
    event = next((one for one in kb.adverse_events if one.manage and what.startswith(f"{one.name}, grade ")), None)
    care = event.manage if event is not None and ground.startswith(event.manage) else ""
    tell = ground.removeprefix(care).strip() if care else ""
    flags = [kb.by("red_flags")[flag].urgency for flag in event.red_flags] if event is not None and care else []
    urgency = min(flags, key=URGENCIES.index, default="routine")
    if urgency == "emergency":
        care, tell = f"{care} {tell}", ""  # nothing of an emergency is folded away
    until, lifts = _until(lifts)
    titles = kb.by("sources")
    sources = {one.key: one for one in reason.sources}
    return Stop(
        what=what.rstrip(".").replace(", 1 days after", ", 1 day after"),
        when=_WHEN.get(urgency, "Do now:"),
        now=care,
        why="" if care else ground,
        until=until,
        lifts=lifts,
        tell=tell,
        sources=tuple(
            Source(key, titles[key].cites if key in titles else key, one.stance == "conflicts")
            for key, one in sources.items()
        ),
        proposal=reason.proposal,
    )


def _until(lifts: str) -> tuple[str, str]:
    """What lifts a stop, begun with the words that stand out."""
    for lead, until in _LEADS.items():
        if lifts.startswith(lead):
            return until, lifts.removeprefix(lead).strip()
    return "Goes on once", f"it is over and written down. {lifts}".strip()


def _begin(text: str, lead: str) -> int | None:
    """Where a sentence with this lead begins."""
    if text.startswith(lead):
        return 0
    place = text.find(f" {lead}")
    return None if place < 0 else place + 1
