"""The open plan-study benchmark: ``needling planstudy [SUBMISSION.json ...]``."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from needling.cli.answering import NO_PLAN, AsJson, counting, knowledge, print_json, warm


def planstudy(
    submissions: Annotated[
        list[Path] | None, typer.Argument(help="Submission files; without one the people of the study are listed.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder for leaderboard.json, leaderboard.md and leaderboard.svg.")
    ] = None,
    doubts: Annotated[
        bool, typer.Option("--doubts/--no-doubts", help="Rank under every other reading of the evidence as well.")
    ] = True,
    key: Annotated[
        int | None, typer.Option(min=0, max=2**31 - 1, help="Other possible people than the scorecard's, as a check.")
    ] = None,
    people: Annotated[Path | None, typer.Option(help="Write the case files of the people into this folder.")] = None,
    default: Annotated[Path | None, typer.Option(help="Write our own default plans to this submission file.")] = None,
    search: Annotated[
        bool, typer.Option("--search", help="For --default: look at all that the envelope allows, not only trials.")
    ] = False,
    schema: Annotated[bool, typer.Option("--schema", help="Print the JSON Schema of a submission.")] = False,
    as_json: AsJson = False,
) -> None:
    """Score plans for twelve virtual people on a fixed scorecard; yours, ours, anybody's."""
    from needling.trials.planstudy.study import load_study, person_files, read_submission, submission_schema
    from needling.writing import write_text

    if schema:
        print_json(submission_schema())
        return
    study = load_study(knowledge())
    written: list[Path] = []
    if people is not None:
        for path in person_files():
            written.append(people / path.name)
            write_text(written[-1], path.read_text(encoding="utf-8"))
    if default is not None:
        warm(quiet=as_json)
        from needling.trials.planstudy.leaderboard import default_submission
        from needling.trials.planstudy.study import write_submission

        with counting(quiet=as_json) as say:
            told = None if say is None else partial(say, "Planning for every person")
            write_text(default, write_submission(default_submission(study, searched=search, progress=told)))
        written.append(default)
    if not submissions:
        if as_json:
            print_json([{"id": one.id, "verdict": one.clearance.verdict, "why": one.why} for one in study.people])
        elif written:
            typer.echo(f"Written: {', '.join(map(str, written))}")
        else:
            from needling.report.about_planstudy import study_text

            typer.echo(study_text(study))
        return
    handed_in = [read_submission(path, study) for path in submissions]
    warm(quiet=as_json)

    from needling.report.about_planstudy import leaderboard_figure, leaderboard_markdown, leaderboard_text
    from needling.trials.planstudy.leaderboard import as_data, as_json_text, score_submissions

    with counting(quiet=as_json) as say:
        told = None if say is None else partial(say, "Scoring every plan on every person")
        board = score_submissions(handed_in, study, key=key, with_doubts=doubts, progress=told)
    if out is not None:
        pages = (
            ("leaderboard.json", as_json_text(board)),
            ("leaderboard.md", leaderboard_markdown(board)),
            ("leaderboard.svg", leaderboard_figure(board).svg + "\n"),
        )
        for name, text in pages:
            written.append(out / name)
            write_text(written[-1], text)
    if as_json:
        print_json(as_data(board))
    else:
        typer.echo(leaderboard_text(board))
        if written:
            typer.echo(f"\nWritten: {', '.join(map(str, written))}")
    raise typer.Exit(NO_PLAN if any(entry.disqualified for entry in board.entries) else 0)


COMMANDS = (planstudy,)
