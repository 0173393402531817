"""What follow-ups teach about one person."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from hashlib import sha256
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from needling.documents import Approval, Assessment, Plan, SessionRecord
from needling.errors import BadInput
from needling.knowledge import Knowledge
from needling.learning.scored import Reading, delivered_plan, early_d, readings_of
from needling.simulation import Belief, Course, Models, log_likelihood, simulate
from needling.simulation.learned import Noted
from needling.simulation.recalibrate import Learned, learn, pooled, require_person
from needling.units import from_si

REDNESS_NOTE = "longest redness"
"""The one note of redness: the longest that was told of any session."""


def name_of(reading: Reading) -> str:
    """By what a reading of a person is known again: zone, scale and day. A later one of that name corrects it."""
    return f"{reading.outcome.zone} {reading.outcome.scale} {reading.followup.on}"


def _course_before(delivered: Plan, day_d: float) -> str:
    """Equal for courses that were delivered alike up to a day: what a reading on that day hangs on."""
    done = [session.model_dump(mode="json") for session in delivered.sessions if session.day_d <= day_d]
    return sha256(json.dumps([str(delivered.start), *done], sort_keys=True).encode()).hexdigest()


def delivered_models(approval: Approval) -> Models:
    """The models of a forecast, for the course as it was delivered: all of it was done."""
    return replace(Models.read(approval.forecast.model), stimulus="mean-field", session="as-planned")


class Redness(NamedTuple):
    """How long the redness after a session lasted, as told: so many days, or at least so many.

    Args:
        session: of the plan. days_d: told. at_least: whether it was only seen to be there still. on: day of the
            session. event: its id, where it was told as an unwanted event.
    """

    session: int
    days_d: float
    at_least: bool
    on: date
    event: str = ""


EXPECTED_REACTION = "AE1"
"""The harm that stands for redness and swelling, which everybody has for some days."""


def longest_redness(records: Sequence[SessionRecord], kb: Knowledge) -> Redness | None:
    """The longest redness that was told of any session; None when nobody told.

    An event of the expected reaction says that it was still there on its day.
    """
    usual = {event.id for event in kb.adverse_events if event.ref == EXPECTED_REACTION}
    told = [
        Redness(record.session, record.redness_d, at_least=False, on=record.on)
        for record in records
        if record.redness_d is not None
    ]
    told += [
        Redness(record.session, event.after_d, at_least=True, on=record.on, event=event.harm)
        for record in records
        for event in record.events
        if event.harm in usual and event.after_d > 0
    ]
    return max(told, key=lambda one: (one.days_d, one.at_least), default=None)


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
    by how well its severity agrees with the scores seen (normal noise of the scale) and its redness with the longest
    that was told, and as many as the belief had are drawn again. The pool goes with the learned belief, with each
    reading by itself. A reading is known by its zone, scale and day: one that stands there twice counts once, and one
    that was corrected takes the place of the wrong one. A longer redness takes the place of the shorter.

    So learning visit by visit is the same as learning from all visits at once, to the last bit where each call is given
    all that was seen so far; a call with the new readings alone differs by the rounding of the simulation's time steps.
    Readings that were refused are not kept; they count when they are given again.

    Args:
        belief: the one that made the forecast, or one that was learned from earlier readings of this person.
        approval: carries person, first assessment and the key of the random numbers.
        records: all sessions that were delivered so far, with the redness after them.
        followups: assessments with scores, the newer entry later where two are of one day.

    Returns:
        ``belief`` (the new one, or the old one when the data cannot carry an update), and a ``report``:
        effective sample size, and how much is data and how much prior, in words.

    Raises:
        BadInput: records of another approval, no reading that a forecast can be held against or none that is new, or a
            belief that learned about another person or under another key.
    """
    who = approval.plan.person
    require_person(belief, who)
    delivered = delivered_plan(approval, records)
    readings, left_out = readings_of(approval, followups)
    redness = _longest_known(
        belief, longest_redness(records, belief.knowledge) if delivered.sessions else None, records
    )
    if not readings and redness is None:
        raise BadInput("nothing can be learned: " + ("; ".join(left_out) or "no follow-up has a score"))
    nothing_yet, ahead = np.empty(0), early_d(approval, delivered)
    told = [
        Noted(name_of(one), one.followup.on, one.value, _course_before(delivered, one.day_d + ahead), nothing_yet)
        for one in readings
    ]
    if redness is not None:
        course_so_far = f"{redness.at_least} {_course_before(delivered, np.inf)}"
        told.append(Noted(REDNESS_NOTE, redness.on, redness.days_d, course_so_far, nothing_yet))
    known = {} if belief.pool is None else {note.name: note for note in belief.pool.readings}
    if all(note.name in known and known[note.name].says(note) for note in told):
        raise BadInput("nothing can be learned: this belief knows all of these readings already")
    frozen = approval.forecast
    wide = pooled(belief, frozen.key, who)
    course = simulate(
        delivered, frozen.person, frozen.assessment, wide, key=frozen.key, models=delivered_models(approval)
    )
    fits = [log_likelihood(course, [(one.outcome.zone, one.day_d + ahead, one.value)]) for one in readings]
    if redness is not None:
        fits.append(_redness_fits(course, redness, belief.knowledge))
    notes = [note._replace(log_likelihood=fit) for note, fit in zip(told, fits, strict=True)]
    learned = learn(wide, notes, frozen.key, person=who, keep=belief.members.size, approval=approval.sha256)
    if not learned.report.accepted:
        return Learned(belief, learned.report)
    everybody = belief.told
    if everybody is None or who not in everybody.people:
        return learned
    said = (
        f" '{who}' is one of the {len(everybody.people)} people this belief had learned from, so counts a little twice."
    )
    return Learned(learned.belief, learned.report._replace(words=learned.report.words + said))


def _longest_known(belief: Belief, told: Redness | None, records: Sequence[SessionRecord]) -> Redness | None:
    """The redness to learn from: what the records tell, unless an earlier session that they lack had a longer one."""
    notes = () if belief.pool is None else belief.pool.readings
    before = next((note for note in notes if note.name == REDNESS_NOTE), None)
    if told is None or before is None or before.on in {record.on for record in records}:
        return told
    return told if told.days_d > before.value else None
