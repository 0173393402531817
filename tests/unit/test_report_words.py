"""Words for times, chances and places."""

from __future__ import annotations

from datetime import date

import pytest
from tests.unit import report_documents as made

from needling.report import words

BASE = made.knowledge()


@pytest.mark.parametrize(
    ("hours", "said"),
    [
        (0, "no wait"),
        (0.4, "24 minutes"),
        (1, "1 hour"),
        (6.2, "7 hours"),
        (24, "24 hours"),
        (24.2, "25 hours"),
        (48, "48 hours"),
        (49, "3 days"),
        (72, "3 days"),
        (72.0000001, "3 days"),
        (73, "4 days"),
        (336, "2 weeks"),
        (340, "15 days"),
        (672, "4 weeks"),
    ],
)
def test_a_wait_is_never_too_short(hours: float, said: str) -> None:
    assert words.wait_words(hours) == said


@pytest.mark.parametrize(
    ("days", "said"),
    [
        (0.2, "less than half a day"),
        (1, "about a day"),
        (2.6, "about 3 days"),
        (30, "about 4 weeks"),
        (126, "about 4 months"),
    ],
)
def test_spans(days: float, said: str) -> None:
    assert words.span_words(days) == said


@pytest.mark.parametrize(
    ("start", "end", "said"),
    [
        (None, None, "All the time"),
        (0, 1, "First hour"),
        (0, 24, "First 24 hours"),
        (6, 24, "6 to 24 hours"),
        (24, 72, "Day 1 to 3"),
        (24, 48, "Day 1 to 2"),
        (168, 1008, "Weeks 1 to 6"),
        (24, 1008, "Day 1 to week 6"),
        (72, None, "After 3 days"),
    ],
)
def test_windows(start: float | None, end: float | None, said: str) -> None:
    assert words.window_words(start, end) == said


def test_the_day_when_a_wait_is_over() -> None:
    """Day 0 is the day of the session; a wait never ends earlier by its day than by its hours."""
    said = {0: "Today", 8: "Today, after 8 hours", 22.1: "Today, after 23 hours", 23.2: "Day 1", 24: "Day 1",
            25: "Day 2", 100: "Day 5", 168: "Day 7", 336: "Day 14 (2 weeks)", 360: "Day 15",
            672: "Day 28 (4 weeks)"}  # fmt: skip
    assert {hours: words.day_words(hours) for hours in said} == said


def test_bounds_are_rounded_up() -> None:
    assert [words.within_words(days) for days in (0.3, 0.9, 5.1, 40)] == ["half a day", "a day", "6 days", "6 weeks"]


def test_numbers() -> None:
    assert words.number(-0.001) == "0"
    assert words.number(-1.5) == "−1.5"
    assert words.number(2.0) == "2"
    assert words.number(100, 0) == "100"
    assert words.signed(0.5) == "+0.5"


def test_quantiles_between_levels() -> None:
    levels, values = (0.05, 0.5, 0.95), (0.0, 10.0, 30.0)
    assert words.at_level(levels, values, 0.5) == 10
    assert words.at_level(levels, values, 0.725) == pytest.approx(20)
    assert words.at_level(levels, values, 0.99) == 30
    assert words.at_level(levels, values, 0.01) == 0


def test_people() -> None:
    assert words.people_share(0.95) == "19 of 20 people"
    assert words.people_share(0.9) == "9 of 10 people"
    assert words.people_share(0.5) == "half of people"
    assert words.of_people(0.14) == "7 of 50"
    assert words.of_people(0.001) == "fewer than 1 of 50"
    assert words.of_people(0.0) == "0 of 50"
    assert words.group_size(0.14) == 50 and words.group_size(0.002) == 1000
    assert words.about_people(0.001) == "Fewer than 1 of 50 people"


def test_zones() -> None:
    assert words.zone_name("cheek-left", BASE) == "left cheek"
    assert words.zones_name(["cheek-left", "forehead", "cheek-right"], BASE) == "cheeks and forehead"
    assert words.zones_name(["nowhere-left"], BASE) == "nowhere left"


def test_dates_and_sentences() -> None:
    assert words.on_day(date(2026, 9, 3)) == "3 Sep 2026"
    assert words.after_days(date(2026, 12, 30), 2.6) == date(2027, 1, 2)
    assert words.sentence("so it is") == "So it is."
    assert words.sentence("Is it?") == "Is it?"
    assert words.sentence("") == ""
