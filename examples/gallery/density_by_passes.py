"""How many channels does a square centimetre get from fifteen passes of a roller?

About 227: the geometry of the drum gives 225 to 229 for 0.2 mm needles, a tenth less than the 250 that reviews
repeat.

Source: schwarz2011 (drum), doddaballapur2009 (about 250), prime2015 (250 to 300 wanted).
"""

from __future__ import annotations

import numpy as np

from needling import load_knowledge
from needling.documents import Stroke
from needling.documents.maps import Outline
from needling.simulation import channel_map
from needling.simulation.equations.rolling import roller_density, rolling_radius

SOURCES = ("schwarz2011", "doddaballapur2009", "prime2015")
EXPECTED, TOLERANCE, UNIT = 227.0, 2.0, "channels/cm²"
PASSES, LENGTH_MM = (1, 3, 6, 9, 12, 15, 18, 21), 0.2


def laid(passes: int, key: int = 0) -> float:
    """Channels for each cm2 on a square of 4 cm, every puncture laid one by one."""
    stroke = Stroke(zone="cheek-left", needle_length_mm=LENGTH_MM, directions_count=1, passes_count=passes, force_N=4)
    return channel_map("roller-192", stroke, Outline.rectangle(40, 40), load_knowledge(), key=key).density_per_cm2


def geometry(passes: float, share: float) -> float:
    """The same from the drum alone: 192 needles, 2 cm wide and thick; share 0 rolls on the skin, 1 on the tips."""
    return 1e-4 * roller_density(192, rolling_radius(0.01, 1e-3 * LENGTH_MM, share), 0.02, passes)


def main() -> float:
    return float(np.mean([laid(15, key) for key in range(8)]))


def draw() -> None:
    from style import MIDDLE_BAND, grid, page, points

    with page(
        "density_by_passes",
        f"Fifteen passes of a 0.2 mm roller lay {main():.0f} channels on a square centimetre",
        "Mark: about 250 after 15 passes (Doddaballapur 2009). Grey: 250-300, wanted in clinics (PRIME 2015). "
        "Blue: 192 needles on a 2 x 2 cm drum (Schwarz 2011), from rolling on the skin to rolling on the tips.",
    ) as axes:
        x = np.linspace(0, 22, 50)
        axes.axhspan(250, 300, color="#eceff1", linewidth=0)
        axes.fill_between(x, geometry(x, 1.0), geometry(x, 0.0), color=MIDDLE_BAND, linewidth=0, label="geometry")
        for key in range(4):
            axes.plot(
                PASSES, [laid(n, key) for n in PASSES], ".", ms=7, color="C0", label=None if key else "laid one by one"
            )
        points(axes, [15], [250], "published")
        axes.set(
            xlabel="passes over the same skin",
            ylabel="channels for each cm²",
            xlim=(0, 22),
            ylim=(0, 340),
            xticks=(0, *PASSES),
        )
        axes.legend(loc="upper left")
        grid(axes)


if __name__ == "__main__":
    assert abs(main() - EXPECTED) <= TOLERANCE
    draw()
