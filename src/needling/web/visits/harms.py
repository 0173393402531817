"""Unwanted events to choose from: named by what was seen, whatever study counted them."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import takewhile

from needling.documents import OTHER_HARM, Phototype
from needling.knowledge import Knowledge
from needling.knowledge.schema import AdverseEvent

ELSE = "Something else, in words"
_HEATED = ("rf",)


def harm_names(kb: Knowledge) -> dict[str, str]:
    """What each harm is called, by id; groups of one study and another go by one name."""
    found = {event.id: name for events in _alike(kb) for name in [_name(events)] for event in events}
    return {**found, OTHER_HARM: "Something else"}


def choices_for(kb: Knowledge, devices: Iterable[str], phototype: Phototype | None) -> list[tuple[str, str]]:
    """Harms that can be chosen after a session, each once, and something else.

    Which group of people the chances come from is a matter of the forecast: here it follows from the person.

    Args:
        devices: of the session; what only heated needles do is left out where none was used.
    """
    known = kb.by("devices")
    used = {known[one].kind for one in devices if one in known}
    found = []
    for events in _alike(kb):
        if events[0].ref and (set(events[0].kinds) != set(_HEATED) or "rf" in used):
            found.append((_own(events, used, phototype).id, _name(events)))
    return [*found, (OTHER_HARM, ELSE)]


def cared_for(kb: Knowledge) -> list[tuple[str, str]]:
    """How each harm is cared for, once."""
    return [(_name(events), events[0].manage) for events in _alike(kb) if events[0].ref and events[0].manage]


def _alike(kb: Knowledge) -> list[list[AdverseEvent]]:
    """Events that are one harm, counted in several groups of people."""
    found: dict[str, list[AdverseEvent]] = {}
    for event in kb.adverse_events:
        found.setdefault(event.ref or event.id, []).append(event)
    return list(found.values())


def _name(events: list[AdverseEvent]) -> str:
    """The words with which every name begins: what follows them is the group that was counted."""
    columns = zip(*(event.name.split() for event in events), strict=False)
    return " ".join(words[0] for words in takewhile(lambda words: _bare(words) == 1, columns)).rstrip(",")


def _bare(words: tuple[str, ...]) -> int:
    return len({word.rstrip(",") for word in words})


def _own(events: list[AdverseEvent], used: set[str], phototype: Phototype | None) -> AdverseEvent:
    """The entry for a person: of their skin type and the devices, else one whose rate nobody knows."""
    fitting = [event for event in events if used & set(event.kinds)] or events
    own = [event for event in fitting if phototype is not None and phototype in event.phototypes]
    unknown = [event for event in fitting if event.of_count is None]
    return (own or unknown or fitting)[0]
