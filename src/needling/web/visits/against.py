"""What stands against the next session, from everything that a chart holds now."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date

from needling.documents import Assessment, Person, Reason
from needling.documents.visits import VisitCheck
from needling.errors import BadInput
from needling.knowledge import Knowledge
from needling.learning.held import Stand, barred, stand
from needling.report.words import on_day
from needling.web.charts.models import Chart
from needling.web.charts.records import latest
from needling.web.visits.course import Course

_DAY = re.compile(r"\b\d{4}-\d{2}-\d{2}\b")


def against(chart: Chart, course: Course | None, kb: Knowledge) -> tuple[Reason, ...]:
    """Unwanted events and marks that nobody has said to be over, and what screening finds with the newest answers.

    Returns:
        Reasons to stop, then what has to be known first; nothing when the next session can be prepared, and when none
        is left or nothing is approved yet.
    """
    if course is None or course.next_session is None:
        return ()
    now = _stand(chart, course, kb)
    if isinstance(now, Reason):
        return (now,)
    asked = _asked_since(chart)
    return _readable((*now.held, *(now.barred if asked is None else asked), *now.asks), kb)


def left_behind(chart: Chart, course: Course, kb: Knowledge) -> tuple[Reason, ...]:
    """The same without screening, for a page on which the questions are asked anew."""
    now = _stand(chart, course, kb)
    return (now,) if isinstance(now, Reason) else _readable((*now.held, *now.asks), kb)


def _stand(chart: Chart, course: Course, kb: Knowledge) -> Stand | Reason:
    approval, who = course.approval, latest(chart, Person)
    try:
        return stand(
            approval, course.records, course.looks, kb,
            person=who[1] if who else None, overrides=approval.overrides,
        )  # fmt: skip
    except BadInput as lacking:
        return Reason(what="The latest look cannot speak for this course", why=f"{lacking}.", proposal=True)


def _readable(reasons: Iterable[Reason], kb: Knowledge) -> tuple[Reason, ...]:
    """The reasons with days as people write them, and without the names that files use for questions."""
    names = "|".join(re.escape(fact.name) for fact in kb.facts)

    def plain(text: str) -> str:
        text = re.sub(rf" \(({names})\)", "", text)
        return _DAY.sub(lambda day: on_day(date.fromisoformat(day.group())), text)

    return tuple(one.model_copy(update={"what": plain(one.what), "why": plain(one.why)}) for one in reasons)


def _asked_since(chart: Chart) -> tuple[Reason, ...] | None:
    """What the questions of a visit found, where nothing was written of person and skin since they were asked."""
    check = latest(chart, VisitCheck)
    others = [found[0].at for found in (latest(chart, Person), latest(chart, Assessment)) if found]
    if check is None or any(at > check[0].at for at in others):
        return None
    return tuple(barred(check[1].clearance))
