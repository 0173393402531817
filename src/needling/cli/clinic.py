"""For whoever runs the clinic's server: ``needling audit verify``, ``needling backup``, ``needling restore``."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import typer

from needling.cli.answering import AsJson, print_json
from needling.errors import BadInput

if TYPE_CHECKING:
    from needling.web.charts.alarms import Alarm

WRONG, ANSWERED = 1, 4
"""Exit codes of ``audit verify``: not as it was written, and nothing but alarms that an owner has answered."""


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
    """Whether trail, documents, charts and accounts of every clinic are as the trail tells.

    Exit code 0: yes, and there never was an alarm. 1: no, or there is an alarm that nobody has answered. 4: yes by now,
    but there were alarms, and an owner has said what was found of each. Alarms and answers are always told.
    """
    set_up()
    from needling.web.accounts.models import Clinic
    from needling.web.charts.alarms import alarms_of
    from needling.web.charts.models import Trace
    from needling.web.charts.trail import lost_clinics, problems

    found = {
        str(clinic.id): (clinic.name, Trace.objects.filter(clinic=clinic).count(), list(problems(clinic)))
        for clinic in Clinic.objects.order_by("name")
    }
    answered = {name: [one for one in alarms_of(UUID(name)) if one.answers] for name in found}
    lost = lost_clinics()
    wrong = bool(lost) or any(problems for _, _, problems in found.values())
    code = WRONG if wrong else ANSWERED if any(answered.values()) else 0
    if as_json:
        clinics = {
            name: {"rows": rows, "problems": here, "answered": [_plain(one) for one in answered[name]]}
            for name, (_, rows, here) in found.items()
        }
        print_json({"clinics": clinics, "lost": lost, "holds": code == 0})
    for clinic, (name, rows, problems_here) in () if as_json else found.items():
        holds = "the chain holds" if not answered[clinic] else "the chain holds, beside alarms that were answered"
        typer.echo(f"{name}: {rows} rows, {holds if not problems_here else 'NOT as it was written'}")
        for one in problems_here:
            typer.echo(f"  - {one}")
        for alarm in answered[clinic]:
            typer.echo(f"  - {alarm.says}")
            for said in alarm.answers:
                words = "".join(letter for letter in " ".join(said.words.split()) if letter.isprintable())
                typer.echo(f"      {said.by}, {said.at:%Y-%m-%d %H:%M} UTC: {said.found}. {words}")
    for one in () if as_json else lost:
        typer.echo(f"NOT as it was written: {one}")
    if not found and not lost and not as_json:
        typer.echo("There is no clinic in this database yet.")
    raise typer.Exit(code)


def _plain(alarm: Alarm) -> dict[str, Any]:
    """An alarm with its answers, as JSON has it."""
    answers = [{**vars(one), "at": one.at.isoformat()} for one in alarm.answers]
    return {"row": alarm.number, "at": alarm.at.isoformat(), "says": alarm.says, "answers": answers}


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
