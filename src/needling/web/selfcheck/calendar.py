"""The plan as a calendar file (RFC 5545): sessions, when what may go on the skin again, checks, the roller's end."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from icalendar import Calendar, Event

from needling.documents import Choice, Plan
from needling.knowledge import Knowledge
from needling.report.words import NOTICE, wait_words
from needling.units import UNITS

_DAYS_OF_MONTH = UNITS["mo"].si_factor / UNITS["d"].si_factor


def roller_ends(plan: Plan, kb: Knowledge) -> list[tuple[float, str]]:
    """Days of the plan on which the roller is worn out, and why; the course goes on with a new one."""
    found: list[tuple[float, str]] = []
    used, first = 0, 0.0
    for session in plan.sessions:
        device = kb.device(session.device)
        life, months = device.life_uses_count, device.life_mo
        if used == 0:
            first = session.day_d
        old = months is not None and session.day_d - first >= months * _DAYS_OF_MONTH
        if (life is not None and used >= life) or old:
            found.append((session.day_d, f"{used} uses" if not old else f"{months:g} months"))
            used, first = 0, session.day_d
        used += 1
    return found


def calendar_file(choice: Choice, kb: Knowledge, now: datetime | None = None) -> bytes:
    """Sessions as whole-day entries with the waits behind them; no name and no answer of the person is in it."""
    plan = choice.plan
    calendar = Calendar()
    calendar.add("prodid", "-//needling//self-check//EN")
    calendar.add("version", "2.0")
    stamp = now or datetime.now(UTC)
    waits = "\n".join(f"{wait.label}: not before {wait_words(wait.hours_h)}" for wait in choice.forecast.not_before)

    def add(uid: str, day_d: float, title: str, says: str) -> None:
        event = Event()
        day = plan.start + timedelta(days=day_d)
        event.add("uid", f"{plan.sha256[:16]}-{uid}@needling")
        event.add("dtstamp", stamp)
        event.add("dtstart", day)
        event.add("dtend", day + timedelta(days=1))
        event.add("summary", title)
        event.add("description", f"{says}\n\n{NOTICE}")
        event.add("transp", "TRANSPARENT")
        calendar.add_component(event)

    for number, session in enumerate(plan.sessions, start=1):
        longest = max(stroke.needle_length_mm for stroke in session.strokes)
        stop = "\n".join(plan.stop_rules)
        add(
            f"session-{number}",
            session.day_d,
            f"Rolling {number} of {len(plan.sessions)}: {longest:g} mm",
            f"Only if the skin is calm.\n\nStop rules\n{stop}\n\nAfterwards\n{waits}",
        )
    for number, check in enumerate(plan.follow_ups, start=1):
        add(f"check-{number}", check.day_d, "Look at your skin", check.what)
    for number, (day, why) in enumerate(roller_ends(plan, kb), start=1):
        add(f"roller-{number}", day, "New roller", f"The old one has had {why}. Put it in a hard, closed box first.")
    return bytes(calendar.to_ical())
