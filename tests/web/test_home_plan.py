"""The routine at home: the right roller first, one page for this person, answers that come back, careful readings."""

from __future__ import annotations

import re
from datetime import date, timedelta
from html import unescape
from io import BytesIO
from typing import Any

import pytest
from django.test import Client
from hypothesis import given, settings
from hypothesis import strategies as st
from icalendar import Calendar
from tests.web.visitor import QUIZ, Visitor, patch_tested

from needling.archive import run_case
from needling.knowledge import load_knowledge
from needling.planning.screen import STRICTNESS, VERDICTS, screen
from needling.report.explain import explain
from needling.report.words import on_day
from needling.web.selfcheck import takeaway
from needling.web.selfcheck.answers import Answers
from needling.web.selfcheck.patch import patch_days
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
    assert said.index("How long your roller lasts") < said.index("Emergency") < said.index("All of it, step by step")
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
    for product in ("Perfume", "not sterile", "metal salts", "dyes", "numbing cream with more than 4 %"):
        assert product in never[:500], product
    assert "otulinum" not in said and "luorouracil" not in said
    printed = said.split("All of it, step by step")[0]
    assert "Until you may use sunscreen: stay in the shade and cover the area: a hat" in printed
    assert "after 24 hours" not in said


# ---------------------------------------------------------------- one answer on every page


def _events(visitor: Visitor) -> list[Any]:
    sent = visitor.client.get("/check/plan/calendar.ics")
    return [part for part in Calendar.from_ical(sent.content).walk() if part.name == "VEVENT"]


def test_a_patch_that_showed_something_decides_every_page(visitor: Visitor) -> None:
    patch_tested(visitor, 8)
    visitor.post("/check/steps/", step="patch-mark")
    assert "The plan opens when they are done" not in visitor.text
    visitor.get("/check/answer/")
    said = visitor.text
    assert "Rolling is not for you" in said and "Nothing that you told us speaks against" not in said
    assert "Go on with the steps" not in said and "2 by 2 cm" not in said and "gentle routine" not in said
    assert 'class="answer tone-no"' in visitor.page.content.decode()
    for address in (
        "/check/plan/",
        "/check/plan/calendar.ics",
        "/check/steps/hygiene/",
        "/check/steps/small-patch.ics",
    ):
        visitor.get(address)
        assert visitor.address == "/check/steps/" and "Rolling is not for you" in visitor.text, address
    visitor.get("/check/answer/clinic-sheet/")
    on = on_day(date.today() - timedelta(days=8))
    assert (
        f"Patch What came of it Rolled on {on}, 2 by 2 cm, at home" in visitor.text
        and "A mark, bump, rash" in visitor.text
    )
    assert "Answer: Rolling is not for you" in visitor.text and "Patch test before" not in visitor.text
    visitor.get("/check/answer/again.ics")
    assert visitor.address == "/check/answer/"
    visitor.post("/check/steps/", step="patch-look")
    visitor.get("/check/answer/")
    assert "No known benefit at home" in visitor.text


def test_what_is_worse_than_a_patch_is_still_said_first(visitor: Visitor) -> None:
    patch_tested(visitor, 8)
    visitor.post("/check/steps/", step="patch-mark")
    visitor.post("/check/about/today/", trouble_after_needling="yes", acute_illness="no", pregnant="no",
                 breastfeeding="no")  # fmt: skip
    visitor.get("/check/answer/")
    assert "Get medical care today" in visitor.text
    visitor.get("/check/answer/clinic-sheet/")
    assert "Reaction to the small patch" in visitor.text


@pytest.mark.parametrize("concern", ["acne-scars-ice-pick", "product-delivery"])
def test_where_there_is_no_routine_nobody_rolls_a_patch(visitor: Visitor, concern: str) -> None:
    visitor.begin(concern=concern)
    visitor.go_on()
    said = visitor.text
    assert "Doing nothing is best" in said and "2 by 2 cm" not in said and "✓" not in said
    box = said.split("Doing nothing is best for now")[1]
    why = KB.indication(concern).answer_why.split(".")[0]
    assert box.index(why) < box.index("no routine is shown")
    assert "Nothing that you told us" not in said and "None of the rules" not in said
    visitor.get("/check/answer/clinic-sheet/")
    assert "Patch test before" not in visitor.text


def test_the_quiz_tells_the_times_of_the_plan(visitor: Visitor) -> None:
    visitor.begin()
    visitor.go_on()
    visitor.post("/check/steps/", step="roller")
    visitor.post("/check/steps/hygiene/", **{**QUIZ, "after-short-actives": "0"})
    why = visitor.text
    assert "three days" not in why
    told = dict(re.findall(r"(Acids[^:.]*|Retinoid[^:.]*): not before day (\d+)", why))
    visitor.unlock()
    visitor.get("/check/plan/")
    rows = re.findall(r"<dt>Day (\d+).*?</dt><dd>(.*?)</dd>", visitor.page.content.decode())
    assert len(told) == 2
    for thing, day in told.items():
        assert any(day == of and thing in things for of, things in rows), thing


def test_the_patch_is_the_first_use_of_the_roller(visitor: Visitor) -> None:
    from needling.web.selfcheck.calendar import roller_ends

    case = Answers({"site": "cheek", "concern": "pores-dullness"}, {"birth_year": 1990, "phototype": "II",
                   "sex_at_birth": "female"}, {fact.name: False for fact in YES_NO}).case(KB, TODAY)  # fmt: skip
    plan = run_case(case, KB, key=0, members=64).choice.plan
    first = plan.sessions[0]
    often = plan.model_copy(
        update={"sessions": tuple(first.model_copy(update={"day_d": 3.5 * index}) for index in range(12))}
    )
    uses = KB.device(first.device).life_uses_count
    assert uses is not None
    assert roller_ends(often, KB)[0][0] == 3.5 * uses
    assert roller_ends(often, KB, plan.start - timedelta(days=8))[0][0] == 3.5 * (uses - 1)
    early = roller_ends(plan, KB, plan.start - timedelta(days=60))[0][0]
    assert early < roller_ends(plan, KB, plan.start - timedelta(days=8))[0][0], "months count from the patch"
    visitor.begin()
    visitor.go_on()
    visitor.unlock()
    visitor.get("/check/plan/")
    assert "1 (small patch)" in visitor.text
    assert f"The small patch on {on_day(date.today() - timedelta(days=8))} was use 1" in visitor.text


def test_other_needles_are_another_roller(visitor: Visitor) -> None:
    visitor.begin(wish="0.25", phototype="V")
    visitor.go_on()
    visitor.post("/check/steps/", step="none")
    assert "not the 0.25 mm one yet" in visitor.text and "Keep the 0.25 mm roller for later" in visitor.text
    visitor.unlock()
    said = [str(event["description"]) for event in _events(visitor) if "Buy a new roller" in str(event["summary"])]
    assert any("the needles are 0.25 mm" in one for one in said)


@pytest.mark.parametrize(("history", "days"), [(True, 7), (None, 7), (False, 2)])
def test_skin_that_has_kept_marks_waits_a_week(history: bool | None, days: int) -> None:
    assert patch_days(Answers(you={"phototype": "II"}, facts={"pih_history": history}), KB) == days


@pytest.mark.parametrize(("history", "phototype", "days"), [("yes", "II", 7), ("no", "II", 2), ("no", "V", 7)])
def test_answer_and_steps_wait_the_same_days(visitor: Visitor, history: str, phototype: str, days: int) -> None:
    visitor.begin(phototype=phototype)
    visitor.go_on(pih_history=history)
    assert f"Look at it after {days} days" in visitor.text and "after two days" not in visitor.text
    visitor.get("/check/steps/")
    assert f"Then wait {days} days" in visitor.text


def test_getting_ready_stands_on_the_plan_and_in_the_calendar(visitor: Visitor) -> None:
    visitor.begin()
    visitor.go_on()
    visitor.get("/check/steps/")
    said = visitor.text
    assert said.index("Let a professional see your skin first") < said.index("The right roller")
    visitor.unlock()
    visitor.get("/check/plan/")
    printed = unescape(visitor.text).split("All of it, step by step")[0]
    events = {event["dtstart"].dt: event for event in _events(visitor)}
    start = min(on for on, event in events.items() if str(event["summary"]).startswith("Rolling"))
    for name in ("weeks-sun-protection", "weeks-stop-actives"):
        step = KB.by("care")[name]
        on = start - timedelta(days=round(step.lead_d))
        assert f"From {on_day(on)} {step.says}" in printed
        assert step.says in str(events[on]["description"])
        assert any(part.name == "VALARM" for part in events[on].subcomponents)
    for name in ("before-screen-again", "home-disinfect-before", "before-nothing-on-skin"):
        assert KB.by("care")[name].says.split(".")[0] in printed, name
        assert KB.by("care")[name].says in str(events[start]["description"])
    assert "Why not sooner: getting ready takes 4 weeks" in printed


def test_a_calendar_of_preparations_tells_nothing_of_the_person(visitor: Visitor) -> None:
    visitor.begin(phototype="V")
    visitor.go_on()
    visitor.unlock()
    titles = {str(event["summary"]) for event in _events(visitor)}
    assert any("Sunscreen every day" in one for one in titles)
    assert not re.search(r"skin type|dark|retinoid", " ".join(titles), re.I)
    ready = next(event for event in _events(visitor) if "Sunscreen every day" in str(event["summary"]))
    assert str(ready["description"]).startswith("Use sunscreen of SPF 50")


@pytest.mark.parametrize(("wish", "most"), [("0.25", "0.25"), ("0.3", "0.25"), ("1.5", "0.25"), ("", "0.25")])
def test_one_limit_for_one_person_on_every_page(visitor: Visitor, wish: str, most: str) -> None:
    visitor.begin(wish=wish, phototype="V")
    visitor.go_on()
    pages = []
    for address in ("/check/answer/", "/check/steps/", "/check/answer/clinic-sheet/"):
        visitor.get(address)
        pages.append(visitor.text.split("Where sources disagree")[0].split("Sources")[0])
    visitor.unlock()
    visitor.get("/check/plan/")
    pages.append(visitor.text.split(" Sources ")[0])
    for said in pages:
        named = re.findall(r"([\d.]+) mm at most|up to ([\d.]+) mm|[Tt]he limit here is ([\d.]+) mm", said)
        named += re.findall(r"(longest needle) for you at home is ([\d.]+) (mm)", said)
        found = {part for one in named for part in one if re.fullmatch(r"[\d.]+", part)}
        assert found <= {most}, said
    for at in (0, 1, 3):
        assert f"The longest needle for you at home is {most} mm." in pages[at]
        assert "to see how your skin takes it" in pages[at] or "no study shows that a longer one" in pages[at]


def test_nothing_reads_as_an_all_clear_while_much_is_open() -> None:
    case = Answers({"site": "cheek", "concern": "pores-dullness"}, {"phototype": "II"}).case(KB, TODAY)
    whole = screen(case.person, case.assessment, KB)
    cleared = whole.model_copy(update={"decisions": ()})
    said = str(explain(cleared, KB))
    assert "None of the rules" not in said and "Nothing can be said yet" in said
    assert "None of the rules" in str(explain(cleared.model_copy(update={"asks": ()}), KB))


def test_not_knowing_of_warning_signs_leads_to_them_first(visitor: Visitor) -> None:
    visitor.begin()
    visitor.go_on(trouble_after_needling="unknown")
    html = visitor.page.content.decode().split("<main")[1]
    assert html.index("You do not know whether you have a warning sign") < html.index('class="verdict"')
    assert 'href="/check/signs/"' in html.split('class="verdict"')[0]
    assert "None of the rules that were checked" not in visitor.text and "Why this answer" not in visitor.text
    visitor.post("/check/forget/")
    visitor.begin()
    visitor.go_on(keloid_history="unknown")
    assert "warning sign" not in visitor.page.content.decode().split("<main")[1].split('class="verdict"')[0]


@pytest.mark.parametrize(("sex", "beard"), [("male", True), ("female", False)])
def test_the_times_are_those_of_an_evening_and_of_this_person(visitor: Visitor, sex: str, beard: bool) -> None:
    visitor.begin(sex=sex)
    visitor.go_on()
    visitor.unlock()
    visitor.get("/check/plan/")
    html = unescape(visitor.page.content.decode())
    said = unescape(visitor.text)
    assert "Today, after" not in said and "The next evening" in said and "scalp or beard" not in said
    assert ("other drugs for the beard" in said) is beard and "the scalp" not in said.split("All of it")[0]
    rows = dict(re.findall(r"<dt>(Day \d+)[^<]*</dt><dd>(.*?)</dd>", html))
    assert "sunscreen" in rows["Day 2"] and rows["Day 3"] == "Any other cream or ointment"
    assert not re.search(r"(?:, |; | and )[A-Z][a-z]", said.split("Never on freshly needled skin")[1].split("*")[0])
