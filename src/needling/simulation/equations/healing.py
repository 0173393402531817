"""From injury to collagen: one session is an impulse, the baseline of every state is 0 or 1, rates per second.

A minimal model. Debris D calls inflammation I, I calls repair macrophages M; together they activate
fibroblasts f, which lay down collagen III (C3) that turns into collagen I (C1); elastic tissue is lost at a
session and slowly replaced; what is seen follows collagen with a lag. Only about two combinations of its
parameters are set by data; the others keep their priors (see each parameter's certainty).
"""

from __future__ import annotations

from math import exp, pi, sqrt

# Rows of the parameter table of an engine, in the order of the arguments of :func:`rates`, then the others.
RATE_PARAMETERS = (
    "fibroblast-activation-rate",
    "pdgf-half-saturation",
    "fibroblast-loss-rate",
    "pdgf-from-inflammation",
    "pdgf-from-repair",
    "pdgf-from-fibroblasts",
    "tgf-from-debris",
    "tgf-from-fibroblasts",
    "tgf-synthesis-gain",
    "tgf-half-saturation",
    "collagen-synthesis-rate",
    "collagen-ceiling",
    "ceiling-smoothing",
    "collagen-iii-conversion-rate",
    "collagen-iii-conversion-yield",
    "collagen-iii-loss-rate",
    "collagen-i-loss-rate",
    "collagen-loss-to-inflammation",
    "elastin-synthesis-rate",
    "elastin-maturation-rate",
    "elastin-loss-rate",
    "clinical-gain",
    "clinical-lag",
)
EARLY_PARAMETERS = ("debris-clearance-rate", "inflammation-rate", "repair-recruitment-rate", "repair-loss-rate")
SESSION_PARAMETERS = ("elastin-session-loss",)
REDNESS_PARAMETERS = (
    "redness-from-injury",
    "redness-injury-time",
    "redness-from-inflammation",
    "visible-redness",
    "calm-inflammation",
)
PARAMETERS = (*RATE_PARAMETERS, *EARLY_PARAMETERS, *SESSION_PARAMETERS, *REDNESS_PARAMETERS)


def coverage(density: float, channel_radius: float, halo: float) -> float:
    """Share of the skin within reach of a channel's signals: 1 - exp(-n pi (r_c + lambda)^2).

    Args:
        density: channels per m2 that reach the dermis. channel_radius: r_c, m. halo: lambda, m.

    Assumes: channels of many random passes lie like random points.
    """
    reach = channel_radius + halo
    return 1 - exp(-density * pi * reach * reach)


def depth_response(depth: float, epidermis: float, fade: float, scale: float) -> float:
    """How much of the full answer a depth calls up; saturates: 1 - exp(-x / h), x a soft max(d - L_epi, 0).

    Args:
        depth: d, m. epidermis: L_epi, m. fade: width of the soft corner, m. scale: h, m.
    """
    over = depth - epidermis
    return 1 - exp(-0.5 * (over + sqrt(over * over + fade * fade)) / scale)


def early_rates(
    debris: float,
    inflammation: float,
    repair: float,
    clearance: float,
    inflaming: float,
    recruiting: float,
    leaving: float,
) -> tuple[float, float, float]:
    """Rates of D, I, M: -k_D D, k_I (D - I), k_p I - k_M M. All rates per s."""
    return (
        -clearance * debris,
        inflaming * (debris - inflammation),
        recruiting * inflammation - leaving * repair,
    )


def early_transition(
    step: float, clearance: float, inflaming: float, recruiting: float, leaving: float, terms: int
) -> tuple[float, float, float, float, float, float]:
    """Exact step of D, I, M over a time: the lower triangle of exp(A h), also where two rates are equal.

    exp(A h) = exp(-c h) exp((A + c) h) with c the fastest loss: the second matrix has no negative entry, so
    its series adds only positive terms and nothing cancels.

    Args:
        step: h, s. clearance: k_D. inflaming: k_I. recruiting: k_p. leaving: k_M, all per s.
        terms: of the series; enough when well above 2 c h.

    Returns:
        (D<-D, I<-D, I<-I, M<-D, M<-I, M<-M), ratios.
    """
    term = 1.0, 0.0, 1.0, 0.0, 0.0, 1.0  # n = 0 is the unit matrix
    total = term
    for order in range(1, terms):
        term = early_series_term(step / order, clearance, inflaming, recruiting, leaving, *term)
        total = (
            total[0] + term[0],
            total[1] + term[1],
            total[2] + term[2],
            total[3] + term[3],
            total[4] + term[4],
            total[5] + term[5],
        )
    decay = exp(-max(clearance, inflaming, leaving) * step)
    return (
        total[0] * decay,
        total[1] * decay,
        total[2] * decay,
        total[3] * decay,
        total[4] * decay,
        total[5] * decay,
    )


def early_series_term(
    part: float,
    clearance: float,
    inflaming: float,
    recruiting: float,
    leaving: float,
    dd: float,
    id_: float,
    ii: float,
    md: float,
    mi: float,
    mm: float,
) -> tuple[float, float, float, float, float, float]:
    """The next term of the series of :func:`early_transition`: the lower triangle of (A + c) h / n times the last.

    Args:
        part: h / n, s. clearance: k_D. inflaming: k_I. recruiting: k_p. leaving: k_M, all per s.
        dd, id_, ii, md, mi, mm: the last term, (D<-D, I<-D, I<-I, M<-D, M<-I, M<-M), ratios.
    """
    fastest = max(clearance, inflaming, leaving)
    keep_d, keep_i, keep_m = (fastest - clearance) * part, (fastest - inflaming) * part, (fastest - leaving) * part
    inflame, recruit = inflaming * part, recruiting * part
    return (
        keep_d * dd,
        inflame * dd + keep_i * id_,
        keep_i * ii,
        recruit * id_ + keep_m * md,
        recruit * ii + keep_m * mi,
        keep_m * mm,
    )


def growth_factor(
    debris: float, repair: float, fibroblasts: float, from_debris: float, from_fibroblasts: float
) -> float:
    """TGF-beta, quasi-steady: T = t_D D + M + t_f f, ratio."""
    return from_debris * debris + repair + from_fibroblasts * fibroblasts


def redness(vascular: float, inflammation: float, from_injury: float, from_inflammation: float) -> float:
    """Erythema: E = alpha_v V + alpha_I I, where V is the stimulus that fades with the redness-injury time."""
    return from_injury * vascular + from_inflammation * inflammation


def rates(
    f: float,
    c3: float,
    c1: float,
    te: float,
    el: float,
    target: float,
    severity: float,
    debris: float,
    inflammation: float,
    repair: float,
    rho: float,
    k_p: float,
    delta_f: float,
    p_i: float,
    p_m: float,
    p_f: float,
    t_d: float,
    t_f: float,
    gain_t: float,
    half_t: float,
    b: float,
    ceiling: float,
    eps: float,
    kappa: float,
    eta_c: float,
    mu3: float,
    mu1: float,
    m: float,
    b_e: float,
    k_x: float,
    mu_e: float,
    a: float,
    tau_q: float,
) -> tuple[float, float, float, float, float, float, float]:
    """Rates of change of the slow states.

    P  = D + p_I I + p_M M + p_f f            T = t_D D + M + t_f f         (PDGF, TGF-beta, quasi-steady)
    df = rho P/(K + P) (1 - f) - delta_f f
    q  = f (1 + g T/(T_h + T)) softcap(1 - (C1 + C3 - 1)/dC),  softcap(x) = (x + sqrt(x^2 + eps^2))/2
    dC3 = b q - (kappa + mu3 + m I) C3        dC1 = b q + eta kappa C3 - mu1 (C1 - 1) - m I C1
    dTe = b_e f - k_x Te                      dEl = k_x Te - mu_e (El - 1)
    dY = -a Y (dC1 + dC3)                     dS = -(S - Y)/tau_Q

    Y is exp(-a (C1 + C3 - 1)), carried as a state so that a step needs no exponential.

    Args:
        f: active fibroblasts. c3, c1: collagen, of a baseline of 0 and 1. te, el: elastin, young and mature.
        target: Y. severity: S, share of the baseline severity. debris, inflammation, repair: D, I, M.
        The others: values of ``RATE_PARAMETERS`` in that order, rates per s.

    Returns:
        Time derivatives of (f, C3, C1, Te, El, Y, S), per s.

    Sources: the form is ours. Parts are known from waugh2007 (growth factors from macrophages and
    fibroblasts), jin2011, nagaraja2019 (loss rates). Values and their sources: knowledge/parameters/healing.yaml.
    """
    return rates_with_reciprocals(
        f, c3, c1, te, el, target, severity, debris, inflammation, repair,
        rho, k_p, delta_f, p_i, p_m, p_f, t_d, t_f, gain_t, half_t, b, 1 / ceiling, eps, kappa, eta_c,
        mu3, mu1, m, b_e, k_x, mu_e, a, 1 / tau_q,
    )  # fmt: skip


def rates_with_reciprocals(
    f: float,
    c3: float,
    c1: float,
    te: float,
    el: float,
    target: float,
    severity: float,
    debris: float,
    inflammation: float,
    repair: float,
    rho: float,
    k_p: float,
    delta_f: float,
    p_i: float,
    p_m: float,
    p_f: float,
    t_d: float,
    t_f: float,
    gain_t: float,
    half_t: float,
    b: float,
    per_ceiling: float,
    eps: float,
    kappa: float,
    eta_c: float,
    mu3: float,
    mu1: float,
    m: float,
    b_e: float,
    k_x: float,
    mu_e: float,
    a: float,
    per_lag: float,
) -> tuple[float, float, float, float, float, float, float]:
    """:func:`rates` for engines that divide by the ceiling and the lag once and not at every step.

    The two saturations P/(K + P) and T/(T_h + T) share one division, the slowest thing in this text.

    Args:
        per_ceiling: 1/dC. per_lag: 1/tau_Q, per s. The others: as :func:`rates`.
    """
    pdgf = debris + p_i * inflammation + p_m * repair + p_f * f
    tgf = t_d * debris + repair + t_f * f
    pdgf_room, tgf_room = k_p + pdgf, half_t + tgf
    both = 1 / (pdgf_room * tgf_room)
    df = rho * pdgf * tgf_room * both * (1 - f) - delta_f * f
    room = 1 - (c1 + c3 - 1) * per_ceiling
    made = b * f * (1 + gain_t * tgf * pdgf_room * both) * (0.5 * (room + sqrt(room * room + eps * eps)))
    digest = m * inflammation
    dc3 = made - (kappa + mu3 + digest) * c3
    dc1 = made + eta_c * kappa * c3 - mu1 * (c1 - 1) - digest * c1
    ripe = k_x * te
    return (
        df,
        dc3,
        dc1,
        b_e * f - ripe,
        ripe - mu_e * (el - 1),
        -a * target * (dc1 + dc3),
        (target - severity) * per_lag,
    )
