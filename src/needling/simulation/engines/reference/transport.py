"""Transport by SciPy: one person at a time, a fine mesh, an error-controlled integrator. Shares no equation text."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np

from needling.simulation.engines import COMPARTMENTS, LAYERS, Floats, Serum, Spread
from needling.simulation.engines.mesh import FINE, Accuracy
from needling.simulation.engines.serum import check

_CELLS = 480  # numerical: cells of a person among many; three or four spans share them evenly


def _faces(breaks: Floats, cells: int, ends: float) -> Floats:
    """Depths of the faces: between breaks, cells that grow from ``ends`` (share of even) towards the middle, m."""
    half = np.linspace(0, 1, cells // 2 + 1)
    shape = 0.5 * half * (ends + (1 - ends) * half)
    both = np.concatenate([shape, 1 - shape[-2::-1]])
    spans = [a + (b - a) * both for a, b in pairwise(breaks)]
    return np.concatenate([spans[0], *(span[1:] for span in spans[1:])])


class _Skin:
    """The matrices of one person: dy/dt = M y + M_film u_film; y is activity in cells, then three totals."""

    def __init__(self, serum: Serum, lane: int, cells: int, ends: float) -> None:
        from scipy import sparse

        edges = np.concatenate([[0.0], np.cumsum(serum.thickness[:, lane])])
        density, radius = serum.channels[lane], serum.channel_radius[lane]
        tip = min(serum.channel_depth[lane], edges[-1])
        open_below = serum.channel_depth[lane] > edges[1] and density > 0
        breaks = np.union1d(edges, [tip]) if open_below else edges
        faces = _faces(breaks, cells, ends)
        size, centre = np.diff(faces), 0.5 * (faces[1:] + faces[:-1])
        layer = np.searchsorted(edges[1:-1], centre)
        partition, diffusivity = serum.partition[layer, lane], serum.diffusivity[layer, lane]
        flow = diffusivity * partition
        between = 1 / (size[:-1] / (2 * flow[:-1]) + size[1:] / (2 * flow[1:]))
        self.size, self.centre, self.layer, self.partition = size, centre, layer, partition
        self.holds = size * partition
        self.surface = 2 * flow[0] / size[0]
        self.base = 2 * flow[-1] / size[-1] if serum.sink else 0.0
        self.loss = serum.clearance[layer, lane] * self.holds
        self.channel = np.zeros(size.size)
        if open_below:
            pitch = 1 / np.sqrt(np.pi * density)
            # numerical: mean over the annulus that a channel feeds, and a disc on a half space
            lateral = 2 * np.pi * density / (np.log(pitch / radius) - 0.75)
            cap = 4 * radius * density * min((serum.channel_depth[lane] - edges[1]) / radius, 1.0)  # numerical: disc
            beside = (centre > edges[1]) & (centre < tip)
            self.channel[beside] = lateral * flow[beside] * size[beside]
            # the disc feeds what lies within a radius below it
            probe = tip + radius * (np.arange(1000) + 0.5) / 1000  # numerical: points of the mean
            flows = serum.diffusivity[:, lane] * serum.partition[:, lane]
            cap *= np.where(probe < edges[2], flows[1], flows[2]).mean()
            above, below = np.searchsorted(centre, tip) - 1, min(np.searchsorted(centre, tip), size.size - 1)
            for cell in (above, below):  # a face lies at the tip: half to each side
                self.channel[cell] += 0.5 * cap
            self.channel *= serum.opening[lane]
        main = -self.loss.copy()
        main[:-1] -= between
        main[1:] -= between
        main[-1] -= self.base
        self.fixed = sparse.diags([between, main, between], [-1, 0, 1], format="csc")


def spread_one(
    serum: Serum,
    lane: int,
    *,
    cells: int = 120,  # numerical: tolerances far below those of the fast engine, here and below
    ends: float = 0.02,  # numerical: as above
    rtol: float = 1e-7,  # numerical: as above
    atol: float = 1e-10,  # numerical: share of the dose
    method: str = "BDF",
) -> tuple[Floats, Floats, Floats]:
    """One application on one person.

    Args:
        serum: as for the fast engine. lane: whose column. cells: between two breaks of the mesh (surface, layers,
            tip of the channels, base). ends: thickness of the first and last of them, share of even.
        rtol, atol, method: of ``scipy.integrate.solve_ivp``.

    Returns:
        amount, kg/m2, float64[row of ``COMPARTMENTS``, time]; depth of the cells, m, float64[cell]; concentration in
        the tissue, kg/m3, float64[time, cell].
    """
    from scipy import sparse
    from scipy.integrate import solve_ivp

    check(serum)
    skin = _Skin(serum, lane, cells, ends)
    n = skin.size.size
    dose, film, residue = serum.dose[lane], serum.film[lane], serum.residue[lane]
    unit = dose if dose > 0 else 1.0
    off = serum.wash_time[lane]
    on_film = True

    def at(time: float) -> tuple[float, Floats]:
        """Thickness of the film, and conductance from the film to each cell."""
        thick = residue + (film - residue) * np.exp(-serum.drying[lane] * time)
        links = skin.channel * 2.0 ** (-time / serum.half_life[lane])
        links[0] += skin.surface
        return thick, links if on_film else np.zeros(n)

    def rates(time: float, y: Floats) -> Floats:
        """y: amount of each cell and of the film, then cleared, through, evaporated; all as share of the dose."""
        thick, links = at(time)
        u = y[:n] / skin.holds
        dissolved = min(y[n] / thick, serum.solubility[lane] / unit)
        entering = links * (dissolved - u)
        evaporating = serum.volatility[lane] * thick * dissolved
        return np.concatenate(
            [
                skin.fixed @ u + entering,
                [-entering.sum() - evaporating, skin.loss @ u, skin.base * u[-1], evaporating],
            ]
        )

    def jacobian(time: float, y: Floats) -> Any:
        thick, links = at(time)
        free = y[n] / thick < serum.solubility[lane] / unit
        per_amount = 1 / thick if free else 0.0
        inverse = 1 / skin.holds
        cells_cells = (skin.fixed - sparse.diags(links)) @ sparse.diags(inverse)
        totals = np.array([links * inverse, skin.loss * inverse, np.zeros(n), np.zeros(n)])
        totals[2, -1] = skin.base * inverse[-1]
        film_column = np.concatenate(
            [
                links * per_amount,
                [-(links.sum() * per_amount) - serum.volatility[lane] * free, 0.0, 0.0, serum.volatility[lane] * free],
            ]
        )
        left = sparse.vstack([cells_cells, sparse.csc_matrix(totals)])
        nothing = sparse.csc_matrix(np.zeros((n + len(totals), len(totals) - 1)))  # the three sums drive nothing
        return sparse.hstack([left, sparse.csc_matrix(film_column[:, None]), nothing]).tocsc()

    report = serum.report_time
    y = np.zeros(n + 1 + len(("cleared", "through", "evaporated")))
    y[n] = dose / unit
    washed = 0.0
    amount = np.empty((len(COMPARTMENTS), report.size))
    concentration = np.empty((report.size, n))
    now = 0.0
    for stop in np.union1d(report, [off] if off <= report[-1] else []):
        if stop > now:
            inside = (report > now) & (report < stop)
            assert not inside.any()
            y = solve_ivp(rates, (now, stop), y, method=method, jac=jacobian, rtol=rtol, atol=atol).y[:, -1]
            now = stop
        if stop == off:
            washed, y[n], on_film = y[n], 0.0, False
        for row in np.flatnonzero(report == stop):
            held = [y[:n][skin.layer == which].sum() for which in range(len(LAYERS))]
            amount[:, row] = unit * np.array([y[n], *held, *y[n + 1 :], washed])
            concentration[row] = unit * y[:n] / skin.size
    return amount, skin.centre, concentration


def spread(serum: Serum, accuracy: Accuracy = FINE, *, profile: bool = True) -> Spread:
    """As :func:`needling.simulation.engines.lanes.transport.spread`, one person after the other.

    Args:
        serum: substance, film, layers and channels of each person. accuracy: not used; the tolerances of
            :func:`spread_one` hold. profile: whether concentrations are wanted.

    Returns:
        The same measures on cells of its own; their number is the same for all people.

    Raises:
        OutOfRange: names the field, its value and what is allowed.
    """
    found = []
    for lane in range(serum.dose.size):
        spans = _Skin(serum, lane, 2, 1.0).size.size // 2
        found.append(spread_one(serum, lane, cells=_CELLS // spans))
    amount, depth, concentration = (np.stack(values, axis=-1) for values in zip(*found, strict=True))
    shown = slice(None if profile else 0)
    return Spread(amount, depth[shown], concentration[:, shown])
