"""Five questions on keeping it clean, to be answered rightly before the first session; each rests on a care step."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from needling.documents import Choice
from needling.knowledge import Knowledge
from needling.planning.aftercare import timetable
from needling.report.about_aftercare import evening_words, small


@dataclass(frozen=True)
class Item:
    """One question. ``care`` is the id of the care step that gives the reason; ``right`` counts from 0."""

    care: str
    asks: str
    options: tuple[str, ...]
    right: int


QUIZ = (
    Item(
        "home-never-share",
        "Your sister has the same skin and would like to try your roller once. It was disinfected. What now?",
        ("She may, after alcohol", "She may, on other skin", "She may not: one roller, one person"),
        2,
    ),
    Item(
        "home-disinfect-before",
        "How do you prepare the needles before you roll?",
        (
            "Rinse them with tap water",
            "Stand them in 70 % alcohol for at least 10 minutes, let them dry, do not rinse again",
            "Wipe them with a tissue",
        ),
        1,
    ),
    Item(
        "stop-blood-home",
        "You see a tiny dot of blood while you roll at home. What does it mean?",
        ("It works: go on", "Too much: stop, and do not roll again before the skin is calm", "Press harder next time"),
        1,
    ),
    Item(
        "home-discard",
        "The roller fell into the sink. The needles look fine. What now?",
        ("Throw it away", "Disinfect it twice", "Bend the needles straight"),
        0,
    ),
    Item(
        "after-short-actives",
        "You like your vitamin C serum. When may it go on the skin that you rolled?",
        ("Right away, while the channels are open", "Not before the time on your sheet", "Before rolling"),
        1,
    ),
)


def reasons(choice: Choice, kb: Knowledge) -> dict[str, str]:
    """Why each right answer is right; what has to wait is told with the times of this plan, and no others."""
    care = kb.by("care")
    times = {one.thing: one for one in timetable(choice.plan, choice.forecast.not_before, kb).times}
    found = {}
    for item in QUIZ:
        step = care[item.care]
        waits = [times[part.thing] for part in step.about if part.thing in times]
        said = [f"{one.label}: not before {small(evening_words(one.hours_h))} after rolling." for one in waits]
        found[item.care] = " ".join(said) or step.says
    return found


def marked(sent: Mapping[str, Any]) -> tuple[tuple[Item, int | None, bool], ...]:
    """Each question with the answer that was sent (None: none) and whether it is right."""
    found = []
    for item in QUIZ:
        raw = str(sent.get(item.care, ""))
        given = int(raw) if raw.isdigit() and int(raw) < len(item.options) else None
        found.append((item, given, given == item.right))
    return tuple(found)
