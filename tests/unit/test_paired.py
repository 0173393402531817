"""Numbers of two plans in words: one sign, one group of people, and a headline that says what the table says."""

from __future__ import annotations

from pathlib import Path

import pytest

from needling.comparing import LEVELS
from needling.documents.comparison import PairedNumber
from needling.knowledge import load_knowledge
from needling.planning.cases import read_case
from needling.report.bibliography import Bibliography
from needling.report.explanation import Telling
from needling.report.measures import days_words, redness_of, score_caption
from needling.report.paired import (
    REACHED,
    amount,
    difference_words,
    least_gain,
    number_names,
    numbers_tables,
    reading,
    told,
    told_zones,
    unit_words,
)
from needling.report.words import at_level
from needling.whatif import PlanningSession

KB = load_knowledge()
EXAMPLES = Path(__file__).parents[2] / "examples"


def telling() -> Telling:
    return Telling(KB, "clinician", False, Bibliography(KB)).at("What that does")


def made(name: str, first: float, second: float, **more: object) -> PairedNumber:
    ends = [(second - first) * level for level in (0.5, 0.75, 1.0, 1.25, 1.5)]
    given: dict[str, object] = {
        "id": name, "zone": None, "label": name, "unit": "grade", "better": "lower", "first": first, "second": second,
        "difference": second - first, "difference_quantiles": tuple(sorted(ends)), "levels_share": LEVELS,
        "counts_from": 1.0, "negligible": 0.1, "second_better_share": 0.0, "first_better_share": 0.0,
        "standing": "second",
    }  # fmt: skip
    return PairedNumber.model_validate({**given, **more})


def gains(first: float, second: float, zone: str = "cheek-left") -> PairedNumber:
    return made(REACHED, first, second, zone=zone, label="at least one grade", unit="probability", better="higher")


def test_improvement_counts_upwards_on_every_scale() -> None:
    falls = made("outcome", -0.9, -1.2, zone="cheek-left")
    rises = made("outcome", 0.9, 1.2, zone="cheek-left", better="higher")
    for one in (falls, rises):
        assert (amount(one, one.first), amount(one, one.second)) == ("0.9", "1.2")
        assert difference_words(one) == "+0.3 (+0.15 to +0.45)"
    # What is no result keeps its own direction: less redness is less.
    assert difference_words(made("redness", 2.5, 1.5, unit="days")).startswith("\N{MINUS SIGN}1 ")


def test_a_chance_is_told_out_of_the_same_group_under_both_plans() -> None:
    common = made("lasting-mark", 0.126, 0.073, unit="probability")
    assert (amount(common, common.first), amount(common, common.second)) == ("6.3", "3.6")
    assert unit_words(common) == "of 50 people" and difference_words(common).startswith("\N{MINUS SIGN}2.7 ")
    rare = made("harm:x", 0.0088, 0.0052, unit="probability")
    assert unit_words(rare) == "of 1000 people" and amount(rare, rare.first) == "8.8"


def test_the_difference_of_how_many_gain_is_that_of_the_shown_counts() -> None:
    for first, second in ((0.42, 0.58), (0.445, 0.625), (0.31, 0.31), (0.7, 0.41)):
        one = gains(first, second)
        shown = [int(amount(one, value)) for value in (one.first, one.second)]
        assert int(difference_words(one).replace("\N{MINUS SIGN}", "-")) == shown[1] - shown[0]


def test_zones_that_do_alike_are_told_once_by_the_one_that_gains_least() -> None:
    numbers = [
        gains(0.44, 0.62), gains(0.46, 0.66, "cheek-right"), gains(0.1, 0.2, "forehead"),
        made("outcome", -0.92, -1.17, zone="cheek-left"), made("outcome", -0.95, -1.21, zone="cheek-right"),
        made("outcome", -0.2, -0.3, zone="forehead"),
    ]  # fmt: skip
    assert told_zones(numbers) == {"cheek-left": ("cheek-left", "cheek-right"), "forehead": ("forehead",)}
    assert {one.zone for one in told(numbers)} == {"cheek-left", "forehead"}
    names = number_names(numbers, None, telling())
    assert names[REACHED, "cheek-left"] == "Gain at least one grade, cheeks"
    least = least_gain(numbers)
    assert least is not None and least.zone == "forehead"


def test_on_one_and_the_same_day_is_left_out_where_both_are_judged_then() -> None:
    own = made("outcome", -0.9, -1.2, zone="cheek-left")
    same = own.model_copy(update={"id": "outcome-same-day"})
    assert [one.id for one in told([gains(0.4, 0.6), own, same])] == [REACHED, "outcome"]
    later = same.model_copy(update={"second": -1.3})
    assert len(told([gains(0.4, 0.6), own, later])) == 3


def test_headline_and_table_say_the_same() -> None:
    """Many small steps carry some people over the line: both is said, in one breath."""
    numbers = [gains(0.44, 0.62), made("outcome", -0.92, -1.17, zone="cheek-left")]
    said = reading(numbers, ("now", "changed"), telling())
    assert said is not None
    assert said.text.startswith("31 of 50 people gain at least one grade with the changed plan and 22 with the plan as")
    assert "9 more" in said.text and "0.25 grade more" in said.text and "people notice from 1 grade on" in said.text
    table = numbers_tables(numbers, ("now", "changed"), telling(), None)[0]
    assert table.rows[0].cells[1:5] == ("22", "31", "+9", "changed")
    assert table.rows[1].cells[4] == "changed, by less than people notice"
    alike = [gains(0.44, 0.44), made("outcome", -0.92, -0.92, zone="cheek-left", standing="alike")]
    same = reading(alike, ("A", "B"), telling())
    assert same is not None and "as many" in same.text and "as much with both" in same.text
    assert reading([made("redness", 2, 3)], ("A", "B"), telling()) is None


@pytest.fixture(scope="module")
def session() -> PlanningSession:
    return PlanningSession(read_case(EXAMPLES / "acne-scars.yaml", KB), KB, members=256)


def test_redness_means_the_same_people_in_forecast_score_and_difference(session: PlanningSession) -> None:
    choice = session.choice
    found = redness_of(choice.forecast, KB)
    assert found is not None and found.most == "9 of 10 people"
    card = next(card for card in choice.scorecards if card.plan_sha256 == choice.plan.sha256)
    assert found.most_d == pytest.approx(card.redness_d, rel=1e-4)
    assert found.half_d == at_level(choice.forecast.levels_share, choice.forecast.redness_d, 0.5)
    paired = next(one for one in session.what_if(sessions=4).numbers if one.id == "redness")
    assert paired.first == pytest.approx(found.half_d, rel=1e-4)
    harm = next(one for one in session.what_if(sessions=4).numbers if one.id == "lasting-mark")
    assert harm.first == pytest.approx(card.harm_probability, rel=1e-4)
    assert "3 of 4 people" in score_caption(KB) and found.most in score_caption(KB)


def test_days_have_one_form() -> None:
    said = [days_words(days) for days in (0.3, 1.0, 2.46, 3.94)]
    assert said == ["less than half a day", "1 day", "2.5 days", "3.9 days"]
