"""Closing of the channels: three kinds of open, each with its own half-life."""

from __future__ import annotations

from math import exp, log


def open_share(time: float, half_life: float) -> float:
    """Share of a session's channels that is still open: 2^(-t / t_half), ratio. time and half_life in s."""
    return exp(-log(2.0) * time / half_life)


def closure_time(half_life: float, closed_share: float) -> float:
    """Time until the open share has fallen to the share that counts as closed, s.

    t = t_half log2(1 / closed_share)

    Sources: micropore-closure-2021 (half-lives and closure times at three sites give the share).
    """
    return half_life * log(1 / closed_share) / log(2.0)


def half_life_by_length(half_life: float, needle_length: float, reference_length: float, exponent: float) -> float:
    """Half-life that grows with needle length: t_half (L / L_ref)^p, s. Plain arithmetic, so it takes all members.

    Sources: kalluri2011 (dye, two lengths; the water barrier showed no effect of length); kelchen2016 (impedance).
    """
    slowed: float = half_life * (needle_length / reference_length) ** exponent
    return slowed


def open_share_two_phase(time: float, half_life: float, quick_share: float, quick_ratio: float) -> float:
    """Open share when elastic skin takes a part back at once: q 2^(-t / (r t_half)) + (1 - q) 2^(-t / t_half).

    Args:
        time, half_life: t and t_half of the slow part, s. quick_share: q. quick_ratio: r, of the quick half-life.

    Sources: gomaa2010 (sharp loss of the barrier, then partial recovery by recoil).
    """
    quick = open_share(time, quick_ratio * half_life)
    return quick_share * quick + (1 - quick_share) * open_share(time, half_life)


def closure_time_two_phase(half_life: float, closed_share: float, quick_share: float, quick_ratio: float) -> float:
    """Time until the share of :func:`open_share_two_phase` has fallen to the share that counts as closed, s.

    Halving of an interval; it ends before :func:`closure_time`, because the quick part is gone sooner.
    """
    low, part = 0.0, closure_time(half_life, closed_share)
    for _ in range(60):  # numerical: to the last bit
        part = 0.5 * part
        low = low + part * (open_share_two_phase(low + part, half_life, quick_share, quick_ratio) > closed_share)
    return low + part


def by_age(ratio: float, age: float, young: float, old: float) -> float:
    """Multiplier that is 1 up to the young age and reaches ``ratio`` at the old age: ratio^((a - y)/(o - y)).

    Args:
        ratio: value at the old age. age, young, old: in one unit of time. Held at the old value beyond it.
    """
    part = min(max((age - young) / (old - young), 0.0), 1.0)
    return exp(part * log(ratio))
