"""Terminal output: fits 80 columns, reads without colour, loads nothing heavy."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from rich.console import Console
from tests.unit import report_documents as made

from needling.documents import Clearance
from needling.planning.envelope import Breach
from needling.report import terminal
from needling.report.plain import clearance_text
from needling.report.plots import band_plot, dot_rows

BASE = made.knowledge()
SRC = Path(__file__).parents[2] / "src"


def printed(show: Callable[[Console], None], width: int = 80) -> str:
    out = io.StringIO()
    show(Console(file=out, width=width, color_system=None, highlight=False))
    return out.getvalue()


OUTPUTS: dict[str, Callable[[Console], None]] = {
    "choice": lambda c: terminal.show_choice(c, made.choice(), made.clearance(), BASE),
    "home": lambda c: terminal.show_choice(c, made.home_choice(), made.clearance("home"), BASE),
    "nothing": lambda c: terminal.show_choice(c, made.choice(made.nothing_plan()), made.clearance(), BASE),
    "stopped": lambda c: terminal.show_choice(c, made.choice(made.nothing_plan("home")), made.deferred(), BASE),
    "forecast": lambda c: terminal.show_forecast(c, made.clinic_plan(), made.choice().forecast, BASE),
    "sources": lambda c: terminal.show_sources(c, BASE.sources),
}


@pytest.mark.parametrize("name", OUTPUTS)
@pytest.mark.parametrize("width", [60, 80, 200])
def test_lines_fit(name: str, width: int) -> None:
    lines = printed(OUTPUTS[name], width).splitlines()
    assert len(lines) > 5
    assert max(map(len, lines)) <= min(width, 80)


def test_a_choice_shows_everything_that_counts() -> None:
    text = printed(OUTPUTS["choice"])
    for said in (
        "Yes, with a plan",
        "every 6 weeks x 4",
        "31 of 50",
        "3 Sep 2026",
        "not known",
        "Make-up",
        "32 hours",
        "No treatment",
        "(chosen)",
        "What held the plan back",
        "strong sun",
        "[1]",
        "not a cleared medical",
        "our proposal",
    ):
        assert said in text, said
    assert text.count("●") > 31 and "░" in text and "▲" in text


def test_brackets_are_text_and_not_markup() -> None:
    clearance = made.clearance()
    decision = clearance.decisions[0].model_copy(update={"because": "[bold red]see [/] [link=x]"})
    changed = clearance.model_copy(update={"decisions": (decision,)})
    text = printed(lambda c: terminal.show_choice(c, made.choice(), changed, BASE))
    assert "[bold red]see [/] [link=x]" in " ".join(text.split())


@pytest.mark.parametrize("clearance", [made.clearance(), made.deferred()])
def test_a_clearance_is_plain_text_within_80_columns(clearance: Clearance) -> None:
    text = clearance_text(clearance, BASE)
    assert max(map(len, text.splitlines())) <= 80
    assert "Sources" in text and "[1]" in text and "not a cleared medical" in text
    flat = " ".join(text.split())
    told = [decision.tell if clearance.setting == "home" else decision.title for decision in clearance.decisions]
    assert all(words.rstrip(".") in flat for words in told)
    marked = clearance_text(clearance, BASE, bold=lambda title: f"*{title}*")
    assert marked.replace("*", "") == text.replace("*", "")


def test_breaches() -> None:
    assert "inside its envelope" in printed(lambda c: terminal.show_breaches(c, ()))
    breach = Breach("2.5 mm needles on cheek", "at most 1.5 mm", "ceiling of the site")
    text = printed(lambda c: terminal.show_breaches(c, (breach, breach)))
    assert text.count("2.5 mm needles") == 1


def test_fifty_dots_in_five_rows() -> None:
    rows = dot_rows(31)
    assert len(rows) == 5 and all(row.count("●") + row.count("○") == 10 for row in rows)
    assert sum(row.count("●") for row in rows) == 31


def test_a_band_plot_shows_what_it_is_given() -> None:
    xs = [0.0, 50.0, 100.0]
    curves = [[level + x / 100 for x in xs] for level in (0.0, 0.5, 1.0, 1.5, 2.0)]
    lines = band_plot(xs, curves, x_label="days", x_ticks=[(0, "0"), (100, "100")], sessions=[0, 100], width=40)
    assert lines[0].startswith("     3 ┤") and lines[8].startswith("     0 ┤")
    assert lines[9].count("▲") == 2 and lines[9].endswith("▲")
    assert sum(line.count("●") for line in lines[:9]) == 40  # the middle person is in every column
    first = [line[8] if len(line) > 8 else " " for line in lines[:9]]
    assert first[0] == " " and first[8] == "░"
    assert lines[10].split() == ["0", "100"]
    assert max(map(len, lines)) <= 76


def test_a_flat_band_and_a_single_point() -> None:
    flat = band_plot([0.0, 1.0], [[1.0, 1.0]] * 5, x_label="days", x_ticks=[], width=10)
    assert sum(line.count("●") for line in flat[:9]) == 10
    assert band_plot([0.0], [[1.0]] * 5, x_label="days", x_ticks=[]) == []


def test_the_terminal_loads_no_figures_and_no_templates() -> None:
    code = "import needling.report.terminal, sys; print('\\n'.join(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": str(SRC)},
    )
    loaded = {name.partition(".")[0] for name in done.stdout.split()}
    assert not loaded & {"matplotlib", "jinja2", "numpy", "numba"}
