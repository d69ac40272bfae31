"""Comparing what was read back with what was meant."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.engine.export.staging import unwritable
from app.engine.geometry import Affine, Geometry

_TOLERANCE_MM = 1e-3
_SINGLE_PRECISION = 1e-6  # NIfTI keeps its affine in single precision: relative error of positions


def check_voxels(path: Path, found: NDArray[Any], meant: NDArray[Any]) -> None:
    """Raise WriteError unless shape and every value agree."""
    if found.shape != meant.shape:
        raise unwritable(path, f"read back, it has shape {found.shape} and not {meant.shape}")
    wrong = int(np.count_nonzero(found != meant))
    if wrong:
        raise unwritable(path, f"read back, {wrong:,} of {meant.size:,} voxels differ")


def check_affine(path: Path, found: Affine, geometry: Geometry) -> None:
    """Raise WriteError unless every corner lies where it should.

    Formats that keep direction cosines make them orthogonal, so what the geometry itself deviates from that is allowed.
    """
    far = np.array(geometry.shape_zyx[::-1], dtype=np.float64) - 1
    corners = np.array([[i, j, k] for i in (0, far[0]) for j in (0, far[1]) for k in (0, far[2])])
    meant = geometry.to_world(corners)
    distance = float(np.abs(corners @ found[:3, :3].T + found[:3, 3] - meant).max())
    cosines = geometry.direction
    skew = float(np.abs(cosines.T @ cosines - np.eye(3)).max())
    extent = float(np.abs(meant - meant[0]).max())
    if distance > _TOLERANCE_MM + _SINGLE_PRECISION * float(np.abs(meant).max()) + skew * extent:
        raise unwritable(path, f"read back, it lies {distance:.3g} mm away from where it should")
