"""Every figure has its alt text and its table, is clean SVG, and comes out the same twice."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest
from tests.unit import report_documents as made

from needling.documents import Choice
from needling.knowledge.base import Knowledge
from needling.report.canvas import Figure, Frame, Sheet, lines_of, round_ticks
from needling.report.figures import all_figures, candidates_figure, channel_figure, dots_figure, harms_figure

BASE = made.knowledge()
FIGURES = all_figures(made.choice(), BASE, made.Channels())
SVG = "{http://www.w3.org/2000/svg}"


def test_all_figures_of_a_full_choice_are_drawn() -> None:
    assert set(FIGURES) == {
        "dots",
        "severity",
        "harms",
        "not-before",
        "first-days",
        "collagen",
        "candidates",
        "channels",
    }


@pytest.mark.parametrize("figure", FIGURES.values(), ids=lambda figure: figure.id)
def test_a_figure_has_a_twin_and_words(figure: Figure) -> None:
    assert figure.rows and all(len(row) == len(figure.headers) for row in figure.rows)
    root = ElementTree.fromstring(figure.svg)
    assert root.get("role") == "img"
    title, description = root.find(f"{SVG}title"), root.find(f"{SVG}desc")
    assert title is not None and title.text == figure.title
    assert description is not None and description.text == figure.alt and len(figure.alt) > 20
    assert root.get("aria-labelledby") == f"{title.get('id')} {description.get('id')}"


@pytest.mark.parametrize("figure", FIGURES.values(), ids=lambda figure: figure.id)
def test_a_figure_is_self_contained_and_small(figure: Figure) -> None:
    assert not re.search(r"<script|<image|<metadata|@import|https?://(?!www\.w3\.org)", figure.svg)
    assert figure.svg.count("<style") == figure.svg.count("<style>@media screen and (prefers-color-scheme:dark){") == 1
    ids = re.findall(r'\bid="([^"]+)"', figure.svg)
    assert len(set(ids)) == len(ids)
    assert all(name.startswith(f"{figure.id}-") for name in ids)
    assert set(re.findall(r'href="#([^"]+)"', figure.svg)) <= set(ids)
    assert len(figure.svg) < 60_000


def test_the_same_choice_gives_the_same_bytes() -> None:
    again = all_figures(made.choice(), BASE, made.Channels())
    assert {name: figure.svg for name, figure in again.items()} == {n: f.svg for n, f in FIGURES.items()}


def filled(figure: Figure, colour: str) -> int:
    root = ElementTree.fromstring(figure.svg)
    return sum(1 for use in root.iter(f"{SVG}use") if f"fill: {colour}" in (use.get("style") or ""))


@pytest.mark.parametrize("dots", [0, 1, 31, 50])
def test_fifty_dots_are_fifty(dots: int) -> None:
    figure = dots_figure(made.choice(dots=dots), BASE)
    assert figure is not None
    assert figure.rows[0][1:] == (f"{dots} of 50", f"{50 - dots} of 50")
    assert filled(figure, "#0b5d7a") == dots
    assert filled(figure, "#1d2730") == 7  # the commonest harm beside it
    assert filled(figure, "#ffffff") == 100 - dots - 7


def test_unknown_harms_are_named_as_unknown() -> None:
    figure = FIGURES["harms"]
    assert any(row[1] == "not known" for row in figure.rows)
    assert "How often is not known" in figure.svg and "Infection with germs" in figure.svg


def test_only_unknown_harms() -> None:
    forecast = made.choice().forecast
    unknown = tuple(harm for harm in forecast.harms if harm.probability is None)
    figure = harms_figure(forecast.model_copy(update={"harms": unknown}), BASE)
    assert figure is not None and len(figure.rows) == 1
    assert harms_figure(forecast.model_copy(update={"harms": ()}), BASE) is None


def test_no_name_of_a_harm_is_cut() -> None:
    harm = made.choice().forecast.harms[0]
    long = "Hard and itchy lumps that can last for many months and are found mostly after serums such as vitamin C"
    unknown = harm.model_copy(
        update={"harm": "lumps", "label": long, "probability": None, "low_probability": None, "high_probability": None}
    )
    known = harm.model_copy(update={"harm": "marks", "label": f"{long} {long.lower()}"})
    figure = harms_figure(made.choice().forecast.model_copy(update={"harms": (unknown, known)}), BASE)
    assert figure is not None
    drawn = " ".join("".join(text.itertext()) for text in ElementTree.fromstring(figure.svg).iter(f"{SVG}text"))
    assert "..." not in drawn
    words = re.findall(r"\w+", drawn)
    assert words.count("vitamin") == 3 and words.count("C") + words.count("c") == 3


def test_the_chosen_and_doing_nothing_are_always_drawn() -> None:
    figure = candidates_figure(made.choice(), BASE)
    assert figure is not None
    standings = [row[-1] for row in figure.rows]
    assert standings.count("chosen") == 1 and "second best" in standings
    assert "no treatment" in figure.svg
    assert any(row[0] == "No treatment" for row in figure.rows)


def test_nothing_is_drawn_without_sessions_but_the_comparison() -> None:
    choice = made.choice(made.nothing_plan())
    empty = choice.forecast.model_copy(update={"measures": (), "outcomes": (), "not_before": ()})
    assert set(all_figures(choice.model_copy(update={"forecast": empty}), BASE)) == {"candidates"}


def hostile(choice: Choice, text: str) -> Choice:
    forecast = choice.forecast
    return choice.model_copy(
        update={
            "forecast": forecast.model_copy(
                update={
                    "measures": tuple(m.model_copy(update={"label": text}) for m in forecast.measures),
                    "harms": tuple(h.model_copy(update={"label": text}) for h in forecast.harms),
                    "not_before": tuple(w.model_copy(update={"label": text}) for w in forecast.not_before),
                }
            )
        }
    )


@pytest.mark.parametrize("text", ['<script>alert(1)</script> & "x"', "$\\frac{1$ $x^2$", "]]> <!-- --", "ü µ"])
def test_hostile_labels_stay_text(text: str) -> None:
    for figure in all_figures(hostile(made.choice(), text), BASE).values():
        root = ElementTree.fromstring(figure.svg)
        assert not list(root.iter(f"{SVG}script"))
        assert "<script" not in figure.svg


def test_zones_that_differ_get_their_own_panel() -> None:
    choice = made.choice()
    measures = tuple(
        m.model_copy(update={"quantiles": tuple(tuple(v * 0.5 for v in row) for row in m.quantiles)})
        if m.zone == "cheek-right" and m.measure == "severity"
        else m
        for m in choice.forecast.measures
    )
    changed = choice.model_copy(update={"forecast": choice.forecast.model_copy(update={"measures": measures})})
    zones = {row[0] for row in all_figures(changed, BASE)["severity"].rows}
    assert zones == {"left cheek", "right cheek"}
    assert {row[0] for row in FIGURES["severity"].rows} == {"cheeks"}


def test_a_channel_map_of_one_point() -> None:
    figure = channel_figure(made.Channels(1))
    assert figure is not None and figure.rows[0][1] == "1"
    assert channel_figure(made.Channels(0)) is None


def test_frames_and_ticks() -> None:
    frame = Frame(Sheet.__new__(Sheet), 10, 20, 100, 50, (1.0, 100.0), (0.0, 2.0), x_log=True)
    assert frame.at(10, 1) == pytest.approx((60, 45))
    assert frame.at(0.0, 0)[0] == 10  # nothing is drawn left of a logarithmic axis
    assert round_ticks(0, 10) == [0, 2, 4, 6, 8, 10]
    assert round_ticks(3, 3) == [3]
    assert lines_of("one two three", 20) == ["one two three"]
    assert len(lines_of("one two three four five six", 12)) == 2
    assert all(len(line) <= 12 for line in lines_of("one two three four five six", 12))


def test_matplotlib_keeps_the_style_of_others() -> None:
    import matplotlib

    before = dict(matplotlib.rcParams)
    dots_figure(made.choice(), BASE)
    assert dict(matplotlib.rcParams) == before


def test_a_knowledge_without_the_harm_still_names_it(kb: Knowledge) -> None:
    assert "Dark marks" in (harms_figure(made.choice().forecast, kb) or FIGURES["harms"]).alt
