"""The web application: ``needling serve``."""

from __future__ import annotations

import gc
import os
import select
import sys
from typing import Annotated, Any

import typer

from needling.errors import BadInput


def serve(
    host: Annotated[str, typer.Option(help="Address to listen on; 0.0.0.0 for the whole network.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port to listen on.")] = 8000,
    threads: Annotated[int, typer.Option(min=1, max=64, help="Requests that are answered at once.")] = 8,
    proxy: Annotated[
        str, typer.Option(help="Address of the server that speaks https in front of this one (with NEEDLING_HTTPS=1).")
    ] = "127.0.0.1",
    demo: Annotated[
        bool, typer.Option("--demo", help="A clinic with invented people to look at, in a data folder of its own.")
    ] = False,
) -> None:
    """Serve the self-check, the library and the clinic on this computer, until Ctrl-C."""
    try:
        import waitress
    except ImportError:
        raise BadInput('the web application needs more packages: .venv/bin/python -m pip install -e ".[web]"') from None
    from needling.cli.answering import warm
    from needling.cli.clinic import set_up

    if demo:
        _own_folder()
    set_up()
    _say_what_is_unsafe(host)
    warm(quiet=False)
    if demo:
        _prepare()
    from needling.web.wsgi import application

    typer.echo(f"needling is on http://{'localhost' if host == '127.0.0.1' else host}:{port}/   (Ctrl-C ends it)")
    if demo:
        _answer_enter()
    _collect_garbage()
    try:
        waitress.serve(
            application, host=host, port=port, threads=threads, ident=None, **_limits(), **_in_front(proxy)
        )  # fmt: skip
    except OSError as problem:
        raise BadInput(f"cannot listen on {host}:{port}: {problem.strerror}; try another --port") from None


def _collect_garbage() -> None:
    """What commands that end soon do without (``__main__``), a server needs: rings of objects are freed again.

    What is loaded by now stays for good, so it is not looked through each time.
    """
    gc.collect()
    gc.freeze()
    gc.enable()


def _limits() -> dict[str, Any]:
    """What anybody may ask of this server before it looks at who asks: sizes in bytes, times in seconds.

    A body is kept in memory and never on disk: whatever is larger than any page takes is refused by what it says of
    its length, or as soon as it is longer.
    """
    from django.conf import settings

    return {
        "max_request_body_size": settings.LARGEST_BODY,
        "inbuf_overflow": settings.LARGEST_BODY + 1,
        "max_request_header_size": 32 * 1024,
        "channel_timeout": 30,
        "cleanup_interval": 10,
        "connection_limit": 400,
        "asyncore_use_poll": hasattr(select, "poll"),
    }


def _in_front(proxy: str) -> dict[str, Any]:
    """What the server in front may say: that a request came over https, and from where; nobody else may say it."""
    from django.conf import settings

    if not settings.HTTPS:
        return {}
    return {
        "trusted_proxy": proxy,
        "trusted_proxy_headers": "x-forwarded-for x-forwarded-proto",
        "clear_untrusted_proxy_headers": True,
    }


# ---------------------------------------------------------------- the demo


def _own_folder() -> None:
    """A demo keeps to a folder of its own: no clinic's database or key is ever near it."""
    from needling.web.keys import data_folder

    for variable in ("DATABASE_URL", "NEEDLING_HTTPS"):
        if os.environ.get(variable):
            raise BadInput(f"{variable} is set: this is a clinic's server. A demo has a database of its own; unset it.")
    os.environ["NEEDLING_DATA"] = str(data_folder() / "demo")


def _prepare() -> None:
    """Make the demo, and tell its accounts once; one that was made before is served as it is."""
    from datetime import date

    from needling.web import demo
    from needling.web.accounts.models import Clinic
    from needling.web.keys import data_folder

    if Clinic.objects.exists():
        typer.echo("The demo of before, as it was left. Its password was told when it was made.")
    else:
        typer.echo("Making a clinic with invented people (a few seconds) ...")
        made = demo.make_demo(date.today())
        typer.echo(f"\n{made.people_count} people. Sign in as one of these; the password is told only now:\n")
        for role, email in made.accounts:
            typer.echo(f"  {role:<10} {email}")
        typer.echo(f"  password   {made.password}\n")
    typer.echo(f"To begin afresh, delete {data_folder()}")
    typer.echo(f"Code of the second factor, now: {demo.code_now()}   (codes change every half minute)")


def _answer_enter() -> None:
    """Whoever sits at the terminal of a demo gets the code of the moment with the Enter key."""
    from threading import Thread

    from needling.web.demo import code_now

    def answer() -> None:
        for _ in sys.stdin:
            typer.echo(f"Code now: {code_now()}")

    if sys.stdin is not None and sys.stdin.isatty():
        typer.echo("Press Enter here for the code of the moment.")
        Thread(target=answer, daemon=True).start()


def _say_what_is_unsafe(host: str) -> None:
    """What the checks of this installation found, where it can work all the same."""
    from needling.web.checks import findings, in_words, listens_far

    for one in [*findings(), *listens_far(host)]:
        typer.secho(f"warning: {in_words(one)}", err=True, fg=typer.colors.YELLOW)


COMMANDS = (serve,)
