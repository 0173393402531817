"""Does it matter to the dermis whether a substance loves fat?

Hardly. Once the horny layer is out of the way, as in a channel, permeability spans a factor of a few where log P
spans six powers of ten: about -4.7 (log10 of cm/s) for solutes of 70 to 590 Da.

Source: osp-skin-model (equations of living skin). Points: Galey 1976 (dermis), Chantasart 2010 (epidermis without its
horny layer), Scheuplein 1973 and Cross 2003 (alcohols through dermis, as a range).
"""

from __future__ import annotations

import numpy as np

from needling import load_knowledge
from needling.simulation.equations import permeation
from needling.units import to_si

SOURCES = ("osp-skin-model",)
EXPECTED, TOLERANCE, UNIT = -4.75, 0.2, "log10 of cm/s, mean of five solutes"
DERMIS_M = 1e-3
WHITE = {"facecolor": "white", "alpha": 0.7, "edgecolor": "none", "pad": 0.5}
# Solute: log10 of octanol/water, molar mass, log10 of measured cm/s. The log P are usual values, from memory.
MEASURED = {
    "ouabain": (-2.0, 584.6, -4.83),
    "butanol": (0.84, 74.1, -4.70),
    "amphetamine": (1.76, 135.2, -4.59),
    "octanol": (3.0, 130.2, -4.83),
    "estradiol": (4.0, 272.4, -4.82),
}


def permeability(mass: float, log_kow: float, thickness: float = DERMIS_M) -> float:
    """log10 of cm/s through living skin with a receptor below, of a neutral solute."""

    def middle(*names: str) -> list[float]:
        quantities = [load_knowledge().parameter(name).quantity for name in names]
        return [to_si(quantity.median, quantity.unit) for quantity in quantities]

    albumin, lipid, water = middle("tissue-albumin-share", "tissue-lipid-share", "tissue-water-share")
    unbound = permeation.unbound_share(log_kow, *middle("albumin-slope-neutral", "albumin-offset-neutral"))
    factor = permeation.binding_factor(unbound, 1.0, log_kow, albumin, lipid)
    free = permeation.free_diffusivity(mass, *middle(*permeation.FREE_PARAMETERS))
    moving = permeation.tissue_diffusivity(free, factor, unbound, albumin, *middle("albumin-diffusivity"))
    kept = permeation.tissue_partition(factor, 1.0, water)
    return float(np.log10(100 * permeation.sheet_permeability(kept, moving, thickness)))


def main() -> float:
    return float(np.mean([permeability(mass, kow) for kow, mass, _ in MEASURED.values()]))


def draw() -> None:
    from style import FAINT, MUTED, grid, page, points

    with page(
        "isolated_dermis",
        "Past the horny layer, it hardly matters whether a substance loves fat",
        "Marks: Galey 1976 (dermis: ouabain, amphetamine, estradiol), Chantasart 2010 (epidermis without its horny "
        "layer: butanol, octanol). Grey: alcohols C2 to C10 through dermis, Scheuplein 1973 and Cross 2003. Line: 1 "
        "mm of dermis. Dotted: whole skin by Potts and Guy for 200 Da.",
        size=(6.4, 4.3),
    ) as axes:
        x = np.linspace(-4, 5, 90)
        axes.axhspan(-5.83, -5.0, color=FAINT, alpha=0.6, linewidth=0)
        for mass, style in ((100, "-"), (600, "--")):
            axes.plot(x, [permeability(mass, kow) for kow in x], style, color="C0", label=f"model, {mass} Da")
        quantities = [load_knowledge().parameter(name).quantity for name in permeation.POTTS_GUY_PARAMETERS]
        guy = [to_si(quantity.median, quantity.unit) for quantity in quantities]
        axes.plot(
            x, [np.log10(100 * permeation.potts_guy(200, kow, *guy)) for kow in x], ":", color=MUTED, label="whole skin"
        )
        points(axes, [kow for kow, _, _ in MEASURED.values()], [seen for _, _, seen in MEASURED.values()], "measured")
        for name, (kow, _, seen) in MEASURED.items():
            axes.annotate(
                name, (kow, seen), (0, -14), textcoords="offset points", fontsize=8, ha="center", zorder=6, bbox=WHITE
            )
        axes.set(
            xlabel="octanol/water ratio (log10)", ylabel="permeability (log10 of cm/s)", xlim=(-4, 5), ylim=(-7, -4)
        )
        axes.legend(loc="lower right")
        grid(axes)


if __name__ == "__main__":
    assert abs(main() - EXPECTED) <= TOLERANCE
    draw()
