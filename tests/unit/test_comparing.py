"""Two plans on the same possible people: against brute force, mirrored, with itself, and what must be refused."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import pytest
from tests.people import healthy

from needling.comparing import LEVELS, compare, faint
from needling.documents import Assessment, Goals, Person, Plan
from needling.documents.comparison import Comparison, PairedNumber
from needling.errors import BadInput, NotAllowed, OutOfRange
from needling.knowledge import load_knowledge
from needling.planning.assemble import no_treatment, plan_from_sentence
from needling.planning.propose import propose
from needling.planning.screen import screen
from needling.report.about_comparison import comparison_text, render_comparison_html
from needling.simulation import Belief, Course, Models, forecast, simulate, simulate_many
from needling.simulation.seam import pairing
from needling.simulation.seam.ensemble import Ensemble
from needling.simulation.seam.outcomes import at_time

KB = load_knowledge()
MEMBERS = 96
KEY = 5
ZONES = (("cheek-left", "acne-scars-rolling", 40.0), ("forehead", "wrinkles-face", 60.0))
MILD = "1 mm roller, 4 directions x 4 passes, left cheek, every 6 weeks x 3"
STRONG = "1.5 mm roller, 4 directions x 5 passes, left cheek / forehead, every 8 weeks x 4"
TOO_MUCH = "2.5 mm roller, 4 directions x 5 passes, left cheek, every 2 weeks x 4"


@pytest.fixture(scope="module")
def who() -> tuple[Person, Assessment]:
    return healthy(KB, phototype="IV", zones=ZONES)


@pytest.fixture(scope="module")
def belief() -> Belief:
    return Belief.prior(KB, members=MEMBERS)


def plan(who: tuple[Person, Assessment], sentence: str) -> Plan:
    return plan_from_sentence(sentence, *who, screen(*who, KB), KB)


@pytest.fixture(scope="module")
def found(who: tuple[Person, Assessment], belief: Belief) -> Comparison:
    return compare(plan(who, MILD), plan(who, STRONG), *who, belief, key=KEY)


@pytest.fixture(scope="module")
def alone(who: tuple[Person, Assessment], belief: Belief) -> tuple[Course, Course]:
    """Each plan simulated by itself, by the ordinary way."""
    first, second = (simulate(plan(who, sentence), *who, belief, key=KEY) for sentence in (MILD, STRONG))
    return first, second


def number(found: Comparison, name: str, zone: str | None = None) -> PairedNumber:
    return next(one for one in found.numbers if one.id == name and one.zone == zone)


# ---------------------------------------------------------------- brute force


def _change(course: Course, zone: str) -> np.ndarray:
    index = course.zones.index(zone)
    final = at_time(course.score[:, index], course.time, course.judge_time[index])
    return final - course.context.baselines[index].values


@pytest.mark.parametrize("zone", [zone for zone, _, _ in ZONES])
def test_results_are_subtracted_person_by_person(found: Comparison, alone: tuple[Course, Course], zone: str) -> None:
    first, second = (_change(course, zone) for course in alone)
    one = number(found, "outcome", zone)
    assert one.difference_quantiles == pytest.approx(np.quantile(second - first, LEVELS), rel=1e-5, abs=1e-9)
    assert one.difference == pytest.approx(np.median(second - first), rel=1e-5, abs=1e-9)
    assert one.second_better_share == np.mean(first - second >= one.counts_from)
    assert one.first_better_share == np.mean(second - first >= one.counts_from)
    assert one.counts_from == abs(KB.indication({z: c for z, c, _ in ZONES}[zone]).meaningful_change or 0)


@pytest.mark.parametrize("zone", [zone for zone, _, _ in ZONES])
def test_how_many_gain_is_counted_person_by_person(found: Comparison, alone: tuple[Course, Course], zone: str) -> None:
    meaningful = abs(KB.indication({z: c for z, c, _ in ZONES}[zone]).meaningful_change or 0)
    first, second = (-_change(course, zone) >= meaningful for course in alone)
    one = number(found, pairing.REACHED, zone)
    assert (one.first, one.second) == pytest.approx((first.mean(), second.mean()), abs=1e-6)
    assert one.difference == pytest.approx(second.mean() - first.mean(), abs=1e-6)
    assert one.second_better_share == np.mean(second & ~first)
    assert one.first_better_share == np.mean(first & ~second)
    # The same counts as the dots of both forecasts.
    for side, share in ((found.first, one.first), (found.second, one.second)):
        told = next(outcome for outcome in side.forecast.outcomes if outcome.zone == zone)
        assert round(50 * share) == told.dots_of_50_count
    if one.standing in ("first", "second"):
        ahead, behind = (second & ~first).sum(), (first & ~second).sum()
        wins, loses = (ahead, behind) if one.standing == "second" else (behind, ahead)
        assert wins >= found.sure_share * (wins + loses) > 0


def test_downtime_harm_and_pain_are_subtracted_person_by_person(
    found: Comparison, alone: tuple[Course, Course]
) -> None:
    first, second = alone
    day = 86400.0
    for name, values in (
        ("redness", [course.redness_time / day for course in alone]),
        ("ready", [course.ready_time / day for course in alone]),
        ("pain", [course.pain.max(axis=(0, 1)) for course in alone]),
    ):
        one = number(found, name)
        assert one.difference_quantiles == pytest.approx(np.quantile(values[1] - values[0], LEVELS), rel=1e-5, abs=1e-9)
    marks = [1 - (1 - course.pih_probability) * (1 - course.track_probability) for course in (first, second)]
    assert number(found, pairing.LASTING_MARK).difference == pytest.approx(
        float(np.mean(marks[1] - marks[0])), rel=1e-5
    )
    assert number(found, "visits").difference == 1


def test_each_harm_has_the_chance_that_its_forecast_says(found: Comparison) -> None:
    harms = [one for one in found.numbers if one.id.startswith("harm:")]
    assert harms
    for one in harms:
        for side, mean in ((found.first, one.first), (found.second, one.second)):
            told = next(harm for harm in side.forecast.harms if f"harm:{harm.harm}" == one.id)
            assert mean == pytest.approx(told.probability, rel=1e-5)


def test_curves_agree_with_each_plan_alone_on_the_days_of_both(found: Comparison, alone: tuple[Course, Course]) -> None:
    first, second = alone
    both = np.intersect1d(first.time, second.time)
    assert both.size > 15
    days = np.array(found.days_d)
    for curve, values in (("severity", [c.score for c in alone]), ("redness", [c.erythema for c in alone])):
        for index, zone in enumerate(first.zones):
            told = next(one for one in found.curves if one.measure == curve and one.zone == zone)
            for time in both.tolist():
                place = int(np.argmin(np.abs(days - time / 86400)))
                parts = [own[:, index, np.searchsorted(c.time, time)] for own, c in zip(values, alone, strict=True)]
                assert [row[place] for row in told.quantiles] == pytest.approx(
                    np.quantile(parts[1] - parts[0], LEVELS), abs=2e-5
                )


def test_a_difference_is_narrower_than_the_difference_of_two_bands(found: Comparison) -> None:
    one = number(found, "outcome", "cheek-left")
    first, second = (
        next(outcome for outcome in side.forecast.outcomes if outcome.zone == "cheek-left").change_quantiles
        for side in (found.first, found.second)
    )
    paired = one.difference_quantiles[-1] - one.difference_quantiles[0]
    apart = (second[-1] - first[0]) - (second[0] - first[-1])
    assert paired < 0.6 * apart


def test_the_forecasts_inside_are_those_of_each_plan_alone(
    found: Comparison, alone: tuple[Course, Course], who: tuple[Person, Assessment]
) -> None:
    assert found.first.forecast == forecast(alone[0], plan(who, MILD))
    assert found.second.forecast == forecast(alone[1], plan(who, STRONG))


def test_on_one_and_the_same_day_the_later_of_the_two_counts(
    found: Comparison, alone: tuple[Course, Course], who: tuple[Person, Assessment], belief: Belief
) -> None:
    when = max(float(course.judge_time[0]) for course in alone)
    ensemble = Ensemble(*who, belief, key=KEY)
    exact = [ensemble.simulate([plan(who, text)], also=np.array([when]))[0] for text in (MILD, STRONG)]
    values = [c.score[:, 0, np.searchsorted(c.time, when)] for c in exact]
    one = number(found, "outcome-same-day", "cheek-left")
    assert one.difference_quantiles == pytest.approx(np.quantile(values[1] - values[0], LEVELS), abs=2e-5)


# ---------------------------------------------------------------- mirrored, and with itself


def test_the_other_way_round_everything_changes_its_sign(
    found: Comparison, who: tuple[Person, Assessment], belief: Belief
) -> None:
    turned = compare(plan(who, STRONG), plan(who, MILD), *who, belief, key=KEY)
    for one in found.numbers:
        other = next(x for x in turned.numbers if (x.id, x.zone) == (one.id, one.zone))
        assert other.difference == pytest.approx(-one.difference, abs=1e-9)
        assert other.difference_quantiles == pytest.approx(
            [-q for q in reversed(one.difference_quantiles)], rel=1e-5, abs=1e-9
        )
        assert (other.first_better_share, other.second_better_share) == (
            one.second_better_share,
            one.first_better_share,
        )
        assert other.standing == {"first": "second", "second": "first"}.get(one.standing, one.standing)
    for curve in found.curves:
        other_curve = next(x for x in turned.curves if (x.measure, x.zone) == (curve.measure, curve.zone))
        for mine, theirs in zip(curve.quantiles, reversed(other_curve.quantiles), strict=True):
            assert theirs == pytest.approx([-value for value in mine], rel=1e-5, abs=1e-9)
    assert turned.better == {"first": "second", "second": "first"}.get(found.better or "", found.better)
    assert [(pair.first, pair.second) for pair in turned.maps] == [(pair.second, pair.first) for pair in found.maps]
    assert [(d.second, d.first) for d in turned.plan_differences] == [
        (d.first, d.second) for d in found.plan_differences
    ]


def test_a_plan_does_not_differ_from_itself(who: tuple[Person, Assessment], belief: Belief) -> None:
    same = compare(plan(who, MILD), plan(who, MILD), *who, belief, key=KEY)
    assert not same.differs
    assert same.better is None
    assert same.plan_differences == ()
    for one in same.numbers:
        assert one.difference == 0
        assert set(one.difference_quantiles) == {0.0}
        assert one.standing == "alike"
        assert one.first_better_share == one.second_better_share == 0
    assert all(set(row) == {0.0} for curve in same.curves for row in curve.quantiles)
    assert "cannot tell" in comparison_text(same, KB)


# ---------------------------------------------------------------- what is weighed, and what is refused


def test_doing_nothing_costs_nothing_and_harms_nobody(who: tuple[Person, Assessment], belief: Belief) -> None:
    nothing = no_treatment(*who, screen(*who, KB), KB)
    found = compare(nothing, plan(who, MILD), *who, belief, key=KEY)
    assert number(found, "redness").first == 0
    assert number(found, pairing.LASTING_MARK).standing == "first"
    assert number(found, "outcome", "cheek-left").standing == "second"
    assert number(found, "outcome", "forehead").standing == "alike"  # nothing is done there
    assert all(one.first == 0 for one in found.numbers if one.id.startswith("harm:"))


def test_a_plan_outside_its_envelope_is_marked_and_never_the_better_one(
    who: tuple[Person, Assessment], belief: Belief
) -> None:
    found = compare(plan(who, TOO_MUCH), plan(who, MILD), *who, belief, key=KEY)
    assert not found.first.inside
    assert {limit.what for limit in found.first.breaches} >= {"2.5 mm needles on cheek-left"}
    assert found.second.inside
    assert found.better != "first"
    assert "OUTSIDE ITS ENVELOPE" in comparison_text(found, KB)
    assert "not to be done" in render_comparison_html(found, KB)
    both = compare(plan(who, TOO_MUCH), plan(who, TOO_MUCH.replace("2.5", "2")), *who, belief, key=KEY)
    assert both.better is None


def test_a_sum_without_what_nobody_counted_is_never_the_better_one(
    who: tuple[Person, Assessment], belief: Belief
) -> None:
    stamp = plan(who, "1 mm stamp, 1 direction x 1 pass, left cheek, every 6 weeks x 1")
    roller = plan(who, "1.5 mm roller, 4 directions x 6 passes, left cheek, every 6 weeks x 6")
    for first, second in ((stamp, roller), (roller, stamp)):
        found = compare(first, second, *who, belief, key=KEY)
        assert number(found, pairing.LASTING_MARK).standing == "unknown"
        assert any("not known for a stamp and are not in this sum" in one for one in found.unpaired)
        assert "Not comparable, because a part of it is not known" in found.verdict
        assert "hyperpigmentation" in found.verdict  # each harm stands by itself instead
        assert "not comparable" in comparison_text(found, KB)
        render_comparison_html(found, KB)
    nothing = no_treatment(*who, screen(*who, KB), KB)
    beside = compare(nothing, stamp, *who, belief, key=KEY)
    assert number(beside, pairing.LASTING_MARK).standing in ("first", "unknown")


def test_the_text_says_what_a_difference_is_and_from_when_it_counts(found: Comparison) -> None:
    text = " ".join(comparison_text(found, KB).split())
    assert "middle of the differences within people" in text
    assert "Better off counts from a difference of: improvement 1 grade" in text
    for one in found.numbers:
        if faint(one):
            assert "by less than people notice" in found.verdict


def test_prices_are_compared_where_the_person_named_them(who: tuple[Person, Assessment], belief: Belief) -> None:
    goals = Goals(visit_price=100)
    found = compare(plan(who, MILD), plan(who, STRONG), *who, belief, key=KEY, goals=goals)
    assert number(found, "price").difference == 100
    assert number(found, "price").standing == "first"


def test_worst_case_goals_bring_their_own_ensemble(who: tuple[Person, Assessment], belief: Belief) -> None:
    found = compare(plan(who, MILD), plan(who, STRONG), *who, belief, key=KEY, goals=Goals(robust="worst-case"))
    assert found.first.scorecard.gain_low <= found.first.scorecard.gain


def test_maps_are_of_the_fullest_session_on_one_patch(found: Comparison) -> None:
    cheek, forehead = found.maps
    assert cheek.first is not None and cheek.second is not None
    assert cheek.first.outline == cheek.second.outline and cheek.first.key == cheek.second.key
    assert cheek.second.density_per_cm2 > cheek.first.density_per_cm2
    assert forehead.first is None and forehead.first_session is None
    assert forehead.second is not None


def test_plans_of_others_are_told_apart_from_plans_of_another_day(
    who: tuple[Person, Assessment], belief: Belief
) -> None:
    mine = plan(who, MILD)
    with pytest.raises(BadInput, match="of the person 'somebody'"):
        compare(mine, mine.model_copy(update={"person": "somebody"}), *who, belief)
    with pytest.raises(BadInput, match="setting 'home'"):
        compare(mine.model_copy(update={"envelope": "home"}), mine, *who, belief)
    with pytest.raises(BadInput, match="plan again"):
        compare(mine, mine.model_copy(update={"knowledge_sha256": "0" * 64}), *who, belief)
    with pytest.raises(OutOfRange, match="plan B"):
        compare(mine, plan(who, MILD.replace("1 mm roller", "1 mm pen")), *who, belief)


def test_at_home_nothing_is_forecast_beyond_the_home_envelope(belief: Belief) -> None:
    person, assessment = healthy(KB, "home", zones=(("cheek-left", "pores-dullness", 40.0),))
    clearance = screen(person, assessment, KB)
    plans = propose(person, assessment, clearance, KB)
    long = plan_from_sentence(
        "1 mm roller, 2 directions x 2 passes, left cheek, every 6 weeks x 3", person, assessment, clearance, KB
    )
    with pytest.raises(NotAllowed, match="no forecast is made of a home plan"):
        compare(plans[1], long, person, assessment, belief)
    found = compare(plans[0], plans[1], person, assessment, belief)
    assert found.better is None and found.differs  # no result can be forecast, so nothing is put above doing nothing
    assert "how much it helps is not compared" in " ".join(comparison_text(found, KB).split())


# ---------------------------------------------------------------- documents and pages


def test_the_document_comes_back_from_its_json(found: Comparison) -> None:
    again = Comparison.model_validate_json(found.canonical())
    assert again == found
    assert again.sha256 == found.sha256


def test_the_page_and_the_text_say_both_plans_and_fit(found: Comparison) -> None:
    text = comparison_text(found, KB)
    assert max(map(len, text.splitlines())) <= 80
    page = render_comparison_html(found, KB)
    for plan_ in (found.first.plan, found.second.plan):
        assert plan_.label.lower() in text.replace("\n", " ").lower()
        assert plan_.label.lower() in page.lower()
    assert page.count("<svg") >= 4
    assert "speaks against" in page and "<script" not in page
    assert page == render_comparison_html(found, KB)


# ---------------------------------------------------------------- the ensemble behind it


@pytest.mark.parametrize("models", [Models(), Models(closure="two-phase", depth="force"), Models(session="as-planned")])
def test_an_ensemble_gives_what_simulate_many_gives(
    who: tuple[Person, Assessment], belief: Belief, models: Models
) -> None:
    plans = [no_treatment(*who, screen(*who, KB), KB), plan(who, MILD), plan(who, STRONG), plan(who, MILD)]
    kept = Ensemble(*who, belief, key=KEY, models=models)
    kept.simulate(plans[2:])
    again = kept.simulate(plans)
    for one, other in zip(again, simulate_many(plans, *who, belief, key=KEY, models=models), strict=True):
        for field in fields(one):
            mine, theirs = getattr(one, field.name), getattr(other, field.name)
            if isinstance(mine, np.ndarray):
                assert np.array_equal(mine, theirs, equal_nan=True), field.name


def test_what_an_ensemble_keeps_never_outgrows_its_room(who: tuple[Person, Assessment], belief: Belief) -> None:
    roomy, small = Ensemble(*who, belief, key=KEY), Ensemble(*who, belief, key=KEY, room=1_200_000)
    for gap in (28, 35, 42, 49, 56):
        wish = [plan(who, MILD.replace("every 6 weeks", f"every {gap} days"))]
        mine, theirs = roomy.simulate(wish)[0], small.simulate(wish)[0]
        assert np.array_equal(mine.score, theirs.score, equal_nan=True)
        assert small.kept.used <= small.kept.room
    assert 0 < len(small.kept) < len(roomy.kept)
