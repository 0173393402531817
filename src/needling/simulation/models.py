"""Which sub-models a simulation runs with: named choices, said in one line and read back from it."""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import lru_cache
from typing import Literal, get_args, get_type_hints

from needling.errors import BadInput, did_you_mean

NAME = "needling-healing-2"
PARAMETERS = "parameters"
"""Word before the name of a parameter set, where a forecast says with which it ran."""
LEARNED = "learned"
"""Word before the start of the sha256 of what many people taught, where a forecast ran with that."""
READINGS = "readings"
"""Word before the number of this person's readings that a forecast has learned from."""
SHARED_DOUBT = "persons"
"""Word before the number of possible people that shared one reading of what is not known, in a nested ensemble."""

_NOT_MODELS = tuple(f"{word}=" for word in (PARAMETERS, SHARED_DOUBT, LEARNED, READINGS))


@dataclass(frozen=True)
class Models:
    """One choice for each sub-model that has more than one; the first of each is the default.

    Args:
        closure: "exponential", one half-life for each kind of open; "two-phase", a part closes at once by recoil.
        depth: "efficiency", too little force makes every channel shallower; "force", it lets fewer needles in, and
            skin gives way before each.
        stimulus: "mean-field", channels lie at random; "spatial", the caller's factor on it for each zone, from a
            channel map.
        outcome: "mechanism", the healing model where the indication has no published mean; "published-mean", the
            trials' mean with its spread wherever there is one.
        session: "to-endpoint", a session stops at its endpoint; "as-planned", all passes are done, as in a record of
            what was delivered.
    """

    closure: Literal["exponential", "two-phase"] = "exponential"
    depth: Literal["efficiency", "force"] = "efficiency"
    stimulus: Literal["mean-field", "spatial"] = "mean-field"
    outcome: Literal["mechanism", "published-mean"] = "mechanism"
    session: Literal["to-endpoint", "as-planned"] = "to-endpoint"

    def __post_init__(self) -> None:
        for name, allowed in choices().items():
            given = getattr(self, name)
            if given not in allowed:
                hint = did_you_mean(str(given), allowed)
                raise BadInput(f"unknown model '{given}' of {name}{hint}; allowed: {', '.join(allowed)}")

    @property
    def said(self) -> str:
        """The model's name and every choice that is not the default, as a forecast keeps it."""
        own = [
            f"{field.name}={getattr(self, field.name)}"
            for field in fields(self)
            if getattr(self, field.name) != field.default
        ]
        return " ".join((NAME, *own))

    @classmethod
    def read(cls, said: str) -> Models:
        """The choices that a forecast's ``model`` names. Raises BadInput where this version does not know one."""
        name, *own = said.split()
        if name != NAME:
            raise BadInput(f"the forecast was made with the model '{name}'; this version runs '{NAME}'")
        known = choices()
        chosen = dict(part.partition("=")[::2] for part in own if not part.startswith(_NOT_MODELS))
        if strange := sorted(set(chosen) - set(known)):
            raise BadInput(f"unknown sub-model '{strange[0]}'{did_you_mean(strange[0], known)}")
        return cls(**chosen)  # type: ignore[arg-type]


@lru_cache(maxsize=1)
def choices() -> dict[str, tuple[str, ...]]:
    """What may be chosen, by sub-model, the default first."""
    return {name: get_args(kind) for name, kind in get_type_hints(Models).items()}


def parameter_set_of(said: str) -> str | None:
    """The named set of parameters that a forecast's ``model`` names; None for the usual ones."""
    return _named(said, PARAMETERS)


def persons_of(said: str) -> int:
    """How many possible people shared one reading of what is not known; 1 where each had its own."""
    named = _named(said, SHARED_DOUBT)
    return int(named) if named is not None and named.isdigit() else 1


def _named(said: str, word: str) -> str | None:
    named = [part.partition("=")[2] for part in said.split() if part.startswith(f"{word}=")]
    return named[0] if named else None
