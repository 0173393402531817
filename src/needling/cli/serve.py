"""The web application: ``needling serve``."""

from __future__ import annotations

from typing import Annotated

import typer

from needling.errors import BadInput


def serve(
    host: Annotated[str, typer.Option(help="Address to listen on; 0.0.0.0 for the whole network.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port to listen on.")] = 8000,
    threads: Annotated[int, typer.Option(min=1, max=64, help="Requests that are answered at once.")] = 8,
) -> None:
    """Serve the self-check, the library and the clinic on this computer, until Ctrl-C."""
    try:
        import waitress
    except ImportError:
        raise BadInput('the web application needs more packages: python -m pip install "needling[web]"') from None
    from needling.cli.answering import warm
    from needling.cli.clinic import set_up

    set_up()
    warm(quiet=False)
    from needling.web.wsgi import application

    typer.echo(f"needling is on http://{'localhost' if host == '127.0.0.1' else host}:{port}/   (Ctrl-C ends it)")
    try:
        waitress.serve(application, host=host, port=port, threads=threads, ident=None)
    except OSError as problem:
        raise BadInput(f"cannot listen on {host}:{port}: {problem.strerror}; try another --port") from None


COMMANDS = (serve,)
