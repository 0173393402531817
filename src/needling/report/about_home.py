"""The answer at home in plain words: what kind of no it is, so that waiting is not called "never"."""

from __future__ import annotations

import re
from typing import Literal

from needling.documents import Clearance, Decision
from needling.report.words import ACTION_WORD, VERDICT_WORD, on_day

Ground = Literal["care-today", "never", "clinician", "wait", "leave-out", "new-roller", "clinic", "clinic-later"]

CARE_TODAY = "red-flag-now"
"""The rule that fires on a warning sign after needling: it asks for medical care before anything else is said."""
_LEAVE_OUT = ("lesion-in-field", "tattoo-in-field")
_NEW_ROLLER = "shared-roller"
_STOPS = ("defer", "exclude_home", "refer", "exclude")

_HEADLINES: dict[Ground, str] = {
    "care-today": "Get medical care today",
    "never": "Not suitable",
    "clinician": "A clinician must look first",
    "wait": "Not yet",
    "leave-out": "Not on that spot",
    "new-roller": "Not with this roller",
    "clinic": "Not at home",
    "clinic-later": "Not at home",
}
_SENTENCES: dict[Ground, str] = {
    "care-today": "Do not roll. What you describe needs a doctor today, and comes before every other question here.",
    "never": "Rolling at home is not suitable for you. The reason stands below.",
    "clinician": "Have a clinician look at it before you roll anything. Take the sheet for the clinic with you.",
    "wait": "Something has to pass first; what, and how long, stands below.",
    "leave-out": "Roll around it, with a finger's width left free, or not at all. Then answer that question anew.",
    "new-roller": "Get a new one that nobody else uses, and throw the shared one away. Then answer that question anew.",
    "clinic": "Not at home; but a clinic may be able to help. Take the sheet for the clinic with you.",
    "clinic-later": "Not at home, and a clinic would wait too. What for, and how long, stands below.",
}


def _waits(decision: Decision) -> bool:
    return decision.action == "defer" or bool(decision.until or decision.until_when)


def lead_word(decision: Decision) -> str:
    """What one decision comes to at home, in a word or two: a wait is not called never."""
    if decision.rule == CARE_TODAY:
        return "Get medical care today"
    if decision.rule in _LEAVE_OUT:
        return "Leave it out"
    if decision.rule == _NEW_ROLLER:
        return "Get a new roller"
    return "Wait" if decision.action == "exclude" and _waits(decision) else ACTION_WORD[decision.action]


def home_ground(clearance: Clearance) -> Ground | None:
    """What kind of no a clearance for home is; None where it is no no.

    The most serious comes first: care today, then never, then a clinician, then waiting, then what can be mended.
    """
    if clearance.verdict in ("go", "ask"):
        return None
    stops = [one for one in clearance.decisions if one.action in _STOPS and not one.overridden]
    excluded = [one for one in stops if one.action == "exclude"]
    shut = [one for one in stops if one.action == "exclude_home" and one.rule != _NEW_ROLLER]
    waiting = [one for one in stops if one.action in ("exclude", "defer") and one.rule not in _LEAVE_OUT]
    if any(one.rule == CARE_TODAY for one in stops):
        return "care-today"
    if any(not _waits(one) for one in excluded):
        return "never"
    if any(one.action == "refer" for one in stops):
        return "clinician"
    if shut:
        return "clinic-later" if waiting else "clinic"
    if waiting or not stops:
        return "wait"
    return "leave-out" if excluded else "new-roller"


def home_headline(clearance: Clearance) -> str:
    """The answer at home in a few words."""
    ground = home_ground(clearance)
    return _HEADLINES[ground] if ground else VERDICT_WORD[clearance.verdict]


def home_sentence(clearance: Clearance) -> str:
    """What the answer at home comes to; empty where the verdict's own sentence says it."""
    ground = home_ground(clearance)
    if ground is None:
        return ""
    named = _named_waits(clearance) if ground == "wait" else ""
    if ground == "wait" and clearance.earliest:
        return f"{named or 'Waiting is needed first.'} The earliest date is {on_day(clearance.earliest)}."
    return named or _SENTENCES[ground]


_TIME = re.compile(r"\b(until|before|wait)\b", re.IGNORECASE)
_POINTS_BACK = re.compile(r"\b(it|they|such)\b")


def says_until(tell: str) -> bool:
    """Whether the words of a rule say themselves how long it holds."""
    return bool(re.search(r"\buntil\b", tell, re.IGNORECASE))


def _named_waits(clearance: Clearance) -> str:
    """What has to pass, in the words of the rules: of each the sentence that says until when, or all of it."""
    found = []
    for one in clearance.decisions:
        if one.action in ("exclude", "defer") and one.rule not in _LEAVE_OUT and _waits(one) and not one.overridden:
            said = re.split(r"(?<=\.)\s+", one.tell.strip())
            first = next((part for part in said if _TIME.search(part)), "")
            found.append(one.tell.strip() if not first or _POINTS_BACK.search(first) else first)
    return " ".join(dict.fromkeys(found))


_AT_HOME = "at home nobody looks after an infection or a scar"
_WHY_SHORT = f"longer needles reach living skin and can draw blood, and {_AT_HOME}"
_DARKER = "Phototype IV to VI, at home"
_WHY_SHORTER = f"brown and black skin gets dark or light marks more easily, and {_AT_HOME}"
_RULE_ID = re.compile(r" \((?:[a-z0-9]+-)+[a-z0-9]+\)")


def plainly(why: str) -> str:
    """A reason of the planner without its ids, for people and for sheets that leave the system."""
    said = _RULE_ID.sub("", why).replace("home envelope", _WHY_SHORT).replace(_DARKER, _WHY_SHORTER)
    said = said.replace("Phototype ", "skin type ").replace("The limit here is 0 mm:", "No needle is for home here:")
    return re.sub(r"ceiling of the site ([a-z ,]+)", r"the limit for the \1", said)
