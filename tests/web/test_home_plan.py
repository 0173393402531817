"""The routine at home: the right roller first, one page for this person, answers that come back, careful readings."""

from __future__ import annotations

import re
from datetime import date, timedelta
from io import BytesIO

import pytest
from django.test import Client
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.web.visitor import QUIZ, Visitor, patch_tested

from needling.knowledge import load_knowledge
from needling.planning.screen import STRICTNESS, VERDICTS, screen
from needling.web.selfcheck import takeaway
from needling.web.selfcheck.answers import Answers
from needling.web.selfcheck.takeaway import file_of, read_file

KB = load_knowledge()
TODAY = date(2026, 11, 21)
YES_NO = [fact for fact in KB.facts if fact.kind == "yes-no"]


def test_the_steps_begin_with_the_right_roller(visitor: Visitor) -> None:
    visitor.begin(wish="1.5")
    visitor.go_on()
    visitor.get("/check/steps/")
    said = visitor.text
    assert "The right roller: not the 1.5 mm one" in said and said.index("The right roller") < said.index(
        "A small patch"
    )
    visitor.post("/check/steps/hygiene/", **QUIZ)
    visitor.post("/check/steps/", step="roller")
    said = visitor.text
    how, ask = said.index("How to roll the patch"), said.index("On which day did you roll")
    assert how < ask
    for told in ("0.2 mm roller", "70 % alcohol", "10 minutes", "4 directions", "2 light strokes", "warm"):
        assert told in said[:ask], told


def test_a_patch_that_shows_something_ends_it(visitor: Visitor) -> None:
    patch_tested(visitor, 8)
    visitor.post("/check/steps/", step="patch-mark")
    assert "Rolling is not for you" in visitor.text
    for step in ("patch", "photo"):
        visitor.post("/check/steps/", step=step)
    assert visitor.get("/check/plan/") and visitor.address == "/check/steps/"
    visitor.post("/check/steps/", step="patch-look")
    assert "Now look at it closely" in visitor.text


def test_a_file_brings_the_answers_back_and_asks_again_what_may_have_changed(visitor: Visitor) -> None:
    patch_tested(visitor, 1)
    kept = visitor.client.get("/check/file/").content
    assert b"1990" not in kept
    assert visitor.client.get("/check/steps/small-patch.ics").content.count(b"BEGIN:VALARM") == 1
    other = Visitor(Client())
    other.page = other.client.post("/check/file/back/", {"answers": BytesIO(kept)}, follow=True)
    assert "/check/about/today/" in other.address
    html = other.page.content.decode()
    assert "Last time: no" in other.text and " checked" not in html, "told, and not ticked"
    other.post(other.address)
    assert other.page.status_code == 422 and "Last time: no" in other.text, "not confirmed by going on"
    other.get("/check/plan/")
    assert other.address == "/check/answer/" and "open" in other.text, "and not taken for granted"
    other.get("/check/about/today/")
    other.go_on()
    other.get("/check/steps/")
    assert "Look at it on" in other.text
    for wrong in (b"", b"x", kept[:-9], b"\xff" * 50, kept.replace(b":", b";")):
        other.page = other.client.post("/check/file/back/", {"answers": BytesIO(wrong)}, follow=True)
        assert other.page.status_code == 422 and 'href="#answers"' in other.page.content.decode()


def test_the_plan_is_one_page_for_this_person(visitor: Visitor) -> None:
    visitor.begin(concern="acne-scars-rolling")
    visitor.go_on()
    visitor.unlock()
    visitor.get("/check/plan/")
    said = visitor.text
    assert visitor.address == "/check/plan/"
    for other in ("Large pores", "inasteride", "luorouracil", "otulinum toxin", "given antiviral",
                  "Short message",
                  "quality of life", "first score", "skin types IV"):  # fmt: skip
        assert other not in said, other
    assert "no data that would allow an honest forecast" in visitor.client.get("/check/answer/").content.decode()
    assert said.index("When") < said.index("How") < said.index("When to stop") < said.index("Not before")
    assert said.index("Emergency") < said.index("How long your roller lasts") < said.index("All of it, step by step")
    assert not re.search(r"of 50\b", said.split("Possible harm")[-1]), "one denominator"


# ---------------------------------------------------------------- careful readings


@settings(max_examples=120, deadline=None)
@given(
    told=st.dictionaries(st.sampled_from([fact.name for fact in YES_NO]), st.sampled_from([True, False, False, False])),
    phototype=st.sampled_from(["I", "II", "III", "IV", "V", "VI"]),
    sex=st.sampled_from(["female", "male", "intersex"]),
    sun_d=st.integers(0, 60),
)
def test_the_careful_reading_is_never_milder_than_the_truth(
    told: dict[str, bool], phototype: str, sex: str, sun_d: int
) -> None:
    facts = {fact.name: False for fact in YES_NO} | told | {"recent_tan": True, "pregnant": False}
    aim = {"site": "cheek", "concern": "pores-dullness"}
    unknown = Answers(aim, {"birth_year": 1990}, facts | {"last_strong_sun": None})
    if sex == "male":
        facts["breastfeeding"] = False
    true = Answers(
        aim,
        {"birth_year": 1990, "phototype": phototype, "sex_at_birth": sex},
        facts | {"last_strong_sun": str(TODAY - timedelta(days=sun_d))},
    )
    careful, real = unknown.careful(KB, TODAY), true.case(KB, TODAY)
    read, truth = (screen(case.person, case.assessment, KB) for case in (careful, real))
    if truth.verdict == "ask":
        assert read.verdict != "go"
        return
    assert read.verdict == "ask" or VERDICTS.index(read.verdict) >= VERDICTS.index(truth.verdict)
    strictest = {one.rule: STRICTNESS.index(one.action) for one in read.decisions}
    assert {one.rule for one in truth.decisions if one.action not in ("note",)} <= set(strictest)


@settings(max_examples=60, deadline=None)
@given(facts=st.dictionaries(st.sampled_from([fact.name for fact in YES_NO]), st.sampled_from([True, False, None])))
def test_a_file_loses_no_answer_and_takes_none_for_granted_that_may_have_changed(facts: dict[str, bool | None]) -> None:
    answers = Answers(
        {"site": "cheek", "concern": "pores-dullness", "wish": 1.5}, {"phototype": "V"}, facts, ("roller",)
    )
    back, problem = read_file(file_of(answers).encode(), KB)
    again = set(next(check for check in KB.follow_ups if check.id == "screen-again").asks)
    assert not problem and (back.aim, back.you, back.done) == (answers.aim, answers.you, answers.done)
    assert {**back.facts, **back.before} == facts and not set(back.facts) & again and set(back.before) <= again


def test_checks_are_for_the_setting_and_the_skin_type_and_for_every_type_when_it_is_unknown() -> None:
    from needling.documents import Session, Stroke
    from needling.planning.assemble import follow_ups_of

    stroke = Stroke(zone="cheek-left", needle_length_mm=0.2, directions_count=4, passes_count=2, force_N=1)
    session = Session(day_d=0, device="roller-home", strokes=(stroke,), endpoint="faint-pink")

    def days(setting: str, phototype: str | None) -> list[float]:
        return [check.day_d for check in follow_ups_of((session,), setting, phototype, KB)]  # type: ignore[arg-type]

    for setting in ("home", "clinic"):
        assert 14 not in days(setting, "II") and 14 in days(setting, "V") and 14 in days(setting, None)
    said = " ".join(check.what for check in follow_ups_of((session,), "home", None, KB))
    assert not re.search(r"skin types?|quality of life|score|[Ss]hort message", said)


def test_a_file_that_is_saved_again_gets_no_younger(monkeypatch: pytest.MonkeyPatch) -> None:
    class Later(date):
        @classmethod
        def today(cls) -> date:
            return date.today() + timedelta(days=61)

    aim, facts = {"site": "cheek", "concern": "pores-dullness"}, {"pregnant": False}
    first, _ = read_file(file_of(Answers(aim, {}, facts)).encode(), KB)
    again, problem = read_file(file_of(first).encode(), KB)
    assert not problem and again.saved == first.saved == date.today() and again.before == facts
    monkeypatch.setattr(takeaway, "date", Later)
    _, problem = read_file(file_of(again).encode(), KB)
    assert "older than 60 days" in problem


@pytest.mark.parametrize("aim", [("forehead", "pores-dullness"), ("scalp", "hair-thinning")])
def test_a_patch_that_showed_something_is_not_forgotten_with_another_aim(
    visitor: Visitor, aim: tuple[str, str]
) -> None:
    patch_tested(visitor, 8)
    visitor.post("/check/steps/", step="patch-mark")
    visitor.post("/check/aim/", site=aim[0], concern=aim[1], wish="")
    visitor.post("/check/you/", birth_year="1990", phototype="II", sex="female")
    visitor.go_on()
    visitor.get("/check/steps/")
    assert visitor.address != "/check/steps/" or "Rolling is not for you" in visitor.text
    visitor.post("/check/aim/", site="cheek", concern="pores-dullness", wish="")
    visitor.post("/check/you/", birth_year="1990", phototype="II", sex="female")
    visitor.go_on()
    visitor.get("/check/steps/")
    assert "Rolling is not for you" in visitor.text


@pytest.mark.parametrize("phototype", ["II", "V", ""])
def test_the_plan_says_what_never_goes_on_and_what_protects_until_sunscreen(visitor: Visitor, phototype: str) -> None:
    visitor.begin(phototype=phototype)
    visitor.go_on()
    visitor.unlock()
    visitor.get("/check/plan/")
    said = visitor.text
    never = said.split("Never on freshly needled skin")[1].split("</li>")[0]
    for product in ("Perfume", "not sterile", "metal salts", "Dyes", "Numbing cream with more than 4 %"):
        assert product in never[:500], product
    assert "otulinum" not in said and "luorouracil" not in said
    printed = said.split("All of it, step by step")[0]
    assert "Until you may use sunscreen: stay in the shade and cover the area: a hat" in printed
    assert "after 24 hours" not in said
