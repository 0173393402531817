"""What is known about a person, as it moves the draw: age, skin, smoking, medicines."""

from __future__ import annotations

from typing import Any, get_args

import numpy as np

from needling.documents import Assessment, Person, Phototype
from needling.simulation.engines.arrays import on_arrays
from needling.simulation.equations import closure
from needling.simulation.seam.context import Draw, age_y, fact
from needling.simulation.seam.individuals import Individuals
from needling.units import to_si

OPENINGS = ("barrier", "water", "structure")
_DARKNESS = get_args(Phototype)


def modified(drawn: Draw, person: Person, assessment: Assessment, individuals: Individuals | None = None) -> Draw:
    """The draw with the person's known modifiers; what is not known moves nothing, and the forecast says so.

    Age slows closure and synthesis, dark skin closure, smoking synthesis, an anti-inflammatory painkiller the closing
    of the electrical and drug path.

    Args:
        individuals: what is known of each member; it comes before the documents.
    """
    own = dict(drawn)
    each = individuals or Individuals()
    years = age_y(person, assessment)
    age: Any = to_si(years, "y") if each.age is None and years is not None else each.age
    if age is not None:
        young, old = drawn["young-age"][0], drawn["old-age"][0]
        by_age = on_arrays(closure.by_age)
        slower = by_age(drawn["closure-age-ratio"], age, young, old)
        less = by_age(drawn["age-collagen-ratio"], age, young, old)
        for opening in OPENINGS:
            own[f"{opening}-half-life"] = own[f"{opening}-half-life"] * slower
        own["collagen-synthesis-rate"] = drawn["collagen-synthesis-rate"] * less
    place: Any = each.darkness
    if place is None and person.phototype is not None:
        place = _DARKNESS.index(person.phototype)
    if place is not None:
        darkness = place / (len(_DARKNESS) - 1)
        for opening in OPENINGS:
            own[f"{opening}-half-life"] = own[f"{opening}-half-life"] * drawn["closure-darkness-ratio"] ** darkness
    for name, given, rate, ratio in (
        ("nsaid", each.nsaid, "barrier-half-life", "nsaid-closure-ratio"),
        ("smoker", each.smoker, "collagen-synthesis-rate", "smoker-collagen-ratio"),
    ):
        if given is not None:
            own[rate] = np.where(given, own[rate] * drawn[ratio], own[rate])
        elif fact(name, person, assessment) is True:
            own[rate] = own[rate] * drawn[ratio]
    return own
