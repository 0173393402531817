"""How people hang together, typed again: thickness of the skin against age, sex and skin type.

Each was read a second time in a stored copy of the page that is named beside it: abstracts, and one table of a paper.
"""

from __future__ import annotations

from collections.abc import Callable
from math import sqrt
from statistics import mean
from typing import Any

import pytest

# key: (year, what the citation must name); read on the page of the journal, or in the reference list of another paper
CITED: dict[str, tuple[int, tuple[str, ...]]] = {
    "sandby-moller2003": (2003, ("Acta Derm Venereol 83:410",)),  # medicaljournals.se, 10.1080/00015550310015419
    # Journal as in the reference list of 10.1016/j.jdermsci.2006.09.008 at ouci.dntb.gov.ua: 13:153,
    # 10.1111/j.1600-0781.1997.tb00220.x
    "lock-andersen1997": (1997, ("Photodermatol Photoimmunol Photomed",)),
    "crisan2012": (2012, ("Indian J Dermatol Venereol Leprol 78:519",)),  # ijdvl.com/?p=12172
    "skin-thickness-2022": (2022, ("BMC Med Imaging", "10.1186/s12880-022-00839-w")),  # PMC9205051
}

# Ultrasound of the face, Table 2 (pmc.ncbi.nlm.nih.gov/articles/PMC9205051/table/Tab2), 49 men and 69 women, in mm:
# place -> epidermis (men, women), dermis (men, women)
FACE_MM = {
    "forehead": ((0.22, 0.20), (1.17, 0.86)),
    "glabella": ((0.21, 0.19), (1.14, 0.90)),
    "temple": ((0.19, 0.18), (1.06, 0.80)),
    "eyelid": ((0.18, 0.17), (0.67, 0.58)),
    "nasal dorsum": ((0.20, 0.19), (1.03, 0.93)),
    "zygoma": ((0.19, 0.20), (1.14, 0.87)),
    "submandibular": ((0.21, 0.18), (1.02, 0.91)),
    "neck": ((0.19, 0.17), (0.98, 0.99)),
}
LAYERS = {"population-male-epidermis-ratio": 0, "population-male-dermis-ratio": 1}
WOMEN_THICKER = {"population-male-epidermis-ratio": ["zygoma"], "population-male-dermis-ratio": ["neck"]}

# Age and dermis, abstract of the same paper: in men the one relation with age, at the zygoma; in women thinner with
# age, mainly at four places (no r in the abstract)
MEN_ZYGOMA_R, PLACES_THINNER_IN_WOMEN = -0.327, ("forehead", "glabella", "zygoma", "submandibular")
IN_WORDS = {4: "four"}
NO_RELATION_R = 0.0
THICKER_AGES_Y = (21, 40)  # 160 people, ultrasound; dermis thicker there than before (ijdvl.com/?p=12172)

# Age, skin type and living epidermis in biopsies. 71 people: neither with age nor with skin type (medicaljournals.se).
# 73 Caucasians of 20 to 85 years, 39 of them with skin cancer, buttock: thinner with age, P < 0.01; independent of skin
# type and of pigmentation (yyws.alljournals.cn, staging.scite.ai)
NOT_CORRELATED_PEOPLE, THINNER_PEOPLE = 71, 73
T_OF_P_01 = 2.647  # Student's t with 71 degrees of freedom, both sides: where P < 0.01 begins

# In the full texts only, and these were not to be had: what is missing for each
UNREAD = {
    "population-age-epidermis-correlation": "the r in those whose epidermis thins with age; the abstract gives P only",
    "population-age-dermis-correlation": "the r at four places in women, and every r that was not significant",
    "population-darkness-epidermis-correlation": "which skin types the 71 people had, and any r",
}


def notes(found: Any, key: str, stance: str) -> str:
    """What an entry says of one of its sources, which must stand on that side."""
    return " ".join(one.note for one in found.sources if one.key == key and one.stance == stance)


@pytest.mark.parametrize("key", CITED)
def test_citation(entry: Callable[[str, str], Any], key: str) -> None:
    found, (year, names) = entry("sources", key), CITED[key]
    assert found.year == year
    assert all(name in " ".join(found.cites.split()) for name in names)


@pytest.mark.parametrize("name", LAYERS)
def test_men_and_women(entry: Callable[[str, str], Any], name: str) -> None:
    quantity, layer = entry("parameters", name).quantity, LAYERS[name]
    men, women = (mean(place[layer][sex] for place in FACE_MM.values()) for sex in (0, 1))
    assert (quantity.unit, quantity.median) == ("ratio", pytest.approx(men / women, abs=0.006))
    assert quantity.low <= 1 < men / women < quantity.high
    assert [place for place, both in FACE_MM.items() if both[layer][1] > both[layer][0]] == WOMEN_THICKER[name]


def test_age_and_epidermis(entry: Callable[[str, str], Any]) -> None:
    found = entry("parameters", "population-age-epidermis-correlation")
    thinner = -T_OF_P_01 / sqrt(T_OF_P_01**2 + THINNER_PEOPLE - 2)
    assert thinner == pytest.approx(-0.30, abs=0.005)
    assert found.quantity.unit == "ratio"
    assert found.quantity.low <= thinner < found.quantity.median < NO_RELATION_R < found.quantity.high
    assert f"{NOT_CORRELATED_PEOPLE} people" in notes(found, "sandby-moller2003", "conflicts")
    assert f"{THINNER_PEOPLE} people" in notes(found, "lock-andersen1997", "supports")


def test_age_and_dermis(entry: Callable[[str, str], Any]) -> None:
    found = entry("parameters", "population-age-dermis-correlation")
    assert found.quantity.unit == "ratio"
    assert found.quantity.low <= MEN_ZYGOMA_R <= found.quantity.median <= NO_RELATION_R <= found.quantity.high
    told = notes(found, "skin-thickness-2022", "supports")
    assert f"women at {IN_WORDS[len(PLACES_THINNER_IN_WOMEN)]} places" in told
    assert f"r {MEN_ZYGOMA_R:.2f}" in told
    assert "between {} and {} years".format(*THICKER_AGES_Y) in notes(found, "crisan2012", "conflicts")


def test_darkness_and_epidermis(entry: Callable[[str, str], Any]) -> None:
    found = entry("parameters", "population-darkness-epidermis-correlation")
    assert (found.quantity.unit, found.quantity.median) == ("ratio", NO_RELATION_R)
    assert found.quantity.low == -found.quantity.high < NO_RELATION_R
    assert "skin type" in notes(found, "sandby-moller2003", "supports")
    assert "pigmentation" in notes(found, "lock-andersen1997", "supports")


@pytest.mark.parametrize("name", UNREAD)
def test_what_the_full_text_alone_has(entry: Callable[[str, str], Any], name: str) -> None:
    if entry("parameters", name).access == "abstract":
        pytest.skip(f"{name}: not read a second time: {UNREAD[name]}")
    pytest.fail("the full text was read: type its figures here")
