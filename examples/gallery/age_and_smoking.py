"""How much do age and smoking take away?

Skin of 80 makes new collagen at two thirds of the rate of a young one, that of a heavy smoker at little more than
half. After five sessions a smoker of 30 has three quarters of a non-smoker's new collagen, as both near what skin can
hold.

Source: varani2006 (age, cells in a dish), jorgensen1998 (smoking, small wounds); holt1992 saw no effect of age.
"""

from __future__ import annotations

import numpy as np
from person import Floats, after_last, case, people, planned

from needling.simulation import simulate

SOURCES = ("varani2006", "jorgensen1998", "holt1992")
EXPECTED, TOLERANCE, UNIT = 0.74, 0.06, "of a non-smoker's new collagen, at 30"
AGES = (25, 35, 45, 55, 65, 75, 85)
SENTENCE = "1.5 mm roller, 4 directions x 4 passes, cheeks, every 30 days x 5"


def new_collagen(age: int, smoker: bool) -> Floats:
    """Collagen above the start eight weeks after five monthly sessions, of each possible person."""
    person, assessment, _ = case()
    facts = [fact for fact in person.facts if fact.name != "smoker"]
    answer = next(fact for fact in person.facts if fact.name == "smoker").model_copy(update={"value": smoker})
    other = person.model_copy(
        update={"birth_year": assessment.on.year - age, "facts": (*facts, answer)}
    )  # fmt: skip
    found = simulate(planned(SENTENCE), other, assessment, people())
    return after_last(found, found.collagen, 56) - 1


def main() -> float:
    return float(np.median(new_collagen(30, True)) / np.median(new_collagen(30, False)))


def draw() -> None:
    from style import INK, band, grid, page

    with page(
        "age_and_smoking",
        f"A smoker of 30 makes {100 * main():.0f} % of the new collagen of a non-smoker",
        "Eight weeks after five monthly sessions of 1.5 mm; bands: 90 and 50 of 100 possible people. What age and "
        "smoking do is put in, from cells in a dish (Varani 2006) and small wounds (Jorgensen 1998); nobody has "
        "counted it for needling.",
        columns=2, size=(7.2, 3.7), sharey=True,
    ) as axes:  # fmt: skip
        for panel, smoker in zip(axes, (False, True), strict=True):
            band(panel, AGES, [100 * new_collagen(age, smoker) for age in AGES])
            panel.axhline(100 * np.median(new_collagen(AGES[0], False)), color=INK, lw=0.8, ls="--")
            panel.set_title("smokers" if smoker else "non-smokers", fontsize=9.5)
            panel.set(xlabel="age (years)", xlim=(25, 85), ylim=(0, 100), xticks=(25, 40, 55, 70, 85))
            grid(panel)
        axes[0].set_ylabel("new collagen (% of the start)")


if __name__ == "__main__":
    assert abs(main() - EXPECTED) <= TOLERANCE
    draw()
