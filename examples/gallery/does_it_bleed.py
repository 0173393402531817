"""Does it bleed?

A hole that passes the capillary loops opens one of them with a chance of 8 % when it is 0.07 mm wide, 14 % at 0.1 mm
and 54 % at 0.25 mm; at 250 holes for each cm2 that is 20 to 190 bleeding points.

Source: microneedle-montecarlo (14 loops for each mm2, 15 um wide).
"""

from __future__ import annotations

import numpy as np

from needling import load_knowledge
from needling.simulation.equations.depth import loop_strikes, strike_probability
from needling.units import to_si

SOURCES = ("microneedle-montecarlo",)
REQUIRES = ("scipy",)
EXPECTED, TOLERANCE, UNIT = 0.54, 0.01, "chance for each hole of 0.25 mm"
WIDTHS_MM, DENSITY_PER_CM2 = (0.07, 0.10, 0.25), 250


def chance(width_mm: float) -> float:
    """That a hole of a width opens at least one capillary loop."""
    kb = load_knowledge()
    loops, wide = (kb.parameter(name).quantity for name in ("capillary-density", "capillary-diameter"))
    strikes = loop_strikes(to_si(loops.median, loops.unit), to_si(width_mm, "mm"), to_si(wide.median, wide.unit))
    return strike_probability(strikes)


def thrown(width_mm: float, holes: int = 40_000, side_mm: float = 120.0, seed: int = 1) -> float:
    """The same by throwing loops and holes at random on a square: an independent count."""
    from scipy.spatial import cKDTree

    luck = np.random.default_rng(seed)
    loops = side_mm * luck.random((round(14 * side_mm**2), 2))
    places = 1 + (side_mm - 2) * luck.random((holes, 2))
    return float(np.mean(cKDTree(loops).query(places)[0] <= (width_mm + 0.015) / 2))


def main() -> float:
    return chance(0.25)


def draw() -> None:
    from style import grid, page, points

    with page(
        "does_it_bleed",
        f"A hole of a quarter millimetre hits a capillary loop with a chance of {100 * main():.0f} %",
        "14 loops for each mm², 15 µm wide, at random (7sbio microneedle-montecarlo). Marks: 8, 14 and 54 %, worked "
        "out by hand. Dots: 40,000 holes thrown among random loops. Only holes deeper than the loops count.",
    ) as axes:
        x = np.linspace(0.005, 0.36, 120)
        axes.plot(x, [100 * chance(width) for width in x], label="model")
        counted = np.arange(0.03, 0.36, 0.03)
        axes.plot(counted, [100 * thrown(width) for width in counted], ".", ms=7, color="C1", label="thrown at random")
        points(axes, WIDTHS_MM, (8, 14, 54), "by hand")
        axes.set(
            xlabel="width of the hole (mm)", ylabel="chance of blood for each hole (%)", xlim=(0, 0.36), ylim=(0, 85)
        )
        many = axes.secondary_yaxis(
            "right", functions=(lambda y: y * DENSITY_PER_CM2 / 100, lambda y: y * 100 / DENSITY_PER_CM2)
        )
        many.set_ylabel(f"bleeding points for each cm², of {DENSITY_PER_CM2}")
        axes.legend(loc="upper left")
        grid(axes)


if __name__ == "__main__":
    assert abs(main() - EXPECTED) <= TOLERANCE
    draw()
