"""What differed from the plan, and why a session was not done: coded, so that it can be counted, and in words."""

from __future__ import annotations

from collections.abc import Iterable

DEVIATIONS = (
    ("stopped-at-endpoint", "Stopped early: the endpoint was reached"),
    ("stopped-for-pain", "Stopped early: pain"),
    ("zone-left-out", "A zone was left out"),
    ("other-device", "Another device than planned"),
    ("other-product", "A product that the plan does not name"),
    ("late", "Later than planned"),
    ("other", "Something else"),
)
EXPIRED, EARLY, STRONGER, PRODUCT = "expired-accepted", "early-accepted", "stronger-accepted", "product-accepted"
HELD = "held-accepted"
DECISIONS = (
    (HELD, "It was done although today's answers speak against it"),
    (EARLY, "Earlier than planned, or than the skin is ready by calculation"),
    (EXPIRED, "The lot had expired"),
    (STRONGER, "More than the approval or today's limits allow"),
    (PRODUCT, "A product that may not touch fresh channels"),
)
"""Deviations that only somebody who may decide can sign, each with words."""
NOT_DONE = (
    ("did-not-come", "Did not come"),
    ("called-off-by-person", "Called off by the person"),
    ("called-off-by-clinic", "Called off by the clinic"),
    ("visit-check", "The questions of the day speak against it"),
    ("other", "Something else"),
)
LABELS = {
    **dict(DEVIATIONS),
    **dict(DECISIONS),
    **{f"not-done-{code}": f"Not done: {label[0].lower()}{label[1:]}" for code, label in NOT_DONE},
}


def coded(codes: Iterable[str], words: str) -> tuple[str, ...]:
    """Deviations as a record keeps them: the codes, then the words."""
    return (*codes, *([f"in words: {words}"] if words else []))


def read_back(deviations: Iterable[str]) -> tuple[list[str], str]:
    """Codes and words of a record."""
    codes = [one for one in deviations if one in LABELS]
    words = "; ".join(one.removeprefix("in words: ") for one in deviations if one not in LABELS)
    return codes, words


def in_words(deviations: Iterable[str]) -> list[str]:
    """For people to read."""
    codes, words = read_back(tuple(deviations))
    return [LABELS[code] for code in codes] + ([words] if words else [])
