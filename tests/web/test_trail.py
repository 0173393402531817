"""Documents and trail are only added to, and every way of tampering is found."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.db import transaction
from django.db.transaction import TransactionManagementError
from django.test import Client
from django.utils import timezone
from tests.web.clinics import House, open_chart
from tests.web.programs import DAY, Program, assessment_of, person_of
from tests.web.test_api import approved, record_of

from needling.documents import Assessment, Person, SessionRecord
from needling.errors import NotAllowed
from needling.web.accounts.changes import change_role, let_in, let_out
from needling.web.accounts.models import Clinic, Invitation, Role, User
from needling.web.charts import records
from needling.web.charts.models import Chart, Head, Kind, Row, Trace
from needling.web.charts.noting import note_file, read_note
from needling.web.charts.records import Superseded, latest, read, write
from needling.web.charts.states import digest_of, trail_key
from needling.web.charts.trail import leave_trace, lost_clinics, problems
from needling.web.visits.models import Unwanted, Visit


@pytest.fixture
def trail(house: House) -> House:
    """A clinic with a dozen rows in its trail."""
    user = house.people["clinician"]
    for number in range(5):
        chart = open_chart(user, f"Person {number}")
        write(user, chart, Person(id=chart.person_id, birth_year=1980 + number))
    assert not list(problems(house.own))
    return house


def _rows(house: House) -> list[Trace]:
    return list(Trace.objects.filter(clinic=house.own).order_by("number"))


def _edit(house: House) -> None:
    Trace.objects.filter(pk=_rows(house)[3].pk).update(action="nothing")


def _edit_actor(house: House) -> None:
    Trace.objects.filter(pk=_rows(house)[3].pk).update(actor=house.people["owner"])


def _delete(house: House) -> None:
    Trace.objects.filter(pk=_rows(house)[3].pk).delete()


def _swap(house: House) -> None:
    first, second = _rows(house)[2:4]
    for row, number in ((first, 10_000), (second, first.number), (first, second.number)):
        Trace.objects.filter(pk=row.pk).update(number=number)


def _cut(house: House) -> None:
    Trace.objects.filter(pk__in=[row.pk for row in _rows(house)[-2:]]).delete()


def _cut_and_mend_the_head(house: House) -> None:
    _cut(house)
    last = _rows(house)[-1]
    Head.objects.filter(clinic=house.own).update(number=last.number, mac=last.mac)


def _cut_all(house: House) -> None:
    Trace.objects.filter(clinic=house.own).delete()
    Head.objects.filter(clinic=house.own).delete()


def _edit_document(house: House) -> None:
    row = Row.objects.filter(clinic=house.own).first()
    assert row is not None
    Row.objects.filter(pk=row.pk).update(document=row.document.replace("19", "18"))


def _edit_document_and_its_hash(house: House) -> None:
    row = Row.objects.filter(clinic=house.own).first()
    assert row is not None
    changed = Person(id="somebody-else")
    Row.objects.filter(pk=row.pk).update(document=changed.canonical().decode(), sha256=changed.sha256)


def _delete_document(house: House) -> None:
    Row.objects.filter(pk=Row.objects.filter(clinic=house.own).first().pk).delete()  # type: ignore[union-attr]


def _add_document(house: House) -> None:
    row = Row.objects.filter(clinic=house.own).first()
    assert row is not None
    row.pk, row._state.adding = None, True
    row.id = Row._meta.get_field("id").get_default()
    row.save()


def _forget_the_head(house: House) -> None:
    Head.objects.filter(clinic=house.own).delete()


def _forget_the_note(house: House) -> None:
    note_file(house.own.pk).unlink()


def _add_account(house: House) -> None:
    User.objects.create_user(f"{uuid.uuid4().hex}@clinic.test", None, name="X", clinic=house.own, role=Role.OWNER)


def _add_chart(house: House) -> None:
    Chart.objects.create(clinic=house.own, label="Nobody opened this")


@pytest.mark.parametrize(
    "tamper",
    [_edit, _edit_actor, _delete, _swap, _cut, _cut_and_mend_the_head, _cut_all, _edit_document,
     _edit_document_and_its_hash, _delete_document, _add_document, _forget_the_head, _forget_the_note, _add_account,
     _add_chart],
    ids=lambda tamper: tamper.__name__.strip("_"),
)  # fmt: skip
def test_tampering_is_found(trail: House, tamper: Callable[[House], None]) -> None:
    tamper(trail)
    assert list(problems(trail.own))


@pytest.mark.parametrize(
    "changed",
    [
        {"author": "assistant"}, {"at": timezone.now() - timedelta(days=9)}, {"chart": "other"}, {"kind": "draft"},
        {"supersedes": None}, {"through": "api"}, {"number": 10_000}, {"needling": "9"}, {"knowledge_sha256": "x"},
        {"clinic": "other"},
    ],
    ids=lambda changed: next(iter(changed)),
)  # fmt: skip
def test_whatever_of_a_document_is_changed_is_found(trail: House, changed: dict[str, Any]) -> None:
    user = trail.people["clinician"]
    row = write(user, trail.chart, Person(id=trail.chart.person_id, birth_year=1991), supersedes=trail.row)
    others = {"author": trail.people["assistant"], "chart": open_chart(user, "Other"), "clinic": trail.other}
    assert not list(problems(trail.own))
    Row.objects.filter(pk=row.pk).update(
        **{name: others[name] if value in ("assistant", "other") else value for name, value in changed.items()}
    )
    assert any(str(row.pk) in one for one in problems(trail.own))


@pytest.mark.parametrize(
    "changed",
    [{"label": "Wrong Name"}, {"clinic": "other"}, {"erased": timezone.now()}, {"salt": "0" * 32}],
    ids=lambda changed: next(iter(changed)),
)
def test_whatever_of_a_chart_is_changed_is_found(trail: House, changed: dict[str, Any]) -> None:
    Chart.objects.filter(pk=trail.chart.pk).update(
        **{name: trail.other if value == "other" else value for name, value in changed.items()}
    )
    assert any(str(trail.chart.pk) in one for one in problems(trail.own))
    if "clinic" in changed:
        assert any(str(trail.chart.pk) in one for one in problems(trail.other))


@pytest.mark.parametrize(
    "changed",
    [{"role": "owner"}, {"clinic": "other"}, {"is_active": False}, {"email": "somebody@else.test"}, {"name": "Else"}],
    ids=lambda changed: next(iter(changed)),
)
def test_whatever_of_an_account_is_changed_is_found(trail: House, changed: dict[str, Any]) -> None:
    user = trail.people["assistant"]
    User.objects.filter(pk=user.pk).update(
        **{name: trail.other if value == "other" else value for name, value in changed.items()}
    )
    assert any(str(user.pk) in one for one in problems(trail.own))


@pytest.mark.parametrize(
    "tamper",
    [
        lambda visits, events: visits.delete(),
        lambda visits, events: visits.update(lot_key="00"),
        lambda visits, events: visits.update(done=False),
        lambda visits, events: events.delete(),
        lambda visits, events: events.update(grade=4),
    ],
    ids=["no visit", "another lot", "not done", "no event", "another grade"],
)
def test_tables_that_hide_a_visit_or_an_event_are_found(house: House, tamper: Callable[[Any, Any], Any]) -> None:
    """A lot that is called back has to find everybody."""
    signed = approved(house)[1]
    told = record_of(
        signed.sha256, house, on=signed.plan.start.isoformat(), device=signed.plan.sessions[0].device, lot="L 1",
        events=[{"harm": "expected-reaction", "grade": 1, "after_d": 3}], asked_until_d=7,
    )  # fmt: skip
    row = write(house.people["clinician"], house.chart, SessionRecord.model_validate(told))
    write(house.people["owner"], house.chart, read(row, SessionRecord), supersedes=row)
    assert not list(problems(house.own))
    tamper(Visit.objects.filter(clinic=house.own), Unwanted.objects.filter(clinic=house.own))
    found = list(problems(house.own))
    assert found and all("tables for looking up" in one for one in found)


def test_a_changed_role_is_not_taken_for_told_because_somebody_signs_in(trail: House) -> None:
    user = trail.people["assistant"]
    User.objects.filter(pk=user.pk).update(role=Role.OWNER)
    user.refresh_from_db()
    assert trail.browser("owner").get("/charts/").status_code == 200
    with transaction.atomic():
        leave_trace(trail.own, user, "sign-in", str(user.pk))
        leave_trace(trail.own, user, "export", str(trail.chart.pk))
    assert list(problems(trail.own)) == [f"the account {user.pk} is not as the trail tells"]


def test_what_an_owner_changes_is_told(trail: House) -> None:
    owner, user = trail.people["owner"], trail.people["assistant"]
    for change in (let_out, let_in, partial(change_role, role=Role.CLINICIAN)):
        change(owner, user)
        assert not list(problems(trail.own)), change
    email = f"{uuid.uuid4().hex}@clinic.test"
    token = Invitation.make(owner, email, Role.ASSISTANT)[1]
    told = {"token": token, "name": "New", "password": "correct horse battery staple"}
    assert Client().post("/join/", told).status_code == 302
    assert User.objects.filter(clinic=trail.own, email=email).exists() and not list(problems(trail.own))


def test_whoever_begins_a_clinic_is_told_of_with_it(house: House) -> None:
    with transaction.atomic():
        clinic = Clinic.objects.create(name="Begun")
        owner = User.objects.create_user("begun@clinic.test", None, name="Owner", clinic=clinic, role=Role.OWNER)
        leave_trace(clinic, owner, "set-up", str(clinic.pk))
    assert not list(problems(clinic))
    Clinic.objects.filter(pk=clinic.pk).update(name="Another")
    assert list(problems(clinic)) == [f"the clinic {clinic.pk} is not as the trail tells"]


# ---------------------------------------------------------------- cut off, and written on


def _on(house: House, times: int = 1) -> None:
    for number in range(times):
        open_chart(house.people["clinician"], f"Afterwards {number}")


def test_what_was_cut_off_stays_found_however_much_is_written_afterwards(trail: House) -> None:
    noted = read_note(trail.own.pk)
    assert noted is not None
    last = Row.objects.filter(clinic=trail.own).order_by("-number").first()
    assert last is not None
    last_row, last_chart = last.pk, last.chart_id
    _cut_and_mend_the_head(trail)
    Row.objects.filter(pk=last_row)._raw_delete(Row.objects.db)
    Chart.objects.filter(pk=last_chart)._raw_delete(Chart.objects.db)
    _on(trail, 6)
    alarm = f"row {noted.number} was noted outside it: what came after was cut off"
    found = list(problems(trail.own))
    assert len(found) == 1 and alarm in found[0], "one alarm, and nothing else is wrong by now"
    _on(trail, 20)
    assert list(problems(trail.own)) == found
    assert alarm in trail.browser("auditor").get("/charts/trail/?verify=1").content.decode()


def test_another_end_than_was_noted_stays_found(trail: House) -> None:
    _on(trail)
    note_file(trail.own.pk).write_text(f'[{_rows(trail)[-1].number}, "{"0" * 64}"]')
    _on(trail, 3)
    assert ["another one than was noted" in one for one in problems(trail.own)] == [True]


def test_a_note_that_is_gone_stays_found(trail: House) -> None:
    _forget_the_note(trail)
    _on(trail, 3)
    assert ["the note outside it was gone" in one for one in problems(trail.own)] == [True]
    _forget_the_note(trail)
    _on(trail, 3)
    assert ["the note outside it was gone" in one for one in problems(trail.own)] == [True, True]


def test_one_alarm_is_left_however_much_one_transaction_writes(trail: House) -> None:
    _forget_the_note(trail)
    with transaction.atomic():
        with pytest.raises(RuntimeError), transaction.atomic():
            _on(trail)
            raise RuntimeError
        _on(trail, 4)
    assert len(list(problems(trail.own))) == 1


def test_an_alarm_that_was_rolled_back_is_raised_by_the_next(trail: House) -> None:
    _forget_the_note(trail)
    with pytest.raises(RuntimeError), transaction.atomic():
        _on(trail)
        raise RuntimeError
    _on(trail)
    assert len(list(problems(trail.own))) == 1


def test_a_head_that_was_set_back_stops_nobody_and_stays_found(trail: House) -> None:
    end = _rows(trail)[-3]
    Head.objects.filter(clinic=trail.own).update(number=end.number, mac=end.mac)
    _on(trail, 3)
    assert ["did not know any more" in one for one in problems(trail.own)] == [True]
    _forget_the_head(trail)
    _on(trail, 3)
    assert ["did not know any more" in one for one in problems(trail.own)] == [True, True]


def test_the_first_write_of_a_clinic_is_no_alarm(house: House) -> None:
    clinic = Clinic.objects.create(name="First")
    with pytest.raises(RuntimeError), transaction.atomic():
        leave_trace(clinic, None, "nothing", "x")
        raise RuntimeError
    assert read_note(clinic.pk) == (0, "") and not list(problems(clinic))
    with transaction.atomic():
        leave_trace(clinic, None, "nothing", "x")
    assert not list(problems(clinic))


def test_a_clinic_that_is_gone_is_missed(house: House) -> None:
    assert not [one for one in lost_clinics() if str(house.own.pk) in one]
    gone = uuid.uuid4()
    note_file(gone).write_text('[12, "00"]')
    try:
        assert [one for one in lost_clinics() if str(gone) in one and "row 12" in one]
        note_file(gone).write_text('[0, ""]')  # begun, and never written
        assert not [one for one in lost_clinics() if str(gone) in one]
    finally:
        note_file(gone).unlink()


# ---------------------------------------------------------------- one in force


def test_rows_are_written_once(house: House) -> None:
    house.row.document = "{}"
    with pytest.raises(TypeError, match="never changed"):
        house.row.save()
    with pytest.raises(TypeError, match="not deleted"):
        house.row.delete()


def test_the_second_of_two_corrections_is_told_and_nothing_is_lost(house: House) -> None:
    user = house.people["clinician"]
    first = write(user, house.chart, Person(id=house.chart.person_id, birth_year=1991), supersedes=house.row)
    before = Trace.objects.filter(clinic=house.own).count()
    with pytest.raises(Superseded, match="somebody else"):
        write(house.people["owner"], house.chart, Person(id=house.chart.person_id), supersedes=house.row)
    assert Trace.objects.filter(clinic=house.own).count() == before
    found = latest(house.chart, Person)
    assert found is not None and found[0].pk == first.pk and not list(problems(house.own))


def test_of_two_first_answers_the_second_is_told(house: House) -> None:
    user, chart = house.people["clinician"], open_chart(house.people["clinician"], "Two at once")
    first = write(user, chart, Person(id=chart.person_id, birth_year=1991))
    with pytest.raises(Superseded, match="somebody else"):
        write(house.people["assistant"], chart, Person(id=chart.person_id, birth_year=1992))
    assert list(chart.rows.values_list("pk", flat=True)) == [first.pk] and not list(problems(house.own))


def test_the_page_tells_the_second_of_two_who_began_with_nothing(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both pages were opened when nothing was known; the second looked before the first had written."""
    from needling.web.people import views

    chart = open_chart(house.people["clinician"], "Two at once")
    browser = house.browser("clinician")
    with monkeypatch.context() as at_once:
        at_once.setattr(views, "latest", lambda *_: None)
        said = [
            browser.post(f"/charts/{chart.pk}/person/", {"version": "", "birth_year": year}).status_code
            for year in ("1980", "1990")
        ]
    assert said == [302, 409]
    assert chart.rows.filter(kind=Kind.PERSON, superseded_by=None).count() == 1


def test_a_version_of_another_chart_or_kind_is_not_replaced(house: House) -> None:
    user = house.people["clinician"]
    other = open_chart(user, "Other")
    for chart, document in (
        (other, Person(id=other.person_id)),
        (house.chart, Assessment.model_validate(assessment_of(house.chart))),
    ):
        with pytest.raises(NotAllowed, match="something else"):
            write(user, chart, document, supersedes=house.row)


def test_the_newest_is_the_last_that_was_written_whatever_the_clock_said(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    user, now = house.people["clinician"], timezone.now()
    for number, hours in enumerate((0, 0, -3, 0, -1)):
        monkeypatch.setattr(records.timezone, "now", lambda hours=hours: now + timedelta(hours=hours))
        told = assessment_of(house.chart) | {"country": "DE" if number == 4 else "FR"}
        last = write(user, house.chart, Assessment.model_validate(told))
    found = latest(house.chart, Assessment)
    assert found is not None and found[0].pk == last.pk
    assert list(house.chart.rows.order_by("number").values_list("pk", flat=True))[-1] == last.pk


def test_a_program_puts_no_newer_findings_out_of_force(house: House) -> None:
    """The clinician looked while the program was at work: it is told, with or without the version that it knows."""
    program, address = Program(house.people["assistant"]), f"/charts/{house.chart.id}/assessment"
    known = program.post(address, {"document": assessment_of(house.chart)})
    newest = write(house.people["clinician"], house.chart, Assessment.model_validate(assessment_of(house.chart)))
    for stale in ({}, {"supersedes": known["id"]}):
        told = program.post(address, {"document": assessment_of(house.chart), **stale}, 409)
        assert "newest" in told["says"]
    found = latest(house.chart, Assessment)
    assert found is not None and found[0].pk == newest.pk
    program.post(address, {"document": assessment_of(house.chart), "supersedes": str(newest.pk)})
    later = assessment_of(house.chart, on=(DAY + timedelta(days=1)).isoformat())
    program.post(address, {"document": later})


def test_a_program_signs_answers_with_no_other_name(house: House) -> None:
    program, user = Program(house.people["assistant"]), house.people["assistant"]
    chart = open_chart(user, "By whom")
    address = f"/charts/{chart.id}"

    def answers(by: str | None, value: bool = False) -> dict[str, Any]:
        told = person_of(chart)
        told["facts"] = {**told["facts"], "smoker": {"value": value, "by": by}}
        return told

    other = house.people["clinician"].signature
    program.post(f"{address}/person", {"document": answers(other)}, 403)
    program.post(f"{address}/person", {"document": answers(chart.person_id)}, 403)
    own = program.post(f"{address}/person", {"document": answers(user.signature)})
    second = Program(house.people["clinician"])
    kept = second.post(f"{address}/person", {"document": answers(user.signature), "supersedes": own["id"]})
    second.post(f"{address}/person", {"document": answers(user.signature, True), "supersedes": kept["id"]}, 403)
    second.post(f"{address}/person", {"document": answers(None, True), "supersedes": kept["id"]})
    found = assessment_of(chart)
    found["facts"] = {**found["facts"], "tattoo": {"value": False, "by": other}}
    program.post(f"{address}/assessment", {"document": found}, 403)
    found = assessment_of(chart)
    found["zones"][0]["facts"] = {"tattoo": {"value": False, "by": other}}
    program.post(f"{address}/assessment", {"document": found}, 403)


def test_nobody_writes_into_another_clinic(house: House) -> None:
    for user in (house.stranger, house.people["auditor"]):
        with pytest.raises(NotAllowed):
            write(user, house.chart, Person(id="x"))


def test_a_write_that_fails_leaves_neither_document_nor_trace(house: House) -> None:
    before = Row.objects.count(), Trace.objects.count()
    with pytest.raises(RuntimeError), transaction.atomic():
        told = Person(id=house.chart.person_id)
        write(house.people["clinician"], house.chart, told, supersedes=house.row)
        raise RuntimeError
    assert (Row.objects.count(), Trace.objects.count()) == before
    assert not list(problems(house.own))


def test_an_erasure_is_told_and_the_chain_still_holds(trail: House) -> None:
    client = trail.browser("owner")
    assert client.post(f"/charts/{trail.chart.id}/erase/", {"label": "wrong"}).status_code == 422
    assert client.post(f"/charts/{trail.chart.id}/erase/", {"label": "Somebody Secret"}).status_code == 302
    assert not Row.objects.filter(chart=trail.chart).exists()
    assert Chart.objects.get(pk=trail.chart.pk).label == ""
    assert client.get(f"/charts/{trail.chart.id}/").status_code == 404
    assert not list(problems(trail.own))
    assert "The chain holds" in client.get("/charts/trail/?verify=1").content.decode()


def _erased(house: House) -> Any:
    browser = house.browser("owner")
    answer = browser.post(f"/charts/{house.chart.id}/erase/", {"label": "Somebody Secret"})
    assert answer.status_code == 302, answer.content.decode()
    return browser


def test_nothing_that_is_kept_after_an_erasure_fits_what_somebody_might_try(trail: House) -> None:
    """Neither the plain hash of a document nor its digest under the key: the salt of the chart is gone."""
    row, chart = trail.row, Chart.objects.get(pk=trail.chart.pk)
    before = digest_of(trail_key(), row, chart.salt)
    kept = set(Trace.objects.filter(clinic=trail.own).values_list("digest", flat=True))
    assert before in kept and row.sha256 not in kept
    _erased(trail)
    after = Chart.objects.get(pk=chart.pk)
    assert after.label == "" and after.salt == ""
    kept = set(Trace.objects.filter(clinic=trail.own).values_list("digest", flat=True))
    assert row.sha256 not in kept and digest_of(trail_key(), row, after.salt) not in kept
    assert not list(problems(trail.own))


def test_nothing_is_written_into_an_erased_chart_by_a_request_that_had_begun(trail: House) -> None:
    begun = Chart.objects.get(pk=trail.chart.pk)
    owner = _erased(trail)
    for kind in (Person(id=begun.person_id), Assessment.model_validate(assessment_of(begun))):
        with pytest.raises(Superseded, match="erased"):
            write(trail.people["clinician"], begun, kind)
    assert not Row.objects.filter(chart=begun).exists() and not list(problems(trail.own))
    assert owner.post(f"/charts/{begun.id}/erase/", {"label": "Somebody Secret"}).status_code == 404


def test_all_that_is_kept_of_a_person_can_be_taken_out(house: House) -> None:
    told = house.browser("clinician").post(f"/charts/{house.chart.id}/export.json").json()
    assert told["documents"][0]["document"]["birth_year"] == 1990
    assert Trace.objects.filter(clinic=house.own, action="export").count() == 1


def test_a_trace_needs_a_transaction(house: House) -> None:
    with pytest.raises(TransactionManagementError):
        leave_trace(house.own, None, "nothing", "x")
