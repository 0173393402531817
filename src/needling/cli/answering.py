"""What commands share: the knowledge in force, one form of output, exit codes, and waiting that says so."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from rich.console import Console

    from needling.knowledge import Knowledge

NO_PLAN, BAD_INPUT, NO_FORECAST = 1, 2, 3
NOTHING_FOUND = 1

CaseFile = Annotated[Path, typer.Argument(help="Case file (YAML or JSON): a person, an assessment, goals.")]
Key = Annotated[
    int, typer.Option(min=0, max=2**31 - 1, help="Key of the random numbers; the same key, the same result.")
]
Members = Annotated[int, typer.Option(min=64, max=65536, help="Possible people in the ensemble.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]


def knowledge() -> Knowledge:
    """The knowledge in force; what its user must be told goes to stderr."""
    from needling.knowledge import load_knowledge

    kb = load_knowledge()
    for warning in kb.warnings:
        typer.secho(f"warning: {warning}", err=True, fg=typer.colors.YELLOW)
    return kb


def print_json(content: Any) -> None:
    """The one form of --json output."""
    typer.echo(json.dumps(content, indent=2, ensure_ascii=False, sort_keys=True))


def console(stderr: bool = False) -> Console:
    """Where coloured text goes."""
    from rich.console import Console

    return Console(stderr=stderr, highlight=False)


def working(what: str, quiet: bool) -> AbstractContextManager[object]:
    """A line that says what takes its time, where somebody is watching."""
    if quiet or not sys.stderr.isatty():
        return nullcontext()
    return console(stderr=True).status(what)


@contextmanager
def counting(quiet: bool) -> Iterator[Callable[[str, int, int], None] | None]:
    """Progress with the remaining time, where somebody is watching: called with what, how much is done, of how much."""
    if quiet or not sys.stderr.isatty():
        yield None
        return
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeRemainingColumn

    columns = SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn()
    with Progress(*columns, console=console(stderr=True), transient=True) as progress:
        tasks: dict[str, Any] = {}

        def say(what: str, done: int, of: int) -> None:
            if what not in tasks:
                for old in tasks.values():
                    progress.update(old, visible=False)
                tasks[what] = progress.add_task(what)
            progress.update(tasks[what], completed=done, total=of)

        yield say


def warm(quiet: bool, *, everything: bool = False) -> None:
    """Compile the kernels if this machine has not compiled them yet, and say so."""
    from needling.simulation import lanes_are_warm, warm_all_lanes, warm_lanes

    compile_kernels = warm_all_lanes if everything else warm_lanes
    if lanes_are_warm() and not everything:
        return
    if quiet:
        compile_kernels()
        return
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    to = console(stderr=True)
    with Progress(
        SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn(), console=to, transient=True
    ) as progress:
        task = progress.add_task("Compiling the simulation kernels, once on this machine (about 10-30 s) ...")
        compile_kernels(
            lambda name: progress.update(task, description=f"Compiling the simulation kernels, once: {name} ...")
        )
