"""What a person takes home: one time for each thing, what was set aside and by whom, and who still has to sign."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import pytest
from django.urls import reverse_lazy
from tests.web.clinics import House, open_chart, signed_in, user_of
from tests.web.test_plans import EXAMPLES, KB, approve, browser, deferred, page_of, put, shown, text_of, written

from needling.choosing import STAND_IN
from needling.documents import Approval, Choice, Fact, Person
from needling.planning.aftercare import timetable
from needling.planning.cases import read_case
from needling.planning.screen import screen
from needling.report.about_aftercare import at_home
from needling.report.about_grounds import ordered_grounds
from needling.web.charts.models import Kind, Row
from needling.web.charts.records import latest, write
from needling.web.plans.sheets import Signed, sheet_of
from needling.web.plans.typeset import as_data, as_pdf
from needling.web.plans.waiting import waiting_in, waiting_of

PAGES = re.compile(rb"/Type\s*/Page\b")
SIGNATURE = re.compile(r"user-[0-9a-f]{12}")
DUE = reverse_lazy("due")


def said_of(client: Any, house: House, name: str) -> str:
    return unescape(text_of(client.get(page_of(house, f"plan/print/?sheet={name}"))))


@pytest.fixture
def planned(house: House) -> House:
    put(house)
    return house


def propose(house: House) -> str:
    """A rule that one clinician wants to set aside."""
    rule = deferred(house)
    reason = {"reason": "specialist-informed-choice", "note": "Two talks about it."}
    client = browser(house, "clinician")
    assert shown(client, page_of(house, "clearance/"), do="propose", rule=rule, **reason).status_code == 302
    return rule


def confirm(house: House) -> None:
    proposal = Row.objects.filter(chart=house.chart, kind=Kind.PROPOSED).latest("at")
    page = shown(browser(house, "owner"), page_of(house, "clearance/"), do="confirm", proposal=str(proposal.id))
    assert page.status_code == 302


# ---------------------------------------------------------------- aftercare


def test_the_aftercare_sheet_says_each_thing_once(planned: House) -> None:
    client = browser(planned, "clinician")
    approve(client, planned)
    found = latest(planned.chart, Approval)
    assert found is not None
    plan, forecast = found[1].plan, found[1].forecast
    times = timetable(plan, forecast.not_before, KB).times
    sheet = sheet_of("aftercare", found[1], KB, "x", "y")
    again = [
        name
        for section in sheet.sections
        if section.title.endswith("may start again")
        for one in section.points
        for name in one.lead.casefold().split("; ")
    ]
    called = at_home(times, plan, forecast.person.sex_at_birth, KB)
    assert sorted(again) == sorted(one.label.casefold() for one in called)
    told = " ".join(str(one) for section in sheet.sections for one in section.statements())
    steps = KB.by("care")
    for name in plan.sessions[0].aftercare:
        assert not steps[name].about or steps[name].says.strip() not in told, name
    assert "inasteride" not in told, "scalp lines on a cheek sheet"
    # What it overrules is on the page, folded away, and not in the print.
    page = said_of(client, planned, "aftercare")
    assert "Where these times come from" in page and "overruled" in page
    assert "overruled" not in str(as_data(sheet)) and planned.own.name in page


@pytest.mark.parametrize("example", ["acne-scars", "striae-abdomen", "home-hairline"])
def test_the_aftercare_sheet_has_two_pages_and_the_others_few(house: House, example: str) -> None:
    put(house, example)
    assert approve(browser(house, "clinician"), house).status_code == 302
    found = latest(house.chart, Approval)
    assert found is not None
    signed = Signed(clinic="A clinic with a rather long name, Harbour Street 12")
    pages = {
        name: len(PAGES.findall(as_pdf(sheet_of(name, found[1], KB, "Somebody", "A clinician", signed))))
        for name in ("aftercare", "consent", "plan")
    }
    assert pages["aftercare"] <= 2 and pages["consent"] <= 3 and pages["plan"] <= 5


def test_sources_are_short_in_print_and_full_on_the_page(planned: House) -> None:
    client = browser(planned, "clinician")
    approve(client, planned)
    found = latest(planned.chart, Approval)
    assert found is not None
    sheet = sheet_of("plan", found[1], KB, "x", "y")
    printed = as_data(sheet)["references"]
    assert printed and set(printed[0]) == {"number", "cites"}
    numbers = {n for part in sheet.sections for one in part.statements() for n in (*one.supports, *one.conflicts)}
    assert {one["number"] for one in printed} == numbers
    assert "used for:" in said_of(client, planned, "plan")


# ---------------------------------------------------------------- consent and what was set aside


@pytest.mark.parametrize(("phototype", "says"), [("II", True), ("IV", False)])
def test_the_consent_sheet_says_where_a_careful_figure_stands_in(house: House, phototype: str, says: bool) -> None:
    case = read_case(EXAMPLES / "acne-scars.yaml", KB)
    written(house, case.model_copy(update={"person": case.person.model_copy(update={"phototype": phototype})}))
    client = browser(house, "clinician")
    page = client.get(page_of(house, "plan/"))
    assert (text_of(page).count(f"({STAND_IN})") == 2) is says  # at the tile, and where the choice is told
    assert approve(client, house).status_code == 302
    sheet = said_of(client, house, "consent")
    assert (f"of 50 people ({STAND_IN})" in sheet) is says and "people gain: at least" in sheet
    found = latest(house.chart, Approval)
    assert found is not None
    choice = latest(house.chart, Choice)
    printed = sheet_of("consent", found[1], KB, "x", "y", Signed(choice=choice[1] if choice else None))
    assert (STAND_IN in str(as_data(printed))) is says


def test_the_consent_sheet_says_what_was_set_aside_and_by_whom(house: House) -> None:
    rule = propose(house)
    confirm(house)
    client = browser(house, "clinician")
    assert approve(client, house).status_code == 302
    found = latest(house.chart, Approval)
    assert found is not None
    forecast = found[1].forecast
    decision = next(one for one in screen(forecast.person, forecast.assessment, KB).decisions if one.rule == rule)
    names = [house.people[role].name for role in ("clinician", "owner")]
    for sheet in ("consent", "plan"):
        said = said_of(client, house, sheet)
        assert decision.title in said and "Two talks about it." in said and all(name in said for name in names)
        assert decision.because.strip() in said, "what speaks against it"
        assert not SIGNATURE.search(said)
    consent = said_of(client, house, "consent")
    assert decision.tell.strip() in consent and "you can wait as well" in consent
    assert "Any lasting mark" in consent and "of 50" in consent
    clearance = unescape(text_of(client.get(page_of(house, "clearance/"))))
    assert all(name in clearance for name in names) and not SIGNATURE.search(clearance)


def test_a_plan_without_overrides_says_nothing_of_them(planned: House) -> None:
    client = browser(planned, "clinician")
    approve(client, planned)
    assert "set aside" not in said_of(client, planned, "consent")


# ---------------------------------------------------------------- the clearance page


def test_what_decides_here_comes_first_and_codes_are_folded(house: House) -> None:
    case = put(house, "isotretinoin")
    clearance = screen(case.person, case.assessment, KB)
    first, *_, last = ordered_grounds(clearance)
    assert first[0].action == "defer" and last[0].action in ("exclude_home", "caution", "note")
    page = browser(house, "clinician").get(page_of(house, "clearance/")).content.decode()
    above, _, fold = page.partition("For auditors")
    assert unescape(above).index(first[0].title) < unescape(above).index(last[0].title)
    for code in ("Verdict DEFER", "widest open envelope", "fired", "access primary", "CI5"):
        assert code not in re.sub(r"<[^>]+>", " ", above), code
    assert first[0].rule in fold and "CI5" in fold


# ---------------------------------------------------------------- who still has to sign


def test_an_override_that_waits_is_shown_where_people_look(house: House) -> None:
    rule = propose(house)
    title = KB.by("rules")[rule].title
    owner = browser(house, "owner")
    for address in (page_of(house), DUE):
        said = unescape(text_of(owner.get(address)))
        assert title in said and "second signature" in said, address
    assert "somebody else has to sign" in text_of(browser(house, "clinician").get(DUE))
    assert title not in unescape(text_of(signed_in(house.stranger).get(DUE)))
    confirm(house)
    for address in (page_of(house), DUE):
        assert "second signature" not in text_of(owner.get(address))


def test_a_proposal_taken_back_or_overtaken_waits_no_more(house: House) -> None:
    propose(house)
    assert [one.row.chart_id for one in waiting_in([house.chart], KB)] == [house.chart.id]
    row = Row.objects.get(chart=house.chart, kind=Kind.PROPOSED)
    shown(browser(house, "clinician"), page_of(house, "clearance/"), do="withdraw", proposal=str(row.id))
    assert not waiting_in([house.chart], KB)
    propose(house)  # new answers and findings first, then proposed anew
    assert len(waiting_of(house.own.id, KB)) == 1
    put(house, "acne-scars")
    assert not waiting_of(house.own.id, KB)


def test_queries_do_not_grow_with_what_waits(house: House) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    def count() -> int:
        with CaptureQueriesContext(connection) as seen:
            waiting_of(house.own.id, KB)
        return len(seen)

    propose(house)
    before = count()
    first = house.chart
    for number in range(4):
        object.__setattr__(house, "chart", open_chart(user_of(house.own, "clinician"), f"Chart {number}"))
        propose(house)
    object.__setattr__(house, "chart", first)
    assert len(waiting_of(house.own.id, KB)) == 5 and count() == before <= 3


# ---------------------------------------------------------------- what came up since


def test_what_came_up_since_the_approval_stands_on_every_sheet(planned: House) -> None:
    client = browser(planned, "clinician")
    approve(client, planned)
    for name in ("plan", "consent", "aftercare"):
        assert "Stop: no session yet" not in said_of(client, planned, name)
    found = latest(planned.chart, Person)
    assert found is not None
    facts = tuple(one for one in found[1].facts if one.name != "pregnant")
    told = found[1].model_copy(update={"facts": (*facts, Fact(name="pregnant", value=True))})
    write(planned.people["clinician"], planned.chart, told, supersedes=found[0])
    for name in ("plan", "consent", "aftercare"):
        assert "Stop: no session yet" in said_of(client, planned, name), name
        page = client.get(page_of(planned, f"plan/print/sheet.pdf?sheet={name}"))
        assert page.content.startswith(b"%PDF")
