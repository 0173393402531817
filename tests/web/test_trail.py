"""Documents and trail are only added to, and every way of tampering is found."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import transaction
from django.db.transaction import TransactionManagementError
from tests.web.clinics import House, open_chart

from needling.documents import Person
from needling.errors import NotAllowed
from needling.web.charts.models import Chart, Head, Row, Trace
from needling.web.charts.records import Superseded, latest, write
from needling.web.charts.trail import leave_trace, problems


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


@pytest.mark.parametrize(
    "tamper",
    [_edit, _edit_actor, _delete, _swap, _cut, _cut_and_mend_the_head, _cut_all, _edit_document,
     _edit_document_and_its_hash, _delete_document, _add_document],
    ids=lambda tamper: tamper.__name__.strip("_"),
)  # fmt: skip
def test_tampering_is_found(trail: House, tamper: Callable[[House], None]) -> None:
    tamper(trail)
    assert list(problems(trail.own))


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


def test_nobody_writes_into_another_clinic(house: House) -> None:
    for user in (house.stranger, house.people["auditor"]):
        with pytest.raises(NotAllowed):
            write(user, house.chart, Person(id="x"))


def test_a_write_that_fails_leaves_neither_document_nor_trace(house: House) -> None:
    before = Row.objects.count(), Trace.objects.count()
    with pytest.raises(RuntimeError), transaction.atomic():
        write(house.people["clinician"], house.chart, Person(id=house.chart.person_id))
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


def test_all_that_is_kept_of_a_person_can_be_taken_out(house: House) -> None:
    told = house.browser("clinician").get(f"/charts/{house.chart.id}/export.json").json()
    assert told["documents"][0]["document"]["birth_year"] == 1990
    assert Trace.objects.filter(clinic=house.own, action="export").count() == 1


def test_a_trace_needs_a_transaction(house: House) -> None:
    with pytest.raises(TransactionManagementError):
        leave_trace(house.own, None, "nothing", "x")
