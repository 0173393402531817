"""Where planning ends or begins carefully: doing nothing, the test spot, plain sheets, and what is compared first."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any

import pytest
from tests.web.clinics import House
from tests.web.test_plans import EXAMPLES, KB, approve, browser, page_of, put, shown, text_of, written

from needling.documents import Approval, Choice
from needling.documents.drafts import Draft
from needling.knowledge.base import Knowledge
from needling.planning.cases import read_case
from needling.report.canvas import WIDTH, lines_within, wide
from needling.web.charts.models import Kind, Row
from needling.web.charts.records import latest, write
from needling.web.people.journey import STEP_NAMES, next_of
from needling.web.plans.assumed import plain_assumption
from needling.web.plans.sheets import sheet_of

DAY = datetime(2026, 5, 1, tzinfo=UTC)


def nothing_best(house: House) -> None:
    """Somebody whose skin marks easily and for whom no plan is worth its marks."""
    case = read_case(EXAMPLES / "acne-scars.yaml", KB)
    told = case.person.model_copy(update={"phototype": "VI"})
    written(house, case.model_copy(update={"person": told}))


def left(house: House) -> Any:
    """Doing nothing as the goals have it: one visit at most is not enough for any candidate."""
    nothing_best(house)
    return {"goal.max_visits_count": "1"}


# ---------------------------------------------------------------- doing nothing


def test_doing_nothing_is_an_end_and_not_a_plan_that_waits(house: House) -> None:
    goals = left(house)
    client = browser(house, "clinician")
    page = shown(client, page_of(house, "plan/"), do="show", **goals)
    said = text_of(page)
    assert "Doing nothing is best for now" in said and "There is nothing to approve" in said
    assert "Look again" in said and "Approve this plan" not in said and "Not known" not in said
    assert ("can take it below" in said) is ("start-" in page.content.decode()), "only where there is one"
    assert shown(client, page_of(house, "plan/"), do="leave", **goals).status_code == 302
    found = latest(house.chart, Choice)
    assert found is not None and not found[1].plan.sessions
    for address in ("/charts/", page_of(house)):
        told = unescape(text_of(client.get(address)))
        assert "the plan waits for it" not in told and "nothing is best for now" in told, address
    assert "Written down on" in text_of(shown(client, page_of(house, "plan/"), do="show", **goals))


def test_nothing_is_written_down_beside_an_approved_plan_or_by_who_may_not(house: House) -> None:
    goals = left(house)
    shown(browser(house, "assistant"), page_of(house, "plan/"), do="leave", **goals)
    assert latest(house.chart, Choice) is None
    assert approve(browser(house, "clinician"), house).status_code == 302
    rows = Row.objects.filter(chart=house.chart).count()
    page = shown(browser(house, "clinician"), page_of(house, "plan/"), do="leave", **goals)
    assert page.status_code == 200 and Row.objects.filter(chart=house.chart).count() == rows


def test_a_choice_of_nothing_waits_for_no_approval() -> None:
    at = {kind: DAY + timedelta(days=day) for day, kind in enumerate(("person", "assessment", "clearance", "choice"))}
    assert next_of(at, set(STEP_NAMES), own=True)[0] == "approve"
    assert next_of(at, set(STEP_NAMES), own=True, nothing=True)[0] == "follow-up"
    told = {**at, "approval": DAY + timedelta(days=9)}
    assert next_of(told, set(STEP_NAMES), own=True, nothing=True)[0] == "visit", "an approved plan goes on"


# ---------------------------------------------------------------- the test spot, and plain words


@pytest.mark.parametrize(("phototype", "asks"), [("II", False), ("V", True)])
def test_the_test_spot_is_offered_where_a_rule_asks_for_one(house: House, phototype: str, asks: bool) -> None:
    case = read_case(EXAMPLES / "acne-scars.yaml", KB)
    written(house, case.model_copy(update={"person": case.person.model_copy(update={"phototype": phototype})}))
    client = browser(house, "clinician")
    page = text_of(client.get(page_of(house, "plan/")))
    assert ("Test spot first" in page) is asks
    assert approve(client, house).status_code == 302
    found = latest(house.chart, Approval)
    assert found is not None
    plan = found[1].plan
    for name in ("plan", "consent"):
        section = next(one for one in sheet_of(name, found[1], KB, "x", "y").sections if one.id == "plan")
        first = section.paragraphs[0]
        assert (first.lead == "Test spot first") is asks, name
        if asks:
            longest = max(stroke.needle_length_mm for stroke in plan.sessions[0].strokes)
            assert f"{longest:g} mm" in first.text and "14 days" in first.text


def approved_sheet(house: House, name: str, kb: Knowledge = KB) -> str:
    put(house)
    assert approve(browser(house, "clinician"), house).status_code == 302
    found = latest(house.chart, Approval)
    assert found is not None
    return " ".join(str(one) for part in sheet_of(name, found[1], kb, "x", "y").sections for one in part.statements())


def test_a_consent_sheet_has_no_words_of_those_who_compute(house: House) -> None:
    said = approved_sheet(house, "consent")
    for words in ("µm", "times as much", "remembered, not read", "with its spread", "planned force"):
        assert words not in said, words
    assert "We did not measure how thick your skin is" in said and "is our guess" in said


def test_every_assumption_has_plain_words_or_stays(house: House) -> None:
    assert plain_assumption("Something new.") == "Something new."
    put(house)
    assert approve(browser(house, "clinician"), house).status_code == 302
    found = latest(house.chart, Approval)
    assert found is not None
    kept = sheet_of("plan", found[1], KB, "x", "y")
    whole = " ".join(str(one) for part in kept.sections for one in part.statements())
    for one in found[1].forecast.assumptions:
        assert one.text in whole, "the clinician reads it in full"


def test_the_aftercare_sheet_fits_the_person_and_keeps_every_warning(house: House) -> None:
    said = approved_sheet(house, "aftercare")
    assert "inoxidil" not in said, "a woman's cheeks"
    never = [one.name for one in KB.topicals if one.gate == "never"]
    assert len(never) > 2
    for name in never:
        assert name.lower() in said.lower(), name
    assert "5-fluorouracil" in said and not re.search(r"[,;] (?:and )?(?:Serum|Dyes|Botulinum|Sterile)", said)


# ---------------------------------------------------------------- two plans


def test_after_an_approval_it_is_held_against_another_plan(house: House) -> None:
    put(house)
    client = browser(house, "clinician")
    assert approve(client, house).status_code == 302
    page = client.get(page_of(house, "plan/compare/"))
    assert "Both are the same" not in text_of(page) and "What the plans do differently" in text_of(page)
    found = latest(house.chart, Approval)
    assert found is not None
    assert f'value="{found[0].id}" selected' in page.content.decode()
    same = client.get(page_of(house, f"plan/compare/?first=choice&second={found[0].id}"))
    assert "Both are the same plan" in text_of(same) and "What that does" not in text_of(same)
    # A draft of the same sessions is no other plan; one with other sessions comes first.
    write(house.people["clinician"], house.chart, Draft(plan=found[1].plan))
    assert 'value="next" selected' in client.get(page_of(house, "plan/compare/")).content.decode()
    kept = shown(client, page_of(house, "plan/"), do="keep", passes_count="3")
    assert kept.status_code == 302, text_of(kept)
    draft = house.chart.rows.filter(kind=Kind.DRAFT).latest("at")
    page = client.get(page_of(house, "plan/compare/")).content.decode()
    assert re.findall(r"value=\"(\S+)\" selected", page) == [str(found[0].id), str(draft.id)]


def test_no_line_of_a_figure_is_wider_than_its_room() -> None:
    said = "Improvement: Melasma area and severity index, cheeks and forehead, " * 3
    room = WIDTH - 44
    lines = lines_within(said, room)
    assert " ".join(lines) == said.strip() and len(lines) > 1
    assert all(wide(line) <= room for line in lines)


# ---------------------------------------------------------------- the page: folds, sliders, small print


def test_what_is_secondary_is_folded_with_a_line_of_what_is_in_it(house: House) -> None:
    put(house)
    page = browser(house, "clinician").get(page_of(house, "plan/")).content.decode()
    folds = re.findall(r'<details class="fold" data-fold="([^"]+)"( open)?><summary>(.*?)</summary>', page, re.S)
    assert [name for name, _, _ in folds] == ["fold-expect", "fold-harms", "fold-not-before", "candidates"]
    for name, is_open, summary in folds:
        assert not is_open and re.search(r"<h[23] ", summary) and re.search(r'class="line">[^<]{8,}<', summary), name
    first = page.index("Approve this plan")
    assert first < page.index('class="fold"'), "the decision comes before what is folded"
    for words in ("Which counts", "Possible harm over the whole course", "Careful gain"):
        assert words in page, "nothing is lost"


def test_where_nothing_is_done_what_was_compared_stands_open(house: House) -> None:
    page = shown(browser(house, "clinician"), page_of(house, "plan/"), do="show", **left(house)).content.decode()
    assert 'data-fold="candidates" open' in page and 'id="answer"></div>' in page


def test_sliders_rest_on_sold_lengths_and_whole_weeks_and_boxes_take_any_number(house: House) -> None:
    put(house)
    client = browser(house, "clinician")
    page = client.get(page_of(house, "plan/")).content.decode()
    stops = {
        name: [float(one) for one in given.split()]
        for name, given in re.findall(r'id="(\w+)-slider"[^>]*data-stops="([^"]*)"', page)
    }
    assert set(stops) == {"needle_length_mm", "interval_d"}
    sold = {length for device in KB.devices if device.kind == "roller" for length in device.lengths_mm}
    assert set(stops["needle_length_mm"]) <= sold and {0.5, 1.0, 1.5} <= set(stops["needle_length_mm"])
    assert stops["interval_d"] and not any(day % 7 for day in stops["interval_d"])
    free = shown(client, page_of(house, "plan/"), do="show", interval_d="43", needle_length_mm="0.6")
    assert free.status_code == 200 and "every 43 days" in text_of(free)


def test_versions_stand_in_the_small_print_and_codes_in_the_library(house: House) -> None:
    put(house)
    assert approve(browser(house, "clinician"), house).status_code == 302
    found = latest(house.chart, Approval)
    assert found is not None
    sheet = sheet_of("plan", found[1], KB, "x", "y")
    said = " ".join(str(one) for part in sheet.sections for one in part.statements())
    assert "solver result" not in said and "solver result" in sheet.marks
    assert not re.search(r"\((?:CI|AE|AC|T)\d+\)", said)
    for name in ("consent", "aftercare"):
        assert "solver result" not in sheet_of(name, found[1], KB, "x", "y").marks
