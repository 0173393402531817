"""The time after a session in words: one time for each thing, what to do meanwhile, and where the times come from."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from itertools import groupby

from needling.documents import Citation, Forecast, Plan
from needling.knowledge.base import Knowledge
from needling.knowledge.schema import CareStep, Topical
from needling.planning.aftercare import Ground, OneTime, Timetable, timetable
from needling.report.about_plan import care_statement, missing_steps
from needling.report.explanation import Row, Section, Statement, Table, Telling
from needling.report.words import HOURS_PER_DAY, day_words, listed, sentence, wait_words, window_words

NOT_BEFORE_HEADERS = ("What", "Wait", "Computed", "Published", "Steps and products", "Which counts")
_KIND_WORD = {
    "computed": "computed",
    "published": "published",
    "step": "a step of aftercare",
    "product": "a product",
}
_NONE = "no time"
_CREAM, _SUNSCREEN, _HAIR, _OF_HAIR = "moisturiser", "sunscreen", "minoxidil", "scalp or beard"
_CLINICIANS = frozenset({"biologic", "medicine"})
"""Groups of products that are injected or prescribed."""
_CHEMISTRY = frozenset({"laboratory", "model", "code"})
"""Kinds of sources for how a product behaves; a short sheet needs only those for what may go on skin."""


def times_of(plan: Plan, forecast: Forecast, telling: Telling) -> Timetable:
    """The timetable of a plan, as :func:`needling.planning.aftercare.timetable` makes it."""
    return timetable(plan, forecast.not_before, telling.kb)


# ---------------------------------------------------------------- one time for each thing


def not_before_cells(one: OneTime) -> tuple[str, ...]:
    """What, the time that counts, and what each kind of ground gives."""
    given = [one.hours_of("computed"), one.hours_of("published")]
    told = [hours for kind in ("step", "product") if (hours := one.hours_of(kind)) is not None]
    given.append(max(told, default=None))
    computed, published, steps = ("" if hours is None else wait_words(hours) for hours in given)
    return one.label, wait_words(one.hours_h), computed or "not computed", published or _NONE, steps or _NONE


def counted_words(one: OneTime) -> str:
    """Which ground gives the time: always the longest."""
    return listed(list(dict.fromkeys(_KIND_WORD[ground.kind] for ground in one.binding)))


def not_before_section(plan: Plan, forecast: Forecast, telling: Telling) -> Section | None:
    """Waiting times after each session, each thing once."""
    found = times_of(plan, forecast, telling).times
    if not found:
        return None
    telling = telling.at("Not before")
    if telling.person:
        found = at_home(found, plan, forecast.person.sex_at_birth, telling.kb) if telling.home else found
        headers: tuple[str, ...] = ("What", "Not before", "Until then, and how to start")
        rows = tuple(
            telling.row(one.label, _when(one, telling.home), _how(one), sources=_said_by(one)) for one in found
        )
    else:
        headers = NOT_BEFORE_HEADERS
        rows = tuple(telling.row(*not_before_cells(one), counted_words(one), sources=_said_by(one)) for one in found)
    intro = telling.say(
        "We worked out how long your skin stays open and looked up what advice sheets say. Each thing has one time: "
        "the longest. Day 0 is the day of the session"
    )
    return Section("not-before", "Not before", (intro,), tables=(Table("", headers, rows),))


def at_home(times: Iterable[OneTime], plan: Plan, sex: str | None, kb: Knowledge) -> tuple[OneTime, ...]:
    """Things as they are called for one person at home.

    Where sunscreen may go on first, the others are other creams; drugs for scalp or beard are named for the one that is
    rolled, and not at all where there is no such hair.
    """
    found = tuple(times)
    hours = {one.thing: one.hours_h for one in found}
    scalp = any(kb.site(stroke.zone).id == "scalp" for session in plan.sessions for stroke in session.strokes)
    called = []
    for one in found:
        label = one.label
        if one.thing == _CREAM and hours.get(_SUNSCREEN, one.hours_h) < one.hours_h:
            label = label.replace("Any cream", "Any other cream")
        if one.thing == _HAIR:
            if not scalp and sex == "female":
                continue
            label = label.replace(_OF_HAIR, "the scalp" if scalp else "the beard")
        called.append(replace(one, label=label))
    return tuple(called)


def evening_words(hours_h: float) -> str:
    """As :func:`needling.report.words.day_words`, counted from an evening: ``The next evening`` and not ``Today``."""
    if 0 < hours_h <= HOURS_PER_DAY:
        return "The next morning" if hours_h <= HOURS_PER_DAY / 2 else "The next evening"
    return day_words(hours_h)


def _when(one: OneTime, home: bool) -> str:
    """``Day 5``, ``Today, after 8 hours``; the hours beside it where they are told in hours elsewhere."""
    if home:
        return evening_words(one.hours_h)
    day, wait = day_words(one.hours_h), wait_words(one.hours_h)
    return f"{day} ({wait})" if one.hours_h >= HOURS_PER_DAY and wait.endswith("hours") else day


def _how(one: OneTime) -> str:
    """What to do until then, and how to start again, in one cell."""
    parts = [f"{lead}: {text}" for lead, text in (("Until then", one.meanwhile), ("Then", one.then)) if text]
    return " ".join(parts) or "-"


def _said_by(one: OneTime) -> tuple[Citation, ...]:
    """Sources of the waiting list and of the steps; products bring theirs where it is told where times come from."""
    grounds = [ground for ground in one.grounds if ground.kind != "product"]
    return tuple(dict.fromkeys(citation for ground in grounds for citation in ground.sources)) or one.sources


def grounds_section(plan: Plan, forecast: Forecast, telling: Telling) -> Section | None:
    """Where each time comes from, and the shorter advice that it overrules."""
    found = times_of(plan, forecast, telling).times
    if not found:
        return None
    title = "Where these times come from"
    telling = telling.at(title)
    tables = []
    for one in found:
        rows = tuple(_ground_row(one, ground, telling) for ground in _gathered(one.grounds))
        tables.append(Table(f"{one.label}: {wait_words(one.hours_h)}", ("Time", "Who says so", "What it says"), rows))
    intro = telling.say(
        "For each thing the longest time counts. Shorter advice is listed so that nobody has to wonder about it; it "
        "does not count for this plan"
    )
    return Section("grounds", title, (intro,), tables=tuple(tables))


def _ground_row(one: OneTime, ground: Ground, telling: Telling) -> Row:
    counts = ground.hours_h == one.hours_h
    time = _NONE if ground.hours_h is None else wait_words(ground.hours_h)
    standing = "counts" if counts else "overruled" if ground.hours_h is not None else "how, not when"
    return telling.row(
        time, f"{_KIND_WORD[ground.kind].capitalize()}; {standing}", sentence(ground.says),
        sources=ground.sources, proposal=ground.proposal,
    )  # fmt: skip


def _gathered(grounds: tuple[Ground, ...]) -> list[Ground]:
    """Products that wait equally long in one line; all else as it is."""
    found: list[Ground] = []
    for ground in grounds:
        alike = [one for one in found if one.kind == ground.kind == "product" and one.hours_h == ground.hours_h]
        if alike:
            first = alike[0]
            sources = tuple(dict.fromkeys((*first.sources, *ground.sources)))
            found[found.index(first)] = replace(first, says=f"{first.says}; {ground.says}", sources=sources)
        else:
            found.append(ground)
    return found


# ---------------------------------------------------------------- what to do


def after_sections(plan: Plan, forecast: Forecast, telling: Telling) -> list[Section]:
    """What may and may not go on the skin, and steps that belong to no thing of the waiting list."""
    title = "Afterwards"
    telling = telling.at(title)
    found = times_of(plan, forecast, telling)
    names = [name for session in plan.sessions for name in session.aftercare]
    points = (
        *skin_statements(plan, telling),
        *missing_steps(names, "care", telling),
        *(care_statement(step, telling, window_words(step.from_h, step.to_h)) for step in found.steps),
    )
    return [Section("after", title, points=points)] if points else []


def skin_statements(plan: Plan, telling: Telling, leave_out: frozenset[str] = frozenset()) -> list[Statement]:
    """What may touch needled skin at once, and what never may; without sources of some kinds on a short sheet."""
    topicals, sources = telling.kb.by("topicals"), telling.kb.by("sources")
    names = dict.fromkeys(name for session in plan.sessions for name in session.topicals)
    allowed: list[Topical] = [topicals[name] for name in names if name in topicals]
    never: list[Topical] = [topical for topical in telling.kb.topicals if topical.gate == "never"]
    # Somebody after a session in a clinic buys creams and not injections: those come last, and are not left out.
    apart = telling.person and not telling.home
    bought = [topical for topical in never if not apart or topical.group not in _CLINICIANS]
    others = [topical for topical in never if topical not in bought]
    return [
        telling.say(
            products_words(group),
            [
                citation
                for topical in group
                for citation in topical.sources
                if citation.key not in sources or sources[citation.key].kind not in leave_out
            ],
            lead=lead,
            proposal=any(topical.proposal for topical in group),
        )
        for lead, group in (
            ("May go on the skin", allowed),
            ("Never on freshly needled skin", bought),
            ("Nor anything that only clinicians have", others),
        )
        if group
    ]


def products_words(group: Iterable[Topical]) -> str:
    """Names of products in one sentence; a name may hold a comma of its own."""
    return "; ".join(small(topical.name) if index else topical.name for index, topical in enumerate(group))


def timeline_sections(
    plan: Plan, forecast: Forecast, telling: Telling, times: Iterable[OneTime] | None = None
) -> list[Section]:
    """Day by day for the person: what to do, and from when each thing may start again.

    Steps that only name warning signs are left to the table of these.

    Args:
        times: as things are called for this person, of :func:`at_home`; those of the timetable when left out.
    """
    title = "Day by day"
    telling = telling.at(title)
    found = times_of(plan, forecast, telling)
    found = replace(found, times=tuple(times)) if times is not None else found
    signs = {flag.ref for flag in telling.kb.red_flags if flag.ref}
    days: dict[tuple[float, bool], list[Statement]] = {(0, False): []}
    today = days[0, False]
    for one in found.times:
        if one.meanwhile:
            lead = f"{one.label}: not yet"
            today.append(telling.say(one.meanwhile, _said_by(one), lead=lead, proposal=one.proposal))
    for step in found.steps:
        if step.ref not in signs:
            start = step.from_h if step.from_h is not None and step.from_h >= HOURS_PER_DAY else 0
            days.setdefault((start, False), []).append(_step_statement(step, telling))
    today += skin_statements(plan, telling, _CHEMISTRY)
    today += missing_steps([name for session in plan.sessions for name in session.aftercare], "care", telling)
    for hours, group in groupby(found.times, key=lambda one: one.hours_h):
        days[hours, True] = _restarts(list(group), telling)
    merged: dict[str, list[Statement]] = {}
    for hours, again in sorted(days):
        when = f"{day_words(hours)}: may start again" if again else day_words(hours)
        merged.setdefault(when, []).extend(days[hours, again])
    intro = telling.say("Day 0 is the day of the session. What is not named under a day goes on as on the day before")
    return [
        Section("after", title, (intro,)),
        *(
            Section(f"after-{index}", when, points=tuple(points), level=3)
            for index, (when, points) in enumerate(merged.items(), start=1)
            if points
        ),
    ]


def _step_statement(step: CareStep, telling: Telling) -> Statement:
    """A step under the day on which it begins; how long it counts stands before it where it counts from the start."""
    long = not step.from_h and step.to_h is not None and step.to_h > HOURS_PER_DAY
    return care_statement(step, telling, f"For {wait_words(step.to_h or 0)}" if long else "")


def _restarts(things: list[OneTime], telling: Telling) -> list[Statement]:
    """What may start again at one time: each thing that has a manner of its own, then the others together."""
    found = [telling.say(one.then, _said_by(one), lead=one.label, proposal=one.proposal) for one in things if one.then]
    plain = [one for one in things if not one.then]
    if plain:
        sources = [citation for one in plain for citation in _said_by(one)]
        names = "; ".join(one.label if not index else small(one.label) for index, one in enumerate(plain))
        found.append(telling.say("", sources, lead=names, proposal=any(one.proposal for one in plain)))
    return found


def small(label: str) -> str:
    """A name inside a sentence; an abbreviation keeps its capitals, and a number before a name is no name."""
    if label[:1].isdigit() and "-" in label:
        first, _, rest = label.partition("-")
        return f"{first}-{small(rest)}"
    return label if label[1:2].isupper() else label[:1].lower() + label[1:]
