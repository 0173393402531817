"""Around the work: ``needling cite | selftest | warmup``."""

from __future__ import annotations

from typing import Annotated

import typer

from needling.cli.answering import NO_FORECAST, NO_PLAN, AsJson, console, knowledge, print_json, warm


def cite(
    words: Annotated[list[str] | None, typer.Argument(help="Source keys, rule ids, or words to search for.")] = None,
    as_json: AsJson = False,
) -> None:
    """How to cite needling; or the sources behind a rule, a key or a word."""
    from needling.report.bibliography import how_to_cite, sources_for
    from needling.report.terminal import show_sources

    kb = knowledge()
    if not words:
        citation = how_to_cite(kb)
        print_json({"citation": citation}) if as_json else typer.echo(citation)
        return
    found = sources_for(words, kb)
    if as_json:
        print_json([source.model_dump(mode="json") for source in found])
    elif found:
        show_sources(console(), found)
    else:
        typer.echo(f"Nothing cited for: {' '.join(words)}. Try a source key, a rule id or one word.", err=True)
    raise typer.Exit(0 if found else NO_PLAN)


def selftest(as_json: AsJson = False) -> None:
    """Run the built-in checks on this machine and say what was checked."""
    from needling.selftest import run_checks

    warm(quiet=as_json)
    results = []
    for result in run_checks():
        results.append(result)
        if not as_json:
            mark = "ok  " if result.passed else "FAIL"
            typer.echo(f"{mark} {result.name}: {result.said} ({result.seconds:.2f} s)")
    if as_json:
        print_json([result._asdict() for result in results])
    else:
        passed = sum(result.passed for result in results)
        typer.echo(f"{passed} of {len(results)} checks passed")
    raise typer.Exit(0 if all(result.passed for result in results) else NO_FORECAST)


def warmup() -> None:
    """Compile the simulation kernels and the knowledge cache once, so that later commands start fast."""
    import time

    start = time.perf_counter()
    kb = knowledge()
    warm(quiet=False, everything=True)
    typer.echo(f"Ready in {time.perf_counter() - start:.1f} s: knowledge {kb.version}, kernels compiled.")


COMMANDS = (cite, selftest, warmup)
