"""Hours to wait and windows of aftercare, typed again from the clinic sheets and manuals."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from needling.knowledge.base import Knowledge

HOUR, DAY, WEEK = 1, 24, 168

# id: (what sheets and manuals say at the earliest, at the latest) after needles of 0.5 mm and longer
LONG = {
    "water": (4 * HOUR, 8 * HOUR),
    "cleanser": (24 * HOUR, 24 * HOUR),
    "make-up": (24 * HOUR, 48 * HOUR),
    "sunscreen": (24 * HOUR, 24 * HOUR),
    "actives": (5 * DAY, 7 * DAY),
    "retinoid-vitamin-c": (5 * DAY, 7 * DAY),
    "exercise": (48 * HOUR, 72 * HOUR),
    "sauna": (2 * DAY, 3 * DAY),
    "pool-sea": (7 * DAY, 7 * DAY),
    "shaving": (2 * DAY, 3 * DAY),
    "hair-removal": (2 * WEEK, 2 * WEEK),
    "sun-tan": (2 * WEEK, 4 * WEEK),
    "next-procedure": (4 * WEEK, 4 * WEEK),
    "minoxidil": (24 * HOUR, 24 * HOUR),
    "moisturiser": (3 * DAY, 3 * DAY),
}
# After needles up to 0.3 mm: the column of the first 24 hours, then normal care; strong products 24 to 72 hours.
SHORT = {
    "water": (4 * HOUR, 8 * HOUR),
    "cleanser": (24 * HOUR, 24 * HOUR),
    "make-up": (24 * HOUR, 24 * HOUR),
    "sunscreen": (8 * HOUR, 24 * HOUR),  # next morning
    "actives": (24 * HOUR, 72 * HOUR),
    "retinoid-vitamin-c": (24 * HOUR, 72 * HOUR),
    "exercise": (24 * HOUR, 24 * HOUR),
    "sauna": (24 * HOUR, 24 * HOUR),
    "pool-sea": (24 * HOUR, 24 * HOUR),
    "shaving": (24 * HOUR, 24 * HOUR),
    "sun-tan": (2 * WEEK, 4 * WEEK),
    "minoxidil": (24 * HOUR, 24 * HOUR),
    "moisturiser": (24 * HOUR, 24 * HOUR),
}
# What each waits for.
OPENING = {
    "water": "water",
    "make-up": "structure",
    "pool-sea": "structure",
    "actives": "barrier",
    "retinoid-vitamin-c": "barrier",
    "exercise": "redness",
}
# Windows of single steps: (from hour, to hour)
WINDOWS = {
    "after-cleanse-first": (0, 24),
    "after-moisturise-first": (0, 24),
    "after-moisturise-gel": (24, 72),
    "after-moisturise-cream": (72, 10 * DAY),
    "after-make-up-none": (0, 24),
    "after-sun-shade": (0, 24),
    "after-sunscreen-mineral": (24, 72),
    "after-sunscreen-daily": (72, 10 * DAY),
    "after-actives-none": (0, 5 * DAY),
    "after-actives-again-darker-skin": (7 * DAY, 14 * DAY),
    "after-sport-none": (0, 72),
    "after-heat-none": (0, 3 * DAY),
    "after-water-none": (0, 7 * DAY),
    "after-hair-removal-none": (0, 2 * WEEK),
    "after-sun-weeks-darker-skin": (0, 4 * WEEK),
    "after-scalp-drugs": (0, 24),
    "after-antiviral": (0, 14 * DAY),
    "after-expect-first": (0, 24),
    "after-expect-days": (24, 10 * DAY),
    "after-short-actives": (0, 72),
    "after-short-rest": (0, 24),
}
# What a step says no to, and until which hour, typed again from the table of aftercare; None: how, not when.
ABOUT = {
    "after-cleanse-first": {"water": 8, "cleanser": 24},
    "after-cleanse-gentle": {"cleanser": 24},
    "after-moisturise-first": {"moisturiser": None},
    "after-moisturise-gel": {"moisturiser": None},
    "after-moisturise-cream": {"moisturiser": 3 * DAY},
    "after-make-up-none": {"make-up": 24},
    "after-make-up-careful": {"make-up": 48},
    "after-make-up-again": {"make-up": 72},
    "after-sun-shade": {"sunscreen": 24},
    "after-sunscreen-mineral": {"sunscreen": 24},
    "after-sunscreen-daily": {"sunscreen": None},
    "after-sun-weeks": {"sun-tan": 2 * WEEK, "sunscreen": None},
    "after-sun-weeks-darker-skin": {"sun-tan": 4 * WEEK},
    "after-actives-none": {"actives": 5 * DAY, "retinoid-vitamin-c": 5 * DAY},
    "after-actives-again": {"actives": 5 * DAY, "retinoid-vitamin-c": 7 * DAY},
    "after-actives-again-darker-skin": {"actives": 14 * DAY, "retinoid-vitamin-c": 14 * DAY},
    "after-sport-none": {"exercise": 72},
    "after-sport-again": {"exercise": 72},
    "after-heat-none": {"sauna": 3 * DAY, "exercise": 3 * DAY},
    "after-water-none": {"pool-sea": 7 * DAY},
    "after-hair-removal-none": {"hair-removal": 2 * WEEK, "next-procedure": 2 * WEEK, "shaving": 3 * DAY},
    "after-next-procedure": {"next-procedure": 4 * WEEK},
    "after-scalp-drugs": {"minoxidil": 24},
    "after-short-wash": {"water": 6},
    "after-short-rest": dict.fromkeys(("make-up", "exercise", "sauna", "pool-sea", "shaving"), 24),
    "after-short-sun": {"sunscreen": 12, "sun-tan": 2 * WEEK},
    "after-short-actives": {"actives": 72, "retinoid-vitamin-c": 72},
    "after-short-care": {"cleanser": 24, "moisturiser": 24},
}
# Numbers that a step must say.
SAID = {
    "weeks-stop-actives": ("seven days",),
    "weeks-sun-protection": ("four weeks",),
    "home-patch-test": ("2 x 2 cm", "48 hours"),
    "home-patch-test-darker-skin": ("one week",),
    "home-disinfect-after": ("70 %", "10 minutes"),
    "home-discard": ("10 uses", "3 months"),
    "during-home-passes": ("Two to four directions", "five"),
    "during-passes": ("Fifteen", "192", "250", "199", "229"),
    "before-anaesthetic-dose": ("1.5 g", "10 cm²", "1 to 5 hours", "60 g", "600 cm²"),
    "before-anaesthetic-strength": ("4 %", "30 minutes", "30 to 45 minutes"),
    "after-next-procedure": ("four weeks",),
    "stop-bleeding-lasts": ("10 minutes",),
}


@pytest.mark.parametrize("name", LONG)
def test_long_needles(entry: Callable[[str, str], Any], name: str) -> None:
    low, high = LONG[name]
    assert low <= entry("waits", name).published_long_h <= high


@pytest.mark.parametrize("name", SHORT)
def test_short_needles(entry: Callable[[str, str], Any], name: str) -> None:
    low, high = SHORT[name]
    assert low <= entry("waits", name).published_h <= high


@pytest.mark.parametrize("name", OPENING)
def test_what_it_waits_for(entry: Callable[[str, str], Any], name: str) -> None:
    assert entry("waits", name).opening == OPENING[name]


@pytest.mark.parametrize("name", WINDOWS)
def test_windows(entry: Callable[[str, str], Any], name: str) -> None:
    step = entry("care", name)
    assert (step.from_h, step.to_h) == WINDOWS[name]


@pytest.mark.parametrize("name", SAID)
def test_numbers_in_steps(entry: Callable[[str, str], Any], name: str) -> None:
    says = entry("care", name).says
    assert all(number in says for number in SAID[name])


def test_what_steps_are_about(kb: Knowledge) -> None:
    told = {step.id: {one.thing: one.from_h for one in step.about} for step in kb.care if step.about}
    assert told == ABOUT
