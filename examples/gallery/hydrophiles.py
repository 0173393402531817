"""Which formula of skin permeability should serums be computed with?

That of Wilschut and Robinson: for substances that dissolve in water rather than in fat, most of what serums hold, the
better known one of Potts and Guy is too low 25-fold on average.

Source: wilschut1995, chen2010 (collected measurements on human skin; its nine solutes with a log Kow of -1 or less
are typed here).
"""

from __future__ import annotations

import numpy as np

from needling import load_knowledge
from needling.simulation.equations import permeation
from needling.units import from_si, to_si

SOURCES = ("wilschut1995", "chen2010")
EXPECTED, TOLERANCE, UNIT = -1.43, 0.2, "log10, mean error of Potts-Guy"
# Solute: log10 of octanol/water, molar mass, log10 of measured permeability in cm/s (mean where there are several).
MEASURED = {
    "sucrose": (-3.7, 342.3, (-8.84,)),
    "aspartic acid": (-3.47, 133.1, (-7.43,)),
    "lysine": (-3.05, 146.2, (-6.87,)),
    "mannitol": (-3.01, 182.17, (-8.51, -8.18, -8.16, -7.92, -7.77)),
    "histidine": (-2.9, 155.2, (-7.82,)),
    "urea": (-2.11, 60.6, (-7.39,)),
    "ouabain": (-2.0, 584.6, (-9.66,)),
    "water": (-1.38, 18.0, (-6.60,)),  # of 17
    "nitrosodiethanolamine": (-1.28, 134.13, (-8.30,)),
}
FORMULAS = {
    "Wilschut and Robinson": (
        permeation.wilschut_robinson, (1.0,), (*permeation.WILSCHUT_PARAMETERS, "wilschut-aqueous-permeability"),
    ),
    "Potts and Guy": (permeation.potts_guy, (), permeation.POTTS_GUY_PARAMETERS),
}  # fmt: skip


def predicted(formula: str, mass: float, log_kow: float) -> float:
    """log10 of cm/s, at the medians of the knowledge."""
    equation, given, names = FORMULAS[formula]
    quantities = [load_knowledge().parameter(name).quantity for name in names]
    numbers = [to_si(quantity.median, quantity.unit) for quantity in quantities]
    return float(np.log10(from_si(equation(mass, log_kow, *given, *numbers), "cm_per_s")))


def errors(formula: str) -> np.ndarray:
    """Predicted less measured, log10, of each solute."""
    return np.array([predicted(formula, mass, kow) - np.mean(seen) for kow, mass, seen in MEASURED.values()])


def main() -> float:
    return float(errors("Potts and Guy").mean())


def draw() -> None:
    from style import ACCENT, INK, OTHER, WIDE_BAND, grid, page

    with page(
        "hydrophiles",
        f"For what dissolves in water, Potts and Guy is too low {10 ** -main():.0f}-fold on average",
        "Human skin; measured values as Chen 2010 collected them, the mean where there are several (water: 17). "
        "Band: the factor of three by which laboratories differ on the same solute.",
        size=(6.6, 4.4),
    ) as axes:
        ends = (-12.2, -5.8)
        axes.fill_between(
            ends, [e - 0.5 for e in ends], [e + 0.5 for e in ends], color=WIDE_BAND, alpha=0.6, linewidth=0
        )
        axes.plot(ends, ends, color=INK, lw=0.9)
        for formula, colour, mark in zip(FORMULAS, (ACCENT, OTHER), "os", strict=True):
            seen = [np.mean(values) for _, _, values in MEASURED.values()]
            ours = [predicted(formula, mass, kow) for kow, mass, _ in MEASURED.values()]
            axes.plot(
                seen, ours, mark, color=colour, ms=6.5, label=f"{formula}: {errors(formula).mean():+.2f} on average"
            )
            if formula.startswith("Potts"):
                for name, x, y in zip(MEASURED, seen, ours, strict=True):
                    long = len(name) > 14
                    place = {"xytext": (-7, 3) if long else (6, -8), "ha": "right" if long else "left"}
                    axes.annotate(name, (x, y), **place, textcoords="offset points", fontsize=8)
        axes.set(xlabel="measured permeability (log10 of cm/s)", ylabel="computed (log10 of cm/s)")
        axes.set(xlim=(-10, -6), ylim=(-12, -5.8))
        axes.legend(loc="upper left")
        grid(axes)


if __name__ == "__main__":
    assert abs(main() - EXPECTED) <= TOLERANCE
    draw()
