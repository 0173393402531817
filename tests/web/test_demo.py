"""The demo: made only in an empty database of its own, by the same verbs, with a trail that holds."""

from __future__ import annotations

import json
import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils.timezone import now
from django_otp.oath import totp
from django_otp.plugins.otp_totp.models import TOTPDevice

from needling.documents import Approval, Assessment, SessionRecord
from needling.errors import BadInput
from needling.web import demo
from needling.web.accounts.models import Clinic, User
from needling.web.charts.models import Chart, Kind, Row
from needling.web.charts.records import read
from needling.web.charts.trail import problems
from needling.web.pages import knowledge
from needling.web.people.models import Intake
from needling.web.plans.waiting import waiting_of
from needling.web.visits.against import against
from needling.web.visits.course import course_of
from needling.web.visits.models import Unwanted

TODAY = date.today()


@pytest.fixture(scope="module")
def made(database: None) -> demo.Demo:
    """A demo beside the clinics of other tests: that it is made only in an empty database is tested by itself."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(demo, "refusal", lambda: "")
        return demo.make_demo(TODAY)


@pytest.fixture
def clinic(made: demo.Demo) -> Clinic:
    return Clinic.objects.get(users__email=made.accounts[0][1])


def test_everybody_can_sign_in(made: demo.Demo) -> None:
    for _, email in made.accounts:
        client = Client()
        assert client.post("/sign-in/", {"email": email, "password": made.password}).status_code == 302
        device = TOTPDevice.objects.get(user__email=email)
        assert client.post("/second-factor/", {"code": f"{totp(device.bin_key):06d}"}).status_code == 302
        page = client.get("/charts/").content.decode()
        assert f"{made.people_count} people" in page


def test_the_lists_are_worth_looking_at(made: demo.Demo, clinic: Clinic) -> None:
    kinds = set(Row.objects.filter(clinic=clinic).values_list("kind", flat=True))
    assert {Kind.PERSON, Kind.ASSESSMENT, Kind.CLEARANCE, Kind.CHOICE, Kind.APPROVAL, Kind.RECORD, Kind.CHECK} <= kinds
    records = [read(row, SessionRecord) for row in Row.objects.filter(clinic=clinic, kind=Kind.RECORD)]
    assert any(not record.strokes for record in records), "somebody did not come"
    assert any(event.grade >= 3 for record in records for event in record.events)
    lots = [record.lot for record in records if record.lot]
    assert max(lots.count(lot) for lot in lots) > 1
    assert Chart.objects.filter(clinic=clinic).count() == made.people_count >= 12


def test_nothing_lies_in_the_future_and_everything_is_in_order(clinic: Clinic) -> None:
    for chart in Chart.objects.filter(clinic=clinic):
        rows = chart.rows.filter(superseded_by=None)
        looks = [read(row, Assessment) for row in rows.filter(kind=Kind.ASSESSMENT)]
        approvals = [read(row, Approval) for row in rows.filter(kind=Kind.APPROVAL)]
        records = [read(row, SessionRecord) for row in rows.filter(kind=Kind.RECORD)]
        assert all(look.on <= TODAY and look.person == chart.person_id for look in looks)
        for record in records:
            assert approvals[0].plan.start <= record.on <= TODAY, chart.label
            assert record.on + timedelta(days=record.asked_until_d or 0) <= TODAY
            assert record.approval == approvals[0].sha256


def test_the_trail_holds(clinic: Clinic) -> None:
    assert list(problems(clinic)) == []


def test_everything_has_the_day_on_which_it_happened(clinic: Clinic) -> None:
    rows = list(Row.objects.filter(clinic=clinic).order_by("number"))
    assert [row.at for row in rows] == sorted(row.at for row in rows), "the trail runs with time"
    opened = [chart.created.date() for chart in Chart.objects.filter(clinic=clinic)]
    assert len(set(opened)) > 8 and max(opened) < TODAY and min(opened) < TODAY - timedelta(days=200)
    assert clinic.created.date() < min(opened)
    for row in rows:
        document = read(row, Approval) if row.kind == Kind.APPROVAL else None
        assert row.at <= now() and (document is None or abs(document.at - row.at) < timedelta(minutes=1))
        if row.kind in (Kind.ASSESSMENT, Kind.CHECK) and row.through == "":
            assert json.loads(row.document)["on"] == row.at.date().isoformat()


def test_the_clock_goes_on_after_the_demo(made: demo.Demo) -> None:
    assert abs((now() - datetime.now(UTC)).total_seconds()) < 5


def test_something_waits_something_came_in_and_one_of_two_serious_events_is_over(clinic: Clinic) -> None:
    kb = knowledge()
    (waiting,) = waiting_of(clinic.id, kb)
    assert waiting.chart.label == "Lena Sandoval"
    links = list(Intake.objects.filter(chart__clinic=clinic).order_by("used"))
    assert sorted(one.used is None for one in links) == [False, True] and any(one.open for one in links)
    came = Row.objects.get(clinic=clinic, through="link")
    assert came.kind == Kind.PERSON and came.chart.label == "Noor de Vries"
    serious = {one.chart.label: one.chart for one in Unwanted.objects.filter(clinic=clinic, grade__gte=3)}
    assert set(serious) == {"Amira Haddad", "Jana Kovář"}
    stopped = {
        label: any("grade 3" in one.what for one in against(chart, course_of(chart), kb))
        for label, chart in serious.items()
    }
    assert stopped["Jana Kovář"] and not stopped["Amira Haddad"], stopped


def test_names_are_those_of_people_and_everybody_has_a_day_of_birth(clinic: Clinic) -> None:
    charts = Chart.objects.filter(clinic=clinic)
    assert not any(word in one.label.lower() for one in charts for word in ("keloid", "scar", "marks", "hair", "demo"))
    assert charts.filter(born=None).count() == 2, "who only got a link"


def test_somebody_due_is_on_the_list(made: demo.Demo, clinic: Clinic) -> None:
    from needling.web.visits.models import Due

    late = Due.objects.filter(clinic=clinic, on__lt=TODAY)
    soon = Due.objects.filter(clinic=clinic, on__gte=TODAY)
    assert late.exists() and soon.exists()


def test_the_pages_of_a_chart_open_whatever_was_done(made: demo.Demo, clinic: Clinic) -> None:
    from tests.web.walk import addresses_of

    owner = User.objects.get(email=made.accounts[0][1])
    client: Any = Client()
    client.post("/sign-in/", {"email": owner.email, "password": made.password})
    TOTPDevice.objects.filter(user=owner).update(last_t=-1)
    client.post("/second-factor/", {"code": f"{totp(TOTPDevice.objects.get(user=owner).bin_key):06d}"})
    seen = 0
    for chart in Chart.objects.filter(clinic=clinic, label__in=("Jana Kovář", "Kofi Boateng", "Mona Petrov")):
        for address in addresses_of(chart):
            assert client.get(address).status_code < 500, address
            seen += 1
    assert seen > 40


# ---------------------------------------------------------------- never where something is


@pytest.fixture
def own_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("NEEDLING_DATA", str(tmp_path / demo.FOLDER))
    monkeypatch.delenv("DATABASE_URL", raising=False)


def test_not_where_something_is(own_folder: None, database: None) -> None:
    Clinic.objects.create(name="Somebody's")
    before = Chart.objects.count(), User.objects.count()
    with pytest.raises(BadInput, match="holds something already"):
        demo.make_demo(TODAY)
    assert (Chart.objects.count(), User.objects.count()) == before


def test_not_in_a_clinics_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, database: None) -> None:
    monkeypatch.setenv("NEEDLING_DATA", str(tmp_path / "data"))
    with pytest.raises(BadInput, match="folder of its own"):
        demo.make_demo(TODAY)
    assert demo.code_now() == ""


def test_not_on_a_clinics_server(own_folder: None, database: None, monkeypatch: pytest.MonkeyPatch) -> None:
    from django.conf import settings

    monkeypatch.setenv("DATABASE_URL", "postgresql://somewhere/clinic")
    with pytest.raises(BadInput, match="DATABASE_URL"):
        demo.make_demo(TODAY)
    monkeypatch.delenv("DATABASE_URL")
    monkeypatch.setattr(settings, "HTTPS", True)
    with pytest.raises(BadInput, match="NEEDLING_HTTPS"):
        demo.make_demo(TODAY)


@pytest.mark.parametrize("variable", ["DATABASE_URL", "NEEDLING_HTTPS"])
def test_the_command_refuses_a_clinics_server(variable: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from needling.cli.serve import _own_folder

    monkeypatch.setenv(variable, "1")
    with pytest.raises(BadInput, match=variable):
        _own_folder()


def test_the_password_is_not_kept(made: demo.Demo, clinic: Clinic) -> None:
    assert re.fullmatch(r"([0-9a-f]{4}-){3}[0-9a-f]{4}", made.password)
    assert not any(made.password in user.password for user in User.objects.filter(clinic=clinic))
