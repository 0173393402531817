"""From a case to its answer: ``needling screen | plan | replay | simulate``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from needling.cli.answering import (
    NO_FORECAST,
    NO_PLAN,
    AsJson,
    CaseFile,
    Key,
    Members,
    console,
    counting,
    knowledge,
    print_json,
    warm,
    working,
)

# ---------------------------------------------------------------- screen


def screen(
    case: Annotated[Path | None, typer.Argument(help="Case file; without it the questions are asked here.")] = None,
    as_json: AsJson = False,
    template: Annotated[bool, typer.Option("--template", help="Print a blank case file with every question.")] = False,
    home: Annotated[bool, typer.Option("--home/--clinic", help="For --template: which setting.")] = False,
    save: Annotated[Path | None, typer.Option(help="Without a case file: save the answers here.")] = None,
) -> None:
    """Is it for me? go, ask, defer, refer or exclude, each with its why. Unknown never passes."""
    from needling.planning.screen import screen as decide

    kb = knowledge()
    if template:
        from needling.planning.cases import blank_case

        typer.echo(blank_case(kb, "home" if home else "clinic"))
        return
    if case is None:
        from needling.asking import ask_case

        found = ask_case(console(), kb, save)
    else:
        from needling.planning.cases import read_case

        found = read_case(case, kb)
    clearance = decide(found.person, found.assessment, kb)
    if as_json:
        print_json(clearance.model_dump(mode="json"))
    else:
        from needling.report.plain import clearance_text

        typer.echo(clearance_text(clearance, kb, bold=lambda title: typer.style(title, bold=True)))
    raise typer.Exit(0 if clearance.verdict == "go" else NO_PLAN)


# ---------------------------------------------------------------- plan and simulate


def plan(
    case: CaseFile,
    out: Annotated[Path, typer.Option(help="Folder for the HTML and JSON files.")] = Path("out"),
    key: Key = 0,
    members: Members = 256,
    search: Annotated[
        bool,
        typer.Option(
            "--search",
            help="Look at all that the envelope allows, thousands of candidates; else at what the listed trials did.",
        ),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Screen, propose, forecast and choose; prints the plan and writes OUT/<case>.html and .json."""
    from needling.planning.cases import read_case

    kb = knowledge()
    found = read_case(case, kb)
    warm(quiet=as_json)

    from needling.archive import run_case
    from needling.report.html import render_html
    from needling.simulation import CourseResult, picture_of
    from needling.writing import write_text

    if search:
        with counting(quiet=as_json) as progress:
            run = run_case(found, kb, key=key, members=members, searched=True, progress=progress)
    else:
        with working("Simulating the candidates ...", quiet=as_json):
            run = run_case(found, kb, key=key, members=members)
    with working("Drawing the pages ...", quiet=as_json):
        choice = run.choice
        html = render_html(choice, run.clearance, kb, channel_map=picture_of(choice.plan, kb, key=key))
        record = run.model_dump(mode="json")
    written = (out / f"{case.stem}.html", out / f"{case.stem}.json")
    write_text(written[0], html)
    write_text(written[1], json.dumps(record, indent=1, ensure_ascii=False, sort_keys=True) + "\n")
    if as_json:
        print_json(record)
    else:
        from needling.report.terminal import show_choice

        terminal = console()
        show_choice(terminal, choice, run.clearance, kb)
        terminal.print(f"\nWritten: {written[0]}  {written[1]}", markup=False, soft_wrap=True)
    if choice.forecast.result != CourseResult.OK.value:
        raise typer.Exit(NO_FORECAST)
    raise typer.Exit(0 if choice.plan.sessions else NO_PLAN)


def replay(
    run: Annotated[Path, typer.Argument(help="A JSON file that 'needling plan' wrote.")],
    as_json: AsJson = False,
) -> None:
    """Run a plan's file again and compare every number with what it says."""
    kb = knowledge()

    from needling.archive import read_run
    from needling.archive import replay as run_again

    first = read_run(run)
    warm(quiet=as_json)
    with working("Running it again ...", quiet=as_json):
        found = run_again(first, kb)
    if as_json:
        print_json(found._asdict())
    else:
        typer.echo(f"{run}: {found.said}")
    raise typer.Exit(0 if found.agrees else NO_PLAN)


def simulate(
    case: CaseFile,
    protocol: Annotated[
        str, typer.Option(help='Like "1.5 mm roller, 4 directions x 4 passes, cheeks, every 6 weeks x 3".')
    ],
    key: Key = 0,
    members: Members = 256,
    as_json: AsJson = False,
) -> None:
    """Forecast one protocol for a case, and say where it leaves the envelope; of what may not be, only why."""
    from needling.comparing import broken_limits, no_forecast_because
    from needling.planning.assemble import plan_from_sentence
    from needling.planning.cases import read_case
    from needling.planning.envelope import breaches
    from needling.planning.nearest import nearest
    from needling.planning.protocol import say
    from needling.planning.screen import screen as decide

    kb = knowledge()
    found = read_case(case, kb)
    clearance = decide(found.person, found.assessment, kb)
    wished = plan_from_sentence(protocol, found.person, found.assessment, clearance, kb)
    outside = breaches(wished, clearance, kb)
    inside = nearest(wished, found.person, found.assessment, clearance, kb)
    refused = no_forecast_because(wished, broken_limits(wished, clearance, kb))
    expected = None
    if not refused:
        warm(quiet=as_json)

        from needling.simulation import Belief, forecast
        from needling.simulation import simulate as run

        course = run(wished, found.person, found.assessment, Belief.prior(kb, members=members), key=key)
        expected = forecast(course, wished)
    if as_json:
        print_json(
            {
                "plan": wished.model_dump(mode="json"),
                "forecast": expected.model_dump(mode="json") if expected is not None else None,
                "because": refused,
                "breaches": [
                    breach._asdict() | {"sources": [c.model_dump() for c in breach.sources]} for breach in outside
                ],
                "nearest": say(inside.plan, kb),
            }
        )
    else:
        from needling.report.terminal import show_breaches, show_forecast, show_nearest, show_no_forecast

        terminal = console()
        if expected is None:
            show_no_forecast(terminal, wished, clearance, kb)
        else:
            show_forecast(terminal, wished, expected, kb, outside, inside)
        show_breaches(terminal, outside)
        show_nearest(terminal, inside, kb)
    raise typer.Exit(NO_PLAN if outside else 0)


COMMANDS = (screen, plan, replay, simulate)
