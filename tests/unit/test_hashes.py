"""A document's hash is worked out once, and is always that of its own content."""

from __future__ import annotations

import copy
import pickle

import pytest

from needling.documents import Assessment, Goals, Lesion, Stroke, ZoneFinding

STROKE = Stroke(zone="cheek-left", needle_length_mm=1.5, directions_count=4, passes_count=4, force_N=2.0)


def test_a_copy_with_other_content_has_another_hash() -> None:
    first = STROKE.sha256
    other = STROKE.model_copy(update={"passes_count": 3})
    assert other.sha256 == Stroke(**other.model_dump()).sha256 != first
    for same in (STROKE.model_copy(), copy.copy(STROKE), copy.deepcopy(STROKE), pickle.loads(pickle.dumps(STROKE))):
        assert same == STROKE and hash(same) == hash(STROKE) and same.sha256 == first


def test_what_is_remembered_is_no_part_of_the_document() -> None:
    asked, fresh = Goals(), Goals()
    assert len(asked.sha256) == 64
    assert asked == fresh and dict(asked) == dict(fresh) and asked.canonical() == fresh.canonical()
    with pytest.raises(AttributeError):
        asked._sha256 = "0" * 64  # type: ignore[misc]


def test_it_is_worked_out_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Stroke] = []
    plain = Stroke.canonical
    monkeypatch.setattr(Stroke, "canonical", lambda self: asked.append(self) or plain(self))
    mine = STROKE.model_copy(update={"force_N": 3.0})
    assert mine.sha256 == mine.sha256 and len(asked) == 1


def test_a_zone_that_takes_over_what_its_lesions_say_has_the_hash_of_that() -> None:
    mole = Lesion(what="mole", left_out=False)
    bare = ZoneFinding(zone="cheek-left", concern="melasma", area_cm2=20, lesions=(mole,)).model_copy(
        update={"facts": ()}
    )
    before = bare.sha256
    assert Assessment(person="p", on="2026-11-21", setting="clinic", zones=(bare,)).zones[0].facts
    assert bare.sha256 == ZoneFinding(**bare.model_dump()).sha256 != before
