"""Answers and assessments: what is not ticked is not known, mistakes are named, the second of two is told."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.web.clinics import House

from needling.documents import Assessment, Person
from needling.knowledge import load_knowledge
from needling.web.charts.models import Row
from needling.web.charts.records import latest

KB = load_knowledge()
ZONE = {"zone": "cheek-left", "concern": "acne-scars-rolling", "area": "40"}


def version(client: Any, address: str) -> str:
    return client.get(address).content.decode().split('name="version" value="')[1].split('"')[0]


def test_what_is_not_ticked_is_not_known(house: House) -> None:
    client, address = house.browser("assistant"), f"/charts/{house.chart.id}/person/"
    sent = {
        "birth_year": "1984",
        "phototype": "IV",
        "pregnant": "no",
        "smoker": "",
        "version": version(client, address),
    }
    assert client.post(address, sent).status_code == 302
    found = latest(house.chart, Person)
    assert found is not None
    facts = {fact.name: fact.value for fact in found[1].facts}
    assert found[1].birth_year == 1984 and facts == {"pregnant": False}
    assert found[0].author == house.people["assistant"]


def test_the_second_of_two_is_told_and_nothing_is_lost(house: House) -> None:
    address = f"/charts/{house.chart.id}/person/"
    first, second = house.browser("assistant"), house.browser("clinician")
    seen = version(first, address)
    assert version(second, address) == seen
    assert first.post(address, {"birth_year": "1984", "version": seen}).status_code == 302
    told = second.post(address, {"birth_year": "1985", "version": seen})
    assert told.status_code == 409 and "in the meantime" in told.content.decode()
    found = latest(house.chart, Person)
    assert found is not None and found[1].birth_year == 1984


def test_an_assessment_is_kept_with_zones_and_readings(house: House) -> None:
    client, address = house.browser("clinician"), f"/charts/{house.chart.id}/assessment/"
    sent = {
        **{name: [value, ""] for name, value in ZONE.items()},
        "scale": ["goodman-baron-qualitative"], "scale_zone": ["cheek-left"], "value": ["3"],
        "active_infection": "no", "setting": "clinic", "version": version(client, address),
    }  # fmt: skip
    assert client.post(address, sent).status_code == 302
    found = latest(house.chart, Assessment)
    assert found is not None and found[1].zones[0].area_cm2 == 40 and found[1].scores[0].value == 3
    assert found[1].by == house.people["clinician"].signature


def test_mistakes_are_named(house: House) -> None:
    client, address = house.browser("clinician"), f"/charts/{house.chart.id}/assessment/"
    wrong = (
        ({"area": "-3"}, "above 0"),
        ({"concern": "freckles"}, "what it is for"),
        (
            {"zone": "cheek-left", "scale": "goodman-baron-qualitative", "value": "9", "scale_zone": ""},
            "goes from 1 to 4",
        ),
        ({"zone": ""}, "Choose a zone"),
    )
    for change, says in wrong:
        page = client.post(address, {**ZONE, "setting": "clinic", "version": version(client, address), **change})
        assert page.status_code == 422 and says in page.content.decode(), says
    assert latest(house.chart, Assessment) is None


def test_a_zone_named_twice_is_refused(house: House) -> None:
    client, address = house.browser("clinician"), f"/charts/{house.chart.id}/assessment/"
    sent = {name: [value, value] for name, value in ZONE.items()} | {"setting": "clinic", "version": ""}
    assert "twice" in client.post(address, sent).content.decode()


VALUES = st.one_of(st.text(max_size=20), st.sampled_from(["yes", "no", "", "cheek-left", "1e400", "nan", "2026-01-01"]))
NAMES = st.sampled_from(
    ["zone", "concern", "area", "scale", "scale_zone", "value", "setting", "version", "birth_year", "phototype",
     "sex_at_birth", *(fact.name for fact in KB.facts)]
)  # fmt: skip


@settings(
    max_examples=80, deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip
@given(page=st.sampled_from(["person", "assessment"]), sent=st.dictionaries(NAMES, VALUES, max_size=8))
def test_no_form_breaks_the_server(house: House, page: str, sent: dict[str, str]) -> None:
    from django.test import Client

    client = getattr(house, "_client", None) or house.browser("clinician")
    house._client = client  # type: ignore[attr-defined]
    assert isinstance(client, Client)
    address = f"/charts/{house.chart.id}/{page}/"
    answer = client.post(address, {**ZONE, "version": version(client, address), **sent})
    assert answer.status_code in (302, 409, 422)
    for row in Row.objects.filter(chart=house.chart):
        assert row.document
