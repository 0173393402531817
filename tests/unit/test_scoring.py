"""Scoring engines: ranges, monotony, refusals, versions, and the grade of a harm."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from needling.errors import BadInput, BadKnowledge
from needling.knowledge import load_knowledge
from needling.knowledge.base import Knowledge
from needling.scoring import ENGINES, Need, convert_version, grade_event, needs, score_scale
from needling.scoring.rules import Scoring, scoring_of

KB = load_knowledge()
SUMS = ["goodman-baron-quantitative", "ecca", "vss", "posas-observer", "posas-patient", "manchester", "salt", "dlqi"]
PLAIN = ["glogau", "hdss", "pain-nrs", "appearance-vas", "wrinkle-grade"]
ITEMISED = [*SUMS, *PLAIN, "masi", "mmasi"]  # lowest at the lowest answers, highest at the highest
RISING = [*ITEMISED, "goodman-baron-qualitative", "bddq-as", "event-grade"]
_RANK = ["memory", "secondary", "abstract", "primary"]


def asked(scale: str, version: str | None = None) -> tuple[Need, ...]:
    return tuple(need for need in needs(scale, KB, version) if need.name != "version")


def ends(need: Need) -> tuple[float, float]:
    if need.choices == ("no", "yes"):
        return 0, 1
    if need.choices:
        return next((item.low, item.high) for item in _items(need) if item.choices == need.choices)
    assert need.low is not None and need.high is not None
    return need.low, need.high


def _items(need: Need) -> list[Any]:
    return [item for name in ENGINES for item in scoring_of(KB.by("scales")[name]).items if item.name == need.name]


def answer_of(need: Need) -> st.SearchStrategy[float]:
    low, high = ends(need)
    if need.choices or need.whole:
        return st.integers(int(low), int(high)).map(float)
    return st.floats(low, high, allow_nan=False)


def any_answers(scale: str, version: str | None = None) -> st.SearchStrategy[dict[str, float]]:
    return st.fixed_dictionaries({need.name: answer_of(need) for need in asked(scale, version)})


def scored(scale: str, answers: dict[str, Any]) -> float:
    return score_scale(scale, answers, KB).value


def test_every_scale_has_an_engine_and_every_engine_a_scale() -> None:
    assert set(ENGINES) == {scale.id for scale in KB.scales}
    assert all(engine.__doc__ and "Licence:" in engine.__doc__ for engine in ENGINES.values())


@pytest.mark.parametrize("scale", ENGINES)
def test_access_is_not_better_than_that_of_the_sources(scale: str) -> None:
    entry = KB.by("scales")[scale]
    best = max(_RANK.index(KB.source(c.key).access) for c in entry.sources if c.stance == "supports")
    if entry.access is not None:
        assert _RANK.index(entry.access) <= best
    for citation in entry.sources:
        assert citation.key in str(ENGINES[scale].__doc__)


@pytest.mark.parametrize("scale", ENGINES)
def test_a_score_from_memory_is_not_released_and_says_what_to_check(scale: str) -> None:
    entry = KB.by("scales")[scale]
    if entry.access == "memory":
        assert scoring_of(entry).verify
        answers = {need.name: ends(need)[1] for need in asked(scale)}
        result = score_scale(scale, answers, KB)
        assert not result.released and result.note.startswith(scoring_of(entry).verify)


@pytest.mark.parametrize("scale", ITEMISED)
def test_ends_are_reached_exactly(scale: str) -> None:
    for version in [form.id for form in scoring_of(KB.by("scales")[scale]).versions] or [None]:
        found = [
            score_scale(scale, {need.name: ends(need)[side] for need in asked(scale, version)}
                        | ({"version": version} if version else {}), KB)
            for side in (0, 1)
        ]  # fmt: skip
        assert [result.value for result in found] == [found[0].low, found[0].high]
        if version in (None, scoring_of(KB.by("scales")[scale]).version):
            assert (found[0].low, found[0].high) == (KB.by("scales")[scale].low, KB.by("scales")[scale].high)


@pytest.mark.parametrize("scale", RISING)
@given(data=st.data())
def test_more_of_anything_never_lowers_the_score(scale: str, data: st.DataObject) -> None:
    answers = data.draw(any_answers(scale))
    risers = [need for need in asked(scale) if need.name != "kind"]
    if scale == "goodman-baron-qualitative":
        answers["macular"] = 1.0  # without any grade there is no score
    need = data.draw(st.sampled_from(risers))
    higher = answers | {need.name: data.draw(answer_of(need).filter(lambda value: value >= answers[need.name]))}
    assert scored(scale, answers) <= scored(scale, higher)


@pytest.mark.parametrize("scale", RISING)
@given(data=st.data())
def test_every_score_is_inside_its_range_and_its_note_is_whole(scale: str, data: st.DataObject) -> None:
    answers = data.draw(any_answers(scale))
    if scale == "goodman-baron-qualitative":
        answers["severe"] = 1.0
    result = score_scale(scale, answers, KB)
    assert result.low <= result.value <= result.high
    assert result.released or result.note
    assert bool(result.band) == bool(scoring_of(KB.by("scales")[scale]).bands)


@pytest.mark.parametrize("scale", ENGINES)
@given(data=st.data())
def test_an_answer_outside_its_range_is_refused(scale: str, data: st.DataObject) -> None:
    need = data.draw(st.sampled_from(asked(scale)))
    low, high = ends(need)
    wrong: list[st.SearchStrategy[Any]] = [
        st.floats(max_value=low, exclude_max=True, allow_nan=False),
        st.floats(min_value=high, exclude_min=True, allow_nan=False),
        st.sampled_from([float("nan"), float("inf"), "plenty", [1], {}, b"1", 10**400]),
    ]
    if need.whole:
        wrong.append(st.floats(low, high, allow_nan=False).filter(lambda value: value != round(value)))
    answers = {other.name: ends(other)[1] for other in asked(scale)} | {need.name: data.draw(st.one_of(wrong))}
    with pytest.raises(BadInput, match=need.name):
        score_scale(scale, answers, KB)


@pytest.mark.parametrize(
    "scale", [name for name in ENGINES if all(n.needed for n in needs(name) if n.name != "version")]
)
def test_an_open_answer_is_never_zero(scale: str) -> None:
    for left_out in asked(scale):
        answers: dict[str, Any] = {need.name: ends(need)[1] for need in asked(scale)} | {left_out.name: None}
        with pytest.raises(BadInput, match=f"not answered: {left_out.name}"):
            score_scale(scale, answers, KB)


@given(hairs=st.integers(0, 125), more=st.integers(0, 100), area=st.floats(0.25, 10))
def test_hair_count(hairs: int, more: int, area: float) -> None:
    found = scored("hair-count", {"hairs_count": hairs, "area_cm2": area})
    assert found == pytest.approx(hairs / area, abs=1e-6)
    assert scored("hair-count", {"hairs_count": hairs, "area_cm2": 10}) <= found
    if more + hairs <= 125:
        assert found <= scored("hair-count", {"hairs_count": hairs + more, "area_cm2": area})
    assert scored("hair-count", {"hairs_count": 5000, "area_cm2": 10}) == KB.by("scales")["hair-count"].high
    with pytest.raises(BadInput, match="outside 0 to 500"):
        scored("hair-count", {"hairs_count": 501, "area_cm2": 1})


@pytest.mark.parametrize(
    ("scale", "answers", "says"),
    [
        ("vancouver", {}, "unknown scale 'vancouver'"),
        ("mmassi", {}, "did you mean 'mmasi'"),
        ("vss", {"vascularty": 1}, "did you mean 'vascularity'"),
        ("vss", {"version": "16"}, "allowed: 13, 14, 15"),
        ("ecca", {"version": "2008"}, "allowed: 2007"),
        ("hdss", {"rating": 1, "version": "2"}, "leave the version out"),
        ("manchester", {"vas": 1, "version": "without-vas"}, "leaves it out"),
        ("vss", {"vascularity": True}, "not answered"),
        ("pain-nrs", {"rating": True}, "a number from 0 to 10"),
        ("glogau", {"class": "VI"}, "one of I, II, III, IV"),
        ("goodman-baron-qualitative", dict.fromkeys(("macular", "mild", "moderate", "severe"), False), "no grade"),
        ("wrinkle-grade", {}, "at least one"),
        ("gais", {"rating": 4, "version": "3-best"}, "from -1 to 3"),
    ],
)
def test_refusals_say_what_to_do(scale: str, answers: dict[str, object], says: str) -> None:
    with pytest.raises(BadInput, match=says):
        score_scale(scale, answers, KB)


def test_answers_may_be_words() -> None:
    assert scored("glogau", {"class": "III"}) == 3 == scored("glogau", {"class": "3"})
    assert scored("goodman-baron-qualitative", {"macular": "yes", "mild": "no", "moderate": True, "severe": 0}) == 3
    assert score_scale("glogau", {"class": "III"}, KB).band == "III"


def test_a_reading_of_unknown_version_is_kept_and_never_converted() -> None:
    for answers in ({"rating": 2}, {"rating": 2, "version": "unknown"}):
        result = score_scale("gais", answers, KB)
        assert (result.value, result.version, result.released, result.band) == (2, "unknown", False, "")
        assert "name that version" in result.note
    for version in ("unknown", "", "1-bst"):
        with pytest.raises(BadInput, match="cannot be converted"):
            convert_version("gais", 2, version, "1-best", KB)
    with pytest.raises(BadInput, match="cannot be converted"):
        convert_version("gais", 2, "1-best", "unknown", KB)
    with pytest.raises(BadInput, match="outside version 3-best"):
        convert_version("gais", 4, "3-best", "1-best", KB)
    with pytest.raises(BadInput, match="different items"):
        convert_version("vss", 4, "13", "14", KB)


def test_improvement_scales_convert_there_and_back() -> None:
    for value, reversed_value, from_minus_one, band in (
        (1, 5, 3, "very much improved"), (2, 4, 2, "much improved"), (3, 3, 1, "improved"),
        (4, 2, 0, "no change"), (5, 1, -1, "worse"),
    ):  # fmt: skip
        assert convert_version("gais", value, "1-best", "5-best", KB) == reversed_value
        assert convert_version("gais", value, "1-best", "3-best", KB) == from_minus_one
        assert convert_version("gais", from_minus_one, "3-best", "5-best", KB) == reversed_value
        for rating, version in ((value, "1-best"), (reversed_value, "5-best"), (from_minus_one, "3-best")):
            result = score_scale("gais", {"rating": rating, "version": version}, KB)
            assert (result.band, result.released) == (band, version == "1-best")


@given(items=st.lists(st.integers(0, 3), min_size=10, max_size=10), left_out=st.integers(1, 10))
def test_dlqi_with_an_open_item(items: list[int], left_out: int) -> None:
    answers: dict[str, Any] = {f"item_{n}": value for n, value in enumerate(items, start=1)}
    whole = score_scale("dlqi", answers, KB)
    assert (whole.value, whole.released) == (sum(items), True)
    answers[f"item_{left_out}"] = None
    one_open = score_scale("dlqi", answers, KB)
    assert (one_open.value, one_open.released) == (sum(items) - items[left_out - 1], False)
    assert "from memory" in one_open.note
    del answers[f"item_{left_out % 10 + 1}"]
    with pytest.raises(BadInput, match="2 items are open"):
        score_scale("dlqi", answers, KB)


@given(st.lists(st.sampled_from([True, False, None]), min_size=7, max_size=7))
def test_the_screen_is_three_valued(values: list[bool | None]) -> None:
    names = ["concerned", "preoccupied", *(f"item_{n}" for n in range(3, 8))]
    answers = dict(zip(names, values, strict=True))

    def verdicts(index: int, chosen: list[bool]) -> set[float]:
        """By brute force: all verdicts that the open answers still allow."""
        if index == len(values):
            return {float(chosen[0] and chosen[1] and any(chosen[2:]))}
        options = [values[index]] if values[index] is not None else [True, False]
        return set().union(*(verdicts(index + 1, [*chosen, bool(option)]) for option in options))

    possible = verdicts(0, [])
    if len(possible) == 1:
        assert {scored("bddq-as", dict(answers))} == possible
    else:
        with pytest.raises(BadInput, match="not decided"):
            score_scale("bddq-as", dict(answers), KB)


def test_needs_lists_what_is_asked() -> None:
    assert [need.name for need in needs("vss")] == ["version", "vascularity", "pigmentation", "pliability", "height"]
    assert needs("vss")[2][:3] == ("pigmentation", 0, 2)
    assert needs("vss", KB, "14")[2][:3] == ("pigmentation", 0, 3)
    assert "vas" not in [need.name for need in needs("manchester", KB, "without-vas")]
    assert needs("glogau")[0].choices == ("I", "II", "III", "IV")
    with pytest.raises(BadInput, match="did you mean 'salt'"):
        needs("slat")


@pytest.mark.parametrize(
    "block",
    [
        {},
        {"licence": "free", "items": [{"name": "a", "says": "A", "table": "none"}]},
        {"licence": "free", "items": [{"name": "a", "says": "A"}, {"name": "a", "says": "A"}]},
        {"licence": "free", "items": [{"name": "a", "says": "A"}], "tables": {"t": [{"points": 1}]}},
    ],
)
def test_a_broken_scoring_block_is_refused(block: dict[str, Any]) -> None:
    with pytest.raises(BadKnowledge, match="hdss"):
        scoring_of(KB.by("scales")["hdss"].model_copy(update={"scoring": block}))


def test_bands_do_not_overlap_and_leave_no_gap() -> None:
    for scale in KB.scales:
        scoring: Scoring = scoring_of(scale)
        for kind in {band.kind for band in scoring.bands}:
            bands = [band for band in scoring.bands if band.kind == kind]
            assert bands[-1].high == scale.high
            for lower, upper in pairwise(bands):
                assert upper.low == lower.high + 1


def test_a_score_between_two_whole_numbers_is_in_the_lower_band() -> None:
    for share, first, second in ((0.4, "S1", "mild"), (20.5, "S1", "mild"), (24.9, "S1", "moderate"), (99.9, "S4", "")):
        parts = dict.fromkeys(("top_pct", "back_pct", "right_pct", "left_pct"), share)
        assert score_scale("salt", parts, KB).band.startswith(f"{first} (classes S0 to S5); {second}")


# ---------------------------------------------------------------- harms


def test_a_grade_is_least_until_all_is_known(kb: Knowledge) -> None:
    unknown = grade_event("granuloma", kb)
    assert (unknown.grade, unknown.at_least, unknown.serious) == (1, True, None)
    assert "not known yet: treatment" in unknown.note
    known = grade_event("granuloma", kb, treatment="by-mouth", daily_life="nothing", consequences=[], on_face=False)
    assert (known.grade, known.band, known.at_least, known.serious) == (3, "severe", False, False)
    redness = grade_event("expected-redness", kb, treatment="none", daily_life="nothing", consequences=[])
    assert redness.at_least and "lasted_h" in redness.note


def test_seriousness_is_apart_from_the_grade(kb: Knowledge) -> None:
    prevented = grade_event("other", kb, treatment="local", daily_life="nothing", consequences=["intervention"])
    assert (prevented.grade, prevented.serious, prevented.serious_because) == (2, True, ("intervention",))
    threat = grade_event("anaphylaxis", kb)
    assert (threat.grade, threat.serious, threat.serious_because) == (4, True, ("life_threat",))
    death = grade_event("other", kb, consequences=["death", "hospital"])
    assert (death.grade, death.at_least, death.serious_because) == (5, False, ("death", "hospital"))


def test_a_mark_on_the_face_keeps_its_weight_beside_its_grade(kb: Knowledge) -> None:
    told = {"treatment": "none", "daily_life": "nothing", "consequences": []}
    bare = grade_event("pigment-change", kb, on_face=True, **told)  # type: ignore[arg-type]
    assert "note how much it shows" in bare.note
    full = grade_event("pigment-change", kb, on_face=True, visibility="plain-to-see", dlqi=12, **told)  # type: ignore[arg-type]
    assert (full.grade, full.visibility, full.dlqi_band) == (bare.grade, "plain-to-see", "very large effect")
    assert "It is on the face" not in full.note


@pytest.mark.parametrize(
    ("kind", "given_", "says"),
    [
        ("granulom", {}, "did you mean 'granuloma'"),
        ("scar", {"treatment": "operation"}, "surgery"),
        ("scar", {"consequences": ["hospitl"]}, "did you mean 'hospital'"),
        ("scar", {"visibility": "bright"}, "plain-to-see"),
        ("scar", {"dlqi": 31.0}, "from 0 to 30"),
        ("swelling", {"lasted_h": -1.0}, "from 0 to 20000"),
    ],
)
def test_bad_events_are_refused(kb: Knowledge, kind: str, given_: dict[str, Any], says: str) -> None:
    with pytest.raises(BadInput, match=says):
        grade_event(kind, kb, **given_)
