"""How much denser is one traverse of a pen than one pass of a roller?

About 80 times: a fast pen lays some 1,170 channels on a square centimetre where a roller or a stamp lays 15 to 40.

Source: realself-skinpen, skinpen-depth-vendor (needles and strokes of the pen), schwarz2011 (drum); the head's
7 mm and the speed of the hand, 20 mm/s, are assumed.
"""

from __future__ import annotations

from needling import load_knowledge
from needling.documents import Stroke
from needling.documents.maps import Outline
from needling.simulation import ChannelMap, channel_map
from needling.simulation.seam.tools import planned_density_per_cm2

SOURCES = ("realself-skinpen", "skinpen-depth-vendor", "schwarz2011")
EXPECTED, TOLERANCE, UNIT = 80.0, 4.0, "times"
STROKE = Stroke(zone="cheek-left", needle_length_mm=1.0, directions_count=1, passes_count=1, force_N=4)
DEVICES = (
    "roller-192",
    "roller-540",
    "stamp-dermastamp",
    "stamp-digital",
    "pen-generic",
    "pen-skinpen-precision",
    "pen-dermapen-4",
)
SHOWN = ("roller-192", "stamp-digital", "pen-skinpen-precision")


def density(device: str) -> float:
    """Channels for each cm2 of one pass, press or traverse."""
    return planned_density_per_cm2(load_knowledge().device(device), STROKE)


def laid(device: str) -> ChannelMap:
    """The same on a square of 1 cm, one by one."""
    return channel_map(device, STROKE, Outline.rectangle(10, 10), load_knowledge(), key=2)


def main() -> float:
    return density("pen-skinpen-precision") / density("roller-192")


def draw() -> None:
    from style import ACCENT, MIDDLE_BAND, grid, page

    kb = load_knowledge()
    with page(
        "roller_stamp_pen",
        f"One traverse of a pen lays as many channels as {main():.0f} passes of a roller",
        "Needles, rings and strokes per second as makers print them; heads of 7 mm and a hand of 20 mm/s are assumed. "
        "A pen is moved on once; the number of passes of a roller is what makes up for it.",
        rows=2, columns=3, size=(6.8, 6.2), height_ratios=(1, 1.5),
    ) as axes:  # fmt: skip
        for panel, device in zip(axes[0], SHOWN, strict=True):
            found = laid(device)
            panel.plot(found.x_mm, found.y_mm, ".", ms=2.5, mew=0, color=ACCENT)
            panel.set(xlim=(0, 10), ylim=(0, 10), aspect="equal", xticks=(0, 5, 10), yticks=(0, 5, 10), xlabel="mm")
            panel.set_title(
                {"r": "a roller's pass", "s": "a stamp's press", "p": "a pen's traverse"}[device[0]], fontsize=9
            )
        whole = axes[1, 0].get_gridspec()
        for panel in axes[1]:
            panel.remove()
        bars = axes[0, 0].figure.add_subplot(whole[1, :])
        values = [density(device) for device in DEVICES]
        bars.barh(
            range(len(DEVICES)), values, color=[ACCENT if d in SHOWN else MIDDLE_BAND for d in DEVICES], height=0.5
        )
        for row, value in enumerate(values):
            bars.text(value * 1.06, row, f"{value:,.0f}", va="center", fontsize=9)
            bars.text(5.15, row - 0.33, kb.device(DEVICES[row]).name, va="bottom", fontsize=8.5)
        bars.set_yticks([])
        bars.set(xscale="log", xlabel="channels for each cm² of one pass, press or traverse", xlim=(5, 4000))
        bars.set(ylim=(len(DEVICES) - 0.6, -0.9))
        bars.set_xticks([10, 100, 1000], ["10", "100", "1,000"])
        grid(bars, "x")


if __name__ == "__main__":
    assert abs(main() - EXPECTED) <= TOLERANCE
    draw()
