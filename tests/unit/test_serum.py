"""The one-line serum calls: the gate comes first, unknown numbers are named, research is stamped everywhere."""

from __future__ import annotations

import json
import re
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from needling import BadInput, NotAllowed, SerumForecast, Substance, serum
from needling.applying import ask_gate
from needling.documents import Assessment, Person, Plan, Session, Stroke, ZoneFinding
from needling.documents.exposure import SerumGate, SerumUse
from needling.knowledge import Knowledge, load_knowledge
from needling.simulation.belief import Belief
from needling.simulation.serum import PLACES, missing, permeability, run_serum, substance_of

CAFFEINE = Substance(name="caffeine", molar_mass_g_per_mol=194.19, log_kow_ratio=-0.07, acid_or_base="neutral")
STAMP = "RESEARCH ONLY"
TOPICALS = [topical.id for topical in load_knowledge().topicals]
FEW = 64


def few(substance: str | Substance, **given: Any) -> SerumForecast:
    return serum(substance, members=FEW, **given)


def amount(forecast: SerumForecast, place: str, *, whole: bool = False, level: int = 2) -> float:
    found = next(one for one in forecast.amounts if one.place == place)
    return (found.whole_skin_ug_per_cm2 if whole else found.needled_ug_per_cm2)[level][-1]


# ---------------------------------------------------------------- the gate


@pytest.mark.parametrize("topical", TOPICALS)
def test_every_product_runs_or_is_refused_or_says_what_is_missing(kb: Knowledge, topical: str) -> None:
    entry = kb.find("topicals", topical)
    if entry.gate == "allowed":
        try:
            assert few(topical, kb=kb).stamp == ""
        except BadInput as lacking:
            assert "not known: " in str(lacking)
        return
    with pytest.raises(NotAllowed) as refused:
        few(topical, kb=kb)
    said = str(refused.value)
    assert entry.because.split(".")[0] in said, "the reason"
    assert "llowed" in said or "No time makes it right" in said, "what is allowed"
    known = [citation.key for citation in entry.sources if citation.key in said]
    assert known, "the source"


@pytest.mark.parametrize("topical", TOPICALS)
def test_research_computes_or_says_what_is_missing(kb: Knowledge, topical: str) -> None:
    own = substance_of(topical, kb)
    lacking = missing(own, kb)
    if lacking or own.concentration_share is None:
        with pytest.raises(BadInput) as said:
            few(topical, research=True, kb=kb)
        for name in lacking:
            assert name in str(said.value)
        return
    found = few(topical, research=True, kb=kb)
    assert found.result == "ok"
    assert found.stamp.startswith(STAMP) and "The gate says" in found.stamp
    assert found.gate.allowed == (kb.find("topicals", topical).gate == "allowed")


def test_at_least_a_dozen_products_can_be_computed(kb: Knowledge) -> None:
    ready = [one for one in TOPICALS if not missing(substance_of(one, kb), kb)]
    assert len(ready) >= 12


def test_waits_open_the_gate(kb: Knowledge) -> None:
    with pytest.raises(NotAllowed, match="Allowed from 168 h"):
        few("ascorbic-acid", hours_after_h=100, needle_length_mm=1, setting="clinic", kb=kb)
    later = few("ascorbic-acid", hours_after_h=169, needle_length_mm=1, setting="clinic", kb=kb)
    assert later.stamp == "" and later.gate.allowed
    assert later.channels is not None and max(later.channels.density_per_cm2) < 1, "by then the channels are closed"


def test_numbing_cream_goes_on_before_and_comes_off(kb: Knowledge) -> None:
    with pytest.raises(NotAllowed, match="before the session"):
        few("lidocaine-4", setting="clinic", kb=kb)
    with pytest.raises(NotAllowed, match="needling numbing"):
        few("lidocaine-4", setting="clinic", hours_after_h=-1, kb=kb)
    before = few("lidocaine-4", setting="clinic", hours_after_h=-1, research=True, kb=kb)
    assert before.stamp
    assert before.channels is None and before.enhancement_ratio == ()
    assert amount(before, "washed", whole=True) > 0


@pytest.mark.parametrize("product", ["retinoid", "niacinamide", "lidocaine-4", "hyaluronic-acid-gel"])
def test_counted_channels_are_not_whole_skin(kb: Knowledge, product: str) -> None:
    """Saying that there were no needles opens no way around the gate or the envelope."""
    with pytest.raises(NotAllowed):
        few(product, needle_length_mm=0, density_per_cm2=200, channel_depth_um=2500, kb=kb)


@pytest.mark.parametrize("setting", ["home", "clinic"])
def test_numbing_cream_is_never_a_serum(kb: Knowledge, setting: str) -> None:
    for more in ({"needle_length_mm": 0}, {"hours_after_h": -1}, {"needle_length_mm": 0, "concentration_share": 0.6}):
        with pytest.raises(NotAllowed, match="needling numbing"):
            few("lidocaine-4", setting=setting, kb=kb, **more)


def test_a_pen_is_not_for_the_home(kb: Knowledge) -> None:
    with pytest.raises(NotAllowed, match="is not for the home"):
        few("hyaluronic-acid-gel", device="pen-pro", needle_length_mm=0.2, kb=kb)
    with pytest.raises(NotAllowed, match="is not for the home"):
        few("hyaluronic-acid-gel", protocol="0.2 mm pen, 4 directions x 4 passes, cheeks, once", kb=kb)


def test_a_substance_of_ones_own_borrows_no_gate(kb: Knowledge) -> None:
    borrowed = Substance(
        name="tretinoin", topical="saline", molar_mass_g_per_mol=300, log_kow_ratio=5, acid_or_base="neutral",
        concentration_share=0.001,
    )  # fmt: skip
    with pytest.raises(NotAllowed, match="no entry"):
        few(borrowed, kb=kb)


def test_a_setting_that_is_none_is_said(kb: Knowledge) -> None:
    with pytest.raises(BadInput, match="home or clinic"):
        few("hyaluronic-acid-gel", setting="Home", kb=kb)


def test_clinic_only_needs_a_clinic(kb: Knowledge) -> None:
    with pytest.raises(NotAllowed, match="in a clinic only"):
        few("tranexamic-acid", kb=kb)
    assert few("tranexamic-acid", setting="clinic", kb=kb).gate.allowed


def test_the_gate_cannot_be_passed_by(kb: Knowledge) -> None:
    use = SerumUse(substance=CAFFEINE, product_mg_per_cm2=2, concentration_share=0.01)
    with pytest.raises(NotAllowed):
        run_serum(use, SerumGate(allowed=False, why="no"), Belief.prior(kb, members=FEW))


def test_own_substances_are_research_only(kb: Knowledge) -> None:
    with pytest.raises(NotAllowed, match="no entry in the knowledge base"):
        few(CAFFEINE, concentration_share=0.01, kb=kb)
    assert few(CAFFEINE, concentration_share=0.01, research=True, kb=kb).stamp.startswith(STAMP)


def test_needles_beyond_the_envelope_are_refused(kb: Knowledge) -> None:
    with pytest.raises(NotAllowed, match=r"1 mm are not for the cheek \(home: at most 0.3 mm\)"):
        few("hyaluronic-acid-gel", needle_length_mm=1, kb=kb)
    with pytest.raises(NotAllowed, match="not needled at home"):
        few("hyaluronic-acid-gel", site="shoulder-back", kb=kb)
    stamped = few("hyaluronic-acid-gel", needle_length_mm=1, research=True, kb=kb)
    assert "1 mm are not for the cheek" in stamped.stamp


def test_whole_skin_needs_no_wait(kb: Knowledge) -> None:
    assert few("niacinamide", needle_length_mm=0, kb=kb).channels is None
    with pytest.raises(NotAllowed):
        few("fluorouracil", needle_length_mm=0, kb=kb)


def test_an_unknown_time_never_passes(kb: Knowledge) -> None:
    own = substance_of("ascorbic-acid", kb)
    assert not ask_gate(own, 0.5, 0.0, "home", kb).allowed
    with pytest.raises(BadInput):
        few("ascorbic-acid", hours_after_h=float("nan"), kb=kb)


# ---------------------------------------------------------------- input


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"substance": "lidocane"}, "did you mean 'lidocaine-4'"),
        ({"substance": "lidocaine-prilocaine", "ingredient": "prilocain"}, "did you mean 'prilocaine'"),
        ({"substance": "hyaluronic-acid-gel", "ingredient": "x"}, "one substance"),
        ({"substance": "hyaluronic-acid-gel", "site": "cheak"}, "did you mean 'cheek'"),
        ({"substance": "hyaluronic-acid-gel", "device": "roler-home"}, "did you mean"),
        ({"substance": "hyaluronic-acid-gel", "hours_h": -1}, "hours_h is -1"),
        ({"substance": "hyaluronic-acid-gel", "product_mg_per_cm2": 0}, "product_mg_per_cm2 is 0"),
        ({"substance": "hyaluronic-acid-gel", "density_per_cm2": 100}, "both density_per_cm2 and channel_depth_um"),
        ({"substance": "hyaluronic-acid-gel", "protocol": "roll a bit"}, "cannot read"),
        ({"substance": "prp", "setting": "clinic"}, "not known: concentration_share"),
        ({"substance": "tetracaine-4", "research": True}, "not known: log_kow_ratio"),
        ({"substance": Substance(name="x"), "concentration_share": 0.1, "research": True}, "molar_mass_g_per_mol"),
        (
            {
                "substance": Substance(name="x", molar_mass_g_per_mol=200, log_kow_ratio=1, acid_or_base="acid"),
                "concentration_share": 0.1,
                "research": True,
            },
            "pka_ph",
        ),
    ],
)
def test_bad_input_is_one_clear_message(kb: Knowledge, given: dict[str, Any], said: str) -> None:
    with pytest.raises(BadInput) as found:
        serum(kb=kb, members=FEW, **given)
    assert said in str(found.value)


def test_a_protocol_and_a_plan_say_the_same(kb: Knowledge) -> None:
    sentence = "1 mm roller, 4 directions x 4 passes, cheeks, once"
    by_sentence = few("hyaluronic-acid-gel", setting="clinic", protocol=sentence, kb=kb)
    force = kb.parameter("planning-force-clinic").quantity.median
    stroke = Stroke(zone="cheek-left", needle_length_mm=1, directions_count=4, passes_count=4, force_N=force)
    plan = Plan(
        person="p",
        label=sentence,
        envelope="clinic",
        sessions=(Session(day_d=0, device="roller-192", strokes=(stroke,), endpoint="erythema"),),
        start=date(2026, 1, 1),
        clearance_sha256="0" * 64,
        knowledge_version="x",
        knowledge_sha256="0" * 64,
    )
    by_plan = few("hyaluronic-acid-gel", setting="clinic", plan=plan, kb=kb)
    assert by_plan.amounts == by_sentence.amounts
    with pytest.raises(BadInput, match="session 3"):
        few("hyaluronic-acid-gel", setting="clinic", plan=plan, session=3, kb=kb)


# ---------------------------------------------------------------- what comes out


@pytest.fixture(scope="module")
def acid(kb: Knowledge) -> SerumForecast:
    return serum("ascorbic-acid", setting="clinic", needle_length_mm=0.5, research=True, kb=kb)


def test_the_document_says_all_it_stands_on(acid: SerumForecast, kb: Knowledge) -> None:
    assert SerumForecast.model_validate_json(acid.model_dump_json()) == acid
    assert acid.knowledge_sha256 == kb.sha256 and acid.key == 0 and acid.versions
    assert {one.place for one in acid.amounts} <= set(PLACES)
    assert {citation.key for citation in acid.sources} <= set(kb.by("sources"))
    assert any("weakest link" in one.text for one in acid.assumptions)
    assert acid.levels_share == (0.05, 0.25, 0.5, 0.75, 0.95)
    for one in acid.amounts:
        for curves in (one.needled_ug_per_cm2, one.whole_skin_ug_per_cm2):
            assert len(curves) == 5 and all(len(curve) == len(acid.hours_h) for curve in curves)
            assert all(low <= high for low, high in zip(curves[0], curves[-1], strict=True))


def test_enhancement_is_an_interval(acid: SerumForecast) -> None:
    assert len(acid.enhancement_ratio) == 5
    assert 1 <= acid.enhancement_ratio[0] < acid.enhancement_ratio[-1] / 10


def test_the_same_key_gives_the_same_forecast(acid: SerumForecast, kb: Knowledge) -> None:
    again = serum("ascorbic-acid", setting="clinic", needle_length_mm=0.5, research=True, kb=kb)
    assert again == acid
    other = serum("ascorbic-acid", setting="clinic", needle_length_mm=0.5, research=True, key=1, kb=kb)
    assert other.amounts != acid.amounts


def test_amounts_of_each_person_add_up_to_the_dose(kb: Knowledge) -> None:
    use = SerumUse(
        substance=substance_of("minoxidil", kb),
        site="scalp",
        setting="clinic",
        product_mg_per_cm2=2,
        concentration_share=0.05,
        needle_length_mm=0.5,
        device="roller-192",
        wash_off_h=8,
    )
    run = run_serum(use, SerumGate(allowed=True, why=""), Belief.prior(kb, members=FEW))
    total = run.spread.amount.sum(axis=0)
    assert abs(total / run.serum.dose - 1).max() < 1e-8
    assert run.spread.amount.min() >= 0


def test_a_person_moves_the_channels(kb: Knowledge) -> None:
    person = Person(id="p", birth_year=1940)
    zone = ZoneFinding(zone="cheek-left", concern="acne-scars-atrophic", area_cm2=40, dermis_mm=2.0)
    found = Assessment(person="p", on=date(2026, 1, 1), setting="clinic", zones=(zone,))
    old = few("hyaluronic-acid-gel", setting="clinic", site="cheek-left", person=person, assessment=found, kb=kb)
    usual = few("hyaluronic-acid-gel", setting="clinic", site="cheek-left", kb=kb)
    assert old.channels is not None and usual.channels is not None
    assert old.channels.half_life_h[2] > usual.channels.half_life_h[2]
    with pytest.raises(BadInput, match="neither"):
        few("hyaluronic-acid-gel", person=person, kb=kb)


def test_cover_keeps_channels_open(kb: Knowledge) -> None:
    given: dict[str, Any] = {"setting": "clinic", "needle_length_mm": 1, "kb": kb}
    covered, bare = (few("hyaluronic-acid-gel", cover=cover, **given) for cover in ("occluded", "open-air"))
    assert covered.channels is not None and bare.channels is not None
    assert covered.channels.half_life_h[2] > 10 * bare.channels.half_life_h[2]
    assert amount(covered, "past-barrier") > amount(bare, "past-barrier")


@pytest.mark.parametrize("topical", ["ascorbic-acid", "lidocaine-4", "minoxidil", "hyaluronic-acid-gel"])
def test_permeability_in_one_call(kb: Knowledge, topical: str) -> None:
    found = permeability(topical, "forehead", kb=kb)
    assert found.members_count == 256
    assert list(found.skin_cm_per_h) == sorted(found.skin_cm_per_h)
    if topical == "hyaluronic-acid-gel":
        assert max(found.skin_cm_per_h) == 0 and found.potts_guy_cm_per_h is None
    else:
        assert found.wilschut_robinson_cm_per_h is not None
        assert found.skin_cm_per_h[0] < found.wilschut_robinson_cm_per_h < found.skin_cm_per_h[-1]


def test_both_barriers_agree_within_their_doubt(kb: Knowledge) -> None:
    """Horny layer as bricks and mortar against the formula of records, where both were made for the substance."""
    bricks = few("niacinamide", needle_length_mm=0, barrier="bricks", kb=kb)
    usual = few("niacinamide", needle_length_mm=0, kb=kb)
    ratio = bricks.permeability.horny_layer_cm_per_h[2] / usual.permeability.horny_layer_cm_per_h[2]
    assert 0.1 < ratio < 10


# ---------------------------------------------------------------- words, figure, command line


def test_words_carry_the_stamp_first_and_last(acid: SerumForecast, kb: Knowledge) -> None:
    from needling.report.about_serum import explain_serum

    text = str(explain_serum(acid, kb))
    assert max(map(len, text.splitlines())) <= 80
    assert len(re.findall(STAMP, text)) == 2
    assert "9 of 10 people" in text and "Sources" in text
    assert not re.search(r"\bnan\b|\binf\b", text)


def test_the_figure_is_on_a_log_scale_and_has_its_table(acid: SerumForecast, kb: Knowledge) -> None:
    from needling.report.about_serum import serum_figure

    figure = serum_figure(acid, kb)
    assert STAMP in figure.svg and STAMP in figure.alt and STAMP in figure.rows[0][0]
    assert "log scale" in figure.alt
    for tick in ("1000", "10", "0.1", "0.001"):
        assert f">{tick}<" in figure.svg
    assert len(figure.rows) == 1 + 2 * len(acid.amounts) * len(acid.hours_h)
    assert all(len(row) == len(figure.headers) for row in figure.rows)
    plain = serum_figure(serum("hyaluronic-acid-gel", kb=kb), kb)
    assert STAMP not in plain.svg


def test_the_command(tmp_path: Path) -> None:
    from needling.cli import build

    run = CliRunner()
    app = build(["serum", "upkeep"])
    refused = run.invoke(app, ["serum", "ascorbic-acid"])
    assert refused.exit_code == 1 and "not allowed" in refused.output and "friedmann2024" in refused.output
    as_json = run.invoke(app, ["serum", "ascorbic-acid", "--json"])
    assert as_json.exit_code == 1 and json.loads(as_json.output)["kind"] == "NotAllowed"
    drawn = tmp_path / "a.svg"
    given = ["serum", "ascorbic-acid", "--research", "--members", "64", "--site", "forehead", "--hours", "6"]
    text = run.invoke(app, [*given, "--figure", str(drawn)])
    assert text.exit_code == 0 and text.output.count(STAMP) == 2
    assert STAMP in drawn.read_text(encoding="utf-8")
    document = run.invoke(app, [*given, "--json", "--dose-mg-per-cm2", "5", "--percent", "10"])
    found = SerumForecast.model_validate_json(document.output)
    assert found.stamp.startswith(STAMP) and found.dose_ug_per_cm2 == 500 and found.use.site == "forehead"
    own = ["serum", "caffeine", "--molar-mass", "194.2", "--log-kow", "-0.07", "--percent", "1", "--members", "64"]
    assert run.invoke(app, own).exit_code == 1
    assert run.invoke(app, [*own, "--research"]).exit_code == 0
