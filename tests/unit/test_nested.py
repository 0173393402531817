"""Nested ensembles: what people differ in and what is not known lie in two layers that can be told apart."""

from __future__ import annotations

import numpy as np
import pytest

from needling.errors import BadInput
from needling.knowledge import load_knowledge
from needling.simulation import Belief
from needling.simulation.models import Models, persons_of

KB = load_knowledge()
KEY = 11


def test_a_member_keeps_its_own_luck_as_a_person_and_shares_the_doubt_of_its_group() -> None:
    plain = Belief.prior(KB, members=256)
    nested = plain.nested(16)
    own, shared = (belief.draw(KEY, layers=("person",)) for belief in (plain, nested))
    assert all(np.array_equal(own[name], shared[name]) for name in plain.names)
    doubt, groups = plain.draw(KEY, layers=("doubt",)), nested.draw(KEY, layers=("doubt",))
    for name in plain.names:
        table = groups[name].reshape(16, 16)
        assert np.array_equal(table, np.repeat(doubt[name][:16, None], 16, axis=1)), name


def test_a_subset_of_members_has_the_values_it_has_in_the_whole() -> None:
    nested = Belief.prior(KB, members=256).nested(16)
    some = nested.with_members([200, 3, 17, 16])
    whole, part = nested.draw(KEY), some.draw(KEY)
    assert all(np.array_equal(part[name], whole[name][[200, 3, 17, 16]]) for name in nested.names)
    assert some.groups is not None and some.groups.tolist() == [12, 0, 1, 1]


def test_variance_falls_apart_into_what_people_and_what_doubt_lay_in() -> None:
    """Between the means of groups lies doubt² + person²/16, inside a group person², on the log scale."""
    belief = Belief.prior(KB, members=16 * 1024)
    nested = belief.nested(16)
    drawn = nested.draw(KEY)
    tried = 0
    for index, name in enumerate(nested.names):
        person, doubt = float(nested.person[index]), float(nested.doubt[index])
        values = drawn[name]
        clipped = np.mean((values <= nested.low[index]) | (values >= nested.high[index]))
        if nested.shape[index] != "lognormal" or not (person > 0 and doubt > 0) or clipped > 0:
            continue
        table = np.log(values).reshape(1024, 16)
        inside = table.var(axis=1, ddof=1).mean()
        between = table.mean(axis=1).var(ddof=1)
        assert inside == pytest.approx(person**2, rel=0.06), name
        assert between == pytest.approx(doubt**2 + person**2 / 16, rel=0.25), name
        tried += 1
    assert tried >= 3


def test_an_ensemble_that_is_not_nested_is_as_before() -> None:
    belief = Belief.prior(KB, members=64)
    assert belief.persons == 1 and belief.groups is None


@pytest.mark.parametrize(("members", "persons"), [(256, 1), (256, 0), (16, 16), (8, 16)])
def test_groups_of_one_and_a_single_group_are_refused(members: int, persons: int) -> None:
    with pytest.raises(BadInput, match="at least 2 people in a group and at least 2 groups"):
        Belief.prior(KB, members=members).nested(persons)


def test_a_forecast_says_that_people_shared_a_doubt() -> None:
    said = f"{Models().said} parameters=x persons=16"
    assert persons_of(said) == 16 and persons_of(Models().said) == 1
    assert Models.read(said) == Models()
