"""Two plans side by side, and what a changed input does: in words, as text of 80 columns and as one HTML page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from needling.choosing.judging import Weighing
from needling.documents import Goals, Plan, Verdict
from needling.documents.comparison import Comparison, LimitBroken, PairedNumber, PlanDifference, PlanSide, WhatIf
from needling.knowledge.base import Knowledge
from needling.planning.screen import screen
from needling.report.about_choice import NO_GAIN, SCORE_HEADERS
from needling.report.about_clearance import conflicts_section
from needling.report.about_forecast import assumptions_section, uncapital
from needling.report.bibliography import Bibliography
from needling.report.explanation import Section, Statement, Table, Telling, section_lines, wrapped
from needling.report.html import Block, Page, Part, Tile, page_style, render_page
from needling.report.measures import LASTING_MARK, MARKS, score_caption
from needling.report.overlays import difference_figure, map_groups, map_words, overlay_figures, shares_figure
from needling.report.paired import (
    NOT_COMPARABLE,
    REACHED,
    difference_words,
    least_gain,
    number_names,
    numbers_tables,
    reading,
    unit_words,
)
from needling.report.words import (
    DOTS,
    NOTICE,
    Reader,
    listed,
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

_SHOWN_BREACHES = 12
_NOTHING_DIFFERENT = "Nothing: the plans are the same"
_WITHIN = (
    "A difference is the middle of the differences within people, so it need not be the difference of the two middles "
    "beside it"
)
_NO_RESULT = (
    "No forecast of the result is possible here (there are no data for an honest one), so how much it helps is not "
    "compared, and fewer or milder sessions look free: that does not make them better"
)
_WORST_ZONE = ("redness", "ready", "pain", "lasting-mark")


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


def _in_favour(found: Comparison, standing: str) -> str:
    """What one plan is better in, the sum of all marks for each of them, each thing once; empty for nothing."""
    called = {
        REACHED: "how many gain",
        "redness": "redness",
        "ready": "when skin is ready",
        "lasting-mark": "lasting marks",
        "pain": "pain",
        "visits": "visits",
        "price": "price",
        "outcome": "the improvement of each person",
        "outcome-same-day": "the improvement of each person",
    }
    better = [one for one in found.numbers if one.standing == standing]
    gains = any(one.id == REACHED for one in better)
    names = [called[one.id] for one in better if one.id in called and not (gains and one.id.startswith("outcome"))]
    return listed(list(dict.fromkeys(names)))


def better_words(found: Comparison) -> str:
    """Which plan the choice would take, and what the other one is better in; or why none is named."""
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
    against = _in_favour(found, "second" if found.better == "first" else "first") if not alone else ""
    although = f", although {other.name} is better in {against}" if against else ""
    favour = _in_favour(found, found.better) if not alone else ""
    grounds = f", better in {favour}" if favour else ""
    return f"Weighed by what the person wants: {side.name}{grounds}{although}{alone}{marks}"


def _plan_name(side: PlanSide, telling: Telling) -> str:
    visits = len({session.day_d for session in side.plan.sessions})
    name = option_name(side.plan.label, visits, telling.home)
    return name if side.inside else f"{name}. OUTSIDE ITS ENVELOPE, not to be done"


def answer_of(found: Comparison, telling: Telling, goals: Goals | None = None) -> Section:
    """Both plans, which is better in what, which one the choice would take, and what that weighing rests on."""
    telling = telling.at("The answer")
    said = _both(found, telling)
    said.append(telling.say(better_words(found), lead="Which one"))
    weighed = _weighing(found, goals, telling) if goals is not None else None
    said += [one for one in (reading(found.numbers, _names(found), telling), weighed) if one is not None]
    parts = [sentence(part) for part in with_zone_names(found.verdict, telling.kb).split(". ") if part]
    return Section("answer", "Two plans side by side", tuple(said), tuple(Statement(part) for part in parts))


def _both(found: Comparison, telling: Telling) -> list[Statement]:
    return [telling.say(_plan_name(side, telling), lead=f"Plan {side.name}") for side in (found.first, found.second)]


def _weighing(found: Comparison, goals: Goals, telling: Telling) -> Statement | None:
    """What each side of the score comes to, in points of one meaningful change; None where nothing was weighed."""
    if found.better not in ("first", "second") or not any(one.id == "outcome" for one in found.numbers):
        return None
    weighing = Weighing.of(goals, telling.kb)
    side, other = (found.first, found.second) if found.better == "first" else (found.second, found.first)
    if not (side.inside and other.inside):
        return None
    a, b = side.scorecard, other.scorecard
    points = {
        "careful gain": weighing.gain * (a.gain_low - b.gain_low),
        "redness of all visits": -weighing.downtime * (a.visits_count * a.redness_d - b.visits_count * b.redness_d),
        "lasting marks": -weighing.harm * (a.harm_probability - b.harm_probability),
        "visits": -weighing.visits * (a.visits_count - b.visits_count),
        "price": -weighing.price * ((a.total_price or 0.0) - (b.total_price or 0.0)),
    }
    said = [f"{what} {signed(value)}" for what, value in points.items() if number(value) != "0"]
    return telling.say(
        f"In points of the score, of which 1 is one change that people notice, {side.name} beside {other.name} has "
        f"{listed(said) or 'nothing more and nothing less'}: together {signed(a.utility - b.utility)}. Other weights "
        "of the goals can turn that round",
        lead="What that rests on",
        proposal=True,
    )


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


def scores_section(found: Comparison, telling: Telling, goals: Goals | None = None) -> Section:
    """Both scorecards, and the hard limits that a plan breaks."""
    title = "Weighed by what the person wants"
    telling = telling.at(title)
    rows = []
    points = []
    known = any(one.id == "outcome" for one in found.numbers)
    for key, side in (("first", found.first), ("second", found.second)):
        card = side.scorecard
        gain = number(card.gain_low) if known else NO_GAIN
        cells = (gain, f"{number(card.redness_d, 1)} d", of_people(card.harm_probability), str(card.visits_count))
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
    table = Table(score_caption(telling.kb, goals), ("Plan", *SCORE_HEADERS[1:]), tuple(rows))
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


def comparison_text(found: Comparison, kb: Knowledge, goals: Goals | None = None) -> str:
    """The comparison as plain text, at most 80 columns. goals: those it was weighed by, to say what that rests on."""
    telling = _telling(found, kb, Bibliography(kb))
    sections = [
        answer_of(found, telling, goals),
        _outside(found, telling),
        plans_section(found, telling),
        effects_section(found, telling),
        scores_section(found, telling, goals),
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
    for name in (REACHED, "redness", "lasting-mark", "visits"):
        one = next((one for one in found.numbers if one.id == name), None)
        one = least_gain(found.numbers) if name == REACHED else one
        if one is None:
            continue
        what = {
            REACHED: f"of {DOTS} people gain {uncapital(one.label)}, {zone_name(one.zone or '', telling.kb)}",
            "redness": "days of redness after a session, half of people",
            "lasting-mark": f"{unit_words(one)} with {LASTING_MARK.lower()} ({MARKS})",
            "visits": "visits",
        }[name]
        if one.standing == "unknown":
            tiles.append(Tile(NOT_COMPARABLE.capitalize(), f"{what}: a part of it is not known for one plan's device"))
            continue
        said = {"first": f"{a} better", "second": f"{b} better", "alike": "no difference that matters"}
        words = f"{what}, {b} against {a}: {said.get(one.standing, 'cannot be told')}"
        tiles.append(Tile(difference_words(one).partition(" (")[0], words))
    return tuple(tiles)


def render_comparison_html(found: Comparison, kb: Knowledge, goals: Goals | None = None) -> str:
    """The comparison as one HTML file: what differs, who is better off, over time, channel maps, scores, sources."""
    bibliography = Bibliography(kb)
    telling = _telling(found, kb, bibliography)
    told = found.second.forecast if found.second.plan.sessions else found.first.forecast
    called = number_names(found.numbers, told, telling)
    shares, over_time = shares_figure(found, called), difference_figure(found, kb)
    first = [
        Block(replace(answer_of(found, telling, goals), title="The two plans", points=())),
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
        Part("weighed", "Weighed", _blocks(scores_section(found, telling, goals))),
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
    names = ("now", "changed")
    said = reading(found.numbers, names, telling)
    return Section(
        "effects",
        title,
        (*outside, *([said] if said is not None else []), telling.say(f"{people}. {_WITHIN}")),
        _notes((found.before, found.plan), found.plan_differences, found.numbers, found.unpaired, telling),
        numbers_tables(found.numbers, names, telling, found.forecast),
    )
