"""Finding claims by words: both spellings of English, other names of a thing, and words that were mistyped."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from functools import lru_cache

from needling.knowledge.schema import Claim

TOPICS: dict[str, tuple[str, str]] = {
    "scars": ("Scars and stretch marks", r"scar|stretch mark|chickenpox"),
    "lines": ("Lines, wrinkles and collagen", r"\bline|wrinkl|age?ing|collagen|firm|elastin|plump"),
    "pigment": ("Dark marks", r"pigment|dark|patches"),
    "acne": ("Acne, pores and glow", r"\bacne|pores|\boil|breaks? out|glow|dull|inflamed"),
    "hair": ("Hair", r"\bhair|scalp"),
    "products": ("Serums, creams and make-up", r"serum|product|cream|hyaluron|vitamin|make-up|saline|antisep|ointment"),
    "hygiene": ("Keeping it clean", r"steril|clean|infect|bacteri|alcohol|germ"),
    "needles": ("Needles and how to roll", r"\bmm\b|needle|pens?\b|stamp|roll (?:up|once)|press|taut|goes up"),
    "safety": (
        "Harm, and who should not",
        r"harm|hurt|pain|pregnan|bleed|blood|allerg|eczema|medicat|sunburn|cheap|suits|damage",
    ),
    "home": ("At home or in a clinic", r"home|clinic|profession|law|self-train|numbing"),
    "course": ("How often, and when it shows", r"week|days|sessions|times|immediate|same day|minutes"),
}
"""What a claim is about: name, and the words that say so."""

_SPELLING = (
    ("isation", "ization"), ("ise", "ize"), ("ising", "izing"), ("yse", "yze"), ("aesth", "esth"), ("haem", "hem"),
    ("oedem", "edem"), ("colour", "color"), ("tumour", "tumor"), ("centre", "center"), ("grey", "gray"),
)  # fmt: skip
_SAME: dict[str, tuple[str, ...]] = {
    "botox": ("botulinum",), "retinol": ("retinoid", "vitamin a"), "tretinoin": ("retinoid",), "ascorbic": ("vitamin",),
    "accutane": ("isotretinoin",), "roaccutane": ("isotretinoin",), "rogaine": ("hair",), "regaine": ("hair",),
    "minoxidil": ("hair",), "disinfect": ("sterilize", "alcohol"), "disinfection": ("sterilize", "alcohol"),
    "herpes": ("cold sore",), "pih": ("pigment",), "hyperpigmentation": ("pigment", "dark"), "melasma": ("pigment",),
    "dermaroller": ("roller",), "dermapen": ("pen",), "microneedling": ("needl",), "wrinkle": ("line",),
    "spf": ("sunscreen",), "sunblock": ("sunscreen",), "anesthetic": ("numbing",), "numb": ("numbing",),
    "cellulite": ("cellulite",), "striae": ("stretch",), "moisturizer": ("cream",), "bleeding": ("bleed",),
}  # fmt: skip
_ALIKE = 0.78  # numerical: how alike a mistyped word has to be, from 0 to 1


def folded(text: str) -> str:
    """Text in small letters and one spelling."""
    said = text.casefold().replace("\N{RIGHT SINGLE QUOTATION MARK}", "'")
    for british, american in _SPELLING:
        said = said.replace(british, american)
    return said


@lru_cache(maxsize=512)
def _text(claim: Claim) -> str:
    return folded(f"{claim.says} {claim.because} {claim.id}")


def topics_of(claim: Claim) -> tuple[str, ...]:
    """What a claim is about."""
    return tuple(name for name, (_, words) in TOPICS.items() if re.search(words, claim.says, re.I))


@dataclass(frozen=True)
class Sought:
    """What was found, and the words that were read otherwise than they were written: (written, read as)."""

    claims: tuple[Claim, ...]
    read_as: tuple[tuple[str, str], ...] = ()


def search(claims: Iterable[Claim], words: str) -> Sought:
    """Claims that hold all the words; a word that no claim holds is read as another name, or as the nearest one."""
    among = tuple(claims)
    found, changed = among, []
    for word in folded(words).split():
        meant = _meant(word, among)
        if meant != (word,):
            changed.append((word, " or ".join(meant)))
        found = tuple(claim for claim in found if any(one in _text(claim) for one in meant))
    return Sought(found, tuple(changed))


def _meant(word: str, among: tuple[Claim, ...]) -> tuple[str, ...]:
    if any(word in _text(claim) for claim in among):
        return (word,)
    if word in _SAME:
        return tuple(folded(one) for one in _SAME[word])
    known = sorted({one for claim in among for one in re.findall(r"[a-z]{4,}", _text(claim))} | set(_SAME))
    near = get_close_matches(word, known, n=1, cutoff=_ALIKE)
    return _meant(near[0], among) if near and near[0] != word else (word,)
