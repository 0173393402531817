"""A chart has a name and perhaps a day of birth; who opens a second one of that name is asked."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from tests.web.clinics import House, open_chart, signed_in
from tests.web.programs import Program

from needling.documents import Person
from needling.web.charts.erasing import erase_chart
from needling.web.charts.models import Chart, Trace
from needling.web.charts.records import latest, write
from needling.web.charts.trail import problems
from needling.web.plans.everything import everything_sheet

BORN = date(1984, 5, 3)


def _open(house: House, **sent: str) -> Chart:
    client = house.browser("assistant")
    page = client.post("/charts/new/", {"label": "Lena Vogt", "born": BORN.isoformat(), **sent})
    assert page.status_code == 302, page.content.decode()
    return Chart.objects.get(clinic=house.own, label=sent.get("label", "Lena Vogt"))


def test_the_day_of_birth_stands_wherever_a_person_is_named(house: House) -> None:
    chart = _open(house)
    assert chart.born == BORN and chart.named == "Lena Vogt, born 3 May 1984"
    client = house.browser("clinician")
    assert "Born 3 May 1984" in client.get(f"/charts/{chart.id}/").content.decode()
    assert "3 May 1984" in client.get("/charts/").content.decode()
    assert 'name="birth_year" inputmode="numeric" maxlength="4" size="6" value="1984"' in (
        client.get(f"/charts/{chart.id}/person/").content.decode()
    )
    assert client.post(f"/charts/{chart.id}/export.json").json()["chart"]["born"] == "1984-05-03"


def test_a_second_chart_of_one_name_is_opened_only_when_it_is_another_person(house: House) -> None:
    chart = _open(house)
    client = house.browser("clinician")
    page = client.post("/charts/new/", {"label": " lena  VOGT "})
    told = page.content.decode()
    assert page.status_code == 422 and f"/charts/{chart.id}/" in told and "born 3 May 1984" in told
    assert Chart.objects.filter(clinic=house.own, label__icontains="vogt").count() == 1
    assert client.post("/charts/new/", {"label": "LENA VOGT", "another": "yes"}).status_code == 302
    assert Chart.objects.filter(clinic=house.own, label__icontains="vogt").count() == 2


def test_names_are_alike_beyond_plain_letters_and_only_in_the_own_clinic(house: House) -> None:
    open_chart(house.people["clinician"], "Özlem Straße")
    client = house.browser("clinician")
    assert client.post("/charts/new/", {"label": "özlem strasse"}).status_code == 422
    other = signed_in(house.stranger)
    assert other.post("/charts/new/", {"label": "Özlem Straße"}).status_code == 302


@pytest.mark.parametrize(
    "born", ["tomorrow", "1899-12-31", "2999-01-01", (date.today() + timedelta(days=1)).isoformat()]
)
def test_a_day_of_birth_that_cannot_be_is_named_and_nothing_is_lost(house: House, born: str) -> None:
    page = house.browser("assistant").post("/charts/new/", {"label": "Somebody New", "born": born})
    assert page.status_code == 422 and "Give a day from 1900 to today" in page.content.decode()
    assert 'value="Somebody New"' in page.content.decode()
    assert not Chart.objects.filter(label="Somebody New").exists()


def test_a_changed_day_of_birth_is_found_and_erasing_takes_it(house: House) -> None:
    chart = _open(house)
    assert not list(problems(house.own))
    Chart.objects.filter(pk=chart.pk).update(born=date(1990, 1, 1))
    assert list(problems(house.own)), "nobody told of this change"
    Chart.objects.filter(pk=chart.pk).update(born=BORN)
    assert not list(problems(house.own))
    erase_chart(house.people["owner"], chart)
    assert Chart.objects.get(pk=chart.pk).born is None and not list(problems(house.own))
    assert Trace.objects.filter(clinic=house.own, action="erase-chart").exists()


def test_programs_give_and_read_it(house: House) -> None:
    program = Program(house.people["clinician"])
    made = program.post("/charts", {"label": "By a program", "born": "1984-05-03"})
    assert made["born"] == "1984-05-03" and Chart.objects.get(pk=made["id"]).born == BORN
    assert program.post("/charts", {"label": "Without"})["born"] is None
    program.post("/charts/find", {"label": "x", "born": "1984-05-03"}, status=422)


def test_name_and_day_of_birth_are_corrected_and_what_stood_there_stays(house: House) -> None:
    chart = _open(house)
    who = house.people["clinician"]
    write(who, chart, Person(id=chart.person_id, birth_year=1984, phototype="II"))
    client, address = house.browser("clinician"), f"/charts/{chart.id}/correct/"
    assert 'value="Lena Vogt"' in client.get(address).content.decode()
    sent = {"label": "Lena Vogt-Maier", "born": "1948-03-05", "version": "0"}
    assert client.post(address, sent).status_code == 302
    chart.refresh_from_db()
    assert (chart.label, chart.born) == ("Lena Vogt-Maier", date(1948, 3, 5))
    trace = Trace.objects.get(clinic=house.own, action="correct-chart")
    assert trace.actor == who and trace.subject == str(chart.id) and not trace.words
    assert not list(problems(house.own))
    answers = latest(chart, Person)
    assert answers is not None and answers[0].author == who and answers[0].supersedes is not None
    assert (answers[1].birth_year, answers[1].phototype) == (1948, "II"), "the answers follow"
    page = client.get(f"/charts/{chart.id}/").content.decode()
    assert "Lena Vogt, born 3 May 1984. Corrected by" in page and who.name in page
    told = client.post(f"/charts/{chart.id}/export.json").json()["chart"]["earlier"]
    assert [(one["label"], one["born"], one["corrected_by"]) for one in told] == [
        ("Lena Vogt", "1984-05-03", who.signature)
    ]
    assert "Lena Vogt, born 3 May 1984" in str(everything_sheet(chart))


def test_the_second_of_two_who_correct_is_told_and_a_hidden_change_is_found(house: House) -> None:
    chart = _open(house)
    client, address = house.browser("clinician"), f"/charts/{chart.id}/correct/"
    assert client.post(address, {"label": "First", "version": "0"}).status_code == 302
    late = client.post(address, {"label": "Second", "version": "0"})
    assert late.status_code == 409 and Chart.objects.get(pk=chart.pk).label == "First"
    Chart.objects.filter(pk=chart.pk).update(earlier=[])
    assert list(problems(house.own)), "what stood there before was hidden"


def test_a_correction_says_what_is_wrong_and_does_nothing_twice(house: House) -> None:
    chart, other = _open(house), open_chart(house.people["clinician"], "Somebody Else")
    client, address = house.browser("clinician"), f"/charts/{chart.id}/correct/"
    for sent in ({"label": "", "born": ""}, {"label": "X", "born": "2999-01-01"}, {"label": other.label}):
        assert client.post(address, {**sent, "version": "0"}).status_code == 422, sent
    assert client.post(address, {"label": other.label, "another": "yes", "version": "0"}).status_code == 302
    same = {"label": other.label, "born": "", "version": "1"}
    assert client.post(address, same).status_code == 302
    assert Trace.objects.filter(clinic=house.own, action="correct-chart").count() == 1
    assert house.browser("auditor").get(address).status_code == 403


def test_erasing_takes_earlier_names_too(house: House) -> None:
    chart = _open(house)
    house.browser("clinician").post(f"/charts/{chart.id}/correct/", {"label": "Another", "version": "0"})
    erase_chart(house.people["owner"], Chart.objects.get(pk=chart.pk))
    assert Chart.objects.get(pk=chart.pk).earlier == [] and not list(problems(house.own))
