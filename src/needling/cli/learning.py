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
    from needling.documents import Choice, Clearance
    from needling.knowledge import Knowledge
    from needling.learning.papers import Progress

TOO_FEW = 4


def _as_text(content: object) -> str:
    return json.dumps(content, indent=1, ensure_ascii=False, sort_keys=True) + "\n"


# ---------------------------------------------------------------- approve


def approve(
    run: Annotated[Path, typer.Argument(help="A file of 'needling plan', or what 'needling adapt --json' printed.")],
    by: Annotated[str, typer.Option(help="Id of who approves: the clinician, or the person for a home plan.")],
    out: Annotated[Path | None, typer.Option(help="File to write; else <RUN>-approval.json beside the run.")] = None,
    as_json: AsJson = False,
) -> None:
    """Lock a plan with its forecast before anything is done; records and scores refer to it."""
    kb = knowledge()

    from pydantic import ValidationError

    from needling.learning.papers import is_proposal
    from needling.planning.approve import approve as lock
    from needling.writing import write_text

    choice, clearance = _proposed(run, kb, as_json) if is_proposal(run) else _planned(run, kb)
    target = out or run.with_name(f"{run.stem}-approval.json")
    if target.exists():
        raise BadInput(f"{target}: is there already; an approval is never written over, so choose another --out")
    try:
        approval = lock(choice.plan, choice.forecast, clearance, by=by, kb=kb)
    except NotAllowed as refused:
        raise _refused(str(refused), as_json) from None
    except ValidationError as invalid:
        message = invalid.errors(include_url=False)[0]["msg"]
        raise BadInput(f"--by '{by}': {message}; an id is letters, digits, '.', '_', ':' or '-'") from None
    data = approval.model_dump(mode="json")
    write_text(target, _as_text(data))
    if as_json:
        print_json({"approval": approval.sha256, "file": str(target)})
    else:
        typer.echo(f"Approved by {by}: {choice.plan.label}\nApproval {approval.sha256}\nWritten: {target}")


def _refused(why: str, as_json: bool) -> typer.Exit:
    """Says why nothing is approved; to be raised."""
    if as_json:
        print_json({"error": why, "kind": "NotAllowed"})
    else:
        typer.echo(f"needling: {why}", err=True)
    return typer.Exit(NO_PLAN)


def _planned(run: Path, kb: Knowledge) -> tuple[Choice, Clearance]:
    """What a run chose, and its clearance, screened again."""
    from needling.archive import check_knowledge, read_run
    from needling.planning.screen import screen

    found = read_run(run)
    check_knowledge(found, kb)
    clearance = screen(found.case.person, found.case.assessment, kb)
    if clearance != found.clearance:
        raise BadInput(f"{run}: its clearance is not what its case gives; plan again, and approve that file")
    forecast = found.choice.forecast
    if forecast.person != found.case.person or forecast.assessment != found.case.assessment:
        raise BadInput(f"{run}: the forecast is of another person or assessment than the case; plan again")
    return found.choice, clearance


def _proposed(path: Path, kb: Knowledge, as_json: bool) -> tuple[Choice, Clearance]:
    """How a course should go on, and its clearance, screened again."""
    from needling.learning.papers import read_proposal
    from needling.planning.screen import screen

    found = read_proposal(path)
    if found.choice is None:
        said = "; ".join(reason.what for reason in found.reasons)
        raise _refused(f"{path}: there is no plan to approve, the answer is '{found.kind}': {said}", as_json)
    if found.clearance.knowledge_sha256 != kb.sha256:
        raise BadInput(
            f"{path}: it stood on knowledge {found.clearance.knowledge_sha256[:12]}, in force is {kb.sha256[:12]}; "
            "adapt again"
        )
    clearance = screen(found.choice.forecast.person, found.assessment, kb)
    if clearance != found.clearance:
        raise BadInput(f"{path}: its clearance is not what its answers give; adapt again, and approve that file")
    return found.choice, clearance


# ---------------------------------------------------------------- score


def score(
    approval: Annotated[Path, typer.Argument(help="A JSON file that 'needling approve' wrote.")],
    files: Annotated[
        list[Path] | None, typer.Argument(help="Records of sessions and follow-ups, YAML or JSON, in any order.")
    ] = None,
    template: Annotated[bool, typer.Option("--template", help="Print a record and a follow-up to fill in.")] = False,
    session: Annotated[int, typer.Option(help="For --template: which session, from 1.")] = 1,
    maps: Annotated[bool, typer.Option("--maps", help="Lay delivered channels against planned ones (slower).")] = False,
    earlier: Annotated[
        list[Path] | None,
        typer.Option("--earlier", help="An approval of this course that was replaced; give each of them."),
    ] = None,
    out: Annotated[Path, typer.Option(help="Folder for the HTML and the misses JSON.")] = Path("out"),
    as_json: AsJson = False,
) -> None:
    """Was the forecast right, was the plan done, and did it harm? Unwanted events first, then forecast and delivery."""
    kb = knowledge()

    from needling.learning.papers import blank_visit, read_approval, read_told

    locked = read_approval(approval)
    if template:
        if session < 1:
            planned = len(locked.plan.sessions)
            raise BadInput(f"--session {session}: sessions are counted from 1; the plan has 1 to {planned}")
        typer.echo(blank_visit(locked, session - 1, kb), nl=False)
        return
    if not files:
        raise BadInput(
            "no records and no follow-ups; name their files, or print one to fill in with "
            f"'needling score --template {approval}'"
        )
    told = read_told(files, locked, kb, earlier=[read_approval(path) for path in earlier or ()])

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
