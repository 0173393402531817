"""Every question can be answered once and for all: no answer brings the same question back."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from needling import load_knowledge
from needling.knowledge.schema import FactDefinition
from needling.planning.screen import screen
from needling.web.selfcheck.answers import Answers
from needling.web.selfcheck.questions import next_topic, open_facts, without_orphans
from needling.web.selfcheck.you import BEEN, NOT_YET, birthday_decides, read_you

KB = load_knowledge()
TODAY = date.today()
SUN = {"sunburn", "last_sunburn", "recent_tan", "last_strong_sun"}
MANY = 60


def answer_to(definition: FactDefinition, draw: Any) -> Any:
    """An answer of the right kind, "I don't know" among them."""
    if definition.kind == "yes-no":
        return draw(st.sampled_from([True, True, False, None]))
    if definition.kind == "date":
        return draw(st.sampled_from([None, *((TODAY - timedelta(days=days)).isoformat() for days in (0, 3, 40, 900))]))
    if definition.kind == "number":
        return draw(st.sampled_from([None, definition.low, definition.high]))
    return draw(st.sampled_from([None, *definition.options]))


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_no_question_comes_back(data: st.DataObject) -> None:
    concern = data.draw(st.sampled_from(["pores-dullness", "upper-lip-lines"]))
    answers = Answers({"site": "cheek", "concern": concern}, {"birth_year": 1990, "phototype": "IV"})
    seen: list[str] = []
    for _ in range(MANY):
        case = answers.careful(KB, TODAY)
        clearance = screen(case.person, case.assessment, KB)
        topic = next_topic(answers, clearance, KB)
        if topic is None:
            return
        asked = open_facts(answers, clearance, KB)[topic]
        again = {one.name for one in asked} & answers.facts.keys()
        assert asked and not again, f"asked again although answered: {again}"
        answers = without_orphans(answers.with_facts({one.name: answer_to(one, data.draw) for one in asked}), KB)
        seen.append(topic)
    raise AssertionError(f"no end of questions: {seen}")


@pytest.mark.parametrize("tan", [True, False, None])
@pytest.mark.parametrize("day", [TODAY.isoformat(), None])
def test_a_sunburn_is_asked_for_its_own_day(tan: bool | None, day: str | None) -> None:
    no = {one.name: False for one in KB.facts if one.kind == "yes-no" and one.name not in SUN}
    answers = Answers({"site": "cheek", "concern": "pores-dullness"}, {"birth_year": 1990, "phototype": "II"}, no)
    answers = answers.with_facts({"sunburn": True, "recent_tan": tan, "last_sunburn": day, "last_strong_sun": None})
    case = without_orphans(answers, KB).careful(KB, TODAY)
    clearance = screen(case.person, case.assessment, KB)
    assert "last_sunburn" not in {one.fact for one in clearance.asks}
    assert {one.rule for one in clearance.decisions} >= {"sunburn"}


def test_a_day_that_nobody_remembers_is_today_and_the_page_says_so() -> None:
    yes = {"isotretinoin": True, "cold_sore_recent": True, "acute_illness": True}
    days = {"isotretinoin_stopped": None, "cold_sore_healed": None, "acute_illness_ended": None}
    no = {one.name: False for one in KB.facts if one.kind == "yes-no"}
    answers = Answers(
        {"site": "upper-lip", "concern": "pores-dullness"}, {"birth_year": 1990, "phototype": "II"}, no | yes | days
    )
    case = answers.careful(KB, TODAY)
    clearance = screen(case.person, case.assessment, KB)
    assert not {one.fact for one in clearance.asks} & set(days)
    assert len([one for one in answers.assumed(KB) if "count from today" in one]) == len(days)
    assert {"isotretinoin-recent", "cold-sore-healing", "acute-illness"} <= {one.rule for one in clearance.decisions}


def test_the_birthday_is_asked_for_where_it_decides_and_nowhere_else() -> None:
    borders = {age for age in range(100) if birthday_decides(TODAY.year - age, TODAY, KB)}
    assert borders == {18, 22}
    year = str(TODAY.year - 22)
    told, problems = read_you({"birth_year": year}, KB)
    assert set(problems) == {"birthday"}
    aim = {"site": "cheek", "concern": "pores-dullness"}
    for said, age in ((BEEN, 22), (NOT_YET, 21), ("", None)):
        told, problems = read_you({"birth_year": year, "birthday": said}, KB)
        answers = Answers(aim, told)
        assert not problems and answers.age_y(TODAY) == age
        case = answers.case(KB, TODAY)
        asked = {one.fact for one in screen(case.person, case.assessment, KB).asks}
        assert ("age_y" in asked) == (age is None)
    later = date(TODAY.year + 1, 1, 1)
    assert Answers(aim, told | {"birthday": NOT_YET}).age_y(later) is None, "said of this year, not of the next"


def test_a_year_without_a_border_asks_nothing_more() -> None:
    assert read_you({"birth_year": "1990"}, KB) == (
        {"birth_year": 1990, "phototype": None, "sex_at_birth": None}, {},
    )  # fmt: skip
    assert read_you({"birth_year": str(TODAY.year - 18)})[1] == {}, "a clinic's questions leave the age to the clinic"
