"""What drives a forecast, said and drawn: from made-up indices, so that every word can be checked."""

from __future__ import annotations

from xml.etree import ElementTree

import numpy as np
import pytest
from tests.virtual_world import world

from needling.report.about_sensitivity import (
    drivers_figure,
    figures_of,
    how_section,
    identifiability_section,
    joined,
    layers_figure,
    output_words,
    percent,
    sensitivity_sections,
    sensitivity_text,
)
from needling.report.bibliography import Bibliography
from needling.report.explanation import Telling
from needling.simulation.identifiability import from_slopes
from needling.simulation.indices import Factor, View
from needling.simulation.sensitivity import Output, Sensitivity

KB = world()
SVG = "{http://www.w3.org/2000/svg}"
OUTPUTS = (
    Output("outcome", "Change on a scale", "grade", lambda course: course.redness_time),
    Output("pigment", "Chance of a pigment mark", "probability", lambda course: course.redness_time),
)
LUCK = Factor("unexplained", "unexplained", "unexplained")


def view(name: str, factors: tuple[Factor, ...], first: list[float], total: list[float], outside: float = 0.0) -> View:
    """Indices of the first output; the second does not vary."""
    empty = [float("nan")] * len(first)
    table = np.array([first, empty]), np.array([total, empty])
    error = np.full((2, len(first)), 0.05)
    return View(
        name, factors, table[0], error, table[1], error, np.array([1.0, 0.0]), np.array([0.5, 0.0]), 640, outside
    )


def made(share: float = 0.7, force: float = 0.001) -> Sensitivity:
    person, doubt = Factor("person", "person", "person"), Factor("doubt", "doubt", "doubt")
    healing, depth = Factor("healing/doubt", "doubt", "healing"), Factor("depth/doubt", "doubt", "depth")
    gain = Factor("clinical-gain/person", "person", "clinical-gain")
    lag = Factor("clinical-lag/doubt", "doubt", "clinical-lag")
    length, push = Factor("needle-length", "choice", "needle-length"), Factor("force", "choice", "force")
    return Sensitivity(
        "a plan",
        OUTPUTS,
        (
            view("layers", (person, doubt, LUCK), [0.2, 0.7, 0.01], [0.22, 0.75, 0.02]),
            view("parts", (healing, depth, LUCK), [share, 0.1, 0.0], [share, 0.1, 0.0]),
            view("parameters", (lag, gain, LUCK), [0.1, 0.5, 0.0], [0.15, 0.6, 0.001]),
            view("choices", (length, push, doubt), [0.3, 0.0, 0.5], [0.35, force, 0.6], outside=0.12),
        ),
        64,
        5,
        ("test", "0" * 64),
    )


def telling() -> Telling:
    return Telling(KB, "clinician", False, Bibliography(KB))


def test_the_words_say_part_layer_input_and_choice() -> None:
    said = " ".join(output_words(made(), 0, KB))
    assert "Most of what is not known about change on a scale is how the skin heals and answers (70 %" in said
    assert "70 % is what research has not settled, 20 % is how people differ." in said
    assert said.index("fall of the log severity") < said.index("lag of what is seen")
    assert "needle length (35 %); force of the hand hardly matters there." in said
    assert "The largest part of" in output_words(made(share=0.3), 0, KB)[0]
    assert "hardly" not in " ".join(output_words(made(force=0.1), 0, KB))


def test_an_output_that_is_the_same_for_all_is_said_to_be() -> None:
    assert output_words(made(), 1, KB) == ("Chance of a pigment mark: the same for everybody under this plan.",)
    assert figures_of(made(), 1, KB) == ()


@pytest.mark.parametrize(("share", "said"), [(0.344, "34 %"), (-0.01, "0 %"), (1.2, "100 %")])
def test_percent_stays_between_its_ends(share: float, said: str) -> None:
    assert percent(share) == said


def test_joined() -> None:
    assert [joined(names) for names in ([], ["a"], ["a", "b"], ["a", "b", "c"])] == ["", "a", "a and b", "a, b and c"]


def test_figures_have_a_twin_words_and_order() -> None:
    figures = [layers_figure(made()), *figures_of(made(), 0, KB)]
    assert [figure.id for figure in figures if figure] == ["layers", "parameters-outcome", "choices-outcome"]
    for figure in figures:
        assert figure is not None and figure.rows and all(len(row) == len(figure.headers) for row in figure.rows)
        root = ElementTree.fromstring(figure.svg)
        description = root.find(f"{SVG}desc")
        assert description is not None and description.text == figure.alt
    bars = drivers_figure(made(), made().views[2], 0, KB)
    assert bars is not None and bars.rows[0][0].startswith("Fall of the log severity")
    assert bars.rows[0][1:] == ("people differ", "0.5 ± 0.05", "0.6 ± 0.05")


def test_bars_are_as_long_as_their_shares() -> None:
    """In the picture the total of the strongest input ends where 60 % stands on the axis."""
    figure = drivers_figure(made(), made().views[2], 0, KB)
    assert figure is not None
    light = [
        [float(number) for number in path.get("d", "").replace("M", " ").replace("L", " ").split()]
        for path in ElementTree.fromstring(figure.svg).iter(f"{SVG}path")
        if "#86b7ca" in (path.get("style") or "")
    ]
    lengths = sorted((abs(one[2] - one[0]) for one in light if len(one) == 4), reverse=True)
    assert lengths[0] / lengths[1] == pytest.approx(0.6 / 0.15, rel=0.01)


def test_the_text_fits_80_columns_and_carries_sources() -> None:
    columns = (("clinical-gain", "doubt"), ("clinical-lag", "doubt"))
    teach = from_slopes(columns, np.array([[1.0, 0.1]]), np.array([0.2]))  # type: ignore[arg-type]
    text = sensitivity_text(made(), teach, "two readings", KB)
    assert max(map(len, text.splitlines())) <= 80
    assert "vn-roller-2019" in text and "Two readings can fix 1 combination of 2 parameters" in text
    assert "12 % of the combinations" in " ".join(text.split())
    assert "█" in text


def test_sections_for_a_page_have_no_bars_of_characters() -> None:
    sections = sensitivity_sections(made(), telling(), bars=False)
    assert [section.id for section in sections] == ["outcome", "pigment"]
    assert sections[0].tables[0].rows[0].supports and not sections[1].tables
    assert len(sections[0].tables[0].headers) == 4
    assert len(how_section(made()).paragraphs) == 3


def test_readings_that_teach_nothing() -> None:
    nothing = from_slopes((("clinical-gain", "doubt"),), np.array([[0.1]]), np.array([1.0]))  # type: ignore[arg-type]
    section = identifiability_section(nothing, "one reading", telling())
    assert "One reading can fix no combination of 1 parameter;" in section.paragraphs[0].text
    assert not section.points and not section.tables
