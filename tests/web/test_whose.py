"""Answers that may be somebody else's stop everything until that is known; people are found by what is typed."""

from __future__ import annotations

import re
from datetime import date, timedelta
from html import unescape
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from tests.web.clinics import House, open_chart
from tests.web.courses import approved
from tests.web.programs import Program
from tests.web.test_plans import KB, browser, page_of, put
from tests.web.test_sheets import propose

from needling.documents import Assessment, Person
from needling.knowledge.facts import AGE
from needling.web.charts.erasing import erase_chart
from needling.web.charts.finding import found_by
from needling.web.charts.matching import age_on
from needling.web.charts.models import Chart, Kind
from needling.web.charts.names import folded
from needling.web.charts.records import latest, write
from needling.web.plans import waiting
from needling.web.plans.basis import basis_of
from needling.web.plans.waiting import waiting_of
from needling.web.visits.course import course_of
from needling.web.visits.today import STATEMENT, checked, read_today

BORN = date(1990, 5, 5)
DOUBT = "the answers may be somebody else’s"


def _put_born(house: House, year: int = 1991) -> Chart:
    """Answers and findings under which a plan can be made, and a day of birth that may be another one."""
    put(house)
    who = latest(house.chart, Person)
    assert who is not None
    answers = who[1].model_copy(update={"birth_year": year})
    if answers != who[1]:
        write(house.people["clinician"], house.chart, answers, supersedes=who[0])
    Chart.objects.filter(pk=house.chart.pk).update(born=BORN)
    return Chart.objects.get(pk=house.chart.pk)


def _said(page: Any) -> str:
    return unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.content.decode())))


# ---------------------------------------------------------------- whose answers these are


def test_answers_of_another_year_are_told_and_nothing_is_cleared_or_planned(house: House) -> None:
    _put_born(house)
    client = browser(house, "clinician")
    said = _said(client.get(page_of(house)))
    assert f"The chart says born 5 May 1990, the answers say 1991: {DOUBT}" in said
    assert "Answers Next : they may be" in said
    assert "Answers: they may be somebody else’s" in _said(client.get("/charts/"))
    for page in ("clearance/", "plan/", "plan/compare/"):
        answer = client.get(page_of(house, page))
        assert answer.status_code == 409 and DOUBT in _said(answer), page
        assert f"/charts/{house.chart.id}/correct/" in answer.content.decode()
        assert "Yes, with a plan" not in _said(answer)
    for page, sent in (("clearance/", {"do": "keep"}), ("plan/approve/", {"signed": "1"})):
        assert client.post(page_of(house, page), sent).status_code == 409, page
    assert not house.chart.rows.filter(kind__in=(Kind.CLEARANCE, Kind.APPROVAL)).exists()
    auditor = browser(house, "auditor").get(page_of(house, "clearance/"))
    assert auditor.status_code == 409 and "/correct/" not in auditor.content.decode()


def test_programs_are_stopped_too(house: House) -> None:
    chart = _put_born(house)
    program = Program(house.people["clinician"])
    said = program.get(f"/charts/{chart.id}/clearance", 422)
    assert DOUBT in said["says"] and "correct the one that is wrong" in said["says"]


@pytest.mark.parametrize("wrong", ["the day", "the answers"])
def test_correcting_either_of_both_sets_it_free(house: House, wrong: str) -> None:
    chart = _put_born(house)
    client = browser(house, "clinician")
    if wrong == "the day":
        sent = {"label": chart.label, "born": "1991-05-05", "version": "0"}
        assert client.post(page_of(house, "correct/"), sent).status_code == 302
    else:
        page = client.get(page_of(house, "person/")).content.decode()
        fields = re.findall(r'type="radio" name="(\w+)" value="(\w+)" checked', page)
        sent = dict(fields) | {"version": page.split('name="version" value="')[1].split('"')[0]}
        again = client.post(page_of(house, "person/"), {**sent, "birth_year": "1991"})
        assert again.status_code == 422 and "The chart says born 5 May 1990" in _said(again)
        assert client.post(page_of(house, "person/"), {**sent, "birth_year": "1990"}).status_code == 302
    assert DOUBT not in _said(client.get(page_of(house)))
    assert client.get(page_of(house, "clearance/")).status_code == 200


def test_answers_without_a_year_and_charts_without_a_day_say_nothing_against_each_other(house: House) -> None:
    _put_born(house, 1990)
    client = browser(house, "clinician")
    assert client.get(page_of(house, "clearance/")).status_code == 200
    Chart.objects.filter(pk=house.chart.pk).update(born=None)
    assert client.get(page_of(house, "clearance/")).status_code == 200 and DOUBT not in _said(
        client.get(page_of(house))
    )


def test_another_wrong_day_does_not_make_the_answers_fit(house: House) -> None:
    chart = _put_born(house)
    client = browser(house, "clinician")
    assert DOUBT in _said(client.get(page_of(house, "correct/")))
    sent = {"label": chart.label, "born": "1990-06-05", "version": "0"}
    assert client.post(page_of(house, "correct/"), sent).status_code == 302
    who = latest(house.chart, Person)
    assert who is not None and who[1].birth_year == 1991
    assert client.get(page_of(house, "clearance/")).status_code == 409


# ---------------------------------------------------------------- two at once


def test_of_two_who_write_answers_the_second_sees_all_they_typed_and_what_differs(house: House) -> None:
    address = page_of(house, "person/")
    first, second = browser(house, "assistant"), browser(house, "clinician")
    seen = first.get(address).content.decode().split('name="version" value="')[1].split('"')[0]
    assert first.post(address, {"birth_year": "1990", "smoker": "no", "version": seen}).status_code == 302
    typed = {"birth_year": "1990", "phototype": "IV", "smoker": "yes", "diabetes": "no", "version": seen}
    told = second.post(address, typed)
    page, said = told.content.decode(), _said(told)
    assert told.status_code == 409 and "wrote answers in the meantime" in said
    assert house.people["assistant"].name in said and "not written yet" in said
    for name, value in (("phototype", "IV"), ("smoker", "yes")):
        assert re.search(f'name="{name}" value="{value}" checked', page), name
    assert 'href="#smoker"' in page and 'href="#phototype"' in page and 'href="#birth_year"' not in page
    typed["version"] = page.split('name="version" value="')[1].split('"')[0]
    assert second.post(address, typed).status_code == 302
    mine = latest(house.chart, Person)
    assert mine is not None and mine[1].phototype == "IV" and mine[0].author == house.people["clinician"]


# ---------------------------------------------------------------- finding


@pytest.mark.parametrize("typed", ["0000", "0001", "9999", "%", "2101"])
def test_a_search_for_no_year_finds_nobody_and_breaks_nothing(house: House, typed: str) -> None:
    page = house.browser("clinician").post("/charts/", {"q": typed})
    assert page.status_code == 200 and house.chart.label not in page.content.decode()


@pytest.mark.parametrize(
    ("typed", "called"),
    [
        ("kovar", "Jana Kovář"), ("KOVÁŘ", "Jana Kovář"), ("kovar jana", "Jana Kovář"), ("strasse", "Özlem Straße"),
        ("ozlem", "Özlem Straße"), ("sorensen", "Søren Sørensen"), ("lukasz", "Łukasz Wałęsa"),
        ("1985", "Farid Rahimi"),
        ("farid 1985", "Farid Rahimi"), ("1971", "Only Answers"), ("7_4%", "Room 7_4%"), ("İpek", "İpek Işık"),
    ],
)  # fmt: skip
def test_people_are_found_by_what_somebody_types(house: House, typed: str, called: str) -> None:
    user = house.people["clinician"]
    for label in (
        "Jana Kovář",
        "Özlem Straße",
        "Søren Sørensen",
        "Łukasz Wałęsa",
        "Room 7_4%",
        "Room 7x49",
        "İpek Işık",
    ):
        open_chart(user, label)
    Chart.objects.filter(pk=open_chart(user, "Farid Rahimi").pk).update(born=date(1985, 1, 30))
    alone = open_chart(user, "Only Answers")
    write(user, alone, Person(id=alone.person_id, birth_year=1971))
    page = house.browser("clinician").post("/charts/", {"q": typed})
    found = re.findall(r'scope="row"><a [^>]+>([^<]+)</a>', page.content.decode())
    assert [unescape(one) for one in found] == [called]
    told = Program(user).post("/charts/find", {"label": typed}, 200)
    assert [one["label"] for one in told["items"]] == [called]


def test_every_word_must_fit_and_only_in_the_own_clinic(house: House) -> None:
    user = house.people["clinician"]
    Chart.objects.filter(pk=open_chart(user, "Farid Rahimi").pk).update(born=date(1985, 1, 30))
    open_chart(house.stranger, "Farid Stranger")
    client = house.browser("clinician")
    assert "Nobody fits" in _said(client.post("/charts/", {"q": "farid 1986"}))
    assert "Nobody fits" in _said(client.post("/charts/", {"q": "farid kovar"}))
    said = _said(client.post("/charts/", {"q": "farid"}))
    assert "Farid Rahimi" in said and "Stranger" not in said


def test_the_folded_name_follows_a_correction_and_goes_with_the_person(house: House) -> None:
    chart = open_chart(house.people["clinician"], "Jana Kovář")
    assert chart.folded == "jana kovar"
    house.browser("clinician").post(f"/charts/{chart.id}/correct/", {"label": "Jana Dvořák", "version": "0"})
    assert Chart.objects.get(pk=chart.pk).folded == "jana dvorak"
    assert [one.pk for one in found_by(Chart.objects.filter(clinic=house.own), "dvorak")] == [chart.pk]
    erase_chart(house.people["owner"], chart)
    assert Chart.objects.get(pk=chart.pk).folded == ""


def test_folding_is_the_same_twice_and_never_too_long() -> None:
    for words in ("Kovář", "ﷺ" * 120, "STRASSE Straße", "ΑΣ", "  A  b "):
        once = folded(words)
        assert folded(once) == once and len(once) <= 400


# ---------------------------------------------------------------- what pages say


def test_a_page_of_another_role_says_whose_it_is_and_not_that_cookies_are_off(house: House) -> None:
    client = house.browser("clinician")
    for address, who in ((page_of(house, "erase/"), "an owner can."), ("/team/", "an owner or an auditor can.")):
        page = client.get(address)
        said = _said(page)
        assert page.status_code == 403 and f"Your role (clinician) cannot open this; {who}" in said, said
        assert "cookies" not in said
    strict = type(client)(enforce_csrf_checks=True)
    strict.cookies = client.cookies
    refused = strict.post("/charts/", {"q": "x"})
    assert refused.status_code == 403 and "cookies are off" in _said(refused)


def test_after_erasing_somebody_the_list_says_so_once(house: House) -> None:
    client = house.browser("owner")
    done = client.post(page_of(house, "erase/"), {"label": house.chart.label}, follow=True)
    said = _said(done)
    assert "erased" in said.lower()
    if done.redirect_chain:  # where the files hold nothing any more
        assert "Everything that was kept of this person is erased." in said
        assert "is erased" not in _said(client.get("/charts/"))


def test_an_empty_clinic_says_what_to_do_first(house: House) -> None:
    erase_chart(house.people["owner"], house.chart)
    said = _said(browser(house, "clinician").get("/charts/"))
    assert "Nobody is here yet. Open a chart for the first person" in said and "0 people" not in said
    said = _said(browser(house, "clinician").get("/clinic/"))
    assert "Nothing is due up to 14 days ahead" in said and "0 overdue" not in said


@pytest.mark.parametrize(
    "page", ["", "person/", "assessment/", "clearance/", "plan/compare/", "visits/", "plan/print/"]
)
def test_every_page_of_a_person_has_the_same_bar(house: House, page: str) -> None:
    put(house)
    html = browser(house, "clinician").get(page_of(house, page)).content.decode()
    bar = html.split('<nav class="person"')[1].split("</nav>")[0]
    assert re.findall(r">([^<>\n]+)</a>", bar) == [
        "Chart", "Answers", "Assessment", "Clearance", "Plan", "Compare", "Visits", "Forecast and seen", "Sheets",
    ]  # fmt: skip
    (here,) = re.findall(r'href="([^"]+)" aria-current="page"', bar)
    assert here == page_of(house, page) and html.count('aria-label="This person"') == 1
    auditor = browser(house, "auditor").get(page_of(house)).content.decode()
    assert f'href="{page_of(house, "person/")}"' not in auditor.split('<nav class="person"')[1].split("</nav>")[0]


def test_what_waits_is_told_without_reading_findings(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    propose(house)
    read: list[str] = []
    honest = waiting.read
    monkeypatch.setattr(waiting, "read", lambda row, kind: read.append(row.kind) or honest(row, kind))
    with CaptureQueriesContext(connection) as seen:
        assert len(waiting_of(house.own.id, KB)) == 1
    assert read == [Kind.PROPOSED] and len(seen) <= 3


# ---------------------------------------------------------------- how old somebody is


def _look(house: House, client: Any) -> Assessment:
    page = client.get(page_of(house, "assessment/")).content.decode()
    sent = {"zone": "nose", "concern": "acne-scars-rolling", "area": "10", "setting": "clinic"}
    sent["version"] = page.split('name="version" value="')[1].split('"')[0]
    assert client.post(page_of(house, "assessment/"), sent).status_code == 302
    found = latest(house.chart, Assessment)
    assert found is not None
    return found[1]


def _age(look: Assessment) -> list[Any]:
    return [fact.value for fact in look.facts if fact.name == AGE]


def _years_ago(years: int, days: int) -> date:
    today = date.today() + timedelta(days=days)
    return today.replace(year=today.year - years, day=min(today.day, 28))


@pytest.mark.parametrize(("days", "asks"), [(-31, False), (31, True)])
def test_the_age_comes_from_the_day_of_birth_and_is_not_asked(house: House, days: int, asks: bool) -> None:
    born = _years_ago(22, days)  # a month after, or before, the birthday on which a rule ends
    client = browser(house, "clinician")
    who = Person(id=house.chart.person_id, birth_year=born.year)
    write(house.people["clinician"], house.chart, who, supersedes=house.row)
    assert not _age(_look(house, client)) and "How old is the person" not in _said(client.get(page_of(house)))
    Chart.objects.filter(pk=house.chart.pk).update(born=born)
    assert _age(_look(house, client)) == [21.0 if asks else 22.0]
    assert _age(_look(house, client)) == [21.0 if asks else 22.0], "once, however often somebody looks"
    assert f"{21 if asks else 22} years" in _said(client.get(page_of(house)))
    clearance = basis_of(Chart.objects.get(pk=house.chart.pk)).clearance
    assert AGE not in {ask.fact for ask in clearance.asks}
    row = latest(house.chart, Assessment)
    assert row is not None and client.get(page_of(house, f"documents/{row[0].id}/")).status_code == 200
    assert client.post(page_of(house, "export.json")).status_code == 200


def test_a_corrected_day_of_birth_corrects_the_age_in_the_findings(house: House) -> None:
    client = browser(house, "clinician")
    Chart.objects.filter(pk=house.chart.pk).update(born=date(1990, 5, 5))
    before = _look(house, client)
    sent = {"label": house.chart.label, "born": "1980-05-05", "version": "0"}
    assert client.post(page_of(house, "correct/"), sent).status_code == 302
    after = latest(house.chart, Assessment)
    assert after is not None and _age(after[1]) == [_age(before)[0] + 10]
    assert client.get(page_of(house, "clearance/")).status_code == 200
    assert client.post(page_of(house, "correct/"), {**sent, "born": "", "version": "1"}).status_code == 302
    none = latest(house.chart, Assessment)
    assert none is not None and not _age(none[1])


def test_nobody_is_a_year_older_before_the_day() -> None:
    assert [age_on(date(2000, 2, 29), date(2022, *day)) for day in ((2, 28), (3, 1))] == [21, 22]


def test_before_a_session_the_age_is_that_of_the_day(house: House) -> None:
    user, born = house.people["clinician"], _years_ago(18, -31)  # of age for a month, which the year alone leaves open
    chart = open_chart(user, "In a course")
    approved(user, chart)
    who, course = latest(chart, Person), course_of(chart)
    assert who is not None and course is not None
    own = who[1].model_copy(update={"birth_year": born.year})
    Chart.objects.filter(pk=chart.pk).update(born=born)
    course.row.chart.refresh_from_db()
    check = checked(course, 0, read_today({STATEMENT: "yes"}, own, course, KB), own, date.today(), user.signature)
    assert check is not None and AGE not in {ask.fact for ask in check.clearance.asks}
    assert "age-18-to-21" in {one.rule for one in check.clearance.decisions}
