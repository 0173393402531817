"""The inverse of the normal distribution, for whole arrays."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

# The rational functions of Wichura's algorithm AS 241 (Applied Statistics 37, 477-484, 1988), relative error below
# 1e-15, which the standard library uses as well.
# numerical: highest power first
_CENTRE_TOP = (
    2509.0809287301227,
    33430.57558358813,
    67265.7709270087,
    45921.95393154987,
    13731.69376550946,
    1971.5909503065513,
    133.14166789178438,
    3.3871328727963665,
)
_CENTRE_BOTTOM = (
    5226.495278852854,
    28729.085735721943,
    39307.89580009271,
    21213.794301586597,
    5394.196021424751,
    687.1870074920579,
    42.31333070160091,
    1.0,
)
_TAIL_TOP = (
    0.0007745450142783414,
    0.022723844989269184,
    0.2417807251774506,
    1.2704582524523684,
    3.6478483247632045,
    5.769497221460691,
    4.630337846156546,
    1.4234371107496835,
)
_TAIL_BOTTOM = (
    1.0507500716444169e-09,
    0.0005475938084995345,
    0.015198666563616457,
    0.14810397642748008,
    0.6897673349851,
    1.6763848301838038,
    2.053191626637759,
    1.0,
)
_FAR_TOP = (
    2.0103343992922881e-07,
    2.7115555687434876e-05,
    0.0012426609473880784,
    0.026532189526576124,
    0.29656057182850487,
    1.7848265399172913,
    5.463784911164114,
    6.657904643501103,
)
_FAR_BOTTOM = (
    2.0442631033899397e-15,
    1.421511758316446e-07,
    1.8463183175100548e-05,
    0.0007868691311456133,
    0.014875361290850615,
    0.1369298809227358,
    0.599832206555888,
    1.0,
)
_CENTRE, _CENTRE_SQUARED, _NEAR, _FAR = 0.425, 0.180625, 1.6, 5.0

# numerical: numbers at a time, so that all steps of the work stay in the fast memory
_PIECE = 16384


def inverse_normal(share: Floats) -> Floats:
    """The standard normal quantile of each share, x with Phi(x) = share.

    Args:
        share: strictly between 0 and 1, float64 of any shape.

    Returns:
        float64 of the same shape; the same numbers as ``statistics.NormalDist().inv_cdf`` gives one by one.
    """
    flat = np.ravel(share)
    found = np.empty(flat.shape)
    for start in range(0, flat.size, _PIECE):
        found[start : start + _PIECE] = _inverse(flat[start : start + _PIECE])
    return found.reshape(np.shape(share))


def _inverse(share: Floats) -> Floats:
    centred = share - 0.5
    found = _ratio(_CENTRE_TOP, _CENTRE_BOTTOM, _CENTRE_SQUARED - centred * centred, centred)
    outside = np.flatnonzero(np.abs(centred) > _CENTRE)
    beyond = centred[outside]
    reach = np.sqrt(-np.log(np.where(beyond < 0, share[outside], 1 - share[outside])))
    tail = _ratio(_TAIL_TOP, _TAIL_BOTTOM, reach - _NEAR)
    far = np.flatnonzero(reach > _FAR)
    tail[far] = _ratio(_FAR_TOP, _FAR_BOTTOM, reach[far] - _FAR)
    found[outside] = np.copysign(tail, beyond)
    return found


def _ratio(top: tuple[float, ...], bottom: tuple[float, ...], x: Floats, times: Floats | None = None) -> Floats:
    """Ratio of two polynomials by Horner's rule, in place so that nothing is allocated twice."""
    over, under = np.full(x.shape, top[0]), np.full(x.shape, bottom[0])
    for a, b in zip(top[1:], bottom[1:], strict=True):
        over *= x
        over += a
        under *= x
        under += b
    if times is not None:
        over *= times
    over /= under
    return over
