"""A lesion is the same as a yes to its question in its zone; one that is left out is the same as saying nothing."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from needling.documents import Assessment, Clearance, Person, ZoneFinding
from needling.errors import BadInput
from needling.knowledge import load_knowledge
from needling.knowledge.facts import answered
from needling.planning.answers import lesion_facts
from needling.planning.screen import screen

KB = load_knowledge()
KINDS = sorted(lesion_facts(KB))
LEFT_OUT = sorted(name for name, fact in lesion_facts(KB).items() if fact.may_leave_out)
PERSON = Person.model_validate({"id": "p", "birth_year": 1985, "phototype": "III", "sex_at_birth": "female"})

spots = st.fixed_dictionaries(
    {"view": st.sampled_from(["face", "front", "back"]), "x_share": st.floats(0, 1), "y_share": st.floats(0, 1)}
)
details = st.fixed_dictionaries(
    {}, optional={"size_mm": st.floats(0.1, 500), "note": st.text(max_size=60), "spot": spots}
)  # fmt: skip
answers = st.dictionaries(st.sampled_from(KINDS), st.sampled_from([True, False, None]), max_size=12)


def look(facts: dict[str, Any], lesions: list[dict[str, Any]], everywhere: dict[str, Any], setting: str) -> Assessment:
    zones = [
        {"zone": "nose", "concern": "acne-scars-rolling", "area_cm2": 8, "facts": facts, "lesions": lesions},
        {"zone": "forehead", "concern": "wrinkles-face", "area_cm2": 30},
    ]
    return Assessment.model_validate(
        {"person": "p", "on": "2026-11-21", "setting": setting, "zones": zones, "facts": everywhere}
    )


def heard(assessment: Assessment) -> Clearance:
    return screen(PERSON, assessment, KB).model_copy(update={"assessment_sha256": "0" * 64})


@pytest.mark.parametrize("what", KINDS)
def test_every_lesion_is_its_fact(what: str) -> None:
    """With everything else quiet, so that nothing hides the difference."""
    quiet = {name: False for name in KINDS if name != what}
    for setting in ("clinic", "home"):
        stated = heard(look({what: True}, [], quiet, setting))
        assert heard(look({}, [{"what": what, "size_mm": 3}], quiet, setting)) == stated
        assert heard(look({}, [], {**quiet, what: False}, setting)) != stated, "a yes must change the answer"


@settings(max_examples=60, deadline=None)
@given(
    here=answers, everywhere=answers, setting=st.sampled_from(["clinic", "home"]),
    found=st.dictionaries(st.sampled_from(KINDS), details, min_size=1, max_size=4),
)  # fmt: skip
def test_lesions_equal_facts_whatever_else_was_answered(
    here: dict[str, Any], everywhere: dict[str, Any], found: dict[str, dict[str, Any]], setting: str
) -> None:
    here = {name: value for name, value in here.items() if not (name in found and value is False)}
    lesions = [{"what": what, **more} for what, more in found.items()]
    with_lesions = look(here, lesions, everywhere, setting)
    stated = look({**here, **dict.fromkeys(found, True)}, [], everywhere, setting)
    assert heard(with_lesions) == heard(stated)
    told, said = (answered(PERSON, one, one.zones[0]) for one in (with_lesions, stated))
    assert told == said
    assert Assessment.model_validate_json(with_lesions.canonical()) == with_lesions


@settings(max_examples=40, deadline=None)
@given(what=st.sampled_from(KINDS), others=answers, more=details)
def test_a_no_and_a_lesion_contradict_each_other(what: str, others: dict[str, Any], more: dict[str, Any]) -> None:
    with pytest.raises(BadInput, match=f"zones.0.lesions.0: is there, but the zone says '{what}' is false"):
        heard(look({**others, what: False}, [{"what": what, **more}], {}, "clinic"))


@settings(max_examples=40, deadline=None)
@given(what=st.sampled_from(LEFT_OUT), here=answers, everywhere=answers, more=details)
def test_what_is_left_out_of_the_field_says_nothing_of_it(
    what: str, here: dict[str, Any], everywhere: dict[str, Any], more: dict[str, Any]
) -> None:
    left = look(here, [{"what": what, "left_out": True, **more}], everywhere, "clinic")
    assert heard(left) == heard(look(here, [], everywhere, "clinic"))
    assert {fact.name: fact.value for fact in left.zones[0].facts} == here


@given(name=st.text(alphabet="abcdefghijklmnopqrstuvwxyz_", min_size=1, max_size=20))
def test_an_unknown_lesion_is_refused(name: str) -> None:
    assume(name not in KINDS)
    with pytest.raises(BadInput, match="unknown lesion") as refused:
        heard(look({}, [{"what": f"x{name}"}], {}, "clinic"))
    assert "unknown fact" not in str(refused.value), "said once"


@given(facts=answers)
def test_zones_without_lesions_are_written_as_they_always_were(facts: dict[str, Any]) -> None:
    told: dict[str, Any] = {"zone": "nose", "concern": "pores-dullness", "area_cm2": 8, "facts": facts}
    assert "lesions" not in ZoneFinding.model_validate(told).model_dump()
    assert ZoneFinding.model_validate({**told, "lesions": []}).sha256 == ZoneFinding.model_validate(told).sha256
