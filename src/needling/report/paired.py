"""Numbers of the same possible people under two plans, in words and tables: more is better in every gain."""

from __future__ import annotations

from collections.abc import Sequence

from needling.comparing import faint
from needling.documents import Citation, Forecast
from needling.documents.comparison import PairedNumber
from needling.report.about_forecast import harm_names, uncapital
from needling.report.explanation import Statement, Table, Telling
from needling.report.measures import LASTING_MARK, MARKS
from needling.report.words import DOTS, group_size, number, of_people, signed, zone_name, zones_name

Names = dict[tuple[str, str | None], str]
REACHED = "reached"
HARM = "harm:"
NOT_COMPARABLE = "not comparable"
BY_LITTLE = "by less than people notice"
_IMPROVED = ("outcome", "outcome-same-day")
_PLANS = {"now": "the plan as it is now", "changed": "the changed plan"}
_RESULTS = (REACHED, *_IMPROVED)
_LOW, _HIGH = 0, -1
_ALIKE_SHARE = 0.06  # numerical: two sides of a face differ by this much through the luck of the ensemble
_DIGITS = {"days": 1, "probability": 1}  # numerical: what an amount deserves; the others get two, counts none


# ---------------------------------------------------------------- zones that do alike


def _alike(one: PairedNumber, other: PairedNumber) -> bool:
    if (one.label, one.unit, one.better, one.standing) != (other.label, other.unit, other.better, other.standing):
        return False
    pairs = [(one.first, other.first), (one.second, other.second), (one.difference, other.difference)]
    span = max(one.counts_from, *(abs(value) for pair in pairs for value in pair))
    return all(abs(a - b) <= _ALIKE_SHARE * span for a, b in pairs)


def told_zones(numbers: Sequence[PairedNumber]) -> dict[str, tuple[str, ...]]:
    """Zones whose result is told, each with the zones that do alike: of those the one that gains least is told."""
    gains = {one.zone: one for one in numbers if one.id == REACHED}
    groups: list[list[PairedNumber]] = []
    for one in numbers:
        if one.id != "outcome":
            continue
        group = next((group for group in groups if _alike(group[0], one)), None)
        if group is None:
            groups.append([one])
        else:
            group.append(one)
    found = {}
    for group in groups:
        least = min(group, key=lambda one: gains[one.zone].second if one.zone in gains else -abs(one.second))
        found[least.zone or ""] = tuple(one.zone or "" for one in group)
    return found


def _values(one: PairedNumber) -> tuple[float, ...]:
    return one.first, one.second, one.difference


def told(numbers: Sequence[PairedNumber]) -> list[PairedNumber]:
    """The numbers that are shown: each thing once, of zones that do alike the one that gains least.

    A result on one and the same day is left out where both plans are judged on the same day.
    """
    zones = told_zones(numbers)
    own = {one.zone: one for one in numbers if one.id == "outcome"}
    found = []
    for one in numbers:
        if one.id in _RESULTS and one.zone not in zones:
            continue
        ends = own.get(one.zone)
        same = ends is not None and _values(one) == _values(ends)
        if one.id != "outcome-same-day" or not same:
            found.append(one)
    return found


def least_gain(numbers: Sequence[PairedNumber]) -> PairedNumber | None:
    """How many gain, on the zone where the second plan lets the fewest gain: what a headline tells."""
    return min((one for one in numbers if one.id == REACHED), key=lambda one: one.second, default=None)


def reached_count(share: float) -> int:
    """People out of 50, as the dots of a forecast count them."""
    return round(DOTS * share)


# ---------------------------------------------------------------- names and cells


def number_names(numbers: Sequence[PairedNumber], forecast: Forecast | None, telling: Telling) -> Names:
    """What each number is called, by its id and zone: results with their place, harms by their names."""
    harms = harm_names(forecast, telling.kb, person=telling.person) if forecast is not None else {}
    alike = told_zones(numbers)
    several = len({one.zone for one in numbers if one.zone}) > 1
    names: Names = {}
    for one in numbers:
        zones = alike.get(one.zone or "", (one.zone,) if one.zone else ())
        where = f", {zones_name([zone for zone in zones if zone], telling.kb)}" if zones and several else ""
        label = {
            REACHED: f"Gain {uncapital(one.label)}",
            "outcome": "Improvement in one person, each plan on its own judging day",
            "outcome-same-day": "Improvement in one person, both on the later day",
            "lasting-mark": f"{LASTING_MARK} ({MARKS})",
            "redness": "Redness after a session, half of people",
            "ready": "Until ready for the next session, half of people",
        }.get(one.id, one.label)
        if one.id.startswith(HARM):
            label = harms.get(one.id.removeprefix(HARM), one.label)
        names[one.id, one.zone] = f"{label}{where}"
    return names


def group_of(one: PairedNumber) -> int:
    """The group of people that a chance is told out of under both plans."""
    return group_size(max(one.first, one.second))


def better_when_more(one: PairedNumber, value: float) -> float:
    """A value as it is told: improvement counts upwards on every scale."""
    return -value if one.id in _IMPROVED and one.better == "lower" else value


def amount(one: PairedNumber, value: float, *, sign: bool = False) -> str:
    """A number in the form that its unit deserves; chances out of the same group of people under both plans."""
    value = better_when_more(one, value)
    digits = 0 if one.id in ("visits", "price", REACHED) else _DIGITS.get(one.unit, 2)
    if one.unit == "probability":
        value *= group_of(one) if one.id != REACHED else DOTS
    return signed(value, digits) if sign else number(value, digits)


def unit_words(one: PairedNumber) -> str:
    """The unit behind a name."""
    if one.unit == "probability":
        return f"of {DOTS if one.id == REACHED else group_of(one)} people"
    return {"ratio": "times the reference" if one.id == "pain" else "", "": ""}.get(one.unit, one.unit)


def standing_words(one: PairedNumber, names: tuple[str, str]) -> str:
    """Which plan is better in one thing."""
    said = {"first": names[0], "second": names[1], "alike": "alike", "unclear": "cannot tell"}
    return said.get(one.standing, NOT_COMPARABLE) + (f", {BY_LITTLE}" if faint(one) else "")


def difference_words(one: PairedNumber) -> str:
    """The middle difference with nine of ten people; of how many gain, the difference of both counts."""
    if one.standing == "unknown":
        return NOT_COMPARABLE
    if one.id == REACHED:
        return signed(reached_count(one.second) - reached_count(one.first), 0)
    ends = one.difference_quantiles[_LOW], one.difference_quantiles[_HIGH]
    low, high = sorted(ends, key=lambda value: better_when_more(one, value))
    middle = amount(one, one.difference, sign=True)
    if low == high:
        return middle
    return f"{middle} ({amount(one, low, sign=True)} to {amount(one, high, sign=True)})"


def _who(one: PairedNumber) -> str:
    """Who is better off with which plan by enough to count, out of 50 possible people: ``48 : 0``."""

    def count(share: float) -> str:
        return of_people(share).partition(" of ")[0].replace("fewer than ", "<")

    if one.standing == "unknown":
        return NOT_COMPARABLE
    return f"{count(one.first_better_share)} : {count(one.second_better_share)}"


def _sources(one: PairedNumber, forecast: Forecast | None) -> list[Citation]:
    """What a number rests on: of a harm its counts, of a result the trials."""
    if forecast is None:
        return []
    if one.id in (REACHED, "outcome"):
        return [source for out in forecast.outcomes if out.zone == one.zone for source in out.sources]
    return [source for harm in forecast.harms if f"{HARM}{harm.harm}" == one.id for source in harm.sources]


def _headers(names: tuple[str, str]) -> tuple[str, ...]:
    a, b = names
    return ("What", a, b, f"{b} minus {a} (9 of 10 people)", "Better", f"Better off {a} : {b}, of {DOTS}")


# ---------------------------------------------------------------- what that means


def reading(numbers: Sequence[PairedNumber], names: tuple[str, str], telling: Telling) -> Statement | None:
    """What the result comes to, in one sentence for the group and one for each person; None without a result.

    Both are of the same differences: many small steps carry some people over the line that counts.
    """
    reached = least_gain(numbers)
    if reached is None:
        return None
    a, b = (_PLANS.get(name, f"plan {name}") for name in names)
    first, second = reached_count(reached.first), reached_count(reached.second)
    where = f" on the {zone_name(reached.zone, telling.kb)}" if reached.zone and len(told_zones(numbers)) > 1 else ""
    more = f"{abs(second - first)} {'more' if second > first else 'fewer'}" if second != first else "as many"
    said = f"{second} of {DOTS} people gain {uncapital(reached.label)}{where} with {b} and {first} with {a}: {more}"
    own = next((one for one in numbers if one.id == "outcome" and one.zone == reached.zone), None)
    if own is not None:
        step = better_when_more(own, own.difference)
        size = f"{number(abs(step))} {own.unit}".strip()
        said += (
            f". One and the same person improves by {size} {'more' if step > 0 else 'less'} with {b}"
            if step
            else ". One and the same person improves as much with both"
        )
        if abs(step) and abs(step) < own.counts_from:
            said += f", and people notice from {number(own.counts_from)} {own.unit}".rstrip() + " on"
            if second != first:
                said += ": so it counts for those who reach that with one of the plans only"
    return telling.say(said)


# ---------------------------------------------------------------- tables


def numbers_tables(
    numbers: Sequence[PairedNumber], names: tuple[str, str], telling: Telling, forecast: Forecast | None
) -> tuple[Table, ...]:
    """Everything that is weighed, and each harm by itself below it."""
    called = number_names(numbers, forecast, telling)
    kept = told(numbers)
    parts = (
        ("", [one for one in kept if not one.id.startswith(HARM)]),
        ("Each harm by itself", [one for one in kept if one.id.startswith(HARM)]),
    )
    cited: set[Citation] = set()
    tables: list[Table] = []
    for caption, shown in parts:
        rows = []
        for one in shown:
            unit = unit_words(one)
            own = [source for source in _sources(one, forecast) if source not in cited]  # zones alike rest on the same
            cited.update(own)
            rows.append(
                telling.row(
                    f"{called[one.id, one.zone]}, {unit}" if unit else called[one.id, one.zone],
                    amount(one, one.first),
                    amount(one, one.second),
                    difference_words(one),
                    standing_words(one, names),
                    _who(one),
                    sources=own,
                )
            )
        said = ". ".join(part for part in (caption, _counts_words(shown), _alike_words(shown, numbers)) if part)
        tables += [Table(said, _headers(names), tuple(rows))] if rows else []
    return tuple(tables)


def _alike_words(shown: Sequence[PairedNumber], numbers: Sequence[PairedNumber]) -> str:
    several = any(len(zones) > 1 for zones in told_zones(numbers).values())
    return "Of zones that do alike the one that gains least" if several and any(one.zone for one in shown) else ""


def counts_from_words(one: PairedNumber) -> str:
    """The difference that is counted from, with its unit."""
    if one.unit == "probability":
        return f"{one.counts_from * group_of(one):g} of {group_of(one)} people"
    unit = {"ratio": "", "days": "day" if one.counts_from == 1 else "days"}.get(one.unit, one.unit)
    return f"{one.counts_from:g} {unit}".strip()


def _counts_words(shown: Sequence[PairedNumber]) -> str:
    """From which difference somebody counts as better off."""
    short = {"outcome": "improvement", "outcome-same-day": "improvement", "lasting-mark": "marks"}
    found: dict[str, dict[str, None]] = {}
    for one in shown:
        if one.counts_from > 0 and one.standing != "unknown" and one.id != REACHED:
            name = "" if one.id.startswith(HARM) else short.get(one.id, one.id)
            found.setdefault(counts_from_words(one), {})[name] = None
    parts = [f"{' and '.join(filter(None, names))} {size}".strip() for size, names in found.items()]
    return f"Better off counts from a difference of: {'; '.join(parts)}" if parts else ""
