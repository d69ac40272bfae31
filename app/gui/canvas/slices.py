"""Slices of an array as they lie in memory, quickly in all directions."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.engine.plane import SliceKey
from app.engine.prompt import Box3D

_BATCHES = (32, 16, 8)  # bytes of a row that are fetched at once; more takes longer than it spares
_AT_ONCE = 4  # in so many reads the batch that is needed now is fetched
_AHEAD = 8  # and in so many the next one, before it is needed: fetched at once it would be a late frame
_LARGEST_PATCH = 1 << 14  # voxels of a slice; where more have changed a batch is fetched anew


Within = tuple[slice, slice]  # rows and columns of a slice, with start and stop


class SliceReader:
    """Reads slices of (Z, Y, X[, 3]) arrays.

    Along x every voxel of a slice lies in a cache line of its own, so that fetching one takes milliseconds. Its
    neighbours in the same lines cost nothing more: they are kept, and while slices are scrolled those that follow are
    fetched little by little.
    """

    def __init__(self) -> None:
        self._batches: dict[int, _Batch] = {}  # by number, at most two: that of the last slice and one beside it
        self._last, self._step = 0, 1  # the last slice along x, and whether the one before lay below it

    def forget(self, region: Box3D | None = None) -> None:
        """The array has changed in a region, or is another (None)."""
        for number, batch in list(self._batches.items()):
            if region is None or not batch.follow(region):
                del self._batches[number]

    def read(self, array: NDArray[Any], key: SliceKey, within: Within | None = None) -> NDArray[Any]:
        """The slice (rows, columns[, 3]) of an array that is the same in each call, or `forget` was called.

        Or the part of it in a range of rows and one of columns. It may be a window onto what is kept or onto the array:
        to be read before the next call.
        """
        if within is None:
            rows, columns = (n for axis, n in enumerate(array.shape[:3]) if axis != key.axis)
            within = slice(0, rows), slice(0, columns)
        plane: NDArray[Any] = array[key.selector()][within]
        width = _width(array) if key.axis == 2 else 0
        if not width:
            return plane
        number, count = key.index // width, array.shape[2] // width
        if key.index != self._last:
            self._step = 1 if key.index > self._last else -1
            self._last = key.index
        beside = number + self._step
        self._batches = {
            n: batch for n, batch in self._batches.items() if n in (number, beside) and batch.within == within
        }
        batch = self._batch(array, number, width, within)
        if not batch.is_whole:
            batch.fetch(_AT_ONCE)
            return plane
        if 0 <= beside < count:
            self._batch(array, beside, width, within).fetch(_AHEAD)
        found: NDArray[Any] = batch.voxels[key.index % width]
        return found

    def _batch(self, array: NDArray[Any], number: int, width: int, within: Within) -> _Batch:
        if number not in self._batches:
            self._batches[number] = _Batch(array, number * width, width, within)
        return self._batches[number]


class _Batch:
    """Neighbouring slices along x, or the same part of each, fetched a few layers at a time."""

    def __init__(self, array: NDArray[Any], first: int, width: int, within: Within) -> None:
        self.first, self.within = first, within
        layers, rows = within
        self.voxels = np.empty((width, layers.stop - layers.start, rows.stop - rows.start), dtype=array.dtype)
        self._array = array[layers, rows]
        self._layers = 0  # fetched so far

    @property
    def is_whole(self) -> bool:
        """Whether all layers are there."""
        return self._layers >= int(self.voxels.shape[1])

    def fetch(self, parts: int) -> None:
        """One of so many parts of it more, unless it is whole."""
        if self.is_whole:
            return
        width, layers, _ = self.voxels.shape
        start, stop = self._layers, min(self._layers + -(-layers // parts), layers)
        # One element of this view is `width` voxels: cache lines are read once, in the order in which they lie.
        grouped = self._array[start:stop].view(np.dtype((np.void, width * self._array.itemsize)))
        column = self.first // width
        lines = np.ascontiguousarray(grouped[:, :, column : column + 1]).view(self._array.dtype)
        self.voxels[:, start:stop] = lines.transpose(2, 0, 1)
        self._layers = stop

    def follow(self, region: Box3D) -> bool:
        """Take over what has changed in a region; False where that is so much that it is better fetched anew."""
        layers, rows = self.within
        x0, x1 = max(region.x0, self.first), min(region.x1, self.first + len(self.voxels))
        z0, z1 = max(region.z0 - layers.start, 0), min(region.z1 - layers.start, self._layers)
        y0, y1 = max(region.y0, rows.start) - rows.start, min(region.y1, rows.stop) - rows.start
        if x0 >= x1 or z0 >= z1 or y0 >= y1:
            return True
        if (z1 - z0) * (y1 - y0) > _LARGEST_PATCH:
            return False
        patch = self._array[z0:z1, y0:y1, x0:x1]
        self.voxels[x0 - self.first : x1 - self.first, z0:z1, y0:y1] = patch.transpose(2, 0, 1)
        return True


def _width(array: NDArray[Any]) -> int:
    """How many columns are fetched at once; 0 where they cannot be."""
    if array.ndim != 3 or not array.flags.c_contiguous:
        return 0
    row = array.shape[2] * array.itemsize
    batch = next((size for size in _BATCHES if row % size == 0 and size > array.itemsize), 0)
    return batch // array.itemsize
