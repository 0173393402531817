"""What do the published trials teach about healing?

Two combinations of its dozens of parameters, and hardly a third: how strongly a scar answers to new collagen, and how
young that collagen stays. All else keeps the spread that was believed before, and the forecasts carry it.

Source: lotfi2013, vn-roller-2019, dogra2014 (seven numbers from three trials and one model of others, nagaraja2019).
"""

from __future__ import annotations

from functools import cache

import numpy as np
from person import after_last, course, people, planned

from needling import Belief
from needling.simulation import identify
from needling.simulation.identifiability import Identifiability

SOURCES = ("lotfi2013", "vn-roller-2019", "dogra2014", "nagaraja2019")
EXPECTED, TOLERANCE, UNIT = 2.0, 0.5, "combinations that are known twice as well as before"
TWICE = 3.0  # information from which a spread is halved: 1 / sqrt(1 + 3)
NOISE = (0.12, 0.12, 0.06, 0.06, 0.06, 0.10, 0.05)
HOW = "7 directions x 2 passes, cheeks"


def seen(belief: Belief) -> np.ndarray:
    """The trials' numbers if each member were the truth: float64[observation, member]."""
    monthly = course(planned(f"1.5 mm roller (roller-mf8), {HOW}, every 30 days x 5"), belief, as_planned=True)
    weekly = course(planned(f"1 mm roller (roller-mf8), {HOW}, every 7 days x 12"), belief, as_planned=True)
    once = course(planned(f"1 mm roller (roller-mf8), {HOW}, once"), belief, as_planned=True)
    return np.stack(
        [
            after_last(monthly, monthly.collagen, 56),
            after_last(monthly, monthly.collagen_iii, 56) / 0.2,  # a fifth of skin's collagen is young
            *(after_last(weekly, weekly.severity, day) for day in (0.0, 30.4, 60.9)),
            after_last(monthly, monthly.severity, 30),
            after_last(once, once.signal, 14) / once.signal[:, 0].max(axis=1),
        ]
    )


@cache
def found() -> Identifiability:
    return identify(seen, np.array(NOISE), people())


def main() -> float:
    return float(np.sum(found().strength > TWICE))


def draw() -> None:
    from style import ACCENT, INK, MIDDLE_BAND, grid, page

    left = 1 / np.sqrt(1 + found().strength[: len(NOISE)])
    with page(
        "two_combinations",
        "The trials fix two combinations of parameters; the rest is belief and is carried as such",
        f"Seven published numbers, {len(found().columns)} parameters, Fisher information in standard deviations of "
        f"the belief. Left: spread left of each combination. Right: what the first two are made of.",
        columns=3, size=(9.0, 3.8), width_ratios=(1.1, 1, 1),
    ) as axes:  # fmt: skip
        colours = [ACCENT if strength > TWICE else MIDDLE_BAND for strength in found().strength[: len(NOISE)]]
        axes[0].bar(range(1, len(NOISE) + 1), 100 * left, color=colours, width=0.65)
        axes[0].axhline(50, color=INK, lw=0.9, ls="--")
        axes[0].set(xlabel="combination, strongest first", ylabel="spread left (% of what was believed)", ylim=(0, 104))
        axes[0].set_xticks(range(1, len(NOISE) + 1))
        grid(axes[0])
        for place in (0, 1):
            panel = axes[1 + place]
            parts = found().combination(place, 6)
            panel.barh(range(len(parts)), [weight for _, weight in parts], color=ACCENT, height=0.45)
            for row, ((name, _), _) in enumerate(parts):
                panel.text(-1, row - 0.27, name.replace("-", " "), fontsize=8, va="bottom")
            panel.axvline(0, color=INK, lw=0.8)
            panel.set(xlabel="weight", xlim=(-1, 1), ylim=(len(parts) - 0.6, -0.9), yticks=())
            panel.set_title(f"combination {place + 1}", fontsize=9.5)


if __name__ == "__main__":
    assert abs(main() - EXPECTED) <= TOLERANCE
    draw()
