"""Numbing cream before needling: ``needling numbing``.

Exit codes: 0 within the label's limits, 1 refused or not answered yet, 2 input that cannot be used, 3 a person or place
that the model was not made for.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from needling.cli.answering import NO_PLAN, AsJson, Key, knowledge, print_json
from needling.errors import BadInput

if TYPE_CHECKING:
    from needling.planning.numbing import Skin


def _contents(given: list[str] | None) -> dict[str, float] | None:
    """``lidocaine=15`` as a drug and its percent."""
    found: dict[str, float] = {}
    for one in given or ():
        drug, equals, strength = one.partition("=")
        try:
            found[drug.strip().lower()] = float(strength)
        except ValueError:
            raise BadInput(f"--content '{one}' is not understood; write it like lidocaine=4") from None
        if not equals:
            raise BadInput(f"--content '{one}' is not understood; write it like lidocaine=4")
    return found or None


def numbing(
    product: Annotated[str, typer.Argument(help="A numbing cream, as lidocaine-prilocaine or lidocaine-4.")],
    area_cm2: Annotated[float, typer.Option("--area-cm2", help="Skin covered, in cm².")],
    amount_g: Annotated[float, typer.Option("--amount-g", help="Cream on the skin in all, in grams.")],
    minutes: Annotated[float, typer.Option(help="Time until it is wiped off.")],
    site: Annotated[list[str], typer.Option(help="Where, as face, cheek, neck; give it twice for two places.")],
    occluded: Annotated[
        bool | None, typer.Option("--occluded/--open", help="Wrapped, or open to the air. Left out: not known.")
    ] = None,
    weight_kg: Annotated[float | None, typer.Option("--weight-kg", help="Body weight.")] = None,
    age_y: Annotated[float | None, typer.Option("--age-y", help="Age in years.")] = None,
    skin: Annotated[str | None, typer.Option(help="whole, needled or broken; left out: not known.")] = None,
    broken_skin: Annotated[bool, typer.Option("--broken-skin", help="The same as --skin broken.")] = False,
    liver_disease: Annotated[
        bool | None, typer.Option("--liver-disease/--no-liver-disease", help="Left out: not known.")
    ] = None,
    heart_disease: Annotated[
        bool | None, typer.Option("--heart-disease/--no-heart-disease", help="Left out: not known.")
    ] = None,
    methaemoglobin_risk: Annotated[
        bool | None,
        typer.Option(
            "--methaemoglobin-risk/--no-methaemoglobin-risk",
            help="G6PD deficiency, dapsone, a sulfa medicine or a nitrate. Left out: not known.",
        ),
    ] = None,
    home: Annotated[
        bool | None, typer.Option("--home/--clinic", help="Where it would be done; left out: at home, the stricter.")
    ] = None,
    content: Annotated[
        list[str] | None, typer.Option(help="For the product 'custom', research only: lidocaine=15, in percent.")
    ] = None,
    research: Annotated[
        bool, typer.Option("--research", help="Compute what is refused as well; every output is stamped.")
    ] = False,
    figure: Annotated[Path | None, typer.Option(help="Write the figure here, as SVG.")] = None,
    members: Annotated[int, typer.Option(min=64, max=8192, help="Possible people in the ensemble.")] = 1024,
    key: Key = 0,
    as_json: AsJson = False,
) -> None:
    """Is this numbing cream within its label, and how much of it reaches the blood? Names no dose."""
    from needling.errors import did_you_mean

    states: tuple[Skin, ...] = ("whole", "needled", "broken")
    state: Skin | None = next((one for one in states if skin and one == skin.lower()), None)
    if skin is not None and state is None:
        raise BadInput(f"unknown skin '{skin}'{did_you_mean(skin, states)}; allowed: {', '.join(states)}")
    if broken_skin and state not in (None, "broken"):
        raise BadInput(f"--broken-skin and --skin {state} contradict each other; give one of them")
    if not area_cm2 > 0 or not amount_g > 0 or not minutes > 0:
        wrong = {"--area-cm2": area_cm2, "--amount-g": amount_g, "--minutes": minutes}
        named = ", ".join(f"{name} is {value:g}" for name, value in wrong.items() if not value > 0)
        raise BadInput(f"{named}; it must be a number above 0")
    kb = knowledge()

    from needling.anaesthetic import numbing as forecast_numbing

    forecast = forecast_numbing(
        product,
        amount_g=amount_g,
        area_cm2=area_cm2,
        contact_min=minutes,
        site=site,
        kb=kb,
        covered=occluded,
        skin="broken" if broken_skin else state,
        setting="clinic" if home is False else "home",
        weight_kg=weight_kg,
        age_y=age_y,
        liver_disease=liver_disease,
        heart_disease=heart_disease,
        methaemoglobin_risk=methaemoglobin_risk,
        contents_pct=_contents(content),
        research=research,
        members=members,
        key=key,
    )
    if as_json:
        print_json(forecast.model_dump(mode="json"))
    else:
        from needling.report.about_numbing import numbing_explanation

        if home is None:
            typer.echo("Where it would be done was not said: assumed at home, the stricter; --clinic if it is one.\n")
        typer.echo(str(numbing_explanation(forecast, kb)))
    if figure is not None:
        from needling.report.about_numbing import level_figure
        from needling.writing import write_text

        drawn = level_figure(forecast)
        if drawn is None:
            raise BadInput("there is no level to draw: it is refused, for a child, or the body weight is not known")
        write_text(figure, drawn.svg)
    raise typer.Exit(0 if forecast.verdict == "within" else NO_PLAN)


COMMANDS = (numbing,)
