"""How a slice is turned to be looked at: the only place that decides which way up a picture of it is.

Where the orientation is known the patient's right is at the left of the picture, front or head on top, and in sagittal
pictures the front at the left, as radiologists expect. Otherwise rows run down and columns to the right, as stored.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.engine.geometry import Frame, Geometry
from app.engine.plane import Plane, SliceKey

_SECOND_LETTER = 0.26  # cosine: from 15 degrees on, an oblique direction is named by two letters
_LETTERS = (("R", "L"), ("A", "P"), ("I", "S"))  # towards the lower and the higher end of each world axis


@dataclass(frozen=True)
class Upright:
    """A slice of (rows, columns), transposed, then flipped, gives its picture of (height, width) voxels."""

    geometry: Geometry
    axis: int
    transpose: bool
    flip_rows: bool
    flip_columns: bool

    @classmethod
    def of(cls, geometry: Geometry, axis: int) -> Upright:
        """For the slices along an array axis (0 = z, 1 = y, 2 = x)."""
        row_axis, column_axis = (other for other in range(3) if other != axis)
        transpose = flip_rows = flip_columns = False
        if geometry.frame is Frame.WORLD:
            # The lower world axis (left before back before head) runs across the picture, the other one down it.
            transpose = geometry.world_axis_of(row_axis) < geometry.world_axis_of(column_axis)
            down, across = (column_axis, row_axis) if transpose else (row_axis, column_axis)
            flip_columns = not _runs_up(geometry, across)
            flip_rows = _runs_up(geometry, down) == (geometry.world_axis_of(down) == Plane.AXIAL.value)  # head on top
        return cls(geometry, axis, transpose, flip_rows, flip_columns)

    @cached_property
    def slice_shape(self) -> tuple[int, int]:
        """(rows, columns) of the slice."""
        return SliceKey(self.axis, 0).shape(self.geometry.shape_zyx)

    @cached_property
    def shape(self) -> tuple[int, int]:
        """(height, width) of the picture in voxels."""
        rows, columns = self.slice_shape
        return (columns, rows) if self.transpose else (rows, columns)

    @cached_property
    def voxel_size(self) -> tuple[float, float]:
        """(height, width) of a voxel in the picture, in mm, or in pixels where the spacing is unknown."""
        row, column = SliceKey(self.axis, 0).spacing(self.geometry.spacing_zyx)
        return (column, row) if self.transpose else (row, column)

    def turned(self, array: NDArray[Any]) -> NDArray[Any]:
        """A slice (rows, columns, ...) as its picture (height, width, ...); a view, nothing is copied."""
        turned = array.swapaxes(0, 1) if self.transpose else array
        return turned[:: -1 if self.flip_rows else 1, :: -1 if self.flip_columns else 1]

    def to_picture(self, xy: NDArray[np.float64]) -> NDArray[np.float64]:
        """Slice edge coordinates (..., 2) as (x, y), 0 = outer edge of voxel 0, to picture edge coordinates."""
        out = np.array(xy, dtype=np.float64)
        if self.transpose:
            out = out[..., ::-1].copy()
        height, width = self.shape
        if self.flip_columns:
            out[..., 0] = width - out[..., 0]
        if self.flip_rows:
            out[..., 1] = height - out[..., 1]
        return out

    def from_picture(self, xy: NDArray[np.float64]) -> NDArray[np.float64]:
        """The exact inverse of `to_picture`."""
        out = np.array(xy, dtype=np.float64)
        height, width = self.shape
        if self.flip_columns:
            out[..., 0] = width - out[..., 0]
        if self.flip_rows:
            out[..., 1] = height - out[..., 1]
        return out[..., ::-1].copy() if self.transpose else out

    @cached_property
    def letters(self) -> tuple[str, str, str, str]:
        """What lies at the left, top, right and bottom of the picture: "R", "A", "LP", ...; empty where unknown."""
        if self.geometry.frame is not Frame.WORLD:
            return "", "", "", ""
        row_axis, column_axis = (other for other in range(3) if other != self.axis)
        down, across = (column_axis, row_axis) if self.transpose else (row_axis, column_axis)
        right = self.geometry.direction[:, 2 - across] * (-1.0 if self.flip_columns else 1.0)
        bottom = self.geometry.direction[:, 2 - down] * (-1.0 if self.flip_rows else 1.0)
        return _named(-right), _named(-bottom), _named(right), _named(bottom)


def letters_of_axes(geometry: Geometry) -> tuple[str, str, str]:
    """Towards which side of the patient the x, y and z index rise: "L", "P", "SA", ...; empty where unknown."""
    if geometry.frame is not Frame.WORLD:
        return "", "", ""
    x, y, z = (_named(geometry.direction[:, n]) for n in range(3))
    return x, y, z


def _runs_up(geometry: Geometry, axis: int) -> bool:
    """Whether the index of an array axis rises towards left, back or head."""
    return bool(geometry.direction[geometry.world_axis_of(axis), 2 - axis] > 0)


def _named(direction: NDArray[np.float64]) -> str:
    """A direction (3,) in LPS by its one or two largest parts."""
    by_size = sorted(range(3), key=lambda n: -abs(direction[n]))
    name = _LETTERS[by_size[0]][int(direction[by_size[0]] > 0)]
    second = by_size[1]
    if abs(direction[second]) >= _SECOND_LETTER:
        name += _LETTERS[second][int(direction[second] > 0)]
    return name
