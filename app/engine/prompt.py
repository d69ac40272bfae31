"""Prompts: what the user says about an object. Validated here, trusted everywhere else.

Inside the engine boxes are half-open in voxels: [x0, x1) x [y0, y1). Files and the command line use the challenge's
convention, inclusive corners; `from_inclusive` and `to_inclusive` are the border.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from app.engine.errors import PromptError

_FARTHEST = 2**31  # voxels: what lies beyond is a slip of the pen, not an image


@dataclass(frozen=True)
class Box:
    """A box in a slice, half-open in voxels, x = column, y = row; never empty."""

    x0: int
    y0: int
    x1: int
    y1: int

    def __post_init__(self) -> None:
        if self.x1 <= self.x0 or self.y1 <= self.y0:
            raise PromptError(f"the box {self.to_inclusive()} is empty: its end lies before its start")

    @classmethod
    def from_inclusive(cls, corners: Sequence[float]) -> Box:
        """Of inclusive corners x_min, y_min, x_max, y_max (rounded to whole voxels)."""
        x0, y0, x1, y1 = _whole(corners, 4)
        return cls(x0, y0, x1 + 1, y1 + 1)

    @classmethod
    def of_mask(cls, mask: NDArray[np.bool_]) -> Box | None:
        """The tight box of a mask (rows, columns), or None where the mask is empty."""
        rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
        if not len(rows):
            return None
        return cls(int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1)

    def to_inclusive(self) -> tuple[int, int, int, int]:
        """x_min, y_min, x_max, y_max, the last voxels included."""
        return self.x0, self.y0, self.x1 - 1, self.y1 - 1

    @property
    def width(self) -> int:
        """Voxels along x."""
        return self.x1 - self.x0

    @property
    def height(self) -> int:
        """Voxels along y."""
        return self.y1 - self.y0

    def clipped(self, shape: tuple[int, int]) -> Box:
        """The part inside a slice of (rows, columns); raises PromptError where nothing is left."""
        rows, columns = shape
        x0, y0, x1, y1 = max(self.x0, 0), max(self.y0, 0), min(self.x1, columns), min(self.y1, rows)
        if x1 <= x0 or y1 <= y0:
            raise PromptError(
                f"the box {self.to_inclusive()} lies outside the slice of {columns} x {rows} voxels (columns x rows)"
            )
        return Box(x0, y0, x1, y1)


@dataclass(frozen=True)
class Box3D:
    """A box in a volume, half-open in voxels along x, y and z; never empty."""

    x0: int
    y0: int
    z0: int
    x1: int
    y1: int
    z1: int

    def __post_init__(self) -> None:
        if self.x1 <= self.x0 or self.y1 <= self.y0 or self.z1 <= self.z0:
            raise PromptError(f"the 3-D box {self.to_inclusive()} is empty: its end lies before its start")

    @classmethod
    def from_inclusive(cls, corners: Sequence[float]) -> Box3D:
        """Of inclusive corners x_min, y_min, z_min, x_max, y_max, z_max (rounded to whole voxels)."""
        x0, y0, z0, x1, y1, z1 = _whole(corners, 6)
        return cls(x0, y0, z0, x1 + 1, y1 + 1, z1 + 1)

    @classmethod
    def of_mask(cls, mask: NDArray[np.bool_]) -> Box3D | None:
        """The tight box of a mask (Z, Y, X), or None where the mask is empty."""
        ranges = [np.flatnonzero(mask.any(axis=tuple(a for a in range(3) if a != axis))) for axis in range(3)]
        if not len(ranges[0]):
            return None
        (z0, z1), (y0, y1), (x0, x1) = ((int(r[0]), int(r[-1]) + 1) for r in ranges)
        return cls(x0, y0, z0, x1, y1, z1)

    def to_inclusive(self) -> tuple[int, int, int, int, int, int]:
        """x_min, y_min, z_min, x_max, y_max, z_max, the last voxels included."""
        return self.x0, self.y0, self.z0, self.x1 - 1, self.y1 - 1, self.z1 - 1

    def clipped(self, shape_zyx: tuple[int, int, int]) -> Box3D:
        """The part inside a volume of that shape; raises PromptError where nothing is left."""
        z, y, x = shape_zyx
        low = max(self.x0, 0), max(self.y0, 0), max(self.z0, 0)
        high = min(self.x1, x), min(self.y1, y), min(self.z1, z)
        if any(b <= a for a, b in zip(low, high, strict=True)):
            raise PromptError(
                f"the 3-D box {self.to_inclusive()} lies outside the volume of {x} x {y} x {z} voxels (x, y, z)"
            )
        return Box3D(*low, *high)

    def range_of(self, axis: int) -> range:
        """Slice indices along an array axis (0 = z, 1 = y, 2 = x), first and last slice included."""
        return (range(self.z0, self.z1), range(self.y0, self.y1), range(self.x0, self.x1))[axis]

    def in_slice(self, axis: int) -> Box:
        """Its outline in every slice along an array axis."""
        return (
            Box(self.x0, self.y0, self.x1, self.y1),
            Box(self.x0, self.z0, self.x1, self.z1),
            Box(self.y0, self.z0, self.y1, self.z1),
        )[axis]


@dataclass(frozen=True)
class Point:
    """A click in a slice, at the centre of voxel (x = column, y = row)."""

    x: float
    y: float
    positive: bool = True


@dataclass(frozen=True, eq=False)
class Prompts:
    """All that is known of one object in one slice.

    `previous` is a mask (rows, columns) of the same slice: of the neighbouring slice when carrying through a volume, or
    the mask being corrected. `place` says where the slice lies in the object's 3-D box: -1 first slice, 1 last.
    `input_box` goes before `box` where a model is prompted by coordinates: x0, y0, x1, y1 in cells of its input, for
    boxes that its own algorithm makes there, between the voxels.
    At least a box or a positive point is needed.
    """

    box: Box | None = None
    points: tuple[Point, ...] = ()
    previous: NDArray[np.bool_] | None = None
    place: float | None = None
    input_box: tuple[float, float, float, float] | None = None

    def __post_init__(self) -> None:
        if self.box is None and not any(point.positive for point in self.points):
            raise PromptError("a prompt needs a box or at least one positive point")
        if self.place is not None and not -1.0 <= self.place <= 1.0:
            raise PromptError(f"the place in the 3-D box must lie between -1 and 1, not {self.place}")

    def checked(self, shape: tuple[int, int]) -> Prompts:
        """For a slice of (rows, columns): box clipped, points verified to lie inside; raises PromptError otherwise."""
        rows, columns = shape
        for point in self.points:
            if not (-0.5 <= point.x <= columns - 0.5 and -0.5 <= point.y <= rows - 0.5):
                raise PromptError(
                    f"the point ({point.x:g}, {point.y:g}) lies outside the slice of {columns} x {rows} voxels"
                )
        if self.previous is not None and self.previous.shape != shape:
            raise PromptError(f"the previous mask has shape {self.previous.shape}, the slice {shape}")
        box = None if self.box is None else self.box.clipped(shape)
        return replace(self, box=box)

    def extent(self) -> tuple[float, float, float, float]:
        """x0, y0, x1, y1 (half-open, voxels) of the box, or of the positive points where there is no box."""
        if self.box is not None:
            return self.box.x0, self.box.y0, self.box.x1, self.box.y1
        xs = [point.x for point in self.points if point.positive]
        ys = [point.y for point in self.points if point.positive]
        return min(xs), min(ys), max(xs) + 1, max(ys) + 1


def _whole(corners: Sequence[float], count: int) -> list[int]:
    values = np.asarray(corners, dtype=np.float64).ravel()
    if len(values) != count or not (np.abs(values) < _FARTHEST).all():  # a NaN is not below anything either
        given = ", ".join(f"{value:g}" for value in values)
        raise PromptError(f"a box needs {count} finite numbers below {_FARTHEST}, not {given}")
    return [int(v) for v in np.floor(values + 0.5)]
