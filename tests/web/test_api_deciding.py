"""The API where plans are weighed and decided on: two plans side by side, and approval with the checks of the page."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest
from django.core.cache import cache
from tests.web.clinics import House
from tests.web.programs import Program
from tests.web.test_plans import approve, browser, page_of, put, shown

from needling.documents import Approval, Choice, Clearance, Person
from needling.documents.comparison import Comparison
from needling.documents.drafts import Draft
from needling.knowledge import load_knowledge
from needling.planning.envelope import breaches
from needling.web.api.access import HEAVY
from needling.web.charts.models import Row, Trace
from needling.web.charts.records import latest, write
from needling.web.charts.trail import problems

KB = load_knowledge()
SHORT = {"protocol": "1.0 mm stamp, 1 direction x 4 passes, cheeks, every 6 weeks x 2"}
LONG = {"protocol": "1.5 mm stamp, 1 direction x 4 passes, cheeks, every 6 weeks x 3"}
STRONG = {"protocol": "3.0 mm stamp, 1 direction x 40 passes, cheeks, once"}


@pytest.fixture(autouse=True)
def _nobody_waits() -> Iterator[None]:
    yield
    cache.clear()


@pytest.fixture
def planned(house: House) -> House:
    put(house)
    return house


def chart_of(house: House) -> str:
    return f"/charts/{house.chart.id}"


def made_on(house: House) -> dict[str, str]:
    """The hashes of answers and findings in force, as a program reads them."""
    program = Program(house.people["clinician"])
    return {f"{kind}_sha256": program.get(f"{chart_of(house)}/{kind}")["sha256"] for kind in ("person", "assessment")}


def to_come(days: int = 60) -> str:
    """A day on which any preparation can have been done."""
    return (date.today() + timedelta(days=days)).isoformat()


def kept(house: House) -> int:
    return house.chart.rows.count() + Trace.objects.filter(clinic=house.own).count()


# ---------------------------------------------------------------- two plans


def test_two_plans_are_compared_on_the_same_people_and_nothing_is_kept(planned: House) -> None:
    program, before = Program(planned.people["auditor"]), kept(planned)
    address = f"{chart_of(planned)}/compare"
    told = program.post(address, {"first": SHORT, "second": LONG, "members": 64}, 200)
    found = Comparison.model_validate(told)
    assert found.members_count == 64 and found.differs and {one.id for one in found.numbers} >= {"visits", "redness"}
    visits = next(one for one in found.numbers if one.id == "visits")
    assert (visits.first, visits.second, visits.difference) == (2, 3, 1)
    assert "first is better in: " in found.verdict and (found.first.name, found.second.name) == ("first", "second")
    back = program.post(address, {"first": LONG, "second": SHORT, "members": 64}, 200)
    assert {one["id"]: one["difference"] for one in back["numbers"] if one["id"] == "visits"} == {"visits": -1}
    outside = program.post(address, {"first": SHORT, "second": STRONG, "members": 64}, 200)
    assert outside["second"]["breaches"] and outside["better"] != "second"
    assert kept(planned) == before


def test_a_draft_and_a_document_are_compared_too(planned: House) -> None:
    client, program = browser(planned, "clinician"), Program(planned.people["clinician"])
    shown(client, page_of(planned, "plan/"), do="keep", needle_length_mm="1")
    draft = latest(planned.chart, Draft)
    assert draft is not None
    plan = program.post(f"{chart_of(planned)}/forecast", {**SHORT, "members": 64}, 200)["plan"]
    sent = {"first": {"row": str(draft[0].id)}, "second": {"plan": plan}, "members": 64}
    told = program.post(f"{chart_of(planned)}/compare", sent, 200)
    assert told["first"]["plan"]["label"] == draft[1].plan.label and told["second"]["plan"] == plan


@pytest.mark.parametrize(
    ("second", "says"),
    [
        ({}, "give one of"),
        ({**SHORT, "row": "00000000-0000-0000-0000-000000000000"}, "give one of"),
        ({"protocol": "a lot of it"}, ""),
        ({"protocol": "1.0 mm stamp, 1 direction x 4 passes, elbow-of-nobody, once"}, ""),
    ],
)
def test_what_is_no_plan_is_not_compared(planned: House, second: dict[str, str], says: str) -> None:
    program = Program(planned.people["clinician"])
    told = program.post(f"{chart_of(planned)}/compare", {"first": SHORT, "second": second, "members": 64}, 422)
    assert says in str(told)


def test_a_document_without_a_plan_or_of_another_chart_is_not_compared(planned: House) -> None:
    program = Program(planned.people["clinician"])
    person = latest(planned.chart, Person)
    assert person is not None
    sent = {"first": SHORT, "second": {"row": str(person[0].id)}, "members": 64}
    assert "no plan" in program.post(f"{chart_of(planned)}/compare", sent, 422)["says"]
    other = Program(planned.people["owner"]).post("/charts", {"label": "Other"})["id"]
    program.post(f"/charts/{other}/compare", sent, 404)
    sent["second"] = {"row": str(planned.own.id)}
    program.post(f"{chart_of(planned)}/compare", sent, 404)


def test_comparing_and_approving_are_computations_that_wait_their_turn(
    planned: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(HEAVY, "num_requests", 1)
    program = Program(planned.people["clinician"])
    sent = {"first": {"protocol": "nothing that can be read"}, "second": SHORT}
    program.post(f"{chart_of(planned)}/compare", sent, 422)
    program.post(f"{chart_of(planned)}/compare", sent, 429)
    program.post(f"{chart_of(planned)}/approvals", {**SHORT, **made_on(planned)}, 429)


# ---------------------------------------------------------------- approving


def test_a_plan_is_locked_with_its_hashes_as_on_the_page(planned: House) -> None:
    program, address = Program(planned.people["clinician"]), f"{chart_of(planned)}/approvals"
    before = planned.chart.rows.count()
    made = program.post(address, {**SHORT, **made_on(planned), "first_on": to_come()})
    row, approval = latest(planned.chart, Approval)  # type: ignore[misc]
    clearance, choice = latest(planned.chart, Clearance), latest(planned.chart, Choice)
    assert planned.chart.rows.count() == before + 3 and clearance and choice
    assert (made["id"], made["sha256"]) == (str(row.id), approval.sha256)
    assert approval.plan_sha256 == approval.plan.sha256 and approval.forecast_sha256 == approval.forecast.sha256
    assert approval.clearance_sha256 == clearance[1].sha256 and choice[1].plan == approval.plan
    assert approval.by == planned.people["clinician"].signature and row.through == "api"
    assert approval.plan.start.isoformat() == to_come() and not breaches(approval.plan, clearance[1], KB)
    assert approval.forecast.members_count == 256, "as many possible people as on the page"
    assert program.get(f"{chart_of(planned)}/next")["due"] == to_come()
    assert not list(problems(planned.own))


def test_it_is_the_approval_that_the_page_makes(planned: House) -> None:
    client, program = browser(planned, "clinician"), Program(planned.people["clinician"])
    shown(client, page_of(planned, "plan/"), do="keep", needle_length_mm="1")
    draft = latest(planned.chart, Draft)
    assert draft is not None
    assert approve(client, planned, needle_length_mm="1").status_code == 302
    paged = latest(planned.chart, Approval)
    assert paged is not None
    sent = {"row": str(draft[0].id), "supersedes": str(paged[0].id), **made_on(planned)}
    made = Approval.model_validate(program.post(f"{chart_of(planned)}/approvals", sent)["document"])
    assert (made.plan, made.forecast, made.clearance_sha256) == (
        paged[1].plan, paged[1].forecast, paged[1].clearance_sha256,
    )  # fmt: skip


def test_a_plan_of_the_list_is_approved_as_it_came_and_not_with_other_words(planned: House) -> None:
    program, address = Program(planned.people["owner"]), f"{chart_of(planned)}/approvals"
    plan = program.post(f"{chart_of(planned)}/propose", {}, 200)["plans"][1]
    sent = {**made_on(planned), "first_on": to_come()}
    reason = {"what": "Ten passes", "why": "a study of ours says so", "sources": [], "proposal": False}
    for changed in (
        {"follow_ups": []}, {"label": "Hardly anything"}, {"start": "2020-01-01"}, {"rationale": [reason]},
        {"stop_rules": []}, {"declined": [reason]},
    ):  # fmt: skip
        said = program.post(address, {**sent, "plan": {**plan, **changed}}, 422)
        assert "not as it is made here" in said["says"], changed
    said = program.post(address, {**sent, "plan": {**plan, "clearance_sha256": "0" * 64}}, 409)
    assert "clearance" in said["says"]
    assert "person" in program.post(address, {**sent, "plan": {**plan, "person": "other"}}, 422)["says"]
    assert latest(planned.chart, Approval) is None
    made = program.post(address, {**sent, "plan": plan})["document"]["plan"]
    assert made["sessions"] == plan["sessions"] and made["follow_ups"] == plan["follow_ups"]


def test_who_may_not_decide_and_who_is_of_another_clinic_cannot_approve(planned: House) -> None:
    sent = {**SHORT, **made_on(planned), "first_on": to_come()}
    for role in ("assistant", "auditor"):
        said = Program(planned.people[role]).post(f"{chart_of(planned)}/approvals", sent, 403)
        assert "clinician" in said["says"]
    Program(planned.stranger).post(f"{chart_of(planned)}/approvals", sent, 404)
    assert latest(planned.chart, Approval) is None


def test_answers_that_changed_are_told_and_nothing_is_kept(planned: House) -> None:
    program, sent = Program(planned.people["clinician"]), {**SHORT, **made_on(planned), "first_on": to_come()}
    person = latest(planned.chart, Person)
    assert person is not None
    told = person[1].model_copy(update={"birth_year": 1970})
    write(planned.people["assistant"], planned.chart, told, supersedes=person[0])
    before = kept(planned)
    said = program.post(f"{chart_of(planned)}/approvals", sent, 409)
    assert "in force" in said["says"] and "hashes" in said["do"] and kept(planned) == before
    program.post(f"{chart_of(planned)}/approvals", {**sent, **made_on(planned), "assessment_sha256": "0" * 64}, 409)
    assert latest(planned.chart, Approval) is None


def test_answers_that_change_while_it_is_worked_out_are_told(planned: House, monkeypatch: pytest.MonkeyPatch) -> None:
    from needling.web.plans import views_approve

    weighed, sent = views_approve.weighed, {**SHORT, **made_on(planned), "first_on": to_come()}

    def meanwhile(state: Any) -> Choice:
        person = latest(planned.chart, Person)
        assert person is not None
        told = person[1].model_copy(update={"birth_year": 1970})
        write(planned.people["assistant"], planned.chart, told, supersedes=person[0])
        return weighed(state)

    monkeypatch.setattr(views_approve, "weighed", meanwhile)
    Program(planned.people["clinician"]).post(f"{chart_of(planned)}/approvals", sent, 409)
    assert latest(planned.chart, Approval) is None and latest(planned.chart, Clearance) is None


def test_the_second_of_two_approvals_names_the_first(planned: House) -> None:
    first, second = Program(planned.people["clinician"]), Program(planned.people["owner"])
    address, sent = f"{chart_of(planned)}/approvals", {**SHORT, **made_on(planned), "first_on": to_come()}
    program = first.post(address, {**sent, "supersedes": str(planned.row.id)}, 409)
    assert "No approval" in program["says"]
    made = first.post(address, sent)
    said = second.post(address, sent, 409)
    assert "supersedes" in said["do"] and Row.objects.filter(chart=planned.chart, kind="approval").count() == 1
    again = second.post(address, {**sent, **LONG, "supersedes": made["id"]})
    assert again["supersedes"] == made["id"] and again["by"] == planned.people["owner"].signature


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"protocol": STRONG["protocol"], "first_on": to_come()}, "outside its envelope"),
        ({"protocol": "no treatment"}, "nothing to approve"),
        ({"first_on": "2020-01-01"}, "cannot be before them"),
        ({"first_on": to_come(800)}, "a year later"),
        ({"first_on": date.today().isoformat()}, "By rule not before"),
        ({"protocol": "a lot of it"}, ""),
        ({"person_sha256": "none"}, ""),
        ({"overrides": []}, ""),
    ],
)
def test_what_the_page_does_not_approve_is_refused(planned: House, change: dict[str, Any], says: str) -> None:
    before = kept(planned)
    sent = {**SHORT, **made_on(planned), **change}
    said = Program(planned.people["clinician"]).post(f"{chart_of(planned)}/approvals", sent, 422)
    assert says in said["says"] and said["do"] and kept(planned) == before


def test_preparation_that_is_under_way_allows_an_earlier_day(planned: House) -> None:
    today = date.today().isoformat()
    sent = {**SHORT, **made_on(planned), "first_on": today, "prepared": True}
    made = Program(planned.people["clinician"]).post(f"{chart_of(planned)}/approvals", sent)["document"]["plan"]
    assert made["start"] == today and "under way" in made["rationale"][-1]["why"]


@pytest.mark.parametrize("example", ["pregnancy", "isotretinoin", "half-answered", "keloid"])
def test_no_plan_is_approved_where_the_clearance_is_not_go(house: House, example: str) -> None:
    put(house, example)
    program, address = Program(house.people["clinician"]), f"{chart_of(house)}/approvals"
    sent = {**made_on(house), "first_on": to_come()}
    program.post(address, {**sent, **SHORT}, 422)
    told = program.post(address, {**sent, "protocol": "no treatment"}, 422)
    assert "nothing to approve" in told["says"] and latest(house.chart, Approval) is None


def test_without_findings_there_is_nothing_to_weigh_or_approve(house: House) -> None:
    program = Program(house.people["clinician"])
    told = program.post(f"{chart_of(house)}/compare", {"first": SHORT, "second": LONG}, 404)
    assert "assessment" in told["says"]
    hashes = {"person_sha256": house.row.sha256, "assessment_sha256": "0" * 64}
    program.post(f"{chart_of(house)}/approvals", {**SHORT, **hashes}, 404)


def test_the_description_says_that_overrides_stay_with_people() -> None:
    told = Program().client.get("/api/openapi.json").json()["info"]["description"]
    assert "two of them sign it, each in their own session" in told
