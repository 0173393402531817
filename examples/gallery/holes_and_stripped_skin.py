"""How much do 240 holes open, beside skin without any horny layer?

More than half: holes that cover less than 1 % of the area conduct 57 % of what bare tissue would, if they stood open
and full of liquid. Rollers reach about a twentieth of that, which is why the model carries an opening efficiency.

Source: two-dimensional unit cell, solved here; ita2015-roller (measured gains of 1.0 and 2.2 through pig skin).
"""

from __future__ import annotations

import numpy as np

from needling import load_knowledge
from needling.simulation.engines.reference.unit_cell import conductance
from needling.simulation.equations.permeation import channel_permeability

SOURCES = ("ita2015-roller", "kaist-roller-2010")
REQUIRES = ("scipy",)
EXPECTED, TOLERANCE, UNIT = 0.57, 0.02, "share of bare tissue"
RADIUS, DEPTH, TISSUE = 35e-6, 150e-6, 500e-6
HOLES_PER_CM2 = (25, 50, 100, 240, 400, 600)


def open_share(holes_per_cm2: float) -> float:
    """Steady flow through open holes over that through bare tissue, in two dimensions."""
    return conductance(1e4 * holes_per_cm2, RADIUS, DEPTH, TISSUE) * TISSUE


def reduced_share(holes_per_cm2: float) -> float:
    """The same by the closed form that the transport engine uses."""
    return channel_permeability(1e4 * holes_per_cm2, RADIUS, DEPTH, TISSUE, 1.0, 1.0) * TISSUE


def main() -> float:
    return open_share(240)


def draw() -> None:
    from style import ACCENT, WIDE_BAND, grid, page, points

    kb = load_knowledge()
    opening = kb.parameter("opening-efficiency").quantity
    low, high = (opening.median * np.exp(1.645 * side * np.hypot(opening.person, opening.doubt)) for side in (-1, 1))
    with page(
        "holes_and_stripped_skin",
        f"240 open holes on a square centimetre conduct {100 * main():.0f} % as well as skin without a horny layer",
        "Holes of 35 µm radius, 150 µm deep in 0.5 mm of tissue, over a receptor. Marks: unit cell in two dimensions. "
        "Band: with the opening efficiency, a twentieth and uncertain by a factor of three either way, which measured "
        "gains ask for (1.0 and 2.2 times through pig skin, Ita group 2015; 10.5 through rat skin, KAIST 2010).",
    ) as axes:
        x = np.linspace(5, 620, 100)
        ideal = 100 * np.array([reduced_share(holes) for holes in x])
        axes.plot(x, ideal, label="open holes, closed form")
        points(axes, HOLES_PER_CM2, [100 * open_share(holes) for holes in HOLES_PER_CM2], "open holes, two dimensions")
        axes.fill_between(x, low * ideal, high * ideal, color=WIDE_BAND, linewidth=0)
        axes.plot(x, opening.median * ideal, ls="--", color=ACCENT, label="as rollers leave them")
        axes.plot(x, 100 * np.pi * RADIUS**2 * 1e4 * x, ":", color="C2", label="area of the holes")
        axes.set(
            xlabel="holes for each cm²",
            ylabel="conductance (% of bare tissue)",
            xlim=(0, 620),
            yscale="log",
            ylim=(0.03, 130),
        )
        axes.set_yticks([0.1, 1, 10, 100], ["0.1", "1", "10", "100"])
        axes.legend(loc="lower right", ncols=2)
        grid(axes)


if __name__ == "__main__":
    assert abs(main() - EXPECTED) <= TOLERANCE
    draw()
