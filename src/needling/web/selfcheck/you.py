"""The page about the person: year of birth, how the skin takes the sun, sex at birth."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

FIRST_YEAR = 1920
NEEDED = "A plan needs your year of birth; without it the answer is a sheet for a clinic. The other two may stay open."
"""Which of these answers a plan needs; the careful reading stands in for the others."""
PHOTOTYPES = (
    ("I", "Always burns, never tans"),
    ("II", "Burns easily, tans a little"),
    ("III", "Sometimes burns, tans slowly"),
    ("IV", "Rarely burns, tans well"),
    ("V", "Brown skin, very rarely burns"),
    ("VI", "Black or very dark skin, does not burn"),
)
ASKED = {"age_y": "How old are you?", "phototype": "How does your skin take the sun?"}
"""What this page asks, in its words, where it is still open."""
SEXES = ("female", "male", "intersex")


def read_you(sent: Mapping[str, Any]) -> tuple[dict[str, Any], str]:
    """What was told, and what is wrong with the year; "" when nothing is."""
    year, phototype, sex = (str(sent.get(name, "")).strip() for name in ("birth_year", "phototype", "sex"))
    this = date.today().year
    right = year.isascii() and year.isdigit() and len(year) == len(str(this)) and FIRST_YEAR <= int(year) <= this
    if year and not right:
        return {}, f"Please give a year from {FIRST_YEAR} to {this}, or leave it empty."
    told = {
        "birth_year": int(year) if year else None,
        "phototype": phototype if phototype in dict(PHOTOTYPES) else None,
        "sex_at_birth": sex if sex in SEXES else None,
    }
    return told, ""
