"""The page about the person: year of birth, how the skin takes the sun, sex at birth."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from needling.knowledge import Knowledge
from needling.knowledge.conditions import Interval, evaluate, leaves
from needling.knowledge.facts import AGE

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
BEEN, NOT_YET = "been", "not-yet"
"""Whether this year's birthday has been."""


def birthday_decides(birth_year: int, today: date, kb: Knowledge) -> bool:
    """Whether a rule holds on one side of this year's birthday and not on the other."""
    ages = Interval(today.year - birth_year - 1, today.year - birth_year)
    return any(
        fact == AGE and evaluate({AGE: {operator: operand}}, lambda _: ages).value is None
        for rule in kb.rules
        for fact, operator, operand in leaves(rule.when)
    )


def read_you(sent: Mapping[str, Any], kb: Knowledge | None = None) -> tuple[dict[str, Any], dict[str, str]]:
    """What was told, and what is wrong with it by field.

    Given the knowledge base, the birthday is asked for where it decides; it may stay open, but not unasked.
    """
    year, phototype, sex = (str(sent.get(name, "")).strip() for name in ("birth_year", "phototype", "sex"))
    this = date.today().year
    right = year.isascii() and year.isdigit() and len(year) == len(str(this)) and FIRST_YEAR <= int(year) <= this
    if year and not right:
        return {}, {"birth_year": f"Please give a year from {FIRST_YEAR} to {this}, or leave it empty."}
    told: dict[str, Any] = {
        "birth_year": int(year) if year else None,
        "phototype": phototype if phototype in dict(PHOTOTYPES) else None,
        "sex_at_birth": sex if sex in SEXES else None,
    }
    if kb is None or not year or not birthday_decides(int(year), date.today(), kb):
        return told, {}
    if "birthday" not in sent:
        return told, {"birthday": "Please answer one question more: with this year of birth your birthday decides."}
    said = sent["birthday"] if sent["birthday"] in (BEEN, NOT_YET) else ""
    return told | {"birthday": said, "birthday_of": this}, {}
