"""Counts that grow without limit in a fixed space: histograms and sums that do not depend on the order of adding."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

# numerical: the layout of the bins, and of the fixed-point sums
_FINE = 7  # bits: 128 bins for each doubling, so that a bin is at most 0.8 % wide
_LEAST, _MOST = -20, 12  # powers of two; what is smaller counts as zero, what is larger is held there
_MANTISSA = 52
_OFFSET = 1023
_EACH_SIDE = (_MOST - _LEAST) << _FINE
_UNIT = 2.0**-30  # of one addend of a sum


class Counts:
    """Histograms of many quantities at once: rows of signed bins, finer where numbers are small.

    Bins grow in proportion to the number, so no range has to be known beforehand. Counts and fixed-point sums are whole
    numbers: whoever is added first, the result is the same to the last bit.
    """

    def __init__(self, rows: int) -> None:
        self.people = 0
        self.bins: Ints = np.zeros((rows, 2 * _EACH_SIDE + 1), dtype=np.int64)
        self._sum = [0] * rows
        self._low = np.full(rows, np.inf)
        self._high = np.full(rows, -np.inf)

    def add(self, values: Floats) -> None:
        """Count more people: values, finite, float64[row, person]."""
        rows, people = values.shape
        place = _bin_of(values) + (np.arange(rows) * self.bins.shape[1])[:, None]
        self.bins += np.bincount(place.ravel(), minlength=self.bins.size).reshape(self.bins.shape)
        whole = np.rint(np.clip(values, -(2.0**_MOST), 2.0**_MOST) / _UNIT).astype(np.int64).sum(axis=1)
        self._sum = [before + int(more) for before, more in zip(self._sum, whole, strict=True)]
        self._low = np.minimum(self._low, values.min(axis=1, initial=np.inf))
        self._high = np.maximum(self._high, values.max(axis=1, initial=-np.inf))
        self.people += people

    def means(self) -> Floats:
        """Mean of each row, float64[row]; to 1e-9, and numbers beyond 4096 count as 4096."""
        return np.array(self._sum) * (_UNIT / max(self.people, 1))

    def quantiles(self, levels: Sequence[float]) -> Floats:
        """Quantiles by straight lines inside a bin, float64[level, row]; within 0.8 % of the exact ones."""
        running = np.cumsum(self.bins, axis=1)
        found = np.empty((len(levels), self.bins.shape[0]))
        edges = _edges()
        for index, level in enumerate(levels):
            wanted = level * self.people
            here = np.argmax(running >= max(wanted, 0.5), axis=1)
            each = np.arange(here.size)
            count = self.bins[each, here]
            part = 1 - (running[each, here] - wanted) / np.maximum(count, 1)
            found[index] = edges[here] + np.clip(part, 0.0, 1.0) * (edges[here + 1] - edges[here])
        return np.asarray(np.clip(found, self._low, self._high))


def _bin_of(values: Floats) -> Ints:
    """Place of each value: from its exponent and the first bits of its mantissa."""
    size = np.clip(np.abs(values), 0.0, np.nextafter(2.0**_MOST, 0.0))
    step = (size.view(np.int64) >> (_MANTISSA - _FINE)) - ((_OFFSET + _LEAST) << _FINE)
    step = np.maximum(step + 1, 0)  # 0: as good as zero
    return np.asarray(np.where(values < 0, _EACH_SIDE - step, _EACH_SIDE + step))


def _edges() -> Floats:
    """Lower edge of each bin, and the upper edge of the last."""
    exponent, part = np.divmod(np.arange(_EACH_SIDE + 1), 1 << _FINE)
    positive = 2.0 ** (exponent + _LEAST) * (1 + part / (1 << _FINE))
    return np.concatenate([-positive[::-1], positive])
