"""For whoever runs the clinic's server: ``needling clinic people`` and ``needling clinic renew``."""

from __future__ import annotations

from typing import Annotated

import typer

from needling.cli.answering import AsJson, print_json
from needling.cli.clinic import set_up
from needling.errors import BadInput

_HERE = "http://localhost:8000"

clinic = typer.Typer(help="The people who work in the clinic.", no_args_is_help=True)


@clinic.callback()
def _clinic() -> None:
    """The people who work in the clinic."""


@clinic.command()
def people(as_json: AsJson = False) -> None:
    """Who works in which clinic, in which role, and whether they may sign in."""
    set_up()
    from needling.web.accounts.models import User

    found = User.objects.select_related("clinic").order_by("clinic__name", "role", "email")
    if as_json:
        told = [
            {"clinic": one.clinic.name, "email": one.email, "name": one.name, "role": one.role,
             "may_sign_in": one.is_active}
            for one in found
        ]  # fmt: skip
        print_json({"people": told})
        return
    for one in found:
        typer.echo(
            f"{one.clinic.name}: {one.email} ({one.name}), {one.role}{'' if one.is_active else ', locked out'}"
        )  # fmt: skip
    if not found:
        typer.echo("There is nobody in this database yet.")


@clinic.command()
def renew(
    email: Annotated[str, typer.Argument(help="Whose password or phone is lost.")],
    address: Annotated[str, typer.Option(help="Where the pages are reached.")] = _HERE,
    let_in: Annotated[bool, typer.Option("--let-in", help="Also let in somebody who was locked out.")] = False,
) -> None:
    """A link for somebody who lost password or phone, an owner too: it works once, and stands in the trail."""
    set_up()
    from needling.web.accounts.changes import renew_on_server
    from needling.web.accounts.links import path_of
    from needling.web.accounts.models import RENEWAL_HOURS, User

    found = User.objects.select_related("clinic").filter(email=email.strip().lower()).first()
    if found is None:
        raise BadInput(f"nobody signs in with {email}; 'needling clinic people' tells who does")
    if not found.is_active and not let_in:
        raise BadInput(f"{email} is locked out; add --let-in if an owner wants them in again")
    _, token = renew_on_server(found)
    typer.echo(f"For {found.name}, {found.role} of {found.clinic.name}; once, for {RENEWAL_HOURS} hours:")
    typer.echo(address.rstrip("/") + path_of("renew", token))
    typer.echo("They set password and second factor anew. What was open for them has ended. The trail says so.")


COMMANDS = ()
GROUPS = {"clinic": clinic}
