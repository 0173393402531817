"""What the law adds can only tighten; what was not looked up is said so; what is better than needling is sourced."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.people import healthy

from needling.documents import Caps
from needling.errors import BadInput
from needling.knowledge.base import Knowledge
from needling.knowledge.checks import cross_check
from needling.knowledge.load import Origin
from needling.planning.alternatives import better_than_needling, comparisons_for
from needling.planning.envelope import zone_limits
from needling.planning.jurisdiction import (
    caps_of,
    jurisdictions_of,
    min_age_y,
    notes_of,
    supervised_from_mm,
    tightened,
)
from needling.planning.screen import screen

EMPTY = Caps()
# Typed again from what was read: (supervised from mm, lowest age, evaluated from y, evaluated to mm).
NUMBERS = {
    "US": (None, None, 22, 1.5),
    "CA": (None, None, None, None),
    "AU": (None, None, None, None),
    "EU": (None, None, None, None),
    "GB-SCT": (1.5, 18, None, None),
    "GB-ENG": (None, None, None, None),
}
REFS = {f"RG{number}" for number in range(1, 14)}

CAPS = st.builds(
    Caps,
    home_needle_mm=st.none() | st.floats(0, 3),
    clinic_needle_mm=st.none() | st.floats(0, 3),
    min_interval_d=st.none() | st.floats(0, 400),
    bleeding=st.sampled_from([None, "allowed", "no"]),
    anaesthetic=st.sampled_from([None, "allowed", "no"]),
)


# ---------------------------------------------------------------- law


def test_the_numbers_are_those_that_were_read_and_no_others(kb: Knowledge) -> None:
    assert {
        place.id: (place.supervised_from_mm, place.min_age_y, place.evaluated_from_y, place.evaluated_to_mm)
        for place in kb.jurisdictions
    } == NUMBERS
    assert not [place.id for place in kb.jurisdictions if place.caps is not None]


def test_every_regulator_row_is_told_with_a_source(kb: Knowledge) -> None:
    assert {ref for place in kb.jurisdictions for ref in place.ref.split()} == REFS
    for place in kb.jurisdictions:
        assert place.statements and all(statement.sources for statement in place.statements)
        assert place.not_found


def test_scotland_keeps_supervised_lengths_out_of_the_home(kb: Knowledge) -> None:
    caps = caps_of("GB-SCT", kb)
    assert caps.home_needle_mm is not None and caps.home_needle_mm < 1.5 == pytest.approx(caps.home_needle_mm)
    assert caps.clinic_needle_mm is None, "the law asks for a professional in the clinic, it sets no longest needle"
    assert supervised_from_mm("gb-sct", kb) == 1.5 and min_age_y("GB-SCT", kb) == 18


def test_where_the_law_sets_no_number_there_is_no_number(kb: Knowledge) -> None:
    for country in ("US", "CA", "AU", "DE", "EU", "GB-ENG"):
        assert caps_of(country, kb) == EMPTY
        assert supervised_from_mm(country, kb) is None and min_age_y(country, kb) is None


def test_a_place_that_was_not_looked_up_says_so(kb: Knowledge) -> None:
    for country in ("BR", "GB-WLS", "", "Atlantis"):
        assert caps_of(country, kb) == EMPTY and jurisdictions_of(country, kb) == ()
        (note,) = notes_of(country, kb)
        assert "not looked up" in note.why and "does not mean" in note.why


def test_a_country_known_by_its_parts_gets_the_tightest(kb: Knowledge) -> None:
    for code in ("GB", "uk", " Gb "):
        assert caps_of(code, kb) == caps_of("GB-SCT", kb) != EMPTY
        assert "differs" in notes_of(code, kb)[0].why


def test_members_fall_under_their_union_and_states_under_their_country(kb: Knowledge) -> None:
    assert [place.id for place in jurisdictions_of("fr", kb)] == ["EU"]
    assert [place.id for place in jurisdictions_of("US-CA", kb)] == ["US"]
    assert len(next(place for place in kb.jurisdictions if place.id == "EU").covers) == 27


def test_canada_says_that_nothing_is_authorised_for_home(kb: Knowledge) -> None:
    notes = notes_of("CA", kb)
    assert any("no device for home" in note.what and note.sources for note in notes)


@given(one=CAPS, other=CAPS)
def test_together_limits_only_tighten(one: Caps, other: Caps) -> None:
    both = tightened(one, other)
    assert both == tightened(other, one) == tightened(both, one)
    assert tightened(one, EMPTY) == one
    for field in ("home_needle_mm", "clinic_needle_mm"):
        for given_mm in (getattr(one, field), getattr(other, field)):
            assert given_mm is None or getattr(both, field) <= given_mm
    for given_d in (one.min_interval_d, other.min_interval_d):
        assert given_d is None or (both.min_interval_d or 0) >= given_d
    assert (both.bleeding == "no") == ("no" in (one.bleeding, other.bleeding))


def test_a_law_with_a_limit_of_its_own_adds_to_supervision(kb: Knowledge) -> None:
    scotland = kb.find("jurisdictions", "GB-SCT")
    strict = scotland.model_copy(update={"caps": Caps(home_needle_mm=0.2, clinic_needle_mm=2.0)})
    changed = kb.replace(jurisdictions=(strict,))
    assert caps_of("GB-SCT", changed) == Caps(home_needle_mm=0.2, clinic_needle_mm=2.0)


def test_a_place_stands_only_once(kb: Knowledge) -> None:
    twice = kb.jurisdictions[0].model_copy(update={"covers": ("DE",)})
    broken = kb.replace(jurisdictions=(twice, *kb.jurisdictions[1:]))
    assert any("'DE' is covered" in problem for problem in cross_check(broken, Origin()))


# ---------------------------------------------------------------- alternatives


def test_there_are_enough_and_doing_nothing_is_one(kb: Knowledge) -> None:
    assert len(kb.alternatives) >= 15
    assert {"roller", "stamp", "pen", "subcision", "tca-cross", "do-nothing"} <= set(kb.by("alternatives"))


def test_every_indication_has_something_to_compare(kb: Knowledge) -> None:
    compared = {name for one in kb.alternatives for part in one.comparisons for name in part.indications}
    assert not set(kb.by("indications")) - compared


def test_what_is_only_remembered_is_marked_as_ours(kb: Knowledge) -> None:
    parts = [part for one in kb.alternatives for part in one.comparisons]
    assert not [part.says for part in parts if part.access == "memory" and not part.proposal]
    assert not [part.says for part in parts if not part.sources and not part.proposal]


def test_unknown_keys_and_better_access_than_read_are_found(kb: Knowledge) -> None:
    first = kb.alternatives[0]
    part = first.comparisons[0].model_copy(update={"indications": ("acne-scarz-rolling",), "access": "primary"})
    broken = kb.replace(alternatives=(first.model_copy(update={"comparisons": (part,)}), *kb.alternatives[1:]))
    problems = "\n".join(cross_check(broken, Origin()))
    assert "did you mean 'acne-scars-rolling'" in problems and "better than that of its best" in problems


def test_laser_is_better_for_light_skin_and_not_for_dark_or_unknown(kb: Knowledge) -> None:
    names = {skin: _names("acne-scars-rolling", skin, kb) for skin in ("I", "III", "IV", "VI", None)}
    assert "fractional-ablative-laser" in names["I"] and "fractional-ablative-laser" in names["III"]
    assert all("fractional-ablative-laser" not in names[skin] for skin in ("IV", "VI", None))


def test_an_unknown_phototype_counts_for_nothing_and_against(kb: Knowledge) -> None:
    assert "chemical-peel" in _names("pores-dullness", "II", kb)
    assert "chemical-peel" not in _names("pores-dullness", None, kb), "made for I to III only"
    laser = next(one for one in kb.alternatives if one.id == "fractional-ablative-laser")
    for_all = tuple(
        part.model_copy(update={"phototypes": ()}) if part.stands == "better" else part for part in laser.comparisons
    )
    changed = kb.replace(alternatives=(laser.model_copy(update={"comparisons": for_all}),))
    changed.__dict__.pop("_index", None)
    assert _names("acne-scars-rolling", "II", changed) == [laser.id]
    assert _names("acne-scars-rolling", None, changed) == [], "worse for some, and this may be one of them"


def test_better_and_worse_for_the_same_person_is_not_better(kb: Knowledge) -> None:
    laser = next(one for one in kb.alternatives if one.id == "fractional-ablative-laser")
    everywhere = tuple(part.model_copy(update={"phototypes": ()}) for part in laser.comparisons)
    changed = kb.replace(alternatives=(laser.model_copy(update={"comparisons": everywhere}),))
    changed.__dict__.pop("_index", None)
    assert better_than_needling("acne-scars-rolling", "II", changed) == ()


@pytest.mark.parametrize(
    ("concern", "best"),
    [
        ("acne-scars-ice-pick", "tca-cross"),
        ("hyperhidrosis", "radiofrequency-needling"),
        ("vitiligo", "narrowband-uvb"),
        ("hair-thinning", "minoxidil"),
        ("cellulite", "do-nothing"),
        ("active-acne", "acne-medicines"),
    ],
)
def test_what_comes_first(kb: Knowledge, concern: str, best: str) -> None:
    assert _names(concern, "IV", kb)[0] == best


def test_what_was_read_comes_before_what_is_remembered(kb: Knowledge) -> None:
    rank = ("primary", "abstract", "secondary", "memory")
    for indication in kb.indications:
        for skin in ("II", "V", None):
            ranks = [
                min(rank.index(part.access) for part in comparisons_for(one, indication.id, skin)
                    if part.stands == "better")
                for one in better_than_needling(indication.id, skin, kb)
            ]  # fmt: skip
            assert ranks == sorted(ranks)


def test_every_concern_that_is_not_needled_has_something_better(kb: Knowledge) -> None:
    without = [one.id for one in kb.indications if one.answer != "plan" and not _names(one.id, None, kb)]
    assert without == ["burn-scar"], "for burn scars every comparison is beside needling, at a burn clinic"


def test_an_unknown_concern_is_an_error(kb: Knowledge) -> None:
    with pytest.raises(BadInput, match="did you mean 'striae'"):
        better_than_needling("stria", "II", kb)


def _names(concern: str, skin, kb: Knowledge) -> list[str]:  # type: ignore[no-untyped-def]
    return [one.id for one in better_than_needling(concern, skin, kb)]


def test_a_country_tightens_a_clearance_and_says_so(kb: Knowledge) -> None:
    person, assessment = healthy(kb)
    there = assessment.model_copy(update={"country": "GB-SCT"})
    clearance = screen(person, there, kb)
    said = [decision for decision in clearance.decisions if decision.rule == "law-GB-SCT"]
    assert said and clearance.verdict == screen(person, assessment, kb).verdict
    caps = [decision.caps for decision in said if decision.caps]
    assert caps == [caps_of("GB-SCT", kb)]
    at_home = screen(*healthy(kb, "home"), kb)
    limit = zone_limits("cheek-left", "home", at_home, kb).needle_mm
    assert limit.value <= 0.3


def test_a_country_that_was_not_looked_up_is_said_to_be_unknown(kb: Knowledge) -> None:
    person, assessment = healthy(kb)
    clearance = screen(person, assessment.model_copy(update={"country": "BR"}), kb)
    (note,) = [decision for decision in clearance.decisions if decision.rule == "law-BR"]
    assert "not looked up" in note.because and note.caps is None
