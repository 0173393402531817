"""The plan page: what is wrong takes the answer away, days of a course, names of drafts and of people."""

from __future__ import annotations

import re
from datetime import date, timedelta

import pytest
from tests.web.clinics import House, open_chart
from tests.web.courses import approved
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
    written,
)

from needling.choosing import STAND_IN, stand_in_words
from needling.documents import Approval, Assessment, Case, Choice, Override, SessionRecord
from needling.documents.drafts import Draft
from needling.planning.cases import read_case
from needling.report.words import on_day
from needling.simulation import forecast, objectives, simulate
from needling.trials.planstudy.study import person_files
from needling.web.charts.models import Row
from needling.web.charts.records import latest, write
from needling.web.plans.controls import as_id, beyond, controls_of
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
    assert html.count('role="alert" tabindex="-1" autofocus>') == 1  # the list of every form, under its own heading
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


def test_nothing_is_approved_for_a_day_that_is_past(planned: House) -> None:
    found = latest(planned.chart, Assessment)
    assert found is not None
    old = found[1].model_copy(update={"on": date.today() - timedelta(days=40)})
    write(planned.people["clinician"], planned.chart, old, supersedes=found[0])
    client, address = browser(planned, "clinician"), page_of(planned, "plan/")
    page = client.get(address)
    html, said = page.content.decode(), text_of(page)
    assert page.status_code == 200 and "That day is past" in said and "Approve this plan" not in said
    assert "name the first session , today or later" in said and '<a href="#start_on">' in html
    assert f'min="{date.today().isoformat()}"' in html and "is next, under" not in said
    refused = shown_approve(client, address, signed="1", replaces="")
    assert refused.status_code == 422 and "is past" in text_of(refused) and latest(planned.chart, Approval) is None
    # Today is no day of the past.
    named = {"start_on": date.today().isoformat(), "start_shown": hidden(html, "start_shown")}
    assert "Approve this plan" in text_of(shown(client, address, do="show", **named))
    assert approve(client, planned, **named).status_code == 302


def test_the_page_of_a_plan_that_runs_says_where_it_goes_on(house: House) -> None:
    user = house.people["clinician"]
    chart = open_chart(user, "Somebody Running")
    row, approval = approved(user, chart, 50)
    assert approval.plan.start < date.today()
    page = browser(house, "clinician").get(f"/charts/{chart.id}/plan/")
    said = text_of(page)
    count = len(approval.plan.sessions)
    assert "Approve this plan" not in said and f"session 1 of {count} is next, under Visits" in said
    assert f'href="/charts/{chart.id}/visits/"' in page.content.decode()
    # One that takes its place begins anew, and who signs it is told so.
    first = approval.plan.sessions[0]
    done = SessionRecord(
        approval=row.sha256, session=0, on=approval.plan.start, device=first.device, strokes=first.strokes, by="nurse"
    )
    write(user, chart, done)
    address = f"/charts/{chart.id}/plan/"
    html = browser(house, "clinician").get(address).content.decode()
    assert f"session 2 of {count} is next" in html
    named = {"start_on": date.today().isoformat(), "start_shown": hidden(html, "start_shown")}
    asked = text_of(shown_approve(browser(house, "clinician"), address, **named))
    assert "with the session that was done by it; this plan begins anew with a session 1 of its own" in asked


# ---------------------------------------------------------------- limits of zones that differ


def two_zones() -> Case:
    """Scars on cheeks, where 1.5 mm is the limit, and on a shoulder, where it is 2 mm."""
    return next(read_case(file, KB) for file in person_files() if "boxcar" in file.name)


def red(html: str) -> set[str]:
    """Names of the number boxes that are beyond a limit."""
    box = r'<div class="control outside[^>]*>.*?<input type="number" id="[^"]*" name="([^"]*)"'
    return set(re.findall(box, html, re.S))


def test_zones_that_may_have_different_needles_open_without_a_warning(house: House) -> None:
    case = two_zones()
    written(house, case)
    client, address = browser(house, "clinician"), page_of(house, "plan/")
    page = client.get(address)
    html = page.content.decode()
    assert hidden_number(html, "needle_length_mm") == "2" and not red(html)
    assert "Approve this plan" in text_of(page)
    assert "at most 1.5 mm on cheeks, 2 mm on right shoulder and upper back" in text_of(page)
    # One length for all of them: each zone is held against its own limit, and what is red leads to the nearest plan.
    page = shown(client, address, do="show", needle_length_mm="2.5")
    html = page.content.decode()
    zones = {f"{zone.zone}.needle_length_mm" for zone in case.assessment.zones}
    assert red(html) == {"needle_length_mm", *zones}
    assert '<a href="#answer">Which limit, and the nearest plan' in html and 'value="nearest"' in html
    assert "2.5 mm needles on left cheek" in text_of(page) and "allowed is at most 1.5 mm" in text_of(page).lower()
    part = shown(client, address, part="answer", needle_length_mm="2.5").content.decode()
    told = re.search(r'data-outside="([^"]*)"', part)
    assert told is not None and set(told[1].split()) == {as_id(name) for name in red(html)}
    near = shown(client, address, do="nearest", needle_length_mm="2.5")
    assert not red(near.content.decode()) and "Approve this plan" in text_of(near)


CHANGES: tuple[dict[str, float], ...] = (
    {}, {"needle_length_mm": 2.5}, {"zone:cheek-left.needle_length_mm": 2.0}, {"passes_count": 6}, {"interval_d": 7},
    {"zone:cheek-left.interval_d": 28}, {"zone:cheek-left.interval_d": 13}, {"sessions_count": 13}, {"force_N": 7},
    {"zone:cheek-left.sessions_count": 4, "zone:cheek-left.interval_d": 30},
)  # fmt: skip


@pytest.mark.parametrize("changes", CHANGES, ids=str)
def test_a_number_is_beyond_its_limit_where_the_plan_is(changes: dict[str, float]) -> None:
    session = PlanningSession(two_zones(), KB, members=16)
    found = session.what_if(changes)
    over = beyond(found.plan, session.clearance, KB)
    assert bool(over) == bool(found.breaches), (over, found.breaches)
    for one in found.breaches:
        assert any(one.what.endswith(name.rpartition(".")[0]) for name in over if "." in name), one.what


def test_every_default_plan_opens_inside_its_limits() -> None:
    opened = 0
    for file in person_files():
        session = PlanningSession(read_case(file, KB), KB, members=32)
        if session.plan.sessions:
            opened += 1
            controls = controls_of(session.plan, None, None, session.clearance, KB)
            assert not [one.name for one in controls if one.outside], file.name
            assert not beyond(session.plan, session.clearance, KB)
    assert opened > 5


# ---------------------------------------------------------------- the rest


@pytest.mark.parametrize("phototype", ["I", "III", "IV", "VI", None])
def test_a_careful_figure_that_stands_in_is_named(phototype: str | None) -> None:
    case = read_case(EXAMPLES / "acne-scars.yaml", KB)
    person = case.person.model_copy(update={"phototype": phototype})
    session = PlanningSession(case, KB, members=32)
    plan = session.plan
    course = simulate(plan, person, case.assessment, session.belief, key=session.key)
    known = objectives(course).harm_known
    assert stand_in_words(forecast(course, plan), KB) == ("" if known else STAND_IN)
    assert known == (phototype in ("III", "IV"))


def test_no_treatment_promises_no_figure(planned: House) -> None:
    page = browser(planned, "clinician").post(page_of(planned, "plan/"), {"goal.max_visits_count": "1"})
    assert "Doing nothing is best for now" in text_of(page) and "how much it helps" not in text_of(page)


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
    assert "the next candidate" in names.pop(1)
    assert len(names) == 4 and names[0].startswith("1 mm roller") and "chosen today" in names[0]
    assert sum(name.startswith("1.5 mm roller") for name in names) == 2 and len(set(names)) in (3, 4)
    assert all(planned.people["assistant"].name in name for name in names[1:])
    assert "0.5 mm roller" in client.get(page_of(planned, "plan/")).content.decode()


def test_pages_of_a_plan_name_people_and_no_signatures(house: House) -> None:
    rule = deferred(house)
    found = latest(house.chart, Assessment)
    assert found is not None
    by, second = (house.people[role] for role in ("clinician", "owner"))
    made = Override(
        rule=rule, reason="investigated-and-cleared", by=by.signature, second=second.signature, on=found[1].on
    )
    write(by, house.chart, found[1].model_copy(update={"overrides": (made,)}), supersedes=found[0])
    client, address = browser(house, "clinician"), page_of(house, "plan/")
    assert client.get(address).status_code == 200
    asked = shown_approve(client, address)
    assert asked.status_code == 200 and f"Set aside by {by.name} and {second.name}" in text_of(asked)
    for page in (client.get(address), asked, client.get(page_of(house, "plan/compare/"))):
        for user in (by, second):
            assert user.signature not in page.content.decode()
