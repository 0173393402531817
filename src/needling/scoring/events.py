"""Grading of harms after needling: grade, seriousness, and what a grade by area hides, side by side.

Three separate things: the grade (1 to 5, how bad), seriousness (what a regulator wants to hear of), and how much a
mark shows and weighs on the person. A dark mark on a small part of the face has a low grade by area and can matter
most, so visibility and the quality-of-life score stand beside the grade, never inside it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, NamedTuple, get_args

from needling.errors import BadInput, did_you_mean
from needling.knowledge import Knowledge
from needling.scoring.answers import read_answers
from needling.scoring.engines import event_grade
from needling.scoring.rules import scoring_of

SCALE = "event-grade"

Consequence = Literal["hospital", "disability", "life_threat", "death", "intervention"]
"""Any of these makes an event serious; ``intervention``: needed to prevent lasting damage."""

Visibility = Literal["not-visible", "can-be-covered", "plain-to-see"]


class EventGrade(NamedTuple):
    """A graded harm.

    ``at_least`` True: an answer that could raise the grade is not known. ``serious`` None: what it led to was not
    asked. ``visibility`` and ``dlqi`` are recorded as given, beside the grade.
    """

    kind: str
    grade: int
    band: str
    at_least: bool
    serious: bool | None
    serious_because: tuple[str, ...]
    on_face: bool | None
    visibility: Visibility | None
    dlqi: float | None
    dlqi_band: str
    note: str


def _dlqi_band(dlqi: float | None, kb: Knowledge) -> str:
    if dlqi is None:
        return ""
    scale = kb.by("scales")["dlqi"]
    if not scale.low <= dlqi <= scale.high or dlqi != round(dlqi):
        raise BadInput(
            f"dlqi = {dlqi:g} is not a score of it; give a whole number from {scale.low:g} to {scale.high:g}"
        )
    return scoring_of(scale).band(dlqi)


def grade_event(
    kind: str,
    kb: Knowledge,
    *,
    lasted_h: float | None = None,
    treatment: str | None = None,
    daily_life: str | None = None,
    consequences: Iterable[str] | None = None,
    on_face: bool | None = None,
    visibility: Visibility | None = None,
    dlqi: float | None = None,
) -> EventGrade:
    """Grade an unwanted event after needling.

    grade = max(what its kind gives, what its care gives, what it kept the person from, what it led to)

    Args:
        kind: what happened, such as ``pigment-change`` (``needs("event-grade")`` lists all).
        kb: the knowledge base.
        lasted_h: hours that redness or swelling lasted.
        treatment: the most that was done: none, home, local, by-mouth, drip-or-hospital, surgery, life-saving.
        daily_life: what it kept the person from: nothing, some-tasks, self-care.
        consequences: what it led to; an empty list says "nothing of these", None says "not asked".
        on_face: whether it is on the face; None: not known.
        visibility: how much it shows.
        dlqi: quality-of-life score, 0 to 30.

    Returns:
        The grade with seriousness, visibility and quality of life beside it, and what is still to be asked.

    Raises:
        BadInput: an unknown kind, treatment, consequence or visibility, or a number outside its range.

    Sources: fda-microneedling-2025 (reporting); the mapping is our proposal on the general steps of CTCAE 5.0.
    """
    possible: tuple[str, ...] = get_args(Consequence)
    led_to = None if consequences is None else tuple(consequences)
    for word in led_to or ():
        if word not in possible:
            raise BadInput(f"consequence {word!r} is not known{did_you_mean(word, possible)}; allowed: "
                           f"{', '.join(possible)}, or an empty list for none")  # fmt: skip
    if visibility is not None and visibility not in get_args(Visibility):
        raise BadInput(f"visibility {visibility!r} is not known; allowed: {', '.join(get_args(Visibility))}")
    answers: dict[str, object] = {
        "kind": kind, "lasted_h": lasted_h, "treatment": treatment, "daily_life": daily_life,
        **{word: None if led_to is None else word in led_to for word in possible},
    }  # fmt: skip
    scoring = scoring_of(kb.by("scales")[SCALE])
    scored = event_grade(read_answers(SCALE, answers, scoring, None), scoring)
    asks = [scored.remark] if scored.remark else []
    because = led_to or ()
    if scored.value >= scoring.item("life_threat").weight and not {"life_threat", "death"} & set(because):
        because += ("life_threat",)  # the grade says so itself
    if on_face is None:
        asks.append("Ask whether it is on the face.")
    elif on_face and (visibility is None or dlqi is None):
        asks.append("It is on the face: note how much it shows and the quality-of-life score, whatever the grade.")
    if led_to is None:
        asks.append("Ask what it led to: a serious event is reported, whatever its grade.")
    if because:
        asks.append("Serious: report it to the device regulator.")
    asks.append(scoring.note)
    return EventGrade(
        kind=kind,
        grade=int(scored.value),
        band=scoring.band(scored.value),
        at_least=bool(scored.remark),
        serious=True if because else None if led_to is None else False,
        serious_because=because,
        on_face=on_face,
        visibility=visibility,
        dlqi=dlqi,
        dlqi_band=_dlqi_band(dlqi, kb),
        note=" ".join(asks),
    )
