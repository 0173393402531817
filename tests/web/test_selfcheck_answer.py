"""The answer of the self-check: each thing once, with its reason and its source, and a way to what can be changed."""

from __future__ import annotations

import re
from datetime import date

import pytest
from tests.web.visitor import Visitor, answered


@pytest.mark.parametrize(
    ("answers", "until"),
    [({"isotretinoin": "yes", "isotretinoin_stopped": "{today}"}, True), ({"pregnant": "yes"}, False)],
    ids=str,
)
def test_every_wait_with_a_day_can_be_reminded_of(visitor: Visitor, answers: dict[str, str], until: bool) -> None:
    answered(visitor, **{name: said.format(today=date.today()) for name, said in answers.items()})
    html = visitor.page.content.decode()
    assert ('href="/check/answer/again.ics"' in html) is until
    sent = visitor.client.get("/check/answer/again.ics")
    assert (sent.status_code == 200 and sent.content.count(b"BEGIN:VEVENT") == 1) is until


def test_a_wait_is_said_once(visitor: Visitor) -> None:
    said = answered(visitor, active_acne="yes").split("Sources")[0]
    assert said.count("Wait until") == 1 and "This holds until" not in said
    assert "Rolling over spots spreads them" in said


def test_both_sides_are_told_in_one_point(visitor: Visitor) -> None:
    said = answered(visitor, phototype="V").split("Where sources disagree")[1]
    assert "One side" not in said and said.count("Is needling safe in dark skin?") == 1
    assert "none of 39" in said


def test_too_long_is_told_with_a_reason(visitor: Visitor) -> None:
    for phototype in ("II", "V"):
        said = answered(visitor, wish="1.5", phototype=phototype)
        why = said.split("The limit here is")[1].split("[")[0]
        assert "infection or a scar" in why and "our limit for needles" not in why and "at home:" not in why


@pytest.mark.parametrize(
    ("site", "concern", "wish", "says", "decided"),
    [
        ("periorbital", "wrinkles-face", "", "Do not roll around the eyes", True),
        ("cheek", "melasma", "", "Do not roll brown patches", True),
        ("cheek", "pores-dullness", "1.5", "1.5 mm is too long for home", False),
        ("cheek", "pores-dullness", "0.2", "", False),
    ],
)
def test_what_the_first_page_decides_is_said_on_the_second(
    visitor: Visitor, site: str, concern: str, wish: str, says: str, decided: bool
) -> None:
    visitor.post("/check/aim/", site=site, concern=concern, wish=wish)
    assert visitor.address == "/check/you/" and says in visitor.text
    assert ("for a sheet for the clinic" in visitor.text) is bool(says)
    assert ("Stop here, and show the answer" in visitor.text) is decided
    if decided:
        visitor.get("/check/answer/")
        assert "Not at home" in visitor.text and "Sheet for the clinic" in visitor.text


def test_each_answer_can_be_changed_from_the_answer_page(visitor: Visitor) -> None:
    visitor.begin(wish="0.2")
    visitor.go_on(eczema_history="yes", nickel_allergy="unknown")
    html = visitor.page.content.decode().split('class="given"')[1].split("</details>")[0]
    told = dict(re.findall(r'<a href="([^"]+)">[^<]+</a> <strong>([^<]*)</strong>', html))
    assert told["/check/about/skin-history/#eczema_history"] == "yes"
    assert told["/check/about/metal-and-numbing/#nickel_allergy"] == "I don’t know"
    assert told["/check/aim/#wish"] == "0.2 mm" and told["/check/you/#birth_year"] == "1990"
    for where in told:
        page, _, field = where.partition("#")
        visitor.get(page)
        assert visitor.address == page and f'id="{field}' in visitor.page.content.decode(), where


def test_sources_are_numbered_from_one_on_each_page(visitor: Visitor) -> None:
    visitor.begin(phototype="V")
    visitor.go_on()
    visitor.unlock()
    for address in ("/check/answer/", "/check/plan/", "/check/answer/clinic-sheet/"):
        visitor.get(address)
        html = visitor.page.content.decode()
        numbers = [int(one) for one in re.findall(r'<li id="source-(\d+)"', html)]
        assert numbers == list(range(1, len(numbers) + 1)) or not numbers, address
        cited = [int(one) for one in re.findall(r'href="#source-(\d+)"', html)]
        assert set(cited) <= set(numbers), address
        assert address.endswith("sheet/") or cited[0] == 1, address


def test_the_address_of_a_form_holds_no_name_of_a_question(visitor: Visitor) -> None:
    visitor.begin()
    visitor.get("/check/about/today/?more=1")
    assert '<form method="post" action="/check/about/today/"' in visitor.page.content.decode()


def test_nothing_of_the_home_path_needs_to_have_read_studies(visitor: Visitor) -> None:
    said = [answered(visitor, concern="acne-scars-ice-pick")]
    visitor.post("/check/forget/")
    said.append(answered(visitor))
    assert "✓" not in said[1]
    visitor.unlock()
    visitor.get("/check/plan/")
    said.append(visitor.text)
    for words in ("used for:", "no comparison was read", "remembered, not read", "times as much", "planned passes"):
        assert not any(words in one for one in said), words
