"""How many passes give an even map?

About 19: only then are fewer than 5 of 100 square millimetres left without a channel. Sixteen leave 8 or 9.

Source: schwarz2011 (drum), doddaballapur2009 (about 15 passes are usual); counted on simulated maps, as nobody has
counted on skin.
"""

from __future__ import annotations

import numpy as np

from needling import load_knowledge
from needling.documents import Stroke
from needling.documents.maps import Outline
from needling.simulation import ChannelMap, channel_map

SOURCES = ("schwarz2011", "doddaballapur2009")
EXPECTED, TOLERANCE, UNIT = 19.0, 2.0, "passes"
PASSES = (1, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 24, 28, 32)
ENOUGH = 0.05


def rolled(passes: int, key: int = 0) -> ChannelMap:
    """A square of 4 cm, rolled in four directions as evenly as the number allows."""
    directions = 4 if passes % 4 == 0 else 2 if passes % 2 == 0 else 1
    stroke = Stroke(
        zone="cheek-left",
        needle_length_mm=1.5,
        directions_count=directions,
        passes_count=passes // directions,
        force_N=4,
    )
    return channel_map("roller-192", stroke, Outline.rectangle(40, 40), load_knowledge(), key=key)


def empty(passes: int, keys: int = 4) -> list[float]:
    """Share of square millimetres without a channel, for several hands."""
    return [rolled(passes, key).report().empty_share for key in range(keys)]


def main() -> float:
    """Passes at which the mean hand leaves 5 %."""
    passes = (14, 16, 18, 20, 22, 24)
    left = [np.mean(empty(number)) for number in passes]
    return float(np.interp(-np.log(ENOUGH), -np.log(left), passes))


def draw() -> None:
    from style import INK, MUTED, grid, page

    with page(
        "even_map",
        f"It takes about {main():.0f} passes until 95 of 100 square millimetres have a channel",
        "Simulated: 192 needles, 1.5 mm, lifted between lanes, one to four directions, 4 x 4 cm; dots are four hands.",
        columns=3, size=(8.2, 3.6), width_ratios=(1, 1, 2),
    ) as (few, many, axes):  # fmt: skip
        for panel, number in ((few, 4), (many, 20)):
            found = rolled(number)
            inside = (found.x_mm < 15) & (found.y_mm < 15)
            panel.plot(found.x_mm[inside], found.y_mm[inside], ".", ms=2.2, color="C0", mew=0)
            panel.set(
                xlim=(0, 15), ylim=(0, 15), xticks=(0, 5, 10, 15), yticks=(0, 5, 10, 15), xlabel="mm", aspect="equal"
            )
            panel.set_title(f"{number} passes, {found.density_per_cm2:.0f}/cm²", fontsize=9)
        shares = {number: empty(number) for number in PASSES}
        for number, left in shares.items():
            axes.plot([number] * len(left), 100 * np.array(left), ".", ms=4, color="C0")
        axes.plot(PASSES, [100 * np.mean(left) for left in shares.values()], color="C0", label="rolled")
        each_mm2 = rolled(1).density_per_cm2 / 100
        axes.plot(PASSES, 100 * np.exp(-each_mm2 * np.array(PASSES)), ":", color=MUTED, label="laid by pure chance")
        axes.axhline(100 * ENOUGH, color=INK, lw=0.8, ls="--")
        axes.set(xlabel="passes", ylabel="mm² without a channel (%)", yscale="log", ylim=(0.5, 120), xlim=(0, 33))
        axes.set_yticks([1, 5, 20, 100], ["1", "5", "20", "100"])
        axes.legend()
        grid(axes)


if __name__ == "__main__":
    assert abs(main() - EXPECTED) <= TOLERANCE
    draw()
