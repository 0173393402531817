"""Signs after needling: which of them a person has, and what to do first.

It never says that nothing is wrong: no list can know that.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, NamedTuple

from needling.errors import did_you_mean
from needling.knowledge.base import Knowledge
from needling.knowledge.schema import RedFlag

Urgency = Literal["emergency", "same-day", "soon", "routine"]
URGENCIES: tuple[Urgency, ...] = ("emergency", "same-day", "soon", "routine")
"""Most urgent first."""

OTHER = "other"
"""What a person gives for a sign that is not on the list."""

SEE_SOMEONE = "If you are worried, see a clinician; worry alone is reason enough."
NOTHING_NAMED = (
    f"None of the signs was named. That does not show that nothing is wrong: no list can. {SEE_SOMEONE} "
    "Come back to this list if something changes."
)


class Advice(NamedTuple):
    """What the signs mean for the next hours: most urgent first."""

    flags: tuple[RedFlag, ...]
    unlisted: tuple[str, ...]
    """Words that name no sign on the list, each with the closest that does."""
    urgency: Urgency | None
    """The most urgent of the listed signs; None without one, which is not the all-clear."""
    says: str

    @property
    def found(self) -> bool:
        """Whether anything was named, on the list or not."""
        return bool(self.flags or self.unlisted)


def by_urgency(flags: Iterable[RedFlag]) -> tuple[RedFlag, ...]:
    """Signs with the most urgent first; equals stay in the order given."""
    return tuple(sorted(flags, key=lambda flag: URGENCIES.index(flag.urgency)))


def flags_named(words: Iterable[str], kb: Knowledge) -> tuple[tuple[RedFlag, ...], tuple[str, ...]]:
    """The signs that words stand for, each once, and the words that stand for none.

    Args:
        words: ids (``rf03-anaphylaxis``), labels (``RF3``), numbers on the list (``3``), or words of a sign
            (``fever``); case does not matter.
        kb: red flags.
    """
    known: dict[str, RedFlag] = {}
    for number, flag in enumerate(kb.red_flags, start=1):
        known |= {flag.id.casefold(): flag, str(number): flag}
        known |= {flag.ref.casefold(): flag} if flag.ref else {}
    found: dict[str, RedFlag] = {}
    unlisted: list[str] = []
    for word in words:
        sought = word.strip().casefold()
        if sought in known:
            found[known[sought].id] = known[sought]
        elif sought == OTHER:
            unlisted.append("another sign")
        elif sought and (told := [flag for flag in kb.red_flags if sought in flag.sign.casefold()]):
            found.update({flag.id: flag for flag in told})  # a word that several signs hold stands for all of them
        elif sought:
            unlisted.append(f"'{word.strip()}'{did_you_mean(sought, [flag.id for flag in kb.red_flags])}")
    return tuple(found.values()), tuple(dict.fromkeys(unlisted))


def advise(words: Iterable[str], kb: Knowledge) -> Advice:
    """What to do about some signs, the most urgent first.

    A word that is not on the list never silences the others and never passes as "no sign": the advice is then to
    see a clinician if worried.

    Args:
        words: as in :func:`flags_named`; none at all is possible.
        kb: red flags.

    Returns:
        The signs in order, what is not on the list, and one sentence that holds for all of it.
    """
    named, unlisted = flags_named(words, kb)
    flags = by_urgency(named)
    if flags:
        says = f"{flags[0].act} Do not needle again before a clinician has looked."
        says += f" What is not on the list counts too. {SEE_SOMEONE}" if unlisted else ""
    elif unlisted:
        says = f"This is not on the list, so nothing is known about it here. Do not needle again yet. {SEE_SOMEONE}"
    else:
        says = NOTHING_NAMED
    return Advice(flags, unlisted, flags[0].urgency if flags else None, says)
