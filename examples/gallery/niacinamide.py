"""Does needling help niacinamide into the skin?

Hardly over a day: it passes whole skin by itself. Needling raises what gets past the horny layer 1.1 times for the
middle person, and only speeds up the first hours. The gate says to wait five days, and nothing is lost by that.

Source: sjoberg2026 (niacinamide through whole skin), ita2015-roller (no gain for a substance that passes well).
"""

from __future__ import annotations

from needling import SerumForecast, serum

SOURCES = ("sjoberg2026", "ita2015-roller")
EXPECTED, TOLERANCE, UNIT = 1.1, 0.1, "times past the horny layer in 24 h"
MIDDLE = 2  # of the five quantiles


def applied(members: int = 256) -> SerumForecast:
    """5 % right after a 0.5 mm roller on a cheek: what the gate refuses, followed as research."""
    return serum(
        "niacinamide", needle_length_mm=0.5, setting="clinic", hours_h=24, members=members, research=True
    )  # fmt: skip


def main() -> float:
    return applied().enhancement_ratio[MIDDLE]


def draw() -> None:
    from style import grid, levels, page

    found = applied()
    hours = found.hours_h[1:]
    with page(
        "niacinamide",
        f"Needling takes {main():.1f} times as much niacinamide past the horny layer in a day: hardly more",
        "Research only: a computed what-if that the gate refuses (not before 120 hours). 2 mg/cm² of 5 %, 0.5 mm "
        "roller, cheek, open air. Band and line: 90 and 50 of 100 possible people and the middle one; orange: whole "
        "skin.",
        columns=2, size=(7.6, 3.8), sharey=True,
    ) as axes:  # fmt: skip
        for panel, place in zip(axes, ("past-barrier", "dermis"), strict=True):
            amount = next(one for one in found.amounts if one.place == place)
            levels(panel, hours, [row[1:] for row in amount.whole_skin_ug_per_cm2], "whole skin", other=True)
            levels(panel, hours, [row[1:] for row in amount.needled_ug_per_cm2], "needled")
            panel.set_title(amount.label, fontsize=9.5)
            panel.set(xlabel="hours", yscale="log", xscale="log", ylim=(1e-2, 200), xlim=(0.1, 24))
            panel.set_xticks([0.1, 0.5, 2, 6, 24], ["0.1", "0.5", "2", "6", "24"])
            panel.minorticks_off()
            grid(panel)
        axes[0].set_ylabel("amount (µg/cm²)")
        axes[0].set_yticks([0.01, 0.1, 1, 10, 100], ["0.01", "0.1", "1", "10", "100"])
        axes[0].legend(loc="lower right")


if __name__ == "__main__":
    assert abs(main() - EXPECTED) <= TOLERANCE
    draw()
