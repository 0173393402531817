"""Where the channels lie: ``needling map``."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from needling.cli.answering import NO_PLAN, AsJson, Key, knowledge, print_json, working
from needling.errors import BadInput

if TYPE_CHECKING:
    from needling.documents import Stroke
    from needling.documents.maps import Outline
    from needling.report.canvas import Figure
    from needling.simulation import ChannelMap

_SIDES = re.compile(r"\s*([\d.]+)\s*[x×]\s*([\d.]+)\s*(?:mm)?\s*")


def map_channels(
    device: Annotated[str, typer.Option(help="Id of a device; `needling devices` lists them.")],
    needle_length_mm: Annotated[float, typer.Option(help="Length of the needles, or the setting of a pen.")],
    directions: Annotated[int, typer.Option(min=1, max=8, help="Directions, spread evenly over half a turn.")] = 4,
    passes: Annotated[int, typer.Option(min=1, max=40, help="Passes in each direction.")] = 4,
    zone: Annotated[
        str, typer.Option(help='Width x height in mm ("50x40"), or corners in mm ("0,0 60,0 60,30 0,50").')
    ] = "50x50",
    against: Annotated[
        str | None,
        typer.Option(
            help='What was delivered: directions x passes ("2x7"), or a CSV file with x_mm,y_mm[,pass,depth_mm].'
        ),
    ] = None,
    condition: Annotated[Literal["new", "worn", "cheap"], typer.Option(help="Of the needles.")] = "new",
    edges: Annotated[
        Literal["over", "stop"], typer.Option(help="Passes run over the edge of the zone, or stop at it.")
    ] = "over",
    overlap: Annotated[float, typer.Option(min=0, max=0.9, help="Of neighbouring lanes, share of their width.")] = 0.0,
    force_n: Annotated[
        float | None,
        typer.Option("--force-n", min=0.1, max=20, help="Force on the device, N; a usual one if left out."),
    ] = None,
    lift: Annotated[bool, typer.Option("--lift/--no-lift", help="Whether the device is lifted between lanes.")] = True,
    out: Annotated[
        Path | None, typer.Option(help="Folder for the pictures (SVG), their tables and all channels (CSV).")
    ] = None,
    key: Key = 0,
    as_json: AsJson = False,
) -> None:
    """Lay every channel of a way of rolling on a zone: how dense, how even, where gaps are; and against a delivery."""
    from needling.documents import Stroke
    from needling.report.maps import agreement_figure, map_figures, summary_rows
    from needling.simulation import agreement, agreement_report, channel_map

    kb = knowledge()
    tool = kb.device(device)
    if not 0 < needle_length_mm <= 3:
        raise BadInput(f"a needle length of {needle_length_mm:g} mm; allowed are lengths above 0 up to 3 mm")
    stroke = Stroke(
        zone="zone",
        needle_length_mm=needle_length_mm,
        directions_count=directions,
        passes_count=passes,
        force_N=force_n if force_n is not None else kb.parameter("planning-force-clinic").quantity.median,
    )
    outline = read_zone(zone)
    found = None
    with working("Laying the channels ...", quiet=as_json):
        planned = channel_map(
            tool, stroke, outline, kb, key=key, condition=condition, edges=edges, overlap=overlap, lift=lift
        )
        report = planned.report()
        figures = map_figures(planned) if out is not None else {}
        if against is not None:
            pattern = _SIDES.fullmatch(against)
            delivered = (
                channel_map(
                    tool, _other(stroke, pattern), outline, kb, key=key + 1,
                    condition=condition, edges=edges, overlap=overlap, lift=lift,
                )
                if pattern
                else read_channels(Path(against), planned)
            )  # fmt: skip
            compared = agreement(planned, delivered)
            found = agreement_report(compared)
            if out is not None:
                own = agreement_figure(compared, found, outline)
                figures[own.id] = own
    if out is not None:
        _write(out, figures, planned)
    if as_json:
        print_json({"map": report.model_dump(mode="json"), "agreement": found and found.model_dump(mode="json")})
    else:
        typer.echo(typer.style(planned.title, bold=True))
        lengths = tool.lengths_mm
        if needle_length_mm not in lengths:
            listed = ", ".join(f"{length:g}" for length in lengths)
            typer.secho(f"This device is listed with {listed} mm, not {needle_length_mm:g} mm.", fg=typer.colors.YELLOW)
        for said, value in summary_rows(planned):
            typer.echo(f"  {said + ':':<66} {value}")
        if found is not None:
            verdict = "agrees" if found.agrees else "does not agree"
            typer.echo(
                f"Delivered: {found.delivered_per_cm2:.0f} for each cm², planned {found.planned_per_cm2:.0f}. "
                f"{100 * found.passed_share:.1f} % of the skin agrees ({100 * found.wanted_share:.0f} % asked for, "
                f"within {found.difference_pct:g} % or {found.distance_mm:g} mm): it {verdict}."
            )
        typer.echo("The middle person and one run of chance; drawn for flat skin. Density is not benefit.")
        if out is not None:
            typer.echo(
                f"Written: {out} ({', '.join(f'{name}.svg' for name in figures)}, their tables, every-channel.csv)"
            )
    raise typer.Exit(0 if found is None or found.agrees else NO_PLAN)


def _other(stroke: Stroke, pattern: re.Match[str]) -> Stroke:
    """The same stroke with other directions and passes."""
    from needling.documents import Stroke

    try:
        directions, passes = int(pattern[1]), int(pattern[2])
        return Stroke(**{**stroke.model_dump(), "directions_count": directions, "passes_count": passes})
    except ValueError:
        raise BadInput(
            f"--against {pattern[0].strip()}: directions x passes are whole numbers, up to 8 and 40"
        ) from None


def read_zone(text: str) -> Outline:
    """A zone as typed: width x height, or corners; mm. Raises BadInput for anything else."""
    from pydantic import ValidationError

    from needling.documents.maps import Outline

    sides = _SIDES.fullmatch(text)
    try:
        if sides:
            return Outline.rectangle(float(sides[1]), float(sides[2]))
        corners = [tuple(float(part) for part in corner.split(",")) for corner in text.split()]
        return Outline.model_validate({"corners_mm": corners})
    except (ValueError, ValidationError):
        raise BadInput(
            f"--zone '{text}': give width x height in mm, like 50x40, or at least three corners, like '0,0 60,0 60,30'"
        ) from None


def read_channels(path: Path, planned: ChannelMap) -> ChannelMap:
    """Channels that were counted, from a CSV file with a head line: x_mm, y_mm, and pass and depth_mm where known."""
    from needling.reading import read_text
    from needling.simulation import recorded_map

    rows = list(csv.DictReader(io.StringIO(read_text(path))))
    lacking = {"x_mm", "y_mm"} - set(rows[0] if rows else ())
    if lacking:
        raise BadInput(
            f"{path}: no column {' or '.join(sorted(lacking))}; its first line names x_mm,y_mm[,pass,depth_mm]"
        )
    columns: dict[str, list[float]] = {name: [] for name in ("x_mm", "y_mm", "pass", "depth_mm") if name in rows[0]}
    for number, row in enumerate(rows, start=2):
        for name, values in columns.items():
            try:
                values.append(float(row[name] or ""))
            except ValueError:
                raise BadInput(f"{path}, line {number}: {name} is '{row[name]}'; expected a number") from None
    return recorded_map(
        columns["x_mm"],
        columns["y_mm"],
        planned,
        pass_number=[int(value) for value in columns["pass"]] if "pass" in columns else None,
        depth_mm=columns.get("depth_mm"),
    )


def _write(folder: Path, figures: dict[str, Figure], channels: ChannelMap) -> None:
    """Each picture and its table, and every channel."""
    from needling.writing import write_text

    for name, figure in figures.items():
        write_text(folder / f"{name}.svg", figure.svg + "\n")
        write_text(folder / f"{name}.csv", _table(figure.headers, figure.rows))
    rows = (
        (f"{x:.3f}", f"{y:.3f}", str(number), f"{depth:.3f}")
        for x, y, number, depth in zip(
            channels.x_mm.tolist(),
            channels.y_mm.tolist(),
            channels.pass_number.tolist(),
            channels.depth_mm.tolist(),
            strict=True,
        )
    )
    write_text(folder / "every-channel.csv", _table(("x_mm", "y_mm", "pass", "depth_mm"), rows))


def _table(headers: tuple[str, ...], rows: object) -> str:
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(headers)
    table.writerows(rows)  # type: ignore[arg-type]
    return text.getvalue()


map_channels.__name__ = "map"
COMMANDS = (map_channels,)
