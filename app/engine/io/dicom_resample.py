"""Putting planes onto an even, orthogonal grid: each is shifted within its plane, then planes are blended in depth."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.engine.io.dicom_geometry import Grid


def resample(planes: NDArray[Any], grid: Grid) -> NDArray[Any]:
    """Planes (N, Y, X[, 3]) on the grid, (Z, Y', X'[, 3]), dtype kept; linear; what is new gets the smallest value."""
    rows, columns = grid.geometry.shape_zyx[1:]
    fill = 0 if planes.ndim == 4 else planes.min()
    out = np.empty((len(grid.layers), rows, columns, *planes.shape[3:]), planes.dtype)
    shifted: dict[int, NDArray[Any]] = {}

    def plane(index: int) -> NDArray[Any]:
        if index not in shifted:
            for old in [n for n in shifted if n < index - 1]:
                del shifted[old]
            offset = None if grid.offsets is None else grid.offsets[index]
            shifted[index] = planes[index] if offset is None else _shift(planes[index], offset, (rows, columns), fill)
        return shifted[index]

    for target, (below, above, weight) in zip(out, grid.layers, strict=True):
        if weight == 0.0:
            target[...] = plane(below)
        else:
            blend = plane(below) * np.float32(1.0 - weight) + plane(above) * np.float32(weight)
            target[...] = _rounded(blend, planes.dtype)
    return out


def _shift(plane: NDArray[Any], offset: NDArray[np.float64], shape: tuple[int, int], fill: float) -> NDArray[Any]:
    """The plane with its first pixel at `offset` (column, row) of a larger one."""
    low, high, weight, inside_rows = _taps(plane.shape[0], shape[0], float(offset[1]))
    tall = _blend(plane[low], plane[high], weight.reshape(-1, *[1] * (plane.ndim - 1)))
    low, high, weight, inside_columns = _taps(plane.shape[1], shape[1], float(offset[0]))
    wide = _blend(tall[:, low], tall[:, high], weight.reshape(1, -1, *[1] * (plane.ndim - 2)))
    wide[~inside_rows] = fill
    wide[:, ~inside_columns] = fill
    return _rounded(wide, plane.dtype)


def _taps(
    size: int, extent: int, offset: float
) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.float32], NDArray[np.bool_]]:
    """For each output pixel: the two source pixels, the weight of the second, and whether it lies within the source."""
    source = np.arange(extent) - offset
    inside = (source > -0.5 - 1e-6) & (source < size - 0.5 + 1e-6)
    source = source.clip(0, size - 1)
    low = np.floor(source).astype(np.intp)
    return low, np.minimum(low + 1, size - 1), (source - low).astype(np.float32), inside


def _blend(low: NDArray[Any], high: NDArray[Any], weight: NDArray[np.float32]) -> NDArray[np.float32]:
    blended: NDArray[np.float32] = low.astype(np.float32) * (1 - weight) + high.astype(np.float32) * weight
    return blended


def _rounded(values: NDArray[Any], dtype: np.dtype[Any]) -> NDArray[Any]:
    return np.rint(values).astype(dtype) if dtype.kind in "iu" else values.astype(dtype)
