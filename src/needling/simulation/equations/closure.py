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
    """Half-life of the visible channel, which grows with needle length: t_half (L / L_ref)^p, s.

    Sources: kalluri2011 (dye, two lengths; the water barrier showed no effect of length).
    """
    return half_life * exp(exponent * log(needle_length / reference_length))


def by_age(ratio: float, age: float, young: float, old: float) -> float:
    """Multiplier that is 1 up to the young age and reaches ``ratio`` at the old age: ratio^((a - y)/(o - y)).

    Args:
        ratio: value at the old age. age, young, old: in one unit of time. Held at the old value beyond it.
    """
    part = min(max((age - young) / (old - young), 0.0), 1.0)
    return exp(part * log(ratio))
