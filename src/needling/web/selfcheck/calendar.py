"""Calendar files (RFC 5545): the sessions of a plan, the day of the small patch, the day to ask again.

A calendar is often shared: nothing that somebody answered is in it, and titles say only what is to be done.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

from icalendar import Alarm, Calendar, Event

from needling.documents import Choice, Plan, Session
from needling.knowledge import Knowledge
from needling.report.words import NOTICE
from needling.units import UNITS
from needling.web.selfcheck.onepage import EACH_TIME, page_of, prepared

_DAYS_OF_MONTH = UNITS["mo"].si_factor / UNITS["d"].si_factor
_MORNING = timedelta(hours=9)  # when a calendar reminds of something that lasts all day
_AHEAD_D = 7  # a new roller has to be bought before it is needed
_CHECK = "Look at your skin"
_FOR_DARKER = "With brown or black skin "


@dataclass
class Day:
    """What one day holds. ``reminds``: with an alarm in the morning."""

    titles: list[str] = field(default_factory=list)
    says: list[str] = field(default_factory=list)
    reminds: bool = False

    def add(self, title: str, says: str) -> None:
        """One more thing on this day; the same title only once."""
        if title and title not in self.titles:
            self.titles.append(title)
        if says not in self.says:
            self.says.append(says)


def roller_ends(plan: Plan, kb: Knowledge, patch: date | None = None) -> list[tuple[float, str]]:
    """Days of the plan on which a new roller is needed, and why: the old one is worn out, or its needles are others.

    The small patch was the first use of the first roller, and its months count from that day.
    """
    found: list[tuple[float, str]] = []
    length = _longest(plan.sessions[0])
    used, first = (0, 0.0) if patch is None else (1, float((patch - plan.start).days))
    for session in plan.sessions:
        device = kb.device(session.device)
        life, months = device.life_uses_count, device.life_mo
        if used == 0:
            first = session.day_d
        old = months is not None and session.day_d - first >= months * _DAYS_OF_MONTH
        if _longest(session) != length:
            length = _longest(session)
            found.append((session.day_d, f"From the next session on the needles are {length:g} mm."))
            used, first = 0, session.day_d
        elif (life is not None and used >= life) or old:
            had = f"{months:g} months" if old else f"{used} uses"
            found.append((session.day_d, f"At the next session the old one has had {had}."))
            used, first = 0, session.day_d
        used += 1
    return found


def _of_nobody(says: str) -> str:
    """Advice without the words that tell for whose skin it is."""
    left = says.removeprefix(_FOR_DARKER)
    return left[:1].upper() + left[1:]


def _longest(session: Session) -> float:
    return max(stroke.needle_length_mm for stroke in session.strokes)


def days_of(choice: Choice, kb: Knowledge, patch: date | None = None) -> dict[date, Day]:
    """Everything of a plan by day: what to prepare, sessions, checks and when to buy a new roller."""
    plan, page = choice.plan, page_of(choice, kb)
    titles = {rule.says: rule.title for rule in kb.follow_ups}
    waits = "\n".join(f"{when}: {what}" for when, what in page.waits)
    stop = "\n".join(page.stop)
    first = "\n".join(kb.by("care")[name].says for name in EACH_TIME if name in plan.sessions[0].preparation)
    found: dict[date, Day] = {}

    def at(day_d: float) -> Day:
        return found.setdefault(plan.start + timedelta(days=round(day_d)), Day())

    for number, session in enumerate(plan.sessions, start=1):
        day = at(session.day_d)
        day.reminds = True
        day.add(
            f"Rolling {number} of {len(plan.sessions)}: {_longest(session):g} mm",
            f"Only if the skin is calm. {page.how}.\n\nBefore you start\n{first}\n\nWhen to stop\n{stop}"
            f"\n\nWhen things may start again\n{waits}",
        )
    for check in plan.follow_ups:
        day = at(check.day_d)
        day.add("" if day.reminds else titles.get(check.what) or _CHECK, check.what)
    for on, titled, says in prepared(plan, kb):
        day = found.setdefault(on, Day())
        day.reminds = True
        day.add(titled, _of_nobody(says))
    for day_d, why in roller_ends(plan, kb, patch):
        day = at(max(day_d - _AHEAD_D, 0.0))
        day.add("Buy a new roller", f"{why} The old one goes into a hard, closed box.")
    return found


def calendar_file(choice: Choice, kb: Knowledge, patch: date | None = None, now: datetime | None = None) -> bytes:
    """A plan as whole-day entries, one a day, with a reminder in the morning of each session."""
    mark = choice.plan.sha256[:16]
    return _file(
        "Rolling plan", ((day, what, f"{mark}-{day:%Y%m%d}") for day, what in days_of(choice, kb, patch).items()), now
    )


def patch_file(on: date, now: datetime | None = None) -> bytes:
    """The day on which the small patch is looked at."""
    says = "Is there a mark, a bump, a rash, pain or warmth? Then go on with the self-check and your file."
    return _one("Look at the small patch", says, on, "patch", now)


def again_file(on: date, now: datetime | None = None) -> bytes:
    """The day from which it is worth asking again."""
    return _one(
        "Ask the self-check again", "Waiting may be over. Much may have changed: answer anew.", on, "again", now
    )


def _one(title: str, says: str, on: date, mark: str, now: datetime | None) -> bytes:
    day = Day([title], [says], reminds=True)
    return _file(title, [(on, day, f"{mark}-{on:%Y%m%d}")], now)


def _file(name: str, days: Iterable[tuple[date, Day, str]], now: datetime | None) -> bytes:
    calendar = Calendar()
    calendar.add("prodid", "-//needling//self-check//EN")
    calendar.add("version", "2.0")
    calendar.add("x-wr-calname", name)
    stamp = now or datetime.now(UTC)
    for on, day, mark in sorted(days, key=lambda one: one[0]):
        event = Event()
        event.add("uid", f"{mark}@needling")
        event.add("dtstamp", stamp)
        event.add("dtstart", on)
        event.add("dtend", on + timedelta(days=1))
        event.add("summary", "; ".join(day.titles))
        event.add("description", "\n\n".join([*day.says, NOTICE]))
        event.add("transp", "TRANSPARENT")
        if day.reminds:
            alarm = Alarm()
            alarm.add("action", "DISPLAY")
            alarm.add("description", day.titles[0])
            alarm.add("trigger", _MORNING)
            event.add_component(alarm)
        calendar.add_component(event)
    return bytes(calendar.to_ical())
