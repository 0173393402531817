"""What does a worn or a cheap roller do?

Its channels are far more uneven: of a cheap one the deepest twentieth goes at least 4 times as deep as the
shallowest; of a new one 2.7 times. Needles that are blunt need more force, and some open nothing.

Source: lam2008, romgens2014 (tips and force); how much a worn or cheap roller differs is our proposal, as nobody has
measured it.
"""

from __future__ import annotations

import numpy as np

from needling import load_knowledge
from needling.documents import Condition, Stroke
from needling.documents.maps import Outline
from needling.simulation import ChannelMap, channel_map

SOURCES = ("romgens2014", "lam2008")
EXPECTED, TOLERANCE, UNIT = 4.0, 0.5, "times, deepest over shallowest 5 %"
CONDITIONS: tuple[Condition, ...] = ("new", "worn", "cheap")


def rolled(condition: Condition, key: int = 0, force_N: float = 4.0) -> ChannelMap:
    """4 x 4 passes of 1.5 mm needles over a square of 4 cm."""
    stroke = Stroke(zone="cheek-left", needle_length_mm=1.5, directions_count=4, passes_count=4, force_N=force_N)
    return channel_map("roller-192", stroke, Outline.rectangle(40, 40), load_knowledge(), key=key, condition=condition)


def unevenness(condition: Condition, rollers: int = 12) -> list[float]:
    """Depth that 5 % of channels pass over the depth that 95 % pass, for several rollers."""
    depths = [rolled(condition, key).depth_mm for key in range(rollers)]
    return [float(np.quantile(depth, 0.95) / np.quantile(depth, 0.05)) for depth in depths]


def main() -> float:
    return float(np.mean(unevenness("cheap")))


def draw() -> None:
    from style import ACCENT, INK, MUTED, OTHER, grid, page

    colours = dict(zip(CONDITIONS, (ACCENT, MUTED, OTHER), strict=True))
    with page(
        "worn_roller",
        "A worn or cheap roller makes some channels far too deep and others far too shallow",
        "Simulated, 192 needles of 1.5 mm, one person. How uneven used and cheap needles are is a proposal: no "
        "measurement was found. Right: twelve rollers of each kind. No channel is deeper than its needle is long.",
        columns=2, size=(7.6, 3.6), width_ratios=(1.7, 1),
    ) as (spread, ratio):  # fmt: skip
        depths = np.linspace(0, 1.6, 161)
        for row, condition in enumerate(CONDITIONS):
            depth = np.concatenate([rolled(condition, key).depth_mm for key in range(12)])
            deeper = 1 - np.searchsorted(np.sort(depth), depths) / depth.size
            spread.plot(depths, 100 * deeper, color=colours[condition], label=condition)
            found = unevenness(condition)
            ratio.plot([row] * len(found), found, "o", color=colours[condition], ms=4.5, alpha=0.55, mew=0)
            ratio.plot([row - 0.25, row + 0.25], [np.mean(found)] * 2, color=INK, lw=1.6)
        spread.set(xlabel="depth (mm)", ylabel="channels at least so deep (%)", xlim=(0, 1.6), ylim=(0, 102))
        spread.legend()
        ratio.set_xticks(range(3), CONDITIONS)
        ratio.set(ylabel="deepest 5 % over shallowest 5 %", ylim=(1, None), xlim=(-0.5, 2.5))
        grid(spread)
        grid(ratio)


if __name__ == "__main__":
    assert abs(main() - EXPECTED) <= TOLERANCE
    draw()
