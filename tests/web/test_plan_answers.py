"""The plan page: what is wrong takes the answer away, days of a course, names of drafts and of people."""

from __future__ import annotations

import re
from datetime import date, timedelta

import pytest
from tests.web.clinics import House
from tests.web.test_plans import (
    EXAMPLES,
    KB,
    approve,
    browser,
    deferred,
    hidden,
    hidden_number,
    page_of,
    put,
    shown,
    shown_approve,
    text_of,
)

from needling.documents import Approval, Assessment, Choice, Override
from needling.documents.drafts import Draft
from needling.planning.cases import read_case
from needling.report.words import on_day
from needling.simulation import forecast, simulate
from needling.web.charts.models import Row
from needling.web.charts.records import latest, write
from needling.web.plans.dates import day_by_rule, redated
from needling.whatif import PlanningSession


@pytest.fixture
def planned(house: House) -> House:
    put(house)
    return house


@pytest.mark.parametrize(
    ("name", "given", "allowed"),
    [
        ("sessions_count", "99", "at most 12"),
        ("sessions_count", "-3", "a whole number from 0 up to 60"),
        ("sessions_count", "", "Nothing stands here"),
        ("needle_length_mm", "7", "at most 1.5 mm"),
        ("interval_d", "900", "at least"),
        ("cheek-left.passes_count", "99", "at most 5"),
    ],
)
def test_no_answer_of_other_numbers_than_those_on_the_screen(
    planned: House, name: str, given: str, allowed: str
) -> None:
    client, address = browser(planned, "clinician"), page_of(planned, "plan/")
    sent = {name: given, "cheek-left.own": "1"}
    page = shown(client, address, do="show", **sent)
    html, id_ = page.content.decode(), name.replace(".", "-")
    assert page.status_code == 422
    beside = re.search(rf'id="{id_}-problem" data-problem>([^<]*)<', html)
    assert beside is not None and allowed in beside[1] and "Here: at" in beside[1]
    assert f'<a href="#{id_}">' in html and re.search(rf'name="{re.escape(name)}" value="{given}"', html)
    # The old plan is nowhere: no tiles, no forecast, nothing to approve, no draft of it.
    for gone in ('class="tiles"', "people gain", "Approve this plan", 'id="course-expect-part"'):
        assert gone not in html, gone
    parts = [shown(client, address, part=part, **sent) for part in ("answer", "course", "channels")]
    assert [part.status_code for part in parts] == [422, 422, 422]
    assert f'data-field="{id_}"' in parts[0].content.decode() and not parts[1].content.strip()
    rows = Row.objects.filter(chart=planned.chart).count()
    assert shown(client, address, do="keep", **sent).status_code == 422
    assert shown_approve(client, address, **sent).status_code == 422
    assert Row.objects.filter(chart=planned.chart).count() == rows


def test_the_answer_says_when_and_a_named_day_holds_on(planned: House) -> None:
    client, address = browser(planned, "clinician"), page_of(planned, "plan/")
    html = client.get(address).content.decode()
    rule = hidden(html, "start_shown")
    found = latest(planned.chart, Assessment)
    assert found is not None
    on = found[1].on
    assert hidden_number(html, "start_on") == rule
    assert on_day(date.fromisoformat(rule)) in text_of(client.get(address)) and "Judge the result" in html
    later, early = (date.fromisoformat(rule) + timedelta(days=days) for days in (10, -10))
    named = {"start_on": later.isoformat(), "start_shown": rule}
    page = shown(client, address, do="show", **named)
    assert page.status_code == 200 and on_day(later) in text_of(page)
    assert on_day(later + timedelta(days=42)) in text_of(page)
    # Too early for the preparation, until the clinician says that it is under way; never before the findings.
    sent = {"start_on": early.isoformat(), "start_shown": rule}
    page = shown(client, address, do="show", **sent)
    assert page.status_code == 422 and "the preparation takes 28 days" in text_of(page)
    page = shown(client, address, do="show", start_prepared="1", **sent)
    assert page.status_code == 200 and "Before its time by rule" in text_of(page)
    for wrong in ((on - timedelta(days=1)).isoformat(), "2099-01-01", "soon"):
        page = shown(client, address, do="show", start_on=wrong, start_shown=rule, start_prepared="1")
        assert page.status_code == 422, wrong
    # A draft keeps it, and so do the nearest plan, another start, and the approval.
    page = shown(client, address, do="keep", **named)
    draft = latest(planned.chart, Draft)
    assert draft is not None and draft[1].plan.start == later
    again = client.get(page["Location"]).content.decode()
    assert f'value="{later.isoformat()}"' in again
    near = shown(client, address, do="nearest", passes_count="9", **named)
    assert on_day(later) in text_of(near)
    assert approve(client, planned, **named).status_code == 302
    approval = latest(planned.chart, Approval)
    assert approval is not None and approval[1].plan.start == later
    assert any(one.what == f"First session on {on_day(later)}" for one in approval[1].plan.rationale)
    choice = latest(planned.chart, Choice)
    assert choice is not None and choice[1].plan == approval[1].plan
    assert choice[1].runner_up != choice[1].plan.label


def test_a_forecast_does_not_depend_on_the_day() -> None:
    case = read_case(EXAMPLES / "acne-scars.yaml", KB)
    session = PlanningSession(case, KB)
    plan = session.plan
    assert plan.sessions
    later = plan.model_copy(update={"start": plan.start + timedelta(days=100)})
    again = simulate(later, case.person, case.assessment, session.belief, key=session.key)
    assert forecast(again, later) == redated(session.forecast, later)
    assert day_by_rule(plan, case.assessment, KB) == plan.start


def test_drafts_are_called_by_their_plan_and_never_alike(planned: House) -> None:
    client = browser(planned, "assistant")
    for length in ("1.5", "1.5", "0.5"):
        shown(client, page_of(planned, "plan/"), do="keep", needle_length_mm=length)
    html = client.get(page_of(planned, "plan/compare/")).content.decode()
    names = re.findall(r"<option value=[^>]*>([^<]*)</option>", html.partition("Plan B")[0])
    assert len(names) == 4 and names[0].startswith("1 mm roller") and "chosen today" in names[0]
    assert sum(name.startswith("1.5 mm roller") for name in names) == 2 and len(set(names)) in (3, 4)
    assert all(planned.people["assistant"].name in name for name in names[1:])
    assert "0.5 mm roller" in client.get(page_of(planned, "plan/")).content.decode()


def test_pages_of_a_plan_name_people_and_no_signatures(house: House) -> None:
    rule = deferred(house)
    found = latest(house.chart, Assessment)
    assert found is not None
    by, second = (house.people[role] for role in ("clinician", "owner"))
    made = Override(rule=rule, reason="investigated-and-cleared", by=by.signature, second=second.signature)
    write(by, house.chart, found[1].model_copy(update={"overrides": (made,)}), supersedes=found[0])
    client, address = browser(house, "clinician"), page_of(house, "plan/")
    assert client.get(address).status_code == 200
    asked = shown_approve(client, address)
    assert asked.status_code == 200 and f"Set aside by {by.name} and {second.name}" in text_of(asked)
    for page in (client.get(address), asked, client.get(page_of(house, "plan/compare/"))):
        for user in (by, second):
            assert user.signature not in page.content.decode()
