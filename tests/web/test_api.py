"""The API: the permissions of the pages, problems that say what to do, nothing lost between two writers, no 500."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest
from django.core.cache import cache
from tests.web.clinics import House
from tests.web.programs import KB, Program, assessment_of, person_of

from needling.documents import Approval, Assessment, Person, SessionRecord
from needling.documents.visits import VisitCheck
from needling.planning.approve import approve
from needling.planning.protocol import site_zones
from needling.planning.screen import screen
from needling.web.api.access import ANY, HEAVY
from needling.web.api.models import Token
from needling.web.api.urls import api
from needling.web.charts.models import Chart, Row, Trace
from needling.web.charts.records import latest, write
from needling.web.charts.trail import problems
from needling.web.plans.warm import ZONES_TIMES_PEOPLE

OPERATIONS = [
    (method, path.removeprefix("/api"), told)
    for path, methods in api.get_openapi_schema()["paths"].items()
    for method, told in methods.items()
]


@pytest.fixture(autouse=True)
def _nobody_waits() -> Iterator[None]:
    yield
    cache.clear()


def begin(house: House) -> Program:
    """A program of a clinician; answers and findings are there."""
    program = Program(house.people["clinician"])
    program.post(
        f"/charts/{house.chart.id}/person", {"document": person_of(house.chart), "supersedes": str(house.row.id)}
    )
    program.post(f"/charts/{house.chart.id}/assessment", {"document": assessment_of(house.chart)})
    return program


def approved(house: House) -> tuple[Program, Approval]:
    """A plan of two sessions, approved, and a program of the clinician."""
    from needling.whatif import PlanningSession

    program = begin(house)
    person, assessment = latest(house.chart, Person), latest(house.chart, Assessment)
    assert person is not None and assessment is not None
    from needling.documents import Case

    case = Case(person=person[1], assessment=assessment[1])
    session = PlanningSession(
        case, KB, members=64, plan="1.0 mm stamp, 1 direction x 4 passes, cheeks, every 6 weeks x 2"
    )
    clearance = screen(case.person, case.assessment, KB)
    signed = approve(session.plan, session.forecast, clearance, by=house.people["clinician"].signature)
    write(house.people["clinician"], house.chart, signed)
    return program, signed


def test_nobody_calls_without_a_token(house: House) -> None:
    for program in (Program(), Program(token="needling_wrong")):
        told = program.get("/charts", 401)
        assert "token" in told["says"] and "Tokens" in told["do"]
        assert program.said["WWW-Authenticate"] == "Bearer"


def test_a_browser_that_is_signed_in_is_not_enough(house: House) -> None:
    assert house.browser("owner").get("/api/charts").status_code == 401


def test_a_token_is_shown_once_and_ends_when_it_is_revoked(house: House) -> None:
    browser = house.browser("assistant")
    page = browser.post("/api/tokens/", {"name": "reminders"}).content.decode()
    token = page.split("<p><code>")[1].split("</code>")[0]
    assert token not in browser.get("/api/tokens/").content.decode()
    kept = Token.objects.get(user=house.people["assistant"])
    assert token not in str(vars(kept)) and kept.used is None
    assert Program(token=token).get("/charts")["total"] >= 1
    kept.refresh_from_db()
    assert kept.used is not None
    assert browser.post(f"/api/tokens/{kept.id}/revoke/").status_code == 302
    Program(token=token).get("/charts", 401)
    actions = Trace.objects.filter(clinic=house.own, subject=str(kept.id)).values_list("action", flat=True)
    assert set(actions) == {"token:made", "token:revoked"}
    assert browser.post("/api/tokens/", {"name": " "}).status_code == 422


def test_nobody_revokes_the_token_of_a_colleague(house: House) -> None:
    kept = Token.make(house.people["assistant"], "theirs")[0]
    assert house.browser("owner").post(f"/api/tokens/{kept.id}/revoke/").status_code == 404


def test_the_token_of_somebody_who_is_locked_out_ends(house: House) -> None:
    program = Program(house.people["assistant"])
    program.get("/charts")
    house.browser("owner").post(f"/team/{house.people['assistant'].id}/", {"do": "out", "sure": "yes"})
    program.get("/charts", 401)


@pytest.mark.parametrize(("method", "path", "told"), OPERATIONS, ids=[f"{one[0]} {one[1]}" for one in OPERATIONS])
def test_a_stranger_reaches_nothing_of_a_chart(house: House, method: str, path: str, told: Any) -> None:
    if "{chart}" not in path:
        return
    program, before = Program(house.stranger), Row.objects.count()
    address = path.replace("{chart}", str(house.chart.id)).replace("{row}", str(house.row.id))
    bodies: dict[str, Any] = {
        "person": {"document": person_of(house.chart)}, "assessment": {"document": assessment_of(house.chart)},
        "propose": {}, "plan": {}, "forecast": {"protocol": "1.0 mm stamp, 1 direction x 4 passes, cheeks, once"},
        "records": {"document": record_of("0" * 64, house)}, "after": {"asked_on": date.today().isoformat()},
        "compare": {"first": {"protocol": "no treatment"}, "second": {"row": str(house.row.id)}},
        "approvals": {"protocol": "no treatment", "person_sha256": "0" * 64, "assessment_sha256": "0" * 64},
    }  # fmt: skip
    sent = bodies[path.rsplit("/", 1)[-1]] if method == "post" else None
    said = program.call(method, address, sent, 404)
    elsewhere = program.call(method, address.replace(str(house.chart.id), str(uuid.uuid4())), sent, 404)
    assert said == elsewhere and Row.objects.count() == before


def record_of(sha256: str, house: House, **more: Any) -> dict[str, Any]:
    """A record of the first session, as it was planned."""
    strokes = [
        {"zone": f"cheek-{side}", "needle_length_mm": 1.0, "directions_count": 1, "passes_count": 4, "force_N": 2.0}
        for side in ("left", "right")
    ]
    return {
        "approval": sha256, "session": 0, "on": date.today().isoformat(), "device": "stamp-1.0", "strokes": strokes,
        "by": house.people["clinician"].signature,
    } | more  # fmt: skip


@pytest.mark.parametrize(("method", "path", "told"), OPERATIONS, ids=[f"{one[0]} {one[1]}" for one in OPERATIONS])
def test_an_auditor_writes_nothing(house: House, method: str, path: str, told: Any) -> None:
    program, before = Program(house.people["auditor"]), (Row.objects.count(), Trace.objects.count())
    address = path.replace("{chart}", str(house.chart.id)).replace("{row}", str(house.row.id))
    for sent in ({"document": person_of(house.chart), "supersedes": str(house.row.id)}, {"label": "New"}):
        program.client.generic(
            method.upper(), f"/api{address}", str(sent).replace("'", '"').replace("None", "null"),
            content_type="application/json", headers={"Authorization": f"Bearer {program.token}"},
        )  # fmt: skip
    assert (Row.objects.count(), Trace.objects.count()) == before


def test_charts_are_opened_found_and_listed(house: House) -> None:
    program = Program(house.people["assistant"])
    made = program.post("/charts", {"label": "Ada Example"})
    assert program.get(f"/charts/{made['id']}") == made
    assert [one["id"] for one in program.post("/charts/find", {"label": "ada"}, 200)["items"]] == [made["id"]]
    assert program.get("/charts?page=99")["items"] == []
    assert Trace.objects.get(clinic=house.own, subject=made["id"]).action == "open-chart:api"
    for label in ("", " ", "x" * 121, "a\u0000b", "a\nb"):
        program.post("/charts", {"label": label}, 422)


def test_the_second_of_two_writers_is_told_and_nothing_is_lost(house: House) -> None:
    first, second = Program(house.people["assistant"]), Program(house.people["clinician"])
    address = f"/charts/{house.chart.id}/person"
    seen = first.get(address)["id"]
    made = first.post(address, {"document": person_of(house.chart), "supersedes": seen})
    told = second.post(address, {"document": person_of(house.chart, birth_year=1950), "supersedes": seen}, 409)
    assert "supersedes" in told["do"]
    second.post(address, {"document": person_of(house.chart)}, 409)
    now = second.get(address)
    assert now["id"] == made["id"] and now["document"]["birth_year"] == 1988
    assert [one["in_force"] for one in first.get(f"/charts/{house.chart.id}/documents")["items"]] == [True, False]
    trace = Trace.objects.get(clinic=house.own, subject=made["id"])
    assert trace.action == "write:person:api" and not list(problems(house.own))


def test_what_is_signed_comes_back_with_its_hash(house: House) -> None:
    program = begin(house)
    for one in program.get(f"/charts/{house.chart.id}/documents")["items"]:
        told = program.get(f"/charts/{house.chart.id}/documents/{one['id']}")
        kind = {"person": Person, "assessment": Assessment}[told["kind"]]
        assert kind.model_validate(told["document"]).sha256 == told["sha256"] == one["sha256"]


def test_an_assessment_is_signed_by_its_writer_and_no_override_slips_in(house: House) -> None:
    program, address = begin(house), f"/charts/{house.chart.id}/assessment"
    assert program.get(address)["document"]["by"] == house.people["clinician"].signature
    program.post(address, {"document": assessment_of(house.chart, by="somebody-else")}, 403)
    override = {"rule": "keloid", "reason": "rule-does-not-apply", "by": "a", "second": "b"}
    program.post(address, {"document": assessment_of(house.chart, overrides=[override])}, 403)
    told = program.post(address, {"document": assessment_of(house.chart, zones=[
        {"zone": "knee", "concern": "acne-scars-rolling", "area_cm2": 3}])}, 422)  # fmt: skip
    assert "knee" in told["says"]
    told = program.post(address, {"document": assessment_of(house.chart) | {"zones": []}}, 422)
    assert told["where"][0]["at"].endswith("document.zones")
    other = Program(house.people["owner"]).post("/charts", {"label": "Other"})
    program.post(f"/charts/{other['id']}/assessment", {"document": assessment_of(house.chart)}, 422)


def test_somebody_is_screened_and_nothing_is_kept(house: House) -> None:
    program, before = Program(house.people["assistant"]), (Row.objects.count(), Trace.objects.count())
    case = {"person": person_of(house.chart), "assessment": assessment_of(house.chart)}
    assert program.post("/screen", case, 200)["verdict"] == "go"
    case["person"]["facts"] = {}
    assert program.post("/screen", case, 200)["verdict"] == "ask"
    case["person"]["id"] = "other"
    program.post("/screen", case, 422)
    assert (Row.objects.count(), Trace.objects.count()) == before


def test_a_plan_is_worked_out_and_nothing_is_kept(house: House) -> None:
    program, chart = begin(house), f"/charts/{house.chart.id}"
    before = Row.objects.count(), Trace.objects.count()
    assert program.get(f"{chart}/clearance")["verdict"] == "go"
    plans = program.post(f"{chart}/propose", {}, 200)["plans"]
    assert plans[0]["sessions"] == [] and len(plans) > 3
    wishes = {"members": 64, "goals": {"max_visits_count": 3}}
    choice = program.post(f"{chart}/plan", wishes, 200)
    assert choice == program.post(f"{chart}/plan", wishes, 200)
    told = program.post(f"{chart}/forecast", {"plan": choice["plan"], "members": 64, "goals": wishes["goals"]}, 200)
    assert told["forecast"]["plan_sha256"] == choice["forecast"]["plan_sha256"] and told["broken_limits"] == []
    strong = program.post(
        f"{chart}/forecast", {"protocol": "3.0 mm stamp, 1 direction x 40 passes, cheeks, once", "members": 64}, 200
    )
    assert strong["broken_limits"]
    program.post(f"{chart}/forecast", {}, 422)
    program.post(f"{chart}/forecast", {"protocol": "a lot of it"}, 422)
    unknown = {**plans[-1], "sessions": [{**plans[-1]["sessions"][0], "device": "spoon"}]}
    assert "spoon" in program.post(f"{chart}/forecast", {"plan": unknown}, 422)["says"]
    assert (Row.objects.count(), Trace.objects.count()) == before


def test_without_findings_nothing_is_planned(house: House) -> None:
    program = Program(house.people["clinician"])
    told = program.get(f"/charts/{house.chart.id}/clearance", 404)
    assert "assessment" in told["says"] and "first" in told["do"]
    program.get(f"/charts/{house.chart.id}/misses", 404)


def test_a_session_is_recorded_once_corrected_and_scored(house: House) -> None:
    program, signed = approved(house)
    chart, today = f"/charts/{house.chart.id}", signed.plan.start.isoformat()
    told = program.get(f"{chart}/approvals")["items"]
    assert program.get(f"{chart}/approvals/{told[0]['id']}")["sha256"] == signed.sha256
    program.get(f"{chart}/approvals/{house.row.id}", 404)
    record = record_of(signed.sha256, house, on=today, device=signed.plan.sessions[0].device)
    quiet = answers_of_today(program, chart)
    made = program.post(f"{chart}/records", {"document": record, "today": quiet})
    program.post(f"{chart}/records", {"document": record, "today": quiet}, 409)
    assert program.get(f"{chart}/next")["session"] == 1
    better = {"document": record | {"pain_score": 4.0}, "supersedes": made["id"]}
    corrected = program.post(f"{chart}/records", better)
    program.post(f"{chart}/records", better, 409)
    states = {one["id"]: one["in_force"] for one in program.get(f"{chart}/records")["items"]}
    assert states == {made["id"]: False, corrected["id"]: True}
    misses = program.get(f"{chart}/misses")
    assert misses["approval"] == signed.sha256 and len(misses["deliveries"]) == 2
    assert SessionRecord.model_validate(corrected["document"]).pain_score == 4.0
    assert not list(problems(house.own))


def answers_of_today(program: Program, chart: str) -> dict[str, bool]:
    """Every question of the day, answered with no."""
    told = program.get(f"{chart}/next")
    assert told["session"] == 0 and len(told["questions"]) > 20
    return {one["name"]: False for one in told["questions"]}


def test_what_speaks_against_today_holds_a_record_until_a_clinician_says_why(house: House) -> None:
    program, signed = approved(house)
    chart, address = f"/charts/{house.chart.id}", f"/charts/{house.chart.id}/records"
    on = {"on": signed.plan.start.isoformat(), "device": signed.plan.sessions[0].device}
    record, quiet = record_of(signed.sha256, house, **on), answers_of_today(program, chart)
    for today, says in (
        ({}, "Not known"),
        ({name: value for name, value in quiet.items() if name != "sunburn"}, "Not known"),
        ({**quiet, "sunburn": None}, "Not known"),
        ({**quiet, "active_infection": True}, "Not to be treated today"),
    ):
        told = program.post(address, {"document": record, "today": today}, 422)
        assert says in told["says"] and "held-accepted" in told["do"]
    assert "sunburn" in program.post(address, {"document": record, "today": {"sunburned": False}}, 422)["says"]
    assert not house.chart.rows.filter(kind__in=("record", "visit-check")).exists()
    done = record | {"deviations": ["held-accepted", "in words: treated before the swab came back"]}
    program.post(address, {"document": done, "today": {**quiet, "active_infection": True}})
    kept = latest(house.chart, VisitCheck)
    assert kept is not None and kept[1].clearance.verdict != "go"


def test_a_session_before_the_plans_start_is_a_decision(house: House) -> None:
    program, signed = approved(house)
    address, began = f"/charts/{house.chart.id}/records", signed.forecast.assessment.on
    assert began < signed.plan.start
    early = {"on": began.isoformat(), "device": signed.plan.sessions[0].device}
    record, today = record_of(signed.sha256, house, **early), answers_of_today(program, f"/charts/{house.chart.id}")
    told = program.post(address, {"document": record, "today": today}, 422)
    assert "The plan starts on" in told["says"] and "early-accepted" in told["do"]
    before = record | {"on": (began - timedelta(days=1)).isoformat()}
    assert "no session of this plan" in program.post(address, {"document": before, "today": today}, 422)["says"]
    done = record | {"deviations": ["early-accepted", "in words: no sun for months, no sunscreen needed"]}
    program.post(address, {"document": done, "today": today})
    assert program.get(f"/charts/{house.chart.id}/misses")["start"] == began.isoformat()


@pytest.mark.parametrize(
    ("change", "status", "says"),
    [
        ({"by": "somebody"}, 403, "signed by somebody else"),
        ({"approval": "0" * 64}, 422, "another approval"),
        ({"session": 7}, 422, "not in the plan"),
        ({"on": "2999-01-01"}, 422, "still to come"),
        ({"device": "spoon"}, 422, "spoon"),
        ({"topicals": ["ketchup"]}, 422, "ketchup"),
        ({"expiry": "2020-01-01"}, 422, "expired"),
    ],
)
def test_a_record_that_does_not_fit_is_refused(house: House, change: Any, status: int, says: str) -> None:
    program, signed = approved(house)
    on = {"on": signed.plan.start.isoformat(), "device": signed.plan.sessions[0].device}
    quiet = answers_of_today(program, f"/charts/{house.chart.id}")
    sent = {"document": record_of(signed.sha256, house, **on) | change, "today": quiet}
    assert says in program.post(f"/charts/{house.chart.id}/records", sent, status)["says"]


def test_what_leaves_is_written_down(house: House) -> None:
    told = Program(house.people["clinician"]).get(f"/charts/{house.chart.id}/export")
    assert told["documents"][0]["document"]["birth_year"] == 1990
    assert Trace.objects.filter(clinic=house.own, action="export:api").count() == 1


def test_the_knowledge_is_read_whole(house: House) -> None:
    program = Program(house.people["auditor"])
    counted = program.get("/knowledge")
    assert counted["sha256"] == KB.sha256
    for section in ("rules", "claims", "devices", "sources"):
        first = program.get(f"/knowledge/{section}")
        listed = [
            one
            for page in range(first["pages"])
            for one in program.get(f"/knowledge/{section}?page={page + 1}")["items"]
        ]
        assert len(listed) == first["total"] == counted[section]
        one = listed[-1].get("id") or listed[-1]["key"]
        assert program.get(f"/knowledge/{section}/{one}") == listed[-1]
        program.get(f"/knowledge/{section}/no-such-entry", 404)


def test_who_asks_too_often_waits(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    program, other = begin(house), Program(house.people["owner"])
    monkeypatch.setattr(HEAVY, "num_requests", 2)
    address, sent = f"/charts/{house.chart.id}/forecast", {"protocol": "nothing that can be read"}
    for status in (422, 422, 429):
        program.post(address, sent, status)
    assert 0 < int(program.said["Retry-After"]) <= 60
    program.get("/charts")
    other.post(address, sent, 422)


@pytest.mark.parametrize("sent", [b"{", b"\xff", b"[1]", b"null", b'{"label": "\\ud800"}', b'{"label": 1e999}'])
def test_what_is_no_json_is_told(house: House, sent: bytes) -> None:
    program = Program(house.people["owner"])
    headers = {"Authorization": f"Bearer {program.token}"}
    said = program.client.post("/api/charts", sent, content_type="application/json", headers=headers)
    assert said.status_code in (400, 422) and said.json()["do"]


def test_problems_are_json_everywhere(house: House) -> None:
    program = Program(house.people["owner"])
    program.get("/nowhere", 404)
    program.get("/charts/not-an-id", 404)
    assert "POST" in program.call("delete", "/charts", status=405)["do"]
    told = program.post("/charts", {"label": "x" * 70_000}, 413)
    assert "too large" in told["says"] and program.said["Cache-Control"] == "no-store"


def test_the_page_lists_every_address(house: House) -> None:
    from django.test import Client

    page = Client().get("/api/").content.decode()
    assert all(f"{method.upper()} /api{path}" in page for method, path, _ in OPERATIONS)


def test_no_address_names_a_person() -> None:
    for _, path, told in OPERATIONS:
        names = {one["name"] for one in told.get("parameters", ())}
        assert names <= {"chart", "row", "entry", "page", "grade"}, (path, names)


def test_a_colleague_sees_the_same(house: House) -> None:
    mine, theirs = (Program(house.people[role]).get(f"/charts/{house.chart.id}") for role in ("owner", "auditor"))
    assert mine == theirs and Chart.objects.filter(pk=mine["id"]).exists()


# ---------------------------------------------------------------- anything may be sent


@pytest.mark.slow
def test_whatever_is_sent_there_is_no_500_and_answers_are_as_described(house: House) -> None:
    """Schemathesis makes requests from the description, sound and broken ones, for a chart that is there."""
    schemathesis = pytest.importorskip("schemathesis")
    from hypothesis import HealthCheck, given, settings
    from schemathesis import checks
    from schemathesis.specs.openapi import checks as conformance

    from needling.web.wsgi import application

    _, signed = approved(house)
    chosen = [
        checks.not_a_server_error, conformance.status_code_conformance, conformance.content_type_conformance,
        conformance.response_schema_conformance,
    ]  # fmt: skip
    token = Program(house.people["clinician"]).token
    schema = schemathesis.openapi.from_wsgi("/api/openapi.json", application)
    record = record_of(signed.sha256, house, on=signed.plan.start.isoformat(), device=signed.plan.sessions[0].device)
    write(house.people["clinician"], house.chart, SessionRecord.model_validate(record))
    rows = {kind: str(house.chart.rows.get(kind=kind, superseded_by=None).id) for kind in ("approval", "record")}
    known = {"chart": str(house.chart.id), "entry": "derma-roller"}
    seen = {kind: house.chart.rows.get(kind=kind, superseded_by=None).sha256 for kind in ("person", "assessment")}
    for result in schema.get_all_operations():
        operation = result.ok()

        @settings(
            max_examples=25, deadline=None, database=None, derandomize=True,
            suppress_health_check=list(HealthCheck),
        )  # fmt: skip
        @given(case=operation.as_strategy())
        def sent(case: Any) -> None:
            cache.clear()
            row = rows["record" if "/records/" in case.path else "approval"]
            case.path_parameters = {name: {**known, "row": row}[name] for name in case.path_parameters or {}}
            if isinstance(case.body, dict) and "members" in case.body:
                case.body["members"] = 64 if isinstance(case.body["members"], int) else case.body["members"]
            if isinstance(case.body, dict) and "person_sha256" in case.body:
                case.body |= {f"{kind}_sha256": sha256 for kind, sha256 in seen.items()}
            case.call_and_validate(headers={"Authorization": f"Bearer {token}"}, checks=chosen)

        sent()
    assert not list(problems(house.own))


def test_findings_of_a_day_to_come_are_refused(house: House) -> None:
    program = begin(house)
    tomorrow = (date.today() + timedelta(days=1)).isoformat()
    document = assessment_of(house.chart) | {"on": tomorrow}
    assert "to come" in program.post(f"/charts/{house.chart.id}/assessment", {"document": document}, 422)["says"]


def test_more_zones_and_people_than_memory_holds_are_refused(house: House) -> None:
    program = begin(house)
    zones = [zone for site in KB.sites if not site.never for zone in site_zones(site)][:20]
    many = [{"zone": zone, "concern": "pores-dullness", "area_cm2": 20.0} for zone in zones]
    document = assessment_of(house.chart) | {"zones": many, "scores": []}
    seen = program.get(f"/charts/{house.chart.id}/assessment")["id"]
    program.post(f"/charts/{house.chart.id}/assessment", {"document": document, "supersedes": seen})
    told = program.post(f"/charts/{house.chart.id}/plan", {"members": 1024}, 422)
    assert f"ask for {ZONES_TIMES_PEOPLE // len(many)} at most" in told["says"]


def test_the_rate_is_of_the_person_and_not_of_each_token(house: House, monkeypatch: Any) -> None:
    monkeypatch.setattr(ANY, "num_requests", 3)
    first = Program(house.people["clinician"])
    second = Program(house.people["clinician"])
    for program in (first, second, first):
        program.get("/charts")
    second.get("/charts", 429)
    Program(house.people["assistant"]).get("/charts")
