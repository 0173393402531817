"""Clearance, plan page, comparison, approval and sheets: nothing outside the envelope is ever approved."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.web.clinics import House, signed_in, user_of

from needling.documents import Approval, Assessment, Case, Choice, Clearance, Override, Person
from needling.documents.drafts import Draft
from needling.knowledge import load_knowledge
from needling.planning.cases import read_case
from needling.planning.envelope import breaches
from needling.planning.screen import screen, signed_for
from needling.web.charts.models import Kind, Row, Trace
from needling.web.charts.records import latest, read, write
from needling.web.charts.trail import problems
from needling.web.plans.controls import NAMES

KB = load_knowledge()
EXAMPLES = Path(__file__).parents[2] / "examples"


def put(house: House, example: str = "acne-scars") -> Case:
    """A person of the examples in the own clinic's chart."""
    return written(house, read_case(EXAMPLES / f"{example}.yaml", KB))


def written(house: House, case: Case) -> Case:
    """Somebody in the own clinic's chart, looked at today: nothing is approved for a day of the past."""
    person = case.person.model_copy(update={"id": house.chart.person_id})
    assessment = case.assessment.model_copy(update={"person": house.chart.person_id, "on": date.today()})
    by = house.people["clinician"]
    found = latest(house.chart, Person)
    write(by, house.chart, person, supersedes=found[0] if found else None)
    write(by, house.chart, assessment)
    return Case(person=person, assessment=assessment)


def browser(house: House, role: str) -> Any:
    """The one browser of somebody: a code of the second factor works once."""
    kept: dict[str, Any] = house.__dict__.setdefault("_browsers", {})
    if role not in kept:
        kept[role] = house.browser(role)
    return kept[role]


def hidden(html: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', html)
    assert found is not None, f"no field {name}"
    return found[1]


def hidden_number(html: str, name: str) -> str:
    found = re.search(rf'id="{name}" name="{name}" value="([^"]*)"', html)
    assert found is not None, f"no number box {name}"
    return found[1]


def shown(client: Any, address: str, **sent: str) -> Any:
    """The page after a form with the version that is in force."""
    version = hidden(client.get(address).content.decode(), "version")
    return client.post(address, {"version": version, **sent})


def text_of(page: Any) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.content.decode()))


def approve(client: Any, house: House, **sent: str) -> Any:
    """From the plan page through the page that asks once more to the signature."""
    base = f"/charts/{house.chart.id}/plan/"
    asked = shown_approve(client, base, **sent)
    if asked.status_code != 200:
        return asked
    html = asked.content.decode()
    signed = {name: hidden(html, name) for name in ("version", "start", "replaces")}
    return client.post(f"{base}approve/", {**signed, "signed": "1"})


def shown_approve(client: Any, base: str, **sent: str) -> Any:
    version = hidden(client.get(base).content.decode(), "version")
    return client.post(f"{base}approve/", {"version": version, **sent})


@pytest.fixture
def planned(house: House) -> House:
    put(house)
    return house


def page_of(house: House, name: str = "") -> str:
    return f"/charts/{house.chart.id}/{name}"


# ---------------------------------------------------------------- clearance


def test_the_clearance_says_each_reason_and_writes_nothing(planned: House) -> None:
    before = Row.objects.count(), Trace.objects.count()
    client = browser(planned, "assistant")
    written = Trace.objects.count()
    page = client.get(page_of(planned, "clearance/"))
    found = latest(planned.chart, Person), latest(planned.chart, Assessment)
    assert found[0] and found[1] and page.status_code == 200
    clearance = screen(found[0][1], found[1][1], KB)
    for decision in clearance.decisions:
        assert decision.title in page.content.decode().replace("&#39;", "'")
    assert Row.objects.count() == before[0] and Trace.objects.count() == written


def test_a_clearance_is_kept_when_asked(planned: House) -> None:
    page = shown(browser(planned, "assistant"), page_of(planned, "clearance/"), do="keep")
    assert page.status_code == 302
    found = latest(planned.chart, Clearance)
    assert found is not None and found[1].verdict == "go"
    assert not list(problems(planned.own))


def test_without_answers_or_findings_the_page_says_which(house: House) -> None:
    client = browser(house, "clinician")
    for name in ("clearance/", "plan/", "plan/compare/"):
        page = client.get(page_of(house, name))
        assert page.status_code == 409 and "First an assessment" in text_of(page)


def now_told(house: House) -> Person:
    """The answers in force."""
    found = latest(house.chart, Person)
    assert found is not None
    return found[1]


def deferred(house: House) -> str:
    """A case with one rule that waits; its id."""
    case = put(house, "isotretinoin")
    clearance = screen(case.person, case.assessment, KB)
    assert clearance.setting == "clinic"
    return next(one.rule for one in clearance.decisions if one.action in ("defer", "refer"))


def test_an_override_takes_two_people_in_their_own_sessions(house: House) -> None:
    rule, address = deferred(house), page_of(house, "clearance/")
    first, second = browser(house, "clinician"), browser(house, "owner")
    assert shown(first, address, do="propose", rule=rule, reason="").status_code == 422
    assert shown(first, address, do="propose", rule=rule, reason="investigated-and-cleared").status_code == 302
    proposal = Row.objects.get(chart=house.chart, kind=Kind.PROPOSED)
    # Proposing changes nothing, twice is refused, and the first may not sign the second time.
    found = latest(house.chart, Assessment)
    assert found is not None and not found[1].overrides
    again = shown(first, address, do="propose", rule=rule, reason="investigated-and-cleared")
    assert again.status_code == 422 and "already" in text_of(again)
    alone = shown(first, address, do="confirm", proposal=str(proposal.id), second=house.people["owner"].signature)
    assert alone.status_code == 422 and "somebody else" in text_of(alone)
    assert shown(second, address, do="confirm", proposal=str(proposal.id)).status_code == 302
    now = latest(house.chart, Assessment)
    assert now is not None and now[0].supersedes_id == found[0].id and now[0].author == house.people["owner"]
    assert now[1].overrides == (
        Override(
            rule=rule, reason="investigated-and-cleared",
            by=house.people["clinician"].signature, second=house.people["owner"].signature, on=found[1].on,
            occurrences=signed_for(KB.find("rules", rule), now_told(house), found[1], KB),
        ),
    )  # fmt: skip
    assert "set aside" in text_of(first.get(address))
    assert not list(problems(house.own))


def test_a_proposal_falls_with_the_answers_it_was_made_for(house: House) -> None:
    rule, address = deferred(house), page_of(house, "clearance/")
    shown(browser(house, "clinician"), address, do="propose", rule=rule, reason="investigated-and-cleared")
    proposal = Row.objects.get(chart=house.chart, kind=Kind.PROPOSED)
    person = latest(house.chart, Person)
    assert person is not None
    write(
        house.people["assistant"], house.chart, person[1].model_copy(update={"birth_year": 1970}), supersedes=person[0]
    )
    page = shown(browser(house, "owner"), address, do="confirm", proposal=str(proposal.id))
    assert page.status_code == 422 and "no longer stands" in text_of(page)
    found = latest(house.chart, Assessment)
    assert found is not None and not found[1].overrides


def test_only_waiting_and_referring_can_be_overridden(house: House) -> None:
    case = put(house, "pregnancy")
    for decision in screen(case.person, case.assessment, KB).decisions:
        if decision.action not in ("defer", "refer"):
            page = shown(
                browser(house, "clinician"), page_of(house, "clearance/"),
                do="propose", rule=decision.rule, reason="rule-does-not-apply", note="no",
            )  # fmt: skip
            assert page.status_code == 422, decision.rule
    assert not Row.objects.filter(kind=Kind.PROPOSED, chart=house.chart).exists()


def test_home_cannot_be_overridden(house: House) -> None:
    case = put(house, "isotretinoin")
    write(house.people["clinician"], house.chart, case.assessment.model_copy(update={"setting": "home"}))
    found = latest(house.chart, Assessment)
    assert found is not None
    for decision in screen(case.person, found[1], KB).decisions:
        page = shown(
            browser(house, "clinician"), page_of(house, "clearance/"),
            do="propose", rule=decision.rule, reason="investigated-and-cleared",
        )  # fmt: skip
        assert page.status_code == 422


def test_assistants_and_auditors_sign_nothing(house: House) -> None:
    rule = deferred(house)
    version = hidden(browser(house, "clinician").get(page_of(house, "clearance/")).content.decode(), "version")
    for role in ("assistant", "auditor"):
        sent = {"version": version, "do": "propose", "rule": rule, "reason": "investigated-and-cleared"}
        assert browser(house, role).post(page_of(house, "clearance/"), sent).status_code == 403
    assert not Row.objects.filter(kind=Kind.PROPOSED, chart=house.chart).exists()


# ---------------------------------------------------------------- the plan page


def test_the_page_opens_with_the_choice_and_stores_nothing(planned: House) -> None:
    client = browser(planned, "assistant")
    before = Row.objects.count(), Trace.objects.count()
    page = client.get(page_of(planned, "plan/"))
    assert page.status_code == 200
    said = text_of(page)
    assert "1.5 mm roller" in said and "What was compared" in said and "Not before" in said
    assert "Approve this plan" not in said  # an assistant sees it, and cannot approve
    for name in NAMES:
        assert f'name="{name}"' in page.content.decode()
    assert (Row.objects.count(), Trace.objects.count()) == before


def test_sliders_answer_without_a_script(planned: House) -> None:
    client = browser(planned, "clinician")
    page = shown(client, page_of(planned, "plan/"), do="show", needle_length_mm="1", sessions_count="4")
    said = text_of(page)
    assert page.status_code == 200 and "What changed" in said and "What that does" in said and "Better off" in said
    assert re.search(r'name="needle_length_mm" value="1"', page.content.decode())


def test_one_zone_may_have_its_own_values(planned: House) -> None:
    client = browser(planned, "clinician")
    sent = {"cheek-left.own": "1", "cheek-left.passes_count": "2"}
    page = shown(client, page_of(planned, "plan/"), do="show", **sent)
    assert "4 x 2" in text_of(page)
    page = shown(client, page_of(planned, "plan/"), do="show", **{"cheek-left.passes_count": "2"})
    assert "What changed" not in text_of(page)  # not ticked: it does not count


def test_a_part_is_what_the_script_swaps(planned: House) -> None:
    client = browser(planned, "clinician")
    for part in ("answer", "course", "channels"):
        page = shown(client, page_of(planned, "plan/"), part=part, needle_length_mm="1")
        assert page.status_code == 200 and "<html" not in page.content.decode()
    assert "histogram" in shown(client, page_of(planned, "plan/"), part="channels").content.decode()


def test_a_part_of_a_page_that_was_overtaken_is_not_answered(planned: House) -> None:
    client = browser(planned, "clinician")
    page = client.post(page_of(planned, "plan/"), {"version": "old", "part": "answer", "needle_length_mm": "1"})
    assert page.status_code == 409 and not page.content
    whole = client.post(page_of(planned, "plan/"), {"version": "old", "do": "show", "needle_length_mm": "1"})
    assert whole.status_code == 409 and "in the meantime" in text_of(whole) and "1 mm roller" in text_of(whole)


def test_at_home_nothing_is_forecast_beyond_the_home_envelope(house: House) -> None:
    put(house, "home-fine-lines")
    client = browser(house, "clinician")
    page = client.get(page_of(house, "plan/"))
    assert page.status_code == 200 and client.get(page_of(house, "clearance/")).status_code == 200
    assert "no data allow an honest forecast" in text_of(page)
    outside = shown(client, page_of(house, "plan/"), do="show", needle_length_mm="1.5")
    said = text_of(outside)
    assert outside.status_code == 200 and "Not to be done" in said and "of redness" not in said
    assert shown_approve(client, page_of(house, "plan/"), needle_length_mm="1.5", signed="1").status_code == 422


def test_outside_the_envelope_it_says_why_and_offers_the_nearest(planned: House) -> None:
    client = browser(planned, "clinician")
    page = shown(client, page_of(planned, "plan/"), do="show", needle_length_mm="3", passes_count="9")
    said = text_of(page)
    assert "Not to be done" in said and "at most 5" in said and "Approve this plan" not in said
    near = shown(client, page_of(planned, "plan/"), do="nearest", needle_length_mm="3", passes_count="9")
    assert "Not to be done" not in text_of(near) and 'name="passes_count" value="5"' in near.content.decode()
    assert hidden(near.content.decode(), "start")


def test_what_cannot_be_read_is_named(planned: House) -> None:
    client = browser(planned, "clinician")
    for sent in ({"needle_length_mm": "thick"}, {"passes_count": "2.5"}, {"goal.gain_weight": "-1"},
                 {"goal.max_total_price": "10"}, {"sessions_count": "60", "interval_d": "400"}):  # fmt: skip
        page = shown(client, page_of(planned, "plan/"), do="show", **sent)
        assert page.status_code == 422 and "No answer to these numbers" in text_of(page), sent


def test_goals_choose_anew(planned: House) -> None:
    client = browser(planned, "clinician")
    first = client.get(page_of(planned, "plan/")).content.decode()
    sliders = {name: hidden_number(first, name) for name in NAMES}
    sent = {**sliders, "weighed": hidden(first, "weighed"), "goal.gain_weight": "3"}
    page = shown(client, page_of(planned, "plan/"), do="show", **sent)
    # The sliders stood at the earlier choice; they begin at the new one, and nothing counts as changed.
    assert page.status_code == 200 and hidden_number(page.content.decode(), "sessions_count") == "4"
    assert "What changed" not in text_of(page)
    none = shown(client, page_of(planned, "plan/"), do="show", **{"goal.max_visits_count": "1"})
    assert "Doing nothing is best for now" in text_of(none) and "Take this one" in text_of(none)


def test_another_candidate_may_be_the_start(planned: House) -> None:
    client = browser(planned, "clinician")
    html = client.get(page_of(planned, "plan/")).content.decode()
    start = re.findall(r'value="(start-[0-9a-f]{64})"', html)[-1]
    page = shown(client, page_of(planned, "plan/"), do=start)
    assert page.status_code == 200 and hidden(page.content.decode(), "start")


def test_a_start_of_another_chart_or_forged_is_refused(planned: House) -> None:
    client = browser(planned, "clinician")
    near = shown(client, page_of(planned, "plan/"), do="nearest", passes_count="9")
    start = hidden(near.content.decode(), "start")
    for forged in (start[:-3] + "xyz", "nonsense", start[10:]):
        page = shown(client, page_of(planned, "plan/"), do="show", start=forged)
        assert page.status_code == 422 and "Open the plan again" in text_of(page)
    other = House.make()
    put(other)
    page = shown(browser(other, "clinician"), page_of(other, "plan/"), do="show", start=start)
    assert page.status_code == 422


def test_a_draft_is_kept_and_opened_again(planned: House) -> None:
    client = browser(planned, "assistant")
    page = shown(client, page_of(planned, "plan/"), do="keep", needle_length_mm="1", **{"goal.harm_weight": "0.9"})
    assert page.status_code == 302 and "from=" in page["Location"]
    found = latest(planned.chart, Draft)
    assert found is not None and found[1].goals.harm_weight == 0.9
    again = client.get(page["Location"])
    html = again.content.decode()
    assert hidden_number(html, "needle_length_mm") == "1" and re.search(r'"goal.harm_weight"[^>]*value="0.9"', html)
    assert "Kept as a draft" in text_of(again)


def test_somebody_elses_draft_is_not_found(planned: House) -> None:
    client = browser(planned, "clinician")
    shown(client, page_of(planned, "plan/"), do="keep", needle_length_mm="1.5")
    row = Row.objects.get(chart=planned.chart, kind=Kind.DRAFT)
    other = House.make()
    put(other)
    assert browser(other, "clinician").get(page_of(other, f"plan/?from={row.id}")).status_code == 404


def test_what_is_kept_warm_is_made_once_and_bounded() -> None:
    from concurrent.futures import ThreadPoolExecutor
    from time import sleep

    from needling.web.plans.warm import Kept

    made: list[int] = []

    def make(number: int) -> int:
        sleep(0.01)
        made.append(number)
        return number

    kept: Kept[int] = Kept(3)
    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(lambda number: kept.get(number % 2, lambda: make(number % 2)), range(40)))
    assert found == [number % 2 for number in range(40)] and sorted(made) == [0, 1]
    for number in range(2, 6):
        kept.get(number, lambda number=number: make(number))  # type: ignore[misc]
    kept.get(0, lambda: make(0))
    assert made.count(0) == 2  # it had fallen out

    def fails() -> int:
        raise ValueError("no")

    for _ in range(2):
        with pytest.raises(ValueError, match="no"):
            kept.get("wrong", fails)


# ---------------------------------------------------------------- comparing


def test_two_plans_side_by_side(planned: House) -> None:
    client = browser(planned, "assistant")
    page = shown(client, page_of(planned, "plan/"), do="keep", needle_length_mm="1.5")
    row = page["Location"].split("from=")[1].split("&")[0]
    page = client.get(page_of(planned, f"plan/compare/?first=choice&second={row}"))
    said = text_of(page)
    assert page.status_code == 200 and "Two plans side by side" in said and "What that does" in said
    assert "1.5 mm" in said and "1 mm" in said
    # The headline says what the weighing rests on, and what speaks for the other one.
    headline = re.search(r'<h2 class="verdict">([^<]*)<', page.content.decode())
    assert headline is not None and "A, better in" in headline[1], headline
    assert "In points of the score" in said


# ---------------------------------------------------------------- approving


def test_approval_locks_plan_and_forecast_with_their_hashes(planned: House) -> None:
    client = browser(planned, "clinician")
    before = Row.objects.count()
    done = approve(client, planned, needle_length_mm="1")
    assert done.status_code == 302 and Row.objects.count() == before + 3
    row, approval = latest(planned.chart, Approval)  # type: ignore[misc]
    clearance, choice = latest(planned.chart, Clearance), latest(planned.chart, Choice)
    assert clearance and choice and choice[1].plan == approval.plan
    assert approval.plan_sha256 == approval.plan.sha256 and approval.forecast_sha256 == approval.forecast.sha256
    assert approval.clearance_sha256 == clearance[1].sha256 and row.author == planned.people["clinician"]
    assert approval.by == planned.people["clinician"].signature
    assert not breaches(approval.plan, clearance[1], KB)
    assert approval.plan.sha256 in {card.plan_sha256 for card in choice[1].scorecards}
    assert not list(problems(planned.own))


def test_a_second_approval_replaces_the_first_and_the_second_of_two_is_told(planned: House) -> None:
    first, second = browser(planned, "clinician"), browser(planned, "owner")
    base = page_of(planned, "plan/")
    asked = [shown_approve(client, base).content.decode() for client in (first, second)]
    signed = [{name: hidden(html, name) for name in ("version", "start", "replaces")} for html in asked]
    assert first.post(f"{base}approve/", {**signed[0], "signed": "1"}).status_code == 302
    told = second.post(f"{base}approve/", {**signed[1], "signed": "1"})
    assert told.status_code == 409 and "in the meantime" in text_of(told)
    assert Row.objects.filter(chart=planned.chart, kind=Kind.APPROVAL).count() == 1
    assert approve(second, planned, needle_length_mm="1").status_code == 302
    rows = list(Row.objects.filter(chart=planned.chart, kind=Kind.APPROVAL).order_by("at"))
    assert len(rows) == 2 and rows[1].supersedes_id == rows[0].id


def test_answers_that_changed_are_told_and_nothing_is_lost(planned: House) -> None:
    client, base = browser(planned, "clinician"), page_of(planned, "plan/")
    html = shown_approve(client, base, needle_length_mm="1").content.decode()
    signed = {name: hidden(html, name) for name in ("version", "start", "replaces")}
    person = latest(planned.chart, Person)
    assert person is not None
    facts = tuple(one for one in person[1].facts if one.name != "pregnant")
    told = person[1].model_copy(update={"facts": facts, "sex_at_birth": "female"})
    write(planned.people["assistant"], planned.chart, told, supersedes=person[0])
    page = client.post(f"{base}approve/", {**signed, "signed": "1"})
    assert page.status_code == 409 and "in the meantime" in text_of(page) and "1 mm roller" in text_of(page)
    assert latest(planned.chart, Approval) is None
    assert client.post(base, {"version": signed["version"], "do": "keep"}).status_code == 409
    assert latest(planned.chart, Draft) is None


def test_who_may_not_decide_cannot_approve(planned: House) -> None:
    for role in ("assistant", "auditor"):
        client = browser(planned, role)
        assert shown_approve(client, page_of(planned, "plan/"), signed="1", replaces="").status_code == 403
    assert latest(planned.chart, Approval) is None


def test_no_plan_is_approved_where_the_clearance_is_not_go(house: House) -> None:
    for example in ("pregnancy", "isotretinoin", "half-answered", "keloid"):
        put(house, example)
        page = shown_approve(browser(house, "clinician"), page_of(house, "plan/"), signed="1", replaces="")
        assert page.status_code == 422, example
    assert latest(house.chart, Approval) is None


VALUES = {
    "needle_length_mm": st.sampled_from(["0.2", "0.5", "1", "1.2", "1.5", "2", "2.5", "3"]),
    "directions_count": st.sampled_from(["1", "2", "4", "5", "8"]),
    "passes_count": st.sampled_from(["1", "3", "5", "6", "40"]),
    "sessions_count": st.sampled_from(["0", "1", "3", "4", "12", "13"]),
    "interval_d": st.sampled_from(["1", "14", "28", "42", "100"]),
    "force_N": st.sampled_from(["0.1", "2", "3", "5", "20"]),
}
WHOLE = st.fixed_dictionaries({}, optional=VALUES)
LEFT = st.fixed_dictionaries({}, optional={f"cheek-left.{name}": values for name, values in VALUES.items()})


@settings(
    max_examples=60, deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip
@given(whole=WHOLE, left=LEFT, own=st.booleans())
def test_whatever_is_posted_nothing_outside_its_envelope_is_approved(
    planned: House, whole: dict[str, str], left: dict[str, str], own: bool
) -> None:
    client = browser(planned, "clinician")
    base = page_of(planned, "plan/")
    before = set(Row.objects.filter(chart=planned.chart, kind=Kind.APPROVAL).values_list("id", flat=True))
    now = latest(planned.chart, Approval)
    sent = {**whole, **left, **({"cheek-left.own": "1"} if own else {})}
    sent |= {"signed": "1", "replaces": str(now[0].id) if now else ""}
    page = shown_approve(client, base, **sent)
    new = Row.objects.filter(chart=planned.chart, kind=Kind.APPROVAL).exclude(id__in=before)
    if page.status_code == 302:
        approval = read(new.get(), Approval)
        person, assessment = latest(planned.chart, Person), latest(planned.chart, Assessment)
        assert person and assessment
        assert not breaches(approval.plan, screen(person[1], assessment[1], KB), KB) and approval.plan.sessions
    else:
        assert page.status_code == 422 and not new.exists()


ANY = st.one_of(st.text(max_size=12), st.sampled_from(["1", "-1", "1e400", "nan", "", "choice", "start-", "nearest"]))
FIELDS = st.sampled_from(
    [*NAMES, *(f"cheek-left.{name}" for name in NAMES), "cheek-left.own", "start", "do", "part", "version", "rule",
     "reason", "proposal", "note", "signed", "replaces", "goal.gain_weight", "goal.robust", "goal.max_visits_count",
     "goal.visit_price"]
)  # fmt: skip


@settings(
    max_examples=60, deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip
@given(page=st.sampled_from(["clearance/", "plan/", "plan/approve/"]), sent=st.dictionaries(FIELDS, ANY, max_size=8))
def test_no_form_breaks_the_server(planned: House, page: str, sent: dict[str, str]) -> None:
    client = browser(planned, "owner")
    version = hidden(client.get(page_of(planned, "plan/")).content.decode(), "version")
    answer = client.post(page_of(planned, page), {"version": version, **sent})
    assert answer.status_code in (200, 302, 409, 422)


def test_queries_do_not_grow_with_rows(planned: House) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    client = browser(planned, "clinician")
    names = ("plan/", "clearance/", "plan/compare/?first=choice&second=choice", "plan/print/")

    def counts() -> list[int]:
        found = []
        for name in names:
            with CaptureQueriesContext(
                connection,
            ) as seen:
                client.get(page_of(planned, name))
            found.append(len(seen))
        return found

    shown(client, page_of(planned, "plan/"), do="keep", needle_length_mm="1")
    before = counts()
    found = latest(planned.chart, Draft)
    assert found is not None
    for _ in range(12):
        write(user_of(planned.own, "clinician"), planned.chart, found[1])
    assert counts() == before


# ---------------------------------------------------------------- printing


def test_sheets_say_benefit_harm_alternatives_and_waits(planned: House) -> None:
    client = browser(planned, "clinician")
    nothing = client.get(page_of(planned, "plan/print/"))
    assert nothing.status_code == 200 and "No plan is approved yet" in text_of(nothing)
    assert client.get(page_of(planned, "plan/print/sheet.pdf")).status_code == 404
    assert approve(client, planned).status_code == 302
    said = {
        name: text_of(client.get(page_of(planned, f"plan/print/?sheet={name}")))
        for name in ("plan", "consent", "aftercare")
    }
    approval = latest(planned.chart, Approval)
    assert approval is not None
    for words in said.values():
        assert approval[1].sha256 in words and planned.chart.label in words
    dots = approval[1].forecast.outcomes[0].dots_of_50_count
    assert f"{dots} of 50 people" in said["consent"] and "Doing nothing" in said["consent"]
    assert "not known" in said["consent"].lower() and "signature" in said["consent"]
    assert "Day by day" in said["aftercare"] and "Get help now" in said["aftercare"]


def test_pdfs_are_made_without_network_and_kept_nowhere(planned: House) -> None:
    client = browser(planned, "clinician")
    approve(client, planned)
    for name in ("plan", "consent", "aftercare"):
        page = client.get(page_of(planned, f"plan/print/sheet.pdf?sheet={name}"))
        assert page["Content-Type"] == "application/pdf" and page.content.startswith(b"%PDF-")
        assert "no-store" in page["Cache-Control"] and len(page.content) > 10_000
    assert client.get(page_of(planned, "plan/print/sheet.pdf?sheet=other")).status_code == 404


def test_what_a_name_holds_is_never_read_as_an_instruction(planned: House) -> None:
    from needling.web.plans.sheets import sheet_of
    from needling.web.plans.typeset import as_pdf

    approve(browser(planned, "clinician"), planned)
    found = latest(planned.chart, Approval)
    assert found is not None
    label = '#read("/etc/passwd") *b* $x$ <script>'
    assert as_pdf(sheet_of("consent", found[1], KB, label, label)).startswith(b"%PDF-")


def test_a_stranger_prints_nothing(planned: House) -> None:
    approve(browser(planned, "clinician"), planned)
    stranger = signed_in(planned.stranger)
    for name in ("plan/", "plan/print/", "plan/print/sheet.pdf", "clearance/", "plan/compare/"):
        assert stranger.get(page_of(planned, name)).status_code == 404
