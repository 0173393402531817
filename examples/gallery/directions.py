"""Do more directions make the map more even?

Hardly, if the roller is lifted and set down anew for each lane: sixteen passes one way and four ways leave the same 9
of 100 square millimetres empty. Rolling to and fro on one line without lifting is more of a gamble: 6 to 15 of 100.

Source: schwarz2011 (drum). Counted on simulated maps, as nobody has counted on skin.
"""

from __future__ import annotations

import numpy as np

from needling import load_knowledge
from needling.documents import Stroke
from needling.documents.maps import Outline
from needling.simulation import ChannelMap, channel_map

SOURCES = ("schwarz2011",)
EXPECTED, TOLERANCE, UNIT = 0.0, 0.8, "% points less empty skin with four directions"
HANDS = 12
WAYS = {
    "one direction, never lifted": (1, False),
    "one direction, lifted": (1, True),
    "two directions, lifted": (2, True),
    "four directions, lifted": (4, True),
    "eight directions, lifted": (8, True),
}


def rolled(way: str, key: int = 0) -> ChannelMap:
    """Sixteen passes over a square of 4 cm."""
    directions, lift = WAYS[way]
    stroke = Stroke(
        zone="cheek-left", needle_length_mm=1.5, directions_count=directions, passes_count=16 // directions, force_N=4
    )
    return channel_map("roller-192", stroke, Outline.rectangle(40, 40), load_knowledge(), key=key, lift=lift)


def empty_pct(way: str, hands: int = HANDS) -> list[float]:
    """Square millimetres without a channel, for several hands."""
    return [100 * rolled(way, key).report().empty_share for key in range(hands)]


def main() -> float:
    return float(np.mean(empty_pct("one direction, lifted")) - np.mean(empty_pct("four directions, lifted")))


def draw() -> None:
    from style import ACCENT, INK, grid, page

    with page(
        "directions",
        "More directions leave as much skin empty; never lifting the roller is a gamble",
        f"Simulated: 16 passes, 192 needles of 1.5 mm, 4 x 4 cm, {HANDS} hands (dots) and their mean (line).",
        columns=2, size=(7.6, 3.2), width_ratios=(1, 1.9),
    ) as (picture, axes):  # fmt: skip
        found = rolled("one direction, never lifted", 3)
        picture.plot(found.x_mm, found.y_mm, ".", ms=1.8, mew=0, color=ACCENT)
        picture.set(
            xlim=(0, 15), ylim=(0, 15), aspect="equal", xticks=(0, 5, 10, 15), yticks=(0, 5, 10, 15), xlabel="mm"
        )
        picture.set_title("one direction, never lifted", fontsize=9)
        for row, way in enumerate(reversed(WAYS)):
            left = empty_pct(way)
            axes.plot(left, [row] * len(left), "o", color=ACCENT, ms=4.5, alpha=0.5, mew=0)
            axes.plot([np.mean(left)] * 2, [row - 0.28, row + 0.28], color=INK, lw=1.6)
        axes.set_yticks(range(len(WAYS)), list(reversed(WAYS)))
        axes.tick_params(axis="y", length=0)
        axes.set(xlabel="mm² without a channel (%)", xlim=(0, None), ylim=(-0.6, len(WAYS) - 0.4))
        grid(axes, "x")


if __name__ == "__main__":
    assert abs(main() - EXPECTED) <= TOLERANCE
    draw()
