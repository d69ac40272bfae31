"""Bounds on what a file may ask of the machine, and the checks made before memory is taken."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from app.engine.errors import ReadError

MAX_VOXEL_BYTES = 2**32  # of one volume as stored: 2,000 slices of 512 x 512 in double precision
MAX_PICTURE_PIXELS = 170_000_000  # just under where Pillow itself refuses, so that it is our sentence that is read
MAX_FOLDER_FILES = 100_000
MAX_FOLDER_DEPTH = 12
MAX_HEADER_BYTES = 2**20
MAX_LENGTH_MM = 1e9  # no affine reaches further; squares of what does overflow
MAX_DEFLATE_RATIO = 1040  # deflate cannot do better than 1032 to 1
_MAX_REASON = 300
DRAIN_BYTES = 2**28  # how much may follow the voxels in a compressed file before it counts as hostile


def unreadable(path: Path | str, reason: str) -> ReadError:
    """The error for a file, in the one form that all readers use; `reason` follows a colon and has no full stop.

    Reasons may quote a damaged file or a library, so they are cut to one line of printable letters.
    """
    line = "".join(letter if letter.isprintable() else " " for letter in reason[:_MAX_REASON])
    return ReadError(f"cannot read {path}: {' '.join(line.split())}")


def checked_bytes(path: Path, shape: Sequence[int], item_bytes: int) -> int:
    """Bytes of an array of that shape, or a ReadError: an extent below 1, or more than `MAX_VOXEL_BYTES`."""
    extents = " x ".join(str(n) for n in shape)
    if not shape or min(shape) < 1:
        raise unreadable(path, f"its header declares an image of {extents or 'no'} voxels")
    size = math.prod(int(n) for n in shape) * item_bytes
    if size > MAX_VOXEL_BYTES:
        raise unreadable(
            path,
            f"its header declares {extents} voxels ({size / 1e9:,.1f} GB), more than the limit of "
            f"{MAX_VOXEL_BYTES / 1e9:.1f} GB",
        )
    return size


def allocate(path: Path, size: int) -> NDArray[np.uint8]:
    """Uninitialised memory of `size` bytes; a ReadError where the machine has none."""
    try:
        return np.empty(size, np.uint8)
    except MemoryError:
        raise unreadable(
            path, f"its voxels take {size / 1e9:,.1f} GB, more memory than this machine can give"
        ) from None


def is_usable_affine(affine: NDArray[np.float64]) -> bool:
    """Whether a 4x4 affine is finite, within bounds, and gives a voxel an extent along every axis."""
    if not np.isfinite(affine).all() or np.abs(affine).max() > MAX_LENGTH_MM:
        return False
    steps = np.linalg.norm(affine[:3, :3], axis=0)
    return bool(steps.min() > 1e-9 and abs(np.linalg.det(affine[:3, :3] / steps)) > 1e-3)
