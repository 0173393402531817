"""Virtual people and their trials hold what they promise for any numbers."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.trial_studies import small_study

pytest.importorskip("pyarrow")

from needling.knowledge import Knowledge
from needling.trials.entering import ELIGIBLE, Gate
from needling.trials.people import belief_of, draw_people
from needling.trials.shards import allocation, shard_count

numbers = st.lists(st.integers(0, 10**9), min_size=1, max_size=30).map(lambda given: np.array(given, dtype=np.int64))


@given(numbers, st.integers(0, 2**62), st.integers(0, 40))
def test_a_person_does_not_depend_on_the_company(kb: Knowledge, people: np.ndarray, key: int, world: int) -> None:
    study = small_study(key=key)
    together = draw_people(study, kb, people)
    worlds = np.full(people.size, world)
    values = belief_of(together, worlds, kb, key).values
    last = people.size - 1
    alone = draw_people(study, kb, people[last:])
    own = belief_of(alone, worlds[last:], kb, key).values
    assert alone.age_y[0] == together.age_y[last]
    assert (alone.place[0], alone.sex[0]) == (together.place[last], together.sex[last])
    assert np.array_equal(alone.facts[:, 0], together.facts[:, last])
    for name in ("epidermis-ratio", "barrier-half-life", "collagen-synthesis-rate", "smoker-collagen-ratio"):
        assert own[name][0] == pytest.approx(values[name][last], rel=1e-14)


@given(numbers, st.integers(0, 2**62))
def test_everybody_has_one_arm_and_one_reason(kb: Knowledge, people: np.ndarray, key: int) -> None:
    study = small_study(key=key, eligibility={"age_to_y": 40, "excluded": {"smoker": True}})
    arms = allocation(study, people)
    assert np.all((arms >= 0) & (arms < len(study.arms)))
    drawn = draw_people(study, kb, people)
    entries, whose = Gate(study, kb).entries(drawn)
    for row, place in enumerate(whose):
        entry = entries[place]
        out = drawn.age_y[row] >= 41 or drawn.facts[0, row]
        assert entry.reason.startswith("study:") == out
        assert (len(entry.plans) == len(study.arms)) == (entry.reason == ELIGIBLE)


@given(st.integers(1, 10**8), st.integers(16, 65536))
def test_shards_hold_everybody_once(people: int, block: int) -> None:
    count = shard_count(small_study(people=people, block_people_count=block))
    assert (count - 1) * block < people <= count * block
