"""How long is the face red?

Hours after short needles, and about two and a half days after 1.5 mm for the middle person; for one in twenty, more
than four days. What is told of redness lies inside the band; the whole recovery takes longer.

Source: bal2008, vn-roller-2019, miller-roll-cit, drpen-depth-chart.
"""

from __future__ import annotations

import numpy as np
from person import DAY_S, Floats, course, planned

SOURCES = ("bal2008", "vn-roller-2019", "miller-roll-cit", "drpen-depth-chart")
EXPECTED, TOLERANCE, UNIT = 2.4, 0.5, "days at 1.5 mm"
LENGTHS_MM = (0.2, 0.3, 0.4, 0.5, 0.75, 1.0, 1.25, 1.5, 1.75, 2.0, 2.25, 2.5)
# Needle lengths in mm, redness told in days, where its name stands.
TOLD = {
    "volunteers, under 2 h": ((0.2, 0.4), (0.0, 2 / 24), (0.2, 0.25)),
    "weekly roller": ((1.0, 1.0), (1.0, 2.0), (1.06, 1.1)),
    "back in public": ((1.5, 1.5), (2.0, 5.0), (1.56, 4.7)),
    "whole recovery, a maker": ((0.8, 1.5), (4.0, 5.0), (0.8, 5.1)),
}


def redness_d(length_mm: float) -> Floats:
    """Longest redness after a session of 4 x 4 passes on cheeks, of each possible person."""
    found = course(planned(f"{length_mm} mm roller, 4 directions x 4 passes, cheeks, once"), as_planned=True)
    return found.redness_time / DAY_S


def main() -> float:
    return float(np.median(redness_d(1.5)))


def draw() -> None:
    from matplotlib.patches import Rectangle
    from style import INK, band, grid, page

    with page(
        "redness_by_length",
        f"After 1.5 mm needles the face is red for {main():.1f} days, up to four and more for some",
        "Boxes: volunteers (Bal 2008), a weekly roller (Vietnam 2019), return to the public (Miller), whole recovery "
        "by a maker's chart. Bands: 90 and 50 of 100 possible people; 16 passes, cheeks.",
    ) as axes:
        band(axes, LENGTHS_MM, [redness_d(length) for length in LENGTHS_MM])
        for label, ((short, long), (low, high), place) in TOLD.items():
            wide, tall = long - short + 0.06, max(high - low, 0.06)
            axes.add_patch(Rectangle((short - 0.03, low), wide, tall, edgecolor=INK, facecolor="none", lw=1.2))
            axes.annotate(label, place, fontsize=8.5)
        axes.set(xlabel="needle length (mm)", ylabel="redness (days)", xlim=(0.15, 2.5), ylim=(0, 6))
        grid(axes)


if __name__ == "__main__":
    assert abs(main() - EXPECTED) <= TOLERANCE
    draw()
