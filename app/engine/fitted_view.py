"""A slice as the SAM family's public scripts fit it into the input: all of it, in voxels, whatever their size in mm.

"corner": the longer side fills the input, the shorter is rounded to whole cells, zeros follow at the lower right.
"stretch": both sides fill it. What is resized is resized as those scripts do it (see `resize`), and masks come back by
their bilinear interpolation, in two steps where they are cut: to the size of the input, or another, and to the slice.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from app.engine.resize import Method, bilinear, resize
from app.engine.view import SliceGrid, View

Fit = Literal["corner", "stretch"]


@dataclass(frozen=True)
class FittedView(View):
    """See above; `fitted_view` makes it. Its grid has voxels of size 1."""

    fit: Fit
    method: Method
    mask_size: int  # to which masks are enlarged before they are cut; without meaning for "stretch"

    @property
    def cells(self) -> tuple[int, int]:
        """Rows and columns of the input that the slice fills."""
        return self._filled(self.size)

    def _filled(self, size: int) -> tuple[int, int]:
        if self.fit == "stretch":
            return size, size
        scale = size / self.side
        return max(1, int(self.grid.rows * scale + 0.5)), max(1, int(self.grid.columns * scale + 0.5))

    def to_grid(self, xy: NDArray[np.float64]) -> NDArray[np.float64]:
        """See `View`; what is placed by Pillow's scripts or stretched has a scale for each axis."""
        out: NDArray[np.float64] = np.asarray(xy, dtype=np.float64) * self._scale()
        return out

    def from_grid(self, xy: NDArray[np.float64]) -> NDArray[np.float64]:
        """See `View`."""
        out: NDArray[np.float64] = np.asarray(xy, dtype=np.float64) / self._scale()
        return out

    def inside(self) -> NDArray[np.bool_]:
        """(size, size): grid cells that the slice fills."""
        inside = np.zeros((self.size, self.size), dtype=bool)
        inside[: self.cells[0], : self.cells[1]] = True
        return inside

    def extract(self, array: NDArray[Any], size: int | None = None) -> NDArray[np.float32]:
        """See `View`; beyond the slice 0. There is no other size than the view's own."""
        if size not in (None, self.size):
            raise ValueError(f"a fitted view of {self.size} cells cannot be seen at {size}")
        if array.ndim == 3:
            return np.stack([self.extract(array[..., c]) for c in range(array.shape[2])], axis=-1)
        out = np.zeros((self.size, self.size), dtype=np.float32)
        out[: self.cells[0], : self.cells[1]] = resize(array, self.cells, self.method)
        return out

    def paint(self, grid_values: NDArray[np.float32]) -> tuple[NDArray[np.float32], slice, slice]:
        """See `View`: values of all voxels, interpolated from a grid as fine as that of the cut, or made so."""
        values = np.asarray(grid_values, dtype=np.float32)
        shape = (self.grid.rows, self.grid.columns)
        if self.fit == "corner":
            rows, columns = self._filled(self.mask_size)
            if values.shape != (self.mask_size, self.mask_size):
                values = bilinear(values, (self.mask_size, self.mask_size))
            values = values[:rows, :columns]
        return bilinear(values, shape), slice(0, shape[0]), slice(0, shape[1])

    def _scale(self) -> NDArray[np.float64]:
        if self.fit == "corner" and self.method != "antialiased":
            return np.full(2, self.size / self.side)
        rows, columns = self._filled(self.mask_size)  # prompts are placed in the picture from which masks are cut
        return np.array([columns / self.grid.columns, rows / self.grid.rows]) * (self.size / self.mask_size)


def fitted_view(
    grid: SliceGrid, size: int, fit: Fit = "corner", method: Method = "area", mask_size: int | None = None
) -> FittedView:
    """The view of a whole slice of that many rows and columns; its spacing is left out of account."""
    plain = SliceGrid(grid.rows, grid.columns)
    return FittedView(plain, 0.0, 0.0, float(max(grid.rows, grid.columns)), size, fit, method, mask_size or size)
