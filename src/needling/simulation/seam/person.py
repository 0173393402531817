"""What is known about a person, as it moves the draw: age, skin, smoking, medicines."""

from __future__ import annotations

from typing import get_args

from needling.documents import Assessment, Person, Phototype
from needling.simulation.engines.arrays import on_arrays
from needling.simulation.equations import closure
from needling.simulation.seam.context import Draw, age_y, fact
from needling.units import to_si

OPENINGS = ("barrier", "water", "structure")
_DARKNESS = get_args(Phototype)


def modified(drawn: Draw, person: Person, assessment: Assessment) -> Draw:
    """The draw with the person's known modifiers; what is not known moves nothing, and the forecast says so.

    Age slows closure and synthesis, dark skin closure, smoking synthesis, an anti-inflammatory painkiller the closing
    of the electrical and drug path.
    """
    own = dict(drawn)
    years = age_y(person, assessment)
    if years is not None:
        age = to_si(years, "y")
        young, old = drawn["young-age"][0], drawn["old-age"][0]
        by_age = on_arrays(closure.by_age)
        slower = by_age(drawn["closure-age-ratio"], age, young, old)
        less = by_age(drawn["age-collagen-ratio"], age, young, old)
        for opening in OPENINGS:
            own[f"{opening}-half-life"] = own[f"{opening}-half-life"] * slower
        own["collagen-synthesis-rate"] = drawn["collagen-synthesis-rate"] * less
    if person.phototype is not None:
        darkness = _DARKNESS.index(person.phototype) / (len(_DARKNESS) - 1)
        for opening in OPENINGS:
            own[f"{opening}-half-life"] = own[f"{opening}-half-life"] * drawn["closure-darkness-ratio"] ** darkness
    if fact("nsaid", person, assessment) is True:
        own["barrier-half-life"] = own["barrier-half-life"] * drawn["nsaid-closure-ratio"]
    if fact("smoker", person, assessment) is True:
        own["collagen-synthesis-rate"] = own["collagen-synthesis-rate"] * drawn["smoker-collagen-ratio"]
    return own
