"""If one number of the healing model were 1 % larger, how much more collagen would there be?

About 0.7 % for the rate of synthesis, and as much for how fast fibroblasts wake up and go. The derivative of the
program itself, in reverse through all its steps, gives this for every parameter and every possible person at once.

Source: lotfi2013, jorgensen1998, waugh2007 (parameters of healing). Needs JAX
(``.venv/bin/python -m pip install -e ".[jax]"``).
"""

from __future__ import annotations

from functools import cache

import numpy as np
from person import DAY_S, Floats, course, people, planned

from needling.simulation.engines import Task, engine
from needling.simulation.equations import healing

SOURCES = ("lotfi2013", "jorgensen1998", "waugh2007")
REQUIRES = ("jax",)
EXPECTED, TOLERANCE, UNIT = 0.7, 0.1, "% more new collagen for 1 % faster synthesis"
SHOWN, LATER_D = 12, 56


@cache
def elasticities() -> Floats:
    """Change of new collagen in % for 1 % of each parameter, eight weeks after three sessions: [parameter, person]."""
    engine("xla")  # says how to install it where it is missing
    from needling.simulation.engines.xla import sensitivities

    belief = people(64)
    found = course(planned("1.5 mm roller, 4 directions x 4 passes, cheeks, every 6 weeks x 3"), belief)
    when = found.session_time[-1] + LATER_D * DAY_S
    task = Task(
        session_time=found.session_time,
        report_time=np.array([0.0, when]),
        stimulus=found.stimulus[:, 0],
        opening=np.zeros_like(found.stimulus[:, 0]),
        half_life=found.half_life[:, :, 0],
    )
    drawn = belief.draw(0)
    parameters = np.array([drawn[name] for name in healing.PARAMETERS])
    ((collagen, slopes),) = sensitivities([task], parameters, "collagen", [when])
    return slopes[:, 0] * parameters / (collagen[0] - 1)


def main() -> float:
    row = healing.PARAMETERS.index("collagen-synthesis-rate")
    return float(np.median(elasticities()[row]))


def draw() -> None:
    from style import ACCENT, INK, MIDDLE_BAND, WIDE_BAND, grid, page

    found = elasticities()
    order = np.argsort(-np.abs(np.median(found, axis=1)))[:SHOWN]
    low, quarter, middle, upper, high = np.quantile(found[order], [0.05, 0.25, 0.5, 0.75, 0.95], axis=1)
    with page(
        "gradient_of_collagen",
        f"One per cent faster synthesis brings {main():.1f} % more new collagen; as much hangs on fibroblasts",
        "Exact derivatives of the compiled program (JAX), eight weeks after three sessions of 1.5 mm; the twelve "
        "parameters that matter most. Line: middle person; bands: 90 and 50 of 100 possible people.",
        size=(6.8, 4.6),
    ) as axes:
        rows = np.arange(SHOWN)
        axes.barh(rows, high - low, left=low, color=WIDE_BAND, height=0.62)
        axes.barh(rows, upper - quarter, left=quarter, color=MIDDLE_BAND, height=0.62)
        axes.vlines(middle, rows - 0.31, rows + 0.31, color=ACCENT, lw=2.2)
        axes.axvline(0, color=INK, lw=0.8)
        axes.set_yticks(rows, [healing.PARAMETERS[row].replace("-", " ") for row in order])
        axes.tick_params(axis="y", length=0)
        axes.invert_yaxis()
        axes.set(xlabel="change of new collagen for 1 % more of the parameter (%)", xlim=(-1.1, 1.1))
        grid(axes, "x")


if __name__ == "__main__":
    assert abs(main() - EXPECTED) <= TOLERANCE
    draw()
