"""From a film on the skin to the layers below it: diffusion in depth, channels beside it, loss to the blood.

The state is the activity u = c / K, which is continuous where layers meet:

    d(K u)/dt = d/dz (D K du/dz) - k K u + [x(z) 2^(-t / t_half)] (u_film - u)

with u_film the concentration dissolved in a well stirred film. Cells exchange through conductances (m/s), so a
stage of a time step is a net of conductances: between neighbours, from a cell to the film through channels, and from
a cell to the ground (what it holds back itself, and what blood takes). :func:`eliminate` takes a cell out of the net
and only ever adds positive terms, so nothing cancels, whatever the parameters: amounts add up to rounding.
"""

from __future__ import annotations

from math import log, pi, sqrt

# numerical: the two stages of the L-stable second-order step (1 - sqrt(1/2)); on a linear system it is TR-BDF2
IMPLICIT = 0.2928932188134524755991556378952
# numerical: (1 - IMPLICIT) / IMPLICIT = 1 + sqrt(2), the weight of the first stage in the second
EARLIER = 2.4142135623730950488016887242097
# numerical: mean over the annulus that one channel feeds, and the conductance 4 a D of a disc
_ANNULUS = 0.75
_DISC = 4.0


def lateral_exchange(density: float, radius: float) -> float:
    """Shape of the exchange between channels and the tissue beside them, per m2: 2 pi n / (ln(b / a) - 3/4).

    Times D K of the tissue and the opening it is the conductance per unit depth. One channel feeds the cylinder of
    radius b = 1 / sqrt(pi n) around it, with no flux through its wall.

    Args:
        density: n, of the channels at the start, per m2. radius: a, m.

    Assumes: no gradient in depth beside the channel; b stays that of the start while channels close, as closing
    takes channels away but b only counts in a logarithm.
    """
    # numerical: a density of 0 must give 0, not a logarithm of it
    span = log(1 / (sqrt(pi * max(density, 1e-30)) * radius))
    return 2 * pi * density / (span - _ANNULUS)


def end_cap(density: float, radius: float, reach: float) -> float:
    """Shape of the exchange through the ends of the channels, per m: 4 a n, times D K a conductance per area.

    A disc on a half space. It opens over the first radius of depth, so that a channel that just passes the horny
    layer is no jump.

    Args:
        density: n, per m2. radius: a, m. reach: depth of the channel below the horny layer, m.
    """
    return _DISC * radius * density * min(max(reach / radius, 0.0), 1.0)


def overlap(upper: float, lower: float, top: float, tip: float) -> float:
    """Length of a cell (upper to lower) that lies beside a channel (top to tip), m."""
    return max(min(lower, tip) - max(upper, top), 0.0)


def flow_below(tip: float, radius: float, interface: float, upper_flow: float, lower_flow: float) -> float:
    """D K of the tissue that the end of a channel feeds: mean over one radius below the tip, m2/s.

    Args:
        tip, interface: depth of the tip, and of the border of epidermis and dermis, m. radius: a, m.
        upper_flow, lower_flow: D K above and below the border, m2/s.
    """
    above = min(max((interface - tip) / radius, 0.0), 1.0)
    return above * upper_flow + (1 - above) * lower_flow


def resistance(upper: float, lower: float, border: float, upper_flow: float, lower_flow: float) -> float:
    """Resistance of the living tissue between two depths, s/m; negative where ``lower`` is above ``upper``.

    Args:
        upper, lower: depths, m. border: depth of the border of epidermis and dermis, m.
        upper_flow, lower_flow: D K above and below it, m2/s.
    """
    above = (min(lower, border) - min(upper, border)) / upper_flow
    return above + (max(lower, border) - max(upper, border)) / lower_flow


def tip_share(
    tip: float, before: float, centre: float, after: float, border: float, upper_flow: float, lower_flow: float
) -> float:
    """Share of a cell in what enters at the tip of a channel, continuous in the depth of the tip.

    What enters between two centres goes to both in inverse proportion to the resistance on its way.

    Args:
        tip: depth, m. before, centre, after: depths of the centres of the cell above, the cell, the cell below, m.
            At an end, ``before`` is far above the first cell or ``after`` far below the last.
        border, upper_flow, lower_flow: see :func:`resistance`.
    """
    rising = resistance(before, tip, border, upper_flow, lower_flow)
    falling = resistance(tip, after, border, upper_flow, lower_flow)
    rising /= resistance(before, centre, border, upper_flow, lower_flow)
    falling /= resistance(centre, after, border, upper_flow, lower_flow)
    return max(min(rising, falling, 1.0), 0.0)


def face_conductance(upper: float, upper_flow: float, lower: float, lower_flow: float) -> float:
    """Conductance between the centres of two neighbours, m/s: half of each cell in series (harmonic).

    Args:
        upper, lower: thickness of the cells, m. upper_flow, lower_flow: D K, m2/s.
    """
    return 2 / (upper / upper_flow + lower / lower_flow)


def eliminate(ground: float, link: float, above: float) -> tuple[float, float, float]:
    """Takes one cell out of the net: its unit share, and the shares that go to the cell above and to the film.

    Args:
        ground, link, above: conductances of the cell to the ground, the film and the cell above it, m/s.

    Returns:
        (1 / total in s/m, above / total, link / total). The cell above gains ``ground`` and ``link`` times the second;
        the film gains ``ground`` times the third as its ground; a source in the cell is passed on in these shares.
    """
    share = 1 / (ground + link + above)
    return share, above * share, link * share


def film_activity(pushed: float, holding: float, drawn: float, solubility: float) -> float:
    """Concentration in the film at the end of a stage, kg/m3: held down at solubility while solid is left.

    The film keeps h u when all is dissolved. If that needs u above solubility, the rest stays undissolved and u is
    the solubility: so one ``min`` is the exact answer of the stage in both cases.

    Args:
        pushed: what the film held and what the cells send back, per stage time, kg/m2/s.
        holding: h per stage time and loss to the air, m/s. drawn: ground of the skin as the film sees it, m/s.
        solubility: kg/m3.
    """
    return min(pushed / (holding + drawn), solubility)


def fade(elapsed: float) -> float:
    """exp(-x) over a part of a step, for x >= 0: one over five terms of exp(x), relative error below x^5 / 120.

    A step never resolves a decay worse than the cells beside it, so this costs a division, not an exponential.
    """
    # numerical: the factorials of the series
    return 1 / (1 + elapsed * (1 + elapsed * (1 / 2 + elapsed * (1 / 6 + elapsed * (1 / 24)))))
