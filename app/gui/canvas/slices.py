"""Slices of an array as they lie in memory, quickly in all directions."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.engine.plane import SliceKey

_BATCHES = (32, 16, 8)  # bytes of a row that are fetched at once; more takes longer than it spares


class SliceReader:
    """Reads slices of (Z, Y, X[, 3]) arrays, contiguous.

    Along x every voxel of a slice lies in a cache line of its own, so that fetching one takes milliseconds. Its
    neighbours in the same lines cost nothing more: they are kept for the slices that are scrolled to next.
    """

    def __init__(self) -> None:
        self._kept: NDArray[Any] | None = None  # (Z, Y, a few columns)
        self._first = 0

    def forget(self) -> None:
        """The array has changed, or is another."""
        self._kept = None

    def read(self, array: NDArray[Any], key: SliceKey) -> NDArray[Any]:
        """The slice (rows, columns[, 3]) of an array that is the same in each call, or `forget` was called."""
        width = _width(array) if key.axis == 2 else 0
        if not width:
            return np.ascontiguousarray(array[key.selector()])
        if self._kept is None or not self._first <= key.index < self._first + width:
            batch, self._first = key.index // width, key.index // width * width
            # One element of this view is `width` voxels.
            grouped = array.view(np.dtype((np.void, width * array.itemsize)))
            self._kept = np.ascontiguousarray(grouped[:, :, batch : batch + 1]).view(array.dtype)
        return np.ascontiguousarray(self._kept[:, :, key.index - self._first])


def _width(array: NDArray[Any]) -> int:
    """How many columns are fetched at once; 0 where they cannot be."""
    if array.ndim != 3 or not array.flags.c_contiguous:
        return 0
    row = array.shape[2] * array.itemsize
    batch = next((size for size in _BATCHES if row % size == 0 and size > array.itemsize), 0)
    return batch // array.itemsize
