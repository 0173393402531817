"""The pictures of channel maps, and `needling map` from a shell."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from xml.etree import ElementTree

import pytest
from typer.testing import CliRunner

from needling import load_knowledge
from needling.cli import build
from needling.cli.map import read_channels, read_zone
from needling.documents import Stroke
from needling.documents.maps import MapAgreement, MapReport, Outline
from needling.errors import BadInput
from needling.report.maps import SHADES, agreement_figure, map_figures
from needling.simulation import ChannelMap, agreement, agreement_report, channel_map

STROKE = Stroke(zone="cheek-left", needle_length_mm=1.5, directions_count=4, passes_count=2, force_N=5)
ZONE = Outline(corners_mm=((0, 0), (30, 0), (36, 20), (10, 28)))
FIGURES = {"channel-density", "channels", "channel-area-histogram", "depth-area-histogram"}
COMMAND = ["map", "--device", "roller-192", "--needle-length-mm", "1.5", "--zone", "30x20", "--passes", "2"]


@pytest.fixture(scope="module")
def channels() -> ChannelMap:
    return channel_map("roller-192", STROKE, ZONE, load_knowledge())


def test_every_figure_is_a_picture_with_its_numbers_and_its_words(channels: ChannelMap) -> None:
    figures = map_figures(channels)
    assert set(figures) == FIGURES
    compared = agreement(channels, channels)
    own = agreement_figure(compared, agreement_report(compared), ZONE)
    for figure in (*figures.values(), own):
        ElementTree.fromstring(figure.svg)
        assert 'role="img"' in figure.svg and len(figure.svg) < 250_000
        assert figure.alt and figure.rows and all(len(row) == len(figure.headers) for row in figure.rows)
    assert figures["channel-density"].svg == map_figures(channels)["channel-density"].svg


def test_the_table_says_what_the_map_says(channels: ChannelMap) -> None:
    table = dict(map_figures(channels)["channel-density"].rows)
    assert table["channels"] == str(channels.x_mm.size)
    assert table["mean density"].startswith(f"{channels.density_per_cm2:.0f} ")
    shares = [float(value.split()[0]) for name, value in table.items() if name.startswith("density ")]
    assert len(shares) == len(SHADES) and sum(shares) == pytest.approx(100, abs=0.4)


def test_the_report_is_a_document_that_reads_back(channels: ChannelMap) -> None:
    report = channels.report()
    assert MapReport.model_validate_json(report.canonical()) == report
    assert report.area_histogram.area_share[0] == 1.0
    assert report.density_per_cm2 == pytest.approx(channels.density_per_cm2, rel=1e-5)
    assert report.knowledge_sha256 == load_knowledge().sha256
    compared = agreement_report(agreement(channels, channels))
    assert MapAgreement.model_validate_json(compared.canonical()) == compared


# ---------------------------------------------------------------- from a shell


def test_map_prints_and_writes_pictures_tables_and_channels(tmp_path: Path) -> None:
    done = CliRunner().invoke(build(["map"]), [*COMMAND, "--out", str(tmp_path)])
    assert done.exit_code == 0, done.output
    assert "mean density" in done.output and "flat skin" in done.output
    assert {path.stem for path in tmp_path.glob("*.svg")} == FIGURES
    for path in tmp_path.glob("*.svg"):
        assert len(list(csv.reader(path.with_suffix(".csv").open()))) > 1
    rows = list(csv.DictReader((tmp_path / "every-channel.csv").open()))
    assert set(rows[0]) == {"x_mm", "y_mm", "pass", "depth_mm"}
    again = CliRunner().invoke(build(["map"]), [*COMMAND, "--against", str(tmp_path / "every-channel.csv"), "--json"])
    found = json.loads(again.output)
    assert again.exit_code == 0
    assert found["map"]["channels_count"] == len(rows)
    assert found["agreement"]["passed_share"] == 1.0


def test_a_delivery_that_fails_ends_with_one() -> None:
    done = CliRunner().invoke(build(["map"]), [*COMMAND, "--against", "1x1", "--json"])
    assert done.exit_code == 1
    assert json.loads(done.output)["agreement"]["agrees"] is False


@pytest.mark.parametrize("text", ["", "50", "0x10", "1,2 3,4", "a,b c,d e,f", "0,0 1 2,2"])
def test_a_zone_that_cannot_be_read_is_refused(text: str) -> None:
    from needling.simulation.seam.picture import channel_map as lay

    with pytest.raises(BadInput):
        lay("roller-192", STROKE, read_zone(text), load_knowledge())


def test_zones_as_they_are_typed() -> None:
    assert read_zone("50x40") == read_zone(" 50 × 40 mm") == Outline.rectangle(50, 40)
    assert read_zone("0,0 60,0 60,30").corners_mm == ((0, 0), (60, 0), (60, 30))


@pytest.mark.parametrize(
    ("text", "said"),
    [("x_mm,z\n1,2\n", "y_mm"), ("x_mm,y_mm\n1,here\n", "line 2"), ("", "x_mm"), ("x_mm,y_mm\n900,900\n", "inside")],
)
def test_a_file_of_channels_that_cannot_be_used_says_why(
    text: str, said: str, tmp_path: Path, channels: ChannelMap
) -> None:
    path = tmp_path / "counted.csv"
    path.write_text(text)
    with pytest.raises(BadInput, match=said):
        read_channels(path, channels)


def test_bad_options_are_refused() -> None:
    for extra in (["--needle-length-mm", "9"], ["--against", "9x99"]):
        done = CliRunner().invoke(build(["map"]), [*COMMAND, *extra])
        assert isinstance(done.exception, BadInput)
