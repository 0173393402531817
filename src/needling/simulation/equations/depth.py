"""How deep a channel really is, whom it reaches, and what the eye sees at once."""

from __future__ import annotations

from math import erfc, exp, log, pi, sqrt


def insertion_force(tip_diameter: float, slope: float, intercept: float) -> float:
    """Force to push one sharp needle into skin: max(0, slope d + intercept), N.

    Args:
        tip_diameter: d, m. slope: N/m. intercept: N.

    Sources: romgens2014 (single solid needles, human skin ex vivo).
    """
    return max(slope * tip_diameter + intercept, 0.0)


def force_share(force: float, needles: float, force_per_needle: float) -> float:
    """Share of the possible depth that the hand's force allows: min(1, F / (N f)), ratio.

    Args:
        force: on the device, N. needles: in contact at once. force_per_needle: f, N.
    """
    return min(1.0, force / max(needles * force_per_needle, force))


def reached_depth(
    needle_length: float, efficiency: float, dead_length: float, knee: float, beyond: float, pressed: float
) -> float:
    """Median depth of the channels; not the needle length.

    l = L - (1 - beyond) max(L - knee, 0)         d = eta l (l / (l + l_0)) pressed

    The skin gives way before a needle enters, which costs short needles most (l_0); a pen falls behind its
    setting beyond a knee.

    Args:
        needle_length: nominal L, m. efficiency: eta of a long needle, ratio. dead_length: l_0, m.
        knee: m. beyond: share of the length that counts beyond the knee. pressed: :func:`force_share`.

    Returns:
        d, m. Never falls when L grows.

    Sources: lam2008, si-array-2023, verbaan2008 (short needles reach less); donnelly2011; sasaki2019 (pen).
    We joined them in one saturating form.
    """
    counted = needle_length - (1 - beyond) * max(needle_length - knee, 0.0)
    return efficiency * counted * counted / (counted + dead_length) * pressed


def entered_depth(
    needle_length: float, dead_length: float, knee: float, beyond: float, entry: float, usual: float
) -> float:
    """Median depth by the balance of forces: the needle enters once the skin below it gives no further way.

    d = max(l - l_0 max(1, f / f_0), 0),  l = L - (1 - beyond) max(L - knee, 0)

    The other view of the same data as :func:`reached_depth`: skin gives way by a length that grows with the force to
    enter, and what is left of the needle goes in whole; too little force lets fewer needles in.

    Args:
        needle_length: nominal L, m. dead_length: l_0, way that skin gives below a sharp new tip, m.
        knee: m. beyond: share of the length that counts beyond the knee.
        entry: f, force to enter with this tip, N. usual: f_0, the same for the tip that l_0 was taken with, N.

    Returns:
        d, m; a nanometre where no needle enters, so that shares stay defined.

    Assumes: giving way is proportional to force. Sources: verbaan2008 (300 um pressed slowly did not pierce);
    romgens2014 (force to enter rises with the tip).
    """
    counted = needle_length - (1 - beyond) * max(needle_length - knee, 0.0)
    return max(counted - dead_length * max(1.0, entry / usual), 1e-9)  # numerical: no channel, but a depth


def share_deeper(layer: float, depth: float, jitter: float) -> float:
    """Share of channels deeper than a layer when depths scatter log-normally about their median.

    1 - Phi(ln(layer / d) / sigma)

    Args:
        layer: depth of the layer, m. depth: median d, m. jitter: sigma on the log scale, ratio.
    """
    return 0.5 * erfc(log(layer / depth) / (jitter * sqrt(2.0)))


def mean_excess(layer: float, depth: float, jitter: float) -> float:
    """How far channels that pass a layer go beyond it on average, m, when depths scatter log-normally.

    E[x - layer | x > layer] = d exp(sigma^2/2) Phi(u + sigma) / Phi(u) - layer,  u = ln(d / layer) / sigma

    Args:
        layer: depth of the layer, m. depth: median d, m. jitter: sigma on the log scale, ratio.
    """
    passing = share_deeper(layer, depth, jitter)
    beyond = share_deeper(layer, depth * exp(jitter * jitter), jitter)
    # numerical: where nobody passes, 0 and not 0 / 0
    reached = (passing > 0) * depth * exp(0.5 * jitter * jitter) * beyond / max(passing, 1e-300)
    return max(reached - layer, 0.0)


def needle_width(behind_tip: float, taper: float, base_diameter: float, tip_diameter: float) -> float:
    """Diameter of a conical needle at a distance behind its tip, m: d_tip + (d_base - d_tip) x / l, at most d_base.

    Args:
        behind_tip: x, m. taper: l, length over which the needle widens, m. base_diameter, tip_diameter: m.
    """
    return tip_diameter + (base_diameter - tip_diameter) * min(behind_tip / taper, 1.0)


def loop_strikes(loops: float, width: float, loop_diameter: float) -> float:
    """Capillary loops that a needle of a width cuts where it crosses their layer: rho pi (d + d_l)^2 / 4, number.

    Args:
        loops: rho, per m2. width: d of the needle itself there, m; the channel that stays is narrower.
        loop_diameter: d_l, m.

    Assumes: loops lie at random. Sources: microneedle-montecarlo (loops per area and their width).
    """
    reach = 0.5 * (width + loop_diameter)
    return loops * pi * reach * reach


def plexus_strikes(vessels: float, beyond: float, width: float, tip_diameter: float) -> float:
    """Vessels deeper than the loops that a conical needle cuts on its way: l x mean width, number.

    v x (d_tip + d) / 2

    Args:
        vessels: v, length of vessels that cross the needle's way in a volume of skin, m per m3.
        beyond: x, way beyond the depth where they begin, m. width: d of the needle at that depth, m.
        tip_diameter: d_tip, m.

    Assumes: vessels lie at random, so that a needle cuts as many as its outline covers.
    """
    return vessels * beyond * 0.5 * (width + tip_diameter)


def strike_probability(strikes: float) -> float:
    """Chance that a channel opens at least one vessel when it opens some on average: 1 - exp(-m)."""
    return 1 - exp(-strikes)


def relative_pain(depth: float, usual_depth: float, density: float, usual_density: float, p: float, q: float) -> float:
    """Pain of a session without anaesthetic relative to the reference session: (d / d_ref)^p (n / n_ref)^q.

    Args:
        depth, usual_depth: median depth, m. density, usual_density: channels, per m2. p, q: powers.

    Sources: fruhstorfer1999 (pain rises with depth, hardly with thickness); haq2009 (short needles hurt less than an
    injection). The form and both powers are ours.
    """
    pain: float = (depth / usual_depth) ** p * (density / usual_density) ** q
    return pain


def endpoint_grade(
    stimulus: float, strikes: float, faint: float, erythema: float, pinpoint: float, confluent: float
) -> int:
    """What is seen at the end: 0 none, 1 faint pink, 2 erythema, 3 pinpoint blood, 4 confluent blood.

    Args:
        stimulus: s, ratio. strikes: channels per m2 that opened a vessel. faint, erythema: thresholds on s.
        pinpoint, confluent: thresholds on strikes, per m2.
    """
    pink = (stimulus >= faint) * 1 + (stimulus >= erythema) * 1
    blood = (strikes >= pinpoint) * 1 + (strikes >= confluent) * 1
    return pink + (blood > 0) * (blood + 2 - pink)
