"""Learning from what was seen: members that agree with it count more, and what is data and what is prior is said.

A forecast shows a few hundred members. Who one person is, is looked for in a larger pool: all its members are weighed,
and as few are drawn from it again as the belief had, so that they stay different people. The pool goes with the learned
belief, with the likelihood of every reading by itself, and a second reading weighs the whole pool anew by all of them.
So learning from readings one after the other is the same as from all at once, in whatever order, also where they have
to be tempered. No reading counts twice, and a corrected one takes the place of the wrong one. What was refused leaves
no trace: give it again with the next.

What no parameter explains (the true start, how much better or worse a person does than the trials' mean) hangs on the
member number as well: it is this person's own, it is learned with the rest, and it stays for the rest of the course.
The noise of one reading is not: it stands in the likelihood, so a drawn member says nothing about the noise to come.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from needling.errors import BadInput
from needling.simulation.belief import Belief, uniform
from needling.simulation.learned import Noted, Pool

Floats = NDArray[np.float64]

# How far an ensemble may be thinned before it no longer stands for a distribution
_LEAST_EFFECTIVE_SHARE = 0.2  # numerical: of the members that are kept
_LEAST_TEMPER = 0.05  # numerical: power on the likelihood
_NAMED = 3  # numerical: parameters named in the sentence
_BISECTIONS = 60  # numerical: to the last bit
_LEAST_LOG = -1e300  # numerical: stands for a member that cannot be, so that no power of it is undefined
_POOL = 4096  # numerical: possible people among whom one person is looked for
_POOL_RATIO = 16  # numerical: of them for each member that is kept


class Report(NamedTuple):
    """What a reweighting did.

    Args:
        accepted: whether the belief was changed. effective_members_count: of the weights used, among all weighed.
        temper_share: power put on the likelihood; 1 uses the data in full.
        data_share: share of each parameter's spread (variance of ranks) that the data took away, by parameter id.
        words: one sentence for the reader.
    """

    accepted: bool
    effective_members_count: float
    temper_share: float
    data_share: dict[str, float]
    words: str


class Learned(NamedTuple):
    """The belief after the data (or the old one when they could not carry an update), and the report."""

    belief: Belief
    report: Report


def effective_size(weights: Floats) -> float:
    """Effective number of members: (sum w)^2 / sum w^2."""
    return float(weights.sum() ** 2 / np.sum(weights**2))


def _weights(log_weight: Floats) -> Floats:
    raised = np.exp(log_weight - log_weight.max())
    return np.asarray(raised / raised.sum())


def _temper(log_likelihood: Floats, least: float) -> float:
    """Largest power in (0, 1] that leaves the wanted effective size; the size falls as the power grows."""
    if effective_size(_weights(log_likelihood)) >= least:
        return 1.0
    low, high = 0.0, 1.0
    for _ in range(_BISECTIONS):
        middle = 0.5 * (low + high)
        if effective_size(_weights(middle * np.maximum(log_likelihood, _LEAST_LOG))) >= least:
            low = middle
        else:
            high = middle
    return low


def require_person(belief: Belief, person: str) -> None:
    """Raises BadInput when a belief has learned about one person and this is another."""
    if belief.pool is not None and belief.pool.person != person:
        raise BadInput(
            f"this belief has learned from the readings of '{belief.pool.person}', this is '{person}'; what one person "
            "showed says nothing of another. Start from Belief.prior, or from what many people taught"
        )


def pooled(belief: Belief, key: int, person: str) -> Belief:
    """The belief carried by everybody who may be this person: the pool it has, or a new and larger one.

    Args:
        belief: before a reading. key: of the forecast. person: whose readings they are.

    Returns:
        The belief with the members of its pool. A belief whose members are not the first ones of their numbers (a
        shard, a hand-made design) has no larger pool and is given back as it is.

    Raises:
        BadInput: the belief has learned about another person, or under another key.
    """
    require_person(belief, person)
    if belief.pool is not None:
        if belief.pool.key != key:
            raise BadInput(
                f"this belief has learned under key {belief.pool.key}; a reading under key {key} is of other people"
            )
        return belief.with_members(belief.pool.members)
    kept = belief.members.size
    if type(belief) is not Belief or not np.array_equal(belief.members, np.arange(kept)):
        return belief
    return belief.with_members(np.arange(max(_POOL, _POOL_RATIO * kept), dtype=np.int64))


def reweight(belief: Belief, log_likelihood: Floats, key: int, *, person: str, keep: int | None = None) -> Learned:
    """What one more likelihood teaches, whatever it is of: see :func:`learn`.

    Args:
        belief: all that are weighed. log_likelihood: float64[member], up to a constant. key: of the forecast.
        person: id of whom was read. keep: members drawn again; as many as there are unless given.
    """
    count = len(belief.pool.readings) if belief.pool is not None else 0
    given = np.asarray(log_likelihood, dtype=np.float64)
    noted = Noted(f"likelihood {count}", date.min, 0.0, "", given)
    return learn(belief, (noted,), key, person=person, keep=keep)


def learn(
    belief: Belief, notes: Sequence[Noted], key: int, *, person: str, keep: int | None = None, approval: str = ""
) -> Learned:
    """Importance weights on the members, tempered so that enough of them stay, then systematic resampling.

        w_i ~ exp(t sum over notes n of L_n,i),   t the largest power up to 1 that leaves enough members

    Args:
        belief: all that are weighed: the belief that made the forecast, or its :func:`pooled` form.
        notes: what was read; one of a name that the pool knows takes the place of that.
        key: the key of that forecast; member numbers mean the same people only under the same key.
        person: id of whom was read. keep: members drawn again; as many as there are unless given.
        approval: sha256 of the approval that the readings belong to, kept with them.

    Returns:
        The learned belief and a report. The unchanged belief when no member agrees with the data at all. With fewer
        kept than weighed, members repeat only where one person weighs more than a kept member's share.

    Raises:
        BadInput: the belief has learned about another person, or shows a draw from its pool. ValueError: not one value
            for each member.
    """
    require_person(belief, person)
    members = belief.members.size
    kept = members if keep is None else keep
    for note in notes:
        if note.log_likelihood.shape != belief.members.shape:
            raise ValueError(
                f"expected one log likelihood for each of {members} members, got shape {note.log_likelihood.shape}"
            )
    pool = belief.pool
    if pool is not None and not np.array_equal(pool.members, belief.members):
        raise BadInput("this belief has learned before and shows only a draw; weigh its pool (see 'pooled')")
    by_name = {note.name: note for note in (*(pool.readings if pool is not None else ()), *notes)}
    ordered = tuple(by_name[name] for name in sorted(by_name))  # so that not even a rounding tells the order
    given = np.sum([note.log_likelihood for note in ordered], axis=0)
    if np.any(np.isnan(given)) or not np.any(np.isfinite(given)):
        return Learned(
            belief,
            _refused(
                0.0,
                0.0,
                "No possible person fits these readings, so nothing was learned; check the readings and the plan as "
                "delivered.",
            ),
        )
    temper = _temper(given, _LEAST_EFFECTIVE_SHARE * kept)
    weights = _weights(temper * np.maximum(given, _LEAST_LOG))
    size = effective_size(weights)
    if temper < _LEAST_TEMPER:
        return Learned(
            belief,
            _refused(
                size,
                temper,
                "The readings lie so far outside the forecast that they cannot be used without breaking the ensemble; "
                "nothing was learned. Check the readings first.",
            ),
        )
    start = uniform(key, "resampling", np.zeros(1, dtype=np.int64))[0]
    picks = (start + np.arange(kept)) / kept
    chosen = np.minimum(np.searchsorted(np.cumsum(weights), picks), members - 1)
    data_share = _data_share(belief, weights, key)
    most = sorted(data_share.items(), key=lambda item: -item[1])[:_NAMED]
    named = ", ".join(f"{name} {share:.0%}" for name, share in most if share > 0)
    words = (
        f"{size:.0f} of {members} possible people still count; the readings were used with weight {temper:.2f}. "
        + (f"Most learned (share of the spread taken away): {named}. " if named else "")
        + "Everything else is still prior."
    )
    log_weight = np.log(np.maximum(weights, np.finfo(float).tiny))
    approvals = tuple(sorted({*(pool.approvals if pool is not None else ()), *((approval,) if approval else ())}))
    after = Pool(person, key, belief.members, ordered, log_weight, approvals)
    learned = replace(belief, members=belief.members[chosen], pool=after)
    return Learned(learned, Report(True, size, temper, data_share, words))


def _refused(size: float, temper: float, words: str) -> Report:
    return Report(False, size, temper, {}, words)


def _data_share(belief: Belief, weights: Floats, key: int) -> dict[str, float]:
    """1 - weighted variance / prior variance of the ranks, floored at 0, for each parameter that varies.

    Ranks, so that the answer is the same for a rate and for its logarithm.
    """
    shares = {}
    for name, values in belief.draw(key).items():
        if np.ptp(values) > 0:
            rank = np.searchsorted(np.sort(values), values) / values.size
            mean = float(weights @ rank)
            shares[name] = max(0.0, 1 - float(weights @ (rank - mean) ** 2) / float(np.var(rank)))
    return shares
