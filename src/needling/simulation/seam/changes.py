"""A plan as it may go in life: sessions missed, sessions on other days."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from needling.documents import Plan
from needling.errors import BadInput


def changed(plan: Plan, *, missed: Collection[int] = (), moved: Mapping[int, float] | None = None) -> Plan:
    """The plan with sessions left out or done on other days; nothing else changes.

    Args:
        plan: as agreed. missed: places of sessions that do not happen, from 0.
        moved: place -> days later (earlier: negative).

    Returns:
        A plan of its own, with its own hash and a label that says what changed; the same plan when nothing does.

    Raises:
        BadInput: no such session, one that is both missed and moved, one moved before the start or onto another.
    """
    shift = dict(moved or {})
    last = len(plan.sessions) - 1
    if wrong := sorted(place for place in {*missed, *shift} if not 0 <= place <= last):
        has = f"sessions 0 to {last}" if last >= 0 else "no session"
        raise BadInput(f"there is no session {wrong[0]} to miss or move; the plan has {has}")
    if both := sorted({*missed} & shift.keys()):
        raise BadInput(f"session {both[0]} is both missed and moved; leave it in one of the two")
    days = {
        place: session.day_d + shift.get(place, 0.0)
        for place, session in enumerate(plan.sessions)
        if place not in missed
    }
    for place in sorted(shift):
        if days[place] < 0:
            raise BadInput(f"session {place} would fall {-days[place]:g} days before the start; move it by less")
        if any(day == days[place] for other, day in days.items() if other != place):
            raise BadInput(
                f"session {place} would fall on day {days[place]:g}, which has a session; choose another day"
            )
    said = [f"session {place + 1} missed" for place in sorted(missed)]
    said += [f"session {place + 1} moved by {shift[place]:g} days" for place in sorted(shift)]
    if not said:
        return plan
    sessions = [plan.sessions[place].model_copy(update={"day_d": day}) for place, day in days.items()]
    sessions.sort(key=lambda session: session.day_d)
    return plan.model_copy(update={"sessions": tuple(sessions), "label": f"{plan.label} ({', '.join(said)})"})
