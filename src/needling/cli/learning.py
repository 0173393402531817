"""From a plan to what became of it: ``needling approve | score | calibration``."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from needling.cli.answering import NO_PLAN, AsJson, console, knowledge, print_json, working
from needling.errors import BadInput, NotAllowed

if TYPE_CHECKING:
    from needling.learning.papers import Progress

TOO_FEW = 4


def _as_text(content: object) -> str:
    return json.dumps(content, indent=1, ensure_ascii=False, sort_keys=True) + "\n"


# ---------------------------------------------------------------- approve


def approve(
    run: Annotated[Path, typer.Argument(help="A JSON file that 'needling plan' wrote.")],
    by: Annotated[str, typer.Option(help="Id of who approves: the clinician, or the person for a home plan.")],
    out: Annotated[Path | None, typer.Option(help="File to write; else <RUN>-approval.json beside the run.")] = None,
    as_json: AsJson = False,
) -> None:
    """Lock a plan with its forecast before anything is done; records and scores refer to it."""
    kb = knowledge()

    from pydantic import ValidationError

    from needling.archive import check_knowledge, read_run
    from needling.planning.approve import approve as lock
    from needling.planning.screen import screen
    from needling.writing import write_text

    found = read_run(run)
    check_knowledge(found, kb)
    clearance = screen(found.case.person, found.case.assessment, kb)
    if clearance != found.clearance:
        raise BadInput(f"{run}: its clearance is not what its case gives; plan again, and approve that file")
    choice = found.choice
    same = choice.forecast.person == found.case.person and choice.forecast.assessment == found.case.assessment
    if not same:
        raise BadInput(f"{run}: the forecast is of another person or assessment than the case; plan again")
    target = out or run.with_name(f"{run.stem}-approval.json")
    if target.exists():
        raise BadInput(f"{target}: is there already; an approval is never written over, so choose another --out")
    try:
        approval = lock(choice.plan, choice.forecast, clearance, by=by, kb=kb)
    except NotAllowed as refused:
        if as_json:
            print_json({"error": str(refused), "kind": "NotAllowed"})
        else:
            typer.echo(f"needling: {refused}", err=True)
        raise typer.Exit(NO_PLAN) from None
    except ValidationError as invalid:
        message = invalid.errors(include_url=False)[0]["msg"]
        raise BadInput(f"--by '{by}': {message}; an id is letters, digits, '.', '_', ':' or '-'") from None
    data = approval.model_dump(mode="json")
    write_text(target, _as_text(data))
    if as_json:
        print_json({"approval": approval.sha256, "file": str(target)})
    else:
        typer.echo(f"Approved by {by}: {choice.plan.label}\nApproval {approval.sha256}\nWritten: {target}")


# ---------------------------------------------------------------- score


def score(
    approval: Annotated[Path, typer.Argument(help="A JSON file that 'needling approve' wrote.")],
    files: Annotated[
        list[Path] | None, typer.Argument(help="Records of sessions and follow-ups, YAML or JSON, in any order.")
    ] = None,
    template: Annotated[bool, typer.Option("--template", help="Print a record and a follow-up to fill in.")] = False,
    session: Annotated[int, typer.Option(min=0, help="For --template: which session, from 0.")] = 0,
    maps: Annotated[bool, typer.Option("--maps", help="Lay delivered channels against planned ones (slower).")] = False,
    out: Annotated[Path, typer.Option(help="Folder for the HTML and the misses JSON.")] = Path("out"),
    as_json: AsJson = False,
) -> None:
    """Was the forecast right, and was the plan done? Forecast against seen, planned against delivered."""
    kb = knowledge()

    from needling.learning.papers import blank_visit, read_approval, read_told

    locked = read_approval(approval)
    if template:
        typer.echo(blank_visit(locked, session), nl=False)
        return
    if not files:
        raise BadInput(
            "no records and no follow-ups; name their files, or print one to fill in with "
            f"'needling score --template {approval}'"
        )
    told = read_told(files, locked, kb)

    from needling.learning import score as hold_against
    from needling.report.about_score import is_good, render_score_html, score_text
    from needling.writing import write_text

    with working("Laying the delivered channels ..." if maps else "Scoring ...", quiet=as_json):
        misses = hold_against(locked, told.records, told.followups, kb, maps=maps)
        html = render_score_html(misses, locked, kb)
    stem = approval.stem.removesuffix("-approval")
    written = (out / f"{stem}-score.html", out / f"{stem}-misses.json")
    data = misses.model_dump(mode="json")
    write_text(written[0], html)
    write_text(written[1], _as_text(data))
    if as_json:
        print_json(data)
    else:
        typer.echo(score_text(misses, locked, kb))
        typer.echo(f"\nWritten: {written[0]}  {written[1]}")
    raise typer.Exit(0 if is_good(misses) else NO_PLAN)


# ---------------------------------------------------------------- calibration


@contextmanager
def _counted(what: str, quiet: bool) -> Iterator[Progress | None]:
    """A bar with the time that is left, where somebody is watching."""
    to = console(stderr=True)
    if quiet or not to.is_terminal:
        yield None
        return
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn())
    with Progress(*columns, console=to, transient=True) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def calibration(
    misses: Annotated[list[Path], typer.Argument(help="Files that 'needling score' wrote, or folders of them.")],
    out: Annotated[Path | None, typer.Option(help="Folder for calibration.html and calibration.json.")] = None,
    as_json: AsJson = False,
) -> None:
    """Were the forecasts right over many people? Bias, coverage, calibration; a model that fails is shown failing."""
    kb = knowledge()

    from needling.learning import pool
    from needling.learning.papers import read_misses
    from needling.report.about_calibration import calibration_text, render_calibration_html
    from needling.writing import write_text

    with _counted("Reading scores ...", quiet=as_json) as progress:
        scores = read_misses(misses, progress=progress)
    with _counted("Pooling ...", quiet=as_json) as progress:
        found = pool(scores, kb, progress=progress)
    data = found.model_dump(mode="json")
    if as_json:
        print_json(data)
    else:
        typer.echo(calibration_text(found, kb))
    if out is not None:
        written = (out / "calibration.html", out / "calibration.json")
        write_text(written[0], render_calibration_html(found, kb))
        write_text(written[1], _as_text(data))
        if not as_json:
            typer.echo(f"\nWritten: {written[0]}  {written[1]}")
    raise typer.Exit({"holds": 0, "failing": NO_PLAN, "too few to say": TOO_FEW}[found.verdict])


COMMANDS = (approve, score, calibration)
