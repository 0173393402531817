"""Where a serum goes: ``needling serum SUBSTANCE``. The topical gate is asked first."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from needling.cli.answering import NO_FORECAST, NO_PLAN, AsJson, Key, Members, knowledge, print_json, working

if TYPE_CHECKING:
    from needling.documents.exposure import Substance


def serum(
    substance: Annotated[str, typer.Argument(help="Id of a product; 'needling topicals' lists them.")],
    site: Annotated[str | None, typer.Option(help="Site of the body; default cheek, or the protocol's.")] = None,
    setting: Annotated[Literal["home", "clinic"], typer.Option(help="Where the needling is done.")] = "home",
    needle_length_mm: Annotated[
        float | None, typer.Option(help="Needle length; 0 for whole skin; default the site's usual.")
    ] = None,
    device: Annotated[str | None, typer.Option(help="Id of the device; default the setting's usual roller.")] = None,
    protocol: Annotated[str | None, typer.Option(help="A protocol sentence instead of length and device.")] = None,
    hours_after: Annotated[
        float, typer.Option(help="Hours from the session to the application; below 0 it goes on before.")
    ] = 0.0,
    occluded: Annotated[bool, typer.Option("--occluded/--open-air", help="Under a cover, or open to the air.")] = False,
    dose_mg_per_cm2: Annotated[float | None, typer.Option(help="Product on the skin; default 2.")] = None,
    percent: Annotated[
        float | None, typer.Option(min=0, max=100, help="Strength of the product; default its usual one.")
    ] = None,
    hours: Annotated[float, typer.Option(help="How long to follow it.")] = 24.0,
    wash_off: Annotated[float | None, typer.Option(help="Hours until it is taken off.")] = None,
    ingredient: Annotated[str | None, typer.Option(help="Which substance of a mixture.")] = None,
    molar_mass: Annotated[
        float | None, typer.Option(help="Molar mass of a substance of your own, g/mol; research only.")
    ] = None,
    log_kow: Annotated[float | None, typer.Option(help="Octanol/water log ratio of a substance of your own.")] = None,
    acid_pka: Annotated[float | None, typer.Option(help="pKa of its acid group.")] = None,
    base_pka: Annotated[float | None, typer.Option(help="pKa of its base group.")] = None,
    research: Annotated[
        bool, typer.Option("--research", help="Compute what the gate refuses; every output is stamped.")
    ] = False,
    figure: Annotated[Path | None, typer.Option(help="Write the figure here, as SVG.")] = None,
    key: Key = 0,
    members: Members = 256,
    as_json: AsJson = False,
) -> None:
    """Where a serum goes after needling: amounts by layer over time, as bands. The gate is asked first."""
    from needling.applying import serum as forecast_of
    from needling.errors import NotAllowed

    kb = knowledge()
    own: str | Substance = substance
    if molar_mass is not None:
        own = _own(substance, molar_mass, log_kow, acid_pka, base_pka)
    try:
        with working("Asking the gate and simulating ...", quiet=as_json):
            found = forecast_of(
                own,
                site=site,
                setting=setting,
                needle_length_mm=needle_length_mm,
                device=device,
                protocol=protocol,
                hours_after_h=hours_after,
                cover="occluded" if occluded else "open-air",
                product_mg_per_cm2=dose_mg_per_cm2,
                concentration_share=None if percent is None else percent / 100,
                hours_h=hours,
                wash_off_h=wash_off,
                ingredient=ingredient,
                research=research,
                members=members,
                key=key,
                kb=kb,
            )
    except NotAllowed as refused:
        if as_json:
            print_json({"error": str(refused), "kind": "NotAllowed"})
        else:
            typer.echo(f"needling: not allowed. {refused}", err=True)
        raise typer.Exit(NO_PLAN) from None
    if figure is not None:
        from needling.report.about_serum import serum_figure
        from needling.writing import write_text

        write_text(figure, serum_figure(found, kb).svg)
    if as_json:
        print_json(found.model_dump(mode="json"))
    else:
        from needling.report.about_serum import explain_serum

        typer.echo(str(explain_serum(found, kb)))
        if figure is not None:
            typer.echo(f"\nWritten: {figure}")
    raise typer.Exit(0 if found.result == "ok" else NO_FORECAST)


def _own(
    name: str,
    molar_mass: float,
    log_kow: float | None,
    acid_pka: float | None,
    base_pka: float | None,
) -> Substance:
    """A substance of one's own; one clear message for numbers that cannot be."""
    from pydantic import ValidationError

    from needling.documents.exposure import Substance
    from needling.errors import BadInput

    if acid_pka is not None and base_pka is not None:
        raise BadInput("give --acid-pka or --base-pka; a substance with both groups is a product's or Python's matter")
    try:
        return Substance(
            name=name,
            molar_mass_g_per_mol=molar_mass,
            log_kow_ratio=log_kow,
            acid_or_base="acid" if acid_pka is not None else "base" if base_pka is not None else "neutral",
            pka_ph=base_pka if acid_pka is None else acid_pka,
        )
    except ValidationError as invalid:
        first = invalid.errors(include_url=False)[0]
        raise BadInput(
            f"{first['loc'][0]} is {first['input']!r}: {first['msg'][0].lower()}{first['msg'][1:]}"
        ) from None


COMMANDS = (serum,)
