"""What follow-ups teach about one person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from needling.documents import Approval, Assessment, SessionRecord
from needling.errors import BadInput
from needling.knowledge import Knowledge
from needling.learning.scored import Reading, delivered_plan, readings_of
from needling.simulation import Belief, Course, Models, log_likelihood, reweight, simulate
from needling.simulation.recalibrate import Learned, pooled
from needling.units import from_si


def name_of(reading: Reading) -> str:
    """By what a reading is known again, so that it is learned from once."""
    where = f"{reading.outcome.zone} {reading.outcome.scale}"
    return f"{reading.followup.sha256} {where} {reading.day_d:g} {reading.value:g}"


def delivered_models(approval: Approval) -> Models:
    """The models of a forecast, for the course as it was delivered: all of it was done."""
    return replace(Models.read(approval.forecast.model), stimulus="mean-field", session="as-planned")


class Redness(NamedTuple):
    """How long the redness after a session lasted, as told: so many days, or at least so many.

    Args:
        session: of the plan. days_d: told. at_least: whether it was only seen to be there still. event: its id, where
            it was told as an unwanted event.
    """

    session: int
    days_d: float
    at_least: bool
    event: str = ""

    @property
    def name(self) -> str:
        """By what it is known again."""
        return f"redness of session {self.session}: {'at least ' if self.at_least else ''}{self.days_d:g} d"


EXPECTED_REACTION = "AE1"
"""The harm that stands for redness and swelling, which everybody has for some days."""


def longest_redness(records: Sequence[SessionRecord], kb: Knowledge) -> Redness | None:
    """The longest redness that was told of any session; None when nobody told.

    An event of the expected reaction says that it was still there on its day.
    """
    usual = {event.id for event in kb.adverse_events if event.ref == EXPECTED_REACTION}
    told = [
        Redness(record.session, record.redness_d, at_least=False) for record in records if record.redness_d is not None
    ]
    told += [
        Redness(record.session, event.after_d, at_least=True, event=event.harm)
        for record in records
        for event in record.events
        if event.harm in usual and event.after_d > 0
    ]
    return max(told, key=lambda one: one.days_d, default=None)


def _redness_fits(course: Course, told: Redness, kb: Knowledge) -> NDArray[np.float64]:
    """How well each member agrees with the redness that was told, float64[member].

    -(ln told - ln T)^2 / (2 n^2); where it was only still there, members for whom it lasts longer fit in full.
    """
    shortest_d = 0.01  # redness that was over before anybody looked
    noise = kb.parameter("learning-redness-noise").quantity.median
    lasts = np.log(np.maximum(from_si(1.0, "d") * course.redness_time, shortest_d))
    distance = np.log(max(told.days_d, shortest_d)) - lasts
    if told.at_least:
        distance = np.maximum(distance, 0.0)
    return np.asarray(-0.5 * (distance / noise) ** 2)


def recalibrate(
    belief: Belief, approval: Approval, records: Sequence[SessionRecord], followups: Sequence[Assessment]
) -> Learned:
    """What the follow-ups teach about one person.

    The course is run again as it was delivered, on a pool of possible people larger than the ensemble; each is weighed
    by how well its severity agrees with the scores seen (normal noise of the scale) and its redness with what was told
    of it, and as many as the belief had are drawn again. The pool goes with the learned belief: a later call adds new
    readings to it, and readings that it knows already count no second time.

    Args:
        belief: the one that made the forecast, or one that was learned from earlier readings of this person.
        approval: carries person, first assessment and the key of the random numbers.
        records: sessions as delivered, with the redness after them.
        followups: assessments with scores.

    Returns:
        ``belief`` (the new one, or the old one when the data cannot carry an update), and a ``report``:
        effective sample size, and how much is data and how much prior, in words.

    Raises:
        BadInput: records of another approval, no reading that a forecast can be held against or none that is new, or a
            belief that learned under another key.
    """
    delivered = delivered_plan(approval, records)
    readings, left_out = readings_of(approval, followups)
    redness = longest_redness(records, belief.knowledge) if delivered.sessions else None
    if not readings and redness is None:
        raise BadInput("nothing can be learned: " + ("; ".join(left_out) or "no follow-up has a score"))
    known = () if belief.pool is None else belief.pool.readings
    fresh = [reading for reading in readings if name_of(reading) not in known]
    redness = None if redness is not None and redness.name in known else redness
    if not fresh and redness is None:
        raise BadInput("nothing can be learned: this belief knows all of these readings already")
    frozen = approval.forecast
    wide = pooled(belief, frozen.key)
    course = simulate(
        delivered, frozen.person, frozen.assessment, wide, key=frozen.key, models=delivered_models(approval)
    )
    weights = log_likelihood(course, [(one.outcome.zone, one.day_d, one.value) for one in fresh])
    names = [name_of(reading) for reading in fresh]
    if redness is not None:
        weights = weights + _redness_fits(course, redness, belief.knowledge)
        names.append(redness.name)
    learned = reweight(wide, weights, key=frozen.key, keep=belief.members.size, readings=names)
    return learned if learned.report.accepted else Learned(belief, learned.report)
