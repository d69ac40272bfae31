"""Planes and slices of a volume."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from app.engine.errors import PromptError
from app.engine.geometry import Geometry


class Plane(Enum):
    """Anatomical plane; the value is the world axis (LPS) that runs through it."""

    SAGITTAL = 0
    CORONAL = 1
    AXIAL = 2

    @classmethod
    def from_name(cls, name: str) -> Plane:
        """Of "axial", "coronal" or "sagittal"; raises PromptError for anything else."""
        try:
            return cls[name.upper()]
        except KeyError:
            raise PromptError(f"'{name}' is no plane: use axial, coronal or sagittal") from None


def axis_of(plane: Plane, geometry: Geometry) -> int:
    """Array axis (0 = z, 1 = y, 2 = x) along which slices of the anatomical plane are counted."""
    return next(axis for axis in range(3) if geometry.world_axis_of(axis) == plane.value)


def plane_of(axis: int, geometry: Geometry) -> Plane:
    """Anatomical plane (the nearest, where oblique) of slices counted along an array axis (0 = z, 1 = y, 2 = x)."""
    return Plane(geometry.world_axis_of(axis))


@dataclass(frozen=True, order=True)
class SliceKey:
    """One slice: array axis along which slices are counted (0 = z, 1 = y, 2 = x) and the index on it.

    Rows and columns of the slice are the two other array axes in array order: (y, x), (z, x) or (z, y). Coordinates
    within a slice are (x, y) = (column, row).
    """

    axis: int
    index: int

    def shape(self, shape_zyx: tuple[int, int, int]) -> tuple[int, int]:
        """(rows, columns) of the slice in a volume of that shape."""
        rows, columns = (n for axis, n in enumerate(shape_zyx) if axis != self.axis)
        return rows, columns

    def spacing(self, spacing_zyx: tuple[float, float, float]) -> tuple[float, float]:
        """(row spacing, column spacing) in the unit of the volume's spacing."""
        rows, columns = (s for axis, s in enumerate(spacing_zyx) if axis != self.axis)
        return rows, columns

    def selector(self) -> tuple[slice | int, ...]:
        """What to index a (Z, Y, X, ...) array with to get the slice (rows, columns, ...)."""
        return tuple(self.index if axis == self.axis else slice(None) for axis in range(3))

    def checked(self, shape_zyx: tuple[int, int, int]) -> SliceKey:
        """Itself, or a PromptError that names the range."""
        if not 0 <= self.index < shape_zyx[self.axis]:
            raise PromptError(f"slice {self.index} is outside the image: it has slices 0 to {shape_zyx[self.axis] - 1}")
        return self
