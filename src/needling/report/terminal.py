"""The same answers in a terminal: they read well at 80 columns, and without colour.

Nothing here loads matplotlib or the templates.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.padding import Padding
from rich.panel import Panel
from rich.table import Table as RichTable
from rich.text import Text

from needling.documents import Choice, Clearance, Forecast, Plan
from needling.knowledge.base import Knowledge
from needling.knowledge.schema import Source
from needling.planning.protocol import say
from needling.report.about_aftercare import not_before_section
from needling.report.about_alternatives import alternatives_section, beside_plan_section
from needling.report.about_choice import (
    beyond_words,
    choice_section,
    declined_section,
    refusal_section,
    score_headers,
    score_rows,
)
from needling.report.about_clearance import (
    choice_headline,
    decisions_section,
    questions_section,
    verdict_sentence,
)
from needling.report.about_forecast import (
    SEVERITY,
    alike_outcomes,
    assumptions_section,
    expect_section,
    harms_section,
    least_words,
    measures_of,
    quantile_curve,
    told_outcomes,
)
from needling.report.about_plan import plan_section, stop_section
from needling.report.bibliography import Bibliography, Reference, safe_link
from needling.report.explanation import COLUMNS, PROPOSAL, Row, Section, Statement, Table, Telling, column_widths
from needling.report.plain import ACCESS_MARK, QUESTIONS_SHOWN
from needling.report.plots import band_plot, dot_rows
from needling.report.words import ACCESS_WORD, DOTS, NOTICE, nothing_words, sentence, with_zone_names, zones_name

if TYPE_CHECKING:
    from needling.planning.envelope import Breach
    from needling.planning.nearest import Nearest


_LEVELS = (0.05, 0.25, 0.5, 0.75, 0.95)
_DAYS_PER_MONTH = 30.4
_GAP = 2


# ---------------------------------------------------------------- pieces


def _width(console: Console) -> int:
    return min(console.width, COLUMNS)


def _print(console: Console, *things: object) -> None:
    for thing in things:
        console.print(thing, width=_width(console), highlight=False, markup=False)


def _title(console: Console, title: str) -> None:
    _print(console, "", Text(title, style="bold"))


def _statement(one: Statement) -> Text:
    text = Text()
    colon = "." if ":" in one.lead else ":"
    if one.lead:
        text.append(f"{one.lead}{colon if one.text else ''} ", style="bold")
    text.append(one.text)
    _add_marks(text, one)
    return text


def _add_marks(text: Text, one: Statement | Row) -> None:
    if one.proposal:
        text.append(f" ({PROPOSAL})", style="italic")
    marks = ", ".join(map(str, one.supports))
    if one.conflicts:
        marks += ("; " if marks else "") + "against: " + ", ".join(map(str, one.conflicts))
    if marks:
        text.append(f" [{marks}]", style="dim")


def _points(console: Console, points: Iterable[Statement]) -> None:
    for point in points:
        grid = RichTable.grid(padding=0)
        grid.add_column(width=2)
        grid.add_column()
        grid.add_row("-", _statement(point))
        _print(console, grid)


def _table(console: Console, table: Table) -> None:
    cells = [table.headers, *(row.plain() for row in table.rows)]
    widths = column_widths(cells, _width(console) - _GAP * len(table.headers))
    shown = RichTable(
        box=SIMPLE_HEAD,
        pad_edge=False,
        padding=(0, _GAP - 1, 0, 0),
        header_style="bold",
        show_edge=False,
        collapse_padding=True,
    )
    for header, width in zip(table.headers, widths, strict=True):
        shown.add_column(Text(header), overflow="fold", width=width)
    for row in table.rows:
        first = Text(row.cells[0] + (" (chosen)" if row.strong else ""))
        _add_marks(first, row)
        shown.add_row(first, *(Text(cell) for cell in row.cells[1:]), style="bold" if row.strong else "")
    if table.caption:
        _print(console, Text(f"\n{table.caption}", style="italic"))
    _print(console, shown)


def _section(console: Console, section: Section | None, *, tables: bool = True) -> None:
    if section is None:
        return
    _title(console, section.title)
    _print(console, *(_statement(paragraph) for paragraph in section.paragraphs))
    _points(console, section.points)
    for table in section.tables if tables else ():
        _table(console, table)


def _panel(console: Console, headline: str, lines: Sequence[str]) -> None:
    body = Text("\n").join([Text(line) for line in lines if line])
    _print(console, Panel(body, title=Text(f" {headline} ", style="bold"), title_align="left", border_style="cyan"))


def _ending(console: Console, bibliography: Bibliography) -> None:
    show_bibliography(console, bibliography.references())
    _print(console, "", Text(NOTICE, style="dim"))


def _telling(kb: Knowledge, home: bool) -> Telling:
    """At home the person reads; in the clinic the clinician does."""
    return Telling(kb, "person" if home else "clinician", home, Bibliography(kb))


# ---------------------------------------------------------------- questions


def _questions(console: Console, clearance: Clearance, telling: Telling) -> None:
    section = questions_section(clearance, telling)
    if section is None:
        return
    _title(console, section.title)
    _print(console, *(_statement(paragraph) for paragraph in section.paragraphs))
    _points(console, section.points[:QUESTIONS_SHOWN])
    more = len(section.points) - QUESTIONS_SHOWN
    if more > 0:
        _print(console, f"  ... and {more} more")


# ---------------------------------------------------------------- forecast


def _dots(console: Console, forecast: Forecast, telling: Telling) -> None:
    """Fifty people for each outcome, as five rows of ten."""
    for outcome, zones in alike_outcomes(forecast):
        if outcome.basis == "none":
            continue
        said = Text(f"{outcome.dots_of_50_count} of {DOTS} people", style="bold")
        said.append(f"\n{sentence(outcome.better_by_label)}", style="none")
        where = least_words((one for one in forecast.outcomes if one.zone in zones), telling.kb)
        counted = f"; counted{where}" if where else ""
        said.append(f"\n{sentence(zones_name(zones, telling.kb) + counted)}", style="none")
        grid = RichTable.grid(padding=(0, 3, 0, 0))
        grid.add_row(Text("\n".join(dot_rows(outcome.dots_of_50_count)), style="cyan"), said)
        _print(console, "", Padding(grid, (0, 0, 0, 2)))


def _band(console: Console, plan: Plan, forecast: Forecast, telling: Telling) -> None:
    """The score over time; zones that are alike share one plot."""
    drawn: set[tuple[tuple[float, ...], ...]] = set()
    told = {outcome.zone for outcome in told_outcomes(forecast)}
    for measure in measures_of(forecast, *SEVERITY):
        curves = tuple(quantile_curve(measure, level) for level in _LEVELS)
        if measure.zone not in told or curves in drawn:
            continue
        drawn.add(curves)
        alike = [
            m.zone
            for m in measures_of(forecast, *SEVERITY)
            if m.zone and tuple(quantile_curve(m, level) for level in _LEVELS) == curves
        ]
        months = forecast.days_d[-1] / _DAYS_PER_MONTH
        step = 1 if months <= 7 else 2 if months <= 14 else 6
        ticks = [(month * _DAYS_PER_MONTH, str(month)) for month in range(0, int(months) + 1, step)]
        _print(console, "", Text(f"{measure.label}, {zones_name(alike, telling.kb)}", style="bold"))
        lines = band_plot(
            forecast.days_d,
            curves,
            x_label="months",
            x_ticks=ticks,
            sessions=sorted({session.day_d for session in plan.sessions}),
            width=min(66, _width(console) - 10),
        )
        _print(console, *(Text(line, no_wrap=True, overflow="crop") for line in lines))


def _forecast_sections(console: Console, plan: Plan, forecast: Forecast, telling: Telling) -> None:
    expect = expect_section(plan, forecast, telling)
    _section(console, expect)
    _dots(console, forecast, telling)
    _band(console, plan, forecast, telling)
    _section(console, harms_section(plan, forecast, telling))
    _section(console, not_before_section(plan, forecast, telling))


def show_forecast(
    console: Console,
    plan: Plan,
    forecast: Forecast,
    kb: Knowledge,
    breaches: Sequence[Breach] = (),
    inside: Nearest | None = None,
) -> None:
    """A plan and its forecast, without a choice: what is expected, harms, waiting times, assumptions, sources.

    Where it leaves its envelope, the first breach and the nearest plan inside stand above everything.
    """
    telling = _telling(kb, plan.envelope == "home")
    lines = [plan.label[0].upper() + plan.label[1:]]
    if breaches:
        lines += ["", f"OUTSIDE THE ENVELOPE, not to be done: {_first_breach(breaches, telling)}"]
        lines += [f"Nearest plan that may be done: {say(inside.plan, kb)}"] if inside is not None else []
    _panel(console, "Forecast of one plan", lines)
    _section(console, plan_section(plan, telling))
    _forecast_sections(console, plan, forecast, telling)
    _section(console, assumptions_section(forecast, telling))
    _ending(console, telling.bibliography)


def _first_breach(breaches: Sequence[Breach], telling: Telling) -> str:
    """The first thing beyond the envelope, and how many more there are."""
    said = dict.fromkeys((breach.what, breach.allowed, breach.because) for breach in breaches)
    what, allowed, because = next(iter(said))
    more = f"; and {len(said) - 1} more, listed below" if len(said) > 1 else ""
    return with_zone_names(f"{what}: allowed is {allowed} ({because}){more}", telling.kb)


def show_no_forecast(console: Console, plan: Plan, clearance: Clearance, kb: Knowledge) -> None:
    """Why a wished plan is not even forecast: the person is not cleared, or at home it lies beyond the envelope."""
    telling = _telling(kb, plan.envelope == "home")
    cleared = clearance.verdict == "go"
    lines = [plan.label[0].upper() + plan.label[1:], ""]
    lines += (
        ["No forecast is made of a home plan outside the home envelope."]
        if cleared
        else [verdict_sentence(clearance, person=True), "No forecast is made for somebody who is not cleared."]
    )
    _panel(console, "No forecast", lines)
    if not cleared:
        _section(console, decisions_section(clearance, telling))
        _questions(console, clearance, telling)
        _ending(console, telling.bibliography)


def show_breaches(console: Console, breaches: Sequence[Breach]) -> None:
    """Where a plan leaves its envelope; says so too when it does not."""
    if not breaches:
        _print(console, "", "The plan is inside its envelope.")
        return
    _title(console, "Outside the envelope: this plan may not be approved")
    # The same breach comes again with every session of a course; it is said once.
    said = dict.fromkeys(
        Statement(sentence(f"allowed is {breach.allowed}; {breach.because}"), breach.what) for breach in breaches
    )
    _points(console, said)


def show_nearest(console: Console, found: Nearest, kb: Knowledge) -> None:
    """The nearest plan inside the envelope to one that is outside: its sentence, to be tried in its place."""
    if not found.changes:
        return
    _title(console, "Nearest plan that may be done")
    said = say(found.plan, kb)
    words = said if found.plan.sessions else f"{said}: nothing of it may be done here"
    _points(console, [Statement(sentence(words))])


# ---------------------------------------------------------------- choice


def show_choice(console: Console, choice: Choice, clearance: Clearance, kb: Knowledge) -> None:
    """A choice: verdict, plan, what to expect, what was compared, harms, waiting times, questions, sources."""
    plan, forecast = choice.plan, choice.forecast
    telling = _telling(kb, plan.envelope == "home")
    headline = choice_headline(choice, clearance)
    if plan.sessions:
        lines = [plan.label[0].upper() + plan.label[1:]]
        told = told_outcomes(forecast)
        if told:
            worst = min(told, key=lambda outcome: outcome.dots_of_50_count)
            where = least_words(told, kb)
            lines.append(
                f"{worst.dots_of_50_count} of {DOTS} people like you gain this{where}: {worst.better_by_label}"
            )
        lines += [beyond_words(choice)]
    else:
        lines = [verdict_sentence(clearance, person=True)] if clearance.verdict != "go" else []
        lines.append(f"The plan for now: {nothing_words(telling.home)}.")
    _panel(console, headline, lines)
    _section(console, declined_section(choice, telling))
    _section(console, decisions_section(clearance, telling))
    _questions(console, clearance, telling)
    heads = plan.sessions and choice.other_treatment_wins and not plan.declined
    if heads:
        _section(console, beside_plan_section(choice, telling))
    if plan.sessions:
        _section(console, plan_section(plan, telling))
        _section(console, stop_section(plan, telling))
        _forecast_sections(console, plan, forecast, telling)
    if clearance.verdict == "go" and (plan.declined or not plan.sessions):
        _section(console, alternatives_section(forecast.person, forecast.assessment, telling))
    elif plan.sessions and not heads:
        _section(console, beside_plan_section(choice, telling))
    if not plan.sessions and clearance.verdict != "go":
        _section(console, refusal_section(choice, telling))
        _ending(console, telling.bibliography)
        return
    _section(console, choice_section(choice, telling), tables=False)
    if len(choice.scorecards) > 1:
        short = Telling(kb, "clinician", telling.home, telling.bibliography)
        _table(console, Table("What was compared", score_headers(choice, short), score_rows(choice, short)))
    if plan.sessions:
        _section(console, assumptions_section(forecast, telling))
    _ending(console, telling.bibliography)


# ---------------------------------------------------------------- sources


def _source_line(console: Console, mark: str, cites: str, access: str) -> None:
    """One line for a source: number, title as far as it fits, and how it was read."""
    room = _width(console) - len(mark) - len(access) - 4
    title = cites if len(cites) <= room else f"{cites[: room - 3].rstrip()}..."
    text = Text(f"{mark} {title} ", no_wrap=True, overflow="crop")
    text.append(f"({access})", style="dim")
    _print(console, text)


def show_bibliography(console: Console, references: Sequence[Reference]) -> None:
    """Numbered sources, one line each: what it is and how it was read."""
    if not references:
        return
    _title(console, "Sources")
    for reference in references:
        _source_line(console, f"[{reference.number}]", reference.cites, ACCESS_MARK[reference.access])


def show_sources(console: Console, sources: Sequence[Source]) -> None:
    """Sources with their keys: what they are used for, how they were read, where they are."""
    for source in sources:
        text = Text(f"{source.key}\n", style="bold")
        text.append(f"{sentence(source.cites)} ", style="none")
        text.append(f"{sentence(ACCESS_WORD[source.access])} {sentence(source.reason)}", style="dim")
        link = safe_link(source)
        _print(console, text, *([Text(link, overflow="fold")] if link else []), "")
