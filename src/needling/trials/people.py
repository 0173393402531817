"""A virtual population: people who differ in age, skin, healing and answers, and hang together as real people do.

Person number *i* has its own counter-based stream for each purpose, the same as member *i* of an ensemble: the same
person in every arm, on every shard, in a study of any size.

How they hang together (correlations rho on the scale of standard normal numbers; the person layer of each parameter
keeps the spread that the knowledge states)::

    epidermis, dermis   z' = rho_age (a - a_mean)/a_sd + rho_dark d + (+-1/2 ln r_male)/sigma + rest z
    healing             z' = +-sqrt(rho_heal) H + sqrt(1 - rho_heal) z          (H one number for each person)
    starts of zones     z' = sqrt(rho_zones) B + sqrt(1 - rho_zones) z

with ``rest`` such that a reference adult has variance 1. Relations that the model has (age and phototype with closing,
age and smoking with building, painkillers with closing) act in the simulation and are not counted here again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from math import erf, sqrt
from typing import Any, get_args

import numpy as np
from numpy.typing import NDArray

from needling.documents import Phototype
from needling.documents.study import Sex, Study, StudyZone
from needling.knowledge.base import Knowledge
from needling.simulation.belief import Belief, normal, normals, uniform
from needling.simulation.design import Designed, designed, quantile
from needling.simulation.normal import inverse_normal

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

PHOTOTYPES: tuple[Phototype, ...] = get_args(Phototype)
SEXES: tuple[Sex, ...] = get_args(Sex)

# Speeds of healing and the sign with which a slow healer moves each.
SLOWNESS = {
    "barrier-half-life": 1.0,
    "water-half-life": 1.0,
    "structure-half-life": 1.0,
    "debris-clearance-rate": -1.0,
    "collagen-synthesis-rate": -1.0,
}
THICKNESS = {
    "epidermis-ratio": ("population-age-epidermis-correlation", "population-male-epidermis-ratio"),
    "dermis-ratio": ("population-age-dermis-correlation", "population-male-dermis-ratio"),
}
_DARK = "population-darkness-epidermis-correlation"
_HEAL = "population-healing-correlation"
_ZONES = "population-baseline-correlation"
_LEAST = 0.05  # share of the variance that stays a person's own, whatever the relations say


@dataclass(frozen=True)
class People:
    """Some people of a study, as they come to be screened.

    Args:
        number: of each person, int64[person]. age_y: float64[person]. place: of the phototype among ``PHOTOTYPES``.
        sex: place among ``SEXES``. facts: whether each fact of the study holds, bool[fact, person].
        darkness, slowness: standard normal numbers that relations use, float64[person]; darkness by phototype.
    """

    number: Ints
    age_y: Floats
    place: Ints
    sex: Ints
    facts: Bools
    darkness: Floats
    slowness: Floats

    def rows(self, which: NDArray[np.int64]) -> People:
        """Some of them, in a given order; also several times."""
        return People(
            self.number[which],
            self.age_y[which],
            self.place[which],
            self.sex[which],
            self.facts[:, which],
            self.darkness[which],
            self.slowness[which],
        )


def _share_below(value: float, mean: float, sd: float) -> float:
    return 0.5 * (1 + erf((value - mean) / (sd * sqrt(2))))


def _ages(study: Study, numbers: Ints) -> Floats:
    """Normal, cut at both ends: the inverse of the distribution at a uniform number between the ends."""
    age = study.population.age
    luck = uniform(study.key, "population/age", numbers)
    if age.sd_y == 0:
        return np.full(numbers.size, min(max(age.mean_y, age.from_y), age.to_y))
    low, high = (_share_below(end, age.mean_y, age.sd_y) for end in (age.from_y, age.to_y))
    if high - low < 1e-9:  # the mean lies so far outside that the normal part has no weight there
        return age.from_y + (age.to_y - age.from_y) * luck
    found = age.mean_y + age.sd_y * inverse_normal(low + (high - low) * luck)
    return np.asarray(np.clip(found, age.from_y, age.to_y))


def _places(shares: Mapping[Any, float], names: tuple[str, ...], luck: Floats) -> Ints:
    """Place of each person among some names, with their shares."""
    ends = np.cumsum([shares.get(name, 0.0) for name in names])
    last = max(place for place, name in enumerate(names) if shares.get(name, 0.0) > 0)
    return np.minimum(np.searchsorted(ends, luck, side="right"), last).astype(np.int64)


def draw_people(study: Study, kb: Knowledge, numbers: Ints) -> People:
    """The people of some numbers, before anybody is screened.

    Args:
        study: shares and distributions. kb: questions, for answers that only one sex can give. numbers: int64[person].

    Assumes: sex, phototype, age and answers are independent of each other, unless an answer is of one sex only; the
        share of such an answer is then of those who can give it.
    """
    key, population = study.key, study.population
    place = _places(population.phototypes, PHOTOTYPES, uniform(key, "population/phototype", numbers))
    sex = _places(population.sexes, SEXES, uniform(key, "population/sex", numbers))
    facts = np.zeros((len(population.facts), numbers.size), dtype=np.bool_)
    definitions = kb.by("facts")
    for row, fact in enumerate(population.facts):
        facts[row] = uniform(key, f"population/{fact.name}", numbers) < fact.share
        never = definitions[fact.name].never_of_sex if fact.name in definitions else None
        if never is not None and fact.value is True:
            facts[row] &= sex != SEXES.index(never)
    every = np.arange(len(PHOTOTYPES))
    return People(
        number=numbers,
        age_y=_ages(study, numbers),
        place=place,
        sex=sex,
        facts=facts,
        darkness=(place - every.mean()) / every.std(),
        slowness=normal(key, "population/slowness", numbers),
    )


# ---------------------------------------------------------------- from a person to the model's numbers


def relation(name: str, key: int, kb: Knowledge, world: Ints) -> Floats:
    """A number of the population in each world: its centre in world 0, anywhere between its bounds in the others.

    Args:
        name: parameter id. key: of the random numbers. world: int64[member].

    Returns:
        In the parameter's own unit, float64[member].
    """
    given = kb.parameter(name).quantity
    low = given.median if given.low is None else given.low
    high = given.median if given.high is None else given.high
    luck = uniform(key, f"{name}/doubt", world)
    return np.asarray(np.where(world == 0, given.median, low + (high - low) * luck))


def _own_places(people: People, world: Ints, belief: Belief, key: int) -> dict[str, Floats]:
    """Standard normal number of every parameter that differs between people, with their relations, float64[member]."""
    kb = belief.knowledge
    rows = [row for row in np.flatnonzero(belief.person > 0) if belief.shape[row] != "fixed"]
    names = [belief.names[row] for row in rows]
    own = dict(zip(names, normals(key, tuple(f"{name}/person" for name in names), people.number), strict=True))

    together = np.clip(relation(_HEAL, key, kb, world), 0.0, 1.0)
    for name, sign in SLOWNESS.items():
        own[name] = sign * np.sqrt(together) * people.slowness + np.sqrt(1 - together) * own[name]

    middle = relation("population-age-mean", key, kb, world)
    spread = relation("population-age-spread", key, kb, world)
    age = (people.age_y - middle) / spread
    man = np.select([people.sex == SEXES.index("male"), people.sex == SEXES.index("female")], [0.5, -0.5])
    for name, (by_age, by_sex) in THICKNESS.items():
        with_age = relation(by_age, key, kb, world)
        with_dark = relation(_DARK, key, kb, world) if name == "epidermis-ratio" else np.zeros(world.size)
        half = np.log(relation(by_sex, key, kb, world)) / belief.person[belief.names.index(name)]
        explained = with_age**2 + with_dark**2 + (half / 2) ** 2
        rest = np.sqrt(np.maximum(1 - explained, _LEAST))
        own[name] = with_age * age + with_dark * people.darkness + half * man + rest * own[name]
    return own


@lru_cache(maxsize=4)
def _middle(kb: Knowledge) -> tuple[Belief, Designed]:
    belief = Belief.prior(kb, members=1)
    return belief, designed(belief, {}, np.zeros(1, dtype=np.int64))


def belief_of(people: People, world: Ints, kb: Knowledge, key: int) -> Designed:
    """The belief whose members are these people, each in a world: the person layer is theirs, the doubt the world's.

    In world 0 every doubt is at its centre; another world has one draw of each for everybody in it.

    Args:
        people: one for each member. world: int64[member]. kb: parameters. key: of the random numbers.
    """
    belief, middle = _middle(kb)
    own = _own_places(people, world, belief, key)
    doubting = [
        name
        for name, width, shape in zip(belief.names, belief.doubt, belief.shape, strict=True)
        if width > 0 and shape != "fixed"
    ]
    distinct, which = np.unique(world, return_inverse=True)
    luck = normals(key, tuple(f"{name}/doubt" for name in doubting), distinct) * (distinct > 0)
    doubt = dict(zip(doubting, luck, strict=True))
    values: dict[str, Floats] = {}
    for name, centre in middle.values.items():
        if name in own:
            values[name] = quantile(belief, name, doubt[name][which] if name in doubt else 0.0, own[name])
        elif name in doubt:
            values[name] = quantile(belief, name, doubt[name], 0.0)[which]
        else:
            values[name] = np.broadcast_to(centre, world.shape)
    return _with(middle, people.number, values)


def _with(middle: Designed, members: Ints, values: Mapping[str, Floats]) -> Designed:
    from dataclasses import replace

    return replace(middle, members=members, values=values)


def true_baselines(study: Study, people: People, kb: Knowledge) -> dict[str, Floats]:
    """True start of each zone on its scale, float64[person]; zones without a scale or a usual start are left out.

    Assumes: zones of one person start alike (their correlation); the relation is at its centre in every world, because
        a person starts where the person starts.
    """
    together = kb.parameter(_ZONES).quantity.median
    common = normal(study.key, "population/baseline", people.number)
    found: dict[str, Floats] = {}
    for zone in study.population.zones:
        spread = baseline_spread(zone, study, kb)
        if spread is None:
            continue
        mean, sd, low, high = spread
        own = normal(study.key, f"{zone.concern}/{zone.zone}/baseline", people.number)
        luck = sqrt(together) * common + sqrt(1 - together) * own
        found[zone.zone] = np.clip(mean + sd * luck, low, high)
    return found


def baseline_spread(zone: StudyZone, study: Study, kb: Knowledge) -> tuple[float, float, float, float] | None:
    """Mean, spread and both ends of the scale on which a zone starts; None where nothing is known of it."""
    indication = kb.planned_indication(zone.concern, study.population.setting)
    scale = kb.by("scales").get(indication.scale) if indication.scale else None
    if scale is None:
        return None
    if zone.baseline is not None:
        return zone.baseline.mean_score, zone.baseline.sd_score, scale.low, scale.high
    if indication.baseline is None:
        return None
    return indication.baseline, indication.baseline_sd or 0.0, scale.low, scale.high


__all__ = [
    "PHOTOTYPES",
    "SEXES",
    "SLOWNESS",
    "THICKNESS",
    "People",
    "baseline_spread",
    "belief_of",
    "draw_people",
    "relation",
    "true_baselines",
]
