"""Device geometry, typed again from the papers and clearance summaries."""

from __future__ import annotations

from collections.abc import Callable
from math import pi
from typing import Any

import pytest

# id: (rings, needles in a ring, needles, drum diameter mm, drum width mm)
DRUM = {
    "roller-mf8": (8, 24, 192, 20, 20),
    "roller-192": (8, 24, 192, 20, 20),
    "roller-cit8": (8, 24, 192, 20, 20),
    "roller-mc905": (8, 24, 192, 20, 20),
    "roller-mc910": (8, 24, 192, 20, 20),
    "roller-mc915": (8, 24, 192, 20, 20),
    "roller-ms4": (4, 24, 96, 20, 10),
    "roller-72": (3, 24, 72, 20, None),  # the width is not printed
    "roller-540": (9, 60, 540, None, None),
}
# id: needle lengths in mm that the source names
LENGTHS = {
    "roller-mf8": (1.5,),
    "roller-cit8": (0.5,),
    "roller-c8": (0.13,),
    "roller-c8he": (0.2,),
    "roller-hc902": (0.2,),
    "roller-mc905": (0.5,),
    "roller-mc910": (1.0,),
    "roller-mc915": (1.5,),
    "roller-ms4": (1.5,),
    "roller-roll-cit": (1.5,),
    "stamp-dermastamp": (1.5, 2.0),
}
# id: base diameter in µm
BASE_UM = {"roller-mf8": 250, "roller-192": 140, "roller-home": 70, "pen-exceed-unlimited": 350}
# id: (needles, strokes per second low, high)
PEN = {
    "pen-exceed": (6, 100, 150),
    "pen-exceed-unlimited": (6, 100, 150),
    "pen-skinpen-precision": (14, 105, 128.4),  # 6,300 to 7,700 turns a minute around 7,000
    "pen-dermapen-2012": (11, 90, 90),
    "pen-dermapen-md": (12, 110, 110),
    "pen-dermapen-4": (16, 120, 120),
    "pen-pro": (14, 50, 150),
    "pen-generic": (12, 50, 150),  # class: 9 to 36 needles, 50 to 150 strokes
}
# id: deepest setting in mm that may be offered (label limit, or the dial where there is none)
DEEPEST = {
    "pen-exceed": 1.5,
    "pen-exceed-unlimited": 1.5,
    "pen-skinpen-precision": 1.5,
    "pen-dermapen-2012": 2.5,
    "pen-dermapen-4": 3.0,
    "stamp-digital": 2.0,
}
TIP_UM = 8  # radius 4 µm under the electron microscope


@pytest.mark.parametrize("name", DRUM)
def test_drum(entry: Callable[[str, str], Any], name: str) -> None:
    roller = entry("devices", name)
    found = (
        roller.rings_count,
        roller.needles_per_ring_count,
        roller.needles_count,
        roller.drum_diameter_mm,
        roller.drum_width_mm,
    )
    assert all(wanted is None or got == wanted for got, wanted in zip(found, DRUM[name], strict=True))


def test_24_needles_in_a_ring_are_15_degrees_apart(entry: Callable[[str, str], Any]) -> None:
    assert 360 / entry("devices", "roller-mf8").needles_per_ring_count == 15


def test_one_pass_of_the_classic_drum(entry: Callable[[str, str], Any]) -> None:
    roller = entry("devices", "roller-mf8")
    radius, width, length = roller.drum_diameter_mm / 20, roller.drum_width_mm / 10, max(roller.lengths_mm) / 10
    assert roller.needles_count / (2 * pi * radius * width) == pytest.approx(15.3, abs=0.05)
    assert roller.needles_count / (2 * pi * (radius + length) * width) == pytest.approx(13.3, abs=0.05)


@pytest.mark.parametrize("name", LENGTHS)
def test_lengths(entry: Callable[[str, str], Any], name: str) -> None:
    assert entry("devices", name).lengths_mm == LENGTHS[name]


@pytest.mark.parametrize("name", BASE_UM)
def test_needle_base(entry: Callable[[str, str], Any], name: str) -> None:
    assert entry("devices", name).base_diameter_um == BASE_UM[name]


def test_tip_of_the_measured_roller(entry: Callable[[str, str], Any]) -> None:
    assert entry("devices", "roller-192").tip_diameter_um == TIP_UM


@pytest.mark.parametrize("name", PEN)
def test_pens(entry: Callable[[str, str], Any], name: str) -> None:
    pen, (needles, low, high) = entry("devices", name), PEN[name]
    assert pen.needles_count == needles
    assert low <= pen.rate_hz <= high


@pytest.mark.parametrize("name", DEEPEST)
def test_no_setting_beyond_the_device(entry: Callable[[str, str], Any], name: str) -> None:
    assert max(entry("devices", name).lengths_mm) <= DEEPEST[name]


def test_tolerance_of_the_exceed_scale(entry: Callable[[str, str], Any]) -> None:
    assert entry("devices", "pen-exceed").tolerance_mm == 0.15


def test_home_rollers_are_short_and_short_lived(entry: Callable[[str, str], Any]) -> None:
    roller = entry("devices", "roller-home")
    assert max(roller.lengths_mm) <= 0.3
    assert (roller.life_uses_count, roller.life_mo) == (10, 3)
    assert not roller.sterile and not roller.single_use
