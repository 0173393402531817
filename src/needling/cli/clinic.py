"""For whoever runs the clinic's server: ``needling audit verify``, ``needling backup``, ``needling restore``."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer

from needling.cli.answering import AsJson, print_json
from needling.errors import BadInput

WRONG = 1


def set_up() -> None:
    """Django, ready to be used; the database brought to this version.

    Raises:
        BadInput: the extra is not installed, or this installation cannot work as it is.
    """
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "needling.web.settings")
    try:
        import django
        from django.core.management import call_command

        django.setup()
    except ImportError:
        raise BadInput('the web application needs more packages: .venv/bin/python -m pip install -e ".[web]"') from None
    from needling.web.checks import findings, in_words
    from needling.web.keys import data_folder

    with suppress(OSError):
        data_folder().mkdir(mode=0o700, parents=True, exist_ok=True)
    wrong = [in_words(one) for one in findings() if one.is_serious()]
    if wrong:
        raise BadInput("\n".join(wrong))
    call_command("migrate", verbosity=0, interactive=False)


audit = typer.Typer(help="The trail of who did what.", no_args_is_help=True)


@audit.callback()
def _audit() -> None:
    """The trail of who did what."""


@audit.command()
def verify(as_json: AsJson = False) -> None:
    """Whether trail, documents, charts and accounts of every clinic are as the trail tells: exit code 0 yes, 1 no."""
    set_up()
    from needling.web.accounts.models import Clinic
    from needling.web.charts.models import Trace
    from needling.web.charts.trail import lost_clinics, problems

    found = {
        str(clinic.id): (clinic.name, Trace.objects.filter(clinic=clinic).count(), list(problems(clinic)))
        for clinic in Clinic.objects.order_by("name")
    }
    lost = lost_clinics()
    wrong = bool(lost) or any(problems for _, _, problems in found.values())
    if as_json:
        clinics = {name: {"rows": rows, "problems": here} for name, (_, rows, here) in found.items()}
        print_json({"clinics": clinics, "lost": lost, "holds": not wrong})
    for name, rows, problems_here in () if as_json else found.values():
        typer.echo(f"{name}: {rows} rows, {'the chain holds' if not problems_here else 'NOT as it was written'}")
        for one in problems_here:
            typer.echo(f"  - {one}")
    for one in () if as_json else lost:
        typer.echo(f"NOT as it was written: {one}")
    if not found and not lost and not as_json:
        typer.echo("There is no clinic in this database yet.")
    raise typer.Exit(WRONG if wrong else 0)


def backup(
    file: Annotated[Path, typer.Argument(help="A new file; it holds what is kept of people.")],
    check: Annotated[bool, typer.Option("--check", help="Only read the file, and say whether it is whole.")] = False,
) -> None:
    """Everything of the database at one moment in one file. The keys in the data folder are kept apart from it."""
    set_up()
    from needling.web.charts import keeping

    kept = keeping.check(file) if check else keeping.backup(file)
    rows = sum(kept.rows.values())
    says = "written" if not check else "whole" if kept.signed else "whole; there is no key here to say who wrote it"
    typer.echo(f"{file}: {rows} rows, {says}. Keep the keys of the data folder apart from it.")


def restore(file: Annotated[Path, typer.Argument(help="A file that 'needling backup' wrote.")]) -> None:
    """Bring a backup back into an empty database, all or nothing, and check the trail."""
    set_up()
    from needling.web.charts import keeping

    kept = keeping.restore(file)
    typer.echo(f"{sum(kept.rows.values())} rows brought back; the trail holds.")
    if kept.lost:
        typer.echo(f"{kept.lost} rows of the trail came after this backup: what they tell of is lost.")
    if kept.erased_again:
        typer.echo(f"Erased after this backup was made, and erased again: {kept.erased_again} people.")


COMMANDS = (backup, restore)
GROUPS = {"audit": audit}
