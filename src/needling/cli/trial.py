"""A trial on a virtual population: ``needling trial``."""

from __future__ import annotations

import gc
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Annotated, Any

import typer

from needling.cli.answering import NO_FORECAST, AsJson, console, knowledge, print_json, warm
from needling.errors import BadInput

if TYPE_CHECKING:
    from needling.documents.study import Study, TrialResults
    from needling.knowledge import Knowledge
    from needling.trials.running import Progress

_LINE_EVERY_S = 10.0  # between two lines of progress where nobody watches

TEMPLATE = """\
# A trial on virtual people. Everything in this file is fixed before it is run: its sha256 is the registration.
# To change anything, copy the file; a folder of results holds one study only.
id: cheeks-depth-1
title: Does 1.5 mm do more than 0.5 mm for rolling acne scars?
question: Is the grade of acne scars lower after three sessions at 1.5 mm than after three at 0.5 mm?
on: 2026-11-21

population:
  people_count: 10000           # screened; who does not pass the screening does not enter
  setting: clinic               # clinic | home
  age: {mean_y: 30, sd_y: 8, from_y: 18, to_y: 60}
  phototypes: {II: 0.2, III: 0.4, IV: 0.3, V: 0.1}   # shares that add up to 1
  sexes: {female: 0.6, male: 0.4}
  facts:                        # answers that some give; all other questions are answered quietly
    - {name: smoker, share: 0.2}
  zones:
    - {zone: cheek-left, concern: acne-scars-rolling, area_cm2: 40}
    - {zone: cheek-right, concern: acne-scars-rolling, area_cm2: 40}

eligibility:                    # on top of the screening, which nobody passes by
  age_from_y: 18
  age_to_y: 55
  # phototypes: [II, III, IV]
  # excluded: {smoker: true}

arms:                           # a protocol in words, "no treatment", or "chosen": the plan needling would choose
  deep: 1.5 mm roller, 4 directions x 4 passes, cheeks, every 6 weeks x 3
  shallow: 0.5 mm roller, 4 directions x 4 passes, cheeks, every 6 weeks x 3

outcome:
  primary: change               # change | responder | redness | harm
  # judge_day_d: 180            # else when the arm that ends last can fairly be judged

analysis:
  margin: 0.25                  # smallest difference that matters, in the unit of the outcome
  alpha_probability: 0.05
  power_probability: 0.8        # of the real trial whose size is worked out
  control: shallow
  design: paired                # paired: everybody in every arm | independent: everybody in one arm

dropout: {share: 0.1, by: end}
missed_probability: 0.05        # of each session
force: {person_sd_ratio: 0.15, session_sd_ratio: 0.1}
worlds: {others_count: 16, people_share: 0.0625}   # other values of what nobody knows
key: 1                          # of the random numbers
"""


# ---------------------------------------------------------------- what is said while it runs


def _left(seconds: float) -> str:
    """``1:05``, ``2:03:00``, or nothing where it is not known."""
    if seconds != seconds:  # not a number
        return ""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f", {hours}:{minutes:02d}:{rest:02d} left" if hours else f", {minutes}:{rest:02d} left"


@contextmanager
def _told(people: int, quiet: bool) -> Iterator[tuple[Progress | None, Callable[[str], None]]]:
    """Progress and messages on stderr: a bar where somebody watches, else a line now and then.

    Args:
        people: of the whole trial; shards are told as people. quiet: progress is left out, messages are not.
    """
    to = console(stderr=True)

    def line(text: str) -> None:
        with suppress(OSError, ValueError):
            typer.echo(f"needling: {text}", err=True)

    if quiet:
        yield None, line
        return
    if to.is_terminal:
        from rich.progress import BarColumn, Progress, TextColumn

        with Progress(TextColumn("{task.description}"), BarColumn(), console=to, transient=True) as bar:
            task = bar.add_task("Simulating virtual people ...", total=None)

            def draw(done: int, total: int, left: float) -> None:
                said = f"{people * done // total} of {people} people{_left(left)}"
                bar.update(task, completed=done, total=total, description=said)

            yield draw, lambda text: bar.console.print(f"needling: {text}", highlight=False, markup=False)
        return
    last = [-_LINE_EVERY_S]

    def tell(done: int, total: int, left: float) -> None:
        if time.monotonic() - last[0] >= _LINE_EVERY_S or done == total:
            last[0] = time.monotonic()
            line(f"{people * done // total} of {people} people{_left(left)}")

    yield tell, line


@contextmanager
def _ended_politely() -> Iterator[None]:
    """A batch system ends a job with SIGTERM: that is an interruption like Ctrl-C, and nothing is lost by it."""

    def interrupt(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    try:
        before = signal.signal(signal.SIGTERM, interrupt)
    except ValueError:  # not in the main thread: who runs us there ends us in another way
        yield
        return
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


# ---------------------------------------------------------------- the command


def _table(headers: tuple[str, ...], rows: tuple[tuple[str, ...], ...]) -> str:
    import csv
    import io

    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerows((headers, *rows))
    return text.getvalue()


def _write(folder: Path, study: Study, results: TrialResults, kb: Knowledge) -> list[str]:
    """The page, and every figure with its table; names of what was written."""
    from needling.report.about_trial import render_trial_html
    from needling.report.trial_figures import trial_figures
    from needling.writing import write_text

    figures = trial_figures(study, results)
    write_text(folder / "report.html", render_trial_html(study, results, kb, figures))
    for name, figure in figures.items():
        write_text(folder / "figures" / f"{name}.svg", figure.svg + "\n")
        write_text(folder / "figures" / f"{name}.csv", _table(figure.headers, figure.rows))
    return ["study.json", "results.json", "report.html", "figures", "shards"]


def trial(
    study: Annotated[Path | None, typer.Argument(help="Study file (YAML or JSON); --template prints one.")] = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder of this trial alone; run again, it goes on from there.")
    ] = None,
    workers: Annotated[int, typer.Option(min=0, help="Worker processes on this machine; 0: in this one.")] = 0,
    scheduler: Annotated[
        str | None, typer.Option(help="Address of a Dask scheduler, as tcp://host:8786: its workers compute.")
    ] = None,
    people: Annotated[int | None, typer.Option(help="Not possible: the number of people is registered.")] = None,
    template: Annotated[bool, typer.Option("--template", help="Print a study file with comments.")] = False,
    as_json: AsJson = False,
) -> None:
    """Try plans on virtual people, as registered beforehand: differences, harms, and the size of a real trial."""
    if template:
        typer.echo(TEMPLATE, nl=False)
        return
    if study is None or out is None:
        raise BadInput(
            "name a study file and a folder: needling trial study.yaml --out FOLDER; --template prints a study file"
        )
    if people is not None:
        raise BadInput(
            f"--people {people}: a study is not changed after its registration; copy {study}, set people_count there, "
            "and choose another --out"
        )
    from needling.trials.running import check_workers_asked, run_trial
    from needling.trials.storing import Unfinished
    from needling.trials.studies import read_study

    gc.enable()  # switched off for short commands; this one may run for hours
    check_workers_asked(workers, scheduler)
    kb = knowledge()
    registered = read_study(study, kb)

    from needling.report.about_trial import registration_lines, trial_text

    typer.echo("\n".join(registration_lines(registered, kb)) + "\n", err=as_json)
    if few := _few_shards(registered, workers):
        typer.echo(few, err=True)
    try:
        with _ended_politely():
            if scheduler is None:
                warm(quiet=as_json)
            with _told(registered.population.people_count, quiet=as_json) as (progress, say):
                ran = run_trial(registered, out, kb, workers=workers, scheduler=scheduler, progress=progress, say=say)
            try:
                written = _write(out, registered, ran.results, kb)
            except BadInput as problem:
                raise Unfinished(f"{problem}; all shards and results.json are kept in {out}") from None
    except Unfinished as problem:
        _stop(str(problem), as_json)
    except KeyboardInterrupt:
        _stop(f"interrupted; what is finished is kept in {out}; run the same command again and it goes on", as_json)
    if as_json:
        data: dict[str, Any] = ran.results.model_dump(mode="json")
        print_json(data | {"folder": str(out), "files": written})
    else:
        typer.echo(trial_text(registered, ran.results, kb))
        typer.echo(f"\nWritten: {out} ({', '.join(written)}; shards is one Parquet data set of all people)")


def _few_shards(study: Study, workers: int) -> str:
    """What a study of few shards cannot do: show its progress, go on from a part, keep all workers busy; else empty."""
    from needling.trials.shards import shard_count

    shards = shard_count(study)
    if shards > 1 and shards >= workers:
        return ""
    what = "one shard" if shards == 1 else f"{shards} shards"
    return (
        f"This study is {what} of up to {study.block_people_count} people: no more than {shards} of the workers can be "
        "busy, and progress is seen shard by shard. A smaller block_people_count in a new study file, such as 256, "
        "divides it; it is part of the registration.\n"
    )


def _stop(why: str, as_json: bool) -> None:
    """End with the exit code of what could not be computed."""
    if as_json:
        print_json({"error": why, "kind": "Unfinished"})
    else:
        with suppress(OSError, ValueError):
            typer.echo(f"needling: {why}", err=True)
    sys.stdout.flush()
    raise typer.Exit(NO_FORECAST)


COMMANDS = (trial,)
