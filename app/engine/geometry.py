"""Where voxels lie: the only type that turns voxel indices into millimetres.

Convention, stated once: an index is (i, j, k) with i along the array's last axis (x, fastest), j along its middle
axis (y) and k along its first (z). World coordinates are LPS millimetres (+x left, +y posterior, +z superior), as in
DICOM. Index integers are voxel centres.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from itertools import permutations

import numpy as np
from numpy.typing import NDArray

from app.engine.errors import GeometryError

Affine = NDArray[np.float64]

_ORTHOGONALITY_TOLERANCE = 1e-3  # cosine between two axes; files round direction cosines to about 1e-5
_RAS_TO_LPS = np.diag([-1.0, -1.0, 1.0, 1.0])


class Frame(Enum):
    """How much of an affine is true."""

    WORLD = "world"  # position, orientation and spacing are the scanner's
    SPACING = "spacing"  # only the spacing is known; position and orientation are made up
    NONE = "none"  # one unit is one pixel: nothing may be stated in millimetres


@dataclass(frozen=True, eq=False)
class Geometry:
    """Shape (z, y, x) and a 4x4 affine from voxel index (i, j, k) to LPS millimetres.

    Axes are orthogonal within 1e-3 (as a cosine): a sheared grid must be resampled before it becomes a `Geometry`.
    """

    shape_zyx: tuple[int, int, int]
    affine: Affine
    frame: Frame = Frame.WORLD

    def __post_init__(self) -> None:
        affine = np.array(self.affine, dtype=np.float64)
        if affine.shape != (4, 4) or not np.isfinite(affine).all() or not np.allclose(affine[3], (0, 0, 0, 1)):
            raise GeometryError("the affine is not a finite 4x4 matrix with last row 0 0 0 1")
        if len(self.shape_zyx) != 3 or min(self.shape_zyx) < 1:
            raise GeometryError(f"the shape {tuple(self.shape_zyx)} is not three positive numbers")
        spacing = np.linalg.norm(affine[:3, :3], axis=0)
        if spacing.min() < 1e-9:
            raise GeometryError("the affine is singular: a voxel has no extent along one axis")
        cosines = affine[:3, :3] / spacing
        off_diagonal = np.abs(cosines.T @ cosines - np.eye(3)).max()
        if off_diagonal > _ORTHOGONALITY_TOLERANCE:
            raise GeometryError(f"the axes are not at right angles (cosine {off_diagonal:.4f}): the grid is sheared")
        affine.setflags(write=False)
        object.__setattr__(self, "affine", affine)
        object.__setattr__(self, "shape_zyx", tuple(int(n) for n in self.shape_zyx))

    @classmethod
    def from_ras_affine(cls, shape_zyx: tuple[int, int, int], affine_ras: Affine) -> Geometry:
        """Of a NIfTI-style affine, whose world is RAS+ millimetres."""
        return cls(shape_zyx, _RAS_TO_LPS @ np.asarray(affine_ras, dtype=np.float64))

    @classmethod
    def from_components(
        cls,
        *,
        shape_zyx: tuple[int, int, int],
        spacing_xyz: tuple[float, float, float],
        origin_lps: tuple[float, float, float] = (0.0, 0.0, 0.0),
        direction: Affine | None = None,
        frame: Frame = Frame.WORLD,
    ) -> Geometry:
        """Of spacing (mm, x first), position of voxel (0, 0, 0) (LPS mm), 3x3 direction cosines (columns: i, j, k)."""
        affine = np.eye(4)
        cosines = np.eye(3) if direction is None else np.asarray(direction, dtype=np.float64).reshape(3, 3)
        affine[:3, :3] = cosines * np.asarray(spacing_xyz, dtype=np.float64)
        affine[:3, 3] = origin_lps
        return cls(shape_zyx, affine, frame)

    @classmethod
    def of_pixels(cls, shape_zyx: tuple[int, int, int]) -> Geometry:
        """Of an image that says nothing of millimetres."""
        return cls(shape_zyx, np.eye(4), Frame.NONE)

    @property
    def affine_ras(self) -> Affine:
        """The affine to RAS+ millimetres, as NIfTI wants it."""
        return _RAS_TO_LPS @ self.affine

    @cached_property
    def spacing_zyx(self) -> tuple[float, float, float]:
        """Distance of voxel centres along (z, y, x) in mm (in pixels where `frame` is NONE)."""
        x, y, z = np.linalg.norm(self.affine[:3, :3], axis=0)
        return float(z), float(y), float(x)

    @property
    def direction(self) -> Affine:
        """3x3 direction cosines; column n is the world direction of index axis n (i, j, k)."""
        z, y, x = self.spacing_zyx
        cosines: Affine = self.affine[:3, :3] / (x, y, z)
        return cosines

    @property
    def voxel_ml(self) -> float:
        """Volume of one voxel in millilitres; meaningless where `frame` is NONE."""
        return float(np.prod(self.spacing_zyx)) / 1000.0

    @cached_property
    def _inverse(self) -> Affine:
        inverse: Affine = np.asarray(np.linalg.inv(self.affine), dtype=np.float64)
        return inverse

    def to_world(self, index_ijk: NDArray[np.float64]) -> NDArray[np.float64]:
        """Index (..., 3) as (i, j, k) to LPS mm (..., 3)."""
        index_ijk = np.asarray(index_ijk, dtype=np.float64)
        world: NDArray[np.float64] = index_ijk @ self.affine[:3, :3].T + self.affine[:3, 3]
        return world

    def to_index(self, world_lps: NDArray[np.float64]) -> NDArray[np.float64]:
        """LPS mm (..., 3) to index (..., 3) as (i, j, k), not rounded."""
        world_lps = np.asarray(world_lps, dtype=np.float64)
        index: NDArray[np.float64] = world_lps @ self._inverse[:3, :3].T + self._inverse[:3, 3]
        return index

    def is_close(self, other: Geometry, tolerance_mm: float = 1e-3) -> bool:
        """Whether every voxel of both lies at the same place, within a tolerance at the farthest corner."""
        if self.shape_zyx != other.shape_zyx or self.frame != other.frame:
            return False
        n = np.array(self.shape_zyx[::-1], dtype=np.float64) - 1
        corners = np.array([[a, b, c] for a in (0, n[0]) for b in (0, n[1]) for c in (0, n[2])])
        distance = np.abs(self.to_world(corners) - other.to_world(corners)).max()
        return bool(distance <= tolerance_mm)

    def world_axis_of(self, array_axis: int) -> int:
        """World axis (0 = left-right, 1 = front-back, 2 = head-foot) of an array axis (0 = z, 1 = y, 2 = x).

        Each world axis is given to exactly one array axis: the assignment with the largest sum of cosines.
        """
        cosines = np.abs(self.direction)  # rows: world axis; columns: i, j, k
        best = max(permutations(range(3)), key=lambda p: sum(cosines[p[n], n] for n in range(3)))
        return best[2 - array_axis]
