"""Counts of harms, typed again from the abstracts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from needling.knowledge.base import Knowledge

# id: (people with the harm, people in the group)
COUNTS = {
    "pih-iv-v": (5, 36),  # Dogra 2014, enrolled, skin types IV and V
    "pih-iii-v": (0, 39),  # pigmented acne scars, skin types III to V, none darker
    "tram-track": (2, 36),  # Dogra 2014, enrolled
    "serious-event": (0, 1845),  # Juhasz and Cohen 2020, 58 studies
}
UNKNOWN = (
    "expected-reaction",
    "pih-rate-unknown",
    "pih-radiofrequency",
    "hypopigmentation",
    "cold-sores",
    "bacterial-infection",
    "mycobacteria",
    "fungal-infection",
    "blood-borne-infection",
    "granuloma",
    "systemic-hypersensitivity",
    "contact-dermatitis",
    "milia-acne",
    "lymph-nodes",
    "koebner",
    "keloid",
    "lines",
    "anaesthetic-toxicity",
    "radiofrequency-harm",
    "needle-break-eye",
)
PHOTOTYPES = {"pih-iv-v": ("IV", "V"), "pih-iii-v": ("III", "IV", "V")}
PRINTED_SHARE = {"pih-iv-v": 0.139, "tram-track": 0.056}
IN_WORDS = {
    "granuloma": ("15", "13"),  # cases, studies
    "bacterial-infection": ("18",),  # studies without a case
    "blood-borne-infection": ("4", "1", "59", "20"),  # clients, partner, exposed, plasma needling
    "expected-reaction": ("85", "2,805"),  # articles, people
    "pih-radiofrequency": ("25", "44 %"),
    "serious-event": ("58",),
}


@pytest.mark.parametrize("name", COUNTS)
def test_counts(entry: Callable[[str, str], Any], name: str) -> None:
    event = entry("adverse_events", name)
    assert (event.events_count, event.of_count) == COUNTS[name]


@pytest.mark.parametrize("name", UNKNOWN)
def test_rates_that_were_not_found_stay_unknown(entry: Callable[[str, str], Any], name: str) -> None:
    event = entry("adverse_events", name)
    assert (event.events_count, event.of_count) == (None, None)


def test_no_other_count_has_crept_in(kb: Knowledge) -> None:
    assert {event.id for event in kb.adverse_events} == {*COUNTS, *UNKNOWN}


@pytest.mark.parametrize("name", PHOTOTYPES)
def test_groups(entry: Callable[[str, str], Any], name: str) -> None:
    assert entry("adverse_events", name).phototypes == PHOTOTYPES[name]


@pytest.mark.parametrize("name", PRINTED_SHARE)
def test_printed_percentages_agree_with_the_counts(entry: Callable[[str, str], Any], name: str) -> None:
    event = entry("adverse_events", name)
    assert event.events_count / event.of_count == pytest.approx(PRINTED_SHARE[name], abs=0.0005)


@pytest.mark.parametrize("name", IN_WORDS)
def test_numbers_in_words(entry: Callable[[str, str], Any], name: str) -> None:
    event = entry("adverse_events", name)
    said = f"{event.plain} {event.population}"
    assert all(number in said for number in IN_WORDS[name])
