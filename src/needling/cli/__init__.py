"""The command line, one file for each kind of command: ``needling screen | plan | simulate | ...``.

Exit codes: 0 done (screen: may go; plan: a plan with sessions), 1 no plan (not suitable now, questions open, or
"no treatment" chosen), 2 input that cannot be used, 3 a forecast that could not be computed.

Only the file of the command that was called is read, and every command imports what it needs when it runs, so that
screening never waits for a compiler.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from contextlib import suppress
from importlib import import_module

import typer

from needling.cli.answering import BAD_INPUT, NO_FORECAST, print_json
from needling.errors import BadInput, NeedlingError, OutOfRange

# Which file holds a command; a file of commands lists them in COMMANDS, and groups of commands in GROUPS.
HOME = {
    **dict.fromkeys(("screen", "plan", "replay", "simulate"), "case"),
    **dict.fromkeys(("claims", "conflicts", "rules", "devices", "indications", "sites", "topicals"), "knowledge"),
    **dict.fromkeys(("sources", "alternatives", "jurisdictions", "redflags", "scale", "knowledge"), "knowledge"),
    **dict.fromkeys(("sensitivity", "export"), "research"),
    **dict.fromkeys(("approve", "score", "calibration"), "learning"),
    **dict.fromkeys(("numbing",), "numbing"),
    **dict.fromkeys(("cite", "selftest", "warmup"), "upkeep"),
    **dict.fromkeys(("learn", "adapt"), "adapting"),
    "map": "map",
    "serve": "serve",
    **dict.fromkeys(("audit", "backup", "restore"), "clinic"),
    "clinic": "people",
    "planstudy": "planstudy",
    "serum": "serum",
    **dict.fromkeys(("compare", "whatif"), "weighing"),
    "trial": "trial",
}


def build(files: Iterable[str] | None = None) -> typer.Typer:
    """The command line with the commands of some files, or of all."""
    app = typer.Typer(
        name="needling",
        help="Treatment planning for derma rollers: is it for me, plan, forecast. Decision support and research; "
        "not a cleared medical device; a clinician decides.",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
    )

    @app.callback()
    def _whole() -> None:
        """One command alone is still called by its name."""

    for file in dict.fromkeys(HOME.values()) if files is None else files:
        commands = import_module(f"needling.cli.{file}")
        for command in commands.COMMANDS:
            app.command()(command)
        for name, group in getattr(commands, "GROUPS", {}).items():
            app.add_typer(group, name=name)
    return app


def main() -> None:
    """Entry point: every user error is one message on stderr (or JSON) and exit code 2, never a traceback."""
    called = sys.argv[1] if len(sys.argv) > 1 else ""
    try:
        build([HOME[called]] if called in HOME else None)(standalone_mode=True)
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
