"""Which input drives the answer?

For the scars it is what nobody knows about healing, more than how people differ or what is chosen; for the days of
redness it is the needle length. So a better trial would help the forecast of scars more than a better roller.

Source: Sobol indices of the shipped belief (SALib); dogra2014 and vn-roller-2019 are what healing rests on.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from person import case, people, planned

from needling.simulation import sobol
from needling.simulation.sensitivity import Sensitivity

SOURCES = ("dogra2014", "vn-roller-2019")
REQUIRES = ("SALib",)
EXPECTED, TOLERANCE, UNIT = 0.65, 0.2, "total Sobol index of what is not known, for the scars"
NAMES = {
    "doubt": "not known", "person": "who you are", "unexplained": "chance", "needle-length": "needle length",
    "passes": "passes", "interval": "interval", "force": "force",
}  # fmt: skip


@cache
def found() -> Sensitivity:
    """Every view of a usual plan."""
    person, assessment, _ = case()
    plan = planned("1.5 mm roller, 4 directions x 4 passes, cheeks, every 6 weeks x 3")
    return sobol(plan, person, assessment, people(), samples=128)


def main() -> float:
    view = found().view("choices")
    assert view is not None
    place = [factor.id for factor in view.factors].index("doubt")
    return float(view.total[[output.id for output in found().outputs].index("outcome"), place])


def draw() -> None:
    from style import ACCENT, INK, MIDDLE_BAND, grid, page

    view = found().view("choices")
    assert view is not None
    ids = [output.id for output in found().outputs]
    shown = {"outcome": "change of the scars", "redness": "days of redness", "open-channels": "hours until closed"}
    with page(
        "what_drives_it",
        "What nobody knows about healing drives the scars; the needle length drives the redness",
        "Total Sobol indices with 95 % intervals: share of the spread that would go if the input were fixed, with "
        "what it does together with others. Pale: what a person or clinic sets. 1.5 mm, 16 passes, every 6 weeks x 3.",
        columns=3, size=(8.6, 3.7), sharey=True,
    ) as axes:  # fmt: skip
        order = [factor.id for factor in view.factors if factor.id in NAMES]
        for panel, (output, title) in zip(axes, shown.items(), strict=True):
            row = ids.index(output)
            places = [[factor.id for factor in view.factors].index(name) for name in order]
            total, error = np.nan_to_num(view.total[row, places]), np.nan_to_num(view.total_error[row, places])
            colours = [ACCENT if name in ("doubt", "person", "unexplained") else MIDDLE_BAND for name in order]
            panel.barh(range(len(order)), total, xerr=error, color=colours, ecolor=INK, height=0.6, error_kw={"lw": 1})
            panel.set_title(title, fontsize=9.5)
            panel.set(xlabel="total index", xlim=(0, 1.1), xticks=(0, 0.5, 1))
            grid(panel, "x")
        axes[0].set_yticks(range(len(order)), [NAMES[name] for name in order])
        axes[0].tick_params(axis="y", length=0)


if __name__ == "__main__":
    assert abs(main() - EXPECTED) <= TOLERANCE
    draw()
