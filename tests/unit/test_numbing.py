"""Numbing cream: refused first, asked where it is not known, and forecast only then; words and figure say the same."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from typer.testing import CliRunner

from needling import AnaestheticForecast, numbing
from needling.cli import build
from needling.errors import BadInput, OutOfRange
from needling.knowledge.base import Knowledge
from needling.planning.topicals import RESEARCH_STAMP, anaesthetic_dose, drugs_of
from needling.report.about_numbing import level_figure, numbing_explanation

QUIET: dict[str, Any] = {
    "amount_g": 10.0, "area_cm2": 100.0, "contact_min": 60.0, "site": "face", "weight_kg": 70.0, "age_y": 30.0,
    "setting": "clinic",
    "skin": "whole", "covered": True, "liver_disease": False, "heart_disease": False, "methaemoglobin_risk": False,
    "members": 128,
}  # fmt: skip
# age below: (g, cm², h), the tighter of the UK and the US label
CHILDREN = {0.25: (1, 10, 1), 1: (2, 20, 1), 7: (10, 100, 4), 13: (20, 200, 4)}


def asked(kb: Knowledge, product: str = "lidocaine-prilocaine", **changes: Any) -> AnaestheticForecast:
    return numbing(product, kb=kb, **{**QUIET, **changes})


def test_within_the_label_and_all_answered(kb: Knowledge) -> None:
    found = asked(kb)
    assert found.verdict == "within" and not found.refusals and not found.asks and not found.stamp
    assert [one.drug for one in found.drugs] == ["lidocaine", "prilocaine"]
    thresholds = [one.threshold_ug_per_ml for one in found.drugs[0].thresholds]
    assert thresholds == [1.5, 3.0, 5.0]
    for one in found.drugs:
        chances = [threshold.probability for threshold in one.thresholds]
        assert chances == sorted(chances, reverse=True)
        assert all(threshold.high_probability > threshold.probability for threshold in one.thresholds)
        assert all(low <= high for low, high in zip(one.level_ug_per_ml[0], one.level_ug_per_ml[4], strict=True))


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"skin": "needled"}, "never on needled skin"),
        ({"skin": "broken"}, "whole skin only"),
        ({"setting": "home"}, "at home"),
        ({"amount_g": 61, "area_cm2": 600}, "amount"),
        ({"area_cm2": 601}, "area"),
        ({"amount_g": 16}, "density"),
        ({"contact_min": 301}, "time"),
        ({"site": "periorbital"}, "eyes"),
        ({"site": ["face", "mucosa"]}, "inner skin"),
        ({"methaemoglobin_risk": True}, "numbing cream"),
        ({"age_y": 5.0, "amount_g": 11}, "amount"),
    ],
)
def test_a_refusal_is_hard_and_forecasts_nothing(kb: Knowledge, changes: dict[str, Any], what: str) -> None:
    found = asked(kb, **changes)
    assert found.verdict == "beyond" and not found.drugs
    assert any(what in f"{one.what} {one.why}" for one in found.refusals), found.refusals
    assert all(one.sources or one.proposal for one in found.refusals)
    assert level_figure(found) is None


def test_a_cream_that_is_not_to_be_wrapped(kb: Knowledge) -> None:
    assert asked(kb, "lidocaine-4", covered=True).verdict == "beyond"
    assert asked(kb, "lidocaine-4", covered=False).verdict == "ask"  # its label's limits were not found


@pytest.mark.parametrize(
    "name", ["skin", "weight_kg", "age_y", "liver_disease", "heart_disease", "methaemoglobin_risk"]
)
def test_what_is_not_asked_never_reads_as_no(kb: Knowledge, name: str) -> None:
    assert asked(kb, **{name: None}).verdict == "ask"


def test_a_wrap_that_is_not_known_is_computed_as_one(kb: Knowledge) -> None:
    unknown, wrapped = asked(kb, "lidocaine-4", covered=None), asked(kb, "lidocaine-4", covered=True, research=True)
    assert unknown.verdict == "ask" and unknown.drugs == wrapped.drugs
    opened = asked(kb, "lidocaine-4", covered=False)
    assert opened.drugs[0].peak_ug_per_ml[2] < wrapped.drugs[0].peak_ug_per_ml[2]


def test_sick_organs_ask_and_raise_the_level(kb: Knowledge) -> None:
    healthy = asked(kb).drugs[0].peak_ug_per_ml[2]
    for name in ("liver_disease", "heart_disease"):
        sick = asked(kb, **{name: True})
        assert sick.verdict == "ask" and sick.drugs[0].peak_ug_per_ml[2] > healthy


def test_research_is_stamped_and_turns_no_refusal_into_a_yes(kb: Knowledge) -> None:
    refused, research = asked(kb, skin="needled"), asked(kb, skin="needled", research=True)
    assert research.verdict == "beyond" and research.refusals == refused.refusals
    assert research.stamp == RESEARCH_STAMP and research.drugs
    text = str(numbing_explanation(research, kb))
    assert "RESEARCH ONLY" in text
    figure = level_figure(research)
    assert figure is not None and "RESEARCH ONLY" in figure.svg and "RESEARCH ONLY" in figure.alt
    assert "No blood levels after numbing cream on microneedled skin were found" in " ".join(text.split())
    whole = asked(kb).drugs[0].peak_ug_per_ml
    spread = research.drugs[0].peak_ug_per_ml
    assert spread[4] / spread[0] > 1.5 * whole[4] / whole[0]  # the doubt is said in the band


def test_custom_products_are_for_research_only(kb: Knowledge) -> None:
    strong = {"contents_pct": {"lidocaine": 15, "prilocaine": 5}}
    assert asked(kb, "custom", **strong).verdict == "beyond" and not asked(kb, "custom", **strong).drugs
    found = asked(kb, "custom", **strong, research=True)
    assert found.contents_pct == (("lidocaine", 15.0), ("prilocaine", 5.0)) and len(found.drugs) == 2
    assert any("prescription" in one.why for one in found.cautions)  # the regulator's line at 4 %
    assert not any("prescription" in one.why for one in asked(kb).cautions)


def test_tetracaine_is_not_forecast_and_says_so(kb: Knowledge) -> None:
    found = asked(kb, "lidocaine-tetracaine-7", covered=False)
    assert [one.drug for one in found.drugs] == ["lidocaine"] and found.not_forecast == ("tetracaine",)
    assert "No level is forecast for tetracaine" in " ".join(str(numbing_explanation(found, kb)).split())


@pytest.mark.parametrize("below_y", CHILDREN)
def test_children_have_limits_of_their_own(kb: Knowledge, below_y: float) -> None:
    grams, area_cm2, hours = CHILDREN[below_y]
    age_y = below_y - 0.01
    at = anaesthetic_dose("lidocaine-prilocaine", grams, area_cm2, hours, 10, kb, age_y=age_y)
    assert at.passes
    for more in (
        (grams * 1.01, area_cm2 * 1.01, hours),
        (grams, area_cm2 * 1.02, hours),
        (grams, area_cm2, hours * 1.01),
    ):
        assert anaesthetic_dose("lidocaine-prilocaine", *more, 10, kb, age_y=age_y).verdict == "beyond"


def test_a_child_gets_no_level_and_a_clinician(kb: Knowledge) -> None:
    found = asked(kb, age_y=8.0, weight_kg=25.0)
    assert found.verdict == "ask" and not found.drugs and any("children" in one.why for one in found.asks)


def test_without_limits_for_children_nobody_young_gets_those_of_grown_ups(kb: Knowledge) -> None:
    young = anaesthetic_dose("lidocaine-tetracaine-7", 1, 100, 0.5, 50, kb, age_y=16)
    assert young.verdict == "ask" and [one.state for one in young.limits[1:]] == ["no limit found"] * 3
    assert anaesthetic_dose("lidocaine-tetracaine-7", 1, 100, 0.5, 50, kb, age_y=18).passes


def test_drugs_of_the_products(kb: Knowledge) -> None:
    made_of = {one.id: drugs_of(one) for one in kb.topicals if one.group == "anaesthetic"}
    assert made_of == {
        "lidocaine-4": (("lidocaine", 0.04),),
        "lidocaine-prilocaine": (("lidocaine", 0.025), ("prilocaine", 0.025)),
        "tetracaine-4": (("tetracaine", 0.04),),
        "lidocaine-tetracaine-7": (("lidocaine", 0.07), ("tetracaine", 0.07)),
        "anaesthetic-strong": (),
    }


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"area_cm2": 0}, "area_cm2 is 0"),
        ({"amount_g": -1}, "above 0"),
        ({"contact_min": float("nan")}, "above 0"),
        ({"contact_min": 2000}, "24 hours"),
        ({"weight_kg": -3}, "weight_kg is -3"),
        ({"age_y": 400}, "120"),
        ({"site": "nosee"}, "did you mean 'nose'"),
        ({"site": []}, "no place"),
        ({"members": 0}, "at least 1"),
        ({"form": "patch"}, "research"),
        ({"contents_pct": {"lidocaine": 4}}, "own contents"),
        ({"product": "saline"}, "not a numbing cream"),
        ({"product": "lidocane-4"}, "did you mean 'lidocaine-4'"),
        ({"product": "anaesthetic-strong"}, "refused at any dose"),
        ({"product": "custom"}, "contents"),
        ({"product": "custom", "contents_pct": {"cocaine": 1}}, "unknown drug"),
        ({"product": "custom", "contents_pct": {"lidocaine": 60, "prilocaine": 60}}, "120 %"),
    ],
)
def test_what_cannot_be_judged_is_an_error(kb: Knowledge, changes: dict[str, Any], says: str) -> None:
    product = changes.pop("product", "lidocaine-prilocaine")
    with pytest.raises(BadInput, match=re.escape(says)):
        asked(kb, product, **changes)


@pytest.mark.parametrize("weight_kg", [1, 39.9, 201])
def test_a_weight_out_of_range_is_said(kb: Knowledge, weight_kg: float) -> None:
    with pytest.raises(OutOfRange, match="40 to 200 kg"):
        asked(kb, weight_kg=weight_kg)


def test_lips_are_out_of_range_even_as_research(kb: Knowledge) -> None:
    with pytest.raises(OutOfRange, match="not modelled"):
        asked(kb, site="mucosa", research=True)


def test_a_brand_name_finds_its_product(kb: Knowledge) -> None:
    assert asked(kb, "EMLA").product == asked(kb).product


def test_same_input_same_document(kb: Knowledge) -> None:
    assert asked(kb).sha256 == asked(kb).sha256 != asked(kb, key=1).sha256
    again = AnaestheticForecast.model_validate_json(asked(kb).model_dump_json())
    assert again == asked(kb)


def test_words_name_no_dose_and_show_both_sides(kb: Knowledge) -> None:
    told = numbing_explanation(asked(kb), kb)
    text = " ".join(str(told).split())
    assert "This names no dose for you" in text and "clinician" in text
    assert any(reference.contradicted_by for reference in told.bibliography)
    assert not re.search(r"\byou (may|can|should) (use|apply|take)\b", text)
    assert not re.search(r"\b(treats?|cures?|safe for you)\b", text)
    assert all(len(line) <= 80 or " " not in line.strip() for line in str(told).splitlines())


def test_the_figure_and_its_table_say_the_same(kb: Knowledge) -> None:
    found = asked(kb)
    figure = level_figure(found)
    assert figure is not None and figure.svg.startswith("<svg") and "1.5 acts on heart" in figure.svg
    tables = numbing_explanation(found, kb).section("blood").tables
    assert [row[1:] for row in figure.rows] == [row.cells for table in tables for row in table.rows]
    assert "1.5, 5, 6 µg/mL" in figure.alt


# ---------------------------------------------------------------- command line

WORDS = [
    "numbing",
    "lidocaine-prilocaine",
    "--area-cm2",
    "100",
    "--amount-g",
    "10",
    "--minutes",
    "60",
    "--site",
    "face",
    "--clinic",
]
ANSWERED = [
    "--weight-kg", "70", "--age-y", "30", "--skin", "whole", "--no-liver-disease", "--no-heart-disease",
    "--no-methaemoglobin-risk", "--occluded", "--members", "64",
]  # fmt: skip


def called(*more: str) -> Any:
    return CliRunner().invoke(build(["numbing"]), [*WORDS, *more])


def test_command_exit_codes_and_json(tmp_path: Any) -> None:
    done = called(*ANSWERED, "--json")
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["verdict"] == "within"
    assert called().exit_code == 1
    refused = called(*ANSWERED, "--broken-skin")
    assert isinstance(refused.exception, BadInput)  # whole and broken contradict each other
    drawn = tmp_path / "levels.svg"
    assert called(*ANSWERED, "--figure", str(drawn)).exit_code == 0
    assert drawn.read_text(encoding="utf-8").startswith("<svg")


@pytest.mark.parametrize(
    "more", [("--area-cm2", "0"), ("--skin", "holed"), ("--content", "lidocaine"), ("--content", "lidocaine=4")]
)
def test_command_with_bad_input(more: tuple[str, ...]) -> None:
    assert isinstance(called(*ANSWERED, *more).exception, BadInput)
