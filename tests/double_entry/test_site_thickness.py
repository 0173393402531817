"""Skin thickness and length ceilings by site, typed again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

# Ultrasound, 49 men and 69 women, in mm: epidermis (men, women), dermis (men, women)
ULTRASOUND = {
    "forehead": ((0.22, 0.20), (1.17, 0.86)),
    "eyelid": ((0.18, 0.17), (0.67, 0.58)),
    "nose": ((0.20, 0.19), (1.03, 0.93)),
    "cheek": ((0.19, 0.20), (1.14, 0.87)),  # zygoma
    "chin-jaw": ((0.21, 0.18), (1.02, 0.91)),  # submandibular
    "neck": ((0.19, 0.17), (0.98, 0.99)),
}
# Histology of the epidermis in µm: lowest and highest mean of the series that name the place
HISTOLOGY_FACE_UM = (29.6, 122.8)
HISTOLOGY = {
    "upper-lip": (62.6, 122.8),
    "scalp": (65.9, 120.9),
    "cheek": (65.9, 120.9),
    "shoulder-back": (70.3, 81.3),  # living epidermis, and with the horny layer of 11.0
    "thigh-buttock": (81.5, 96.4),  # living epidermis, and with the horny layer of 14.9
}
# Ceilings in mm: home, clinic
CEILINGS = {
    "eyelid": (0, 0),
    "periorbital": (0, 0.5),
    "forehead": (0.25, 1.0),
    "nose": (0.25, 1.0),
    "upper-lip": (0.25, 1.0),
    "cheek": (0.3, 1.5),
    "chin-jaw": (0.3, 1.5),
    "neck": (0.2, 1.0),
    "decollete": (0.2, 1.0),
    "scalp": (0.25, 1.5),
    "shoulder-back": (0, 2.0),
    "abdomen": (0.25, 2.5),
    "thigh-buttock": (0.25, 2.5),
    "upper-arm": (0.25, 1.5),
    "hand": (0.2, 1.0),
    "mucosa": (0, 0),
    "axilla": (0, 0),
}
NEVER = ("eyelid", "mucosa")
NO_ROLLER = ("eyelid", "periorbital", "mucosa", "axilla")
BONE = ("forehead",)
KELOID = ("decollete", "shoulder-back")


@pytest.mark.parametrize("name", ULTRASOUND)
def test_ultrasound(entry: Callable[[str, str], Any], name: str) -> None:
    site, (epidermis, dermis) = entry("sites", name), ULTRASOUND[name]
    assert site.epidermis_imaging_um == pytest.approx(1000 * sum(epidermis) / 2, abs=0.6)
    assert site.dermis_mm == pytest.approx(sum(dermis) / 2, abs=0.0006)


@pytest.mark.parametrize("name", HISTOLOGY)
def test_histology(entry: Callable[[str, str], Any], name: str) -> None:
    site, (low, high) = entry("sites", name), HISTOLOGY[name]
    if site.epidermis_um is None:
        pytest.skip(f"no histology is kept for {name}: this second reading has nothing to be compared with")
    assert low - 0.5 <= site.epidermis_um <= high + 0.5


@pytest.mark.parametrize("name", ULTRASOUND)
def test_methods_are_not_mixed(entry: Callable[[str, str], Any], name: str) -> None:
    site = entry("sites", name)
    if site.epidermis_um is None:
        pytest.skip(f"no histology is kept for {name}: this second reading has nothing to be compared with")
    assert HISTOLOGY_FACE_UM[0] <= site.epidermis_um <= HISTOLOGY_FACE_UM[1] < site.epidermis_imaging_um


@pytest.mark.parametrize("name", CEILINGS)
def test_ceilings(entry: Callable[[str, str], Any], name: str) -> None:
    site, (home, clinic) = entry("sites", name), CEILINGS[name]
    assert site.home_max_mm <= home and site.clinic_max_mm <= clinic
    assert site.never == (name in NEVER)
    assert site.roller == (name not in NO_ROLLER)


@pytest.mark.parametrize("name", KELOID)
def test_keloid_prone(entry: Callable[[str, str], Any], name: str) -> None:
    assert entry("sites", name).keloid_prone


@pytest.mark.parametrize("name", BONE)
def test_bony(entry: Callable[[str, str], Any], name: str) -> None:
    assert entry("sites", name).bony
