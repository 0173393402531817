"""From a cream on the skin to the blood: product -> skin depot -> body -> eliminated, solved in closed form.

While the product lies on the skin, amounts obey

    dA/dt = -k_in A        on the skin; k_in = flux area / dose, so that the flux falls as the dose runs out
    dS/dt = k_in A - k_out S        in the skin
    dM/dt = k_out S - ...           in the body, one or two compartments
    dE/dt = CL C                    eliminated

and wiping it off takes A away while the skin goes on giving. The system is linear, so one step of any length is exact:
every amount after the step is a sum of amounts before it times a *passed share*, a product of rates and a divided
difference of exponentials, which stays finite where two rates are equal.

A body of two compartments is a pair of *modes*, each fed like one compartment and emptied at its own rate.
"""

from __future__ import annotations

from math import exp, expm1, log, sqrt

# numerical: below this spread of exponents the series is taken, above it the recursion; the loss stays below 1e-12
_CLOSE = 1.0
_TERMS = 20  # numerical: terms of the series; the first left out is below 1e-20 of the sum

MODES = ("rate", "central_weight", "peripheral_weight")
SHARES = (
    "skin_kept",
    "depot_kept",
    "body_kept",
    "skin_to_depot",
    "skin_to_body",
    "skin_to_out",
    "depot_to_body",
    "depot_to_out",
    "body_to_out",
)


# ---------------------------------------------------------------- divided differences of exponentials


def passed_one(a: float, b: float, time: float) -> float:
    """(e^{-a t} - e^{-b t}) / (b - a), s; t e^{-a t} where the rates are equal. Rates per s, time in s."""
    least, most = (a, b) if a <= b else (b, a)
    spread = (most - least) * time
    if spread <= 0.0:
        return time * exp(-least * time)
    return time * exp(-least * time) * (-expm1(-spread) / spread)


def _series(x0: float, x1: float, x2: float, x3: float, nodes: int) -> float:
    """Divided difference of exp at the first 3 or 4 nodes, all near 0: sum of h_n / (n + nodes - 1)!."""
    h0 = h1 = h2 = h3 = 1.0
    factor = 0.5 if nodes == 3 else 1.0 / 6.0  # numerical: 1/2! and 1/3!
    total = factor
    for n in range(1, _TERMS):
        h0 = x0 * h0
        h1 = h0 + x1 * h1
        h2 = h1 + x2 * h2
        h3 = h2 + x3 * h3
        factor /= n + nodes - 1
        total += factor * (h2 if nodes == 3 else h3)  # numerical: three nodes or four
    return total


def passed_two(a: float, b: float, c: float, time: float) -> float:
    """Second divided difference of e^{-k t} at three rates, s²: what a chain of three stages has passed on.

    The integral over both hand-overs of e^{-a u - b v - c (t - u - v)}. Finite for equal rates (t²/2 e^{-a t}).

    Args:
        a, b, c: rates, per s, in any order. time: s.
    """
    least, most = min(a, b, c), max(a, b, c)
    middle = a + b + c - least - most
    spread = (most - least) * time
    if spread <= _CLOSE:
        mean = 0.5 * (least + most)
        x0, x1, x2 = (mean - a) * time, (mean - b) * time, (mean - c) * time
        return time * time * exp(-mean * time) * _series(x0, x1, x2, 0.0, 3)  # numerical: three nodes
    return (passed_one(least, middle, time) - passed_one(middle, most, time)) / (most - least)


def passed_three(a: float, b: float, c: float, time: float) -> float:
    """Third divided difference of e^{-k t} at three rates and 0, s³: what has left the last stage of the chain.

    Args:
        a, b, c: rates, per s, in any order. time: s.
    """
    most = max(a, b, c)
    if most * time <= _CLOSE:
        mean = 0.5 * most
        x0, x1, x2, x3 = (mean - a) * time, (mean - b) * time, (mean - c) * time, mean * time
        return time * time * time * exp(-mean * time) * _series(x0, x1, x2, x3, 4)  # numerical: four nodes
    least = min(a, b, c)
    middle = a + b + c - least - most
    return (passed_two(0.0, least, middle, time) - passed_two(least, middle, most, time)) / most


def passed_shares(
    time: float, uptake: float, release: float, leaving: float
) -> tuple[float, float, float, float, float, float, float, float, float]:
    """What one step moves between skin, depot, one mode of the body, and out of it, as shares of what was there.

    Args:
        time: length of the step, s. uptake: k_in, per s, 0 once wiped off. release: k_out, per s. leaving: rate of
            the mode, per s.

    Returns:
        The shares of ``SHARES``. Each of the three amounts splits into its row of shares, which add up to one.

    Assumes: linear kinetics; no loss from the depot but into the body.
    """
    return (
        exp(-uptake * time),
        exp(-release * time),
        exp(-leaving * time),
        uptake * passed_one(uptake, release, time),
        uptake * release * passed_two(uptake, release, leaving, time),
        uptake * release * leaving * passed_three(uptake, release, leaving, time),
        release * passed_one(release, leaving, time),
        release * leaving * passed_two(0.0, release, leaving, time),
        -expm1(-leaving * time),
    )


# ---------------------------------------------------------------- rates


def flux_by_strength(flux: float, strength: float, reference: float, exponent: float) -> float:
    """Flux of a drug from a cream of a strength: J_ref (c / c_ref)^q, kg/m²/s.

    Args:
        flux: at the reference strength, kg/m²/s. strength, reference: mass of drug in mass of cream, in one unit, above
            0. exponent: q; 0 where the drug is saturated in the cream.

    Sources: emla-smpc-absorption (flux), ipl-cream-2010 (no rise with strength).
    """
    return flux * exp(exponent * log(strength / reference))


def uptake_rate(flux: float, area: float, dose: float) -> float:
    """Share of the drug on the skin that enters it in a second: k_in = J a / D, per s.

    Args:
        flux: of a full dose, kg/m²/s. area: of skin, m². dose: of the drug on it, kg.

    Assumes: a thick layer loses what the skin takes, whatever its thickness; a thin one runs out.
    """
    return flux * area / dose


def clearance_of(clearance: float, weight: float, reference_weight: float, exponent: float) -> float:
    """Clearance of a person: CL (W / W_ref)^m, m³/s. Weights in kg."""
    return clearance * exp(exponent * log(weight / reference_weight))


def one_compartment(clearance: float, volume: float) -> tuple[float, float, float, float, float, float]:
    """Rate and weights of the modes of a body that mixes at once: CL / V and one mode of weight 1.

    Args:
        clearance: m³/s. volume: m³.

    Returns:
        ``MODES`` of the first mode, then of a second that carries nothing.
    """
    return clearance / volume, 1.0, 0.0, clearance / volume, 0.0, 0.0


def two_compartments(
    clearance: float, volume: float, central_share: float, distribution_rate: float
) -> tuple[float, float, float, float, float, float]:
    """Rates and weights of the two modes of a body with a fast and a slow part.

    λ² - (k10 + k12 + k21) λ + k10 k21 = 0; the central amount after a unit bolus is Σ w_i e^{-λ_i t}.

    Args:
        clearance: CL, m³/s. volume: of both parts, m³. central_share: of the volume, between 0 and 1.
        distribution_rate: k12, from the central to the other part, per s.

    Returns:
        ``MODES`` of the faster mode, then of the slower one. Weights of the central part add up to 1, those of the
        other part to 0.
    """
    out = clearance / (volume * central_share)
    back = distribution_rate * central_share / (1.0 - central_share)
    total = out + distribution_rate + back
    root = sqrt(total * total - 4.0 * out * back)  # numerical: of a quadratic
    fast = 0.5 * (total + root)
    slow = out * back / fast
    gap = fast - slow
    other = distribution_rate / gap
    return fast, (fast - back) / gap, -other, slow, (back - slow) / gap, other
