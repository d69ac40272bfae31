"""What a 3-D network sees of a 3-D box: the box and a margin, every axis stretched to the same number of cells.

So the object lies in the same place whatever its size, and where in its box a cell lies tells as much as what is there.
Shared by training and inference.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.engine.intensity import IntensityMapping, grey_channels
from app.engine.prompt import Box3D

CHANNELS = 9  # stretched and equalised values, inside the volume, squared place along z, y, x, relative extent of each

_Floats = NDArray[np.float32]


@dataclass(frozen=True)
class SolidView:
    """Cells (size, size, size) over a part of a volume (Z, Y, X); `starts` and `steps` are voxel edges along z, y, x.

    `extents` are the lengths of the box along the axes in mm, or in any unit in which voxels are as long as they are.
    """

    shape: tuple[int, int, int]
    starts: tuple[float, float, float]
    steps: tuple[float, float, float]
    extents: tuple[float, float, float]
    size: int
    ratio: float

    @classmethod
    def around(
        cls, box: Box3D, shape: tuple[int, int, int], spacing: tuple[float, float, float], *, size: int, ratio: float
    ) -> SolidView:
        """Of a box within a volume; the view is `ratio` times as long as the box along each axis."""
        ranges = [box.range_of(axis) for axis in range(3)]
        starts, steps, extents = [], [], []
        for voxels, voxel in zip(ranges, spacing, strict=True):
            length = len(voxels) * ratio
            starts.append((voxels.start + voxels.stop - length) / 2)
            steps.append(length / size)
            extents.append(len(voxels) * voxel)
        return cls(shape, _three(starts), _three(steps), _three(extents), size, ratio)

    @property
    def reach(self) -> tuple[slice, slice, slice]:
        """The part of the volume that `extract` looks at."""
        parts = []
        for start, step, count in zip(self.starts, self.steps, self.shape, strict=True):
            margin = 1 + max(step, 1.0)
            low = min(max(int(start - margin), 0), count - 1)
            parts.append(slice(low, max(min(int(np.ceil(start + step * self.size + margin)), count), low + 1)))
        return parts[0], parts[1], parts[2]

    def extract(self, array: NDArray[Any]) -> _Floats:
        """Resample a volume (Z, Y, X[, colours]), of colours their mean, to cells, float32.

        Antialiased when shrinking, linear when enlarging. Beyond the volume its nearest voxel goes on (see `inside`).
        Slice by slice, so that next to no memory is needed.
        """
        part, weights = array[self.reach], []
        for start, step, voxels in zip(self.starts, self.steps, self.reach, strict=True):
            centres = start + step * (np.arange(self.size) + 0.5) - voxels.start
            weights.append(_weights(centres, step, voxels.stop - voxels.start))
        along_z, along_y, along_x = weights
        flat = np.empty((len(part), self.size * self.size), dtype=np.float32)
        for n, values in enumerate(part):
            grey = values.mean(axis=-1, dtype=np.float32) if values.ndim == 3 else values.astype(np.float32)
            flat[n] = (along_y @ grey @ along_x.T).ravel()
        return (along_z @ flat).reshape(self.size, self.size, self.size)

    def inside(self) -> NDArray[np.bool_]:
        """(size, size, size): cells whose centre lies within the volume."""
        axes = []
        for start, step, count in zip(self.starts, self.steps, self.shape, strict=True):
            centres = start + step * (np.arange(self.size) + 0.5)
            axes.append((centres >= 0) & (centres < count))
        return axes[0][:, None, None] & axes[1][:, None] & axes[2]

    def paint(self, cells: _Floats, box: Box3D) -> _Floats:
        """Values of cells (size, size, size) at the voxels of a box, by the same resampling."""
        weights = []
        for axis, (start, step) in enumerate(zip(self.starts, self.steps, strict=True)):
            centres = (np.asarray(box.range_of(axis)) + 0.5 - start) / step
            weights.append(_weights(centres, 1 / step, self.size))
        return _along_axes(cells, weights)


def solid_input(array: NDArray[Any], view: SolidView, mapping: IntensityMapping, *, inverted: bool = False) -> _Floats:
    """Channels (9, size, size, size) of a volume (Z, Y, X[, colours]): see `CHANNELS`. All about -1..2.

    `inverted` turns values round before mapping (MONOCHROME1).
    """
    values = view.extract(array)
    inside = view.inside()
    return solid_channels(grey_channels(-values if inverted else values, inside, mapping), inside, view)


def solid_channels(values: _Floats, inside: NDArray[np.bool_], view: SolidView) -> _Floats:
    """All channels, from the two of values (2, size, size, size) and the cells inside the volume."""
    size = view.size
    channels = np.empty((CHANNELS, size, size, size), dtype=np.float32)
    channels[:2] = values * inside
    channels[2] = inside
    place = ((np.arange(size) + 0.5) * (2 / size) - 1) * view.ratio
    channels[3] = (place**2)[:, None, None]
    channels[4] = (place**2)[:, None]
    channels[5] = place**2
    lengths = np.log(view.extents)
    channels[6:] = ((lengths - lengths.mean()) / 2)[:, None, None, None]
    return channels


def _weights(centres: NDArray[np.float64], step: float, count: int) -> _Floats:
    """(len(centres), count): triangles about the centres (in edges), as wide as a step but at least a sample."""
    reach = max(step, 1.0)
    samples = np.arange(count) + 0.5
    centres = np.clip(centres, 0.5, count - 0.5)
    found = np.maximum(1 - np.abs(centres[:, None] - samples) / reach, 0)
    return np.asarray(found / found.sum(axis=1, keepdims=True), dtype=np.float32)


def _along_axes(array: _Floats, weights: list[_Floats]) -> _Floats:
    """An array (a, b, c) times a matrix (n, a), (m, b), (k, c) along each axis: (n, m, k)."""
    for matrix in weights:  # the first axis becomes the last, three times
        array = np.tensordot(array, matrix, axes=(0, 1))
    return np.ascontiguousarray(array)


def _three(values: list[float]) -> tuple[float, float, float]:
    a, b, c = (float(value) for value in values)
    return a, b, c
