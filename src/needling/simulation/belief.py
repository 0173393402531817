"""What is believed about the parameters: distributions in two layers, and draws with paired luck.

A *belief* says how far each number may lie from its median because people differ (``person``) and because
we do not know (``doubt``). Possible people are *members*. Member *i* has its own counter-based stream for each
parameter and layer, so it gets the same luck in every plan, in every order and on every shard. In a *nested* belief
groups of members share one draw of the doubt, so that what people differ in and what is not known can be told apart.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from needling.errors import BadInput
from needling.knowledge.base import USUAL_SET, Knowledge
from needling.simulation.learned import Pool, Told
from needling.simulation.normal import inverse_normal
from needling.units import to_si

Floats = NDArray[np.float64]
Layer = Literal["person", "doubt"]

MEMBERS = 256  # numerical: possible people of an ensemble unless asked otherwise
_WORD = 64  # numerical: bits of a key
PERSONS = 16  # numerical: possible people that share one reading of what is not known, in a nested ensemble
_KEPT = 1024  # numerical: ensembles up to this size are kept: the same people meet many plans
_WORDS = 4  # numerical: 64-bit words that Philox makes from one count
_BLOCK = 1024  # numerical: members per Philox block; a power of two that four divides


@lru_cache(maxsize=1024)
def stable_hash(purpose: str) -> int:
    """64-bit number of a purpose, the same on every machine and in every run."""
    return int.from_bytes(hashlib.blake2b(purpose.encode(), digest_size=8).digest(), "little")


def _philox(key: int, purpose: str, block: int) -> np.random.Philox:
    words = np.array([key & (2**_WORD - 1), stable_hash(purpose)], dtype=np.uint64)
    return np.random.Philox(key=words, counter=np.array([0, 0, block, 0], dtype=np.uint64))


def _places(members: NDArray[np.int64]) -> tuple[list[int], slice | NDArray[np.int64]]:
    """The blocks that hold some members, and where the members are when those blocks lie one behind the other."""
    blocks, place = np.divmod(members, _BLOCK)
    if members.size and np.all(np.diff(members) == 1):
        return list(range(int(blocks[0]), int(blocks[-1]) + 1)), slice(int(place[0]), int(place[0]) + members.size)
    distinct, which = np.unique(blocks, return_inverse=True)
    return distinct.tolist(), which * _BLOCK + place


def _raw(key: int, purpose: str, blocks: Sequence[int]) -> Iterable[NDArray[np.uint64]]:
    """Raw words of whole blocks, so that position is member number; one generator is wound on from block to block."""
    stream = None
    before = 0
    for block in blocks:
        if stream is None:
            stream = _philox(key, purpose, block)
        else:  # a block starts where its number stands in the third word of the counter
            stream.advance((block - before) * 2 ** (2 * _WORD) - _BLOCK // _WORDS)
        yield stream.random_raw(_BLOCK)
        before = block


def uniform(key: int, purpose: str, members: NDArray[np.int64]) -> Floats:
    """One number strictly between 0 and 1 for each member, from its stream for the purpose."""
    return np.asarray(_uniforms(key, (purpose,), members)[0])


def _uniforms(key: int, purposes: Sequence[str], members: NDArray[np.int64]) -> Floats:
    """Numbers strictly between 0 and 1, float64[purpose, member]."""
    blocks, where = _places(members)
    drawn = np.empty((len(purposes), members.size))
    raw = np.empty(len(blocks) * _BLOCK, dtype=np.uint64)
    for row, purpose in enumerate(purposes):
        for index, words in enumerate(_raw(key, purpose, blocks)):
            raw[index * _BLOCK : (index + 1) * _BLOCK] = words
        drawn[row] = raw[where] >> np.uint64(11)  # numerical: 53-bit fractions
    drawn += 0.5
    drawn *= 2.0**-53  # numerical: 53-bit fractions
    return drawn


def normal(key: int, purpose: str, members: NDArray[np.int64]) -> Floats:
    """One standard normal number for each member, from its stream for the purpose (read-only array)."""
    own: Floats = normals(key, (purpose,), members)[0]
    return own


def normals(key: int, purposes: Sequence[str], members: NDArray[np.int64]) -> Floats:
    """Standard normal numbers, float64[purpose, member]: each row as :func:`normal` gives it (read-only array)."""
    if members.size > _KEPT:
        return _normals(key, tuple(purposes), members)
    return _kept_normals(key, tuple(purposes), members.tobytes())


def _normals(key: int, purposes: tuple[str, ...], members: NDArray[np.int64]) -> Floats:
    drawn = inverse_normal(_uniforms(key, purposes, members))
    drawn.flags.writeable = False
    return drawn


@lru_cache(maxsize=64)
def _kept_normals(key: int, purposes: tuple[str, ...], members: bytes) -> Floats:
    return _normals(key, purposes, np.frombuffer(members, dtype=np.int64))


def beta(key: int, purpose: str, members: NDArray[np.int64], a: float, b: float) -> Floats:
    """One draw of a Beta(a, b) share for each member, from its stream for the purpose (read-only array)."""
    if members.size > _KEPT:
        return _beta(key, purpose, members, a, b)
    return _kept_beta(key, purpose, members.tobytes(), a, b)


def _beta(key: int, purpose: str, members: NDArray[np.int64], a: float, b: float) -> Floats:
    blocks, where = _places(members)
    shares = [np.random.Generator(_philox(key, purpose, block)).beta(a, b, _BLOCK) for block in blocks]
    drawn = np.concatenate(shares)[where] if shares else np.empty(0)
    drawn.flags.writeable = False
    return drawn


@lru_cache(maxsize=64)
def _kept_beta(key: int, purpose: str, members: bytes, a: float, b: float) -> Floats:
    return _beta(key, purpose, np.frombuffer(members, dtype=np.int64), a, b)


@dataclass(frozen=True)
class Belief:
    """Distribution over all parameters of the model, and which members stand for it.

    Args:
        names: parameter ids. median: SI. shape: of each distribution.
        person, doubt: spreads of the two layers (log, logit or SI by shape). low, high: bounds, SI.
        knowledge: what it was made from. members: member numbers, int64[member].
        parameter_set: name of the set of parameters it started from.
        persons: members that share one draw of the doubt: member *i* has the doubt of group *i* // persons.
        told: what the data of many people say about the doubt; None before any. pool: what one person's readings say
            about who of the possible people it is; None before any.
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
    parameter_set: str = USUAL_SET
    persons: int = 1
    told: Told | None = field(default=None, repr=False)
    pool: Pool | None = field(default=None, repr=False)

    @classmethod
    def prior(cls, knowledge: Knowledge, members: int = MEMBERS, *, parameter_set: str = USUAL_SET) -> Belief:
        """The population belief of the knowledge base, before any of a clinic's or a person's data.

        Args:
            knowledge: parameters and their named sets. members: possible people.
            parameter_set: name of another reading of the evidence, laid over the parameters.

        Raises:
            BadInput: no set of that name.
        """
        rows = [(parameter, parameter.quantity) for parameter in knowledge.parameters_in(parameter_set)]

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
            parameter_set=parameter_set,
        )

    def with_members(self, members: Iterable[int] | NDArray[np.int64]) -> Belief:
        """The same belief carried by other members: a subset, a shard, or a resampled set."""
        return replace(
            self, members=np.asarray(members if isinstance(members, np.ndarray) else list(members), dtype=np.int64)
        )

    def nested(self, persons: int = PERSONS) -> Belief:
        """The same belief with groups of members that share what is not known.

        Member *i* keeps its own luck as a person and takes the doubt of group *i* // persons, so 256 members with 16
        persons are 16 readings of the evidence with 16 people each. Between groups lies what research has not settled,
        within a group what people differ in.

        Args:
            persons: members of a group.

        Raises:
            BadInput: fewer than two persons in a group, or fewer than two groups.
        """
        groups = np.unique(self.members // persons).size if persons > 1 else 0
        if groups < 2:
            raise BadInput(
                f"{self.members.size} possible people in groups of {persons} give {groups} groups; a nested ensemble "
                "needs at least 2 people in a group and at least 2 groups"
            )
        return replace(self, persons=persons)

    @property
    def groups(self) -> NDArray[np.int64] | None:
        """Group of each member, int64[member]; None where every member has a doubt of its own."""
        return self.members // self.persons if self.persons > 1 else None

    def with_medians(self, **medians: float) -> Belief:
        """The same belief with some medians moved; names with ``_`` for ``-``, values in SI."""
        moved = self.median.copy()
        for name, value in medians.items():
            moved[self.names.index(name.replace("_", "-"))] = value
        return replace(self, median=moved)

    def draw(self, key: int, layers: tuple[Layer, ...] = ("person", "doubt")) -> dict[str, Floats]:
        """Every parameter for every member, SI.

        value = median exp(doubt z1 + person z2) for ``lognormal``; the same sum on the logit scale for
        ``logit`` and added to the median for ``normal``; then held between low and high. z1 is one number for each
        group of a nested belief, z2 one for each member.

        Args:
            key: of the random numbers; equal keys give equal luck.
            layers: which spreads to use; the other layer stays at its centre.

        Returns:
            float64[member] by parameter id.

        Raises:
            BadInput: another key than that under which the belief has learned about one person.
        """
        if self.pool is not None and self.pool.key != key:
            raise BadInput(
                f"this belief has learned about one person under key {self.pool.key}; under key {key} its members are "
                "other people. Use the key of the approval."
            )
        kept = self.__dict__.get("_drawn")
        if kept is None or kept[0] != (key, layers):
            kept = (key, layers), self._draw(key, layers)
            if self.members.size <= _KEPT:  # nothing that it is made from can change
                object.__setattr__(self, "_drawn", kept)
        return dict(kept[1])

    def _draw(self, key: int, layers: tuple[Layer, ...]) -> dict[str, Floats]:
        """See :meth:`draw`: all parameters in one table, read-only."""
        shape = np.array(self.shape)
        shift = np.zeros((len(self.names), self.members.size))
        doubting = self.members // self.persons
        for layer, spread, members in (("doubt", self.doubt, doubting), ("person", self.person, self.members)):
            rows = np.flatnonzero((spread > 0) & (shape != "fixed")) if layer in layers else ()
            luck = normals(key, tuple(f"{self.names[row]}/{layer}" for row in rows), members)
            if self.told is not None and layer == "doubt":
                luck = self.told.moved([self.names[row] for row in rows], luck)
            for row, own in zip(rows, luck, strict=True):
                shift[row] += spread[row] * own
        low, high, median = self.low[:, None], self.high[:, None], self.median[:, None]
        curved = np.flatnonzero((shape == "lognormal") | (shape == "logit"))
        factor = np.exp(shift[curved])
        odds = shape[curved] == "logit"
        middle = median[curved]
        factor[odds] *= middle[odds] / (1 - middle[odds])
        factor[odds] /= 1 + factor[odds]
        factor[~odds] *= middle[~odds]
        shift += median
        shift[curved] = factor
        table = np.clip(shift, low, high, out=shift)
        table.flags.writeable = False
        return dict(zip(self.names, table, strict=True))
