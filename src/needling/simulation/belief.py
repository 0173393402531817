"""What is believed about the parameters: distributions in two layers, and draws with paired luck.

A *belief* says how far each number may lie from its median because people differ (``person``) and because
we do not know (``doubt``). Possible people are *members*. Member *i* has its own counter-based stream for each
parameter and layer, so it gets the same luck in every plan, in every order and on every shard.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from functools import lru_cache
from statistics import NormalDist
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from needling.knowledge.base import Knowledge
from needling.units import to_si

Floats = NDArray[np.float64]
Layer = Literal["person", "doubt"]

MEMBERS = 256  # numerical: possible people of an ensemble unless asked otherwise
_WORD = 64  # numerical: bits of a key
_BLOCK = 1024  # numerical: members per Philox block; a power of two that four divides


def stable_hash(purpose: str) -> int:
    """64-bit number of a purpose, the same on every machine and in every run."""
    return int.from_bytes(hashlib.blake2b(purpose.encode(), digest_size=8).digest(), "little")


def _philox(key: int, purpose: str, block: int) -> np.random.Philox:
    words = np.array([key & (2**_WORD - 1), stable_hash(purpose)], dtype=np.uint64)
    return np.random.Philox(key=words, counter=np.array([0, 0, block, 0], dtype=np.uint64))


def _by_member(members: NDArray[np.int64], draw_block: Callable[[int], Floats]) -> Floats:
    """Values at member numbers, drawn in whole blocks so that position is member number."""
    values = np.empty(members.shape, dtype=np.float64)
    blocks = members // _BLOCK
    for block in np.unique(blocks):
        here = blocks == block
        values[here] = draw_block(int(block))[members[here] % _BLOCK]
    return values


def uniform(key: int, purpose: str, members: NDArray[np.int64]) -> Floats:
    """One number strictly between 0 and 1 for each member, from its stream for the purpose."""

    def block(number: int) -> Floats:
        raw = _philox(key, purpose, number).random_raw(_BLOCK)
        return (np.asarray(raw >> np.uint64(11), dtype=np.float64) + 0.5) * 2.0**-53  # numerical: 53-bit fractions

    return _by_member(members, block)


def normal(key: int, purpose: str, members: NDArray[np.int64]) -> Floats:
    """One standard normal number for each member, from its stream for the purpose (read-only array)."""
    return _normal(key, purpose, members.tobytes())


@lru_cache(maxsize=1024)
def _normal(key: int, purpose: str, members: bytes) -> Floats:
    quantile = NormalDist().inv_cdf
    luck = uniform(key, purpose, np.frombuffer(members, dtype=np.int64))
    drawn = np.fromiter(map(quantile, luck.tolist()), np.float64, luck.size)
    drawn.flags.writeable = False
    return drawn


def beta(key: int, purpose: str, members: NDArray[np.int64], a: float, b: float) -> Floats:
    """One draw of a Beta(a, b) share for each member, from its stream for the purpose."""
    return _by_member(members, lambda block: np.random.Generator(_philox(key, purpose, block)).beta(a, b, _BLOCK))


@dataclass(frozen=True)
class Belief:
    """Distribution over all parameters of the model, and which members stand for it.

    Args:
        names: parameter ids. median: SI. shape: of each distribution.
        person, doubt: spreads of the two layers (log, logit or SI by shape). low, high: bounds, SI.
        knowledge: what it was made from. members: member numbers, int64[member].
    """

    names: tuple[str, ...]
    median: Floats
    shape: tuple[str, ...]
    person: Floats
    doubt: Floats
    low: Floats
    high: Floats
    knowledge: Knowledge = field(repr=False)
    members: NDArray[np.int64] = field(default_factory=lambda: np.arange(MEMBERS, dtype=np.int64))

    @classmethod
    def prior(cls, knowledge: Knowledge, members: int = MEMBERS) -> Belief:
        """The population belief of the knowledge base, before any of a clinic's or a person's data."""
        rows = [(parameter, parameter.quantity) for parameter in knowledge.parameters]

        def spread(value: float, shape: str, unit: str) -> float:
            return to_si(value, unit) if shape == "normal" else value

        def bound(value: float | None, unit: str, missing: float) -> float:
            return missing if value is None else to_si(value, unit)

        return cls(
            names=tuple(parameter.id for parameter, _ in rows),
            median=np.array([to_si(q.median, q.unit) for _, q in rows]),
            shape=tuple(q.shape for _, q in rows),
            person=np.array([spread(q.person, q.shape, q.unit) for _, q in rows]),
            doubt=np.array([spread(q.doubt, q.shape, q.unit) for _, q in rows]),
            low=np.array([bound(q.low, q.unit, -np.inf) for _, q in rows]),
            high=np.array([bound(q.high, q.unit, np.inf) for _, q in rows]),
            knowledge=knowledge,
            members=np.arange(members, dtype=np.int64),
        )

    def with_members(self, members: Iterable[int] | NDArray[np.int64]) -> Belief:
        """The same belief carried by other members: a subset, a shard, or a resampled set."""
        return replace(self, members=np.asarray(list(members), dtype=np.int64))

    def with_medians(self, **medians: float) -> Belief:
        """The same belief with some medians moved; names with ``_`` for ``-``, values in SI."""
        moved = self.median.copy()
        for name, value in medians.items():
            moved[self.names.index(name.replace("_", "-"))] = value
        return replace(self, median=moved)

    def draw(self, key: int, layers: tuple[Layer, ...] = ("person", "doubt")) -> dict[str, Floats]:
        """Every parameter for every member, SI.

        value = median exp(doubt z1 + person z2) for ``lognormal``; the same sum on the logit scale for
        ``logit`` and added to the median for ``normal``; then held between low and high.

        Args:
            key: of the random numbers; equal keys give equal luck.
            layers: which spreads to use; the other layer stays at its centre.

        Returns:
            float64[member] by parameter id.
        """
        drawn: dict[str, Floats] = {}
        for index, name in enumerate(self.names):
            shift = np.zeros(self.members.size)
            for layer, spread in (("doubt", self.doubt[index]), ("person", self.person[index])):
                if layer in layers and spread > 0 and self.shape[index] != "fixed":
                    shift += spread * normal(key, f"{name}/{layer}", self.members)
            drawn[name] = np.clip(
                _shifted(self.median[index], shift, self.shape[index]), self.low[index], self.high[index]
            )
        return drawn


def _shifted(median: float, shift: Floats, shape: str) -> Floats:
    if shape == "lognormal":
        return np.asarray(median * np.exp(shift), dtype=np.float64)
    if shape == "logit":
        odds = median / (1 - median) * np.exp(shift)
        return np.asarray(odds / (1 + odds), dtype=np.float64)
    return median + shift
