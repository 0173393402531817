"""Signs after needling: the most urgent first, nothing silenced, and never the all-clear."""

from __future__ import annotations

import itertools
import re

import pytest

from needling.knowledge.base import Knowledge
from needling.planning.redflags import URGENCIES, advise, by_urgency, flags_named

ALL_CLEAR = re.compile(
    r"no problem|all (?:is )?(?:well|clear|fine)|nothing is wrong(?! *:)|you are (?:safe|fine|healthy)"
)


def test_all_fifteen_signs_are_there_and_all_can_be_named(kb: Knowledge) -> None:
    assert [flag.ref for flag in kb.red_flags] == [f"RF{number}" for number in range(1, 16)]
    for number, flag in enumerate(kb.red_flags, start=1):
        for word in (flag.id, flag.ref, flag.ref.lower(), str(number), f" {flag.id.upper()} "):
            assert flags_named([word], kb) == ((flag,), ())


def test_the_most_urgent_comes_first_whatever_the_order(kb: Knowledge) -> None:
    words = ["RF9", "RF6", "RF1", "RF3"]  # routine, soon, same day, emergency
    for given in itertools.permutations(words):
        advice = advise(given, kb)
        assert [flag.urgency for flag in advice.flags] == ["emergency", "same-day", "soon", "routine"]
        assert advice.urgency == "emergency"
        assert advice.says.startswith(advice.flags[0].act)


def test_every_urgency_has_a_place(kb: Knowledge) -> None:
    assert {flag.urgency for flag in kb.red_flags} == set(URGENCIES)
    ranks = [URGENCIES.index(flag.urgency) for flag in by_urgency(kb.red_flags)]
    assert ranks == sorted(ranks)


@pytest.mark.parametrize("ref", ["RF3", "RF4", "RF11"])
def test_what_cannot_wait_is_an_emergency(kb: Knowledge, ref: str) -> None:
    assert advise([ref], kb).urgency == "emergency"


@pytest.mark.parametrize("ref", ["RF1", "RF2", "RF5", "RF12", "RF13"])
def test_what_needs_care_today(kb: Knowledge, ref: str) -> None:
    assert advise([ref], kb).urgency == "same-day"


def test_a_word_that_is_not_on_the_list_is_no_all_clear(kb: Knowledge) -> None:
    advice = advise(["my skin hums"], kb)
    assert advice.found and advice.urgency is None and not advice.flags
    assert "see a clinician" in advice.says and advice.unlisted == ("'my skin hums'",)


def test_a_typing_error_never_hides_an_emergency(kb: Knowledge) -> None:
    advice = advise(["rf03-anaphylaxia", "RF3", "rf3"], kb)
    assert [flag.ref for flag in advice.flags] == ["RF3"]
    assert advice.urgency == "emergency"
    assert "did you mean 'rf03-anaphylaxis'" in advice.unlisted[0]
    assert "see a clinician" in advice.says


def test_other_is_a_sign_of_its_own(kb: Knowledge) -> None:
    assert advise(["other"], kb).found


@pytest.mark.parametrize("words", [[], ["other"], ["nonsense"], ["RF8"], ["RF3"], ["0"], ["16"]])
def test_it_never_says_that_nothing_is_wrong(kb: Knowledge, words: list[str]) -> None:
    advice = advise(words, kb)
    assert not ALL_CLEAR.search(advice.says.casefold().replace("does not show that nothing is wrong", ""))
    assert "clinician" in advice.says


def test_no_sign_named_is_said_as_that_and_no_more(kb: Knowledge) -> None:
    advice = advise([], kb)
    assert not advice.found and advice.urgency is None
    assert "does not show that nothing is wrong" in advice.says
