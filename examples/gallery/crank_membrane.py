"""Is the transport solver right where the answer is known?

Yes: through a sheet with a constant donor the amount comes out after the lag time L²/6D that Crank's series gives,
and at T = Dt/L² = 0.5 it is 0.33479 of what the sheet would hold, as the solver finds too.

Source: the closed series of diffusion through a sheet; osp-skin-model (the layers that the solver is made for).
"""

from __future__ import annotations

import numpy as np

from needling.simulation.engines import COMPARTMENTS, Serum
from needling.simulation.engines.lanes.transport import spread
from needling.simulation.equations.permeation import lag_time

SOURCES = ("osp-skin-model",)
EXPECTED, TOLERANCE, UNIT = 0.33479, 0.0001, "of K L c, at T = 0.5"
THICKNESS, DIFFUSIVITY = 1e-4, 1e-12
PUBLISHED = {0.1: 0.0078853, 0.2: 0.0614638, 0.5: 0.3347907, 1.0: 0.8333438}


def through(times: list[float]) -> np.ndarray:
    """What has come through at times T, in units of K L c: one sheet in three parts, a full film, a sink below."""
    one, none = np.ones(1), np.zeros(1)
    sheet = Serum(
        thickness=THICKNESS * np.array([[0.5], [0.25], [0.25]]),
        diffusivity=np.full((3, 1), DIFFUSIVITY),
        partition=np.ones((3, 1)),
        clearance=np.zeros((3, 1)),
        dose=10 * one,
        film=1e-2 * one,
        residue=1e-2 * one,
        drying=none,
        volatility=none,
        wash_time=np.inf * one,
        solubility=one,
        channels=none,
        channel_radius=1e-5 * one,
        channel_depth=none,
        opening=none,
        half_life=np.inf * one,
        sink=True,
        report_time=np.array([0.0, *times]) * THICKNESS**2 / DIFFUSIVITY,
    )
    return spread(sheet).amount[COMPARTMENTS.index("through"), 1:, 0] / THICKNESS


def series(time: float) -> float:
    """The same by Crank's series."""
    n = np.arange(1, 400)
    return float(time - 1 / 6 - 2 / np.pi**2 * np.sum((-1.0) ** n / n**2 * np.exp(-(n**2) * np.pi**2 * time)))


def main() -> float:
    return float(through([0.5])[0])


def draw() -> None:
    from style import INK, grid, page, points

    with page(
        "crank_membrane",
        "Through a sheet, the solver follows the exact solution and its lag time",
        "Marks: Crank's series at T = 0.1, 0.2, 0.5 and 1. Dashed: steady flow, drawn back to the lag time L²/6D. "
        "Below: how far the solver is off, with its usual cells and steps.",
        rows=2, size=(6.4, 4.8), sharex=True, height_ratios=(2.4, 1),
    ) as (curve, error):  # fmt: skip
        x = np.linspace(0.02, 1.1, 60)
        found = through(list(x))
        lag = lag_time(THICKNESS, DIFFUSIVITY) * DIFFUSIVITY / THICKNESS**2
        curve.plot(x, found, label="solver")
        curve.plot([lag, 1.1], [0, 1.1 - lag], color=INK, ls="--", lw=0.9)
        points(curve, list(PUBLISHED), list(PUBLISHED.values()), "series")
        curve.annotate("lag time L²/6D", (0.32, 0.03), fontsize=9)
        curve.set(ylabel="come through (K L c)", ylim=(0, 1))
        curve.legend()
        error.semilogy(x, np.abs(found - [series(time) for time in x]), lw=1.2)
        error.set(xlabel="time T = D t / L²", ylabel="error (K L c)", xlim=(0, 1.1))
        grid(curve)
        grid(error)


if __name__ == "__main__":
    assert abs(main() - EXPECTED) <= TOLERANCE
    draw()
