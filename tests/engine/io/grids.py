"""What the tests of readers and writers share: the 48 orientations, and voxels of which no two are equal."""

from __future__ import annotations

import itertools

import numpy as np
from numpy.typing import NDArray

ORIENTATIONS = [
    (order, signs) for order in itertools.permutations(range(3)) for signs in itertools.product((1.0, -1.0), repeat=3)
]
SPACING_XYZ = (0.7, 1.3, 2.9)
ORIGIN_LPS = (-31.5, 12.25, 803.0)
SHAPE_ZYX = (3, 4, 5)


def oriented_affine(order: tuple[int, ...], signs: tuple[float, ...]) -> NDArray[np.float64]:
    """Index i, j, k to LPS mm where index axis n runs along world axis order[n] with signs[n]."""
    affine = np.eye(4)
    affine[:3, :3] = 0.0
    for axis, (world, sign) in enumerate(zip(order, signs, strict=True)):
        affine[world, axis] = sign * SPACING_XYZ[axis]
    affine[:3, 3] = ORIGIN_LPS
    return affine


def ramp(shape: tuple[int, ...] = SHAPE_ZYX, dtype: type = np.int16) -> NDArray[np.generic]:
    """0, 1, 2, ... in array order: a value names its voxel."""
    return np.arange(np.prod(shape)).reshape(shape).astype(dtype)


def ras(affine_lps: NDArray[np.float64]) -> NDArray[np.float64]:
    """The same affine to RAS mm."""
    return np.diag([-1.0, -1.0, 1.0, 1.0]) @ affine_lps
