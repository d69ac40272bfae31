"""Where voxels lie on the screen: the only place of the window that computes it.

Slice coordinates are (x, y) = (column, row), whole numbers at voxel centres, as in `Point`. Screen coordinates are
device-independent pixels from the widget's upper left corner. Voxels are square in millimetres.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from app.engine.prompt import Box
from app.engine.upright import Upright
from app.gui.view_state import Camera

Place = tuple[float, float]  # on the screen
PictureBox = tuple[int, int, int, int]  # x0, y0, x1, y1: a box as it is turned on the screen, half-open in voxels

_MARGIN = 8.0  # pixels around a picture that is fitted, so that handles at its border can be grasped
_SMALLEST_FIT = 0.5  # zooming out ends where the picture has this part of its fitted size
_LARGEST_VOXEL = 128.0  # pixels: zooming in ends where the finer side of a voxel is so large


@dataclass(frozen=True)
class PlaneFrame:
    """Maps a slice to a widget of `size` (width, height), in device-independent pixels, as a camera sees it."""

    upright: Upright
    camera: Camera
    size: tuple[float, float]

    @cached_property
    def extent(self) -> tuple[float, float]:
        """(width, height) of the picture in its units: millimetres, or pixels where the spacing is unknown."""
        (height, width), (voxel_height, voxel_width) = self.upright.shape, self.upright.voxel_size
        return width * voxel_width, height * voxel_height

    @cached_property
    def fitting(self) -> float:
        """Pixels per unit at which the whole picture is seen."""
        return min(max(n - 2 * _MARGIN, 1.0) / extent for n, extent in zip(self.size, self.extent, strict=True))

    @cached_property
    def scale(self) -> float:
        """Pixels per unit."""
        return self.fitting if self.camera.zoom is None else self.camera.zoom

    @cached_property
    def centre(self) -> tuple[float, float]:
        """What lies at the middle of the widget, in units from the picture's upper left corner."""
        return (self.extent[0] / 2, self.extent[1] / 2) if self.camera.zoom is None else self.camera.centre

    @cached_property
    def origin(self) -> Place:
        """Where the picture's upper left corner lies."""
        return (
            self.size[0] / 2 - self.centre[0] * self.scale,
            self.size[1] / 2 - self.centre[1] * self.scale,
        )

    @cached_property
    def voxel(self) -> tuple[float, float]:
        """(width, height) of a voxel on the screen."""
        height, width = self.upright.voxel_size
        return width * self.scale, height * self.scale

    @property
    def finer(self) -> float:
        """The finer side of a voxel on the screen: the unit of a brush's radius."""
        return min(self.voxel)

    # ------------------------------------------------------------------------------------------------------ coordinates

    def to_screen(self, xy: ArrayLike) -> NDArray[np.float64]:
        """Slice coordinates (..., 2) to screen coordinates."""
        picture = self.upright.to_picture(np.asarray(xy, dtype=np.float64) + 0.5)
        return picture * self.voxel + self.origin

    def to_slice(self, places: ArrayLike) -> NDArray[np.float64]:
        """Screen coordinates (..., 2) to slice coordinates, those outside the slice included."""
        return self.upright.from_picture(self.to_picture(places)) - 0.5

    def to_picture(self, places: ArrayLike) -> NDArray[np.float64]:
        """Screen coordinates (..., 2) to picture coordinates in voxels, 0 = the picture's outer edge."""
        picture: NDArray[np.float64] = (np.asarray(places, dtype=np.float64) - self.origin) / self.voxel
        return picture

    def point_at(self, place: Place) -> tuple[float, float]:
        """Slice coordinates (x, y) of one place."""
        x, y = self.to_slice(place)
        return float(x), float(y)

    def voxel_at(self, place: Place) -> tuple[int, int] | None:
        """(column, row) of the voxel under a place; None outside the slice."""
        column, row = (int(n) for n in np.floor(np.asarray(self.point_at(place)) + 0.5))
        rows, columns = self.upright.slice_shape
        return (column, row) if 0 <= column < columns and 0 <= row < rows else None

    def index_at(self, place: Place, index: int) -> tuple[int, int, int] | None:
        """(z, y, x) of the voxel under a place in the slice of that index; None outside the slice."""
        found = self.voxel_at(place)
        return None if found is None else self._zyx(found[0], found[1], index)

    def nearest_index(self, place: Place, index: int) -> tuple[int, int, int]:
        """(z, y, x) of the voxel under a place, or of the one nearest to it."""
        x, y = self.point_at(place)
        rows, columns = self.upright.slice_shape
        return self._zyx(round(min(max(x, 0), columns - 1)), round(min(max(y, 0), rows - 1)), index)

    def place_of(self, zyx: tuple[int, int, int]) -> Place:
        """Where the centre of a voxel of the volume lies on the screen."""
        row, column = (n for axis, n in enumerate(zyx) if axis != self.upright.axis)
        x, y = self.to_screen((column, row))
        return float(x), float(y)

    def _zyx(self, column: int, row: int, index: int) -> tuple[int, int, int]:
        numbers = [row, column]
        numbers.insert(self.upright.axis, index)
        return numbers[0], numbers[1], numbers[2]

    # ------------------------------------------------------------------------------------------------------------ boxes

    def turned_box(self, box: Box) -> PictureBox:
        """A box of the slice as it is turned in the picture."""
        corners = self.upright.to_picture(np.array(((box.x0, box.y0), (box.x1, box.y1)), dtype=np.float64))
        (x0, y0), (x1, y1) = corners.min(axis=0), corners.max(axis=0)
        return round(x0), round(y0), round(x1), round(y1)

    def box_of(self, turned: PictureBox) -> Box:
        """The inverse of `turned_box`."""
        x0, y0, x1, y1 = turned
        corners = self.upright.from_picture(np.array(((x0, y0), (x1, y1)), dtype=np.float64))
        (left, top), (right, bottom) = corners.min(axis=0), corners.max(axis=0)
        return Box(round(left), round(top), round(right), round(bottom))

    def screen_box(self, turned: PictureBox) -> tuple[float, float, float, float]:
        """Left, top, right and bottom of a turned box on the screen."""
        x0, y0, x1, y1 = turned
        (left, top), (width, height) = self.origin, self.voxel
        return left + x0 * width, top + y0 * height, left + x1 * width, top + y1 * height

    # -------------------------------------------------------------------------------------------------------- cameras

    def zoomed(self, factor: float, place: Place) -> Camera:
        """Nearer by a factor, with what lies at a place held there; within limits, and without losing the picture."""
        lowest = self.fitting * _SMALLEST_FIT
        highest = max(_LARGEST_VOXEL / min(self.upright.voxel_size), self.fitting)
        zoom = min(max(self.scale * factor, lowest), highest)
        held = [(p - o) / self.scale for p, o in zip(place, self.origin, strict=True)]
        centre = [u - (p - n / 2) / zoom for u, p, n in zip(held, place, self.size, strict=True)]
        return Camera(self._inside(centre[0], centre[1]), zoom)

    def panned(self, dx: float, dy: float) -> Camera:
        """With the picture moved by so many pixels; its border stops at the middle of the widget."""
        return Camera(self._inside(self.centre[0] - dx / self.scale, self.centre[1] - dy / self.scale), self.scale)

    def _inside(self, x: float, y: float) -> tuple[float, float]:
        return min(max(x, 0.0), self.extent[0]), min(max(y, 0.0), self.extent[1])
