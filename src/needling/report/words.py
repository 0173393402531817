"""Plain words for numbers, dates and ids: what every page, figure and terminal line says them with."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from fractions import Fraction
from itertools import pairwise
from math import ceil, floor
from typing import Literal

from needling.documents import Action, Endpoint, Setting, Verdict
from needling.errors import BadInput
from needling.knowledge.base import Knowledge
from needling.knowledge.schema import Device
from needling.units import UNITS

Reader = Literal["person", "clinician"]

NOTICE = "Decision support and research; not a cleared medical device; a clinician decides."
DOTS = 50
"""How many people a forecast is pictured with."""

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
HOURS_PER_DAY = UNITS["d"].si_factor / UNITS["h"].si_factor
MANY = 1000
_NEARLY_ONE = 0.75  # numerical: three quarters of a person round up to one

VERDICT_WORD: dict[Verdict, str] = {
    "go": "Yes, with a plan",
    "ask": "Not answered yet",
    "defer": "Not now",
    "refer": "A clinician must look first",
    "exclude": "Not suitable",
}
ACTION_WORD: dict[Action, str] = {
    "exclude": "Not suitable",
    "exclude_home": "Not at home",
    "refer": "A clinician must look first",
    "defer": "Wait",
    "premedicate": "Medicine may be needed first",
    "caution": "Take care",
    "note": "Good to know",
}
ENDPOINT_WORD: dict[Endpoint, str] = {
    "none": "no visible change",
    "faint-pink": "faint pink",
    "erythema": "even redness",
    "pinpoint": "fine pinpoint bleeding",
    "confluent": "bleeding that runs together",
}
ACCESS_WORD = {
    "primary": "read in full",
    "abstract": "abstract or excerpt read",
    "secondary": "known through another text",
    "memory": "not checked",
    "missing": "not in this knowledge base",
}
CERTAINTY_WORD = {
    "high": "high; new studies are unlikely to change this much",
    "moderate": "moderate; new studies may change this",
    "low": "low; new studies will probably change this",
    "very-low": "very low; this is little more than a careful guess",
    "none": "none; there are no data",
}
URGENCY_WORD = {
    "emergency": "Emergency: call for help at once",
    "same-day": "Medical care the same day",
    "soon": "Clinician within two days",
    "routine": "Book an appointment",
}


# ---------------------------------------------------------------- dates and times


def on_day(day: date) -> str:
    """A date as people write it: ``3 Sep 2026``."""
    return f"{day.day} {MONTHS[day.month - 1]} {day.year}"


def after_days(start: date, day_d: float) -> date:
    """The calendar day that lies some days after the start of a plan."""
    return start + timedelta(days=round(day_d))


def thousands(count: int) -> str:
    """A count with its thousands apart, as trials print it: ``12 000``."""
    return f"{count:,}".replace(",", " ")


def plural(count: float, one: str, many: str | None = None) -> str:
    """``1 day``, ``3 days``: the number with the word that fits it."""
    return f"{count:g} {one if count == 1 else many or one + 's'}"


def wait_words(hours_h: float) -> str:
    """A waiting time, rounded up so that it is never too short: ``4 hours``, ``3 days``, ``2 weeks``."""
    if hours_h <= 0:
        return "no wait"
    if hours_h < 1:
        return plural(ceil(hours_h * 60), "minute")
    if hours_h <= 2 * HOURS_PER_DAY:
        return plural(ceil(hours_h - _ROUNDING), "hour")
    days = ceil(hours_h / HOURS_PER_DAY - _ROUNDING)
    if days >= 14 and days % 7 == 0:
        return plural(days // 7, "week")
    return plural(days, "day")


_ROUNDING = 1e-6  # numerical: 72.0000001 h is three days, not four


def span_words(days_d: float) -> str:
    """A length of time in rounded words: ``less than half a day``, ``about 3 days``, ``about 5 weeks``."""
    if days_d < 0.5:
        return "less than half a day"
    if days_d < 1.25:
        return "about a day"
    if days_d < 21:
        return f"about {plural(round(days_d), 'day')}"
    if days_d < 90:
        return f"about {plural(round(days_d / 7), 'week')}"
    return f"about {plural(round(days_d / 30.4), 'month')}"


def within_words(days_d: float) -> str:
    """A bound on a length of time, rounded up: ``half a day``, ``a day``, ``6 days``, ``6 weeks``."""
    if days_d <= 0.5:
        return "half a day"
    if days_d <= 1:
        return "a day"
    if days_d <= 21:
        return plural(ceil(days_d), "day")
    return plural(ceil(days_d / 7), "week")


def day_words(hours_h: float) -> str:
    """When a wait is over; day 0 is the day of the session: ``Today``, ``Today, after 8 hours``, ``Day 5``,
    ``Day 14 (2 weeks)``. Rounded up, as :func:`wait_words` is: what comes to 24 hours is over on the next day.
    """
    if hours_h <= 0:
        return "Today"
    if ceil(hours_h - _ROUNDING) < HOURS_PER_DAY:
        return f"Today, after {wait_words(hours_h)}"
    day = ceil(hours_h / HOURS_PER_DAY - _ROUNDING)
    return f"Day {day} ({plural(day // 7, 'week')})" if day >= 14 and day % 7 == 0 else f"Day {day}"


def window_words(from_h: float | None, to_h: float | None) -> str:
    """The time after a session in which a step counts: ``First 24 hours``, ``Day 1 to 3``, ``Weeks 2 to 6``.

    Day 0 is the day of the session.
    """
    if from_h is None and to_h is None:
        return "All the time"
    start, end = from_h or 0.0, to_h
    week = 7 * HOURS_PER_DAY
    if end is None:
        return "From the start" if start <= 0 else f"After {wait_words(start)}"
    if start <= 0:
        return f"First {wait_words(end).removeprefix('1 ')}"
    if start >= week and end > 2 * week:
        return f"Weeks {ceil(start / week)} to {ceil(end / week)}"
    if start >= HOURS_PER_DAY:
        first, last = floor(start / HOURS_PER_DAY), ceil(end / HOURS_PER_DAY)
        return f"Day {first} to week {ceil(end / week)}" if end > 2 * week else f"Day {first} to {last}"
    return f"{start:g} to {end:g} hours"


# ---------------------------------------------------------------- numbers


def number(value: float, digits: int = 2) -> str:
    """A number with no more digits than it deserves; a real minus sign; never ``-0``."""
    text = f"{value:.{digits}f}".rstrip("0").rstrip(".") if digits else f"{value:.0f}"
    return "0" if text in ("-0", "") else text.replace("-", "\N{MINUS SIGN}")


def signed(value: float, digits: int = 2) -> str:
    """A change: always with its sign."""
    text = number(value, digits)
    return text if text == "0" or text.startswith("\N{MINUS SIGN}") else f"+{text}"


def at_level(levels: Sequence[float], values: Sequence[float], level: float) -> float:
    """The quantile at a level, linear between the given ones and flat beyond them.

    Args:
        levels: rising shares, as 0.05 ... 0.95.
        values: one value for each level.
        level: the share asked for.
    """
    pairs = sorted(zip(levels, values, strict=True))
    if level <= pairs[0][0]:
        return pairs[0][1]
    for (low, at_low), (high, at_high) in pairwise(pairs):
        if level <= high:
            return at_low + (at_high - at_low) * (level - low) / (high - low)
    return pairs[-1][1]


def people_share(share: float) -> str:
    """A share of people as one can picture it: ``half of people``, ``9 of 10 people``, ``19 of 20 people``."""
    parts = Fraction(share).limit_denominator(20)
    if parts == Fraction(1, 2):
        return "half of people"
    return f"{parts.numerator} of {parts.denominator} people"


def group_size(chance: float) -> int:
    """The group that a chance is pictured in: 50 people, or 1000 where less than one of 50 is concerned."""
    return DOTS if chance * DOTS >= _NEARLY_ONE else MANY


def of_people(chance: float, size: int = DOTS) -> str:
    """A chance as people out of a group: ``7 of 50``, ``fewer than 1 of 1000``."""
    count = chance * size
    if 0 < count < 0.5:
        return f"fewer than 1 of {size}"
    return f"{round(count)} of {size}"


# ---------------------------------------------------------------- places and things


def zone_name(zone: str, kb: Knowledge) -> str:
    """``left cheek`` for ``cheek-left``; the id itself for a zone that this knowledge base does not have."""
    try:
        site = kb.site(zone)
    except BadInput:
        return zone.replace("-", " ")
    side = zone.rpartition("-")[2]
    return f"{side} {site.name}" if zone != site.id else site.name


def with_zone_names(text: str, kb: Knowledge) -> str:
    """A text with zones as people call them."""
    for site in kb.sites:
        for zone in (f"{site.id}-left", f"{site.id}-right"):
            if zone in text:
                text = text.replace(zone, zone_name(zone, kb))
    return text


def zones_name(zones: Iterable[str], kb: Knowledge) -> str:
    """Several zones in words, two sides of one site together: ``cheeks and forehead``."""
    left = list(dict.fromkeys(zones))
    names: list[str] = []
    while left:
        zone = left.pop(0)
        base, _, side = zone.rpartition("-")
        other = f"{base}-{'right' if side == 'left' else 'left'}"
        if side in ("left", "right") and other in left:
            left.remove(other)
            try:
                names.append(kb.site(zone).plural)
            except BadInput:
                names.append(base.replace("-", " "))
        else:
            names.append(zone_name(zone, kb))
    return listed(names)


def listed(names: Sequence[str], last: str = "and") -> str:
    """``a, b and c``."""
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} {last} {names[-1]}"


def device_name(device: str, kb: Knowledge) -> str:
    """The device's name, or its id where the knowledge base does not have it."""
    found: Device | None = kb.by("devices").get(device)
    return found.name if found else device


def nothing_words(home: bool) -> str:
    """What the candidate without sessions is called."""
    return "doing nothing" if home else "no treatment"


def about_people(chance: float, size: int = DOTS) -> str:
    """As :func:`of_people`, at the start of a sentence: ``About 7 of 50 people``, ``Fewer than 1 of 50 people``."""
    text = of_people(chance, size)
    return f"Fewer{text.removeprefix('fewer')} people" if text.startswith("fewer") else f"About {text} people"


def option_name(label: str, visits_count: int, home: bool) -> str:
    """A candidate's label with a capital, and one name for the candidate without sessions."""
    name = nothing_words(home) if visits_count == 0 else label
    return name[:1].upper() + name[1:]


def sentence(text: str) -> str:
    """Text with a capital first letter and a full stop, unless it ends with a mark of its own."""
    text = text.strip()
    if not text:
        return ""
    text = text[0].upper() + text[1:]
    return text if text[-1] in ".!?:" else f"{text}."


def setting_words(setting: Setting) -> str:
    """``at home`` or ``in the clinic``."""
    return "at home" if setting == "home" else "in the clinic"
