"""Two plans side by side, and what a changed input does: in words, as text of 80 columns and as one HTML page."""

from __future__ import annotations

from collections.abc import Sequence

from needling.comparing import faint
from needling.documents import Citation, Forecast, Plan, Verdict
from needling.documents.comparison import Comparison, LimitBroken, PairedNumber, PlanDifference, PlanSide, WhatIf
from needling.knowledge.base import Knowledge
from needling.planning.screen import screen
from needling.report.about_choice import NO_GAIN, SCORE_HEADERS
from needling.report.about_clearance import conflicts_section
from needling.report.about_forecast import assumptions_section, harm_names
from needling.report.bibliography import Bibliography
from needling.report.explanation import Section, Statement, Table, Telling, section_lines, wrapped
from needling.report.html import Block, Page, Part, Tile, page_style, render_page
from needling.report.overlays import (
    counts_from_words,
    difference_figure,
    map_groups,
    map_words,
    overlay_figures,
    shares_figure,
)
from needling.report.words import (
    DOTS,
    MANY,
    NOTICE,
    Reader,
    number,
    of_people,
    on_day,
    option_name,
    sentence,
    setting_words,
    signed,
    with_zone_names,
    zone_name,
    zones_name,
)

Names = dict[tuple[str, str | None], str]
_LOW, _HIGH = 0, -1
_SHOWN_BREACHES = 12
_NOTHING_DIFFERENT = "Nothing: the plans are the same"
_NOT_COMPARABLE = "not comparable"
_WITHIN = (
    "A difference is the middle of the differences within people, so it need not be the difference of the two middles "
    "beside it"
)
_NO_RESULT = (
    "No forecast of the result is possible here (there are no data for an honest one), so how much it helps is not "
    "compared, and fewer or milder sessions look free: that does not make them better"
)
_WORST_ZONE = ("redness", "ready", "pain", "lasting-mark")


# ---------------------------------------------------------------- names and cells


def number_names(numbers: Sequence[PairedNumber], forecast: Forecast | None, telling: Telling) -> Names:
    """What each number is called, by its id and zone: results with their place, harms by their names."""
    harms = harm_names(forecast, telling.kb, person=telling.person) if forecast is not None else {}
    several = len({one.zone for one in numbers if one.zone}) > 1
    names: Names = {}
    for one in numbers:
        where = f", {zone_name(one.zone, telling.kb)}" if one.zone and several else ""
        label = {
            "outcome": "Result, each on its own judging day",
            "outcome-same-day": "Result, both on the later one",
            "lasting-mark": "Chance of any lasting mark",
        }.get(one.id, one.label)
        if one.id.startswith("harm:"):
            label = harms.get(one.id.removeprefix("harm:"), one.label)
        names[one.id, one.zone] = f"{label}{where}"
    return names


def _amount(one: PairedNumber, value: float, *, sign: bool = False) -> str:
    """A number in the form that its unit deserves; chances out of 1000 people."""
    if one.unit == "probability":
        count = value * MANY
        size = number(count, 0 if abs(count) >= 10 else 1)
        return f"+{size}" if sign and count > 0 and size != "0" else size
    digits = 1 if one.unit == "days" else 0 if one.id in ("visits", "price") else 2
    return signed(value, digits) if sign else number(value, digits)


def _unit(one: PairedNumber) -> str:
    if one.unit == "probability":
        return f"of {MANY} people"
    return {"ratio": "times the reference" if one.id == "pain" else "", "": ""}.get(one.unit, one.unit)


def _standing(one: PairedNumber, names: tuple[str, str]) -> str:
    said = {"first": names[0], "second": names[1], "alike": "alike", "unclear": "cannot tell"}
    return said.get(one.standing, _NOT_COMPARABLE) + (", too small for most to notice" if faint(one) else "")


def _band(one: PairedNumber) -> str:
    if one.standing == "unknown":
        return _NOT_COMPARABLE
    low, high = one.difference_quantiles[_LOW], one.difference_quantiles[_HIGH]
    middle = _amount(one, one.difference, sign=True)
    if low == high:
        return middle
    return f"{middle} ({_amount(one, low, sign=True)} to {_amount(one, high, sign=True)})"


def _who(one: PairedNumber) -> str:
    """Who is better off with which plan by enough to count, out of 50 possible people: ``48 : 0``."""

    def count(share: float) -> str:
        return of_people(share).partition(" of ")[0].replace("fewer than ", "<")

    if one.standing == "unknown":
        return _NOT_COMPARABLE
    return f"{count(one.first_better_share)} : {count(one.second_better_share)}"


def _sources(one: PairedNumber, forecast: Forecast | None) -> list[Citation]:
    """What a number rests on: of a harm its counts, of a result the trials."""
    if forecast is None:
        return []
    if one.id == "outcome":
        return [source for out in forecast.outcomes if out.zone == one.zone for source in out.sources]
    return [source for harm in forecast.harms if f"harm:{harm.harm}" == one.id for source in harm.sources]


def _headers(names: tuple[str, str]) -> tuple[str, ...]:
    a, b = names
    return ("What", a, b, f"{b} minus {a} (9 of 10 people)", "Better", f"Better off {a} : {b}, of {DOTS}")


# ---------------------------------------------------------------- sections


def differences_table(differences: Sequence[PlanDifference], headers: tuple[str, str, str], telling: Telling) -> Table:
    """What the plans themselves do differently; zones that differ alike share a row."""
    zones: dict[tuple[str, str, str], list[str]] = {}
    for one in differences:
        zones.setdefault((one.what, one.first, one.second), []).extend([one.zone] if one.zone else [])
    rows = tuple(
        telling.row(sentence(f"{what}, {zones_name(where, telling.kb)}" if where else what)[:-1], first, second)
        for (what, first, second), where in zones.items()
    )
    return Table("", headers, rows)


def numbers_tables(
    numbers: Sequence[PairedNumber], names: tuple[str, str], telling: Telling, forecast: Forecast | None
) -> tuple[Table, ...]:
    """Everything that is weighed, and each harm by itself below it."""
    called = number_names(numbers, forecast, telling)
    parts = (
        ("", [one for one in numbers if not one.id.startswith("harm:")]),
        ("Each harm by itself", [one for one in numbers if one.id.startswith("harm:")]),
    )
    told: set[Citation] = set()
    tables: list[Table] = []
    for caption, shown in parts:
        rows = []
        for one in shown:
            unit = _unit(one)
            own = [source for source in _sources(one, forecast) if source not in told]  # zones alike rest on the same
            told.update(own)
            rows.append(
                telling.row(
                    f"{called[one.id, one.zone]}, {unit}" if unit else called[one.id, one.zone],
                    _amount(one, one.first),
                    _amount(one, one.second),
                    _band(one),
                    _standing(one, names),
                    _who(one),
                    sources=own,
                )
            )
        said = ". ".join(part for part in (caption, _counts_words(shown)) if part)
        tables += [Table(said, _headers(names), tuple(rows))] if rows else []
    return tuple(tables)


def _counts_words(shown: Sequence[PairedNumber]) -> str:
    """From which difference somebody counts as better off."""
    short = {"outcome": "result", "outcome-same-day": "result", "lasting-mark": "marks"}
    found: dict[str, dict[str, None]] = {}
    for one in shown:
        if one.counts_from > 0 and one.standing != "unknown":
            name = "" if one.id.startswith("harm:") else short.get(one.id, one.id)
            found.setdefault(counts_from_words(one), {})[name] = None
    parts = [f"{' and '.join(filter(None, names))} {size}".strip() for size, names in found.items()]
    return f"Better off counts from a difference of: {'; '.join(parts)}" if parts else ""


def _worst_zone_words(
    plans: Sequence[Plan], differences: Sequence[PlanDifference], numbers: Sequence[PairedNumber], kb: Knowledge
) -> list[str]:
    """What a change on some zones alone cannot show in numbers that count the worst zone."""
    changed = dict.fromkeys(one.zone for one in differences if one.zone)
    zones = {stroke.zone for plan in plans for session in plan.sessions for stroke in session.strokes}
    hidden = any(one.id in _WORST_ZONE and one.standing == "alike" for one in numbers)
    if not changed or any(one.zone is None for one in differences) or zones <= set(changed) or not hidden:
        return []
    where = zones_name(changed, kb)
    said = f"Redness, readiness, pain and marks count the zone that fares worst, so a change on {where} alone need not "
    return [f"{said}show in them: no difference there does not mean none on that zone"]


def limits_section(sides: Sequence[tuple[str, Sequence[LimitBroken]]], telling: Telling) -> Section | None:
    """Where plans leave their envelope, each limit with its ground."""
    telling = telling.at("Outside the envelope")
    points = [
        telling.say(
            f"allowed is {one.allowed}; {one.because}",
            one.sources,
            lead=with_zone_names(f"{name}: {one.what}" if name else one.what, telling.kb),
        )
        for name, limits in sides
        for one in limits[:_SHOWN_BREACHES]
    ]
    if not points:
        return None
    words = "This plan is not to be done and may not be approved; what is shown of it is for understanding only"
    return Section("outside", "Outside the envelope: not to be done", (telling.say(words),), tuple(points))


def _names(found: Comparison) -> tuple[str, str]:
    return found.first.name, found.second.name


def better_words(found: Comparison) -> str:
    """Which plan the choice would take, or why none is named."""
    if found.better is None:
        if not found.differs:
            return "The forecast cannot tell the two plans apart"
        if not found.first.inside and not found.second.inside:
            return "Neither plan lies inside its envelope, so none is named"
        return "No result can be forecast here, so doing nothing is as good"
    if found.better == "no treatment":
        return "No treatment is worth more than either"
    side, other = (found.first, found.second) if found.better == "first" else (found.second, found.first)
    alone = f"; {other.name} lies outside its envelope and is not weighed" if not other.inside else ""
    lacking = any(one.id == "lasting-mark" and one.standing == "unknown" for one in found.numbers)
    marks = "; marks that nobody has counted for one device are not in that" if lacking else ""
    return f"Weighed by what the person wants: {side.name}{alone}{marks}"


def _plan_name(side: PlanSide, telling: Telling) -> str:
    visits = len({session.day_d for session in side.plan.sessions})
    name = option_name(side.plan.label, visits, telling.home)
    return name if side.inside else f"{name}. OUTSIDE ITS ENVELOPE, not to be done"


def answer_of(found: Comparison, telling: Telling) -> Section:
    """Both plans, which is better in what, and which one the choice would take."""
    telling = telling.at("The answer")
    said = _both(found, telling)
    said.append(telling.say(better_words(found), lead="Which one"))
    parts = [sentence(part) for part in with_zone_names(found.verdict, telling.kb).split(". ") if part]
    return Section("answer", "Two plans side by side", tuple(said), tuple(Statement(part) for part in parts))


def _both(found: Comparison, telling: Telling) -> list[Statement]:
    return [telling.say(_plan_name(side, telling), lead=f"Plan {side.name}") for side in (found.first, found.second)]


def plans_section(found: Comparison, telling: Telling) -> Section:
    """What the two plans do differently."""
    telling = telling.at("What the plans do differently")
    title = "What the plans do differently"
    if not found.plan_differences:
        return Section("differences", title, (telling.say(_NOTHING_DIFFERENT),))
    a, b = _names(found)
    return Section("differences", title, tables=(differences_table(found.plan_differences, ("What", a, b), telling),))


def effects_section(found: Comparison, telling: Telling) -> Section:
    """What the difference does to the same possible people."""
    title = "What that does"
    telling = telling.at(title)
    names = _names(found)
    forecast = found.second.forecast if found.second.plan.sessions else found.first.forecast
    intro = telling.say(
        f"The same {found.members_count} possible people under both plans, subtracted one by one. A plan is named "
        f"better when at least {found.sure_share:.0%} of them fare better with it and the difference matters. "
        f"{_WITHIN}",
        proposal=True,
    )
    plans = (found.first.plan, found.second.plan)
    points = _notes(plans, found.plan_differences, found.numbers, found.unpaired, telling)
    return Section("effects", title, (intro,), points, numbers_tables(found.numbers, names, telling, forecast))


def _notes(
    plans: Sequence[Plan],
    differences: Sequence[PlanDifference],
    numbers: Sequence[PairedNumber],
    unpaired: Sequence[str],
    telling: Telling,
) -> tuple[Statement, ...]:
    """What the table does not show: no result at all, what only one plan has, and what the worst zone hides."""
    lacking = [] if any(one.id == "outcome" for one in numbers) else [_NO_RESULT]
    said = [*lacking, *unpaired, *_worst_zone_words(plans, differences, numbers, telling.kb)]
    return tuple(telling.say(one) for one in said)


def scores_section(found: Comparison, telling: Telling) -> Section:
    """Both scorecards, and the hard limits that a plan breaks."""
    title = "Weighed by what the person wants"
    telling = telling.at(title)
    rows = []
    points = []
    known = any(one.id == "outcome" for one in found.numbers)
    for key, side in (("first", found.first), ("second", found.second)):
        card = side.scorecard
        gain = (number(card.gain), number(card.gain_low)) if known else (NO_GAIN, NO_GAIN)
        cells = (*gain, f"{number(card.redness_d, 1)} d", of_people(card.harm_probability), str(card.visits_count))
        rows.append(telling.row(side.name, *cells, number(card.utility, 3), strong=found.better == key))
        if card.barred_by:
            points.append(telling.say(card.barred_by, lead=f"{side.name} breaks a limit"))
    if any(one.id == "lasting-mark" and one.standing == "unknown" for one in found.numbers):
        points.append(
            telling.say(
                "The chances of a lasting mark below are not comparable, nor are the scores that weigh them: a part is "
                "not known for one device"
            )
        )
    caption = (
        "Gain in meaningful changes (median; careful: low quantile); redness that most stay below; mean chance of a "
        "lasting mark"
    )
    table = Table(caption, ("Plan", *SCORE_HEADERS[1:]), tuple(rows))
    return Section("scores", title, points=tuple(points), tables=(table,))


def maps_section(found: Comparison, telling: Telling) -> Section | None:
    """Which sessions the maps are of, and their main numbers."""
    title = "Where the channels lie"
    telling = telling.at(title)
    if not found.maps:
        return None
    rows = []
    points = []
    for pair, zones in map_groups(found.maps):
        where = zones_name(zones, telling.kb)
        points.append(telling.say(map_words(pair, found, telling.kb), lead=where[:1].upper() + where[1:]))
        for side, report in ((found.first, pair.first), (found.second, pair.second)):
            cells = ("nothing here", "", "", "")
            if report is not None:
                cells = (
                    f"{report.density_per_cm2:.0f}",
                    f"{report.reached_per_cm2[0]:.0f}",
                    f"{report.within_share:.0%}",
                    f"{2 * report.gap_mm:.1f} mm",
                )
            rows.append(telling.row(f"{where[:1].upper()}{where[1:]}, {side.name}", *cells))
    headers = ("Zone and plan", "Channels for each cm²", "95 % have at least", "Near a channel", "Widest gap")
    intro = telling.say(
        "One session of each plan, the one that lays most channels on the zone, as planned: all passes, without the "
        "stop at the endpoint. Both on the same square of flat skin with the same luck of the hand. Channels close "
        "between sessions, so the sessions of a course are not added up. Density is not benefit"
    )
    return Section("maps", title, (intro,), tuple(points), (Table("", headers, tuple(rows)),))


def _how_section(found: Comparison, telling: Telling) -> Section:
    title = "How this was found"
    telling = telling.at(title)
    versions = ", ".join(f"{name} {version}" for name, version in found.versions)
    negligible = "; ".join(
        f"{entry.id.removeprefix('comparing-negligible-')} {entry.quantity.median:g} {entry.quantity.unit}"
        for entry in telling.kb.parameters
        if entry.id.startswith("comparing-negligible-")
    )
    return Section(
        "how",
        title,
        (
            telling.say(
                f"Ensemble of {found.members_count} possible people, key {found.key}, model {found.model}; {versions}"
            ),
            telling.say(
                "A possible person keeps all that is drawn for them under both plans: skin, healing, luck, and what "
                "research has not settled. So the bands are those of the differences, and most of what is uncertain "
                "about either forecast falls out"
            ),
            telling.say(
                f"Differences below these do not matter (outcome: part of a meaningful change): {negligible}",
                proposal=True,
            ),
        ),
    )


def _telling(found: Comparison, kb: Knowledge, bibliography: Bibliography) -> Telling:
    home = found.setting == "home"
    reader: Reader = "person" if home else "clinician"
    return Telling(kb, reader, home, bibliography)


def _outside(found: Comparison, telling: Telling) -> Section | None:
    return limits_section([(side.name, side.breaches) for side in (found.first, found.second)], telling)


def comparison_text(found: Comparison, kb: Knowledge) -> str:
    """The comparison as plain text, at most 80 columns."""
    telling = _telling(found, kb, Bibliography(kb))
    sections = [
        answer_of(found, telling),
        _outside(found, telling),
        plans_section(found, telling),
        effects_section(found, telling),
        scores_section(found, telling),
    ]
    return _as_text([section for section in sections if section is not None], telling)


def _as_text(sections: Sequence[Section], telling: Telling) -> str:
    lines = [line for section in sections for line in section_lines(section)]
    references = telling.bibliography.references()
    keys = ", ".join(f"[{reference.number}] {reference.key}" for reference in references)
    lines += [*wrapped(f"Sources: {keys}"), ""] if keys else []
    lines += wrapped(NOTICE)
    return "\n".join(line.rstrip() for line in lines)


# ---------------------------------------------------------------- the page


def _tiles(found: Comparison, telling: Telling) -> tuple[Tile, ...]:
    """The differences to remember: result, redness, lasting marks, visits."""
    b, a = found.second.name, found.first.name
    tiles = []
    for name in ("outcome", "redness", "lasting-mark", "visits"):
        one = next((one for one in found.numbers if one.id == name), None)
        if one is None:
            continue
        what = {
            "outcome": f"on the scale, {zone_name(one.zone or '', telling.kb)} ({one.better} is better)",
            "redness": "days of redness after a session",
            "lasting-mark": f"of {MANY} people with a lasting mark",
            "visits": "visits",
        }[name]
        if one.standing == "unknown":
            tiles.append(Tile(_NOT_COMPARABLE.capitalize(), f"{what}: a part of it is not known for one plan's device"))
            continue
        said = {"first": f"{a} better", "second": f"{b} better", "alike": "no difference that matters"}
        words = f"{what}, {b} against {a}: {said.get(one.standing, 'cannot be told')}"
        tiles.append(Tile(_amount(one, one.difference, sign=True), words))
    return tuple(tiles)


def render_comparison_html(found: Comparison, kb: Knowledge) -> str:
    """The comparison as one HTML file: what differs, who is better off, over time, channel maps, scores, sources."""
    bibliography = Bibliography(kb)
    telling = _telling(found, kb, bibliography)
    told = found.second.forecast if found.second.plan.sessions else found.first.forecast
    called = number_names(found.numbers, told, telling)
    shares, over_time = shares_figure(found, called), difference_figure(found, kb)
    first = [
        Block(Section("plans", "The two plans", tuple(_both(found, telling)))),
        *_blocks(_outside(found, telling)),
        *_blocks(plans_section(found, telling)),
        Block(effects_section(found, telling), (shares,) if shares else ()),
    ]
    course = Section(
        "course", "The whole course", (telling.say(_COURSE.format(a=found.first.name, b=found.second.name)),)
    )
    forecast = found.second.forecast
    clearance = screen(forecast.person, forecast.assessment, kb)
    conflicts = conflicts_section((name for one in clearance.decisions for name in one.conflicts), telling)
    parts = (
        Part("compared", "Compared", tuple(first)),
        Part("over-time", "Over time", (Block(course, (over_time,)),) if over_time else ()),
        Part("maps", "Channels", _blocks(maps_section(found, telling), overlay_figures(found, kb))),
        Part("weighed", "Weighed", _blocks(scores_section(found, telling))),
        Part(
            "method",
            "How this was found",
            (
                *_blocks(_how_section(found, telling)),
                *_blocks(assumptions_section(forecast, telling)),
                *_blocks(conflicts),
            ),
        ),
    )
    verdict: Verdict = "go" if found.first.inside and found.second.inside else "defer"
    return render_page(
        Page(
            title="Two plans side by side",
            about=f"Person {found.person}, {setting_words(found.setting)}, start {on_day(found.first.plan.start)}, "
            f"knowledge of {found.first.plan.knowledge_version}",
            verdict=verdict,
            verdict_words=better_words(found),
            answer=with_zone_names(found.verdict, kb),
            tiles=_tiles(found, telling),
            parts=tuple(part for part in parts if part.blocks),
            references=bibliography.references(),
            approval=(),
            marks=f"Plan {found.first.plan.sha256} · plan {found.second.plan.sha256} · comparison {found.sha256} · "
            f"knowledge {found.knowledge_sha256}",
            style=page_style(),
        )
    )


_COURSE = (
    "Every possible person under {b} minus the same person under {a}. Where the whole band lies on one side of the "
    "line, nine of ten people differ in the same direction"
)


def _blocks(section: Section | None, figures: Sequence[object] = ()) -> tuple[Block, ...]:
    return (Block(section, tuple(figures)),) if section is not None else ()  # type: ignore[arg-type]


# ---------------------------------------------------------------- what if


def what_if_text(found: WhatIf, kb: Knowledge) -> str:
    """What a changed input does, as plain text of at most 80 columns."""
    home = found.plan.envelope == "home"
    telling = Telling(kb, "person" if home else "clinician", home, Bibliography(kb))
    sections = [
        _changed_section(found, telling),
        limits_section([("", found.breaches)], telling),
        _nearest_section(found, telling),
        _effects(found, telling),
    ]
    return _as_text([section for section in sections if section is not None], telling)


def _changed_section(found: WhatIf, telling: Telling) -> Section:
    telling = telling.at("What changed")
    said = [
        telling.say(found.before.label, lead="Now"),
        telling.say(found.plan.label, lead=f"Changed ({found.stamp})" if found.stamp else "Changed"),
    ]
    said += [telling.say(one, lead="It follows") for one in found.follows]
    rows = tuple(
        telling.row(
            f"{one.input}, {zones_name(one.zones, telling.kb)}" if one.zones else one.input, one.before, one.after
        )
        for one in found.changes
    )
    tables = [Table("Asked for", ("Input", "Now", "Changed"), rows)] if rows else []
    if found.plan_differences:
        table = differences_table(found.plan_differences, ("What", "Now", "Changed"), telling)
        tables.append(Table("In the plan", table.headers, table.rows))
    else:
        said.append(telling.say(_NOTHING_DIFFERENT))
    return Section("changed", "What changed", tuple(said), tables=tuple(tables))


def _nearest_section(found: WhatIf, telling: Telling) -> Section | None:
    if found.nearest is None:
        return None
    title = "The nearest plan inside the envelope"
    telling = telling.at(title)
    table = differences_table(found.nearest_differences, ("What", "As asked for", "Nearest"), telling)
    tables = (table,) if table.rows and found.nearest.sessions else ()
    return Section("nearest", title, (telling.say(found.nearest.label),), tables=tables)


def _effects(found: WhatIf, telling: Telling) -> Section:
    title = "What that does"
    telling = telling.at(title)
    if found.result == "refused":
        words = (
            found.advice
            if found.advice.startswith("no forecast is made for somebody")
            else "No forecast is made of a home plan outside the home envelope; the reasons stand above"
        )
        return Section("effects", title, (telling.say(words),))
    if found.forecast is None or found.result != "ok":
        return Section("effects", title, (telling.say(found.advice or "There is no forecast of the changed plan"),))
    if not found.numbers:
        return Section(
            "effects", title, (telling.say("There is no forecast of the plan as it is now to compare with"),)
        )
    outside = [telling.say(f"{found.stamp}; shown for understanding only")] if found.stamp else []
    people = f"The same {found.forecast.members_count} possible people under both plans, subtracted one by one"
    return Section(
        "effects",
        title,
        (*outside, telling.say(f"{people}. {_WITHIN}")),
        _notes((found.before, found.plan), found.plan_differences, found.numbers, found.unpaired, telling),
        numbers_tables(found.numbers, ("now", "changed"), telling, found.forecast),
    )
