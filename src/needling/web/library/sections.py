"""The sections of the evidence base as readers meet them: in which order, under which title, and what they are."""

from __future__ import annotations

from dataclasses import dataclass

from needling.knowledge.base import SECTIONS


@dataclass(frozen=True)
class Shelf:
    """One section. ``address`` is its name in addresses; ``is_`` says in a sentence what stands there."""

    section: str
    title: str
    is_: str

    @property
    def address(self) -> str:
        """How addresses call it."""
        return self.section.replace("_", "-")


GROUPS: tuple[tuple[str, tuple[Shelf, ...]], ...] = (
    (
        "What is decided with",
        (
            Shelf("claims", "Claims", "What articles say, each with a verdict and the better source."),
            Shelf("conflicts", "Where sources disagree", "Both sides, and what is done here until it is settled."),
            Shelf("rules", "Rules", "Who should not, who should wait, and who should ask first."),
            Shelf("indications", "Concerns", "What needling has been tried for, and how sure the answer is."),
            Shelf("alternatives", "Alternatives", "What else can be done, and for whom it is better."),
            Shelf("sites", "Parts of the body", "How deep needles may go where, at home and in a clinic."),
            Shelf("devices", "Devices", "Rollers, stamps and pens with their geometry, limits and legal status."),
            Shelf(
                "topicals", "Products on the skin", "What may go on fresh channels, what has to wait, what never may."
            ),
        ),
    ),
    (
        "For the day and the days after",
        (
            Shelf("care", "Care steps", "Before, during and after, in their order."),
            Shelf("waits", "Waits", "What has to wait after needling, and until which channels are closed."),
            Shelf("red_flags", "Warning signs", "What needs somebody to act, and how fast."),
            Shelf("adverse_events", "Unwanted events", "What was seen, how often, among how many."),
            Shelf("follow_ups", "Follow-ups", "When somebody looks again."),
            Shelf("scales", "Scales", "How skin is scored, and how far two readers differ."),
            Shelf("envelopes", "Limits", "What no plan goes beyond, at home and in a clinic."),
        ),
    ),
    (
        "What all of it rests on",
        (
            Shelf("sources", "Sources", "Everything that is cited, and how it was read."),
            Shelf("facts", "Questions", "What is asked of people, and how."),
            Shelf("parameters", "Figures of the model", "Each with its range, its source and its certainty."),
            Shelf("parameter_sets", "Sets of figures", "Other choices of the same figures, to try what they change."),
            Shelf("jurisdictions", "Laws", "What authorities say about home devices."),
        ),
    ),
)
SHELVES: dict[str, Shelf] = {shelf.address: shelf for _, shelves in GROUPS for shelf in shelves}
"""By address."""

if {shelf.section for shelf in SHELVES.values()} != set(SECTIONS):
    raise AssertionError("every section of the evidence base stands in the library")

WORDS: dict[str, str] = {
    "side a": "One side",
    "side b": "Other side",
    "default": "What is done here",
    "tell": "What people are told",
    "then": "What follows",
    "because": "Why",
    "says": "What it says",
    "never": "Never needled",
    "two sided": "Left and right",
    "plural": "As it is called",
    "stratum corneum": "Horny layer",
    "epidermis": "Outer skin",
    "epidermis imaging": "Outer skin, as imaging sees it",
    "dermis": "Inner skin",
    "home max": "Longest needle at home",
    "home max written plan": "Longest needle at home with a clinic’s written plan",
    "clinic default": "Usual needle in a clinic",
    "clinic max": "Longest needle in a clinic",
    "bony": "Over bone",
    "roller": "A roller fits",
    "special": "To know",
    "usual area": "Usual area",
    "lengths": "Needle lengths",
    "needles": "Needles",
    "life uses": "Lasts for uses",
    "life": "Lasts for",
    "home": "Made for home",
    "cites": "In full",
    "kind": "Kind",
    "reason": "Used for",
    "plain": "In plain words",
    "act": "What to do",
    "think of": "What it may be",
    "ask": "Question",
    "ask clinician": "Question to a clinician",
    "better for": "Better for",
    "worse for": "Not so good for",
    "by": "Done by",
    "needle max": "Longest needle",
    "read as": "How it was read",
    "standing": "Standing",
    "not stated": "Not stated anywhere",
}
"""How the library calls fields whose own names are short; others are called as they are."""
