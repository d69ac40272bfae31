"""The only place where a slice is mapped to the model's input grid and back.

Coordinates. A slice has (rows, columns) with a spacing each. Its *iso* coordinates are pixels of the finer of the two
spacings, so that a square in iso coordinates is square in millimetres: voxel column c covers
[c, c + 1) * column_spacing / unit. A `View` is a square in iso coordinates; grid cell n of `size` covers
origin + [n, n + 1) * side / size.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.engine.plane import SliceKey

STEP = math.sqrt(2.0)  # sides come in steps of this, so that a box that moves a little keeps its view
ORIGIN_STEPS = 8  # origins are multiples of side / 8, for the same reason
SMALLEST_SIDE = 16.0  # iso pixels; smaller views hold no more information


@dataclass(frozen=True)
class SliceGrid:
    """Extent of a slice: rows and columns and the size of a voxel in iso units (1 for the finer spacing)."""

    rows: int
    columns: int
    row_size: float = 1.0
    column_size: float = 1.0

    @classmethod
    def of(cls, key: SliceKey, shape_zyx: tuple[int, int, int], spacing_zyx: tuple[float, float, float]) -> SliceGrid:
        """Of a slice of a volume with that shape and spacing."""
        (rows, columns), (row_mm, column_mm) = key.shape(shape_zyx), key.spacing(spacing_zyx)
        unit = min(row_mm, column_mm)
        return cls(rows, columns, row_mm / unit, column_mm / unit)

    @property
    def width(self) -> float:
        """Extent along columns in iso units."""
        return self.columns * self.column_size

    @property
    def height(self) -> float:
        """Extent along rows in iso units."""
        return self.rows * self.row_size


@dataclass(frozen=True)
class View:
    """A square of a slice, [x0, x0 + side) x [y0, y0 + side) in iso coordinates, seen by the model as size x size."""

    grid: SliceGrid
    x0: float
    y0: float
    side: float
    size: int

    @property
    def columns_window(self) -> tuple[float, float]:
        """First and last edge of the view in voxel columns (edges: 0 is the left edge of column 0)."""
        return self.x0 / self.grid.column_size, (self.x0 + self.side) / self.grid.column_size

    @property
    def rows_window(self) -> tuple[float, float]:
        """First and last edge of the view in voxel rows."""
        return self.y0 / self.grid.row_size, (self.y0 + self.side) / self.grid.row_size

    def to_grid(self, xy: NDArray[np.float64]) -> NDArray[np.float64]:
        """Voxel edge coordinates (..., 2) as (x, y), 0 = left or upper edge of voxel 0, to model grid edges 0..size."""
        scale = np.array([self.grid.column_size, self.grid.row_size])
        out: NDArray[np.float64] = (np.asarray(xy, dtype=np.float64) * scale - (self.x0, self.y0)) * (
            self.size / self.side
        )
        return out

    def from_grid(self, xy: NDArray[np.float64]) -> NDArray[np.float64]:
        """The exact inverse of `to_grid`."""
        scale = np.array([self.grid.column_size, self.grid.row_size])
        out: NDArray[np.float64] = (
            np.asarray(xy, dtype=np.float64) * (self.side / self.size) + (self.x0, self.y0)
        ) / scale
        return out

    def inside(self) -> NDArray[np.bool_]:
        """(size, size): grid cells whose centre lies within the slice."""
        centres = self.from_grid(np.stack([np.arange(self.size) + 0.5] * 2, axis=-1))
        columns = (centres[:, 0] >= 0) & (centres[:, 0] < self.grid.columns)
        rows = (centres[:, 1] >= 0) & (centres[:, 1] < self.grid.rows)
        return np.logical_and.outer(rows, columns)

    def extract(self, array: NDArray[Any], size: int | None = None) -> NDArray[np.float32]:
        """Resample a slice (rows, columns) or (rows, columns, channels) to (size, size[, channels]) float32.

        Antialiased when shrinking, bilinear when enlarging; beyond the slice the nearest voxel goes on (see `inside`).
        """
        if array.ndim == 3:
            return np.stack([self.extract(array[..., c], size) for c in range(array.shape[2])], axis=-1)
        size = self.size if size is None else size
        (c0, c1), (r0, r1) = self.columns_window, self.rows_window
        margin = 2 + math.ceil(max((c1 - c0), (r1 - r0)) / size)  # the resampling filter reaches this far
        patch, left, top = _padded_patch(
            array, math.floor(c0) - margin, math.ceil(c1) + margin, math.floor(r0) - margin, math.ceil(r1) + margin
        )
        return _resize(patch, (size, size), (c0 - left, r0 - top, c1 - left, r1 - top))

    def paint(self, grid_values: NDArray[np.float32]) -> tuple[NDArray[np.float32], slice, slice]:
        """Bring model output (n, n) over the view back to voxels.

        Returns values float32 for the voxels whose centre lies in the view, and their row and column ranges.
        """
        (c0, c1), (r0, r1) = self.columns_window, self.rows_window
        columns = _centres_between(c0, c1, self.grid.columns)
        rows = _centres_between(r0, r1, self.grid.rows)
        n = grid_values.shape[0]
        pad = 2 + math.ceil(max(n / (c1 - c0), n / (r1 - r0)))  # half a voxel may reach beyond the view
        padded = np.pad(np.asarray(grid_values, dtype=np.float32), pad, mode="edge")
        to_x, to_y = n / (c1 - c0), n / (r1 - r0)
        window = (
            (columns.start - c0) * to_x + pad,
            (rows.start - r0) * to_y + pad,
            (columns.stop - c0) * to_x + pad,
            (rows.stop - r0) * to_y + pad,
        )
        return _resize(padded, (rows.stop - rows.start, columns.stop - columns.start), window), rows, columns


def focus_view(extent: tuple[float, float, float, float], grid: SliceGrid, size: int, ratio: float = 1.5) -> View:
    """The view for a box (x0, y0, x1, y1 half-open in voxels): `ratio` to 1.42 * `ratio` times its longer side.

    Snapped in scale and origin, moved into the slice where it fits, never larger than the slice.
    """
    x0, x1 = extent[0] * grid.column_size, extent[2] * grid.column_size
    y0, y1 = extent[1] * grid.row_size, extent[3] * grid.row_size
    wanted = max(x1 - x0, y1 - y0, 1.0) * ratio
    side = max(STEP ** math.ceil(round(math.log(wanted, STEP), 6)), SMALLEST_SIDE)
    if side >= max(grid.width, grid.height):
        return whole_view(grid, size)
    step = side / ORIGIN_STEPS
    left = _snap((x0 + x1) / 2 - side / 2, step, grid.width - side)
    top = _snap((y0 + y1) / 2 - side / 2, step, grid.height - side)
    return View(grid, left, top, side, size)


def whole_view(grid: SliceGrid, size: int) -> View:
    """The square that holds the whole slice, centred."""
    side = max(grid.width, grid.height)
    return View(grid, (grid.width - side) / 2, (grid.height - side) / 2, side, size)


def _snap(origin: float, step: float, room: float) -> float:
    """Origin on the nearest multiple of step, within [0, room]; centred where the view is larger than the slice."""
    if room < 0:
        return room / 2
    return min(max(round(origin / step) * step, 0.0), room)


def _centres_between(first: float, last: float, count: int) -> slice:
    start = max(0, math.ceil(first - 0.5 - 1e-9))
    stop = min(count, math.ceil(last - 0.5 - 1e-9))
    return slice(start, max(start + 1, stop)) if start < count else slice(count - 1, count)


def _padded_patch(array: NDArray[Any], c0: int, c1: int, r0: int, r1: int) -> tuple[NDArray[np.float32], int, int]:
    """array[r0:r1, c0:c1] as float32, with the edge repeated beyond the slice, and its left and top index."""
    rows, columns = array.shape
    inner = array[max(r0, 0) : min(r1, rows), max(c0, 0) : min(c1, columns)].astype(np.float32)
    pad = ((max(0, -r0), max(0, r1 - rows)), (max(0, -c0), max(0, c1 - columns)))
    return np.pad(inner, pad, mode="edge"), c0, r0


def _resize(
    patch: NDArray[np.float32], shape: tuple[int, int], window: tuple[float, float, float, float]
) -> NDArray[np.float32]:
    """Bilinear, antialiased when shrinking; window is (left, top, right, bottom) in edges of the patch."""
    from PIL import Image  # where it is needed: the window is there before

    image = Image.fromarray(np.ascontiguousarray(patch))
    resized = image.resize((shape[1], shape[0]), Image.Resampling.BILINEAR, box=window)
    return np.asarray(resized, dtype=np.float32).copy()
