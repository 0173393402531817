"""exp that runs in vector registers: the compiler turns no call of a library's exp into vector code."""

from __future__ import annotations

import numpy as np

from needling.simulation.engines.lanes.compiling import inlined

# numerical: 1 / ln 2, ln 2, and a number whose last bits are those of a small integer added to it
_PER_TURN, _TURN, _WHOLE = 1.4426950408889634, 0.6931471805599453, 6755399441055744.0
# numerical: one over the factorials; then the exponent's offset in a number, and how many bits stand before it
_I13, _I12, _I11 = 1.6059043836821613e-10, 2.08767569878681e-09, 2.505210838544172e-08
_I10, _I9, _I8, _I7 = 2.755731922398589e-07, 2.7557319223985893e-06, 2.48015873015873e-05, 0.0001984126984126984
_I6, _I5, _I4, _I3 = 0.001388888888888889, 0.008333333333333333, 0.041666666666666664, 0.16666666666666666
_OFFSET, _MANTISSA = 1023, 52
_LEAST = -700.0  # numerical: below it exp is zero for every purpose


@inlined
def exponential(x: float) -> float:
    """exp(x) for x up to 700, to 4e-16 relative near 0 and 1e-16 |x| beyond; a vanishing number far below.

    exp(x) = 2^n exp(r),  n = round(x / ln 2),  |r| <= ln(2) / 2; exp(r) by its series.
    """
    x = max(x, _LEAST)
    n = np.floor(x * _PER_TURN + 0.5)
    r = x - n * _TURN
    y = _I13 * r + _I12
    y = y * r + _I11
    y = y * r + _I10
    y = y * r + _I9
    y = y * r + _I8
    y = y * r + _I7
    y = y * r + _I6
    y = y * r + _I5
    y = y * r + _I4
    y = y * r + _I3
    y = ((y * r + 0.5) * r + 1) * r + 1
    bits = np.float64(n + _WHOLE).view(np.int64)
    power = np.int64((bits + _OFFSET) << _MANTISSA).view(np.float64)
    found: float = y * power
    return found
