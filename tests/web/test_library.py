"""The library: every entry of the evidence base reachable, searched, with its sources and what speaks against it."""

from __future__ import annotations

import html as marks
import re

import pytest
from django.urls import reverse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.web.visitor import Visitor

from needling.knowledge import load_knowledge
from needling.knowledge.base import SECTIONS, id_of
from needling.report.catalogue import cited_by, conflicts_of
from needling.web.library.sections import SHELVES

KB = load_knowledge()
ALL = [(shelf, entry) for shelf in SHELVES.values() for entry in getattr(KB, shelf.section)]


def test_all_claims_are_listed(visitor: Visitor) -> None:
    visitor.get("/read/claims/")
    assert f"{len(KB.claims)} of {len(KB.claims)} claims" in visitor.text


def test_search_by_words_and_verdict(visitor: Visitor) -> None:
    visitor.get("/read/claims/?q=vitamin+c")
    assert "vitamin" in visitor.text.lower()
    wanted = sum(claim.verdict == "contradicted" for claim in KB.claims)
    visitor.get("/read/claims/?verdict=contradicted")
    assert f"{wanted} of {len(KB.claims)}" in visitor.text
    visitor.get("/read/claims/?q=zzzz&verdict=nonsense")
    assert "Nothing was found" in visitor.text


@pytest.mark.parametrize(
    "words", ["sterilize", "sterilise", "minoxidil", "colagen", "Stretch marks", "retinol", "serum skin", "bleding"]
)
def test_other_spellings_names_and_slips_are_found(visitor: Visitor, words: str) -> None:
    visitor.get(f"/read/claims/?q={words}")
    found = int(visitor.text.split(" of ")[0].split()[-1])
    assert 0 < found < len(KB.claims), words


def test_what_was_read_otherwise_is_said(visitor: Visitor) -> None:
    visitor.get("/read/claims/?q=colagen")
    assert "“colagen” was read as “collagen”" in visitor.text
    visitor.get("/read/claims/?q=collagen")
    assert "was read as" not in visitor.text


def test_claims_by_topic(visitor: Visitor) -> None:
    from needling.web.library.search import TOPICS, topics_of

    every = {claim.id: set(topics_of(claim)) for claim in KB.claims}
    assert sum(bool(topics) for topics in every.values()) > 0.9 * len(every), "hardly a claim without a topic"
    for topic in TOPICS:
        visitor.get(f"/read/claims/?topic={topic}")
        wanted = sum(topic in topics for topics in every.values())
        assert 1 < wanted < len(every) / 2, topic
        assert f"{wanted} of {len(KB.claims)} claims" in visitor.text


@pytest.mark.parametrize(("address", "entry"), [("devices", "pen-dermapen-4"), ("rules", "keloid")])
def test_lists_show_names_and_not_ids(visitor: Visitor, address: str, entry: str) -> None:
    visitor.get(f"/read/{address}/")
    html = visitor.page.content.decode()
    assert f'/read/{address}/{entry}/"' in html and f">{entry}<" not in html
    assert address != "rules" or (">Not suitable<" in html and ">exclude<" not in html)


@pytest.mark.parametrize("claim", KB.claims, ids=lambda claim: claim.id)
def test_a_claim_shows_its_verdict_and_its_sources(visitor: Visitor, claim) -> None:  # type: ignore[no-untyped-def]
    visitor.get(f"/read/claims/{claim.id}/")
    assert visitor.page.status_code == 200
    assert not claim.sources or "Sources" in visitor.text
    for conflict in conflicts_of(claim, KB):
        assert _said(conflict.side_a) in _said(visitor.text) and _said(conflict.side_b) in _said(visitor.text)


def test_a_claim_that_is_not_there(visitor: Visitor) -> None:
    assert visitor.get("/read/claims/no-such-claim/").status_code == 404
    assert "There is no such page" in visitor.text


def _said(text: str) -> str:
    return re.sub(r"\s+", " ", marks.unescape(text))


def test_every_section_stands_in_the_library(visitor: Visitor) -> None:
    visitor.get("/read/")
    for shelf in SHELVES.values():
        assert f'href="{reverse("library-section", args=[shelf.address])}"' in visitor.page.content.decode()
    assert {shelf.section for shelf in SHELVES.values()} == set(SECTIONS)


@pytest.mark.parametrize("address", [name for name in SHELVES if name != "claims"])
def test_every_entry_is_listed_once_and_its_link_leads_there(visitor: Visitor, address: str) -> None:
    section, linked, number = SHELVES[address].section, [], 1
    while True:
        visitor.get(f"/read/{address}/?page={number}")
        html = visitor.page.content.decode()
        linked += re.findall(rf'<a href="/read/{address}/([^"?]+)/">', html)
        if "Next page" not in html:
            break
        number += 1
    assert linked == [id_of(section, entry) for entry in getattr(KB, section)]


def test_every_entry_opens_with_its_sources_and_both_sides(visitor: Visitor) -> None:
    for shelf, entry in ALL:
        name = id_of(shelf.section, entry)
        page = visitor.get(reverse("library-entry", args=[shelf.address, name]))
        assert page.status_code == 200, (shelf.address, name)
        said = _said(visitor.text)
        if shelf.section in ("sources", "facts", "claims"):
            continue
        for title, cited in cited_by(entry, KB):
            assert title in said, (shelf.address, name)
            for one in cited:
                assert _said(one.source.cites) in said, (shelf.address, name, one.source.key)
        stances = {title for title, _ in cited_by(entry, KB)}
        if not stances & {"What speaks against it", "Sources of side b"}:
            assert "nothing was found, which is not proof" in said, (shelf.address, name)


def test_certainty_and_how_it_was_read_stand_on_top(visitor: Visitor) -> None:
    visitor.get("/read/parameters/" + KB.parameters[0].id + "/")
    assert "Certainty: " in visitor.text and "Read as: " in visitor.text


def test_a_conflict_shows_both_sides_with_their_sources(visitor: Visitor) -> None:
    conflict = next(one for one in KB.conflicts if one.sources_a and one.sources_b)
    visitor.get(f"/read/conflicts/{conflict.id}/")
    said = _said(visitor.text)
    assert conflict.side_a in said and conflict.side_b in said and conflict.default in said
    assert "Sources of side a" in said and "Sources of side b" in said


def test_a_source_names_who_uses_it_and_the_links_work(visitor: Visitor) -> None:
    key = next(citation.key for rule in KB.rules for citation in rule.sources)
    visitor.get(f"/read/sources/{key}/")
    users = re.findall(r'<a href="(/read/[a-z-]+/[^"]+/)">', visitor.page.content.decode())
    assert len(users) > 0
    for address in users[:10]:
        assert visitor.get(address).status_code == 200


def test_a_concern_names_what_else_can_be_done(visitor: Visitor) -> None:
    visitor.get("/read/indications/acne-scars-rolling/")
    assert "Other methods, against needling" in visitor.text


def test_search_over_everything(visitor: Visitor) -> None:
    visitor.get("/read/?q=keloid")
    assert "Rules" in visitor.text and "Sources" in visitor.text
    visitor.get("/read/?q=zzzzzz")
    assert "Nothing was found" in visitor.text
    visitor.get("/read/rules/?q=keloid")
    assert 0 < len(re.findall(r'href="/read/rules/[^"?]+/"', visitor.page.content.decode())) < len(KB.rules)


@pytest.mark.parametrize("words", ["pregnant", "recent_tan", "tan", "bal2008"])
def test_what_is_found_has_a_name_for_readers_and_a_line_of_text(visitor: Visitor, words: str) -> None:
    visitor.get(f"/read/?q={words}")
    found = re.findall(
        r'<li><a href="/read/[^"]+">([^<]+)</a>(?:<p class="hint">([^<]*)</p>)?', visitor.page.content.decode()
    )
    assert found
    keys = {fact.name for fact in KB.facts} | {source.key for source in KB.sources}
    for title, says in found:
        assert title not in keys and "_" not in title, title
        assert says.rstrip(".") != title.rstrip(".") and "_" not in says, title
    assert sum(bool(says) for _, says in found) > len(found) / 2


@pytest.mark.parametrize("address", ["/read/no-such/", "/read/rules/no-such/", "/read/no-such/x/", "/read/red_flags/"])
def test_what_is_not_there(visitor: Visitor, address: str) -> None:
    assert visitor.get(address).status_code == 404


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(words=st.text(max_size=40), page=st.text(max_size=6), section=st.sampled_from(["", "rules/", "claims/"]))
def test_no_search_breaks_the_server(visitor: Visitor, words: str, page: str, section: str) -> None:
    visitor.page = visitor.client.get(f"/read/{section}", {"q": words, "page": page, "verdict": page})
    assert visitor.page.status_code == 200
