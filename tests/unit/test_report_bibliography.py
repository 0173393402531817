"""Numbering, what speaks against what, citing needling, and looking sources up."""

from __future__ import annotations

from tests.unit import report_documents as made

from needling.knowledge.schema import Source
from needling.report.bibliography import Bibliography, how_to_cite, marks, safe_link, sources_for

BASE = made.knowledge()


def test_numbers_follow_the_first_use_and_stay() -> None:
    bibliography = Bibliography(BASE)
    assert bibliography.cite([made.cite("sheets"), made.cite("fda2025")], "here") == ((1, 2), ())
    assert bibliography.cite([made.cite("dogra2014"), made.cite("sheets")], "there") == ((1, 3), ())
    assert [reference.key for reference in bibliography.references()] == ["sheets", "fda2025", "dogra2014"]
    assert bibliography.references()[0].used_for == ("here", "there")


def test_stances_are_kept_apart() -> None:
    bibliography = Bibliography(BASE)
    sides = [made.cite("sheets"), made.cite("fda2025", "conflicts", "page 3")]
    assert bibliography.cite(sides, "here") == ((1,), (2,))
    first, second = bibliography.references()
    assert first.contradicted_by == (2,) and second.contradicted_by == (1,)
    assert second.speaks_against == ("here",) and second.notes == ("page 3",)


def test_a_source_on_both_sides_supports() -> None:
    bibliography = Bibliography(BASE)
    assert bibliography.cite([made.cite("sheets"), made.cite("sheets", "conflicts")], "here") == ((1,), ())
    assert bibliography.references()[0].contradicted_by == ()


def test_marks() -> None:
    assert marks((1, 3), (4,)) == " [1, 3; against: 4]"
    assert marks((), (4,)) == " [against: 4]"
    assert marks((), ()) == ""


def test_only_web_addresses_become_links() -> None:
    def link(**given: str) -> str | None:
        return safe_link(Source(key="a", cites="a", kind="lay", access="memory", reason="a", **given))

    assert link(doi="10.1/x") == "https://doi.org/10.1/x"
    assert link(url="javascript:alert(1)") is None
    assert link(url="https://example.org") == "https://example.org"
    assert link() is None


def test_sources_are_found_by_key_rule_label_and_word() -> None:
    def keys(*words: str) -> list[str]:
        return [source.key for source in sources_for(words, BASE)]

    assert keys("fda2025") == ["fda2025"]
    assert keys("dark-skin") == ["fda2025", "dogra2014", "gowda2021"]
    assert keys("K09") == ["fda2025", "dogra2014", "gowda2021"]
    assert keys("rat") == ["kalluri2011"]
    assert keys("no-such-thing-anywhere") == []


def test_citing_names_version_and_hash() -> None:
    text = how_to_cite(BASE)
    assert "needling" in text and BASE.version in text and BASE.sha256[:16] in text
