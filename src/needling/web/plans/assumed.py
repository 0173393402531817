"""What a forecast takes for granted, for the person it is about: without units, indices and computed ratios."""

from __future__ import annotations

import re
from collections.abc import Callable

_Words = Callable[[re.Match[str]], str]


def _pain(found: re.Match[str]) -> str:
    ratio = float(found["ratio"])
    often = (
        "much less than" if ratio < 1 / 2
        else "less than" if ratio < 1
        else "more than" if ratio < 2
        else "much more than"
    )  # fmt: skip
    return f"How much it hurts without numbing is our guess: {often} in a usual course against acne scars."


_PLAIN: tuple[tuple[re.Pattern[str], _Words], ...] = (
    (
        re.compile(r"Skin thickness of (?P<where>.+?) was not measured; .+? is used with its spread between people\."),
        lambda found: f"We did not measure how thick your skin is ({found['where']}); we took what is usual there.",
    ),
    (
        re.compile(r"Skin thickness of (?P<where>.+?) was not measured and no value was found; that of .+ is used\."),
        lambda found: f"We did not measure how thick your skin is ({found['where']}); we took it to be as on a cheek.",
    ),
    (
        re.compile(r"(?P<what>.+?) on (?P<where>.+?) was not scored; the usual value .+ is used with its spread\."),
        lambda found: f"Nobody scored how strong it is on your {found['where']}; we took what is usual.",
    ),
    (
        re.compile(r"The planned force was taken to be the force of the hand; nobody has measured it on rollers\."),
        lambda found: "We took it that the hand presses as planned; nobody has measured that on rollers.",
    ),
    (
        re.compile(r"Channels were taken to close as under a dressing, which is slower than in open air\."),
        lambda found: "We took it that the holes of the needles close as slowly as under a dressing.",
    ),
    (re.compile(r"Pain without anaesthetic is compared with .+: about (?P<ratio>[\d.e+-]+) times as much\. .+"), _pain),
)


def plain_assumption(text: str) -> str:
    """One assumption in plain words; what has no plainer words stays as it is."""
    for pattern, words in _PLAIN:
        found = pattern.fullmatch(text)
        if found is not None:
            return words(found)
    return text
