"""Every device of a session is kept with its lot, and found by it: a plan with two lengths uses two rollers."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from tests.web.clinics import House, open_chart
from tests.web.courses import approval_for, approved
from tests.web.programs import Program

from needling import approve, screen
from needling.documents import Approval, SessionRecord
from needling.documents.used import Used
from needling.knowledge import load_knowledge
from needling.web.charts.models import Chart
from needling.web.charts.records import latest, write
from needling.web.visits.checking import table_problems
from needling.web.visits.course import course_of
from needling.web.visits.models import Visit
from needling.web.visits.recording import planned_form
from needling.web.visits.used import Further, sent_further

KB = load_knowledge()


def approved_with_two_lengths(house: House, device: str | None = None) -> Chart:
    """A chart with an approval whose first session needs two needle lengths."""
    user = house.people["clinician"]
    chart = open_chart(user, "Two rollers")
    person, assessment, before = approval_for(chart)
    first, *rest = before.plan.sessions
    strokes = (first.strokes[0].model_copy(update={"needle_length_mm": 0.5}), *first.strokes[1:])
    changes: dict[str, Any] = {"strokes": strokes} | ({"device": device} if device else {})
    told = first.model_copy(update=changes)
    clearance = screen(person, assessment, KB)
    plan = before.plan.model_copy(update={"sessions": (told, *rest), "clearance_sha256": clearance.sha256})
    forecast = before.forecast.model_copy(update={"plan_sha256": plan.sha256})
    approval: Approval = approve(plan, forecast, clearance, by="user-1", at=before.at, kb=KB)
    for document in (person, assessment, approval):
        write(user, chart, document)
    return chart


def sent_for(chart: Chart, **changes: Any) -> dict[str, Any]:
    """What a browser sends for the next session when little is changed."""
    course = course_of(chart)
    assert course is not None
    session = course.next_session or 0
    form = planned_form(course.approval.plan.sessions[session], course.expected_on(session), KB)
    told: dict[str, Any] = {
        "session": str(session), "approval": course.sha256, "asked": "yes", "on": form.on, "device": form.device,
        "condition": form.condition, "lot": "First 1", "expiry": "2099-01-01", "endpoint": "erythema", "pain": "3",
        "aftercare": "given", "topical": list(form.topicals), "words": "", "note": "",
    }  # fmt: skip
    for number, line in enumerate(form.lines):
        told |= {f"{name}-{number}": getattr(line, name) for name in ("length", "directions", "passes")}
    for number, one in enumerate(form.further):
        told |= {f"also_{name}-{number}": getattr(one, name) for name in ("device", "length", "condition")}
    return {**told, **changes}


def record_of(chart: Chart) -> SessionRecord:
    found = latest(chart, SessionRecord)
    assert found is not None
    return found[1]


def test_two_lengths_ask_for_two_lots_and_both_are_found(house: House) -> None:
    chart, client = approved_with_two_lengths(house), house.browser("clinician")
    address = f"/charts/{chart.id}/visits/new/"
    page = client.get(address).content.decode()
    assert page.count("Also used: ") == 1 and 'name="also_lot-0"' in page and 'name="also_lot-1"' in page
    sent = sent_for(chart, **{"also_lot-0": "Second 2", "also_expiry-0": "2099-02-02"})
    assert client.post(address, sent).status_code == 302
    record = record_of(chart)
    (used,) = record.also_used
    assert (used.device, used.lot, used.expiry) == (record.device, "Second 2", date(2099, 2, 2))
    assert used.needle_length_mm in {stroke.needle_length_mm for stroke in record.strokes}
    for words in ("first1", "SECOND-2"):
        assert "1 person, 1 session" in client.get("/clinic/lots/", {"q": words}).content.decode()
    assert "lot Second 2" in client.get(f"/charts/{chart.id}/visits/").content.decode()
    assert list(table_problems(house.own)) == []
    told = client.post(f"/charts/{chart.id}/export.json").json()["documents"]
    assert [one["document"]["also_used"][0]["lot"] for one in told if one["kind"] == "record"] == ["Second 2"]
    row = Visit.objects.filter(chart=chart).earliest("place").row_id
    page = client.get(f"/charts/{chart.id}/visits/{row}/correct/").content.decode()
    assert 'value="Second 2"' in page
    after = {"asked_on": (record.on + timedelta(days=2)).isoformat(), "redness": "2"}
    assert client.post(f"/charts/{chart.id}/visits/{row}/after/", after).status_code == 302
    assert record_of(chart).also_used == (used,), "what came after takes no lot away"


def test_an_expired_second_lot_is_a_decision_and_names_the_lot(house: House) -> None:
    chart, client = approved_with_two_lengths(house), house.browser("clinician")
    sent = sent_for(chart, **{"also_lot-0": "Old 2", "also_expiry-0": "2001-01-01"})
    page = client.post(f"/charts/{chart.id}/visits/new/", sent)
    assert page.status_code == 422 and "Lot Old 2 expired on 1 Jan 2001" in page.content.decode()


def test_a_length_that_was_left_out_used_no_second_device(house: House) -> None:
    chart, client = approved_with_two_lengths(house), house.browser("clinician")
    course = course_of(chart)
    assert course is not None
    strokes = course.approval.plan.sessions[0].strokes
    other = {
        number: stroke
        for number, stroke in enumerate(strokes)
        if stroke.needle_length_mm != strokes[0].needle_length_mm
    }
    gone = {f"passes-{number}": "0" for number in other}
    assert client.post(f"/charts/{chart.id}/visits/new/", sent_for(chart, **gone)).status_code == 302
    assert record_of(chart).also_used == ()


def test_another_device_can_be_added_to_any_session(house: House) -> None:
    chart = open_chart(house.people["clinician"], "One roller")
    approved(house.people["clinician"], chart)
    client, address = house.browser("clinician"), f"/charts/{chart.id}/visits/new/"
    assert "Also used: " not in client.get(address).content.decode()
    page = client.post(address, sent_for(chart, **{"also_lot-0": "Lost"}))
    assert page.status_code == 422 and "Choose the device." in page.content.decode()
    assert 'value="Lost"' in page.content.decode()
    spare = {"also_lot-0": "Spare 3", "also_expiry-0": "2099-03-03", "also_device-0": sent_for(chart)["device"]}
    sent = sent_for(chart, **spare)
    assert client.post(address, sent).status_code == 302
    assert [one.lot for one in record_of(chart).also_used] == ["Spare 3"]
    assert [one.lot for one in Visit.objects.filter(chart=chart).order_by("place")] == ["First 1", "Spare 3"]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"also_device-0": "no-such"}, "Choose the device."),
        ({"also_expiry-0": "soon"}, "Give a day"),
        ({"also_length-0": "long", "also_lot-0": "x"}, "needle length"),
        ({"also_length-0": "99", "also_lot-0": "x"}, "does not fit"),
        ({"also_condition-0": "golden", "also_lot-0": "x"}, "does not fit"),
    ],
)
def test_mistakes_in_a_further_device_are_named(house: House, change: dict[str, str], says: str) -> None:
    chart, client = approved_with_two_lengths(house), house.browser("clinician")
    page = client.post(f"/charts/{chart.id}/visits/new/", sent_for(chart, **change))
    assert page.status_code == 422 and says in page.content.decode()
    assert latest(chart, SessionRecord) is None


def test_a_record_without_further_devices_keeps_its_hash() -> None:
    from tests.web.courses import _planned

    plan = _planned(150)[3].plan
    record = SessionRecord(
        approval="0" * 64, session=0, on=date(2026, 1, 2), device="roller-192", strokes=plan.sessions[0].strokes,
        by="user-1",
    )  # fmt: skip
    assert b"also_used" not in record.canonical()
    more = record.model_copy(update={"also_used": (Used(device="roller-192", lot="B"),)})
    assert b"also_used" in more.canonical() and SessionRecord.model_validate_json(more.canonical()) == more


def test_programs_read_and_write_further_devices_and_unknown_ones_are_refused(house: House) -> None:
    chart, program = approved_with_two_lengths(house), Program(house.people["clinician"])
    course = course_of(chart)
    assert course is not None
    planned = course.approval.plan.sessions[0]
    document = {
        "approval": course.sha256, "session": 0, "on": course.expected_on(0).isoformat(), "device": planned.device,
        "lot": "A", "strokes": [stroke.model_dump() for stroke in planned.strokes],
        "by": house.people["clinician"].signature,
        "also_used": [{"device": "no-such", "needle_length_mm": 1.0, "lot": "Api 7"}],
    }  # fmt: skip
    questions = program.get(f"/charts/{chart.id}/next")["questions"]
    sent = {"document": document, "today": {one["name"]: False for one in questions}}
    assert "no-such" in str(program.post(f"/charts/{chart.id}/records", sent, status=422))
    document["also_used"][0]["device"] = planned.device  # type: ignore[index]
    program.post(f"/charts/{chart.id}/records", sent)
    (told,) = program.get(f"/charts/{chart.id}/records")["items"]
    assert told["document"]["also_used"][0]["lot"] == "Api 7"
    assert [one.lot for one in Visit.objects.filter(chart=chart).order_by("place")] == ["A", "Api 7"]


def test_a_line_that_did_not_stand_on_the_page_is_not_taken_over() -> None:
    """Two people record the same session: the record that is in force has other devices than the form that comes."""
    theirs = (Further("roller-192", "1.5", "new", "T-A", "2099-01-01"), Further("roller-192", "2", "new", "T-B", ""))
    empty = {"also_device-0": "", "also_length-0": "", "also_condition-0": "new", "also_lot-0": "", "also_expiry-0": ""}
    assert not any(line.told for line in sent_further(empty, theirs))
    mine = {f"{name}{number}": "x" for name in ("also_lot-", "also_device-") for number in range(3)}
    assert [line.lot for line in sent_further(mine, ())] == ["x", "x", "x"]
    assert sent_further({}, theirs) == theirs
