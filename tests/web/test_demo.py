"""The demo: made only in an empty database of its own, by the same verbs, with a trail that holds."""

from __future__ import annotations

import re
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django_otp.oath import totp
from django_otp.plugins.otp_totp.models import TOTPDevice

from needling.documents import Approval, Assessment, SessionRecord
from needling.errors import BadInput
from needling.web import demo
from needling.web.accounts.models import Clinic, User
from needling.web.charts.models import Chart, Kind, Row
from needling.web.charts.records import read
from needling.web.charts.trail import problems

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
    for chart in Chart.objects.filter(clinic=clinic, label__in=("Jana Neck", "Kofi Keloid", "Mona Newcomer")):
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
