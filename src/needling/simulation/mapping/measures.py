"""What a channel map says in numbers: density, neighbours, gaps, tracks, histograms; all SI, with stated cells."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from needling.simulation.engines.lanes import mapping as engine
from needling.simulation.mapping.punctures import Punctures
from needling.simulation.mapping.region import Cells, Floats, edge_distance

# numerical: shares of the area that a summary names; a definition, after the D95 of radiotherapy
REACHED = (0.95, 0.5, 0.05)
_STEPS = 64  # numerical: places at which a histogram is drawn
_POLISH = 40  # numerical: halvings of the step when the middle of a gap is found


@dataclass(frozen=True)
class Binning:
    """With which widths and distances a map is measured, m.

    Args:
        cell: of the density grid. smoothing: standard deviation of its Gauss window. histogram: cells of the
            channel-area histogram. gap: cells that are looked at for being empty. halo: how far a channel's signals
            reach. track: spacing below which channels of one pass are a track.
    """

    cell: float
    smoothing: float
    histogram: float
    gap: float
    halo: float
    track: float


@dataclass(frozen=True)
class Histogram:
    """Share of the area that has at least a value. level: SI. share: ratio. Both float64[level]."""

    level: Floats
    share: Floats

    def reached(self, share: float) -> float:
        """The highest listed level that at least a share of the area has, SI."""
        enough = self.share >= share
        return float(self.level[enough].max()) if enough.any() else 0.0


@dataclass(frozen=True)
class Summary:
    """A channel map in a few numbers, SI.

    Args:
        channels: how many. area: m2. density: per m2.
        reached: density that each share of ``REACHED`` of the area has, in histogram cells, per m2.
        evenness: the first of these over the second; 1 is perfectly even.
        dispersion: variance over mean of the counts in histogram cells; 1 for random channels, 0 for a lattice.
        nearest: mean distance to the nearest other channel, m; NaN with fewer than two channels.
        within: share of the area within the halo of a channel. rehit: share of channels within a channel's diameter of
            an earlier one. tracks: share of channels that are lined up in a track.
        empty: share of the gap cells without a channel. gap: radius of the largest circle in the zone without a
            channel, m, and gap_at, its middle.
    """

    channels: int
    area: float
    density: float
    reached: tuple[float, ...]
    evenness: float
    dispersion: float
    nearest: float
    within: float
    rehit: float
    tracks: float
    empty: float
    gap: float
    gap_at: tuple[float, float]


def counts(punctures: Punctures, cells: Cells) -> Floats:
    """Channels in each cell, float64[row, column]."""
    return engine.count(punctures.x, punctures.y, *cells.place)


def density_grid(punctures: Punctures, cells: Cells) -> Floats:
    """Channels for the area of each cell that is inside the zone, per m2, float64[row, column]; 0 outside."""
    found = counts(punctures, cells)
    return np.divide(found, cells.area, out=np.zeros(cells.shape), where=cells.counted)


def smooth_density(punctures: Punctures, cells: Cells, width: float) -> Floats:
    """Density in a Gauss window around each cell, per m2, float64[row, column]; 0 outside the zone.

    Divided by the share of the window that is inside the zone, so that edges are not thinner.

    Args:
        width: standard deviation of the window, m.
    """
    sigma = width / cells.cell
    found = engine.blur(counts(punctures, cells), sigma)
    room = engine.blur(cells.inside, sigma) * cells.cell**2
    return np.divide(found, room, out=np.zeros(cells.shape), where=cells.inside > 0)


def nearest_neighbour(punctures: Punctures) -> Floats:
    """Distance of each channel to the nearest other one, m, float64[channel]; infinite for a lone channel."""
    return engine.nearest(punctures.x, punctures.y)


def rehit_and_tracks(punctures: Punctures, diameter: float, spacing: float) -> tuple[float, float]:
    """Share of channels closer than a diameter to an earlier one, and closer than a spacing to one of the same pass.

    A drum sets the channels of one pass millimetres apart, so rollers leave no tracks; a device dragged or dwelling
    too long does. diameter, spacing: m.
    """
    found = engine.near(punctures.x, punctures.y, punctures.pass_index, diameter, spacing)
    shares = found.sum(axis=1) / max(punctures.x.size, 1)
    return float(shares[0]), float(shares[1])


def within_share(punctures: Punctures, cells: Cells, distance: float) -> float:
    """Share of the zone's area within a distance of a channel, sampled at cell centres. distance: m."""
    away = engine.distances(punctures.x, punctures.y, *cells.place)
    return float((cells.inside * (away <= distance)).sum() / cells.inside.sum())


def empty_share(punctures: Punctures, cells: Cells) -> float:
    """Share of the cells, those mostly inside the zone, that hold no channel."""
    found = counts(punctures, cells)[cells.counted]
    return float((found == 0).mean()) if found.size else 0.0


def largest_gap(punctures: Punctures, cells: Cells) -> tuple[float, tuple[float, float]]:
    """Radius and middle of the largest circle inside the zone that holds no channel, m.

    The best cell of the grid is the start of a search with ever smaller steps.
    """
    x = cells.x0 + (np.arange(cells.columns) + 0.5) * cells.cell
    y = cells.y0 + (np.arange(cells.rows) + 0.5) * cells.cell
    corners = punctures.region.corners
    away = engine.distances(punctures.x, punctures.y, *cells.place)
    away[cells.inside < 1] = 0.0
    # only cells that may still win are held against the edge
    room = np.zeros(cells.shape)
    rows, columns = np.nonzero(away >= 0.5 * away.max(initial=0.0)) if away.max(initial=0.0) > 0 else ([0], [0])
    room[rows, columns] = np.minimum(away[rows, columns], edge_distance(corners, x[columns], y[rows]))
    if room.max() < 0.5 * away.max(initial=0.0):  # every wide gap is at the edge: look at all cells
        across, up = np.meshgrid(x, y)
        room = np.where(cells.inside < 1, 0.0, np.minimum(away, edge_distance(corners, across, up)))
    best = np.unravel_index(int(room.argmax()), room.shape)
    at = np.array([x[best[1]], y[best[0]]])
    radius, step = float(room[best]), cells.cell
    ring = np.array([[1, 0], [-1, 0], [0, 1], [0, -1], [1, 1], [1, -1], [-1, 1], [-1, -1]])
    close = np.hypot(punctures.x - at[0], punctures.y - at[1]) <= 2 * radius + 2 * cells.cell
    near_x, near_y = punctures.x[close], punctures.y[close]
    for _ in range(_POLISH):
        tries = at + step * ring
        clear = edge_distance(corners, tries[:, 0], tries[:, 1])
        if near_x.size:
            gaps = np.hypot(tries[:, :1] - near_x, tries[:, 1:] - near_y).min(axis=1)
            clear = np.minimum(clear, gaps)
        if clear.max() > radius:
            at, radius = tries[int(clear.argmax())], float(clear.max())
        else:
            step *= 0.5
    return radius, (float(at[0]), float(at[1]))


def area_histogram(punctures: Punctures, cells: Cells, levels: Floats | None = None) -> Histogram:
    """Channel-area histogram (CAH): share of the area, in cells, with at least each density.

    Args:
        cells: in which channels are counted; those less than half inside the zone are left out.
        levels: densities, per m2; those of 0, 1, 2 ... channels in a whole cell when left out.
    """
    density, area = density_grid(punctures, cells)[cells.counted], cells.area[cells.counted]
    if levels is None:
        levels = np.arange(int(density.max(initial=0.0) * cells.cell**2) + 2) / cells.cell**2
    return _cumulative(density, area, levels)


def depth_histogram(punctures: Punctures, cells: Cells, distance: float, levels: Floats | None = None) -> Histogram:
    """Depth-area histogram (DAH): share of the area within a distance of a channel of at least each depth.

    Args:
        cells: at whose centres the skin is sampled. distance: m. levels: depths, m; evenly spread when left out.
    """
    deepest = engine.deepest(punctures.x, punctures.y, punctures.depth, distance, *cells.place)
    if levels is None:
        levels = np.linspace(0.0, float(deepest.max(initial=0.0)), _STEPS)
    return _cumulative(deepest.ravel(), cells.area.ravel(), levels)


def _cumulative(values: Floats, area: Floats, levels: Floats) -> Histogram:
    order = np.argsort(values, kind="stable")
    ordered = values[order]
    above = np.concatenate([np.cumsum(area[order][::-1])[::-1], [0.0]])
    share = above[np.searchsorted(ordered, levels, side="left")] / max(float(above[0]), np.finfo(float).tiny)
    return Histogram(levels, np.minimum(share, 1.0))


def dispersion(punctures: Punctures, cells: Cells) -> float:
    """Variance over mean of the counts in whole cells: 1 for random channels, 0 for a lattice, above 1 for clumps."""
    found = counts(punctures, cells)[cells.inside >= 1 - 1e-9]  # numerical: whole cells
    return float(found.var() / found.mean()) if found.size > 1 and found.mean() > 0 else 0.0


def summarise(punctures: Punctures, binning: Binning) -> Summary:
    """A channel map in a few numbers."""
    region = punctures.region
    fine, coarse = region.cells(binning.cell), region.cells(binning.histogram)
    histogram = area_histogram(punctures, coarse)
    reached = tuple(histogram.reached(share) for share in REACHED)
    rehit, tracks = rehit_and_tracks(punctures, punctures.reach.diameter, binning.track)
    gap, gap_at = largest_gap(punctures, fine)
    return Summary(
        channels=punctures.x.size,
        area=region.area,
        density=punctures.density,
        reached=reached,
        evenness=reached[0] / reached[1] if reached[1] > 0 else 0.0,
        dispersion=dispersion(punctures, coarse),
        nearest=float(nearest_neighbour(punctures).mean()) if punctures.x.size > 1 else float("nan"),
        within=within_share(punctures, fine, binning.halo),
        rehit=rehit,
        tracks=tracks,
        empty=empty_share(punctures, region.cells(binning.gap)),
        gap=gap,
        gap_at=gap_at,
    )
