"""What does pressing harder do?

Nothing, beyond about 1 newton: then every needle of a 1.5 mm roller is in, and the channels are as deep as they get,
a third to three quarters of the needle. Less force makes them shallower.

Source: romgens2014 (force to enter grows with the tip), kalluri2011 (tip), lam2008 (short needles are buried less).
"""

from __future__ import annotations

from person import Floats, course, planned

from needling import load_knowledge
from needling.simulation.equations.depth import insertion_force
from needling.simulation.equations.rolling import entry_tilt, needles_in_contact
from needling.units import to_si

SOURCES = ("romgens2014", "kalluri2011", "lam2008")
EXPECTED, TOLERANCE, UNIT = 1.07, 0.05, "N"
FORCES_N = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 1.0, 1.2, 1.5, 2.0, 2.5, 3.0)


def enough(needle_length_mm: float) -> float:
    """Force at which all needles that touch the skin of the middle person go in, N."""

    def middle(name: str) -> float:
        quantity = load_knowledge().parameter(name).quantity
        return to_si(quantity.median, quantity.unit)

    device = load_knowledge().device("roller-192")
    drum, length = to_si((device.drum_diameter_mm or 0) / 2, "mm"), to_si(needle_length_mm, "mm")
    touching = needles_in_contact(device.needles_count, entry_tilt(drum, length))
    tip = to_si(device.tip_diameter_um, "um")
    return touching * insertion_force(tip, middle("insertion-force-slope"), middle("insertion-force-intercept"))


def depth_mm(needle_length_mm: float, force_N: float) -> Floats:
    """Median depth of the channels of each possible person."""
    plan = planned(f"{needle_length_mm} mm roller, 4 directions x 4 passes, cheeks, once", force_N)
    return 1e3 * course(plan).depth[0, 0]


def main() -> float:
    return enough(1.5)


def draw() -> None:
    from style import INK, band, grid, page

    with page(
        "pressing_harder",
        f"Pressing a roller with more than about {main():.1f} N brings no more depth",
        "Band: 90 and 50 of 100 possible people. Dashed: all needles in contact are in, by the force for one needle of "
        "this tip (Römgens 2014, single needles, human skin). Nobody has measured the force on a roller.",
        columns=2, size=(7.4, 3.9), sharey=True,
    ) as axes:  # fmt: skip
        for panel, length in zip(axes, (0.5, 1.5), strict=True):
            band(panel, FORCES_N, [depth_mm(length, force) for force in FORCES_N])
            panel.axvline(enough(length), color=INK, lw=0.9, ls="--")
            panel.axhline(length, color=INK, lw=0.9)
            panel.annotate("needle length", (3, length), (0, 3), textcoords="offset points", ha="right", fontsize=8.5)
            panel.set_title(f"{length} mm needles", fontsize=9.5)
            panel.set(xlabel="force on the roller (N)", xlim=(0, 3), ylim=(0, 1.7), xticks=(0, 1, 2, 3))
            grid(panel)
        axes[0].set_ylabel("depth of the channels (mm)")


if __name__ == "__main__":
    assert abs(main() - EXPECTED) <= TOLERANCE
    draw()
