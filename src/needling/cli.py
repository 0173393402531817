"""The command line: ``needling screen | plan | simulate | replay | cite | selftest | warmup``.

Exit codes: 0 done (screen: may go; plan: a plan with sessions), 1 no plan (not suitable now, questions open, or
"no treatment" chosen), 2 input that cannot be used, 3 a forecast that could not be computed.

Every command imports what it needs when it runs, so that screening never waits for a compiler.
"""

from __future__ import annotations

import json
import sys
from contextlib import AbstractContextManager, nullcontext, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from needling.cli_knowledge import AsJson, knowledge, print_json, register
from needling.errors import BadInput, NeedlingError, OutOfRange

if TYPE_CHECKING:
    from rich.console import Console

NO_PLAN, BAD_INPUT, NO_FORECAST = 1, 2, 3

app = typer.Typer(
    name="needling",
    help="Treatment planning for derma rollers: is it for me, plan, forecast. Decision support and research; "
    "not a cleared medical device; a clinician decides.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

CaseFile = Annotated[Path, typer.Argument(help="Case file (YAML or JSON): a person, an assessment, goals.")]
Key = Annotated[
    int, typer.Option(min=0, max=2**31 - 1, help="Key of the random numbers; the same key, the same result.")
]
Members = Annotated[int, typer.Option(min=64, max=65536, help="Possible people in the ensemble.")]


def _console(stderr: bool = False) -> Console:
    from rich.console import Console

    return Console(stderr=stderr, highlight=False)


def _working(what: str, quiet: bool) -> AbstractContextManager[object]:
    """A line that says what takes its time, where somebody is watching."""
    if quiet or not sys.stderr.isatty():
        return nullcontext()
    return _console(stderr=True).status(what)


def _warm(quiet: bool, *, everything: bool = False) -> None:
    """Compile the kernels if this machine has not compiled them yet, and say so."""
    from needling.simulation import lanes_are_warm, warm_all_lanes, warm_lanes

    warm = warm_all_lanes if everything else warm_lanes
    if lanes_are_warm() and not everything:
        return
    if quiet:
        warm()
        return
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    console = _console(stderr=True)
    with Progress(
        SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn(), console=console, transient=True
    ) as progress:
        task = progress.add_task("Compiling the simulation kernels, once on this machine (about 10-30 s) ...")
        warm(lambda name: progress.update(task, description=f"Compiling the simulation kernels, once: {name} ..."))


# ---------------------------------------------------------------- screen


@app.command()
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

        found = ask_case(_console(), kb, save)
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


@app.command()
def plan(
    case: CaseFile,
    out: Annotated[Path, typer.Option(help="Folder for the HTML and JSON files.")] = Path("out"),
    key: Key = 0,
    members: Members = 256,
    as_json: AsJson = False,
) -> None:
    """Screen, propose, forecast and choose; prints the plan and writes OUT/<case>.html and .json."""
    from needling.planning.cases import read_case

    kb = knowledge()
    found = read_case(case, kb)
    _warm(quiet=as_json)

    from needling.archive import run_case
    from needling.report.html import render_html
    from needling.simulation import CourseResult, picture_of
    from needling.writing import write_text

    with _working("Simulating the candidates and drawing the pages ...", quiet=as_json):
        run = run_case(found, kb, key=key, members=members)
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

        console = _console()
        show_choice(console, choice, run.clearance, kb)
        console.print(f"\nWritten: {written[0]}  {written[1]}", markup=False, soft_wrap=True)
    if choice.forecast.result != CourseResult.OK.value:
        raise typer.Exit(NO_FORECAST)
    raise typer.Exit(0 if choice.plan.sessions else NO_PLAN)


@app.command()
def replay(
    run: Annotated[Path, typer.Argument(help="A JSON file that 'needling plan' wrote.")],
    as_json: AsJson = False,
) -> None:
    """Run a plan's file again and compare every number with what it says."""
    kb = knowledge()

    from needling.archive import read_run
    from needling.archive import replay as run_again

    first = read_run(run)
    _warm(quiet=as_json)
    found = run_again(first, kb)
    if as_json:
        print_json(found._asdict())
    else:
        typer.echo(f"{run}: {found.said}")
    raise typer.Exit(0 if found.agrees else NO_PLAN)


@app.command()
def simulate(
    case: CaseFile,
    protocol: Annotated[
        str, typer.Option(help='Like "1.5 mm roller, 4 directions x 4 passes, cheeks, every 6 weeks x 3".')
    ],
    key: Key = 0,
    members: Members = 256,
    as_json: AsJson = False,
) -> None:
    """Forecast one protocol for a case, and say where it leaves the envelope."""
    from needling.planning.assemble import plan_from_sentence
    from needling.planning.cases import read_case
    from needling.planning.envelope import breaches
    from needling.planning.screen import screen as decide

    kb = knowledge()
    found = read_case(case, kb)
    clearance = decide(found.person, found.assessment, kb)
    wished = plan_from_sentence(protocol, found.person, found.assessment, clearance, kb)
    outside = breaches(wished, clearance, kb)
    _warm(quiet=as_json)

    from needling.simulation import Belief, forecast
    from needling.simulation import simulate as run

    course = run(wished, found.person, found.assessment, Belief.prior(kb, members=members), key=key)
    expected = forecast(course, wished)
    if as_json:
        print_json(
            {
                "plan": wished.model_dump(mode="json"),
                "forecast": expected.model_dump(mode="json"),
                "breaches": [
                    breach._asdict() | {"sources": [c.model_dump() for c in breach.sources]} for breach in outside
                ],
            }
        )
    else:
        from needling.report.terminal import show_breaches, show_forecast

        console = _console()
        show_forecast(console, wished, expected, kb)
        show_breaches(console, outside)
    raise typer.Exit(NO_PLAN if outside else 0)


# ---------------------------------------------------------------- cite, selftest, warmup


@app.command()
def cite(
    words: Annotated[list[str] | None, typer.Argument(help="Source keys, rule ids, or words to search for.")] = None,
    as_json: AsJson = False,
) -> None:
    """How to cite needling; or the sources behind a rule, a key or a word."""
    from needling.report.bibliography import how_to_cite, sources_for
    from needling.report.terminal import show_sources

    kb = knowledge()
    if not words:
        citation = how_to_cite(kb)
        print_json({"citation": citation}) if as_json else typer.echo(citation)
        return
    found = sources_for(words, kb)
    if as_json:
        print_json([source.model_dump(mode="json") for source in found])
    elif found:
        show_sources(_console(), found)
    else:
        typer.echo(f"Nothing cited for: {' '.join(words)}. Try a source key, a rule id or one word.", err=True)
    raise typer.Exit(0 if found else NO_PLAN)


@app.command()
def selftest(as_json: AsJson = False) -> None:
    """Run the built-in checks on this machine and say what was checked."""
    from needling.selftest import run_checks

    _warm(quiet=as_json)
    results = []
    for result in run_checks():
        results.append(result)
        if not as_json:
            mark = "ok  " if result.passed else "FAIL"
            typer.echo(f"{mark} {result.name}: {result.said} ({result.seconds:.2f} s)")
    if as_json:
        print_json([result._asdict() for result in results])
    else:
        passed = sum(result.passed for result in results)
        typer.echo(f"{passed} of {len(results)} checks passed")
    raise typer.Exit(0 if all(result.passed for result in results) else NO_FORECAST)


@app.command()
def warmup() -> None:
    """Compile the simulation kernels and the knowledge cache once, so that later commands start fast."""
    import time

    start = time.perf_counter()
    kb = knowledge()
    _warm(quiet=False, everything=True)
    typer.echo(f"Ready in {time.perf_counter() - start:.1f} s: knowledge {kb.version}, kernels compiled.")


register(app)


def main() -> None:
    """Entry point: every user error is one message on stderr (or JSON) and exit code 2, never a traceback."""
    try:
        app(standalone_mode=True)
    except OutOfRange as problem:
        _fail(problem, NO_FORECAST)
    except NeedlingError as problem:
        _fail(problem, BAD_INPUT)
    except BrokenPipeError:
        raise SystemExit(0) from None  # the reader (head, less) has gone: nothing is left to say
    except (OSError, ValueError) as problem:
        if isinstance(problem, ValueError) and "closed file" not in str(problem):
            raise
        _fail(BadInput(f"the output cannot be written: {problem}"), BAD_INPUT)


def _fail(problem: NeedlingError, code: int) -> None:
    if "--json" in sys.argv:
        print_json({"error": str(problem), "kind": type(problem).__name__})
    else:
        with suppress(OSError, ValueError):
            typer.echo(f"needling: {problem}", err=True)
    raise SystemExit(code) from None
